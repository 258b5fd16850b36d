"""Movements: the units of every item that came in and went out while one unit cost of it held.

One row per roll-up row (item and stretch of days) with stock or transactions; nothing is exploded, so the quantities hold
under any set of trigger points.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.standards.bill import Floats, Structure
from xlbackflush.engine.standards.unit_cost import Rollup
from xlbackflush.model.tables import Inputs

#: column -> (input table, (column, value) pairs that select its rows)
SOURCES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "Received": ("Purchases", ()),
    "Completed": ("Counts", (("Event", schema.COMPLETED),)),
    "Sold": ("Counts", (("Event", schema.SOLD),)),
    "Scrapped normal": ("Scrap", (("Stage", schema.COMPONENT), ("Kind", schema.NORMAL))),
    "Scrapped abnormal": ("Scrap", (("Stage", schema.COMPONENT), ("Kind", schema.ABNORMAL))),
    "Units scrapped normal": ("Scrap", (("Stage", schema.FINISHED_UNIT), ("Kind", schema.NORMAL))),
    "Units scrapped abnormal": ("Scrap", (("Stage", schema.FINISHED_UNIT), ("Kind", schema.ABNORMAL))),
}

#: column of Movements and Roll-up -> column of the engine's roll-up
UNIT_COSTS = {
    "Unit cost": "unit_cost",
    "Material": "Material",
    "Conversion at completion": "conversion_at_completion",
    "Finished at completion": "finished_at_completion",
    "Subassemblies at completion": "subassemblies_at_completion",
}

#: column -> column of WIP that says how complete its units are
IN_PROCESS = {"In process material": "Material %", "In process conversion": "Conversion %"}


def movements(inputs: Inputs, structure: Structure, rollup: Rollup) -> pd.DataFrame:
    """Rows in the order of the roll-up: rollup_row, item, first, last, Opening, the columns of SOURCES and IN_PROCESS.

    Units; those in process are equivalent whole units, at the cost of period end.
    `Completion counts` is the number of counts that complete a Finished item (in all rows of the item; NaN for others).
    """
    count = len(rollup.rows)
    moved = np.zeros(count, dtype=bool)
    table = pd.DataFrame({"rollup_row": np.arange(count), "Opening": 0.0})
    stock, start = inputs.frames["Stock"], float(inputs.settings.period_start)
    item = structure.of("Stock")
    at = rollup.at(item, np.full(len(item), start))[item >= 0]
    opening = np.nan_to_num(stock["Opening qty"].to_numpy(dtype=np.float64))[item >= 0]
    table["Opening"] = np.bincount(at, opening, minlength=count)
    moved[at] = True
    for name, (source, wanted) in SOURCES.items():
        frame, item = inputs.frames[source], structure.of(source)
        mask = item >= 0
        for column, value in wanted:
            mask &= (frame[column] == value).to_numpy()
        at = rollup.at(item[mask], frame["Date"].to_numpy(dtype=np.float64)[mask])
        table[name] = np.bincount(at, frame["Quantity"].to_numpy(dtype=np.float64)[mask], minlength=count)
        moved[at] = True
    work, item = inputs.frames["WIP"], structure.of("WIP")
    at = rollup.at(item, np.full(len(item), float(inputs.settings.period_end)))[item >= 0]
    for name, share in IN_PROCESS.items():
        units = np.nan_to_num((work["Quantity"] * work[share]).to_numpy(dtype=np.float64))[item >= 0]
        table[name] = np.bincount(at, units, minlength=count)
    moved[at] = True
    table = pd.concat([rollup.rows[["item", "first", "last"]], table], axis=1)
    table["Completion counts"] = _completions(inputs, structure)[rollup.rows["item"].to_numpy()]
    return table[moved].reset_index(drop=True)


def _completions(inputs: Inputs, structure: Structure) -> Floats:
    """Counts that complete each item, corrections left out; NaN where the item is not Finished."""
    counts, item = inputs.frames["Counts"], structure.of("Counts")
    rows = (item >= 0) & (counts["Event"] == schema.COMPLETED).to_numpy() & (counts["Quantity"] > 0).to_numpy()
    number = np.bincount(item[rows], minlength=len(structure.items)).astype(np.float64)
    return np.where(structure.items["type"] == schema.FINISHED, number, np.nan)
