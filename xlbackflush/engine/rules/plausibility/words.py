"""Figures in words, as findings about quantities write them."""

from collections.abc import Iterator

from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures import slips
from xlbackflush.engine.measures.likely_mistakes import Mistake
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import listed_twice_in_a_bill
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.model.arrays import where_true
from xlbackflush.model.inputs import Conversion
from xlbackflush.model.words import about, number, quantity, several


def units(value: float, bill: Bill, item: int) -> str:
    """A quantity of an item with its unit: 120 kg."""
    return quantity(value, str(bill.items.uom[item]))


def code(bill: Bill, item: int) -> str:
    """The code of an item."""
    return str(bill.items.code[item])


def evidence(period: Period, effects: dict[int, float], corrected: str, of_count: bool = False) -> str:
    """What the correction of a record, or of a count, does to the item that speaks loudest: its count and its book.

    corrected: how it would be done, such as "With 158 pcs". The book is told as it would be and as it stands.
    """
    balance, bill = period.unit_balance.units, period.bill
    counted = [item for item in effects if balance.is_counted[item]]
    if counted:
        item = max(counted, key=lambda i: abs(effects[i]) / balance.noise[i])
        others = sum(bool(abs(effects[i]) > 5 * balance.noise[i]) for i in counted) - 1
        also = f" {several(others, 'more item')} say{'s' * (others == 1)} the same." if others > 0 else ""
        book, found = float(balance.book[item]), units(float(balance.counted[item]), bill, item)
        if of_count:
            return f"The book says {units(book, bill, item)}.{also}"
        then = units(book + effects[item], bill, item)
        return (
            f"{corrected}, the book stock of {code(bill, item)} is {then} ({found} counted); as it stands it is "
            f"{units(book, bill, item)}.{also}"
        )
    short = [item for item in effects if balance.book[item] < 0]
    if short:
        item = min(short, key=lambda i: balance.book[i] * balance.cost[i])
        book = float(balance.book[item])
        then = units(book + effects[item], bill, item)
        return f"{corrected}, the book stock of {code(bill, item)} is {then}; as it stands it is {units(book, bill, item)}."
    return ""


def looks_like(mistake: Mistake, right: str) -> str:
    """What a number looks like."""
    slip, times = mistake.slip, mistake.slip.factor
    if slip.kind in (slips.TEN, slips.MANY):
        if times > 1:
            much = "twice what it should be" if times == 2 else f"{about(times)} times too large"
            return f"it looks {much}; {right} would fit"
        part = _PARTS.get(round(1 / times), f"{about(1 / times)}th")
        part = part if part == "half" else f"a {part}"
        return f"it looks like {part} of what it should be; {right} would fit"
    words = {
        slips.TWICE: "with a digit typed twice",
        slips.REPEATED: "typed twice over",
        slips.EXTRA: "with a digit too many",
        slips.DROPPED: "with a digit left out",
        slips.EXCHANGED: "with two digits exchanged",
        slips.OTHER: "with a digit mistyped",
    }
    if slip.kind in words:
        return f"it looks like {right} {words[slip.kind]}"
    return f"the counts ask for about {right}"


_PARTS = {
    2: "half",
    3: "third",
    4: "quarter",
    5: "fifth",
    10: "tenth",
    100: "hundredth",
    1000: "thousandth",
    12: "twelfth",
}


def lacks_bill(period: Period, effects: dict[int, float]) -> bool:
    """Was more used than recorded, where a made item has no bill that could have recorded it?"""
    if not any(units < 0 for units in effects.values()):
        return False
    bill, made = period.bill, period.own_rows
    completed = made.item[made.kind == own.COMPLETION]
    return bool((bill.first_line[completed] == bill.first_line[completed + 1]).any())


def in_cell(period: Period, mistake: Mistake) -> str:
    """What to type into the cell of a quantity: where its row is in another unit, or for several, the right one in that."""
    table, column, at = mistake.lever.table, mistake.lever.column, mistake.at
    here, typed = (float(inputs.table(table).column(column)[at]) for inputs in (period.inputs, period.inputs.as_typed))
    if here == typed:
        return number(mistake.right)
    other = conversion_of(period, table, at)
    return number(float(f"{mistake.right / here * typed:.12g}")) + (f" {other.unit.strip()}" if other else "")


def conversion_of(period: Period, table: str, at: int) -> Conversion | None:
    """From the unit of a row of BOM or Purchases to that of its item, where the two differ."""
    converted = period.inputs.converted
    rows = {"BOM": converted.bom, "Purchases": converted.purchases}.get(table, {})
    return converted.all[rows[at]] if at in rows else None


_CLOSE = 3.0  # logarithm of odds up to which another cell may as well be wrong


def rival_words(period: Period, mistake: Mistake) -> str:
    """The cell to look at next, where another one explains the same about as well."""
    rival = mistake.rival
    if rival is None or mistake.lead > _CLOSE:
        return ""
    table, row = rival.lever.table, int(period.inputs.table(rival.lever.table).row[rival.at])
    return f" If it is right, look at {period.inputs.sources[table].cell(rival.lever.column, row)}."


def unnamed(period: Period) -> Iterator[Mistake]:
    """Likely mistakes but those that something else explains, which is a finding of its own.

    A component listed twice in a bill; a document of a quantity of 0.
    """
    mistakes = period.likely_mistakes.mistakes
    if not mistakes:
        return
    zero = {item for kind, item in zero_rows(period) if lacking_in_zero(period, kind, item)}
    explained = zero | listed_twice_in_a_bill(period.bill)
    yield from (m for m in mistakes if m.lever.item not in zero and not m.effects.keys() <= explained)


def zero_rows(period: Period) -> dict[tuple[int, int], list[int]]:
    """Rows of a quantity of 0, by the kind of document and the item: positions in their tables."""
    rows: dict[tuple[int, int], list[int]] = {}
    for table in ("Purchases", "Counts", "Scrap"):
        records, item = period.inputs.table(table), period.bill.of(table)
        for at in where_true((records.column("Quantity") == 0) & (item >= 0)).tolist():
            rows.setdefault((own.kind_of_row(period.inputs, table, at), int(item[at])), []).append(at)
    return rows


def lacking_in_zero(period: Period, kind: int, item: int) -> float:
    """Units that a document of 0 should have by the count of its item; 0.0 where the count asks for none."""
    balance = period.unit_balance.units
    more = float(balance.difference[item]) * (1 if kind in (own.RECEIPT, own.COMPLETION) else -1)
    return more if balance.is_counted[item] and more > _BEYOND_CHANCE * float(balance.noise[item]) else 0.0


_BEYOND_CHANCE = 5.0  # noises of a count
