"""Figures in words, as findings about quantities write them."""

from collections.abc import Iterator

from xlbackflush import schema
from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures import slips
from xlbackflush.engine.measures.likely_mistakes import Mistake
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import listed_twice_in_a_bill
from xlbackflush.engine.rules.plausibility.figures import number
from xlbackflush.engine.standards.bill import Bill


def units(value: float, bill: Bill, item: int) -> str:
    """A quantity of an item with its unit: 120 kg; what is counted by the piece is pcs."""
    uom = str(bill.items.uom[item]).strip()
    if uom.casefold() in schema.BY_THE_PIECE:
        return f"{number(round(value) if abs(value) >= _MANY else value)} pcs"
    return f"{number(value)} {uom}"


_MANY = 10  # pieces, of which no part is told


def code(bill: Bill, item: int) -> str:
    """The code of an item."""
    return str(bill.items.code[item])


def share(value: float) -> str:
    """A percentage: 5 %, 0.4 %."""
    return f"{number(100 * value)} %"


def listed(words: list[str], several: str = "others") -> str:
    """The first few of some words, and how many more there are."""
    if len(words) <= 3:
        return " and ".join(words) if len(words) < 3 else f"{words[0]}, {words[1]} and {words[2]}"
    return f"{', '.join(words[:3])} and {len(words) - 3} {several}"


def evidence(period: Period, effects: dict[int, float], of_count: bool = False) -> str:
    """What the correction of a record, or of a count, does to the item that speaks loudest: its count and its book.

    The book is told as it is and as it would be.
    """
    balance, bill = period.unit_balance.units, period.bill
    counted = [item for item in effects if balance.is_counted[item]]
    if counted:
        item = max(counted, key=lambda i: abs(effects[i]) / balance.noise[i])
        others = sum(bool(abs(effects[i]) > 5 * balance.noise[i]) for i in counted) - 1
        also = f", and {others} more item{'s' * (others > 1)} speak{'s' * (others == 1)} for it" if others > 0 else ""
        book, found = float(balance.book[item]), units(float(balance.counted[item]), bill, item)
        if of_count:
            return f"book {units(book, bill, item)}{also}"
        return (
            f"{code(bill, item)}: counted {found}, book {number(book)}, corrected {number(book + effects[item])}{also}"
        )
    short = [item for item in effects if balance.book[item] < 0]
    if short:
        item = min(short, key=lambda i: balance.book[i] * balance.cost[i])
        book = float(balance.book[item])
        return f"the book of {code(bill, item)} is {units(book, bill, item)}, corrected {number(book + effects[item])}"
    return ""


def looks_like(mistake: Mistake, right: str) -> str:
    """What a number looks like."""
    slip, times = mistake.slip, mistake.slip.factor
    if slip.kind in (slips.TEN, slips.MANY):
        if times > 1:
            return f"{number(times)} times too much; it looks like {right}"
        return f"a {_PARTS.get(round(1 / times), f'{number(1 / times)}th')} of what it should be; it looks like {right}"
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


_CLOSE = 3.0  # logarithm of odds up to which another cell may as well be wrong


def rival_words(period: Period, mistake: Mistake) -> str:
    """The cell to look at next, where another one explains the same about as well."""
    rival = mistake.rival
    if rival is None or mistake.lead > _CLOSE:
        return ""
    table, row = rival.lever.table, int(period.inputs.table(rival.lever.table).row[rival.at])
    return f" If it is right, look at {period.inputs.sources[table].cell(rival.lever.column, row)}."


def unnamed(period: Period) -> Iterator[Mistake]:
    """Likely mistakes but those that a component listed twice in a bill explains, which is a finding of its own."""
    mistakes = period.likely_mistakes.mistakes
    twice = listed_twice_in_a_bill(period.bill) if mistakes else set()
    yield from (mistake for mistake in mistakes if not mistake.effects.keys() <= twice)
