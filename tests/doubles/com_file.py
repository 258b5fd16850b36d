# ruff: noqa: N802 - the names are those of Excel
"""Excel's COM objects over a workbook file, with Excel's manners and without its calculation.

What it does as Excel does: a string that looks like a formula, a number, a date or a truth value becomes one in any cell
that is not formatted as Text, and in a cell that is, nothing does; an apostrophe in front keeps a string what it is; a
Decimal becomes a currency cell, and currency cells come as Decimals cut to four places by Value, not by Value2; errors come
as integers; a protected sheet takes nothing; a call fails while Excel is busy; a property of a later Excel is not there, nor
is any other name that no object here has; a property that can only be read is not set; an array is as large as the range
that takes it, and its texts are no longer than 8,221 characters; a table does not grow into another; rows have heights and
levels within Excel's limits.

Formulas keep the value that the file had for them; a formula written here has none.
"""

from __future__ import annotations

import copy
import copyreg
import datetime as dt
import hashlib
import io
import pickle
import re
import zipfile
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import cells
import openpyxl
from excel_engine import ComError
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment
from openpyxl.styles.cell_style import StyleArray
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils import column_index_from_string, get_column_letter, range_boundaries
from openpyxl.utils.datetime import from_excel
from openpyxl.worksheet.dimensions import DimensionHolder
from openpyxl.worksheet.table import Table, TableColumn, TableList

NOT_DONE = -2146827284  # 0x800A03EC, Excel's answer to whatever it will not do
DISP_E_EXCEPTION, DISP_E_UNKNOWNNAME, DISP_E_MEMBERNOTFOUND = -2147352567, -2147352570, -2147352573
CURRENCY = '"$"#,##0.00'
ERRORS = {"#NULL!": 2000, "#DIV/0!": 2007, "#VALUE!": 2015, "#REF!": 2023, "#NAME?": 2029, "#NUM!": 2036, "#N/A": 2042}
ERROR_BASE = -2146828288
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
FORMULA_MOST, TEXT_MOST, TEXT_IN_ARRAY_MOST = 8_192, 32_767, 8_221  # characters
SHIFT_DOWN, PASTE_COMMENTS, NO_FILL = -4121, -4144, -4142
CALCULATIONS = (-4105, -4135, 2)  # xlCalculationAutomatic, -Manual, -Semiautomatic


def refused(text: str) -> ComError:
    """Excel's error 1004."""
    return ComError(DISP_E_EXCEPTION, text, NOT_DONE)


class Com:
    """A COM object. Every use of a name that starts with a capital letter is a call to Excel."""

    application: Application

    def __getattribute__(self, name: str) -> Any:
        if name[0].isupper():
            object.__getattribute__(self, "application").called(self, name)
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        if name[0].isupper():
            raise ComError(DISP_E_UNKNOWNNAME, f"Unknown name: {name}")
        raise AttributeError(name)

    def __setattr__(self, name: str, value: object) -> None:
        if name[0].isupper():
            self.application.called(self, f"{name}=")
            member = getattr(type(self), name, None)
            if name not in members(self):
                raise ComError(DISP_E_UNKNOWNNAME, f"Unknown name: {name}")
            if callable(member) or (isinstance(member, property) and member.fset is None):
                raise ComError(DISP_E_MEMBERNOTFOUND, f"Member not found: {name}")
        object.__setattr__(self, name, value)


def members(of: Com) -> set[str]:
    """The names that an object has for COM."""
    return {name for name in (*dir(type(of)), *vars(of)) if name[0].isupper()}


