"""Rules that compare with the period before: each by the one change in April to a company that had the same March.

A lamp (finished) is made of one base (a subassembly of a kilogram of brass) and two bulbs. Its standards, all prices and
hours are round, so that every effect can be worked out in one's head: brass 8.00, bulb 1.50, base 8 x 1.05 + 2 = 10.40,
lamp 10.40 + 2 x 1.5 + 0.5 h x 20 = 23.40. Tables start in row 7.
"""

from __future__ import annotations

import copy
import datetime as dt
import inspect
from collections.abc import Callable

import pytest
from support import Row, run

from xlbackflush import schema
from xlbackflush.engine.result import RunResult
from xlbackflush.engine.rules.plausibility import follows, last_period, last_standards
from xlbackflush.engine.rules.plausibility.changes import times
from xlbackflush.engine.rules.plausibility.last_standards import bills
from xlbackflush.engine.rules.rules import RULES
from xlbackflush.lifecycle import last_period as memory
from xlbackflush.model.finding import CATALOGUE, Finding

Tables = dict[str, list[Row]]
Change = Callable[[Tables], object]

_MARCH, _APRIL = dt.date(2026, 3, 2), dt.date(2026, 4, 1)  # of 30 days each
ROWS = 10  # of each thing that happens in a month


def month(first: dt.date) -> dict[str, object]:
    """Settings of 30 days."""
    return {
        "Period start": first,
        "Period end": first + dt.timedelta(days=29),
        "Cycle time days": 2,
        "Budgeted fixed overhead": 1_000,
        "Materiality %": 0.05,
    }


def rows(first: dt.date, document: str, quantity: float, **cells: object) -> list[Row]:
    """Ten rows, one every three days."""
    days = [first + dt.timedelta(days=3 * number) for number in range(ROWS)]
    return [{"Date": d, "Document": f"{document}-{d.day}", "Quantity": quantity} | cells for d in days]


def company(first: dt.date) -> Tables:
    """A month: 100 lamps made and sold, with the parts that go into them received as they are used."""
    return {
        "StandardCost": [
            {"Item": "Lamp", "Type": "Finished", "UoM": "pcs", "Labor hours": 0.5, "Labor rate": 20},
            {"Item": "Base", "Type": "Subassembly", "UoM": "pcs", "Other conversion": 2},
            {"Item": "Brass", "Type": "Buy", "UoM": "kg", "Material price": 8},
            {"Item": "Bulb", "Type": "Buy", "UoM": "pcs", "Material price": 1.5},
        ],
        "BOM": [
            {"Parent": "Lamp", "Component": "Base", "Qty per": 1},
            {"Parent": "Lamp", "Component": "Bulb", "Qty per": 2},
            {"Parent": "Base", "Component": "Brass", "Qty per": 1, "Scrap %": 0.05},
        ],
        "Counts": [
            *rows(first, "PC", 10, Event="Completed", Item="Base"),
            *rows(first, "PC", 10, Event="Completed", Item="Lamp"),
            *rows(first, "SH", 10, Event="Sold", Item="Lamp"),
        ],
        "Scrap": rows(first, "SC", 1, Item="Bulb", Stage="Component", Kind="Normal"),
        "Purchases": [
            *rows(first, "PO", 10.5, Item="Brass", **{"Actual price": 8}),
            *rows(first, "PO", 21, Item="Bulb", **{"Actual price": 1.5}),
        ],
        "Actuals": [
            *({k: v for k, v in r.items() if k != "Quantity"} for r in rows(first, "PR", 0, **LABOR)),
            {"Date": first, "Document": "CV-1", "Cost type": "Conversion", "Amount": 200},
        ],
        "Stock": [
            {"Item": "Lamp", "Opening qty": 8, "Counted qty": 8},
            {"Item": "Base", "Opening qty": 4, "Counted qty": 4},
            {"Item": "Brass", "Opening qty": 20, "Counted qty": 20},
            {"Item": "Bulb", "Opening qty": 20, "Counted qty": 20},
        ],
    }


