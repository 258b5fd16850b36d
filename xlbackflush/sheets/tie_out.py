"""Sheet Tie-out: the ledger balance of every inventory account against stock at standard."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.engine.measures.tie_out import TRUE_UP
from xlbackflush.engine.stock.counted import charges_everything, of_role
from xlbackflush.model.tables import Settings
from xlbackflush.sheets.body import Body, RunView, of_records
from xlbackflush.sheets.proofs import opening_excess

TABLE = schema.TIE_OUT


def body(run: RunView) -> Body:
    """One row per inventory account."""
    ties, settings = run.period.ties, run.inputs.settings
    cells = run.cells(TABLE.name, len(ties))
    half = f"0.5/10^{run.period.places}"
    events = [f'SUMIFS(Journal[Proof],Journal[Role],{{}},Journal[Event],"{event}")' for event in TRUE_UP]
    closing = "SUMIFS(Ledger[Closing],Ledger[Role],{})"
    lines = f'COUNTIFS(Journal[Role],{{}},Journal[Event],"<>{schema.REVERSAL}")'
    completed = f'COUNTIFS(Journal[Event],"{schema.COMPLETION}")'
    live = {
        "At standard": [_at_standard(run, settings, t.role, c["Role"]) for t, c in zip(ties, cells, strict=True)],
        "Close and true-up": ["+".join(events).format(c["Role"], c["Role"]) for c in cells],
        "Not followed": [_unrevalued(run, t.role, c["Role"]) for t, c in zip(ties, cells, strict=True)],
        "Expected": [f"{c['At standard']}+{c['Close and true-up']}+{c['Not followed']}" for c in cells],
        "Ledger closing": [closing.format(c["Role"]) for c in cells],
        "Rounding allowed": [f"(1+{lines.format(c['Role'])}+{completed})*{half}" for c in cells],
    }
    return of_records(TABLE, ties, live) | {
        "Left by rounding": (
            [t.difference if t.compared else None for t in ties],
            [
                f"ROUND({c['Ledger closing']}-{c['Expected']},6)" if t.compared else ""
                for t, c in zip(ties, cells, strict=True)
            ],
        ),
        "Result": (
            ["Not counted" if not t.compared else "OK" if t.holds else "Fail" for t in ties],
            [
                f'IF(ABS({c["Left by rounding"]})<={c["Rounding allowed"]},"OK","Fail")' if t.compared else ""
                for t, c in zip(ties, cells, strict=True)
            ],
        ),
    }


def _unrevalued(run: RunView, role: str, cell: str) -> str:
    """What stock does not follow, and what the balance carried over differs from opening stock."""
    stock = f"SUMIFS(Reconciliation[Not followed],Reconciliation[Account role],{cell})"
    if role not in run.opened:
        return stock
    return f"{stock}+{opening_excess(run, role, cell)}"


def _at_standard(run: RunView, settings: Settings, role: str, cell: str) -> str:
    """Stock at standard, or as counted; conversion in the opening balance where it is adjusted by the close."""
    counted = of_role(run.period.counted, role)

    def of_method(column: str) -> str:
        return f"SUMIFS(CountMethod[{column}],CountMethod[Role],{cell})"

    if counted and settings.by_count:
        if charges_everything(settings):
            return of_method("Ledger opening")
        return of_method("Counted") + (f"+{of_method('Opening conversion')}" if settings.conversion_expensed else "")
    stock = f"SUMIFS(Reconciliation[Ending amount],Reconciliation[Account role],{cell})"
    return f"{stock}+{of_method('Opening conversion')}" if counted else stock
