"""What variances, tie-out and checks say in words, with the figures of the books; and checks of what does not hold."""

from dataclasses import replace

import numpy as np
import pytest
from april import april, buy, completed, day, line, made
from plant import RECORDED, plant
from support import Row, posted
from test_closing_textbooks import BY_COUNT, ice_cream, incurred
from test_textbooks import silicon_valley

from xlbackflush import schema
from xlbackflush.engine.measures import checks
from xlbackflush.engine.measures.checks import Check
from xlbackflush.engine.period import Period
from xlbackflush.engine.posting.flush import Ledger, ledger
from xlbackflush.model.journal import PostedEntry

SHARES = "; shares of prorated variances and true-ups beside it."
AT_STANDARD = "Ending stock at the standard cost of period end"


def explained(result: Period) -> dict[str, str]:
    """Variance -> its explanation, of those by item the last."""
    return {row.name: row.explanation for row in result.variances}


def test_the_words_of_the_variances_of_ice_cream():
    """The figures of `test_ice_cream_splits_into_the_variances_of_the_book`; 100,000 / 18,900 h is 5.2910."""
    _, result = posted(april(Budgeted_fixed_overhead=140_280), ice_cream())
    hours = "210,000 units at 0.1 h allowed 21,000 h; 18,900 h were paid"
    assert explained(result) == {
        schema.MATERIAL_PRICE: "440,000 units received at 1.20 on average; the standard is 1.00.",
        schema.MATERIAL_USAGE: "420,000 units allowed, 399,000 units gone: 41,000 counted, 20,000 in the books, at 1.00.",
        schema.CONVERSION_ALLOCATION: "519,500.00 incurred, 525,000.00 allocated: 5,500.00 over-allocated.",
        schema.LABOR_RATE: "18,900 h were paid, at 15.00 an hour; the standard is 13.00.",
        schema.LABOR_EFFICIENCY: f"{hours}, at 13.00 standard.",
        schema.VARIABLE_SPENDING: "18,900 h were paid, at 5.2910 an hour; the standard is 5.00.",
        schema.VARIABLE_EFFICIENCY: f"{hours}, at 5.00 standard.",
        schema.FIXED_SPENDING: "136,000.00 incurred against a budget of 140,280.00.",
        schema.FIXED_VOLUME: "What was made absorbed 147,000.00, more than the budget of 140,280.00.",
    }


def test_the_words_of_variances_that_are_not_split():
    tables = ice_cream()
    tables["Actuals"] = [row | {"Hours": None} for row in tables["Actuals"]]
    _, result = posted(april(), tables)
    words = explained(result)
    no_hours = "No hours were entered, so this is not split further."
    assert words[schema.LABOR_RATE] == f"273,000.00 allowed, 283,500.00 incurred. {no_hours}"
    assert words[schema.VARIABLE_SPENDING] == f"105,000.00 allowed, 100,000.00 incurred. {no_hours}"
    no_budget = "No budget on Setup: not split further."
    assert words[schema.FIXED_SPENDING] == f"147,000.00 allowed, 136,000.00 incurred. {no_budget}"
    tables["Actuals"] = [incurred("Labor", 300_000, 18_900), incurred("Conversion", 256_000)]
    _, result = posted(april(Budgeted_fixed_overhead=150_000), tables)
    words = explained(result)
    assert (
        words[schema.CONVERSION_ALLOCATION] == "556,000.00 incurred, 525,000.00 allocated: 31,000.00 under-allocated."
    )
    assert words[schema.FIXED_VOLUME] == "What was made absorbed 147,000.00, less than the budget of 150,000.00."
    one_sum = "No actual cost of its own was entered for: variable overhead."
    assert words[schema.OTHER_CONVERSION] == f"105,000.00 allowed; 256,000.00 incurred. {one_sum}"


