"""Prices that cannot well be right: of invoices against the standard and the item's other receipts, of standards, of salvage.

    Purchases   100 kg of brass at 830.00; the standard is 8.00, another receipt cost 8.10
                830.00 / 100 = 8.30: it looks like the line total

Where the receipts of an item agree with each other and not with the standard, the standard is what looks wrong. Where there is
one receipt alone, digits and worth decide: which of the two prices has decimals like its neighbours, and would make the item
as dear as other items are.
"""

import math
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

import numpy as np

from xlbackflush.dataclass import dataclass
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import cells, home
from xlbackflush.engine.rules.plausibility import figures as fig
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import (
    CONSISTENT,
    Floats,
    Ints,
    Records,
    blank_as_zero,
    distinct,
    median,
    total,
    where_true,
)

#: a price is so many times what it should be -> what it looks like
_FACTORS = {
    10.0: "a digit too many, or a price per 10",
    100.0: "a price per 100, or a lost decimal point",
    1_000.0: "a price per 1,000",
    10_000.0: "a price per 10,000",
    0.1: "a digit short, or a decimal point shifted",
    0.01: "a decimal point shifted by two digits",
    0.001: "a price per unit where the standard is per 1,000",
    12.0: "a price per dozen",
    144.0: "a price per gross",
    1 / 12: "a price per piece where the standard is per dozen",
    1 / 144: "a price per piece where the standard is per gross",
}
_IN_CENTS = "a price per 100, a price in cents, or a lost decimal point"
_SAME_CAUSE_ROWS, _SAME_CAUSE_ITEMS, _SAME_CAUSE_SHARE = 4, 3, 0.8
_AGREE = 2 / 3  # of the receipts of an item: then they speak with one voice
_PLAIN = 3.0  # times: a price that is this far off is a mistake even where no factor explains it
_ODDS = -0.7  # a standard price is typed once and looked at often: of two, the invoice is wrong twice as often
_DECIMALS = 6


@dataclass(frozen=True)
class _Receipts(Records):
    """Rows of Purchases with a standard cost: position in the table, item, and standard cost of a unit on that day."""

    at: Ints
    item: Ints
    quantity: Floats
    price: Floats
    standard: Floats


@dataclass(frozen=True)
class _Named:
    """What a price looks like: in words, and the price that it then is."""

    words: str
    price: float


def invoice_prices(period: Period) -> Iterator[f.Finding]:
    """Invoice prices and standard prices that contradict each other: which one looks wrong, and what it looks like."""
    receipts = _receipts(period)
    free = receipts.price == 0
    if free.any():
        yield from _free(period, receipts.of(free))
        receipts = receipts.of(~free)
    off = where_true(fig.beyond(receipts.price / receipts.standard, period.settings.price_tolerance))
    if not len(off):
        return
    common = _common(period, receipts, off)
    if common is not None:
        finding, off = common
        yield finding
    for standards in _exchanged_standards(period, receipts, off):
        yield _standards_exchanged(period, standards)
        off = off[~np.isin(receipts.item[off], standards)]
    for pair in _exchanged(period, receipts, off):
        yield _exchange(period, receipts, pair)
        off = off[~np.isin(off, pair)]
    rows_of = fig.of_item(receipts.item, dict.fromkeys(receipts.item[off].tolist()))
    left, neighbours = set(off.tolist()), _Neighbours(period, receipts)
    for rows in rows_of.values():
        yield from _of_item(neighbours, rows, [row for row in rows.tolist() if row in left])


def _receipts(period: Period) -> _Receipts:
    bill, purchases = period.bill, period.inputs.purchases
    item = bill.of("Purchases")
    costs = period.unit_costs
    standard = costs.carried(costs.at(np.maximum(item, 0), purchases.date)) if len(item) else np.zeros(0)
    judged = (item >= 0) & (standard > 0) & (blank_as_zero(purchases.quantity) != 0) & (purchases.actual_price >= 0)
    rows = where_true(judged)
    return _Receipts(rows, item[rows], purchases.quantity[rows], purchases.actual_price[rows], standard[rows])


