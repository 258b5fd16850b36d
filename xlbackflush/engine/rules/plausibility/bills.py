"""Lines of the bill that the counts contradict, or that stand out from all others."""

from collections.abc import Iterator

import numpy as np

from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures.levers import ASSEMBLY_LOSS, LOSS, loss_of
from xlbackflush.engine.measures.likely_mistakes import EXCHANGED, MISSING, Mistake
from xlbackflush.engine.measures.typed_digits import TypedDigits
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.plausibility.words import (
    code,
    conversion_of,
    evidence,
    in_cell,
    lacks_bill,
    looks_like,
    rival_words,
    units,
    unnamed,
)
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import Bools, Ints, median, sums, where_true
from xlbackflush.model.words import about, number, share
from xlbackflush.model.words import quantity as units_of


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
    if mistake.key[0] == LOSS:
        typed, right = _losses(mistake)
        said = evidence(period, mistake.effects, f"With {right}")
        what = (
            f"Scrap of {code(bill, component)} in {code(bill, parent)} is {typed}: {looks_like(mistake, right)}. {said}"
        )
        where, fix = source.cell("Scrap %", row), f"Check the planned loss; if it is {right}, type {right}."
        return f.ODD_LOSS.weighed(where, what, _effect(period, mistake), period.material, fix)
    if mistake.slip.kind == EXCHANGED:
        second = source.cell("Qty per", int(period.inputs.bom.row[mistake.other]))
        other = period.inputs.bom.component[mistake.other]
        what = (
            f"{code(bill, parent)} takes {number(mistake.typed)} of {code(bill, component)}, and {number(mistake.right)} of "
            f"{other} in {second}: the two look exchanged. {evidence(period, mistake.effects, 'With the two exchanged')}"
        )
        where, fix = source.cell("Qty per", row), f"Check the bill; if so, exchange this cell and {second}."
        return f.ODD_QUANTITY.weighed(where, what, mistake.amount, period.material, fix)
    right, typed = units(mistake.right, bill, component), units(mistake.typed, bill, component)
    column, looks, meant = "Qty per", looks_like(mistake, right), in_cell(period, mistake)
    if other := conversion_of(period, "BOM", mistake.at):
        unit, own = other.unit.strip(), other.own_unit.strip()
        as_typed = mistake.typed / other.factor
        typed = f"{units_of(as_typed, unit)} ({typed})"
        if abs(mistake.right / as_typed - 1) < _SAME_FIGURE:
            column, looks, meant = "UoM", f"the unit looks wrong, {unit} instead of {own}", own
    what = (
        f"{code(bill, parent)} takes {typed} of {code(bill, component)}: {looks}. "
        f"{evidence(period, mistake.effects, f'With {right}')}"
    )
    fix = f"Check the bill; if one {code(bill, parent)} takes {right}, type {meant}{' as UoM' * (column == 'UoM')}."
    fix += rival_words(period, mistake)
    return f.ODD_QUANTITY.weighed(source.cell(column, row), what, _effect(period, mistake), period.material, fix)


_SAME_FIGURE = 0.05  # so near is what the counts ask for to the figure typed, in the unit of the item


def _of_missing_line(period: Period, mistake: Mistake) -> f.Finding:
    """A component that more was used of than all bills ask for."""
    bill, item = period.bill, mistake.lever.item
    balance, name = period.unit_balance.units, code(bill, item)
    where = period.inputs.sources["StandardCost"].cell("Item", int(period.inputs.standard_cost.row[item]))
    more = units(-mistake.effects[item], bill, item)
    what = (
        f"{units(float(balance.counted[item]), bill, item)} of {name} were counted, and the book says "
        f"{units(float(balance.book[item]), bill, item)}: about {more} more were used than the bills ask for"
    )
    blank = where_true((bill.of("BOM", "Component") == item) & (period.inputs.bom.qty_per == 0))
    if len(blank):
        return _of_zero(period, mistake, int(blank[0]), what)
    if len(idle := _out_of_force(period, mistake)):
        return _of_dates(period, mistake, int(idle[0]), what)
    if mistake.other_item < 0:
        fix = f"Look for a bill that lacks {name} or has too little of it, for scrap that was not reported, and count again."
        return f.MISSING_LINE.weighed(where, f"{what}.", mistake.amount, period.material, fix)
    parent = code(bill, mistake.other_item)
    what = f"{what}, as if each {parent} took {about(mistake.right)} of it, which its bill does not have."
    fix = f"Check the bill of {parent}: add {name} if it belongs there; else count again."
    return f.MISSING_LINE.weighed(where, what, mistake.amount, period.material, fix)


