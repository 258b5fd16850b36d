"""Normal scrap shared over the good units of the item scrapped, in figures worked out by hand. All is prorated."""

import pytest
from april import april, buy, completed, count, day, line, made
from support import Row, ledger, posted

from xlbackflush import schema
from xlbackflush.engine.period import Period

PRORATED = april(Variance_disposition=schema.PRORATE)


def scrapped(item: str, quantity: float, stage: str = schema.FINISHED_UNIT, **cells: object) -> Row:
    row = {
        "Date": day(11),
        "Document": "X-1",
        "Item": item,
        "Quantity": quantity,
        "Stage": stage,
        "Kind": schema.NORMAL,
    }
    return row | cells


def bought(item: str, quantity: float, price: float) -> Row:
    return {"Date": day(2), "Document": "PO-1", "Item": item, "Quantity": quantity, "Actual price": price}


def paid(amount: float) -> Row:
    return {"Date": day(30), "Document": "CV", "Cost type": schema.CONVERSION, "Amount": amount}


def borne(result: Period) -> dict[str, float]:
    """Role -> share of normal scrap, where it bears any."""
    return {share.role: share.scrap for share in result.shares if share.scrap}


def test_scrap_of_one_product_is_no_cost_of_another():
    """A, 1 RM at 10 without conversion: 4 good in stock, 1 scrapped. B, 5 of conversion: 6 sold. A bears its 10."""
    tables = {
        "StandardCost": [made("A"), buy("RM", 10), made("B", Other_conversion=5)],
        "BOM": [line("A", "RM", 1)],
        "Purchases": [bought("RM", 5, 10)],
        "Counts": [completed("A", 4), completed("B", 6), count(schema.SOLD, "B", 6, 12, "S-1")],
        "Actuals": [paid(30)],
        "Scrap": [scrapped("A", 1)],
    }
    _, result = posted(PRORATED, tables)
    assert borne(result) == {schema.FINISHED_GOODS: 10}
    assert ledger(result)[schema.FINISHED_GOODS] == 50
    assert ledger(result)[schema.COGS] == 30


def parts() -> dict[str, list[Row]]:
    """RM at 1; SUB takes 2 RM; FG takes 3 SUB. 30 SUB and 8 FG are completed, 5 FG sold: 6 SUB and 3 FG are left.

    Good SUB: 6 as such and 9 in FG in stock, 15 in what was sold. Of RM, twice as many, and 100 - 60 = 40 as such.
    """
    return {
        "StandardCost": [buy("RM", 1), made("SUB", "Subassembly", Other_conversion=2), made("FG")],
        "BOM": [line("SUB", "RM", 2), line("FG", "SUB", 3)],
        "Purchases": [bought("RM", 100, 1)],
        "Counts": [completed("SUB", 30), completed("FG", 8), count(schema.SOLD, "FG", 5, 12, "S-1")],
        "Actuals": [paid(60)],
    }


def test_good_units_inside_other_items_bear_their_part():
    """A SUB scrapped as a part costs 4, less 1 of salvage. Then 5 SUB are left as such, 9 in FG, 15 in what was sold."""
    tables = parts() | {"Scrap": [scrapped("SUB", 1, schema.COMPONENT, **{"Salvage value": 1})]}
    _, result = posted(PRORATED, tables)
    assert borne(result) == pytest.approx(
        {schema.MIP: 3 * 5 / 29, schema.FINISHED_GOODS: 3 * 9 / 29, schema.COGS: 3 * 15 / 29}
    )


def test_scrap_of_a_part_is_borne_through_two_levels():
    """10 RM scrapped at 1. 30 RM are left as such and 12 in SUB, 18 in FG in stock, 30 in what was sold: 90."""
    _, result = posted(PRORATED, parts() | {"Scrap": [scrapped("RM", 10, schema.COMPONENT)]})
    assert borne(result) == pytest.approx(
        {schema.MIP: 10 * 42 / 90, schema.FINISHED_GOODS: 10 * 18 / 90, schema.COGS: 10 * 30 / 90}
    )


def test_scrap_takes_its_price_variance_along():
    """RM was bought at 1.10: 10 of price variance, over 30 + 12 + 18 + 30 of material and 10 in scrap. Scrap bears 1."""
    tables = parts() | {"Scrap": [scrapped("RM", 10, schema.COMPONENT)], "Purchases": [bought("RM", 100, 1.1)]}
    _, result = posted(PRORATED, tables)
    assert sum(borne(result).values()) == pytest.approx(10 + 1)
    assert borne(result)[schema.COGS] == pytest.approx(11 * 30 / 90)


def test_where_no_unit_is_good_cost_of_goods_sold_bears_it():
    """The only unit of A was scrapped, at 10."""
    tables = {
        "StandardCost": [made("A"), buy("RM", 10)],
        "BOM": [line("A", "RM", 1)],
        "Purchases": [bought("RM", 1, 10)],
        "Scrap": [scrapped("A", 1)],
    }
    _, result = posted(PRORATED, tables)
    assert borne(result) == {schema.COGS: 10}
    assert ledger(result)[schema.COGS] == 10


def test_under_purchase_and_sale_units_on_the_shelf_bear_it():
    """8 A completed, 6 sold, 1 scrapped at 10: 2 are on the shelf, in Inventory control, which bears 2 / 8 of it."""
    tables = {
        "StandardCost": [made("A"), buy("RM", 10)],
        "BOM": [line("A", "RM", 1)],
        "Purchases": [bought("RM", 9, 10)],
        "Counts": [completed("A", 8), count(schema.SOLD, "A", 6, 12, "S-1")],
        "Scrap": [scrapped("A", 1)],
    }
    _, result = posted(PRORATED | {"Trigger points": schema.PS}, tables)
    assert borne(result) == pytest.approx({schema.INVENTORY_CONTROL: 2.5, schema.COGS: 7.5})
    assert ledger(result)[schema.INVENTORY_CONTROL] == 22.5
