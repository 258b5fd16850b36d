"""Exact halves: where the true sum of decimals lies between two cents, every posted amount is rounded up, away from zero.

Quantities are tenths, and prices and costs multiples of 0.05: half of all sums are ties then, and plain float64 sums fall on
the wrong side of many. The oracle counts in fractions. `XLBACKFLUSH_FUZZ=full` tries 1,000 worlds of up to 10,000 rows.
"""

import os
import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

import independent
import pytest
from support import Row, Settings, Tables, journal, ledger, posted

from xlbackflush import schema

FULL = os.environ.get("XLBACKFLUSH_FUZZ") == "full"
WORLDS = range(1_000 if FULL else 12)
COUNTS = (10_000, 400, 50, 2_000)
PERIOD: Settings = {"Company": "Halves", "Period start": date(2026, 3, 1), "Period end": date(2026, 3, 31)}


def tenths(draw: random.Random, most: int) -> float:
    return draw.randint(1, most) / 10


def twentieths(draw: random.Random, most: int) -> float:
    return draw.randint(1, most) * 5 / 100


def world(seed: int) -> tuple[Settings, Tables]:
    """A product of two parts, one of which comes in a kit, bought, completed, scrapped and sold in many rows."""
    draw = random.Random(seed)
    count = COUNTS[seed % len(COUNTS)]

    def rows(number: int, **cells: object) -> list[Row]:
        day = {"Date": date(2026, 3, draw.randint(2, 31)), "Document": "D"}
        return [day | {name: cell() if callable(cell) else cell for name, cell in cells.items()} for _ in range(number)]

    costs: list[Row] = [
        {"Item": "PART", "Type": "Buy", "UoM": "kg", "Material price": twentieths(draw, 400)},
        {"Item": "PAINT", "Type": "Buy", "UoM": "l", "Material price": twentieths(draw, 400)},
        {"Item": "GOOD", "Type": "Finished", "UoM": "kg", "Other conversion": twentieths(draw, 200)},
    ]
    bom: list[Row] = [
        {"Parent": "GOOD", "Component": part, "Qty per": draw.choice([1, 2, 3])} for part in ("PART", "PAINT")
    ]
    tables: Tables = {
        "StandardCost": costs,
        "BOM": bom,
        "Purchases": rows(
            count, Item=lambda: draw.choice(["PART", "PAINT"]), Quantity=lambda: tenths(draw, 900),
            **{"Actual price": lambda: twentieths(draw, 500)},
        ),
        "Counts": [
            *rows(count, Event="Completed", Item="GOOD", Quantity=lambda: tenths(draw, 90)),
            *rows(count, Event="Sold", Item="GOOD", Quantity=lambda: tenths(draw, 80)),
        ],
        "Scrap": rows(
            count // 5, Item=lambda: draw.choice(["PART", "GOOD"]), Quantity=lambda: tenths(draw, 20),
            Stage=schema.COMPONENT, Kind=lambda: draw.choice([schema.NORMAL, schema.ABNORMAL]),
            **{"Salvage value": lambda: draw.randint(0, 400) * 5 / 1000},
        ),
        "Actuals": rows(count, **{"Cost type": "Labor", "Amount": lambda: draw.randint(1, 10**6) * 5 / 1000}),
    }  # fmt: skip
    for row in tables["Scrap"]:
        row["Stage"] = "Component" if row["Item"] == "PART" else "Finished unit"
    triggers = draw.choice([schema.PCS, schema.PS, schema.S])
    if triggers != schema.PCS:
        tables["Counts"] = [row for row in tables["Counts"] if row["Event"] == "Sold"]
    return {**PERIOD, "Trigger points": triggers, "Currency": "USD"}, tables


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
