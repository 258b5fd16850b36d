"""Bill: items and bill of materials as arrays, and the order in which to walk them.

    items   one row per item of Standard Cost, numbered 0, 1, 2 ...
    lines   one row per BOM line that can matter in the period, parent and component as item numbers

A line matters when its parent is made (not bought), both ends are known items, its dates meet the period, and it is of the
alternative that Bill on Standard Cost names for its parent.

Standard cost of a made item at its own level, per good unit:

    labor                (labor hours + setup hours / lot size) x labor rate
    overhead, each       (machine hours where they are given, else the hours of labor) x its rate
    other conversion

Overhead goes by what drives it, machine time where machines do the work (Horngren, Cost Accounting, chapters on overhead
allocation): machine hours are those of a unit, setup included, so setup hours, which are labor, add to labor alone then.
A bought item costs its material price. Its material overhead, a share of that price for buying and handling it, is no cost of
stock: it is allocated as other conversion to the products that use the item (`Items.handling`).
`levels` gives each item its low-level code: 0 for items that nothing contains, else one more than its highest parent.
"""

from functools import cached_property

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field, replace
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, Texts, blank_as_zero, texts, where_true
from xlbackflush.model.inputs import Inputs, class_key

FOREVER = 2_958_465.0  # 9999-12-31, Excel's last day


@dataclass(frozen=True)
class Items(Records):
    """Standard Cost with blanks as zero; money and hours per unit.

    role         account role it is relieved from; "" where it is exploded through
    hours        of labor
    own          cost of this level alone, a column for each of `schema.ELEMENTS`; own_conversion is all but material
    handling     material overhead of a unit that goes into a product, of bought items
    flushed      conversion of this level, or handling, that is flushed with a unit; 0 where conversion is expensed
    by_machine   overhead goes by machine hours
    to_start     units to start for one good unit (assembly scrap)
    item_class   class by which its lines are split, spelled as the first item of it has it; "" where they are not
    """

    row: Ints
    code: Texts
    type: Texts
    description: Texts
    uom: Texts
    made: Bools
    role: Texts
    hours: Floats
    own: Floats
    own_conversion: Floats
    handling: Floats
    flushed: Floats
    by_machine: Bools
    to_start: Floats
    item_class: Texts

    @property
    def stocked(self) -> Bools:
        """Relieved as themselves, not exploded through."""
        stocked: Bools = self.role != ""
        return stocked


@dataclass(frozen=True)
class Lines(Records):
    """BOM lines that can matter, sorted by parent, in the order of the sheet within a parent.

    spelled: the component's code as the BOM has it. scrap: a share. factor: component units per parent unit to start.
    first, last: the effective days, clipped to the period.
    """

    row: Ints
    parent: Ints
    component: Ints
    spelled: Texts
    quantity: Floats
    scrap: Floats
    on_input: Bools
    factor: Floats
    first: Floats
    last: Floats


class Spelled(dict[str, int]):
    """Item of each code in whatever spelling, -1 where there is none; a spelling is looked into when it first comes up."""

    def __init__(self, number: dict[str, int]) -> None:
        self._number = number

    def __missing__(self, code: str) -> int:
        self[code] = item = self._number.get(code_key(code), -1)
        return item


@dataclass(frozen=True)
class Bill:
    """Items and lines of one set of inputs; `first_line[i]:first_line[i + 1]` are the lines of parent i.

    number: key of each code (`code_key`) -> item. spelled: the same of codes in any spelling. Items on a BOM circle have
    level -1 (see `rules/items.py`).
    """

    items: Items
    lines: Lines
    number: dict[str, int]
    spelled: Spelled
    first_line: Ints
    level: Ints
    inputs: Inputs
    _numbers: dict[tuple[str, str], Ints] = field(default_factory=dict)

    @cached_property
    def classes(self) -> list[str]:
        """The classes of the items, in their order; "" comes first. One alone: nothing is split."""
        return list(dict.fromkeys(["", *self.items.item_class.tolist()]))

    @property
    def typed_classes(self) -> list[str]:
        """The class of each item in the spelling of its own row, without stray spaces; where nothing is split, none."""
        if len(self.classes) == 1:
            return [""] * len(self.items)
        return [" ".join(each.split()) for each in self.inputs.standard_cost.class_.tolist()]

    @property
    def on_bom(self) -> Bools:
        """Items with a line of their own on the BOM, of the alternative in force, whatever its dates."""
        parents, parent = (
            np.zeros(len(self.items) + 1, dtype=bool),
            self.of("BOM", "Parent"),
        )  # the last one is for item -1
        parents[parent[chosen_lines(self.inputs, parent)]] = True
        return parents[:-1]

    def of(self, table: str, column: str = "Item") -> Ints:
        """Item number of every row of an input column, without regard to case; -1 where unknown."""
        if (table, column) not in self._numbers:
            self._numbers[table, column] = item_numbers(self.inputs.table(table).column(column), self.spelled)
        return self._numbers[table, column]


