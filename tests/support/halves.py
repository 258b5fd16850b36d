"""Worlds full of exact halves: quantities are tenths, prices and costs multiples of 0.05, so that half of all sums are ties."""

import random
from datetime import date

from support import Row, Settings, Tables

from xlbackflush import schema

PERIOD: Settings = {"Company": "Halves", "Period start": date(2026, 3, 1), "Period end": date(2026, 3, 31)}


def tenths(draw: random.Random, most: int) -> float:
    return draw.randint(1, most) / 10


def twentieths(draw: random.Random, most: int) -> float:
    return draw.randint(1, most) * 5 / 100


def halves(seed: int, count: int) -> tuple[Settings, Tables]:
    """A product of two parts, one of which comes in a kit, bought, completed, scrapped and sold in many rows."""
    draw = random.Random(seed)

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
