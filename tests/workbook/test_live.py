"""The macros, run as Excel runs them, over Excel's COM objects on a workbook file: they write what the command line writes.

What stands in for Excel keeps Excel's manners (see `com_file`), so that each of its traps is one here.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import com_file
import openpyxl
import pytest
from com_file import CURRENCY, Application, Workbook
from excel_engine import ComError, calling
from in_excel import Macro, by_file, differences, inputs, live, saved, shown, told
from live_books import BOOKS, CONDENSED, PERIOD, PERIOD_ENDS, POLICIES, QUIET, trace_limit
from samples_tried import FULL
from support_files import Parts, found, sample_book
from xlwings import mac_dict

from xlbackflush import schema
from xlbackflush.addin import macros
from xlbackflush.engine.inputs.snapshot import input_hash
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.inputs import Cleaned
from xlbackflush.model.journal import Run
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.address import addresses, area, areas, box_of
from xlbackflush.ooxml.values import decoded
from xlbackflush.schema import excel as surface
from xlbackflush.sheets import title_rows
from xlbackflush.template.build import build
from xlbackflush.workbook import mac
from xlbackflush.workbook.com import RPC_E_CALL_REJECTED, RPC_E_SERVERCALL_RETRYLATER, VBA_E_IGNORE, Patience, Patient
from xlbackflush.workbook.file import FileBook
from xlbackflush.workbook.live import LiveBook

#: of all books one or two of each kind: a sample, odd codes and dates, each trigger, by count, condensed, quiet
IN_EXCEL = list(BOOKS) if FULL else [
    "widgets", "codes in other case", "dates with a time of day", *map(str, POLICIES[1::2]), *map(str, PERIOD_ENDS[6::5]),
    *sorted(CONDENSED)[:1], *list(QUIET)[::2],
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `restore` puts back is found by the run, and two tests can run the same workbook in the same second."""
    monkeypatch.setenv("XLBACKFLUSH_STATE", str(tmp_path_factory.mktemp("state")))


# ------------------------------------------------------------------------------------ the same as the file


@pytest.mark.parametrize("name", IN_EXCEL)
def test_a_run_in_excel_writes_what_a_run_without_it_writes(tmp_path: Path, name: str) -> None:
    book = tmp_path / "book.xlsx"
    build(book, PERIOD, BOOKS[name]())
    with trace_limit(name):
        ran = live(book, macros.run)
        assert differences(ran, by_file(book, ran)) == []
    assert inputs(ran) == inputs(book)


def test_a_check_in_excel_writes_what_a_check_without_it_writes(tmp_path: Path) -> None:
    book = sample_book(tmp_path / "book.xlsm", "widgets")
    parts = Parts(book)
    parts.put("Counts!D8", "NO-SUCH-ITEM")
    parts.save(book)
    workbook = Workbook(book)
    sentence = told(workbook, macros.check)
    assert sentence.startswith("Findings: 1 error") and "Counts!D8" in sentence
    ran = saved(workbook, tmp_path / "live.xlsm")
    plain = Path(shutil.copy(book, tmp_path / "file.xlsm"))
    with FileBook(plain) as file:
        assert lifecycle.check(file).failed
    assert differences(ran, plain) == []


#: what an export makes of cells; all of them say one thing
CARELESS: dict[str, object] = {
    "A7": "2026-10-01", "A8": 20261001.0, "C7": " Completed", "D7": "SA-210\u00a0", "D9": "SA-230 ", "E7": "230.0", "E8": "46",
    "E10": " 130 ",
}  # fmt: skip


def careless(path: Path) -> Path:
    """The widgets with some counts as an export gives them."""
    parts = Parts(sample_book(path, "widgets"))
    parts.put_all("Counts", dict(CARELESS))
    return parts.save(path)


def test_cells_are_cleaned_in_excel_as_in_the_file(tmp_path: Path) -> None:
    book = careless(tmp_path / "book.xlsx")
    ran = live(book, macros.run)
    plain = by_file(book, ran)
    assert differences(ran, plain) == []
    assert inputs(ran) == inputs(plain) == inputs(sample_book(tmp_path / "clean.xlsx", "widgets"))
    assert [row["Code"] for row in Parts(ran).rows("Findings")].count("C17") == 4


