"""Relieve: the Trace added up - by account for the journal, by component for Relief; `stockbook` does it by item."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import Demand
from xlbackflush.engine.explosion.explosion import Trace
from xlbackflush.engine.standards.bill import Structure
from xlbackflush.engine.standards.unit_cost import Rollup
from xlbackflush.model.money import to_minor_array
from xlbackflush.model.tables import Inputs, Settings


def flows(trace: Trace, structure: Structure, demand: Demand, settings: Settings) -> pd.DataFrame:
    """Amounts per event, account debited, product and account credited, unrounded.

    Columns: event, charged_to, product (item number, -1 where entries are per trigger), relieved_from ("" for
    conversion), amount, first, last (positions in the Trace of the rows added up).
    """
    rows, roots = trace.rows, demand.roots
    heads = roots[["charged_to"]].assign(event=[demand.streams[s].event for s in roots["stream"]])
    per_product = settings.journal_detail == schema.PER_PRODUCT and not trace.condensed
    heads["product"] = roots["item"] if per_product else -1
    alike = heads.groupby(["event", "charged_to", "product"], sort=False).ngroup().to_numpy()
    entries = heads[~heads.duplicated()].reset_index(drop=True)

    # accounts credited, as numbers: 0 conversion, 1 payables of a receipt, then the inventory roles
    names = ["", schema.ACCOUNTS_PAYABLE, *(r for r in schema.ROLES if r != schema.ACCOUNTS_PAYABLE)]
    role_number = structure.items["role"].map({name: i for i, name in enumerate(names)}).to_numpy(dtype=np.int64)
    receipt = (heads["event"] == schema.PURCHASE).to_numpy()
    root, relieved = rows["root"].to_numpy(), rows["relieved"].to_numpy(dtype=bool)
    credit = np.where(relieved, np.where(receipt[root], 1, role_number[rows["item"].to_numpy()]), 0)

    key = alike[root] * len(names) + credit
    amounts = np.where(relieved, rows["amount"], rows["conversion"])
    size = len(entries) * len(names)
    total, count = np.bincount(key, amounts, minlength=size), np.bincount(key, minlength=size)
    used = np.flatnonzero(count)
    entry = used // len(names)
    result = entries.iloc[entry].reset_index(drop=True)
    result["relieved_from"] = [names[i] for i in used % len(names)]
    result["amount"] = total[used]
    positions = np.arange(len(rows))
    first, last = np.full(len(entries), len(rows)), np.full(len(entries), -1)
    np.minimum.at(first, alike[root], positions)
    np.maximum.at(last, alike[root], positions)
    result["first"], result["last"] = first[entry], last[entry]
    return result


def largest(trace: Trace, structure: Structure, rollup: Rollup, inputs: Inputs) -> float:
    """Upper bound of any amount that a run can post, unrounded: all gross amounts of the period added up."""
    purchases, stock = inputs.frames["Purchases"], inputs.frames["Stock"]
    gross = trace.rows[["amount", "conversion"]].abs().to_numpy(dtype=float)
    units = stock[["Opening qty", "Counted qty"]].abs().to_numpy(dtype=float)
    dearest = np.zeros(len(structure.items) + 1)  # the last one stands for item -1
    np.maximum.at(dearest, rollup.rows["item"].to_numpy(), rollup.rows["unit_cost"].abs().to_numpy())
    parts = (
        np.nansum(gross),
        np.nansum((purchases["Quantity"] * purchases["Actual price"]).abs().to_numpy(dtype=float)),
        np.nansum(inputs.frames["Actuals"]["Amount"].abs().to_numpy(dtype=float)),
        np.nansum(inputs.frames["Scrap"]["Salvage value"].abs().to_numpy(dtype=float)),
        float(np.nansum(units.sum(axis=1, where=~np.isnan(units)) * dearest[structure.of("Stock")]))
        if len(units)
        else 0.0,
    )
    return float(sum(parts))


def of_events(trace: Trace, demand: Demand, *events: str) -> NDArray[np.bool_]:
    """Which rows of the Trace belong to one of these events."""
    streams = np.array([s.event in events for s in demand.streams], dtype=bool)
    found: NDArray[np.bool_] = streams[demand.roots["stream"].to_numpy()][trace.rows["root"].to_numpy()]
    return found


def relief(trace: Trace, structure: Structure, demand: Demand, places: int) -> pd.DataFrame:
    """Components relieved by counts: item, quantity, amount (minor units), cost (average), role. In item order."""
    rows, counted = trace.rows, of_events(trace, demand, schema.COMPLETION, schema.SALE)
    used = rows.loc[rows["relieved"] & (rows["level"] > 0) & counted, ["item", "required", "amount"]]
    table = used.groupby("item", sort=True).agg(quantity=("required", "sum"), exact=("amount", "sum")).reset_index()
    table["amount"] = to_minor_array(table["exact"].to_numpy(dtype=float), places)
    quantity = table["quantity"].to_numpy(dtype=float)
    table["cost"] = np.divide(table["exact"], quantity, out=np.zeros(len(table)), where=quantity != 0)
    table["role"] = structure.items["role"].to_numpy()[table["item"].to_numpy()]
    return table
