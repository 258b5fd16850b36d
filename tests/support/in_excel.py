"""Buttons pressed over what stands in for Excel, and what the workbook then shows."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cells
import openpyxl
from com_file import Workbook
from excel_engine import calling
from openpyxl.styles.numbers import is_date_format

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


def shown(book: openpyxl.Workbook) -> dict[str, dict[str, Any]]:
    """Sheet -> address -> content and looks of each output cell; under table names their ranges, under row numbers rows."""
    return {sheet.name: _sheet(book[sheet.name], sheet) for sheet in schema.OUTPUT_SHEETS}


def _sheet(sheet: Any, of: schema.Sheet) -> dict[str, Any]:
    found: dict[str, Any] = {table.name: table.ref for table in sheet.tables.values()}
    last = 0
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None or cell.style != "Normal":
                found[cell.coordinate] = (_content(cell), cell.style, cell.alignment.indent, cell.number_format)
                last = cell.row
    for number in range(schema.HEADER_ROW + 1, last + 1):
        look = sheet.row_dimensions[number]
        found[f"row {number}"] = (look.outlineLevel, look.height, look.hidden)
    return found


def _content(cell: Any) -> tuple[str, object]:
    """Kind and value: a formula as people write it, a number to 14 digits, as openpyxl does not save all of them."""
    if cell.data_type == "f":
        return "formula", cell.value.replace("_xlfn.", "")
    if is_date_format(cell.number_format) and isinstance(cell.value, dt.datetime):
        return "n", f"{(cell.value - dt.datetime(1899, 12, 30)) / dt.timedelta(1):.14g}"
    if cell.data_type == "n" and cell.value is not None:
        return "n", f"{float(cell.value):.14g}"
    return cell.data_type, cell.value


def differences(one: Path, other: Path) -> list[str]:
    """Cells in which the output sheets of two workbooks differ."""
    left, right = shown(openpyxl.load_workbook(one)), shown(openpyxl.load_workbook(other))
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
