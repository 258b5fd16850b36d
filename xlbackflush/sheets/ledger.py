"""Sheet Ledger: the balance of each account; the proof adds the journal's proofs to its opening balance."""

from xlbackflush import schema
from xlbackflush.sheets.body import Body, RunView, filled, shown
from xlbackflush.sheets.formulas import carried_over
from xlbackflush.sheets.proofs import difference, opening_stock

_PROOF = (
    "ROUND(ROUND({opening},{digits})"
    '+SUMIFS(Journal[Proof],Journal[Role],{Role},Journal[Event],"<>{schema.REVERSAL}"),{digits})'
)


def body(run: RunView) -> Body:
    """Balances by role."""
    ledger, digits = run.period.ledger, run.period.places
    roles = ledger.role.tolist()
    rows = run.cells("Ledger", len(roles), digits=[digits] * len(roles))
    for role, row in zip(roles, rows, strict=True):  # as carried over, as counted, or opening stock at standard
        cell = row["Role"]
        row["opening"] = carried_over(cell) if role in run.opened else opening_stock(run, role, cell)
    return shown(schema.LEDGER, ledger, money=run.money) | {
        "Account": ([run.inputs.accounts[r][0] for r in roles], None),
        "Account name": ([run.inputs.accounts[r][1] for r in roles], None),
        "Proof": (run.money(ledger.closing), filled({"Proof": _PROOF}, rows)["Proof"]),
        "Difference": difference("{Closing}-{Proof}", rows, digits),
    }
