"""Buttons and the Python that stays with Excel: started when a workbook of ours has opened, asked first, replaced when outdated.

What is written is what a Python of the button's own writes; whatever keeps the server away, the user reads nothing but what
came of the run.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from memory_excel import MemoryExcel
from test_vba_addin import NAME, application_state, journal, press
from test_vba_stubs import sample

from xlbackflush.addin import macros, server

COMMAND = "from xlbackflush.addin.macros import run; run()"


@pytest.fixture
def warm(excel: MemoryExcel) -> MemoryExcel:
    """The same, some seconds later; what a button asks of Python is noted and not done."""
    excel.idle(5)
    assert excel.attempts == 1
    excel.python = lambda command: "Done: run."
    return excel


# ------------------------------------------------------------------------------------------ before the first click


def test_the_server_is_started_after_a_workbook_of_ours_has_opened(excel: MemoryExcel) -> None:
    assert (excel.windows.commands, excel.attempts) == ([], 0)  # opening waits for nothing
    excel.idle(5)
    assert (len(excel.windows.commands), excel.attempts, excel.prepared) == (1, 1, 1)
    assert (excel.windows.paused, excel.dialogs, excel.application.planned) == (0, [], [])
    excel.idle(600)
    assert (len(excel.windows.commands), excel.attempts) == (1, 1)


def test_a_foreign_workbook_starts_nothing(tmp_path: Path) -> None:
    import openpyxl

    openpyxl.Workbook().save(tmp_path / "foreign.xlsx")
    excel = MemoryExcel()
    excel.open(tmp_path / "foreign.xlsx")
    excel.idle(5)
    assert (excel.windows.commands, excel.attempts) == ([], 0)


def test_a_slow_python_is_looked_for_again_and_never_waited_for(excel: MemoryExcel) -> None:
    excel.windows.pauses = None
    excel.idle(30)
    assert (len(excel.windows.commands), excel.attempts) == (1, 0)
    excel.windows.finish()
    excel.idle(2)
    assert (excel.attempts, excel.prepared, excel.windows.paused) == (1, 1, 0)


def test_a_python_that_hangs_is_given_up(excel: MemoryExcel) -> None:
    excel.windows.pauses = None
    excel.idle(3600)
    assert (len(excel.windows.commands), excel.attempts, excel.windows.paused) == (1, 0, 0)
    assert (excel.application.planned, excel.dialogs) == ([], [])


def test_cells_that_were_told_to_wait_are_calculated_when_the_server_is_there(excel: MemoryExcel) -> None:
    excel.windows.pauses = None
    excel.put(NAME, "About", "J1", "BACKFLUSH_STATUS")
    assert str(excel.shown(NAME, "About", "J1")).startswith("No engine: Python is slow to start")
    excel.windows.finish()
    excel.idle(5)
    assert excel.shown(NAME, "About", "J1") == "Not run yet"


# ------------------------------------------------------------------------------------------------------ the click


def test_the_server_writes_what_a_python_of_the_button_s_own_writes(excel: MemoryExcel, new_widgets: Path) -> None:
    apart = MemoryExcel()
    apart.open(new_widgets)
    by_itself = press(apart, "Run")
    assert apart.commands == [COMMAND]
    excel.idle(5)
    state, arguments = application_state(excel), list(sys.argv)
    assert press(excel, "Run") == by_itself
    assert by_itself.startswith("Done: run R0001 (draft), 12 entries")
    assert (excel.commands, excel.presses) == ([], [(NAME, 4711, "run", "")])
    assert journal(excel.book(NAME)) == journal(apart.book(NAME))
    assert len(journal(excel.book(NAME))) > 12
    assert application_state(excel) == state
    assert sys.argv == arguments


def test_each_press_is_for_the_workbook_of_its_button(tmp_path: Path) -> None:
    excel = MemoryExcel()
    for name in ("first.xlsm", "second.xlsm"):
        excel.open(sample(tmp_path, "computers").rename(tmp_path / name))
    excel.idle(5)
    assert press(excel, "Run", "first.xlsm").startswith("Done: ")
    assert press(excel, "Check", "second.xlsm").startswith("Done: no errors")
    assert excel.presses == [("first.xlsm", 4711, "run", ""), ("second.xlsm", 4711, "check", "")]
    assert len(journal(excel.book("first.xlsm"))) > 1
    assert len(journal(excel.book("second.xlsm"))) == 1


def test_while_python_works_esc_is_left_to_it(warm: MemoryExcel) -> None:
    """Excel would stop the macro, and Python would go on writing."""
    seen: list[tuple[int, bool]] = []

    def python(command: str) -> str:
        seen.append((warm.application.cancel_key, warm.application.display_alerts))
        return "Done: run."

    warm.python = python
    press(warm, "Run")
    assert seen == [(0, False)]  # xlDisabled
    assert (warm.application.cancel_key, warm.application.display_alerts) == (1, True)


# ------------------------------------------------------------------------------------- where the server is no help


def outdate(excel: MemoryExcel) -> None:
    excel.is_current = False


def kill(excel: MemoryExcel) -> None:
    excel.kill_server()


@pytest.mark.parametrize("happens", [outdate, kill])
def test_a_server_that_is_outdated_or_gone_is_replaced_and_the_click_does_not_wait_for_it(
    warm: MemoryExcel, happens: Any
) -> None:
    happens(warm)
    first = warm._server
    assert press(warm, "Run") == "Done: run."
    assert (warm.commands, warm.presses) == ([COMMAND], [])
    assert first is not None and not first.alive
    warm.is_current = True
    warm.idle(5)
    assert warm._server is not first
    assert press(warm, "Run") == "Done: run."
    assert (len(warm.commands), len(warm.presses), warm.attempts) == (1, 1, 2)


def test_cells_are_answered_by_no_outdated_server_either(excel: MemoryExcel) -> None:
    assert excel.call(NAME, "BACKFLUSH_STATUS") == "Not run yet"
    first = excel._server
    excel.is_current = False
    excel.python = lambda command: "Done: run."
    press(excel, "Run")
    excel.is_current = True
    assert excel.call(NAME, "BACKFLUSH_STATUS") == "Not run yet"
    assert excel._server is not first


@pytest.mark.parametrize("what", ["no programs", "no library", "python cannot start"])
def test_where_there_is_no_server_a_button_works_by_itself(excel: MemoryExcel, what: str) -> None:
    if what == "no programs":
        excel.windows.forbidden = True
    elif what == "no library":
        excel.starts = False
    else:
        excel.windows.output = "This program is blocked by group policy.\r\n"
    excel.idle(5)
    excel.python = lambda command: "Done: run."
    for _ in range(3):
        assert press(excel, "Run") == "Done: run."
        excel.idle(5)
    assert (excel.commands, excel.presses, excel.windows.paused) == ([COMMAND] * 3, [], 0)


def test_a_server_that_ends_at_work_is_not_followed_by_another_run(warm: MemoryExcel) -> None:
    """Who knows how far it came."""

    def python(command: str) -> str:
        warm.application.calculation = -4135
        warm.kill_server()
        return ""

    warm.python = python
    state = application_state(warm)
    assert press(warm, "Run") == (
        "Stopped: Python ended before its work was done. If results look half written, close the workbook without saving it, "
        "and open it again."
    )
    assert warm.commands == []
    assert application_state(warm) == state


def test_what_fails_in_the_server_is_one_sentence(warm: MemoryExcel) -> None:
    def python(command: str) -> str:
        raise ModuleNotFoundError("No module named 'numpy'")

    warm.python = python
    assert press(warm, "Run") == "Stopped: No module named 'numpy'. Run: xlbackflush doctor"
    assert len(warm.dialogs) == 1
    assert warm.commands == []


# ------------------------------------------------------------------------------------------------- the code on disk


def test_code_that_was_changed_added_or_taken_away_outdates_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.py", "b/c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    monkeypatch.setattr(server, "_PACKAGE", tmp_path)
    monkeypatch.setattr(server, "_loaded", server._code())
    assert server.is_current()
    (tmp_path / "notes.txt").write_text("no code")
    assert server.is_current()
    os.utime(tmp_path / "b/c.py", (2e9, 2e9))
    assert not server.is_current()
    monkeypatch.setattr(server, "_loaded", server._code())
    (tmp_path / "a.py").unlink()
    assert not server.is_current()


def test_the_macro_that_was_asked_for_is_given_its_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "argv", ["-c", "--wb=other.xlsm", "--hwnd=1"])
    monkeypatch.setattr(macros, "export", lambda *given: told.append((sys.argv[1:], given)))
    server.press("a b.xlsm", 4711, "export", "xero")
    server.press("a b.xlsm", 4711, "export")
    arguments = ["--wb=a b.xlsm", "--from_xl=1", "--hwnd=4711"]
    assert told == [(arguments, ("xero",)), (arguments, ())]


def test_what_a_run_needs_is_imported_beside_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(
        server.threading, "Thread", lambda **given: SimpleNamespace(start=lambda: started.append(given))
    )
    server.prepare()
    ((given),) = started
    assert given["daemon"]
    given["target"]()
    assert "xlbackflush.addin.macros" in sys.modules
