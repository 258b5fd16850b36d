"""Sheet Reconciliation: the stock book of every item, live over Stock, Purchases, Counts and Trace."""

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import GROWTH
from xlbackflush.sheets.body import Body, Row, RunView, filled, shown
from xlbackflush.sheets.conversion_allowed import parts_apart
from xlbackflush.sheets.formulas import equal, grown, invoiced, item_sum, literal, plain, received, times_counted

QUOTES = '""'  # a blank cell, in a test
#: formulas over the row's own cells, and over the item's Roll-up rows at the start and at the end of the period
_LIVE = {
    "Type": "{end[Type]}",
    "Book": "ROUND({Opening}+{Received}-{Relieved}-{Scrapped},9)",
    "Difference qty": 'IF({Counted}="","",{Counted}+{In process}-{Book})',
    "Difference amount": 'IF({Difference qty}="",0,{Difference qty}*{Standard cost})',
    "Standard cost": "{carried}",
    "Account role": 'IF({account}="{schema.ACCOUNTS_PAYABLE}","",{account})',
    "Opening amount": "{Opening}*{carried_before}",
    "Book amount": "{Book}*{Standard cost}",
    "Ending amount": "{Ending}*{Standard cost}",
    "Ending material": "{Ending}*{end[Material]}",
    "Counted amount": 'IF({Counted}="",0,({Counted}+{In process})*{Standard cost})',
    "Opening conversion": "{Opening}*({start[Unit cost]}-{start[Material]})",
}
_COUNTED_CONVERSION = 'IF({Counted}="",%s,{Counted}+{In process})*({end[Unit cost]}-{end[Material]})'
#: where the count adjustment is posted, and where the count relieves
_POSTED = {
    True: {
        "Posted": 'IF({Account role}="",0,{Difference amount})',
        "Ending": 'IF(OR({Counted}="",{Account role}=""),{Book},{Counted}+{In process})',
        "Counted conversion": _COUNTED_CONVERSION % "{Book}",
    },
    False: {"Posted": "0", "Ending": "{Book}", "Counted conversion": _COUNTED_CONVERSION % "0"},
}


def body(run: RunView) -> Body:
    """One row per stocked item."""
    book = run.period.stock
    codes = [run.codes[i] for i in book.item]
    costs, settings = run.period.unit_costs.rows, run.inputs.settings
    changed = (np.bincount(costs.item, minlength=len(run.items)) > 1)[book.item] & (not settings.by_count)
    growing = np.isin(book.item, list(run.period.transactions[GROWTH][0]))
    tests = (map(plain, codes), run.items.stocked[book.item], growing, changed, book.role != "")
    start, end = ((numbers + run.rollup_top).tolist() for numbers in (book.start_row, book.end_row))
    shapes, first = run.shapes("Reconciliation", zip(*tests, strict=True), start=start, end=end)
    rows = [_row(run, k, bool(growing[k])) for k in first]
    by_class = {"Class": "{end[Class]}"} if len(run.bill.classes) > 1 else {}
    patterns = filled(_LIVE | _POSTED[not settings.by_count] | by_class, rows) | _moves(run, rows)
    patterns["Not followed"] = [
        _unrevalued(run, row, bool(changed[k]), book.role[k]) for k, row in zip(first, rows, strict=True)
    ]
    live = shapes.columns(patterns)
    columns = {
        name: (["" if v != v else v for v in values], formulas)
        for name, (values, formulas) in shown(schema.RECONCILIATION, book, live).items()
    }
    classes = run.bill.typed_classes
    return columns | {
        "Item": (codes, None),
        "Type": (run.items.type[book.item].tolist(), live["Type"]),
        "Class": ([classes[i] for i in book.item.tolist()], live.get("Class")),
    }


def _row(run: RunView, k: int, growing: bool) -> Row:
    """Any row of the shape of row k; growing: what was made follows from the stock counts.

    The account of an item and what a unit stands at in it: a made item that no entry relieves, at its material.
    """
    row, item = run.any_row("Reconciliation"), run.period.stock.item[k]
    row["start"], row["end"] = run.any_elsewhere("Rollup", "start"), run.any_elsewhere("Rollup", "end")
    row["code"], row["growing"], stocked = run.codes[item], growing, run.items.stocked[item]
    column, account = "Relief cost" if stocked else "Material", row["end"]["Relieved from"]
    row["carried"], row["carried_before"] = row["end"][column], row["start"][column]
    row["account"] = account if stocked else f'IF({account}="",{literal(run.inputs.settings.bought_role)},{account})'
    return row


