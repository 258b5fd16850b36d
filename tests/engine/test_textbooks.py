"""Cases with published answers, restated here with the numbers of the book and its source.

Amounts are in the currency's units, debit positive. Every case is a small world of `april` settings and tables.
"""

from decimal import Decimal
from itertools import pairwise

import pytest
from april import AP, CCA, CCC, COGS, FG, IC, MIP, april, buy, completed, count, day, line, made
from support import Row, codes, journal, ledger, posted, relief, rollup

from xlbackflush import schema
from xlbackflush.schema import CS, PCS, PS, S

# ---------------------------------------------------------------------------- Silicon Valley Computer


def silicon_valley() -> dict[str, list[Row]]:
    """Horngren's month: materials 19 and conversion 12 per unit, 100,000 completed, 99,000 sold.

    Materials are counted in dollars, so that the book's purchases of 1,950,000 are a quantity at a price of 1.
    """
    return {
        "StandardCost": [buy("Direct materials", 1), made("Computer", Other_conversion=12)],
        "BOM": [line("Computer", "Direct materials", 19)],
        "Purchases": [
            {"Date": day(3), "Document": "P-1", "Item": "Direct materials", "Quantity": 1_950_000, "Actual price": 1}
        ],
        "Actuals": [{"Date": day(30), "Document": "A-1", "Cost type": "Conversion", "Amount": 1_260_000}],
        "Counts": [count("Completed", "Computer", 100_000, 20), count("Sold", "Computer", 99_000, 25, "S-1")],
    }


CONVERSION = {CCC: 1_260_000, schema.VARIOUS_ACCOUNTS: -1_260_000}


def test_silicon_valley_with_entries_at_purchase_completion_and_sale():
    """Horngren, Cost Accounting, chapter on JIT and backflush costing, Silicon Valley Computer, example 1."""
    _, result = posted(april(Trigger_points=PCS), silicon_valley())
    assert journal(result) == {
        "Purchase": {MIP: 1_950_000, AP: -1_950_000},
        "Conversion": CONVERSION,
        "Completion": {FG: 3_100_000, MIP: -1_900_000, CCA: -1_200_000},
        "Sale": {COGS: 3_069_000, FG: -3_069_000},
        "Close": {CCA: 1_200_000, CCC: -1_260_000, COGS: 60_000},
    }
    assert ledger(result) == {
        MIP: 50_000,
        FG: 31_000,
        COGS: 3_129_000,
        AP: -1_950_000,
        schema.VARIOUS_ACCOUNTS: -1_260_000,
    }


def test_silicon_valley_with_entries_at_purchase_and_sale():
    """Horngren, same place, example 2: no finished goods account; 1,950,000 - 1,881,000 stays in inventory."""
    _, result = posted(april(Trigger_points=PS), silicon_valley())
    assert journal(result) == {
        "Purchase": {IC: 1_950_000, AP: -1_950_000},
        "Conversion": CONVERSION,
        "Sale": {COGS: 3_069_000, IC: -1_881_000, CCA: -1_188_000},
        "Close": {CCA: 1_188_000, CCC: -1_260_000, COGS: 72_000},
    }
    assert ledger(result)[IC] == 69_000


def test_silicon_valley_with_entries_at_completion_and_sale():
    """Horngren, same place, example 3: payables are recorded for the materials of completed units only."""
    _, result = posted(april(Trigger_points=CS), silicon_valley())
    assert journal(result) == {
        "Conversion": CONVERSION,
        "Completion": {FG: 3_100_000, AP: -1_900_000, CCA: -1_200_000},
        "Sale": {COGS: 3_069_000, FG: -3_069_000},
        "Close": {CCA: 1_200_000, CCC: -1_260_000, COGS: 60_000},
    }
    assert ledger(result)[FG] == 31_000


def test_silicon_valley_with_entries_at_sale_only():
    """Horngren, same place, a variant with the sale as the only trigger point: no inventories at all."""
    _, result = posted(april(Trigger_points=S), silicon_valley())
    assert journal(result) == {
        "Conversion": CONVERSION,
        "Sale": {COGS: 3_069_000, AP: -1_881_000, CCA: -1_188_000},
        "Close": {CCA: 1_188_000, CCC: -1_260_000, COGS: 72_000},
    }
    assert ledger(result) == {COGS: 3_141_000, AP: -1_881_000, schema.VARIOUS_ACCOUNTS: -1_260_000}


