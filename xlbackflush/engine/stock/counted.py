"""Physical-count methods: material relieved by difference from the count, conversion expensed and adjusted to the count.

    relieved = opening + received - scrapped - counted          (material alone where conversion is expensed)

(Carter, Cost Accounting, chapter on JIT and backflushing: opening 31,000 of which 1,400 conversion, received 367,000,
counted 33,000 of which 1,800 conversion: 29,600 + 367,000 - 31,200 = 365,400 are relieved, and 400 of conversion is put
back into the account.) Counts come from sheet Inventory Count in money, or from sheet Stock at standard cost.
"""

import math

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.relief import Flow, amount_of
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import blank_as_zero, total
from xlbackflush.model.inputs import Inputs, Settings


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
    """Does the ledger have the account? Under Completion and sale, materials that the count relieves are not kept."""
    return settings.trigger_points != schema.CS or role == schema.FINISHED_GOODS or not settings.by_count


def charges_everything(settings: Settings) -> bool:
    """Physical count at the sale alone: every cost goes to cost of goods sold, the count backs inventories out."""
    return settings.by_count and settings.trigger_points == schema.S


def types_of(settings: Settings, role: str) -> tuple[str, ...]:
    """Types of the items on an inventory account.

    Inventory control holds the material of everything not yet sold; under Completion and sale, Materials and in-process holds
    subassemblies alone, unless the count relieves materials too.
    """
    if role == schema.FINISHED_GOODS:
        return (schema.FINISHED,)
    if settings.trigger_points == schema.CS and not settings.by_count:
        return (schema.SUBASSEMBLY,)
    of_made = (schema.SUBASSEMBLY, schema.FINISHED) if role == schema.INVENTORY_CONTROL else (schema.SUBASSEMBLY,)
    return schema.BUY, *of_made


def holds_conversion(settings: Settings) -> bool:
    """Is conversion a part of counted stock? Not where it is allocated when units are sold: they stand at their material."""
    return settings.completion_triggers or settings.conversion_expensed


def roles(settings: Settings) -> tuple[str, ...]:
    """Inventory accounts of the method, materials first."""
    if settings.trigger_points == schema.PS:
        return (schema.INVENTORY_CONTROL,)
    keeps = settings.completion_triggers or settings.by_count
    return (schema.MIP, schema.FINISHED_GOODS) if keeps else ()


def row_in_money(inputs: Inputs, role: str) -> int | None:
    """Position of an account among the rows of Inventory Count, or None. Materials may be listed under either name."""
    names = {role} if role == schema.FINISHED_GOODS else {schema.MIP, schema.INVENTORY_CONTROL}
    return next((i for i, listed in enumerate(inputs.inventory_count.role.tolist()) if listed in names), None)


def counted_accounts(bill: Bill, flows: list[Flow], book: StockBook) -> list[CountedAccount]:
    """The counted accounts; empty where neither method is chosen."""
    inputs, accounts = bill.inputs, list[CountedAccount]()
    if inputs.settings.by_count or inputs.settings.conversion_expensed:
        kinds = bill.items.type[book.item]
        for role in roles(inputs.settings):
            stock = book.of(np.isin(kinds, types_of(inputs.settings, role)))
            if row_in_money(inputs, role) is not None or not np.isnan(stock.counted).all():
                accounts.append(_counted(inputs, role, stock, flows, accounts))
    return accounts


def _counted(
    inputs: Inputs, role: str, stock: StockBook, flows: list[Flow], above: list[CountedAccount]
) -> CountedAccount:
    """One account; stock: its items; above: the accounts before it."""
    settings, count, at = inputs.settings, inputs.inventory_count, row_in_money(inputs, role)
    columns = [stock.opening_amount, stock.counted_amount, stock.opening_conversion, stock.counted_conversion]
    if at is not None:
        of_row = slice(at, at + 1)
        in_money = (count.opening_amount, count.counted_amount, count.opening_conversion, count.counted_conversion)
        columns = [blank_as_zero(column[of_row]) for column in in_money]
    opening, counted, first, last = map(total, columns)
    if at is None and not holds_conversion(settings):
        first = last = 0.0
    if at is not None and settings.conversion_expensed:
        opening, counted = opening - first, counted - last
    received = scrapped = relieved = 0.0
    if settings.by_count:
        received, out_of = _received(settings, role, stock, flows, above), posted_role(settings, role)
        scrapped = amount_of(f for f in flows if (f.event, f.relieved_from) == (schema.SCRAP_EVENT, out_of))
        relieved = opening + received - scrapped - counted
    else:
        opening, counted = total(stock.opening_amount), 0.0
    adjustment, ledger_opening = (last - first, opening + first) if settings.conversion_expensed else (0.0, opening)
    if charges_everything(settings):
        relieved, adjustment = received - scrapped, adjustment + counted - opening
    if not on_the_books(settings, role):
        adjustment = ledger_opening = 0.0
    return CountedAccount(
        role, opening, received, scrapped, counted, relieved, first, last, adjustment, ledger_opening, at is not None
    )


def _received(settings: Settings, role: str, stock: StockBook, flows: list[Flow], above: list[CountedAccount]) -> float:
    """Purchases at standard and conversion flushed in; into finished goods also the material that went out above."""
    received = total(stock.invoiced if charges_everything(settings) else stock.received_amount)
    into = (schema.COMPLETION, posted_role(settings, role), "")
    received += amount_of(flow for flow in flows if (flow.event, flow.charged_to, flow.relieved_from) == into)
    if role == schema.FINISHED_GOODS and settings.completion_triggers:
        received += math.fsum(account.relieved for account in above)
    return received


def of_role(accounts: list[CountedAccount], role: str) -> CountedAccount | None:
    """The row of one account."""
    return next((account for account in accounts if account.role == role), None)
