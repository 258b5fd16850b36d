"""Physical-count methods: material relieved by difference from the count, conversion expensed and adjusted to the count.

    relieved = opening + received - scrapped - counted          (material alone where conversion is expensed)

(Carter, Cost Accounting, chapter on JIT and backflushing: opening 31,000 of which 1,400 conversion, received 367,000,
counted 33,000 of which 1,800 conversion: 29,600 + 367,000 - 31,200 = 365,400 are relieved, and 400 of conversion is put
back into the account.) Counts come from sheet Inventory Count in money, or from sheet Stock at standard cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock import stock_book
from xlbackflush.engine.stock.opening import carried
from xlbackflush.engine.stock.relief import Flushed
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.money import to_minor
from xlbackflush.model.tables import Settings


@dataclass(frozen=True)
class CountedAccount:
    """One inventory account under a physical-count method; money, unrounded.

    opening and counted are without conversion where that is expensed. `in_money`: counted on Inventory Count, else from
    Stock. Where relief is by bill of materials, received, scrapped, counted and relieved are zero.
    """

    role: str
    opening: float
    received: float
    scrapped: float
    counted: float
    relieved: float
    opening_conversion: float
    counted_conversion: float
    adjustment: float
    ledger_opening: float
    in_money: bool


def posted_role(settings: Settings, role: str) -> str:
    """The account on which what happens to counted stock is posted: payables, where materials are not kept."""
    return role if role == schema.FINISHED_GOODS else settings.bought_role


def on_the_books(settings: Settings, role: str) -> bool:
    """Does the ledger have the account? Under Completion and sale materials are counted, but not kept."""
    return settings.trigger_points != schema.CS or role == schema.FINISHED_GOODS


def charges_everything(settings: Settings) -> bool:
    """Physical count at the sale alone: every cost goes to cost of goods sold, the count backs inventories out."""
    return settings.by_count and settings.trigger_points == schema.S


def types_of(role: str) -> tuple[str, ...]:
    """Types of the items on an inventory account."""
    return (schema.FINISHED,) if role == schema.FINISHED_GOODS else (schema.BUY, schema.SUBASSEMBLY)


def roles(settings: Settings) -> tuple[str, ...]:
    """Inventory accounts of the method, materials first."""
    if settings.trigger_points == schema.PS:
        return (schema.INVENTORY_CONTROL,)
    if settings.trigger_points == schema.S and not settings.by_count:
        return ()
    if settings.trigger_points == schema.CS and not settings.by_count:
        return (schema.FINISHED_GOODS,)
    return (schema.MIP, schema.FINISHED_GOODS)


@dataclass(frozen=True)
class CountInMoney:
    """A row of Inventory Count; money, NaN where blank."""

    opening: float
    opening_conversion: float
    counted: float
    counted_conversion: float
    row: int  # on the sheet


def in_money(inputs: Inputs, role: str) -> CountInMoney | None:
    """The row of Inventory Count of an account, or None. Materials may be listed under either name."""
    count = inputs.inventory_count
    names = {role} if role == schema.FINISHED_GOODS else {schema.MIP, schema.INVENTORY_CONTROL}
    at = next((i for i, listed in enumerate(count.role.tolist()) if listed in names), None)
    if at is None:
        return None
    return CountInMoney(
        float(count.opening_amount[at]), float(count.opening_conversion[at]), float(count.counted_amount[at]),
        float(count.counted_conversion[at]), int(count.row[at]),
    )  # fmt: skip


def counted_accounts(inputs: Inputs, bill: Bill, flushed: Flushed, book: StockBook) -> list[CountedAccount]:
    """The counted accounts; empty where neither method is chosen."""
    settings = inputs.settings
    if not (settings.by_count or settings.conversion_expensed):
        return []
    accounts: list[CountedAccount] = []
    kinds = bill.items.type[book.item]
    for role in roles(settings):
        row, stock = in_money(inputs, role), book.of(np.isin(kinds, types_of(role)))
        if row is not None or not np.isnan(stock.counted).all():
            accounts.append(_counted(settings, role, row, stock, flushed, accounts))
    return accounts


def _counted(
    settings: Settings,
    role: str,
    row: CountInMoney | None,
    stock: StockBook,
    flushed: Flushed,
    above: list[CountedAccount],
) -> CountedAccount:
    if row is not None:
        opening, counted, first, last = map(
            _zero, (row.opening, row.counted, row.opening_conversion, row.counted_conversion)
        )
        if settings.conversion_expensed:
            opening, counted = opening - first, counted - last
    else:
        opening, counted = float(stock.opening_amount.sum()), float(stock.counted_amount.sum())
        first, last = float(stock.opening_conversion.sum()), float(stock.counted_conversion.sum())
    received = scrapped = 0.0
    if settings.by_count:
        received, scrapped = _received(settings, role, stock, flushed, above), _scrapped(settings, role, flushed)
    else:
        opening, counted = float(stock.opening_amount.sum()), 0.0
    relieved = opening + received - scrapped - counted if settings.by_count else 0.0
    change = last - first if settings.conversion_expensed else 0.0
    if charges_everything(settings):
        relieved, change = received - scrapped, change + counted - opening
    kept = on_the_books(settings, role)
    carried_over = opening + (first if settings.conversion_expensed else 0.0)
    return CountedAccount(
        role, opening, received, scrapped, counted, relieved, first, last, change if kept else 0.0, carried_over if kept else 0.0,
        row is not None,
    )  # fmt: skip


def _received(settings: Settings, role: str, stock: StockBook, flushed: Flushed, above: list[CountedAccount]) -> float:
    """Purchases at standard and conversion flushed in; into finished goods also the material that went out above."""
    came = float((stock.invoiced if charges_everything(settings) else stock.received_amount).sum())
    into = (flushed.event == schema.COMPLETION) & (flushed.charged_to == posted_role(settings, role))
    came += float(flushed.amount[into & (flushed.relieved_from == "")].sum())
    if role == schema.FINISHED_GOODS and settings.completion_triggers:
        came += sum(c.relieved for c in above)
    return came


def _scrapped(settings: Settings, role: str, flushed: Flushed) -> float:
    scrap = (flushed.event == schema.SCRAP_EVENT) & (flushed.relieved_from == posted_role(settings, role))
    return float(flushed.amount[scrap].sum())


def _zero(value: float) -> float:
    return 0.0 if np.isnan(value) else float(value)


def of_role(method: list[CountedAccount], role: str) -> CountedAccount | None:
    """The row of one account."""
    return next((c for c in method if c.role == role), None)


def opening_balances(inputs: Inputs, method: list[CountedAccount], book: StockBook) -> dict[str, int]:
    """Opening balance of each account in minor units: as carried over, of the count method, else stock at standard."""
    places = inputs.places
    found = opening_at_standard(method, book, places) | carried(inputs)
    return {role: minor for role, minor in found.items() if minor}


def stock_roles(settings: Settings) -> set[str]:
    """Stock accounts that entries of these policies move."""
    return {*map(settings.role_of, schema.TYPES), *roles(settings)} & set(schema.STOCK_ROLES)


def opening_beyond(inputs: Inputs, method: list[CountedAccount], book: StockBook) -> dict[str, int]:
    """What stock accounts open with beyond their stock at standard, in minor units, debit positive.

    Shares of variances that were prorated to them before, and what a changed standard makes of the same units. Accounts
    without a row on Opening open at standard.
    """
    places = inputs.places
    found = carried(inputs)
    standard = opening_at_standard(method, book, places)
    kept = (role for role in schema.STOCK_ROLES if role in found and role in stock_roles(inputs.settings))
    return {role: beyond for role in kept if (beyond := found[role] - standard.get(role, 0))}


def opening_at_standard(method: list[CountedAccount], book: StockBook, places: int) -> dict[str, int]:
    """Opening balance of each inventory account in minor units: of the count method where it is counted, else at standard."""
    found = stock_book.opening_balances(book, places)
    return found | {row.role: to_minor(row.ledger_opening, places) for row in method}
