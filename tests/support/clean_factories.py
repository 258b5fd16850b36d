"""Random companies for `clean_worlds`: an industry, a currency, items with standard costs, and their bills of materials.

Items are numbered so that an item contains only items of lower numbers. Nothing of the engine is used here but the words
of the schema: the costs of a unit are rolled up once more, in a few lines.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from support import Row

from xlbackflush import schema

Random = np.random.Generator

#: unit of measure -> decimals of a quantity of it
DECIMALS = {"each": 0, "kg": 3, "m": 2, "l": 2}
LEVELS_MAX = 4  # of made items above each other
#: currency -> its decimals, and what a dollar is worth in it
CURRENCIES = {"USD": (2, 1.0), "EUR": (2, 0.9), "JPY": (0, 150.0), "KWD": (3, 0.3)}


@dataclass(frozen=True)
class Industry:
    """What a kind of factory buys and makes: prices in dollars, hours' share of material cost."""

    name: str
    materials: tuple[str, ...]  # words for bought materials
    bulk: float  # share of bought materials measured in kg, m or l
    bulk_units: tuple[str, ...]
    prices: tuple[float, float]
    labor_share: tuple[float, float]
    products: tuple[str, ...]
    month: tuple[float, float]  # value of a product's production in a month, in dollars


INDUSTRIES = (
    Industry("Foods", ("Flour", "Sugar", "Cocoa", "Syrup", "Flavor"), 0.8, ("kg", "l"), (0.3, 15), (0.05, 0.3),
             ("Bar", "Drink", "Cookie"), (3_000, 300_000)),
    Industry("Electronics", ("Resistor", "Chip", "Board", "Display", "Cable"), 0.1, ("m",), (0.005, 80), (0.04, 0.3),
             ("Radio", "Controller", "Charger"), (5_000, 800_000)),
    Industry("Furniture", ("Panel", "Leg", "Fabric", "Screw", "Hinge"), 0.3, ("m", "kg"), (0.05, 120), (0.15, 0.8),
             ("Table", "Chair", "Cabinet"), (3_000, 200_000)),
    Industry("Machinery", ("Casting", "Motor", "Bearing", "Steel", "Valve"), 0.2, ("kg", "m"), (0.5, 2_000), (0.1, 0.6),
             ("Pump", "Press", "Gearbox"), (10_000, 900_000)),
    Industry("Cosmetics", ("Oil", "Perfume", "Wax", "Pigment", "Bottle"), 0.6, ("kg", "l"), (1, 60), (0.05, 0.3),
             ("Cream", "Lotion", "Lipstick"), (2_000, 150_000)),
)  # fmt: skip


@dataclass(frozen=True)
class Company:
    """One company in one month. rate: local money per dollar; days: working days of the month."""

    industry: Industry
    currency: str
    places: int
    rate: float
    days: tuple[dt.date, ...]
    start: dt.date
    end: dt.date
    style: str  # which cost types it keeps
    triggers: str
    prefix: str  # of its item codes


@dataclass
class Item:
    """An item with its standard; price and rates in local money, hours per unit."""

    code: str
    type: str
    uom: str
    description: str
    price: float = 0.0
    hours: float = 0.0
    labor_rate: float = 0.0
    variable_rate: float = 0.0
    fixed_rate: float = 0.0
    other: float = 0.0
    scrap: float = 0.0  # planned loss of whole units
    level: int = 0  # of bought items; a made item is one above the highest of its components

    @property
    def made(self) -> bool:
        return self.type != schema.BUY

    @property
    def conversion(self) -> float:
        """Own conversion cost of a unit."""
        return self.hours * (self.labor_rate + self.variable_rate + self.fixed_rate) + self.other


