"""`xlbackflush doctor`: is everything in place for the button and the functions in Excel, and if not, how to mend it.

Each check looks at one thing and gives one line. PASS: in order. WARN: works, but look. FAIL: the button or the functions
will not work. SKIP: could not be checked; those that are for another system share one line. What only Excel can show,
`trial.py` asks of Excel itself.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from xlbackflush import __version__
from xlbackflush.addin import install as setup
from xlbackflush.addin.computer import COMPUTER, USER, Machine, System
from xlbackflush.dataclass import dataclass
from xlbackflush.model.errors import UnusableError
from xlbackflush.template import binaries

if TYPE_CHECKING:
    from xlbackflush.addin.ask_excel import OpenBook

Result = Literal["PASS", "WARN", "FAIL", "SKIP"]


@dataclass(frozen=True)
class Diagnosis:
    """What one check found, and how to mend it where there is something to mend; details go into a report."""

    check: str
    result: Result
    what: str
    mend: str = ""
    details: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """As it is printed."""
        return f"{self.result}  {self.check}: {self.what}" + (f" {self.mend}" if self.mend else "")


Answer = tuple[Result, str] | tuple[Result, str, str]


_INSTALL = "xlbackflush install"
_REINSTALL = f"Run: {_INSTALL}"
_ASK = "Ask your IT department."
_WITHOUT = "Until then work with the command line: xlbackflush run BOOK.xlsm; the functions answer from sheet Roll-up."
SEND = "Please send the report."


def examine(machine: Machine) -> list[Diagnosis]:
    """All checks, in the order in which a button press depends on them."""
    diagnoses, elsewhere = [], []
    for name, (look, systems) in CHECKS.items():
        if machine.system not in systems:
            elsewhere.append(name)
            continue
        try:
            diagnoses.append(Diagnosis(name, *look(machine)))
        except UnusableError as error:  # an xlwings that is not known, a path that VBA cannot read
            diagnoses.append(Diagnosis(name, "FAIL", str(error)))
    if elsewhere:
        system = "Excel" if machine.system == "Other" else "Windows"
        diagnoses.append(Diagnosis(f"For {system} only", "SKIP", f"{', '.join(elsewhere)}."))
    return diagnoses


def failed(diagnoses: list[Diagnosis]) -> bool:
    """True where something keeps the button or the functions from working."""
    return any(diagnosis.result == "FAIL" for diagnosis in diagnoses)


def in_excel(machine: Machine, so_far: list[Diagnosis], open_book: OpenBook | None = None) -> list[Diagnosis]:
    """The trial in a real Excel (or where `open_book` opens a workbook), unless a check has failed already."""
    if machine.system == "Other":
        return [Diagnosis("Excel", "FAIL", "there is no Excel on this system.", "Try it where Excel is.")]
    if failed(so_far):
        return [Diagnosis("Excel", "SKIP", "not tried, as something else has failed.", "Mend that first.")]
    from xlbackflush.addin.ask_excel import open_in_excel
    from xlbackflush.addin.trial import trial

    where = setup.places(machine)
    open_book = open_book or partial(open_in_excel, addin=where.addin)
    python = setup.configured(machine, where)
    with tempfile.TemporaryDirectory(prefix="xlbackflush-", ignore_cleanup_errors=True) as folder:
        try:
            return trial(Path(folder), open_book, machine.system == "Windows", where.addin.parent, python)
        except Exception as error:  # noqa: BLE001 - whatever Excel did belongs into the report
            trace = traceback.format_exc().splitlines()
            return [Diagnosis("Excel", "FAIL", f"{type(error).__name__}: {error}.", SEND, tuple(trace))]


# -------------------------------------------------------------------------------------------------- Python


def _python(machine: Machine) -> Answer:
    import platform

    text = f"{platform.python_version()}, {machine.bits} bit, {machine.executable}."
    if machine.packaged:
        why = f"{text} It comes from the Microsoft Store and cannot write where Excel looks."
        return "FAIL", why, "Install Python from python.org, and xlbackflush with it."
    return "PASS", text


def _packages(machine: Machine) -> Answer:
    """The packages that this version declares to need, and those of one version only in that version."""
    present, missing = [], []
    mended: list[Answer] = []
    for name, pinned in _requirements():
        wanted = f"{name}=={pinned}" if pinned else name
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(wanted)
            continue
        present.append(f"{name} {version}")
        if pinned and version != pinned:
            what = f"{name} {version} is installed, but the add-in is made for {wanted}."
            mended.append(("FAIL", what, f"Run: python -m pip install {wanted}"))
    if missing:
        return "FAIL", f"{', '.join(missing)} not installed.", f"Run: python -m pip install {' '.join(missing)}"
    return mended[0] if mended else ("PASS", f"xlbackflush {__version__}, {', '.join(present)}.")


def _requirements() -> Iterator[tuple[str, str | None]]:
    """Name of each package that is needed at run time, and its version where only one will do.

    One with a condition is an extra, or makes some computers faster.
    """
    for requirement in importlib.metadata.requires("xlbackflush") or []:
        match = re.match(r"([A-Za-z0-9._-]+)(?:==([\w.]+))?", requirement)
        if match and ";" not in requirement:
            yield match[1], match[2]


def _pywin32(machine: Machine) -> Answer:
    """What xlwings talks to Excel through."""
    if importlib.util.find_spec("pythoncom") is None or importlib.util.find_spec("win32com") is None:
        return "FAIL", "pywin32 is not installed.", "Run: python -m pip install pywin32"
    return "PASS", "installed."


def _bridge(machine: Machine) -> Answer:
    """The DLL through which functions reach Python, in the folders where the VBA of the add-in looks."""
    office = machine.registry(COMPUTER, r"SOFTWARE\Microsoft\Office\ClickToRun\Configuration", "Platform")
    name = setup.LIBRARIES[32 if office == "x86" else 64]
    folders = (setup.places(machine).configuration.parent, *machine.library_folders)
    for folder in folders:
        if (folder / name).is_file():
            return "PASS", f"{folder / name}."
    looked = f"{name} is in none of {', '.join(map(str, folders))}."
    if machine.library(name):
        return "FAIL", looked, _REINSTALL
    again = f"python -m pip install --force-reinstall --no-deps xlwings=={binaries.XLWINGS}"
    return "FAIL", looked, f"Run: {again}, then: {_INSTALL}"


# --------------------------------------------------------------------------------------------- installation


def _addin(machine: Machine) -> Answer:
    """The add-in is there, and is the one of this version."""
    where = setup.places(machine)
    if not where.addin.is_file():
        return "FAIL", f"not installed: {where.addin} is missing.", _REINSTALL
    content = where.addin.read_bytes()
    if content == binaries.built():
        return "PASS", f"{where.addin}."
    if setup.is_signed_copy(content):
        return "PASS", f"{where.addin}, a signed copy."
    return "FAIL", f"{where.addin} is of another version of xlbackflush, or was changed.", _REINSTALL


def _configuration(machine: Machine) -> Answer:
    path = setup.places(machine).configuration
    if not path.is_file():
        return "FAIL", f"{path} is missing.", _REINSTALL
    if path.read_bytes() != setup.configuration(machine):
        return "WARN", f"{path} is not as xlbackflush writes it.", f"{_REINSTALL} --force"
    return "PASS", f"{path}."


def _interpreter(machine: Machine) -> Answer:
    """The Python that Excel will start is there, and is this one."""
    configured = setup.configured(machine, setup.places(machine))
    if configured is None:
        return "FAIL", "the configuration names none.", _REINSTALL
    if not configured.is_file():
        return "FAIL", f"{configured}, which Excel would start, does not exist.", _REINSTALL
    if configured != machine.python:
        return "WARN", f"Excel starts {configured}; this is {machine.python}.", f"To use this one: {_INSTALL}"
    return "PASS", f"{configured}."


def _engine(machine: Machine) -> Answer:
    """The Python that Excel will start finds xlbackflush, of this version."""
    interpreter = setup.configured(machine, setup.places(machine))
    if interpreter is None or not interpreter.is_file():
        return "SKIP", "no interpreter to ask."
    code = "import xlbackflush.addin.macros, xlbackflush.addin.functions; print(xlbackflush.__version__)"
    try:
        done = subprocess.run(
            [str(interpreter), "-B", "-c", code],
            cwd=interpreter.parent, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return "FAIL", f"{interpreter} cannot be run: {error}.", _REINSTALL
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return "FAIL", f"{interpreter} cannot load xlbackflush: {reason}.", f"{_REINSTALL} (with the right Python)"
    if done.stdout.strip() != __version__:
        return "WARN", f"{interpreter} has xlbackflush {done.stdout.strip()}; this is {__version__}.", _REINSTALL
    return "PASS", f"{interpreter} loads xlbackflush {__version__}."


# ---------------------------------------------------------------------------------------- Excel and policies

_OFFICE = r"Software\Policies\Microsoft\Office\16.0"
_EXCEL = rf"{_OFFICE}\Excel\Security"

#: policies that keep an add-in in XLSTART from running: key, value name, what it says
_AGAINST_ADDINS = (
    (rf"{_OFFICE}\Common", "VBAOff", "VBA is switched off"),
    (rf"{_OFFICE}\Common\Security", "RequireAlwaysOnMacroSig", "add-ins must be signed by a trusted publisher"),
    (_EXCEL, "DisableAllAddins", "all add-ins are switched off"),
    (_EXCEL, "RequireAddinSig", "add-ins must be signed by a trusted publisher"),
    (rf"{_EXCEL}\Trusted Locations", "AllLocationsDisabled", "trusted locations, such as XLSTART, are switched off"),
)


def _places(key: str) -> tuple[str, str]:
    """Where a policy stands, and the user's own setting, which it overrules."""
    return key, key.replace("Policies\\", "")


