"""Excel in memory: workbooks of ours with their VBA and the add-in beside them, run by an interpreter of VBA.

The workbooks, the cells and the language are those of pyOpenVBA. What it lacks is emulated here, openly, as the
documentation of Excel and of xlwings describes it; the VBA under test is not changed, except that the word WithEvents,
which the interpreter does not read, is taken out.

    one VBA project per workbook    `Project`: its own modules, state and ThisWorkbook
    Application.Run                 "xlbackflush.xlam!Name" reaches the add-in's project; arguments are values, never objects
    Application                     Caller, Cursor, EnableCancelKey, Hwnd, OperatingSystem, GetSaveAsFilename, GetOpenFilename,
                                    MacroOptions;
                                    OnTime, whose macros run where `MemoryExcel.idle` says that nothing else happens
    Workbook, Worksheet             ReadOnly, HasVBProject; EnableCalculation, which calculates the sheet when switched on
    WithEvents                      application events reach the instances of a class that listens
    cells                           `MemoryExcel.put` writes a call of one of our functions into a cell; it is asked when the
                                    cell is written and when its sheet is calculated, as Excel would
    a Mac                           `MemoryExcel(mac=True)`: compiled with the constant Mac, with the class Dictionary of xlwings
    Windows                         WScript.Shell.Run, Sleep, the clock and the files of a FileSystemObject: `Windows`
    xlwings                         XLPy is the real Python functions, through the values that COM would hand over; RunPython,
                                    and the server where it is told of a button, run the real macros over the workbook saved
                                    to a file (`com_file`), which is loaded again
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import hashlib
import io
import pickle
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import com_file
from excel_engine import calling
from pyopenvba.apps.excel import _events, _io
from pyopenvba.apps.excel._bridge import ExcelBridge
from pyopenvba.apps.excel._calc import Calculator, CellKey, Compiled
from pyopenvba.apps.excel._dimensions import SheetDimensions
from pyopenvba.apps.excel._engine_book import EngineBook, scalar
from pyopenvba.apps.excel._io import load_workbook, save_workbook
from pyopenvba.apps.excel._model import Application, Range, Workbook, Worksheet
from pyopenvba.formula._calc.values import Area, Empty, Scalar
from pyopenvba.interpreter import EMPTY, MISSING, NULL, VBAArray, VBAErrorValue, VBAInt, VBAObject
from pyopenvba.interpreter import _runtime as runtime
from pyopenvba.interpreter._objects import MemberSpec, member, method, setter
from pyopenvba.interpreter._preprocess import strip_directives
from pyopenvba.interpreter._runtime import UNRESOLVED, Interpreter, UserClassInstance
from pyopenvba.interpreter._values import error, to_text
from xlbackflush.vba.building import addin
from xlbackflush.vba.building.sources import Module, help_module, modules

from xlbackflush import schema
from xlbackflush.addin import functions
from xlbackflush.addin import server as service
from xlbackflush.schema.excel import ADDIN

ERRORS = {2007: "#DIV/0!", 2015: "#VALUE!", 2023: "#REF!", 2029: "#NAME?", 2036: "#NUM!", 2042: "#N/A"}
COM_ERROR = -2_146_828_288  # an error value crosses COM as this and its number
UNAVAILABLE = -2_147_023_174  # error number: the RPC server is unavailable
EXCEPTION = -2_147_352_567  # error number: exception occurred

# ------------------------------------------------------------------------------------------------------- values


def plain(value: object) -> Any:
    """A value of VBA as Python shows it: errors as a cell shows them, blanks as None, arrays as lists of rows."""
    if isinstance(value, VBAErrorValue):
        return ERRORS[value.number]
    if isinstance(value, VBAArray):
        (top, bottom), (left, right) = value.bounds
        return [[plain(value.get([r, c])) for c in range(left, right + 1)] for r in range(top, bottom + 1)]
    if value is EMPTY or value is NULL or value is MISSING:
        return None
    return int(value) if isinstance(value, VBAInt) else value


def vba(value: object) -> object:
    """A Python value as an argument: None is a blank, "#N/A" an error, lists of rows an array from 1."""
    if value is None:
        return EMPTY
    if isinstance(value, str) and value in ERRORS.values():
        return VBAErrorValue(next(number for number, text in ERRORS.items() if text == value))
    return _array(value, 1, vba) if isinstance(value, list) else value


def _array(rows: Sequence[Sequence[object]], first: int, each: Callable[[object], object]) -> VBAArray:
    array = VBAArray([(first, first + len(rows) - 1), (first, first + len(rows[0]) - 1)])
    for r, row in enumerate(rows, first):
        for c, value in enumerate(row, first):
            array.set([r, c], each(value))
    return array


def _to_python(value: object) -> Any:
    """A value of VBA as COM hands it to Python."""
    if isinstance(value, VBAArray):
        if len(value.bounds) == 1:
            low, high = value.bounds[0]
            return tuple(_to_python(value.get([i])) for i in range(low, high + 1))
        (top, bottom), (left, right) = value.bounds
        return tuple(
            tuple(_to_python(value.get([r, c])) for c in range(left, right + 1)) for r in range(top, bottom + 1)
        )
    if isinstance(value, VBAErrorValue):
        return COM_ERROR + value.number
    if value is EMPTY or value is NULL:
        return None
    assert isinstance(value, bool | int | float | str), value
    return int(value) if isinstance(value, VBAInt) else value


def _from_python(value: object) -> object:
    """A value of Python as COM hands it to VBA: a list of lists is an array from 0, None is Null."""
    if isinstance(value, list):
        return _array(value, 0, _from_python)
    if value is None:
        return NULL
    return VBAInt(value, "Long") if isinstance(value, int) and not isinstance(value, bool) else value


# -------------------------------------------------------------------------------------------- Excel's own objects


class MemoryApplication(Application):
    """Application with what pyOpenVBA leaves out."""

    vba_type_name = "Application"

    def __init__(self, excel: MemoryExcel) -> None:
        super().__init__()
        self.excel = excel
        self.cursor = -4143  # xlDefault
        self.caller: object = VBAErrorValue(2023)
        self.system = "Windows (64-bit) NT 10.00"
        self.save_as: object = False
        self.chosen_files: list[str] = []
        self.asked_for_names = 0
        self.described: list[str] = []
        self.cancel_key = 1  # xlInterrupt
        self.planned: list[tuple[dt.datetime, str]] = []  # what OnTime was given

    @member
    def Hwnd(self) -> object:  # noqa: N802
        return VBAInt(4711, "Long")

    @member
    def EnableCancelKey(self) -> object:  # noqa: N802
        return VBAInt(self.cancel_key, "Long")

    @setter("EnableCancelKey")
    def _set_cancel_key(self, value: Any) -> None:
        self.cancel_key = int(value)

    @method
    def OnTime(self, EarliestTime: Any, Procedure: object) -> object:  # noqa: N802, N803
        self.planned.append((EarliestTime.to_datetime(), to_text(Procedure)))
        return EMPTY

    @member
    def Caller(self) -> object:  # noqa: N802
        return self.caller

    @member
    def OperatingSystem(self) -> object:  # noqa: N802
        return self.system

    @member
    def Cursor(self) -> object:  # noqa: N802
        return VBAInt(self.cursor, "Long")

    @setter("Cursor")
    def _set_cursor(self, value: Any) -> None:
        self.cursor = int(value)

    @method
    def GetSaveAsFilename(self, *_: object) -> object:  # noqa: N802
        self.asked_for_names += 1
        return self.save_as

    @method
    def GetOpenFilename(self, *_: object) -> object:  # noqa: N802
        if not self.chosen_files:
            return False
        array = VBAArray([(1, len(self.chosen_files))])
        for number, file in enumerate(self.chosen_files, 1):
            array.set((number,), file)
        return array

    @method
    def MacroOptions(  # noqa: N802
        self,
        Macro: object = MISSING,  # noqa: N803
        Description: object = MISSING,  # noqa: N803
        Category: object = MISSING,  # noqa: N803
        ArgumentDescriptions: object = MISSING,  # noqa: N803
    ) -> object:
        self.described.append(to_text(Macro))
        return EMPTY

    @method
    def Run(self, Macro: object = MISSING, *args: object) -> object:  # noqa: N802, N803
        """A macro by its name, with the name of its workbook before it."""
        book, _, name = to_text(Macro).rpartition("!")
        project = self.excel.projects.get(book.strip("'").lower())
        if project is None:
            raise error(
                1004, f"Cannot run the macro '{to_text(Macro)}'. The macro may not be available in this workbook."
            )
        assert not any(isinstance(a, VBAObject | VBAErrorValue) for a in args), "objects and errors do not survive Run"
        return project.run(name, args)


def _state(name: str, default: object) -> MemberSpec:
    """A property that remembers what it is set to."""
    attribute = f"_memory_{name}"
    return MemberSpec(
        name,
        "property",
        getter=lambda self: getattr(self, attribute, default),
        setter=lambda self, value: setattr(self, attribute, value),
    )


def _enable_calculation(sheet: Worksheet, value: object) -> None:
    """Switched off and on again, Excel calculates the whole sheet; where calculation is manual, the next time."""
    was, now = getattr(sheet, "_memory_EnableCalculation", True), bool(value)
    sheet._memory_EnableCalculation = now
    sheet.book.saved = False  # as after every calculation
    application = sheet.book.application
    if now and not was and isinstance(application, MemoryApplication):
        application.excel.marked.append(sheet.name)
        if application.calculation == -4105:  # automatic
            application.excel.calculate(sheet)


Workbook.vba_add_member(_state("ReadOnly", False))
Workbook.vba_add_member(_state("HasVBProject", True))
_enabled = _state("EnableCalculation", True)
_enabled.setter = _enable_calculation
Worksheet.vba_add_member(_enabled)


def _deliver_application_events() -> None:
    """Sheet events go to the modules of sheet and workbook, as pyOpenVBA has it, and then to the application's listeners."""
    to_modules, modules_listen = _events._both, _events._listening_for_calculate

    def both(sheet: Worksheet, event: str, args: list[object]) -> None:
        to_modules(sheet, event, args)
        application = sheet.book.application
        if isinstance(application, MemoryApplication) and application.enable_events:
            application.excel.raise_event(f"Sheet{event}", [sheet, *args])

    def listening(book: Workbook) -> bool:
        application = book.application
        return modules_listen(book) or (isinstance(application, MemoryApplication) and application.excel.calculates)

    _events._both, _events._listening_for_calculate = both, listening