LABOR = {"Cost type": "Labor", "Hours": 5, "Amount": 100}


def next_month(before: RunResult, tables: Tables) -> Tables:
    """Tables with what roll takes over of the period before; its balances are handed on as posted."""
    balances: list[Row] = []
    return tables | {"LastPeriod": memory.rows(before.period, balances)}


def april(*changes: Change, march: Change | None = None, **settings: object) -> RunResult:
    """April after a March alike, with changes to either; a setting is named with underscores for spaces."""
    earlier, tables = company(_MARCH), company(_APRIL)
    if march:
        march(earlier)
    tables = next_month(run(month(_MARCH), earlier), tables)
    for change in changes:
        change(tables)
    return run(month(_APRIL) | {name.replace("_", " "): value for name, value in settings.items()}, tables)


def found(outcome: RunResult) -> list[Finding]:
    """The findings about the period before."""
    return [finding for finding in outcome.findings if finding.code.startswith("W8")]


def only(outcome: RunResult) -> Finding:
    (finding,) = found(outcome)
    return finding


def put(table: str, at: int, column: str, value: object) -> Change:
    """Another value in one cell; `at` is the row on the sheet."""

    def change(tables: Tables) -> None:
        tables[table][at - 7] = tables[table][at - 7] | {column: value}

    return change


def drop(table: str, **cells: object) -> Change:
    """The rows gone that have these cells."""

    def change(tables: Tables) -> None:
        gone = {name.replace("_", " "): value for name, value in cells.items()}
        tables[table] = [row for row in tables[table] if not gone.items() <= row.items()]

    return change


def add(table: str, **cells: object) -> Change:
    return lambda tables: tables[table].append({name.replace("_", " "): value for name, value in cells.items()})


# ------------------------------------------------------------------------------------------------ nothing changed


def test_ten_months_in_which_nothing_changed_have_no_finding() -> None:
    before, first = run(month(_MARCH), company(_MARCH)), _APRIL
    for _ in range(10):
        outcome = run(month(first), next_month(before, company(first)))
        assert found(outcome) == []
        before, first = outcome, first + dt.timedelta(days=30)
    periods = {
        (r["Figure"], r.get("Item", r.get("Text"))): r["Periods"]
        for r in memory.rows(before.period, [])
        if "Periods" in r
    }
    assert periods["Completed", "Lamp"] == periods["Sold", "Lamp"] == periods["Received", "Brass"] == 11
    assert periods["Scrapped", "Bulb"] == periods["Incurred", "Labor"] == 11
    assert ("Completed", "Brass") not in periods


def test_a_streak_that_ended_begins_anew() -> None:
    outcome = april(drop("Scrap"))
    assert (only(outcome).code, only(outcome).severity, only(outcome).effect) == ("W81", schema.NOTE, 15)
    assert not any(r["Figure"] == "Scrapped" for r in memory.rows(outcome.period, []))
    tables = next_month(outcome, company(dt.date(2026, 5, 1)))
    after = run(month(dt.date(2026, 5, 1)), tables)
    (scrap,) = [r for r in memory.rows(after.period, []) if r["Figure"] == "Scrapped"]
    assert (scrap["Item"], scrap["Number"], scrap["Rows"], scrap["Periods"]) == ("Bulb", 10, 10, 1)


def test_no_amount_is_moved() -> None:
    with_memory, without = april(), run(month(_APRIL), company(_APRIL))
    assert with_memory.period.draft.entries == without.period.draft.entries
    assert found(without) == []


# ------------------------------------------------------------------------------------------------------ one change