def _cells(period: Period, receipts: _Receipts, rows: Ints) -> list[str]:
    return cells(period.inputs, "Purchases", "Actual price", receipts.at[rows])


def _code(period: Period, item: int) -> str:
    return str(period.bill.items.code[item])


def _effect(receipts: _Receipts, row: int, price: float) -> float:
    """The price variance that would be wrong if the price were another one."""
    return abs(float(receipts.price[row]) - price) * abs(float(receipts.quantity[row]))


def _weighed(
    period: Period, rule: f.Rule, where: str, what: str, effect: float, fix: str, plain: bool
) -> Iterator[f.Finding]:
    """The finding; none where it may well be right and moves next to nothing."""
    if not plain or effect >= period.trifle:
        yield rule.weighed(where, what, effect, period.materiality_threshold if plain else fig.loud(period), fix)


# ----------------------------------------------------------------------------------- one cause of many rows


def _free(period: Period, free: _Receipts) -> Iterator[f.Finding]:
    """Receipts at a price of 0: one finding."""
    effect = total(np.abs(free.quantity) * free.standard)
    where = _cells(period, free, np.arange(len(free)))
    if len(free) == 1:
        item = int(free.item[0])
        amount = words.quantity(float(free.quantity[0]), period.bill.items.uom[item])
        standard = words.price(free.standard[0])
        text = f"{amount} of {_code(period, item)} were received at a price of 0; the standard is {standard}."
    else:
        text = f"{len(free):,} receipts have a price of 0 ({words.listed(where)}); at standard they are worth {effect:,.2f}."
    yield f.FREE_RECEIPT.weighed(where[0], text, effect, fig.loud(period))


def _common(period: Period, receipts: _Receipts, off: Ints) -> tuple[f.Finding, Ints] | None:
    """One finding where most of the prices that are off are off by one factor, and the rows that it leaves."""
    if len(off) < _SAME_CAUSE_ROWS or len(distinct(receipts.item[off])) < _SAME_CAUSE_ITEMS:
        return None
    logs = np.log(receipts.price[off] / receipts.standard[off])
    typical = median(logs)
    alike = np.abs(logs - typical) <= math.log1p(period.settings.price_tolerance)
    rows = off[alike]
    if alike.mean() < _SAME_CAUSE_SHARE or len(distinct(receipts.item[rows])) < _SAME_CAUSE_ITEMS:
        return None
    rule, ratio, where = f.PRICES_ALIKE, math.exp(typical), _cells(period, receipts, rows)
    factor = fig.nearest(ratio, _FACTORS, period.settings.price_tolerance)
    whom = "All" if len(rows) == len(receipts) else f"{len(rows):,} of"
    head = f"{whom} {len(receipts):,} invoice prices are about {fig.times(ratio)} the standard ({words.listed(where)})"
    if factor:
        text = f"{head}: they look like {_plural(_words_of(period, factor))}."
        fix = "Convert the prices to the unit and the currency of Standard Cost: one unit, in whole units of the currency."
    elif 1 / _PLAIN < ratio < _PLAIN:
        rule = f.PRICES_MOVED
        text = f"{head}: the standards look out of date, or the prices are in another currency."
        fix = "Convert the prices to the currency of the workbook, or bring Material price on Standard Cost up to date."
    else:
        text = f"{head}: they look like prices in another currency, or per another unit."
        fix = "Convert the prices to the currency of the workbook and the unit of Standard Cost."
    effect = abs(total((receipts.price[rows] - receipts.standard[rows]) * receipts.quantity[rows]))
    return rule.weighed(where[0], text, effect, period.materiality_threshold, fix), off[~alike]


def _words_of(period: Period, factor: float) -> str:
    """What a price so many times too high looks like; only a currency of two decimals has cents."""
    return _IN_CENTS if factor == 100.0 and period.places == 2 else _FACTORS[factor]


def _plural(text: str) -> str:
    return text.replace("a price", "prices").replace("a digit", "prices with a digit")


