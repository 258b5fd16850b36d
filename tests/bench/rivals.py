"""Other ways to explode counts and roll up costs, and the engine; all must come to the same numbers.

Every rival gets plain lists and returns, by item, the quantity relieved by counts and the unit cost. Its task is
the easier one: no effective dates, scrap already in the quantity per unit, one cost element instead of five, and totals
only, where the engine also keeps the Explosion row by row.

    python -m tests.bench.rivals LINES COUNTS TRIGGERS REPEATS [METHOD ...]

prints seconds by method as JSON; a text instead, where one cannot run. No method: all of them.
"""

import json
import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from tests.bench.world import world
from xlbackflush import schema
from xlbackflush.engine.explosion import demand as demands
from xlbackflush.engine.explosion.by_line import explosion_by_line as condensed
from xlbackflush.engine.explosion.explosion import Explosion, sizes
from xlbackflush.engine.explosion.explosion import explosion as trace
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.standards.bill import bill as structure
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.engine.standards.unit_cost import unit_costs as rollup
from xlbackflush.engine.stock.relief import relief
from xlbackflush.model.inputs import Inputs, Settings

NEED_BENCH = "not installed: pip install xlbackflush[bench]"

Quantities = dict[str, float]
Answer = tuple[Quantities, Quantities]  # relieved quantity, unit cost
Explode = Callable[[UnitCosts, demands.Demand, Settings], Explosion]


@dataclass(frozen=True)
class Problem:
    """lines: parent, component, quantity with scrap. own: cost of one level. stocked: relieved as themselves."""

    lines: list[tuple[str, str, float]]
    own: Quantities
    stocked: frozenset[str]
    counts: list[tuple[str, float]]

    def per_item(self) -> Quantities:
        """The counts, added up."""
        added: Quantities = defaultdict(float)
        for item, quantity in self.counts:
            added[item] += quantity
        return added


def problem(inputs: Inputs) -> Problem:
    """The inputs as a rival sees them."""
    built = structure(inputs)
    items, lines, counts = built.items, built.lines, inputs.counts
    codes = items.code.tolist()
    quantity = lines.factor * items.to_start[lines.parent]
    event = schema.COMPLETED if inputs.settings.completion_triggers else schema.SOLD
    exploded = counts.of(counts.event == event)
    return Problem(
        [
            (codes[parent], codes[component], per)
            for parent, component, per in zip(
                lines.parent.tolist(), lines.component.tolist(), quantity.tolist(), strict=True
            )
        ],
        dict(zip(codes, (items.own[:, 0] + items.own_conversion).tolist(), strict=True)),
        frozenset(items.code[items.stocked].tolist()),
        list(zip(exploded.item.tolist(), exploded.quantity.tolist(), strict=True)),
    )


# --------------------------------------------------------------------------------------------- the engine


def engine(inputs: Inputs, explode: Explode | None = None) -> Answer:
    """Structure, roll-up, demand, Explosion and relief. explode: how; None as a run chooses it by size."""
    built = structure(inputs)
    rolled = rollup(built)
    asked = demands.demand(built, demands.transactions(built))
    explode = explode or (trace if sizes(built, asked).sum() <= schema.TRACE_ROWS_MAX else condensed)
    used = relief(explode(rolled, asked, inputs.settings), built, asked)
    codes = built.items.code
    return (
        dict(zip(codes[used.item], used.quantity.tolist(), strict=True)),
        dict(zip(codes[rolled.rows.item], rolled.rows.unit_cost.tolist(), strict=True)),
    )


# ------------------------------------------------------------------------------------------------- rivals


def recursion_per_count(asked: Problem) -> Answer:
    """Plain recursion, one explosion for every count, as much ERP code does it."""
    return _recursion(asked, asked.counts)


def recursion_per_product(asked: Problem) -> Answer:
    """Plain recursion, one explosion for every product."""
    return _recursion(asked, list(asked.per_item().items()))


def _recursion(asked: Problem, counts: list[tuple[str, float]]) -> Answer:
    below: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for parent, component, per in asked.lines:
        below[parent].append((component, per))
    used: Quantities = defaultdict(float)

    def explode(item: str, quantity: float) -> None:
        for component, per in below[item]:
            if component in asked.stocked:
                used[component] += quantity * per
            else:
                explode(component, quantity * per)

    @cache
    def cost(item: str) -> float:
        return asked.own[item] + sum(per * cost(component) for component, per in below[item])

    for item, quantity in counts:
        explode(item, quantity)
    return used, {item: cost(item) for item in asked.own}


