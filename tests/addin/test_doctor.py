"""`doctor`: each check passes where all is well, and says what is wrong and how to mend it where something is not."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.metadata
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from com_file import Workbook
from excel_engine import calling
from machines import Registry, machine, with_python
from memory_excel import MemoryExcel, _to_python, plain
from pyopenvba.interpreter import VBAArray
from support_files import Parts, cli, sample_book

from xlbackflush import __version__, schema
from xlbackflush.addin import ask_excel, doctor, trial
from xlbackflush.addin.ask_excel import UnsaidError
from xlbackflush.addin.computer import COMPUTER, USER, Machine
from xlbackflush.addin.doctor import Diagnosis, examine, in_excel
from xlbackflush.addin.install import install
from xlbackflush.addin.install import places as install_places
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.address import Box, column_letter, split_cell
from xlbackflush.ooxml.package import Package
from xlbackflush.ooxml.reader import SheetReader
from xlbackflush.ooxml.values import stored
from xlbackflush.schema import excel
from xlbackflush.template import binaries
from xlbackflush.workbook import live
from xlbackflush.workbook.file import FileBook

POLICIES = r"Software\Policies\Microsoft\Office\16.0"
ASR = r"SOFTWARE\{}Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"
CHILDREN, WIN32 = "D4F940AB-401B-4EFC-AADC-AD5F3C50688A", "92E97FA1-2EDF-4476-BDD6-9DD0B4DDDC7B"


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def windows(tmp_path: Path, registry: Registry) -> Machine:
    """A Windows computer with a Python of its own: this one, under a folder where a DLL can be laid beside it."""
    home = tmp_path / "home"
    python = home / "python" / "Scripts" / "python.exe"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (home / "python" / f"xlwings64-{binaries.XLWINGS}.dll").write_bytes(b"")
    computer = with_python(machine("Windows", home, registry), python)
    install(computer)
    return computer


def found(computer: Machine, check: str) -> Diagnosis:
    return Diagnosis(check, *doctor.CHECKS[check][0](computer))


# ------------------------------------------------------------------------------------------------ all is well


def test_on_windows_after_an_install_nothing_is_wrong(windows: Machine) -> None:
    results = {f.check: f.result for f in examine(windows)}
    on_linux = {"pywin32": "FAIL"} if sys.platform != "win32" else {}  # the one thing that cannot be there
    assert results == dict.fromkeys(results, "PASS") | on_linux
    assert len(results) == 12


def test_on_a_mac_after_an_install_what_is_of_windows_is_skipped(tmp_path: Path) -> None:
    mac = machine("Mac", tmp_path / "home")
    install(mac)
    *looked, skipped = examine(mac)
    assert skipped.line == "SKIP  For Windows only: pywin32, Bridge for functions, Trust, Starting Python, OneDrive."
    assert {f.check: f.result for f in looked} == dict.fromkeys(
        ("Python", "Packages", "Add-in", "Configuration", "Interpreter for Excel", "Engine", "Temporary folder"), "PASS"
    )


def test_elsewhere_nothing_fails_and_nothing_is_written(tmp_path: Path) -> None:
    other = machine("Other", tmp_path / "home")
    before = sorted(tmp_path.rglob("*"))
    *looked, skipped = examine(other)
    assert {f.check: f.result for f in looked} == dict.fromkeys(("Python", "Packages", "Temporary folder"), "PASS")
    assert skipped.line == (
        "SKIP  For Excel only: pywin32, Bridge for functions, Add-in, Configuration, Interpreter for Excel, Engine, Trust, "
        "Starting Python, OneDrive."
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_every_line_says_how_to_mend_it(windows: Machine, registry: Registry) -> None:
    """What fails or warns tells what to do."""
    registry.set(USER, rf"{POLICIES}\Common", "VBAOff", 1)
    registry.set(COMPUTER, ASR.format(""), CHILDREN, "1")
    for path in windows.home.rglob("xlbackflush.*"):
        path.unlink()
    wrong = [f for f in examine(windows) if f.result != "PASS"]
    assert {f.check for f in wrong} >= {"Add-in", "Configuration", "Interpreter for Excel", "Trust", "Starting Python"}
    for finding in wrong:
        assert finding.mend or finding.result == "SKIP", finding
        assert finding.line.startswith(f"{finding.result}  {finding.check}: ")


# --------------------------------------------------------------------------------------------------- Python


def test_a_python_of_the_microsoft_store_fails(windows: Machine) -> None:
    store = replace(windows, base=Path("C:/Program Files/WindowsApps/PythonSoftwareFoundation.Python.3.12"))
    assert found(store, "Python").result == "FAIL"
    assert "python.org" in found(store, "Python").mend


def test_the_packages_are_named_with_their_versions(windows: Machine) -> None:
    what = found(windows, "Packages").what
    assert f"xlbackflush {__version__}" in what
    for name in ("numpy", "pandas", "python-calamine", "openpyxl", "xlwings"):
        assert f"{name} " in what
    assert "pytest" not in what
    assert "pyOpenVBA" not in what


def test_a_package_of_another_version_than_the_only_one_that_fits_is_told(
    windows: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.30.1" if name == "xlwings" else real(name))
    packages = found(windows, "Packages")
    assert (packages.result, packages.what) == (
        "FAIL", f"xlwings 0.30.1 is installed, but the add-in is made for xlwings=={binaries.XLWINGS}.",
    )  # fmt: skip
    assert packages.mend == f"Run: python -m pip install xlwings=={binaries.XLWINGS}"


@pytest.mark.parametrize(("office", "name"), [("x64", "xlwings64"), ("x86", "xlwings32"), (None, "xlwings64")], ids=str)
def test_the_dll_must_fit_the_excel_and_stand_where_vba_looks(
    windows: Machine, registry: Registry, office: str | None, name: str
) -> None:
    if office:
        registry.set(COMPUTER, r"SOFTWARE\Microsoft\Office\ClickToRun\Configuration", "Platform", office)
    folder, version = windows.python.parent, binaries.XLWINGS
    for old in windows.home.rglob("*.dll"):
        old.unlink()
    assert found(windows, "Bridge for functions").result == "FAIL"
    assert f"{name}-{version}.dll" in found(windows, "Bridge for functions").what
    # where install copies it to, of an installation, of a virtual environment
    for place in (windows.home / ".xlbackflush", folder, folder.parent):
        dll = place / f"{name}-{version}.dll"
        dll.write_bytes(b"")
        assert found(windows, "Bridge for functions").result == "PASS"
        dll.unlink()
    (folder / f"{name}-0.1.0.dll").write_bytes(b"")
    assert found(windows, "Bridge for functions").result == "FAIL", "of another version"
    assert "pip install --force-reinstall" in found(windows, "Bridge for functions").mend
    elsewhere = windows.appdata / "Python" / f"{name}-{version}.dll"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(b"")
    assert found(replace(windows, libraries=(elsewhere,)), "Bridge for functions").mend == "Run: xlbackflush install"


# --------------------------------------------------------------------------------------------- installation


def test_before_an_install_each_part_is_missed(tmp_path: Path) -> None:
    findings = {f.check: f for f in examine(machine("Windows", tmp_path / "home"))}
    for check in ("Add-in", "Configuration", "Interpreter for Excel"):
        assert findings[check].result == "FAIL"
        assert findings[check].mend == "Run: xlbackflush install"
    assert findings["Engine"].result == "SKIP"


def test_an_add_in_of_another_version_is_stale(windows: Machine) -> None:
    path = next(windows.home.rglob("xlbackflush.xlam"))
    parts = Parts(path)
    parts.edit("docProps/core.xml", f"xlbackflush {__version__}", "xlbackflush 0.0.9")
    parts.save(path)
    assert found(windows, "Add-in").result == "FAIL"
    install(windows, force=True)
    assert found(windows, "Add-in").result == "PASS"


def test_a_signed_copy_of_the_add_in_is_in_order(windows: Machine) -> None:
    path = next(windows.home.rglob("xlbackflush.xlam"))
    parts = Parts(path)
    parts["xl/vbaProjectSignature.bin"] = b"signature"
    parts.save(path)
    assert found(windows, "Add-in") == Diagnosis("Add-in", "PASS", f"{path}, a signed copy.")


def test_a_changed_configuration_is_a_warning(windows: Machine) -> None:
    path = next(windows.home.rglob("xlbackflush.conf"))
    path.write_bytes(path.read_bytes().replace(b'"SHOW CONSOLE","False"', b'"SHOW CONSOLE","True"'))
    assert found(windows, "Configuration").result == "WARN"
    assert found(windows, "Interpreter for Excel").result == "PASS"


def test_an_interpreter_that_is_gone_and_one_that_is_another(windows: Machine) -> None:
    python = windows.python
    other = with_python(windows, Path(sys.executable))
    assert found(other, "Interpreter for Excel").result == "WARN"
    assert found(other, "Engine").result == "PASS"
    python.unlink()
    assert found(windows, "Interpreter for Excel").result == "FAIL"
    assert found(windows, "Engine").result == "SKIP"


@pytest.mark.parametrize(
    ("script", "result", "said"),
    [
        ("echo 0.0.9", "WARN", "has xlbackflush 0.0.9"),
        ("echo 'Traceback ...' >&2; echo \"ModuleNotFoundError: No module named 'xlbackflush'\" >&2; exit 1",
         "FAIL", "cannot load xlbackflush: ModuleNotFoundError: No module named 'xlbackflush'"),
        ("exit 3", "FAIL", "cannot load xlbackflush: exit code 3"),
    ],
    ids=["older", "without", "silent"],
)  # fmt: skip
def test_the_interpreter_must_load_xlbackflush(windows: Machine, script: str, result: str, said: str) -> None:
    windows.python.write_text(f"#!/bin/sh\n{script}\n")
    assert found(windows, "Engine").result == result
    assert said in found(windows, "Engine").what


def test_an_interpreter_that_cannot_be_run(windows: Machine) -> None:
    windows.python.write_bytes(b"\x00 is no program")
    windows.python.chmod(0o644)
    assert found(windows, "Engine").result == "FAIL"
    assert "cannot be run" in found(windows, "Engine").what


# ------------------------------------------------------------------------------------------------- policies


@pytest.mark.parametrize("managed", [True, False], ids=["policy", "setting"])
@pytest.mark.parametrize(
    ("key", "name"),
    [
        (r"\Common", "vbaoff"),
        (r"\Common\Security", "requirealwaysonmacrosig"),
        (r"\Excel\Security", "disablealladdins"),
        (r"\Excel\Security", "requireaddinsig"),
        (r"\Excel\Security\Trusted Locations", "alllocationsdisabled"),
    ],
)
def test_what_keeps_an_add_in_from_running(
    windows: Machine, registry: Registry, key: str, name: str, managed: bool
) -> None:
    place = (POLICIES if managed else POLICIES.replace("Policies\\", "")) + key
    registry.set(USER, place, name, 0)
    assert found(windows, "Trust").result == "PASS"
    registry.set(USER, place, name, 1)
    assert found(windows, "Trust").result == "FAIL"
    assert "xlbackflush run" in found(windows, "Trust").mend


@pytest.mark.parametrize(("setting", "result"), [(1, "PASS"), (2, "PASS"), (3, "WARN"), (4, "WARN"), (None, "PASS")])
def test_macro_settings_of_workbooks(windows: Machine, registry: Registry, setting: int | None, result: str) -> None:
    registry.set(USER, rf"{POLICIES}\Excel\Security", "VBAWarnings", setting)
    assert found(windows, "Trust").result == result


@pytest.mark.parametrize("drive", [False, True], ids=["path", "drive"])
@pytest.mark.parametrize(
    ("policy", "own", "result"),
    [(None, None, "WARN"), (None, 0, "WARN"), (None, 1, "PASS"), (1, None, "PASS"), (0, 1, "WARN"), (1, 0, "PASS")],
    ids=str,
)
def test_a_startup_folder_on_a_server_is_trusted_only_where_excel_was_told(
    windows: Machine, registry: Registry, policy: int | None, own: int | None, result: str, drive: bool
) -> None:
    registry.set(USER, r"Network\H", "RemotePath", r"\\server\users\me")
    registry.set(USER, rf"{POLICIES}\Excel\Security\Trusted Locations", "AllowNetworkLocations", policy)
    place = rf"{POLICIES}\Excel\Security\Trusted Locations".replace("Policies\\", "")
    registry.set(USER, place, "AllowNetworkLocations", own)
    assert found(windows, "Trust").result == "PASS"
    appdata = r"H:\AppData" if drive else r"\\server\users\me\AppData"
    trust = found(replace(windows, environment={**windows.environment, "APPDATA": appdata}), "Trust")
    assert trust.result == result
    assert ("Allow Trusted Locations on my network" in trust.mend) == (result == "WARN")


@pytest.mark.parametrize("rule", [CHILDREN, WIN32])
@pytest.mark.parametrize(
    ("state", "result"), [("0", "PASS"), ("1", "FAIL"), (1, "FAIL"), ("2", "PASS"), ("6", "WARN")], ids=str
)
def test_attack_surface_reduction(
    windows: Machine, registry: Registry, rule: str, state: str | int, result: str
) -> None:
    for folder in ("", "Policies\\"):
        registry.values.clear()
        registry.set(COMPUTER, ASR.format(folder), rule, state)
        assert found(windows, "Starting Python").result == result
    registry.values.clear()
    manager = r"SOFTWARE\Policies\Microsoft\Windows Defender\Policy Manager"
    registry.set(COMPUTER, manager, "ASRRules", f"01443614-cd74-433a-b99e-2ecdc07bfc25=2|{rule.lower()}={state}")
    assert found(windows, "Starting Python").result == result


def test_a_policy_comes_before_the_computers_own_setting(windows: Machine, registry: Registry) -> None:
    registry.set(COMPUTER, ASR.format(""), CHILDREN, "1")
    registry.set(COMPUTER, ASR.format("Policies\\"), CHILDREN, "0")
    assert found(windows, "Starting Python").result == "PASS"


def test_a_command_prompt_that_is_switched_off(windows: Machine, registry: Registry) -> None:
    registry.set(USER, r"Software\Policies\Microsoft\Windows\System", "DisableCMD", 1)
    assert found(windows, "Starting Python").result == "FAIL"


def test_documents_in_onedrive_are_a_warning(windows: Machine, registry: Registry) -> None:
    shell = r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
    registry.set(USER, shell, "Personal", r"%USERPROFILE%\Documents")
    assert found(windows, "OneDrive").result == "PASS"
    registry.set(USER, shell, "Personal", r"C:\Users\me\OneDrive - Company\Documents")
    assert found(windows, "OneDrive").result == "WARN"


@pytest.mark.parametrize("temporary", ["", "gone"])
def test_the_temporary_folder_must_be_there(windows: Machine, temporary: str) -> None:
    environment = {**windows.environment, "TEMP": temporary and str(windows.home / temporary)}
    assert found(replace(windows, environment=environment), "Temporary folder").result == "FAIL"


# ------------------------------------------------------------------------------------------ the command line


def test_the_command_prints_a_line_for_each_check() -> None:
    result = cli("doctor")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()[:-1]] == [f.result for f in _here()]
    assert result.out.splitlines()[-1] == "PASS for the command line; there is no Excel on this system."
    assert cli("doctor", "--quiet").out == ""
    printed = cli("doctor", "--json").json
    assert [c["check"] for c in printed["checks"]] == [f.check for f in _here()]
    assert printed["report"] is None


def _here() -> list[Diagnosis]:
    from xlbackflush.addin.computer import this_machine

    return examine(this_machine())


def test_without_excel_a_trial_fails_in_plain_words_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform in ("win32", "darwin"):
        pytest.skip("for systems without Excel")
    monkeypatch.chdir(tmp_path)
    result = cli("doctor", "--excel", "--quiet")
    assert (result.code, result.out) == (1, "FAIL  Excel: there is no Excel on this system. Try it where Excel is.\n")
    report = (tmp_path / "xlbackflush-report.txt").read_text(encoding="utf-8")
    assert f"xlbackflush {__version__}" in report
    assert "FAIL  Excel: there is no Excel on this system." in report
    assert cli("doctor", "--report", tmp_path / "no" / "such" / "folder.txt").code == 2


# ----------------------------------------------------------------------------------------- trial in an Excel


class Elsewhere:
    """What the trial asks besides cells and macros, answered from files as an Excel that is in order would."""

    path: Path
    name = "backflush-trial.xlsm"

    def __init__(self) -> None:
        self.spoilt: dict[tuple[str, str], object] = {}
        self.wrong: dict[str, object] = {}  # question -> what is answered instead; an exception is raised

    def _said(self, question: str, answer: Any) -> Any:
        given = self.wrong.get(question, answer)
        if isinstance(given, Exception):
            raise given
        return given

    def contents(self) -> list[str]:
        known = [*trial.stored_contents(self.path), "name Journal!Print_Titles"]  # Excel lists names of its own, too
        return list(self._said("contents", known))

    def reopened(self, path: Path) -> tuple[list[str], bool]:
        return self._said("reopened", trial.stored_contents(path)), self._said("saved", True)

    def preview(self, path: Path, boxes: dict[str, Box]) -> dict[str, list[list[object]]]:
        return self._said("preview", {sheet: [["All checks hold"]] for sheet in boxes})

    def typed(self, sheet: str, cell: str, keys: str) -> tuple[object, object]:
        column, row = split_cell(cell)
        ((before,),) = stored_values(self.path, sheet, (row, column, row, column))
        return self._said("typed", float(keys)), self._said("undone", before)

    def folded(self, sheet: str, rows: Sequence[int]) -> list[int]:
        parts = Parts(self.path)
        text = parts[parts.sheets()[sheet]].decode()
        deep = {int(row) for row in re.findall(r'<row r="(\d+)"[^>]* outlineLevel="[1-7]"', text)}
        return self._said("folded", [row for row in rows if row not in deep])

    def startup(self) -> str:
        return str(self._said("startup", "C:\\nowhere"))

    def facts(self) -> dict[str, object]:
        return {"Excel": "16.0, build 28112"}


class Pretender(Elsewhere):
    """A workbook file in the place of a workbook in Excel: the engine runs it, answers come from the engine's tables.

    It holds to the letter what Excel should show, so that a test can spoil one cell or answer and see it noticed.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def press(self, macro: str) -> None:
        assert macro == "BackflushRun"
        if self._said("press", True):
            with FileBook(self.path) as book:
                lifecycle.run(book, "somebody", dt.datetime(2031, 1, 2))

    def values(self, sheet: str, box: Box) -> list[list[object]]:
        spoilt = {split_cell(cell): value for (name, cell), value in self.spoilt.items() if name == sheet}
        rows = stored_values(self.path, sheet, box)
        top, left, *_ = box
        return [[spoilt.get((c, r), v) for c, v in enumerate(row, left)] for r, row in enumerate(rows, top)]

    def ask(self, formulas: Sequence[str]) -> list[object]:
        known = dict(trial.questions(self.path))
        return [self.wrong.get(formula, known[formula]) for formula in formulas]

    def spread(self, formula: str, cells: Sequence[str]) -> list[object]:
        assert formula == "=BACKFLUSH_COST({cells},7)"
        known = dict(trial.questions(self.path))
        answers = [known.get(f'=BACKFLUSH_COST("{cell}",7)', CellError("#N/A")) for cell in cells]
        return self._said("spread", answers) if len(cells) > 1 else answers

    def call(self, procedure: str, *arguments: object) -> object:
        module = procedure.split("!")[-1].split(".")[0]
        known = {
            "BackflushValues": "w-100", "BackflushStubs": "Ready", "BackflushHelp": None, "xlwings": sys.executable,
            "BackflushTables": ("Setup", "StandardCost", "BOM", "Units"), "BackflushGateway": True, "RunPython": 0,
        }  # fmt: skip
        what = "RunPython" if procedure.endswith(".RunPython") else module
        return self._said(what, known[what])


