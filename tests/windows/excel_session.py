r"""Who presses the buttons of the Excel that `excel_server` plays: macros in a process of their own, as RunPython starts them.

Runs on Windows Python, as a worker:

    python excel_session.py HWND

A request per line on standard input, an answer per line on standard output, both JSON: [name of a function below, arguments].
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from xlwings import _xlwindows

from xlbackflush.addin import macros
from xlbackflush.workbook.com import Patience, Patient

hwnd = sys.argv[1]
_xlwindows.N_COM_ATTEMPTS = 1  # xlwings would repeat for ever what fails
application_object = _xlwindows.get_xl_app_from_hwnd(int(hwnd))
excel: Any = Patient(application_object, Patience())


def open_book(path: str) -> str:
    """Open a workbook."""
    return str(excel.Workbooks.Open(path).Name)


def close_book(name: str) -> None:
    """Close it."""
    excel.Workbooks(name).Close(False)


def save_copy(name: str, path: str) -> None:
    """Save a copy of an open workbook."""
    excel.Workbooks(name).SaveCopyAs(path)


def press(name: str, macro: str, *arguments: str) -> str:
    """Run a macro on an open workbook: the sentence that it leaves in the status bar."""
    return press_while_busy(1, 0, name, macro, *arguments)


def press_while_busy(every: int, times: int, name: str, macro: str, *arguments: str) -> str:
    """The same in an Excel that rejects each `every`-th call, so many times."""
    excel.StatusBar = False
    excel.TestBusy(every, times)
    sys.argv = ["-c", f"--wb={name}", "--from_xl=1", f"--hwnd={hwnd}"]
    getattr(macros, macro)(*arguments)
    return str(excel.StatusBar)


def press_in_server(name: str, macro: str, every: int = 1, times: int = 0) -> str:
    """A macro in the server of xlwings, for which Excel waits; likewise."""
    excel.StatusBar = False
    excel.TestBusy(every, times)
    excel.TestPress(name, macro)
    return str(excel.StatusBar)


def hold_esc(down: bool, in_front: bool = True) -> None:
    """Press Esc, with Excel in front or not, or let it go."""
    excel.TestEsc(down, in_front)


def select(name: str, sheet: str, cell: str) -> None:
    """Select a cell."""
    excel.Goto(excel.Workbooks(name).Worksheets(sheet).Range(cell))


def selected() -> str:
    """The selected cell, with its sheet."""
    cell = excel.ActiveCell
    return f"{cell.Worksheet.Name}!{cell.Address}"


def put(name: str, sheet: str, cell: str, value: object) -> None:
    """Type into a cell of an unprotected sheet."""
    excel.Workbooks(name).Worksheets(sheet).Range(cell).Formula = value


def set_application(member: str, value: object) -> None:
    """Set a property of Excel."""
    setattr(excel, member, value)


def become(user: str) -> None:
    """Somebody else sits down at the computer; macros ask for the user's name (getpass)."""
    os.environ["LOGNAME"] = user


def application(*members: str) -> list[object]:
    """Properties of Excel."""
    return [getattr(excel, member) for member in members]


def evaluate(name: str, expression: str) -> str:
    """What Python says to an expression over `book`: its representation, or the error of COM with its numbers."""
    try:
        return repr(eval(expression, {"book": application_object.Workbooks(name)}))
    except Exception as error:  # noqa: BLE001 - it is the answer
        detail = getattr(error, "excepinfo", None)
        return f"{type(error).__name__} {getattr(error, 'hresult', '')} {detail[5] if detail else ''}".strip()


def leave() -> None:
    """End Excel."""
    excel.Quit()


REQUESTS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        open_book, close_book, save_copy, press, select, selected, put, set_application, application, evaluate, leave,
        press_while_busy, press_in_server, hold_esc, become,
    )
}  # fmt: skip


def main() -> None:
    """Answer until there are no more requests."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what anything prints is no answer
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {"value": REQUESTS[name](*arguments)}
        except Exception as error:  # noqa: BLE001 - the test is told
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
