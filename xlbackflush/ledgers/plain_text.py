"""Journals for plain text accounting: Beancount and hledger, which share names of accounts and the form of postings."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from xlbackflush import schema
from xlbackflush.ledgers.writer import Accounts, At, Entry, Journal, decimal

_ROOTS = {
    schema.MIP: "Assets",
    schema.INVENTORY_CONTROL: "Assets",
    schema.FINISHED_GOODS: "Assets",
    schema.WORK_IN_PROCESS: "Assets",
    schema.SCRAP_RECOVERY: "Assets",
    schema.ACCOUNTS_PAYABLE: "Liabilities",
    schema.VARIOUS_ACCOUNTS: "Liabilities",
    schema.CCC: "Expenses",
    schema.CCA: "Expenses",
    schema.COGS: "Expenses",
    schema.PRICE_VARIANCE: "Expenses",
    schema.USAGE_VARIANCE: "Expenses",
    schema.ABNORMAL_SCRAP: "Expenses",
    schema.ROUNDING: "Expenses",
}
_ROOT_NAMES = ("Assets", "Liabilities", "Equity", "Income", "Expenses")


def accounts(journal: Journal) -> Accounts:
    """Names such as `Assets:1310-Materials`; a whole account name in place of the number is used as it stands.

    An account that serves several roles has the root of the first of them.
    """
    posted = [line for entry in journal.entries for line in entry.lines]
    roots: dict[tuple[str, str], str] = {}
    for role, root in _ROOTS.items():
        for line in posted:
            if line.role == role:
                roots.setdefault((line.account, line.name), root)

    def spelled(at: At) -> str:
        number, name = at.line.account, at.line.name
        first, *rest = number.split(":")
        if first in _ROOT_NAMES and rest and all(part and part == _component(part) for part in rest):
            return number
        leaf = _component(f"{number} {name}")
        return f"{roots.get((number, name), 'Equity')}:{leaf}" if leaf else ""

    return spelled


def _component(text: str) -> str:
    """Text as one part of an account name: letters, digits and hyphens, a capital or a digit first."""
    kept = "".join(
        c if _category(c)[0] == "L" or _category(c) == "Nd" else " " for c in unicodedata.normalize("NFC", text)
    )
    name = "-".join(kept.split())
    if name and _category(name[0]) not in ("Lu", "Nd"):
        name = name[0].upper() + name[1:]
        name = name if _category(name[0]) == "Lu" else f"X-{name}"
    return name


def _category(character: str) -> str:
    return unicodedata.category(character)


def _one_line(text: str) -> str:
    return " ".join("".join(" " if _category(c) == "Cc" else c for c in text).split())


def _quoted(text: str) -> str:
    return '"' + _one_line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _postings(journal: Journal, entry: Entry, spell: Accounts) -> Iterator[str]:
    for line in entry.lines:
        account, amount = spell(At(journal, entry, line)), decimal(line.minor, journal.places)
        yield f"  {account:<60}  {amount:>16} {journal.currency}  ; {_one_line(line.memo)}\n"
    yield "\n"


def beancount(journal: Journal) -> Iterator[str]:
    """Valid by itself; where it is included, the plugin line is without effect and the ledger's own accounts hold."""
    spell = accounts(journal)
    yield f"; {_one_line(journal.company)}: journal of backflush costing\n"
    yield 'plugin "beancount.plugins.auto_accounts"\n\n'
    for entry in journal.entries:
        yield f"{entry.date.isoformat()} * {_quoted(entry.event)} {_quoted(entry.description)}\n"
        yield f"  reference: {_quoted(entry.reference)}\n"
        yield from _postings(journal, entry, spell)


def hledger(journal: Journal) -> Iterator[str]:
    """The first line keeps an amount of three decimals from being read as thousands."""
    spell = accounts(journal)
    yield f"; {_one_line(journal.company)}: journal of backflush costing\n"
    yield "decimal-mark .\n\n"
    for entry in journal.entries:
        description = _one_line(entry.description).replace(";", ",")
        yield f"{entry.date.isoformat()} * ({entry.reference}) {description}\n"
        yield from _postings(journal, entry, spell)
