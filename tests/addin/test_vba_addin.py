"""The add-in's VBA, run in memory: cell functions and buttons through the real Python code behind them.

Figures are those of the engine: its answers from the inputs, and what a run posts.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from handed import engine
from memory_excel import MemoryExcel
from pyopenvba.apps.excel._model import Range, Workbook
from pyopenvba.interpreter import EMPTY
from pyopenvba.interpreter._objects import VBAObject
from samples_tried import FULL
from support_files import Parts
from test_vba_stubs import NA, NUM, REF, VALUE, Ran, sample

from xlbackflush import schema
from xlbackflush.ledgers.formats import FORMATS
from xlbackflush.schema.excel import FUNCTIONS
from xlbackflush.workbook.file import FileBook
from xlbackflush.workbook.mac import MacBook

NAME = "widgets.xlsm"
INFORMATION, EXCLAMATION = 64, 48


@pytest.fixture(scope="module")
def widgets(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return Ran(sample(tmp_path_factory.mktemp("widgets"), "widgets"))


@pytest.fixture
def after_run(widgets: Ran) -> MemoryExcel:
    """Widgets, run and open, with the add-in. An edit takes seconds, as it has thousands of formulas to look through."""
    opened = MemoryExcel()
    opened.open(widgets.path)
    return opened


def ask(excel: MemoryExcel, name: str, *args: object) -> Any:
    return excel.call(NAME, name, *args)


def cell(excel: MemoryExcel, table: str, item: str, column: str, key: str = "Item") -> tuple[str, str]:
    """Sheet and address of a cell of the first row of a table that has `item` in its key column."""
    sheet = next(s for s in schema.SHEETS if schema.TABLES[table] in s.tables)
    names, first = schema.TABLES[table].names, schema.TABLES[table].first_col
    letter = {name: chr(ord("A") + first - 1 + i) for i, name in enumerate(names)}
    codes = excel.range(NAME, sheet.name, f"{letter[key]}7:{letter[key]}200").vba_get("Value2").items
    return sheet.name, f"{letter[column]}{7 + codes.index(item)}"


# ---------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize("name", ["widgets", "computers", "computers-expensed"])
def test_every_function_gives_what_the_engine_gives_for_every_item(tmp_path: Path, name: str) -> None:
    """Before any run: the answers come from the inputs."""
    plain, _, expensed = name.partition("-")
    path = sample(tmp_path, plain, expensed=bool(expensed))
    known, excel = engine(path), MemoryExcel()
    excel.open(path)
    codes = [standard.code for standard in known.standards.values()]
    column = [[code] for code in codes]

    assert excel.call(path.name, "BACKFLUSH_COST", column, 7) == [[known.cost(c, 7)] for c in codes]
    assert [excel.call(path.name, "BACKFLUSH_COST", c, 2.5) for c in codes] == [known.cost(c, 2.5) for c in codes]
    for element in (None, *schema.ELEMENTS):
        expected = [[known.standard_cost(c, element)] for c in codes]
        assert excel.call(path.name, "STANDARD_COST", column, element) == expected
    for item in codes:
        quantities = [[known.quantity(item, component, 3) for component in codes]]
        assert excel.call(path.name, "BACKFLUSH_QTY", item, [codes], 3) == [pytest.approx(row) for row in quantities]
        head, *rows = excel.call(path.name, "BACKFLUSH_EXPLODE", item, 3)
        assert head == ["Component", "Description", "UoM", "Quantity", "Unit cost", "Amount"]
        assert rows == [
            [p.code, p.description, p.uom, pytest.approx(p.quantity), p.unit_cost, pytest.approx(p.amount)]
            for p in known.explode(item, 3)
        ]
        assert sum(row[5] for row in rows) == pytest.approx(known.cost(item, 3))
    assert excel.call(path.name, "BACKFLUSH_STATUS") == "Not run yet"
    assert excel.python_calls == ["load", *["explosion"] * len(codes)]


def test_variances_and_balances_of_the_last_run(after_run: MemoryExcel, widgets: Ran) -> None:
    for name, amount in widgets.variances().items():
        assert ask(after_run, "BACKFLUSH_VARIANCE", name) == pytest.approx(amount, abs=1e-9)
    roles = [[role] for role in widgets.balances()]
    assert ask(after_run, "BACKFLUSH_BALANCE", roles) == [[pytest.approx(v)] for v in widgets.balances().values()]
    assert ask(after_run, "BACKFLUSH_STATUS") == "Ready"


def test_each_kind_of_trouble_has_its_error(excel: MemoryExcel) -> None:
    for item in ("nobody", None, "", 7):
        assert ask(excel, "BACKFLUSH_COST", item, 1) == NA
        assert ask(excel, "BACKFLUSH_QTY", item, "SA-210", 1) == NA
        assert ask(excel, "BACKFLUSH_QTY", "W-200", item, 1) == NA
        assert ask(excel, "BACKFLUSH_EXPLODE", item, 1) == NA
        assert ask(excel, "STANDARD_COST", item) == NA
    for quantity in ("1", True):
        assert ask(excel, "BACKFLUSH_COST", "W-200", quantity) == VALUE
        assert ask(excel, "BACKFLUSH_QTY", "W-200", "SA-210", quantity) == VALUE
        assert ask(excel, "BACKFLUSH_EXPLODE", "W-200", quantity) == VALUE
    assert ask(excel, "BACKFLUSH_COST", "W-200", 1e308) == NUM
    assert ask(excel, "BACKFLUSH_EXPLODE", "W-200", 1e308) == NUM
    assert ask(excel, "BACKFLUSH_EXPLODE", [["W-200", "W-100"]], 1) == VALUE
    assert ask(excel, "BACKFLUSH_COST", REF, 1) == REF
    assert ask(excel, "BACKFLUSH_COST", [["W-200"], [REF]], [["x"], [1]]) == [[VALUE], [REF]]
    assert ask(excel, "BACKFLUSH_QTY", "W-200", [["SA-210", REF, "nobody"]], None) == [[0, REF, NA]]
    assert ask(excel, "BACKFLUSH_COST", [["W-200", "W-100"]], [[1], [2]]) == VALUE
    assert ask(excel, "BACKFLUSH_COST", "W-200", None) == 0
    assert ask(excel, "STANDARD_COST", "W-200", "Sunshine") == VALUE


@pytest.mark.slow
def test_hundreds_of_cells_ask_python_once(excel: MemoryExcel, widgets: Ran) -> None:
    """As one range, and as hundreds of single cells, in one epoch and the next.

    The interpreter of VBA takes a millisecond for each cell of the range: by default there are six hundred,
    with `XLBACKFLUSH_FUZZ=full` ten thousand.
    """
    codes = [widgets.codes[n % len(widgets.codes)] for n in range(10_000 if FULL else 600)]
    given = ask(excel, "BACKFLUSH_COST", [[code] for code in codes], 1)
    assert given == [[widgets.answers.cost(code)] for code in codes]
    for code in codes[:100]:
        ask(excel, "BACKFLUSH_COST", code, 1)
        ask(excel, "BACKFLUSH_QTY", "W-200", code, 1)
    assert excel.python_calls == ["load", "explosion"]
    excel.type(NAME, "BOM", "I7", "a note")
    for code in codes[:100]:
        ask(excel, "STANDARD_COST", code)
    assert excel.python_calls == ["load", "explosion", "load"]


def test_each_workbook_is_answered_from_its_own_inputs_whichever_is_active(tmp_path: Path, widgets: Ran) -> None:
    excel = MemoryExcel()
    for name in ("first.xlsm", "second.xlsm"):
        shutil.copy(widgets.path, tmp_path / name)
        excel.open(tmp_path / name)
    before = widgets.answers.standard_cost("P-4110")
    for name in ("first.xlsm", "second.xlsm"):
        excel.put(name, "About", "J1", "STANDARD_COST", "P-4110")
    sheet, address = cell_of_price(excel, "first.xlsm", "P-4110")
    excel.type("first.xlsm", sheet, address, before + 1)
    assert excel.application.active_book is excel.book("second.xlsm")
    assert excel.shown("first.xlsm", "About", "J1") == before + 1
    assert excel.shown("second.xlsm", "About", "J1") == before
    excel.book("first.xlsm").vba_get("Activate")
    assert excel.call("second.xlsm", "STANDARD_COST", "P-4110") == before
    assert excel.call("first.xlsm", "STANDARD_COST", "P-4110") == before + 1


def cell_of_price(excel: MemoryExcel, book: str, item: str) -> tuple[str, str]:
    codes = excel.range(book, "Standard Cost", "A7:A200").vba_get("Value2").items
    return "Standard Cost", f"E{7 + codes.index(item)}"


# ----------------------------------------------------------------------------------------------------- changes


def test_a_changed_input_makes_a_stale_cell_fresh(after_run: MemoryExcel, widgets: Ran) -> None:
    """Typed into Standard Cost: the event raises the epoch, the sheets that ask are calculated, the cell shows the new cost."""
    old = after_run.put(NAME, "Dashboard", "A40", "BACKFLUSH_COST", "W-200", 10)
    assert old == widgets.answers.cost("W-200", 10)
    sheet, address = cell(after_run, "StandardCost", "W-200", "Other conversion")
    assert after_run.range(NAME, sheet, address).vba_get("Value2") is EMPTY
    after_run.type(NAME, sheet, address, 5)
    assert after_run.shown(NAME, "Dashboard", "A40") == pytest.approx(old + 50)
    assert after_run.marked == ["Dashboard"]


def test_cells_that_were_there_before_the_addin_was_are_found(excel: MemoryExcel, widgets: Ran) -> None:
    """Calculated in an earlier session, they have asked nothing in this one; they are found by their formulas."""
    fresh = MemoryExcel()
    fresh.open(widgets.path)
    sheet = fresh.book(NAME).sheet_named("Actuals")
    sheet.cell(40, 9, create=True).value = "=STANDARD_COST(A1)"
    fresh.type(NAME, "Setup", "B7", "Another company")
    assert fresh.marked == ["Actuals"]


def test_the_page_of_help_asks_when_it_is_looked_at(excel: MemoryExcel, widgets: Ran) -> None:
    """Every workbook has it: an edit does not wait for its examples."""
    old = excel.put(NAME, "Functions", "H1", "STANDARD_COST", "P-4110")
    excel.type(NAME, *cell(excel, "StandardCost", "P-4110", "Material price"), old + 1)
    assert (excel.marked, excel.shown(NAME, "Functions", "H1")) == ([], old)
    page = excel.book(NAME).sheet_named("Functions")
    page.vba_get("Activate")
    assert (excel.marked, excel.shown(NAME, "Functions", "H1")) == (["Functions"], old + 1)
    excel.type(NAME, *cell(excel, "StandardCost", "P-4110", "Material price"), old + 2)  # by another macro
    assert excel.shown(NAME, "Functions", "H1") == old + 2


def test_where_no_cell_of_the_user_asks_an_edit_calculates_no_sheet(excel: MemoryExcel) -> None:
    """Switching a sheet's calculation off and on may empty the list of what can be undone."""
    bom = excel.book(NAME).sheet_named("BOM")
    bom.vba_get("Activate")
    excel.raise_event("SheetChange", [bom, excel.range(NAME, "BOM", "I7")])
    assert excel.marked == []


