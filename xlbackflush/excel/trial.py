"""A trial of the whole way through Excel: a sample is run from its button, and every cell is compared with a run of the
same sample without Excel.

Excel has calculated its own cells by then, so that the comparison also tells whether Excel agrees with every proof and
formula. What it asks of an open workbook is `Open`, which any spreadsheet program could give.
"""

from __future__ import annotations

import datetime as dt
import math
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xlbackflush import layout, pipeline
from xlbackflush.engine.answers import answers
from xlbackflush.engine.tables import CellError
from xlbackflush.excel.com import Box, NativeBook
from xlbackflush.excel.file import FileBook
from xlbackflush.excel.frame import SHEET_OF
from xlbackflush.excel.package import Package, column_letter
from xlbackflush.excel.reader import SheetReader
from xlbackflush.excel.template import build
from xlbackflush.excel.values import decoded, stored
from xlbackflush.samples import SAMPLES
from xlbackflush.surface import RUN

SAMPLE = "widgets"
UNITS = 7.0  # that the functions are asked for
PATIENCE = 120.0  # seconds for a run
BEYOND = 20  # rows below and columns beside the results that must be blank

#: columns that say when and by whom a run was made: (table, column)
_OF_THE_MOMENT = (("Runs", "Started"), ("Runs", "User"))


class Open(Protocol):
    """A workbook that is open in Excel."""

    def press(self, macro: str) -> None:
        """Run a macro of the workbook, as its button does. On a Mac it returns before Python has done its work."""

    def values(self, sheet: str, box: Box) -> list[list[object]]:
        """Calculated cells: text, number (a date is its serial number), truth value, CellError, "" where blank."""

    def ask(self, formulas: Sequence[str]) -> list[object]:
        """What formulas answer, each in a cell of its own beside our sheets; as `values`."""


OpenBook = Callable[[Path], AbstractContextManager[Open]]


