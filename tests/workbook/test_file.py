"""Workbook files: nothing of the user's is lost, nothing is read wrongly in silence, and no file is left half written.

Reading order: what a run leaves alone - where tables stand - what cells hold - running again - files that cannot be
used - damage, part by part - crashes while saving - random changes.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import stat
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import cells
import office
import openpyxl
import pytest
from own_books import own_book, prefixed
from samples_tried import FULL
from support_files import (
    HEAD,
    MAIN,
    NS,
    CellValue,
    Error,
    Formula,
    Parts,
    address,
    bench_book,
    cli,
    found,
    refused,
    sample_book,
    split,
)

from xlbackflush import schema
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml import atomic, rename
from xlbackflush.ooxml.atomic import NewFile
from xlbackflush.ooxml.package import Package, TablePart
from xlbackflush.sheets import title_rows
from xlbackflush.workbook import tables as contract
from xlbackflush.workbook.file import FileBook

INPUT_TABLES = [t.name for t in schema.INPUT_TABLES]
OUTPUT_TABLES = [t.name for t in schema.OUTPUT_TABLES]
CODES = (
    "*?~",
    '"quoted"',
    "=A1",
    "<>",
    ">5",
    "007",
    "7",
    "Ä-é-中-🙂",
    "a&b<c>",
    "'apostrophe",
    "TRUE",
    "1e5",
    "x, y",
    "~*",
)


Lines = list[tuple[str, str, float, float]]  # event, role, debit, credit


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The bench, not yet run."""
    return bench_book(tmp_path / "book.xlsm")


def change(path: Path, where: str, value: CellValue) -> None:
    """Type one cell into a workbook file."""
    parts = Parts(path)
    parts.put(where, value)
    parts.save(path)


def stretch(parts: Parts, table: str, bottom: int) -> None:
    """Let a table end in another row, with all its columns."""
    place = parts.tables()[table]
    parts.resize(table, f"{address(place.left, place.top)}:{address(place.right, bottom)}")


def journal(path: Path) -> Lines:
    """Event, role, debit and credit of every journal line."""
    return [
        (r["Event"], r["Role"], r["Debit"] or 0.0, r["Credit"] or 0.0) for r in Parts(path).rows("Journal") if r["Run"]
    ]


def runs(path: Path) -> None:
    """Run a workbook that must run, every check holding."""
    result = cli("run", path, "--json")
    assert result.code == 0, result
    assert result.json["checks"]["failed"] == 0, result.json


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """The journal of the untouched bench."""
    path = bench_book(tmp_path_factory.mktemp("untouched") / "book.xlsx")
    runs(path)
    return journal(path)


# --------------------------------------------------------------------------------- what a run leaves alone


#: the cell of a status line, or of the name of the company on About
_FORMULAS = "|".join(re.escape(escape(formula)) for formula in (title_rows.STATUS, title_rows.company_name("Setup!B7")))
_SPOKEN = re.compile(rf'(<c [^>]*?)(?: t="str")?(><f>(?:{_FORMULAS})</f>)(?:<v ?/>|<v>[^<]*</v>)')


def but_for_status(part: bytes) -> str:
    """A sheet without what its status line says, which a run keeps up."""
    return _SPOKEN.sub(r"\1\2", part.decode())


def ours(parts: Parts) -> set[str]:
    """The parts that a run may write: our output sheets with their tables, and the parts that list them."""
    tables, sheets = parts.tables(), parts.sheets()
    written = {tables[name].part for name in OUTPUT_TABLES} | {sheets[tables[name].sheet] for name in OUTPUT_TABLES}
    lists = {
        "xl/styles.xml",
        "xl/workbook.xml",
        "[Content_Types].xml",
        "xl/_rels/workbook.xml.rels",
        "xl/calcChain.xml",
    }
    return written | lists


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Parts, Parts]:
    """The user's workbook, and its parts before and after a run. To be looked at; what changes it changes a copy."""
    path = own_book(tmp_path_factory.mktemp("own") / "own.xlsm")
    before = Parts(path)
    runs(path)
    return path, before, Parts(path)


def test_every_part_that_is_not_an_output_stays_byte_for_byte(own: tuple[Path, Parts, Parts]) -> None:
    _, before, after = own
    status = f">{escape(title_rows.STATUS)}<"
    written = ours(before)
    others = [name for name in before.content if name not in written and status.encode() not in before[name]]
    assert {"xl/vbaProject.bin", "xl/charts/chart1.xml", "customUI/customUI.xml", "customXml/item1.xml"} <= set(others)
    assert [name for name in others if after.content.get(name) != before[name]] == []
    order = [name for name in before.content if name != "xl/calcChain.xml"]
    assert list(after.content) == order


def test_a_sheet_with_a_status_line_keeps_all_but_what_that_says(own: tuple[Path, Parts, Parts]) -> None:
    """About and the input sheets: the name of the company, too, which openpyxl saved without a value."""
    _, before, after = own
    for sheet in ("About", *(s.name for s in schema.INPUT_SHEETS)):
        part = before.sheets()[sheet]
        assert but_for_status(after[part]) == but_for_status(before[part]), sheet
        assert "All checks hold</v>" in after[part].decode()


def test_the_calculation_chain_goes_without_a_trace(own: tuple[Path, Parts, Parts]) -> None:
    _, _, after = own
    assert "xl/calcChain.xml" not in after.content
    assert b"calcChain" not in after["[Content_Types].xml"]
    assert b"calcChain" not in after["xl/_rels/workbook.xml.rels"]


def test_only_the_calculation_chain_leaves_the_lists_of_parts(own: tuple[Path, Parts, Parts]) -> None:
    _, before, after = own
    for name, kept in (("[Content_Types].xml", "PartName"), ("xl/_rels/workbook.xml.rels", "Target")):
        old, new = (
            {
                (e.get("Id"), e.get(kept), e.get("Extension"), e.get("ContentType"), e.get("Type"))
                for e in parts.xml(name)
            }
            for parts in (before, after)
        )
        assert new <= old
        assert all("calcChain" in str(e[1]) for e in old - new), old - new


def test_styles_are_only_appended_to(own: tuple[Path, Parts, Parts]) -> None:
    _, before, after = own
    old, new = before.xml("xl/styles.xml"), after.xml("xl/styles.xml")
    assert [s.tag for s in old] == [s.tag for s in new]
    for was, now in zip(old, new, strict=True):
        elements = [ET.tostring(e).strip() for e in was]
        assert [ET.tostring(e).strip() for e in now][: len(elements)] == elements, was.tag
        if "count" in now.attrib:
            assert int(now.attrib["count"]) == len(now), was.tag


def test_the_workbook_part_keeps_sheets_names_and_order(own: tuple[Path, Parts, Parts]) -> None:
    _, before, after = own
    trees = [parts.xml("xl/workbook.xml") for parts in (before, after)]
    for tree in trees:
        calculation = tree.find("m:calcPr", NS)
        assert calculation is not None
        tree.remove(calculation)
    assert ET.tostring(trees[0]) == ET.tostring(trees[1])


def test_the_file_is_told_to_calculate_when_opened(own: tuple[Path, Parts, Parts]) -> None:
    calculation = own[2].xml("xl/workbook.xml").find("m:calcPr", NS)
    assert calculation is not None
    assert calculation.get("fullCalcOnLoad") == "1"


