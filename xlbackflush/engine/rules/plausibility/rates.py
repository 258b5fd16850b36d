"""Hours, rates and conversion costs that cannot well be right.

First the slips of the hand that explain a misfit (see `conversion_slips`), then what is left: cost types on one side only, pay
per hour unlike the standard, over- and under-absorption, a budget unlike what was absorbed and incurred.
"""

import math
import re
from collections.abc import Iterator

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures.levers import PER
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import cells
from xlbackflush.engine.rules.plausibility import conversion_slips as slips
from xlbackflush.engine.rules.plausibility import figures as fig
from xlbackflush.engine.rules.plausibility.conversion_slips import FIXED, HOURS, KINDS, LABOR, OTHER, Books, Slip
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import Bools, Ints, distinct, median, where_true

#: element of cost -> what an amount too high by a factor looks like
_SHIFTED = {
    10.0: "a digit too many, or a decimal point shifted",
    100.0: "a decimal point shifted by two digits",
    1_000.0: "a decimal point shifted by three digits",
    0.1: "a digit short, or a decimal point shifted",
    0.01: "a decimal point shifted by two digits",
    0.001: "an amount in thousands",
}
_IN_CENTS = "an amount in cents, or a decimal point shifted by two digits"
_MINUTES, _PER_MINUTE = "minutes instead of hours", "a rate per minute instead of per hour"
_FAR = 3.0  # times: no rate of another department is so far off
_ODD_DIGITS = 4  # that an amount has before its zeros: fewer may come twice by chance
_PAY_DAYS_LEAST, _WEEK, _GAP = (
    3,
    5,
    1.8,
)  # pay days; days from one to the next, at least; so many times as long is too long
_SHARED_LEAST, _LONE = (
    5,
    1.5,
)  # items with rates that they share; so many times as high or as low is a rate of no neighbour
_FITS, _FEW_ROWS = 1.2, 3  # times: so near, figures fit together; so many payroll rows speak for themselves
_ALIKE = 0.02  # hours and amount of a row: the same figure typed twice


def conversion(period: Period) -> Iterator[f.Finding]:
    """What stands in the way of comparing conversion allowed with conversion incurred, one finding for each cause."""
    typed = slips.books(period)
    slips_found, book = slips.found(typed)
    doubtful = _units_in_doubt(period) if slips_found else set[int]()
    for slip in slips_found:
        if _is_refuted(typed, slip) or (slip.kind == slips.STANDARD and slip.at in doubtful):
            continue
        finding = _slip(period, typed, slip)
        if finding and (finding.effect or 0.0) >= period.trifle:
            yield finding
        typed = slips.without(typed, slip)
    yield from _lone_rates(period, book)
    if period.settings.conversion_expensed:
        yield from _one_side_only(period, book) if len(book.kind) else ()
    else:
        yield from _one_side_only(period, book)
        pay = list(_pay(period, book, slips_found))
        yield from pay
        yield from _absorption(period, book, skip_labor=bool(pay))


# ------------------------------------------------------------------------------------------------- slips


def _slip(period: Period, book: Books, slip: Slip) -> f.Finding | None:
    """A slip in words. book: with this slip still in it."""
    if slip.kind == slips.NEVER:
        return _never(period, book, [slip.at])
    if slip.kind == slips.STANDARD:
        return _standard(period, book, slip)
    if slip.kind == slips.ALL_STANDARDS:
        return _all_standards(period, book, slip)
    if slip.kind == slips.EXCHANGED:
        return _exchanged(period, book, slip)
    if slip.kind == slips.COST_TYPE:
        return _cost_type(period, book, slip)
    return _hours_paid(period, book, slip) if slip.kind == slips.PAID_HOURS else _amount(period, book, slip)


def _is_refuted(book: Books, slip: Slip) -> bool:
    """Whether the hours paid fit a standard time as it stands better than without the slip: something else is wrong."""
    if slip.kind != slips.STANDARD or slip.column != HOURS or not book.timed:
        return False
    paid, before, after = (float(hours) for hours in (book.incurred[0], *_hours(book, slips.without(book, slip))))
    return min(paid, before, after) > 0 and abs(math.log(after / paid)) > abs(math.log(before / paid))


