"""Levers: which cells move the book quantity of which items, and by how much.

    one more lamp completed    book of lamps +1, of bases -1, of bulbs -2
    one more bulb received     book of bulbs +1
    Qty per of bulbs one more  book of bulbs -(lamps started)

A lever is a set of cells that move the same items alike: the receipts of an item, its completions, a line of its bill. What is
written here is what one unit too many in a cell makes of counted less book.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.explosion.demand import GROWTH, Demand
from xlbackflush.engine.explosion.explosion import Explosion
from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures.own_rows import OwnRows
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model.arrays import Bools, Floats, Ints, sums, where_true

Effects = dict[int, float]

#: kinds of levers beside those of own_rows
OPENING, COUNTED, IN_PROCESS, PER, LOSS, ASSEMBLY_LOSS = (
    "Opening qty", "Counted qty", "WIP", "Qty per", "Scrap %", "Assembly scrap %",
)  # fmt: skip
#: a choice that was wrong: kind -> that of its rows, that which they should be, column of the choice
CHOICES = {
    "completed, not sold": (own.SALE, own.COMPLETION, "Event"),
    "sold, not completed": (own.COMPLETION, own.SALE, "Event"),
    "whole, not a component": (own.SCRAP, own.SCRAP_WHOLE, "Stage"),
    "a component, not whole": (own.SCRAP_WHOLE, own.SCRAP, "Stage"),
}
#: kind, and the item, or the line of the bill; a row of the unit costs where the bill of an item changes within the period
Key = tuple[int | str, int, int]

LINES_MAX = 40  # of one component that are looked into, those that use most of it


@dataclass(frozen=True)
class Lever:
    """Cells of one column, by their positions in its table, with what was typed.

    effects: item -> counted less book that one unit too many gives. middle, spread: of the logarithms of `several` rows.
    line: of the bill, else -1. removal: the cell is right or of no effect at all (a wrong choice), nothing between. on_input:
    of a planned loss, its basis; what was typed is here what it multiplies use by.
    """

    key: Key
    table: str
    column: str
    item: int
    at: Ints
    typed: Floats
    effects: Effects
    middle: float = 0.0
    spread: float = 1.0
    several: int = 0
    line: int = -1
    removal: bool = False
    on_input: bool = False

    @property
    def is_loss(self) -> bool:
        """Is it a planned loss? See `multiplier`."""
        return self.key[0] in (LOSS, ASSEMBLY_LOSS)


def multiplier(share: float, on_input: bool) -> float:
    """What a planned loss multiplies use by."""
    return 1 / (1 - share) if on_input else 1 + share


def loss_of(factor: float, on_input: bool) -> float:
    """The planned loss that multiplies use by so much."""
    return 1 - 1 / factor if on_input else factor - 1


class Levers:
    """The levers of a period, each worked out when it is first asked for."""

    def __init__(self, unit_costs: UnitCosts, demand: Demand, explosion: Explosion, rows: OwnRows) -> None:
        self.unit_costs, self.demand, self.rows = unit_costs, demand, rows
        self.bill, self.inputs = unit_costs.bill, unit_costs.bill.inputs
        self.explosion, self._trace = explosion, explosion.rows
        self._below: dict[int, Effects] = {}
        self._known: dict[Key, Lever | None] = {}

    @cached_property
    def on_shelf(self) -> Bools:
        """Items that are relieved as themselves."""
        shelf: Bools = self.bill.items.stocked | self.demand.followed
        return shelf

    @cached_property
    def use_of_line(self) -> Floats:
        """Units of the component that the period used through each line."""
        trace = self._trace
        used = where_true(self.demand.of_work[trace.root] & (trace.line >= 0))
        return sums(trace.line[used], trace.required[used], len(self.bill.lines))

    @cached_property
    def _in_process_of_line(self) -> Floats:
        """Units of the component that the units in process hold through each line, where the count leaves them out."""
        trace = self._trace
        inside = np.array([event == schema.UNITS_IN_PROCESS for event in self.demand.events], dtype=bool)
        held = where_true(inside[trace.root] & (trace.line >= 0))
        return sums(trace.line[held], trace.required[held], len(self.bill.lines))

    @cached_property
    def _by_component(self) -> Ints:
        return np.argsort(self.bill.lines.component, kind="stable")

    @cached_property
    def _first_of_component(self) -> Ints:
        component = self.bill.lines.component[self._by_component]
        return component.searchsorted(np.arange(len(self.bill.items) + 1))

    @cached_property
    def _first_of_row(self) -> Ints:
        return self.unit_costs.buildup.row.searchsorted(np.arange(len(self.unit_costs.rows) + 1))

    @cached_property
    def _stock_rows(self) -> dict[int, int]:
        return {item: at for at, item in enumerate(self.bill.of("Stock").tolist())}

    @cached_property
    def _wip_rows(self) -> dict[int, int]:
        return {item: at for at, item in enumerate(self.bill.of("WIP").tolist())}

    # -------------------------------------------------------------------------------------------- which levers

    def touching(self, item: int) -> Iterator[Key]:
        """Keys of the levers that move the book or the count of an item on the shelf."""
        kinds: tuple[int | str, ...] = (own.RECEIPT, own.SALE, own.SCRAP, OPENING, COUNTED)
        yield from ((kind, item, -1) for kind in kinds)
        yield from self._of_making(item)
        yield from self._above(item, set())

    def of_kind(self, kind: int, item: int) -> Iterator[Key]:
        """Keys of the levers of the documents of a kind of an item."""
        each = self._cost_rows(item) if kind in (own.COMPLETION, own.SCRAP_WHOLE) else (-1,)
        yield from ((kind, item, row) for row in each)

    def _of_making(self, item: int) -> Iterator[Key]:
        """Levers that say how many of an item were made."""
        if self.bill.items.made[item]:
            for row in self._cost_rows(item):
                kinds: tuple[int | str, ...] = (own.COMPLETION, own.SCRAP_WHOLE, *CHOICES)
                yield from ((kind, item, row) for kind in kinds)

    def _above(self, item: int, seen: set[int]) -> Iterator[Key]:
        """Levers of the lines that take an item, and of the items in whose bills they are."""
        for line in self.lines_of(item):
            parent = int(self.bill.lines.parent[line])
            yield from ((PER, line, -1), (LOSS, line, -1))
            if parent in seen:
                continue
            seen.add(parent)
            yield (ASSEMBLY_LOSS, parent, -1)
            yield from self._of_making(parent)
            if not self.on_shelf[parent]:
                through: tuple[int | str, ...] = (own.SALE, own.SCRAP, OPENING, COUNTED, IN_PROCESS)
                yield from ((kind, parent, -1) for kind in through)
                yield from self._above(parent, seen)

    @cached_property
    def on_a_line_of_nothing(self) -> frozenset[int]:
        """Components that a bill has with a quantity of 0."""
        of_nothing = self.inputs.bom.qty_per == 0
        return frozenset(self.bill.of("BOM", "Component")[of_nothing].tolist()) if of_nothing.any() else frozenset()

    def lines_of(self, item: int) -> list[int]:
        """Lines of the bill that take an item, those that used most of it first."""
        lines = self._by_component[slice(*self._first_of_component[item : item + 2])]
        order: list[int] = lines[np.argsort(-self.use_of_line[lines], kind="stable")].tolist()
        return order[:LINES_MAX]

    def _cost_rows(self, item: int) -> range:
        settings, days = self.inputs.settings, np.array([item])
        first, last = (
            int(self.unit_costs.at(days, float(day))[0]) for day in (settings.period_start, settings.period_end)
        )
        return range(first, last + 1)

    # ------------------------------------------------------------------------------------------------ effects

    def below(self, row: int) -> Effects:
        """Items on the shelf that making one unit takes, by the row of the unit costs of what is made."""
        if row not in self._below:
            buildup, taken = self.unit_costs.buildup, Effects()
            span = slice(*self._first_of_row[row : row + 2])
            for quantity, below in zip(
                buildup.quantity[span].tolist(), buildup.component_row[span].tolist(), strict=True
            ):
                for item, units in self.taken(below).items() if quantity else ():
                    taken[item] = taken.get(item, 0.0) + quantity * units
            self._below[row] = taken
        return self._below[row]

    def taken(self, row: int) -> Effects:
        """Items on the shelf that one unit stands for: itself, or what it is made of where it is exploded through."""
        item = int(self.unit_costs.rows.item[row])
        return {item: 1.0} if self.on_shelf[item] else self.below(row)

    def at_end(self, item: int) -> int:
        """Row of the unit costs of an item at period end."""
        return self._cost_rows(item)[-1]

    # ------------------------------------------------------------------------------------------------- levers

    def lever(self, key: Key) -> Lever | None:
        """The lever of a key; None where it has no cells or moves nothing."""
        if key not in self._known:
            found = self._lever(key)
            moves = found is not None and len(found.at) > 0 and all(found.effects.values())
            self._known[key] = found if moves and found and found.effects else None
        return self._known[key]

    def bare(self, key: Key) -> Lever | None:
        """The lever of the documents of an item, also where it has none of the kind."""
        kind, item, row = key
        number = int(kind)
        made = bool(self.bill.items.made[item])
        if (number == own.RECEIPT and made) or (number == own.COMPLETION and not made) or not self.on_shelf[item]:
            return self.lever(key)
        none = np.zeros(0, dtype=np.int64)
        effects = self._of_row(number, row if row >= 0 else self.at_end(item))
        return self.lever(key) or Lever(key, own.TABLES[number], "Quantity", item, none, np.zeros(0), effects)

    def _lever(self, key: Key) -> Lever | None:
        kind = key[0]
        if isinstance(kind, int) or kind in CHOICES:
            return self._of_documents(key)
        if kind in (OPENING, COUNTED):
            return self._of_stock(key)
        if kind == IN_PROCESS:
            return self._of_wip(key)
        return self._of_bill(key)

    def _of_documents(self, key: Key) -> Lever | None:
        """The rows of one kind of an item: their quantities, or a choice in them."""
        kind, item, row = key
        number, right, column = CHOICES[kind] if isinstance(kind, str) else (kind, -1, "Quantity")
        rows = self.rows.of(self.rows.of_item(int(number), item))
        table = own.TABLES[number]
        if row >= 0 and len(rows) and len(self._cost_rows(item)) > 1:
            days = self.inputs.table(table).column("Date")[rows.at]
            rows = rows.of(self.unit_costs.at(np.full(len(days), item), days) == row)
        if not len(rows):
            return None
        made = row if row >= 0 else self.at_end(item)
        effects = self._of_row(number, made)
        if right >= 0:
            effects = _less(effects, self._of_row(right, made))
        middle, spread, several = (float(values[0]) for values in (rows.middle, rows.spread, rows.several))
        return Lever(
            key, table, column, item, rows.at, rows.quantity, effects, middle, spread, int(several), removal=right >= 0
        )

    def _of_row(self, kind: int, made: int) -> Effects:
        """What one unit too many in a row of a kind gives; made: row of the unit costs of its item."""
        item = int(self.unit_costs.rows.item[made])
        if kind == own.RECEIPT:
            return {item: -1.0}
        if kind == own.COMPLETION:
            return self._making(item, made)
        return self.below(made) if kind == own.SCRAP_WHOLE else self.taken(made)

    def _making(self, item: int, row: int) -> Effects:
        """One more unit completed."""
        itself = {item: -1.0} if self.on_shelf[item] else {}
        return itself | self.below(row)

    def _grows(self, item: int) -> bool:
        """Does the stock of an item say how much of it was made?"""
        return GROWTH in self.demand.streams and bool(self.bill.items.made[item]) and not self.demand.followed[item]

    def is_finished(self, item: int) -> bool:
        """Is it sold, not used?"""
        return bool(self.bill.items.type[item] == schema.FINISHED) and not self.lines_of(item)

    def made_without(self, item: int) -> Iterator[tuple[int, float, int]]:
        """What was made of bills without a component: each item, its units, and how many such items there are."""
        lines = self.bill.lines
        units = np.zeros(len(self.bill.items))
        np.maximum.at(units, lines.parent, self.use_of_line / np.where(lines.factor > 0, lines.factor, np.inf))
        units[[item, *self._parents(item, set())]] = 0.0
        made = where_true(units > 0)
        yield from ((parent, float(units[parent]), len(made)) for parent in made.tolist())

    def _parents(self, item: int, seen: set[int]) -> set[int]:
        """Items that contain an item at any depth, added to those seen."""
        for line in self.lines_of(item):
            parent = int(self.bill.lines.parent[line])
            if parent not in seen:
                seen.add(parent)
                self._parents(parent, seen)
        return seen

    def parts_by_count(self) -> Iterator[tuple[int, Effects]]:
        """Items whose count says how many of them were made, with the parts of one."""
        if GROWTH in self.demand.streams:
            for item in self._stock_rows:
                if item >= 0 and self._grows(item):
                    yield item, self.below(self.at_end(item))

    def _of_stock(self, key: Key) -> Lever | None:
        kind, item, _ = key
        at = self._stock_rows.get(item)
        if at is None:
            return None
        typed = float(self.inputs.stock.column(str(kind))[at])
        if np.isnan(typed):
            if kind == COUNTED:
                return None
            typed = 0.0
        sign = 1.0 if kind == COUNTED else -1.0
        moved = self.below(self.at_end(item)) if self._grows(item) else {item: 1.0}
        effects = {i: sign * units for i, units in moved.items()}
        return Lever(key, "Stock", str(kind), item, np.array([at]), np.array([typed]), effects)

    def _of_wip(self, key: Key) -> Lever | None:
        item, wip = key[1], self.inputs.wip
        at = self._wip_rows.get(item)
        if at is None or self.inputs.settings.stock_count_includes_units_in_process != schema.NO:
            return None
        share = float(np.nan_to_num(wip.material_percent[at]))
        effects = {i: share * units for i, units in self.below(self.at_end(item)).items() if share}
        return Lever(key, "WIP", "Quantity", item, np.array([at]), wip.quantity[at : at + 1], effects)

    def _of_bill(self, key: Key) -> Lever | None:
        """A line of the bill, by its quantity or its scrap, or the assembly scrap of an item."""
        kind, number, _ = key
        lines = self.bill.lines
        if kind == ASSEMBLY_LOSS:
            at, item, line = np.array([number]), number, -1
            on_input = self.inputs.settings.default_scrap_basis == schema.INPUT
            typed = float(self.bill.items.to_start[number])
            through: Iterable[int] = range(*self.bill.first_line[number : number + 2].tolist()) if typed > 1 else ()
        else:
            at = self.inputs.bom.row.searchsorted(lines.row[number : number + 1])
            item, line, through, on_input = int(lines.parent[number]), number, (number,), bool(lines.on_input[number])
            scrap, quantity = float(lines.scrap[number]), float(lines.quantity[number])
            typed = multiplier(scrap, on_input) if kind == LOSS else quantity
            if not (scrap if kind == LOSS else quantity):
                return None
        effects = Effects()
        for each in through:
            for part, units in self._used_through(each).items():
                effects[part] = effects.get(part, 0.0) + units / typed
        table = "StandardCost" if kind == ASSEMBLY_LOSS else "BOM"
        return Lever(key, table, str(kind), item, at, np.array([typed]), effects, line=line, on_input=on_input)

    def _used_through(self, line: int) -> Effects:
        """Items on the shelf that were used through a line."""
        use = float(self.use_of_line[line] + self._in_process_of_line[line])
        if not use:
            return {}
        return {
            item: use * units for item, units in self.taken(self.at_end(int(self.bill.lines.component[line]))).items()
        }


def _less(effects: Effects, others: Effects) -> Effects:
    """Effects of one kind of row less those of another."""
    both = {item: effects.get(item, 0.0) - others.get(item, 0.0) for item in effects.keys() | others.keys()}
    return {item: units for item, units in both.items() if units}
