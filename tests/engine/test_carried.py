"""Balances carried over from the period before: they open the ledger, and the close takes along what was carried forward.

The figures are worked by hand: one product of one part at 10, nothing counted at the end.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import office
import pytest
from support import journal, ledger, posted
from support_files import Parts, cli

from xlbackflush import schema
from xlbackflush.template.build import build
from xlbackflush.template.samples import Sample

MAY = (dt.date(2026, 5, 1), dt.date(2026, 5, 31))
ITEMS = [
    {"Item": "Part", "Type": "Buy", "Material price": 10.0},
    {"Item": "Lamp", "Type": "Finished", "Labor hours": 1.0, "Labor rate": 5.0},
]
TABLES = {
    "StandardCost": ITEMS,
    "BOM": [{"Parent": "Lamp", "Component": "Part", "Qty per": 1.0}],
    "Stock": [{"Item": "Part", "Opening qty": 1_000.0}, {"Item": "Lamp", "Opening qty": 100.0}],
    "Counts": [
        {"Date": MAY[1], "Document": "PC-1", "Event": "Completed", "Item": "Lamp", "Quantity": 40.0},
        {"Date": MAY[1], "Document": "PC-2", "Event": "Sold", "Item": "Lamp", "Quantity": 30.0},
    ],
    "Actuals": [{"Date": MAY[1], "Document": "PR-1", "Cost type": "Labor", "Hours": 40.0, "Amount": 230.0}],
    "Opening": [
        # stock at standard is 10,000; 120 of prorated price variance lie on it, and 60 of it were in process
        {"Role": schema.MIP, "Closing balance": 10_060.0, "Reversal": 60.0},
        {"Role": schema.WORK_IN_PROCESS, "Closing balance": 75.0, "Reversal": -75.0},
        {"Role": schema.COGS, "Reversal": 15.0},
        {"Role": schema.CCC, "Closing balance": 1_000.0},
        {"Role": schema.CCA, "Closing balance": -900.0},
        {"Role": schema.PRICE_VARIANCE, "Closing balance": 50.0},
        {"Role": schema.ACCOUNTS_PAYABLE, "Closing balance": -4_000.0},
    ],
}  # fmt: skip


def settings(disposition: str) -> dict[str, object]:
    return {"Period start": MAY[0], "Period end": MAY[1], "Variance disposition": disposition}


def test_the_ledger_opens_with_what_was_carried_over() -> None:
    _, result = posted(settings(schema.CARRY_FORWARD), TABLES)
    assert ledger(result, "opening") == {
        schema.MIP: Decimal("10120.00"),
        schema.FINISHED_GOODS: Decimal("1500.00"),  # no row on Opening: 100 lamps at 15
        schema.ACCOUNTS_PAYABLE: Decimal("-4000.00"),
        schema.CCC: Decimal("1000.00"),
        schema.CCA: Decimal("-900.00"),
        schema.COGS: Decimal("15.00"),
        schema.PRICE_VARIANCE: Decimal("50.00"),
    }
    closing = ledger(result)
    assert closing[schema.MIP] == Decimal("9720.00")  # 10,120 less 40 parts
    assert closing[schema.CCC] == Decimal("1230.00")
    assert closing[schema.CCA] == Decimal("-1100.00")
    assert all(check.holds for check in result.checks)


def test_the_close_takes_along_what_was_carried_forward() -> None:
    """130 of conversion (100 carried, 30 of May) and 50 of price variance go to cost of goods sold, and the 120 that lie on
    materials beyond their standard.
    """
    _, result = posted(settings(schema.TO_COGS), TABLES)
    assert journal(result)[schema.CLOSE] == {
        schema.CCC: Decimal("-1230.00"),
        schema.CCA: Decimal("1100.00"),
        schema.PRICE_VARIANCE: Decimal("-50.00"),
        schema.MIP: Decimal("-120.00"),
        schema.COGS: Decimal("300.00"),
    }
    assert ledger(result)[schema.COGS] == Decimal("765.00")  # 15 reversed, 30 x 15 sold, 300
    assert ledger(result)[schema.MIP] == Decimal("9600.00")  # 960 parts at standard
    assert all(check.holds for check in result.checks)


def test_carried_variances_are_prorated_with_those_of_the_period() -> None:
    """Conversion content: 110 lamps in stock, 30 sold, at 5 each; 130 is shared 110 to 30."""
    _, result = posted(settings(schema.PRORATE), TABLES)
    shares = {s.role: s for s in result.shares}
    assert shares[schema.FINISHED_GOODS].conversion == pytest.approx(130 * 110 / 140, abs=1e-9)
    # material: 960 parts, 110 lamps in stock, 30 sold, at 10 each; 50 of price variance
    assert shares[schema.MIP].price == pytest.approx(50 * 960 / 1_100, abs=1e-9)
    # all cost at standard: 9,600 of parts, 110 lamps and 30 sold at 15; the 120 on materials are shared out again
    assert [shares[role].carried for role in (schema.MIP, schema.FINISHED_GOODS, schema.COGS)] == pytest.approx(
        [120 * 9_600 / 11_700, 120 * 1_650 / 11_700, 120 * 450 / 11_700], abs=1e-9
    )
    # 9,600.00 + 43.64 + 98.46
    assert ledger(result)[schema.MIP] == Decimal("9742.10")
    assert all(check.holds for check in result.checks)


def test_what_was_prorated_to_stock_leaves_it_when_the_stock_is_sold() -> None:
    """By hand. April leaves 20 lamps with 33.00 of variances on them; in May all are sold, and nothing is bought or made."""
    tables = {
        "StandardCost": ITEMS,
        "BOM": TABLES["BOM"],
        "Stock": [{"Item": "Lamp", "Opening qty": 20.0}],
        "Counts": [{"Date": MAY[1], "Document": "PC-3", "Event": "Sold", "Item": "Lamp", "Quantity": 20.0}],
        "Opening": [{"Role": schema.FINISHED_GOODS, "Closing balance": 333.0}],
    }
    _, result = posted(settings(schema.PRORATE), tables)
    assert journal(result)[schema.CLOSE] == {
        schema.FINISHED_GOODS: Decimal("-33.00"),
        schema.COGS: Decimal("33.00"),
    }
    assert ledger(result) == {schema.COGS: Decimal("333.00")}
    assert all(check.holds for check in result.checks)


@pytest.mark.parametrize(
    ("balance", "code"), [(1_000.0, None), (1_000.99, None), (1_049.0, "P09"), (1_051.0, "P10"), (100.0, "P10")]
)
def test_a_balance_that_opening_stock_does_not_explain_is_named(balance: float, code: str | None) -> None:
    """100 parts at 10; below 1.00 it is rounding, beyond 5 % of stock it is a warning."""
    tables = {
        "StandardCost": ITEMS,
        "BOM": TABLES["BOM"],
        "Stock": [{"Item": "Part", "Opening qty": 100.0}],
        "Opening": [{"Role": schema.MIP, "Closing balance": balance}],
    }
    outcome, _ = posted(settings(schema.TO_COGS), tables)
    found = [f for f in outcome.findings if f.code in ("P09", "P10")]
    assert [(f.code, f.where, f.effect) for f in found] == (
        [(code, "Opening!B7", abs(balance - 1_000))] if code else []
    )


@pytest.mark.parametrize("disposition", [schema.TO_COGS, schema.PRORATE, schema.CARRY_FORWARD])
def test_every_proof_agrees_in_libreoffice_and_sees_a_changed_balance(tmp_path: Path, disposition: str) -> None:
    path = tmp_path / "may.xlsm"
    build(path, MAY, Sample("May", "", settings(disposition), TABLES))
    assert cli("run", path).code == 0
    parts = Parts(path)
    rows = {name: len(parts.rows(name)) for name in ("Journal", "Ledger")}
    wanted = [("Checks", "B3"), ("Journal", f"N7:N{6 + rows['Journal']}"), ("Ledger", f"I7:I{6 + rows['Ledger']}")]
    with office.Session(path) as session:
        master, journal_differences, ledger_differences = session.read(wanted)
        assert master == [[0.0]]
        assert {value for (value,) in journal_differences + ledger_differences} == {0.0}
        ((changed,),), _, ledger_differences = session.attempt([("Opening", "B7", 10_061.0)], wanted)
        assert changed > 0
        # the close passes it on: to cost of goods sold, or shared out; carried forward, it stays on materials
        assert sum(value for (value,) in ledger_differences) == pytest.approx(-1.0, abs=0.001)
        touched = 3 if disposition == schema.PRORATE else 1
        assert sum(bool(value) for (value,) in ledger_differences) == touched
        ((changed,),), journal_differences, _ = session.attempt([("Opening", "B10", 1_001.0)], wanted)
        assert changed > 0
        assert any(value for (value,) in journal_differences) == (disposition != schema.CARRY_FORWARD)
