"""What stock says about the production counts: parts, packaging and labels that were used, finished units on the shelf.

A count of a product that is e units too low leaves e x quantity per unit too few of each part, and e units of the product
itself too many. Each item that was counted thus implies an e:

    implied = (book - counted) / units used per unit of the product, or -1 of the product itself

with the noise of a stock count: a share of what was counted and a share of what was used, both estimated from all items. An
item may also be off for a reason of its own (a wrong bill, a miscount): beyond a few times its noise, one such item says no
more than another (`fit`), so that no single one can decide.
"""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.explosion.demand import Demand
from xlbackflush.engine.explosion.explosion import Explosion
from xlbackflush.engine.measures.witness_rows import CountRows, Floor, added, fit, floor_of, medians
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.relief import of_events
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, distinct, median, where_true

OWN_SIZE = 0.25  # of what was counted or used: by how much an item is off that is off for a reason of its own, about
SHELF_ERROR, SHELF_SPREAD = 0.006, 0.9  # of a stock count, as a share of what was counted; how well that is known (log)
USE_ERROR, USE_SPREAD = 0.0008, 1.2  # the same as a share of what was used
WHOLE = 0.4  # error of a stock count in whole units at least
NOISE_ITEMS_MAX = 2_000  # from which the noise is estimated
ROUNDS = 6  # of weighted least squares
CLEAR = 6.0  # gain from which a count stands out beside the usual noise (a logarithm)
UNLIKELY = 5.0  # how unlikely a wrong count of a certain size is, before the stock counts (a logarithm)
TAKEN_OFF_MAX = 3
TOGETHER = 0.003  # of the units made: by how much the parts of one product are lost together, about
LOSS_MAX, LOSS_ITEMS = 0.006, 6  # of what is used, lost as a rule; items from which that is believed by half


@dataclass(frozen=True)
class Traces(Records):
    """What a unit of a product leaves on an item: number of the product, item, units used (-1: of the product itself).

    Sorted by product; products are numbered as in `CountRows`.
    """

    product: Ints
    item: Ints
    per_unit: Floats


@dataclass(frozen=True)
class Differences(Records):
    """Of each item, units used beyond the books (NaN: not counted), counted and used; is it bought?"""

    used: Floats
    counted: Floats
    use: Floats
    bought: Bools


@dataclass(frozen=True)
class Agreement(Records):
    """Of each product, the units too few that its items agree on, and the power (1 / variance) behind that.

    gain: how much more likely that makes the stock counts, as a logarithm; of_itself: what the product's own stock adds to it.
    parts, shelf: units too few by its parts alone, and by its own stock alone; NaN where they were not counted.
    """

    units: Floats
    power: Floats
    gain: Floats
    of_itself: Floats
    parts: Floats
    shelf: Floats


# --------------------------------------------------------------------------------------- what a unit takes, and is


def traces_of(bill: Bill, explosion: Explosion, demand: Demand, rows: CountRows) -> tuple[Traces, Floats]:
    """What a good unit of each product takes of what is stocked, and itself; and its labor hours."""
    products = distinct(rows.item)
    number = np.full(len(bill.items), -1)
    number[products] = np.arange(len(products))
    if explosion.by_line:
        below, hours = _from_the_bill(bill, demand, number)
    else:
        below, hours = _from_the_explosion(bill, explosion, demand, number)
    itself = Traces(np.arange(len(products)), products, np.full(len(products), -1.0))
    traces = Traces.joined((below, itself))
    return traces.of(np.argsort(traces.product, kind="stable")), hours


def _from_the_explosion(bill: Bill, explosion: Explosion, demand: Demand, number: Ints) -> tuple[Traces, Floats]:
    """The rows of what was made, added up. number: of each item as a product, -1 for none."""
    made = schema.UNITS_MADE if demand.of_shelf else schema.COMPLETION
    rows = explosion.rows.of(of_events(explosion, demand, made))
    rows = rows.of(number[rows.product] >= 0)
    product, count = number[rows.product], int(number.max()) + 1
    head = rows.line < 0
    units = added(product[head], rows.units[head], count)
    per = np.divide(1.0, units, out=np.zeros(count), where=units > 0)
    inside = where_true(~rows.relieved)
    hours = added(product[inside], (rows.required * bill.items.hours[rows.item])[inside], count) * per
    taken = rows.relieved & ~head
    traces = _added_up(product[taken], rows.item[taken], (rows.required * per[product])[taken], len(bill.items))
    return traces, hours


def _from_the_bill(bill: Bill, demand: Demand, number: Ints) -> tuple[Traces, Floats]:
    """The same where the explosion has no rows of single products: the lines of each product that take what is stocked."""
    items, lines = bill.items, bill.lines
    stocked = items.stocked | demand.followed
    own = where_true((number[lines.parent] >= 0) & stocked[lines.component])
    per_unit = lines.factor[own] * items.to_start[lines.parent[own]]
    traces = _added_up(number[lines.parent[own]], lines.component[own], per_unit, len(items))
    return traces, items.hours[np.argsort(number, kind="stable")[-int(number.max()) - 1 :]]


