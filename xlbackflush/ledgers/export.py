"""Export: the journal as posted, written to files that a ledger imports.

The amounts are the posted values of sheet Journal, never recomputed. Inputs with errors, and a journal that a ledger would
take wrongly, are refused; what only should be looked at (a check that fails, inputs changed since the run) is told in one
sentence each, and the files are written all the same. Files are written whole or not at all.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.inputs.snapshot import input_hash
from xlbackflush.engine.inputs.typed import text_of
from xlbackflush.engine.record import journal_table
from xlbackflush.engine.record import record as records
from xlbackflush.ledgers import writer
from xlbackflush.ledgers.chosen import ALL, DIGITS, Choice, choose, remembered, twice
from xlbackflush.ledgers.formats import FORMATS
from xlbackflush.ledgers.writer import Format, Journal, decimal
from xlbackflush.lifecycle.workbook_port import Workbook
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.inputs import Settings
from xlbackflush.model.journal import PostedEntry, Run
from xlbackflush.model.money import decimals, to_minor
from xlbackflush.model.tables import Source, cell_words, day_number, number_in
from xlbackflush.ooxml.atomic import NewFile, explained
from xlbackflush.sheets.runs import rows_of
from xlbackflush.terminal import warn
from xlbackflush.workbook.file import FileBook

Warn = Callable[[str], None]

_WORKBOOKS = (".xlsm", ".xlsx", ".xlam", ".xlsb", ".xls")


@dataclass(frozen=True)
class Exported:
    """The files that were written, and what the user must still do before the ledger takes them, one sentence each.

    runs: those of the workbook with what was exported of them; none where nothing is to be remembered.
    """

    files: list[Path]
    to_do: list[str]
    runs: Sequence[Run] = ()


def export(
    book_path: Path,
    format_name: str,
    target: Path | None = None,
    force: bool = False,
    warn: Warn = warn,
    choice: Choice = ALL,
) -> Exported:
    """Write the journal of a workbook file in a format of `FORMATS`, beside the workbook without `target`.

    An existing file is replaced with `force` only. What is posted is remembered in the workbook, a draft is not. Raises
    UnusableError in plain words; then nothing was written.
    """
    form = form_of(format_name)
    with FileBook(book_path, to_write=False) as book:
        done = export_book(book, form, target, force, warn, book.path, choice)
    if done.runs:
        try:
            with FileBook(book_path) as book:
                remember(book, done)
        except UnusableError as error:
            warn(f"The export is not remembered in the workbook: {error}")
    return done


def form_of(name: str) -> Format:
    """The format of a name. Raises UnusableError where there is none."""
    if name not in FORMATS:
        *others, last = FORMATS
        raise UnusableError(f"There is no format {name!r}; choose {', '.join(others)} or {last}.")
    return FORMATS[name]


def remember(book: Workbook, done: Exported) -> None:
    """Write beside the posted runs what was exported of them."""
    book.write_table("Runs", rows_of(done.runs))


def export_book(
    book: Workbook, form: Format, target: Path | None, force: bool, warn: Warn, path: Path, choice: Choice = ALL
) -> Exported:
    """The same for a workbook that is open already, which has to be told to `remember` it.

    path: its file, beside which the export goes without `target`; no more people may read the export than that.
    """
    if target:
        _check_target(target)
    journal, warnings = read_journal(book)
    entries = choose(journal.entries, journal.runs, choice, form.name)
    if not entries:
        return Exported([], [f"Nothing is new: everything that is asked for was exported for {form.name} already."])
    journal = replace(journal, entries=entries, known=journal.entries)
    contents = writer.files(journal, form)
    digest = hashlib.sha256(b"".join(contents)).hexdigest()[:DIGITS]
    runs = list(dict.fromkeys(entry.run for entry in entries))
    has_draft = any(journal.runs[run].is_draft for run in runs)
    files = _names(target or path.with_name(f"{path.stem}{_tag(runs, digest, has_draft)}{form.ending}"), len(contents))
    _check_free(files, force)
    for sentence in (*warnings, *twice(entries, journal.runs, form.name)):
        warn(sentence)
    _write(dict(zip(files, contents, strict=True)), force, path)
    when = dt.datetime.now().strftime("%Y-%m-%d %H:%M")
    posted = [entry for entry in entries if not journal.runs[entry.run].is_draft]
    after = remembered(journal.runs.values(), posted, form.name, when, digest) if posted else []
    return Exported(files, writer.to_do(journal, form), after)


def _tag(runs: Sequence[str], digest: str, has_draft: bool) -> str:
    """What tells the file of posted lines from others: their runs, and the digest that sheet Runs has beside them."""
    return "" if has_draft else f"-{'-'.join(dict.fromkeys((runs[0], runs[-1])))}-{digest}"


# ---------------------------------------------------------------------------------------- reading the journal


def read_journal(book: Workbook) -> tuple[Journal, list[str]]:
    """The journal as posted, and what to look at before it goes into a ledger. Refuses a workbook with errors."""
    raw_tables, runs, table = book.read(), book.runs(), book.table("Journal")
    inputs, findings = accept(raw_tables)
    errors = [f.where for f in findings if f.severity == schema.ERROR]
    stored = (row for _, row in book.table("Findings").named_rows() if row.get("Severity") == schema.ERROR)
    errors = errors or [str(row.get("Where", "")) for row in stored]  # that the last check or run has found
    if errors:
        raise UnusableError(
            f"The workbook has errors, first at {errors[0]}: see sheet Findings. Run it again, then export."
        )
    if not runs:
        raise UnusableError("There is nothing to export yet: run the workbook first.")
    tables = {name: table if name == "Journal" else book.table(name) for name in records.TABLES}
    if problems := [p for p in records.read(tables, inputs.places).problems if not p.is_order]:
        raise UnusableError(f"{problems[0]} Nothing is exported; see what else there is: xlbackflush verify")
    journal = with_setup(journal_as_posted(table, inputs.settings, runs), book, inputs.settings)
    changed = runs[-1].input_hash != input_hash(raw_tables)
    return journal, list(_to_look_at(runs[-1], changed, book.table("Checks"), table))


def with_setup(journal: Journal, book: Workbook, settings: Settings) -> Journal:
    """The journal with what sheet Ledger Setup says. A workbook of an earlier version has no such sheet."""
    try:
        rows = book.table("LedgerSetup").named_rows()
    except KeyError:
        return journal
    values = {str(row.get("Setting", "")).strip(): row.get("Value", "") for _, row in rows}
    setup = {name: text.strip() for name, value in values.items() if (text := text_of(value)) and text.strip()}
    days_later = _day(values["Posting date"]) - settings.period_end if "Posting date" in setup else 0
    return replace(journal, setup=setup, days_later=days_later)


def _day(value: object) -> int:
    """Excel day number of a date, which may be a text such as 2026-05-01."""
    number = number_in(value)
    if number is not None and number >= 1:
        return day_number(number)
    try:
        return (dt.date.fromisoformat(str(value).strip()[:10]) - schema.DAY_0).days
    except ValueError as error:
        raise UnusableError(f"Posting date on sheet Ledger Setup is {cell_words(value)}: type a date.") from error


def _to_look_at(run: Run, changed: bool, checks: Source, journal: Source) -> Iterator[str]:
    if run.is_draft:
        yield f"{run.run} is a draft: post it before a ledger imports this; the next run replaces it."
    if changed:
        yield f"The inputs were changed after run {run.run}; the journal is that of the run. Run it again."
    failed = sum(bool(row.get("Check")) and row.get("Result") != "OK" for _, row in checks.named_rows())
    if failed:
        yield f"{failed} check{'s fail' if failed > 1 else ' fails'} in the workbook: see sheet Checks."
    rows = [number for number, row in journal.named_rows() if row.get("Difference", "") not in (0, "")]
    if rows:
        where = journal.cell("Difference", rows[0])
        yield f"Sheet Journal differs from its proofs in {len(rows)} row{'s' * (len(rows) > 1)}, first at {where}."


def journal_as_posted(table: Source, settings: Settings, runs: Sequence[Run]) -> Journal:
    """Table Journal for a ledger, posted entries and draft; a cell that does not hold what a run has put there is refused.

    The order of the rows is no matter: entries come in the order of their numbers, as they were posted.
    """
    entries, problems = journal_table.parse(table, decimals(settings.currency))
    problem = next((problem for problem in problems if not problem.is_order), None)
    if problem:
        raise UnusableError(f"{problem} Run again, then export.")
    if not entries:
        raise UnusableError("Sheet Journal is empty: there is nothing to export.")
    by_name = {run.run: run for run in runs}
    _check_names(table, entries, by_name)
    proofs, differences = (_shown(table, name, settings.currency) for name in ("Proof", "Difference"))
    return Journal(settings.company, settings.currency, _wip_linked(entries), by_name, proofs, differences)


def _check_names(table: Source, entries: Sequence[PostedEntry], runs: Mapping[str, Run]) -> None:
    """The run of an entry, and the entries that it is linked to, must be there."""
    numbers = {None, *(entry.number for entry in entries)}
    for entry in entries:
        names = {
            "Run": entry.run in runs,
            "Reverses": entry.reverses in numbers,
            "Reversed by": entry.reversed_by in numbers,
        }
        for column, known in names.items():
            if not known:
                cell = table.cell(column, entry.lines[0].row)
                raise UnusableError(f"{cell}: {column} names what is not in the workbook. Run again, then export.")


def _wip_linked(entries: Sequence[PostedEntry]) -> list[PostedEntry]:
    """The entries with units in process linked to their reversal on the first day of the next period.

    Both come from the same run, one after the other, and no column names the one in the other. Corrections keep the events of
    what they take back, and are linked already.
    """
    linked = {entry.number: entry for entry in entries}
    wip: PostedEntry | None = None
    for entry in entries:
        if entry.reverses:
            continue
        if entry.event == schema.PERIOD_END_WIP:
            wip = entry
        elif entry.event == schema.REVERSAL and wip:
            linked[entry.number] = replace(entry, reverses=wip.number)
            linked[wip.number] = replace(wip, reversed_by=wip.reversed_by or entry.number)
    return list(linked.values())


def _shown(table: Source, column: str, currency: str) -> dict[int, str]:
    """Row -> what a live formula shows there as it is stored, as a plain decimal; of numbers alone."""
    places = decimals(currency)
    cells = ((number, row.get(column)) for number, row in table.named_rows())
    numbers = ((row, cell) for row, cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool))
    return {row: decimal(to_minor(number, places), places) for row, number in numbers}


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


def _write(contents: Mapping[Path, bytes], force: bool, like: Path | None) -> None:
    """All files under temporary names first; they take their places when each of them is whole."""
    remedy = "close it where it is open, or choose another folder"
    with ExitStack() as made:
        files = []
        for file, content in contents.items():
            with explained(file.name, remedy):
                files.append(made.enter_context(NewFile(file, like)))
                files[-1].write(content)
        for new in files:
            with explained(new.target.name, remedy):
                new.put() if force else new.put_new()
