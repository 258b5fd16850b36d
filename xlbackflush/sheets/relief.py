"""Sheet Relief: components relieved by counts; proofs of quantity and amount over the Trace."""

from xlbackflush import schema
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import item_sum, literal, plain

_BY_COUNTS = [("Event", "<>", literal(schema.SCRAP_EVENT)), ("Level", ">", "0")]


def body(run: RunView) -> Body:
    """One row per component."""
    relief, digits = run.period.relief, run.period.places
    items = relief.item.tolist()
    codes, amount = [run.codes[i] for i in items], run.money(relief.amount)
    shapes, first = run.shapes("Relief", map(plain, codes))
    row = run.any_row("Relief")

    def over_trace(column: str) -> list[str]:
        """Sum over the rows below those counted, scrap left out."""
        tests = [("Relieved from", "=", row["Relieved from"]), *_BY_COUNTS]
        return [item_sum("Trace", column, codes[k], row["Item"], tests) for k in first]

    live = shapes.columns(
        {
            "Proof": [f"ROUND({sum_},{digits})" for sum_ in over_trace("Amount")],
            "Difference": [f"ROUND({row['Amount']}-{row['Proof']},{digits})"] * len(first),
            "Quantity proof": over_trace("Required qty"),
            "Quantity difference": [f"ROUND({row['Quantity']}-{row['Quantity proof']},6)"] * len(first),
        }
    )
    nothing = [0.0] * len(relief)
    return shown(schema.RELIEF, relief) | {
        "Item": (codes, None),
        "Description": (run.items.description[items].tolist(), None),
        "UoM": (run.items.uom[items].tolist(), None),
        "Amount": (amount, None),
        "Proof": (amount, live["Proof"]),
        "Difference": (nothing, live["Difference"]),
        "Quantity proof": (relief.quantity.tolist(), live["Quantity proof"]),
        "Quantity difference": (nothing, live["Quantity difference"]),
    }
