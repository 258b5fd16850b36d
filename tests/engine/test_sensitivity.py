"""Sensitivity: every effect is what a whole run with the cell changed gives, and the sheet says the same.

Tried are every cell of the textbook sample, every third cell of each column of the widgets, and under every policy one cell of
every fourth column; `XLBACKFLUSH_FUZZ=full` tries every cell of both samples, and one of every second column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from april import april, buy, completed, count, day, line, made
from live_books import BOOKS, PERIOD, PERIOD_ENDS, Policy, ran, trace_limit, world
from samples_tried import FULL
from support import Row, compute, sources
from support_files import Parts, bench_book, cli, sample_book

from xlbackflush import schema
from xlbackflush.engine.audit.sensitivity import (
    TABLES,
    Cell,
    Sensitivity,
    cells,
    effect,
    governed,
    sensitivity,
    with_value,
)
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.period import Closings
from xlbackflush.engine.result import RunResult
from xlbackflush.model.tables import Source
from xlbackflush.schema import NUMERIC
from xlbackflush.sheets import sensitivity as sheet
from xlbackflush.template.samples import SAMPLES, Sample
from xlbackflush.workbook.file import FileBook

EVERY = 2 if FULL else 4  # of how many columns one is tried under a policy

Read = dict[str, Source]
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def read(sample: Sample) -> Read:
    """A sample as it is read from a workbook."""
    period = {"Period start": PERIOD[0], "Period end": PERIOD[1]}
    return sources(period | dict(sample.settings), sample.tables)


# -------------------------------------------------------------------------------- against whole runs of the engine


def closings(tables: Read) -> Closings | None:
    """What the ledger of a whole run closes with; None where the inputs have errors."""
    outcome = compute(tables)
    if outcome.failed:
        return None
    return Closings({role: minor for role, minor in outcome.period.ledger.closing_by_role.items() if minor})


def with_cell(tables: Read, cell: Cell, value: float) -> Read:
    """The tables with another number typed into a cell."""
    source = tables[cell.table]
    rows = [list(row) for row in source.rows]
    rows[cell.index][source.columns.index(cell.column.name)] = value
    return {**tables, cell.table: replace(source, rows=rows)}


def by_force(tables: Read, before: Closings, cell: Cell, by: float) -> Closings | None:
    """The change from a run to a run with the cell larger; if that is refused, with it smaller, turned round."""
    for sign in (1, -1):
        after = closings(with_cell(tables, cell, cell.value + sign * by))
        if after is not None:
            balances = {role: after.by_role.get(role, 0) - before.by_role.get(role, 0) for role in schema.ROLES}
            return Closings({role: sign * minor for role, minor in balances.items() if minor})
    return None


def compare(sample: Sample, choose: Callable[[list[Cell]], list[Cell]] = lambda every: every) -> int:
    """Compare the effects of cells with whole runs; how many of them move a balance."""
    tables = read(sample)
    outcome = compute(tables)
    period, before = outcome.period, closings(tables)
    assert before == period.closings
    assert before is not None
    moved = 0
    for cell in choose(cells(outcome.period.inputs)):
        found = effect(period, cell)
        assert found.percent == by_force(tables, before, cell, cell.value * 0.01), cell
        assert found.unit == by_force(tables, before, cell, cell.unit), cell
        moved += found.matters
    return moved


def by_column(found: list[Cell]) -> list[list[Cell]]:
    """The cells of each column that has any."""
    columns: dict[tuple[str, str], list[Cell]] = {}
    for cell in found:
        columns.setdefault((cell.table, cell.column.name), []).append(cell)
    return list(columns.values())


def spread(found: list[Cell], number: int) -> list[Cell]:
    """One cell from every fourth column; from other columns and rows in the next book, whose number is one higher."""
    chosen = [group for k, group in enumerate(by_column(found)) if k % EVERY == number % EVERY]
    return [group[5 * number % len(group)] for group in chosen]


@pytest.mark.parametrize("name", [f"computers, {triggers}" for triggers in schema.TRIGGERS])
def test_every_cell_of_the_textbook_sample(name: str) -> None:
    assert compare(BOOKS[name]()) >= 4


@pytest.mark.parametrize("table", [table.name for table in TABLES if table.name not in ("InventoryCount", "Opening")])
def test_cells_of_every_column_of_the_sample_of_widgets(table: str) -> None:
    """No balance is counted in money or carried over there."""

    def chosen(every: list[Cell]) -> list[Cell]:
        columns = by_column([cell for cell in every if cell.table == table])
        return [
            cell
            for k, column in enumerate(columns)
            for cell in column[0 if FULL else k % 3 :: 1 if FULL else 3] or column
        ]

    compare(SAMPLES["widgets"](), chosen)


def test_the_sample_of_widgets_has_cells_that_move_balances_and_some_that_move_none() -> None:
    result = sensitivity(compute(read(SAMPLES["widgets"]())).period)
    assert (result.tried.total(), len(result.effects)) == (780, 689)


WORLDS = [name for name in BOOKS if not name.startswith(("computers", "widgets"))]


@pytest.mark.parametrize("name", WORLDS)
def test_cells_of_all_kinds_under_every_policy(name: str) -> None:
    with trace_limit(name):
        compare(BOOKS[name](), lambda found: spread(found, WORLDS.index(name)))


def test_the_books_together_try_all_columns() -> None:
    tried = {
        (cell.table, cell.column.name)
        for number, name in enumerate(WORLDS)
        for cell in spread(cells(accept(read(BOOKS[name]()))[0]), number)
    }
    # balances carried over have a test of their own
    assert tried == {(t.name, c.name) for t in TABLES if t.name != "Opening" for c in t.columns if c.kind in NUMERIC}


def test_balances_carried_over() -> None:
    """Of finished goods beyond their stock at standard, and of a price variance: both to cost of goods sold at the close."""
    sample = world(Policy(schema.PCS))
    rows = [
        {"Role": schema.FINISHED_GOODS, "Closing balance": 1_000},
        {"Role": schema.PRICE_VARIANCE, "Closing balance": 50},
    ]
    tables = read(replace(sample, tables={**sample.tables, "Opening": rows}))
    outcome = compute(tables)
    period, before = outcome.period, closings(tables)
    assert before is not None
    opened = [cell for cell in cells(outcome.period.inputs) if cell.table == "Opening"]
    assert [inventory_and_cogs(effect(period, cell).percent) for cell in opened] == [(0, 1_000), (0, 50)]
    for cell in opened:
        assert effect(period, cell).percent == by_force(tables, before, cell, cell.value * 0.01)


# ------------------------------------------------------------------------------------------------- by hand


def inventory_and_cogs(change: Closings | None) -> tuple[int, int]:
    assert change is not None
    return change.inventory, change.cogs


Found = dict[tuple[str, str, int], tuple[tuple[int, int], tuple[int, int]]]


def found_in(result: Sensitivity) -> Found:
    return {
        (e.cell.table, e.cell.column.name, e.cell.index): (inventory_and_cogs(e.percent), inventory_and_cogs(e.unit))
        for e in result.effects
    }


def test_the_textbook_case_by_hand() -> None:
    """100,000 computers of 19 material and 12 conversion completed, 99,000 sold; 1,950,000 bought, 1,260,000 incurred.

    In stock: 50,000 of materials, 1,000 computers. What is left of conversion, 60,000, goes to cost of goods sold.
    """
    result = sensitivity(compute(read(SAMPLES["computers"]())).period)
    cents = 100
    assert found_in(result) == {
        # 990 or 1 more sold, at 31
        ("Counts", "Quantity", 1): ((-30_690 * cents, 30_690 * cents), (-31 * cents, 31 * cents)),
        # 1,000 or 1 more completed: material moves within inventory, 12 of conversion each are allocated
        ("Counts", "Quantity", 0): ((12_000 * cents, -12_000 * cents), (12 * cents, -12 * cents)),
        # bought dearer: a price variance; bought more: stock of materials
        ("Purchases", "Actual price", 0): ((0, 19_500 * cents), (0, 1_950_000 * cents)),
        ("Purchases", "Quantity", 0): ((19_500 * cents, 0), (1 * cents, 0)),
        # 99,000 sold with 0.19 or 1 more of material in each
        ("BOM", "Qty per", 0): ((-18_810 * cents, 18_810 * cents), (-99_000 * cents, 99_000 * cents)),
        ("Actuals", "Amount", 0): ((0, 12_600 * cents), (0, 1 * cents)),
        # 50,000 + 1,000 x 19 of material in stock, 1,000 units of conversion
        ("StandardCost", "Material price", 0): ((690 * cents, -690 * cents), (69_000 * cents, -69_000 * cents)),
        ("StandardCost", "Other conversion", 1): ((120 * cents, -120 * cents), (1_000 * cents, -1_000 * cents)),
    }  # fmt: skip
    of_accounts = {(e.cell.table, e.cell.column.name, e.cell.index): e.percent for e in result.effects}
    mip, goods, payable = schema.MIP, schema.FINISHED_GOODS, schema.ACCOUNTS_PAYABLE
    for cell, most, balances in (
        # 19 of material and 12 of conversion each
        (("Counts", "Quantity", 0), goods, {mip: -19_000, goods: 31_000, schema.COGS: -12_000}),
        # 100,000 completed with 0.19 more, 1,000 of them in stock
        (("BOM", "Qty per", 0), mip, {mip: -19_000, goods: 190, schema.COGS: 18_810}),
        (("Purchases", "Quantity", 0), mip, {mip: 19_500, payable: -19_500}),
    ):
        change = of_accounts[cell]
        assert change is not None
        assert change.by_role == {role: amount * cents for role, amount in balances.items()}
        assert change.most_moved == most
    assert [e.size for e in result.effects] == sorted((e.size for e in result.effects), reverse=True)


def test_a_cell_that_moves_cost_between_inventories_matters() -> None:
    """100 made of 5 of material, none sold: with 5 % more in each, 25 leave materials for finished goods. The total stays."""
    tables = {
        "StandardCost": [buy("Ore", 5), made("Ring")],
        "BOM": [line("Ring", "Ore", 1)],
        "Counts": [completed("Ring", 100)],
        "Stock": [{"Item": "Ore", "Opening qty": 500}],
    }
    result = sensitivity(compute(sources(april(), tables)).period)
    (line_of_bom,) = (e for e in result.effects if e.cell.table == "BOM")
    assert line_of_bom.percent == Closings({schema.MIP: -5_00, schema.FINISHED_GOODS: 5_00})
    assert inventory_and_cogs(line_of_bom.percent) == (0, 0)
    assert line_of_bom.size == 5_00


def test_a_share_of_all_cannot_be_larger_so_the_smaller_is_tried() -> None:
    """20 SUB-A with all their material in: with 99 % of it in, inventory stays, as the material comes out of materials."""
    outcome = compute(read(world(PERIOD_ENDS[2])))
    period = outcome.period
    cell = next(c for c in cells(outcome.period.inputs) if c.column.name == "Material %" and c.value == 1)
    assert with_value(period, cell, 1.01) is None
    less = with_value(period, cell, 0.99)
    assert less is not None
    change = less.closings - period.closings
    assert effect(period, cell).unit == -change


def test_a_percentage_at_its_limit_is_refused_like_typing_it() -> None:
    outcome = compute(read(world(Policy(schema.PCS))))
    period = outcome.period
    cell = Cell("BOM", schema.BOM.column("Scrap %"), 2, 0.0)
    assert with_value(period, cell, 0.99) is not None
    assert with_value(period, cell, 1.0) is None


# ------------------------------------------------------------------------------------- where there are too many


def test_the_most_telling_cells_are_tried_first() -> None:
    """A third of the cells holds the twenty of the largest effects."""
    outcome = compute(read(world(PERIOD_ENDS[0])))
    everything = sensitivity(outcome.period)
    number = everything.cells.total()
    assert everything.tried == everything.cells
    some = sensitivity(outcome.period, most=number // 3)
    assert some.tried.total() == number // 3
    assert some.cells == everything.cells
    assert some.effects[:20] == everything.effects[:20]


def rings() -> dict[str, list[Row]]:
    return {
        "StandardCost": [
            buy("Ore", 4),
            made("Bar", "Subassembly", Labor_hours=0.5, Labor_rate=6, **{"Assembly_scrap_%": 0.25}),
            made("Ring", Other_conversion=5),
        ],
        "BOM": [line("Bar", "Ore", 2, **{"Scrap_%": 0.5}), line("Ring", "Bar", 3)],
        "Counts": [completed("Bar", 40), completed("Ring", 10), count("Sold", "Ring", 6, 12, "S-1")],
        "Purchases": [{"Date": day(5), "Document": "PI-1", "Item": "Ore", "Quantity": 200, "Actual price": 4.5}],
        "Scrap": [
            {
                "Date": day(9),
                "Document": "X-1",
                "Item": "Ore",
                "Quantity": 2,
                "Stage": schema.COMPONENT,
                "Salvage value": 3,
            }
            | {"Kind": schema.NORMAL}
        ],
        "Actuals": [{"Date": day(30), "Document": "PR-1", "Cost type": "Labor", "Amount": 90}],
        "Stock": [{"Item": "Ore", "Opening qty": 10, "Counted qty": 50}],
        "WIP": [{"Item": "Ring", "Quantity": 2, "Material %": 0.5, "Conversion %": 0.25}],
    }


def test_the_money_that_a_cell_governs_by_hand() -> None:
    """A ring of 3 bars + 5; a bar of 2 ore + half for scrap, + a quarter for bars lost, 3.75 at 4, and half an hour at 6.

    A bar costs 18, a ring 59, 45 of it material. 10 + 6 + 2 rings move, 40 + 3 x 18 = 94 bars, and of ore 200 + 2 + 10 + 50 +
    3.75 x 94 = 614.5.
    """
    weights = governed(compute(sources(april(), rings())).period)
    assert weights.keys() == {(t.name, c.name) for t in TABLES for c in t.columns if c.kind in NUMERIC} - {
        ("Actuals", "Hours")
    }
    assert {key: weight.tolist() for key, weight in weights.items() if weight.any()} == {
        ("StandardCost", "Material price"): [614.5 * 4, 0, 0],
        ("StandardCost", "Labor hours"): [0, 94 * 3, 18 * 5],
        ("StandardCost", "Labor rate"): [0, 94 * 3, 0],
        ("StandardCost", "Other conversion"): [0, 0, 18 * 5],
        ("StandardCost", "Assembly scrap %"): [0, 94 * 18 * 0.25, 0],
        ("BOM", "Qty per"): [94 * 1.25 * 3 * 4, 18 * 3 * 18],
        ("BOM", "Scrap %"): [94 * 1.25 * 1 * 4, 0],
        ("Counts", "Quantity"): [40 * 18, 10 * 59, 6 * 59],
        ("Scrap", "Quantity"): [2 * 4],
        ("Scrap", "Salvage value"): [3],
        ("Purchases", "Quantity"): [200 * 4],
        ("Purchases", "Actual price"): [200 * 4.5],
        ("Actuals", "Amount"): [90],
        ("Stock", "Opening qty"): [10 * 4],
        ("Stock", "Counted qty"): [50 * 4],
        ("WIP", "Quantity"): [2 * 59],
        ("WIP", "Material %"): [2 * 0.5 * 45],
        ("WIP", "Conversion %"): [2 * 0.25 * 14],
    }


def test_what_governs_no_money_is_tried_last() -> None:
    """Hours move no balance here; even a salvage of 0.50 comes before them."""
    tables = rings()
    tables["Actuals"][0]["Hours"] = 30
    tables["Scrap"][0]["Salvage value"] = 0.5
    result = sensitivity(compute(sources(april(), tables)).period, most=sum(everything(tables).values()) - 1)
    assert result.cells == everything(tables)
    assert result.cells - result.tried == {"Actuals": 1}
    assert [e.cell.column.name for e in result.effects if e.cell.table == "Actuals"] == ["Amount"]


def everything(tables: dict[str, list[Row]]) -> Counter[str]:
    """How many numbers each table has."""
    return Counter(
        {name: sum(isinstance(v, int | float) for row in rows for v in row.values()) for name, rows in tables.items()}
    )


def test_progress_is_told_every_hundred_cells() -> None:
    told: list[str] = []
    sensitivity(compute(read(SAMPLES["widgets"]())).period, most=101, progress=told.append)
    assert told == ["Trying 101 cells, 0 done", "Trying 101 cells, 100 done"]


# -------------------------------------------------------------------------------------------------- the sheet


def written(path: Path, most: int = 1_000) -> tuple[Sensitivity, RunResult]:
    """Do what the command does with a workbook."""
    with FileBook(path) as book:
        outcome = compute(book.read())
        found = sensitivity(outcome.period, most)
        book.write_table("Sensitivity", sheet.rows_of(found, outcome.period.inputs))
    return found, outcome


def test_the_sheet_lists_tables_then_cells(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    assert cli("run", path).code == 0
    found, _ = written(path)
    rows = Parts(path).rows("Sensitivity")
    tables, ranked = rows[: len(TABLES)], rows[len(TABLES) :]
    assert [row["Rank"] for row in tables] == [None] * len(TABLES)
    assert [row["Rank"] for row in ranked] == list(range(1, len(found.effects) + 1))
    for row, e in zip(ranked, found.effects, strict=True):
        assert e.percent is not None
        assert e.unit is not None
        assert (row["Inventory +1 %"], row["Cost of goods sold +1 %"]) == (
            e.percent.inventory / 100,
            e.percent.cogs / 100,
        )
        assert (row["Inventory +1 unit"], row["Cost of goods sold +1 unit"]) == (
            e.unit.inventory / 100,
            e.unit.cogs / 100,
        )
        most = e.percent.most_moved or e.unit.most_moved
        assert row["Account moved most"] == (most or None)
        assert row["Account +1 %"] == e.percent.by_role.get(most, 0) / 100
        assert row["Account +1 unit"] == e.unit.by_role.get(most, 0) / 100
        assert row["Cell value"] == e.cell.value
    sizes = {t["Where"].split("!")[0]: t["Cost of goods sold +1 %"] for t in tables}
    of_cells = dict.fromkeys(sizes, 0.0)
    for row in ranked:
        of_cells[row["Where"].split("!")[0]] += abs(row["Cost of goods sold +1 %"])
    assert sizes == pytest.approx(of_cells, abs=0.005)
    assert sum(t["Share"] for t in tables) == pytest.approx(1)
    assert sum(r["Share"] for r in ranked) == pytest.approx(1)


def test_each_row_leads_to_its_cell_and_names_it(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    written(path)
    parts = Parts(path)
    at = parts.tables()["Sensitivity"]
    for number, row in enumerate(parts.rows("Sensitivity")):
        _, formula = parts.cells("Sensitivity")[f"O{at.top + 1 + number}"]
        place, _, cell = str(row["Where"]).partition("!")
        assert re.fullmatch(rf"HYPERLINK\(\"#'?{place}'?!{cell}\",\"{place}!{cell}\"\)", formula)
        if row["Rank"]:
            assert parts.cells(place)[cell][0] == row["Cell value"]
            assert row["One unit"].startswith("1 ")
    leg = next(r for r in parts.rows("Sensitivity") if str(r["What"]).startswith("Qty per: Leg in "))
    assert leg["One unit"] == "1 unit per parent"


def test_a_part_of_the_cells_is_said_to_be_one(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    found, _ = written(path, most=5)
    said = [str(row["What"]) for row in Parts(path).rows("Sensitivity")[: len(TABLES)]]
    tried = [re.search(r"(\d+) of (\d+) cells? tried", text) for text in said]
    assert sum(int(m[1]) for m in tried if m) == 5
    assert sum(int(m[2]) for m in tried if m) == found.cells.total()


def test_amounts_have_the_decimals_of_the_currency(tmp_path: Path) -> None:
    policy = next(p for p in PERIOD_ENDS if p.currency == "KWD" and not p.condensed)
    book = ran(str(policy), tmp_path)
    found, _ = written(book.path, most=3)
    row = Parts(book.path).rows("Sensitivity")[len(TABLES)]
    first = found.effects[0].percent
    assert first is not None
    assert (row["Inventory +1 %"], row["Cost of goods sold +1 %"]) == (first.inventory / 1000, first.cogs / 1000)


def test_a_run_empties_the_sheet_and_nothing_touches_its_charts(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    before = Parts(path)
    drawn = [name for name in before.content if name.startswith(("xl/charts/", "xl/drawings/"))]
    written(path)
    filled = Parts(path)
    assert len(filled.rows("Sensitivity")) > len(TABLES)
    assert cli("run", path).code == 0
    after = Parts(path)
    assert not any(row["Where"] for row in after.rows("Sensitivity"))
    for name in drawn:
        assert before[name] == filled[name] == after[name]


def chart_parts(parts: Parts) -> Iterator[str]:
    (drawing,) = (p for kind, p in parts.targets(parts.sheets()["Sensitivity"]).values() if kind == "drawing")
    targets = parts.targets(drawing)
    return (targets[f"rId{i}"][1] for i in range(1, len(targets) + 1))


def test_the_charts_draw_the_first_cells_and_the_tables(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "book.xlsm", "widgets")
    written(path, most=40)
    parts = Parts(path)
    place, rows = parts.tables()["Sensitivity"], parts.rows("Sensitivity")
    tables = [n for n, row in enumerate(rows) if row["Rank"] is None]
    first = [n for n, row in enumerate(rows) if row["Rank"] and row["Rank"] <= 20]
    for part, wanted in zip(chart_parts(parts), (first, tables), strict=True):
        drawn = set()
        for formula in parts.xml(part).iter(f"{CHART}f"):
            match = re.fullmatch(r"Sensitivity!\$([A-Z]+)\$(\d+)(?::\$([A-Z]+)\$(\d+))?", formula.text or "")
            assert match, formula.text
            name = place.columns[ord(match[1]) - 64 - place.left]
            top, bottom = int(match[2]), int(match[4] or match[2])
            assert top == bottom == place.top or list(range(top, bottom + 1)) == [place.top + 1 + n for n in wanted]
            drawn.add(name)
        assert drawn == {"What", "Inventory +1 %", "Cost of goods sold +1 %"}


def test_charts_and_the_first_cells_are_printed(tmp_path: Path) -> None:
    """Fifty cells below the tables, with headers and units."""
    names = Parts(bench_book(tmp_path / "book.xlsm"))["xl/workbook.xml"].decode()
    assert ">Sensitivity!$A$1:$L$35,Sensitivity!$N$5:$Z$67</definedName>" in names


def test_a_terminal_shows_tables_and_first_cells() -> None:
    outcome = compute(read(SAMPLES["computers"]()))
    lines = sheet.printed(sensitivity(outcome.period), outcome.period.inputs, most=2)
    assert len(lines) == 1 + len(TABLES) + 2
    assert re.fullmatch(
        r" +1 +12,000\.00 +-12,000\.00 +31,000\.00  Finished goods  "
        r"Quantity: Computer Completed, PC-1001  \[Counts!E7\]",
        lines[-2],
    )
