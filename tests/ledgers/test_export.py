"""Export: what a ledger reads is what was posted, in every format, to the minor unit.

Reading order: a worked month in every format - random journals - what is refused - limits - texts - warnings - files.
`make golden` writes the golden files anew.
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import io
import os
import re
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import com_file
import pytest
import support
from excel_engine import calling
from hypothesis import given
from hypothesis import strategies as st
from ledger_readers import READERS, Posting, read
from support_files import EPOCH, Error, Parts, bench_book

from xlbackflush import schema
from xlbackflush.addin import macros
from xlbackflush.engine.result import RunResult
from xlbackflush.ledgers import plain_text
from xlbackflush.ledgers.export import export, journal_as_posted, read_journal
from xlbackflush.ledgers.formats import FORMATS
from xlbackflush.ledgers.writer import Journal, decimal, files, to_do
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.post import post
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.inputs import Settings
from xlbackflush.model.journal import DRAFT, PostedEntry, PostedLine, Run
from xlbackflush.workbook.file import FileBook

GOLDEN = Path(__file__).parent / "golden" / "export"
NUMBERED = [name for name in FORMATS if name not in ("quickbooks", "beancount", "hledger")]  # accounts by number
TABLES = [name for name, form in FORMATS.items() if form.fields]
MARCH_31 = (dt.date(2026, 3, 31) - EPOCH).days

IS_DRAFT = "R0001 is a draft: post it before a ledger imports this; the next run replaces it."


def silent(sentence: str) -> None:
    """Of a draft nothing else is to be said."""
    assert sentence == IS_DRAFT, f"nothing to warn of: {sentence}"


def run_book(path: Path) -> tuple[Path, RunResult]:
    """The bench, run by a fixed user at a fixed time."""
    bench_book(path)
    with FileBook(path) as book:
        return path, lifecycle.run(book, "anna", dt.datetime(2026, 4, 1, 9, 30))


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunResult]:
    return run_book(tmp_path_factory.mktemp("export") / "bench.xlsm")


@pytest.fixture
def book(worked: tuple[Path, RunResult], tmp_path: Path) -> Path:
    """A copy of the bench after its run, to be spoiled."""
    path = tmp_path / "bench.xlsm"
    path.write_bytes(worked[0].read_bytes())
    return path


def change(path: Path, table: str, column: str, value: object, row: int = 0) -> str:
    """Type a value into a cell of a workbook file; gives its address."""
    parts = Parts(path)
    where = parts.where(table, column, row)
    parts.put(where, value)  # type: ignore[arg-type]
    parts.save(path)
    return where


def line(role: str, account: str, name: str, minor: int, source: str = "") -> PostedLine:
    return PostedLine(role, account, name, minor, source)


def entry(
    *lines: PostedLine, number: int = 1, description: str = "Units sold at standard", **other: Any
) -> PostedEntry:
    """A sale on 31 March, unless `other` says otherwise."""
    fields = {"run": "R0001", "date": MARCH_31, "event": schema.SALE, "product": ""} | other
    return PostedEntry(number=number, description=description, lines=lines, **fields)


def journal_of(*entries: PostedEntry, company: str = "Bench & Sons", currency: str = "USD", **people: str) -> Journal:
    """A journal that stands in no workbook; people: user and approved_by of its one run."""
    fields = {"run": "R0001", "status": DRAFT, "started": "", "user": "", "version": "", "input_hash": ""} | people
    return Journal(company, currency, entries, {"R0001": Run(entries=0, debits=0, credits=0, **fields)})


def written(journal: Journal, name: str) -> list[bytes]:
    return files(journal, FORMATS[name])


def nets(postings: list[Posting]) -> dict[str, Decimal]:
    """Account -> net debit."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for posting in postings:
        found[posting.account] += posting.amount
    return {account: net for account, net in found.items() if net}


def number_of(account: str, name: str) -> str:
    """Account number of an account as a format with numbers, or plain text, spells it."""
    return account.split(":")[1].split("-")[0] if name in ("beancount", "hledger") else account


# --------------------------------------------------------------------------------- a worked month, every format


@pytest.mark.parametrize("name", FORMATS)
def test_a_worked_month_looks_as_it_did(name: str, worked: tuple[Path, RunResult], tmp_path: Path) -> None:
    form = FORMATS[name]
    made = export(worked[0], name, tmp_path / f"x{form.ending}", warn=silent).files
    assert [file.read_bytes() for file in made] == [(GOLDEN / f"bench{form.ending}").read_bytes()]


