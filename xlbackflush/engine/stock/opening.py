"""Carried: balances with which the period opens, where they are not simply the opening stock at standard.

What the period before left on an account beyond its stock (prorated variances, differences that were carried forward) stays
on it, and what that period had reversed on the first day of this one is taken in.
"""

from __future__ import annotations

import numpy as np

from xlbackflush.engine.standards.bill import Floats
from xlbackflush.model.money import to_minor
from xlbackflush.model.tables import Inputs


def amounts(inputs: Inputs) -> Floats:
    """What each row of sheet Opening carries over, in money: its closing balance and its reversal."""
    frame = inputs.frames["Opening"]
    balance: Floats = np.nan_to_num(frame["Closing balance"].to_numpy()) + np.nan_to_num(frame["Reversal"].to_numpy())
    return balance


def carried(inputs: Inputs, places: int) -> dict[str, int]:
    """Role -> opening balance in minor units, of every role on sheet Opening: its closing balance and its reversal."""
    rows = zip(inputs.frames["Opening"]["Role"], amounts(inputs), strict=True)
    return {role: to_minor(float(amount), places) for role, amount in rows if role}
