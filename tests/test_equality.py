"""The comparer of `make equal`: it reports every change that it must, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import NamedStyle
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table

from tests.equality.comparer import Difference, Words, compare, read

HEADERS = ("Run", "Amount", "Description", "Seal")
ROWS = (("R0001", 12.5, "Flush of 3 units", "a1"), ("R0001", -12.5, "Close", "b2"))
WHY = "# the reason"
Change = Callable[[openpyxl.Workbook], object]


def book(path: Path, change: Change = lambda book: None) -> Path:
    made = openpyxl.Workbook()
    made.add_named_style(NamedStyle("Posted"))
    made.add_named_style(NamedStyle("Draft"))
    sheet = made.active
    sheet.title = "Journal"
    for row in (HEADERS, *ROWS):
        sheet.append(row)
    sheet["F1"] = "=SUM(B2:B3)"
    sheet["B2"].style = "Posted"
    sheet.add_table(Table(displayName="Journal", ref="A1:D3"))
    made.create_sheet("Checks")["A1"] = "3 checks hold"
    made.defined_names["Master"] = DefinedName("Master", attr_text="Checks!$A$1")
    change(made)
    for table in sheet.tables.values():  # as a save in Excel leaves it
        table._initialise_columns()
        for column, cell in zip(table.tableColumns, sheet[table.ref][0], strict=True):
            column.name = cell.value
    made.save(path)
    return path


def differences(folder: Path, change: Change, words: Words | None = None, *excepted: str) -> list[tuple[object, ...]]:
    """Cell, kind, old and new of what is reported where the new workbook differs by this change."""
    found, _ = compare(
        read(book(folder / "old.xlsx")), read(book(folder / "new.xlsx", change)), words or Words(), excepted
    )
    return [(d.cell, d.kind, d.old, d.new) for d in found]


def put(cell: str, value: object, sheet: str = "Journal") -> Change:
    return lambda made: setattr(made[sheet][cell], "value", value)


def as_table(ref: str) -> Change:
    return lambda made: setattr(made["Journal"].tables["Journal"], "ref", ref)


def all_of(*changes: Change) -> Change:
    return lambda made: [change(made) for change in changes]


REPORTED = {
    "a cent": (put("B3", -12.49), [("B3", "value", -12.5, -12.49)]),
    "a last digit": (put("B3", -12.50000000000001), [("B3", "value", -12.5, -12.50000000000001)]),
    "a number as text": (put("B3", "-12.5"), [("B3", "value", -12.5, "-12.5")]),
    "nothing for a number": (put("B3", None), [("B3", "value", -12.5, None)]),
    "a truth for a number": (put("B3", True), [("B3", "value", -12.5, "logical 1")]),
    "a word": (put("C2", "Flush of 4 units"), [("C2", "value", "Flush of 3 units", "Flush of 4 units")]),
    "a formula": (put("F1", "=SUM(B2:B2)"), [("F1", "formula", "=SUM(B2:B3)", "=SUM(B2:B2)")]),
    "no seal": (put("D2", None), [("D2", "value", "a1", None)]),
    "a style": (
        lambda made: setattr(made["Journal"]["B2"], "style", "Draft"),
        [("B2", "style", "Posted", "Draft")],
    ),
    "a number format": (
        lambda made: setattr(made["Journal"]["B2"], "number_format", "0.000"),
        [("B2", "style", "0", "0.000")],
    ),
    "a table's range": (
        as_table("A1:D2"),
        [("(table Journal)", "rows", "rows 1 to 3", "rows 1 to 2")],
    ),
    "a name": (
        lambda made: setattr(made.defined_names["Master"], "attr_text", "Checks!$A$2"),
        [("Master", "names", "Checks!$A$1", "Checks!$A$2")],
    ),
    "a sheet": (lambda made: made.remove(made["Checks"]), [("(sheets)", "list", "Journal, Checks", "Journal")]),
}


@pytest.mark.parametrize("name", REPORTED)
def test_a_change_is_reported(name: str, tmp_path: Path) -> None:
    change, reported = REPORTED[name]
    assert differences(tmp_path, change) == reported


def test_a_missing_row_is_reported(tmp_path: Path) -> None:
    change = all_of(lambda made: made["Journal"].delete_rows(3), as_table("A1:D2"))
    assert differences(tmp_path, change) == [
        ("(table Journal)", "rows", "rows 1 to 3", "rows 1 to 2"),
        *((f"{c}3", "value", was, None) for c, was in zip("ABCD", ROWS[1], strict=True)),
    ]


def test_a_width_is_reported(tmp_path: Path) -> None:
    found = differences(tmp_path, lambda made: setattr(made["Journal"].column_dimensions["A"], "width", 40))
    assert found and all(kind == "element" for _, kind, _, _ in found)


def test_what_every_run_makes_anew_is_not(tmp_path: Path) -> None:
    assert differences(tmp_path, put("D2", "c3")) == []


def test_a_sheet_may_be_excepted(tmp_path: Path) -> None:
    change = put("A1", "4 checks hold", "Checks")
    assert [d[0] for d in differences(tmp_path, change)] == ["A1"]
    assert differences(tmp_path, change, Words(), "Checks") == []


def test_a_new_column_is_named_and_those_after_it_are_compared_where_they_were(tmp_path: Path) -> None:
    new = all_of(lambda made: made["Journal"].insert_cols(2), put("B1", "Unit"), put("B2", "pcs"), as_table("A1:E3"))
    change = all_of(new, put("C3", -99), put("G1", None), put("F1", "=SUM(B2:B3)"))
    found, added = compare(read(book(tmp_path / "a.xlsx")), read(book(tmp_path / "b.xlsx", change)), Words())
    assert added == {"column Journal[Unit]"}
    assert found == [Difference("Journal", "B3", "Amount", "value", -12.5, -99.0)]


WORDS = (WHY, "Close -> Close of the period", r"~(\d+) checks hold -> \1 controls hold", "Never -> seen")


def test_the_list_explains_words(tmp_path: Path) -> None:
    words = Words(WORDS)
    change = all_of(put("C3", "Close of the period"), put("A1", "3 controls hold", "Checks"))
    assert differences(tmp_path, change, words) == []
    assert words.unused == ["Never -> seen"]


def test_the_list_explains_a_header_changed_on_purpose(tmp_path: Path) -> None:
    change = all_of(put("B1", "Sum"), put("B3", 1))
    assert differences(tmp_path, change, Words((WHY, "Amount -> Sum"))) == [("B3", "value", -12.5, 1.0)]


def test_the_list_explains_no_number_and_no_other_words(tmp_path: Path) -> None:
    words = Words((WHY, "-12.5 -> 1", "~.* -> 1", *WORDS[1:]))
    assert differences(tmp_path, put("B3", 1), words) == [("B3", "value", -12.5, 1.0)]
    assert differences(tmp_path, put("A1", "4 controls hold", "Checks"), Words(WORDS)) != []


def test_a_line_of_the_list_says_why(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="says why"):
        Words((WHY, "", "Close -> Close of the period"))
