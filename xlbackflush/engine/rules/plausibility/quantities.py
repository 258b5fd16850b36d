"""Quantities that cannot well be right: counts, receipts, scrap, stock and units in process.

What the counts and records of all items say together is worked out in `measures/likely_mistakes.py`; here it is put into words.
"""

import math
from collections.abc import Iterator

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures import slips
from xlbackflush.engine.measures.levers import CHOICES, COUNTED, IN_PROCESS, OPENING
from xlbackflush.engine.measures.likely_mistakes import AGAIN, EMPTY, EXCHANGED, LOT, OTHER_ITEM, REMOVED, SIGN, Mistake
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import listed_twice_in_a_bill, meant_by_phantom
from xlbackflush.engine.rules.plausibility.rows import lacks_row, missing_row
from xlbackflush.engine.rules.plausibility.witnesses import is_told
from xlbackflush.engine.rules.plausibility.words import (
    code,
    evidence,
    in_cell,
    lacking_in_zero,
    lacks_bill,
    looks_like,
    rival_words,
    units,
    unnamed,
    zero_rows,
)
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import blank_as_zero, median, where_true
from xlbackflush.model.words import about, number, share

_RULES = {
    "Purchases": f.ODD_RECEIPT,
    "Counts": f.ODD_COUNT,
    "Scrap": f.ODD_SCRAP,
    OPENING: f.ODD_OPENING,
    COUNTED: f.ODD_STOCK,
    IN_PROCESS: f.ODD_WIP,
}
_DONE = {
    own.RECEIPT: "received",
    own.COMPLETION: "completed",
    own.SALE: "sold",
    own.SCRAP: "scrapped",
    own.SCRAP_WHOLE: "scrapped",
}


def mistyped_quantities(period: Period) -> Iterator[f.Finding]:
    """Quantities that counts and records speak against, each with the number that they ask for."""
    for mistake in unnamed(period):
        if mistake.lever.table not in _TABLES or mistake.slip.kind == SIGN:
            continue
        if lacks_row(mistake):
            if not _is_heard(period, mistake):
                yield _of_missing_row(period, mistake)
            continue
        if _is_open(period, mistake):
            continue
        rule, what, fix = _words(period, mistake)
        column = "Item" if mistake.slip.kind == OTHER_ITEM else mistake.lever.column
        where = _cell(period, mistake, column, mistake.at)
        fix = f"{fix}{rival_words(period, mistake)}"
        yield rule.weighed(where, what.rstrip(), mistake.amount, _ESTIMATED * period.material, fix)


_TABLES = ("Purchases", "Counts", "Scrap", "Stock", "WIP")
_ESTIMATED = 0.85  # of materiality, which the mistake itself may raise; what it moved is only estimated
_CLEAR = 4.0  # logarithm of odds by which one cell stands out among those that may be wrong


def _is_open(period: Period, mistake: Mistake) -> bool:
    """Is it open which count is meant, or does a bill that is missing explain it? What is known then is said elsewhere.

    Hours paid, day by day, tell which count is meant (witnesses of a count).
    """
    if not mistake.is_free:
        return False
    is_count = mistake.key[0] == own.COMPLETION
    if is_count and len(mistake.lever.at) > 1 and mistake.lead < _CLEAR:
        return True
    return lacks_bill(period, mistake.effects) or (is_count and _is_contradicted(period, mistake))


def _is_heard(period: Period, mistake: Mistake) -> bool:
    """Whether the witnesses for a production count tell of the same product."""
    heard = period.witnesses
    of_item = heard.stands_out & (heard.item == mistake.lever.item) & (mistake.key[0] == own.COMPLETION)
    return any(is_told(period, k) for k in where_true(of_item).tolist())


def _of_missing_row(period: Period, mistake: Mistake) -> f.Finding:
    """A document that was not entered; the row that is named would have to be as much as two."""
    what, fix = missing_row(period, int(mistake.key[0]), mistake.lever.item, mistake.right - mistake.typed)
    where = _cell(period, mistake, mistake.lever.column, mistake.at)
    return _RULES[mistake.lever.table].weighed(where, what, mistake.amount, period.material, fix)


