"""What holds in every world: agreement with the exact oracle, and laws that need no oracle."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from unittest import mock

import independent
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Row, book, frame, journal, ledger, money, posted, relief, rollup
from worlds import World, expected, worlds

from xlbackflush import schema
from xlbackflush.model.money import to_minor, to_minor_array

INVENTORIES = (schema.MIP, schema.INVENTORY_CONTROL, schema.FINISHED_GOODS)


def near(quantities: Mapping[str, float | Fraction]) -> object:
    """Equal within 1e-9 of each quantity; what is left of a difference may be a little off zero."""
    return pytest.approx({item: float(quantity) for item, quantity in quantities.items()}, rel=1e-9, abs=1e-6)


def filled(quantities: dict[str, float], items: Iterable[str]) -> dict[str, float]:
    """The quantities of these items; an item that is not there has none. No other item may have any."""
    known = set(items)
    assert not any(quantity for item, quantity in quantities.items() if item not in known)
    return {item: quantities.get(item, 0.0) for item in known}


def rounded(amount: object, places: int) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


# -------------------------------------------------------------------------------------------------- oracle


@given(worlds())
def test_roll_up_agrees_with_the_oracle(world):
    outcome, _ = posted(world.settings, world.tables)
    oracle = independent.compute(world.settings, world.tables).rollup
    costs = rollup(outcome)
    assert costs.keys() == oracle.keys()
    for item, cost in costs.items():
        assert cost == pytest.approx({name: float(value) for name, value in oracle[item].items()}, rel=1e-9), item


@given(worlds())
def test_relief_agrees_with_the_oracle(world):
    outcome, _ = posted(world.settings, world.tables)
    oracle = independent.compute(world.settings, world.tables).relief
    assert filled(relief(outcome), oracle) == near(oracle)


@given(worlds())
def test_book_stock_agrees_with_the_oracle(world):
    outcome, _ = posted(world.settings, world.tables)
    oracle = independent.compute(world.settings, world.tables).book
    assert filled(book(outcome), oracle) == near(oracle)


@given(worlds())
def test_journal_and_ledger_agree_with_the_oracle_to_the_minor_unit(world):
    oracle = expected(world)
    _, result = posted(world.settings, world.tables)
    assert journal(result) == oracle.journal
    assert ledger(result) == {role: balance for role, balance in oracle.ledger.items() if balance}


@given(worlds())
def test_lines_go_to_the_class_that_the_oracle_sends_them_to(world):
    """Disposed of in cost of goods sold, or carried forward, so that every line is of an item."""
    expected(world)  # gives up what lies on half a minor unit
    _, result = posted(world.settings, world.tables)
    oracle = independent.compute(world.settings, world.tables)
    assert by_account(result.entries, result.places) == oracle.journal
    ledger = result.ledger
    accounts = zip(ledger.role.tolist(), ledger.item_class.tolist(), ledger.closing.tolist(), strict=True)
    closing = {account(role, item_class): money(minor, result.places) for role, item_class, minor in accounts if minor}
    assert closing == {account: balance for account, balance in oracle.ledger.items() if balance}


def account(role: str, item_class: str) -> str:
    return f"{role}{independent.OF_CLASS}{item_class}" if item_class else role


def by_account(entries, places):
    """Event -> account -> net debit, without what nets to zero."""
    events = defaultdict(lambda: defaultdict(Decimal))
    for entry in entries:
        for line in entry.lines:
            events[entry.event][account(line.role, line.item_class)] += money(line.minor, places)
    netted = {event: {name: net for name, net in each.items() if net} for event, each in events.items()}
    return {event: each for event, each in netted.items() if each}


@given(worlds())
def test_a_trace_kept_per_bom_line_gives_the_same_results(world):
    oracle = expected(world)
    with mock.patch.object(schema, "TRACE_ROWS_MAX", 0):
        outcome, result = posted(world.settings, world.tables)
    assert journal(result) == oracle.journal
    assert filled(relief(outcome), oracle.relief) == near(oracle.relief)
    assert filled(book(outcome), oracle.book) == near(oracle.book)


@given(worlds())
def test_the_entries_of_a_product_are_what_the_oracle_makes_of_its_rows_alone(world):
    world = world.with_setting("Variance disposition", schema.CARRY_FORWARD)
    alone = world.with_tables(Actuals=[], Stock=[])
    _, result = posted(world.with_setting("Journal detail", schema.PER_PRODUCT).settings, world.tables)
    for item in (str(row["Item"]) for row in world.tables["StandardCost"]):
        mine = {name: _of(item, world.tables[name]) for name in ("Counts", "Scrap", "Purchases")}
        assert journal(result, item) == expected(alone.with_tables(**mine)).journal
    other = expected(world)
    apart = ("Conversion", "Count adjustment")
    assert journal(result, "") == {event: roles for event, roles in other.journal.items() if event in apart}


def _of(item: str, rows: list[Row]) -> list[Row]:
    return [row for row in rows if str(row["Item"]).upper() == item]


# ----------------------------------------------------------------------------------------------- bookkeeping


@given(worlds(), st.sampled_from([schema.PER_TRIGGER, schema.PER_PRODUCT]))
def test_every_entry_balances_and_the_ledger_adds_up(world, detail):
    outcome, result = posted(world.with_setting("Journal detail", detail).settings, world.tables)
    for entry in result.entries:
        assert sum(line.minor for line in entry.lines) == 0
        assert all(line.minor for line in entry.lines)
        assert all(isinstance(line.minor, int) for line in entry.lines)
    debits = sum(line.minor for entry in result.entries for line in entry.lines if line.minor > 0)
    assert int(result.ledger.debits.sum()) == int(result.ledger.credits.sum()) == debits
    assert outcome.run.debits == outcome.run.credits == debits / 10**result.places
    assert int(result.ledger.closing.sum()) == int(result.ledger.opening.sum())
    assert [check.text for check in result.checks if not check.holds] == []


@given(worlds())
def test_what_came_in_is_in_stock_sold_lost_recovered_or_still_open(world):
    _, result = posted(world.settings, world.tables)
    opening, closing = ledger(result, "opening"), ledger(result)
    payable, various = closing.pop(schema.ACCOUNTS_PAYABLE, 0), closing.pop(schema.VARIOUS_ACCOUNTS, 0)
    assert opening.keys() <= set(INVENTORIES)
    assert sum(closing.values()) == sum(opening.values()) - payable - various
    assert -various == sum(int(row["Amount"]) for row in world.tables["Actuals"])
    if world.settings["Trigger points"] in (schema.PCS, schema.PS):
        invoices = [
            Decimal(str(row["Quantity"])) * Decimal(str(row["Actual price"])) / Decimal(row.get("Price per") or 1)
            + Decimal(str(row.get("Other cost") or 0))
            for row in world.tables["Purchases"]
        ]
        assert abs(-payable - sum(invoices)) <= Decimal(1).scaleb(-world.places)  # two payables, rounded apart
    if world.settings["Variance disposition"] == schema.TO_COGS:
        assert not closing.keys() & {schema.CCC, schema.CCA, schema.PRICE_VARIANCE, schema.USAGE_VARIANCE}


@given(worlds())
def test_after_a_full_count_inventories_stand_at_the_count(world):
    """Where purchases are recorded and every stocked item is counted at an unchanging standard."""
    undated = [{k: v for k, v in row.items() if "Effective" not in k} for row in world.tables["BOM"]]
    in_force = [row for row in undated if row.get("Alternative") != "not in force"]
    once = {(str(row["Parent"]).upper(), str(row["Component"]).upper()): row for row in in_force}
    items = [str(row["Item"]) for row in world.tables["StandardCost"]]
    stock = [{"Item": item, "Opening qty": 5, "Counted qty": i} for i, item in enumerate(items)]
    world = world.with_setting("Trigger points", schema.PCS).with_tables(BOM=list(once.values()), Stock=stock)
    oracle = expected(world)
    _, result = posted(world.settings, world.tables)
    roles = {"Buy": schema.MIP, "Subassembly": schema.MIP, "Finished": schema.FINISHED_GOODS}
    counted = dict.fromkeys(roles.values(), 0.0)
    for i, row in enumerate(world.tables["StandardCost"]):
        if row["Type"] in roles:
            counted[roles[str(row["Type"])]] += i * float(oracle.rollup[items[i]]["Unit cost"])
    rounding = 5 * 10.0**-world.places  # an opening balance, four events and the adjustment, half a unit each
    closing = ledger(result)
    for role, value in counted.items():
        assert float(closing.get(role, 0)) == pytest.approx(value, rel=1e-9, abs=rounding)


# ------------------------------------------------------------------------------------------ counts and order


@given(worlds(), st.data())
def test_relief_of_the_parts_of_the_counts_adds_up_to_relief_of_the_whole(world, data):
    first, second = [], []
    for row in world.tables["Counts"]:
        share = data.draw(st.sampled_from([0, 0.25, 0.5, 1]))
        quantity, note = float(str(row["Quantity"])), {"Note": "Of document 7 in another month"}
        first.append(row | note | {"Quantity": quantity * share})
        second.append(row | note | {"Quantity": quantity * (1 - share)})
    whole, both = _relieved(world), _relieved(world.with_tables(Counts=first + second))
    parts = [_relieved(world.with_tables(Counts=part)) for part in (first, second)]
    added = {item: sum(part.get(item, 0.0) for part in parts) for item in whole}
    assert added == near(whole)
    assert both == near(whole)


@given(worlds(), st.sampled_from([0.5, 2, 3, 10, 1000]))
def test_scaling_all_counts_scales_relief(world, k):
    scaled = [row | {"Quantity": float(str(row["Quantity"])) * k} for row in world.tables["Counts"]]
    once, often = _relieved(world), _relieved(world.with_tables(Counts=scaled))
    assert often == near({item: quantity * k for item, quantity in once.items()})


def _relieved(world: World) -> dict[str, float]:
    outcome, _ = posted(world.settings, world.tables)
    return relief(outcome)


@given(worlds(), st.sampled_from([schema.PER_TRIGGER, schema.PER_PRODUCT]), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(world, detail, random):
    world = world.with_setting("Journal detail", detail)
    expected(world)
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in world.tables.items()}
    straight, result = posted(world.settings, world.tables)
    mixed, other = posted(world.settings, shuffled)
    assert ledger(other) == ledger(result)
    assert journal(other) == journal(result)
    assert relief(mixed) == near(relief(straight))
    assert sorted(f.code for f in mixed.findings) == sorted(f.code for f in straight.findings)


@given(worlds())
def test_the_same_inputs_give_the_same_results(world):
    one, first = posted(world.settings, world.tables)
    two, second = posted(world.settings, world.tables)
    assert one.run == two.run
    assert first.entries == second.entries
    assert [v._replace(words=v.explanation) for v in first.variances] == [
        v._replace(words=v.explanation) for v in second.variances
    ]
    assert first.checks == second.checks
    for records in ("relief", "stock", "ledger"):
        assert frame(getattr(first, records)).equals(frame(getattr(second, records)))
    assert frame(first.explosion.rows).equals(frame(second.explosion.rows))
    assert frame(first.unit_costs.rows).equals(frame(second.unit_costs.rows))


@given(worlds())
def test_each_row_of_the_trace_follows_from_the_row_above_it(world):
    """Required = units x what is started of the parent x line factor; a parent stands above its components."""
    outcome, result = posted(world.settings, world.tables)
    rows, factor = frame(result.explosion.rows), outcome.period.bill.lines.factor
    for at, row in enumerate(rows.itertuples()):
        if row.parent_row < 0:
            assert row.level == 0
            continue
        parent = rows.iloc[row.parent_row]
        assert row.parent_row < at
        assert (row.level, row.root) == (parent["level"] + 1, parent["root"])
        assert not parent["relieved"]
        assert parent["first"] <= row.first <= row.last <= parent["last"]
        assert row.required == pytest.approx(row.units * parent["started"] * factor[row.line])


# -------------------------------------------------------------------------------------------------- rounding

SHOWN = [
    (1.005, 2, 101),
    (2.675, 2, 268),
    (-0.5, 0, -1),
    (0.5, 0, 1),
    (1.5, 0, 2),
    (2.5, 0, 3),
    (-1.005, 2, -101),
    (0.0005, 3, 1),
    (0.1 + 0.2, 2, 30),
    (1_000_000_000_000.005, 2, 100_000_000_000_001),
    (999_999_999_999.995, 2, 100_000_000_000_000),
    (-123_456_789_012.345, 2, -12_345_678_901_235),
    (0.0, 2, 0),
    (-0.0049999, 2, 0),
]


@pytest.mark.parametrize(("amount", "places", "minor"), SHOWN)
def test_rounding_as_excel_shows_it(amount, places, minor):
    assert to_minor(amount, places) == minor
    assert to_minor_array(np.array([amount]), places).tolist() == [minor]


def half_up(amount: float, places: int) -> int:
    """Excel's ROUND in minor units: the 15 significant digits that Excel shows, half away from zero."""
    return int(rounded(f"{amount:.15g}", places).scaleb(places))


