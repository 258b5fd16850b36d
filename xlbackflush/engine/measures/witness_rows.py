"""What hours, the other rows, and the shelf day by day say about single rows of the production counts.

hours       hours paid in a day or week against those that its rows are allowed, beside the other days or weeks
other rows  a row is about as large as the other rows of its product, more on a day on which all products have more
shelf       units completed, sold and used so far, by the books: never fewer than none
size        small errors are more frequent than large ones; some are slips: half, double, a decimal point, a row twice
"""

from collections.abc import Sequence

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.model.arrays import CONSISTENT, Bools, Floats, Ints, Records, median, where_true
from xlbackflush.model.inputs import Actuals

OWN_CAUSE = 0.05  # how often a witness is wrong for a reason of its own
HOURS_ERROR, HOURS_DEGREES = 0.06, 3.0  # of the hours of a day or week beside the others, as if from so many of them
EFFICIENCY_ERROR = 0.10  # of the hours of the whole period against the standard
ROW_SPREAD, ROW_DEGREES = 0.3, 2.0  # of the rows of a product, as a logarithm, as if from so many rows
ROWS_TO_COMPARE = 3
SHORT = 3.0  # how little a shelf with fewer than no units is believed, as a logarithm
SIZE = 0.25  # half of the wrong counts are wrong by up to this share
SLIP, SLIPS = (
    0.3,
    (0.1, 10.0, 0.01, 100.0, 0.5, 2.0),
)  # how often a wrong count is a slip of the pen; times what it is right
DIGITS_MAX = 6  # of a number whose slips are looked at
LEAST = 1e-3  # of a row that should not be there: what is left of it, so that it has a logarithm
TWICE, TWICE_WITHIN = 0.2, 3  # how often it is one entered twice, within so many days

Floor = Floats
_LARGEST = 1e30  # of what squares without an overflow


@dataclass(frozen=True)
class CountRows(Records):
    """Rows of completed units: position in table Counts, item, number of the product from 0, day, units."""

    at: Ints
    item: Ints
    product: Ints
    day: Floats
    units: Floats

    @property
    def products(self) -> int:
        return int(self.product.max(initial=-1)) + 1


def count_rows(bill: Bill) -> CountRows:
    """The rows of completed units; corrections are none."""
    counts, item = bill.inputs.counts, bill.of("Counts")
    at = where_true((counts.event == schema.COMPLETED) & (item >= 0) & (counts.quantity > 0) & ~np.isnan(counts.date))
    _, product = np.unique(item[at], return_inverse=True)
    return CountRows(at, item[at], product, counts.date[at], counts.quantity[at])


# ------------------------------------------------------------------------------------------------------ statistics


def added(group: Ints, values: Floats, count: int) -> Floats:
    """Sum of the values of each of so many groups, in floating point: good enough for what is estimated."""
    total: Floats = np.bincount(group, values, minlength=count).astype(np.float64, copy=False)
    return total


def fit(z: Floats, floor: Floor) -> Floats:
    """How well a witness fits, as a logarithm: 0 at best, that of the floor where it is wrong for its own reasons."""
    fits: Floats = np.log((np.exp(-z * z / 2) + floor) / (1 + floor))
    return fits


def floor_of(noise: Floats, size: Floats | float) -> Floor:
    """What a witness says that is wrong for its own reasons, by about so much, against one that is right."""
    floor: Floor = OWN_CAUSE / (1 - OWN_CAUSE) * np.sqrt(2 * np.pi) * noise / np.maximum(size, noise)
    return floor


def medians(group: Ints, values: Floats, weights: Sequence[Floats], count: int) -> list[Floats]:
    """Weighted medians of the values of each of so many groups, for each of some weights; 0 where the weights are all 0."""
    if not len(values):
        return [np.zeros(count) for _ in weights]
    order = np.lexsort((values, group))
    ordered = values[order]

    def median(weight: Floats) -> Floats:
        end, total = np.cumsum(weight[order]), added(group, weight, count)
        middle = np.searchsorted(end, np.cumsum(total) - total / 2, side="left")
        return np.where(total > 0, ordered[np.minimum(middle, len(order) - 1)], 0.0)

    return [median(weight) for weight in weights]


def _middles(group: Ints, values: Floats, count: int) -> Floats:
    [middles] = medians(group, values, [np.ones(len(values))], count)
    return middles


# ----------------------------------------------------------------------------------------------------------- hours