def _is_contradicted(period: Period, mistake: Mistake) -> bool:
    """Whether all witnesses together speak against a production count: then they are quoted, with an interval."""
    heard = period.witnesses
    return any(is_told(period, k) for k in where_true(heard.stands_out & (heard.at == mistake.at)).tolist())


def _cell(period: Period, mistake: Mistake, column: str, at: int) -> str:
    table = mistake.lever.table
    return period.inputs.sources[table].cell(column, int(period.inputs.table(table).row[at]))


def _words(period: Period, mistake: Mistake) -> tuple[f.Rule, str, str]:
    """Rule, what and remedy of a mistake in a quantity."""
    kind = mistake.key[0]
    if kind in CHOICES:
        return _of_choice(period, mistake, str(kind))
    if mistake.slip.kind == EXCHANGED:
        return _of_exchange(period, mistake)
    if mistake.slip.kind in (AGAIN, REMOVED, OTHER_ITEM):
        return _of_removal(period, mistake)
    rule = _RULES[kind if isinstance(kind, str) else mistake.lever.table]
    item, bill = mistake.lever.item, period.bill
    typed, right = units(mistake.typed, bill, item), units(mistake.right, bill, item)
    cell = _cell(period, mistake, mistake.lever.column, mistake.at)
    if mistake.slip.kind == LOT:
        price = float(period.inputs.purchases.actual_price[mistake.at])
        what = (
            f"{typed} of {code(bill, item)} received at {number(price)}: it looks like {right} at "
            f"{about(price * mistake.typed / mistake.right)}. {_reason(period, mistake, right)}"
        )
        return rule, what, f"Check {_document(period, mistake, mistake.at)}; correct quantity and price."
    if isinstance(kind, int):
        head = f"{typed} of {code(bill, item)} {_DONE[kind]}"
        fix = f"Check {_document(period, mistake, mistake.at)}; if it says {right}, type {in_cell(period, mistake)} in {cell}."
    elif kind == IN_PROCESS:
        head = f"{typed} of {code(bill, item)} in process"
        fix = f"Check the units in process; if there were {right}, type {number(mistake.right)}."
    else:
        head = f"{kind} of {code(bill, item)} is {typed}"
        if mistake.slip.kind == EMPTY and kind == OPENING:
            what = f"{kind} of {code(bill, item)} is blank; the counts ask for about {right}. {_reason(period, mistake, right)}"
            return (
                rule,
                what,
                f"If there were {right} at the start of the period, type {number(mistake.right)} in {cell}.",
            )
        if mistake.slip.kind == EMPTY:
            what = f"{kind} of {code(bill, item)} is 0, which says that none was found; the book says {right}."
            return rule, what, f"Leave {cell} blank if the item was not counted; else count again."
        said = "Check the closing stock of the period before" if kind == OPENING else "Count again"
        fix = f"{said}; if it was {right}, type {number(mistake.right)} in {cell}."
    return rule, f"{head}: {looks_like(mistake, right)}. {_reason(period, mistake, right)}", fix


def _reason(period: Period, mistake: Mistake, right: str) -> str:
    """Why: what counts and books say, and the item's other rows."""
    said = evidence(period, mistake.effects, f"With {right}", mistake.key[0] == COUNTED)
    if mistake.lever.several >= own.ROWS_MIN and abs(math.log(mistake.typed) - mistake.lever.middle) > math.log(3):
        usual = units(math.exp(mistake.lever.middle), period.bill, mistake.lever.item)
        said += f" The other {mistake.lever.several - 1} rows of the item are about {usual} each."
    return said.strip()


def _document(period: Period, mistake: Mistake, at: int) -> str:
    table = period.inputs.table(mistake.lever.table)
    return f"document {table.column('Document')[at]} of {words.day(float(table.column('Date')[at]))}"


