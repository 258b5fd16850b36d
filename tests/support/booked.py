"""Books in memory: table Journal as a workbook would be read, and runs posted, with no workbook.

A `Plant` is what a workbook is to the lifecycle: the posted runs, the rows of table Journal, perhaps a draft.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from xlbackflush import schema
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.inputs.snapshot import input_hash
from xlbackflush.engine.record import corrections, journal_table, seals
from xlbackflush.engine.result import RunResult
from xlbackflush.model.journal import POSTED, PostedEntry, Problem, Run, linked
from xlbackflush.model.tables import Source

FIRST_ROW = schema.HEADER_ROW + 1
PREPARER, APPROVER = "Ann Clerk", "Bob Controller"


def read_back(entries: Sequence[PostedEntry], places: int) -> Source:
    """Table Journal with these entries as a reader gives it: numbers are floats, days are dates, blanks are empty text."""
    columns = journal_table.columns(entries, places)
    letters = {name: chr(ord("A") + i) for i, name in enumerate(columns)}
    rows = [
        [_as_read(name, cell) for name, cell in zip(columns, row, strict=True)]
        for row in zip(*columns.values(), strict=True)
    ]
    numbers = [FIRST_ROW + i for i in range(len(rows))]
    last = FIRST_ROW + max(len(rows), 1) - 1
    return Source("Journal", "Journal", letters, FIRST_ROW, last, list(columns), rows, numbers)


def _as_read(column: str, cell: object) -> object:
    if cell is None:
        return ""
    if column == "Posting date":
        return schema.DAY_0 + dt.timedelta(days=int(str(cell)))
    return float(cell) if isinstance(cell, int) else cell


@dataclass
class Plant:
    """The lifecycle of one period: run and post. All that it keeps of the journal is its cells."""

    places: int
    journal: Source = field(default_factory=lambda: read_back([], 2))
    runs: list[Run] = field(default_factory=list)
    snapshots: list[list[str]] = field(default_factory=list)
    draft: str = ""
    outcome: RunResult | None = None

    def entries(self) -> list[PostedEntry]:
        """All entries of table Journal, the draft's too."""
        entries, problems = journal_table.parse(self.journal, self.places)
        assert not problems, problems
        return entries

    def posted(self) -> list[PostedEntry]:
        """Those of posted runs."""
        return [entry for entry in self.entries() if entry.run != self.draft]

    def run(self, outcome: RunResult) -> corrections.Draft:
        """A draft of these results, in place of the draft before."""
        assert outcome.run
        name = f"R{len(self.runs) + 1:04d}"
        settings, accounts = outcome.period.inputs.settings, outcome.period.inputs.accounts
        draft = corrections.correct(self.posted(), outcome.period.entries, accounts, settings.period_end, name)
        self.journal = read_back(draft.entries, self.places)
        self.draft, self.outcome = name, outcome
        return draft

    def post(self) -> Run:
        """The draft becomes a posted run."""
        assert self.outcome
        sources, posted = self.outcome.period.inputs.sources, self.posted()
        new = [entry for entry in self.entries() if entry.run == self.draft]
        run = Run(
            self.draft, POSTED, "2026-05-02 09:00:00", PREPARER, "1.0", input_hash(sources), len(new),
            *totals(new, self.places), APPROVER, "2026-05-03 10:00:00", table_hashes=snapshot.Snapshot(sources).table_hashes,
            where=f"Runs!A{FIRST_ROW + len(self.runs)}",
        )  # fmt: skip
        run = replace(run, link=seals.link_of(self.runs[-1].link if self.runs else "", run, new, self.places))
        new = seals.sealed(posted, new)
        # what the draft reverses says so, but is sealed without that
        self.journal = read_back(linked([*posted, *new]), self.places)
        self.runs.append(run)
        self.snapshots.append(snapshot.Snapshot(sources).pieces)
        self.draft = ""
        return run

    def verify(self) -> list[Problem]:
        """Everything that is not as it was posted."""
        return verified(self.runs, self.journal, self.places, self.draft)

    def copy(self) -> "Plant":
        """The same, to go back to."""
        return replace(self, runs=list(self.runs), snapshots=list(self.snapshots))


def totals(entries: Sequence[PostedEntry], places: int) -> tuple[float, float]:
    """Debits and credits of these entries, in money."""
    amounts = [line.minor for entry in entries for line in entry.lines]
    return sum(a for a in amounts if a > 0) / 10**places, -sum(a for a in amounts if a < 0) / 10**places


def verified(runs: Sequence[Run], journal: Source, places: int, draft: str = "") -> list[Problem]:
    """Problems of reading; where there are none but the order of the rows, those of the chain as well."""
    entries, problems = journal_table.parse(journal, places)
    if any(not problem.is_order for problem in problems):
        return problems
    return problems + seals.verify(runs, entries, journal, places, draft)
