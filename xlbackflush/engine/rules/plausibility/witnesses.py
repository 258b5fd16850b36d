"""Production counts that hours, parts, packaging, sales and stock contradict: see `measures/witnesses.py`."""

import math
from collections.abc import Iterator

import numpy as np

from xlbackflush.engine.measures.witnesses import Testimony
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import cells, day_text
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import where_true

SURE = 0.9  # probability from which a count that is contradicted can be more than a note
CERTAIN = 0.99  # from which it is worth a note, however small
TRIFLE = 0.1  # of materiality
RIVAL = 0.1  # probability from which another product is named beside the first
SAME_DAY = 0.5  # how sure the row has to be, that no other row is named


def counts_contradicted(period: Period) -> Iterator[f.Finding]:
    """The row of each product whose count stands against its witnesses by more than the tolerance."""
    heard = period.witnesses
    for k in where_true(heard.stands_out).tolist():
        if _within_tolerance(heard, k, period.settings.count_tolerance):
            continue
        effect, threshold = (
            abs(heard.difference[k]) * _unit_cost(period, int(heard.item[k])),
            period.materiality_threshold,
        )
        if effect < TRIFLE * threshold and heard.share[k] < CERTAIN:
            continue
        where = _cell(period, int(heard.at[k]))
        least = threshold if heard.share[k] >= SURE else math.inf
        yield f.COUNT_CONTRADICTED.weighed(where, _sentences(period, heard, k), effect, least)


def _within_tolerance(heard: Testimony, k: int, tolerance: float) -> bool:
    """Is the row right to the tolerance at both ends of the interval? Whole units are not wrong by less than half of one."""
    off = max(abs(heard.low[k] - heard.counted[k]), abs(heard.high[k] - heard.counted[k]))
    whole = heard.counted[k] == round(heard.counted[k])
    return bool(off < tolerance * heard.counted[k] or (whole and abs(heard.difference[k]) < 0.5))


def _unit_cost(period: Period, item: int) -> float:
    costs = period.unit_costs
    (row,) = costs.at(np.array([item]), period.settings.period_end).tolist()
    return float(costs.rows.unit_cost[row])


def _cell(period: Period, at: int) -> str:
    (cell,) = cells(period.inputs, "Counts", "Quantity", np.array([at]))
    return cell


def _sentences(period: Period, heard: Testimony, k: int) -> str:
    """What was counted, what the witnesses say together and each for itself, and what else it could be."""
    code, counted = str(period.bill.items.code[heard.item[k]]), float(heard.counted[k])
    ends = [_units(max(float(end), 0.0), counted) for end in (heard.low[k], heard.high[k])]
    estimate = _units(max(float(heard.estimate[k]), 0.0), counted)
    few = "few" if heard.difference[k] > 0 else "many"
    difference = _units(abs(float(heard.difference[k])), counted)
    text = (
        f"{_units(counted, counted)} {code} completed on {day_text(heard.day[k])} look like {difference} too {few}: "
        f"what else is known says about {estimate}, between {ends[0]} and {ends[1]} with 95 % confidence."
    )
    return " ".join([text, _each(heard, k, code), *_other_rows(period, heard, k), *_rival(period, heard, k)])


def _each(heard: Testimony, k: int, code: str) -> str:
    """What each witness says of the row."""
    said = [
        f"{name} {_units(max(float(units[k]), 0.0), float(heard.counted[k]))}"
        for name, units in (
            ("parts and packaging used", heard.parts),
            ("sales and stock", heard.shelf),
            ("labor hours", heard.hours),
            (f"the other rows of {code}, about", heard.usual),
        )
        if not math.isnan(units[k])
    ]
    return f"Units by {'; '.join(said)}."


def _other_rows(period: Period, heard: Testimony, k: int) -> Iterator[str]:
    """The row that fits next best, where the day is not sure."""
    if heard.on_the_day[k] < SAME_DAY and heard.next_at[k] >= 0:
        at = int(heard.next_at[k])
        day = day_text(period.inputs.counts.date[at])
        yield f"The day is less sure than the difference: {_cell(period, at)} of {day} fits nearly as well."


def _rival(period: Period, heard: Testimony, k: int) -> Iterator[str]:
    """The product that fits nearly as well; it comes next, and does not stand out itself."""
    if k + 1 < len(heard) and not heard.stands_out[k + 1] and heard.share[k + 1] >= RIVAL:
        code, cell = period.bill.items.code[heard.item[k + 1]], _cell(period, int(heard.at[k + 1]))
        yield f"A count of {code} ({cell}) would explain it nearly as well."


def _units(units: float, like: float) -> str:
    """Whole units where the count has whole units of some size, else four digits."""
    if like == round(like) and (abs(units) >= 10 or abs(units - round(units)) < 0.05):
        return f"{units:,.0f}"
    digits = 3 - math.floor(math.log10(abs(units))) if units else 0
    text = f"{units:,.{max(digits - 1, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
