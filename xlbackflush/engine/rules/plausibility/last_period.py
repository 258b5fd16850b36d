"""What happened unlike the period before: rows that are missing, quantities of another order, openings that were altered.

    Completed  WIDGET   6 periods in a row, 5,000 pcs in 12 rows in the last one; now no row
    effect: 5,000 pcs x unit cost

An item that has rows now and then is no finding: how often it had some in a row, and how many in the last period, says how
likely a period without any is.
"""

import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.measures import last_period as last
from xlbackflush.engine.measures.last_period import Figures
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import home
from xlbackflush.engine.rules.plausibility.changes import Change, times, told
from xlbackflush.engine.rules.plausibility.follows import before, days_to_days, is_over
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import Bools, Floats, Ints, blank_as_zero, sums, where_true
from xlbackflush.model.journal import called
from xlbackflush.model.money import from_minor, to_minor

_TRIFLE = 0.1  # of materiality: rows worth less than this are not missed
_SURPRISE, _NO_SURPRISE = 0.1, 0.5  # items without rows to be expected by chance: with fewer, one is a warning; a note
_ALIKE = 1e-9
_ORDER, _ORDER_IF_NOT_THERE = 8.0, 4.0  # from ten times, less what months differ by anyway
_THERE, _NOT_THERE = 0.2, 0.5  # of what is more or less than expected, in the eyes of the stock count
_COST_ORDER = 4.0  # times what is to be expected of a cost type
_ROWS_ALIKE = 2.0  # times as many rows, or half of them, are as many
_OWN_ROWS = 5  # rows of an item in this period that say by themselves which of them stands out
_MARGIN = 0.1  # by which a measure has to miss its threshold

#: what happened -> the words for its rows, and for the units in them
_ROWS = {
    schema.COMPLETED: ("Completed row on Counts", "completed"),
    schema.SOLD: ("Sold row on Counts", "sold"),
    last.RECEIVED: ("row on Purchases", "received"),
    last.SCRAPPED: ("row on Scrap", "scrapped"),
}


def _unit_cost(period: Period) -> Floats:
    costs = period.unit_costs
    return costs.rows.unit_cost[costs.at(np.arange(len(period.bill.items)), period.settings.period_end)]


# --------------------------------------------------------------------------------------------------- missing rows


def missing_rows(period: Period) -> Iterator[f.Finding]:
    """An item that always had completions, sales, receipts or scrap reports, and has none now."""
    was = before(period)
    if was is None or not is_over(period):
        return
    days, cost, threshold = days_to_days(period, was), _unit_cost(period), period.materiality_threshold
    absent = {name: _absent(period, was, name) for name in last.SHEETS}
    kinds_absent = np.sum([absent[name] for name in _INTO], axis=0)
    missing: dict[int, list[tuple[float, str, bool]]] = defaultdict(list)
    for name, rows in absent.items():
        activity = was.activity[name]
        effect, chance = np.abs(activity.units) * cost * days, _by_chance(was, name)
        seen = np.where(kinds_absent == 1, _seen(period, name, activity.units * days), np.nan)
        unlikely, proven = (chance < _NO_SURPRISE) & ~(np.abs(seen) < _THERE), seen >= _NOT_THERE
        worth_asking = (unlikely | proven) & (effect > _TRIFLE * threshold)
        for item in where_true(rows & worth_asking).tolist():
            amount = float(activity.units[item]), int(activity.periods[item]), int(activity.rows[item])
            certain = bool(chance[item] < _SURPRISE or proven[item])
            missing[item].append((float(effect[item]), _missing(period, name, item, amount), certain))
    codes, changes = period.bill.items.code, []
    for item, kinds in missing.items():
        kinds.sort(key=lambda kind: -kind[0])
        text = f"{codes[item]} has {' and '.join(text for _, text, _ in kinds)}"
        certain = any(certain for *_, certain in kinds)
        changes.append(Change(home(period.inputs, item), text, kinds[0][0], quiet=not certain))
    yield from told(f.NO_ROWS, changes, threshold, "items have no rows where they always had some")


