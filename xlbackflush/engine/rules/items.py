"""Rules of items, bills of materials and standard costs."""

from collections.abc import Iterator

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import cells, item_texts, repeats, shared, text_cells
from xlbackflush.engine.rules.unknown_codes import unknown_codes
from xlbackflush.engine.standards.bill import FOREVER, Bill, code_key
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import Bools, Floats, blank_as_zero

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
    for cell, code in text_cells(period.inputs, "StandardCost", "Item", duplicates):
        yield f.DUPLICATE_ITEM(cell, f"{code} is listed before, in row {first[code_key(code)]}.")


def unknown_items(period: Period) -> Iterator[f.Finding]:
    """Every code used must be on Standard Cost."""
    yield from unknown_codes(period)


# ----------------------------------------------------------------------------------------------- the BOM


def bom_lines(period: Period) -> Iterator[f.Finding]:
    """A line must not end before it starts; one of nothing relieves nothing; one below a bought item is never used.

    A bought item is relieved at its price.
    """
    bom = period.inputs.bom
    kinds = item_texts(period.bill.items.type, period.bill.of("BOM", "Parent"))
    bought = (kinds == schema.BUY) & ~repeats(bom.parent.tolist())
    for rule, rows, column, text in (
        (f.DATES_REVERSED, bom.effective_to < bom.effective_from, "Effective to", "The line ends before it starts."),
        (f.BOUGHT_WITH_BOM, bought, "Parent", "{} is of type Buy and has a bill of materials."),
        (f.ZERO_QUANTITY, bom.qty_per == 0, "Qty per", "Qty per is 0."),
    ):
        for cell, value in text_cells(period.inputs, "BOM", column, rows):
            yield rule(cell, text.format(value))


def overlaps(period: Period) -> Iterator[f.Finding]:
    """The same component twice in force on one day: an error where dates say otherwise, else a warning."""
    bom, bill = period.inputs.bom, period.bill
    parent, component = bill.of("BOM", "Parent"), bill.of("BOM", "Component")
    pair = np.where((parent >= 0) & (component >= 0), parent * len(bill.items) + component, -1)
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
    for (cell, code), key in zip(components, pair[chosen].tolist(), strict=True):
        if key in dated_pairs:
            yield f.OVERLAP(cell, f"{code} is in force twice on some days for this parent.")
        else:
            yield f.TWICE(cell, f"{code} is listed more than once for this parent.")


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
            yield f.CYCLE(period.inputs.sources["BOM"].cell("Component", row), f"{text}.")


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


def units_differ(period: Period) -> Iterator[f.Finding]:
    """Nothing converts units: a BOM in grams with a price per kilogram would be wrong a thousandfold."""
    uom = period.inputs.bom.uom
    of_item = item_texts(period.bill.items.uom, period.bill.of("BOM", "Component"))
    apart = (uom != of_item) & (uom != "") & (of_item != "")
    for (cell, line), item in zip(text_cells(period.inputs, "BOM", "UoM", apart), of_item[apart].tolist(), strict=True):
        if line.strip().casefold() != item.strip().casefold():
            yield f.UOM(cell, f"The line is in {line}, its component in {item}.")


# ----------------------------------------------------------------------------------------- standard costs


def prices(period: Period) -> Iterator[f.Finding]:
    """Bought items have a price and nothing else; made items have no price."""
    cost, bill = period.inputs.standard_cost, period.bill
    bought, priced, hours = cost.type == schema.BUY, _given(cost.material_price), _given(cost.labor_hours)
    made = ~bought & (cost.type != "")
    parents = np.zeros(len(bill.items) + 1, dtype=bool)  # the last one stands for item -1
    parents[bill.of("BOM", "Parent")] = True
    on_bom = parents[bill.of("StandardCost")]
    converted = hours | _given(cost.other_conversion)
    rated = _given(cost.labor_rate) | _given(cost.variable_overhead_rate) | _given(cost.fixed_overhead_rate)
    for rule, rows, column, text in (
        (f.NO_PRICE, bought & ~priced, "Material price", "{} has no Material price."),
        (f.PRICE_WITHOUT_BOM, made & priced & ~on_bom, "Material price", "{} is made, has a price and no BOM."),
        (f.PRICE_IGNORED, made & priced & on_bom, "Material price", "{} is made and has a Material price."),
        (f.CONVERSION_IGNORED, bought & converted, "Labor hours", "{} is bought and has labor or other conversion."),
        (f.NO_COST, made & ~priced & ~on_bom & ~converted, "Item", "{} has neither a BOM nor conversion cost."),
        (f.HOURS_WITHOUT_RATE, made & hours & ~rated, "Labor hours", "{} has labor hours and no rate."),
    ):
        for cell, code in zip(
            cells(period.inputs, "StandardCost", column, rows), cost.item[rows].tolist(), strict=True
        ):
            yield rule(cell, text.format(code))


def _given(values: Floats) -> Bools:
    """Neither blank nor zero."""
    return np.abs(values) > 0
