"""Explosion: every root taken through the bill of materials, level by level. The evidence behind the journal.

Worked case: 100 units of A; A has 2 B (scrap 10 % on output); B is a phantom with 3 C at 0.50.

    level  component  parent qty  qty per  scrap  required  cost  amount
      0    A                                         100
      1    B              100        2      10 %     220
      2    C              220        3               660    0.50  330.00

A row stops the walk where its item is relieved as itself; else its components follow. The days of a row are those of its
parent narrowed by the effective dates of its line, and `units` are the product units counted on those days, so that every
count uses exactly the lines in force on its date.
"""

import math
from itertools import pairwise

import numpy as np

from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.explosion.demand import Demand
from xlbackflush.engine.standards.bill import Bill, ranges
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, sums, where_true
from xlbackflush.model.inputs import Settings


@dataclass(frozen=True)
class Walk(Records):
    """Rows of the explosion as it comes down the bill: where each belongs, and on which days.

    Items, lines and dates make it what it is; no quantity, price or percentage does. parent_row: -1 for a root. line: -1
    for a root. rollup_row: row of the unit costs. first, last: days.
    """

    root: Ints
    parent_row: Ints
    level: Ints
    item: Ints
    line: Ints
    rollup_row: Ints
    first: Floats
    last: Floats
    relieved: Bools


@dataclass(frozen=True)
class ExplosionRows(Walk):
    """One row per line of the sheet Trace, in its order.

    product: item of the root. units: product units counted on the days of the row. parent_qty: NaN for a root. required:
    units of the item. started: units of the item to start per product unit, cumulated. cost, amount: of a relieved row, in
    money, unrounded; rate, conversion: of one that is exploded, or the handling of a bought component. block_first,
    block_last: positions of the rows that a total row adds up, -1 for none (see `by_line`).
    """

    product: Ints
    units: Floats
    parent_qty: Floats
    required: Floats
    started: Floats
    cost: Floats
    amount: Floats
    rate: Floats
    conversion: Floats
    block_first: Ints
    block_last: Ints


@dataclass(frozen=True)
class Explosion:
    """The rows; by_line: one per BOM line, all products together (see `by_line`), else one per product and line."""

    rows: ExplosionRows
    by_line: bool = False


def sizes(bill: Bill, demand: Demand) -> Floats:
    """Rows that the explosion of each root would have; effective dates may leave some out, a change of cost add some."""
    stocked, lines = bill.items.stocked, bill.lines
    rows = np.ones(len(bill.items))
    level = bill.level[lines.parent]
    for depth in range(int(level.max(initial=-1)), -1, -1):
        at = where_true(level == depth)
        below = np.where(stocked[lines.component[at]], 1.0, rows[lines.component[at]])
        rows += np.bincount(lines.parent[at], below, minlength=len(rows))
    return np.where(demand.roots.explodes, rows[demand.roots.item], 1.0)


def explosion(unit_costs: UnitCosts, demand: Demand, settings: Settings) -> Explosion:
    """Explode every root."""
    return quantities(walk(unit_costs, demand, settings), unit_costs, demand, settings)


def walk(unit_costs: UnitCosts, demand: Demand, settings: Settings) -> Walk:
    """Walk down from every root, breadth first, then put the rows in the order of an indented list."""
    roots, count = demand.roots, len(demand.roots)
    none, first = np.full(count, -1), np.full(count, float(settings.period_start))
    head = Walk(
        root=np.arange(count), parent_row=none, level=np.zeros(count, dtype=np.int64), item=roots.item, line=none,
        rollup_row=unit_costs.at(roots.item, first), first=first, last=np.full(count, float(settings.period_end)),
        relieved=~roots.explodes,
    )  # fmt: skip
    waves = [_by_cost(head, unit_costs)]
    made = 0
    while not waves[-1].relieved.all():
        waves.append(_children(unit_costs, demand, waves[-1], made))
        made += len(waves[-2])
    return _indented(Walk.joined(waves))


def _by_cost(wave: Walk, unit_costs: UnitCosts) -> Walk:
    """A relieved row whose cost changes within its days becomes one row per cost."""
    low = wave.rollup_row
    high = np.where(wave.relieved, unit_costs.at(wave.item, wave.last), low)
    if not np.count_nonzero(high > low):
        return wave
    pick = np.repeat(np.arange(len(low)), high - low + 1)
    split, several = wave.of(pick), (high > low)[pick]
    row, costs = ranges(low, high + 1), unit_costs.rows
    return replace(
        split,
        rollup_row=row,
        first=np.where(several, np.maximum(split.first, costs.first[row]), split.first),
        last=np.where(several, np.minimum(split.last, costs.last[row]), split.last),
    )