CASES: list[tuple[str, list[Change], str, float, list[str]]] = [
    # bills: 100 lamps were made, or 100 bases; brass comes with 5 % scrap
    ("W82", [put("BOM", 8, "Qty per", 20)], "BOM!C8", 100 * 18 * 1.5,
     ["Bulb in Lamp is 20 pcs", "it was 2 pcs", "10 times as much"]),
    ("W82", [put("BOM", 9, "Qty per", 1.5)], "BOM!C9", 100 * 0.5 * 1.05 * 8, ["Brass in Base is 1.5 kg", "was 1 kg"]),
    ("W82", [put("BOM", 9, "Scrap %", 0.5)], "BOM!E9", 100 * 0.45 * 8, ["is 50 %", "it was 5 %"]),
    ("W82", [drop("BOM", Component="Bulb")], "BOM!A7", 100 * 2 * 1.5, ["Bulb is no longer in the bill of Lamp", "2 pcs"]),
    ("W82", [add("BOM", Parent="Lamp", Component="Brass", Qty_per=3)], "BOM!B10", 100 * 3 * 8,
     ["Brass was not in the bill of Lamp", "3 kg"]),
    ("W82", [put("BOM", 8, "Component", "Brass")], "BOM!B8", 100 * 2 * 8, ["Brass stands", "in place of Bulb"]),
    # standards: 21 kg of brass a day and 20 at the start; 100 lamps of half an hour
    ("W83", [put("StandardCost", 9, "Material price", 80)], "Standard Cost!E9", 72 * 125,
     ["Brass is 80", "it was 8", "10 times as much"]),
    ("W83", [put("StandardCost", 7, "Labor hours", 30)], "Standard Cost!F7", 29.5 * 20 * 100, ["is 30", "it was 0.5"]),
    ("W83", [put("StandardCost", 7, "Labor rate", 200)], "Standard Cost!G7", 0.5 * 180 * 100, ["is 200", "it was 20"]),
    ("W84", [put("StandardCost", 9, "UoM", "g")], "Standard Cost!D9", 125 * 8, ["UoM of Brass is g", "it was kg"]),
    # openings
    ("W87", [put("Stock", 9, "Opening qty", 200)], "Stock!B9", 180 * 8, ["opens with 200 kg", "closed with 20 kg"]),
    ("W87", [drop("Stock", Item="Bulb")], "Standard Cost!A10", 20 * 1.5, ["opens with 0 pcs", "closed with 20 pcs"]),
    # what is missing
    ("W81", [drop("Counts", Item="Lamp", Event="Sold")], "Standard Cost!A7", 100 * 23.4,
     ["Lamp has no Sold row on Counts", "(10 rows with 100 pcs in the period before)"]),
    ("W81", [drop("Purchases", Item="Brass")], "Standard Cost!A9", 105 * 8, ["Brass has no row on Purchases", "105 kg"]),
    ("W81", [drop("Actuals", Cost_type="Labor")], "Actuals", 1_000, ["Actuals has no Labor row", "10 with 1,000.00"]),
    # policy
    ("W89", [], "Setup!B17", 9_000, ["Budgeted fixed overhead is 10,000", "it was 1,000"]),
    ("W86", [], "Setup!B23", 0, ["Cycle time days is 20", "it was 2", "66.7 %", "10 %"]),
]  # fmt: skip
_SETTINGS: dict[str, dict[str, object]] = {"W89": {"Budgeted_fixed_overhead": 10_000}, "W86": {"Cycle_time_days": 20}}


@pytest.mark.parametrize(("code", "changes", "where", "effect", "words"), CASES)
def test_one_change_is_one_finding_with_both_figures(
    code: str, changes: list[Change], where: str, effect: float, words: list[str]
) -> None:
    outcome = april(*changes, **_SETTINGS.get(code, {}))
    (finding,) = [f for f in found(outcome) if f.code != "W86" or code == "W86"]  # a mistake moves turnover, too
    assert (finding.code, finding.where) == (code, where), finding
    assert all(word in finding.what for word in words), finding.what
    if code == "W86":  # a day of cost of goods sold for every day more
        assert finding.effect and finding.effect > 0
    else:
        assert finding.effect == pytest.approx(effect)
    assert finding.fix


def test_every_rule_of_the_period_before_has_a_case() -> None:
    elsewhere = {"W80", "W85", "W88"}
    assert {case[0] for case in CASES} | elsewhere == {rule.code for rule in CATALOGUE if rule.code.startswith("W8")}


