"""Bills of materials and standards unlike those of the period before.

    BOM of WIDGET: Qty per of RESIN was 1.2 and is 12; 5,000 units were made, RESIN costs 2.15
    effect: 5,000 x 10.8 x 2.15 = 116,100

A line that dates put in force, or took out of it, was changed on purpose, and standards change together at times: a note.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.measures import last_period as last
from xlbackflush.engine.measures.last_period import BillLines, Figures, contents, units_made
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import home
from xlbackflush.engine.rules.plausibility.changes import Change, times, told
from xlbackflush.engine.rules.plausibility.follows import before
from xlbackflush.engine.standards.bill import scrap_factor
from xlbackflush.engine.standards.units import differ
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import Bools, Floats, median, where_true

_ALIKE = 1e-9  # of a figure: what writing and reading it again may change
_WHOLE_BILL = 4  # lines of one bill that differ: they are told as one change
_MANY, _MOST = 5, 0.4  # standards of one column that change together: so many, and such a share of all


@dataclass(frozen=True)
class _Line:
    """A line that differs: as it was or as it is; None where it was not, or is not, there."""

    parent: int
    component: int
    was: int | None
    now: int | None


class _Sizes:
    """What a change of an item is multiplied by: arrays of one element for each item, in units and money per unit."""

    def __init__(self, period: Period) -> None:
        self.period, self.count = period, len(period.bill.items)

    @cached_property
    def cost(self) -> Floats:
        """Unit cost at period end."""
        costs = self.period.unit_costs
        return costs.rows.unit_cost[costs.at(np.arange(self.count), self.period.settings.period_end)]

    @cached_property
    def material(self) -> Floats:
        """Material in it."""
        costs = self.period.unit_costs
        return costs.rows.material[costs.at(np.arange(self.count), self.period.settings.period_end)]

    @cached_property
    def moved(self) -> Floats:
        """Units of an item: the most of those that were there or came in, and those in all that was sold or is on hand."""
        stock, there = self.period.stock, np.zeros(self.count)
        there[stock.item] = np.maximum(np.abs(stock.opening) + np.abs(stock.received), np.abs(stock.relieved))
        bill, ending = self.period.bill, np.zeros(self.count)
        ending[stock.item] = np.abs(stock.ending)
        most: Floats = np.maximum.reduce([there, self._sold, contents(bill, ending, np.ones(self.count, dtype=bool))])
        return most

    @cached_property
    def made(self) -> Floats:
        """Units of a made item: those made, or those in what was sold where they are more."""
        return np.maximum(np.abs(units_made(self.period.bill, self.period.this_period.activity)), self._sold)

    @cached_property
    def _sold(self) -> Floats:
        """Units in all that was sold."""
        sold = np.abs(self.period.this_period.activity[schema.SOLD].units)
        return contents(self.period.bill, sold, np.ones(self.count, dtype=bool))


# -------------------------------------------------------------------------------------------- bills of materials


def bills(period: Period) -> Iterator[f.Finding]:
    """A line that was added, dropped or given another quantity or scrap percentage."""
    last_one = before(period)
    if last_one is None:
        return
    differing = list(_differing(period, last_one))
    if not differing:
        return
    told_of, by_parent = _Bills(period, last_one), defaultdict(list)
    for line in differing:
        by_parent[line.parent].append(line)
    changes = [change for lines in by_parent.values() for change in told_of.changes(lines)]
    yield from told(
        f.BILL_CHANGED, changes, period.materiality_threshold, "changes of bills of materials since the period before"
    )


def _differing(period: Period, was: Figures) -> Iterator[_Line]:
    """The lines that differ, of items that were made before and still are. Of the same component twice, none is looked at."""
    items, now = period.bill.items, period.this_period.lines
    made_before = was.known & (was.kinds[last.TYPE] != schema.BUY)
    still = np.append(made_before & items.made, False)
    if _alike(was.lines, now, still):
        return
    earlier, later = _by_pair(was.lines, still, len(items)), _by_pair(now, still, len(items))
    for key in dict.fromkeys([*earlier, *later]):
        a, b = earlier.get(key), later.get(key)
        if (a is None or a[1] >= 0) and (b is None or b[1] >= 0) and not _same(a, b):
            parent, component = divmod(key, len(items) + 1)
            yield _Line(parent, component - 1, a[1] if a else None, b[1] if b else None)


def _alike(old: BillLines, new: BillLines, still: Bools) -> bool:
    """Whether all lines are the same, without a look at each of them; most months they are."""
    sides = []
    for side in (old, new):
        chosen = where_true(still[side.parent])
        lines = side.of(chosen[np.lexsort((side.component[chosen], side.parent[chosen]))])
        sides.append((lines.parent, lines.component, lines.quantity, lines.scrap, lines.on_input & (lines.scrap > 0)))
    if len(sides[0][0]) != len(sides[1][0]):
        return False
    return all(bool((a == b).all()) for a, b in zip(*sides, strict=True))


_Key = tuple[tuple[float, float, bool], int]


def _by_pair(lines: BillLines, still: Bools, count: int) -> dict[int, _Key]:
    """Parent and component as one number -> quantity, scrap and its basis; and the position of the line, -1 of several."""
    chosen = where_true(still[lines.parent])
    keys = (lines.parent * (count + 1) + lines.component + 1)[chosen].tolist()
    cells = zip(*(c[chosen].tolist() for c in (lines.quantity, lines.scrap, lines.on_input)), strict=True)
    found: dict[int, _Key] = {}
    for at, key, (quantity, scrap, on_input) in zip(chosen.tolist(), keys, cells, strict=True):
        found[key] = ((quantity, scrap, on_input and scrap > 0), -1 if key in found else at)
    return found


def _same(a: _Key | None, b: _Key | None) -> bool:
    if a is None or b is None:
        return a is b
    (old, old_scrap, old_basis), (new, new_scrap, new_basis) = a[0], b[0]
    near = abs(old - new) <= _ALIKE * abs(old) and abs(old_scrap - new_scrap) <= _ALIKE
    return near and (old_basis == new_basis or not new_scrap)


class _Bills:
    """Words, cells and effects of lines that differ."""

    def __init__(self, period: Period, was: Figures) -> None:
        self.period, self.was, self.now = period, was.lines, period.this_period.lines
        self.items, self.sizes = period.bill.items, _Sizes(period)
        self.source = period.inputs.sources["BOM"]
        self.factors = [scrap_factor(lines.quantity, lines.scrap, lines.on_input) for lines in (self.was, self.now)]
        self.unit_changed = _unit_changed(period, was)

    def changes(self, lines: list[_Line]) -> Iterator[Change]:
        """The changes of one bill."""
        lines = [line for line in lines if line.component < 0 or not self.unit_changed[line.component]]
        new, dropped = [line for line in lines if line.was is None], [line for line in lines if line.now is None]
        if len(new) == len(dropped) == 1:
            yield self._replaced(dropped[0], new[0])
            lines = [line for line in lines if line.was is not None and line.now is not None]
        each = [self._change(line) for line in lines]
        if len(each) < _WHOLE_BILL:
            yield from each
            return
        each.sort(key=lambda change: -change.effect)
        bill = f"{len(each)} lines of the bill of {self.items.code[lines[0].parent]}"
        text = f"{bill} differ from the period before, among them: {each[0].text}"
        yield Change(each[0].where, text, sum(c.effect for c in each), all(c.quiet for c in each))

    def _change(self, line: _Line) -> Change:
        parent, component = self.items.code[line.parent], self._code(line)
        per_unit = self._factor(line, 1) - self._factor(line, 0)
        cost = float(self.sizes.cost[line.component]) if line.component >= 0 else 0.0
        effect = abs(self._units(line.parent) * per_unit * cost)
        if line.now is None:
            quantity = self._quantity(line, float(self.was.quantity[line.was]))
            text = f"{component} is no longer in the bill of {parent}; in the period before {quantity} went into one"
            return Change(self._bill_of(line.parent), text, effect, self._was_dated(line))
        if line.was is None:
            quantity = self._quantity(line, float(self.now.quantity[line.now]))
            text = f"{component} was not in the bill of {parent} in the period before; now {quantity} go into one"
            return Change(self._cell("Component", line.now), text, effect, self._is_dated(line))
        return Change(*self._figure(line, line.was, line.now), effect, self._is_dated(line))

    def _figure(self, line: _Line, was: int, now: int) -> tuple[str, str]:
        """The cell of the figure that differs, and what is to be said of it."""
        where = f"of {self._code(line)} in {self.items.code[line.parent]}"
        old, new = float(self.was.quantity[was]), float(self.now.quantity[now])
        if abs(old - new) > _ALIKE * abs(old):
            uom, factor = self._uom(line), times(new / old) if old else ""
            text = (
                f"Qty per {where} is {words.quantity(new, uom)}; in the period before it was {words.quantity(old, uom)}"
            )
            return self._cell("Qty per", now), text + (f", so this is {factor}" if factor else "")
        old, new = float(self.was.scrap[was]), float(self.now.scrap[now])
        if abs(old - new) > _ALIKE:
            text = f"Scrap % {where} is {words.share(new, 4)}; in the period before it was {words.share(old, 4)}"
            return self._cell("Scrap %", now), text
        basis = schema.INPUT if self.now.on_input[now] else schema.OUTPUT
        text = f"Scrap basis {where} is {basis}; in the period before it was another one"
        return self._cell("Scrap basis", now), text

    def _replaced(self, gone: _Line, new: _Line) -> Change:
        """One component out, and another one in: the difference of their costs, and the one that is not relieved."""
        assert new.now is not None
        text = f"{self._code(new)} stands in the bill of {self.items.code[new.parent]} in place of {self._code(gone)}"
        costs = [self.sizes.cost[line.component] if line.component >= 0 else 0.0 for line in (gone, new)]
        each = (self._factor(gone, 0) * costs[0], self._factor(new, 1) * costs[1])
        effect = self._units(new.parent) * max(each)
        quiet = self._is_dated(new) or self._was_dated(gone)
        return Change(self._cell("Component", new.now), text, float(effect), quiet)

    def _factor(self, line: _Line, side: int) -> float:
        at = line.now if side else line.was
        return 0.0 if at is None else float(self.factors[side][at])

    def _units(self, parent: int) -> float:
        return float(self.sizes.made[parent] * self.items.to_start[parent])

    def _code(self, line: _Line) -> str:
        if line.component >= 0:
            return str(self.items.code[line.component])
        return str(self.period.inputs.last_period.component[self.was.row[line.was]])

    def _uom(self, line: _Line) -> str:
        return str(self.items.uom[line.component]) if line.component >= 0 else ""

    def _quantity(self, line: _Line, quantity: float) -> str:
        return words.quantity(quantity, self._uom(line))

    def _cell(self, column: str, now: int) -> str:
        return self.source.cell(column, int(self.now.row[now]))

    def _bill_of(self, parent: int) -> str:
        """The first line of a bill, or the home of its item where none is left."""
        at = int(self.now.parent.searchsorted(parent))
        if at < len(self.now) and self.now.parent[at] == parent:
            return self.source.cell("Parent", int(self.now.row[at]))
        return home(self.period.inputs, parent)

    def _is_dated(self, line: _Line) -> bool:
        """A line that comes into force in this period by its own date."""
        if line.now is None:
            return False
        bom = self.period.inputs.bom
        first = bom.effective_from[bom.row.searchsorted(self.now.row[line.now])]
        return bool(first >= self.period.settings.period_start)

    def _was_dated(self, line: _Line) -> bool:
        """A line that is gone because its last day has come: it is still there, with the quantity that it had."""
        return line.was is not None and (line.parent, line.component, float(self.was.quantity[line.was])) in self._ended

    @cached_property
    def _ended(self) -> set[tuple[int, int, float]]:
        """Parent, component and quantity of the lines whose last day came in this period, or on the day before it."""
        bill, bom = self.period.bill, self.period.inputs.bom
        at = bom.effective_to >= self.period.settings.period_start - 1
        ends = (bill.of("BOM", end)[at].tolist() for end in ("Parent", "Component"))
        return set(zip(*ends, bom.qty_per[at].tolist(), strict=True))


# ------------------------------------------------------------------------------------------------------ standards


def standards(period: Period) -> Iterator[f.Finding]:
    """A price, rate, time or percentage of an item that is another one than in the period before."""
    was = before(period)
    if was is None:
        return
    now, sizes = period.this_period, _Sizes(period)
    changes: list[Change] = []
    for column in last.STANDARDS:
        old, new = was.standards[column], now.standards[column]
        differs = was.known & (np.abs(old - new) > _ALIKE * np.maximum(np.abs(old), np.abs(new)))
        if column == "Material price":
            differs &= ~_unit_changed(period, was)
        if np.count_nonzero(differs):
            changes += _standards(period, column, differs, (old, new), sizes)
    yield from told(
        f.STANDARD_CHANGED, changes, period.materiality_threshold, "standards differ from the period before"
    )


def _standards(
    period: Period, column: str, differs: Bools, values: tuple[Floats, Floats], sizes: _Sizes
) -> Iterator[Change]:
    """The changes of one column. Where most change alike, and by little, they were revised together."""
    inputs, items = period.inputs, period.bill.items
    old, new = values
    at = where_true(differs)
    effect = np.abs(_per_unit(column, period, sizes, new - old) * _units_of(column, sizes))[at]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(old > 0, new / old, np.inf)[at]
    tolerance = period.settings.price_tolerance if column == "Material price" else period.settings.rate_tolerance
    together = len(at) >= _MANY and len(at) >= _MOST * np.count_nonzero((old > 0) | (new > 0))
    revised = together and 0.5 < median(ratio) < 2
    quiet = (np.abs(ratio - 1) <= tolerance) | (revised & (ratio > 0.5) & (ratio < 2))
    source, show = inputs.sources["StandardCost"], words.share if column.endswith("%") else words.number
    for i, loss, share, is_quiet in zip(at.tolist(), effect.tolist(), ratio.tolist(), quiet.tolist(), strict=True):
        factor = times(share) if 0 < share < np.inf else ""
        text = (
            f"{column} of {items.code[i]} is {show(float(new[i]))}; in the period before it was {show(float(old[i]))}"
        )
        text += f", so this is {factor}" if factor else ""
        yield Change(source.cell(column, int(inputs.standard_cost.row[i])), text, loss, is_quiet)


def _units_of(column: str, sizes: _Sizes) -> Floats:
    return sizes.moved if column == "Material price" else sizes.made


def _per_unit(column: str, period: Period, sizes: _Sizes, change: Floats) -> Floats:
    """What a change of a standard does to the cost of one unit, in money."""
    cost, made = period.this_period.standards, period.bill.items.made
    if column == "Material price":
        return change * ~made
    if column == "Labor hours":
        return change * (cost["Labor rate"] + cost["Variable overhead rate"] + cost["Fixed overhead rate"]) * made
    if column == "Assembly scrap %":
        return change * sizes.material * made
    return change * made if column == "Other conversion" else change * cost["Labor hours"] * made


# ------------------------------------------------------------------------------------------------- types and units


def kinds(period: Period) -> Iterator[f.Finding]:
    """An item of another type, or in another unit, than in the period before."""
    was = before(period)
    if was is None:
        return
    inputs, items = period.inputs, period.bill.items
    types = was.known & (was.kinds[last.TYPE] != items.type) & (items.type != "")
    converted = _unit_changed(period, was)
    if not (types.any() or converted.any()):
        return
    sizes, source = _Sizes(period), inputs.sources["StandardCost"]
    worth, changes = np.maximum(sizes.moved, sizes.made) * sizes.cost, []
    for column, rows in ((last.TYPE, types), (last.UOM, converted)):
        old, new = was.kinds[column], items.type if column == last.TYPE else items.uom
        for i in where_true(rows).tolist():
            text = f"{column} of {items.code[i]} is {new[i]}; in the period before it was {old[i]}"
            quiet = column == last.UOM and _price_follows(was, period.this_period, i)
            changes.append(Change(source.cell(column, int(inputs.standard_cost.row[i])), text, float(worth[i]), quiet))
    many = "items have another type or unit than in the period before"
    yield from told(f.KIND_CHANGED, changes, period.materiality_threshold, many)


def _unit_changed(period: Period, was: Figures) -> Bools:
    """Items whose unit is another one, not only another name of it."""
    old, new = was.kinds[last.UOM], period.bill.items.uom
    changed: Bools = was.known & (old != new) & (old != "") & (new != "")
    for i in where_true(changed).tolist():
        changed[i] = differ(old[i], new[i])
    return changed


def _price_follows(was: Figures, now: Figures, item: int) -> bool:
    """Whether the price of an item changed with its unit, by five times at least."""
    old, new = (float(figures.standards["Material price"][item]) for figures in (was, now))
    return old > 0 and new > 0 and not 0.2 < new / old < 5