_deliver_application_events()


# Every test opens the same few workbooks and modules. What of them no test looks at is not worked out, and the rest once.


def _remember_formulas() -> None:
    """A workbook holds thousands of formulas: each text is taken apart once."""
    read, trees = EngineBook.read, dict[tuple[str, ...], object]()

    def remembered(self: EngineBook, formula: str) -> object:
        key = formula, *self.table_names()
        if key not in trees:
            trees[key] = read(self, formula)
        return trees[key]

    _io._formula_read = functools.cache(_io._formula_read)
    EngineBook.read = remembered


def _remember_modules() -> None:
    """The VBA of a module is parsed once; each project has a copy of its list of declarations, which `Project` cuts."""
    parsed = functools.cache(runtime.parse_module)
    runtime.parse_module = lambda source, *, name, kind: copy.copy(parsed(source, name=name, kind=kind))


class _Pickler(pickle.Pickler):
    """A workbook without its application."""

    def persistent_id(self, obj: object) -> str | None:
        if isinstance(obj, Application):
            return "application"
        return next((name for name, single in _SINGLE.items() if obj is single), None)


class _Unpickler(pickle.Unpickler):
    def __init__(self, content: bytes, application: Application) -> None:
        super().__init__(io.BytesIO(content))
        self._known = {"application": application, **_SINGLE}

    def persistent_load(self, pid: str) -> object:
        return self._known[pid]