def _of_removal(period: Period, mistake: Mistake) -> tuple[f.Rule, str, str]:
    """A row that ought not to be there, or not under this item."""
    bill, item, kind = period.bill, mistake.lever.item, mistake.key[0]
    done = _DONE[int(kind)]
    head = f"{units(mistake.typed, bill, item)} of {code(bill, item)} {done}"
    document = _document(period, mistake, mistake.at)
    if mistake.slip.kind == OTHER_ITEM:
        other = code(bill, mistake.other_item)
        said = evidence(period, mistake.effects, f"With {other}")
        what = f"{head}: it looks as if {other} was {done}, not {code(bill, item)}. {said}"
        return f.WRONG_ITEM, what, f"Check {document}; if it is about {other}, correct the item."
    said = evidence(period, mistake.effects, "Without this row")
    rule = {own.RECEIPT: f.RECEIVED_TWICE}.get(int(kind), f.COUNTED_AGAIN)
    if mistake.slip.kind == AGAIN:
        first = _document(period, mistake, mistake.other)
        what = f"{head} under {document} looks like {first} entered again. {said}"
        return rule, what, "Compare the two documents; delete the row if they are one and the same."
    rule = _RULES[mistake.lever.table]
    what = f"{head}: this row does not seem to belong here. {said}"
    return rule, what, f"Check whether {document} belongs to this period, and to this item."


def _of_exchange(period: Period, mistake: Mistake) -> tuple[f.Rule, str, str]:
    bill, item, other = period.bill, mistake.lever.item, mistake.other_item
    if item == other:
        off = mistake.effects[item]
        what = (
            f"Opening qty of {code(bill, item)} is {units(mistake.typed, bill, item)}, Counted qty "
            f"{units(mistake.right, bill, item)}: the two look exchanged. The count is {units(abs(off), bill, item)} "
            f"{'above' if off > 0 else 'below'} the book; exchanged, it agrees with it."
        )
        return f.EXCHANGED, what, "Check both; if so, exchange them."
    name, second = mistake.lever.column, _cell(period, mistake, mistake.lever.column, mistake.other)
    if mistake.key[0] == COUNTED:
        books = [units(float(period.unit_balance.units.book[each]), bill, each) for each in (item, other)]
        said = f"The book says {books[0]} and {books[1]}."
    else:
        said = evidence(period, mistake.effects, "With the two exchanged")
    what = (
        f"{name} of {code(bill, item)} is {units(mistake.typed, bill, item)} and of {code(bill, other)} "
        f"{units(mistake.right, bill, other)}: the two look exchanged. {said}"
    )
    return f.EXCHANGED, what, f"Check both counts; if so, exchange this cell and {second}."


def _of_choice(period: Period, mistake: Mistake, kind: str) -> tuple[f.Rule, str, str]:
    """A row of Counts or Scrap under the wrong event or stage."""
    bill, item = period.bill, mistake.lever.item
    number_of, right, column = CHOICES[kind]
    names = {
        own.COMPLETION: schema.COMPLETED,
        own.SALE: schema.SOLD,
        own.SCRAP: schema.COMPONENT,
        own.SCRAP_WHOLE: schema.FINISHED_UNIT,
    }
    what = (
        f'{units(mistake.typed, bill, item)} of {code(bill, item)} are entered as "{names[number_of]}"; they look like '
        f'"{names[right]}". {evidence(period, mistake.effects, "Corrected")}'
    )
    fix = f'Check {_document(period, mistake, mistake.at)}; if so, choose "{names[right]}".'
    return (f.WRONG_EVENT if column == "Event" else f.WRONG_STAGE), what, fix


def unexplained_counts(period: Period) -> Iterator[f.Finding]:
    """Counts further from the book than the count tolerance, which no single cell explains."""
    balance, bill, inputs = period.unit_balance.units, period.bill, period.inputs
    rows = {item: at for at, item in enumerate(bill.of("Stock").tolist())}
    elsewhere = listed_twice_in_a_bill(bill) if period.likely_mistakes.unexplained else set[int]()
    elsewhere |= {item for kind, item in zero_rows(period) if lacking_in_zero(period, kind, item)}
    for item, difference in period.likely_mistakes.unexplained.items():
        if item in elsewhere:
            continue
        shelf = max(float(balance.counted[item]), float(balance.book[item]))
        worth = abs(difference * float(balance.cost[item]))
        if difference < 0 and lacks_bill(period, {item: difference}):
            continue
        if abs(difference) <= period.settings.count_tolerance * shelf or worth <= period.trifle or item not in rows:
            continue
        counted, came, went, book = (
            float(v[item]) for v in (balance.counted, balance.came, balance.went, balance.book)
        )
        named = units(counted, bill, item)
        if counted > came + 5 * float(balance.noise[item]):
            what = (
                f"{named} of {code(bill, item)} were counted, but only {about(came)} can have been there: opening stock and "
                "all that came in."
            )
            fix = "Check the count and its unit, the opening stock, and whether a receipt or completion is missing."
        else:
            what = (
                f"{named} of {code(bill, item)} were counted; the book says {about(book)}: {about(came)} in, "
                f"{about(went)} out."
            )
            fix = "Count again; else look for a bill without this item, a missing receipt, or units used and not reported."
        where = inputs.sources["Stock"].cell("Counted qty", int(inputs.stock.row[rows[item]]))
        yield f.FAR_FROM_BOOK.weighed(where, what, worth, period.material, fix)


