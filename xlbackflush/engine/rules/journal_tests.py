"""Journal-entry tests: what an auditor looks for in any journal, run before she asks. Each test is one finding at most.

The journal of a run is short and regular: it follows from documents and rules, and every entry of a period is posted on its
last day. Tests that weigh a line against the others therefore need enough others (`ENOUGH`, `MANY`), and the dates that are
tested are those of the documents. A finding here is a reason to look, never a proof; none stops a run.

Tested elsewhere: the same document twice (`rules.duplicate_rows`), dates outside the period (`rules.outside_period`), gaps
between lines and altered lines (`journal_table`, `seals`), entries that do not balance (`verify`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.record.auditor_marks import Lost
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import Floats
from xlbackflush.model.finding import Finding
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.journal import PostedEntry, PostedLine, Run, in_force
from xlbackflush.model.money import from_minor
from xlbackflush.model.people import person
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.address import column_letter

ENOUGH = 30  # rows below which a share says nothing: one row is already more than 3 %
EXCEPTION = 0.10  # a share up to which something is the exception; above, it is how the company works
ROUND_UNIT = 1_000  # in money; one amount in a thousand ends so by chance to the unit, one in 100,000 to the cent
LATE_DAYS = 30  # a month is closed within two weeks in most companies: after a whole one, something held it up
CUT_OFF_DAYS = 5  # what is shifted between periods comes from the last days: a working week with its weekend
CUT_OFF_FACTOR = 2.0  # deliveries and counts swing from week to week, but seldom to twice their average
MANY = 300  # amounts for statistics over a journal: the rarest first digit (9, in 4.6 % of them) then comes 14 times
RARE = 0.01  # share of all lines: three lines of three hundred
BELOW = 0.95  # of materiality: who splits or shades an amount to stay below a threshold stays close to it
CHI_SQUARE = 20.09  # of 8 degrees of freedom, at 1 %: so much by chance in one honest journal of a hundred
DEVIATION = 0.015  # mean over the digits; from here on Nigrini (Benford's Law, 2012) speaks of nonconformity
NAMED = 3  # cells that a finding names

#: events that happen once a period, so that their accounts are rarely used by nature
_ONCE = (schema.CONVERSION_EVENT, schema.COUNT_ADJUSTMENT, *schema.FROM_THE_CLOSE_ON)


@dataclass(frozen=True)
class Posting:
    """One line with its entry; `cell` is its amount on sheet Journal, `first` the number of its entry there."""

    entry: PostedEntry
    line: PostedLine
    cell: str
    first: str


@dataclass(frozen=True)
class Journal:
    """What the tests look at. `entries` are all on the books, the draft's last; `materiality` is the threshold in money.

    `sheet` is table Journal, for the cells that are named.
    """

    inputs: Inputs
    structure: Bill
    rollup: UnitCosts
    entries: Sequence[PostedEntry]
    materiality: float
    places: int
    runs: Sequence[Run]
    sheet: Source

    @cached_property
    def postings(self) -> list[Posting]:
        """All lines, from top to bottom; those that are not on the sheet yet follow the lines before them."""
        found, row = [], self.sheet.first_row
        for entry in self.entries:
            first = self.sheet.cell("Entry", entry.lines[0].row or row)
            for line in entry.lines:
                row = line.row or row
                amount = self.sheet.cell("Debit" if line.minor > 0 else "Credit", row)
                found.append(Posting(entry, line, amount, first))
                row += 1
        return found

    @cached_property
    def first_cells(self) -> dict[int, str]:
        """Entry number -> the cell of its number in its first line."""
        return {posting.entry.number: posting.first for posting in reversed(self.postings)}

    @cached_property
    def documents(self) -> pd.DataFrame:
        """Dated rows of the inputs: table, event, row, day, amount in money at invoice price or standard cost."""
        tables = ("Counts", "Scrap", "Purchases", "Actuals")
        frames = [self.inputs.frames[table] for table in tables]
        event = [
            f["Event"] if t == "Counts" else np.full(len(f), t, object) for t, f in zip(tables, frames, strict=True)
        ]
        rows = pd.DataFrame(
            {
                "table": np.repeat(np.array(tables, object), [len(frame) for frame in frames]),
                "event": np.concatenate(event),
                "row": np.concatenate([frame["row"] for frame in frames]),
                "day": np.concatenate([frame["Date"] for frame in frames]),
                "amount": np.nan_to_num(np.concatenate([self._amounts(table) for table in tables])),
            }
        )
        return rows[rows["day"].notna()]

    def _amounts(self, table: str) -> Floats:
        """Money of every row of a table of documents; units that are not bought at standard cost of period end."""
        values: dict[str, Floats] = {str(name): column.to_numpy() for name, column in self.inputs.frames[table].items()}
        if table == "Actuals":
            return values["Amount"]
        if table == "Purchases":
            return values["Quantity"] * values["Actual price"]
        cost = np.full(len(self.structure.items) + 1, np.nan)  # the last one stands for item -1
        cost[self.rollup.rows["item"].to_numpy()] = self.rollup.rows["unit_cost"].to_numpy()  # of the last stretch
        worth: Floats = values["Quantity"] * cost[self.structure.of(table)]
        return worth

    def money(self, minor: int) -> float:
        """Minor units as money."""
        return from_minor(minor, self.places)

    def shown(self, amount: float) -> str:
        """An amount for people."""
        return f"{amount:,.{self.places}f}"

    def named(self, postings: Sequence[Posting]) -> str:
        """The largest of some lines, with their amounts."""
        largest = sorted(postings, key=lambda p: -abs(p.line.minor))[:NAMED]
        return ", ".join(f"{p.cell} ({self.shown(self.money(abs(p.line.minor)))})" for p in largest)

    def total(self, postings: Sequence[Posting]) -> float:
        """Sum of the amounts of some lines, whatever their side."""
        return self.money(sum(abs(p.line.minor) for p in postings))


def journal_tests(
    inputs: Inputs,
    structure: Bill,
    rollup: UnitCosts,
    entries: Sequence[PostedEntry],
    materiality: float,
    places: int,
    runs: Sequence[Run] = (),
    sheet: Source | None = None,
) -> list[Finding]:
    """What the tests find. entries: all on the books, in order, with those of the draft; runs: the posted ones.

    materiality: threshold in money.  sheet: table Journal as it stands; without it (or its columns) cells are named as a new
    workbook has them.
    """
    placed = sheet if sheet and sheet.letters else _new_sheet()
    journal = Journal(inputs, structure, rollup, entries, materiality, places, runs, placed)
    return [finding for test in TESTS for finding in test(journal)]


def _new_sheet() -> Source:
    first = schema.HEADER_ROW + 1
    return Source(
        "Journal", "Journal", {name: column_letter(i) for i, name in enumerate(schema.JOURNAL.names, 1)}, first, first
    )


def marks_lost(lost: Sequence[Lost]) -> list[Finding]:
    """One finding over all entries of the auditor whose line has changed; see `auditor_marks.keep_marks`."""
    if not lost:
        return []
    said = "; ".join(f"entry {m.entry} line {m.line}: {' '.join(filter(None, m.written))}" for m in lost[:NAMED])
    return [f.MARK_LOST("Journal", f"{_count(len(lost), 'line')} with an entry of the auditor changed: {said}.")]


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _signature_of(entry: PostedEntry, sign: int = 1) -> tuple[tuple[str, int], ...]:
    """The accounts of an entry and what it puts on them."""
    return tuple(sorted((line.account, sign * line.minor) for line in entry.lines))


# ----------------------------------------------------------------------------------------------- of entries


def gaps(journal: Journal) -> Iterator[Finding]:
    """Entries are numbered 1, 2, 3 over all runs."""
    numbers = [entry.number for entry in journal.entries]
    there = set(numbers)
    missing = [n for n in range(1, max(numbers, default=0) + 1) if n not in there]
    twice = sorted(n for n, times in Counter(numbers).items() if times > 1)
    if missing or twice:
        after = next((n for n in sorted(there) if n > missing[0]), None) if missing else twice[0]
        texts = [f"number {n} is missing" for n in missing[:NAMED]] + [f"number {n} comes twice" for n in twice[:NAMED]]
        more = len(missing) + len(twice) - len(texts)
        yield f.GAP(journal.first_cells.get(after or 0, "Journal"), f"Of the entries, {', '.join(texts)}{_more(more)}.")


def _more(number: int) -> str:
    return f", and {number} more" if number > 0 else ""


def repeated(journal: Journal) -> Iterator[Finding]:
    """Two entries in force of one event and product with the same amounts on the same accounts."""
    seen: dict[object, int] = {}
    pairs: list[tuple[PostedEntry, int]] = []
    for entry in in_force(journal.entries):
        key = (entry.event, entry.product, _signature_of(entry))
        if key in seen:
            pairs.append((entry, seen[key]))
        seen.setdefault(key, entry.number)
    if pairs:
        said = ", ".join(f"entry {entry.number} repeats entry {first}" for entry, first in pairs[:NAMED])
        effect = journal.money(sum(line.minor for entry, _ in pairs for line in entry.lines if line.minor > 0))
        what = f"Same event, accounts and amounts: {said}{_more(len(pairs) - NAMED)}."
        yield f.REPEATED(journal.first_cells[pairs[0][0].number], what, effect)


def reposted(journal: Journal) -> Iterator[Finding]:
    """An entry, its exact reversal, and then the same entry again."""
    standing: dict[object, bool] = {}  # what an entry puts on its accounts -> whether it is in force, or was taken back
    again: list[PostedEntry] = []
    for entry in journal.entries:
        key, opposite = _signature_of(entry), _signature_of(entry, -1)
        if standing.get(key) is False and entry.reverses is None and entry.event != schema.REVERSAL:
            again.append(entry)
        if standing.get(opposite):
            standing[opposite] = False
        else:
            standing[key] = True
    if again:
        said = ", ".join(f"entry {entry.number}" for entry in again[:NAMED])
        effect = journal.money(sum(line.minor for entry in again for line in entry.lines if line.minor > 0))
        what = f"Accounts and amounts of an entry that was reversed before: {said}{_more(len(again) - NAMED)}."
        yield f.REPOSTED(journal.first_cells[again[0].number], what, effect)


def unusual_pairs(journal: Journal) -> Iterator[Finding]:
    """Two roles of an entry on one account; among many entries, two accounts that meet only once in an event.

    A subassembly moves within its account (Materials and in-process against itself), which is as it should be.
    """
    enough = len(journal.postings) >= MANY
    per_event = Counter(entry.event for entry in journal.entries)
    met: dict[tuple[str, str, str], list[PostedEntry]] = {}
    for entry in journal.entries:
        for debit, credit in _pairs(entry) if entry.event not in _ONCE else ():
            met.setdefault((entry.event, debit, credit), []).append(entry)
    odd = {
        pair: entries
        for pair, entries in met.items()
        if pair[1] == pair[2] or (enough and len(entries) == 1 and per_event[pair[0]] >= ENOUGH)
    }
    if odd:
        said = "; ".join(
            f"{event}: {debit} against {'itself' if debit == credit else credit} "
            f"in {_count(len(entries), 'entry', 'entries')}"
            for (event, debit, credit), entries in sorted(odd.items())[:NAMED]
        )
        chosen = {entry.number: entry for entries in odd.values() for entry in entries}
        effect = journal.money(sum(line.minor for entry in chosen.values() for line in entry.lines if line.minor > 0))
        yield f.UNUSUAL_PAIR(journal.first_cells[min(chosen)], f"{said}{_more(len(odd) - NAMED)}.", effect)


def _pairs(entry: PostedEntry) -> set[tuple[str, str]]:
    """Accounts debited and credited together, of different roles."""
    debits = {(line.account, line.role) for line in entry.lines if line.minor > 0}
    credits = {(line.account, line.role) for line in entry.lines if line.minor < 0}
    return {(debit[0], credit[0]) for debit in debits for credit in credits if debit[1] != credit[1]}


# ------------------------------------------------------------------------------------------------- of lines


def round_amounts(journal: Journal) -> Iterator[Finding]:
    """Whole thousands in a journal whose other amounts are not."""
    unit = ROUND_UNIT * 10**journal.places
    found = [p for p in journal.postings if p.line.minor % unit == 0]
    if len(journal.postings) >= ENOUGH and 0 < len(found) <= EXCEPTION * len(journal.postings):
        what = f"{_count(len(found), 'line')} of {len(journal.postings):,} in whole thousands: {journal.named(found)}."
        yield f.ROUND(_largest(found), what, journal.total(found))


def unnamed(journal: Journal) -> Iterator[Finding]:
    """Every line says in words what it is."""
    found = [p for p in journal.postings if not p.line.name.strip() or not p.entry.description.strip()]
    if found:
        accounts = ", ".join(sorted({p.line.account for p in found if not p.line.name.strip()})[:NAMED])
        about = f"account {accounts} has no name" if accounts else "the description is blank"
        what = f"{_count(len(found), 'line')}: {about}: {journal.named(found)}."
        yield f.UNNAMED(_largest(found), what, journal.total(found))


def rare_accounts(journal: Journal) -> Iterator[Finding]:
    """Accounts of a few lines only, apart from those that are used once a period by nature."""
    if len(journal.postings) < MANY:
        return
    uses = Counter(p.line.account for p in journal.postings)
    rare = {account for account, times in uses.items() if times <= RARE * len(journal.postings)}
    found = [p for p in journal.postings if p.line.account in rare and p.entry.event not in _ONCE]
    if found:
        accounts = ", ".join(sorted({p.line.account for p in found})[:NAMED])
        what = f"{_count(len(found), 'line')} of {len(journal.postings):,} on {accounts}: {journal.named(found)}."
        yield f.RARE_ACCOUNT(_largest(found), what, journal.total(found))


def just_below(journal: Journal) -> Iterator[Finding]:
    """Lines of nearly the amount from which on a misstatement matters."""
    threshold = journal.materiality
    found = [p for p in journal.postings if BELOW * threshold <= abs(journal.money(p.line.minor)) < threshold]
    if found:
        what = f"{_count(len(found), 'line')} within 5 % below {journal.shown(threshold)}: {journal.named(found)}."
        yield f.JUST_BELOW(_largest(found), what, journal.total(found))


def first_digits(journal: Journal) -> Iterator[Finding]:
    """Benford's law: in amounts of many sizes, 1 leads in 30 %, 9 in 5 %.

    Both measures must be beyond their bounds: in short journals chance alone makes deviations of `DEVIATION`, in long ones
    the smallest deviation is beyond `CHI_SQUARE`. An amount on both sides of an entry is one amount.
    """
    amounts = [
        amount for _, amount in {(p.entry.number, abs(p.line.minor)) for p in journal.postings if not p.entry.reverses}
    ]
    if len(amounts) < MANY:
        return
    seen = np.bincount([int(str(a)[0]) for a in amounts], minlength=10)[1:] / len(amounts)
    expected = np.log10(1 + 1 / np.arange(1, 10))
    square = len(amounts) * float(((seen - expected) ** 2 / expected).sum())
    deviation = float(np.abs(seen - expected).mean())
    if square > CHI_SQUARE and deviation > DEVIATION:
        digit = int((seen - expected).argmax())
        found = [p for p in journal.postings if str(abs(p.line.minor))[0] == str(digit + 1)]
        what = (
            f"{_percent(float(seen[digit]))} of {len(amounts):,} amounts begin with {digit + 1}, where Benford's law has "
            f"{_percent(float(expected[digit]))}: {journal.named(found)}."
        )
        yield f.FIRST_DIGITS(_largest(found), what, journal.total(found))


def _largest(postings: Sequence[Posting]) -> str:
    return max(postings, key=lambda p: abs(p.line.minor)).cell


# --------------------------------------------------------------------------------------------- of documents


def weekends(journal: Journal) -> Iterator[Finding]:
    """Documents of a Saturday or Sunday, where those are the exception."""
    rows = journal.documents
    found = rows[(rows["day"].astype(int) + schema.DAY_0.weekday()) % 7 >= 5]
    if len(rows) >= ENOUGH and 0 < len(found) <= EXCEPTION * len(rows):
        what = f"{_count(len(found), 'row')} of {len(rows):,} on a Saturday or Sunday: {_rows(journal, found)}."
        yield f.WEEKEND(_cell(journal, _by_size(found).iloc[0]), what, float(found["amount"].abs().sum()))


def cut_off(journal: Journal) -> Iterator[Finding]:
    """More in the last days than the rest of the period lets expect; in money, by kind of document."""
    settings, rows = journal.inputs.settings, journal.documents
    days = settings.period_end - settings.period_start + 1
    late, size = (rows["day"] > settings.period_end - CUT_OFF_DAYS).to_numpy(), rows["amount"].abs().to_numpy()
    said, found = [], []
    for event in (schema.COMPLETED, schema.SOLD, "Purchases"):
        mine = (rows["event"] == event).to_numpy()
        whole, part = float(size[mine].sum()), float(size[mine & late].sum())
        steady = mine.sum() >= ENOUGH and rows["day"][mine].nunique() > CUT_OFF_DAYS  # not counted on a few days only
        if steady and whole and part / whole > CUT_OFF_FACTOR * CUT_OFF_DAYS / days:
            said.append(f"{event} {_percent(part / whole)} ({journal.shown(part)})")
            found.append(rows[mine & late])
    if found:
        together = pd.concat(found)
        what = (
            f"The last {CUT_OFF_DAYS} of {days} days hold more than {CUT_OFF_FACTOR:g} times their part in money: "
            f"{', '.join(said)}; largest {_rows(journal, together)}."
        )
        yield f.CUT_OFF(_cell(journal, _by_size(together).iloc[0]), what, float(together["amount"].abs().sum()))


def _by_size(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[rows["amount"].abs().sort_values(ascending=False, kind="stable").index]


def _cell(journal: Journal, row: pd.Series) -> str:
    return journal.inputs.sources[row["table"]].cell("Date", int(row["row"]))


def _rows(journal: Journal, rows: pd.DataFrame) -> str:
    """The largest of some documents, with their amounts."""
    largest = (row for _, row in _by_size(rows).head(NAMED).iterrows())
    return ", ".join(f"{_cell(journal, row)} ({journal.shown(abs(float(row['amount'])))})" for row in largest)


# -------------------------------------------------------------------------------------------------- of runs


def late_postings(journal: Journal) -> Iterator[Finding]:
    """Runs posted long after the period, or on a weekend. A draft is not posted yet."""
    end, said = _period_end(journal), []
    for run in journal.runs:
        posted = _date(run.posted)
        if posted and (posted - end).days > LATE_DAYS:
            said.append(f"{run.run} {(posted - end).days} days after period end")
        elif posted and posted.weekday() >= 5:
            said.append(f"{run.run} on a {('Saturday', 'Sunday')[posted.weekday() - 5]}")
    if said:
        yield f.LATE("Runs", f"Posted: {', '.join(said[:NAMED])}{_more(len(said) - NAMED)}.")


def early_postings(journal: Journal) -> Iterator[Finding]:
    """Runs posted while the period went on: their entries are dated on a day that had not come."""
    end = _period_end(journal)
    dates = [(run.run, _date(run.posted)) for run in journal.runs]
    said = [
        f"{run} {_count((end - posted).days, 'day')} before period end"
        for run, posted in dates
        if posted and posted < end
    ]
    if said:
        yield f.EARLY("Runs", f"Posted: {', '.join(said[:NAMED])}{_more(len(said) - NAMED)}.")


def _period_end(journal: Journal) -> dt.date:
    return schema.DAY_0 + dt.timedelta(days=journal.inputs.settings.period_end)


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def own_approval(journal: Journal) -> Iterator[Finding]:
    """Two persons answer for a run."""
    own = [run for run in journal.runs if person(run.approved_by) and person(run.approved_by) == person(run.user)]
    if own:
        said = ", ".join(f"{run.run} by {run.approved_by}" for run in own[:NAMED])
        yield f.OWN_APPROVAL("Runs", f"Prepared and approved: {said}{_more(len(own) - NAMED)}.")


TESTS: tuple[Callable[[Journal], Iterator[Finding]], ...] = (
    gaps,
    repeated,
    weekends,
    late_postings,
    early_postings,
    round_amounts,
    unnamed,
    cut_off,
    reposted,
    own_approval,
    rare_accounts,
    unusual_pairs,
    just_below,
    first_digits,
)
