"""The Dashboard: what its charts add up to, that they draw the cells of its table, and that they outlive a run."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import office
import pytest
from hypothesis import given
from support import money, posted
from support_files import Parts, bench_book, cli, sample_book
from worlds import World, expected, worlds

from xlbackflush import schema
from xlbackflush.engine.measures.dashboard import CLASSES, FLOW, PARETO, STREAMS, WATERFALL, Bar, cut_off, pareto
from xlbackflush.engine.measures.variances import Variance
from xlbackflush.engine.period import Period

CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
STEPS = len(CLASSES)


def rows(result: Period, chart: str) -> list[Bar]:
    return [bar for bar in result.dashboard if bar.chart == chart]


def variance(name: str, amount: int, subject: str = "", part_of: str = "") -> Variance:
    return Variance(name, subject, 0, amount, "Cost of goods sold", "", part_of)


# ------------------------------------------------------------------------------------ standard to actual


@given(worlds())
def test_the_waterfall_steps_from_standard_to_actual_cost(world: World) -> None:
    _, result = posted(world.settings, world.tables)
    first, *steps, last, cut = rows(result, WATERFALL)
    assert [step.name for step in steps] == list(CLASSES)
    assert last.amount == first.amount + sum(step.amount for step in steps)
    totals = [v for v in result.variances if not v.part_of]
    assert sum(step.amount for step in steps) == sum(v.amount for v in totals)
    levels = [first.level, *(step.level for step in steps)]
    for step, (before, after) in zip(steps, pairwise(levels), strict=True):
        assert step.base == min(before, after) - cut.amount >= 0
        assert step.base + step.up + step.down == max(before, after) - cut.amount
    assert (first.total, last.total) == (first.amount - cut.amount, last.amount - cut.amount)


@given(worlds())
def test_standard_cost_is_what_was_spent_less_what_the_oracle_calls_a_variance(world: World) -> None:
    """Where purchases are recorded: invoices and conversion incurred, less price, usage, conversion not allocated, and
    abnormal scrap, all from the journal of the oracle. Elsewhere the oracle knows no price and usage variance."""
    here = {"Purchases are": schema.RECORDED_HERE, "Conversion incurred is": schema.RECORDED_HERE}
    oracle = expected(replace(world, settings=world.settings | here))  # what is spent is spent wherever it is recorded
    _, result = posted(world.settings, world.tables)
    if world.settings["Trigger points"] not in (schema.PCS, schema.PS):
        return
    before_close = [roles for event, roles in oracle.journal.items() if event != schema.CLOSE]

    def net(*roles: str) -> Decimal:
        return sum((entry.get(role, Decimal(0)) for entry in before_close for role in roles), Decimal(0))

    spent = -net(schema.ACCOUNTS_PAYABLE, schema.VARIOUS_ACCOUNTS)
    lost = net(schema.PRICE_VARIANCE, schema.USAGE_VARIANCE, schema.CCC, schema.CCA, schema.ABNORMAL_SCRAP)
    lost += net(schema.COUNT_DIFFERENCE)
    first, *_, last, _ = rows(result, WATERFALL)
    assert money(last.amount, result.places) == spent
    assert money(first.amount, result.places) == spent - lost


@pytest.mark.parametrize(
    ("low", "high", "cut"),
    [
        (100_000, 100_000, 98_000),  # no variance: a fiftieth of the whole stays
        (100_000, 110_000, 90_000),  # 100.00 of variances: the lower column is as high as they are
        (100_000, 101_000, 97_980),  # 10.00 of 1,010.00 is less than a fiftieth, 20.20
        (30_000, 90_000, 0),  # variances larger than the cost: nothing is cut
        (-5_000, 20_000, -5_000),  # below zero: all columns stand on the lowest level
        (0, 0, 0),
    ],
)
def test_columns_are_cut_off_where_variances_are_small(low: int, high: int, cut: int) -> None:
    assert cut_off(low, high, 2) == cut


# ---------------------------------------------------------------------------------- the largest variances


@given(worlds())
def test_the_pareto_falls_and_ends_at_all_of_it(world: World) -> None:
    _, result = posted(world.settings, world.tables)
    bars = rows(result, PARETO)
    assert len(bars) == 11
    filled = [bar for bar in bars if bar.name]
    assert bars[: len(filled)] == filled
    amounts = [bar.amount for bar in filled[:10]]
    assert amounts == sorted(amounts, reverse=True)
    single = [v for v in result.variances if v.name != schema.CONVERSION_ALLOCATION]
    assert sum(bar.amount for bar in filled) == sum(abs(v.amount) for v in single)
    if filled:
        assert filled[-1].share == 1
        shares = [bar.share for bar in filled]
        assert shares == sorted(shares)


def test_the_eleventh_variance_and_those_after_it_are_all_others() -> None:
    """100, 90, ... 10 and two of 5: 550 of 560 in the ten, the last of them at 98.21 %."""
    found = [variance(schema.MATERIAL_PRICE, n, f"P-{n}") for n in (5, 10, 100, 90, 80, 70, 60, 50, 40, 30, 20)]
    found += [variance(schema.CONVERSION_ALLOCATION, -5), variance(schema.LABOR_RATE, -5, "", "Conversion allocation")]
    bars = pareto(found)
    assert [bar.amount for bar in bars] == [100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 10]
    assert [bar.name for bar in bars[:2]] == ["Material price P-100", "Material price P-90"]
    assert bars[-1].name == "All others"
    assert (bars[-1].total, bars[-1].up, bars[-1].down, bars[-1].share) == (10, 0, 0, 1)
    assert bars[-2].share == pytest.approx(550 / 560)


def test_of_ten_variances_there_are_no_others() -> None:
    bars = pareto([variance(schema.MATERIAL_PRICE, n, f"P-{n}") for n in range(10, 0, -1)])
    assert [(bar.name, bar.amount, bar.share) for bar in bars[-2:]] == [("Material price P-1", 1, 1), ("", 0, 0)]
    assert len(bars) == 11


def test_favorable_variances_count_by_size_and_nil_ones_not_at_all() -> None:
    found = [variance(schema.MATERIAL_PRICE, 3, "A"), variance(schema.SCRAP_VARIANCE, -7, "Normal scrap")]
    bars = pareto([*found, variance(schema.LABOR_RATE, 0)])
    assert [(bar.name, bar.up, bar.down) for bar in bars[:3]] == [
        ("Normal scrap", 0, 7),
        ("Material price A", 3, 0),
        ("", 0, 0),
    ]
    assert [bar.share for bar in bars[:2]] == [0.7, 1]


# ------------------------------------------------------------------------------------------------ cost flow


@given(worlds())
def test_cost_in_is_cost_out(world: World) -> None:
    oracle = expected(world)
    _, result = posted(world.settings, world.tables)
    streams = {bar.name: money(bar.amount, result.places) for bar in rows(result, FLOW)}
    assert sum(bar.cost_in for bar in rows(result, FLOW)) == sum(bar.cost_out for bar in rows(result, FLOW))
    assert all(bar.cost_in >= 0 <= bar.cost_out for bar in rows(result, FLOW))
    stock = (schema.MIP, schema.INVENTORY_CONTROL)
    assert streams["Cost of goods sold"] == oracle.ledger.get(schema.COGS, 0)
    assert streams["Closing finished goods"] == oracle.ledger.get(schema.FINISHED_GOODS, 0)
    assert streams["Closing materials and in-process"] == sum(oracle.ledger.get(role, 0) for role in stock)


def test_every_role_flows_in_one_stream() -> None:
    """Inventories have an opening and a closing balance, all other roles one net movement."""
    of_column = {
        column: [role for stream in STREAMS if stream.column == column for role in stream.roles]
        for column in ("Opening", "Closing", "")
    }
    assert of_column["Opening"] == of_column["Closing"]
    assert sorted(of_column["Opening"] + of_column[""]) == sorted(schema.ROLES)


# ----------------------------------------------------------------------------------------------- the sheet


def test_the_textbook_case_on_the_sheet(tmp_path: Path) -> None:
    """Materials bought for 1,950,000, conversion incurred 1,260,000, of which 60,000 was not allocated."""
    path = sample_book(tmp_path / "book.xlsx")
    assert cli("run", path).code == 0
    shown = {row["Label"]: row for row in Parts(path).rows("Dashboard") if row["Label"]}
    assert shown["Actual cost: 3,210,000"]["Amount"] == 3_210_000
    assert shown["Standard cost: 3,150,000"]["Amount"] == 3_150_000
    assert shown["Materials bought: 1,950,000"]["Cost in"] == 1_950_000
    assert sum(row["Up"] or 0 for row in shown.values() if row["Chart"] == PARETO) == 60_000
    total = {side: sum(row[side] or 0 for row in shown.values()) for side in ("Cost in", "Cost out")}
    assert total["Cost in"] == total["Cost out"] == 3_210_000


def test_variances_are_named_with_item_amount_and_side(tmp_path: Path) -> None:
    """120 legs at 2.60 for 2.50, 200 of glue at 0.09 for 0.10."""
    path = bench_book(tmp_path / "book.xlsx")
    assert cli("run", path).code == 0
    labels = [str(row["Label"]).replace("\u00a0", " ") for row in Parts(path).rows("Dashboard")]
    assert {"Material price: 10 U", "Material price Leg: 12 U", "Actual cost: 1,080"} <= set(labels)


SETTINGS = {
    "as it is": {},
    "sale only, yen": {"Trigger points": schema.S, "Currency": "JPY"},
    "completion and sale, prorated": {"Trigger points": schema.CS, "Variance disposition": schema.PRORATE},
    "by physical count, carried forward": {
        "Relief basis": schema.PHYSICAL_COUNT,
        "Variance disposition": schema.CARRY_FORWARD,
    },
    "completion and sale, by physical count": {
        "Trigger points": schema.CS,
        "Relief basis": schema.PHYSICAL_COUNT,
    },
    "expensed, dinars": {"Conversion costs": schema.EXPENSE_THEN_ADJUST, "Currency": "KWD"},
}


def with_settings(path: Path, settings: dict[str, str]) -> Path:
    parts = Parts(bench_book(path))
    names = [row["Setting"] for row in parts.rows("Setup")]
    for name, value in settings.items():
        parts.put(parts.where("Setup", "Value", names.index(name)), value)
    for name, cell in (("Role", schema.MIP), ("Opening amount", 16.5), ("Counted amount", 20)):
        parts.put(parts.where("InventoryCount", name), cell)
    return parts.save(path)


def test_stored_values_are_what_a_recalculation_gives(tmp_path: Path) -> None:
    paths = [with_settings(tmp_path / f"{i}.xlsx", settings) for i, settings in enumerate(SETTINGS.values())]
    paths.append(sample_book(tmp_path / "widgets.xlsx", "widgets"))
    for path in paths:
        assert cli("run", path).code == 0, path
    for path, book in zip(paths, office.recalculate(paths), strict=True):
        stored = Parts(path).cells("Dashboard")
        shown = {at: book["Dashboard"][at] for at in stored}
        assert len([1 for _, formula in stored.values() if formula]) > 80
        for at, (value, _) in stored.items():
            if isinstance(value, float):
                assert shown[at] == pytest.approx(value, rel=1e-12, abs=1e-9), (path.name, at)
            else:
                assert (shown[at] or "") == (value or ""), (path.name, at)
        sums = {side: sum(row[side] or 0 for row in Parts(path).rows("Dashboard")) for side in ("Cost in", "Cost out")}
        assert sums["Cost in"] == pytest.approx(sums["Cost out"], abs=1e-6)


# ---------------------------------------------------------------------------------------------- the charts


def chart_parts(parts: Parts) -> list[str]:
    (drawing,) = (p for kind, p in parts.targets(parts.sheets()["Dashboard"]).values() if kind == "drawing")
    targets = parts.targets(drawing)
    return [targets[f"rId{i}"][1] for i in range(1, len(targets) + 1)]


def test_a_run_leaves_the_charts_byte_for_byte(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    before = Parts(path)
    assert cli("run", path).code == 0
    after = Parts(path)
    kept = [name for name in before.content if name.startswith(("xl/charts/", "xl/drawings/"))]
    kept += ["xl/worksheets/_rels/" + part.rsplit("/", 1)[1] + ".rels" for part in before.sheets().values()]
    kept.remove("xl/worksheets/_rels/" + before.sheets()["Functions"].rsplit("/", 1)[1] + ".rels")  # it has no drawing
    drawings = len(before.sheets()) - 1
    # charts; drawings; relationships of drawings with charts; relationships of sheets
    assert len(kept) == 5 + drawings + 2 + drawings
    assert [name for name in kept if after[name] != before[name]] == []
    assert chart_parts(after) == chart_parts(before)
    assert before["[Content_Types].xml"] == after["[Content_Types].xml"]
    assert b"<drawing " in after[after.sheets()["Dashboard"]]


def test_charts_draw_their_rows_of_the_table(tmp_path: Path) -> None:
    """Each range is a whole column of a chart's rows, or one row of the cost flow, or a header."""
    path = bench_book(tmp_path / "book.xlsm")
    assert cli("run", path).code == 0
    parts = Parts(path)
    place, cells = parts.tables()["Dashboard"], parts.rows("Dashboard")
    drawn: list[tuple[str, str]] = []
    for part, chart in zip(chart_parts(parts), (WATERFALL, PARETO, FLOW), strict=True):
        rows_of_chart = {place.top + 1 + i for i, row in enumerate(cells) if row["Chart"] == chart}
        if chart == WATERFALL:
            rows_of_chart.remove(max(rows_of_chart))  # what is cut off
        for formula in parts.xml(part).iter(f"{CHART}f"):
            match = re.fullmatch(r"Dashboard!\$([A-Z]+)\$(\d+)(?::\$([A-Z]+)\$(\d+))?", formula.text or "")
            assert match, formula.text
            left, top, right, bottom = match[1], int(match[2]), match[3] or match[1], int(match[4] or match[2])
            names = place.columns[ord(left) - 64 - place.left : ord(right) - 64 - place.left + 1]
            drawn += [(chart, name) for name in names]
            assert top == bottom == place.top or set(range(top, bottom + 1)) <= rows_of_chart
            assert top == bottom or set(range(top, bottom + 1)) == rows_of_chart
    assert set(drawn) == {
        *((WATERFALL, name) for name in ("Label", "Base", "Total", "Up", "Down")),
        *((PARETO, name) for name in ("Label", "Total", "Up", "Down", "Cumulative %")),
        *((FLOW, name) for name in ("Label", "Cost in", "Cost out")),
    }


