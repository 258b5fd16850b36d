"""Made items that the count finds short or over, under every set of trigger points, in figures worked out by hand.

One unit of FG takes 1 unit of RM at 1 and 1 h at 10: 11, of it 1 material. 100 are completed, 60 sold, so that 40 should
be left; 38 are counted.
"""

import pytest
from april import april, buy, completed, count, day, line, made
from support import Row, journal, ledger, money, posted

from xlbackflush import schema
from xlbackflush.engine.measures.variances import NOT_POSTED
from xlbackflush.schema import CS, PCS, PS, S

SHORT, USAGE = schema.COUNT_DIFFERENCE, schema.USAGE_VARIANCE


def month(stock: list[Row], **tables: list[Row]) -> dict[str, list[Row]]:
    """100 completed, 60 sold; 100 h paid at 10."""
    labor = {"Date": day(30), "Document": "PR-1", "Cost type": schema.LABOR, "Hours": 100, "Amount": 1000}
    bought = {"Date": day(2), "Document": "PO-1", "Item": "RM", "Quantity": 100, "Actual price": 1}
    return {
        "StandardCost": [buy("RM", 1), made("FG", Labor_hours=1, Labor_rate=10)],
        "BOM": [line("FG", "RM", 1)],
        "Purchases": [bought],
        "Actuals": [labor],
        "Counts": [completed("FG", 100), count(schema.SOLD, "FG", 60, 20, "S-1")],
        "Stock": stock,
    } | tables


def counted(**quantities: float) -> list[Row]:
    return [{"Item": item, "Counted qty": quantity} for item, quantity in quantities.items()]


def amounts(result) -> dict[str, float]:
    """Variance -> amount, unfavorable positive; those of nothing left out."""
    names = {v.name for v in result.variances if v.amount}
    return {n: float(money(sum(v.amount for v in result.variances if v.name == n), result.places)) for n in names}


@pytest.mark.parametrize("points", [PCS, CS])
def test_finished_goods_that_are_missing_are_no_usage_of_material(points):
    """2 x 11 = 22 are missing: 38 x 11 = 418 are left. Sold 60 x 11 = 660; the close adds the loss."""
    _, result = posted(april(Trigger_points=points), month(counted(RM=0, FG=38)))
    assert journal(result)[schema.COUNT_ADJUSTMENT] == {SHORT: 22, schema.FINISHED_GOODS: -22}
    assert ledger(result)[schema.FINISHED_GOODS] == 418
    assert ledger(result)[schema.COGS] == 660 + 22
    assert amounts(result)[schema.COUNT_VARIANCE] == 22
    assert schema.MATERIAL_USAGE not in amounts(result)


def test_what_is_over_is_favorable():
    """41 are counted where 40 should be: 11 F."""
    _, result = posted(april(), month(counted(RM=0, FG=41)))
    assert journal(result)[schema.COUNT_ADJUSTMENT] == {schema.FINISHED_GOODS: 11, SHORT: -11}
    assert amounts(result)[schema.COUNT_VARIANCE] == -11


def test_material_and_made_items_go_to_accounts_of_their_own():
    """5 RM at 1 used beyond the bill, 2 FG at 11 lost. Materials: 100 - 100 - 5 = -5."""
    _, result = posted(april(), month(counted(RM=-5, FG=38)))
    adjusted = journal(result)[schema.COUNT_ADJUSTMENT]
    assert adjusted == {USAGE: 5, schema.MIP: -5, SHORT: 22, schema.FINISHED_GOODS: -22}


def test_materials_that_no_account_holds_are_shown_and_not_posted():
    """Under Completion and sale: 10 RM counted where none should be. Finished goods are on the books."""
    _, result = posted(april(Trigger_points=CS), month(counted(RM=10, FG=38)))
    assert journal(result)[schema.COUNT_ADJUSTMENT] == {SHORT: 22, schema.FINISHED_GOODS: -22}
    usage = next(v for v in result.variances if v.name == schema.MATERIAL_USAGE)
    assert (usage.amount, usage.disposition) == (-10_00, NOT_POSTED)
    assert "Shown, not posted" in usage.explanation


