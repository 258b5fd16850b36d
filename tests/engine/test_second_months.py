"""What changed since the period before, in random companies: named where it matters, and no warning where nothing is wrong.

Each kind of change is made to the second month of a company, one at a time; what counts are those whose effect on a balance
or a variance, as the engine works it out with and without the change, exceeds materiality.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
from samples_tried import FULL
from second_months import Random, Tables, company, months
from support import run

from xlbackflush import schema
from xlbackflush.engine.result import RunResult

SEEDS = range(200, 260) if FULL else range(200, 208)
Change = Callable[[Tables, Random], "set[str] | None"]  # gives the cells of which one must be named; None: not possible
TOP = schema.HEADER_ROW + 1


def home(tables: Tables, item: object) -> set[str]:
    return {f"Standard Cost!A{TOP + n}" for n, row in enumerate(tables["StandardCost"]) if row["Item"] == item}


def without_rows(table: str, least: int, **cells: object) -> Change:
    """All rows of an item gone that has so many at least."""

    def change(tables: Tables, rng: Random) -> set[str] | None:
        rows = [row for row in tables[table] if cells.items() <= row.items()]
        items = [item for item, number in Counter(row["Item"] for row in rows).items() if number >= least]
        if not items:
            return None
        item = items[int(rng.integers(len(items)))]
        tables[table] = [row for row in tables[table] if not (cells | {"Item": item}).items() <= row.items()]
        return home(tables, item)

    return change


def times(table: str, column: str, factor: float, letter: str) -> Change:
    """A figure of one row multiplied."""

    def change(tables: Tables, rng: Random) -> set[str] | None:
        rows = [n for n, row in enumerate(tables[table]) if row.get(column)]
        if not rows:
            return None
        at = rows[int(rng.integers(len(rows)))]
        row = tables[table][at]
        tables[table][at] = row | {column: row[column] * factor}  # type: ignore[operator]
        return {f"{schema.SHEET_OF[table].name}!{letter}{TOP + at}"}

    return change


def a_line_less(tables: Tables, rng: Random) -> set[str] | None:
    lines = tables["BOM"]
    undated = [n for n, line in enumerate(lines) if not line.get("Effective from") and not line.get("Effective to")]
    if not undated:
        return None
    gone = lines.pop(undated[int(rng.integers(len(undated)))])
    others = {f"BOM!A{TOP + n}" for n, line in enumerate(lines) if line["Parent"] == gone["Parent"]}
    return others or home(tables, gone["Parent"])


def a_cost_type_less(tables: Tables, rng: Random) -> set[str] | None:
    types = sorted({str(row["Cost type"]) for row in tables["Actuals"]})
    if not types:
        return None
    gone = types[int(rng.integers(len(types)))]
    tables["Actuals"] = [row for row in tables["Actuals"] if row["Cost type"] != gone]
    return {"Actuals"}


CHANGES: dict[str, Change] = {
    "no completions": without_rows("Counts", 6, Event="Completed"),
    "no sales": without_rows("Counts", 6, Event="Sold"),
    "no receipts": without_rows("Purchases", 4),
    "a cost type less": a_cost_type_less,
    "qty per x 10": times("BOM", "Qty per", 10, "C"),
    "qty per x 1.5": times("BOM", "Qty per", 1.5, "C"),
    "qty per / 10": times("BOM", "Qty per", 0.1, "C"),
    "a line less": a_line_less,
    "price x 10": times("StandardCost", "Material price", 10, "E"),
    "price / 100": times("StandardCost", "Material price", 0.01, "E"),
    "hours in minutes": times("StandardCost", "Labor hours", 60, "F"),
    "rate x 10": times("StandardCost", "Labor rate", 10, "G"),
    "opening x 10": times("Stock", "Opening qty", 10, "B"),
    "opening / 2": times("Stock", "Opening qty", 0.5, "B"),
}


def effect(clean: RunResult, changed: RunResult) -> float:
    """The largest change of a closing balance or a variance, in money."""

    def amounts(outcome: RunResult) -> dict[object, int]:
        period = outcome.period
        balances: dict[object, int] = dict(period.ledger.closing_by_role)
        return balances | {(v.name, v.subject): v.amount for v in period.variances}

    one, other = amounts(clean), amounts(changed)
    return max(abs(one.get(k, 0) - other.get(k, 0)) for k in {*one, *other}) / 10**clean.period.places


def is_loud(code: str, severity: str) -> bool:
    return code.startswith("W8") and severity != schema.NOTE


def test_no_warning_where_nothing_is_wrong() -> None:
    """Five months of each company, with all that differs from month to month."""
    loud = [
        (seed, finding)
        for seed in SEEDS
        if (of := company(seed))
        for _, outcome in months(of, 5)
        for finding in outcome.findings
        if is_loud(finding.code, finding.severity)
    ]
    assert len(loud) <= len(SEEDS) / 20 + 1, loud


def test_what_changed_is_named_at_its_cell() -> None:
    """At least 95 % of the changes that matter, of all kinds together."""
    outcomes: dict[str, list[bool]] = {name: [] for name in CHANGES}
    missed = []
    for seed in SEEDS:
        of = company(seed)
        if not of:
            continue
        ((tables, clean),) = months(of, 1)
        for number, (name, change) in enumerate(CHANGES.items()):
            changed = {table: list(rows) for table, rows in tables.items()}
            cells = change(changed, np.random.default_rng([81, seed, number]))
            outcome = run(of.settings, changed) if cells else clean
            if outcome.run is None or effect(clean, outcome) <= outcome.period.materiality_threshold:
                continue
            named = any(f.where in (cells or ()) and is_loud(f.code, f.severity) for f in outcome.findings)
            outcomes[name].append(named)
            if not named:
                missed.append((seed, name, cells, [f for f in outcome.findings if f.code.startswith("W8")]))
    every = [named for kind in outcomes.values() for named in kind]
    assert len(every) > 3 * len(SEEDS)
    assert sum(every) >= 0.95 * len(every), missed
