"""Record: what a workbook holds of its runs. Sheet Runs, the journal as posted, and the inputs that each run was made from.

A run is a draft until it is posted; then it and its lines never change. The record is read strictly, and verified before
anything is added to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xlbackflush import schema
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.record import journal_table, seals
from xlbackflush.engine.record.journal_table import PostedEntry, Problem
from xlbackflush.engine.record.seals import SealedRun
from xlbackflush.model.money import to_minor
from xlbackflush.model.tables import Source

DRAFT, POSTED, CLOSED = "Draft", "Posted", "Closed"
_TEXTS = ("Run", "Status", "Started", "User", "Version", "Input hash", "Approved by", "Posted", "Link", "Goes on in")
#: the tables that the record is made of
TABLES = ("Runs", "RunInputs", "Journal")


@dataclass(frozen=True)
class Run:
    """One line of the Runs sheet; debits and credits in money, times as text."""

    run: str
    status: str
    started: str
    user: str
    version: str
    input_hash: str
    entries: int
    debits: float
    credits: float
    approved_by: str = ""
    posted: str = ""
    link: str = ""
    goes_on: str = ""

    @property
    def is_draft(self) -> bool:
        return self.status == DRAFT

    @property
    def is_closed(self) -> bool:
        """By its status, or because a period that goes on elsewhere was closed, whatever the status says now."""
        return self.status == CLOSED or bool(self.goes_on)

    @property
    def following(self) -> str:
        """Name of the workbook in which a closed period goes on."""
        return self.goes_on.rsplit(_SEALED_BY, 1)[0]


@dataclass(frozen=True)
class RunInputs:
    """The inputs of a run: rows and digest of each table, and all of them packed (see `snapshot`)."""

    rows: Mapping[str, int]
    hashes: Mapping[str, str]
    pieces: Sequence[str]


@dataclass
class Record:
    """What earlier runs left: all runs, the entries of the posted ones, and what is wrong with any of these.

    `journal` is table Journal as read, with the cells that findings name. Entries of a draft are not looked at: the next run
    replaces them, whatever was made of them (see `drafted`).
    """

    runs: list[Run] = field(default_factory=list)
    inputs: dict[str, RunInputs] = field(default_factory=dict)
    posted: list[PostedEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    journal: Source = field(default_factory=lambda: Source("Journal", "Journal", {}, 0, 0))

    @property
    def draft(self) -> Run | None:
        return next((run for run in self.runs if run.is_draft), None)

    @property
    def posted_runs(self) -> list[Run]:
        return [run for run in self.runs if not run.is_draft]


def read(tables: Mapping[str, Source], places: int) -> Record:
    """The record in the tables of `TABLES`, read and verified; places: decimals of the currency."""
    found = Record(runs(tables["Runs"]), run_inputs(tables["RunInputs"]), journal=tables["Journal"])
    found.problems = standing(found.runs, tables["Runs"], tables["Journal"])
    if found.posted_runs and not found.problems:
        found.posted, found.problems = _entries(found, _without(found.journal, found.draft), tables["Runs"], places)
    return found


# --------------------------------------------------------------------------------------------------- status


_SEALED_BY = " · "
_DIGITS = 16


def goes_on_in(link: str, name: str) -> str:
    """What a closed run says of the workbook of the next period: its name, and a digest that only this link gives."""
    digest = hashlib.sha256("\x1f".join((link, name)).encode()).hexdigest()
    return f"{name}{_SEALED_BY}{digest[:_DIGITS]}"


def closed(runs: Sequence[Run], following: str) -> list[Run]:
    """The runs of a workbook whose period is closed and goes on in another one."""
    return [replace(run, status=CLOSED, goes_on=goes_on_in(runs[-1].link, following)) for run in runs]


def standing(runs: Sequence[Run], source: Source, journal: Source) -> list[Problem]:
    """What cannot be of the status of each run: posted runs carry seals, a link and an approver, and drafts do not."""
    where = {str(_cell(source, r, "Run")): n for n, r in zip(source.row_numbers, source.rows, strict=True)}
    sealed = {str(_cell(journal, row, "Run")) for row in journal.rows if _cell(journal, row, "Seal") != ""}
    link = runs[-1].link if runs else ""

    def problems(run: Run) -> Iterator[tuple[str, str]]:
        if run.status not in (DRAFT, POSTED, CLOSED):
            yield (
                "Status",
                f"The status of run {run.run} is {run.status or 'blank'}; it is {DRAFT}, {POSTED} or {CLOSED}.",
            )
        elif run.is_draft and (run.run in sealed or run.approved_by or run.posted or run.link):
            yield "Status", f"Run {run.run} was posted, but its status is {DRAFT}."
        elif run.is_draft and run is not runs[-1]:
            yield "Status", f"Run {run.run} is a draft above a later run."
        elif run.status == CLOSED and not run.goes_on:
            yield "Goes on in", f"Run {run.run} is closed, but does not say where the period goes on."
        elif run.goes_on and run.goes_on != goes_on_in(link, run.following):
            yield "Goes on in", f"What run {run.run} says of the next workbook was changed."
        elif run.goes_on and run.status != CLOSED:
            yield (
                "Status",
                f"The period was closed and goes on in {run.following}, but run {run.run} is {run.status.lower()}.",
            )

    return [
        Problem(source.cell(column, where.get(run.run, source.first_row)), text)
        for run in runs
        for column, text in problems(run)
    ]


def drafted(tables: Mapping[str, Source], places: int) -> tuple[list[PostedEntry], list[Problem]]:
    """The entries of the draft as they stand on the sheet, and what is wrong with the journal as a whole."""
    found = Record(runs(tables["Runs"]), run_inputs(tables["RunInputs"]), journal=tables["Journal"])
    entries, problems = _entries(found, found.journal, tables["Runs"], places)
    return [entry for entry in entries if found.draft and entry.run == found.draft.run], problems


def _without(journal: Source, draft: Run | None) -> Source:
    """The journal without the rows of the draft."""
    if draft is None:
        return journal
    kept = [i for i, row in enumerate(journal.rows) if _cell(journal, row, "Run") != draft.run]
    return replace(journal, rows=[journal.rows[i] for i in kept], row_numbers=[journal.row_numbers[i] for i in kept])


def _entries(found: Record, journal: Source, lines: Source, places: int) -> tuple[list[PostedEntry], list[Problem]]:
    """The entries of a journal, and what does not fit them, their chain, or sheet Runs (`lines`)."""
    entries, problems = journal_table.parse(journal, places)
    if any(not problem.is_order for problem in problems):
        return entries, problems
    if journal is not found.journal:  # which of them the draft takes back is no part of what was posted
        entries = journal_table.linked(entries)
    cells = {
        str(_cell(lines, r, "Run")): lines.cell("Run", n) for n, r in zip(lines.row_numbers, lines.rows, strict=True)
    }
    sealed = [
        replace(sealed_run(run, found.inputs.get(run.run), places), where=cells.get(run.run, "Runs"))
        for run in found.posted_runs
    ]
    draft = found.draft.run if found.draft and journal is found.journal else ""
    return entries, [*problems, *seals.verify(sealed, entries, journal, places, draft)]


def sealed_run(run: Run, inputs: RunInputs | None, places: int) -> SealedRun:
    """A posted run as the chain sees it."""
    return SealedRun(
        run.run, run.user, run.approved_by, run.started, run.posted, run.version, run.input_hash,
        inputs.hashes if inputs else {}, run.entries, to_minor(run.debits, places), to_minor(run.credits, places), run.link,
    )  # fmt: skip


def runs(source: Source) -> list[Run]:
    """The rows of table Runs."""
    found = []
    for row in source.rows:
        cells = dict(zip(source.columns, row, strict=True))
        if cells.get("Run"):
            run, status, started, user, version, digest, approved_by, posted, link, goes_on = (
                str(cells.get(name) or "") for name in _TEXTS
            )
            entries, debits, credits = (_number(cells.get(c)) for c in ("Entries", "Debits", "Credits"))
            made = Run(run, status, started, user, version, digest, int(entries), debits, credits)
            found.append(replace(made, approved_by=approved_by, posted=posted, link=link, goes_on=goes_on))
    return found


def run_inputs(source: Source) -> dict[str, RunInputs]:
    """The rows of table RunInputs, by run."""
    found: dict[str, RunInputs] = {}
    pieces: dict[str, list[str]] = {}
    for row in source.rows:
        run, name, rows, digest, content = (_cell(source, row, c) for c in schema.RUN_INPUTS.names)
        inputs = found.setdefault(str(run), RunInputs({}, {}, pieces.setdefault(str(run), [])))
        if content:
            pieces[str(run)].append(str(content))
        else:
            found[str(run)] = RunInputs(
                {**inputs.rows, str(name): int(_number(rows))}, {**inputs.hashes, str(name): str(digest)}, inputs.pieces
            )
    return found


def currency(source: Source, run: str) -> str:
    """Currency of Setup in the inputs on record of a run; "" where they are damaged, which is found elsewhere."""
    kept = run_inputs(source).get(run)
    try:
        setup = snapshot.unpack(kept.pieces if kept else [])["Setup"].by_column()
    except snapshot.DamagedError:
        return ""
    return next(
        (str(v) for s, v in zip(setup["Setting"], setup["Value"], strict=True) if str(s).strip() == "Currency"), ""
    )


def inputs_of(sources: Mapping[str, Source]) -> RunInputs:
    """What goes on record of the inputs of a run that is made now."""
    rows = {name: len(source.rows) for name, source in sources.items()}
    return RunInputs(rows, snapshot.table_hashes(sources), snapshot.pack(sources))


def _cell(source: Source, row: list[object], column: str) -> object:
    return row[source.columns.index(column)] if column in source.columns else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