def test_a_formula_is_not_cleaned_in_excel_either(tmp_path: Path) -> None:
    workbook = Workbook(careless(tmp_path / "book.xlsx"))
    workbook.sheets["Counts"].sheet["D8"].value = '="SA-220"&" "'
    with calling(workbook) as called:
        book = LiveBook(called)
        cells = [Cleaned("Counts", "Item", row, "item", "", "") for row in (7, 8, 9)]
        assert book.not_typed(cells) == {"Counts!D8"}


HARD_TO_READ: dict[str, Any] = {
    "a code that is a date": ("StandardCost", "Item", 46_000.0, "yyyy-mm-dd"),
    "a code that is a truth value": ("StandardCost", "Item", True, "General"),
    "a code that is a number": ("StandardCost", "Item", 4711.0, "General"),
    "a code that is a text of digits": ("StandardCost", "Item", "0815", "@"),
    "a price of five places in a currency cell": ("StandardCost", "Material price", 1.23456, CURRENCY),
    "a date with a time of day": ("Counts", "Date", 46_301.53125, "yyyy-mm-dd hh:mm"),
    "a moment that is the next day": ("Counts", "Date", 46_301.99999999999, "yyyy-mm-dd"),
    "a moment before midnight": ("Counts", "Date", 46_301.9999999943, "yyyy-mm-dd"),
    "a date that is a plain number": ("Counts", "Date", 46_301.0, "General"),
    "a date below the calendar": ("Counts", "Date", 0.25, "yyyy-mm-dd"),
    "a long number": ("Counts", "Quantity", 1234567.891234567, "General"),
}


def test_excel_and_the_file_give_a_run_the_same_inputs(tmp_path: Path) -> None:
    """Each of them in a row of its own."""
    path = sample_book(tmp_path / "book.xlsx", "widgets")
    with FileBook(path) as file:
        before = file.read()
    book = openpyxl.load_workbook(path)
    for number, (table, column, value, number_format) in enumerate(HARD_TO_READ.values(), 1):
        sheet = next(s for s in book if table in s.tables)
        cell = sheet.cell(schema.HEADER_ROW + number, 1 + schema.TABLES[table].names.index(column))
        cell.value, cell.number_format = value, number_format
        if isinstance(value, str):
            cell.data_type = "s"
    book.save(path)
    with FileBook(path) as file, calling(Workbook(path)) as called:
        read, stored = LiveBook(called).read(), file.read()
    for number, (table, column, *_) in enumerate(HARD_TO_READ.values()):
        at = before[table].columns.index(column)
        assert stored[table].rows[number][at] != before[table].rows[number][at]
    assert read == stored
    assert input_hash(read) == input_hash(stored)


@pytest.mark.parametrize(("column", "name", "code"), [("Labor rate", "Labour rate", "C11"), ("Note", "Remark", "C12")])
def test_a_column_under_another_name_is_found_in_excel_as_in_the_file(
    tmp_path: Path, column: str, name: str, code: str
) -> None:
    parts = Parts(sample_book(tmp_path / "book.xlsm", "widgets"))
    place = parts.tables()["StandardCost"]
    parts.edit(place.part, f'name="{column}"', f'name="{name}"')
    parts.put(parts.where("StandardCost", name, -1), name)
    book = parts.save(tmp_path / "book.xlsm")
    checked, plain = live(book, macros.check), Path(shutil.copy(book, tmp_path / "file.xlsm"))
    assert (code, f"Standard Cost!{'G' if code == 'C11' else 'L'}6") in found(plain)
    assert code in [row["Code"] for row in Parts(checked).rows("Findings")]
    assert differences(checked, plain) == []


def test_a_table_that_was_made_a_range_is_refused_in_excel(tmp_path: Path) -> None:
    parts = Parts(sample_book(tmp_path / "book.xlsm", "widgets"))
    sheet = parts.part_of("Stock")
    parts[sheet] = re.sub(rb"<tableParts.*?</tableParts>", b"", parts[sheet])
    workbook = Workbook(parts.save(tmp_path / "book.xlsm"))
    assert "sheet Stock has no table Stock, so that what stands there is not read" in told(workbook, macros.run)


