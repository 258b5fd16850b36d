"""Unit balance: what came in, went out and was counted of every item, and how far a count is off by chance.

    brass   10 opening + 100 received = 110 in, 60 out by the bill, book 50; counted 47: difference -3

What bills relieve is off by the noise of use, what lies on the shelf by that of counting: here 0.5 % of 60 and of 50 together,
0.39. That share is taken from the counts themselves: half of all items have little else. What is sold or received is not off.
"""

import numpy as np

from xlbackflush.dataclass import dataclass
from xlbackflush.engine.explosion.demand import SALES, Transactions
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Floats, Records, median

NOISE, NOISE_MIN, NOISE_MAX = (
    0.005,
    0.0025,
    0.03,
)  # of the quantity handled: before the counts say otherwise, at least, at most
PLANNED_NOISE = 0.12  # of the losses that the bill plans: how far they are from those that happen
PLANNED_MAX = 0.1  # of such losses: what is beyond is looked into itself
UNRECORDED = 0.2  # of the items used, from which receipts are taken not to be recorded
_EARLIER = 8  # counts with which the first of them is weighed
_NORMAL_MEDIAN = 0.6745  # median of the absolute value of a standard normal


@dataclass(frozen=True)
class Units(Records):
    """Units of every item, numbered as in the bill; cost of one at period end. used: what of went the bills relieved.

    difference: counted, with what is in process, less the book. Of an item that was not counted it is the book where that
    is below zero, and NaN where nothing speaks. is_counted: by a count that can be held against what was recorded. recorded: what
    came in is; where much was used that never came in, nobody recorded it. least: the part of the noise that does not grow with
    the quantity; loss_share: that of what was used which losses add.
    """

    came: Floats
    went: Floats
    used: Floats
    book: Floats
    counted: Floats
    difference: Floats
    is_counted: Bools
    recorded: Bools
    noise: Floats
    least: Floats
    loss_share: Floats
    cost: Floats


@dataclass(frozen=True)
class UnitBalance:
    """The units, and the noise of counts as a share of what was handled."""

    units: Units
    noise: float


def unit_balance(bill: Bill, stock: StockBook, transactions: Transactions) -> UnitBalance:
    """The balance of the period. An item of which nothing came in was not recorded, and says nothing."""
    count = len(bill.items)

    def of_items(values: Floats, blank: float = 0.0) -> Floats:
        each = np.full(count, blank)
        each[stock.item] = values
        return each

    came, went = of_items(stock.opening + stock.received), of_items(stock.relieved + stock.scrapped)
    counted, book = of_items(stock.counted + stock.in_process, np.nan), of_items(stock.book)
    unrecorded = (came <= 0) & (went > 0)
    recorded = came > 0 if np.count_nonzero(unrecorded) > UNRECORDED * np.count_nonzero(went > 0) else came >= 0
    is_counted = ~np.isnan(counted) & recorded & (came != 0)
    missing = ~is_counted & (book < 0) & recorded
    difference = np.where(is_counted, counted - book, np.where(missing, book, np.nan))
    item, _, sold = transactions[SALES]
    used = of_items(stock.relieved) - np.bincount(item, sold, count)
    used[~np.isin(np.arange(count), stock.item)] = 0.0
    shelf = np.maximum(np.abs(book), np.nan_to_num(counted))
    handled = np.hypot(used, shelf)
    noise = _noise(np.abs(difference[is_counted]) / np.maximum(handled[is_counted], 1e-9))
    least = np.where(counted == np.floor(counted), 0.5, 1e-6)
    loss_share = PLANNED_NOISE * np.minimum(_planned(bill), PLANNED_MAX)
    deviation = np.sqrt((noise * handled) ** 2 + least**2 + (loss_share * used) ** 2)
    units = Units(
        came, went, used, book, counted, difference, is_counted, recorded, deviation, least, loss_share, of_items(stock.cost)
    )  # fmt: skip
    return UnitBalance(units, noise)


def _planned(bill: Bill) -> Floats:
    """The share of every item that its bills plan to lose, on average."""
    lines = bill.lines
    share = lines.scrap + bill.items.to_start[lines.parent] - 1
    several = np.bincount(lines.component, minlength=len(bill.items))
    planned: Floats = np.bincount(lines.component, share, len(bill.items)) / np.maximum(several, 1)
    return planned


def _noise(shares: Floats) -> float:
    """The noise as a share of what was handled, by the median of the differences and what is usual."""
    usual = np.full(_EARLIER, NOISE * _NORMAL_MEDIAN)
    middle = median(np.concatenate((shares, usual))) / _NORMAL_MEDIAN
    return min(max(middle, NOISE_MIN), NOISE_MAX)
