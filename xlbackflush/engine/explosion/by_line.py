"""Condensed trace: one row per BOM line instead of one per product and line, for bills too large to explode one by one.

All products of one event and account are exploded together. Each exploded item has one *total* row: units counted plus the
sum of the *line* rows above it that require it; each line row multiplies its parent's total. Rows only look upwards:

    total  A           100 counted                            100
    line   A > B       100 x 2, scrap 10 %                    220
    total  B           0 counted + 220                        220
    line   B > C       220 x 3 at 0.50            330.00      660

Products whose BOM changes within the period are kept apart by the stretch of days on which theirs holds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from xlbackflush.engine.explosion.demand import Demand, only
from xlbackflush.engine.explosion.explosion import Trace, trace
from xlbackflush.engine.standards.bill import Floats, Ints, Structure
from xlbackflush.engine.standards.unit_cost import Rollup
from xlbackflush.model.tables import Settings


def condensed(structure: Structure, rollup: Rollup, demand: Demand, settings: Settings) -> Trace:
    """The trace of all roots: relieved roots one by one, exploded roots together. Amounts equal those of `trace`.

    Adds block_first and block_last: positions of the line rows that a total row adds up (-1: none).
    """
    explodes = demand.roots["explodes"].to_numpy(dtype=bool)
    single = only(demand, ~explodes)
    parts = [trace(structure, rollup, single, settings).rows]
    parts[0]["root"] = np.flatnonzero(~explodes)[parts[0]["root"].to_numpy()]
    parts[0]["block_first"] = parts[0]["block_last"] = -1
    position = len(parts[0])
    for (_, first, last), group in _groups(structure, rollup, demand).groupby(["key", "first", "last"], sort=True):
        units = np.bincount(group["item"], group["units"], minlength=len(structure.items)).astype(np.float64)
        rows = _group_rows(structure, rollup, int(group["root"].iloc[0]), group["item"].to_numpy(), units, first, last)
        for column in ("parent_row", "block_first", "block_last"):
            rows[column] = np.where(rows[column] >= 0, rows[column] + position, -1)
        position += len(rows)
        parts.append(rows)
    return Trace(pd.concat(parts, ignore_index=True), condensed=True)


def _groups(structure: Structure, rollup: Rollup, demand: Demand) -> pd.DataFrame:
    """Units of every exploded root per stretch of its item: key (event and account), root, item, first, last, units."""
    streams = demand.streams
    alike: dict[tuple[str, str, tuple[tuple[str, str], ...]], int] = {}
    roots = demand.roots
    keys = np.array(
        [
            alike.setdefault((streams[s].event, charged, streams[s].wanted), len(alike))
            for s, charged in zip(roots["stream"], roots["charged_to"], strict=True)
        ],
        dtype=np.int64,
    )
    rows = demand.rows[roots["explodes"].to_numpy(dtype=bool)[demand.rows["root"].to_numpy()]]
    root = rows["root"].to_numpy()
    item = roots["item"].to_numpy()[root]
    stretch = rollup.at(item, rows["day"].to_numpy())
    frame = pd.DataFrame(
        {
            "key": keys[root],
            "root": root,
            "item": item,
            "first": rollup.rows["first"].to_numpy()[stretch],
            "last": rollup.rows["last"].to_numpy()[stretch],
            "units": rows["quantity"].to_numpy(),
        }
    )
    return frame.sort_values(["key", "root", "first"], kind="stable", ignore_index=True)


def _group_rows(
    structure: Structure, rollup: Rollup, root: int, products: Ints, units: Floats, first: float, last: float
) -> pd.DataFrame:
    """Total and line rows of the products of one group, in an order in which every row looks upwards only."""
    items, lines, level = structure.items, structure.lines, structure.level
    stocked = (items["role"] != "").to_numpy()
    parent, component = lines["parent"].to_numpy(), lines["component"].to_numpy()
    held = (lines["first"].to_numpy() <= first) & (lines["last"].to_numpy() >= last)
    reached, need = _walk(structure, held, products, units, stocked)
    line = np.flatnonzero(held & reached[parent])
    total = np.flatnonzero(reached)

    item = np.concatenate((component[line], total))
    is_total = np.repeat([False, True], [len(line), len(total)])
    order = np.lexsort((is_total, item, level[item]))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    row_of = np.full(len(items), -1, dtype=np.int64)
    row_of[total] = place[len(line) :]

    to_start = items["to_start"].to_numpy()
    blank = np.full(len(total), np.nan)
    parent_qty = np.concatenate((need[parent[line]] * to_start[parent[line]], blank))
    required = np.concatenate((parent_qty[: len(line)] * lines["factor"].to_numpy()[line], need[total]))
    relieved = np.concatenate((stocked[component[line]], np.zeros(len(total), dtype=bool)))
    rollup_row = rollup.at(item, np.full(len(item), first))
    cost = np.where(relieved, rollup.rows["relief_cost"].to_numpy()[rollup_row], 0.0)
    rate = np.where(is_total, items["flushed"].to_numpy()[item], 0.0)
    incoming = np.where(stocked, 0, np.bincount(component[line], minlength=len(items)))[item]
    rows = pd.DataFrame(
        {
            "root": root,
            "product": np.concatenate((parent[line], total)),
            "parent_row": np.concatenate((row_of[parent[line]], np.full(len(total), -1))),
            "level": np.where(is_total, 0, 1),
            "item": item,
            "line": np.concatenate((line, np.full(len(total), -1))),
            "rollup_row": rollup_row,
            "first": first,
            "last": last,
            "units": np.where(is_total, units[item], np.nan),
            "parent_qty": parent_qty,
            "required": required,
            "started": np.where(is_total, to_start[item], np.nan),
            "relieved": relieved,
            "cost": cost,
            "amount": required * cost,
            "rate": rate,
            "conversion": required * rate,
            "block_first": np.where(is_total & (incoming > 0), place - incoming, -1),
            "block_last": np.where(is_total & (incoming > 0), place - 1, -1),
        }
    )
    return rows.iloc[order].reset_index(drop=True)


def _walk(
    structure: Structure, held: np.ndarray, products: Ints, units: Floats, stocked: np.ndarray
) -> tuple[np.ndarray, Floats]:
    """Which items are exploded, and the units of each that are needed, one level of the BOM at a time from the top."""
    lines, level = structure.lines, structure.level
    parent, component = lines["parent"].to_numpy(), lines["component"].to_numpy()
    factor, to_start = lines["factor"].to_numpy(), structure.items["to_start"].to_numpy()
    reached = np.zeros(len(level), dtype=bool)
    reached[products] = True
    need = units.copy()
    for depth in range(int(level.max(initial=-1)) + 1):
        at = np.flatnonzero(held & (level[parent] == depth) & reached[parent] & ~stocked[component])
        reached[component[at]] = True
        need += np.bincount(component[at], need[parent[at]] * to_start[parent[at]] * factor[at], minlength=len(need))
    return reached, need
