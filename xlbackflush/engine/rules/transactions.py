"""Rules of the documents: counts, scrap reports, purchases and conversion costs."""

import datetime as dt
import math
import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import cells, item_texts, made_by_count, repeats, shared, text_cells, types
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.addresses import the_same_in, together
from xlbackflush.model.arrays import Floats, Ints, Texts, texts, where_true
from xlbackflush.model.inputs import Counts, Purchases, Scrap
from xlbackflush.model.words import number

_DATED = ("Counts", "Scrap", "Purchases", "Actuals")


def outside_period(period: Period) -> Iterator[f.Finding]:
    """Cut-off: every transaction belongs to the period. One finding for a wrong period, else one for each column and cause."""
    inputs, start, end = period.inputs, period.settings.period_start, period.settings.period_end
    if not 0 < start <= end:  # nothing lies in a period whose dates are missing or exchanged
        return
    days = {table: inputs.table(table).column("Date") for table in _DATED}
    outside = {table: (day < start) | (day > end) for table, day in days.items()}
    dated = np.concatenate([day[day == day] for day in days.values()])
    rows = sum(np.count_nonzero(mask) for mask in outside.values())
    if rows == len(dated) >= _ALL:
        first, last = words.day(dated.min()), words.day(dated.max())
        what = (
            f"The period is {words.day(start)} to {words.day(end)}, but all {rows:,} dated rows lie outside of it, from {first} "
            f"to {last}."
        )
        fix = "Correct Period start and Period end on Setup; or paste the rows of this period."
        yield f.OUTSIDE_PERIOD(inputs.setting_cells.get("Period start", "Setup"), what, fix=fix)
        return
    for table in _DATED if rows else ():
        yield from _outside(period, table, days[table], where_true(outside[table]))


_ALL = 5  # rows that all lie outside the period before the period is what looks wrong


#: what is wrong with a date -> what a finding says of the date that would be inside, and the remedy
_WRONG: dict[str, tuple[str, str | None]] = {
    "year": ("; the year looks wrong, {} would be inside", "Correct the year."),
    "day": (
        "; with day and month exchanged it would be {}",
        "Type the date again; from a file, read it with Data > From Text/CSV and the order of day and month that it has.",
    ),
    "": ("", None),
}


def _outside(period: Period, table: str, days: Floats, rows: Ints) -> Iterator[f.Finding]:
    """The rows of a table outside the period, by what is wrong with the date."""
    start, end = period.settings.period_start, period.settings.period_end
    meant = {at: _meant(float(days[at]), start, end) for at in rows.tolist()}
    for cause, (says, fix) in _WRONG.items():
        positions = [at for at, (wrong, _) in meant.items() if wrong == cause]
        if positions:
            wheres = cells(period.inputs, table, "Date", np.array(positions))
            first, inside = words.day(days[positions[0]]), says.format(words.day(meant[positions[0]][1]))
            what = f"{first} is outside the period, {words.day(start)} to {words.day(end)}{inside}."
            yield f.OUTSIDE_PERIOD(together(wheres), what + the_same_in(wheres), fix=fix)


def _meant(day: float, start: int, end: int) -> tuple[str, float]:
    """What is wrong with a date outside the period, and the date that lies inside: its year, or day and month exchanged."""
    date = schema.DAY_0 + dt.timedelta(days=int(day))
    for year in sorted({(schema.DAY_0 + dt.timedelta(days=limit)).year for limit in (start, end)}):
        with suppress(ValueError):  # no February 29 in that year
            other = (date.replace(year=year) - schema.DAY_0).days
            if year != date.year and start <= other <= end:
                return "year", other
    with suppress(ValueError):
        exchanged = (date.replace(month=date.day, day=date.month) - schema.DAY_0).days
        if date.day != date.month and start <= exchanged <= end:
            return "day", exchanged
    return "", day


