r"""A Windows for tests: Wine in a folder of its own, with CPython, pywin32 and the installed xlbackflush in it.

`make test-windows` makes the folder (see `setup_wine.py`). Linux' / is Z:\ in it, so that files are shared. What is odd
about Wine stays in this module:

- A Windows program without a console wants pipes as its standard streams.
- The first program that needs a window or COM starts Wine's desktop, which inherits the pipes of that program and never
  ends: so the desktop is started first, without pipes, and nobody waits for the pipes of what lives on.
- CreateProcess failed once in some hundred starts with WinError 1359 (internal error); that very error is tried again, once.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import IO

ROOT = Path(__file__).parents[2]
COMMAND = "make test-windows"

INTERNAL_ERROR = "WinError 1359"
PIPES_END_S = 2  # how long a program that has ended may leave its pipes open before nobody waits for them any more


class Windows:
    """The Windows in a folder. `start` it before use and `stop` it in the end; the fixture `windows` does both."""

    #: where its Python stands: a place with a blank in it, as of an installation for all users
    python = PureWindowsPath(r"C:\Program Files\Python\python.exe")

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or Path(os.environ.get("XLBACKFLUSH_WINDOWS") or ROOT / "build" / "windows")).resolve()
        self.wine = self.folder / "debian" / "usr" / "lib" / "wine" / "wine64"
        self.server = self.wine.with_name("wineserver")
        self.libraries = self.folder / "debian" / "usr" / "lib" / "x86_64-linux-gnu"
        self.prefix = self.folder / "prefix"
        self._desktop: subprocess.Popen[bytes] | None = None

    @property
    def ready(self) -> bool:
        """Whether `setup_wine.py` has come to its end."""
        return (self.folder / "ready").is_file()

    @property
    def environment(self) -> dict[str, str]:
        """What Wine needs, and nothing of the Python that the tests run on."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",  # how Wine reads file names and arguments of Linux; its own ANSI code page stays 1252
            "WINEPREFIX": str(self.prefix),
            "WINEDLLPATH": str(self.libraries / "wine"),
            "LD_LIBRARY_PATH": str(self.libraries),
            "WINEDEBUG": "-all",
            # no .NET and no browser, which Wine would fetch; no menus of a Linux desktop; no debugger after a crash
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=d;winedbg.exe=d",
            "PYTHONPYCACHEPREFIX": r"C:\pycache",  # compiled modules of the checkout are not those of Linux
        }

    # ------------------------------------------------------------------------------------------------- paths

    def path(self, path: Path) -> str:
        """A file of Linux by its name on Windows."""
        path = path.absolute()
        drive_c = self.prefix / "drive_c"
        if path.is_relative_to(drive_c):
            return str(PureWindowsPath("C:\\", path.relative_to(drive_c)))
        return str(PureWindowsPath("Z:\\", path.relative_to("/")))

    def linux_path(self, path: str | PureWindowsPath) -> Path:
        """A file on C: or Z: by its name on Linux."""
        path = PureWindowsPath(path)
        root = {"C:": self.prefix / "drive_c", "Z:": Path("/")}[path.drive.upper()]
        return root.joinpath(*path.parts[1:])

    # ---------------------------------------------------------------------------------------------- programs

    def run(
        self,
        command: Sequence[object],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 300,
        encoding: str = "cp1252",
    ) -> subprocess.CompletedProcess[str]:
        r"""Run a Windows program to its end. Its standard input is empty.

        `command`: the program and its arguments; a Path among them is a file of Linux. `cwd`: a folder of Linux; unless
        given, C:. `env`: further variables; USERNAME, USERPROFILE, APPDATA, TEMP and PATH are Wine's own, whatever is given
        here. `timeout` in seconds; subprocess.TimeoutExpired after it. `encoding` of what it writes; lines end in \r\n, as
        written. The exit code is the lowest 8 bits of that of Windows.
        """
        done = self._run(command, cwd, env, timeout, encoding)
        if done.returncode and INTERNAL_ERROR in done.stdout + done.stderr:
            warnings.warn(f"Wine: {INTERNAL_ERROR}; tried again: {done.args}", stacklevel=2)
            done = self._run(command, cwd, env, timeout, encoding)
        return done

    def run_python(self, arguments: Sequence[object], **options: object) -> subprocess.CompletedProcess[str]:
        """Run Python with these arguments; options as of `run`."""
        return self.run([self.python, *arguments], **options)  # type: ignore[arg-type]

    def popen(
        self, command: Sequence[object], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a Windows program, with pipes as its standard streams, and do not wait for it."""
        return subprocess.Popen(
            [str(self.wine), *(self._argument(a) for a in command)],
            cwd=cwd or self.prefix / "drive_c",
            env={**self.environment, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def _argument(self, argument: object) -> str:
        return self.path(argument) if isinstance(argument, Path) else str(argument)

    def _run(
        self,
        command: Sequence[object],
        cwd: Path | None,
        env: Mapping[str, str] | None,
        timeout: float,
        encoding: str,
    ) -> subprocess.CompletedProcess[str]:
        process = self.popen(command, cwd=cwd, env=env)
        assert process.stdin and process.stdout and process.stderr
        process.stdin.close()
        out, err = Reader(process.stdout), Reader(process.stderr)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired as late:
            process.kill()
            process.wait()
            late.cmd, late.output, late.stderr = process.args, out.read(encoding), err.read(encoding)
            raise
        return subprocess.CompletedProcess(process.args, code, out.read(encoding), err.read(encoding))

    # ------------------------------------------------------------------------------------------------- state

    def start(self) -> None:
        """Start the desktop, with which Wine's server and its services start and stay."""
        command = [str(self.wine), "explorer.exe", "/desktop"]
        null = subprocess.DEVNULL
        self._desktop = subprocess.Popen(command, env=self.environment, stdin=null, stdout=null, stderr=null)
        self.run(["cmd", "/c", "ver"])  # does not end before the services are there
        time.sleep(1)  # the desktop has no way to say that it is there

    def stop(self) -> None:
        """End every program of this Windows."""
        subprocess.run([str(self.server), "-k"], env=self.environment, capture_output=True, check=False, timeout=60)
        if self._desktop:
            self._desktop.wait(60)


class Reader(threading.Thread):
    """Reads a pipe to its end, which may come long after that of the program at its other end."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe, self._bytes = pipe, bytearray()
        self.start()

    def run(self) -> None:
        while chunk := os.read(self._pipe.fileno(), 65536):
            self._bytes += chunk

    def read(self, encoding: str) -> str:
        """What has come, once the pipe is at its end or the wait for it is over."""
        self.join(PIPES_END_S)
        return bytes(self._bytes).decode(encoding, "surrogateescape")