def _of_zero(period: Period, mistake: Mistake, at: int, used: str) -> f.Finding:
    """A component that more was used of, and a row of the BOM that asks for none of it. used: what was counted and used."""
    bill, item, parent = period.bill, mistake.lever.item, int(period.bill.of("BOM", "Parent")[at])
    where = period.inputs.sources["BOM"].cell("Qty per", int(period.inputs.bom.row[at]))
    what, fix = f"Qty per of {code(bill, item)} is 0. {used}.", "Type the quantity of the bill."
    made = _completed(period, parent)
    if made > 0:
        implied = about(float(f"{-mistake.effects[item] / made:.2g}"))
        fix = f"Type the quantity of the bill; the counts ask for about {implied} for one {code(bill, parent)}."
    return f.MISSING_LINE.weighed(where, what, mistake.amount, period.material, fix)


def _out_of_force(period: Period, mistake: Mistake) -> Ints:
    """Rows of the BOM with a component that are in force on no day of the period and would explain what was used of it."""
    bom, bill, settings = period.inputs.bom, period.bill, period.settings
    idle = (bom.effective_from > settings.period_end) | (bom.effective_to < settings.period_start)
    rows = where_true((bill.of("BOM", "Component") == mistake.lever.item) & idle & (bill.of("BOM", "Parent") >= 0))
    made = np.array([_completed(period, int(parent)) for parent in bill.of("BOM", "Parent")[rows]])
    near: Bools = (
        np.abs(bom.qty_per[rows] * made + mistake.effects[mistake.lever.item]) < _NEAR * bom.qty_per[rows] * made
    )
    return rows[near]


_NEAR = 0.25


def _completed(period: Period, item: int) -> float:
    """Units of an item that were completed."""
    rows = period.own_rows
    return float(rows.quantity[rows.of_item(own.COMPLETION, item)].sum())


def _of_dates(period: Period, mistake: Mistake, at: int, used: str) -> f.Finding:
    """The same, and a row of the BOM with it that is not in force. used: what was counted and used."""
    bom, source = period.inputs.bom, period.inputs.sources["BOM"]
    begins = bool(bom.effective_from[at] > period.settings.period_end)
    column, day = ("Effective from", bom.effective_from[at]) if begins else ("Effective to", bom.effective_to[at])
    what = (
        f"{code(period.bill, mistake.lever.item)} in {bom.parent[at]} is in force {'from' if begins else 'to'} {words.day(day)}, "
        f"on no day of the period. {used}."
    )
    fix = f"Correct {column}, or leave it blank, if the line holds in this period."
    return f.MISSING_LINE.weighed(source.cell(column, int(bom.row[at])), what, mistake.amount, period.material, fix)


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
    return share(loss_of(mistake.typed, on_input), 4), share(loss_of(mistake.right, on_input), 4)


def _of_assembly(period: Period, mistake: Mistake) -> f.Finding:
    bill, item = period.bill, mistake.lever.item
    row, (typed, right) = int(period.inputs.standard_cost.row[item]), _losses(mistake)
    where = period.inputs.sources["StandardCost"].cell(ASSEMBLY_LOSS, row)
    what = (
        f"{ASSEMBLY_LOSS} of {code(bill, item)} is {typed}: {looks_like(mistake, right)}. "
        f"{evidence(period, mistake.effects, f'With {right}')}"
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
    usual = median(planned) if len(planned) > 2 * len(high) else _LOSS_USUAL
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
                f"Scrap of {code(bill, component)} in {code(bill, int(lines.parent[line]))} is {share(loss, 4)}; "
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
    """A component that costs many times all else in its product, by a quantity of a hundred or more, of which no count tells;

    less of both is odd where the quantity is unlike those of all other lines.
    """
    lines, bill = period.bill.lines, period.bill
    if not len(lines):
        return
    amount = lines.factor * _costs(period)[lines.component]
    total = sums(lines.parent, amount, len(bill.items)) + bill.items.own_conversion
    rest = total[lines.parent] - amount
    odd = (amount > _ORDERS * rest) & (lines.quantity >= _BATCH)
    odd |= (amount > _TIMES * rest) & (lines.quantity > TypedDigits(bill).usual_most)
    odd = where_true(odd & (rest > 0))
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
                f"{about(float(amount[line] / rest[line]))} times all else in it."
            )
            yield f.ODD_QUANTITY.weighed(where, what, effect, period.material)


_ORDERS, _BATCH = 30.0, 100.0
_TIMES = 5.0
