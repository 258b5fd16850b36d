"""What a month lacks, and stock that cannot be: findings in words and money, and variances that say no more than is known.

One lamp takes 2 kg of brass at 4 and 1 h at 20: 8 of material and 20 of conversion. 100 are made, 60 sold; 110 h are paid, in
two rows: 60 h at 1,260 and 50 h at 1,050, both 21 an hour.
"""

import pytest
from april import april, buy, completed, count, day, line, made
from support import Row, journal, ledger, money, posted

from xlbackflush import schema
from xlbackflush.schema import CS, PCS, PS

RATE, EFFICIENCY = schema.LABOR_RATE, schema.LABOR_EFFICIENCY


def month(**tables: list[Row]) -> dict[str, list[Row]]:
    return {
        "StandardCost": [buy("Brass", 4) | {"UoM": "kg"}, made("Lamp", UoM="each", Labor_hours=1, Labor_rate=20)],
        "BOM": [line("Lamp", "Brass", 2)],
        "Purchases": [{"Date": day(2), "Document": "PO-1", "Item": "Brass", "Quantity": 300, "Actual price": 4}],
        "Actuals": [pay(60, 1260), pay(50, 1050)],
        "Counts": [completed("Lamp", 100), count(schema.SOLD, "Lamp", 60, 20, "S-1")],
        "Stock": [{"Item": "Brass", "Counted qty": 100}, {"Item": "Lamp", "Counted qty": 40}],
    } | tables


def pay(hours: float | None, amount: float, cost_type: str = schema.LABOR) -> Row:
    return {"Date": day(30), "Document": "PR-1", "Cost type": cost_type, "Hours": hours, "Amount": amount}


def labor(result) -> dict[tuple[str, str], float]:
    """Rows of labor and variable overhead: name, subject -> amount."""
    names = (RATE, EFFICIENCY, schema.VARIABLE_SPENDING, schema.VARIABLE_EFFICIENCY)
    return {(v.name, v.subject): float(money(v.amount, result.places)) for v in result.variances if v.name in names}


def others(outcome):
    """Findings but for the one that this company should prorate: 20 of 28 in each lamp is conversion."""
    return [f for f in outcome.findings if f.code != "W36"]


def findings(settings, tables, *codes: str):
    return [f for f in posted(settings, tables)[0].findings if f.code in codes]


# --------------------------------------------------------------------------------------------------- hours


def test_with_all_hours_rate_and_efficiency_are_told_apart():
    """2,310 paid for 110 h: 110 x (21 - 20) = 110 and 10 h x 20 = 200."""
    outcome, result = posted(april(), month())
    assert labor(result) == {(RATE, ""): 110, (EFFICIENCY, ""): 200}
    assert others(outcome) == []


@pytest.mark.parametrize("hours", [None, 0])
def test_pay_without_hours_leaves_one_figure(hours):
    """2,310 paid, 2,000 allowed: 310, of which nobody can say what is rate. 1,050 at 21 an hour are 50 h."""
    tables = month(Actuals=[pay(60, 1260), pay(hours, 1050)])
    _, result = posted(april(), tables)
    assert labor(result) == {(RATE, "Labor rate and efficiency"): 310}
    row = next(v for v in result.variances if v.name == RATE)
    assert row.explanation == (
        "2,000.00 allowed, 2,310.00 incurred. Some labor rows of Actuals have no hours or no pay: "
        "rate and efficiency cannot be told apart."
    )
    (finding,) = findings(april(), tables, "T08")
    assert (finding.severity, finding.where) == (schema.WARNING, "Actuals!D8")
    assert finding.effect is None  # hours tell rate and efficiency apart; no balance changes
    assert "1,050.00 of labor has no hours. At 21.00 an hour, as in the other rows, that is about 50 h." in finding.what


