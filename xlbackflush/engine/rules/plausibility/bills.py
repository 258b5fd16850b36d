"""Lines of the bill that the counts contradict, or that stand out from all others."""

from collections.abc import Iterator

import numpy as np

from xlbackflush.engine.measures.levers import ASSEMBLY_LOSS, LOSS, loss_of
from xlbackflush.engine.measures.likely_mistakes import EXCHANGED, MISSING, Mistake
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.plausibility.figures import number
from xlbackflush.engine.rules.plausibility.words import (
    code,
    evidence,
    lacks_bill,
    looks_like,
    rival_words,
    share,
    units,
    unnamed,
)
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import sums, where_true


def mistyped_bills(period: Period) -> Iterator[f.Finding]:
    """Quantities and scrap of the bill that the counts contradict, each with what they imply."""
    for mistake in unnamed(period):
        if mistake.lever.table == "BOM":
            yield _of_line(period, mistake)
        elif mistake.key[0] == ASSEMBLY_LOSS:
            yield _of_assembly(period, mistake)
        elif mistake.slip.kind == MISSING and not lacks_bill(period, mistake.effects):
            yield _of_missing_line(period, mistake)


def _of_line(period: Period, mistake: Mistake) -> f.Finding:
    bill, line = period.bill, mistake.lever.line
    component, parent = int(bill.lines.component[line]), int(bill.lines.parent[line])
    source, row = period.inputs.sources["BOM"], int(bill.lines.row[line])
    said = evidence(period, mistake.effects)
    if mistake.key[0] == LOSS:
        typed, right = _losses(mistake)
        what = (
            f"Scrap of {code(bill, component)} in {code(bill, parent)} is {typed}: "
            f"{looks_like(mistake, right)} ({said})."
        )
        where, fix = source.cell("Scrap %", row), f"Check the planned loss; if it is {right}, type {right}."
        return f.ODD_LOSS.weighed(where, what, _effect(period, mistake), period.material, fix)
    if mistake.slip.kind == EXCHANGED:
        second = source.cell("Qty per", int(period.inputs.bom.row[mistake.other]))
        what = (
            f"{code(bill, parent)} takes {number(mistake.typed)} of {code(bill, component)}, and {number(mistake.right)} in "
            f"{second}: the two look exchanged ({said})."
        )
        where, fix = source.cell("Qty per", row), f"Check the bill; if so, exchange this cell and {second}."
        return f.ODD_QUANTITY.weighed(where, what, mistake.amount, period.material, fix)
    right = units(mistake.right, bill, component)
    what = (
        f"{code(bill, parent)} takes {units(mistake.typed, bill, component)} of {code(bill, component)}: "
        f"{looks_like(mistake, right)} ({said})."
    )
    fix = f"Check the bill; if one {code(bill, parent)} takes {right}, type {number(mistake.right)}."
    fix += rival_words(period, mistake)
    return f.ODD_QUANTITY.weighed(source.cell("Qty per", row), what, _effect(period, mistake), period.material, fix)


def _of_missing_line(period: Period, mistake: Mistake) -> f.Finding:
    """A component that more was used of than all bills ask for."""
    bill, item = period.bill, mistake.lever.item
    balance, name = period.unit_balance.units, code(bill, item)
    where = period.inputs.sources["StandardCost"].cell("Item", int(period.inputs.standard_cost.row[item]))
    more = units(-mistake.effects[item], bill, item)
    what = (
        f"{name}: {units(float(balance.counted[item]), bill, item)} were counted, the book says "
        f"{number(float(balance.book[item]))}; about {more} more are gone than the bills ask for"
    )
    blank = where_true((bill.of("BOM", "Component") == item) & (period.inputs.bom.qty_per == 0))
    if len(blank):
        where = period.inputs.sources["BOM"].cell("Qty per", int(period.inputs.bom.row[blank[0]]))
        fix = f"Type the quantity of the bill in {where}, where it is 0."
        return f.MISSING_LINE.weighed(where, f"{what}.", mistake.amount, period.material, fix)
    if mistake.other_item < 0:
        fix = f"Look for a bill that lacks {name} or has too little of it, for scrap that was not reported, and count again."
        return f.MISSING_LINE.weighed(where, f"{what}.", mistake.amount, period.material, fix)
    parent = code(bill, mistake.other_item)
    what = f"{what}, as if each {parent} took {number(mistake.right)} of it, which its bill does not have."
    fix = f"Check the bill of {parent}: add {name} if it belongs there; else count again."
    return f.MISSING_LINE.weighed(where, what, mistake.amount, period.material, fix)


def _effect(period: Period, mistake: Mistake) -> float:
    """What the figures posted are wrong by: the component relieved, or the cost of the parents that moved or lie on the shelf."""
    line = mistake.lever.line
    if line < 0 or mistake.slip.kind == EXCHANGED:
        return mistake.amount
    lines = period.bill.lines
    of_one = float(lines.factor[line] * _costs(period)[lines.component[line]])
    return max(mistake.amount, of_one * abs(1 - mistake.right / mistake.typed) * _moved(period, line))