def test_variances_of_items_lead_with_the_largest_and_name_item_description_and_unit():
    """4 of 6 rings are counted, at 12, and 7 of 10 bars, at 7; of 40 lb of ore 50 are gone, at 2."""
    tables = plant()
    tables["StandardCost"][0] |= {"Description": "Iron ore", "UoM": "lb"}
    tables["Stock"][2]["Counted qty"] = 4
    _, result = posted(RECORDED, tables)
    rows = [row for row in result.variances if row.name in (schema.MATERIAL_USAGE, schema.COUNT_VARIANCE)]
    assert [(row.subject, row.standard, row.actual, row.side, row.takes_rounding) for row in rows] == [
        ("Ore", 8_000, 10_000, "U", True),
        ("Ring", 4_800, 7_200, "U", True),
        ("Bar", 7_000, 9_100, "U", False),
    ]
    assert {row.disposition for row in rows} == {schema.PRORATE}
    assert [row.explanation for row in rows] == [
        "Iron ore: 40 lb allowed, 50 lb gone: 50 counted, 60 in the books, at 2.00.",
        "4 units counted, 6 in the books, at 12.00.",
        "7 units counted, 10 in the books, at 7.00.",
    ]
    scrap = [(row.subject, row.amount, row.part_of) for row in result.variances if row.name == schema.SCRAP_VARIANCE]
    assert scrap == [("Normal scrap", 100, schema.CONVERSION_ALLOCATION), ("Abnormal scrap", 300, "")]


def test_hours_of_several_items_and_of_none():
    """20 bars at 3 and 10 rings at 5, an hour each: 110 / 30 h is 3.6667; 90 was paid for 20 h. Idle, 100 h cost 2,100."""
    _, result = posted(RECORDED, plant() | {"Actuals": [incurred("Labor", 90, 20)]})
    words = explained(result)
    assert words[schema.LABOR_RATE] == "20 h were paid, at 4.50 an hour; the standard is 3.6667."
    several = "The units of 2 made items allowed 30 h; 20 h were paid, at 3.6667 standard."
    assert words[schema.LABOR_EFFICIENCY] == several
    tables: dict[str, list[Row]] = {
        "StandardCost": [made("Unit", Labor_hours=2, Labor_rate=20)],
        "Actuals": [incurred("Labor", 2_100, 100)],
    }
    _, result = posted(april(), tables)
    none = "Nothing that was made allowed 0 h; 100 h were paid, at 20.00 standard."
    assert explained(result)[schema.LABOR_EFFICIENCY] == none
    tables["StandardCost"].append(made("Other", Labor_hours=1, Labor_rate=25))
    _, result = posted(april(), tables)
    split = "The standards allow no hours, so this is not split further."
    assert explained(result)[schema.LABOR_RATE] == f"0.00 allowed, 2,100.00 incurred. {split}"


def test_a_book_stock_that_rounds_to_zero_from_below_is_zero_in_words():
    """1.00001 of the one unit bought at 1,000 is allowed: 0.01 favorable on a count of none."""
    tables: dict[str, list[Row]] = {
        "StandardCost": [buy("Gold", 1_000), made("Ring")],
        "BOM": [line("Ring", "Gold", 1.00001)],
        "Purchases": [{"Date": day(5), "Document": "PI-1", "Item": "Gold", "Quantity": 1, "Actual price": 1_000}],
        "Counts": [completed("Ring", 1)],
        "Stock": [{"Item": "Gold", "Counted qty": 0}],
    }
    _, result = posted(april(), tables)
    [usage] = [row for row in result.variances if row.name == schema.MATERIAL_USAGE]
    assert (usage.amount, usage.side) == (-1, "F")
    assert usage.explanation == "1 units allowed, 1 units gone: 0 counted, 0 in the books, at 1,000.00."


# ------------------------------------------------------------------------------------------------ tie-out


def test_what_accounts_hold_and_what_rounding_may_leave():
    """50 ore at 2 and 7 bars at 7; 6 rings at 12. The six lines of completions round, as do those of the account, half a cent
    each: ten lines of materials, three of finished goods, one of work in process. Opening stock of 6.00 stands at 10.00.
    """
    _, result = posted(RECORDED, plant() | {"Opening": [{"Role": schema.MIP, "Closing balance": 10}]})
    materials, finished, process = result.ties
    assert (materials.role, materials.at_standard, materials.unfollowed, materials.lines) == (schema.MIP, 149, 4, 10)
    assert (finished.role, finished.at_standard, finished.unfollowed, finished.lines) == (
        schema.FINISHED_GOODS,
        72,
        0,
        3,
    )
    assert (process.at_standard, process.true_up, process.closing, process.lines) == (0, 19, 19, 1)
    assert [tie.allowed for tie in result.ties] == pytest.approx([0.085, 0.05, 0.04])
    assert all(tie.compared for tie in result.ties)
    opened = "; what the balance carried over differs from opening stock"
    in_process = "Units in process at period end, reversed on the first day of the next period."
    assert [tie.explanation for tie in result.ties] == [AT_STANDARD + opened + SHARES, AT_STANDARD + SHARES, in_process]


