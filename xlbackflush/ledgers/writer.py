"""A journal written for a ledger: what a format is made of, and the one writer of all of them. Pure; touches no file.

What a ledger would take wrongly is refused: an entry that does not balance, an account that is blank, too long, or not
told from another one. Lines of zero are left out. Texts are cut to what the ledger takes; accounts and references never.
Where a file takes so many lines only, it is cut between entries. An entry is never cut: it must come to zero by itself, and
one that is too long is refused (the entries of a run have a dozen lines, not hundreds).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.values import harmless

# ------------------------------------------------------------------------------------------------ journal


@dataclass(frozen=True)
class Line:
    """One line of an entry; `minor` is signed, debit positive, in minor units. Proof and difference are plain numbers."""

    number: str
    role: str
    account: str
    name: str
    minor: int
    source: str = ""
    proof: str = ""
    difference: str = ""

    @property
    def memo(self) -> str:
        """What stands behind the line: its role and the input cells."""
        return f"{self.role}, {self.source}" if self.source else self.role


@dataclass(frozen=True)
class Signed:
    """Who made the run of an entry, and who approved it, each with the moment; blank what is not known."""

    entered_by: str = ""
    entered: dt.datetime | None = None
    approved_by: str = ""
    approved: dt.datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One entry. `reference` is unique over runs and periods.

    reverses: reference of the entry that this one takes back; reversed_by: of the entry that takes this one back. signed:
    those who answer for its run.
    """

    run: str
    number: str
    reference: str
    date: dt.date
    event: str
    description: str
    lines: tuple[Line, ...]
    product: str = ""
    reverses: str = ""
    reversed_by: str = ""
    signed: Signed = Signed()


@dataclass(frozen=True)
class Journal:
    """A journal as posted, with what is the same for all of it."""

    company: str
    currency: str
    places: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class At:
    """Where a field is written: journal, entry, line, and the line's place within its entry and the file, from 1."""

    journal: Journal
    entry: Entry
    line: Line
    place: int = 1
    count: int = 1


def decimal(minor: int, places: int) -> str:
    """Minor units as a plain decimal: decimal(-123456, 2) == "-1234.56"."""
    digits = f"{abs(minor):0{places + 1}d}"
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


# ------------------------------------------------------------------------------------------------- fields


@dataclass(frozen=True)
class Field:
    """One column: its heading and its value.

    exact: a number, a date or a word of ours, written as it is.  text: cut to `width`.  key: refused beyond `width`.
    account: the account, refused beyond `width` or where it is blank.  `once`: on the first line of an entry only.
    """

    head: str
    value: Callable[[At], str]
    kind: Literal["exact", "text", "key", "account"] = "exact"
    width: int = 0
    once: bool = False


Accounts = Callable[[At], str]


@dataclass(frozen=True)
class Plain:
    """Plain text in place of a table: how it spells the accounts of a journal, and the lines it writes."""

    accounts: Callable[[Journal], Accounts]
    lines: Callable[[Journal], Iterator[str]]


@dataclass(frozen=True)
class Format:
    """How one ledger takes a journal. A table where it has `fields`, otherwise what `plain` writes.

    `ending` of the file's name; `entry_lines` and `file_lines`: most lines of an entry and of a file, 0 for no limit.
    """

    name: str
    title: str
    notes: str
    ending: str
    fields: tuple[Field, ...] = ()
    plain: Plain | None = None
    delimiter: str = ","
    encoding: str = "utf-8"
    entry_lines: int = 0
    file_lines: int = 0

    def accounts(self, journal: Journal) -> Accounts:
        """What spells the accounts of a journal as this ledger knows them."""
        if self.plain:
            return self.plain.accounts(journal)
        return next(field.value for field in self.fields if field.kind == "account")


# ------------------------------------------------------------------------------------------------ writing


def lines(journal: Journal, form: Format) -> list[list[str]]:
    """The lines of each file that the journal takes in a format, line ends included. Pure.

    Raises UnusableError, in plain words, where the ledger would take an entry or an account wrongly.
    """
    kept = [_without_zeros(entry) for entry in journal.entries]
    journal = replace(journal, entries=tuple(entry for entry in kept if entry.lines))
    _check_entries(journal, form)
    _check_accounts(journal, form)
    return [list(form.plain.lines(part) if form.plain else _table(part, form)) for part in _files(journal, form)]


def _without_zeros(entry: Entry) -> Entry:
    return replace(entry, lines=tuple(line for line in entry.lines if line.minor))


def _check_entries(journal: Journal, form: Format) -> None:
    """Every entry must balance and be no longer than the ledger takes."""
    for entry in journal.entries:
        rest = sum(line.minor for line in entry.lines)
        if rest:
            more = "debits" if rest > 0 else "credits"
            raise UnusableError(
                f"Entry {entry.number} of sheet Journal does not balance: its {more} are "
                f"{decimal(abs(rest), journal.places)} {journal.currency} too high. Run the workbook again."
            )
        most = min((limit for limit in (form.entry_lines, form.file_lines) if limit), default=len(entry.lines))
        if len(entry.lines) > most:
            raise UnusableError(
                f"Entry {entry.number} of sheet Journal has {len(entry.lines)} lines, and {form.name} takes at most {most} "
                "in one entry. Set Journal detail on Setup to One entry per product and run again, or choose another format."
            )


def _check_accounts(journal: Journal, form: Format) -> None:
    """Every account must be there, and two accounts of the workbook must be two accounts of the ledger."""
    spell, numbers = form.accounts(journal), dict[str, str]()
    for entry in journal.entries:
        for line in entry.lines:
            spelled = spell(At(journal, entry, line))
            if not spelled.strip():
                raise UnusableError(
                    f"{line.role} has no account that {form.name} can use; fill in table Accounts on Setup and run again."
                )
            if numbers.setdefault(spelled, line.account) != line.account:
                raise UnusableError(
                    f'Accounts {numbers[spelled]} and {line.account} would both be "{spelled}" in {form.name}; '
                    "give them different names in table Accounts on Setup and run again."
                )


def _files(journal: Journal, form: Format) -> Iterator[Journal]:
    """The journal in parts that one file takes, cut between entries."""
    part: list[Entry] = []
    count = 0
    for entry in journal.entries:
        if part and form.file_lines and count + len(entry.lines) > form.file_lines:
            yield replace(journal, entries=tuple(part))
            part, count = [], 0
        part.append(entry)
        count += len(entry.lines)
    if part:
        yield replace(journal, entries=tuple(part))


def _table(journal: Journal, form: Format) -> Iterator[str]:
    """Heading and one row per line, as the csv module quotes them."""
    yield _row([f.head for f in form.fields], form)
    count = 0
    for entry in journal.entries:
        for place, line in enumerate(entry.lines, 1):
            count += 1
            at = At(journal, entry, line, place, count)
            yield _row(["" if f.once and place > 1 else _value(f, at, form) for f in form.fields], form)


def _row(values: list[str], form: Format) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=form.delimiter).writerow(values)
    return text.getvalue()


def _value(field: Field, at: At, form: Format) -> str:
    """A field's value, harmless and no longer than the ledger takes."""
    if field.kind == "exact":
        return field.value(at)
    text = harmless(field.value(at))
    if field.width and len(text) > field.width:
        if field.kind == "text":
            return text[: field.width]
        what = "Account" if field.kind == "account" else "Reference"
        raise UnusableError(f'{what} "{text}" is longer than the {field.width} characters that {form.name} takes.')
    return text