amounts = st.one_of(
    st.floats(-1e12, 1e12),
    st.integers(-(10**14), 10**14).map(lambda n: n / 1000),
    st.integers(-(10**6), 10**6).map(lambda n: n / 2000),
    st.tuples(st.integers(-(10**9), 10**9), st.integers(-3, 3)).map(
        lambda t: (t[0] + 0.5) / 100 * (1 + t[1] * 2.0**-52)
    ),
)


@given(st.lists(amounts, min_size=1), st.sampled_from([0, 2, 3]))
def test_rounding_one_by_one_and_all_at_once_agree_with_decimal(values, places):
    by_decimal = [half_up(value, places) for value in values]
    assert [to_minor(value, places) for value in values] == by_decimal
    assert to_minor_array(np.array(values), places).tolist() == by_decimal


@given(st.floats(-1e9, 1e9), st.sampled_from([0, 2, 3]))
def test_rounding_is_the_same_on_both_sides_of_zero(value, places):
    assert to_minor(-value, places) == -to_minor(value, places)


@given(st.lists(amounts, max_size=5), st.sampled_from([0, 2, 3]))
def test_money_of_minor_units_is_exact(values, places):
    for value in values:
        assert money(half_up(value, places), places) == rounded(f"{value:.15g}", places)


def test_an_empty_month_posts_nothing():
    settings = {"Period start": dt.date(2026, 4, 1), "Period end": dt.date(2026, 4, 30)}
    _, result = posted(settings, {})
    assert result.entries == []
    assert ledger(result) == {}
