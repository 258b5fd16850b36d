"""Comparison: sequential tracking and backflush costing side by side, from the same inputs, without exploding anything.

Sequential tracking is conventional costing: materials are issued to work in process when production needs them,
conversion is applied to it, completed units leave it for stock, and sold units leave finished goods. It stands at the end
of the period where backflush costing with all three trigger points does, but for the units in process.

Each line of the table has one cell per method. A cell is an amount that the method posts - rounded once, as the journal
rounds its lines - or is made of cells of other lines. The workbook renders the same cells as formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlbackflush import schema
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.engine.stock.movements import IN_PROCESS, SOURCES, UNIT_COSTS, Movements
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Floats, Ints
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.money import to_minor
from xlbackflush.schema import BUY, CS, FINISHED, PCS, PHANTOM, PS, SEQUENTIAL, SUBASSEMBLY, S

METHODS = (SEQUENTIAL, *schema.TRIGGERS)

# ---------------------------------------------------------------------------------------------- kinds of cell


@dataclass(frozen=True)
class Product:
    """Units x cost per unit, over the Movements of items of some types (none: of all).

    cost: columns of Movements; the others are taken off the first.
    """

    units: str
    cost: tuple[str, ...]
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """Sum of a column of a table over the rows where another column has one of some values."""

    table: str
    column: str
    where: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Posted:
    """An amount that a method posts: its parts added up, then rounded."""

    parts: tuple[Product | Column, ...] = ()


@dataclass(frozen=True)
class Balance:
    """Cells of other lines of the same method, added and taken off; `beyond`: less the same of sequential tracking."""

    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    beyond: bool = False


@dataclass(frozen=True)
class Rows:
    """Journal entries where every document has its own: (entries per row, table, column, value; "" for all rows)."""

    counted: tuple[tuple[int, str, str, str], ...]


@dataclass(frozen=True)
class Groups:
    """Journal entries where every trigger has its own: one for each group of lines (first, last) that is not all zero."""

    groups: tuple[tuple[str, str], ...]


Cell = Posted | Balance | Rows | Groups


@dataclass(frozen=True)
class Line:
    """One line of the table. cells: one per method. text: what it is, in words.

    reasons: (method, method, why they differ); each is given where they do.
    """

    key: str
    section: str
    name: str
    cells: tuple[Cell, ...]
    text: str = ""
    reasons: tuple[tuple[str, str, str], ...] = ()


# -------------------------------------------------------------------------------------------- posted amounts

#: what is credited: an account, or conversion costs allocated
PAYABLES, MATERIALS, GOODS, ALLOCATED = "payables", "materials", "finished goods", "conversion"
CREDITED = (PAYABLES, MATERIALS, GOODS, ALLOCATED)

_WHOLE = ("Unit cost",)
_AT_COMPLETION = ("Conversion at completion",)
_FINISHED = ("Finished at completion",)
_SUBASSEMBLIES = ("Subassemblies at completion",)
_PARTS = (*_WHOLE, *_AT_COMPLETION, *_FINISHED)
_CONVENTIONAL = {
    MATERIALS: ((BUY, SUBASSEMBLY), _PARTS),
    GOODS: ((FINISHED,), _FINISHED),
    ALLOCATED: ((), _AT_COMPLETION),
}
#: method -> credited -> (types relieved as themselves, at unit cost; what comes from there of a unit that is exploded)
_TAKEN: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    SEQUENTIAL: _CONVENTIONAL,
    PCS: _CONVENTIONAL,
    CS: {
        PAYABLES: ((BUY,), (*_PARTS, *_SUBASSEMBLIES)),
        MATERIALS: ((SUBASSEMBLY,), _SUBASSEMBLIES),
        GOODS: ((FINISHED,), _FINISHED),
        ALLOCATED: ((), _AT_COMPLETION),
    },
    PS: {MATERIALS: ((), ("Material",)), ALLOCATED: ((), ("Unit cost", "Material"))},
    S: {PAYABLES: ((), ("Material",)), ALLOCATED: ((), ("Unit cost", "Material"))},
}
_COMPLETING = (SEQUENTIAL, PCS, CS)  # methods that record completions; the others explode all made items when sold


def _taken(method: str, credited: str, units: str, exploded: str) -> Posted:
    """What goes out with `units`, each relieved as itself where it is stocked, and with units that are `exploded`."""
    if credited not in _TAKEN[method]:
        return Posted()
    whole, part = _TAKEN[method][credited]
    parts = [Product(units, _WHOLE, whole)] if whole else []
    parts.append(Product(units, part, (PHANTOM,) if method in _COMPLETING else ()))
    return Posted((*parts, *((Product(exploded, part),) if exploded else ())))


def _completed(method: str, credited: str, kind: str) -> Posted:
    if method not in _COMPLETING or credited not in _TAKEN[method]:
        return Posted()
    return Posted((Product("Completed", _TAKEN[method][credited][1], (kind,)),))


def _in_process(method: str, credited: str) -> Posted:
    if method != SEQUENTIAL:
        return Posted()
    units = "In process conversion" if credited == ALLOCATED else "In process material"
    return Posted((Product(units, _CONVENTIONAL[credited][1]),))


_Types = dict[str, tuple[str, ...]]
#: method -> types of the items on an account (none: there is no such account)
_ON_MATERIALS: _Types = {SEQUENTIAL: (BUY, SUBASSEMBLY), PCS: (BUY, SUBASSEMBLY), PS: (BUY,), CS: (SUBASSEMBLY,)}
_ON_GOODS: _Types = dict.fromkeys(_COMPLETING, (FINISHED,))
_BOUGHT: _Types = {SEQUENTIAL: _ON_MATERIALS[PCS], PCS: _ON_MATERIALS[PCS], PS: (BUY,)}
_GOODS_BOUGHT: _Types = dict.fromkeys((SEQUENTIAL, PCS), (FINISHED,))


def _at_standard(units: str, types: _Types) -> tuple[Cell, ...]:
    return tuple(Posted((Product(units, _WHOLE, types[m]),)) if m in types else Posted() for m in METHODS)


def _invoiced(types: _Types) -> tuple[Cell, ...]:
    return tuple(
        Posted((Column("Reconciliation", "Invoiced", "Type", types[m]),)) if m in types else Posted() for m in METHODS
    )


def _everywhere(cell: Cell) -> tuple[Cell, ...]:
    return (cell,) * len(METHODS)


# ------------------------------------------------------------------------------------ lines: entries behind

ENTRIES, BALANCES, COMPARED, BEHIND = "Entries needed", "Balances", "Inventory compared", "Behind the balances"

_NAMES = {
    PAYABLES: "bought items, payable now",
    MATERIALS: "material from stock",
    GOODS: "finished items from stock",
    ALLOCATED: "conversion",
}
_PAYABLE_TEXT = "Where purchase is no trigger, bought items are recorded when they are used: Cr Accounts payable."
_COMPLETION_TEXT = {
    PAYABLES: _PAYABLE_TEXT,
    MATERIALS: "Sequential tracking: Dr Work in process, Cr Materials. Backflush: Dr {0}, Cr Materials, all at once.",
    GOODS: "Sequential tracking: Dr Work in process, Cr Finished goods. Backflush: Dr {0}, Cr Finished goods.",
    ALLOCATED: "Sequential tracking: Dr Work in process, Cr Conversion costs allocated. Backflush: Dr {0}, same credit.",
}
_SALE_TEXT = {
    PAYABLES: _PAYABLE_TEXT,
    MATERIALS: "Purchase and sale: the material of units sold, all levels. Else parts that are sold as such. Cr Materials.",
    GOODS: "Dr Cost of goods sold, Cr Finished goods, where completion put the units there.",
    ALLOCATED: "Where completion is no trigger, conversion is allocated when units are sold. Else of phantoms sold as such.",
}
_SCRAP_TEXT = {
    PAYABLES: _PAYABLE_TEXT,
    MATERIALS: "Dr {0}, Cr Materials.",
    GOODS: "Dr {0}, Cr Finished goods.",
    ALLOCATED: "Dr {0}, Cr Conversion costs allocated.",
}
_IN_PROCESS_TEXT = {
    MATERIALS: "Sequential tracking: Dr Work in process, Cr Materials. Backflush records nothing before completion.",
    GOODS: "Sequential tracking: Dr Work in process, Cr Finished goods. Backflush records nothing before completion.",
    ALLOCATED: "Sequential tracking: Dr Work in process, Cr Conversion costs allocated. Backflush: nothing.",
}


def _opening() -> tuple[Line, ...]:
    stock: dict[str, tuple[_Types, str, str]] = {
        MATERIALS: (
            _ON_MATERIALS,
            "Bought items and subassemblies",
            "Opening stock at standard, where it has an account.",
        ),
        GOODS: (
            _ON_GOODS,
            "Finished items",
            "Opening stock at standard. Without completion entries there is no account.",
        ),
    }
    return tuple(
        Line(f"opening {account}", BEHIND, f"Opening stock: {name.lower()}", _at_standard("Opening", types), text)
        for account, (types, name, text) in stock.items()
    )


def _purchases() -> tuple[Line, ...]:
    found = []
    bought: tuple[tuple[str, _Types, str], ...] = (
        (MATERIALS, _BOUGHT, "materials"),
        (GOODS, _GOODS_BOUGHT, "finished items"),
    )
    for account, types, name in bought:
        debit = "Materials (Inventory control)" if account == MATERIALS else "Finished goods"
        standard = f"Dr {debit}. Where purchase is no trigger, nothing is recorded."
        if account == GOODS:
            standard = f"Dr {debit}. Purchase and sale has no account for them; a run would refuse them."
        found += [
            Line(f"{account} at standard", BEHIND, f"Purchases of {name}, at standard", _at_standard("Received", types),
                 standard),
            Line(f"{account} invoiced", BEHIND, f"Purchases of {name}, as invoiced", _invoiced(types),
                 "Cr Accounts payable; the rest is the material price variance."),
        ]  # fmt: skip
    return tuple(found)


def _incurred() -> tuple[Line, ...]:
    text = "Dr Conversion costs control, Cr Various accounts: the same under every method."
    return tuple(
        Line(f"incurred {kind}", BEHIND, f"Conversion incurred: {kind.lower()}",
             _everywhere(Posted((Column("Actuals", "Amount", "Cost type", (kind,)),))), text)
        for kind in schema.COST_TYPES
    )  # fmt: skip


def _completions() -> tuple[Line, ...]:
    found = []
    for kind, name, debit in (
        (SUBASSEMBLY, "Subassemblies", "Materials"),
        (FINISHED, "Finished items", "Finished goods"),
    ):
        found += [
            Line(f"{kind} {credited}", BEHIND, f"{name} completed: {_NAMES[credited]}",
                 tuple(_completed(m, credited, kind) for m in METHODS), _COMPLETION_TEXT[credited].format(debit))
            for credited in CREDITED
        ]  # fmt: skip
        total = _everywhere(Balance(tuple(f"{kind} {credited}" for credited in CREDITED)))
        text = f"Sequential tracking: Dr {debit}, Cr Work in process. Backflush: the debit of the lines above."
        found.append(Line(f"{kind} total", BEHIND, f"{name} completed: in all", total, text))
    return tuple(found)


def _works() -> tuple[Line, ...]:
    return tuple(
        Line(f"wip {credited}", BEHIND, f"Units in process: {_NAMES[credited]}",
             tuple(_in_process(m, credited) for m in METHODS), _IN_PROCESS_TEXT[credited])
        for credited in CREDITED[1:]
    )  # fmt: skip


def _sales() -> tuple[Line, ...]:
    return tuple(
        Line(f"sold {credited}", BEHIND, f"Units sold: {_NAMES[credited]}",
             tuple(_taken(m, credited, "Sold", "") for m in METHODS), _SALE_TEXT[credited])
        for credited in CREDITED
    )  # fmt: skip


def _scraps() -> tuple[Line, ...]:
    found = []
    for kind, debit in ((schema.NORMAL, schema.CCC), (schema.ABNORMAL, schema.ABNORMAL_SCRAP)):
        low = kind.lower()
        found += [
            Line(f"{low} {credited}", BEHIND, f"{kind} scrap: {_NAMES[credited]}",
                 tuple(_taken(m, credited, f"Scrapped {low}", f"Units scrapped {low}") for m in METHODS),
                 _SCRAP_TEXT[credited].format(debit))
            for credited in CREDITED
        ]  # fmt: skip
        salvage = _everywhere(Posted((Column("Scrap", "Salvage value", "Kind", (kind,)),)))
        text = f"Dr Scrap recovery, which reduces the charge to {debit}."
        found.append(Line(f"{low} salvage", BEHIND, f"{kind} scrap: salvage", salvage, text))
    return tuple(found)


_POSTED = (*_opening(), *_purchases(), *_incurred(), *_completions(), *_works(), *_sales(), *_scraps())

# ----------------------------------------------------------------------------------------- lines: balances

_FLUSHES = (SUBASSEMBLY, FINISHED, "wip", "sold", "normal", "abnormal")
_INCURRED = tuple(f"incurred {kind}" for kind in schema.COST_TYPES)
_ROUNDED = "{0}: the same amounts, rounded in other parts."
_NORMAL = tuple(f"normal {credited}" for credited in CREDITED)
_ABNORMAL = tuple(f"abnormal {credited}" for credited in CREDITED)


def _credits(credited: str) -> tuple[str, ...]:
    """Lines of everything that goes out of an account."""
    keys = (f"{flush} {credited}" for flush in _FLUSHES)
    return tuple(key for key in keys if key != f"wip {PAYABLES}")


def _line(key: str, name: str, plus: tuple[str, ...], minus: tuple[str, ...], *reasons: tuple[str, str, str]) -> Line:
    return Line(key, BALANCES, name, _everywhere(Balance(plus, minus)), "", reasons)


_BALANCES = (
    _line(
        MATERIALS, "Materials (and in-process), Inventory control",
        ("opening materials", "materials at standard", f"{SUBASSEMBLY} total"), _credits(MATERIALS),
        (PCS, SEQUENTIAL, "Sequential tracking has issued the material of units in process; backflush costing leaves it here "
         "until they are completed."),
        (PS, PCS, f"{PS}: bought items stay here until the units they are in are sold; subassemblies have no account."),
        (CS, PCS, f"{CS}: subassemblies alone; bought items have no account."),
        (S, PCS, f"{S}: no inventory account is kept."),
    ),
    _line(
        "work", schema.WORK_IN_PROCESS, tuple(f"wip {credited}" for credited in CREDITED[1:]), (),
        (PCS, SEQUENTIAL, "Only sequential tracking keeps this account: the units of sheet WIP at standard. Units in process "
         "when the period began are no input and are taken as none."),
    ),
    _line(
        GOODS, schema.FINISHED_GOODS,
        ("opening finished goods", "finished goods at standard", f"{FINISHED} total"), _credits(GOODS),
        (PCS, SEQUENTIAL, "Sequential tracking has issued finished items to units in process."),
        (CS, PCS, f"{CS}: finished items that were bought are not recorded; the rest is rounding."),
        (PS, PCS, f"{PS}, {S}: completed units have no account before they are sold, and opening stock has none."),
    ),
    _line(
        PAYABLES, schema.ACCOUNTS_PAYABLE, (), ("materials invoiced", "finished goods invoiced", *_credits(PAYABLES)),
        (PS, PCS, f"{PS}: made items that were bought are not recorded."),
        (CS, PCS, f"{CS}: bought items are recorded at standard when units are completed, not as invoiced."),
        (S, PCS, f"{S}: bought items are recorded at standard when units are sold, not as invoiced."),
    ),
    _line("various", schema.VARIOUS_ACCOUNTS, (), _INCURRED),
    _line(
        ALLOCATED, "Conversion under- or (over-)allocated",
        (*_INCURRED, *_NORMAL), ("normal salvage", *_credits(ALLOCATED)),
        (PCS, SEQUENTIAL, "Sequential tracking has applied conversion to units in process; backflush costing allocates it "
         "when they are completed, so that it is in no inventory yet."),
        (CS, PCS, _ROUNDED.format(CS)),
        (PS, PCS, f"{PS}, {S}: conversion is allocated when units are sold, so that of units completed in excess of sales "
         "is in no inventory."),
    ),
    _line(
        "price", schema.PRICE_VARIANCE,
        ("materials invoiced", "finished goods invoiced"), ("materials at standard", "finished goods at standard"),
        (PS, PCS, f"{PS}: made items that were bought are not recorded."),
        (CS, PCS, f"{CS}, {S}: purchases are not recorded, so that no price variance shows."),
    ),
    _line(
        "sold", schema.COGS, tuple(f"sold {credited}" for credited in CREDITED), (),
        (CS, PCS, _ROUNDED.format(CS)), (PS, PCS, _ROUNDED.format(f"{PS}, {S}")),
    ),
    _line(
        "abnormal", schema.ABNORMAL_SCRAP, _ABNORMAL, ("abnormal salvage",),
        (CS, PCS, _ROUNDED.format(CS)), (PS, PCS, _ROUNDED.format(f"{PS}, {S}")),
    ),
    _line("recovery", schema.SCRAP_RECOVERY, ("normal salvage", "abnormal salvage"), ()),
)  # fmt: skip
_ACCOUNTS = tuple(line.key for line in _BALANCES)
_SUM = Line(
    "sum", BALANCES, "Sum of all balances, less opening stock",
    _everywhere(Balance(_ACCOUNTS, ("opening materials", "opening finished goods"))), "Zero: every method balances.",
)  # fmt: skip

# --------------------------------------------------------------------------------- lines: inventory compared


def _beyond(key: str, name: str, plus: tuple[str, ...], minus: tuple[str, ...], text: str) -> Line:
    return Line(key, COMPARED, name, _everywhere(Balance(plus, minus, beyond=True)), text)


_COMPARED = (
    Line("inventory", COMPARED, "Inventory in all accounts", _everywhere(Balance((MATERIALS, "work", GOODS))),
         "Materials, work in process and finished goods."),
    _beyond("beyond", "Difference from sequential tracking", ("inventory",), (), "The next five lines add up to it."),
    _beyond("b opening", "of it: opening stock without account", ("opening materials", "opening finished goods"), (),
            "Stock at the start of the period that the method has no account for."),
    _beyond("b payables", "of it: purchases not recorded, or on use", (), (PAYABLES, "price"),
            "Purchases at standard less what was recorded of them."),
    _beyond("b conversion", "of it: conversion not allocated", (), (ALLOCATED,),
            "Standard conversion flushed less, or more, than under sequential tracking. The close takes it to profit."),
    _beyond("b sold", "of it: cost of goods sold", (), ("sold",), "Rounding alone: standard cost of sales is the same."),
    _beyond("b abnormal", "of it: abnormal scrap", (), ("abnormal",), "Rounding alone: scrap is charged at standard."),
)  # fmt: skip

# ---------------------------------------------------------------------------------- lines: number of entries

_PURCHASES, _ACTUALS, _SCRAP = (1, "Purchases", "Date", ""), (1, "Actuals", "Date", ""), (1, "Scrap", "Date", "")
_SOLD, _MADE = (1, "Counts", "Event", schema.SOLD), (1, "Counts", "Event", schema.COMPLETED)
_DOCUMENTS = {
    SEQUENTIAL: (_PURCHASES, _ACTUALS, (3, *_MADE[1:]), (2, "WIP", "Item", ""), _SOLD, _SCRAP),
    PCS: (_PURCHASES, _ACTUALS, _MADE, _SOLD, _SCRAP),
    PS: (_PURCHASES, _ACTUALS, _SOLD, _SCRAP),
    CS: (_ACTUALS, _MADE, _SOLD, _SCRAP),
    S: (_ACTUALS, _SOLD, _SCRAP),
}


def _whole(flush: str) -> tuple[str, str]:
    return f"{flush} {PAYABLES}", f"{flush} {ALLOCATED}"


_ALIKE = (
    ("materials at standard", "materials invoiced"),
    ("finished goods at standard", "finished goods invoiced"),
    (_INCURRED[0], _INCURRED[-1]),
    *map(_whole, (SUBASSEMBLY, FINISHED, "sold")),
    *((f"{kind} {PAYABLES}", f"{kind} salvage") for kind in ("normal", "abnormal")),
)
#: sequential tracking has besides the transfers (as backflush has completions) issues and conversion applied
_STEPS = tuple(
    step
    for flush, first in ((SUBASSEMBLY, PAYABLES), (FINISHED, PAYABLES), ("wip", MATERIALS))
    for step in ((f"{flush} {first}", f"{flush} {GOODS}"), (f"{flush} {ALLOCATED}",) * 2)
)
_NEEDED = (
    Line("documents", ENTRIES, "Journal entries, one per document", tuple(Rows(_DOCUMENTS[m]) for m in METHODS),
         "Rows of the input sheets. Sequential tracking has three per completion - materials issued, conversion applied, "
         "transfer - and two per row of WIP. Backflush has none where the event is no trigger."),
    Line("triggers", ENTRIES, "Journal entries, one per trigger",
         (Groups((*_ALIKE, *_STEPS)), *_everywhere(Groups(_ALIKE))[1:]),
         "Each kind of entry summed over the period, as the run posts it; before count adjustment, close and period-end WIP."),
)  # fmt: skip

LINES: tuple[Line, ...] = (*_NEEDED, *_BALANCES, _SUM, *_COMPARED, *_POSTED)
AGREE = "All columns agree."

# ----------------------------------------------------------------------------------------------- evaluation


@dataclass(frozen=True)
class Figures:
    """A line worked out: one figure per method, in minor units (entries: as a number), and the line in words."""

    line: Line
    figures: tuple[int, ...]
    explanation: str

    @property
    def counts(self) -> bool:
        return self.line.section == ENTRIES


def comparison(unit_costs: UnitCosts, movements: Movements, book: StockBook) -> list[Figures]:
    """All lines, in the order of the sheet. A few hundred sums over the movements and inputs."""
    inputs, kinds, costs = unit_costs.bill.inputs, unit_costs.bill.items.type, unit_costs.rows
    tables: dict[str, dict[str, NDArray[Any]]] = {
        "Movements": {
            "Type": kinds[movements.item],
            **{name: movements.units(name) for name in ("Opening", *SOURCES, *IN_PROCESS)},
            **{name: getattr(costs, field)[movements.rollup_row] for name, field in UNIT_COSTS.items()},
        },
        "Reconciliation": {"Type": kinds[book.item], "Invoiced": book.invoiced},
        "Actuals": {"Cost type": inputs.actuals.cost_type, "Amount": inputs.actuals.amount},
        "Scrap": {"Kind": inputs.scrap.kind, "Salvage value": inputs.scrap.salvage_value},
    }
    values: dict[str, list[int]] = {}
    posted = {cell for line in _POSTED for cell in line.cells if isinstance(cell, Posted)}
    sums = _sums({part for cell in posted for part in cell.parts}, tables)
    amounts = {cell: to_minor(sum(sums[part] for part in cell.parts), inputs.places) for cell in posted}
    for line in (*_POSTED, *_BALANCES, _SUM, *_COMPARED, *_NEEDED):
        values[line.key] = []
        for k, cell in enumerate(line.cells):
            values[line.key].append(amounts[cell] if isinstance(cell, Posted) else _derived(cell, k, values, inputs))
    return [Figures(line, tuple(values[line.key]), explained(line, values[line.key])) for line in LINES]


def _derived(cell: Balance | Rows | Groups, method: int, values: dict[str, list[int]], inputs: Inputs) -> int:
    """A cell made of cells of other lines, or of rows of the input sheets."""
    if isinstance(cell, Rows):
        return sum(each * _rows(inputs, table, column, wanted) for each, table, column, wanted in cell.counted)
    if isinstance(cell, Groups):
        return sum(any(values[key][method] for key in between(group)) for group in cell.groups)

    def balance(at: int) -> int:
        return sum(values[key][at] for key in cell.plus) - sum(values[key][at] for key in cell.minus)

    return balance(method) - (balance(0) if cell.beyond else 0)


def between(group: tuple[str, str]) -> list[str]:
    """Keys of the lines from the first to the last of a group."""
    keys = [line.key for line in _POSTED]
    return keys[keys.index(group[0]) : keys.index(group[1]) + 1]


def explained(line: Line, figures: list[int]) -> str:
    """The line's own words, or why its figures differ."""
    if line.text:
        return line.text
    if len(set(figures)) == 1:
        return AGREE
    at = dict(zip(METHODS, figures, strict=True))
    return " ".join(why for method, other, why in line.reasons if at[method] != at[other])


def _sums(parts: set[Product | Column], tables: dict[str, dict[str, NDArray[Any]]]) -> dict[Product | Column, float]:
    """Every part added up; which rows have one of some values is looked up once."""
    rows: dict[tuple[str, str, tuple[str, ...]], Ints] = {}

    def added(amount: Floats, table: str, where: str, values: tuple[str, ...]) -> float:
        if (table, where, values) not in rows:
            column = tables[table][where]
            rows[table, where, values] = np.flatnonzero(np.logical_or.reduce([column == value for value in values]))
        return float(np.nansum(amount[rows[table, where, values]]))

    def amount(part: Product | Column) -> float:
        if isinstance(part, Column):
            return added(tables[part.table][part.column], part.table, part.where, part.values)
        cost = tables["Movements"][part.cost[0]]
        for name in part.cost[1:]:
            cost = cost - tables["Movements"][name]
        worth = tables["Movements"][part.units] * cost
        return added(worth, "Movements", "Type", part.types) if part.types else float(worth.sum())

    return {part: amount(part) for part in parts}


def _rows(inputs: Inputs, table: str, column: str, value: str) -> int:
    records = inputs.table(table)
    return int((records.column(column) == value).sum()) if value else len(records)
