"""Basis: what a posted amount rests on, as data.

The posting rules state each amount once, as a basis; the workbook renders the same basis as the live Proof formula. All
amounts are signed, debit positive.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flow:
    """Sum over Trace rows of one event: `column` is Amount or Conversion, relieved_from "" means any row.

    block: positions (first, last) of the rows of one product in the Trace, or None for all rows.
    """

    sign: int
    column: str
    event: str
    charged_to: str
    relieved_from: str = ""
    block: tuple[int, int] | None = None


@dataclass(frozen=True)
class Total:
    """Sum of an input column over the rows where columns equal values; column "Item" compares codes."""

    sign: int
    table: str
    column: str
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Invoices:
    """Purchases at actual price: sum of Quantity x Actual price, of one item or ("") of all items of a role."""

    sign: int
    role: str
    item: str = ""


@dataclass(frozen=True)
class Adjustment:
    """Counted less book stock at standard of the items of one inventory role."""

    sign: int
    role: str
    item: str = ""


@dataclass(frozen=True)
class Closing:
    """What brings the balance of a role to zero: minus the sum of its lines so far."""

    role: str


@dataclass(frozen=True)
class Rest:
    """What balances the entry: minus the sum of its other lines."""


Basis = Flow | Total | Invoices | Adjustment | Closing | Rest
