"""Sensitivity: what an error in one input cell would do to the closing balances, each account by itself.

Each cell is made 1 % larger, then one unit larger (a percentage by one percentage point), and the run is worked out again.
An effect is what that changes in the balances as they are posted, rounded to the minor unit like any other run: it is the
amount by which the books would be wrong. Where the checks of the inputs refuse the larger value, as in a share of 100 %,
the smaller one is taken, and the effect turned round.

Where there are too many cells for that, those are tried from which most is to be expected: by the cost that runs through a
cell (see `governed`), and by what came of cells of its kind before.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.period import Closings, Period
from xlbackflush.engine.rules.period_end import wip_complete
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.model.arrays import Floats, where_true
from xlbackflush.model.finding import has_errors
from xlbackflush.model.inputs import Inputs

#: cells worked out one by one, at a few thousandths of a second each
MOST = 1_000
#: the input tables whose numbers can move a balance
TABLES = tuple(
    t for t in schema.INPUT_TABLES if not t.comparison_only and any(c.kind in schema.NUMERIC for c in t.columns)
)
_PERCENT = 0.01

Weights = dict[tuple[str, str], Floats]  # of each row of a column


@dataclass(frozen=True)
class Cell:
    """An input cell with a number; index counts the rows of its table from 0."""

    table: str
    column: schema.Column
    index: int
    value: float

    @property
    def unit(self) -> float:
        """One of what the cell counts; of a percentage, one percentage point."""
        return 0.01 if self.column.kind == "percent" else 1.0


@dataclass(frozen=True)
class Effect:
    """Changes of the closing balances if a cell were 1 % or one unit larger; None where the checks refuse any change."""

    cell: Cell
    percent: Closings | None
    unit: Closings | None

    @property
    def size(self) -> int:
        """The largest effect of 1 % on a balance, without its sign, in minor units."""
        return _size(self.percent)

    @property
    def matters(self) -> bool:
        return self.size > 0 or _size(self.unit) > 0


@dataclass(frozen=True)
class Sensitivity:
    """Effects of the cells that move a balance, the largest first; how many cells of each table there are and were tried."""

    effects: list[Effect]
    cells: Counter[str]
    tried: Counter[str]
    places: int

    @cached_property
    def size(self) -> int:
        """Of all effects together."""
        return sum(effect.size for effect in self.effects)


def sensitivity(period: Period, most: int = MOST, progress: Callable[[str], None] = lambda stage: None) -> Sensitivity:
    """The effects of all cells, or of the `most` from which most is to be expected.

    period: of inputs without errors. progress is told how far the work has come.
    """
    every = cells(period.inputs)
    effects = []
    for done, result in enumerate(_most_first(period, every, most)):
        if done % 100 == 0:
            progress(f"Trying {min(most, len(every)):,} cells, {done:,} done")
        effects.append(result)
    moving = sorted((e for e in effects if e.matters), key=lambda e: (-e.size, -_size(e.unit)))
    return Sensitivity(moving, Counter(c.table for c in every), Counter(e.cell.table for e in effects), period.places)


def cells(inputs: Inputs) -> list[Cell]:
    """Every input cell with a number, table by table, column by column."""
    return [
        Cell(table.name, column, index, value)
        for table in TABLES
        for column in table.columns
        if column.kind in schema.NUMERIC
        for index, value in enumerate(inputs.as_typed.table(table.name).column(column.name).tolist())
        if value == value
    ]


def effect(period: Period, cell: Cell) -> Effect:
    """The effects of one cell."""
    nothing = Closings({})
    percent = _change(period, cell, cell.value * _PERCENT) if cell.value else nothing
    return Effect(cell, percent, _change(period, cell, cell.unit))


def _change(period: Period, cell: Cell, by: float) -> Closings | None:
    """What a larger value changes; where it is refused, what a smaller one does, turned round."""
    before = period.closings
    for sign in (1, -1):
        changed = with_value(period, cell, cell.value + sign * by)
        if changed:
            return changed.closings - before if sign > 0 else before - changed.closings
    return None


def with_value(period: Period, cell: Cell, value: float) -> Period | None:
    """The period with another number in a cell; None where the checks of the inputs would stop the run."""
    most = cell.column.maximum
    if abs(value) > 1e15 or (most is not None and value >= most):
        return None
    changed = period.with_cell(cell.table, cell.column.name, cell.index, value)
    return None if cell.table == "WIP" and has_errors(list(wip_complete(changed))) else changed


def _size(change: Closings | None) -> int:
    return max(abs(change.by_role[change.most_moved]), abs(change.inventory)) if change and change.by_role else 0


# ------------------------------------------------------------------------------------- which cells to try


def _most_first(period: Period, every: list[Cell], most: int) -> Iterator[Effect]:
    """Effects of the cells, the next one always where most is to be expected.

    What is to be expected of a cell is the money that it governs, times the largest share of such money that has moved a
    balance when n other cells of its kind were tried, but at least times 1 / (1 + n): there may be others than those.
    """
    weights, kinds = governed(period), _kinds(period)
    waiting: dict[tuple[str, ...], list[tuple[float, int]]] = defaultdict(list)
    for number, cell in enumerate(every):
        key = (cell.table, cell.column.name)
        weight = float(weights[key][cell.index]) if key in weights else 0.0
        waiting[*key, kinds[cell.table][cell.index]].append((weight, -number))
    for queue in waiting.values():
        queue.sort()
    share = dict.fromkeys(waiting, 0.0)
    tried: Counter[tuple[str, ...]] = Counter()
    for _ in range(min(most, len(every))):
        kind = max(waiting, key=lambda k: max(share[k], 1 / (1 + tried[k])) * waiting[k][-1][0])
        weight, number = waiting[kind].pop()
        if not waiting[kind]:
            del waiting[kind]
        result = effect(period, every[-number])
        tried[kind] += 1
        if weight:
            share[kind] = max(share[kind], result.size / weight)
        yield result


def _kinds(period: Period) -> dict[str, list[str]]:
    """Of each row of each table: what tells it apart from rows that move other accounts.

    Those are its items, by their type and by whether they are counted at the end, and what else must be chosen in a row
    about an item, such as its Event. Rows about no item are of one kind.
    """
    inputs, bill = period.inputs, period.bill
    counted = np.zeros(len(bill.items) + 1, dtype=bool)  # the last one stands for item -1
    counted[bill.of("Stock")[~np.isnan(inputs.stock.counted_qty)]] = True
    of_item = [f"{t} {c}" for t, c in zip([*bill.items.type.tolist(), ""], counted, strict=True)]
    kinds: dict[str, list[str]] = {}
    for table in TABLES:
        records = inputs.table(table.name)
        marks = [[of_item[i] for i in bill.of(table.name, c.name)] for c in table.columns if c.kind == "item"]
        if marks:
            marks += [records.column(c.name).tolist() for c in table.columns if c.kind == "choice" and c.required]
        kinds[table.name] = ["|".join(row) for row in zip(*marks, strict=True)] or [""] * len(records)
    return kinds


def governed(period: Period) -> Weights:
    """Money at standard in proportion to each cell, column by column: what 1 % of it can move at most, times 100, about.

    Gross: all that comes in, is used, goes out or is in stock counts, whatever it is set off against.
    """
    inputs, bill = period.inputs, period.bill

    def number(table: str, column: str) -> Floats:
        values: Floats = np.nan_to_num(np.abs(inputs.table(table).column(column)))
        return values

    unit, material = np.zeros((2, len(bill.items) + 1))  # of each item, at their highest; the last one is for item -1
    costs = period.unit_costs.rows
    np.maximum.at(unit, costs.item, costs.unit_cost)
    np.maximum.at(material, costs.item, costs.material)
    invoiced = number("Purchases", "Quantity") * number("Purchases", "Actual price")
    weights: Weights = {
        ("Purchases", "Actual price"): invoiced,
        ("Purchases", "Price per"): invoiced * (number("Purchases", "Price per") > 0),
        ("Purchases", "Other cost"): number("Purchases", "Other cost"),
        ("Scrap", "Salvage value"): number("Scrap", "Salvage value"),
        ("Actuals", "Amount"): number("Actuals", "Amount"),
    }
    for table in ("InventoryCount", "Opening"):
        weights |= {(table, c.name): number(table, c.name) for c in schema.TABLES[table].columns if c.kind == "money"}
    for table, column in _UNITS:
        weights[table, column] = number(table, column) * unit[bill.of(table)]
    at, quantity = bill.of("WIP"), number("WIP", "Quantity")
    weights["WIP", "Material %"] = quantity * number("WIP", "Material %") * material[at]
    weights["WIP", "Conversion %"] = quantity * number("WIP", "Conversion %") * (unit - material)[at]
    weights |= _standards(inputs, bill, _throughput(period, number), unit)
    return weights | {("Units", "Factor"): _of_units(inputs, weights)}


def _of_units(inputs: Inputs, weights: Weights) -> Floats:
    """The rows of sheet Units: what the lines and receipts govern that they convert."""
    found, row = np.zeros(len(inputs.units)), inputs.units.row
    for rows, weight in (
        (inputs.converted.bom, weights["BOM", "Qty per"]),
        (inputs.converted.purchases, weights["Purchases", "Quantity"]),
    ):
        for at, each in rows.items():
            of_units = [step.row for step in inputs.converted.all[each].steps if step.row]
            found[row.searchsorted(of_units)] += weight[at]
    return found


_UNITS = (
    ("Counts", "Quantity"),
    ("Scrap", "Quantity"),
    ("Purchases", "Quantity"),
    ("Stock", "Opening qty"),
    ("Stock", "Counted qty"),
    ("WIP", "Quantity"),
)


def _throughput(period: Period, number: Callable[[str, str], Floats]) -> Floats:
    """Units of each item that are counted, moved or in stock, and those inside of what is: from the top of the BOM down."""
    bill, lines = period.bill, period.bill.lines
    units = np.zeros(len(bill.items) + 1)
    for table, column in _UNITS:
        np.add.at(units, bill.of(table), number(table, column))
    each, level = lines.factor * bill.items.to_start[lines.parent], bill.level[lines.parent]
    for depth in range(int(level.max(initial=-1)) + 1):
        at = where_true(level == depth)
        np.add.at(units, lines.component[at], units[lines.parent[at]] * each[at])
    return units[:-1]


def _standards(inputs: Inputs, bill: Bill, units: Floats, unit_cost: Floats) -> Weights:
    """The cells of BOM and Standard Cost: cost per unit that follows the cell, times the units of the item."""
    items, lines = bill.items, bill.lines
    of_elements = ("Material price", "Labor rate", "Variable overhead rate", "Fixed overhead rate", "Other conversion")
    per_unit = {
        **dict(zip(of_elements, items.own.T, strict=True)),
        "Labor hours": items.own_conversion,
        # of the components, what is lost is the part that follows the percentage
        "Assembly scrap %": unit_cost[:-1] * np.abs(items.to_start - 1),
    }
    per_unit |= {
        "Price per": items.own[:, 0],
        "Material overhead %": items.handling,
        "Machine hours": items.own[:, 2] + items.own[:, 3],
        "Setup hours": items.own_conversion,
        "Lot size": items.own_conversion,
    }
    for column in ("Price per", "Machine hours", "Setup hours", "Lot size"):
        per_unit[column] = per_unit[column] * ~np.isnan(inputs.standard_cost.column(column))
    weights: Weights = {("StandardCost", column): np.abs(cost) * units for column, cost in per_unit.items()}
    through = units[lines.parent] * items.to_start[lines.parent] * unit_cost[lines.component]
    at = inputs.bom.row.searchsorted(lines.row)
    for column, follows in (("Qty per", lines.factor), ("Scrap %", lines.factor - lines.quantity)):
        weights["BOM", column] = np.zeros(len(inputs.bom))
        weights["BOM", column][at] = np.abs(through * follows)
    weights["BOM", "Per"] = weights["BOM", "Qty per"] * ~np.isnan(inputs.bom.per)
    return weights
