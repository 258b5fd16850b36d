"""Roll, on files: the workbook of a period is closed, and that of the next one is written."""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.record.record import closed
from xlbackflush.lifecycle.calculate import calculate
from xlbackflush.lifecycle.roll import check_successor, last_posted, next_period, opened
from xlbackflush.model.errors import RefusedError, UnusableError
from xlbackflush.model.journal import Run
from xlbackflush.ooxml.atomic import explained
from xlbackflush.sheets import runs as runs_sheet
from xlbackflush.template.build import build
from xlbackflush.template.samples import Sample
from xlbackflush.workbook.file import FileBook
from xlbackflush.workbook.open_file import check_name, check_new


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

    The new workbook is safe on the disk before the old one is closed, and gone again where that fails. If the process ends
    in between, rolling again closes the old one. Where all was done before, the new one is looked into before it is said.
    """
    check_name(path)
    check_new(following)
    with FileBook(path) as book:
        run = last_posted(book)
        check_successor(run, path.name, following.name)
        period = calculate(book.read()).period
        first, last = next_period(period)
        new = not os.path.lexists(following)
        if new:
            kept = {
                table.name: book.table(table.name)
                for table in schema.SETUP_TABLES
                if table.name in book.package.tables
                and table is not schema.IMPORTS  # which files were read is of this period
            }
            opening = opened(period, {**period.inputs.sources, **kept}, book.path.name, run)
            sample = Sample(opening.title, opening.about, opening.settings, opening.tables)
            with explained(following.name, "choose another folder"):
                build(following, (first, last), sample, like=book.path, new=True)
        else:
            _check_opened_from(following, run)
        if not run.is_closed:
            with _gone_if_it_fails(following if new else None, book):
                book.write_table("Runs", runs_sheet.rows_of(closed(book.runs(), following.name)))
            new = True
    return Rolled(following, first, last, run.run, new)


@contextmanager
def _gone_if_it_fails(written: Path | None, book: FileBook) -> Iterator[None]:
    """Take a file that was just written away again where the book cannot be saved after it."""
    try:
        yield
    except BaseException:
        if written and not book.is_saved:
            written.unlink(missing_ok=True)
        raise


def _check_opened_from(following: Path, run: Run) -> None:
    """Refuse a file that is not the workbook opened from this very run."""
    try:
        with FileBook(following, complete=False, to_write=False) as book:
            notes = book.table("Opening").by_column()["Note"] if "Opening" in book.package.tables else []
    except UnusableError as error:
        if run.is_closed:
            raise RefusedError(f"{error} It goes on from run {run.run}: move it away, and roll again.") from error
        raise RefusedError(f"{following.name} exists already; choose another name. ({error})") from error
    if any(run.link in str(note) for note in notes):
        return
    if run.is_closed:
        raise RefusedError(
            f"{following.name} is not the workbook that was opened from run {run.run}, which is closed: its sheet Opening "
            "does not name the run. Move it away, and roll again."
        )
    raise RefusedError(f"{following.name} exists already; choose another name.")
