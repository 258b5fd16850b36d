"""Stock book: opening + received - relieved - scrapped = book, against counted, per item, in quantity and money."""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.explosion.demand import COMPLETIONS, GROWTH, Demand, Transactions
from xlbackflush.engine.explosion.explosion import Explosion
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.engine.stock.relief import of_events
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, Texts, blank_as_zero, sums
from xlbackflush.model.inputs import Settings


@dataclass(frozen=True)
class StockUnits(Records):
    """Units of every item. counted is NaN where it was not; in_process: in units in process, where the count leaves them out.

    difference = counted + in_process - book.
    """

    item: Ints
    opening: Floats
    received: Floats
    relieved: Floats
    scrapped: Floats
    book: Floats
    counted: Floats
    in_process: Floats
    difference: Floats


@dataclass(frozen=True)
class StockBook(StockUnits):
    """Units and money, unrounded, of every stocked item that moved or has stock, in item order.

    made: not bought. Where completion is no trigger, made items stand at their material alone, on the account of their
    materials. role: "" where no account is kept. cost: of a unit at period end. invoiced: purchases at actual price, with
    other_cost, their freight, duty and the like; received_amount: the same at standard. posted: what of difference_amount the
    count adjustment records. ending: counted where that was posted, else book. counted_conversion: of the book where not
    counted, of nothing where the count relieves.
    unrevalued: see `_unrevalued`.
    start_row, end_row: rows of the unit costs at the start and the end of the period.
    """

    made: Bools
    role: Texts
    cost: Floats
    start_row: Ints
    end_row: Ints
    opening_amount: Floats
    book_amount: Floats
    counted_amount: Floats
    difference_amount: Floats
    invoiced: Floats
    other_cost: Floats
    received_amount: Floats
    posted: Floats
    ending: Floats
    ending_amount: Floats
    ending_material: Floats
    opening_conversion: Floats
    counted_conversion: Floats
    unrevalued: Floats


def stock_book(explosion: Explosion, unit_costs: UnitCosts, demand: Demand, transactions: Transactions) -> StockBook:
    """The stock book of the period."""
    bill = unit_costs.bill
    units = _units(explosion, bill, demand, transactions)
    shelf = on_the_shelf(bill, demand, transactions)
    book = _amounts(units, explosion, unit_costs, demand, shelf)
    book = replace(book, unrevalued=_unrevalued(book, explosion, unit_costs, demand, transactions))
    moved = np.column_stack((book.opening, book.received, book.relieved, book.scrapped, book.invoiced)) != 0
    return book.of(shelf & (moved.any(axis=1) | ~np.isnan(book.counted)))


def usage_posts(settings: Settings) -> bool:
    """Is the difference of a bought item posted? Not without a materials account, nor where the count relieves."""
    return settings.purchase_triggers and not settings.by_count


def count_posts(settings: Settings) -> bool:
    """Is the difference of a made item posted? Not where the sale alone is a trigger, nor where the count relieves."""
    return settings.trigger_points != schema.S and not settings.by_count


def on_the_shelf(bill: Bill, demand: Demand, transactions: Transactions) -> Bools:
    """Items that can be counted: those that are relieved as themselves, and made items on stock that no entry relieves."""
    stocked = bill.items.stocked | demand.followed
    stocked[transactions[GROWTH][0]] = True
    return stocked


def _completions(transactions: Transactions) -> tuple[Ints, Floats, Floats]:
    """Units that came in as completed: item, day, quantity."""
    (item, day, quantity), (grown, end, growth) = transactions[COMPLETIONS], transactions[GROWTH]
    return np.concatenate((item, grown)), np.concatenate((day, end)), np.concatenate((quantity, growth))


def _sum(bill: Bill, item: Ints, amount: Floats) -> Floats:
    """Amounts added up per item; unknown items and blanks left out."""
    return sums(item + 1, blank_as_zero(amount), len(bill.items) + 1)[1:]


def _units(explosion: Explosion, bill: Bill, demand: Demand, transactions: Transactions) -> StockUnits:
    inputs = bill.inputs
    rows, stock, count = explosion.rows, inputs.stock, len(bill.items)
    used, scrap = _taken(explosion, demand)
    at, (made, _, completed) = bill.of("Stock"), _completions(transactions)
    opening = _sum(bill, at, stock.opening_qty)
    received = _sum(bill, bill.of("Purchases"), inputs.purchases.quantity)
    received += _sum(bill, made, completed)
    relieved = _sum(bill, rows.item[used], rows.required[used])
    scrapped = _sum(bill, rows.item[scrap], rows.required[scrap])
    # sums of thousands of floats leave dust; nothing is counted to a billionth
    book = np.round(((opening + received) - relieved) - scrapped, 9)
    given = at[~np.isnan(stock.counted_qty) & (at >= 0)]
    counted = np.where(np.bincount(given, minlength=count) > 0, _sum(bill, at, stock.counted_qty), np.nan)
    inside = rows.relieved & of_events(explosion, demand, schema.UNITS_IN_PROCESS)
    in_process = _sum(bill, rows.item[inside], rows.required[inside])
    difference = (counted + in_process) - book
    return StockUnits(np.arange(count), opening, received, relieved, scrapped, book, counted, in_process, difference)


