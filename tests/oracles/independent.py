"""A second, deliberately simple backflush costing, exact and recursive: the oracle the engine is tested against.

It shares no code with the engine and trades speed for being checkable by eye. Every quantity and cost is a
`Fraction` taken from the number as it is written (0.1 is one tenth), so nothing is rounded before a journal line is.

Worked case. A gadget takes 1 kg of resin at 2.00 plus 20 % scrap, and 0.5 for conversion. 200 kg are bought at 2.10,
100 gadgets completed and 90 sold; conversion incurred is 61:

    Purchase    Dr Materials 400, Dr Material price variance 20, Cr Accounts payable 420
    Conversion  Dr Conversion costs control 61, Cr Various accounts 61
    Completion  Dr Finished goods 290, Cr Materials 240 (100 x 1.2 kg x 2.00), Cr Conversion costs allocated 50
    Sale        Dr Cost of goods sold 261, Cr Finished goods 261
    Close       Dr Conversion costs allocated 50, Cr control 61, Cr price variance 20, Dr Cost of goods sold 31

    With `Scrap basis` Input instead of Output the same 20 % takes 1 / (1 - 0.2) = 1.25 kg and Completion is 300.

Steps of `compute`:

    1. read      tables -> items, BOM lines            (spelled_alike, costed_per_unit, read_items, read_bom)
    2. standards unit cost and explosion at a date     (Standards.cost, Standards.explode, Standards.relieve)
    3. books     rows -> lines and quantities moved    (post_*)
    4. round     each line once, then close, then add  (rounded, with_close, ledger_of)

A `Line` names what it debits and what it credits, so each one balances by itself, rounded or not. Whatever an entry
leaves over (the price variance of a purchase, the charge of a scrap report net of salvage) is two lines meeting in a
role, never a subtraction that could be forgotten.

Input is taken as valid: unknown items fail with KeyError, circular BOMs with RecursionError.
Left out: Relief basis `Physical count`, Conversion costs `Expense, then adjust to count`, Variance disposition
`Prorate` (KeyError), Journal detail `One entry per product`, period-end WIP, and reversals of earlier runs.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import NamedTuple, TypeVar

from per_unit import costed_per_unit

Row = dict[str, object]
Tables = dict[str, list[Row]]
Quantities = dict[str, Fraction]
Number = TypeVar("Number", Fraction, Decimal)

MIP = "Materials and in-process"
INVENTORY = "Inventory control"
FINISHED = "Finished goods"
PAYABLE = "Accounts payable"
VARIOUS = "Various accounts"
CONTROL = "Conversion costs control"
ALLOCATED = "Conversion costs allocated"
SOLD = "Cost of goods sold"
PRICE_VARIANCE = "Material price variance"
USAGE_VARIANCE = "Material usage variance"
COUNT_DIFFERENCE = "Inventory count difference"
RECOVERY = "Scrap recovery"

MATERIAL, OTHER, UNIT_COST = "Material", "Other conversion", "Unit cost"
RATES = {element: f"{element} rate" for element in ("Labor", "Variable overhead", "Fixed overhead")}
ELEMENTS = (MATERIAL, *RATES, OTHER)

DEFAULTS: dict[str, str] = {
    "Currency": "USD",
    "Purchases are": "Recorded here",
    "Conversion incurred is": "Recorded here",
    "Trigger points": "Purchase, completion and sale",
    "Variance disposition": "Cost of goods sold",
    "Default scrap basis": "Output",
}

# Role that holds each type of item. A type that is absent is not stocked: it is exploded through.
STOCK_ROLES = {
    "Purchase, completion and sale": {"Buy": MIP, "Subassembly": MIP, "Finished": FINISHED},
    "Purchase and sale": {"Buy": INVENTORY},
    "Completion and sale": {"Buy": PAYABLE, "Subassembly": MIP, "Finished": FINISHED},
    "Sale": {"Buy": PAYABLE},
}
# Roles of which a class of items may have an account of its own.
BY_CLASS = (MIP, INVENTORY, FINISHED, SOLD, PRICE_VARIANCE, USAGE_VARIANCE, COUNT_DIFFERENCE)
OF_CLASS = " of class "
SCRAP_CHARGES = {"Normal": CONTROL, "Abnormal": "Abnormal scrap loss"}
CLOSED_TO_SOLD: dict[str, tuple[str, ...]] = {
    "Cost of goods sold": (CONTROL, ALLOCATED, PRICE_VARIANCE, USAGE_VARIANCE, COUNT_DIFFERENCE),
    "Carry forward": (),
}

# ISO 4217 minor units that are not 2.
MINOR_UNITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


class Line(NamedTuple):
    """What is rounded once: an amount from one role to another. `part` keeps apart what must not be added first."""

    event: str
    debit: str
    credit: str
    part: str


class Item(NamedTuple):
    type: str
    own: dict[str, Fraction]  # element -> cost per good unit, without components
    start_factor: Fraction  # units started per good unit
    handling: Fraction  # material overhead of a unit bought, when it goes into a product


class BomLine(NamedTuple):
    component: str
    factor: Fraction  # component units per unit started of the parent
    first: dt.date  # inclusive
    last: dt.date  # inclusive


class Explosion(NamedTuple):
    """What one unit takes: stocked components, and the conversion of every unstocked level on the way to them."""

    components: Quantities
    conversion: Fraction


@dataclass
class Result:
    """Flows and journal are debit minus credit, without roles that net to zero and events that moved nothing."""

    rollup: dict[str, dict[str, Fraction]]  # at Period end
    relief: Quantities  # components that counts relieved
    flows: dict[str, dict[str, Fraction]]  # event -> role, not rounded
    journal: dict[str, dict[str, Decimal]]  # event -> role, each line rounded
    ledger: dict[str, Decimal]  # closing balance, opening included
    made: Quantities  # units completed
    book: Quantities  # of every item that the trigger points keep in stock


def is_blank(value: object) -> bool:
    return value is None or value == ""


def number(row: Row, column: str) -> Fraction:
    """The decimal number as written, not its binary neighbour; blank is zero."""
    value = row.get(column)
    return Fraction(0) if is_blank(value) else Fraction(str(value))


def day(value: object, if_blank: dt.date = dt.date.min) -> dt.date:
    if is_blank(value):
        return if_blank
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.datetime.fromisoformat(str(value)).date()


def text(value: object) -> str:
    """Text of a cell; a code typed as a number reads as its digits (1400.0 is 1400)."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def spelled_alike(tables: Tables) -> Tables:
    """The tables without blank rows, every item spelled as StandardCost spells it."""
    filled = {table: [row for row in rows if not all(map(is_blank, row.values()))] for table, rows in tables.items()}
    names = {text(row["Item"]).lower(): text(row["Item"]) for row in filled["StandardCost"]}
    given: Tables = defaultdict(list)
    for table, rows in filled.items():
        for row in rows:
            items = {
                key: names[text(row[key]).lower()]
                for key in ("Item", "Parent", "Component")
                if not is_blank(row.get(key))
            }
            given[table].append(row | items)
    return given


