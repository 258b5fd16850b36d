"""The command import: files of other systems into the input tables."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xlbackflush.cli.printed import tell
from xlbackflush.dataclass import asdict
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.words import number, several
from xlbackflush.terminal import warn
from xlbackflush.workbook.file import FileBook

if TYPE_CHECKING:
    from xlbackflush.imports.importing import Result
    from xlbackflush.imports.taking import Taken


def import_(args: argparse.Namespace) -> int:
    """Import files, and say what was taken for what, how much, and what was left out."""
    from xlbackflush.imports.importing import APPEND, REPLACE, import_files
    from xlbackflush.imports.mapping import Options

    if args.replace and args.append:
        raise UnusableError("Give --replace or --append, not both.")
    said = (tuple(getattr(args, name)) for name in ("map", "set", "form", "only"))
    options = Options(args.to, args.sheet, *said)
    mode = REPLACE if args.replace else APPEND if args.append else ""
    with FileBook(args.book) as book:
        result = import_files(book, args.files, options, mode, dt.datetime.now(), args.check)
        if book.not_kept:
            warn(book.not_kept)
    return _told(args, result, book, args.check)


def import_new(args: argparse.Namespace) -> Result:
    """Import those of the files that were not imported before, and say so; with --json only what stopped it."""
    from xlbackflush.imports.importing import import_files
    from xlbackflush.imports.mapping import Options

    with FileBook(args.book) as book:
        result = import_files(book, args.files, Options(), "", dt.datetime.now(), only_new=True)
    if result.failed or (result.taken and not args.json):
        _told(args, result, book)
    return result


def _told(args: argparse.Namespace, result: Result, book: FileBook, check: bool = False) -> int:
    errors = [finding for finding in result.findings if finding.severity == "Error"]
    lines = list(_lines(result, args, check)) if not args.quiet else [_finding(finding) for finding in errors]
    if args.quiet and not args.json:
        args.quiet = not errors
    return tell(args, _data(result), lines, 1 if result.failed else 0, book)


def _lines(result: Result, args: argparse.Namespace, check: bool) -> Iterator[str]:
    for taken in result.taken:
        yield from _of_file(taken)
    yield from (_finding(finding) for finding in result.findings)
    yield from result.notes
    if result.failed:
        yield "Nothing was imported."
        return
    for table, (rows, gone, sums) in result.tables.items():
        totals = "".join(f", {name} {number(total, 4)}" for name, total in sums.items())
        instead = f" in place of {several(gone, 'row')}" if gone else ""
        done = "would be written" if check else "written and read back"
        yield f"{table}: {several(rows, 'row')} {done}{instead}{totals}."
    if not check:
        yield f"Next: xlbackflush run {args.book}. To take it back: xlbackflush restore {args.book}"


def _finding(finding: Any) -> str:
    return f"{finding.severity}  {finding.where}  {finding.what}  Fix: {finding.fix}"


def _of_file(taken: Taken) -> Iterator[str]:
    """What one file gave."""
    plan, out = taken.plan, sum(len(left.rows) for left in taken.left)
    added = taken.rows_read - len(taken.numbers) - out
    how = ", as Import Map says" if plan.is_remembered else ""
    yield f"{plan.grid.label} -> {plan.table.name}{how}"
    yield "  " + ", ".join(f"{column} = {plan.heading(column)}" for column in plan.columns)
    counts = f"{several(taken.rows_read, 'row')} read, {len(taken.numbers):,} taken"
    counts += f", {added:,} added to these" if added else ""
    yield f"  {counts}, {out:,} left out:" if out else f"  {counts}"
    for left in taken.left:
        sums = "".join(f", {name} {number(total, 4)}" for name, total in left.sums.items() if total)
        yield f"    {several(len(left.rows), 'row')}: {left.reason}{sums}"
    yield from (f"  {note}" for note in taken.notes)


def _data(result: Result) -> dict[str, Any]:
    """The outcome for a machine."""
    return {
        "files": [
            {
                "file": taken.plan.grid.label,
                "table": taken.plan.table.name,
                "columns": {column: taken.plan.heading(column) for column in taken.plan.columns},
                "read": taken.rows_read,
                "taken": len(taken.numbers),
                "left_out": [{"reason": x.reason, "rows": x.rows, "sums": x.sums} for x in taken.left],
                "notes": taken.notes,
            }
            for taken in result.taken
        ],
        "tables": {
            t: {"rows": rows, "replaced": gone, "sums": sums} for t, (rows, gone, sums) in result.tables.items()
        },
        "findings": [asdict(finding) for finding in result.findings],
        "notes": result.notes,
        "written": not result.failed,
    }
