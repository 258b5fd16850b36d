"""What was posted goes out once: ten months of one book, each with a correction, exported one after another."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from pathlib import Path

import pytest
from support_files import Parts, address, bench_book, cli, posted_at

from xlbackflush import schema
from xlbackflush.ledgers.chosen import Choice, exported
from xlbackflush.ledgers.export import export
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.journal import Run
from xlbackflush.workbook.file import FileBook

NOW = dt.datetime(2026, 4, 2, 9)
Line = tuple[str, ...]


def sold(path: Path, day: dt.date, quantity: float) -> None:
    """One sale of the month, over the first row of sheet Counts."""
    parts = Parts(path)
    place, names = parts.tables()["Counts"], schema.TABLES["Counts"].names
    row = {"Date": (day - schema.DAY_0).days, "Document": "S-1", "Event": "Sold", "Item": "Bench", "Quantity": quantity}
    parts.put_all(place.sheet, {address(place.left + names.index(name), place.top + 1): v for name, v in row.items()})
    parts.save(path)


def lines(files: list[Path]) -> list[Line]:
    """Every line of exports of the format intacct, by the reference of its entry and its place in it."""
    found, reference = [], ""
    for file in files:
        for row in csv.DictReader(file.open(encoding="utf-8", newline="")):
            reference = row["DESCRIPTION"] or reference
            found.append((reference, row["LINE_NO"], row["ACCT_NO"], row["DEBIT"], row["CREDIT"]))
    return found


def runs(path: Path) -> list[Run]:
    with FileBook(path, to_write=False) as book:
        return book.runs()


def test_ten_months_give_each_posted_line_once(tmp_path: Path) -> None:
    path, said = posted_at(NOW, bench_book(tmp_path / "m00.xlsm")), list[str]()
    files: list[Path] = []
    everything: list[Line] = []
    for number in range(10):
        if number:
            following = tmp_path / f"m{number:02}.xlsm"
            assert cli("roll", path, following).code == 0
            path, month = following, 3 + number
            first = dt.date(2026 + (month - 1) // 12, (month - 1) % 12 + 1, 1)
            sold(path, first, 1)
            posted_at(NOW, path)
            files += export(path, "intacct", warn=said.append, choice=Choice(new=True)).files
            sold(path, first, 2)  # corrected after it was exported
            posted_at(NOW, path)
        files += export(path, "intacct", warn=said.append, choice=Choice(new=True)).files
        assert export(path, "intacct", warn=said.append, choice=Choice(new=True)).files == []
        whole = tmp_path / f"whole{number}.csv"
        everything += lines(export(path, "intacct", whole, warn=lambda text: None).files)
        whole.unlink()
    assert said == []
    assert len(set(files)) == len(files) == 19
    assert sorted(lines(files)) == sorted(everything)
    assert len(set(everything)) == len(everything) > 60


def test_after_a_correction_only_the_reversal_and_the_new_entry_go_out(tmp_path: Path) -> None:
    path = posted_at(NOW, bench_book(tmp_path / "bench.xlsm"))
    first = export(path, "intacct").files
    parts = Parts(path)
    parts.put(parts.where("Counts", "Quantity", 0), 11)
    parts.save(path)
    posted_at(NOW, path)
    with FileBook(path, to_write=False) as book:
        of_second = [row for _, row in book.table("Journal").named_rows() if row["Run"] == "R0002"]
    by_run = export(path, "intacct", choice=Choice(run="R0002")).files
    assert len(lines(by_run)) == len(of_second) > 0
    assert {row["Reverses"] != "" or row["Corrects"] != "" for row in of_second} == {True}
    since = export(path, "intacct", tmp_path / "since.csv", choice=Choice(since="R0001"), warn=lambda text: None).files
    assert lines(since) == lines(by_run)
    sales = export(path, "intacct", tmp_path / "sales.csv", choice=Choice(event="Sale"), warn=lambda text: None).files
    assert {reference.split()[1] for reference, *_ in lines(sales)} == {"Sale"}
    assert not set(lines(first)) & set(lines(by_run))


def test_the_file_names_its_run_and_digest_and_the_workbook_remembers_them(tmp_path: Path) -> None:
    path = posted_at(NOW, bench_book(tmp_path / "bench.xlsm"))
    (file,) = export(path, "csv").files
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    assert file.name == f"bench-R0001-{digest}-journal.csv"
    (run,) = runs(path)
    entries = run.entries
    assert re.fullmatch(rf"csv 1-{entries} \(\d{{4}}-\d\d-\d\d \d\d:\d\d, {digest}\)", run.exported)
    assert exported(run, "csv").keys() == set(range(1, entries + 1))
    assert exported(run, "xero") == {}
    assert cli("verify", path).code == 0


def test_the_same_lines_twice_are_told(tmp_path: Path) -> None:
    path, said = posted_at(NOW, bench_book(tmp_path / "bench.xlsm")), list[str]()
    export(path, "xero", warn=said.append)
    assert said == []
    export(path, "csv", warn=said.append)  # another ledger
    assert said == []
    export(path, "xero", tmp_path / "again.csv", warn=said.append)
    (text,) = said
    assert text.startswith(f"Entries 1-{runs(path)[0].entries} of run R0001 were exported for xero on ")
    assert text.endswith("To leave them out: --new")


def test_a_later_run_keeps_what_was_exported(tmp_path: Path) -> None:
    path = posted_at(NOW, bench_book(tmp_path / "bench.xlsm"))
    export(path, "csv")
    (before,) = runs(path)
    with FileBook(path) as book:
        lifecycle.run(book, "Ann Clerk", NOW)
    assert runs(path)[0].exported == before.exported != ""


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (Choice(run="R0009"), "There is no run R0009; sheet Runs has R0001."),
        (Choice(event="Sales"), "There is no event 'Sales'; choose Purchase, Conversion,"),
        (Choice(since="May"), "--since May: give a run on sheet Runs, or a day such as 2026-05-02."),
    ],
)
def test_a_choice_of_what_is_not_there_is_refused(choice: Choice, says: str, tmp_path: Path) -> None:
    path = posted_at(NOW, bench_book(tmp_path / "bench.xlsm"))
    before = path.read_bytes()
    with pytest.raises(UnusableError, match=re.escape(says)):
        export(path, "csv", choice=choice)
    assert path.read_bytes() == before


def test_a_read_only_workbook_is_exported_and_not_remembered(tmp_path: Path) -> None:
    path, said = posted_at(NOW, bench_book(tmp_path / "bench.xlsm")), list[str]()
    with FileBook(path):  # somebody else is at work in it
        (file,) = export(path, "csv", warn=said.append).files
    assert file.exists()
    assert [text.startswith("The export is not remembered in the workbook: ") for text in said] == [True]
    assert runs(path)[0].exported == ""