@pytest.mark.parametrize(
    ("disposition", "sold", "left"),
    [(schema.TO_COGS, 682, 0), (schema.PRORATE, 682, 0), (schema.CARRY_FORWARD, 660, 22)],
)
def test_a_loss_of_stock_is_a_cost_of_the_period(disposition, sold, left):
    """Prorated or not, cost of goods sold bears it; carried forward, it stays where it is."""
    _, result = posted(april(Variance_disposition=disposition), month(counted(RM=0, FG=38)))
    assert ledger(result)[schema.COGS] == sold
    assert ledger(result).get(SHORT, 0) == left
    assert ledger(result)[schema.FINISHED_GOODS] == 418
    cogs = next(share for share in result.shares if share.role == schema.COGS)
    assert (cogs.count, cogs.prorated, cogs.to_cogs) == (22, 22, 22)


# ------------------------------------------------------------------------------------------ purchase and sale


def test_units_on_the_shelf_count_with_their_material():
    """40 FG hold 40 of material. All 100 h were for units made; 400 of their cost waits for the sale of 40 units.

    Cost of goods sold: 60 x 11 = 660, and the 400 that no sale allocated.
    """
    _, result = posted(april(Trigger_points=PS), month(counted(RM=0, FG=40)))
    assert ledger(result)[schema.INVENTORY_CONTROL] == 40
    assert ledger(result)[schema.COGS] == 660 + 400
    assert amounts(result) == {schema.CONVERSION_ALLOCATION: 400, schema.UNSOLD_CONVERSION: 400}


def test_units_missing_from_the_shelf_are_lost_at_their_material():
    """38 counted where 40 should be: 2 x 1. Inventory control holds 38."""
    _, result = posted(april(Trigger_points=PS), month(counted(RM=0, FG=38)))
    assert journal(result)[schema.COUNT_ADJUSTMENT] == {SHORT: 2, schema.INVENTORY_CONTROL: -2}
    assert ledger(result)[schema.INVENTORY_CONTROL] == 38
    assert amounts(result)[schema.COUNT_VARIANCE] == 2
    assert schema.MATERIAL_USAGE not in amounts(result)


def test_where_nobody_counts_completions_stock_says_what_was_made():
    """60 sold and 40 counted: 100 were made, of 100 RM in 100 h. Nothing is missing."""
    tables = month(counted(RM=0, FG=40), Counts=[count(schema.SOLD, "FG", 60, 20, "S-1")])
    _, result = posted(april(Trigger_points=PS), tables)
    assert ledger(result)[schema.INVENTORY_CONTROL] == 40
    assert amounts(result) == {schema.CONVERSION_ALLOCATION: 400, schema.UNSOLD_CONVERSION: 400}


def test_opening_units_bring_their_material_and_nothing_is_made_of_it_again():
    """60 FG open at 60 and are sold: nothing is left, no RM is short, and the 600 allocated come back as a variance."""
    stock: list[Row] = [{"Item": "RM", "Opening qty": 0}, {"Item": "FG", "Opening qty": 60}]
    sold = [count(schema.SOLD, "FG", 60, 20, "S-1")]
    _, result = posted(april(Trigger_points=PS), month(stock, Counts=sold, Purchases=[], Actuals=[]))
    assert ledger(result, "opening")[schema.INVENTORY_CONTROL] == 60
    assert ledger(result).get(schema.INVENTORY_CONTROL, 0) == 0
    assert ledger(result)[schema.COGS] == 60
    assert amounts(result)[schema.UNSOLD_CONVERSION] == -600
    assert not result.stock.book.any()


def test_a_subassembly_leaves_the_shelf_when_its_parent_is_completed():
    """100 SUB of 1 RM each, 80 FG of 1 SUB each, 50 sold: 20 SUB and 30 FG should be left. 19 SUB are counted.

    One SUB is lost with its material of 1; Inventory control holds 19 + 30.
    """
    tables = month(
        counted(RM=0, SUB=19, FG=30),
        StandardCost=[buy("RM", 1), made("SUB", "Subassembly", Labor_hours=1, Labor_rate=10), made("FG")],
        BOM=[line("SUB", "RM", 1), line("FG", "SUB", 1)],
        Counts=[completed("SUB", 100), completed("FG", 80), count(schema.SOLD, "FG", 50, 20, "S-1")],
    )
    _, result = posted(april(Trigger_points=PS), tables)
    assert journal(result)[schema.COUNT_ADJUSTMENT] == {SHORT: 1, schema.INVENTORY_CONTROL: -1}
    assert ledger(result)[schema.INVENTORY_CONTROL] == 49
    assert amounts(result) == {
        schema.COUNT_VARIANCE: 1, schema.CONVERSION_ALLOCATION: 500, schema.UNSOLD_CONVERSION: 500
    }  # fmt: skip