@pytest.mark.parametrize("name", FORMATS)
def test_a_worked_month_comes_to_the_balances_of_the_engine(name: str, worked: tuple[Path, RunResult]) -> None:
    """Net of every account against the engine's entries; the reversal stands in the next month."""
    outcome = worked[1]
    assert outcome.run
    column = 1 if name == "quickbooks" else 0
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for roles in support.journal(outcome.period).values():
        for role, net in roles.items():
            expected[outcome.period.inputs.accounts[role][column]] += net
    postings = read(name, (GOLDEN / f"bench{FORMATS[name].ending}").read_bytes())
    found = {number_of(account, name): net for account, net in nets(postings).items()}
    assert found == {account: net for account, net in expected.items() if net}
    assert {p.date for p in postings} == {dt.date(2026, 3, 31), dt.date(2026, 4, 1)}
    assert len({p.entry for p in postings}) == len(outcome.period.entries)


def test_the_audit_file_names_who_when_and_what_a_reversal_reverses() -> None:
    rows = list(csv.DictReader((GOLDEN / "bench-aicpa.txt").open(encoding="utf-8", newline=""), delimiter="|"))
    assert {(r["Entered_By"], r["Entered_Date"], r["Entered_Time"]) for r in rows} == {
        ("anna", "2026-04-01", "09:30:00")
    }
    wip = {r["Journal_ID"] for r in rows if r["Source"] == "Backflush Period-end WIP"}
    back = {r["Reversal_Journal_ID"] for r in rows if r["Reversal_Indicator"] == "R"}
    assert len(wip) == 1
    assert back == wip
    assert {r["Effective_Date"] for r in rows if r["Reversal_Indicator"]} == {"2026-04-01"}
    (reversal,) = {r["Journal_ID"] for r in rows if r["Reversal_Indicator"]}
    assert {r["Journal_ID"] for r in rows if r["Reversal_Journal_ID"] == reversal} == wip
    assert {(r["Approved_By"], r["Approved_Date"]) for r in rows} == {("", "")}  # a draft


def audit_file(path: Path) -> list[dict[str, str]]:
    """The rows of the audit data standard of a workbook."""
    (made,) = export(path, "aicpa", path.with_name("audit.txt"), force=True, warn=lambda sentence: None).files
    return list(csv.DictReader(made.open(encoding="utf-8", newline=""), delimiter="|"))


