"""Comparison: sequential tracking and backflush costing side by side, from the same inputs, without exploding anything.

Sequential tracking is conventional costing: materials are issued to work in process when production needs them,
conversion is applied to it, completed units leave it for stock, and sold units leave finished goods. It stands at the end
of the period where backflush costing with all three trigger points does, but for the units in process.

Each line of the table has one cell per method. A cell is an amount that the method posts - rounded once, as the journal
rounds its lines - or is made of cells of other lines. The workbook renders the same cells as formulas.
"""

from collections.abc import Callable, Iterator
from functools import partial, reduce
from operator import sub
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.engine.stock.movements import IN_PROCESS, SOURCES, UNIT_COSTS, Movements
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Ints, where_true
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
class ColumnSum:
    """Sum of a column of a table over the rows where another column has one of some values."""

    table: str
    column: str
    where: str
    values: tuple[str, ...]


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
    """Journal entries where every trigger has its own: one for each group of lines, one below the other, not all zero."""

    groups: tuple[tuple[str, ...], ...]


#: an amount that a method posts: its parts added up, then rounded
MethodAmount = tuple[Product | ColumnSum, ...]
Cell = MethodAmount | Balance | Rows | Groups


@dataclass(frozen=True)
class ComparisonLine:
    """One line of the table. cells: one per method. text: what it is, in words.

    reasons: (method, method, why they differ); each is given where they do.
    """

    section: str
    key: str
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


def _completed(kind: str, method: str, credited: str) -> MethodAmount:
    """What the completion of items of a type takes."""
    if method not in _COMPLETING or credited not in _TAKEN[method]:
        return ()
    return (Product("Completed", _TAKEN[method][credited][1], (kind,)),)


def _in_process(method: str, credited: str) -> MethodAmount:
    """What is in units in process."""
    units = "In process conversion" if credited == ALLOCATED else "In process material"
    return (Product(units, _CONVENTIONAL[credited][1]),) if method == SEQUENTIAL else ()


def _taken(units: str, method: str, credited: str) -> MethodAmount:
    """What goes out with `units`, each relieved as itself where it is stocked."""
    if credited not in _TAKEN[method]:
        return ()
    whole, part = _TAKEN[method][credited]
    relieved = (Product(units, _WHOLE, whole),) if whole else ()
    return *relieved, Product(units, part, (PHANTOM,) if method in _COMPLETING else ())


def _scrapped(kind: str, method: str, credited: str) -> MethodAmount:
    """What goes out with scrapped components, and with units that are scrapped and so exploded."""
    taken = _taken(f"Scrapped {kind}", method, credited)
    return (*taken, Product(f"Units scrapped {kind}", _TAKEN[method][credited][1])) if taken else ()


_Types = dict[str, tuple[str, ...]]
#: method -> types of the items on an account (none: there is no such account)
_ON_MATERIALS: _Types = {SEQUENTIAL: (BUY, SUBASSEMBLY), PCS: (BUY, SUBASSEMBLY), PS: (BUY,), CS: (SUBASSEMBLY,)}
_ON_GOODS: _Types = dict.fromkeys(_COMPLETING, (FINISHED,))
#: method -> types of the items whose purchases go to an account
_TO_MATERIALS: _Types = {method: _ON_MATERIALS[method] for method in (SEQUENTIAL, PCS, PS)}
_TO_GOODS: _Types = dict.fromkeys((SEQUENTIAL, PCS), (FINISHED,))


def _at_standard(units: str, types: _Types) -> tuple[Cell, ...]:
    return tuple((Product(units, _WHOLE, types[m]),) if m in types else () for m in METHODS)


def _opening_materials() -> tuple[Cell, ...]:
    """Opening stock of materials; under Purchase and sale also the material of made items."""
    cells = list(_at_standard("Opening", _ON_MATERIALS))
    inside = Product("Opening", ("Material",), (SUBASSEMBLY, FINISHED))
    cells[METHODS.index(PS)] = Product("Opening", _WHOLE, _ON_MATERIALS[PS]), inside
    return tuple(cells)


