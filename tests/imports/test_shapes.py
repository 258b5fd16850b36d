"""Files as other systems write them: each is imported with what has to be said once, and then again without a word.

What a file must give is written beside it, worked out by hand. The control total is that of the lines in the file itself.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pandas as pd
import pytest
from support_files import cli

import xlbackflush
from xlbackflush.template.build import build

APRIL = dt.date(2026, 4, 1), dt.date(2026, 4, 30)
ITEMS = (
    "Item,Type,UoM\nWIDGET,Finished,pcs\nGADGET,Finished,pcs\nFRAME,Subassembly,pcs\n"
    "BOLT,Buy,pcs\nNUT,Buy,pcs\n00123,Buy,pcs\n"
)


class Shape(NamedTuple):
    """A file: its name and content, what has to be said the first time, and the cells that it gives in some columns."""

    file: str
    content: str | bytes
    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    said: tuple[str, ...] = ()
    note: str = ""


def day(number: int, month: int = 4) -> dt.date:
    return dt.date(2026, month, number)


COUNT = ("Date", "Document", "Event", "Item", "Quantity")
BILL = ("Parent", "Component", "Qty per")

SHAPES = [
    Shape(
        "mb51_2026-04.csv",
        "Buchungsdatum;Materialbeleg;BwA;Material;Menge in ErfassungsME;ME\n"
        "05.04.2026;4900001;101;WIDGET;1.200;ST\n06.04.2026;4900002;601;WIDGET;1.100,00-;ST\n"
        "07.04.2026;4900003;561;BOLT;30,00;ST\n",
        "Counts", COUNT,
        [(day(5), "4900001", "Completed", "WIDGET", 1200), (day(6), "4900002", "Sold", "WIDGET", 1100)],
        ("--only", "BwA=101,601"),
        "BwA: 561 (1)",
    ),
    Shape(
        "reversals.csv",
        "Posting Date,Material Document,Movement Type,Material,Quantity\n"
        "2026-04-05,49,101,WIDGET,50\n2026-04-05,50,102,WIDGET,20-\n2026-04-06,51,601,GADGET,7-\n2026-04-06,52,602,GADGET,2\n",
        "Counts", ("Document", "Event", "Quantity"),
        [("49", "Completed", 50), ("50", "Completed", -20), ("51", "Sold", 7), ("52", "Sold", -2)],
    ),
    Shape(
        "oracle_transactions.txt",
        "Transaction Date\tTransaction Type\tItem\tTransaction ID\tQuantity\n"
        "05-APR-2026\tWIP Completion\tWIDGET\t901\t12\n06-APR-2026\tSales order issue\tWIDGET\t902\t-5\n",
        "Counts", COUNT,
        [(day(5), "901", "Completed", "WIDGET", 12), (day(6), "902", "Sold", "WIDGET", 5)],
    ),
    Shape(
        "item_ledger.csv",
        "Posting Date,Entry Type,Document No.,Item No.,Quantity\n4/13/2026,Output,B1,WIDGET,3\n4/5/2026,Sale,B2,GADGET,-2\n",
        "Counts", COUNT,
        [(day(13), "B1", "Completed", "WIDGET", 3), (day(5), "B2", "Sold", "GADGET", 2)],
    ),
    Shape(
        "production log.csv",
        "Date,Item,Good qty\n2026-04-05,WIDGET,10\n2026-04-05,WIDGET,10\n2026-04-06,GADGET,4\n",
        "Counts", ("Date", "Event", "Item", "Quantity"),
        [(day(5), "Completed", "WIDGET", 10), (day(5), "Completed", "WIDGET", 10), (day(6), "Completed", "GADGET", 4)],
        ("--set", "Event=Completed"),
        "given numbers that stay the same",
    ),
    Shape(
        "several periods.csv",
        "Date,Document,Event,Item,Quantity\n2026-03-31,A1,Sold,WIDGET,1\n2026-04-01,A2,Sold,WIDGET,2\n"
        "2026-04-30,A3,Sold,WIDGET,3\n2026-05-01,A4,Sold,WIDGET,4\n2026-05-02,A5,Sold,WIDGET,5\n",
        "Counts", ("Document", "Quantity"),
        [("A2", 2), ("A3", 3)],
        (),
        "3 rows: another period: 2026-03 (1) and 2026-05 (2), Quantity 10",
    ),
    Shape(
        "counts with totals.csv",
        "Date,Document,Event,Item,Quantity\n2026-04-05,A1,Sold,WIDGET,10\n2026-04-05,A2,Sold,WIDGET,20\nTotal,,,,30\n,,,,30\n",
        "Counts", ("Document", "Quantity"),
        [("A1", 10), ("A2", 20)],
        (),
        "2 rows: total rows",
    ),
    Shape(
        "quotes & entities.csv",
        'Date;Document;Event;Item;Quantity;Note\n2026-04-05;A1;Sold;WIDGET;10;"12" pipe\n'
        "2026-04-06;A2;Sold;WIDGET;20;Nuts &amp; bolts\n2026-04-07;A3;Sold;WIDGET;30;plain\n",
        "Counts", ("Document", "Quantity", "Note"),
        [("A1", 10, "12 pipe"), ("A2", 20, "Nuts & bolts"), ("A3", 30, "plain")],
    ),
    Shape(
        "utf16 dates.csv",
        "Date\tDocument\tEvent\tItem\tQuantity\n"
        "Apr 5, 2026\tÄ1\tSold\tWIDGET\t10\n20260406\tÄ2\tSold\tWIDGET\t20\n".encode("utf-16"),
        "Counts", ("Date", "Document", "Quantity"),
        [(day(5), "Ä1", 10), (day(6), "Ä2", 20)],
    ),
    Shape(
        "Zählung.csv",
        "Datum;Beleg;Vorgang;Artikelnummer;Stückzahl\n05.04.26;Ä1;Verkauf;WIDGET;10\n".encode("cp1252"),
        "Counts", COUNT,
        [(day(5), "Ä1", "Sold", "WIDGET", 10)],
    ),
    Shape(
        "leading zeros.csv",
        "Date,Document,Item,Quantity,Unit price\n2026-04-05,P1,123,10,1.50\n2026-04-05,P2,000000000000000123,20,1.50\n",
        "Purchases", ("Item", "Quantity", "Actual price"),
        [("00123", 10, 1.5), ("00123", 20, 1.5)],
        (),
        "Leading zeros as on Standard Cost",
    ),
    Shape(
        "odoo receipts.csv",
        "Date,Reference,Product/Internal Reference,Quantity,Price Unit\n2026-04-05 10:30:00,WH/IN/1,BOLT,100.0,0.25\n",
        "Purchases", ("Date", "Document", "Item", "Quantity", "Actual price"),
        [(day(5), "WH/IN/1", "BOLT", 100, 0.25)],
    ),
    Shape(
        "me2n.csv",
        "Einkaufsbeleg;Lieferdatum;Material;Menge;Nettopreis;Preiseinheit;Währung\n"
        "4500001;05.04.2026;BOLT;10.000;25,00;1.000;USD\n4500002;06.04.2026;NUT;500;3,00;100;USD\n",
        "Purchases", ("Document", "Quantity", "Actual price", "Price per"),
        [("4500001", 10000, 25, 1000), ("4500002", 500, 3, 100)],
        (),
        "Price per = Preiseinheit",
    ),
    Shape(
        "me2n with values only.csv",
        "Einkaufsbeleg;Lieferdatum;Material;Menge;Preiseinheit;Nettowert\n"
        "4500001;05.04.2026;BOLT;10.000;1.000;250,00\n4500002;06.04.2026;NUT;500;;15,00\n",
        "Purchases", ("Document", "Quantity", "Actual price", "Price per"),
        [("4500001", 10000, 25, 1000), ("4500002", 500, 0.03, None)],
        (),
        'Actual price is "Nettowert" divided by the quantity, per Price per',
    ),
    Shape(
        "quickbooks bills.csv",
        "Date,Num,Product/Service,Qty,Amount\n04/15/2026,B7,BOLT,200,50.00\n04/16/2026,B8,NUT,400,20.00\n",
        "Purchases", ("Document", "Quantity", "Actual price"),
        [("B7", 200, 0.25), ("B8", 400, 0.05)],
        (),
        "divided by the quantity",
    ),
    Shape(
        "price list.csv",
        "Item;Description;Type;Price\nBOLT;Bolt M8;Raw material;$ 12.50 / 100\nNUT;Nut;Raw material;$ 3.00\n"
        "WIDGET;Widget;FERT;99\n",
        "StandardCost", ("Item", "Type", "Material price", "Price per"),
        [("BOLT", "Buy", 12.5, 100), ("NUT", "Buy", 3.0, None), ("WIDGET", "Finished", None, None)],
        (),
        "Material price of 1 made item was left out",
    ),
    Shape(
        "item master.csv",
        "Item No.,Description,Item Category Code,Standard Cost\n1000,Plate,METAL,2.5\n1001,Table,FURN,0\n",
        "StandardCost", ("Item", "Type", "Material price"),
        [("1000", "Buy", 2.5), ("1001", "Finished", 0)],
        ("--map", "METAL=Buy", "--map", "FURN=Finished"),
    ),
    Shape(
        "indented bill.csv",
        "Level,Item,Quantity\n0,WIDGET,1\n1,FRAME,2\n2,BOLT,4\n2,NUT,4\n1,BOLT,6\n0,GADGET,1\n1,FRAME,1\n2,BOLT,4\n2,NUT,4\n",
        "BOM", BILL,
        [("WIDGET", "FRAME", 2), ("FRAME", "BOLT", 4), ("FRAME", "NUT", 4), ("WIDGET", "BOLT", 6), ("GADGET", "FRAME", 1)],
        ("--map", "Item=Component"),
        "2 rows: lines of a subassembly that are listed again, Qty per 8",
    ),
    Shape(
        "cs12.csv",
        "Material: WIDGET\n\nStufe;Komponentennummer;Komponentenmenge;Ausschuß in %\n.1;FRAME;2;0\n..2;BOLT;4;5\n.1;NUT;6;2,5\n",
        "BOM", (*BILL, "Scrap %"),
        [("WIDGET", "FRAME", 2, 0), ("FRAME", "BOLT", 4, 0.05), ("WIDGET", "NUT", 6, 0.025)],
    ),
    Shape(
        "indented by spaces.csv",
        "Component,Qty per\nWIDGET,1\n  FRAME,2\n    BOLT,4\n    00123,4\n  BOLT,6\n",
        "BOM", BILL,
        [("WIDGET", "FRAME", 2), ("FRAME", "BOLT", 4), ("FRAME", "00123", 4), ("WIDGET", "BOLT", 6)],
    ),
    Shape(
        "paths.csv",
        "BOM Path,Part Number,Qty\n1,WIDGET,1\n1.1,FRAME,2\n1.1.1,BOLT,4\n1.1.2,NUT,4\n1.2,BOLT,6\n",
        "BOM", BILL,
        [("WIDGET", "FRAME", 2), ("FRAME", "BOLT", 4), ("FRAME", "NUT", 4), ("WIDGET", "BOLT", 6)],
    ),
    Shape(
        "pcb parts.csv",
        "Reference Designators,Part Number,Value\n\"R1, R2, R3\",BOLT,10k\nC1-C4,NUT,1u\n,00123,dnp\n",
        "BOM", BILL,
        [("GADGET", "BOLT", 3), ("GADGET", "NUT", 4)],
        ("--set", "Parent=GADGET"),
        "Qty per is the number of places",
    ),
    Shape(
        "pcb places.csv",
        "RefDes,Component,Quantity\nR1,BOLT,1\nR2,BOLT,1\nR3,NUT,1\n",
        "BOM", BILL,
        [("GADGET", "BOLT", 2), ("GADGET", "NUT", 1)],
        ("--set", "Parent=GADGET"),
        "added up to 2",
    ),
    Shape(
        "level 1 of FRAME.csv",
        "Assembly;FRAME\nDate printed;2026-04-01\nPos;Component;Qty per\n10;BOLT;4\n20;NUT;-\n30;;1\n40;00123;2\n",
        "BOM", BILL,
        [("FRAME", "BOLT", 4), ("FRAME", "00123", 2)],
        (),
        "no qty per (blank or -)",
    ),
    Shape(
        "base quantity.csv",
        "Parent,Component,Component quantity,Base quantity\nWIDGET,BOLT,400,100\nWIDGET,NUT,3,1\n",
        "BOM", ("Parent", "Component"),
        [("WIDGET", "BOLT"), ("WIDGET", "NUT")],
    ),
    Shape(
        "scrap factors.csv",
        "Parent,Component,Quantity,Scrap factor\nWIDGET,BOLT,4,1.15\nWIDGET,NUT,2,1\n",
        "BOM", (*BILL, "Scrap %"),
        [("WIDGET", "BOLT", 4, 0.15), ("WIDGET", "NUT", 2, 0)],
        (),
        "1.15 was read as 15 %",
    ),
    Shape(
        "erpnext bom.csv",
        "Item,Item Code,Qty,Stock UOM\nWIDGET,BOLT,4,Nos\n,NUT,2,Nos\nGADGET,NUT,1,Nos\n",
        "BOM", BILL,
        [("WIDGET", "BOLT", 4), ("WIDGET", "NUT", 2), ("GADGET", "NUT", 1)],
        ("--map", "Item=Parent", "--map", "Item Code=Component", "--form", "Parent=fill down"),
        "filled down in 1 row",
    ),
    Shape(
        "katana recipes.csv",
        "Product variant code / SKU,Ingredient variant code / SKU,Ingredient quantity\nWIDGET,BOLT,4\n",
        "BOM", BILL,
        [("WIDGET", "BOLT", 4)],
        ("--map", "Product variant code / SKU=Parent"),
    ),
    Shape(
        "payroll.csv",
        "Date,Pay type,Hours,Gross pay\n2026-04-15,Wages,160,\"4,000.00\"\n2026-04-30,Wages,152.5,\"3,812.50\"\n",
        "Actuals", ("Date", "Cost type", "Hours", "Amount"),
        [(day(15), "Labor", 160, 4000), (day(30), "Labor", 152.5, 3812.5)],
    ),
    Shape(
        "overhead.csv",
        "Belegdatum;Belegnummer;Kostenart;Betrag\n30.04.2026;77;Miete;2.500,00\n30.04.2026;78;Strom;810,50\n",
        "Actuals", ("Document", "Cost type", "Amount"),
        [("77", "Fixed overhead", 2500), ("78", "Variable overhead", 810.5)],
    ),
    Shape(
        "scrap report.csv",
        "Date,Reference,Item,Scrap qty,Reason code\n2026-04-09,S1,BOLT,12,bent\n",
        "Scrap", ("Document", "Item", "Quantity", "Stage", "Kind", "Reason"),
        [("S1", "BOLT", 12, "Component", "Normal", "bent")],
        ("--set", "Stage=Component", "--set", "Kind=Normal"),
    ),
    Shape(
        "stock take.csv",
        "Item,Location,Counted qty\nBOLT,A,100\nBOLT,B,50\nNUT,A,0\n",
        "Stock", ("Item", "Counted qty"),
        [("BOLT", 150), ("NUT", 0)],
        (),
        "added up to 2",
    ),
    Shape(
        "grams.csv",
        "Date,Document,Item,Quantity (g),Price\n2026-04-05,P1,BOLT,2500,9\n",
        "Purchases", ("Quantity", "Actual price"),
        [(2.5, 9)],
        ("--map", "Quantity (g) * 0.001=Quantity"),
    ),
    Shape(
        "without headings.csv",
        "2026-04-05|WIDGET|31|k\n2026-04-06|GADGET|8|k\n",
        "Counts", ("Date", "Event", "Item", "Quantity"),
        [(day(5), "Sold", "WIDGET", 31), (day(6), "Sold", "GADGET", 8)],
        ("--to", "Counts", "--set", "Event=Sold", "--map", "column C=Quantity"),
    ),
]  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """An empty workbook for April 2026 that knows some items."""
    path = tmp_path / "april.xlsx"
    build(path, APRIL)
    (tmp_path / "items.csv").write_text(ITEMS, encoding="utf-8")
    assert cli("import", path, tmp_path / "items.csv").code == 0
    return path


def cells(book: Path, table: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Cells of some columns of a table; dates as dates, blank ones as None."""
    frame = xlbackflush.tables(book)[table]
    return [
        tuple(
            None if pd.isna(cell) else cell.date() if isinstance(cell, pd.Timestamp) else cell
            for cell in (row[name] for name in columns)
        )
        for _, row in frame.iterrows()
    ]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.file)
