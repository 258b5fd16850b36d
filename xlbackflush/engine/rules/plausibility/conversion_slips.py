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
from functools import cached_property

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.plausibility import figures as fig
from xlbackflush.model.arrays import Bools, Floats, Ints, blank_as_zero, median, sums, where_true

HOURS, LABOR, VARIABLE, FIXED, OTHER = range(5)
#: columns of Standard Cost, in this order
COLUMNS = ("Labor hours", "Labor rate", "Variable overhead rate", "Fixed overhead rate", "Other conversion")
#: cost types of Actuals, in the order of the amounts incurred; hours come first there
KINDS = (schema.LABOR, schema.VARIABLE_OVERHEAD, schema.FIXED_OVERHEAD, schema.CONVERSION)
#: kinds of slips: a standard, a whole column of them; of a row of Actuals the amount, the hours, both exchanged, the cost type;
#: a cost type without rows
STANDARD, ALL_STANDARDS = "standard", "all standards"
AMOUNT, PAID_HOURS, EXCHANGED, COST_TYPE = "amount", "hours", "exchanged", "cost type"
NEVER = "never incurred"

_POWERS = (10.0, 0.1, 100.0, 0.01, 1_000.0, 0.001)
_SLIPS = np.array((*_POWERS, 60.0, 1 / 60))  # of a standard
_ROW_SLIPS = {AMOUNT: np.array(_POWERS), PAID_HOURS: np.array((*_POWERS, 60.0, 1 / 60, 1 / 8))}
#: honest deviations, as standard deviations of logarithms
_FIT, _PAY_FIT = 0.12, 0.07  # allowed against incurred; standard pay per hour against paid
_LIKE = (0.5, 0.15, 0.15, 0.15, 0.5, 0.7, 0.7, 0.2)  # of an item against others, at least, by column of `likeness`
_HOURS_ALONE, _OTHER_ALONE, _OTHER_TO_LABOR = 5, 6, 7
#: columns of `likeness` that a standard moves, and which way
_COMPARED = (
    ((HOURS, 1), (_HOURS_ALONE, 1), (_OTHER_TO_LABOR, -1)),
    ((LABOR, 1), (HOURS, 1), (_OTHER_TO_LABOR, -1)),
    ((2, 1),),
    ((3, 1),),
    ((OTHER, 1), (_OTHER_ALONE, 1), (_OTHER_TO_LABOR, 1)),
)
_TELLING = [HOURS, LABOR, VARIABLE, FIXED, OTHER, _OTHER_TO_LABOR]
_AS_THEY_ARE = (_HOURS_ALONE, _OTHER_ALONE)  # their spread is wide: they only speak against an explanation
_UNLIKE = -6.0  # what makes an item so much less like the others is no explanation
_ROW_LIKE, _ROW_PAY = 0.6, 0.07
_ONE_SIDED = 4.0  # deviations that a cost type counts for which is allowed and not incurred, or the other way round
_FEW = 3  # values: fewer say nothing about each other
_SEVERAL = 3  # values as far from the others are no slip of the hand, but of another kind
_PROOF = 3.0  # odds of 20 to 1, as a logarithm
_UNUSUAL = 5.0
_OUT = math.log(1.3)  # allowed against incurred: then something is wrong, and the question is what
_QUIET, _QUIET_NEIGHBOURS = 2.2, 3.0  # deviations: where nothing is further off, nothing is tried
_HUBER = 4.5
#: how much rarer than a factor of ten in one cell, or oftener, as a logarithm
_ANY_FACTOR = {
    AMOUNT: -2.0,
    PAID_HOURS: -1.5,
}  # a factor of any size is easier to find, and an amount comes from a document
_LIKE_OTHERS, _PER_PERIOD, _COLUMN, _OFTEN, _HOURS_TELL, _FIRST = -2.0, -3.0, -1.0, 3.0, 6.0, -4.0
_SMALL_BILLS = 3.0  # one bill may well be a thousandth of another: that is no strong evidence
_NO_HOURS_TELL = 4.5
_FRACTIONS_TELL = 4.0  # an amount with fractions of the smallest unit of its currency was divided
_FRESH = 0.5  # rows of the period are typed every month, standards once
_FAR = math.log(3.0)  # from here on a standard may be that of the whole period


