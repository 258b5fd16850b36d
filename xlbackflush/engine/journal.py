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

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from xlbackflush import layout
from xlbackflush.engine.basis import Adjustment, Basis, Closing, Flow, Invoices, Rest, Total
from xlbackflush.engine.money import to_minor
from xlbackflush.engine.structure import Structure, code_key
from xlbackflush.engine.tables import Inputs


@dataclass
class Line:
    """One journal line; `minor` is signed, debit positive, in minor units."""

    role: str
    minor: int
    basis: Basis
    source: str


@dataclass
class Entry:
    """One balanced entry; `product` is "" where it stands for all products."""

    event: str
    description: str
    product: str = ""
    lines: list[Line] = field(default_factory=list)

    def add(self, role: str, minor: int, basis: Basis, source: str) -> None:
        if minor:
            self.lines.append(Line(role, minor, basis, source))

    def balance(self, role: str, source: str, first: bool = False) -> None:
        """Add the line that balances the entry, in front of the others where it is the debit of a flush."""
        rest = -sum(line.minor for line in self.lines)
        if rest:
            self.lines.insert(0 if first else len(self.lines), Line(role, rest, Rest(), source))


def journal(inputs: Inputs, structure: Structure, flows: pd.DataFrame, book: pd.DataFrame, places: int) -> list[Entry]:
    """All entries of the period, in the order of `layout.EVENTS`. Entries without a line are left out."""
    entries = purchases(inputs, structure, flows, book, places)
    entries += conversion(inputs, places)
    for event in (layout.COMPLETION, layout.SALE, layout.SCRAP_EVENT):
        entries += flushes(event, inputs, structure, flows, places)
    entries += count_adjustment(inputs, book, places)
    entries += close(inputs, entries)
    return [entry for entry in entries if entry.lines]


def _source(inputs: Inputs, table: str, column: str) -> str:
    return inputs.sources[table].range(column)


def _code(structure: Structure, product: int) -> str:
    return str(structure.items["code"].iloc[product]) if product >= 0 else ""


def _for(text: str, product: str) -> str:
    return f"{text}: {product}" if product else text


def purchases(
    inputs: Inputs, structure: Structure, flows: pd.DataFrame, book: pd.DataFrame, places: int
) -> list[Entry]:
    """Receipts at standard, payables at actual, the difference to the price variance."""
    source = _source(inputs, "Purchases", "Quantity")
    entries = []
    for row in flows[flows["event"] == layout.PURCHASE].itertuples():
        code = _code(structure, int(row.product))
        entry = Entry(layout.PURCHASE, _for("Materials received at standard, payable at invoice price", code), code)
        block = (row.first, row.last) if code else None
        basis = Flow(1, "Amount", layout.PURCHASE, row.charged_to, layout.ACCOUNTS_PAYABLE, block)
        entry.add(row.charged_to, to_minor(row.amount, places), basis, source)
        bought = book["item"] == row.product if code else book["role"] == row.charged_to
        actual = float(book.loc[bought, "invoiced"].sum())
        entry.add(layout.ACCOUNTS_PAYABLE, -to_minor(actual, places), Invoices(-1, row.charged_to, code), source)
        entry.balance(layout.PRICE_VARIANCE, source)
        entries.append(entry)
    return entries


def conversion(inputs: Inputs, places: int) -> list[Entry]:
    """Conversion costs incurred, one debit per cost type."""
    actuals, source = inputs.frames["Actuals"], _source(inputs, "Actuals", "Amount")
    entry = Entry(layout.CONVERSION_EVENT, "Conversion costs incurred: payroll, overhead, other")
    for cost_type in layout.COST_TYPES:
        amount = float(actuals.loc[actuals["Cost type"] == cost_type, "Amount"].sum())
        basis = Total(1, "Actuals", "Amount", (("Cost type", cost_type),))
        entry.add(layout.CCC, to_minor(amount, places), basis, f"{source}, {cost_type}")
    entry.balance(layout.VARIOUS_ACCOUNTS, source)
    return [entry]


_FLUSH_TEXT = {
    (layout.COMPLETION, layout.FINISHED_GOODS): "Completed units at standard: material and conversion flushed",
    (layout.COMPLETION, layout.MIP): "Completed subassemblies at standard: material and conversion flushed",
    (layout.SALE, layout.COGS): "Units sold at standard",
    (layout.SCRAP_EVENT, layout.CCC): "Normal scrap at standard, less salvage",
    (layout.SCRAP_EVENT, layout.ABNORMAL_SCRAP): "Abnormal scrap at standard, less salvage",
}


