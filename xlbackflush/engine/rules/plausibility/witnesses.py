"""Production counts that parts, sales and stock, and hours contradict: see `measures/witnesses.py`."""

import math
from collections.abc import Iterator

from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures.witness_words import SAME_ROW, cell, contradiction
from xlbackflush.engine.measures.witnesses import Hearing
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.plausibility.rows import exchange, exchanged_counts, lacks_count, missing_row
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import where_true
from xlbackflush.model.money import from_minor

SURE = 0.8  # probability from which a count is worth a note however small it is, and a warning if it is material
TRIFLE = 0.1  # of materiality
FAR_MAX = 1.5  # times the difference: how far an end of the interval is looked at
NEAR = 8.0  # times materiality, or its part: an effect in between is worked out


def counts_contradicted(period: Period) -> Iterator[f.Finding]:
    """The row of each product whose count stands against its witnesses by more than the tolerance."""
    heard, threshold = period.witnesses, period.material
    told = [k for k in where_true(heard.stands_out).tolist() if is_told(period, k)]
    pairs = exchanged_counts(heard, told)
    for pair in pairs:
        yield exchange(period, heard, pair, sum(_effect(period, heard, k, threshold) for k in pair))
    for k in told:
        if any(k in pair for pair in pairs):
            continue
        effect, fix = _effect(period, heard, k, threshold), None
        where, what = cell(period.inputs, int(heard.at[k])), contradiction(period.inputs, heard, k)
        if lacks_count(period, heard, k):
            what, fix = missing_row(period, own.COMPLETION, int(heard.item[k]), float(heard.difference[k]))
        sure = heard.share[k] >= SURE and not _own_stock_disagrees(heard, k)
        least = threshold / _far(heard, k) if sure else math.inf
        yield f.COUNT_CONTRADICTED.weighed(where, what, effect, least, fix)


def is_told(period: Period, k: int) -> bool:
    """Whether a product that stands out is worth a finding: its row is wrong beyond the tolerance, surely or by some money."""
    heard = period.witnesses
    trifle = _rough_effect(period, heard, k) < TRIFLE * period.material and heard.share[k] < SURE
    return not (trifle or _within_tolerance(heard, k, period.settings.count_tolerance))


def _own_stock_disagrees(heard: Hearing, k: int) -> bool:
    """Does the stock of the product itself ask for something quite different, so that more than one count is wrong?"""
    return bool(abs(heard.shelf[k] - heard.estimate[k]) > abs(heard.difference[k]))


def _far(heard: Hearing, k: int) -> float:
    """The far end of the interval, as a multiple of the difference: what may well be material is a warning."""
    ends = (float(abs(end[k] - heard.counted[k])) for end in (heard.low, heard.high))
    return min(max(ends) / abs(float(heard.difference[k])), FAR_MAX)


def _within_tolerance(heard: Hearing, k: int, tolerance: float) -> bool:
    """Is the row right to the tolerance at both ends of the interval? Of the usual row, where it is not sure which one it is."""
    counted = heard.counted[k]
    off = max(abs(heard.low[k] - counted), abs(heard.high[k] - counted))
    size = counted if heard.on_the_row[k] >= SAME_ROW else min(counted, heard.usual[k])
    return bool(off < tolerance * size)


def _effect(period: Period, heard: Hearing, k: int, threshold: float) -> float:
    """What the count moves at standard cost; near materiality, the largest change of a balance or variance, worked out."""
    rough = _rough_effect(period, heard, k)
    if not threshold / NEAR < rough < threshold * NEAR:
        return rough
    right = period.with_cell("Counts", "Quantity", int(heard.at[k]), max(float(heard.estimate[k]), 0.0))
    before, after = _figures(period), _figures(right)
    largest = max(abs(before.get(key, 0) - after.get(key, 0)) for key in before.keys() | after.keys())
    return from_minor(largest, period.places)


def _rough_effect(period: Period, heard: Hearing, k: int) -> float:
    """What the count moves at standard cost."""
    costs = period.unit_costs
    (row,) = costs.at(heard.item[k : k + 1], period.settings.period_end).tolist()
    return abs(float(heard.difference[k])) * float(costs.rows.unit_cost[row])


def _figures(period: Period) -> dict[tuple[str, str], int]:
    """Closing balances and variances, in minor units."""
    balances = {("", role): minor for role, minor in period.closings.by_role.items()}
    return balances | {(row.name, row.subject): row.amount for row in period.variances}
