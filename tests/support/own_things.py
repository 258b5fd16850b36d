"""Things of a user's on output sheets, planted as another program saves them, and looked up again wherever they are."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import range_boundaries
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import FilterColumn, Filters, SortCondition, SortState
from openpyxl.worksheet.table import TableColumn
from support_files import HEAD, NS, CellValue, Parts, address, split

YELLOW = "FFFFFF00"
NOTES = "Notes kept"


def widened(parts: Parts, table: str, columns: dict[str, list[CellValue]]) -> Parts:
    """The workbook with columns of the user's own to the right of a table; one with dates looks as its first column does."""
    place, part = parts.tables()[table], parts.part_of(table)
    body = "".join(f'<tableColumn id="{i}" name="{name}"/>' for i, name in enumerate([*place.columns, *columns], 1))
    new = f'<tableColumns count="{len(place.columns) + len(columns)}">{body}</tableColumns>'
    parts[place.part] = re.sub(r"<tableColumns.*</tableColumns>", new, parts[place.part].decode())
    parts.resize(table, f"{address(place.left, place.top)}:{address(place.right + len(columns), place.bottom)}")
    cells = {
        address(column, row): value
        for column, (name, values) in enumerate(columns.items(), place.right + 1)
        for row, value in enumerate([name, *values], place.top)
    }
    parts.put_all(place.sheet, cells)
    root = parts.xml(part)
    there = {cell.get("r", ""): cell for cell in root.iterfind("m:sheetData/m:row/m:c", NS)}
    dated = [
        n for n, values in enumerate(columns.values(), place.right + 1) if any(isinstance(v, dt.date) for v in values)
    ]
    for where in cells:
        if split(where)[0] in dated:
            there[where].set("s", there[address(place.left, place.top + 1)].get("s", ""))
    parts[part] = HEAD.encode() + ET.tostring(root)
    return parts


def plant(path: Path) -> Path:
    """Own things of every kind on sheets Ledger, Variances, Journal and Relief of the bench after a run.

    What is tied to a row is put into one that stays whatever the bench is changed to, and into the last but one.
    """
    book = openpyxl.load_workbook(path)
    _ledger(book)
    _variances(book["Variances"])
    _journal(book["Journal"])
    _relief(book["Relief"])
    book.save(path)
    return path


def last_row(sheet: Any) -> int:
    """The last row of the only table on a sheet."""
    (table,) = sheet.tables.values()
    return int(range_boundaries(table.ref)[3]) - (table.totalsRowCount or 0)


def _ledger(book: openpyxl.Workbook) -> None:
    """Columns of their own, notes on all sides, formats, comments, a link, rules, a chart; rows are those of the roles."""
    sheet, last = book["Ledger"], last_row(book["Ledger"])
    (table,) = sheet.tables.values()
    for column, name in enumerate(("Reviewer", "Share"), 12):
        sheet.cell(6, column).value = name
        table.tableColumns.append(TableColumn(id=column, name=name))
    table.ref = table.autoFilter.ref = f"A6:M{last}"
    for row in range(7, last + 1):
        sheet.cell(row, 13).value = f"=G{row}/SUM(G$7:G${last})"
    for row, name, text in ((8, "Ann", "Agreed to the count"), (last - 1, "Bob", "Ask the plant")):
        sheet.cell(row, 12).value = name
        sheet.cell(row, 7).fill = PatternFill("solid", fgColor=YELLOW)
        sheet.cell(row, 1).comment = Comment(text, name)
    sheet["O9"], sheet["D4"] = "beside", "above"
    sheet.cell(last + 2, 1).value, sheet.cell(last + 2, 7).value = "below", f"=SUM(G7:G{last})"
    sheet.cell(last + 4, 1).value = "merged"
    sheet.merge_cells(f"A{last + 4}:C{last + 4}")
    sheet["C8"].hyperlink = "https://example.com/count"
    rule = DataValidation("list", formula1='"Ann,Bob"')
    rule.add(f"L7:L{last}")
    sheet.add_data_validation(rule)
    sheet.conditional_formatting.add(f"G7:G{last}", ColorScaleRule("min", None, "FFAA00", "max", None, "00AA00"))
    sheet.row_dimensions[9].hidden, sheet.row_dimensions[11].height = True, 40
    sheet.column_dimensions["C"].width = 55
    sheet.freeze_panes = "C7"
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=7, min_row=7, max_row=last))
    sheet.add_chart(chart, f"A{last + 6}")
    own = book.create_sheet("My analysis")
    own["A1"] = f"=Ledger!G{last + 2}*2"
    book.defined_names["MyTotal"] = DefinedName("MyTotal", attr_text=f"Ledger!$G${last + 2}")


