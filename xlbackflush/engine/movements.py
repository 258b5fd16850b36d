"""Movements: the units of every item that came in and went out while one unit cost of it held.

One row per roll-up row (item and stretch of days) with stock or transactions; nothing is exploded, so the quantities hold
under any set of trigger points.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from xlbackflush import layout
from xlbackflush.engine.rollup import Rollup
from xlbackflush.engine.structure import Floats, Structure
from xlbackflush.engine.tables import Inputs

#: column -> (input table, (column, value) pairs that select its rows)
SOURCES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "Received": ("Purchases", ()),
    "Completed": ("Counts", (("Event", layout.COMPLETED),)),
    "Sold": ("Counts", (("Event", layout.SOLD),)),
    "Scrapped normal": ("Scrap", (("Stage", layout.COMPONENT), ("Kind", layout.NORMAL))),
    "Scrapped abnormal": ("Scrap", (("Stage", layout.COMPONENT), ("Kind", layout.ABNORMAL))),
    "Units scrapped normal": ("Scrap", (("Stage", layout.FINISHED_UNIT), ("Kind", layout.NORMAL))),
    "Units scrapped abnormal": ("Scrap", (("Stage", layout.FINISHED_UNIT), ("Kind", layout.ABNORMAL))),
}


def movements(inputs: Inputs, structure: Structure, rollup: Rollup) -> pd.DataFrame:
    """Rows in the order of the roll-up: rollup_row, item, first, last, Opening, and the columns of SOURCES (units).

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
    table = pd.concat([rollup.rows[["item", "first", "last"]], table], axis=1)
    table["Completion counts"] = _completions(inputs, structure)[rollup.rows["item"].to_numpy()]
    return table[moved].reset_index(drop=True)


def _completions(inputs: Inputs, structure: Structure) -> Floats:
    """Counts that complete each item, corrections left out; NaN where the item is not Finished."""
    counts, item = inputs.frames["Counts"], structure.of("Counts")
    rows = (item >= 0) & (counts["Event"] == layout.COMPLETED).to_numpy() & (counts["Quantity"] > 0).to_numpy()
    number = np.bincount(item[rows], minlength=len(structure.items)).astype(np.float64)
    return np.where(structure.items["type"] == layout.FINISHED, number, np.nan)