def _trust(machine: Machine) -> Answer:
    """Whether Excel lets the add-in and the buttons of a workbook run: policies, then the user's own settings."""
    for key, name, says in _AGAINST_ADDINS:
        for place in _places(key):
            if machine.registry(USER, place, name) == 1:
                return "FAIL", f"{says} ({USER}\\{place}, {name}).", f"{_ASK} {_WITHOUT}"
    if machine.appdata_server and not _network_trusted(machine):
        return (
            "WARN",
            f"XLSTART is on a server ({machine.appdata_server}), where Excel trusts nothing unless it is told to.",
            "In Excel, tick File > Options > Trust Center > Trust Center Settings > Trusted Locations > Allow Trusted "
            f"Locations on my network; if it is greyed out, ask your IT department. {_WITHOUT}",
        )
    for place in _places(_EXCEL):
        warnings = machine.registry(USER, place, "VBAWarnings")
        if warnings in (3, 4):
            return (
                "WARN",
                f"the macros of unsigned workbooks are switched off ({USER}\\{place}, VBAWarnings).",
                "Use the buttons of the ribbon tab, or keep workbooks in a trusted location.",
            )
    return "PASS", "XLSTART is trusted; for a workbook, Excel asks once: Enable Content."


def _network_trusted(machine: Machine) -> bool:
    """Whether trusted locations may be on a server; a policy before the user's own setting."""
    allowed = (machine.registry(USER, p, "AllowNetworkLocations") for p in _places(rf"{_EXCEL}\Trusted Locations"))
    return next((value for value in allowed if value is not None), 0) == 1


