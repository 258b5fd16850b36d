"""A user's own things on output sheets: kept where they can be, and else on sheet Notes kept, whatever is done to the workbook.

The workbook is the bench (see `support_files`): with the scrapped bench its ledger has two roles and its variances one row
more than without it, and with glue bought at standard one variance less. `EXPECTED` says of each thing what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from com_file import Workbook
from in_excel import saved, told
from older import without_column, without_version
from own_things import own_things, plant, widened
from support_files import CellValue, Formula, Parts, Result, cli, ran_book
from validator import objections

from xlbackflush import schema
from xlbackflush.addin import macros

Put = Callable[[Parts], None]

SCRAPPED: tuple[CellValue, ...] = (46100, "SC-2", "Bench", 1, "Finished unit", "Abnormal", 5, "dropped")


def scrap(parts: Parts, there: bool) -> None:
    for letter, value in zip("ABCDEFGH", SCRAPPED, strict=True):
        parts.put(f"Scrap!{letter}8", value if there else None)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """The bench with own things, with the scrapped bench and without."""
    folder = tmp_path_factory.mktemp("planted")
    books = {}
    for is_scrapped in (True, False):
        parts = Parts(ran_book(folder / f"{is_scrapped}.xlsx"))
        scrap(parts, is_scrapped)
        path = parts.save(folder / f"{is_scrapped}.xlsx")
        assert cli("run", path).code == 0
        books[is_scrapped] = plant(path)
    return books


#: what there is with the scrapped bench, and with nothing done to it
KEPT: dict[str, object] = {
    "reviewer": {"Finished goods": "Ann", "Abnormal scrap loss": "Bob"},
    "share": "=G18/SUM(G$7:G$18)",
    "format": ["Finished goods", "Abnormal scrap loss"],
    "comment": {"Finished goods": "Agreed to the count", "Abnormal scrap loss": "Ask the plant"},
    "link": ["Finished goods"],
    "hidden": ["Work in process"],
    "height": ["Various accounts"],
    "beside": "O9",
    "above": "D4",
    "below": ("A20", "=SUM(G7:G18)"),
    "merged": ("A22", "A22:C22"),
    "validation": ["L7:L18"],
    "colours": ["G7:G18"],
    "chart": 24,
    "width": 55,
    "panes": "C7",
    "table": "A6:M18",
    "total row": (1, ["Total", "=SUBTOTAL(109,Variances[Amount])"]),
    "total format": True,
    "below the total": "A18",
    "font": ["Material price, Glue"],
    "filter": ["Sale", "Scrap"],
    "shown": {"Sale", "Scrap"},
    "order": "A7:Wlast",
    "typed": ("A10", "=SUM(F7:F9)"),
    "relief": "A6:K9",
    "other sheet": "=Ledger!G20*2",
    "name": "Ledger!$G$20",
    "notes": [],
}
BOB = [
    ("Ledger!A17", "Abnormal scrap loss", "Comment: Ask the plant"),
    ("Ledger!G17", "Abnormal scrap loss", "Format of Closing"),
    ("Ledger!L17", "Abnormal scrap loss", "Reviewer: Bob"),
]
EMPTIED: dict[str, object] = {
    "reviewer": {}, "share": "=G7/SUM(G$7:G$7)", "format": [], "comment": {}, "link": [], "hidden": [], "height": [],
    "below": ("A20", "=SUM(G7:G7)"), "validation": ["L7"], "colours": ["G7"], "table": "A6:M7", "font": [], "shown": set(),
    "typed": ("A8", "=SUM(F7:F7)"), "relief": "A6:K7",
    "notes": [
        ("Ledger!A8", "Finished goods", "Comment: Agreed to the count"),
        ("Ledger!C8", "Finished goods", "Link to https://example.com/count"),
        ("Ledger!G8", "Finished goods", "Format of Closing"),
        ("Ledger!L8", "Finished goods", "Reviewer: Ann"),
        *BOB,
        ("Variances!A8", "Material price, Glue", "Format of Variance"),
    ],
}  # fmt: skip
#: what is done -> with the scrapped bench or without, what is changed before, the command, and what becomes of own things
EXPECTED: dict[str, tuple[bool, Put, tuple[str, ...], dict[str, object]]] = {
    "run": (True, lambda parts: None, ("run",), {}),
    "post": (True, lambda parts: None, ("post", "--approved-by", "Somebody else"), {}),
    "check": (True, lambda parts: None, ("check",), {"typed": ("A10", "=SUM(F7:F9)"), "relief": "A6:K10", "shown": None}),
    "a run that errors stop": (
        True, lambda parts: parts.put("Counts!E7", "ten"), ("run",),
        {"typed": ("A10", "=SUM(F7:F9)"), "relief": "A6:K10", "shown": None},
    ),
    "rows are gone": (
        True, lambda parts: scrap(parts, False), ("run",),
        {
            "reviewer": {"Finished goods": "Ann"}, "share": "=G16/SUM(G$7:G$16)", "format": ["Finished goods"],
            "comment": {"Finished goods": "Agreed to the count"}, "below": ("A20", "=SUM(G7:G16)"),
            "validation": ["L7:L16"], "colours": ["G7:G16"], "table": "A6:M16", "notes": BOB,
        },
    ),
    "a row in the middle is gone": (
        True, lambda parts: parts.put("Purchases!E8", 0.1), ("run",),
        {"font": [], "notes": [("Variances!A8", "Material price, Glue", "Format of Variance")]},
    ),
    "there are more rows": (
        False, lambda parts: scrap(parts, True), ("run",),
        {
            "reviewer": {"Finished goods": "Ann", "Material price variance": "Bob"},
            "format": ["Finished goods", "Material price variance"],
            "comment": {"Finished goods": "Agreed to the count", "Material price variance": "Ask the plant"},
        },
    ),
    "clear": (True, lambda parts: None, ("clear",), EMPTIED),
}  # fmt: skip


def done(planted: dict[bool, Path], folder: Path, action: str) -> tuple[Path, Result]:
    """A workbook with own things after an action."""
    is_scrapped, change, (verb, *options), _ = EXPECTED[action]
    parts = Parts(planted[is_scrapped])
    change(parts)
    path = parts.save(folder / "book.xlsx")
    return path, cli(verb, path, *options)


@pytest.mark.parametrize("action", EXPECTED)
def test_own_things_are_where_they_belong(planted: dict[bool, Path], tmp_path: Path, action: str) -> None:
    before = own_things(planted[True]) if action in ("check", "a run that errors stop") else {}
    path, result = done(planted, tmp_path, action)
    assert "Traceback" not in result.err
    expected: dict[str, Any] = KEPT | EXPECTED[action][3]
    if before:
        expected["shown"] = before["shown"]
    assert own_things(path) == expected
    assert ("now on sheet Notes kept" in result.err) == bool(expected["notes"])


# -------------------------------------------------------------------------------------------- one thing at a time


def with_notes(path: Path) -> Path:
    """The bench after a run, with a column of the user's in the middle of table Ledger and notes below."""
    parts = Parts(ran_book(path))
    parts = widened(parts, "Ledger", {"Reviewer": [None, "Ann", *[None] * 8, "Bob"]})
    role, *others = schema.LEDGER.names
    parts.reorder("Ledger", [role, "Reviewer", *others])
    parts.put_all("Ledger", {"A20": "below", "H20": Formula("SUM(H7:H18)", 5)})
    return parts.save(path)