@dataclass(frozen=True)
class Hours(Records):
    """Of each row: hours of a unit, hours paid and allowed in its day or week, the usual ratio of the two as a logarithm.

    noise: standard error of that ratio, infinite where there is nothing to compare.
    """

    each: Floats
    paid: Floats
    allowed: Floats
    usual: Floats
    noise: Floats

    @property
    def known(self) -> Bools:
        return self.noise < np.inf

    def implied(self) -> tuple[Floats, Floats]:
        """Units too few in each row, if the hours of the day or week are all due to it; the power (1 / variance) of that."""
        known = where_true(self.known)
        h, units, power = self.of(known), np.zeros(len(self)), np.zeros(len(self))
        due = h.paid / np.exp(h.usual)
        units[known], power[known] = (due - h.allowed) / h.each, (h.each / (h.noise * due)) ** 2
        return units, power

    def gain(self, units: Floats) -> Floats:
        """How much more likely so many units too few make the hours, as a logarithm."""
        known = where_true(self.known)
        h, gain = self.of(known), np.zeros(len(self))
        before = np.log(h.paid / h.allowed) - h.usual
        after = np.log(h.paid / np.maximum(h.allowed + units[known] * h.each, 1e-3 * h.allowed)) - h.usual
        floor = floor_of(h.noise, 1.0)
        gain[known] = fit(after / h.noise, floor) - fit(before / h.noise, floor)
        return gain


def hours_of(actuals: Actuals, rows: CountRows, each: Floats) -> Hours:
    """Hours paid on a day are for the days since those paid before. each: hours of a unit of each product."""
    paid = (actuals.cost_type == schema.LABOR) & (actuals.hours > 0) & ~np.isnan(actuals.date)
    days, which = np.unique(actuals.date[paid], return_inverse=True)
    hours = each[rows.product]
    amount = added(which, actuals.hours[paid], len(days) + 1)
    stretch = np.searchsorted(days, rows.day)
    allowed = added(stretch, rows.units * hours, len(days) + 1)
    compared = (amount > 0) & (allowed > 0)
    if not compared.any():
        zero = np.zeros(len(rows))
        return Hours(hours, zero, zero, zero, np.full(len(rows), np.inf))
    ratio = np.log(amount[compared] / allowed[compared])
    middle, count = median(ratio), len(ratio)
    spread = CONSISTENT * median(np.abs(ratio - middle))
    variance = (HOURS_DEGREES * HOURS_ERROR**2 + count * spread**2) / (HOURS_DEGREES + count)
    certain = count / (count + variance / EFFICIENCY_ERROR**2)  # with few days or weeks, the standard counts for more
    error = np.sqrt(variance + EFFICIENCY_ERROR**2 * (1 - certain))
    noise = np.where(compared[stretch] & (hours > 0), error, np.inf)
    return Hours(hours, amount[stretch], allowed[stretch], np.full(len(rows), middle * certain), noise)


# ------------------------------------------------------------------------------------------------------ other rows


@dataclass(frozen=True)
class Usual(Records):
    """Of each row: its units, the usual ones, their spread as a logarithm; infinite where there are no rows to compare."""

    units: Floats
    usual: Floats
    spread: Floats

    def implied(self) -> tuple[Floats, Floats]:
        """Units too few in each row if it is like the others, and the power (1 / variance) of that."""
        return self.usual - self.units, (1 / (self.spread * self.usual)) ** 2

    def gain(self, units: Floats) -> Floats:
        """How much more likely so many units too few make the row, as a logarithm."""
        known = where_true(self.spread < np.inf)
        u, gain = self.of(known), np.zeros(len(self))
        before, after = np.log(u.units / u.usual), np.log(np.maximum(u.units + units[known], LEAST * u.units) / u.usual)
        floor = floor_of(u.spread, 2.0)
        gain[known] = fit(after / u.spread, floor) - fit(before / u.spread, floor)
        gain[units < -0.9 * self.units] = 0.0  # a row that should not be there need not be like the others
        return gain


def usual_of(rows: CountRows) -> Usual:
    """Median of the rows of each product, more on a day on which the other products have more, where they keep step."""
    count, size = rows.products, np.bincount(rows.product)
    logs = np.log(rows.units)
    middle = _middles(rows.product, logs, count)[rows.product]
    alone = _middles(rows.product, np.abs(logs - middle), count)
    busy = _busy(rows.day, logs - middle, alone[rows.product])
    together = _middles(rows.product, np.abs(logs - middle - busy), count)
    spread = CONSISTENT * np.minimum(alone, together)
    error = np.sqrt((ROW_DEGREES * ROW_SPREAD**2 + size * spread**2) / (ROW_DEGREES + size))
    error[size < ROWS_TO_COMPARE] = np.inf
    usual = np.exp(middle + np.where((together < alone)[rows.product], busy, 0.0))
    return Usual(rows.units, usual, error[rows.product])


def _busy(day: Floats, away: Floats, spread: Floats) -> Floats:
    """How much more than usual the other products have on the day of each row (a logarithm); no wild row rules it."""
    _, which = np.unique(day, return_inverse=True)
    near = np.clip(away, -3 * spread, 3 * spread)
    return (np.bincount(which, near)[which] - near) / np.bincount(which)[which]


# ----------------------------------------------------------------------------------------------- shelf day by day


