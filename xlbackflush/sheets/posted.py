"""Bodies of the sheets of posted values: Journal, Ledger, Relief, Checks, each with its live proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlbackflush import schema
from xlbackflush.engine.measures.checks import ERRORS
from xlbackflush.engine.record import journal_table
from xlbackflush.engine.record.auditor_marks import keep_marks
from xlbackflush.engine.stock.counted import of_role
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.stored import Shown
from xlbackflush.ooxml.values import stored
from xlbackflush.sheets.body import Body, Writing
from xlbackflush.sheets.formulas import CHECK_FORMULAS, Proofs, carried_over, check_formulas, trace_sum
from xlbackflush.sheets.title_rows import MASTER


def journal(w: Writing) -> Body:
    """One row per line, entries numbered without gaps: those that were posted before, then those of this run."""
    place, draft = w.sheets.places["Journal"], w.posted.draft
    at, digits = place.letters, w.posted.places
    columns: dict[str, list[Any]] = dict(journal_table.columns(draft.entries, digits))
    signed = [(d or 0.0) - (c or 0.0) for d, c in zip(columns["Debit"], columns["Credit"], strict=True)]
    rows = range(place.first_row, place.first_row + len(signed))
    difference = [f"ROUND({at['Debit']}{r}-{at['Credit']}{r}-{at['Proof']}{r},{digits})" for r in rows]
    body: Body = {name: (values, None) for name, values in columns.items()}
    body["Proof"] = (signed, _journal_proofs(w))
    body["Difference"] = ([0.0] * len(signed), difference)
    written, _ = keep_marks(w.posted.record.journal.by_column(), columns, digits)
    return body | {name: ([stored(value) for value in values], None) for name, values in written.items()}


def _journal_proofs(w: Writing) -> list[str]:
    """The proof of every line. One that was taken back is proved by the line that does so, and the other way round."""
    place, draft, proofs = w.sheets.places["Journal"], w.posted.draft, Proofs(w.sheets, w.posted.places, w.opened)
    starts, row = {}, place.first_row
    for entry in draft.entries:
        starts[entry.number] = row
        row += len(entry.lines)
    formulas = []
    for entry in draft.entries:
        rows = range(starts[entry.number], starts[entry.number] + len(entry.lines))
        target = draft.target.get(entry.number)
        if target is None:
            other = starts[entry.reverses or entry.reversed_by or entry.number]
            at = place.letters
            formulas += [f"-({at['Debit']}{other + k}-{at['Credit']}{other + k})" for k in range(len(rows))]
        else:
            lines = w.posted.entries[target].lines
            formulas += [proofs.formula(line.basis, rows[k], rows, place.first_row) for k, line in enumerate(lines)]
    return formulas


def ledger(w: Writing) -> Body:
    """Balances by role; the proof adds the journal's proofs to the opening stock at standard."""
    table, place, digits = w.posted.ledger, w.sheets.places["Ledger"], w.posted.places
    at, rows = place.letters, range(place.first_row, place.first_row + len(table))
    roles = table["role"].tolist()
    closing = w.money(table["closing"])
    proof = [
        f"ROUND(ROUND({_opening(w, role, at['Role'] + str(r))},{digits})"
        f'+SUMIFS(Journal[Proof],Journal[Role],{at["Role"]}{r},Journal[Event],"<>{schema.REVERSAL}"),{digits})'
        for r, role in zip(rows, roles, strict=True)
    ]
    return {
        "Role": (roles, None),
        "Account": ([w.inputs.accounts[r][0] for r in roles], None),
        "Account name": ([w.inputs.accounts[r][1] for r in roles], None),
        "Opening": (w.money(table["opening"]), None),
        "Debits": (w.money(table["debits"]), None),
        "Credits": (w.money(table["credits"]), None),
        "Closing": (closing, None),
        "Proof": (closing, proof),
        "Difference": ([0.0] * len(roles), [f"ROUND({at['Closing']}{r}-{at['Proof']}{r},{digits})" for r in rows]),
    }


