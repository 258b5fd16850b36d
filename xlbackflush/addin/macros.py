"""The macros of a workbook, in Python: each works on the workbook that called, as the command line.

VBA runs one of these and waits. None shows a dialog, and none fails: whatever happens ends in one sentence in the status
bar, which VBA reads, takes away and shows. It starts with "Done: ", "Findings: " or "Stopped: ". What the user should look
at is selected.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Concatenate, ParamSpec

from xlbackflush import schema
from xlbackflush.addin.computer import user
from xlbackflush.addin.escape_key import escape_key_of
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.calculate import Progress
from xlbackflush.model.errors import RefusedError, UnusableError
from xlbackflush.model.finding import counted
from xlbackflush.model.words import several
from xlbackflush.workbook.live import LiveBook, calling_book, say

SENTENCE_MOST = 250  # characters; a message box of VBA and the status bar take no more


P = ParamSpec("P")


def macro(work: Callable[Concatenate[LiveBook, P], str]) -> Callable[P, None]:
    """A macro: its work on the calling workbook, whose sentence is left in the status bar as the last act."""

    @wraps(work)
    def called(*arguments: P.args, **options: P.kwargs) -> None:
        notices: list[str] = []
        try:
            book = calling_book()
            sentence, notices = work(book, *arguments, **options), book.notices
        except RefusedError as error:
            sentence = f"Stopped: {error}"
        except MemoryError:
            sentence = "Stopped: the workbook is too large for this machine's memory; nothing was changed."
        except Exception as error:  # noqa: BLE001 - a user never sees a traceback
            fault = f"{type(error).__name__}: {error}"
            sentence = (
                f"Stopped: by a fault of its own; nothing was changed. Please report it with the workbook. ({fault})"
            )
        notice = _short(" ".join(notices), SENTENCE_MOST // 2)
        say(f"{_short(sentence, SENTENCE_MOST - len(notice) - bool(notice))} {notice}".rstrip())

    return called


def _short(sentence: str, most: int) -> str:
    """One line, cut at a word where it is too long."""
    line = " ".join(sentence.split())
    return line if len(line) <= most else f"{line[: most - 4].rsplit(' ', 1)[0]} ..."


#: stages as the status bar calls them, where a run says it shorter
_STAGES = {"Reading": "Reading inputs", "Writing": "Preparing to write"}


@contextmanager
def _shown(book: LiveBook) -> Iterator[Progress]:
    """Shows each stage in the status bar. Esc stops the work at the next one, the last time before the first cell changes."""
    with escape_key_of(book.window()) as key:

        def stop_where_asked() -> None:
            if key.is_pressed:
                raise RefusedError("you pressed Esc. Nothing was written.")

        def show(stage: str) -> None:
            stop_where_asked()
            book.status(f"Backflush: {_STAGES.get(stage, stage)} ...{' (Esc stops)' * key.is_watched}")

        book.before_writing = stop_where_asked
        yield show


@macro
def run(book: LiveBook) -> str:
    """Run the backflush and write the results."""
    with _shown(book) as progress:
        outcome = lifecycle.run(book, user(), dt.datetime.now(), progress)
    made, period = outcome.run, outcome.period
    if not made:
        return _errors(book, outcome)
    _show(book, "Journal!A1")
    failed = sum(not c.holds for c in period.checks)
    return " ".join(
        filter(None, (
            f"Done: run {made.run} ({made.status.lower()}), {several(made.entries, 'entry', 'entries')}, "
            f"debits and credits {made.debits:,.{period.places}f} {period.settings.currency};",
            f"{several(failed, 'check')} FAIL, see sheet Checks."
            if failed
            else "there is nothing to post."
            if outcome.posts_nothing
            else "all checks hold.",
            f"Findings: {counted(outcome.findings)}." if outcome.findings else "",
            book.product_view.problem, book.not_kept,
        ))
    )  # fmt: skip


@macro
def check(book: LiveBook) -> str:
    """List what is wrong with the inputs."""
    outcome = lifecycle.check(book)
    if outcome.failed:
        return _errors(book, outcome)
    if outcome.findings:
        _show(book, f"{schema.SHEET_OF['Findings'].name}!A1")
    return f"Done: no errors; findings: {counted(outcome.findings)}. {outcome.ready}"


@macro
def post(book: LiveBook) -> str:
    """Lock the draft; who presses the button approves it."""
    from xlbackflush.lifecycle.post import post as post_draft

    with _shown(book) as progress:
        outcome = post_draft(book, user(), dt.datetime.now(), progress)
    run = outcome.run
    assert run
    posted = several(run.entries, "entry", "entries")
    return f"Done: run {run.run} is posted: {posted}, prepared by {run.user}, approved by {run.approved_by}."


@macro
def restore(book: LiveBook) -> str:
    """Put back the results that stood before the last run."""
    stands = lifecycle.restore(book)
    if stands is None:
        return "Done: the output sheets are as they were before the first run; inputs stay as they are."
    return f"Done: the results of run {stands.run} of {stands.started} are back; inputs stay as they are."


@macro
def clear(book: LiveBook) -> str:
    """Empty the output sheets."""
    lifecycle.clear(book)
    return "Done: the output sheets are empty; inputs stay as they are."


@macro
def explain(book: LiveBook) -> str:
    """Say on sheet Explanation what the selected cell is made of."""
    from xlbackflush.explain import explanation

    where = book.selected()
    steps = explanation.explain(book.cells(), where)
    explanation.write(book, steps)
    _show(book, f"{schema.SHEET_OF['Explanation'].name}!A1")
    return f"Done: {where} is explained in {several(len(steps), 'step')}; each links to its cell."


@macro
def export(book: LiveBook, form: str = "csv") -> str:
    """Write the posted journal to a file beside the workbook, in the format of a ledger (see `ledgers.FORMATS`)."""
    from xlbackflush.ledgers.chosen import ALL, Choice
    from xlbackflush.ledgers.export import export_book, remember
    from xlbackflush.ledgers.formats import FORMATS

    path = book.local_path()
    if path is None:
        raise UnusableError(
            "the workbook lies in no folder of this computer; save it there, or use: xlbackflush export"
        )
    warnings: list[str] = []
    for choice in (Choice(new=True), ALL):  # what is new; all of it once more where nothing is
        done = export_book(book, FORMATS[form], None, True, warnings.append, path, choice)
        if done.files:
            break
    if done.runs:
        remember(book, done)
    names = ", ".join(file.name for file in done.files)
    return " ".join([f"Done: wrote {names} beside the workbook.", *warnings, *done.to_do])


def _errors(book: LiveBook, outcome: RunResult) -> str:
    """What stopped a run, with the first cell to mend selected."""
    first = next(f for f in outcome.findings if f.severity == schema.ERROR)
    _show(book, first.where if "!" in first.where else f"{schema.SHEET_OF['Findings'].name}!A1")
    return f"Findings: {counted(outcome.findings)}; nothing was posted. First: {first.where} {first.what} {first.fix}"


def _show(book: LiveBook, where: str) -> None:
    """Select what to look at; a sheet that the user has hidden stays hidden."""
    with suppress(Exception):
        book.show(where)
