"""Restore and clear on files: what a run replaced comes back, by the copy that the run kept."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_books import BOOKS, PERIOD, trace_limit
from support_files import Parts, sample_book

from xlbackflush import schema
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.journal import Run
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.template.build import build
from xlbackflush.workbook import undo
from xlbackflush.workbook.file import FileBook

NOW = dt.datetime(2026, 4, 1, 9)


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of copies for each test."""
    folder = tmp_path / "kept"
    monkeypatch.setenv("XLBACKFLUSH_STATE", str(folder))
    yield folder


def run(path: Path, now: dt.datetime = NOW) -> RunResult:
    with FileBook(path) as book:
        outcome = lifecycle.run(book, "tester", now)
        assert book.not_kept == ""
    return outcome


def restore(path: Path) -> Run | None:
    with FileBook(path) as book:
        return lifecycle.restore(book)


def clear(path: Path) -> None:
    with FileBook(path) as book:
        lifecycle.clear(book)


def change(path: Path, where: str, value: float) -> None:
    parts = Parts(path)
    parts.put(where, value)
    parts.save(path)


def outputs(path: Path) -> dict[str, object]:
    """Of each output sheet: contents, formulas and named styles of its cells, its rows; and where its table stands."""
    parts = Parts(path)
    styles = StyleSheet(parts["xl/styles.xml"].decode())
    found: dict[str, object] = {}
    sheets = parts.sheets()
    for sheet in schema.OUTPUT_SHEETS:
        xml = parts.xml(sheets[sheet.name])
        ns = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
        found[sheet.name] = parts.cells(sheet.name)
        found[f"{sheet.name}, styles"] = {
            c.get("r"): styles._cells[int(c.get("s", "0"))] for c in xml.iterfind(".//m:sheetData/m:row/m:c", ns)
        }
        found[f"{sheet.name}, rows"] = {
            r.get("r"): (r.get("ht"), r.get("outlineLevel")) for r in xml.iterfind(".//m:sheetData/m:row", ns)
        }
    return found | dict(parts.tables())


@pytest.mark.parametrize("name", [*list(BOOKS)[:5], *list(BOOKS)[7::6]])
def test_restore_gives_back_the_run_before_and_then_the_empty_workbook(tmp_path: Path, name: str) -> None:
    path = tmp_path / "book.xlsx"
    build(path, PERIOD, BOOKS[name]())
    with trace_limit(name):
        new = outputs(path)
        first = run(path)
        before = outputs(path)
        with FileBook(path) as source:
            setting = source.read()["Setup"]
        row = schema.HEADER_ROW + 1 + [s.name for s in schema.SETTINGS].index("Materiality %")
        assert setting.sheet == "Setup"
        change(path, f"Setup!B{row}", 0.25)
        second = run(path, NOW + dt.timedelta(hours=1))
        assert first.run and second.run and first.run != second.run
        inputs = Parts(path).cells("Setup")
        assert restore(path) == first.run
    assert outputs(path) == before
    assert Parts(path).cells("Setup") == inputs
    assert restore(path) is None
    after = outputs(path)
    tables = [table.name for table in schema.OUTPUT_TABLES]
    assert {name: after[name] for name in tables} == {name: new[name] for name in tables}
    for sheet in schema.OUTPUT_SHEETS:
        assert after[sheet.name] == new[sheet.name]
        assert after[f"{sheet.name}, styles"] == new[f"{sheet.name}, styles"]


def test_a_restored_workbook_runs_again_as_if_nothing_had_been(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "book.xlsm", "widgets")
    run(path)
    once = outputs(path)
    restore(path)
    run(path)
    assert outputs(path) == once


def test_a_run_that_changes_nothing_leaves_the_copy_of_the_time_before(tmp_path: Path, kept: Path) -> None:
    path = sample_book(tmp_path / "book.xlsx")
    new = outputs(path)
    run(path)
    copies = {p: p.stat().st_mtime_ns for p in kept.iterdir()}
    run(path, NOW + dt.timedelta(days=1))
    assert {p: p.stat().st_mtime_ns for p in kept.iterdir()} == copies
    assert restore(path) is None
    assert {k: v for k, v in outputs(path).items() if not k.endswith("rows")} == {
        k: v for k, v in new.items() if not k.endswith("rows")
    }


def test_a_check_and_a_run_with_errors_keep_nothing(tmp_path: Path, kept: Path) -> None:
    path = sample_book(tmp_path / "book.xlsx")
    with FileBook(path) as book:
        lifecycle.check(book)
    change(path, "Counts!E7", -1.5)
    assert run(path).failed
    assert not kept.exists() or not list(kept.iterdir())


def test_the_copy_is_found_wherever_the_workbook_went(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "book.xlsm")
    run(path)
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / "april.xlsm")
    assert restore(moved) is None


def test_a_workbook_saved_by_another_program_is_restored_by_names_of_styles(tmp_path: Path) -> None:
    """Saved again, its styles have other numbers, and formulas that are alike are stored once."""
    import openpyxl

    path = sample_book(tmp_path / "book.xlsx", "widgets")
    run(path)
    stood = Parts(path).cells("Journal")
    change(path, "Counts!E8", 345)
    run(path, NOW + dt.timedelta(hours=1))
    book = openpyxl.load_workbook(path)
    book.save(path)
    restore(path)
    assert Parts(path).cells("Journal") == stood
    sheet = openpyxl.load_workbook(path)["Journal"]
    assert (sheet["I7"].style, sheet["N7"].style, sheet["K7"].style) == (
        "Posted money",
        "Check money",
        "Posted wrapped",
    )