def _moves(run: RunView, rows: list[Row]) -> dict[str, list[str]]:
    """What came in, from the input sheets, and what went out, from the Trace."""
    has, inside = run.sheets.has, parts_apart(run)

    def typed(table: str, column: str, *wanted: tuple[str, str]) -> list[str]:
        return [item_sum(table, column, row["code"], row["Item"], equal(wanted)) for row in rows]

    bought, counted = typed(*received(run.has_receipts)), ['""'] * len(rows)
    completed = typed("Counts", "Quantity", ("Event", schema.COMPLETED))
    for k, row in enumerate(rows):
        if row["growing"]:
            completed[k] = grown(run.sheets, row["code"], row["Item"])
    if has("Stock", "Counted qty"):
        counted = [
            f'IF({times_counted(row["Item"])}=0,"",{units})'
            for row, units in zip(rows, typed("Stock", "Counted qty"), strict=True)
        ]
    return {
        "Opening": typed("Stock", "Opening qty") if has("Stock", "Opening qty") else ["0"] * len(rows),
        "Received": [f"{b}+{c}" for b, c in zip(bought, completed, strict=True)],
        "Relieved": [used(run, "Required qty", row) for row in rows],
        "Scrapped": [scrapped(run, "Required qty", row) for row in rows],
        "Counted": counted,
        "In process": [_off_the_shelf("Required qty", row, schema.UNITS_IN_PROCESS) if inside else "" for row in rows],
        "Invoiced": [invoiced(run.sheets, row["Item"], run.has_receipts) for row in rows],
        "Other cost": typed("Receipts", "Other cost") if run.has_receipts else [""] * len(rows),
        "Received amount": _received_amount(run, rows, bought),
    }


def used(run: RunView, column: str, row: Row) -> str:
    """Sum of the rows of the Trace that take the item off the shelf by use or sale."""
    if run.period.demand.of_shelf:
        return f"{_off_the_shelf(column, row, schema.UNITS_MADE)}+{_off_the_shelf(column, row, schema.UNITS_SOLD)}"
    return _taken(column, row, row["end"]["Relieved from"], "<>", schema.SCRAP_EVENT)


def scrapped(run: RunView, column: str, row: Row) -> str:
    """The same, by scrap reports."""
    if run.period.demand.of_shelf:
        return _off_the_shelf(column, row, schema.UNITS_THROWN_OUT)
    return _taken(column, row, row["end"]["Relieved from"], "=", schema.SCRAP_EVENT)


def _off_the_shelf(column: str, row: Row, event: str) -> str:
    """Sum of the rows of an event in which the item is relieved: all, less those in which it is exploded."""
    of_event = ("Event", "=", literal(event))
    every = item_sum("Trace", column, row["code"], row["Item"], [of_event])
    return f"{every}-{item_sum('Trace', column, row['code'], row['Item'], [of_event, ('Started', '<>', QUOTES)])}"


def _taken(column: str, row: Row, role: str, sign: str, event: str) -> str:
    """Sum of the rows of the Trace that take the item out of an account, of an event (=) or of all others (<>)."""
    tests = [("Relieved from", "=", role), ("Event", sign, literal(event))]
    return item_sum("Trace", column, row["code"], row["Item"], tests)


def _received_amount(run: RunView, rows: list[Row], bought: list[str]) -> list[str]:
    """Purchases at standard: as the Trace has them, or, where purchase is no trigger, quantity x standard cost."""
    if run.inputs.settings.purchase_triggers:
        return [_taken("Amount", row, literal(schema.ACCOUNTS_PAYABLE), "=", schema.PURCHASE) for row in rows]
    return [f"{quantity}*{row['Standard cost']}" for quantity, row in zip(bought, rows, strict=True)]


def _unrevalued(run: RunView, row: Row, cost_changed: bool, role: str) -> str:
    """What the account holds beyond its ending stock."""
    settings = run.inputs.settings
    if not role:
        return ""
    if not cost_changed:
        return "" if settings.purchase_triggers else f"-{row['Received amount']}"
    cost = "Unit cost" if settings.completion_triggers and not settings.conversion_expensed else "Material"
    made = f"SUMPRODUCT((Movements[Item]={row['Item']})*Movements[Completed]*Movements[{cost}])"
    if row["growing"]:
        made = f"{row['Received']}*{row['carried']}"
    taken = _taken("Amount", row, row["Account role"], "<>", schema.PURCHASE)
    if run.period.demand.of_shelf:
        taken = f"({used(run, 'Amount', row)}+{scrapped(run, 'Amount', row)})"
    received = f"+{row['Received amount']}" if settings.purchase_triggers else ""
    return f"{row['Opening amount']}{received}+{made}-{taken}+{row['Posted']}-{row['Ending amount']}"