def _exchanged_standards(period: Period, receipts: _Receipts, off: Ints) -> Iterator[Ints]:
    """Pairs of items, one below the other on Standard Cost, whose receipts each cost what is the standard of the other."""
    number = np.bincount(receipts.item, minlength=len(period.bill.items))
    items = distinct(receipts.item[off])
    items = items[(np.bincount(receipts.item[off], minlength=len(number)) == number)[items]]  # every receipt is off
    if len(items) < 2:
        return
    rows = fig.of_item(receipts.item, items.tolist())
    allowed = math.log1p(period.settings.price_tolerance)
    for one, other in pairwise(items.tolist()):
        (first, mine), (second, its) = (
            (float(receipts.standard[rows[i][0]]), median(np.log(receipts.price[rows[i]]))) for i in (one, other)
        )
        several = number[one] + number[other] > 2
        apart = abs(int(receipts.at[rows[one][0]]) - int(receipts.at[rows[other][0]])) > 1
        alike = abs(mine - math.log(second)) <= allowed and abs(its - math.log(first)) <= allowed
        if alike and (several or (apart and other - one == 1)):
            yield np.array((one, other))


def _standards_exchanged(period: Period, items: Ints) -> f.Finding:
    cost = period.inputs.standard_cost
    where = cells(period.inputs, "StandardCost", "Material price", items)
    (one, other), (mine, its) = (_code(period, i) for i in items.tolist()), cost.material_price[items].tolist()
    text = (
        f"The standard prices of {one}, {words.price(mine)}, and {other}, {words.price(its)} ({where[1]}), look exchanged: the "
        "receipts of each cost about what is the standard of the other."
    )
    effect = float((period.units_contained[items] * abs(mine - its)).max())
    fix = "Exchange the two standard prices, if the invoices are right."
    return f.PRICES_EXCHANGED.weighed(where[0], text, effect, fig.loud(period), fix)


def _exchanged(period: Period, receipts: _Receipts, off: Ints) -> Iterator[Ints]:
    """Pairs of rows, one below the other, each with the price of the other."""
    if len(off) < 2:
        return
    first, second = off[:-1], off[1:]
    allowed = math.log1p(period.settings.price_tolerance)
    one = np.abs(np.log(receipts.price[first] / receipts.standard[second])) <= allowed
    other = np.abs(np.log(receipts.price[second] / receipts.standard[first])) <= allowed
    pairs = where_true(one & other & (receipts.item[first] != receipts.item[second]))
    taken = -1
    for k in pairs.tolist():
        if first[k] != taken:
            taken = int(second[k])
            yield np.array((first[k], second[k]))


def _exchange(period: Period, receipts: _Receipts, pair: Ints) -> f.Finding:
    where = _cells(period, receipts, pair)
    (one, other), (mine, its) = (_code(period, int(i)) for i in receipts.item[pair]), receipts.price[pair].tolist()
    text = (
        f"{one} at {words.price(mine)} and {other} at {words.price(its)} ({where[1]}): each is near the standard of the other "
        "one. The two prices look exchanged."
    )
    effect = max(_effect(receipts, int(row), float(receipts.standard[row])) for row in pair)
    return f.PRICES_EXCHANGED.weighed(where[0], text, effect, fig.loud(period))


# ------------------------------------------------------------------------------------------ item by item


