"""What the trial asks of Excel."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlbackflush.ooxml.address import Box, area, quoted
from xlbackflush.ooxml.values import decoded
from xlbackflush.workbook.com import Patience, Patient, each

if TYPE_CHECKING:
    from xlbackflush.workbook.live import NativeBook

PATIENCE = 10.0  # seconds for keys to arrive
_FORM_CONTROL = 8  # msoFormControl: such as the arrow that Excel itself puts beside a cell with a list


class UnsaidError(Exception):
    """Excel has no answer to a question; the text says why."""


OpenBook = Callable[[Path], AbstractContextManager["ExcelBook"]]


@contextmanager
def open_in_excel(path: Path, addin: Path) -> Iterator[ExcelBook]:
    """A workbook in an Excel of its own, which ends with the `with` block; nothing is saved."""
    from xlbackflush.workbook.live import native, open_excel

    with open_excel() as app:
        app.books.open(addin)  # an Excel that a program starts loads nothing from XLSTART
        book = app.books.open(path)
        yield ExcelBook(book, native(book))


class ExcelBook:
    """A workbook that is open in Excel, as xlwings has it, and its native calls.

    Any question may end in `UnsaidError`, and in errors of Excel.
    """

    def __init__(self, book: Any, native: NativeBook) -> None:
        self._book, self._native = book, native

    def press(self, macro: str) -> None:
        """Run a macro of the workbook, as its button does. On a Mac it returns before Python has done its work."""
        self._book.macro(macro)()

    def values(self, sheet: str, box: Box) -> list[list[object]]:
        """Calculated cells: text, number (a date is its serial number), truth value, CellError, "" where blank."""
        return _decoded(self._native.values(sheet, box))

    def ask(self, formulas: Sequence[str]) -> list[object]:
        """What formulas answer, each in a cell of its own beside our sheets; as `values`."""
        sheet = self._book.sheets.add().name
        box = (1, 1, len(formulas), 1)
        self._native.put(sheet, box, [[formula] for formula in formulas], "General")
        self._native.calculate()
        return [row[0] for row in self.values(sheet, box)]

    # ------------------------------------------------------------------------------- what only COM can be asked

    @property
    def _com(self) -> Any:
        if sys.platform == "darwin":
            raise UnsaidError("this is asked on Windows only")
        return Patient(self._book.api, Patience())

    @property
    def _app(self) -> Any:
        return self._com.Application

    def spread(self, formula: str, cells: Sequence[str]) -> list[object]:
        """What an array formula answers that is given cells, one below the other, with these texts; "" is a blank cell.

        The formula holds {cells} in the place of their address.
        """
        com, sheet, last = self._com, self._book.sheets.add().name, len(cells)
        for row, text in enumerate(cells, 1):
            if text:
                self._native.put(sheet, (row, 1, row, 1), [[text]], "@")
        answers = com.Worksheets(sheet).Range(f"B1:B{last}")
        answers.FormulaArray = formula.format(cells=f"A1:A{last}")
        self._native.calculate()
        return [row[0] for row in self.values(sheet, (1, 2, last, 2))]

    def call(self, procedure: str, *arguments: object) -> object:
        """What a VBA procedure gives: Module.Name of the workbook, BOOK!Module.Name of another; arrays as tuples."""
        book, _, name = procedure.rpartition("!")
        return decoded(self._app.Run(f"{quoted(book or self._native.name)}!{name}", *arguments))

    def contents(self) -> list[str]:
        """What the workbook is made of, a line each; see `trial.stored_contents`."""
        return _contents(self._com)

    def reopened(self, path: Path) -> tuple[list[str], bool]:
        """Open another workbook: its contents, and whether Excel would close it without asking to save it."""
        book = self._app.Workbooks.Open(str(path))
        try:
            return _contents(book), bool(book.Saved)
        finally:
            book.Close(False)

    def preview(self, path: Path, boxes: dict[str, Box]) -> dict[str, list[list[object]]]:
        """Cells of a workbook in Protected View, by sheet."""
        window = self._app.ProtectedViewWindows.Open(str(path))
        try:
            sheets = window.Workbook.Worksheets
            return {sheet: _decoded(sheets(sheet).Range(area(box)).Value2) for sheet, box in boxes.items()}
        finally:
            window.Close()

    def typed(self, sheet: str, cell: str, keys: str) -> tuple[object, object]:
        """A cell after somebody has typed into it, and after Undo.

        What a program writes cannot be undone, so that keys have to be sent, and to no other program.
        """
        import win32gui

        app, where = self._app, self._com.Worksheets(sheet).Range(cell)
        app.Goto(where)
        with suppress(Exception):  # Windows lets few programs come to the front; whether it did is looked at next
            win32gui.SetForegroundWindow(app.Hwnd)
        time.sleep(1)
        if win32gui.GetForegroundWindow() != app.Hwnd:
            raise UnsaidError("Excel was not in front; leave mouse and keyboard alone while this runs")
        before = where.Value2
        app.SendKeys(f"{keys}{{ENTER}}", True)
        end = time.monotonic() + PATIENCE
        while where.Value2 == before:
            if time.monotonic() > end:
                raise UnsaidError("what was typed did not arrive")
            time.sleep(0.2)
        after = where.Value2
        app.Undo()
        return decoded(after), decoded(where.Value2)

    def folded(self, sheet: str, rows: Sequence[int]) -> list[int]:
        """Which of the rows are in sight while the outline shows its first level alone; it then shows all again.

        A macro may do what a person may not, so that what a person may is asked first.
        """
        page = self._com.Worksheets(sheet)
        if page.ProtectContents and not page.EnableOutlining:
            raise PermissionError(f"sheet {sheet} is protected, and does not allow its outline to be used")
        page.Outline.ShowLevels(1)
        try:
            return [row for row in rows if not page.Rows(row).Hidden]
        finally:
            page.Outline.ShowLevels(8)

    def startup(self) -> str:
        """The folder from which Excel loads add-ins by itself."""
        return str(self._app.StartupPath)

    def facts(self) -> dict[str, object]:
        """Version, bits, languages and the like, by name. Not every Excel knows each of them."""
        app = self._app
        questions: dict[str, Callable[[], object]] = {
            "Excel": lambda: f"{app.Version}, build {app.Build}",
            "System": lambda: app.OperatingSystem,  # it names the bits of Excel, not of Windows
            "Language of Excel": lambda: app.LanguageSettings.LanguageID(2),  # msoLanguageIDUI
            "Country of Windows": lambda: _indexed(app.International, 2),  # xlCountrySetting
            "Decimal, list separator": lambda: [_indexed(app.International, number) for number in (3, 5)],
            "Calculation": lambda: app.Calculation,
            "Title": lambda: self._com.Windows(1).Caption,  # Excel adds a word when it has repaired a file
            "Security of automation": lambda: app.AutomationSecurity,
        }
        known: dict[str, object] = {}
        for name, question in questions.items():
            try:
                known[name] = question()
            except Exception as error:  # noqa: BLE001 - an error of COM has a class on Windows only
                known[name] = f"not said ({error})"
        return known


def _decoded(rows: Any) -> list[list[object]]:
    return [[decoded(cell) for cell in row] for row in rows]


def _indexed(values: Any, number: int) -> object:
    """One of the values of a property with a number, which late binding may give all together."""
    return values[number - 1] if isinstance(values, tuple) else values(number)


def _contents(book: Any) -> list[str]:
    lines = []
    for sheet in each(book.Worksheets):
        shapes = sum(shape.Type != _FORM_CONTROL for shape in each(sheet.Shapes))
        lines += [f"sheet {sheet.Name}", f"{shapes} shapes on {sheet.Name}"]
        for table in each(sheet.ListObjects):
            cells = table.Range
            last = cells.Row + cells.Rows.Count - 1, cells.Column + cells.Columns.Count - 1
            lines.append(f"table {table.Name} at {sheet.Name}!{area((cells.Row, cells.Column, *last))}")
    return lines + [f"name {name.Name}" for name in each(book.Names)]
