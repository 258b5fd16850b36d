"""Export: the journal as posted, written to files that a ledger imports.

The amounts are the posted values of sheet Journal, never recomputed. Inputs with errors, and a journal that a ledger would
take wrongly, are refused; what only should be looked at (a check that fails, inputs changed since the run) is told in one
sentence each, and the files are written all the same. Files are written whole or not at all.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Protocol

from xlbackflush import schema
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.inputs.snapshot import input_hash
from xlbackflush.ledgers.formats import FORMATS
from xlbackflush.ledgers.writer import Entry, Format, Journal, Line, Signed, decimal, lines
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.journal import Run
from xlbackflush.model.money import decimals, to_minor
from xlbackflush.model.tables import CellError, Settings, Source
from xlbackflush.workbook.file import FileBook

Warn = Callable[[str], None]

_WORKBOOKS = (".xlsm", ".xlsx", ".xlam", ".xlsb", ".xls")


class Readable(Protocol):
    """What an export asks of a workbook: a file, or a book open in Excel."""

    def read(self) -> dict[str, Source]:
        """Every input table as it stands."""

    def runs(self) -> list[Run]:
        """The Runs sheet."""

    def table(self, name: str) -> Source:
        """One table, input or output, as it stands."""


def to_stderr(sentence: str) -> None:
    """Tell a warning on the error stream."""
    print(f"xlbackflush: {sentence}", file=sys.stderr)


def export(
    book_path: Path, format_name: str, target: Path | None = None, force: bool = False, warn: Warn = to_stderr
) -> list[Path]:
    """Write the journal of a workbook file in a format of `FORMATS`; gives the files, beside the workbook without `target`.

    An existing file is replaced with `force` only. Raises UnusableError in plain words; then nothing was written.
    """
    form = _format(format_name)
    with FileBook(book_path) as book:
        return export_book(book, book.path, form, target, force, warn)


def export_book(
    book: Readable, path: Path, form: Format, target: Path | None = None, force: bool = False, warn: Warn = to_stderr
) -> list[Path]:
    """The same for a workbook that is open already, whose file is `path`."""
    target = target or path.with_name(path.stem + form.ending)
    _check_target(target)
    journal, warnings = read_journal(book)
    contents = lines(journal, form)
    if not contents:
        raise UnusableError("Every line of sheet Journal is zero: there is nothing to export.")
    files = _names(target, len(contents))
    _check_free(files, force)
    for sentence in warnings:
        warn(sentence)
    _write(dict(zip(files, contents, strict=True)), form.encoding)
    return files


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise UnusableError(
            f"There is no format {name!r}; choose {', '.join(list(FORMATS)[:-1])} or {list(FORMATS)[-1]}."
        )
    return FORMATS[name]


# ---------------------------------------------------------------------------------------- reading the journal


def read_journal(book: Readable) -> tuple[Journal, list[str]]:
    """The journal as posted, and what to look at before it goes into a ledger. Refuses a workbook with errors."""
    sources, runs, posted = book.read(), book.runs(), book.table("Journal")
    inputs, found = accept(sources)
    errors = [f.where for f in found if f.severity == schema.ERROR] or _stored_errors(book.table("Findings"))
    if errors:
        raise UnusableError(
            f"The workbook has errors, first at {errors[0]}: see sheet Findings. Run it again, then export."
        )
    if not runs or not posted.rows:
        raise UnusableError("There is nothing to export yet: run the workbook first.")
    run = runs[-1]
    warnings = [draft_warning(run)] if run.is_draft else []
    warnings += _warnings(posted, book.table("Checks"))
    if run.input_hash != input_hash(sources):
        warnings.append(f"The inputs were changed after run {run.run}; the journal is that of the run. Run it again.")
    return _journal(posted, inputs.settings, runs), warnings


def draft_warning(run: Run) -> str:
    """What to say before anyone relies on a draft."""
    return f"{run.run} is a draft: post it before a ledger imports this; the next run replaces it."


def _stored_errors(findings: Source) -> list[str]:
    """Cells of the errors that the last check or run has found."""
    pairs = zip(_column(findings, "Severity"), _column(findings, "Where"), strict=True)
    return [str(where) for severity, where in pairs if severity == schema.ERROR]


def _warnings(posted: Source, checks: Source) -> list[str]:
    """What the workbook's own controls say, as they are stored."""
    said = []
    results = zip(_column(checks, "Check"), _column(checks, "Result"), strict=True)
    failed = sum(bool(check) and result != "OK" for check, result in results)
    if failed:
        said.append(f"{failed} check{'s fail' if failed > 1 else ' fails'} in the workbook: see sheet Checks.")
    off = [n for n, v in zip(posted.row_numbers, _column(posted, "Difference"), strict=True) if v not in (0, "")]
    if off:
        first = posted.cell("Difference", off[0])
        said.append(
            f"Sheet Journal differs from its proofs in {len(off)} row{'s' if len(off) > 1 else ''}, first at {first}."
        )
    return said


