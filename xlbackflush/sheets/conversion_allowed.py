"""Sheet Conversion Allowed: units flushed of every made item, at its standard hours and rates."""

from xlbackflush import schema
from xlbackflush.sheets.body import Body, RunView, filled, shown
from xlbackflush.sheets.formulas import item_sum

#: formulas over the item's row on Standard Cost
_LIVE = {
    "Hours per unit": "{cost[Labor hours]}",
    "Hours allowed": "{Units}*{Hours per unit}",
    **{e: f"{{Hours allowed}}*{{cost[{e} rate]}}" for e in ("Labor", "Variable overhead", "Fixed overhead")},
    "Other conversion": "{Units}*{cost[Other conversion]}",
    "Total": "+".join(f"{{{element}}}" for element in schema.ELEMENTS[1:]),
}


def body(run: RunView) -> Body:
    """One row per made item."""
    allowed = run.period.conversion_allowed
    items = allowed.item.tolist()
    codes = [run.codes[i] for i in items]
    rows = run.cells("ConversionAllowed", len(items), cost=run.standard_costs(items))
    live = filled(_LIVE, rows)
    exploded = [("Started", "<>", '""')]  # rows of the Trace with units started
    live["Units"] = [
        item_sum("Trace", "Required qty", code, row["Item"], exploded) for code, row in zip(codes, rows, strict=True)
    ]
    return shown(schema.CONVERSION_ALLOWED, allowed, live) | {
        "Item": (codes, None),
        "Description": (run.items.description[items].tolist(), None),
        "Hours per unit": (run.items.hours[items].tolist(), live["Hours per unit"]),
    }
