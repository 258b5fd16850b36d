"""Sheet Ledger: the balance of each account; the proof adds the journal's proofs to its opening balance."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.sheets.body import Body, RunView, of_arrays
from xlbackflush.sheets.formulas import carried_over
from xlbackflush.sheets.proofs import difference, opening_stock

TABLE = schema.LEDGER


def body(run: RunView) -> Body:
    """Balances by role."""
    ledger, digits = run.period.ledger, run.period.places
    cells, roles = run.cells(TABLE.name, len(ledger)), ledger.role.tolist()
    proof = [
        f"ROUND(ROUND({_opening(run, role, c['Role'])},{digits})"
        f'+SUMIFS(Journal[Proof],Journal[Role],{c["Role"]},Journal[Event],"<>{schema.REVERSAL}"),{digits})'
        for c, role in zip(cells, roles, strict=True)
    ]
    return of_arrays(TABLE, ledger, money=run.money) | {
        "Account": ([run.inputs.accounts[r][0] for r in roles], None),
        "Account name": ([run.inputs.accounts[r][1] for r in roles], None),
        "Proof": (run.money(ledger.closing), proof),
        "Difference": difference((f"{c['Closing']}-{c['Proof']}" for c in cells), digits),
    }


def _opening(run: RunView, role: str, cell: str) -> str:
    """Opening balance of an account: as carried over, as counted, or opening stock at standard."""
    return carried_over(cell) if role in run.opened else opening_stock(run, role, cell)
