"""Unit cost: the standard cost of one unit of every item, by element, from the bottom of the BOM upwards.

An item whose BOM (at any depth) changes within the period has one row per stretch of days on which its cost holds.

    cost of a row = own cost + sum over its lines of (units to start x line factor) x cost of the component's row

The material overhead of a bought component is added to the other conversion of its parent (see `Items.handling`).
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.bill import Bill, ranges
from xlbackflush.model.arrays import Floats, Ints, Records, sums, where_true

_DAYS = 4_000_000  # more than Excel has days: item x _DAYS + day is a sortable key


@dataclass(frozen=True)
class Stretches(Records):
    """Items by stretches of days on which nothing below them changes; sorted by item, then by first day."""

    item: Ints
    first: Floats
    last: Floats


@dataclass(frozen=True)
class CostRows(Stretches):
    """Cost of one unit on the days of each row, in money.

    relief_cost is what a unit in stock carries: the unit cost, its material alone where conversion is expensed.
    conversion_at_completion, finished_at_completion and subassemblies_at_completion are the conversion that completing a
    unit flushes and the cost of Finished items and subassemblies that it takes, where completion is a trigger, whatever the
    trigger points of this run.
    """

    material: Floats
    labor: Floats
    variable_overhead: Floats
    fixed_overhead: Floats
    other_conversion: Floats
    unit_cost: Floats
    relief_cost: Floats
    conversion_at_completion: Floats
    finished_at_completion: Floats
    subassemblies_at_completion: Floats

    @property
    def elements(self) -> dict[str, Floats]:
        """The cost by element of `schema.ELEMENTS`."""
        return {element: getattr(self, schema.identifier(element)) for element in schema.ELEMENTS}


@dataclass(frozen=True)
class BuildUp(Records):
    """What the lines in force add to each row: components per unit, and the row of the component's cost.

    Sorted by row, then in the order of the BOM sheet.
    """

    row: Ints
    line: Ints
    quantity: Floats
    component_row: Ints


@dataclass(frozen=True)
class UnitCosts:
    """Costs of all items, and how they are built up from a bill."""

    bill: Bill
    rows: CostRows
    buildup: BuildUp
    _keys: Ints

    def carried(self, row: Ints) -> Floats:
        """What a unit stands at in its account: where completion is no trigger, a made item at its material alone."""
        stocked, rows = self.bill.items.stocked[self.rows.item[row]], self.rows
        return np.where(stocked, rows.relief_cost[row], rows.material[row])

    def at(self, item: Ints, day: Floats | float) -> Ints:
        """Row of each item on its day of the period, or on one day."""
        return _row_at(self._keys, item, day)


def _row_at(keys: Ints, item: Ints, day: Floats | float) -> Ints:
    return keys.searchsorted(item * _DAYS + np.asarray(day).astype(np.int64), side="right") - 1


def unit_costs(bill: Bill) -> UnitCosts:
    """Cost every item. Needs a BOM without circles."""
    stretches = _stretches(bill)
    keys = stretches.item * _DAYS + stretches.first.astype(np.int64)
    buildup = _buildup(bill, stretches, keys)
    levels = _levels(bill, stretches, buildup)
    own = bill.items.own[stretches.item]
    handled = np.zeros((len(buildup), own.shape[1]))
    handled[:, -1] = bill.items.handling[stretches.item[buildup.component_row]]
    elements = _rolled(buildup, levels, own, lambda group, below: below + handled[group])
    unit_cost = (((elements[:, 0] + elements[:, 1]) + elements[:, 2]) + elements[:, 3]) + elements[:, 4]
    parts = elements.T.copy()
    relief_cost = parts[0] if bill.inputs.settings.conversion_expensed else unit_cost
    at_completion = _at_completion(bill, stretches, buildup, levels, unit_cost)
    columns = [*vars(stretches).values(), *parts, unit_cost, relief_cost, *at_completion]
    return UnitCosts(bill, CostRows(*columns), buildup, keys)


def _stretches(bill: Bill) -> Stretches:
    """One row per item and stretch of days without a change in any BOM line below it."""
    settings = bill.inputs.settings
    start, end = float(settings.period_start), float(settings.period_end)
    lines, count = bill.lines, len(bill.items)
    dated = where_true((lines.first > start) | (lines.last < end))
    cuts: dict[int, set[float]] = {}
    of_dated = (column[dated].tolist() for column in (lines.parent, lines.first, lines.last))
    for parent, first, last in zip(*of_dated, strict=True):
        cuts.setdefault(parent, set()).update((first, last + 1))
    if cuts:  # hand the changes upwards, deepest items first
        order = np.argsort(-bill.level[lines.component], kind="stable")
        for parent, component in zip(lines.parent[order].tolist(), lines.component[order].tolist(), strict=True):
            if component in cuts:
                cuts.setdefault(parent, set()).update(cuts[component])
    changes = [(i, day) for i, days in cuts.items() for day in days if start < day <= end]
    item = np.array([*range(count), *(i for i, _ in changes)], dtype=np.int64)
    begin = np.array([start] * count + [day for _, day in changes], dtype=np.float64)
    order = np.lexsort((begin, item))
    item, begin = item[order], begin[order]
    last, followed = np.full(len(item), end), item[1:] == item[:-1]
    last[:-1][followed] = begin[1:][followed] - 1
    return Stretches(item, begin, last)


def _buildup(bill: Bill, stretches: Stretches, keys: Ints) -> BuildUp:
    """The lines in force of every row, with the row of each component."""
    item, lines = stretches.item, bill.lines
    begin, stop = bill.first_line[item], bill.first_line[item + 1]
    line = ranges(begin, stop)
    row = np.repeat(np.arange(len(item)), stop - begin)
    in_force = (lines.first[line] <= stretches.first[row]) & (lines.last[line] >= stretches.first[row])
    row, line = row[in_force], line[in_force]
    quantity = lines.factor[line] * bill.items.to_start[item[row]]
    return BuildUp(row, line, quantity, _row_at(keys, lines.component[line], stretches.first[row]))


def _levels(bill: Bill, stretches: Stretches, buildup: BuildUp) -> list[Ints]:
    """Rows of the build-up, one level of the BOM after the other, deepest first."""
    level = bill.level[stretches.item[buildup.row]]
    order = np.argsort(-level, kind="stable")
    sorted_level = level[order]
    edges = where_true(sorted_level[1:] != sorted_level[:-1]) + 1
    return [order[begin:stop] for begin, stop in pairwise((0, *edges.tolist(), len(order)))]


def _at_completion(bill: Bill, stretches: Stretches, buildup: BuildUp, levels: list[Ints], unit_cost: Floats) -> Floats:
    """Conversion flushed, Finished items and subassemblies taken when a unit is completed: phantoms pass on theirs.

    One row for each of the three.
    """
    component_type = bill.items.type[stretches.item[buildup.component_row]]
    through = (component_type == schema.PHANTOM).astype(np.float64)
    taken = np.zeros((len(component_type), 3))
    taken[:, 0] = bill.items.handling[stretches.item[buildup.component_row]]
    for column, kind in enumerate((schema.FINISHED, schema.SUBASSEMBLY), 1):
        taken[:, column] = (component_type == kind) * unit_cost[buildup.component_row]
    total = np.zeros((len(stretches), 3))
    total[:, 0] = bill.items.own_conversion[stretches.item]
    total = _rolled(buildup, levels, total, lambda group, below: below * through[group, None] + taken[group])
    return total.T.copy()


def _rolled(buildup: BuildUp, levels: list[Ints], total: Floats, pass_on: Callable[[Ints, Floats], Floats]) -> Floats:
    """Add to each row quantity x what its components' rows pass on, one level of the BOM at a time, deepest first."""
    for group in levels:
        share = buildup.quantity[group, None] * pass_on(group, total[buildup.component_row[group]])
        cell = buildup.row[group, None] * total.shape[1] + np.arange(total.shape[1])
        total += sums(cell.ravel(), share.ravel(), total.size).reshape(total.shape)
    return total
