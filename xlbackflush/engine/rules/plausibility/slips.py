"""Slips: one figure typed wrong that would explain why conversion allowed and conversion incurred do not fit together.

    allowed    what the standards allow for the units made: hours, labor, variable and fixed overhead, other conversion
    incurred   what sheet Actuals says: hours and amounts
    like       how near each standard is to those of other items, and each row to other rows

A standard typed in minutes makes all three wrong at once, and so does a payroll row with a digit too many, in another way. So
every slip of the hand (a factor such as 10 or 60 in one cell) is tried: the world with the slip taken back must fit better, by
so much that chance alone does not explain it. Misfits are in standard deviations of what honest figures show.

    item A allows 60 h, the others 90 h, paid were 100 h       log(150 / 100) = 0.41, more than three deviations of 0.12
    A in minutes: 1 h and 90 h                                 log(91 / 100) = -0.09, less than one
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.plausibility import figures as fig
from xlbackflush.model.arrays import Bools, Floats, Ints, blank_as_zero, where_true

HOURS, LABOR, VARIABLE, FIXED, OTHER = range(5)
#: columns of Standard Cost, in this order
COLUMNS = ("Labor hours", "Labor rate", "Variable overhead rate", "Fixed overhead rate", "Other conversion")
#: cost types of Actuals, in the order of the amounts incurred; hours come first there
KINDS = (schema.LABOR, schema.VARIABLE_OVERHEAD, schema.FIXED_OVERHEAD, schema.CONVERSION)
STANDARD, ALL_STANDARDS, AMOUNT, PAID_HOURS, NEVER = "standard", "all standards", "amount", "hours", "never incurred"

_POWERS = (10.0, 0.1, 100.0, 0.01, 1_000.0, 0.001)
_SLIPS = np.array((*_POWERS, 60.0, 1 / 60))  # of a standard
_ROW_SLIPS = {AMOUNT: np.array(_POWERS), PAID_HOURS: np.array((*_POWERS, 60.0, 1 / 60))}
#: honest deviations, as standard deviations of logarithms
_FIT, _PAY_FIT = 0.12, 0.07  # allowed against incurred; standard pay per hour against paid
_LIKE = (0.5, 0.15, 0.15, 0.15, 0.5)  # of an item against others, at least
_ROW_LIKE, _ROW_PAY = 0.6, 0.07
_FEW = 3  # values: fewer say nothing about each other
_SEVERAL = 3  # values as far from the others are no slip of the hand, but of another kind
_PROOF = 3.0  # odds of 20 to 1, as a logarithm, over all slips that were tried
_QUIET = 2.5  # deviations: where nothing is further off, nothing is tried
_HUBER = 4.5
#: a factor of any size is easier to find than one of eight, and an amount comes from a document
_ANY_FACTOR = {AMOUNT: 3.5, PAID_HOURS: 1.5}
_OFTEN = 3.0  # more often than a slip in a figure, a cost type is forgotten


class Slip(NamedTuple):
    """A figure that looks wrong.

    kind: where it stands; at: item, row of Actuals or cost type; column: of the standards; factor: so many times too high;
    gain: how much better everything fits without it, as a logarithm of odds.
    """

    kind: str
    at: int
    column: int
    factor: float
    gain: float


@dataclass(frozen=True)
class Books:
    """What is allowed and what is incurred, with the cells behind.

    values: standards of every item, a column for each of COLUMNS. units: made, of every item. inputs: what goes into a unit,
    at its cost. stake: see `figures.at_stake`. hours, amount, kind: of every row of Actuals; kind is the position in KINDS, -1
    for none. own: is there a row of this cost type? timed: do all labor rows say their hours? never: was it forgotten?
    """

    values: Floats
    units: Floats
    inputs: Floats
    stake: Floats
    hours: Floats
    amount: Floats
    kind: Ints
    own: Bools
    timed: bool
    never: Bools

    @property
    def allowed_by_item(self) -> Floats:
        """Hours and money that the standards allow, a row for each item."""
        values, units = self.values, self.units[:, None]
        hours = values[:, :1] * units
        return np.hstack((hours, hours * values[:, LABOR:OTHER], values[:, OTHER:] * units))

    @property
    def incurred(self) -> Floats:
        """Hours paid, and amounts by cost type."""
        known = self.kind >= 0
        amounts = np.bincount(self.kind[known], self.amount[known], minlength=4)
        return np.concatenate(([self.hours[self.kind == 0].sum()], amounts))


def books(period: Period) -> Books:
    """The books of a period as they are typed."""
    inputs, bill = period.inputs, period.bill
    cost, actuals, allowed = inputs.standard_cost, inputs.actuals, period.conversion_allowed
    columns = [blank_as_zero(cost.column(name)) for name in COLUMNS]
    values = np.column_stack(columns) * bill.items.made[:, None]
    units = np.zeros(len(cost))
    units[allowed.item] = np.maximum(allowed.units, 0.0)
    places = {name: k for k, name in enumerate(KINDS)}
    kind = np.array([places.get(name, -1) for name in actuals.cost_type.tolist()], dtype=np.int64)
    own = np.bincount(kind[kind >= 0], minlength=4) > 0
    labor = (kind == 0) & (blank_as_zero(actuals.amount) != 0)
    timed = bool(labor.any()) and bool((blank_as_zero(actuals.hours)[labor] != 0).all())
    costs = period.unit_costs
    unit_cost = costs.rows.unit_cost[costs.at(np.arange(len(cost)), period.settings.period_end)]
    goes_in = np.maximum(unit_cost - bill.items.own_conversion, 0.0)
    return Books(
        values, units, goes_in, fig.at_stake(period), blank_as_zero(actuals.hours), blank_as_zero(actuals.amount), kind, own,
        timed, np.zeros(4, dtype=bool),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------- misfits


def _cost(deviations: Floats) -> Floats:
    """What a deviation costs: its square, halved; beyond some of them less steeply, as outliers are no proof."""
    size = np.abs(deviations)
    return np.where(size <= _HUBER, size * size / 2, _HUBER * size - _HUBER * _HUBER / 2)


def groups(own: Bools, never: Bools, allowed: Floats) -> Floats:
    """Money allowed by cost type of Actuals: an element without rows of its own is in Conversion, if it is not forgotten."""
    money = allowed[..., 1:]
    alone = own.copy()
    alone[3] = False
    merged = (money * (~alone & ~never)).sum(axis=-1)
    return np.concatenate((money[..., :3] * alone[:3], merged[..., None]), axis=-1)


def deviations(book: Books, allowed: Floats, incurred: Floats) -> Floats:
    """Allowed against incurred, in deviations: hours, pay per hour (labor, where nobody says hours), overheads, the rest.

    Each argument: one set of figures, or many of them in rows. What is nothing on one side is not compared.
    """
    by_kind = groups(book.own, book.never, allowed)
    with np.errstate(divide="ignore", invalid="ignore"):
        money = np.log(by_kind) - np.log(incurred[..., 1:])
        hours = np.log(allowed[..., 0]) - np.log(incurred[..., 0])
        parts = np.empty((*np.broadcast_shapes(hours.shape, money[..., 0].shape), 5))
        parts[..., 0] = hours / _FIT if book.timed else 0.0
        parts[..., 1] = (money[..., 0] - hours) / _PAY_FIT if book.timed else money[..., 0] / _FIT
        parts[..., 2:] = money[..., 1:] / _FIT
    parts[~np.isfinite(parts)] = 0.0
    return parts


def likeness(book: Books) -> Floats:
    """How far every standard is from those of other items, as logarithms by column; NaN where nothing can be said.

    Labor and other conversion are compared in proportion to what goes in, as a costly product takes longer; rates as they are.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(book.values)
        logs[:, HOURS] += np.where(book.values[:, LABOR] > 0, logs[:, LABOR], 0.0)
        for column in (HOURS, OTHER):
            logs[:, column] -= np.where(book.inputs > 0, np.log(book.inputs), np.nan)
    logs[~np.isfinite(logs)] = np.nan
    return logs


