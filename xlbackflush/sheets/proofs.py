"""Proofs: posted amounts recomputed by live formulas from the rows that they rest on."""

from collections.abc import Iterable, Sequence

from xlbackflush import schema
from xlbackflush.engine.posting.flush import conversion_role
from xlbackflush.engine.stock.counted import of_role
from xlbackflush.model.basis import Basis, Closing, Flow, Invoices, Net, Rest, Total
from xlbackflush.ooxml.address import quoted
from xlbackflush.sheets.body import Row, RunView, filled
from xlbackflush.sheets.formulas import AFTER_CLOSE, carried_over, equal, invoiced, item_sum, literal


def difference(less: str, rows: Sequence[Row], digits: int) -> tuple[list[float], Sequence[str]]:
    """Column Difference, posted less proof as a template over {Columns}: zero when it is written."""
    return [0.0] * len(rows), filled({"": f"ROUND({less},{digits})"}, rows)[""]


def before_close(role: str) -> str:
    """Net debit of a role by this journal before the close, from the journal's proofs."""
    return f"SUMIFS(Journal[Proof],Journal[Role],{literal(role)}{AFTER_CLOSE})"


def and_elsewhere(run: RunView, role: str) -> str:
    """Conversion incurred that other journals have charged to a role, added to a balance; "" where there is none."""
    if role not in run.in_other_journals or role != conversion_role(run.inputs.settings):
        return ""
    amounts = (f"SUMIFS(Actuals[Amount],Actuals[Cost type],{literal(each)})" for each in schema.COST_TYPES)
    return "".join(f"+ROUND({amount},{run.period.places})" for amount in amounts)


def opening_stock(run: RunView, role: str, cell: str) -> str:
    """Opening stock of an account, as counted or at standard. cell: the role, or its cell."""
    if of_role(run.period.counted, role):
        return f"SUMIFS(CountMethod[Ledger opening],CountMethod[Role],{cell})"
    return f"SUMIFS(Reconciliation[Opening amount],Reconciliation[Account role],{cell})"


def opening_excess(run: RunView, role: str, cell: str) -> str:
    """By how much a balance carried over exceeds opening stock at standard; see `opening.opening_excess`."""
    digits = run.period.places
    return f"ROUND({carried_over(cell)},{digits})-ROUND({opening_stock(run, role, cell)},{digits})"


def line_proof(run: RunView, basis: Basis, row: int, entry: range, top: int) -> str:
    """The formula (without =) that recomputes a line's signed amount.

    row: of the line; entry: rows of its entry; top: row of the first line of all.
    """
    at, digits = run.letters("Journal"), run.period.places
    proof, role = at["Proof"], at["Role"]
    if isinstance(basis, Rest):
        others = ",".join(f"{proof}{r}" for r in entry if r != row)
        if row in (entry.start, entry.stop - 1):  # the first or the last: the others are one range
            first = entry.start + (row == entry.start)
            others = f"{proof}{first}:{proof}{first + len(entry) - 2}"
        return f"-SUM({others})"
    if isinstance(basis, Closing):
        above = entry.start - 1
        lines = f"SUMIFS({proof}${top}:{proof}${above},{role}${top}:{role}${above},{role}{row})"
        carried = carried_over(f"{role}{row}")
        if basis.item_class is not None:
            of_class = at["Class"]
            tests = "*".join(f"({column}${top}:{column}${above}={column}{row})" for column in (role, of_class))
            lines = f"SUMPRODUCT({tests},{proof}${top}:{proof}${above})"
            carried = carried_over(f"{role}{row}", f"{of_class}{row}")
        if basis.role in run.opened:
            lines += f"+ROUND({carried},{digits})"
        lines += and_elsewhere(run, basis.role)
        return f"-({lines})" if "+" in lines else f"-{lines}"
    product = f"{at['Product']}{row}"
    parts = basis.parts if isinstance(basis, Net) else (basis,)
    return "".join(f"{'-+'[part.sign > 0]}ROUND({_exact(run, part, product)},{digits})" for part in parts).lstrip("+")


def _exact(run: RunView, basis: Flow | Total | Invoices, product: str) -> str:
    """The amount before it is rounded; product: the cell of the line's product."""
    if isinstance(basis, Flow):
        return _flow(run, basis)
    if isinstance(basis, Invoices):
        return invoiced(run.sheets, product, run.has_receipts)
    wanted = dict(basis.where)
    if "Class" in wanted:  # SUMIFS finds no blanks that are a formula's, and takes 007 for 7
        return _product(f"{basis.table}[{basis.column}]", ((f"{basis.table}[{c}]", v) for c, v in wanted.items()))
    if "Item" in wanted:
        return item_sum(basis.table, basis.column, wanted.pop("Item"), product, equal(wanted.items()))
    where = "".join(f",{basis.table}[{column}],{literal(value)}" for column, value in wanted.items())
    return f"{'SUMIFS' if where else 'SUM'}({basis.table}[{basis.column}]{where})"


def _flow(run: RunView, basis: Flow) -> str:
    trace = run.sheets.tables["Trace"]

    def column(name: str) -> str:
        if basis.block is None:
            return f"Trace[{name}]"
        first, last = (trace.first_row + position for position in basis.block)
        letter = trace.letters[name]
        return f"{quoted(trace.sheet)}!${letter}${first}:${letter}${last}"

    criteria = [("Event", basis.event), ("Charged to", basis.charged_to)]
    if basis.relieved_from:
        criteria.append(("Relieved from", basis.relieved_from))
    if basis.classes is not None:
        criteria += zip(("Class charged", "Class relieved"), basis.classes, strict=True)
        return _product(column(basis.column), ((column(name), value) for name, value in criteria))
    wanted = ",".join(f"{column(name)},{literal(value)}" for name, value in criteria)
    return f"SUMIFS({column(basis.column)},{wanted})"


def _product(amounts: str, wanted: Iterable[tuple[str, str]]) -> str:
    """Sum over the rows whose texts are all those wanted, "" for blank ones."""
    tests = "*".join(f"({column}={literal(value)})" for column, value in wanted)
    return f"SUMPRODUCT({tests},{amounts})"