class _Neighbours:
    """The other prices, by which one of them is judged; each figure is worked out when it is first asked for."""

    def __init__(self, period: Period, receipts: _Receipts) -> None:
        self.period, self.receipts = period, receipts
        self._away: dict[float, Floats] = {}  # distances of all worths from a middle, in order

    @cached_property
    def standard_decimals(self) -> Ints:
        """How many standard prices have no decimals, one, two, ..."""
        prices = self.period.inputs.standard_cost.material_price
        return np.bincount(_decimals(prices[prices > 0]), minlength=_DECIMALS + 1)

    @cached_property
    def invoiced_decimals(self) -> Ints:
        """How many invoice prices have no decimals, one, two, ..."""
        return np.bincount(_decimals(self.receipts.price), minlength=_DECIMALS + 1)

    @cached_property
    def _worth(self) -> tuple[Floats, Floats, Floats]:
        """What was handled of each bought item, at standard; its logarithm; those that are there, in order."""
        prices = blank_as_zero(self.period.inputs.standard_cost.material_price)
        worth = self.period.units_at_stake * prices * ~self.period.bill.items.made
        there = worth > 0
        logs = np.log(worth, out=np.full(len(worth), np.nan), where=there)
        return worth, logs, np.sort(logs[there])

    def worth_speaks(self, item: int, ratio: float) -> float:
        """How much likelier what was handled of an item is at the invoice price than at standard, going by other items."""
        worth, logs, ordered = self._worth
        if worth[item] <= 0 or len(ordered) < 4:
            return 0.0
        typical = fig.middle_without(ordered, float(logs[item]))
        if typical not in self._away:  # of two or three middles, whichever item is left out
            self._away[typical] = np.sort(np.abs(ordered - typical))
        spread = CONSISTENT * fig.middle_without(self._away[typical], abs(float(logs[item]) - typical))
        own, width = math.log(worth[item]), max(spread, 1.0)
        return (((own - typical) / width) ** 2 - ((own + math.log(ratio) - typical) / width) ** 2) / 2


def _of_item(neighbours: _Neighbours, rows: Ints, off: list[int]) -> Iterator[f.Finding]:
    """The prices of one item. rows: all of its receipts; off: those that are far from the standard."""
    if not off:
        return
    period, receipts = neighbours.period, neighbours.receipts
    tolerance = period.settings.price_tolerance
    witnesses = rows[receipts.quantity[rows] > 0]
    standard = float(receipts.standard[off[0]])
    agreed = _agreed(np.log(receipts.price[witnesses] / receipts.standard[witnesses]), tolerance)
    contradicted = agreed is not None and not _near_enough(math.exp(agreed), tolerance)
    if contradicted or (len(witnesses) == 1 and _standard_looks_wrong(neighbours, off[0])):
        ratio = math.exp(agreed) if agreed is not None else float(receipts.price[off[0]]) / standard
        yield from _wrong_standard(period, receipts, witnesses, ratio)
        reference = standard * ratio
        off = [row for row in off if not fig.near(float(receipts.price[row]), reference, tolerance)]
    else:
        reference = standard
    for row in off:
        back = receipts.quantity[row] < 0  # of a receipt, at the price of that one
        if back and any(fig.near(float(receipts.price[row]), float(p), tolerance) for p in receipts.price[witnesses]):
            continue
        yield from _wrong_invoice(period, receipts, row, reference, len(witnesses) - 1)


def _near_enough(ratio: float, tolerance: float) -> bool:
    """Within the tolerance of the standard."""
    return abs(ratio - 1) <= tolerance + 1e-9


def _agreed(logs: Floats, tolerance: float) -> float | None:
    """The middle of what two or more receipts say, where two thirds of them agree with it."""
    if len(logs) < 2:
        return None
    typical = median(logs)
    if len(logs) == 2:  # the middle of two is between them
        return typical if abs(logs[0] - logs[1]) <= math.log1p(tolerance) else None
    return typical if (np.abs(logs - typical) <= math.log1p(tolerance)).mean() >= _AGREE else None


def _wrong_invoice(period: Period, receipts: _Receipts, row: int, reference: float, others: int) -> Iterator[f.Finding]:
    """One invoice price that is far from the standard, and from the other receipts where they agree."""
    items, item = period.bill.items, int(receipts.item[row])
    price, quantity = float(receipts.price[row]), float(receipts.quantity[row])
    [where] = _cells(period, receipts, np.array([row]))
    head = f"{_code(period, item)} at {words.price(price)}"
    behind = f"the standard of {words.price(reference)}" + (" and the other receipts" if others else "")
    named = _swapped(period, receipts, row, reference) or _looks_like(
        period, price, abs(quantity), reference, items.uom[item]
    )
    if named:
        text = f"{head} looks like {named.words}, near {behind}."
        fix = f"Type the price of one unit, about {words.price(named.price)}, if the invoice says so."
        yield from _weighed(period, f.PRICE_FACTOR, where, text, _effect(receipts, row, named.price), fix, plain=False)
        return
    ratio = price / reference
    relation = fig.times(ratio)
    text = f"{head} is {relation} {behind}."
    fix = "Check the invoice and its unit. If the price is right, the standard no longer fits it."
    plain = 1 / _PLAIN < ratio < _PLAIN
    yield from _weighed(period, f.PRICE_OFF, where, text, _effect(receipts, row, reference), fix, plain)