@dataclass(frozen=True)
class OnHand(Records):
    """Of each row, the least units of its product on hand by the books before its day, and from then on; a small quantity."""

    before: Floats
    after: Floats
    small: Floats

    def gain(self, units: Floats) -> Floats:
        """How much more likely so many units too few make the shelf, as a logarithm."""
        return self._short(self.after) - self._short(self.after + units)

    def _short(self, after: Floats) -> Floats:
        short: Floats = SHORT * np.clip(-np.minimum(self.before, after) / self.small, 0.0, 1.0)
        return short


@dataclass(frozen=True)
class Moves(Records):
    """Units of products that left the shelf: number of the product, day, units."""

    product: Ints
    day: Floats
    units: Floats


def on_hand_of(rows: CountRows, out: Moves, opening: Floats) -> OnHand:
    """The books day by day. out: sold, and used in other products; opening: units of each product."""
    count = rows.products
    product = np.concatenate((np.arange(count), rows.product, out.product))
    day = np.concatenate((np.full(count, -np.inf), rows.day, out.day))
    moves = np.concatenate((opening, rows.units, -out.units))
    order = np.lexsort((day, product))
    product, day, level = product[order], day[order], np.cumsum(moves[order])
    first = np.searchsorted(product, np.arange(count))
    level -= np.concatenate(([0.0], level))[first][product]
    ends = np.append((np.diff(product) != 0) | (day[1:] != day[:-1]), True)  # of a day
    product, day, level = product[ends], day[ends], level[ends]
    apart = product * (2 * float(np.abs(level).max()) + 1)  # so that products do not mix in running minima
    before = np.minimum.accumulate(level - apart) + apart
    after = np.minimum.accumulate((level + apart)[::-1])[::-1] - apart
    days, place = np.unique(day, return_inverse=True)
    at = np.searchsorted(product * len(days) + place, rows.product * len(days) + np.searchsorted(days, rows.day))
    small = 0.1 * np.exp(_middles(rows.product, np.log(rows.units), count))[rows.product]
    return OnHand(before[at - 1], after[at], small)


# ------------------------------------------------------------------------------------------------------------ size


def likely_size(rows: CountRows, units: Floats, error: Floats, closely: Ints) -> Floats:
    """How often a row is wrong by about so many units, give or take their error, as a logarithm.

    closely: the rows whose digits are looked at, too.
    """
    right = np.maximum(rows.units + units, LEAST * rows.units)
    away = np.log(right / rows.units) / SIZE
    certain = np.minimum(error, SIZE * right) * np.sqrt(2 * np.pi)
    likely = (1 - SLIP - TWICE) * certain / (np.pi * SIZE * right * (1 + away**2))
    spread = np.maximum(error, 0.5)
    for factor in SLIPS:
        likely += SLIP / 2 / len(SLIPS) * _bell((units - (factor - 1) * rows.units) / spread)
    likely += TWICE * _repeats(rows) * _bell((units + rows.units) / np.maximum(spread, 0.02 * rows.units))
    meant = _slips_of_digits(rows.units[closely])
    near = _bell((meant - (rows.units + units)[closely, None]) / spread[closely, None])
    likely[closely] += SLIP / 2 * near.sum(axis=1) / meant.shape[1]
    logarithm: Floats = np.log(np.maximum(likely, 1 / _LARGEST))
    return logarithm


def _bell(z: Floats) -> Floats:
    bell: Floats = np.exp(-np.minimum(z * z / 2, 700.0))
    return bell


def _slips_of_digits(units: Floats) -> Floats:
    """What whole numbers could have been meant to be, a row each: a digit was dropped, typed twice, or two changed places."""
    power = 10.0 ** np.arange(DIGITS_MAX)
    left, right = np.divmod(units[:, None], power)  # of each place between two digits
    digits = np.arange(10.0)
    dropped = (left * 10 * power + right)[:, :, None] + digits * power[:, None]
    here, further = left % 10, np.floor(left / 10)
    without = further * power + right
    twice = np.where((here == further % 10) & (further > 0), without, units[:, None])
    swapped = further // 10 * 100 * power + here * 10 * power + further % 10 * power + right
    swapped = np.where(further > 0, swapped, units[:, None])
    meant = np.concatenate((dropped.reshape(len(units), 10 * DIGITS_MAX), twice, swapped), axis=1)
    nothing = (meant == units[:, None]) | (units != np.round(units))[:, None]
    return np.where(nothing, np.inf, meant)


def _repeats(rows: CountRows) -> Bools:
    """Rows of the same units of a product as a row above, of that day or a few days before."""
    order = np.lexsort((rows.at, rows.day, rows.units, rows.product))
    r = rows.of(order)
    again = np.zeros(len(rows), dtype=bool)
    again[order[1:]] = (np.diff(r.product) == 0) & (np.diff(r.units) == 0) & (np.diff(r.day) <= TWICE_WITHIN)
    return again
