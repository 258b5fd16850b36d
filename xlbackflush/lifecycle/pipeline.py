"""The run, top down.

    workbook -> read -> accept -> explode -> cost -> relieve -> journal -> variances -> close -> verify -> write

Reading and writing belong to a `Book` (see `excel/`); everything between is pure.
"""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import marshal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import pandas as pd

from xlbackflush import __version__, schema
from xlbackflush.engine.explosion import demand as demands
from xlbackflush.engine.explosion.by_line import condensed
from xlbackflush.engine.explosion.explosion import Trace, trace
from xlbackflush.engine.explosion.explosion import size as trace_size
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.inputs.changes import changes
from xlbackflush.engine.measures import checks as verify
from xlbackflush.engine.measures.checks import Check
from xlbackflush.engine.measures.comparison import Figures, comparison
from xlbackflush.engine.measures.conversion_allowed import conversion_allowed
from xlbackflush.engine.measures.dashboard import Bar, dashboard
from xlbackflush.engine.measures.fit import Weighed, fit
from xlbackflush.engine.measures.materiality import Measure, materiality
from xlbackflush.engine.measures.tie_out import Tie, tie_out
from xlbackflush.engine.measures.variances import Conversion, Variance, conversion_totals, variances
from xlbackflush.engine.posting import disposition
from xlbackflush.engine.posting import flush as journals
from xlbackflush.engine.record import journal_table
from xlbackflush.engine.record import record as records
from xlbackflush.engine.record.auditor_marks import carried
from xlbackflush.engine.record.corrections import Draft, correct
from xlbackflush.engine.record.record import DRAFT as DRAFT
from xlbackflush.engine.record.record import Record, RunInputs
from xlbackflush.engine.record.record import Run as Run
from xlbackflush.engine.rules import rules
from xlbackflush.engine.rules.journal_tests import journal_tests, marks_lost
from xlbackflush.engine.standards.bill import Structure, structure
from xlbackflush.engine.standards.unit_cost import Rollup, rollup
from xlbackflush.engine.stock import counted, stock_book
from xlbackflush.engine.stock import in_process as wip
from xlbackflush.engine.stock import relief as relieve
from xlbackflush.engine.stock.movements import movements
from xlbackflush.model import money
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.finding import CHANGED_ON_RECORD, CURRENCY_CHANGED, Finding, has_errors, in_order
from xlbackflush.model.tables import Inputs, Source

Progress = Callable[[str], None]


@dataclass
class Posted:
    """Everything that a run puts into the workbook besides findings; each is the work of one stage of the engine.

    entries are those that the inputs call for; the journal holds `draft`: what was posted before, and what is added to it.
    """

    places: int
    rollup: Rollup
    demand: demands.Demand
    trace: Trace
    movements: pd.DataFrame
    relief: pd.DataFrame
    book: pd.DataFrame
    method: list[counted.Counted]
    allowed: pd.DataFrame
    conversion: Conversion
    wip: pd.DataFrame
    entries: list[journals.Entry]
    draft: Draft
    ledger: pd.DataFrame
    variances: list[Variance]
    shares: list[disposition.Share]
    ties: list[Tie]
    measures: list[Measure]
    checks: list[Check]
    fit: list[Weighed]
    comparison: list[Figures]
    dashboard: list[Bar]
    run: Run = field(init=False)
    record: Record = field(init=False)
    sources: Mapping[str, Source] = field(init=False)  # the inputs as they were read

    @cached_property
    def inputs(self) -> dict[str, RunInputs]:
        """Inputs of every run on record, this one included; packed when they are written, not before."""
        past = self.record
        kept = {run.run: past.inputs[run.run] for run in past.posted_runs if run.run in past.inputs}
        return kept if self.run.run in kept else {self.run.run: records.inputs_of(self.sources)} | kept


@dataclass
class Outcome:
    """What came of the inputs: findings always, posted results unless a finding is an error."""

    inputs: Inputs
    structure: Structure
    findings: list[Finding] = field(default_factory=list)
    posted: Posted | None = None

    @property
    def failed(self) -> bool:
        return has_errors(self.findings)

    @property
    def runs(self) -> list[Run]:
        """Sheet Runs after this run: those that were posted before, and its own line."""
        assert self.posted
        posted = [run for run in self.posted.record.posted_runs if run.run != self.posted.run.run]
        return [*posted, self.posted.run]


