"""Sheet Relief: components relieved by counts; proofs of quantity and amount over the Trace."""

from xlbackflush import schema
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import item_sum, literal
from xlbackflush.sheets.proofs import difference

_BY_COUNTS = [("Event", "<>", literal(schema.SCRAP_EVENT)), ("Level", ">", "0")]


def body(run: RunView) -> Body:
    """One row per component."""
    relief, digits = run.period.relief, run.period.places
    items, rows = relief.item.tolist(), run.cells("Relief", len(relief))
    codes, amount = [run.codes[i] for i in items], run.money(relief.amount)

    def over_trace(column: str) -> list[str]:
        """Sum over the rows below those counted, scrap left out."""
        return [
            item_sum("Trace", column, code, row["Item"], [("Relieved from", "=", row["Relieved from"]), *_BY_COUNTS])
            for code, row in zip(codes, rows, strict=True)
        ]

    return shown(schema.RELIEF, relief) | {
        "Item": (codes, None),
        "Description": (run.items.description[items].tolist(), None),
        "UoM": (run.items.uom[items].tolist(), None),
        "Amount": (amount, None),
        "Proof": (amount, [f"ROUND({amount},{digits})" for amount in over_trace("Amount")]),
        "Difference": difference("{Amount}-{Proof}", rows, digits),
        "Quantity proof": (relief.quantity.tolist(), over_trace("Required qty")),
        "Quantity difference": difference("{Quantity}-{Quantity proof}", rows, 6),
    }
