"""Sheet Relief: components relieved by counts; proofs of quantity and amount over the Trace."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import Relieved, trace_sum
from xlbackflush.sheets.proofs import difference

TABLE = schema.RELIEF


def body(run: RunView) -> Body:
    """One row per component."""
    relief, digits = run.period.relief, run.period.places
    items, rows = relief.item.tolist(), run.cells(TABLE.name, len(relief))
    codes, amount = [run.codes[i] for i in items], run.money(relief.amount)
    component = [
        Relieved(code, row["Item"], row["Relieved from"], f"<>{schema.SCRAP_EVENT}", below=True)
        for code, row in zip(codes, rows, strict=True)
    ]
    return shown(TABLE, relief) | {
        "Item": (codes, None),
        "Description": (run.items.description[items].tolist(), None),
        "UoM": (run.items.uom[items].tolist(), None),
        "Amount": (amount, None),
        "Proof": (amount, [f"ROUND({trace_sum('Amount', c)},{digits})" for c in component]),
        "Difference": difference("{Amount}-{Proof}", rows, digits),
        "Quantity proof": (relief.quantity.tolist(), [trace_sum("Required qty", c) for c in component]),
        "Quantity difference": difference("{Quantity}-{Quantity proof}", rows, 6),
    }
