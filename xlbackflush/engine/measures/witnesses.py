"""Witnesses: what labor hours, parts, packaging and labels, and sales each say about the production counts.

A product whose count is wrong by e units leaves its mark wherever its units leave one:

    its parts and packaging       e x quantity per unit more were used than the bill says (book - counted stock)
    sales and stock               e units more are on the shelf than the books say (opening + completed - sold)
    labor hours                   e x hours per unit more were paid, on that day or in that week
    its own other rows            with e, the row is one like the others

Worked case: 120 boxes completed on April 7, recorded as 102. 18 cartons and 18 labels too many are gone, 18 boxes too many
are on the shelf, and the hours of that day allow 118 boxes. All say that 18 are missing, each with its own noise.

The noise of stock counts is estimated from all of them: a share of what was counted and a share of what was used. A witness
may also be wrong for reasons of its own (a wrong bill, a miscount): beyond a few times its noise, one says no more than
another (`fit`). Each completed product gets the size e that its witnesses agree on most (several starts, then weighted
least squares); with the hours and the other rows that gives the row and its size, with a 95 % interval. The odds of a
product are those of the best rows against all counts being right.
"""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.explosion.demand import SALES, Demand, Transactions
from xlbackflush.engine.explosion.explosion import Explosion
from xlbackflush.engine.standards.bill import Bill, ranges
from xlbackflush.engine.stock.relief import of_events
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, where_true
from xlbackflush.model.inputs import Inputs

OWN_CAUSE = 0.05  # how often a witness is wrong for a reason of its own
OWN_SIZE = 0.25  # of what was counted or used: how far off it then is, about
SHELF_ERROR, SHELF_SPREAD = 0.006, 0.9  # of a count, as a share of what was counted; how well that is known (logarithm)
USE_ERROR, USE_SPREAD = 0.0008, 1.2  # of the use between two counts, likewise
WHOLE = 0.4  # error of a count in whole units at least
HOURS_ERROR, HOURS_DEGREES = 0.06, 3.0  # of the hours of a day or week against the others, as if from so many of them
EFFICIENCY_ERROR = 0.10  # of the hours of the whole period against the standard
ROW_SPREAD, ROW_DEGREES = 0.3, 2.0  # of the rows of a product, as logarithm, as if from so many rows
WRONG = 0.05  # how often a count of a product is wrong in a period
LOST = 0.02  # how often its parts are off together while the count is right: units lost without a report, a wrong bill
SHORT = 3.0  # how little a shelf with fewer than no units is believed, as a logarithm
SIZE = 0.25  # half of the wrong counts are wrong by up to this share
LIKELY, WITNESSES_MIN = 0.5, 2  # from which a count stands out
COUNTS_MAX = 5  # counts that stand out, one after the other
SLIP, SLIPS = 0.2, (0.5, 2.0, 0.1, 10.0, 0.01, 100.0)  # how often a wrong count is a slip, and what it should have been
TWICE, TWICE_WITHIN = 0.2, 3  # how often it is one entered twice, within so many days
ROUNDS = 6  # of weighted least squares
ROWS_TO_COMPARE = 3
NOISE_ITEMS_MAX = 2_000  # from which the noise is estimated


@dataclass(frozen=True)
class CountRows(Records):
    """Completed rows that were counted: position in table Counts, item, day, units; group: number of the product."""

    at: Ints
    item: Ints
    day: Floats
    units: Floats
    group: Ints


@dataclass(frozen=True)
class Traces(Records):
    """What a unit of a product leaves on a stocked item: group of the product, item, units used (-1: the product itself)."""

    group: Ints
    item: Ints
    per_unit: Floats


@dataclass(frozen=True)
class Differences(Records):
    """Of each item, used beyond the books (NaN: not counted), counted and used quantity."""

    used: Floats
    counted: Floats
    use: Floats


