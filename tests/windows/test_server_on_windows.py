"""Buttons over the server of xlwings: its DLL, its process, and a COM server that plays Excel and waits for it meanwhile.

What Excel's process waits for calls back into it, some two thousand times: the way that a click takes in Excel.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from excel_worker import ExcelError, ExcelWorker
from in_excel import by_file, differences
from played_excel import PlayedExcel
from support_files import bench_book, sample_book
from wine import Windows

from xlbackflush import schema

SERVICE = "xlbackflush.addin.server"
NAME = "bench.xlsm"
NO_MACRO = "module 'xlbackflush.addin.macros' has no attribute 'nosuch'. Run: xlbackflush doctor"

# ------------------------------------------------------------------------------------------- in what plays Excel


@pytest.fixture(scope="module")
def played(windows: Windows, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedExcel]:
    """Excel, with no workbook open."""
    with PlayedExcel(windows, tmp_path_factory.mktemp("state")) as excel:
        yield excel


@pytest.fixture
def sample(played: PlayedExcel, tmp_path: Path) -> Iterator[Path]:
    path = sample_book(tmp_path / "widgets.xlsm", "widgets")
    name = played.open_book(path)
    yield path
    played.close_book(name)


def saved(played: PlayedExcel, book: Path, name: str) -> Path:
    path = book.with_name(f"{name}{book.suffix}")
    played.save_copy(book.name, path)
    return path


def test_the_server_writes_what_the_command_line_writes_while_excel_waits_for_it(
    played: PlayedExcel, sample: Path
) -> None:
    assert played.press_in_server(sample.name, "check").startswith("Done: no errors; ")
    played.application("TestCalls")
    assert played.press_in_server(sample.name, "run").startswith("Done: run R0001 (draft), ")
    (calls,) = played.application("TestCalls")
    assert 1_000 < calls < 56 * len(schema.SHEETS)
    ran = saved(played, sample, "live")
    assert differences(ran, by_file(sample, ran)) == []
    played.put(sample.name, "Counts", "E8", 333.0)
    assert played.press_in_server(sample.name, "run").startswith("Done: run R0001 (draft), ")
    assert played.press_in_server(sample.name, "restore").startswith("Done: the results of run R0001 ")
    assert differences(ran, saved(played, sample, "restored")) == []


def test_a_busy_excel_is_ridden_out_by_the_server(played: PlayedExcel, sample: Path) -> None:
    played.application("TestCalls")
    assert played.press_in_server(sample.name, "run", 53, 30).startswith("Done: run R0001 ")
    assert played.application("TestRejected") == [30]


def test_esc_in_excel_stops_the_server_before_it_writes(played: PlayedExcel, sample: Path) -> None:
    before = saved(played, sample, "before")
    played.hold_esc(True)
    try:
        assert played.press_in_server(sample.name, "run") == "Stopped: you pressed Esc. Nothing was written."
    finally:
        played.hold_esc(False)
    assert saved(played, sample, "after").read_bytes() == before.read_bytes()
    assert played.press_in_server(sample.name, "run").startswith("Done: run R0001 (draft), ")


def test_esc_in_another_program_stops_nothing(played: PlayedExcel, sample: Path) -> None:
    played.hold_esc(True, False)
    try:
        assert played.press_in_server(sample.name, "run").startswith("Done: run R0001 (draft), ")
    finally:
        played.hold_esc(False)


# ------------------------------------------------------------------------------------------- over the DLL of xlwings


@pytest.fixture(scope="module")
def excel(windows: Windows, installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExcelWorker]:
    with ExcelWorker(windows) as worker:
        worker.open(windows.path(bench_book(tmp_path_factory.mktemp("book") / NAME)))
        worker.wait_for_python(NAME)
        yield worker


def test_a_button_asks_the_server_that_answers_cells(excel: ExcelWorker) -> None:
    """There is no Excel behind it, so that only the way there can be seen: which Python complains, and that it lives on."""
    server = excel.ask(0, "os", "getpid")
    assert excel.ask(0, SERVICE, "is_current") is True
    assert excel.ask(0, SERVICE, "prepare") is None
    with pytest.raises(ExcelError) as complaint:
        excel.run_engine(NAME, "nosuch")
    assert str(complaint.value) == NO_MACRO
    assert excel.ask(0, "os", "getpid") == server
    assert excel.attempts() == 1


def test_an_outdated_server_ends_and_the_click_has_a_python_of_its_own(excel: ExcelWorker, windows: Windows) -> None:
    module = windows.linux_path(windows.python.parent / "Lib" / "site-packages" / "xlbackflush" / "__init__.py")
    times = module.stat()
    os.utime(module, ns=(times.st_atime_ns, times.st_mtime_ns + 10**9))
    try:
        assert excel.ask(0, SERVICE, "is_current") is False
        with pytest.raises(ExcelError) as complaint:
            excel.run_engine(NAME, "nosuch")
        assert str(complaint.value).startswith("cannot import name 'nosuch' from 'xlbackflush.addin.macros'")
        with pytest.raises(ExcelError):
            excel.alive(0)
    finally:
        os.utime(module, ns=(times.st_atime_ns, times.st_mtime_ns))
