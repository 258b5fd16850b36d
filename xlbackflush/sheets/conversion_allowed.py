"""Sheet Conversion Allowed: units flushed of every made item, at its standard hours and rates."""

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import IN_PROCESS
from xlbackflush.sheets.body import Body, Row, RunView, filled, shown
from xlbackflush.sheets.formulas import item_sum, literal, plain
from xlbackflush.sheets.per_unit import labor_hours, material_price, overhead_hours

#: formulas over the item's row on Standard Cost
_LIVE = {
    "Hours per unit": "{labor}",
    "Hours allowed": "{Units}*{Hours per unit}",
    "Labor": "{Hours allowed}*{cost[Labor rate]}",
    **{e: f"{{driver}}*{{cost[{e} rate]}}" for e in ("Variable overhead", "Fixed overhead")},
    "Other conversion": "{Units}*{other}",
    "Total": "+".join(f"{{{element}}}" for element in schema.ELEMENTS[1:]),
}


def parts_apart(run: RunView) -> bool:
    """Does the Trace have parts in units in process?"""
    return IN_PROCESS in run.period.demand.streams


def units_worked(run: RunView, code: str, cell: str, bought: bool = False) -> str:
    """Units of the rows of the Trace with units started, of a bought item those with material overhead.

    Where units on the shelf are followed, of its rows alone.
    """
    exploded = [("Conversion rate" if bought else "Started", "<>", '""')]
    if not run.period.demand.of_shelf:
        others = [("Event", "<>", literal(schema.UNITS_IN_PROCESS))] if parts_apart(run) else []
        return item_sum("Trace", "Required qty", code, cell, [*exploded, *others])
    tests = ([*exploded, ("Event", "=", literal(event))] for event in schema.ON_THE_SHELF)
    return "+".join(item_sum("Trace", "Required qty", code, cell, each) for each in tests)


def body(run: RunView) -> Body:
    """One row per made item, and per bought item with material overhead."""
    allowed = run.period.conversion_allowed
    items = allowed.item.tolist()
    codes = [run.codes[i] for i in items]
    made = run.items.made[items].tolist()
    of_row = zip(map(plain, codes), made, strict=True)
    shapes, first = run.shapes("ConversionAllowed", of_row, cost=run.items.row[items].tolist())
    rows = [_row(run, made[k]) for k in first]
    patterns = filled(_LIVE, rows)
    patterns["Units"] = [
        units_worked(run, codes[k], row["Item"], not made[k]) for k, row in zip(first, rows, strict=True)
    ]
    live = shapes.columns(patterns)
    return shown(schema.CONVERSION_ALLOWED, allowed, live) | {
        "Item": (codes, None),
        "Description": (run.items.description[items].tolist(), None),
        "Hours per unit": (run.items.hours[items].tolist(), live["Hours per unit"]),
    }


def _row(run: RunView, is_made: bool) -> Row:
    """A row, with what goes into its formulas: hours of labor, hours that overhead goes by, other conversion."""
    row = run.any_row("ConversionAllowed")
    cost = row["cost"] = run.any_elsewhere("StandardCost", "cost")
    row["labor"], row["driver"], row["other"] = "0", row["Hours allowed"], cost["Other conversion"]
    if not is_made:
        price = material_price(run, cost)
        row["other"] = f"({price}*{cost['Material overhead %']})"
        return row
    row["labor"] = labor_hours(run, cost)
    row["driver"] = overhead_hours(run, cost, row["Hours allowed"], row["Units"])
    return row
