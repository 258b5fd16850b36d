"""A workbook in Excel for Mac: there is no COM there, so plain xlwings is asked, and what it lacks is left out.

Not tried on a Mac. Left out are named styles, indents and outline levels; values, formulas, number formats, tables and
protection are those of Windows.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from xlbackflush import schema
from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.address import Box
from xlbackflush.ooxml.package import TablePart
from xlbackflush.ooxml.values import stored
from xlbackflush.schema.excel import ADDIN
from xlbackflush.sheets.title_rows import ALLOWED
from xlbackflush.workbook.com import Grid, grid
from xlbackflush.workbook.tables import version_of

#: what a protected sheet allows, as Excel for Mac calls it
_ALLOWED = {
    "formatColumns": "allow_formatting_columns",
    "formatRows": "allow_formatting_rows",
    "sort": "allow_sorting",
    "autoFilter": "allow_filtering",
    "pivotTables": "allow_using_pivot_table",
}


class MacBook:
    """The calls of `com.ComBook`, which says what each does. `book` is the workbook of xlwings."""

    def __init__(self, book: Any) -> None:
        self._book, self.name = book, str(book.name)

    def folder(self) -> str:
        return str(Path(self._book.fullname).parent) if "/" in self._book.fullname else ""

    def refusal(self) -> str:
        return f"{self.name} is open read-only; open it for editing." if self._book.api.read_only.get() else ""

    def _range(self, sheet: str, box: Box) -> Any:
        return self._book.sheets[sheet].range(box[:2], box[2:])

    def schema_version(self) -> int:
        """See `ComBook`."""
        with suppress(Exception):
            return version_of(str(self._book.names[schema.SCHEMA_NAME].refers_to))
        return version_of(None)

    def sheet_names(self) -> list[str]:
        """See `ComBook`."""
        return [sheet.name for sheet in self._book.sheets]

    def tables(self) -> dict[str, tuple[TablePart, int]]:
        """See `ComBook`."""
        ours = [(s.name, table) for s in self._book.sheets for table in s.tables if table.name in schema.TABLES]
        return {table.name: self._table(sheet, table) for sheet, table in ours}

    def _table(self, sheet: str, table: Any) -> tuple[TablePart, int]:
        if not table.show_headers:
            raise UnusableError(f"{self.name}: table {table.name} hides its header row; show it.")
        area, totals, heads = table.range, int(table.show_totals), table.header_row_range
        last = heads.last_cell
        headers = self.values(sheet, (heads.row, heads.column, last.row, last.column))[0]
        end = area.last_cell.row - totals
        return TablePart(table.name, sheet, "", area.column, area.row, end, tuple(map(str, headers))), totals

    def extent(self, sheet: str) -> tuple[int, int]:
        """See `ComBook`."""
        last = self._book.sheets[sheet].used_range.last_cell
        return int(last.row), int(last.column)

    def _raw(self, sheet: str, box: Box) -> Grid:
        return grid(self._range(sheet, box).raw_value)

    def values(self, sheet: str, box: Box) -> Grid:
        return [[stored(c) if isinstance(c, dt.datetime) else c for c in row] for row in self._raw(sheet, box)]

    def dates(self, sheet: str, box: Box) -> list[list[bool]] | None:
        return [[isinstance(cell, dt.datetime) for cell in row] for row in self._raw(sheet, box)]

    def formulas(self, sheet: str, box: Box) -> Grid:
        return grid(self._range(sheet, box).formula)

    def criteria(self, table: TablePart) -> list[tuple[int, tuple[object, ...]]] | None:
        """See `ComBook`. xlwings does not say."""
        return None

    def filter(self, table: TablePart, field: int, criterion: Sequence[object]) -> None:
        """See `ComBook`."""

    def release(self, table: TablePart) -> None:
        """See `ComBook`."""
        listed = self._book.sheets[table.sheet].tables[table.name]
        if listed.show_totals:
            listed.show_totals = False

    def resize(self, table: TablePart, box: Box) -> None:
        self._book.sheets[table.sheet].tables[table.name].resize(self._range(table.sheet, box))

    def show_totals(self, table: TablePart, formulas: Sequence[object]) -> None:
        """See `ComBook`."""
        listed = self._book.sheets[table.sheet].tables[table.name]
        listed.show_totals = True
        row, last = listed.range.last_cell.row, listed.range.last_cell.column
        self.enter(table.sheet, (row, listed.range.column, row, last), [formulas])

    def insert(self, sheet: str, box: Box) -> bool:
        """See `ComBook`."""
        with suppress(Exception):
            self._range(sheet, box).insert(shift="down")
            return True
        return False

    def enter(self, sheet: str, box: Box, rows: Sequence[Sequence[object]]) -> None:
        self._range(sheet, box).formula = tuple(map(tuple, rows))

    def look_of(self, sheet: str, column: int, row: int) -> dict[str, object]:
        """See `ComBook`. Without a copy of the workbook, nobody knows which formats are the user's."""
        return {}

    def put_look(self, sheet: str, column: int, row: int, look: Mapping[str, object]) -> None:
        """See `ComBook`."""

    def comment(self, sheet: str, column: int, row: int) -> str:
        return ""

    def move_comment(self, sheet: str, column: int, row: int, to: int | None) -> None:
        """See `ComBook`."""

    def sheet_named(self, name: str) -> str:
        """See `ComBook`."""
        return next((s.name for s in self._book.sheets if s.name.casefold() == name.casefold()), "")

    def add_sheet(self, name: str, behind: str) -> None:
        """See `ComBook`."""
        active = self._book.sheets.active
        self._book.sheets.add(name, after=self._book.sheets[behind])
        active.activate()

    def widen(self, sheet: str, column: int, characters: float) -> None:
        self._range(sheet, (1, column, 1, column)).column_width = characters

    def put(
        self, sheet: str, box: Box, rows: Sequence[Sequence[object]], number_format: str, texts: Sequence[str] = ()
    ) -> None:
        """See `ComBook`."""
        cells = self._range(sheet, box)
        cells.number_format = number_format
        for area in texts:
            self._book.sheets[sheet].range(area).number_format = "@"
        cells.formula = tuple(map(tuple, rows))

    def empty(self, sheet: str, box: Box) -> None:
        self._range(sheet, box).clear_contents()

    def style(self, sheet: str, address: str, name: str, number_format: str, indent: int) -> None:
        """See `ComBook`."""
        for area in address.split(","):
            self._book.sheets[sheet].range(area).number_format = number_format

    def rows(self, sheet: str, address: str, level: int, points: float | None) -> None:
        """See `ComBook`."""
        for area in address.split(",") if points else ():
            self._book.sheets[sheet].range(area).row_height = min(points or 0, 409)

    def unprotect(self, sheet: str) -> Callable[[], None]:
        """See `ComBook`."""
        page = self._book.sheets[sheet].api
        if not page.protect_contents.get():
            return lambda: None
        page.unprotect()
        if page.protect_contents.get():
            raise UnusableError(f"Sheet {sheet} is protected with a password; lift that, and run again.")
        # what a user allowed besides is not asked for: a new workbook's protection comes back
        allowed = {_ALLOWED[name]: True for name in ALLOWED}
        return lambda: page.protect_worksheet(drawing_objects=False, **allowed)

    def quiet(self) -> Callable[[], None]:
        """See `ComBook`."""
        app = self._book.app
        before = (app.screen_updating, app.enable_events, app.calculation)
        app.screen_updating, app.enable_events, app.calculation = False, False, "manual"

        def back() -> None:
            app.calculation, app.enable_events, app.screen_updating = before[::-1]

        return back

    def calculate(self, pending: bool = False) -> None:
        """See `ComBook`."""
        if self._book.app.calculation == "manual":
            self._book.app.calculate()

    def status(self, text: str) -> None:
        self._book.app.status_bar = text

    def window(self) -> int:
        """See `ComBook`."""
        return 0

    def finish(self, sentence: str) -> None:
        """Have the add-in say how a macro ended and calculate the functions again: no macro waits for Python on a Mac.

        An Excel that cannot be reached, or whose user leaves the message open for long, is no reason to fail.
        """
        with suppress(Exception):
            self._book.app.macro(f"{ADDIN}!BackflushFinished")(self.name, sentence)

    def save_copy(self, path: Path) -> None:
        """See `ComBook`. SaveAs would make the copy the open workbook."""
        raise OSError("Excel for Mac lets no script save a copy")

    def selected(self) -> str:
        """See `ComBook`."""
        cell = self._book.selection
        return f"{cell.sheet.name}!{cell.get_address(False, False).split(':')[0]}"

    def show(self, sheet: str, address: str) -> None:
        """See `ComBook`."""
        self._book.sheets[sheet].activate()
        self._book.sheets[sheet].range(address).select()
