"""Normal scrap, shared over the good units of the item scrapped: as themselves, and inside other items.

4 A are good and in stock, 1 A is scrapped at 10; 6 B, of which nothing was scrapped, are sold. A bears its 10, B nothing:

    item  in   quantity   finished goods   cost of goods sold    cost   finished goods bear
    A                            4                 0              10            10

Units are followed down the bill, from the items that stock and cost of goods sold hold to the items scrapped: a row for each
line that leads there, then one for the item itself, which adds up its lines. An item with scrap has a last row, with what the
scrap cost, and what each account bears of it. Where no unit is good, cost of goods sold bears it.
"""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.engine.stock.movements import Movements
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, blank_as_zero, sums, total, where_true

#: units: good ones up to here are what float64 leaves of equal quantities
NO_UNITS = 1e-9
#: accounts that bear scrap, in the order of the columns
BEARERS = (*schema.STOCK_ROLES, schema.COGS)


@dataclass(frozen=True)
class NormalScrap(Records):
    """One row per row of the sheet, in its order: a line, an item on a stretch of days, or an item with its scrap.

    item; line: row of the build-up, -1 where the row is none; rollup_row: of the item, -1 in the last row of an item. units:
    a column per bearer. cost, material: of the scrap, net of salvage and at standard, in money; zero in other rows.
    """

    item: Ints
    line: Ints
    rollup_row: Ints
    units: Floats
    cost: Floats
    material: Floats

    @property
    def summed(self) -> Bools:
        """The rows with scrap."""
        of_item: Bools = (self.line < 0) & (self.rollup_row < 0)
        return of_item

    def shares(self, price: float) -> Floats:
        """What each account bears, a column per bearer; price: the share of the price variance that is on scrap."""
        whole = total(self.material)
        cost = self.cost + (price * self.material / whole if whole > 0 else 0.0)
        good = np.maximum(self.units, 0.0) * self.summed[:, None]
        base = np.array(list(map(total, good)))
        parts = np.divide(good, base[:, None], out=np.zeros_like(good), where=base[:, None] > NO_UNITS)
        parts[(base <= NO_UNITS) & self.summed, -1] = 1.0
        shares: Floats = parts * cost[:, None]
        return shares


def normal_scrap(unit_costs: UnitCosts, book: StockBook, movements: Movements) -> NormalScrap:
    """The rows; none where the physical count relieves, because counts in money know no units."""
    bill, buildup, costs = unit_costs.bill, unit_costs.buildup, unit_costs.rows
    count = len(bill.items)
    normal = movements.scrapped_normal + movements.units_scrapped_normal
    scrapped = np.bincount(movements.item[normal != 0], minlength=count) > 0
    scrapped[bill.of("Scrap")[_salvaged(unit_costs)]] = True
    if bill.inputs.settings.by_count or not scrapped.any():
        none = np.zeros(0, dtype=np.int64)
        return NormalScrap(none, none, none, np.zeros((0, len(BEARERS))), np.zeros(0), np.zeros(0))
    leads = _leads_to(unit_costs, scrapped)
    units = _held(unit_costs, book, movements)
    level = bill.level[costs.item]
    for depth in range(int(level.max()) + 1):
        at = where_true(level[buildup.row] == depth)
        for k in range(len(BEARERS)):
            units[:, k] += sums(buildup.component_row[at], buildup.quantity[at] * units[buildup.row[at], k], len(costs))
    lines, rows = where_true(leads[buildup.component_row]), where_true(leads)
    own, of_item = -np.ones(len(rows), dtype=np.int64), where_true(scrapped)
    none = -np.ones(len(of_item), dtype=np.int64)
    item = np.concatenate((costs.item[buildup.component_row[lines]], costs.item[rows], of_item))
    rollup_row = np.concatenate((buildup.component_row[lines], rows, none))
    in_lines = buildup.quantity[lines][:, None] * units[buildup.row[lines]]
    in_items = np.column_stack([sums(costs.item, units[:, k], count)[of_item] for k in range(len(BEARERS))])
    cost, material = _cost(unit_costs, movements, normal)
    blank = np.zeros(len(lines) + len(rows))
    table = NormalScrap(
        item, np.concatenate((lines, own, none)), rollup_row, np.concatenate((in_lines, units[rows], in_items)),
        np.concatenate((blank, cost[of_item])), np.concatenate((blank, material[of_item])),
    )  # fmt: skip
    last = np.where(table.rollup_row < 0, len(costs), table.rollup_row)
    return table.of(np.lexsort((table.line < 0, last, table.item, bill.level[table.item])))


def _salvaged(unit_costs: UnitCosts) -> Bools:
    """Rows of sheet Scrap of known items that are normal and have salvage."""
    scrap = unit_costs.bill.inputs.scrap
    has_salvage = blank_as_zero(scrap.salvage_value) != 0
    salvaged: Bools = has_salvage & (scrap.kind == schema.NORMAL) & (unit_costs.bill.of("Scrap") >= 0)
    return salvaged


def _leads_to(unit_costs: UnitCosts, scrapped: Bools) -> Bools:
    """Rows of the unit costs of items that are scrapped, or that contain one, at any depth."""
    buildup, item = unit_costs.buildup, unit_costs.rows.item
    leads, level = scrapped[item], unit_costs.bill.level[item]
    for depth in range(int(level.max()), -1, -1):
        at = where_true(level[buildup.row] == depth)
        leads[buildup.row[at[leads[buildup.component_row[at]]]]] = True
    return leads


def _held(unit_costs: UnitCosts, book: StockBook, movements: Movements) -> Floats:
    """Units that each account holds as such, by row of the unit costs."""
    held = np.zeros((len(unit_costs.rows), len(BEARERS)))
    for k, role in enumerate(schema.STOCK_ROLES):
        of_role = book.role == role
        held[:, k] = sums(book.end_row[of_role], book.ending[of_role], len(held))
    held[:, -1] = sums(movements.rollup_row, movements.sold, len(held))
    return held


def _cost(unit_costs: UnitCosts, movements: Movements, normal: Floats) -> tuple[Floats, Floats]:
    """What the scrap of each item cost, net of salvage, and the material in it."""
    bill, costs, count = unit_costs.bill, unit_costs.rows, len(unit_costs.bill.items)
    scrap, salvaged = bill.inputs.scrap, _salvaged(unit_costs)
    material = normal * costs.material[movements.rollup_row]
    whole = material if bill.inputs.settings.conversion_expensed else normal * costs.unit_cost[movements.rollup_row]
    salvage = sums(bill.of("Scrap")[salvaged], blank_as_zero(scrap.salvage_value)[salvaged], count)
    return sums(movements.item, whole, count) - salvage, sums(movements.item, material, count)