def _units_in_doubt(period: Period) -> set[int]:
    """Items of which a count or a bill asks for too many or too few units: a standard of theirs is not what looks wrong."""
    bill, levers, doubtful = period.bill, period.levers, set[int]()
    waiting = []
    for mistake in period.likely_mistakes.mistakes:
        if mistake.key[0] == own.COMPLETION:
            doubtful.add(mistake.lever.item)
        elif mistake.key[0] == PER:
            waiting.append(int(bill.lines.component[mistake.lever.line]))
    while waiting:  # what is exploded through is made with its parent
        item = waiting.pop()
        if item not in doubtful and not levers.on_shelf[item]:
            doubtful.add(item)
            waiting += bill.lines.component[slice(*bill.first_line[item : item + 2].tolist())].tolist()
    return doubtful


def _standard_rule(column: int) -> f.Rule:
    return f.HOURS_UNLIKE if column == HOURS else f.CONVERSION_UNLIKE if column == OTHER else f.RATE_UNLIKE


def _shown(column: int, value: float) -> str:
    return f"{words.about(value)} h" if column == HOURS else words.price(value)


def _shifted(period: Period, factor: float) -> str | None:
    """What an amount so many times too high looks like; only a currency of two decimals has cents."""
    return _IN_CENTS if factor == 100.0 and period.places == 2 else _SHIFTED.get(factor)


def _looks(period: Period, column: int, factor: float) -> str:
    """What a standard that is too high by a factor looks like."""
    if column == HOURS and factor == 60.0:
        return _MINUTES
    if column in (LABOR, slips.VARIABLE, FIXED) and factor < 0.1 and math.isclose(factor, 1 / 60):
        return _PER_MINUTE
    if math.isclose(factor, 1 / 60):
        return "hours divided by 60 once too often"
    if factor == 60.0:
        return "60 times too high"
    if shifted := _SHIFTED.get(factor) if column == HOURS else _shifted(period, factor):
        return shifted
    what = "unit" if column in (HOURS, OTHER) else "hour"
    return f"a cost that is not of one {what}" if factor > _FAR else f"a rate {fig.times(factor)} what would fit"


def _standard(period: Period, book: Books, slip: Slip) -> f.Finding:
    """A standard of one item."""
    name, value = slips.COLUMNS[slip.column], float(book.values[slip.at, slip.column])
    right = value / slip.factor
    where = period.inputs.sources["StandardCost"].cell(name, int(period.inputs.standard_cost.row[slip.at]))
    looks = _looks(period, slip.column, slip.factor)
    text = (
        f"{name} of {period.bill.items.code[slip.at]}: {_shown(slip.column, value)} looks like {looks}; "
        f"{_shown(slip.column, right)} would fit. {_evidence(book, slip)}"
    )
    worth = float(book.values[slip.at, LABOR:OTHER].sum()) if slip.column == HOURS else 1.0
    if slip.column in (LABOR, slips.VARIABLE, FIXED):
        worth = float(book.values[slip.at, HOURS])
    units = float(max(period.units_contained[slip.at], book.units[slip.at]))
    effect = abs(value - right) * worth * units * _slower(slips.without(book, slip))
    fix = f"Correct {name} to about {_shown(slip.column, right)}, if the routing or the rate sheet says so."
    threshold = fig.loud(period, effect if slip.factor > 1 else 0.0)
    return _standard_rule(slip.column).weighed(where, text.strip(), effect, threshold, fix)


def _slower(book: Books) -> float:
    """Hours paid for an hour allowed, where that is more than one: variances are worked out at hours paid."""
    allowed, paid = float(book.allowed[HOURS]), float(book.incurred[0])
    return min(max(1.0, paid / allowed), 1.5) if book.timed and allowed > 0 else 1.0