def test_with_the_sale_alone_everything_is_shown_and_nothing_posted():
    """2 FG are missing, with material of 1 each. The hours are those of 100 units."""
    _, result = posted(april(Trigger_points=S), month(counted(RM=0, FG=38)))
    assert schema.COUNT_ADJUSTMENT not in journal(result)
    assert amounts(result)[schema.COUNT_VARIANCE] == 2
    shown = next(v for v in result.variances if v.name == schema.COUNT_VARIANCE)
    assert shown.disposition == NOT_POSTED
    assert "no account holds this item" in shown.explanation
    assert schema.LABOR_EFFICIENCY not in amounts(result)


def test_relief_by_the_count_is_posted_when_goods_are_sold():
    """100 bought, 30 counted: 70 went to cost of goods sold. Completion is no trigger."""
    chosen = april(Trigger_points=PS, Relief_basis=schema.PHYSICAL_COUNT, Conversion_costs=schema.EXPENSE_THEN_ADJUST)
    _, result = posted(chosen, month(counted(RM=30)))
    assert journal(result)[schema.SALE] == {schema.COGS: 70, schema.INVENTORY_CONTROL: -70}
    assert schema.COMPLETION not in journal(result)


# ------------------------------------------------------------------------------------------- units in process


@pytest.mark.parametrize(("includes", "rm"), [(schema.YES, 20), (schema.NO, 10)])
@pytest.mark.parametrize("points", [PCS, PS])
def test_parts_in_process_are_credited_once(points, includes, rm):
    """120 bought, 100 used, 10 in units in process: 10 lie in the storeroom. Material of 40 FG under Purchase and sale."""
    tables = month(counted(RM=rm, FG=40))
    tables["Purchases"][0]["Quantity"] = 120
    tables["WIP"] = [{"Item": "FG", "Quantity": 10, "Material %": 1, "Conversion %": 0.5}]
    chosen = april(Trigger_points=points) | {"Stock count includes units in process": includes}
    _, result = posted(chosen, tables)
    assert schema.MATERIAL_USAGE not in amounts(result)
    assert ledger(result)[schema.WORK_IN_PROCESS] == 10 + 50
    materials = {PCS: (schema.MIP, 10), PS: (schema.INVENTORY_CONTROL, 10 + 40)}
    role, left = materials[points]
    assert ledger(result)[role] == left


def test_parts_missing_beside_those_in_process_were_used():
    """9 in the storeroom and 10 in process where 20 should be: 1 more was used."""
    tables = month(counted(RM=9, FG=40))
    tables["Purchases"][0]["Quantity"] = 120
    tables["WIP"] = [{"Item": "FG", "Quantity": 10, "Material %": 1, "Conversion %": 0.5}]
    _, result = posted(april() | {"Stock count includes units in process": schema.NO}, tables)
    assert amounts(result)[schema.MATERIAL_USAGE] == 1
    usage = next(v for v in result.variances if v.name == schema.MATERIAL_USAGE)
    assert "9 counted, 10 in units in process, 20 in the books" in usage.explanation


def test_a_count_that_relieves_keeps_parts_in_process_too():
    """120 bought, 10 counted and 10 in process: 100 used, whether the count has those 10 in it or not."""
    tables = month([{"Item": "RM", "Counted qty": 10}])
    tables["Purchases"][0]["Quantity"] = 120
    tables["WIP"] = [{"Item": "FG", "Quantity": 10, "Material %": 1}]
    chosen = april(Relief_basis=schema.PHYSICAL_COUNT) | {"Stock count includes units in process": schema.NO}
    _, result = posted(chosen, tables)
    assert journal(result)[schema.COMPLETION][schema.MIP] == -100
    assert ledger(result)[schema.MIP] == 10
