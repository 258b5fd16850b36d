"""The workbook's own VBA, run in memory without the add-in: it answers from the output sheets while the last run is fresh.

Figures are those of the engine: its answers from the inputs, and what the run posted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from memory_excel import MemoryExcel
from pyopenvba.interpreter import MISSING

from xlbackflush import schema
from xlbackflush.engine.answers import Answers, answers
from xlbackflush.engine.period import Period
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.template.build import build
from xlbackflush.template.samples import SAMPLES
from xlbackflush.workbook.file import FileBook

JANUARY = dt.date(2026, 1, 1), dt.date(2026, 1, 31)
NOW = dt.datetime(2026, 2, 1)
NA, VALUE, NUM, REF = "#N/A", "#VALUE!", "#NUM!", "#REF!"


def sample(folder: Path, name: str, *, expensed: bool = False) -> Path:
    """A sample as a workbook that has not run; its conversion costs expensed on demand."""
    chosen = SAMPLES[name]()
    if expensed:
        settings = {**chosen.settings, "Conversion costs": schema.EXPENSE_THEN_ADJUST}
        chosen = replace(chosen, settings=settings)
    path = folder / f"{name}{'-expensed' if expensed else ''}.xlsm"
    build(path, JANUARY, chosen)
    return path


class Ran:
    """A sample that has run, what the engine answers for it, and what the run posted."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        with FileBook(path) as book:
            loaded, errors = answers(book.read())
            outcome = lifecycle.run(book, "test", NOW)
        assert loaded and outcome.run, errors
        self.answers: Answers = loaded
        self.posted: Period = outcome.period
        self.codes = [standard.code for standard in loaded.standards.values()]

    def variances(self) -> dict[str, float]:
        found: dict[str, int] = {}
        for variance in self.posted.variances:
            found[variance.name] = found.get(variance.name, 0) + variance.amount
        return {name: minor / 10**self.posted.places for name, minor in found.items()}

    def balances(self) -> dict[str, float]:
        ledger = self.posted.ledger
        return {r: m / 10**self.posted.places for r, m in ledger.closing_by_role.items()}