@pytest.mark.parametrize("module", [follows, last_period, last_standards])
def test_every_rule_is_asked_once(module: object) -> None:
    offered = {
        name
        for name, f in vars(module).items()
        if inspect.isgeneratorfunction(f) and f.__module__ == module.__name__ and name[0] != "_"
    }
    listed = [rule.__name__ for rules in RULES.values() for rule in rules if rule.__module__ == module.__name__]
    assert offered and sorted(listed) == sorted(offered)


# ------------------------------------------------------------------------------------------------- what is no mistake


def test_a_line_that_its_date_puts_in_force_is_a_note() -> None:
    """From the 10th on, twenty bulbs go into a lamp. (That the counts contradict them is another rule's warning.)"""
    until = put("BOM", 8, "Effective to", dt.date(2026, 4, 9))
    since = add("BOM", Parent="Lamp", Component="Bulb", Qty_per=20, Effective_from=dt.date(2026, 4, 10))
    (finding,) = bills(april(until, since).period)
    assert (finding.severity, finding.where) == (schema.NOTE, "BOM!C10")


def test_prices_that_are_revised_together_are_one_note() -> None:
    """Seven parts more; at new year all prices go up by 40 %, beyond the tolerance and far beyond materiality."""

    def more_parts(tables: Tables) -> None:
        tables["StandardCost"] += [
            {"Item": f"Part {n}", "Type": "Buy", "UoM": "pcs", "Material price": 10} for n in range(7)
        ]
        tables["Stock"] += [{"Item": f"Part {n}", "Opening qty": 100, "Counted qty": 100} for n in range(7)]

    def dearer(tables: Tables) -> None:
        for row in tables["StandardCost"]:
            if "Material price" in row:
                row["Material price"] = row["Material price"] * 1.4

    finding = only(april(more_parts, dearer, march=more_parts))
    assert (finding.code, finding.severity) == ("W83", schema.NOTE)
    assert finding.what.startswith("9 standards differ from the period before. ")
    assert finding.what.endswith(". And 6 more.")


def test_prices_that_all_lost_their_decimal_point_are_one_warning() -> None:
    def more_parts(tables: Tables) -> None:
        tables["StandardCost"] += [
            {"Item": f"Part {n}", "Type": "Buy", "UoM": "pcs", "Material price": 10} for n in range(7)
        ]
        tables["Stock"] += [{"Item": f"Part {n}", "Opening qty": 100, "Counted qty": 100} for n in range(7)]

    def in_cents(tables: Tables) -> None:
        for row in tables["StandardCost"]:
            if "Material price" in row:
                row["Material price"] = row["Material price"] * 100

    finding = only(april(more_parts, in_cents, march=more_parts))
    assert (finding.code, finding.severity) == ("W83", schema.WARNING)
    assert "100 times as much" in finding.what and finding.what.startswith("9 standards")


@pytest.mark.parametrize(
    "change",
    [
        put("StandardCost", 10, "UoM", "each"),  # another name of the piece
        put("StandardCost", 10, "UoM", ""),
        add(
            "StandardCost", Item="Shade", Type="Buy", **{"Material price": 3}
        ),  # new items have nothing to compare with
        put("Counts", 7, "Quantity", 13),
    ],
)
def test_no_rule_cries_wolf(change: Change) -> None:
    assert found(april(change)) == []


def test_a_period_that_is_not_over_misses_nothing() -> None:
    """On the tenth day: the rows so far, and none yet of wages."""

    def so_far(tables: Tables) -> None:
        for name in ("Counts", "Purchases", "Scrap"):
            tables[name] = [row for row in tables[name] if row["Date"] < dt.date(2026, 4, 10)]
        tables["Counts"] = [row for row in tables["Counts"] if row["Event"] == "Sold"]
        tables["Actuals"] = []

    assert "W81" not in {f.code for f in found(april(so_far))}