class Book(Protocol):
    """A workbook, as the pipeline sees it: a file, or a book open in Excel."""

    def read(self) -> dict[str, Source]:
        """Every input table as it stands."""

    def table(self, name: str) -> Source:
        """One table, input or output, as it stands."""

    def runs(self) -> list[Run]:
        """The Runs sheet."""

    def write(self, outcome: Outcome, runs: list[Run]) -> None:
        """Write results (or, where the run failed, the findings alone) back, whole or not at all."""

    def restore(self) -> list[Run]:
        """Put back the output tables as they stood before the last run, and return the runs that stand again."""

    def clear(self, runs: list[Run]) -> None:
        """Empty the output tables; of the runs these stay."""


@contextmanager
def _uncollected() -> Iterator[None]:
    """A run makes millions of small objects and no circles of them: looking for circles meanwhile costs a tenth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def run(book: Book, user: str, now: dt.datetime, progress: Progress = lambda stage: None) -> Outcome:
    """Run the backflush on a workbook and write the results. A draft replaces the draft before it."""
    with _uncollected():
        progress("Reading")
        outcome = compute(book.read(), user, now, book.runs(), progress, history(book))
        progress("Writing")
        book.write(outcome, outcome.runs if outcome.posted else book.runs())
    return outcome


def history(book: Book) -> dict[str, Source]:
    """The tables that hold the record of earlier runs. A closed period refuses: there is nothing to add to it."""
    closed = [run for run in book.runs() if run.is_closed]
    if closed:
        last = closed[-1]
        raise RefusedError(
            f"The period of this workbook is closed with run {last.run}. Correct it in the workbook of the open period"
            f"{f', {last.following}' if last.following else ''}."
        )
    return {name: book.table(name) for name in records.TABLES}


def check(book: Book) -> Outcome:
    """Check the inputs and write the findings; nothing is posted, and earlier results stay."""
    outcome = compute(book.read(), "", dt.datetime.min, [])
    outcome.posted = None
    book.write(outcome, book.runs())
    return outcome


def restore(book: Book) -> Run | None:
    """Undo the last run: results, findings and runs are as they stood before it; inputs stay as they are now.

    Returns the run that stands again, or None where there was none.
    """
    _as_it_stands(book, "restored")
    runs = book.restore()
    return runs[-1] if runs else None


def clear(book: Book) -> None:
    """Empty the output tables; inputs stay as they are. What is posted is not cleared."""
    posted = next((r for r in book.runs() if not r.is_draft), None)
    if posted:
        raise RefusedError(f"Run {posted.run} is {posted.status.lower()}; what is posted is never cleared.")
    _as_it_stands(book, "cleared")
    book.clear([])


def _as_it_stands(book: Book, done: str) -> None:
    """Refuse where a run is called a draft that was posted: it is neither cleared nor restored."""
    problems = records.standing(book.runs(), book.table("Runs"), book.table("Journal"))
    if problems:
        raise RefusedError(f"Nothing is {done}. {problems[0]} Put the cell back as it was.")


def compute(
    sources: Mapping[str, Source],
    user: str,
    now: dt.datetime,
    earlier: list[Run],
    progress: Progress = lambda stage: None,
    tables: Mapping[str, Source] | None = None,
    posting: Run | None = None,
) -> Outcome:
    """The engine, from tables as read to everything that is written. Pure.

    tables: those of `record.TABLES` as they stand, so that what is posted stands and only the difference is added; without
    them nothing is on the books. posting: the draft as it will stand once it is posted, where that is what is going on, so that
    the findings are about its approval and time, too.
    """
    progress("Checking inputs")
    inputs, found = accept(sources)
    built = structure(inputs)
    found += rules.before(inputs, built)
    found += _other_currency(inputs, tables or {})
    outcome = Outcome(inputs, built, in_order(found))
    if outcome.failed:  # amounts on record are read with the decimals of their currency
        return outcome
    past = records.read(tables, money.decimals(inputs.settings.currency)) if tables else Record(earlier)
    found += [CHANGED_ON_RECORD(problem.where, problem.what, fix=problem.fix) for problem in past.problems]
    outcome.findings = in_order(found)
    if outcome.failed:
        return outcome

    exploded = _explode(inputs, built, found, progress)
    outcome.findings = in_order(found)
    if outcome.failed:
        return outcome
    posted, more = _post(inputs, built, exploded, past, posting, progress)
    outcome.findings = in_order(found + more)
    posted.run, posted.record = _this_run(posted, sources, user, now, past), past
    posted.sources = sources
    outcome.posted = posted
    return outcome


def _other_currency(inputs: Inputs, tables: Mapping[str, Source]) -> Iterator[Finding]:
    """What is posted keeps its currency."""
    posted = [run.run for run in records.runs(tables["Runs"]) if not run.is_draft] if tables else []
    kept = records.currency(tables["RunInputs"], posted[-1]) if posted else ""
    now = inputs.settings.currency
    if kept and kept.upper() != now:
        where = inputs.setting_cells.get("Currency", "Setup")
        yield CURRENCY_CHANGED(where, f"The currency is {now}; run {posted[-1]} was posted in {kept}.")


@dataclass
class Exploded:
    """Unit costs, what is asked, and the explosion."""

    rollup: Rollup
    demand: demands.Demand
    trace: Trace


def _explode(inputs: Inputs, built: Structure, found: list[Finding], progress: Progress) -> Exploded:
    """Unit costs from the bottom of the BOM up, quantities from the counts down. Adds findings on sizes."""
    progress("Rolling up costs")
    rolled = rollup(built, inputs.settings)
    progress("Exploding counts")
    asked = demands.demand(inputs, built)
    size = trace_size(built, asked)
    explode = trace if size <= schema.TRACE_ROWS_MAX else condensed
    traced = explode(built, rolled, asked, inputs.settings)
    found += rules.trace_fits(len(traced.rows), traced.condensed, size, inputs.settings)
    largest = relieve.largest(traced, built, rolled, inputs)
    found += rules.amounts_fit(largest, money.decimals(inputs.settings.currency))
    return Exploded(rolled, asked, traced)


def _post(
    inputs: Inputs, built: Structure, exploded: Exploded, past: Record, posting: Run | None, progress: Progress
) -> tuple[Posted, list[Finding]]:
    """Relieve, journalise, measure the variances, close, verify; with the findings on costs, quantities and counts."""
    settings, places = inputs.settings, money.decimals(inputs.settings.currency)
    rolled, asked, traced = exploded.rollup, exploded.demand, exploded.trace
    progress("Relieving inventory")
    relief = relieve.relief(traced, built, asked, places)
    flows = relieve.flows(traced, built, asked, settings)
    book = stock_book.reconciliation(traced, built, rolled, asked, inputs)
    moved = movements(inputs, built, rolled)
    method = counted.count_method(inputs, flows, book, built.items["type"].iloc[book["item"]])
    found = rules.after(inputs, built, rolled, book, method)

    progress("Posting")
    entries = journals.before_close(inputs, built, flows, book, method, places)
    allowed = conversion_allowed(traced, built, settings)
    conversion = conversion_totals(inputs, allowed, entries, places)
    differences = variances(inputs, built, book, allowed, conversion, entries, places)
    in_process = wip.period_end_wip(inputs, built, rolled)
    held = disposition.contents(inputs, built, rolled, book, flows, moved, method)
    beyond = counted.opening_beyond(inputs, method, book, places)
    unallocated = wip.recorded_conversion(inputs, in_process)
    shares = disposition.disposition(inputs, held, entries, beyond, unallocated, places)
    entries += disposition.close(inputs, entries, shares, method, places)
    entries += wip.entries(inputs, in_process, places)
    draft = correct(past.posted, entries, inputs.accounts, settings.period_end, _number(past))
    ledger = journals.ledger(draft.entries, counted.opening_balances(inputs, method, book, places))

    ties = tie_out(inputs, book, method, draft.entries, ledger, places)
    posted = Posted(
        places=places, rollup=rolled, demand=asked, trace=traced, movements=moved, relief=relief, book=book, method=method,
        allowed=allowed, conversion=conversion, wip=in_process, entries=entries, draft=draft, ledger=ledger,
        variances=differences, shares=shares, ties=ties,
        measures=materiality(settings, shares, ties, in_process, ledger, places),
        checks=verify.checks(inputs, draft.entries, ledger, relief, differences, ties, places),
        comparison=comparison(inputs, built, rolled, moved, book, places),
        fit=fit(inputs, built, rolled, traced, moved, book, in_process, ledger, places),
        dashboard=dashboard(differences, ledger, settings, places),
    )  # fmt: skip
    threshold = settings.materiality * abs(sum(tie.closing for tie in ties))
    signed = [*past.posted_runs, posting] if posting else past.posted_runs
    found += journal_tests(inputs, built, rolled, draft.entries, threshold, places, signed, past.journal)
    if past.journal.rows:
        written = carried(past.journal.by_column(), journal_table.columns(draft.entries, places), places)
        found += marks_lost(written[1])
    return posted, found


def _number(past: Record) -> str:
    """Number of the run that is made now: a draft is made again under its own."""
    return f"R{1 + len(past.posted_runs):04d}"


def _this_run(posted: Posted, sources: Mapping[str, Source], user: str, now: dt.datetime, past: Record) -> Run:
    """The run's own line. The same inputs run again by the same version keep their draft's time and user.

    Where the inputs are those of the last posted run and call for nothing more, there is no new run. Inputs that moved no
    amount are a run of no entries: what is posted must be what the inputs on record gave.
    """
    digest, last = input_hash(sources), past.posted_runs[-1] if past.posted_runs else None
    if (
        last
        and not posted.draft.new
        and (last.input_hash == digest or _same_inputs(past.inputs.get(last.run), sources))
    ):
        return last
    places = posted.places
    amounts = [line.minor for entry in posted.draft.new for line in entry.lines]
    debits = money.from_minor(sum(a for a in amounts if a > 0), places)
    credits = money.from_minor(-sum(a for a in amounts if a < 0), places)
    draft = past.draft
    started, by = now.strftime("%Y-%m-%d %H:%M:%S"), user
    if draft and draft.input_hash == digest and draft.version == __version__:
        started, by = draft.started, draft.user
    return Run(_number(past), DRAFT, started, by, __version__, digest, len(posted.draft.new), debits, credits)


def _same_inputs(recorded: RunInputs | None, sources: Mapping[str, Source]) -> bool:
    """Whether inputs say what those on record say, although what a workbook lacked was added to it, blank or as its default."""
    try:
        return recorded is not None and not changes(snapshot.unpack(recorded.pieces), sources)
    except snapshot.DamagedError:
        return False


def input_hash(sources: Mapping[str, Source]) -> str:
    """SHA-256 over every input cell with its table, column and row order. Empty rows and places do not matter."""
    digest = hashlib.sha256()
    for table in schema.INPUT_TABLES:
        source = sources.get(table.name)
        if source is None:
            continue
        digest.update(f"{table.name}\x1f{len(source.rows)}\x1f{source.columns}\x1e".encode())
        for column in source.by_column().values():
            digest.update(_cell_bytes(column))
    return digest.hexdigest()


def _cell_bytes(cells: list[object]) -> bytes:
    """Cells as bytes, no two lists alike: numbers and texts by `marshal`, several times as fast as by `repr`.

    Version 2 of its format follows from the values alone; later ones say which cells are one object in memory.
    """
    try:
        return b"m" + marshal.dumps(cells, 2)
    except ValueError:  # dates, and errors of Excel
        if set(map(type, cells)) <= {dt.date, str}:  # a period has few days; no date equals a text
            said = {cell: repr(cell) for cell in set(cells)}
            return f"r[{', '.join(map(said.__getitem__, cells))}]".encode()
        return b"r" + repr(cells).encode()
