"""Made items that the count finds short or over, under every set of trigger points, in figures worked out by hand.

One unit of FG takes 1 unit of RM at 1 and 1 h at 10: 11, of it 1 material. 100 are completed, 60 sold, so that 40 should
be left; 38 are counted.
"""

import pytest
from april import april, buy, completed, count, day, line, made
from support import Row, journal, ledger, money, posted

from xlbackflush import schema
from xlbackflush.engine.measures.variances import NOT_POSTED
from xlbackflush.schema import CS, PCS

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
    """Variance -> amount, unfavorable positive."""
    names = {v.name for v in result.variances}
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
