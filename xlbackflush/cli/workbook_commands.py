"""Commands on a workbook: new, upgrade, check, run, restore, clear, explain, export."""

import argparse
import datetime as dt
from dataclasses import asdict
from pathlib import Path

from xlbackflush import schema
from xlbackflush.addin.computer import user
from xlbackflush.cli.printed import progress, report, tell
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import month_of
from xlbackflush.workbook.file import FileBook, check_free, check_new


def new(args: argparse.Namespace) -> int:
    """Write a new workbook."""
    from xlbackflush.template.build import build
    from xlbackflush.template.samples import SAMPLES

    path: Path = args.book
    check_new(path)
    if path.exists() and not args.force:
        raise UnusableError(f"{path.name} exists already; choose another name, or add --force to replace it.")
    if path.exists():
        check_free(path)
    if args.sample is not None and args.sample not in SAMPLES:
        raise UnusableError(f"There is no sample {args.sample!r}; choose {' or '.join(SAMPLES)}.")
    sample = SAMPLES[args.sample]() if args.sample else None
    build(path, _month(args.period), sample)
    print(f"Wrote {path}." + (f" Next: xlbackflush run {path}" if sample else " Fill the yellow sheets, then run it."))
    return 0


def _month(text: str | None) -> tuple[dt.date, dt.date]:
    """First and last day of a month given as YYYY-MM, or of this month."""
    try:
        first = dt.datetime.strptime(text, "%Y-%m").date() if text else dt.date.today()
    except ValueError as error:
        raise UnusableError(f"--period {text}: write the month as YYYY-MM, such as 2026-11.") from error
    return month_of(first)


def upgrade(args: argparse.Namespace) -> int:
    """Add what a workbook of an earlier version lacks."""
    from xlbackflush.template.upgrade import upgrade as add_to

    done = add_to(args.book)
    data = {"version": schema.SCHEMA_VERSION, "added": done.added, "to_run": done.to_run}
    return tell(args, data, "\n".join(done.lines))


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
        stands = lifecycle.restore(book)
    state = (
        f"the results of run {stands.run} stand again" if stands else "there are no results, as before the first run"
    )
    return tell(args, {"run": stands.run if stands else None}, f"Restored {args.book}: {state}.", book=book)


def clear(args: argparse.Namespace) -> int:
    """Empty the output sheets."""
    with FileBook(args.book) as book:
        lifecycle.clear(book)
    return tell(args, {}, f"Cleared the results of {args.book}; inputs stay as they are.", book=book)


def explain(args: argparse.Namespace) -> int:
    """Show what a cell, or all costs of a product, are made of; the same steps go to sheet Explanation."""
    from xlbackflush.explain import explanation

    if (args.cell is None) == (args.product is None):
        raise UnusableError("Name a cell, such as Journal!I7, or --product CODE.")
    with FileBook(args.book) as book:
        reader = book.cells()
        steps = explanation.product(reader, args.product) if args.product else explanation.explain(reader, args.cell)
        explanation.write(book, steps)
    return tell(args, {"steps": [asdict(step) for step in steps]}, "\n".join(explanation.printed(steps)), book=book)


def export(args: argparse.Namespace) -> int:
    """Write the posted journal to files that a ledger imports."""
    from xlbackflush.ledgers.export import export as write

    done = write(args.book, args.format, args.to, args.force)
    files = [str(file) for file in done.files]
    lines = [f"Wrote {file}." for file in files]
    lines += ["Before the import:", *(f"- {sentence}" for sentence in done.to_do)] if done.to_do else []
    return tell(args, {"files": files, "to_do": done.to_do}, "\n".join(lines))