def _added_up(product: Ints, item: Ints, per_unit: Floats, items: int) -> Traces:
    """One trace for each product and item."""
    key, which = np.unique(product * items + item, return_inverse=True)
    units = added(which, per_unit, len(key))
    return Traces(key // max(items, 1), key % max(items, 1), units).of(units > 0)


# ----------------------------------------------------------------------------------------------- differences, noise


def differences_of(bill: Bill, book: StockBook) -> Differences:
    """The differences of the stock counts, by item."""
    used, counted, use = np.full(len(bill.items), np.nan), np.zeros(len(bill.items)), np.zeros(len(bill.items))
    used[book.item], counted[book.item] = -book.difference, np.abs(book.counted)
    use[book.item] = np.abs(book.relieved) + np.abs(book.scrapped)
    return Differences(used, counted, use, ~bill.items.made)


def without(stock: Differences, traces: Traces, product: int, units: float) -> Differences:
    """The differences that remain where the count of a product was so many units too low."""
    used, own = stock.used.copy(), traces.of(traces.product == product)
    used[own.item] -= units * own.per_unit
    return replace(stock, used=used)


def _noise(stock: Differences, shares: int) -> Floats:
    """Standard error of the difference of each item, for a pair of shares of count and use that are tried as noise."""
    return np.sqrt(_variance(_SHELF[shares], _USE[shares], stock))


def _noise_of(stock: Differences) -> tuple[Floats, float]:
    """The same for the pair that makes all differences most likely; and how likely, as a logarithm."""
    known = where_true(~np.isnan(stock.used))
    sample = stock.of(known[:: max(-(-len(known) // NOISE_ITEMS_MAX), 1)])
    variance = _variance(_SHELF[:, None], _USE[:, None], sample)
    noise = np.sqrt(variance)
    fits = np.log(np.exp(-(sample.used**2) / variance / 2) + floor_of(noise, _own_size(sample))) - np.log(noise)
    likelihood = fits.sum(axis=1) + _BEFORE
    best = int(np.argmax(likelihood))
    return _noise(stock, best), float(likelihood[best])


def _variance(shelf: Floats, use: Floats, stock: Differences) -> Floats:
    least = np.where(stock.counted == np.round(stock.counted), WHOLE, 1e-6)
    variance: Floats = (shelf * stock.counted) ** 2 + (use * stock.use) ** 2 + least**2
    return variance


def _own_size(stock: Differences) -> Floats:
    size: Floats = OWN_SIZE * np.maximum(stock.counted, stock.use)
    return size


#: shares of count and use that are tried as noise, and how likely each pair is before the counts (a logarithm)
_STEPS = np.linspace(-2, 2, 7)
_SHELF_STEPS, _USE_STEPS = (grid.ravel() for grid in np.meshgrid(_STEPS, _STEPS))
_SHELF, _USE = SHELF_ERROR * np.exp(SHELF_SPREAD * _SHELF_STEPS), USE_ERROR * np.exp(USE_SPREAD * _USE_STEPS)
_BEFORE = -(_SHELF_STEPS**2 + _USE_STEPS**2) / 2
_USUAL = len(_BEFORE) // 2  # the pair in the middle


# -------------------------------------------------------------------------------------------------- what they agree on


@dataclass(frozen=True)
class _Implied(Records):
    """Of each trace: product, units too few that it implies, standard error, floor of its fit, and whose it is.

    itself: the product's own stock. alone: an item that no other product takes, or the product itself.
    """

    product: Ints
    units: Floats
    error: Floats
    floor: Floor
    itself: Bools
    alone: Bools


@dataclass(frozen=True)
class Agreed:
    """What the items of each product agree on, their differences without the usual loss, the noise of these, and the
    probability that the noise is no larger."""

    products: Agreement
    stock: Differences
    noise: Floats
    trust: float


def agreement(traces: Traces, stock: Differences, made: Floats) -> Agreed:
    """What the items of each product agree on. made: units of each product.

    Counts that are wrong would pass for noise. So those that stand out beside the usual noise are taken off before it is
    estimated, where that makes the differences more likely than noise alone. A little of all parts is lost as a rule.
    """
    count, remaining, taken_off = len(made), stock, 0
    while taken_off < TAKEN_OFF_MAX:
        agreed = _agreement(_implied(traces, remaining, _noise(stock, _USUAL)), count)
        worst = int(np.argmax(agreed.gain))
        if agreed.gain[worst] < CLEAR:
            break
        remaining, taken_off = without(remaining, traces, worst, float(agreed.units[worst])), taken_off + 1
    loss = _usual_loss(remaining)
    stock, remaining = (replace(each, used=each.used - loss * each.use * each.bought) for each in (stock, remaining))
    noise, likelihood = _noise_of(stock)
    trust = 1.0
    if taken_off:
        less, with_less = _noise_of(remaining)
        against = likelihood - with_less + UNLIKELY * taken_off
        if against < 0:
            noise, trust = less, 1 / (1 + float(np.exp(against)))
    implied = _implied(traces, stock, noise)
    return Agreed(_weighed(_agreement(implied, count), implied, made), stock, noise, trust)


def _usual_loss(stock: Differences) -> float:
    """Share of their use that bought items usually lose without a report, in the middle of them all; of few, less of it."""
    known = stock.of(stock.bought & (stock.use > 0) & ~np.isnan(stock.used))
    if not len(known):
        return 0.0
    middle = median(known.used / known.use) * len(known) / (len(known) + LOSS_ITEMS)
    return min(max(middle, -LOSS_MAX), LOSS_MAX)


def _implied(traces: Traces, stock: Differences, noise: Floats) -> _Implied:
    item, per_unit = traces.item, traces.per_unit
    takers = np.bincount(item[per_unit > 0], minlength=len(noise))[item]
    floor = floor_of(noise, _own_size(stock))[item]
    return _Implied(
        traces.product, stock.used[item] / per_unit, noise[item] / np.abs(per_unit), floor, per_unit < 0, takers <= 1
    )


def _agreement(implied: _Implied, count: int) -> Agreement:
    """Weighted least squares from three starts: the medians of all items, of those of one product, of the product itself."""
    chances = (1.0, implied.alone, implied.itself)
    starts = medians(implied.product, implied.units, [chance / implied.error for chance in chances], count)
    key = np.concatenate([implied.product + n * count for n in range(len(starts))])  # all starts side by side
    units, power, square = np.concatenate(starts), np.zeros(len(starts) * count), implied.error**2

    def away() -> Floats:
        """How far each item is from what its product agrees on, a row for each start, in standard errors."""
        z: Floats = implied.units - units[key].reshape(len(starts), -1)
        z /= implied.error
        return z

    for k in range(ROUNDS):
        near = away() / max(4.0 / 2**k, 1.0)  # at first, what is far off pulls, too
        near *= near
        near /= -2
        np.exp(near, out=near)
        weight = near / (near + implied.floor)
        weight /= square
        power = added(key, weight.ravel(), len(power))
        moment = added(key, (weight * implied.units).ravel(), len(power))
        units = np.divide(moment, power, out=units, where=power > 0)
    gains = fit(away(), implied.floor) - fit(implied.units / implied.error, implied.floor)
    gain = added(key, gains.ravel(), len(power))
    of_itself = added(key, (gains * implied.itself).ravel(), len(power))
    best = np.argmax(gain.reshape(len(starts), count), axis=0) * count + np.arange(count)
    nothing = np.full(count, np.nan)
    return Agreement(units[best], power[best], gain[best], of_itself[best], nothing, nothing)


def _weighed(agreed: Agreement, implied: _Implied, made: Floats) -> Agreement:
    """The same with what parts and the product's own stock say, each as one witness: parts may all be lost together."""
    (parts, power), (shelf, own) = (
        _alone(implied, agreed.units, chosen) for chosen in (~implied.itself, implied.itself)
    )
    power = np.divide(
        1.0, 1 / np.maximum(power, 1e-300) + (TOGETHER * made) ** 2, out=np.zeros(len(made)), where=power > 0
    )
    both = power + own
    moment = power * np.nan_to_num(parts) + own * np.nan_to_num(shelf)
    units = np.divide(moment, both, out=agreed.units.copy(), where=both > 0)
    return replace(agreed, units=units, power=both, parts=parts, shelf=shelf)


def _alone(implied: _Implied, agreed: Floats, chosen: Bools) -> tuple[Floats, Floats]:
    """What some of the items say by themselves, and the power of it; one that is far from what all agree on says little."""
    one = implied.of(chosen)
    away = np.maximum(np.abs(one.units - agreed[one.product]) / one.error, 1.0)
    weight = 1 / (one.error * away) ** 2
    power = added(one.product, weight, len(agreed))
    moment = added(one.product, weight * one.units, len(agreed))
    return np.divide(moment, power, out=np.full(len(agreed), np.nan), where=power > 0), power


def agreeing(traces: Traces, stock: Differences, noise: Floats, units: Floats) -> Ints:
    """How many items of each product speak against its count and for so many units too few."""
    implied = _implied(traces, stock, noise)
    agreed = units[traces.product]
    against = np.abs(implied.units) > 2 * implied.error
    near = np.abs(implied.units - agreed) < np.maximum(2.5 * implied.error, np.abs(agreed) / 5)
    return np.bincount(traces.product[against & near], minlength=len(units))
