"""What changed between two runs: which lines moved by how much, and which input cells moved them.

Each change is made alone in the old inputs, and the run is computed again: what differs then is the change's own effect.
What the changes move only together (a new price times a new quantity; an item that a new BOM line needs) is the rest.

    effect of each change alone  +  together  =  what moved
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xlbackflush import schema
from xlbackflush.engine.inputs.changes import REORDERED, Change, apply, changes
from xlbackflush.engine.period import Period
from xlbackflush.lifecycle.calculate import Calculation, Progress, calculate
from xlbackflush.model.basis import Basis, Flow
from xlbackflush.model.tables import Source

MOST = 50  # changes that are looked at one by one; of more, those of a column go together, or those of a table


@dataclass(frozen=True)
class JournalLine:
    """What makes a line the same line in two runs; `basis` tells lines of one account apart, such as two cost types."""

    event: str
    product: str
    description: str
    role: str
    account: str
    basis: Basis


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
    none = ("", 0)
    found = []
    for line in was | now:
        (before, amount_before), (after, amount_after) = was.get(line, none), now.get(line, none)
        if amount_before != amount_after:
            found.append(Moved(line, after or before, amount_before, amount_after))
    return sorted(found, key=lambda m: schema.EVENTS.index(m.line.event))


def _amounts(period: Period) -> dict[JournalLine, tuple[str, int]]:
    """Each line with its source and amount; lines that are the same are added up."""
    found: dict[JournalLine, tuple[str, int]] = {}
    for entry in period.entries:
        for line in entry.lines:
            basis = (
                replace(line.basis, block=None) if isinstance(line.basis, Flow) else line.basis
            )  # rows of Trace move
            account, _ = period.inputs.accounts[line.role]
            key = JournalLine(entry.event, entry.product, entry.description, line.role, account, basis)
            found[key] = (line.source, found.get(key, ("", 0))[1] + line.minor)
    return found


def told_apart(found: Attribution) -> dict[JournalLine, str]:
    """A name for each line: event, product and role; in parentheses what else tells it from others that are named alike.

    That is the description, the rows that the amount comes from, and the side, as far as they differ.
    """
    first: dict[JournalLine, Moved] = {}
    for m in (*found.moved, *(m for effect in found.effects for m in effect.moved), *found.together):
        first.setdefault(m.line, m)
    names = {line: [f"{line.event} {line.product}".rstrip() + f", {line.role}"] for line in first}
    for more in (_description, _source, _side):
        alike: dict[tuple[str, ...], list[JournalLine]] = defaultdict(list)
        for line, name in names.items():
            alike[tuple(name)].append(line)
        for lines in alike.values():
            words = {line: more(first[line]) for line in lines}
            if len(set(words.values())) > 1:
                for line, word in words.items():
                    names[line].append(word)
    return {line: name + (f" ({'; '.join(rest)})" if rest else "") for line, (name, *rest) in names.items()}


def _description(moved: Moved) -> str:
    return moved.line.description


def _source(moved: Moved) -> str:
    return moved.source


def _side(moved: Moved) -> str:
    """Debit or credit, as before; of a line that is new, as it is now."""
    return "debit" if (moved.was or moved.now) > 0 else "credit"


def attribution(
    old: Mapping[str, Source], new: Mapping[str, Source], progress: Progress = lambda stage: None, most: int = MOST
) -> Attribution:
    """What differs between the runs of two states of the inputs. ValueError, in plain words, where one of them stops."""
    both = calculate(old), calculate(new)
    for calculation in both:
        if calculation.failed:
            raise ValueError(_why(calculation))
    before, after = (calculation.period for calculation in both)
    found = changes(old, new)
    groups = _groups([change for change in found if change.kind != REORDERED], most)
    effects = []
    for number, group in enumerate(groups, 1):
        progress(f"Change {number} of {len(groups)}")
        alone = calculate(apply(old, new, group))
        effects.append(Effect(group, why=_why(alone)) if alone.failed else Effect(group, moved(before, alone.period)))
    whole = moved(before, after)
    return Attribution(found, whole, effects, _together(whole, effects))


def _why(stopped: Calculation) -> str:
    first = stopped.findings[0]
    return f"The run stops at {first.where}: {first.what}"


def _together(whole: Sequence[Moved], effects: Sequence[Effect]) -> list[Moved]:
    """What is left of the whole when each effect is taken off."""
    left: dict[JournalLine, int] = defaultdict(int)
    sources: dict[JournalLine, str] = {}
    for sign, lines in ((1, whole), *((-1, effect.moved) for effect in effects)):
        for m in lines:
            left[m.line] += sign * m.by
            sources.setdefault(m.line, m.source)
    return [Moved(line, sources[line], 0, amount) for line, amount in left.items() if amount]


def _groups(found: Sequence[Change], most: int) -> list[list[Change]]:
    """Changes one by one, or column by column, or table by table: the finest of these that are not too many."""
    by_column = _grouped(found, lambda change: (change.table, change.column))
    finest = [[change] for change in found] if len(found) <= most else by_column
    return finest if len(finest) <= most else _grouped(found, lambda change: (change.table, ""))


def _grouped(found: Sequence[Change], key: Callable[[Change], tuple[str, str]]) -> list[list[Change]]:
    groups: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in found:
        groups[key(change)].append(change)
    return list(groups.values())