def test_silicon_valley_with_scrapped_units():
    """The same month with 250 units lost in burn-in (normal) and 150 in a flood (abnormal), at 19 + 12 each."""
    tables = silicon_valley()
    whole = {"Date": day(21), "Document": "SC-1", "Item": "Computer", "Stage": "Finished unit"}
    tables["Scrap"] = [whole | {"Quantity": 250, "Kind": "Normal"}, whole | {"Quantity": 150, "Kind": "Abnormal"}]
    _, result = posted(april(), tables)
    assert journal(result)["Scrap"] == {CCC: 7_750, schema.ABNORMAL_SCRAP: 4_650, MIP: -7_600, CCA: -4_800}
    assert journal(result)["Close"] == {CCA: 1_204_800, CCC: -1_267_750, COGS: 62_950}
    balances = ledger(result)
    assert (balances[MIP], balances[FG], balances[COGS]) == (42_400, 31_000, 3_131_950)
    assert balances[schema.ABNORMAL_SCRAP] == 4_650


def test_salvage_reduces_the_charge_of_scrap():
    """10 scrapped computers cost 310; 40 recovered for them leave a charge of 270."""
    tables = silicon_valley()
    tables["Scrap"] = [
        {"Date": day(21), "Document": "SC-1", "Item": "Computer", "Quantity": 10, "Stage": "Finished unit"}
        | {"Kind": "Abnormal", "Salvage value": 40}
    ]
    _, result = posted(april(), tables)
    expected = {schema.ABNORMAL_SCRAP: 270, schema.SCRAP_RECOVERY: 40, MIP: -190, CCA: -120}
    assert journal(result)["Scrap"] == expected


def test_a_price_above_standard_is_a_price_variance_that_the_close_takes_to_cost_of_goods_sold():
    """Silicon Valley Computer paying 1.01: 1,950,000 x 0.01 = 19,500 unfavorable."""
    tables = silicon_valley()
    tables["Purchases"][0]["Actual price"] = 1.01
    _, result = posted(april(), tables)
    assert journal(result)["Purchase"] == {MIP: 1_950_000, schema.PRICE_VARIANCE: 19_500, AP: -1_969_500}
    assert journal(result)["Close"] == {CCA: 1_200_000, CCC: -1_260_000, schema.PRICE_VARIANCE: -19_500, COGS: 79_500}
    price = next(v for v in result.variances if v.name == "Material price")
    assert (price.amount, price.side) == (1_950_000, "U")


def test_a_price_below_standard_is_favorable():
    """Silicon Valley Computer paying 0.98: 1,950,000 x 0.02 = 39,000 favorable."""
    tables = silicon_valley()
    tables["Purchases"][0]["Actual price"] = 0.98
    _, result = posted(april(), tables)
    assert journal(result)["Purchase"] == {MIP: 1_950_000, schema.PRICE_VARIANCE: -39_000, AP: -1_911_000}
    assert next(v for v in result.variances if v.name == "Material price").side == "F"


def test_carried_forward_variances_stay_in_their_accounts():
    """Silicon Valley Computer without a close: 60,000 under-allocated stays as 1,260,000 against 1,200,000."""
    _, result = posted(april(Variance_disposition="Carry forward"), silicon_valley())
    assert "Close" not in journal(result)
    balances = ledger(result)
    assert (balances[CCC], balances[CCA], balances[COGS]) == (1_260_000, -1_200_000, 3_069_000)


def test_a_count_below_the_books_is_a_usage_variance():
    """50,000 of materials should be left; 48,000 are counted."""
    tables = silicon_valley() | {"Stock": [{"Item": "Direct materials", "Opening qty": 0, "Counted qty": 48_000}]}
    _, result = posted(april(), tables)
    assert journal(result)["Count adjustment"] == {MIP: -2_000, schema.USAGE_VARIANCE: 2_000}
    assert ledger(result)[MIP] == 48_000
    assert ledger(result)[COGS] == 3_131_000


def test_opening_stock_stands_in_the_ledger_at_standard():
    """1,000 of materials and 10 computers at 31."""
    stock = [{"Item": "Direct materials", "Opening qty": 1_000}, {"Item": "Computer", "Opening qty": 10}]
    _, result = posted(april(), silicon_valley() | {"Stock": stock})
    assert ledger(result, "opening") == {MIP: 1_000, FG: 310}
    assert ledger(result)[FG] == 31_310


