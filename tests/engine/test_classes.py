"""Accounts of classes of items: lines of an item go to the account of its class, and the ledger has a row for each."""

import datetime as dt

import pytest
from support import Row, default_accounts, ledger, posted, run

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.record.corrections import correct

FIRST, LAST = dt.date(2026, 4, 1), dt.date(2026, 4, 30)
#: account -> role and class, of the classes that have their own
SPARES = {
    "1319": schema.MIP,
    "1359": schema.FINISHED_GOODS,
    "5119": schema.COGS,
    "5419": schema.PRICE_VARIANCE,
    "5429": schema.USAGE_VARIANCE,
    "5959": schema.COUNT_DIFFERENCE,
}


def settings(**others: object) -> dict[str, object]:
    return {"Period start": FIRST, "Period end": LAST, "Variance disposition": schema.CARRY_FORWARD, **others}


def tables(mapped: dict[str, str] | None = None) -> dict[str, list[Row]]:
    """Pumps take one RM each, spares two NUT; RM costs 2 and was bought at 3, NUT 1 and was bought at 1.50.

    10 of each are completed, 4 sold, 5 counted where 6 should be; 3 NUT are missing.
    """
    own = [
        {"Role": role, "Class": "spares", "Account": account, "Name": f"Spares {account}"}
        for account, role in (SPARES if mapped is None else mapped).items()
    ]
    return {
        "StandardCost": [
            {"Item": "PUMP", "Type": "Finished", "Class": "Pumps"},
            {"Item": "SPARE", "Type": "Finished", "Class": "Spares", "Other conversion": 0.5},
            {"Item": "RM", "Type": "Buy", "Material price": 2},
            {"Item": "NUT", "Type": "Buy", "Material price": 1, "Class": " spares"},
        ],
        "BOM": [
            {"Parent": "PUMP", "Component": "RM", "Qty per": 1},
            {"Parent": "SPARE", "Component": "NUT", "Qty per": 2},
        ],
        "Purchases": [
            {"Date": FIRST, "Document": "PO-1", "Item": "RM", "Quantity": 10, "Actual price": 3},
            {"Date": FIRST, "Document": "PO-2", "Item": "NUT", "Quantity": 30, "Actual price": 1.5},
        ],
        "Counts": [
            {"Date": LAST, "Document": f"{event[0]}-{item}", "Event": event, "Item": item, "Quantity": quantity}
            for item in ("PUMP", "SPARE")
            for event, quantity in (("Completed", 10), ("Sold", 4))
        ],
        "Stock": [
            {"Item": "PUMP", "Counted qty": 5},
            {"Item": "SPARE", "Counted qty": 5},
            {"Item": "NUT", "Counted qty": 7},
        ],
        "Accounts": [*default_accounts(), *own],
    }


def by_account(result: Period) -> dict[str, float]:
    """Account number -> what all lines of the journal put on it, in money."""
    amounts: dict[str, float] = {}
    for entry in result.draft.entries:
        assert sum(line.minor for line in entry.lines) == 0
        for line in entry.lines:
            amounts[line.account] = amounts.get(line.account, 0) + line.minor / 100
    return {account: amount for account, amount in amounts.items() if amount}


def test_every_line_of_an_item_goes_to_the_account_of_its_class() -> None:
    _, result = posted(settings(), tables())
    assert by_account(result) == {
        "1319": 30 - 20 - 3,  # NUT: received 30 at 1, used 20, 3 missing; nothing is left of RM
        "1350": 20 - 8 - 2,  # pumps of 2: completed, sold, missing
        "1359": 25 - 10 - 2.5,  # spares of 2.50
        "2110": -30 - 45,
        "5320": -5,
        "5110": 8,
        "5119": 10,
        "5410": 10,
        "5419": 15,
        "5429": 3,
        "5950": 2,
        "5959": 2.5,
    }


def test_the_ledger_has_a_row_for_every_account_and_the_roles_together_are_as_before() -> None:
    _, result = posted(settings(), tables())
    rows = zip(
        result.ledger.role.tolist(), result.ledger.item_class.tolist(), result.ledger.closing.tolist(), strict=True
    )
    closing = {(role, item_class): minor / 100 for role, item_class, minor in rows}
    goods = schema.FINISHED_GOODS
    assert (closing[goods, "Pumps"], closing[goods, "Spares"], closing[schema.MIP, ""]) == (10, 12.5, 0)
    plain = [{key: cell for key, cell in row.items() if key != "Class"} for row in tables()["StandardCost"]]
    _, without = posted(settings(), tables({}) | {"StandardCost": plain})
    assert ledger(result) == ledger(without)
    assert [check.text for check in result.checks if not check.holds] == []


def test_a_class_without_an_account_takes_that_of_the_role() -> None:
    _, result = posted(settings(), tables({"1359": schema.FINISHED_GOODS}))
    amounts = by_account(result)
    assert (amounts["1350"], amounts["1359"], amounts["1310"], amounts["5110"]) == (10, 12.5, 7, 18)


def test_the_close_clears_the_variances_of_every_class() -> None:
    _, result = posted(settings(**{"Variance disposition": schema.TO_COGS}), tables())
    amounts = by_account(result)
    assert not amounts.keys() & {"5410", "5419", "5429", "5950", "5959", "5320"}
    assert (amounts["5119"], amounts["5110"]) == (10, 8 + 10 + 15 + 3 + 2 + 2.5 - 5)


def test_opening_stock_and_balances_carried_over_are_of_their_class() -> None:
    stock = [{"Item": "PUMP", "Opening qty": 3}, {"Item": "SPARE", "Opening qty": 2}]
    opened = tables() | {"Stock": stock}
    _, result = posted(settings(), opened)
    assert result.opening[schema.FINISHED_GOODS, "Pumps"] == 600
    assert result.opening[schema.FINISHED_GOODS, "Spares"] == 500
    goods = {"Role": schema.FINISHED_GOODS}
    carried = [goods | {"Closing balance": 6}, goods | {"Closing balance": 5, "Class": "SPARES "}]
    _, result = posted(settings(), opened | {"Opening": carried})
    assert result.opening == {(schema.FINISHED_GOODS, ""): 600, (schema.FINISHED_GOODS, "Spares"): 500}


@pytest.mark.parametrize(
    "policy",
    [{"Relief basis": schema.PHYSICAL_COUNT}, {"Conversion costs": schema.EXPENSE_THEN_ADJUST}],
)
def test_where_accounts_are_counted_nothing_is_split_and_a_note_says_so(policy: dict[str, object]) -> None:
    stock = [{"Item": item, "Counted qty": 1} for item in ("PUMP", "SPARE", "RM", "NUT")]
    outcome = run(settings(**policy), tables() | {"Stock": stock})
    assert outcome.run
    assert {line.item_class for entry in outcome.period.entries for line in entry.lines} == {""}
    assert [finding.where for finding in outcome.findings if finding.code == "S13"] == ["Setup!H22"]


def test_another_account_of_a_class_reverses_its_entries_and_posts_them_again() -> None:
    _, result = posted(settings(), tables())
    moved = {**SPARES, "1358": schema.FINISHED_GOODS}
    del moved["1359"]
    _, other = posted(settings(), tables(moved))
    last = result.settings.period_end
    draft = correct(result.draft.entries, other.entries, other.inputs.accounts, last, "R0002")
    assert {line.account for entry in draft.new for line in entry.lines} >= {"1358", "1359"}
    net: dict[str, int] = {}
    for entry in draft.entries:
        for line in entry.lines:
            net[line.account] = net.get(line.account, 0) + line.minor
    assert (net["1359"], net["1358"]) == (0, 1250)
