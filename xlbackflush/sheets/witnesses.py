"""Sheet Witnesses: what parts, sales and stock, hours and the other rows say about each production count.

Counted, what sales and stock say, the difference and its amount are live over Counts, Reconciliation and Roll-up; what was
estimated stays as at the run.
"""

import math

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.measures import witness_words as words
from xlbackflush.ooxml.cells import Value
from xlbackflush.schema import CONTRADICTED, DOUBTFUL
from xlbackflush.sheets.body import Body, RunView, filled
from xlbackflush.sheets.formulas import equal, item_sum, link

#: formulas over the row's own cells, the item's row on Reconciliation and its last row on Roll-up
_LIVE = {
    "Counted": "{sum}",
    "By sales and stock": "{Counted}+N({stock[Difference qty]})",
    "Difference": "{Estimate}-{Counted}",
    "Amount": "{Difference}*{cost[Unit cost]}",
}
_OF_THE_ROW = ("Where", "Date", "Row counted", "Row by hours", "Row by other rows", "Row estimate")
_DIGITS = 4  # estimates are not better than that


def body(run: RunView) -> Body:
    """One row per product that was completed."""
    heard, inputs, codes = run.period.witnesses, run.inputs, [run.codes[i] for i in run.period.witnesses.item]
    count, book, costs = len(heard), run.period.stock, run.period.unit_costs
    cost_rows = costs.at(heard.item, run.inputs.settings.period_end)
    position = {item: k for k, item in enumerate(book.item.tolist())}
    stock = run.elsewhere("Reconciliation", run.rows("Reconciliation", len(book)))
    rows = run.cells("Witnesses", count, cost=run.unit_costs(cost_rows.tolist()))
    for row, code, item in zip(rows, codes, heard.item.tolist(), strict=True):
        row["stock"] = stock[position[item]]
        row["sum"] = item_sum("Counts", "Quantity", code, row["Item"], equal([("Event", schema.COMPLETED)]))
    made = heard.made
    estimates = {
        "By parts": made + heard.parts - heard.counted,
        "By sales and stock": made + heard.shelf - heard.counted,
        "Estimate": made + heard.difference,
        "From": made + heard.low - heard.counted,
        "To": made + heard.high - heard.counted,
        "Difference": heard.difference,
        "Amount": heard.difference * costs.rows.unit_cost[cost_rows],
        "Row by hours": heard.hours,
        "Row by other rows": heard.usual,
        "Row estimate": heard.estimate,
    }
    verdicts = [words.verdict(heard, k) for k in range(count)]
    where = [words.cell(inputs, at) for at in heard.at.tolist()]
    live = filled(_LIVE, rows)
    columns: Body = {
        "Rank": (list(range(1, count + 1)), None),
        "Item": (codes, None),
        "Verdict": (verdicts, None),
        "Counted": (made.tolist(), live["Counted"]),
        "Probability": ([round(share, 3) for share in heard.share.tolist()], None),
        "Where": (where, [link(cell) for cell in where]),
        "Date": (heard.day.tolist(), None),
        "Row counted": (heard.counted.tolist(), None),
        "Explanation": ([words.explanation(inputs, heard, k) for k in range(count)], None),
    }
    for name, values in estimates.items():
        columns[name] = (_figures(values), live.get(name))
    return columns | _only_where_doubtful(columns, verdicts)


def _figures(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[Value]:
    """Blank where there is none; none below zero but for differences."""
    return ["" if math.isnan(value) else round(value, _DIGITS) + 0.0 for value in values.tolist()]


def _only_where_doubtful(columns: Body, verdicts: list[str]) -> Body:
    """The row that is meant, blank where none is."""
    shown = [found in (CONTRADICTED, DOUBTFUL) for found in verdicts]
    blank: Body = {}
    for name in _OF_THE_ROW:
        values, formulas = columns[name]
        kept = [value if show else "" for value, show in zip(values, shown, strict=True)]
        blank[name] = (kept, formulas and [each if show else "" for each, show in zip(formulas, shown, strict=True)])
    return blank