# ------------------------------------------------------------------------------------ bills of materials


def test_the_abc_lamp_is_costed_through_its_phantoms():
    """SAS/OR User's Guide, BOM procedure, ABC Lamp Company: LA01 costs 29.05; 1400 is used in two places."""
    parts = {"1200": 9.25, "1300": 5, "1400": 0.2, "1600": 3.5, "2100": 0.05, "2200": 0.35, "2300": 0.5, "S100": 4.1}
    tables = {
        "StandardCost": [
            made("LA01"),
            *(made(item, "Phantom") for item in ("B100", "A100", "1100", "1500", "1700")),
            *(buy(item, price) for item, price in parts.items()),
        ],
        "BOM": [
            line("LA01", "B100", 1),
            line("LA01", "S100", 1),
            line("LA01", "A100", 1),
            line("B100", "1100", 1),
            line("B100", "1200", 1),
            line("B100", "1300", 1),
            line("B100", "1400", 4),
            line("A100", "1500", 1),
            line("A100", "1600", 1),
            line("A100", "1700", 1),
            line("1100", "2100", 26),
            line("1500", "1400", 2),
            line("1700", "2200", 12),
            line("1700", "2300", 1),
        ],
        "Counts": [completed("LA01", 1_000)],
    }
    outcome, result = posted(april(), tables)
    assert journal(result)["Completion"] == {FG: 29_050, MIP: -29_050}
    costs = {item: cost["Unit cost"] for item, cost in rollup(outcome).items()}
    expected = {"LA01": 29.05, "B100": 16.35, "A100": 8.6, "1100": 1.3, "1500": 0.4, "1700": 4.7}
    assert {item: costs[item] for item in expected} == pytest.approx(expected)
    thousands = {"1200": 1, "1300": 1, "1400": 6, "1600": 1, "2100": 26, "2200": 12, "2300": 1, "S100": 1}
    assert relief(outcome) == pytest.approx({item: n * 1_000 for item, n in thousands.items()})


@pytest.mark.parametrize(("basis", "kilograms"), [("Output", 120), ("Input", 125)])
def test_twenty_percent_scrap_on_a_hundred_takes_120_on_output_and_125_on_input(basis, kilograms):
    """Both camps exist: Business Central and SAP multiply by 1.2; Oracle, SyteLine and QAD divide by 0.8."""
    tables = {
        "StandardCost": [made("Gadget"), buy("Resin", 2)],
        "BOM": [line("Gadget", "Resin", 1, Scrap_basis=basis, **{"Scrap %": 0.2})],
        "Counts": [completed("Gadget", 100)],
    }
    outcome, result = posted(april(), tables)
    assert relief(outcome) == {"Resin": pytest.approx(kilograms)}
    assert rollup(outcome)["Gadget"]["Unit cost"] == pytest.approx(kilograms / 50)
    assert journal(result)["Completion"] == {FG: 2 * kilograms, MIP: -2 * kilograms}


def test_a_blank_scrap_basis_takes_the_default_of_setup():
    """The same 20 % with `Default scrap basis` Input: 125."""
    tables = {
        "StandardCost": [made("Gadget"), buy("Resin", 2)],
        "BOM": [line("Gadget", "Resin", 1, **{"Scrap %": 0.2})],
        "Counts": [completed("Gadget", 100)],
    }
    outcome, _ = posted(april(Default_scrap_basis="Input"), tables)
    assert relief(outcome) == {"Resin": pytest.approx(125)}


def test_assembly_scrap_and_component_scrap_multiply():
    """SAP, scrap in material requirements planning: assembly 10 % and component 10 % make 200 -> 220 -> 242."""
    tables = {
        "StandardCost": [made("Pump", **{"Assembly scrap %": 0.1}), buy("Casing", 1)],
        "BOM": [line("Pump", "Casing", 1, **{"Scrap %": 0.1})],
        "Counts": [completed("Pump", 200)],
    }
    outcome, _ = posted(april(), tables)
    assert relief(outcome) == {"Casing": pytest.approx(242)}


def test_assembly_scrap_does_not_inflate_the_items_own_conversion():
    """Conversion is a standard of the good unit: 200 x 3 = 600, although 220 are started."""
    tables = {
        "StandardCost": [made("Pump", Other_conversion=3, **{"Assembly scrap %": 0.1}), buy("Casing", 1)],
        "BOM": [line("Pump", "Casing", 1)],
        "Counts": [completed("Pump", 200)],
    }
    _, result = posted(april(), tables)
    assert journal(result)["Completion"] == {FG: 820, MIP: -220, CCA: -600}


