"""The cell functions' side in Python: what VBA hands over, and the lists that it gets back.

Tables are taken from workbook files by openpyxl and handed over as Excel does by COM: tuples of rows, every number floating
point, dates as serial numbers, blanks as None, error values as integers.
"""

import datetime as dt
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from handed import Handed, handed
from live_books import BOOKS, NUMBER, PERIOD, POLICIES, Ran, ran, without_columns, world
from support import rollup
from support_files import sample_book

from xlbackflush import schema
from xlbackflush.addin import functions
from xlbackflush.engine.answers import answers
from xlbackflush.template.build import build
from xlbackflush.workbook.file import FileBook

#: from Microsoft's documentation of CVErr, as they cross COM
NA, DIV_0, VALUE, REF, NAME, NUM, NULL = (-2146828288 + code for code in (2042, 2007, 2015, 2023, 2029, 2036, 2000))


def changed(tables: list[Handed], name: str, row: int, column: str, value: object) -> list[Handed]:
    """The tables with another value in one cell; `row` is that of the sheet."""

    def cells(table: Handed) -> Handed:
        if table[0] != name:
            return table
        rows, place = [list(cells) for cells in table[5]], table[4][0].index(column)
        rows[row - int(table[2]) - 1][place] = value
        return (*table[:5], tuple(map(tuple, rows)))

    return [cells(table) for table in tables]


def written(folder: Path, sample: Any, name: str = "book.xlsx") -> Path:
    path = folder / name
    build(path, PERIOD, sample)
    return path


def loaded(tables: list[Handed], book: str = "Book.xlsm") -> dict[str, list[Any]]:
    """The rows of `load` by key, where it says that the functions can answer."""
    head, *rows = functions.load(book, tables)
    assert head == ["", len(rows), *[None] * 7]
    return {row[0]: row for row in rows}


def refused(tables: Any) -> str:
    """Why the functions cannot answer."""
    (row,) = functions.load("Book.xlsm", tables)
    reason, count, *rest = row
    assert (count, rest) == (0, [None] * 7)
    assert isinstance(reason, str)
    assert 0 < len(reason) <= 250
    return reason


@pytest.fixture(scope="module", params=[str(POLICIES[0]), str(POLICIES[3]), "widgets", "codes in other case"])
def book(request: pytest.FixtureRequest, folder: Path) -> Ran:
    return ran(request.param, folder)


@pytest.fixture(scope="module")
def everything(folder: Path) -> list[Handed]:
    """The world in which everything happens, as handed over."""
    return handed(ran(str(POLICIES[0]), folder).path)


@pytest.fixture(autouse=True)
def unloaded() -> Iterator[None]:
    """Every test starts as a server does: with no workbook, and no calls."""
    functions._books.clear()
    functions.calls.clear()
    yield


# ------------------------------------------------------------------------------------------------ load


def test_rows_are_the_items_at_the_costs_of_the_run(book):
    rows = loaded(handed(book.path))
    costs = rollup(book.outcome)
    assert [row[1] for row in rows.values()] == list(costs)
    for key, code, flushed, unit_cost, *elements in rows.values():
        assert key == code.lower()
        assert elements == [costs[code][element] for element in schema.ELEMENTS]
        assert flushed == unit_cost == costs[code]["Unit cost"]


def test_what_is_handed_over_is_read_as_the_file_is(book):
    with FileBook(book.path) as file:
        read, _ = answers(file.read())
    assert read is not None
    assert list(loaded(handed(book.path)).items()) == [
        (key, [key, s.code, s.flushed, s.unit_cost, *s.elements]) for key, s in read.standards.items()
    ]
    for key, standard in read.standards.items():
        assert functions.explosion("Book.xlsm", key) == [list(part) for part in read.explode(standard.code)]