def test_a_sheet_that_gets_another_name_is_still_calculated(excel: MemoryExcel) -> None:
    excel.put(NAME, "Actuals", "J1", "BACKFLUSH_COST", "W-200", 10)
    excel.type(NAME, "BOM", "I7", "a note")
    excel.book(NAME).sheet_named("Actuals").vba_set("Name", "Payroll")
    del excel.marked[:]
    excel.type(NAME, "BOM", "I8", "a note")
    assert "Payroll" in excel.marked


def test_what_is_no_input_of_unit_costs_changes_nothing(excel: MemoryExcel) -> None:
    excel.put(NAME, "About", "J1", "BACKFLUSH_COST", "W-200", 10)
    excel.type(NAME, "Counts", "E7", 12)
    excel.type(NAME, "About", "A40", "a note")
    assert excel.marked == []
    assert excel.python_calls == ["load"]


def test_in_manual_calculation_cells_wait_for_the_user(excel: MemoryExcel, widgets: Ran) -> None:
    old = excel.put(NAME, "About", "J1", "STANDARD_COST", "P-4110")
    excel.application.calculation = -4135  # manual
    excel.type(NAME, *cell(excel, "StandardCost", "P-4110", "Material price"), old + 1)
    assert "About" in excel.marked
    assert excel.shown(NAME, "About", "J1") == old
    excel.calculate(excel.book(NAME).sheet_named("About"))
    assert excel.shown(NAME, "About", "J1") == old + 1