def code_key(code: str) -> str:
    """What a spreadsheet compares: letters in lower case where each has one small and one capital form.

    Python's casefold goes further than a spreadsheet's `=` (it equates sharp s with ss); codes that only it equates are
    different items here, as they are in the formulas.
    """
    if code.isascii():
        return code.lower()
    return "".join(c.lower() if c.lower().upper() == c else c for c in code)


def item_numbers(codes: Texts, spelled: Spelled) -> Ints:
    """Item numbers of codes, without regard to case; -1 where unknown."""
    return np.fromiter(map(spelled.__getitem__, codes.tolist()), np.int64, len(codes))


def scrap_factor(quantity: Floats, scrap: Floats, on_input: Bools) -> Floats:
    """Quantity with scrap: quantity x (1 + s) on output, quantity / (1 - s) on input.

    20 % on 100 units: 120 by the first, 125 by the second.
    """
    return np.where(on_input, quantity / (1 - scrap), quantity * (1 + scrap))


def item_table(inputs: Inputs) -> Items:
    """The items of Standard Cost."""
    cost, settings = inputs.standard_cost, inputs.settings
    made = cost.type != schema.BUY
    hours, by_machine = blank_as_zero(cost.labor_hours) * made, made & ~np.isnan(cost.machine_hours)
    driver = np.where(by_machine, cost.machine_hours, hours)
    rates = ((hours, cost.labor_rate), (driver, cost.variable_overhead_rate), (driver, cost.fixed_overhead_rate))
    by_the_hour = (driven * blank_as_zero(rate) for driven, rate in rates)
    price, other = blank_as_zero(cost.material_price) * ~made, blank_as_zero(cost.other_conversion) * made
    own = np.column_stack((price, *by_the_hour, other))
    own_conversion, handling = own[:, 1:].sum(axis=1), price * blank_as_zero(cost.material_overhead_percent)
    role_of = {"": ""} | {kind: settings.role_of(kind) for kind in schema.TYPES}
    on_input = np.full(len(cost), settings.default_scrap_basis == schema.INPUT)
    return Items(
        row=cost.row,
        code=cost.item,
        type=cost.type,
        description=cost.description,
        uom=cost.uom,
        made=made,
        role=np.array([role_of[kind] for kind in cost.type.tolist()], dtype=object),
        hours=hours,
        own=own,
        own_conversion=own_conversion,
        handling=handling,
        flushed=np.zeros(len(cost)) if settings.conversion_expensed else own_conversion + handling,
        by_machine=by_machine,
        to_start=scrap_factor(np.ones(len(cost)), blank_as_zero(cost.assembly_scrap_percent) * made, on_input),
        item_class=_classes(inputs),
    )


def _classes(inputs: Inputs) -> Texts:
    """Class of each item, in one spelling; "" for all where the policy does not split by class."""
    typed = inputs.standard_cost.class_.tolist()
    if not inputs.settings.by_class or not any(typed):
        return texts([""] * len(typed))
    spelled = class_spellings(inputs)
    return texts([spelled[class_key(each)] for each in typed])


def class_spellings(inputs: Inputs) -> dict[str, str]:
    """Class by its key (`class_key`), spelled as on Standard Cost, where it stands first."""
    spelled = {"": ""}
    for each in dict.fromkeys(inputs.standard_cost.class_.tolist()):
        spelled.setdefault(class_key(each), " ".join(each.split()))
    return spelled