@dataclass(frozen=True)
class Slip:
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
    at its cost. hours, amount, kind: of every row of Actuals; kind is the position in KINDS, -1
    for none. own: is there a row of this cost type? timed: do all labor rows say their hours? never: was it forgotten? unit:
    the smallest of the currency.
    """

    values: Floats
    units: Floats
    inputs: Floats
    hours: Floats
    amount: Floats
    kind: Ints
    own: Bools
    timed: bool
    never: Bools
    unit: float

    @cached_property
    def allowed_by_item(self) -> Floats:
        """Hours and money that the standards allow, a row for each item."""
        values, units = self.values, self.units[:, None]
        hours = values[:, :1] * units
        return np.hstack((hours, hours * values[:, LABOR:OTHER], values[:, OTHER:] * units))

    @cached_property
    def allowed(self) -> Floats:
        """The same of all items: hours, labor, variable and fixed overhead, other conversion."""
        total: Floats = self.allowed_by_item.sum(axis=0)
        return total

    @cached_property
    def allowed_by_kind(self) -> Floats:
        """Money allowed by cost type of Actuals."""
        return groups(self.own, self.never, self.allowed)

    @cached_property
    def incurred(self) -> Floats:
        """Hours paid, and amounts by cost type."""
        known = self.kind >= 0
        amounts = np.bincount(self.kind[known], self.amount[known], minlength=4)
        return np.concatenate(([self.hours[self.kind == 0].sum()], amounts))


def books(period: Period) -> Books:
    """The books of a period as they are typed."""
    inputs, bill = period.inputs, period.bill
    cost, actuals = inputs.standard_cost, inputs.actuals
    columns = [blank_as_zero(cost.column(name)) for name in COLUMNS]
    values = np.column_stack(columns) * bill.items.made[:, None]
    units = np.maximum(_units_made(period), 0.0)
    places = {name: k for k, name in enumerate(KINDS)}
    kind = np.array([places.get(name, -1) for name in actuals.cost_type.tolist()], dtype=np.int64)
    labor = (kind == 0) & (blank_as_zero(actuals.amount) != 0)
    timed = bool(labor.any()) and bool((blank_as_zero(actuals.hours)[labor] != 0).all())
    costs = period.unit_costs
    unit_cost = costs.rows.unit_cost[costs.at(np.arange(len(cost)), period.settings.period_end)]
    goes_in = np.maximum(unit_cost - bill.items.own_conversion, 0.0)
    amount, never = blank_as_zero(actuals.amount), np.zeros(4, dtype=bool)
    hours = blank_as_zero(actuals.hours)
    return Books(values, units, goes_in, hours, amount, kind, _own(kind), timed, never, 10.0**-period.places)


def _units_made(period: Period) -> Floats:
    """Units of every item that were worked on, also where no conversion is allocated for them."""
    rows, demand = period.explosion.rows, period.demand
    worked = ~rows.relieved & ~np.isnan(rows.started) & demand.of_work[rows.root]
    return sums(rows.item[worked], rows.required[worked], len(period.bill.items))


# ------------------------------------------------------------------------------------------------- misfits


def _cost(deviations: Floats) -> Floats:
    """What a deviation costs: its square, halved; beyond some of them less steeply, as outliers are no proof."""
    size = np.abs(deviations)
    return np.where(size <= _HUBER, size * size / 2, _HUBER * size - _HUBER * _HUBER / 2)


def groups(own: Bools, never: Bools, allowed: Floats) -> Floats:
    """Money allowed by cost type of Actuals: an element without rows of its own is in Conversion, if it is not forgotten."""
    money = allowed[..., 1:]
    alone = own & np.array((True, True, True, False))
    merged = (money * (~alone & ~never)).sum(axis=-1)
    return np.concatenate((money[..., :3] * alone[..., :3], merged[..., None]), axis=-1)


def deviations(book: Books, allowed: Floats, incurred: Floats, own: Bools | None = None) -> Floats:
    """Allowed against incurred, in deviations: hours, pay per hour (labor, where nobody says hours), overheads, the rest.

    allowed, incurred, own: one set of figures, or many of them in rows. What is nothing on both sides is not compared.
    """
    by_kind = groups(book.own if own is None else own, book.never, allowed)
    with np.errstate(divide="ignore", invalid="ignore"):
        money = np.log(by_kind) - np.log(incurred[..., 1:])
        hours = np.log(allowed[..., 0]) - np.log(incurred[..., 0])
        parts = np.empty((*np.broadcast_shapes(hours.shape, money[..., 0].shape), 5))
        parts[..., 0] = hours / _FIT if book.timed else 0.0
        parts[..., 1] = (money[..., 0] - hours) / _PAY_FIT if book.timed else money[..., 0] / _FIT
        parts[..., 2:] = money[..., 1:] / _FIT
    parts[np.isinf(parts)] = _ONE_SIDED
    parts[np.isnan(parts)] = 0.0
    return parts


def misfit(book: Books) -> float:
    """What allowed against incurred costs, as a logarithm of odds."""
    return float(_cost(deviations(book, book.allowed, book.incurred)).sum())


def likeness(book: Books) -> Floats:
    """How every standard compares with those of other items, as logarithms by column; NaN where nothing can be said.

    Labor and other conversion are compared in proportion to what goes in, as a costly product takes longer; rates as they are.
    Two more columns hold labor hours and other conversion as they are: where a bill is wrong, proportions are, too. The last
    one is other conversion in proportion to labor.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = np.log(book.values)
        logs = plain.copy()
        logs[:, HOURS] += np.where(book.values[:, LABOR] > 0, logs[:, LABOR], 0.0)
        for column in (HOURS, OTHER):
            logs[:, column] -= np.where(book.inputs > 0, np.log(book.inputs), np.nan)
        ratio = plain[:, [OTHER]] - plain[:, [HOURS]] - plain[:, [LABOR]]
    both = np.hstack((logs, plain[:, [HOURS, OTHER]], ratio))
    both[~np.isfinite(both)] = np.nan
    return both