def scrap_factor(share: Fraction, basis: str) -> Fraction:
    """Units that must go in for one good unit to come out."""
    return 1 / (1 - share) if basis == "Input" else 1 + share


def read_items(rows: list[Row], basis: str) -> dict[str, Item]:
    items = {}
    for row in rows:
        own, handling = dict.fromkeys(ELEMENTS, Fraction(0)), Fraction(0)
        if row["Type"] == "Buy":
            own[MATERIAL] = number(row, "Material price")
            handling = own[MATERIAL] * number(row, "Material overhead %")
        else:
            overhead = "Labor hours" if is_blank(row.get("Machine hours")) else "Machine hours"
            driver = {element: "Labor hours" if element == "Labor" else overhead for element in RATES}
            own |= {element: number(row, driver[element]) * number(row, rate) for element, rate in RATES.items()}
            own[OTHER] = number(row, "Other conversion")
        factor = scrap_factor(number(row, "Assembly scrap %"), basis)
        items[str(row["Item"])] = Item(str(row["Type"]), own, factor, handling)
    return items


def read_bom(rows: list[Row], basis: str) -> dict[str, list[BomLine]]:
    bom: dict[str, list[BomLine]] = defaultdict(list)
    for row in rows:
        line_basis = basis if is_blank(row.get("Scrap basis")) else str(row["Scrap basis"])
        factor = number(row, "Qty per") * scrap_factor(number(row, "Scrap %"), line_basis)
        first, last = day(row.get("Effective from")), day(row.get("Effective to"), if_blank=dt.date.max)
        bom[str(row["Parent"])].append(BomLine(str(row["Component"]), factor, first, last))
    return bom


