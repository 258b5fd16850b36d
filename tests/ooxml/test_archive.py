"""The archive of a workbook: what two programs could read as two workbooks is refused, and so is what is made to swell."""

from __future__ import annotations

import io
import os
import random
import re
import shutil
import struct
import time
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from small_package import packed, parts, relation, sheet_of
from support_files import HEAD, Parts, bench_book, cli, ran_book, refused

from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml import archive
from xlbackflush.ooxml.package import Package
from xlbackflush.ooxml.reader import SheetReader

FULL = os.environ.get("XLBACKFLUSH_FUZZ") == "full"
ONE = sheet_of('<row r="1"><c r="A1"><v>5</v></c></row>')


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return packed(tmp_path / "small.xlsx", parts(ONE))


def with_entry(path: Path, name: str, content: bytes = b"<x/>") -> None:
    """One more entry at the end of an archive, whatever its name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(name, content)


def says(path: Path, what: str) -> None:
    """The file is refused in one line, and not changed."""
    before = path.read_bytes()
    with pytest.raises(UnusableError) as refusal:
        Package(path)
    line = str(refusal.value)
    assert what in line
    assert path.name in line
    assert "\n" not in line
    assert path.read_bytes() == before


# ----------------------------------------------------------------------------------------------- entries


@pytest.mark.parametrize(
    "name", ["xl/worksheets/sheet1.xml", "xl/Worksheets/Sheet1.xml", r"xl\worksheets\sheet1.xml", "XL/WORKBOOK.XML"]
)
def test_a_part_that_is_there_twice_is_refused(book: Path, name: str) -> None:
    with_entry(book, name, sheet_of('<row r="1"><c r="A1"><v>6</v></c></row>').encode())
    says(book, "twice; open it in Excel and save it again")


@pytest.mark.parametrize(
    "name",
    ["../evil.xml", "xl/../../evil.xml", "/etc/passwd", "C:/evil.xml", r"..\evil.xml", r"\evil.xml", "xl/..", "a\0b"],
)
def test_a_part_with_a_name_that_leads_elsewhere_is_refused(book: Path, name: str) -> None:
    content = book.read_bytes()
    with_entry(book, name.replace("\0", "N"))
    if "\0" in name:  # which zipfile does not write
        book.write_bytes(book.read_bytes().replace(b"aNb", b"a\0b"))
    assert book.read_bytes() != content
    says(book, "has a part with the name")


def test_names_with_dots_of_their_own_are_no_harm(book: Path) -> None:
    for name in ("xl/a..b.xml", "..x.xml", "xl/.hidden", "xl/..x/a.xml"):
        with_entry(book, name)
    assert SheetReader(Package(book)).grid("Data") == [[5.0]]


@pytest.mark.parametrize("where", ["before", "behind", "both"])
@pytest.mark.parametrize("other", [b"x", b"#!/bin/sh\nexit\n", b"\0" * 4096])
def test_a_file_with_something_else_around_the_archive_is_refused(book: Path, where: str, other: bytes) -> None:
    content = book.read_bytes()
    book.write_bytes((other if where != "behind" else b"") + content + (other if where != "before" else b""))
    says(book, "something else before or behind the workbook")


def test_two_archives_one_behind_the_other_are_refused(book: Path, tmp_path: Path) -> None:
    other = packed(tmp_path / "other.xlsx", parts(sheet_of("")))
    book.write_bytes(book.read_bytes() + other.read_bytes())
    says(book, "something else before or behind the workbook")


def test_the_comment_of_an_archive_stays(book: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(book, "a") as file:
        file.comment = b"signed by the auditor"
    package = Package(book)
    package.replace("xl/worksheets/sheet1.xml", sheet_of("").encode())
    package.save(tmp_path / "saved.xlsx")
    with zipfile.ZipFile(tmp_path / "saved.xlsx") as file:
        assert file.comment == b"signed by the auditor"


# -------------------------------------------------------------------------------------------- the workbook


def test_two_sheets_of_one_name_are_refused(book: Path) -> None:
    content = parts(ONE)
    content["xl/workbook.xml"] = str(content["xl/workbook.xml"]).replace(
        "</sheets>", '<sheet name="DATA" sheetId="2" r:id="rId9"/></sheets>'
    )
    content["xl/_rels/workbook.xml.rels"] = str(content["xl/_rels/workbook.xml.rels"]).replace(
        "</Relationships>", relation("rId9", "worksheet", "worksheets/sheet2.xml") + "</Relationships>"
    )
    content["xl/worksheets/sheet2.xml"] = sheet_of("")
    says(packed(book, content), "it has sheet DATA twice")


@pytest.mark.parametrize("name", ["Counts", "COUNTS", "counts"])
def test_two_tables_of_one_name_are_refused_with_both_sheets(tmp_path: Path, name: str) -> None:
    """The second would take the place of the first, and other numbers would be posted."""
    path = bench_book(tmp_path / "book.xlsm")
    content = Parts(path)
    place, about = content.tables()["Counts"], content.sheets()["About"]
    twin = re.sub(rb'displayName="\w+"', b'displayName="%b"' % name.encode(), content[place.part])
    content["xl/tables/table99.xml"] = re.sub(rb'<table ([^>]*?)\bid="\d+"', rb'<table \1id="99"', twin)
    number = content.relate(about, "table", "../tables/table99.xml")
    content.declare("xl/tables/table99.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.table+xml")
    content.edit(about, "</worksheet>", f'<tableParts count="1"><tablePart r:id="{number}"/></tableParts></worksheet>')
    line = refused(path, content.save(path).read_bytes())
    assert re.search(r"two tables that are called \w+, on sheets About and Counts", line), line


def test_a_table_whose_columns_are_not_those_of_its_cells_is_refused(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    content = Parts(path)
    content.edit(content.tables()["Stock"].part, 'ref="A6:D8"', 'ref="A6:C8"')
    assert "the columns of table Stock are not those of its cells" in refused(path, content.save(path).read_bytes())


# ------------------------------------------------------------------------------------------------ checksums


def torn(path: Path, part: str) -> Path:
    """A file in which a part that no command reads has other bytes than were written."""
    with zipfile.ZipFile(path) as file:
        info = file.getinfo(part)
        start = info.header_offset + 30 + len(part) + info.compress_size // 2
    content = bytearray(path.read_bytes())
    content[start] ^= 0x55
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bench, posted, with a part of another program."""
    path = ran_book(tmp_path_factory.mktemp("posted") / "posted.xlsm")
    content = Parts(path)
    content["customXml/item1.xml"] = "<mine>" + "what no command reads " * 40 + "</mine>"
    content.save(path)
    assert cli("post", path, "--approved-by", "Jones").code == 0
    return path


