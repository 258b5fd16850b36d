"""Sheet Ledger: the balance of each account; the proof adds the journal's proofs to its opening balance."""

from xlbackflush import schema
from xlbackflush.engine.posting.flush import conversion_role
from xlbackflush.sheets.body import Body, RunView, filled, shown
from xlbackflush.sheets.formulas import carried_over, literal
from xlbackflush.sheets.proofs import and_elsewhere, difference, opening_stock

_PROOF = "ROUND(ROUND({opening},{digits})+{moves},{digits})"
_MOVES = f'SUMIFS(Journal[Proof],Journal[Role],%s,Journal[Event],"<>{schema.REVERSAL}")'
#: receipts at invoice price of one account, rounded as one entry or one entry per product
_INVOICED = "ROUND(SUMIFS(Reconciliation[Invoiced],Reconciliation[Account role],{role}),{digits})"
_INVOICED_BY_ITEM = "SUMPRODUCT((Reconciliation[Account role]={role})*ROUND(Reconciliation[Invoiced],{digits}))"


def body(run: RunView) -> Body:
    """Balances by role."""
    ledger, digits = run.period.ledger, run.period.places
    roles = ledger.role.tolist()
    rows = run.cells("Ledger", len(roles), digits=[digits] * len(roles))
    elsewhere = [_elsewhere(run, role) for role in roles]
    for role, row, others in zip(roles, rows, elsewhere, strict=True):
        cell = row["Role"]  # opens as carried over, as counted, or with opening stock at standard
        row["opening"] = carried_over(cell) if role in run.opened else opening_stock(run, role, cell)
        row["moves"] = f"({_MOVES % cell}+{row['Recorded elsewhere']})" if others else _MOVES % cell
    return shown(schema.LEDGER, ledger, {"Recorded elsewhere": elsewhere}, run.money) | {
        "Account": ([run.inputs.accounts[r][0] for r in roles], None),
        "Account name": ([run.inputs.accounts[r][1] for r in roles], None),
        "Proof": (run.money(ledger.closing), filled({"Proof": _PROOF}, rows)["Proof"]),
        "Difference": difference("{Closing}-{Proof}", rows, digits),
    }


def _elsewhere(run: RunView, role: str) -> str:
    """Net debit of a role by the journals that record receipts and conversion incurred; "" where there is none."""
    if role not in run.in_other_journals:
        return ""
    digits = run.period.places
    charged = conversion_role(run.inputs.settings)
    if role in (charged, schema.VARIOUS_ACCOUNTS):
        amount = and_elsewhere(run, charged).removeprefix("+")
    else:
        held = run.in_other_journals & set(schema.STOCK_ROLES) if role == schema.ACCOUNTS_PAYABLE else {role}
        each = _INVOICED_BY_ITEM if any(entry.product for entry in run.period.elsewhere) else _INVOICED
        amount = "+".join(each.format(role=literal(name), digits=digits) for name in sorted(held))
    return f"-({amount})" if role in (schema.VARIOUS_ACCOUNTS, schema.ACCOUNTS_PAYABLE) else amount
