"""Receipts and conversion incurred that the ledger has already: the journal holds only what it lacks."""

import datetime as dt
from decimal import Decimal

import pytest
from support import journal, ledger, posted
from worlds import World, pool

from xlbackflush import schema

FIRST, LAST = dt.date(2026, 4, 1), dt.date(2026, 4, 30)
ELSEWHERE = {"Purchases are": schema.IN_THE_LEDGER, "Conversion incurred is": schema.IN_THE_LEDGER}
HERE = dict.fromkeys(ELSEWHERE, schema.RECORDED_HERE)
KEPT_ELSEWHERE = (schema.ACCOUNTS_PAYABLE, schema.VARIOUS_ACCOUNTS)


def month(**settings: object) -> World:
    """10 RM are bought at 4 (standard 2), 10 FG made of one RM each and an hour at 20, and 10 sold; labor comes to 230."""
    tables: dict[str, list[dict[str, object]]] = {
        "StandardCost": [
            {"Item": "FG", "Type": "Finished", "Labor hours": 1, "Labor rate": 20},
            {"Item": "RM", "Type": "Buy", "Material price": 2},
        ],
        "BOM": [{"Parent": "FG", "Component": "RM", "Qty per": 1}],
        "Purchases": [{"Date": FIRST, "Document": "PO-2", "Item": "RM", "Quantity": 10, "Actual price": 4}],
        "Counts": [
            {"Date": FIRST, "Document": "C-10", "Event": "Completed", "Item": "FG", "Quantity": 10},
            {"Date": LAST, "Document": "S-20", "Event": "Sold", "Item": "FG", "Quantity": 10},
        ],
        "Actuals": [{"Date": LAST, "Document": "PR-30", "Cost type": "Labor", "Hours": 10, "Amount": 230}],
    }
    return World({"Period start": FIRST, "Period end": LAST, **ELSEWHERE, **settings}, tables)


def amounts(result: dict[str, dict[str, Decimal]], event: str) -> dict[str, int]:
    return {role: int(amount) for role, amount in result.get(event, {}).items()}


def test_receipts_are_brought_to_standard_and_nothing_is_entered_for_conversion() -> None:
    """The ledger has Dr Materials 40, Cr Payables 40; Dr Conversion control 230, Cr Wages 230."""
    world = month()
    _, result = posted(world.settings, world.tables)
    entries = journal(result)
    assert amounts(entries, schema.PURCHASE) == {schema.PRICE_VARIANCE: 20, schema.MIP: -20}
    assert schema.CONVERSION_EVENT not in entries
    assert amounts(entries, schema.CLOSE) == {
        schema.CCA: 200, schema.CCC: -230, schema.PRICE_VARIANCE: -20, schema.COGS: 50,
    }  # fmt: skip
    assert ledger(result, "elsewhere") == {
        schema.MIP: 40, schema.ACCOUNTS_PAYABLE: -40, schema.CCC: 230, schema.VARIOUS_ACCOUNTS: -230,
    }  # fmt: skip
    assert ledger(result) == {schema.COGS: 270, schema.ACCOUNTS_PAYABLE: -40, schema.VARIOUS_ACCOUNTS: -230}
    (tie,) = [tie for tie in result.ties if tie.role == schema.MIP]
    assert (tie.elsewhere, tie.closing, tie.expected) == (40, 0, 0)


def test_conversion_that_is_expensed_stands_in_cost_of_goods_sold_already() -> None:
    world = month(**{"Conversion costs": schema.EXPENSE_THEN_ADJUST})
    _, result = posted(world.settings, world.tables)
    assert ledger(result, "elsewhere")[schema.COGS] == 230
    assert ledger(result)[schema.COGS] == 270


def test_where_purchase_is_no_trigger_receipts_change_nothing() -> None:
    for triggers in (schema.CS, schema.S):
        world = month(**{"Trigger points": triggers, "Conversion incurred is": schema.RECORDED_HERE})
        _, result = posted(world.settings, world.tables)
        here = world.with_setting("Purchases are", schema.RECORDED_HERE)
        _, same = posted(here.settings, here.tables)
        assert journal(result) == journal(same)
        assert not ledger(result, "elsewhere")


def test_receipts_at_standard_need_no_entry() -> None:
    world = month()
    purchase = world.tables["Purchases"][0] | {"Actual price": 2}
    _, result = posted(world.settings, world.tables | {"Purchases": [purchase]})
    assert schema.PURCHASE not in journal(result)


@pytest.mark.parametrize("detail", [schema.PER_TRIGGER, schema.PER_PRODUCT])
def test_balances_variances_and_checks_are_those_of_a_journal_that_records_all_of_it(detail: str) -> None:
    """Wherever receipts and payroll are recorded, the ledger holds the same in the end, to the minor unit."""
    for world in pool()[:40]:
        base = world.settings | {"Journal detail": detail}
        _, here = posted(base | HERE, world.tables)
        _, there = posted(base | ELSEWHERE, world.tables)
        assert ledger(there) == ledger(here)
        assert [(v.name, v.subject, v.amount) for v in there.variances] == [
            (v.name, v.subject, v.amount) for v in here.variances
        ]
        assert there.dashboard == here.dashboard
        assert [check.text for check in there.checks if not check.holds] == []


def test_labor_that_corrections_outweigh_is_no_crash() -> None:
    """1,000 paid for 10 hours, and 1,100 taken back: labor incurred is below zero, and the pay of 100 an hour is told."""
    world = month()
    rows = [world.tables["Actuals"][0] | {"Amount": 1_000}, world.tables["Actuals"][0] | {"Hours": 0, "Amount": -1_100}]
    outcome, _ = posted(world.settings, world.tables | {"Actuals": rows})
    assert any("Pay was 100.00 an hour" in finding.what for finding in outcome.findings)