@dataclass(frozen=True)
class Testimony(Records):
    """One row per completed product, the one whose count is most doubtful first.

    at: position in Counts of the row that is meant, next_at: of the one that fits next best, or -1; counted: units there. Of that row, hours, parts, shelf and usual are
    the units that labor hours, parts and packaging, sales and stock, and the product's other rows imply, NaN where one has
    nothing to say; estimate all together, with the ends of the 95 % interval low and high. agree: how many of the stock
    counts and hours stand against the row and with the estimate. odds: that the count is wrong, against all counts being
    right, as a logarithm; share: the same as a probability among all products. on_the_day: how surely it is this row.
    """

    item: Ints
    at: Ints
    next_at: Ints
    day: Floats
    counted: Floats
    hours: Floats
    parts: Floats
    shelf: Floats
    usual: Floats
    estimate: Floats
    low: Floats
    high: Floats
    agree: Ints
    odds: Floats
    share: Floats
    on_the_day: Floats

    @property
    def stands_out(self) -> Bools:
        """Which counts are more likely wrong than right, by two witnesses that agree."""
        return (self.share > LIKELY) & (self.agree >= WITNESSES_MIN)

    @property
    def difference(self) -> Floats:
        """Units that the witnesses find too many (negative) or too few in the row."""
        return self.estimate - self.counted


def witnesses(bill: Bill, explosion: Explosion, demand: Demand, transactions: Transactions, book: StockBook) -> Testimony:
    """What the witnesses say about every product that was completed and counted; empty where there are none.

    One wrong count at a time: what it explains is taken off before the next one is looked for. Each comes with the product
    that fits nearly as well, where there is one; then the others.
    """
    rows = _count_rows(bill)
    stock = _differences(bill, book)
    if not len(rows) or not ((bill.inputs.actuals.hours > 0).any() or not np.isnan(stock.used).all()):
        return _nothing()
    traces, hours_each = _traces(bill, explosion, demand, rows)
    opening = np.zeros(len(bill.items))
    opening[book.item] = book.opening
    shelf = (traces, transactions[SALES], opening)
    traces = traces.of(~np.isnan(stock.used[traces.item]))
    named: list[Testimony] = []
    for _ in range(COUNTS_MAX):
        heard, groups = _hear(bill.inputs, rows, hours_each, traces, stock, shelf)
        if not heard.stands_out[0]:
            break
        with_rival = 1 + int(len(heard) > 1 and heard.odds[1] > 0)
        named.append(heard.of(slice(0, with_rival)))
        size, group = float(heard.difference[0]), int(groups[0])
        stock = _without(stock, traces, group, size)
        rows = replace(rows, units=np.where(rows.at == heard.at[0], heard.estimate[0], rows.units))
        rest = np.isin(heard.item, named[-1].item, invert=True)
        heard = heard.of(rest)
        if not len(heard):
            break
    return _together(named, heard)


def _together(named: list[Testimony], rest: Testimony) -> Testimony:
    """Every product once, where it comes first."""
    every = Testimony.joined([*named, rest])
    _, first = np.unique(every.item, return_index=True)
    return every.of(np.sort(first))


def _hear(
    inputs: Inputs, rows: CountRows, hours_each: Floats, traces: Traces, stock: Differences, shelf
) -> tuple[Testimony, Ints]:
    """The witnesses of all products, the most doubtful first, and their groups."""
    groups, hours = len(hours_each), _hours(inputs, rows, hours_each)
    first = _agreement(traces, stock, _noise(stock), groups)
    worst = int(np.argmax(first.gain))
    noise = _noise(_without(stock, traces, worst, float(first.size[worst])))
    on_hand = _on_hand(rows, *shelf)
    return _heard(rows, traces, hours, on_hand, _Stock(stock, noise, _agreement(traces, stock, noise, groups)))


def _nothing() -> Testimony:
    none, whole = np.zeros(0), np.zeros(0, dtype=np.int64)
    return Testimony(whole, whole, whole, *[none] * 9, whole, *[none] * 3)


# ----------------------------------------------------------------------------------------------- what was counted


def _count_rows(bill: Bill) -> CountRows:
    """The rows of completed units, of products of which units remain when the corrections are taken off."""
    counts, item = bill.inputs.counts, bill.of("Counts")
    at = where_true((counts.event == schema.COMPLETED) & (item >= 0) & (counts.quantity > 0) & ~np.isnan(counts.date))
    products, group = np.unique(item[at], return_inverse=True)
    return CountRows(at, item[at], counts.date[at], counts.quantity[at], group.astype(np.int64))