def line_table(inputs: Inputs, parent: Ints, component: Ints, items: Items) -> Lines:
    """The lines of the BOM; parent and component are the item numbers of all its rows."""
    bom, settings = inputs.bom, inputs.settings
    first = np.fmax(bom.effective_from, settings.period_start)  # where it is blank, the other one
    last = np.fmin(bom.effective_to, settings.period_end)
    on_input = np.where(bom.scrap_basis != "", bom.scrap_basis, settings.default_scrap_basis) == schema.INPUT
    quantity, scrap = blank_as_zero(bom.qty_per), blank_as_zero(bom.scrap_percent)
    factor = scrap_factor(quantity, scrap, on_input)
    lines = Lines(bom.row, parent, component, bom.component, quantity, scrap, on_input, factor, first, last)
    made = np.concatenate((items.made, [False]))  # the last one stands for item -1
    matters = where_true(
        made[parent] & (parent >= 0) & (component >= 0) & (first <= last) & chosen_lines(inputs, parent)
    )
    return lines.of(matters[np.argsort(parent[matters], kind="stable")])


def chosen_lines(inputs: Inputs, parent: Ints) -> Bools:
    """Lines of the alternative that is in force for their parent; parent: item of every row of the BOM, -1 where unknown."""
    alternatives, bills = inputs.bom.alternative.tolist(), inputs.standard_cost.bill.tolist()
    if not any(alternatives) and not any(bills):
        return np.ones(len(alternatives), dtype=bool)
    wanted = [*map(code_key, bills), ""]  # the last one stands for item -1
    pairs = zip(alternatives, parent.tolist(), strict=True)
    return np.fromiter((code_key(each) == wanted[at] for each, at in pairs), bool, len(alternatives))


def bill(inputs: Inputs) -> Bill:
    """Number the items, sort the lines, level the items."""
    items = item_table(inputs)
    number: dict[str, int] = {}
    for i, code in enumerate(items.code.tolist()):
        if code:
            number.setdefault(code_key(code), i)
    spelled = Spelled(number)
    ends = {("BOM", end): item_numbers(inputs.bom.column(end), spelled) for end in ("Parent", "Component")}
    lines = line_table(inputs, ends["BOM", "Parent"], ends["BOM", "Component"], items)
    first_line = lines.parent.searchsorted(np.arange(len(items) + 1))
    level = levels(first_line, lines.component)
    return Bill(items, lines, number, spelled, first_line, level, inputs, ends)


def with_numbers(bill: Bill, inputs: Inputs) -> Bill:
    """The bill of the same codes, types and dates with other quantities, percentages, prices or rates."""
    before = bill.inputs
    items = bill.items if inputs.standard_cost is before.standard_cost else item_table(inputs)
    lines = bill.lines
    if inputs.bom is not before.bom:
        lines = line_table(inputs, bill.of("BOM", "Parent"), bill.of("BOM", "Component"), items)
    return replace(bill, items=items, lines=lines, inputs=inputs)


def levels(first_line: Ints, component: Ints) -> Ints:
    """Low-level codes by peeling: repeatedly take the items whose parents are all taken. -1 is left on a circle.

    A > B > C and A > C gives A 0, B 1, C 2.
    """
    count = len(first_line) - 1
    level = np.full(count, -1, dtype=np.int64)
    waiting = np.bincount(component, minlength=count)
    ready = where_true(waiting == 0)
    depth = 0
    while len(ready):
        level[ready] = depth
        children = component[ranges(first_line[ready], first_line[ready + 1])]
        waiting -= np.bincount(children, minlength=count)
        ready = where_true((waiting == 0) & (level < 0))
        depth += 1
    return level


def ranges(start: Ints, stop: Ints) -> Ints:
    """Concatenated ranges: starts [2, 7], stops [4, 8] gives 2, 3, 7."""
    length = stop - start
    end = length.cumsum()
    offset: Ints = (start - end + length).repeat(length)
    return offset + np.arange(len(offset))