def test_another_program_reads_what_was_written(own: tuple[Path, Parts, Parts]) -> None:
    book = openpyxl.load_workbook(own[0], keep_vba=True)
    assert book["My analysis"]["B7"].value == 49
    last = chr(ord("A") + len(schema.JOURNAL.columns) - 1)
    assert book["Journal"].tables["Journal"].ref == f"A6:{last}18"
    assert len(book["My analysis"]._charts) == 1


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_the_disk_did_not_hold_as_it_was_written_is_not_put_in_place(
    book: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    before, write = book.read_bytes(), NewFile.write

    def forgetful(new: NewFile, content: Any) -> None:
        write(new, content)
        if new.target == book:
            torn = bytearray(new.path.read_bytes())
            at = int(share * len(torn))  # more bytes than the head of a part has, which may say the wrong date
            torn[at : at + 150] = bytes(byte ^ 0x40 for byte in torn[at : at + 150])
            new.path.write_bytes(torn)

    monkeypatch.setattr(NewFile, "write", forgetful)
    with FileBook(book) as file, pytest.raises(UnusableError, match="did not pass its check; nothing was changed"):
        lifecycle.run(file, "Ada", dt.datetime(2026, 5, 4, 9))
    assert book.read_bytes() == before


def test_a_part_of_an_own_sheet_with_a_table_of_its_own_stays(book: Path) -> None:
    parts = Parts(book)
    about = parts.sheets()["About"]
    parts["xl/tables/table99.xml"] = (
        f'{HEAD}<table xmlns="{MAIN}" id="99" name="Mine" displayName="Mine" ref="H1:I2" totalsRowShown="0">'
        '<tableColumns count="2"><tableColumn id="1" name="H"/><tableColumn id="2" name="I"/></tableColumns></table>'
    )
    number = parts.relate(about, "table", "../tables/table99.xml")
    parts.declare("xl/tables/table99.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.table+xml")
    parts.put_all("About", {"H1": "H", "I1": "I", "H2": 1, "I2": 2})
    parts.edit(about, "</worksheet>", f'<tableParts count="1"><tablePart r:id="{number}"/></tableParts></worksheet>')
    before = Parts(parts.save(book))
    runs(book)
    after = Parts(book)
    assert but_for_status(after[about]) == but_for_status(before[about])
    assert after["xl/tables/table99.xml"] == before["xl/tables/table99.xml"]


@pytest.mark.parametrize("name", ["computers", "widgets"])
def test_input_sheets_of_a_sample_stay_byte_for_byte(tmp_path: Path, name: str) -> None:
    path = sample_book(tmp_path / "book.xlsx", name)
    before = Parts(path)
    runs(path)
    after = Parts(path)
    parts = [before.sheets()["About"], *(before.part_of(t) for t in INPUT_TABLES)]
    parts += [before.tables()[t].part for t in INPUT_TABLES]
    assert [p for p in parts if but_for_status(before[p]) != but_for_status(after[p])] == []


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows files have no such mode, and links need a privilege")
def test_a_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path, book: Path) -> None:
    book.chmod(0o640)
    link = tmp_path / "link.xlsm"
    link.symlink_to(book)
    runs(link)
    assert link.is_symlink()
    assert stat.S_IMODE(book.stat().st_mode) == 0o640
    assert journal(book)


# -------------------------------------------------------------------------------- spellings of the same XML


def of_kind(parts: Parts, kind: str) -> list[str]:
    """Parts of a kind: our output sheets, the input sheets, tables, styles, the list of sheets."""
    tables, sheets = parts.tables(), parts.sheets()
    return {
        "output sheets": [sheets[tables[t].sheet] for t in OUTPUT_TABLES],
        "input sheets": sorted({sheets[tables[t].sheet] for t in INPUT_TABLES}),
        "tables": [p.part for p in tables.values()],
        "styles": ["xl/styles.xml"],
        "workbook": ["xl/workbook.xml"],
    }[kind]


