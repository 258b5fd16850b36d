"""Sheet Reconciliation: the stock book of every item, live over Stock, Purchases, Counts and Trace."""

import numpy as np

from xlbackflush import schema
from xlbackflush.sheets.body import Body, Row, RunView, filled, shown
from xlbackflush.sheets.formulas import equal, invoiced, item_sum, literal

#: formulas over the row's own cells, and over the item's Roll-up rows at the start and at the end of the period
_LIVE = {
    "Type": "{end[Type]}",
    "Book": "ROUND({Opening}+{Received}-{Relieved}-{Scrapped},9)",
    "Difference qty": 'IF({Counted}="","",{Counted}-{Book})',
    "Difference amount": 'IF({Difference qty}="",0,{Difference qty}*{Standard cost})',
    "Standard cost": "{end[Relief cost]}",
    "Account role": 'IF({end[Relieved from]}="{schema.ACCOUNTS_PAYABLE}","",{end[Relieved from]})',
    "Opening amount": "{Opening}*{start[Relief cost]}",
    "Book amount": "{Book}*{Standard cost}",
    "Ending amount": "{Ending}*{Standard cost}",
    "Ending material": "{Ending}*{end[Material]}",
    "Counted amount": 'IF({Counted}="",0,{Counted}*{Standard cost})',
    "Opening conversion": "{Opening}*({start[Unit cost]}-{start[Material]})",
    "Counted conversion": 'IF({Counted}="",{Book},{Counted})*({end[Unit cost]}-{end[Material]})',
}
#: where the count adjustment is posted, and where it is not
_POSTED = {
    True: {
        "Posted": 'IF({Account role}="",0,{Difference amount})',
        "Ending": 'IF(OR({Counted}="",{Account role}=""),{Book},{Counted})',
    },
    False: {"Posted": "0", "Ending": "{Book}"},
}


def body(run: RunView) -> Body:
    """One row per stocked item."""
    book = run.period.stock
    codes = [run.codes[i] for i in book.item]
    start, end = run.unit_costs(book.start_row.tolist()), run.unit_costs(book.end_row.tolist())
    rows = run.cells("Reconciliation", len(codes), code=codes, start=start, end=end)
    live = filled(_LIVE | _POSTED[not run.inputs.settings.by_count], rows) | _moves(run, rows)
    live["Not followed"] = _unrevalued(run, rows)
    columns = {
        name: (["" if v != v else v for v in values], formulas)
        for name, (values, formulas) in shown(schema.RECONCILIATION, book, live).items()
    }
    return columns | {"Item": (codes, None), "Type": (run.items.type[book.item].tolist(), live["Type"])}


def _moves(run: RunView, rows: list[Row]) -> dict[str, list[str]]:
    """What came in, from the input sheets, and what went out, from the Trace."""
    has = run.sheets.has

    def typed(table: str, column: str, *wanted: tuple[str, str]) -> list[str]:
        return [item_sum(table, column, row["code"], row["Item"], equal(wanted)) for row in rows]

    def out(sign: str) -> list[str]:
        return [_taken("Required qty", row, row["end"]["Relieved from"], sign, schema.SCRAP_EVENT) for row in rows]

    bought, counted = typed("Purchases", "Quantity"), ['""'] * len(rows)
    completed = typed("Counts", "Quantity", ("Event", schema.COMPLETED))
    if has("Stock", "Counted qty"):
        counted = [
            f'IF(SUMPRODUCT((Stock[Item]&""={row["Item"]})*(Stock[Counted qty]<>""))=0,"",{units})'
            for row, units in zip(rows, typed("Stock", "Counted qty"), strict=True)
        ]
    return {
        "Opening": typed("Stock", "Opening qty") if has("Stock", "Opening qty") else ["0"] * len(rows),
        "Received": [f"{b}+{c}" for b, c in zip(bought, completed, strict=True)],
        "Relieved": out("<>"),
        "Scrapped": out("="),
        "Counted": counted,
        "Invoiced": [invoiced(row["Item"]) for row in rows],
        "Received amount": _received_amount(run, rows, bought),
    }


def _taken(column: str, row: Row, role: str, sign: str, event: str) -> str:
    """Sum of the rows of the Trace that take the item out of an account, of an event (=) or of all others (<>)."""
    tests = [("Relieved from", "=", role), ("Event", sign, literal(event))]
    return item_sum("Trace", column, row["code"], row["Item"], tests)


def _received_amount(run: RunView, rows: list[Row], bought: list[str]) -> list[str]:
    """Purchases at standard: as the Trace has them, or, where purchase is no trigger, quantity x standard cost."""
    if run.inputs.settings.purchase_triggers:
        return [_taken("Amount", row, literal(schema.ACCOUNTS_PAYABLE), "=", schema.PURCHASE) for row in rows]
    return [f"{quantity}*{row['Standard cost']}" for quantity, row in zip(bought, rows, strict=True)]


def _unrevalued(run: RunView, rows: list[Row]) -> list[str]:
    """What the account holds beyond its ending stock."""
    book, costs, settings = run.period.stock, run.period.unit_costs.rows, run.inputs.settings
    changed = (np.bincount(costs.item, minlength=len(run.items)) > 1)[book.item] & (not settings.by_count)
    cost = "Material" if settings.conversion_expensed else "Unit cost"

    def unexplained(row: Row) -> str:
        made = f"SUMPRODUCT((Movements[Item]={row['Item']})*Movements[Completed]*Movements[{cost}])"
        taken = _taken("Amount", row, row["Account role"], "<>", schema.PURCHASE)
        received = f"+{row['Received amount']}" if settings.purchase_triggers else ""
        return f"{row['Opening amount']}{received}+{made}-{taken}+{row['Posted']}-{row['Ending amount']}"

    def unrevalued(row: Row, cost_changed: bool) -> str:
        if cost_changed:
            return unexplained(row)
        return "" if settings.purchase_triggers else f"-{row['Received amount']}"

    return [unrevalued(row, c) if role else "" for row, c, role in zip(rows, changed, book.role, strict=True)]