@dataclass
class Standards:
    """Standard costs and explosions, each worked out once per item and date."""

    items: dict[str, Item]
    bom: dict[str, list[BomLine]]
    stock_roles: dict[str, str]  # type of item -> role
    classes: Mapping[str, str] = field(default_factory=dict)  # item -> class
    costs: dict[tuple[str, dt.date], dict[str, Fraction]] = field(default_factory=dict)
    explosions: dict[tuple[str, dt.date], Explosion] = field(default_factory=dict)

    def is_stocked(self, item: str) -> bool:
        return self.items[item].type in self.stock_roles

    @property
    def purchase_is_trigger(self) -> bool:
        return self.stock_roles["Buy"] != PAYABLE

    @property
    def completion_is_trigger(self) -> bool:
        return "Finished" in self.stock_roles

    def role(self, item: str) -> str:
        """The account that holds an item. Where completion is no trigger, made items are on that of their materials."""
        return self.stock_roles.get(self.items[item].type, self.stock_roles["Buy"])

    def account(self, role: str, item: str) -> str:
        """The account of a role for an item: that of its class, where the role has any."""
        item_class = self.classes.get(item, "")
        return f"{role}{OF_CLASS}{item_class}" if item_class and role in BY_CLASS else role

    def value(self, item: str, on: dt.date) -> Fraction:
        """What a unit stands at in its account: its material alone, where completion is no trigger."""
        return self.unit_cost(item, on) if self.is_stocked(item) else self.cost(item, on)[MATERIAL]

    def needs(self, item: str, on: dt.date) -> Iterator[tuple[str, Fraction]]:
        """Each BOM line's component and its quantity per good unit of the item."""
        if self.items[item].type == "Buy":
            return
        for line in self.bom.get(item, []):
            if line.first <= on <= line.last:
                yield line.component, self.items[item].start_factor * line.factor

    def cost(self, item: str, on: dt.date) -> dict[str, Fraction]:
        """Cost of one good unit by element, rolled up through the BOM lines effective on the date."""
        if (item, on) not in self.costs:
            total = dict(self.items[item].own)
            for component, quantity in self.needs(item, on):
                below = self.cost(component, on)
                for element in ELEMENTS:
                    total[element] += quantity * below[element]
                total[OTHER] += quantity * self.items[component].handling
            total[UNIT_COST] = sum((total[element] for element in ELEMENTS), Fraction(0))
            self.costs[item, on] = total
        return self.costs[item, on]

    def unit_cost(self, item: str, on: dt.date) -> Fraction:
        return self.cost(item, on)[UNIT_COST]

    def explode(self, item: str, on: dt.date) -> Explosion:
        """What making one good unit takes."""
        if (item, on) not in self.explosions:
            own = self.items[item].own
            components: Quantities = defaultdict(Fraction)
            conversion = sum((own[element] for element in (*RATES, OTHER)), Fraction(0))
            for component, quantity in self.needs(item, on):
                below = self.relieve(component, on)
                conversion += quantity * (below.conversion + self.items[component].handling)
                for stocked, per_unit in below.components.items():
                    components[stocked] += quantity * per_unit
            self.explosions[item, on] = Explosion(components, conversion)
        return self.explosions[item, on]

    def relieve(self, item: str, on: dt.date) -> Explosion:
        """What using one unit takes: the unit itself where it is stocked, else what making it takes."""
        return Explosion({item: Fraction(1)}, Fraction(0)) if self.is_stocked(item) else self.explode(item, on)


@dataclass
class Warehouse(Standards):
    """The same, for units on the shelf: made items whose completions are counted are there, whatever the trigger points."""

    counted: frozenset[str] = frozenset()

    def is_stocked(self, item: str) -> bool:
        return self.items[item].type == "Buy" or item in self.counted


