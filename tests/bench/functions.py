"""The cell functions as Python answers them, beside plain Python that does the least that could be done.

    python -m tests.bench.functions hand BOOK TABLES       the input tables of BOOK as Excel hands them over
    python -m tests.bench.functions measure TABLES REPEATS prints seconds by task as JSON, ours and the yardstick's

The yardstick checks nothing, heeds no dates and keeps one cost element: rows become dicts, costs and explosions are found
by recursion and kept, a cost is a look-up and a product. What both come to is compared before anything is timed.
"""

import json
import pickle
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

Quantities = dict[str, float]

BOOK = "Benchmark.xlsm"
ARRAY = 10_000  # cells of one array formula
CALLS = 20_000  # of a function whose single call is too short to time


def hand(book: Path) -> list[Any]:
    """Name, sheet, header row, first column, headers and values of each table that the functions look at."""
    from xlbackflush import schema
    from xlbackflush.ooxml.values import stored
    from xlbackflush.workbook.file import FileBook

    def by_com(value: object) -> object:
        cell = stored(value)
        return float(cell) if isinstance(cell, int) else cell

    with FileBook(book) as file:
        sources = file.read()
    return [
        (
            table.name,
            source.sheet,
            source.first_row - 1,
            table.first_col,
            (tuple(source.columns),),
            tuple(tuple(by_com(cell) for cell in row) for row in source.rows),
        )
        for table in (schema.SETUP, schema.ACCOUNTS, schema.STANDARD_COST, schema.BOM)
        for source in (sources[table.name],)
    ]


class Plain:
    """The yardstick."""

    def __init__(self, tables: list[Any]) -> None:
        rows = {t[0]: [dict(zip(t[4][0], row, strict=True)) for row in t[5]] for t in tables}
        self.below: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for row in rows["BOM"]:
            scrap = row["Scrap %"] or 0.0
            factor = 1 / (1 - scrap) if row["Scrap basis"] == "Input" else 1 + scrap
            self.below[row["Parent"].lower()].append((row["Component"].lower(), row["Qty per"] * factor))
        self.own: Quantities = {}
        self.stocked: set[str] = set()
        for row in rows["StandardCost"]:
            key = row["Item"].lower()
            rates = (row["Labor rate"], row["Variable overhead rate"], row["Fixed overhead rate"])
            self.own[key] = (row["Labor hours"] or 0.0) * sum(rate or 0.0 for rate in rates)
            self.own[key] += (row["Other conversion"] or 0.0) + (row["Material price"] or 0.0)
            if row["Type"] != "Phantom":
                self.stocked.add(key)
        self.costs: Quantities = {}
        for key in self.own:
            self._cost(key)

    def _cost(self, key: str) -> float:
        if key not in self.costs:
            self.costs[key] = self.own[key] + sum(per * self._cost(part) for part, per in self.below.get(key, ()))
        return self.costs[key]

    def explode(self, key: str) -> Quantities:
        """Components of one unit."""
        used: Quantities = defaultdict(float)

        def walk(item: str, quantity: float) -> None:
            for part, per in self.below[item]:
                if part in self.stocked:
                    used[part] += quantity * per
                else:
                    walk(part, quantity * per)

        walk(key, 1.0)
        return used


def timed(job: Callable[[], object]) -> float:
    begin = time.perf_counter()
    job()
    return time.perf_counter() - begin


def measure(tables: list[Any], repeats: int) -> dict[str, Any]:
    """Seconds of ours and of the yardstick, by task; the first load imports the engine, too."""
    seconds: dict[str, Any] = {}
    begin = time.perf_counter()
    from xlbackflush.addin import functions

    seconds["import"] = time.perf_counter() - begin
    seconds["first load"] = timed(lambda: functions.load(BOOK, tables))
    head, *rows = functions.load(BOOK, tables)
    assert head[0] == "", head
    plain = Plain(tables)
    ours = functions._books[BOOK.lower()]
    keys = list(plain.own)
    _agree(rows, plain, functions.explosion)
    seconds["items"] = len(keys)
    asked = [(keys[n * 7 % len(keys)], 1.0 + n % 50) for n in range(ARRAY)]
    item, qty = asked[0]
    component = next(iter(plain.explode(item)), item)
    costs, parts = plain.costs, plain.explode(item)
    seconds["tasks"] = {
        name: _compared(mine, other, repeats)
        for name, mine, other in (
            ("load", lambda: functions.load(BOOK, tables), lambda: Plain(tables)),
            ("array", lambda: [ours.cost(i, q) for i, q in asked], lambda: [costs[i.lower()] * q for i, q in asked]),
            ("explosions", lambda: _every(functions, tables, keys), lambda: [plain.explode(key) for key in keys]),
        )
    }
    seconds["calls"] = {
        name: [took / CALLS for took in _compared(_often(mine), _often(other), repeats)]
        for name, mine, other in (
            ("cost", lambda: ours.cost(item, qty), lambda: costs[item.lower()] * qty),
            ("quantity", lambda: ours.quantity(item, component, qty), lambda: parts[component.lower()] * qty),
            ("standard_cost", lambda: ours.standard_cost(item), lambda: costs[item.lower()]),
        )
    }
    return seconds


def _every(functions: Any, tables: list[Any], keys: list[str]) -> None:
    """Every item exploded anew: the load before it forgets what was exploded. Its time is taken off by `main`."""
    functions.load(BOOK, tables)
    for key in keys:
        functions.explosion(BOOK, key)


def _often(job: Callable[[], object]) -> Callable[[], object]:
    def jobs() -> None:
        for _ in range(CALLS):
            job()

    return jobs


def _compared(mine: Callable[[], object], other: Callable[[], object], repeats: int) -> list[float]:
    """Medians, taken in turn."""
    spent = [(timed(mine), timed(other)) for _ in range(repeats)]
    return [median(each) for each in zip(*spent, strict=True)]


def _agree(rows: list[Any], plain: Plain, explosion: Callable[[str, str], list[Any]]) -> None:
    """Nothing is timed that does not come to the same."""
    for key, _, flushed, *_ in rows:
        assert abs(flushed - plain.costs[key]) <= 1e-9 * abs(flushed), key
        used = {part[0]: part[4] for part in explosion(BOOK, key) if part[0] not in ("", key)}
        expected = plain.explode(key)
        assert used.keys() == expected.keys(), key
        assert all(abs(used[part] - expected[part]) <= 1e-9 * expected[part] for part in used), key


def main() -> None:
    """Hand over, or measure."""
    verb, source, rest = sys.argv[1:]
    if verb == "hand":
        Path(rest).write_bytes(pickle.dumps(hand(Path(source))))
        return
    found = measure(pickle.loads(Path(source).read_bytes()), int(rest))
    found["tasks"]["explosions"][0] -= found["tasks"]["load"][0]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
