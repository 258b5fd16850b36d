"""Sheet Conversion Allowed: units flushed of every made item, at its standard hours and rates."""

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import IN_PROCESS
from xlbackflush.sheets.body import Body, RunView, filled, shown
from xlbackflush.sheets.formulas import item_sum, literal, plain

#: formulas over the item's row on Standard Cost
_LIVE = {
    "Hours per unit": "{cost[Labor hours]}",
    "Hours allowed": "{Units}*{Hours per unit}",
    **{e: f"{{Hours allowed}}*{{cost[{e} rate]}}" for e in ("Labor", "Variable overhead", "Fixed overhead")},
    "Other conversion": "{Units}*{cost[Other conversion]}",
    "Total": "+".join(f"{{{element}}}" for element in schema.ELEMENTS[1:]),
}


def parts_apart(run: RunView) -> bool:
    """Does the Trace have parts in units in process?"""
    return IN_PROCESS in run.period.demand.streams


def units_worked(run: RunView, code: str, cell: str) -> str:
    """Units of the rows of the Trace with units started; where units on the shelf are followed, of its rows alone."""
    exploded = [("Started", "<>", '""')]
    if not run.period.demand.of_shelf:
        others = [("Event", "<>", literal(schema.UNITS_IN_PROCESS))] if parts_apart(run) else []
        return item_sum("Trace", "Required qty", code, cell, [*exploded, *others])
    tests = ([*exploded, ("Event", "=", literal(event))] for event in schema.ON_THE_SHELF)
    return "+".join(item_sum("Trace", "Required qty", code, cell, each) for each in tests)


def body(run: RunView) -> Body:
    """One row per made item."""
    allowed = run.period.conversion_allowed
    items = allowed.item.tolist()
    codes = [run.codes[i] for i in items]
    shapes, first = run.shapes("ConversionAllowed", map(plain, codes), cost=run.items.row[items].tolist())
    row = run.any_row("ConversionAllowed")
    row["cost"] = run.any_elsewhere("StandardCost", "cost")
    patterns = {name: list(formulas) * len(first) for name, formulas in filled(_LIVE, [row]).items()}
    patterns["Units"] = [units_worked(run, codes[k], row["Item"]) for k in first]
    live = shapes.columns(patterns)
    return shown(schema.CONVERSION_ALLOWED, allowed, live) | {
        "Item": (codes, None),
        "Description": (run.items.description[items].tolist(), None),
        "Hours per unit": (run.items.hours[items].tolist(), live["Hours per unit"]),
    }
