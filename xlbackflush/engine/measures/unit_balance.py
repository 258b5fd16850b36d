"""Unit balance: what came in, went out and was counted of every item, and how far a count is off by chance.

    brass   10 opening + 100 received = 110 in, 60 out, book 50; counted 47: difference -3, noise 0.5 % of 110 = 0.55

The noise of counts is taken from the counts themselves: half of all items have little else.
"""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Floats, Records

NOISE, NOISE_MIN, NOISE_MAX = 0.005, 0.0025, 0.03  # of the quantity handled: before the counts say otherwise, at least, at most
_EARLIER = 8  # counts with which the first of them is weighed
_NORMAL_MEDIAN = 0.6745  # median of the absolute value of a standard normal


@dataclass(frozen=True)
class Units(Records):
    """Units of every item, numbered as in the bill; cost of one at period end.

    difference: counted, with what is in process, less the book. Of an item that was not counted it is the book where that
    is below zero, and NaN where nothing speaks. is_counted: by a count that can be held against what was recorded.
    """

    came: Floats
    went: Floats
    book: Floats
    counted: Floats
    difference: Floats
    is_counted: Bools
    noise: Floats
    cost: Floats


@dataclass(frozen=True)
class UnitBalance:
    """The units, and the noise of counts as a share of what was handled."""

    units: Units
    noise: float


def unit_balance(bill: Bill, stock: StockBook) -> UnitBalance:
    """The balance of the period. An item of which nothing came in was not recorded, and says nothing."""
    count = len(bill.items)

    def of_items(values: Floats, blank: float = 0.0) -> Floats:
        each = np.full(count, blank)
        each[stock.item] = values
        return each

    came, went = of_items(stock.opening + stock.received), of_items(stock.relieved + stock.scrapped)
    counted, book = of_items(stock.counted + stock.in_process, np.nan), of_items(stock.book)
    is_counted = ~np.isnan(counted) & (came > 0)
    missing = ~is_counted & (book < 0) & (came > 0)
    difference = np.where(is_counted, counted - book, np.where(missing, book, np.nan))
    handled = np.maximum(came, np.abs(went))
    noise = _noise(np.abs(difference[is_counted]) / handled[is_counted])
    least = np.where(counted == np.floor(counted), 0.5, 1e-6)
    units = Units(
        came, went, book, counted, difference, is_counted, np.hypot(noise * handled, least), of_items(stock.cost)
    )
    return UnitBalance(units, noise)


def _noise(shares: Floats) -> float:
    """The noise as a share of what was handled, by the median of the differences and what is usual."""
    usual = np.full(_EARLIER, NOISE * _NORMAL_MEDIAN)
    middle = float(np.median(np.concatenate((shares, usual)))) / _NORMAL_MEDIAN
    return min(max(middle, NOISE_MIN), NOISE_MAX)


def is_bought(bill: Bill) -> Bools:
    """Which items are bought."""
    bought: Bools = bill.items.type == schema.BUY
    return bought