def _scaled(logs: Floats, least: float) -> tuple[float, float]:
    """The middle of some logarithms and their spread, at least so wide; an endless one where there are too few."""
    given = logs[~np.isnan(logs)]
    if len(given) < _FEW:
        return 0.0, math.inf
    typical = fig.middle(given)
    away = np.sort(np.abs(given - typical))
    width = fig.spread(given) * (1 + 2 / len(given))  # a few values alike by chance are no law
    return typical, max(width, least, float(away[-_SEVERAL]) / 2)


class _Likeness(NamedTuple):
    """Deviations of standards from their neighbours, and the scale of each column."""

    deviations: Floats
    widths: Floats


def _like(book: Books) -> _Likeness:
    logs = likeness(book)
    scales = [_scaled(logs[:, k], least) for k, least in enumerate(_LIKE)]
    widths = np.array([width for _, width in scales])
    away = (logs - np.array([typical for typical, _ in scales])) / widths
    return _Likeness(np.where(np.isnan(away), 0.0, away), widths)


class _Rows(NamedTuple):
    """Deviations of every row of Actuals: of its amount and its hours from rows of its type, and of its pay per hour."""

    amount: Floats
    hours: Floats
    pay: Floats
    widths: tuple[Floats, Floats, Floats]


def _rows(book: Books, standard_pay: float) -> _Rows:
    count = len(book.kind)
    amount, hours, pay = np.zeros(count), np.zeros(count), np.zeros(count)
    wide = tuple(np.full(count, math.inf) for _ in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        money, time = np.log(np.abs(book.amount)), np.log(np.abs(book.hours))
    for kind in range(4):
        rows = where_true((book.kind == kind) & np.isfinite(money))
        if len(rows) > _FEW:
            typical, width = _scaled(money[rows], _ROW_LIKE)
            amount[rows], wide[0][rows] = (money[rows] - typical) / width, width
    rows = where_true((book.kind == 0) & np.isfinite(money) & np.isfinite(time))
    if len(rows):
        rate = money[rows] - time[rows]
        several = len(rows) >= _FEW
        typical = fig.middle(rate) if several else math.log(standard_pay) if standard_pay else fig.middle(rate)
        width = max(fig.spread(rate), _ROW_PAY) if several else 2 * _ROW_PAY
        if several or standard_pay:
            pay[rows], wide[2][rows] = (rate - typical) / width, width
    if len(rows) > _FEW:
        typical, width = _scaled(time[rows], _ROW_LIKE)
        hours[rows], wide[1][rows] = (time[rows] - typical) / width, width
    return _Rows(amount, hours, pay, wide)  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------------- slips


def found(book: Books, at_most: int = 4) -> tuple[list[Slip], Books]:
    """The slips that explain the books best, one after the other, and the books without them."""
    slips: list[Slip] = []
    while len(slips) < at_most and (slip := _likeliest(book)):
        slips.append(slip)
        book = without(book, slip)
    return slips, book


def without(book: Books, slip: Slip) -> Books:
    """The books with a slip taken back."""
    if slip.kind == NEVER:
        never = book.never.copy()
        never[slip.at] = True
        return replace(book, never=never)
    if slip.kind in (STANDARD, ALL_STANDARDS):
        values = book.values.copy()
        values[slice(None) if slip.kind == ALL_STANDARDS else slip.at, slip.column] /= slip.factor
        return replace(book, values=values)
    column = (book.hours if slip.kind == PAID_HOURS else book.amount).copy()
    column[slip.at] /= slip.factor
    return replace(book, hours=column) if slip.kind == PAID_HOURS else replace(book, amount=column)


def _likeliest(book: Books) -> Slip | None:
    """The slip that explains most, where it explains enough."""
    by_item = book.allowed_by_item
    allowed, incurred = by_item.sum(axis=0), book.incurred
    now = deviations(book, allowed, incurred)
    like = _like(book)
    rows = _rows(book, allowed[LABOR] / allowed[HOURS] if allowed[HOURS] and allowed[LABOR] else 0.0)
    loudest = max(
        float(np.abs(part).max(initial=0.0)) for part in (now, like.deviations, rows.pay, rows.amount, rows.hours)
    )
    if loudest < _QUIET:
        return None
    base = float(_cost(now).sum())
    tried = [
        *_of_standards(book, by_item, incurred, like, base),
        *_of_columns(book, by_item, incurred, base),
        *_of_rows(book, allowed, incurred, rows, base),
        *_of_forgotten(book, allowed, incurred, base),
    ]
    count = sum(number for number, _ in tried)
    best = max((slip for _, slip in tried), key=lambda slip: slip.gain, default=None)
    out = float(np.abs(now[[0, 2, 3, 4]]).max()) * _FIT > math.log(1.3)  # something is off anyway: who is it?
    needed = _PROOF + (0.0 if out else math.log(max(count, 1)) / 4)
    return best if best and best.gain > needed else None


_Tried = list[tuple[int, Slip]]  # how many slips were tried, and the best of them


def _of_standards(book: Books, by_item: Floats, incurred: Floats, like: _Likeness, base: float) -> _Tried:
    """One standard of one item wrong by a factor."""
    tried: _Tried = []
    total = by_item.sum(axis=0)
    for column in range(5):
        items = where_true(book.values[:, column] > 0)
        if not len(items):
            continue
        moved = by_item[items].copy()
        moved[:, [k for k in range(5) if k != column and not (column == HOURS and k != OTHER)]] = 0.0
        change = (1 / _SLIPS - 1)[None, :, None] * moved[:, None, :]
        gain = base - _cost(deviations(book, total + change, incurred)).sum(axis=-1)
        gain += _gain_in_likeness(like, items, column)
        item, slip = np.unravel_index(int(np.argmax(gain)), gain.shape)
        best = Slip(STANDARD, int(items[item]), column, float(_SLIPS[slip]), float(gain[item, slip]))
        tried.append((gain.size, best))
    return tried


def _gain_in_likeness(like: _Likeness, items: Ints, column: int) -> Floats:
    """How much nearer the items come to their neighbours with each slip taken back; a rate is part of labor, too."""
    gain = np.zeros((len(items), len(_SLIPS)))
    for k in {column, HOURS} if column == LABOR else {column}:
        now = like.deviations[items, k][:, None]
        gain += _cost(now) - _cost(now - np.log(_SLIPS) / like.widths[k])
    return gain


def _of_columns(book: Books, by_item: Floats, incurred: Floats, base: float) -> _Tried:
    """A whole column of standards wrong by a factor: hours in minutes, rates per minute."""
    tried: _Tried = []
    total = by_item.sum(axis=0)
    for column in range(5):
        if (book.values[:, column] > 0).sum() < 2:
            continue
        touched = [HOURS, LABOR, VARIABLE, FIXED] if column == HOURS else [column]
        for slip in _SLIPS.tolist():
            allowed = total.copy()
            allowed[touched] /= slip
            gain = base - float(_cost(deviations(book, allowed, incurred)).sum())
            tried.append((1, Slip(ALL_STANDARDS, -1, column, slip, gain - 1.0)))
    return tried


def _of_rows(book: Books, allowed: Floats, incurred: Floats, rows: _Rows, base: float) -> _Tried:
    """The amount or the hours of one row of Actuals wrong by a factor."""
    tried: _Tried = []
    for kind, column, own, sign in (
        (AMOUNT, book.amount, rows.amount, 1.0),
        (PAID_HOURS, book.hours, rows.hours, -1.0),
    ):
        chosen = where_true((column > 0) & (book.kind >= 0) & ((kind == AMOUNT) | (book.kind == 0)))
        if not len(chosen):
            continue
        place = book.kind[chosen] + 1 if kind == AMOUNT else np.zeros(len(chosen), dtype=np.int64)
        powers = _ROW_SLIPS[kind]
        slips = np.broadcast_to(powers, (len(chosen), len(powers)))
        slips = np.column_stack((slips, _pay_factor(book, rows, chosen, sign)))  # what makes its pay per hour usual
        change = np.zeros((*slips.shape, 5))
        change[np.arange(len(chosen))[:, None], np.arange(slips.shape[1])[None, :], place[:, None]] = (
            1 / slips - 1
        ) * column[chosen][:, None]
        gain = base - _cost(deviations(book, allowed, incurred + change)).sum(axis=-1)
        steps = np.log(slips)
        for now, width, way in (
            (own[chosen], rows.widths[0 if kind == AMOUNT else 1][chosen], 1.0),
            (rows.pay[chosen], rows.widths[2][chosen], sign),
        ):
            gain += _cost(now[:, None]) - _cost(now[:, None] - way * steps / width[:, None])
        gain[:, len(powers) :] -= _ANY_FACTOR[kind]
        row, slip = np.unravel_index(int(np.argmax(gain)), gain.shape)
        tried.append((gain.size, Slip(kind, int(chosen[row]), -1, float(slips[row, slip]), float(gain[row, slip]))))
    return tried


def _pay_factor(book: Books, rows: _Rows, chosen: Ints, sign: float) -> Floats:
    """The factor by which pay per hour is off, of rows far from the others; also where hours and amount are one figure."""
    width = rows.widths[2][chosen]
    steps = sign * rows.pay[chosen] * np.where(np.isinf(width), 0.0, width)
    amount, hours = book.amount[chosen], book.hours[chosen]
    several = ((book.kind == 0) & (book.hours > 0)).sum() >= _FEW
    doubtful = (np.abs(steps) > math.log(1.5)) & (several | (np.abs(hours - amount) < 0.02 * np.abs(amount)))
    return np.where(doubtful, np.exp(np.clip(steps, -30.0, 30.0)), 1.0)


def _of_forgotten(book: Books, allowed: Floats, incurred: Floats, base: float) -> _Tried:
    """A cost type that has no rows although others have them: it was forgotten, and is not in Conversion."""
    tried: _Tried = []
    for kind in range(3):
        if not book.own[kind] and not book.never[kind] and allowed[kind + 1] > 0 and book.own[3]:
            slip = Slip(NEVER, kind, -1, 1.0, 0.0)
            gain = base - float(_cost(deviations(without(book, slip), allowed, incurred)).sum())
            tried.append((1, slip._replace(gain=gain + _OFTEN)))
    return tried