def countable(period: Period) -> Iterator[f.Finding]:
    """Only made, stocked items are completed; only stocked items are bought; only made units are scrapped whole."""
    inputs, bill = period.inputs, period.bill
    made = made_by_count(bill)
    for item in where_true(made).tolist():
        where = inputs.sources["StandardCost"].cell("Type", int(inputs.standard_cost.row[item]))
        rows = int(((bill.of("Counts") == item) & (inputs.counts.event == schema.COMPLETED)).sum())
        what = f"{bill.items.code[item]} is {schema.BUY}, and {words.several(rows, 'row')} of Counts "
        what += f"{'completes' if rows == 1 else 'complete'} it: its Type looks wrong."
        yield f.NOT_COUNTABLE(
            where, what, fix=f"Choose {schema.FINISHED}, or {schema.SUBASSEMBLY} if it goes into others."
        )
    of_counts, of_scrap, of_purchases = (types(bill, table) for table in ("Counts", "Scrap", "Purchases"))
    completed = (inputs.counts.event == schema.COMPLETED) & ((of_counts == schema.BUY) | (of_counts == schema.PHANTOM))
    whole = (inputs.scrap.stage == schema.FINISHED_UNIT) & (of_scrap == schema.BUY)
    made = np.append(made, False)
    completed, whole = completed & ~made[bill.of("Counts")], whole & ~made[bill.of("Scrap")]
    unstocked = (of_purchases != "") & (item_texts(bill.items.role, bill.of("Purchases")) == "")
    for table, rows, kinds, text in (
        ("Counts", completed, of_counts, "is {}; only Subassembly and Finished items are completed."),
        ("Scrap", whole, of_scrap, "is {}; Finished unit asks for a made item."),
        ("Purchases", unstocked, of_purchases, "is {}, which is not stocked under these trigger points."),
    ):
        fix = (
            f'Choose "{schema.COMPONENT}" if a part was scrapped; else correct the item.' if table == "Scrap" else None
        )
        for (cell, code), kind in zip(text_cells(inputs, table, "Item", rows), kinds[rows].tolist(), strict=True):
            yield f.NOT_COUNTABLE(cell, f"{code} {text.format(kind)}", fix=fix)


def duplicate_rows(period: Period) -> Iterator[f.Finding]:
    """The same date, document, item and quantity again looks like a double entry."""
    for table, where, columns in (
        ("Counts", "Date", ("Document", "Date", "Event", "Item", "Quantity")),
        ("Scrap", "Date", ("Document", "Date", "Item", "Quantity", "Stage", "Kind")),
        ("Purchases", "Date", ("Document", "Date", "Item", "Quantity", "Actual price")),
        ("Actuals", "Date", ("Document", "Date", "Cost type", "Amount")),
        ("Stock", "Item", ("Item",)),
    ):
        records = period.inputs.table(table)
        rows = shared(records.column(columns[0]).tolist())
        if not len(rows):
            continue
        values = [_comparable(records.column(column)[rows]) for column in columns]
        filled = np.array([value not in ("", None) for value in values[-1]], dtype=bool)
        keys = list(zip(*values, strict=True))
        again = where_true(repeats(keys) & filled)
        first = dict(zip(reversed(keys), reversed(records.row[rows].tolist()), strict=True)) if len(again) else {}
        for at, cell in zip(again.tolist(), cells(period.inputs, table, where, rows[again]), strict=True):
            yield f.DUPLICATE_ROW(cell, f"This row repeats row {first[keys[at]]} of {table}.")


def _comparable(column: Floats | Texts) -> list[Hashable]:
    """The values of a column; a number that is blank is None, as no NaN equals another."""
    values: list[Hashable] = column.tolist()
    return values if column.dtype == object else [None if value != value else value for value in values]


_Documents = Counts | Scrap | Purchases


def corrections(period: Period) -> Iterator[f.Finding]:
    """A negative quantity corrects a document: it repeats its number, or names it in Note (Reason on Scrap)."""
    for table, kind, note in (("Counts", "Event", "Note"), ("Scrap", "Stage", "Reason"), ("Purchases", "", "Note")):
        rows = period.inputs.table(table)
        if (rows.column("Quantity") < 0).any():
            kinds = rows.column(kind) if kind else texts([""] * len(rows))
            yield from _corrections(period, table, kinds, rows.column(note))


