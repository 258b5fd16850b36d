"""The command `xlbackflush`, and `python -m xlbackflush`: the command line in a process of its own."""

import gc

from xlbackflush.cli.parser import main

#: new objects after which Python looks for circles of them. With its own 700, what a run imports would make it look seventy
#: times, and find none
_BEFORE_A_COLLECTION = 100_000


def process() -> int:
    """Run one command. Python looks for circles of objects seldom, and not at the end, where all memory goes anyway."""
    gc.set_threshold(_BEFORE_A_COLLECTION)
    try:
        return main()
    finally:
        gc.freeze()


if __name__ == "__main__":
    raise SystemExit(process())
