"""Verify holds every formula of the output tables against the one that a run writes, however a program spells it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import office
import openpyxl
import pytest
from com_file import Workbook
from excel_engine import calling
from live_books import NOW
from support_files import Formula, Parts, address, bench_book, cli, sample_book

from xlbackflush import schema
from xlbackflush.lifecycle import recomputed_sheets
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.post import post
from xlbackflush.lifecycle.recomputed_sheets import TABLES, how_to_mend
from xlbackflush.lifecycle.verify import verify
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.journal import Problem
from xlbackflush.ooxml.formula import FormulaError, Span, parse
from xlbackflush.ooxml.formula_rows import formula_rows
from xlbackflush.workbook.file import FileBook
from xlbackflush.workbook.live import LiveBook

NOT_THE_ONE, GONE, NEW = "is not the one that the run wrote", "is a value; the run wrote a formula", "is a formula"


def problems(path: Path) -> list[Problem]:
    with FileBook(path) as book:
        return verify(book).problems


def _posted(path: Path) -> Path:
    with FileBook(path) as book:
        lifecycle.run(book, "Ann Clerk", NOW)
    with FileBook(path) as book:
        post(book, "Bob Controller", NOW)
    return path


@pytest.fixture(scope="session")
def widgets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _posted(sample_book(tmp_path_factory.mktemp("widgets") / "widgets.xlsm", "widgets"))


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _posted(bench_book(tmp_path_factory.mktemp("bench") / "bench.xlsm"))


@pytest.fixture
def posted(widgets: Path) -> Parts:
    """The parts of the widgets sample, posted, to be changed and saved as `book`."""
    return Parts(widgets)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "widgets.xlsm"


FormulaCell = tuple[str, object, str]  # where it is, its value, its formula


def first_formulas(parts: Parts, table: str) -> dict[str, FormulaCell]:
    """Of each column that has any, the first cell with a formula."""
    place = parts.tables()[table]
    cells = parts.cells(place.sheet)
    firsts: dict[str, FormulaCell] = {}
    for k, column in enumerate(place.columns):
        for row in range(place.top + 1, place.bottom + 1):
            cell = address(place.left + k, row)
            value, formula = cells.get(cell, (None, ""))
            if formula:
                firsts[column] = (f"{place.sheet}!{cell}", value, formula)
                break
    return firsts


def first_formula(parts: Parts, table: str, column: str) -> FormulaCell:
    return first_formulas(parts, table)[column]


#: tables of the widgets sample in which nothing is worked out: nothing is counted in money, each row of Purchases is in
#: the unit of its item, and names no vendor
PLAIN = {"CountMethod", "UnitConversions", "Receipts", "Vendors"}


def test_the_sample_has_formulas_on_every_sheet_where_something_is_worked_out(widgets: Path) -> None:
    parts = Parts(widgets)
    columns = {table.name: first_formulas(parts, table.name) for table in TABLES}
    assert {table for table, live in columns.items() if not live} == PLAIN
    assert sum(map(len, columns.values())) > 100


@pytest.mark.parametrize("table", [table.name for table in TABLES if table.name not in PLAIN])
def test_a_formula_that_is_replaced_by_its_value_is_named_in_every_column(
    posted: Parts, book: Path, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recomputed_sheets, "NAMED", 100)
    cells = first_formulas(posted, table)
    sheet = posted.tables()[table].sheet
    posted.put_all(sheet, {where.rpartition("!")[2]: value for where, value, _ in cells.values()})  # type: ignore[misc]
    posted.save(book)
    found = problems(book)
    assert {problem.where: problem.what for problem in found} == {
        where: f"{column} {GONE}." for column, (where, _, _) in cells.items()
    }
    assert len(found) == len(cells)
    assert all("run again" in problem.fix for problem in found)


@pytest.mark.parametrize(("table", "column"), [("Journal", "Proof"), ("Checks", "Value"), ("Trace", "Amount")])
@pytest.mark.parametrize("changed", ["{}+0", "({})*1", "IF(TRUE,{},0)", "VALUE"])
def test_a_formula_that_gives_the_same_today_is_not_the_one_that_was_written(
    posted: Parts, book: Path, table: str, column: str, changed: str
) -> None:
    where, value, formula = first_formula(posted, table, column)
    posted.put(where, Formula(str(value) if changed == "VALUE" else changed.format(formula), value))  # type: ignore[arg-type]
    posted.save(book)
    (problem,) = problems(book)
    assert (problem.where, problem.what) == (where, f"The formula of {column} {NOT_THE_ONE}.")
    result = cli("verify", book)
    assert (result.code, result.out.startswith(f"{where}: The formula of {column} {NOT_THE_ONE}.")) == (1, True)


@pytest.mark.parametrize(
    ("table", "column"), [("Journal", "Debit"), ("Journal", "Description"), ("Ledger", "Account"), ("Trace", "Level")]
)
def test_a_value_that_became_a_formula_is_named(posted: Parts, book: Path, table: str, column: str) -> None:
    where = posted.where(table, column)
    value = posted.rows(table)[0][column]
    formula = f'"{value}"' if isinstance(value, str) else f"{value}+0"
    posted.put(where, Formula(formula, value))
    posted.save(book)
    (problem,) = problems(book)
    assert (problem.where, problem.what) == (where, f"{column} {NEW}; the run wrote a value.")


def test_many_cells_are_counted(posted: Parts, book: Path) -> None:
    place = posted.tables()["Relief"]
    values = [row["Proof"] for row in posted.rows("Relief")]
    cells = [posted.where("Relief", "Proof", i).rpartition("!")[2] for i in range(len(values))]
    posted.put_all(place.sheet, dict(zip(cells, values, strict=True)))
    posted.save(book)
    found = problems(book)
    assert [problem.where for problem in found] == [f"{place.sheet}!{cell}" for cell in cells[:6]]
    assert found[-1].what == f"Here and in {len(values) - 6} more cells likewise."


def test_a_run_puts_formulas_back(posted: Parts, book: Path) -> None:
    where, value, _ = first_formula(posted, "Journal", "Proof")
    posted.put(where, value)  # type: ignore[arg-type]
    posted.save(book)
    assert cli("run", book).code == 0
    assert problems(book) == []


def test_a_closed_period_is_not_run_again(bench: Path, tmp_path: Path) -> None:
    path = tmp_path / "march.xlsm"
    path.write_bytes(bench.read_bytes())
    assert cli("roll", path, tmp_path / "april.xlsm").code == 0
    parts = Parts(path)
    where, value, _ = first_formula(parts, "Journal", "Proof")
    parts.put(where, value)  # type: ignore[arg-type]
    parts.save(path)
    (problem,) = problems(path)
    assert (problem.where, problem.fix) == (where, "Put the cell back.")


def test_a_run_of_another_version_is_told(bench: Path) -> None:
    with FileBook(bench) as file:
        (run,) = file.runs()
    assert how_to_mend(replace(run, version="0.1")).startswith("The run was made with version 0.1, this is ")
    assert how_to_mend(run) == "Put the cell back, or run again."


# ----------------------------------------------------------------------------------------- cells that are the user's


def test_what_auditors_and_users_add_is_theirs(posted: Parts, book: Path) -> None:
    for column in schema.AUDITOR:
        posted.put(posted.where("Journal", column.name), Formula('"seen"', "seen"))
    place = posted.tables()["Ledger"]
    beside = address(place.left + len(place.columns) + 1, place.top + 2)
    posted.put(f"{place.sheet}!{beside}", Formula("1+1", 2.0))
    posted.save(book)
    assert problems(book) == []


def test_a_sorted_table_still_has_its_formulas(posted: Parts, book: Path) -> None:
    """As Excel sorts: cells of the row itself move with it."""
    place = posted.tables()["Ledger"]
    cells, part = posted.cells(place.sheet), posted.sheets()[place.sheet]
    rows = range(place.top + 1, place.bottom + 1)
    letters = [address(place.left + i, 1)[:-1] for i in range(len(place.columns))]
    turned: dict[str, object] = {}
    for old, new in zip(rows, reversed(rows), strict=True):
        for letter in letters:
            value, formula = cells.get(f"{letter}{old}", (None, ""))
            moved = re.sub(rf"(?<![$!A-Z])([A-Z]{{1,2}}){old}\b", rf"\g<1>{new}", formula)
            turned[f"{letter}{new}"] = Formula(moved, value) if formula else value
    before = posted[part]
    posted.put_all(place.sheet, turned)  # type: ignore[arg-type]
    assert posted[part] != before
    posted.save(book)
    assert [p for p in problems(book) if p.where.startswith(f"{place.sheet}!")] == []


# ----------------------------------------------------------------------------------------------- other programs


def test_a_workbook_that_libreoffice_saved_verifies(widgets: Path, tmp_path: Path) -> None:
    office.require()
    saved = office.saved(widgets, tmp_path / "by-libreoffice.xlsx")
    assert b"<f " in Parts(saved)[Parts(saved).part_of("Journal")]
    assert problems(saved) == []
    parts = Parts(saved)
    where, value, formula = first_formula(parts, "Journal", "Proof")
    parts.put(where, Formula(f"{formula}+0", value))  # type: ignore[arg-type]
    parts.save(saved)
    assert [problem.where for problem in problems(saved)] == [where]


def test_a_workbook_that_openpyxl_saved_is_not_calculated_and_nothing_else(widgets: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(widgets)
    book.save(tmp_path / "saved.xlsx")
    (problem,) = problems(tmp_path / "saved.xlsx")
    assert "not calculated" in problem.what
    where, value, _ = first_formula(Parts(widgets), "Trace", "Amount")
    sheet, cell = where.split("!")
    book[sheet][cell].value = value
    book.save(tmp_path / "saved.xlsx")
    assert [problem.where for problem in problems(tmp_path / "saved.xlsx")][1:] == [where]


def _respelled(parts: Parts, book: Path, table: str, spell: Callable[[str], str]) -> int:
    """Spell the formulas of a table otherwise, and save the workbook; the number of those that changed."""
    place = parts.tables()[table]
    cells = parts.cells(place.sheet)
    changed: dict[str, Formula] = {}
    for i in range(len(place.columns)):
        for row in range(place.top + 1, place.bottom + 1):
            value, formula = cells.get(address(place.left + i, row), (None, ""))
            if formula and spell(formula) != formula:
                changed[address(place.left + i, row)] = Formula(spell(formula), value)
    parts.put_all(place.sheet, changed)  # type: ignore[arg-type]
    parts.save(book)
    return len(changed)


def _with_ranges(parts: Parts) -> Callable[[str], str]:
    """Structured references as plain ranges."""
    tables = parts.tables()

    def plain(match: re.Match[str]) -> str:
        place = tables[match[1]]
        letter = address(place.left + place.columns.index(match[2]), 1)[:-1]
        return f"'{place.sheet}'!${letter}${place.top + 1}:${letter}${place.bottom}"

    return lambda formula: re.sub(r"\b(\w+)\[\[?([^\[\]]+)\]?\]", plain, formula)


SPELLINGS: dict[str, tuple[str, Callable[[Parts], Callable[[str], str]]]] = {
    "ranges for tables": ("Journal", _with_ranges),
    "ranges for tables in checks": ("Checks", _with_ranges),
    "spaces": ("Ledger", lambda parts: lambda f: re.sub(r'("[^"]*")|,', lambda m: m[1] or " , ", f)),
    "functions in small letters": (
        "Trace",
        lambda parts: lambda f: re.sub(r"\b(IF|MAX|MIN|AND)\(", lambda m: m[0].lower(), f),
    ),
    "no prefix": ("InputControls", lambda parts: lambda f: f.replace("_xlfn.", "")),
    "fixed cells": ("Relief", lambda parts: lambda f: re.sub(r"(?<![$\w!\"'])([A-Z])(\d+)\b", r"$\1$\2", f)),
    "own sheet named": ("Variances", lambda parts: lambda f: re.sub(r"(?<![$\w!\"'])([A-Z]\d+)\b", r"Variances!\1", f)),
    "brackets": ("Reconciliation", lambda parts: lambda f: f"({f})"),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_another_spelling_of_a_formula_is_the_same_formula(posted: Parts, book: Path, name: str) -> None:
    table, spell = SPELLINGS[name]
    assert _respelled(posted, book, table, spell(posted))
    assert problems(book) == []


def test_a_range_that_is_one_row_short_is_another_formula(posted: Parts, book: Path) -> None:
    spell, bottom = _with_ranges(posted), posted.tables()["Trace"].bottom
    short = re.compile(rf"('Trace'![^:]+:\$[A-Z]+\$){bottom}\b")
    assert _respelled(posted, book, "Journal", lambda formula: short.sub(rf"\g<1>{bottom - 1}", spell(formula)))
    found = problems(book)
    assert found
    assert all(problem.where.startswith("Journal!") for problem in found)


def test_shared_formulas_are_read_at_their_place() -> None:
    xml = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="7"><c r="B7"><f t="shared" ref="B7:C8" si="0">A7*$D$1&amp;"A7"</f><v>1</v></c>'
        '<c r="C7"><f t="shared" si="0"/></c></row>'
        '<row r="8"><c r="A8"><v>1</v></c><c r="B8"><f t="shared" si="0"/></c><c><f>1</f></c></row><row r="9"/>'
        '<row><c r="A10"><f t="array" ref="A10">SUM(B:B)</f></c><c r="B10"><f t="array" ref="B10:C10">A1</f></c>'
        '<c r="D10"><f t="dataTable" r1="A1" ref="D10:D11"/></c></row></sheetData></worksheet>'
    )
    assert list(formula_rows(xml.encode())) == [
        (7, {"B": 'A7*$D$1&"A7"', "C": 'B7*$D$1&"A7"'}),
        (8, {"B": 'A8*$D$1&"A7"', "C": "1"}),
        (10, {"A": "SUM(B:B)", "B": "{A1}", "D": ""}),
    ]


def test_excel_and_the_file_give_the_same_formulas(bench: Path, tmp_path: Path) -> None:
    path = tmp_path / "bench.xlsx"
    book = openpyxl.load_workbook(bench)
    book.save(path)
    with FileBook(path) as file, calling(Workbook(path)) as called:
        live = LiveBook(called)
        for table in TABLES:
            stored = [{c: f.replace("_xlfn.", "") for c, f in row.items()} for row in file.formulas(table.name)]
            there = [{c: f.replace("_xlfn.", "") for c, f in row.items()} for row in live.formulas(table.name)]
            assert there == stored, table.name
        assert sum(map(len, live.formulas("Journal"))) > 10


def test_a_damaged_sheet_is_one_sentence(posted: Parts, book: Path) -> None:
    part = posted.part_of("Trace")
    posted[part] = posted[part].replace(b"</sheetData>", b"</sheetdata>")
    posted.save(book)
    with FileBook(book) as book, pytest.raises(UnusableError, match="damaged: sheet Trace cannot be read"):
        list(book.formulas("Trace"))


# -------------------------------------------------------------------------------------------------- the parser


def _nowhere(table: str, column: str) -> Span:
    return Span(table, "A", 7, 8)


def test_every_formula_of_a_run_can_be_parsed(widgets: Path) -> None:
    with FileBook(widgets) as book:
        formulas = [formula for table in TABLES for row in book.formulas(table.name) for formula in row.values()]
    assert len(formulas) > 5000
    for formula in formulas:
        parse(formula, "Trace", _nowhere)


@pytest.mark.parametrize(
    "formula",
    ["IF(A1,,2)", "SUM({1;2})", "SUM({-1,2})", "SUM((A1,B1))", "SUM(A1", "A1)", "(" * 5000, '"', "{1", "[@Amount]"],
)
def test_what_is_never_written_is_no_tree(formula: str) -> None:
    with pytest.raises(FormulaError):
        parse(formula, "Journal", _nowhere)
