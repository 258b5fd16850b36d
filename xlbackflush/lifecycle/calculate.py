"""Calculate: from tables as read to a period with all its findings. No user, no clock; nothing is written.

    tables -> accept -> rules of the inputs -> the record as it stands -> the period, with its rules step by step -> journal tests

Findings of one step that are errors stop what follows.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.period import Period
from xlbackflush.engine.record import record as records
from xlbackflush.engine.record.runs_table import runs
from xlbackflush.engine.result import RunResult
from xlbackflush.engine.rules import causes, rules
from xlbackflush.engine.rules.journal_tests import journal_of, journal_tests
from xlbackflush.model.finding import CHANGED_ON_RECORD, CURRENCY_CHANGED, Finding, has_errors, in_order
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.journal import Run
from xlbackflush.model.tables import Source

Progress = Callable[[str], None]
#: steps after the inputs: what the rules of each need, and the stages before it that take time, with what is shown of them
_STEPS = (
    (rules.EXPLOSION, (("Rolling up costs", "unit_costs"), ("Exploding counts", "explosion"))),
    (rules.STOCK, (("Relieving inventory", "counted"), ("Posting", "draft"))),
    (rules.PLAUSIBILITY, ()),
)


def calculate(
    raw_tables: Mapping[str, Source],
    record_tables: Mapping[str, Source] | None = None,
    run_to_post: Run | None = None,
    progress: Progress = lambda stage: None,
    fixed: Collection[str] = (),
) -> RunResult:
    """The period that input tables as read give, and everything that is to be said of it; no run yet. Pure.

    record_tables: those of `record.TABLES` as they stand, so that what is posted stands and only the difference is added;
    without them nothing is on the books. run_to_post: the draft as it will stand once it is posted, where that is what is
    going on, so that the findings are about its approval and time, too. fixed: cells that a run cannot clean.
    """
    progress("Checking inputs")
    inputs, of_cells = accept(raw_tables, fixed)
    period = Period(inputs)
    findings = causes.of_inputs(period.inputs, of_cells, list(rules.findings(period, rules.INPUTS)))
    findings += _other_currency(inputs, record_tables or {})
    if not has_errors(findings) and record_tables:  # amounts on record are read with the decimals of their currency
        period = period.with_record(records.read(record_tables, period.places))
        findings += [CHANGED_ON_RECORD(p.where, p.what, fix=p.fix) for p in period.record.problems]
    for needs, stages in _STEPS:
        if not has_errors(findings):
            for text, stage in stages:
                progress(text)
                getattr(period, stage)
            findings += list(rules.findings(period, needs, findings))
    if not has_errors(findings):
        findings += journal_tests(journal_of(period, run_to_post))
    return RunResult(period, in_order(causes.grouped(findings)))


def _other_currency(inputs: Inputs, tables: Mapping[str, Source]) -> Iterator[Finding]:
    """What is posted keeps its currency."""
    posted = [run.run for run in runs(tables["Runs"]) if not run.is_draft] if tables else []
    currency = records.currency(tables["RunInputs"], posted[-1]) if posted else ""
    now = inputs.settings.currency
    if currency and currency.upper() != now:
        where = inputs.setting_cells.get("Currency", "Setup")
        yield CURRENCY_CHANGED(where, f"The currency is {now}; run {posted[-1]} was posted in {currency}.")