#: what happened -> the sign with which it moves the books
_INTO = {schema.COMPLETED: 1, schema.SOLD: -1, last.RECEIVED: 1}


def _seen(period: Period, name: str, expected: Floats) -> Floats:
    """Which share of units that were not entered the stock count shows nevertheless; NaN where nobody counted."""
    seen, stock = np.full(len(expected), np.nan), period.stock
    if name in _INTO:
        with np.errstate(divide="ignore", invalid="ignore"):
            seen[stock.item] = stock.difference * _INTO[name] / expected[stock.item]
        if not period.settings.completion_triggers:  # what was made may come from the stock count itself
            seen[period.bill.items.made & ~period.demand.followed] = np.nan
    return seen


def _absent(period: Period, was: Figures, name: str) -> Bools:
    """Items that had rows in the period before, would be expected to have some now, and have none."""
    now, items = period.this_period, period.bill.items
    absent: Bools = (
        (was.activity[name].rows > 0) & (now.activity[name].rows == 0) & (was.kinds[last.TYPE] == items.type)
    )
    return absent & (now.used > 0) if name == last.RECEIVED else absent


def _by_chance(was: Figures, name: str) -> Floats:
    """How many items, as regular as this one or more, are to be expected without rows where nothing is wrong.

    Of an item with r rows in the last period, which come in groups: (1 + r / 4)**-4, a negative binomial. With rows in
    each of n periods, the rule of succession: 1 / (n + 2). One item with 8 rows: 0.01; fifty of them: 0.6, and one that has
    none is no surprise.
    """
    activity = was.activity[name]
    regular = where_true(activity.rows > 0)
    each = np.minimum((1 + activity.rows[regular] / 4) ** -4, 1 / (activity.periods[regular] + 2))
    order = np.argsort(each, kind="stable")
    last_alike = each[order].searchsorted(each[order] * (1 + _ALIKE), side="right") - 1
    chance = np.full(len(activity.rows), math.inf)
    chance[regular[order]] = np.cumsum(each[order])[last_alike]
    return chance


def _missing(period: Period, name: str, item: int, amount: tuple[float, int, int]) -> str:
    """no Completed row on Counts (12 rows with 5,000 pcs in the period before)."""
    quantity, periods, rows = amount
    had = f"{rows:,} row{'s' * (rows != 1)} with {words.quantity(quantity, period.bill.items.uom[item])}"
    streak = f"some in each of the last {periods} periods, {had} in the last one"
    return f"no {_ROWS[name][0]} ({streak if periods > 1 else f'{had} in the period before'})"


def missing_costs(period: Period) -> Iterator[f.Finding]:
    """A cost type that was incurred in the period before, and not in this one."""
    was = before(period)
    if was is None or not is_over(period):
        return
    now, days, places = period.this_period.incurred, days_to_days(period, was), period.places
    changes = []
    for cost_type, cost in was.incurred.items():
        effect = abs(cost.amount) * days
        if (
            cost.rows
            and not (cost_type in now and now[cost_type].rows)
            and effect > _TRIFLE * period.materiality_threshold
        ):
            shown = f"{from_minor(to_minor(cost.amount, places), places):,.{places}f}"
            text = f"Actuals has no {cost_type} row; in the period before it had {int(cost.rows):,} with {shown}"
            changes.append(Change(period.inputs.sources["Actuals"].sheet, text, effect))
    if len(changes) > 1:  # a sheet that was left blank is one mistake
        text = ". ".join(change.text for change in changes)
        changes = [Change(changes[0].where, text, sum(change.effect for change in changes))]
    yield from told(f.NO_ROWS, changes, period.materiality_threshold, "cost types have no rows")


# ------------------------------------------------------------------------------------------------ another order