#: what VBA knows one of
_SINGLE = {"empty": EMPTY, "null": NULL, "missing": MISSING}


def _remember_workbooks() -> None:
    """A workbook that was read before comes from memory, in a third of the time."""
    read, known = _io.load_workbook, dict[bytes, bytes]()

    def remembered(application: Application, path: Path) -> Workbook:
        if not path.exists():
            return read(application, path)
        digest = hashlib.sha256(path.suffix.encode() + path.read_bytes()).digest()
        if digest not in known:
            pickled = io.BytesIO()
            _Pickler(pickled, pickle.HIGHEST_PROTOCOL).dump(read(application, path))
            known[digest] = pickled.getvalue()
        book: Workbook = _Unpickler(known[digest], application).load()
        book.name, book.path, book.links_folder = path.name, str(path.parent), str(path.resolve().parent)
        return book

    _io.load_workbook = remembered


def _save_inputs_calculated() -> None:
    """A workbook is saved with the values of those formulas that stand in tables for inputs: macros read no others.

    pyOpenVBA would work out the thousands of formulas of the output sheets at each save, in some ten seconds.
    """
    inputs = {table.name for sheet in schema.INPUT_SHEETS for table in sheet.tables}

    def calculated(book: Workbook) -> None:
        for sheet in book.sheets_ if book.calculator.automatic else []:
            areas = [table.area for table in sheet.tables if table.name in inputs]
            for (row, column), cell in list(sheet.cells_.items()):
                if cell.formula and cell.stale and any(area.contains(row, column) for area in areas):
                    book.calculator.value_of(sheet.name, row, column)

    _io._calculated = calculated