def test_hours_that_are_missing_follow_from_the_pay_of_the_same_crew():
    """Two crews by their notes: boards at 1,260 / 60 h = 21, packing at 800 / 50 h = 16. 1,050 of boards are 50 h, not 56."""
    rows = [
        pay(60, 1260) | {"Note": "Boards"},
        pay(50, 800) | {"Note": "Packing"},
        pay(None, 1050) | {"Note": "Boards"},
    ]
    (finding,) = findings(april(), month(Actuals=rows), "T08")
    assert finding.where == "Actuals!D9"
    assert "At 21.00 an hour, as in the other rows with the same note, that is about 50 h." in finding.what
    rows[2]["Note"] = "Moulding"  # no other row is of this crew: 2,060 / 110 h
    (finding,) = findings(april(), month(Actuals=rows), "T08")
    assert "At 18.73 an hour, as in the other rows, that is about 56 h." in finding.what


def test_variable_overhead_by_the_hour_is_not_split_either():
    """110 h allowed none of 300 paid at a standard of 2 an hour: 100 h x 2 = 200 allowed, 100 over."""
    cost = [buy("Brass", 4), made("Lamp", Labor_hours=1, Labor_rate=20, Variable_overhead_rate=2)]
    rows = [pay(60, 1260), pay(None, 1050), pay(None, 300, schema.VARIABLE_OVERHEAD)]
    _, result = posted(april(), month(StandardCost=cost, Actuals=rows))
    assert labor(result)[schema.VARIABLE_SPENDING, "Variable overhead spending and efficiency"] == 100
    assert (schema.VARIABLE_EFFICIENCY, "") not in labor(result)


def test_hours_without_pay_leave_one_figure():
    """Of 50 h no amount is given: 50 x 21 = 1,050 are missing. 1,260 against 2,000 allowed: 740 F."""
    tables = month(Actuals=[pay(60, 1260), pay(50, 0)])
    _, result = posted(april(), tables)
    assert labor(result) == {(RATE, "Labor rate and efficiency"): -740}
    (finding,) = findings(april(), tables, "T09")
    assert (finding.severity, finding.where, finding.effect) == (schema.WARNING, "Actuals!E8", 1050)
    assert finding.what.startswith("50 h were paid, and no amount is given. At 21.00 an hour")


def test_a_trifle_without_hours_is_a_matter_of_rate():
    """A bonus of 20 beside 2,310, under 1 %: rate 110 + 20, efficiency 200. A note, as 20 are not material."""
    tables = month(Actuals=[pay(60, 1260), pay(50, 1050), pay(None, 20)])
    _, result = posted(april(), tables)
    assert labor(result) == {(RATE, ""): 130, (EFFICIENCY, ""): 200}
    (finding,) = findings(april(), tables, "T08")
    assert (finding.severity, finding.where) == (schema.NOTE, "Actuals!D9")
    assert "one figure" not in finding.what


def test_time_sheets_and_payroll_may_be_rows_of_their_own():
    """60 h and 50 h, and 2,310 of pay: nothing is missing."""
    tables = month(Actuals=[pay(60, 0), pay(50, 0) | {"Document": "PR-2"}, pay(None, 2310)])
    outcome, result = posted(april(), tables)
    assert labor(result) == {(RATE, ""): 110, (EFFICIENCY, ""): 200}
    assert others(outcome) == []


def test_a_company_that_enters_no_hours_is_told_once_in_a_note():
    rows = [pay(None, 500) for _ in range(4)]
    (finding,) = findings(april(), month(Actuals=rows), "T08")
    assert (finding.severity, finding.where) == (schema.NOTE, "Actuals!D7")
    assert "2,000.00 of labor has no hours (4 cells: Actuals!D7, Actuals!D8, Actuals!D9, ...)." in finding.what


@pytest.mark.parametrize(
    "cost", [made("Lamp", Other_conversion=20), made("Lamp", Other_conversion=20) | {"Labor rate": 20}]
)
def test_where_the_standards_allow_no_hours_none_are_asked_for(cost):
    tables = month(StandardCost=[buy("Brass", 4), cost], Actuals=[pay(None, 2100)])
    assert findings(april(), tables, "T08") == []


