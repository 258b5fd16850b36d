"""An engine of xlwings over objects that answer as Excel's COM objects do, so that the real macros run without Excel.

`calling(workbook)` makes a workbook the one that `xlwings.Book.caller()` finds. What stands behind the objects is not this
module's business: `com_file` puts them over a workbook file, others may put them over an Excel in memory. They are reached
as COM objects are: properties by name, arguments by position, collections by calling them, counted from 1. What the live
adapter asks of them, and this module passes on untouched as `.api`:

    Application   ActiveCell, AutoCorrect (AutoExpandListRange, AutoFillFormulasInLists), Calculate(), Calculation,
                  CalculationState, EnableEvents, Goto(range, scroll), ScreenUpdating, StatusBar
    Workbook      ActiveSheet, Application, AutoSaveOn, Date1904, MultiUserEditing, Name, Path, ReadOnly, SaveCopyAs(path),
                  Styles(name), Worksheets(name or number), Worksheets.Add(before), Worksheets.Count
    Worksheet     Activate(), ListObjects(name or number), ListObjects.Count, Move(before), Name, Range(address), UsedRange,
                  ProtectContents, ProtectDrawingObjects, ProtectScenarios, ProtectionMode, Protection (Allow...), Protect(...),
                  Unprotect(text)
    ListObject    AutoFilter (FilterMode, Filters, ShowAllData()), HeaderRowRange, Name, Range, Resize(range), ShowAutoFilter,
                  ShowHeaders, ShowTotals
    Range         Address, AutoFilter(field, first, operator, second), ClearComments(), ClearContents(), Column, ColumnWidth,
                  Comment, CommentThreaded, Copy(), EntireRow (Hidden, OutlineLevel, RowHeight, UseStandardHeight), Font, Formula,
                  IndentLevel, Insert(shift), Interior, NumberFormat, PasteSpecial(what), Row, Style, Value, Value2, Worksheet

Value and Value2 of more than one cell are tuples of tuples; errors have the attributes of pywin32's com_error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import xlwings as xw


class ComError(Exception):
    """An error of COM, as pywin32 raises it."""

    def __init__(self, hresult: int, text: str = "", scode: int | None = None) -> None:
        super().__init__(hresult, text)
        self.hresult, self.strerror, self.argerror = hresult, text, None
        self.excepinfo = None if scode is None else (0, "Microsoft Excel", text, None, 0, scode)


@contextmanager
def calling(workbook: Any) -> Iterator[xw.Book]:
    """Make a workbook the one from which Python is called."""
    had_engine = xw.engines.active
    engine = xw.Engine(impl=Engine(workbook.Application))
    xw.engines.add(engine)
    engine.activate()
    book = xw.Book(impl=Book(workbook))
    book.set_mock_caller()
    try:
        yield book
    finally:
        del xw.Book._mock_caller
        xw.engines.engines.remove(engine)
        del xw.engines.engines_by_name[engine.name]
        xw.engines.active = had_engine


class Engine:
    """See xlwings.Engine: what it asks of an `impl`."""

    name, type = "double", "desktop"

    def __init__(self, application: Any) -> None:
        self.apps = [App(application)]


class App:
    """See xlwings.App."""

    def __init__(self, api: Any) -> None:
        self.api = api

    @property
    def status_bar(self) -> object:
        """The text that Excel shows at its foot."""
        return self.api.StatusBar


class Book:
    """See xlwings.Book."""

    def __init__(self, api: Any) -> None:
        self.api = api

    @property
    def name(self) -> str:
        """The file's name."""
        return str(self.api.Name)

    @property
    def app(self) -> App:
        """The Excel in which it is open."""
        return App(self.api.Application)