def test_yields_of_assembly_and_component_divide():
    """PeopleSoft Enterprise Manufacturing: 10 / 0.96 / 0.98 = 10.6293."""
    tables = {
        "StandardCost": [made("Bicycle", **{"Assembly scrap %": 0.04}), buy("Tube", 1)],
        "BOM": [line("Bicycle", "Tube", 1, **{"Scrap %": 0.02})],
        "Counts": [completed("Bicycle", 10)],
    }
    outcome, _ = posted(april(Default_scrap_basis="Input"), tables)
    assert relief(outcome)["Tube"] == pytest.approx(10.6293, abs=5e-5)


def test_yields_of_operations_accumulate_backwards():
    """Oracle Bills of Material, reverse cumulative yield: 0.9, 0.8, 1.0, 0.9 make 0.648, 0.72, 0.9, 0.9.

    Each operation is a phantom that the next one takes; its scrap is one less its yield. For 648 good units the first
    operation starts 1,000, the second 900, the third and fourth 720.
    """
    losses = {"Op 10": 0.1, "Op 20": 0.2, "Op 30": 0, "Op 40": 0.1}
    operations = list(losses)
    tables = {
        "StandardCost": [
            *(made(op, "Phantom", **{"Assembly scrap %": loss}) for op, loss in losses.items() if op != "Op 40"),
            made("Op 40", **{"Assembly scrap %": losses["Op 40"]}),
            *(buy(f"Part of {op}", 1) for op in operations),
        ],
        "BOM": [
            *(line(op, f"Part of {op}", 1) for op in operations),
            *(line(op, before, 1) for before, op in pairwise(operations)),
        ],
        "Counts": [completed("Op 40", 648)],
    }
    outcome, _ = posted(april(Default_scrap_basis="Input"), tables)
    starts = {"Part of Op 10": 1_000, "Part of Op 20": 900, "Part of Op 30": 720, "Part of Op 40": 720}
    assert relief(outcome) == pytest.approx(starts)


def test_a_subassembly_is_relieved_as_itself_and_completed_into_materials():
    """2 motors per pump at 10 + 5: 100 motors completed, 40 pumps relieve 80 of them; 20 motors stay at 15."""
    tables = {
        "StandardCost": [
            made("Pump", Other_conversion=4),
            made("Motor", "Subassembly", Other_conversion=5),
            buy("Wire", 2),
        ],
        "BOM": [line("Pump", "Motor", 2), line("Motor", "Wire", 5)],
        "Stock": [{"Item": "Wire", "Opening qty": 600}],
        "Counts": [completed("Motor", 100), completed("Pump", 40)],
    }
    outcome, result = posted(april(), tables)
    assert relief(outcome) == {"Wire": 500, "Motor": 80}
    motors = 100 * 5 - 80 * 15  # conversion goes into materials and in-process, motors leave it
    assert journal(result)["Completion"] == {FG: 40 * 34, MIP: motors, CCA: -(100 * 5 + 40 * 4)}
    assert ledger(result)[MIP] == 100 * 2 + 20 * 15


def test_without_completion_as_a_trigger_subassemblies_are_exploded():
    """The same pumps under purchase and sale: only wire is relieved, 10 per pump sold."""
    tables = {
        "StandardCost": [
            made("Pump", Other_conversion=4),
            made("Motor", "Subassembly", Other_conversion=5),
            buy("Wire", 2),
        ],
        "BOM": [line("Pump", "Motor", 2), line("Motor", "Wire", 5)],
        "Stock": [{"Item": "Wire", "Opening qty": 600}],
        "Counts": [completed("Motor", 100), count("Sold", "Pump", 40)],
    }
    outcome, result = posted(april(Trigger_points=PS), tables)
    assert relief(outcome) == {"Wire": 400}
    assert journal(result) == {
        "Sale": {COGS: 40 * 34, IC: -800, CCA: -40 * (4 + 10)},
        "Close": {CCA: 560, COGS: -560},
    }