def test_where_conversion_is_expensed_hours_are_of_no_use():
    chosen = april(Conversion_costs=schema.EXPENSE_THEN_ADJUST)
    assert findings(chosen, month(Actuals=[pay(None, 2100)]), "T08") == []


# --------------------------------------------------------------------------------------------------- bills


def test_a_made_item_without_a_bill_relieves_nothing_and_says_about_how_much():
    """Lamps hold 8 of material for 20 of conversion: 40 %. 50 stands with 30 of conversion each lack 50 x 12 = 600.

    150 kg of brass went into the stands, and nothing says so: all of it is usage of material.
    """
    cost = [*month()["StandardCost"], made("Stand", UoM="each", Other_conversion=30)]
    tables = month(
        StandardCost=cost,
        Counts=[*month()["Counts"], completed("Stand", 50)],
        Purchases=[{**month()["Purchases"][0], "Quantity": 450}],
    )
    outcome, result = posted(april(), tables)
    assert ledger(result)[schema.MIP] == 100 * 4
    (finding,) = [f for f in outcome.findings if f.code == "K07"]
    assert (finding.severity, finding.where, finding.effect) == (schema.WARNING, "Standard Cost!A9", 600)
    assert finding.what == (
        "Stand has no bill of materials, and 50 pcs were made, used or on stock: no material is relieved for them. "
        "As in other made items, that would be about 600.00."
    )
    usage = next(v for v in result.variances if v.name == schema.MATERIAL_USAGE)
    assert money(usage.amount, 2) == 150 * 4
    assert "Part of it may be material of Stand, which has no bill." in usage.explanation


def test_a_made_item_with_nothing_at_all_is_one_finding():
    """Without conversion either, half of the lamps' 8 is as good a guess as any: 8 each."""
    tables = month(
        StandardCost=[*month()["StandardCost"], made("Stand")], Counts=[*month()["Counts"], completed("Stand", 50)]
    )
    found = [f for f in posted(april(), tables)[0].findings if f.where == "Standard Cost!A9"]
    assert [(f.code, f.effect) for f in found] == [("K07", 400)]


def test_where_nothing_has_a_bill_the_materials_left_are_what_is_at_stake():
    """No line at all: 300 kg at 4 stay in the books."""
    (finding,) = findings(april(), month(BOM=[], Stock=[]), "K07")
    assert (finding.where, finding.effect) == ("Standard Cost!A8", 1200)


def test_a_subassembly_without_a_bill_is_named_where_its_parent_uses_it():
    """Under Purchase and sale nobody counts bases: 60 lamps sold took 60, without material."""
    cost = [buy("Brass", 4), made("Lamp", Other_conversion=20), made("Base", "Subassembly", Other_conversion=5)]
    tables = month(
        StandardCost=cost,
        BOM=[line("Lamp", "Brass", 2), line("Lamp", "Base", 1)],
        Counts=[count(schema.SOLD, "Lamp", 60, 20, "S-1")],
        Stock=[],
    )
    (finding,) = findings(april(Trigger_points=PS), tables, "K07")
    assert finding.where == "Standard Cost!A9"
    assert "60 pcs" in finding.what


def test_what_is_inside_units_on_stock_needs_a_bill_too():
    """20 lamps on stock hold 20 bases, which nobody made this month. Lamps hold 8 of material for 25 of conversion."""
    cost = [buy("Brass", 4), made("Lamp", Other_conversion=20), made("Base", "Subassembly", Other_conversion=5)]
    tables = month(
        StandardCost=cost,
        BOM=[line("Lamp", "Brass", 2), line("Lamp", "Base", 1)],
        Counts=[],
        Actuals=[],
        Stock=[{"Item": "Lamp", "Opening qty": 20, "Counted qty": 20}],
    )
    (finding,) = findings(april(), tables, "K07")
    assert finding.where == "Standard Cost!A9"
    assert "20 pcs" in finding.what
    assert finding.effect == pytest.approx(20 * 5 * 8 / 25)


