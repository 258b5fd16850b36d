"""Bodies of the sheets of stock: Reconciliation, Tie-out, Count Method, Period-end WIP."""

from __future__ import annotations

from xlbackflush import layout
from xlbackflush.excel.formulas import invoiced, literal, stock_sum, trace_sum
from xlbackflush.excel.writing import Body, Writing

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
    "Posted": "posted",
}


def reconciliation(w: Writing) -> Body:
    """Stock book per item, live over Stock, Purchases, Counts and Trace."""
    book, first = w.posted.book, w.sheets.places["Reconciliation"].first_row
    codes = [w.codes[i] for i in book["item"]]
    body: Body = {"Item": (codes, None)}
    for name, formulas in (_stock_moves(w, codes, first) | _stock_amounts(w, codes, first)).items():
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
    scrap, completed = layout.SCRAP_EVENT, (("Event", layout.COMPLETED),)

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


def _stock_amounts(w: Writing, codes: list[str], first: int) -> dict[str, list[str]]:
    """What follows from the quantities, at the standard cost of the Roll-up."""
    at, book = w.letters("Reconciliation"), w.posted.book
    rows = range(first, first + len(codes))
    cells = [{name: f"{letter}{r}" for name, letter in at.items()} for r in rows]
    start = [w.sheets.ref("Rollup", "Relief cost", w.rollup_top + u) for u in book["start_row"]]
    end = [w.sheets.ref("Rollup", "Relief cost", w.rollup_top + u) for u in book["end_row"]]
    role = [w.sheets.ref("Rollup", "Relieved from", w.rollup_top + u) for u in book["end_row"]]
    return {
        "Book": [f"ROUND({c['Opening']}+{c['Received']}-{c['Relieved']}-{c['Scrapped']},9)" for c in cells],
        "Difference qty": [f'IF({c["Counted"]}="","",{c["Counted"]}-{c["Book"]})' for c in cells],
        "Difference amount": [
            f'IF({c["Difference qty"]}="",0,{c["Difference qty"]}*{c["Standard cost"]})' for c in cells
        ],
        "Standard cost": end,
        "Account role": [f'IF({r}="{layout.ACCOUNTS_PAYABLE}","",{r})' for r in role],
        "Opening amount": [f"{c['Opening']}*{u}" for c, u in zip(cells, start, strict=True)],
        "Book amount": [f"{c['Book']}*{c['Standard cost']}" for c in cells],
        "Invoiced": [invoiced(c["Item"]) for c in cells],
        "Received amount": _received(w, codes, cells),
    } | _ending(w, cells)


def _received(w: Writing, codes: list[str], cells: list[dict[str, str]]) -> list[str]:
    """Purchases at standard: as the Trace has them, or, where purchase is no trigger, quantity x standard cost."""
    if w.inputs.settings.purchase_triggers:
        payable = literal(layout.ACCOUNTS_PAYABLE)
        return [
            trace_sum("Amount", code, c["Item"], payable, layout.PURCHASE) for code, c in zip(codes, cells, strict=True)
        ]
    return [
        f"{stock_sum('Purchases', 'Quantity', code, c['Item'])}*{c['Standard cost']}"
        for code, c in zip(codes, cells, strict=True)
    ]


def _ending(w: Writing, cells: list[dict[str, str]]) -> dict[str, list[str]]:
    """Stock at period end as the ledger has it: counted where the count adjustment was posted."""
    settings, book = w.inputs.settings, w.posted.book
    posts = settings.purchase_triggers and not settings.by_count
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