def test_a_finished_item_inside_a_finished_item_leaves_finished_goods():
    """A gift set of one widget (6) and two mini widgets (4) and a box (1): 10 sets take 140 out of finished goods."""
    tables = {
        "StandardCost": [
            made("Set", Other_conversion=2),
            made("Widget", Other_conversion=1),
            made("Mini", Other_conversion=1),
            buy("Plastic", 1),
            buy("Box", 1),
        ],
        "BOM": [
            line("Set", "Widget", 1),
            line("Set", "Mini", 2),
            line("Set", "Box", 1),
            line("Widget", "Plastic", 5),
            line("Mini", "Plastic", 3),
        ],
        "Stock": [{"Item": item, "Opening qty": 100} for item in ("Widget", "Mini", "Box")],
        "Counts": [completed("Set", 10)],
    }
    outcome, result = posted(april(), tables)
    assert relief(outcome) == {"Widget": 10, "Mini": 20, "Box": 10}
    assert journal(result)["Completion"] == {FG: 170 - 140, MIP: -10, CCA: -20}


# ---------------------------------------------------------------------------------- dates and corrections


def lamps_with_a_new_bulb() -> dict[str, list[Row]]:
    """The old bulb (1.00) holds to April 15, the new one (0.70) from April 16; 10 lamps on each of the two days."""
    return {
        "StandardCost": [made("Lamp"), buy("Old bulb", 1), buy("New bulb", 0.7)],
        "BOM": [
            line("Lamp", "Old bulb", 1, Effective_to=day(15)),
            line("Lamp", "New bulb", 1, Effective_from=day(16)),
        ],
        "Stock": [{"Item": item, "Opening qty": 50} for item in ("Old bulb", "New bulb")],
        "Counts": [completed("Lamp", 10, 15), completed("Lamp", 10, 16)],
    }


def test_a_count_uses_the_lines_effective_on_its_date():
    """Both ends of a line's dates are inclusive: the 15th takes the old bulb, the 16th the new one."""
    outcome, result = posted(april(), lamps_with_a_new_bulb())
    assert relief(outcome) == {"Old bulb": 10, "New bulb": 10}
    assert journal(result)["Completion"] == {FG: 17, MIP: -17}
    assert rollup(outcome)["Lamp"]["Unit cost"] == pytest.approx(0.7)


def test_a_sold_unit_leaves_finished_goods_at_its_cost_on_that_day():
    """A lamp costs 1.00 until April 15 and 0.70 after; one is sold on each side of the change."""
    tables = lamps_with_a_new_bulb()
    tables["Counts"] += [count("Sold", "Lamp", 1, 15, "S-1"), count("Sold", "Lamp", 1, 16, "S-2")]
    outcome, result = posted(april(), tables)
    assert journal(result)["Sale"] == {COGS: Decimal("1.7"), FG: Decimal("-1.7")}
    rows = result.unit_costs.rows
    lamp = [code == "Lamp" for code in codes(outcome, rows.item)]
    assert rows.unit_cost[lamp].tolist() == pytest.approx([1.0, 0.7])


def test_a_correction_takes_back_what_it_corrects():
    """10 lamps counted too many, by repeating the document or by naming it in Note."""
    tables = silicon_valley()
    tables["Counts"] += [
        count("Completed", "Computer", 30, 21, "C-2"),
        count("Completed", "Computer", -10, 22, "C-2"),
        count("Completed", "Computer", -20, 22, "K-7", note="Corrects C-2: the other layers"),
    ]
    _, result = posted(april(), tables)
    assert journal(result)["Completion"] == {FG: 3_100_000, MIP: -1_900_000, CCA: -1_200_000}


# ------------------------------------------------------------------------------------------------ rounding