def test_an_item_that_nobody_made_or_has_may_wait_for_its_bill():
    tables = month(StandardCost=[*month()["StandardCost"], made("Stand", Other_conversion=3)])
    assert others(posted(april(), tables)[0]) == []


# --------------------------------------------------------------------------------------------------- stock


def test_a_phantom_on_stock_is_left_out_and_named():
    """25 kits of 2 kg of brass at 4: 200."""
    tables = month(
        StandardCost=[*month()["StandardCost"], made("Kit", "Phantom")],
        BOM=[line("Lamp", "Kit", 1), line("Kit", "Brass", 2)],
        Stock=[*month()["Stock"], {"Item": "Kit", "Opening qty": 25, "Counted qty": 5}],
    )
    outcome, result = posted(april(), tables)
    assert schema.MIP not in ledger(result, "opening")
    (finding,) = [f for f in outcome.findings if f.code == "P12"]
    assert (finding.severity, finding.where, finding.effect) == (schema.WARNING, "Stock!A9", 200)


def test_a_phantom_in_the_place_of_a_stocked_item_is_told_with_that_item():
    """400 kg are used and 300 came in: without the row of brass the book is 100 short, and that is no second finding."""
    tables = month(
        StandardCost=[*month()["StandardCost"], made("Kit", "Phantom")],
        BOM=[line("Lamp", "Kit", 2), line("Kit", "Brass", 2)],
        Stock=[{"Item": "Kit", "Opening qty": 150, "Counted qty": 50}, {"Item": "Lamp", "Counted qty": 40}],
    )
    (finding,) = findings(april(), tables, "P12", "Q01", "Q02")
    assert (finding.code, finding.where) == ("P12", "Stock!A7")
    assert "Brass, which moved, has no row on Stock." in finding.what
    assert finding.fix.startswith("If Brass was meant, correct the code;")


@pytest.mark.parametrize(("cells", "code", "where", "effect"), [
    ({"Opening qty": -70, "Counted qty": 100}, "P13", "Stock!B7", 560),  # -70 where 70 was meant: 140 kg at 4
    ({"Opening qty": 0, "Counted qty": -100}, "P14", "Stock!C7", 800),
])  # fmt: skip
def test_stock_below_zero_looks_like_a_wrong_sign(cells, code, where, effect):
    tables = month(Stock=[{"Item": "Brass", **cells}, {"Item": "Lamp", "Counted qty": 40}])
    (finding,) = findings(april(), tables, "P13", "P14")
    assert (finding.code, finding.severity, finding.where, finding.effect) == (code, schema.WARNING, where, effect)
    meant = next(-value for value in cells.values() if value < 0)
    assert finding.fix.startswith(f"Type {meant}, or ")


def test_an_opening_below_zero_is_the_cause_of_the_shortage_that_follows():
    """-250 kg opening, 300 bought, 200 used: 150 short. With 250 kg there would be 350, so nothing else is wrong."""
    stock: list[Row] = [{"Item": "Brass", "Opening qty": -250}]
    assert [f.where for f in findings(april(), month(Stock=stock), "P13", "Q01", "Q02")] == ["Stock!B7"]


def test_an_opening_shortage_that_was_carried_over_is_worth_itself():
    """Last period closed 70 kg short: 280, and 280 stand on Opening."""
    stock: list[Row] = [{"Item": "Brass", "Opening qty": -70}]
    opening: list[Row] = [{"Role": schema.MIP, "Closing balance": -280}]
    (finding,) = findings(april(), month(Stock=stock, Opening=opening), "P13")
    assert finding.effect == 280
    assert "sign" not in finding.what