def test_a_sheet_whose_calculation_the_user_switched_off_stays_off(excel: MemoryExcel) -> None:
    excel.put(NAME, "About", "J1", "STANDARD_COST", "P-4110")
    about = excel.book(NAME).sheet_named("About")
    about.vba_set("EnableCalculation", False)
    excel.type(NAME, "BOM", "I7", "a note")
    assert about.vba_get("EnableCalculation") is False
    assert "About" not in excel.marked


def test_inputs_that_are_formulas_are_followed_and_nothing_runs_in_circles(excel: MemoryExcel, widgets: Ran) -> None:
    """A price comes from a cell elsewhere; the cell that asks stands on the input sheet itself."""
    price = widgets.answers.standard_cost("P-4110")
    sheet, address = cell(excel, "StandardCost", "P-4110", "Material price")
    excel.type(NAME, "About", "J1", price)
    excel.range(NAME, sheet, address).vba_set("Formula", "=About!J1")
    excel.put(NAME, sheet, "N1", "STANDARD_COST", "P-4110")
    assert excel.shown(NAME, sheet, "N1") == price
    asked = len(excel.python_calls)
    excel.raise_event("SheetCalculate", [excel.book(NAME).sheet_named(sheet)])
    assert len(excel.python_calls) == asked  # calculated, and the same as before
    excel.calculates = True
    excel.type(NAME, "About", "J1", price + 2)
    assert excel.shown(NAME, sheet, "N1") == price + 2
    assert len(excel.python_calls) == asked + 1


def test_input_errors_are_said_and_gone_when_mended(excel: MemoryExcel, widgets: Ran) -> None:
    excel.put(NAME, "About", "J1", "BACKFLUSH_COST", "W-200", 1)
    excel.put(NAME, "About", "J2", "BACKFLUSH_STATUS")
    excel.type(NAME, "BOM", "C9", "many")
    assert excel.shown(NAME, "About", "J1") == NA
    assert str(excel.shown(NAME, "About", "J2")).startswith("Inputs have errors: 1 error in the inputs, at BOM!C9: ")
    with FileBook(widgets.path) as book:
        source = book.read()["BOM"]
    excel.type(NAME, "BOM", "C9", source.rows[2][2])
    assert excel.shown(NAME, "About", "J1") == widgets.answers.cost("W-200")
    assert excel.shown(NAME, "About", "J2") == "Not run yet"


