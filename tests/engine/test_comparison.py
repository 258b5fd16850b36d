"""Comparison of methods: its closed form against the engine's own explosion, and against numbers worked out by hand."""

import time
from pathlib import Path

import cells
import office
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support import Row, Tables, ledger, money, posted
from support_files import split
from test_textbooks import april, buy, completed, count, day, line, made, silicon_valley
from worlds import World, expected, quantities, worlds

from xlbackflush import schema
from xlbackflush.cli.parser import main
from xlbackflush.engine.measures.comparison import LINES, METHODS, Balance, comparison
from xlbackflush.engine.period import Period
from xlbackflush.schema import CS, PCS, PS, SEQUENTIAL, S
from xlbackflush.template.samples import SAMPLES

#: roles of the ledger that each line stands for
ROLES = {
    "materials": (schema.MIP, schema.INVENTORY_CONTROL),
    "work": (schema.WORK_IN_PROCESS,),
    "finished goods": (schema.FINISHED_GOODS,),
    "payables": (schema.ACCOUNTS_PAYABLE,),
    "various": (schema.VARIOUS_ACCOUNTS,),
    "conversion": (schema.CCC, schema.CCA),
    "price": (schema.PRICE_VARIANCE,),
    "sold": (schema.COGS,),
    "abnormal": (schema.ABNORMAL_SCRAP,),
    "recovery": (schema.SCRAP_RECOVERY,),
}
MADE = (schema.SUBASSEMBLY, schema.PHANTOM, schema.FINISHED)


def columns(result: Period) -> dict[str, dict[str, int]]:
    """Method -> line -> figure."""
    return {m: {f.line.key: f.figures[k] for f in result.comparison} for k, m in enumerate(METHODS)}


def plain(settings: dict[str, object], trigger: str) -> dict[str, object]:
    """The settings of a run that posts what the comparison is about, and neither closes nor adjusts."""
    policy = {"Variance disposition": schema.CARRY_FORWARD, "Journal detail": schema.PER_TRIGGER}
    policy |= {"Purchases are": schema.RECORDED_HERE, "Conversion incurred is": schema.RECORDED_HERE}
    return settings | policy | {"Trigger points": trigger}


def as_posted(tables: Tables, trigger: str) -> dict[str, list[Row]]:
    """The inputs without physical count and units in process, and without what a run would refuse: made items bought.

    The comparison knows roles, and nothing of classes, each of which is rounded by itself.
    """
    kinds = {str(row["Item"]).upper(): row["Type"] for row in tables["StandardCost"]}
    bought = tables.get("Purchases", [])
    if trigger in (PS, S):
        bought = [row for row in bought if kinds[str(row["Item"]).upper()] == schema.BUY]
    stock = [{"Item": row["Item"], "Opening qty": row.get("Opening qty")} for row in tables.get("Stock", [])]
    costs = [{**row, "Class": None} for row in tables["StandardCost"]]
    tables = {**tables, "StandardCost": costs}
    return {**{name: list(rows) for name, rows in tables.items()}, "Purchases": bought, "Stock": stock, "WIP": []}


def assert_as_posted(result: Period, settings: dict[str, object], tables: Tables) -> None:
    """Each backflush column is the ledger of a run with these trigger points, and counts its entries."""
    shown = columns(result)
    for trigger in schema.TRIGGERS:
        _, run = posted(plain(settings, trigger), as_posted(tables, trigger))
        closing = ledger(run)
        for key, roles in ROLES.items():
            assert money(shown[trigger][key], run.places) == sum(closing.pop(role, 0) for role in roles), (trigger, key)
        assert not closing, trigger
        assert shown[trigger]["triggers"] == len(run.entries), trigger