def _all_standards(period: Period, book: Books, slip: Slip) -> f.Finding:
    """A column of standards: one cause."""
    name = slips.COLUMNS[slip.column]
    items = where_true(book.values[:, slip.column] > 0)
    where = cells(period.inputs, "StandardCost", name, items)
    text = (
        f"{name} of all {len(items):,} items ({words.listed(where)}) look like {_looks(period, slip.column, slip.factor)}. "
        f"{_evidence(book, slip)}"
    )
    before, after = book.allowed_by_item, slips.without(book, slip).allowed_by_item
    effect = float((before - after)[:, 1:].sum())
    rule = _standard_rule(slip.column)
    return rule.weighed(where[0], text.strip(), effect, fig.loud(period), f"Correct column {name}.")


def _evidence(book: Books, slip: Slip) -> str:
    """What speaks for a slip in the standards: hours or amounts before and after, and its neighbours."""
    other = slips.without(book, slip)
    if slip.column == HOURS and book.timed:
        paid, before, after = (float(v) for v in (book.incurred[0], *_hours(book, other)))
        if before > 0 and after > 0 and abs(math.log(before / after)) > 0.02:
            return (
                f"The standards now allow {words.about(round(before))} h and would then allow {words.about(round(after))} h; "
                f"{words.about(paid)} h were paid."
            )
    kind = {HOURS: 0, LABOR: 0, slips.VARIABLE: 1, FIXED: 2, OTHER: 3}[slip.column]
    before, after = (float(b.allowed_by_kind[kind]) for b in (book, other))
    if book.own[kind] and before > 0 and after > 0 and abs(math.log(before / after)) > 0.02:
        incurred = float(book.incurred[kind + 1])
        return (
            f"{KINDS[kind]} allowed is now {before:,.2f} and would then be {after:,.2f}; {incurred:,.2f} was incurred."
        )
    if slip.column in (LABOR, slips.VARIABLE, FIXED) and slip.kind == slips.STANDARD:
        others = np.delete(book.values[:, slip.column], slip.at)
        return f"The rate of the other items is about {words.price(median(others[others > 0]))}."
    return "In proportion to its material it is far from the other items."


def _hours(*books: Books) -> list[float]:
    return [float(book.allowed[HOURS]) for book in books]


def _hours_paid(period: Period, book: Books, slip: Slip) -> f.Finding:
    """Hours of a payroll row."""
    hours, amount = float(book.hours[slip.at]), float(book.amount[slip.at])
    right = hours / slip.factor
    [where] = cells(period.inputs, "Actuals", "Hours", np.array([slip.at]))
    looks = {60.0: _MINUTES, 1 / 8: "days instead of hours"}.get(slip.factor, _SHIFTED.get(slip.factor, ""))
    if abs(hours / amount - 1) < _ALIKE:
        looks = "the amount typed as hours"
    looks = f"{words.about(hours)} h looks like {looks}" if looks else f"{words.about(hours)} h cannot be right"
    text = (
        f"{looks}: {amount:,.2f} would pay {words.price(amount / hours)} an hour. {words.about(right)} h would be "
        f"{words.price(amount / right)} an hour{_usual_pay(period, book, slip.at)}."
    )
    rate = _standard_pay(book, amount / right)
    fix = f"Type the hours of the payroll, about {words.about(right)} h."
    return f.HOURS_PAID_UNLIKE.weighed(where, text, abs(hours - right) * rate, fig.loud(period), fix)


def _exchanged(period: Period, book: Books, slip: Slip) -> f.Finding:
    """Hours and amount of a payroll row in each other's column."""
    hours, amount = float(book.hours[slip.at]), float(book.amount[slip.at])
    [where] = cells(period.inputs, "Actuals", "Hours", np.array([slip.at]))
    text = (
        f"{words.about(hours)} h for {amount:,.2f} is {words.price(amount / hours)} an hour. The two look exchanged: "
        f"{hours:,.2f} for {words.about(amount)} h is {words.price(hours / amount)} an hour{_usual_pay(period, book, slip.at)}."
    )
    fix = "Exchange Hours and Amount of this row, if the payroll says so."
    effect = max(abs(hours - amount), abs(hours - amount) * _standard_pay(book, hours / amount))
    return f.HOURS_PAID_UNLIKE.weighed(where, text, effect, fig.loud(period), fix)


