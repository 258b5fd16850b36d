"""Period-end cases with published answers: variances, proration, physical counts, examination questions.

Amounts are in the currency's units, debit positive. Where a book gives the figures and not the entries, the docstring
derives them.
"""

from decimal import Decimal

import pytest
from april import AP, CCA, CCC, COGS, FG, IC, MIP, april, buy, completed, count, day, line, made
from support import Row, journal, ledger, money, posted

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.posting.disposition import CostHeld, prorate
from xlbackflush.schema import CS, PCS, PS, S

PRICE, USAGE = schema.PRICE_VARIANCE, schema.USAGE_VARIANCE
BY_COUNT = {"Relief_basis": schema.PHYSICAL_COUNT, "Conversion_costs": schema.EXPENSE_THEN_ADJUST}


def purchase(item: str, quantity: float, price: float) -> Row:
    return {"Date": day(5), "Document": "PI-1", "Item": item, "Quantity": quantity, "Actual price": price}


def incurred(cost_type: str, amount: float, hours: float | None = None) -> Row:
    return {"Date": day(30), "Document": "PR-1", "Cost type": cost_type, "Amount": amount, "Hours": hours}


def in_money(role: str, opening: float, of_it: float, counted: float, then: float) -> Row:
    """A row of InventoryCount: opening and counted amount, and the conversion in each."""
    columns = ("Role", "Opening amount", "Opening conversion", "Counted amount", "Counted conversion")
    return dict(zip(columns, (role, opening, of_it, counted, then), strict=True))


def cents(amount: str) -> Decimal:
    return Decimal(amount)


def found(result: Period) -> dict[str, Decimal]:
    """Variance -> amount, unfavorable positive; those by item or part are added up."""
    names = {v.name for v in result.variances}
    return {name: money(sum(v.amount for v in result.variances if v.name == name), result.places) for name in names}


# ----------------------------------------------------------------------------------- ice cream: all variances


def ice_cream() -> dict[str, list[Row]]:
    """Jerry's Ice Cream: 210,000 gallons, each of 2 lb at 1 and 0.1 h at 13 + 5 + 7; 440,000 lb bought at 1.20.

    189,000 x 0.1 = 18,900 h were paid; 399,000 lb were used, so that 41,000 of the 440,000 are left.
    """
    rates = {"Labor_hours": 0.1, "Labor_rate": 13, "Variable_overhead_rate": 5, "Fixed_overhead_rate": 7}
    return {
        "StandardCost": [buy("Ingredients", 1), made("Ice cream", **rates)],
        "BOM": [line("Ice cream", "Ingredients", 2)],
        "Purchases": [purchase("Ingredients", 440_000, 1.2)],
        "Actuals": [
            incurred("Labor", 283_500, 18_900),
            incurred("Variable overhead", 100_000),
            incurred("Fixed overhead", 136_000),
        ],
        "Counts": [completed("Ice cream", 210_000), count("Sold", "Ice cream", 210_000, 29, "S-1")],
        "Stock": [{"Item": "Ingredients", "Counted qty": 41_000}],
    }


def test_ice_cream_splits_into_the_variances_of_the_book():
    """Saylor, Managerial Accounting, chapter 10. Budgeted fixed overhead 140,280.

    Labor: 283,500 - 18,900 x 13 = 37,800 U; 245,700 - 273,000 = 27,300 F. Variable overhead: 100,000 - 94,500 = 5,500 U;
    94,500 - 105,000 = 10,500 F. Fixed overhead: 136,000 - 140,280 = 4,280 F; 140,280 - 147,000 = 6,720 F. Materials:
    440,000 x 0.20 = 88,000 U; (399,000 - 420,000) x 1 = 21,000 F.
    """
    _, result = posted(april(Budgeted_fixed_overhead=140_280), ice_cream())
    amounts = found(result)
    assert amounts == {
        schema.MATERIAL_PRICE: 88_000,
        schema.MATERIAL_USAGE: -21_000,
        schema.LABOR_RATE: 37_800,
        schema.LABOR_EFFICIENCY: -27_300,
        schema.VARIABLE_SPENDING: 5_500,
        schema.VARIABLE_EFFICIENCY: -10_500,
        schema.FIXED_SPENDING: -4_280,
        schema.FIXED_VOLUME: -6_720,
        schema.CONVERSION_ALLOCATION: -5_500,
    }
    assert ledger(result)[COGS] == 210_000 * Decimal("4.5") + 61_500


