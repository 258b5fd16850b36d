"""What changed between two runs: which lines moved by how much, and which input cells moved them.

Each change is made alone in the old inputs, and the run is computed again: what differs then is the change's own effect.
What the changes move only together (a new price times a new quantity; an item that a new BOM line needs) is the rest.

    effect of each change alone  +  together  =  what moved
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field, replace
from xlbackflush.engine.inputs.changes import REORDERED, Change, apply, changes
from xlbackflush.engine.period import Period
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle.calculate import Progress, calculate
from xlbackflush.model.basis import Basis, Flow, Net
from xlbackflush.model.inputs import account_of
from xlbackflush.model.tables import Source
from xlbackflush.schema.entries import EntryKind, description

MOST = 50  # changes that are looked at one by one; of more, those of a column go together, or those of a table


@dataclass(frozen=True)
class JournalLine:
    """The codes that make a line the same line in two runs; `basis` tells lines of one account apart, as two cost types."""

    event: str
    kind: EntryKind
    product: str
    role: str
    account: str
    basis: Basis

    @property
    def description(self) -> str:
        """What its entry is about, in words."""
        return description(self.kind, self.product)


@dataclass(frozen=True)
class Moved:
    """A line that is not what it was, in minor units, debit positive; 0 where there was or is none."""

    line: JournalLine
    source: str  # the rows that the amount comes from now, or came from
    was: int
    now: int

    @property
    def by(self) -> int:
        return self.now - self.was


@dataclass
class Effect:
    """What some changes do alone. Where the run stops for them, `moved` is empty and `why` says what stops it."""

    changes: list[Change]
    moved: list[Moved] = field(default_factory=list)
    why: str = ""

    @property
    def where(self) -> str:
        """The cell or row, or what the changes have in common."""
        first, count = self.changes[0], len(self.changes)
        if count == 1:
            return first.where
        column = f", {first.column}" if first.column and len({change.column for change in self.changes}) == 1 else ""
        return f"{first.table}{column}: {count} changes"


@dataclass
class Attribution:
    """All changes and all that moved; what each change moved alone, and what only several together (`was` is 0 there)."""

    changes: list[Change]
    moved: list[Moved]
    effects: list[Effect]
    together: list[Moved]


def moved(old: Period, new: Period) -> list[Moved]:
    """The lines that differ between two runs, both of which have posted, in the order of `schema.EVENTS`."""
    was, now = _amounts(old), _amounts(new)
    lines = []
    for line in was | now:
        (before, amount_before), (after, amount_after) = was.get(line, ("", 0)), now.get(line, ("", 0))
        if amount_before != amount_after:
            lines.append(Moved(line, after or before, amount_before, amount_after))
    return sorted(lines, key=lambda m: schema.EVENTS.index(m.line.event))


def _amounts(period: Period) -> dict[JournalLine, tuple[str, int]]:
    """Each line with its source and amount; lines that are the same are added up."""
    amounts: dict[JournalLine, tuple[str, int]] = {}
    for entry in period.entries:
        for line in entry.lines:
            basis = _without_rows(line.basis)
            account, _ = account_of(period.inputs.accounts, line.role, line.item_class)
            key = JournalLine(entry.event, entry.kind, entry.product, line.role, account, basis)
            amounts[key] = (line.source, amounts.get(key, ("", 0))[1] + line.minor)
    return amounts


def _without_rows(basis: Basis) -> Basis:
    """A basis as it is whatever the rows of the Trace, which move."""
    if isinstance(basis, Net):
        return Net(tuple(replace(part, block=None) if isinstance(part, Flow) else part for part in basis.parts))
    return replace(basis, block=None) if isinstance(basis, Flow) else basis


#: what tells lines apart: what the entry is about, the rows of the amount, its side as before (of a new line, as it is now)
_MORE: tuple[Callable[[Moved], str], ...] = (
    lambda moved: moved.line.description,
    lambda moved: moved.source,
    lambda moved: "debit" if (moved.was or moved.now) > 0 else "credit",
)


def told_apart(result: Attribution) -> dict[JournalLine, str]:
    """A name for each line: event, product and role; in parentheses what else tells it from others that are named alike.

    That is the description, the rows that the amount comes from, and the side, as far as they differ.
    """
    first: dict[JournalLine, Moved] = {}
    for m in (*result.moved, *(m for effect in result.effects for m in effect.moved), *result.together):
        first.setdefault(m.line, m)
    names = {line: [f"{line.event} {line.product}".rstrip() + f", {line.role}"] for line in first}
    for more in _MORE:
        alike: dict[tuple[str, ...], list[JournalLine]] = defaultdict(list)
        for line, name in names.items():
            alike[tuple(name)].append(line)
        for lines in alike.values():
            words = {line: more(first[line]) for line in lines}
            if len(set(words.values())) > 1:
                for line, word in words.items():
                    names[line].append(word)
    return {line: name + (f" ({'; '.join(rest)})" if rest else "") for line, (name, *rest) in names.items()}


def attribution(
    old: Mapping[str, Source], new: Mapping[str, Source], progress: Progress = lambda stage: None, most: int = MOST
) -> Attribution:
    """What differs between the runs of two states of the inputs. ValueError, in plain words, where one of them stops."""
    both = calculate(old), calculate(new)
    for calculation in both:
        if calculation.failed:
            raise ValueError(_why(calculation))
    before, after = (calculation.period for calculation in both)
    every = changes(old, new)
    groups = _groups([change for change in every if change.kind != REORDERED], most)
    effects = []
    for number, group in enumerate(groups, 1):
        progress(f"Change {number} of {len(groups)}")
        alone = calculate(apply(old, new, group))
        effects.append(Effect(group, why=_why(alone)) if alone.failed else Effect(group, moved(before, alone.period)))
    total = moved(before, after)
    return Attribution(every, total, effects, _together(total, effects))


def _why(stopped: RunResult) -> str:
    first = stopped.findings[0]
    return f"The run stops at {first.where}: {first.what}"


def _together(total: Sequence[Moved], effects: Sequence[Effect]) -> list[Moved]:
    """What remains of all that moved when each effect is taken off."""
    remaining: dict[JournalLine, int] = defaultdict(int)
    sources: dict[JournalLine, str] = {}
    for sign, lines in ((1, total), *((-1, effect.moved) for effect in effects)):
        for m in lines:
            remaining[m.line] += sign * m.by
            sources.setdefault(m.line, m.source)
    return [Moved(line, sources[line], 0, amount) for line, amount in remaining.items() if amount]


def _groups(every: Sequence[Change], most: int) -> list[list[Change]]:
    """Changes one by one, or column by column, or table by table: the finest of these that are not too many."""
    by_column: dict[tuple[str, str], list[Change]] = defaultdict(list)
    by_table: dict[str, list[Change]] = defaultdict(list)
    for change in every:
        by_column[change.table, change.column].append(change)
        by_table[change.table].append(change)
    single = [[change] for change in every]
    return next((groups for groups in (single, [*by_column.values()]) if len(groups) <= most), [*by_table.values()])