def _opening(w: Writing, role: str, cell: str) -> str:
    """Opening balance of an account: as carried over, as counted, or opening stock at standard."""
    if role in w.opened:
        return carried_over(cell)
    if of_role(w.posted.method, role):
        return f"SUMIFS(CountMethod[Ledger opening],CountMethod[Role],{cell})"
    return f"SUMIFS(Reconciliation[Opening amount],Reconciliation[Account role],{cell})"


def relief(w: Writing) -> Body:
    """Components relieved by counts; proofs of quantity and amount over the Trace."""
    table, place, digits = w.posted.relief, w.sheets.places["Relief"], w.posted.places
    at, rows = place.letters, range(place.first_row, place.first_row + len(table))
    items = table["item"].tolist()
    codes = [w.codes[i] for i in items]
    amount, quantity = w.money(table["amount"]), table["quantity"].tolist()

    def over_trace(column: str) -> list[str]:
        return [
            trace_sum(column, c, f"{at['Item']}{r}", f"{at['Relieved from']}{r}", f"<>{schema.SCRAP_EVENT}", True)
            for c, r in zip(codes, rows, strict=True)
        ]

    return {
        "Item": (codes, None),
        "Description": (w.items["description"].iloc[items].tolist(), None),
        "UoM": (w.items["uom"].iloc[items].tolist(), None),
        "Quantity": (quantity, None),
        "Standard cost": (table["cost"].tolist(), None),
        "Amount": (amount, None),
        "Proof": (amount, [f"ROUND({f},{digits})" for f in over_trace("Amount")]),
        "Difference": ([0.0] * len(items), [f"ROUND({at['Amount']}{r}-{at['Proof']}{r},{digits})" for r in rows]),
        "Quantity proof": (quantity, over_trace("Required qty")),
        "Quantity difference": (
            [0.0] * len(items),
            [f"ROUND({at['Quantity']}{r}-{at['Quantity proof']}{r},6)" for r in rows],
        ),
        "Relieved from": (table["role"].tolist(), None),
    }


def checks(w: Writing) -> Body:
    """Each check as two live quantities that must be equal."""
    place, found = w.sheets.places["Checks"], w.posted.checks
    at, rows = place.letters, range(place.first_row, place.first_row + len(found))
    lines = w.rows("Ledger", len(w.posted.ledger))
    ledger = [(w.sheets.ref("Ledger", "Role", r), w.sheets.ref("Ledger", "Account", r)) for r in lines]
    formulas = [check_formulas(c.key, w.inputs, ledger) for c in found]
    return {
        "Check": ([c.text for c in found], None),
        "Value": ([c.value for c in found], [_difference(at, r) for r in rows]),
        "Tolerance": ([float(c.tolerance) for c in found], None),
        "Result": (
            ["OK" if c.holds else "Fail" for c in found],
            [_result(at, r) for r in rows],
        ),
        "Left": ([float(c.left) for c in found], [f[0] for f in formulas]),
        "Right": ([float(c.right) for c in found], [f[1] for f in formulas]),
        "Meaning": ([c.meaning for c in found], None),
    }


def _difference(at: Mapping[str, str], row: int) -> str:
    return f"ROUND({at['Left']}{row}-{at['Right']}{row},6)"


def _result(at: Mapping[str, str], row: int) -> str:
    return f'IF(ABS({at["Value"]}{row})<={at["Tolerance"]}{row},"OK","Fail")'


def checks_after(checks: Source, errors: int) -> tuple[dict[str, Shown], int]:
    """What sheet Checks shows when its run still stands, and a later check of the inputs ends with so many errors.

    Returns formula -> what it shows, and how many checks fail.
    """
    columns = checks.by_column()
    results = {row: str(result) for row, result in zip(checks.row_numbers, columns["Result"], strict=True)}
    row = next((r for r, text in zip(results, columns["Check"], strict=True) if text == ERRORS), 0)
    results[row] = "Fail" if errors else "OK"
    failed = sum(result != "OK" for result in results.values())
    shown: dict[str, Shown] = {
        CHECK_FORMULAS["errors"][0]: errors,
        _difference(checks.letters, row): errors,
        _result(checks.letters, row): results[row],
        MASTER: failed,
    }
    return shown, failed