def reviewers(path: Path) -> dict[str, str]:
    """Who reviewed which account."""
    return {row["Role"]: row["Reviewer"] for row in Parts(path).rows("Ledger") if row["Reviewer"]}


def lost(path: Path) -> list[str]:
    """Texts on sheet Notes kept."""
    return [
        value
        for cell, (value, _) in Parts(path).cells("Notes kept").items()
        if cell.startswith("E") and int(cell[1:]) > 4
    ]


def without_scrap(path: Path) -> None:
    parts = Parts(path)
    scrap(parts, False)
    parts.save(path)


def test_a_column_in_the_middle_stays_there_and_formulas_of_ours_name_the_columns_as_they_stand(tmp_path: Path) -> None:
    book, plain = with_notes(tmp_path / "book.xlsx"), ran_book(tmp_path / "plain.xlsx")
    assert cli("run", book).code == 0
    parts = Parts(book)
    assert parts.tables()["Ledger"].columns[:3] == ["Role", "Reviewer", "Account"]
    assert reviewers(book) == {"Finished goods": "Ann", "Abnormal scrap loss": "Bob"}
    ledger = [{k: v for k, v in row.items() if k != "Reviewer"} for row in parts.rows("Ledger")]
    assert ledger == Parts(plain).rows("Ledger")
    assert parts.formulas("Ledger", "Difference")[0] == "ROUND(H7-I7,2)"
    assert cli("post", book, "--approved-by", "Somebody else").code == 0
    assert cli("verify", book).out.startswith("Everything verifies")


