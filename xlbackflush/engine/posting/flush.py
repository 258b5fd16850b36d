"""Journal: the posting rules. Each amount is rounded once, here, and is whole minor units from here on.

                     purchase                        completion                      sale
  PCS                Dr MIP, price variance; Cr AP   Dr FG M+C; Cr MIP M; Cr CCA C   Dr COGS; Cr FG
  PS                 Dr IC, price variance; Cr AP    -                               Dr COGS M+C; Cr IC M; Cr CCA C
  CS                 -                               Dr FG M+C; Cr AP M; Cr CCA C    Dr COGS; Cr FG
  S                  -                               -                               Dr COGS M+C; Cr AP M; Cr CCA C

(PCS: purchase, completion and sale; PS: purchase and sale; CS: completion and sale; S: sale. Horngren, Cost Accounting,
chapter on JIT and backflush costing.) The accounts of a flush come from the Trace, so one rule serves every event: its
credits are rounded one by one, and its debit is their sum.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.counted import CountedAccount, charges_everything
from xlbackflush.engine.stock.relief import Flow
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Minors, Records, Texts, texts, total
from xlbackflush.model.basis import Flow as FlowBasis
from xlbackflush.model.basis import Invoices, Net, Total
from xlbackflush.model.inputs import Inputs, Settings
from xlbackflush.model.journal import Account, Entry, PostedEntry
from xlbackflush.model.money import to_minor
from xlbackflush.schema.entries import EntryKind


def before_close(bill: Bill, flows: list[Flow], book: StockBook, accounts: list[CountedAccount]) -> list[Entry]:
    """The entries of the period up to the close, in the order of `schema.EVENTS`. Those without a line are left out."""
    entries = [*purchases(bill, flows, book)]
    if not bill.inputs.settings.conversion_elsewhere:
        entries.append(conversion(bill.inputs))
    for event in (schema.COMPLETION, schema.SALE, schema.SCRAP_EVENT):
        entries += flushes(event, bill, flows, accounts)
    entries += count_adjustments(bill, book)
    return [entry for entry in entries if entry.lines]


def balances(entries: Sequence[Entry | PostedEntry]) -> Counter[str]:
    """Net debit of every role, in minor units."""
    net = Counter[str]()
    for entry in entries:
        for line in entry.lines:
            net[line.role] += line.minor
    return net


def by_account(entries: Sequence[Entry | PostedEntry]) -> Counter[Account]:
    """The same of every role and class."""
    net = Counter[Account]()
    for entry in entries:
        for line in entry.lines:
            net[line.role, line.item_class] += line.minor
    return net


def _source(inputs: Inputs, table: str, column: str) -> str:
    return inputs.sources[table].range(column)


def _code(bill: Bill, product: int) -> str:
    return str(bill.items.code[product]) if product >= 0 else ""


def purchases(bill: Bill, flows: list[Flow], book: StockBook) -> Iterator[Entry]:
    """Receipts at standard, payables at actual, the difference to the price variance.

    Already in the ledger: receipts stand in the inventory account at actual, and one line brings it to standard.
    """
    places, source = bill.inputs.places, _source(bill.inputs, "Purchases", "Quantity")
    elsewhere = bill.inputs.settings.purchases_elsewhere
    for row in (flow for flow in flows if flow.event == schema.PURCHASE):
        item_class = row.charged_class
        entry = Entry(
            schema.PURCHASE, EntryKind.RECEIPT_TO_STANDARD if elsewhere else EntryKind.RECEIPT, _code(bill, row.product)
        )
        basis = _basis(bill, row, 1, "Amount", schema.ACCOUNTS_PAYABLE)
        standard, (actual, invoices) = to_minor(row.amount, places), _invoiced(bill, book, row)
        if elsewhere:
            entry.add(row.charged_to, standard + actual, Net((basis, invoices)), source, item_class)
        else:
            entry.add(row.charged_to, standard, basis, source, item_class)
            entry.add(schema.ACCOUNTS_PAYABLE, actual, invoices, source)
        entry.balance(schema.PRICE_VARIANCE, source, item_class=item_class)
        yield entry


def _basis(bill: Bill, row: Flow, sign: int, column: str, relieved_from: str) -> FlowBasis:
    """The rows of the Trace that a flow adds up."""
    block = (row.first, row.last) if row.product >= 0 else None
    classes = (row.charged_class, row.relieved_class) if len(bill.classes) > 1 else None
    return FlowBasis(sign, column, row.event, row.charged_to, relieved_from, block, classes)


def _invoiced(bill: Bill, book: StockBook, receipt: Flow) -> tuple[int, Invoices | Total]:
    """The credit for what an entry of receipts was invoiced at, and its basis."""
    code = _code(bill, receipt.product)
    bought = book.item == receipt.product
    invoices: Invoices | Total = Invoices(-1, code)
    if not code:
        bought = (book.role == receipt.charged_to) & _of_class(bill, book, receipt.charged_class)
        where = (("Account role", receipt.charged_to), *_class(bill, receipt.charged_class))
        invoices = Total(-1, "Reconciliation", "Invoiced", where)
    return -to_minor(total(book.invoiced[bought]), bill.inputs.places), invoices


def recorded_elsewhere(bill: Bill, flows: list[Flow], book: StockBook) -> list[Entry]:
    """The entries that the ledger has from elsewhere, as Setup says: receipts at invoice price, conversion incurred."""
    settings, source = bill.inputs.settings, _source(bill.inputs, "Purchases", "Quantity")
    entries = []
    for row in flows if settings.purchases_elsewhere else ():
        if row.event == schema.PURCHASE:
            entry = Entry(schema.PURCHASE, EntryKind.RECEIPT, _code(bill, row.product))
            entry.add(schema.ACCOUNTS_PAYABLE, *_invoiced(bill, book, row), source)
            entry.balance(row.charged_to, source, item_class=row.charged_class)
            entries.append(entry)
    return [*entries, conversion(bill.inputs)] if settings.conversion_elsewhere else entries


def _of_class(bill: Bill, book: StockBook, item_class: str) -> Bools:
    """Rows of the stock book of one class."""
    if len(bill.classes) == 1:
        return np.ones(len(book), dtype=bool)
    chosen: Bools = bill.items.item_class[book.item] == item_class
    return chosen


def _class(bill: Bill, item_class: str) -> tuple[tuple[str, str], ...]:
    """The condition of a sum over one class; none where items have no class."""
    return (("Class", item_class),) if len(bill.classes) > 1 else ()


def conversion_role(settings: Settings) -> str:
    """Role that conversion costs incurred are charged to."""
    return schema.COGS if settings.conversion_expensed else schema.CCC


def conversion(inputs: Inputs) -> Entry:
    """Conversion costs incurred, one debit per cost type: to the control account, or expensed as incurred."""
    charged = conversion_role(inputs.settings)
    actuals, source = inputs.actuals, _source(inputs, "Actuals", "Amount")
    entry = Entry(schema.CONVERSION_EVENT, EntryKind.CONVERSION_INCURRED)
    for cost_type in schema.COST_TYPES:
        amount = total(actuals.amount[actuals.cost_type == cost_type])
        basis = Total(1, "Actuals", "Amount", (("Cost type", cost_type),))
        entry.add(charged, to_minor(amount, inputs.places), basis, f"{source}, {cost_type}")
    entry.balance(schema.VARIOUS_ACCOUNTS, source)
    return entry


#: event, account debited -> what the entry is about
_FLUSHES = {
    (schema.COMPLETION, schema.FINISHED_GOODS): EntryKind.UNITS_COMPLETED,
    (schema.COMPLETION, schema.MIP): EntryKind.SUBASSEMBLIES_COMPLETED,
    (schema.COMPLETION, schema.ACCOUNTS_PAYABLE): EntryKind.SUBASSEMBLIES_CONVERTED,
    (schema.SALE, schema.COGS): EntryKind.UNITS_SOLD,
    (schema.SCRAP_EVENT, schema.CCC): EntryKind.NORMAL_SCRAP,
    (schema.SCRAP_EVENT, schema.ABNORMAL_SCRAP): EntryKind.ABNORMAL_SCRAP,
}


def flushes(event: str, bill: Bill, flows: list[Flow], accounts: list[CountedAccount]) -> Iterator[Entry]:
    """One entry per account debited, its class (and product): its credits are what the Trace relieved and the conversion.

    Where the physical count relieves, completions and sales keep their conversion and take material by difference.
    """
    places, inputs = bill.inputs.places, bill.inputs
    by_count = inputs.settings.by_count and event != schema.SCRAP_EVENT
    groups: dict[tuple[str, str, int], list[Flow]] = {}
    for row in flows:
        if row.event == event and not (by_count and row.relieved_from):
            groups.setdefault((row.charged_to, row.charged_class, row.product), []).append(row)
    source = _source(inputs, "Scrap" if event == schema.SCRAP_EVENT else "Counts", "Quantity")
    if by_count:
        yield by_difference(event, inputs, accounts)
    for (charged_to, item_class, product), group in groups.items():
        entry = Entry(event, _FLUSHES[event, charged_to], _code(bill, product))
        for row in sorted(group, key=lambda r: r.relieved_from == ""):
            basis = _basis(bill, row, -1, "Amount" if row.relieved_from else "Conversion", row.relieved_from)
            amount = -to_minor(row.amount, places)
            entry.add(row.relieved_from or schema.CCA, amount, basis, source, row.relieved_class)
        if event == schema.SCRAP_EVENT:
            _salvage(entry, charged_to, bill, product)
        entry.balance(charged_to, source, first=True, item_class=item_class)
        yield entry


def by_difference(event: str, inputs: Inputs, accounts: list[CountedAccount]) -> Entry:
    """Material relieved by the physical count.

    Used up by completion: into finished goods. Sold: out of finished goods by their own count, or, where completion is no
    trigger, out of materials. With the sale as the only trigger, everything is charged when it is sold.
    """
    settings = inputs.settings
    debit, credit = schema.COGS, settings.bought_role
    used_up = schema.COMPLETION if settings.completion_triggers else schema.SALE
    if charges_everything(settings):
        rows, kind = accounts if event == schema.SALE else [], EntryKind.ALL_CHARGED_WHEN_SOLD
    elif event == used_up:
        rows, kind = accounts[:1], EntryKind.MATERIAL_USED_BY_COUNT
        debit = schema.FINISHED_GOODS if settings.completion_triggers else schema.COGS
    else:
        rows, kind = accounts[1:], EntryKind.UNITS_SOLD_BY_COUNT
        credit = schema.FINISHED_GOODS
    entry, source = Entry(event, kind), ""
    for row in rows:
        source = _source(inputs, *(("InventoryCount", "Counted amount") if row.in_money else ("Stock", "Counted qty")))
        basis = Total(-1, "CountMethod", "Relieved", (("Role", row.role),))
        entry.add(credit, -to_minor(row.relieved, inputs.places), basis, source)
    entry.balance(debit, source, first=True)
    return entry


def _salvage(entry: Entry, charged_to: str, bill: Bill, product: int) -> None:
    """What was recovered for scrap reduces its charge."""
    inputs = bill.inputs
    kind = schema.NORMAL if charged_to == schema.CCC else schema.ABNORMAL
    where: tuple[tuple[str, str], ...] = (("Kind", kind),)
    rows = inputs.scrap.kind == kind
    if product >= 0:
        where, rows = (*where, ("Item", bill.items.code[product])), rows & (bill.of("Scrap") == product)
    amount = to_minor(total(inputs.scrap.salvage_value[rows]), inputs.places)
    basis = Total(1, "Scrap", "Salvage value", where)
    entry.add(schema.SCRAP_RECOVERY, amount, basis, _source(inputs, "Scrap", "Salvage value"))


def count_adjustments(bill: Bill, book: StockBook) -> Iterator[Entry]:
    """Book stock to counted stock, at standard; see `stock_book.count_posts`.

    What is missing of bought items was used, or lost in production; made items are missing in the warehouse.
    """
    inputs, types = bill.inputs, bill.items.type[book.item]
    source, adjusted = _source(inputs, "Stock", "Counted qty"), book.posted != 0
    for kind, made, against in (
        (EntryKind.STOCK_ADJUSTED, False, schema.USAGE_VARIANCE),
        (EntryKind.MADE_ITEMS_ADJUSTED, True, schema.COUNT_DIFFERENCE),
    ):
        for item_class in bill.classes:
            chosen = adjusted & (book.made == made) & _of_class(bill, book, item_class)
            entry = Entry(schema.COUNT_ADJUSTMENT, kind)
            for role, item_type in dict.fromkeys(zip(book.role[chosen].tolist(), types[chosen].tolist(), strict=True)):
                amount = total(book.posted[chosen & (book.role == role) & (types == item_type)])
                where = (("Account role", role), ("Type", item_type), *_class(bill, item_class))
                basis = Total(1, "Reconciliation", "Posted", where)
                entry.add(role, to_minor(amount, inputs.places), basis, source, item_class)
            entry.balance(against, source, item_class=item_class)
            yield entry


@dataclass(frozen=True)
class Ledger(Records):
    """Balances by role and class, in the order of `schema.ROLES`, the account of all other classes first; in minor units.

    elsewhere: net debit of what other journals recorded.

    Python integers, not 64 bits: nothing overflows, whatever is typed into a quantity.
    """

    role: Texts
    opening: Minors
    debits: Minors
    credits: Minors
    closing: Minors
    elsewhere: Minors
    item_class: Texts

    @property
    def closing_by_role(self) -> dict[str, int]:
        return self.by_role(self.closing)

    def by_role(self, amounts: Minors) -> dict[str, int]:
        """One of the columns, all classes of a role together."""
        sums = dict.fromkeys(self.role.tolist(), 0)
        for role, amount in zip(self.role.tolist(), amounts.tolist(), strict=True):
            sums[role] += amount
        return sums


def ledger(
    entries: Sequence[Entry | PostedEntry], opening: Mapping[Account, int], elsewhere: Sequence[Entry] = ()
) -> Ledger:
    """The balances of the period. The reversal belongs to the next one. elsewhere: the entries of other journals."""
    debits, credits = Counter[Account](), Counter[Account]()
    for entry in entries:
        for line in entry.lines if entry.event != schema.REVERSAL else ():
            (debits if line.minor > 0 else credits)[line.role, line.item_class] += abs(line.minor)
    known = (opening, debits, credits, by_account(elsewhere))
    place = {role: k for k, role in enumerate(schema.ROLES)}
    accounts = sorted(
        dict.fromkeys(account for amounts in known for account in amounts), key=lambda a: (place[a[0]], a[1])
    )
    roles, classes = (texts([account[k] for account in accounts]) for k in range(2))
    before, plus, minus, others = (np.array([each.get(a, 0) for a in accounts], dtype=object) for each in known)
    return Ledger(roles, before, plus, minus, before + plus - minus + others, others, classes)
