"""The formulas of a sheet as they are stored, row by row, in one pass: a sheet may hold millions of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from string import digits
from xml.etree import ElementTree as ET

from xlbackflush.ooxml.address import column_letter, column_number
from xlbackflush.ooxml.package import MAIN

_ROW, _CELL, _FORMULA = (f"{{{MAIN}}}{tag}" for tag in ("row", "c", "f"))


def formula_rows(xml: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Number of a row, and letter of a column -> formula without its =; rows without formulas are left out.

    One that is stored with another cell is moved to its own place. "" is one without a text, such as that of a data table.
    """
    shared: dict[str, tuple[str, str]] = {}
    number = 0
    for _, row in ET.iterparse(io.BytesIO(xml)):
        if row.tag != _ROW:
            continue
        number = int(row.get("r", number + 1))
        formulas, letter = {}, ""
        for cell in row.iterfind(_CELL):
            # a cell without an address stands beside the one before
            letter = cell.get("r", "").rstrip(digits) or column_letter(column_number(letter) + 1)
            formula = cell.find(_FORMULA)
            if formula is not None:
                formulas[letter] = _whole(formula, f"{letter}{number}", shared)
        if formulas:
            yield number, formulas
        row.clear()


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
