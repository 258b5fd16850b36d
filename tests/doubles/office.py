"""Headless LibreOffice as a second spreadsheet program: it recalculates what the engine wrote.

    recalculate(paths)   what every cell of the workbooks comes to, worked out anew
    saved(path, to)      a workbook, recalculated, as LibreOffice saves it
    Session(path)        one workbook held open; cells are changed, what depends on them recalculated, and changed back; its VBA
                         is compiled, and can be called

One LibreOffice serves all tests of a process, with any number of workbooks, one after the other or at once. It runs under a
private profile that recalculates on load, so that no stored value is taken on trust. Now and then it crashes for reasons of
its own: then another one is started, the workbook opened once more, and the request repeated, once.

We talk to it over UNO; since `uno` belongs to LibreOffice's own Python, this file also runs there, as a worker that reads one
JSON request per line and answers with one line (see `_serve`). It therefore imports nothing but the standard library at its
top.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cells import Book

INSTALL = "apt-get install libreoffice-calc python3-uno"
ERROR = "#ERROR"  # what a cell with an error value reads as

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


# ------------------------------------------------------------------------------------- finding LibreOffice


def require() -> None:
    """Skip the test where LibreOffice (or its Python bridge) is missing; in CI that is a failure."""
    import pytest

    if not soffice() or not uno_python():
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(f"needs LibreOffice: {INSTALL}")


def soffice() -> str | None:
    """The LibreOffice program, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


@functools.cache
def uno_python() -> str | None:
    """A Python that can import uno: the system's, the one that LibreOffice brings along, or this one."""
    home = Path(os.path.realpath(soffice() or "")).parent
    for candidate in ("/usr/bin/python3", str(home / "python"), sys.executable):
        if Path(candidate).exists():
            found = subprocess.run([candidate, "-c", "import uno"], capture_output=True, check=False)
            if found.returncode == 0:
                return candidate
    return None


# -------------------------------------------------------------------------------------------- the program


class CrashedError(RuntimeError):
    """LibreOffice is not there any more."""


