"""Journals for plain text accounting: Beancount and hledger, which share names of accounts and the form of postings."""

from collections.abc import Callable, Iterator
from unicodedata import category, normalize

from xlbackflush import schema
from xlbackflush.ledgers.writer import Accounts, Journal, date_of, memo
from xlbackflush.model.journal import PostedEntry, PostedLine

#: role -> the kind of account that it is
ROOTS = {
    schema.MIP: "Assets", schema.INVENTORY_CONTROL: "Assets", schema.FINISHED_GOODS: "Assets",
    schema.WORK_IN_PROCESS: "Assets", schema.SCRAP_RECOVERY: "Assets",
    schema.ACCOUNTS_PAYABLE: "Liabilities", schema.VARIOUS_ACCOUNTS: "Liabilities",
    schema.CCC: "Expenses", schema.CCA: "Expenses", schema.COGS: "Expenses", schema.PRICE_VARIANCE: "Expenses",
    schema.USAGE_VARIANCE: "Expenses", schema.COUNT_DIFFERENCE: "Expenses",
    schema.ABNORMAL_SCRAP: "Expenses", schema.ROUNDING: "Expenses",
}  # fmt: skip
_ROOT_NAMES = ("Assets", "Liabilities", "Equity", "Income", "Expenses")


def accounts(journal: Journal) -> Accounts:
    """Names such as `Assets:1310-Materials`; a whole account name in place of the number is used as it stands.

    An account that serves several roles has the root of the first of them.
    """
    lines = {(line.role, line.account, line.name) for entry in journal.entries for line in entry.lines}
    roots: dict[tuple[str, str], str] = {}
    for role, number, name in sorted(lines, key=lambda line: list(ROOTS).index(line[0])):
        roots.setdefault((number, name), ROOTS[role])

    def spelled(line: PostedLine) -> str:
        number, name = line.account, line.name
        root, *parts = number.split(":")
        if root in _ROOT_NAMES and parts and all(part and part == _component(part) for part in parts):
            return number
        leaf = _component(f"{number} {name}")
        return f"{roots[number, name]}:{leaf}" if leaf else ""

    return spelled


def _component(text: str) -> str:
    """Text as one part of an account name: letters, digits and hyphens, a capital or a digit first."""
    letters = (c if category(c)[0] == "L" or category(c) == "Nd" else " " for c in normalize("NFC", text))
    name = "-".join("".join(letters).split())
    if name and category(name[0]) not in ("Lu", "Nd"):
        name = name[0].upper() + name[1:]
        name = name if category(name[0]) == "Lu" else f"X-{name}"
    return name


def _one_line(text: str) -> str:
    return " ".join("".join(" " if category(c) == "Cc" else c for c in text).split())


def _quoted(text: str) -> str:
    return '"' + _one_line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _lines(journal: Journal, directive: str, head: Callable[[PostedEntry], str]) -> Iterator[str]:
    """A directive, then entry by entry what stands behind its date, and its postings."""
    spell = accounts(journal)
    yield f"; {_one_line(journal.company)}: journal of backflush costing\n{directive}\n\n"
    for entry in journal.entries:
        yield f"{date_of(entry.date)} * {head(entry)}\n"
        for line in entry.lines:
            amount = f"{journal.amount(line.minor):>16} {journal.currency}"
            yield f"  {spell(line):<60}  {amount}  ; {_one_line(memo(line))}\n"
        yield "\n"


def beancount(journal: Journal) -> Iterator[str]:
    """Valid by itself; where it is included, the plugin line is without effect and the ledger's own accounts hold."""

    def head(entry: PostedEntry) -> str:
        reference = _quoted(journal.references[entry.number])
        return f"{_quoted(entry.event)} {_quoted(entry.description)}\n  reference: {reference}"

    return _lines(journal, 'plugin "beancount.plugins.auto_accounts"', head)


def hledger(journal: Journal) -> Iterator[str]:
    """The directive keeps an amount of three decimals from being read as thousands."""

    def head(entry: PostedEntry) -> str:
        return f"({journal.references[entry.number]}) {_one_line(entry.description).replace(';', ',')}"

    return _lines(journal, "decimal-mark .", head)