KINDS = ["output sheets", "input sheets", "tables", "styles", "workbook"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_namespace_prefix_is_understood(book: Path, expected: Lines, kind: str) -> None:
    parts = Parts(book)
    for name in of_kind(parts, kind):
        parts[name] = prefixed(parts[name])
    parts.save(book)
    runs(book)
    assert journal(book) == expected
    openpyxl.load_workbook(book)


@pytest.mark.parametrize("kind", KINDS)
def test_a_byte_order_mark_is_understood(book: Path, expected: Lines, kind: str) -> None:
    parts = Parts(book)
    for name in of_kind(parts, kind):
        parts[name] = b"\xef\xbb\xbf" + parts[name]
    parts.save(book)
    runs(book)
    assert journal(book) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_utf_16_is_understood_or_refused(book: Path, expected: Lines, kind: str) -> None:
    parts = Parts(book)
    for name in of_kind(parts, kind):
        parts[name] = parts[name].decode().replace("UTF-8", "UTF-16").encode("utf-16")
    before = parts.save(book).read_bytes()
    if cli("run", book).code == 0:
        assert journal(book) == expected
    else:
        refused(book, before)


@pytest.mark.parametrize("kind", KINDS)
def test_single_quotes_around_attributes_are_understood(book: Path, expected: Lines, kind: str) -> None:
    parts = Parts(book)
    for name in of_kind(parts, kind):
        parts[name] = re.sub(r'(?<==)"([^"\']*)"(?=[^<]*>)', r"'\1'", parts[name].decode())
    if kind == "input sheets":
        parts.put("Purchases!D7", Error("#REF!"))  # put_all writes double quotes: turn them round too
        name = parts.part_of("Purchases")
        parts[name] = parts[name].decode().replace('t="e"', "t='e'").replace('r="D7"', "r='D7'")
    parts.save(book)
    if kind == "input sheets":
        assert ("C01", "Purchases!D7") in found(book)
    else:
        runs(book)
        assert journal(book) == expected
        numbers = [Parts(book).xml(p.part).get("id") for p in Parts(book).tables().values()]
        assert len(set(numbers)) == len(numbers)


def test_absolute_and_relative_targets_are_the_same(book: Path, expected: Lines) -> None:
    parts = Parts(book)
    for name in [n for n in parts.content if n.endswith("sheet4.xml.rels") or n.endswith("sheet12.xml.rels")]:
        parts.edit(name, 'Target="../tables/', 'Target="/xl/tables/')
    parts.edit("xl/_rels/workbook.xml.rels", 'Target="worksheets/', 'Target="/xl/worksheets/')
    parts.edit("xl/_rels/workbook.xml.rels", 'Target="styles.xml"', 'Target="/xl/styles.xml"')
    parts.edit("_rels/.rels", 'Target="xl/workbook.xml"', 'Target="/xl/workbook.xml"')
    parts.save(book)
    runs(book)
    assert journal(book) == expected


def test_cells_without_an_address_are_read_in_their_order(book: Path, expected: Lines) -> None:
    """The address of a cell is optional: without it, the cell follows the one before."""
    parts = Parts(book)
    name = parts.part_of("Purchases")
    parts[name] = re.sub(r'<c r="[A-Z]+\d+"', "<c", parts[name].decode())
    before = parts.save(book).read_bytes()
    if cli("run", book).code == 0:
        assert journal(book) == expected
    else:
        refused(book, before)


def test_an_error_value_in_a_cell_without_an_address_is_found(book: Path) -> None:
    parts = Parts(book)
    parts.put("Purchases!F7", Error("#REF!"))
    parts.put("Purchases!D7", Error("#REF!"))
    name = parts.part_of("Purchases")
    parts[name] = re.sub(r'<c r="[A-Z]+\d+"', "<c", parts[name].decode())
    before = parts.save(book).read_bytes()
    result = cli("check", book, "--json")
    if result.code == 2:
        refused(book, before)
    else:
        assert ("C01", "Purchases!D7") in found(book)


def test_rich_text_with_its_pronunciation_is_read_as_its_text(book: Path, expected: Lines) -> None:
    parts = Parts(book)
    rich = (
        '<is><r><rPr><b/></rPr><t>Ben</t></r><r><t xml:space="preserve">ch</t></r>'
        '<rPh sb="0" eb="2"><t>how to say it</t></rPh></is>'
    )
    name = parts.part_of("Counts")
    parts[name] = parts[name].decode().replace("<is><t>Bench</t></is>", rich)
    assert b"<r><t" in parts[name]
    parts.save(book)
    runs(book)
    assert journal(book) == expected


# ---------------------------------------------------------------------------------------- where tables stand


def move(parts: Parts, table: str) -> str:
    """Rename a table's sheet, move the table three rows down and two columns right. Gives the new sheet name."""
    name = f'{table}\'s & "new" sheet'
    parts.rename(parts.tables()[table].sheet, name)
    parts.move_table(table, 3, 2)
    return name


@pytest.mark.parametrize("table", ["Counts", "BOM", "StandardCost", "Stock"])
def test_an_input_table_may_be_moved_and_its_sheet_renamed(book: Path, expected: Lines, table: str) -> None:
    parts = Parts(book)
    old = parts.tables()[table].sheet
    move(parts, table)
    parts.save(book)
    runs(book)
    assert journal(book) == expected
    formulas = [f for sheet in schema.OUTPUT_SHEETS for _, f in Parts(book).cells(sheet.name).values()]
    assert not any(re.search(rf"(?<![\w\"]){re.escape(old)}!|'{re.escape(old)}'!", f) for f in formulas)


@pytest.mark.parametrize("table", OUTPUT_TABLES)
def test_an_output_table_may_be_moved_and_its_sheet_renamed(book: Path, expected: Lines, table: str) -> None:
    parts = Parts(book)
    name = move(parts, table)
    if table == "Checks":  # Excel moves the name along with its cell
        parts.edit("xl/workbook.xml", "$B$3</definedName>", "$D$6</definedName>")
    parts.save(book)
    runs(book)
    after = Parts(book)
    place = after.tables()[table]
    first_col = schema.TABLES[table].first_col
    assert (place.sheet, place.left, place.top) == (name, first_col + 2, schema.HEADER_ROW + 3)
    assert journal(book) == expected
    cells = after.cells(name)
    headers = [cells[address(place.left + i, place.top)][0] for i in range(len(place.columns))]
    assert headers == place.columns == schema.TABLES[table].names
    assert cells["C4"][0] == schema.OUTPUT_SHEETS[OUTPUT_TABLES.index(table)].name  # the title moved along and stayed
    assert split(max(cells, key=lambda a: split(a)[1]))[1] <= place.bottom


def test_columns_of_an_input_table_may_be_in_any_order(book: Path, expected: Lines) -> None:
    parts = Parts(book)
    for table in schema.INPUT_TABLES:
        if table.name not in ("Setup", "Accounts"):
            parts.reorder(table.name, table.names[::-1])
    parts.save(book)
    runs(book)
    assert journal(book) == expected


OPTIONAL = [(t.name, c.name) for t in schema.INPUT_TABLES for c in t.columns if not c.required and c.name != "Value"]
#: what the bench needs a column for: its correction names its document in a note, its glue lines differ by their dates
NEEDED = {("Counts", "Note"): {"T02"}, ("BOM", "Effective from"): {"B03"}, ("BOM", "Effective to"): {"B03"}}


@pytest.mark.parametrize(("table", "column"), OPTIONAL, ids=[f"{t}-{c}" for t, c in OPTIONAL])
def test_an_optional_column_may_be_deleted(book: Path, table: str, column: str) -> None:
    parts = Parts(book)
    parts.reorder(table, [c for c in schema.TABLES[table].names if c != column])
    parts.save(book)
    result = cli("run", book, "--json")
    errors = {f["code"] for f in result.json.get("findings", []) if f["severity"] == "Error"}
    assert errors == NEEDED.get((table, column), set()), result
    assert result.code == (1 if errors else 0), result
    if not errors:
        assert result.json["checks"]["failed"] == 0


@pytest.mark.parametrize(
    ("table", "column"), [(t.name, c.name) for t in schema.INPUT_TABLES for c in t.columns if c.required]
)
def test_a_required_column_must_be_there(book: Path, table: str, column: str) -> None:
    parts = Parts(book)
    parts.reorder(table, [c for c in schema.TABLES[table].names if c != column])
    line = refused(book, parts.save(book).read_bytes())
    assert table in line
    assert column in line


def test_an_own_column_in_an_input_table_is_no_obstacle(book: Path, expected: Lines) -> None:
    parts = Parts(book)
    part = parts.tables()["Purchases"].part
    columns = ["Mine", *schema.TABLES["Purchases"].names]
    parts.move_table("Purchases", 0, 1)
    body = "".join(f'<tableColumn id="{i}" name="{c}"/>' for i, c in enumerate(columns, 1))
    new = f'<tableColumns count="{len(columns)}">{body}</tableColumns>'
    parts[part] = re.sub(r"<tableColumns.*</tableColumns>", new, parts[part].decode())
    parts.resize("Purchases", f"A6:{address(len(columns), 8)}")
    parts.put_all("Purchases", {"A6": "Mine", "A7": Error("#N/A"), "A8": Formula("1+1")})
    parts.save(book)
    runs(book)
    assert journal(book) == expected


def test_a_totals_row_is_not_data(book: Path, expected: Lines) -> None:
    parts = Parts(book)
    place = parts.tables()["Purchases"]
    parts.put_all("Purchases", {"A9": "Total", "D9": Formula("SUBTOTAL(109,Purchases[Quantity])", 320.0)})
    data = f"A6:{address(place.right, place.bottom)}"
    stretch(parts, "Purchases", place.bottom + 1)
    parts.edit(place.part, 'totalsRowShown="0"', 'totalsRowCount="1"')
    parts[place.part] = re.sub(r'<autoFilter ref="[^"]*"', f'<autoFilter ref="{data}"', parts[place.part].decode())
    parts.save(book)
    runs(book)
    assert journal(book) == expected
    change(book, "Purchases!B10", "PO-9")
    assert ("C09", "Purchases!B10") in found(book)


@pytest.mark.parametrize(("gap", "cell"), [(0, "Counts!A12"), (0, "Counts!F12"), (4, "Counts!D16")])
def test_a_row_typed_below_a_table_is_an_error(book: Path, gap: int, cell: str) -> None:
    change(book, cell, "typed here")
    assert Parts(book).tables()["Counts"].bottom + 1 + gap == split(cell.split("!")[1])[1]
    result = cli("run", book, "--json")
    assert result.code == 1
    assert [(f["severity"], f["code"], f["where"]) for f in result.json["findings"]] == [("Error", "C09", cell)]


def test_a_total_below_a_table_is_no_row_of_it(book: Path, expected: Lines) -> None:
    """Typed, or a formula, beside a word that says so: nothing to read, and nothing to ask."""
    parts = Parts(book)
    parts.put_all("Counts", {"A12": "Total", "E12": Formula("SUM(E7:E11)", 42.0)})
    parts.save(book)
    runs(book)
    assert journal(book) == expected


def test_blank_rows_in_the_middle_of_a_table_do_not_matter(book: Path, expected: Lines) -> None:
    parts = Parts(book)
    root = parts.xml(parts.part_of("Counts"))
    for row in root.iterfind("m:sheetData/m:row", NS):
        number = int(row.get("r", "0"))
        if number >= 9:
            row.set("r", str(number + 4))
            for cell in row:
                cell.set("r", address(split(cell.get("r", ""))[0], number + 4))
    parts[parts.part_of("Counts")] = ET.tostring(root)
    parts.resize("Counts", "A6:F25")
    parts.save(book)
    runs(book)
    assert [line[1:] for line in journal(book)] == [line[1:] for line in expected]
    change(book, "Counts!E13", "many")
    assert ("C05", "Counts!E13") in found(book)


def test_a_table_without_its_header_row_loses_no_row(book: Path, expected: Lines) -> None:
    """Excel can hide a table's header row; the range then starts at the first row of data."""
    parts = Parts(book)
    place = parts.tables()["Purchases"]
    parts.put_all("Purchases", {address(i, 6): None for i in range(1, 7)})
    parts[place.part] = re.sub(r"<autoFilter[^>]*/>", "", parts[place.part].decode())
    parts.edit(place.part, 'totalsRowShown="0"', 'headerRowCount="0" totalsRowShown="0"')
    parts.resize("Purchases", "A7:F8")
    before = parts.save(book).read_bytes()
    if cli("run", book).code == 0:
        assert [line[1:] for line in journal(book)] == [line[1:] for line in expected]
    else:
        refused(book, before)


def test_dates_of_the_1904_system_are_read_and_written_as_the_same_days_or_refused(book: Path, tmp_path: Path) -> None:
    """Old Macintosh workbooks count days from 1904; a posting date four years off would be a wrong number."""
    parts = Parts(book)
    parts.edit("xl/workbook.xml", "<workbookPr ", '<workbookPr date1904="1" ')
    dates = {
        "Setup": ["B9", "B10"],
        "BOM": ["H11", "G12"],
        "Counts": [f"A{r}" for r in range(7, 12)],
        "Scrap": ["A7", "A8"],
        "Purchases": ["A7", "A8"],
        "Actuals": ["A7", "A8"],
    }
    for sheet, places in dates.items():
        values = parts.cells(sheet)
        parts.put_all(sheet, {c: values[c][0] - 1462 for c in places})
    before = parts.save(book).read_bytes()
    if cli("run", book).code == 0:
        day = Parts(book).rows("Journal")[0]["Posting date"]
        assert dt.date(1904, 1, 1) + dt.timedelta(days=day) == dt.date(2026, 3, 31)
    else:
        refused(book, before)


# -------------------------------------------------------------------------------------------- what cells hold


def with_item(parts: Parts, code: CellValue, item: str = "Leg") -> None:
    """Call an item of the bench by another code, wherever it stands."""
    for table, column in (
        ("StandardCost", "Item"), ("BOM", "Parent"), ("BOM", "Component"), ("Purchases", "Item"), ("Counts", "Item"),
        ("Scrap", "Item"), ("Stock", "Item"), ("WIP", "Item"),
    ):  # fmt: skip
        for i, row in enumerate(parts.rows(table)):
            if row[column] == item:
                parts.put(parts.where(table, column, i), code)


@pytest.mark.parametrize("code", CODES)
def test_a_strange_item_code_is_posted_like_any_other(book: Path, expected: Lines, code: str) -> None:
    parts = Parts(book)
    with_item(parts, code)
    parts.save(book)
    runs(book)
    assert [line[1:] for line in journal(book)] == [line[1:] for line in expected]
    assert code in [r["Item"] for r in Parts(book).rows("Relief")]


def test_a_code_that_is_a_number_is_posted_under_its_digits(book: Path, expected: Lines) -> None:
    parts = Parts(book)
    with_item(parts, 4711)
    parts.save(book)
    runs(book)
    assert journal(book) == expected
    assert "4711" in [r["Item"] for r in Parts(book).rows("Relief")]


def test_007_and_7_are_two_items(book: Path) -> None:
    parts = Parts(book)
    with_item(parts, "007")
    for i, row in enumerate(parts.rows("BOM")):
        if row["Component"] == "Glue":
            parts.put(parts.where("BOM", "Component", i), 7)
    for table in ("StandardCost", "Purchases", "Stock"):
        for i, row in enumerate(parts.rows(table)):
            if row["Item"] == "Glue":
                parts.put(parts.where(table, "Item", i), 7)
    parts.save(book)
    runs(book)
    relief = {r["Item"]: r["Quantity"] for r in Parts(book).rows("Relief")}
    assert {"007", "7"} <= relief.keys()
    assert relief["007"] != relief["7"]


def test_numbers_for_1200_rows_and_then_text_lose_nothing(tmp_path: Path) -> None:
    """Readers that guess a column's type from its first thousand rows drop what follows."""
    path = bench_book(tmp_path / "book.xlsx")
    parts = Parts(path)
    first = parts.tables()["StandardCost"].bottom + 1
    new = {}
    for i in range(1200):
        new |= {f"A{first + i}": 10_000 + i, f"C{first + i}": "Buy", f"E{first + i}": 1}
    last = first + 1200
    new |= {f"A{last}": "A-text", f"C{last}": "Buy", f"E{last}": 3}
    parts.put_all("Standard Cost", new)
    stretch(parts, "StandardCost", last)
    lines = {}
    for i in range(1200):
        lines |= {f"A{13 + i}": dt.date(2026, 3, 4), f"B{13 + i}": f"P{i}", f"C{13 + i}": 10_000 + i, f"D{13 + i}": 1}
        lines[f"E{13 + i}"] = 1
    lines |= {"A1213": dt.date(2026, 3, 4), "B1213": "P-last", "C1213": "A-text", "D1213": 2, "E1213": 3}
    lines |= {f"{c}{r}": None for r in range(9, 13) for c in "A"}
    parts.put_all("Purchases", lines)
    stretch(parts, "Purchases", 1213)
    parts.save(path)
    runs(path)
    received = {r["Item"]: r["Received"] for r in Parts(path).rows("Reconciliation")}
    assert received["10000"] == received["11199"] == 1
    assert received["A-text"] == 2
    assert sum(received.values()) == 120 + 200 + 1200 + 2 + 22 + 15


ERRORS = ["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"]
NEWER_ERRORS = [
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#CONNECT!",
    "#BUSY!",
    "#UNKNOWN!",
    "#PYTHON!",
]
CELLS = "Counts!A7", "Counts!C8", "Counts!D8", "Counts!E9", "BOM!E9", "Standard Cost!E7", "Setup!B11", "Setup!F8"


@pytest.mark.parametrize("first", range(len(ERRORS)), ids=ERRORS)
def test_an_error_value_is_found_at_its_cell(book: Path, first: int) -> None:
    """Each of them in each cell: in seven workbooks, where every cell holds the next one."""
    held = {cell: ERRORS[(first + n) % len(ERRORS)] for n, cell in enumerate(CELLS)}
    parts = Parts(book)
    for cell, text in held.items():
        parts.put(cell, Error(text))
    parts.save(book)
    findings = [f for f in cli("check", book, "--json").json["findings"] if f["code"] == "C01"]
    assert sorted(f["where"] for f in findings) == sorted(held)
    assert [f for f in findings if held[f["where"]] not in f["what"]] == []


@pytest.mark.parametrize(("text", "cell"), [(e, "Counts!E9") for e in ("#REF!", *NEWER_ERRORS)])
def test_an_error_value_stops_the_run_alone(book: Path, text: str, cell: str) -> None:
    change(book, cell, Error(text))
    result = cli("check", book, "--json")
    assert result.code == 1
    there = [f["what"] for f in result.json["findings"] if (f["code"], f["where"]) == ("C01", cell)]
    assert len(there) == 1
    assert text in there[0]


@pytest.mark.parametrize("stored", ["no value", "an empty value", "an empty value in short"])
def test_a_formula_without_a_stored_result_is_found_at_its_cell(book: Path, stored: str) -> None:
    """Programs that do not calculate write no value, `<v></v>` or `<v/>`."""
    parts, cells = Parts(book), {*CELLS, "Counts!F9"}
    for cell in cells:
        parts.put(cell, Formula("1+1"))
    empty = {"no value": "", "an empty value": "<v></v>", "an empty value in short": "<v/>"}[stored]
    for sheet in {cell.split("!")[0] for cell in cells}:
        parts.edit(parts.sheets()[sheet], "<f>1+1</f>", f"<f>1+1</f>{empty}")
    parts.save(book)
    assert {where for code, where in found(book) if code == "C02"} == cells


@pytest.mark.parametrize("column", ["A", "E", "F"])
def test_a_last_row_of_nothing_but_a_formula_without_a_result_is_not_skipped(book: Path, column: str) -> None:
    parts = Parts(book)
    place = parts.tables()["Counts"]
    cell = f"{column}{place.bottom + 1}"
    parts.put(f"Counts!{cell}", Formula("1+1"))
    parts.resize("Counts", f"A{place.top}:{address(place.right, place.bottom + 1)}")
    parts.save(book)
    assert ("C02", f"Counts!{cell}") in found(book)


@pytest.mark.parametrize("number", [2_958_466, 9_999_999, 99_999_999_999, 1e15, 1e300, -1, -700_000, -1e300, 0])
def test_a_number_that_is_no_day_is_found_at_its_cell(book: Path, number: float) -> None:
    cells = {"Counts!A9", "Purchases!A7", "Setup!B9", "BOM!G7"}
    parts = Parts(book)
    for cell in cells:
        parts.put(cell, number)
    parts.save(book)
    result = cli("check", book, "--json")
    assert result.code == 1, result
    assert cells <= {f["where"] for f in result.json["findings"]}


def test_a_formula_that_openpyxl_wrote_is_found_at_its_cell(book: Path) -> None:
    workbook = openpyxl.load_workbook(book, keep_vba=True)
    workbook["Counts"]["E9"] = "=7+8"
    workbook.save(book)
    assert ("C02", "Counts!E9") in found(book)


def test_an_input_formula_counts_as_its_stored_result(book: Path, expected: Lines) -> None:
    parts = Parts(book)
    parts.put("Counts!E9", Formula("10+5", 15.0))
    parts.put("Counts!D9", Formula('"Ben"&"ch"', "Bench"))
    parts.put("Counts!F7", Formula('""', ""))
    parts.save(book)
    runs(book)
    assert journal(book) == expected


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\t=1", "=cmd|' /C calc'!A0"]
)
def test_text_never_becomes_a_formula(book: Path, text: str) -> None:
    parts = Parts(book)
    for table, column in (
        ("StandardCost", "Description"), ("StandardCost", "UoM"), ("Counts", "Document"), ("Counts", "Note"),
        ("Accounts", "Name"), ("Accounts", "Account"), ("Scrap", "Reason"), ("Actuals", "Document"),
    ):  # fmt: skip
        for i in range(2):
            parts.put(parts.where(table, column, i), text)
    parts.put("Setup!B7", text)
    if text == text.strip():
        with_item(parts, text)
    parts.save(book)
    runs(book)
    after = Parts(book)
    formulas = {f for s in schema.OUTPUT_SHEETS for _, f in after.cells(s.name).values()}
    assert not formulas & {text, text[1:], text.strip(), text.strip()[1:]}
    assert text.strip() in {r["Account name"] for r in after.rows("Ledger")}
    assert any(text.strip() in str(v) for v, _ in after.cells("Journal").values())


