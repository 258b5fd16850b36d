"""Record: what a workbook holds of its runs. Sheet Runs, the journal as posted, and the inputs that each run was made from.

A run is a draft until it is posted; then it and its lines never change. The record is read strictly, and verified before
anything is added to it.
"""

from collections.abc import Mapping, Sequence

from xlbackflush.dataclass import dataclass, field, replace
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.record import journal_table, runs_table, seals
from xlbackflush.engine.record.runs_table import run_inputs, runs
from xlbackflush.model.journal import CLOSED, PostedEntry, Problem, Run, RunInputs, goes_on_in, linked, run_name
from xlbackflush.model.tables import Source

#: the tables that the record is made of
TABLES = ("Runs", "RunInputs", "Journal")


@dataclass
class Record:
    """What earlier runs left: all runs, the entries of the posted ones, and what is wrong with any of these.

    `journal` is table Journal as read, with the cells that findings name; places: decimals of the currency. Entries of a draft
    are not looked at: the next run replaces them, whatever was made of them (see `drafted`).
    """

    runs: list[Run] = field(default_factory=list)
    inputs: dict[str, RunInputs] = field(default_factory=dict)
    posted: list[PostedEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    journal: Source = field(default_factory=lambda: Source("Journal", "Journal", {}, 0, 0))
    places: int = 2

    @property
    def draft(self) -> Run | None:
        return next((run for run in self.runs if run.is_draft), None)

    @property
    def posted_runs(self) -> list[Run]:
        return [run for run in self.runs if not run.is_draft]

    @property
    def next_run(self) -> str:
        """Number of the run that is made next: a draft is made again under its own."""
        return run_name(1 + len(self.posted_runs))


def read(tables: Mapping[str, Source], places: int) -> Record:
    """The record in the tables of `TABLES`, read and verified; places: decimals of the currency."""
    record = _unread(tables)
    record.places = places
    record.problems = list(runs_table.problems(*(tables[name] for name in TABLES)))
    if record.posted_runs and not record.problems:
        record.posted, record.problems = _entries(record, places, with_draft=False)
    return record


def drafted(tables: Mapping[str, Source], places: int) -> tuple[list[PostedEntry], list[Problem]]:
    """The entries of the draft as they stand on the sheet, and what is wrong with the journal as a whole."""
    record = _unread(tables)
    entries, problems = _entries(record, places, with_draft=True)
    return [entry for entry in entries if record.draft and entry.run == record.draft.run], problems


def _unread(tables: Mapping[str, Source]) -> Record:
    """The record before its entries are read."""
    return Record(runs(tables["Runs"]), run_inputs(tables["RunInputs"]), journal=tables["Journal"])


def _entries(record: Record, places: int, with_draft: bool) -> tuple[list[PostedEntry], list[Problem]]:
    """The entries of the journal, and what does not fit them, their chain, or sheet Runs."""
    journal, draft = record.journal, record.draft.run if record.draft else ""
    if draft and not with_draft:
        posted = {number: list(row.values()) for number, row in journal.named_rows() if row.get("Run") != draft}
        journal, draft = replace(journal, rows=list(posted.values()), row_numbers=list(posted)), ""
    entries, problems = journal_table.parse(journal, places)
    if any(not problem.is_order for problem in problems):
        return entries, problems
    if journal is not record.journal:  # which of them the draft takes back is no part of what was posted
        entries = linked(entries)
    hashes = {run: inputs.hashes for run, inputs in record.inputs.items()}
    runs = [replace(run, table_hashes=hashes.get(run.run, {})) for run in record.posted_runs]
    return entries, [*problems, *seals.verify(runs, entries, journal, places, draft)]


def closed(runs: Sequence[Run], following: str) -> list[Run]:
    """The runs of a workbook whose period is closed and goes on in another one."""
    return [replace(run, status=CLOSED, goes_on=goes_on_in(runs[-1].link, following)) for run in runs]


def currency(source: Source, run: str) -> str:
    """Currency of Setup in the inputs on record of a run; "" where they are damaged, which `verify` says."""
    inputs = run_inputs(source).get(run)
    try:
        tables = snapshot.unpack(inputs.pieces if inputs else [], "Setup")
    except snapshot.DamagedError:
        return ""
    return currency_of(tables["Setup"]) if tables else ""


def currency_of(setup: Source) -> str:
    """Currency on table Setup as read, "" where it is not there."""
    rows = (row for _, row in setup.named_rows())
    return next((str(row["Value"]) for row in rows if str(row["Setting"]).strip() == "Currency"), "")