class Application(Com):
    """Excel. `calls` lists every call; `busy` of the next calls are rejected; `fails` decides which call fails."""

    Name, Version = "Microsoft Excel", "16.0"
    Hwnd = 0
    Visible = ScreenUpdating = EnableEvents = DisplayAlerts = True
    CalculationState = 0
    StatusBar: object = False
    CutCopyMode: object = False

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.busy: list[int] = []
        self.fails: Any = lambda call: False
        self.application = self
        self.books: dict[str, Workbook] = {}
        self.correction = Options(self, AutoExpandListRange=True, AutoFillFormulasInLists=True)
        self.calculation = -4105
        self.active: Range | None = None
        self.copied: Any = None
        self.calculated = 0
        self.shown: list[object] = []
        self.calls.clear()

    @property
    def Application(self) -> Application:
        """Itself."""
        return self

    @property
    def AutoCorrect(self) -> Options:
        """Help with tables."""
        return self.correction

    @property
    def Workbooks(self) -> Workbooks:
        """The open workbooks."""
        return Workbooks(self, self.books)

    @property
    def ActiveWorkbook(self) -> Workbook | None:
        """The workbook that was opened last."""
        return next(reversed(self.books.values()), None)

    @property
    def Calculation(self) -> int:
        """When Excel calculates."""
        return self.calculation

    @Calculation.setter
    def Calculation(self, mode: int) -> None:
        if mode not in CALCULATIONS:
            raise refused("Unable to set the Calculation property of the Application class")
        self.calculation = mode

    def called(self, owner: Com, name: str) -> None:
        """Every call comes through here."""
        call = f"{type(owner).__name__}.{name}"
        if self.busy:
            raise ComError(self.busy.pop(0), "Call was rejected by callee.")
        self.calls.append(call)
        if isinstance(owner, ListObject | Range | Rows) and (name.endswith("=") or name in ("ClearContents", "Resize")):
            (owner.area if isinstance(owner, Rows) else owner).worksheet.workbook.is_changed = True
        if self.fails(call):
            raise refused(f"{call} failed.")

    def Calculate(self) -> None:
        """Nothing is calculated here, but it is known that it was asked for."""
        self.calculated += 1

    def Goto(self, area: Range, scroll: bool = False) -> None:
        """Select cells."""
        if area._sheet.sheet_state != "visible":
            raise refused("Reference is not valid.")
        self.active = area

    @property
    def ActiveCell(self) -> Range | None:
        """The first selected cell."""
        return self.active


class Options(Com):
    """An object of nothing but properties."""

    def __init__(self, application: Application, **values: object) -> None:
        self.application = application
        for name, value in values.items():
            object.__setattr__(self, name, value)


class Collection(Com):
    """A collection, called with a name in any case, or a number from 1."""

    def __init__(self, application: Application, items: dict[str, Any]) -> None:
        self.application, self.items = application, items

    @property
    def Count(self) -> int:
        """Number of members."""
        return len(self.items)

    def __call__(self, name: str | int) -> Any:
        self.application.called(self, "Item")
        for number, (key, item) in enumerate(self.items.items(), 1):
            if name == number or (isinstance(name, str) and name.casefold() == key.casefold()):
                return item
        raise refused("Subscript out of range")

    def __iter__(self) -> Iterator[Any]:
        self.application.called(self, "_NewEnum")
        return iter(self.items.values())


class Sheets(Collection):
    """The sheets of a workbook."""

    def __init__(self, application: Application, items: dict[str, Any], workbook: Workbook) -> None:
        super().__init__(application, items)
        self.workbook = workbook

    def Add(self, before: Worksheet) -> Worksheet:
        """Another sheet before one, which is looked at from now on."""
        if self.workbook.is_locked:
            raise refused("Workbook is protected and cannot be changed.")
        book = self.workbook.book
        sheet = book.create_sheet(None, book.index(before.sheet))
        book.active = sheet
        self.workbook.sheets[sheet.title] = Worksheet(self.workbook, sheet)
        return self.workbook.sheets[sheet.title]


class Workbooks(Collection):
    """The open workbooks."""

    def Open(self, path: str) -> Workbook:
        """Open a workbook file."""
        if not Path(path).is_file():
            raise refused(f"Sorry, we couldn't find {path}.")
        return Workbook(Path(path), self.application)