def _cost_type(period: Period, book: Books, slip: Slip) -> f.Finding:
    """A row of Actuals under another cost type."""
    [where] = cells(period.inputs, "Actuals", "Cost type", np.array([slip.at]))
    mine, other, amount = KINDS[int(book.kind[slip.at])], KINDS[slip.column], float(book.amount[slip.at])
    text = f"{mine} of {amount:,.2f} looks like {other}: then both fit what the standards allow."
    if slip.column == 0 and book.hours[slip.at]:
        text = f"{mine} of {amount:,.2f} has {words.about(float(book.hours[slip.at]))} h and looks like {other}."
    fix = f"Change Cost type to {other}, if the document says so."
    return f.OTHER_COST_TYPE.weighed(where, text, amount, fig.loud(period), fix)


def _standard_pay(book: Books, otherwise: float) -> float:
    """Standard pay of an hour allowed."""
    return float(book.allowed[LABOR] / book.allowed[HOURS]) if book.allowed[HOURS] else otherwise


def _usual_pay(period: Period, book: Books, row: int) -> str:
    """Pay per hour of the other rows, of those with the same note where there are any, as a clause."""
    others = (book.kind == 0) & (book.hours > 0) & (book.amount > 0)
    others[row] = False
    notes = period.inputs.actuals.note
    crew: Bools = others & (notes == notes[row]) & (notes != "")
    same_note, others = (" with the same note", crew) if crew.any() else ("", others)
    if others.any():
        return (
            f", as in the other rows{same_note} (about {words.price(median(book.amount[others] / book.hours[others]))})"
        )
    allowed = book.allowed
    return f"; the standard is {words.price(float(allowed[LABOR] / allowed[HOURS]))}" if allowed[HOURS] else ""


def _amount(period: Period, book: Books, slip: Slip) -> f.Finding:
    """The amount of a row of Actuals."""
    kind, amount, hours = int(book.kind[slip.at]), float(book.amount[slip.at]), float(book.hours[slip.at])
    right = amount / slip.factor
    [where] = cells(period.inputs, "Actuals", "Amount", np.array([slip.at]))
    looks = _shifted(period, slip.factor)
    head = f"{KINDS[kind]} of {amount:,.2f} " + (f"looks like {looks}" if looks else "cannot be right")
    if kind == 0 and hours:
        text = (
            f"{head}: for {words.about(hours)} h it would be {words.price(amount / hours)} an hour. {right:,.2f} would be "
            f"{words.price(right / hours)} an hour{_usual_pay(period, book, slip.at)}."
        )
    else:
        by_kind = book.allowed_by_kind
        incurred = float(book.incurred[kind + 1])
        text = (
            f"{head}: with it {incurred:,.2f} was incurred, with {right:,.2f} it would be {incurred - amount + right:,.2f}; "
            f"the standards allow {float(by_kind[kind]):,.2f}."
        )
    fix = f"Type the amount of the document, about {right:,.2f}."
    return f.AMOUNT_UNLIKE.weighed(where, text, abs(amount - right), fig.loud(period), fix)


# ------------------------------------------------------------------------------------------- what is left


def _never(period: Period, book: Books, kinds: list[int]) -> f.Finding:
    """Cost types that are allocated and that Actuals do not have. kinds: positions in KINDS; all are if Actuals are empty."""
    allowed = book.allowed
    alone = [k for k in kinds if k < 3]
    amounts = [float(allowed[k + 1]) for k in kinds]
    named = [("Other conversion" if k == 3 else KINDS[k], amount) for k, amount in zip(kinds, amounts, strict=True)]
    head = " and ".join(f"{name} of {amount:,.2f}" for name, amount in named)
    if not len(book.kind):
        head = f"Conversion of {math.fsum(amounts):,.2f}"
        lacks = "sheet Actuals is empty"
    elif alone:
        lacks = f"sheet Actuals has no row of {' or '.join(KINDS[k] for k in alone)}"
    else:
        lacks = "sheet Actuals has no row of Conversion"
    was = "is in the standards of" if period.settings.conversion_expensed else "was allocated to"
    text, where = f"{head} {was} what was made, and {lacks}.", "Actuals"
    fix: str | None = None
    over = book.incurred[1:] - book.allowed_by_kind
    kind = int(np.argmax(over))
    rows = where_true(book.kind == kind)
    if over[kind] >= _TYPED_ELSEWHERE * math.fsum(amounts) and len(rows):
        text += (
            f" {KINDS[kind]} is {float(over[kind]):,.2f} above what is allowed: some rows may have the wrong cost type."
        )
        missing = [KINDS[k] for k in alone] or [schema.CONVERSION]
        where, fix = _rows_under_another_type(period, book, rows, missing)
    return f.NEVER_INCURRED.weighed(where, text, math.fsum(amounts), fig.loud(period), fix)


