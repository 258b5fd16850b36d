"""The period end a second time, exact: the oracle for variances, disposition, physical counts and work in process.

It stands on `independent` (standards, explosions, the lines of the period) and shares no code with the engine. Money is
a `Fraction` until a journal line or a row of variances is rounded, once; from there on it is `Decimal`.

Worked case (Carter, Cost Accounting, RIP with conversion expensed). Opening 31,000, of it 1,400 conversion; purchases
367,000; counted 33,000, of it 1,800 conversion:

    Completion  29,600 + 367,000 - 31,200 = 365,400 of material out of the account
    Close       1,800 - 1,400 = 400 of conversion into it, out of cost of goods sold; it ends at 33,000

Steps of `compute`:

    1. the period   purchases, conversion, counts, scrap           (independent.post_*)
    2. the count    adjusts the books, or relieves by difference   (Count, relieve_by_count)
    3. variances    what stands in the accounts before the close   (Variances)
    4. the close    shares of every account, conversion put back   (contents, prorate, put_back)
    5. in process   recorded at period end, reversed next day      (post_wip)
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import independent
from independent import (
    ALLOCATED,
    CONTROL,
    COUNT_DIFFERENCE,
    DEFAULTS,
    FINISHED,
    INVENTORY,
    MATERIAL,
    MINOR_UNITS,
    MIP,
    OTHER,
    PAYABLE,
    PRICE_VARIANCE,
    RATES,
    SCRAP_CHARGES,
    SOLD,
    STOCK_ROLES,
    UNIT_COST,
    USAGE_VARIANCE,
    VARIOUS,
    Books,
    Explosion,
    Line,
    Quantities,
    Row,
    Standards,
    Tables,
    day,
    is_blank,
    number,
    text,
)
from per_unit import costed_per_unit

WIP = "Work in process"
ABNORMAL_LOSS = SCRAP_CHARGES["Abnormal"]
CLEARED = (ALLOCATED, CONTROL, PRICE_VARIANCE, USAGE_VARIANCE, COUNT_DIFFERENCE)
MADE = ("Subassembly", "Finished")
NOT_POSTED = "Not posted"
ALLOCATION = "Conversion allocation"
UNSOLD = "Conversion of unsold units"

POLICIES = DEFAULTS | {
    "Relief basis": "Bill of materials",
    "Conversion costs": "Allocate at standard",
    "Period-end WIP": "Record and reverse",
    "Stock count includes units in process": "Yes",
}


@dataclass
class MaterialOnly(Standards):
    """Standards where conversion is expensed: nothing of it is flushed, and stock carries material alone."""

    def unit_cost(self, item: str, on: dt.date) -> Fraction:
        return self.cost(item, on)[MATERIAL]

    def explode(self, item: str, on: dt.date) -> Explosion:
        return Explosion(super().explode(item, on).components, Fraction(0))


@dataclass(frozen=True)
class Policy:
    """The settings of a run."""

    chosen: dict[str, str]
    start: dt.date
    end: dt.date
    places: int
    budget: Fraction | None

    @property
    def by_count(self) -> bool:
        return self.chosen["Relief basis"] == "Physical count"

    @property
    def expensed(self) -> bool:
        return self.chosen["Conversion costs"] == "Expense, then adjust to count"

    @property
    def points(self) -> str:
        return self.chosen["Trigger points"]

    @property
    def disposition(self) -> str:
        return self.chosen["Variance disposition"]

    def rounded(self, amount: Fraction) -> Decimal:
        return independent.rounded(amount, self.places)


def policy_of(settings: Mapping[str, object]) -> Policy:
    chosen = POLICIES | {name: text(value) for name, value in settings.items() if not is_blank(value)}
    budget = settings.get("Budgeted fixed overhead")
    return Policy(
        chosen,
        day(settings["Period start"]),
        day(settings["Period end"]),
        MINOR_UNITS.get(chosen["Currency"], 2),
        None if is_blank(budget) else Fraction(str(budget)),
    )


class Variance(NamedTuple):
    """One row of the sheet: actual - standard is unfavorable where positive."""

    standard: Decimal
    actual: Decimal
    disposition: str
    part_of: str = ""

    @property
    def amount(self) -> Decimal:
        return self.actual - self.standard


class Content(NamedTuple):
    """What an account holds at standard."""

    material: Fraction  # that the price variance belongs to
    made: Fraction  # the part of it in made units, that the usage variance belongs to
    conversion: Fraction


class Count(NamedTuple):
    """One account as counted, conversion in `opening` and `counted` only where it is not expensed."""

    role: str
    opening: Fraction
    counted: Fraction
    opening_conversion: Fraction
    counted_conversion: Fraction


@dataclass
class Close:
    """The whole period: debit minus credit by event and role, balances, variances by (name, subject)."""

    journal: dict[str, dict[str, Decimal]]
    opening: dict[str, Decimal]
    ledger: dict[str, Decimal]
    variances: dict[tuple[str, str], Variance]
    contents: dict[str, Content]
    shares: dict[str, tuple[Fraction, ...]]  # role -> price, usage, conversion, normal scrap
    relief: Quantities
    book: Quantities
    rollup: dict[str, dict[str, Fraction]]


@dataclass
class Period:
    """Everything that the steps share."""

    policy: Policy
    given: Tables
    books: Books
    shelf: Books  # what moved on the shelf; the books themselves, where completion is a trigger
    book: Quantities = field(default_factory=dict)
    parts: Quantities = field(default_factory=dict)  # in units in process, where the count of stock leaves them out
    counts: list[Count] = field(default_factory=list)

    @property
    def standards(self) -> Standards:
        return self.books.standards

    def kind(self, item: str) -> str:
        return self.standards.items[item].type

    def received(self, item: str, row: Row) -> Fraction:
        """A purchase at standard: of its day, or of period end where no receipt is recorded."""
        on = day(row["Date"]) if self.standards.purchase_is_trigger else self.policy.end
        return number(row, "Quantity") * self.standards.unit_cost(item, on)

    def conversion(self, item: str, on: dt.date) -> Fraction:
        """All conversion in a unit, its own and that of its components."""
        cost = self.standards.cost(item, on)
        return cost[UNIT_COST] - cost[MATERIAL]


# ---------------------------------------------------------------------------------------------- the period


def post_conversion(period: Period) -> None:
    """Incurred, one line per cost type."""
    debit = SOLD if period.policy.expensed else CONTROL
    for row in period.given["Actuals"]:
        period.books.lines[Line("Conversion", debit, VARIOUS, str(row["Cost type"]))] += number(row, "Amount")


def without_material(lines: Mapping[Line, Fraction]) -> dict[Line, Fraction]:
    """Completions and sales keep what they flush of conversion alone."""
    return {line: amount for line, amount in lines.items() if line.credit == ALLOCATED}


# ----------------------------------------------------------------------------------------------- the count


def counted_roles(policy: Policy) -> tuple[str, ...]:
    """Accounts that a physical count can stand for, materials first."""
    if policy.points == "Purchase and sale":
        return (INVENTORY,)
    kept = set(STOCK_ROLES[policy.points].values()) if not policy.by_count else {MIP, FINISHED}  # CS: subassemblies
    return tuple(role for role in (MIP, FINISHED) if role in kept)


def read_counts(period: Period) -> Iterator[Count]:
    """InventoryCount in money, or else Stock at standard."""
    policy = period.policy
    if not (policy.by_count or policy.expensed):
        return
    for role in counted_roles(policy):
        names = {role} if role == FINISHED else {MIP, INVENTORY}
        in_money = [row for row in period.given["InventoryCount"] if row["Role"] in names]
        kinds = ("Finished",) if role == FINISHED else ("Buy", "Subassembly")
        if role == INVENTORY:
            kinds = ("Buy", *MADE)
        if role == MIP and policy.points == "Completion and sale" and not policy.by_count:
            kinds = ("Subassembly",)  # materials are not on the books
        on_stock = [row for row in period.given["Stock"] if period.kind(str(row["Item"])) in kinds]
        if in_money:
            yield _count_in_money(role, in_money[0], policy.expensed)
        elif any(not is_blank(row.get("Counted qty")) for row in on_stock):
            yield _count_on_stock(period, role, kinds)


def _count_in_money(role: str, row: Row, expensed: bool) -> Count:
    before, after = number(row, "Opening conversion"), number(row, "Counted conversion")
    apart = (before, after) if expensed else (0, 0)
    opening, counted = number(row, "Opening amount") - apart[0], number(row, "Counted amount") - apart[1]
    return Count(role, opening, counted, before, after)


def _count_on_stock(period: Period, role: str, kinds: tuple[str, ...]) -> Count:
    """Items that were not counted keep their book quantity; where the count relieves, every item is counted."""
    standards, start, end = period.standards, period.policy.start, period.policy.end
    rows = {str(row["Item"]): row for row in period.given["Stock"]}
    opening = counted = before = after = Fraction(0)
    for item, book in period.book.items():
        if period.kind(item) in kinds:
            row = rows.get(item, {})
            found = not is_blank(row.get("Counted qty"))
            quantity = number(row, "Counted qty") + (period.parts.get(item, Fraction(0)) if found else 0)
            opening += number(row, "Opening qty") * standards.value(item, start)
            counted += quantity * standards.value(item, end)
            if standards.completion_is_trigger or period.policy.expensed:  # else stock stands at its material
                before += number(row, "Opening qty") * period.conversion(item, start)
                after += (quantity if found or period.policy.by_count else book) * period.conversion(item, end)
    return Count(role, opening, counted, before, after)


def relieve_by_count(period: Period) -> dict[str, Fraction]:
    """Posts what the count says is gone; role -> amount."""
    policy, lines = period.policy, period.books.lines
    scrapped: dict[str, Fraction] = defaultdict(Fraction)
    flushed_into: dict[str, Fraction] = defaultdict(Fraction)
    for line, amount in lines.items():
        if line.event == "Scrap":
            scrapped[line.credit] += amount
        elif line.event == "Completion":
            flushed_into[line.debit] += amount
    if policy.points == "Sale":
        invoices = (
            number(row, "Quantity") * number(row, "Actual price") + number(row, "Other cost")
            for row in period.given["Purchases"]
        )
        everything = sum(invoices, Fraction(0))
        lines[Line("Sale", SOLD, PAYABLE, "M")] += everything - scrapped[PAYABLE]
        return {MIP: everything - scrapped[PAYABLE]}
    relieved: dict[str, Fraction] = {}
    above = Fraction(0)
    for count in period.counts:
        kinds = ("Finished",) if count.role == FINISHED else ("Buy", "Subassembly")
        credit = count.role if count.role == FINISHED else period.standards.stock_roles["Buy"]
        received = flushed_into[credit] + above
        for row in period.given["Purchases"]:
            if period.kind(str(row["Item"])) in kinds:
                received += period.received(str(row["Item"]), row)
        gone = count.opening + received - scrapped[credit] - count.counted
        if policy.points == "Purchase and sale":
            lines[Line("Sale", SOLD, credit, "M")] += gone  # completion is no trigger
        elif count.role == FINISHED:
            lines[Line("Sale", SOLD, FINISHED, "M")] += gone
        else:
            lines[Line("Completion", FINISHED, credit, "M")] += gone
            above = gone
        relieved[count.role] = gone
    return relieved


def put_back(period: Period) -> dict[Line, Decimal]:
    """Conversion in stock out of cost of goods sold; where everything was charged there, the whole of it."""
    policy, found = period.policy, {}
    for count in period.counts:
        change = count.counted_conversion - count.opening_conversion if policy.expensed else Fraction(0)
        if policy.by_count and policy.points == "Sale":
            change += count.counted - count.opening
        if on_the_books(policy, count.role):
            found[Line("Close", count.role, SOLD, "count")] = policy.rounded(change)
    return found


def on_the_books(policy: Policy, role: str) -> bool:
    """Under Completion and sale the count relieves materials of which no account was kept."""
    return not (policy.points == "Completion and sale" and policy.by_count) or role == FINISHED


def opening_balances(period: Period) -> dict[str, Decimal]:
    """Stock at standard of period start; a counted account as it was counted then, conversion included."""
    policy, balances = period.policy, defaultdict(Fraction)
    balances |= independent.opening_balances(period.books, period.given["Stock"], policy.start)
    for count in period.counts:
        if policy.by_count:
            balances[count.role] = count.opening + count.opening_conversion * policy.expensed
        else:
            balances[count.role] += count.opening_conversion
        if not on_the_books(policy, count.role):
            balances[count.role] = Fraction(0)
    rounded: dict[str, Decimal] = defaultdict(Decimal)
    for account, amount in balances.items():
        rounded[independent.role_of(account)] += policy.rounded(amount)
    return dict(rounded)


# ----------------------------------------------------------------------------------------------- variances


class Allowed(NamedTuple):
    """What the standards allow for all that was flushed."""

    amounts: dict[str, Fraction]  # by element
    hours: Fraction  # of labor
    by_machine: bool  # overhead of something goes by machine hours


def allowed(period: Period) -> Allowed:
    """Own conversion of every unit made, of phantoms on the way down, and of finished units that were scrapped.

    Units that were completed count, sold or not, where completions are counted.
    """
    units: Quantities = defaultdict(Fraction)
    sold: Quantities = defaultdict(Fraction)
    handled: Quantities = defaultdict(Fraction)
    standards = period.shelf.standards

    def make(item: str, quantity: Fraction, on: dt.date) -> None:
        units[item] += quantity
        for component, needed in standards.needs(item, on):
            handled[component] += quantity * needed
            use(component, quantity * needed, on)

    def use(item: str, quantity: Fraction, on: dt.date) -> None:
        if not standards.is_stocked(item):
            make(item, quantity, on)

    for row in period.given["Counts"]:
        if row["Event"] == "Sold":
            sold[str(row["Item"])] += number(row, "Quantity")
            use(str(row["Item"]), number(row, "Quantity"), day(row["Date"]))
        else:
            make(str(row["Item"]), number(row, "Quantity"), day(row["Date"]))
    if not standards.completion_is_trigger:
        for item, growth in independent.grown(standards, period.given["Stock"], sold).items():
            make(item, growth, period.policy.end)
    for row in period.given["Scrap"]:
        step = use if row["Stage"] == "Component" else make
        step(str(row["Item"]), number(row, "Quantity"), day(row["Date"]))

    hours_per_unit = {str(row["Item"]): number(row, "Labor hours") for row in period.given["StandardCost"]}
    made = {item: quantity for item, quantity in units.items() if period.kind(item) != "Buy"}
    amounts = {
        element: sum((quantity * standards.items[item].own[element] for item, quantity in made.items()), Fraction(0))
        for element in (*RATES, OTHER)
    }
    amounts[OTHER] += sum((q * standards.items[item].handling for item, q in handled.items()), Fraction(0))
    timed = {str(row["Item"]) for row in period.given["StandardCost"] if not is_blank(row.get("Machine hours"))}
    by_machine = any(
        item in timed and (hours_per_unit[item] or any(standards.items[item].own.values())) for item in made
    )
    return Allowed(amounts, sum((q * hours_per_unit[item] for item, q in made.items()), Fraction(0)), by_machine)


def told_apart(labor: list[Row]) -> bool:
    """Do the rows of labor say enough to tell rate from efficiency?

    Not where more than 1 % of the pay comes without hours, or of the hours without pay; unless hours and pay stand on different
    rows throughout.
    """
    pairs = [(abs(number(row, "Hours")), abs(number(row, "Amount"))) for row in labor]
    if any(h for h, _ in pairs) and any(a for _, a in pairs) and not any(h and a for h, a in pairs):
        return True
    silent = sum((a for h, a in pairs if not h), Fraction(0))
    unpaid = sum((h for h, a in pairs if not a), Fraction(0))
    return 100 * silent <= sum((a for _, a in pairs), Fraction(0)) and 100 * unpaid <= sum(
        (h for h, _ in pairs), Fraction(0)
    )


@dataclass
class Variances:
    """Rows by (name, subject), from the balances before the close."""

    period: Period
    balances: dict[str, Decimal]
    scrap: dict[str, Decimal]  # role -> net debit of scrap reports
    rows: dict[tuple[str, str], Variance] = field(default_factory=dict)

    def add(self, name: str, subject: str, standard: Decimal, actual: Decimal, how: str, part_of: str = "") -> None:
        self.rows[name, subject] = Variance(standard, actual, how, part_of)

    def materials(self) -> None:
        period, policy = self.period, self.period.policy
        at_standard: Quantities = defaultdict(Fraction)
        at_actual: Quantities = defaultdict(Fraction)
        for row in period.given["Purchases"]:
            item = str(row["Item"])
            at_standard[item] += period.received(item, row)
            at_actual[item] += number(row, "Quantity") * number(row, "Actual price")
        bought = {item: at_actual[item] - at_standard[item] for item in at_actual}
        posts = period.standards.purchase_is_trigger
        other = policy.rounded(sum((number(row, "Other cost") for row in period.given["Purchases"]), Fraction(0)))
        total = self.balances[PRICE_VARIANCE] - other if posts else None
        self._by_item("Material price", bought, at_standard, total)
        how = policy.disposition if posts else NOT_POSTED
        self.add("Material price", "Other cost of receipts", Decimal(0), other, how)

        missing: dict[bool, Quantities] = {True: {}, False: {}}  # of made items, and of bought ones
        relieved: Quantities = {}
        for row in period.given["Stock"]:
            item = str(row["Item"])
            if item in period.book and not is_blank(row.get("Counted qty")):
                cost = period.standards.value(item, policy.end)
                made = period.kind(item) in MADE
                expected = period.book[item] - period.parts.get(item, Fraction(0))
                missing[made][item] = (expected - number(row, "Counted qty")) * cost
                gone = (period.shelf.moved[movement].get(item, 0) for movement in ("relieved", "sold"))
                relieved[item] = sum(gone, Fraction(0)) * cost
        posts = posts and not policy.by_count
        self._by_item("Material usage", missing[False], relieved, self.balances[USAGE_VARIANCE] if posts else None)
        posts = policy.points != "Sale" and not policy.by_count
        self._by_item("Inventory count", missing[True], relieved, self.balances[COUNT_DIFFERENCE] if posts else None)

    def _by_item(self, name: str, exact: Quantities, standard: Quantities, total: Decimal | None) -> None:
        """The largest takes what rounding leaves to the posted total."""
        policy = self.period.policy
        amounts = {item: policy.rounded(amount) for item, amount in exact.items()}
        if total is not None and amounts:
            largest = max(exact, key=lambda item: abs(exact[item]))
            amounts[largest] += total - sum(amounts.values())
        how = NOT_POSTED if total is None else policy.disposition
        for item, amount in amounts.items():
            base = policy.rounded(standard[item])
            self.add(name, item, base, base + amount, how)

    def conversion(self) -> None:
        """The total and its split; the split is exact because each row ends where the next one starts."""
        policy = self.period.policy
        incurred, allocated = self.balances[CONTROL], -self.balances[ALLOCATED]
        self.add(ALLOCATION, "All conversion", allocated, incurred, policy.disposition)
        if not policy.expensed:
            self._split(allocated)
        normal, lost = self.scrap.get(CONTROL, Decimal(0)), self.scrap.get(ABNORMAL_LOSS, Decimal(0))
        self.add("Scrap", "Normal scrap", Decimal(0), normal, policy.disposition, ALLOCATION)
        self.add("Scrap", "Abnormal scrap", Decimal(0), lost, ABNORMAL_LOSS)

    def _split(self, allocated: Decimal) -> None:
        policy, rows = self.period.policy, self.period.given["Actuals"]
        total = allowed(self.period)
        standard = {element: policy.rounded(amount) for element, amount in total.amounts.items()}
        largest = max(total.amounts, key=lambda element: abs(total.amounts[element]))
        flushed = (amount for line, amount in self.period.books.lines.items() if line.credit == ALLOCATED)
        unsold = sum(total.amounts.values(), Fraction(0)) - sum(flushed, Fraction(0))
        self.add(UNSOLD, "", allocated, allocated + policy.rounded(unsold), policy.disposition, ALLOCATION)
        standard[largest] += allocated + policy.rounded(unsold) - sum(standard.values())
        actual: dict[str, Decimal] = {}
        for cost_type in {str(row["Cost type"]) for row in rows}:
            amounts = (number(row, "Amount") for row in rows if row["Cost type"] == cost_type)
            actual[cost_type] = policy.rounded(sum(amounts, Fraction(0)))
        labor = [row for row in rows if row["Cost type"] == "Labor"]
        paid = sum((number(row, "Hours") for row in labor), Fraction(0))

        def split(*steps: tuple[str, Decimal]) -> None:
            """From actual cost down to standard cost: each variance lies between two of them."""
            for (name, above), (_, below) in pairwise(steps):
                self.add(name, "", below, above, policy.disposition, ALLOCATION)

        for element, names in (
            ("Labor", ("Labor rate", "Labor efficiency")),
            ("Variable overhead", ("Variable overhead spending", "Variable overhead efficiency")),
        ):
            if element not in actual:
                continue
            steps = [(names[0], actual[element]), (names[1], standard[element]), ("", standard[element])]
            rates = {number(row, f"{element} rate") for row in self.period.given["StandardCost"]} - {0}
            by_labor = element == "Labor" or not total.by_machine
            if paid and told_apart(labor) and by_labor and (total.hours or len(rates) == 1):
                rate = total.amounts[element] / total.hours if total.hours else rates.pop()
                flexed = paid * rate
                steps[1] = (names[1], policy.rounded(flexed))
                split(*steps)
            else:
                self.add(
                    names[0], f"{names[0]} and efficiency", standard[element], actual[element], policy.disposition,
                    ALLOCATION,
                )  # fmt: skip
        apart = {element for element in RATES if element in actual}
        if policy.budget is not None:
            apart.add("Fixed overhead")
        if "Fixed overhead" in apart:
            fixed = actual.get("Fixed overhead", Decimal(0)), standard["Fixed overhead"]
            steps = [("Fixed overhead spending", fixed[0]), ("", fixed[1])]
            if policy.budget is not None:
                steps.insert(1, ("Fixed overhead volume", policy.rounded(policy.budget)))
            split(*steps)
        rest = sum((standard[e] for e in (*RATES, OTHER) if e not in apart), Decimal(0))
        split(("Other conversion", actual.get("Conversion", Decimal(0))), ("", rest))


# ----------------------------------------------------------------------------------------------- the close


def contents(period: Period, relieved: dict[str, Fraction]) -> dict[str, Content]:
    """Ending stock, cost of goods sold and the scrap loss, at the standard cost of period end or of the day sold."""
    if period.policy.by_count:
        return _contents_by_count(period, relieved)
    sums: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
    standards, end = period.standards, period.policy.end
    counted = {str(row["Item"]): row for row in period.given["Stock"] if not is_blank(row.get("Counted qty"))}
    for item, book in period.book.items():
        if standards.role(item) != PAYABLE:
            posted = item in counted
            quantity = number(counted[item], "Counted qty") + period.parts.get(item, 0) if posted else book
            material = quantity * standards.cost(item, end)[MATERIAL]
            carried = quantity * standards.value(item, end)
            made = material if period.kind(item) != "Buy" else Fraction(0)
            conversion = carried - material
            _add(sums[standards.role(item)], material, made, conversion)
    for row in period.given["Counts"]:
        if row["Event"] == "Sold":
            item, quantity, on = str(row["Item"]), number(row, "Quantity"), day(row["Date"])
            material = quantity * standards.cost(item, on)[MATERIAL]
            conversion = Fraction(0) if period.policy.expensed else quantity * period.conversion(item, on)
            _add(sums[SOLD], material, material, conversion)
    for role, material in _material_in_scrap(period).items():
        _add(sums[role], material, Fraction(0), Fraction(0))
    return {role: Content(*(max(part, Fraction(0)) for part in parts)) for role, parts in sums.items()}


def _material_in_scrap(period: Period) -> dict[str, Fraction]:
    """Material that left as scrap: abnormal into the loss, normal into conversion control."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    for row in period.given["Scrap"]:
        role = ABNORMAL_LOSS if row["Kind"] == "Abnormal" else CONTROL
        cost = period.standards.cost(str(row["Item"]), day(row["Date"]))
        found[role] += number(row, "Quantity") * cost[MATERIAL]
    return dict(found)