@dataclass
class BillLine:
    """A line of a bill: `quantity` of an item in one unit of its parent, valid from the first to the last day given."""

    parent: int
    component: int
    quantity: float
    scrap: float = 0.0
    basis: str = ""
    uom: str = ""
    first: dt.date | None = None
    last: dt.date | None = None

    def units(self, basis: str) -> float:
        """Units of the component to start for one of the parent; basis: the default of the scrap."""
        output = (self.basis or basis) == schema.OUTPUT
        return self.quantity * (1 + self.scrap) if output else self.quantity / (1 - self.scrap)

    def holds(self, day: dt.date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass
class Factory:
    """Items, and lines in the order of the sheet. basis: the default scrap basis."""

    company: Company
    basis: str
    items: list[Item] = field(default_factory=list)
    lines: list[BillLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._unit_costs: list[float] = []

    @cached_property
    def bills(self) -> dict[int, list[BillLine]]:
        """The lines of each made item, once all are there."""
        bills: dict[int, list[BillLine]] = {}
        for line in self.lines:
            bills.setdefault(line.parent, []).append(line)
        return bills

    def unit_cost(self, number: int) -> float:
        """Standard cost of one unit at period end."""
        while len(self._unit_costs) <= number:
            self._unit_costs.append(self._rolled_up(len(self._unit_costs)))
        return self._unit_costs[number]

    def material(self, number: int) -> float:
        """What goes into one unit, at the cost of the components."""
        end, loss = self.company.end, self.start(number)
        lines = [line for line in self.bills.get(number, ()) if line.holds(end)]
        return sum(line.units(self.basis) * loss * self.unit_cost(line.component) for line in lines)

    def _rolled_up(self, number: int) -> float:
        item = self.items[number]
        return self.material(number) + item.conversion if item.made else item.price

    def start(self, number: int) -> float:
        """Units to start for one good one."""
        scrap = self.items[number].scrap
        return 1 + scrap if self.basis == schema.OUTPUT else 1 / (1 - scrap)


def log_uniform(rng: Random, low: float, high: float) -> float:
    """A number whose logarithm is uniform."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def significant(value: float, digits: int) -> float:
    """A number as somebody would type it: so many significant digits."""
    return float(f"{value:.{digits}g}")


def pick(rng: Random, choices: tuple[str, ...]) -> str:
    """One of some words."""
    return choices[int(rng.integers(len(choices)))]


def company(rng: Random) -> Company:
    """A company and the month that it closes."""
    start = dt.date(int(rng.integers(2025, 2028)), int(rng.integers(1, 13)), 1)
    end = (start + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    month = [start + dt.timedelta(days=i) for i in range(end.day)]
    currency = pick(rng, ("USD", "USD", "USD", "EUR", "EUR", "JPY", "KWD"))
    places, rate = CURRENCIES[currency]
    return Company(
        industry=INDUSTRIES[int(rng.integers(len(INDUSTRIES)))],
        currency=currency,
        places=places,
        rate=rate,
        days=tuple(day for day in month if day.weekday() < 5),
        start=start,
        end=end,
        style=pick(rng, ("each", "each", "each", "labor and conversion", "conversion")),
        triggers=pick(rng, schema.TRIGGERS),
        prefix=pick(rng, ("", "10", "M-", "P")),
    )


def factory(rng: Random, of: Company, size: int) -> Factory:
    """Items and bills of about `size` items: bought ones first, then subassemblies and phantoms, then what is sold."""
    made = Factory(of, pick(rng, (schema.OUTPUT, schema.OUTPUT, schema.INPUT)))
    products = max(1, round(size * rng.uniform(0.12, 0.3)))
    inner = round(size * rng.uniform(0.05, 0.25)) if size > 7 else int(rng.integers(0, 2))
    for _ in range(max(2, size - products - inner)):
        made.items.append(_bought(rng, made))
    bought = len(made.items)
    for _ in range(inner):
        kind = pick(rng, (schema.SUBASSEMBLY, schema.SUBASSEMBLY, schema.PHANTOM))
        _make(rng, made, kind, bought)
    for _ in range(products):
        _make(rng, made, schema.FINISHED, bought)
    _use_the_rest(rng, made, bought)
    _change_some_lines(rng, made)
    _add_conversion(rng, made)
    return made


def _bought(rng: Random, to: Factory) -> Item:
    """A material, a bought part, or packaging (a fifth)."""
    of, number = to.company.industry, len(to.items)
    if number % 5 == 4:
        word = pick(rng, ("Label", "Carton", "Bag", "Box"))
        cost = log_uniform(rng, 0.01, 0.1 if word == "Label" else 0.9)
        uom = "each"
    else:
        word, cost = pick(rng, of.materials), log_uniform(rng, *of.prices)
        uom = pick(rng, of.bulk_units) if rng.random() < of.bulk else "each"
    price = significant(cost * to.company.rate, int(rng.integers(2, 5)))
    return Item(_code(to, 1), schema.BUY, uom, f"{word} {number + 1}", price)


def _code(to: Factory, kind: int) -> str:
    return f"{to.company.prefix}{kind}{len(to.items) + 101:04d}"


def _make(rng: Random, to: Factory, kind: str, bought: int) -> None:
    """Append a made item of this type with its bill; labor and overhead come later."""
    number, inner = len(to.items), len(to.items) - bought
    finished = kind == schema.FINISHED
    uom = "kg" if to.company.industry.bulk > 0.5 and not finished else "each"
    word = pick(rng, to.company.industry.products) if finished else ("Kit" if kind == schema.PHANTOM else "Assembly")
    scrap = significant(rng.uniform(0.005, 0.03), 1) if rng.random() < 0.15 else 0.0
    to.items.append(Item(_code(to, 9 if finished else 5), kind, uom, f"{word} {number + 1}", scrap=scrap))
    parts = [i for i in range(bought) if i % 5 != 4]
    chosen = rng.choice(parts, size=min(len(parts), int(rng.integers(1, 8 if finished else 5))), replace=False).tolist()
    inside = (schema.SUBASSEMBLY, schema.PHANTOM)
    below = [i for i in range(bought, number) if to.items[i].type in inside and to.items[i].level < LEVELS_MAX - 1]
    if inner and below and rng.random() < (0.7 if finished else 0.4):
        chosen += rng.choice(below, size=min(len(below), int(rng.integers(1, 3))), replace=False).tolist()
    packing = [i for i in range(bought) if i % 5 == 4]
    if finished and packing and rng.random() < 0.8:
        chosen += rng.choice(packing, size=min(len(packing), int(rng.integers(1, 3))), replace=False).tolist()
    to.items[number].level = 1 + max(to.items[part].level for part in chosen)
    to.lines += [_line(rng, to, number, part) for part in chosen]


def _line(rng: Random, to: Factory, parent: int, component: int) -> BillLine:
    """A line of a bill with a likely quantity; packaging goes one to one, or so many units to a carton."""
    item = to.items[component]
    if item.description.startswith(("Carton", "Box")):
        quantity = 1 / float(rng.choice([1, 1, 4, 6, 12, 24]))
    elif item.description.startswith(("Label", "Bag")) or item.made:
        quantity = 1.0 if item.uom == "each" else significant(log_uniform(rng, 0.1, 1.5), 2)
    elif item.uom == "each":
        dear = item.price > 5 * to.company.rate
        quantity = float(rng.choice([1, 1, 1, 2] if dear else [1, 1, 2, 2, 3, 4, 4, 6, 8, 12]))
    else:
        quantity = significant(log_uniform(rng, 0.02, 3), 2)
    scrap = significant(rng.uniform(0.005, 0.08), 1) if rng.random() < 0.3 and not item.made else 0.0
    basis = pick(rng, ("", "", schema.OUTPUT, schema.INPUT)) if scrap else ""
    uom = item.uom if rng.random() < 0.7 else ""
    return BillLine(parent, component, quantity, scrap, basis, uom)


def _use_the_rest(rng: Random, to: Factory, bought: int) -> None:
    """Nearly every bought item and every inner one stands on some bill."""
    used = {line.component for line in to.lines}
    for number, item in enumerate(to.items):
        if number in used or item.type == schema.FINISHED:
            continue
        above = [i for i in range(max(bought, number + 1), len(to.items)) if number < i]
        if above and (item.made or rng.random() < 0.95):
            to.lines.append(_line(rng, to, int(rng.choice(above)), number))
    to.lines.sort(key=lambda line: line.parent)


def _change_some_lines(rng: Random, to: Factory) -> None:
    """In a few companies a bill changes within the month: a line ends, and one of a near quantity follows."""
    if rng.random() > 0.2:
        return
    days = to.company.days
    for at in sorted(rng.choice(len(to.lines), size=min(len(to.lines), 2), replace=False).tolist(), reverse=True):
        old, day = to.lines[at], days[int(rng.integers(5, len(days) - 3))]
        if to.items[old.component].uom != "each" and not to.items[old.component].made:
            quantity = significant(old.quantity * rng.choice([0.9, 0.95, 1.05, 1.1]), 3)
            before = BillLine(**(vars(old) | {"last": day - dt.timedelta(days=1)}))
            to.lines[at : at + 1] = [before, BillLine(**(vars(old) | {"first": day, "quantity": quantity}))]


def _add_conversion(rng: Random, to: Factory) -> None:
    """Labor, overhead and other conversion of made items, in proportion to their material, from the bottom upwards."""
    of = to.company
    labor = [significant(log_uniform(rng, 14, 45) * of.rate, 3) for _ in range(int(rng.integers(1, 4)))]
    variable, fixed = rng.uniform(0.2, 0.8), rng.uniform(0.3, 1.5)
    for number, item in enumerate(to.items):
        if not item.made or (item.type == schema.PHANTOM and rng.random() < 0.7):
            continue
        share = to.material(number) * log_uniform(rng, *of.industry.labor_share)
        if of.style == "conversion":
            item.other = significant(share * (1 + variable + fixed), 3)
            continue
        item.labor_rate = labor[int(rng.integers(len(labor)))]
        item.hours = significant(share / item.labor_rate, 3)
        if of.style == "each":
            item.variable_rate = significant(labor[0] * variable, 3)
            item.fixed_rate = significant(labor[0] * fixed, 3)
            if rng.random() < 0.1:
                item.other = significant(share * 0.3, 2)
        else:
            item.other = significant(share * (variable + fixed), 3)


def standard_cost_rows(made: Factory) -> list[Row]:
    """Table Standard Cost."""
    columns = {
        "Material price": "price",
        "Labor hours": "hours",
        "Labor rate": "labor_rate",
        "Variable overhead rate": "variable_rate",
        "Fixed overhead rate": "fixed_rate",
        "Other conversion": "other",
        "Assembly scrap %": "scrap",
    }
    return [
        {"Item": item.code, "Description": item.description, "Type": item.type, "UoM": item.uom}
        | {column: getattr(item, name) or None for column, name in columns.items()}
        for item in made.items
    ]


def bom_rows(made: Factory) -> list[Row]:
    """Table BOM."""
    return [
        {
            "Parent": made.items[line.parent].code,
            "Component": made.items[line.component].code,
            "Qty per": line.quantity,
            "UoM": line.uom or None,
            "Scrap %": line.scrap or None,
            "Scrap basis": line.basis or None,
            "Effective from": line.first,
            "Effective to": line.last,
        }
        for line in made.lines
    ]
