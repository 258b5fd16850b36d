"""Values are read as the XML says, however it says it: the same as a second reader reads, or a finding, or a refusal.

Reading order: spellings of one value - what is no value - what is refused - shared texts - where cells stand - random
spellings - size.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import stored_cells
from openpyxl.utils import get_column_letter
from small_package import STRINGS, packed, parts, sheet_of
from support_files import HEAD, MAIN

from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml import plain_sheet, reader
from xlbackflush.ooxml.package import Package
from xlbackflush.ooxml.reader import SheetReader

FULL = os.environ.get("XLBACKFLUSH_FUZZ") == "full"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "small.xlsx"


def read(path: Path) -> dict[str, Any]:
    """The cells of sheet Data that are not blank, by address."""
    grid = SheetReader(Package(path)).grid("Data")
    return {f"{get_column_letter(c)}{r}": v for r, row in enumerate(grid, 1) for c, v in enumerate(row, 1) if v != ""}


def read_data(path: Path, data: str, strings: str = STRINGS) -> dict[str, Any]:
    return read(packed(path, parts(sheet_of(data), strings)))


def refusal(path: Path, data: str, strings: str = STRINGS) -> str:
    with pytest.raises(UnusableError) as refused:
        read_data(path, data, strings)
    line = str(refused.value)
    assert "\n" not in line
    assert "small.xlsx" in line
    return line


# --------------------------------------------------------------------------------------- spellings of one value

#: how the text of an element may be interrupted
NOTHING = ("<!-- -->", "<!---->", "<!-- <c r='B2'><v>7</v></c> -->", "<?x y?>", "<?x?>", "<![CDATA[]]>")


def spelled(text: str) -> Iterator[str]:
    """A text in other spellings of the same."""
    middle = len(text) // 2
    for nothing in NOTHING:
        yield f"{nothing}{text}"
        yield f"{text[:middle]}{nothing}{text[middle:]}"
        yield f"{text}{nothing}"
    yield f"<![CDATA[{text}]]>"
    yield f"{text[:middle]}<![CDATA[{text[middle:]}]]>"
    yield f"<![CDATA[{text[:middle]}]]>{text[middle:]}"
    yield f"<![CDATA[{text[:middle]}]]><![CDATA[{text[middle:]}]]>"
    yield "".join(f"&#{ord(letter)};" for letter in text)
    yield "".join(f"&#x{ord(letter):x};" for letter in text)
    yield f"{text[:middle]}&#{ord(text[middle])};{text[middle + 1 :]}"


def around(cell: str) -> Iterator[str]:
    """Rows with a cell B2 and something that says nothing around it."""
    for nothing in NOTHING[:5]:
        yield f'<row r="2">{nothing}{cell}</row>'
        yield f'<row r="2">{cell}{nothing}</row>'
        yield f'{nothing}<row r="2">{cell}</row>'
        yield f'<row r="2">{cell}</row>{nothing}'
    for blank in (" ", "\n", "\r\n\t"):
        yield f'{blank}<row{blank} r="2"{blank}>{blank}{cell}{blank}</row{blank}>{blank}'


TYPES: dict[str, tuple[Callable[[str], str], str, object]] = {
    "number": (lambda v: f'<c r="B2"><v>{v}</v></c>', "50", 50.0),
    "decimals": (lambda v: f'<c r="B2" t="n"><v>{v}</v></c>', "-12.5e-3", -0.0125),
    "result": (lambda v: f'<c r="B2"><f>1+1</f><v>{v}</v></c>', "48.25", 48.25),
    "day": (lambda v: f'<c r="B2" s="1"><v>{v}</v></c>', "46099", dt.date(2026, 3, 18)),
    "shared text": (lambda v: f'<c r="B2" t="s"><v>{v}</v></c>', "01", "one"),
    "text of a formula": (lambda v: f'<c r="B2" t="str"><f>A1</f><v>{v}</v></c>', "Bench", "Bench"),
    "text": (lambda v: f'<c r="B2" t="inlineStr"><is><t>{v}</t></is></c>', "Bench", "Bench"),
    "rich text": (
        lambda v: f'<c r="B2" t="inlineStr"><is><r><rPr><b/></rPr><t>{v}</t></r><r><t>es</t></r></is></c>', "Bench", "Benches",
    ),
    "truth": (lambda v: f'<c r="B2" t="b"><v>{v}</v></c>', "true", True),
}  # fmt: skip
CASES = [(kind, f"{n}", data) for kind, (cell, text, _) in TYPES.items() for n, data in enumerate(
    [*(f'<row r="2">{cell(other)}</row>' for other in spelled(text)), *around(cell(text))]
)]  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
def test_a_value_is_the_same_in_every_spelling(path: Path, kind: str) -> None:
    """403 spellings of nine values, which the oracle reads as the value, too."""
    assert len(CASES) == 432
    for _, _, data in (case for case in CASES if case[0] == kind):
        assert read_data(path, data) == {"B2": TYPES[kind][2]}, data
        assert stored_cells.values(path) == {"B2": TYPES[kind][2]}, data


MEANINGS: dict[str, object] = {
    '<c r="B2"><v> 50 </v></c>': 50.0,
    '<c r="B2"><v>\n50\n</v></c>': 50.0,
    '<c r="B2"><v>+50</v></c>': 50.0,
    '<c r="B2"><v>.5</v></c>': 0.5,
    '<c r="B2"><v>5.</v></c>': 5.0,
    '<c r="B2"><v>5E1</v></c>': 50.0,
    '<c r="B2"><v>5e-324</v></c>': 5e-324,
    '<c r="B2"><v>-0</v></c>': -0.0,
    '<c r="B2"><v>0.10000000000000001</v></c>': 0.1,
    '<c r="B2"><v>123456789012345678901234567890</v></c>': 123456789012345678901234567890.0,
    '<c r="B2"><v>-123456789012</v></c>': -123456789012.0,
    '<c r="B2" s="1"><v>-123456789012345</v></c>': -123456789012345.0,
    '<c r="B2" s="1"><v>-1e300</v></c>': -1e300,
    '<c t="n" s="0" r="B2"><v>50</v></c>': 50.0,
    "<c r='B2' t='n'><v>50</v></c>": 50.0,
    '<c  r = "B2"  ><v  >50</v  ></c  >': 50.0,
    '<c r="b2"><v>50</v></c>': 50.0,
    '<c r="&#66;2"><v>50</v></c>': 50.0,
    '<c/><c><v>50</v></c>': 50.0,
    '<c r="B2" foo="&gt;"><v>50</v></c>': 50.0,
    '<c r="B2" foo=">"><v>50</v></c>': 50.0,
    '<c r="B2" s="0" cm="1" vm="2"><v>50</v></c>': 50.0,
    '<c r="B2" x:t="e" xmlns:x="urn:x"><v>50</v></c>': 50.0,
    f'<y:c r="B2" xmlns:y="{MAIN}"><y:v>50</y:v></y:c>': 50.0,
    f'<c r="B2" xmlns="{MAIN}"><v>50</v></c>': 50.0,
    '<c r="B2"><v>50</v><f>1+1</f></c>': 50.0,
    '<c r="B2"><f t="shared" si="0"/><v>50</v></c>': 50.0,
    '<c r="B2"><f>A1&lt;2</f><v>50</v></c>': 50.0,
    '<c r="B2"><v>50</v><extLst><ext><v>7</v></ext></extLst></c>': 50.0,
    '<c r="B2" t="b"><v>1</v></c>': True,
    '<c r="B2" t="b"><v>false</v></c>': False,
    '<c r="B2" t="str"><v> a </v></c>': " a ",
    '<c r="B2" t="str"><v>50</v></c>': "50",
    '<c r="B2" t="str"><v>a&amp;b&lt;c</v></c>': "a&b<c",
    '<c r="B2" t="str"><v>a_x0041_b</v></c>': "aAb",
    '<c r="B2"><is><t>50</t></is></c>': "50",
    '<c r="B2" t="inlineStr"><is><t> 50 </t></is></c>': "50",
    '<c r="B2" t="inlineStr"><is><t xml:space="preserve"> 50 </t></is></c>': " 50 ",
    "<c r='B2' t='inlineStr'><is><t xml:space='preserve'> 50 </t></is></c>": " 50 ",
    '<c r="B2" t="inlineStr"><is><r><t>5</t></r><rPh sb="0" eb="1"><t>say</t></rPh><r><t>0</t></r><phoneticPr/></is></c>': "50",
    '<c r="B2" t="inlineStr"><is><rPh sb="0" eb="1"><t>say</t></rPh><t>50</t></is></c>': "50",
    '<c r="B2" t="inlineStr"><is><t>a\r\nb</t></is></c>': "a\nb",
    '<c r="B2" t="inlineStr"><is><t>a&#13;b</t></is></c>': "a\rb",
    '<c r="B2" t="inlineStr"><is><t>a_x000D_b</t></is></c>': "a\rb",
    '<c r="B2" t="d"><v>2026-03-05</v></c>': dt.date(2026, 3, 5),
    '<c r="B2" t="d"><v> 2026-03-05T12:30:00 </v></c>': dt.datetime(2026, 3, 5, 12, 30),
    '<c r="B2"><v/></c><c r="C2"><v></v></c><c r="D2" t="s"/><c r="E2" t="str"><v/></c>': None,
}  # fmt: skip


@pytest.mark.parametrize("cell", MEANINGS)
def test_what_a_cell_says_is_read(path: Path, cell: str) -> None:
    meaning = {} if MEANINGS[cell] is None else {"B2": MEANINGS[cell]}
    assert repr(read_data(path, f'<row r="2">{cell}</row>')) == repr(meaning)


# ----------------------------------------------------------------------------------------- what is no value

NO_VALUES = [
    *(f'<c r="B2"><v>{text}</v></c>' for text in (
        "NaN", "nan", "-NaN", "Infinity", "-Infinity", "INF", "-inf", "1e999", "-1E400", "abc", "5,5", "0x32", "5_0", "50 pcs",
        "1 000", "\u0665\u0660", "1e", "e5", "--5", "5-", "½", "5.0.0", "TRUE", "#N/A",
    )),
    *(f'<c r="B2" t="b"><v>{text}</v></c>' for text in ("2", "yes", "TRUE", "-1", "1.0")),
    *(f'<c r="B2" t="s"><v>{text}</v></c>' for text in ("2", "99999", "-1", "x", "1.0", "1e0", "4294967297")),
    *(f'<c r="B2" t="d"><v>{text}</v></c>' for text in ("2026-13-01", "2026-02-30", "2026-03-05T12:30:00Z", "5/3/2026", "46099")),
    *(f'<c r="B2" t="{kind}"><v>50</v></c>' for kind in ("zz", "", "N", "number", "inlineStr")),
    '<c r="B2" t = "e"><v>#REF!</v></c>', '<c r="B2" t="&#101;"><v>#REF!</v></c>', '<c foo=">" r="B2" t="e"><v>#REF!</v></c>',
    '<c r="B2" t="e"/>', '<c r="B2" t="e"><v>#SPILL!</v></c>', '<c r="B2" t="e"><v><![CDATA[#REF!]]></v></c>',
    '<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', '<c r="B2"><f>1+1</f></c>', '<c r="B2"><f>1+1</f><v></v></c>',
    '<c r="B2" s="1"><f>1+1</f><v/></c>', '<c r="B2"><f>1+1</f><v> </v></c>', '<c r="B2"><f t="shared" si="0"/></c>',
    '<c r="B2"><f>1<!-- -->+1</f><v><!-- 50 --></v></c>', '<c r="B2" t="n"><f>1+1</f></c>',
]  # fmt: skip


@pytest.mark.parametrize("cell", NO_VALUES)
def test_what_is_no_value_is_said_at_its_cell(path: Path, cell: str) -> None:
    """Never a blank, and never another value; the cells around it are read."""
    data = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c>{cell}<c r="C2"><v>3</v></c></row>'
    values = read_data(path, data)
    assert isinstance(values.pop("B2"), CellError)
    assert values == {"A1": 1.0, "A2": 2.0, "C2": 3.0}


# -------------------------------------------------------------------------------------------- what is refused

MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
REFUSED = {
    '<row r="2"><c r="B2"><v>5</v></c><c r="B2"><v>50</v></c></row>': "cell B2 stands in it twice",
    '<row r="2"><c r="B2"><v>5</v></c><c r="B2"/></row>': "cell B2 stands in it twice",
    '<row r="2"><c r="B2"><v>5</v></c><c r="A2"/><c><v>7</v></c></row>': "cell B2 stands in it twice",
    '<row r="2"><c r="B2"><v>5</v><v>50</v></c></row>': "cell B2 has two values",
    '<row r="2"><c r="B2"><is><t>5</t></is><is><t>50</t></is></c></row>': "cell B2 has two values",
    '<row r="2"><c r="B2"><v>5<b>0</b></v></c></row>': "cell B2 has more than text",
    '<row r="2"><c r="B2"><x:v xmlns:x="urn:x">7</x:v><v>50</v></c></row>': "cell B2 has more than a value",
    '<row r="2"><c r="B2" xmlns=""><v>50</v></c></row>': "row 2 has more than cells",
    '<row r="2"><x:c xmlns:x="urn:x" r="B2"><x:v>7</x:v></x:c></row>': "row 2 has more than cells",
    f'<row r="2"><m:AlternateContent xmlns:m="{MC}"><m:Fallback><c r="B2"><v>7</v></c></m:Fallback></m:AlternateContent></row>':
        "row 2 has more than cells",
    '<rows><row r="2"><c r="B2"><v>5</v></c></row></rows>': "more than rows",
    '<row r="2"><c r="B2"><v>5</v></c></row><row r="2"><c r="C2"><v>5</v></c></row>': "row 2 stands in it twice",
    '<row r="2"><c r="B3"><v>5</v></c></row>': "a cell in row 2 has the address B3",
    '<row r="2"><c r="$B$2"><v>5</v></c></row>': "the address $B$2",
    '<row r="2"><c r="2B"><v>5</v></c></row>': "the address 2B",
    '<row r="2"><c r=""><v>5</v></c></row>': "a cell in row 2",
    '<row r="2"><c r="XFE2"><v>5</v></c></row>': "the address XFE2",
    '<row r="0"><c r="B0"><v>5</v></c></row>': "the number 0",
    '<row r="1048577"><c r="B1048577"><v>5</v></c></row>': "the number 1048577",
    '<row r="two"><c r="B2"><v>5</v></c></row>': "the number two",
    '<row r="-2"><c r="B2"><v>5</v></c></row>': "the number -2",
    '<row r="2"><c r="B2"><v>5</v></c>': "it is not XML",
    '<row r="2"><c r="B2"><v>5&nbsp;0</v></c></row>': "it is not XML",
    '<row r="2"><c r="B2"><v>5&#1;0</v></c></row>': "it is not XML",
    '<row r="2"><c r="B2"><v>5<!-- -- -->0</v></c></row>': "it is not XML",
}  # fmt: skip


@pytest.mark.parametrize("data", REFUSED)
def test_what_has_no_one_meaning_is_refused_in_plain_words(path: Path, data: str) -> None:
    line = refusal(path, data)
    assert REFUSED[data] in line
    assert "sheet Data cannot be read" in line
    assert line.endswith("Open the workbook in Excel and save it again.")


@pytest.mark.parametrize(
    "sheet",
    [
        f'<worksheet xmlns="{MAIN}"><x><sheetData><row r="2"><c r="B2"><v>5</v></c></row></sheetData></x></worksheet>',
        f'<worksheet xmlns="{MAIN}"><sheetData/><sheetData><row r="2"><c r="B2"><v>5</v></c></row></sheetData></worksheet>',
        f'<worksheet xmlns="{MAIN}"><!-- <sheetData><row r="2"/></sheetData> --></worksheet>',
        '<worksheet xmlns="urn:x"><sheetData><row r="2"><c r="B2"><v>5</v></c></row></sheetData></worksheet>',
        '<worksheet><sheetData><row r="2"><c r="B2"><v>5</v></c></row></sheetData></worksheet>',
        f'<chartsheet xmlns="{MAIN}"/>',
        "",
    ],
)
def test_a_sheet_without_rows_of_its_own_is_refused(path: Path, sheet: str) -> None:
    packed(path, parts(sheet))
    with pytest.raises(UnusableError, match="sheet Data cannot be read: it "):
        read(path)


@pytest.mark.parametrize(
    "sheet",
    [
        '<!DOCTYPE w [<!ENTITY a "50">]>' + sheet_of("<row><c><v>&a;</v></c></row>").removeprefix(HEAD),
        f'{HEAD}\n<!-- --><?x?><!DOCTYPE w SYSTEM "http://127.0.0.1/w">' + sheet_of("").removeprefix(HEAD),
    ],
)
def test_a_document_type_is_refused(path: Path, sheet: str) -> None:
    packed(path, parts(sheet))
    with pytest.raises(UnusableError, match="has a document type, which Excel does not write"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "iso-8859-1", "utf-7"])
def test_another_encoding_is_refused(path: Path, encoding: str) -> None:
    sheet = sheet_of('<row r="2"><c r="B2" t="inlineStr"><is><t>Bänke</t></is></c></row>')
    packed(path, parts(sheet.replace("UTF-8", encoding).encode(encoding)))
    with pytest.raises(UnusableError, match=r"sheet1.xml is not UTF-8"):
        read(path)


# ------------------------------------------------------------------------------------------------ shared texts

#: items of the table of shared texts, of which the second is Bench
TEXTS = [
    "<si><t>a</t></si><si><t>Bench</t></si>",
    "<si/><si><t>Bench</t></si>",
    "<si></si><si><t>Bench</t></si>",
    "<si><t/></si><si><t>Bench</t></si>",
    "<!--<si><t>z</t></si>--><si><t>a</t></si><si><t>Bench</t></si>",
    "<si><t>a</t></si><si><t>Ben<!-- x -->ch</t></si>",
    "<si><t>a</t></si><si><t><![CDATA[Bench]]></t></si>",
    "<si><t>a</t></si><si><t>Ben<![CDATA[ch]]></t></si>",
    "<si><t>a</t></si><si><t>Ben<?x?>ch</t></si>",
    "<si><t>a</t></si><si><t>Ben&#99;h</t></si>",
    "<si><t>a</t></si><si><r><rPr><b/></rPr><t>Ben</t></r><r><t>ch</t></r></si>",
    '<si><t>a</t></si><si><t>Bench</t><rPh sb="0" eb="1"><t>say</t></rPh><phoneticPr fontId="1"/></si>',
    '<si><t>a</t></si><si><rPh sb="0" eb="1"><t>say</t></rPh><t>Bench</t></si>',
    '<si><rPh sb="0" eb="1"><t>say</t></rPh></si><si><t>Bench</t></si>',
    "<si><r><rPr/></r></si><si><t>Bench</t></si>",
    "<si><t>a</t></si><si><t>Ben</t><t>ch</t></si>",
    '<x:si xmlns:x="urn:x"><x:t>z</x:t></x:si><si><t>a</t></si><si><t>Bench</t></si>',
    '<si><t>a</t></si><si><x:t xmlns:x="urn:x">z</x:t><t>Bench</t></si>',
    "<si><t>a</t></si><si><t>Bench</t><extLst><ext><t>z</t></ext></extLst></si>",
    "<si><t>a</t></si><si><si><t>q</t></si><t>Bench</t></si>",
    "<si><t>a</t></si><si><r><rPr><t>z</t></rPr><t>Bench</t></r></si>",
    "<extLst><ext><si><t>q</t></si></ext></extLst><si><t>a</t></si><si><t>Bench</t></si>",
    "\n <si>\n <t>a</t>\n</si>\n <si>\n<t>Bench\n</t>\n</si>",
    '<si><t xml:space="preserve"> a </t></si><si><t>\tBench</t></si>',
]


@pytest.mark.parametrize("items", TEXTS)
def test_a_shared_text_is_the_same_in_every_spelling(path: Path, items: str) -> None:
    strings = f'{HEAD}<sst xmlns="{MAIN}">{items}</sst>'
    data = '<row r="2"><c r="B2" t="s"><v>1</v></c><c r="C2" t="s"><v>2</v></c></row>'
    values = read_data(path, data, strings)
    assert values["B2"] == "Bench"
    assert isinstance(values["C2"], CellError)
    assert stored_cells.strings(path)[1] == "Bench"


def test_prefixed_shared_texts_are_read(path: Path) -> None:
    strings = f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>a</x:t></x:si><x:si><x:t>Bench</x:t></x:si></x:sst>'
    assert read_data(path, '<row r="2"><c r="B2" t="s"><v>1</v></c></row>', strings) == {"B2": "Bench"}


# ------------------------------------------------------------------------------------------- where cells stand


def test_rows_and_cells_out_of_order_are_read_where_they_belong(path: Path) -> None:
    data = '<row r="3"><c r="C3"><v>9</v></c><c r="A3"><v>7</v></c></row><row r="1"><c r="B1"><v>2</v></c></row>'
    assert read_data(path, data) == {"B1": 2.0, "A3": 7.0, "C3": 9.0}


def test_rows_without_a_number_follow_the_one_before(path: Path) -> None:
    data = (
        '<row><c><v>1</v></c></row><row r="5"><c r="B5"><v>2</v></c><c><v>3</v></c></row><row><c/><c><v>4</v></c></row>'
    )
    assert read_data(path, data) == {"A1": 1.0, "B5": 2.0, "C5": 3.0, "B6": 4.0}


@pytest.mark.parametrize("far", ["XFD1048576", "A1048576", "XFD1"])
def test_a_stray_cell_in_the_last_corner_costs_no_memory(path: Path, far: str) -> None:
    number = far.lstrip("AXFD")
    stray = f'<c r="{far}"><v>8</v></c>'
    data = f'<row r="1"><c r="B1"><v>5</v></c>{stray if number == "1" else ""}</row>'
    data += f'<row r="{number}">{stray}</row>' if number != "1" else ""
    packed(path, parts(sheet_of(data)))
    grid = SheetReader(Package(path)).grid("Data")
    assert len(grid) == int(number)
    assert sum(len(row) for row in {id(row): row for row in grid}.values()) <= 2 * 16_384
    assert grid[0][1] == 5.0
    assert [value for value in grid[-1] if value != ""][-1] == 8.0


@pytest.mark.parametrize(
    ("serial", "day"),
    [
        ("45000.999999999996", dt.date(2023, 3, 16)),  # the next day, to all 15 digits that Excel shows
        ("44999.99999999999", dt.date(2023, 3, 15)),
        ("45000.99999999996", dt.date(2023, 3, 16)),
        ("45000.9999999999", dt.date(2023, 3, 15)),  # 8.6 microseconds before midnight
        ("45000.9999999943", dt.date(2023, 3, 15)),  # half a millisecond, which a reader may round up
        ("45000.99999", dt.date(2023, 3, 15)),
        ("45000.5", dt.date(2023, 3, 15)),
        ("45001.0000000001", dt.date(2023, 3, 16)),
    ],
)
@pytest.mark.parametrize("spelling", ["plain", "unusual"])
def test_a_moment_before_midnight_is_of_the_day_that_excel_shows(
    path: Path, serial: str, day: dt.date, spelling: str
) -> None:
    value = serial if spelling == "plain" else f"<!-- -->{serial}"
    data = f'<row r="2"><c r="A2"><v>2.9999999999</v></c><c r="B2" s="1"><v>{value}</v></c></row>'
    values = read_data(path, data)
    assert values["A2"] == 2.9999999999
    assert values["B2"].date() == day
    assert day_of_15_digits(serial) == (day - dt.date(1899, 12, 30)).days


def day_of_15_digits(serial: str) -> int:
    """The day of the first 15 digits, with decimals."""
    return int(Decimal(float(serial)).quantize(Decimal("1e-10")))


# ------------------------------------------------------------------------------------------- random spellings


class Speller:
    """Writes a sheet in a way of its own: whatever it draws, the cells hold the same values."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.prefix = self.draw.choice(["", "", "x:"])

    def some(self, *choices: str) -> str:
        return self.draw.choice(choices)

    def nothing(self) -> str:
        return self.draw.choice(NOTHING[:5]) if self.draw.random() < 0.1 else self.some("", "", " ", "\n")

    def text(self, text: str) -> str:
        """Text, some of its letters in references or marked sections, with comments between."""
        pieces = []
        for letter in text:
            way = self.draw.random()
            plain = letter.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            pieces.append(f"&#{ord(letter)};" if way < 0.05 else f"<![CDATA[{letter}]]>" if way < 0.1 else plain)
            pieces.append(self.draw.choice(NOTHING) if self.draw.random() < 0.05 else "")
        return "".join(pieces)

    def tag(self, name: str, content: str, **attributes: str) -> str:
        given = list(attributes.items())
        self.draw.shuffle(given)
        quote = self.some('"', '"', "'")
        shown = "".join(f"{self.some(' ', ' ', chr(10))}{key}={quote}{value}{quote}" for key, value in given)
        end = f"/{self.prefix}{name}{self.some('', '', ' ')}"
        return f"<{self.prefix}{name}{shown}>{content}<{end}>"

    def cell(self, address: str, value: object) -> str:
        where = {"r": address}
        if value is None:
            return self.some("", f'<{self.prefix}c r="{address}"/>')
        if isinstance(value, bool):
            return self.tag(
                "c", self.tag("v", self.text(self.some(str(int(value)), str(value).lower()))), t="b", **where
            )
        if isinstance(value, dt.date):
            number = str((value - dt.date(1899, 12, 30)).days)
            return self.tag("c", self.tag("v", self.text(number)), s="1", **where)
        if isinstance(value, float):
            number = self.some(repr(value), f"{value:.17g}", f" {value!r}")
            return self.tag(
                "c", self.tag("v", self.text(number)), **(where | ({"t": "n"} if self.draw.random() < 0.3 else {}))
            )
        if self.draw.random() < 0.5:
            return self.tag("c", self.tag("v", self.text(str(value))), t="str", **where)
        text = self.tag("t", self.text(str(value)), **{"xml:space": "preserve"})
        return self.tag("c", self.tag("is", text), t="inlineStr", **where)

    def sheet(self, values: dict[str, object]) -> str:
        rows = [
            self.tag("row", self.nothing().join(self.cell(f"{c}{r}", values[f"{c}{r}"]) for c in "ABC"), r=str(r))
            for r in (1, 2, 3)
        ]
        name = f"xmlns{':x' if self.prefix else ''}"
        data = self.tag("sheetData", self.nothing().join(rows))
        return self.some(HEAD, "") + self.tag("worksheet", self.nothing() + data, **{name: MAIN})