def _traces(bill: Bill, explosion: Explosion, demand: Demand, rows: CountRows) -> tuple[Traces, Floats]:
    """What a good unit of each product takes of what is stocked, and itself; and its hours."""
    products = np.unique(rows.item)
    number = np.full(len(bill.items), -1)
    number[products] = np.arange(len(products))
    if explosion.by_line:
        group, item, per_unit, hours = _from_the_bill(bill, demand, number)
    else:
        group, item, per_unit, hours = _from_the_explosion(bill, explosion, demand, number)
    itself = np.arange(len(products))
    traces = Traces(
        np.concatenate((group, itself)), np.concatenate((item, products)), np.concatenate((per_unit, np.full(len(products), -1.0)))
    )  # fmt: skip
    return traces.of(np.argsort(traces.group, kind="stable")), hours


def _from_the_explosion(
    bill: Bill, explosion: Explosion, demand: Demand, number: Ints
) -> tuple[Ints, Ints, Floats, Floats]:
    """Group, item and units per unit of every trace, and hours of a unit: the rows of what was made, added up."""
    made = schema.UNITS_MADE if demand.of_shelf else schema.COMPLETION
    rows = explosion.rows.of(of_events(explosion, demand, made))
    rows = rows.of(number[rows.product] >= 0)
    group, groups = number[rows.product], int(number.max(initial=-1)) + 1
    head = rows.line < 0
    units = np.bincount(group[head], rows.units[head], minlength=groups)
    each = np.divide(1.0, units, out=np.zeros(groups), where=units > 0)
    inside = where_true(~rows.relieved)
    hours = np.bincount(group[inside], (rows.required * bill.items.hours[rows.item])[inside], minlength=groups) * each
    taken = where_true(rows.relieved & ~head)
    key, which = np.unique(group[taken] * len(bill.items) + rows.item[taken], return_inverse=True)
    per_unit = np.bincount(which, rows.required[taken], minlength=len(key))
    of, item = key // len(bill.items), key % len(bill.items)
    keep = (per_unit > 0) & (each[of] > 0)
    return of[keep], item[keep], (per_unit * each[of])[keep], hours


def _from_the_bill(bill: Bill, demand: Demand, number: Ints) -> tuple[Ints, Ints, Floats, Floats]:
    """The same where the explosion has no rows of single products: the lines of each product alone."""
    items, lines = bill.items, bill.lines
    stocked = items.stocked | demand.followed
    own = where_true((number[lines.parent] >= 0) & stocked[lines.component])
    groups = int(number.max(initial=-1)) + 1
    hours = np.zeros(groups)
    hours[number[number >= 0]] = items.hours[number >= 0]
    per_unit = lines.factor[own] * items.to_start[lines.parent[own]]
    key, which = np.unique(number[lines.parent[own]] * len(items) + lines.component[own], return_inverse=True)
    return key // len(items), key % len(items), np.bincount(which, per_unit, minlength=len(key)), hours


# ------------------------------------------------------------------------------------------- what the stock says


def _differences(bill: Bill, book: StockBook) -> Differences:
    used, counted, use = np.full(len(bill.items), np.nan), np.zeros(len(bill.items)), np.zeros(len(bill.items))
    used[book.item], counted[book.item] = -book.difference, np.abs(book.counted)
    use[book.item] = np.abs(book.relieved) + np.abs(book.scrapped)
    return Differences(used, counted, use)


def fit(z: Floats, floor: Floats) -> Floats:
    """How well a witness fits, as a logarithm: 0 at best, that of the floor where it is wrong for its own reasons."""
    return np.log((np.exp(-z * z / 2) + floor) / (1 + floor))


def _floor(noise: Floats, size: Floats) -> Floats:
    """What a witness says that is wrong for its own reasons, by about so much, against one that is right."""
    return OWN_CAUSE / (1 - OWN_CAUSE) * np.sqrt(2 * np.pi) * noise / np.maximum(size, noise)