def _invoiced(types: _Types) -> tuple[Cell, ...]:
    sums = {method: ColumnSum("Reconciliation", "Invoiced", "Type", kinds) for method, kinds in types.items()}
    return tuple((sums[m],) if m in sums else () for m in METHODS)


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
_INVOICED_TEXT = "Cr Accounts payable; the rest is the material price variance."
_INCURRED_TEXT = "Dr Conversion costs control, Cr Various accounts: the same under every method."


_behind = partial(ComparisonLine, BEHIND)


def _credited(
    key: str, name: str, amount: Callable[[str, str], MethodAmount], texts: dict[str, str], debit: str = ""
) -> Iterator[ComparisonLine]:
    """A line for everything that is credited; amount: by method and what is credited; debit: put into the texts."""
    for credited, text in texts.items():
        cells = tuple(amount(method, credited) for method in METHODS)
        yield _behind(f"{key} {credited}", f"{name}: {_NAMES[credited]}", cells, text.format(debit))


def _keys(flush: str) -> tuple[str, ...]:
    """Keys of the lines of one flush; what is in process was not bought on use."""
    return tuple(f"{flush} {credited}" for credited in CREDITED if (flush, credited) != ("wip", PAYABLES))


def _completions(kind: str, name: str, debit: str) -> Iterator[ComparisonLine]:
    yield from _credited(kind, f"{name} completed", partial(_completed, kind), _COMPLETION_TEXT, debit)
    total = _everywhere(Balance(_keys(kind)))
    text = f"Sequential tracking: Dr {debit}, Cr Work in process. Backflush: the debit of the lines above."
    yield _behind(f"{kind} total", f"{name} completed: in all", total, text)


def _scraps(kind: str, debit: str) -> Iterator[ComparisonLine]:
    low = kind.lower()
    yield from _credited(low, f"{kind} scrap", partial(_scrapped, low), _SCRAP_TEXT, debit)
    salvage = _everywhere((ColumnSum("Scrap", "Salvage value", "Kind", (kind,)),))
    yield _behind(
        f"{low} salvage", f"{kind} scrap: salvage", salvage, f"Dr Scrap recovery, which reduces the charge to {debit}."
    )


_POSTED = (
    _behind("opening materials", "Opening stock: bought items and subassemblies", _opening_materials(),
            "Opening stock at standard, where it has an account. Purchase and sale: of made items the material."),
    _behind("opening finished goods", "Opening stock: finished items", _at_standard("Opening", _ON_GOODS),
            "Opening stock at standard. Without completion entries there is no account."),
    _behind("materials at standard", "Purchases of materials, at standard", _at_standard("Received", _TO_MATERIALS),
            "Dr Materials (Inventory control). Where purchase is no trigger, nothing is recorded."),
    _behind("materials invoiced", "Purchases of materials, as invoiced", _invoiced(_TO_MATERIALS), _INVOICED_TEXT),
    _behind("finished goods at standard", "Purchases of finished items, at standard", _at_standard("Received", _TO_GOODS),
            "Dr Finished goods. Purchase and sale has no account for them; a run would refuse them."),
    _behind("finished goods invoiced", "Purchases of finished items, as invoiced", _invoiced(_TO_GOODS), _INVOICED_TEXT),
    *(
        _behind(f"incurred {kind}", f"Conversion incurred: {kind.lower()}",
                _everywhere((ColumnSum("Actuals", "Amount", "Cost type", (kind,)),)), _INCURRED_TEXT)
        for kind in schema.COST_TYPES
    ),
    *_completions(SUBASSEMBLY, "Subassemblies", "Materials"),
    *_completions(FINISHED, "Finished items", "Finished goods"),
    *_credited("wip", "Units in process", _in_process, _IN_PROCESS_TEXT),
    *_credited("sold", "Units sold", partial(_taken, "Sold"), _SALE_TEXT),
    *_scraps(schema.NORMAL, schema.CCC),
    *_scraps(schema.ABNORMAL, schema.ABNORMAL_SCRAP),
)  # fmt: skip