def _taken(explosion: Explosion, demand: Demand) -> tuple[Bools, Bools]:
    """Rows of the explosion that took units off the shelf: by use or sale, and by scrap reports."""
    events = (schema.UNITS_MADE, schema.UNITS_SOLD) if demand.of_shelf else (schema.COMPLETION, schema.SALE)
    scrapped = schema.UNITS_THROWN_OUT if demand.of_shelf else schema.SCRAP_EVENT
    relieved = explosion.rows.relieved
    return relieved & of_events(explosion, demand, *events), relieved & of_events(explosion, demand, scrapped)


def _amounts(units: StockUnits, explosion: Explosion, unit_costs: UnitCosts, demand: Demand, shelf: Bools) -> StockBook:
    """What the units are worth, all but `unrevalued`; shelf: see `on_the_shelf`."""
    bill, inputs = unit_costs.bill, unit_costs.bill.inputs
    settings, costs, rows, purchases = inputs.settings, unit_costs.rows, explosion.rows, inputs.purchases
    start = unit_costs.at(units.item, settings.period_start)
    end = unit_costs.at(units.item, settings.period_end)
    role = np.where(shelf & (bill.items.role == ""), settings.bought_role, bill.items.role)
    role = np.where(role != schema.ACCOUNTS_PAYABLE, role, "")
    cost, bought = unit_costs.carried(end), bill.of("Purchases")
    if settings.purchase_triggers:
        receipt = rows.relieved & of_events(explosion, demand, schema.PURCHASE)
        received_amount = _sum(bill, rows.item[receipt], rows.amount[receipt])
    else:
        received_amount = _sum(bill, bought, purchases.quantity) * cost
    difference_amount = blank_as_zero(units.difference * cost)
    adjusts = (not settings.by_count) & (role != "") & ~np.isnan(units.counted)
    posted, ending = (
        np.where(adjusts, difference_amount, 0.0),
        np.where(adjusts, units.counted + units.in_process, units.book),
    )
    uncounted = np.zeros(len(units)) if settings.by_count else units.book  # the count says what is there
    last = np.where(np.isnan(units.counted), uncounted, units.counted + units.in_process)
    opening_amount, ending_amount = units.opening * unit_costs.carried(start), ending * cost
    return StockBook(
        **vars(units),
        made=bill.items.made, role=role, cost=cost, start_row=start, end_row=end, opening_amount=opening_amount,
        book_amount=units.book * cost, counted_amount=blank_as_zero(units.counted + units.in_process) * cost,
        difference_amount=difference_amount, invoiced=_sum(bill, bought, inputs.payable),
        other_cost=_sum(bill, bought, purchases.other_cost), received_amount=received_amount, posted=posted,
        ending=ending, ending_amount=ending_amount, ending_material=ending * costs.material[end],
        opening_conversion=units.opening * (costs.unit_cost[start] - costs.material[start]),
        counted_conversion=last * (costs.unit_cost[end] - costs.material[end]), unrevalued=np.zeros(len(units)),
    )  # fmt: skip


def _unrevalued(
    book: StockBook, explosion: Explosion, unit_costs: UnitCosts, demand: Demand, transactions: Transactions
) -> Floats:
    """What an account holds beyond its ending stock at the cost of period end.

    Stock is not revalued when a unit cost changes in the period, so the account keeps what moved at the cost of each day;
    and where purchase is no trigger, it does not hold made items that were bought. Zero for all others.
    """
    bill, inputs = unit_costs.bill, unit_costs.bill.inputs
    settings, rows = inputs.settings, explosion.rows
    has_account = book.role != ""
    received = book.received_amount if settings.purchase_triggers else np.zeros(len(book))
    unrecorded: Floats = np.where(has_account, received - book.received_amount, 0.0)
    several = has_account & (np.bincount(unit_costs.rows.item, minlength=len(book)) > 1)
    if settings.by_count or not several.any():
        return unrecorded
    made, day, quantity = _completions(transactions)
    completed = _sum(bill, made, quantity * unit_costs.carried(unit_costs.at(made, day)))
    used, scrapped = _taken(explosion, demand)
    gone = used | scrapped
    taken = _sum(bill, rows.item[gone], rows.amount[gone])
    moved = book.opening_amount + received + completed - taken + book.posted - book.ending_amount
    return np.where(several, moved, unrecorded)