def test_characters_that_xml_cannot_hold_survive(book: Path) -> None:
    """Excel stores a control character as _x0007_, and text that looks so as _x005F_x0007_."""
    parts = Parts(book)
    parts.put("Standard Cost!B7", "bell_x0007_bell")
    parts.put("Standard Cost!B8", "not_x005F_x0041_escaped")
    parts.put("Accounts!G7".replace("Accounts", "Setup"), "]]> & <b> \" ' \u00a0 \U0001f642")
    parts.save(book)
    runs(book)
    names = {r["Item"]: r["Description"] for r in Parts(book).rows("Relief")}
    assert names["Leg"] == "bell_x0007_bell"
    assert names["Glue"] == "not_x005F_x0041_escaped"
    assert "]]> & <b> \" ' \u00a0 \U0001f642" in {r["Account name"] for r in Parts(book).rows("Ledger")}


def failures(book: cells.Book) -> list[str]:
    """Where recalculated formulas do not agree with what was posted, or are errors."""
    found = []
    for table in OUTPUT_TABLES:
        at = book.tables[table]
        head = [book[at.sheet][address(at.left + i, at.top)] for i in range(len(at.columns))]
        if head != at.columns:
            found.append(f"{table}: a header is missing")
            continue
        for name in head:
            values = book.column(table, name)
            if "ifference" in name and table != "Reconciliation":
                found += [f"{table} {name}: {v}" for v in values if isinstance(v, int | float) and v]
            found += [f"{table} {name}: {v}" for v in values if isinstance(v, str) and v.startswith("#")]
            found += [f"{table} {name}: {v}" for v in values if name == "Result" and v != "OK"]
    return found


