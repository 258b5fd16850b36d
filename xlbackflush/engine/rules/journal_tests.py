"""Journal-entry tests: what an auditor looks for in any journal, run before she asks. Each test is one finding at most.

The journal of a run is short and regular: it follows from documents and rules, and every entry of a period is posted on its
last day. Tests that weigh a line against the others therefore need enough others (`ENOUGH`, `MANY`), and the dates that are
tested are those of the documents. A finding here is a reason to look, never a proof; none stops a run.

Tested elsewhere: the same document twice and dates outside the period (`transactions`), gaps between lines and altered lines
(`journal_table`, `seals`), entries that do not balance (`verify`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.period import Period
from xlbackflush.engine.record import journal_table
from xlbackflush.engine.record.auditor_marks import Lost, keep_marks
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, Texts, blank_as_zero, where_true
from xlbackflush.model.inputs import account_of
from xlbackflush.model.journal import PostedEntry, PostedLine, Run, in_force, person
from xlbackflush.model.money import from_minor
from xlbackflush.model.tables import Source
from xlbackflush.model.words import NAMED, listed, number, several, share
from xlbackflush.ooxml.address import column_letter

ENOUGH = 30  # rows below which a share says nothing: one row is already more than 3 %
EXCEPTION = 0.10  # a share up to which something is the exception; above, it is how the company works
FEW = 0.03  # a share up to which work on a weekend is unusual: a company that works some Saturdays has more
ROUND_UNIT = 1_000  # in money; one amount in a thousand ends so by chance to the unit, one in 100,000 to the cent
LATE_DAYS = 30  # a month is closed within two weeks in most companies: after a whole one, something held it up
CUT_OFF_DAYS = 5  # what is shifted between periods comes from the last days: a working week with its weekend
CUT_OFF_FACTOR = 3.0  # deliveries and counts swing, and the end of a month is often busy, but seldom thrice its average
MANY = 300  # amounts for statistics over a journal: the rarest first digit (9, in 4.6 % of them) then comes 14 times
RARE = 0.01  # share of all lines: three lines of three hundred
BELOW = 0.95  # of materiality: who splits or shades an amount to stay below a threshold stays close to it
SPLIT = 3  # amounts there: one or two are there by chance
SPREAD = (
    2.0  # powers of ten that amounts must span, without the smallest and largest 5 %, before Benford's law is theirs
)
POSTINGS = 4  # runs posted, before one of them on a weekend is unusual
CHI_SQUARE = 20.09  # of 8 degrees of freedom, at 1 %: so much by chance in one honest journal of a hundred
DEVIATION = 0.015  # mean over the digits; from here on Nigrini (Benford's Law, 2012) speaks of nonconformity

#: events that happen once a period, so that their accounts are rarely used by nature
_ONCE = (schema.CONVERSION_EVENT, schema.COUNT_ADJUSTMENT, *schema.FROM_THE_CLOSE_ON)


@dataclass(frozen=True)
class Posting:
    """One line with its entry, and its row on sheet Journal."""

    entry: PostedEntry
    line: PostedLine
    row: int


@dataclass(frozen=True)
class Documents(Records):
    """Dated rows of the inputs. event: of a count, else the table; amount: money at invoice price or standard cost."""

    table: Texts
    event: Texts
    row: Ints
    day: Floats
    amount: Floats


@dataclass(frozen=True)
class Journal:
    """What the tests look at: all entries on the books, the draft's last, and the runs that post them.

    materiality: threshold in money. sheet: table Journal as it stands, for the cells that are named.
    """

    period: Period
    entries: Sequence[PostedEntry]
    runs: Sequence[Run]
    materiality: float
    sheet: Source

    @cached_property
    def postings(self) -> list[Posting]:
        """All lines, from top to bottom; those that are not on the sheet yet follow the lines before them."""
        postings, row = [], self.sheet.first_row - 1
        for entry in self.entries:
            for line in entry.lines:
                row = line.row or row + 1
                postings.append(Posting(entry, line, row))
        return postings

    @cached_property
    def first_cells(self) -> dict[int, str]:
        """Entry number -> the cell of its number in its first line."""
        return {posting.entry.number: self.sheet.cell("Entry", posting.row) for posting in reversed(self.postings)}

    @cached_property
    def documents(self) -> Documents:
        """The documents of the period, table by table."""
        inputs, bill, costs = self.period.inputs, self.period.bill, self.period.unit_costs.rows
        cost = np.full(len(bill.items) + 1, np.nan)  # at period end; the last one stands for item -1
        cost[costs.item] = costs.unit_cost  # of the last stretch
        amounts: dict[str, Floats] = {
            "Counts": inputs.counts.quantity * cost[bill.of("Counts")],
            "Scrap": inputs.scrap.quantity * cost[bill.of("Scrap")],
            "Purchases": inputs.payable,
            "Actuals": inputs.actuals.amount,
        }
        tables = [inputs.table(name) for name in amounts]
        table = np.repeat(np.array(list(amounts), object), [len(rows) for rows in tables])
        rows = Documents(
            table=table,
            event=np.concatenate((inputs.counts.event, table[len(inputs.counts) :])),
            row=np.concatenate([rows.row for rows in tables]),
            day=np.concatenate([rows.column("Date") for rows in tables]),
            amount=blank_as_zero(np.concatenate(list(amounts.values()))),
        )
        return rows.of(~np.isnan(rows.day))

    @cached_property
    def period_end(self) -> dt.date:
        return schema.DAY_0 + dt.timedelta(days=self.period.settings.period_end)

    @property
    def posted(self) -> Iterator[tuple[str, dt.date]]:
        """The runs, each with the day on which it was posted. A draft is not posted yet."""
        for run in self.runs:
            with suppress(ValueError):
                yield run.run, dt.date.fromisoformat(run.posted[:10])

    def money(self, minor: int) -> float:
        """Minor units as money."""
        return from_minor(minor, self.period.places)

    def money_text(self, amount: float) -> str:
        """An amount for people."""
        return f"{amount:,.{self.period.places}f}"

    def debits(self, entries: Iterable[PostedEntry]) -> float:
        """Sum of what some entries debit."""
        return self.money(sum(line.minor for entry in entries for line in entry.lines if line.minor > 0))


def journal_of(period: Period, run_to_post: Run | None = None) -> Journal:
    """The journal as the run of a period leaves it; run_to_post: the draft as it will stand, where it is about to be posted."""
    runs = [*period.record.posted_runs, *([run_to_post] if run_to_post else [])]
    sheet = period.record.journal if period.record.journal.letters else new_sheet()
    return Journal(period, period.draft.entries, runs, period.materiality_threshold, sheet)


def new_sheet() -> Source:
    """Table Journal of a new workbook."""
    first = schema.HEADER_ROW + 1
    letters = {name: column_letter(i) for i, name in enumerate(schema.JOURNAL.names, 1)}
    return Source("Journal", "Journal", letters, first, first)


def journal_tests(journal: Journal) -> Iterator[f.Finding]:
    """What the tests find."""
    for test in TESTS:
        yield from test(journal)


def _clauses(texts: Sequence[str]) -> str:
    """The first of some texts that have commas in them, and how many more there are."""
    more = [f"and {len(texts) - NAMED:,} more"] if len(texts) > NAMED else []
    return "; ".join([*texts[:NAMED], *more])


def _percent(part: float) -> str:
    return share(part, 1 if part < 0.1 else 0)


# ----------------------------------------------------------------------------------------------- of entries


def gaps(journal: Journal) -> Iterator[f.Finding]:
    """Entries are numbered 1, 2, 3 over all runs."""
    times = Counter(entry.number for entry in journal.entries)
    missing = [n for n in range(1, max(times, default=0) + 1) if n not in times]
    twice = sorted(n for n in times if times[n] > 1)
    if missing or twice:
        at = next((n for n in sorted(times) if n > missing[0]), None) if missing else twice[0]
        texts = [*(f"number {n} is missing" for n in missing), *(f"number {n} comes twice" for n in twice)]
        yield f.GAP(journal.first_cells.get(at or 0, "Journal"), f"Of the entries, {listed(texts)}.")


def repeated(journal: Journal) -> Iterator[f.Finding]:
    """Two entries in force of one event and product with the same amounts on the same accounts."""
    first: dict[object, PostedEntry] = {}
    pairs: list[tuple[PostedEntry, PostedEntry]] = []
    for entry in in_force(journal.entries):
        key = (entry.event, entry.product, _signature_of(entry))
        if key in first:
            pairs.append((entry, first[key]))
        first.setdefault(key, entry)
    if pairs:
        repeats = listed([f"entry {entry.number} repeats entry {original.number}" for entry, original in pairs])
        effect = journal.debits(entry for entry, _ in pairs)
        what = f"Same event, accounts and amounts: {repeats}."
        yield f.REPEATED(journal.first_cells[pairs[0][0].number], what, effect)


def reposted(journal: Journal) -> Iterator[f.Finding]:
    """An entry, its exact reversal, and then the same entry again."""
    is_in_force: dict[object, bool] = {}  # by what an entry puts on its accounts; False where it was taken back
    entries: list[PostedEntry] = []
    for entry in journal.entries:
        key, opposite = _signature_of(entry), _signature_of(entry, -1)
        if is_in_force.get(key) is False and entry.reverses is None and entry.event != schema.REVERSAL:
            entries.append(entry)
        if is_in_force.get(opposite):
            is_in_force[opposite] = False
        else:
            is_in_force[key] = True
    if entries:
        numbers = listed([f"entry {entry.number}" for entry in entries])
        what = f"Accounts and amounts of an entry that was reversed before: {numbers}."
        yield f.REPOSTED(journal.first_cells[entries[0].number], what, journal.debits(entries))


def unusual_pairs(journal: Journal) -> Iterator[f.Finding]:
    """Two roles of an entry on one account; among many entries, two accounts that meet only once in an event.

    A subassembly moves within its account (Materials and in-process against itself), which is as it should be. So is what
    Setup says: two roles on one account by choice, or a role that is seldom used.
    """
    enough = len(journal.postings) >= MANY
    per_event = Counter(entry.event for entry in journal.entries)
    met: dict[tuple[str, str, str], list[PostedEntry]] = {}
    for entry in journal.entries:
        for debit, credit in _pairs(journal, entry) if entry.event not in _ONCE else ():
            met.setdefault((entry.event, debit, credit), []).append(entry)
    odd = {
        pair: entries
        for pair, entries in met.items()
        if pair[1] == pair[2] or (enough and len(entries) == 1 and per_event[pair[0]] >= ENOUGH)
    }
    if odd:
        texts = [
            f"{event}: {debit} against {'itself' if debit == credit else credit} "
            f"in {several(len(entries), 'entry', 'entries')}"
            for (event, debit, credit), entries in sorted(odd.items(), key=lambda each: each[0])
        ]
        by_number = {entry.number: entry for entries in odd.values() for entry in entries}
        effect = journal.debits(by_number.values())
        yield f.UNUSUAL_PAIR(journal.first_cells[min(by_number)], f"{_clauses(texts)}.", effect)


def _mapped(journal: Journal, line: PostedLine) -> bool:
    """Whether a line is on the account that Setup gives to its role."""
    accounts = journal.period.inputs.accounts
    return line.role in accounts and line.account == account_of(accounts, line.role, line.item_class)[0]


def _pairs(journal: Journal, entry: PostedEntry) -> set[tuple[str, str]]:
    """Accounts debited and credited together, of different roles, unless they are those of Setup."""
    if all(_mapped(journal, line) for line in entry.lines):
        return set()
    debits = {(line.account, line.role) for line in entry.lines if line.minor > 0}
    credits = {(line.account, line.role) for line in entry.lines if line.minor < 0}
    return {(debit[0], credit[0]) for debit in debits for credit in credits if debit[1] != credit[1]}


def _signature_of(entry: PostedEntry, sign: int = 1) -> tuple[tuple[str, int], ...]:
    """The accounts of an entry and what it puts on them."""
    return tuple(sorted((line.account, sign * line.minor) for line in entry.lines))


# ------------------------------------------------------------------------------------------------- of lines


def round_amounts(journal: Journal) -> Iterator[f.Finding]:
    """Large amounts in whole thousands, in a journal whose other amounts are not even whole."""
    unit, count = ROUND_UNIT * 10**journal.period.places, len(journal.postings)
    threshold, whole = journal.materiality, 10 ** max(journal.period.places, 1)
    lines = [p for p in journal.postings if p.line.minor % unit == 0 and journal.money(abs(p.line.minor)) > threshold]
    simple = sum(p.line.minor % whole == 0 for p in journal.postings)
    if count >= ENOUGH and 0 < len(lines) <= simple <= EXCEPTION * count:
        yield _of_lines(journal, f.ROUND, lines, f"{several(len(lines), 'line')} of {count:,} in whole thousands")


def unnamed(journal: Journal) -> Iterator[f.Finding]:
    """Every line says in words what it is."""
    lines = [p for p in journal.postings if not p.line.name.strip() or not p.entry.description.strip()]
    if lines:
        accounts = ", ".join(sorted({p.line.account for p in lines if not p.line.name.strip()})[:NAMED])
        about = f"account {accounts} has no name" if accounts else "the description is blank"
        yield _of_lines(journal, f.UNNAMED, lines, f"{several(len(lines), 'line')}: {about}")


def rare_accounts(journal: Journal) -> Iterator[f.Finding]:
    """Accounts of a few lines only, which Setup does not give to the role of the line.

    A role that is seldom used has an account that is seldom used, and so has what happens once a period by nature.
    """
    count = len(journal.postings)
    if count < MANY:
        return
    uses = Counter(p.line.account for p in journal.postings)
    rare = {account for account, times in uses.items() if times <= RARE * count}
    lines = [
        p
        for p in journal.postings
        if p.line.account in rare and p.entry.event not in _ONCE and not _mapped(journal, p.line)
    ]
    if lines:
        accounts = ", ".join(sorted({p.line.account for p in lines})[:NAMED])
        yield _of_lines(journal, f.RARE_ACCOUNT, lines, f"{several(len(lines), 'line')} of {count:,} on {accounts}")


def just_below(journal: Journal) -> Iterator[f.Finding]:
    """Several amounts a bit below that from which on a misstatement matters, and far fewer a bit above it.

    An entry and its reversal are one matter that was taken back: neither counts.
    """
    threshold = journal.materiality
    reversed_ones = {p.entry.reverses for p in journal.postings if p.entry.reverses}
    standing = [p for p in journal.postings if not p.entry.reverses and p.entry.number not in reversed_ones]
    lines = [p for p in standing if BELOW * threshold <= abs(journal.money(p.line.minor)) < threshold]
    above = [p for p in standing if threshold <= abs(journal.money(p.line.minor)) < threshold * (2 - BELOW)]
    if len(_amounts(lines)) >= max(SPLIT, SPLIT * len(_amounts(above))):
        text = f"{several(len(lines), 'line')} within 5 % below {journal.money_text(threshold)}"
        yield _of_lines(journal, f.JUST_BELOW, lines, text)


def _amounts(lines: Iterable[Posting]) -> set[tuple[int, int]]:
    """The amounts of lines; one on both sides of an entry is one amount."""
    return {(p.entry.number, abs(p.line.minor)) for p in lines}


def first_digits(journal: Journal) -> Iterator[f.Finding]:
    """Benford's law: in amounts of many sizes, 1 leads in 30 %, 9 in 5 %.

    The law is that of amounts of many sizes (`SPREAD`).
    Both measures must be beyond their bounds: in short journals chance alone makes deviations of `DEVIATION`, in long ones
    the smallest deviation is beyond `CHI_SQUARE`. An amount on both sides of an entry is one amount.
    """
    amounts = [amount for _, amount in _amounts(p for p in journal.postings if not p.entry.reverses) if amount]
    if len(amounts) < MANY:
        return
    smallest, largest = np.percentile(amounts, (5, 95))
    if largest < 10**SPREAD * smallest:
        return
    shares = np.bincount([int(str(a)[0]) for a in amounts], minlength=10)[1:] / len(amounts)
    expected = np.log10(1 + 1 / np.arange(1, 10))
    square = len(amounts) * float(((shares - expected) ** 2 / expected).sum())
    deviation = float(np.abs(shares - expected).mean())
    if square > CHI_SQUARE and deviation > DEVIATION:
        digit = int((shares - expected).argmax())
        lines = [p for p in journal.postings if str(abs(p.line.minor))[0] == str(digit + 1)]
        text = (
            f"{_percent(float(shares[digit]))} of {len(amounts):,} amounts begin with {digit + 1}, where Benford's law has "
            f"{_percent(float(expected[digit]))}"
        )
        yield _of_lines(journal, f.FIRST_DIGITS, lines, text)


def _of_lines(journal: Journal, rule: f.Rule, lines: Sequence[Posting], text: str) -> f.Finding:
    """A finding at the largest of some lines, with the largest ones and the sum of all, whatever their side."""
    largest = sorted(lines, key=lambda p: -abs(p.line.minor))[:NAMED]
    cells = [journal.sheet.cell("Debit" if p.line.minor > 0 else "Credit", p.row) for p in largest]
    amounts = [journal.money_text(journal.money(abs(p.line.minor))) for p in largest]
    examples = ", ".join(f"{cell} ({amount})" for cell, amount in zip(cells, amounts, strict=True))
    return rule(cells[0], f"{text}: {examples}.", journal.money(sum(abs(p.line.minor) for p in lines)))


# --------------------------------------------------------------------------------------------- of documents


def weekends(journal: Journal) -> Iterator[f.Finding]:
    """Documents of a Saturday or Sunday, where those are the exception and worth more than materiality."""
    documents = journal.documents
    on_weekend = (documents.day + schema.DAY_0.weekday()) % 7 >= 5
    rows = int(np.count_nonzero(on_weekend))
    worth = float(np.abs(documents.amount[on_weekend]).sum())
    if len(documents) >= ENOUGH and 0 < rows <= FEW * len(documents) and worth > journal.materiality:
        text = f"{several(rows, 'row')} of {len(documents):,} on a Saturday or Sunday: "
        yield _of_documents(journal, f.WEEKEND, documents.of(on_weekend), text)


def cut_off(journal: Journal) -> Iterator[f.Finding]:
    """More in the last days than the rest of the period lets expect; in money, by kind of document."""
    settings, documents = journal.period.settings, journal.documents
    days = settings.period_end - settings.period_start + 1
    late, size = documents.day > settings.period_end - CUT_OFF_DAYS, np.abs(documents.amount)
    texts: list[str] = []
    positions: list[Ints] = []
    for event in (schema.COMPLETED, schema.SOLD, "Purchases"):
        of_event: Bools = documents.event == event
        total, part = float(size[of_event].sum()), float(size[of_event & late].sum())
        days_counted = documents.day[of_event].tolist()
        steady = len(days_counted) >= ENOUGH and len(set(days_counted)) > CUT_OFF_DAYS  # not on a few days only
        if steady and total and part / total > CUT_OFF_FACTOR * CUT_OFF_DAYS / days:
            texts.append(f"{event} {_percent(part / total)} ({journal.money_text(part)})")
            positions.append(where_true(of_event & late))
    if texts:
        text = (
            f"The last {CUT_OFF_DAYS} of {days} days hold more than {number(CUT_OFF_FACTOR)} times their part in money: "
            f"{', '.join(texts)}; largest "
        )
        yield _of_documents(journal, f.CUT_OFF, documents.of(np.concatenate(positions)), text)


def _of_documents(journal: Journal, rule: f.Rule, rows: Documents, text: str) -> f.Finding:
    """A finding at the largest of some documents, with the largest ones and the sum of all."""
    size, sources = np.abs(rows.amount), journal.period.inputs.sources
    largest = rows.of(np.argsort(-size, kind="stable")[:NAMED])
    cells = [sources[table].cell("Date", row) for table, row in zip(largest.table, largest.row.tolist(), strict=True)]
    amounts = map(journal.money_text, np.abs(largest.amount).tolist())
    examples = ", ".join(f"{cell} ({amount})" for cell, amount in zip(cells, amounts, strict=True))
    return rule(cells[0], f"{text}{examples}.", float(size.sum()))


# -------------------------------------------------------------------------------------------------- of runs


def late_postings(journal: Journal) -> Iterator[f.Finding]:
    """Runs posted long after the period, or on a weekend where hardly any is."""
    texts, posted_runs = [], list(journal.posted)
    unusual = len(posted_runs) >= POSTINGS * max(1, sum(posted.weekday() >= 5 for _, posted in posted_runs))
    for run, posted in posted_runs:
        days_after = (posted - journal.period_end).days
        if days_after > LATE_DAYS:
            texts.append(f"{run} {days_after} days after period end")
        elif posted.weekday() >= 5 and unusual:
            texts.append(f"{run} on a {('Saturday', 'Sunday')[posted.weekday() - 5]}")
    if texts:
        yield f.LATE("Runs", f"Posted: {listed(texts)}.")


def early_postings(journal: Journal) -> Iterator[f.Finding]:
    """Runs posted while the period went on: their entries are dated on a day that had not come."""
    texts = [
        f"{run} {several((journal.period_end - posted).days, 'day')} before period end"
        for run, posted in journal.posted
        if posted < journal.period_end
    ]
    if texts:
        yield f.EARLY("Runs", f"Posted: {listed(texts)}.")


def own_approval(journal: Journal) -> Iterator[f.Finding]:
    """Two persons answer for a run."""
    own = [run for run in journal.runs if person(run.approved_by) and person(run.approved_by) == person(run.user)]
    if own:
        texts = [f"{run.run} by {run.approved_by}" for run in own]
        yield f.OWN_APPROVAL("Runs", f"Prepared and approved: {listed(texts)}.")


# ---------------------------------------------------------------------------------- of the auditor's own marks


def marks(journal: Journal) -> Iterator[f.Finding]:
    """What the auditor wrote beside a line stays with it; see `auditor_marks.keep_marks`."""
    if journal.sheet.rows:
        places = journal.period.places
        _, lost = keep_marks(journal.sheet.by_column(), journal_table.columns(journal.entries, places), places)
        yield from marks_lost(lost)


def marks_lost(lost: Sequence[Lost]) -> Iterator[f.Finding]:
    """One finding over all entries of the auditor whose line has changed."""
    if lost:
        texts = [f"entry {m.entry} line {m.line}: {' '.join(filter(None, m.written))}" for m in lost[:NAMED]]
        lines = several(len(lost), "line")
        yield f.MARK_LOST("Journal", f"{lines} with an entry of the auditor changed: {'; '.join(texts)}.")


TESTS: tuple[Callable[[Journal], Iterator[f.Finding]], ...] = (
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
    marks,
)
