"""Roll-up: the standard cost of one unit of every item, by element, from the bottom of the BOM upwards.

An item whose BOM (at any depth) changes within the period has one row per stretch of days on which its cost holds.

    cost of a row = own cost + sum over its lines of (units to start x line factor) x cost of the component's row
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.standards.bill import Floats, Ints, Structure, ranges
from xlbackflush.model.tables import Settings

_DAYS = 4_000_000  # more than Excel has days: item x _DAYS + day is a sortable key


@dataclass
class Rollup:
    """`rows`: item, first, last, the five elements, unit_cost, relief_cost. `buildup`: row, line, quantity, component_row.

    relief_cost is what a unit in stock carries: the unit cost, its material alone where conversion is expensed.
    conversion_at_completion, finished_at_completion and subassemblies_at_completion are the conversion that completing a
    unit flushes and the cost of Finished items and subassemblies that it takes, where completion is a trigger, whatever the
    trigger points of this run.

    Rows are sorted by item, then by first day; buildup rows by row, then in the order of the BOM sheet.
    """

    rows: pd.DataFrame
    buildup: pd.DataFrame
    keys: Ints

    def at(self, item: Ints, day: Floats) -> Ints:
        """Row of each item on each day of the period."""
        return np.searchsorted(self.keys, item * _DAYS + day.astype(np.int64), side="right") - 1


def rollup(structure: Structure, settings: Settings) -> Rollup:
    """Cost every item. Needs a BOM without circles."""
    rows = _stretches(structure, settings)
    item, first = rows["item"].to_numpy(), rows["first"].to_numpy()
    result = Rollup(rows, pd.DataFrame(), item * _DAYS + first.astype(np.int64))
    result.buildup = _buildup(structure, result)
    elements = _elements(structure, result)
    for i, element in enumerate(schema.ELEMENTS):
        rows[element] = elements[:, i]
    rows["unit_cost"] = (((elements[:, 0] + elements[:, 1]) + elements[:, 2]) + elements[:, 3]) + elements[:, 4]
    rows["relief_cost"] = rows["Material"] if settings.conversion_expensed else rows["unit_cost"]
    _at_completion(structure, result)
    return result


def _stretches(structure: Structure, settings: Settings) -> pd.DataFrame:
    """One row per item and stretch of days without a change in any BOM line below it."""
    start, end = float(settings.period_start), float(settings.period_end)
    lines, count = structure.lines, len(structure.items)
    dated = lines[(lines["first"] > start) | (lines["last"] < end)]
    cuts: dict[int, set[float]] = {}
    for parent, first, last in zip(dated["parent"], dated["first"], dated["last"], strict=True):
        cuts.setdefault(parent, set()).update((first, last + 1))
    if cuts:  # hand the changes upwards, deepest items first
        order = np.argsort(-structure.level[lines["component"].to_numpy()], kind="stable")
        parents, components = lines["parent"].to_numpy()[order].tolist(), lines["component"].to_numpy()[order].tolist()
        for parent, component in zip(parents, components, strict=True):
            if component in cuts:
                cuts.setdefault(parent, set()).update(cuts[component])
    changes = [(i, day) for i, days in cuts.items() for day in days if start < day <= end]
    item = np.array([*range(count), *(i for i, _ in changes)], dtype=np.int64)
    begin = np.array([start] * count + [day for _, day in changes], dtype=np.float64)
    order = np.lexsort((begin, item))
    item, begin = item[order], begin[order]
    followed = np.diff(item, append=-1) == 0
    return pd.DataFrame({"item": item, "first": begin, "last": np.where(followed, np.roll(begin, -1) - 1, end)})


def _buildup(structure: Structure, result: Rollup) -> pd.DataFrame:
    """The lines in force of every row, with the row of each component."""
    item, first = result.rows["item"].to_numpy(), result.rows["first"].to_numpy()
    begin, stop = structure.first_line[item], structure.first_line[item + 1]
    line = ranges(begin, stop)
    row = np.repeat(np.arange(len(item)), stop - begin)
    lines = structure.lines
    held = (lines["first"].to_numpy()[line] <= first[row]) & (lines["last"].to_numpy()[line] >= first[row])
    row, line = row[held], line[held]
    quantity = lines["factor"].to_numpy()[line] * structure.items["to_start"].to_numpy()[item[row]]
    component_row = result.at(lines["component"].to_numpy()[line], first[row])
    return pd.DataFrame({"row": row, "line": line, "quantity": quantity, "component_row": component_row})


def _elements(structure: Structure, result: Rollup) -> Floats:
    """Cost per row (first axis) and element (second), one level of the BOM at a time, deepest first."""
    item = result.rows["item"].to_numpy()
    total: Floats = structure.items[[f"own_{e}" for e in schema.ELEMENTS]].to_numpy(dtype=np.float64)[item]
    return _rolled(structure, result, total, lambda group, below: below)


def _at_completion(structure: Structure, result: Rollup) -> None:
    """Conversion flushed, Finished items and subassemblies taken when a unit is completed: phantoms pass on theirs."""
    rows, kind = result.rows, structure.items["type"].to_numpy()
    below_kind = kind[rows["item"].to_numpy()[result.buildup["component_row"].to_numpy()]]
    through = (below_kind == schema.PHANTOM).astype(np.float64)
    taken = [below_kind == kind for kind in (schema.FINISHED, schema.SUBASSEMBLY)]
    unit_cost = rows["unit_cost"].to_numpy()[result.buildup["component_row"].to_numpy()]

    def pass_on(group: Ints, below: Floats) -> Floats:
        passed: Floats = below * through[group, None]
        for column, whole in enumerate(taken, 1):
            passed[:, column] = np.where(whole[group], unit_cost[group], passed[:, column])
        return passed

    own = structure.items["own_conversion"].to_numpy()[rows["item"].to_numpy()]
    total = _rolled(structure, result, np.column_stack((own, np.zeros((len(own), 2)))), pass_on)
    for column, name in enumerate(("conversion", "finished", "subassemblies")):
        rows[f"{name}_at_completion"] = total[:, column]


def _rolled(structure: Structure, result: Rollup, total: Floats, pass_on: Callable[[Ints, Floats], Floats]) -> Floats:
    """Add to each row quantity x what its components' rows pass on, one level of the BOM at a time, deepest first."""
    row, quantity = result.buildup["row"].to_numpy(), result.buildup["quantity"].to_numpy()
    component_row = result.buildup["component_row"].to_numpy()
    level = structure.level[result.rows["item"].to_numpy()[row]]
    order = np.argsort(-level, kind="stable")
    edges = np.flatnonzero(np.diff(level[order])) + 1
    for group in np.split(order, edges):
        if len(group):
            share = quantity[group, None] * pass_on(group, total[component_row[group]])
            for e in range(total.shape[1]):
                total[:, e] += np.bincount(row[group], share[:, e], minlength=len(total))
    return total
