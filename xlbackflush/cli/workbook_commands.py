"""Commands on a workbook: new, upgrade, check, run, restore, clear, explain, export."""

from __future__ import annotations

import argparse
import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING

from xlbackflush import schema
from xlbackflush.addin.computer import user
from xlbackflush.cli.printed import progress, report, tell
from xlbackflush.dataclass import asdict
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import month_of
from xlbackflush.model.words import listed
from xlbackflush.ooxml.atomic import explained
from xlbackflush.terminal import say
from xlbackflush.workbook.file import FileBook
from xlbackflush.workbook.open_file import check_new

if TYPE_CHECKING:
    from xlbackflush.template.samples import Sample


def new(args: argparse.Namespace) -> int:
    """Write a new workbook."""
    from xlbackflush.template.build import build
    from xlbackflush.template.samples import SAMPLES

    path: Path = args.book
    check_new(path)
    there = os.path.lexists(path)
    if there and not args.force:
        raise UnusableError(f"{path.name} exists already; choose another name, or add --force to replace it.")
    if args.sample is not None and args.sample not in SAMPLES:
        raise UnusableError(f"There is no sample {args.sample!r}; choose {' or '.join(SAMPLES)}.")
    period, sample = _month(args.period), SAMPLES[args.sample]() if args.sample else None
    with explained(path, "choose another name or folder"):
        if there:
            _replace(path, period, sample)
        else:
            build(path, period, sample, new=True)
    say(f"Wrote {path}." + (f" Next: xlbackflush run {path}" if sample else " Fill the yellow sheets, then run it."))
    return 0


def _replace(path: Path, period: tuple[dt.date, dt.date], sample: Sample | None) -> None:
    """Write a new workbook in place of one of ours without posted lines, and of nothing else."""
    from xlbackflush.template.build import build

    try:
        with FileBook(path, complete=False) as book:  # nobody else can write it meanwhile
            _check_replaceable(book)
            build(book.path, period, sample)
    except UnusableError as error:
        advice = "Choose another name, or move that file first."
        raise UnusableError(f"{path.name} is not replaced: {error} {advice}") from error


def _check_replaceable(book: FileBook) -> None:
    """Refuse a workbook with posted lines: they would be lost."""
    posted = next((run.run for run in book.runs() if not run.is_draft), "") if "Runs" in book.package.tables else ""
    if not posted and "Journal" in book.package.tables:
        posted = next((str(row.get("Run")) for _, row in book.table("Journal").named_rows() if row.get("Seal")), "")
    if posted:
        raise UnusableError(f"it holds run {posted}, which is posted.")


#: Excel has a 29th of February 1900, which never was; days before it are counted otherwise than all later ones
_FIRST_MONTH, _LAST_MONTH = dt.date(1900, 3, 1), dt.date(9999, 12, 1)


def _month(text: str | None) -> tuple[dt.date, dt.date]:
    """First and last day of a month given as YYYY-MM, or of this month."""
    try:
        first = dt.datetime.strptime(text, "%Y-%m").date() if text else dt.date.today()
    except ValueError as error:
        raise UnusableError(f"--period {text}: write the month as YYYY-MM, such as 2026-11.") from error
    if not _FIRST_MONTH <= first < _LAST_MONTH:
        raise UnusableError(
            f"--period {text}: give a month from 1900-03 to 9999-11; Excel knows no other days for sure."
        )
    return month_of(first)


def upgrade(args: argparse.Namespace) -> int:
    """Add what a workbook of an earlier version lacks."""
    from xlbackflush.template.upgrade import upgrade as add_to

    done = add_to(args.book)
    data = {"version": schema.SCHEMA_VERSION, "added": done.added, "to_run": done.to_run}
    return tell(args, data, done.lines)


def check(args: argparse.Namespace) -> int:
    """Check the inputs."""
    with FileBook(args.book) as book:
        outcome = lifecycle.check(book)
    return report(outcome, args, book)


def run(args: argparse.Namespace) -> int:
    """Run the backflush."""
    with FileBook(args.book) as book:
        outcome = lifecycle.run(book, user(), dt.datetime.now(), progress(args))
    return report(outcome, args, book)


def restore(args: argparse.Namespace) -> int:
    """Put back the results that stood before the last run."""
    with FileBook(args.book) as book:
        if tables := book.undo_import():
            line = f"Restored {args.book}: {listed(tables, len(tables))} as before the last import."
            return tell(args, {"tables": tables}, [line], book=book)
        stands = lifecycle.restore(book)
    state = (
        f"the results of run {stands.run} stand again" if stands else "there are no results, as before the first run"
    )
    return tell(args, {"run": stands.run if stands else None}, [f"Restored {args.book}: {state}."], book=book)


def clear(args: argparse.Namespace) -> int:
    """Empty the output sheets."""
    with FileBook(args.book) as book:
        lifecycle.clear(book)
    return tell(args, {}, [f"Cleared the results of {args.book}; inputs stay as they are."], book=book)


def explain(args: argparse.Namespace) -> int:
    """Show what a cell, or all costs of a product, are made of; the same steps go to sheet Explanation."""
    from xlbackflush.explain import explanation

    if (args.cell is None) == (args.product is None):
        raise UnusableError("Name a cell, such as Journal!I7, or --product CODE.")
    with FileBook(args.book) as book:
        reader = book.cells()
        steps = explanation.product(reader, args.product) if args.product else explanation.explain(reader, args.cell)
        explanation.write(book, steps)
    return tell(args, {"steps": [asdict(step) for step in steps]}, explanation.printed(steps), book=book)


def export(args: argparse.Namespace) -> int:
    """Write the posted journal to files that a ledger imports."""
    from xlbackflush.ledgers.chosen import Choice
    from xlbackflush.ledgers.export import export as write

    choice = Choice(args.run or "", args.event or "", args.since or "", args.new)
    done = write(args.book, args.format, args.to, args.force, choice=choice)
    if not done.files:
        return tell(args, {"files": [], "to_do": []}, done.to_do)
    files = [str(file) for file in done.files]
    lines = [f"Wrote {file}." for file in files]
    lines += ["Before the import:", *(f"- {sentence}" for sentence in done.to_do)] if done.to_do else []
    return tell(args, {"files": files, "to_do": done.to_do}, lines)
