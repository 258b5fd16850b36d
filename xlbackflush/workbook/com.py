"""A workbook in Excel for Windows, as COM gives it: the few native calls of the live adapter, whole blocks at a time.

`ComBook` has all that the adapter asks of Excel; on a Mac, `mac.MacBook` asks the same of plain xlwings. Rows and columns
count from 1; a box is (first row, first column, last row, last column).
"""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from xlbackflush import schema
from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.address import Box, addresses, area, box_of, column_letter
from xlbackflush.ooxml.package import TablePart
from xlbackflush.workbook.tables import version_of

Grid = list[list[object]]
T = TypeVar("T")

# what COM answers while a person edits a cell, a dialog is open, or Excel is at work
RPC_E_CALL_REJECTED, RPC_E_SERVERCALL_RETRYLATER, VBA_E_IGNORE = -2147418111, -2147417846, -2146777998
_BUSY = {RPC_E_CALL_REJECTED, RPC_E_SERVERCALL_RETRYLATER, VBA_E_IGNORE}
_MANUAL, _DONE = -4135, 0  # xlCalculationManual, xlDone
_DOWN, _COMMENTS, _NO_FILL = -4121, -4144, -4142  # xlShiftDown, xlPasteComments, xlNone
_UNLOCK = "xlbackflush"  # a sheet without a password takes any; without one given, Excel would ask the user for it


class Patience:
    """Repeats a call to Excel while it is busy, with growing waits, some 30 seconds in all; then gives up in plain words.

    xlwings repeats such a call at once and, as it comes, for ever.
    """

    def __init__(self, seconds: float = 30, sleep: Callable[[float], None] = time.sleep) -> None:
        self.seconds, self.sleep = seconds, sleep

    def __call__(self, call: Callable[[], T]) -> T:
        wait, waited = 0.05, 0.0
        while True:
            try:
                return call()
            except Exception as error:  # the error of COM has a class on Windows only
                if not _is_busy(error):
                    raise
                if waited >= self.seconds:
                    raise UnusableError(
                        "Excel is busy: finish editing the cell (Enter or Esc), close any dialog, and run again."
                    ) from error
            self.sleep(wait)
            waited += wait
            wait = min(wait * 1.5, 2)


def _is_busy(error: BaseException | None) -> bool:
    """Whether an error, or the one that it hides, says that Excel is busy. xlwings' own: of a name that it cannot look up."""
    if error is None:
        return False
    detail = getattr(error, "excepinfo", None) or ()
    codes = {getattr(error, "hresult", None), *detail[5:6]}
    return bool(codes & _BUSY) or type(error).__name__ == "ExcelBusyError" or _is_busy(error.__context__)


_PLAIN = (type(None), bool, int, float, str, tuple, list, Decimal, dt.date)


class Patient:
    """A COM object all of whose calls are made with patience; so are those of the objects that it gives."""

    __slots__ = ("_object", "_patience")

    def __init__(self, wrapped: Any, patience: Patience) -> None:
        object.__setattr__(self, "_object", wrapped)
        object.__setattr__(self, "_patience", patience)

    def __getattr__(self, name: str) -> Any:
        return self._given(self._patience(lambda: getattr(self._object, name)))

    def __setattr__(self, name: str, value: object) -> None:
        def put() -> None:
            try:
                setattr(self._object, name, value)
            except AttributeError:  # all that late binding says, be Excel busy or not; reading the property tells
                getattr(self._object, name)
                setattr(self._object, name, value)

        self._patience(put)

    def __call__(self, *arguments: object) -> Any:
        bare = [a._object if isinstance(a, Patient) else a for a in arguments]
        return self._given(self._patience(lambda: self._object(*bare)))

    def _given(self, value: Any) -> Any:
        return value if isinstance(value, _PLAIN) else Patient(value, self._patience)


