"""Differences: what was used beyond the bills, item by item over one or several periods, and what it can be laid against.

    used beyond the bill = book - counted      exposure of a BOM line = parent units started, planned scrap included

Items are matched across periods by code, lines by parent, component and quantity: a line whose quantity was changed is
another line from then on. Where an item was not counted and its book quantity was carried forward, the difference of the
next count covers the periods in between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field
from xlbackflush.engine.period import Period
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.model.arrays import Floats, sums, where_true

COUNT_ERROR = 0.005  # of the quantity handled: what a count is taken to be off by, before the counts say otherwise
COUNT_ERROR_MIN, COUNT_ERROR_MAX = 0.0025, 0.02
_EARLIER = 8  # counts with which that is weighed
_NORMAL_MEDIAN = 0.6745  # median of the absolute value of a standard normal
NOTICED = 2.0  # noises: a smaller difference is not looked into


@dataclass(frozen=True)
class Line:
    """A BOM line, as the last period that has it writes it: codes, quantity per parent, row on the BOM sheet.

    key: what makes it the same line in another period.
    """

    key: tuple[str, str, float]
    parent: str = field(compare=False)
    component: str = field(compare=False)
    row: int = field(compare=False)

    @property
    def quantity(self) -> float:
        return self.key[2]


@dataclass
class Item:
    """Differences of one item. All arrays have one entry per period `at` (positions) in which it was counted.

    used: units gone beyond the book. noise: standard error expected of that. use: units relieved and scrapped by the book.
    shelf: what there was to count, about. counted: what was found. returns: the period opened with the count before it.
    since: the first period that each count speaks for. lines: those that take the item, each with its parent units.
    """

    key: str
    code: str
    uom: str
    cost: float
    at: list[int]
    since: list[int]
    used: Floats
    noise: Floats
    use: Floats
    shelf: Floats
    counted: Floats
    returns: list[bool]
    lines: list[tuple[Line, Floats]]

    @property
    def worth(self) -> float:
        """Its difference in money: of all counts together or of one of them, whichever is more."""
        return max(abs(float(self.used.sum())), float(np.abs(self.used).max())) * self.cost


@dataclass
class _Stretch:
    """What happened to an item from one count (or the first period) to the end of period t. counted: NaN if it was not."""

    t: int
    since: int
    lines: dict[Line, float]
    opening: float
    book: float
    counted: float
    handled: float
    use: float

    def follows(self, before: _Stretch | None, quantity: str) -> bool:
        """Did it open with the book or counted quantity that the period before closed with?"""
        closed = math.nan if before is None or before.t != self.t - 1 else float(getattr(before, quantity))
        return math.isclose(self.opening, closed, rel_tol=1e-9, abs_tol=1e-6)


class View:
    """One period as arrays: per item of its Standard Cost, or per BOM line."""

    def __init__(self, period: Period) -> None:
        self.bill = period.bill
        items, lines, stock = period.bill.items, period.bill.lines, period.stock

        def of_items(values: Floats, blank: float = 0.0) -> Floats:
            each = np.full(len(items), blank)
            each[stock.item] = values
            return each

        self.opening, self.book = of_items(stock.opening), of_items(stock.book)
        self.counted, self.cost = of_items(stock.counted, np.nan), of_items(stock.cost)
        self.used = -of_items(stock.difference, np.nan)
        self.use = of_items(stock.relieved) + of_items(stock.scrapped)
        self.handled = np.maximum(self.opening + of_items(stock.received), self.use)
        self.stocked, self.phantom = items.stocked | period.demand.followed, items.type == schema.PHANTOM
        self.keys = {i: key for key, i in period.bill.number.items()}
        self.parent, self.component = lines.parent, lines.component
        self.codes, self.uom = items.code.tolist(), items.uom.tolist()

        rows = period.explosion.rows
        flushed = period.demand.of_work[rows.root]
        below = rows.of(flushed & (rows.line >= 0))
        self.required, started = (sums(below.line, units, len(lines)) for units in (below.required, below.parent_qty))
        self.exposure = np.divide(self.required, lines.quantity, out=started, where=lines.quantity != 0)
        exploded = rows.of(flushed & ~rows.relieved & ((rows.line < 0) | (not period.explosion.by_line)))
        self.made = sums(exploded.item, exploded.required, len(items))
        self._below: dict[int, dict[int, float]] = {}

    def below(self, item: int) -> dict[int, float]:
        """Stocked components of one good unit of a made item, with their quantities; phantoms are walked through."""
        if item not in self._below:
            quantities: dict[int, float] = {}
            for line in range(*self.bill.first_line[item : item + 2]):
                if self.made[item] <= 0 or not self.required[line]:
                    continue
                share = float(self.required[line] / self.made[item])
                component = int(self.component[line])
                under = {component: 1.0} if self.stocked[component] else self.below(component)
                for part, quantity in under.items():
                    quantities[part] = quantities.get(part, 0.0) + share * quantity
            self._below[item] = quantities
        return self._below[item]


class Differences:
    """The differences of all periods, in order of time. `count_error` is the noise of counts as a share of what was
    handled, as the counts themselves show it: half of all items have little else. `materiality` is that of the last period,
    in money; where no account holds inventory, the same share of the stock that was counted.
    """

    def __init__(self, periods: Sequence[Period]) -> None:
        self.settings = [p.settings for p in periods]
        self.views = [View(p) for p in periods]
        counts = [~np.isnan(v.used) & (v.handled > 0) for v in self.views]
        ratios = [np.abs(v.used[at]) / v.handled[at] for v, at in zip(self.views, counts, strict=True)]
        usual = np.full(_EARLIER, COUNT_ERROR * _NORMAL_MEDIAN)
        ordered = np.sort(np.concatenate([*ratios, usual]))
        middle = float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2  # the median
        self.count_error = min(max(middle / _NORMAL_MEDIAN, COUNT_ERROR_MIN), COUNT_ERROR_MAX)
        last = periods[-1]
        self.materiality = last.material
        self._items: dict[str, Item] = {}

    def is_material(self, item: Item) -> bool:
        """Is the difference of an item above materiality?"""
        return item.worth > self.materiality > 0

    def noticed(self, limit: int) -> list[Item]:
        """Items whose difference passes the noise, in one period or in all together; the largest in money first.

        All that are material, and of the others so many.
        """
        keys = list(dict.fromkeys(key for v in self.views for key in v.bill.number))
        total, variance, largest, worth, cost = np.zeros((5, len(keys)))
        for view in self.views:
            at = np.fromiter((view.bill.number.get(k, -1) for k in keys), np.int64, len(keys))
            used, noise = np.append(view.used, np.nan)[at], np.append(self._noise(view.handled, view.counted), 1.0)[at]
            known = ~np.isnan(used)
            used = np.where(known, used, 0.0)
            total += used
            variance += np.where(known, noise**2, 0.0)
            largest = np.maximum(largest, np.abs(used) / noise)
            cost = np.where(at >= 0, np.append(view.cost, 0.0)[at], cost)
            worth = np.maximum(worth, np.abs(used) * cost)
        together = np.divide(np.abs(total), np.sqrt(variance), out=np.zeros(len(keys)), where=variance > 0)
        material = (np.maximum(worth, np.abs(total) * cost) > self.materiality) & (self.materiality > 0)
        above = where_true((np.maximum(largest, together) > NOTICED) | material)
        order = above[np.argsort(-worth[above], kind="stable")]
        return [self.item(keys[i]) for i in order[: max(limit, int(material.sum()))]]

    def _noise(self, handled: Floats, counted: Floats) -> Floats:
        """Standard error of each difference; where things are counted in whole units, half a unit at least."""
        least = np.where(counted == np.round(counted), 0.5, 1e-6)
        return np.hypot(self.count_error * handled, least)

    def item(self, key: str) -> Item:
        """One item over all periods."""
        if key not in self._items:
            self._items[key] = self._gather(key)
        return self._items[key]

    def _gather(self, key: str) -> Item:
        counts: list[_Stretch] = []
        returns: list[bool] = []
        last: _Stretch | None = None
        for now in self._stretches(key):
            if last is not None and math.isnan(last.counted) and now.follows(last, "book"):
                now.since = last.since
                now.handled, now.use = max(now.handled, last.handled), now.use + last.use
                both = now.lines | last.lines
                now.lines = {line: now.lines.get(line, 0.0) + last.lines.get(line, 0.0) for line in both}
            if not math.isnan(now.counted):
                counts.append(now)
                returns.append(now.follows(last, "counted"))
            last = now
        handled, book, counted, use = (
            np.array([getattr(c, name) for c in counts]) for name in ("handled", "book", "counted", "use")
        )
        lines = {line.key: line for c in counts for line in c.lines}.values()  # as last written
        view = self.views[counts[-1].t]
        i = view.bill.number[key]
        return Item(
            key=key, code=str(view.codes[i]), uom=str(view.uom[i]), cost=float(view.cost[i]),
            at=[c.t for c in counts], since=[c.since for c in counts], used=book - counted,
            noise=self._noise(handled, counted), use=use,
            shelf=np.maximum((np.abs(counted) + np.abs(book)) / 2, 1.0), counted=counted, returns=returns,
            lines=[(line, np.array([c.lines.get(line, 0.0) for c in counts])) for line in lines],
        )  # fmt: skip

    def _stretches(self, key: str) -> Iterator[_Stretch]:
        """The item in every period that knows it."""
        for t, view in enumerate(self.views):
            i = view.bill.number.get(key, -1)
            if i >= 0:
                figures = (float(a[i]) for a in (view.opening, view.book, view.counted, view.handled, view.use))
                yield _Stretch(t, t, self._takers(t, i), *figures)

    def is_counted(self, key: str) -> bool:
        """Was an item counted in any period?"""
        return any(not np.isnan(v.counted[v.bill.number[key]]) for v in self.views if key in v.bill.number)

    def takers(self, key: str) -> list[tuple[Line, list[float]]]:
        """The lines that take an item, each with its parent units per period."""
        numbers = [view.bill.number.get(key, -1) for view in self.views]
        each = [self._takers(t, number) if number >= 0 else {} for t, number in enumerate(numbers)]
        lines = {line.key: line for units in each for line in units}.values()
        return [(line, [units.get(line, 0.0) for units in each]) for line in lines]

    def _takers(self, t: int, item: int) -> dict[Line, float]:
        """The lines that take an item, with their parent units, in one period."""
        view = self.views[t]
        lines, units = view.bill.lines, dict[Line, float]()
        for n in where_true(view.component == item):
            parent, component = str(view.codes[view.parent[n]]), str(view.codes[item])
            key = (code_key(parent), code_key(component), float(lines.quantity[n]))
            line = Line(key, parent, component, int(lines.row[n]))
            units[line] = units.get(line, 0.0) + float(view.exposure[n])
        return units