def entry_of(journal_id: str) -> int:
    """Number of an entry on sheet Journal; 0 where there is none."""
    return int(journal_id.split("-")[-1] or 0)


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three runs of one workbook, and a copy of it after each step: `R0001 draft`, `R0001 posted`, ...

    R0001 by anna and Bob in April; R0002, after another count in process, by carl and Dora in May; R0003 a draft of eve.
    """
    path = bench_book(tmp_path_factory.mktemp("corrected") / "bench.xlsm")
    steps: dict[str, Path] = {}

    def step(name: str) -> None:
        steps[name] = path.with_name(f"{name}.xlsm")
        steps[name].write_bytes(path.read_bytes())

    runs = (
        ("R0001", None, "anna", "Bob", dt.datetime(2026, 4, 2)),
        ("R0002", 5, "carl", "Dora", dt.datetime(2026, 5, 4)),
        ("R0003", 7, "eve", "", dt.datetime(2026, 6, 8)),
    )
    for run, quantity, user, approver, day in runs:
        if quantity:
            change(path, "WIP", "Quantity", quantity)
        with FileBook(path) as opened:
            assert not lifecycle.run(opened, user, day + dt.timedelta(hours=9)).failed
        step(f"{run} draft")
        if approver:
            with FileBook(path) as opened:
                post(opened, approver, day + dt.timedelta(hours=26, minutes=30))
            step(f"{run} posted")
    return steps


def test_each_line_of_the_audit_file_names_those_of_its_own_run(corrected: dict[str, Path]) -> None:
    path = corrected["R0003 draft"]
    sheet, rows = Parts(path).rows("Journal"), audit_file(path)
    columns = ("Entered_By", "Entered_Date", "Entered_Time", "Approved_By", "Approved_Date")
    signed = {
        "R0001": ("anna", "2026-04-02", "09:00:00", "Bob", "2026-04-03"),
        "R0002": ("carl", "2026-05-04", "09:00:00", "Dora", "2026-05-05"),
        "R0003": ("eve", "2026-06-08", "09:00:00", "", ""),
    }
    assert {line["Run"] for line in sheet} == signed.keys()
    assert [tuple(row[c] for c in columns) for row in rows] == [signed[str(line["Run"])] for line in sheet]


def test_a_reversal_names_the_entry_that_it_takes_back(corrected: dict[str, Path]) -> None:
    """Corrections by the columns of the sheet, period-end WIP by being the same amounts on the other side in the same run."""
    path = corrected["R0003 draft"]
    sheet, rows = Parts(path).rows("Journal"), audit_file(path)
    assert [entry_of(row["Journal_ID"]) for row in rows] == [line["Entry"] for line in sheet]
    amounts: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        sign = 1 if row["Amount_Credit_Debit_Indicator"] == "D" else -1
        amounts[entry_of(row["Journal_ID"])][row["GL_Account_Number"]] = sign * Decimal(row["Amount"])
    due = 0
    for row, line in zip(rows, sheet, strict=True):
        other = entry_of(row["Reversal_Journal_ID"])
        if line["Reverses"]:
            assert (row["Reversal_Indicator"], other) == ("R", line["Reverses"])
        elif line["Event"] == schema.REVERSAL:
            due += 1
            taken = next(x for x in sheet if x["Entry"] == other)
            assert (row["Reversal_Indicator"], taken["Event"], taken["Run"]) == (
                "R",
                schema.PERIOD_END_WIP,
                line["Run"],
            )
        elif line["Event"] == schema.PERIOD_END_WIP:
            assert row["Reversal_Indicator"] == ""
            assert other == (line["Reversed by"] or line["Entry"] + 1)
        else:
            assert (row["Reversal_Indicator"], other) == ("", line["Reversed by"] or 0)
        if other:
            assert amounts[other] == {account: -amount for account, amount in amounts[line["Entry"]].items()}
    assert due > 3  # lines of the reversals of three runs
    assert sum(bool(line["Reversed by"]) for line in sheet) > due
    ids = {row["Journal_ID"] for row in rows}
    assert {row["Reversal_Journal_ID"] for row in rows} - {""} <= ids


def test_references_of_a_posted_run_stay_when_the_period_ends_on_another_day(tmp_path: Path) -> None:
    """R0001 was posted for a period to 1 April, and perhaps taken into a ledger; then the period is made to end in March."""
    path = bench_book(tmp_path / "bench.xlsm")
    at = next(i for i, row in enumerate(Parts(path).rows("Setup")) if row["Setting"] == "Period end")
    change(path, "Setup", "Value", dt.date(2026, 4, 1), at)
    with FileBook(path) as opened:
        lifecycle.run(opened, "anna", dt.datetime(2026, 4, 2))
    with FileBook(path) as opened:
        post(opened, "Bob", dt.datetime(2026, 4, 2))
    before = {row["Journal_ID"] for row in audit_file(path)}
    change(path, "Setup", "Value", dt.date(2026, 3, 31), at)
    with FileBook(path) as opened:
        assert not lifecycle.run(opened, "anna", dt.datetime(2026, 4, 3)).failed
    after = {row["Journal_ID"] for row in audit_file(path)}
    assert before < after
    assert {journal_id[:14] for journal_id in before} == {"20260401-R0001"}
    assert {journal_id[:14] for journal_id in after - before} == {"20260331-R0002"}


def test_every_format_says_in_one_line_what_it_is_and_what_to_fill_in() -> None:
    for name, form in FORMATS.items():
        assert name == form.name
        assert "\n" not in form.title
        assert 40 < len(form.title) < 110, form.title
        assert bool(form.fields) != bool(form.lines)
        assert sum(f.kind == "account" for f in form.fields) == bool(form.fields)
        assert {f.kind for f in form.fields} <= {"exact", "text", "key", "account"}  # formats.toml may say anything
        assert set(form.once) <= {f.head for f in form.fields}
    assert set(READERS) == set(FORMATS)


def test_every_role_has_its_place_in_plain_text_accounting() -> None:
    """A role is an asset, a liability or an expense as its default account number begins with 1, 2 or 5."""
    posted = entry(*(line(role, number, name, 1) for role, (number, name) in schema.ROLES.items()))
    journal = journal_of(posted)
    spell = plain_text.accounts(journal)
    for posted_line in posted.lines:
        root = {"1": "Assets", "2": "Liabilities", "5": "Expenses"}[posted_line.account[0]]
        assert spell(posted_line).startswith(f"{root}:{posted_line.account}-"), posted_line.role


# -------------------------------------------------------------------------------------------- random journals

PLACES = {"USD": 2, "JPY": 0, "KWD": 3}
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t\r"), max_size=40)
AMOUNTS = st.integers(-(10**13), 10**13).filter(bool)


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    """Balanced journals of hostile texts: accounts told apart by number and by name."""
    accounts = draw(
        st.lists(
            st.tuples(
                st.from_regex(r"[0-9]{1,8}", fullmatch=True),
                TEXT.map(str.strip).filter(bool),
                st.sampled_from(list(schema.ROLES)),
            ),
            min_size=2,
            max_size=6,
            unique_by=(lambda a: a[0], lambda a: a[1]),
        )
    )
    entries = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        chosen = draw(st.lists(st.tuples(st.sampled_from(accounts), AMOUNTS), min_size=1, max_size=6))
        balance = sum(amount for _, amount in chosen)
        chosen += [(draw(st.sampled_from(accounts)), -balance)] if balance else []
        posted = (line(role, n, name, amount, draw(TEXT)) for (n, name, role), amount in chosen)
        day = (draw(st.dates(dt.date(1990, 1, 1), dt.date(2199, 12, 31))) - EPOCH).days
        event, product = draw(st.sampled_from(schema.EVENTS)), draw(TEXT)
        entries.append(entry(*posted, number=number, date=day, event=event, description=draw(TEXT), product=product))
    currency = draw(st.sampled_from(list(PLACES)))
    return journal_of(*entries, company=draw(TEXT), currency=currency, user=draw(TEXT), approved_by=draw(TEXT))


@given(journal=journals())
def test_what_a_ledger_reads_is_what_was_posted(journal: Journal) -> None:
    for name in FORMATS:
        _check_what_is_read(name, journal)


def _check_what_is_read(name: str, journal: Journal) -> None:
    postings = [posting for content in written(journal, name) for posting in read(name, content)]
    expected: dict[str, Decimal] = defaultdict(Decimal)
    lines = [(posted, line) for posted in journal.entries for line in posted.lines]
    for _, posted_line in lines:
        account = posted_line.name if name == "quickbooks" else posted_line.account
        expected[account] += support.money(posted_line.minor, PLACES[journal.currency])
    found = {number_of(account, name): net for account, net in nets(postings).items()}
    assert found == {account: net for account, net in expected.items() if net}, name
    assert [p.date for p in postings] == [EPOCH + dt.timedelta(posted.date) for posted, _ in lines], name
    by_entry: dict[str, Decimal] = defaultdict(Decimal)
    for posting in postings:
        by_entry[posting.entry] += posting.amount
    assert not any(by_entry.values()), f"{name}: every entry balances by itself"
    assert len(by_entry) == len(journal.entries), name


def beancount_loader() -> Any:
    """Beancount, if it is installed; in CI it must be."""
    try:
        return importlib.import_module("beancount.loader")
    except ImportError:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop("needs Beancount: pip install beancount")


@given(journal=journals())
def test_beancount_itself_takes_it(journal: Journal) -> None:
    """The real program: no error, and the same balances."""
    loader = beancount_loader()
    journal = replace(journal, currency="USD")
    for content in written(journal, "beancount"):
        entries, errors, _ = loader.load_string(content.decode())
        assert not errors, errors
        found: dict[str, Decimal] = defaultdict(Decimal)
        for transaction in entries:
            for posting in getattr(transaction, "postings", ()):
                found[posting.account] += posting.units.number
        assert {a: net for a, net in found.items() if net} == nets(read("beancount", content))


# -------------------------------------------------------------------------------------------- what is refused


def sale(
    account: str = "5110", name: str = "Cost of goods sold", minor: int = 12_345, description: str = "Sold"
) -> Journal:
    """One entry of two lines, which credits as much as it debits where `minor` is not changed."""
    debit, credit = (schema.COGS, account, name, minor), (schema.FINISHED_GOODS, "1350", "Finished goods", -12_345)
    return journal_of(entry(line(*debit), line(*credit), description=description))


@pytest.mark.parametrize("name", FORMATS)
def test_an_entry_that_does_not_balance_is_refused(name: str) -> None:
    with pytest.raises(UnusableError, match=r"Entry 1 .* does not balance: its debits are 0\.01 USD too high"):
        written(sale(minor=12_346), name)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("Debit", 999.99, r"Entry 1 of sheet Journal does not balance"),
        ("Debit", "much", r"{cell}: Debit is \"much\""),
        ("Debit", Error("#REF!"), r"{cell}: Debit is the error #REF!"),
        ("Debit", 320.005, r"{cell}: Debit is 320\.005, with more decimals than the currency has"),
        ("Debit", 0, r"{cell}: Debit is 0; an amount above zero"),
        ("Debit", None, r"{cell}: A line has either a debit or a credit"),
        ("Posting date", "soon", r"{cell}: Posting date is \"soon\""),
        ("Posting date", dt.date(2026, 3, 30), r"{cell}:[A-Z]\d+: Posting date differs within entry 1"),
        ("Account", None, r"{cell}: Account is blank"),
        ("Account", " ", r"has no account that csv can use"),
        ("Account", Error("#N/A"), r"{cell}: Account is the error #N/A"),
        ("Reverses", 99, r"{cell}:[A-Z]\d+: Reverses differs within entry 1"),
        ("Run", "R0009", r"{cell}:[A-Z]\d+: Run differs within entry 1"),
    ],
)
def test_a_journal_that_was_typed_over_is_refused_with_its_cell(
    column: str, value: object, says: str, book: Path
) -> None:
    where = change(book, "Journal", column, value)
    with pytest.raises(UnusableError, match=says.replace("{cell}", where)):
        export(book, "csv", warn=lambda sentence: None)
    assert [p.name for p in book.parent.iterdir()] == [book.name]


@pytest.mark.parametrize(("column", "value"), [("Run", "R0009"), ("Reverses", 99.0), ("Reversed by", 99.0)])
def test_an_entry_of_nowhere_is_refused(column: str, value: object, worked: tuple[Path, RunResult]) -> None:
    """Every line of an entry names a run, or another entry, that is not in the workbook."""
    with FileBook(worked[0]) as opened:
        table, runs = opened.table("Journal"), opened.runs()
    at, number = table.columns.index(column), table.columns.index("Entry")
    for row in (row for row in table.rows if row[number] == 2):
        row[at] = value
    first = table.by_column()["Entry"].index(2)
    where = table.cell(column, table.row_numbers[first])
    with pytest.raises(UnusableError, match=f"{where}: {column} names what is not in the workbook"):
        journal_as_posted(table, Settings(), runs)


def test_the_order_of_the_rows_is_no_matter(worked: tuple[Path, RunResult]) -> None:
    """Sorted by account, a journal goes into the ledger as it was posted."""
    with FileBook(worked[0]) as opened:
        journal, _ = read_journal(opened)
        table, runs = opened.table("Journal"), opened.runs()
    account = table.columns.index("Account")
    table.rows.sort(key=lambda row: str(row[account]))
    as_sorted = journal_as_posted(table, Settings(company=journal.company), runs)
    assert table.by_column()["Entry"] != sorted(table.by_column()["Entry"])  # type: ignore[type-var]
    for name in set(FORMATS) - {"csv"}:  # which shows the proofs of each row
        assert written(as_sorted, name) == written(journal, name)


def test_before_the_first_run_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="nothing to export yet: run the workbook first"):
        export(bench_book(tmp_path / "new.xlsm"), "csv")


def test_errors_refuse_whether_they_were_found_already_or_not(book: Path) -> None:
    where = change(book, "Counts", "Quantity", "ten")
    with pytest.raises(UnusableError, match=rf"The workbook has errors, first at {where}: see sheet Findings"):
        export(book, "csv")
    change(book, "Counts", "Quantity", 10)
    change(book, "StandardCost", "Type", "Buy", 4)  # Bench is counted as completed
    with FileBook(book) as opened:
        outcome = lifecycle.check(opened)
    assert outcome.failed
    with pytest.raises(UnusableError, match="The workbook has errors, first at "):
        export(book, "csv")


def test_an_unknown_format_is_refused_with_those_there_are(book: Path) -> None:
    with pytest.raises(UnusableError, match=r"no format 'sap'; choose csv, aicpa, .* or hledger"):
        export(book, "sap")


@pytest.mark.parametrize(("name", "longest"), [("sage50", 8), ("s4hana", 10), ("xero", 10), ("businesscentral", 20)])
def test_an_account_is_never_cut(name: str, longest: int) -> None:
    assert written(sale("5" * longest), name)
    with pytest.raises(UnusableError, match=rf"Account \"5+\" is longer than the {longest} characters"):
        written(sale("5" * (longest + 1)), name)


def test_accounts_that_a_ledger_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(UnusableError, match='Accounts 5110 and 1350 would both be "Finished goods" in quickbooks'):
        written(sale(name="Finished goods"), "quickbooks")
    twins = (line(schema.COGS, "5-1", "Cost", 5), line(schema.ABNORMAL_SCRAP, "5 1", "Cost", -5))
    with pytest.raises(UnusableError, match='would both be "Expenses:5-1-Cost" in beancount'):
        written(journal_of(entry(*twins)), "beancount")
    with pytest.raises(UnusableError, match="Cost of goods sold has no account that quickbooks can use"):
        written(sale(name=""), "quickbooks")


def test_two_roles_may_share_an_account() -> None:
    shared = (line(schema.CCA, "5300", "Conversion", 5), line(schema.CCC, "5300", "Conversion", -5))
    for name in FORMATS:
        (content,) = written(journal_of(entry(*shared)), name)
        assert len({p.account for p in read(name, content)}) == 1


# ---------------------------------------------------------------------------------------------------- limits


def long_journal(sizes: list[int]) -> Journal:
    """Entries of so many lines."""
    entries = []
    for number, size in enumerate(sizes, 1):
        materials = [line(schema.MIP, "1310", "Materials", 1) for _ in range(size - 1)]
        entries.append(
            entry(*materials, line(schema.FINISHED_GOODS, "1350", "Finished goods", 1 - size), number=number)
        )
    return journal_of(*entries)


@pytest.mark.parametrize(("name", "most"), [("xero", 300), ("quickbooks", 1000)])
def test_a_long_journal_goes_into_files_of_whole_entries(name: str, most: int) -> None:
    journal = long_journal([most // 2, most // 2, 2, most, most - 1, 2])
    files = [read(name, content) for content in written(journal, name)]
    assert [len(file) for file in files] == [most, 2, most, most - 1, 2]
    assert all(sum(p.amount for p in file) == 0 for file in files)
    keys = [{p.entry for p in file} for file in files]
    assert sum(len(k) for k in keys) == len(set().union(*keys)) == 6


@pytest.mark.parametrize(("name", "most"), [("xero", 300), ("quickbooks", 1000), ("netsuite", 200), ("s4hana", 999)])
def test_an_entry_above_the_limit_is_refused(name: str, most: int) -> None:
    assert len(written(long_journal([most, most]), name)) == (2 if FORMATS[name].file_lines else 1)
    with pytest.raises(
        UnusableError, match=rf"Entry 2 .* has {most + 1} lines, and {name} takes at most {most} in one"
    ):
        written(long_journal([2, most + 1]), name)


def test_split_files_say_how_many_there_are(tmp_path: Path) -> None:
    """A month with one entry per product: 150 products, hundreds of lines."""
    path = tmp_path / "many.xlsm"
    many_products(path, 150)
    made = export(path, "xero", warn=silent).files
    count = len(made)
    assert count > 1
    assert [f.name for f in made] == [f"many-xero-{i}-of-{count}.csv" for i in range(1, count + 1)]
    whole = read("csv", export(path, "csv", warn=silent).files[0].read_bytes())
    parts = [p for file in made for p in read("xero", file.read_bytes())]
    assert nets(parts) == nets(whole)
    assert len(parts) == len(whole) > 600


def many_products(path: Path, count: int, last: dt.date = dt.date(2026, 3, 31)) -> None:
    """A workbook of products that are made of one part, for a period to `last`, run with one entry per product."""
    from xlbackflush.template.build import build
    from xlbackflush.template.samples import Sample

    day = dt.date(2026, 3, 10)
    tables: dict[str, list[dict[str, object]]] = {
        "StandardCost": [
            {"Item": "Part", "Type": "Buy", "Material price": 2.5},
            *({"Item": f"P{i:03}", "Type": "Finished", "Other conversion": 1.25} for i in range(count)),
        ],
        "BOM": [{"Parent": f"P{i:03}", "Component": "Part", "Qty per": 1 + i % 3} for i in range(count)],
        "Counts": [
            {"Date": day, "Document": f"{event[0]}{i}", "Event": event, "Item": f"P{i:03}", "Quantity": 4}
            for i in range(count)
            for event in ("Completed", "Sold")
        ],
        "Purchases": [{"Date": day, "Document": "PO-1", "Item": "Part", "Quantity": 4000, "Actual price": 2.5}],
    }
    settings = {
        "Period start": dt.date(2026, 3, 1),
        "Period end": last,
        "Journal detail": schema.PER_PRODUCT,
    }
    build(path, (dt.date(2026, 3, 1), dt.date(2026, 3, 31)), Sample("Many", "Many products.", settings, tables))
    with FileBook(path) as opened:
        assert not lifecycle.run(opened, "anna", dt.datetime(2026, 4, 1, 9, 30)).failed


# ----------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_becomes_a_formula(name: str, start: str) -> None:
    """Every cell of every row, in a spreadsheet that opens the file: a number, or text that starts harmlessly."""
    hostile = (
        line(role, f"{start[0]}{n}", f"{start} {n}", minor, start)
        for n, (role, minor) in enumerate([(schema.COGS, 5), (schema.FINISHED_GOODS, -5)])
    )
    sold = entry(*hostile, description=start, product=start)
    (content,) = written(journal_of(sold, company=start, user=start, approved_by=start), name)
    form = FORMATS[name]
    text = content.decode(form.encoding)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter))
    assert len(rows) == 3
    for cell in (cell for row in rows[1:] for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or float(cell) == -0.05, cell


@pytest.mark.parametrize("name", TABLES)
def test_separators_quotes_line_ends_and_letters_of_the_world_come_through(name: str) -> None:
    text = 'A, "b"; c|d\r\nÄé中🙂'
    (content,) = written(sale(name=text, description=text), name)
    form = FORMATS[name]
    rows = list(csv.reader(io.StringIO(content.decode(form.encoding), newline=""), delimiter=form.delimiter))
    assert {len(row) for row in rows} == {len(form.fields)}
    assert any(text in cell for cell in rows[1])


def test_texts_are_cut_to_what_the_ledger_takes() -> None:
    (content,) = written(sale(description="x" * 5000), "sage50")
    assert {r["Details"] for r in csv.DictReader(io.StringIO(content.decode()))} == {"x" * 60}
    assert read("sage50", content)[0].amount == Decimal("123.45")


@pytest.mark.parametrize(
    ("number", "name", "spelled"),
    [
        ("5110", "Cost of goods sold", "Expenses:5110-Cost-of-goods-sold"),
        ("", "cost of (goods) sold", "Expenses:Cost-of-goods-sold"),
        ("Expenses:Production:COGS", "Cost of goods sold", "Expenses:Production:COGS"),
        ("Expenses:production", "COGS", "Expenses:Expenses-production-COGS"),
        ("", "売上原価", "Expenses:X-売上原価"),
        ("", "écart de coût", "Expenses:Écart-de-coût"),
        ("51/10", '"quoted"', "Expenses:51-10-quoted"),
    ],
)
def test_names_of_accounts_in_plain_text_accounting(number: str, name: str, spelled: str) -> None:
    journal = sale(number, name)
    (sold,) = journal.entries
    assert plain_text.accounts(journal)(sold.lines[0]) == spelled


@pytest.mark.parametrize(
    ("minor", "places", "text"),
    [(5, 2, "0.05"), (-123456, 2, "-1234.56"), (7, 0, "7"), (-1, 3, "-0.001"), (0, 2, "0.00")],
)
def test_amounts_are_plain_decimals(minor: int, places: int, text: str) -> None:
    assert decimal(minor, places) == text


# -------------------------------------------------------------------------------------------------- warnings


def warnings(path: Path) -> list[str]:
    said: list[str] = []
    export(path, "csv", path.parent / "out.csv", force=True, warn=said.append)
    return said


def test_inputs_that_were_changed_after_the_run_are_told(book: Path) -> None:
    before = export(book, "csv", warn=silent).files[0].read_bytes()
    change(book, "Counts", "Quantity", 11)
    assert warnings(book) == [
        IS_DRAFT,
        "The inputs were changed after run R0001; the journal is that of the run. Run it again.",
    ]
    assert (book.parent / "out.csv").read_bytes() == before, "posted values never drift"


def test_controls_that_fail_as_stored_are_told(book: Path) -> None:
    where = change(book, "Journal", "Difference", 12.5, 3)
    change(book, "Checks", "Result", "Fail", 1)
    assert warnings(book) == [
        IS_DRAFT,
        "1 check fails in the workbook: see sheet Checks.",
        f"Sheet Journal differs from its proofs in 1 row, first at {where}.",
    ]


def test_warnings_go_to_the_error_stream(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(book, "Checks", "Result", "Fail")
    export(book, "csv")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"xlbackflush: {IS_DRAFT}\nxlbackflush: 1 check fails in the workbook: see sheet Checks.\n"


def test_a_draft_is_told_until_it_is_posted(corrected: dict[str, Path]) -> None:
    for step, path in corrected.items():
        run, status = step.split()
        assert warnings(path) == [IS_DRAFT.replace("R0001", run)] * (status == "draft"), step
    assert len(corrected) == 5


#: columns that may stay blank
OPTIONAL = {
    "csv": {"Product", "Class"},  # of one entry for all products, of items without a class
    "aicpa": {"Approved_By", "Approved_Date"},  # of a draft
    "quickbooks": {"Location", "Class"},
    "xero": {"TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2"},
    "sage50": {"Account Reference"},  # of a customer or supplier
    "netsuite": {"Location"},
    "s4hana": set[str](),
    "businesscentral": set[str](),
    "intacct": set[str](),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_column_that_is_blank_is_told_unless_it_may_be(name: str, worked: tuple[Path, RunResult]) -> None:
    with FileBook(worked[0]) as opened:
        journal, _ = read_journal(opened)
    form = FORMATS[name]
    (content,) = written(journal, name)
    rows = list(csv.DictReader(io.StringIO(content.decode(form.encoding), newline=""), delimiter=form.delimiter))
    blank = {head for head in rows[0] if not any(row[head] for row in rows)}
    sentences = to_do(journal, form)
    assert {head for head in blank if any(text.startswith(f"Fill in {head}, ") for text in sentences)} == (
        blank - OPTIONAL[name]
    )
    assert all(re.fullmatch(r"[A-Z].{20,110}\.", sentence) for sentence in sentences)


def test_only_the_lines_that_are_there_ask_for_something() -> None:
    costs = entry(line(schema.COGS, "5110", "Cost", 5), line(schema.CCA, "5320", "Allocated", -5))
    bought = entry(line(schema.MIP, "1310", "Materials", 5), line(schema.ACCOUNTS_PAYABLE, "2110", "Payables", -5))
    supplier = "Fill in Name, the supplier, on lines of accounts payable."
    centre = "Fill in KOSTL, the cost centre, on lines of cost accounts."
    assert supplier in to_do(journal_of(bought), FORMATS["quickbooks"])
    assert supplier not in to_do(journal_of(costs), FORMATS["quickbooks"])
    assert centre in to_do(journal_of(costs), FORMATS["s4hana"])
    assert centre not in to_do(journal_of(bought), FORMATS["s4hana"])
    assert "Fill in BUKRS, your company code." in to_do(journal_of(bought), FORMATS["s4hana"])
    assert to_do(journal_of(bought, costs), FORMATS["csv"]) == []


# ----------------------------------------------------------------------------------------------------- files


def test_an_existing_file_is_replaced_only_when_asked(book: Path) -> None:
    target = book.parent / "ledger.csv"
    target.write_text("mine")
    with pytest.raises(UnusableError, match=r"ledger\.csv exists already; choose another name, or add --force"):
        export(book, "csv", target)
    assert target.read_text() == "mine"
    assert export(book, "csv", target, force=True).files == [target]
    assert target.read_bytes() == (GOLDEN / "bench-journal.csv").read_bytes()


@pytest.mark.parametrize(
    ("target", "says"),
    [("bench.xlsm", "would be a workbook"), ("nowhere/x.csv", "does not exist"), (".", "is a folder")],
)
def test_a_target_that_cannot_be_is_refused(target: str, says: str, book: Path) -> None:
    before = book.read_bytes()
    with pytest.raises(UnusableError, match=says):
        export(book, "csv", book.parent / target, force=True)
    assert book.read_bytes() == before
    assert [p.name for p in book.parent.iterdir()] == [book.name]


def test_files_go_beside_the_workbook_which_is_left_as_it_is(book: Path) -> None:
    before = book.read_bytes()
    made = [file for name in FORMATS for file in export(book, name, warn=silent).files]
    assert len(set(made)) == len(made) == len(FORMATS)
    assert sorted(book.parent.iterdir()) == sorted([book, *made])
    assert book.read_bytes() == before


def test_the_button_in_excel_writes_the_same_file_and_says_what_is_left_to_do(book: Path) -> None:
    workbook = com_file.Workbook(book)
    with calling(workbook):
        macros.export("s4hana")
    assert (book.parent / "bench-s4hana.csv").read_bytes() == (GOLDEN / "bench-s4hana.csv").read_bytes()
    assert workbook.application.StatusBar.startswith(
        f"Done: wrote bench-s4hana.csv beside the workbook. {IS_DRAFT} Fill in BUKRS, your company code. Fill in KOSTL, "
    )


@contextmanager
def full_disk(free: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: what a full disk does to a write."""
    resource = pytest.importorskip("resource", reason="limits of file sizes are not known here")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old: object = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)  # type: ignore[arg-type]


