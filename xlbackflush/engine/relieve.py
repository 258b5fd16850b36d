"""Relieve: the Trace added up - by account for the journal, by component for Relief, by item for the stock books."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xlbackflush import layout
from xlbackflush.engine.demand import Demand
from xlbackflush.engine.money import to_minor_array
from xlbackflush.engine.rollup import Rollup
from xlbackflush.engine.structure import Floats, Structure
from xlbackflush.engine.tables import Inputs, Settings
from xlbackflush.engine.trace import Trace


def flows(trace: Trace, structure: Structure, demand: Demand, settings: Settings) -> pd.DataFrame:
    """Amounts per event, account debited, product and account credited, unrounded.

    Columns: event, charged_to, product (item number, -1 where entries are per trigger), relieved_from ("" for
    conversion), amount, first, last (positions in the Trace of the rows added up).
    """
    rows, roots = trace.rows, demand.roots
    heads = roots[["charged_to"]].assign(event=[demand.streams[s].event for s in roots["stream"]])
    per_product = settings.journal_detail == layout.PER_PRODUCT and not trace.condensed
    heads["product"] = roots["item"] if per_product else -1
    alike = heads.groupby(["event", "charged_to", "product"], sort=False).ngroup().to_numpy()
    entries = heads[~heads.duplicated()].reset_index(drop=True)

    # accounts credited, as numbers: 0 conversion, 1 payables of a receipt, then the inventory roles
    names = ["", layout.ACCOUNTS_PAYABLE, *(r for r in layout.ROLES if r != layout.ACCOUNTS_PAYABLE)]
    role_number = structure.items["role"].map({name: i for i, name in enumerate(names)}).to_numpy(dtype=np.int64)
    receipt = (heads["event"] == layout.PURCHASE).to_numpy()
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


def largest(trace: Trace, rollup: Rollup, inputs: Inputs) -> float:
    """Upper bound of any amount that a run can post, unrounded: all gross amounts of the period added up."""
    purchases, stock = inputs.frames["Purchases"], inputs.frames["Stock"]
    gross = trace.rows[["amount", "conversion"]].abs().to_numpy(dtype=float)
    units = stock[["Opening qty", "Counted qty"]].abs().to_numpy(dtype=float)
    parts = (
        np.nansum(gross),
        np.nansum((purchases["Quantity"] * purchases["Actual price"]).abs().to_numpy(dtype=float)),
        np.nansum(inputs.frames["Actuals"]["Amount"].abs().to_numpy(dtype=float)),
        np.nansum(inputs.frames["Scrap"]["Salvage value"].abs().to_numpy(dtype=float)),
        np.nansum(units) * rollup.rows["unit_cost"].abs().max() if len(units) and len(rollup.rows) else 0.0,
    )
    return float(sum(parts))


def _of_events(trace: Trace, demand: Demand, *events: str) -> NDArray[np.bool_]:
    """Which rows of the Trace belong to one of these events."""
    streams = np.array([s.event in events for s in demand.streams], dtype=bool)
    found: NDArray[np.bool_] = streams[demand.roots["stream"].to_numpy()][trace.rows["root"].to_numpy()]
    return found


def relief(trace: Trace, structure: Structure, demand: Demand, places: int) -> pd.DataFrame:
    """Components relieved by counts: item, quantity, amount (minor units), cost (average), role. In item order."""
    rows, counted = trace.rows, _of_events(trace, demand, layout.COMPLETION, layout.SALE)
    used = rows.loc[rows["relieved"] & (rows["level"] > 0) & counted, ["item", "required", "amount"]]
    table = used.groupby("item", sort=True).agg(quantity=("required", "sum"), exact=("amount", "sum")).reset_index()
    table["amount"] = to_minor_array(table["exact"].to_numpy(dtype=float), places)
    quantity = table["quantity"].to_numpy(dtype=float)
    table["cost"] = np.divide(table["exact"], quantity, out=np.zeros(len(table)), where=quantity != 0)
    table["role"] = structure.items["role"].to_numpy()[table["item"].to_numpy()]
    return table


def reconciliation(trace: Trace, structure: Structure, rollup: Rollup, demand: Demand, inputs: Inputs) -> pd.DataFrame:
    """Stock book of every stocked item that moved or has stock, in item order. Quantities; amounts unrounded.

    item, opening, received, relieved, scrapped, book, counted (NaN: not counted), difference, difference_amount,
    invoiced (purchases at actual price), received_amount (purchases at standard), cost (period end), role ("" where no
    account is kept), opening_amount, book_amount, posted (part of difference_amount that the count adjustment records),
    ending, ending_amount, ending_material (counted where that was posted, else book)
    """
    count, settings = len(structure.items), inputs.settings
    rows, relieved = trace.rows, trace.rows["relieved"].to_numpy(dtype=bool)
    scrap = relieved & _of_events(trace, demand, layout.SCRAP_EVENT)
    receipt = relieved & _of_events(trace, demand, layout.PURCHASE)
    used = relieved & ~scrap & ~receipt

    def add(item: np.ndarray, quantity: np.ndarray) -> Floats:
        known = item >= 0
        return np.bincount(item[known], quantity[known], minlength=count).astype(np.float64)

    stock, purchases, counts = inputs.frames["Stock"], inputs.frames["Purchases"], inputs.frames["Counts"]
    done = (counts["Event"] == layout.COMPLETED).to_numpy()
    book = pd.DataFrame({"item": np.arange(count)})
    stock_item = structure.of("Stock")
    book["opening"] = add(stock_item, np.nan_to_num(stock["Opening qty"].to_numpy()))
    book["received"] = add(structure.of("Purchases"), np.nan_to_num(purchases["Quantity"].to_numpy())) + add(
        structure.of("Counts")[done], np.nan_to_num(counts["Quantity"].to_numpy()[done])
    )
    invoiced = np.nan_to_num((purchases["Quantity"] * purchases["Actual price"]).to_numpy())
    book["invoiced"] = add(structure.of("Purchases"), invoiced)
    moved, quantity = rows["item"].to_numpy(), rows["required"].to_numpy()
    book["relieved"] = add(moved[used], quantity[used])
    book["scrapped"] = add(moved[scrap], quantity[scrap])
    exact = ((book["opening"] + book["received"]) - book["relieved"]) - book["scrapped"]
    book["book"] = exact.round(9)  # sums of thousands of floats leave dust; nothing is counted to a billionth
    given = stock["Counted qty"].notna().to_numpy() & (stock_item >= 0)
    found = np.full(count, np.nan)
    found[stock_item[given]] = 0.0
    np.add.at(found, stock_item[given], stock["Counted qty"].to_numpy()[given])
    book["counted"] = found
    items = np.arange(count)
    end_row = rollup.at(items, np.full(count, float(settings.period_end)))
    start_row = rollup.at(items, np.full(count, float(settings.period_start)))
    cost = rollup.rows["relief_cost"].to_numpy()
    role = structure.items["role"].to_numpy()
    book["stocked"] = role != ""
    book["role"] = np.where(role == layout.ACCOUNTS_PAYABLE, "", role)
    book["cost"], book["start_row"], book["end_row"] = cost[end_row], start_row, end_row
    book["difference"] = book["counted"] - book["book"]
    book["difference_amount"] = np.nan_to_num(book["difference"] * book["cost"])
    book["opening_amount"] = book["opening"] * cost[start_row]
    book["book_amount"] = book["book"] * book["cost"]
    at_standard = add(moved[receipt], rows["amount"].to_numpy()[receipt])
    bought = add(structure.of("Purchases"), np.nan_to_num(purchases["Quantity"].to_numpy()))
    book["received_amount"] = at_standard if settings.purchase_triggers else bought * book["cost"]
    counts_post = settings.purchase_triggers and not settings.by_count
    adjusts = counts_post & (book["role"] != "") & book["counted"].notna()
    book["posted"] = np.where(adjusts, book["difference_amount"], 0.0)
    book["ending"] = np.where(adjusts, book["counted"], book["book"])
    book["ending_amount"] = book["ending"] * book["cost"]
    book["ending_material"] = book["ending"] * rollup.rows["Material"].to_numpy()[end_row]
    moves = book[["opening", "received", "relieved", "scrapped"]].to_numpy() != 0
    keep = book["stocked"] & (moves.any(axis=1) | book["counted"].notna())
    return book[keep].reset_index(drop=True)


def opening_balances(book: pd.DataFrame, places: int) -> dict[str, int]:
    """Opening balance of each inventory role in minor units: opening stock at the standard cost of period start."""
    kept = book[book["role"] != ""]
    added = kept.groupby("role", sort=False)["opening_amount"].sum()
    minor = to_minor_array(added.to_numpy(dtype=float), places)
    return {str(role): int(m) for role, m in zip(added.index, minor, strict=True) if m}
