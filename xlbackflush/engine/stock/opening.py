"""Carried: balances with which the period opens, where they are not simply the opening stock at standard.

What the period before left on an account beyond its stock (prorated variances, differences that were carried forward) stays
on it, and what that period had reversed on the first day of this one is taken in.
"""

from __future__ import annotations

from xlbackflush.model.arrays import Floats, blank_as_zero
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.money import to_minor


def amounts(inputs: Inputs) -> Floats:
    """What each row of sheet Opening carries over, in money: its closing balance and its reversal."""
    return blank_as_zero(inputs.opening.closing_balance) + blank_as_zero(inputs.opening.reversal)


def carried(inputs: Inputs) -> dict[str, int]:
    """Role -> opening balance in minor units, of every role on sheet Opening: its closing balance and its reversal."""
    places = inputs.places
    rows = zip(inputs.opening.role.tolist(), amounts(inputs).tolist(), strict=True)
    return {role: to_minor(amount, places) for role, amount in rows if role}
