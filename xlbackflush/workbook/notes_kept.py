"""Sheet Notes kept: what stood on output sheets and lost its place there, with where it stood and why it had to go.

The sheet is made when it is first needed. From then on it is a sheet of the user's: rows are only ever added below the last.
"""

import datetime as dt
from collections.abc import Sequence

from xlbackflush.ooxml.address import column_letter
from xlbackflush.ooxml.cells import cell, row_xml
from xlbackflush.ooxml.package import MAIN, OFFICE, Package
from xlbackflush.ooxml.spelled import last_row
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.ooxml.workbook_part import TYPES, add_listed, add_sheet, free_part, sheet_names
from xlbackflush.ooxml.worksheet import MARGIN, Worksheet
from xlbackflush.ooxml.xml import Markup, document, element
from xlbackflush.workbook.kept import Note

NAME = "Notes kept"
PURPOSE = (
    "What stood on output sheets and lost its place there. Rows are only added; delete those that you no longer need."
)
#: what is said of each, and the width of its column in characters
COLUMNS = (
    ("Moved", 18),
    ("Sheet", 20),
    ("Cell", 10),
    ("Row of the table", 32),
    ("What it said", 70),
    ("Why it moved", 50),
)
HEADER_ROW = 4

_WORKSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_MOST = 32_767  # characters of a cell


def rows_of(notes: Sequence[Note], now: dt.datetime) -> list[tuple[str, ...]]:
    """The rows of notes, in the order of the columns."""
    when = now.strftime("%Y-%m-%d %H:%M")
    rows = ((when, note.sheet, note.cell, note.row, note.text, note.why) for note in notes)
    return [tuple(text[:_MOST] for text in row) for row in rows]


def add_notes(package: Package, styles: StyleSheet, notes: Sequence[Note], now: dt.datetime) -> str:
    """Notes at the end of the sheet, which is made if there is none; gives its name."""
    name = next((name for name in package.sheets if name.casefold() == NAME.casefold()), "")
    name = name or _add_sheet(package, styles)
    part = package.sheets[name]
    page = Worksheet(package.text(part))
    start = last_row(page.xml) + 1
    cells = {
        (row, column): cell(f"{column_letter(column)}{row}", text, styles.xf("Posted wrapped"))
        for row, texts in enumerate(rows_of(notes, now), start)
        for column, text in enumerate(texts, 1)
    }
    page.add_cells(cells)
    package.replace(part, page.xml.encode())
    return name


def _add_sheet(package: Package, styles: StyleSheet) -> str:
    """A new sheet behind the last one of ours."""
    taken, name, number = set(map(str.casefold, sheet_names(package))), NAME, 1
    while name.casefold() in taken:  # by a sheet of charts, say
        number += 1
        name = f"{NAME} {number}"
    part, _ = free_part(package, "xl/worksheets/sheet")
    package.replace(part, _page(styles).encode())
    add_listed(package, TYPES, "Types", element("Override", PartName=f"/{part}", ContentType=_WORKSHEET))
    add_sheet(package, name, part, package.tables["RunInputs"].sheet)
    package.reread()
    return name


def _page(styles: StyleSheet) -> str:
    """The sheet without a note."""
    heads = (
        cell(f"{column_letter(number)}{HEADER_ROW}", text, styles.xf("Heading"))
        for number, (text, _) in enumerate(COLUMNS, 1)
    )
    rows = [
        row_xml(1, cell("A1", NAME, styles.xf("Title")), 26),
        row_xml(2, cell("A2", PURPOSE, styles.xf("Purpose")), 18),
        row_xml(HEADER_ROW, "".join(heads), 30),
    ]
    widths = (
        element("col", min=number, max=number, width=f"{width + MARGIN:g}", customWidth=1)
        for number, (_, width) in enumerate(COLUMNS, 1)
    )
    pane = element("pane", ySplit=HEADER_ROW, topLeftCell=f"A{HEADER_ROW + 1}", activePane="bottomLeft", state="frozen")
    root = element(
        "worksheet",
        element("sheetPr", element("pageSetUpPr", fitToPage=1)),
        element("sheetViews", element("sheetView", pane, showGridLines=0, workbookViewId=0)),
        element("cols", *widths),
        element("sheetData", Markup("".join(rows))),
        element("pageSetup", orientation="landscape", fitToWidth=1, fitToHeight=0),
        xmlns=MAIN,
        xmlns_r=OFFICE,
    )
    return document(root)
