"""What roll writes on sheet Last Period, in workbook files, and what a run of the next period says about it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from older import without_sheet
from support_files import Parts, address, bench, bench_book, cli

from xlbackflush import schema
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.post import post
from xlbackflush.model.finding import Finding
from xlbackflush.workbook.file import FileBook

NOW = dt.datetime(2026, 4, 2, 9)
DATED = ("Counts", "Scrap", "Purchases", "Actuals")


def run(path: Path) -> RunResult:
    with FileBook(path) as book:
        return lifecycle.run(book, "Ann Clerk", NOW)


def rolled(path: Path, following: str) -> Path:
    """The workbook of the next period: run, post, roll."""
    run(path)
    with FileBook(path) as book:
        post(book, "Bob Controller", NOW)
    result = cli("roll", path, path.with_name(following))
    assert result.code == 0, result
    return path.with_name(following)


def typed(path: Path, first: dt.date) -> None:
    """The documents of the bench, entered again in another month, on the same days of it or its last."""
    parts, sample = Parts(path), bench()
    for name in DATED:
        place, names = parts.tables()[name], schema.TABLES[name].names
        cells: dict[str, object] = {}
        for number, row in enumerate(sample.tables[name], place.top + 1):
            for column, value in row.items():
                same_day = first.replace(day=min(value.day, 28)) if isinstance(value, dt.date) else None
                cells[address(place.left + names.index(column), number)] = (
                    (same_day - schema.DAY_0).days if same_day else value
                )
        parts.put_all(place.sheet, cells)  # type: ignore[arg-type]
    parts.save(path)


def found(outcome: RunResult) -> list[Finding]:
    """The findings about the period before, but for turnover: what the bench buys and does not use piles up."""
    return [finding for finding in outcome.findings if finding.code.startswith("W8") and finding.code != "W86"]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return bench_book(tmp_path / "march.xlsm")


def test_a_quantity_of_the_bill_that_was_changed_is_named_with_both_figures(book: Path) -> None:
    """Three months of the same documents; then a frame has 40 legs. 22 were made, with 5 % scrap on input, at 2.50."""
    path = rolled(book, "april.xlsm")
    typed(path, dt.date(2026, 4, 1))
    assert found(run(path)) == []
    path = rolled(path, "may.xlsm")
    typed(path, dt.date(2026, 5, 1))
    assert found(run(path)) == []
    parts = Parts(path)
    parts.put("BOM!C10", 40)
    parts.save(path)
    (finding,) = found(run(path))
    assert (finding.code, finding.severity, finding.where) == ("W82", schema.WARNING, "BOM!C10")
    assert "Leg in Frame is 40 pcs" in finding.what and "it was 4 pcs" in finding.what
    assert finding.effect == pytest.approx(22 * 36 / 0.95 * 2.5)
    shown = Parts(path).rows("Findings")
    assert [row["Where"] for row in shown if row["Code"] == "W82"] == ["BOM!C10"]


def test_the_figures_of_the_bench(book: Path) -> None:
    """Counted by hand: 10 + 12 frames, 15 benches, 9 - 1 sold; one leg for each 0.95 of four, 22 frames and none else."""
    path = rolled(book, "april.xlsm")
    rows = Parts(path).rows("LastPeriod")
    figures = {(r["Figure"], r["Item"] or r["Text"], r["Component"]): r for r in rows if r["Figure"]}
    assert [figures["Completed", "Frame", None][c] for c in ("Number", "Rows", "Periods")] == [22, 2, 1]
    assert [figures["Sold", "Bench", None][c] for c in ("Number", "Rows", "Periods")] == [8, 1, 1]
    assert [figures["Incurred", "Labor", None][c] for c in ("Number", "Rows", "Periods")] == [570, 1, 1]
    assert figures["Closing stock", "Leg", None]["Number"] == 30
    assert figures["Qty per", "Frame", "Glue"]["Number"] == 2, "the line that is in force at period end"
    scrap = figures["Scrap %", "Frame", "Leg"]
    assert (scrap["Number"], scrap["Text"]) == (0.05, "Input")
    assert figures["Material price", "Glue", None]["Number"] == 0.1
    assert {"Period start": "2026-03-01", "Period end": "2026-03-31"}.items() <= {
        r["Figure"]: r["Text"] for r in rows if r["Figure"]
    }.items()


def test_a_workbook_that_was_just_opened_misses_nothing(book: Path) -> None:
    assert found(run(rolled(book, "april.xlsm"))) == []


def test_a_workbook_of_an_earlier_version_compares_nothing_and_can_be_rolled(book: Path, tmp_path: Path) -> None:
    parts = Parts(book)
    without_sheet("LastPeriod")(parts)
    parts.save(book)
    assert found(run(book)) == []
    path = rolled(book, "april.xlsm")
    assert Parts(path).rows("LastPeriod")


def test_opening_stock_that_was_altered_is_named_at_its_cell(book: Path) -> None:
    """30 legs were counted, at 2.50."""
    path = rolled(book, "april.xlsm")
    parts = Parts(path)
    (cell,) = [
        f"Stock!B{n}" for n, row in enumerate(parts.rows("Stock"), schema.HEADER_ROW + 1) if row["Item"] == "Leg"
    ]
    parts.put(cell, 300)
    parts.save(path)
    (finding,) = [f for f in found(run(path)) if f.code == "W87"]
    assert (finding.where, finding.effect) == (cell, 270 * 2.5)


def test_a_balance_that_was_altered_is_named_at_its_cell(book: Path) -> None:
    path = rolled(book, "april.xlsm")
    parts = Parts(path)
    roles = [row["Role"] for row in parts.rows("Opening")]
    cell = f"Opening!B{schema.HEADER_ROW + 1 + roles.index(schema.MIP)}"
    balance = parts.rows("Opening")[roles.index(schema.MIP)]["Closing balance"]
    parts.put(cell, float(str(balance)) + 1_000)
    parts.save(path)
    (finding,) = [f for f in found(run(path)) if f.code == "W88"]
    assert (finding.where, finding.effect) == (cell, pytest.approx(1_000))