@st.composite
def comparable(draw: st.DrawFn) -> World:
    """A world with units in process, and with phantoms, parts and subassemblies sold as such under any trigger points."""
    world = draw(worlds())
    items = [str(row["Item"]) for row in world.tables["StandardCost"]]
    sold = st.fixed_dictionaries({"Item": st.sampled_from(items), "Quantity": quantities})
    more = [
        count("Sold", str(row["Item"]), float(str(row["Quantity"])), draw(st.integers(1, 30)), f"X-{n}")
        for n, row in enumerate(draw(st.lists(sold, max_size=3)))
    ]
    share = st.one_of(st.none(), st.integers(0, 100).map(lambda n: n / 100))
    wip = st.fixed_dictionaries(
        {"Item": st.sampled_from(items), "Quantity": quantities, "Material %": share, "Conversion %": share}
    )
    return world.with_tables(Counts=world.tables["Counts"] + more, WIP=draw(st.lists(wip, max_size=3)))


def own_run(world: World) -> Period:
    """The run whose sheet is looked at: as the world is, but for purchases that its trigger points refuse."""
    trigger = str(world.settings["Trigger points"])
    kinds = {str(row["Item"]): row["Type"] for row in world.tables["StandardCost"]}
    refused = trigger in (PS, S) and any(kinds[str(r["Item"]).upper()] != schema.BUY for r in world.tables["Purchases"])
    assume(not refused)
    return posted(world.settings, world.tables)[1]


# ------------------------------------------------------------------------------- against the engine's explosion


@given(comparable())
def test_every_column_is_what_a_run_with_these_trigger_points_posts(world):
    for trigger in schema.TRIGGERS:
        expected(World(plain(world.settings, trigger), as_posted(world.tables, trigger)))  # no amount too near a half
    assert_as_posted(own_run(world), world.settings, world.tables)


@given(comparable())
def test_with_nothing_in_process_sequential_tracking_agrees_with_backflush_to_the_cent(world):
    shown = columns(own_run(world.with_tables(WIP=[])))
    for entry in LINES:
        if entry.key not in ("documents", "triggers"):
            assert shown[SEQUENTIAL][entry.key] == shown[PCS][entry.key], entry.key


@given(comparable())
def test_every_method_balances_and_every_difference_is_explained(world):
    result = own_run(world)
    for shown in columns(result).values():
        assert shown["sum"] == 0
        parts = [key for key in shown if key.startswith("b ")]
        assert shown["beyond"] == sum(shown[key] for key in parts)
        assert abs(shown["b sold"]) + abs(shown["b abnormal"]) <= 8  # rounding alone
    for found in result.comparison:
        assert found.explanation
        if not found.line.text:
            assert (found.explanation == "All columns agree.") == (len(set(found.figures)) == 1)


@given(comparable(), st.sampled_from(schema.TRIGGERS))
def test_the_trigger_points_of_the_run_do_not_matter(world, trigger):
    world = world.with_tables(**as_posted(world.tables, S) | {"WIP": world.tables["WIP"]})
    one, other = (posted(world.with_setting("Trigger points", t).settings, world.tables)[1] for t in (PCS, trigger))
    assert columns(one) == columns(other)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name):
    sample = SAMPLES[name]()
    _, result = posted(sample.settings, sample.tables)
    assert_as_posted(result, sample.settings, sample.tables)


# ------------------------------------------------------------------------------------------------- by hand


