"""The macros in a process beside Excel, over COM: they write what the command line writes.

Excel is played by `excel_server`; xlwings, pywin32 and all of the product are what a user has.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from com_file import NOT_DONE
from in_excel import by_file, differences, inputs
from live_books import BOOKS, CONDENSED, NOW, PERIOD, PERIOD_ENDS, POLICIES
from played_excel import PlayedExcel
from samples_tried import FULL
from support_files import Parts, sample_book
from wine import Windows

from xlbackflush import schema
from xlbackflush.explain import explanation as explain
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.template.build import build
from xlbackflush.workbook.file import FileBook

#: where Trace is condensed is decided by a constant that only this process could change
POSSIBLE = [name for name in BOOKS if name not in CONDENSED]
#: a spread of trigger points, currencies, dispositions, period ends, counts in units and in money
FEW = [
    "computers, Purchase and sale",
    *map(str, (POLICIES[1], POLICIES[6], PERIOD_ENDS[0], PERIOD_ENDS[3], PERIOD_ENDS[11])),
    "nothing happened",
]


@pytest.fixture(scope="module")
def excel(windows: Windows, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedExcel]:
    """Excel, with no workbook open."""
    with PlayedExcel(windows, tmp_path_factory.mktemp("state")) as played:
        yield played


@pytest.fixture
def sample(excel: PlayedExcel, tmp_path: Path) -> Iterator[Path]:
    """The widgets, open in Excel."""
    path = sample_book(tmp_path / "widgets.xlsm", "widgets")
    name = excel.open_book(path)
    yield path
    excel.close_book(name)


def saved(excel: PlayedExcel, book: Path, name: str = "saved") -> Path:
    """The workbook as Excel would save it."""
    path = book.with_name(f"{name}{book.suffix}")
    excel.save_copy(book.name, path)
    return path


def test_the_command_of_the_button_runs_from_the_counts_to_the_journal(excel: PlayedExcel, sample: Path) -> None:
    done = excel.run_python("run", sample.name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (status,) = excel.application("StatusBar")
    assert status.startswith("Done: run R0001 (draft), ") and "all checks hold" in status
    assert excel.selected() == "Journal!$A$1"
    ran = saved(excel, sample)
    assert differences(ran, by_file(sample, ran)) == []
    assert inputs(ran) == inputs(sample)


@pytest.mark.parametrize("name", POSSIBLE if FULL else FEW)
def test_a_run_over_com_writes_what_a_run_without_excel_writes(excel: PlayedExcel, tmp_path: Path, name: str) -> None:
    book = tmp_path / "book.xlsx"
    build(book, PERIOD, BOOKS[name]())
    excel.open_book(book)
    try:
        assert excel.press(book.name, "run").startswith("Done: run R0001 ")
        ran = saved(excel, book)
    finally:
        excel.close_book(book.name)
    assert differences(ran, by_file(book, ran)) == []


def test_every_button_leaves_what_its_command_leaves(excel: PlayedExcel, sample: Path) -> None:
    def press(macro: str, *arguments: str) -> str:
        return str(excel.press(sample.name, macro, *arguments))

    excel.become("preparer")
    assert press("check").startswith("Done: no errors; ")
    before = press("run")
    assert before.startswith("Done: run R0001 ")
    first = saved(excel, sample, "first")
    excel.put(sample.name, "Counts", "E8", 333.0)
    after = press("run")
    assert after.startswith("Done: run R0001 ") and after.split(" entries, ")[1] != before.split(" entries, ")[1]
    assert press("restore").startswith("Done: the results of run R0001 ")
    assert differences(first, saved(excel, sample, "restored")) == []
    assert press("clear").startswith("Done: the output sheets are empty")
    with FileBook(first) as file:
        lifecycle.clear(file)
    assert differences(first, saved(excel, sample, "cleared")) == []

    assert press("run").startswith("Done: run R0001 ")
    assert press("post").startswith("Stopped: ")
    excel.become("approver")
    assert press("post").startswith("Done: run R0001 is posted: ")
    posted = saved(excel, sample, "posted")
    with FileBook(posted) as file:
        (run,) = file.runs()
    assert (run.run, run.status, run.user, run.approved_by) == ("R0001", "Posted", "preparer", "approver")
    assert press("export").startswith("Done: wrote widgets-")
    assert list(sample.parent.glob("widgets-*.csv"))
    assert press("clear").startswith("Stopped: Run R0001 is posted")


def test_a_cell_of_the_journal_is_explained_over_com_as_in_the_file(excel: PlayedExcel, tmp_path: Path) -> None:
    book = sample_book(tmp_path / "ran.xlsm", "widgets")
    with FileBook(book) as file:
        lifecycle.run(file, "tester", NOW)
    excel.open_book(book)
    try:
        excel.select(book.name, "Journal", "I7")
        sentence = excel.press(book.name, "explain")
        explained = saved(excel, book)
    finally:
        excel.close_book(book.name)
    with FileBook(book) as file:
        steps = explain.explain(file.cells(), "Journal!I7")
        explain.write(file, steps)
    assert sentence.startswith(f"Done: Journal!I7 is explained in {len(steps)} steps") and len(steps) > 5
    assert differences(explained, book) == []


def test_a_check_over_com_selects_the_cell_to_correct(excel: PlayedExcel, tmp_path: Path) -> None:
    parts = Parts(sample_book(tmp_path / "new.xlsm", "widgets"))
    parts.put("Counts!D8", "NO-SUCH-ITEM")
    book = parts.save(tmp_path / "wrong.xlsm")
    plain = Path(shutil.copy(book, tmp_path / "plain.xlsm"))
    excel.open_book(book)
    try:
        assert excel.press(book.name, "check").startswith("Findings: 1 error")
        assert excel.selected() == "Counts!$D$8"
        checked = saved(excel, book)
    finally:
        excel.close_book(book.name)
    with FileBook(plain) as file:
        assert lifecycle.check(file).failed
    assert differences(checked, plain) == []


def test_a_busy_excel_is_ridden_out_from_the_first_call_to_the_last(excel: PlayedExcel, sample: Path) -> None:
    before_the_workbook_is_even_there = excel.press_while_busy(1, 4, sample.name, "check")
    assert before_the_workbook_is_even_there.startswith("Done: no errors")
    in_the_midst = excel.press_while_busy(53, 30, sample.name, "run")
    assert in_the_midst.startswith("Done: run R0001 ")
    assert excel.application("TestRejected") == [30]
    ran = saved(excel, sample)
    assert differences(ran, by_file(sample, ran)) == []


def test_excel_is_as_it_was_after_a_run(excel: PlayedExcel, sample: Path) -> None:
    state = ("Calculation", "EnableEvents", "ScreenUpdating", "DisplayAlerts")
    excel.set_application("Calculation", 2)
    excel.set_application("EnableEvents", False)
    before = excel.application(*state)
    assert excel.press(sample.name, "run").startswith("Done: ")
    assert excel.application(*state) == before == [2, False, True, True]
    excel.set_application("Calculation", -4105)
    excel.set_application("EnableEvents", True)


def test_a_run_makes_few_calls_over_com(excel: PlayedExcel, sample: Path) -> None:
    excel.application("TestCalls")
    assert excel.press(sample.name, "run").startswith("Done: ")
    (calls,) = excel.application("TestCalls")
    assert 1_000 < calls < 56 * len(schema.SHEETS)


UNKNOWN, MEMBER_NOT_FOUND, BAD_COUNT, EXCEPTION = -2147352570, -2147352573, -2147352562, -2147352567
MANNERS = {
    # what Excel's documentation says of these; an error by its number, and Excel's own 0x800A03EC behind it
    "book.Worksheets('Counts').Range('A6:B6').Value2": "(('Date', 'Document'),)",
    "book.Worksheets('Counts').Range('E7').Value2": "230.0",
    "book.Worksheets('counts').Range('XFD9').Value2": "None",
    "book.Worksheets('Counts').Range('A1:XFD5').Address": "'$1:$5'",
    "book.Worksheets('Counts').Range('A1:C1048576').Address": "'$A:$C'",
    "type(book.Worksheets('Counts').Range('A7').Value).__name__": "'datetime'",
    "[sheet.Name for sheet in book.Worksheets][:2]": "['About', 'Setup']",
    "book.AutoSaveOn": f"com_error {UNKNOWN}",
    "book.Worksheets('No such sheet')": f"com_error {EXCEPTION} {NOT_DONE}",
    "book.Worksheets(0)": f"com_error {EXCEPTION} {NOT_DONE}",
    "book.Worksheets('Counts').Range('nowhere')": f"com_error {EXCEPTION} {NOT_DONE}",
    "book.Worksheets('Counts').Range('A1', 'B2', 'C3')": f"com_error {BAD_COUNT}",
}


def test_what_plays_excel_has_its_manners(excel: PlayedExcel, sample: Path) -> None:
    assert {asked: excel.evaluate(sample.name, asked) for asked in MANNERS} == MANNERS


def test_values_cross_with_excel_s_types(excel: PlayedExcel, sample: Path) -> None:
    def cell(member: str) -> str:
        return str(excel.evaluate(sample.name, f"book.Worksheets('Counts').Range('E8').{member}"))

    excel.put(sample.name, "Counts", "E8", "#N/A")
    assert cell("Value2") == "-2146826246"  # CVErr(xlErrNA)
    sentence = excel.press(sample.name, "run")
    assert sentence.startswith("Findings: 1 error; nothing was posted. First: Counts!E8 ") and "#N/A" in sentence
    excel.put(sample.name, "Counts", "E8", "TRUE")
    assert cell("Value2") == "True"
    excel.evaluate(sample.name, "setattr(book.Worksheets('Counts').Range('E8'), 'NumberFormat', '\"$\"#,##0.00')")
    excel.put(sample.name, "Counts", "E8", 1.23456)
    assert (cell("Value"), cell("Value2")) == ("Decimal('1.2346')", "1.23456")
