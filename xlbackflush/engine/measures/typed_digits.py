"""Typed digits: how likely a number is to be typed into its cell, whatever the counts say.

Nobody counts 7.91667 pieces or takes 0.6 of one; a bill that takes 100 of a part, where all others take 1 to 12, is unlike them.
"""

import math
from functools import cached_property

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.measures.levers import Lever
from xlbackflush.engine.measures.own_rows import ROWS_MIN
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.model.arrays import CONSISTENT, Bools, Floats

HIGH_LOSS = 0.25  # a planned loss that is hardly one
_DEGREES = 4.0  # of the t distribution that differences and rows are held to have: a wild one may happen
_BILL_SPREAD = 1.0  # of the logarithms of quantities in bills, at least
MANY = 2.2  # spreads above the middle: more is unlike the other lines
_LARGEST = 700.0  # of a logarithm
_ONE_FOR_SEVERAL, _PART_OF_A_PIECE = 2.0, 4.0  # against 1/12 and 0.6 of a piece on a bill
_BESIDE_LOSS = 4.0  # against the quantity of a line whose planned loss is hardly one
_ODD_DECIMALS = 3.0  # for a mistake in a quantity that nobody types: 7.91667


class TypedDigits:
    """What stands in the cells of a workbook; see the module."""

    def __init__(self, bill: Bill) -> None:
        self.bill = bill

    def odds(self, lever: Lever, typed: float, right: float) -> float:
        """Log odds by what stands there: half a piece, or 7.91667 of anything, is hardly typed."""
        if lever.line >= 0:
            return self._of_bill(lever, typed, right)
        if lever.table not in ("Purchases", "Counts", "Stock"):
            return 0.0
        return _ODD_DECIMALS if typed != round(typed, 0 if self.pieces(lever.item) else 3) else 0.0

    def _of_bill(self, lever: Lever, typed: float, right: float) -> float:
        """The same of a line of a bill: a high loss is likelier wrong, and so is a quantity unlike those of the other lines."""
        if lever.is_loss:
            return 0.0
        lines = self.bill.lines
        pieces = self.pieces(int(lines.component[lever.line]))
        odds = -_BESIDE_LOSS * float(lines.scrap[lever.line] >= HIGH_LOSS)
        if pieces:
            odds += _of_pieces(right) - _of_pieces(typed)
        return odds + self._unlike(typed, pieces) - self._unlike(right, pieces)

    def _unlike(self, quantity: float, pieces: bool) -> float:
        """Log odds that a quantity is not one of a bill; nothing can be said of one that takes nothing, or gives back."""
        middle, spread = self.usual[pieces]
        return unlikely((math.log(quantity) - middle) / spread) if quantity > 0 else 8.0

    @cached_property
    def _pieces(self) -> Bools:
        """Items that are counted by the piece."""
        uom = self.bill.items.uom
        pieces: Bools = np.isin(
            uom, [u for u in set(uom.tolist()) if u and str(u).strip().casefold() in schema.BY_THE_PIECE]
        )
        return pieces

    @cached_property
    def of_pieces(self) -> Bools:
        """Lines whose component is counted by the piece."""
        return self._pieces[self.bill.lines.component]

    @cached_property
    def usual(self) -> dict[bool, tuple[float, float]]:
        """Middle and spread of the logarithms of quantities in bills, of pieces (True) and of what is measured."""
        quantity, found = self.bill.lines.quantity, {}
        for pieces in (True, False):
            chosen = np.sort(quantity[(self.of_pieces == pieces) & (quantity > 0)])
            logs = np.log(chosen) if len(chosen) >= ROWS_MIN else np.zeros(0)
            middle = float(logs[len(logs) // 2]) if len(logs) else 0.0
            spread = CONSISTENT * float(np.sort(np.abs(logs - middle))[len(logs) // 2]) if len(logs) else math.inf
            found[pieces] = middle, max(spread, _BILL_SPREAD)
        return found

    @property
    def usual_most(self) -> Floats:
        """The most that a line like each usually has."""
        most = {
            pieces: math.exp(min(middle + MANY * spread, _LARGEST)) for pieces, (middle, spread) in self.usual.items()
        }
        return np.where(self.of_pieces, most[True], most[False])

    def pieces(self, item: int) -> bool:
        """Is an item counted by the piece?"""
        return bool(self._pieces[item])


def unlikely(noises: float) -> float:
    """Minus the logarithm of the density of a difference of so many noises."""
    return (_DEGREES + 1) / 2 * math.log1p(noises * noises / _DEGREES)


def _of_pieces(quantity: float) -> float:
    """Log odds of a quantity of pieces in a bill: a whole one, one for so many of the parent, a part of a piece."""
    if quantity == round(quantity):
        return 0.0
    return -_ONE_FOR_SEVERAL if abs(1 / quantity - round(1 / quantity)) < 1e-6 else -_PART_OF_A_PIECE
