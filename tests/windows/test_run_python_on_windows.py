"""RunPython: the command line that the add-in's VBA gives to cmd, hidden, and what comes back by exit code and log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from excel_worker import ExcelError, ExcelWorker
from support_files import bench_book
from wine import Windows

NAME = "bench ü & ^ 100% 'q'.xlsm"
FOLDERS = ("Büro (neu) & Co 100% ^x", "L'été")
#: what the macro is told, written down by the macro itself; the macros are imported as by a button
RECORD = (
    "from xlbackflush.addin.macros import run; import os, sys, json; "
    "print(json.dumps([sys.argv, sys.executable]), file=open(os.environ['RECORD'], 'w'))"
)


@pytest.fixture(scope="module")
def record(windows: Windows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("record") / "record.json"


@pytest.fixture(scope="module")
def excel(
    windows: Windows, installed: None, record: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExcelWorker]:
    """An Excel whose folder of temporary files has a name that a command line may trip over."""
    temporary = tmp_path_factory.mktemp("temporary") / "Jörg & Co's (files)"
    temporary.mkdir()
    with ExcelWorker(windows, {"TEMP": windows.path(temporary), "RECORD": windows.path(record)}) as worker:
        worker.open(windows.path(bench_book(record.with_name(NAME))))
        yield worker


@pytest.mark.parametrize("folder", FOLDERS)
def test_python_is_told_the_workbook_and_its_excel(
    excel: ExcelWorker, record: Path, windows: Windows, folder: str
) -> None:
    record.unlink(missing_ok=True)
    excel.move(NAME, rf"C:\books\{folder}")
    assert excel.run_python(RECORD) == 0
    arguments, python = json.loads(record.read_text())
    assert python == str(windows.python)
    assert arguments[:3] == ["-c", f"--wb={NAME}", "--from_xl=1"]
    assert arguments[3].startswith("--app=") and arguments[3].endswith("Microsoft Excel")
    assert arguments[4:] == ["--hwnd=4711"]


def test_what_python_complains_of_comes_back_as_one_sentence(excel: ExcelWorker) -> None:
    """There is no Excel for the macro: it says so on its error output, which is the log that VBA reads."""
    with pytest.raises(ExcelError) as complaint:
        excel.run_engine(NAME, "nosuch")
    assert str(complaint.value).startswith("cannot import name 'nosuch' from 'xlbackflush.addin.macros'")
    assert str(complaint.value).endswith("Run: xlbackflush doctor")