def test_purchases_that_are_not_journalised_are_said_once():
    """300 kg invoiced at 4.10: 1,230. 200 kg relieved at 4: 800."""
    tables = month(Purchases=[{**month()["Purchases"][0], "Actual price": 4.1}], Stock=[])
    (finding,) = findings(april(Trigger_points=CS), tables, "T10")
    assert (finding.severity, finding.where, finding.effect) == (schema.NOTE, "Setup!B11", pytest.approx(430))
    assert "credited 800.00 at standard as goods are completed; invoices came to 1,230.00." in finding.what
    for points in (PCS, PS):
        assert findings(april(Trigger_points=points), tables, "T10") == []


# ------------------------------------------------------------------------------- the count relieves, at the sale


def test_made_items_not_yet_sold_keep_their_material_where_the_count_relieves():
    """Purchase and sale: 300 kg in, 100 kg and 40 lamps counted: 400 + 40 x 8 = 720 are left, 480 were sold.

    60 lamps allocate 1,200 of 2,310 paid; 800 of the rest wait for 40 lamps.
    """
    chosen = april(Trigger_points=PS, Relief_basis=schema.PHYSICAL_COUNT)
    _, result = posted(chosen, month())
    assert journal(result)[schema.SALE] == {schema.COGS: 1680, schema.INVENTORY_CONTROL: -480, schema.CCA: -1200}
    assert ledger(result)[schema.INVENTORY_CONTROL] == 720
    unsold = next(v for v in result.variances if v.name == schema.UNSOLD_CONVERSION)
    assert money(unsold.amount, 2) == 800


def test_what_the_count_misses_of_made_items_was_sold():
    """37 lamps counted and 5 at the start: 400 + 37 x 8 = 696 left of 1,200 + 40, so 544 went."""
    stock = [{"Item": "Brass", "Counted qty": 100}, {"Item": "Lamp", "Opening qty": 5, "Counted qty": 37}]
    chosen = april(Trigger_points=PS, Relief_basis=schema.PHYSICAL_COUNT)
    _, result = posted(chosen, month(Stock=stock))
    assert ledger(result, "opening")[schema.INVENTORY_CONTROL] == 40
    assert journal(result)[schema.SALE][schema.INVENTORY_CONTROL] == -544
    assert ledger(result)[schema.INVENTORY_CONTROL] == 696


@pytest.mark.parametrize(("points", "role", "left"), [
    (PS, schema.INVENTORY_CONTROL, 400 + 320 + 800),
    (schema.S, schema.FINISHED_GOODS, 320 + 800),
])  # fmt: skip
def test_conversion_of_counted_units_is_put_back_where_it_was_expensed(points, role, left):
    """40 lamps hold 320 of material and 800 of conversion; with the sale alone the account opens and closes as counted."""
    chosen = april(
        Trigger_points=points, Relief_basis=schema.PHYSICAL_COUNT, Conversion_costs=schema.EXPENSE_THEN_ADJUST
    )
    _, result = posted(chosen, month())
    assert ledger(result)[role] == left
    inventories = sum(ledger(result).get(each, 0) for each in schema.STOCK_ROLES)
    assert inventories == 400 + 320 + 800
    assert ledger(result)[schema.COGS] == 1200 + 2310 - inventories


def test_made_items_that_nobody_counted_are_taken_as_sold_and_named():
    """40 lamps of 8 of material each: 320."""
    chosen = april(Trigger_points=PS, Relief_basis=schema.PHYSICAL_COUNT)
    tables = month(Stock=[{"Item": "Brass", "Counted qty": 100}])
    _, result = posted(chosen, tables)
    assert ledger(result)[schema.INVENTORY_CONTROL] == 400
    (finding,) = findings(chosen, tables, "P11")
    assert (finding.severity, finding.where, finding.effect) == (schema.WARNING, "Standard Cost!A8", 320)
