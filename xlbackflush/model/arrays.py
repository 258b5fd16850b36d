"""Records of arrays: tables inside the engine, one typed array per column (or for several alike), all of one length."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from xlbackflush.dataclass import dataclass

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


def sums(key: Ints, values: Floats, count: int) -> Floats:
    """Sum of the values of each key from 0 to count - 1."""
    added = np.bincount(key, values, minlength=count)  # of no keys at all numpy makes integers
    return added.astype(np.float64, copy=False)


def blank_as_zero(values: Floats) -> Floats:
    """Blank money, percentages and quantities are zero."""
    filled = values.copy()
    filled[np.isnan(filled)] = 0.0
    return filled
