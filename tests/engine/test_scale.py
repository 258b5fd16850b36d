"""A company of real size: 2,500 BOM lines, changing dates, finished items inside finished items, 1,000 counts.

The world is made by `factory` and `quarter`, from a fixed seed: 1,400 bought parts, 60 modules and kits, 90 frames that
are sold and built in, and 150 bicycles.
"""

import datetime as dt
import random

import independent
import pytest
from support import Row, journal, posted, relief, rollup

from xlbackflush import schema

FIRST, LAST = dt.date(2026, 4, 1), dt.date(2026, 6, 30)
PARTS = [f"P{n}" for n in range(1_400)]
MODULES = [f"M{n}" for n in range(60)]
FRAMES = [f"F{n}" for n in range(90)]
BICYCLES = [f"B{n}" for n in range(150)]

Tables = dict[str, list[Row]]


def factory(pick: random.Random) -> Tables:
    """Standard costs and bills of material."""
    costs = [{"Item": part, "Type": schema.BUY, "Material price": pick.randint(10, 90_000) / 1000} for part in PARTS]
    bom: list[Row] = []
    for items, kinds, below, lines in (
        (MODULES, (schema.SUBASSEMBLY, schema.PHANTOM), PARTS, 8),
        (FRAMES, (schema.FINISHED,), PARTS + MODULES, 6),
        (BICYCLES, (schema.FINISHED,), PARTS + MODULES + FRAMES, 8),
    ):
        for n, item in enumerate(items):
            costs.append(_made(pick, item, kinds[n % len(kinds)]))
            for component in pick.sample(below, lines):
                bom += _lines(pick, item, component)
    for n, bicycle in enumerate(BICYCLES):
        bom += _lines(pick, bicycle, FRAMES[n % len(FRAMES)] if n % 2 else MODULES[n % len(MODULES)])
    unique = {(line["Parent"], line["Component"], line.get("Effective from")): line for line in bom}
    return {"StandardCost": costs, "BOM": list(unique.values())}


def _made(pick: random.Random, item: str, kind: str) -> Row:
    row: Row = {"Item": item, "Type": kind, "Labor hours": pick.randint(1, 400) / 100, "Labor rate": 24.5}
    row |= {"Variable overhead rate": 6.75, "Fixed overhead rate": 11.2}
    if pick.random() < 0.3:
        row["Assembly scrap %"] = pick.randint(1, 8) / 100
    return row


def _lines(pick: random.Random, parent: str, component: str) -> list[Row]:
    """One line, or (one in five) an older and a newer one that takes its place."""
    line: Row = {"Parent": parent, "Component": component, "Qty per": pick.randint(1, 600) / 100}
    if pick.random() < 0.4:
        line |= {"Scrap %": pick.randint(1, 15) / 100, "Scrap basis": pick.choice([schema.OUTPUT, schema.INPUT])}
    if pick.random() > 0.2:
        return [line]
    change = _day(pick)
    newer = {"Qty per": pick.randint(1, 600) / 100, "Effective from": change + dt.timedelta(days=1)}
    return [line | {"Effective to": change}, line | newer]


def _day(pick: random.Random) -> dt.date:
    return FIRST + dt.timedelta(days=pick.randrange((LAST - FIRST).days))


def quarter(pick: random.Random) -> Tables:
    """1,000 counts, 300 receipts, 60 scrap reports and payroll."""
    made = FRAMES + BICYCLES
    counts: list[Row] = [
        {"Date": _day(pick), "Document": f"C-{n}", "Event": event, "Item": pick.choice(made), "Quantity": units}
        for n, (event, units) in enumerate(
            (pick.choice(["Completed", "Sold"]), pick.randint(1, 40)) for _ in range(1_000)
        )
    ]
    purchases: list[Row] = [
        {"Date": _day(pick), "Document": f"P-{n}", "Item": pick.choice(PARTS), "Quantity": pick.randint(1, 5_000)}
        | {"Actual price": pick.randint(10, 90_000) / 1000}
        for n in range(300)
    ]
    scrap: list[Row] = [
        {"Date": _day(pick), "Document": f"S-{n}", "Item": pick.choice(made), "Quantity": pick.randint(1, 5)}
        | {"Stage": pick.choice(["Component", "Finished unit"]), "Kind": pick.choice(["Normal", "Abnormal"])}
        for n in range(60)
    ]
    actuals: list[Row] = [
        {"Date": LAST, "Document": f"A-{kind}", "Cost type": kind, "Amount": 512_345.67} for kind in schema.COST_TYPES
    ]
    return {"Counts": counts, "Purchases": purchases, "Scrap": scrap, "Actuals": actuals}


@pytest.fixture(scope="module")
def world() -> Tables:
    pick = random.Random("a company of real size")
    tables = factory(pick) | quarter(pick)
    assert len(tables["BOM"]) > 2_400
    return tables


@pytest.mark.parametrize("triggers", schema.TRIGGERS)
def test_a_real_companys_quarter_agrees_with_the_oracle(world, triggers):
    settings = {"Period start": FIRST, "Period end": LAST, "Trigger points": triggers}
    oracle = independent.compute(settings, world)
    outcome, result = posted(settings, world)
    relieved, costs = relief(outcome), rollup(outcome)
    assert relieved == pytest.approx({item: float(quantity) for item, quantity in oracle.relief.items()}, rel=1e-9)
    for item, cost in costs.items():
        assert cost == pytest.approx({name: float(value) for name, value in oracle.rollup[item].items()}, rel=1e-9)
    assert journal(result) == oracle.journal
    assert [check.text for check in result.checks if not check.holds] == []