def test_without_hours_or_a_budget_spending_takes_it_all():
    """The same month: labor 283,500 - 273,000 = 10,500 U, overheads 5,000 F and 11,000 F."""
    tables = ice_cream()
    tables["Actuals"] = [row | {"Hours": None} for row in tables["Actuals"]]
    _, result = posted(april(), tables)
    amounts = found(result)
    assert amounts[schema.LABOR_RATE] == 10_500
    assert amounts[schema.VARIABLE_SPENDING] == -5_000
    assert amounts[schema.FIXED_SPENDING] == -11_000
    assert not amounts.keys() & {schema.LABOR_EFFICIENCY, schema.VARIABLE_EFFICIENCY, schema.FIXED_VOLUME}


def test_hours_are_flexed_at_the_standard_rate_not_at_one_of_rounded_amounts():
    """By hand. 103 units of 0.337 h are 34.711 h; 350 h were paid: 6,500 - 350 x 18.37 = 70.50 U and
    1,500 - 350 x 4.13 = 54.50 U, although 34.711 x 4.13 = 143.356 is allowed and 143.36 flushed.
    """
    rates = {"Labor_hours": 0.337, "Labor_rate": 18.37, "Variable_overhead_rate": 4.13, "Fixed_overhead_rate": 6.11}
    tables = {
        "StandardCost": [made("Unit", **rates)],
        "Counts": [completed("Unit", 103)],
        "Actuals": [incurred("Labor", 6_500, 350), incurred("Variable overhead", 1_500)],
    }
    _, result = posted(april(), tables)
    amounts = found(result)
    assert amounts[schema.LABOR_RATE] == cents("70.50")
    assert amounts[schema.VARIABLE_SPENDING] == cents("54.50")
    assert amounts[schema.VARIABLE_EFFICIENCY] == cents("1445.50") - cents("143.36")


def test_hours_paid_while_nothing_was_made_are_idle_not_dear():
    """By hand. 100 h paid 2,100 where the only rate is 20: 100 U of rate, 2,000 U of efficiency. With two rates nothing says
    which, and the whole stays in one row.
    """
    tables = {
        "StandardCost": [made("Unit", Labor_hours=2, Labor_rate=20)],
        "Actuals": [incurred("Labor", 2_100, 100)],
    }
    _, result = posted(april(), tables)
    assert (found(result)[schema.LABOR_RATE], found(result)[schema.LABOR_EFFICIENCY]) == (100, 2_000)
    tables["StandardCost"].append(made("Other", Labor_hours=1, Labor_rate=25))
    _, result = posted(april(), tables)
    assert found(result)[schema.LABOR_RATE] == 2_100
    assert schema.LABOR_EFFICIENCY not in found(result)


def test_what_has_no_actual_cost_of_its_own_is_compared_in_one_sum():
    """The same month, overheads entered as one cost of conversion: 236,000 - 105,000 - 147,000 = 16,000 F."""
    tables = ice_cream()
    tables["Actuals"] = [tables["Actuals"][0], incurred("Conversion", 236_000)]
    _, result = posted(april(), tables)
    amounts = found(result)
    assert (amounts[schema.LABOR_RATE], amounts[schema.LABOR_EFFICIENCY]) == (37_800, -27_300)
    assert amounts[schema.OTHER_CONVERSION] == -16_000
    assert amounts[schema.CONVERSION_ALLOCATION] == 37_800 - 27_300 - 16_000


# --------------------------------------------------------------------------------------- Butrico: proration