def _variances(sheet: Any) -> None:
    """A total row of the table, a note right below it, and a format in the second and in the last row."""
    last = last_row(sheet)
    (table,) = sheet.tables.values()
    table.ref, table.totalsRowCount = f"A6:K{last + 1}", 1
    table.tableColumns[0].totalsRowLabel, table.tableColumns[4].totalsRowFunction = "Total", "sum"
    sheet.cell(last + 1, 1).value = "Total"
    sheet.cell(last + 1, 5).value = "=SUBTOTAL(109,Variances[Amount])"
    sheet.cell(last + 1, 5).font = Font(bold=True)
    sheet.cell(last + 2, 1).value = "below the total"
    sheet.cell(8, 1).font = Font(color="FFFF0000")


def _journal(sheet: Any) -> None:
    """A filter with criteria and an order."""
    (table,) = sheet.tables.values()
    last = last_row(sheet)
    table.autoFilter.filterColumn = [FilterColumn(colId=4, filters=Filters(filter=["Sale", "Scrap"]))]
    table.sortState = SortState(ref=f"A7:W{last}", sortCondition=[SortCondition(ref=f"I7:I{last}")])


def _relief(sheet: Any) -> None:
    """A row typed right below the table, which Excel takes into it."""
    last = last_row(sheet)
    (table,) = sheet.tables.values()
    table.ref = table.autoFilter.ref = f"A6:K{last + 1}"
    sheet.cell(last + 1, 1).value, sheet.cell(last + 1, 6).value = "typed", f"=SUM(F7:F{last})"


def own_things(path: Path) -> dict[str, object]:
    """Where the planted things are in a workbook, and what they say, by what they are."""
    book = openpyxl.load_workbook(path)
    return {
        **_on_ledger(book["Ledger"]),
        **_on_others(book),
        "other sheet": book["My analysis"]["A1"].value,
        "name": book.defined_names["MyTotal"].attr_text,
        "notes": _notes(book[NOTES]) if NOTES in book.sheetnames else [],
    }


def _on_ledger(sheet: Any) -> dict[str, object]:
    last = last_row(sheet)
    body = [(row, str(sheet.cell(row, 1).value)) for row in range(7, last + 1)]
    (chart,) = sheet._charts
    texts = {cell.value: cell.coordinate for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)}
    below = texts.get("below", "A1")
    return {
        "reviewer": {role: sheet.cell(row, 12).value for row, role in body if sheet.cell(row, 12).value},
        "share": sheet.cell(last, 13).value,
        "format": [role for row, role in body if sheet.cell(row, 7).fill.fgColor.rgb == YELLOW],
        "comment": {role: sheet.cell(row, 1).comment.text for row, role in body if sheet.cell(row, 1).comment},
        "link": [role for row, role in body if sheet.cell(row, 3).hyperlink],
        "hidden": [role for row, role in body if sheet.row_dimensions[row].hidden],
        "height": [role for row, role in body if sheet.row_dimensions[row].height == 40],
        "beside": texts.get("beside"),
        "above": texts.get("above"),
        "below": (below, sheet.cell(int(below[1:]), 7).value),
        "merged": (texts.get("merged"), str(sheet.merged_cells)),
        "validation": [str(rule.sqref) for rule in sheet.data_validations.dataValidation],
        "colours": [str(each.sqref) for each in sheet.conditional_formatting if each.rules[0].type == "colorScale"],
        "chart": chart.anchor._from.row + 1,
        "width": sheet.column_dimensions["C"].width,
        "panes": sheet.freeze_panes,
        "table": next(iter(sheet.tables.values())).ref,
    }


def _on_others(book: openpyxl.Workbook) -> dict[str, object]:
    variances, journal, relief = book["Variances"], book["Journal"], book["Relief"]
    (table,), last = variances.tables.values(), last_row(variances)
    (filtered,) = journal.tables.values()
    lines = range(7, last_row(journal) + 1)
    shown = {journal.cell(row, 5).value for row in lines if not journal.row_dimensions[row].hidden}
    return {
        "total row": (table.totalsRowCount, [variances.cell(last + 1, column).value for column in (1, 5)]),
        "total format": bool(variances.cell(last + 1, 5).font.bold),
        "below the total": next((c.coordinate for (c,) in variances.iter_rows(max_col=1) if c.value == "below the total"), ""),
        "font": [
            f"{variances.cell(row, 1).value}, {variances.cell(row, 2).value}"
            for row in range(7, last + 1)
            if variances.cell(row, 1).font.color and variances.cell(row, 1).font.color.rgb == "FFFF0000"
        ],
        "filter": [criterion for column in filtered.autoFilter.filterColumn for criterion in column.filters.filter],
        "shown": shown,
        "order": filtered.sortState and re.sub(r"\d+$", "last", filtered.sortState.ref),
        "typed": next(
            ((c.coordinate, relief.cell(c.row, 6).value) for (c,) in relief.iter_rows(max_col=1) if c.value == "typed"), ""
        ),
        "relief": next(iter(relief.tables.values())).ref,
    }  # fmt: skip


def _notes(sheet: Any) -> list[tuple[str, str, str]]:
    """Cell, row and text of each note on sheet Notes kept."""
    rows = sheet.iter_rows(min_row=5, values_only=True)
    return [(f"{where}!{cell}", str(row or ""), str(text)) for _, where, cell, row, text, _ in rows]