def stored_values(path: Path, sheet: str, box: Box) -> list[list[object]]:
    """Cells of a file as Excel gives them."""
    top, left, bottom, right = box
    with closing(Package(path)) as package:
        reader = SheetReader(package)
        cells = {
            (column, row): value if isinstance(value, CellError) else _as_excel(value)
            for row, values in enumerate(reader.grid(sheet), 1)
            for column, value in enumerate(values, 1)
        }
    return [[cells.get((c, r), "") for c in range(left, right + 1)] for r in range(top, bottom + 1)]


def _as_excel(value: object) -> object:
    shown = stored(value)
    return "" if shown is None else float(shown) if isinstance(shown, int) else shown


Spoil = Callable[[Pretender], object]


def tried(computer: Machine, spoil: Spoil = lambda book: None) -> dict[str, Diagnosis]:
    """The findings of a trial by the question, in an Excel that is in order but for what `spoil` does to it."""

    @contextmanager
    def open_book(path: Path) -> Iterator[Pretender]:
        book = Pretender(path)
        book.wrong |= {
            "startup": install_places(computer).addin.parent, "xlwings": str(computer.python),
        }  # fmt: skip
        spoil(book)
        yield book

    return {f.check.removeprefix("Excel, "): f for f in in_excel(computer, [], open_book)}