def test_what_counted_accounts_hold():
    """Material of 50 ore and 7 bars, 100 + 28; of 6 rings, 24. Conversion in them, 21 and 48, is put back."""
    _, result = posted(april(**BY_COUNT), plant() | {"WIP": []})
    assert [(tie.at_standard, tie.true_up, tie.closing) for tie in result.ties] == [(128, 21, 149), (24, 48, 72)]
    assert [tie.explanation for tie in result.ties] == ["As counted" + SHARES] * 2


def test_stock_is_not_revalued_when_a_unit_cost_changes():
    """5 rings open at 2, an ore each; from the 16th they are made of two: 5 x 4 at standard, 10 in the account."""
    tables: dict[str, list[Row]] = {
        "StandardCost": [buy("Ore", 2), made("Ring")],
        "BOM": [
            line("Ring", "Ore", 1, Effective_to=day(15)),
            line("Ring", "Ore", 2, Effective_from=day(16)),
        ],
        "Stock": [{"Item": "Ring", "Opening qty": 5}],
    }
    _, result = posted(april(), tables)
    [finished] = result.ties
    assert (finished.at_standard, finished.unfollowed, finished.closing, finished.difference) == (20, -10, 10, 0)
    unrevalued = "; stock is not revalued when a unit cost changes, nor made items recorded that were bought"
    assert finished.explanation == AT_STANDARD + unrevalued + SHARES


def test_an_account_that_nobody_counted_is_not_compared():
    tables = plant() | {"WIP": []}
    _, result = posted(april(Relief_basis=schema.PHYSICAL_COUNT), tables | {"Stock": tables["Stock"][:2]})
    finished = result.ties[1]
    assert (finished.role, finished.compared, finished.holds) == (schema.FINISHED_GOODS, False, True)
    assert finished.explanation == "Not counted: what was completed stays in the account."


# ------------------------------------------------------------------------------------------------- checks


def of_entries(result: Period, entries: list[PostedEntry], balances: Ledger) -> dict[str, Check]:
    made = checks.of_entries(result.inputs, entries, balances, result.variances)
    return {check.key: check for check in made}


def test_an_entry_that_does_not_balance():
    """A receipt of three lines, its debit 2.50 higher than posted: against the ledger as posted, and one that follows it."""
    _, result = posted(RECORDED, plant())
    first, *others = result.draft.entries
    debit, *lines = first.lines
    entries = [replace(first, lines=(replace(debit, minor=debit.minor + 250), *lines)), *others]
    for balances in (result.ledger, ledger(entries, result.opening)):
        checked = of_entries(result, entries, balances)
        assert (checked["journal"].value, checked["journal"].holds) == (3, False)
        assert (checked["ledger"].value, checked["ledger"].holds) == (2.5, False)
    assert checked["clearing"].holds
    assert checked["variances"].holds


def test_a_close_that_is_missing():
    """Conversion of 90.00 and 1.00 of normal scrap stay in control, 110.00 in allocated. Carried forward they may."""
    for settings, value in ((RECORDED, 201), (april(Variance_disposition=schema.CARRY_FORWARD), None)):
        _, result = posted(settings, plant())
        entries = [entry for entry in result.draft.entries if entry.event != schema.CLOSE]
        checked = of_entries(result, entries, ledger(entries, result.opening))
        assert (checked["clearing"].value if "clearing" in checked else None) == value
        assert checked["journal"].holds
        assert checked["ledger"].holds
        assert checked["variances"].holds