def test_a_full_disk_leaves_what_was_there(book: Path) -> None:
    target = book.parent / "ledger.csv"
    target.write_text("of last month")
    with full_disk(500), pytest.raises(UnusableError, match=r"ledger\.csv cannot be written"):
        export(book, "csv", target, force=True)
    assert target.read_text() == "of last month"
    assert sorted(p.name for p in book.parent.iterdir()) == ["bench.xlsm", "ledger.csv"]


def test_references_of_two_months_differ(book: Path, tmp_path: Path) -> None:
    """Both workbooks call their run R0001; a ledger must not take the second month for the first."""
    with FileBook(book) as opened:
        march, _ = read_journal(opened)
    many_products(tmp_path / "april.xlsm", 3, dt.date(2026, 4, 30))
    with FileBook(tmp_path / "april.xlsm") as opened:
        april, _ = read_journal(opened)
    references = [*march.references.values(), *april.references.values()]
    assert len(references) == len(set(references)) == len(march.entries) + len(april.entries)
    assert all(len(reference) <= 20 for reference in references)


def _write_golden(done: Callable[[str], None] = print) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path, _ = run_book(Path(folder) / "bench.xlsm")
        for name, form in FORMATS.items():
            done(str(export(path, name, GOLDEN / f"bench{form.ending}", force=True).files[0]))


if __name__ == "__main__":
    _write_golden()
