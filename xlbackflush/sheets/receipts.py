"""Sheet Receipts: each row of Purchases in the unit of its item, with its price variance."""

from xlbackflush import schema
from xlbackflush.engine.measures.receipts import vendor
from xlbackflush.sheets.body import Body, Row, RunView, filled, shown
from xlbackflush.sheets.per_unit import per, unit_factor

#: formulas over the row of Purchases, and the Roll-up row with the standard cost of the day
_LIVE = {
    "Date": "INT({bought[Date]})",
    "Document": '{bought[Document]}&""',
    "Vendor": "{vendor}",
    "Item": '{bought[Item]}&""',
    "Quantity": "{bought[Quantity]}",
    "UoM": "{uom}",
    "Unit factor": "{factor}",
    "Received": "{Quantity}{times}",
    "Standard cost": "IF({cost[Item]}={Item},{standard},0)",
    "Invoiced": "{Quantity}*{bought[Actual price]}{per}",
    "At standard": "{Received}*{Standard cost}",
    "Price variance": "{Invoiced}-{At standard}",
    "Other cost": "{bought[Other cost]}",
    "Payable": "{Invoiced}+{Other cost}",
}


def body(run: RunView) -> Body:
    """One row per receipt, in the order of Purchases."""
    table, typed = run.period.receipts, run.inputs.as_typed.purchases
    at = table.at.tolist()
    factors, factor_rows = run.unit_factors("Purchases", at)
    tests = list(zip(map(bool, factor_rows), run.items.stocked[table.item].tolist(), strict=True))
    numbers = {"bought": typed.row[table.at], "cost": table.rollup_row + run.rollup_top}
    slots = {name: column.tolist() for name, column in numbers.items()} | {"factor": factor_rows}
    shapes, first = run.shapes("Receipts", tests, **slots)
    live = shapes.columns(filled(_LIVE, [_row(run, *tests[k]) for k in first]))
    as_typed = {
        column.name: (typed.column(column.name)[table.at].tolist(), live[column.name])
        for column in schema.PURCHASES.columns
        if column.name in ("Date", "Document", "Item", "Quantity", "UoM")
    }
    as_typed["Vendor"] = (list(map(vendor, typed.vendor[table.at].tolist())), live["Vendor"])
    return shown(schema.RECEIPTS, table, live) | as_typed | {"Unit factor": (factors, live["Unit factor"])}


def _row(run: RunView, converted: bool, stocked: bool) -> Row:
    """Any row whose unit is converted, or not, and whose item is stocked as such, or not."""
    row, bought = run.any_row("Receipts"), run.any_elsewhere("Purchases", "bought")
    row["bought"], row["cost"] = bought, run.any_elsewhere("Rollup", "cost")
    row["standard"] = row["cost"]["Relief cost" if stocked else "Material"]
    row["vendor"] = f"TRIM({bought['Vendor']})" if run.sheets.has("Purchases", "Vendor") else ""
    row["uom"] = f'{bought["UoM"]}&""' if run.sheets.has("Purchases", "UoM") else ""
    row["factor"] = unit_factor(run, bought["UoM"]) if converted else ""
    row["times"] = f"*{row['Unit factor']}" if converted else ""
    row["per"] = per("Price per", bought, run.sheets.has("Purchases", "Price per"))
    return row
