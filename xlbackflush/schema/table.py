"""What a column, a table, a sheet and a setting are, and where tables stand on their sheets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

DAY_0 = dt.date(1899, 12, 30)  # Excel's
HEADER_ROW = 6  # of every table; units stand one row above, data starts one row below

Kind = Literal["text", "item", "choice", "date", "quantity", "price", "money", "percent", "hours", "integer", "any"]
Role = Literal["Input", "Calculation", "Output", "Control"]

#: kinds whose cells hold numbers
NUMERIC: frozenset[str] = frozenset({"quantity", "price", "money", "percent", "hours", "integer"})


@dataclass(frozen=True)
class Column:
    """One table column. `unit` stands above the header; `help` is the input message and the documentation.

    wrap: its texts may be long, and are broken into lines within its width.
    """

    name: str
    kind: Kind
    help: str
    unit: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None  # exclusive, for percentages that divide by 1 - p
    width: float = 14
    wrap: bool = False


@dataclass(frozen=True)
class Table:
    """One Excel Table: its name, its columns, and the sheet column (1 = A) where it starts."""

    name: str
    columns: tuple[Column, ...]
    first_col: int = 1

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]

    def lacking(self, names: Collection[str]) -> list[str]:
        """The columns without which the table cannot be used, and which are not among these."""
        return [c.name for c in self.columns if (c.required or c.name == "Value") and c.name not in names]


@dataclass(frozen=True)
class Sheet:
    """One sheet: what it is for, its tables, how it prints."""

    name: str
    role: Role
    purpose: str
    tables: tuple[Table, ...]
    hint: str = ""
    freeze_cols: int = 0
    outlined: bool = False  # groups of its rows open and close


@dataclass(frozen=True)
class Setting:
    """One row of the Setup table."""

    name: str
    kind: Kind
    default: object
    meaning: str
    choices: tuple[str, ...] = ()
    required: bool = False
    minimum: float | None = None

    @property
    def field(self) -> str:
        """Its name in `tables.Settings`."""
        return self.name.removesuffix(" %").lower().replace(" ", "_").replace("-", "_")
