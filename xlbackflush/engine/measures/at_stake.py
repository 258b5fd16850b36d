"""At stake: the units of each item whose worth stands in one posted figure, which a wrong cost of it moves."""

import numpy as np

from xlbackflush.engine.measures.variances import ConversionAllowed
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Floats


def units_at_stake(bill: Bill, stock: StockBook, allowed: ConversionAllowed) -> Floats:
    """By item, the most of what came in, went out and is left."""
    most = np.zeros(len(bill.items))
    moved = (stock.opening, stock.received, stock.relieved, stock.scrapped, stock.ending)
    most[stock.item] = np.abs(np.column_stack(moved)).max(axis=1) if len(stock) else 0.0
    np.maximum.at(most, allowed.item, np.abs(allowed.units))
    return most


def units_contained(bill: Bill, at_stake: Floats) -> Floats:
    """The same with the units inside other items: a mistake in the cost of a part is a mistake in all that it goes into."""
    units, lines, inside = at_stake.copy(), bill.lines, np.zeros(len(at_stake))
    order = np.argsort(bill.level[lines.parent], kind="stable")
    levels = bill.level[lines.parent[order]]
    for level in range(int(levels[-1]) + 1 if len(levels) else 0):
        rows = order[levels.searchsorted(level) : levels.searchsorted(level, side="right")]
        np.maximum(units, inside, out=units, where=bill.level == level)
        inside += np.bincount(
            lines.component[rows], units[lines.parent[rows]] * lines.factor[rows], minlength=len(units)
        )
    return np.maximum(units, inside)
