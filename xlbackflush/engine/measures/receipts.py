"""Receipts: every row of Purchases in the units of its item, with its price variance; and the same by vendor.

    3 box at 97, freight 15; 1 box = 12 each, standard 8.00 each

    received 36    invoiced 291    at standard 288    price variance 3 U    other cost 15 U

There are rows where a receipt names its vendor, has a unit of its own, a price per so many units, or other cost: elsewhere
Purchases says it all.
"""

import numpy as np

from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.per_unit import given
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model.arrays import Floats, Ints, Records, Texts, blank_as_zero, sums, texts
from xlbackflush.model.money import to_minor_array

NO_VENDOR = "No vendor named"


@dataclass(frozen=True)
class Receipts(Records):
    """Rows of Purchases (at: their positions): units of the item, money unrounded. rollup_row: of the standard cost."""

    at: Ints
    item: Ints
    received: Floats
    rollup_row: Ints
    cost: Floats
    invoiced: Floats
    at_standard: Floats
    price_variance: Floats
    other_cost: Floats
    payable: Floats


@dataclass(frozen=True)
class Vendors(Records):
    """Receipts of each vendor, the largest variance first: money in minor units, amount = invoiced + other cost - standard."""

    vendor: Texts
    receipts: Ints
    at_standard: Ints
    invoiced: Ints
    other_cost: Ints
    amount: Ints


def receipts(unit_costs: UnitCosts) -> Receipts:
    """The receipts; no row where none has anything to add to sheet Purchases."""
    bill, inputs = unit_costs.bill, unit_costs.bill.inputs
    purchases, item = inputs.purchases, bill.of("Purchases")
    special = bool(
        inputs.converted.purchases
        or purchases.vendor.any()
        or given(purchases.price_per)
        or given(purchases.other_cost)
    )
    at = np.arange(len(purchases)) if special else np.zeros(0, dtype=np.int64)
    row = unit_costs.at(item[at], purchases.date[at])
    columns = (purchases.quantity, inputs.invoiced, purchases.other_cost, inputs.payable)
    received, invoiced, other, payable = (blank_as_zero(column[at]) for column in columns)
    cost = unit_costs.carried(row)
    at_standard = received * cost
    return Receipts(at, item[at], received, row, cost, invoiced, at_standard, invoiced - at_standard, other, payable)


def vendor(text: str) -> str:
    """A vendor as Excel's TRIM gives it."""
    return " ".join(word for word in text.split(" ") if word)


def by_vendor(unit_costs: UnitCosts, rows: Receipts) -> Vendors:
    """The receipts added up by vendor, without regard to case; no row where no vendor is named."""
    inputs = unit_costs.bill.inputs
    named = list(map(vendor, inputs.purchases.vendor[rows.at].tolist()))
    spelled: dict[str, str] = {}
    for text in named if any(named) else ():
        spelled.setdefault(text.casefold(), text or NO_VENDOR)
    number = {key: k for k, key in enumerate(spelled)}
    of_row = np.array([number[text.casefold()] for text in named] if spelled else [], dtype=np.int64)
    if not spelled:
        rows = rows.of(slice(0))
    standard, invoiced, other = (
        to_minor_array(sums(of_row, column, len(spelled)), inputs.places)
        for column in (rows.at_standard, rows.invoiced, rows.other_cost)
    )
    vendors = Vendors(
        texts(list(spelled.values())), np.bincount(of_row, minlength=len(spelled)), standard, invoiced, other,
        invoiced + other - standard,
    )  # fmt: skip
    return vendors.of(np.argsort(-np.abs(vendors.amount), kind="stable"))
