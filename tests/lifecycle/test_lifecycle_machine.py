"""Any sequence of edits, runs, posts, restores and rolls, against a small ledger of its own.

After every step: what is on the books is what the inputs of the last run ask for, by event, account and product; posted
lines are as they were posted; reversals negate what they reverse; the chain verifies; balances open with what all periods
before left. A run twice over changes nothing.
"""

import copy
import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

from booked import PREPARER, Plant
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from small_ledger import Ledger
from support import Row, compute, default_accounts, sources
from worlds import World, closings

from xlbackflush import schema
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.inputs.changes import changes
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle import roll
from xlbackflush.model.journal import POSTED, Run
from xlbackflush.model.tables import Source

TRANSACTIONS = ("Counts", "Scrap", "Purchases", "Actuals", "Stock", "WIP")
MOVING = ("Counts", "Scrap", "Purchases", "Actuals", "WIP")
EDITED = (*TRANSACTIONS, "BOM", "StandardCost")
NUMBERS = ("Quantity", "Amount", "Actual price", "Qty per", "Material price", "Labor rate", "Opening qty", "Hours")
#: roles whose balance ends with the period (income and expense); all others go on
ENDING = (schema.COGS, schema.ABNORMAL_SCRAP, schema.ROUNDING)
COUNTED = {"Stock": ("Item", "Counted qty"), "InventoryCount": ("Role", "Counted amount", "Counted conversion")}
CHOICES = {
    "Variance disposition": (schema.TO_COGS, schema.CARRY_FORWARD, schema.PRORATE),
    "Journal detail": (schema.PER_TRIGGER, schema.PER_PRODUCT),
    "Default scrap basis": (schema.OUTPUT, schema.INPUT),
    "Trigger points": schema.TRIGGERS,
}


def wanted(outcome: RunResult) -> dict[tuple[str, str, str], Decimal]:
    """Event, account and product -> what the run asks for."""
    assert outcome.run
    found: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for entry in outcome.period.entries:
        for line in entry.lines:
            account = outcome.period.inputs.accounts[line.role][0]
            found[entry.event, account, entry.product] += Decimal(line.minor).scaleb(-outcome.period.places)
    return found


def ledger(outcome: RunResult, column: str) -> dict[str, Decimal]:
    """Role -> a column of the ledger of the run, all classes together; what is zero is left out."""
    assert outcome.run
    balances = outcome.period.ledger.by_role(getattr(outcome.period.ledger, column))
    return {role: Decimal(int(minor)).scaleb(-outcome.period.places) for role, minor in balances.items() if minor}


def rows(journal: Source) -> list[Row]:
    return [dict(zip(journal.columns, row, strict=True)) for row in journal.rows]


def money(cell: object) -> Decimal:
    return Decimal(str(cell)) if cell != "" else Decimal(0)


# --------------------------------------------------------------------------------------------------- edits


def change_a_number(world: World, at: int) -> World:
    """One number of one row, by a little or by a lot."""
    found = [(t, i, n) for t in EDITED for i, row in enumerate(world.tables.get(t, [])) for n in NUMBERS if row.get(n)]
    if not found:
        return world
    table, i, name = found[at % len(found)]
    changed = [dict(row) for row in world.tables[table]]
    changed[i][name] = round(float(str(changed[i][name])) * (1.01, 2, 0.5)[at % 3], 4)
    return world.with_tables(**{table: changed})


def take_a_row_away(world: World, at: int) -> World:
    """One transaction less."""
    return _rearranged(world, at, lambda rows, i: [*rows[:i], *rows[i + 1 :]])


def repeat_a_row(world: World, at: int) -> World:
    """One transaction more, under a number of its own; in tables without documents an error, which stops the run."""
    return _rearranged(world, at, lambda rows, i: [*rows, rows[i] | {"Document": f"D-{len(rows)}-again"}])


def _rearranged(world: World, at: int, change: Callable[[list[Row], int], list[Row]]) -> World:
    filled = [table for table in TRANSACTIONS if world.tables.get(table)]
    if not filled:
        return world
    table = filled[at % len(filled)]
    return world.with_tables(**{table: change(world.tables[table], at % len(world.tables[table]))})


def change_the_policy(world: World, at: int) -> World:
    """Another choice of a setting."""
    name = sorted(CHOICES)[at % len(CHOICES)]
    return world.with_setting(name, CHOICES[name][at % len(CHOICES[name])])


def renumber_an_account(world: World, at: int) -> World:
    """A role goes to another account."""
    role = sorted(schema.ROLES)[at % len(schema.ROLES)]
    accounts = world.tables.get("Accounts") or default_accounts()
    moved = [row | {"Account": f"{row['Account']}9"} if row["Role"] == role else row for row in accounts]
    return world.with_tables(Accounts=moved)