def test_a_workbook_without_the_tables_is_no_backflush_workbook(tmp_path: Path) -> None:
    import openpyxl

    openpyxl.Workbook().save(tmp_path / NAME)
    excel = MemoryExcel()
    excel.open(tmp_path / NAME)
    assert ask(excel, "BACKFLUSH_COST", "W-100", 1) == NA
    assert ask(excel, "BACKFLUSH_STATUS") == (
        f"No engine: {NAME} is not a backflush workbook. Costs are not known. Not run yet."
    )
    assert excel.python_calls == []


def test_a_closed_workbook_is_forgotten(excel: MemoryExcel, widgets: Ran) -> None:
    ask(excel, "BACKFLUSH_COST", "W-200", 1)
    excel.close(NAME)
    excel.open(widgets.path)
    assert ask(excel, "BACKFLUSH_COST", "W-200", 1) == widgets.answers.cost("W-200")
    assert excel.python_calls == ["load", "load"]


def test_opening_a_workbook_describes_the_arguments_and_does_not_ask_to_save_it(excel: MemoryExcel) -> None:
    assert {name.partition("!")[2] for name in excel.application.described} >= {"BACKFLUSH_COST", "BACKFLUSH_STATUS"}
    assert excel.book(NAME).saved
    assert excel.python_calls == []


# -------------------------------------------------------------------------------------------- a failing engine


def application_state(excel: MemoryExcel) -> tuple[object, ...]:
    a = excel.application
    return a.screen_updating, a.enable_events, a.calculation, a.status_bar, a.cursor


def test_where_python_cannot_start_cells_come_from_the_last_run_with_a_reason(
    after_run: MemoryExcel, widgets: Ran
) -> None:
    """See test_vba_probe for all the ways in which it can fail."""
    after_run.starts = False
    state = application_state(after_run)
    for _ in range(20):
        assert ask(after_run, "BACKFLUSH_COST", "W-200", 1) == pytest.approx(widgets.answers.cost("W-200"))
        assert ask(after_run, "BACKFLUSH_QTY", "W-200", "SA-210", 1) == NA
    assert after_run.attempts == 1
    assert ask(after_run, "BACKFLUSH_STATUS") == (
        "No engine: Could not load xlwings64.dll from either of the following folders: C:\\Python\\Scripts , C:\\Python. "
        "Run: xlbackflush doctor Costs come from the last run, which matches the inputs."
    )
    assert application_state(after_run) == state
    assert after_run.dialogs == []
    # what needs no Python is still there
    assert ask(after_run, "BACKFLUSH_BALANCE", schema.COGS) == pytest.approx(widgets.balances()[schema.COGS])


def test_a_server_that_died_is_started_again_and_told_the_inputs(after_run: MemoryExcel, widgets: Ran) -> None:
    assert ask(after_run, "BACKFLUSH_COST", "W-200", 1) == widgets.answers.cost("W-200")
    after_run.kill_server()
    quantity = ask(after_run, "BACKFLUSH_QTY", "W-200", "SA-210", 1)
    assert quantity == pytest.approx(widgets.answers.quantity("W-200", "SA-210"))
    assert quantity > 0
    assert after_run.python_calls == ["load", "explosion", "load", "explosion"]
    assert ask(after_run, "BACKFLUSH_STATUS") == "Ready"


def test_while_excel_opens_a_file_without_an_active_workbook_the_next_cell_tries_again(
    after_run: MemoryExcel, widgets: Ran
) -> None:
    book, after_run.application.active_book = after_run.application.active_book, None
    assert ask(after_run, "BACKFLUSH_QTY", "W-200", "SA-210", 1) == NA
    assert str(ask(after_run, "BACKFLUSH_STATUS")).startswith(
        "No engine: Excel has no active workbook yet. Costs come from "
    )
    after_run.application.active_book = book
    assert ask(after_run, "BACKFLUSH_COST", "W-200", 1) == widgets.answers.cost("W-200")
    assert ask(after_run, "BACKFLUSH_STATUS") == "Ready"


def test_cells_that_found_no_engine_while_the_file_opened_ask_again_when_it_is_open(
    excel: MemoryExcel, widgets: Ran
) -> None:
    """Also where others had their answers meanwhile; and Excel does not ask whether to save the workbook for it."""
    book, excel.application.active_book = excel.application.active_book, None
    quantity = ("BACKFLUSH_QTY", "W-200", "SA-210", 1)
    assert excel.put(NAME, "About", "J1", *quantity) == NA
    excel.application.active_book = book
    assert ask(excel, *quantity) > 0
    excel.book(NAME).vba_set("Saved", True)
    excel.raise_event("WorkbookOpen", [excel.book(NAME)])
    assert excel.shown(NAME, "About", "J1") == ask(excel, *quantity)
    assert excel.marked == ["About"]
    assert excel.book(NAME).saved