def repeated_counts(period: Period) -> Iterator[f.Finding]:
    """The same odd quantity of an item twice within two days under two documents, where nothing can tell whether it is one.

    Where counted items tell, `mistyped_quantities` names it, or it is right.
    """
    rows = period.own_rows
    if len(rows) < 2:
        return
    of_one = (np.diff(rows.kind) == 0) & (np.diff(rows.item) == 0)
    same = of_one & (np.diff(rows.quantity) == 0)
    group = np.concatenate(([0], np.cumsum(~of_one)))
    only = np.bincount(group[:-1][same], minlength=int(group[-1]) + 1)[group[:-1]] == 1
    for at in where_true(same & only & (rows.several[:-1] >= _ROWS_TO_REPEAT)).tolist():
        kind, item, quantity = int(rows.kind[at]), int(rows.item[at]), float(rows.quantity[at])
        if _is_odd(quantity):
            yield from _repeated(period, kind, item, sorted((int(rows.at[at]), int(rows.at[at + 1]))))


_ROWS_TO_REPEAT = 6
_NEAR = 2  # days


def _is_odd(quantity: float) -> bool:
    """Three digits or more, and not a round number: no lot size."""
    digits = f"{quantity:.10g}".replace(".", "").strip("0")
    return len(digits) >= 3


def _repeated(period: Period, kind: int, item: int, pair: list[int]) -> Iterator[f.Finding]:
    """One pair of rows."""
    inputs, balance = period.inputs, period.unit_balance.units
    name = own.TABLES[kind]
    table = inputs.table(name)
    day, document = table.column("Date")[pair], table.column("Document")[pair]
    if abs(day[1] - day[0]) > _NEAR or document[0] == document[1]:
        return
    quantity = float(table.column("Quantity")[pair[1]])
    for key in period.levers.of_kind(kind, item):
        lever = period.levers.lever(key)
        if lever and pair[1] in lever.at.tolist():
            speaks = any(
                balance.is_counted[i] and abs(each * quantity) > 3 * balance.noise[i]
                for i, each in lever.effects.items()
            )
            if speaks:
                return
    amount = quantity * float(balance.cost[item])
    if amount <= period.trifle:
        return
    where = inputs.sources[name].cell("Quantity", int(table.row[pair[1]]))
    what = (
        f"{units(quantity, period.bill, item)} of {code(period.bill, item)} {_DONE[kind]} twice: {document[0]} of "
        f"{words.day(day[0])} and {document[1]} of {words.day(day[1])}. No other quantity of the item comes twice."
    )
    rule = f.RECEIVED_TWICE if kind == own.RECEIPT else f.COUNTED_AGAIN
    fix = "Compare the two documents; delete the row if they are one and the same."
    yield rule.weighed(where, what, amount, period.material, fix)