@dataclass
class Books:
    """Everything recorded in the period: money per line, quantities per kind of movement."""

    standards: Standards
    lines: dict[Line, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    moved: dict[str, Quantities] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Fraction)))

    def flush(self, event: str, debit: str, taken: Explosion, quantity: Fraction, on: dt.date, movement: str) -> None:
        """Credits M to the role of each component and C to allocated conversion, against the role debited."""
        for component, per_unit in taken.components.items():
            used = quantity * per_unit
            amount = used * self.standards.unit_cost(component, on)
            credit = self.standards.account(self.standards.role(component), component)
            self.lines[Line(event, debit, credit, "M")] += amount
            self.moved[movement][component] += used
        self.lines[Line(event, debit, ALLOCATED, "C")] += quantity * taken.conversion


def post_purchases(books: Books, rows: list[Row]) -> None:
    for row in rows:
        item, quantity = str(row["Item"]), number(row, "Quantity")
        books.moved["purchased"][item] += quantity
        if books.standards.purchase_is_trigger:
            role = books.standards.account(books.standards.role(item), item)
            variance = books.standards.account(PRICE_VARIANCE, item)
            standard = quantity * books.standards.unit_cost(item, day(row["Date"]))
            books.lines[Line("Purchase", role, variance, "standard")] += standard
            # One entry per role debited: payables of different entries are rounded apart.
            actual = quantity * number(row, "Actual price") + number(row, "Other cost")
            books.lines[Line("Purchase", variance, PAYABLE, f"actual of {role}")] += actual


def post_conversion(books: Books, rows: list[Row]) -> None:
    for row in rows:
        books.lines[Line("Conversion", CONTROL, VARIOUS, "C")] += number(row, "Amount")


def post_counts(books: Books, rows: list[Row]) -> None:
    standards = books.standards
    for row in rows:
        item, quantity, on = str(row["Item"]), number(row, "Quantity"), day(row["Date"])
        if row["Event"] == "Completed":
            books.moved["completed"][item] += quantity
            if standards.completion_is_trigger:
                taken = standards.explode(item, on)
                made = standards.account(standards.role(item), item)
                books.flush("Completion", made, taken, quantity, on, "relieved")
        else:
            # Out of stock where completion put it there; otherwise the sale is what relieves the components.
            movement = "sold" if standards.completion_is_trigger else "relieved"
            sold = standards.account(SOLD, item)
            books.flush("Sale", sold, standards.relieve(item, on), quantity, on, movement)


def post_scrap(books: Books, rows: list[Row]) -> None:
    for row in rows:
        item, on, charge = str(row["Item"]), day(row["Date"]), SCRAP_CHARGES[str(row["Kind"])]
        take = books.standards.relieve if row["Stage"] == "Component" else books.standards.explode
        books.flush("Scrap", charge, take(item, on), number(row, "Quantity"), on, "scrapped")
        books.lines[Line("Scrap", RECOVERY, charge, "salvage")] += number(row, "Salvage value")


def shelf(books: Books, given: Tables, end: dt.date) -> Books:
    """The books with what moved on the shelf, without money.

    Where completion is no trigger, the entries take components out when units are sold; on the shelf they go when units are
    completed. Items whose completions nobody counts are made as they are sold or used, and what their stock grew by in the
    period was made at its end: counted less opening. Not counted, what was sold came out of the opening stock first.
    """
    standards = books.standards
    if standards.completion_is_trigger:
        return books
    counted = frozenset(str(row["Item"]) for row in given["Counts"] if row["Event"] == "Completed")
    there = Books(Warehouse(standards.items, standards.bom, standards.stock_roles, counted=counted))
    there.moved["purchased"] |= books.moved["purchased"]

    def take(movement: str, taken: Explosion, quantity: Fraction) -> None:
        for component, per_unit in taken.components.items():
            there.moved[movement][component] += quantity * per_unit

    sold: Quantities = defaultdict(Fraction)
    for row in given["Counts"]:
        item, quantity, on = str(row["Item"]), number(row, "Quantity"), day(row["Date"])
        if row["Event"] == "Completed":
            there.moved["completed"][item] += quantity
            take("relieved", there.standards.explode(item, on), quantity)
        else:
            sold[item] += quantity
            take("relieved", there.standards.relieve(item, on), quantity)
    for row in given["Scrap"]:
        step = there.standards.relieve if row["Stage"] == "Component" else there.standards.explode
        take("scrapped", step(str(row["Item"]), day(row["Date"])), number(row, "Quantity"))
    for item, growth in grown(there.standards, given["Stock"], sold).items():
        there.moved["completed"][item] += growth
        take("relieved", there.standards.explode(item, end), growth)
    return there