def _looks_like(period: Period, price: float, quantity: float, reference: float, uom: str) -> _Named | None:
    """What a price is that a slip of the hand explains. The line total comes first, as it leaves the least to chance."""
    tolerance, ratio = period.settings.price_tolerance, price / reference
    factor = fig.nearest(ratio, _FACTORS, tolerance)
    if quantity > 1.95 and fig.near(ratio, quantity, tolerance):
        closer = factor is None or abs(math.log(ratio / quantity)) <= abs(math.log(ratio / factor)) + 0.1
        if closer:
            one = price / quantity
            looks = f"the line total: {words.price(price)} / {words.quantity(quantity, uom)} = {words.price(one)}"
            return _Named(looks, one)
    if factor is None:
        return None
    one = price / factor
    sum_ = f"/ {words.about(factor)}" if factor > 1 else f"x {words.about(1 / factor)}"
    return _Named(f"{_words_of(period, factor)}: {words.price(price)} {sum_} = {words.price(one)}", one)


def _swapped(period: Period, receipts: _Receipts, row: int, reference: float) -> _Named | None:
    """Quantity and price in each other's column: the quantity is near the standard price, the price like other quantities."""
    price, quantity = float(receipts.price[row]), float(receipts.quantity[row])
    if quantity == 1 or not fig.near(quantity, reference, period.settings.price_tolerance / 2):
        return None
    alike = (receipts.item == receipts.item[row]) & (receipts.quantity > 0)
    alike[row] = False
    usual = median(np.log(receipts.quantity[alike])) if alike.any() else None
    if usual is None:
        likely = price == round(price) and quantity != round(quantity)
    else:
        likely = abs(math.log(price) - usual) < abs(math.log(quantity) - usual)
    return (
        _Named(f"the quantity, and the quantity of {words.about(quantity)} like the price", quantity)
        if likely
        else None
    )


# --------------------------------------------------------------------------------------- standard prices


def _wrong_standard(period: Period, receipts: _Receipts, rows: Ints, ratio: float) -> Iterator[f.Finding]:
    """The receipts of an item agree, and contradict its standard."""
    item = int(receipts.item[rows[0]])
    standard = float(receipts.standard[rows[0]])
    right = standard * ratio
    factor = fig.nearest(1 / ratio, _FACTORS, period.settings.price_tolerance)
    bought = not period.bill.items.made[item]
    where = home(period.inputs, item)
    if bought:
        where = period.inputs.sources["StandardCost"].cell("Material price", int(period.inputs.standard_cost.row[item]))
    what = "price" if bought else "cost"
    low, high = float(receipts.price[rows].min()), float(receipts.price[rows].max())
    if len(rows) == 1:
        told = f"its one receipt cost {words.price(right)} ({_cells(period, receipts, rows)[0]})"
    else:
        told = f"its {len(rows):,} receipts cost about {words.price(right)}"
        told += f" ({words.price(low)} to {words.price(high)})" if low != high else ""
    text = f"The standard {what} of {_code(period, item)} is {words.price(standard)}; {told}."
    text += (
        f" It looks like {_words_of(period, factor)}." if factor else f" The standard is {fig.times(1 / ratio)} that."
    )
    shifted = words.price(standard / factor) if factor else ""
    fix = (
        f"Type {shifted}, if that is the standard" if factor else f"Correct the standard to about {words.price(right)}"
    )
    fix += f"; where the standard is right, correct the receipts ({words.listed(_cells(period, receipts, rows))})."
    effect = abs(right - standard) * float(period.units_contained[item])
    plain = 1 / _PLAIN < ratio < _PLAIN
    if plain and effect < period.trifle:
        return
    rule = f.STANDARD_OUTDATED if plain else f.STANDARD_CONTRADICTED
    threshold = period.materiality_threshold if plain else fig.loud(period, effect if ratio < 1 else 0.0)
    yield rule.weighed(where, text, effect, threshold, fix)