def networkx_walk(asked: Problem) -> Answer:
    """A graph: quantities handed down in topological order, costs handed up in the reverse order."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(asked.own)
    graph.add_weighted_edges_from(asked.lines)
    order = list(nx.topological_sort(graph))
    counted = asked.per_item()
    used: Quantities = defaultdict(float)
    for item in order:
        started = counted[item] + (0.0 if item in asked.stocked else used[item])
        if started:
            for component, edge in graph[item].items():
                used[component] += started * edge["weight"]
    cost = dict(asked.own)
    for item in reversed(order):
        for component, edge in graph[item].items():
            cost[item] += edge["weight"] * cost[component]
    return {item: quantity for item, quantity in used.items() if item in asked.stocked}, cost


def pandas_merges(asked: Problem) -> Answer:
    """One merge for every level: downwards for quantities, upwards for costs until nothing changes."""
    lines = pd.DataFrame(asked.lines, columns=["parent", "component", "per"])
    wave = pd.DataFrame(asked.per_item().items(), columns=["parent", "quantity"])
    used = []
    while len(wave):
        below = wave.merge(lines, on="parent")
        below["quantity"] *= below["per"]
        below = below.groupby("component", as_index=False)["quantity"].sum()
        stocked = below["component"].isin(asked.stocked)
        used.append(below[stocked])
        wave = below[~stocked].rename(columns={"component": "parent"})
    relieved = pd.concat(used).groupby("component")["quantity"].sum()

    own = pd.Series(asked.own)
    cost, before = own, None
    while before is None or not cost.equals(before):
        before = cost
        below = lines.merge(before.rename("cost"), left_on="component", right_index=True)
        cost = own.add((below["per"] * below["cost"]).groupby(below["parent"]).sum(), fill_value=0.0)
    return relieved.to_dict(), cost.to_dict()


_RELIEF_SQL = """
    WITH RECURSIVE walk(item, quantity, relieved) AS (
        SELECT item, SUM(quantity), 0 FROM counts GROUP BY item
        UNION ALL
        SELECT lines.component, walk.quantity * lines.per, items.stocked
        FROM walk JOIN lines ON lines.parent = walk.item JOIN items ON items.item = lines.component
        WHERE walk.relieved = 0
    )
    SELECT item, SUM(quantity) FROM walk WHERE relieved = 1 GROUP BY item
"""
_COST_SQL = """
    WITH RECURSIVE walk(root, item, quantity) AS (
        SELECT item, item, CAST(1 AS DOUBLE) FROM items
        UNION ALL
        SELECT walk.root, lines.component, walk.quantity * lines.per
        FROM walk JOIN lines ON lines.parent = walk.item
    )
    SELECT root, SUM(quantity * own) FROM walk JOIN items ON items.item = walk.item GROUP BY root
"""


def sqlite_cte(asked: Problem) -> Answer:
    """Two recursive queries in SQLite, in memory."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE lines (parent TEXT, component TEXT, per REAL)")
    database.execute("CREATE TABLE items (item TEXT PRIMARY KEY, own REAL, stocked INTEGER)")
    database.execute("CREATE TABLE counts (item TEXT, quantity REAL)")
    database.executemany("INSERT INTO lines VALUES (?, ?, ?)", asked.lines)
    items = [(item, own, int(item in asked.stocked)) for item, own in asked.own.items()]
    database.executemany("INSERT INTO items VALUES (?, ?, ?)", items)
    database.executemany("INSERT INTO counts VALUES (?, ?)", asked.counts)
    database.execute("CREATE INDEX by_parent ON lines (parent)")
    answer = dict(database.execute(_RELIEF_SQL)), dict(database.execute(_COST_SQL))
    database.close()
    return answer


def duckdb_cte(asked: Problem) -> Answer:
    """The same two queries in DuckDB, over DataFrames."""
    import duckdb

    items = [(item, own, int(item in asked.stocked)) for item, own in asked.own.items()]
    with duckdb.connect() as database:
        database.register("lines", pd.DataFrame(asked.lines, columns=["parent", "component", "per"]))
        database.register("items", pd.DataFrame(items, columns=["item", "own", "stocked"]))
        database.register("counts", pd.DataFrame(asked.counts, columns=["item", "quantity"]))
        return dict(database.execute(_RELIEF_SQL).fetchall()), dict(database.execute(_COST_SQL).fetchall())