# ----------------------------------------------------------------------------------------- lines: balances

_FLUSHES = (SUBASSEMBLY, FINISHED, "wip", "sold", "normal", "abnormal")
_INCURRED = tuple(f"incurred {kind}" for kind in schema.COST_TYPES)
_ROUNDED = "{0}: the same amounts, rounded in other parts."


def _credits(credited: str) -> tuple[str, ...]:
    """Lines of everything that goes out of an account."""
    return tuple(f"{flush} {credited}" for flush in _FLUSHES if f"{flush} {credited}" in _keys(flush))


def _line(
    key: str, name: str, plus: tuple[str, ...], minus: tuple[str, ...], *reasons: tuple[str, str, str]
) -> ComparisonLine:
    return ComparisonLine(BALANCES, key, name, _everywhere(Balance(plus, minus)), "", reasons)


_BALANCES = (
    _line(
        MATERIALS, "Materials (and in-process), Inventory control",
        ("opening materials", "materials at standard", f"{SUBASSEMBLY} total"), _credits(MATERIALS),
        (PCS, SEQUENTIAL, "Sequential tracking has issued the material of units in process; backflush costing leaves it here "
         "until they are completed."),
        (PS, PCS, f"{PS}: material stays here until the units that it is in are sold."),
        (CS, PCS, f"{CS}: subassemblies alone; bought items have no account."),
        (S, PCS, f"{S}: no inventory account is kept."),
    ),
    _line(
        "work", schema.WORK_IN_PROCESS, _keys("wip"), (),
        (PCS, SEQUENTIAL, "Only sequential tracking keeps this account: the units of sheet WIP at standard. Units in process "
         "when the period began are no input and are taken as none."),
    ),
    _line(
        GOODS, schema.FINISHED_GOODS,
        ("opening finished goods", "finished goods at standard", f"{FINISHED} total"), _credits(GOODS),
        (PCS, SEQUENTIAL, "Sequential tracking has issued finished items to units in process."),
        (CS, PCS, f"{CS}: finished items that were bought are not recorded; the rest is rounding."),
        (PS, PCS, f"{PS}, {S}: completed units have no account of their own before they are sold."),
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
        (*_INCURRED, *_keys("normal")), ("normal salvage", *_credits(ALLOCATED)),
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
        "sold", schema.COGS, _keys("sold"), (),
        (CS, PCS, _ROUNDED.format(CS)), (PS, PCS, _ROUNDED.format(f"{PS}, {S}")),
    ),
    _line(
        "abnormal", schema.ABNORMAL_SCRAP, _keys("abnormal"), ("abnormal salvage",),
        (CS, PCS, _ROUNDED.format(CS)), (PS, PCS, _ROUNDED.format(f"{PS}, {S}")),
    ),
    _line("recovery", schema.SCRAP_RECOVERY, ("normal salvage", "abnormal salvage"), ()),
)  # fmt: skip
_ACCOUNTS = tuple(line.key for line in _BALANCES)
_SUM = ComparisonLine(
    BALANCES, "sum", "Sum of all balances, less opening stock",
    _everywhere(Balance(_ACCOUNTS, ("opening materials", "opening finished goods"))), "Zero: every method balances.",
)  # fmt: skip

# --------------------------------------------------------------------------------- lines: inventory compared


def _beyond(key: str, name: str, plus: tuple[str, ...], minus: tuple[str, ...], text: str) -> ComparisonLine:
    return ComparisonLine(COMPARED, key, name, _everywhere(Balance(plus, minus, beyond=True)), text)


