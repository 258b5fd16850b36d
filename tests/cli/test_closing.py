"""A period closed in one command: each step once, and a stop wherever a person must decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from support_files import Parts, bench_book, cli

from xlbackflush.workbook.file import FileBook


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return bench_book(tmp_path / "bench.xlsm")


def status(path: Path) -> list[tuple[str, str]]:
    with FileBook(path, to_write=False) as opened:
        return [(run.run, run.status) for run in opened.runs()]


def close(path: Path, *more: str) -> tuple[int, str]:
    result = cli("close", path, "--format", "xero", *more)
    return result.code, result.out + result.err


def names(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if file != path)


def test_it_stops_for_approval_and_goes_on_where_it_stopped(book: Path) -> None:
    code, said = close(book)
    assert code == 1
    assert "Stopped: draft R0001 is not posted yet." in said
    assert status(book) == [("R0001", "Draft")]
    assert names(book) == []
    before = book.read_bytes()
    code, said = close(book)  # nothing has changed: it is still waiting
    assert (code, book.read_bytes()) == (1, before)
    code, said = close(book, "--approved-by", "Bob Controller")
    assert code == 0, said
    assert status(book) == [("R0001", "Posted")]
    made = names(book)
    assert [name.startswith("bench-R0001-") and name.endswith("-xero.csv") for name in made] == [True, False]
    assert made[1] == "bench-evidence-R0001"


def test_once_closed_it_has_nothing_more_to_do(book: Path) -> None:
    close(book)
    close(book, "--approved-by", "Bob Controller")
    before, made = book.read_bytes(), names(book)
    code, said = close(book, "--approved-by", "Bob Controller")
    assert code == 0
    assert "Nothing is new" in said
    assert "already" in said
    assert (book.read_bytes(), names(book)) == (before, made)


def test_a_correction_is_closed_by_itself(book: Path) -> None:
    close(book)
    close(book, "--approved-by", "Bob Controller")
    parts = Parts(book)
    parts.put(parts.where("Counts", "Quantity", 0), 11)
    parts.save(book)
    assert close(book)[0] == 1
    assert status(book) == [("R0001", "Posted"), ("R0002", "Draft")]
    assert close(book, "--approved-by", "Bob Controller")[0] == 0
    assert sum(name.startswith("bench-R0002-") for name in names(book)) == 1
    assert "bench-evidence-R0002" in names(book)


def test_errors_stop_it_before_anything_is_posted(book: Path) -> None:
    parts = Parts(book)
    parts.put(parts.where("Counts", "Item", 0), "nobody")
    parts.save(book)
    code, said = close(book, "--approved-by", "Bob Controller")
    assert code == 1
    assert "Stopped: correct the errors" in said
    assert status(book) == []


def test_an_approver_does_not_pass_over_warnings_that_nobody_has_seen(book: Path) -> None:
    """The sold benches are more than were made: a warning, so that the first call stops whoever approves."""
    parts = Parts(book)
    parts.put(parts.where("Counts", "Quantity", 4), 900)
    parts.save(book)
    code, said = close(book, "--approved-by", "Bob Controller")
    assert code == 1, said
    assert status(book) == [("R0001", "Draft")]
    assert close(book, "--approved-by", "Bob Controller")[0] == 0


def test_a_wrong_format_is_told_before_anything_is_done(book: Path) -> None:
    before = book.read_bytes()
    result = cli("close", book, "--format", "lotus")
    assert (result.code, book.read_bytes()) == (2, before)
    assert "There is no format 'lotus'" in result.err


def of_counts(book: Path, folder: Path) -> Path:
    """The counts of a workbook as a file of another system, and the workbook without them."""
    with FileBook(book, to_write=False) as opened:
        rows = [row for _, row in opened.table("Counts").named_rows()]
        top = opened.package.tables["Counts"].header_row
    folder.mkdir()
    lines = [
        f"{row['Date']:%Y-%m-%d};{row['Document']};{row['Event']};{row['Item']};{row['Quantity']};{row.get('Note') or ''}"
        for row in rows
    ]
    (folder / "counts.csv").write_text("\n".join(["Date;Document;Event;Item;Quantity;Note", *lines]), encoding="utf-8")
    parts = Parts(book)
    parts.put_all("Counts", {f"{letter}{top + 1 + k}": None for letter in "ABCDEF" for k in range(len(rows))})
    parts.save(book)
    return folder


def test_files_are_imported_once_and_what_was_corrected_since_stays(book: Path, tmp_path: Path) -> None:
    folder = of_counts(book, tmp_path / "exports")
    code, said = close(book, str(folder))
    assert code == 1, said
    assert "written and read back" in said, said
    assert "Stopped: draft R0001 is not posted yet." in said
    with FileBook(book, to_write=False) as opened:
        counts = opened.table("Counts")
    column, cell = counts.by_column()["Quantity"], counts.cell("Quantity", counts.first_row)
    parts = Parts(book)
    parts.put_all("Counts", {cell.partition("!")[2]: float(column[0]) - 1})
    parts.save(book)
    code, said = close(book, str(folder), "--approved-by", "Bob Controller")
    assert "written and read back" not in said
    with FileBook(book, to_write=False) as opened:
        assert opened.table("Counts").by_column()["Quantity"][0] == column[0] - 1


def test_a_file_that_cannot_be_read_for_sure_stops_it(book: Path, tmp_path: Path) -> None:
    folder = of_counts(book, tmp_path / "exports")
    (folder / "counts.csv").write_text("When;What;Much\n2026-04-03;FG;3\n", encoding="utf-8")
    before = book.read_bytes()
    code, said = close(book, str(folder / "counts.csv"))
    assert code == 1
    assert "Traceback" not in said
    assert status(book) == []
    assert book.read_bytes() == before
