"""Prices, hours, rates and costs that cannot well be right are named at their cell, and their neighbours are left in peace.

A small company: eight materials, six products of two of them each, each made for an hour or less. Everything is worked out
by hand: a month makes 100 of each product, pays the hours allowed, and buys what it uses at about standard.
"""

import datetime as dt
import statistics

import numpy as np
import pytest
from april import april, buy, completed, count, day, line, made
from hypothesis import given
from hypothesis import strategies as st
from support import Row, run

from xlbackflush import schema
from xlbackflush.engine.rules import rules
from xlbackflush.engine.rules.plausibility import figures as fig
from xlbackflush.model import words
from xlbackflush.model.arrays import median
from xlbackflush.model.finding import Finding

PRICES = (1.25, 2.4, 3.1, 4.75, 6.2, 8.05, 12.4, 0.85)
HOURS = (0.5, 0.8, 0.6, 1.0, 0.4, 0.7)
UNITS, PAY = 100, 20.0
Tables = dict[str, list[Row]]


def company() -> Tables:
    """400 h are allowed and paid, in four weeks: 8,000 of labor; variable overhead at 5 an hour, 2,000; fixed at 10, 4,000."""
    materials = [f"M{k}" for k in range(len(PRICES))]
    products = [f"P{k}" for k in range(len(HOURS))]
    rates = {"Labor_rate": PAY, "Variable_overhead_rate": 5.0, "Fixed_overhead_rate": 10.0}
    bills = [line(p, materials[(k + i) % 8], 2) for k, p in enumerate(products) for i in (0, 1)]
    return {
        "StandardCost": [
            *(buy(item, price) for item, price in zip(materials, PRICES, strict=True)),
            *(made(p, Labor_hours=hours, **rates) for p, hours in zip(products, HOURS, strict=True)),
        ],
        "BOM": bills,
        "Counts": [row for p in products for row in (completed(p, UNITS), count("Sold", p, 90, 12, "S-1"))],
        "Purchases": [
            receipt(item, f"PO-{k}{n}", n, price * (1.01, 0.99, 1.02)[n])
            for k, (item, price) in enumerate(zip(materials, PRICES, strict=True))
            for n in range(3)
        ],
        "Actuals": [
            *(cost("Labor", 2050.0 + week, day(7 * week), 100.0) for week in (1, 2, 3, 4)),
            *(cost("Variable overhead", amount, day(20)) for amount in (1230.4, 801.15)),
            *(cost("Fixed overhead", amount, day(21)) for amount in (2501.2, 1443.9)),
        ],
    }


def receipt(item: str, document: str, on: int, price: float, quantity: float = 160) -> Row:
    cells = {"Date": day(2 + on), "Document": document, "Item": item, "Quantity": quantity}
    return cells | {"Actual price": round(price, 4)}


def cost(kind: str, amount: float, on: dt.date, hours: float | None = None) -> Row:
    return {"Date": on, "Document": f"A-{amount}", "Cost type": kind, "Hours": hours, "Amount": amount}


def unlikely(tables: Tables, **settings: object) -> list[Finding]:
    """What the rules of plausibility say."""
    codes = {f"W{number:02}" for number in range(1, 40)}
    return [finding for finding in run(april(**settings), tables).findings if finding.code in codes]


def only(tables: Tables, **settings: object) -> Finding:
    [finding] = unlikely(tables, **settings)
    return finding


def named(tables: Tables, **settings: object) -> tuple[str, str, str]:
    finding = only(tables, **settings)
    return finding.severity, finding.code, finding.where


def put(tables: Tables, table: str, at: int, column: str, value: object) -> Tables:
    tables[table][at] = tables[table][at] | {column: value}
    return tables


def times(tables: Tables, table: str, at: int, column: str, factor: float) -> Tables:
    return put(tables, table, at, column, float(str(tables[table][at][column])) * factor)


def test_the_company_as_it_is_is_quiet():
    assert run(april(), company()).findings == []


# ------------------------------------------------------------------------------------------------------ prices


