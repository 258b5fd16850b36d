"""Excel in memory on Windows, from Linux: `excel_on_windows` in a process of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wine import Reader, Windows

HERE = Path(__file__).parent
LIMIT_S = 300  # for one answer
ATTEMPTS, PAUSE_S = 30, 2  # of waiting for Python to start


class ExcelError(Exception):
    """What VBA or COM said instead of an answer."""


class ExcelWorker:
    """An Excel; a method of `excel_on_windows.Worker` is called by its name. To be used as a context."""

    def __init__(self, windows: Windows, variables: Mapping[str, str] | None = None) -> None:
        """`variables`: of its environment, also those that Wine sets itself."""
        paths = ";".join(windows.path(folder) for folder in (HERE, HERE.parent / "doubles", HERE.parent / "support"))
        self._process = windows.popen([windows.python, "-P", HERE / "excel_on_windows.py"], env={"PYTHONPATH": paths})
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._errors = Reader(self._process.stderr)
        self._send(dict(variables or {}))

    def __enter__(self) -> ExcelWorker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self._ask(name, *args)

    def wait_for_python(self, book: str) -> None:
        """Ask cells until the functions answer: Excel does not wait for a Python that takes long to start."""
        for _ in range(ATTEMPTS):
            status = self.call(book, "BACKFLUSH_STATUS")
            if not status.startswith("No engine"):
                return
            time.sleep(PAUSE_S)
        raise ExcelError(status)

    def _ask(self, *request: object) -> Any:
        self._send(request)
        assert self._process.stdout
        watch = threading.Timer(LIMIT_S, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            raise RuntimeError(f"Excel ended, or did not answer in {LIMIT_S} s: {self._errors.read('cp1252')}")
        answer = json.loads(line)
        if "error" in answer:
            raise ExcelError(answer["error"])
        return answer["value"]

    def _send(self, request: object) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
