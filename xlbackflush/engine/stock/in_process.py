"""Period-end WIP: units in process, which backflush costing leaves in materials and in unallocated conversion.

    material    quantity x Material %   x material relieved when a unit is completed (or sold)
    conversion  quantity x Conversion % x conversion flushed then

Work in process is inventory (ASC 330-10-20, IAS 2.6); the entry that recognises it is reversed on the first day of the next
period, because the units are flushed again when they are counted.
"""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model.arrays import Floats, Ints, Records, blank_as_zero, total
from xlbackflush.model.inputs import Inputs, Settings


@dataclass(frozen=True)
class InProcess(Records):
    """One row per row of sheet WIP: shares of the cost that are in, cost per unit and in all, in money, unrounded.

    end_row: row of the unit costs at period end.
    """

    row: Ints
    item: Ints
    end_row: Ints
    quantity: Floats
    material_share: Floats
    conversion_share: Floats
    material_cost: Floats
    conversion_cost: Floats
    material: Floats
    conversion: Floats

    @property
    def amount(self) -> Floats:
        return self.material + self.conversion


def in_process(unit_costs: UnitCosts) -> InProcess:
    """The units in process at period end.

    Where conversion is expensed, stock carries material alone, also in subassemblies; conversion is put back from the
    count, not from here.
    """
    inputs, item = unit_costs.bill.inputs, unit_costs.bill.of("WIP")
    settings, known = inputs.settings, item >= 0
    work, item = inputs.wip.of(known), item[known]
    end = unit_costs.at(item, settings.period_end)
    costs = unit_costs.rows.of(end)
    flushed = costs.conversion_at_completion if completion_flushes(settings) else costs.unit_cost - costs.material
    quantity, material_share, conversion_share = map(
        blank_as_zero, (work.quantity, work.material_percent, work.conversion_percent)
    )
    material_cost = costs.unit_cost - flushed
    conversion_cost = np.zeros(len(item)) if settings.conversion_expensed else flushed
    return InProcess(
        work.row, item, end, quantity, material_share, conversion_share, material_cost, conversion_cost,
        quantity * material_share * material_cost, quantity * conversion_share * conversion_cost,
    )  # fmt: skip


def records(inputs: Inputs) -> bool:
    """Is the entry posted, or its value only shown?"""
    return inputs.settings.period_end_wip == schema.RECORD


def completion_flushes(settings: Settings) -> bool:
    """Will the completion of a unit flush its conversion, but not that of its components?"""
    return settings.completion_triggers and not settings.conversion_expensed


def takes_conversion_out(inputs: Inputs) -> bool:
    """Does the entry take conversion out of cost of goods sold? Carried forward, it has not gone there."""
    return records(inputs) and inputs.settings.variance_disposition != schema.CARRY_FORWARD


def recorded_conversion(inputs: Inputs, units: InProcess) -> float:
    """Conversion that the entry takes out of cost of goods sold, unrounded."""
    return total(units.conversion) if takes_conversion_out(inputs) else 0.0
