"""Trace: every root exploded through the bill of materials, level by level. The evidence behind the journal.

Worked case: 100 units of A; A has 2 B (scrap 10 % on output); B is a phantom with 3 C at 0.50.

    level  component  parent qty  qty per  scrap  required  cost  amount
      0    A                                         100
      1    B              100        2      10 %     220
      2    C              220        3               660    0.50  330.00

A row stops the walk where its item is relieved as itself; else its components follow. The days of a row are those of its
parent narrowed by the effective dates of its line, and `units` are the product units counted on those days, so that every
count uses exactly the lines in force on its date.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from xlbackflush.engine.explosion.demand import Demand
from xlbackflush.engine.standards.bill import Floats, Ints, Structure, ranges
from xlbackflush.engine.standards.unit_cost import Rollup
from xlbackflush.model.tables import Settings

Wave = dict[str, np.ndarray]  # one level of the explosion: columns of equal length


@dataclass
class Trace:
    """`rows`, one per line of the sheet, in its order:

    root, product (item), parent_row (-1: none), level, item, line (-1: none), rollup_row, first, last, units, parent_qty,
    required, started (product units to components: units to start, cumulated), relieved (bool), cost, amount, rate,
    conversion

    condensed: one row per BOM line, all products together (see `condense`).
    """

    rows: pd.DataFrame
    condensed: bool = False


def size(structure: Structure, demand: Demand) -> float:
    """Rows that the trace of these roots would have (nearly: see `sizes`)."""
    return float(sizes(structure, demand).sum())


def sizes(structure: Structure, demand: Demand) -> Floats:
    """Rows that the trace of each root would have; effective dates may leave some out, a change of cost may add some."""
    stocked = (structure.items["role"] != "").to_numpy()
    lines = structure.lines
    parent, component = lines["parent"].to_numpy(), lines["component"].to_numpy()
    rows = np.ones(len(structure.items))
    level = structure.level[parent]
    for depth in range(int(level.max(initial=-1)), -1, -1):
        at = np.flatnonzero(level == depth)
        below = np.where(stocked[component[at]], 1.0, rows[component[at]])
        rows += np.bincount(parent[at], below, minlength=len(rows))
    roots = demand.roots
    each: Floats = np.where(roots["explodes"], rows[roots["item"].to_numpy()], 1.0)
    return each


def trace(structure: Structure, rollup: Rollup, demand: Demand, settings: Settings) -> Trace:
    """Explode every root, breadth first, then put the rows in the order of an indented list."""
    roots = demand.roots
    count = len(roots)
    item = roots["item"].to_numpy()
    wave = {
        "root": np.arange(count),
        "parent_row": np.full(count, -1),
        "item": item,
        "line": np.full(count, -1),
        "first": np.full(count, float(settings.period_start)),
        "last": np.full(count, float(settings.period_end)),
        "above": np.ones(count),  # started, of the parent
        "relieved": ~roots["explodes"].to_numpy(dtype=bool),
    }
    waves: list[Wave] = []
    made = 0
    while not waves or len(wave["root"]):
        wave = _by_cost(wave, rollup)
        _value(wave, structure, len(waves))
        waves.append(wave)
        wave = _children(wave, structure, made)
        made += len(waves[-1]["root"])
    rows = _indented(pd.DataFrame({name: np.concatenate([w[name] for w in waves]) for name in waves[0]}))
    return Trace(_quantities(rows, structure, rollup, demand, settings))


def _by_cost(wave: Wave, rollup: Rollup) -> Wave:
    """Give each row its roll-up row; a relieved row whose cost changes within its days becomes one row per cost."""
    low = rollup.at(wave["item"], wave["first"])
    high = np.where(wave["relieved"], rollup.at(wave["item"], wave["last"]), low)
    if not (high > low).any():
        return {**wave, "rollup_row": low}
    pick = np.repeat(np.arange(len(low)), high - low + 1)
    split = {name: values[pick] for name, values in wave.items()}
    split["rollup_row"] = ranges(low, high + 1)
    first, last = rollup.rows["first"].to_numpy(), rollup.rows["last"].to_numpy()
    several = (high > low)[pick]
    split["first"] = np.where(several, np.maximum(split["first"], first[split["rollup_row"]]), split["first"])
    split["last"] = np.where(several, np.minimum(split["last"], last[split["rollup_row"]]), split["last"])
    return split


def _value(wave: Wave, structure: Structure, depth: int) -> None:
    """Level, and units started per product unit: those of the parent x line factor x the item's own units to start."""
    line = wave["line"]
    factor = structure.lines["factor"].to_numpy()
    through = np.where(line >= 0, wave["above"] * factor[line], wave["above"]) if len(factor) else wave["above"]
    wave["started"] = through * structure.items["to_start"].to_numpy()[wave["item"]]
    wave["level"] = np.full(len(line), depth)