def grown(standards: Standards, stock: list[Row], sold: Quantities) -> Quantities:
    """Growth of the stock of made items whose completions nobody counts."""
    growth: Quantities = {}
    for row in stock:
        item, opening = str(row["Item"]), number(row, "Opening qty")
        if standards.items[item].type in ("Subassembly", "Finished") and not standards.is_stocked(item):
            out_of_opening = min(max(opening, Fraction(0)), max(sold.get(item, Fraction(0)), Fraction(0)))
            counted = not is_blank(row.get("Counted qty"))
            growth[item] = number(row, "Counted qty") - opening if counted else -out_of_opening
    return growth


def book_quantities(books: Books, stock: list[Row]) -> Quantities:
    """Opening + purchased + completed - relieved - sold - scrapped, for every stocked item."""
    listed = {str(row["Item"]) for row in stock if books.standards.items[str(row["Item"])].type != "Phantom"}
    stocked = {item for item in books.standards.items if books.standards.is_stocked(item)}
    book = {item: Fraction(0) for item in stocked | listed}
    for row in stock:
        books.moved["opening"][str(row["Item"])] += number(row, "Opening qty")
    for movement, quantities in books.moved.items():
        sign = 1 if movement in ("opening", "purchased", "completed") else -1
        for item in book.keys() & quantities.keys():
            book[item] += sign * quantities[item]
    return book


def post_count_adjustment(books: Books, stock: list[Row], book: Quantities, on: dt.date) -> None:
    """Counted less book at standard, on every inventory account that is kept: bought materials are not, where purchase is
    no trigger. What is missing of a bought item was used or lost in production; made items are lost in the warehouse.
    """
    standards = books.standards
    for row in stock:
        item = str(row["Item"])
        if item in book and standards.role(item) != PAYABLE and not is_blank(row.get("Counted qty")):
            amount = (number(row, "Counted qty") - book[item]) * standards.value(item, on)
            kind = standards.items[item].type
            against = standards.account(USAGE_VARIANCE if kind == "Buy" else COUNT_DIFFERENCE, item)
            held = standards.account(standards.role(item), item)
            books.lines[Line("Count adjustment", held, against, kind)] += amount


def opening_balances(books: Books, stock: list[Row], on: dt.date) -> dict[str, Fraction]:
    """Opening stock at standard by role; where purchase is no trigger bought stock was never put in an account.

    Under Purchase and sale, Inventory control holds the material of everything not yet sold.
    """
    balances: dict[str, Fraction] = defaultdict(Fraction)
    for row in stock:
        item = str(row["Item"])
        if books.standards.items[item].type != "Phantom" and books.standards.role(item) != PAYABLE:
            balances[books.standards.account(books.standards.role(item), item)] += number(
                row, "Opening qty"
            ) * books.standards.value(item, on)
    return balances


def rounded(amount: Fraction, minor_units: int) -> Decimal:
    """To the currency's minor unit, half away from zero: 1.005 -> 1.01, -1.005 -> -1.01."""
    units = floor(abs(amount) * 10**minor_units + Fraction(1, 2))
    return Decimal(units if amount >= 0 else -units).scaleb(-minor_units)


def by_role(lines: Mapping[Line, Number]) -> dict[str, dict[str, Number]]:
    """Event -> role -> debit minus credit."""
    events: dict[str, dict[str, Number]] = defaultdict(dict)
    for line, amount in lines.items():
        roles = events[line.event]
        roles[line.debit] = amount + roles.get(line.debit, 0)
        roles[line.credit] = -amount + roles.get(line.credit, 0)
    netted = {event: {role: net for role, net in roles.items() if net} for event, roles in events.items()}
    return {event: roles for event, roles in netted.items() if roles}


def role_of(account: str) -> str:
    """The role of an account, whatever the class."""
    return account.split(OF_CLASS)[0]


def whole_roles(lines: Mapping[Line, Decimal]) -> dict[Line, Decimal]:
    """The lines without classes, once they are rounded."""
    whole: dict[Line, Decimal] = defaultdict(Decimal)
    for line, amount in lines.items():
        part = line.part if line.event != "Purchase" else role_of(line.part)
        whole[Line(line.event, role_of(line.debit), role_of(line.credit), part)] += amount
    return whole


