"""Roll, on files: the workbook of a period is closed, and that of the next one is written."""

import datetime as dt
from pathlib import Path

from xlbackflush.dataclass import dataclass
from xlbackflush.engine.record.record import closed
from xlbackflush.lifecycle.calculate import calculate
from xlbackflush.lifecycle.roll import check_successor, last_posted, next_period, opened
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.journal import Run
from xlbackflush.sheets import runs as runs_sheet
from xlbackflush.template.build import build
from xlbackflush.template.samples import Sample
from xlbackflush.workbook.file import FileBook, check_new


@dataclass(frozen=True)
class Rolled:
    """The new workbook, its period, the run that it goes on from; `new` is False where everything was done before."""

    path: Path
    first: dt.date
    last: dt.date
    run: str
    new: bool


def roll(path: Path, following: Path) -> Rolled:
    """Close the workbook's period and write the next one's. RefusedError where the workbook is not ready for it.

    The new workbook is written first, whole; if that is all that happened, rolling again closes the old one.
    """
    check_new(following)
    with FileBook(path) as book:
        run = last_posted(book)
        check_successor(run, path.name, following.name)
        period = calculate(book.read()).period
        first, last = next_period(period)
        new = not following.exists()
        if new:
            opening = opened(period, period.inputs.sources, book.path.name, run)
            build(following, (first, last), Sample(opening.title, opening.about, opening.settings, opening.tables))
        elif not run.is_closed and not _opened_from(following, run):
            raise RefusedError(f"{following.name} exists already; choose another name.")
        if not run.is_closed:
            book.write_table("Runs", runs_sheet.rows_of(closed(book.runs(), following.name)))
            new = True
    return Rolled(following, first, last, run.run, new)


def _opened_from(following: Path, run: Run) -> bool:
    """True where a workbook was opened from this very run."""
    with FileBook(following) as book:
        notes = book.table("Opening").by_column()["Note"]
    return any(run.link in str(note) for note in notes)