def test_a_favorable_usage_variance_takes_its_share_of_the_price_variance():
    """Blocher, Stout and Cokins, Cost Management (Butrico Manufacturing, from a CMA examination).

    Direct materials: finished goods 87,000, raw materials 65,000, sold 348,000; price 10,000 U, usage 15,000 F. Price over
    87,000 + 65,000 + 348,000 - 15,000 = 485,000; then 15,000 + 309.28 = 15,309.28 F over 87,000 and 348,000.
    """
    accounts = [
        CostHeld(MIP, 65_000, 0, 0),
        CostHeld(FG, 87_000, 87_000, 0),
        CostHeld(COGS, 348_000, 348_000, 0),
    ]
    raw, stock, sold, usage = prorate(accounts, 10_000, -15_000, 0)
    assert [round(share[0], 2) for share in (raw, stock, sold, usage)] == [1_340.21, 1_793.81, 7_175.26, -309.28]
    assert [round(share[1], 2) for share in (raw, stock, sold)] == [0, -3_061.86, -12_247.42]
    assert round(87_000 + stock[0] + stock[1], 2) == 85_731.96


def butrico() -> dict[str, list[Row]]:
    """The year as a month of two products of 1 of material each: 87,000 of one are in stock, 348,000 of the other sold.

    Labor at 10 an hour: 0.15 h x 87,000 = 130,500 in stock, 0.2125 h x 348,000 = 739,500 sold; overhead at 80 % of it.
    485,000 of material bought for 495,000; 435,000 allowed and 420,000 used: 65,000 counted where 50,000 should be.
    86,500 h were paid with 885,000: rate 20,000 U, efficiency 5,000 F. Overhead 690,000 for 696,000 applied.
    """
    rates = {"Labor_rate": 10, "Variable_overhead_rate": 8}
    return {
        "StandardCost": [
            buy("Material", 1),
            made("Kept", Labor_hours=0.15, **rates),
            made("Sold", Labor_hours=0.2125, **rates),
        ],
        "BOM": [line("Kept", "Material", 1), line("Sold", "Material", 1)],
        "Purchases": [purchase("Material", 485_000, 495 / 485)],
        "Actuals": [incurred("Labor", 885_000, 86_500), incurred("Variable overhead", 690_000)],
        "Counts": [
            completed("Kept", 87_000),
            completed("Sold", 348_000),
            count("Sold", "Sold", 348_000, 29, "S-1"),
        ],
        "Stock": [{"Item": "Material", "Counted qty": 65_000}],
    }


def test_butrico_posted():
    """The book's answers: materials in finished goods 85,732, labor 132,750, cost of goods sold 1,681,678.

    Overhead in finished goods 104,400 - 6,000 x 15 % = 103,500, so that they end at 85,731.96 + 132,750 + 103,500. Every
    account is rounded by itself and cost of goods sold takes what is left, here one cent.
    """
    _, result = posted(april(Variance_disposition=schema.PRORATE), butrico())
    amounts = found(result)
    assert (amounts[schema.MATERIAL_PRICE], amounts[schema.MATERIAL_USAGE]) == (10_000, -15_000)
    assert (amounts[schema.LABOR_RATE], amounts[schema.LABOR_EFFICIENCY]) == (20_000, -5_000)
    assert amounts[schema.VARIABLE_SPENDING] + amounts[schema.VARIABLE_EFFICIENCY] == -6_000
    shares = {s.role: s for s in result.shares}
    assert round(shares[FG].price, 2) == 1_793.81
    assert round(shares[FG].usage, 2) == -3_061.86
    assert round(shares[FG].conversion, 2) == 2_250 - 900
    assert journal(result)["Close"] == {
        CCA: 1_566_000,
        CCC: -1_575_000,
        PRICE: -10_000,
        USAGE: 15_000,
        MIP: cents("1340.21"),
        FG: cents("81.96"),
        COGS: cents("2577.83"),
    }
    balances = ledger(result)
    assert balances[MIP] == cents("66340.21")
    assert balances[FG] == cents("85731.96") + 132_750 + 103_500
    assert balances[COGS] == pytest.approx(cents("1681677.84"), abs=cents("0.01"))


