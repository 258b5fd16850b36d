"""Tables as they pass between the workbook and the engine.

A `Source` is an input table as read: raw cell values and where each stands, so that a finding or a proof formula can
name the very cell.
"""

import datetime as dt
import math
from collections.abc import Iterator
from itertools import chain

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field
from xlbackflush.model.words import in_words


@dataclass(frozen=True)
class CellError:
    """A cell that holds no usable value: an Excel error such as #REF!, or a formula without a stored result."""

    text: str
    calculated: bool = True


def number_in(cell: object) -> float | None:
    """The number that a cell holds, or None; a truth value is none."""
    return float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else None


def day_number(serial: float) -> int:
    """The day of a serial number; what lies before midnight beyond the 15 digits that Excel looks at is the next day."""
    return math.floor(float(f"{serial:.15g}"))


def cell_words(cell: object) -> str:
    """A cell as a sentence says it: 12, "text", blank, the error #REF!."""
    if isinstance(cell, CellError):
        return f"the error {cell.text}" if cell.calculated else "a formula without a result"
    return in_words(cell)


@dataclass
class Source:
    """An input table as read. `rows` holds only rows with content; `row_numbers` are their rows on the sheet.

    `letters` maps a column name to its sheet column ("Quantity" -> "E"); a cell is `letters[name] + row number`.
    `below` lists cells with content under the table, which the table does not contain. `misnamed` are columns above which the
    sheet says something else than the table. `version` is that of the schema which the workbook says it has; one that is not
    known lacks nothing.
    """

    name: str
    sheet: str
    letters: dict[str, str]
    first_row: int
    last_row: int
    columns: list[str] = field(default_factory=list)
    rows: list[list[object]] = field(default_factory=list)
    row_numbers: list[int] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    misnamed: dict[str, str] = field(default_factory=dict)
    version: int = 1

    def by_column(self) -> dict[str, list[object]]:
        """Values of each column, from top to bottom."""
        cells, width = list(chain.from_iterable(self.rows)), len(self.columns)
        return {name: cells[i::width] for i, name in enumerate(self.columns)}

    def named_rows(self) -> Iterator[tuple[int, dict[str, object]]]:
        """Rows from top to bottom, each as its number on the sheet and its values by column."""
        for number, row in zip(self.row_numbers, self.rows, strict=True):
            yield number, dict(zip(self.columns, row, strict=True))

    def cell(self, column: str, row: int) -> str:
        """Address of a cell, for people: `Counts!E14`; of the row where the workbook does not have the column."""
        return f"{self.sheet}!{self._letter(column)}{row}"

    def _letter(self, column: str) -> str:
        return self.letters.get(column) or next(iter(self.letters.values()), "A")

    def range(self, first: str, last: str | None = None) -> str:
        """Address of one or more columns of the table's body: `Counts!E7:E218`."""
        return f"{self.sheet}!{self._letter(first)}{self.first_row}:{self._letter(last or first)}{self.last_row}"


def month_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of the month of a day."""
    december = day.month == 12
    last = day.replace(day=31) if december else day.replace(month=day.month + 1, day=1) - dt.timedelta(days=1)
    return day.replace(day=1), last


def absent(table: schema.Table) -> Source:
    """An input table that the workbook does not have: empty, and in no column."""
    return Source(table.name, schema.SHEET_OF[table.name].name, {}, schema.HEADER_ROW + 1, schema.HEADER_ROW + 1)
