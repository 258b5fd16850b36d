"""How the add-in's VBA finds out whether Python starts: once, hidden, with a limit; and what it says where it does not.

The command line that is tested here as text was run by cmd under Windows Python: with an interpreter that is there, one
that is not, one that lacks a package, and folders with blanks, umlauts, & and ^ in their names.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from memory_excel import MemoryExcel
from test_vba_addin import Control
from test_vba_stubs import NA, Ran, sample

NAME = "widgets.xlsm"
LIMIT = 10_000  # milliseconds that a session may wait for Python, in all
DOCTOR = "Run: xlbackflush doctor"
FROM_LAST_RUN = "Costs come from the last run, which matches the inputs."
NO_PACKAGE = (
    "Traceback (most recent call last):\r\n"
    '  File "<string>", line 1, in <module>\r\n'
    "ModuleNotFoundError: No module named 'xlbackflush'\r\n"
)


@pytest.fixture(scope="module")
def widgets(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return Ran(sample(tmp_path_factory.mktemp("widgets"), "widgets"))


@pytest.fixture
def excel(widgets: Ran) -> MemoryExcel:
    """Widgets, run and open, with the add-in; Python was not asked for anything yet."""
    opened = MemoryExcel()
    opened.open(widgets.path)
    assert opened.windows.commands == []
    return opened


def cost(excel: MemoryExcel) -> Any:
    return excel.call(NAME, "BACKFLUSH_COST", "W-200", 1)


def status(excel: MemoryExcel) -> str:
    return str(excel.call(NAME, "BACKFLUSH_STATUS"))


def new_epoch(excel: MemoryExcel) -> None:
    """What an edit of the inputs does, without its formulas being calculated."""
    bom = excel.book(NAME).sheet_named("BOM")
    excel.raise_event("SheetChange", [bom, excel.range(NAME, "BOM", "I7")])


def select_a_cell(excel: MemoryExcel) -> None:
    bom = excel.book(NAME).sheet_named("BOM")
    excel.raise_event("SheetSelectionChange", [bom, excel.range(NAME, "BOM", "I7")])


def press(excel: MemoryExcel, button: str) -> list[str]:
    """A button of the ribbon. Gives what the message boxes say."""
    del excel.dialogs[:]
    excel.addin.run(f"BackflushRibbon{button}", [Control("")])
    return [text for _, text, _, _ in excel.dialogs]


# --------------------------------------------------------------------------------------------- what is said

OVER_COM = (
    "ModuleNotFoundError: No module named 'xlbackflush.excel.nothing'\n"
    '  File "<string>", line 1, in <module>\n'
    "    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
    '    exec("import " + module + " as the_module", vars)\n'
    '  File "C:\\Python311\\Lib\\site-packages\\xlwings\\com_server.py", line 160, in Module\n'
    '  File "C:\\Python311\\Lib\\site-packages\\win32com\\server\\policy.py", line 298, in _Invoke_\n'
)
#: carets and source of a place come before it
KEY_OVER_COM = (
    "KeyError: 'nobody.xlsm'\n"
    "            ~~~~~~^^^^^^^^^^^^^^\n"
    "    parts = _books[book.lower()].explode(key)\n"
    '  File "C:\\Python311\\Lib\\site-packages\\xlbackflush\\excel\\functions.py", line 64, in explosion\n'
    '  File "C:\\Python311\\Lib\\site-packages\\win32com\\server\\policy.py", line 298, in _Invoke_\n'
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (OVER_COM, "No module named 'xlbackflush.excel.nothing'."),
        (OVER_COM.replace("\n", "\r\n"), "No module named 'xlbackflush.excel.nothing'."),
        (f"Unexpected Python Error: {OVER_COM}", "No module named 'xlbackflush.excel.nothing'."),
        (KEY_OVER_COM, "'nobody.xlsm'."),
        (f"{KEY_OVER_COM}\nDuring handling:\n\n{KEY_OVER_COM}Traceback (most recent call last):\n", "'nobody.xlsm'."),
        (f"Unexpected Python Error: {NO_PACKAGE}", "No module named 'xlbackflush'."),
        (NO_PACKAGE, "No module named 'xlbackflush'."),
        (f"a warning\r\n{NO_PACKAGE}", "No module named 'xlbackflush'."),
        (NO_PACKAGE.replace("'xlbackflush'", "'x'.\r\n  Install it"), "No module named 'x'. Install it."),
        (
            'Traceback (most recent call last):\n  File "a.py", line 1\n    x = (\n        ^\nSyntaxError: it was never closed\n',
            "it was never closed.",
        ),
        (
            f"{NO_PACKAGE}\r\nDuring handling of the above exception, another exception occurred:\r\n\r\n"
            f"{NO_PACKAGE.replace('xlbackflush', 'pandas')}",
            "No module named 'pandas'.",
        ),
        (
            "Could not load x.dll from either of the following folders: \r\nC:\\Python\\Scripts\r\n, C:\\Python",
            "Could not load x.dll from either of the following folders: C:\\Python\\Scripts , C:\\Python.",
        ),
        (
            "'py' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n",
            "'py' is not recognized as an internal or external command, operable program or batch file.",
        ),
        ("xlbackflush.model.errors.RefusedError: no.", "no."),
        ("pywintypes.com_error: (-2147221164, 'Class not registered')", "(-2147221164, 'Class not registered')."),
        ("Python: it stopped", "Python: it stopped."),
        ("\r\n \r\n", "Python did not answer."),
        ("", "Python did not answer."),
    ],
)
def test_the_reason_is_the_exception_wherever_it_stands(text: str, sentence: str) -> None:
    assert MemoryExcel().addin.run("PlainReason", [text]) == f"{sentence} {DOCTOR}"


def test_the_reason_of_a_function_that_fails_reaches_the_cell(excel: MemoryExcel) -> None:
    def load(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'numpy'")

    excel.functions = SimpleNamespace(load=load)
    assert status(excel) == f"No engine: No module named 'numpy'. {DOCTOR} {FROM_LAST_RUN}"


# ------------------------------------------------------------------------------------------------ the probe


def test_a_python_that_starts_is_probed_once_and_asked(excel: MemoryExcel, widgets: Ran) -> None:
    excel.windows.pauses = 15
    assert cost(excel) == widgets.answers.cost("W-200")
    assert excel.windows.paused == 1_500
    for _ in range(3):
        new_epoch(excel)
        assert cost(excel) == widgets.answers.cost("W-200")
    assert (len(excel.windows.commands), excel.attempts, excel.windows.paused) == (1, 1, 1_500)
    assert excel.windows.files == {}
    assert status(excel) == "Ready"


def test_the_command_line_is_that_of_the_server_of_xlwings_and_leaves_one_file(excel: MemoryExcel) -> None:
    excel.windows.folder = r"C:\Users\R&D (new)\Temp"
    cost(excel)
    (command,) = excel.windows.commands
    name = command.rpartition(' "')[2].removesuffix('.txt""')
    assert name.startswith("xlbackflush-GUID-")
    book = excel.book(NAME).vba_get("FullName").replace("\\", "\\\\")
    assert command == (
        r'cmd.exe  /C ""C:\Program Files\R&D\python.exe" -B -c "import sys, os;import xlwings.utils;'
        rf"xlwings.utils.prepare_sys_path(\"true;{book};xlbackflush.xlam;;;;\");import xlwings; "
        "import xlbackflush.addin.functions; print('ready')\""
        rf' > "C:\Users\R&D (new)\Temp\{name}.new" 2>&1'
        rf' & ren "C:\Users\R&D (new)\Temp\{name}.new" "{name}.txt""'
    )
    other = MemoryExcel()
    other.open(Path(excel.book(NAME).vba_get("FullName")))
    cost(other)
    assert name not in other.windows.commands[0]  # two Excels at once


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (NO_PACKAGE, "No module named 'xlbackflush'."),
        ("", "Python stopped without saying why."),
        ("This program is blocked by group policy.\r\n", "This program is blocked by group policy."),
    ],
)
def test_a_python_that_cannot_start_is_remembered_and_the_last_run_answers(
    excel: MemoryExcel, widgets: Ran, output: str, reason: str
) -> None:
    excel.windows.output, excel.windows.pauses = output, 12
    for _ in range(3):
        assert cost(excel) == pytest.approx(widgets.answers.cost("W-200"))
        assert excel.call(NAME, "STANDARD_COST", "W-200", "Labor") == pytest.approx(
            widgets.answers.standard_cost("W-200", "Labor")
        )
        assert excel.call(NAME, "BACKFLUSH_QTY", "W-200", "SA-210", 1) == NA
        assert excel.call(NAME, "BACKFLUSH_EXPLODE", "W-200", 1) == NA
        assert status(excel) == f"No engine: {reason} {DOCTOR} {FROM_LAST_RUN}"
        new_epoch(excel)
        select_a_cell(excel)
    assert (len(excel.windows.commands), excel.attempts, excel.windows.paused) == (1, 0, 1_200)
    assert excel.windows.files == {}
    assert excel.dialogs == []


def test_a_whole_column_reads_the_last_run_once(excel: MemoryExcel, widgets: Ran) -> None:
    excel.windows.output = NO_PACKAGE
    given = excel.call(NAME, "BACKFLUSH_COST", [[code] for code in widgets.codes * 20], 2)
    assert given == [[pytest.approx(widgets.answers.cost(code, 2))] for code in widgets.codes * 20]


def test_costs_are_not_known_where_there_is_neither_engine_nor_run(tmp_path: Path) -> None:
    excel = MemoryExcel()
    excel.open(sample(tmp_path, "widgets"))
    excel.windows.output = NO_PACKAGE
    assert cost(excel) == NA
    assert status(excel) == f"No engine: No module named 'xlbackflush'. {DOCTOR} Costs are not known. Not run yet."


def test_a_python_that_hangs_keeps_excel_waiting_once_and_not_for_long(excel: MemoryExcel, widgets: Ran) -> None:
    excel.windows.pauses = None
    excel.put(NAME, "About", "J1", "BACKFLUSH_COST", "W-200", 1)
    assert 0 < excel.windows.paused <= LIMIT
    waited = excel.windows.paused
    for _ in range(5):
        assert cost(excel) == pytest.approx(widgets.answers.cost("W-200"))
        assert status(excel) == (
            "No engine: Python is slow to start, or it cannot. "
            "Try again in a minute; cells do so when you select another cell. "
            f"{DOCTOR} {FROM_LAST_RUN}"
        )
        new_epoch(excel)
        select_a_cell(excel)
        press(excel, "Help")
    assert (len(excel.windows.commands), excel.attempts, excel.windows.paused) == (1, 0, waited)
    for _ in range(3):  # some minutes later the silent one is given up, and another tried, without waiting
        excel.windows.now += dt.timedelta(minutes=6)
        new_epoch(excel)
    assert (len(excel.windows.commands), excel.attempts, excel.windows.paused) == (4, 0, waited)


def test_a_slow_python_answers_when_it_has_come_up(tmp_path: Path, widgets: Ran) -> None:
    excel = MemoryExcel()
    excel.open(sample(tmp_path, "widgets"))
    excel.windows.pauses = None
    assert excel.put(NAME, "About", "J1", "BACKFLUSH_COST", "W-200", 1) == NA
    assert excel.put(NAME, "About", "J2", "BACKFLUSH_STATUS") != "Not run yet"
    del excel.marked[:]
    select_a_cell(excel)
    assert excel.marked == []  # nothing to tell yet
    excel.windows.finish()
    waited = excel.windows.paused
    assert cost(excel) == widgets.answers.cost("W-200")  # a new cell
    assert excel.shown(NAME, "About", "J1") == NA
    select_a_cell(excel)
    assert excel.shown(NAME, "About", "J1") == widgets.answers.cost("W-200")
    assert excel.shown(NAME, "About", "J2") == "Not run yet"
    assert (excel.marked, excel.windows.paused, len(excel.windows.commands)) == (["About"], waited, 1)
    select_a_cell(excel)
    assert excel.marked == ["About"]


def test_a_new_workbook_that_python_does_not_make_leaves_none_behind(tmp_path: Path) -> None:
    """Not the empty one either that stands in while Python starts."""
    excel = MemoryExcel()
    excel.windows.output = NO_PACKAGE
    excel.application.save_as = str(tmp_path / "New.xlsm")
    assert press(excel, "New") == [f"Stopped: No module named 'xlbackflush'. {DOCTOR}"]
    assert excel.application.workbooks_.books == []


@pytest.mark.parametrize("button", ["Help", "Run", "New"])
def test_what_the_user_does_on_purpose_allows_another_try(
    excel: MemoryExcel, widgets: Ran, button: str, tmp_path: Path
) -> None:
    excel.windows.output = NO_PACKAGE
    excel.put(NAME, "About", "J1", "BACKFLUSH_QTY", "W-200", "SA-210", 1)
    assert excel.shown(NAME, "About", "J1") == NA
    excel.windows.output = "ready\r\n"
    new_epoch(excel)
    assert excel.shown(NAME, "About", "J1") == NA
    excel.python = lambda command: "Done: run."
    excel.application.save_as = str(tmp_path / "New.xlsm")
    press(excel, button)
    new_epoch(excel)
    assert excel.shown(NAME, "About", "J1") == pytest.approx(widgets.answers.quantity("W-200", "SA-210"))
    assert len(excel.windows.commands) == 2


def test_some_minutes_later_an_edit_allows_another_try(excel: MemoryExcel, widgets: Ran) -> None:
    excel.windows.output, excel.windows.pauses = NO_PACKAGE, 60
    cost(excel)
    for minutes in (6, 6, 6):
        excel.windows.now += dt.timedelta(minutes=minutes)
        cost(excel)  # the same state of the inputs: asked and answered
        new_epoch(excel)
        cost(excel)
        excel.windows.finish()
    assert excel.windows.paused <= LIMIT
    assert len(excel.windows.commands) == 3  # one of them was looked at later
    excel.windows.output = "ready\r\n"
    for _ in range(2):  # the first tells what came of the probe before
        excel.windows.now += dt.timedelta(minutes=6)
        new_epoch(excel)
        cost(excel)
    excel.windows.finish()
    assert cost(excel) == widgets.answers.cost("W-200")
    assert status(excel) == "Ready"


def test_an_interpreter_that_is_gone_is_named_without_waiting(excel: MemoryExcel) -> None:
    excel.windows.interpreter_exists = False
    gone = rf"There is no C:\Program Files\R&D\python.exe any more. {DOCTOR}"
    assert status(excel) == f"No engine: {gone} {FROM_LAST_RUN}"
    assert (excel.windows.commands, excel.windows.paused, excel.attempts) == ([], 0, 0)
    assert press(excel, "Run") == [f"Stopped: {gone}"]
    assert excel.commands == []


def test_an_interpreter_that_windows_searches_for_is_started(excel: MemoryExcel, widgets: Ran) -> None:
    excel.windows.interpreter, excel.windows.interpreter_exists = "python", False
    assert cost(excel) == widgets.answers.cost("W-200")
    assert excel.windows.commands[0].startswith('cmd.exe  /C ""python" -B -c "')


def test_an_excel_that_may_not_start_programs_says_so(excel: MemoryExcel) -> None:
    excel.windows.forbidden = True
    assert status(excel) == f"No engine: Excel could not start Python: Permission denied. {DOCTOR} {FROM_LAST_RUN}"
    assert (excel.windows.paused, excel.attempts) == (0, 0)


# ------------------------------------------------------------------------------- the server after a good probe


def test_a_server_that_keeps_excel_waiting_although_python_starts_is_not_asked_again(excel: MemoryExcel) -> None:
    """xlwings gives up after two minutes."""
    excel.starts, excel.seconds = False, 122
    excel.put(NAME, "About", "J1", "BACKFLUSH_STATUS")
    for _ in range(3):
        excel.windows.now += dt.timedelta(minutes=6)
        new_epoch(excel)
        press(excel, "Help")
        assert str(excel.shown(NAME, "About", "J1")).startswith("No engine: Could not load xlwings64.dll ")
    assert excel.attempts == 1


def test_a_server_that_fails_at_once_is_asked_again_when_the_user_does_something(excel: MemoryExcel) -> None:
    excel.starts = False
    excel.put(NAME, "About", "J1", "BACKFLUSH_STATUS")
    new_epoch(excel)
    new_epoch(excel)
    assert excel.attempts == 1
    excel.starts = True
    press(excel, "Help")
    assert excel.attempts == 2
    assert excel.shown(NAME, "About", "J1") == "Ready"


def test_a_server_that_died_is_not_started_where_python_no_longer_starts(excel: MemoryExcel, widgets: Ran) -> None:
    assert cost(excel) == widgets.answers.cost("W-200")
    excel.kill_server()
    excel.windows.output = NO_PACKAGE
    assert excel.call(NAME, "BACKFLUSH_QTY", "W-200", "SA-210", 1) == NA
    assert (excel.attempts, len(excel.windows.commands)) == (1, 2)
    assert status(excel) == f"No engine: No module named 'xlbackflush'. {DOCTOR} {FROM_LAST_RUN}"
    assert cost(excel) == pytest.approx(widgets.answers.cost("W-200"))