def _read_ranges_quickly() -> None:
    """A formula takes the values of its ranges as they stand, and looks through a column down to the last cell there is."""
    read = EngineBook.cells

    def cells(self: EngineBook, area: Area) -> Iterator[tuple[int, int, Scalar]]:
        sheet = self._sheet(area.sheet)
        if sheet.array_formulas or sheet.spills:
            return read(self, area)
        if area.height * area.width <= len(sheet.cells_):
            rows, columns = range(area.top, area.bottom + 1), range(area.left, area.right + 1)
            places = [(row, column) for row in rows for column in columns if (row, column) in sheet.cells_]
        else:
            places = sorted(place for place in sheet.cells_ if area.contains(*place))
        values = [
            (*place, self.cell(area.sheet, *place) if cell.formula else scalar(cell.value))
            for place, cell in [(place, sheet.cells_[place]) for place in places]
        ]
        return (value for value in values if not isinstance(value[2], Empty))

    def used(self: EngineBook, name: str) -> tuple[int, int]:
        places = self._sheet(name).cells_
        return max((row for row, _ in places), default=0), max((column for _, column in places), default=0)

    EngineBook.cells, EngineBook.used = cells, used


def _find_readers_quickly() -> None:
    """The formulas that read a range are kept by the sheet of the range: an edit looks at those of its sheet alone."""
    keep = Calculator._keep

    def kept(self: Calculator, key: CellKey, compiled: Compiled | None) -> None:
        by_sheet = vars(self).setdefault("_blocks_by_sheet", {})
        for area in self._blocks.get(key, ()):
            by_sheet[area.sheet.lower()].pop(key, None)
        keep(self, key, compiled)
        for area in self._blocks.get(key, ()):
            by_sheet.setdefault(area.sheet.lower(), {}).setdefault(key, []).append(area)

    def reading(self: Calculator, name: str, row: int, column: int) -> set[CellKey]:
        blocks = vars(self).get("_blocks_by_sheet", {}).get(name, {})
        found = {key for key, areas in blocks.items() if any(area.contains(row, column) for area in areas)}
        return found | self._readers.get((name, row, column), set())

    Calculator._keep, Calculator._reading = kept, reading


def _leave_heights() -> None:
    """Heights of rows are those of the file; the model would measure the fonts of all cells at every look at a row."""

    def settled(self: SheetDimensions) -> None:
        self._grown_valid = True

    SheetDimensions._settle, SheetDimensions.settle_growth = settled, settled


_remember_formulas()
_remember_modules()
_remember_workbooks()
_save_inputs_calculated()
_leave_heights()
_read_ranges_quickly()
_find_readers_quickly()

# ------------------------------------------------------------------------------------------------- VBA projects


def of_xlwings(*, mac: bool) -> list[Module]:
    """What is run of the installed xlwings: the command line of its server, and on a Mac its Dictionary."""
    module, dictionary = addin.xlwings_modules()
    command = re.search(r"^Function XLPyCommand\(\)\r\n.*?^End Function\r\n", module.source, re.M | re.S)
    assert command
    server = Module("xlwings", "standard", f'#Const App = "Microsoft Excel"\r\n{command[0]}')
    _, _, body = dictionary.source.partition("END\r\n")  # of the head of a class
    body = body.replace("VBA.", "")  # a library that the interpreter does not name
    return [server, Module(dictionary.name, dictionary.kind, body)] if mac else [server]


class _Bridge(ExcelBridge):
    """What the VBA of one workbook sees: Excel, its own ThisWorkbook, and, for the add-in, the xlwings module."""

    def __init__(self, application: MemoryApplication, project: Project) -> None:
        super().__init__(application)
        self.project = project

    def global_object(self, name: str) -> object:
        if name == "thisworkbook":
            return self.project.book()
        return self.application if name == "application" else UNRESOLVED

    def has_global_member(self, name: str) -> bool:
        return name.lower() in self.project.procedures or super().has_global_member(name)

    def create(self, type_name_: str) -> object:
        if type_name_ == "Scripting.FileSystemObject":
            return FileSystem(self.project.excel.windows)
        return super().create(type_name_)

    def call_global(self, name: str, args: list[object], named: dict[str, object]) -> object:
        procedure = self.project.procedures.get(name.lower())
        return procedure(*args) if procedure else super().call_global(name, args, named)