def test_looking_at_the_page_of_help_is_no_change_and_an_edit_is_one(excel: MemoryExcel) -> None:
    """No question whether to save what nobody changed."""
    excel.put(NAME, "Functions", "H1", "STANDARD_COST", "P-4110")
    excel.book(NAME).vba_set("Saved", True)
    excel.book(NAME).sheet_named("Functions").vba_get("Activate")
    assert excel.marked == ["Functions"]
    assert excel.book(NAME).saved
    excel.type(NAME, "BOM", "I7", "a note")
    assert not excel.book(NAME).saved


# ----------------------------------------------------------------------------------------------------- macros


def press(excel: MemoryExcel, button: str, book: str = NAME) -> str:
    """Press a button of a workbook. Gives the sentence of the one message box; its icon goes with it."""
    del excel.dialogs[:]
    excel.projects[book.lower()].run(f"Backflush{button}")
    ((kind, text, title, style),) = excel.dialogs
    assert (kind, title) == ("MsgBox", "Backflush")
    assert style == (INFORMATION if text.startswith("Done: ") else EXCLAMATION)
    return text


def journal(book: Workbook) -> list[tuple[Any, ...]]:
    """Role, debit, credit of every line on the sheet Journal."""
    table = next(t for sheet in book.sheets_ for t in sheet.tables if t.name == "Journal")
    body = Range(table.sheet, [table.data]).vba_get("Value2")
    columns = [list(schema.JOURNAL.names).index(c) + 1 for c in ("Role", "Debit", "Credit")]
    (first, last), _ = body.bounds
    cells = [[body.get([r, c]) for c in columns] for r in range(first, last + 1)]
    return [(role, *(x if isinstance(x, float) else 0.0 for x in money)) for role, *money in cells]


def test_pressing_run_ends_in_the_journal_that_the_engine_posts(tmp_path: Path) -> None:
    """Of a small sample, as the interpreter takes long over formulas; `test_live` has the same run over every policy."""
    engine, excel = Ran(sample(tmp_path, "computers")), MemoryExcel()
    (tmp_path / "new").mkdir()
    path = sample(tmp_path / "new", "computers")
    excel.open(path)
    excel.put(path.name, "About", "J1", "BACKFLUSH_STATUS")
    excel.put(path.name, "About", "J2", "BACKFLUSH_BALANCE", schema.COGS)
    shown = [excel.shown(path.name, "About", cell) for cell in ("J1", "J2")]
    assert shown == ["Not run yet", NA]
    state = application_state(excel)
    assert press(excel, "Run", path.name).startswith("Done: ")
    scale = 10**engine.posted.places
    expected = [
        (line.role, max(line.minor, 0) / scale, max(-line.minor, 0) / scale)
        for entry in engine.posted.entries
        for line in entry.lines
    ]
    assert len(expected) > 10
    assert journal(excel.book(path.name)) == expected
    assert application_state(excel) == state
    # cells that tell of the run are calculated again
    assert excel.shown(path.name, "About", "J1") == "Ready"
    assert excel.shown(path.name, "About", "J2") == pytest.approx(engine.balances()[schema.COGS])


def test_a_run_works_on_the_workbook_whose_button_is_pressed(tmp_path: Path) -> None:
    excel = MemoryExcel()
    for name in ("first.xlsm", "second.xlsm"):
        excel.open(sample(tmp_path, "computers").rename(tmp_path / name))
    assert excel.application.active_book is excel.book("second.xlsm")
    assert press(excel, "Run", "first.xlsm").startswith("Done: ")
    assert excel.application.active_book is excel.book("first.xlsm")
    assert len(journal(excel.book("first.xlsm"))) > 1
    assert journal(excel.book("second.xlsm")) == [(EMPTY, 0.0, 0.0)]


def test_findings_stop_the_run_and_are_said(excel: MemoryExcel) -> None:
    """The cell to mend is selected."""
    excel.type(NAME, "BOM", "C9", "many")
    assert press(excel, "Run").startswith("Findings: 1 error; nothing was posted. First: BOM!C9 ")
    assert press(excel, "Check").startswith("Findings: 1 error; nothing was posted. First: BOM!C9 ")
    assert journal(excel.book(NAME)) == [(EMPTY, 0.0, 0.0)]
    active = excel.book(NAME).active_sheet
    assert active is not None
    assert (active.name, active.active_cell.vba_get("Address")) == ("BOM", "$C$9")