def volumes(period: Period) -> Iterator[f.Finding]:
    """Ten times as much, or a tenth of it, in as many rows, where nothing else that happened to the item says so, too.

    The stock count is a witness: what it finds was there, and what it does not find is a mistake of the row.
    """
    was = before(period)
    if was is None or not is_over(period):
        return
    days, cost, changes = days_to_days(period, was), _unit_cost(period), []
    for name, witness in _WITNESS.items():
        more = period.this_period.activity[name].units - was.activity[name].units * days
        missing = -_seen(period, name, more)  # of what is more than before
        other_order = where_true(np.isfinite(_orders(period, was, (name, witness), missing, days)))
        rows = _rows_of(period, name, other_order)
        for item in other_order.tolist():
            change = _volume(period, was, (name, item, rows[item]), float(cost[item]), days)
            if change:
                changes.append(replace(change, quiet=not missing[item] >= _NOT_THERE))
    many = "quantities are of another order than in the period before"
    yield from told(f.VOLUME, changes, period.materiality_threshold, many)


#: what happened -> what would have changed with it, if it really changed
_WITNESS = {schema.COMPLETED: schema.SOLD, schema.SOLD: schema.COMPLETED, last.RECEIVED: last.USED}


def _orders(period: Period, was: Figures, names: tuple[str, str], missing: Floats, days: float) -> Floats:
    """How many times as much of each item there is, NaN where that is of the same order or has its reason.

    missing: the share of what is more that the stock count does not find. Where it finds most of it, that was there.
    """
    now, (name, witness) = period.this_period, names
    old, new = was.activity[name], now.activity[name]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, rows = new.units / (old.units * days), new.rows / old.rows
        each = ratio * days / rows
        if witness == last.USED:
            other = now.used / (was.used * days)
        else:
            other = now.activity[witness].units / (was.activity[witness].units * days)
    proven = missing >= _NOT_THERE
    order = np.where(proven, _ORDER_IF_NOT_THERE, _ORDER)
    usable = (old.units > 0) & (new.units > 0) & (rows <= _ROWS_ALIKE) & (rows >= 1 / _ROWS_ALIKE)
    usable &= ~(np.abs(missing) < _THERE)
    high = usable & (ratio >= order) & (each >= order) & (proven | ~(other >= 2))
    low = usable & (ratio <= 1 / order) & (each <= 1 / order) & (proven | ~(other <= 0.5))
    return np.where(high | low, ratio, np.nan)


def _rows_of(period: Period, name: str, items: Ints) -> dict[int, Ints]:
    """Positions of the rows in which something happened to some items, by item."""
    if not len(items):
        return {}
    item = period.bill.of(last.SHEETS[name])
    chosen = np.isin(item, items)
    if last.SHEETS[name] == "Counts":
        chosen &= period.inputs.counts.event == name
    at = where_true(chosen)
    at = at[np.argsort(item[at], kind="stable")]
    first, end = (item[at].searchsorted(items, side=side) for side in ("left", "right"))
    return {i: at[a:b] for i, a, b in zip(items.tolist(), first.tolist(), end.tolist(), strict=True)}


def _volume(period: Period, was: Figures, of: tuple[str, int, Ints], cost: float, days: float) -> Change | None:
    """The rows that make it so; None where they are so many that the others tell which one stands out."""
    name, item, at = of
    table = last.SHEETS[name]
    rows = period.inputs.table(table)
    quantity = rows.column("Quantity")[at]
    largest = int(at[int(np.nanargmax(quantity))])
    if len(at) >= _OWN_ROWS and float(np.nanmax(quantity)) > 0.5 * float(np.nansum(quantity)):
        return None
    uom, code = period.bill.items.uom[item], period.bill.items.code[item]
    old, new = float(was.activity[name].units[item]), float(period.this_period.activity[name].units[item])
    where = period.inputs.sources[table].cell("Quantity", int(rows.row[largest if new > old * days else at[0]]))
    inside = "in this row" if len(at) == 1 else f"in {len(at)} rows"
    _, done = _ROWS[name]
    text = f"{words.quantity(new, uom)} of {code} were {done} {inside}; in the period before it was {words.quantity(old, uom)}"
    return Change(where, f"{text}, so this is {times(new / (old * days))}", abs(new - old * days) * cost)