class Project(Interpreter):
    """The VBA project of one workbook. `procedures` stand in for a module that is not given as source."""

    def __init__(
        self,
        excel: MemoryExcel,
        book: Callable[[], Workbook],
        sources: Sequence[Module],
        procedures: dict[str, Callable[..., object]],
    ) -> None:
        self.excel, self.book, self.procedures = excel, book, procedures
        super().__init__(_Bridge(excel.application, self))
        self.clock = lambda: excel.windows.now
        self.dialogs = excel.dialogs
        self.listeners: list[tuple[UserClassInstance, str]] = []
        self._with_events: dict[str, str] = {}
        for source in sources:
            self._add(source)

    def _add(self, module: Module) -> None:
        lines = [line for line in module.source.split("\r\n") if not re.match(r"Attribute \w+\.", line)]
        text = "\r\n".join(lines)
        found = re.search(r"\bWithEvents (\w+) As Application", text)
        if found:
            self._with_events[module.name.lower()] = found[1]
            text = text.replace("WithEvents ", "")
        text = strip_directives(text, constants={"Mac": self.excel.mac})
        added = self.add_module(text, name=module.name, kind=module.kind)
        added.parsed.declares = [d for d in added.parsed.declares if d.name.lower() not in self.procedures]
        if module.kind == "document":
            self.bind_document(module.name, self.book())

    def create(self, type_name: str) -> object:
        made = super().create(type_name)
        variable = self._with_events.get(type_name.lower())
        if variable and isinstance(made, UserClassInstance):
            self.listeners.append((made, variable))
        return made

    def raise_application_event(self, event: str, args: list[object]) -> None:
        for instance, variable in self.listeners:
            handler = instance.module.procedure(f"{variable}_{event}")
            if handler and instance.variables[variable.lower()].get() is self.host.application:
                self.call(handler, instance.module, list(args), {}, me=instance)


# --------------------------------------------------------------------------------------------------- Windows


class Windows:
    """Windows, as VBA reaches it: programs start and write files, pauses pass.

    A command that WScript.Shell.Run is given ends after `pauses` pauses (None: never), and leaves `output` in the file that it
    names; `forbidden`: a policy keeps Excel from starting programs. Run does not wait where it is told so, and gives 0.
    """

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 2, 1)
        self.paused = 0  # milliseconds, in all
        self.commands: list[str] = []
        self.files: dict[str, str] = {}
        self.folder = r"C:\Users\R&D (new)\Temp"  # of temporary files
        self.output, self.pauses, self.forbidden = "ready\r\n", 0, False
        self.interpreter, self.interpreter_exists = r"C:\Program Files\R&D\python.exe", True
        self._running: list[tuple[str, str, int | None]] = []

    def run(self, command: str) -> None:
        """Start a program and go on."""
        self.commands.append(command)
        written, source, name = re.findall(r' > "([^"]+)" 2>&1 & ren "([^"]+)" "([^"]+)""$', command)[0]
        assert written == source
        file = f"{source.rpartition(chr(92))[0]}\\{name}"
        self._running.append((file, self.output, self.pauses))
        self._go_on(0)

    def sleep(self, milliseconds: object) -> object:
        """Sleep of kernel32."""
        self.paused += int(to_text(milliseconds))
        self.now += dt.timedelta(milliseconds=int(to_text(milliseconds)))
        self._go_on(1)
        return EMPTY

    def finish(self) -> None:
        """Every program that runs ends."""
        self._running = [(file, output, 0) for file, output, _ in self._running]
        self._go_on(0)

    def _go_on(self, pauses: int) -> None:
        self._running = [(f, o, None if left is None else left - pauses) for f, o, left in self._running]
        for file, output, left in self._running:
            if left is not None and left <= 0:
                self.files[file] = output
        self._running = [r for r in self._running if r[0] not in self.files]


class Shell(VBAObject):
    """WScript.Shell."""

    vba_type_name = "IWshShell3"

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    @method
    def Run(self, Command: object, WindowStyle: object, WaitOnReturn: object) -> object:  # noqa: N802, N803
        if self.windows.forbidden:
            raise error(70, "Permission denied")
        assert (int(to_text(WindowStyle)), WaitOnReturn) == (0, False)
        self.windows.run(to_text(Command))
        return VBAInt(0, "Integer")


class _Item(VBAObject):
    """What has the members of a dictionary: a File, a Folder, a TextStream."""

    vba_type_name = "Object"

    def __init__(self, **members: object) -> None:
        self.members = {name.lower(): value for name, value in members.items()}

    def vba_get(self, name: str, args: Any = (), named: Any = None) -> object:
        """A member; a text stream at its end cannot be read."""
        value = self.members[name.lower()]
        if name.lower() == "readall" and not value:
            raise error(62, "Input past end of file")
        return value


