"""The period end in every world: agreement with the exact oracle, and laws that need no oracle.

Variances add up to actual cost less standard cost, dispositions move cost and lose none, a physical count leaves its
accounts at the count, and what is in process is in the books of this period only. Each law is tried on 25 worlds of a
pool of 100.
"""

import functools
from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import journal, ledger, money, posted
from worlds import World, expected, pool, pooled

from xlbackflush import schema
from xlbackflush.engine.period import Period

CLEARED = (schema.CCC, schema.CCA, schema.PRICE_VARIANCE, schema.USAGE_VARIANCE, schema.COUNT_DIFFERENCE)
DISPOSITIONS = (schema.TO_COGS, schema.PRORATE, schema.CARRY_FORWARD)
AFTER_THE_PERIOD = (schema.CLOSE, schema.PERIOD_END_WIP, schema.REVERSAL)
DETAILS = (schema.PER_TRIGGER, schema.PER_PRODUCT)

Nets = dict[str, Decimal]


@pytest.fixture(scope="module", autouse=True)
def worlds() -> None:
    pool()


@functools.lru_cache(200)
def result_of(world: World) -> Period:
    """What is posted for a world, worked out once."""
    return posted(world.settings, world.tables)[1]


def by_count(world: World) -> bool:
    return world.settings["Relief basis"] == schema.PHYSICAL_COUNT


def minor_unit(world: World) -> Decimal:
    return Decimal(1).scaleb(-world.places)


def before_close(result: Period) -> Nets:
    """Role -> net debit of the period, up to the close, with what other journals recorded."""
    balances = recorded_elsewhere(result)
    for event, roles in journal(result).items():
        if event not in AFTER_THE_PERIOD:
            for role, net in roles.items():
                balances[role] += net
    return balances


def recorded_elsewhere(result: Period) -> Nets:
    """Role -> net debit of what is in the ledger already."""
    balances: Nets = defaultdict(Decimal)
    for entry in result.elsewhere:
        for line in entry.lines:
            balances[line.role] += money(line.minor, result.places)
    return balances


def moved(result: Period, *events: str) -> Nets:
    """Role -> net debit of some events."""
    balances: Nets = defaultdict(Decimal)
    for event in events:
        for role, net in journal(result).get(event, {}).items():
            balances[role] += net
    return balances


def variance_sum(result: Period, *names: str, posted_only: bool = True) -> Decimal:
    """Sum of the amounts of some variances, unfavorable positive."""
    rows = (v for v in result.variances if v.name in names and not (posted_only and v.disposition == "Not posted"))
    return money(sum(row.amount for row in rows), result.places)


# -------------------------------------------------------------------------------------------------- oracle


@given(pooled())
def test_journal_and_ledger_agree_with_the_oracle_to_the_minor_unit(world):
    oracle = expected(world)
    result = result_of(world)
    assert journal(result) == oracle.journal
    assert ledger(result) == {role: balance for role, balance in oracle.ledger.items() if balance}
    assert ledger(result, "opening") == {role: balance for role, balance in oracle.opening.items() if balance}


@given(pooled())
def test_every_row_of_variances_agrees_with_the_oracle(world):
    """Rows of nothing may be left out, but no row of an amount."""
    oracle = expected(world).variances
    result = result_of(world)
    rows = {(v.name, v.subject): v for v in result.variances}
    assert len(rows) == len(result.variances)
    assert rows.keys() <= oracle.keys()
    for key, other in oracle.items():
        if key in rows:
            row = rows[key]
            amounts = money(row.standard, result.places), money(row.actual, result.places)
            assert (*amounts, row.disposition, row.part_of) == other, key
            assert row.side == ("U" if other.amount > 0 else "F" if other.amount < 0 else "")
        else:
            assert other.amount == 0, key


