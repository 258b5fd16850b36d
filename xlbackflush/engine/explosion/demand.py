"""Demand: what the counts, scrap reports and purchases of the period ask to be flushed.

Each row of a transaction sheet becomes one demand; demands of one event, account and item form a *root*, the head of one
explosion in the Trace. `wanted` says which rows of the sheet belong to a root, so that a formula can add them up again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.standards.bill import Structure
from xlbackflush.model.tables import Inputs


@dataclass(frozen=True)
class Stream:
    """A class of transactions that is flushed alike.

    explodes: the item itself is made, so its components are relieved; else the item is relieved as a parent would.
    wanted: (column, value) pairs that select the rows of `table`.
    """

    table: str
    wanted: tuple[tuple[str, str], ...]
    event: str
    explodes: bool = False
    charged_to: str = ""  # role debited; "" means the item's own inventory role


COMPLETIONS = Stream("Counts", (("Event", schema.COMPLETED),), schema.COMPLETION, explodes=True)
SALES = Stream("Counts", (("Event", schema.SOLD),), schema.SALE, charged_to=schema.COGS)
RECEIPTS = Stream("Purchases", (), schema.PURCHASE)


def _scrap(stage: str, kind: str) -> Stream:
    return Stream(
        "Scrap",
        (("Stage", stage), ("Kind", kind)),
        schema.SCRAP_EVENT,
        explodes=stage == schema.FINISHED_UNIT,
        charged_to=schema.CCC if kind == schema.NORMAL else schema.ABNORMAL_SCRAP,
    )


SCRAPS = tuple(
    _scrap(stage, kind)
    for kind in (schema.NORMAL, schema.ABNORMAL)
    for stage in (schema.COMPONENT, schema.FINISHED_UNIT)
)


def streams(inputs: Inputs) -> tuple[Stream, ...]:
    """The streams that make entries under the chosen trigger points, in the order of the journal."""
    chosen: tuple[Stream, ...] = (SALES, *SCRAPS)
    if inputs.settings.completion_triggers:
        chosen = (COMPLETIONS, *chosen)
    if inputs.settings.purchase_triggers:
        chosen = (RECEIPTS, *chosen)
    return chosen


@dataclass
class Demand:
    """`roots`: stream, item, charged_to, explodes. `rows`: root, day, quantity; sorted by root, then by day."""

    streams: tuple[Stream, ...]
    roots: pd.DataFrame
    rows: pd.DataFrame


def demand(inputs: Inputs, structure: Structure) -> Demand:
    """Collect the demands of the period into roots, in the order of the streams and of Standard Cost."""
    chosen = streams(inputs)
    parts: dict[str, list[np.ndarray]] = {"stream": [], "item": [], "day": [], "quantity": []}
    for i, stream in enumerate(chosen):
        frame, item = inputs.frames[stream.table], structure.of(stream.table)
        day, quantity = (frame[column].to_numpy(dtype=np.float64) for column in ("Date", "Quantity"))
        mask = (item >= 0) & ~np.isnan(quantity) & ~np.isnan(day)
        for column, value in stream.wanted:
            mask &= (frame[column] == value).to_numpy()
        for name, values in (("item", item), ("day", day), ("quantity", quantity)):
            parts[name].append(values[mask])
        parts["stream"].append(np.full(int(mask.sum()), i))
    rows = pd.DataFrame({name: np.concatenate(arrays) for name, arrays in parts.items()})
    # streams of one event and account stand together per item, so that a product's rows are one block of the Trace
    group = np.array([_first_alike(chosen, s) for s in chosen], dtype=np.int64)
    width, depth = len(structure.items) + 1, len(chosen) + 1
    rows["key"] = (group[rows["stream"].to_numpy()] * width + rows["item"].to_numpy()) * depth + rows["stream"]
    rows = rows.sort_values(["key", "day"], kind="stable", ignore_index=True)
    heads, root = np.unique(rows["key"].to_numpy(), return_inverse=True)
    rows["root"] = root
    item, number = (heads // depth) % width, heads % depth
    role = structure.items["role"].to_numpy()
    roots = pd.DataFrame({"stream": number.astype(np.int64), "item": item.astype(np.int64)})
    roots["charged_to"] = [chosen[s].charged_to or role[i] for s, i in zip(number, item, strict=True)]
    roots["explodes"] = [chosen[s].explodes or not role[i] for s, i in zip(number, item, strict=True)]
    return Demand(chosen, roots, rows)


def only(demand: Demand, chosen: np.ndarray) -> Demand:
    """A demand with some of its roots, renumbered."""
    number = np.cumsum(chosen) - 1
    rows = demand.rows[chosen[demand.rows["root"].to_numpy()]].copy()
    rows["root"] = number[rows["root"].to_numpy()]
    return Demand(demand.streams, demand.roots[chosen].reset_index(drop=True), rows.reset_index(drop=True))


def _first_alike(chosen: tuple[Stream, ...], stream: Stream) -> int:
    """Position of the first stream with the same event and account."""
    return next(i for i, s in enumerate(chosen) if (s.event, s.charged_to) == (stream.event, stream.charged_to))