def test_the_other_buttons_do_what_they_say(tmp_path: Path) -> None:
    """Check, run, explain, run with another count, restore, clear, one after the other."""
    path = sample(tmp_path, "computers")
    excel = MemoryExcel()
    book = excel.open(path)
    assert press(excel, "Check", path.name).startswith("Done: no errors")
    assert journal(book) == [(EMPTY, 0.0, 0.0)]
    assert press(excel, "Run", path.name).startswith("Done: run R0001 ")
    first = journal(book)
    assert sum(debit for _, debit, _ in first) == sum(credit for _, _, credit in first) > 0
    book.sheet_named("Ledger").vba_get("Activate")
    excel.range(path.name, "Ledger", "G7").vba_get("Select")
    assert press(excel, "Explain", path.name).startswith("Done: Ledger!G7 is explained in ")
    assert book.active_sheet is book.sheet_named("Explanation")
    closing = excel.range(path.name, "Ledger", "G7").vba_get("Value2")
    assert excel.range(path.name, "Explanation", "E7").vba_get("Value2") == closing
    assert excel.call(path.name, "BACKFLUSH_STATUS") == "Ready"
    excel.type(path.name, "Counts", "E7", excel.range(path.name, "Counts", "E7").vba_get("Value2") - 1)
    assert excel.call(path.name, "BACKFLUSH_STATUS") == "Stale: inputs changed after the last run"
    assert press(excel, "Run", path.name).startswith("Done: run R0001 ")
    assert journal(book) != first
    assert press(excel, "Restore", path.name).startswith("Done: the results of run R0001 ")
    assert journal(book) == first
    assert press(excel, "Clear", path.name).startswith("Done: the output sheets are empty")
    assert journal(book) == [(EMPTY, 0.0, 0.0)]


@pytest.mark.parametrize("problem", ["raises", "says nothing"])
def test_where_python_fails_the_user_reads_a_sentence_and_excel_is_as_it_was(excel: MemoryExcel, problem: str) -> None:
    def python(command: str) -> str:
        excel.application.calculation = -4135  # what Python had set when it failed
        if problem == "raises":
            raise ModuleNotFoundError("No module named 'xlbackflush'")
        return ""

    excel.python = python
    excel.application.status_bar = "a user's own text"
    state = application_state(excel)
    said = press(excel, "Run")
    assert (
        said
        == {
            "raises": "Stopped: No module named 'xlbackflush'. Run: xlbackflush doctor",
            "says nothing": "Stopped: Python did not say what it did. Run: xlbackflush doctor",
        }[problem]
    )
    assert application_state(excel) == state


@pytest.mark.parametrize("name", ["a=b.xlsm", "100%.xlsm"])
def test_a_name_that_the_command_line_does_not_survive_is_refused(tmp_path: Path, widgets: Ran, name: str) -> None:
    shutil.copy(widgets.path, tmp_path / name)
    excel = MemoryExcel()
    excel.open(tmp_path / name)
    letter = next(c for c in name if c in "=%")
    assert press(excel, "Run", name).startswith(
        f"Stopped: A workbook with {letter} in its name cannot be run from Excel."
    )
    assert excel.commands == []


def test_an_apostrophe_in_the_name_keeps_a_workbook_from_running_on_a_mac_only(tmp_path: Path, widgets: Ran) -> None:
    name = "o'clock.xlsm"
    shutil.copy(widgets.path, tmp_path / name)
    for mac, said in (
        (False, "Done: run."),
        (True, "Stopped: A workbook with ' in its name cannot be run from Excel. "),
    ):
        excel = MemoryExcel(mac=mac)
        excel.open(tmp_path / name)
        excel.python = lambda command: "Done: run."
        assert press(excel, "Run", name).startswith(said)
        assert len(excel.commands) == (not mac)


def test_a_sheet_that_xlwings_takes_for_a_program_is_named(excel: MemoryExcel) -> None:
    """xlwings would ask for a licence, and the macro would end without a word."""
    excel.book(NAME).sheet_named("About").vba_set("Name", "notes.py")
    for button in ("Run", "Explain"):
        assert press(excel, button) == (
            "Stopped: A workbook with a sheet whose name ends in .py cannot be run from Excel. "
            "Give sheet notes.py another name, or close the workbook and use: xlbackflush run"
        )
    assert excel.commands == []
    excel.book(NAME).sheet_named("notes.py").vba_set("Name", "py")
    excel.python = lambda command: "Done: run."
    assert press(excel, "Run") == "Done: run."


def test_a_workbook_that_is_read_only_or_not_open_is_refused(excel: MemoryExcel) -> None:
    excel.book(NAME).vba_set("ReadOnly", True)
    assert press(excel, "Run") == f"Stopped: {NAME} is open for reading only; save it under another name first."
    for arguments, said in (
        (["other.xlsm", "run"], "Stopped: other.xlsm is not open."),
        ([NAME, "run; import os"], "Stopped: There is no macro run; import os."),
    ):
        del excel.dialogs[:]
        excel.addin.run("BackflushMacro", arguments)
        assert [text for _, text, _, _ in excel.dialogs] == [said]
    assert excel.commands == []


# ----------------------------------------------------------------------------------------------------- ribbon


class Control(VBAObject):
    """A control of the ribbon, as its callback is given it."""

    vba_type_name = "IRibbonControl"

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def vba_get(self, name: str, args: Any = (), named: Any = None) -> object:
        """Its one property that is asked for."""
        assert name.lower() == "tag"
        return self.tag