def random_value(draw: random.Random) -> object:
    return draw.choice([
        None, True, False, round(draw.uniform(-1e6, 1e6), draw.randrange(6)),
        draw.uniform(-1, 1) * 10.0 ** draw.randrange(-20, 9), float(draw.randrange(1000)),
        dt.date(2026, 1, 1) + dt.timedelta(draw.randrange(400)), "007", "a<b>&c", "Ä-é-中-🙂", "x y",
        "]]", "12,5", "=A1", "_x0041", "R2D2",
    ])  # fmt: skip


@pytest.mark.parametrize("hundred", range(100 if FULL else 4))
def test_random_spellings_are_read_as_the_values_they_spell(path: Path, hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        speller = Speller(seed)
        values = {f"{c}{r}": random_value(speller.draw) for r in (1, 2, 3) for c in "ABC"}
        sheet = speller.sheet(values)
        packed(path, parts(sheet))
        assert read(path) == {cell: value for cell, value in values.items() if value is not None}, (seed, sheet)


@pytest.mark.parametrize("hundred", range(100 if FULL else 4))
def test_a_sheet_with_a_random_change_is_read_as_the_oracle_reads_it_or_refused(path: Path, hundred: int) -> None:
    """Letters of the XML put in, left out, doubled or swapped: never another value than the oracle's, never a blank for one."""
    for seed in range(100 * hundred, 100 * hundred + 100):
        draw = random.Random(seed)
        values = {f"{c}{r}": random_value(draw) for r in (1, 2, 3) for c in "ABC"}
        speller = Speller(seed)
        speller.draw.random = lambda: 1.0  # type: ignore[method-assign]
        sheet = speller.sheet(values)
        at = draw.randrange(len(sheet) - 2)
        change = draw.choice(
            [sheet[at] * 2, "", sheet[at + 1], draw.choice("<>/&;\"' =19e-"), "<!---->", "<c/>", "<v>1</v>"]
        )
        changed = sheet[:at] + change + sheet[at + 1 :]
        packed(path, parts(changed))
        try:
            shown = read(path)
        except UnusableError as error:
            assert "\n" not in str(error)
            continue
        expected = stored_cells.values(path)
        assert {
            a: stored_cells.NoValueError if isinstance(v, CellError) else v for a, v in shown.items()
        } == expected, changed


# ------------------------------------------------------------------------------------------------------- size


@pytest.mark.parametrize(
    "data",
    [
        '<f/>' * 200_000,
        "<c\n" * 200_000,
        ' t="e"' * 200_000,
        "<v>-99999999999" * 100_000,
        '<row r="1">' + "<c r='A1'>" * 100_000,
        '<row r="1">' + '<c r="A1"><f>' * 100_000,
        '<row r="1">' + "".join(f'<c r="{plain}"><f>1</f></c>' for plain in ["A1"] * 50_000) + "</row>",
        "<row>" + "<c><f>1</f></c>" * 16_384 + "</row>",
        "<!--" * 300_000,
        "<v>" + "<![CDATA[" * 200_000,
        '<row r="1" ' + 'a="1" ' * 200_000 + "/>",
        "<row>" * 100_000 + "</row>" * 100_000,
    ],
)  # fmt: skip
def test_a_sheet_that_is_made_to_take_long_takes_no_time(path: Path, data: str) -> None:
    packed(path, parts(sheet_of(data)))
    before = time.process_time()
    try:
        read(path)
    except UnusableError as error:
        assert "\n" not in str(error)
    assert time.process_time() - before < 2


def test_more_cells_or_texts_than_any_workbook_has_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"/></row>'
    assert read_data(path, data) == {"A1": "zero"}
    monkeypatch.setattr(reader, "_CELLS_MAX", 1)
    assert "sheet Data has 2 cells; at most 1 are read." in refusal(path, data)
    monkeypatch.setattr(reader, "_CELLS_MAX", 2)
    monkeypatch.setattr(reader, "_TEXTS_MAX", 1)
    assert "small.xlsx has more than 1 texts; no more are read." in refusal(path, data)


def test_what_excel_writes_goes_the_fast_way(path: Path) -> None:
    """Excel, LibreOffice, openpyxl and this package spell cells in these ways, large sheets of them."""
    rows = "".join(
        f'<row r="{r}" spans="1:9" ht="15.75" customHeight="1" x14ac:dyDescent="0.25">'
        f'<c r="A{r}" s="1"><v>46099</v></c><c r="B{r}" t="s"><v>1</v></c><c r="C{r}" s="5" t="n"><v>-1.5E-3</v></c>'
        f'<c r="D{r}" t="inlineStr"><is><t xml:space="preserve"> a </t></is></c><c r="E{r}" s="3"/>'
        f'<c r="F{r}" t="str"><f t="shared" ref="F1:F9" si="0">A{r}&amp;"x"</f><v>46099x</v></c>'
        f'<c r="G{r}" t="e"><f aca="false">1/0</f><v>#DIV/0!</v></c>'
        f'<c r="H{r}" t="b"><v>1</v></c><c r="AA{r}"><f>1+1</f><v></v></c></row>'
        for r in range(1, 10)
    )
    sheet = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<worksheet xmlns="{MAIN}" xmlns:x14ac="urn:x14ac">'
        f'<sheetPr/><sheetData>{rows}</sheetData><pageMargins left="0.7"/></worksheet>'
    )
    scanned = plain_sheet.scan(sheet.encode())
    assert scanned is not None
    assert scanned.others == {
        **{(r, 7): CellError("#DIV/0!") for r in range(1, 10)},
        **{(r, 27): CellError("", calculated=False) for r in range(1, 10)},
    }
    packed(path, parts(sheet))
    plain = read(path)
    assert len(plain) == 8 * 9
    prefixes = re.sub(r"<(/?)(?=\w)", r"<\1x:", sheet).replace("xmlns=", "xmlns:x=")  # as ClosedXML writes them
    scanned = plain_sheet.scan(prefixes.encode())
    assert scanned is not None
    packed(path, parts(prefixes))
    assert read(path) == plain
    assert plain_sheet.scan(prefixes.replace("<x:row ", "<row ", 1).encode()) is None
    assert plain_sheet.scan(prefixes.replace("xmlns:x=", "xmlns:y=", 1).encode()) is None