@given(pooled())
def test_contents_and_shares_of_every_account_agree_with_the_oracle(world):
    oracle = expected(world)
    result = result_of(world)
    shares = {s.role: s for s in result.shares}
    for role in oracle.contents:
        content, own = oracle.contents[role], shares.get(role)
        mine = (own.content.material, own.content.made, own.content.conversion) if own else (0.0, 0.0, 0.0)
        assert mine == pytest.approx([float(part) for part in content], rel=1e-9, abs=1e-6), role
    for role in oracle.shares.keys() | shares.keys():
        own, other = shares.get(role), oracle.shares.get(role, (0, 0, 0, 0))
        mine = (own.price, own.usage, own.conversion, own.scrap) if own else (0.0, 0.0, 0.0, 0.0)
        # a base that nearly cancels out magnifies the last digits of float64
        assert mine == pytest.approx([float(part) for part in other], rel=1e-6, abs=1e-4), role


# ----------------------------------------------------------------------------------------------- variances


@given(pooled(), st.sampled_from(DETAILS))
def test_variances_add_up_to_actual_less_standard_cost(world, detail):
    """Each total of variances is what its accounts hold before the close: nothing of it is unexplained or told twice."""
    world = world.with_setting("Journal detail", detail)
    result = result_of(world)
    balances = before_close(result)
    assert variance_sum(result, schema.MATERIAL_PRICE) == balances[schema.PRICE_VARIANCE]
    assert variance_sum(result, schema.MATERIAL_USAGE) == balances[schema.USAGE_VARIANCE]
    assert variance_sum(result, schema.COUNT_VARIANCE) == balances[schema.COUNT_DIFFERENCE]
    assert variance_sum(result, schema.CONVERSION_ALLOCATION) == balances[schema.CCC] + balances[schema.CCA]
    apart = sum(v.amount for v in result.variances if v.subject == "Abnormal scrap")
    assert money(apart, result.places) == balances[schema.ABNORMAL_SCRAP]
    parts = sum(v.amount for v in result.variances if v.part_of == schema.CONVERSION_ALLOCATION)
    assert money(parts, result.places) == balances[schema.CCC] + balances[schema.CCA]


@given(pooled(lambda world: world.settings["Conversion costs"] == schema.AT_STANDARD))
def test_actual_conversion_is_what_was_paid_and_standard_what_was_allocated(world):
    """Rate and efficiency (spending and volume) share a middle that cancels: from actual down to standard cost."""
    result = result_of(world)
    rows = {v.name: v for v in result.variances if v.part_of}
    pairs = (
        (schema.LABOR, schema.LABOR_RATE, schema.LABOR_EFFICIENCY),
        (schema.VARIABLE_OVERHEAD, schema.VARIABLE_SPENDING, schema.VARIABLE_EFFICIENCY),
        (schema.FIXED_OVERHEAD, schema.FIXED_SPENDING, schema.FIXED_VOLUME),
    )
    allocated = Decimal(0)
    for cost_type, first, second in pairs:
        paid = sum(Decimal(str(row["Amount"])) for row in _actuals(world, cost_type))
        upper, lower = rows.get(first), rows.get(second)
        if upper:
            assert abs(money(upper.actual, result.places) - paid) <= minor_unit(world) / 2
            allocated += money((lower or upper).standard, result.places)
        if upper and lower:
            assert upper.standard == lower.actual
    if schema.OTHER_CONVERSION in rows:
        allocated += money(rows[schema.OTHER_CONVERSION].standard, result.places)
    if unsold := rows.get(schema.UNSOLD_CONVERSION):  # allowed for units completed, allocated when they are sold
        allocated -= money(unsold.amount, result.places)
    left_out = {name for _, name, _ in pairs} | {schema.OTHER_CONVERSION}
    if left_out <= rows.keys():  # a row of nothing is left out, and then its standard may be unseen
        assert allocated == -before_close(result)[schema.CCA]


def _actuals(world: World, cost_type: str) -> list[dict[str, object]]:
    return [row for row in world.tables["Actuals"] if row["Cost type"] == cost_type]


# --------------------------------------------------------------------------------------------- disposition


@given(pooled())
def test_the_close_brings_variances_to_zero_or_leaves_them(world):
    """Conversion of units in process is taken out of conversion allocated where that was carried forward."""
    result = result_of(world)
    closing, balances = ledger(result), before_close(result)
    wip = moved(result, schema.PERIOD_END_WIP)
    if world.settings["Variance disposition"] == schema.CARRY_FORWARD:
        assert {role: closing.get(role, 0) - wip[role] for role in CLEARED} == {
            role: balances[role] for role in CLEARED
        }
    else:
        assert not closing.keys() & set(CLEARED)


