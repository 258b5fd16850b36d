"""Basis: what a posted amount rests on, as data.

The posting rules state each amount once, as a basis; the workbook renders the same basis as the live Proof formula. All
amounts are signed, debit positive.
"""

from xlbackflush.dataclass import dataclass, replace


@dataclass(frozen=True)
class Flow:
    """Sum over Trace rows of one event: `column` is Amount or Conversion, relieved_from "" means any row.

    block: positions (first, last) of the rows of one product in the Trace, or None for all rows. classes: of the account
    charged and of the one relieved; None where items have no class.
    """

    sign: int
    column: str
    event: str
    charged_to: str
    relieved_from: str = ""
    block: tuple[int, int] | None = None
    classes: tuple[str, str] | None = None


@dataclass(frozen=True)
class Total:
    """Sum of a column of a table over the rows where columns equal values (none: all rows).

    Column "Item" compares codes, column "Class" classes, of which "" is one.
    """

    sign: int
    table: str
    column: str
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Invoices:
    """Purchases at actual price: sum of Quantity x Actual price of one item."""

    sign: int
    item: str


@dataclass(frozen=True)
class Closing:
    """What brings the balance of a role to zero: minus the sum of its lines so far; of one class, None where none has any."""

    role: str
    item_class: str | None = None


@dataclass(frozen=True)
class Rest:
    """What balances the entry: minus the sum of its other lines."""


@dataclass(frozen=True)
class Net:
    """Several amounts, each rounded by itself, in one line."""

    parts: tuple[Flow | Total | Invoices, ...]


Basis = Flow | Total | Invoices | Closing | Rest | Net


def reversed_basis(basis: Basis) -> Basis:
    """The basis of the same amount on the other side."""
    return replace(basis, sign=-basis.sign) if isinstance(basis, Total) else basis