def _column(source: Source, name: str) -> list[object]:
    return source.by_column().get(name) or [""] * len(source.rows)


def _journal(posted: Source, settings: Settings, runs: Sequence[Run]) -> Journal:
    """Typed entries from the rows of sheet Journal; consecutive rows of one run and number are an entry."""
    places = decimals(settings.currency)
    rows = [_Row(posted, i, places) for i in range(len(posted.rows))]
    groups = [list(group) for _, group in groupby(rows, key=lambda row: (row.text("Run"), row.text("Entry")))]
    starts = _starts(groups)
    references = {group[0].text("Entry"): _reference(starts, group[0]) for group in groups}
    signed = {run.run: _signed(run) for run in runs}
    entries = [_entry(group, _reference(starts, group[0]), references, signed) for group in groups]
    return Journal(settings.company, settings.currency, places, tuple(_wip_linked(entries)))


def _starts(groups: Sequence[Sequence[_Row]]) -> dict[str, dt.date]:
    """Run -> day of its first entry, which stays whatever later runs add."""
    first: dict[str, dt.date] = {}
    for row in (row for group in groups for row in group):
        run, date = row.text("Run"), row.date("Posting date")
        first[run] = min(date, first.get(run, date))
    return first


def _signed(run: Run) -> Signed:
    return Signed(run.user, _moment(run.started), run.approved_by, _moment(run.posted))


def _entry(rows: Sequence[_Row], reference: str, references: Mapping[str, str], signed: Mapping[str, Signed]) -> Entry:
    """One entry; what it takes back, and what takes it back, is said by its columns Reverses and Reversed by.

    references: of all entries, by their numbers.
    """
    head = rows[0]
    event, date = head.text("Event"), head.date("Posting date")
    for row in rows:
        if row.date("Posting date") != date:
            raise UnusableError(
                f"{row.cell('Posting date')} is another date than the rest of its entry has. Run again."
            )
    return Entry(
        head.text("Run"), head.text("Entry"), reference, date, event, head.text("Description"),
        tuple(row.line() for row in rows), head.text("Product"), head.link("Reverses", references),
        head.link("Reversed by", references), signed.get(head.text("Run"), Signed()),
    )  # fmt: skip


