"""The journal: entries as the posting rules make them, entries as posted, and the runs that post them.

All amounts are whole minor units, signed, debit positive; dates are Excel day numbers.
"""

import hashlib
import unicodedata
from collections.abc import Hashable, Mapping, Sequence

from xlbackflush.dataclass import dataclass, field, replace
from xlbackflush.model.basis import Basis, Rest
from xlbackflush.schema import entries as words

DRAFT, POSTED, CLOSED = "Draft", "Posted", "Closed"

#: role, and the class of items that the account is for, "" where it is for all others
Account = tuple[str, str]


def called(role: str, item_class: str) -> str:
    """What people call an account: Finished goods; Finished goods, Spares."""
    return f"{role}, {item_class}" if item_class else role


@dataclass
class EntryLine:
    """One line of an entry that the inputs call for, with what its amount rests on."""

    role: str
    minor: int
    basis: Basis
    source: str
    item_class: str = ""


@dataclass
class Entry:
    """One balanced entry; `product` is "" where it stands for all products. Posted so many days after Period end."""

    event: str
    kind: words.EntryKind
    product: str = ""
    days_after: int = 0
    lines: list[EntryLine] = field(default_factory=list)

    @property
    def description(self) -> str:
        return words.description(self.kind, self.product)

    def add(self, role: str, minor: int, basis: Basis, source: str, item_class: str = "") -> None:
        if minor:
            self.lines.append(EntryLine(role, minor, basis, source, item_class))

    def balance(self, role: str, source: str, first: bool = False, item_class: str = "") -> None:
        """Add the line that balances the entry, in front of the others where it is the debit of a flush."""
        remaining = -sum(line.minor for line in self.lines)
        if remaining:
            self.lines.insert(0 if first else len(self.lines), EntryLine(role, remaining, Rest(), source, item_class))


@dataclass(frozen=True)
class PostedLine:
    """One line as posted. `seal` is of `seals`, "" in a draft; `row` is its row on the sheet, 0 where it has none yet."""

    role: str
    account: str
    name: str
    minor: int
    source: str
    seal: str = ""
    item_class: str = ""
    row: int = field(default=0, compare=False)


@dataclass(frozen=True)
class PostedEntry:
    """One entry as posted, or as a draft would post it; the links are numbers of other entries."""

    run: str
    number: int
    date: int
    event: str
    description: str
    product: str
    lines: tuple[PostedLine, ...]
    reverses: int | None = None
    corrects: int | None = None
    reversed_by: int | None = None

    @property
    def codes(self) -> Hashable:
        """What makes two entries the same to a ledger: codes and amounts, never words, which may be improved at any time."""
        lines = tuple((line.role, line.item_class, line.account, line.minor) for line in self.lines)
        return self.event, self.product, self.date, lines


def linked(entries: Sequence[PostedEntry]) -> list[PostedEntry]:
    """The entries, each with the number of the entry that reverses it, if one does."""
    by = {entry.reverses: entry.number for entry in entries if entry.reverses is not None}
    return [
        entry if entry.reversed_by == by.get(entry.number) else replace(entry, reversed_by=by.get(entry.number))
        for entry in entries
    ]


def in_force(entries: Sequence[PostedEntry]) -> list[PostedEntry]:
    """The entries that are neither reversed nor a reversal."""
    reversed_ones = {entry.reverses for entry in entries}
    return [entry for entry in entries if entry.reverses is None and entry.number not in reversed_ones]


@dataclass(frozen=True)
class Run:
    """One row of sheet Runs, as it stands there: debits and credits in money, times as text.

    The sheet is read and written back also where the currency is in doubt, so its amounts stay what they are. table_hashes:
    digest of each input table on record, filled in where the run is sealed or verified. exported: what of it was written for
    ledgers, see `ledgers/chosen.py`. where: its cells, for people; row: on
    the sheet, 0 where it has none yet.
    """

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
    exported: str = ""
    table_hashes: Mapping[str, str] = field(default_factory=dict, compare=False)
    where: str = field(default="Runs", compare=False)
    row: int = field(default=0, compare=False)

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


def run_name(number: int) -> str:
    """Name of a run, by its number from 1."""
    return f"R{number:04d}"


_SEALED_BY = " · "
_DIGITS = 16


def goes_on_in(link: str, name: str) -> str:
    """What a closed run says of the workbook of the next period: its name, and a digest that only this link gives."""
    digest = hashlib.sha256("\x1f".join((link, name)).encode()).hexdigest()
    return f"{name}{_SEALED_BY}{digest[:_DIGITS]}"


#: what column Input of table RunInputs says of a piece, before its number
PIECE = "All inputs,"


@dataclass(frozen=True)
class RunInputs:
    """The inputs of a run: rows of each table, digest of each that has rows, and all of them packed (see `snapshot`)."""

    rows: Mapping[str, int]
    hashes: Mapping[str, str]
    pieces: Sequence[str]

    def cells(self, run: str) -> list[tuple[str, str, int | None, str | None, str | None]]:
        """The rows of table RunInputs: one for each input table, and one for each piece of all of them together."""
        tables = [(run, name, count, self.hashes.get(name), None) for name, count in self.rows.items()]
        count = len(self.pieces)
        return [*tables, *((run, f"{PIECE} {i} of {count}", None, None, p) for i, p in enumerate(self.pieces, 1))]


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was posted: the cell or row, and a sentence about it.

    fix: how to mend it, where that is not to put the cell back. is_order: all rows are there, and only stand in another order.
    """

    where: str
    what: str
    fix: str = ""
    is_order: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.fix}".rstrip()


#: characters that are no letters, and that nobody sees: controls, joiners, marks of direction, spaces
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")


def person(name: str) -> str:
    """A name as two people are told apart by it; "" where it says nothing.

    Names are typed by hand: width of letters, capitals, spaces, a full stop at the end, and characters that nobody sees make
    no other person of one.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in text if unicodedata.category(c) not in _UNSEEN).rstrip(".")
