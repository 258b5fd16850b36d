"""Post: a draft becomes what is on the books.

run -> draft -> post -> posted, never changed -> inputs change -> run -> draft of corrections -> post ... -> roll -> closed
"""

import datetime as dt
from collections.abc import Mapping

from xlbackflush import __version__
from xlbackflush.dataclass import replace
from xlbackflush.engine.inputs.snapshot import input_hash
from xlbackflush.engine.record import record as records
from xlbackflush.engine.record import seals
from xlbackflush.engine.record.corrections import Draft
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle.calculate import Progress, calculate
from xlbackflush.lifecycle.run import history
from xlbackflush.lifecycle.workbook_port import Workbook
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.journal import POSTED, PostedEntry, Run, linked, person
from xlbackflush.model.tables import Source
from xlbackflush.model.text import NAME_MAX, on_one_line


def post(book: Workbook, approver: str, now: dt.datetime, progress: Progress = lambda stage: None) -> RunResult:
    """Post the draft: its lines are sealed and never change again. Raises RefusedError with the reason where it cannot be.

    approver: who answers for it, another person than who ran it; now: local time.
    """
    tables, sources, runs = history(book), book.read(), book.runs()
    draft = next((run for run in runs if run.is_draft), None)
    if draft is None:
        raise RefusedError("There is no draft to post; run first." if not runs else "Everything is posted already.")
    _two_people(draft, approver)
    changed = draft.input_hash != input_hash(sources)
    if changed or draft.version != __version__:
        what = "The inputs changed" if changed else "xlbackflush was updated"
        raise RefusedError(f"{what} after draft {draft.run} was made; run again, look at the results, and post then.")
    run_to_post = replace(draft, status=POSTED, approved_by=approver.strip(), posted=now.strftime("%Y-%m-%d %H:%M:%S"))
    calculation = calculate(sources, tables, run_to_post, progress)
    if calculation.posts_nothing:
        raise RefusedError(f"Draft {draft.run} has no entry, so there is nothing to post: see sheet Findings.")
    _sound(calculation, draft, tables)
    result = _sealed(calculation, run_to_post)
    book.write(result)
    return result


def _two_people(draft: Run, approver: str) -> None:
    if not person(approver):
        raise RefusedError("Say who approves the posting: --approved-by NAME.")
    if on_one_line(approver) != approver.strip():
        raise RefusedError(
            f"The name of the approver must be one line of at most {NAME_MAX} characters, without control characters: "
            "--approved-by NAME."
        )
    if not person(draft.user):
        raise RefusedError(f"Draft {draft.run} does not say who made it; run again with a user name.")
    if person(approver) == person(draft.user):
        raise RefusedError(
            f"Draft {draft.run} was made by {draft.user}; somebody else must approve it: --approved-by NAME."
        )


def _sound(calculation: RunResult, draft: Run, tables: Mapping[str, Source]) -> None:
    """What is posted is what the inputs give, what stands on the sheet, and what every check holds for."""
    period = calculation.period
    if calculation.failed:
        first = calculation.findings[0]
        raise RefusedError(f"Draft {draft.run} cannot be posted: {first.where} {first.what} {first.fix}")
    failed = [check.text for check in period.checks if not check.holds]
    if failed:
        raise RefusedError(f"Draft {draft.run} cannot be posted: {len(failed)} checks fail, the first: {failed[0]}.")
    drafted, problems = records.drafted(tables, period.places)
    if problems:
        raise RefusedError(f"Draft {draft.run} cannot be posted: {problems[0]} Run again.")
    for entry, wanted in zip(drafted, period.draft.new, strict=False):
        if plain(entry) != plain(wanted):
            where = period.record.journal.cell("Run", entry.lines[0].row)
            raise RefusedError(f"Entry {entry.number} at {where} was changed after the run; run again, and post then.")
    if len(drafted) != len(period.draft.new):
        raise RefusedError("Sheet Journal does not hold the entries of the draft; run again, and post then.")


def plain(entry: PostedEntry) -> PostedEntry:
    """An entry without its place on the sheet and its seals."""
    return replace(entry, lines=tuple(replace(line, row=0, seal="") for line in entry.lines))


def _sealed(calculation: RunResult, run_to_post: Run) -> RunResult:
    """The run with its link, and the journal with the seals of its entries."""
    period, record, draft = calculation.period, calculation.period.record, calculation.period.draft
    last_link = record.posted_runs[-1].link if record.posted_runs else ""
    run = replace(run_to_post, table_hashes=period.snapshot.table_hashes)
    link = seals.link_of(last_link, run, draft.new, period.places)
    journal = Draft(linked([*record.posted, *seals.sealed(record.posted, draft.new)]), draft.target, draft.first)
    return replace(calculation, run=replace(run, link=link), journal=journal)