class Workbook(Com):
    """A workbook file, open. Members that Excel does not have in every version are missing unless given."""

    ReadOnly = MultiUserEditing = Date1904 = False
    is_locked = False  # its structure

    def __init__(self, path: Path, application: Application | None = None, **more: object) -> None:
        self.application = application or Application()
        self.path = path
        self.is_changed = False
        self._content = path.read_bytes()
        self._book, self.shown = _opened(self._content, path.suffix)
        for name, value in more.items():
            object.__setattr__(self, name, value)
        self.passwords: dict[str, str] = {}
        self.sheets = {sheet.title: Worksheet(self, sheet) for sheet in self._book}
        self.application.books[path.name] = self
        self.application.calls.clear()

    @property
    def book(self) -> openpyxl.Workbook:
        """The workbook itself, for a test to look at or to change."""
        self.is_changed = True
        return self._book

    @property
    def Application(self) -> Application:
        """Excel."""
        return self.application

    @property
    def Name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def Path(self) -> str:
        """The folder."""
        return str(self.path.parent)

    def Names(self, name: str) -> SimpleNamespace:
        """A name of the workbook."""
        if name not in self._book.defined_names:
            raise refused(f"There is no name {name}.")
        return SimpleNamespace(RefersTo=f"={self._book.defined_names[name].attr_text}")

    @property
    def Worksheets(self) -> Collection:
        """Its sheets."""
        return Sheets(self.application, self.sheets, self)

    @property
    def ActiveSheet(self) -> Worksheet:
        """The sheet that is looked at."""
        return self.sheets[self.book.active.title]

    def follow(self, sheet: str, box: tuple[int, int, int, int], down: int) -> None:
        """Formulas and names go on naming the cells of a box of a sheet that have moved down."""
        for other in self.book:
            for row in other.iter_rows():
                for cell in row:
                    if cell.data_type == "f" and isinstance(cell.value, str):
                        cell.value = _followed(cell.value, other.title == sheet, sheet, box, down)
        for name in self.book.defined_names.values():
            name.attr_text = _followed(name.attr_text, False, sheet, box, down)

    @property
    def Styles(self) -> Collection:
        """Its named styles."""
        members = {name: Options(self.application, Name=name) for name in self._book.named_styles}
        return Collection(self.application, members)

    def Close(self, save: bool = False) -> None:
        """Close it; it is never saved here."""
        if save:
            raise refused("Excel's double saves copies only.")
        del self.application.books[self.path.name]

    def SaveCopyAs(self, path: str) -> None:
        """Write a copy; of the file as it is, where nothing but protection was changed."""
        if not Path(path).parent.is_dir():
            raise refused("Method 'SaveCopyAs' of object '_Workbook' failed")
        if not self.is_changed:
            Path(path).write_bytes(self._content)
            return
        for sheet in self.sheets.values():
            for table in sheet.tables.values():
                table.name_columns()
        self._book.save(path)


def _table_list(tables: list[Table]) -> TableList:
    made = TableList()
    for table in tables:
        made[table.name] = table
    return made


def _set_dimensions(holder: DimensionHolder, state: tuple[dict[str, object], Any]) -> None:
    vars(holder).update(state[0])
    holder.default_factory = state[1]


# two dictionaries that would come back otherwise: the items() of the one are not its items, the other is made with arguments
copyreg.pickle(TableList, lambda tables: (_table_list, ([*tables.values()],)))
copyreg.pickle(
    DimensionHolder,
    lambda held: (
        DimensionHolder.__new__, (DimensionHolder,), (vars(held), held.default_factory), None, iter(held.items()), _set_dimensions
    ),
)  # fmt: skip

Shown = dict[tuple[str, int, int], object]
_opened_before: dict[bytes, bytes] = {}  # digest of a file -> pickled workbook; b"" where it was opened once


def _opened(content: bytes, suffix: str) -> tuple[openpyxl.Workbook, Shown]:
    """A workbook, and what its formulas show; from the third time on from memory, in a quarter of the time."""
    digest = hashlib.sha256(suffix.encode() + content).digest()
    if not _opened_before.get(digest):
        book, shown = _read(content, suffix)
        if digest in _opened_before:
            book.vba_archive = None  # a file: not to be pickled, and opened again below
            _opened_before[digest] = pickle.dumps((book, shown), pickle.HIGHEST_PROTOCOL)
        else:
            _opened_before[digest] = b""
    if _opened_before[digest]:
        book, shown = pickle.loads(_opened_before[digest])
    if suffix == ".xlsm":
        book.vba_archive = zipfile.ZipFile(io.BytesIO(content))
    return book, shown


def _read(content: bytes, suffix: str) -> tuple[openpyxl.Workbook, Shown]:
    with mock.patch("openpyxl.worksheet._reader.from_excel", lambda value, *_, **__: value):
        book = openpyxl.load_workbook(io.BytesIO(content), keep_vba=suffix == ".xlsm")
    values, shown = cells.read(io.BytesIO(content)), Shown()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "d":
                    cell.data_type = "n"
                if cell.data_type == "f":
                    shown[sheet.title, cell.row, cell.column] = values[sheet.title][cell.coordinate]
    return book, shown


