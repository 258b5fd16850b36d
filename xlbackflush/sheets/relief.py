"""Sheet Relief: components relieved by counts; proofs of quantity and amount over the Trace."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.sheets.body import Body, RunView, of_arrays
from xlbackflush.sheets.formulas import trace_sum
from xlbackflush.sheets.proofs import difference

TABLE = schema.RELIEF


def body(run: RunView) -> Body:
    """One row per component."""
    relief, digits = run.period.relief, run.period.places
    items, cells = relief.item.tolist(), run.cells(TABLE.name, len(relief))
    codes = [run.codes[i] for i in items]
    amount = run.money(relief.amount)

    def over_trace(column: str) -> list[str]:
        return [
            trace_sum(column, code, c["Item"], c["Relieved from"], f"<>{schema.SCRAP_EVENT}", True)
            for code, c in zip(codes, cells, strict=True)
        ]

    return of_arrays(TABLE, relief) | {
        "Item": (codes, None),
        "Description": (run.items.description[items].tolist(), None),
        "UoM": (run.items.uom[items].tolist(), None),
        "Amount": (amount, None),
        "Proof": (amount, [f"ROUND({f},{digits})" for f in over_trace("Amount")]),
        "Difference": difference((f"{c['Amount']}-{c['Proof']}" for c in cells), digits),
        "Quantity proof": (relief.quantity.tolist(), over_trace("Required qty")),
        "Quantity difference": difference((f"{c['Quantity']}-{c['Quantity proof']}" for c in cells), 6),
    }
