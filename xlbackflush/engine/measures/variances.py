"""Variances: where actual cost left the standard. Amounts are signed here, unfavorable positive, in minor units.

    Material price                  actual price of what was bought - its standard price, per item; other cost of receipts
    Material usage                  book stock - counted stock, at standard, per bought item
    Inventory count                 the same, per made item
    Labor rate                      actual labor - hours paid x standard rate
    Labor efficiency                hours paid x standard rate - labor allowed
    Variable overhead spending      actual - hours paid x standard rate
    Variable overhead efficiency    hours paid x standard rate - overhead allowed
    Fixed overhead spending         actual - budget
    Fixed overhead volume           budget - overhead allowed
    Other conversion                actual - allowed, of what has no rows of its own on Actuals
    Conversion of unsold units      allowed - allocated: of units made, where the sale is what allocates conversion
    Scrap                           scrap reported beyond the allowance of the bill of materials, less salvage
    Conversion allocation           conversion cost incurred - allocated: the sum of the rows between

(Horngren, Cost Accounting, chapters on flexible budgets and overhead variances.) The allowed hours and costs are those of
`conversion_allowed`; where they hold more than one rate, the standard rate is their average. The rate is never rounded:
only amounts are. Where nothing that was made allows hours, it is the one rate on sheet Standard Cost, if there is just one.
Where hours paid are missing, rate and efficiency (spending and efficiency) are one row: see `hours_paid`.
The row with `takes_rounding` takes what rounding leaves, so that the rows add up to the ledger to the minor unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.explosion.demand import Demand
from xlbackflush.engine.explosion.explosion import Explosion
from xlbackflush.engine.measures.hours_paid import HoursPaid, hours_paid
from xlbackflush.engine.posting.flush import balances
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.relief import Flow, amount_of
from xlbackflush.engine.stock.stock_book import StockBook, count_posts, usage_posts
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, sums, total
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.journal import Entry
from xlbackflush.model.money import from_minor, shown, to_minor, to_minor_array

NOT_POSTED = "Not posted"
ALL_CONVERSION = "All conversion"
OTHER_COST = "Other cost of receipts"


class Variance(NamedTuple):
    """One row of the Variances sheet; standard, actual and amount in minor units, amount = actual - standard.

    item: position of the item in the stock book, or -1; takes_rounding: the row that takes what rounding leaves; words: the
    explanation, or what makes it: for thousands of items it is made when it is written.
    """

    name: str
    subject: str
    standard: int
    actual: int
    disposition: str
    words: str | Callable[[], str]
    part_of: str = ""
    item: int = -1
    takes_rounding: bool = False

    @property
    def amount(self) -> int:
        return self.actual - self.standard

    @property
    def explanation(self) -> str:
        return self.words if isinstance(self.words, str) else self.words()

    @property
    def side(self) -> str:
        return "U" if self.amount > 0 else "F" if self.amount < 0 else ""


@dataclass(frozen=True)
class ConversionAllowed(Records):
    """One row per item whose own conversion was flushed: units, hours of labor, money by element and in all, unrounded.

    Of bought items with material overhead, the units that went into products.
    """

    item: Ints
    units: Floats
    hours: Floats
    labor: Floats
    variable_overhead: Floats
    fixed_overhead: Floats
    other_conversion: Floats
    total: Floats


def conversion_allowed(explosion: Explosion, bill: Bill, demand: Demand) -> ConversionAllowed:
    """Units are those of every row of the explosion that is exploded, so phantoms within items and scrapped units count.

    Of bought items with material overhead they are those that are relieved as components.
    Where units on the shelf are followed, those of its rows: units that were completed count, sold or not.

    Empty where conversion is expensed: nothing is flushed then.
    """
    rows, items, count = explosion.rows, bill.items, len(bill.items)
    converted = (~rows.relieved & ~np.isnan(rows.started)) | (rows.relieved & (rows.rate != 0))
    converted = rows.of(converted & demand.of_work[rows.root])
    units = sums(converted.item, converted.required, count)
    seen = np.bincount(converted.item, minlength=count) > 0
    labor, variable, fixed, other = (units * cost for cost in items.own.T[1:])
    other += units * items.handling
    total = np.column_stack((labor, variable, fixed, other)).sum(axis=1)
    allowed = ConversionAllowed(np.arange(count), units, units * items.hours, labor, variable, fixed, other, total)
    has_conversion = (items.own_conversion != 0) | (items.hours != 0) | (items.handling != 0)
    return allowed.of(seen & has_conversion & (not bill.inputs.settings.conversion_expensed))


@dataclass(frozen=True)
class Conversion:
    """Actual and allowed conversion of the period: amounts by cost type in minor units, hours.

    alone: elements with actual rows of their own; a budget makes fixed overhead one.
    paid: what the labor rows say of hours.
    exact: allowed amounts in money, unrounded; only_rate: standard rate of an element in money per hour, where Standard Cost
    has just one; by_machine: overhead of something made goes by machine hours; rest: the element whose allowed amount takes
    what rounding leaves between the allowed amounts and the ledger; unsold: what they exceed it by, in units made and not sold.
    """

    actual: dict[str, int]
    alone: set[str]
    allowed: dict[str, int]
    exact: dict[str, float]
    paid: HoursPaid
    hours_allowed: float
    only_rate: dict[str, float]
    by_machine: bool
    budget: int | None
    rest: str
    unsold: int
    places: int

    @property
    def hours_paid(self) -> float:
        return self.paid.hours

    @property
    def merged(self) -> list[str]:
        """Elements that are compared in one sum with what was entered as Conversion."""
        return [e for e in schema.ELEMENTS[1:] if e not in self.alone]

    def flexed(self, element: str) -> float | None:
        """Hours of labor paid at the standard rate of an element, in money.

        None where hours are missing, where no rate is known for them, or where the element goes by machine hours, which
        nobody reports.
        """
        if not (self.hours_paid and self.paid.complete) or (self.by_machine and element != schema.LABOR):
            return None
        if self.hours_allowed:
            return self.hours_paid * self.exact[element] / self.hours_allowed
        return self.hours_paid * self.only_rate[element] if element in self.only_rate else None


def variances(
    bill: Bill, book: StockBook, allowed: ConversionAllowed, totals: Conversion, entries: list[Entry]
) -> list[Variance]:
    """The variances of the period, in the order above; those of nothing are left out. entries: those before the close."""
    words = _Words(bill, book)
    made = _made(words, allowed)
    rows = [*_materials(words, balances(entries)), *_conversion(bill.inputs, made, totals, entries)]
    return [row for row in rows if row.amount or (row.standard and not row.item >= 0)]


def conversion_totals(bill: Bill, allowed: ConversionAllowed, flows: list[Flow], entries: list[Entry]) -> Conversion:
    """What was incurred and what the standards allow, the allowed amounts adding up to conversion allocated and unsold."""
    inputs, places = bill.inputs, bill.inputs.places
    actuals, budget = inputs.actuals, inputs.settings.budgeted_fixed_overhead
    actual = {t: to_minor(total(actuals.amount[actuals.cost_type == t]), places) for t in schema.COST_TYPES}
    alone = set(actuals.cost_type.tolist()) & {schema.LABOR, schema.VARIABLE_OVERHEAD, schema.FIXED_OVERHEAD}
    exact = {element: total(getattr(allowed, schema.identifier(element))) for element in schema.ELEMENTS[1:]}
    rest = max(exact, key=lambda element: abs(exact[element]))
    amounts = {element: to_minor(amount, places) for element, amount in exact.items()}
    unsold = to_minor(total(allowed.total) - amount_of(flow for flow in flows if not flow.relieved_from), places)
    amounts[rest] = unsold - balances(entries)[schema.CCA] - sum(a for e, a in amounts.items() if e != rest)
    return Conversion(
        actual,
        alone if budget is None else alone | {schema.FIXED_OVERHEAD},
        amounts,
        exact,
        hours_paid(actuals),
        total(allowed.hours),
        _only_rates(inputs),
        bool(bill.items.by_machine[allowed.item].any()),
        None if budget is None else to_minor(budget, places),
        rest,
        unsold,
        places,
    )


def _only_rates(inputs: Inputs) -> dict[str, float]:
    """Element -> its rate on sheet Standard Cost, where all rows that have one have the same."""
    cost = inputs.standard_cost
    columns = {schema.LABOR: cost.labor_rate, schema.VARIABLE_OVERHEAD: cost.variable_overhead_rate}
    rates = {element: set(rate[~np.isnan(rate)].tolist()) - {0.0} for element, rate in columns.items()}
    return {element: each.pop() for element, each in rates.items() if len(each) == 1}


def _materials(words: _Words, balance: Counter[str]) -> Iterator[Variance]:
    """Per item bought: under trigger points without purchase the invoices never reach the books, so it is shown, not posted.

    Per item counted: standard is what the bill of materials allowed, actual what the count says was used.
    """
    book, settings = words.book, words.bill.inputs.settings
    every = np.ones(len(book), dtype=bool)
    price = balance[schema.PRICE_VARIANCE] if settings.purchase_triggers else None
    price_exact, other = (
        book.invoiced - book.other_cost - book.received_amount,
        to_minor(total(book.other_cost), words.places),
    )
    price = None if price is None else price - other
    yield from _by_item(words, schema.MATERIAL_PRICE, every, (book.received_amount, price_exact), price)
    disposition = NOT_POSTED if price is None else settings.variance_disposition
    yield Variance(
        schema.MATERIAL_PRICE, OTHER_COST, 0, other, disposition, "Freight, duty and other cost of receipts."
    )
    for name, items, posts, role in (
        (schema.MATERIAL_USAGE, ~book.made, usage_posts(settings), schema.USAGE_VARIANCE),
        (schema.COUNT_VARIANCE, book.made, count_posts(settings), schema.COUNT_DIFFERENCE),
    ):
        lost = -(book.posted if posts else book.difference_amount)
        yield from _by_item(words, name, items, (book.relieved * book.cost, lost), balance[role] if posts else None)


def _by_item(
    words: _Words, name: str, chosen: Bools, money: tuple[Floats, Floats], total: int | None
) -> Iterator[Variance]:
    """The rows of the chosen items that are not zero, the largest first; it takes what rounding leaves to a posted total.

    money: standard and variance of every item of the stock book, unrounded; total: as posted, None where it is not.
    """
    places, explain = words.bill.inputs.places, words.explanations[name]
    standards, exact = (np.where(chosen, each, 0.0) for each in money)
    disposition = NOT_POSTED if total is None else words.bill.inputs.settings.variance_disposition
    standard, amounts = to_minor_array(standards, places).tolist(), to_minor_array(exact, places).tolist()
    largest = int(np.argmax(np.abs(exact))) if amounts else -1
    if total is not None and amounts:
        amounts[largest] += total - sum(amounts)
    items = words.book.item.tolist()
    for k in sorted((k for k, amount in enumerate(amounts) if amount), key=lambda k: -abs(amounts[k])):
        yield Variance(
            name, words.codes[items[k]], standard[k], standard[k] + amounts[k], disposition, partial(explain, k), item=k,
            takes_rounding=total is not None and k == largest,
        )  # fmt: skip


def _conversion(inputs: Inputs, made: str, totals: Conversion, entries: list[Entry]) -> Iterator[Variance]:
    """The total under- or over-allocated, and its exact split; abnormal scrap beside it."""
    money, disposition = partial(shown, places=inputs.places), inputs.settings.variance_disposition
    balance, of_scrap = balances(entries), balances([e for e in entries if e.event == schema.SCRAP_EVENT])
    incurred, allocated = balance[schema.CCC], -balance[schema.CCA]
    if incurred or allocated:
        word = "under" if incurred > allocated else "over"
        text = (
            f"{money(incurred)} incurred, {money(allocated)} allocated: "
            f"{money(abs(incurred - allocated))} {word}-allocated."
        )
        yield Variance(schema.CONVERSION_ALLOCATION, ALL_CONVERSION, allocated, incurred, disposition, text)
    part = partial(Variance, disposition=disposition, part_of=schema.CONVERSION_ALLOCATION)
    if not inputs.settings.conversion_expensed:
        for name, subject, standard, actual, text in _split(totals, made):
            yield part(name, subject, standard, actual, words=text)
    text = "Of units made: allocated when they are sold. Paid in this period, it is no inefficiency."
    if totals.unsold:
        yield part(schema.UNSOLD_CONVERSION, "", allocated, allocated + totals.unsold, words=text)
    text = "Normal scrap beyond the allowance of the bill of materials, less salvage."
    yield part(schema.SCRAP_VARIANCE, "Normal scrap", 0, of_scrap[schema.CCC], words=text)
    lost = "A loss of the period (ASC 330-10-30-7, IAS 2.16), not a cost of what was made."
    yield Variance(
        schema.SCRAP_VARIANCE, "Abnormal scrap", 0, balance[schema.ABNORMAL_SCRAP], schema.ABNORMAL_SCRAP, lost
    )


#: element that is paid by the hour -> names of its variances
_BY_HOURS = {
    schema.LABOR: (schema.LABOR_RATE, schema.LABOR_EFFICIENCY),
    schema.VARIABLE_OVERHEAD: (schema.VARIABLE_SPENDING, schema.VARIABLE_EFFICIENCY),
}
_Part = tuple[str, str, int, int, str]  # variance, subject, standard, actual, explanation


def _split(c: Conversion, made: str) -> Iterator[_Part]:
    """The parts of every element; an element without actual rows goes with the rest."""
    for element in _BY_HOURS:
        if element in c.alone:
            yield from _by_hours(c, element, made)
    if schema.FIXED_OVERHEAD in c.alone:
        yield from _by_budget(c)
    standard, actual = sum(c.allowed[e] for e in c.merged), c.actual[schema.CONVERSION]
    names_of_merged = [e for e in c.merged if e != schema.ELEMENTS[-1] and c.allowed[e]]
    text = f"{shown(standard, c.places)} allowed; {shown(actual, c.places)} incurred."
    if names_of_merged:
        text += f" No actual cost of its own was entered for: {', '.join(names_of_merged).lower()}."
    yield schema.OTHER_CONVERSION, "", standard, actual, text


def _by_hours(c: Conversion, element: str, made: str) -> Iterator[_Part]:
    spending, efficiency = _BY_HOURS[element]
    actual, allowed, flexed = c.actual[element], c.allowed[element], c.flexed(element)
    if flexed is None:
        text = f"{shown(allowed, c.places)} allowed, {shown(actual, c.places)} incurred."
        yield spending, f"{spending} and efficiency", allowed, actual, f"{text} {_unsplit(c, element)}"
        return
    middle, hours, rate = to_minor(flexed, c.places), _number(c.hours_paid), _rate(flexed / c.hours_paid)
    paid = _rate(from_minor(actual, c.places) / c.hours_paid)
    yield spending, "", middle, actual, f"{hours} h were paid, at {paid} an hour; the standard is {rate}."
    text = f"{made} allowed {_number(c.hours_allowed)} h; {hours} h were paid, at {rate} standard."
    yield efficiency, "", allowed, middle, text


def _unsplit(c: Conversion, element: str) -> str:
    """Why there is one row for both variances."""
    if not c.hours_paid:
        return "No hours were entered, so this is not split further."
    if c.by_machine and element != schema.LABOR:
        return "Overhead goes by machine hours, and only hours of labor are reported, so this is not split further."
    if not c.paid.complete:
        return "Some labor rows of Actuals have no hours or no pay: rate and efficiency cannot be told apart."
    return "The standards allow no hours, so this is not split further."


def _by_budget(c: Conversion) -> Iterator[_Part]:
    money = partial(shown, places=c.places)
    actual, allowed = c.actual[schema.FIXED_OVERHEAD], c.allowed[schema.FIXED_OVERHEAD]
    if c.budget is None:
        text = f"{money(allowed)} allowed, {money(actual)} incurred. No budget on Setup: not split further."
        yield schema.FIXED_SPENDING, "", allowed, actual, text
        return
    text = f"{money(actual)} incurred against a budget of {money(c.budget)}."
    yield schema.FIXED_SPENDING, "", c.budget, actual, text
    word = "more than" if allowed > c.budget else "less than"
    text = f"What was made absorbed {money(allowed)}, {word} the budget of {money(c.budget)}."
    yield schema.FIXED_VOLUME, "", allowed, c.budget, text


class _Words:
    """Items in words; k is a row of the stock book."""

    def __init__(self, bill: Bill, book: StockBook) -> None:
        items, self.bill, self.book = bill.items, bill, book
        self.codes, self._descriptions, uoms = (c.tolist() for c in (items.code, items.description, items.uom))
        by_piece = {uom for uom in set(uoms) if uom.casefold() in schema.BY_THE_PIECE}
        self._uoms = ["units" if uom in by_piece else uom for uom in uoms]
        self._bought = np.zeros(len(items) + 1)  # the last one stands for item -1
        np.add.at(self._bought, bill.of("Purchases"), bill.inputs.purchases.quantity)
        self.places = bill.inputs.places
        self.explanations = {
            schema.MATERIAL_PRICE: self.price, schema.MATERIAL_USAGE: self.usage, schema.COUNT_VARIANCE: self.count
        }  # fmt: skip

    def units(self, item: int, quantity: float) -> str:
        """Quantity and unit of measure; what is counted by the piece is units."""
        return f"{_number(quantity)} {self._uoms[item]}"

    def _head(self, item: int, quantity: float) -> str:
        """Description, where there is one, and quantity."""
        description = self._descriptions[item]
        return f"{description}: {self.units(item, quantity)}" if description else self.units(item, quantity)

    def price(self, k: int) -> str:
        """What was bought, at what it cost and should have cost."""
        book, item = self.book, self.book.item[k]
        units = self._bought[item]
        text = f"{self._head(item, units)} received"
        if not units:
            return text
        paid, standard = _rate((book.invoiced[k] - book.other_cost[k]) / units), _rate(book.received_amount[k] / units)
        return f"{text} at {paid} on average; the standard is {standard}."

    def usage(self, k: int) -> str:
        """What was counted, and what that says of usage."""
        book, item, allowed = self.book, self.book.item[k], self.book.relieved[k]
        return (
            f"{self._head(item, allowed)} allowed, {self.units(item, allowed - book.difference[k])} gone: "
            f"{_number(book.counted[k])} counted{self._in_process(k)}, {_number(book.book[k])} in the books, "
            f"at {_rate(book.cost[k])}."
            f"{self._of_unbilled if book.difference[k] < 0 else ''}"
            f"{self._not_posted(usage_posts(self.bill.inputs.settings))}"
        )

    def count(self, k: int) -> str:
        """What the count found of a made item, beside what the books say."""
        book, item = self.book, self.book.item[k]
        return (
            f"{self._head(item, book.counted[k])} counted{self._in_process(k)}, {_number(book.book[k])} in the books, "
            f"at {_rate(book.cost[k])}."
            f"{self._not_posted(count_posts(self.bill.inputs.settings))}"
        )

    @cached_property
    def _of_unbilled(self) -> str:
        """Where items are made without a bill, their material is among what the count finds missing."""
        items, book = self.bill.items, self.book
        unbilled = np.isin(items.type, (schema.SUBASSEMBLY, schema.FINISHED)) & ~self.bill.on_bom
        codes = [self.codes[i] for i in book.item[unbilled[book.item] & (book.received > 0)].tolist()]
        more = f" and {len(codes) - 3:,} more" if len(codes) > 3 else ""
        return f" Part of it may be material of {', '.join(codes[:3])}{more}, which has no bill." if codes else ""

    def _in_process(self, k: int) -> str:
        """What the count of stock leaves out."""
        units = self.book.in_process[k]
        return f", {_number(units)} in units in process" if units else ""

    def _not_posted(self, posts: bool) -> str:
        """Why the difference is only shown."""
        settings = self.bill.inputs.settings
        if posts or settings.by_count:
            return ""
        return f" Shown, not posted: with the trigger points {settings.trigger_points} no account holds this item."


def _made(words: _Words, allowed: ConversionAllowed) -> str:
    """What the hours were for: "210,000 gal at 0.1 h", or the number of items."""
    timed = allowed.of(allowed.hours != 0)
    if not len(timed):
        return "Nothing that was made"
    if len(timed) == 1:
        units, hours = float(timed.units[0]), float(timed.hours[0])
        return f"{words.units(int(timed.item[0]), units)} at {_number(hours / units if units else 0.0)} h"
    return f"The units of {len(timed)} made items"


def _number(value: float) -> str:
    text = f"{value:,.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _rate(value: float) -> str:
    text = f"{value:,.4f}"
    return text[:-2] if text.endswith("00") else text