def _scaled(logs: Floats, least: float) -> tuple[float, float]:
    """The middle of some logarithms and their spread, at least so wide; an endless one where there are too few."""
    given = logs[~np.isnan(logs)]
    if len(given) < _FEW:
        return 0.0, math.inf
    typical = median(given)
    away = np.sort(np.abs(given - typical))
    width = fig.spread(given) * (1 + 2 / len(given))  # a few values alike by chance are no law
    return typical, max(width, least, float(away[-_SEVERAL]) / 2)


@dataclass(frozen=True)
class _Likeness:
    """Deviations of standards from their neighbours, NaN where nothing can be said, and the scale of each column."""

    deviations: Floats
    widths: Floats


def _like(book: Books) -> _Likeness:
    logs = likeness(book)
    scales = [_scaled(logs[:, k], least) for k, least in enumerate(_LIKE)]
    widths = np.array([width for _, width in scales])
    away = (logs - np.array([typical for typical, _ in scales])) / widths
    return _Likeness(away, widths)


@dataclass(frozen=True)
class _Alike:
    """How far each row of Actuals is from others like it, in deviations, and how wide one is; endless where nothing is known."""

    away: Floats
    width: Floats

    def gain(self, rows: Ints, steps: Floats) -> Floats:
        """How much nearer the rows come to the others by each of some steps down, as logarithms."""
        away = self.away[rows][:, None]
        return _cost(away) - _cost(away - steps / self.width[rows][:, None])