@dataclass(frozen=True)
class Verdict:
    """How one part of the trial went, and every difference that was found."""

    part: str
    compared: int
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True where something was compared, and nothing differs."""
        return self.compared > 0 and not self.differences


def trial(folder: Path, open_book: OpenBook, engine: bool = True) -> list[Verdict]:
    """Run the sample in Excel, and beside it without; compare. `folder` is for the two workbooks.

    engine: the functions reach Python; else (on a Mac) those that no output sheet can answer are not asked.
    """
    live, file = folder / "backflush-trial.xlsm", folder / "without-excel.xlsm"
    today = dt.date.today()
    build(live, (today, today), SAMPLES[SAMPLE]())  # a sample has its own period
    shutil.copyfile(live, file)
    with FileBook(file) as book:
        pipeline.run(book, "", dt.datetime.now())
    with open_book(live) as opened:
        opened.press(RUN.name)
        _wait_for_run(opened)
        return [cells(opened, file), functions(opened, file, engine)]


def _wait_for_run(opened: Open) -> None:
    """Until the first run stands on its sheet."""
    first = (layout.HEADER_ROW + 1, 1, layout.HEADER_ROW + 1, 1)
    end = time.monotonic() + PATIENCE
    while opened.values(SHEET_OF["Runs"].name, first) == [[""]]:
        if time.monotonic() > end:
            raise TimeoutError("the button was pressed, but no run came of it")
        time.sleep(0.5)


# ------------------------------------------------------------------------------------------------------ cells


def cells(opened: Open, file: Path) -> Verdict:
    """Every cell of the output sheets of a workbook in Excel, against a file."""
    compared, found = 0, []
    with closing(Package(file)) as package:
        reader = SheetReader(package, file.read_bytes())
        for sheet in layout.OUTPUT_SHEETS:
            expected = _stored_cells(reader, sheet.name)
            width = max(map(len, expected), default=0)
            actual = opened.values(sheet.name, (1, 1, len(expected) + BEYOND, width + BEYOND))
            passing = _moments(package, sheet)
            for where, wanted, got in _pairs(expected, actual):
                if where in passing:
                    continue
                compared += wanted is not None
                if not same(wanted, got):
                    found.append(f"{sheet.name}!{where}: Excel has {got!r}, the file {wanted!r}")
    return Verdict("cells", compared, tuple(found))


def _stored_cells(reader: SheetReader, sheet: str) -> list[list[object]]:
    """The cells of a sheet of a file, as stored; errors as their text."""
    grid: list[list[object]] = [[stored(value) for value in row] for row in reader.grid(sheet)]
    for row, errors in reader.odd(sheet).items():
        for column, error in errors:
            grid[row - 1][column] = stored(error)
    return grid


def _pairs(expected: list[list[object]], actual: list[list[object]]) -> Iterator[tuple[str, object, object]]:
    """Address, expected and actual value of every cell of the larger block; None is a blank cell."""
    for number, row in enumerate(actual, 1):
        known = expected[number - 1] if number <= len(expected) else []
        for column, value in enumerate(row):
            wanted = known[column] if column < len(known) else None
            yield f"{column_letter(column + 1)}{number}", wanted, stored(value)


def _moments(package: Package, sheet: layout.Sheet) -> set[str]:
    """Cells that differ from run to run."""
    found = set()
    for name, column in _OF_THE_MOMENT:
        if name in {table.name for table in sheet.tables}:
            part = package.tables[name]
            found |= {f"{part.letters[column]}{row}" for row in range(part.header_row + 1, part.last_row + 1)}
    return found


def same(expected: object, actual: object) -> bool:
    """True where two cells show the same: numbers but for the last digits, in which two programs may add differently."""
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return math.isclose(expected, actual, rel_tol=1e-9, abs_tol=1e-9)
    return expected == actual


# -------------------------------------------------------------------------------------------------- functions


def functions(opened: Open, file: Path, engine: bool) -> Verdict:
    """The cell functions in Excel, against the engine and the results in a file."""
    asked = {
        formula: wanted for formula, wanted in questions(file) if engine or not formula.startswith("=BACKFLUSH_QTY")
    }
    found = []
    for (formula, wanted), got in zip(asked.items(), opened.ask(list(asked)), strict=True):
        shown = stored(got)
        if not same(stored(wanted), shown):
            found.append(f"{formula}: Excel has {shown!r}, the engine {wanted!r}")
    return Verdict("functions", len(asked), tuple(found))


def questions(file: Path) -> Iterator[tuple[str, object]]:
    """Formulas and what they must answer: costs of every item, parts of every product, each balance, errors as errors."""
    with FileBook(file) as book:
        known, errors = answers(book.read())
        ledger, variances = book.table("Ledger").by_column(), book.table("Variances").by_column()
    if known is None:
        raise RuntimeError(f"the sample has errors: {errors[0].where}")
    for standard in known.standards.values():
        code = standard.code
        yield f'=BACKFLUSH_COST("{code}",{UNITS:g})', known.cost(code, UNITS)
        yield f'=STANDARD_COST("{code}")', known.standard_cost(code)
        for element in layout.ELEMENTS:
            yield f'=STANDARD_COST("{code}","{element}")', known.standard_cost(code, element)
        for part in known.explode(code, UNITS):
            if part.key:
                yield f'=BACKFLUSH_QTY("{code}","{part.code}",{UNITS:g})', part.quantity
    for role, balance in zip(ledger["Role"], ledger["Closing"], strict=True):
        yield f'=BACKFLUSH_BALANCE("{role}")', balance
    sums: dict[object, float] = defaultdict(float)
    for name, amount, side in zip(variances["Variance"], variances["Amount"], variances["F/U"], strict=True):
        if isinstance(amount, float | int):
            sums[name] += amount if side == "U" else -amount
    for name, total in sums.items():
        yield f'=BACKFLUSH_VARIANCE("{name}")', total
    yield '=BACKFLUSH_COST("there is no such item",1)', CellError("#N/A")
    yield f'=BACKFLUSH_COST("{code}","a few")', CellError("#VALUE!")


# -------------------------------------------------------------------------------------------------- in Excel


@contextmanager
def open_in_excel(path: Path, addin: Path) -> Iterator[Open]:
    """A workbook in an Excel of its own, which ends with the `with` block; nothing is saved."""
    from xlbackflush.excel.live import native, open_excel

    with open_excel() as app:
        app.books.open(addin)  # an Excel that a program starts loads nothing from XLSTART
        book = app.books.open(path)
        yield ExcelBook(book, native(book))


class ExcelBook:
    """See `Open`: a workbook in Excel, as xlwings has it, and its native calls."""

    def __init__(self, book: Any, native: NativeBook) -> None:
        self._book, self._native = book, native

    def press(self, macro: str) -> None:
        """See `Open`."""
        self._book.macro(macro)()

    def values(self, sheet: str, box: Box) -> list[list[object]]:
        """See `Open`."""
        return [[decoded(cell) for cell in row] for row in self._native.values(sheet, box)]

    def ask(self, formulas: Sequence[str]) -> list[object]:
        """See `Open`."""
        sheet = self._book.sheets.add().name
        box = (1, 1, len(formulas), 1)
        self._native.put(sheet, box, [[formula] for formula in formulas], "General")
        self._native.calculate()
        return [row[0] for row in self.values(sheet, box)]
