"""Records of arrays: tables inside the engine, one typed array per column, all of one length."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

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
        return type(self)(*(column[rows] for column in vars(self).values()))

    # ---- until no reader asks for a frame any more

    @property
    def frame(self) -> Any:
        import pandas as pd

        names = getattr(self, "_NAMES", {})
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        return pd.DataFrame({old: columns[name] for name, old in names.items() if name in columns} | columns)

    def __getitem__(self, key: Any) -> Any:
        import pandas as pd

        if isinstance(key, str) and (key in self.__dict__ or isinstance(getattr(type(self), key, None), property)):
            return pd.Series(getattr(self, key), name=key)
        return self.frame[key]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_NAMES":
            raise AttributeError(name)
        return getattr(self.frame, name)


def texts(values: list[str]) -> Texts:
    """Texts as an array of Python strings."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def sums(key: Ints, values: Floats, count: int) -> Floats:
    """Sum of the values of each key from 0 to count - 1."""
    total: Floats = np.bincount(key, values, minlength=count).astype(np.float64)
    return total


def blank_as_zero(values: Floats) -> Floats:
    """Blank money, percentages and quantities are zero."""
    zeros: Floats = np.where(np.isnan(values), 0.0, values)
    return zeros
