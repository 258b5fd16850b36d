"""One month under fifteen policies, worked out by hand.

A frame takes 3 kg of steel at 2.50 and half an hour at 24: material 7.50, conversion 12, together 19.50. A rack takes two frames,
four bolts at 0.25 and a quarter of an hour: material 16, conversion 30, together 46.

            opening  in       used  book  counted     short of it
    steel      100   900 at 2.60  750   250      240     10 x  2.50 = 25
    bolts      200   500 at 0.25  480   220      230     10 over, 2.50
    frames      10   250          240    20       18      2 x 19.50 = 39, or 2 x 7.50 = 15 of material
    racks        5   120          110    15       14      1 x 46    = 46, or 16

Bought 900 x 2.50 + 500 x 0.25 = 2,375 at standard, 2,465 invoiced: 90 U. Paid 3,920 for 160 h. 125 + 30 = 155 h are allowed:
3,720. Rate 3,920 - 160 x 24 = 80 U, efficiency 5 x 24 = 120 U. Sold 110: material 1,760, conversion 3,300, together 5,060.
"""

import pytest
from april import AP, COGS, FG, IC, MIP, april, buy, completed, count, day, line, made
from support import Row, Tables, ledger, money, posted

from xlbackflush import schema
from xlbackflush.engine.measures.variances import NOT_POSTED
from xlbackflush.schema import BILL_OF_MATERIALS, CS, EXPENSE_THEN_ADJUST, PCS, PHYSICAL_COUNT, PS, S

AT_STANDARD = schema.AT_STANDARD
USAGE, SHORT, PRICE = schema.MATERIAL_USAGE, schema.COUNT_VARIANCE, schema.MATERIAL_PRICE
UNSOLD, RATE, EFFICIENCY = schema.UNSOLD_CONVERSION, schema.LABOR_RATE, schema.LABOR_EFFICIENCY


def bought(item: str, quantity: float, price: float) -> Row:
    return {"Date": day(2), "Document": f"PO-{item}", "Item": item, "Quantity": quantity, "Actual price": price}


def on_stock(item: str, opening: float, counted: float) -> Row:
    return {"Item": item, "Opening qty": opening, "Counted qty": counted}


MONTH: Tables = {
    "StandardCost": [
        buy("Steel", 2.5),
        buy("Bolt", 0.25),
        made("Frame", "Subassembly", Labor_hours=0.5, Labor_rate=24),
        made("Rack", Labor_hours=0.25, Labor_rate=24),
    ],
    "BOM": [line("Frame", "Steel", 3), line("Rack", "Frame", 2), line("Rack", "Bolt", 4)],
    "Purchases": [bought("Steel", 900, 2.6), bought("Bolt", 500, 0.25)],
    "Counts": [completed("Frame", 250, 8), completed("Rack", 120, 9), count(schema.SOLD, "Rack", 110, 20, "S-1")],
    "Actuals": [{"Date": day(30), "Document": "PR-1", "Cost type": schema.LABOR, "Hours": 160, "Amount": 3920}],
    "Stock": [
        on_stock("Steel", 100, 240), on_stock("Bolt", 200, 230), on_stock("Frame", 10, 18), on_stock("Rack", 5, 14)
    ],
}  # fmt: skip