def test_charts_can_be_read_aloud_and_come_first_on_screen_and_page(tmp_path: Path) -> None:
    parts = Parts(bench_book(tmp_path / "book.xlsm"))
    (drawing,) = (p for kind, p in parts.targets(parts.sheets()["Dashboard"]).values() if kind == "drawing")
    charted = [e for e in parts.xml(drawing).iter() if e.tag.endswith("}graphicFrame")]
    frames = [e for chart in charted for e in chart.iter() if e.tag.endswith("}cNvPr")]
    assert len(frames) == 3
    assert all(len(frame.get("descr", "")) > 40 and frame.get("name") for frame in frames)
    assert len({frame.get("id") for frame in frames}) == 3
    columns = [int(e.text or "") for e in parts.xml(drawing).iter() if e.tag.endswith("}col")]
    assert max(columns) < parts.tables()["Dashboard"].left
    assert ">Dashboard!$A$1:$L$36</definedName>" in parts["xl/workbook.xml"].decode()


def test_before_the_first_run_the_charts_name_what_they_will_show(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsm"
    assert cli("new", path).code == 0
    table = Parts(path).rows("Dashboard")
    assert [row["Label"] for row in table if row["Chart"] == FLOW] == [stream.name for stream in STREAMS]
    assert [row["Label"] for row in table if row["Chart"] == PARETO] == [None] * 11
    assert all(row["Amount"] is None for row in table)
    assert cli("run", path).code == 0  # nothing to post
    after = Parts(path).rows("Dashboard")
    assert [row["Label"] for row in after] == [row["Label"] for row in table]
    assert not any(row["Amount"] for row in after)


def test_the_line_above_the_charts_names_the_run(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    assert cli("run", path).code == 0
    cells = Parts(path).cells("Dashboard")
    assert "Run R0001, draft. Bench & Sons" in cells["A4"][0]
    assert cells["B3"][0] == "All checks hold"
