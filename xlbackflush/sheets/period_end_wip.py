"""Sheet Period-end WIP: units in process, at the cost that their completion would flush."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.engine.stock.in_process import completion_flushes, records
from xlbackflush.sheets.body import Body, RunView, of_arrays

TABLE = schema.PERIOD_END_WIP_TABLE


def body(run: RunView) -> Body:
    """One row per row of sheet WIP."""
    table, settings = run.period.in_process, run.inputs.settings
    cells, items = run.cells(TABLE.name, len(table)), table.item.tolist()
    wip = [{n: run.sheets.ref("WIP", n, r) for n in schema.WIP.names} for r in table.row.tolist()]
    up = [{n: f"{head}{run.rollup_top + u}" for n, head in run.sheets.heads("Rollup").items()} for u in table.end_row]

    def conversion(u: dict[str, str]) -> str:
        return u["Conversion at completion"] if completion_flushes(settings) else f"{u['Unit cost']}-{u['Material']}"

    recorded = schema.RECORD if records(run.inputs) else schema.SHOW_ONLY
    live = {name: [c[name] for c in wip] for name in ("Quantity", "Material %", "Conversion %")} | {
        "Material cost": [f"{u['Unit cost']}-({conversion(u)})" for u in up],
        "Material": [f"{c['Quantity']}*{c['Material %']}*{c['Material cost']}" for c in cells],
        "Conversion": [f"{c['Quantity']}*{c['Conversion %']}*{c['Conversion cost']}" for c in cells],
        "Amount": [f"{c['Material']}+{c['Conversion']}" for c in cells],
    }
    if not settings.conversion_expensed:
        live["Conversion cost"] = [conversion(u) for u in up]
    return of_arrays(TABLE, table, live) | {
        "Item": ([run.codes[i] for i in items], [f'{c["Item"]}&""' for c in wip]),
        "Credited": ([settings.bought_role] * len(items), None),
        "Recorded": ([recorded] * len(items), None),
    }
