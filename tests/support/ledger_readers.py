"""Exported journals read back, each format by a reader of its own that knows nothing of how they are written.

A reader gives postings: a key that one entry has for itself, the posting date, the account and the signed amount.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Posting:
    """One line of a journal as a ledger would take it; debit positive."""

    entry: str
    date: dt.date
    account: str
    amount: Decimal


def read(name: str, content: bytes) -> list[Posting]:
    """The postings of a file in a format."""
    return list(READERS[name](content))


def _table(content: bytes, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """Rows by heading; a file that another byte than those of UTF-8 is in does not pass."""
    reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=delimiter, strict=True)
    for row in reader:
        assert None not in row, row
        assert None not in row.values(), row
        yield row


def _amount(text: str) -> Decimal:
    """A plain decimal: nothing but digits, a point, a minus."""
    assert re.fullmatch(r"-?\d+(\.\d+)?", text), text
    return Decimal(text)


def _two(debit: str, credit: str) -> Decimal:
    """Debit and credit in two columns, one of which is blank."""
    assert bool(debit) != bool(credit), (debit, credit)
    amount = _amount(debit or credit)
    assert amount > 0
    return amount if debit else -amount


def _date(text: str, pattern: str) -> dt.date:
    return dt.datetime.strptime(text, pattern).date()


def _own_text(text: str) -> str:
    """Text without the apostrophe that keeps a spreadsheet from calculating it."""
    return text[1:] if re.match(r"'[=+\-@\t\r\n]", text) else text


def _csv(content: bytes) -> Iterator[Posting]:
    assert content.startswith(b"\xef\xbb\xbf")
    for r in _table(content.removeprefix(b"\xef\xbb\xbf")):
        key = f"{r['Run']} {r['Entry']}"
        yield Posting(
            key, dt.date.fromisoformat(r["Posting date"]), _own_text(r["Account"]), _two(r["Debit"], r["Credit"])
        )


def _aicpa(content: bytes) -> Iterator[Posting]:
    for r in _table(content, "|"):
        sign = {"D": 1, "C": -1}[r["Amount_Credit_Debit_Indicator"]]
        date, amount = dt.date.fromisoformat(r["Effective_Date"]), _amount(r["Amount"])
        assert amount > 0
        assert (r["Fiscal_Year"], r["Period"]) == (f"{date.year:04}", f"{date.month:02}")
        yield Posting(r["Journal_ID"], date, _own_text(r["GL_Account_Number"]), sign * amount)


def _quickbooks(content: bytes) -> Iterator[Posting]:
    for r in _table(content):
        date = _date(r["*JournalDate"], "%m/%d/%Y")
        yield Posting(r["*JournalNo"], date, _own_text(r["*AccountName"]), _two(r["*Debits"], r["*Credits"]))


def _xero(content: bytes) -> Iterator[Posting]:
    for r in _table(content):
        key = f"{r['*Narration']} {r['*Date']}"
        yield Posting(key, _date(r["*Date"], "%d %b %Y"), _own_text(r["*AccountCode"]), _amount(r["*Amount"]))


def _sage50(content: bytes) -> Iterator[Posting]:
    for r in _table(content):
        amount = _amount(r["Net Amount"])
        assert amount > 0
        assert (r["Tax Code"], Decimal(r["Tax Amount"])) == ("T9", 0)
        sign = {"JD": 1, "JC": -1}[r["Type"]]
        yield Posting(r["Reference"], _date(r["Date"], "%d%m%Y"), _own_text(r["Nominal A/C Ref"]), sign * amount)


def _netsuite(content: bytes) -> Iterator[Posting]:
    for r in _table(content):
        date = _date(r["Date"], "%m/%d/%Y")
        assert _date(r["Posting Period"], "%b %Y") == date.replace(day=1)
        yield Posting(r["External ID"], date, _own_text(r["Account"]), _two(r["Debit"], r["Credit"]))


def _business_central(content: bytes) -> Iterator[Posting]:
    previous = 0
    for r in _table(content):
        assert int(r["Line No."]) > previous
        previous = int(r["Line No."])
        date = dt.date.fromisoformat(r["Posting Date"])
        yield Posting(r["Document No."], date, _own_text(r["Account No."]), _amount(r["Amount"]))


def _intacct(content: bytes) -> Iterator[Posting]:
    """The heading of an entry stands on its first line only, and its lines are numbered from 1."""
    key, date, expected = "", dt.date.min, 0
    for r in _table(content):
        if r["JOURNAL"]:
            key, date, expected = r["DESCRIPTION"], _date(r["DATE"], "%m/%d/%Y"), 0
        else:
            assert not r["DATE"]
            assert not r["DESCRIPTION"]
        expected += 1
        assert int(r["LINE_NO"]) == expected
        yield Posting(key, date, _own_text(r["ACCT_NO"]), _two(r["DEBIT"], r["CREDIT"]))


def _s4hana(content: bytes) -> Iterator[Posting]:
    for r in _table(content):
        assert len(r["BKTXT"]) <= 25
        key = r["BKTXT"].split()[0]
        yield Posting(key, _date(r["BUDAT"], "%Y%m%d"), _own_text(r["HKONT"]), _two(r["WRSOL"], r["WRHAB"]))


_POSTING = re.compile(r"  (?P<account>\S+)  +(?P<amount>\S+) (?P<currency>[A-Z]{3})(?:  ;.*)?")


def _plain_text(content: bytes, heading: re.Pattern[str], skip: tuple[str, ...]) -> Iterator[Posting]:
    """Headings at the margin, postings indented under them; any other line is refused."""
    key, date, number = "", dt.date.min, 0
    for line in content.decode("utf-8").split("\n"):
        if not line or line.startswith((";", *skip)):
            continue
        if match := heading.fullmatch(line):
            number += 1
            key, date = f"{number}", dt.date.fromisoformat(match["date"])
            continue
        match = _POSTING.fullmatch(line)
        assert match, line
        yield Posting(key, date, match["account"], _amount(match["amount"]))


def _beancount(content: bytes) -> Iterator[Posting]:
    string = r'"(?:[^"\\]|\\["\\])*"'
    heading = re.compile(rf"(?P<date>\d{{4}}-\d\d-\d\d) \* {string} {string}")
    return _plain_text(content, heading, ('plugin "beancount.plugins.auto_accounts"', '  reference: "'))


def _hledger(content: bytes) -> Iterator[Posting]:
    heading = re.compile(r"(?P<date>\d{4}-\d\d-\d\d) \* \([^()\s]+\) ?[^;]*")
    return _plain_text(content, heading, ("decimal-mark .",))


READERS: dict[str, Callable[[bytes], Iterator[Posting]]] = {
    "csv": _csv,
    "aicpa": _aicpa,
    "quickbooks": _quickbooks,
    "xero": _xero,
    "sage50": _sage50,
    "netsuite": _netsuite,
    "businesscentral": _business_central,
    "intacct": _intacct,
    "s4hana": _s4hana,
    "beancount": _beancount,
    "hledger": _hledger,
}
