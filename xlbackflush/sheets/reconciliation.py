"""Sheet Reconciliation: the stock book of every item, live over Stock, Purchases, Counts and Trace."""

from __future__ import annotations

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.stock.stock_book import count_posts
from xlbackflush.sheets.body import Body, RunView, of_arrays
from xlbackflush.sheets.formulas import invoiced, literal, stock_sum, trace_sum

TABLE = schema.RECONCILIATION


def body(run: RunView) -> Body:
    """One row per stocked item."""
    book = run.period.stock
    codes = [run.codes[i] for i in book.item]
    live = _stock_moves(run, codes) | _stock_amounts(run, codes)
    columns = of_arrays(TABLE, book, live)
    uncounted = {name: (["" if v != v else v for v in values], live) for name, (values, live) in columns.items()}
    return uncounted | {
        "Item": (codes, None),
        "Type": (run.items.type[book.item].tolist(), [run.rollup_cell("Type", u) for u in book.end_row]),
    }


def _stock_moves(run: RunView, codes: list[str]) -> dict[str, list[str]]:
    """Quantities: what came in from the input sheets, what went out from the Trace."""
    cells = [(code, c["Item"]) for code, c in zip(codes, run.cells(TABLE.name, len(codes)), strict=True)]
    role = [run.rollup_cell("Relieved from", u) for u in run.period.stock.end_row]
    scrap, completed = schema.SCRAP_EVENT, (("Event", schema.COMPLETED),)

    def out(event: str) -> list[str]:
        return [trace_sum("Required qty", *c, r, event) for c, r in zip(cells, role, strict=True)]

    return {
        "Opening": [
            stock_sum("Stock", "Opening qty", *c) if run.sheets.has("Stock", "Opening qty") else "0" for c in cells
        ],
        "Received": [
            f"{stock_sum('Purchases', 'Quantity', *c)}+{stock_sum('Counts', 'Quantity', *c, completed)}" for c in cells
        ],
        "Relieved": out(f"<>{scrap}"),
        "Scrapped": out(scrap),
        "Counted": [
            f'IF(SUMPRODUCT((Stock[Item]&""={cell})*(Stock[Counted qty]<>""))=0,"",'
            f"{stock_sum('Stock', 'Counted qty', code, cell)})"
            if run.sheets.has("Stock", "Counted qty")
            else '""'
            for code, cell in cells
        ],
    }


def _stock_amounts(run: RunView, codes: list[str]) -> dict[str, list[str]]:
    """What follows from the quantities, at the standard cost of the Roll-up."""
    book, cells = run.period.stock, run.cells(TABLE.name, len(codes))
    start = [run.rollup_cell("Relief cost", u) for u in book.start_row]
    end = [run.rollup_cell("Relief cost", u) for u in book.end_row]
    role = [run.rollup_cell("Relieved from", u) for u in book.end_row]
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
            "Received amount": _received(run, codes, cells),
        }
        | _ending(run, cells)
        | _conversion_and_changes(run, codes, cells)
    )


def _received(run: RunView, codes: list[str], cells: list[dict[str, str]]) -> list[str]:
    """Purchases at standard: as the Trace has them, or, where purchase is no trigger, quantity x standard cost."""
    if run.inputs.settings.purchase_triggers:
        payable = literal(schema.ACCOUNTS_PAYABLE)
        return [
            trace_sum("Amount", code, c["Item"], payable, schema.PURCHASE) for code, c in zip(codes, cells, strict=True)
        ]
    return [
        f"{stock_sum('Purchases', 'Quantity', code, c['Item'])}*{c['Standard cost']}"
        for code, c in zip(codes, cells, strict=True)
    ]


def _ending(run: RunView, cells: list[dict[str, str]]) -> dict[str, list[str]]:
    """Stock at period end as the ledger has it: counted where the count adjustment was posted."""
    book = run.period.stock
    posts = count_posts(run.inputs.settings)
    material = [run.rollup_cell("Material", u) for u in book.end_row]
    return {
        "Posted": [f'IF({c["Account role"]}="",0,{c["Difference amount"]})' if posts else "0" for c in cells],
        "Ending": [
            f'IF(OR({c["Counted"]}="",{c["Account role"]}=""),{c["Book"]},{c["Counted"]})' if posts else c["Book"]
            for c in cells
        ],
        "Ending amount": [f"{c['Ending']}*{c['Standard cost']}" for c in cells],
        "Ending material": [f"{c['Ending']}*{m}" for c, m in zip(cells, material, strict=True)],
    }


def _conversion_and_changes(run: RunView, codes: list[str], cells: list[dict[str, str]]) -> dict[str, list[str]]:
    """Conversion in opening and counted stock, and what the account holds beyond its ending stock."""
    book, rolled, settings = run.period.stock, run.period.unit_costs.rows, run.inputs.settings
    several = (np.bincount(rolled.item, minlength=len(run.items)) > 1)[book.item] & (not settings.by_count)

    def conversion(row: int) -> str:
        unit, material = (run.rollup_cell(c, row) for c in ("Unit cost", "Material"))
        return f"({unit}-{material})"

    def unexplained(code: str, c: dict[str, str]) -> str:
        cost = "Material" if settings.conversion_expensed else "Unit cost"
        made = f"SUMPRODUCT((Movements[Item]={c['Item']})*Movements[Completed]*Movements[{cost}])"
        taken = trace_sum("Amount", code, c["Item"], c["Account role"], f"<>{schema.PURCHASE}")
        received = f"+{c['Received amount']}" if settings.purchase_triggers else ""
        return f"{c['Opening amount']}{received}+{made}-{taken}+{c['Posted']}-{c['Ending amount']}"

    def unrevalued(code: str, c: dict[str, str], costs: bool) -> str:
        if costs:
            return unexplained(code, c)
        return "" if settings.purchase_triggers else f"-{c['Received amount']}"

    return {
        "Counted amount": [f'IF({c["Counted"]}="",0,{c["Counted"]}*{c["Standard cost"]})' for c in cells],
        "Opening conversion": [f"{c['Opening']}*{conversion(u)}" for c, u in zip(cells, book.start_row, strict=True)],
        "Counted conversion": [
            f'IF({c["Counted"]}="",{c["Book"]},{c["Counted"]})*{conversion(u)}'
            for c, u in zip(cells, book.end_row, strict=True)
        ],
        "Not followed": [
            unrevalued(code, c, costs) if role else ""
            for code, c, costs, role in zip(codes, cells, several, book.role, strict=True)
        ],
    }
