"""`xlbackflush install` and `uninstall`: the add-in and its configuration, for the current user.

Installing states what should be there, compares it with what is, and writes the rest; a small manifest beside the
configuration remembers what was written, so that removing takes away exactly that. A file that somebody else changed
is neither replaced nor removed unless asked for.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from xlbackflush import __version__
from xlbackflush.addin.computer import Machine
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.atomic import write_file
from xlbackflush.schema.excel import ADDIN
from xlbackflush.template import binaries
from xlbackflush.template.binaries import CONFIGURATION, XLWINGS

_MANIFEST = "xlbackflush-installed.json"

#: DLLs of xlwings, for Excel of 64 and of 32 bits
LIBRARIES = {64: f"xlwings64-{XLWINGS}.dll", 32: f"xlwings32-{XLWINGS}.dll"}


@dataclass(frozen=True)
class Places:
    """Where the files of an installation stand.

    `libraries` is the folder, on Windows, of copies of the DLLs of xlwings, where the add-in looks first; `scripts` that
    of the AppleScript that starts Python on a Mac.
    """

    addin: Path
    configuration: Path
    libraries: Path | None = None
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
        return Places(folder / ADDIN, folder / f"{CONFIGURATION}.conf")
    if machine.system == "Windows":
        ours = machine.profile / f".{CONFIGURATION}"
        return Places(
            machine.appdata / "Microsoft" / "Excel" / "XLSTART" / ADDIN, ours / f"{CONFIGURATION}.conf", libraries=ours
        )
    if machine.system == "Mac":
        library = machine.home / "Library"
        startup = library / "Group Containers" / "UBF8T346G9.Office" / "User Content.localized" / "Startup.localized"
        return Places(
            startup / "Excel" / ADDIN,
            library / "Containers" / "com.microsoft.Excel" / "Data" / f"{CONFIGURATION}.conf",
            scripts=library / "Application Scripts" / "com.microsoft.Excel",
        )
    raise UnusableError(
        "Excel runs on Windows and on the Mac only; nothing was installed. "
        "Add --folder DIR to write the add-in into a folder, for another computer."
    )


# ------------------------------------------------------------------------------------------ what should be there


def wanted(machine: Machine, where: Places, given: Path | None = None) -> dict[Path, bytes]:
    """Every file of an installation with its content. The add-in comes first: it is the one that Excel may hold open.

    given: a signed copy of the add-in. Without one, a signed copy that is installed already stays.
    """
    binaries.check_xlwings()
    content = {where.addin: _addin(where, given), where.configuration: configuration(machine)}
    if where.libraries:
        libraries = filter(None, map(machine.library, LIBRARIES.values()))
        content |= {where.libraries / path.name: path.read_bytes() for path in libraries}
    if where.scripts:
        script = f"xlwings-{XLWINGS}.applescript"
        content[where.scripts / script] = (binaries.xlwings_folder() / script).read_bytes()
    return content


def _addin(where: Places, given: Path | None) -> bytes:
    if given is None:
        standing = where.addin.read_bytes() if where.addin.is_file() else b""
        return standing if is_signed_copy(standing) else binaries.built()
    content = given.read_bytes()
    if not is_signed_copy(content):
        raise UnusableError(
            f"{given} is not a signed copy of the add-in of xlbackflush {__version__}; nothing was installed. "
            f"To get the file to sign: xlbackflush install --folder DIR"
        )
    return content


def is_signed_copy(content: bytes) -> bool:
    """True for the add-in of this version with a signature, whatever else the program changed that signed it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            signed = any(name.startswith("xl/vbaProjectSignature") for name in package.namelist())
            about = ET.fromstring(package.read("docProps/core.xml"))
    except (zipfile.BadZipFile, KeyError, ET.ParseError):
        return False
    return signed and about.findtext("{http://purl.org/dc/elements/1.1/}description") == binaries.ABOUT_ADDIN


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


def configured(machine: Machine, where: Places) -> Path | None:
    """The Python that the configuration has Excel start; None where it names none."""
    try:
        text = where.configuration.read_bytes().decode(machine.encoding, "replace")
    except OSError:
        return None
    match = re.search(r'^"INTERPRETER_(?:WIN|MAC)","([^"]+)"', text, re.M)
    return Path(match[1]) if match else None