def counted_in_packs(period: Period) -> Iterator[f.Finding]:
    """A count that is a clean tenth, twelfth, hundredth of the book, of an item of whatever worth that no other cell explains."""
    balance, bill, inputs = period.unit_balance.units, period.bill, period.inputs
    off, slack = balance.book - balance.counted, _CLEAR_OF_CHANCE * balance.noise
    short = balance.is_counted & (balance.counted > 0) & (off > slack)
    if not short.any():
        return
    short[[item for mistake in period.likely_mistakes.mistakes for item in mistake.effects]] = False
    rows = {item: at for at, item in enumerate(bill.of("Stock").tolist())}
    for item in where_true(short).tolist():
        counted, book = float(balance.counted[item]), float(balance.book[item])
        pack = min(_PACKS, key=lambda factor: abs(counted * factor - book))
        if item not in rows or abs(counted * pack - book) > min(float(slack[item]) + pack / 2, _CLEAN * book):
            continue
        where = inputs.sources["Stock"].cell("Counted qty", int(inputs.stock.row[rows[item]]))
        right = units(counted * pack, bill, item)
        what = (
            f"{units(counted, bill, item)} of {code(bill, item)} were counted, and the book says {units(book, bill, item)}: "
            f"they look like packs of {pack:,}, which hold {right}."
        )
        fix = f"Count again in the unit of the item; if these are packs of {pack:,}, type {number(counted * pack)}."
        worth = counted * (pack - 1) * float(balance.cost[item])
        yield f.ODD_STOCK.weighed(where, what, worth, period.material, fix)


_PACKS = (10, 12, 100, 144, 1_000)
_CLEAR_OF_CHANCE, _CLEAN = 5.0, 0.1  # noises; share of the book


def overbought(period: Period) -> Iterator[f.Finding]:
    """A receipt of ten times what the period uses, where nobody counted the item."""
    balance, rows, inputs = period.unit_balance.units, period.own_rows, period.inputs
    bought = rows.kind == own.RECEIPT
    went = balance.went[rows.item]
    much = bought & (went > 0) & (rows.quantity > _MUCH * went) & ~balance.is_counted[rows.item]
    much &= (rows.quantity * balance.cost[rows.item] > period.trifle) & (balance.book[rows.item] > rows.quantity * 0.7)
    named = {m.at for m in period.likely_mistakes.mistakes if m.lever.table == "Purchases"}
    for at, item, quantity in zip(
        rows.at[much].tolist(), rows.item[much].tolist(), rows.quantity[much].tolist(), strict=True
    ):
        if at in named:
            continue
        used = float(balance.went[item])
        where = inputs.sources["Purchases"].cell("Quantity", int(inputs.purchases.row[at]))
        what = (
            f"{units(quantity, period.bill, item)} of {code(period.bill, item)} received, {about(quantity / used)} times what "
            f"the period used ({about(used)}); {about(quantity / 10)} would be usual."
        )
        effect = 0.9 * quantity * float(balance.cost[item])
        yield f.OVERBOUGHT.weighed(where, what, effect, period.material)


_MUCH = 6.0  # times the use of the period


def units_in_process(period: Period) -> Iterator[f.Finding]:
    """More units in process than there are parts for, or than any batch; units of which nothing is said to be in them."""
    wip, bill, inputs = period.inputs.wip, period.bill, period.inputs
    if not len(wip):
        return
    item, quantity = bill.of("WIP"), blank_as_zero(wip.quantity)
    material, conversion = blank_as_zero(wip.material_percent), blank_as_zero(wip.conversion_percent)
    named = {m.at for m in period.likely_mistakes.mistakes if m.lever.table == "WIP"}
    costs, threshold = period.unit_costs.rows.unit_cost, period.material
    for at in where_true((item >= 0) & (quantity > 0)).tolist():
        number_of, units_of = int(item[at]), float(quantity[at])
        worth = units_of * float(costs[period.levers.at_end(number_of)])
        if at in named or worth <= period.trifle:
            continue
        done = max(float(material[at]), float(conversion[at]))
        head = f"{units(units_of, bill, number_of)} of {code(bill, number_of)} are in process"
        if not done:
            cell = inputs.sources["WIP"].cell("Material %", int(wip.row[at]))
            what = f"{head}, with no share of their material or conversion in them."
            yield f.EMPTY_WIP.weighed(cell, what, worth, threshold)
        elif worth * done > period.trifle and (why := _too_many(period, number_of, units_of, float(material[at]))):
            cell = inputs.sources["WIP"].cell("Quantity", int(wip.row[at]))
            fewer = _that_would_fit(period, number_of, units_of, float(material[at]))
            likely = f" {units(fewer, bill, number_of)} would fit." if fewer else ""
            fix = f"Check the units in process; if there were {number(fewer)}, type {number(fewer)}." if fewer else None
            yield f.ODD_WIP.weighed(cell, f"{head}; {why}.{likely}", worth * done * _TENFOLD, threshold, fix)