@pytest.mark.parametrize(("disposition", "sold"), [(schema.TO_COGS, 1_683_100), (schema.CARRY_FORWARD, 1_679_100)])
def test_butrico_otherwise(disposition, sold):
    """1,679,100 at standard; the variances are 10,000 - 15,000 + 20,000 - 5,000 - 6,000 = 4,000 U."""
    _, result = posted(april(Variance_disposition=disposition), butrico())
    balances = ledger(result)
    assert balances[COGS] == sold
    assert (balances[MIP], balances[FG]) == (65_000, 321_900)
    carried = {CCC: 1_575_000, CCA: -1_566_000, PRICE: 10_000, USAGE: -15_000}
    for role, balance in carried.items():
        assert balances.get(role, 0) == (balance if disposition == schema.CARRY_FORWARD else 0)


def test_scrap_beyond_allowance_bears_the_price_but_not_the_usage():
    """By hand. 1,000 bought at 1.10 for a standard of 1.00; 500 in stock, 300 sold, 200 lost: 100 goes 50, 30 and 20."""
    tables = {
        "StandardCost": [buy("Material", 1), made("Unit")],
        "BOM": [line("Unit", "Material", 1)],
        "Purchases": [purchase("Material", 1_000, 1.1)],
        "Counts": [completed("Unit", 300), count("Sold", "Unit", 300, 12, "S-1")],
        "Scrap": [
            {"Date": day(9), "Document": "SC-1", "Item": "Material", "Quantity": 200, "Stage": "Component"}
            | {"Kind": "Abnormal"}
        ],
    }
    _, result = posted(april(Variance_disposition=schema.PRORATE), tables)
    assert journal(result)["Close"] == {PRICE: -100, MIP: 50, COGS: 30, schema.ABNORMAL_SCRAP: 20}


# ------------------------------------------------------------------------ Carter: relief by physical count


def carter(*counted: Row, conversion: float = 200_000) -> dict[str, list[Row]]:
    return {
        "StandardCost": [buy("Material", 1)],
        "Purchases": [purchase("Material", 367_000, 1)],
        "Actuals": [incurred("Conversion", conversion)],
        "InventoryCount": list(counted),
    }


RIP = in_money(MIP, 31_000, 1_400, 33_000, 1_800)
FINISHED = in_money(FG, 12_000, 4_000, 14_000, 5_000)
EXPENSED = {COGS: 200_000, schema.VARIOUS_ACCOUNTS: -200_000}


def test_raw_and_in_process_relieved_by_difference():
    """Carter, Cost Accounting, chapter on JIT and backflushing (Waynesboro): 29,600 + 367,000 - 31,200 = 365,400."""
    _, result = posted(april(**BY_COUNT), carter(RIP))
    assert journal(result) == {
        "Purchase": {MIP: 367_000, AP: -367_000},
        "Conversion": EXPENSED,
        "Completion": {FG: 365_400, MIP: -365_400},
        "Close": {MIP: 400, COGS: -400},
    }
    assert ledger(result)[MIP] == 33_000


def test_without_finished_goods_material_goes_from_in_process_to_cost_of_goods_sold():
    """Carter, same place (Rapidan), work is shipped when it is completed.

    RIP 12,300 of which 1,300 conversion, received 246,000, counted 12,100 of which 2,100: 11,000 + 246,000 - 10,000 =
    247,000 are backflushed, and 2,100 - 1,300 = 800 of conversion is put on the account, which ends at the count.
    """
    tables = carter(in_money(MIP, 12_300, 1_300, 12_100, 2_100))
    tables["Purchases"] = [purchase("Material", 246_000, 1)]
    _, result = posted(april(Trigger_points=PS, **BY_COUNT), tables)
    assert journal(result) == {
        "Purchase": {IC: 246_000, AP: -246_000},
        "Conversion": EXPENSED,
        "Sale": {COGS: 247_000, IC: -247_000},
        "Close": {IC: 800, COGS: -800},
    }
    assert ledger(result)[IC] == 12_100


