"""What an explanation reads: values, formulas and tables of a workbook, from its file or from Excel.

`Reader` is all that it asks of a workbook. `Grid` is what the other modules use: cells by their place in our tables, columns
at once, formulas as trees.
"""

from collections.abc import Iterator
from typing import Protocol

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.explain.evaluate import Evaluator, Value
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.formula import Cell, Node, Span, finder, parse


class Reader(Protocol):
    """A workbook, as an explanation sees it."""

    def value(self, sheet: str, cell: str) -> Value:
        """What a cell shows: text, number (a date is its day number), truth value, CellError; None where it is blank."""

    def formula(self, sheet: str, cell: str) -> str:
        """The formula of a cell in English, with or without its =; "" where it has none."""

    def table(self, name: str) -> Source | None:
        """Where a table of ours stands: sheet, first and last row of its body, letter of each column; None if nowhere."""


@dataclass(frozen=True)
class Place:
    """Where a cell stands in our tables."""

    table: str
    column: schema.Column
    source: Source

    @property
    def is_input(self) -> bool:
        """True where people type."""
        return schema.SHEET_OF[self.table].role == "Input"

    def beside(self, cell: Cell, column: str) -> Cell:
        """The cell of another column in the row of a cell."""
        return Cell(cell.sheet, self.source.letters[column], cell.row)


class Grid:
    """A workbook's cells by their place in our tables."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.tables = {name: source for name in schema.TABLES if (source := reader.table(name)) is not None}
        self.find = finder(self.tables)
        self._columns = {
            (source.sheet, letter): (name, column)
            for name, source in self.tables.items()
            for column, letter in source.letters.items()
        }
        self._trees: dict[Cell, Node | None] = {}
        self._values: dict[Cell, Value] = {}
        self._column_values: dict[Span, list[Value]] = {}
        self.evaluate = Evaluator(self)

    def value(self, cell: Cell) -> Value:
        """What a cell shows."""
        if cell not in self._values:
            self._values[cell] = self.reader.value(cell.sheet, cell.address)
        return self._values[cell]

    def column(self, span: Span) -> list[Value]:
        """What the cells of a column show."""
        if span not in self._column_values:
            value = self.reader.value
            rows = range(span.first, span.last + 1)
            self._column_values[span] = [value(span.sheet, f"{span.letter}{row}") for row in rows]
        return self._column_values[span]

    def cell(self, table: str, column: str, row: int) -> Cell:
        """The cell of a table column in a row of its sheet."""
        source = self.tables[table]
        return Cell(source.sheet, source.letters[column], row)

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
        inside = source.first_row <= cell.row <= source.last_row
        return Place(table, schema.TABLES[table].column(column), source) if inside else None

    def beside(self, cell: Cell, place: Place, column: str) -> Value:
        """What another column shows in the row of a cell; None where the workbook does not have it."""
        return self.value(place.beside(cell, column)) if column in place.source.letters else None

    def rows(self, table: str, *columns: str) -> list[tuple[Value, ...]]:
        """Some columns of a table, row by row; None in a column that the workbook does not have."""
        source = self.tables[table]
        blank: list[Value] = [None] * (source.last_row - source.first_row + 1)
        return list(
            zip(*(self.column(self.find(table, c)) if c in source.letters else blank for c in columns), strict=True)
        )

    def numbered_rows(self, table: str, *columns: str) -> Iterator[tuple[int, tuple[Value, ...]]]:
        """The same, each with its row on the sheet."""
        return enumerate(self.rows(table, *columns), self.tables[table].first_row)

    def setting(self, name: str) -> Cell | None:
        """The cell of a setting."""
        rows = self.numbered_rows("Setup", "Setting")
        row = next((row for row, (setting,) in rows if isinstance(setting, str) and setting.strip() == name), None)
        return None if row is None else self.cell("Setup", "Value", row)

    def formulas(self) -> Iterator[tuple[Cell, str]]:
        """Every cell of the output tables that has a formula, with it."""
        for source in (self.tables[table.name] for table in schema.OUTPUT_TABLES if table.name in self.tables):
            for row in range(source.first_row, source.last_row + 1):
                for letter in source.letters.values():
                    if formula := self.reader.formula(source.sheet, f"{letter}{row}"):
                        yield Cell(source.sheet, letter, row), formula
