"""Every combination of policies, and random months under them that need no drawing strategy: a number makes a world.

`world(n)` is a company of two to twelve items and one month of it, under the policies `COMBINATIONS[n % len(COMBINATIONS)]`.
Months have what disturbs a costing: corrections, bills that change within the month, opening stock, counts of some items or all,
units in process, scrap of every kind, items that are sold before anybody made them.
"""

import datetime as dt
import itertools
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar
from unittest import mock

import independent
import independent_close
from support import Row
from worlds import FIRST, HALF, LAST, PLACES, TOO_LARGE, TOO_NEAR, World

from xlbackflush import schema

T = TypeVar("T")


class Combination(NamedTuple):
    """Settings that change what is posted."""

    triggers: str
    relief: str
    conversion: str
    disposition: str
    in_process: str
    count_has_parts: str

    @property
    def settings(self) -> dict[str, object]:
        return {
            "Trigger points": self.triggers,
            "Relief basis": self.relief,
            "Conversion costs": self.conversion,
            "Variance disposition": self.disposition,
            "Period-end WIP": self.in_process,
            "Stock count includes units in process": self.count_has_parts,
        }

    @property
    def by_count(self) -> bool:
        return self.relief == schema.PHYSICAL_COUNT

    @property
    def completion_triggers(self) -> bool:
        return self.triggers in (schema.PCS, schema.CS)

    @property
    def fits(self) -> bool:
        """A physical count at the sale alone charges every cost, so conversion cannot be allocated at standard."""
        return not (self.by_count and self.triggers == schema.S and self.conversion == schema.AT_STANDARD)


COMBINATIONS = [
    combination
    for combination in itertools.starmap(
        Combination,
        itertools.product(
            schema.TRIGGERS,
            (schema.BILL_OF_MATERIALS, schema.PHYSICAL_COUNT),
            (schema.AT_STANDARD, schema.EXPENSE_THEN_ADJUST),
            (schema.TO_COGS, schema.PRORATE, schema.CARRY_FORWARD),
            (schema.RECORD, schema.SHOW_ONLY),
            (schema.YES, schema.NO),
        ),
    )
    if combination.fits
]


def world(number: int) -> World:
    """The world of a number."""
    return _Month(random.Random(number), COMBINATIONS[number % len(COMBINATIONS)]).world()


def expected(world: World) -> independent_close.Close | None:
    """The oracle's result; None where an amount is so near half a minor unit that float64 cannot tell how to round it."""
    with mock.patch.object(independent, "rounded", wraps=independent.rounded) as rounded:
        result = independent_close.compute(world.settings, world.tables)
    for call in rounded.call_args_list:
        amount, places = call.args
        minor = abs(amount) * Fraction(10) ** places
        if minor >= TOO_LARGE or abs(minor % 1 - HALF) <= TOO_NEAR:
            return None
    return result