@dataclass(frozen=True)
class _Rows:
    """Rows of Actuals against others of their cost type: amounts, hours, pay per hour. pay_step: the last as a logarithm."""

    amount: _Alike
    hours: _Alike
    pay: _Alike
    pay_step: Floats


def _rows(book: Books, standard_pay: float) -> _Rows:
    """standard_pay: of an hour; it stands in for other rows where there are few."""
    count = len(book.kind)
    amount, hours, pay = (_Alike(np.zeros(count), np.full(count, math.inf)) for _ in range(3))
    pay_step = np.zeros(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        money, time = np.log(np.abs(book.amount)), np.log(np.abs(book.hours))
        rate = money - time
    for kind in range(4):
        _compare(amount, where_true((book.kind == kind) & np.isfinite(money)), money, _ROW_LIKE)
    rows = where_true((book.kind == 0) & np.isfinite(money) & np.isfinite(time))
    _compare(hours, rows, time, _ROW_LIKE)
    if len(rows) >= _FEW:
        typical, width = median(rate[rows]), max(fig.spread(rate[rows]), _ROW_PAY)
        pay.away[rows], pay.width[rows] = (rate[rows] - typical) / width, width
        pay_step[rows] = rate[rows] - typical
    elif standard_pay:
        pay_step[rows] = rate[rows] - math.log(standard_pay)
    return _Rows(amount, hours, pay, pay_step)


def _compare(alike: _Alike, rows: Ints, logs: Floats, least: float) -> None:
    """Fill in how far some rows are from their middle, where there are enough of them."""
    if len(rows) >= _FEW:
        typical, width = _scaled(logs[rows], least)
        alike.away[rows], alike.width[rows] = (logs[rows] - typical) / width, width


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
    values, hours, amount = book.values.copy(), book.hours.copy(), book.amount.copy()
    kind, never = book.kind.copy(), book.never.copy()
    if slip.kind == NEVER:
        never[slip.at] = True
    elif slip.kind == STANDARD:
        values[slip.at, slip.column] /= slip.factor
    elif slip.kind == ALL_STANDARDS:
        values[:, slip.column] /= slip.factor
    elif slip.kind == PAID_HOURS:
        hours[slip.at] /= slip.factor
    elif slip.kind == AMOUNT:
        amount[slip.at] /= slip.factor
    elif slip.kind == EXCHANGED:
        hours[slip.at], amount[slip.at] = amount[slip.at], hours[slip.at]
    else:
        kind[slip.at] = slip.column
    return replace(book, values=values, hours=hours, amount=amount, kind=kind, never=never, own=_own(kind))


def _own(kind: Ints) -> Bools:
    """Cost types that have a row of their own."""
    return np.bincount(kind[kind >= 0], minlength=4) > 0


def _likeliest(book: Books) -> Slip | None:
    """The slip that explains most, where it explains enough."""
    by_item, allowed, incurred = book.allowed_by_item, book.allowed, book.incurred
    now = deviations(book, allowed, incurred)
    like = _like(book)
    rows = _rows(book, allowed[LABOR] / allowed[HOURS] if allowed[HOURS] and allowed[LABOR] else 0.0)
    neighbours = max(
        float(np.nan_to_num(np.abs(like.deviations[:, _TELLING])).max(initial=0.0)),
        float(np.abs(rows.pay.away).max(initial=0.0)),
    )
    is_whole = not _has_fractions(book.amount, book.unit).any()
    if np.abs(now).max() < _QUIET and neighbours < _QUIET_NEIGHBOURS and is_whole:
        return None
    world = _World(book, by_item, allowed, incurred, float(_cost(now).sum()), like, rows)
    tried = [
        *_of_standards(world),
        *_of_rates(world),
        *_of_columns(world),
        *_of_rows(world),
        *_of_exchanges(world),
        *_of_cost_types(world),
        *_of_forgotten(world),
    ]
    best = max((slip for _, slip in tried), key=lambda slip: slip.gain, default=None)
    count = sum(number for number, _ in tried)
    worst = float(np.abs(now[[0, 2, 3, 4]]).max())
    unusual = min(float(_cost(np.array(worst))), _UNUSUAL)  # a month may be an unusual one, without any slip
    needed = _PROOF + (unusual if worst * _FIT > _OUT else math.log(max(count, 1)) / 4)
    return best if best and best.gain > needed else None


@dataclass(frozen=True)
class _World:
    """The books, and what is worked out of them once. misfit: what allowed against incurred costs as it is."""

    book: Books
    by_item: Floats
    allowed: Floats
    incurred: Floats
    misfit: float
    like: _Likeness
    rows: _Rows

    def gain(self, allowed: Floats | None = None, incurred: Floats | None = None, own: Bools | None = None) -> Floats:
        """How much better other figures fit, each row of them."""
        allowed = self.allowed if allowed is None else allowed
        incurred = self.incurred if incurred is None else incurred
        gain: Floats = self.misfit - _cost(deviations(self.book, allowed, incurred, own)).sum(axis=-1)
        return gain


_Tried = list[tuple[int, Slip]]  # how many slips were tried, and the best of them
#: what the standards of a column move: hours move labor and overhead, too
_MOVED = ([HOURS, LABOR, VARIABLE, FIXED], [LABOR], [VARIABLE], [FIXED], [OTHER])


def _best(gain: Floats) -> tuple[int, int]:
    row, slip = np.unravel_index(int(np.argmax(gain)), gain.shape)
    return int(row), int(slip)


def _of_standards(world: _World) -> _Tried:
    """One standard of one item wrong by a factor."""
    tried: _Tried = []
    for column, moved in enumerate(_MOVED):
        items = where_true(world.book.values[:, column] > 0)
        if not len(items):
            continue
        slips = _SLIPS[: len(_POWERS)] if column == OTHER else _SLIPS
        change = np.zeros((len(items), len(slips), 5))
        change[..., moved] = (1 / slips - 1)[None, :, None] * world.by_item[items][:, None, moved]
        gain = world.gain(allowed=world.allowed + change) + _gain_in_likeness(world.like, items, column, np.log(slips))
        item, slip = _best(gain)
        best = Slip(STANDARD, int(items[item]), column, float(slips[slip]), float(gain[item, slip]))
        tried.append((gain.size, best))
    return tried


def _gain_in_likeness(like: _Likeness, items: Ints, column: int, steps: Floats) -> Floats:
    """How much nearer the items come to their neighbours by each step down; a rate is part of labor, too."""
    gain = np.zeros((len(items), 1))
    for k, way in _COMPARED[column]:
        away = like.deviations[items, k][:, None]
        nearer = np.nan_to_num(_cost(away) - _cost(away - way * steps / like.widths[k]))
        gain = gain + (np.minimum(nearer, 0.0) if k in _AS_THEY_ARE else np.where(nearer < _UNLIKE, -math.inf, nearer))
    return gain


def _of_rates(world: _World) -> _Tried:
    """A standard that would fit as that of the other items, or with a cost typed that is not of one unit or one hour."""
    tried: _Tried = []
    for column in (LABOR, VARIABLE, FIXED, OTHER):
        values = world.book.values[:, column]
        items = where_true(values > 0)
        mine, whole = world.by_item[items, column], world.allowed[column]
        right = mine + world.incurred[column] - whole  # what would be allowed for this item if all fitted
        with np.errstate(divide="ignore", invalid="ignore"):
            whole_period = np.where((right > 0) & (mine > 0), np.log(mine) - np.log(right), 0.0)
        steps = [(np.where(whole_period > _FAR, whole_period, 0.0), _PER_PERIOD)]
        if column != OTHER and len(items) > _FEW:
            steps.append((np.log(values[items] / median(values[items])), _LIKE_OTHERS))
        for every_step, odds in steps:
            chosen = np.abs(every_step) > math.log(1.2)
            if not chosen.any():
                continue
            at, step = items[chosen], every_step[chosen]
            change = np.zeros((len(at), 5))
            change[:, column] = np.expm1(-step) * world.by_item[at, column]
            fit = world.gain(allowed=world.allowed + change)
            gain = fit + _gain_in_likeness(world.like, at, column, step[:, None])[:, 0] + odds
            gain = np.where(fit > -odds, gain, 0.0)  # neighbours alone are no proof that one may not be different
            k = int(np.argmax(gain))
            tried.append((len(gain), Slip(STANDARD, int(at[k]), column, math.exp(step[k]), float(gain[k]))))
    return tried


def _of_columns(world: _World) -> _Tried:
    """A whole column of standards wrong by a factor: hours in minutes, rates per minute."""
    tried: _Tried = []
    for column, moved in enumerate(_MOVED):
        if (world.book.values[:, column] > 0).sum() < 2:
            continue
        allowed = np.tile(world.allowed, (len(_SLIPS), 1))
        allowed[:, moved] /= _SLIPS[:, None]
        gain = world.gain(allowed=allowed) + _COLUMN
        k = int(np.argmax(gain))
        tried.append((len(gain), Slip(ALL_STANDARDS, -1, column, float(_SLIPS[k]), float(gain[k]))))
    return tried


def _of_rows(world: _World) -> _Tried:
    """The amount or the hours of one row of Actuals wrong by a factor."""
    tried: _Tried = []
    book, rows = world.book, world.rows
    for kind, column, alike, sign in (
        (AMOUNT, book.amount, rows.amount, 1.0),
        (PAID_HOURS, book.hours, rows.hours, -1.0),
    ):
        is_paid = (book.kind == 0) & (book.amount > 0)  # hours without pay stand beside pay in rows of its own
        chosen = where_true((column > 0) & (book.kind >= 0) & ((kind == AMOUNT) | is_paid))
        if not len(chosen):
            continue
        place = book.kind[chosen] + 1 if kind == AMOUNT else np.zeros(len(chosen), dtype=np.int64)
        powers = _ROW_SLIPS[kind]
        slips = np.column_stack((np.tile(powers, (len(chosen), 1)), _pay_factor(book, rows, chosen, sign)))
        change = np.zeros((*slips.shape, 5))
        moved = (1 / slips - 1) * column[chosen][:, None]
        change[np.arange(len(chosen))[:, None], np.arange(slips.shape[1]), place[:, None]] = moved
        steps = np.log(slips)
        gain = world.gain(incurred=world.incurred + change) + rows.pay.gain(chosen, sign * steps)
        gain += np.minimum(alike.gain(chosen, steps), _SMALL_BILLS)
        gain[:, len(powers) :] += _ANY_FACTOR[kind]
        if kind == AMOUNT:  # 21.4224 in a currency of two decimals was 21,422.40
            typed, meant = (
                _has_fractions(each, book.unit) for each in (column[chosen][:, None], column[chosen][:, None] / slips)
            )
            gain += _FRACTIONS_TELL * (typed & ~meant)
        gain += _FRESH
        row, slip = _best(gain)
        tried.append((gain.size, Slip(kind, int(chosen[row]), -1, float(slips[row, slip]), float(gain[row, slip]))))
    return tried


def _has_fractions(amount: Floats, unit: float) -> Bools:
    """Which amounts are no multiples of the smallest unit of the currency?"""
    units = amount / unit
    fractions: Bools = np.abs(units - np.round(units)) > 1e-4
    return fractions


def _pay_factor(book: Books, rows: _Rows, chosen: Ints, sign: float) -> Floats:
    """The factor by which pay per hour is off, of rows far from the others; also where hours and amount are one figure."""
    steps, amount, hours = sign * rows.pay_step[chosen], book.amount[chosen], book.hours[chosen]
    several = ((book.kind == 0) & (book.hours > 0)).sum() >= _FEW
    doubtful = (np.abs(steps) > math.log(1.5)) & (several | (np.abs(hours - amount) < 0.02 * np.abs(amount)))
    return np.where(doubtful, np.exp(np.clip(steps, -30.0, 30.0)), 1.0)


def _of_exchanges(world: _World) -> _Tried:
    """Hours and amount of a payroll row in each other's column."""
    book, rows = world.book, world.rows
    chosen = where_true((book.kind == 0) & (book.hours > 0) & (book.amount > 0) & (book.amount != book.hours))
    if not len(chosen):
        return []
    amount, hours = book.amount[chosen], book.hours[chosen]
    change = np.zeros((len(chosen), 5))
    change[:, 0], change[:, 1] = amount - hours, hours - amount
    steps = np.log(amount / hours)[:, None]
    gain = world.gain(incurred=world.incurred + change)
    for alike, step in ((rows.amount, steps), (rows.hours, -steps), (rows.pay, 2 * steps)):
        gain += alike.gain(chosen, step)[:, 0]
    k = int(np.argmax(gain))
    return [(len(gain), Slip(EXCHANGED, int(chosen[k]), -1, 1.0, float(gain[k])))]


def _of_cost_types(world: _World) -> _Tried:
    """A row under another cost type."""
    book = world.book
    chosen = where_true(book.kind >= 0)
    if not len(chosen):
        return []
    number = np.bincount(book.kind[chosen], minlength=4)
    own, change = np.empty((len(chosen), 4, 4), dtype=bool), np.zeros((len(chosen), 4, 5))
    kind, every = book.kind[chosen], np.arange(len(chosen))
    for other in range(4):
        moved = np.tile(number, (len(chosen), 1))
        moved[every, kind] -= 1
        moved[:, other] += 1
        own[:, other] = moved > 0
        change[every, other, kind + 1] -= book.amount[chosen]
        change[:, other, other + 1] += book.amount[chosen]
        change[:, other, 0] += book.hours[chosen] * ((other == 0) * 1.0 - (kind == 0))
    gain = world.gain(incurred=world.incurred + change, own=own)
    timed = book.hours[chosen] != 0
    gain[:, 0] += np.where(timed, _HOURS_TELL, 0.0)
    gain[(kind == 0) & timed, 1:] -= _HOURS_TELL
    if (timed & (kind == 0)).any():
        gain[(kind == 0) & ~timed, 1:] += _NO_HOURS_TELL  # labor without hours, where other rows have them
    gain[:, number == 0] += _FIRST  # a cost type without any row is forgotten rather than under another name
    # it would have no rows, and be pooled with Conversion
    emptied = (number[kind] == 1) & (world.allowed[kind + 1] > 0)
    gain[emptied] = -math.inf
    gain[every, kind] = -math.inf
    row, other = _best(gain)
    return [(3 * len(chosen), Slip(COST_TYPE, int(chosen[row]), other, 1.0, float(gain[row, other])))]


def _of_forgotten(world: _World) -> _Tried:
    """A cost type that has no rows although others have them: it was forgotten, and is not in Conversion."""
    tried: _Tried = []
    book = world.book
    for kind in range(3):
        if not book.own[kind] and not book.never[kind] and world.allowed[kind + 1] > 0 and book.own[3]:
            slip = Slip(NEVER, kind, -1, 1.0, 0.0)
            gain = world.misfit - float(_cost(deviations(without(book, slip), world.allowed, world.incurred)).sum())
            tried.append((1, replace(slip, gain=gain + _OFTEN)))
    return tried
