"""Commands that point an auditor at cells: sensitivity and suspects."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import asdict

from xlbackflush.cli.printed import progress, tell


def sensitivity(args: argparse.Namespace) -> int:
    """What an error of 1 %, or of one unit, in each input cell would do; written to sheet Sensitivity."""
    from xlbackflush.engine.audit.sensitivity import MOST
    from xlbackflush.engine.audit.sensitivity import sensitivity as effects
    from xlbackflush.lifecycle.calculate import calculate
    from xlbackflush.model.errors import RefusedError
    from xlbackflush.sheets import sensitivity as work
    from xlbackflush.workbook.file import FileBook

    with FileBook(args.book) as book:
        calculation = calculate(book.read())
        if calculation.failed:
            first = calculation.findings[0]
            raise RefusedError(f"The inputs have errors, first at {first.where}: {first.what} {first.fix}")
        inputs = calculation.period.inputs
        found = effects(calculation.period, args.most or MOST, progress(args))
        book.write_table("Sensitivity", work.rows_of(found, inputs))
    lines = [*work.printed(found, inputs), f"Written to sheet Sensitivity: {len(found.effects)} cells."]
    return tell(args, {"effects": [asdict(effect) for effect in found.effects]}, "\n".join(lines))


def suspects(args: argparse.Namespace) -> int:
    """Which wrong bills, unreported scrap or miscounts explain the differences of the counts best."""
    from xlbackflush.lifecycle.periods import suspects_across
    from xlbackflush.sheets import suspects as work
    from xlbackflush.workbook.file import FileBook

    with ExitStack() as stack:
        book = stack.enter_context(FileBook(args.book))
        others = [stack.enter_context(FileBook(path)) for path in args.earlier]
        found, inputs = suspects_across({str(b.path): b.read() for b in (*others, book)})
        book.write_table("Suspects", work.rows_of(found, inputs))
    lines = [*work.printed(found), f"Written to sheet Suspects: {len(found)}."]
    return tell(args, {"suspects": [asdict(suspect) for suspect in found]}, "\n".join(lines))
