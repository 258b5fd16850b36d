"""`python -m xlbackflush` is the command line."""

from xlbackflush.cli.parser import main

if __name__ == "__main__":
    raise SystemExit(main())
