"""Sheet Count Method: counted accounts, relieved by difference, conversion put back."""

from xlbackflush import schema
from xlbackflush.engine.stock.counted import (
    CountedAccount,
    charges_everything,
    holds_conversion,
    on_the_books,
    posted_role,
    types_of,
)
from xlbackflush.sheets.body import Body, Row, RunView, shown
from xlbackflush.sheets.formulas import literal


def body(run: RunView) -> Body:
    """One row per counted account."""
    accounts = run.period.counted
    cells = run.cells("CountMethod", len(accounts))
    formulas = [_counted(run, c, cells[k], cells[:k]) for k, c in enumerate(accounts)]
    live = {c.name: [f[c.name] for f in formulas] for c in schema.COUNT_METHOD.columns if c.kind == "money"}
    return shown(schema.COUNT_METHOD, accounts, live) | {
        "Basis": (["Inventory Count" if c.in_money else "Stock" for c in accounts], None)
    }


def _counted(run: RunView, row: CountedAccount, c: Row, above: list[Row]) -> dict[str, str]:
    """Formulas of one counted account; see `engine/stock/counted`."""
    settings = run.inputs.settings
    first, last = _count_cell(run, row, "Opening conversion"), _count_cell(run, row, "Counted conversion")
    less = settings.conversion_expensed and row.in_money
    on_books = on_the_books(settings, row.role)
    change = [f"{c['Counted conversion']}-{c['Opening conversion']}"] if settings.conversion_expensed else []
    if charges_everything(settings):
        relieved = f"{c['Received']}-{c['Scrapped']}"
        change.append(f"{c['Counted']}-{c['Opening']}")
    else:
        relieved = f"{c['Opening']}+{c['Received']}-{c['Scrapped']}-{c['Counted']}"
    whole = f"{c['Opening']}+{c['Opening conversion']}" if settings.conversion_expensed else c["Opening"]
    stock = _of_types(run, row, "Opening amount")
    by_count = settings.by_count
    return {
        "Opening": (_count_cell(run, row, "Opening amount") + (f"-{first}" if less else "")) if by_count else stock,
        "Received": _received_by(run, row, above) if by_count else "",
        "Scrapped": _scrapped_by(run, row) if by_count else "",
        "Counted": (_count_cell(run, row, "Counted amount") + (f"-{last}" if less else "")) if by_count else "",
        "Relieved": relieved if by_count else "",
        "Opening conversion": first,
        "Counted conversion": last,
        "Adjustment": "+".join(change) if on_books else "",
        "Ledger opening": whole if on_books else "",
    }


def _count_cell(run: RunView, row: CountedAccount, column: str) -> str:
    """A column of Inventory Count, or the same of Reconciliation where the count stands on Stock."""
    if not row.in_money:
        if column in ("Opening conversion", "Counted conversion") and not holds_conversion(run.inputs.settings):
            return "0"
        return _of_types(run, row, column)
    if not run.sheets.has("InventoryCount", column):
        return "0"
    names = (schema.FINISHED_GOODS,) if row.role == schema.FINISHED_GOODS else (schema.MIP, schema.INVENTORY_CONTROL)
    parts = [f"SUMIFS(InventoryCount[{column}],InventoryCount[Role],{literal(name)})" for name in names]
    return parts[0] if len(parts) == 1 else f"({'+'.join(parts)})"


def _of_types(run: RunView, row: CountedAccount, column: str) -> str:
    parts = [
        f"SUMIFS(Reconciliation[{column}],Reconciliation[Type],{literal(kind)})"
        for kind in types_of(run.inputs.settings, row.role)
    ]
    return parts[0] if len(parts) == 1 else f"({'+'.join(parts)})"


def _received_by(run: RunView, row: CountedAccount, above: list[Row]) -> str:
    """Purchases, conversion flushed in, and into finished goods the material that went out above."""
    settings = run.inputs.settings
    parts = [_of_types(run, row, "Invoiced" if charges_everything(settings) else "Received amount")]
    role = literal(posted_role(settings, row.role))
    parts.append(f'SUMIFS(Trace[Conversion],Trace[Event],"{schema.COMPLETION}",Trace[Charged to],{role})')
    if row.role == schema.FINISHED_GOODS and settings.completion_triggers:
        parts += [c["Relieved"] for c in above]
    return "+".join(parts)


def _scrapped_by(run: RunView, row: CountedAccount) -> str:
    role = literal(posted_role(run.inputs.settings, row.role))
    return f'SUMIFS(Trace[Amount],Trace[Event],"{schema.SCRAP_EVENT}",Trace[Relieved from],{role})'
