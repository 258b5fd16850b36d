"""Sheet Last Period of the next workbook: what the rules of the next period compare with. See `measures/last_period.py`."""

from collections.abc import Iterator

import numpy as np

from xlbackflush.engine.measures import last_period as last
from xlbackflush.engine.measures.last_period import Figures
from xlbackflush.engine.period import Period
from xlbackflush.model.arrays import Floats, where_true
from xlbackflush.model.journal import called
from xlbackflush.schema import INPUT, OUTPUT

Row = dict[str, object]


def rows(period: Period, balances: list[Row]) -> list[Row]:
    """The rows of the table, zeros left out; balances: the rows of sheet Opening of the next workbook."""
    now, before, codes = period.this_period, period.last_period, period.bill.items.code.tolist()
    return [
        *_of_the_period(now, before),
        *(_balance(figure, row) for row in balances for figure in _BALANCES),
        *_standards(now, codes),
        *_activity(now, before, codes),
        *_lines(now, codes),
    ]


_BALANCES = (last.BALANCE, last.REVERSED)


def _balance(figure: str, row: Row) -> Row:
    return {"Figure": figure, "Number": row[figure], "Text": called(str(row["Role"]), str(row.get("Class") or ""))}


def _of_the_period(now: Figures, before: Figures | None) -> Iterator[Row]:
    for name, text in now.words.items():
        yield {"Figure": name, "Text": text}
    for name, value in now.numbers.items():
        yield {"Figure": name, "Number": value}
    for cost_type, cost in now.incurred.items():
        earlier = before.incurred.get(cost_type) if before else None
        periods = cost.periods * (1 + (earlier.periods if earlier else 0))
        cells: Row = {"Number": cost.amount, "Rows": cost.rows, "Periods": periods}
        yield {"Figure": last.INCURRED, "Text": cost_type} | cells


def _standards(now: Figures, codes: list[str]) -> Iterator[Row]:
    for name, words in now.kinds.items():
        for code, text in zip(codes, words.tolist(), strict=True):
            if code and text:
                yield {"Figure": name, "Item": code, "Text": text}
    for name, values in now.standards.items():
        yield from _numbers(name, values, codes)


def _activity(now: Figures, before: Figures | None, codes: list[str]) -> Iterator[Row]:
    for name, activity in now.activity.items():
        earlier = before.activity[name].periods if before else np.zeros(len(codes))
        periods = activity.periods * (1 + earlier)
        for at in where_true((activity.rows > 0) | (activity.units != 0)).tolist():
            cells = {
                "Number": float(activity.units[at]),
                "Rows": float(activity.rows[at]),
                "Periods": float(periods[at]),
            }
            yield {"Figure": name, "Item": codes[at]} | cells
    yield from _numbers(last.USED, now.used, codes)
    yield from _numbers(last.CLOSING, now.closing, codes)


def _numbers(name: str, values: Floats, codes: list[str]) -> Iterator[Row]:
    for at in where_true(values != 0).tolist():
        if codes[at]:
            yield {"Figure": name, "Item": codes[at], "Number": float(values[at])}


def _lines(now: Figures, codes: list[str]) -> Iterator[Row]:
    lines = now.lines
    columns = (lines.parent, lines.component, lines.quantity, lines.scrap, lines.on_input)
    for parent, component, quantity, scrap, on_input in zip(*(c.tolist() for c in columns), strict=True):
        line: Row = {"Item": codes[parent], "Component": codes[component]}
        yield {"Figure": last.QTY_PER, **line, "Number": quantity}
        if scrap:
            yield {"Figure": last.SCRAP, **line, "Number": scrap, "Text": INPUT if on_input else OUTPUT}