def test_every_cell_is_plain_and_every_row_as_wide_as_the_first(everything):
    """What COM takes: no numbers of numpy, no tuples, rectangles."""
    rows = functions.load("Book.xlsm", everything)
    assert {len(row) for row in rows} == {9}
    assert {type(cell) for row in rows[1:] for cell in row} == {str, float}
    assert [type(cell) for cell in rows[0][:2]] == [str, int]
    for key, *_ in rows[1:]:
        parts = functions.explosion("Book.xlsm", key)
        assert type(parts) is list
        assert {type(row) for row in parts} == {list}
        assert {len(row) for row in parts} == {7}
        assert [{type(row[i]) for row in parts} for i in range(7)] == [{str}] * 4 + [{float}] * 3


def test_codes_that_are_numbers_are_found_as_their_digits(everything):
    """7 typed as a number, 007 as text."""
    rows = loaded(everything)
    assert NUMBER == 7
    assert rows["7"][1:4] == ["7", 3.10, 3.10]
    assert rows["007"][1:4] == ["007", 3.37, 3.37]
    (part,) = functions.explosion("Book.xlsm", "7")
    assert part == ["7", "7", "Number without zeros", "each", 1, 3.10, 3.10]


def test_where_conversion_is_expensed_material_is_what_is_flushed(folder):
    expensed = next(name for name in BOOKS if name.endswith("by count, in money, expensed"))
    rows = loaded(handed(ran(expensed, folder).path))
    assert all(flushed == material for _, _, flushed, _, material, *_ in rows.values())
    assert any(flushed < unit_cost for _, _, flushed, unit_cost, *_ in rows.values())


def test_blank_rows_are_no_rows_and_keep_their_place(everything):
    """A table with blank rows between and below answers the same, and errors name the cell where they stand."""
    apart = []
    for table in everything:
        blank = ((None,) * len(table[4][0]),)
        rows = tuple(cells for row in table[5] for cells in ((row, *blank) if table[0] == "BOM" else (row,)))
        apart.append((*table[:5], rows))
    assert functions.load("B", apart) == functions.load("A", everything)
    assert refused(changed(apart, "BOM", 7 + 2 * 5, "Qty per", "many")).startswith(
        "1 error in the inputs, at BOM!C17: "
    )


def test_tables_that_are_empty_or_absent_are_no_fault(everything):
    empty = [(*t[:5], None) if t[0] in ("BOM", "StandardCost") else t for t in everything]
    assert functions.load("B", empty) == [["", 0, *[None] * 7]]
    absent = [table for table in everything if table[0] != "Accounts"]
    assert loaded(absent) == loaded(everything)


def test_tables_of_transactions_are_not_looked_at(folder, everything):
    path = ran(str(POLICIES[0]), folder).path
    names = [table.name for table in schema.INPUT_TABLES]
    assert loaded(changed(handed(path, *names), "Counts", 8, "Quantity", REF)) == loaded(everything)


def test_optional_columns_may_be_missing(folder, tmp_path):
    sample = world(POLICIES[0])
    bare = [{k: v for k, v in row.items() if k != "Assembly scrap %"} for row in sample.tables["StandardCost"]]
    expected = loaded(handed(written(tmp_path, replace(sample, tables={**sample.tables, "StandardCost": bare}))))
    path = without_columns(
        ran(str(POLICIES[0]), folder).path, tmp_path / "bare.xlsx", "StandardCost", "Assembly scrap %", "Description"
    )
    rows = loaded(handed(path))
    assert rows == expected
    assert functions.explosion("Book.xlsm", "7")[0][2] == ""


def test_columns_are_found_by_their_headers_wherever_the_table_stands(everything):
    moved = []
    for name, sheet, _, _, headers, values in everything:
        turned = tuple(tuple(reversed(row)) for row in values)
        moved.append((name, sheet, 20.0, 5.0, (tuple(reversed(headers[0])),), turned))
    assert loaded(moved) == loaded(everything)
    reason = refused(changed(moved, "StandardCost", 21, "Material price", NA))
    assert reason.startswith("1 error in the inputs, at Standard Cost!S21: ")  # the 15th from E


def test_lists_do_as_well_as_tuples(everything):
    lists = [[*table[:4], [list(row) for row in table[4]], [list(row) for row in table[5]]] for table in everything]
    assert functions.load("B", lists) == functions.load("A", everything)


