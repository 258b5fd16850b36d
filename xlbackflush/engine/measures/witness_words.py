"""What is said about a production count and its witnesses, in sentences for people."""

import math
from collections.abc import Iterator

from xlbackflush.engine.measures.witnesses import Hearing
from xlbackflush.model import words
from xlbackflush.model.arrays import Floats, where_true
from xlbackflush.model.inputs import Inputs
from xlbackflush.schema import AGREES, CONTRADICTED, DOUBTFUL, NO_WITNESS

POSSIBLE = 0.1  # probability from which a count is doubtful, and named beside one that is contradicted
NONE = 0.02  # of a row: what there is less of is as good as nothing
SAME_ROW = 0.5  # how sure the row has to be, that no other row is named


def verdicts(heard: Hearing) -> list[str]:
    """Of all products."""
    return [verdict(heard, k) for k in range(len(heard))]


def verdict(heard: Hearing, k: int) -> str:
    """What the witnesses of a product say of its count."""
    if heard.stands_out[k]:
        return CONTRADICTED
    if heard.share[k] >= POSSIBLE:
        return DOUBTFUL
    silent = math.isnan(heard.parts[k]) and math.isnan(heard.shelf[k])
    return NO_WITNESS if silent else AGREES


def explanation(inputs: Inputs, heard: Hearing, k: int) -> str:
    """All there is to say of a product."""
    found = verdict(heard, k)
    if found == CONTRADICTED:
        return contradiction(inputs, heard, k)
    if found == DOUBTFUL:
        return f"A count of {_code(inputs, heard, k)} may be wrong, most likely this row. {_each(inputs, heard, k)}"
    if found == NO_WITNESS:
        return "Neither its parts nor its own stock were counted."
    return "No witness stands against this count."


def contradiction(inputs: Inputs, heard: Hearing, k: int) -> str:
    """What was counted in a row, what all witnesses say together and each for itself, and what else it could be."""
    code, counted = _code(inputs, heard, k), float(heard.counted[k])
    low, estimate, high = (units(end[k], counted) for end in (heard.low, heard.estimate, heard.high))
    low_or_high = "low" if heard.difference[k] > 0 else "high"
    off = units(abs(heard.difference[k]), counted)
    row = f"{units(counted, counted)} {code} completed on {words.day(heard.day[k])}"
    parts = [
        f"The count of {row} looks {off} too {low_or_high}: other evidence points to {estimate} "
        f"(95 % confidence: {low} to {high})."
        if heard.estimate[k] > NONE * counted
        else f"The {row} appear {_twin(inputs, int(heard.at[k]))} other evidence points to none.",
        _each(inputs, heard, k),
        *_other_row(inputs, heard, k),
        *_rival(inputs, heard, k),
    ]
    return " ".join(parts)


def _twin(inputs: Inputs, at: int) -> str:
    """Why a row should not be there: another one, the first, says the same."""
    counts = inputs.counts
    same = (
        (counts.item == counts.item[at]) & (counts.quantity == counts.quantity[at]) & (counts.event == counts.event[at])
    )
    others = [other for other in where_true(same).tolist() if other != at]
    if not others:
        return "never to have been made:"
    where, day = cell(inputs, others[0]), words.day(counts.date[others[0]])
    return f"to be recorded twice: {where} of {day} has the same quantity, and"


def _each(inputs: Inputs, heard: Hearing, k: int) -> str:
    """What each witness says of the row."""
    witnesses: tuple[tuple[str, Floats], ...] = (
        ("the parts used", heard.parts),
        ("sales and stock", heard.shelf),
        ("labor hours", heard.hours),
        (f"the other rows of {_code(inputs, heard, k)}", heard.usual),
    )
    said = [f"{units(u[k], heard.counted[k])} by {name}" for name, u in witnesses if not math.isnan(u[k])]
    return f"It would be {', '.join(said)}." if said else ""


def _other_row(inputs: Inputs, heard: Hearing, k: int) -> Iterator[str]:
    """The row that fits next best, where the row is not sure."""
    at = int(heard.next_at[k])
    if heard.on_the_row[k] < SAME_ROW and at >= 0:
        day = words.day(float(inputs.counts.date[at]))
        yield f"The day is less certain than the difference: {cell(inputs, at)} of {day} fits nearly as well."


def _rival(inputs: Inputs, heard: Hearing, k: int) -> Iterator[str]:
    """The product that fits nearly as well; it comes next, and does not stand out itself."""
    if k + 1 < len(heard) and not heard.stands_out[k + 1] and heard.share[k + 1] >= POSSIBLE:
        where = cell(inputs, int(heard.at[k + 1]))
        yield f"It could also be a count of {_code(inputs, heard, k + 1)} ({where})."


def cell(inputs: Inputs, at: int) -> str:
    """The cell of the quantity of a row of Counts, by its position."""
    return inputs.sources["Counts"].cell("Quantity", int(inputs.counts.row[at]))


def _code(inputs: Inputs, heard: Hearing, k: int) -> str:
    return str(inputs.standard_cost.item[heard.item[k]])


def units(value: float, like: float) -> str:
    """Units as people write them: whole where a count is whole and of some size, else to four digits; none below zero."""
    value = max(float(value), 0.0)
    if like == round(like) and (value >= 10 or abs(value - round(value)) < 0.05):
        return f"{value:,.0f}"
    digits = max(2 - math.floor(math.log10(value)), 0) if value else 0
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