@pytest.mark.parametrize(
    ("currency", "price", "amount"),
    [
        ("USD", 1.005, "1.01"),
        ("USD", 2.675, "2.68"),
        ("USD", 0.125, "0.13"),
        ("USD", 0.0049, "0"),
        ("JPY", 100.5, "101"),
        ("JPY", 100.49, "100"),
        ("KWD", 1.0005, "1.001"),
        ("KWD", 1.00049, "1"),
        ("TND", 0.0015, "0.002"),
        ("KRW", 2.5, "3"),
        ("EUR", 4.345, "4.35"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_minor_unit_of_the_currency(currency, price, amount):
    """ISO 4217 minor units: dollar 2, yen and won 0, dinars 3. Excel's ROUND makes 1.005 into 1.01."""
    tables = {
        "StandardCost": [made("Unit"), buy("Part", price)],
        "BOM": [line("Unit", "Part", 1)],
        "Counts": [completed("Unit", 1)],
    }
    _, result = posted(april(Currency=currency), tables)
    expected = {"Completion": {FG: Decimal(amount), MIP: -Decimal(amount)}} if Decimal(amount) else {}
    assert journal(result) == expected


def test_the_debit_of_a_flush_is_the_sum_of_its_rounded_credits():
    """Material 0.005 and conversion 0.005 round to 0.01 each; the debit is 0.02, not the rounded sum 0.01."""
    tables = {
        "StandardCost": [made("Unit", Other_conversion=0.005), buy("Part", 0.005)],
        "BOM": [line("Unit", "Part", 1)],
        "Counts": [completed("Unit", 1)],
    }
    _, result = posted(april(), tables)
    cent = Decimal("0.01")
    assert journal(result)["Completion"] == {FG: 2 * cent, MIP: -cent, CCA: -cent}


def test_many_small_amounts_are_rounded_as_the_sum_that_they_make():
    """67 counts of 3 units at 0.005 are 1.005, although float64 adds them up to a little more or less."""
    tables = {
        "StandardCost": [made("Unit"), buy("Part", 0.005)],
        "BOM": [line("Unit", "Part", 1)],
        "Counts": [count("Completed", "Unit", 3, 1 + n % 30, f"C-{n}") for n in range(67)],
    }
    _, result = posted(april(), tables)
    assert journal(result)["Completion"] == {FG: Decimal("1.01"), MIP: Decimal("-1.01")}


def test_one_entry_per_trigger_rounds_the_period_once():
    """Three products at 0.333 each: 0.999 is 1.00 in one entry, 3 x 0.33 in an entry per product."""
    products = ["A", "B", "C"]
    tables = {
        "StandardCost": [*(made(item) for item in products), buy("Part", 0.333)],
        "BOM": [line(item, "Part", 1) for item in products],
        "Counts": [completed(item, 1) for item in products],
    }
    _, at_once = posted(april(), tables)
    assert journal(at_once)["Completion"] == {FG: 1, MIP: -1}
    _, apart = posted(april(Journal_detail="One entry per product"), tables)
    assert journal(apart)["Completion"] == {FG: Decimal("0.99"), MIP: Decimal("-0.99")}


# ------------------------------------------------------------------------------------------ journal detail


def test_one_entry_per_product_names_its_product():
    """Two products of Silicon Valley Computer: each has its own purchase, completion and sale."""
    tables = silicon_valley()
    tables["StandardCost"] += [made("Server", Other_conversion=100), buy("Rack", 50)]
    tables["BOM"] += [line("Server", "Direct materials", 200), line("Server", "Rack", 1)]
    tables["Purchases"] += [
        {"Date": day(3), "Document": "P-2", "Item": "Rack", "Quantity": 10, "Actual price": 55},
    ]
    tables["Counts"] += [count("Completed", "Server", 10, 20, "C-2"), count("Sold", "Server", 4, 25, "S-2")]
    _, result = posted(april(Journal_detail="One entry per product"), tables)
    assert journal(result, "Server") == {
        "Completion": {FG: 3_500, MIP: -2_500, CCA: -1_000},
        "Sale": {COGS: 1_400, FG: -1_400},
    }
    assert journal(result, "Rack") == {"Purchase": {MIP: 500, schema.PRICE_VARIANCE: 50, AP: -550}}
    assert journal(result, "Computer") == {
        "Completion": {FG: 3_100_000, MIP: -1_900_000, CCA: -1_200_000},
        "Sale": {COGS: 3_069_000, FG: -3_069_000},
    }
    assert journal(result, "")["Conversion"] == CONVERSION


def test_purchases_of_two_accounts_are_two_entries():
    """One entry per event and account debited: materials and bought-in finished goods are rounded apart."""
    tables = {
        "StandardCost": [made("Unit"), buy("Part", 1)],
        "BOM": [line("Unit", "Part", 1)],
        "Purchases": [
            {"Date": day(3), "Document": "P-1", "Item": "Part", "Quantity": 1, "Actual price": 1.004},
            {"Date": day(4), "Document": "P-2", "Item": "Unit", "Quantity": 1, "Actual price": 1.004},
        ],
    }
    _, result = posted(april(), tables)
    entries = [entry for entry in result.entries if entry.event == "Purchase"]
    assert [[(x.role, x.minor) for x in entry.lines] for entry in entries] == [
        [(FG, 100), (AP, -100)],
        [(MIP, 100), (AP, -100)],
    ]
