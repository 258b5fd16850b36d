"""Product view: the indented explosion, product by product. The sheet Trace shows it; where that would be too long a list,
the Trace is kept per BOM line (see `by_line`) and the product view is made a chunk of roots at a time, for a file.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import Demand, only
from xlbackflush.engine.explosion.explosion import ExplosionRows, explosion, sizes
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model.arrays import Bools, Floats, Ints, Texts, distinct
from xlbackflush.model.inputs import Settings

#: of the columns of the sheet Trace, those that explain themselves without its formulas
COLUMNS = (
    "Product", "Event", "Level", "Parent", "Component", "Units", "Parent qty", "Qty per", "Scrap %", "Scrap basis",
    "Required qty", "Standard cost", "Amount", "Conversion", "Charged to", "Relieved from", "First day", "Last day",
    "BOM row",
)  # fmt: skip
CHUNK = 100_000  # rows in memory at once


def product_view(
    unit_costs: UnitCosts, demand: Demand, settings: Settings, chunk: int = CHUNK
) -> Iterator[dict[str, Sequence[Any]]]:
    """The rows of `explosion` over all roots, in its order, at most `chunk` rows at a time, by column.

    Columns are COLUMNS, in units and money as on the sheet Trace; days are dates; what is blank there is None.
    """
    bill = unit_costs.bill
    each = sizes(bill, demand)
    number = (np.cumsum(each) - each) // chunk  # of the chunk in which a root's first row falls
    for n in distinct(number):
        some = only(demand, number == n)
        rows = explosion(unit_costs, some, settings).rows
        for first in range(0, len(rows), chunk):  # one root alone may pass it
            values = trace_columns(rows, bill, some, slice(first, first + chunk))
            for name in ("First day", "Last day"):
                dates = {day: schema.DAY_0 + dt.timedelta(days=day) for day in set(values[name])}
                values[name] = [dates[day] for day in values[name]]
            yield {name: values[name] for name in COLUMNS}


def trace_columns(
    rows: ExplosionRows, bill: Bill, demand: Demand, part: slice = slice(None)
) -> dict[str, Sequence[Any]]:
    """A part of the rows as the sheet Trace shows them, by column; days are Excel's numbers, None is blank."""
    items, lines, roots = bill.items, bill.lines, demand.roots
    events, posts = np.array(demand.events, dtype=object), demand.posts

    def named(item: Ints, line: Ints) -> Texts:  # the BOM may spell a code in other case than Standard Cost
        return np.where(line < 0, items.code[item], lines.spelled[line]) if len(lines) else items.code[item]

    def of_line(values: NDArray[Any]) -> list[Any]:  # None for heads
        known = np.array([*values.tolist(), None], dtype=object)  # the last one stands for line -1
        return known[shown.line].tolist()  # type: ignore[no-any-return]  # of objects

    shown = rows.of(part)
    above, is_root, relieved = shown.parent_row, shown.parent_row < 0, shown.relieved
    bought = (events == schema.PURCHASE)[shown.root]
    source = np.where(bought, schema.ACCOUNTS_PAYABLE, items.role[shown.item])
    bases = np.array([schema.OUTPUT, schema.INPUT], dtype=object)[lines.on_input.astype(np.int64)]
    converted = ~relieved | (shown.rate != 0)
    credited = np.where(relieved & posts[shown.root], source, "")
    return {
        "Product": items.code[shown.product].tolist(),
        "Level": shown.level.tolist(),
        "Parent": np.where(is_root, "", named(rows.item[above], rows.line[above])).tolist(),
        "Component": named(shown.item, shown.line).tolist(),
        "Parent qty": _where(shown.parent_qty, ~np.isnan(shown.parent_qty)),
        "Qty per": of_line(lines.quantity),
        "Scrap %": of_line(lines.scrap),
        "Required qty": shown.required.tolist(),
        "Standard cost": _where(shown.cost, relieved | ~is_root),
        "Amount": _where(shown.amount, relieved | ~is_root),
        "BOM row": of_line(lines.row),
        "Event": events[shown.root].tolist(),
        "Charged to": roots.charged_to[shown.root].tolist(),
        "Relieved from": credited.tolist(),
        "Conversion rate": _where(shown.rate, converted),
        "Conversion": _where(shown.conversion, converted),
        "Scrap basis": of_line(bases),
        "Units": shown.units.tolist(),
        "Started": _where(shown.started, ~relieved),
        "First day": shown.first.tolist(),
        "Last day": shown.last.tolist(),
        **_classes(bill, demand, shown, credited),
    }


def _classes(bill: Bill, demand: Demand, shown: ExplosionRows, credited: Texts) -> dict[str, Sequence[str | None]]:
    """The classes of the accounts debited and credited, row by row."""
    if len(bill.classes) == 1:
        blank = [None] * len(shown)
        return {"Class charged": blank, "Class relieved": blank}
    classes, roots = np.array(bill.typed_classes, dtype=object), demand.roots
    charged = np.where(roots.item_class != "", classes[roots.item], "")
    relieved = np.where(np.isin(credited, schema.BY_CLASS), classes[shown.item], "")
    return {"Class charged": charged[shown.root].tolist(), "Class relieved": relieved.tolist()}


def _where(column: Floats, shown: Bools) -> list[float | None]:
    """A column as plain values, None where it is not to be shown."""
    values = column.tolist()
    for k in np.flatnonzero(~shown).tolist():
        values[k] = None
    return values  # type: ignore[no-any-return]  # of floats
