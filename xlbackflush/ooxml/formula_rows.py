"""Rows of a sheet as they are stored, in one pass: a sheet may hold millions of cells."""

import io
from collections.abc import Iterator
from string import digits
from typing import NamedTuple
from xml.etree import ElementTree as ET

from xlbackflush.ooxml.address import column_letter, column_number
from xlbackflush.ooxml.package import MAIN

_ROW, _CELL, _FORMULA = (f"{{{MAIN}}}{tag}" for tag in ("row", "c", "f"))


class StoredRow(NamedTuple):
    """Outline level and height (in points; 0: it has none of its own) of a row, and by letter the styles of its cells."""

    level: int
    height: float
    styles: dict[str, int]


def formula_rows(xml: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Number of a row, and letter of a column -> formula without its =; rows without formulas are left out.

    One that is stored with another cell is moved to its own place. "" is one without a text, such as that of a data table.
    """
    shared: dict[str, tuple[str, str]] = {}
    for number, row in _rows(xml):
        cells = ((letter, cell.find(_FORMULA)) for letter, cell in _cells(row))
        formulas = {letter: _whole(f, f"{letter}{number}", shared) for letter, f in cells if f is not None}
        if formulas:
            yield number, formulas


def stored_rows(xml: bytes) -> dict[int, StoredRow]:
    """Every row of a sheet by its number."""
    rows = {}
    for number, row in _rows(xml):
        height = float(row.get("ht", 0)) if row.get("customHeight") in ("1", "true") else 0.0
        styles = {letter: int(cell.get("s", 0)) for letter, cell in _cells(row)}
        rows[number] = StoredRow(int(row.get("outlineLevel", 0)), height, styles)
    return rows


def _rows(xml: bytes) -> Iterator[tuple[int, ET.Element]]:
    number = 0
    for _, row in ET.iterparse(io.BytesIO(xml)):
        if row.tag == _ROW:
            number = int(row.get("r", number + 1))
            yield number, row
            row.clear()


def _cells(row: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    """The cells of a row by letter; a cell without an address stands beside the one before."""
    letter = ""
    for cell in row.iterfind(_CELL):
        letter = cell.get("r", "").rstrip(digits) or column_letter(column_number(letter) + 1)
        yield letter, cell


def _whole(formula: ET.Element, cell: str, shared: dict[str, tuple[str, str]]) -> str:
    """The formula of a cell; in braces where it fills more cells than its own."""
    text, kind, group = formula.text or "", formula.get("t"), formula.get("si", "")
    if kind == "array" and formula.get("ref", cell) not in (cell, f"{cell}:{cell}"):
        return f"{{{text}}}"
    if kind != "shared":
        return text
    if text:
        shared[group] = cell, text
        return text
    return moved(*shared.get(group, (cell, "")), cell)


def moved(origin: str, formula: str, cell: str) -> str:
    """The formula of one cell as it reads in another one that shares it."""
    from openpyxl.formula.translate import Translator

    return str(Translator(f"={formula}", origin).translate_formula(cell))[1:]