@pytest.fixture(scope="module", params=["widgets", "computers", "computers-expensed"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    name, _, expensed = request.param.partition("-")
    return Ran(sample(tmp_path_factory.mktemp("ran"), name, expensed=bool(expensed)))


@pytest.fixture(scope="module")
def widgets(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return Ran(sample(tmp_path_factory.mktemp("widgets"), "widgets"))


@pytest.fixture
def excel(widgets: Ran) -> Iterator[MemoryExcel]:
    """Widgets, open without the add-in."""
    opened = MemoryExcel(addin=False)
    opened.open(widgets.path)
    yield opened
    assert opened.python_calls == []


def ask(excel: MemoryExcel, name: str, *args: object) -> Any:
    return excel.call("widgets.xlsm", name, *args)


# ------------------------------------------------------------------------------------------- from a fresh run


def test_without_the_addin_costs_are_those_of_the_engine(ran: Ran) -> None:
    """Every item and every element; where conversion is expensed, what is flushed is material alone."""
    excel = MemoryExcel(addin=False)
    excel.open(ran.path)
    codes = [[code] for code in ran.codes]
    flushed = excel.call(ran.name, "BACKFLUSH_COST", codes, 7)
    assert flushed == [[pytest.approx(ran.answers.cost(code, 7), rel=1e-12)] for code in ran.codes]
    for element in (None, *schema.ELEMENTS):
        costs = excel.call(ran.name, "STANDARD_COST", codes, element)
        assert costs == [[pytest.approx(ran.answers.standard_cost(code, element), abs=1e-12)] for code in ran.codes]


def test_without_the_addin_variances_and_balances_are_those_posted(ran: Ran) -> None:
    excel = MemoryExcel(addin=False)
    excel.open(ran.path)
    variances, balances = ran.variances(), ran.balances()
    assert balances
    for name, amount in variances.items():
        assert excel.call(ran.name, "BACKFLUSH_VARIANCE", name) == pytest.approx(amount, abs=1e-9), name
    for role, closing in balances.items():
        assert excel.call(ran.name, "BACKFLUSH_BALANCE", role.upper()) == pytest.approx(closing, abs=1e-9), role
    known = schema.LABOR_RATE, schema.SCRAP_VARIANCE, schema.FIXED_VOLUME
    for name in set(known) - set(variances):
        assert excel.call(ran.name, "BACKFLUSH_VARIANCE", name) == 0
    assert excel.call(ran.name, "BACKFLUSH_VARIANCE", "Weather") == NA
    assert excel.call(ran.name, "BACKFLUSH_VARIANCE", None) == NA
    assert excel.call(ran.name, "BACKFLUSH_BALANCE", "Petty cash") == NA
    assert excel.call(ran.name, "BACKFLUSH_BALANCE", None) == NA


def test_without_the_addin_nothing_is_exploded_and_the_status_says_why(excel: MemoryExcel) -> None:
    assert ask(excel, "BACKFLUSH_QTY", "W-200", "SA-210", 1) == NA
    assert ask(excel, "BACKFLUSH_EXPLODE", "W-200", 1) == NA
    assert ask(excel, "BACKFLUSH_STATUS") == (
        "No engine: the add-in xlbackflush.xlam is not loaded. Costs come from the last run, which matches the inputs."
    )


def test_costs_of_a_run_that_is_out_of_date_are_not_given(excel: MemoryExcel, widgets: Ran) -> None:
    excel.type("widgets.xlsm", "Counts", "E7", 4711)
    assert ask(excel, "BACKFLUSH_COST", "W-100", 1) == NA
    assert ask(excel, "STANDARD_COST", "W-100") == NA
    assert str(ask(excel, "BACKFLUSH_STATUS")).endswith(
        "Costs are not known. Stale: inputs changed after the last run."
    )
    # what was posted is still what was posted
    assert ask(excel, "BACKFLUSH_BALANCE", schema.COGS) == pytest.approx(widgets.balances()[schema.COGS])


def test_before_the_first_run_nothing_is_given(tmp_path: Path) -> None:
    path = sample(tmp_path, "widgets")
    excel = MemoryExcel(addin=False)
    excel.open(path)
    for call in (("BACKFLUSH_COST", "W-100", 1), ("STANDARD_COST", "W-100"), ("BACKFLUSH_VARIANCE", "Material price"),
                 ("BACKFLUSH_BALANCE", schema.COGS)):  # fmt: skip
        assert ask(excel, *call) == NA
    assert str(ask(excel, "BACKFLUSH_STATUS")).endswith("Costs are not known. Not run yet.")


def test_tables_are_found_by_name_and_columns_by_header(excel: MemoryExcel, widgets: Ran) -> None:
    sheet = excel.book("widgets.xlsm").sheet_named("Roll-up")
    sheet.vba_set("Name", "Costs of ours")
    assert ask(excel, "BACKFLUSH_COST", "W-200", 2) == pytest.approx(widgets.answers.cost("W-200", 2))


def test_a_workbook_without_our_tables_gives_na(tmp_path: Path) -> None:
    import openpyxl

    path = tmp_path / "widgets.xlsm"
    openpyxl.Workbook().save(path)
    excel = MemoryExcel(addin=False)
    excel.open(path)
    assert ask(excel, "BACKFLUSH_COST", "W-100", 1) == NA
    assert ask(excel, "BACKFLUSH_BALANCE", schema.COGS) == NA


# -------------------------------------------------------------------------------------------------- arguments


def test_single_values_and_ranges_lie_beside_one_another(excel: MemoryExcel, widgets: Ran) -> None:
    cost = widgets.answers.cost
    items = excel.range("widgets.xlsm", "Standard Cost", "A7:A9")
    codes = [row[0] for row in [["W-100"], ["W-150"], ["W-200"]]]
    assert ask(excel, "BACKFLUSH_COST", items, 2) == [[pytest.approx(cost(c, 2))] for c in codes]
    assert ask(excel, "BACKFLUSH_COST", items, [[1], [2], [3]]) == [
        [pytest.approx(cost(c, n))] for n, c in enumerate(codes, 1)
    ]
    assert ask(excel, "BACKFLUSH_COST", "W-100", [[1, 2], [3, 4]]) == [
        [pytest.approx(cost("W-100", n)) for n in row] for row in ([1, 2], [3, 4])
    ]
    assert ask(excel, "BACKFLUSH_COST", excel.range("widgets.xlsm", "Standard Cost", "A7"), [[5]]) == pytest.approx(
        cost("W-100", 5)
    )
    assert ask(excel, "BACKFLUSH_COST", items, [[1, 2, 3]]) == VALUE
    assert ask(excel, "BACKFLUSH_COST", items, [[1], [2]]) == VALUE


def test_a_range_of_several_areas_is_no_argument(excel: MemoryExcel) -> None:
    areas = excel.range("widgets.xlsm", "Standard Cost", "A7,A9")
    assert ask(excel, "BACKFLUSH_COST", areas, 1) == VALUE
    assert ask(excel, "BACKFLUSH_COST", "W-100", areas) == VALUE


def test_each_kind_of_trouble_has_its_error(excel: MemoryExcel) -> None:
    assert ask(excel, "BACKFLUSH_COST", "no such item", 1) == NA
    assert ask(excel, "BACKFLUSH_COST", None, 1) == NA
    assert ask(excel, "BACKFLUSH_COST", "", 1) == NA
    assert ask(excel, "BACKFLUSH_COST", "W-100", "12") == VALUE
    assert ask(excel, "BACKFLUSH_COST", "W-100", True) == VALUE
    assert ask(excel, "BACKFLUSH_COST", "W-100", 1e308) == NUM
    assert ask(excel, "BACKFLUSH_COST", "W-100", None) == 0
    assert ask(excel, "STANDARD_COST", "W-100", "Sunshine") == VALUE
    assert ask(excel, "STANDARD_COST", "W-100", 3) == VALUE
    for error in (REF, VALUE, "#DIV/0!"):
        assert ask(excel, "BACKFLUSH_COST", error, 1) == error
        assert ask(excel, "BACKFLUSH_COST", "W-100", error) == error
        assert ask(excel, "BACKFLUSH_QTY", "W-100", "SA-210", error) == error
        assert ask(excel, "STANDARD_COST", "W-100", error) == error
        assert ask(excel, "BACKFLUSH_VARIANCE", error) == error
        assert ask(excel, "BACKFLUSH_BALANCE", error) == error
    mixed = [["W-100", "nobody", REF]]
    assert ask(excel, "BACKFLUSH_COST", mixed, 0) == [[0, NA, REF]]


def test_codes_are_compared_as_a_spreadsheet_compares_them(excel: MemoryExcel, widgets: Ran) -> None:
    expected = pytest.approx(widgets.answers.standard_cost("W-100"))
    assert [ask(excel, "STANDARD_COST", code) for code in ("W-100", "w-100", "  W-100 ")] == [expected] * 3
    assert ask(excel, "STANDARD_COST", "W-100", " LABOR ") == pytest.approx(
        widgets.answers.standard_cost("W-100", "Labor")
    )
    assert ask(excel, "STANDARD_COST", "W-100", MISSING) == expected
    assert ask(excel, "STANDARD_COST", "W-100", "") == expected


@pytest.mark.parametrize(
    ("number", "text"),
    [(7.0, "7"), (0.5, "0.5"), (-12.25, "-12.25"), (1e15, "1e+15"), (123456789012.0, "123456789012")],
)
def test_a_number_is_the_code_that_excel_shows_for_it(excel: MemoryExcel, number: float, text: str) -> None:
    assert excel.projects["widgets.xlsm"].run("CodeKey", [number]) == text


def test_ranges_after_the_arguments_change_nothing(excel: MemoryExcel, widgets: Ran) -> None:
    bom, costs = (excel.range("widgets.xlsm", s, "A6:I9") for s in ("BOM", "Standard Cost"))
    expected = pytest.approx(widgets.answers.cost("W-100", 3))
    assert ask(excel, "BACKFLUSH_COST", "W-100", 3, bom, costs) == expected
    assert ask(excel, "STANDARD_COST", "W-100", "Material", bom, costs) == pytest.approx(
        widgets.answers.standard_cost("W-100", "Material")
    )


# ------------------------------------------------------------------------------------------ Mac, and the buttons


def test_on_a_mac_the_workbook_answers_even_where_the_addin_is_loaded(widgets: Ran) -> None:
    excel = MemoryExcel()
    excel.application.system = "Macintosh (Intel) 10.16"
    excel.open(widgets.path)
    assert ask(excel, "BACKFLUSH_COST", "W-200", 2) == pytest.approx(widgets.answers.cost("W-200", 2))
    assert str(ask(excel, "BACKFLUSH_STATUS")).startswith("No engine: cell functions reach Python on Windows only.")
    assert excel.python_calls == []


@pytest.mark.parametrize("button", ["Run", "Check", "Restore", "Explain", "Clear"])
def test_a_button_without_the_addin_says_how_to_get_it(excel: MemoryExcel, button: str) -> None:
    excel.projects["widgets.xlsm"].run(f"Backflush{button}")
    ((kind, text, title, style),) = excel.dialogs
    assert (kind, title, style) == ("MsgBox", "Backflush", 48)
    for part in ("not loaded, so nothing was done", "pip install xlbackflush", "xlbackflush install", "start Excel again",
                 'xlbackflush run "widgets.xlsm"'):  # fmt: skip
        assert part in text