def _children(unit_costs: UnitCosts, demand: Demand, wave: Walk, made: int) -> Walk:
    """The lines below every row that is exploded, narrowed to the days on which both hold."""
    bill = unit_costs.bill
    open_rows, lines = where_true(~wave.relieved), bill.lines
    item = wave.item[open_rows]
    begin, stop = bill.first_line[item], bill.first_line[item + 1]
    line = ranges(begin, stop)
    up = np.repeat(open_rows, stop - begin)
    first, last = np.maximum(wave.first[up], lines.first[line]), np.minimum(wave.last[up], lines.last[line])
    both = first <= last
    line, up = line[both], up[both]
    component, first, last = lines.component[line], first[both], last[both]
    root = wave.root[up]
    on_shelf = demand.followed[component] & ~demand.posts[root]
    children = Walk(
        root=root, parent_row=up + made, level=wave.level[up] + 1, item=component, line=line,
        rollup_row=unit_costs.at(component, first), first=first, last=last,
        relieved=bill.items.stocked[component] | on_shelf,
    )  # fmt: skip
    return _by_cost(children, unit_costs)


def _indented(walk: Walk) -> Walk:
    """Rows of the waves in the order of an indented list: each row is followed by all that is below it.

    The place of a row is its parent's place + 1 + the sizes of the siblings before it.
    """
    count, parent = len(walk), walk.parent_row
    if not count:
        return walk
    edges = [0, *(where_true(walk.level[1:] != walk.level[:-1]) + 1).tolist(), count]
    spans = list(pairwise(edges))
    sizes = np.ones(count, dtype=np.int64)
    for begin, stop in reversed(spans[1:]):
        sizes[:begin] += np.bincount(parent[begin:stop], sizes[begin:stop], minlength=begin).astype(np.int64)[:begin]
    place = np.full(count + 1, -1)  # the last one stands for parent -1, of the roots
    for begin, stop in spans:
        before = np.cumsum(sizes[begin:stop]) - sizes[begin:stop]
        up = parent[begin:stop]
        head = np.concatenate(([True], up[1:] != up[:-1]))
        base = before[head][np.cumsum(head) - 1]
        place[begin:stop] = place[up] + 1 + before - base
    order = np.empty(count, dtype=np.int64)
    order[place[:-1]] = np.arange(count)
    rows = walk.of(order)
    return replace(rows, parent_row=place[rows.parent_row])


def quantities(walk: Walk, unit_costs: UnitCosts, demand: Demand, settings: Settings) -> Explosion:
    """Units, required quantity, cost and amount of every row."""
    bill, line, relieved = unit_costs.bill, walk.line, walk.relieved
    units = _units(walk, demand, settings)
    factor = bill.lines.factor[line] if len(bill.lines) else np.ones(len(walk))
    above, started = _started(walk, factor, bill.items.to_start[walk.item])
    parent_qty = np.where(line >= 0, units * above, np.nan)
    required = np.where(line >= 0, parent_qty * factor, units)
    cost = np.where(relieved, unit_costs.carried(walk.rollup_row), 0.0)
    rate = np.where(relieved & (bill.items.made[walk.item] | (line < 0)), 0.0, bill.items.flushed[walk.item])
    none = np.full(len(walk), -1)
    rows = ExplosionRows(
        **vars(walk), product=demand.roots.item[walk.root], units=units, parent_qty=parent_qty, required=required,
        started=started, cost=cost, amount=required * cost, rate=rate, conversion=required * rate, block_first=none,
        block_last=none,
    )  # fmt: skip
    return Explosion(rows)


def _started(walk: Walk, factor: Floats, to_start: Floats) -> tuple[Floats, Floats]:
    """Units started of each row's parent and of the row itself, per product unit, one level after the other."""
    above, started = np.ones(len(walk)), to_start.copy()
    for depth in range(1, int(walk.level.max(initial=0)) + 1):
        at = where_true(walk.level == depth)
        above[at] = started[walk.parent_row[at]]
        started[at] = above[at] * factor[at] * to_start[at]
    return above, started


def _units(walk: Walk, demand: Demand, settings: Settings) -> Floats:
    """Product units counted on the days of each row. Whole periods are summed at once, narrower days one by one."""
    quantity, root, days = demand.rows.quantity, demand.rows.root, demand.rows.day
    units = sums(root, quantity, len(demand.roots))[walk.root]
    narrow = where_true((walk.first > settings.period_start) | (walk.last < settings.period_end))
    if len(narrow):
        begin = root.searchsorted(np.arange(len(demand.roots) + 1))
        known: dict[tuple[int, float, float], float] = {}
        rows = walk.of(narrow)
        stretches = zip(rows.root.tolist(), rows.first.tolist(), rows.last.tolist(), strict=True)
        for i, (r, first, last) in zip(narrow.tolist(), stretches, strict=True):
            if (r, first, last) not in known:
                low, high = begin[r], begin[r + 1]
                a = low + days[low:high].searchsorted(first, side="left")
                b = low + days[low:high].searchsorted(last, side="right")
                known[r, first, last] = math.fsum(quantity[a:b])
            units[i] = known[r, first, last]
    return units
