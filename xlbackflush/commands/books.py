"""Commands on a workbook: new, check, run, restore, clear, explain, export."""

from __future__ import annotations

import argparse
import calendar
import datetime as dt
import getpass
import json
from pathlib import Path

from xlbackflush.commands.report import progress, report


def new(args: argparse.Namespace) -> int:
    from xlbackflush.excel.errors import UnusableError
    from xlbackflush.excel.file import check_free
    from xlbackflush.excel.template import build
    from xlbackflush.samples import SAMPLES

    path: Path = args.book
    if path.suffix.lower() not in (".xlsm", ".xlsx"):
        raise UnusableError(f"{path.name}: give the workbook the ending .xlsm (or .xlsx, without macros).")
    if path.exists() and not args.force:
        raise UnusableError(f"{path.name} exists already; choose another name, or add --force to replace it.")
    if path.exists():
        check_free(path)
    if not path.parent.is_dir():
        raise UnusableError(f"The folder {path.parent} does not exist.")
    if args.sample is not None and args.sample not in SAMPLES:
        raise UnusableError(f"There is no sample {args.sample!r}; choose {' or '.join(SAMPLES)}.")
    month = _month(args.period)
    sample = SAMPLES[args.sample]() if args.sample else None
    build(path, month, sample)
    print(f"Wrote {path}." + (f" Next: xlbackflush run {path}" if sample else " Fill the yellow sheets, then run it."))
    return 0


def _month(text: str | None) -> tuple[dt.date, dt.date]:
    """First and last day of a month given as YYYY-MM, or of this month."""
    from xlbackflush.excel.errors import UnusableError

    try:
        first = dt.datetime.strptime(text, "%Y-%m").date() if text else dt.date.today().replace(day=1)
    except ValueError as error:
        raise UnusableError(f"--period {text}: write the month as YYYY-MM, such as 2026-11.") from error
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def check(args: argparse.Namespace) -> int:
    """Check the inputs."""
    from xlbackflush import pipeline
    from xlbackflush.excel.file import FileBook

    with FileBook(args.book) as book:
        outcome = pipeline.check(book)
    return report(outcome, args, book.product_view)


def run(args: argparse.Namespace) -> int:
    """Run the backflush."""
    from xlbackflush import pipeline
    from xlbackflush.excel.file import FileBook

    with FileBook(args.book) as book:
        outcome = pipeline.run(book, _user(), dt.datetime.now(), progress(args))
    return report(outcome, args, book.product_view)


def export(args: argparse.Namespace) -> int:
    """Write the posted journal to files that a ledger imports."""
    from xlbackflush.excel.export import export as write

    files = write(args.book, args.format, args.to, args.force)
    if args.json:
        print(json.dumps({"exit": 0, "files": [str(file) for file in files]}, indent=2))
    elif not args.quiet:
        print("\n".join(f"Wrote {file}." for file in files))
    return 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
