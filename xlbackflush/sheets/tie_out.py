"""Sheet Tie-out: the ledger balance of every inventory account against stock at standard."""

from xlbackflush import schema
from xlbackflush.engine.measures.tie_out import TRUE_UP
from xlbackflush.engine.stock.counted import charges_everything, of_role
from xlbackflush.sheets.body import Body, RunView, filled, shown
from xlbackflush.sheets.proofs import opening_excess

_LIVE = {
    "At standard": "{at_standard}",
    "Close and true-up": "+".join(
        f'SUMIFS(Journal[Proof],Journal[Role],{{Role}},Journal[Event],"{event}")' for event in TRUE_UP
    ),
    "Not followed": "{unrevalued}",
    "Expected": "{At standard}+{Close and true-up}+{Not followed}",
    "Ledger closing": "SUMIFS(Ledger[Closing],Ledger[Role],{Role})",
    "Left by rounding": "ROUND({Ledger closing}-{Expected},6)",
    "Rounding allowed": (
        '(1+COUNTIFS(Journal[Role],{Role},Journal[Event],"<>{schema.REVERSAL}")'
        '+COUNTIFS(Journal[Event],"{schema.COMPLETION}"))*{half}'
    ),
    "Result": 'IF(ABS({Left by rounding})<={Rounding allowed},"OK","Fail")',
}


def body(run: RunView) -> Body:
    """One row per inventory account."""
    ties = run.period.ties
    rows = run.cells("TieOut", len(ties))
    for tie, row in zip(ties, rows, strict=True):
        role, cell = tie.role, row["Role"]
        row["at_standard"] = _at_standard(run, role, cell)
        stock = f"SUMIFS(Reconciliation[Not followed],Reconciliation[Account role],{cell})"
        # what stock does not follow, and what the balance carried over differs from opening stock
        row["unrevalued"] = f"{stock}+{opening_excess(run, role, cell)}" if role in run.opened else stock
        row["half"] = f"0.5/10^{run.period.places}"
    live = filled(_LIVE, rows)
    live["Recorded elsewhere"] = [
        f"SUMIFS(Ledger[Recorded elsewhere],Ledger[Role],{row['Role']})" if tie.role in run.in_other_journals else ""
        for tie, row in zip(ties, rows, strict=True)
    ]
    for name in ("Left by rounding", "Result"):
        live[name] = [formula if tie.compared else "" for tie, formula in zip(ties, live[name], strict=True)]
    return shown(schema.TIE_OUT, ties, live) | {
        "Left by rounding": ([t.difference if t.compared else None for t in ties], live["Left by rounding"]),
        "Result": (["Not counted" if not t.compared else "OK" if t.holds else "Fail" for t in ties], live["Result"]),
    }


def _at_standard(run: RunView, role: str, cell: str) -> str:
    """Stock at standard, or as counted; conversion in the opening balance where it is adjusted by the close."""
    counted, settings = of_role(run.period.counted, role), run.inputs.settings

    def of_method(column: str) -> str:
        return f"SUMIFS(CountMethod[{column}],CountMethod[Role],{cell})"

    if counted and settings.by_count:
        if charges_everything(settings):
            return of_method("Ledger opening")
        return of_method("Counted") + (f"+{of_method('Opening conversion')}" if settings.conversion_expensed else "")
    stock = f"SUMIFS(Reconciliation[Ending amount],Reconciliation[Account role],{cell})"
    return f"{stock}+{of_method('Opening conversion')}" if counted else stock
