"""Day by day: what lay on the shelf on every day by the books. Nobody uses or sells what is not there.

    April 1    30 lamps are there      30
    April 3    22 are sold              8
    April 9   300 are completed       308
    April 20   22 are sold            286    counted are 86, 200 fewer

One of the two sales was 222. On April 3 only 30 were there: it was the second. How much that weighs depends on the other items:
where their books fall below zero, too, days are not recorded exactly, and say nothing.
"""

import math

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import GROWTH
from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures.levers import COUNTED, IN_PROCESS, Lever, Levers
from xlbackflush.engine.measures.unit_balance import Units
from xlbackflush.engine.measures.witness_rows import added
from xlbackflush.model.arrays import Floats, Ints, blank_as_zero, where_true

OTHERS_MAX = 60  # items that tell how exactly days are recorded
CELLS_MAX = 3_000_000  # rows of the explosion times days that are looked into
SHORT = 3.0  # noises below zero: then a book is short
LOW = 1.0  # what it weighs that nothing is left of an item of which there was always some left
MOST = 4.0  # what a short book weighs at most, as a logarithm of odds


class DayByDay:
    """Units on the shelf at the end of each day, by item, and how unlikely it is that they fall below zero."""

    def __init__(self, levers: Levers, units: Units, items: list[int]) -> None:
        """items: those that are in question."""
        settings = levers.inputs.settings
        self._inputs, self._start = levers.inputs, settings.period_start
        self._days = int(settings.period_end - settings.period_start) + 1
        self._noise = units.noise
        self._places: dict[str, list[int]] = {}
        counted = where_true(units.is_counted)
        others = np.setdiff1d(counted[:: len(counted) // OTHERS_MAX + 1], items).tolist()
        levels, self._used = self._books(levers, np.union1d(items, others).astype(np.int64))
        self._weight = self._exactness([(item, levels[item]) for item in others if item in levels])
        self._levels = {item: levels[item] for item in items if item in levels}
        self._lowest = {item: _lowest(level) for item, level in self._levels.items()}
        self._usual = {
            item: max(min(float(level.min()), float(units.counted[item])), 0.0) for item, level in self._levels.items()
        }

    def _exactness(self, others: list[tuple[int, Floats]]) -> float:
        """What a book that falls below zero weighs: the odds, as a logarithm, that there is a mistake in it."""
        short = sum(float(level.min()) < -SHORT * self._noise[item] for item, level in others)
        return min(max(math.log((len(others) - short + 1) / (short + 1)), 0.0), MOST)

    def _books(self, levers: Levers, items: Ints) -> tuple[dict[int, Floats], dict[int, Floats]]:
        """Of some items units on hand, and the share of their use so far; of those alone whose days are known."""
        known, into, used, gone = self._moved(levers, items)
        opening = np.zeros(len(levers.bill.items))
        stock = levers.bill.of("Stock")
        opening[stock[stock >= 0]] = blank_as_zero(levers.inputs.stock.opening_qty)[stock >= 0]
        levels = opening[items, None] + np.cumsum(into - gone, axis=1)
        total = np.cumsum(used, axis=1)
        shares = np.divide(total, total[:, -1:], out=np.zeros_like(total), where=total[:, -1:] > 0)
        chosen = where_true(known).tolist()
        return {int(items[k]): levels[k] for k in chosen}, {int(items[k]): shares[k] for k in chosen}

    def _moved(self, levers: Levers, items: Ints) -> tuple[Floats, Floats, Floats, Floats]:
        """Of each item: are its days known, and what came in, was used in bills, and went out at all, on every day."""
        demand, rows, count = levers.demand, levers.explosion.rows, len(items)
        nothing = np.zeros((count, self._days))
        chosen = where_true(rows.relieved & demand.of_work[rows.root] & np.isin(rows.item, items) & (rows.units != 0))
        if levers.explosion.by_line or len(chosen) * self._days > CELLS_MAX:
            return np.zeros(count, dtype=bool), nothing, nothing, nothing
        roots, root = np.unique(rows.root[chosen], return_inverse=True)
        asked = np.searchsorted(roots, demand.rows.root)
        of_these = where_true(np.isin(demand.rows.root, roots))
        units = self._by_day(asked[of_these], demand.rows.day[of_these], demand.rows.quantity[of_these], len(roots))
        days = self._start + np.arange(self._days)
        holds = (rows.first[chosen, None] <= days) & (days <= rows.last[chosen, None])
        taken = units[root] * holds * (rows.required[chosen] / rows.units[chosen])[:, None]
        at, in_bills = np.searchsorted(items, rows.item[chosen]), where_true(rows.line[chosen] >= 0)
        of_growth = np.array([stream == GROWTH for stream in demand.streams], dtype=bool)[demand.roots.stream]
        known = np.bincount(at, of_growth[rows.root[chosen]], minlength=count) == 0
        return (
            known,
            self._came(levers, items),
            self._added(at[in_bills], taken[in_bills], count),
            self._added(at, taken, count),
        )

    def _came(self, levers: Levers, items: Ints) -> Floats:
        """What was received and completed of each item on every day."""
        bought, counts = levers.inputs.purchases, levers.inputs.counts
        item = np.concatenate((levers.bill.of("Purchases"), levers.bill.of("Counts")))
        units, day = (np.concatenate(pair) for pair in ((bought.quantity, counts.quantity), (bought.date, counts.date)))
        came = np.concatenate((np.ones(len(bought), dtype=bool), counts.event == schema.COMPLETED))
        chosen = where_true(came & np.isin(item, items) & ~np.isnan(units) & ~np.isnan(day))
        return self._by_day(np.searchsorted(items, item[chosen]), day[chosen], units[chosen], len(items))

    def _by_day(self, group: Ints, day: Floats, quantity: Floats, count: int) -> Floats:
        """Quantities of each of so many groups on every day."""
        place = self._place(day)
        return added(group * self._days + place, quantity, count * self._days).reshape(count, self._days)

    def _added(self, group: Ints, rows: Floats, count: int) -> Floats:
        """Sums of rows of days by group."""
        place = group[:, None] * self._days + np.arange(self._days)
        return added(place.ravel(), rows.ravel(), count * self._days).reshape(count, self._days)

    def _days_of(self, table: str) -> list[int]:
        """Day of the period of every row of a table."""
        if table not in self._places:
            day = self._inputs.table(table).column("Date")
            self._places[table] = self._place(np.where(np.isnan(day), self._start, day)).tolist()
        return self._places[table]

    def _place(self, day: Floats) -> Ints:
        return np.clip(day - self._start, 0, self._days - 1).astype(np.int64)

    # ------------------------------------------------------------------------------------------------ evidence

    def most(self, lever: Lever) -> float:
        """What the days can speak for a cell of a lever, at most."""
        return len(lever.effects.keys() & self._lowest.keys()) * (LOW + self._weight) if self._weight else 0.0

    def gain(self, lever: Lever, units: float, at: int) -> float:
        """How much likelier the books become once so many units that a cell of a lever made are taken back; at: its row."""
        if not self._weight or lever.key[0] in (COUNTED, IN_PROCESS):
            return 0.0
        gain = 0.0
        for item in lever.effects.keys() & self._lowest.keys():
            before, after = self._lowest[item]
            least = self._least(lever, item, lever.effects[item] * units, at)
            gain += self._short(item, min(before[-1], after[-1])) - self._short(item, least)
        return gain

    def correct(self, lever: Lever, effects: dict[int, float], at: int) -> None:
        """Take back what a cell of a lever made of each item."""
        if lever.key[0] not in (COUNTED, IN_PROCESS):
            for item in effects.keys() & self._lowest.keys():
                self._levels[item] = self._levels[item] + effects[item] * self._come(lever, item, at)
                self._lowest[item] = _lowest(self._levels[item])

    def _least(self, lever: Lever, item: int, units: float, at: int) -> float:
        """The lowest level of an item where so many units more are there from the day of a cell on."""
        if lever.line >= 0 or lever.table == "StandardCost":
            return float((self._levels[item] + units * self._used[item]).min())
        before, after = self._lowest[item]
        since = 0 if lever.table == "Stock" else self._days_of(lever.table)[at]
        return min(before[since], after[since] + units)

    def _come(self, lever: Lever, item: int, at: int) -> Floats | float:
        """On every day, what share of the effect of a cell has come."""
        if lever.table not in own.TABLES:
            return 1.0 if lever.table == "Stock" else self._used[item]
        since = self._days_of(lever.table)[at]
        return np.repeat((0.0, 1.0), (since, self._days - since))

    def _short(self, item: int, least: float) -> float:
        """How unlikely the lowest level of an item is: below zero, and a little where it is far below the usual lowest."""
        usual = self._usual[item]
        if least < 0:
            return LOW + min(-least / (SHORT * float(self._noise[item])), 1.0) * self._weight
        return LOW * (1 - least / usual) if least < usual else 0.0


def _lowest(level: Floats) -> tuple[list[float], list[float]]:
    """The lowest level before each day, and from it on; the last entry is that of all days."""
    before = np.append(np.inf, np.minimum.accumulate(level))
    after = np.append(np.minimum.accumulate(level[::-1])[::-1], np.inf)
    return before.tolist(), after.tolist()