def _rows_under_another_type(period: Period, book: Books, rows: Ints, missing: list[str]) -> tuple[str, str]:
    """Rows of which some belong to cost types that have none, the likeliest by their notes first: its cell, and the remedy."""
    actuals = period.inputs.actuals
    notes = [note or document for note, document in zip(actuals.note[rows], actuals.document[rows], strict=True)]
    usual = "|".join(word for kind in missing for word in schema.NOTES_OF_COST_TYPES.get(kind, "").split())
    wanted = re.compile(rf"\b({usual})" if usual else "(?!)", re.IGNORECASE)
    likely = np.array([bool(wanted.search(note)) for note in notes], dtype=bool)
    order = np.lexsort((-book.amount[rows], ~likely))
    typed = cells(period.inputs, "Actuals", "Cost type", rows[order])
    named = [
        f"{cell} ({notes[at]}{': ' * bool(notes[at])}{float(book.amount[rows[at]]):,.2f})"
        for cell, at in zip(typed, order.tolist(), strict=True)
    ]
    how = "where it is wrong" if len(rows) == 1 else "in some of these rows, not in all"
    fix = f"Correct Cost type to {' or '.join(missing)} {how}: {words.listed(named, _ROWS_NAMED)}"
    count = int(likely.sum())
    if 1 < count < len(rows):
        fix += f". By their notes the first {count} are likely, {float(book.amount[rows[likely]].sum()):,.2f} together"
    return typed[0], f"{fix}. Do not enter the costs twice."


_ROWS_NAMED = 10  # of rows to choose from
_TYPED_ELSEWHERE = 0.5  # of a cost that is missing: what another cost type has too much


def _one_side_only(period: Period, book: Books) -> Iterator[f.Finding]:
    """A cost type that is allocated and never incurred, or incurred and never allocated."""
    allowed = book.allowed
    by_kind, incurred = book.allowed_by_kind, book.incurred[1:]
    forgotten = [
        k for k in range(3) if not book.own[k] and not book.never[k] and not book.own[3] and allowed[k + 1] > 0
    ]
    if not book.own[3] and allowed[OTHER] > 0:
        forgotten.append(3)
    unallocated = [k for k in range(4) if by_kind[k] <= 0 and incurred[k] > 0]
    lacking = math.fsum(float(allowed[k + 1]) for k in forgotten)
    extra = math.fsum(float(incurred[k]) for k in unallocated)
    if lacking > 0 and extra > 0 and fig.near(lacking, extra, 2 * period.settings.absorption_tolerance):
        return  # the same cost under another name
    least = period.trifle
    if lacking > 0 and lacking >= least:
        yield _never(period, book, forgotten)
    for kind in unallocated if extra >= least and not period.settings.conversion_expensed else ():
        rows = where_true(book.kind == kind)
        where = cells(period.inputs, "Actuals", "Cost type", rows)
        amount = f"{KINDS[kind]} of {float(incurred[kind]):,.2f}"
        text = f"{amount} was incurred ({words.listed(where)}), and no standard allocates any."
        yield f.NEVER_ALLOCATED.weighed(where[0], text, float(incurred[kind]), period.materiality_threshold)


