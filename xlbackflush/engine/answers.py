"""Answers: what the cell functions say about one item, from Setup, Standard Cost, BOM and Units alone, as in force at period end.

    cost(item, qty)                 what completing so many units flushes, in money, not rounded
    quantity(item, component, qty)  units of a component that are relieved with them
    explode(item, qty)              everything that is flushed with them; the amounts add up to `cost`
    standard_cost(item, element)    standard cost of one unit

An item is exploded as a run explodes a completion of one unit on the last day of the period, and by the same code: the
Trace stops at what is stocked under the chosen trigger points, phantoms are exploded through, scrap is planned in. Costs
are those of the last row of the roll-up. A bought item is flushed as itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.explosion.by_line import explosion_by_line
from xlbackflush.engine.explosion.demand import COMPLETIONS, Demand, DemandRows, Roots, only
from xlbackflush.engine.explosion.explosion import explosion, sizes
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules import causes
from xlbackflush.engine.rules.period_end import counts_complete
from xlbackflush.engine.rules.places import text_cells
from xlbackflush.engine.rules.rules import INPUTS, RULES
from xlbackflush.engine.standards.bill import Bill, code_key
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import Floats, Ints, distinct, sums, texts, where_true
from xlbackflush.model.inputs import Settings
from xlbackflush.model.tables import Source

#: input tables that the answers rest on
TABLES = (schema.SETUP, schema.STANDARD_COST, schema.BOM, schema.UNITS)
CONVERSION_COSTS = "Conversion costs"
BLOCK = 5_000  # rows of the Trace; items are exploded so many at a time, as one item alone costs nearly as much
_TOO_MUCH = 1e15


class UnknownItemError(KeyError):
    """A code that is not on Standard Cost."""


class UnknownElementError(ValueError):
    """A name that is no cost element."""


class Standard(NamedTuple):
    """Costs of one unit: flushed at completion, in all, and by the elements of `schema.ELEMENTS`; code as on Standard Cost."""

    code: str
    flushed: float
    unit_cost: float
    elements: tuple[float, ...]


class Part(NamedTuple):
    """One component flushed: quantity x unit cost is its amount.

    The last part of a made item is its conversion: key "", as many as there are units of the item.
    """

    key: str
    code: str
    description: str
    uom: str
    quantity: float
    unit_cost: float
    amount: float


def answers(sources: Mapping[str, Source]) -> tuple[Answers | None, list[f.Finding]]:
    """The answers from tables as read, and the errors that stand in their way (then there are no answers).

    Only `TABLES` are looked at: a count dated in the wrong month is no reason not to know what a unit costs.
    """
    inputs, of_cells = accept({table.name: sources[table.name] for table in TABLES if table.name in sources})
    period = Period(inputs)
    of_rows = [each for rule in RULES[INPUTS] if rule is not counts_complete for each in rule(period)]
    findings = f.in_order(causes.grouped(causes.of_inputs(period.inputs, of_cells, of_rows)))
    errors = [finding for finding in findings if finding.severity == schema.ERROR]
    if errors:
        return None, errors
    with np.errstate(over="ignore", invalid="ignore"):  # reported as findings
        costs = period.unit_costs
    too_much = distinct(costs.rows.item[~(np.abs(costs.rows.unit_cost) < _TOO_MUCH)])
    errors = [
        f.TOO_MUCH(cell, f"The unit cost of {code} has more digits than a cell can hold.")
        for cell, code in text_cells(inputs, "StandardCost", "Item", too_much)
    ]
    return (None if errors else Answers(period.bill, costs, inputs.settings)), errors


@dataclass(repr=False)
class Answers:
    """See the module. Codes are texts, compared without regard to case; quantities may be any numbers."""

    bill: Bill
    unit_costs: UnitCosts
    settings: Settings

    @cached_property
    def _parts(self) -> dict[int, dict[str, Part]]:
        """Of the items exploded so far."""
        return {}

    @cached_property
    def standards(self) -> dict[str, Standard]:
        """Every item by its key (see `structure.code_key`), in the order of Standard Cost."""
        costs = self.unit_costs.rows
        rows = costs.of(where_true(np.diff(costs.item, append=-1)))  # the last one per item, in order
        codes = self.bill.items.code.tolist()
        elements = zip(*(values.tolist() for values in rows.elements.values()), strict=True)
        each = zip(codes, rows.relief_cost.tolist(), rows.unit_cost.tolist(), elements, strict=True)
        return {code_key(code): Standard(code, flushed, cost, parts) for code, flushed, cost, parts in each}

    def cost(self, item: str, qty: float = 1.0) -> float:
        """Standard cost flushed when so many units are completed: material alone where conversion is expensed."""
        return self._standard(item).flushed * qty

    def quantity(self, item: str, component: str, qty: float = 1.0) -> float:
        """Units of a component relieved when so many units are completed; 0 where it is not relieved."""
        self._standard(component)
        part = self._exploded(item).get(code_key(component))
        return part.quantity * qty if part else 0.0

    def explode(self, item: str, qty: float = 1.0) -> list[Part]:
        """Components in the order of the BOM, each once; at the end of a made item its conversion."""
        parts = self._exploded(item).values()
        return [part._replace(quantity=part.quantity * qty, amount=part.amount * qty) for part in parts]

    def standard_cost(self, item: str, element: str | None = None) -> float:
        """Standard cost of one unit, or one of its elements, by name without regard to case."""
        standard = self._standard(item)
        if element is None:
            return standard.unit_cost
        names = [name.casefold() for name in schema.ELEMENTS]
        if element.casefold() not in names:
            raise UnknownElementError(f"{element} is no cost element: {', '.join(schema.ELEMENTS)}.")
        return standard.elements[names.index(element.casefold())]

    def _standard(self, item: str) -> Standard:
        try:
            return self.standards[code_key(item)]
        except KeyError:
            raise UnknownItemError(item) from None

    def _exploded(self, item: str) -> dict[str, Part]:
        """Parts of one unit by key, conversion under ""."""
        self._standard(item)
        number = self.bill.number[code_key(item)]
        if number not in self._parts:
            self._explode(self._block(number))
        return self._parts[number]

    @cached_property
    def _units(self) -> Demand:
        """One unit of every item completed on the last day of the period; bought items are relieved."""
        count = len(self.bill.items)
        items = np.arange(count)
        roots = Roots(
            np.zeros(count, dtype=np.int64), items, texts([""] * count), self.bill.items.made, texts([""] * count)
        )
        rows = DemandRows(items, np.full(count, float(self.settings.period_end)), np.ones(count))
        return Demand((COMPLETIONS,), roots, rows, np.zeros(count, dtype=bool))

    @cached_property
    def _sizes(self) -> Floats:
        """Rows of the Trace of one unit of each item."""
        return sizes(self.bill, self._units)

    def _block(self, number: int) -> Ints:
        """An item and its neighbours; alone, where it has too many rows to be traced product by product."""
        large = self._sizes > schema.TRACE_ROWS_MAX
        if large[number]:
            return np.array([number])
        block = np.cumsum(np.where(large, 0, self._sizes)) // BLOCK
        return where_true((block == block[number]) & ~large)

    def _explode(self, chosen: Ints) -> None:
        """Explode some items and keep what comes of it."""
        units = only(self._units, np.isin(np.arange(len(self.bill.items)), chosen))
        # the last day alone: lines that are not in force on it are left out
        last_day = replace(self.settings, period_start=self.settings.period_end)
        explode = explosion_by_line if self._sizes[chosen].max() > schema.TRACE_ROWS_MAX else explosion
        rows = explode(self.unit_costs, units, last_day).rows
        conversion = sums(rows.root, rows.conversion, len(chosen)).tolist()
        taken: dict[int, dict[int, Part]] = defaultdict(dict)  # by root, then by item
        relieved, items = rows.of(rows.relieved), self.bill.items
        columns = (relieved.root, relieved.item, relieved.required, relieved.cost, relieved.amount)
        for root, item, quantity, cost, amount in zip(*(column.tolist() for column in columns), strict=True):
            code, part = items.code[item], taken[root].get(item)
            part = part or Part(code_key(code), code, items.description[item], items.uom[item], 0.0, 0.0, 0.0)
            total, worth = part.quantity + quantity, part.amount + amount
            taken[root][item] = part._replace(quantity=total, unit_cost=cost, amount=worth)
        made = units.roots.explodes.tolist()
        for root, number in enumerate(chosen.tolist()):
            self._parts[number] = {part.key: part for part in taken[root].values()}
            if made[root]:
                self._parts[number][""] = Part("", CONVERSION_COSTS, "", "", 1.0, conversion[root], conversion[root])
