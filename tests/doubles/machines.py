"""Computers to install on: a Windows or Mac home in a scratch folder, and a registry of plain values."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from xlbackflush.addin.computer import Machine, System


@dataclass
class Registry:
    """A Windows registry: (root, key, name) -> value. Windows does not tell upper from lower case."""

    values: dict[tuple[str, ...], object] = field(default_factory=dict)

    def set(self, root: str, key: str, name: str, value: object) -> None:
        """Write a value."""
        self.values[root, key.lower(), name.lower()] = value

    def __call__(self, root: str, key: str, name: str) -> object:
        return self.values.get((root, key.lower(), name.lower()))


def machine(system: System, home: Path, registry: Registry | None = None) -> Machine:
    """A computer whose user has `home`, and whose Python is the one that runs the tests."""
    python = Path(sys.executable)
    appdata = home / "AppData" / "Roaming"
    temporary = home / "AppData" / "Local" / "Temp"
    temporary.mkdir(parents=True)
    environment = {"APPDATA": str(appdata), "USERPROFILE": str(home), "TEMP": str(temporary)}
    encoding = {"Windows": "cp1252", "Mac": "mac_roman", "Other": "utf-8"}[system]
    return Machine(system, home, environment, python, Path(sys.base_prefix), 64, encoding, registry or Registry())


def with_python(computer: Machine, python: Path) -> Machine:
    """The same computer with Python at another place."""
    return replace(computer, executable=python, base=python.parent)
