"""Conversion allowed: the hours and conversion costs that the standards allow for what was flushed, by made item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.explosion.explosion import Explosion
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.model.arrays import Floats, Ints, Records


@dataclass(frozen=True)
class ConversionAllowed(Records):
    """One row per item whose own conversion was flushed: units, hours, money by element and in all, unrounded."""

    item: Ints
    units: Floats
    hours: Floats
    labor: Floats
    variable_overhead: Floats
    fixed_overhead: Floats
    other_conversion: Floats
    total: Floats

    @property
    def elements(self) -> dict[str, Floats]:
        """Money by element of conversion."""
        each = (self.labor, self.variable_overhead, self.fixed_overhead, self.other_conversion)
        return dict(zip(schema.ELEMENTS[1:], each, strict=True))


def conversion_allowed(explosion: Explosion, bill: Bill) -> ConversionAllowed:
    """Units are those of every row of the explosion that is exploded, so phantoms within items and scrapped units count.

    Empty where conversion is expensed: nothing is flushed then.
    """
    rows, items, count = explosion.rows, bill.items, len(bill.items)
    exploded = rows.of(~rows.relieved & ~np.isnan(rows.started))
    units = np.bincount(exploded.item, exploded.required, minlength=count).astype(np.float64)
    seen = np.bincount(exploded.item, minlength=count) > 0
    labor, variable, fixed, other = (units * items.own[element] for element in schema.ELEMENTS[1:])
    total = np.column_stack((labor, variable, fixed, other)).sum(axis=1)
    allowed = ConversionAllowed(np.arange(count), units, units * items.hours, labor, variable, fixed, other, total)
    has_conversion = (items.own_conversion != 0) | (items.hours != 0)
    return allowed.of(seen & has_conversion & (not bill.inputs.settings.conversion_expensed))