def test_live_formulas_find_strange_codes_and_moved_tables(tmp_path: Path) -> None:
    """LibreOffice recalculates the workbooks; the error values that it may hold are codes of ours, which begin with #."""
    paths, items = [], ("Leg", "Glue", "Kit", "Frame", "Bench")
    for start in range(0, len(CODES), len(items)):
        parts = Parts(bench_book(tmp_path / f"{start}.xlsx"))
        for item, code in zip(items, CODES[start:], strict=False):
            with_item(parts, code, item)
        paths.append(parts.save(tmp_path / f"{start}.xlsx"))
    parts = Parts(bench_book(tmp_path / "moved.xlsx"))
    for table in ("Counts", "BOM", "StandardCost", "Journal", "Trace", "Rollup"):
        move(parts, table)
    paths.append(parts.save(tmp_path / "moved.xlsx"))
    parts = Parts(
        bench_book(tmp_path / "midnight.xlsx")
    )  # the bench's own days, but for what floating point left of them
    for cell, serial in {
        "Counts!A9": 46098.99999999999,
        "BOM!H11": 46095.99999999999,
        "BOM!G12": 46096.99999999999,
    }.items():
        parts.put(cell, serial)
    parts.put("Counts!A8", 46097.9999999943)  # and half a millisecond before midnight
    paths.append(parts.save(tmp_path / "midnight.xlsx"))
    for path in paths:
        runs(path)
    wrong = {p.name: failures(book) for p, book in zip(paths, office.recalculate(paths), strict=True)}
    assert {name: said for name, said in wrong.items() if said} == {}


