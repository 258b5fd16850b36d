"""Rules of units of measure: what has no conversion, and rows of sheet Units that cannot be right."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import cells
from xlbackflush.engine.standards.bill import chosen_lines
from xlbackflush.engine.standards.units import Converter, differ, physical_factor, unit
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import median, total
from xlbackflush.model.words import number

_DECIMALS = 9
_NEAR = 1e-3  # relative: a factor rounded as people round it
_UPSIDE_DOWN = 0.25  # by how much the prices may miss, as a logarithm


def without_conversion(period: Period) -> Iterator[f.Finding]:
    """Rows in another unit than their item, where nothing says how many of the one are in the other."""
    inputs, bill = period.inputs, period.bill
    missing = inputs.converted.missing
    if not missing:
        return
    chosen = chosen_lines(inputs, bill.of("BOM", "Parent"))
    for (table, at), (typed, own) in missing.items():
        if table == "BOM" and not chosen[at]:
            continue
        records = inputs.table(table)
        item = records.column("Component" if table == "BOM" else "Item")[at]
        where = inputs.sources[table].cell("UoM", int(records.row[at]))
        what = (
            f"{item} is in {typed} here, and in {own} on Standard Cost; nothing says how many {own} are in 1 {typed}."
        )
        fix = f"Add a row to sheet Units: Item {item}, From {typed}, To {own}, Factor; or enter the row in {own}."
        yield f.UOM(where, what, fix=fix)


def conversions(period: Period) -> Iterator[f.Finding]:
    """Factors that are none, units that are the same, rows that contradict each other or what everybody knows."""
    inputs, units = period.inputs, period.inputs.units
    if not len(units):
        return
    for rows, text in (
        (units.factor <= 0, "Factor is {}; a unit holds more than nothing of another one."),
        ((units.factor > 0) & (units.factor != 1) & _same(period), "From and To are the same unit, and Factor is {}."),
    ):
        for cell, factor in zip(cells(inputs, "Units", "Factor", rows), units.factor[rows].tolist(), strict=True):
            yield f.FACTOR(cell, text.format(number(factor, _DECIMALS)))
    converter = Converter(units)
    for each in converter.disagreements:
        one, other = units.from_[each.at], units.to[each.at]
        what = (
            f"1 {one} is {number(each.stated, _DECIMALS)} {other} here, and {number(each.implied, _DECIMALS)} {other} "
            "by the other rows."
        )
        yield f.UNITS_DISAGREE(inputs.sources["Units"].cell("Factor", int(units.row[each.at])), what)
    for at, (one, other, factor) in enumerate(zip(units.from_, units.to, units.factor.tolist(), strict=True)):
        known = physical_factor(unit(one), unit(other)) if factor > 0 and differ(one, other) else None
        if known is not None and abs(factor / known - 1) > _NEAR:
            what = f"1 {one} is {number(factor, _DECIMALS)} {other} here; it is {number(known, _DECIMALS)} {other}."
            yield f.UNITS_UNUSUAL(inputs.sources["Units"].cell("Factor", int(units.row[at])), what)


def _same(period: Period) -> np.ndarray:
    units = period.inputs.units
    pairs = zip(units.from_.tolist(), units.to.tolist(), strict=True)
    return np.array([unit(one) == unit(other) != "" for one, other in pairs], dtype=bool)


def upside_down(period: Period) -> Iterator[f.Finding]:
    """A factor of sheet Units that turns invoice prices by its own square: it was typed the wrong way round."""
    inputs, purchases = period.inputs, period.inputs.purchases
    by_row: dict[int, list[int]] = defaultdict(list)
    for at, each in inputs.converted.purchases.items():
        steps = inputs.converted.all[each].steps
        if len(steps) == 1 and steps[0].row:
            by_row[steps[0].row].append(at)
    items, source = period.bill.of("Purchases"), inputs.sources["Units"]
    for row, rows in by_row.items():
        chosen = np.array(rows)
        costs = period.unit_costs
        standard = costs.carried(costs.at(items[chosen], purchases.date[chosen]))
        price, factor = purchases.actual_price[chosen], inputs.converted.all[inputs.converted.purchases[rows[0]]].factor
        judged = (price > 0) & (standard > 0)
        if not judged.any() or abs(np.log(factor)) < _UPSIDE_DOWN * 2:
            continue
        off = median(np.log(price[judged] / standard[judged]))
        if abs(off + 2 * np.log(factor)) > _UPSIDE_DOWN:
            continue
        place = int(np.flatnonzero(inputs.units.row == row)[0])
        one, other, stated = inputs.units.from_[place], inputs.units.to[place], float(inputs.units.factor[place])
        worth = total(np.abs(inputs.payable[chosen] - purchases.quantity[chosen] * standard))
        right = number(1 / stated, _DECIMALS)
        what = (
            f"1 {one} is {number(stated, _DECIMALS)} {other} here. The invoices say that it is the other way round: at "
            f"{right} {other} their prices fit the standard."
        )
        fix = f"If 1 {one} holds {right} {other}, type {right}."
        yield f.UPSIDE_DOWN.weighed(source.cell("Factor", row), what, worth, period.materiality_threshold, fix)
