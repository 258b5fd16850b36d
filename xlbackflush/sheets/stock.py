"""Bodies of the sheets of stock: Reconciliation, Tie-out, Count Method, Period-end WIP."""

from __future__ import annotations

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.measures.tie_out import TRUE_UP
from xlbackflush.engine.stock.counted import Counted, charges_everything, of_role, on_the_books, posted_role, types_of
from xlbackflush.engine.stock.in_process import completion_flushes, records
from xlbackflush.engine.stock.stock_book import count_posts
from xlbackflush.model.tables import Settings
from xlbackflush.sheets.body import Body, Writing
from xlbackflush.sheets.formulas import carried_over, invoiced, literal, stock_sum, trace_sum

#: Reconciliation column -> column of the stock book
_BOOK_COLUMNS = {
    "Opening": "opening",
    "Received": "received",
    "Relieved": "relieved",
    "Scrapped": "scrapped",
    "Book": "book",
    "Counted": "counted",
    "Difference qty": "difference",
    "Difference amount": "difference_amount",
    "Standard cost": "cost",
    "Account role": "role",
    "Opening amount": "opening_amount",
    "Book amount": "book_amount",
    "Invoiced": "invoiced",
    "Ending": "ending",
    "Ending amount": "ending_amount",
    "Ending material": "ending_material",
    "Received amount": "received_amount",
    "Counted amount": "counted_amount",
    "Opening conversion": "opening_conversion",
    "Counted conversion": "counted_conversion",
    "Not followed": "unfollowed",
    "Posted": "posted",
}


def reconciliation(w: Writing) -> Body:
    """Stock book per item, live over Stock, Purchases, Counts and Trace."""
    book, first = w.posted.book, w.sheets.places["Reconciliation"].first_row
    codes = [w.codes[i] for i in book["item"]]
    body: Body = {"Item": (codes, None)}
    for name, formulas in (_stock_moves(w, codes, first) | _stock_amounts(w, codes)).items():
        values = book[_BOOK_COLUMNS[name]].tolist()
        body[name] = (["" if v != v else v for v in values], formulas)
    kinds = [w.sheets.ref("Rollup", "Type", w.rollup_top + u) for u in book["end_row"]]
    body["Type"] = (w.items["type"].iloc[book["item"]].tolist(), kinds)
    return body


def _stock_moves(w: Writing, codes: list[str], first: int) -> dict[str, list[str]]:
    """Quantities: what came in from the input sheets, what went out from the Trace."""
    at = w.letters("Reconciliation")
    cells = [(code, f"{at['Item']}{r}") for r, code in enumerate(codes, first)]
    role = [w.sheets.ref("Rollup", "Relieved from", w.rollup_top + u) for u in w.posted.book["end_row"]]
    scrap, completed = schema.SCRAP_EVENT, (("Event", schema.COMPLETED),)

    def out(event: str) -> list[str]:
        return [trace_sum("Required qty", *c, r, event) for c, r in zip(cells, role, strict=True)]

    return {
        "Opening": [
            stock_sum("Stock", "Opening qty", *c) if w.sheets.has("Stock", "Opening qty") else "0" for c in cells
        ],
        "Received": [
            f"{stock_sum('Purchases', 'Quantity', *c)}+{stock_sum('Counts', 'Quantity', *c, completed)}" for c in cells
        ],
        "Relieved": out(f"<>{scrap}"),
        "Scrapped": out(scrap),
        "Counted": [
            f'IF(SUMPRODUCT((Stock[Item]&""={cell})*(Stock[Counted qty]<>""))=0,"",'
            f"{stock_sum('Stock', 'Counted qty', code, cell)})"
            if w.sheets.has("Stock", "Counted qty")
            else '""'
            for code, cell in cells
        ],
    }