def test_what_is_lost_is_said_and_added_to_what_was_lost_before(tmp_path: Path) -> None:
    book = with_notes(tmp_path / "book.xlsx")
    without_scrap(book)
    result = cli("run", book, "--quiet")
    assert (result.code, result.out) == (0, "")
    assert result.err == "xlbackflush: 1 of your entries lost its place and is now on sheet Notes kept (Ledger!B17).\n"
    assert lost(book) == ["Reviewer: Bob"]
    parts = Parts(book)
    parts.rename("Notes kept", "NOTES KEPT")
    parts.save(book)
    cleared = cli("clear", book, "--json")
    assert cleared.json["notices"] == ["1 of your entries lost its place and is now on sheet NOTES KEPT (Ledger!B8)."]
    parts = Parts(book)
    parts.rename("NOTES KEPT", "Notes kept")
    parts.save(book)
    assert lost(book) == ["Reviewer: Bob", "Reviewer: Ann"]
    assert objections(book) == []


def test_what_is_restored_has_what_stood_in_its_rows(tmp_path: Path) -> None:
    book = with_notes(tmp_path / "book.xlsx")
    before = reviewers(book)
    parts = Parts(book)
    parts.put("Purchases!E7", 2.7)  # one amount is another one; every row stays
    parts.save(book)
    assert cli("run", book).code == 0
    assert cli("restore", book).code == 0
    assert reviewers(book) == before
    assert Parts(book).cells("Ledger")["A20"][0] == "below"


def test_a_posted_line_keeps_its_column_and_a_new_one_starts_blank(tmp_path: Path) -> None:
    book = ran_book(tmp_path / "book.xlsx")
    assert cli("post", book, "--approved-by", "Somebody else").code == 0
    lines = len(Parts(book).rows("Journal"))
    parts = widened(Parts(book), "Journal", {"Looked at": [f"line {n}" for n in range(lines)]})
    parts.put("Counts!E7", 11)
    parts.save(book)
    assert cli("run", book).code == 0
    seen = [row["Looked at"] for row in Parts(book).rows("Journal")]
    assert seen[:lines] == [f"line {n}" for n in range(lines)]
    assert len(seen) > lines and set(seen[lines:]) == {None}
    assert cli("verify", book).code == 0


def test_the_next_period_starts_without_them(tmp_path: Path) -> None:
    book = with_notes(tmp_path / "book.xlsx")
    without_scrap(book)
    assert cli("run", book).code == 0
    assert cli("post", book, "--approved-by", "Somebody else").code == 0
    following = tmp_path / "next.xlsx"
    assert cli("roll", book, following).code == 0
    assert reviewers(book) == {"Finished goods": "Ann"}
    new = Parts(following)
    assert "Notes kept" not in new.sheets() and "Reviewer" not in new.tables()["Ledger"].columns


