"""Sheet Period-end WIP: units in process, at the cost that their completion would flush."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.engine.stock.in_process import completion_flushes, records
from xlbackflush.sheets.body import Body, RunView

TABLE = schema.PERIOD_END_WIP_TABLE


def body(run: RunView) -> Body:
    """One row per row of sheet WIP."""
    table, settings = run.period.in_process, run.inputs.settings
    cells, items = run.cells(TABLE.name, len(table)), table["item"].tolist()
    wip = [{n: run.sheets.ref("WIP", n, r) for n in schema.WIP.names} for r in table["row"].tolist()]
    up = [
        {n: f"{head}{run.rollup_top + u}" for n, head in run.sheets.heads("Rollup").items()} for u in table["end_row"]
    ]

    def conversion(u: dict[str, str]) -> str:
        return u["Conversion at completion"] if completion_flushes(settings) else f"{u['Unit cost']}-{u['Material']}"

    recorded = schema.RECORD if records(run.inputs) else schema.SHOW_ONLY
    return {
        "Item": ([run.codes[i] for i in items], [f'{c["Item"]}&""' for c in wip]),
        "Quantity": (table["quantity"].tolist(), [c["Quantity"] for c in wip]),
        "Material %": (table["material_share"].tolist(), [c["Material %"] for c in wip]),
        "Conversion %": (table["conversion_share"].tolist(), [c["Conversion %"] for c in wip]),
        "Material cost": (table["material_cost"].tolist(), [f"{u['Unit cost']}-({conversion(u)})" for u in up]),
        "Conversion cost": (
            table["conversion_cost"].tolist(),
            None if settings.conversion_expensed else [conversion(u) for u in up],
        ),
        "Material": (
            table["material"].tolist(),
            [f"{c['Quantity']}*{c['Material %']}*{c['Material cost']}" for c in cells],
        ),
        "Conversion": (
            table["conversion"].tolist(),
            [f"{c['Quantity']}*{c['Conversion %']}*{c['Conversion cost']}" for c in cells],
        ),
        "Amount": (table["amount"].tolist(), [f"{c['Material']}+{c['Conversion']}" for c in cells]),
        "Credited": ([settings.bought_role] * len(items), None),
        "Recorded": ([recorded] * len(items), None),
        "WIP row": (table["row"].tolist(), None),
    }