def test_variances_that_do_not_add_up():
    """A price variance 3.00 off, and a part of the conversion variance 1.00: neither makes up for the other."""
    _, result = posted(RECORDED, plant())
    off = {schema.MATERIAL_PRICE: 300, schema.LABOR_RATE: -100}
    rows = [row._replace(actual=row.actual + off.get(row.name, 0)) for row in result.variances]
    checked = {c.key: c for c in checks.of_entries(result.inputs, result.draft.entries, result.ledger, rows)}
    assert (checked["variances"].value, checked["variances"].holds) == (4, False)
    not_posted = [row._replace(disposition="Not posted") if row.name == schema.MATERIAL_PRICE else row for row in rows]
    checked = {c.key: c for c in checks.of_entries(result.inputs, result.draft.entries, result.ledger, not_posted)}
    assert checked["variances"].value == 51


def test_stock_and_rounding_that_do_not_hold():
    """Ore and bars were used: two components may leave half a cent each; two cents are more."""
    _, result = posted(RECORDED, plant())
    off = replace(result.relief, amount=result.relief.amount + np.array([2, 0]))
    ties = [replace(tie, closing=tie.closing + 1) for tie in result.ties[:2]] + result.ties[2:]
    checked = {c.key: c for c in checks.of_stock(ties, off, result.places)}
    assert (checked["ties"].value, checked["ties"].holds) == (2, False)
    assert (checked["rounding"].value, checked["rounding"].holds) == (0.02, False)
    assert checked["rounding"].tolerance == pytest.approx(0.01)
    assert {key for key, check in checked.items() if check.holds} == {
        "proofs",
        "errors",
        *(sheet.name for sheet in schema.INPUT_SHEETS),
    }


# ------------------------------------------------------------------------------------------------ materiality


@pytest.mark.parametrize(
    ("share", "policy", "units"),
    [(0.02, schema.TO_COGS, schema.IMMATERIAL), (0.0199, schema.PRORATE, schema.RECORD_IT)],
)
def test_what_is_material_is_above_its_share_of_inventories(share: float, policy: str, units: str):
    """Silicon Valley has 50,000 of materials and 31,000 of computers: 2 % are 1,620, and so is all that is weighed here.

    With 102,000 more of conversion 162,000 are under-allocated, a hundredth of which is in the 1,000 computers of 100,000 that
    are unsold. 180 computers in process have three quarters of their conversion of 12. 99,000 were sold at 31.
    """
    tables = silicon_valley()
    tables["Actuals"][0]["Amount"] = 1_362_000
    tables["WIP"] = [{"Item": "Computer", "Quantity": 180, "Material %": 0, "Conversion %": 0.75}]
    settings = april() | {"Materiality %": share, "Period-end WIP": schema.SHOW_ONLY}
    _, result = posted(settings, tables)
    threshold = pytest.approx(share * 81_000)
    assert [(row.key, row.figure, row.threshold, row.verdict) for row in result.materiality] == [
        ("inventories", 81_000, None, ""),
        ("variances", 162_000, None, ""),
        ("in_stock", 1_620, threshold, policy),
        ("to_cogs", 3_069_000 + 162_000, None, "Chosen on Setup"),
        ("prorated", 3_069_000 + 160_380, None, "Not chosen"),
        ("profit", 1_620, None, ""),
        ("in_process", 1_620, threshold, units),
    ]
    assert [row.text for row in result.materiality] == [
        "Inventories at period end",
        "Variances to dispose of, unfavorable positive",
        "Part of them that belongs in inventories",
        "Cost of goods sold, if all goes to it",
        "Cost of goods sold, if prorated",
        "Profit of the period: prorated less all to cost of goods sold",
        "Units in process at standard",
    ]
    _, prorated = posted(settings | {"Variance disposition": schema.PRORATE}, tables)
    same = ("variances", "in_stock", "to_cogs", "prorated", "profit")
    figures = {row.key: row.figure for row in prorated.materiality}
    assert figures["inventories"] == 82_620
    assert {key: figures[key] for key in same} == {r.key: r.figure for r in result.materiality if r.key in same}
    assert [row.verdict for row in prorated.materiality][3:5] == ["Not chosen", "Chosen on Setup"]