_DEFENDER = r"SOFTWARE\{}Microsoft\Windows Defender"
_ASR = r"\Windows Defender Exploit Guard\ASR\Rules"
_CHILDREN = "D4F940AB-401B-4EFC-AADC-AD5F3C50688A"
_WIN32 = "92E97FA1-2EDF-4476-BDD6-9DD0B4DDDC7B"
_RULES = {
    _CHILDREN: "Office applications may not start other programs",
    _WIN32: "macros may not call Windows, which functions need to reach Python",
}


def _children(machine: Machine) -> Answer:
    """Whether Excel may start Python: attack surface reduction rules of Windows Defender, and a blocked command prompt."""
    if machine.registry(USER, r"Software\Policies\Microsoft\Windows\System", "DisableCMD") == 1:
        return "FAIL", "the command prompt is switched off, through which Excel starts Python.", _WITHOUT
    for rule, says in _RULES.items():
        state = _rule(machine, rule)
        if state in (1, 6):
            verb = "blocked" if state == 1 else "asked about"
            mend = f"Ask for an exclusion for {machine.python}. {_WITHOUT}"
            return "FAIL" if state == 1 else "WARN", f"{says}: {verb} by Windows Defender (rule {rule}).", mend
    return "PASS", "no policy found that keeps Excel from starting Python."


def _rule(machine: Machine, rule: str) -> int:
    """State of a rule: 0 off, 1 block, 2 audit, 6 warn; a policy before the computer's own setting."""
    managed = str(machine.registry(COMPUTER, _DEFENDER.format("Policies\\") + r"\Policy Manager", "ASRRules") or "")
    match = re.search(rf"{rule}=(\d)", managed, re.I)
    if match:
        return int(match[1])
    for folder in ("Policies\\", ""):
        state = machine.registry(COMPUTER, _DEFENDER.format(folder) + _ASR, rule)
        if state is not None and str(state).isdigit():
            return int(str(state))
    return 0


def _onedrive(machine: Machine) -> Answer:
    shell = r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
    documents = str(machine.registry(USER, shell, "Personal") or "")
    if "onedrive" in documents.lower():
        return (
            "WARN",
            f"the Documents folder is in OneDrive ({documents}).",
            "The button works there; switch AutoSave off during a run, or keep workbooks in a folder of this computer.",
        )
    return "PASS", "the Documents folder is on this computer."


def _temporary(machine: Machine) -> Answer:
    """The folder where a macro's messages pass through, by the name that VBA asks for."""
    folder = machine.environment.get("TEMP") if machine.system == "Windows" else tempfile.gettempdir()
    if not folder:
        return "FAIL", "the variable TEMP is not set.", "Sign out of Windows and in again."
    try:
        handle, name = tempfile.mkstemp(prefix="xlbackflush-", dir=folder)
        os.close(handle)
        Path(name).unlink()
    except OSError as error:
        return "FAIL", f"{folder} cannot be written: {error.strerror}.", _ASK
    return "PASS", f"{folder}."


_EXCELS: tuple[System, ...] = ("Windows", "Mac")
#: each check with the systems where the button or the functions depend on it
CHECKS: dict[str, tuple[Callable[[Machine], Answer], tuple[System, ...]]] = {
    "Python": (_python, (*_EXCELS, "Other")),
    "Packages": (_packages, (*_EXCELS, "Other")),
    "pywin32": (_pywin32, ("Windows",)),
    "Bridge for functions": (_bridge, ("Windows",)),
    "Add-in": (_addin, _EXCELS),
    "Configuration": (_configuration, _EXCELS),
    "Interpreter for Excel": (_interpreter, _EXCELS),
    "Engine": (_engine, _EXCELS),
    "Trust": (_trust, ("Windows",)),
    "Starting Python": (_children, ("Windows",)),
    "OneDrive": (_onedrive, ("Windows",)),
    "Temporary folder": (_temporary, (*_EXCELS, "Other")),
}