# --------------------------------------------------------------------------------------------- why not


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (NA, "#N/A"), (DIV_0, "#DIV/0!"), (VALUE, "#VALUE!"), (REF, "#REF!"), (NAME, "#NAME?"), (NUM, "#NUM!"),
        (NULL, "#NULL!"), (-2146826245, "#GETTING_DATA"), (-2146826243, "#SPILL!"), (-2146826238, "#CALC!"),
        (-2146826066, "#ERROR!"),
    ],
)  # fmt: skip
def test_error_values_are_named_with_their_cell(everything, number, shown):
    reason = refused(changed(everything, "BOM", 9, "Qty per", number))
    assert reason.startswith(f"1 error in the inputs, at BOM!C9: Qty per holds the error value {shown}. ")


def test_a_number_that_only_looks_like_an_error_value_is_a_number(everything):
    """Excel's numbers are floating point."""
    reason = refused(changed(everything, "BOM", 9, "Qty per", float(NA)))
    assert "BOM!C9: Qty per is -2,146,826,246; it must not be below 0." in reason


def test_several_errors_are_counted_and_the_first_is_said(everything):
    tables = changed(changed(everything, "BOM", 9, "Qty per", -1.0), "StandardCost", 12, "Type", "Bougth")
    tables = changed(tables, "Setup", 10, "Value", None)
    assert refused(tables).startswith("3 errors in the inputs, first at Setup!B10: Period end is blank. ")


def test_the_reason_is_the_finding_of_the_check(folder, tmp_path):
    """The same cell in the same words, however the workbook is read."""
    sample = world(POLICIES[0])
    bad = [{**row, "Component": "Chair"} if row["Parent"] == "PH2" else row for row in sample.tables["BOM"]]
    path = written(tmp_path, replace(sample, tables={**sample.tables, "BOM": bad}))
    with FileBook(path) as file:
        _, (error,) = answers(file.read())
    reason = refused(handed(path))
    assert reason == f"1 error in the inputs, at {error.where}: {error.what} {error.fix}"
    assert error.what == "Chair is not on Standard Cost."


def test_a_missing_table_or_column_is_said(everything):
    for name in ("Setup", "StandardCost", "BOM"):
        assert refused([table for table in everything if table[0] != name]) == f"The workbook has no table {name}."
    lost = [(*t[:4], (tuple(h if h != "Qty per" else "Quantity" for h in t[4][0]),), t[5]) for t in everything]
    assert refused(lost) == "Table BOM has no column Qty per."


@pytest.mark.parametrize(
    "nonsense", [None, 5, "BOM", [("BOM",)], [("Setup", "Setup", "x", 1, (("Setting", "Value"),), ())]]
)
def test_nonsense_ends_in_a_sentence(nonsense):
    assert refused(nonsense).endswith(".")


def test_a_long_reason_is_cut(everything):
    reason = refused(changed(everything, "BOM", 9, "Component", "No such component " * 5 + "."))
    assert len(reason) <= 250
    long = refused([(*t[:4], (tuple("x" * 90 for _ in t[4][0]),), t[5]) for t in everything])
    assert long == "Table Setup has no column Setting, Value."


def test_an_item_in_itself_has_no_cost(everything):
    reason = refused(changed(everything, "BOM", 7, "Component", "SUB-A"))
    assert "SUB-A > SUB-A." in reason
    assert "Standard Cost" not in reason


# ------------------------------------------------------------------------------------- explosion and state


def test_an_explosion_adds_up_to_the_cost_that_load_gave(everything):
    for key, (_, _, flushed, *_) in loaded(everything).items():
        parts = functions.explosion("book.XLSM", key)
        assert math.isclose(sum(part[6] for part in parts), flushed, rel_tol=1e-12)
        assert [part[0] for part in parts].count("") == (parts[-1][1] == "Conversion costs")


def test_the_last_row_is_conversion(everything):
    """An adapter takes a screw and 2 kits of parts, no kits from the 26th on; its conversion is 0.90."""
    loaded(everything)
    assert functions.explosion("Book.xlsm", "0042") == [
        ["a*1", "A*1", "Screw with a star", "each", 1, 2.35, 2.35],
        ["", "Conversion costs", "", "", 1, 0.9, 0.9],
    ]


