"""Sheet Ledger Setup: what a ledger asks for is typed once, written with every export, and goes on to the next month."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from older import without_sheet
from support_files import CellValue, Parts, bench_book, ran_book

from xlbackflush import schema
from xlbackflush.cli.rolling import roll
from xlbackflush.ledgers.export import export
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.post import post
from xlbackflush.model.errors import UnusableError
from xlbackflush.workbook.file import FileBook

NOW = dt.datetime(2026, 4, 2, 9)


def setup(path: Path, **values: CellValue) -> Path:
    """Values of settings, with _ for a space."""
    parts = Parts(path)
    names = [row["Setting"] for row in parts.rows("LedgerSetup")]
    for name, value in values.items():
        parts.put(parts.where("LedgerSetup", "Value", names.index(name.replace("_", " "))), value)
    parts.save(path)
    return path


def rows(path: Path, form: str) -> tuple[list[dict[str, str]], list[str]]:
    done = export(path, form, path.parent / "out.csv", force=True, warn=lambda text: None)
    text = done.files[0].read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines())), done.to_do


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return ran_book(tmp_path / "bench.xlsm")


def test_a_new_workbook_lists_what_can_be_filled_in(book: Path) -> None:
    there = Parts(book).rows("LedgerSetup")
    assert [row["Setting"] for row in there] == list(schema.LEDGER_SETTINGS)
    assert not any(row["Value"] for row in there)


def test_what_is_filled_in_is_written_and_no_longer_asked_for(book: Path) -> None:
    before, asked = rows(book, "s4hana")
    assert {row["BUKRS"] for row in before} == {""} and {row["BLART"] for row in before} == {"SA"}
    assert asked[0] == "Fill in BUKRS, your company code."
    assert asked[-1] == "Once for all: fill in Company code and Cost centre on sheet Ledger Setup."
    after, asked = rows(setup(book, Company_code="1000", Document_type="AB", Cost_centre="4711"), "s4hana")
    assert {(row["BUKRS"], row["BLART"]) for row in after} == {("1000", "AB")}
    assert {row["KOSTL"] for row in after if row["HKONT"] == "5110"} == {"4711"}
    assert {row["KOSTL"] for row in after if row["HKONT"] in ("1310", "2110", "2190")} == {""}
    assert asked == ["Paste the list into the template of the app; its headings depend on the release."]


def test_the_supplier_stands_on_lines_of_payables_alone(book: Path) -> None:
    lines, asked = rows(setup(book, Vendor_name="Various suppliers"), "quickbooks")
    assert {row["Name"] for row in lines if row["*AccountName"] == "Accounts payable"} == {"Various suppliers"}
    assert {row["Name"] for row in lines if row["*AccountName"] != "Accounts payable"} == {""}
    assert not any("supplier" in sentence for sentence in asked)


def test_entries_of_the_period_end_are_dated_in_the_open_period_of_the_ledger(book: Path) -> None:
    """The bench is of March 2026; what is reversed on the next day stays a day later."""
    dates = {row["DATE"] for row in rows(book, "intacct")[0] if row["DATE"]}
    assert dates == {"03/31/2026", "04/01/2026"}
    later = {row["DATE"] for row in rows(setup(book, Posting_date="2026-05-04"), "intacct")[0] if row["DATE"]}
    assert later == {"05/04/2026", "05/05/2026"}
    with pytest.raises(UnusableError, match="Posting date on sheet Ledger Setup"):
        rows(setup(book, Posting_date="soon"), "intacct")


def test_an_account_that_takes_no_journal_is_refused_with_what_to_map_instead(book: Path) -> None:
    setup(book, Control_accounts="1200, 2110")
    with pytest.raises(
        UnusableError, match=r"xero lets no journal post to account 2110.*map Accounts payable to"
    ) as told:
        rows(book, "xero")
    assert "Purchases are to Already in the ledger" in str(told.value)
    assert not (book.parent / "out.csv").exists()


def test_it_is_no_input_of_a_run_and_goes_on_to_the_next_month(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "bench.xlsm")
    with FileBook(path) as opened:
        lifecycle.run(opened, "Ann Clerk", NOW)
    with FileBook(path) as opened:
        post(opened, "Bob Controller", NOW)
    said: list[str] = []
    export(setup(path, Company_code="1000", Posting_date="2026-05-04"), "s4hana", warn=said.append)
    assert said == []  # the inputs are those of the run
    following = roll(path, tmp_path / "april.xlsm").path
    values = {row["Setting"]: row["Value"] for row in Parts(following).rows("LedgerSetup")}
    assert (values["Company code"], values["Posting date"]) == ("1000", None)
    assert list(values) == list(schema.LEDGER_SETTINGS)


def test_a_workbook_without_the_sheet_is_exported_with_the_defaults(book: Path) -> None:
    parts = Parts(book)
    without_sheet("LedgerSetup")(parts)
    parts.save(book)
    assert {row["JOURNAL"] for row in rows(book, "intacct")[0]} == {"GJ", ""}