def test_silicon_valley_under_all_trigger_points():
    """Horngren, Cost Accounting, chapter on JIT and backflush costing: the inventories and payables of its examples.

    Example 1: materials and in-process 50,000, finished goods 31,000. Example 2: inventory control 69,000. Example 3:
    finished goods 31,000, payables 1,900,000. Conversion of 1,260,000 less 100,000 or 99,000 units at 12.
    """
    shown = columns(posted(april(), silicon_valley())[1])
    figures = {
        key: [shown[m][key] // 100 for m in METHODS]
        for key in ("materials", "finished goods", "payables", "conversion", "sold")
    }
    assert figures == {
        "materials": [50_000, 50_000, 69_000, 0, 0],
        "finished goods": [31_000, 31_000, 0, 31_000, 0],
        "payables": [-1_950_000, -1_950_000, -1_950_000, -1_900_000, -1_881_000],
        "conversion": [60_000, 60_000, 72_000, 60_000, 72_000],
        "sold": [3_069_000] * 5,
    }
    assert [shown[m]["documents"] for m in METHODS] == [6, 4, 3, 3, 2]


def workshop(**tables: list[Row]) -> dict[str, list[Row]]:
    """Lamp 1 board (subassembly), 2 parts, 1 kit (phantom, of 3 parts): lamps are built into sets.

    Standards     part 2; board 4 parts + conversion 1 = 9; kit 6 + conversion 0.50; lamp 9 + 4 + 6.50 + own 3 = 22.50
                  set: 1 lamp + 1 part + own conversion 5 = 29.50
    At completion lamp: conversion 3.50, board 9, parts 10. Set: conversion 5, lamp 22.50, part 2.
    """
    return {
        "StandardCost": [
            buy("Part", 2), made("Board", "Subassembly", Other_conversion=1), made("Kit", "Phantom", Other_conversion=0.5),
            made("Lamp", Other_conversion=3), made("Set", Other_conversion=5),
        ],
        "BOM": [
            line("Board", "Part", 4), line("Kit", "Part", 3), line("Lamp", "Board", 1), line("Lamp", "Part", 2),
            line("Lamp", "Kit", 1), line("Set", "Lamp", 1), line("Set", "Part", 1),
        ],
        "Stock": [{"Item": item, "Opening qty": units} for item, units in (("Part", 1_000), ("Board", 10), ("Lamp", 20))],
    } | tables  # fmt: skip


def test_units_in_process_are_what_sequential_tracking_adds():
    """10 lamps, material 80 %, conversion 50 %: 10 x 0.8 x 19 = 152 of material, 10 x 0.5 x 3.50 = 17.50 of conversion.

    4 sets, material whole, conversion 25 %: 4 x 22.50 = 90 out of finished goods, 4 x 2 = 8 of parts, 4 x 0.25 x 5 = 5.
    """
    wip = [
        {"Item": "Lamp", "Quantity": 10, "Material %": 0.8, "Conversion %": 0.5},
        {"Item": "Set", "Quantity": 4, "Material %": 1, "Conversion %": 0.25},
    ]
    counts = [completed("Board", 30), completed("Lamp", 25), completed("Set", 5), count("Sold", "Set", 3, 12, "S-1")]
    shown = columns(posted(april(), workshop(Counts=counts, WIP=wip))[1])
    conventional, backflush = shown[SEQUENTIAL], shown[PCS]
    apart = {key: conventional[key] - backflush[key] for key in ROLES if conventional[key] != backflush[key]}
    assert apart == {"materials": -160_00, "finished goods": -90_00, "work": 272_50, "conversion": -22_50}
    assert conventional["work"] == 272_50
    assert [shown[m]["work"] for m in schema.TRIGGERS] == [0, 0, 0, 0]
    assert backflush["beyond"] == backflush["b conversion"] == -22_50
    # 4 counts, of which 3 completions with three entries each, and two entries for each row in process
    assert [conventional["documents"], backflush["documents"]] == [9 + 1 + 4, 4]


def test_completion_and_sale_keeps_subassemblies_but_no_bought_items():
    """10 boards opening and 30 completed, 25 taken by lamps: 15 x 9 = 135. Parts payable: 30 x 4 + 25 x 5 + 5 = 250 x 2.

    5 sets completed out of 20 + 25 lamps, 3 sold: 40 x 22.50 + 2 x 29.50 = 959 of finished goods.
    """
    counts = [completed("Board", 30), completed("Lamp", 25), completed("Set", 5), count("Sold", "Set", 3, 12, "S-1")]
    shown = columns(posted(april(), workshop(Counts=counts))[1])[CS]
    assert (shown["materials"], shown["finished goods"], shown["payables"]) == (135_00, 959_00, -500_00)


def test_made_items_that_were_bought_have_no_account_under_purchase_and_sale():
    """2 boards at 10 and 1 lamp at 25, standard 18 and 22.50; 100 parts at 2.10."""
    bought = [("Part", 100, 2.10), ("Board", 2, 10.0), ("Lamp", 1, 25.0)]
    purchases: list[Row] = [
        {"Date": day(3), "Document": f"P-{n}", "Item": item, "Quantity": units, "Actual price": price}
        for n, (item, units, price) in enumerate(bought)
    ]
    shown = columns(posted(april(), workshop(Purchases=purchases))[1])
    assert [shown[m]["payables"] for m in METHODS] == [-255_00, -255_00, -210_00, 0, 0]
    assert [shown[m]["price"] for m in METHODS] == [14_50, 14_50, 10_00, 0, 0]
    assert [shown[m]["triggers"] for m in METHODS] == [2, 2, 1, 0, 0]


def test_scrap_at_no_cost_still_needs_an_entry_for_its_salvage():
    """5 recovered for rags that cost nothing: Dr Scrap recovery 5, Cr Conversion costs control 5."""
    rags: Row = {"Date": day(4), "Document": "SC-1", "Item": "Rags", "Quantity": 1, "Salvage value": 5}
    rags |= {"Stage": schema.COMPONENT, "Kind": schema.NORMAL}
    shown = columns(posted(april(), {"StandardCost": [buy("Rags", 0)], "Scrap": [rags]})[1])
    assert [shown[m]["triggers"] for m in METHODS] == [1] * 5
    assert [shown[m]["conversion"] for m in METHODS] == [-5_00] * 5


def test_a_change_of_the_bill_costs_each_day_at_its_own_standard():
    """4 parts a board until the 10th, 5 since: 1 board on the 10th at 9, 1 on the 11th at 11; WIP at period end at 11."""
    tables = workshop(
        Counts=[completed("Board", 1, on=10), completed("Board", 1, on=11)],
        Stock=[{"Item": "Part", "Opening qty": 1_000}],
        WIP=[{"Item": "Board", "Quantity": 1, "Material %": 1, "Conversion %": 1}],
    )
    tables["BOM"][0] |= {"Effective to": day(10)}
    tables["BOM"].append(line("Board", "Part", 5, Effective_from=day(11)))
    shown = columns(posted(april(), tables)[1])
    assert shown[PCS]["materials"] == 2_000_00 + 2_00
    assert shown[SEQUENTIAL]["work"] == 11_00
    assert shown[CS]["payables"] == -18_00


# ---------------------------------------------------------------------------------------------- the sheet


def test_lines_refer_to_lines_that_are_there():
    keys = [entry.key for entry in LINES]
    assert len(keys) == len(set(keys))
    for entry in LINES:
        for cell in entry.cells:
            if isinstance(cell, Balance):
                assert {*cell.plus, *cell.minus} <= set(keys), entry.key


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sheet_recalculates_to_what_was_written(name, tmp_path: Path):
    path = tmp_path / "book.xlsx"
    assert main(["new", str(path), "--sample", name]) == main(["run", str(path)]) == 0
    book = cells.read(path)
    written, again = book["Comparison"], office.recalculate([path])[0]["Comparison"]
    for at in written.keys() | again.keys():
        if split(at)[1] >= schema.HEADER_ROW:
            assert (again[at] or 0) == pytest.approx(written[at] or 0, abs=1e-9), at
    rows = range(schema.HEADER_ROW + 1, max(split(at)[1] for at in written) + 1)
    assert all(f"C{row}" in book.formulas["Comparison"] or written[f"C{row}"] == 0 for row in rows)


def test_no_explosion_is_needed():
    """10,000 items with movements take a few hundredths of a second at most."""
    costs = [buy(f"P{n}", 1 + n / 100) for n in range(10_000)]
    stock: list[Row] = [{"Item": f"P{n}", "Opening qty": 5} for n in range(10_000)]
    _, result = posted(april(), {"StandardCost": costs, "Stock": stock})
    began = time.perf_counter()
    found = comparison(result.unit_costs, result.movements, result.stock)
    assert time.perf_counter() - began < 0.5
    # 5 x (1.00 + 1.01 + ... + 100.99) = 5 x 10,000 x 50.995
    assert next(f.figures[1] for f in found if f.line.key == "materials") == 2_549_750_00
