"""Records of arrays: tables inside the engine, one typed array per column (or for several alike), all of one length."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from xlbackflush.dataclass import dataclass

Number = TypeVar("Number", np.int64, np.float64)
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]  # str
Minors = NDArray[np.object_]  # int, minor units of the currency


@dataclass(frozen=True)
class Records:
    """Base of all of them. The fields are arrays; a record of no rows has empty ones."""

    def __len__(self) -> int:
        return len(next(iter(vars(self).values())))

    def of(self, rows: Bools | Ints | slice) -> Self:
        """Some of the rows: by a mask, by their positions in any order, or a slice."""
        return type(self)(*[column[rows] for column in vars(self).values()])

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """The rows of several records, one after the other."""
        return cls(*map(np.concatenate, zip(*(vars(part).values() for part in parts), strict=True)))


def where_true(mask: NDArray[Any]) -> Ints:
    """Where a mask is true: the positions."""
    return mask.nonzero()[0]


def texts(values: Sequence[str]) -> Texts:
    """Texts as an array of Python strings."""
    return np.fromiter(values, object, len(values))


def total(values: Floats) -> float:
    """Sum of the values, blanks left out, exactly rounded: added one by one, 10,000 decimals drift by more than a cent's half.

    Shewchuk, Adaptive Precision Floating-Point Arithmetic, as `math.fsum` has it.
    """
    return math.fsum(values[values == values].tolist())


def sums(key: Ints, values: Floats, count: int) -> Floats:
    """Sum of the values of each key from 0 to count - 1, exactly rounded as `total` is."""
    added = np.bincount(key, values, minlength=count).astype(np.float64, copy=False)  # of no keys, integers
    if len(values) < 3 or (values == np.floor(values)).all():  # integers add up exactly, and so do two numbers
        return added
    size = np.bincount(key, minlength=count)
    end = size.cumsum()
    cells = values[key.argsort(kind="stable")].tolist()
    several = where_true(size > 2)
    for k, begin, stop in zip(several.tolist(), (end - size)[several].tolist(), end[several].tolist(), strict=True):
        added[k] = math.fsum(cells[begin:stop])
    return added


# np.unique and np.median load numpy's masked arrays, which takes a small run as long as all its rules


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """Each of the numbers once, in order. None is blank."""
    ordered = np.sort(values)
    is_first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return ordered[is_first]


#: a median absolute deviation x this is the standard deviation of a normal distribution
CONSISTENT = 1.4826


def median(values: Floats) -> float:
    """The middle of numbers; NaN of nothing. None is blank."""
    if not len(values):
        return math.nan
    ordered, middle = np.sort(values), len(values) // 2
    return float(ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def blank_as_zero(values: Floats) -> Floats:
    """Blank money, percentages and quantities are zero."""
    filled = values.copy()
    filled[np.isnan(filled)] = 0.0
    return filled
