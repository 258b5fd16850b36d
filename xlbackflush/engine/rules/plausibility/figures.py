"""What rules of plausibility share: figures in words, robust middles, factors that a slip of the hand makes, what is at stake."""

import math
from collections.abc import Iterable

import numpy as np

from xlbackflush.engine.period import Period
from xlbackflush.model.arrays import CONSISTENT, Bools, Floats, Ints, median
from xlbackflush.model.words import about, share

#: share of materiality from which a plain slip is a warning
_ESTIMATED = 0.5


# ----------------------------------------------------------------------------------------------------- words


def times(ratio: float) -> str:
    """How far one figure is from another: 10 times, a tenth of, 30 % above, 20 % below."""
    if 0 < ratio < 1 / 1.95:
        return f"1/{about(_two_digits(1 / ratio))} of"
    if ratio >= 1.95:
        return f"{about(_two_digits(ratio))} times"
    return f"{share(abs(ratio - 1), 0)} {'above' if ratio > 1 else 'below'}"


def _two_digits(value: float) -> float:
    return round(value, 1 - math.floor(math.log10(value)))


# --------------------------------------------------------------------------------------------------- measures


def middle_without(ordered: Floats, value: float) -> float:
    """The median of some values, in order, without one of them."""
    at, (half, odd) = int(ordered.searchsorted(value)), divmod(len(ordered) - 1, 2)

    def other(place: int) -> float:
        return float(ordered[place + (place >= at)])

    return other(half) if odd else (other(half - 1) + other(half)) / 2


def spread(values: Floats) -> float:
    """Standard deviation of the bulk of some values, whatever the others are."""
    return CONSISTENT * median(np.abs(values - median(values)))


def beyond(ratio: Floats, tolerance: float) -> Bools:
    """Where a ratio is further from 1 than a tolerance; upwards by its share, downwards by the same share."""
    return np.abs(ratio - 1) > tolerance + 1e-9


def near(value: float, other: float, tolerance: float) -> bool:
    """Two positive figures alike, as a ratio in either direction."""
    return value > 0 and other > 0 and abs(math.log(value / other)) <= math.log1p(tolerance)


def nearest(ratio: float, factors: Iterable[float], tolerance: float) -> float | None:
    """The factor that a ratio comes nearest to, where one is within the tolerance."""
    close = [factor for factor in factors if near(ratio, factor, tolerance)]
    return min(close, key=lambda factor: abs(math.log(ratio / factor))) if close else None


# ---------------------------------------------------------------------------------------------- what is at stake


def loud(period: Period, inflation: float = 0.0) -> float:
    """Money from which a plain slip is a warning: half of materiality, as what it moves is only estimated.

    Materiality is that of inventories without what the slip adds to them.
    """
    threshold = period.materiality_threshold - period.settings.materiality * max(inflation, 0.0)
    return max(_ESTIMATED * threshold, 0.0)


def of_item(keys: Ints, items: Iterable[int]) -> dict[int, Ints]:
    """Rows of each of some items, in the order of the sheet."""
    order = keys.argsort(kind="stable")
    ordered = keys[order]
    wanted = np.fromiter(items, np.int64)
    begin, stop = ordered.searchsorted(wanted), ordered.searchsorted(wanted, side="right")
    return {item: order[a:b] for item, a, b in zip(wanted.tolist(), begin.tolist(), stop.tolist(), strict=True)}
