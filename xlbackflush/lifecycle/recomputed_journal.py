"""Recomputed journal: what every posted run wrote, made again from its inputs on record, against what stands there.

Seals and links say that something was changed, but not which cell: a digest has no columns. The inputs on record give all
numbers, codes and names again, and the words too, unless ours were improved since the run: where a seal or the link on the
sheet is the one that comes of the words of today, those are the words that were posted.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from xlbackflush import __version__, schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.record import journal_table, seals
from xlbackflush.engine.record.corrections import correct
from xlbackflush.engine.record.record import Record
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle.calculate import Progress, calculate
from xlbackflush.lifecycle.run import draft_of
from xlbackflush.model.journal import PostedEntry, Problem, Run
from xlbackflush.model.money import from_minor
from xlbackflush.model.tables import Source, cell_words

#: columns that our words fill; a later version may say it in others
_WORDS = ("Description", "Source")
#: figures of sheet Runs that the inputs on record give, by the field of a run
_GIVEN = {c.name: c.field for c in schema.RUNS.columns if c.field in ("input_hash", "entries", "debits", "credits")}

Row = Mapping[str, object]


def recompute_run(run: str, inputs: Mapping[str, Source], earlier: Sequence[PostedEntry]) -> RunResult:
    """A run computed again from its inputs on record; its journal holds what was posted before, and what the run added."""
    result = calculate(inputs)
    if result.failed:
        return result
    period = result.period
    journal = correct(earlier, period.entries, period.inputs.accounts, period.settings.period_end, run)
    return replace(result, run=draft_of(period, "", dt.datetime.min), journal=journal)


def differing(
    record: Record, inputs: Mapping[str, Mapping[str, Source]], runs: Source, progress: Progress
) -> Iterator[Problem]:
    """Cells of tables Journal and Runs that hold something else than the inputs on record give, and lines that are gone.

    inputs: those of each run, as far as they can be read: a run is made again from its own and from all runs before it.
    runs: table Runs as read.
    """
    rows = _Rows(record)
    entries: list[PostedEntry] = []
    link = ""
    for run in record.posted_runs:
        progress(f"Run {run.run}")
        result = recompute_run(run.run, inputs[run.run], entries) if run.run in inputs else None
        if not result:
            return
        if not result.journal:
            first = result.findings[0]
            yield Problem(run.where, f"Run {run.run} cannot be computed again: {first.where} {first.what}")
            return
        made = _made(run, result, seals.sealed(entries, result.journal.new), link, record)
        lines = rows.lines(made)
        yield from rows.differing(made, lines)
        yield from _figures(made, runs)
        entries += rows.in_words_posted(made.entries, lines)
        link = run.link
    if record.posted_runs:
        yield from rows.of_no_run()


@dataclass(frozen=True)
class _Made:
    """A posted run as its inputs on record give it, with its seals and link; run: as it stands on sheet Runs."""

    run: Run
    right: Run
    entries: list[PostedEntry]
    places: int
    is_sealed: bool  # whether seals and links hold, over what stands there

    @property
    def fits(self) -> bool:
        """Whether the link on sheet Runs is that of these lines: then they are what was posted, word by word."""
        return self.right.link == self.run.link

    def problem(self, where: str, column: str, cell: object, right: object) -> Problem:
        """A cell that is not what the run posted, or that its inputs do not give although seals and links hold."""
        name, version = self.run.run, self.run.version
        if not self.is_sealed:
            return Problem(where, f"{column} is {cell_words(cell)}; run {name} posted {cell_words(right)}.")
        made = "" if version == __version__ else f" The run was made with version {version}, this is {__version__}."
        what = f"{column} is {cell_words(cell)}, as sealed; the inputs on record of run {name} give {cell_words(right)}.{made}"
        return Problem(where, what, "Whoever sealed it can say why; an update of xlbackflush can be the reason.")


def _made(run: Run, result: RunResult, entries: list[PostedEntry], link: str, record: Record) -> _Made:
    """result: the run computed again; entries: its own, sealed; link: that of the run before, as it stands on sheet Runs."""
    snapshot, places = result.period.snapshot, record.places
    total = from_minor(sum(line.minor for entry in entries for line in entry.lines if line.minor > 0), places)
    right = replace(
        run, input_hash=snapshot.input_hash, table_hashes=snapshot.table_hashes,
        entries=len(entries), debits=total, credits=total,
    )  # fmt: skip
    right = replace(right, link=seals.link_of(link, right, entries, places))
    return _Made(run, right, entries, places, is_sealed=not record.problems)


def _figures(made: _Made, source: Source) -> Iterator[Problem]:
    """Figures of a run on sheet Runs that are not what was posted."""
    for column, field in _GIVEN.items():
        there, right = getattr(made.run, field), getattr(made.right, field)
        if there != right:
            yield made.problem(source.cell(column, made.run.row), column, there, right)


@dataclass(frozen=True)
class _Line:
    """A line as the inputs give it, and its row, None where it is gone. in_words: whether its words are those posted."""

    cells: Row
    row: int | None
    in_words: bool


class _Rows:
    """The rows of table Journal, each taken once by the line that it is: by its numbers, or by its place."""

    def __init__(self, record: Record) -> None:
        self._source, self._draft = record.journal, record.draft.run if record.draft else None
        self._rows: dict[int, Row] = dict(record.journal.named_rows())
        self._in_order = iter(self._rows)
        self._numbered: dict[tuple[object, object], list[int]] = defaultdict(list)
        for number, row in self._rows.items():
            self._numbered[row.get("Entry"), row.get("Line")].append(number)
        self._taken: set[int] = set()

    def lines(self, made: _Made) -> list[_Line]:
        """A run's lines, each with the row that it has."""
        columns = journal_table.columns(made.entries, made.places)
        lines = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
        rows = self._rows_of(lines)
        sealed = (
            i for i, (line, row) in enumerate(zip(lines, rows, strict=True), 1) if row and self._has_seal(line, row)
        )
        proven = len(lines) if made.fits else max(sealed, default=0)  # a seal is over its line and all above it
        return [_Line(line, row, i < proven) for i, (line, row) in enumerate(zip(lines, rows, strict=True))]

    def differing(self, made: _Made, lines: Iterable[_Line]) -> Iterator[Problem]:
        """Cells of a run's lines that are not what was posted, and lines that are gone."""
        near = self._source.first_row
        for line in lines:
            if line.row:
                near = line.row
                yield from self._cells(made, line, line.row)
            else:
                what = f"Line {line.cells['Line']} of entry {line.cells['Entry']}, which run {made.run.run} posted, is gone."
                yield Problem(self._source.cell("Entry", near), f"{what} It stood near here.")

    def in_words_posted(self, entries: Iterable[PostedEntry], lines: Iterable[_Line]) -> Iterator[PostedEntry]:
        """Entries in the words, and with the seals, that stand on the sheet, where those of today are not the ones posted."""
        rest = iter(lines)
        for entry in entries:
            own_lines = islice(rest, len(entry.lines))
            texts = [self._rows[line.row] if line.row and not line.in_words else line.cells for line in own_lines]
            shown = zip(entry.lines, texts, strict=True)
            posted = tuple(replace(line, source=_text(row, "Source"), seal=_text(row, "Seal")) for line, row in shown)
            yield replace(entry, description=_text(texts[0], "Description"), lines=posted)

    def _rows_of(self, lines: Sequence[Row]) -> list[int | None]:
        """The row of each line. One whose numbers were changed stands where it stood, as long as no other line is there."""
        places = [next(self._in_order, None) for _ in lines]
        rows: list[int | None] = []
        for line, place in zip(lines, places, strict=True):
            free = [row for row in self._numbered[line["Entry"], line["Line"]] if row not in self._taken]
            row = place if place in free else free[0] if free else None
            rows.append(row)
            self._taken |= {row} if row else set()
        for i, place in enumerate(places):
            if rows[i] is None and place and place not in self._taken:
                rows[i] = place
                self._taken.add(place)
        return rows

    def _has_seal(self, line: Row, row: int) -> bool:
        return line["Seal"] == self._rows[row].get("Seal")

    def _cells(self, made: _Made, line: _Line, row: int) -> Iterator[Problem]:
        left_out = {
            "Reversed by",
            *(() if line.in_words else (*_WORDS, "Seal")),
        }  # links to later entries are no part of it
        for name, read in journal_table.COLUMNS.items():
            cell, right = self._rows[row].get(name, ""), "" if line.cells[name] is None else line.cells[name]
            try:
                if name in left_out or read(cell, made.places) == read(right, made.places):
                    continue
            except journal_table.OddError:
                pass
            yield made.problem(self._source.cell(name, row), name, cell, right)

    def of_no_run(self) -> Iterator[Problem]:
        """Rows that neither a posted run nor the draft has made."""
        for number, row in self._rows.items():
            if number not in self._taken and (self._draft is None or row.get("Run") != self._draft):
                yield Problem(self._source.cell("Run", number), "No run on record has posted this line.")


def _text(row: Row, column: str) -> str:
    return str(row.get(column) or "")
