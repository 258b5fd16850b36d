"""What `install` and `doctor` ask of the computer, in one object, so that every system can be tried on any other."""

import getpass
import os
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from xlbackflush.dataclass import dataclass, field
from xlbackflush.model.text import on_one_line

System = Literal["Windows", "Mac", "Other"]
Registry = Callable[[str, str, str], object]

#: root keys of the Windows registry
USER, COMPUTER = "HKEY_CURRENT_USER", "HKEY_LOCAL_MACHINE"


@dataclass(frozen=True)
class Machine:
    """A computer: its system, the user's folders, this Python, and the Windows registry.

    `encoding` is the one in which VBA reads a text file; `registry(root, key, name)` is a value, or None; `libraries` are
    the DLLs of xlwings, where pip put them.
    """

    system: System
    home: Path
    environment: Mapping[str, str] = field(repr=False)
    executable: Path
    base: Path
    bits: int
    encoding: str
    registry: Registry = field(repr=False)
    libraries: tuple[Path, ...] = ()

    @property
    def python(self) -> Path:
        """The interpreter for Excel: with a console, as the module of xlwings starts it, hidden."""
        return self.executable.with_name(self.executable.name.replace("pythonw", "python"))

    @property
    def packaged(self) -> bool:
        """True for a Python of the Microsoft Store: what it writes under AppData is kept where Excel does not look."""
        return self.system == "Windows" and "windowsapps" in str(self.base).lower()

    @property
    def library_folders(self) -> tuple[Path, Path]:
        """Where the VBA of xlwings looks for its DLL: beside Python, and, for a virtual environment, one folder up."""
        return self.python.parent, self.python.parent.parent

    def library(self, name: str) -> Path | None:
        """A DLL of xlwings by its name, wherever it is; None where it is not installed."""
        places = [p for p in self.libraries if p.name == name] + [folder / name for folder in self.library_folders]
        return next((place for place in places if place.is_file()), None)

    @property
    def appdata_server(self) -> str:
        """Windows: where the roaming application data is, if on a server, as \\\\server\\share or a drive; else ""."""
        folder = str(self.appdata)
        if folder.startswith(("\\\\", "//")):
            return folder
        mapped = folder[1:2] == ":" and self.registry(USER, rf"Network\{folder[0].upper()}", "RemotePath")
        return folder if mapped else ""

    @property
    def appdata(self) -> Path:
        """Windows: the roaming application data of the user."""
        return Path(self.environment.get("APPDATA") or self.home / "AppData" / "Roaming")

    @property
    def profile(self) -> Path:
        """Windows: the user's folder by the name that VBA asks for."""
        return Path(self.environment.get("USERPROFILE") or self.home)


def this_machine() -> Machine:
    """The computer that this runs on."""
    system: System = {"win32": "Windows", "darwin": "Mac"}.get(sys.platform, "Other")  # type: ignore[assignment]
    return Machine(
        system=system,
        home=Path.home(),
        environment=os.environ,
        executable=Path(sys.executable),
        base=Path(sys.base_prefix),
        bits=struct.calcsize("P") * 8,
        encoding={"Windows": "mbcs", "Mac": "mac_roman"}.get(system, "utf-8"),
        registry=_registry,
        libraries=_libraries(),
    )


def user() -> str:
    """Who works on this computer, in characters that a workbook can hold; "" where the system does not say."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
    return on_one_line(name)


def _libraries() -> tuple[Path, ...]:
    """The DLLs that pip has recorded for xlwings: beside Python, or, without write access there, under the user's folder."""
    from importlib import metadata  # a run, which reads no metadata, would load it for nothing

    try:
        files = metadata.files("xlwings") or []
    except metadata.PackageNotFoundError:
        return ()
    return tuple(Path(os.fspath(file.locate())).resolve() for file in files if file.suffix == ".dll")


def _registry(root: str, key: str, name: str) -> object:
    """A value of the Windows registry, or None where there is none, or no registry."""
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(getattr(winreg, root), key, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as opened:
            return winreg.QueryValueEx(opened, name)[0]
    except OSError:
        return None
