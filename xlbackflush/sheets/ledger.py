"""Sheet Ledger: the balance of each account; the proof adds the journal's proofs to its opening balance."""

from xlbackflush import schema
from xlbackflush.engine.posting.flush import by_account, conversion_role
from xlbackflush.model.inputs import account_of
from xlbackflush.sheets.body import Body, Row, RunView, filled, shown
from xlbackflush.sheets.formulas import carried_over, literal
from xlbackflush.sheets.proofs import and_elsewhere, difference, opening_stock

_PROOF = "ROUND(ROUND({opening},{digits})+{moves},{digits})"
_MOVES = 'SUMIFS(Journal[Proof],Journal[Role],{Role},Journal[Event],"<>{schema.REVERSAL}")'
#: the same of one class of items, which may be none
_MOVES_OF_CLASS = (
    'SUMPRODUCT((Journal[Role]={Role})*(Journal[Class]&""={Class}&"")*(Journal[Event]<>"{schema.REVERSAL}"),'
    "Journal[Proof])"
)
_STOCK_OF_CLASS = (
    'SUMPRODUCT((Reconciliation[Account role]={Role})*(Reconciliation[Class]&""={Class}&""),'
    "Reconciliation[Opening amount])"
)
#: receipts at invoice price of some rows of Reconciliation, rounded as one entry or one entry per product
_INVOICED = "ROUND(SUMPRODUCT({rows}*1,Reconciliation[Invoiced]),{digits})"
_INVOICED_BY_ITEM = "SUMPRODUCT({rows}*ROUND(Reconciliation[Invoiced],{digits}))"


def body(run: RunView) -> Body:
    """Balances by role, and by class where the lines of a role are split."""
    ledger, digits = run.period.ledger, run.period.places
    accounts = list(zip(ledger.role.tolist(), ledger.item_class.tolist(), strict=True))
    split = {role for role, item_class in accounts if item_class}
    rows = run.cells("Ledger", len(accounts), digits=[digits] * len(accounts))
    elsewhere = [_elsewhere(run, role, row, role in split) for (role, _), row in zip(accounts, rows, strict=True)]
    for (role, _), row, others in zip(accounts, rows, elsewhere, strict=True):
        row["opening"] = _opening(run, role, row, role in split)
        moves = (_MOVES_OF_CLASS if role in split else _MOVES).format_map(row)
        row["moves"] = f"({moves}+{row['Recorded elsewhere']})" if others else moves
    numbers, names = (
        zip(*(account_of(run.inputs.accounts, *each) for each in accounts), strict=True) if accounts else ((), ())
    )
    return shown(schema.LEDGER, ledger, {"Recorded elsewhere": elsewhere}, run.money) | {
        "Account": (numbers, None),
        "Account name": (names, None),
        "Proof": (run.money(ledger.closing), filled({"Proof": _PROOF}, rows)["Proof"]),
        "Difference": difference("{Closing}-{Proof}", rows, digits),
        "Class": ([item_class for _, item_class in accounts], None),
    }


def _opening(run: RunView, role: str, row: Row, split: bool) -> str:
    """Opens as carried over, as counted, or with opening stock at standard."""
    if role in run.opened:
        return carried_over(row["Role"], row["Class"] if split else "")
    return _STOCK_OF_CLASS.format_map(row) if split else opening_stock(run, role, row["Role"])


def _elsewhere(run: RunView, role: str, row: Row, split: bool) -> str:
    """Net debit of an account by the journals that record receipts and conversion incurred; "" where there is none."""
    if role not in run.in_other_journals:
        return ""
    incurred = and_elsewhere(run, conversion_role(run.inputs.settings)).removeprefix("+")
    if role == conversion_role(run.inputs.settings):
        return incurred
    if role == schema.VARIOUS_ACCOUNTS:
        return f"-({incurred})"
    if role != schema.ACCOUNTS_PAYABLE:
        return _invoiced(run, row["Role"], row["Class"] if split else "")
    accounts = [account for account in by_account(run.period.elsewhere) if account[0] in schema.STOCK_ROLES]
    split_roles = {name for name, item_class in accounts if item_class}
    amounts = (_invoiced(run, literal(name), literal(of) if name in split_roles else "") for name, of in accounts)
    return f"-({'+'.join(amounts)})"


def _invoiced(run: RunView, role: str, item_class: str) -> str:
    """Receipts at invoice price of an account, or of a class of it; both: a cell or a literal."""
    rows = f"(Reconciliation[Account role]={role})"
    if item_class:
        rows += f'*(Reconciliation[Class]&""={item_class}&"")'
    by_item = any(entry.product for entry in run.period.elsewhere)
    return (_INVOICED_BY_ITEM if by_item else _INVOICED).format(rows=rows, digits=run.period.places)