def results(findings: dict[str, Diagnosis]) -> dict[str, str]:
    return {check: finding.result for check, finding in findings.items()}


PASSED = dict.fromkeys(trial.QUESTIONS, "PASS")


def test_an_excel_that_is_in_order_passes_every_question(windows: Machine) -> None:
    findings = tried(windows)
    assert results(findings) == PASSED
    assert int(findings["cells"].what.split()[0].replace(",", "")) > 10_000
    assert int(findings["functions"].what.split()[0].replace(",", "")) > 400
    assert findings["versions"].details == ("Excel: 16.0, build 28112",)


BARE = [f"sheet {sheet.name}" for sheet in schema.SHEETS]

#: answers of an Excel where nothing is in order: question -> answer, the part that fails, and what it says
WRONG: dict[str, tuple[object, str, str]] = {
    "startup": (r"C:\Users\me\Start", "startup folder", r"Excel loads add-ins from C:\Users\me\Start;"),
    "contents": (BARE, "opens without repair", "table BOM at BOM!A6:"),
    "reopened": (BARE, "opens results without repair", "table Journal at Journal!A6:"),
    "saved": (False, "saving", "asks whether to save it"),
    "preview": ({"About": [["", ""], ["", "Not run yet"]]}, "Protected View", "About!B2: Not run yet"),
    "BackflushValues": ("W-100", "compiles", "BackflushValues: 'W-100', not 'w-100'"),
    "BackflushHelp": (OSError("Method MacroOptions failed"), "function wizard", "Method MacroOptions failed"),
    "spread": ([1.0, CellError("#VALUE!"), 1.0], "functions of ranges", "there is no such item: Excel has '#VALUE!'"),
    '=BACKFLUSH_BALANCE("Cost of goods sold")': (CellError("#N/A"), "functions", '"Cost of goods sold"): Excel has'),
    "folded": ([7], "outline of the Trace", "Trace, folded: rows 7 in sight, not 7, "),
    "BackflushGateway": (False, "button, Python that stays", "each button starts one of its own"),
    "RunPython": (-1, "button, Python of its own", "did not do its work"),
    "undone": (12.5, "Undo", "12.5 after Undo"),
}