@given(pooled())
def test_shares_add_up_to_the_variances_and_their_lines_to_the_shares(world):
    world = world.with_setting("Variance disposition", schema.PRORATE)
    expected(world)
    result = result_of(world)
    balances = {role: float(before_close(result)[role]) for role in CLEARED}
    price, usage = balances[schema.PRICE_VARIANCE], balances[schema.USAGE_VARIANCE]
    size = 1e-9 * max(1.0, *(abs(x) for s in result.shares for x in (s.price, s.usage, s.conversion, s.scrap)))
    into_usage = next(s.price for s in result.shares if s.role == schema.USAGE_VARIANCE)
    assert sum(s.price for s in result.shares) == pytest.approx(price, abs=size)
    assert sum(s.usage for s in result.shares) == pytest.approx(usage + into_usage, abs=size)
    passed_on = sum(s.price for s in result.shares if s.role == schema.CCC)
    conversion = balances[schema.CCC] + balances[schema.CCA] + passed_on
    assert sum(s.conversion + s.scrap for s in result.shares) == pytest.approx(conversion, abs=size)
    closed = moved(result, schema.CLOSE)
    adjusted = {c.role for c in result.counted}
    for share in result.shares:
        if share.role not in {schema.COGS, schema.USAGE_VARIANCE, schema.CCC} | adjusted:
            assert float(closed[share.role]) == pytest.approx(
                share.price + share.usage + share.conversion + share.scrap, abs=0.51
            )


@given(pooled())
def test_no_disposition_makes_or_loses_cost(world):
    """Inventories, cost of goods sold, losses and variances are one sum; the disposition only says who holds it."""
    sums, stays = set(), set()
    for disposition in DISPOSITIONS:
        result = result_of(world.with_setting("Variance disposition", disposition))
        closing = ledger(result)
        stays.add((closing.pop(schema.ACCOUNTS_PAYABLE, None), closing.pop(schema.VARIOUS_ACCOUNTS, None)))
        sums.add(sum(closing.values()))
    assert len(sums) == len(stays) == 1


# -------------------------------------------------------------------------------------------- conservation


@given(pooled(), st.sampled_from(DETAILS))
def test_cost_is_conserved_under_every_setting(world, detail):
    """What was in stock, bought and incurred is in stock, sold, lost, recovered or a variance."""
    result = result_of(world.with_setting("Journal detail", detail))
    closing, opening = ledger(result), ledger(result, "opening")
    assert sum(closing.values()) == sum(opening.values())
    incurred = sum(Decimal(str(row["Amount"])) for row in world.tables["Actuals"])
    assert abs(-closing.get(schema.VARIOUS_ACCOUNTS, 0) - incurred) <= minor_unit(world) * 2  # four cost types
    in_process = moved(result, schema.PERIOD_END_WIP)[schema.ACCOUNTS_PAYABLE]
    points = world.settings["Trigger points"]
    if points in (schema.PCS, schema.PS) or (points == schema.S and by_count(world)):
        bought = (
            Decimal(str(r["Quantity"])) * Decimal(str(r["Actual price"])) / Decimal(str(r.get("Price per") or 1))
            + _amount(r, "Other cost")
            for r in world.tables["Purchases"]
        )
        entries = [*result.entries, *result.elsewhere]
        lines = sum(x.role == schema.ACCOUNTS_PAYABLE for entry in entries for x in entry.lines)
        slack = minor_unit(world) * (1 + lines) / 2 + Decimal("1e-6")
        assert abs(in_process - closing.get(schema.ACCOUNTS_PAYABLE, 0) - sum(bought)) <= slack


@given(pooled(), st.sampled_from(DETAILS))
def test_every_account_ties_out_and_every_check_holds(world, detail):
    world = world.with_setting("Journal detail", detail)
    result = result_of(world)
    assert [(t.role, t.left, t.allowed) for t in result.ties if not t.holds] == []
    assert [check.text for check in result.checks if not check.holds] == []
    for entry in result.entries:
        assert sum(line.minor for line in entry.lines) == 0


# ------------------------------------------------------------------------------------------ physical counts


