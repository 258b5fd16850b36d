"""Product view: the indented explosion, product by product. The sheet Trace shows it; where that would be too long a list,
the Trace is kept per BOM line (see `condense`) and the product view is made a chunk of roots at a time, for a file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import Demand, only
from xlbackflush.engine.explosion.explosion import sizes, trace
from xlbackflush.engine.standards.bill import Structure
from xlbackflush.engine.standards.unit_cost import Rollup
from xlbackflush.model.tables import Settings

#: of the columns of the sheet Trace, those that explain themselves without its formulas
COLUMNS = (
    "Product", "Event", "Level", "Parent", "Component", "Units", "Parent qty", "Qty per", "Scrap %", "Scrap basis",
    "Required qty", "Standard cost", "Amount", "Conversion", "Charged to", "Relieved from", "First day", "Last day",
    "BOM row",
)  # fmt: skip
CHUNK = 100_000  # rows in memory at once


def product_view(
    structure: Structure, rollup: Rollup, demand: Demand, settings: Settings, chunk: int = CHUNK
) -> Iterator[pd.DataFrame]:
    """The rows of `trace` over all roots, in its order, in frames of at most `chunk` rows.

    Columns are COLUMNS, in units and money as on the sheet Trace; days are dates; what is blank there is None.
    """
    each = sizes(structure, demand)
    number = (np.cumsum(each) - each) // chunk  # of the chunk in which a root's first row falls
    for n in np.unique(number):
        some = only(demand, number == n)
        rows = trace(structure, rollup, some, settings).rows
        for first in range(0, len(rows), chunk):  # one root alone may pass it
            values = shown(rows, structure.items, structure.lines, some, slice(first, first + chunk))
            for name in ("First day", "Last day"):
                dates = {day: schema.DAY_0 + dt.timedelta(days=day) for day in set(values[name])}
                values[name] = [dates[day] for day in values[name]]
            yield pd.DataFrame({name: values[name] for name in COLUMNS}, dtype=object)


def shown(
    rows: pd.DataFrame, items: pd.DataFrame, lines: pd.DataFrame, demand: Demand, part: slice = slice(None)
) -> dict[str, Sequence[Any]]:
    """A part of the rows of a Trace as its sheet shows them, by column; days are Excel's numbers, None is blank."""
    codes, roles = items["code"].tolist(), items["role"].tolist()
    charged = demand.roots["charged_to"].tolist()
    events = [demand.streams[s].event for s in demand.roots["stream"]]  # of each root

    def named(at: pd.DataFrame) -> list[str]:  # the BOM may spell a code in other case than Standard Cost
        spelled = _of_line("spelled", at, lines)
        return [codes[i] if s is None else s for i, s in zip(at["item"].tolist(), spelled, strict=True)]

    above, rows = rows[["item", "line"]].iloc[rows["parent_row"].iloc[part]], rows.iloc[part]
    line = {name: _of_line(name, rows, lines) for name in ("row", "quantity", "scrap", "on_input")}
    root, item, head = rows["root"].tolist(), rows["item"].tolist(), (rows["parent_row"] < 0).tolist()
    relieved = rows["relieved"].tolist()
    priced = [r or not h for r, h in zip(relieved, head, strict=True)]
    exploded = [not r for r in relieved]
    return {
        "Product": [codes[i] for i in rows["product"].tolist()],
        "Level": rows["level"].tolist(),
        "Parent": ["" if h else name for h, name in zip(head, named(above), strict=True)],
        "Component": named(rows),
        "Parent qty": _where(rows["parent_qty"], rows["parent_qty"].notna().tolist()),
        "Qty per": line["quantity"],
        "Scrap %": line["scrap"],
        "Required qty": rows["required"].tolist(),
        "Standard cost": _where(rows["cost"], priced),
        "Amount": _where(rows["amount"], priced),
        "BOM row": line["row"],
        "Event": [events[r] for r in root],
        "Charged to": [charged[r] for r in root],
        "Relieved from": [
            "" if not k else schema.ACCOUNTS_PAYABLE if events[r] == schema.PURCHASE else roles[i]
            for r, i, k in zip(root, item, relieved, strict=True)
        ],
        "Conversion rate": _where(rows["rate"], exploded),
        "Conversion": _where(rows["conversion"], exploded),
        "Scrap basis": [None if b is None else schema.INPUT if b else schema.OUTPUT for b in line["on_input"]],
        "Units": rows["units"].tolist(),
        "Started": _where(rows["started"], exploded),
        "First day": rows["first"].tolist(),
        "Last day": rows["last"].tolist(),
    }


def _of_line(column: str, rows: pd.DataFrame, lines: pd.DataFrame) -> list[Any]:
    """A column of the BOM line of each row; None for heads."""
    values = [*lines[column].tolist(), None]  # the last one stands for line -1
    return [values[i] for i in rows["line"].tolist()]


def _where(column: pd.Series, shown: Sequence[bool]) -> list[float | None]:
    """A column as plain values, None where it is not to be shown."""
    return [value if show else None for value, show in zip(column.tolist(), shown, strict=True)]