def _corrections(period: Period, table: str, kinds: Texts, notes: Texts) -> Iterator[f.Finding]:
    """The corrections in one table. kinds: event of a count, stage of scrap, else "", row by row; notes: as typed."""
    rows: _Documents = period.inputs.table(table)  # type: ignore[assignment]
    recorded = _recorded(rows)
    spaced = [document for document in recorded if " " in document]
    balance: dict[Hashable, float] = {}  # of a document, item and kind: what is recorded, less the corrections so far
    negative, numbers = where_true(rows.quantity < 0), period.bill.of(table)
    for at, cell in zip(negative.tolist(), cells(period.inputs, table, "Quantity", negative), strict=True):
        item, kind, quantity, known = rows.item[at], kinds[at], float(rows.quantity[at]), int(numbers[at])
        document = _corrected(rows.document[at], notes[at], recorded, spaced)
        if document is None:
            rule = f.CORRECTS_UNKNOWN if re.search(r"\d", notes[at]) else f.CORRECTS_NOTHING
            named = (
                f' "{words.short_text(notes[at].strip())}" names none of the documents of {table}.'
                if notes[at].strip()
                else ""
            )
            text = f"{number(quantity)} of {item} is a correction, and it does not say of which document."
            yield rule(cell, f"{number(quantity)} of {item} is a correction.{named}" if named else text)
            continue
        key = (document, item, kind)
        if key not in balance:
            alike = [i for i in recorded[document] if rows.item[i] == item and kinds[i] == kind]
            balance[key] = math.fsum(rows.quantity[alike].tolist())
        balance[key] += quantity
        if balance[key] < 0:
            yield f.CORRECTS_TOO_MUCH(cell, f"{number(quantity)} of {item} exceeds what {document.upper()} recorded.")
        if table != "Purchases" and known >= 0:
            days = [float(rows.date[i]) for i in recorded[document] if numbers[i] == known]
            day = _day_of_another_bill(period.bill, known, float(rows.date[at]), days)
            if day is not None:
                text = f"{item} had another bill of materials on {words.day(day)}, the day of {document.upper()}."
                yield f.CORRECTS_OTHER_BILL(cell, text)


def _recorded(rows: _Documents) -> dict[str, list[int]]:
    """Document, in letters of one case -> the rows that record something under its number."""
    recorded: dict[str, list[int]] = defaultdict(list)
    positive = where_true(rows.quantity > 0)
    documents = map(str.casefold, map(str.strip, rows.document[positive].tolist()))  # as `_number`, in less time
    for at, document in zip(positive.tolist(), documents, strict=True):
        recorded[document].append(at)
    recorded.pop("", None)
    return recorded


def _number(document: str) -> str:
    return document.strip().casefold()


def _corrected(document: str, note: str, recorded: Mapping[str, list[int]], spaced: list[str]) -> str | None:
    """The document of this table that a row corrects, or None: its own, or the longest number in its note.

    spaced: the numbers with spaces in them.
    """
    if _number(document) in recorded:
        return _number(document)
    text = note.casefold()
    words = [*re.split(r"[\s,;:()]+", text), *(word.rstrip(".") for word in text.split())]
    named = [word for word in words if word in recorded] + [number for number in spaced if number in text]
    return max(named, key=lambda number: (len(number), -recorded[number][0]), default=None)


def _day_of_another_bill(bill: Bill, item: int, day: float, others: list[float]) -> float | None:
    """The first of the other days, where the bill of an item was another one on each of them; NaN is no day."""
    others = [other for other in others if not math.isnan(other)]
    if math.isnan(day) or not others:
        return None
    lines = _lines_in_force(bill, item, day)
    return others[0] if all(_lines_in_force(bill, item, other) != lines for other in others) else None


def _lines_in_force(bill: Bill, item: int, day: float) -> set[int]:
    """Lines of the BOM in force on a day for an item, and for what is exploded through below it."""
    lines, in_force, waiting = bill.lines, set[int](), [item]
    while waiting:
        parent = waiting.pop()
        below = slice(*bill.first_line[parent : parent + 2].tolist())
        columns = (column[below].tolist() for column in (lines.component, lines.first, lines.last))
        for line, (component, first, last) in enumerate(zip(*columns, strict=True), below.start):
            if line not in in_force and first <= day <= last:
                in_force.add(line)
                if bill.items.made[component] and not bill.items.role[component]:
                    waiting.append(component)
    return in_force