class Worksheet(Com):
    """A sheet."""

    def __init__(self, workbook: Workbook, sheet: Any) -> None:
        self.application, self.workbook, self._sheet = workbook.application, workbook, sheet
        self.tables = {table.name: ListObject(self, table) for table in sheet.tables.values()}

    @property
    def sheet(self) -> Any:
        """The sheet itself, for a test to look at or to change."""
        self.workbook.is_changed = True
        return self._sheet

    @property
    def Name(self) -> str:
        """The name on its tab."""
        return str(self._sheet.title)

    @Name.setter
    def Name(self, name: str) -> None:
        self.workbook.sheets[name] = self.workbook.sheets.pop(self.sheet.title)
        self.sheet.title = name

    def Move(self, before: Worksheet) -> None:
        """Put it before another sheet."""
        book = self.workbook.book
        book.move_sheet(self.sheet, book.index(before.sheet) - book.index(self.sheet))

    def Activate(self) -> None:
        """Look at it."""
        self.workbook.book.active = self.sheet

    @property
    def ListObjects(self) -> Collection:
        """Its tables."""
        return Collection(self.application, self.tables)

    @property
    def UsedRange(self) -> Range:
        """From the first to the last cell in use."""
        sheet = self._sheet
        return Range(self, [(sheet.min_row, sheet.min_column, sheet.max_row, sheet.max_column)])

    def Range(self, address: str) -> Range:
        """Cells by their address."""
        if len(address) > 255 or not all(_AREA.fullmatch(area) for area in address.split(",")):
            raise refused("Method 'Range' of object '_Worksheet' failed")
        return Range(self, [_box(area) for area in address.split(",")])

    @property
    def ProtectContents(self) -> bool:
        """True where cells are protected."""
        return bool(self._sheet.protection.sheet)

    @property
    def ProtectDrawingObjects(self) -> bool:
        """True where charts and buttons are protected."""
        return bool(self._sheet.protection.sheet and self._sheet.protection.objects)

    @property
    def ProtectScenarios(self) -> bool:
        """True where scenarios are protected."""
        return bool(self._sheet.protection.sheet and self._sheet.protection.scenarios)

    @property
    def ProtectionMode(self) -> bool:
        """True where only the user is kept out."""
        return False

    @property
    def Protection(self) -> Options:
        """What a protected sheet allows."""
        given = {f"Allow{ours}": not getattr(self._sheet.protection, theirs) for ours, theirs in _ALLOWED.items()}
        return Options(self.application, **given)

    def Unprotect(self, password: str) -> None:
        """Lift the protection. A sheet without a password takes any."""
        wanted = self.workbook.passwords.get(self._sheet.title)
        if wanted is not None and password != wanted:
            raise refused("The password you supplied is not correct.")
        self._sheet.protection.sheet = False

    def Protect(
        self, password: str, drawings: bool, contents: bool, scenarios: bool, mode: bool, *allowed: bool
    ) -> None:
        """Protect the sheet."""
        protection = self._sheet.protection
        protection.sheet, protection.objects, protection.scenarios = contents, drawings, scenarios
        if password:
            self.workbook.passwords[self._sheet.title] = password
        for name, may in zip(_ALLOWED.values(), allowed, strict=True):
            setattr(protection, name, not may)


_ALLOWED = {
    "FormattingCells": "formatCells", "FormattingColumns": "formatColumns", "FormattingRows": "formatRows",
    "InsertingColumns": "insertColumns", "InsertingRows": "insertRows", "InsertingHyperlinks": "insertHyperlinks",
    "DeletingColumns": "deleteColumns", "DeletingRows": "deleteRows", "Sorting": "sort", "Filtering": "autoFilter",
    "UsingPivotTables": "pivotTables",
}  # fmt: skip


class ListObject(Com):
    """A table."""

    ShowHeaders, ShowAutoFilter = True, True

    def __init__(self, worksheet: Worksheet, table: Any) -> None:
        self.application, self.worksheet, self.table = worksheet.application, worksheet, table
        self.filter = Filter(worksheet.application, table)

    @property
    def AutoFilter(self) -> Filter:
        """Its filter."""
        return self.filter

    @property
    def Name(self) -> str:
        """The table's name."""
        return str(self.table.displayName)

    @property
    def ShowTotals(self) -> bool:
        """True where it has a row of totals."""
        return bool(self.table.totalsRowCount)

    @ShowTotals.setter
    def ShowTotals(self, on: bool) -> None:
        left, top, right, bottom = range_boundaries(self.table.ref)
        if on and not self.table.totalsRowCount:
            below = Range(self.worksheet, [(bottom + 1, left, bottom + 1, right)])
            if any(cell.value is not None for cell in below.cells()):  # Excel makes room for the row
                below.Insert(SHIFT_DOWN)
            self.table.totalsRowCount = 1
            self.table.ref = f"{get_column_letter(left)}{top}:{get_column_letter(right)}{bottom + 1}"
        if not on and self.table.totalsRowCount:
            Range(self.worksheet, [(bottom, left, bottom, right)]).ClearContents()
            self.table.totalsRowCount = None
            self.table.ref = f"{get_column_letter(left)}{top}:{get_column_letter(right)}{bottom - 1}"

    @property
    def Range(self) -> Range:
        """Headers, body and totals."""
        cells = Range(self.worksheet, [_box(self.table.ref)])
        cells.filter = self.filter
        return cells

    @property
    def HeaderRowRange(self) -> Range:
        """Headers."""
        top, left, _, right = _box(self.table.ref)
        return Range(self.worksheet, [(top, left, top, right)])

    def Resize(self, area: Range) -> None:
        """Another size, under the same headers."""
        if self.worksheet._sheet.protection.sheet:
            raise refused("The sheet is protected.")
        (box,) = area.areas
        old = _box(self.table.ref)
        if box[:2] != old[:2] or box[2] <= box[0]:
            raise refused("The headers must stay in the same row, and the new table must overlap the old.")
        for other in self.worksheet.tables.values():
            if other is not self and _overlap(box, _box(other.table.ref)):
                raise refused("A table cannot overlap another table.")
        self.table.ref = f"{get_column_letter(box[1])}{box[0]}:{get_column_letter(box[3])}{box[2]}"
        self.table.autoFilter.ref = self.table.ref
        cells = self.worksheet._sheet
        for column in range(box[1], box[3] + 1):
            if cells.cell(box[0], column).value in (None, ""):
                cells.cell(box[0], column).value = f"Column{column - box[1] + 1}"

    def name_columns(self) -> None:
        """The columns are called what the headers say."""
        top, left, _, right = _box(self.table.ref)
        columns = list(self.table.tableColumns)
        names = [self.worksheet._sheet.cell(top, column).value for column in range(left, right + 1)]
        columns += [TableColumn(id=i + 1) for i in range(len(columns), len(names))]
        self.table.tableColumns = columns[: len(names)]
        for column, name in zip(self.table.tableColumns, names, strict=True):
            column.name = name


