"""A Python that cannot start: Excel asks before it starts the server of the functions, and does not wait for two minutes."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pytest
from excel_worker import ExcelWorker
from support_files import bench_book
from wine import Windows

NAME = "bench.xlsm"
#: the DLL of xlwings alone waits 122 s; the add-in's own limit is far below, and a busy machine adds to it
CAP_S = 60
PLACE = PureWindowsPath(r"C:\No Python & Co")
LAND = f"python{sys.version_info.major}{sys.version_info.minor}._pth"


def without_packages(windows: Windows, folder: Path) -> None:
    """A Python that has the standard library alone."""
    home = windows.linux_path(windows.python.parent)
    for file in (*home.glob("*.dll"), home / "python.exe"):
        shutil.copy(file, folder)
    library = windows.python.parent
    (folder / LAND).write_text(f"{library / 'Lib'}\n{library / 'DLLs'}\n")


def never_up(windows: Windows, folder: Path) -> None:
    """A Python that starts, and never comes to the point."""
    without_packages(windows, folder)
    with (folder / LAND).open("a") as file:
        file.write(".\nimport site\n")
    (folder / "sitecustomize.py").write_text("import time\ntime.sleep(3600)\n")


PYTHONS = {
    "gone": (None, "There is no C:\\No Python & Co\\gone\\python.exe any more."),
    "without packages": (without_packages, "No module named 'xlwings'"),
    "never up": (never_up, "Python is slow to start"),
}


@pytest.fixture
def excel(windows: Windows, installed: None, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ExcelWorker]:
    """An Excel whose configuration names one of the Pythons, and whose temporary files lie in an odd folder."""
    place = windows.linux_path(PLACE)
    python = place / request.param
    shutil.rmtree(place, ignore_errors=True)
    make, _ = PYTHONS[request.param]
    if make:
        python.mkdir(parents=True)
        make(windows, python)
    configuration, temporary = tmp_path / ".xlbackflush" / "xlbackflush.conf", tmp_path / "Jörg & Co (files)"
    temporary.mkdir()
    configuration.parent.mkdir()
    configuration.write_text(
        f'"INTERPRETER_WIN","{PLACE / request.param}\\python.exe"\r\n', encoding="cp1252", newline=""
    )
    with ExcelWorker(windows, {"USERPROFILE": windows.path(tmp_path), "TEMP": windows.path(temporary)}) as worker:
        worker.open(windows.path(bench_book(tmp_path / NAME)))
        yield worker


@pytest.mark.parametrize("excel", PYTHONS, indirect=True)
def test_the_first_question_is_answered_soon_and_the_next_at_once(
    excel: ExcelWorker, request: pytest.FixtureRequest
) -> None:
    """XLPy is never called: nothing waits for the server."""
    _, reason = PYTHONS[request.node.callspec.params["excel"]]
    started = time.monotonic()
    status = excel.call(NAME, "BACKFLUSH_STATUS")
    assert time.monotonic() - started < CAP_S
    assert reason in status
    excel.type(NAME, "Standard Cost", "B7", "Another description")
    probes = excel.probes()
    assert reason in excel.call(NAME, "BACKFLUSH_STATUS")
    assert (excel.attempts(), excel.probes()) == (0, probes)
    assert probes <= 1