def test_each_question_has_an_answer_that_fails(windows: Machine) -> None:
    def spoil(book: Pretender) -> None:
        book.wrong |= {question: answer for question, (answer, *_) in WRONG.items()}
        book.spoilt |= {(sheet, cell): value for sheet, cell, value, _ in CELLS}

    findings = tried(windows, spoil)
    assert results(findings) == dict.fromkeys(trial.QUESTIONS, "FAIL") | {"versions": "PASS", "button": "PASS"}
    for _, part, shown in WRONG.values():
        finding = findings[part]
        assert any(shown in line for line in (finding.what, *finding.details)), finding
        assert finding.mend == "Please send the report."
    assert [line.split(": ")[0] for line in findings["cells"].details] == sorted(f"{s}!{c}" for s, c, *_ in CELLS)
    for sheet, cell, _, shown in CELLS:
        assert any(line.startswith(f"{sheet}!{cell}: ") and shown in line for line in findings["cells"].details)


CELLS = [
    ("Journal", "A7", "", "Excel has None"),
    ("Journal", "I7", 1.0, "Excel has 1"),
    ("Ledger", "I8", CellError("#NAME?"), "Excel has '#NAME?'"),
    ("Runs", "B20", "one row too many", "the file None"),
]


def test_what_excel_refuses_or_does_not_say_keeps_no_other_question_from_being_asked(windows: Machine) -> None:
    silent = UnsaidError("Excel was not in front")
    findings = tried(
        windows,
        lambda book: book.wrong.update(
            xlwings=OSError("Compile error in hidden module"), folded=PermissionError("sheet Trace is protected"),
            typed=silent, startup=silent,
        ),
    )  # fmt: skip
    assert results(findings) == PASSED | {
        "compiles": "FAIL", "outline of the Trace": "FAIL", "Undo": "WARN", "startup folder": "WARN",
    }  # fmt: skip
    assert findings["compiles"].what == "OSError: Compile error in hidden module."
    assert any("Traceback" in line for line in findings["compiles"].details)
    assert findings["Undo"].what == "not checked: Excel was not in front."
    assert findings["Undo"].mend == "Please send the report."