# ---------------------------------------------------------------------------------------------- running again


def test_a_second_run_changes_not_one_byte(book: Path) -> None:
    runs(book)
    first = book.read_bytes()
    os.utime(book, (0, 0))
    runs(book)
    assert book.read_bytes() == first
    assert book.stat().st_mtime == 0


@pytest.mark.parametrize("name", ["computers", "widgets"])
def test_a_second_run_of_a_sample_changes_not_one_byte(tmp_path: Path, name: str) -> None:
    path = sample_book(tmp_path / "book.xlsx", name)
    runs(path)
    first = path.read_bytes()
    runs(path)
    assert path.read_bytes() == first


def test_a_second_run_of_a_users_workbook_changes_not_one_byte(own: tuple[Path, Parts, Parts], tmp_path: Path) -> None:
    path, first = tmp_path / "own.xlsm", own[0].read_bytes()
    path.write_bytes(first)
    runs(path)
    assert path.read_bytes() == first


def test_a_changed_input_replaces_the_draft(book: Path) -> None:
    runs(book)
    first, before = Parts(book).rows("Runs"), journal(book)
    change(book, "Counts!E9", 16)
    runs(book)
    second = Parts(book).rows("Runs")
    assert [(r["Run"], r["Status"]) for r in second] == [("R0001", "Draft")]
    assert second[0]["Input hash"] != first[0]["Input hash"]
    assert journal(book) != before


def test_an_input_changed_back_gives_the_same_results(book: Path) -> None:
    runs(book)
    first = Parts(book)
    for quantity in (16, 15):
        change(book, "Counts!E9", quantity)
        runs(book)
    second = Parts(book)
    outputs = {first.part_of(t) for t in OUTPUT_TABLES if t != "Runs"}
    assert [n for n in outputs if first[n] != second[n]] == []


def test_errors_keep_the_earlier_draft_and_change_findings_and_their_check_alone(book: Path) -> None:
    runs(book)
    change(book, "Counts!E9", "fifteen")
    before = Parts(book)
    result = cli("run", book)
    assert result.code == 1
    assert "Error  Counts!E9" in result.out
    after = Parts(book)
    sheets = [n for n in before.content if n.startswith("xl/worksheets/sheet")]
    changed = {n for n in before.content if n not in sheets and before[n] != after.content.get(n)}
    changed |= {n for n in sheets if but_for_status(before[n]) != but_for_status(after[n])}
    allowed = {before.part_of("Findings"), before.tables()["Findings"].part, "xl/styles.xml", "xl/workbook.xml"}
    # the one counts the errors, the other says that the figures are stale
    allowed |= {before.part_of("Checks"), before.sheets()["Functions"]}
    assert changed <= allowed
    assert list(after.content) == list(before.content)
    assert [r["Where"] for r in after.rows("Findings")] == ["Counts!E9"]
    assert after.rows("Journal") == before.rows("Journal")


def test_findings_go_when_they_are_mended(book: Path) -> None:
    runs(book)
    before = Parts(book).rows("Findings")
    change(book, "Counts!E9", "fifteen")
    assert cli("run", book).code == 1
    assert [r["Severity"] for r in Parts(book).rows("Findings")] == [schema.ERROR]
    change(book, "Counts!E9", 15)
    runs(book)
    assert Parts(book).rows("Findings") == before


# ------------------------------------------------------------------------------------- files not to be used


@pytest.mark.parametrize("seed", range(20))
def test_a_truncated_file_is_refused(book: Path, seed: int) -> None:
    content = packed(book).read_bytes()
    book.write_bytes(content[: random.Random(seed).randrange(1, len(content))])
    refused(book, book.read_bytes())


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def docx(path: Path) -> bytes:
    """A text document in disguise."""
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    parts = Parts(path)
    parts.content = {n: parts[n] for n in ("[Content_Types].xml", "_rels/.rels")}
    parts.edit("_rels/.rels", "xl/workbook.xml", "word/document.xml")
    parts["word/document.xml"] = f'{HEAD}<w:document xmlns:w="{word}"><w:body/></w:document>'
    return parts.save(path).read_bytes()


def foreign(path: Path) -> bytes:
    """A workbook that is not ours."""
    openpyxl.Workbook().save(path)
    return path.read_bytes()


def strict(path: Path) -> bytes:
    """Saved as Strict Open XML Spreadsheet."""
    parts = Parts(path)
    for name in (n for n in parts.content if n.endswith((".xml", ".rels"))):
        text = parts[name].decode()
        parts[name] = text.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main").replace(
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
    return parts.save(path).read_bytes()


def binary(path: Path) -> bytes:
    """A binary workbook, .xlsb, under another name."""
    parts = Parts(path)
    parts["xl/workbook.bin"] = bytes(range(256))
    parts.edit("_rels/.rels", "xl/workbook.xml", "xl/workbook.bin")
    return parts.save(path).read_bytes()


def without_table(path: Path) -> bytes:
    """A sheet of ours whose table was turned into a range."""
    parts = Parts(path)
    place = parts.tables()["Counts"]
    del parts.content[parts.sheets()["Counts"].replace("worksheets/", "worksheets/_rels/") + ".rels"]
    del parts.content[place.part]
    return parts.save(path).read_bytes()


UNUSABLE: dict[str, tuple[Callable[[Path], bytes] | bytes, str]] = {
    "garbage": (random.Random(1).randbytes(5000), "not a whole Excel workbook"),
    "an empty file": (b"", "not a whole Excel workbook"),
    "a text": (b"Item;Quantity\nBench;5\n", "not a whole Excel workbook"),
    "an empty archive": (b"PK\x05\x06" + bytes(18), "not an Excel workbook"),
    "a password": (OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600), "password"),
    "an old workbook": (OLE + bytes(2000), "old Excel file"),
    "a text document": (docx, "not an ordinary Excel workbook"),
    "another workbook": (foreign, "not a backflush workbook"),
    "a strict workbook": (strict, "Strict"),
    "a binary workbook": (binary, ""),
    "a workbook without a table": (without_table, "Counts"),
}


@pytest.mark.parametrize("verb", ["run", "check"])
@pytest.mark.parametrize("what", UNUSABLE)
def test_a_file_that_is_no_workbook_of_ours_is_refused(book: Path, what: str, verb: str) -> None:
    make, reason = UNUSABLE[what]
    book.write_bytes(make if isinstance(make, bytes) else make(book))
    line = refused(book, book.read_bytes(), verb=verb)
    assert reason in line
    assert "book.xlsm" in line


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "none.xlsm", None)
    folder = tmp_path / "folder.xlsm"
    folder.mkdir()
    assert "is a folder" in refused(folder, None)