class ComBook:
    """A workbook that is open in Excel. `workbook` is the COM object.

    Arguments go by position: late binding does not know their names.
    """

    def __init__(self, workbook: Any, patience: Patience | None = None) -> None:
        self._book = Patient(workbook, patience or Patience())
        self._app = self._book.Application
        self.name: str = self._book.Name
        self._sheets: dict[str, Any] = {}
        self._lists: dict[str, Any] = {}  # table name -> ListObject
        self._styles: dict[str, bool] = {}

    def folder(self) -> str:
        """Its folder: a path, a URL, or "" where it was never saved."""
        return str(self._book.Path)

    def refusal(self) -> str:
        """Why it must not be written to, as a sentence; "" where it may be."""
        if self._book.ReadOnly:
            return f"{self.name} is open read-only; save it under another name, or close it and open it for editing."
        if self._book.MultiUserEditing:
            return f"{self.name} is shared; end that under Review > Unshare Workbook, and run again."
        if self._book.Date1904:
            return f"{self.name} counts days from 1904; untick File > Options > Advanced > Use 1904 date system."
        if _known(lambda: self._book.AutoSaveOn):  # which Excel before 2019 does not have
            return f"AutoSave is on, and would save a run that is half written: switch it off for {self.name}, and run again."
        return ""

    def _sheet(self, name: str) -> Any:
        if name not in self._sheets:
            self._sheets[name] = self._book.Worksheets(name)
        return self._sheets[name]

    def _range(self, sheet: str, box: Box) -> Any:
        return self._sheet(sheet).Range(area(box))

    # ------------------------------------------------------------------------------------------------ read

    def schema_version(self) -> int:
        """The version of the schema that it says it has."""
        return version_of(_known(lambda: str(self._book.Names(schema.SCHEMA_NAME).RefersTo)))

    def sheet_names(self) -> list[str]:
        """The names of all worksheets."""
        return [sheet.Name for sheet in each(self._book.Worksheets)]

    def tables(self) -> dict[str, tuple[TablePart, int]]:
        """The tables of ours, and how many rows of totals each has."""
        tables = {}
        for sheet in each(self._book.Worksheets):
            lists = each(sheet.ListObjects)
            sheet_name = sheet.Name if lists else ""
            for table in lists:
                name = table.Name
                if name in schema.TABLES:
                    self._sheets[sheet_name], self._lists[name] = sheet, table
                    tables[name] = self._table(table, name, sheet_name)
        return tables

    def _table(self, table: Any, name: str, sheet: str) -> tuple[TablePart, int]:
        if not table.ShowHeaders:
            raise UnusableError(f"{self.name}: table {name} hides its header row; tick Table Design > Header Row.")
        totals = int(table.ShowTotals)
        top, left, bottom, _ = box_of(table.Range.Address)
        headers = grid(table.HeaderRowRange.Value2)[0]
        return TablePart(name, sheet, "", left, top, bottom - totals, tuple(map(str, headers))), totals

    def extent(self, sheet: str) -> tuple[int, int]:
        """The last row and the last column of a sheet that are in use."""
        return box_of(self._sheet(sheet).UsedRange.Address)[2:]

    def values(self, sheet: str, box: Box) -> Grid:
        """Cells as Value2 gives them: dates as numbers, errors as integers, blanks as None.

        Value would cut currency cells to four places.
        """
        return grid(self._range(sheet, box).Value2)

    def dates(self, sheet: str, box: Box) -> list[list[bool]] | None:
        """Which cells show dates, by their type in Value, the only thing it is good for; None where Excel does not say."""
        # a day beyond the calendar has no date, and pywin32 then gives no cell at all
        cells = _known(lambda: grid(self._range(sheet, box).Value))
        return None if cells is None else [[isinstance(cell, dt.datetime) for cell in row] for row in cells]

    def formulas(self, sheet: str, box: Box) -> Grid:
        """Formulas with their =, and the values of cells without one."""
        return grid(self._range(sheet, box).Formula)

    # ----------------------------------------------------------------------------------------------- write

    def criteria(self, table: TablePart) -> list[tuple[int, tuple[object, ...]]] | None:
        """The criteria of a table's filter: number of the column in the table, and what Range.AutoFilter takes for it.

        None where it hides no row.
        """
        listed = self._lists[table.name]
        if not (listed.ShowAutoFilter and listed.AutoFilter.FilterMode):
            return None
        filters = enumerate(each(listed.AutoFilter.Filters), 1)
        return [(field, found) for field, one in filters if one.On and (found := _criterion(one))]

    def filter(self, table: TablePart, field: int, criterion: Sequence[object]) -> None:
        """Filter a table by one of its columns. What Excel does not take again, such as a colour, is left out."""
        _known(lambda: self._lists[table.name].Range.AutoFilter(field, *criterion))

    def release(self, table: TablePart) -> None:
        """All rows of a table in sight, and no row of totals, so that it can be written."""
        listed = self._lists[table.name]
        if listed.ShowAutoFilter and listed.AutoFilter.FilterMode:
            listed.AutoFilter.ShowAllData()
        if listed.ShowTotals:
            listed.ShowTotals = False

    def resize(self, table: TablePart, box: Box) -> None:
        """Give a table a new size, all its rows in sight."""
        cells = self._range(table.sheet, box)
        self._lists[table.name].Resize(cells)
        cells.EntireRow.Hidden = False

    def show_totals(self, table: TablePart, formulas: Sequence[object]) -> None:
        """The row of totals of a table, with these formulas and texts."""
        listed = self._lists[table.name]
        listed.ShowTotals = True
        _, left, bottom, right = box_of(listed.Range.Address)
        self.enter(table.sheet, (bottom, left, bottom, right), [formulas])

    def insert(self, sheet: str, box: Box) -> bool:
        """Move cells, and all below them, down by the height of a box; False where Excel refuses."""
        return _known(lambda: (self._range(sheet, box).Insert(_DOWN), True)) is not None

    def enter(self, sheet: str, box: Box, rows: Sequence[Sequence[object]]) -> None:
        """Formulas and values into cells that keep their formats."""
        self._range(sheet, box).Formula = tuple(map(tuple, rows))

    # ---------------------------------------------------------------------------- formats and comments of cells

    def look_of(self, sheet: str, column: int, row: int) -> dict[str, object]:
        """What a user can see of the format of a cell, by property."""
        cell = self._range(sheet, (row, column, row, column))
        return {name: value for name in _LOOK if (value := _known(lambda name=name: _of(cell, name))) is not None}  # type: ignore[misc]

    def put_look(self, sheet: str, column: int, row: int, look: Mapping[str, object]) -> None:
        """Give a cell a format. A cell without a fill has a pattern of none, which a colour would make solid."""
        cell = self._range(sheet, (row, column, row, column))
        for name, value in look.items():
            if name != "Interior.Color" or look.get("Interior.Pattern") != _NO_FILL:
                _known(lambda name=name, value=value: _set(cell, name, value))  # type: ignore[misc]

    def comment(self, sheet: str, column: int, row: int) -> str:
        """The text of the comment or note of a cell."""
        cell = self._range(sheet, (row, column, row, column))
        kinds = ("CommentThreaded", "Comment")
        return str(next(filter(None, (_known(lambda kind=kind: getattr(cell, kind).Text()) for kind in kinds)), ""))  # type: ignore[misc]

    def move_comment(self, sheet: str, column: int, row: int, to: int | None) -> None:
        """The comment of a cell to another row of its column, with who wrote it and all replies; None: away."""
        cell = self._range(sheet, (row, column, row, column))
        if to is not None:
            cell.Copy()
            self._range(sheet, (to, column, to, column)).PasteSpecial(_COMMENTS)
            self._app.CutCopyMode = False
        cell.ClearComments()

    # ------------------------------------------------------------------------------------------ a sheet of notes

    def sheet_named(self, name: str) -> str:
        """The sheet of a name in any case, as it is spelled; "" where there is none."""
        return next((str(s.Name) for s in each(self._book.Worksheets) if s.Name.casefold() == name.casefold()), "")

    def add_sheet(self, name: str, behind: str) -> None:
        """A sheet behind another one; the one that the user looks at stays the active one."""
        active, other = self._book.ActiveSheet, self._sheet(behind)
        new = self._book.Worksheets.Add(other)
        other.Move(new)
        new.Name = name
        active.Activate()

    def widen(self, sheet: str, column: int, characters: float) -> None:
        """The width of a column."""
        self._range(sheet, (1, column, 1, column)).ColumnWidth = characters

    def put(
        self, sheet: str, box: Box, rows: Sequence[Sequence[object]], number_format: str, texts: Sequence[str] = ()
    ) -> None:
        """Formulas and values into cells that have this number format when they arrive; those at `texts` are Text instead.

        Formula, not Formula2: one that needs no spilling stays as every version of Excel knows it. Excel takes formulas of
        8,192 characters, and in an array texts of 8,221; no cell of ours is longer.
        """
        cells = self._range(sheet, box)
        cells.NumberFormat = number_format
        for address in addresses(texts):
            self._sheet(sheet).Range(address).NumberFormat = "@"
        cells.Formula = tuple(map(tuple, rows))

    def empty(self, sheet: str, box: Box) -> None:
        """Cells without content or format; conditional formats and what stands beside them stay.

        ClearFormats would cut holes into the conditional formats of the columns.
        """
        cells = self._range(sheet, box)
        cells.ClearContents()
        cells.Style = "Normal"

    def style(self, sheet: str, address: str, name: str, number_format: str, indent: int) -> None:
        """A named style, and an indent where it is not 0; the number format alone where the workbook lacks the style."""
        cells = self._sheet(sheet).Range(address)
        if name not in self._styles:
            self._styles[name] = bool(_known(lambda: self._book.Styles(name).Name))
        if not self._styles[name]:
            cells.NumberFormat = number_format
            return
        cells.Style = name
        if indent:
            cells.IndentLevel = indent

    def rows(self, sheet: str, address: str, level: int, points: float | None) -> None:
        """Outline level (0: none) and height (None: the standard one) of whole rows.

        Excel counts levels from 1, and has 8; its tallest row has 409 points.
        """
        rows = self._sheet(sheet).Range(address).EntireRow
        rows.OutlineLevel = min(level, 7) + 1
        if points is None:
            rows.UseStandardHeight = True
        else:
            rows.RowHeight = min(points, 409)

    # --------------------------------------------------------------------------------- protection and state

    def unprotect(self, sheet: str) -> Callable[[], None]:
        """Lift the protection of a sheet; what is returned puts it back. UnusableError where it has a password."""
        page = self._sheet(sheet)
        if not page.ProtectContents:
            return lambda: None
        allowed = page.Protection
        options = [getattr(allowed, f"Allow{what}") for what in _ALLOWED]
        protection = (page.ProtectDrawingObjects, True, page.ProtectScenarios, page.ProtectionMode, *options)
        _known(lambda: page.Unprotect(_UNLOCK))
        if page.ProtectContents:
            raise UnusableError(
                f"Sheet {sheet} is protected with a password; lift that under Review > Unprotect Sheet, and run again."
            )
        return lambda: page.Protect("", *protection)

    def quiet(self) -> Callable[[], None]:
        """No drawing, no events, no calculation, no help with tables; what is returned puts all that back.

        Help with tables: one formula would fill a whole column, one value below make a table longer.
        """
        app, correct = self._app, self._app.AutoCorrect
        settings: list[tuple[Any, str, object]] = [
            (app, "ScreenUpdating", False), (app, "EnableEvents", False), (app, "Calculation", _MANUAL),
            (correct, "AutoExpandListRange", False), (correct, "AutoFillFormulasInLists", False),
        ]  # fmt: skip
        before = [(owner, name, getattr(owner, name)) for owner, name, _ in settings]

        def back() -> None:
            for owner, name, value in reversed(before):
                with suppress(Exception):  # what cannot be put back must not keep the rest from it
                    setattr(owner, name, value)

        try:
            for owner, name, value in settings:
                setattr(owner, name, value)
        except BaseException:
            back()
            raise
        return back

    def calculate(self, pending: bool = False) -> None:
        """Calculate, where the user has Excel not do so by itself; `pending`: only if something waits for it."""
        if self._app.Calculation == _MANUAL and not (pending and self._app.CalculationState == _DONE):
            self._app.Calculate()

    def status(self, text: str) -> None:
        """Show a text in the status bar."""
        self._app.StatusBar = text

    def window(self) -> int:
        """The number of Excel's window."""
        return int(self._app.Hwnd)

    def save_copy(self, path: Path) -> None:
        """Write a copy of the workbook to a file."""
        self._book.SaveCopyAs(str(path))

    def selected(self) -> str:
        """The selected cell, with its sheet: Journal!I12. A chart or a shape may be selected, too; the active cell is a cell."""
        cell = self._app.ActiveCell
        return f"{cell.Worksheet.Name}!{column_letter(cell.Column)}{cell.Row}"

    def show(self, sheet: str, address: str) -> None:
        """Select cells, and bring them into view."""
        self._app.Goto(self._sheet(sheet).Range(address), False)