def test_a_file_is_imported_and_the_second_time_without_a_word(shape: Shape, book: Path, tmp_path: Path) -> None:
    file = tmp_path / shape.file
    file.write_bytes(shape.content if isinstance(shape.content, bytes) else shape.content.encode())
    more = ("--replace",) if shape.table == "StandardCost" else ()
    first = cli("import", book, file, *shape.said, *more)
    assert first.code == 0, first.out
    assert shape.note in first.out, first.out
    assert cells(book, shape.table, shape.columns) == shape.rows
    again = cli("import", book, file, "--json")
    assert again.code == 0, again.out
    assert cells(book, shape.table, shape.columns) == shape.rows
    [of_file] = again.json["files"]
    left = sum(len(part["rows"]) for part in of_file["left_out"])
    assert of_file["taken"] == len(shape.rows)
    assert of_file["read"] >= of_file["taken"] + left


def test_every_shape_has_a_name_of_its_own() -> None:
    assert len({shape.file for shape in SHAPES}) == len(SHAPES) >= 30


def test_a_base_quantity_is_per_or_divides(book: Path, tmp_path: Path) -> None:
    file = tmp_path / "base.csv"
    file.write_text("Parent,Component,Component quantity,Base quantity\nWIDGET,BOLT,400,100\n", encoding="utf-8")
    assert cli("import", book, file).code == 0
    [row] = xlbackflush.tables(book)["BOM"].to_dict("records")
    assert row["Qty per"] / (row.get("Per") or 1) == 4


