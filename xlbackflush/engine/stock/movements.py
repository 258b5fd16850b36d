"""Movements: the units of every item that came in and went out while one unit cost of it held.

One row per roll-up row (item and stretch of days) with stock or transactions; nothing is exploded, so the quantities hold
under any set of trigger points.
"""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.explosion.demand import COMPLETIONS, RECEIPTS, SALES, SCRAPS, Stream, Transactions
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model.arrays import Floats, Ints, Records, blank_as_zero, sums

_SCRAPPED = ("Scrapped normal", "Units scrapped normal", "Scrapped abnormal", "Units scrapped abnormal")
#: column -> the transactions that it adds up
SOURCES: dict[str, Stream] = {
    "Received": RECEIPTS,
    "Completed": COMPLETIONS,
    "Sold": SALES,
    **dict(zip(_SCRAPPED, SCRAPS, strict=True)),
}

#: column of Movements and Roll-up -> field of the unit costs
UNIT_COSTS = {
    "Unit cost": "unit_cost",
    "Material": "material",
    "Conversion at completion": "conversion_at_completion",
    "Finished at completion": "finished_at_completion",
    "Subassemblies at completion": "subassemblies_at_completion",
}

#: column -> column of WIP that says how complete its units are
IN_PROCESS = {"In process material": "Material %", "In process conversion": "Conversion %"}


@dataclass(frozen=True)
class Movements(Records):
    """Units, in the order of the unit costs whose rows (`rollup_row`) they moved at; item and days are of that row.

    Units in process are equivalent whole units, at the cost of period end. completion_counts: number of counts that complete
    a Finished item (in all rows of the item; NaN for others).
    """

    item: Ints
    first: Floats
    last: Floats
    rollup_row: Ints
    opening: Floats
    received: Floats
    completed: Floats
    sold: Floats
    scrapped_normal: Floats
    scrapped_abnormal: Floats
    units_scrapped_normal: Floats
    units_scrapped_abnormal: Floats
    in_process_material: Floats
    in_process_conversion: Floats
    completion_counts: Floats

    def units(self, column: str) -> Floats:
        """Units of a column of the sheet, such as `Scrapped normal`."""
        values: Floats = getattr(self, schema.identifier(column))
        return values


def movements(unit_costs: UnitCosts, transactions: Transactions) -> Movements:
    """What moved of every item, by the unit cost that held; rows without stock and transactions are left out."""
    bill, inputs, costs = unit_costs.bill, unit_costs.bill.inputs, unit_costs.rows
    moved, units = np.zeros(len(costs), dtype=bool), {}

    def add(name: str, item: Ints, days: Floats | float, quantity: Floats) -> None:
        at = unit_costs.at(item, days)
        units[schema.identifier(name)] = sums(at, quantity, len(costs))
        moved[at] = True

    def add_on(day: int, name: str, table: str, quantity: Floats) -> None:
        known = bill.of(table) >= 0
        add(name, bill.of(table)[known], day, blank_as_zero(quantity)[known])

    add_on(inputs.settings.period_start, "Opening", "Stock", inputs.stock.opening_qty)
    for name, stream in SOURCES.items():
        add(name, *transactions[stream])
    for name, share in IN_PROCESS.items():
        add_on(inputs.settings.period_end, name, "WIP", inputs.wip.quantity * inputs.wip.column(share))
    completions = _completions(bill, transactions)[costs.item]
    rows = np.arange(len(costs))
    return Movements(costs.item, costs.first, costs.last, rows, completion_counts=completions, **units).of(moved)


def _completions(bill: Bill, transactions: Transactions) -> Floats:
    """Counts that complete each item, corrections left out; NaN where the item is not Finished."""
    item, _, quantity = transactions[COMPLETIONS]
    number = np.bincount(item[quantity > 0], minlength=len(bill.items)).astype(np.float64)
    return np.where(bill.items.type == schema.FINISHED, number, np.nan)
