"""Production counts that parts, sales and stock, and hours contradict: see `measures/witnesses.py`."""

import math
from collections.abc import Iterator

import numpy as np

from xlbackflush.engine.measures.witness_words import SAME_ROW, cell, contradiction
from xlbackflush.engine.measures.witnesses import Hearing
from xlbackflush.engine.period import Period
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import where_true

SURE = 0.8  # probability from which a count is worth a note however small it is, and a warning if it is material
TRIFLE = 0.1  # of materiality


def counts_contradicted(period: Period) -> Iterator[f.Finding]:
    """The row of each product whose count stands against its witnesses by more than the tolerance."""
    heard, threshold = period.witnesses, period.materiality_threshold
    for k in where_true(heard.stands_out).tolist():
        effect = abs(float(heard.difference[k])) * _unit_cost(period, int(heard.item[k]))
        trifle = effect < TRIFLE * threshold and heard.share[k] < SURE
        if trifle or _within_tolerance(heard, k, period.settings.count_tolerance):
            continue
        where, what = cell(period.inputs, int(heard.at[k])), contradiction(period.inputs, heard, k)
        yield f.COUNT_CONTRADICTED.weighed(where, what, effect, threshold if heard.share[k] >= SURE else math.inf)


def _within_tolerance(heard: Hearing, k: int, tolerance: float) -> bool:
    """Is the row right to the tolerance at both ends of the interval? Of the usual row, where it is not sure which one it is."""
    counted = heard.counted[k]
    off = max(abs(heard.low[k] - counted), abs(heard.high[k] - counted))
    size = counted if heard.on_the_row[k] >= SAME_ROW else min(counted, heard.usual[k])
    return bool(off < tolerance * size)


def _unit_cost(period: Period, item: int) -> float:
    """Standard cost at period end."""
    costs = period.unit_costs
    (row,) = costs.at(np.array([item]), period.settings.period_end).tolist()
    return float(costs.rows.unit_cost[row])