# ---------------------------------------------------------------------------------------------------- install


def install(machine: Machine, folder: Path | None = None, force: bool = False, given: Path | None = None) -> list[Step]:
    """Write what is missing or out of date. Raises UnusableError, with nothing changed, where that cannot be done.

    given: a signed copy of the add-in, to install in place of ours.
    """
    if machine.packaged and folder is None:
        raise UnusableError(
            "This Python comes from the Microsoft Store, which keeps the files it writes where Excel does not look. "
            "Install Python from python.org, install xlbackflush with it, and run this again."
        )
    where = places(machine, folder)
    files = wanted(machine, where, given)
    before = configured(machine, where)
    ours = _remembered(where.manifest)
    foreign = [p for p, content in files.items() if _hash(p) not in (None, _digest(content), ours.get(str(p)))]
    if foreign and not force:
        raise UnusableError(
            f"{foreign[0]} was changed by someone else; nothing was installed. Add --force to replace it."
        )
    steps = [_put(path, content) for path, content in files.items()]
    # a script that xlwings itself put there before us is not ours to take away
    manifest = {
        str(step.path): _digest(files[step.path])
        for step in steps
        if step.done != UNCHANGED or str(step.path) in ours or step.path.parent != where.scripts
    }
    gone = [_take(Path(path), digest) for path, digest in ours.items() if Path(path) not in files]
    _remember(where.manifest, manifest | _in_use(gone, ours))
    now = configured(machine, where)
    if before not in (None, now):  # two may be installed side by side
        note = f"Excel now starts {now}; before, it started {before}"
        steps = [replace(step, note=note) if step.path == where.configuration else step for step in steps]
    return steps + gone


#: what a step says of a file that is as it should be
UNCHANGED = "Unchanged"
#: what it says of a DLL that Excel holds
IN_USE = "In use"


def _put(path: Path, content: bytes) -> Step:
    """Write a file unless it is there; whole or not at all."""
    before = _hash(path)
    if before == _digest(content):
        return Step(UNCHANGED, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content)
    except PermissionError as error:
        raise UnusableError(_locked(path)) from error
    return Step("Wrote" if before is None else "Replaced", path)


def _locked(path: Path) -> str:
    return f"{path} cannot be changed: it is open in Excel, or the folder is protected. Close Excel and run this again."


# -------------------------------------------------------------------------------------------------- uninstall


def uninstall(machine: Machine, folder: Path | None = None) -> list[Step]:
    """Remove what `install` wrote and nobody changed since; then the folders of ours that are empty."""
    where = places(machine, folder)
    ours = _remembered(where.manifest)
    steps = [_take(Path(path), digest) for path, digest in ours.items()]
    if in_use := _in_use(steps, ours):
        _remember(where.manifest, in_use)
    else:
        where.manifest.unlink(missing_ok=True)
    home = where.configuration.parent
    if home.name == f".{CONFIGURATION}" and home.is_dir() and not any(home.iterdir()):
        home.rmdir()
    return steps


def _take(path: Path, digest: str) -> Step:
    present = _hash(path)
    if present is None:
        return Step("Gone", path, "removed by someone else before")
    if present != digest:
        return Step("Left", path, "changed since it was installed; remove it yourself if you do not need it")
    try:
        path.unlink()
    except PermissionError as error:
        if path.suffix == ".dll":
            return Step(IN_USE, path, "Excel has it loaded: close Excel and run this again to remove it")
        raise UnusableError(_locked(path)) from error
    return Step("Removed", path)


def _in_use(steps: list[Step], ours: Mapping[str, str]) -> dict[str, str]:
    """What could not be removed, to be remembered: path -> digest."""
    return {str(step.path): ours[str(step.path)] for step in steps if step.done == IN_USE}


# --------------------------------------------------------------------------------------------------- manifest


def _remembered(manifest: Path) -> Mapping[str, str]:
    """Path -> digest of the files that an installation wrote; nothing where there is no manifest that can be read."""
    try:
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {str(path): str(digest) for path, digest in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _remember(manifest: Path, files: Mapping[str, str]) -> None:
    _put(manifest, json.dumps({"version": __version__, "files": files}, indent=2).encode())


def _hash(path: Path) -> str | None:
    return _digest(path.read_bytes()) if path.is_file() else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
