"""What an explanation reads: values, formulas and tables of a workbook, from its file or from Excel.

`Reader` is all that it asks of a workbook. `FileReader` reads a file, each sheet when it is needed. `Grid` is what the
other modules use: cells by their place in our tables, columns at once, formulas as trees.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from xlbackflush import schema
from xlbackflush.explain.evaluate import Evaluator, Value
from xlbackflush.model.tables import CellError, Source
from xlbackflush.ooxml.address import split_cell
from xlbackflush.ooxml.formula import Cell, FormulaError, Node, Span, parse
from xlbackflush.ooxml.package import Package
from xlbackflush.ooxml.reader import SheetReader


class Reader(Protocol):
    """A workbook, as an explanation sees it."""

    def value(self, sheet: str, cell: str) -> Value:
        """What a cell shows: text, number (a date is its day number), truth value, CellError; None where it is blank."""

    def formula(self, sheet: str, cell: str) -> str:
        """The formula of a cell in English, with or without its =; "" where it has none."""

    def table(self, name: str) -> Source | None:
        """Where a table of ours stands: sheet, first and last row of its body, letter of each column; None if nowhere."""


# --------------------------------------------------------------------------------------------- of a file

_ROW = re.compile(r'<(?:\w+:)?row\b[^>]*?\br="(\d+)"')
_CELL = re.compile(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.S)
_ADDRESS = re.compile(r'\br="([A-Z]+[0-9]+)"')
_FORMULA = re.compile(r"<(?:\w+:)?f\b([^>]*?)(?:/>|>([^<]*)</(?:\w+:)?f>)")
_SHARED = re.compile(r'\bsi="(\d+)"')


class FileReader:
    """Values and formulas of a workbook file."""

    def __init__(self, package: Package, sheets: SheetReader) -> None:
        self._package, self._sheets = package, sheets
        self._formulas: dict[str, _Formulas] = {}

    def value(self, sheet: str, cell: str) -> Value:
        """See `Reader`."""
        return as_excel(self._sheets.cell(sheet, *split_cell(cell))) if sheet in self._package.sheets else None

    def formula(self, sheet: str, cell: str) -> str:
        """See `Reader`."""
        if sheet not in self._package.sheets:
            return ""
        if sheet not in self._formulas:
            self._formulas[sheet] = _Formulas(self._package.text(self._package.sheets[sheet]))
        return self._formulas[sheet].of(cell)

    def table(self, name: str) -> Source | None:
        """See `Reader`."""
        part = self._package.tables.get(name)
        return None if part is None else Source(name, part.sheet, part.letters, part.header_row + 1, part.last_row)


class _Formulas:
    """Formulas of one sheet, found in its XML row by row."""

    def __init__(self, xml: str) -> None:
        self.xml = xml
        self.starts = [(int(m[1]), m.start()) for m in _ROW.finditer(xml)]
        self.ends = {
            row: (start, stop)
            for (row, start), (_, stop) in zip(self.starts, [*self.starts[1:], (0, len(xml))], strict=True)
        }
        self.rows: dict[int, dict[str, str]] = {}
        self.masters: dict[str, tuple[str, str]] | None = None

    def of(self, cell: str) -> str:
        """The formula of a cell, "" where it has none."""
        row = split_cell(cell)[1]
        if row not in self.rows:
            self.rows[row] = dict(self._cells(*self.ends[row])) if row in self.ends else {}
        return self.rows[row].get(cell, "")

    def _cells(self, start: int, stop: int) -> Iterator[tuple[str, str]]:
        for match in _CELL.finditer(self.xml, start, stop):
            found, address = _FORMULA.search(match[2] or ""), _ADDRESS.search(match[1])
            if found and address:
                yield address[1], self._whole(found, address[1])

    def _whole(self, found: re.Match[str], cell: str) -> str:
        """The formula itself; a cell that shares its formula with others has it moved to its own place."""
        shared = _SHARED.search(found[1])
        if found[2] or not shared:
            return html.unescape(found[2] or "")
        if self.masters is None:
            self.masters = {}
            for match in _CELL.finditer(self.xml):
                formula, address = _FORMULA.search(match[2] or ""), _ADDRESS.search(match[1])
                if formula and formula[2] and address and (number := _SHARED.search(formula[1])):
                    self.masters[number[1]] = (address[1], html.unescape(formula[2]))
        from openpyxl.formula.translate import Translator

        origin, formula_text = self.masters.get(shared[1], (cell, ""))
        return str(Translator("=" + formula_text, origin).translate_formula(cell))[1:]


def as_excel(value: Any) -> Value:
    """A value as a reader of files gives it, as Excel holds it: dates are day numbers, blanks are None."""
    if value is None or value == "":
        return None
    if isinstance(value, bool | str | CellError):
        return value
    if isinstance(value, dt.datetime):
        gone = value - dt.datetime.combine(schema.DAY_0, dt.time())
        return gone.days + gone.seconds / 86_400
    if isinstance(value, dt.date):
        return float((value - schema.DAY_0).days)
    if isinstance(value, dt.time):
        return (value.hour * 3600 + value.minute * 60 + value.second) / 86_400
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(days=1)
    return float(value)


# ----------------------------------------------------------------------------------------- cells by place


@dataclass(frozen=True)
class Place:
    """Where a cell stands in our tables."""

    table: str
    sheet: schema.Sheet
    column: schema.Column
    source: Source

    @property
    def is_input(self) -> bool:
        """True where people type."""
        return self.sheet.role == "Input"


class Grid:
    """A workbook's cells by their place in our tables."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.tables = {name: found for name in schema.TABLES if (found := reader.table(name)) is not None}
        self.sheet_names = {t.sheet for t in self.tables.values()}
        self._sheet_of = {table.name: sheet for sheet in schema.SHEETS for table in sheet.tables}
        self._columns = {
            (source.sheet, letter): (name, column)
            for name, source in self.tables.items()
            for column, letter in source.letters.items()
        }
        self._trees: dict[Cell, Node | None] = {}
        self._known: dict[Cell, Value] = {}
        self._whole: dict[Span, list[Value]] = {}
        self.evaluate = Evaluator(self)

    def value(self, cell: Cell) -> Value:
        """What a cell shows."""
        if cell not in self._known:
            self._known[cell] = self.reader.value(cell.sheet, cell.address)
        return self._known[cell]

    def column(self, span: Span) -> list[Value]:
        """What the cells of a column show."""
        if span not in self._whole:
            value = self.reader.value
            rows = range(span.first, span.last + 1)
            self._whole[span] = [value(span.sheet, f"{span.letter}{row}") for row in rows]
        return self._whole[span]

    def find(self, table: str, column: str) -> Span:
        """The cells of a table column."""
        source = self.tables.get(table)
        if source is None or column not in source.letters:
            raise FormulaError(f"the workbook has no {table}[{column}]")
        return Span(source.sheet, source.letters[column], source.first_row, source.last_row)

    def tree(self, cell: Cell) -> Node | None:
        """The formula of a cell; None where it has none."""
        if cell not in self._trees:
            formula = self.reader.formula(cell.sheet, cell.address)
            self._trees[cell] = self.parse(formula, cell.sheet) if formula else None
        return self._trees[cell]

    def parse(self, formula: str, sheet: str) -> Node:
        """The tree of a formula that stands on a sheet."""
        return parse(formula, sheet, self.find)

    def place(self, cell: Cell) -> Place | None:
        """Where a cell stands in our tables; None where it stands in none."""
        table, column = self._columns.get((cell.sheet, cell.letter), ("", ""))
        if not table or column not in schema.TABLES[table].names:
            return None
        source = self.tables[table]
        if not source.first_row <= cell.row <= source.last_row:
            return None
        return Place(table, self._sheet_of[table], schema.TABLES[table].column(column), source)

    def beside(self, cell: Cell, place: Place, column: str) -> Value:
        """What another column shows in the row of a cell; None where the workbook does not have it."""
        letter = place.source.letters.get(column)
        return self.value(Cell(cell.sheet, letter, cell.row)) if letter else None

    def rows(self, table: str, *columns: str) -> list[tuple[Value, ...]]:
        """Some columns of a table, row by row; None in a column that the workbook does not have."""
        source = self.tables[table]
        length = source.last_row - source.first_row + 1
        found = [self.column(self.find(table, c)) if c in source.letters else [None] * length for c in columns]
        return list(zip(*found, strict=True))

    def setting(self, name: str) -> Cell | None:
        """The cell of a setting."""
        for row, (setting,) in enumerate(self.rows("Setup", "Setting"), self.tables["Setup"].first_row):
            if isinstance(setting, str) and setting.strip() == name:
                return Cell(self.tables["Setup"].sheet, self.tables["Setup"].letters["Value"], row)
        return None

    def formulas(self) -> Iterator[tuple[Cell, str]]:
        """Every cell of the output tables that has a formula, with it."""
        for table in schema.OUTPUT_TABLES:
            source = self.tables.get(table.name)
            if source is None:
                continue
            for row in range(source.first_row, source.last_row + 1):
                for letter in source.letters.values():
                    if formula := self.reader.formula(source.sheet, f"{letter}{row}"):
                        yield Cell(source.sheet, letter, row), formula
