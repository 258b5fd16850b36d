"""Seals and links: what shows whether anything that was posted has been changed since.

Every posted line carries a seal: the first 12 hex digits of SHA-256 over the seal of the line above and the line itself, with
all that was posted, as exact text and minor units. In JSON a line is its fields by name, without those that are blank:

    ["d41d8cd98f00",{"entry.date":"2026-04-30","entry.description":"Units sold","entry.event":"Sale","entry.number":3,
    "entry.run":"R0001","line.account":"5000","line.minor":90000,"line.name":"Cost of goods sold","line.number":1, ...}]

A line that was changed no longer fits its seal, and is named; a digest cannot tell which of its columns it was. Every posted
run carries a link: SHA-256 over the link of the run before, what sheet Runs says of the run (its inputs as hashes of each
table), and all its lines. A line that was added or taken away leaves the seals of others whole, but not the link.

    line 1 -> seal 1 -> seal 2 ... of all lines          run 1, lines of run 1 -> link 1 -> link 2 ... of all runs

There is no secret in it: whoever can compute the chain can compute it anew after a change. So the last link should be kept
where the workbook is not, on paper or with the auditor; while it is the same, so is everything before it.

Two things are not sealed, because they come later: `Reversed by`, which must agree with the later entry's `Reverses`, and
whether the period is closed.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.record import journal_table
from xlbackflush.model.journal import PostedEntry, Problem, Run, person
from xlbackflush.model.money import shown, to_minor
from xlbackflush.model.tables import Source
from xlbackflush.model.words import several

SEAL_DIGITS = 12
_LATER = ("entry.reversed_by", "line.seal")  # fields that are not sealed


def sealed(above: Sequence[PostedEntry], entries: Sequence[PostedEntry]) -> list[PostedEntry]:
    """Entries with their seals, below those that are posted already."""
    seal = above[-1].lines[-1].seal if above else ""
    done = []
    for entry in entries:
        lines = []
        for k, line in enumerate(entry.lines):
            seal = seal_of(seal, entry, k)
            lines.append(replace(line, seal=seal))
        done.append(replace(entry, lines=tuple(lines)))
    return done


def seal_of(above: str, entry: PostedEntry, k: int) -> str:
    """Seal of a line (k from 0), below a line with the seal `above` ("" for the first line of all)."""
    return _digest([above, _content(entry, k)])[:SEAL_DIGITS]


def link_of(before: str, run: Run, entries: Sequence[PostedEntry], places: int) -> str:
    """Link of a run with these entries, after a run with the link `before` ("" for the first run).

    places: decimals of the currency.
    """
    row = [
        run.run, run.user, run.approved_by, run.started, run.posted, run.version, run.input_hash,
        sorted(run.table_hashes.items()), run.entries, to_minor(run.debits, places), to_minor(run.credits, places),
    ]  # fmt: skip
    return _digest([before, row, [_content(entry, k) for entry in entries for k in range(len(entry.lines))]])


def _content(entry: PostedEntry, k: int) -> dict[str, object]:
    """Everything posted with a line, by field. What is blank is left out, so that a column to come changes no seal."""
    day = schema.DAY_0 + dt.timedelta(days=entry.date)
    fields = journal_table.fields(entry, k)
    fields |= {"entry.date": day.isoformat(), "line.number": k + 1, "line.minor": entry.lines[k].minor}
    return {name: value for name, value in fields.items() if name not in _LATER and value not in ("", None)}


def _digest(content: object) -> str:
    """SHA-256 of plain data, written as JSON in ASCII without spaces, names in their order."""
    return hashlib.sha256(json.dumps(content, separators=(",", ":"), sort_keys=True).encode("ascii")).hexdigest()


def verify(
    runs: Sequence[Run], entries: Sequence[PostedEntry], journal: Source, places: int, draft: str = ""
) -> list[Problem]:
    """What is not as it was posted, or should not have been posted so; empty where all is well.

    runs: the posted runs in order; entries: all entries of table `journal`, as read without problems (`journal_table.parse`,
    which has seen to their numbers); places: decimals of the currency; draft: run number of entries that are not posted yet.
    """
    posted = [entry for entry in entries if entry.run != draft]
    return [
        *_in_order(runs, entries, journal, draft),
        *_two_people(runs),
        *_chained(runs, posted, journal, places),
        *(
            Problem(journal.cell("Seal", line.row), f"Entry {entry.number} is a draft, but has a seal.")
            for entry in entries
            for line in entry.lines
            if entry.run == draft and line.seal
        ),
        *_balanced(entries, journal, places),
        *_paired(entries, journal),
    ]


def _in_order(runs: Sequence[Run], entries: Sequence[PostedEntry], journal: Source, draft: str) -> Iterator[Problem]:
    """The journal has the runs of sheet Runs, one after the other, and the draft last."""
    known = [run.run for run in runs] + ([draft] if draft else [])
    for run in runs:
        if known.count(run.run) > 1:
            yield Problem(run.where, f"Run {run.run} is there twice.")
    last = 0
    for name, group in groupby(entries, key=lambda entry: entry.run):
        cell = journal.cell("Run", next(group).lines[0].row)
        if name not in known:
            yield Problem(cell, f"Run {name} is not on sheet Runs.")
        elif known.index(name) < last:
            yield Problem(cell, f"Entries of run {name} stand below those of a later run.")
        else:
            last = known.index(name)


def _two_people(runs: Sequence[Run]) -> Iterator[Problem]:
    """Two people, by name."""
    for run in runs:
        preparer, approver = person(run.user), person(run.approved_by)
        if not preparer or not approver:
            yield Problem(run.where, f"Run {run.run} has no {'preparer' if not preparer else 'approver'}.")
        elif preparer == approver:
            yield Problem(run.where, f"Run {run.run} was prepared and approved by the same person, {run.user}.")


def _chained(runs: Sequence[Run], entries: Sequence[PostedEntry], journal: Source, places: int) -> Iterator[Problem]:
    """Links, computed again. Each may follow the link before it, or what that should be.

    So a change is named once, where it was made, and not again in everything that follows.
    """
    link = right_link = seal = right_seal = ""
    for run in runs:
        own_entries = [entry for entry in entries if entry.run == run.run]
        broken = []
        for entry in own_entries:
            for k, line in enumerate(entry.lines):
                below_seal = seal_of(seal, entry, k)
                if line.seal != below_seal and line.seal != seal_of(right_seal, entry, k):
                    broken.append((entry, k))
                seal, right_seal = line.seal, below_seal
        below_link = link_of(link, run, own_entries, places)
        fits = run.link == below_link or run.link == link_of(right_link, run, own_entries, places)
        problems = [*(_broken(entry, k, journal, fits) for entry, k in broken), *_totals(run, own_entries, places)]
        if not fits and not problems:
            text = f"What stands here of run {run.run} is not what was posted, or its link is not."
            problems = [Problem(run.where, text)]
        yield from problems
        link, right_link = run.link, below_link


def _broken(entry: PostedEntry, k: int, journal: Source, link_fits: bool) -> Problem:
    """A line that does not fit its seal; where the link of its run fits, it is the seal that was changed."""
    row = entry.lines[k].row
    if link_fits:
        return Problem(journal.cell("Seal", row), f"The seal of line {k + 1} of entry {entry.number} was changed.")
    text = f"Line {k + 1} of entry {entry.number} of run {entry.run} is not what was posted, or its seal is not."
    letters = (journal.letters[name] for name in journal_table.COLUMNS if name in journal.letters)
    last = max(letters, key=lambda letter: (len(letter), letter))
    return Problem(f"{journal.cell('Run', row)}:{last}{row}", text)


def _totals(run: Run, entries: Sequence[PostedEntry], places: int) -> Iterator[Problem]:
    """As many entries, debits and credits as sheet Runs says."""
    amounts = [line.minor for entry in entries for line in entry.lines]
    debits, credits = sum(a for a in amounts if a > 0), -sum(a for a in amounts if a < 0)
    for posted, there in (
        tuple(several(count, "entry", "entries") for count in (run.entries, len(entries))),
        (f"debits of {shown(to_minor(run.debits, places), places)}", f"debits of {shown(debits, places)}"),
        (f"credits of {shown(to_minor(run.credits, places), places)}", f"credits of {shown(credits, places)}"),
    ):
        if posted != there:
            yield Problem(run.where, f"Run {run.run} was posted with {posted}; the journal has {there}.")


def _balanced(entries: Sequence[PostedEntry], journal: Source, places: int) -> Iterator[Problem]:
    for entry in entries:
        if off := sum(line.minor for line in entry.lines):
            more = "debits" if off > 0 else "credits"
            text = f"Entry {entry.number} does not balance: its {more} are {shown(abs(off), places)} more."
            rows = [line.row for line in entry.lines]  # where the table was sorted, others stand between them
            yield Problem(f"{journal.cell('Debit', min(rows))}:{journal.letters['Credit']}{max(rows)}", text)


def _paired(entries: Sequence[PostedEntry], journal: Source) -> Iterator[Problem]:
    """A reversal negates an earlier entry exactly, and once; a correction comes in the place of a reversed one."""
    by_number = {entry.number: entry for entry in entries}
    reversed_by: dict[int, int] = {}
    for entry in entries:
        for column, other, negates in (("Reverses", entry.reverses, True), ("Corrects", entry.corrects, False)):
            wrong = "" if other is None else _wrong_link(entry, by_number.get(other), negates)
            if negates and other in reversed_by:
                wrong = f"which entry {reversed_by[other]} has reversed already"
            if wrong:
                text = f"Entry {entry.number} {column.lower()} entry {other}, {wrong}."
                yield Problem(journal.cell(column, entry.lines[0].row), text)
        if entry.reverses is not None:
            reversed_by.setdefault(entry.reverses, entry.number)
    for entry in entries:
        by = reversed_by.get(entry.number)
        if entry.reversed_by != by:
            on_sheet = f"by entry {entry.reversed_by}" if entry.reversed_by else "by none"
            truth = f"entry {by} does" if by else "no entry does"
            text = f"Entry {entry.number} is said to be reversed {on_sheet}; {truth}."
            yield Problem(journal.cell("Reversed by", entry.lines[0].row), text)
        corrected = by_number.get(entry.corrects) if entry.corrects else None
        if corrected and corrected.number not in reversed_by:
            text = f"Entry {entry.number} corrects entry {corrected.number}, which is not reversed."
            yield Problem(journal.cell("Corrects", entry.lines[0].row), text)


def _wrong_link(entry: PostedEntry, other: PostedEntry | None, negates: bool) -> str:
    """Why an entry cannot reverse or correct another, or "" where it can."""
    if other is None or other.number >= entry.number:
        return "which is not an earlier entry"
    if other.reverses is not None:
        return "which is a reversal itself"
    if (entry.event, entry.product) != (other.event, other.product):
        return "which is of another event or product"
    own_lines = [(line.role, line.account, line.name, -line.minor) for line in entry.lines]
    if negates and own_lines != [(line.role, line.account, line.name, line.minor) for line in other.lines]:
        return "but is not its exact negation"
    return ""