def test_a_part_that_nothing_reads_is_verified(posted: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(posted, tmp_path / "book.xlsm"))
    assert cli("verify", path).code == 0
    result = cli("verify", torn(path, "customXml/item1.xml"))
    assert result.code == 1
    assert "customXml/item1.xml: This part of the file fails its checksum: the file is damaged." in result.out
    assert "Everything verifies" not in result.out


@pytest.mark.parametrize("state", ["nothing to write", "something to write"])
def test_a_damaged_part_is_not_copied(posted: Path, tmp_path: Path, state: str) -> None:
    path = Path(shutil.copy(posted, tmp_path / "book.xlsm"))
    content = Parts(path)
    if state == "something to write":
        content.put("Counts!E9", 16)
    content.save(path)
    before = torn(path, "customXml/item1.xml").read_bytes()
    assert "its part customXml/item1.xml cannot be read" in refused(path, before)


# ----------------------------------------------------------------------------------------- bytes as they come


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, bytes]]:
    """A workbook, and its parts."""
    path = bench_book(tmp_path_factory.mktemp("whole") / "whole.xlsm")
    return path.read_bytes(), Parts(path).content


def hurt(content: bytes, draw: random.Random) -> bytes:
    """A file with some bytes flipped, zeroed, put in, left out or cut off, half of the time in its list of parts."""
    first = content.rindex(b"PK\x05\x06") if draw.random() < 0.2 else content.index(b"PK\x01\x02")
    at = draw.randrange(first, len(content)) if draw.random() < 0.5 else draw.randrange(len(content))
    count = draw.choice([1, 1, 2, 4, 64])
    way = draw.choice(["flip", "flip", "flip", "zero", "insert", "delete", "cut", "double"])
    if way == "flip":
        changed = bytes(byte ^ draw.randrange(1, 256) for byte in content[at : at + count])
    else:
        piece = content[at : at + count]
        changed = {"zero": bytes(len(piece)), "insert": b"\x50" * count + piece, "double": piece * 2}.get(way, b"")
    return content[:at] + changed + (b"" if way == "cut" else content[at + count :])


@pytest.mark.parametrize("hundred", range(20 if FULL else 1))
def test_bytes_that_were_changed_are_noticed_or_say_nothing(
    tmp_path: Path, whole: tuple[bytes, dict[str, bytes]], hundred: int
) -> None:
    """Either the file is refused, or a part of it is named, or every part is what it was."""
    path = tmp_path / "hurt.xlsm"
    for seed in range(100 * hundred, 100 * hundred + 100):
        path.write_bytes(hurt(whole[0], random.Random(seed)))
        try:
            package = Package(path)
            damaged = package.damaged()
        except UnusableError as error:
            assert "\n" not in str(error), seed
            continue
        assert damaged or {name: package.read(name) for name in package.parts()} == whole[1], seed


