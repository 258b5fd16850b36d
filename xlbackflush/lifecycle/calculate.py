"""Calculate: from tables as read to a period with all its findings. No user, no clock; nothing is written.

    tables -> accept -> rules of the inputs -> the record as it stands -> sizes -> the period -> rules of what came of it

Findings of one step that are errors stop what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.period import Period
from xlbackflush.engine.record import journal_table
from xlbackflush.engine.record import record as records
from xlbackflush.engine.record.auditor_marks import keep_marks
from xlbackflush.engine.rules import rules
from xlbackflush.engine.rules.journal_tests import journal_tests, marks_lost
from xlbackflush.model.finding import CHANGED_ON_RECORD, CURRENCY_CHANGED, Finding, has_errors, in_order
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.journal import Run
from xlbackflush.model.money import decimals
from xlbackflush.model.tables import Source

Progress = Callable[[str], None]
#: stages that take time, with what is shown of them
_STAGES = (
    ("Rolling up costs", "unit_costs"),
    ("Exploding counts", "explosion"),
    ("Relieving inventory", "counted"),
    ("Posting", "draft"),
)


@dataclass(frozen=True)
class Calculation:
    """A period and its findings. Where one of them is an error, stages of the period may not be asked for."""

    period: Period
    findings: list[Finding]

    @property
    def failed(self) -> bool:
        return has_errors(self.findings)


def calculate(
    raw_tables: Mapping[str, Source],
    record_tables: Mapping[str, Source] | None = None,
    run_to_post: Run | None = None,
    progress: Progress = lambda stage: None,
) -> Calculation:
    """The period that input tables as read give, and everything that is to be said of it. Pure.

    record_tables: those of `record.TABLES` as they stand, so that what is posted stands and only the difference is added;
    without them nothing is on the books. run_to_post: the draft as it will stand once it is posted, where that is what is
    going on, so that the findings are about its approval and time, too.
    """
    progress("Checking inputs")
    inputs, findings = accept(raw_tables)
    period = Period(inputs)
    findings += rules.before(inputs, period.bill)
    findings += _other_currency(inputs, record_tables or {})
    if not has_errors(findings) and record_tables:  # amounts on record are read with the decimals of their currency
        period = Period(inputs, records.read(record_tables, decimals(inputs.settings.currency)))
        findings += [CHANGED_ON_RECORD(p.where, p.what, fix=p.fix) for p in period.record.problems]
    steps = (_sizes, _results)
    for step in steps:
        if not has_errors(findings):
            findings += step(period, run_to_post, progress)
    return Calculation(period, in_order(findings))


def _other_currency(inputs: Inputs, tables: Mapping[str, Source]) -> Iterator[Finding]:
    """What is posted keeps its currency."""
    posted = [run.run for run in records.runs(tables["Runs"]) if not run.is_draft] if tables else []
    kept = records.currency(tables["RunInputs"], posted[-1]) if posted else ""
    now = inputs.settings.currency
    if kept and kept.upper() != now:
        where = inputs.setting_cells.get("Currency", "Setup")
        yield CURRENCY_CHANGED(where, f"The currency is {now}; run {posted[-1]} was posted in {kept}.")


def _sizes(period: Period, run_to_post: Run | None, progress: Progress) -> Iterator[Finding]:
    """Does the explosion fit on its sheet, and every amount into a cell?"""
    for text, stage in _STAGES[:2]:
        progress(text)
        getattr(period, stage)
    explosion = period.explosion
    yield from rules.trace_fits(len(explosion.rows), explosion.by_line, period.exploded_rows, period.settings)
    yield from rules.amounts_fit(period.largest_amount, period.places)


def _results(period: Period, run_to_post: Run | None, progress: Progress) -> Iterator[Finding]:
    """Costs, quantities and counts; the journal as an auditor tests it; marks of the auditor's that find no line."""
    for text, stage in _STAGES[2:]:
        progress(text)
        getattr(period, stage)
    record, entries = period.record, period.draft.entries
    yield from rules.after(period.inputs, period.bill, period.unit_costs, period.stock, period.counted)
    runs = [*record.posted_runs, *([run_to_post] if run_to_post else [])]
    yield from journal_tests(
        period.inputs, period.bill, period.unit_costs, entries, period.materiality_threshold, period.places, runs,
        record.journal,
    )  # fmt: skip
    if record.journal.rows:
        marks = keep_marks(record.journal.by_column(), journal_table.columns(entries, period.places), period.places)
        yield from marks_lost(marks[1])
