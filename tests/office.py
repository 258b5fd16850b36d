"""Headless LibreOffice as a second spreadsheet program: it recalculates what the engine wrote.

    recalculate(paths)   every workbook converted with a hard recalculation, as openpyxl workbooks of values
    Session(path)        one workbook held open; cells are changed, everything is recalculated, and changed back; its VBA
                         is compiled, and can be called

LibreOffice runs under a private profile that recalculates on load, so that no stored value is taken on trust. The session
talks to it over UNO; since `uno` belongs to LibreOffice's own Python, this file also runs there, as a worker that reads
one JSON request per line and answers with one line (see `_serve`). It therefore imports nothing but the standard library
at its top.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl import Workbook

INSTALL = "apt-get install libreoffice-calc python3-uno"
ERROR = "#ERROR"  # what a cell with an error value reads as

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


# ------------------------------------------------------------------------------------- finding LibreOffice


def require(uno: bool = False) -> None:
    """Skip the test where LibreOffice (or its Python bridge) is missing; in CI that is a failure."""
    import pytest

    missing = not soffice() or (uno and not uno_python())
    if missing:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(f"needs LibreOffice: {INSTALL}")


def soffice() -> str | None:
    """The LibreOffice program, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def uno_python() -> str | None:
    """A Python that can import uno: the system's, the one that LibreOffice brings along, or this one."""
    home = Path(os.path.realpath(soffice() or "")).parent
    for candidate in ("/usr/bin/python3", str(home / "python"), sys.executable):
        if Path(candidate).exists():
            found = subprocess.run([candidate, "-c", "import uno"], capture_output=True, check=False)
            if found.returncode == 0:
                return candidate
    return None


@contextlib.contextmanager
def _profile() -> Iterator[tuple[Path, list[str]]]:
    """A scratch folder, and the LibreOffice command with a private profile in it."""
    with tempfile.TemporaryDirectory(prefix="xlbackflush-office-") as folder:
        user = Path(folder) / "profile" / "user"
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
        flags = ("--headless", "--invisible", "--norestore", "--nologo", "--nodefault", "--nolockcheck")
        yield Path(folder), [soffice() or "", f"-env:UserInstallation={user.parent.as_uri()}", *flags]


# --------------------------------------------------------------------------------------- recalculated files


def recalculate(paths: Sequence[Path]) -> list[Workbook]:
    """The workbooks with every formula recalculated, as values. The files themselves are not touched."""
    import openpyxl

    require()
    with _profile() as (folder, command):
        named = []
        for number, path in enumerate(paths):  # names must differ: all results go to one folder
            named.append(folder / f"{number}.xlsx")
            shutil.copyfile(path, named[-1])
        out = folder / "out"
        done = subprocess.run(
            [*command, "--convert-to", "xlsx", "--outdir", str(out), *map(str, named)],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        lost = [path.name for path, copy in zip(paths, named, strict=True) if not (out / copy.name).exists()]
        if lost:
            raise RuntimeError(f"LibreOffice did not convert {', '.join(lost)}: {done.stdout}{done.stderr}")
        return [openpyxl.load_workbook(out / copy.name, data_only=True) for copy in named]


# -------------------------------------------------------------------------------------------- live workbooks


class Session:
    """A workbook open in LibreOffice.

    A range is (sheet, address), such as ("Journal", "N7:N20"); its value is a list of rows. Numbers are floats, text is
    str, a blank cell is "", a cell in error is `ERROR`.

    A change is (sheet, cell, value): a number, text (which stays text), None to clear the cell, or {"formula": "=1/0"}.
    """

    def __init__(self, path: Path) -> None:
        require(uno=True)
        self._resources = contextlib.ExitStack()
        folder, command = self._resources.enter_context(_profile())
        copy = folder / f"book{path.suffix}"
        shutil.copyfile(path, copy)
        pipe = f"xlbackflush{os.getpid()}{folder.name[-8:]}".replace("_", "x")
        self._office = subprocess.Popen(
            [*command, f"--accept=pipe,name={pipe};urp;"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._resources.callback(self._stop_office)
        worker = [uno_python() or "", __file__, pipe, copy.as_uri()]
        self._worker = subprocess.Popen(
            worker, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._resources.callback(self._stop_worker)
        self._answer()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._resources.close()

    def read(self, ranges: Sequence[tuple[str, str]]) -> list[list[list[Any]]]:
        """The values of some ranges as they stand."""
        return self._ask({"changes": [], "read": list(ranges)})

    def attempt(
        self, changes: Sequence[tuple[str, str, object]], ranges: Sequence[tuple[str, str]]
    ) -> list[list[list[Any]]]:
        """Make the changes, recalculate everything, read the ranges, and put the old contents back."""
        return self._ask({"changes": list(changes), "read": list(ranges)})

    def buttons(self, sheet: str) -> dict[str, str]:
        """Name of each shape of a sheet -> the procedure that a click on it runs, as module.procedure."""
        return dict(self._ask({"buttons": sheet}))

    def call(self, procedure: str, *arguments: object) -> Any:
        """What a function of the workbook's VBA, named as module.procedure, gives."""
        return self._ask({"call": procedure, "arguments": list(arguments)})

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self._worker.stdin
        self._worker.stdin.write(json.dumps(request) + "\n")
        self._worker.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._worker.stdout
        line = self._worker.stdout.readline()
        if not line:
            raise RuntimeError("LibreOffice stopped answering")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["values"]

    def _stop_worker(self) -> None:
        if self._worker.stdin:
            self._worker.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._worker.wait(20)
        self._worker.kill()
        self._worker.wait()

    def _stop_office(self) -> None:
        """Wait for LibreOffice to end as the worker asked it to; its launcher may be a shell script."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._office.wait(20)
        self._office.kill()
        self._office.wait()


# ------------------------------------------------------------------- the worker, under LibreOffice's Python


def _serve(pipe: str, url: str) -> None:
    """Open the workbook and answer requests until standard input ends."""
    desktop = _connect(pipe)
    try:
        always = 4  # com.sun.star.document.MacroExecMode.ALWAYS_EXECUTE_NO_WARN
        opened = (_property("Hidden", True), _property("MacroExecutionMode", always))
        book = desktop.loadComponentFromURL(url, "_blank", 0, opened)
        book.enableAutomaticCalculation(False)
        book.calculateAll()
        _reply(values=None)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {"values": _answered(book, request)}
            except Exception as error:  # noqa: BLE001 - whatever UNO throws goes back to the caller
                answer = {"error": f"{type(error).__name__}: {error} in {line[:200]}"}
            _reply(**answer)
        book.close(True)
    finally:  # also where the caller was killed: no LibreOffice is left behind
        with contextlib.suppress(Exception):
            desktop.terminate()


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
    if "buttons" in request:
        return _buttons(book.Sheets.getByName(request["buttons"]).DrawPage)
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
    book.calculateAll()
    values = [_values(book.Sheets.getByName(sheet).getCellRangeByName(address)) for sheet, address in ranges]
    for cell, value in reversed(old):
        _put(cell, value)
    return values


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