class _Office:
    """LibreOffice and its worker, as long as the tests run."""

    def __init__(self) -> None:
        require()
        self._resources = contextlib.ExitStack()
        self.folder = Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="xlbackflush-office-")))
        user = self.folder / "profile" / "user"
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
        pipe = f"xlbackflush{os.getpid()}{self.folder.name[-8:]}".replace("_", "x")
        flags = ("--headless", "--invisible", "--norestore", "--nologo", "--nodefault", "--nolockcheck")
        command = [soffice() or "", f"-env:UserInstallation={user.parent.as_uri()}", *flags]
        self._office = subprocess.Popen(
            [*command, f"--accept=pipe,name={pipe};urp;"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._resources.callback(self._stop_office)
        self._worker = subprocess.Popen(
            [uno_python() or "", __file__, pipe],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._resources.callback(self._stop_worker)
        self._number = 0
        self._answer()

    @property
    def runs(self) -> bool:
        return self._worker.poll() is None

    def close(self) -> None:
        self._resources.close()

    def kill(self) -> None:
        """End it at once; its launcher may be a shell script, or a program that starts another one."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._office.pid, signal.SIGKILL)

    def open(self, path: Path) -> int:
        """Open a workbook. Gives its number."""
        self._number += 1
        self.ask({"open": self._number, "url": path.as_uri()})
        return self._number

    def ask(self, request: dict[str, Any]) -> Any:
        if not self.runs:
            raise CrashedError
        assert self._worker.stdin
        self._worker.stdin.write(json.dumps(request) + "\n")
        self._worker.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._worker.stdout
        line = self._worker.stdout.readline()
        answer = json.loads(line or '{"error": "no answer"}')
        if "error" in answer:
            raise (CrashedError if self._has_crashed() else RuntimeError)(answer["error"])
        return answer["values"]

    def _has_crashed(self) -> bool:
        """The error of a call does not tell: it differs by what was going on."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._office.wait(2)
        if self._office.poll() is None and self._worker.poll() is None:
            return False
        self._worker.kill()
        self._worker.wait()
        return True

    def _stop_worker(self) -> None:
        if self._worker.stdin:
            self._worker.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._worker.wait(20)
        self._worker.kill()
        self._worker.wait()

    def _stop_office(self) -> None:
        """Wait for LibreOffice to end as the worker asked it to."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._office.wait(20)
        self.kill()
        self._office.wait()


def _copied(path: Path, to: Path) -> None:
    """The workbook without the rows that it repeats on each page of print: LibreOffice takes a third of its time for them."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(to, "w") as target:
        for part in source.namelist():
            content = source.read(part)
            target.writestr(part, _PRINT_TITLES.sub(b"", content) if part == "xl/workbook.xml" else content)


_PRINT_TITLES = re.compile(rb'<definedName name="_xlnm\.Print_Titles"[^>]*>[^<]*</definedName>')
_running: list[_Office] = []


def _shared() -> _Office:
    """The LibreOffice of this process; another one where it has crashed."""
    if _running and not _running[-1].runs:
        stop()
    if not _running:
        _running.append(_Office())
    return _running[-1]


def stop() -> None:
    """End it. It starts again where it is asked for."""
    while _running:
        _running.pop().close()


# ------------------------------------------------------------------------------------------- the workbooks


def recalculate(paths: Sequence[Path]) -> list[Book]:
    """The workbooks with every formula recalculated. The files themselves are not touched."""
    return [_recalculated(path) for path in paths]


def saved(path: Path, to: Path) -> Path:
    """The workbook, recalculated, as LibreOffice saves it under another name: as .xlsx."""
    with Session(path) as session:
        session.save(to)
    return to


def _recalculated(path: Path) -> Book:
    import cells

    with Session(path) as session:
        return cells.read(path).with_values(session.everything())


class Session:
    """A workbook open in LibreOffice.

    A range is (sheet, address), such as ("Journal", "N7:N20"); its value is a list of rows. Numbers are floats, text is
    str, a blank cell is "", a cell in error is `ERROR`.

    A change is (sheet, cell, value): a number, text (which stays text), None to clear the cell, or {"formula": "=1/0"}.
    """

    def __init__(self, path: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="xlbackflush-session-")
        self._copy = Path(self._folder.name, f"book{path.suffix}")
        _copied(path, self._copy)
        try:
            self._open()
        except CrashedError:
            self._open()

    def _open(self) -> None:
        for lock in self._copy.parent.glob(".~lock.*"):  # of one that crashed
            lock.unlink()
        self._office = _shared()
        self._number = self._office.open(self._copy)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(CrashedError):
            self._office.ask({"book": self._number, "close": True})
        self._folder.cleanup()

    def everything(self) -> dict[str, list[list[Any]]]:
        """Sheet -> the values of all its cells, from A1 on."""
        return dict(self._ask({"everything": True}))

    def read(self, ranges: Sequence[tuple[str, str]]) -> list[list[list[Any]]]:
        """The values of some ranges as they stand."""
        return self._ask({"changes": [], "read": list(ranges)})

    def attempt(
        self, changes: Sequence[tuple[str, str, object]], ranges: Sequence[tuple[str, str]]
    ) -> list[list[list[Any]]]:
        """Make the changes, recalculate what depends on them, read the ranges, and put the old contents back."""
        return self._ask({"changes": list(changes), "read": list(ranges)})

    def buttons(self, sheet: str) -> dict[str, str]:
        """Name of each shape of a sheet -> the procedure that a click on it runs, as module.procedure."""
        return dict(self._ask({"buttons": sheet}))

    def save(self, to: Path) -> None:
        """Write it as .xlsx."""
        self._ask({"save": to.as_uri()})

    def call(self, procedure: str, *arguments: object) -> Any:
        """What a function of the workbook's VBA, named as module.procedure, gives."""
        return self._ask({"call": procedure, "arguments": list(arguments)})

    def _ask(self, request: dict[str, Any]) -> Any:
        try:
            return self._office.ask({"book": self._number, **request})
        except CrashedError:
            self._open()
            return self._office.ask({"book": self._number, **request})


# ------------------------------------------------------------------- the worker, under LibreOffice's Python


def _serve(pipe: str) -> None:
    """Answer requests until standard input ends."""
    desktop = _connect(pipe)
    books: dict[int, Any] = {}
    try:
        _reply(values=None)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                if "open" in request:
                    books[request["open"]] = _opened(desktop, request["url"])
                    answer: dict[str, Any] = {"values": None}
                elif "close" in request:
                    answer = {"values": books.pop(request["book"]).close(True)}
                else:
                    answer = {"values": _answered(books[request["book"]], request)}
            except Exception as error:  # noqa: BLE001 - whatever UNO throws goes back to the caller
                answer = {"error": f"{type(error).__name__}: {error} in {line[:200]}"}
            _reply(**answer)
    finally:  # also where the caller was killed: no LibreOffice is left behind
        with contextlib.suppress(Exception):
            desktop.terminate()


def _opened(desktop: Any, url: str) -> Any:
    """A workbook, recalculated."""
    always = 4  # com.sun.star.document.MacroExecMode.ALWAYS_EXECUTE_NO_WARN
    opened = (_property("Hidden", True), _property("MacroExecutionMode", always))
    book = desktop.loadComponentFromURL(url, "_blank", 0, opened)
    book.enableAutomaticCalculation(False)
    book.calculateAll()
    return book


def _connect(pipe: str) -> Any:
    """The desktop of the LibreOffice that listens on a pipe, as soon as it does."""
    import uno

    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(300):
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # noqa: BLE001 - not listening yet
            time.sleep(0.2)
        else:
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    raise RuntimeError("LibreOffice did not start")


def _property(name: str, value: object) -> Any:
    from com.sun.star.beans import PropertyValue

    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def _answered(book: Any, request: dict[str, Any]) -> Any:
    if "everything" in request:
        return [(sheet.Name, _values(_used(sheet))) for sheet in book.Sheets]
    if "buttons" in request:
        return _buttons(book.Sheets.getByName(request["buttons"]).DrawPage)
    if "save" in request:
        return book.storeToURL(request["save"], (_property("FilterName", "Calc MS Excel 2007 XML"),))
    if "call" in request:
        place = f"vnd.sun.star.script:VBAProject.{request['call']}?language=Basic&location=document"
        return book.getScriptProvider().getScript(place).invoke(tuple(request["arguments"]), (), ())[0]
    return _attempt(book, request["changes"], request["read"])


def _buttons(page: Any) -> list[tuple[str, str]]:
    found = []
    for shape in (page.getByIndex(i) for i in range(page.getCount())):
        for event in shape.getEvents().getElementNames():
            script = next(p.Value for p in shape.getEvents().getByName(event) if p.Name == "Script")
            found.append((shape.Name, script.split(":")[1].split("?")[0].removeprefix("VBAProject.")))
    return found


def _attempt(book: Any, changes: list[Any], ranges: list[Any]) -> list[Any]:
    old = []
    for sheet, address, value in changes:
        cell = book.Sheets.getByName(sheet).getCellRangeByName(address)
        kind = cell.getType().value
        old.append(
            (cell, {"EMPTY": None, "VALUE": cell.getValue(), "TEXT": cell.getString()}.get(kind, _formula(cell)))
        )
        _put(cell, value)
    book.calculate()
    values = [_values(book.Sheets.getByName(sheet).getCellRangeByName(address)) for sheet, address in ranges]
    for cell, value in reversed(old):
        _put(cell, value)
    return values


def _used(sheet: Any) -> Any:
    """All cells of a sheet from A1 on."""
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    end = cursor.RangeAddress
    return sheet.getCellRangeByPosition(0, 0, end.EndColumn, end.EndRow)


def _formula(cell: Any) -> dict[str, str]:
    return {"formula": cell.getFormula()}


def _put(cell: Any, value: Any) -> None:
    if value is None:
        cell.setFormula("")
    elif isinstance(value, dict):
        cell.setFormula(value["formula"])
    elif isinstance(value, str):
        cell.setString(value)
    else:
        cell.setValue(value)


def _values(cells: Any) -> list[list[Any]]:
    return [[ERROR if value is None else value for value in row] for row in cells.getDataArray()]


def _reply(**answer: Any) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