def test_finished_goods_counted_as_well():
    """Waynesboro with finished goods of 12,000 (4,000 conversion), counted 14,000 (5,000).

    8,000 + 365,400 - 9,000 = 364,400 are sold; 400 and 1,000 of conversion go back into stock.
    """
    _, result = posted(april(Trigger_points=PCS, **BY_COUNT), carter(RIP, FINISHED))
    assert journal(result) == {
        "Purchase": {MIP: 367_000, AP: -367_000},
        "Conversion": EXPENSED,
        "Completion": {FG: 365_400, MIP: -365_400},
        "Sale": {COGS: 364_400, FG: -364_400},
        "Close": {MIP: 400, FG: 1_000, COGS: -1_400},
    }
    assert ledger(result) == {
        MIP: 33_000,
        FG: 14_000,
        COGS: 364_400 + 200_000 - 1_400,
        AP: -367_000,
        schema.VARIOUS_ACCOUNTS: -200_000,
    }


def test_materials_that_are_not_on_the_books_are_paid_when_they_are_used():
    """The same month under completion and sale: payables for 365,400; only finished goods are adjusted."""
    _, result = posted(april(Trigger_points=CS, **BY_COUNT), carter(RIP, FINISHED))
    assert journal(result) == {
        "Conversion": EXPENSED,
        "Completion": {FG: 365_400, AP: -365_400},
        "Sale": {COGS: 364_400, FG: -364_400},
        "Close": {FG: 1_000, COGS: -1_000},
    }
    assert ledger(result)[FG] == 14_000
    assert MIP not in ledger(result)


def test_everything_charged_to_cost_of_goods_sold_and_backed_out():
    """The same month with the sale alone: inventories grow by 2,000 and 2,000, out of 367,000.

    Cost of goods sold is the same as under the other methods: 363,000 of material and conversion in stock apart.
    """
    _, result = posted(april(Trigger_points=S, **BY_COUNT), carter(RIP, FINISHED))
    assert journal(result) == {
        "Conversion": EXPENSED,
        "Sale": {COGS: 367_000, AP: -367_000},
        "Close": {MIP: 2_000, FG: 2_000, COGS: -4_000},
    }
    balances = ledger(result)
    assert (balances[MIP], balances[FG], balances[COGS]) == (33_000, 14_000, 363_000 + 200_000)


@pytest.mark.parametrize("points", [PCS, PS, S])
def test_the_three_methods_agree_on_cost_of_goods_sold(points):
    """Inventories of 43,000 grow to 47,000: 367,000 + 200,000 - 4,000, wherever the entries are made.

    Without completions as a trigger one account holds both, unless everything is charged to cost of goods sold.
    """
    rows = [in_money(MIP, 43_000, 5_400, 47_000, 6_800)] if points == PS else [RIP, FINISHED]
    _, result = posted(april(Trigger_points=points, **BY_COUNT), carter(*rows))
    assert ledger(result)[COGS] == 563_000


def test_counts_of_sheet_stock_stand_at_standard():
    """By hand. Material: 29,600 + 367,000 - 31,200 = 365,400 out. Widgets of 8 material and 4 conversion: 1,000, then 1,250.

    8,000 + 365,400 - 10,000 = 363,400 are sold; 250 x 4 = 1,000 of conversion goes back into stock.
    """
    tables = carter() | {
        "StandardCost": [buy("Material", 1), made("Widget", Other_conversion=4)],
        "BOM": [line("Widget", "Material", 8)],
        "Stock": [
            {"Item": "Material", "Opening qty": 29_600, "Counted qty": 31_200},
            {"Item": "Widget", "Opening qty": 1_000, "Counted qty": 1_250},
        ],
    }
    _, result = posted(april(**BY_COUNT), tables)
    entries = journal(result)
    assert entries["Completion"] == {FG: 365_400, MIP: -365_400}
    assert entries["Sale"] == {COGS: 363_400, FG: -363_400}
    assert entries["Close"] == {FG: 1_000, COGS: -1_000}
    assert ledger(result, "opening") == {MIP: 29_600, FG: 12_000}
    assert (ledger(result)[MIP], ledger(result)[FG]) == (31_200, 15_000)


