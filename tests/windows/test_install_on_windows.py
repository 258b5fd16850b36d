"""`install`, `doctor` and `uninstall` at a user whose folder, and whose Python, are where names are odd."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import zipfile
from pathlib import Path, PureWindowsPath

import pytest
from support_files import cli
from wine import Windows

from xlbackflush.template import binaries

HOME = PureWindowsPath(r"C:\users\Jörg Müller & Söhne (neu)")
#: the same Python by another name: its path must be readable for VBA, in the code page of this Windows
PYTHON = PureWindowsPath(r"C:\Büro & Söhne\Python\python.exe")
CHANGE = "import os, subprocess, sys, json; os.environ.update(json.loads(sys.argv[1])); sys.exit(subprocess.call(sys.argv[2:]))"


class User:
    """A user of Windows: what Wine sets by itself is set on Windows."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.home = windows.linux_path(HOME)
        self.addin = self.home / "AppData/Roaming/Microsoft/Excel/XLSTART/xlbackflush.xlam"
        self.configuration = self.home / ".xlbackflush/xlbackflush.conf"
        temporary = HOME / "AppData" / "Local" / "Temp"
        windows.linux_path(temporary).mkdir(parents=True)
        self.variables = {
            "USERPROFILE": str(HOME),
            "APPDATA": str(HOME / "AppData" / "Roaming"),
            "TEMP": str(temporary),
            "TMP": str(temporary),
        }

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line of xlbackflush."""
        command = (PYTHON, "-m", "xlbackflush", *arguments)
        return self.windows.run_python(["-c", CHANGE, json.dumps(self.variables), *command])

    def files(self) -> set[Path]:
        """Without temporary ones."""
        return {path for path in self.home.rglob("*") if path.is_file() and "Temp" not in path.parts}


@pytest.fixture(scope="module")
def user(windows: Windows) -> User:
    link, home = windows.linux_path(PYTHON).parent, windows.linux_path(HOME)
    for old in (link.parent, home):
        shutil.rmtree(old, ignore_errors=True)
    link.parent.mkdir()
    link.symlink_to(windows.linux_path(windows.python).parent)
    return User(windows)


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_install_doctor_uninstall(user: User, tmp_path: Path) -> None:
    before = user.files()
    first = user("install")
    assert (first.returncode, first.stderr) == (0, "")
    assert [line.split()[0] for line in first.stdout.splitlines()[:2]] == ["Wrote", "Wrote"]
    beside = ["xlbackflush-installed.json", *(f"xlwings{bits}-{binaries.XLWINGS}.dll" for bits in (32, 64))]
    assert user.files() - before == {
        user.addin, user.configuration, *map(user.configuration.with_name, beside)
    }  # fmt: skip

    assert cli("install", "--folder", tmp_path).code == 0
    assert parts(user.addin) == parts(tmp_path / user.addin.name), "the add-in is that of Linux"
    settings = dict(csv.reader(user.configuration.read_bytes().decode("cp1252").splitlines()))
    assert settings["INTERPRETER_WIN"] == str(PYTHON)

    again = user("install")
    assert [line.split()[0] for line in again.stdout.splitlines()[:2]] == ["Unchanged", "Unchanged"]

    healthy = user("doctor")
    assert healthy.returncode == 0, healthy.stdout
    assert {line.split()[0] for line in healthy.stdout.splitlines()} == {"PASS", "PASS:"}

    removed = user("uninstall")
    assert removed.returncode == 0, removed
    assert user.files() == before
    assert not user.configuration.parent.exists()
    sick = user("doctor")
    assert sick.returncode == 1
    assert "FAIL  Add-in: not installed" in sick.stdout
    assert user("uninstall").stdout.startswith("Nothing is installed.")