def _stock_amounts(w: Writing, codes: list[str]) -> dict[str, list[str]]:
    """What follows from the quantities, at the standard cost of the Roll-up."""
    book, cells = w.posted.book, w.cells("Reconciliation", len(codes))
    start = [w.sheets.ref("Rollup", "Relief cost", w.rollup_top + u) for u in book["start_row"]]
    end = [w.sheets.ref("Rollup", "Relief cost", w.rollup_top + u) for u in book["end_row"]]
    role = [w.sheets.ref("Rollup", "Relieved from", w.rollup_top + u) for u in book["end_row"]]
    return (
        {
            "Book": [f"ROUND({c['Opening']}+{c['Received']}-{c['Relieved']}-{c['Scrapped']},9)" for c in cells],
            "Difference qty": [f'IF({c["Counted"]}="","",{c["Counted"]}-{c["Book"]})' for c in cells],
            "Difference amount": [
                f'IF({c["Difference qty"]}="",0,{c["Difference qty"]}*{c["Standard cost"]})' for c in cells
            ],
            "Standard cost": end,
            "Account role": [f'IF({r}="{schema.ACCOUNTS_PAYABLE}","",{r})' for r in role],
            "Opening amount": [f"{c['Opening']}*{u}" for c, u in zip(cells, start, strict=True)],
            "Book amount": [f"{c['Book']}*{c['Standard cost']}" for c in cells],
            "Invoiced": [invoiced(c["Item"]) for c in cells],
            "Received amount": _received(w, codes, cells),
        }
        | _ending(w, cells)
        | _conversion_and_changes(w, codes, cells)
    )


def _received(w: Writing, codes: list[str], cells: list[dict[str, str]]) -> list[str]:
    """Purchases at standard: as the Trace has them, or, where purchase is no trigger, quantity x standard cost."""
    if w.inputs.settings.purchase_triggers:
        payable = literal(schema.ACCOUNTS_PAYABLE)
        return [
            trace_sum("Amount", code, c["Item"], payable, schema.PURCHASE) for code, c in zip(codes, cells, strict=True)
        ]
    return [
        f"{stock_sum('Purchases', 'Quantity', code, c['Item'])}*{c['Standard cost']}"
        for code, c in zip(codes, cells, strict=True)
    ]


def _ending(w: Writing, cells: list[dict[str, str]]) -> dict[str, list[str]]:
    """Stock at period end as the ledger has it: counted where the count adjustment was posted."""
    book = w.posted.book
    posts = count_posts(w.inputs.settings)
    material = [w.sheets.ref("Rollup", "Material", w.rollup_top + u) for u in book["end_row"]]
    return {
        "Posted": [f'IF({c["Account role"]}="",0,{c["Difference amount"]})' if posts else "0" for c in cells],
        "Ending": [
            f'IF(OR({c["Counted"]}="",{c["Account role"]}=""),{c["Book"]},{c["Counted"]})' if posts else c["Book"]
            for c in cells
        ],
        "Ending amount": [f"{c['Ending']}*{c['Standard cost']}" for c in cells],
        "Ending material": [f"{c['Ending']}*{m}" for c, m in zip(cells, material, strict=True)],
    }


def _conversion_and_changes(w: Writing, codes: list[str], cells: list[dict[str, str]]) -> dict[str, list[str]]:
    """Conversion in opening and counted stock, and what the account holds beyond its ending stock."""
    book, rolled, settings = w.posted.book, w.posted.rollup.rows, w.inputs.settings
    several = (np.bincount(rolled["item"], minlength=len(w.items)) > 1)[book["item"]] & (not settings.by_count)

    def conversion(row: int) -> str:
        unit, material = (w.sheets.ref("Rollup", c, w.rollup_top + row) for c in ("Unit cost", "Material"))
        return f"({unit}-{material})"

    def moved(code: str, c: dict[str, str]) -> str:
        cost = "Material" if settings.conversion_expensed else "Unit cost"
        made = f"SUMPRODUCT((Movements[Item]={c['Item']})*Movements[Completed]*Movements[{cost}])"
        taken = trace_sum("Amount", code, c["Item"], c["Account role"], f"<>{schema.PURCHASE}")
        received = f"+{c['Received amount']}" if settings.purchase_triggers else ""
        return f"{c['Opening amount']}{received}+{made}-{taken}+{c['Posted']}-{c['Ending amount']}"

    def left(code: str, c: dict[str, str], costs: bool) -> str:
        if costs:
            return moved(code, c)
        return "" if settings.purchase_triggers else f"-{c['Received amount']}"

    return {
        "Counted amount": [f'IF({c["Counted"]}="",0,{c["Counted"]}*{c["Standard cost"]})' for c in cells],
        "Opening conversion": [
            f"{c['Opening']}*{conversion(u)}" for c, u in zip(cells, book["start_row"], strict=True)
        ],
        "Counted conversion": [
            f'IF({c["Counted"]}="",{c["Book"]},{c["Counted"]})*{conversion(u)}'
            for c, u in zip(cells, book["end_row"], strict=True)
        ],
        "Not followed": [
            left(code, c, costs) if role else ""
            for code, c, costs, role in zip(codes, cells, several, book["role"], strict=True)
        ],
    }