def _lone_rates(period: Period, book: Books) -> Iterator[f.Finding]:
    """A rate that no other item has, where the others share theirs, and that is no nearer to what was incurred."""
    tolerance = max(period.settings.rate_tolerance, _LONE - 1)
    for column in (LABOR, slips.VARIABLE, FIXED):
        rates = book.values[:, column]
        items = where_true(rates > 0)
        if len(items) < _SHARED_LEAST + 1:
            continue
        values, first, number = np.unique(rates[items], return_index=True, return_counts=True)
        shared, lone = values[number > 1], items[first[number == 1]]
        if len(lone) != 1 or not len(shared):
            continue
        item, rate = int(lone[0]), float(rates[lone[0]])
        nearest = float(shared[np.argmin(np.abs(np.log(shared / rate)))])
        slip = Slip(slips.STANDARD, item, column, rate / nearest, 0.0)
        better = slips.misfit(book) - slips.misfit(slips.without(book, slip))
        if fig.near(rate, nearest, tolerance) or better < (0.5 if column == LABOR else -1.0):
            continue
        effect = abs(rate - nearest) * float(book.values[item, HOURS] * period.units_contained[item])
        if effect < period.trifle:
            continue
        where = period.inputs.sources["StandardCost"].cell(
            slips.COLUMNS[column], int(period.inputs.standard_cost.row[item])
        )
        have = (
            f"have {words.price(nearest)}"
            if len(shared) == 1
            else f"share theirs, the nearest of which is {words.price(nearest)}"
        )
        text = (
            f"{slips.COLUMNS[column]} of {period.bill.items.code[item]} is {words.price(rate)}; the {len(items) - 1:,} other "
            f"items {have}."
        )
        fix = (
            f"Correct the rate to {words.price(nearest)}, unless this item is made where everything costs more or less."
        )
        yield f.RATE_UNLIKE.weighed(where, text, effect, period.materiality_threshold, fix)


def _pay(period: Period, book: Books, named: list[Slip]) -> Iterator[f.Finding]:
    """Pay per hour beyond the tolerance: of one row, or of all of them, when the standard no longer fits."""
    rows = where_true((book.kind == 0) & (book.hours > 0) & (book.amount > 0))
    allowed = book.allowed
    if not len(rows) or not (allowed[HOURS] > 0 and allowed[LABOR] > 0):
        return
    tolerance, rates = (
        period.settings.rate_tolerance,
        book.values[:, LABOR][(book.units > 0) & (book.values[:, HOURS] > 0)],
    )
    rates = rates[rates > 0]
    standard, paid = float(allowed[LABOR] / allowed[HOURS]), book.amount[rows] / book.hours[rows]
    average = float(book.amount[rows].sum() / book.hours[rows].sum())
    low, high = float(rates.min()) * (1 - tolerance), float(rates.max()) * (1 + tolerance)
    if abs(average / standard - 1) > tolerance and ((paid < low) | (paid > high)).mean() > 0.5:
        where = _where_pay_is_wrong(period, book, rows)
        text = (
            f"Pay was {words.price(average)} an hour on average, {fig.times(average / standard)} the standard of "
            f"{words.price(standard)}."
        )
        effect = abs(average - standard) * float(book.hours[rows].sum())
        if effect >= period.trifle:
            yield f.PAY_UNLIKE.weighed(where, text, effect, period.materiality_threshold)
        return
    done = {slip.at for slip in named if slip.kind in (slips.AMOUNT, slips.PAID_HOURS)}
    for k in where_true((paid < low) | (paid > high)).tolist():
        yield from _pay_of_row(period, book, int(rows[k]), standard) if int(rows[k]) not in done else ()


def _where_pay_is_wrong(period: Period, book: Books, rows: Ints) -> str:
    """The hours where the amount fits what is allowed, of few rows the amount where the hours fit, else the standard rate."""
    allowed, incurred = book.allowed, book.incurred
    hours, labor = _apart(float(allowed[HOURS]), float(incurred[0])), _apart(float(allowed[LABOR]), float(incurred[1]))
    largest = rows[[int(np.argmax(book.hours[rows]))]]
    if book.timed and labor < math.log(_FITS) < hours:
        return cells(period.inputs, "Actuals", "Hours", largest)[0]
    if book.timed and len(rows) < _FEW_ROWS and hours < math.log(_FITS) < labor:
        return cells(period.inputs, "Actuals", "Amount", largest)[0]
    most = int(np.argmax(book.values[:, LABOR] * book.values[:, HOURS] * book.units))
    return period.inputs.sources["StandardCost"].cell("Labor rate", int(period.inputs.standard_cost.row[most]))