# ---------------------------------------------------------------------------------------------------- size


def swollen(megabytes: int) -> bytes:
    """A sheet of so many blank cells, which packs to next to nothing."""
    row = b'<row r="1">' + b'<c r="A1"/>' * 1000 + b"</row>"
    return sheet_of("").encode().replace(b"<sheetData>", b"<sheetData>" + row * (megabytes * 1_000_000 // len(row)))


def in_no_time(path: Path, what: str, then: Callable[[Package], object] = lambda package: None) -> None:
    """Refused in one line, before it takes time or memory."""
    tracemalloc.start()
    before = time.process_time()
    try:
        with pytest.raises(UnusableError, match=what):
            then(Package(path))
        assert time.process_time() - before < 1
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


def test_a_part_that_swells_is_refused(book: Path) -> None:
    in_no_time(packed(book, parts(swollen(40))), "more than 100 times what it is packed")


def test_many_parts_that_swell_together_are_refused(book: Path) -> None:
    content = parts(ONE) | {f"xl/media/image{n}.bin": bytes(15_000_000) for n in range(5)}
    in_no_time(packed(book, content), "more than 100 times what it is packed")


def test_a_part_that_is_larger_than_its_entry_says_is_not_unpacked_to_its_end(book: Path) -> None:
    """The list of parts says 500 bytes; 40 MB come out."""
    packed(book, parts(swollen(40)))
    with zipfile.ZipFile(book) as file:
        size = file.getinfo("xl/worksheets/sheet1.xml").file_size
    book.write_bytes(book.read_bytes().replace(struct.pack("<L", size), struct.pack("<L", 500)))
    in_no_time(book, "is damaged: its part xl/worksheets/sheet1.xml", lambda package: SheetReader(package).grid("Data"))


@pytest.mark.parametrize(
    ("sizes", "what"),
    [([1 << 31], "at most 2,048 MB are read, of one part 1,024"), ([900 << 20] * 3, "unpacks to 2,700 MB")],
)
def test_more_than_any_workbook_holds_is_refused(sizes: list[int], what: str) -> None:
    entries = []
    for n, size in enumerate(sizes):
        entry = zipfile.ZipInfo(f"xl/{n}.xml")
        entry.file_size, entry.compress_size = size, size // 10
        entries.append(entry)
    with pytest.raises(UnusableError, match=what):
        archive.check_sizes(entries, "book.xlsx")


def test_more_parts_than_any_workbook_has_are_refused(book: Path) -> None:
    with zipfile.ZipFile(book, "a", zipfile.ZIP_STORED) as file:
        for number in range(archive._PARTS_MAX):
            file.writestr(f"xl/media/{number}", b"")
    says(book, "has 10,006 parts; at most 10,000 are read")


def test_a_list_that_is_read_as_a_tree_has_a_limit(book: Path) -> None:
    content = parts(ONE)
    noise = io.BytesIO()
    noise.writelines(b'<definedName name="n%d">%d</definedName>' % (n, zlib.crc32(b"%d" % n)) for n in range(400_000))
    content["xl/workbook.xml"] = str(content["xl/workbook.xml"]).replace(
        "</sheets>", f"</sheets><definedNames>{noise.getvalue().decode()}</definedNames>"
    )
    in_no_time(packed(book, content), "its part xl/workbook.xml has 19 MB; at most 16 MB are read")


LAUGHS = '<!DOCTYPE w [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    "name", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels", "xl/worksheets/sheet1.xml"]
)
@pytest.mark.parametrize(
    "doctype", [LAUGHS, '<!DOCTYPE w SYSTEM "file:///etc/passwd">', "<!-- x --> \n<?p?><!DOCTYPE w>"]
)
def test_a_document_type_is_refused_wherever_it_stands(book: Path, name: str, doctype: str) -> None:
    content = parts(ONE)
    content[name] = str(content[name]).replace(HEAD, HEAD + doctype)
    in_no_time(packed(book, content), "has a document type", lambda package: SheetReader(package).grid("Data"))


def test_what_is_nested_deeply_is_read_or_refused(book: Path) -> None:
    content = parts(ONE)
    content["xl/workbook.xml"] = str(content["xl/workbook.xml"]).replace(
        "</sheets>", "</sheets>" + "<x>" * 200_000 + "</x>" * 200_000
    )
    before = time.process_time()
    assert SheetReader(Package(packed(book, content))).grid("Data") == [[5.0]]
    assert time.process_time() - before < 3