def flushes(event: str, inputs: Inputs, structure: Structure, flows: pd.DataFrame, places: int) -> list[Entry]:
    """One entry per account debited (and product): its credits are what the Trace relieved and the conversion."""
    rows = flows[flows["event"] == event]
    source = _source(inputs, "Scrap" if event == layout.SCRAP_EVENT else "Counts", "Quantity")
    entries = []
    for (charged_to, product), group in rows.groupby(["charged_to", "product"], sort=False):
        code = _code(structure, int(product))
        entry = Entry(event, _for(_FLUSH_TEXT[event, charged_to], code), code)
        for row in group.sort_values("relieved_from", key=lambda s: s == "", kind="stable").itertuples():
            block = (row.first, row.last) if code else None
            column = "Amount" if row.relieved_from else "Conversion"
            basis = Flow(-1, column, event, charged_to, row.relieved_from, block)
            entry.add(row.relieved_from or layout.CCA, -to_minor(row.amount, places), basis, source)
        if event == layout.SCRAP_EVENT:
            _salvage(entry, charged_to, code, inputs, places)
        entry.balance(charged_to, source, first=True)
        entries.append(entry)
    return entries


def _salvage(entry: Entry, charged_to: str, code: str, inputs: Inputs, places: int) -> None:
    """What was recovered for scrap reduces its charge."""
    scrap = inputs.frames["Scrap"]
    kind = layout.NORMAL if charged_to == layout.CCC else layout.ABNORMAL
    where: tuple[tuple[str, str], ...] = (("Kind", kind),)
    mask = scrap["Kind"] == kind
    if code:
        where = (*where, ("Item", code))
        mask &= scrap["Item"].map(code_key) == code_key(code)
    amount = float(scrap.loc[mask, "Salvage value"].sum())
    basis = Total(1, "Scrap", "Salvage value", where)
    entry.add(layout.SCRAP_RECOVERY, to_minor(amount, places), basis, _source(inputs, "Scrap", "Salvage value"))


def count_adjustment(inputs: Inputs, book: pd.DataFrame, places: int) -> list[Entry]:
    """Book stock to counted stock, at standard, against the usage variance; only where purchases are recorded."""
    if not inputs.settings.purchase_triggers:
        return []
    entry = Entry(layout.COUNT_ADJUSTMENT, "Book stock adjusted to the physical count, at standard")
    source = _source(inputs, "Stock", "Counted qty")
    counted = book[book["counted"].notna() & (book["role"] != "")]
    for role, amounts in counted.groupby("role", sort=False)["difference_amount"]:
        entry.add(str(role), to_minor(float(amounts.sum()), places), Adjustment(1, str(role)), source)
    entry.balance(layout.USAGE_VARIANCE, source)
    return [entry]


def close(inputs: Inputs, entries: list[Entry]) -> list[Entry]:
    """Conversion costs and variances to cost of goods sold; carried forward, they stay as they are."""
    if inputs.settings.variance_disposition == layout.CARRY_FORWARD:
        return []
    balances: dict[str, int] = {}
    for entry in entries:
        for line in entry.lines:
            balances[line.role] = balances.get(line.role, 0) + line.minor
    closing = Entry(layout.CLOSE, "Conversion costs and variances closed to cost of goods sold")
    for role in (layout.CCA, layout.CCC, layout.PRICE_VARIANCE, layout.USAGE_VARIANCE):
        closing.add(role, -balances.get(role, 0), Closing(role), "Journal, lines above")
    closing.balance(layout.COGS, "Journal, lines above")
    return [closing]


def ledger(entries: list[Entry], opening: dict[str, int]) -> pd.DataFrame:
    """Balances by role, in the order of `layout.ROLES`: role, opening, debits, credits, closing, in minor units."""
    debits: dict[str, int] = {}
    credits: dict[str, int] = {}
    for entry in entries:
        for line in entry.lines:
            side = debits if line.minor > 0 else credits
            side[line.role] = side.get(line.role, 0) + abs(line.minor)
    rows = []
    for role in layout.ROLES:
        if role in opening or role in debits or role in credits:
            before, plus, minus = opening.get(role, 0), debits.get(role, 0), credits.get(role, 0)
            rows.append((role, before, plus, minus, before + plus - minus))
    # Python integers, not 64 bits: nothing overflows, whatever is typed into a quantity
    return pd.DataFrame(rows, columns=["role", "opening", "debits", "credits", "closing"], dtype=object)