def test_where_excel_runs_nothing_of_private_modules_they_are_not_judged(tmp_path: Path) -> None:
    book = Pretender(sample_book(tmp_path / "book.xlsm", "widgets"))
    state = trial.Trial(book, book.path, book.path, engine=True)
    for question in (trial.compiling, trial.describing):
        assert question(state)[1] == []
    book.wrong["BackflushTables"] = OSError("Cannot run the macro")
    for question in (trial.compiling, trial.describing):
        with pytest.raises(
            UnsaidError, match=r"does not run procedures of private modules from outside \(Cannot run the macro\)"
        ):
            question(state)


def test_where_the_button_fails_what_needs_a_run_says_so_and_other_keys_are_no_undo(windows: Machine) -> None:
    findings = tried(windows, lambda book: book.wrong.update(press=OSError("Call was rejected by callee"), typed=5.0))
    needs_a_run = dict.fromkeys(("cells", "functions", "outline of the Trace", "Undo"), "WARN")
    assert results(findings) == PASSED | {"button": "FAIL"} | needs_a_run
    assert findings["button"].what == "OSError: Call was rejected by callee."
    assert "the button made no run" in findings["cells"].what
    assert "5.0 arrived" in findings["Undo"].what


@pytest.mark.parametrize(("relative", "passes"), [(1e-12, True), (1e-6, False)])
def test_only_the_last_digits_may_differ(windows: Machine, relative: float, passes: bool) -> None:
    amount = 4720.5
    assert trial.same(amount, amount * (1 + relative)) is passes
    assert trial.same(0, 1e-11)
    assert not trial.same(0, 0.01)
    assert not trial.same(None, 0)
    assert not trial.same("1", 1)


