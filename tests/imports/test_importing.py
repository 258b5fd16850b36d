"""What an import does to a workbook: rows that come and go, what is remembered, what is refused, and what takes it back."""

from __future__ import annotations

import datetime as dt
import random
import re
import zipfile
from pathlib import Path

import pytest
from support_files import Parts, bench_book, cli
from test_shapes import APRIL, ITEMS, cells

import xlbackflush
from xlbackflush import schema
from xlbackflush.imports.bills import places_in
from xlbackflush.imports.cells import as_shares
from xlbackflush.imports.csv_text import decoded, delimiter_of, lines_of
from xlbackflush.imports.mapping import pattern
from xlbackflush.imports.names import plain
from xlbackflush.template.build import build

COUNTS = "Date,Document,Event,Item,Quantity\n2026-04-05,A1,Completed,WIDGET,10\n2026-04-06,A2,Sold,WIDGET,4\n"
MORE = "Date,Document,Event,Item,Quantity\n2026-04-06,A2,Sold,WIDGET,4\n2026-04-07,A3,Sold,WIDGET,3\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """An empty workbook for April 2026 that knows some items."""
    path = tmp_path / "april.xlsx"
    build(path, APRIL)
    write(tmp_path, "items.csv", ITEMS)
    assert cli("import", path, tmp_path / "items.csv").code == 0
    return path


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def documents(book: Path) -> list[str]:
    return [document for (document,) in cells(book, "Counts", ("Document",))]


# -------------------------------------------------------------------------------------- which rows stay


def test_rows_that_a_file_gave_make_way_for_those_of_the_next_one(book: Path, tmp_path: Path) -> None:
    assert cli("import", book, write(tmp_path, "counts_04-10.csv", COUNTS)).code == 0
    assert cli("import", book, write(tmp_path, "counts_04-20.csv", MORE)).code == 0
    assert documents(book) == ["A2", "A3"]


def test_rows_that_somebody_typed_are_asked_about(book: Path, tmp_path: Path) -> None:
    parts = Parts(book)
    parts.put_all("Counts", {"A7": 46117, "B7": "T1", "C7": "Sold", "D7": "WIDGET", "E7": 2})
    parts.save(book)
    before = book.read_bytes()
    file = write(tmp_path, "counts.csv", COUNTS)
    asked = cli("import", book, file, "--json")
    assert asked.code == 1
    [finding] = asked.json["findings"]
    assert finding["where"] == "Counts!A7"
    assert "1 row that did not come from this file" in finding["what"]
    assert "--replace" in finding["fix"] and "--append" in finding["fix"]
    assert book.read_bytes() == before
    assert cli("import", book, file, "--append").code == 0
    assert documents(book) == ["T1", "A1", "A2"]
    assert cli("import", book, file, "--replace").code == 0
    assert documents(book) == ["A1", "A2"]


def test_rows_that_are_there_already_are_not_added_again(book: Path, tmp_path: Path) -> None:
    cli("import", book, write(tmp_path, "counts.csv", COUNTS))
    added = cli("import", book, write(tmp_path, "more.csv", MORE), "--append")
    assert added.code == 0
    assert "1 row: already there, alike in every column, Quantity 4" in added.out
    assert documents(book) == ["A1", "A2", "A3"]


def test_the_same_file_is_noticed(book: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "counts.csv", COUNTS)
    cli("import", book, file)
    again = cli("import", book, file, "--append", "--json")
    assert again.code == 1
    assert "counts.csv was imported on " in again.json["findings"][0]["what"]
    replaced = cli("import", book, file)
    assert replaced.code == 0 and "is the file that was imported on" in replaced.out
    assert documents(book) == ["A1", "A2"]


def test_numbers_given_to_rows_stay_the_same(book: Path, tmp_path: Path) -> None:
    log = "Date,Item,Good qty\n2026-04-05,WIDGET,10\n2026-04-05,WIDGET,10\n"
    said = "--set", "Event=Completed", "--to", "Counts"
    assert cli("import", book, write(tmp_path, "log.csv", log), *said).code == 0
    first = documents(book)
    longer = write(tmp_path, "log.csv", log + "2026-04-04,GADGET,5\n")
    assert cli("import", book, longer, "--append").code == 0
    assert documents(book)[:2] == first and len(set(documents(book))) == 3


def test_a_folder_is_one_command(book: Path, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    write(exports, "counts_1.csv", COUNTS)
    write(exports, "counts_2.csv", MORE)
    write(exports, "stock.csv", "Item,Counted qty\nBOLT,7\n")
    write(exports, "readme.txt", "hello\nworld\n")
    result = cli("import", book, exports)
    assert result.code == 0, result.out
    assert documents(book) == ["A1", "A2", "A3"]
    assert "readme.txt fits no table" in result.out
    assert cells(book, "Stock", ("Item", "Counted qty")) == [("BOLT", 7)]
    (exports / "counts_2.csv").unlink()
    (exports / "stock.csv").unlink()
    assert "Import Map" not in cli("import", book, exports).out.replace("as Import Map says", "")
    assert documents(book) == ["A1", "A2"]


# ------------------------------------------------------------------------------------- what is remembered


def test_a_column_that_was_renamed_is_a_finding(book: Path, tmp_path: Path) -> None:
    cli(
        "import",
        book,
        write(tmp_path, "counts.csv", COUNTS.replace("Quantity", "Menge gut")),
        "--map",
        "Menge gut=Quantity",
    )
    renamed = cli("import", book, write(tmp_path, "counts.csv", COUNTS.replace("Quantity", "Menge Gut!")), "--json")
    assert renamed.code == 0  # small letters and punctuation are no other name
    renamed = cli("import", book, write(tmp_path, "counts.csv", COUNTS.replace("Quantity", "Gutmenge")), "--json")
    assert renamed.code == 1
    [finding] = renamed.json["findings"]
    assert finding["where"] == "counts.csv!A1"
    assert 'no column "Menge gut", which Import Map takes for Quantity. It has "Gutmenge".' in finding["what"]
    assert '--map "Gutmenge=Quantity"' in finding["fix"]
    assert cli("import", book, tmp_path / "counts.csv", "--map", "Gutmenge=Quantity").code == 0
    assert cli("import", book, tmp_path / "counts.csv").code == 0


def test_the_map_can_be_edited(book: Path, tmp_path: Path) -> None:
    moves = "Date,Document,Movement type,Item,Quantity\n2026-04-05,A1,Z1,WIDGET,10\n2026-04-06,A2,Z2,WIDGET,4\n"
    file = write(tmp_path, "moves.csv", moves)
    asked = cli("import", book, file, "--json")
    assert asked.code == 1
    assert '"Z1" (1 row) and "Z2" (1 row)' in asked.json["findings"][0]["what"]
    assert cli("import", book, file, "--map", "Z1=Completed", "--map", "Z2=Sold").code == 0
    rows = xlbackflush.tables(book)["ImportMap"]
    [words] = rows[rows["Column"] == "Event"].to_dict("records")
    assert words["Values"] == "Z1 = Completed; Z2 = Sold" and words["Source"] == "moves.csv"
    [row] = rows.index[rows["Column"] == "Event"]
    parts = Parts(book)
    parts.put_all("Import Map", {f"G{row}": "Z1 = Completed; * = leave out"})
    parts.save(book)
    edited = cli("import", book, file)
    assert edited.code == 0 and 'Movement type "Z2", Quantity 4' in edited.out
    assert documents(book) == ["A1"]


def test_what_can_be_read_in_two_ways_is_asked_once(book: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "counts.csv", COUNTS.replace("2026-04-05", "04/05/2026").replace("2026-04-06", "04/06/2026"))
    asked = cli("import", book, file, "--json")
    assert asked.code == 1
    assert '--form "Date=day first" or --form "Date=month first"' in asked.json["findings"][0]["fix"]
    assert cli("import", book, file, "--form", "Date=month first").code == 0
    assert cli("import", book, file).code == 0
    assert [when for (when,) in cells(book, "Counts", ("Date",))] == [dt.date(2026, 4, 5), dt.date(2026, 4, 6)]


def test_a_lone_comma_is_read_as_the_rest_of_the_file_is(book: Path, tmp_path: Path) -> None:
    rows = "Date;Document;Item;Quantity;Unit price\n2026-04-05;P1;BOLT;1.234;1,50\n2026-04-06;P2;BOLT;2.000;1,25\n"
    assert cli("import", book, write(tmp_path, "receipts.csv", rows)).code == 0
    assert cells(book, "Purchases", ("Quantity", "Actual price")) == [(1234, 1.5), (2000, 1.25)]


def test_the_next_period_knows_the_map(tmp_path: Path) -> None:
    book = bench_book(tmp_path / "book.xlsx")
    item = xlbackflush.tables(book)["Stock"]["Item"].iloc[0]
    file = write(tmp_path, "stock.csv", f"Artikel,Opening qty,Counted qty\n{item},3,7\n")
    assert cli("import", book, file, "--replace").code == 0
    assert cli("run", book).code == 0
    assert cli("post", book, "--approved-by", "Jones").code == 0
    following = tmp_path / "next.xlsx"
    assert cli("roll", book, following).code == 0
    assert xlbackflush.tables(following)["ImportMap"]["Source column"].tolist() == [
        "Artikel",
        "Opening qty",
        "Counted qty",
    ]
    assert xlbackflush.tables(following)["Imports"].empty


# --------------------------------------------------------------------------------------- what is taken back


def test_restore_takes_an_import_back(book: Path, tmp_path: Path) -> None:
    cli("import", book, write(tmp_path, "counts.csv", COUNTS))
    cli("import", book, write(tmp_path, "counts.csv", MORE))
    assert documents(book) == ["A2", "A3"]
    cli("check", book)
    restored = cli("restore", book)
    assert restored.code == 0 and "Counts as before the last import" in restored.out
    assert documents(book) == ["A1", "A2"]
    assert cli("restore", book).code == 0
    assert documents(book) == []


def test_a_run_is_taken_back_before_the_import_before_it(tmp_path: Path) -> None:
    book = bench_book(tmp_path / "book.xlsx")
    before = xlbackflush.tables(book)["Stock"]["Item"].tolist()
    item = before[0]
    assert cli("import", book, write(tmp_path, "stock.csv", f"Item,Counted qty\n{item},7\n"), "--replace").code == 0
    assert cli("run", book).code == 0
    assert "as before the first run" in cli("restore", book).out
    assert "Stock as before the last import" in cli("restore", book).out
    assert xlbackflush.tables(book)["Stock"]["Item"].tolist() == before


# ------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n \n;;\n", "is empty"),
        ("random.csv", random.Random(7).randbytes(5000), "neither a text file nor a workbook"),
        ("random.xlsx", b"PK\x03\x04" + random.Random(8).randbytes(5000), "no workbook that can be read"),
        ("old.xls", b"\xd0\xcf\x11\xe0" + random.Random(9).randbytes(5000), "no workbook that can be read"),
        ("letter.txt", b"Dear colleague, please find the counts in the attachment.\n", "fits no table"),
    ],
)
def test_a_file_that_is_none_is_one_plain_line(
    name: str, content: bytes, words: str, book: Path, tmp_path: Path
) -> None:
    before = book.read_bytes()
    (tmp_path / name).write_bytes(content)
    result = cli("import", book, tmp_path / name)
    assert result.code in (1, 2)
    assert words in result.out + result.err
    assert "fault of its own" not in result.err
    assert book.read_bytes() == before


def test_a_file_that_swells_is_refused(book: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 200_000_000)
    result = cli("import", book, bomb)
    assert result.code == 2 and "unpacks to 190 MB" in result.err


def test_a_missing_file_and_an_empty_folder(book: Path, tmp_path: Path) -> None:
    assert "does not exist" in cli("import", book, tmp_path / "none.csv").err
    (tmp_path / "nothing").mkdir()
    assert "There is no file to import" in cli("import", book, tmp_path / "nothing").err


@pytest.mark.parametrize("seed", range(12))
def test_no_bytes_end_in_a_fault(seed: int, book: Path, tmp_path: Path) -> None:
    """Counts with bytes changed, cut out and doubled: imported or refused, never a fault of its own."""
    rng = random.Random(seed)
    content = bytearray((COUNTS * 3).encode())
    for _ in range(rng.randint(1, 30)):
        at = rng.randrange(len(content))
        choice = rng.randrange(4)
        if choice == 0:
            content[at] = rng.choice(b'",;\t\n|&=-0\x00\xff\xe4')
        elif choice == 1:
            del content[at : at + rng.randint(1, 20)]
        elif choice == 2:
            content[at:at] = content[at : at + rng.randint(1, 40)]
        else:
            content[at:at] = rng.choice([b'"', b"&amp;", b"\r", b"\n\n", b"Total", "ß".encode()])
    (tmp_path / "counts.csv").write_bytes(bytes(content))
    result = cli("import", book, tmp_path / "counts.csv", "--to", "Counts")
    assert result.code in (0, 1, 2)
    assert "fault of its own" not in result.err and "Traceback" not in result.err


def test_cells_below_the_table_are_not_pushed_away(book: Path, tmp_path: Path) -> None:
    parts = Parts(book)
    parts.put_all("Counts", {"E20": 12})
    parts.save(book)
    before = book.read_bytes()
    many = COUNTS + "".join(f"2026-04-07,B{n},Sold,WIDGET,1\n" for n in range(20))
    result = cli("import", book, write(tmp_path, "counts.csv", many))
    assert result.code == 2 and "Counts!E20 stands below table Counts" in result.err
    assert book.read_bytes() == before


def test_cells_beside_the_table_stay(book: Path, tmp_path: Path) -> None:
    parts = Parts(book)
    parts.put_all("Counts", {"H8": "mine", "K40": 5})
    parts.save(book)
    many = COUNTS + "".join(f"2026-04-07,B{n},Sold,WIDGET,1\n" for n in range(50))
    assert cli("import", book, write(tmp_path, "counts.csv", many)).code == 0
    after = Parts(book).cells("Counts")
    assert after["H8"][0] == "mine" and after["K40"][0] == 5
    assert len(documents(book)) == 52


def with_query(book: Path) -> dict[str, bytes]:
    """Counts as Power Query loads it: a query table with its connection. Gives the parts that it has for it."""
    parts = Parts(book)
    table = parts.tables()["Counts"].part
    parts.edit(table, "<table ", '<table tableType="queryTable" ')
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    parts["xl/queryTables/queryTable1.xml"] = (
        f'<queryTable {main} name="ExternalData_1" connectionId="1" autoFormatId="16"><queryTableRefresh nextId="7">'
        '<queryTableFields count="1"><queryTableField id="1" name="Date" tableColumnId="1"/></queryTableFields>'
        "</queryTableRefresh></queryTable>"
    )
    parts["xl/connections.xml"] = (
        f'<connections {main}><connection id="1" name="Query - Counts" type="5" refreshedVersion="8"><dbPr '
        'connection="Provider=Microsoft.Mashup.OleDb.1" command="SELECT * FROM [Counts]"/></connection></connections>'
    )
    parts.relate(table, "queryTable", "../queryTables/queryTable1.xml")
    parts.relate("xl/workbook.xml", "connections", "connections.xml")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    parts.declare("xl/queryTables/queryTable1.xml", f"{kind}queryTable+xml")
    parts.declare("xl/connections.xml", f"{kind}connections+xml")
    parts.save(book)
    return {name: Parts(book)[name] for name in ("xl/queryTables/queryTable1.xml", "xl/connections.xml")}


def test_a_table_that_a_query_loads_survives_an_import_and_a_run(tmp_path: Path) -> None:
    book = bench_book(tmp_path / "book.xlsx")
    query = with_query(book)
    rows = "Date,Document,Event,Item,Quantity\n2026-03-05,A1,Sold,BENCH,1\n"
    assert cli("import", book, write(tmp_path, "counts.csv", rows), "--append").code == 0
    cli("run", book)
    after = Parts(book)
    assert {name: after[name] for name in query} == query
    assert b'tableType="queryTable"' in after[after.tables()["Counts"].part]
    assert documents(book)[-1] == "A1"


def test_text_never_becomes_a_formula(book: Path, tmp_path: Path) -> None:
    rows = 'Date,Document,Event,Item,Quantity,Note\n2026-04-05,A1,Sold,WIDGET,10,"=1+1"\n'
    assert cli("import", book, write(tmp_path, "counts.csv", rows)).code == 0
    assert cells(book, "Counts", ("Note",)) == [("=1+1",)]


def test_a_bill_that_is_listed_twice_and_not_alike_is_asked(book: Path, tmp_path: Path) -> None:
    rows = "Level,Component,Quantity\n0,WIDGET,1\n1,FRAME,2\n2,BOLT,4\n0,GADGET,1\n1,FRAME,1\n2,BOLT,5\n"
    result = cli("import", book, write(tmp_path, "bill.csv", rows), "--to", "BOM", "--json")
    assert result.code == 1
    assert "The bill of FRAME is listed more than once, and not alike" in result.json["findings"][0]["what"]


def test_a_bill_that_two_files_have_counts_once(book: Path, tmp_path: Path) -> None:
    one = write(tmp_path, "bill one.csv", "Level,Component,Quantity\n0,WIDGET,1\n1,FRAME,2\n2,BOLT,4\n")
    other = write(tmp_path, "bill two.csv", "Level,Component,Quantity\n0,GADGET,1\n1,FRAME,1\n2,BOLT,4\n")
    assert cli("import", book, one, other).code == 0
    assert cells(book, "BOM", ("Parent", "Component", "Qty per")) == [
        ("WIDGET", "FRAME", 2), ("FRAME", "BOLT", 4), ("GADGET", "FRAME", 1)
    ]  # fmt: skip
    write(tmp_path, "bill two.csv", "Level,Component,Quantity\n0,GADGET,1\n1,FRAME,1\n2,BOLT,5\n")
    unlike = cli("import", book, one, other, "--json")
    assert unlike.code == 1
    assert "The bill of FRAME is in bill one.csv and bill two.csv, and not alike." in unlike.json["findings"][0]["what"]


def test_rows_alike_in_a_file_stay_and_are_noted(book: Path, tmp_path: Path) -> None:
    result = cli("import", book, write(tmp_path, "counts.csv", COUNTS + COUNTS.splitlines()[1] + "\n"))
    assert result.code == 0 and "1 row of the file is alike in every column to another one." in result.out
    assert documents(book) == ["A1", "A2", "A1"]


def test_a_total_that_its_rows_do_not_give_is_a_warning(book: Path, tmp_path: Path) -> None:
    result = cli("import", book, write(tmp_path, "counts.csv", COUNTS + "Total,,,,25\n"))
    assert result.code == 0
    assert "The total states 25; the rows above it add up to 14." in result.out


def test_line_totals_say_that_a_price_is_for_a_pack(book: Path, tmp_path: Path) -> None:
    rows = "Date,Document,Item,Quantity,Unit price,Line total\n2026-04-05,P1,BOLT,200,12.50,25.00\n"
    result = cli("import", book, write(tmp_path, "receipts.csv", rows))
    assert result.code == 0 and "200 x 12.5 is not 25." in result.out


def test_what_is_said_for_one_file_is_not_asked_of_another(book: Path, tmp_path: Path) -> None:
    counts, stock = (
        write(tmp_path, "counts.csv", COUNTS.replace("Quantity", "Gut")),
        write(tmp_path, "stock.csv", "Item,Count\nNUT,3\n"),
    )
    assert cli("import", book, counts, stock, "--map", "Gut=Quantity").code == 0
    assert documents(book) == ["A1", "A2"]
    vain = cli("import", book, counts, stock, "--map", "Good=Quantity", "--json")
    assert vain.code == 1
    assert 'no column "Good", which the command takes for Quantity' in vain.json["findings"][0]["what"]


def test_a_workbook_of_ours_in_a_folder_is_left_alone(book: Path, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    write(exports, "counts.csv", COUNTS)
    bench_book(exports / "march.xlsx")
    result = cli("import", book, exports)
    assert result.code == 0 and "march.xlsx is a backflush workbook; it was left alone." in result.out


@pytest.mark.parametrize(
    ("values", "heading", "below_one", "shares"),
    [
        ([1.15, 1], "Scrap factor", True, [0.15, 0]),
        ([1.15], "Scrap", True, [0.15]),
        ([1.5, 1.2], "Ausschuss in %", True, [0.015, 0.012]),
        ([5, 2.5], "Scrap", True, [0.05, 0.025]),
        ([0.05, 0.1], "Scrap %", True, [0.05, 0.1]),
        ([0.5, 1], "Material %", False, [0.5, 1]),
        ([50, 100], "Material %", False, [0.5, 1]),
    ],
)
def test_factors_and_percentages(values: list[float], heading: str, below_one: bool, shares: list[float]) -> None:
    less, times, _ = as_shares(values, heading, below_one)
    assert [round((value - less) * times, 12) for value in values] == shares


def test_the_parent_above_the_headings_is_that_of_each_file(book: Path, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    write(exports, "bom_1.csv", "Assembly,FRAME\nComponent,Qty per\nBOLT,4\n")
    write(exports, "bom_2.csv", "Assembly,WIDGET\nComponent,Qty per\nFRAME,2\n")
    for _ in range(2):
        assert cli("import", book, exports).code == 0
        assert cells(book, "BOM", ("Parent", "Component", "Qty per")) == [("FRAME", "BOLT", 4), ("WIDGET", "FRAME", 2)]


def test_files_of_one_pattern_may_go_to_several_tables(book: Path, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    write(exports, "export 1.csv", COUNTS)
    write(exports, "export 2.csv", "Item,Counted qty\nNUT,3\n")
    for _ in range(2):
        assert cli("import", book, exports).code == 0
        assert documents(book) == ["A1", "A2"]
        assert cells(book, "Stock", ("Item", "Counted qty")) == [("NUT", 3)]


def test_prices_in_another_currency_are_refused(book: Path, tmp_path: Path) -> None:
    rows = "Date,Document,Item,Quantity,Unit price,Currency\n2026-04-05,P1,BOLT,1,2,EUR\n"
    result = cli("import", book, write(tmp_path, "receipts.csv", rows), "--json")
    assert result.code == 1
    assert "The currency of 1 row is EUR; that of the workbook is USD." in result.json["findings"][0]["what"]


def test_check_writes_nothing(book: Path, tmp_path: Path) -> None:
    before = book.read_bytes()
    result = cli("import", book, write(tmp_path, "counts.csv", COUNTS), "--check")
    assert result.code == 0 and "2 rows would be written, Quantity 14" in result.out
    assert book.read_bytes() == before


def without_import_map(book: Path) -> Path:
    """The workbook as an earlier version left it, which had no such sheet."""
    parts = Parts(book)
    number = list(parts.sheets()).index("Import Map") + 1
    part = parts.sheets()["Import Map"]
    tables = [parts.tables()[name].part for name in ("ImportMap", "Imports")]
    gone = [part, part.replace("worksheets/", "worksheets/_rels/") + ".rels", *tables]
    for name in gone:
        del parts.content[name]
    xml = parts["xl/workbook.xml"].decode()
    xml = re.sub(r'<sheet name="Import Map"[^>]*/>', "", xml)
    xml = re.sub(rf'<definedName [^>]*localSheetId="{number - 1}"[^>]*>[^<]*</definedName>', "", xml)
    xml = re.sub(r'localSheetId="(\d+)"', lambda m: f'localSheetId="{int(m[1]) - (int(m[1]) >= number)}"', xml)
    xml = xml.replace(f">{schema.SCHEMA_VERSION}</definedName>", ">3</definedName>")
    parts["xl/workbook.xml"] = xml
    types = parts["[Content_Types].xml"].decode()
    parts["[Content_Types].xml"] = re.sub(rf'<Override PartName="/({"|".join(gone)})"[^>]*/>', "", types)
    links = parts["xl/_rels/workbook.xml.rels"].decode()
    parts["xl/_rels/workbook.xml.rels"] = re.sub(rf'<Relationship [^>]*Target="{part[3:]}"[^>]*/>', "", links)
    return parts.save(book)


def test_a_workbook_of_an_earlier_version_gets_the_sheet_by_an_upgrade(book: Path, tmp_path: Path) -> None:
    without_import_map(book)
    file = write(tmp_path, "counts.csv", COUNTS)
    asked = cli("import", book, file)
    assert asked.code == 2 and "has no sheet Import Map. To have it added: xlbackflush upgrade april.xlsx" in asked.err
    upgraded = cli("upgrade", book)
    assert upgraded.code == 0, upgraded.err
    assert (
        "sheet Import Map with table ImportMap" in upgraded.out
        and "sheet Import Map with table Imports" in upgraded.out
    )
    assert cli("import", book, file).code == 0
    assert documents(book) == ["A1", "A2"]
    assert cli("import", book, file).code == 0


# ------------------------------------------------------------------------------------------------- pieces


def test_delimiters_are_those_by_which_lines_are_alike() -> None:
    assert delimiter_of("a;b;c\n1,5;2,5;3,5\n2,5;3,5;4,5\n") == ";"
    assert delimiter_of("1,5;2,5;3,5\n2,5;3,5;4,5\n") == ";"
    assert delimiter_of('Item,Qty,Ref\nA,2,"R1; R2"\nB,3,R3\n') == ","
    assert delimiter_of("a\tb, c\td\n1\t2, 3\t4\n") == "\t"
    assert delimiter_of("a|b\n1|2\n") == "|"


def test_a_mark_that_does_not_close_costs_one_line() -> None:
    lines = lines_of('a;b;c\n1;"two\nlines";3\n"bad;5;6\n7;8;9\n')
    assert lines.rows == [["a", "b", "c"], ["1", "two lines", "3"], ["bad", "5", "6"], ["7", "8", "9"]]
    assert lines.numbers == [1, 2, 4, 5] and lines.broken == [4]


def test_encodings() -> None:
    text = "Stückzahl;ß\n1;2\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"):
        assert decoded(text.encode(encoding), "x.csv") == text, encoding


def test_entities_are_no_delimiters() -> None:
    assert lines_of("a;b\nx &amp; y &#8211; z;&quot;q&quot;\n").rows[1] == ["x & y \u2013 z", '"q"']


@pytest.mark.parametrize(
    ("text", "count"),
    [("R1, R2, R3", 3), ("R5-R8", 4), ("C1 C2;C3", 3), ("U1", 1), ("", 0), ("R1-3, R7", 4), ("D1..D4", 4)],
)
def test_places_of_a_part(text: str, count: int) -> None:
    assert places_in(text) == count


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("counts_2026-04.csv", "counts*.csv"), ("MB51 20260430 final.xlsx", "MB51*final.xlsx"), ("20260430.csv", "*.csv")],
)
def test_patterns_of_names(name: str, wanted: str) -> None:
    assert pattern(Path(name)) == wanted


def test_plain_names() -> None:
    assert plain("Stückzahl") == "stueckzahl" and plain("Scrap-%") == "scrap percent" and plain("Qty. per") == "qty per"
