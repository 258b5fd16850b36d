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
from xlbackflush.model.arrays import Floats, Ints
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
    for n in np.unique(number):
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
    items, lines = bill.items, bill.lines
    codes, roles, spelled = items.code.tolist(), items.role.tolist(), lines.spelled.tolist()
    charged, events, posts = demand.roots.charged_to.tolist(), demand.events, demand.posts.tolist()

    def named(item: Ints, line: Ints) -> list[str]:  # the BOM may spell a code in other case than Standard Cost
        pairs = zip(item.tolist(), line.tolist(), strict=True)
        return [codes[i] if at < 0 else spelled[at] for i, at in pairs]

    def of_line(values: NDArray[Any]) -> list[Any]:  # None for heads
        known = [*values.tolist(), None]  # the last one stands for line -1
        return [known[at] for at in shown.line.tolist()]

    shown = rows.of(part)
    above, is_root = shown.parent_row, (shown.parent_row < 0).tolist()
    root, item, relieved = shown.root.tolist(), shown.item.tolist(), shown.relieved.tolist()
    priced = [r or not h for r, h in zip(relieved, is_root, strict=True)]
    exploded = [not r for r in relieved]
    credited = [
        "" if not (k and posts[r]) else schema.ACCOUNTS_PAYABLE if events[r] == schema.PURCHASE else roles[i]
        for r, i, k in zip(root, item, relieved, strict=True)
    ]
    parents = named(rows.item[above], rows.line[above])
    return {
        "Product": [codes[i] for i in shown.product.tolist()],
        "Level": shown.level.tolist(),
        "Parent": ["" if h else name for h, name in zip(is_root, parents, strict=True)],
        "Component": named(shown.item, shown.line),
        "Parent qty": _where(shown.parent_qty, (~np.isnan(shown.parent_qty)).tolist()),
        "Qty per": of_line(lines.quantity),
        "Scrap %": of_line(lines.scrap),
        "Required qty": shown.required.tolist(),
        "Standard cost": _where(shown.cost, priced),
        "Amount": _where(shown.amount, priced),
        "BOM row": of_line(lines.row),
        "Event": [events[r] for r in root],
        "Charged to": [charged[r] for r in root],
        "Relieved from": credited,
        "Conversion rate": _where(shown.rate, exploded),
        "Conversion": _where(shown.conversion, exploded),
        "Scrap basis": [None if b is None else schema.INPUT if b else schema.OUTPUT for b in of_line(lines.on_input)],
        "Units": shown.units.tolist(),
        "Started": _where(shown.started, exploded),
        "First day": shown.first.tolist(),
        "Last day": shown.last.tolist(),
        **_classes(bill, demand, root, item, credited),
    }


def _classes(
    bill: Bill, demand: Demand, root: list[int], item: list[int], credited: list[str]
) -> dict[str, Sequence[str | None]]:
    """The classes of the accounts debited and credited, row by row."""
    if len(bill.classes) == 1:
        blank = [None] * len(root)
        return {"Class charged": blank, "Class relieved": blank}
    classes, roots = bill.typed_classes, demand.roots
    charged = [each and classes[i] for each, i in zip(roots.item_class.tolist(), roots.item.tolist(), strict=True)]
    relieved = [classes[i] if role in schema.BY_CLASS else "" for i, role in zip(item, credited, strict=True)]
    return {"Class charged": [charged[r] for r in root], "Class relieved": relieved}


def _where(column: Floats, shown: Sequence[bool]) -> list[float | None]:
    """A column as plain values, None where it is not to be shown."""
    return [value if show else None for value, show in zip(column.tolist(), shown, strict=True)]