def read_classes(rows: list[Row]) -> dict[str, str]:
    """The class of each item that has one, as it is first spelled."""
    first: dict[str, str] = {}
    typed = {str(row["Item"]): str(row.get("Class") or "").strip() for row in rows}
    return {item: first.setdefault(name.lower(), name) for item, name in typed.items()}


def with_close(lines: Mapping[Line, Number], disposition: str) -> dict[str, dict[str, Number]]:
    """The events, and the Close that takes what they left in conversion and variance roles to cost of goods sold."""
    events = by_role(lines)
    closing: dict[Line, Number] = {}
    for roles in events.values():
        for account, net in roles.items():
            if role_of(account) in CLOSED_TO_SOLD[disposition]:
                line = Line("Close", SOLD, account, "")
                closing[line] = net + closing.get(line, 0)
    return events | by_role(closing)


def recorded_elsewhere(lines: Mapping[Line, Decimal], chosen: Mapping[str, str]) -> dict[str, dict[str, Decimal]]:
    """What the ledger has already, by event: receipts as invoiced, in the account of the items; conversion as incurred."""
    known: dict[Line, Decimal] = {}
    for line, amount in lines.items():
        if line.credit == PAYABLE and line.event == "Purchase" and chosen["Purchases are"] == "Already in the ledger":
            known[Line("Purchase", line.part.removeprefix("actual of "), PAYABLE, "")] = amount
        if line.event == "Conversion" and chosen["Conversion incurred is"] == "Already in the ledger":
            known[line] = amount
    return by_role(known)


def without(
    journal: Mapping[str, dict[str, Decimal]], elsewhere: Mapping[str, dict[str, Decimal]]
) -> dict[str, dict[str, Decimal]]:
    """The journal of all that happened, without what the ledger has already."""
    rest: dict[str, dict[str, Decimal]] = {}
    for event, roles in journal.items():
        known = elsewhere.get(event, {})
        net = {role: roles.get(role, Decimal(0)) - known.get(role, Decimal(0)) for role in roles | known}
        rest[event] = {role: amount for role, amount in net.items() if amount}
    return {event: roles for event, roles in rest.items() if roles}


def ledger_of(opening: Mapping[str, Decimal], journal: dict[str, dict[str, Decimal]]) -> dict[str, Decimal]:
    closing: dict[str, Decimal] = defaultdict(Decimal, opening)
    for roles in journal.values():
        for role, net in roles.items():
            closing[role] += net
    return dict(closing)


def compute(settings: Mapping[str, object], tables: Tables) -> Result:
    """Costs one period. Settings by name, tables by name as rows by column; a missing or empty cell is blank."""
    chosen = DEFAULTS | {name: text(value) for name, value in settings.items() if not is_blank(value)}
    start, end = day(settings["Period start"]), day(settings["Period end"])
    basis, disposition = chosen["Default scrap basis"], chosen["Variance disposition"]
    minor_units = MINOR_UNITS.get(chosen["Currency"], 2)

    given = costed_per_unit(spelled_alike(tables))
    items, bom = read_items(given["StandardCost"], basis), read_bom(given["BOM"], basis)
    standards = Standards(items, bom, STOCK_ROLES[chosen["Trigger points"]], read_classes(given["StandardCost"]))

    books = Books(standards)
    post_purchases(books, given["Purchases"])
    post_conversion(books, given["Actuals"])
    post_counts(books, given["Counts"])
    post_scrap(books, given["Scrap"])
    there = shelf(books, given, end)
    book = book_quantities(there, given["Stock"])
    post_count_adjustment(books, given["Stock"], book, end)

    opening = opening_balances(books, given["Stock"], start)
    lines = {line: rounded(amount, minor_units) for line, amount in books.lines.items()}
    journal = with_close(lines, disposition)
    return Result(
        rollup={item: standards.cost(item, end) for item in items},
        relief=dict(books.moved["relieved"]),
        flows=with_close(books.lines, disposition),
        journal=without(journal, recorded_elsewhere(lines, chosen)),
        ledger=ledger_of({role: rounded(value, minor_units) for role, value in opening.items()}, journal),
        made=dict(there.moved["completed"]),
        book=book,
    )
