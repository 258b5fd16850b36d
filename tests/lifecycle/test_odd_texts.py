"""Texts come back from a workbook as they were written: run, post and verify hold whatever people typed.

By default every odd text stands in one column of each table, and all of them together in every text column; with
`XLBACKFLUSH_FUZZ=full` each of them in each column alone. What no workbook can hold is a finding that names its cell.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from support_files import CellValue, Parts, Result, bench_book, cli

from xlbackflush import schema
from xlbackflush.addin import computer
from xlbackflush.cli import workbook_commands
from xlbackflush.model.text import FORMULA_MAX, NAME_MAX, TEXT_MAX, shortened
from xlbackflush.ooxml.cells import cell
from xlbackflush.sheets.formulas import Sheets, literal
from xlbackflush.workbook.file import FileBook

FULL = os.environ.get("XLBACKFLUSH_FUZZ") == "full"

#: as a file spells them -> as they are read. Excel writes what XML cannot hold, and a carriage return, as _xHHHH_
SPELLED = {
    "A_x000D_\nB": "A\r\nB", "A_x000D_B": "A\rB", "A_x005F_x000D_B": "A_x000D_B", "_x005F_x005F_": "_x005F_",
    "a_x0007_b": "a\x07b", "a_x0000_b": "a\x00b", "n_x000A_m": "n\nm", "_x0041_": "A", "_X000D_": "_X000D_",
    "a_xD800_b": "a_xD800_b", "a_xFFFE_b": "a_xFFFE_b", " a ": " a ", "a\tb": "a\tb", "a\x85b": "a\x85b",
    "a\u2028b": "a\u2028b", "a\u202eb": "a\u202eb", "\ufeffA": "\ufeffA", "a\u00adb": "a\u00adb", "a\ufdd0b": "a\ufdd0b",
    "<b>&amp;": "<b>&amp;", "=1+1": "=1+1", "'": "'", '"""': '"""', "\U0001f642" * 100: "\U0001f642" * 100,
    "x" * 20_000: "x" * 20_000,
}  # fmt: skip

#: text columns of input tables that may hold anything, with a row of the bench
COLUMNS = [
    (table.name, column.name)
    for table in schema.INPUT_TABLES
    for column in table.columns
    if column.kind == "text"
    and not column.required
    and table.name not in ("Setup", "Opening", "InventoryCount", "LastPeriod")
]


def typed(path: Path, texts: dict[tuple[str, str], str]) -> Path:
    """The bench with a text in the first row of some columns, and what makes sense of it elsewhere.

    Units are converted one to one, the alternative is the bill in force, and a class that has an account is that of all items.
    """
    parts = Parts(bench_book(path))
    cells: dict[tuple[str, str, int], CellValue] = {(*place, 0): text for place, text in texts.items()}
    if any(column == "UoM" or table == "Units" for table, column in texts):
        bought, used = texts.get(("Purchases", "UoM"), "box"), texts.get(("BOM", "UoM"), "crate")
        for row, (one, other) in enumerate([(bought, texts.get(("StandardCost", "UoM"), "each")), (used, "each")]):
            cells |= {("Units", "From", row): one, ("Units", "To", row): other, ("Units", "Factor", row): 1}
    items = [item["Item"] for item in parts.rows("StandardCost")]
    if bill := texts.get(("BOM", "Alternative")):
        parents = [line["Parent"] for line in parts.rows("BOM")]
        cells |= {("BOM", "Alternative", i): bill for i, parent in enumerate(parents) if parent == parents[0]}
        cells["StandardCost", "Bill", items.index(parents[0])] = bill
    if item_class := texts.get(("Accounts", "Class")):
        cells |= {("StandardCost", "Class", i): item_class for i in range(len(items))}
    for place, value in cells.items():
        parts.put(parts.where(*place), value)
    return parts.save(path)


def posted_and_verified(path: Path, approver: str = "Zoe") -> None:
    for arguments in (("run", path), ("post", path, "--approved-by", approver), ("verify", path)):
        result = cli(*arguments)
        assert result.code == 0, result


@pytest.mark.parametrize("start", range(0, len(SPELLED), 3))
def test_odd_texts_in_every_column_are_posted_and_verify(tmp_path: Path, start: int) -> None:
    texts = list(SPELLED)
    changes = {place: texts[(start + i) % len(texts)] for i, place in enumerate(COLUMNS)}
    changes["Accounts", "Name"] = texts[start]  # posted with each line of the journal
    changes["StandardCost", "Class"] = changes["Accounts", "Class"]
    path = typed(tmp_path / "odd.xlsm", changes)
    posted_and_verified(path)
    with FileBook(path, to_write=False) as book:
        for (table, column), text in changes.items():
            assert book.table(table).by_column()[column][0] == SPELLED[text]
        rows = [row for _, row in book.table("Journal").named_rows() if row["Role"] == schema.MIP]
        of_class, name = (SPELLED[changes["Accounts", column]].strip() for column in ("Class", "Name"))
        assert {(row["Class"] or "", row["Account name"]) for row in rows} == {
            (" ".join(of_class.split()), name),
            ("", schema.ROLES[schema.MIP][1]),
        }


@pytest.mark.skipif(not FULL, reason="with XLBACKFLUSH_FUZZ=full")
@pytest.mark.parametrize("place", COLUMNS, ids=" ".join)
def test_each_odd_text_in_each_column(tmp_path: Path, place: tuple[str, str]) -> None:
    for text in SPELLED:
        posted_and_verified(typed(tmp_path / "odd.xlsm", {place: text}))


@pytest.mark.parametrize(
    "text", list(SPELLED)[:-2] if FULL else ["A_x000D_\nB", "a_x0007_b", "A_x005F_x000D_B", "a\u2028b"]
)
def test_an_odd_code_and_an_odd_company_are_posted_and_verify(tmp_path: Path, text: str) -> None:
    """The code of the bench, wherever it stands; proofs find it, too. Spaces around a code are a finding."""
    parts = Parts(bench_book(tmp_path / "odd.xlsm"))
    spelled = escape(text if text.strip() == text else f"x{text}x")
    for part in parts.sheets().values():
        parts[part] = parts[part].decode().replace("<t>Bench</t>", f'<t xml:space="preserve">{spelled}</t>')
        parts[part] = parts[part].decode().replace("<t>Bench &amp; Sons</t>", f'<t xml:space="preserve">{spelled}</t>')
    path = parts.save(tmp_path / "odd.xlsm")
    posted_and_verified(path)
    assert cli("roll", path, tmp_path / "next.xlsm").code == 0
    assert cli("verify", tmp_path / "next.xlsm").code == 0


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("a\ufffe", "C15", "holds the character U+FFFE"),
        ("\uffffa", "C15", "holds the character U+FFFF"),
        ("x" * 32_768, "C10", "has 32,768 characters; a cell of Excel holds 32,767"),
        ("\U0001f642" * 16_384, "C10", "a cell of Excel holds 32,767"),  # as Excel counts, twice as many
    ],
    ids=["FFFE", "FFFF", "long", "emoji"],
)
def test_what_no_workbook_can_hold_is_a_finding(tmp_path: Path, text: str, code: str, what: str) -> None:
    path = typed(tmp_path / "odd.xlsm", {("Accounts", "Name"): text})
    result = cli("run", path, "--json")
    assert result.code == 1
    (finding,) = result.json["findings"]
    assert (finding["code"], finding["where"]) == (code, Parts(path).where("Accounts", "Name"))
    assert what in finding["what"]


# ---------------------------------------------------------------------------------------------------- names

NAMES = [
    "Zoë Öz",
    "Zoe_x0041_",
    "\u200bZoe",
    "Zoe\u00a0B",
    "=Zoe",
    "'Zoe",
    "Zoe\u202eB",
    "木村",
    "\U0001f642",
    "5",
    "TRUE",
    "-5",
]
REFUSED = ["Zoe\x07", "Zoe\nB", "Zoe\x85B", "Zoe\x1b[2J", "Zoe\udc80", "Zoe\ufffe", "Zoe\u2028B", "Z" * (NAME_MAX + 1)]


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = bench_book(tmp_path_factory.mktemp("draft") / "book.xlsm")
    assert cli("run", path).code == 0
    return path.read_bytes()


@pytest.mark.parametrize("name", NAMES if FULL else NAMES[:4])
def test_an_odd_name_approves_and_verifies(tmp_path: Path, draft: bytes, name: str) -> None:
    path = tmp_path / "book.xlsm"
    path.write_bytes(draft)
    assert cli("post", path, "--approved-by", name).code == 0
    assert Parts(path).rows("Runs")[0]["Approved by"] == name.replace("_x0041_", "_x005F_x0041_")
    assert cli("verify", path).code == 0


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_a_name_that_a_workbook_cannot_hold_is_refused(tmp_path: Path, draft: bytes, name: str) -> None:
    path = tmp_path / "book.xlsm"
    path.write_bytes(draft)
    result: Result = cli("post", path, "--approved-by", name)
    assert result.code == 2
    assert "The name of the approver must be one line" in result.err
    assert path.read_bytes() == draft


@pytest.mark.parametrize("name", ["Bob\udc80", "Bob\r\n", "\x1b[2JBob\ufffe", "B" * 500])
def test_the_name_of_the_system_is_made_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: name)
    monkeypatch.setattr(workbook_commands, "user", computer.user)
    path = bench_book(tmp_path / "book.xlsm")
    posted_and_verified(path)
    assert str(Parts(path).rows("Runs")[0]["User"]).isprintable()


# ---------------------------------------------------------------------------------------------- long texts


@pytest.mark.parametrize(("text", "long"), [("x" * 32_767, False), ("x" * 32_768, True), ("\U0001f642" * 16_384, True)])
def test_a_text_that_excel_would_not_take_is_cut_with_a_mark(text: str, long: bool) -> None:
    written = cell("A1", text, 0)
    stored = written.split("<t>")[1].split("</t>")[0]
    assert len(stored.encode("utf-16-le")) / 2 <= 32_767
    assert stored.endswith(" ... (cut)") == long
    assert text.startswith(stored.removesuffix(" ... (cut)"))
    assert shortened(stored) == stored
    shown = cell("A1", text, 0, "B1").split("<v>")[1].split("</v>")[0]
    assert shown == stored


def test_a_formula_that_excel_would_not_take_is_not_written() -> None:
    longest = "+".join(["A1"] * 2731)[:FORMULA_MAX]
    assert (len(longest), FORMULA_MAX, TEXT_MAX) == (8_192, 8_192, 32_767)
    assert Sheets({}).written([longest, longest + "1", "B1"]) == [longest, "", "B1"]


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "A\rB", "n\nm", "A_x000D_B", "x" * 256, "\U0001f642" * 128])
def test_a_text_that_no_formula_holds_leaves_its_cell_without_one(text: str) -> None:
    assert Sheets({}).written([f"IF(A1={literal(text)},1,0)", "B1"]) == ["", "B1"]


@pytest.mark.parametrize("text", ['5" pipe', "a\u2028b", "x" * 255, "\U0001f642" * 127, "_x00_"])
def test_any_other_text_stands_in_a_formula(text: str) -> None:
    spelled = text.replace('"', '""')
    assert Sheets({}).written([literal(text)]) == [f'"{spelled}"']
