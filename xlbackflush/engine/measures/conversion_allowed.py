"""Conversion allowed: the hours and conversion costs that the standards allow for what was flushed, by made item."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.explosion.explosion import Trace
from xlbackflush.engine.standards.bill import Structure
from xlbackflush.model.tables import Settings


def conversion_allowed(trace: Trace, structure: Structure, settings: Settings) -> pd.DataFrame:
    """One row per item whose own conversion was flushed: item, units, hours, the four elements, total (unrounded).

    Units are those of every row of the Trace that is exploded, so phantoms within other items and scrapped units count.
    Empty where conversion is expensed: nothing is flushed then.
    """
    rows = trace.rows
    flushed = ~rows["relieved"].to_numpy(dtype=bool) & rows["started"].notna().to_numpy()
    count = len(structure.items)
    units = np.bincount(rows["item"].to_numpy()[flushed], rows["required"].to_numpy()[flushed], minlength=count)
    seen = np.bincount(rows["item"].to_numpy()[flushed], minlength=count) > 0
    items = structure.items
    table = pd.DataFrame({"item": np.arange(count), "units": units, "hours": units * items["hours"].to_numpy()})
    for element in schema.ELEMENTS[1:]:
        table[element] = units * items[f"own_{element}"].to_numpy()
    table["total"] = table[list(schema.ELEMENTS[1:])].to_numpy().sum(axis=1)
    has_conversion = (items["own_conversion"] != 0).to_numpy() | (items["hours"] != 0).to_numpy()
    chosen = seen & has_conversion & (not settings.conversion_expensed)
    return table[chosen].reset_index(drop=True)