_COMPARED = (
    ComparisonLine(COMPARED, "inventory", "Inventory in all accounts", _everywhere(Balance((MATERIALS, "work", GOODS))),
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
_ALIKE = (
    ("materials at standard", "materials invoiced"),
    ("finished goods at standard", "finished goods invoiced"),
    _INCURRED,
    *map(_keys, (SUBASSEMBLY, FINISHED, "sold")),
    *((*_keys(kind), f"{kind} salvage") for kind in ("normal", "abnormal")),
)
#: sequential tracking has besides the transfers (as backflush has completions) issues and conversion applied
_STEPS = tuple(step for flush in (SUBASSEMBLY, FINISHED, "wip") for step in (_keys(flush)[:-1], _keys(flush)[-1:]))
_NEEDED = (
    ComparisonLine(ENTRIES, "documents", "Journal entries, one per document", tuple(Rows(_DOCUMENTS[m]) for m in METHODS),
        "Rows of the input sheets. Sequential tracking has three per completion - materials issued, conversion applied, "
        "transfer - and two per row of WIP. Backflush has none where the event is no trigger."),
    ComparisonLine(ENTRIES, "triggers", "Journal entries, one per trigger",
        (Groups((*_ALIKE, *_STEPS)), *_everywhere(Groups(_ALIKE))[1:]),
        "Each kind of entry summed over the period, as the run posts it; before count adjustment, close and period-end WIP."),
)  # fmt: skip

LINES: tuple[ComparisonLine, ...] = (*_NEEDED, *_BALANCES, _SUM, *_COMPARED, *_POSTED)
AGREE = "All columns agree."

# ----------------------------------------------------------------------------------------------- evaluation


@dataclass(frozen=True)
class Figures:
    """A line worked out: one figure per method, in minor units (entries: as a number), and the line in words."""

    line: ComparisonLine
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
    posted = {cell for line in _POSTED for cell in line.cells if isinstance(cell, tuple)}
    sums = _sums({part for cell in posted for part in cell}, tables)
    amounts = {cell: to_minor(sum(sums[part] for part in cell), inputs.places) for cell in posted}
    for line in (*_POSTED, *_BALANCES, _SUM, *_COMPARED, *_NEEDED):
        values[line.key] = [
            amounts[cell] if isinstance(cell, tuple) else _derived(cell, k, values, inputs)
            for k, cell in enumerate(line.cells)
        ]
    return [Figures(line, tuple(values[line.key]), explained(line, values[line.key])) for line in LINES]


def _derived(cell: Balance | Rows | Groups, method: int, values: dict[str, list[int]], inputs: Inputs) -> int:
    """A cell made of cells of other lines, or of rows of the input sheets."""
    if isinstance(cell, Rows):
        return sum(each * _rows(inputs, table, column, wanted) for each, table, column, wanted in cell.counted)
    if isinstance(cell, Groups):
        return sum(any(values[key][method] for key in group) for group in cell.groups)

    def balance(at: int) -> int:
        return sum(values[key][at] for key in cell.plus) - sum(values[key][at] for key in cell.minus)

    return balance(method) - (balance(0) if cell.beyond else 0)


def explained(line: ComparisonLine, figures: list[int]) -> str:
    """The line's own words, or why its figures differ."""
    if line.text:
        return line.text
    if len(set(figures)) == 1:
        return AGREE
    at = dict(zip(METHODS, figures, strict=True))
    return " ".join(why for method, other, why in line.reasons if at[method] != at[other])


def _sums(
    parts: set[Product | ColumnSum], tables: dict[str, dict[str, NDArray[Any]]]
) -> dict[Product | ColumnSum, float]:
    """Every part added up; which rows have one of some values is looked up once."""
    rows: dict[tuple[str, str, tuple[str, ...]], Ints] = {}

    def total(part: Product | ColumnSum) -> float:
        if isinstance(part, ColumnSum):
            amount, key = tables[part.table][part.column], (part.table, part.where, part.values)
        else:
            first, *others = (tables["Movements"][name] for name in part.cost)
            amount, key = (
                tables["Movements"][part.units] * reduce(sub, others, first),
                ("Movements", "Type", part.types),
            )
        table, where, values = key
        if values and key not in rows:
            rows[key] = where_true(np.logical_or.reduce([tables[table][where] == value for value in values]))
        return float(np.nansum(amount[rows[key]]) if values else amount.sum())

    return {part: total(part) for part in parts}


def _rows(inputs: Inputs, table: str, column: str, value: str) -> int:
    records = inputs.table(table)
    return int((records.column(column) == value).sum()) if value else len(records)