def test_an_excel_that_does_not_open_the_workbook_ends_in_the_report(windows: Machine) -> None:
    def fault(book: Pretender) -> None:
        raise OSError("Call was rejected by callee")

    (finding,) = tried(windows, fault).values()
    assert (finding.result, finding.what) == ("FAIL", "OSError: Call was rejected by callee.")
    assert any("Traceback" in line for line in finding.details)


def test_excel_is_not_tried_where_the_installation_is_wrong(windows: Machine) -> None:
    wrong = [Diagnosis("Add-in", "FAIL", "not installed.")]
    (finding,) = in_excel(windows, wrong, lambda path: pytest.fail("opened"))
    assert finding.result == "SKIP"


class InMemory(Elsewhere):
    """A workbook in the Excel in memory: its VBA and the add-in's run, and Python behind them."""

    configuration: Path

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.excel = path, MemoryExcel()
        self.excel.open(path)

    def press(self, macro: str) -> None:
        self.excel.call(self.name, macro)

    def values(self, sheet: str, box: Box) -> list[list[object]]:
        top, left, bottom, right = box
        address = f"{column_letter(left)}{top}:{column_letter(right)}{bottom}"
        shown = plain(self.excel.range(self.name, sheet, address).vba_get("Value2"))
        return [["" if c is None else c for c in row] for row in (shown if isinstance(shown, list) else [[shown]])]

    def ask(self, formulas: Sequence[str]) -> list[object]:
        return [self.excel.call(self.name, *_call(formula)) for formula in formulas]

    def folded(self, sheet: str, rows: Sequence[int]) -> list[int]:
        raise UnsaidError("this Excel keeps no outline")

    def spread(self, formula: str, cells: Sequence[str]) -> list[object]:
        name, units = re.fullmatch(r"=(\w+)\({cells},(\d+)\)", formula).groups()  # type: ignore[union-attr]
        given = [[cell or None] for cell in cells]
        shown = self.excel.call(self.name, name, given if len(given) > 1 else None, float(units))
        return [row[0] for row in shown] if isinstance(shown, list) else [shown]

    def call(self, procedure: str, *arguments: object) -> object:
        book, _, name = procedure.rpartition("!")
        module, _, name = name.rpartition(".")
        if name == "RunPython":
            return plain(self.excel._run_python(arguments[0]))
        if module == "xlwings":  # which is not in memory
            conf = next(Path(self.configuration).rglob("xlbackflush.conf"))
            return dict(csv.reader(conf.read_text().splitlines()))[str(arguments[0])]
        given = self.excel.projects[(book or self.name).lower()].run(name, list(arguments))
        return tuple(_to_python(given)) if isinstance(given, VBAArray) else plain(given)


