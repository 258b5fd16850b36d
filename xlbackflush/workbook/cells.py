"""Cells of a workbook file one by one: what each shows, and its formula."""

import re
from collections.abc import Iterator
from functools import cache, cached_property
from itertools import pairwise

from xlbackflush.late import pattern
from xlbackflush.model.tables import CellError, Source
from xlbackflush.ooxml.address import split_cell
from xlbackflush.ooxml.formula_rows import moved
from xlbackflush.ooxml.package import Package
from xlbackflush.ooxml.reader import SheetReader
from xlbackflush.ooxml.values import as_excel
from xlbackflush.ooxml.xml import unescape

_ROW = pattern(r'<(?:\w+:)?row\b[^>]*?\br="(\d+)"')
_CELL = pattern(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.S)
_ADDRESS = pattern(r'\br="([A-Z]+[0-9]+)"')
_FORMULA = pattern(r"<(?:\w+:)?f\b([^>]*?)(?:/>|>([^<]*)</(?:\w+:)?f>)")
_SHARED = pattern(r'\bsi="(\d+)"')


class FileReader:
    """Values and formulas of a workbook file, each sheet when it is needed; see `explain.reader.Reader`."""

    def __init__(self, package: Package, sheets: SheetReader) -> None:
        self._package, self._sheets = package, sheets
        self._formulas = cache(lambda sheet: _Formulas(package.text(package.sheets[sheet])))

    def value(self, sheet: str, cell: str) -> float | str | bool | CellError | None:
        """See `Reader`."""
        return as_excel(self._sheets.cell(sheet, *split_cell(cell))) if sheet in self._package.sheets else None

    def formula(self, sheet: str, cell: str) -> str:
        """See `Reader`."""
        return self._formulas(sheet).of(cell) if sheet in self._package.sheets else ""

    def table(self, name: str) -> Source | None:
        """See `Reader`."""
        part = self._package.tables.get(name)
        return None if part is None else Source(name, part.sheet, part.letters, part.header_row + 1, part.last_row)


class _Formulas:
    """Formulas of one sheet, found in its XML row by row."""

    def __init__(self, xml: str) -> None:
        self._xml = xml
        starts = [(int(row[1]), row.start()) for row in _ROW.finditer(xml)]
        self._spans = {row: (start, stop) for (row, start), (_, stop) in pairwise([*starts, (0, len(xml))])}
        self._row = cache(self._row_formulas)

    def of(self, cell: str) -> str:
        """The formula of a cell, "" where it has none."""
        return self._row(split_cell(cell)[1]).get(cell, "")

    def _row_formulas(self, row: int) -> dict[str, str]:
        cells = self._cells(*self._spans[row]) if row in self._spans else ()
        return {address: self._whole(formula, address) for address, formula in cells}

    def _cells(self, start: int, stop: int) -> Iterator[tuple[str, re.Match[str]]]:
        for match in _CELL.finditer(self._xml, start, stop):
            formula, address = _FORMULA.search(match[2] or ""), _ADDRESS.search(match[1])
            if formula and address:
                yield address[1], formula

    def _whole(self, formula: re.Match[str], cell: str) -> str:
        """The formula itself; a cell that shares its formula with others has it moved to its own place."""
        shared = _SHARED.search(formula[1])
        if formula[2] or not shared:
            return unescape(formula[2] or "")
        return moved(*self._masters.get(shared[1], (cell, "")), cell)

    @cached_property
    def _masters(self) -> dict[str, tuple[str, str]]:
        """Number of a shared formula -> the cell that has its text, and the text."""
        cells = [(address, f, _SHARED.search(f[1])) for address, f in self._cells(0, len(self._xml)) if f[2]]
        return {number[1]: (address, unescape(f[2])) for address, f, number in cells if number}