def test_an_upgrade_puts_a_new_column_behind_those_of_the_user(tmp_path: Path) -> None:
    parts = Parts(ran_book(tmp_path / "book.xlsx"))
    without_column("Variances", "Part of")(parts)
    without_version(parts)
    rows = len(parts.rows("Variances"))
    book = widened(parts, "Variances", {"Reviewer": ["Ann"]}).save(tmp_path / "book.xlsx")
    assert cli("upgrade", book).code == 0
    parts = Parts(book)
    assert parts.tables()["Variances"].columns[-2:] == ["Reviewer", "Part of"]
    assert [row["Reviewer"] for row in parts.rows("Variances")] == ["Ann", *[None] * (rows - 1)]
    assert objections(book) == []


def test_a_row_typed_above_the_totals_goes_below_them(tmp_path: Path) -> None:
    parts = Parts(ran_book(tmp_path / "book.xlsx"))
    totals = {"A10": "typed", "A11": "Total", "F11": Formula("SUBTOTAL(109,Relief[Amount])", 629.37)}
    parts.put_all("Relief", totals)
    parts.edit(parts.tables()["Relief"].part, 'totalsRowShown="0"', 'totalsRowCount="1"')
    parts.resize("Relief", "A6:K11")
    book = parts.save(tmp_path / "book.xlsx")
    assert cli("run", book).code == 0
    cells = Parts(book).cells("Relief")
    assert [cells[cell][0] for cell in ("A9", "A10", "A11")] == ["Frame", "Total", "typed"]
    assert cells["F10"][1] == "SUBTOTAL(109,Relief[Amount])"
    assert 'ref="A6:K10"' in Parts(book)[Parts(book).tables()["Relief"].part].decode()


def test_a_row_between_those_of_ours_is_kept_on_the_sheet_of_notes(tmp_path: Path) -> None:
    parts = Parts(ran_book(tmp_path / "book.xlsx"))
    names = schema.TABLES["Relief"].names
    last = dict(zip("ABCDEFGHIJK", (parts.rows("Relief")[-1][name] for name in names), strict=True))
    moved = {f"{letter}10": value for letter, value in last.items()}
    between = {f"{letter}9": None for letter in last} | {"A9": "So far", "F9": Formula("SUM(F7:F8)", 239.62)}
    parts.put_all("Relief", moved | between)
    parts.resize("Relief", "A6:K10")
    book = parts.save(tmp_path / "book.xlsx")
    result = cli("run", book)
    assert "(Relief!A9)" in result.err
    assert lost(book) == ["Item: So far; Amount: 239.62 (=SUM(F7:F8))"]
    assert Parts(book).tables()["Relief"].bottom == 9


def test_words_of_a_user_in_title_rows_stay_and_where_the_run_writes_they_are_kept(tmp_path: Path) -> None:
    book = ran_book(tmp_path / "book.xlsx")
    parts = Parts(book)
    parts.put_all("Ledger", {"A1": "General ledger", "A4": "Agreed with Ann", "B3": "Fine", "G5": "USD"})
    parts.save(book)
    assert "(Ledger!B3, Ledger!A4)" in cli("run", book).err
    cells = Parts(book).cells("Ledger")
    assert (cells["A1"][0], cells["G5"][0], cells["B3"][0]) == ("General ledger", "USD", "All checks hold")
    assert str(cells["A4"][0]).startswith("Run R0001, draft.")
    assert lost(book) == ["Fine", "Agreed with Ann"]


def test_an_explanation_leaves_notes_below_the_one_before(tmp_path: Path) -> None:
    parts = Parts(ran_book(tmp_path / "book.xlsx"))
    parts.put("Explanation!D10", "to be asked")
    book = parts.save(tmp_path / "book.xlsx")
    result = cli("explain", book, "Ledger!G8")
    assert "On sheet Explanation, what stood below the table from row 8 on moved down by " in result.err
    steps = len(result.out.splitlines())
    texts = {cell: value for cell, (value, _) in Parts(book).cells("Explanation").items()}
    last = Parts(book).tables()["Explanation"].bottom
    assert texts[f"D{last + 3}"] == "to be asked" and last > 7 + steps // 3


# ------------------------------------------------------------------------------------------------ open in Excel

