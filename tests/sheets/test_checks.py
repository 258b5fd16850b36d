"""Sheets Checks and Input Controls: few lines that say what must hold, and behind them every input, column by column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cells
import office
import pytest
from live_books import EPOCH, PERIOD_ENDS, ran
from support_files import Parts

from xlbackflush import schema
from xlbackflush.explain.derive import derivation
from xlbackflush.explain.evaluate import Value
from xlbackflush.explain.reader import Grid
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.formula import Cell
from xlbackflush.workbook.cells import FileReader
from xlbackflush.workbook.file import FileBook

BOOK = str(PERIOD_ENDS[0])
UNCHANGED = ": inputs unchanged since the run"

Change = tuple[str, str, object]  # sheet, cell, what is typed there


def test_a_month_has_eight_checks_of_its_results_and_one_of_each_input_sheet(folder: Path) -> None:
    rows = Parts(ran("widgets", folder).path).rows("Checks")
    inputs = [f"{sheet.name}{UNCHANGED}" for sheet in schema.INPUT_SHEETS]
    assert [row["Check"] for row in rows[8:]] == inputs
    assert not {row["Check"] for row in rows[:8]} & set(inputs)
    assert {row["Result"] for row in rows} == {"OK"}


def test_what_the_run_read_stands_beside_what_is_there(folder: Path) -> None:
    parts = Parts(ran("widgets", folder).path)
    controls = {(row["Sheet"], row["Control"]): row for row in parts.rows("InputControls")}
    counts = parts.rows("Counts")
    assert controls["Counts", "Rows"]["As at the run"] == len(counts)
    assert controls["Counts", "Total of Quantity"]["As at the run"] == sum(row["Quantity"] for row in counts)
    assert controls["Setup", "Currency is USD"]["As at the run"] == 1
    assert all(row["Now"] == row["As at the run"] and row["Changed"] == 0 for row in controls.values())


@dataclass
class Seen:
    """What LibreOffice shows after a change: check -> value and result, and the control totals that were changed."""

    checks: dict[str, tuple[Any, Any]]
    changed: set[tuple[str, str]]

    @property
    def failing_inputs(self) -> set[str]:
        """The input sheets that are said to have changed."""
        failing = (text for text, (_, result) in self.checks.items() if result != "OK")
        return {text.removesuffix(UNCHANGED) for text in failing if text.endswith(UNCHANGED)}


@pytest.fixture(scope="module")
def attempt(folder: Path) -> Iterator[Any]:
    """Makes a change in LibreOffice, and gives what it shows."""
    path = ran(BOOK, folder).path
    stored = cells.read(path)
    checks, controls = stored.column("Checks", "Check"), Parts(path).rows("InputControls")
    watch = [
        stored.place("Checks", "Value"),
        stored.place("Checks", "Result"),
        stored.place("InputControls", "Changed"),
    ]
    with office.Session(path) as session:

        def change(*typed: Change) -> Seen:
            values, results, changed = ([row[0] for row in rows] for rows in session.attempt(typed, watch))
            told = zip(checks, zip(values, results, strict=True), strict=True)
            names = [(row["Sheet"], row["Control"]) for row in controls]
            return Seen(dict(told), {name for name, at in zip(names, changed, strict=True) if at})

        yield change


def at(source: Source, column: str, row: int = 0) -> tuple[str, str]:
    """Sheet and cell of a column, by the position of a row among those read."""
    sheet, cell = source.cell(column, source.row_numbers[row]).rsplit("!", 1)
    return sheet.strip("'"), cell


def test_without_a_change_all_hold(attempt: Any) -> None:
    seen = attempt()
    assert {result for _, result in seen.checks.values()} == {"OK"}
    assert seen.changed == set()


@pytest.mark.parametrize("sheet", schema.INPUT_SHEETS[1:], ids=lambda sheet: sheet.name)
def test_every_column_of_a_sheet_is_watched(sheet: schema.Sheet, attempt: Any, folder: Path) -> None:
    """One more in a column of numbers, one letter more in a column of text: that column and its sheet are named."""
    (table,) = sheet.tables
    source = ran(BOOK, folder).sources[table.name]
    if not source.rows:
        top, always = source.first_row, next(c.name for c in table.columns if c.required)
        seen = attempt((sheet.name, f"{source.letters[always]}{top}", "new"))
        assert seen.failing_inputs == {sheet.name}
        assert (sheet.name, "Rows") in seen.changed
        return
    for column in table.columns:
        old = source.by_column()[column.name][0]
        text = column.kind in ("text", "item", "choice")
        day = (old - EPOCH).days if isinstance(old, dt.date) else old
        new = f"{old}x" if text else 1 if day in (None, "") else day + 1  # type: ignore[operator]
        seen = attempt((*at(source, column.name), new))
        assert seen.failing_inputs == {sheet.name}, column.name
        what = "Text" if text else "Days" if column.kind == "date" else "Total"
        assert (sheet.name, f"{what} of {column.name}") in seen.changed, column.name
        assert seen.checks[f"{sheet.name}{UNCHANGED}"][0] == len(seen.changed), column.name


def test_a_new_row_and_a_cell_in_error_are_changes(attempt: Any, folder: Path) -> None:
    source = ran(BOOK, folder).sources["BOM"]
    sheet, cell = at(source, "Qty per")
    seen = attempt((sheet, cell, {"formula": "=1/0"}))
    assert seen.failing_inputs == {"BOM"}
    assert ("BOM", "Total of Qty per") in seen.changed
    value, result = seen.checks[f"BOM{UNCHANGED}"]
    assert (value, result) == (len(seen.changed), "Fail")


SETTINGS: tuple[tuple[str, object, str], ...] = (
    ("Currency", "EUR", "Currency is"),
    ("Default scrap basis", schema.INPUT, "Default scrap basis is"),
    ("Variance disposition", schema.CARRY_FORWARD, "Variance disposition is"),
    ("Period start", 46_000, "Period start is"),
    ("Period end", 46_999, "Period end is"),
    ("Budgeted fixed overhead", None, "Budgeted fixed overhead is"),
)


@pytest.mark.parametrize(("name", "new", "control"), SETTINGS, ids=[name for name, _, _ in SETTINGS])
def test_a_setting_is_watched(name: str, new: object, control: str, attempt: Any, folder: Path) -> None:
    setup = ran(BOOK, folder).sources["Setup"]
    row = [str(text).strip() for text in setup.by_column()["Setting"]].index(name)
    assert setup.by_column()["Value"][row] not in (new, "")
    seen = attempt((*at(setup, "Value", row), new))
    assert seen.failing_inputs == {"Setup"}
    assert [text.startswith(control) for _, text in seen.changed] == [True]


def test_another_account_is_watched(attempt: Any, folder: Path) -> None:
    seen = attempt((*at(ran(BOOK, folder).sources["Accounts"], "Account"), "9999"))
    assert seen.failing_inputs == {"Setup"}
    assert seen.changed == {("Setup", "Accounts mapped as in Ledger")}


# -------------------------------------------------------------------------------------------- explained


@dataclass
class Recalculated:
    """A workbook file with the values that another program gives its cells."""

    stored: FileReader
    values: dict[tuple[str, str], Value] = field(default_factory=dict)

    def value(self, sheet: str, cell: str) -> Value:
        """See `Reader`."""
        return self.values.get((sheet, cell), self.stored.value(sheet, cell))

    def formula(self, sheet: str, cell: str) -> str:
        """See `Reader`."""
        return self.stored.formula(sheet, cell)

    def table(self, name: str) -> Source | None:
        """See `Reader`."""
        return self.stored.table(name)


def test_a_check_that_fails_is_explained_down_to_the_input(folder: Path) -> None:
    """From the count of what was changed over the control total to the cells of the column."""
    path = ran(BOOK, folder).path
    stored, source = cells.read(path), ran(BOOK, folder).sources["BOM"]
    (sheet, cell), old = at(source, "Qty per"), source.by_column()["Qty per"][0]
    watch = [
        stored.place("Checks", "Value"),
        *(stored.place("InputControls", column) for column in ("Now", "Difference", "Changed")),
    ]
    with office.Session(path) as session:
        shown = session.attempt([(sheet, cell, float(str(old)) + 3)], watch)
    values: dict[tuple[str, str], Value] = {(sheet, cell): float(str(old)) + 3}
    for (of, area), rows in zip(watch, shown, strict=True):
        first = area.split(":")[0]
        letter, top = first.rstrip("0123456789"), int(first.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        values |= {(of, f"{letter}{top + i}"): row[0] for i, row in enumerate(rows)}
    row = stored.column("Checks", "Check").index(f"BOM{UNCHANGED}") + 7
    with FileBook(path) as book:
        steps = derivation(Grid(Recalculated(book.cells(), values)), Cell("Checks", "B", row))
    where = [step.where for step in steps]
    assert steps[0].figure == 1
    assert f"{sheet}!{cell}" in where
    assert {"Input Controls!G", "Input Controls!F", "Input Controls!D"} <= {at.rstrip("0123456789") for at in where}
    assert next(step for step in steps if step.where == f"{sheet}!{cell}").kind == "input"
