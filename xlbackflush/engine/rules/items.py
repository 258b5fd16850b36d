"""Rules of items, bills of materials and standard costs."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import cells, item_texts, made_by_count, repeats, shared, text_cells
from xlbackflush.engine.rules.unknown_codes import displaced, unknown_codes
from xlbackflush.engine.standards.bill import FOREVER, Bill, chosen_lines, code_key
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import Bools, Floats, blank_as_zero, sums
from xlbackflush.model.words import listed, price

# --------------------------------------------------------------------------------------------------- items


def duplicate_items(period: Period) -> Iterator[f.Finding]:
    """Every item once; Excel does not tell upper from lower case."""
    cost = period.inputs.standard_cost
    given = cost.item != ""
    if len(period.bill.number) == np.count_nonzero(given):
        return
    keys = [code_key(code) for code in cost.item.tolist()]
    duplicates = repeats(keys) & given
    first = dict(zip(reversed(keys), reversed(cost.row.tolist()), strict=True))
    missing = displaced(period)
    for cell, code in text_cells(period.inputs, "StandardCost", "Item", duplicates):
        text = f"{code} is listed before, in row {first[code_key(code)]}."
        if missing:
            text += f" {missing}, which other sheets use, is not listed: one of the two rows may be meant for it."
        fix = f"Correct the code of the row that is {missing}." if missing else None
        yield f.DUPLICATE_ITEM(cell, text, fix=fix)


def unknown_items(period: Period) -> Iterator[f.Finding]:
    """Every code used must be on Standard Cost."""
    yield from unknown_codes(period)


# ----------------------------------------------------------------------------------------------- the BOM


def bom_lines(period: Period) -> Iterator[f.Finding]:
    """A line must not end before it starts."""
    bom = period.inputs.bom
    for cell in cells(period.inputs, "BOM", "Effective to", bom.effective_to < bom.effective_from):
        yield f.DATES_REVERSED(cell, "The line ends before it starts.")


def zero_quantities(period: Period) -> Iterator[f.Finding]:
    """A line of nothing relieves nothing."""
    bom = period.inputs.bom
    rows = bom.qty_per == 0
    for cell, component in zip(cells(period.inputs, "BOM", "Qty per", rows), bom.component[rows].tolist(), strict=True):
        yield f.ZERO_QUANTITY(cell, f"Qty per of {component} is 0: nothing of it is relieved.")


def overlaps(period: Period) -> Iterator[f.Finding]:
    """The same component twice in force on one day, where dates say otherwise."""
    for (cell, code), dated, _, first in _in_force_twice(period):
        if dated:
            where = period.inputs.sources["BOM"].cell("Component", first)
            yield f.OVERLAP(cell, f"{code} is in force twice on some days for this parent, here and in {where}.")


def listed_twice(period: Period) -> Iterator[f.Finding]:
    """The same component twice for one parent without dates: what the second line relieves, and which line a count fits."""
    lines, codes = period.bill.lines, period.bill.items.code
    line_of: dict[int, int] = {}
    for (cell, code), dated, row, first in _in_force_twice(period):
        if dated:
            continue
        line_of = line_of or {row: line for line, row in enumerate(lines.row.tolist())}
        line = line_of.get(row)
        if line is None:  # of a bought item, whose lines are not used
            continue
        where = period.inputs.sources["BOM"].cell("Component", first)
        text = f"{code} is listed twice in the bill of {codes[lines.parent[line]]}, here and in {where}; both lines are used."
        used = float(period.levers.use_of_line[line])
        worth = used * float(period.unit_balance.units.cost[lines.component[line]])
        yield f.TWICE(cell, text + _what_count_fits(period, line, used), worth or None)


def _what_count_fits(period: Period, line: int, used: float) -> str:
    """Whether the count of a component fits what both of its lines relieve, or the one without the other."""
    units, item = period.unit_balance.units, int(period.bill.lines.component[line])
    difference, noise = float(units.difference[item]), _FITS * float(units.noise[item])
    if not units.is_counted[item] or used <= 2 * noise:
        return ""
    if abs(difference - used) <= noise:
        return f" The count of {period.bill.items.code[item]} fits without this line."
    return f" The count of {period.bill.items.code[item]} fits both." if abs(difference) <= noise else ""


_FITS = 5.0  # noises of a count


def _in_force_twice(period: Period) -> Iterator[tuple[tuple[str, str], bool, int, int]]:
    """Lines of a component in force twice on one day: cell and code, are lines of the pair dated, row, that of the first."""
    bom, bill = period.inputs.bom, period.bill
    parent, component = bill.of("BOM", "Parent"), bill.of("BOM", "Component")
    compared = (parent >= 0) & (component >= 0) & chosen_lines(period.inputs, parent)
    pair = np.where(compared, parent * len(bill.items) + component, -1)
    several = shared(pair.tolist())
    several = several[pair[several] >= 0]
    if not len(several):
        return
    first, last = blank_as_zero(bom.effective_from), np.where(np.isnan(bom.effective_to), FOREVER, bom.effective_to)
    is_dated = ~(np.isnan(bom.effective_from) & np.isnan(bom.effective_to))
    dated_pairs = set(pair[several[is_dated[several]]].tolist())
    several = several[np.lexsort((bom.row[several], first[several], pair[several]))]
    reach: dict[int, float] = {}  # the last day on which a line of the pair so far is in force
    clashes = []
    for at, key in zip(several.tolist(), pair[several].tolist(), strict=True):
        if key in reach and first[at] <= reach[key]:
            clashes.append(at)
        reach[key] = max(reach.get(key, 0.0), float(last[at]))
    chosen = np.array(clashes, dtype=np.int64)
    components = text_cells(period.inputs, "BOM", "Component", chosen)
    top = dict(zip(reversed(pair[several].tolist()), reversed(bom.row[several].tolist()), strict=True))
    for named, key, row in zip(components, pair[chosen].tolist(), bom.row[chosen].tolist(), strict=True):
        yield named, key in dated_pairs, row, top[key]


def bought_with_bill(period: Period) -> Iterator[f.Finding]:
    """A bought item is relieved at its price; lines below it are never used."""
    bom, bill = period.inputs.bom, period.bill
    parent = bill.of("BOM", "Parent")
    bought = (item_texts(bill.items.type, parent) == schema.BUY) & ~repeats(bom.parent.tolist())
    for cell, code in text_cells(period.inputs, "BOM", "Parent", bought):
        yield f.BOUGHT_WITH_BOM(cell, f"{code} is of type Buy and has a bill of materials, whose lines are ignored.")


def cycles(period: Period) -> Iterator[f.Finding]:
    """No item may contain itself. One finding per circle, at one of its lines, with the circle spelled out."""
    steps, codes, seen = _steps_on_circles(period.bill), period.bill.items.code.tolist(), set[int]()
    for start in steps:
        path: list[int] = []
        item = start
        while item not in path and item not in seen and item in steps:
            path.append(item)
            item = next((c for c, _ in steps[item] if c in path), steps[item][0][0])
        seen.update(path)
        if item in path:
            circle = path[path.index(item) :]
            row = next(r for c, r in steps[circle[-1]] if c == item)
            text = " > ".join(codes[i] for i in [*circle, item])
            yield f.CYCLE(period.inputs.sources["BOM"].cell("Component", row), f"The bill runs in a circle: {text}.")


def _steps_on_circles(bill: Bill) -> dict[int, list[tuple[int, int]]]:
    """Parent -> its components and the rows of their lines, as far as one can go on from there without end."""
    lines = bill.lines.of((bill.level[bill.lines.parent] < 0) & (bill.level[bill.lines.component] < 0))
    steps: dict[int, list[tuple[int, int]]] = {}
    for parent, component, row in zip(lines.parent.tolist(), lines.component.tolist(), lines.row.tolist(), strict=True):
        steps.setdefault(parent, []).append((component, row))
    while True:  # items below a circle are not on it: drop what leads nowhere, until every step can be followed
        ahead = {parent: [(c, row) for c, row in ends if c in steps] for parent, ends in steps.items()}
        onward = {parent: ends for parent, ends in ahead.items() if ends}
        if onward == steps:
            return steps
        steps = onward


def per_nothing(period: Period) -> Iterator[f.Finding]:
    """What is for so many units must be for some."""
    for table, column in _PER:
        zero = period.inputs.table(table).column(column) == 0
        if zero.any():
            for cell in cells(period.inputs, table, column, zero):
                yield f.NOTHING_PER(cell, f"{column} is 0.")


_PER = (("BOM", "Per"), ("StandardCost", "Price per"), ("StandardCost", "Lot size"), ("Purchases", "Price per"))


def bills_chosen(period: Period) -> Iterator[f.Finding]:
    """Where a parent has alternatives, one of them is in force: the one that Bill names, and that there is."""
    inputs, bill = period.inputs, period.bill
    bom, cost = inputs.bom, inputs.standard_cost
    if not (bom.alternative.any() or cost.bill.any()):
        return
    spelled: dict[int, dict[str, str]] = defaultdict(dict)  # item -> its alternatives
    for item, text in zip(bill.of("BOM", "Parent").tolist(), bom.alternative.tolist(), strict=True):
        spelled[item].setdefault(code_key(text), text)
    for at, (code, wanted) in enumerate(zip(cost.item.tolist(), cost.bill.tolist(), strict=True)):
        has = spelled.get(at, {})
        if code_key(wanted) in has or not (wanted or has) or not bill.items.made[at]:
            continue
        where = inputs.sources["StandardCost"].cell("Bill", int(cost.row[at]))
        named = [text for key, text in has.items() if key]
        if not wanted:
            several = f"the bill {named[0]}" if len(named) == 1 else f"the bills {listed(named)}"
            yield f.BILL_NOT_CHOSEN(where, f"{code} has {several} on BOM, and Bill names none.")
        elif named:
            yield f.UNKNOWN_BILL(where, f"Bill of {code} is {wanted}; on BOM it has {listed(named)}.")
        else:
            yield f.UNKNOWN_BILL(where, f"Bill of {code} is {wanted}; on BOM no line of it has an Alternative.")


# ----------------------------------------------------------------------------------------- standard costs


def prices(period: Period) -> Iterator[f.Finding]:
    """Bought items have a price and nothing else; made items have no price."""
    cost, bill = period.inputs.standard_cost, period.bill
    bought = (cost.type == schema.BUY) & ~np.append(made_by_count(bill), False)[bill.of("StandardCost")]
    priced, hours = _given(cost.material_price), _given(cost.labor_hours)
    made = ~np.isin(cost.type, (schema.BUY, ""))
    on_bom = np.append(bill.on_bom, False)[bill.of("StandardCost")]
    machine = _given(cost.machine_hours)
    converted = hours | machine | _given(cost.other_conversion)
    free = made & ~priced & ~on_bom & ~converted & _unused(bill)
    overhead = _given(cost.variable_overhead_rate) | _given(cost.fixed_overhead_rate)
    rated, each = _given(cost.labor_rate) | overhead, _given(cost.setup_hours) & np.isnan(cost.lot_size)
    yield from _without_price(period, bought & ~priced)
    for rule, rows, column, text in (
        (f.PRICE_WITHOUT_BOM, made & priced & ~on_bom, "Material price", "{} is made, has a price and no BOM."),
        (f.PRICE_IGNORED, made & priced & on_bom, "Material price", "{} is made and has a Material price."),
        (f.CONVERSION_IGNORED, bought & converted, "Labor hours", "{} is bought and has labor or other conversion."),
        (f.NO_COST, free, "Item", "{} has neither a BOM nor conversion cost."),
        (f.HOURS_WITHOUT_RATE, made & hours & ~rated, "Labor hours", "{} has labor hours and no rate."),
        (
            f.HOURS_WITHOUT_RATE,
            made & machine & ~overhead,
            "Machine hours",
            "{} has machine hours and no overhead rate.",
        ),
        (
            f.OVERHEAD_IGNORED,
            made & _given(cost.material_overhead_percent),
            "Material overhead %",
            "{} is made and has material overhead.",
        ),
        (f.SETUP_OF_EACH, made & each, "Lot size", "{} has Setup hours, and Lot size is blank."),
    ):
        for cell, code in zip(
            cells(period.inputs, "StandardCost", column, rows), cost.item[rows].tolist(), strict=True
        ):
            yield rule(cell, text.format(code))


def _without_price(period: Period, rows: Bools) -> Iterator[f.Finding]:
    """Bought items without a price, with what their receipts cost."""
    bill, purchases = period.bill, period.inputs.purchases
    if not rows.any():
        return
    item, count = bill.of("Purchases"), len(bill.items)
    invoiced = (item >= 0) & (purchases.quantity > 0) & (purchases.actual_price > 0)
    units = sums(item[invoiced], purchases.quantity[invoiced], count)
    money = sums(item[invoiced], period.inputs.invoiced[invoiced], count)
    where, codes = cells(period.inputs, "StandardCost", "Material price", rows), period.inputs.standard_cost.item[rows]
    for cell, code, number_of in zip(where, codes.tolist(), bill.of("StandardCost")[rows].tolist(), strict=True):
        received = number_of >= 0 and units[number_of] > 0
        cost = f" Its receipts cost about {price(money[number_of] / units[number_of])}." if received else ""
        yield f.NO_PRICE(cell, f"{code} has no Material price.{cost}", float(money[number_of]) if received else None)


def _unused(bill: Bill) -> Bools:
    """Rows of Standard Cost that no table names: what others lack is said by `gaps.made_without_bill`, where they moved."""
    listed = np.zeros(len(bill.items) + 1, dtype=bool)
    for table in ("Counts", "Scrap", "Stock"):
        listed[bill.of(table)] = True
    listed[bill.of("BOM", "Component")] = True
    unused: Bools = ~listed[bill.of("StandardCost")]
    return unused


def _given(values: Floats) -> Bools:
    """Neither blank nor zero."""
    return np.abs(values) > 0