def test_relief_by_count_with_conversion_at_standard():
    """By hand. MIP 10,000 + 50,000 - 12,000 = 48,000; 1,000 units x 30 of conversion; FG 5,000 + 78,000 - 7,000 = 76,000.

    31,000 of conversion was incurred: 1,000 under-allocated.
    """
    tables = {
        "StandardCost": [buy("Material", 1), made("Unit", Other_conversion=30)],
        "BOM": [line("Unit", "Material", 45)],
        "Purchases": [purchase("Material", 50_000, 1)],
        "Actuals": [incurred("Conversion", 31_000)],
        "Counts": [completed("Unit", 1_000)],
        "InventoryCount": [in_money(MIP, 10_000, 0, 12_000, 0), in_money(FG, 5_000, 0, 7_000, 0)],
    }
    _, result = posted(april(Relief_basis=schema.PHYSICAL_COUNT), tables)
    entries = journal(result)
    assert entries["Completion"] == {FG: 78_000, MIP: -48_000, CCA: -30_000}
    assert entries["Sale"] == {COGS: 76_000, FG: -76_000}
    assert entries["Close"] == {CCA: 30_000, CCC: -31_000, COGS: 1_000}
    assert (ledger(result)[MIP], ledger(result)[FG]) == (12_000, 7_000)


def test_conversion_expensed_and_adjusted_with_relief_by_bill_of_materials():
    """By hand. 100 widgets of 8 + 4 completed, 70 sold, none before: 30 x 4 = 120 of 450 goes back into stock."""
    tables = {
        "StandardCost": [buy("Material", 1), made("Widget", Other_conversion=4)],
        "BOM": [line("Widget", "Material", 8)],
        "Purchases": [purchase("Material", 1_000, 1)],
        "Actuals": [incurred("Conversion", 450)],
        "Counts": [completed("Widget", 100), count("Sold", "Widget", 70, 12, "S-1")],
        "Stock": [{"Item": "Widget", "Counted qty": 30}],
    }
    _, result = posted(april(Conversion_costs=schema.EXPENSE_THEN_ADJUST), tables)
    assert journal(result) == {
        "Purchase": {MIP: 1_000, AP: -1_000},
        "Conversion": {COGS: 450, schema.VARIOUS_ACCOUNTS: -450},
        "Completion": {FG: 800, MIP: -800},
        "Sale": {COGS: 560, FG: -560},
        "Close": {FG: 120, COGS: -120},
    }
    assert (ledger(result)[FG], ledger(result)[COGS]) == (30 * 12, 560 + 450 - 120)


# ------------------------------------------------------------------------------------------- examinations


def jit_company() -> dict[str, list[Row]]:
    """Materials bought 1,515,000, conversion 1,010,000, 100,000 units made at 15 + 10, 98,000 sold, no opening stock."""
    return {
        "StandardCost": [buy("Materials", 1), made("Unit", Other_conversion=10)],
        "BOM": [line("Unit", "Materials", 15)],
        "Purchases": [purchase("Materials", 1_515_000, 1)],
        "Actuals": [incurred("Conversion", 1_010_000)],
        "Counts": [completed("Unit", 100_000), count("Sold", "Unit", 98_000, 25, "S-1")],
    }


@pytest.mark.parametrize(("points", "raw"), [(PCS, 15_000), (CS, 0)])
def test_drury_two_trigger_points_and_one(points, raw):
    """Drury, Management and Cost Accounting, backflush costing, methods 1 and 2.

    1,500,000 and 1,000,000 are flushed into finished goods of 2,500,000; 50,000 are left after 2,450,000 sold; conversion
    is 10,000 under-allocated. Raw materials of 15,000 are on the books only where the purchase is a trigger point.
    """
    _, result = posted(april(Trigger_points=points), jit_company())
    balances = ledger(result)
    assert (balances.get(MIP, 0), balances[FG], balances[COGS]) == (raw, 50_000, 2_460_000)
    assert journal(result)["Close"] == {CCA: 1_000_000, CCC: -1_010_000, COGS: 10_000}
    assert -balances[AP] == 1_500_000 + raw