def _wip_linked(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with units in process linked to their reversal on the first day of the next period.

    Both come from the same run, one after the other, and no column names the one in the other. Corrections keep the events of
    what they take back, and are linked already.
    """
    linked = list(entries)
    wip: int | None = None
    for at, entry in enumerate(entries):
        if entry.reverses:
            continue
        if entry.event == schema.PERIOD_END_WIP:
            wip = at
        elif entry.event == schema.REVERSAL and wip is not None:
            linked[at] = replace(entry, reverses=entries[wip].reference)
            linked[wip] = replace(entries[wip], reversed_by=entries[wip].reversed_by or entry.reference)
    return linked


def _reference(starts: Mapping[str, dt.date], head: _Row) -> str:
    """`20260430-R0001-3`: in letters that every ledger takes, and no longer than 20 characters for 99,999 entries.

    It begins with the day of the run's first entry, since R0001 comes again in every workbook.
    """
    run, number = head.text("Run"), head.text("Entry")
    return f"{starts[run]:%Y%m%d}-" + re.sub(r"[^A-Za-z0-9]+", "", run)[:5] + f"-{re.sub('[^0-9]+', '', number)}"


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None


class _Row:
    """One row of sheet Journal; what is not what its column holds after a run is refused with its cell."""

    def __init__(self, posted: Source, index: int, places: int) -> None:
        self._posted, self._number, self._places = posted, posted.row_numbers[index], places
        self._cells = dict(zip(posted.columns, posted.rows[index], strict=True))

    def cell(self, column: str) -> str:
        """Address of a cell of the row."""
        return self._posted.cell(column, self._number)

    def text(self, column: str) -> str:
        """Text of a cell; a number without `.0`."""
        value = self._cells.get(column, "")
        if isinstance(value, CellError):
            raise self._odd(column)
        return f"{value:.15g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)

    def date(self, column: str) -> dt.date:
        """Date of a cell, also where it is not formatted as one."""
        value = self._cells.get(column, "")
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        if isinstance(value, float) and 1 <= value < 2_958_466:  # Excel's last day
            return schema.DAY_0 + dt.timedelta(days=int(value))
        raise self._odd(column)

    def link(self, column: str, references: Mapping[str, str]) -> str:
        """Reference of the entry whose number a cell holds; "" where it is blank."""
        number = self.text(column)
        if number and number not in references:
            raise self._odd(column)
        return references.get(number, "")

    def line(self) -> Line:
        """The row as a line of an entry."""
        return Line(
            self.text("Line"), self.text("Role"), self.text("Account").strip(), self.text("Account name").strip(),
            self._minor("Debit") - self._minor("Credit"), self.text("Source"), self._shown("Proof"), self._shown("Difference"),
        )  # fmt: skip

    def _minor(self, column: str) -> int:
        """Amount in minor units; one that the currency cannot hold was posted in another currency, or typed over."""
        value = self._cells.get(column, "")
        if value == "":
            return 0
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
            raise self._odd(column)
        minor = to_minor(value, self._places)
        if abs(value - minor / 10**self._places) > 1e-9 * max(1.0, abs(value)):
            raise UnusableError(
                f"{self.cell(column)} has more decimals than the currency on Setup. Run again, then export."
            )
        return minor

    def _shown(self, column: str) -> str:
        """A live figure as it is stored; blank where there is none."""
        value = self._cells.get(column, "")
        known = isinstance(value, int | float) and not isinstance(value, bool)
        return decimal(to_minor(float(str(value)), self._places), self._places) if known else ""

    def _odd(self, column: str) -> UnusableError:
        return UnusableError(f"{self.cell(column)} does not hold what a run has put there. Run again, then export.")


# ------------------------------------------------------------------------------------------- writing files


def _names(target: Path, count: int) -> list[Path]:
    """One name, or numbered ones that say how many there are."""
    if count == 1:
        return [target]
    return [target.with_name(f"{target.stem}-{i}-of-{count}{target.suffix}") for i in range(1, count + 1)]


def _check_target(target: Path) -> None:
    if target.suffix.lower() in _WORKBOOKS:
        raise UnusableError(f"{target.name} would be a workbook; an export is text: give it an ending such as .csv.")
    if not target.parent.is_dir():
        raise UnusableError(f"The folder {target.parent} does not exist.")


def _check_free(files: Sequence[Path], force: bool) -> None:
    for file in files:
        if file.is_dir():
            raise UnusableError(f"{file} is a folder; choose another name.")
        if file.exists() and not force:
            raise UnusableError(f"{file.name} exists already; choose another name, or add --force to replace it.")


def _write(contents: dict[Path, list[str]], encoding: str) -> None:
    """All files under temporary names first; they take their places when each of them is whole."""
    made = {file: file.with_name(f".{file.name}.{os.getpid()}.tmp") for file in contents}
    try:
        for file, text in contents.items():
            with made[file].open("w", encoding=encoding, newline="") as stream:
                stream.writelines(text)
                stream.flush()
                os.fsync(stream.fileno())
        for file, temporary in made.items():
            temporary.replace(file)
    except PermissionError as error:
        raise UnusableError(
            f"{file.name} cannot be written; close it where it is open, or choose another folder."
        ) from error
    except OSError as error:
        raise UnusableError(f"{file.name} cannot be written: {error.strerror}.") from error
    finally:
        for temporary in made.values():
            temporary.unlink(missing_ok=True)