def test_line_totals_are_those_of_prices_per_so_many(book: Path, tmp_path: Path) -> None:
    head = (
        "Date,Document,Item,Quantity,Net price,Price unit quantity,Line total\n2026-04-05,P1,BOLT,10000,25,1000,250\n"
    )
    file = tmp_path / "receipts.csv"
    for second, what in (("0.03,,15", ""), ("3,,15", "500 x 3 is not 15."), ("3,10,15", "500 x 3 / 10 is not 15.")):
        file.write_text(f"{head}2026-04-06,P2,NUT,500,{second}\n", encoding="utf-8")
        result = cli("import", book, file, "--replace")
        assert result.code == 0, result.out
        assert ("Warning" in result.out) == bool(what), result.out
        assert not what or f"1 row with a line total that is not quantity x price: {what}" in result.out


def test_codes_that_are_numbers_on_a_sheet_are_those_of_the_workbook(book: Path, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Date", "Document", "Item", "Quantity", "Unit price"])
    sheet.append([dt.datetime(2026, 4, 5), 4711, 123, 10, 1.5])
    file = tmp_path / "receipts.xlsx"
    workbook.save(file)
    assert cli("import", book, file).code == 0
    assert cells(book, "Purchases", ("Date", "Document", "Item", "Quantity")) == [(day(5), "4711", "00123", 10)]


def open_document(rows: list[list[str | float]]) -> bytes:
    """The fewest parts of an OpenDocument spreadsheet."""

    def cell(value: str | float) -> str:
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<office:document-content{names} office:version="1.2"><office:body><office:spreadsheet><table:table table:name="One">'
        f"{body}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return stream.getvalue()


def test_an_open_document_is_read(book: Path, tmp_path: Path) -> None:
    file = tmp_path / "stock.ods"
    file.write_bytes(open_document([["Item", "Counted qty"], ["BOLT", 7], ["NUT", 9]]))
    assert cli("import", book, file).code == 0
    assert cells(book, "Stock", ("Item", "Counted qty")) == [("BOLT", 7), ("NUT", 9)]