def _losses(mistake: Mistake) -> tuple[str, str]:
    """A planned loss as typed, and as it should be."""
    on_input = mistake.lever.on_input
    return share(loss_of(mistake.typed, on_input)), share(round(loss_of(mistake.right, on_input), 6))


def _of_assembly(period: Period, mistake: Mistake) -> f.Finding:
    bill, item = period.bill, mistake.lever.item
    row, (typed, right) = int(period.inputs.standard_cost.row[item]), _losses(mistake)
    where = period.inputs.sources["StandardCost"].cell(ASSEMBLY_LOSS, row)
    what = (
        f"{ASSEMBLY_LOSS} of {code(bill, item)} is {typed}: {looks_like(mistake, right)} "
        f"({evidence(period, mistake.effects)})."
    )
    fix = f"Check the planned loss of whole units; if it is {right}, type {right}."
    return f.ODD_LOSS.weighed(where, what, _effect(period, mistake), period.material, fix)


def unusual_losses(period: Period) -> Iterator[f.Finding]:
    """Planned scrap far above that of all other lines, of which no count has told."""
    lines, bill = period.bill.lines, period.bill
    planned = lines.scrap[lines.scrap > 0]
    high = where_true(lines.scrap >= _LOSS_HIGH)
    if not len(high):
        return
    usual = float(np.median(planned)) if len(planned) > 2 * len(high) else _LOSS_USUAL
    named = {m.lever.line for m in period.likely_mistakes.mistakes}
    for line in high.tolist():
        component, loss = int(lines.component[line]), float(lines.scrap[line])
        if line in named or loss < _LOSS_TIMES * usual or _is_told(period, line):
            continue
        factor = (1 - usual) / (1 - loss) if lines.on_input[line] else (1 + loss) / (1 + usual)
        effect = _moved(period, line) * (1 - 1 / factor) * float(_costs(period)[component] * lines.factor[line])
        if effect > period.trifle:
            where = period.inputs.sources["BOM"].cell("Scrap %", int(lines.row[line]))
            what = (
                f"Scrap of {code(bill, component)} in {code(bill, int(lines.parent[line]))} is {share(loss)}; "
                f"other lines have about {share(usual)}."
            )
            yield f.ODD_LOSS.weighed(where, what, effect, period.material)


def _is_told(period: Period, line: int) -> bool:
    """Does a count tell what a line uses?"""
    units_of, component = period.unit_balance.units, int(period.bill.lines.component[line])
    use = period.levers.use_of_line[line]
    return bool(units_of.is_counted[component] and use > 5 * units_of.noise[component])


def _moved(period: Period, line: int) -> float:
    """Units of the parent of a line that moved or lie on the shelf, as far as its line says or its stock."""
    units_of, parent = period.unit_balance.units, int(period.bill.lines.parent[line])
    started = float(period.levers.use_of_line[line] / max(float(period.bill.lines.factor[line]), 1e-12))
    return max(started, float(abs(units_of.book[parent]) + abs(units_of.went[parent])))


_LOSS_HIGH, _LOSS_TIMES, _LOSS_USUAL = 0.3, 5.0, 0.05


def _costs(period: Period) -> np.ndarray:
    """Unit cost of every item at period end."""
    costs = period.unit_costs
    at_end: np.ndarray = costs.rows.unit_cost[costs.at(np.arange(len(period.bill.items)), period.settings.period_end)]
    return at_end


def dominant_components(period: Period) -> Iterator[f.Finding]:
    """A component that costs many times all else in its product, by a quantity of a hundred or more, of which no count tells."""
    lines, bill = period.bill.lines, period.bill
    if not len(lines):
        return
    amount = lines.factor * _costs(period)[lines.component]
    total = sums(lines.parent, amount, len(bill.items)) + bill.items.own_conversion
    rest = total[lines.parent] - amount
    odd = where_true((amount > _ORDERS * rest) & (rest > 0) & (lines.quantity >= _BATCH))
    if not len(odd):
        return
    named = {m.lever.line for m in period.likely_mistakes.mistakes}
    for line in odd.tolist():
        component, parent, quantity = int(lines.component[line]), int(lines.parent[line]), float(lines.quantity[line])
        if line in named or _is_told(period, line):
            continue
        effect = _moved(period, line) * float(amount[line]) * (1 - 1 / _BATCH)
        if effect > period.trifle:
            where = period.inputs.sources["BOM"].cell("Qty per", int(lines.row[line]))
            what = (
                f"{code(bill, parent)} takes {units(quantity, bill, component)} of {code(bill, component)}, which cost "
                f"{number(float(amount[line] / rest[line]))} times all else in it."
            )
            yield f.ODD_QUANTITY.weighed(where, what, effect, period.material)


_ORDERS, _BATCH = 30.0, 100.0