class _Month:
    """One world in the making."""

    def __init__(self, draw: random.Random, chosen: Combination) -> None:
        self.draw, self.chosen = draw, chosen
        kinds = [schema.BUY, *(draw.choice(schema.TYPES) for _ in range(draw.randint(0, 10))), schema.FINISHED]
        self.kinds = {f"I{i}": kind for i, kind in enumerate(kinds)}
        self.hours_are_entered = draw.choice([0.0, 0.7, 1.0, 1.0])

    def world(self) -> World:
        """All of it. What is not stocked under the trigger points is neither bought nor completed."""
        draw, bought = self.draw, self.of(schema.BUY)
        made = self.of(schema.SUBASSEMBLY, schema.FINISHED)
        stocked = [*bought, *made] if self.chosen.completion_triggers else bought
        budget = draw.choice([None, None, draw.randint(0, 99_999)])
        settings = {
            "Currency": draw.choice(sorted(PLACES)),
            "Period start": FIRST,
            "Period end": LAST,
            "Default scrap basis": draw.choice([schema.OUTPUT, schema.INPUT]),
            "Budgeted fixed overhead": budget,
            "Purchases are": draw.choice([schema.RECORDED_HERE, schema.IN_THE_LEDGER]),
            "Conversion incurred is": draw.choice([schema.RECORDED_HERE, schema.IN_THE_LEDGER]),
            **self.chosen.settings,
        }
        classes = draw.choice([[None], [None, "Pumps", "pumps ", "007"]])
        counts = self.documents(made if draw.random() < 0.8 else [], lambda: {"Event": schema.COMPLETED})
        counts += self.documents([*made, *made, *bought], lambda: {"Event": schema.SOLD})
        scrap = self.documents([*self.kinds], lambda: self.scrapped(schema.COMPONENT))
        scrap += self.documents(self.of(*schema.TYPES[1:]), lambda: self.scrapped(schema.FINISHED_UNIT))
        tables = {
            "StandardCost": [self.standard(item) | {"Class": draw.choice(classes)} for item in self.kinds],
            "BOM": [line for item in self.kinds for line in self.bill(item)],
            "Counts": numbered(counts),
            "Scrap": numbered(scrap),
            "Purchases": numbered(self.documents(stocked, lambda: {"Actual price": self.price()})),
            "Actuals": numbered([self.incurred() for _ in range(draw.randint(0, 6))]),
            "WIP": [self.in_process() for _ in range(draw.choice([0, 0, 1, 3]))],
        }
        return World(settings, tables | self.counted())

    # ------------------------------------------------------------------------------------------- drawing

    def of(self, *kinds: str) -> list[str]:
        return [item for item, kind in self.kinds.items() if kind in kinds]

    def day(self) -> dt.date:
        return FIRST + dt.timedelta(days=self.draw.randrange(30))

    def quantity(self) -> float:
        return self.draw.randint(1, self.draw.choice([99, 9_999, 49_999])) / 100

    def price(self) -> float:
        return self.draw.randint(1, 49_999) / 1000

    def maybe(self, value: Callable[[], T], chance: float = 0.5) -> T | None:
        return value() if self.draw.random() < chance else None

    def share(self) -> float | None:
        return self.maybe(lambda: self.draw.randint(1, 40) / 100, 0.4)

    # ----------------------------------------------------------------------------------------- standards

    def standard(self, item: str) -> Row:
        """Two of three companies have one labor rate; some items take no hours, some nothing at all."""
        if self.kinds[item] == schema.BUY:
            return {"Item": item, "Type": schema.BUY, "Material price": self.price()}
        rates = ("Labor rate", "Variable overhead rate", "Fixed overhead rate", "Other conversion")
        return {
            "Item": item,
            "Type": self.kinds[item],
            "Labor hours": self.maybe(lambda: self.draw.randint(1, 999) / 100, 0.7),
            "Assembly scrap %": self.share(),
            **{rate: self.maybe(self.price, 0.7) for rate in rates},
        }

    def bill(self, item: str) -> list[Row]:
        """Components come before what they go into; a line may change within the month, or leave some days out."""
        before = [other for other in self.kinds if int(other[1:]) < int(item[1:])]
        if self.kinds[item] == schema.BUY:
            return []
        lines: list[Row] = []
        for component in self.draw.sample(before, min(len(before), self.draw.randint(1, 3))):
            change = self.day()
            gap = dt.timedelta(days=self.draw.randint(1, 3))
            spans = self.draw.choice(
                [[{}], [{}], [{"Effective to": change}, {"Effective from": change + gap}], [{"Effective from": change}]]
            )
            lines += [{"Parent": item, "Component": component, **self.amounts(), **span} for span in spans]
        return lines

    def amounts(self) -> Row:
        basis = self.draw.choice([None, schema.OUTPUT, schema.INPUT])
        return {"Qty per": self.draw.randint(1, 299) / 100, "Scrap %": self.share(), "Scrap basis": basis}

    # ------------------------------------------------------------------------------------- the month's rows

    def documents(self, items: Sequence[str], cells: Callable[[], Row]) -> list[Row]:
        """Up to five rows, one in five followed by the correction of a part of it."""
        rows: list[Row] = []
        for _ in range(self.draw.randint(0, 5) if items else 0):
            row = {"Date": self.day(), "Item": self.draw.choice(items), "Quantity": self.quantity(), **cells()}
            rows.append(row)
            if self.draw.random() < 0.2:
                rows.append(row | {"Date": self.day(), "Quantity": -self.quantity()})
        return rows

    def scrapped(self, stage: str) -> Row:
        kind = self.draw.choice([schema.NORMAL, schema.ABNORMAL])
        return {"Stage": stage, "Kind": kind, "Salvage value": self.maybe(lambda: self.draw.randint(0, 999))}

    def incurred(self) -> Row:
        return {
            "Date": self.day(),
            "Cost type": self.draw.choice(schema.COST_TYPES),
            "Hours": self.maybe(self.quantity, self.hours_are_entered),
            "Amount": self.draw.choice([0, 1, 1, 1, 1]) * self.draw.randint(-9_999, 9_999_999) / 100,
        }

    def in_process(self) -> Row:
        return {
            "Item": self.draw.choice([*self.kinds]),
            "Quantity": self.quantity(),
            "Material %": self.maybe(self.draw.random),
            "Conversion %": self.maybe(self.draw.random),
        }

    # -------------------------------------------------------------------------------------------- the count

    def counted(self) -> dict[str, list[Row]]:
        """Sheets Stock and Inventory Count: nothing counted, some items, all of them, or accounts in money."""
        share = self.draw.choice([0.0, 0.5, 1.0])
        stock = {item: self.stock_row(item, share) for item in self.kinds if self.draw.random() < 0.7}
        in_money: list[Row] = []
        if self.chosen.by_count or self.chosen.conversion == schema.EXPENSE_THEN_ADJUST:
            materials = (schema.MIP, schema.INVENTORY_CONTROL)
            accounts = [(materials, (schema.BUY, schema.SUBASSEMBLY)), ((schema.FINISHED_GOODS,), (schema.FINISHED,))]
            if self.chosen.triggers == schema.PS:  # everything not yet sold is on one account
                accounts = [(materials, (schema.BUY, schema.SUBASSEMBLY, schema.FINISHED))]
            for roles, kinds in accounts:
                self.count_account(stock, in_money, roles, kinds)
        return {"Stock": list(stock.values()), "InventoryCount": in_money}

    def stock_row(self, item: str, counted: float) -> Row:
        found = lambda: 0.0 if self.draw.random() < 0.2 else self.quantity()  # noqa: E731
        return {"Item": item, "Opening qty": self.maybe(self.quantity, 0.6), "Counted qty": self.maybe(found, counted)}

    def count_account(
        self, stock: dict[str, Row], in_money: list[Row], roles: Sequence[str], kinds: Sequence[str]
    ) -> None:
        """One account in money, on Stock, or not at all, where that is allowed."""
        must = self.chosen.by_count and schema.BUY in kinds
        ways = ["money", "stock"] if must else ["money", "stock", "none"]
        way = self.draw.choice(ways)
        if way == "money":
            conversions = ("Opening conversion", "Counted conversion")
            in_money.append(
                {
                    "Role": self.draw.choice(roles),
                    "Counted amount": self.money(),
                    **{name: self.maybe(self.money) for name in ("Opening amount", *conversions)},
                }
            )
        for item in self.of(*kinds):
            if way == "none" and item in stock:
                stock[item]["Counted qty"] = None
            elif way == "stock" and self.chosen.by_count:  # every item of the account
                stock[item] = self.stock_row(item, 1.0)

    def money(self) -> float:
        return self.draw.randint(0, 9_999_999) / 100


def numbered(rows: list[Row]) -> list[Row]:
    """A correction repeats the document of the row before it."""
    found: list[Row] = []
    for row in rows:
        repeats = float(str(row.get("Quantity", 1))) < 0
        found.append(row | {"Document": found[-1]["Document"] if repeats else f"D-{len(found) + 1}"})
    return found