class FileSystem(VBAObject):
    """Scripting.FileSystemObject over the files of `Windows`."""

    vba_type_name = "FileSystemObject"

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    def _text(self, path: object) -> str:
        if to_text(path) not in self.windows.files:
            raise error(53, "File not found")
        return self.windows.files[to_text(path)]

    @method
    def FileExists(self, path: object) -> object:  # noqa: N802
        return to_text(path) in self.windows.files

    @method
    def GetFile(self, path: object) -> object:  # noqa: N802
        return _Item(Size=VBAInt(len(self._text(path)), "Long"))

    @method
    def OpenTextFile(self, path: object) -> object:  # noqa: N802
        return _Item(ReadAll=self._text(path))

    @method
    def DeleteFile(self, path: object) -> object:  # noqa: N802
        self._text(path)
        del self.windows.files[to_text(path)]
        return EMPTY

    @method
    def GetSpecialFolder(self, folder: object) -> object:  # noqa: N802
        assert int(to_text(folder)) == 2
        return _Item(Path=self.windows.folder)


# ---------------------------------------------------------------------------------------------------- Python


def com_description(problem: BaseException) -> str:
    """The text of an exception as it comes over COM: the exception first, then the lines of the traceback in reverse."""
    _, *places, exception = "".join(traceback.format_exception(problem)).splitlines(keepends=True)
    return "".join([exception, *reversed(places)])


class _Handle(VBAObject):
    """An object of Python in the hands of VBA."""

    vba_type_name = "XLPythonObject"

    def __init__(self, held: Any) -> None:
        self.held = held


class PythonServer(VBAObject):
    """What XLPy gives: a Python process that runs our functions. It dies when `excel.kill_server` says so."""

    vba_type_name = "XLPython"

    def __init__(self, excel: MemoryExcel) -> None:
        self.excel = excel
        self.alive = True

    def _check(self) -> None:
        if not self.alive:
            raise error(UNAVAILABLE, "The RPC server is unavailable.")

    @method
    def Str(self, value: object) -> object:  # noqa: N802
        self._check()
        return str(_to_python(value))

    @method
    def Module(self, name: object) -> object:  # noqa: N802
        self._check()
        return _Handle({functions.__name__: self.excel.functions, service.__name__: self, "os": self}[to_text(name)])

    def is_current(self) -> bool:
        """See `xlbackflush.addin.server`."""
        return self.excel.is_current

    def prepare(self) -> None:
        self.excel.prepared += 1

    def press(self, *given: object) -> None:
        self.excel.press_in_server(*given)

    def _exit(self, code: int) -> None:
        self.excel.kill_server()
        self._check()

    @method
    def TupleFromArray(self, elements: object) -> object:  # noqa: N802
        self._check()
        return _Handle(_to_python(elements))

    @method
    def Call(self, target: _Handle, name: object, arguments: _Handle) -> object:  # noqa: N802
        self._check()
        if target.held is self.excel.functions:
            self.excel.python_calls.append(to_text(name))
        try:
            return _Handle(getattr(target.held, to_text(name))(*arguments.held))
        except Exception as problem:  # noqa: BLE001 - COM hands every exception on
            self._check()
            raise error(EXCEPTION, com_description(problem)) from None

    @method
    def Var(self, handle: _Handle) -> object:  # noqa: N802
        self._check()
        return _from_python(handle.held)


# ----------------------------------------------------------------------------------------------------- Excel