def _add(sums: list[Fraction], *parts: Fraction) -> None:
    sums[:] = [total + part for total, part in zip(sums, parts, strict=True)]


def _contents_by_count(period: Period, relieved: dict[str, Fraction]) -> dict[str, Content]:
    """What was counted; the rest went on, to cost of goods sold or, while nobody counts them, finished goods.

    Conversion is followed for the plant as a whole: what opening stock held and what was flushed, less what was counted and
    what left as scrap, went on.
    """
    policy, standards, zero = period.policy, period.standards, Fraction(0)
    found: dict[str, Content] = {SOLD: Content(zero, zero, zero)}
    for count in period.counts:
        if standards.purchase_is_trigger or count.role == FINISHED:
            conversion = zero if policy.expensed else count.counted_conversion
            material = max(count.counted - conversion, zero)
            made = material if count.role == FINISHED else zero
            found[count.role] = Content(material, made, max(conversion, zero))
    flushed = {line: a for line, a in period.books.lines.items() if line.credit == ALLOCATED and line.event != "Scrap"}
    stays = standards.completion_is_trigger and FINISHED not in relieved
    last = FINISHED if stays else SOLD
    went_on = [*relieved.values()][-1] if relieved else zero
    went_on += sum((a for line, a in flushed.items() if line.debit in (SOLD, last)), zero)
    conversion = zero
    if not policy.expensed:
        conversion = sum((c.opening_conversion - c.counted_conversion for c in period.counts), zero)
        conversion += sum(flushed.values(), zero) - _conversion_in_scrap(period)
    material = max(went_on - conversion, zero)
    found[last] = Content(material, material, max(conversion, zero))
    scrap = _material_in_scrap(period)
    return found | {role: Content(max(material, zero), zero, zero) for role, material in scrap.items()}


