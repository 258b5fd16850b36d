"""Stock book: opening + received - relieved - scrapped = book, against counted, per item, in quantity and money."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import Demand
from xlbackflush.engine.explosion.explosion import Trace
from xlbackflush.engine.standards.bill import Floats, Structure
from xlbackflush.engine.standards.unit_cost import Rollup
from xlbackflush.engine.stock.relief import of_events
from xlbackflush.model.money import to_minor_array
from xlbackflush.model.tables import Inputs, Settings


def reconciliation(trace: Trace, structure: Structure, rollup: Rollup, demand: Demand, inputs: Inputs) -> pd.DataFrame:
    """Stock book of every stocked item that moved or has stock, in item order.

    Units      item, opening, received, relieved, scrapped, book, counted (NaN: not counted), difference, ending (counted
               where that was posted, else book)
    Money      unrounded: see `_amounts`; role is "" where no account is kept
    """
    book = _quantities(trace, structure, demand, inputs)
    _amounts(book, trace, structure, rollup, demand, inputs)
    moves = book[["opening", "received", "relieved", "scrapped", "invoiced"]].to_numpy() != 0
    keep = (structure.items["role"] != "") & (moves.any(axis=1) | book["counted"].notna())
    return book[keep].reset_index(drop=True)


def opening_balances(book: pd.DataFrame, places: int) -> dict[str, int]:
    """Opening balance of each inventory role in minor units: opening stock at the standard cost of period start."""
    kept = book[book["role"] != ""]
    added = kept.groupby("role", sort=False)["opening_amount"].sum()
    minor = to_minor_array(added.to_numpy(dtype=float), places)
    return {str(role): int(m) for role, m in zip(added.index, minor, strict=True) if m}


def count_posts(settings: Settings) -> bool:
    """Is a difference between count and book posted? Not without a materials account, nor where the count relieves."""
    return settings.purchase_triggers and not settings.by_count


def _sum(structure: Structure, item: np.ndarray, amount: np.ndarray) -> Floats:
    """Amounts added up per item; unknown items and blanks left out."""
    known = item >= 0
    return np.bincount(item[known], np.nan_to_num(amount[known]), minlength=len(structure.items)).astype(np.float64)


def _quantities(trace: Trace, structure: Structure, demand: Demand, inputs: Inputs) -> pd.DataFrame:
    rows, relieved = trace.rows, trace.rows["relieved"].to_numpy(dtype=bool)
    scrap = relieved & of_events(trace, demand, schema.SCRAP_EVENT)
    used = relieved & ~scrap & ~of_events(trace, demand, schema.PURCHASE)
    moved, quantity = rows["item"].to_numpy(), rows["required"].to_numpy()
    stock, purchases, counts = inputs.frames["Stock"], inputs.frames["Purchases"], inputs.frames["Counts"]
    done = (counts["Event"] == schema.COMPLETED).to_numpy()
    at, bought, made = structure.of("Stock"), structure.of("Purchases"), structure.of("Counts")[done]
    book = pd.DataFrame({"item": np.arange(len(structure.items))})
    book["opening"] = _sum(structure, at, stock["Opening qty"].to_numpy())
    book["received"] = _sum(structure, bought, purchases["Quantity"].to_numpy())
    book["received"] += _sum(structure, made, counts["Quantity"].to_numpy()[done])
    book["relieved"] = _sum(structure, moved[used], quantity[used])
    book["scrapped"] = _sum(structure, moved[scrap], quantity[scrap])
    exact = ((book["opening"] + book["received"]) - book["relieved"]) - book["scrapped"]
    book["book"] = exact.round(9)  # sums of thousands of floats leave dust; nothing is counted to a billionth
    given = stock["Counted qty"].notna().to_numpy() & (at >= 0)
    counted = np.full(len(book), np.nan)
    counted[at[given]] = 0.0
    np.add.at(counted, at[given], stock["Counted qty"].to_numpy()[given])
    book["counted"] = counted
    book["difference"] = book["counted"] - book["book"]
    return book


def _amounts(
    book: pd.DataFrame, trace: Trace, structure: Structure, rollup: Rollup, demand: Demand, inputs: Inputs
) -> None:
    """Add what the quantities are worth.

    made (not bought), cost (of period end), role, opening_amount, book_amount, counted_amount, difference_amount,
    invoiced (purchases at actual price), received_amount (at standard), posted (what of difference_amount the count
    adjustment records), ending, ending_amount, ending_material, opening_conversion, counted_conversion (of the book where
    not counted), unfollowed (see `_unfollowed`), start_row and end_row (of the roll-up)
    """
    settings, items = inputs.settings, np.arange(len(book))
    start = rollup.at(items, np.full(len(book), float(settings.period_start)))
    end = rollup.at(items, np.full(len(book), float(settings.period_end)))
    cost, unit, material = (rollup.rows[c].to_numpy() for c in ("relief_cost", "unit_cost", "Material"))
    role = structure.items["role"]
    book["made"] = structure.items["made"].to_numpy()
    book["role"] = role.where(role != schema.ACCOUNTS_PAYABLE, "").to_numpy()
    book["cost"], book["start_row"], book["end_row"] = cost[end], start, end
    book["opening_amount"] = book["opening"] * cost[start]
    book["book_amount"] = book["book"] * book["cost"]
    book["counted_amount"] = np.nan_to_num(book["counted"]) * book["cost"]
    book["difference_amount"] = np.nan_to_num(book["difference"] * book["cost"])
    purchases, bought = inputs.frames["Purchases"], structure.of("Purchases")
    book["invoiced"] = _sum(structure, bought, (purchases["Quantity"] * purchases["Actual price"]).to_numpy())
    if settings.purchase_triggers:
        receipt = trace.rows["relieved"].to_numpy(dtype=bool) & of_events(trace, demand, schema.PURCHASE)
        rows = trace.rows[receipt]
        book["received_amount"] = _sum(structure, rows["item"].to_numpy(), rows["amount"].to_numpy())
    else:
        book["received_amount"] = _sum(structure, bought, purchases["Quantity"].to_numpy()) * book["cost"]
    adjusts = count_posts(settings) & (book["role"] != "") & book["counted"].notna()
    book["posted"] = np.where(adjusts, book["difference_amount"], 0.0)
    book["ending"] = np.where(adjusts, book["counted"], book["book"])
    book["ending_amount"] = book["ending"] * book["cost"]
    book["ending_material"] = book["ending"] * material[end]
    book["opening_conversion"] = book["opening"] * (unit[start] - material[start])
    last = np.where(book["counted"].isna(), book["book"], book["counted"])
    book["counted_conversion"] = last * (unit[end] - material[end])
    book["unfollowed"] = _unfollowed(book, trace, structure, rollup, demand, inputs)


def _unfollowed(
    book: pd.DataFrame, trace: Trace, structure: Structure, rollup: Rollup, demand: Demand, inputs: Inputs
) -> Floats:
    """What an account holds beyond its ending stock at the cost of period end.

    Stock is not revalued when a unit cost changes in the period, so the account keeps what moved at the cost of each day;
    and where purchase is no trigger, it does not hold made items that were bought. Zero for all others.
    """
    settings, counts = inputs.settings, inputs.frames["Counts"]
    kept = (book["role"] != "").to_numpy()
    received = book["received_amount"].to_numpy() if settings.purchase_triggers else np.zeros(len(book))
    left = np.where(kept, received - book["received_amount"].to_numpy(), 0.0)
    several = kept & (np.bincount(rollup.rows["item"], minlength=len(book)) > 1)
    if settings.by_count or not several.any():
        return left
    done = (counts["Event"] == schema.COMPLETED).to_numpy()
    made = structure.of("Counts")[done]
    at = rollup.at(made, counts["Date"].to_numpy()[done])
    completed = _sum(structure, made, counts["Quantity"].to_numpy()[done] * rollup.rows["relief_cost"].to_numpy()[at])
    gone = trace.rows["relieved"].to_numpy(dtype=bool) & ~of_events(trace, demand, schema.PURCHASE)
    rows = trace.rows[gone]
    taken = _sum(structure, rows["item"].to_numpy(), rows["amount"].to_numpy())
    moved = book["opening_amount"] + received + completed - taken + book["posted"] - book["ending_amount"]
    return np.where(several, moved, left)