def test_an_item_that_is_made_now_and_then_is_no_finding() -> None:
    """A lamp made once in March, and not in April."""

    def once(tables: Tables) -> None:
        first = tables["Counts"][0]["Date"]
        tables["StandardCost"].append({"Item": "Torch", "Type": "Finished", "UoM": "pcs", "Other conversion": 50})
        tables["Counts"].append(
            {"Date": first, "Document": "PC-99", "Event": "Completed", "Item": "Torch", "Quantity": 9}
        )
        tables["Stock"].append({"Item": "Torch", "Opening qty": 0, "Counted qty": 9})

    def not_now(tables: Tables) -> None:
        once(tables)
        del tables["Counts"][-1]
        tables["Stock"][-1] |= {"Opening qty": 9}

    assert found(april(not_now, march=once)) == []


def test_what_the_stock_count_shows_was_made_although_nobody_entered_it() -> None:
    """The same torches, of which 18 lie on the shelf at the end of April: nine were made, and not entered."""

    def once(tables: Tables) -> None:
        first = tables["Counts"][0]["Date"]
        tables["StandardCost"].append({"Item": "Torch", "Type": "Finished", "UoM": "pcs", "Other conversion": 50})
        tables["Counts"].append(
            {"Date": first, "Document": "PC-99", "Event": "Completed", "Item": "Torch", "Quantity": 9}
        )
        tables["Stock"].append({"Item": "Torch", "Opening qty": 0, "Counted qty": 9})

    def not_entered(tables: Tables) -> None:
        once(tables)
        del tables["Counts"][-1]
        tables["Stock"][-1] |= {"Opening qty": 9, "Counted qty": 18}

    finding = only(april(not_entered, march=once))
    assert (finding.code, finding.severity, finding.where) == ("W81", schema.WARNING, "Standard Cost!A11")
    assert finding.effect == pytest.approx(9 * 50)


# ------------------------------------------------------------------------------------------------ other cases


def one_count(quantity: float) -> Change:
    """Lamps counted once in the month."""

    def change(tables: Tables) -> None:
        day = tables["Counts"][0]["Date"]
        drop("Counts", Item="Lamp", Event="Completed")(tables)
        add("Counts", Date=day, Document="PC-50", Event="Completed", Item="Lamp", Quantity=quantity)(tables)

    return change


def test_ten_times_as_many_in_as_many_rows() -> None:
    """900 lamps more than were made, at 23.40; the shelf has 8."""
    finding = only(april(one_count(1_000), march=one_count(100)))
    assert (finding.code, finding.severity, finding.where) == ("W85", schema.WARNING, "Counts!E27")
    assert "1,000 pcs of Lamp were completed in this row" in finding.what
    assert "it was 100 pcs, so this is 10 times as much" in finding.what
    assert finding.effect == pytest.approx(900 * 23.4)


def test_a_cost_of_another_order() -> None:
    """Wages of one pay day in place of 100 typed as 10,000: 10,900 against 1,000."""
    at = next(n for n, row in enumerate(company(_APRIL)["Actuals"], 7) if row["Cost type"] == "Labor")
    finding = only(april(put("Actuals", at, "Amount", 10_000)))
    assert (finding.code, finding.severity, finding.where) == ("W85", schema.WARNING, f"Actuals!E{at}")
    assert "Labor came to 10,900.00; in the period before it was 1,000.00" in finding.what
    assert finding.effect == pytest.approx(9_900)


def test_a_cost_that_goes_with_what_was_made_is_no_finding() -> None:
    """Five times the wages for five times the lamps."""

    def more(tables: Tables) -> None:
        for name in ("Counts", "Purchases"):
            for row in tables[name]:
                row["Quantity"] = row["Quantity"] * 5
        for row in tables["Actuals"]:
            row["Amount"] = row["Amount"] * 5

    assert [f.code for f in found(april(more)) if f.severity == schema.WARNING] == []


def test_ten_times_as_many_that_the_shelf_has_are_no_finding() -> None:
    outcome = april(one_count(1_000), put("Stock", 7, "Counted qty", 908), march=one_count(100))
    assert "W85" not in {f.code for f in found(outcome)}


