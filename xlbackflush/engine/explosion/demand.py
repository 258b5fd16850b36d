"""Demand: what the counts, scrap reports and purchases of the period ask to be flushed.

Each row of a transaction sheet becomes one demand; demands of one event, account and item form a *root*, the head of one
explosion in the Trace. `wanted` says which rows of the sheet belong to a root, so that a formula can add them up again.

Where completion is no trigger, entries take components out when units are sold; on the shelf they go when units are
completed. Streams that post nothing say so: 100 units of RM are made into 100 FG, of which 60 are sold.

    Sale            FG 60 exploded    RM 60     Cr Inventory control 60
    Units made      FG 100 exploded   RM 100    so that no RM is left
    Units sold      FG 60             FG 60     and 40 FG
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, Texts, blank_as_zero, distinct, sums, texts
from xlbackflush.model.inputs import Counts, Purchases, Scrap, Settings


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
    posts: bool = True  # False: units on the shelf, without an entry


COMPLETIONS = Stream("Counts", (("Event", schema.COMPLETED),), schema.COMPLETION, explodes=True)
SALES = Stream("Counts", (("Event", schema.SOLD),), schema.SALE, charged_to=schema.COGS)
RECEIPTS = Stream("Purchases", (), schema.PURCHASE)


SCRAPS = tuple(
    Stream("Scrap", (("Stage", stage), ("Kind", kind)), schema.SCRAP_EVENT, stage == schema.FINISHED_UNIT, charged_to)
    for kind, charged_to in ((schema.NORMAL, schema.CCC), (schema.ABNORMAL, schema.ABNORMAL_SCRAP))
    for stage in (schema.COMPONENT, schema.FINISHED_UNIT)
)


STREAMS = (RECEIPTS, COMPLETIONS, SALES, *SCRAPS)

#: growth of the stock of made items whose completions nobody counts: what was made at the end of the period
GROWTH = Stream("Stock", (), schema.UNITS_MADE, explodes=True, posts=False)
#: parts in units in process, where the count of stock does not include them
IN_PROCESS = Stream("WIP", (), schema.UNITS_IN_PROCESS, explodes=True, posts=False)
#: a stream that posts -> the stream of its units on the shelf
ON_THE_SHELF = {
    stream: replace(stream, event=event, charged_to="", posts=False)
    for stream, event in (
        (COMPLETIONS, schema.UNITS_MADE),
        (SALES, schema.UNITS_SOLD),
        *((scrap, schema.UNITS_THROWN_OUT) for scrap in SCRAPS),
    )
}

#: of each stream the item, day and quantity of its rows
Transactions = Mapping[Stream, tuple[Ints, Floats, Floats]]


def streams(settings: Settings) -> tuple[Stream, ...]:
    """The streams that make entries under the chosen trigger points, in the order of the journal."""
    receipts = (RECEIPTS,) if settings.purchase_triggers else ()
    completions = (COMPLETIONS,) if settings.completion_triggers else ()
    return *receipts, *completions, SALES, *SCRAPS


@dataclass(frozen=True)
class Roots(Records):
    """Heads of the explosion: the position of their stream, the item, the role debited, and whether it is exploded.

    item_class: of the account debited, "" where it is not split by class.
    """

    stream: Ints
    item: Ints
    charged_to: Texts
    explodes: Bools
    item_class: Texts


@dataclass(frozen=True)
class DemandRows(Records):
    """Units asked for on a day; sorted by root, then by day."""

    root: Ints
    day: Floats
    quantity: Floats


@dataclass(frozen=True)
class Demand:
    """What is asked for: the streams, their roots, and the rows of each root.

    followed: items whose completions are counted although completion is no trigger: on the shelf they are relieved as
    themselves.
    """

    streams: tuple[Stream, ...]
    roots: Roots
    rows: DemandRows
    followed: Bools

    @cached_property
    def events(self) -> list[str]:
        """Event of each root."""
        return [self.streams[s].event for s in self.roots.stream.tolist()]

    @cached_property
    def posts(self) -> Bools:
        """Does an entry post the root?"""
        return np.array([stream.posts for stream in self.streams], dtype=bool)[self.roots.stream]

    @property
    def of_shelf(self) -> bool:
        """Are units on the shelf followed apart from what is posted?"""
        return GROWTH in self.streams

    @cached_property
    def of_work(self) -> Bools:
        """Roots that say what was made, sold and scrapped: those of the shelf, where these are followed, else what is posted."""
        shelf = self.of_shelf
        wanted = [s.event in schema.ON_THE_SHELF if shelf else s.posts and s != RECEIPTS for s in self.streams]
        return np.array(wanted, dtype=bool)[self.roots.stream]


def demand(bill: Bill, transactions: Transactions) -> Demand:
    """Collect the demands of the period into roots, in the order of the streams and of Standard Cost."""
    settings = bill.inputs.settings
    chosen, followed = streams(settings), followed_items(bill, transactions)
    if not settings.completion_triggers and (followed.any() or len(transactions[GROWTH][0])):
        chosen = (*chosen, *ON_THE_SHELF.values(), GROWTH)
    if settings.stock_count_includes_units_in_process == schema.NO:
        chosen = (*chosen, IN_PROCESS)
    parts = [transactions[stream] for stream in chosen]
    item, day, quantity = (np.concatenate([part[i] for part in parts]) for i in range(3))
    stream = np.repeat(np.arange(len(chosen)), [len(part[0]) for part in parts])
    # streams of one event and account stand together per item, so that a product's rows are one block of the Trace
    alike = [(s.event, s.charged_to) for s in chosen]
    group = np.array([alike.index(each) for each in alike], dtype=np.int64)
    width, depth = len(bill.items) + 1, len(chosen) + 1
    key = (group[stream] * width + item.astype(np.int64)) * depth + stream
    order = np.lexsort((day, key))
    key = key[order]
    is_head = np.diff(key, prepend=-1) != 0
    heads, root = key[is_head], np.cumsum(is_head) - 1
    item, number = (heads // depth) % width, heads % depth
    role = bill.items.role
    pairs = [(chosen[s], i) for s, i in zip(number.tolist(), item.tolist(), strict=True)]
    charged = [s.charged_to or (role[i] if s.posts else "") for s, i in pairs]
    bought = ~bill.items.made
    explodes = [
        not (s == IN_PROCESS and bought[i]) if s.explodes else not (role[i] or (followed[i] and not s.posts))
        for s, i in pairs
    ]
    class_of = bill.items.item_class
    classes = [class_of[i] if role in schema.BY_CLASS else "" for role, i in zip(charged, item.tolist(), strict=True)]
    roots = Roots(number, item, texts(charged), np.array(explodes, dtype=bool), texts(classes))
    return Demand(chosen, roots, DemandRows(root, day[order], quantity[order]), followed)


def followed_items(bill: Bill, transactions: Transactions) -> Bools:
    """See `Demand`."""
    followed = np.zeros(len(bill.items), dtype=bool)
    if not bill.inputs.settings.completion_triggers:
        followed[transactions[COMPLETIONS][0]] = True
    return followed & np.isin(bill.items.type, (schema.SUBASSEMBLY, schema.FINISHED))


def transactions(bill: Bill) -> Transactions:
    """The transactions of the period, under whatever trigger points."""
    inputs = bill.inputs
    tables: dict[str, Counts | Scrap | Purchases] = {
        "Counts": inputs.counts, "Scrap": inputs.scrap, "Purchases": inputs.purchases
    }  # fmt: skip
    complete = {
        name: (bill.of(name) >= 0) & ~np.isnan(table.quantity) & ~np.isnan(table.date) for name, table in tables.items()
    }
    found = {s: _rows(s, tables[s.table], bill.of(s.table), complete[s.table]) for s in STREAMS}
    shelf = {ON_THE_SHELF[stream]: found[stream] for stream in ON_THE_SHELF}
    growth = _growth(bill, followed_items(bill, found), found[SALES])
    return {**found, **shelf, GROWTH: growth, IN_PROCESS: _in_process(bill)}


def _in_process(bill: Bill) -> tuple[Ints, Floats, Floats]:
    """Units in process at period end, as far as their material is in."""
    wip, item = bill.inputs.wip, bill.of("WIP")
    known, units = item >= 0, blank_as_zero(wip.quantity) * blank_as_zero(wip.material_percent)
    return item[known], np.full(int(known.sum()), float(bill.inputs.settings.period_end)), units[known]


def _growth(bill: Bill, followed: Bools, sales: tuple[Ints, Floats, Floats]) -> tuple[Ints, Floats, Floats]:
    """Counted less opening, at period end. Not counted, what was sold came out of the opening stock first."""
    stock, settings, count = bill.inputs.stock, bill.inputs.settings, len(bill.items)
    at = bill.of("Stock")
    known = at[at >= 0]
    made = np.isin(bill.items.type[known], (schema.SUBASSEMBLY, schema.FINISHED)) & ~followed[known]
    item = distinct(known[made]) if not settings.completion_triggers else known[:0]
    opening, counted = (
        sums(at + 1, blank_as_zero(units), count + 1)[1:][item] for units in (stock.opening_qty, stock.counted_qty)
    )
    sold = sums(sales[0], sales[2], count)[item]
    is_counted = np.isin(item, at[~np.isnan(stock.counted_qty)])
    out_of_opening = np.minimum(np.maximum(opening, 0.0), np.maximum(sold, 0.0))
    growth = np.where(is_counted, counted - opening, -out_of_opening)
    return item, np.full(len(item), float(settings.period_end)), growth


def _rows(stream: Stream, table: Counts | Scrap | Purchases, item: Ints, wanted: Bools) -> tuple[Ints, Floats, Floats]:
    """Item, day and quantity of the rows of a stream, among those wanted of its table."""
    for column, value in stream.wanted:
        wanted = wanted & (table.column(column) == value)
    return item[wanted], table.date[wanted], table.quantity[wanted]


def only(demand: Demand, chosen: Bools) -> Demand:
    """A demand with some of its roots, renumbered."""
    number = np.cumsum(chosen) - 1
    rows = demand.rows.of(chosen[demand.rows.root])
    return replace(demand, roots=demand.roots.of(chosen), rows=replace(rows, root=number[rows.root]))