@pytest.mark.parametrize("text", [*com_file.ERRORS])
def test_an_error_value_in_excel_is_an_error(tmp_path: Path, text: str) -> None:
    path = sample_book(tmp_path / "book.xlsx", "widgets")
    workbook = Workbook(path)
    workbook.sheets["Counts"].sheet["E8"].value = text
    with calling(workbook) as called:
        source = LiveBook(called).read()["Counts"]
    assert source.rows[1][4] == CellError(text)
    sentence = told(workbook, macros.run)
    assert sentence.startswith("Findings: 1 error; nothing was posted. First: Counts!E8 ") and text in sentence
    assert (workbook.application.active.Worksheet.Name, workbook.application.active.areas) == ("Counts", [(8, 5, 8, 5)])


def test_errors_of_later_versions_of_excel_are_errors() -> None:
    assert decoded(-2146828288 + 2050) == CellError("#CALC!")
    assert decoded(-2146828288 + 2999) == CellError("#ERROR!")
    assert (decoded(None), decoded(True), decoded(-2146826246.0)) == ("", True, -2146826246.0)


def test_rows_below_a_table_are_reported_with_their_cell(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "book.xlsx", "widgets")
    workbook = Workbook(path)
    sheet = workbook.sheets["Stock"].sheet
    row = sheet.max_row + 3
    sheet.cell(row, 2).value = 5
    with calling(workbook) as called:
        assert LiveBook(called).read()["Stock"].below == [f"Stock!B{row}"]


# -------------------------------------------------------------------------------- what else is in a workbook


def sample(folder: Path, name: str = "computers") -> Workbook:
    """A sample, open in Excel."""
    return Workbook(sample_book(folder / "book.xlsm", name))