def test_only_the_newest_copies_are_kept(tmp_path: Path, kept: Path) -> None:
    path = sample_book(tmp_path / "book.xlsx")
    for number in range(undo.KEPT + 3):
        change(path, "Counts!E7", 100 + number)
        run(path, NOW + dt.timedelta(minutes=number))
    copies = sorted(kept.iterdir(), key=lambda p: p.stat().st_mtime_ns)
    assert len(copies) == undo.KEPT
    with FileBook(path) as book:
        assert copies[-1].stem == undo._key(book.runs())


def test_a_copy_that_cannot_be_kept_does_not_stop_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sample_book(tmp_path / "book.xlsx")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XLBACKFLUSH_STATE", str(tmp_path / "file" / "below"))
    with FileBook(path) as book:
        assert lifecycle.run(book, "tester", NOW).run
    assert book.not_kept.startswith("What stood before this run could not be kept (")
    with FileBook(path) as book:
        assert len(book.runs()) == 1


# ------------------------------------------------------------------------------------------------- refused


def unchanged(path: Path, text: str) -> None:
    before = path.read_bytes()
    with pytest.raises(RefusedError, match=text):
        restore(path)
    assert path.read_bytes() == before


def test_a_workbook_that_was_not_run_has_nothing_to_put_back(tmp_path: Path) -> None:
    unchanged(sample_book(tmp_path / "book.xlsx"), "nothing to put back: this workbook has not been run")


def test_a_workbook_run_on_another_computer_has_nothing_to_put_back(tmp_path: Path, kept: Path) -> None:
    path = sample_book(tmp_path / "book.xlsx")
    run(path)
    shutil.rmtree(kept)
    unchanged(path, "what stood before run R0001 was not kept on this computer")


def test_a_damaged_copy_is_refused(tmp_path: Path, kept: Path) -> None:
    path = sample_book(tmp_path / "book.xlsx")
    run(path)
    for copy in kept.iterdir():
        copy.write_bytes(copy.read_bytes()[:2_000])
    unchanged(path, "not a whole Excel workbook")


def test_a_posted_run_is_not_undone(tmp_path: Path) -> None:
    from xlbackflush.lifecycle.post import post

    path = sample_book(tmp_path / "book.xlsx")
    run(path)
    with FileBook(path) as book:
        post(book, "Somebody Else", NOW)
    unchanged(path, "Run R0001 is posted; only a draft can be undone")
    before = path.read_bytes()
    with pytest.raises(RefusedError, match="what is posted is never cleared"):
        clear(path)
    assert path.read_bytes() == before


def test_tables_that_were_moved_since_are_not_filled_with_formulas_for_other_places(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "book.xlsx")
    run(path)
    parts = Parts(path)
    parts.move_table("Trace", 3, 0)
    parts.save(path)
    unchanged(path, "Table Trace stood elsewhere before the last run")


# --------------------------------------------------------------------------------------------------- clear


@pytest.mark.parametrize("name", ["computers", "widgets"])
def test_clear_leaves_the_output_sheets_of_a_new_workbook(tmp_path: Path, name: str) -> None:
    path = sample_book(tmp_path / "book.xlsm", name)
    new, inputs = outputs(path), Parts(path).cells("Counts")
    run(path)
    clear(path)
    assert outputs(path) == new
    assert Parts(path).cells("Counts") == inputs


# ---------------------------------------------------------------------------------------------- the folder


@pytest.mark.parametrize(
    "system, environment, expected",
    [
        ("win32", {"LOCALAPPDATA": "/users/a/local"}, "/users/a/local/xlbackflush/previous"),
        ("darwin", {}, "/home/a/Library/Containers/com.microsoft.Excel/Data/xlbackflush/previous"),
        ("linux", {"XDG_STATE_HOME": "/state"}, "/state/xlbackflush/previous"),
        ("linux", {}, "/home/a/.local/state/xlbackflush/previous"),
    ],
)
def test_the_copies_are_in_a_folder_of_the_user(
    system: str, environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XLBACKFLUSH_STATE", "LOCALAPPDATA", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(Path, "home", lambda: Path("/home/a"))
    assert undo.folder() == Path(expected)
    assert os.environ.get("XLBACKFLUSH_STATE") is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_copies_are_their_users_alone_and_what_was_left_is_cleared(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sample_book(tmp_path / "book.xlsx")
    monkeypatch.delenv("XLBACKFLUSH_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(kept))
    folder = undo.folder()
    assert folder.is_relative_to(kept) or os.uname().sysname == "Darwin"
    if os.uname().sysname == "Darwin":
        pytest.skip("the folder of a Mac is inside the container of Excel")
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for name, age in (("now-1.xlsx", 90_000), ("now-2.xlsx", 10)):
        (folder / name).touch()
        os.utime(folder / name, (time.time() - age,) * 2)
    (folder / ".abc.xlbackflush-0123456789abcdef").mkdir()
    run(path)
    (copy,) = (f for f in folder.iterdir() if f.name != "now-2.xlsx")
    assert copy.suffix == ".xlsx"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
