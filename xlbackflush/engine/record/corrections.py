"""Corrections: from what is posted to what should be on the books, by new entries only.

A run computes all entries that the inputs as they are now call for, the target. What is posted already stays as it is; the
draft holds the difference, entry by entry:

    posted, and equal to an entry of the target     stands
    posted, and equal to none                       is reversed: every line once more, on the other side
    in the target, and equal to none that stands    is posted, and names the entry in whose place it comes

Equal is what is the same to a ledger: event, product, posting date, and role, account and amount of each line. Words are no
part of it: what is posted keeps its own when ours are improved (`schema.entries`). What is in force is then the target,
however often the inputs were changed. Reversals come first, then the new entries in the order of the target; numbers go on
where those of the posted entries end.

A reversal keeps the event of what it reverses, so that sums by event are right whether or not they know of corrections.
It is dated where an entry of that event belongs now: nothing is ever dated in a period that is closed.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.model.inputs import account_of
from xlbackflush.model.journal import Entry, PostedEntry, PostedLine, in_force, linked
from xlbackflush.schema import entries as words


@dataclass(frozen=True)
class Draft:
    """The journal as a run leaves it.

    entries: those posted earlier, then those of the draft, with their links in both directions.
    target: number of each entry in force -> position, in the target, of the entry that it stands for.
    """

    entries: list[PostedEntry]
    target: dict[int, int]
    first: int  # number of the first entry of the draft

    @property
    def new(self) -> list[PostedEntry]:
        """What the draft adds; empty where nothing differs."""
        return [entry for entry in self.entries if entry.number >= self.first]


def correct(
    posted: Sequence[PostedEntry],
    target: Sequence[Entry],
    accounts: Mapping[Any, tuple[str, str]],
    period_end: int,
    run: str,
) -> Draft:
    """The entries that a run adds to what is posted. Pure; the same inputs over the same books give the same draft.

    posted: all entries of posted runs, in order. accounts: see `Inputs`. period_end: Excel day number.
    """
    wanted = [as_posted(entry, accounts, period_end, run, 0) for entry in target]
    free = _by(in_force(posted), lambda entry: entry.codes)
    stands: dict[int, int] = {}  # position in the target -> number of the entry that stands
    for at, entry in enumerate(wanted):
        if free and (equals := free[entry.codes]):
            stands[at] = equals.popleft().number
    right = set(stands.values())
    wrong = [entry for entry in in_force(posted) if entry.number not in right]
    missing = [at for at in range(len(wanted)) if at not in stands]

    first = max((entry.number for entry in posted), default=0) + 1
    new = [reversal(entry, run, number, period_end) for number, entry in enumerate(wrong, first)]
    replaced = _replaced(wrong, [wanted[at] for at in missing])
    for number, (at, corrects) in enumerate(zip(missing, replaced, strict=True), first + len(new)):
        text = (words.correction(corrects) if posted else "") + wanted[at].description
        new.append(replace(wanted[at], number=number, description=text, corrects=corrects))
        stands[at] = number
    return Draft(linked([*posted, *new]), {number: at for at, number in stands.items()}, first)


def as_posted(
    entry: Entry, accounts: Mapping[Any, tuple[str, str]], period_end: int, run: str, number: int
) -> PostedEntry:
    """An entry that the inputs call for as it is posted. accounts: see `Inputs`."""
    lines = tuple(
        PostedLine(
            line.role,
            *account_of(accounts, line.role, line.item_class),
            line.minor,
            line.source,
            item_class=line.item_class,
        )
        for line in entry.lines
    )
    return PostedEntry(run, number, period_end + entry.days_after, entry.event, entry.description, entry.product, lines)


def reversal(entry: PostedEntry, run: str, number: int, period_end: int) -> PostedEntry:
    """The exact negation of an entry, account by account as posted, in the open period."""
    source = words.LINES_OF_ENTRY.format(number=entry.number)
    lines = tuple(replace(line, minor=-line.minor, source=source, seal="", row=0) for line in entry.lines)
    # what is reversed on the first day of the next period anyway is taken back on that day
    date = period_end + (entry.event == schema.REVERSAL)
    text = words.reversal(entry.number, entry.run, entry.description, entry.corrects)
    return PostedEntry(run, number, date, entry.event, text, entry.product, lines, reverses=entry.number)


def _replaced(wrong: Sequence[PostedEntry], new: Sequence[PostedEntry]) -> list[int | None]:
    """For each new entry the number of the reversed one in whose place it comes: of the same event and product.

    Where there are several, one on the same accounts comes first, then one with the same first account, which is the account
    that a flush debits.
    """
    replaced: dict[int, int] = {}
    for alike in _LIKENESSES if wrong else ():
        waiting = _by([entry for entry in wrong if entry.number not in replaced.values()], alike)
        for at, entry in enumerate(new):
            if at not in replaced and waiting[alike(entry)]:
                replaced[at] = waiting[alike(entry)].popleft().number
    return [replaced.get(at) for at in range(len(new))]


#: what an entry and the one in whose place it comes have in common, the closest likeness first
_LIKENESSES: tuple[Callable[[PostedEntry], Hashable], ...] = (
    lambda entry: (entry.event, entry.product, frozenset((line.role, line.item_class) for line in entry.lines)),
    lambda entry: (entry.event, entry.product, entry.lines[0].role),
    lambda entry: (entry.event, entry.product),
)


def _by(entries: Sequence[PostedEntry], key: Callable[[PostedEntry], Hashable]) -> dict[Hashable, deque[PostedEntry]]:
    """Entries by a key; those that are alike in their order."""
    groups: dict[Hashable, deque[PostedEntry]] = defaultdict(deque)
    for entry in entries:
        groups[key(entry)].append(entry)
    return groups