#: trigger points, relief, conversion -> opening and closing balances
BALANCES = {
    # 495 + 2,375 + 3,000 of frames converted - 4,800 into racks - 22.50 - 39; 5,060 + 90 + 22.50 + 85 + 200
    (PCS, BILL_OF_MATERIALS, AT_STANDARD): ({MIP: 495, FG: 230}, {MIP: 1008.5, FG: 644, COGS: 5457.5, AP: -2465}),
    # frames alone are kept: 195 + 4,875 - 4,680 - 39; payables: 1,875 for frames, 120 for bolts; 5,060 + 85 + 200
    (CS, BILL_OF_MATERIALS, AT_STANDARD): ({MIP: 195, FG: 230}, {MIP: 351, FG: 644, COGS: 5345, AP: -1995}),
    # material of everything: 250 + 50 + 75 + 80; 455 + 2,375 - 1,760 - 22.50 - 31; 5,060 + 90 + 22.50 + 31 + 620
    (PS, BILL_OF_MATERIALS, AT_STANDARD): ({IC: 455}, {IC: 1016.5, COGS: 5823.5, AP: -2465}),
    # nothing is kept: 5,060 + 620
    (S, BILL_OF_MATERIALS, AT_STANDARD): ({}, {COGS: 5680, AP: -1760}),
    # 495 + 2,375 + 3,000 - 1,008.50 = 4,861.50 into racks; 230 + 4,861.50 + 720 - 644 = 5,167.50 sold; + 90 + 200
    (PCS, PHYSICAL_COUNT, AT_STANDARD): ({MIP: 495, FG: 230}, {MIP: 1008.5, FG: 644, COGS: 5457.5, AP: -2465}),
    # the same out of payables, to which the conversion of frames was charged: 4,861.50 - 3,000; no price variance
    (CS, PHYSICAL_COUNT, AT_STANDARD): ({FG: 230}, {FG: 644, COGS: 5367.5, AP: -1861.5}),
    # 455 + 2,375 - 1,016.50 = 1,813.50 of material sold, 3,300 of conversion; + 90 + 620
    (PS, PHYSICAL_COUNT, AT_STANDARD): ({IC: 455}, {IC: 1016.5, COGS: 5823.5, AP: -2465}),
    # conversion in stock: 120 + 150 before, 216 + 420 after; all of 3,920 is expensed, 366 of it put back
    (PS, PHYSICAL_COUNT, EXPENSE_THEN_ADJUST): ({IC: 725}, {IC: 1652.5, COGS: 5457.5, AP: -2465}),
    (PS, BILL_OF_MATERIALS, EXPENSE_THEN_ADJUST): ({IC: 725}, {IC: 1652.5, COGS: 5457.5, AP: -2465}),
    (PCS, PHYSICAL_COUNT, EXPENSE_THEN_ADJUST): ({MIP: 495, FG: 230}, {MIP: 1008.5, FG: 644, COGS: 5457.5, AP: -2465}),
    (PCS, BILL_OF_MATERIALS, EXPENSE_THEN_ADJUST): (
        {MIP: 495, FG: 230}, {MIP: 1008.5, FG: 644, COGS: 5457.5, AP: -2465}
    ),
    # invoices and pay, 6,385, less what stock grew by: 513.50 and 414
    (S, PHYSICAL_COUNT, EXPENSE_THEN_ADJUST): (
        {MIP: 495, FG: 230}, {MIP: 1008.5, FG: 644, COGS: 5457.5, AP: -2465}
    ),
    # frames and racks: 75 + 120 and 80 + 150 before, 135 + 216 and 224 + 420 after; 1,760 + 31 + 3,920 - 96 - 270
    (CS, BILL_OF_MATERIALS, EXPENSE_THEN_ADJUST): ({MIP: 195, FG: 230}, {MIP: 351, FG: 644, COGS: 5345, AP: -1995}),
    # 375 + 2,375 - 792.50 = 1,957.50 of material into racks; 80 + 1,957.50 - 224 sold; + 3,920 - 270
    (CS, PHYSICAL_COUNT, EXPENSE_THEN_ADJUST): ({FG: 230}, {FG: 644, COGS: 5463.5, AP: -1957.5}),
    # nothing is kept, so nothing is put back: 1,760 + 3,920
    (S, BILL_OF_MATERIALS, EXPENSE_THEN_ADJUST): ({}, {COGS: 5680, AP: -1760}),
}  # fmt: skip


@pytest.mark.parametrize(("points", "relief", "conversion"), BALANCES)
def test_balances(points, relief, conversion):
    """Pay is credited to various accounts everywhere. What stock keeps and what is sold take up all that came in."""
    chosen = april(Trigger_points=points, Relief_basis=relief, Conversion_costs=conversion)
    _, result = posted(chosen, MONTH)
    opening, closing = BALANCES[points, relief, conversion]
    assert ledger(result, "opening") == opening
    assert ledger(result) == closing | {schema.VARIOUS_ACCOUNTS: -3920}
    assert [check.text for check in result.checks if not check.holds] == []


@pytest.mark.parametrize(
    ("points", "variances", "shown"),
    [
        (PCS, {PRICE: 90, USAGE: 22.5, SHORT: 85}, {}),
        (CS, {SHORT: 85}, {PRICE: 90, USAGE: 22.5}),
        (PS, {PRICE: 90, USAGE: 22.5, SHORT: 31, UNSOLD: 420}, {}),
        (S, {UNSOLD: 420}, {PRICE: 90, USAGE: 22.5, SHORT: 31}),
    ],
)
def test_variances(points, variances, shown):
    """Rate and efficiency are the same under all of them: the hours of units not yet sold are no inefficiency."""
    _, result = posted(april(Trigger_points=points), MONTH)
    rows = [v for v in result.variances if v.amount and v.name != schema.CONVERSION_ALLOCATION]

    def sums(of_shown: bool) -> dict[str, float]:
        of_kind = [v for v in rows if (v.disposition == NOT_POSTED) == of_shown]
        return {v.name: float(money(sum(o.amount for o in of_kind if o.name == v.name), 2)) for v in of_kind}

    assert sums(False) == variances | {RATE: 80, EFFICIENCY: 120}
    assert sums(True) == shown
