"""Sheet Witnesses: what parts, sales and stock, hours and the other rows say about each production count.

Counted, what sales and stock say, what it is off by and the amount of that are live over Counts, Reconciliation and Roll-up;
what was estimated stays as at the run.
"""

import math
from collections.abc import Iterable

from xlbackflush import schema
from xlbackflush.engine.measures import witness_words as words
from xlbackflush.ooxml.cells import Value
from xlbackflush.schema import CONTRADICTED, DOUBTFUL
from xlbackflush.sheets.body import Body, RunView, filled
from xlbackflush.sheets.formulas import equal, item_sum, link

BLANK = '""'  # a blank cell, in a formula
#: formulas over the row's own cells, the item's row on Reconciliation and its last row on Roll-up
_LIVE = {
    "Counted": "{sum}",
    "By sales and stock": "IF({stock[Difference qty]}={blank},{blank},{Counted}+{stock[Difference qty]})",
    "Off by": "{Estimate}-{Counted}",
    "Amount": "{Off by}*{cost[Unit cost]}",
}
_OF_THE_ROW = ("Where", "Date", "Row counted", "Row by hours", "Row by other rows", "Row estimate")
_LARGE, _DECIMALS, _OF_LARGE = 100, 3, 1  # estimates are not better than that


def body(run: RunView) -> Body:
    """One row per product that was completed."""
    heard, inputs = run.period.witnesses, run.inputs
    codes, made, verdicts = [run.codes[i] for i in heard.item], heard.made, words.verdicts(heard)
    where = [words.cell(inputs, at) for at in heard.at.tolist()]
    columns: Body = {
        "Rank": (list(range(1, len(heard) + 1)), None),
        "Item": (codes, None),
        "Verdict": (verdicts, None),
        "By parts": (_figures(made + heard.parts - heard.counted), None),
        "From": (_figures(made + heard.low - heard.counted), None),
        "To": (_figures(made + heard.high - heard.counted), None),
        "Probability": ([round(share, 3) for share in heard.share.tolist()], None),
        "Where": (where, [link(cell) for cell in where]),
        "Date": (heard.day.tolist(), None),
        "Row counted": (heard.counted.tolist(), None),
        "Row by hours": (_figures(heard.hours), None),
        "Row by other rows": (_figures(heard.usual), None),
        "Row estimate": (_figures(heard.estimate), None),
        "Explanation": ([words.explanation(inputs, heard, k) for k in range(len(heard))], None),
    }
    doubtful = [verdict in (CONTRADICTED, DOUBTFUL) for verdict in verdicts]
    return columns | _live(run, codes) | _only_where(doubtful, {name: columns[name] for name in _OF_THE_ROW})


def _live(run: RunView, codes: list[str]) -> Body:
    """The columns that follow the inputs."""
    heard, book, costs = run.period.witnesses, run.period.stock, run.period.unit_costs
    cost_row = costs.at(heard.item, run.inputs.settings.period_end)
    position = {item: k for k, item in enumerate(book.item.tolist())}
    places = [position.get(item, -1) for item in heard.item.tolist()]
    on_book = run.elsewhere("Reconciliation", run.rows("Reconciliation", len(book)))
    rows = run.cells("Witnesses", len(heard), cost=run.unit_costs(cost_row.tolist()))
    for row, code, place in zip(rows, codes, places, strict=True):
        row["stock"] = on_book[place] if place >= 0 else {"Difference qty": BLANK}
        row["sum"] = item_sum("Counts", "Quantity", code, row["Item"], equal([("Event", schema.COMPLETED)]))
        row["blank"] = BLANK
    made, estimate = heard.made.tolist(), _figures(heard.made + heard.difference)
    difference = [float(whole) - counted for whole, counted in zip(estimate, made, strict=True)]
    on_shelf = [float(book.difference[place]) if place >= 0 else math.nan for place in places]
    unit_costs = costs.rows.unit_cost[cost_row].tolist()
    values: dict[str, list[Value]] = {
        "Counted": made,
        "By sales and stock": ["" if d != d else counted + d for counted, d in zip(made, on_shelf, strict=True)],
        "Off by": difference,
        "Amount": [units * cost for units, cost in zip(difference, unit_costs, strict=True)],
    }
    live = filled(_LIVE, rows)
    return {"Estimate": (estimate, None)} | {name: (cells, live[name]) for name, cells in values.items()}


def _figures(values: Iterable[float]) -> list[float | str]:
    """Rounded; blank where there is none."""
    return ["" if math.isnan(value) else _figure(float(value)) for value in values]


def _figure(value: float) -> float:
    return round(value, _OF_LARGE if abs(value) >= _LARGE else _DECIMALS) + 0.0


def _only_where(shown: list[bool], columns: Body) -> Body:
    """The cells of some rows; the others are blank."""

    def some(cells: Iterable[Value]) -> list[Value]:
        return [cell if show else "" for cell, show in zip(cells, shown, strict=True)]

    return {
        name: (some(values), None if formulas is None else [str(cell) for cell in some(formulas)])
        for name, (values, formulas) in columns.items()
    }
