"""A journal written for a ledger: what a format is made of, and the one writer of all of them. Pure; touches no file.

What a ledger would take wrongly is refused: an entry that does not balance, an account that is blank, too long, or not
told from another one. Texts are cut to what the ledger takes; accounts and references never. Where a file takes so many
lines only, it is cut between entries. An entry is never cut: it must come to zero by itself, and one that is too long is
refused (the entries of a run have a dozen lines, not hundreds).
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import Literal

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.journal import PostedEntry, PostedLine, Run
from xlbackflush.model.money import decimals
from xlbackflush.model.words import listed
from xlbackflush.ooxml.values import harmless

# ------------------------------------------------------------------------------------------------ journal


@dataclass(frozen=True)
class Journal:
    """The journal of a workbook as posted, with what a ledger is told besides its entries.

    runs: name -> who made the run and who approved it, and when. proofs and differences: row of sheet Journal -> what its
    live formulas show, as plain decimals. known: all entries, where only some are written.
    setup: values of sheet Ledger Setup by setting, those that are filled in; days_later: by which the ledger's posting date
    comes after that of the journal.
    """

    company: str
    currency: str
    entries: Sequence[PostedEntry]
    runs: Mapping[str, Run]
    proofs: Mapping[int, str] = field(default_factory=dict)
    differences: Mapping[int, str] = field(default_factory=dict)
    known: Sequence[PostedEntry] = ()
    setup: Mapping[str, str] = field(default_factory=dict)
    days_later: int = 0

    def amount(self, minor: int) -> str:
        """Minor units as a plain decimal: -1234.56."""
        return decimal(minor, decimals(self.currency))

    @cached_property
    def references(self) -> dict[int, str]:
        """Number of an entry -> its reference, unique over runs and periods: `20260430-R0001-3`.

        In letters that every ledger takes, and no longer than 20 characters for 99,999 entries. It begins with the day of the
        run's first entry, since R0001 comes again in every workbook; that day stays whatever later runs add.
        """
        first: dict[str, int] = {}
        known = self.known or self.entries
        for entry in known:
            first[entry.run] = min(entry.date, first.get(entry.run, entry.date))
        return {
            entry.number: f"{date_of(first[entry.run]):%Y%m%d}-{re.sub('[^A-Za-z0-9]', '', entry.run)[:5]}-{entry.number}"
            for entry in known
        }


def date_of(day: int) -> dt.date:
    """The date of an Excel day number."""
    return schema.DAY_0 + dt.timedelta(days=day)


def decimal(minor: int, places: int) -> str:
    """Minor units as a plain decimal: decimal(-123456, 2) == "-1234.56"."""
    digits = f"{abs(minor):0{places + 1}d}"
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def memo(line: PostedLine) -> str:
    """What stands behind a line: its role and the input cells."""
    return f"{line.role}, {line.source}" if line.source else line.role


def _names(journal: Journal, entry: PostedEntry, line: PostedLine, place: int, count: int) -> dict[str, object]:
    """What the fields of a line can name. place and count: of the line within its entry and within its file, from 1."""
    amount, run = journal.amount(line.minor), journal.runs[entry.run]
    date = date_of(entry.date + journal.days_later)
    setup = {**_DEFAULTS, **journal.setup}
    linked = entry.reverses or entry.reversed_by
    return {
        "journal": journal, "entry": entry, "line": line, "place": place, "count": count, "run": run, "date": date,
        "month": "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * date.month - 3 :][:3],  # whatever language the machine speaks
        "reference": journal.references[entry.number], "memo": memo(line), "zero": journal.amount(0),
        "signed": amount, "unsigned": amount.removeprefix("-"), "side": "D" if line.minor > 0 else "C",
        "debit": amount if line.minor > 0 else "", "credit": amount[1:] if line.minor < 0 else "",
        "entered": _date_and_time(run.started), "approved": _date_and_time(run.posted),
        "proof": journal.proofs.get(line.row, ""), "difference": journal.differences.get(line.row, ""),
        # a correction takes another entry back, and so does the reversal of period-end WIP on the first day of the next period
        "reverses": "R" if entry.reverses or entry.event == schema.REVERSAL else "",
        "setup": setup, "currency": setup["Currency"] or journal.currency,
        "vendor": setup["Vendor name"] if line.role in PAYABLES else "",
        "cost_centre": setup["Cost centre"] if line.role in COSTS else "",
        "tracking": setup["Tracking category"] if line.item_class else "",
        "other_entry": journal.references[linked] if linked else "",
    }  # fmt: skip


_DEFAULTS = {name: default for name, (default, _) in schema.LEDGER_SETTINGS.items()}
PAYABLES = frozenset({schema.ACCOUNTS_PAYABLE})
#: roles of cost accounts
COSTS = frozenset(schema.ROLES) - {
    *schema.STOCK_ROLES, schema.WORK_IN_PROCESS, schema.SCRAP_RECOVERY, schema.ACCOUNTS_PAYABLE, schema.VARIOUS_ACCOUNTS
}  # fmt: skip


def _date_and_time(text: str) -> tuple[str, str]:
    """A moment of sheet Runs; blank where there is none, as in a draft that nobody has approved."""
    try:
        moment = dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return "", ""
    return f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}"


# ------------------------------------------------------------------------------------------------- fields


@dataclass(frozen=True)
class Field:
    """One column: its heading and its value, which names in braces what the line holds, such as {line.account}: see `_names`.

    exact: a number, a date or a word of ours, written as it is.  text: cut to `width`.  key: refused beyond `width`.
    account: the account, refused beyond `width` or where it is blank.
    Without a value it is blank, for the user to fill in where the ledger needs it.
    """

    head: str
    value: str = ""
    kind: Literal["exact", "text", "key", "account"] = "exact"
    width: int = 0


@dataclass(frozen=True)
class ToDo:
    """What the user must do before an import, in one sentence; where a line has one of the roles.

    setting: of Ledger Setup, which, filled in, does it once for all.
    """

    text: str
    roles: frozenset[str] = frozenset(schema.ROLES)
    setting: str = ""


#: how a ledger spells the account of a line
Accounts = Callable[[PostedLine], str]


@dataclass(frozen=True)
class Format:
    """How one ledger takes a journal: a table where it has `fields`, else the `lines` of plain text, with their accounts.

    `ending` of the file's name; `once`: fields on the first line of an entry only; `entry_lines` and `file_lines`: most lines
    of an entry and of a file, 0 for no limit.
    """

    name: str
    title: str
    ending: str
    fields: tuple[Field, ...] = ()
    lines: Callable[[Journal], Iterator[str]] | None = None
    spelled: Callable[[Journal], Accounts] | None = None
    to_do: tuple[ToDo, ...] = ()
    once: Sequence[str] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    entry_lines: int = 0
    file_lines: int = 0

    def accounts(self, journal: Journal) -> Accounts:
        """What spells the accounts of a journal as this ledger knows them."""
        if self.spelled:
            return self.spelled(journal)
        value = next(column.value for column in self.fields if column.kind == "account")
        return lambda line: value.format(line=line)


# ------------------------------------------------------------------------------------------------ writing


def files(journal: Journal, form: Format) -> list[bytes]:
    """The content of each file that the journal takes in a format. Pure.

    Raises UnusableError, in plain words, where the ledger would take an entry or an account wrongly.
    """
    _check_entries(journal, form)
    _check_accounts(journal, form)
    _check_control_accounts(journal, form)
    if form.lines:
        return ["".join(form.lines(journal)).encode(form.encoding)]
    return [_table(journal, entries, form).encode(form.encoding) for entries in _parts(journal.entries, form)]


def to_do(journal: Journal, form: Format) -> list[str]:
    """What the user must still do before the ledger takes the files, one sentence each."""
    roles = {line.role for entry in journal.entries for line in entry.lines}
    tasks = [task for task in form.to_do if roles & task.roles and not journal.setup.get(task.setting)]
    settings = [task.setting for task in tasks if task.setting]
    once = [f"Once for all: fill in {listed(settings, len(settings))} on sheet Ledger Setup."] if settings else []
    return [*(task.text for task in tasks), *once]


def _check_entries(journal: Journal, form: Format) -> None:
    """Every entry must balance and be no longer than the ledger takes."""
    for entry in journal.entries:
        balance = sum(line.minor for line in entry.lines)
        if balance:
            raise UnusableError(
                f"Entry {entry.number} of sheet Journal does not balance: its {'debits' if balance > 0 else 'credits'} are "
                f"{journal.amount(abs(balance))} {journal.currency} too high. Run the workbook again."
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
            spelled = spell(line)
            if not spelled.strip():
                raise UnusableError(
                    f"{line.role} has no account that {form.name} can use; fill in table Accounts on Setup and run again."
                )
            if numbers.setdefault(spelled, line.account) != line.account:
                raise UnusableError(
                    f'Accounts {numbers[spelled]} and {line.account} would both be "{spelled}" in {form.name}; '
                    "give them different names in table Accounts on Setup and run again."
                )


def _check_control_accounts(journal: Journal, form: Format) -> None:
    """No line on an account that the ledger keeps to itself, such as the payables of its own purchase ledger."""
    control = {each.strip() for each in journal.setup.get("Control accounts", "").split(",")} - {""}
    for entry in journal.entries:
        for line in entry.lines:
            if {line.account, line.name} & control:
                instead = "a clearing account, such as goods received and not yet invoiced"
                already = "Purchases are" if line.role == schema.ACCOUNTS_PAYABLE else "Conversion incurred is"
                raise UnusableError(
                    f"{form.name} lets no journal post to account {line.account}, which Ledger Setup names as a control account. "
                    f"On Setup, map {line.role} to {instead}; or, where the ledger has these amounts from elsewhere, set "
                    f"{already} to {schema.IN_THE_LEDGER}. Then run again."
                )


def _parts(entries: Sequence[PostedEntry], form: Format) -> Iterator[list[PostedEntry]]:
    """The entries in parts that one file takes."""
    part: list[PostedEntry] = []
    lines = 0
    for entry in entries:
        if part and form.file_lines and lines + len(entry.lines) > form.file_lines:
            yield part
            part, lines = [], 0
        part.append(entry)
        lines += len(entry.lines)
    yield part


def _table(journal: Journal, entries: Sequence[PostedEntry], form: Format) -> str:
    """Heading and one row per line, as the csv module quotes them."""
    text, numbers = io.StringIO(), count(1)
    table = csv.writer(text, delimiter=form.delimiter)
    table.writerow(column.head for column in form.fields)
    for entry in entries:
        for place, line in enumerate(entry.lines, 1):
            names = _names(journal, entry, line, place, next(numbers))
            blank = form.once if place > 1 else ()
            table.writerow("" if column.head in blank else _value(column, names, form) for column in form.fields)
    return text.getvalue()


def _value(column: Field, names: Mapping[str, object], form: Format) -> str:
    """A field's value, harmless and no longer than the ledger takes."""
    text = column.value.format_map(names)
    if column.kind == "exact":
        return text
    text = harmless(text)
    if column.width and len(text) > column.width:
        if column.kind == "text":
            return text[: column.width]
        what = "Account" if column.kind == "account" else "Reference"
        raise UnusableError(f'{what} "{text}" is longer than the {column.width} characters that {form.name} takes.')
    return text
