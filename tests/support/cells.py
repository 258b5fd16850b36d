"""What stands in the cells of a workbook file, read in milliseconds: values and formulas, without looks.

read(path)                        a workbook as stored
book["Journal"]["I7"]             the value of a cell: a float, a str, a bool; an error as its text; None where blank
book.formulas["Journal"]["N7"]    its formula, without =
book.column("Journal", "Debit")   the values of a table's column
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree as ET

from support_files import MAIN, Parts, TablePlace, address

Values = dict[str, Any]  # address -> value; a cell that is blank may be left out
CELL, FORMULA, VALUE, INLINE = (f"{{{MAIN}}}{tag}" for tag in ("c", "f", "v", "is"))


class Sheet(dict[str, Any]):
    """Values by address; a blank cell is None."""

    def __missing__(self, key: str) -> None:
        return None


@dataclass(frozen=True)
class Book:
    """A workbook: sheet -> address -> value, and formula; tables by name."""

    values: dict[str, Sheet]
    formulas: dict[str, dict[str, str]]
    tables: dict[str, TablePlace]

    def __getitem__(self, sheet: str) -> Sheet:
        return self.values[sheet]

    def place(self, table: str, column: str) -> tuple[str, str]:
        """Where a table column stands: ("Journal", "N7:N20")."""
        at = self.tables[table]
        letter = at.left + at.columns.index(column)
        return at.sheet, f"{address(letter, at.top + 1)}:{address(letter, at.bottom)}"

    def column(self, table: str, column: str) -> list[Any]:
        """The values of a table's column."""
        at = self.tables[table]
        letter = at.left + at.columns.index(column)
        return [self.values[at.sheet][address(letter, row)] for row in range(at.top + 1, at.bottom + 1)]

    def with_values(self, found: Mapping[str, Sequence[Sequence[Any]]]) -> Book:
        """The same workbook with the values of another program: of each sheet all cells from A1 on, blank ones as ""."""
        values = {
            sheet: Sheet({address(c, r): v for r, row in enumerate(rows, 1) for c, v in enumerate(row, 1) if v != ""})
            for sheet, rows in found.items()
        }
        return replace(self, values=values)


def read(path: Path | BinaryIO) -> Book:
    """A workbook as stored."""
    parts = Parts(path)
    strings = parts.strings()
    values: dict[str, Sheet] = {}
    formulas: dict[str, dict[str, str]] = {}
    for sheet, part in parts.sheets().items():
        values[sheet], formulas[sheet] = Sheet(), {}
        for cell in parts.xml(part).iter(CELL):
            at = cell.get("r", "")
            formula = cell.find(FORMULA)
            if formula is not None:
                formulas[sheet][at] = formula.text or ""
            value = value_of(cell, strings)
            if value is not None:
                values[sheet][at] = value
    return Book(values, formulas, parts.tables())


def value_of(cell: ET.Element, strings: Sequence[str]) -> object:
    """The value of a cell; strings: the texts that cells of its workbook share."""
    kind, text = cell.get("t", "n"), cell.findtext(VALUE)
    if kind == "inlineStr":
        inline = cell.find(INLINE)
        return "".join(inline.itertext()) if inline is not None else None
    if text is None or (kind == "n" and not text):
        return None
    if kind == "n":
        return float(text)
    if kind == "s":
        return strings[int(text)]
    return text == "1" if kind == "b" else text
