"""What `doctor --excel` asks of Excel's objects: the members of its object model, as Microsoft's reference names them.

The objects here know these members and no others, so that a wrong name or number of arguments is noticed; how Excel
answers is known in an Excel only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from xlbackflush.addin import ask_excel
from xlbackflush.addin.ask_excel import ExcelBook, UnsaidError
from xlbackflush.model.tables import CellError

NOT_AVAILABLE = -2146828288 + 2042  # #N/A, as COM hands it over


class Many:
    """A collection: Item by number from 1 or by name, and Count."""

    def __init__(self, *items: Any) -> None:
        self.items, self.Count = items, len(items)

    def __call__(self, key: int | str) -> Any:
        return self.items[key - 1] if isinstance(key, int) else next(i for i in self.items if i.Name == key)


class Cells:
    """A range with a value, which formulas change as `answers` says."""

    def __init__(self, value: Any = None, answers: dict[str, Any] | None = None) -> None:
        self.Value2, self._answers = value, answers or {}

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "FormulaArray":
            self.Value2 = self._answers[value]
        super().__setattr__(name, value)


def workbook(**more: Any) -> SimpleNamespace:
    table = SimpleNamespace(
        Name="BOM", Range=SimpleNamespace(Row=6, Column=1, Rows=Many(*range(13)), Columns=Many(*range(11)))
    )
    button, arrow = SimpleNamespace(Type=1), SimpleNamespace(Type=8)  # Excel's own arrow beside a cell with a list
    sheets = Many(
        SimpleNamespace(Name="About", Shapes=Many(button, button), ListObjects=Many()),
        SimpleNamespace(Name="BOM", Shapes=Many(button, arrow), ListObjects=Many(table)),
    )
    return SimpleNamespace(**{"Worksheets": sheets, "Names": Many(SimpleNamespace(Name="Items")), **more})


CONTENTS = ["sheet About", "2 shapes on About", "sheet BOM", "1 shapes on BOM", "table BOM at BOM!A6:K18", "name Items"]


class Native:
    """The native calls of a workbook that the questions use."""

    name = "book.xlsm"

    def __init__(self, cells: dict[tuple[str, Any], Any]) -> None:
        self.cells = cells

    def put(self, sheet: str, box: Any, rows: Any, number_format: str) -> None:
        self.cells[sheet, box] = rows[0][0]

    def calculate(self) -> None: ...

    def values(self, sheet: str, box: Any) -> Any:
        return self.cells[sheet, box]


def asked(com: Any, native: Any = None) -> ExcelBook:
    new = SimpleNamespace(name="Sheet39")
    return ExcelBook(SimpleNamespace(api=com, sheets=SimpleNamespace(add=lambda: new)), native or Native({}))


def test_contents_are_sheets_shapes_tables_and_names() -> None:
    assert asked(workbook()).contents() == CONTENTS


def test_another_workbook_is_opened_looked_at_and_closed_without_saving() -> None:
    calls: list[tuple[object, ...]] = []
    other = workbook(Saved=False, Close=lambda *a: calls.append(("Close", *a)))

    def opened(*arguments: object) -> object:
        calls.append(("Open", *arguments))
        return other

    com = workbook(Application=SimpleNamespace(Workbooks=SimpleNamespace(Open=opened)))
    assert asked(com).reopened(Path("/x/run.xlsm")) == (CONTENTS, False)
    assert calls == [("Open", str(Path("/x/run.xlsm"))), ("Close", False)]


def test_protected_view_is_read_and_closed() -> None:
    closed = []
    sheet = SimpleNamespace(Name="About", Range={"A1:B1": Cells((("Title", None),))}.__getitem__)
    window = SimpleNamespace(
        Workbook=SimpleNamespace(Worksheets=Many(sheet)), Close=lambda: closed.append(True) is None or True
    )
    views = SimpleNamespace(Open={str(Path("/x/run.xlsm")): window}.__getitem__)
    com = workbook(Application=SimpleNamespace(ProtectedViewWindows=views))
    assert asked(com).preview(Path("/x/run.xlsm"), {"About": (1, 1, 1, 2)}) == {"About": [["Title", ""]]}
    assert closed == [True]


def test_a_procedure_is_called_in_its_workbook() -> None:
    calls = []

    def run(*arguments: object) -> object:
        calls.append(arguments)
        return NOT_AVAILABLE

    book = asked(workbook(Application=SimpleNamespace(Run=run)))
    assert book.call("BackflushValues.CodeKey", " W ") == CellError("#N/A")
    book.call("xlbackflush.xlam!xlwings.GetConfig", "INTERPRETER_WIN")
    assert calls == [
        ("'book.xlsm'!BackflushValues.CodeKey", " W "),
        ("'xlbackflush.xlam'!xlwings.GetConfig", "INTERPRETER_WIN"),
    ]


def test_an_array_formula_is_given_cells() -> None:
    answer = ((1.5,), (NOT_AVAILABLE,))
    cells = Cells(answers={"=BACKFLUSH_COST(A1:A2,7)": answer})
    native = Native({("Sheet39", (1, 2, 2, 2)): answer})
    sheet = SimpleNamespace(Name="Sheet39", Range={"B1:B2": cells}.__getitem__)
    book = asked(workbook(Worksheets=Many(sheet)), native)
    assert book.spread("=BACKFLUSH_COST({cells},7)", ["W-100", ""]) == [1.5, CellError("#N/A")]
    assert cells.Value2 == answer
    assert native.cells["Sheet39", (1, 1, 1, 1)] == "W-100"
    assert ("Sheet39", (2, 1, 2, 1)) not in native.cells, "a blank cell stays blank"


def test_an_outline_is_folded_and_opened_and_a_protected_one_is_refused() -> None:
    levels: list[int] = []
    rows = {7: SimpleNamespace(Hidden=False), 8: SimpleNamespace(Hidden=True)}
    sheet = SimpleNamespace(
        Name="Trace", ProtectContents=True, EnableOutlining=True, Rows=rows.__getitem__,
        Outline=SimpleNamespace(ShowLevels=levels.append),
    )  # fmt: skip
    book = asked(workbook(Worksheets=Many(sheet)))
    assert book.folded("Trace", [7, 8]) == [7]
    assert levels == [1, 8]
    sheet.EnableOutlining = False
    with pytest.raises(PermissionError, match="sheet Trace is protected"):
        book.folded("Trace", [7, 8])


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[ExcelBook, list[object]]]:
    """A workbook with one cell, whose Excel is in front or not, and takes keys or not."""

    def made(front: bool = True, takes: bool = True) -> tuple[ExcelBook, list[object]]:
        calls: list[object] = []
        cell = Cells(40.0)

        def keys(text: str, wait: bool) -> None:
            calls.append((text, wait))
            cell.Value2 = 41.0 if takes else 40.0

        def undo() -> None:
            cell.Value2 = 40.0

        desktop = SimpleNamespace(SetForegroundWindow=calls.append, GetForegroundWindow=lambda: 77 if front else 1)
        monkeypatch.setitem(sys.modules, "win32gui", desktop)  # type: ignore[arg-type]
        monkeypatch.setattr(ask_excel.time, "sleep", lambda seconds: None)
        monkeypatch.setattr(ask_excel, "PATIENCE", 0.0)
        excel = SimpleNamespace(Goto=lambda where: None, Hwnd=77, SendKeys=keys, Undo=undo)
        sheet = SimpleNamespace(Name="Counts", Range={"E7": cell}.__getitem__)
        return asked(workbook(Application=excel, Worksheets=Many(sheet))), calls

    return made


def test_keys_are_typed_and_undone(keyboard: Any) -> None:
    book, calls = keyboard()
    assert book.typed("Counts", "E7", "41") == (41.0, 40.0)
    assert calls == [77, ("41{ENTER}", True)]


def test_keys_are_sent_to_no_other_program(keyboard: Any) -> None:
    book, calls = keyboard(front=False)
    with pytest.raises(UnsaidError, match="Excel was not in front"):
        book.typed("Counts", "E7", "41")
    assert calls == [77]


def test_keys_that_do_not_arrive_are_no_answer(keyboard: Any) -> None:
    book, _ = keyboard(takes=False)
    with pytest.raises(UnsaidError, match="did not arrive"):
        book.typed("Counts", "E7", "41")


@pytest.mark.parametrize("international", [{2: 44, 3: ".", 5: ","}.__getitem__, (1, 44, ".", " ", ",")])
def test_what_this_excel_does_not_know_is_said_in_its_place(international: object) -> None:
    excel = SimpleNamespace(
        Version="16.0", Build=28112, OperatingSystem="Windows (64-bit) NT 10.00", International=international,
        LanguageSettings=SimpleNamespace(LanguageID={2: 2057}.__getitem__), Calculation=-4105, StartupPath="C:\\XLSTART",
    )  # fmt: skip
    book = asked(workbook(Application=excel, Windows=Many(SimpleNamespace(Caption="book.xlsm"))))
    facts = book.facts()
    assert facts["Excel"] == "16.0, build 28112"
    assert facts["Language of Excel"] == 2057
    assert (facts["Country of Windows"], facts["Decimal, list separator"]) == (44, [".", ","])
    assert str(facts["Security of automation"]).startswith("not said (")
    assert book.startup() == "C:\\XLSTART"


def test_on_a_mac_it_is_said_that_this_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(UnsaidError, match="on Windows only"):
        asked(workbook()).contents()