def ribbon(excel: MemoryExcel, button: str, tag: str = "") -> list[str]:
    """Press a button of the ribbon. Gives what the message boxes say."""
    del excel.dialogs[:]
    excel.addin.run(f"BackflushRibbon{button}", [Control(tag)])
    return [text for _, text, _, _ in excel.dialogs]


@pytest.mark.parametrize("button", ["Run", "Check", "Post", "Explain", "Restore"])
def test_the_ribbon_runs_its_verb_on_the_active_workbook(excel: MemoryExcel, button: str) -> None:
    said = f"Done: {button}."
    excel.python = lambda command: said
    assert ribbon(excel, button) == [said]
    verb = button.lower()
    assert excel.commands == [f"from xlbackflush.addin.macros import {verb}; {verb}()"]
    excel.close(NAME)
    assert ribbon(excel, button) == ["Open a backflush workbook first."]
    assert len(excel.commands) == 1


def test_the_ribbon_exports_in_the_format_that_was_chosen(excel: MemoryExcel) -> None:
    excel.python = lambda command: "Done: exported."
    for form in FORMATS:
        assert ribbon(excel, "Export", form) == ["Done: exported."]
        assert excel.commands[-1] == f"from xlbackflush.addin.macros import export; export('{form}')"
    assert ribbon(excel, "Export", "x'); import os; ('") == ["Stopped: There is no export x'); import os; ('."]
    assert len(excel.commands) == len(FORMATS)


def test_the_ribbon_makes_a_new_workbook_and_opens_it(tmp_path: Path) -> None:
    """Also where no workbook is open; and never over another file."""
    path = tmp_path / "March.xlsm"
    excel = MemoryExcel()
    assert ribbon(excel, "New") == []  # cancelled
    assert excel.python_calls == []
    excel.application.save_as = str(path)
    assert ribbon(excel, "New") == []
    assert [book.name for book in excel.application.workbooks_.books] == ["March.xlsm"]
    assert {t.name for s in excel.book("March.xlsm").sheets_ for t in s.tables} == set(schema.TABLES)
    (said,) = ribbon(excel, "New")
    assert said == "Stopped: March.xlsm exists already; choose another name."
    assert application_state(excel) == application_state(MemoryExcel())


def older(path: Path) -> Path:
    """The widgets, not yet run, without a column and without the version of the schema."""
    sample(path, "widgets").rename(path / "older.xlsm")
    parts = Parts(path / "older.xlsm")
    parts.reorder("Journal", schema.TABLES["Journal"].names[:-1])
    name = f'<definedName name="{schema.SCHEMA_NAME}">{schema.SCHEMA_VERSION}</definedName>'
    parts.edit("xl/workbook.xml", name, "")
    return parts.save(path / "older.xlsm")


def test_the_ribbon_upgrades_a_workbook_and_opens_it_again(tmp_path: Path) -> None:
    """What was typed and not yet saved goes along; before, a run says that it needs this."""
    excel = MemoryExcel()
    excel.open(older(tmp_path))
    said = press(excel, "Run", "older.xlsm")
    assert said.startswith("Stopped: older.xlsm has no column Class in table Journal. ")
    assert "press Upgrade on the ribbon tab Backflush" in said
    excel.range("older.xlsm", "Setup", "B7").vba_set("Value", "Widgets & Sons")

    state = application_state(excel)
    (said,) = ribbon(excel, "Upgrade")
    assert said.startswith("Done: Added column Class to table Journal, at Journal!W6. ")
    assert application_state(excel) == state
    assert excel.application.active_book is excel.book("older.xlsm")
    assert excel.range("older.xlsm", "Setup", "B7").vba_get("Value") == "Widgets & Sons"
    assert excel.range("older.xlsm", "Journal", "W6").vba_get("Value") == "Class"
    assert press(excel, "Run", "older.xlsm").startswith("Done: run R0001")
    assert ribbon(excel, "Upgrade") == [
        f"Done: Nothing to add: the workbook is of schema version {schema.SCHEMA_VERSION}."
    ]


def test_where_the_upgrade_is_refused_the_workbook_is_open_again_as_it_was(tmp_path: Path) -> None:
    path = older(tmp_path)
    parts = Parts(path)
    parts.put("Journal!W9", "mine")
    excel = MemoryExcel()
    excel.open(parts.save(path))
    (said,) = ribbon(excel, "Upgrade")
    assert said.startswith("Stopped: Journal!W9 is in the way of column Class of table Journal: ")
    assert excel.range("older.xlsm", "Journal", "W9").vba_get("Value") == "mine"
    assert len(excel.application.workbooks_.books) == 1


