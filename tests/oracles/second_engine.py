"""Formualizer as a second spreadsheet engine: it works out anew what the formulas of a workbook give.

    Book(path)              the formulas of a workbook, each with its stored value
    book.recalculated()     the value of every formula cell, worked out from the cells that hold no formula

The engine is never shown a stored value: formulas reach it without one.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree
from openpyxl.utils.cell import coordinate_to_tuple

INSTALL = ".venv/bin/python -m pip install -e '.[test]'"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Value = str | float | bool | None  # of a cell; an error is its name, such as "#VALUE!"


class Place(NamedTuple):
    """A cell, such as Checks!B3."""

    sheet: str
    address: str

    def __str__(self) -> str:
        return f"{self.sheet}!{self.address}"


class Formula(NamedTuple):
    """A formula, with its =, and the value that the file holds beside it."""

    text: str
    stored: Value


class Book:
    """A workbook, its formulas apart from their values."""

    def __init__(self, path: Path) -> None:
        _require()
        self.formulas: dict[Place, Formula] = {}
        self._texts: dict[Place, str] = {}
        self._bare = io.BytesIO()
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(self._bare, "w") as target:
            sheets = dict(_sheets(source))
            for part in source.namelist():
                content = source.read(part)
                target.writestr(part, self._take(sheets[part], content) if part in sheets else content)

    def _take(self, sheet: str, content: bytes) -> bytes:
        """Remember the formulas of a sheet and their values, and give the sheet without the values."""
        root = etree.fromstring(content)
        for cell in root.iter(f"{_MAIN}c"):
            formula, value = cell.find(f"{_MAIN}f"), cell.find(f"{_MAIN}v")
            place = Place(sheet, cell.get("r"))
            assert cell.get("t") != "s", f"{place} is a shared text"
            if cell.get("t") == "inlineStr":
                self._texts[place] = "".join(cell.find(f"{_MAIN}is").itertext())
            if formula is not None:
                assert formula.text and not formula.attrib, f"{place} holds no plain formula"
                self.formulas[place] = Formula(f"={formula.text}", _stored(cell.attrib.pop("t", "n"), value))
                if value is not None:
                    cell.remove(value)
        return etree.tostring(root)

    def recalculated(self, constants: Mapping[Place, Value] | None = None, *, zeros: bool = True) -> dict[Place, Value]:
        """The value of every formula cell. constants: what some cells hold instead of their formula or value.

        zeros: a result of -0.0, which no spreadsheet has and which the engine's SUMIFS take for another number than 0, is
        turned into 0.
        """
        import formualizer

        book = formualizer.Workbook.from_bytes(self._bare.getvalue(), backend="umya")  # its own reader knows no tables
        book.set_temporal_egress("serial")
        for (sheet, address), value in (self._texts | dict(constants or {})).items():
            book.set_value(sheet, *coordinate_to_tuple(address), value)  # umya reads the text 007 as a number
        book.evaluate_all()
        values = {p: _plain(book.get_value(p.sheet, *coordinate_to_tuple(p.address))) for p in self.formulas}
        if zeros and (below := [p for p, v in values.items() if v == 0 and math.copysign(1, v) < 0]):
            return self.recalculated(dict(constants or {}) | dict.fromkeys(below, 0.0), zeros=False)
        return values


def _require() -> None:
    """Skip the test where the engine is missing; in CI that is a failure."""
    try:
        import formualizer  # noqa: F401
    except ImportError:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(f"needs Formualizer: {INSTALL}")


def _sheets(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Part and name of every sheet."""
    links = etree.fromstring(package.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target").removeprefix("/xl/") for link in links}
    for sheet in etree.fromstring(package.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
        yield f"xl/{targets[sheet.get(_RELATION)]}", sheet.get("name")


def _stored(kind: str, value: etree._Element | None) -> Value:
    text = (value.text or "") if value is not None else ""
    if kind == "n":
        return float(text) if text else None
    return text == "1" if kind == "b" else text


def _plain(value: object) -> Value:
    """A value as the engine hands it over."""
    if isinstance(value, dict):
        return f"#{value['kind']}"
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value  # type: ignore[return-value]
