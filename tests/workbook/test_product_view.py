"""The product view beside a workbook whose Trace is kept per BOM line: its rows, its texts, and what may go wrong."""

import csv
import dataclasses
import datetime as dt
import errno
import os
from collections import defaultdict
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import pandas as pd
import pytest
from hypothesis import given
from support import posted
from support_files import Parts, bench_book, cli, sample_book
from worlds import worlds

from xlbackflush import schema
from xlbackflush.engine.explosion.explosion import explosion as trace
from xlbackflush.engine.explosion.product_view import COLUMNS, product_view, trace_columns
from xlbackflush.engine.rules.quantities import trace_fits
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.workbook import product_view_file
from xlbackflush.workbook.file import FileBook

NUMBERS = [c.name for c in schema.TRACE.columns if c.name in COLUMNS and c.kind not in ("text", "date")]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return bench_book(tmp_path / "book.xlsm")


@pytest.fixture
def condense(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Trace is too long for its sheet."""
    monkeypatch.setattr(schema, "TRACE_ROWS_MAX", 2)


def view_of(book: Path) -> Path:
    return book.with_name("book-trace.csv")


def lines(path: Path) -> list[dict[str, Any]]:
    """Lines of the file by column, numbers as numbers; the byte order mark and the line ends are those Excel wants."""
    assert path.read_bytes().startswith(b"\xef\xbb\xbfProduct,")
    assert path.read_bytes().endswith(b"\r\n")
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.DictReader(file, strict=True))
    return [{k: (float(v) if v else None) if k in NUMBERS else v for k, v in line.items()} for line in read]


def sums(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], float]:
    """Amount by event and account credited, Conversion by event and account debited; no zeros."""
    total: dict[tuple[str, ...], float] = defaultdict(float)
    for row in rows:
        total["Amount", row["Event"], row["Relieved from"] or ""] += row["Amount"] or 0
        total["Conversion", row["Event"], row["Charged to"] or ""] += row["Conversion"] or 0
    return {key: value for key, value in total.items() if abs(value) > 1e-9}


def nothing_else(book: Path, *names: str) -> bool:
    return sorted(p.name for p in book.parent.iterdir()) == sorted([book.name, *names])


# --------------------------------------------------------------------------------------------------- rows


@pytest.mark.parametrize("triggers", schema.TRIGGERS)
@pytest.mark.parametrize("name", ["bench", "widgets"])
def test_the_file_has_the_rows_that_the_sheet_would_have(tmp_path, monkeypatch, name, triggers):
    book = bench_book(tmp_path / "book.xlsm") if name == "bench" else sample_book(tmp_path / "book.xlsm", name)
    parts = Parts(book)
    parts.put(
        parts.where("Setup", "Value", [r["Setting"] for r in parts.rows("Setup")].index("Trigger points")), triggers
    )
    parts.save(book)
    assert cli("run", book).code == 0
    sheet = Parts(book).rows("Trace")
    assert nothing_else(book)

    monkeypatch.setattr(schema, "TRACE_ROWS_MAX", 2)
    result = cli("run", book)
    assert (result.code, result.err) == (0, "")
    rows, condensed = lines(view_of(book)), Parts(book).rows("Trace")
    assert nothing_else(book, "book-trace.csv")
    assert condensed != sheet
    for row in sheet:  # what a cell says in Excel's numbers, the file says in ISO dates
        row["First day"], row["Last day"] = (
            str(dt.date(1899, 12, 30) + dt.timedelta(days=row[d])) for d in ("First day", "Last day")
        )
    for mine, theirs in zip(rows, sheet, strict=True):
        assert {c: mine[c] or "" for c in COLUMNS} == {c: theirs[c] or "" for c in COLUMNS}
    assert sums(rows) == pytest.approx(sums(condensed), rel=1e-9)
    run = Parts(book).rows("Runs")[0]
    assert {row["Run"] for row in rows} == {f"{run['Run']} {run['Input hash'][:12]}"}


@given(worlds())
def test_chunks_of_any_size_are_the_trace(world):
    outcome, result = posted(world.settings, world.tables)
    built, settings = outcome.period.bill, outcome.period.inputs.settings
    whole = trace(result.unit_costs, result.demand, settings).rows
    columns = trace_columns(whole, built, result.demand)
    for name in ("First day", "Last day"):
        columns[name] = [dt.date(1899, 12, 30) + dt.timedelta(days=day) for day in columns[name]]
    expected = list(zip(*(columns[name] for name in COLUMNS), strict=True))
    for chunk in (1, 5, 100_000):
        parts = [
            list(zip(*p.values(), strict=True)) for p in product_view(result.unit_costs, result.demand, settings, chunk)
        ]
        assert all(0 < len(part) <= chunk for part in parts)
        assert [row for part in parts for row in part] == expected
    with mock.patch.object(schema, "TRACE_ROWS_MAX", 0):
        outcome, result = posted(world.settings, world.tables)
    rows = trace_columns(result.explosion.rows, built, result.demand)
    mine, theirs = (sums(pd.DataFrame(f, dtype=object).to_dict("records")) for f in (columns, rows))
    assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-6)


# -------------------------------------------------------------------------------------------------- texts

DANGEROUS = ["=1+1", '=HYPERLINK("http://x.y","go")', "+A", "-B,2", "@SUM(A1)", 'plain "5", one', "Ünï-ö", "007"]


@pytest.mark.parametrize("code", DANGEROUS)
def test_a_text_never_becomes_a_formula(book, condense, code):
    parts = Parts(book)
    for table, column in (("StandardCost", "Item"), ("BOM", "Component"), ("Stock", "Item"), ("Purchases", "Item")):
        for i, row in enumerate(parts.rows(table)):
            if row[column] == "Glue":
                parts.put(parts.where(table, column, i), code)
    parts.save(book)
    assert cli("run", book).code == 0
    rows = lines(view_of(book))
    assert (code if code[0] not in "=+-@" else f"'{code}") in {row["Component"] for row in rows}
    assert not [
        text for row in rows for text in row.values() if isinstance(text, str) and text.startswith(tuple("=+-@"))
    ]


def test_only_starts_that_excel_reads_as_a_formula_get_an_apostrophe():
    texts = pd.Series(["=a", "+a", "-a", "@a", "\ta", "\ra", "\na", "a=b", "'=a", "", None], dtype=object)
    expected = ["'=a", "'+a", "'-a", "'@a", "'\ta", "'\ra", "'\na", "a=b", "'=a", "", None]
    assert product_view_file._harmless(texts) == expected


def test_negative_numbers_stay_numbers(book, condense):
    parts = Parts(book)
    parts.put(parts.where("Counts", "Quantity", 3), -9)
    parts.put(parts.where("Counts", "Note", 3), "corrects SH-0")
    parts.save(book)
    cli("run", book)
    assert min(row["Amount"] or 0 for row in lines(view_of(book))) < 0  # `lines` takes '-9 for no number


# ------------------------------------------------------------------------------------------ what is told


def test_the_command_names_the_file(book, condense):
    result = cli("run", book)
    count = len(lines(view_of(book)))
    table, _, advice = result.out.partition("\n\n")
    assert table.endswith(f"book-trace.csv, {count:,} rows")
    assert table.splitlines()[-1].startswith("Product view ")
    assert advice == "Before you post, correct the warning or make sure that it is right.\n"
    assert cli("run", book, "--json").json["product_view"] == str(view_of(book))


def test_a_trace_that_fits_its_sheet_needs_no_file(book):
    result = cli("run", book, "--json")
    assert result.json["product_view"] is None
    assert result.err == ""
    assert nothing_else(book)


def test_a_check_writes_no_file_and_says_what_a_run_does(book, condense):
    result = cli("check", book)
    assert "A run writes the product view to the file beside the workbook" in result.out
    assert result.err == ""
    assert nothing_else(book)


def test_a_product_view_longer_than_a_sheet_comes_with_advice(book):
    with FileBook(book) as opened:
        period = lifecycle.check(opened).period
    period.explosion = dataclasses.replace(period.explosion, by_line=True)
    advice = "It is longer than a sheet: load it with Data > From Text/CSV."
    for rows in (schema.SHEET_ROWS_MAX, schema.SHEET_ROWS_MAX + 1):
        period.exploded_rows = rows
        (note,) = trace_fits(period)
        assert (advice in note.what) == (rows > schema.SHEET_ROWS_MAX)


def test_a_product_view_too_long_to_work_with_is_not_written(book, condense, monkeypatch):
    monkeypatch.setattr(schema, "PRODUCT_VIEW_ROWS_MAX", 5)
    result = cli("run", book)
    assert (result.code, result.err) == (0, "")
    assert "Z01" in [row["Code"] for row in Parts(book).rows("Findings")]
    assert "The product view would pass 5 rows, too many to work with; it is not written to a file." in result.out
    assert nothing_else(book)


# ------------------------------------------------------------------------------------------- earlier files


def test_a_later_run_replaces_the_file_and_the_same_run_leaves_it_alone(book, condense):
    cli("run", book)
    first = view_of(book).read_bytes()
    os.utime(view_of(book), (1, 1))
    assert cli("run", book).code == 0
    assert view_of(book).stat().st_mtime == 1
    parts = Parts(book)
    parts.put(parts.where("Counts", "Quantity"), 11)
    parts.save(book)
    assert cli("run", book).err == ""
    assert view_of(book).read_bytes() != first
    assert nothing_else(book, "book-trace.csv")


def test_a_run_without_a_product_view_leaves_an_earlier_one_and_says_so(book, condense, monkeypatch):
    cli("run", book)
    first = view_of(book).read_bytes()
    monkeypatch.undo()
    result = cli("run", book)
    told = "xlbackflush: book-trace.csv is of another run and was left alone; delete it if it is not needed.\n"
    assert (result.code, result.err) == (0, told)
    assert view_of(book).read_bytes() == first


def test_a_failed_run_keeps_the_product_view_of_the_results_that_it_keeps(book, condense):
    cli("run", book)
    first = view_of(book).read_bytes()
    parts = Parts(book)
    parts.put(parts.where("Counts", "Quantity"), "wrong")
    parts.save(book)
    result = cli("run", book)
    assert (result.code, result.err) == (1, "")
    assert view_of(book).read_bytes() == first


def test_a_file_of_the_user_is_left_alone(book, condense):
    view_of(book).write_text("mine")
    result = cli("run", book)
    assert result.code == 0
    assert result.err.startswith("xlbackflush: book-trace.csv is not a product view and was left alone; ")
    assert result.err.count("\n") == 1
    assert view_of(book).read_text() == "mine"
    assert Parts(book).rows("Runs")[0]["Run"] == "R0001"
    assert nothing_else(book, "book-trace.csv")


# ---------------------------------------------------------------------------------------------- in the way


def full_disk(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def no_memory(*_: object) -> NoReturn:
    raise MemoryError


@pytest.mark.parametrize(
    ("fault", "why"), [(full_disk, ": No space left on device"), (no_memory, ": there is not enough memory")]
)
@pytest.mark.parametrize("earlier", [False, True])
def test_a_run_is_posted_though_the_file_cannot_be_written(book, condense, monkeypatch, fault, why, earlier):
    left = ""
    if earlier:
        cli("run", book)
        left = " book-trace.csv is of another run and was left alone; delete it if it is not needed."
    parts = Parts(book)
    parts.put(parts.where("Counts", "Quantity"), 11)
    parts.save(book)
    monkeypatch.setattr(product_view_file, "product_view", fault)
    result = cli("run", book, "--json")
    assert (result.code, result.json["product_view"]) == (0, None)
    assert result.err == f"xlbackflush: book-trace.csv cannot be written{why}. The run itself is posted.{left}\n"
    assert Parts(book).rows("Runs")[0]["Input hash"]
    assert Parts(book).rows("Journal")
    assert nothing_else(book, *["book-trace.csv"] * earlier)


def test_a_file_that_excel_has_open_stays_and_the_run_is_posted(book, condense, monkeypatch):
    cli("run", book)
    first, replaced = view_of(book).read_bytes(), Path.replace
    parts = Parts(book)
    parts.put(parts.where("Counts", "Quantity"), 11)
    parts.save(book)

    def locked(path: Path, target: Path) -> Path:
        if target.suffix == ".csv":
            raise PermissionError(errno.EACCES, "locked")
        return replaced(path, target)

    monkeypatch.setattr(Path, "replace", locked)
    result = cli("run", book, "--quiet")
    assert result.code == 0
    assert result.err.startswith(
        "xlbackflush: book-trace.csv cannot be written; close it in Excel and run again. The run itself is posted. "
    )
    assert result.err.count("\n") == 1
    assert view_of(book).read_bytes() == first
    assert nothing_else(book, "book-trace.csv")
    monkeypatch.undo()
    monkeypatch.setattr(schema, "TRACE_ROWS_MAX", 2)
    assert cli("run", book, "--quiet").err == ""  # the workbook is as it should be; the file follows
    assert view_of(book).read_bytes() != first


def test_no_file_without_its_workbook(book, condense, monkeypatch):
    """Someone else saves the workbook while the file is being written."""
    written = product_view_file.ViewFile.write

    def meanwhile(view: product_view_file.ViewFile) -> None:
        written(view)
        assert view.rows
        book.write_bytes(book.read_bytes() + b"theirs")

    monkeypatch.setattr(product_view_file.ViewFile, "write", meanwhile)
    result = cli("run", book)
    assert result.code == 2
    assert "was changed by someone else meanwhile" in result.err
    assert nothing_else(book)