def tie_out(w: Writing) -> Body:
    """Ledger balance of every inventory account against stock at standard."""
    ties, settings = w.posted.ties, w.inputs.settings
    cells = w.cells("TieOut", len(ties))
    half = f"0.5/10^{w.posted.places}"
    events = [f'SUMIFS(Journal[Proof],Journal[Role],{{}},Journal[Event],"{event}")' for event in TRUE_UP]
    closing = "SUMIFS(Ledger[Closing],Ledger[Role],{})"
    lines = f'COUNTIFS(Journal[Role],{{}},Journal[Event],"<>{schema.REVERSAL}")'
    completed = f'COUNTIFS(Journal[Event],"{schema.COMPLETION}")'
    return {
        "Role": ([t.role for t in ties], None),
        "At standard": (
            [t.at_standard for t in ties],
            [_at_standard(w, settings, t.role, c["Role"]) for t, c in zip(ties, cells, strict=True)],
        ),
        "Close and true-up": (
            [t.true_up for t in ties],
            ["+".join(events).format(c["Role"], c["Role"]) for c in cells],
        ),
        "Not followed": (
            [t.unfollowed for t in ties],
            [_not_followed(w, t.role, c["Role"]) for t, c in zip(ties, cells, strict=True)],
        ),
        "Expected": (
            [t.expected for t in ties],
            [f"{c['At standard']}+{c['Close and true-up']}+{c['Not followed']}" for c in cells],
        ),
        "Ledger closing": ([t.closing for t in ties], [closing.format(c["Role"]) for c in cells]),
        "Left by rounding": (
            [t.left if t.compared else None for t in ties],
            [
                f"ROUND({c['Ledger closing']}-{c['Expected']},6)" if t.compared else ""
                for t, c in zip(ties, cells, strict=True)
            ],
        ),
        "Rounding allowed": (
            [t.allowed for t in ties],
            [f"(1+{lines.format(c['Role'])}+{completed})*{half}" for c in cells],
        ),
        "Result": (
            ["Not counted" if not t.compared else "OK" if t.holds else "Fail" for t in ties],
            [
                f'IF(ABS({c["Left by rounding"]})<={c["Rounding allowed"]},"OK","Fail")' if t.compared else ""
                for t, c in zip(ties, cells, strict=True)
            ],
        ),
        "Explanation": ([t.explanation for t in ties], None),
    }


def _not_followed(w: Writing, role: str, cell: str) -> str:
    """What stock does not follow, and what the balance carried over differs from opening stock."""
    stock = f"SUMIFS(Reconciliation[Not followed],Reconciliation[Account role],{cell})"
    if role not in w.opened:
        return stock
    return f"{stock}+{opening_beyond(w, role, cell)}"


def opening_beyond(w: Writing, role: str, cell: str) -> str:
    """What a balance carried over differs from opening stock at standard; see `physical.opening_beyond`."""
    opening = f"SUMIFS(Reconciliation[Opening amount],Reconciliation[Account role],{cell})"
    if of_role(w.posted.method, role):
        opening = f"SUMIFS(CountMethod[Ledger opening],CountMethod[Role],{cell})"
    digits = w.posted.places
    return f"ROUND({carried_over(cell)},{digits})-ROUND({opening},{digits})"


def _at_standard(w: Writing, settings: Settings, role: str, cell: str) -> str:
    """Stock at standard, or as counted; conversion in the opening balance where it is adjusted by the close."""
    counted = of_role(w.posted.method, role)

    def of_method(column: str) -> str:
        return f"SUMIFS(CountMethod[{column}],CountMethod[Role],{cell})"

    if counted and settings.by_count:
        if charges_everything(settings):
            return of_method("Ledger opening")
        return of_method("Counted") + (f"+{of_method('Opening conversion')}" if settings.conversion_expensed else "")
    stock = f"SUMIFS(Reconciliation[Ending amount],Reconciliation[Account role],{cell})"
    return f"{stock}+{of_method('Opening conversion')}" if counted else stock


def count_method(w: Writing) -> Body:
    """Counted accounts: relieved by difference, conversion put back."""
    method = w.posted.method
    cells = w.cells("CountMethod", len(method))
    columns = (
        "opening", "received", "scrapped", "counted", "relieved", "opening_conversion", "counted_conversion", "adjustment",
        "ledger_opening",
    )  # fmt: skip
    formulas = [_counted(w, c, cells[k], cells[:k]) for k, c in enumerate(method)]
    body: Body = {"Role": ([c.role for c in method], None)}
    for column in columns:
        name = column.replace("_", " ").capitalize()
        body[name] = ([getattr(c, column) for c in method], [f[name] for f in formulas])
    body["Basis"] = (["Inventory Count" if c.in_money else "Stock" for c in method], None)
    return body