def costs(period: Period) -> Iterator[f.Finding]:
    """A cost type of another order than in the period before, although about as much was made."""
    was = before(period)
    if was is None or not is_over(period):
        return
    now, days, changes = period.this_period, days_to_days(period, was), []
    cost, completed = _unit_cost(period), schema.COMPLETED
    made, made_before = (float((side.activity[completed].units * cost).sum()) for side in (now, was))
    volume = made / (made_before * days) if made > 0 and made_before > 0 else 1.0
    for cost_type, old in was.incurred.items():
        new = now.incurred.get(cost_type)
        if new and old.amount > 0 and new.amount > 0:
            ratio = new.amount / (old.amount * days)
            if not min(1.0, volume) / _COST_ORDER < ratio < max(1.0, volume) * _COST_ORDER:
                amounts = new.amount, old.amount, abs(new.amount - old.amount * days)
                changes.append(_cost(period, cost_type, amounts, ratio > 1))
    many = "cost types are of another order than in the period before"
    yield from told(f.VOLUME, changes, period.materiality_threshold, many)


def _cost(period: Period, cost_type: str, amounts: tuple[float, float, float], is_high: bool) -> Change:
    """The row that stands out: the largest where there is more than before, else the smallest."""
    actuals, places, (new, old, effect) = period.inputs.actuals, period.places, amounts
    at = where_true((actuals.cost_type == cost_type) & (actuals.amount > 0))
    amount = actuals.amount[at]
    row = int(actuals.row[at[int(np.argmax(amount) if is_high else np.argmin(amount))]])
    shown = [f"{from_minor(to_minor(value, places), places):,.{places}f}" for value in (new, old)]
    text = f"{cost_type} came to {shown[0]}; in the period before it was {shown[1]}, so this is {times(new / old)}"
    return Change(period.inputs.sources["Actuals"].cell("Amount", row), text, effect)


# -------------------------------------------------------------------------------------------------- openings


def opening_stock(period: Period) -> Iterator[f.Finding]:
    """Opening stock that is not what the period before closed with."""
    was = before(period)
    if was is None:
        return
    inputs, bill, count = period.inputs, period.bill, len(period.bill.items)
    at, given = bill.of("Stock"), blank_as_zero(inputs.stock.opening_qty)
    opening = sums(at + 1, given, count + 1)[1:]
    apart = where_true(np.abs(opening - was.closing) > 1e-9 * np.maximum(np.abs(opening), np.abs(was.closing)))
    if not len(apart):
        return
    row = np.full(count + 1, -1)  # the first of each item on Stock; the last place is for item -1
    row[at[::-1]] = inputs.stock.row[::-1]
    cost, source, changes = _unit_cost(period), inputs.sources["Stock"], []
    for item in apart.tolist():
        old, new = float(was.closing[item]), float(opening[item])
        closed, opens = (words.quantity(each, bill.items.uom[item]) for each in (old, new))
        where = source.cell("Opening qty", int(row[item])) if row[item] >= 0 else home(inputs, item)
        text = f"{bill.items.code[item]} opens with {opens}; the period before closed with {closed}"
        factor = times(new / old) if old > 0 and new > 0 else ""
        text += f", so this is {factor}" if factor else ""
        changes.append(Change(where, text, abs(new - old) * float(cost[item])))
    yield from told(
        f.OPENING_STOCK, changes, period.materiality_threshold, "items open with another stock than they closed with"
    )


