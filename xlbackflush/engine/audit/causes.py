"""Causes: what can have made the differences of one item, fitted and weighed against each other.

Worked case: SA takes 2 P; 1,000 SA made; 1,010 P used beyond the bill. The bill should say 3 (implied: 3.01), or a third of
all P is lost (1,010 of 3,010), or the count is off by 1,010. One period fits all three; the round 3 speaks for the bill.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from xlbackflush.dataclass import dataclass
from xlbackflush.engine.audit.differences import Item
from xlbackflush.engine.audit.plausibility import (
    CLOSE,
    Cause,
    Fit,
    best_fit,
    best_pair,
    log_likelihood,
    nothing,
    simple_quantities,
)
from xlbackflush.schema import BILL_QUANTITY, CANDIDATE, CANNOT_TELL, MISCOUNT, ONE_OFF, SUPPORTED, UNREPORTED_SCRAP

SHOWN = 5  # causes of one difference
ODDS = 0.02  # that a certain line is wrong, a certain item is lost steadily, one count or another of an item is off
BILL_SCALE, SCRAP_SCALE, ONCE_SCALE = 0.05, 0.01, 0.10  # of the quantity on the bill, of use, of what was counted
FAR_FETCHED = 0.02  # plausibility among causes that fit equally well, below which one is not shown
CLEAR = 0.9  # plausibility from which one of them stands out by its size
WILD = 10.0  # mean square of a difference, in noises, from which it is shown even if no cause is likely
PERIODS_FOR_PROOF = 3
PERIODS_FOR_TWO = 4  # in which two causes of one item can show


@dataclass(frozen=True)
class Group:
    """One difference with the causes that fit it about equally well, the most plausible first.

    shares: plausibility of each, among all causes and noise. certain: plausibility of not being noise. fits: what the
    first one leaves is no more than noise.
    """

    item: Item
    causes: list[Fit]
    shares: list[float]
    certain: float
    fits: bool

    @property
    def verdict(self) -> str:
        enough = len(self.item.at) >= PERIODS_FOR_PROOF and self.fits and self.certain >= CLEAR
        if len(self.causes) == 1:
            return SUPPORTED if enough else CANDIDATE
        return CANDIDATE if self.shares[0] >= CLEAR * sum(self.shares) else CANNOT_TELL

    @property
    def worth(self) -> float:
        """What there is to find, in money."""
        largest = max(abs(float(self.item.used.sum())), float(np.abs(self.item.used).max()))
        return largest * self.item.cost * self.certain


def causes(item: Item) -> list[Cause]:
    """Every single cause that could have made the differences of an item."""
    single = []
    for n, (line, units) in enumerate(item.lines):
        q = line.quantity
        simple = tuple(s - q for s in simple_quantities(q))
        single.append(Cause(BILL_QUANTITY, units, ODDS, BILL_SCALE * (q or 1.0), -q, simple, line=n))
    single.append(Cause(UNREPORTED_SCRAP, item.use, ODDS, SCRAP_SCALE, 0.0))
    odds = ODDS / len(item.at)
    for t in range(len(item.at)):
        once = np.zeros(len(item.at))
        once[t] = 1.0
        scale = ONCE_SCALE * float(item.shelf[t])
        single.append(Cause(ONE_OFF, once, odds, scale, period=t))
        if t + 1 < len(item.at) and item.returns[t + 1]:
            back = once.copy()
            back[t + 1] = -1.0
            single.append(Cause(MISCOUNT, back, odds, scale, period=t))
    return single


def fits(item: Item) -> list[Fit]:
    """All causes of an item, each with the size that fits best."""
    each = (best_fit(cause, item.used, item.noise) for cause in causes(item))
    return [f for f in each if f is not None]


def log_weight(item: Item) -> float:
    """Logarithm of how often counts such as these come about, by any cause or by none."""
    return math.log(nothing(item.used, item.noise) + sum(f.weight for f in fits(item)))


def group_of(item: Item) -> Group | None:
    """The causes that fit the difference of an item about equally well; None where it is most likely noise."""
    every = fits(item)
    none = nothing(item.used, item.noise)
    total = none + sum(f.weight for f in every)
    if none >= total / 2 and np.square(item.used / item.noise).mean() < WILD:
        return None
    best = max(f.likelihood for f in every)
    close = [f for f in every if best - f.likelihood <= CLOSE]
    least = FAR_FETCHED * sum(f.weight for f in close)
    close = sorted((f for f in close if f.weight >= least), key=lambda f: -f.weight)[:SHOWN]
    return Group(item, close, [f.weight / total for f in close], 1 - none / total, _is_noise(close[0].misfit, item))


def _is_noise(misfit: float, item: Item) -> bool:
    """Is this sum of squares no more than noise? Three standard errors of a chi-square."""
    periods = len(item.at)
    return misfit <= periods + 3 * math.sqrt(2 * periods)


def parts(item: Item) -> list[Item]:
    """The item; split in two where one cause cannot explain its differences and two together can."""
    every = fits(item) if len(item.at) >= PERIODS_FOR_TWO else []
    if not every or _is_noise(min(f.misfit for f in every), item):
        return [item]
    pair = best_pair(every, item.used, item.noise)
    best = max(f.likelihood for f in every)
    if pair is None or log_likelihood(pair[4], len(item.at)) - best <= 2 * CLOSE:
        return [item]
    i, j, a, b, _ = pair
    first, second = a * every[i].cause.exposure, b * every[j].cause.exposure
    return [replace(item, used=item.used - second), replace(item, used=item.used - first)]
