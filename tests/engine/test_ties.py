"""Exact halves: where the true sum of decimals lies between two cents, every posted amount is rounded up, away from zero.

Half of all sums of the worlds in `halves` are ties, and plain float64 sums fall on the wrong side of many. The oracle counts in
fractions. `XLBACKFLUSH_FUZZ=full` tries 1,000 worlds.
"""

import os
import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

import independent
import pytest
from halves import PERIOD, halves
from support import Row, Settings, Tables, journal, ledger, posted

from xlbackflush import schema

FULL = os.environ.get("XLBACKFLUSH_FUZZ") == "full"
WORLDS = range(1_000 if FULL else 12)
COUNTS = (10_000, 400, 50, 2_000)


def world(seed: int) -> tuple[Settings, Tables]:
    return halves(seed, COUNTS[seed % len(COUNTS)])


@pytest.mark.parametrize("seed", WORLDS)
def test_halves_are_rounded_as_exact_decimals_are(seed: int) -> None:
    settings, tables = world(seed)
    oracle = independent.compute(settings, tables)
    _, period = posted(settings, tables)
    assert journal(period) == oracle.journal
    assert ledger(period) == {role: balance for role, balance in oracle.ledger.items() if balance}


def test_there_are_halves_to_be_rounded() -> None:
    ties = [
        amount
        for seed in WORLDS[:20]
        for roles in independent.compute(*world(seed)).flows.values()
        for amount in roles.values()
        if amount * 200 % 2 == 1
    ]
    assert len(ties) >= 20


@pytest.mark.parametrize("seed", WORLDS[:: 10 if FULL else 6])
def test_the_order_of_rows_is_no_matter(seed: int) -> None:
    settings, tables = world(seed)
    _, before = posted(settings, tables)
    draw = random.Random(seed)
    for _ in range(3):
        shuffled = {name: draw.sample(rows, len(rows)) for name, rows in tables.items()}
        _, after = posted(settings, shuffled)
        assert journal(after) == journal(before)


def test_a_sum_of_many_halves() -> None:
    """10,000 payrolls of 0.0005 and one of 0.0: 5.00 exactly, and 0.005 less is 5.00 as well, rounded away from zero."""
    amounts = [0.0005] * 9_990
    exact = sum((Fraction(str(amount)) for amount in amounts), Fraction(0))
    assert exact == Fraction("4.995")
    rows: list[Row] = [
        {"Date": date(2026, 3, 31), "Document": str(i), "Cost type": "Labor", "Amount": amount}
        for i, amount in enumerate(amounts)
    ]
    _, tables = world(1)
    _, period = posted(
        {**PERIOD, "Trigger points": schema.S, "Currency": "USD"},
        {**tables, "Counts": [], "Scrap": [], "Actuals": rows},
    )
    assert journal(period)["Conversion"][schema.VARIOUS_ACCOUNTS] == Decimal("-5.00")
