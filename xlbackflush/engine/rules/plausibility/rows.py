"""Rows that are missing, record nothing, or stand in each other's place: what looks like a mistyped number, and is none.

missing      1 row of about 150 is lacking among 22; some row would have to say 299 for 150
of nothing   a receipt of 0, where the counts ask for 5,000
exchanged    208 chairs and 158 tables on a day on which the parts say 158 and 208
"""

import math
from collections.abc import Iterator

import numpy as np

from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures import slips
from xlbackflush.engine.measures.likely_mistakes import Mistake
from xlbackflush.engine.measures.witness_words import units as like_rows
from xlbackflush.engine.measures.witnesses import Hearing
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.plausibility.words import code, lacking_in_zero, units, zero_rows
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import distinct

_ALIKE, _APART = 2.5, 3.0  # spreads of an item's rows: up to which a row is one of them, and from which it is none

# --------------------------------------------------------------------------------------------- rows of nothing


def rows_of_nothing(period: Period) -> Iterator[f.Finding]:
    """A document of a quantity of 0, with what the counts ask for in its place."""
    for (kind, item), rows in zero_rows(period).items():
        table, lacking = own.TABLES[kind], lacking_in_zero(period, kind, item)
        records = period.inputs.table(table)
        for at in rows:
            what = (
                f"Quantity of {code(period.bill, item)} is 0: document {records.column('Document')[at]} of "
                f"{words.day(records.column('Date')[at])} records nothing."
            )
            what += (
                f" The counts ask for about {units(lacking, period.bill, item)}." if lacking and len(rows) == 1 else ""
            )
            where = period.inputs.sources[table].cell("Quantity", int(records.row[at]))
            effect = lacking * float(period.unit_balance.units.cost[item])
            yield f.NO_QUANTITY.weighed(where, what, effect, period.material)


# ------------------------------------------------------------------------------------------------ missing rows


def _is_of_one_more_row(typed: float, right: float, middle: float, spread: float, several: int) -> bool:
    """Whether what a row has too few is a row like the others of its item, and the row itself is one of them."""
    if several < own.ROWS_MIN or not 0 < typed < right:
        return False
    off = [abs(math.log(units) - middle) / spread for units in (typed, right - typed, right)]
    return off[0] <= _ALIKE and off[1] <= _ALIKE and off[2] > _APART


def lacks_row(mistake: Mistake) -> bool:
    """Whether a row is missing rather than that another one has a wrong number."""
    lever, slip = mistake.lever, mistake.slip
    if lever.key[0] not in (own.COMPLETION, own.SALE, own.RECEIPT) or slip.kind not in (slips.FREE, slips.MANY):
        return False
    return _is_of_one_more_row(mistake.typed, mistake.right, lever.middle, lever.spread, lever.several)


def lacks_count(period: Period, heard: Hearing, k: int) -> bool:
    """The same of a product whose witnesses speak against a count."""
    rows = period.own_rows
    of_item = rows.of_item(own.COMPLETION, int(heard.item[k]))
    if of_item.start == of_item.stop:
        return False
    middle, spread = float(rows.middle[of_item.start]), float(rows.spread[of_item.start])
    several = int(rows.several[of_item.start])
    return _is_of_one_more_row(float(heard.counted[k]), float(heard.estimate[k]), middle, spread, several)


def missing_row(period: Period, kind: int, item: int, lacking: float) -> tuple[str, str]:
    """What is said of a row that is missing, and how to mend it."""
    rows = period.own_rows
    done = {own.COMPLETION: "completed", own.SALE: "sold", own.RECEIPT: "received"}[kind]
    usual = like_rows(math.exp(float(rows.middle[rows.of_item(kind, item).start])), lacking)
    about, name = units(lacking, period.bill, item), code(period.bill, item)
    what = (
        f"About {about} of {name} more were {done} than {own.TABLES[kind]} says, as much as one more row (its rows are about "
        f"{usual}): a document looks missing{_day_without(period, kind, item)}."
    )
    return (
        what,
        f"Look for a document of about {about} of {name} that was not entered; else compare this row with its document.",
    )


def _day_without(period: Period, kind: int, item: int) -> str:
    """The one day that has documents of the kind and none of the item, as a clause; "" where there is none, or more."""
    rows = period.own_rows
    of_kind = rows.kind == kind
    date = period.inputs.table(own.TABLES[kind]).column("Date")
    days = distinct(date[rows.at[of_kind]])
    lacking = days[~np.isin(days, date[rows.at[of_kind & (rows.item == item)]])]
    return f"; {words.day(lacking[0])} is the one day without any" if len(lacking) == 1 else ""


# --------------------------------------------------------------------------------------------------- exchanged


def exchanged_counts(heard: Hearing, told: list[int]) -> list[tuple[int, int]]:
    """Pairs of products, among those that are told, whose rows of one day each have the quantity of the other."""
    pairs: list[tuple[int, int]] = []
    for one in told:
        for other in told:
            if (
                one < other
                and heard.day[one] == heard.day[other]
                and _fits(heard, one, other)
                and _fits(heard, other, one)
            ):
                pairs.append((one, other))
    return pairs


def _fits(heard: Hearing, one: int, other: int) -> bool:
    """Whether the count of one product lies in the interval of another."""
    return bool(heard.low[other] <= heard.counted[one] <= heard.high[other])


def exchange(period: Period, heard: Hearing, pair: tuple[int, int], effect: float) -> f.Finding:
    """Two production counts in each other's place."""
    first, second = sorted(pair, key=lambda k: int(heard.at[k]))
    source, row = period.inputs.sources["Counts"], period.inputs.counts.row
    names = [code(period.bill, int(heard.item[k])) for k in (first, second)]
    counted = [like_rows(heard.counted[k], heard.counted[k]) for k in (first, second)]
    right = [like_rows(heard.estimate[k], heard.counted[k]) for k in (first, second)]
    what = (
        f"{counted[0]} of {names[0]} and {counted[1]} of {names[1]} completed on {words.day(heard.day[first])} look exchanged. "
        f"Other evidence points to {right[0]} of {names[0]} and {right[1]} of {names[1]}."
    )
    where, there = (source.cell("Quantity", int(row[heard.at[k]])) for k in (first, second))
    fix = f"Compare both with the production report of that day; if so, exchange this cell and {there}."
    return f.EXCHANGED.weighed(where, what, effect, period.material, fix)