def opening_balances(period: Period) -> Iterator[f.Finding]:
    """A balance carried over that is not the closing balance, or a reversal that is not what was posted."""
    was = before(period)
    if was is None or not was.balances:
        return
    opening, places = period.inputs.opening, period.places
    source, changes = period.inputs.sources["Opening"], []
    accounts = map(called, opening.role.tolist(), opening.class_.tolist())
    row = {account: at for at, account in reversed(list(enumerate(accounts)))}
    for (figure, role), balance in was.balances.items():
        at = row.get(role)
        now = 0.0 if at is None else float(blank_as_zero(opening.column(figure))[at])
        apart = abs(to_minor(now, places) - to_minor(balance, places))
        if apart:
            where = source.sheet if at is None else source.cell(figure, int(opening.row[at]))
            shown = f"{figure} of {role} is {now:,.{places}f}; the period before left {balance:,.{places}f}"
            changes.append(Change(where, shown, from_minor(apart, places)))
    yield from told(
        f.OPENING_BALANCE, changes, period.materiality_threshold, "balances are not those that the period before left"
    )


# ---------------------------------------------------------------------------------------------------- policy


def fits_no_longer(period: Period) -> Iterator[f.Finding]:
    """A cycle time or turnover that fitted backflush costing in the period before, and does not now."""
    was = before(period)
    if was is None or not is_over(period):
        return
    measures = {row.measure.key: row for row in period.fit}
    turnover, cycle = measures["turnover"], measures["cycle"]
    old, days = was.numbers.get(last.TURNOVER), period.settings.period_end - period.settings.period_start + 1
    limit = turnover.threshold or 0.0
    if old is not None and turnover.figure is not None and old >= limit > turnover.figure * (1 + _MARGIN) > 0:
        text = f"Inventory turned over {words.about(turnover.figure)} times a year; in the period before, {words.about(old)}"
        yield f.FITS_NO_LONGER.weighed("Fit", f"{text}, and {words.about(limit)} is asked for.", 0.0, math.inf)
    old_cycle, new_cycle = was.numbers.get(last.CYCLE), period.settings.cycle_time_days
    if old_cycle is None or new_cycle is None or cycle.figure is None or cycle.threshold is None:
        return
    if old_cycle / days <= cycle.threshold < cycle.figure:
        text = (
            f"Cycle time days is {words.about(new_cycle)}; in the period before it was {words.about(old_cycle)}. That is "
            f"{words.share(cycle.figure)} of the period, and {words.share(cycle.threshold)} is the most that fits."
        )
        base = next((row.figure for row in period.fit if row.measure.key == "cogs"), None) or 0.0
        where = period.inputs.setting_cells.get(last.CYCLE, "Setup")
        recorded = len(period.in_process) > 0
        effect = 0.0 if recorded else abs(base) / days * (new_cycle - old_cycle)
        yield f.FITS_NO_LONGER.weighed(where, text, effect, period.materiality_threshold)


def settings(period: Period) -> Iterator[f.Finding]:
    """A policy or a budget that is another one than in the period before."""
    was = before(period)
    if was is None:
        return
    now, cells, changes = period.this_period, period.inputs.setting_cells, []
    for setting in last.CHOICES:
        old, new = was.words.get(setting.name), now.words[setting.name]
        if old and old != new:
            text = f"{setting.name} is {new}; in the period before it was {old}"
            changes.append(Change(cells.get(setting.name, "Setup"), text, 0.0, quiet=True))
    for name in (last.BUDGET, last.MATERIALITY):
        old_number, new_number = was.numbers.get(name), now.numbers.get(name)
        show = words.share if name == last.MATERIALITY else words.number
        tolerance = period.settings.rate_tolerance
        if old_number and new_number and abs(new_number / old_number - 1) > tolerance:
            text = f"{name} is {show(new_number)}; in the period before it was {show(old_number)}"
            effect = abs(new_number - old_number) if name == last.BUDGET else 0.0
            changes.append(Change(cells.get(name, "Setup"), text, effect))
    yield from told(f.SETTING_CHANGED, changes, period.materiality_threshold, "settings differ from the period before")
