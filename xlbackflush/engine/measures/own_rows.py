"""Own rows: how far the quantity of a document lies from those of the other documents of its item.

Logarithms are compared, by their median and the median of the deviations from it: 90, 100, 110, 120, 1,100 has the median 110;
1,100 is ln 10 = 2.3 away, where half of the rows are within ln 1.1 = 0.1.
"""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.model.arrays import CONSISTENT, Bools, Floats, Ints, Records, where_true
from xlbackflush.model.inputs import Inputs

ROWS_MIN = 5  # of an item, before one of them can be unlike the others
SPREAD_MIN = 0.12  # of the logarithms: lots are never more alike than that
_FAR, _FAR_FACTOR = 5.0, 3.0  # spreads, and times the median, from which a row is looked into

RECEIPT, COMPLETION, SALE, SCRAP, SCRAP_WHOLE = range(5)
TABLES = ("Purchases", "Counts", "Counts", "Scrap", "Scrap")


@dataclass(frozen=True)
class OwnRows(Records):
    """Rows with a positive quantity, sorted by kind and item. at: position in the table. middle, spread: of the logarithms of
    the item's rows of the kind; there are `several` of them."""

    kind: Ints
    item: Ints
    at: Ints
    quantity: Floats
    middle: Floats
    spread: Floats
    several: Ints

    @property
    def outlying(self) -> Bools:
        """Rows far outside those of their item."""
        away = np.abs(np.log(self.quantity) - self.middle)
        outlying: Bools = (self.several >= ROWS_MIN) & (away > _FAR * self.spread) & (away > np.log(_FAR_FACTOR))
        return outlying

    def of_item(self, kind: int, item: int) -> slice:
        """Where the rows of an item are."""
        width = max(int(self.item.max(initial=0)), item) + 1
        key, wanted = self.kind * width + self.item, kind * width + item
        return slice(int(key.searchsorted(wanted)), int(key.searchsorted(wanted, side="right")))


def kind_of_row(inputs: Inputs, table: str, at: int) -> int:
    """The kind of one row."""
    if table == "Purchases":
        return RECEIPT
    if table == "Counts":
        return COMPLETION if inputs.counts.event[at] == schema.COMPLETED else SALE
    return SCRAP if inputs.scrap.stage[at] == schema.COMPONENT else SCRAP_WHOLE


def own_rows(bill: Bill) -> OwnRows:
    """Every document of the period against those of its item."""
    inputs = bill.inputs
    counts, scrap = inputs.counts, inputs.scrap
    kinds = (
        np.full(len(inputs.purchases), RECEIPT),
        np.where(counts.event == schema.COMPLETED, COMPLETION, SALE),
        np.where(scrap.stage == schema.COMPONENT, SCRAP, SCRAP_WHOLE),
    )
    kind = np.concatenate(kinds)
    item = np.concatenate([bill.of(table) for table in ("Purchases", "Counts", "Scrap")])
    quantity = np.concatenate((inputs.purchases.quantity, counts.quantity, scrap.quantity))
    at = np.concatenate([np.arange(len(each)) for each in kinds])
    chosen = where_true((quantity > 0) & (item >= 0))
    kind, item, quantity, at = kind[chosen], item[chosen], quantity[chosen], at[chosen]
    logs, key = np.log(quantity), kind * (len(bill.items) + 1) + item
    order = np.lexsort((logs, key))
    kind, item, quantity, at = kind[order], item[order], quantity[order], at[order]
    logs, key = logs[order], key[order]
    first = where_true(np.diff(key, prepend=-1) != 0)
    size = np.diff(np.append(first, len(key)))
    group = np.repeat(np.arange(len(first)), size)
    middle = _medians(logs, first, size)[group]
    away = np.abs(logs - middle)
    spread = _medians(away[np.lexsort((away, group))], first, size)[group]
    return OwnRows(kind, item, at, quantity, middle, np.maximum(CONSISTENT * spread, SPREAD_MIN), np.repeat(size, size))


def _medians(ordered: Floats, first: Ints, size: Ints) -> Floats:
    """Medians of groups of values, which are sorted within their groups."""
    if not len(first):
        return ordered
    medians: Floats = (ordered[first + (size - 1) // 2] + ordered[first + size // 2]) / 2
    return medians
