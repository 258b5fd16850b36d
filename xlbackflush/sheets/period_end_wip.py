"""Sheet Period-end WIP: units in process, at the cost that their completion would flush."""

from xlbackflush import schema
from xlbackflush.engine.stock.in_process import completion_flushes, records
from xlbackflush.sheets.body import Body, RunView, filled, shown

#: formulas over the row on sheet WIP, and over the item's row on Roll-up at period end
_LIVE = {
    "Item": '{wip[Item]}&""',
    **{name: f"{{wip[{name}]}}" for name in ("Quantity", "Material %", "Conversion %")},
    "Material cost": "{end[Unit cost]}-({conversion})",
    "Conversion cost": "{conversion}",
    "Material": "{Quantity}*{Material %}*{Material cost}",
    "Conversion": "{Quantity}*{Conversion %}*{Conversion cost}",
    "Amount": "{Material}+{Conversion}",
}


def body(run: RunView) -> Body:
    """One row per row of sheet WIP."""
    table, settings = run.period.in_process, run.inputs.settings
    wip, end = run.elsewhere("WIP", table.row.tolist()), run.unit_costs(table.end_row.tolist())
    flushed = completion_flushes(settings)
    conversion = [u["Conversion at completion"] if flushed else f"{u['Unit cost']}-{u['Material']}" for u in end]
    live = filled(_LIVE, run.cells("PeriodEndWip", len(table), wip=wip, end=end, conversion=conversion))
    if settings.conversion_expensed:
        del live["Conversion cost"]
    recorded = schema.RECORD if records(run.inputs) else schema.SHOW_ONLY
    return shown(schema.PERIOD_END_WIP_TABLE, table, live) | {
        "Item": ([run.codes[i] for i in table.item], live["Item"]),
        "Credited": ([settings.bought_role] * len(table), None),
        "Recorded": ([recorded] * len(table), None),
    }