def polars_joins(asked: Problem) -> Answer:
    """One join for every level, as with pandas."""
    import polars as pl

    lines = pl.DataFrame(asked.lines, schema=["parent", "component", "per"], orient="row")
    wave = pl.DataFrame(list(asked.per_item().items()), schema=["parent", "quantity"], orient="row")
    is_stocked = pl.col("component").is_in(list(asked.stocked))
    used = []
    while wave.height:
        quantity = (pl.col("quantity") * pl.col("per")).sum().alias("quantity")
        below = wave.join(lines, on="parent").group_by("component").agg(quantity)
        used.append(below.filter(is_stocked))
        wave = below.filter(~is_stocked).rename({"component": "parent"})
    relieved = pl.concat(used).group_by("component").agg(pl.col("quantity").sum())

    own = pl.DataFrame(list(asked.own.items()), schema=["item", "own"], orient="row")
    cost, moved = own.rename({"own": "cost"}), 1.0
    while moved > 1e-12:  # sums over groups are added up in any order
        below = lines.join(cost, left_on="component", right_on="item")
        added = below.group_by("parent").agg((pl.col("per") * pl.col("cost")).sum().alias("added"))
        now = own.join(added, left_on="item", right_on="parent", how="left", maintain_order="left")
        new = now.select("item", (pl.col("own") + pl.col("added").fill_null(0.0)).alias("cost"))
        moved = float(((new["cost"] - cost["cost"]).abs() / new["cost"].clip(1e-300)).max())
        cost = new
    return dict(relieved.iter_rows()), dict(cost.iter_rows())


RIVALS: dict[str, Callable[[Problem], Answer]] = {
    "recursion, per count": recursion_per_count,
    "recursion, per product": recursion_per_product,
    "networkx, topological": networkx_walk,
    "pandas, merges by level": pandas_merges,
    "SQLite, recursive CTE": sqlite_cte,
    "DuckDB, recursive CTE": duckdb_cte,
    "polars, joins by level": polars_joins,
}

# -------------------------------------------------------------------------------------------- measurement


def furthest(mine: Answer, other: Answer) -> float:
    """Largest relative difference of two answers, over both quantities and costs."""
    worst = 0.0
    for left, right in zip(mine, other, strict=True):
        for item in left.keys() | right.keys():
            a, b = left.get(item, 0.0), right.get(item, 0.0)
            worst = max(worst, abs(a - b) / max(abs(a), abs(b), 1e-300))
    return worst


def compare(inputs: Inputs, repeats: int, methods: Sequence[str] = ()) -> dict[str, Any]:
    """Seconds of the engine and of the rivals, taken in turn; medians."""
    asked = problem(inputs)
    jobs: dict[str, Callable[[], Answer]] = {
        "engine": partial(engine, inputs),
        "engine, totals per BOM line": partial(engine, inputs, condensed),
        **{name: partial(rival, asked) for name, rival in RIVALS.items() if not methods or name in methods},
    }
    mine = engine(inputs)
    verdicts = {name: _verdict(mine, job) for name, job in jobs.items()}
    seconds: dict[str, list[float]] = {name: [] for name, verdict in verdicts.items() if not verdict}
    for _ in range(repeats):
        for name, taken in seconds.items():
            begin = time.process_time()
            jobs[name]()
            taken.append(time.process_time() - begin)
    return {name: verdict or median(seconds[name]) for name, verdict in verdicts.items()}


def _verdict(mine: Answer, job: Callable[[], Answer]) -> str:
    """Run a job for the first time; why it is out, or "" where it comes to the same numbers."""
    try:
        answer = job()
    except ImportError:
        return NEED_BENCH
    return "" if furthest(mine, answer) <= 1e-9 else "comes to other numbers"


def main() -> None:
    """Compare on the inputs of a world."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    from support import sources

    lines, counts, triggers, repeats, *methods = sys.argv[1:]
    made = world(int(lines), int(counts), triggers=triggers)
    inputs, _ = accept(sources(made.settings, made.tables))
    print(json.dumps(compare(inputs, int(repeats), methods)))


if __name__ == "__main__":
    main()
