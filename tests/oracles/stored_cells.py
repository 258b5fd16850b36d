"""What the cells of a sheet hold, by the standard alone (ECMA-376 part 1, 18.3.1.4): a second reader, of small sheets.

The XML is read with ElementTree; nothing of the package under test is used. Style 1 is a day.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from openpyxl.utils import column_index_from_string, get_column_letter

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class NoValueError(Exception):
    """A cell holds what cannot be of its type."""


def text(element: ET.Element) -> str:
    """Text with its runs, without its pronunciation."""
    shown = ""
    for child in element:
        for part in (
            [child] if child.tag == f"{MAIN}t" else child.findall(f"{MAIN}t") if child.tag == f"{MAIN}r" else []
        ):
            shown += (part.text or "") if part.get(SPACE) == "preserve" else (part.text or "").strip(" \t\r\n")
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), shown)


def value(cell: ET.Element, strings: list[str]) -> object:
    """The value of a cell, "" where it is blank. Raises NoValueError."""
    kind, shown = cell.get("t", "n"), cell.findtext(f"{MAIN}v") or ""
    inline = cell.find(f"{MAIN}is")
    if cell.get("t", "inlineStr") == "inlineStr" and inline is not None and not shown:
        return text(inline)
    if inline is not None or (kind not in ("n", "s", "str", "b", "d") and list(cell)):
        raise NoValueError(shown)
    if kind == "str":
        return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), shown)
    shown = shown.strip(" \t\r\n")
    if not shown:
        return ""
    if kind == "s" and re.fullmatch("[0-9]+", shown) and int(shown) < len(strings):
        return strings[int(shown)]
    if kind == "b" and shown in ("0", "1", "false", "true"):
        return shown in ("1", "true")
    if kind == "n" and re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", shown):
        number = float(shown)
        if math.isfinite(number):
            day = cell.get("s") == "1" and number.is_integer() and 61 <= number < 2_958_466
            return dt.date(1899, 12, 30) + dt.timedelta(number) if day else number
    raise NoValueError(shown)


def cells(path: Path) -> dict[str, ET.Element]:
    """Every cell of sheet1 by its address; one without an address follows the one before."""
    with zipfile.ZipFile(path) as file:
        root = ET.fromstring(file.read("xl/worksheets/sheet1.xml"))
    found: dict[str, ET.Element] = {}
    number = 0
    for row in root.iterfind(f"{MAIN}sheetData/{MAIN}row"):
        number, column = int(row.get("r", number + 1)), 0
        for cell in row.iterfind(f"{MAIN}c"):
            letter = re.sub("[0-9]", "", cell.get("r", get_column_letter(column + 1))).upper()
            column = column_index_from_string(letter)
            found[f"{letter}{number}"] = cell
    return found


def strings(path: Path) -> list[str]:
    """The texts that cells share."""
    with zipfile.ZipFile(path) as file:
        return [text(item) for item in ET.fromstring(file.read("xl/sharedStrings.xml")).iterfind(f"{MAIN}si")]


def values(path: Path) -> dict[str, object]:
    """The value of every cell that is not blank; NoValueError itself for what is none."""
    shared = strings(path)
    shown: dict[str, object] = {}
    for address, cell in cells(path).items():
        try:
            shown[address] = value(cell, shared)
        except NoValueError:
            shown[address] = NoValueError
    return {address: value for address, value in shown.items() if value != ""}