class Filter(Com):
    """The filter of a table. Rows stay in sight here, whatever it asks for."""

    def __init__(self, application: Application, table: Any) -> None:
        self.application, self.table = application, table
        object.__setattr__(self, "FilterMode", bool(table.autoFilter and table.autoFilter.filterColumn))

    @property
    def Filters(self) -> Collection:
        """One for each column."""
        asked = {column.colId: column.filters.filter for column in self.table.autoFilter.filterColumn}
        count = len(self.table.tableColumns)
        items = {str(n): asked.get(n, []) for n in range(count)}
        return Collection(self.application, {n: _filter(self.application, texts) for n, texts in items.items()})

    def ShowAllData(self) -> None:
        """Show all rows, and ask for nothing any more."""
        self.FilterMode = False
        self.table.autoFilter.filterColumn = []

    def ask(self, field: int, texts: list[str]) -> None:
        """Show the rows with these texts in a column."""
        parts = openpyxl.worksheet.filters
        wanted = parts.Filters(filter=[text.removeprefix("=") for text in texts])
        column = parts.FilterColumn(colId=field - 1, filters=wanted)
        self.table.autoFilter.filterColumn.append(column)
        self.FilterMode = True


def _filter(application: Application, texts: list[str]) -> Options:
    """A list of texts as Excel gives it: up to two of them as criteria of their own, more of them as an array."""
    given: dict[str, object] = {"On": bool(texts)}
    wanted = [f"={text}" for text in texts]
    if len(wanted) > 2:
        given |= {"Criteria1": tuple(wanted), "Operator": 7}
    elif wanted:
        given |= {"Criteria1": wanted[0], "Operator": 2 * (len(wanted) > 1)} | dict(
            zip(("Criteria2",), wanted[1:], strict=False)
        )
    return Options(application, **given)