def _standard_looks_wrong(neighbours: _Neighbours, row: int) -> bool:
    """Of a standard and the one receipt that contradicts it: is the standard the more doubtful one?"""
    period, receipts = neighbours.period, neighbours.receipts
    price, standard = float(receipts.price[row]), float(receipts.standard[row])
    ratio, quantity, item = price / standard, abs(float(receipts.quantity[row])), int(receipts.item[row])
    factor = fig.nearest(ratio, _FACTORS, period.settings.price_tolerance)
    if period.bill.items.made[item] or (quantity > 1.95 and fig.near(ratio, quantity, 0.2)):
        return False
    if _swapped(period, receipts, row, standard):
        return False
    odds = _ODDS + neighbours.worth_speaks(item, ratio)
    if factor:
        odds += _digits_speak(neighbours.standard_decimals, standard, standard * factor)
        odds -= _digits_speak(neighbours.invoiced_decimals, price, price / factor)
    return odds > 0


def _digits_speak(prices: Ints, typed: float, meant: float) -> float:
    """How much likelier the decimals of a price are than of the one that was typed, going by its neighbours; a logarithm.

    prices: how many of these have no decimals, one, two, ...
    """

    def usual(value: float) -> float:
        same = int(prices[_decimals(np.array([value]))[0]])
        return math.log((same + 0.5) / (int(prices.sum()) + 1))

    return usual(float(f"{meant:.12g}")) - usual(typed)


def _decimals(values: Floats) -> Ints:
    """Decimals that each value has, six at most."""
    needed = np.full(len(values), _DECIMALS)
    for places in range(_DECIMALS - 1, -1, -1):
        needed[np.abs(np.round(values, places) - values) <= 1e-9 * np.abs(values)] = places
    return needed


# ------------------------------------------------------------------------------------------------ salvage


def salvage(period: Period) -> Iterator[f.Finding]:
    """Nothing that was scrapped brings more than it cost."""
    scrap, item = period.inputs.scrap, period.bill.of("Scrap")
    value = blank_as_zero(scrap.salvage_value)
    rows = where_true((item >= 0) & (value > 0) & (blank_as_zero(scrap.quantity) > 0))
    if not len(rows):
        return
    costs = period.unit_costs
    cost = scrap.quantity[rows] * costs.rows.unit_cost[costs.at(item[rows], scrap.date[rows])]
    above = (value[rows] > cost + 0.005) & (cost > 0)
    usual = median((value[rows] / np.where(cost > 0, cost, np.inf))[~above]) if (~above).any() else 0.0
    for k in where_true(above).tolist():
        row = int(rows[k])
        amount, worth, name = float(value[row]), float(cost[k]), _code(period, int(item[row]))
        unit = period.bill.items.uom[item[row]]
        [where] = cells(period.inputs, "Scrap", "Salvage value", np.array([row]))
        text = (
            f"Salvage of {amount:,.2f} is more than the {words.quantity(float(scrap.quantity[row]), unit)} of {name} cost: "
            f"{worth:,.2f} at standard."
        )
        fix = None
        if likely := _salvage_meant(amount, worth, usual):
            text += f" {likely:,.2f} would be possible: the decimal point looks shifted."
            fix = f"Type the proceeds of the whole row, about {likely:,.2f}; or correct the quantity if that is wrong."
        yield f.SALVAGE_ABOVE_COST.weighed(where, text, amount - usual * worth, fig.loud(period), fix)


def _salvage_meant(amount: float, cost: float, usual: float) -> float:
    """The amount with its decimal point shifted that is below cost, the nearest to the usual share of it; 0 where none is."""
    possible = [each for each in (amount / 10, amount / 100, amount / 1000) if _SCRAP_VALUE * cost < each < cost]
    aim = usual * cost or cost
    return min(possible, key=lambda each: abs(math.log(each / aim)), default=0.0)


_SCRAP_VALUE = 0.02  # of cost: less is no likely salvage