def _that_would_fit(period: Period, item: int, quantity: float, share_in: float) -> float:
    """The quantity with a decimal point shifted that can well be in process; 0 where none can."""
    shifted = (quantity / factor for factor in slips.OF_QUANTITIES if factor in (10.0, 100.0, 1000.0))
    fitting = (each for each in shifted if each >= 1 and not _too_many(period, item, each, share_in))
    return next((each for each in fitting if each == round(each)), 0.0)


def _too_many(period: Period, item: int, quantity: float, share_in: float) -> str:
    """Why so many units of an item cannot well be in process, or ""."""
    balance, bill, rows = period.unit_balance.units, period.bill, period.own_rows
    held = {part: each * quantity * share_in for part, each in period.levers.below(period.levers.at_end(item)).items()}
    if period.settings.stock_count_includes_units_in_process == schema.YES:
        for part, needed in held.items():
            there = float(balance.counted[part] if balance.is_counted[part] else balance.book[part])
            if balance.recorded[part] and needed > max(there, 0.0) + 2 * float(balance.noise[part]):
                if part == meant_by_phantom(bill, period.stock):  # its count stands under another code
                    continue
                name, few = f"{units(needed, bill, part)} of {code(bill, part)}", units(max(there, 0.0), bill, part)
                known = "were counted, units in process included" if balance.is_counted[part] else "are in the books"
                return f"they hold {name}, and only {few} {known}"
    batches = rows.quantity[rows.of_item(own.COMPLETION, item)]
    if not len(batches):
        batches = rows.quantity[rows.of_item(own.SALE, item)]
    if not len(batches):
        return ""
    largest, made = float(batches.max()), float(batches.sum())
    many = _BATCHES * largest
    if len(batches) >= own.ROWS_MIN:  # one large count among small ones is no measure
        many = min(many, _USUAL_BATCHES * median(batches))
    settings = period.settings
    days = settings.period_end - settings.period_start + 1
    usual = made * (settings.cycle_time_days or 0) * 7 / 5 / days
    if quantity > max(many, _BEYOND * usual):
        return f"the largest count of the period is {units(largest, bill, item)}, and all of them together are {about(made)}"
    return ""


_BATCHES = 0.8  # of the largest count of the item: fewer are in process at a time
_USUAL_BATCHES = 2.5  # of the usual count, as many
_BEYOND = 1.5  # times what the cycle time leaves in process
_TENFOLD = 0.9  # of a number that is ten times what it should be


def scrap_shares(period: Period) -> Iterator[f.Finding]:
    """More of an item scrapped than was ever there, or a good part of all there was, which no count bears out."""
    balance, rows, inputs = period.unit_balance.units, period.own_rows, period.inputs
    borne_out = balance.is_counted & (np.abs(np.nan_to_num(balance.difference)) < _BORNE_OUT * balance.noise)
    most = balance.came * np.where(borne_out, 1.0, _GOOD_PART)
    scrapped = (rows.kind == own.SCRAP) & (rows.quantity > most[rows.item]) & (balance.came[rows.item] > 0)
    named = {m.at for m in period.likely_mistakes.mistakes if m.lever.table == "Scrap"}
    for at, item, quantity in zip(
        rows.at[scrapped].tolist(), rows.item[scrapped].tolist(), rows.quantity[scrapped].tolist(), strict=True
    ):
        effect = quantity * float(balance.cost[item])
        if at not in named and effect > period.trifle:
            where = inputs.sources["Scrap"].cell("Quantity", int(inputs.scrap.row[at]))
            there = f"the {about(float(balance.came[item]))} that were there, opening stock and all that came in"
            part = (
                f"more than {there}"
                if quantity > balance.came[item]
                else (f"{share(round(quantity / float(balance.came[item]), 2))} of {there}")
            )
            what = f"{units(quantity, period.bill, item)} of {code(period.bill, item)} scrapped, {part}."
            yield f.ODD_SCRAP.weighed(where, what, effect, period.material)


_GOOD_PART = 0.25  # of all there was of an item: so much is hardly thrown out
_BORNE_OUT = 5.0  # noises: a difference of less bears out what was recorded
