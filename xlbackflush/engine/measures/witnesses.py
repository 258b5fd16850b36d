"""Witnesses: what labor hours, parts and packaging, sales and stock each say about the production counts.

A count of a product that is e units too low leaves its mark wherever the units leave one:

    parts, packaging, labels   e x quantity per unit more were used than the bill says        `witness_stock`
    sales and stock            e units more are on the shelf than the books say                `witness_stock`
    labor hours                e x hours per unit more were paid, on that day or in that week  `witness_rows`
    its other rows             with e, the row is one like the others                          `witness_rows`

Worked case: 120 boxes were completed on April 7, of which 102 were written down. 18 cartons and 18 labels too many are gone,
18 boxes too many are on the shelf, and the hours of that day allow 118 boxes. All say that 18 are missing, each with an
error of its own: the estimate is their mean, weighted by 1 / error squared, with a 95 % interval. How much more likely it
makes what all of them say, against all counts being right, are the odds of a row; those of a product are of its best rows.
Parts that speak alone may also mean units lost without a report.
"""

from collections.abc import Callable

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.explosion.demand import SALES, Demand, Transactions
from xlbackflush.engine.explosion.explosion import Explosion
from xlbackflush.engine.measures.witness_rows import (
    LEAST,
    CountRows,
    Hours,
    Moves,
    OnHand,
    Usual,
    count_rows,
    hours_of,
    likely_size,
    on_hand_of,
    usual_of,
)
from xlbackflush.engine.measures.witness_stock import (
    Agreed,
    Agreement,
    Differences,
    Traces,
    agreeing,
    agreement,
    differences_of,
    traces_of,
    without,
)
from xlbackflush.engine.standards.bill import Bill, ranges
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, blank_as_zero, distinct, sums, where_true

WRONG = 0.05  # how often a count of a product is wrong in a period
LOST = 0.012  # how often its parts are off together while the count is right: units lost without a report, a wrong bill
LIKELY, WITNESSES_MIN = 0.5, 2  # from which a count stands out
COUNTS_MAX = 5  # counts that stand out, one after the other
VAGUE = 0.5  # of a row: hours that are known less precisely than that say nothing of it
CLOSELY = 3.0  # gain of the stock counts from which the digits of the rows are looked at
ODDS_DIGITS = 6  # so that equal rows are equal on every computer
INTERVAL = 2.1  # standard errors to the ends of a 95 % interval: Student's t, as the noise is estimated, too
AGAINST = 2.0  # standard errors from which hours speak against a row


@dataclass(frozen=True)
class Hearing(Records):
    """One row per completed product, the one whose count is most doubtful first.

    made: units of the period. at: position in Counts of the row that is meant, next_at: of the one that fits next best, or -1.
    counted: units there. hours, parts, shelf, usual: units of that row by labor hours, by parts and packaging, by sales and
    stock, by the other rows of the product; NaN where one says nothing. estimate: all together, low and high: ends of its
    95 % interval. agree: how many stock counts (and the hours) speak against the row and for the estimate. odds: that the
    count is wrong, against all counts being right, as a logarithm; share: the same as a probability among all products.
    on_the_row: probability that it is this row, if the count is wrong.
    """

    item: Ints
    made: Floats
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
    on_the_row: Floats

    @property
    def stands_out(self) -> Bools:
        """Which counts are more likely wrong than right, by two witnesses that agree."""
        stands_out: Bools = (self.share > LIKELY) & (self.agree >= WITNESSES_MIN) & (self.difference != 0)
        return stands_out

    @property
    def difference(self) -> Floats:
        """Units too few in the row; negative: too many."""
        return self.estimate - self.counted


@dataclass(frozen=True)
class _Case:
    """All there is to hear. counted: the traces on items that were counted; hours: of a unit of each product."""

    bill: Bill
    rows: CountRows
    made: Floats
    hours: Floats
    counted: Traces
    stock: Differences
    out: Moves
    opening: Floats


def witnesses(bill: Bill, explosion: Explosion, demand: Demand, transactions: Transactions, book: StockBook) -> Hearing:
    """What the witnesses say about every product that was completed; empty where nothing was counted and no hours are known.

    One wrong count at a time: what it explains is taken off before the next one is looked for. Each comes with the product
    that fits nearly as well, where there is one; then the others.
    """
    rows, stock = count_rows(bill), differences_of(bill, book)
    if not len(rows) or not ((bill.inputs.actuals.hours > 0).any() or not np.isnan(stock.used).all()):
        return _nothing()
    case = _case(bill, rows, *traces_of(bill, explosion, demand, rows), stock, transactions, book)
    named, heard = list[Hearing](), _heard(case)
    while heard.stands_out[:1].any() and len(named) < COUNTS_MAX:
        named.append(heard.of(slice(0, 1 + int((heard.odds[1:2] > 0).any()))))
        case = _taken_off(case, named[-1])
        heard = _heard(case)
        heard = heard.of(np.isin(heard.item, [one.item[0] for one in named], invert=True))
    return _in_order(named, heard)