def test_notes_beside_a_table_stay_and_rows_that_fall_out_are_cleared(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    told(workbook, macros.run)
    journal = workbook.sheets["Journal"].sheet
    last, beside = journal.max_row, len(schema.JOURNAL.columns) + 2
    journal.cell(last, beside).value = "See memo 7"
    journal.cell(3, beside).value = "Looked at"
    told(workbook, macros.clear)
    assert (journal.cell(last, beside).value, journal.cell(3, beside).value) == ("See memo 7", "Looked at")
    assert [journal.cell(last, column).value for column in range(1, beside)] == [None] * (beside - 1)
    assert {journal.cell(last, column).style for column in range(1, beside - 1)} == {"Normal"}
    assert journal.tables["Journal"].ref == f"A6:{openpyxl.utils.get_column_letter(beside - 2)}7"


def test_a_table_that_the_user_moved_is_written_where_it_stands(tmp_path: Path) -> None:
    parts = Parts(sample_book(tmp_path / "new.xlsx", "widgets"))
    parts.move_table("Ledger", 4, 2)
    book = parts.save(tmp_path / "book.xlsx")
    ran = live(book, macros.run)
    assert differences(ran, by_file(book, ran)) == []


def test_a_workbook_without_our_styles_is_written_all_the_same(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    names = set(workbook.book.named_styles)
    with mock.patch.object(type(workbook.book), "named_styles", ["Normal"]):
        sentence = told(workbook, macros.run)
    assert sentence.startswith("Done: run R0001 ") and "Posted money" in names
    journal = workbook.sheets["Journal"].sheet
    assert journal["I7"].number_format == '#,##0.00_);(#,##0.00);"–"_)'
    assert journal["G7"].data_type == "s"  # an account of digits


def test_protection_is_as_it_was_after_a_run(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    workbook.book["Ledger"].protection.sheet = False
    workbook.book["Relief"].protection.sort = True
    before = {s.title: (dict(s.protection)) for s in workbook.book}
    assert told(workbook, macros.run).startswith("Done: ")
    assert {s.title: dict(s.protection) for s in workbook.book} == before
    workbook.application.fails = lambda call: call == "Range.Formula="
    told(workbook, macros.run)
    assert {s.title: dict(s.protection) for s in workbook.book} == before


def test_what_a_protected_sheet_allows_has_a_name_in_excel_for_mac() -> None:
    """Excel for Mac protects a sheet anew after a run; xlwings lists the words that it understands."""
    arguments = next(a for name, _, a in mac_dict.commands if name == "protect_worksheet")
    known = {name for name, _ in arguments}
    assert set(mac._ALLOWED) == set(title_rows.ALLOWED)
    assert {"drawing_objects", *mac._ALLOWED.values()} <= known


def test_excel_is_as_it_was_after_a_run_whatever_happens(tmp_path: Path) -> None:
    workbook, excel = sample(tmp_path), None
    excel = workbook.application
    excel.Calculation, excel.EnableEvents = 2, False

    def state() -> list[object]:
        told_by = (excel.ScreenUpdating, excel.EnableEvents, excel.Calculation, excel.DisplayAlerts)
        return [*told_by, excel.AutoCorrect.AutoExpandListRange, excel.AutoCorrect.AutoFillFormulasInLists]

    before = state()
    during: list[object] = []

    def look(call: str) -> bool:
        if call == "Range.Formula=" and not during:
            during.append(None)  # what is asked here calls this again
            during[:] = state()
        return False

    excel.fails = look
    assert told(workbook, macros.run).startswith("Done: ")
    assert during == [False, False, -4135, True, False, False]
    assert state() == before
    excel.fails = lambda call: call == "ListObject.Resize"
    assert told(workbook, macros.run).startswith("Stopped: ")
    excel.fails = lambda call: False
    assert state() == before


def test_with_manual_calculation_excel_is_asked_to_calculate(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    told(workbook, macros.run)
    assert workbook.application.calculated == 0
    workbook.application.Calculation, workbook.application.CalculationState = -4135, 2
    told(workbook, macros.run)
    assert workbook.application.calculated == 2  # the inputs before they are read, and the results


def test_a_run_makes_few_calls(tmp_path: Path) -> None:
    """Each call goes to another process: some milliseconds, whatever it carries."""
    workbook = Workbook(sample_book(tmp_path / "book.xlsx", "widgets"))
    told(workbook, macros.run)
    calls = workbook.application.calls
    bodies = title_cells = len(schema.OUTPUT_TABLES)
    assert calls.count("Range.Formula=") == bodies + title_cells
    assert calls.count("Range.Value2") <= 2 * len(schema.TABLES)
    assert len(calls) < 85 * len(schema.OUTPUT_TABLES)


def test_a_table_of_many_cells_goes_to_excel_in_pieces(tmp_path: Path) -> None:
    book = sample_book(tmp_path / "book.xlsx", "widgets")
    with mock.patch("xlbackflush.workbook.live._CELLS_MOST", 100):
        ran = live(book, macros.run)
    assert differences(ran, by_file(book, ran)) == []


def test_tables_are_found_again_after_they_have_grown(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "book.xlsx", "widgets")
    workbook = Workbook(path)
    with calling(workbook) as called:
        book = LiveBook(called)
        empty = book.table("Journal").last_row
        lifecycle.run(book, "tester", dt.datetime(2026, 4, 1))
        assert empty < book.table("Journal").last_row == len(book.table("Journal").rows) + schema.HEADER_ROW
        lifecycle.run(book, "tester", dt.datetime(2026, 4, 1))
    twice = saved(workbook, tmp_path / "twice.xlsx")
    assert differences(twice, by_file(path, twice)) == []


# --------------------------------------------------------------------------------------------- refused at once


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "read-only": ({"ReadOnly": True}, "open read-only"),
    "shared": ({"MultiUserEditing": True}, "is shared"),
    "saved while it is written": ({"AutoSaveOn": True}, "AutoSave is on"),
    "days from 1904": ({"Date1904": True}, "1904"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_workbook_that_must_not_be_written_is_refused(tmp_path: Path, name: str) -> None:
    more, reason = REFUSED[name]
    book = sample_book(tmp_path / "book.xlsm")
    workbook = Workbook(book, **more)
    for macro in (macros.run, macros.check, macros.restore, macros.clear):
        sentence = told(workbook, macro)
        assert sentence.startswith("Stopped: ") and reason in sentence
    assert not [call for call in workbook.application.calls if call.startswith("Range.") and call.endswith("=")]


def test_what_is_no_backflush_workbook_is_refused_in_the_words_of_the_command_line(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(UnusableError) as refused, FileBook(tmp_path / "other.xlsx"):
        raise AssertionError
    assert told(Workbook(tmp_path / "other.xlsx"), macros.run) == f"Stopped: {refused.value}"


def test_a_sheet_with_a_password_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    workbook.passwords["Ledger"] = "secret"
    before = shown(workbook.book)
    sentence = told(workbook, macros.run)
    assert sentence.startswith("Stopped: Sheet Ledger is protected with a password")
    assert shown(workbook.book) == before
    assert all(workbook.book[s.name].protection.sheet for s in schema.OUTPUT_SHEETS if s.name != "Trace")


# ------------------------------------------------------------------------------------------------ busy, failing


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


def answering(after: int, error: Exception) -> Callable[[], str]:
    """A call that fails so many times before it answers."""
    left = [error] * after

    def call() -> str:
        if left:
            raise left.pop()
        return "answer"

    return call


def hidden(error: Exception) -> Exception:
    """A KeyError that was raised while another error was handled, as xlwings does where it looks for a workbook."""
    try:
        try:
            raise error
        except ComError:
            raise KeyError("book.xlsm")  # noqa: B904 - as xlwings raises it
    except KeyError as shown:
        return shown


BUSY = {
    "rejected": ComError(RPC_E_CALL_REJECTED),
    "later": ComError(RPC_E_SERVERCALL_RETRYLATER),
    "a cell is edited": ComError(com_file.DISP_E_EXCEPTION, "", VBA_E_IGNORE),
    "a workbook is not shown": hidden(ComError(RPC_E_CALL_REJECTED)),
    "a name cannot be looked up": type("ExcelBusyError", (Exception,), {})(),
}


@pytest.mark.parametrize("name", BUSY)
def test_a_busy_excel_is_waited_for(name: str) -> None:
    clock = Clock()
    assert Patience(30, clock)(answering(5, BUSY[name])) == "answer"
    assert len(clock.waits) == 5 and clock.waits == sorted(clock.waits)


class LateBound:
    """A COM object as pywin32 shows it without a type library: a property that cannot be set hides the reason."""

    def __init__(self, rejections: int) -> None:
        vars(self).update(rejections=rejections, Formula="old")

    def __getattribute__(self, name: str) -> Any:
        if name == "Formula" and vars(self)["rejections"]:
            vars(self)["rejections"] -= 1
            raise ComError(RPC_E_CALL_REJECTED)
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in vars(self) or self.rejections:
            raise AttributeError(f"Property '<unknown>.{name}' can not be set.")
        vars(self)[name] = value


def test_a_busy_excel_is_waited_for_where_late_binding_hides_that_it_is_busy() -> None:
    clock = Clock()
    cells = LateBound(3)
    Patient(cells, Patience(30, clock)).Formula = "new"
    assert (cells.Formula, len(clock.waits)) == ("new", 3)


def test_what_cannot_be_set_is_an_error_at_once() -> None:
    clock = Clock()
    with pytest.raises(AttributeError):
        Patient(LateBound(0), Patience(30, clock)).Nothing = "new"
    assert clock.waits == []


def test_after_half_a_minute_the_user_is_told(tmp_path: Path) -> None:
    clock = Clock()
    with pytest.raises(UnusableError, match="Excel is busy: finish editing the cell"):
        Patience(30, clock)(answering(10_000, BUSY["rejected"]))
    assert 30 <= sum(clock.waits) < 33


def test_an_excel_that_is_not_busy_is_not_waited_for() -> None:
    clock = Clock()
    with pytest.raises(ComError):
        Patience(30, clock)(answering(1, com_file.refused("no")))
    assert clock.waits == []


def test_a_run_in_an_excel_that_is_busy_now_and_then_is_the_same_run(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    busy = [RPC_E_CALL_REJECTED, RPC_E_SERVERCALL_RETRYLATER] * 3
    workbook.application.fails = lambda call: len(workbook.application.calls) % 50 == 0 and bool(busy) and interrupt()

    def interrupt() -> bool:
        raise ComError(busy.pop())

    with mock.patch("time.sleep"):
        assert told(workbook, macros.run).startswith("Done: ")
    assert not busy
    ran = saved(workbook, tmp_path / "live.xlsm")
    assert differences(ran, by_file(tmp_path / "book.xlsm", ran)) == []


WRITES = ("ListObject.Resize", "Range.ClearContents", "Range.NumberFormat=", "Range.Formula=", "Range.Style=")


@pytest.mark.parametrize(
    "macro, nth", [(macros.run, n) for n in (0, 9, 100, 200)] + [(macros.check, n) for n in (0, 5)]
)
def test_a_write_that_fails_midway_leaves_what_stood_before(tmp_path: Path, macro: Macro, nth: int) -> None:
    _fails_midway(sample(tmp_path), macro, nth)


@pytest.mark.parametrize("nth", [0, 60, 250])
def test_so_does_clearing_that_fails_midway(tmp_path: Path, nth: int) -> None:
    _fails_midway(sample(tmp_path), macros.clear, nth)


def _fails_midway(workbook: Workbook, macro: Macro, nth: int) -> None:
    assert told(workbook, macros.run).startswith("Done: ")
    before = shown(workbook.book)
    workbook.sheets["Counts"].sheet["E8"].value = 12345.0  # so that there is something else to write
    left = [nth]

    def fails(call: str) -> bool:
        if call in WRITES and left:
            left[0] -= 1
            return left[0] < 0 and left.pop() < 0
        return False

    workbook.application.fails = fails
    assert told(workbook, macro).startswith("Stopped: by a fault of its own; nothing was changed.")
    assert not left
    assert shown(workbook.book) == before


def test_where_what_stood_before_cannot_be_put_back_the_user_is_told(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    workbook.application.fails = lambda call: call == "Range.Formula="
    sentence = told(workbook, macros.run)
    assert sentence.startswith("Stopped: Writing stopped halfway (")
    assert "close the workbook without saving" in sentence


def test_a_run_whose_copy_cannot_be_kept_is_done_and_says_so(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    workbook.application.fails = lambda call: call == "Workbook.SaveCopyAs"
    sentence = told(workbook, macros.run)
    assert sentence.startswith("Done: run R0001 ") and "could not be kept" in sentence
    workbook.application.fails = lambda call: False
    assert told(workbook, macros.restore).startswith("Stopped: There is nothing to put back")


# ------------------------------------------------------------------------------------------- the other macros


def test_restore_puts_back_what_stood_before_the_run_from_excel_and_from_the_file(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    told(workbook, macros.run)
    first = saved(workbook, tmp_path / "first.xlsm")
    workbook.sheets["Counts"].sheet["E8"].value = 333.0
    assert told(workbook, macros.run).startswith("Done: ")
    second = saved(workbook, tmp_path / "second.xlsm")
    assert differences(first, second) != []
    assert told(workbook, macros.restore).startswith("Done: the results of run R0001 ")
    restored = saved(workbook, tmp_path / "restored.xlsm")
    assert differences(first, restored) == []
    assert inputs(restored) == inputs(second)
    with FileBook(second) as file:
        assert lifecycle.restore(file) == _runs(first)[-1]
    assert differences(first, second) == []
    assert told(workbook, macros.restore).startswith("Done: the output sheets are as they were before the first run")
    assert told(workbook, macros.restore).startswith("Stopped: There is nothing to put back")


def _runs(path: Path) -> list[Run]:
    with FileBook(path) as book:
        return book.runs()


def test_clear_empties_the_output_sheets_as_the_file_does(tmp_path: Path) -> None:
    book = sample_book(tmp_path / "book.xlsm", "widgets")
    with FileBook(book) as file:
        lifecycle.run(file, "tester", dt.datetime(2026, 4, 1))
    ran = Path(shutil.copy(book, tmp_path / "ran.xlsm"))
    cleared = live(book, macros.clear)
    with FileBook(ran) as file:
        lifecycle.clear(file)
    assert differences(cleared, ran) == []
    assert _runs(cleared) == []


def test_explain_fills_its_sheet_and_leaves_the_others(tmp_path: Path) -> None:
    book = sample_book(tmp_path / "book.xlsm", "widgets")
    with FileBook(book) as file:
        lifecycle.run(file, "tester", dt.datetime(2026, 4, 1))
    workbook = Workbook(book)
    workbook.application.active = workbook.sheets["Journal"].Range("I7")
    sentence = told(workbook, macros.explain)
    assert sentence.startswith("Done: Journal!I7 is explained in ")
    explained = saved(workbook, tmp_path / "live.xlsm")
    from xlbackflush.explain import explanation as explain

    with FileBook(book) as file:
        steps = explain.explain(file.cells(), "Journal!I7")
        explain.write(file, steps)
    assert len(steps) > 5
    assert differences(explained, book) == []


def test_every_macro_of_the_surface_is_there() -> None:
    verbs = {macro.name.removeprefix("Backflush").lower() for macro in surface.MACROS}
    assert verbs <= {name for name in vars(macros) if callable(getattr(macros, name))}


def test_a_sentence_is_one_line_that_a_message_box_takes(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    long = "x" * 300
    workbook.application.fails = lambda call: call == "Range.Value2" and (_ for _ in ()).throw(ValueError(f"a\n{long}"))
    sentence = told(workbook, macros.run)
    assert sentence.startswith("Stopped: by a fault of its own") and len(sentence) <= 250 and "\n" not in sentence


def test_after_a_run_the_journal_is_selected_unless_its_sheet_is_hidden(tmp_path: Path) -> None:
    workbook = sample(tmp_path)
    told(workbook, macros.run)
    assert (workbook.application.active.Worksheet.Name, workbook.application.active.areas) == (
        "Journal",
        [(1, 1, 1, 1)],
    )
    workbook.book["Journal"].sheet_state = "hidden"
    workbook.application.active = None
    assert told(workbook, macros.run).startswith("Done: ")
    assert workbook.application.active is None


def test_the_product_view_goes_beside_a_file_and_nowhere_else(tmp_path: Path) -> None:
    name = next(n for n in BOOKS if n.endswith("condensed"))
    book = tmp_path / "book.xlsx"
    build(book, PERIOD, BOOKS[name]())
    with trace_limit(name):
        assert told(Workbook(book), macros.run).startswith("Done: ")
        assert (tmp_path / "book-trace.csv").is_file()
        (tmp_path / "book-trace.csv").unlink()
        workbook = Workbook(book)
        with mock.patch.object(Workbook, "Path", "https://example.invalid/Documents"):
            sentence = told(workbook, macros.run)
    assert "The product view has no place" in sentence
    assert not (tmp_path / "book-trace.csv").exists()


# --------------------------------------------------------------------------------------------- what stands in


def test_what_stands_in_for_excel_has_its_manners(tmp_path: Path) -> None:
    workbook = Workbook(sample_book(tmp_path / "book.xlsx"), Application())
    sheet = workbook.sheets["Stock"]
    typed = {
        "=1+1": "f", "+5": "n", "-x": "f", "007": "n", "1/2": "n", "TRUE": "b", "#N/A": "e", "May 5": "n", "5%": "n",
        "'=1+1": "s", "text": "s",
    }  # fmt: skip
    for text, kind in typed.items():
        sheet.Range("B7").NumberFormat = "General"
        sheet.Range("B7").Formula = text
        assert sheet.sheet["B7"].data_type == kind, text
        sheet.Range("B7").NumberFormat = "@"
        sheet.Range("B7").Formula = text
        assert (sheet.sheet["B7"].data_type, sheet.sheet["B7"].value) == ("s", text)
    sheet.Range("B7").Formula = 5.0
    assert sheet.sheet["B7"].value == "5"
    sheet.Range("B7").Formula = Decimal("1.23456")
    assert (sheet.Range("B7").Value, sheet.Range("B7").Value2) == (Decimal("1.2346"), 1.2346)
    with pytest.raises(ComError):
        workbook.sheets["Journal"].Range("A7").Formula = 1.0
    with pytest.raises(ComError):
        _ = workbook.AutoSaveOn


def counts(folder: Path) -> Any:
    """The sheet of counts of a sample in Excel; it is not protected."""
    return Workbook(sample_book(folder / "book.xlsx", "widgets")).Worksheets("counts")


REFUSALS: dict[str, tuple[Callable[[Any], object], int]] = {
    "a text of 8,222 characters in an array": (lambda s: put(s, "A7:A8", [["x" * 8_222], [None]]), com_file.NOT_DONE),
    "a formula of 8,193 characters": (lambda s: put(s, "A7", "=" + "1+" * 4_096), com_file.NOT_DONE),
    "an array that is too small": (lambda s: put(s, "A7:B8", [[1.0, 2.0]]), com_file.NOT_DONE),
    "an array that is ragged": (lambda s: put(s, "A7:B8", [[1.0, 2.0], [3.0]]), com_file.NOT_DONE),
    "no address": (lambda s: s.Range("Counts[Item]x"), com_file.NOT_DONE),
    "a style that is not there": (lambda s: setattr(s.Range("A7"), "Style", "Nowhere"), com_file.NOT_DONE),
    "a row that is too high": (lambda s: setattr(s.Range("A7").EntireRow, "RowHeight", 410), com_file.NOT_DONE),
    "an outline that is too deep": (lambda s: setattr(s.Range("A7").EntireRow, "OutlineLevel", 9), com_file.NOT_DONE),
    "a mode of calculation": (lambda s: setattr(s.application, "Calculation", 1), com_file.NOT_DONE),
    "a table that moves": (lambda s: s.ListObjects(1).Resize(s.Range("B6:H9")), com_file.NOT_DONE),
    "a name that is not there": (lambda s: s.Cels, com_file.DISP_E_UNKNOWNNAME),
    "a name to set that is not there": (lambda s: setattr(s.Range("A7"), "Formla", 1.0), com_file.DISP_E_UNKNOWNNAME),
    "a property to read": (lambda s: setattr(s.Range("A7"), "Address", "$A$8"), com_file.DISP_E_MEMBERNOTFOUND),
    "a method": (lambda s: setattr(s.Range("A7"), "ClearContents", 1), com_file.DISP_E_MEMBERNOTFOUND),
}


def put(sheet: Any, address: str, formula: object) -> None:
    sheet.Range(address).Formula = formula


@pytest.mark.parametrize("name", REFUSALS)
def test_what_stands_in_for_excel_refuses_what_excel_refuses(tmp_path: Path, name: str) -> None:
    asked, number = REFUSALS[name]
    with pytest.raises(ComError) as refused:
        asked(counts(tmp_path))
    error = refused.value
    assert (error.excepinfo[5] if error.excepinfo else error.hresult) == number


def test_a_table_does_not_grow_into_another(tmp_path: Path) -> None:
    setup = Workbook(sample_book(tmp_path / "book.xlsx", "widgets")).Worksheets("Setup")
    first = setup.ListObjects(1)
    top, _, bottom, _ = box_of(first.Range.Address)
    other = box_of(setup.ListObjects(2).Range.Address)
    setup.Unprotect("")
    with pytest.raises(ComError, match="overlap"):
        first.Resize(setup.Range(area((top, 1, bottom, other[1]))))


def test_long_texts_go_into_one_cell_alone(tmp_path: Path) -> None:
    sheet = counts(tmp_path)
    put(sheet, "A7", "x" * 32_767)
    put(sheet, "A7:A8", [["x" * 8_221], [None]])
    assert (len(sheet.Range("A7").Value2), sheet.Range("A8").Value2) == (8_221, None)


def test_addresses_of_many_rows_are_short_enough_for_excel() -> None:
    rows = [n for n in range(2_000) if n % 3]
    found = addresses(areas((100_001, 4, 102_000, 4), rows))
    assert max(map(len, found)) <= 255
    parts = [area for address in found for area in address.split(",")]
    spans = [area.replace("D", "").split(":") for area in parts]
    assert [row - 100_001 for first, last in spans for row in range(int(first), int(last) + 1)] == rows


@pytest.mark.parametrize(
    "address, box",
    [
        ("$B$7", (7, 2, 7, 2)),
        ("$A$6:$AB$1048576", (6, 1, 1_048_576, 28)),
        ("$1:$5", (1, 1, 5, 16_384)),  # Excel's short form of A1:XFD5
        ("$A:$C", (1, 1, 1_048_576, 3)),
    ],
)
def test_an_address_of_excel_is_read_in_all_its_forms(address: str, box: tuple[int, ...]) -> None:
    assert box_of(address) == box


def test_an_address_of_several_areas_is_none() -> None:
    with pytest.raises(UnusableError, match="not one range"):
        box_of("$A$1,$B$2")