#: what is otherwise in Excel: rows are in sight and of their standard height again, links and rules stay where they were;
#: what Excel itself does about rules and charts when cells move, and which rows a filter hides, is not played here
IN_EXCEL: dict[str, object] = {
    "hidden": [],
    "height": [],
    "validation": None,
    "colours": None,
    "link": None,
    "shown": None,
    "chart": None,
}
#: a row that was typed right below a longer table stays where it is, as what stands below does
STAYS = {"clear": {"typed": ("A10", "=SUM(F7:F7)")}}
MACROS = {"run": macros.run, "check": macros.check, "clear": macros.clear}


@pytest.mark.parametrize("action", [action for action, (_, _, (verb, *_), _) in EXPECTED.items() if verb in MACROS])
def test_own_things_are_where_they_belong_in_excel(planted: dict[bool, Path], tmp_path: Path, action: str) -> None:
    is_scrapped, change, (verb, *_), expected = EXPECTED[action]
    parts = Parts(planted[is_scrapped])
    change(parts)
    workbook = Workbook(parts.save(tmp_path / "book.xlsx"))
    before = own_things(tmp_path / "book.xlsx")
    sentence = told(workbook, MACROS[verb])
    found = own_things(saved(workbook, tmp_path / "live.xlsx"))
    is_written = verb != "check" and action != "a run that errors stop"
    expected = KEPT | expected | (IN_EXCEL if is_written else {"shown": before["shown"]}) | STAYS.get(action, {})
    expected["notes"] = [note for note in expected["notes"] if not note[2].startswith("Link")]  # type: ignore[attr-defined]
    assert {name: value for name, value in found.items() if expected[name] is not None} == {
        name: value for name, value in expected.items() if value is not None
    }
    assert ("now on sheet Notes kept" in sentence) == bool(expected["notes"]), sentence


def test_words_of_a_user_in_title_rows_stay_in_excel_too(tmp_path: Path) -> None:
    workbook = Workbook(ran_book(tmp_path / "book.xlsx"))
    sheet = workbook.sheets["Ledger"].sheet
    sheet["A1"], sheet["A4"], sheet["B3"] = "General ledger", "Agreed with Ann", "Fine"
    sentence = told(workbook, macros.run)
    assert "2 of your entries lost their places and are now on sheet Notes kept (Ledger!B3, Ledger!A4)." in sentence
    assert (
        sheet["A1"].value == "General ledger"
        and sheet["A4"].value.startswith("Run R0001")
        and sheet["B3"].value.startswith("=")
    )
    notes = workbook.sheets["Notes kept"].sheet
    assert [notes.cell(row, 5).value for row in (5, 6)] == ["Fine", "Agreed with Ann"]
    names = workbook.book.sheetnames
    assert names.index("Notes kept") == names.index("Run Inputs") + 1


def test_where_excel_lets_nobody_add_a_sheet_the_user_is_told_all_of_it(tmp_path: Path) -> None:
    workbook = Workbook(ran_book(tmp_path / "book.xlsx"))
    workbook.is_locked = True
    workbook.sheets["Ledger"].sheet["A4"] = "Agreed with Ann"
    sentence = told(workbook, macros.run)
    assert "could not be put on a sheet: Ledger!A4: Agreed with Ann." in sentence


@pytest.mark.parametrize("nth", [3, 12, 24])
def test_a_write_that_fails_midway_leaves_columns_and_notes_of_a_user(tmp_path: Path, nth: int) -> None:
    book = with_notes(tmp_path / "book.xlsx")
    before = reviewers(book)
    without_scrap(book)
    workbook = Workbook(book)
    calls = 0

    def fails(call: str) -> bool:
        nonlocal calls
        calls += call == "Range.Formula="
        return calls == nth and call == "Range.Formula="

    workbook.application.fails = fails
    assert told(workbook, macros.run).startswith("Stopped: ")
    workbook.application.fails = lambda call: False
    live = saved(workbook, tmp_path / "live.xlsx")
    assert reviewers(live) == before
    assert Parts(live).cells("Ledger")["A20"][0] == "below"
    assert "Notes kept" not in Parts(live).sheets()
