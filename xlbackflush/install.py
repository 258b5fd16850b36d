"""`xlbackflush install` and `uninstall`: the add-in and its configuration, for the current user.

Installing states what should be there, compares it with what is, and writes the rest; a small manifest beside the
configuration remembers what was written, so that removing takes away exactly that. A file that somebody else changed
is neither replaced nor removed unless asked for.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xlbackflush import __version__
from xlbackflush.excel import addin
from xlbackflush.excel.errors import UnusableError
from xlbackflush.machine import Machine
from xlbackflush.surface import ADDIN

_MANIFEST = "xlbackflush-installed.json"


@dataclass(frozen=True)
class Places:
    """Where the files of an installation stand; `scripts` is the folder of the AppleScript that starts Python on a Mac."""

    addin: Path
    configuration: Path
    scripts: Path | None = None

    @property
    def manifest(self) -> Path:
        return self.configuration.with_name(_MANIFEST)


@dataclass(frozen=True)
class Step:
    """One thing that was done, or left alone, with one file."""

    done: str
    path: Path
    note: str = ""

    @property
    def line(self) -> str:
        """As it is printed."""
        return f"{self.done:<9}  {self.path}" + (f"  ({self.note})" if self.note else "")


def places(machine: Machine, folder: Path | None = None) -> Places:
    """The places of this system, or those in a folder. Raises UnusableError where there is no Excel to install for."""
    if folder is not None:
        folder = folder.absolute()
        return Places(folder / ADDIN, folder / f"{addin.PROJECT}.conf")
    if machine.system == "Windows":
        return Places(
            machine.appdata / "Microsoft" / "Excel" / "XLSTART" / ADDIN,
            machine.profile / f".{addin.PROJECT}" / f"{addin.PROJECT}.conf",
        )
    if machine.system == "Mac":
        library = machine.home / "Library"
        startup = library / "Group Containers" / "UBF8T346G9.Office" / "User Content.localized" / "Startup.localized"
        return Places(
            startup / "Excel" / ADDIN,
            library / "Containers" / "com.microsoft.Excel" / "Data" / f"{addin.PROJECT}.conf",
            library / "Application Scripts" / "com.microsoft.Excel",
        )
    raise UnusableError(
        "Excel runs on Windows and on the Mac only; nothing was installed. "
        "Add --folder DIR to write the add-in into a folder, for another computer."
    )


# ------------------------------------------------------------------------------------------ what should be there


def wanted(machine: Machine, where: Places) -> dict[Path, bytes]:
    """Every file of an installation with its content. The add-in comes first: it is the one that Excel may hold open."""
    with tempfile.TemporaryDirectory(prefix="xlbackflush-") as folder:
        built = Path(folder) / ADDIN
        version = addin.build(built).xlwings
        found = {where.addin: built.read_bytes(), where.configuration: configuration(machine)}
    if where.scripts:
        script = f"xlwings-{version}.applescript"
        found[where.scripts / script] = (addin.xlwings_folder() / script).read_bytes()
    return found


def configuration(machine: Machine) -> bytes:
    """The configuration as the VBA reads it: lines of "NAME","value", which know no way to write a quote."""
    mac = machine.system == "Mac"
    interpreter = "python" if machine.system == "Other" else str(machine.python)
    if odd := sorted(set('"%\r\n') & set(interpreter)):
        raise UnusableError(
            f"The path of Python, {interpreter}, has the character {odd[0]!r} in it, with which Excel cannot start it; "
            "install Python in another folder."
        )
    values = {
        "INTERPRETER_MAC" if mac else "INTERPRETER_WIN": interpreter,
        "PYTHONPATH": "",
        "ADD_WORKBOOK_TO_PYTHONPATH": "False",  # with OneDrive the folder of a workbook is an address on the web
        "USE UDF SERVER": "False",  # for macros: each starts a new Python, which an upgrade or a fault cannot spoil
        "SHOW CONSOLE": "False",
    }
    text = "".join(f'"{name}","{value}"\r\n' for name, value in values.items())
    try:
        return text.encode(machine.encoding)
    except UnicodeEncodeError as error:
        raise UnusableError(
            f"The path of Python, {interpreter}, has the character {error.object[error.start]!r} in it, which Excel's "
            "VBA cannot read on this computer; install Python for all users, or in a folder such as C:\\Python."
        ) from error


# ---------------------------------------------------------------------------------------------------- install


def install(machine: Machine, folder: Path | None = None, force: bool = False) -> list[Step]:
    """Write what is missing or out of date. Raises UnusableError, with nothing changed, where that cannot be done."""
    if machine.packaged and folder is None:
        raise UnusableError(
            "This Python comes from the Microsoft Store, which keeps the files it writes where Excel does not look. "
            "Install Python from python.org, install xlbackflush with it, and run this again."
        )
    where = places(machine, folder)
    files = wanted(machine, where)
    ours = _remembered(where.manifest)
    foreign = [p for p, content in files.items() if _hash(p) not in (None, _digest(content), ours.get(str(p)))]
    if foreign and not force:
        raise UnusableError(
            f"{foreign[0]} was changed by someone else; nothing was installed. Add --force to replace it."
        )
    steps = [_put(path, content) for path, content in files.items()]
    # a script that xlwings itself put there before us is not ours to take away
    kept = {
        str(step.path): _digest(files[step.path])
        for step in steps
        if step.done != UNCHANGED or str(step.path) in ours or step.path.parent != where.scripts
    }
    steps += [_take(Path(path), digest) for path, digest in ours.items() if Path(path) not in files]
    manifest = json.dumps({"version": __version__, "files": kept}, indent=2).encode()
    _put(where.manifest, manifest)
    return steps


#: what a step says of a file that is as it should be
UNCHANGED = "Unchanged"


def _put(path: Path, content: bytes) -> Step:
    """Write a file unless it is there; whole or not at all."""
    before = _hash(path)
    if before == _digest(content):
        return Step(UNCHANGED, path)
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except PermissionError as error:
        raise UnusableError(_locked(path, "run this again")) from error
    finally:
        temporary.unlink(missing_ok=True)
    return Step("Wrote" if before is None else "Replaced", path)


def _locked(path: Path, then: str) -> str:
    return f"{path} cannot be changed: it is open in Excel, or the folder is protected. Close Excel and {then}."


# -------------------------------------------------------------------------------------------------- uninstall


def uninstall(machine: Machine, folder: Path | None = None) -> list[Step]:
    """Remove what `install` wrote and nobody changed since; then the folders of ours that are empty."""
    where = places(machine, folder)
    steps = [_take(Path(path), digest) for path, digest in _remembered(where.manifest).items()]
    where.manifest.unlink(missing_ok=True)
    home = where.configuration.parent
    if home.name == f".{addin.PROJECT}" and home.is_dir() and not any(home.iterdir()):
        home.rmdir()
    return steps


def _take(path: Path, digest: str) -> Step:
    found = _hash(path)
    if found is None:
        return Step("Gone", path, "removed by someone else before")
    if found != digest:
        return Step("Left", path, "changed since it was installed; remove it yourself if you do not need it")
    try:
        path.unlink()
    except PermissionError as error:
        raise UnusableError(_locked(path, "run this again")) from error
    return Step("Removed", path)


# --------------------------------------------------------------------------------------------------- manifest


def _remembered(manifest: Path) -> Mapping[str, str]:
    """Path -> digest of the files that an installation wrote; nothing where there is no manifest that can be read."""
    try:
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {str(path): str(digest) for path, digest in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _hash(path: Path) -> str | None:
    return _digest(path.read_bytes()) if path.is_file() else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