def test_a_read_only_file_is_refused(book: Path) -> None:
    book.chmod(0o444)
    assert "read-only" in refused(book, book.read_bytes())


@pytest.mark.parametrize("lock", ["~$book.xlsm", ".~lock.book.xlsm#"])
def test_a_file_that_is_open_elsewhere_is_refused(book: Path, lock: str) -> None:
    (book.parent / lock).write_bytes(b"somebody")
    assert "open in another program" in refused(book, book.read_bytes())


def test_a_file_that_changed_meanwhile_is_not_overwritten(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save = Package.save

    def slowly(self: Package, path: Path) -> None:
        save(self, path)
        change(book, "Counts!E9", 99)

    monkeypatch.setattr(Package, "save", slowly)
    result = cli("run", book)
    assert result.code == 2
    assert "changed by someone else" in result.err
    assert Parts(book).cells("Counts")["E9"][0] == 99
    assert [p.name for p in book.parent.iterdir()] == [book.name]


LAST_ROW = 1_048_576


@pytest.mark.parametrize(
    "where",
    [
        "Counts!XFD9",
        "Counts!Q60000",
        pytest.param(f"Counts!A{LAST_ROW}", marks=pytest.mark.slow),
        pytest.param(f"Counts!Q{LAST_ROW}", marks=pytest.mark.slow),
    ],
)
def test_a_stray_cell_far_away_does_no_harm(book: Path, where: str) -> None:
    change(book, where, "stray")
    result = cli("run", book)
    assert result.code == (1 if where.startswith("Counts!A") else 0), result


# ------------------------------------------------------------------------------------ damage, part by part


def parts_of_a_kind() -> list[str]:
    """One part of every kind that a run reads, and one that it does not."""
    sheets = [schema.ABOUT, "Setup", "BOM", "Counts", "Journal", "Findings", "Runs"]
    return [
        "[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels",
        "xl/styles.xml", "table Setup", "table Counts", "table Journal", "rels Counts", "rels Journal",
        *(f"sheet {s}" for s in sheets),
    ]  # fmt: skip


def part_named(parts: Parts, name: str) -> str:
    kind, _, rest = name.partition(" ")
    if kind == "table":
        return parts.tables()[rest].part
    if kind == "sheet":
        return parts.sheets()[rest]
    if kind == "rels":
        return parts.sheets()[rest].replace("worksheets/", "worksheets/_rels/") + ".rels"
    return name


def complaint(path: Path) -> str:
    """What is wrong with how a run takes a damaged file: it may refuse, in plain words and without changing a byte."""
    before = path.read_bytes()
    try:
        result = cli("run", path, "--json")
    except BaseException as error:  # noqa: BLE001 - a panic of a library is no Exception
        return f"{type(error).__name__}: {error}"
    if result.code not in (0, 1, 2):
        return f"exit {result.code}"
    if "Traceback" in result.out + result.err or "fault of its own" in result.out:
        return result.out + result.err
    if result.code == 2 and path.read_bytes() != before:
        return "refused, but changed"
    if result.code == 2 and "\n" in result.json["error"]:
        return "more than one line"
    left = [p.name for p in path.parent.iterdir() if p != path]
    return f"left behind: {left}" if left else ""


def after_declaration(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """A change of a part's elements that leaves the XML declaration as it is."""
    return lambda content: content[: content.index(b"?>") + 2] + change(content[content.index(b"?>") + 2 :])


#: where `make test` tries one part of a kind for each damage, in turn
ALIKE = (
    ("table Setup", "table Counts", "table Journal"), ("rels Counts", "rels Journal"),
    ("sheet Setup", "sheet BOM", "sheet Counts"), ("sheet Journal", "sheet Findings", "sheet Runs"),
)  # fmt: skip

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "junk": lambda content: b"junk",
    "nothing": lambda content: b"",
    "half of it": lambda content: content[: len(content) // 2],
    "another element": lambda content: b"<a><b c='d'/></a>",
    "zeros": lambda content: bytes(len(content)),
    "no attributes": after_declaration(lambda content: re.sub(rb' (?!xmlns)[\w:]+="[^"]*"', b"", content)),
    "odd attributes": after_declaration(lambda content: re.sub(rb' (?!xmlns)([\w:]+)="[^"]*"', rb' \1="?"', content)),
    "no text": lambda content: re.sub(rb">[^<]+<", b"><", content),
}


def damaged() -> list[tuple[str, str]]:
    """Each part with each damage; of parts that are alike one with each."""
    everything = [(name, damage) for name in parts_of_a_kind() for damage in DAMAGE]
    left_out = {
        (name, damage)
        for names in ALIKE
        for number, damage in enumerate(DAMAGE)
        for name in names
        if name != names[number % len(names)]
    }
    return everything if FULL else [pair for pair in everything if pair not in left_out]


@pytest.mark.parametrize(("name", "damage"), damaged())
def test_a_part_with_other_content_ends_in_plain_words(book: Path, name: str, damage: str) -> None:
    parts = Parts(book)
    part = part_named(parts, name)
    parts[part] = DAMAGE[damage](parts[part])
    parts.save(book)
    assert complaint(book) == ""


UNREADABLE = ["junk", "nothing", "half of it", "another element", "zeros", "in UTF-16"]


@pytest.mark.parametrize("damage", UNREADABLE)
@pytest.mark.parametrize("sheet", ["Counts", "BOM", "Standard Cost", "Purchases", "Stock"])
def test_an_input_sheet_that_cannot_be_read_is_never_taken_for_an_empty_one(
    book: Path, expected: Lines, sheet: str, damage: str
) -> None:
    parts = Parts(book)
    part = parts.sheets()[sheet]
    if damage == "in UTF-16":
        parts[part] = parts[part].decode().replace("UTF-8", "UTF-16").encode("utf-16")
    else:
        parts[part] = DAMAGE[damage](parts[part])
    before = parts.save(book).read_bytes()
    if cli("run", book).code == 0:
        assert journal(book) == expected
    else:
        refused(book, before)


@pytest.mark.parametrize("name", parts_of_a_kind())
def test_a_part_that_is_missing_ends_in_plain_words(book: Path, name: str) -> None:
    parts = Parts(book)
    del parts.content[part_named(parts, name)]
    parts.save(book)
    assert complaint(book) == ""


def packed(path: Path) -> Path:
    """The workbook, compressed as Excel and we leave it."""
    return Parts(path).save(path, zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize("seed", range(3))
def test_flipped_bytes_in_any_part_end_in_plain_words(book: Path, seed: int) -> None:
    """The middle of the packed data of every part in turn, as a bad disk leaves it."""
    content = packed(book).read_bytes()
    draw = random.Random(seed)
    complaints = {}
    with zipfile.ZipFile(book) as file:
        infos = file.infolist()
    for info in infos if seed == 0 else draw.sample(infos, 20):
        start = info.header_offset + 30 + len(info.filename)
        at = start + (info.compress_size // 2 if seed == 0 else draw.randrange(info.compress_size))
        flipped = bytearray(content)
        for i in range(at, min(at + 3, start + info.compress_size)):
            flipped[i] ^= draw.randrange(1, 256)
        book.write_bytes(flipped)
        complaints[info.filename] = complaint(book)
    assert {name: said for name, said in complaints.items() if said} == {}


def test_flipped_bytes_in_the_archives_own_lists_end_in_plain_words(book: Path) -> None:
    content = packed(book).read_bytes()
    directory = content.rindex(b"PK\x05\x06")
    start = int.from_bytes(content[directory + 16 : directory + 20], "little")
    draw = random.Random(4)
    complaints = set()
    for at in [
        *(draw.randrange(start, len(content)) for _ in range(80 if FULL else 40)),
        *range(directory, len(content)),
    ]:
        flipped = bytearray(content)
        flipped[at] ^= draw.randrange(1, 256)
        book.write_bytes(flipped)
        complaints.add(complaint(book))
    assert complaints - {""} == set()


# ----------------------------------------------------------------------------------- crashes while saving


def fails(error: BaseException) -> Callable[..., None]:
    def raises(*args: object, **options: object) -> None:
        raise error

    return raises


@pytest.mark.parametrize("step", ["save", "half a save", "sync", "replace", "make the temporary file", "copy the mode"])
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")], ids=str
)
def test_a_crash_while_saving_leaves_the_old_file_whole(
    book: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: OSError
) -> None:
    def half(self: Package, path: Path) -> None:
        path.write_bytes(b"PK half a file")
        raise error

    if step == "save":
        monkeypatch.setattr(Package, "save", fails(error))
    elif step == "half a save":
        monkeypatch.setattr(Package, "save", half)
    elif step == "sync":
        monkeypatch.setattr(os, "fsync", fails(error))
    elif step == "replace":
        monkeypatch.setattr(rename, "exchanged", fails(error))
    elif step == "make the temporary file":
        monkeypatch.setattr(NewFile, "__init__", fails(error))
    else:
        monkeypatch.setattr(atomic, "copy_attributes", fails(error))
    refused(book, book.read_bytes())


def test_a_written_file_that_does_not_pass_its_check_is_thrown_away(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Package, "save", lambda self, path: path.write_bytes(b"not a workbook"))
    refused(book, book.read_bytes())


def test_an_interrupted_save_leaves_the_old_file_whole(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Package, "save", fails(KeyboardInterrupt()))
    assert "Stopped" in refused(book, book.read_bytes())


# -------------------------------------------------------------------------------------------- random changes

ODD_VALUES: list[CellValue] = [
    None, "", " ", "text", " Bench", "bench", "Bench", "Leg", "Kit", "Frame", "=1+1", "*", "?", "5", "1,5", "2026-03-05",
    "Completed", "SOLD", "Finished", "Buy", "Phantom", "Subassembly", "Input", "Physical count", "Sale", "Prorate",
    "Purchase and sale", "Completion and sale", "Expense, then adjust to count", "Carry forward", "JPY", "KWD", "€",
    "x" * 40_000, "\U0001f642", "_x0007_", "line\nbreak", 0, -0.0, 1, -1, 0.05, 0.999999, 1.5, 1e15, 1e16, 1e300, -1e300, 5e-324,
    0.1 + 0.2, 123456789.123456, 46_100, 46_081.75, 2_958_466, -5, True, False, dt.date(2026, 3, 5), dt.date(2030, 1, 1),
    dt.date(1999, 12, 31), Error("#REF!"), Error("#N/A"), Formula("1+1"), Formula("1+1", 2.0), Formula('"x"', "x"),
]  # fmt: skip


BOOKS_PER_SEED = 10
COLUMNS = [(t.name, column) for t in schema.INPUT_TABLES for column in t.names]


def random_changes(seed: int) -> list[list[tuple[str, str, CellValue]]]:
    """For each of ten workbooks one to three cells, by table and column, and what is typed there.

    The columns are taken in one order drawn for all seeds, and the values in another: eight seeds type into every column,
    and every value, at least once.
    """
    order = random.Random(0)
    columns, values = order.sample(COLUMNS, len(COLUMNS)), order.sample(ODD_VALUES, len(ODD_VALUES))
    sizes = [(1, 1, 2, 3)[n % 4] for n in range((seed + 1) * BOOKS_PER_SEED)]
    starts = [sum(sizes[:n]) for n in range(len(sizes))]
    return [
        [(*columns[k % len(columns)], values[k % len(values)]) for k in range(start, start + size)]
        for start, size in list(zip(starts, sizes, strict=True))[-BOOKS_PER_SEED:]
    ]


SEEDS = range(20 if FULL else 8)


def test_random_changes_reach_every_input_column_with_every_value() -> None:
    typed = [change for seed in range(8) for changes in random_changes(seed) for change in changes]
    assert {(table, column) for table, column, _ in typed} == set(COLUMNS)
    assert {repr(value) for *_, value in typed} == {repr(value) for value in ODD_VALUES}
    assert len(set(map(repr, typed))) == len(typed)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_changes_of_input_cells_end_in_findings_or_in_books_that_balance(book: Path, seed: int) -> None:
    """Ten changed workbooks of each seed, each with one to three changed cells."""
    runs(book)
    clean, draw = book.read_bytes(), random.Random(seed)
    for changes in random_changes(seed):
        book.write_bytes(clean)
        parts, typed = Parts(book), []
        for table, column, value in changes:
            place = parts.tables()[table]
            typed.append((parts.where(table, column, draw.randrange(place.bottom - place.top)), value))
            parts.put(*typed[-1])
        before = Parts(parts.save(book))
        result = cli("run", book, "--json")
        assert result.code in (0, 1), (typed, result)
        assert result.err == "", (typed, result)
        if result.code == 1:
            assert any(f["severity"] == "Error" for f in result.json["findings"])
            journal = before.part_of("Journal")
            assert but_for_status(Parts(book)[journal]) == but_for_status(before[journal])
        else:
            assert result.json["debits"] == result.json["credits"]
            assert result.json["checks"]["failed"] == 0, (typed, result.json)


def test_a_row_with_nothing_but_the_users_own_column_is_blank() -> None:
    """A column of the user may be filled down an empty table; below the table the same is content that is not read."""
    columns = ("Checked by", "Item", "Opening qty", "Counted qty", "Note")
    table = TablePart("Stock", "Stock", "", 1, 6, 9, columns)
    rows = [["Ann", "", "", "", ""], ["Ann", "Brass", 3.0, "", ""], ["Bob", "", "", "", ""], ["Eve", "", "", "", ""]]
    source = contract.filled(table, rows)
    assert (source.rows, source.row_numbers) == ([rows[1]], [8])
    assert source.below == ["Stock!A10"]


def test_a_large_sheet_of_formulas_is_read_in_no_time(tmp_path: Path) -> None:
    """40,000 formulas, as on Build-up of a real company. Searching the whole sheet for each of them takes minutes."""
    xml = "".join(f'<row r="{r}"><c r="A{r}"><f>B{r}&amp;"{"x" * 60}"</f><v>1</v></c></row>' for r in range(8, 40_008))
    parts = Parts(sample_book(tmp_path / "widgets.xlsm"))
    part = parts.part_of("Buildup")
    parts[part] = parts[part].decode().replace("</sheetData>", f"{xml}</sheetData>")
    stretch(parts, "Buildup", 40_007)
    parts.save(tmp_path / "large.xlsm")
    with FileBook(tmp_path / "large.xlsm") as book:
        before = time.process_time()
        assert len(book.table("Buildup").rows) == 40_000
        assert time.process_time() - before < 5