@given(st.integers(0, 23), st.sampled_from([10, 100, 1000, 0.1, 0.01, 0.001]), st.floats(0.92, 1.09))
def test_a_shifted_invoice_price_is_named_whatever_its_row_and_its_noise(at: int, factor: float, noise: float):
    """Up to 1.09 times ten, and down to 0.92 of a tenth: beyond the middle between ten and twelve it looks like a dozen."""
    tables = times(company(), "Purchases", at, "Actual price", factor * noise)
    finding = only(tables)
    assert (finding.code, finding.where) == ("W01", f"Purchases!E{7 + at}")
    price, right = float(str(tables["Purchases"][at]["Actual price"])), PRICES[at // 3]
    assert finding.effect == pytest.approx(abs(price - price / factor) * 160)
    assert words.price(right) in finding.what


@given(st.integers(0, 23), st.integers(15, 90))
def test_a_line_total_is_named_as_what_it_is(at: int, quantity: int):
    tables = put(company(), "Purchases", at, "Quantity", quantity)
    right = float(str(tables["Purchases"][at]["Actual price"]))
    finding = only(put(tables, "Purchases", at, "Actual price", round(right * quantity, 2)))
    assert (finding.code, finding.where) == ("W01", f"Purchases!E{7 + at}")
    assert f"the line total: {right * quantity:,.2f} / {quantity} pcs = " in finding.what


@given(st.integers(0, 7), st.sampled_from([10, 100, 0.1, 0.01]))
def test_a_standard_that_its_receipts_contradict_is_what_is_wrong(item: int, factor: float):
    finding = only(times(company(), "StandardCost", item, "Material price", factor))
    assert (finding.code, finding.where) == ("W05", f"Standard Cost!E{7 + item}")
    assert "its 3 receipts cost about" in finding.what


def test_a_standard_that_is_out_of_date_is_said_without_a_slip():
    finding = only(times(company(), "StandardCost", 4, "Material price", 0.7))
    assert (finding.code, finding.where) == ("W09", "Standard Cost!E11")
    assert finding.what == (
        "The standard price of M4 is 4.34; its 3 receipts cost about 6.26 (6.14 to 6.32). The standard is 31 % below that."
    )


@pytest.mark.parametrize("share", [0.76, 0.9, 1.1, 1.23])
def test_a_price_within_the_tolerance_is_quiet(share):
    assert unlikely(times(company(), "Purchases", 6, "Actual price", share)) == []


def test_the_tolerance_is_that_of_setup():
    """M2 at 4.20 for 3.10: 36 % above."""
    tables = put(company(), "Purchases", 6, "Actual price", 4.2)
    assert only(tables).what.startswith("M2 at 4.20 is 35 % above the standard of 3.10")
    assert unlikely(tables, **{"Price_tolerance_%": 0.4}) == []


def test_prices_in_cents_are_one_finding():
    tables = company()
    for at in range(24):
        times(tables, "Purchases", at, "Actual price", 100)
    finding = only(tables)
    assert (finding.code, finding.where) == ("W03", "Purchases!E7")
    assert finding.what.startswith("All 24 invoice prices are about 100 times the standard")
    assert "Purchases!E7, Purchases!E8, Purchases!E9 and 21 more" in finding.what


def test_prices_of_two_items_exchanged_are_one_finding():
    """The last receipt of M3 and the first one of M4 stand below each other."""
    tables = put(put(company(), "Purchases", 11, "Actual price", 12.5), "Purchases", 18, "Actual price", 4.8)
    tables["Purchases"][11:13] = [tables["Purchases"][11], tables["Purchases"].pop(18)]
    assert {finding.code for finding in unlikely(tables)} == {"W06"}


def test_standard_prices_exchanged_are_one_finding():
    tables = put(put(company(), "StandardCost", 5, "Material price", 12.4), "StandardCost", 6, "Material price", 8.05)
    tables = put(put(tables, "StandardCost", 6, "Material price", 0.85), "StandardCost", 7, "Material price", 12.4)
    tables = put(tables, "StandardCost", 5, "Material price", 8.05)
    finding = only(tables)
    assert (finding.code, finding.where) == ("W06", "Standard Cost!E13")
    assert "(Standard Cost!E14), look exchanged" in finding.what


def test_a_return_at_the_price_of_its_receipt_is_quiet_and_another_price_is_not():
    back = receipt("M5", "PO-50", 5, 8.05 * 1.01, -20) | {"Note": "returned, PO-50"}
    tables = company()
    tables["Purchases"].append(back)
    assert unlikely(tables) == []
    assert only(put(tables, "Purchases", 24, "Actual price", 80.5)).where == "Purchases!E31"


def test_labor_below_zero_after_a_correction_is_no_reason_to_stop():
    """600 paid for 20 h, and 5,000 taken back: what is left of labor is negative."""
    tables = company()
    paid = {"Date": day(30), "Cost type": schema.LABOR}
    tables["Actuals"] = [
        paid | {"Document": "PR-1", "Hours": 20, "Amount": 2000},
        paid | {"Document": "PR-2", "Hours": 20, "Amount": -5000},
    ]
    assert run(april(), tables).period.conversion.actual[schema.LABOR] == -300_000


def test_salvage_up_to_cost_is_quiet():
    scrap = {
        "Date": day(9),
        "Document": "X",
        "Item": "M6",
        "Quantity": 5,
        "Stage": schema.COMPONENT,
        "Kind": schema.NORMAL,
    }
    tables = company() | {"Scrap": [scrap | {"Salvage value": 61.9}]}
    assert unlikely(tables) == []
    finding = only(put(tables, "Scrap", 0, "Salvage value", 619.0))
    assert (finding.code, finding.where, finding.effect) == ("W07", "Scrap!G7", 619.0)
    assert finding.what.startswith("Salvage of 619.00 is more than the 5 pcs of M6 cost: 62.00 at standard.")
    assert "61.90 would be possible" in finding.what and "about 61.90" in finding.fix


# -------------------------------------------------------------------------------------------- hours and rates


@given(st.integers(0, 5), st.sampled_from([60, 10, 1000]))
def test_labor_hours_of_an_item_that_no_payroll_paid(item: int, factor: float):
    finding = only(times(company(), "StandardCost", 8 + item, "Labor hours", factor))
    assert (finding.severity, finding.code, finding.where) == (schema.WARNING, "W20", f"Standard Cost!F{15 + item}")
    assert finding.effect == pytest.approx(HOURS[item] * (factor - 1) * 35 * UNITS)
    assert ("looks like minutes instead of hours" in finding.what) == (factor == 60)


@given(
    st.integers(0, 5),
    st.sampled_from([("Labor rate", "G"), ("Variable overhead rate", "H"), ("Fixed overhead rate", "I")]),
)
def test_a_rate_unlike_the_others_and_what_was_incurred(item: int, column: tuple[str, str]):
    finding = only(times(company(), "StandardCost", 8 + item, column[0], 10))
    assert (finding.code, finding.where) == ("W21", f"Standard Cost!{column[1]}{15 + item}")


@pytest.mark.parametrize(("factor", "quiet"), [(2, False), (0.5, False), (1.2, True)])
def test_a_rate_that_no_other_item_has(factor, quiet):
    """Five others have 5.00."""
    tables = times(company(), "StandardCost", 11, "Variable overhead rate", factor)
    if quiet:
        assert unlikely(tables) == []
        return
    finding = only(tables)
    assert (finding.code, finding.where) == ("W21", "Standard Cost!H18")
    assert finding.what == f"Variable overhead rate of P3 is {5 * factor:.2f}; the 5 other items have 5.00."


def test_a_column_of_minutes_is_one_finding():
    tables = company()
    for item in range(6):
        times(tables, "StandardCost", 8 + item, "Labor hours", 60)
    finding = only(tables)
    assert (finding.code, finding.where) == ("W20", "Standard Cost!F15")
    assert finding.what.startswith(
        "Labor hours of all 6 items (Standard Cost!F15, Standard Cost!F16, Standard Cost!F17 and 3 more)"
    )
    assert (
        "look like minutes instead of hours. The standards now allow 24,000 h and would then allow 400 h"
        in finding.what
    )


@given(
    st.integers(0, 3), st.sampled_from([("Hours", "D", "W23"), ("Amount", "E", "W24")]), st.sampled_from([10, 100, 0.1])
)
def test_a_payroll_row_is_named_in_the_column_that_is_wrong(week: int, column: tuple[str, str, str], factor: float):
    finding = only(times(company(), "Actuals", week, column[0], factor))
    assert (finding.code, finding.where) == (column[2], f"Actuals!{column[1]}{7 + week}")


def test_an_amount_with_fractions_of_a_cent_was_divided():
    """Fixed overhead of 4,000 is allowed; 3,600 and 400 were incurred, of which 0.4003 was typed in thousands."""
    tables = company()
    tables["Actuals"][6:] = [cost("Fixed overhead", amount, day(21)) for amount in (2200.5, 1400.2, 0.4003)]
    finding = only(tables)
    assert (finding.code, finding.where) == ("W24", "Actuals!E15")
    assert finding.effect == pytest.approx(400.3 - 0.4003)
    tables["Actuals"][8]["Amount"] = 0.4
    assert unlikely(tables) == []


def test_hours_and_amount_exchanged():
    tables = put(put(company(), "Actuals", 1, "Hours", 2052.0), "Actuals", 1, "Amount", 100.0)
    finding = only(tables)
    assert (finding.code, finding.where) == ("W23", "Actuals!D8")
    assert "The two look exchanged: 2,052.00 for 100 h is 20.52 an hour" in finding.what


def test_a_cost_type_that_was_forgotten():
    """Also where others are entered as Conversion: the overhead is not in there."""
    tables = company()
    del tables["Actuals"][4:6]
    finding = only(tables)
    assert (finding.code, finding.where, finding.effect) == ("W25", "Actuals", 2000.0)
    assert (
        finding.what
        == "Variable overhead of 2,000.00 was allocated to what was made, and sheet Actuals has no row of Variable overhead."
    )
    for item in range(6):
        put(tables, "StandardCost", 8 + item, "Other conversion", 0.3)
    tables["Actuals"].append(cost("Conversion", 181.0, day(22)))
    assert named(tables)[1:] == ("W25", "Actuals")


def test_rows_that_may_be_of_a_forgotten_cost_type_are_listed_the_likeliest_by_their_notes_first():
    """Fixed overhead allowed is 4,000, incurred 1,000.12 + 903.11 + 840.50 + 701.17 + 500.20 = 3,945.10."""
    tables, variable, fixed = company(), "Variable overhead", "Fixed overhead"
    notes = [
        ("Rent", 1000.12),
        ("Depreciation", 903.11),
        ("", 840.5),
        ("Insurance", 701.17),
        ("Hall supervisor", 500.2),
    ]
    tables["Actuals"][4] |= {"Note": "Electricity"}
    tables["Actuals"][6:] = [cost(variable, amount, day(21)) | {"Note": note} for note, amount in notes]
    finding = only(tables)
    assert (finding.code, finding.where) == ("W25", "Actuals!C13")
    assert finding.fix == (
        "Correct Cost type to Fixed overhead in some of these rows, not in all: Actuals!C13 (Rent: 1,000.12), "
        "Actuals!C14 (Depreciation: 903.11), Actuals!C16 (Insurance: 701.17), Actuals!C17 (Hall supervisor: 500.20), "
        "Actuals!C11 (Electricity: 1,230.40), Actuals!C15 (A-840.5: 840.50) and Actuals!C12 (A-801.15: 801.15). By their "
        "notes the first 4 are likely, 3,104.60 together. Do not enter the costs twice."
    )
    # whoever changes them all is sent to those that were right, not back to where he came from
    tables["Actuals"][4:] = [row | {"Cost type": fixed} for row in tables["Actuals"][4:]]
    finding = only(tables)
    assert (finding.code, finding.where) == ("W25", "Actuals!C11")
    assert (
        "to Variable overhead in some of these rows, not in all: Actuals!C11 (Electricity: 1,230.40), " in finding.fix
    )
    tables["Actuals"][4:6] = [row | {"Cost type": variable} for row in tables["Actuals"][4:6]]
    assert unlikely(tables) == []


def test_pay_per_hour_is_compared_with_that_of_the_same_crew():
    """Pay of 2,053 for 100 h, typed as 20,530; the other row with the note has 2,051 for 100 h, the others 10 % more."""
    tables = company()
    for at, (note, amount) in enumerate(
        (("Boards", 2051.0), ("Motors", 2256.0), ("Boards", 20530.0), ("Motors", 2258.0))
    ):
        tables["Actuals"][at] |= {"Note": note, "Amount": amount}
    finding = only(tables)
    assert (finding.code, finding.where) == ("W24", "Actuals!E9")
    assert "2,053.00 would be 20.53 an hour, as in the other rows with the same note (about 20.51)." in finding.what


@pytest.mark.parametrize(("currency", "cents"), [("USD", True), ("JPY", False), ("KWD", False)])
def test_cents_are_named_where_the_currency_has_them(currency: str, cents: bool):
    finding = only(times(company(), "Purchases", 0, "Actual price", 100), Currency=currency)
    looks = (
        "a price per 100, a price in cents, or a lost decimal point"
        if cents
        else "a price per 100, or a lost decimal point"
    )
    assert f"looks like {looks}: " in finding.what
    finding = only(times(company(), "Actuals", 6, "Amount", 100), Currency=currency)
    looks = (
        "an amount in cents, or a decimal point shifted by two digits"
        if cents
        else "a decimal point shifted by two digits"
    )
    assert f"looks like {looks}: " in finding.what


def test_conversion_that_holds_the_overhead_is_quiet():
    tables = company()
    tables["Actuals"][4:] = [cost("Conversion", amount, day(22)) for amount in (3501.2, 2399.1)]
    assert unlikely(tables) == []


def test_conversion_expensed_is_compared_with_the_standards_of_what_was_made():
    """Nothing is allocated; hours and amounts tell the same."""
    expensed = {"Conversion_costs": schema.EXPENSE_THEN_ADJUST}
    tables = company() | {
        "InventoryCount": [{"Role": role, "Counted amount": 0} for role in (schema.MIP, schema.FINISHED_GOODS)]
    }
    assert unlikely(tables, **expensed) == []
    assert named(times(tables, "Actuals", 2, "Hours", 10), **expensed)[1:] == ("W23", "Actuals!D9")
    times(tables, "Actuals", 2, "Hours", 0.1)
    del tables["Actuals"][4:6]
    finding = only(tables, **expensed)
    assert finding.what.startswith(
        "Variable overhead of 2,000.00 is in the standards of what was made, and sheet Actuals has no row"
    )


def test_no_cost_at_all_is_one_finding():
    tables = company() | {"Actuals": []}
    finding = only(tables)
    assert (finding.code, finding.where, finding.effect) == ("W25", "Actuals", 14000.0)
    assert finding.what == "Conversion of 14,000.00 was allocated to what was made, and sheet Actuals is empty."


def test_overhead_under_labor_is_named_as_overhead():
    finding = only(put(company(), "Actuals", 6, "Cost type", "Labor"))
    assert (finding.code, finding.where) == ("W30", "Actuals!C13")
    assert "looks like Fixed overhead" in finding.what


@pytest.mark.parametrize(
    ("factor", "says"), [(1.2, None), (0.85, None), (1.6, "under-absorbed"), (0.6, "over-absorbed")]
)
def test_absorption_is_a_finding_beyond_its_tolerance(factor, says):
    """4,000 of fixed overhead allowed; 3,945.10 incurred x factor. Of 6,312.16, the 2,310.24 might be 231.02: 4,232.94 fits."""
    tables = times(times(company(), "Actuals", 6, "Amount", factor), "Actuals", 7, "Amount", factor)
    findings = unlikely(tables)
    assert [(each.code, each.where) for each in findings] == (
        [("W28", f"Actuals!E{13 + (factor > 1)}")] if says else []
    )
    if says:
        assert f"Fixed overhead is {says} by {abs(4000 - 3945.1 * factor):,.2f}" in findings[0].what
    assert unlikely(tables, **{"Absorption_tolerance_%": 0.75}) == []


def test_pay_that_a_larger_correction_takes_back_is_no_fault():
    """Four weeks at 28.70 an hour, and a correction that leaves less than nothing of the pay."""
    tables = company()
    for week in range(4):
        times(tables, "Actuals", week, "Amount", 1.4)
    tables["Actuals"].append(cost("Labor", -12_000.0, day(25)))
    assert "W27" in {finding.code for finding in unlikely(tables)}


def test_pay_that_has_left_the_standard():
    tables = company()
    for week in range(4):
        times(tables, "Actuals", week, "Amount", 1.4)
    [pay] = [finding for finding in unlikely(tables) if finding.code != "W36"]
    assert (pay.code, pay.where) == ("W27", "Standard Cost!G18")  # P3, which takes most of the labor
    assert pay.what == "Pay was 28.73 an hour on average, 44 % above the standard of 20.00."


def test_a_payroll_entered_twice_and_a_week_without():
    tables = company()
    tables["Actuals"].insert(2, tables["Actuals"][1] | {"Document": "PR-9"})
    assert named(tables)[1:] == ("W31", "Actuals!A9")
    missing = company()
    del missing["Actuals"][1]
    finding = only(missing)
    assert (finding.code, finding.where) == ("W32", "Actuals!A8")
    assert finding.what.startswith("No payroll from 2026-04-08 to 2026-04-21; the others are about 7 days apart")


# ----------------------------------------------------------------------------------------------------- policy


def test_materiality_asks_for_proration_and_setup_says_otherwise():
    """Every price 20 % above standard: 160 x 3 x 39.00 x 0.2 = 3,744 of variance, part of it in stock."""
    tables = company()
    for at in range(24):
        times(tables, "Purchases", at, "Actual price", 1.2)
    finding = only(tables)
    assert (finding.code, finding.where) == (
        "W36",
        f"Setup!B{7 + [s.name for s in schema.SETTINGS].index('Variance disposition')}",
    )
    assert unlikely(tables, Variance_disposition=schema.PRORATE) == []


def test_a_mistake_elsewhere_is_not_told_twice():
    """A price x 100 makes the variances material, too: one cause, one finding."""
    assert [f.code for f in unlikely(times(company(), "Purchases", 0, "Actual price", 100))] == ["W01"]
    assert set(rules._CONSEQUENCES) == {"W28", "W36", "W38"}


def test_a_long_cycle_without_units_in_process_has_its_price():
    """Materials used 100 x 2 x 2 x ... at standard, and half of 14,000 of conversion, in 30 days: 12 days of that."""
    tables = company()
    use = 2 * UNITS * sum(PRICES[(k + i) % 8] for k in range(6) for i in (0, 1))
    finding = only(tables, Cycle_time_days=12)
    assert (finding.code, finding.severity) == ("W38", schema.WARNING)
    assert finding.effect == pytest.approx((use + 7000) / 30 * 12)
    assert finding.what.startswith("A cycle time of 12 days is 40 % of the period; up to 10 % suits backflush costing.")
    assert unlikely(tables, Cycle_time_days=5) == []


# --------------------------------------------------------------------------------------------- figures in words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (fig.times(10.03), "10 times"),
        (fig.times(0.1), "1/10 of"),
        (fig.times(1.3), "30 % above"),
        (fig.times(0.8), "20 % below"),
    ],
)
def test_figures_are_written_as_people_write_them(words, text):
    assert words == text


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_the_middle_is_the_median(values):
    assert median(np.array(values)) == pytest.approx(float(np.median(values)))


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, 1.0, 5.0], [1.0, 2.0, 4.0, 8.0], [3.0, 3.0, 3.0, 7.0, 9.0]])
def test_the_middle_without_one_is_that_of_the_others(values):
    """The standard library's median of the values that are left."""
    for k, value in enumerate(values):
        assert fig.middle_without(np.array(values), value) == statistics.median(values[:k] + values[k + 1 :])