def _call(formula: str) -> tuple[Any, ...]:
    """A function and its arguments: texts and numbers."""
    name, given = re.fullmatch(r"=(\w+)\((.*)\)", formula).groups()  # type: ignore[union-attr]
    return name, *(text if not number else float(number) for text, number in re.findall(r'"([^"]*)"|([-\d.]+)', given))


def test_the_whole_trial_in_an_excel_in_memory(windows: Machine) -> None:
    """Button, add-in, Python, and every function: as the doctor does it in a real Excel."""
    books = []

    @contextmanager
    def open_book(path: Path) -> Iterator[InMemory]:
        books.append(InMemory(path))
        books[0].configuration = windows.home
        books[0].wrong |= {"startup": install_places(windows).addin.parent}
        yield books[0]

    findings = {f.check.removeprefix("Excel, "): f for f in in_excel(windows, [], open_book)}
    wrong = [f.details for f in findings.values() if f.result == "FAIL"]
    assert results(findings) == PASSED | {"outline of the Trace": "WARN"}, wrong
    assert [text.split(":")[0] for _, text, *_ in books[0].excel.dialogs] == ["Done"]
    assert len(books[0].excel.presses) == 1
    assert len(books[0].excel.commands) == 1  # a Python of its own
    assert len(books[0].excel.application.described) == 2 * len(excel.FUNCTIONS)  # when it opened, and when asked


