"""Cells of a workbook file one by one: what each shows, and its formula."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from xlbackflush.model.tables import CellError, Source
from xlbackflush.ooxml.address import split_cell
from xlbackflush.ooxml.package import Package
from xlbackflush.ooxml.reader import SheetReader
from xlbackflush.ooxml.values import as_excel

_ROW = re.compile(r'<(?:\w+:)?row\b[^>]*?\br="(\d+)"')
_CELL = re.compile(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.S)
_ADDRESS = re.compile(r'\br="([A-Z]+[0-9]+)"')
_FORMULA = re.compile(r"<(?:\w+:)?f\b([^>]*?)(?:/>|>([^<]*)</(?:\w+:)?f>)")
_SHARED = re.compile(r'\bsi="(\d+)"')


class FileReader:
    """Values and formulas of a workbook file, each sheet when it is needed; see `explain.reader.Reader`."""

    def __init__(self, package: Package, sheets: SheetReader) -> None:
        self._package, self._sheets = package, sheets
        self._formulas: dict[str, _Formulas] = {}

    def value(self, sheet: str, cell: str) -> float | str | bool | CellError | None:
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