#: of the format of a cell
_LOOK = (
    "NumberFormat", "HorizontalAlignment", "VerticalAlignment", "WrapText", "Interior.Pattern", "Interior.Color", "Font.Name",
    "Font.Size", "Font.Bold", "Font.Italic", "Font.Underline", "Font.Strikethrough", "Font.Color",
)  # fmt: skip


def _of(cell: Any, name: str) -> object:
    for part in name.split("."):
        cell = getattr(cell, part)
    return cell


def _set(cell: Any, name: str, value: object) -> None:
    *path, last = name.split(".")
    for part in path:
        cell = getattr(cell, part)
    setattr(cell, last, value)


def _criterion(one: Any) -> tuple[object, ...]:
    """What a filter of Excel's asks for, as far as it can be asked for again."""
    operator = _known(lambda: one.Operator) or 0
    first, second = _known(lambda: one.Criteria1), _known(lambda: one.Criteria2)
    if first is None:
        return ()
    return (first, operator, second) if second is not None else (first, operator) if operator else (first,)


_ALLOWED = (
    "FormattingCells", "FormattingColumns", "FormattingRows", "InsertingColumns", "InsertingRows", "InsertingHyperlinks",
    "DeletingColumns", "DeletingRows", "Sorting", "Filtering", "UsingPivotTables",
)  # fmt: skip


def _known(question: Callable[[], T]) -> T | None:
    """What Excel answers; None where it refuses, which COM says by an error of any class. A busy Excel refuses nothing."""
    try:
        return question()
    except UnusableError:
        raise
    except Exception:  # noqa: BLE001 - its class is known on Windows only
        return None


def each(collection: Any) -> list[Any]:
    """The members of a collection of Excel's."""
    return [collection(i) for i in range(1, collection.Count + 1)]


def grid(cells: Any) -> Grid:
    """What a range gives, as rows; one cell comes bare."""
    return [list(row) for row in cells] if isinstance(cells, tuple | list) else [[cells]]
