"""The run, top down: read, calculate, write. And what undoes it: restore, clear.

    workbook -> read -> accept -> Period -> rules -> record -> sheets -> workbook

Reading and writing belong to a `Workbook`; everything between is pure.
"""

import datetime as dt
import gc
from collections.abc import Iterator
from contextlib import contextmanager

from xlbackflush import __version__
from xlbackflush.dataclass import replace
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.period import Period
from xlbackflush.engine.record import record as records
from xlbackflush.engine.record import runs_table
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle.calculate import Progress, calculate
from xlbackflush.lifecycle.workbook_port import Workbook
from xlbackflush.model import money
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.journal import DRAFT, Run, RunInputs
from xlbackflush.model.tables import Source


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


def run(book: Workbook, user: str, now: dt.datetime, progress: Progress = lambda stage: None) -> RunResult:
    """Run the backflush on a workbook and write the results. A draft replaces the draft before it."""
    with _uncollected():
        progress("Reading")
        result = _calculated(book, book.read(), history(book), progress)
        if not result.failed:
            result = replace(result, run=draft_of(result.period, user, now), journal=result.period.draft)
        progress("Writing")
        book.write(result)
    return result


def history(book: Workbook) -> dict[str, Source]:
    """The tables that hold the record of earlier runs. A closed period refuses: there is nothing to add to it."""
    closed = [run for run in book.runs() if run.is_closed]
    if closed:
        last = closed[-1]
        raise RefusedError(
            f"The period of this workbook is closed with run {last.run}. Correct it in the workbook of the open period"
            f"{f', {last.following}' if last.following else ''}."
        )
    return {name: book.table(name) for name in records.TABLES}


def check(book: Workbook) -> RunResult:
    """Check the inputs and write the findings; nothing is posted, and earlier results stay."""
    result = _calculated(book, book.read(), None)
    book.write(result)
    return result


def _calculated(
    book: Workbook,
    tables: dict[str, Source],
    record: dict[str, Source] | None,
    progress: Progress = lambda stage: None,
) -> RunResult:
    """The period that the inputs of a workbook give. Cells that would have to be cleaned, and cannot be, are errors."""
    result = calculate(tables, record, progress=progress)
    cleaned = result.period.inputs.cleaned
    fixed = book.not_typed(cleaned) if cleaned else set()
    return calculate(tables, record, progress=progress, fixed=fixed) if fixed else result


def restore(book: Workbook) -> Run | None:
    """Undo the last run: results, findings and runs are as they stood before it; inputs stay as they are now.

    Returns the run that stands again, or None where there was none.
    """
    _as_it_stands(book, "restored")
    runs = book.restore()
    return runs[-1] if runs else None


def clear(book: Workbook) -> None:
    """Empty the output tables; inputs stay as they are. What is posted is not cleared."""
    posted = next((r for r in book.runs() if not r.is_draft), None)
    if posted:
        raise RefusedError(f"Run {posted.run} is {posted.status.lower()}; what is posted is never cleared.")
    _as_it_stands(book, "cleared")
    book.clear([])


def _as_it_stands(book: Workbook, done: str) -> None:
    """Refuse where a run is called a draft that was posted: it is neither cleared nor restored."""
    for problem in runs_table.problems(*(book.table(name) for name in records.TABLES)):
        raise RefusedError(f"Nothing is {done}. {problem} Put the cell back as it was.")


def draft_of(period: Period, user: str, now: dt.datetime) -> Run:
    """The run's own line. The same inputs run again by the same version keep their draft's time and user.

    Where the inputs are those of the last posted run and call for nothing more, there is no new run. Inputs that moved no
    amount are a run of no entries: what is posted must be what the inputs on record gave.
    """
    record, new, digest = period.record, period.draft.new, period.snapshot.input_hash
    last = record.posted_runs[-1] if record.posted_runs else None
    if last and not new and (last.input_hash == digest or _same_inputs(record.inputs.get(last.run), period)):
        return last
    amounts = [line.minor for entry in new for line in entry.lines]
    debits = money.from_minor(sum(a for a in amounts if a > 0), period.places)
    credits = money.from_minor(-sum(a for a in amounts if a < 0), period.places)
    started, by, draft = now.strftime("%Y-%m-%d %H:%M:%S"), user, record.draft
    if draft and draft.input_hash == digest and draft.version == __version__:
        started, by = draft.started, draft.user
    return Run(record.next_run, DRAFT, started, by, __version__, digest, len(new), debits, credits)


def _same_inputs(recorded: RunInputs | None, period: Period) -> bool:
    """Whether inputs say what those on record say, although what the workbook lacked was added to it, with its default."""
    from xlbackflush.engine.inputs.changes import changes

    try:
        return recorded is not None and not changes(snapshot.unpack(recorded.pieces), period.inputs.sources)
    except snapshot.DamagedError:
        return False