def test_cells_are_read_through_xlwings_as_a_file_has_them(tmp_path: Path) -> None:
    """What the doctor's workbook reads in Excel, over Excel's objects on a workbook that the file adapter has run."""
    path = tmp_path / "book.xlsm"
    cli("new", path, "--sample", "widgets")
    cli("run", path)
    with calling(Workbook(path)) as book:
        native = live.native(book)
        opened = ask_excel.ExcelBook(book, native)
        compared, agrees = trial.compared_cells(opened, path)
        native.unprotect("Journal")
        native.put("Journal", (7, 9, 7, 9), [[1.0]], "General")
        native.put("Journal", (8, 11, 8, 11), [["otherwise"]], "General")
        _, differs = trial.compared_cells(opened, path)
    assert agrees == []
    assert compared > 10_000
    assert [d.split(":")[0] for d in differs] == ["Journal!I7", "Journal!K8"]


def test_the_functions_are_asked_what_the_engine_answers(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsm"
    cli("new", path, "--sample", "computers")
    cli("run", path)
    asked = dict(trial.questions(path))
    with FileBook(path) as book:
        items, roles = (book.table(name).by_column()[c] for name, c in (("StandardCost", "Item"), ("Ledger", "Role")))
    for item in items:
        for elements in ("", *(f',"{element}"' for element in schema.ELEMENTS)):
            assert f'=STANDARD_COST("{item}"{elements})' in asked
        assert f'=BACKFLUSH_COST("{item}",7)' in asked
    assert {q for q in asked if "BALANCE" in q} == {f'=BACKFLUSH_BALANCE("{role}")' for role in roles}
    # the textbook: cost of goods sold; materials of 19 and conversion of 12 in a computer
    assert asked['=BACKFLUSH_BALANCE("Cost of goods sold")'] == 3_129_000
    assert asked[f'=STANDARD_COST("{items[-1]}")'] == pytest.approx(31)
    assert asked['=BACKFLUSH_COST("there is no such item",1)'] == CellError("#N/A")