def _counted(w: Writing, row: Counted, c: dict[str, str], above: list[dict[str, str]]) -> dict[str, str]:
    """Formulas of one counted account; see `physical`."""
    settings = w.inputs.settings
    first, last = _count_cell(w, row, "Opening conversion"), _count_cell(w, row, "Counted conversion")
    less = settings.conversion_expensed and row.in_money
    kept = on_the_books(settings, row.role)
    change = [f"{c['Counted conversion']}-{c['Opening conversion']}"] if settings.conversion_expensed else []
    if charges_everything(settings):
        relieved = f"{c['Received']}-{c['Scrapped']}"
        change.append(f"{c['Counted']}-{c['Opening']}")
    else:
        relieved = f"{c['Opening']}+{c['Received']}-{c['Scrapped']}-{c['Counted']}"
    whole = f"{c['Opening']}+{c['Opening conversion']}" if settings.conversion_expensed else c["Opening"]
    stock = _of_types(row, "Opening amount")
    by_count = settings.by_count
    return {
        "Opening": (_count_cell(w, row, "Opening amount") + (f"-{first}" if less else "")) if by_count else stock,
        "Received": _received_by(w, row, above) if by_count else "",
        "Scrapped": _scrapped_by(w, row) if by_count else "",
        "Counted": (_count_cell(w, row, "Counted amount") + (f"-{last}" if less else "")) if by_count else "",
        "Relieved": relieved if by_count else "",
        "Opening conversion": first,
        "Counted conversion": last,
        "Adjustment": "+".join(change) if kept else "",
        "Ledger opening": whole if kept else "",
    }


def _count_cell(w: Writing, row: Counted, column: str) -> str:
    """A column of Inventory Count, or the same of Reconciliation where the count stands on Stock."""
    if not row.in_money:
        return _of_types(row, column)
    if not w.sheets.has("InventoryCount", column):
        return "0"
    names = (schema.FINISHED_GOODS,) if row.role == schema.FINISHED_GOODS else (schema.MIP, schema.INVENTORY_CONTROL)
    parts = [f"SUMIFS(InventoryCount[{column}],InventoryCount[Role],{literal(name)})" for name in names]
    return parts[0] if len(parts) == 1 else f"({'+'.join(parts)})"


def _of_types(row: Counted, column: str) -> str:
    parts = [f"SUMIFS(Reconciliation[{column}],Reconciliation[Type],{literal(kind)})" for kind in types_of(row.role)]
    return parts[0] if len(parts) == 1 else f"({'+'.join(parts)})"


def _received_by(w: Writing, row: Counted, above: list[dict[str, str]]) -> str:
    """Purchases, conversion flushed in, and into finished goods the material that went out above."""
    settings = w.inputs.settings
    parts = [_of_types(row, "Invoiced" if charges_everything(settings) else "Received amount")]
    role = literal(posted_role(settings, row.role))
    parts.append(f'SUMIFS(Trace[Conversion],Trace[Event],"{schema.COMPLETION}",Trace[Charged to],{role})')
    if row.role == schema.FINISHED_GOODS and settings.completion_triggers:
        parts += [c["Relieved"] for c in above]
    return "+".join(parts)


def _scrapped_by(w: Writing, row: Counted) -> str:
    role = literal(posted_role(w.inputs.settings, row.role))
    return f'SUMIFS(Trace[Amount],Trace[Event],"{schema.SCRAP_EVENT}",Trace[Relieved from],{role})'


def period_end_wip(w: Writing) -> Body:
    """Units in process, at the cost that their completion would flush."""
    table, settings = w.posted.wip, w.inputs.settings
    cells, items = w.cells("PeriodEndWip", len(table)), table["item"].tolist()
    wip = [{n: w.sheets.ref("WIP", n, r) for n in schema.WIP.names} for r in table["row"].tolist()]
    up = [{n: f"{head}{w.rollup_top + u}" for n, head in w.sheets.heads("Rollup").items()} for u in table["end_row"]]

    def conversion(u: dict[str, str]) -> str:
        return u["Conversion at completion"] if completion_flushes(settings) else f"{u['Unit cost']}-{u['Material']}"

    recorded = schema.RECORD if records(w.inputs) else schema.SHOW_ONLY
    return {
        "Item": ([w.codes[i] for i in items], [f'{c["Item"]}&""' for c in wip]),
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