def _in_order(named: list[Hearing], others: Hearing) -> Hearing:
    """Every product once: those named, each with the one that fits nearly as well unless it is named itself; the others."""
    first = [one.item[0] for one in named]
    rivals = [one.of(slice(1, 2)) for one in named]
    pairs = zip(named, (rival.of(np.isin(rival.item, first, invert=True)) for rival in rivals), strict=True)
    every = Hearing.joined([*(part for one, rival in pairs for part in (one.of(slice(0, 1)), rival)), others])
    _, at = np.unique(every.item, return_index=True)
    return every.of(np.sort(at))


def _nothing() -> Hearing:
    no, none = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Hearing(no, none, no, no, none, none, none, none, none, none, none, none, none, no, none, none, none)


def _case(
    bill: Bill, rows: CountRows, traces: Traces, hours: Floats, stock: Differences, transactions: Transactions, book: StockBook
) -> _Case:  # fmt: skip
    number = np.full(len(bill.items), -1)
    number[rows.item] = rows.product
    item, day, units = transactions[SALES]
    sold = Moves(number[item], day, units).of(number[item] >= 0)
    opening, counts, of_counts = np.zeros(len(bill.items)), bill.inputs.counts, bill.of("Counts")
    opening[book.item] = book.opening
    completed = (counts.event == schema.COMPLETED) & (of_counts >= 0)
    made = sums(of_counts[completed], blank_as_zero(counts.quantity[completed]), len(bill.items))
    products = distinct(rows.item)
    return _Case(
        bill, rows, made[products], hours, traces.of(~np.isnan(stock.used[traces.item])), stock,
        Moves.joined((sold, _used_in_others(rows, traces, number))), opening[products],
    )  # fmt: skip


def _used_in_others(rows: CountRows, traces: Traces, number: Ints) -> Moves:
    """Units of products that went into other products, day by day."""
    inside = traces.of((traces.per_unit > 0) & (number[traces.item] >= 0))
    order = np.argsort(rows.product, kind="stable")
    begin, end = (np.searchsorted(rows.product[order], inside.product, side=side) for side in ("left", "right"))
    each, row = np.repeat(np.arange(len(inside)), end - begin), order[ranges(begin, end)]
    return Moves(number[inside.item][each], rows.day[row], rows.units[row] * inside.per_unit[each])


def _taken_off(case: _Case, named: Hearing) -> _Case:
    """The case where the first of those named has been put right."""
    at = int(where_true(case.rows.at == named.at[0])[0])
    product, units = int(case.rows.product[at]), case.rows.units.copy()
    units[at] = max(float(named.estimate[0]), LEAST * float(named.counted[0]))
    stock = without(case.stock, case.counted, product, float(named.difference[0]))
    return replace(case, rows=replace(case.rows, units=units), stock=stock)


# -------------------------------------------------------------------------------------------------- all together


@dataclass(frozen=True)
class _Weighed(Records):
    """Of each row: units too few, their standard error, odds as a logarithm, what the other rows add to them; units too few by
    the hours, and the power of that; usual units."""

    units: Floats
    error: Floats
    odds: Floats
    of_rows: Floats
    by_hours: Floats
    hours_power: Floats
    usual: Floats


def _heard(case: _Case) -> Hearing:
    """All products, the most doubtful first."""
    rows = case.rows
    agreed = agreement(case.counted, case.stock, case.made)
    heard = _Witnesses(
        rows, agreed.products.of(rows.product), hours_of(case.bill.inputs.actuals, rows, case.hours), usual_of(rows),
        on_hand_of(rows, case.out, case.opening),
    )  # fmt: skip
    return _ranked(case, agreed, _weighed(heard))


@dataclass(frozen=True)
class _Witnesses:
    """What there is to weigh for each row; stock: what the items of its product agree on."""

    rows: CountRows
    stock: Agreement
    hours: Hours
    usual: Usual
    on_hand: OnHand