class Range(Com):
    """Cells: one or more boxes of a sheet."""

    filter: Any = None  # of the table of which they are all cells

    def __init__(self, worksheet: Worksheet, areas: list[tuple[int, int, int, int]]) -> None:
        self.application, self.worksheet, self.areas = worksheet.application, worksheet, areas
        self._sheet = worksheet._sheet

    def grid(self) -> list[list[Cell]]:
        """Cells of the first box, row by row."""
        top, left, bottom, right = self.areas[0]
        return [[self._sheet.cell(row, column) for column in range(left, right + 1)] for row in range(top, bottom + 1)]

    def cells(self) -> list[Cell]:
        """Cells of all boxes."""
        return [c for area in self.areas for row in Range(self.worksheet, [area]).grid() for c in row]

    def changing(self) -> list[Cell]:
        """The same, about to be changed."""
        if self._sheet.protection.sheet:
            raise refused("The cell or chart you're trying to change is on a protected sheet.")
        return self.cells()

    @property
    def Row(self) -> int:
        """First row."""
        return self.areas[0][0]

    @property
    def Column(self) -> int:
        """First column."""
        return self.areas[0][1]

    @property
    def Rows(self) -> Options:
        """Its rows."""
        return Options(self.application, Count=self.areas[0][2] - self.areas[0][0] + 1)

    @property
    def Columns(self) -> Options:
        """Its columns."""
        return Options(self.application, Count=self.areas[0][3] - self.areas[0][1] + 1)

    @property
    def Worksheet(self) -> Worksheet:
        """Its sheet."""
        return self.worksheet

    @property
    def Address(self) -> str:
        """Its areas, absolute."""
        return ",".join(map(_absolute, self.areas))

    # -- content

    def _given(self, of: Any) -> Any:
        rows = tuple(tuple(of(cell) for cell in row) for row in self.grid())
        return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else rows

    @property
    def Value2(self) -> Any:
        """Values; dates and currency as numbers."""
        return self._given(self._value2)

    def _value2(self, cell: Cell) -> object:
        value = cell.value
        if cell.data_type == "f":
            value = self.worksheet.workbook.shown.get((self._sheet.title, cell.row, cell.column))
            if isinstance(value, str) and value in ERRORS:
                return ERROR_BASE + ERRORS[value]
        elif cell.data_type == "e":
            return ERROR_BASE + ERRORS[value]
        if isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return value

    @property
    def Value(self) -> Any:
        """Values; dates as dates, currency as Decimals of four places."""
        return self._given(self._value)

    def _value(self, cell: Cell) -> object:
        value = self._value2(cell)
        if isinstance(value, float) and is_date_format(cell.number_format):
            if not 0 <= value < 2_958_466:
                return value
            found = from_excel(value)
            if isinstance(found, dt.time):
                found = dt.datetime.combine(dt.date(1899, 12, 30), found)
            return found.replace(tzinfo=dt.UTC)
        if isinstance(value, float) and cell.number_format == CURRENCY:
            return Decimal(value).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
        return value

    @property
    def Formula(self) -> Any:
        """Formulas, and the values of cells that have none."""
        return self._given(lambda cell: cell.value if cell.data_type == "f" else self._text(cell))

    def _text(self, cell: Cell) -> str:
        value = self._value2(cell)
        if cell.data_type == "e":
            return str(cell.value)
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() else repr(value)
        return "" if value is None else str(value)

    @Formula.setter
    def Formula(self, values: Any) -> None:
        in_array = isinstance(values, tuple | list)
        rows = values if in_array else ((values,),)
        cells = self.changing() and self.grid()
        if len(self.areas) > 1 or {(len(rows), len(row)) for row in rows} != {(len(cells), len(cells[0]))}:
            raise refused("The array does not have the shape of the range.")
        _check_lengths([value for row in rows for value in row if isinstance(value, str)], in_array)
        for row, given in zip(cells, rows, strict=True):
            for cell, value in zip(row, given, strict=True):
                enter(cell, value)
                self.worksheet.workbook.shown.pop((self._sheet.title, cell.row, cell.column), None)

    def ClearContents(self) -> None:
        """Empty the cells."""
        for cell in self.changing():
            cell.value = None

    def Insert(self, shift: int) -> bool:
        """Move the cells, and all below them, down; what names them names them where they are now."""
        self.changing()
        ((top, left, bottom, right),) = self.areas
        down, last = bottom - top + 1, self.worksheet.sheet.max_row
        for other in self.worksheet.tables.values():
            if _overlap((top, left, LAST_ROW, right), _box(other.table.ref)) and _box(other.table.ref)[0] >= top:
                raise refused("This operation is not allowed. The operation is attempting to shift cells in a table.")
        for merged in [
            m for m in self.worksheet.sheet.merged_cells.ranges if m.min_row >= top and left <= m.min_col <= right
        ]:
            merged.shift(row_shift=down)
        if last >= top:
            self.worksheet.sheet.move_range(_absolute((top, left, last, right)).replace("$", ""), rows=down)
            self.worksheet.workbook.follow(self.worksheet.sheet.title, (top, left, last, right), down)
        return True

    def AutoFilter(self, field: int, first: Any, operator: int = 1, second: Any = None) -> None:
        """Filter a table by one of its columns."""
        self.filter.ask(field, [*first] if isinstance(first, tuple) else [text for text in (first, second) if text])

    # -- comments

    @property
    def Comment(self) -> Any:
        """The note of the first cell."""
        comment = self.cells()[0].comment
        return comment and SimpleNamespace(Text=lambda: comment.text)

    @property
    def CommentThreaded(self) -> None:
        """Comments with replies are not played here."""

    def ClearComments(self) -> None:
        """Take comments and notes away."""
        for cell in self.changing():
            cell.comment = None

    def Copy(self) -> None:
        """Take a cell along."""
        self.application.copied = self.cells()[0]

    def PasteSpecial(self, what: int) -> None:
        """Paste the comment of the cell that was taken along."""
        if what != PASTE_COMMENTS or self.application.copied is None:
            raise refused("PasteSpecial method of Range class failed")
        comment = self.application.copied.comment
        self.changing()[0].comment = comment and copy.copy(comment)

    # -- looks

    @property
    def Interior(self) -> Look:
        """The fill."""
        return Look(self, "fill", {"Pattern": "fill_type", "Color": "fgColor"})

    @property
    def Font(self) -> Look:
        """The font."""
        names = {
            "Name": "name",
            "Size": "sz",
            "Bold": "b",
            "Italic": "i",
            "Underline": "u",
            "Strikethrough": "strike",
            "Color": "color",
        }
        return Look(self, "font", names)

    @property
    def ColumnWidth(self) -> float:
        """In characters."""
        return float(self.worksheet.sheet.column_dimensions[get_column_letter(self.Column)].width)

    @ColumnWidth.setter
    def ColumnWidth(self, characters: float) -> None:
        self.worksheet.sheet.column_dimensions[get_column_letter(self.Column)].width = characters

    @property
    def NumberFormat(self) -> str:
        """Format of the first cell."""
        return str(self.cells()[0].number_format)

    @NumberFormat.setter
    def NumberFormat(self, code: str) -> None:
        first, *others = self.changing()
        first.number_format = code
        for cell in others:  # as openpyxl does it, which looks the format up for each of them
            cell._style = cell._style or StyleArray()
            cell._style.numFmtId = first._style.numFmtId

    @property
    def Style(self) -> str:
        """Named style of the first cell."""
        return str(self.cells()[0].style)

    @Style.setter
    def Style(self, name: str) -> None:
        if name not in self.worksheet.workbook._book.named_styles:
            raise refused(f"There is no style {name}.")
        first, *others = self.changing()
        first.style = name
        for cell in others:  # as openpyxl does it, which looks the style up for each of them
            cell._style = copy.copy(first._style)

    @property
    def IndentLevel(self) -> int:
        """Indent of the first cell."""
        return int(self.cells()[0].alignment.indent)

    @IndentLevel.setter
    def IndentLevel(self, steps: int) -> None:
        if not 0 <= steps <= 15:
            raise refused("Unable to set the IndentLevel property of the Range class")
        for cell in self.changing():
            look: Alignment = copy.copy(cell.alignment)
            look.indent = steps
            cell.alignment = look

    @property
    def EntireRow(self) -> Rows:
        """The whole rows."""
        return Rows(self)


