"""The file with the product view, beside a workbook whose Trace is kept per BOM line: BOOK-trace.csv.

It has one row per product and BOM line, with the columns of the sheet Trace; Scrap % is a fraction, as in the cell. The
last column, Run, is the run's number and the start of its input hash, as on the sheet Runs: a file that was moved, or that
a later run left alone, still says where its numbers are from.

Only an earlier product view is ever replaced, and nothing is deleted. A problem with this file never stops a run: it is
told in one sentence, and the workbook is complete without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Any

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.explosion.product_view import COLUMNS, product_view
from xlbackflush.engine.result import RunResult
from xlbackflush.model.journal import Run
from xlbackflush.ooxml.atomic import NewFile, unwritable
from xlbackflush.ooxml.values import harmless

HEADER = (*COLUMNS, "Run")

_FIRST_LINE = b"\xef\xbb\xbf" + ",".join(HEADER).encode() + b"\r\n"
_POSTED = "The run itself is posted."
_TEXTS = {column.name for column in schema.TRACE.columns if column.kind == "text"}


@dataclass(frozen=True)
class ProductView:
    """What became of the file: its place and rows, if this run wrote one, and what a user must be told."""

    file: Path | None = None
    rows: int = 0
    problem: str = ""


class ViewFile:
    """The file in the making: `write` it under a temporary name, then `put` it in place when the workbook is in its own.

    A temporary file that was not put in place is gone when the `with` block ends.
    """

    def __init__(self, book: Path | None, result: RunResult) -> None:
        """book: the workbook's file; None where it lies in no folder of this computer, so that this file has no place."""
        self.book, self.result = book, result
        self.target = book.with_name(f"{book.stem}-trace.csv") if book else None
        self._new: NewFile | None = None
        self.rows = 0
        self._view = ProductView()

    def __enter__(self) -> ViewFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._discard()

    def write(self) -> None:
        """The whole file under a temporary name, if this run has one. What is there as it should be is left alone."""
        run, period, target = self.result.run, self.result.period, self.target
        if not run or not period.explosion.by_line:
            return
        if not self.book or not target:
            problem = "The product view has no place: save the workbook in a folder of this computer."
            self._view = ProductView(problem=problem)
            return
        if period.exploded_rows > schema.PRODUCT_VIEW_ROWS_MAX:
            return
        import filecmp

        try:
            there = target.exists()
            if there and not _ours(target):
                problem = f"{target.name} is not a product view and was left alone"
                remedy = "give it another name and run again to have one"
                self._view = ProductView(problem=f"{problem}; {remedy}. {_POSTED}")
                return
            self._new = NewFile(target, like=self.book)
            self._new.write(lambda path: self._fill(path, run))
            if there and filecmp.cmp(self._new.path, target, shallow=False):  # perhaps open in Excel just now
                self._view = ProductView(target, self.rows)
                self._discard()
        except (OSError, MemoryError) as error:
            self._view = _failed(target, error)
            self._discard()  # where the disk is full, room for the workbook

    def put(self) -> ProductView:
        """Put the file in its place, and say what came of it."""
        target, view = self.target, self._view
        if self._new and target:
            try:
                self._new.put()
                view = ProductView(target, self.rows)
            except OSError as error:
                view = _failed(target, error)
        with suppress(OSError):
            if target and not view.file and self.result.run and _ours(target):
                older = f"{target.name} is of another run and was left alone; delete it if it is not needed."
                view = ProductView(problem=f"{view.problem} {older}".strip())
        return view

    def _fill(self, path: Path, made: Run) -> None:
        import csv

        period, run = self.result.period, f"{made.run} {made.input_hash[:12]}"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for columns in product_view(period.unit_costs, period.demand, period.settings):
                writer.writerows(_lines(columns, run))
                self.rows += len(columns["Product"])

    def _discard(self) -> None:
        if self._new:
            self._new.discard()
            self._new = None


def _failed(target: Path, error: OSError | MemoryError) -> ProductView:
    problem = f"{target.name} cannot be written: there is not enough memory."
    if isinstance(error, OSError):
        problem = unwritable(target.name, error, "close it in Excel and run again")
    return ProductView(problem=f"{problem} {_POSTED}")


def _ours(path: Path) -> bool:
    """True for a product view, by its first line; false where there is no file."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        return file.read(len(_FIRST_LINE)) == _FIRST_LINE
    return False


def _lines(columns: Mapping[str, Sequence[Any]], run: str) -> Iterator[tuple[Any, ...]]:
    """The cells of each line; dates are written as ISO dates, numbers in full, None as nothing."""
    cells = [_harmless(columns[name]) if name in _TEXTS else columns[name] for name in COLUMNS]
    return zip(*cells, repeat(run), strict=False)


def _harmless(texts: Sequence[str | None]) -> list[str | None]:
    """Texts that Excel shows as text. An apostrophe goes before a start that would make a formula of a cell: -5 -> '-5.

    Quotes would not help: Excel takes "=1+1" in a CSV file for a formula with quotes or without. Numbers are not text.
    """
    safe = {text: harmless(text) if text else text for text in set(texts)}
    return [safe[text] for text in texts]