def test_csix_fuel_pumps():
    """CSIX Ltd (Drury, student's questions): purchases 5,575,000; labor 1,735,000 and overheads 3,148,000.

    210,000 pumps made at 26 + 22 (8.20 of it labor), 206,000 sold. Finished goods 10,080,000 - 9,888,000 = 192,000; raw
    materials 5,575,000 - 5,460,000 = 115,000; conversion 4,883,000 - 4,620,000 = 263,000 under-allocated, of which labor
    1,735,000 - 1,722,000 = 13,000 and overheads 3,148,000 - 2,898,000 = 250,000.
    """
    rates = {"Labor_hours": 1, "Labor_rate": 8.2, "Variable_overhead_rate": 13.8}
    tables = {
        "StandardCost": [buy("Materials", 1), made("Pump", **rates)],
        "BOM": [line("Pump", "Materials", 26)],
        "Purchases": [purchase("Materials", 5_575_000, 1)],
        "Actuals": [incurred("Labor", 1_735_000), incurred("Variable overhead", 3_148_000)],
        "Counts": [completed("Pump", 210_000), count("Sold", "Pump", 206_000, 25, "S-1")],
    }
    _, result = posted(april(), tables)
    amounts, balances = found(result), ledger(result)
    assert (balances[MIP], balances[FG], balances[COGS]) == (115_000, 192_000, 9_888_000 + 263_000)
    assert amounts == {
        schema.CONVERSION_ALLOCATION: 263_000,
        schema.LABOR_RATE: 13_000,
        schema.VARIABLE_SPENDING: 250_000,
    }


def test_closing_raw_materials_follow_from_cost_of_goods_sold():
    """CIMA, P2 revision question. Material 10 and conversion 12 a unit; opening 500, bought 4,600, sold at standard 8,998.

    8,998 / 22 = 409 units, 4,090 of material: 500 + 4,600 - 4,090 = 1,010. Conversion 5,200 - 4,908 = 292 under-allocated.
    """
    tables = {
        "StandardCost": [buy("Material", 10), made("Unit", Other_conversion=12)],
        "BOM": [line("Unit", "Material", 1)],
        "Stock": [{"Item": "Material", "Opening qty": 50}],
        "Purchases": [purchase("Material", 460, 10)],
        "Actuals": [incurred("Conversion", 5_200)],
        "Counts": [count("Sold", "Unit", 409, 25, "S-1")],
    }
    _, result = posted(april(Trigger_points=PS), tables)
    assert ledger(result)[IC] == 1_010
    assert journal(result)["Sale"] == {COGS: 8_998, IC: -4_090, CCA: -4_908}
    assert journal(result)["Close"] == {CCA: 4_908, CCC: -5_200, COGS: 292}


# --------------------------------------------------------------------------------------- units in process


def in_process(**settings: object) -> Period:
    """The JIT company with 1,000 units in process, all material in and half of the conversion done."""
    wip = [{"Item": "Unit", "Quantity": 1_000, "Material %": 1, "Conversion %": 0.5}]
    return posted(april(**settings), jit_company() | {"WIP": wip})[1]


@pytest.mark.parametrize(("points", "credited"), [(PCS, MIP), (PS, IC), (CS, AP), (S, AP)])
def test_units_in_process_come_out_of_materials_and_of_cost_of_goods_sold(points, credited):
    """By hand. 1,000 x 15 of material, 1,000 x 50 % x 10 of conversion; reversed on the next day."""
    result = in_process(Trigger_points=points)
    entry = {schema.WORK_IN_PROCESS: 20_000, credited: -15_000, COGS: -5_000}
    assert journal(result)["Period-end WIP"] == entry
    assert journal(result)["Reversal"] == {role: -amount for role, amount in entry.items()}
    assert [e.days_after for e in result.entries if e.event == "Reversal"] == [1]
    assert ledger(result)[schema.WORK_IN_PROCESS] == 20_000


