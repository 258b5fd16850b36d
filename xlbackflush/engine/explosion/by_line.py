"""Explosion by BOM line: one row per line instead of one per product and line, for bills too large to explode one by one.

All products of one event and account are exploded together. Each exploded item has one *total* row: units counted plus the
sum of the *line* rows above it that require it; each line row multiplies its parent's total. Rows only look upwards:

    total  A           100 counted                            100
    line   A > B       100 x 2, scrap 10 %                    220
    total  B           0 counted + 220                        220
    line   B > C       220 x 3 at 0.50            330.00      660

Products whose BOM changes within the period are kept apart by the stretch of days on which theirs holds.
"""

from collections.abc import Iterator

import numpy as np

from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.explosion.demand import Demand, only
from xlbackflush.engine.explosion.explosion import Explosion, ExplosionRows, explosion
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model.arrays import Bools, Floats, Ints, sums, where_true
from xlbackflush.model.inputs import Settings


@dataclass(frozen=True)
class _Group:
    """Products that are exploded together: of one event and account, on one stretch of days; units of every item."""

    root: int
    products: Ints
    units: Floats
    first: float
    last: float
    relieved: Bools  # items that are relieved as themselves


def explosion_by_line(unit_costs: UnitCosts, demand: Demand, settings: Settings) -> Explosion:
    """Relieved roots one by one, exploded roots together. Amounts equal those of `explosion`."""
    explodes = demand.roots.explodes
    single = explosion(unit_costs, only(demand, ~explodes), settings).rows
    parts = [replace(single, root=where_true(~explodes)[single.root])]
    position = len(parts[0])
    for group in _groups(unit_costs, demand):
        rows = _group_rows(unit_costs, group)
        shifted = {
            name: np.where((at := getattr(rows, name)) >= 0, at + position, -1)
            for name in ("parent_row", "block_first", "block_last")
        }
        parts.append(replace(rows, **shifted))
        position += len(rows)
    return Explosion(ExplosionRows.joined(parts), by_line=True)


def _groups(unit_costs: UnitCosts, demand: Demand) -> Iterator[_Group]:
    """The exploded roots in groups, by event and account, then by stretch of days."""
    streams, roots = demand.streams, demand.roots
    numbers: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], int] = {}
    keys = np.array(
        [
            numbers.setdefault((streams[s].event, charged, item_class, streams[s].wanted), len(numbers))
            for s, charged, item_class in zip(
                roots.stream.tolist(), roots.charged_to.tolist(), roots.item_class.tolist(), strict=True
            )
        ],
        dtype=np.int64,
    )
    rows = demand.rows.of(roots.explodes[demand.rows.root])
    item = roots.item[rows.root]
    stretch = unit_costs.at(item, rows.day)
    key, first, last = keys[rows.root], unit_costs.rows.first[stretch], unit_costs.rows.last[stretch]
    order = np.lexsort((rows.root, last, first, key))  # rows of one group together, in the order of their roots
    changes = np.diff(np.column_stack((key, first, last))[order], axis=0).any(axis=1)
    for at in np.split(order, np.flatnonzero(changes) + 1) if len(order) else ():
        units = sums(item[at], rows.quantity[at], len(unit_costs.bill.items))
        root, relieved = int(rows.root[at[0]]), unit_costs.bill.items.stocked
        if not demand.posts[root]:
            relieved = relieved | demand.followed
        yield _Group(root, item[at], units, float(first[at[0]]), float(last[at[0]]), relieved)


def _group_rows(unit_costs: UnitCosts, group: _Group) -> ExplosionRows:
    """Total and line rows of the products of one group, in an order in which every row looks upwards only."""
    bill, units = unit_costs.bill, group.units
    items, lines, stocked = bill.items, bill.lines, group.relieved
    in_force = (lines.first <= group.first) & (lines.last >= group.last)
    reached, need = _walk(bill, in_force, group)
    line, total = where_true(in_force & reached[lines.parent]), where_true(reached)
    parent, component = lines.parent[line], lines.component[line]

    item = np.concatenate((component, total))
    is_total = np.repeat([False, True], [len(line), len(total)])
    order = np.lexsort((is_total, item, bill.level[item]))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    row_of = np.full(len(items), -1, dtype=np.int64)
    row_of[total] = place[len(line) :]

    parent_qty = np.concatenate((need[parent] * items.to_start[parent], np.full(len(total), np.nan)))
    required = np.concatenate((parent_qty[: len(line)] * lines.factor[line], need[total]))
    relieved = np.concatenate((stocked[component], np.zeros(len(total), dtype=bool)))
    rollup_row = unit_costs.at(item, group.first)
    cost = np.where(relieved, unit_costs.carried(rollup_row), 0.0)
    rate = np.where(is_total | (relieved & ~items.made[item]), items.flushed[item], 0.0)
    incoming = np.where(stocked, 0, np.bincount(component, minlength=len(items)))[item]
    adds_up = is_total & (incoming > 0)
    none = np.full(len(total), -1)
    rows = ExplosionRows(
        root=np.full(len(item), group.root), product=np.concatenate((parent, total)),
        parent_row=np.concatenate((row_of[parent], none)), level=np.where(is_total, 0, 1), item=item,
        line=np.concatenate((line, none)), rollup_row=rollup_row, first=np.full(len(item), group.first),
        last=np.full(len(item), group.last), units=np.where(is_total, units[item], np.nan), parent_qty=parent_qty,
        required=required, started=np.where(is_total, items.to_start[item], np.nan), relieved=relieved, cost=cost,
        amount=required * cost, rate=rate, conversion=required * rate,
        block_first=np.where(adds_up, place - incoming, -1), block_last=np.where(adds_up, place - 1, -1),
    )  # fmt: skip
    return rows.of(order)


def _walk(bill: Bill, in_force: Bools, group: _Group) -> tuple[Bools, Floats]:
    """Which items are exploded, and the units of each that are needed, one level of the BOM at a time from the top."""
    lines, level, to_start = bill.lines, bill.level, bill.items.to_start
    reached = np.zeros(len(level), dtype=bool)
    reached[group.products] = True
    need = group.units.copy()
    exploded = in_force & ~group.relieved[lines.component]
    for depth in range(int(level.max(initial=-1)) + 1):
        at = where_true(exploded & (level[lines.parent] == depth) & reached[lines.parent])
        parent, component = lines.parent[at], lines.component[at]
        reached[component] = True
        need += sums(component, need[parent] * to_start[parent] * lines.factor[at], len(need))
    return reached, need