@given(pooled(by_count))
def test_a_counted_account_stands_at_its_count(world):
    """Counted in money: what was counted, and what the close and the units in process did beside it."""
    points = world.settings["Trigger points"]
    result = result_of(world)
    closing, beside = ledger(result), moved(result, schema.CLOSE, schema.PERIOD_END_WIP)
    conversion = {
        row["Role"]: _amount(row, "Counted conversion") - _amount(row, "Opening conversion") for row in _rows(world)
    }
    for row in _rows(world):
        finished = row["Role"] == schema.FINISHED_GOODS
        if points == schema.CS or (finished and points == schema.PS):
            continue  # bought materials (and, without completions, finished goods) have no account
        role = row["Role"] if finished else schema.INVENTORY_CONTROL if points == schema.PS else schema.MIP
        own = beside[role]
        if world.settings["Conversion costs"] == schema.EXPENSE_THEN_ADJUST:
            own -= conversion[row["Role"]]  # the change of conversion is part of the count
        if points == schema.S:
            own -= _amount(row, "Counted amount") - _amount(row, "Opening amount") - conversion[row["Role"]]
        assert abs(closing.get(role, 0) - own - _amount(row, "Counted amount")) <= 8 * minor_unit(world)


def _rows(world: World) -> list[dict[str, object]]:
    return world.tables.get("InventoryCount", [])


def _amount(row: dict[str, object], column: str) -> Decimal:
    return Decimal(str(row.get(column) or 0))


@given(pooled(lambda world: world.settings["Conversion costs"] == schema.EXPENSE_THEN_ADJUST))
def test_expensed_conversion_never_reaches_stock_but_by_the_count(world):
    result = result_of(world)
    entries = journal(result)
    assert all(schema.CCA not in roles for roles in entries.values())
    incurred = entries.get(schema.CONVERSION_EVENT, {})
    assert incurred.get(schema.COGS, 0) == -incurred.get(schema.VARIOUS_ACCOUNTS, 0)
    assert schema.CCC not in incurred
    assert len(result.conversion_allowed) == 0 or not result.conversion_allowed.total.any()


@given(pooled(by_count))
def test_under_a_physical_count_no_difference_is_posted_twice(world):
    """Relief by difference already holds what is missing: no count adjustment, and usage variances for information."""
    result = result_of(world)
    assert schema.COUNT_ADJUSTMENT not in journal(result)
    assert all(
        v.disposition == "Not posted"
        for v in result.variances
        if v.name in (schema.MATERIAL_USAGE, schema.COUNT_VARIANCE)
    )


# ------------------------------------------------------------------------------------------ units in process


@given(pooled())
def test_the_reversal_undoes_the_entry_in_the_next_period_only(world):
    result = result_of(world)
    entries = journal(result)
    assert entries.get(schema.REVERSAL, {}) == {
        role: -net for role, net in entries.get(schema.PERIOD_END_WIP, {}).items()
    }
    for entry in result.entries:
        assert entry.days_after == (1 if entry.event == schema.REVERSAL else 0)
    of_period = recorded_elsewhere(result)
    for role, net in ledger(result, "opening").items():
        of_period[role] += net
    for event, roles in entries.items():
        for role, net in roles.items() if event != schema.REVERSAL else ():
            of_period[role] += net
    assert ledger(result) == {role: net for role, net in of_period.items() if net}


@given(pooled(lambda world: world.settings["Variance disposition"] != schema.PRORATE))
def test_recording_units_in_process_moves_only_what_the_entry_says(world):
    """Beside the entry itself, the period is as if they were only shown, conversion set aside in a proration apart."""
    recorded = result_of(world.with_setting("Period-end WIP", schema.RECORD))
    shown = result_of(world.with_setting("Period-end WIP", schema.SHOW_ONLY))
    rest = {event: roles for event, roles in journal(recorded).items() if event not in AFTER_THE_PERIOD[1:]}
    assert rest == journal(shown)
    entry = moved(recorded, schema.PERIOD_END_WIP)
    before = ledger(shown)
    for role, balance in ledger(recorded).items():
        assert balance == before.get(role, 0) + entry[role]
    in_process = recorded.in_process.amount.sum()
    assert float(entry[schema.WORK_IN_PROCESS]) == pytest.approx(in_process, abs=float(minor_unit(world)) * 1.01)