class Look(Com):
    """Fill or font of cells: properties of Excel over those of openpyxl."""

    def __init__(self, area: Range, kind: str, names: dict[str, str]) -> None:
        self.application, self.area, self.kind, self.names = area.application, area, kind, names

    def __getattribute__(self, name: str) -> Any:
        if name[0].isupper() and name in object.__getattribute__(self, "names"):
            look = getattr(self.area.cells()[0], self.kind)
            value = getattr(look, self.names[name])
            if name == "Color":  # blue, green and red, from the highest digits to the lowest
                value = int("".join(re.findall("..", value.rgb[2:])[::-1]), 16) if value and value.type == "rgb" else 0
            return (NO_FILL if value is None else 1) if name == "Pattern" else value
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name[0].isupper():
            object.__setattr__(self, name, value)
            return
        for cell in self.area.changing():
            look = copy.copy(getattr(cell, self.kind))
            if name == "Color":
                value = f"FF{''.join(re.findall('..', f'{value:06X}')[::-1])}"
            setattr(look, self.names[name], {NO_FILL: None, 1: "solid"}[value] if name == "Pattern" else value)
            setattr(cell, self.kind, look)


class Rows(Com):
    """Whole rows."""

    def __init__(self, area: Range) -> None:
        self.application, self.area = area.application, area

    def _set(self, name: str, value: object, is_allowed: bool) -> None:
        if not is_allowed or self.area._sheet.protection.sheet:
            raise refused("Unable to set a property of the Range class")
        for top, _, bottom, _ in self.area.areas:
            for row in range(top, bottom + 1):
                setattr(self.area._sheet.row_dimensions[row], name, value)

    @property
    def _first(self) -> Any:
        return self.area._sheet.row_dimensions[self.area.areas[0][0]]

    @property
    def OutlineLevel(self) -> int:
        """From 1 to 8."""
        return int(self._first.outlineLevel or 0) + 1

    @OutlineLevel.setter
    def OutlineLevel(self, level: int) -> None:
        self._set("outlineLevel", level - 1, 1 <= level <= 8)

    @property
    def RowHeight(self) -> float:
        """In points."""
        return float(self._first.height or 15)

    @RowHeight.setter
    def RowHeight(self, points: float) -> None:
        self._set("height", points, 0 <= points <= 409.5)

    @property
    def UseStandardHeight(self) -> bool:
        """True where no other height was given."""
        return self._first.height is None

    @UseStandardHeight.setter
    def UseStandardHeight(self, on: bool) -> None:
        self._set("height", None, on)

    @property
    def Hidden(self) -> bool:
        """True where it is out of sight."""
        return bool(self._first.hidden)

    @Hidden.setter
    def Hidden(self, on: bool) -> None:
        self._set("hidden", on, True)