def next_month(world: World, outcome: RunResult, run: Run) -> World:
    """The inputs with which the next workbook opens, and the transactions and counts of this month over again."""
    opened = roll.opened(outcome.period, outcome.period.inputs.sources, "this month", run)
    first, last = roll.next_period(outcome.period)
    start = world.settings["Period start"]
    assert isinstance(start, dt.date)
    again = {table: [_later(row, first - start) for row in world.tables.get(table, [])] for table in MOVING}
    for table, (key, *counted) in COUNTED.items():
        found = {str(row[key]).casefold(): dict(row) for row in opened.tables[table]}
        for row in world.tables.get(table, []):
            cells = {name: row.get(name) for name in (key, *counted)}
            found[str(row[key]).casefold()] = found.get(str(row[key]).casefold(), {}) | cells
        again[table] = list(found.values())
    return World(opened.settings | {"Period start": first, "Period end": last}, opened.tables | again)


def _later(row: Row, by: dt.timedelta) -> Row:
    day = row.get("Date")
    return row | {"Date": day + by} if isinstance(day, dt.date) else row


Edit = Callable[[World, int], World]
EDITS: list[Edit] = [change_a_number, take_a_row_away, repeat_a_row, change_the_policy, renumber_an_account]


class Lifecycle(RuleBasedStateMachine):
    """One workbook in the hands of somebody who cannot make up her mind."""

    @initialize(world=closings())
    def begin(self, world: World) -> None:
        self.first = self.world = self.ran = world
        self.plant = Plant(world.places)
        self.expected = Ledger()  # what must be on the books: each run brings it from one balance to the next
        self.frozen: list[Row] = []  # posted lines as they were when they were posted
        self.before: list[tuple[Plant, Ledger, World]] = []  # to be restored; a post cannot be undone
        self.opening: dict[str, Decimal] | None = None  # what the periods before left, by role; none before the first
        self._run(world)

    # ------------------------------------------------------------------------------------ run, post, restore

    @rule(edits=st.lists(st.sampled_from(EDITS), min_size=1, max_size=2), at=st.integers(0, 10_000))
    def edit_and_run(self, edits: list[Edit], at: int) -> None:
        """A draft of changed inputs; where they have errors everything stays as it is, and she takes the edits back."""
        world = self.world
        for edit in edits:
            world = edit(world, at)
        self._run(world)

    @rule()
    def think_better_of_it(self) -> None:
        """A draft of the inputs as they were at first."""
        self._run(self.first)

    def _run(self, world: World) -> None:
        outcome = compute(sources(world.settings, world.tables))
        if not outcome.run:
            return
        self.before.append((self.plant.copy(), copy.deepcopy(self.expected), self.ran))
        self.world = self.ran = world
        self.plant.run(outcome)
        self.expected.bring_to(wanted(outcome))
        once = copy.deepcopy(self.plant.journal)
        self.plant.run(outcome)
        assert self.plant.journal == once, "running twice changes nothing"

    @precondition(lambda self: self.plant.draft)
    @rule()
    def post(self) -> None:
        """The draft is posted, and can no longer be undone. A run over the same inputs has nothing to add then."""
        self.plant.post()
        self.before.clear()
        self.frozen, self.posted_world = rows(self.plant.journal), self.ran
        assert self.plant.outcome
        assert self.plant.copy().run(self.plant.outcome).new == []

    @precondition(lambda self: self.before)
    @rule()
    def restore(self) -> None:
        """What stood before the last run stands again."""
        self.plant, self.expected, self.ran = self.before.pop()

    @precondition(lambda self: self.plant.runs and not self.plant.draft)
    @rule()
    def roll(self) -> None:
        """The next month opens with the balances that this one leaves; the same things happen in it."""
        outcome, sealed = self.plant.outcome, self.plant.runs[-1]
        assert outcome and outcome.run
        kept = self._left_behind(outcome)
        run = Run(sealed.run, POSTED, "", PREPARER, "", "", 0, 0.0, 0.0, link=sealed.link)
        following = next_month(self.posted_world, outcome, run)
        self.plant, self.expected, self.frozen = Plant(self.plant.places), Ledger(), []
        self.before.clear()
        self.opening, self.first, self.world = kept, following, following
        self._run(following)

    def _left_behind(self, outcome: RunResult) -> dict[str, Decimal]:
        """Role -> what it opened with and everything entered since, the reversals of the next day included.

        Income and expense start again, with these reversals alone; what other journals keep of payables and payroll stays there.
        """
        found: dict[str, Decimal] = defaultdict(Decimal, ledger(outcome, "opening"))
        for row in rows(self.plant.journal):
            if row["Role"] not in ENDING or row["Event"] == schema.REVERSAL:
                found[str(row["Role"])] += money(row["Debit"]) - money(row["Credit"])
        for role, amount in ledger(outcome, "elsewhere").items():
            if role not in ENDING:
                found[role] += amount
        settings = outcome.period.settings
        kept = {
            schema.ACCOUNTS_PAYABLE: settings.purchases_elsewhere,
            schema.VARIOUS_ACCOUNTS: settings.conversion_elsewhere,
        }
        return {role: balance for role, balance in found.items() if balance and not kept.get(role)}

    # -------------------------------------------------------------------------------------- what always holds

    @invariant()
    def the_books_are_what_the_last_run_asks_for(self) -> None:
        """Entry by entry into a ledger that refuses what does not balance; then its balances."""
        kept = Ledger()
        for entry in self._entries().values():
            kept.post(
                ((row["Event"], row["Account"], row["Product"]), money(row["Debit"]) - money(row["Credit"]))
                for row in entry
            )
        assert kept.balances() == self.expected.balances()

    @invariant()
    def reversals_negate_exactly(self) -> None:
        """Line by line: debit and credit change sides, everything else that a ledger sees is the same."""
        entries = self._entries()
        for number, entry in entries.items():
            for column, other in (("Reverses", "Reversed by"), ("Reversed by", "Reverses")):
                link = entry[0][column]
                if link != "":
                    assert [_sides(row) for row in entry] == [_sides(row)[::-1] for row in entries[link]]
                    assert [_what(row) for row in entry] == [_what(row) for row in entries[link]]
                    assert entries[link][0][other] == number

    @invariant()
    def posted_lines_never_change(self) -> None:
        """But for who reverses them."""
        now = rows(self.plant.journal)[: len(self.frozen)]
        assert [_without(row) for row in now] == [_without(row) for row in self.frozen]

    @invariant()
    def the_chain_verifies(self) -> None:
        """With no secret of the plant: from its cells alone."""
        assert self.plant.verify() == []

    @invariant()
    def the_ledger_goes_on_from_the_period_before(self) -> None:
        """It opens with what was left, and closes with that, the entries of the period and those of other journals."""
        outcome = self.plant.outcome if hasattr(self, "plant") else None
        if outcome is None:
            return
        closing = defaultdict(Decimal, ledger(outcome, "opening"))
        if self.opening is not None:
            assert closing == self.opening, (closing, self.opening)
        for role, amount in ledger(outcome, "elsewhere").items():
            closing[role] += amount
        for row in rows(self.plant.journal):
            if row["Event"] != schema.REVERSAL:  # of the day after
                closing[str(row["Role"])] += money(row["Debit"]) - money(row["Credit"])
        assert {role: balance for role, balance in closing.items() if balance} == ledger(outcome, "closing")

    @invariant()
    def what_is_in_force_is_dated_in_the_period(self) -> None:
        """At its end, or on the day after where it is reversed by itself."""
        end = self.world.settings["Period end"]
        assert isinstance(end, dt.date)
        for row in rows(self.plant.journal):
            assert row["Posting date"] == end + dt.timedelta(days=row["Event"] == schema.REVERSAL)

    def teardown(self) -> None:
        """The inputs of the last posted run can be had back, and what was edited since can be told."""
        if hasattr(self, "plant") and self.plant.snapshots:
            kept = snapshot.unpack(self.plant.snapshots[-1])
            assert snapshot.Snapshot(kept).table_hashes == self.plant.runs[-1].table_hashes
            now = sources(self.world.settings, self.world.tables)
            assert bool(changes(kept, now)) == (
                snapshot.Snapshot(kept).table_hashes != snapshot.Snapshot(now).table_hashes
            )

    def _entries(self) -> dict[object, list[Row]]:
        """Number -> rows, in the order of the sheet."""
        found: dict[object, list[Row]] = {}
        for row in rows(self.plant.journal) if hasattr(self, "plant") else ():
            found.setdefault(row["Entry"], []).append(row)
        return found


def _sides(row: Row) -> tuple[object, object]:
    return row["Debit"], row["Credit"]


def _what(row: Row) -> list[object]:
    return [row[name] for name in ("Line", "Event", "Role", "Account", "Account name", "Product")]


def _without(row: Row) -> Row:
    return {name: cell for name, cell in row.items() if name != "Reversed by"}


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=settings().max_examples * 2 // 5, stateful_step_count=15)
