"""Verify: every posted run computed again from its inputs on record, and held against what the workbook shows."""

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping, Sequence

from xlbackflush import __version__, schema
from xlbackflush.dataclass import dataclass, field, replace
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.inputs.changes import Change, changes
from xlbackflush.engine.record import record as records
from xlbackflush.engine.record.corrections import correct
from xlbackflush.engine.record.record import Record
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle.calculate import Progress, calculate
from xlbackflush.lifecycle.recomputed_sheets import differing
from xlbackflush.lifecycle.run import draft_of
from xlbackflush.lifecycle.workbook_port import Workbook
from xlbackflush.model import money
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.journal import PostedEntry, Problem, Run
from xlbackflush.model.tables import CellError, Source


@dataclass
class Verified:
    """What came of verifying: problems, in words and with their cells; and which inputs changed since the last run."""

    runs: list[Run]
    problems: list[Problem] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.problems or self.changed)


def verify(book: Workbook, progress: Progress = lambda stage: None) -> Verified:
    """Compute every posted run again from the inputs on record, and check chain, numbers, proofs, inputs and the file itself.

    Changes nothing. Closed workbooks are verified, too.
    """
    result = _verified(book, progress)
    result.problems += book.damaged()
    return result


def _verified(book: Workbook, progress: Progress) -> Verified:
    tables, sources = {name: book.table(name) for name in records.TABLES}, book.read()
    places = places_of(sources)
    record = records.read(tables, places)
    result = Verified(record.runs, list(record.problems))
    if not record.runs:
        return result
    inputs = _inputs_on_record(record, result)
    for at, run in enumerate(record.posted_runs):
        progress(f"Run {run.run}")
        if run.run in inputs and not record.problems:
            result.problems += _recomputed(record, at, inputs[run.run])
    if record.draft:
        result.problems += [problem for problem in records.drafted(tables, places)[1] if problem not in record.problems]
    last = record.runs[-1].run
    if last in inputs:
        result.changed = changes(inputs[last], sources)
    if not any(problem.is_order for problem in result.problems):  # which proofs differ says nothing then
        sheets = {table.name: tables.get(table.name) or book.table(table.name) for table in schema.OUTPUT_TABLES}
        result.problems += _proofs(sheets)
        if last in inputs and not result.changed and not record.problems:  # else formulas show what other inputs give
            rerun = calculate(sources, tables)  # the same inputs, where they stand now: formulas refer to them
            if not rerun.failed:
                rerun = replace(rerun, run=record.runs[-1], journal=rerun.period.draft)
                named = {problem.where for problem in result.problems}
                result.problems += differing(rerun, {**sources, **sheets}, book.formulas, named)
    return result


def inputs_of_run(book: Workbook, run: str) -> dict[str, Source]:
    """The inputs on record of one run. RefusedError where there are none."""
    on_record = records.run_inputs(book.table("RunInputs"))
    if run not in on_record:
        known = ", ".join(on_record) or "none"
        raise RefusedError(f"There is no run {run} on sheet Run Inputs; on record: {known}.")
    try:
        return snapshot.unpack(on_record[run].pieces)
    except snapshot.DamagedError as error:
        raise RefusedError(f"Run {run}: {error}") from error


def places_of(sources: Mapping[str, Source]) -> int:
    """Decimals of the currency on Setup."""
    return money.decimals(records.currency_of(sources["Setup"]))


def _inputs_on_record(record: Record, result: Verified) -> dict[str, dict[str, Source]]:
    """The inputs on record of each run; what was changed or lost of them is a problem."""
    by_run = {}
    for run in record.runs:
        inputs = record.inputs.get(run.run)
        try:
            tables = snapshot.unpack(inputs.pieces if inputs else [])
        except snapshot.DamagedError as error:
            result.problems.append(Problem("Run Inputs", f"Run {run.run}: {error}"))
            continue
        digests, on_record = snapshot.Snapshot(tables), inputs.hashes if inputs else {}
        result.problems += [
            Problem("Run Inputs", f"Run {run.run}: the digest of {name} is not that of the inputs on record.")
            for name in {**digests.table_hashes, **on_record}
            if digests.table_hashes.get(name) != on_record.get(name)
        ]
        if digests.input_hash != run.input_hash:
            text = f"Run {run.run}: its input hash is not that of the inputs on record."
            result.problems.append(Problem("Runs", text))
        by_run[run.run] = tables
    return by_run


def _recomputed(record: Record, at: int, inputs: Mapping[str, Source]) -> Iterator[Problem]:
    """The entries that the inputs on record of a posted run give, against those that were posted; at: the run's position."""
    run, before = record.posted_runs[at], {run.run for run in record.posted_runs[:at]}
    earlier = [entry for entry in record.posted if entry.run in before]
    own_entries = [entry for entry in record.posted if entry.run == run.run]
    result = recompute_run(run.run, inputs, earlier)
    if not result.journal:
        first = result.findings[0]
        yield Problem("Runs", f"Run {run.run} cannot be computed again: {first.where} {first.what}")
        return
    given = result.journal.new
    version = "" if run.version == __version__ else f" It was made with version {run.version}, this is {__version__}."
    for entry, wanted in zip(own_entries, given, strict=False):
        if _recomputable(entry) != _recomputable(wanted):
            where = record.journal.cell("Run", entry.lines[0].row)
            yield Problem(where, f"Entry {entry.number} is not what the inputs on record give.{version}")
    if len(own_entries) != len(given):
        text = f"Run {run.run} has {len(own_entries)} entries; the inputs on record give {len(given)}.{version}"
        yield Problem("Journal", text)


def recompute_run(run: str, inputs: Mapping[str, Source], earlier: Sequence[PostedEntry]) -> RunResult:
    """A run computed again from its inputs on record; its journal holds what was posted before, and what the run added."""
    result = calculate(inputs)
    if result.failed:
        return result
    period = result.period
    journal = correct(earlier, period.entries, period.inputs.accounts, period.settings.period_end, run)
    return replace(result, run=draft_of(period, "", dt.datetime.min), journal=journal)


def _recomputable(entry: PostedEntry) -> Hashable:
    """What the inputs on record must give again: numbers, codes, amounts, and the names of accounts.

    Words of ours are left out, since they may have been improved since; that they are as posted is what the seals say.
    """
    names = tuple(line.name for line in entry.lines)
    return entry.run, entry.number, entry.codes, names, entry.reverses, entry.corrects


def _proofs(sheets: Mapping[str, Source]) -> Iterator[Problem]:
    """Stored differences that are not zero, and failed checks."""
    for table in schema.OUTPUT_TABLES:
        for column in table.differences:
            source = sheets[table.name]
            for row, value in zip(source.row_numbers, source.by_column().get(column, ()), strict=False):
                if isinstance(value, int | float) and value:
                    yield Problem(source.cell(column, row), f"Differs from its proof by {value:g}.")
    checks = sheets["Checks"]
    columns = checks.by_column()
    if any(isinstance(result, CellError) and not result.calculated for result in columns["Result"]):
        what = "The formulas of this workbook are not calculated; open it in Excel or LibreOffice, save it, and verify again."
        yield Problem(checks.cell("Result", checks.first_row), what)
        return
    for row, text, result in zip(checks.row_numbers, columns["Check"], columns["Result"], strict=True):
        if result != "OK":
            yield Problem(checks.cell("Result", row), f"Check fails: {text}.")