def test_a_workbook_that_is_not_loaded_or_not_any_more_is_a_key_error(everything):
    with pytest.raises(KeyError):
        functions.explosion("Book.xlsm", "fin-1")
    loaded(everything)
    assert functions.explosion("Book.xlsm", "fin-1")
    with pytest.raises(KeyError):
        functions.explosion("Other.xlsm", "fin-1")
    with pytest.raises(KeyError):
        functions.explosion("Book.xlsm", "fin-9")
    refused(changed(everything, "BOM", 9, "Qty per", NA))
    with pytest.raises(KeyError):  # what no longer holds is not answered from
        functions.explosion("Book.xlsm", "fin-1")


def test_workbooks_are_kept_apart(everything, folder):
    widgets = handed(ran("widgets", folder).path)
    one, other = loaded(everything, "One.xlsm"), loaded(widgets, "Other.xlsm")
    assert not one.keys() & other.keys()
    assert functions.explosion("ONE.xlsm", "fin-1")[-1][1] == "Conversion costs"
    with pytest.raises(KeyError):
        functions.explosion("Other.xlsm", "fin-1")


def test_a_change_is_answered_after_the_next_load(everything):
    before = loaded(everything)
    after = loaded(changed(everything, "StandardCost", 7, "Material price", 100.0))
    assert before["a*1"][2] == 2.35
    assert after["a*1"][2] == 100
    assert functions.explosion("Book.xlsm", "0042")[0][5] == 100


def test_calls_are_counted(everything):
    for _ in range(3):
        functions.load("Book.xlsm", everything)
    functions.explosion("Book.xlsm", "fin-1")
    refused([])
    assert dict(functions.calls) == {"load": 4, "explosion": 1}


def test_descriptions_are_cut_to_what_a_cell_of_an_array_takes(everything):
    loaded(changed(everything, "StandardCost", 7, "Description", "x" * 300))
    assert functions.explosion("Book.xlsm", "a*1")[0][2] == "x" * 255


def test_the_module_is_imported_without_the_engine():
    """The server starts at once; what is slow to import is imported by the first load."""
    code = "import sys, xlbackflush.addin.functions; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = set(done.stdout.split())
    assert "xlbackflush" in names
    assert not names & {"pandas", "numpy", "openpyxl", "xlwings", "python_calamine", "pyopenvba"}


# ------------------------------------------------------------------------------------------ a new workbook


@pytest.mark.parametrize("suffix", [".xlsm", ".xlsx", ".XLSM"])
def test_a_new_workbook_is_written_for_this_month(tmp_path, suffix):
    path = tmp_path / f"new{suffix}"
    assert functions.new_workbook(str(path)) == f"Done: wrote {path.name}. Fill the yellow sheets, then run it."
    with FileBook(path) as file:
        cells = {row[0]: row[1] for row in file.read()["Setup"].rows}
    start, end = cells["Period start"], cells["Period end"]
    assert start <= dt.date.today() <= end + dt.timedelta(days=1)  # the test may run at midnight
    assert start.day == (end + dt.timedelta(days=1)).day == 1
    assert functions.load(path.name, handed(path)) == [["", 0, *[None] * 7]]


def test_a_file_is_never_overwritten(tmp_path):
    path = sample_book(tmp_path / "mine.xlsm")
    before = path.read_bytes()
    assert functions.new_workbook(str(path)) == "Stopped: mine.xlsm exists already; choose another name."
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["book.xls", "book", "nowhere/book.xlsm", "file.xlsm/book.xlsm", "x" * 300 + ".xlsm"])
def test_what_cannot_be_written_is_said(tmp_path, name):
    (tmp_path / "file.xlsm").write_bytes(b"a file, no folder")
    sentence = functions.new_workbook(str(tmp_path / name))
    assert sentence.startswith("Stopped: ")
    assert len(sentence) <= 250
    assert [path.name for path in tmp_path.iterdir()] == ["file.xlsm"]