def _own_size(stock: Differences) -> Floats:
    return OWN_SIZE * np.maximum(stock.counted, stock.use)


def _noise(stock: Differences) -> Floats:
    """Standard error of the difference of each item: the shares of count and use that make all differences most likely."""
    known = where_true(~np.isnan(stock.used))
    if len(known) > NOISE_ITEMS_MAX:
        known = known[:: -(-len(known) // NOISE_ITEMS_MAX)]
    sample = stock.of(known)
    least = np.where(sample.counted == np.round(sample.counted), WHOLE, 1e-6)
    variance = (_SHELF[:, None] * sample.counted) ** 2 + (_USE[:, None] * sample.use) ** 2 + least**2
    noise = np.sqrt(variance)
    floor = _floor(noise, _own_size(sample))
    with np.errstate(under="ignore"):
        likelihood = np.log(np.exp(-(sample.used**2) / variance / 2) + floor) - np.log(noise)
    best = int(np.argmax(likelihood.sum(axis=1) + _BEFORE))
    least = np.where(stock.counted == np.round(stock.counted), WHOLE, 1e-6)
    return np.sqrt((_SHELF[best] * stock.counted) ** 2 + (_USE[best] * stock.use) ** 2 + least**2)


#: shares of count and use that are tried as noise, and how likely each pair is before the counts
_STEPS = np.linspace(-2, 2, 7)
_SHELF, _USE = (
    grid.ravel() for grid in np.meshgrid(SHELF_ERROR * np.exp(SHELF_SPREAD * _STEPS), USE_ERROR * np.exp(USE_SPREAD * _STEPS))
)  # fmt: skip
_BEFORE = -sum(grid.ravel() ** 2 for grid in np.meshgrid(_STEPS, _STEPS)) / 2


@dataclass(frozen=True)
class _Agreement(Records):
    """Of each product, the size of an error that its stock witnesses agree on, the power (1 / variance) behind it, and what
    it gains over there being none, in all and by the stock of the product itself."""

    size: Floats
    power: Floats
    gain: Floats
    of_itself: Floats


def _agreement(traces: Traces, stock: Differences, noise: Floats, groups: int) -> _Agreement:
    """Weighted least squares from three starts: the median of all, of what is the product's alone, and of itself."""
    implied = stock.used[traces.item] / traces.per_unit
    error = noise[traces.item] / np.abs(traces.per_unit)
    floor = _floor(noise, _own_size(stock))[traces.item]
    alone = np.bincount(traces.item, traces.per_unit > 0, minlength=len(noise))[traces.item] <= 1
    starts = [_medians(traces.group, implied, some / error, groups) for some in (1.0, alone, traces.per_unit < 0)]
    tries = len(starts)
    group = np.concatenate([traces.group + n * groups for n in range(tries)])
    implied, error, floor = (np.tile(each, tries) for each in (implied, error, floor))
    size, power = np.concatenate(starts), np.zeros(tries * groups)
    for k in range(ROUNDS):
        z = (implied - size[group]) / error
        near = np.exp(-((z / max(4.0 / 2**k, 1.0)) ** 2) / 2)
        weight = near / (near + floor) / error**2
        power = np.bincount(group, weight, minlength=tries * groups)
        moment = np.bincount(group, weight * implied, minlength=tries * groups)
        size = np.divide(moment, power, out=size, where=power > 0)
    gains = fit((implied - size[group]) / error, floor) - fit(implied / error, floor)
    of_itself = np.bincount(group, gains * np.tile(traces.per_unit < 0, tries), minlength=tries * groups)
    gain = np.bincount(group, gains, minlength=tries * groups)
    best = np.argmax(gain.reshape(tries, groups), axis=0) * groups + np.arange(groups)
    return _Agreement(size[best], power[best], gain[best], of_itself[best])


def _medians(group: Ints, values: Floats, weights: Floats, groups: int) -> Floats:
    """Weighted median of the values of each group; 0 where the weights are all 0."""
    order = np.lexsort((values, group))
    of, weights = group[order], weights[order]
    end = np.cumsum(weights)
    total = np.bincount(of, weights, minlength=groups)
    before = np.concatenate(([0.0], np.cumsum(total)[:-1]))
    middle = np.searchsorted(end, before + total / 2, side="left")
    value = np.append(values[order], 0.0)[np.minimum(middle, len(values))]
    return np.where(total > 0, value, 0.0)


def _without(stock: Differences, traces: Traces, group: int, size: float) -> Differences:
    """The differences that remain where the count of a product was wrong by so much."""
    used, own = stock.used.copy(), traces.of(traces.group == group)
    used[own.item] -= size * own.per_unit
    return Differences(used, stock.counted, stock.use)


# ------------------------------------------------------------------------------------------- what the hours say


@dataclass(frozen=True)
class _Hours(Records):
    """Of each row, hours of a unit, hours paid and allowed in its day or week, the usual ratio of the two (a logarithm) and
    its noise; infinite where there is nothing to compare."""

    each: Floats
    paid: Floats
    allowed: Floats
    usual: Floats
    noise: Floats


def _hours(inputs: Inputs, rows: CountRows, each: Floats) -> _Hours:
    """Hours paid on a day are for the days since those paid before."""
    actuals = inputs.actuals
    paid = (actuals.cost_type == schema.LABOR) & (actuals.hours > 0) & ~np.isnan(actuals.date)
    days, which = np.unique(actuals.date[paid], return_inverse=True)
    hours, own = each[rows.group], np.zeros(len(rows))
    nothing = _Hours(hours, own, own, own, np.full(len(rows), np.inf))
    if not len(days):
        return nothing
    amount = np.bincount(which, actuals.hours[paid], minlength=len(days) + 1)
    stretch = np.searchsorted(days, rows.day)
    allowed = np.bincount(stretch, rows.units * hours, minlength=len(days) + 1)
    compared = where_true((amount > 0) & (allowed > 0))
    if not len(compared):
        return nothing
    ratio = np.log(amount[compared] / allowed[compared])
    middle, count = float(np.median(ratio)), len(compared)
    spread = 1.4826 * float(np.median(np.abs(ratio - middle)))
    noise = np.sqrt((HOURS_DEGREES * HOURS_ERROR**2 + count * spread**2) / (HOURS_DEGREES + count))
    certain = count / (count + (noise / EFFICIENCY_ERROR) ** 2)
    usual, left = middle * certain, EFFICIENCY_ERROR**2 * (1 - certain)
    known = (amount[stretch] > 0) & (allowed[stretch] > 0) & (hours > 0)
    error = np.where(known, np.sqrt(noise**2 + left), np.inf)
    return _Hours(hours, amount[stretch], allowed[stretch], np.full(len(rows), usual), error)


# ------------------------------------------------------------------------------- what was on the shelf day by day


@dataclass(frozen=True)
class _OnHand(Records):
    """Of each row, the least units of its product on hand by the books before its day, and from then on; a small quantity."""

    before: Floats
    after: Floats
    small: Floats


def _on_hand(rows: CountRows, traces: Traces, sold: tuple[Ints, Floats, Floats], opening: Floats) -> _OnHand:
    """Units completed, sold and used in other products, day by day. sold: item, day and units; opening: of each item."""
    groups = int(rows.group.max()) + 1
    number = np.full(len(opening), -1)
    number[rows.item] = rows.group
    used, day, units = _used_in_others(rows, traces, number)
    item, sold_on, sold_units = sold
    chosen = number[item] >= 0
    start = np.zeros(groups)
    start[number[rows.item]] = opening[rows.item]
    group = np.concatenate((np.arange(groups), rows.group, number[item][chosen], used))
    days = np.concatenate((np.full(groups, -np.inf), rows.day, sold_on[chosen], day))
    moves = np.concatenate((start, rows.units, -sold_units[chosen], -units))
    order = np.lexsort((days, group))
    group, days, level = group[order], days[order], np.cumsum(moves[order])
    first = np.searchsorted(group, np.arange(groups))
    level -= np.concatenate(([0.0], level))[first][group]
    ends = np.append((np.diff(days) != 0) | (np.diff(group) != 0), True)  # of a day
    group, days, level = group[ends], days[ends], level[ends]
    apart = 2 * float(np.abs(level).max()) + 1  # so that products do not mix in running minima
    before = np.minimum.accumulate(level - group * apart) + group * apart
    after = (np.minimum.accumulate((level + group * apart)[::-1])[::-1]) - group * apart
    _, place = np.unique(days, return_inverse=True)
    key, of_row = group * (len(days) + 1) + place, np.searchsorted(np.unique(days), rows.day)
    at = np.searchsorted(key, rows.group * (len(days) + 1) + of_row)
    small = 0.1 * np.exp(_middles(rows.group, np.log(rows.units), groups))[rows.group]
    return _OnHand(before[at - 1], after[at], np.maximum(small, 1e-9))


def _used_in_others(rows: CountRows, traces: Traces, number: Ints) -> tuple[Ints, Floats, Floats]:
    """Group, day and units of products that were used in other products."""
    inside = traces.of((traces.per_unit > 0) & (number[traces.item] >= 0))
    if not len(inside):
        return inside.group, inside.per_unit, inside.per_unit
    order = np.argsort(rows.group, kind="stable")
    begin, end = (np.searchsorted(rows.group[order], inside.group, side=side) for side in ("left", "right"))
    which, pick = np.repeat(np.arange(len(inside)), end - begin), order[ranges(begin, end)]
    return number[inside.item][which], rows.day[pick], rows.units[pick] * inside.per_unit[which]


def _gain_of_shelf(on_hand: _OnHand, size: Floats) -> Floats:
    """There are never fewer than no units on a shelf."""

    def short(after: Floats) -> Floats:
        return SHORT * np.clip(-np.minimum(on_hand.before, after) / on_hand.small, 0.0, 1.0)

    return short(on_hand.after) - short(on_hand.after + size)


# ---------------------------------------------------------------------------------------------- all together


@dataclass(frozen=True)
class _Stock:
    """Differences of stock, their noise, and what they agree on."""

    differences: Differences
    noise: Floats
    agreement: _Agreement


@dataclass(frozen=True)
class _Usual(Records):
    """Of each row, the usual units of its product and their spread as a logarithm; infinite where there is none to compare."""

    units: Floats
    spread: Floats


def _usual(rows: CountRows) -> _Usual:
    """Median of the rows of each product, more on a day on which the other products have more, where they keep step."""
    groups = int(rows.group.max(initial=-1)) + 1
    size = np.bincount(rows.group, minlength=groups)
    logs = np.log(rows.units)
    middle = _middles(rows.group, logs, groups)[rows.group]
    alone = _middles(rows.group, np.abs(logs - middle), groups)
    busy = _busy(rows.day, logs - middle, alone[rows.group])
    together = _middles(rows.group, np.abs(logs - middle - busy), groups)
    keeps_step = together < alone
    spread = 1.4826 * np.where(keeps_step, together, alone)
    error = np.sqrt((ROW_DEGREES * ROW_SPREAD**2 + size * spread**2) / (ROW_DEGREES + size))
    error[size < ROWS_TO_COMPARE] = np.inf
    return _Usual(np.exp(middle + np.where(keeps_step[rows.group], busy, 0.0)), error[rows.group])


def _middles(group: Ints, values: Floats, groups: int) -> Floats:
    return _medians(group, values, np.ones(len(values)), groups)


def _busy(day: Floats, away: Floats, spread: Floats) -> Floats:
    """How much more than usual the other products have on the day of each row (a logarithm); no wild row rules it."""
    _, which = np.unique(day, return_inverse=True)
    near = np.clip(away, -3 * spread, 3 * spread)
    others = np.bincount(which)[which] - 1
    return (np.bincount(which, near)[which] - near) / (others + 1)


def _heard(rows: CountRows, traces: Traces, hours: _Hours, on_hand: _OnHand, stock: _Stock) -> tuple[Testimony, Ints]:
    """All witnesses of every row together; of each product the row that fits best."""
    usual, agreed = _usual(rows), stock.agreement.of(rows.group)
    by_hours, hours_power = _implied_by_hours(rows, hours)
    by_rows = usual.units - rows.units
    with np.errstate(divide="ignore"):
        rows_power = np.where(usual.spread < np.inf, 1 / (usual.spread * usual.units) ** 2, 0.0)
    power = agreed.power + hours_power + rows_power
    moment = agreed.power * agreed.size + hours_power * by_hours + rows_power * by_rows
    size = np.divide(moment, power, out=np.zeros(len(rows)), where=power > 0)
    size = np.maximum(size, -0.98 * rows.units)
    error = np.divide(1.0, np.sqrt(power), out=np.full(len(rows), np.inf), where=power > 0)
    log_odds = np.where(power > 0, agreed.gain - agreed.power * (size - agreed.size) ** 2 / 2, 0.0)
    log_odds += _gain_of_hours(hours, size) + _gain_of_rows(rows, usual, size) + _gain_of_shelf(on_hand, size)
    log_odds += _likely_size(size, error, rows)
    return _ranked(rows, traces, stock, _Weighed(by_hours, hours_power, usual.units, size, error, log_odds))


def _implied_by_hours(rows: CountRows, hours: _Hours) -> tuple[Floats, Floats]:
    """Units too few in each row by the hours of its day or week, and the power of that."""
    known = hours.noise < np.inf
    due = hours.paid / np.exp(hours.usual)
    implied = np.divide(due - hours.allowed, hours.each, out=np.zeros(len(rows)), where=known)
    error = np.divide(hours.noise * due, hours.each, out=np.full(len(rows), np.inf), where=known)
    return implied, 1 / error**2


def _gain_of_hours(hours: _Hours, size: Floats) -> Floats:
    known = where_true(hours.noise < np.inf)
    h, gain = hours.of(known), np.zeros(len(size))
    floor = _floor(h.noise, np.ones(len(h)))
    before = np.log(h.paid / h.allowed) - h.usual
    after = np.log(h.paid / np.maximum(h.allowed + size[known] * h.each, 1e-3 * h.allowed)) - h.usual
    gain[known] = fit(after / h.noise, floor) - fit(before / h.noise, floor)
    return gain


def _gain_of_rows(rows: CountRows, usual: _Usual, size: Floats) -> Floats:
    known = where_true(usual.spread < np.inf)
    u, units, gain = usual.of(known), rows.units[known], np.zeros(len(size))
    floor = _floor(u.spread, np.full(len(u), 2.0))
    before, after = np.log(units / u.units), np.log((units + size[known]) / u.units)
    gain[known] = fit(after / u.spread, floor) - fit(before / u.spread, floor)
    gain[size < -0.9 * rows.units] = 0.0  # a row that should not be there is not like the others
    return gain


def _likely_size(size: Floats, error: Floats, rows: CountRows) -> Floats:
    """How often a count is wrong by about so much, as a logarithm.

    Small errors are more frequent than large ones (a Cauchy density); and some are slips: half, double, a decimal point
    misplaced, a row entered twice.
    """
    units = rows.units
    density = 1 / (np.pi * SIZE * units * (1 + (size / (SIZE * units)) ** 2))
    certain = np.minimum(error, SIZE * units)
    spread = np.maximum(certain, WHOLE)
    likely = (1 - SLIP - TWICE) * density * certain * np.sqrt(2 * np.pi)
    for factor in SLIPS:
        likely += SLIP / len(SLIPS) * np.exp(-(((size - (factor - 1) * units) / spread) ** 2) / 2)
    likely += TWICE * _repeats(rows) * np.exp(-(((size + units) / np.maximum(spread, 0.02 * units)) ** 2) / 2)
    return np.log(likely)


def _repeats(rows: CountRows) -> Bools:
    """Rows of the same units of a product as a row above, of that day or a few days before."""
    order = np.lexsort((rows.at, rows.day, rows.units, rows.group))
    r = rows.of(order)
    same = (np.diff(r.group) == 0) & (np.diff(r.units) == 0) & (np.diff(r.day) <= TWICE_WITHIN)
    again = np.zeros(len(rows), dtype=bool)
    again[order[1:]] = same
    return again


@dataclass(frozen=True)
class _Weighed(Records):
    """Of each row: units too few by the hours, power of that, usual units, size, its standard error, odds as a logarithm."""

    by_hours: Floats
    hours_power: Floats
    usual: Floats
    size: Floats
    error: Floats
    log_odds: Floats


def _ranked(rows: CountRows, traces: Traces, stock: _Stock, weighed: _Weighed) -> tuple[Testimony, Ints]:
    """The best row of each product, by the odds of the product; and the groups in that order."""
    groups = int(rows.group.max(initial=-1)) + 1
    order = np.lexsort((-weighed.log_odds, rows.group))
    head = np.searchsorted(rows.group[order], np.arange(groups + 1))
    best, several = order[head[:-1]], np.diff(head) > 1
    next_at = np.where(several, rows.at[order[np.minimum(head[:-1] + 1, len(order) - 1)]], -1)
    peak = weighed.log_odds[best]
    near = np.bincount(rows.group, np.exp(weighed.log_odds - peak[rows.group]), minlength=groups)
    odds = np.log(WRONG) + peak + np.log(near) - np.log(np.bincount(rows.group, minlength=groups))
    lost = odds - stock.agreement.of_itself + np.log(LOST / WRONG)
    top = max(float(odds.max()), float(lost.max()), 0.0)
    share = np.exp(odds - top) / (np.exp(odds - top).sum() + np.exp(lost - top).sum() + np.exp(-top))
    b, at = weighed.of(best), rows.of(best)
    parts, shelf = _of_stock(traces, stock, groups)
    by_hours = np.where(b.hours_power > 0, at.units + b.by_hours, np.nan)
    result = Testimony(
        item=at.item, at=at.at, next_at=next_at, day=at.day, counted=at.units, hours=by_hours, parts=at.units + parts, shelf=at.units + shelf,
        usual=b.usual, estimate=at.units + b.size, low=at.units + b.size - 1.96 * b.error,
        high=at.units + b.size + 1.96 * b.error, agree=_agreeing(traces, stock, b), odds=odds, share=share,
        on_the_day=1 / near,
    )  # fmt: skip
    order = np.argsort(-odds, kind="stable")
    return result.of(order), order


def _of_stock(traces: Traces, stock: _Stock, groups: int) -> tuple[Floats, Floats]:
    """Units too few by parts and packaging, and by the stock of the product itself; NaN where these were not counted."""
    implied = stock.differences.used[traces.item] / traces.per_unit
    error = stock.noise[traces.item] / np.abs(traces.per_unit)
    away = np.abs(implied - stock.agreement.size[traces.group]) / error
    weight = 1 / (error * np.maximum(away, 1.0)) ** 2  # one that is wrong for its own reasons says little
    made: list[Floats] = []
    for chosen in (traces.per_unit > 0, traces.per_unit < 0):
        power = np.bincount(traces.group, weight * chosen, minlength=groups)
        moment = np.bincount(traces.group, weight * implied * chosen, minlength=groups)
        made.append(np.divide(moment, power, out=np.full(groups, np.nan), where=power > 0))
    return made[0], made[1]


def _agreeing(traces: Traces, stock: _Stock, best: _Weighed) -> Ints:
    """How many witnesses of stock, and of hours, stand against the row as it is and with the estimate."""
    implied = stock.differences.used[traces.item] / traces.per_unit
    error = stock.noise[traces.item] / np.abs(traces.per_unit)
    size = best.size[traces.group]
    with_it: Bools = (np.abs(implied) > 2 * error) & (np.abs(implied - size) < np.maximum(2.5 * error, np.abs(size) / 5))
    by_hours = best.by_hours * np.sqrt(best.hours_power)
    off = (best.by_hours - best.size) * np.sqrt(best.hours_power)
    return np.bincount(traces.group[with_it], minlength=len(best)) + ((np.abs(by_hours) > 2) & (np.abs(off) < 2))
