"""Period-end WIP: units in process, which backflush costing leaves in materials and in unallocated conversion.

    material    quantity x Material %   x material relieved when a unit is completed (or sold)
    conversion  quantity x Conversion % x conversion flushed then

Work in process is inventory (ASC 330-10-20, IAS 2.6); the entry that recognises it is reversed on the first day of the next
period, because the units are flushed again when they are counted.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.standards.bill import Structure
from xlbackflush.engine.standards.unit_cost import Rollup
from xlbackflush.model.basis import Schedule, reversed_basis
from xlbackflush.model.journal import Entry
from xlbackflush.model.money import to_minor
from xlbackflush.model.tables import Inputs, Settings
from xlbackflush.schema.entries import EntryKind


def period_end_wip(inputs: Inputs, structure: Structure, rollup: Rollup) -> pd.DataFrame:
    """One row per row of sheet WIP: row, item, quantity, material_share, conversion_share, end_row (of the roll-up),
    material_cost and conversion_cost per unit, material, conversion, amount (unrounded).

    Where conversion is expensed, stock carries material alone, also in subassemblies; conversion is put back from the
    count, not from here.
    """
    frame, settings = inputs.frames["WIP"], inputs.settings
    item = structure.of("WIP")
    known = item >= 0
    end = rollup.at(item[known], np.full(int(known.sum()), float(settings.period_end)))
    rows = rollup.rows.iloc[end]
    own = rows["conversion_at_completion"] if completion_flushes(settings) else rows["unit_cost"] - rows["Material"]
    table = pd.DataFrame({"row": frame["row"].to_numpy()[known], "item": item[known], "end_row": end})
    for name, column in (
        ("quantity", "Quantity"),
        ("material_share", "Material %"),
        ("conversion_share", "Conversion %"),
    ):
        table[name] = np.nan_to_num(frame[column].to_numpy(dtype=np.float64))[known]
    table["material_cost"] = (rows["unit_cost"] - own).to_numpy()
    table["conversion_cost"] = 0.0 if settings.conversion_expensed else own.to_numpy()
    table["material"] = table["quantity"] * table["material_share"] * table["material_cost"]
    table["conversion"] = table["quantity"] * table["conversion_share"] * table["conversion_cost"]
    table["amount"] = table["material"] + table["conversion"]
    return table


def records(inputs: Inputs) -> bool:
    """Is the entry posted, or its value only shown?"""
    return inputs.settings.period_end_wip == schema.RECORD


def completion_flushes(settings: Settings) -> bool:
    """Will the completion of a unit flush its conversion, but not that of its components?"""
    return settings.completion_triggers and not settings.conversion_expensed


def takes_conversion_out(inputs: Inputs) -> bool:
    """Does the entry take conversion out of cost of goods sold? Carried forward, it has not gone there."""
    return records(inputs) and inputs.settings.variance_disposition != schema.CARRY_FORWARD


def recorded_conversion(inputs: Inputs, wip: pd.DataFrame) -> float:
    """Conversion that the entry takes out of cost of goods sold, unrounded."""
    return float(wip["conversion"].sum()) if takes_conversion_out(inputs) else 0.0


def entries(inputs: Inputs, wip: pd.DataFrame, places: int) -> list[Entry]:
    """The entry at period end and its reversal on the next day; none where nothing is in process.

    Conversion comes out of cost of goods sold, to which the close took it; carried forward, out of conversion allocated.
    """
    if not records(inputs):
        return []
    settings, source = inputs.settings, inputs.sources["WIP"].range("Item", "Conversion %")
    carried = settings.variance_disposition == schema.CARRY_FORWARD
    entry = Entry(schema.PERIOD_END_WIP, EntryKind.UNITS_IN_PROCESS)
    for role, column in (
        (settings.bought_role, "Material"),
        (schema.CCA if carried else schema.COGS, "Conversion"),
    ):
        amount = to_minor(float(wip[column.lower()].sum()), places)
        entry.add(role, -amount, Schedule(-1, "PeriodEndWip", column), source)
    entry.balance(schema.WORK_IN_PROCESS, source, first=True)
    back = Entry(schema.REVERSAL, EntryKind.UNITS_IN_PROCESS_REVERSED, days_after=1)
    for line in entry.lines:
        back.add(line.role, -line.minor, reversed_basis(line.basis), source)
    return [entry, back] if entry.lines else []
