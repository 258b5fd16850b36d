"""Excel in memory on Windows: the add-in's VBA over the real module of xlwings, its DLL, its server and the shell.

Runs on Windows Python, as a worker: a request per line on standard input, an answer per line on standard output, both JSON
(see `excel_worker`). Excel is that of `memory_excel`; from XLPy and RunPython on, everything is what runs at a user's: the
VBA of xlwings builds the command lines, WScript.Shell and the DLL start them, and Python answers over COM. Python stands in for
a few procedures of that module which the interpreter of VBA cannot run: those that touch files, and the call of the DLL.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import pythoncom
from memory_excel import (
    MemoryExcel,
    Module,
    Project,
    PythonServer,
    _from_python,
    _Handle,
    _to_python,
    plain,
)
from pyopenvba import ExcelFile
from pyopenvba.interpreter import MISSING, VBAArray, VBAInt, VBAObject
from pyopenvba.interpreter._intrinsics import INTRINSICS
from pyopenvba.interpreter._objects import method
from pyopenvba.interpreter._values import error, to_text
from xlwings_dll import activate

from xlbackflush.schema.excel import ADDIN

INTRINSICS["environ"] = lambda _interpreter, args, _named: os.environ.get(to_text(args[0]), "")

#: procedures of the module of xlwings that are not run as VBA
STANDINS = ("GetConfig", "ReadFile", "FileExists", "XLPy", "XlwingsShowError")


def invoke(target: Any, name: str, *args: object) -> Any:
    """A member of an object of COM (PyIDispatch), as late binding asks for it: by name, be it a property or a method.

    Raises VBA's error with number and description as Excel has them.
    """
    try:
        flags = pythoncom.DISPATCH_METHOD | pythoncom.DISPATCH_PROPERTYGET
        return target.Invoke(target.GetIDsOfNames(name), 0, flags, True, *args)
    except pythoncom.com_error as problem:
        number, text, details, _ = problem.args
        raise error(number, details[2] if details and details[2] else text) from None


class ComObject(VBAObject):
    """An object of COM in the hands of VBA. Numbers and texts go in and out."""

    vba_type_name = "Object"

    def __init__(self, target: Any) -> None:
        self.target = target

    def vba_get(self, name: str, args: Sequence[object] = (), named: dict[str, object] | None = None) -> object:
        value = invoke(self.target, name, *(_to_python(a) for a in args))
        return ComObject(value) if isinstance(value, _DISPATCH) else _from_python(value)


_DISPATCH = pythoncom.TypeIIDs[pythoncom.IID_IDispatch]


def create_object(name: object) -> ComObject:
    """CreateObject."""
    server = pythoncom.CoCreateInstance(to_text(name), None, pythoncom.CLSCTX_ALL, pythoncom.IID_IDispatch)
    return ComObject(server)


class Shell(ComObject):
    """WScript.Shell, counting what it runs."""

    def __init__(self, excel: WindowsExcel) -> None:
        super().__init__(create_object("WScript.Shell").target)
        self.excel = excel

    def vba_get(self, name: str, args: Sequence[object] = (), named: dict[str, object] | None = None) -> object:
        self.excel.probes += name.lower() == "run"
        return super().vba_get(name, args, named)


class RealServer(PythonServer):
    """What XLPy gives: the server of xlwings in its own process."""

    def __init__(self, excel: MemoryExcel, com: Any) -> None:
        super().__init__(excel)
        self.com = com

    @method
    def Str(self, value: object) -> object:  # noqa: N802
        return invoke(self.com, "Str", _to_python(value))

    @method
    def Module(self, name: object) -> object:  # noqa: N802
        return _Handle(invoke(self.com, "Module", to_text(name)))

    @method
    def TupleFromArray(self, elements: object) -> object:  # noqa: N802
        return _Handle(invoke(self.com, "TupleFromArray", _to_python(elements)))

    @method
    def Call(self, target: _Handle, name: object, arguments: _Handle) -> object:  # noqa: N802
        self.excel.python_calls.append(to_text(name))
        return _Handle(invoke(self.com, "Call", target.held, to_text(name), arguments.held))

    @method
    def Var(self, handle: _Handle) -> object:  # noqa: N802
        return _from_python(_lists(invoke(self.com, "Var", handle.held)))


def _lists(value: Any) -> Any:
    return [_lists(each) for each in value] if isinstance(value, tuple) else value


class WindowsExcel(MemoryExcel):
    """Excel in memory with the module of xlwings as it is in the add-in."""

    def __init__(self) -> None:
        super().__init__()
        self.servers: list[RealServer] = []
        self.probes = 0  # programs that the add-in has started by itself
        xlstart = Path(os.environ["APPDATA"], "Microsoft", "Excel", "XLSTART")
        self.addin.book().path = str(xlstart)
        with ExcelFile(xlstart / ADDIN) as file:
            source = file.get_module("xlwings")
        self.dll = re.findall(r'XLPyDLLName As String = "(xlwings64-[^"]+)"', source)[0]
        standins = {
            "getconfig": self._config,
            "readfile": lambda path: Path(to_text(path)).read_text(encoding="mbcs"),
            "fileexists": lambda path: Path(to_text(path)).is_file(),
            "killfile": lambda path: Path(to_text(path)).unlink(),
        }
        self.xlwings = Project(self, self.addin.book, [Module("xlwings", "standard", _interpretable(source))], standins)
        self.addin.procedures |= standins
        self.addin.procedures["createguid"] = lambda: self.xlwings.run("CreateGUID", [])
        self.addin.procedures["wscript"] = lambda: Shell(self)
        self.addin.procedures["sleep"] = lambda milliseconds: time.sleep(int(to_text(milliseconds)) / 1000)
        self.xlwings.procedures["showerror"] = lambda *given: self.addin.run("ShowError", list(given))
        for project in (self.xlwings, self.addin):
            project.host.create = create_object
            project.clock = dt.datetime.now

    def _config(self, name: object, default: object = "", source: object = "user") -> str | bool:
        """A setting of the configuration that `xlbackflush install` wrote, as GetConfig reads it.

        The interpreter of VBA does not compare "False" with True, as VBA does.
        """
        file = Path(os.environ["USERPROFILE"], ".xlbackflush", "xlbackflush.conf")
        settings = dict(csv.reader(file.read_text(encoding="mbcs").splitlines()))
        value = os.path.expandvars(settings.get(to_text(name), "" if default is MISSING else to_text(default)))
        return value == "True" if value in ("True", "False") else value

    def _xlpy(self) -> object:
        """XLPy: the DLL beside Python, or in the folder above, starts the command that the module has made."""
        self.attempts += 1
        command = to_text(self.xlwings.run("XLPyCommand", []))
        try:
            started = activate(Path(str(self._config("INTERPRETER_WIN"))), self.dll, command)
        except OSError as problem:
            raise error(1000, str(problem)) from None
        self.servers.append(RealServer(self, started))
        return self.servers[-1]

    def _run_python(self, command: object) -> object:
        return self.xlwings.run("RunPython", [command])


def _interpretable(source: str) -> str:
    """The module without what the interpreter does not read: procedures of stand-ins, Kill, comments behind directives."""
    for name in STANDINS:
        whole = rf"(?ms)^(Public |Private )?(Function|Sub) {name}\(.*?^End \2\r\n"
        source, count = re.subn(whole, "", source)
        assert count == 1, name
    source = source.replace(" Kill LOG_FILE", " KillFile LOG_FILE")
    return re.sub(r"(?m)^(\s*#[^'\r\n]*)'[^\r\n]*", r"\1", source)


# ------------------------------------------------------------------------------------------------ the worker


class Worker:
    """The requests: each public method, by its name, with arguments of JSON."""

    def __init__(self) -> None:
        self.excel = WindowsExcel()

    def open(self, path: str) -> str:
        return self.excel.open(Path(path)).name

    def call(self, book: str, name: str, *args: object) -> object:
        """A cell function, from a cell of no sheet."""
        return self.excel.call(book, name, *args)

    def run_engine(self, book: str, verb: str) -> None:
        """RunEngine of the add-in."""
        self.excel.addin.run("RunEngine", [self.excel.book(book), verb])

    def run_python(self, command: str) -> object:
        """RunPython of xlwings: 0, or -1 where Python failed."""
        return plain(self.excel.xlwings.run("RunPython", [command]) or VBAInt(0, "Integer"))

    def call_engine(self, function: str, *args: str) -> object:
        """CallEngine of the add-in."""
        given = VBAArray([(0, len(args) - 1)])
        for place, value in enumerate(args):
            given.set([place], value)
        return plain(self.excel.addin.run("CallEngine", [function, given]))

    def type(self, book: str, sheet: str, cell: str, value: object) -> None:
        """What a person does."""
        self.excel.type(book, sheet, cell, value)

    def move(self, book: str, folder: str) -> None:
        """Pretend that an open workbook stands in another folder."""
        self.excel.book(book).path = folder

    def connect(self) -> int:
        """XLPy for the active workbook. Gives its number, for `ask`; those that the add-in connects to are counted, too."""
        self.excel._xlpy()
        return len(self.excel.servers) - 1

    def ask(self, server: int, module: str, function: str, *args: object) -> object:
        """A function of a server's Python, as the add-in calls it."""
        com = self.excel.servers[server].com
        answer = invoke(
            com, "Call", invoke(com, "Module", module), function, invoke(com, "TupleFromArray", _tuples(args))
        )
        return invoke(com, "Var", answer)

    def alive(self, server: int) -> str:
        return invoke(self.excel.servers[server].com, "Str", "alive")

    def kill(self, process: int) -> None:
        os.kill(process, 9)

    def attempts(self) -> int:
        """How often XLPy was called."""
        return self.excel.attempts

    def probes(self) -> int:
        """How often the add-in has asked whether Python starts."""
        return self.excel.probes


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list | tuple) else value


def _apart() -> tuple[TextIO, TextIO]:
    """Standard input and output for the worker alone: programs that it starts get empty ones."""
    pipes = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(null, stream)
    return pipes


def main() -> None:
    requests, answers = _apart()
    pythoncom.CoInitialize()
    os.environ.update(json.loads(requests.readline()))
    worker = Worker()
    for line in requests:
        name, *args = json.loads(line)
        try:
            answer = {"value": getattr(worker, name)(*args)}
        except Exception as problem:  # noqa: BLE001 - whatever VBA or COM raises goes to the test
            answer = {"error": getattr(problem, "description", None) or f"{type(problem).__name__}: {problem}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    sys.exit(main())
