"""Buttons pressed over what stands in for Excel, and what the workbook then shows."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import cells
import openpyxl
from com_file import Workbook
from excel_engine import calling
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from support_files import NS, Parts, address, split

from xlbackflush import schema
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.workbook.file import FileBook

Macro = Callable[[], None]


def told(workbook: Workbook, macro: Macro) -> str:
    """Press a button: the sentence that is left in the status bar."""
    with calling(workbook):
        macro()
    return str(workbook.application.StatusBar)


def saved(workbook: Workbook, path: Path) -> Path:
    """The workbook as Excel would save it."""
    workbook.SaveCopyAs(str(path))
    return path


def live(book: Path, macro: Macro) -> Path:
    """A copy of a workbook after a macro, saved."""
    workbook = Workbook(book)
    told(workbook, macro)
    return saved(workbook, book.with_name(f"live{book.suffix}"))


def by_file(book: Path, like: Path) -> Path:
    """A copy of a workbook after the run that another holds, made without Excel by the same user at the same time."""
    copy = Path(shutil.copy(book, book.with_name(f"file{book.suffix}")))
    with FileBook(like) as made:
        runs = made.runs()
    with FileBook(copy) as plain:
        lifecycle.run(plain, runs[-1].user, dt.datetime.fromisoformat(runs[-1].started))
    return copy


Shown = dict[str, dict[str, Any]]  # sheet -> address, table or row -> what it shows
Look = tuple[str, int, str]  # style, indent, number format


def shown(book: openpyxl.Workbook) -> Shown:
    """Sheet -> address -> content and looks of each output cell; under table names their ranges, under row numbers rows."""
    return {sheet.name: _sheet(book[sheet.name]) for sheet in schema.OUTPUT_SHEETS}


def _sheet(sheet: Any) -> dict[str, Any]:
    shown_cells: dict[str, Any] = {}
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None or cell.style != "Normal":
                look = cell.style, cell.alignment.indent, cell.number_format
                shown_cells[cell.coordinate] = (_content(cell), *look)
    tables = {table.name: table.ref for table in sheet.tables.values()}
    rows = ((n, (look.outlineLevel, look.height, look.hidden)) for n, look in sheet.row_dimensions.items())
    return tables | shown_cells | _rows(shown_cells, dict(rows))


def _content(cell: Any) -> tuple[str, object]:
    """Kind and value: a formula as people write it, a number to 14 digits, as openpyxl does not save all of them."""
    if cell.data_type == "f":
        return "formula", cell.value.replace("_xlfn.", "")
    if is_date_format(cell.number_format) and isinstance(cell.value, dt.datetime):
        return "n", f"{(cell.value - dt.datetime(1899, 12, 30)) / dt.timedelta(1):.14g}"
    if cell.data_type == "n" and cell.value is not None:
        return "n", f"{float(cell.value):.14g}"
    return cell.data_type, cell.value


def _rows(shown_cells: Iterable[str], rows: Mapping[int, tuple[int, float | None, bool]]) -> dict[str, Any]:
    """Outline level, height and hidden of the rows below the headers, down to the last that shows a cell."""
    last = max((split(at)[1] for at in shown_cells), default=0)
    return {f"row {n}": rows.get(n, (0, None, False)) for n in range(schema.HEADER_ROW + 1, last + 1)}


def shown_in(path: Path) -> Shown:
    """`shown` of a workbook file, read in a tenth of the time that openpyxl takes for it."""
    parts = Parts(path)
    looks, texts, sheets, tables = _looks(parts), parts.strings(), parts.sheets(), parts.tables()
    found: Shown = {}
    for sheet in schema.OUTPUT_SHEETS:
        refs = {
            name: f"{address(t.left, t.top)}:{address(t.right, t.bottom)}"
            for name, t in tables.items()
            if t.sheet == sheet.name
        }
        shown_cells: dict[str, Any] = {}
        rows: dict[int, tuple[int, float | None, bool]] = {}
        for row in parts.xml(sheets[sheet.name]).iterfind("m:sheetData/m:row", NS):
            height = row.get("ht")
            rows[int(row.get("r", "0"))] = (
                int(row.get("outlineLevel", "0")), float(height) if height else None, row.get("hidden") in ("1", "true"),
            )  # fmt: skip
            for cell in row:
                content, look = _content_in(cell, texts), looks[int(cell.get("s", "0"))]
                if content[1] is not None or look[0] != "Normal":
                    shown_cells[cell.get("r", "")] = (content, *look)
        found[sheet.name] = refs | shown_cells | _rows(shown_cells, rows)
    return found


def _content_in(cell: ET.Element, texts: Sequence[str]) -> tuple[str, object]:
    """`_content` of a cell in a file."""
    formula = cell.find(cells.FORMULA)
    if formula is not None:
        return "formula", f"={formula.text}".replace("_xlfn.", "")
    value = cells.value_of(cell, texts)
    if isinstance(value, float):
        return "n", f"{value:.14g}"
    kind = cell.get("t", "n")
    return ("s" if kind in ("inlineStr", "str") else kind), value


def _looks(parts: Parts) -> list[Look]:
    """The look of each style number of a file."""
    root = parts.xml("xl/styles.xml")
    formats = dict(BUILTIN_FORMATS)
    formats |= {int(f.get("numFmtId", "0")): f.get("formatCode", "") for f in root.iterfind("m:numFmts/m:numFmt", NS)}
    names = {s.get("xfId"): s.get("name", "") for s in root.iterfind("m:cellStyles/m:cellStyle", NS)}
    found = []
    for look in root.iterfind("m:cellXfs/m:xf", NS):
        alignment = look.find("m:alignment", NS)
        indent = int(alignment.get("indent", "0")) if alignment is not None else 0
        found.append((names[look.get("xfId", "0")], indent, formats[int(look.get("numFmtId", "0"))]))
    return found


def differences(one: Path, other: Path) -> list[str]:
    """Cells in which the output sheets of two workbooks differ."""
    left, right = shown_in(one), shown_in(other)
    return [
        f"{name}!{place}: {left[name].get(place)} / {right[name].get(place)}"
        for name in left
        for place in sorted(left[name].keys() | right[name].keys())
        if left[name].get(place) != right[name].get(place)
    ]


def inputs(path: Path) -> list[object]:
    """All cells of the input sheets: formulas, and the values of the others."""
    book = cells.read(path)
    return [book[sheet.name] | book.formulas[sheet.name] for sheet in schema.INPUT_SHEETS]