def test_carried_forward_the_conversion_in_process_comes_out_of_conversion_allocated():
    """Cost of goods sold holds no conversion variance then: 1,000,000 + 5,000 stays in the account."""
    result = in_process(Variance_disposition=schema.CARRY_FORWARD)
    assert journal(result)["Period-end WIP"] == {schema.WORK_IN_PROCESS: 20_000, MIP: -15_000, CCA: -5_000}
    assert ledger(result)[CCA] == -1_005_000
    assert ledger(result)[COGS] == 2_450_000


def test_prorated_the_conversion_in_process_is_no_variance():
    """By hand. 10,000 under-allocated, 5,000 of it in process: 5,000 over 98,000 sold and 2,000 kept, 4,900 and 100."""
    result = in_process(Variance_disposition=schema.PRORATE)
    assert journal(result)["Close"] == {CCA: 1_000_000, CCC: -1_010_000, FG: 100, COGS: 9_900}
    assert ledger(result)[COGS] == 2_450_000 + 9_900 - 5_000


def test_shown_only_nothing_is_recorded():
    result = in_process(**{"Period-end WIP": schema.SHOW_ONLY})
    assert not journal(result).keys() & {"Period-end WIP", "Reversal"}
    assert float(result.in_process.amount.sum()) == 20_000


# ----------------------------------------------------------------------------------------------- rounding


def test_the_debit_of_a_completion_holds_what_rounding_left_of_its_credits():
    """By hand. A unit of 0.004 + 0.004: 100.5 are opening stock, 0.804 or 0.80; 101 are completed, twice 0.404 or 0.40.

    Finished goods stand at 1.60 for 201.5 x 0.008 = 1.612: three roundings of less than half a cent, in one line.
    """
    tables = {
        "StandardCost": [buy("Material", 0.004), made("Unit", Other_conversion=0.004)],
        "BOM": [line("Unit", "Material", 1)],
        "Stock": [{"Item": "Unit", "Opening qty": 100.5}],
        "Counts": [completed("Unit", 101)],
    }
    _, result = posted(april(), tables)
    (tie,) = (tie for tie in result.ties if tie.role == FG)
    assert (tie.closing, tie.difference) == (1.6, -0.012)
    assert tie.holds


def test_a_physical_count_prorates_by_what_was_counted_and_what_went_on():
    """Wire at 2; a motor is 5 wire and 5 of conversion, a pump 2 motors and 4. All the wire is in something counted or sold.

    1,000 wire bought at 2.20: price 200 U. Counted 500 wire, 20 motors, 30 pumps of 40: wire in materials 500 + 100, in
    finished goods 300, sold 100, so the 200 go 120 : 60 : 20. Conversion flushed 100 x 5 + 40 x 4 = 660, incurred 760; in
    motors 100, in pumps 30 x 14 = 420, sold 140, so the 100 go 15.15 : 63.64 : 21.21.
    """
    tables = {
        "StandardCost": [
            buy("Wire", 2),
            made("Motor", "Subassembly", Other_conversion=5),
            made("Pump", Other_conversion=4),
        ],
        "BOM": [line("Motor", "Wire", 5), line("Pump", "Motor", 2)],
        "Purchases": [purchase("Wire", 1_000, 2.2)],
        "Actuals": [incurred("Conversion", 760)],
        "Counts": [completed("Motor", 100), completed("Pump", 40)],
        "Stock": [{"Item": item, "Counted qty": n} for item, n in (("Wire", 500), ("Motor", 20), ("Pump", 30))],
    }
    settings = april(Relief_basis=schema.PHYSICAL_COUNT, Variance_disposition=schema.PRORATE)
    _, result = posted(settings, tables)
    close = journal(result)["Close"]
    assert (close[MIP], close[FG]) == (cents("135.15"), cents("123.64"))
    assert close[COGS] == cents("300") - cents("135.15") - cents("123.64")