_NUMBER = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)([eE][+-]?\d+)?%?")
_DATE = re.compile(
    r"(\d{1,4})[/-](\d{1,2})([/-]\d{1,4})?|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w* \d{1,4}", re.I
)


def enter(cell: Cell, value: object) -> None:
    """What Excel makes of a value that is put into a cell."""
    is_text = cell.number_format == "@"
    cell.value = None
    if isinstance(value, Decimal):
        cell.number_format = CURRENCY
        cell.value = float(value.quantize(Decimal("0.0001"), ROUND_HALF_EVEN))
    elif isinstance(value, bool):
        cell.value = value
    elif isinstance(value, int | float):
        if value != value:
            raise refused("NaN is no number.")
        if is_text:
            _put_text(cell, f"{value:.15g}")
        else:
            cell.value = value
    elif isinstance(value, str):
        _enter_string(cell, value, is_text)
    elif value is not None:
        raise ComError(-2147352571, "Type mismatch.")


def _enter_string(cell: Cell, value: str, is_text: bool) -> None:
    if is_text and value:
        _put_text(cell, value)
    elif value.startswith("'"):
        _put_text(cell, value[1:])
    elif value.startswith(("=", "+", "-", "@")) and not _NUMBER.fullmatch(value):
        cell.value = value if value.startswith("=") else f"={value.lstrip('@+')}"
    elif _NUMBER.fullmatch(value):
        cell.value = float(value.rstrip("%").replace(",", "")) / (100 if value.endswith("%") else 1)
    elif value.casefold() in ("true", "false"):
        cell.value = value.casefold() == "true"
    elif value in ERRORS:
        cell.value = value
    elif _DATE.fullmatch(value):
        cell.value, cell.number_format = 46000, "d-mmm"
    elif value:
        _put_text(cell, value)


def _put_text(cell: Cell, text: str) -> None:
    cell.value = "text"
    cell._value = text


def _check_lengths(strings: list[str], in_array: bool) -> None:
    """Excel takes long texts into one cell alone, and a formula of 8,192 characters anywhere."""
    for text in strings:
        if len(text) > (FORMULA_MOST if text.startswith("=") else TEXT_IN_ARRAY_MOST if in_array else TEXT_MOST):
            raise refused("Application-defined or object-defined error")


_CELL = re.compile(r"((?:'[^']*'|[A-Za-z_][\w.]*)!)?(\$?)([A-Z]{1,3})(\$?)(\d+)(?![\w(])")


def _followed(text: str, is_here: bool, sheet: str, box: tuple[int, int, int, int], down: int) -> str:
    def cell(match: re.Match[str]) -> str:
        named = match[1].rstrip("!").strip("'") == sheet if match[1] else is_here
        inside = box[0] <= int(match[5]) <= box[2] and box[1] <= column_index_from_string(match[3]) <= box[3]
        return f"{match[1] or ''}{match[2]}{match[3]}{match[4]}{int(match[5]) + down * (named and inside)}"

    return _CELL.sub(cell, text)


_AREA = re.compile(r"\$?[A-Z]{1,3}\$?[1-9][0-9]*(:\$?[A-Z]{1,3}\$?[1-9][0-9]*)?")


def _absolute(box: tuple[int, int, int, int]) -> str:
    """A box as Excel writes it: whole rows and whole columns by their numbers and letters alone."""
    top, left, bottom, right = box
    first, last = f"${get_column_letter(left)}", f"${get_column_letter(right)}"
    if (left, right) == (1, LAST_COLUMN):
        return f"${top}:${bottom}"
    if (top, bottom) == (1, LAST_ROW):
        return f"{first}:{last}"
    return f"{first}${top}" if (top, left) == (bottom, right) else f"{first}${top}:{last}${bottom}"


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _box(address: str) -> tuple[int, int, int, int]:
    left, top, right, bottom = range_boundaries(address)
    return top, left, bottom, right