def _weighed(heard: _Witnesses) -> _Weighed:
    """The mean of stock, hours and other rows, weighted by their powers, where all of them together make the row likelier
    than stock and hours, or stock alone; those left out are wrong for reasons of their own.
    """
    (by_hours, hours_power), (by_rows, rows_power) = heard.hours.implied(), heard.usual.implied()
    power, moment = heard.stock.power, heard.stock.power * heard.stock.units
    best = _mean(heard, power, moment)
    for units, more in ((by_hours, hours_power), (by_rows, rows_power)):
        power, moment = power + more, moment + more * units
        together = _mean(heard, power, moment)
        better = together.odds > best.odds
        best = _Mean(
            *[np.where(better, new, old) for new, old in zip(vars(together).values(), vars(best).values(), strict=True)]
        )
    return _Weighed(best.units, best.error, best.odds, best.of_rows, by_hours, hours_power, heard.usual.usual)


@dataclass(frozen=True)
class _Mean(Records):
    """Of each row: odds as a logarithm, what its likeness to the other rows adds to them, units too few, standard error."""

    odds: Floats
    of_rows: Floats
    units: Floats
    error: Floats


def _mean(heard: _Witnesses, power: Floats, moment: Floats) -> _Mean:
    """The weighted mean of witnesses, from the sums of their powers and of power x units, and what all say to it."""
    rows, stock = heard.rows, heard.stock
    units = np.divide(moment, power, out=np.zeros(len(rows)), where=power > 0)
    units = np.maximum(units, -rows.units)  # fewer than no units cannot have been made
    error = np.divide(1.0, np.sqrt(power), out=rows.units.copy(), where=power > 0)
    of_rows = heard.usual.gain(units)
    odds = stock.gain - stock.power * (units - stock.units) ** 2 / 2 + of_rows
    odds += heard.hours.gain(units) + heard.on_hand.gain(units)
    odds += likely_size(rows, units, error, where_true(stock.gain > CLOSELY))
    return _Mean(np.round(odds, ODDS_DIGITS), of_rows, units, error)


def _ranked(case: _Case, agreed: Agreed, weighed: _Weighed) -> Hearing:
    """The best row of each product, by the odds of the product."""
    rows, product = case.rows, case.rows.product
    order = np.lexsort((rows.at, -weighed.odds, product))
    head = np.searchsorted(product[order], np.arange(rows.products + 1))
    best, size = order[head[:-1]], np.diff(head)
    next_at = np.where(size > 1, rows.at[order[np.minimum(head[:-1] + 1, len(order) - 1)]], -1)
    peak = weighed.odds[best]
    near = np.bincount(product, np.exp(weighed.odds - peak[product]))
    odds = np.round(np.log(WRONG) + peak + np.log(near / size), ODDS_DIGITS)
    b, row, stock = weighed.of(best), rows.of(best), agreed.products
    lost = odds - stock.of_itself - b.of_rows + np.log(LOST / WRONG)  # parts and hours would say the same
    precise = b.hours_power * (VAGUE * row.units) ** 2 > 1
    hearing = Hearing(
        item=row.item, made=case.made, at=row.at, next_at=next_at, day=row.day, counted=row.units,
        hours=np.where(precise, row.units + b.by_hours, np.nan), parts=row.units + stock.parts,
        shelf=row.units + stock.shelf, usual=b.usual,
        estimate=_whole(np.round, row.units + b.units, row.units),
        low=_whole(np.floor, row.units + b.units - INTERVAL * b.error, row.units),
        high=_whole(np.ceil, row.units + b.units + INTERVAL * b.error, row.units),
        agree=agreeing(case.counted, agreed.stock, agreed.noise, b.units) + _hours_agree(b), odds=odds,
        share=agreed.trust * _shares(odds, lost), on_the_row=1 / near,
    )  # fmt: skip
    return hearing.of(np.argsort(-odds, kind="stable"))


def _whole(rounded: Callable[[Floats], Floats], units: Floats, counted: Floats) -> Floats:
    """An estimate, or an end of its interval, at a whole number where whole units are counted."""
    return np.where(counted == np.round(counted), rounded(units), units)


def _hours_agree(best: _Weighed) -> Bools:
    """Do the hours speak against the row and for its estimate?"""
    against, off = (units * np.sqrt(best.hours_power) for units in (best.by_hours, best.by_hours - best.units))
    return (np.abs(against) > AGAINST) & (np.abs(off) < AGAINST)


def _shares(odds: Floats, lost: Floats) -> Floats:
    """Probability of each count being wrong; among them, units lost instead, and nothing being wrong."""
    top = max(float(odds.max()), float(lost.max()), 0.0)
    shares: Floats = np.exp(odds - top) / (np.exp(odds - top).sum() + np.exp(lost - top).sum() + np.exp(-top))
    return shares