def _children(wave: Wave, structure: Structure, made: int) -> Wave:
    """The lines below every row that is exploded, narrowed to the days on which both hold."""
    open_rows = np.flatnonzero(~wave["relieved"])
    item = wave["item"][open_rows]
    begin, stop = structure.first_line[item], structure.first_line[item + 1]
    line = ranges(begin, stop)
    up = np.repeat(open_rows, stop - begin)
    lines = structure.lines
    first = np.maximum(wave["first"][up], lines["first"].to_numpy()[line])
    last = np.minimum(wave["last"][up], lines["last"].to_numpy()[line])
    held = first <= last
    line, up = line[held], up[held]
    component = lines["component"].to_numpy()[line]
    return {
        "root": wave["root"][up],
        "parent_row": up + made,
        "item": component,
        "line": line,
        "first": first[held],
        "last": last[held],
        "above": wave["started"][up],
        "relieved": (structure.items["role"] != "").to_numpy()[component],
    }


def _indented(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the waves in the order of an indented list: each row is followed by all that is below it.

    The place of a row is its parent's place + 1 + the sizes of the siblings before it.
    """
    count = len(rows)
    if not count:
        return rows
    parent, level = rows["parent_row"].to_numpy(), rows["level"].to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(level)) + 1), count]
    spans = list(pairwise(edges))
    sizes = np.ones(count, dtype=np.int64)
    for begin, stop in reversed(spans[1:]):
        sizes[:begin] += np.bincount(parent[begin:stop], sizes[begin:stop], minlength=begin).astype(np.int64)[:begin]
    place = np.zeros(count, dtype=np.int64)
    for begin, stop in spans:
        before = np.cumsum(sizes[begin:stop]) - sizes[begin:stop]
        up = parent[begin:stop]
        if begin == 0:
            place[:stop] = before
            continue
        head = np.concatenate(([True], up[1:] != up[:-1]))
        base = before[head][np.cumsum(head) - 1]
        place[begin:stop] = place[up] + 1 + before - base
    order = np.empty(count, dtype=np.int64)
    order[place] = np.arange(count)
    rows = rows.iloc[order].reset_index(drop=True)
    moved = rows["parent_row"].to_numpy()
    rows["parent_row"] = np.where(moved >= 0, place[moved], -1)
    return rows


def _quantities(
    rows: pd.DataFrame, structure: Structure, rollup: Rollup, demand: Demand, settings: Settings
) -> pd.DataFrame:
    """Units, required quantity, cost and amount of every row."""
    items, lines = structure.items, structure.lines
    item, line = rows["item"].to_numpy(), rows["line"].to_numpy()
    relieved = rows["relieved"].to_numpy(dtype=bool)
    rows["product"] = demand.roots["item"].to_numpy()[rows["root"].to_numpy()]
    rows["units"] = _units(rows, demand, settings)
    factor = lines["factor"].to_numpy()[line] if len(lines) else np.ones(len(rows))
    rows["parent_qty"] = np.where(line >= 0, rows["units"] * rows["above"], np.nan)
    rows["required"] = np.where(line >= 0, rows["parent_qty"] * factor, rows["units"])
    rows["cost"] = np.where(relieved, rollup.rows["relief_cost"].to_numpy()[rows["rollup_row"]], 0.0)
    rows["amount"] = rows["required"] * rows["cost"]
    rows["rate"] = np.where(relieved, 0.0, items["flushed"].to_numpy()[item])
    rows["conversion"] = rows["required"] * rows["rate"]
    return rows


def _units(rows: pd.DataFrame, demand: Demand, settings: Settings) -> Floats:
    """Product units counted on the days of each row. Whole periods are summed at once, narrower days one by one."""
    quantity, root = demand.rows["quantity"].to_numpy(), demand.rows["root"].to_numpy()
    whole = np.bincount(root, quantity, minlength=len(demand.roots))
    units: Floats = whole[rows["root"].to_numpy()]
    narrow = np.flatnonzero((rows["first"] > settings.period_start) | (rows["last"] < settings.period_end))
    if len(narrow):
        days = demand.rows["day"].to_numpy()
        begin: Ints = np.searchsorted(root, np.arange(len(demand.roots) + 1))
        known: dict[tuple[int, float, float], float] = {}
        for i, r, first, last in rows.iloc[narrow][["root", "first", "last"]].itertuples(name=None):
            if (r, first, last) not in known:
                low, high = begin[r], begin[r + 1]
                a = low + np.searchsorted(days[low:high], first, side="left")
                b = low + np.searchsorted(days[low:high], last, side="right")
                known[r, first, last] = math.fsum(quantity[a:b])
            units[i] = known[r, first, last]
    return units