def test_a_period_that_was_skipped_is_said_and_nothing_is_compared() -> None:
    finding = only(april(put("BOM", 8, "Qty per", 20), Period_start=dt.date(2026, 3, 30)))
    assert (finding.code, finding.severity, finding.where) == ("W80", schema.WARNING, "Setup!B9")
    assert "2026-03-30" in finding.what and "2026-03-31" in finding.what


def without_figure(name: str) -> Change:
    """The memory without a figure of the period, as where somebody deleted its row."""
    return drop("LastPeriod", Figure=name)


def test_without_the_day_on_which_the_period_before_ended_nothing_is_compared() -> None:
    assert found(april(without_figure("Period end"), put("BOM", 8, "Qty per", 20))) == []


def test_without_the_day_on_which_it_began_it_was_as_long_as_this_one() -> None:
    finding = only(april(without_figure("Period start"), put("BOM", 8, "Qty per", 20)))
    assert finding.where == "BOM!C8"


def test_a_shorter_period_is_expected_to_have_less() -> None:
    """A half month after a month: of 100 lamps sold 50, at 23.40."""

    def first_half(tables: Tables) -> None:
        for name in ("Counts", "Purchases", "Scrap", "Actuals"):
            tables[name] = [row for row in tables[name] if row["Date"] < dt.date(2026, 4, 16)]
        drop("Counts", Item="Lamp", Event="Sold")(tables)

    outcome = april(first_half, Period_end=dt.date(2026, 4, 15), Budgeted_fixed_overhead=1_000)
    (finding,) = [f for f in found(outcome) if f.code == "W81"]
    assert finding.where == "Standard Cost!A7" and finding.effect == pytest.approx(50 * 23.4)


def test_a_balance_that_was_altered() -> None:
    """Roll hands on the balances; 100 less on the sheet than the period before left."""
    march = run(month(_MARCH), company(_MARCH))
    opening: list[Row] = [{"Role": schema.MIP, "Closing balance": 500.0, "Reversal": 0.0}]
    tables = company(_APRIL) | {"LastPeriod": memory.rows(march.period, copy.deepcopy(opening)), "Opening": opening}
    opening[0]["Closing balance"] = 400.0
    (finding,) = [f for f in run(month(_APRIL), tables).findings if f.code == "W88"]
    assert (finding.where, finding.effect) == ("Opening!B7", 100.0)
    assert "400.00" in finding.what and "500.00" in finding.what


def test_a_policy_that_was_changed_is_a_note() -> None:
    finding = only(april(Variance_disposition=schema.PRORATE))
    assert (finding.code, finding.severity, finding.where) == ("W89", schema.NOTE, "Setup!B14")
    assert "is Prorate; in the period before it was Cost of goods sold" in finding.what


def test_everything_gone_is_one_finding() -> None:
    finding = next(f for f in found(april(lambda tables: tables.update(Actuals=[]))) if f.code == "W81")
    assert "no Labor row" in finding.what and "no Conversion row" in finding.what
    assert finding.effect == pytest.approx(1_200)


def test_a_line_of_a_part_that_is_gone_is_named() -> None:
    """The bulb is called Lamp bulb now, in every table: it is another item, and its line another line."""

    def renamed(tables: Tables) -> None:
        for name in ("StandardCost", "BOM", "Scrap", "Purchases", "Stock"):
            for row in tables[name]:
                for column in ("Item", "Component"):
                    if row.get(column) == "Bulb":
                        row[column] = "Lamp bulb"

    bill = next(f for f in found(april(renamed)) if f.code == "W82")
    assert bill.where == "BOM!B8" and "Lamp bulb stands in the bill of Lamp in place of Bulb" in bill.what


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (10.0, "10 times as much"),
        (0.1, "a tenth of it"),
        (0.01, "a hundredth of it"),
        (2.0, "twice as much"),
        (1.3, ""),
        (0.25, "25 % of it"),
        (0.5, "half of it"),
    ],
)
def test_ratios_as_people_say_them(ratio: float, text: str) -> None:
    assert times(ratio) == text
