"""Sheet Journal: the entries posted before, then those of this run, each line with its live proof."""

from typing import Any

from xlbackflush.engine.record import journal_table
from xlbackflush.engine.record.auditor_marks import keep_marks
from xlbackflush.ooxml.values import stored
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.proofs import difference, line_proof


def body(run: RunView) -> Body:
    """One row per line; entries are numbered without gaps."""
    digits = run.period.places
    lines: dict[str, list[Any]] = dict(journal_table.columns(run.journal.entries, digits))
    signed = [(d or 0.0) - (c or 0.0) for d, c in zip(lines["Debit"], lines["Credit"], strict=True)]
    columns: Body = {name: (values, None) for name, values in lines.items()}
    columns["Proof"] = (signed, _proofs(run))
    columns["Difference"] = difference("{Debit}-{Credit}-{Proof}", run.cells("Journal", len(signed)), digits)
    marks, _ = keep_marks(run.period.record.journal.by_column(), lines, digits)
    return columns | {name: ([stored(value) for value in values], None) for name, values in marks.items()}


def _proofs(run: RunView) -> list[str]:
    """The proof of every line. One that was taken back is proved by the line that does so, and the other way round."""
    draft, at, top = run.journal, run.letters("Journal"), run.sheets.tables["Journal"].first_row
    starts, row = {}, top
    for entry in draft.entries:
        starts[entry.number] = row
        row += len(entry.lines)
    formulas = []
    for entry in draft.entries:
        rows = range(starts[entry.number], starts[entry.number] + len(entry.lines))
        target = draft.target.get(entry.number)
        if target is None:
            other = starts[entry.reverses or entry.reversed_by or entry.number]
            formulas += [f"-({at['Debit']}{other + k}-{at['Credit']}{other + k})" for k in range(len(rows))]
        else:
            lines = run.period.entries[target].lines
            formulas += [line_proof(run, line.basis, rows[k], rows, top) for k, line in enumerate(lines)]
    return formulas