def test_only_a_workbook_of_ours_on_this_computer_is_upgraded(tmp_path: Path) -> None:
    import openpyxl

    openpyxl.Workbook().save(tmp_path / "foreign.xlsx")
    excel = MemoryExcel()
    assert ribbon(excel, "Upgrade") == ["Open a backflush workbook first."]
    excel.open(tmp_path / "foreign.xlsx")
    assert ribbon(excel, "Upgrade") == ["Stopped: foreign.xlsx is not a backflush workbook."]
    excel.open(older(tmp_path))
    excel.book("older.xlsm").vba_set("ReadOnly", True)
    assert ribbon(excel, "Upgrade")[0].startswith("Stopped: older.xlsm is open for reading only")
    assert excel.python_calls == []


def test_the_ribbon_imports_files_and_opens_the_workbook_again(tmp_path: Path) -> None:
    excel = MemoryExcel()
    assert ribbon(excel, "Import") == ["Open a backflush workbook first."]
    excel.open(sample(tmp_path, "computers"))
    assert ribbon(excel, "Import") == []  # cancelled
    name = excel.application.workbooks_.books[0].name
    counts = tmp_path / "counts.csv"
    counts.write_text("Date,Document,Event,Item,Quantity\n2026-01-05,A1,Good,X,10\n", encoding="utf-8")
    excel.application.chosen_files = [str(counts)]
    (said,) = ribbon(excel, "Import")
    assert said.startswith('Stopped: counts.csv!C2: "Event" has words that mean no Event: "Good" (1 row).')
    stock = tmp_path / "stock.csv"
    stock.write_text("Item,Counted qty\nX,10\nY,12\n", encoding="utf-8")
    excel.application.chosen_files = [str(stock)]
    assert ribbon(excel, "Import") == ["Done: Stock has 2 rows from these files; 0 rows left out."]
    assert excel.range(name, "Stock", "C8").vba_get("Value") == 12


# -------------------------------------------------------------------------------------------------- on a Mac


@pytest.fixture
def mac(widgets: Ran) -> MemoryExcel:
    """Widgets, run and open, with the add-in, in an Excel for Mac."""
    opened = MemoryExcel(mac=True)
    opened.open(widgets.path)
    return opened


def test_on_a_mac_cells_are_calculated_again_when_python_has_finished(mac: MemoryExcel) -> None:
    """The button only starts Python, whose last act is to call the add-in."""
    mac.put(NAME, "About", "J1", "BACKFLUSH_COST", "W-200", 1)
    mac.python = lambda command: "Running..."
    mac.projects[NAME].run("BackflushRun")
    assert mac.dialogs == []
    del mac.marked[:]
    app = SimpleNamespace(macro=lambda name: lambda *args: mac.application.vba_get("Run", [name, *args]))
    MacBook(SimpleNamespace(name=NAME, app=app)).finish("Done: run R0002.")
    assert [text for _, text, _, _ in mac.dialogs] == ["Done: run R0002."]
    assert mac.marked == ["About"]
    MacBook(SimpleNamespace(name=NAME, app=None)).finish("an Excel that has gone")


def test_on_a_mac_what_python_complains_of_when_no_macro_waits_is_shown(mac: MemoryExcel) -> None:
    complaint = 'Traceback (most recent call last):\n  File "a.py", line 1\nModuleNotFoundError: No module named "x"\n'
    mac.addin.run("ShowError", ["", complaint])
    assert [text for _, text, _, _ in mac.dialogs] == ['Stopped: No module named "x". Run: xlbackflush doctor']


def test_a_mac_cannot_make_a_workbook_and_says_so_before_it_asks_for_a_name(mac: MemoryExcel) -> None:
    assert ribbon(mac, "New") == ["On a Mac, Excel cannot make a workbook. In a terminal, type: xlbackflush new"]
    assert mac.application.asked_for_names == 0


# ---------------------------------------------------------------------------------------------------- help


def test_help_shows_the_page_of_functions(excel: MemoryExcel) -> None:
    assert ribbon(excel, "Help") == []
    active = excel.book(NAME).active_sheet
    assert active is not None
    assert active.name == "Functions"
    excel.close(NAME)
    assert ribbon(excel, "Help") == ["Open a backflush workbook first, or make one with New workbook."]


# --------------------------------------------------------------------------------------------- stored examples


def test_the_examples_of_the_page_of_help_are_stored_with_the_answers_of_the_add_in(
    after_run: MemoryExcel, widgets: Ran
) -> None:
    """What a phone shows is what Excel would: the run asks the engine itself."""
    cells = Parts(widgets.path).cells("Functions")
    item, quantity, component = (cells[f"B{row}"][0] for row in (7, 8, 9))
    typed = {"B7": item, "B8": quantity, "B9": component, "MasterCheck": 0}
    stored = {str(cells[f"B{row}"][0])[1:]: cells[f"C{row}"][0] for row in range(13, 20)}
    assert {formula.partition("(")[0] for formula in stored} == {f.name for f in FUNCTIONS} - {"BACKFLUSH_EXPLODE"}
    for formula, value in stored.items():
        name, _, given = formula.rstrip(")").partition("(")
        answer = ask(after_run, name, *(typed.get(text, text.strip('"')) for text in given.split(",")))
        assert value == (answer if isinstance(answer, str) else pytest.approx(answer, rel=1e-12)), formula
