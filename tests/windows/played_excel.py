"""Excel as `excel_server` plays it on Windows, from Linux: the server, and a session that presses its buttons."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wine import Reader, Windows

HERE = Path(__file__).parent
LIMIT_S = 300  # for one answer


class PlayedExcel:
    """A server and a session. Functions of `excel_session` are called by their names. To be used as a context."""

    def __init__(self, windows: Windows, state: Path) -> None:
        """`state`: where runs keep what `restore` puts back."""
        self.windows = windows
        folders = ";".join(windows.path(folder) for folder in (HERE, HERE.parent / "doubles", HERE.parent / "support"))
        self._environment = {"PYTHONPATH": folders, "XLBACKFLUSH_STATE": windows.path(state)}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._errors: dict[int, Reader] = {}  # by process: what nobody reads would stop it in the end
        self._server = self._start("excel_server.py")
        self.hwnd = int(self._line(self._server))
        self._session: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PlayedExcel:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def _start(self, script: str, *arguments: object) -> subprocess.Popen[bytes]:
        command = [self.windows.python, "-P", HERE / script, *arguments]
        process = self.windows.popen(command, env=self._environment)
        assert process.stderr
        self._processes.append(process)
        self._errors[process.pid] = Reader(process.stderr)
        return process

    def run_python(self, macro: str, book: str) -> subprocess.CompletedProcess[str]:
        """A macro in a process of its own, with the command line that RunPython of xlwings makes."""
        command = f"from xlbackflush.addin.macros import {macro}; {macro}()"
        arguments = ["-B", "-c", command, f"--wb={book}", "--from_xl=1", f"--hwnd={self.hwnd}"]
        return self.windows.run_python(arguments, env=self._environment, timeout=LIMIT_S)

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self._ask([name, *arguments])

    def _ask(self, request: Sequence[object]) -> Any:
        if self._session is None:
            self._session = self._start("excel_session.py", self.hwnd)
        assert self._session.stdin
        given = [self.windows.path(part) if isinstance(part, Path) else part for part in request]
        self._session.stdin.write(json.dumps(given).encode() + b"\n")
        self._session.stdin.flush()
        answer = json.loads(self._line(self._session))
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def _line(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdout
        watch = threading.Timer(LIMIT_S, process.kill)
        watch.start()
        try:
            line = process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            raise RuntimeError(f"no answer: {self._errors[process.pid].read('cp1252')}")
        return line.decode()
