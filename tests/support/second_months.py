"""The month after a random clean one: the same company, other quantities, and what roll took over of the month before.

Some items that are seldom made, bought or thrown out have no rows this time; volumes differ by half or more; the stock count
is off by about a percent. Nothing else is wrong, so no rule has reason for a warning.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from dataclasses import dataclass

import numpy as np
from clean_worlds import clean_world
from support import Row, run

from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle import last_period

Tables = dict[str, list[Row]]
Random = np.random.Generator

SELDOM = 2  # rows a month


@dataclass(frozen=True)
class Company:
    """Settings of every month, and the tables of the first."""

    seed: int
    settings: dict[str, object]
    tables: Tables


def company(seed: int) -> Company | None:
    """The company of a seed; None where its first month does not run."""
    world = clean_world(seed)
    if run(world.settings, world.tables).run is None:
        return None
    return Company(seed, world.settings, world.tables)


def months(of: Company, count: int) -> list[tuple[Tables, RunResult]]:
    """So many months after the first, each with the memory of the one before: the tables and what a run says."""
    rng, before, following = np.random.default_rng([80, of.seed]), run(of.settings, of.tables), []
    for _ in range(count):
        tables = _next(rng, of, before)
        before = run(of.settings, tables)
        assert before.run is not None, before.findings
        following.append((tables, before))
    return following


def _next(rng: Random, of: Company, before: RunResult) -> Tables:
    memory = _dated_back([dict(row) for row in last_period.rows(before.period, [])], of.settings)
    closing = {row["Item"]: row["Number"] for row in memory if row["Figure"] == "Closing stock"}
    tables = _other_quantities(rng, of.tables) | {"LastPeriod": memory}
    counted = {row["Item"]: row for row in tables["Stock"]}
    tables["Stock"] = [
        {"Item": item, "Opening qty": closing.get(item, 0.0), "Counted qty": counted.get(item, {}).get("Counted qty")}
        for item in dict.fromkeys([*counted, *closing])
    ]
    return _counted(rng, of, tables)


def _dated_back(memory: list[Row], settings: dict[str, object]) -> list[Row]:
    """The figures as those of the days before: every month here has the same dates."""
    start, end = settings["Period start"], settings["Period end"]
    assert isinstance(start, dt.date) and isinstance(end, dt.date)
    days = {"Period start": start - (end - start) - dt.timedelta(days=1), "Period end": start - dt.timedelta(days=1)}
    return [row | {"Text": str(days[row["Figure"]])} if row["Figure"] in days else row for row in memory]  # type: ignore[index]


def _other_quantities(rng: Random, tables: Tables) -> Tables:
    """Another volume of each item, other quantities of each row; some rows less; corrections left out."""
    tables = copy.deepcopy(tables)
    volume = {row["Item"]: float(rng.lognormal(0, 0.45)) for row in tables["StandardCost"]}
    for name, kinds in (("Counts", ("Item", "Event")), ("Purchases", ("Item",)), ("Scrap", ("Item",))):
        rows = [row for row in tables[name] if float(str(row["Quantity"])) > 0]
        times = Counter(tuple(row[kind] for kind in kinds) for row in rows)
        skipped = {key for key, number in times.items() if number <= SELDOM and rng.random() < 0.4}
        kept = [row for row in rows if tuple(row[kind] for kind in kinds) not in skipped]
        for row in kept:
            factor = volume[row["Item"]] * float(rng.lognormal(0, 0.2))
            whole = name != "Purchases"
            row["Quantity"] = max(1, round(row["Quantity"] * factor)) if whole else row["Quantity"] * factor  # type: ignore[operator, call-overload]
        tables[name] = kept
    return tables


def _counted(rng: Random, of: Company, tables: Tables) -> Tables:
    """The count finds what is in the books, but for a percent; what the shelves lacked lay there from the start."""
    outcome = run(of.settings, tables)
    assert outcome.run is not None, outcome.findings
    stock, codes = outcome.period.stock, outcome.period.bill.items.code
    book = dict(zip(codes[stock.item].tolist(), (stock.book - stock.in_process).tolist(), strict=True))
    closing = {row["Item"]: row for row in tables["LastPeriod"] if row["Figure"] == "Closing stock"}
    for row in tables["Stock"]:
        there = book.get(row["Item"], 0.0)
        if there < 0:
            row["Opening qty"] = float(row["Opening qty"]) - 1.2 * there  # type: ignore[arg-type]
            if row["Item"] not in closing:
                closing[row["Item"]] = {"Figure": "Closing stock", "Item": row["Item"]}
                tables["LastPeriod"].append(closing[row["Item"]])
            closing[row["Item"]]["Number"] = row["Opening qty"]
            there *= -0.2
        if row["Counted qty"] is not None:
            row["Counted qty"] = round(there * (1 + float(rng.normal(0, 0.01))), 3)
    return tables