def _apart(allowed: float, incurred: float) -> float:
    """How far two figures are apart, as a logarithm; endless where corrections leave nothing incurred."""
    return abs(math.log(allowed / incurred)) if incurred > 0 else math.inf


def _pay_of_row(period: Period, book: Books, row: int, standard: float) -> Iterator[f.Finding]:
    """Pay per hour of one row that no standard rate comes near to."""
    hours, amount = float(book.hours[row]), float(book.amount[row])
    effect = abs(amount - hours * standard)
    if effect < period.trifle:
        return
    [where] = cells(period.inputs, "Actuals", "Hours", np.array([row]))
    text = (
        f"{amount:,.2f} for {words.about(hours)} h is {words.price(amount / hours)} an hour; the standard is "
        f"{words.price(standard)}."
    )
    yield f.PAY_UNLIKE.weighed(
        where, text, effect, period.materiality_threshold, "Check the hours and the amount of this row."
    )


def _absorption(period: Period, book: Books, skip_labor: bool) -> Iterator[f.Finding]:
    """Conversion over- or under-absorbed beyond the tolerance, by cost type. skip_labor: its pay per hour says why."""
    tolerance = period.settings.absorption_tolerance
    by_kind, incurred = book.allowed_by_kind, book.incurred[1:]
    for kind, (allowed, cost) in enumerate(zip(by_kind.tolist(), incurred.tolist(), strict=True)):
        gap = allowed - cost
        if kind == 0 and skip_labor:
            continue
        if not (allowed > 0 and cost > 0) or abs(gap) <= tolerance * cost or abs(gap) < period.trifle:
            continue
        row, would_fit = _row_to_look_at(book, kind, allowed, cost)
        [where] = cells(period.inputs, "Actuals", "Amount", np.array([row]))
        text = (
            f"{KINDS[kind]} is {'over' if gap > 0 else 'under'}-absorbed by {abs(gap):,.2f}, {words.share(abs(gap) / cost)} of "
            f"the {cost:,.2f} incurred: the standards allow {allowed:,.2f} for what was made."
        )
        if kind == 0 and book.timed:
            text += f" They allow {words.about(_hours(book)[0])} h; {words.about(float(book.incurred[0]))} h were paid."
        if would_fit:
            text += f" It would fit if the {float(book.amount[row]):,.2f} were {would_fit:,.2f}."
        yield f.ABSORPTION.weighed(where, text, abs(gap), period.materiality_threshold)


def _row_to_look_at(book: Books, kind: int, allowed: float, cost: float) -> tuple[int, float]:
    """The row of a cost type whose decimal point, shifted, would explain the gap, and its amount then; or the largest, and 0."""
    rows = where_true((book.kind == kind) & (book.amount > 0))
    factors = np.array(tuple(_SHIFTED))
    fitting = cost - book.amount[rows][:, None] * (1 - 1 / factors)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.nan_to_num(np.abs(np.log(allowed / fitting)), nan=math.inf)
    at, factor = np.unravel_index(int(np.argmin(off)), off.shape)
    if off[at, factor] < math.log(_FITS) / 2:
        return int(rows[at]), float(book.amount[rows[at]] / factors[factor])
    return int(rows[np.argmax(book.amount[rows])]), 0.0