class MemoryExcel:
    """An Excel with or without the add-in."""

    def __init__(self, *, addin: bool = True, mac: bool = False) -> None:
        self.mac = mac
        self.windows = Windows()
        self.dialogs: list[tuple[str, str, str, int]] = []
        self.application = MemoryApplication(self)
        self.projects: dict[str, Project] = {}
        self.marked: list[str] = []  # sheets whose calculation was switched off and on, one by one
        self.python_calls: list[str] = []  # functions that Python was asked for
        self.commands: list[str] = []  # what RunPython was asked for
        self.presses: list[tuple[object, ...]] = []  # what the server was asked for
        self.is_current = True  # whether the server runs what is installed
        self.prepared = 0  # how often a server was told that it will be needed
        self.functions: Any = functions
        self.python: Callable[[str], str] = self._run_command
        self.calculates = (
            False  # whether an edit calculates every formula at once, which is slow, and raises SheetCalculate
        )
        self.attempts = 0  # to reach Python through XLPy
        self.starts = True  # whether XLPy can start Python
        self.seconds = 0  # that XLPy takes to start it, or to give up
        self._cells: dict[tuple[str, str, str], tuple[str, list[object]]] = {}
        self._shown: dict[tuple[str, str, str], Any] = {}
        self._server: PythonServer | None = None
        functions._books.clear()
        if mac:
            self.application.system = "Macintosh (Intel) 10.16"
        if addin:
            self._open_addin()

    # ------------------------------------------------------------------------------------------- workbooks

    def _open_addin(self) -> None:
        book = Workbook(self.application, ADDIN)
        book.add_sheet("xlbackflush")
        xlwings = {
            "xlpy": self._xlpy,
            "runpython": self._run_python,
            "readfile": self._read_file,
            "getconfig": self._setting,
            "fileexists": lambda path: self.windows.interpreter_exists,
            "createguid": lambda: f"GUID-{id(self)}-{len(self.windows.commands)}",
            "wscript": lambda: Shell(self.windows),
            "sleep": self.windows.sleep,
        }
        sources = [*modules("addin"), help_module(), *of_xlwings(mac=self.mac)]
        self.projects[ADDIN] = Project(self, lambda: book, sources, xlwings)
        document = self.addin.module("ThisWorkbook")
        self.addin.call_named("Workbook_Open", [], {}, document, me=document.document)

    @property
    def addin(self) -> Project:
        return self.projects[ADDIN]

    def open(self, path: Path) -> Workbook:
        """A workbook of ours with the stubs that are in it; the events of opening it."""
        book = self.application.workbooks_.vba_get("Open", [str(path)])
        name = book.name
        self.projects[name.lower()] = Project(self, lambda: self.book(name), modules("workbook"), {})
        self.raise_event("WorkbookOpen", [book])
        return book

    def close(self, name: str) -> None:
        self.raise_event("WorkbookBeforeClose", [self.book(name), False])
        self.application.workbooks_.remove(self.book(name))
        del self.projects[name.lower()]

    def book(self, name: str) -> Workbook:
        return self.application.workbooks_.vba_get("Item", [name])

    def range(self, book: str, sheet: str, reference: str) -> Range:
        return self.book(book).sheet_named(sheet).vba_get("Range", [reference])

    def type(self, book: str, sheet: str, reference: str, value: object) -> None:
        """What a person does: the cell changes, and Excel raises its events."""
        self.range(book, sheet, reference).vba_set("Value", vba(value))

    def raise_event(self, event: str, args: list[object]) -> None:
        for project in list(self.projects.values()):
            project.raise_application_event(event, args)

    # -------------------------------------------------------------------------------------------- functions

    def call(self, book: str, name: str, *args: object, sheet: str | None = None) -> Any:
        """A cell function as Excel calls it, from a cell of a sheet of a workbook."""
        with self._calling(self.book(book).sheet_named(sheet) if sheet else None):
            given = [a if isinstance(a, VBAObject) or a is MISSING else vba(a) for a in args]
            return plain(self.projects[book.lower()].run(name, given))

    @contextmanager
    def _calling(self, sheet: Worksheet | None) -> Iterator[None]:
        before = self.application.caller
        self.application.caller = sheet.vba_get("Range", ["A1"]) if sheet else VBAErrorValue(2023)
        try:
            yield
        finally:
            self.application.caller = before

    def put(self, book: str, sheet: str, cell: str, name: str, *args: object) -> Any:
        """Write =NAME(args) into a cell. Gives what the cell then shows."""
        formula = f"={name}({','.join(repr(a) for a in args)})"
        self.book(book).sheet_named(sheet).cell(*_position(cell), create=True).value = formula  # as text, for searches
        self._cells[book.lower(), sheet, cell] = name, list(args)
        return self._calculate(book.lower(), sheet, cell)

    def shown(self, book: str, sheet: str, cell: str) -> Any:
        """What a cell of `put` shows, as of its last calculation."""
        return self._shown[book.lower(), sheet, cell]

    def calculate(self, sheet: Worksheet) -> None:
        """Ask every function on a sheet again."""
        for book, name, cell in list(self._cells):
            if (book, name) == (sheet.book.name.lower(), sheet.name):
                self._calculate(book, name, cell)
        self.raise_event("SheetCalculate", [sheet])

    def _calculate(self, book: str, sheet: str, cell: str) -> Any:
        name, args = self._cells[book, sheet, cell]
        self._shown[book, sheet, cell] = self.call(book, name, *args, sheet=sheet)
        return self._shown[book, sheet, cell]

    # ----------------------------------------------------------------------------------------------- xlwings

    def _xlpy(self) -> object:
        self.attempts += 1
        self.windows.now += dt.timedelta(seconds=self.seconds)
        if not self.starts:
            folders = "\r\nC:\\Python\\Scripts\r\n, C:\\Python"
            raise error(1000, f"Could not load xlwings64.dll from either of the following folders: {folders}")
        assert self.application.active_book is not None, "xlwings needs an active workbook"
        if self._server is None or not self._server.alive:
            self._server = PythonServer(self)
        return self._server

    def _setting(self, name: object, default: object = "") -> object:
        """GetConfig: a setting of the configuration, with its default."""
        return self.windows.interpreter if name == "INTERPRETER_WIN" else default

    def idle(self, seconds: float) -> None:
        """Nothing happens for so long, but for what OnTime was asked for."""
        end = self.windows.now + dt.timedelta(seconds=seconds)
        while due := [plan for plan in self.application.planned if plan[0] <= end]:
            plan = min(due)
            self.application.planned.remove(plan)
            self.windows.now = max(self.windows.now, plan[0])
            self.application.vba_get("Run", [plan[1]])
        self.windows.now = end

    def kill_server(self) -> None:
        """Python ends; the next one knows no workbook."""
        assert self._server
        self._server.alive = False
        functions._books.clear()

    def _read_file(self, path: object) -> object:
        return Path(to_text(path)).read_text(encoding="utf-8")

    def _run_python(self, command: object) -> object:
        """RunPython: 0, or -1 after ShowError has been shown what Python wrote to its error output."""
        self.commands.append(to_text(command))
        try:
            self.application.status_bar = self.python(to_text(command))
        except Exception as problem:  # noqa: BLE001 - another process: whatever it raises ends up as text
            self.addin.run("ShowError", ["", "".join(traceback.format_exception(problem))])
            return VBAInt(-1, "Integer")
        return VBAInt(0, "Integer")

    def press_in_server(self, *given: object) -> None:
        """See `xlbackflush.addin.server`: the real one, and what it leaves in the status bar."""
        self.presses.append(given)
        with mock.patch.object(sys, "argv", ["-c"]):
            self.application.status_bar = self.python(f"from {service.__name__} import press; press(*{given!r})")

    def _run_command(self, command: str) -> str:
        """The command itself, in the workbook as xlwings finds it: saved to a file, and what became of it loaded again."""
        book = self.application.active_book
        assert book is not None
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / book.name
            save_workbook(book, file)
            opened = com_file.Workbook(file)
            opened.path = Path(book.path) / book.name
            excel = opened.application
            self._lend(book, excel, opened)
            with calling(opened):
                exec(command, {})
            opened.SaveCopyAs(str(file))
            self._reload(book, file)
        self._take_back(book, excel)
        return str(excel.StatusBar)

    def _lend(self, book: Workbook, excel: com_file.Application, opened: com_file.Workbook) -> None:
        """The state of the application and the selected cell, as Python finds them."""
        mine = self.application
        excel.Calculation, excel.EnableEvents = mine.calculation, mine.enable_events
        excel.ScreenUpdating, excel.StatusBar = mine.screen_updating, mine.status_bar
        sheet = book.active_sheet
        assert sheet is not None
        excel.Goto(opened.Worksheets(sheet.name).Range(sheet.active_cell.vba_get("Address").replace("$", "")))

    def _take_back(self, book: Workbook, excel: com_file.Application) -> None:
        """The state of the application and the selected cell, as Python leaves them."""
        mine = self.application
        mine.calculation, mine.enable_events, mine.screen_updating = (
            excel.Calculation, excel.EnableEvents, excel.ScreenUpdating,
        )  # fmt: skip
        assert excel.active is not None
        sheet = book.sheet_named(excel.active.Worksheet.Name)
        book.activate_sheet(sheet)
        sheet.active_cell_range = sheet.vba_get("Cells", [excel.active.Row, excel.active.Column])

    def _reload(self, book: Workbook, file: Path) -> None:
        """The same workbook, for whoever holds it, with what is in a file."""
        loaded, path = load_workbook(self.application, file), book.path
        vars(book).update(vars(loaded))
        for sheet in book.sheets_:
            sheet.book = book
            for cell in sheet.cells_.values():
                cell.stale = bool(cell.formula)  # the file holds formulas without values: Excel calculates them
        book.names_._book = book.queries_.book = book
        book.path, book._calculator = path, None


def _position(cell: str) -> tuple[int, int]:
    from openpyxl.utils import coordinate_to_tuple

    return coordinate_to_tuple(cell)