def _conversion_in_scrap(period: Period) -> Fraction:
    """Conversion in made units that were taken out of stock as parts."""
    if not period.standards.completion_is_trigger:
        return Fraction(0)
    return sum(
        (
            number(row, "Quantity") * period.conversion(str(row["Item"]), day(row["Date"]))
            for row in period.given["Scrap"]
            if row["Stage"] == "Component" and period.kind(str(row["Item"])) != "Phantom"
        ),
        Fraction(0),
    )


def prorate(
    held: Mapping[str, Content], price: Fraction, usage: Fraction, conversion: Fraction, scrap_apart: bool = False
) -> dict[str, tuple[Fraction, Fraction, Fraction]]:
    """Shares of every account; under USAGE_VARIANCE what the usage variance takes of the price variance, under CONTROL what
    normal scrap takes of it, which joins the conversion variance, unless scrap is shared apart.
    """

    def share(amount: Fraction, weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
        base = sum(weights.values(), Fraction(0))
        return {role: amount * w / base for role, w in weights.items()} if base > 0 else {SOLD: amount}

    by_price = share(price, {role: c.material for role, c in held.items()} | {USAGE_VARIANCE: usage})
    whole = usage + by_price.get(USAGE_VARIANCE, Fraction(0))
    by_usage = share(whole, {role: c.made for role, c in held.items()})
    on_scrap = Fraction(0) if scrap_apart else by_price.get(CONTROL, Fraction(0))
    by_conversion = share(conversion + on_scrap, {role: c.conversion for role, c in held.items()})
    zero = Fraction(0)
    roles = {*by_price, *by_usage, *by_conversion}
    return {role: tuple(by.get(role, zero) for by in (by_price, by_usage, by_conversion)) for role in roles}


def content_of(standards: Standards, item: str, part: str, on: dt.date) -> Fraction:
    """Units of a part in one unit of an item, the item itself included."""
    own = Fraction(item == part)
    return own + sum((q * content_of(standards, c, part, on) for c, q in standards.needs(item, on)), Fraction(0))


class Scrapped(NamedTuple):
    """Normal scrap of one item: what it was charged with, net of salvage, and the material in it."""

    cost: Fraction
    material: Fraction


def normal_scrap(period: Period) -> dict[str, Scrapped]:
    """By the item scrapped. Empty where the physical count relieves: counts in money know no units."""
    found: dict[str, Scrapped] = {}
    if period.policy.by_count:
        return found
    for row in period.given["Scrap"]:
        if row["Kind"] == "Normal":
            item, on, quantity = str(row["Item"]), day(row["Date"]), number(row, "Quantity")
            material = quantity * period.standards.cost(item, on)[MATERIAL]
            whole = material if period.policy.expensed else quantity * period.standards.cost(item, on)[UNIT_COST]
            before = found.get(item, Scrapped(Fraction(0), Fraction(0)))
            cost = before.cost + whole - number(row, "Salvage value")
            found[item] = Scrapped(cost, before.material + material)
    return found


def bear_scrap(period: Period, scrap: Mapping[str, Scrapped], price: Fraction) -> dict[str, Fraction]:
    """Shares of normal scrap, and of the price variance on it: over the good units of each item, wherever they are."""
    policy, standards, zero = period.policy, period.standards, Fraction(0)
    whole = sum((each.material for each in scrap.values()), zero)
    counted = {str(row["Item"]): row for row in period.given["Stock"] if not is_blank(row.get("Counted qty"))}
    borne: dict[str, Fraction] = defaultdict(Fraction)
    for part, each in scrap.items():
        units: dict[str, Fraction] = defaultdict(Fraction)
        for item, book in period.book.items():
            if standards.role(item) != PAYABLE:
                quantity = number(counted[item], "Counted qty") + period.parts.get(item, 0) if item in counted else book
                units[standards.role(item)] += quantity * content_of(standards, item, part, policy.end)
        for row in period.given["Counts"]:
            if row["Event"] == "Sold":
                content = content_of(standards, str(row["Item"]), part, day(row["Date"]))
                units[SOLD] += number(row, "Quantity") * content
        good = {role: quantity for role, quantity in units.items() if quantity > 0}
        cost = each.cost + (price * each.material / whole if whole > 0 else zero)
        for role, quantity in good.items():
            borne[role] += cost * quantity / sum(good.values(), zero)
        if not good:
            borne[SOLD] += cost
    return borne


def close_lines(
    policy: Policy, balances: Mapping[str, Decimal], shares: Mapping[str, tuple[Fraction, ...]]
) -> dict[Line, Decimal]:
    if policy.disposition == "Carry forward":
        return {}
    lines = {Line("Close", SOLD, role, ""): balances[role] for role in CLEARED}
    if policy.disposition == "Prorate":
        for role, parts in shares.items():
            if role not in (SOLD, USAGE_VARIANCE, CONTROL):
                lines[Line("Close", role, SOLD, "share")] = policy.rounded(sum(parts, Fraction(0)))
    return lines


# ---------------------------------------------------------------------------------------------- in process


class InProcess(NamedTuple):
    """What the entry of period end records of units in process."""

    material: Fraction
    conversion: Fraction


def in_process(period: Period) -> InProcess:
    """As far as they are done; nothing where the policy is only to show it."""
    policy, standards = period.policy, period.standards
    material = conversion = Fraction(0)
    recorded = policy.chosen["Period-end WIP"] == "Record and reverse"
    for row in period.given["WIP"] if recorded else ():
        item = str(row["Item"])
        if policy.expensed:
            flushed = Fraction(0)
        elif standards.completion_is_trigger:
            flushed = standards.explode(item, policy.end).conversion
        else:
            flushed = period.conversion(item, policy.end)
        carried = standards.unit_cost(item, policy.end) - flushed
        material += number(row, "Quantity") * number(row, "Material %") * carried
        conversion += number(row, "Quantity") * number(row, "Conversion %") * flushed
    return InProcess(material, conversion)


def parts_in_process(period: Period) -> Quantities:
    """Units of every item on the shelf that are in units in process, and that the count of stock does not include."""
    parts: Quantities = defaultdict(Fraction)
    if period.policy.chosen["Stock count includes units in process"] == "Yes":
        return parts
    standards = period.shelf.standards
    for row in period.given["WIP"]:
        item, share = str(row["Item"]), number(row, "Quantity") * number(row, "Material %")
        step = standards.relieve if period.kind(item) == "Buy" else standards.explode
        for component, per_unit in step(item, period.policy.end).components.items():
            parts[component] += share * per_unit
    return parts


def wip_lines(period: Period, found: InProcess) -> dict[Line, Decimal]:
    """Material out of materials, conversion out of where the conversion of the period went."""
    policy = period.policy
    source = ALLOCATED if policy.disposition == "Carry forward" else SOLD
    return {
        Line("Period-end WIP", WIP, period.standards.stock_roles["Buy"], "M"): policy.rounded(found.material),
        Line("Period-end WIP", WIP, source, "C"): policy.rounded(found.conversion),
    }


# ------------------------------------------------------------------------------------------------ all of it


def begin(policy: Policy, tables: Tables) -> Period:
    given = costed_per_unit(independent.spelled_alike(tables))
    basis = policy.chosen["Default scrap basis"]
    items = independent.read_items(given["StandardCost"], basis)
    kind = MaterialOnly if policy.expensed else Standards
    roles = STOCK_ROLES[policy.points]
    if policy.by_count and "Subassembly" in roles:
        roles = roles | {"Subassembly": roles["Buy"]}  # not on the books where materials are not
    classes = independent.read_classes(given["StandardCost"]) if not (policy.by_count or policy.expensed) else {}
    standards = kind(items, independent.read_bom(given["BOM"], basis), roles, classes)
    books = Books(standards)
    return Period(policy, given, books, books)


def post_period(period: Period) -> dict[str, Fraction]:
    """All events up to the close; what the count relieved, by account."""
    books, given, policy = period.books, period.given, period.policy
    independent.post_purchases(books, given["Purchases"])
    post_conversion(period)
    independent.post_counts(books, given["Counts"])
    if policy.by_count:
        recorded = {line: amount for line, amount in books.lines.items() if line.event not in ("Completion", "Sale")}
        flushed = {line: amount for line, amount in books.lines.items() if line.event in ("Completion", "Sale")}
        books.lines = defaultdict(Fraction, recorded | without_material(flushed))
    independent.post_scrap(books, given["Scrap"])
    period.shelf = independent.shelf(books, given, policy.end)
    period.book = independent.book_quantities(period.shelf, given["Stock"])
    period.parts = parts_in_process(period)
    period.counts = list(read_counts(period))
    if policy.by_count:
        return relieve_by_count(period)
    expected = {item: book - period.parts.get(item, 0) for item, book in period.book.items()}
    independent.post_count_adjustment(books, given["Stock"], expected, policy.end)
    return {}


def compute(settings: Mapping[str, object], tables: Tables) -> Close:
    """Costs one period and closes it. Settings by name, tables by name as rows by column; a missing cell is blank."""
    policy = policy_of(settings)
    period = begin(policy, tables)
    relieved = post_period(period)

    lines = independent.whole_roles({line: policy.rounded(amount) for line, amount in period.books.lines.items()})
    events = independent.by_role(lines)
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for roles in events.values():
        for role, net in roles.items():
            balances[role] += net
    variances = Variances(period, balances, events.get("Scrap", {}))
    variances.materials()
    variances.conversion()

    held = contents(period, relieved)
    before = [Fraction(balances[role]) for role in (PRICE_VARIANCE, USAGE_VARIANCE)]
    wip = in_process(period)
    # conversion in units in process was incurred and not allocated, but it is no variance
    unallocated = wip.conversion if policy.disposition != "Carry forward" else Fraction(0)
    scrap = normal_scrap(period)
    apart = sum((each.cost for each in scrap.values()), Fraction(0))
    over = Fraction(balances[CONTROL] + balances[ALLOCATED]) - unallocated - apart
    shares = {role: (*parts, Fraction(0)) for role, parts in prorate(held, *before, over, bool(scrap)).items()}
    price, usage, conversion, _ = shares.get(SOLD, (Fraction(0),) * 4)
    shares[SOLD] = (price, usage, conversion + unallocated, Fraction(0))
    for role, share in bear_scrap(period, scrap, shares.get(CONTROL, (Fraction(0),))[0]).items():
        shares[role] = (*shares.get(role, (Fraction(0),) * 4)[:3], share)
    closing = close_lines(policy, balances, shares) | put_back(period)
    journal = events | independent.by_role(closing) | independent.by_role(wip_lines(period, wip))
    opening = opening_balances(period)
    ledger = independent.ledger_of(opening, journal)
    if "Period-end WIP" in journal:
        journal["Reversal"] = {role: -net for role, net in journal["Period-end WIP"].items()}
    return Close(
        independent.without(journal, independent.recorded_elsewhere(lines, policy.chosen)),
        opening,
        ledger,
        variances.rows,
        held,
        shares,
        dict(period.books.moved["relieved"]),
        period.book,
        {item: period.standards.cost(item, policy.end) for item in period.standards.items},
    )