def budget(period: Period) -> Iterator[f.Finding]:
    """A budget of fixed overhead that neither what was absorbed nor what was incurred comes near to."""
    planned = period.settings.budgeted_fixed_overhead
    totals = period.conversion
    unit = 10**period.places
    others = (totals.actual[schema.FIXED_OVERHEAD] / unit, totals.exact[schema.FIXED_OVERHEAD])
    known = [amount for amount in others if amount > 0]
    if not planned or not known:
        return
    tolerance = period.settings.absorption_tolerance
    nearest = min(known, key=lambda amount: abs(math.log(planned / amount)))
    if len({planned > amount for amount in known}) > 1 or abs(planned / nearest - 1) <= tolerance:
        return
    if abs(planned - nearest) < period.trifle:
        return
    factor = fig.nearest(planned / nearest, (12.0, 10.0, 100.0, 1_000.0, 0.1, 0.01, 0.001), tolerance)
    looks = {12.0: "a budget of a year", None: ""}.get(factor, _shifted(period, factor or 0.0))
    text = f"Budgeted fixed overhead is {planned:,.2f}; {others[1]:,.2f} was absorbed and {others[0]:,.2f} incurred."
    text += f" It looks like {looks}." if looks else ""
    where = period.inputs.setting_cells.get("Budgeted fixed overhead", "Setup")
    yield f.BUDGET_UNLIKE.weighed(where, text, abs(planned - nearest), period.materiality_threshold)


# ------------------------------------------------------------------------------------------ rows too many, too few


def cost_twice(period: Period) -> Iterator[f.Finding]:
    """The same odd amount of one cost type under two documents. What comes three times comes regularly, as a rent does."""
    actuals, unit = period.inputs.actuals, 10**period.places
    minor = np.round(np.nan_to_num(actuals.amount) * unit)
    odd = where_true(minor > 10**_ODD_DIGITS)
    if len(odd) < 2:
        return
    rows: dict[tuple[str, float, float], list[int]] = {}
    hours = np.nan_to_num(actuals.hours)
    for row, kind, amount, time in zip(odd.tolist(), actuals.cost_type[odd], minor[odd], hours[odd], strict=True):
        rows.setdefault((kind, float(amount), float(time)), []).append(row)
    for (kind, amount, _), alike in rows.items():
        if len(alike) != 2 or len(str(int(amount)).rstrip("0")) < _ODD_DIGITS:
            continue
        first, second = (str(actuals.document[row]) for row in alike)
        if first == second or amount / unit < period.trifle:
            continue  # rows of one document are looked at by another rule
        [where] = cells(period.inputs, "Actuals", "Date", np.array(alike[1:]))
        text = f"{kind} of {amount / unit:,.2f} stands under two documents, {first} and {second}, with the same hours and amount."
        yield f.COST_TWICE.weighed(where, text, amount / unit, fig.loud(period))


def payroll_complete(period: Period) -> Iterator[f.Finding]:
    """Pay days at regular intervals with one of them missing, where the hours that are there are too few."""
    actuals, settings = period.inputs.actuals, period.settings
    rows = where_true((actuals.cost_type == schema.LABOR) & (np.nan_to_num(actuals.amount) > 0))
    if len(rows) < _PAY_DAYS_LEAST:
        return
    days = distinct(actuals.date[rows])
    ends = np.concatenate(([settings.period_start - 1], days, [settings.period_end]))
    gaps = np.diff(ends)
    usual, longest = float(gaps[1:-1].min(initial=math.inf)), int(np.argmax(gaps))
    if usual < _WEEK or gaps[longest] < _GAP * max(usual, _WEEK + 2):
        return
    book = slips.books(period)
    allowed = float(book.allowed[HOURS if book.timed else LABOR])
    paid = float(book.incurred[0 if book.timed else 1])
    pay = float(actuals.amount[rows].sum()) / len(days)
    with_it = paid * (len(days) + 1) / len(days)
    if allowed <= 0 or paid <= 0 or abs(math.log(allowed / with_it)) >= abs(math.log(allowed / paid)):
        return
    after = rows[actuals.date[rows] >= ends[longest + 1]] if longest < len(days) else rows[-1:]
    [where] = cells(period.inputs, "Actuals", "Date", after[:1])
    text = (
        f"No payroll from {words.day(ends[longest] + 1)} to {words.day(ends[longest + 1])}; the others are about "
        f"{words.about(usual)} days apart, {pay:,.2f} each."
    )
    if pay >= period.trifle:
        yield f.PAYROLL_MISSING.weighed(where, text, pay, fig.loud(period))
