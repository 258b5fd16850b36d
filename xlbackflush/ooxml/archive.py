"""The archive that an .xlsx is: refused where two programs could read it as two workbooks, or where it is made to swell.

Excel writes each part once, under a plain name, with nothing before the first part and nothing behind the list of parts. What
is not so would be lost, or changed, by the program that saves it next.
"""

import re
import zipfile
from collections import Counter

from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.packing import stored_in

_PARTS_MAX = 10_000
_PART_MAX, _ALL_MAX = 1 << 30, 1 << 31  # bytes, unpacked
_SWELLS_FROM, _RATIO_MAX = (
    1 << 24,
    100,
)  # bytes; unpacked to packed, which is 22 in a large sheet of nothing but formats
_XML_MAX = 1 << 24  # bytes of a part that is read as a tree; a list of ten thousand names has two million
_UNUSUAL = 0x1 | 0x20 | 0x40  # flags: encrypted, a change of another file, encrypted more strongly

_END_OF_LIST = 22  # bytes behind the list of parts, before the archive's comment
_ABSOLUTE_OR_UPWARD = re.compile(r"/|[A-Za-z]:|(?:.*/)?\.\.(?:/|$)")
_DOCTYPE = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.S)
_OTHER_ENCODING = re.compile(rb"<\?xml\s[^>]*?\bencoding\s*=\s*[\"'](?!(?i:utf-8|us-ascii)[\"'])")


def check_archive(archive: zipfile.ZipFile, book: str) -> None:
    """Refuse what is not as Excel writes it; book: the name of the file."""
    parts = archive.infolist()
    names = Counter(part.filename.replace("\\", "/").casefold() for part in parts)
    for part in parts:
        if names[part.filename.replace("\\", "/").casefold()] > 1:
            raise UnusableError(f"{book} holds its part {_shown(part.filename)} twice; {_AGAIN}.")
        if part.orig_filename != part.filename or _ABSOLUTE_OR_UPWARD.match(part.filename.replace("\\", "/")):
            raise UnusableError(f"{book} has a part with the name {_shown(part.orig_filename)}; {_AGAIN}.")
    if parts and not _stands_alone(archive, min(part.header_offset for part in parts)):
        raise UnusableError(f"{book} has something else before or behind the workbook in the same file; {_AGAIN}.")
    if not _all_listed(archive, parts):
        raise UnusableError(f"{book} is damaged: its parts are not those that it lists.")
    _check_sizes(parts, book)


_AGAIN = "open it in Excel and save it again"


def _shown(name: str) -> str:
    return repr(name[:80])[1:-1]


def _stands_alone(archive: zipfile.ZipFile, start: int) -> bool:
    """Whether the file begins with the first part and ends with the end of the list of parts."""
    file, comment = archive.fp, archive.comment
    assert file
    length = file.seek(0, 2)
    file.seek(max(0, length - _END_OF_LIST - len(comment)))
    end = file.read()
    return start == 0 and end[:4] == b"PK\x05\x06" and end[_END_OF_LIST:] == comment


def _all_listed(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> bool:
    """Whether the parts of the file are those of its list: as many, none inside another, and none between two of them."""
    file = archive.fp
    assert file
    file.seek(-_END_OF_LIST - len(archive.comment), 2)
    if int.from_bytes(file.read(12)[10:], "little") not in (len(parts), 0xFFFF):
        return False
    in_order = sorted(parts, key=lambda part: part.header_offset)
    starts = [*(part.header_offset for part in in_order), archive.start_dir]
    for part, following in zip(in_order, starts[1:], strict=True):
        file.seek(part.header_offset + 26)
        lengths = file.read(4)
        end = part.header_offset + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        end += part.compress_size
        file.seek(end)
        if end > following or b"PK\x03\x04" in file.read(following - end):
            return False
    return True


def _check_sizes(parts: list[zipfile.ZipInfo], book: str) -> None:
    """Refuse more than a workbook holds. A part that is larger than its entry says fails its checksum when it is read."""
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    largest = max((part.file_size for part in parts), default=0)
    if len(parts) > _PARTS_MAX:
        raise UnusableError(f"{book} has {len(parts):,} parts; at most {_PARTS_MAX:,} are read.")
    if unpacked > _ALL_MAX or largest > _PART_MAX:
        raise UnusableError(
            f"{book} unpacks to {unpacked >> 20:,} MB; at most {_ALL_MAX >> 20:,} MB are read, of one part {_PART_MAX >> 20:,}."
        )
    swelling = [p for p in parts if p.file_size > _SWELLS_FROM and p.file_size > _RATIO_MAX * p.compress_size]
    if swelling or (unpacked > 4 * _SWELLS_FROM and unpacked > _RATIO_MAX * packed):
        raise UnusableError(
            f"{book} unpacks to {unpacked >> 20:,} MB, more than {_RATIO_MAX} times what it is packed: no program saves a "
            "workbook so. Delete blank rows that have a format, or copy the inputs to a new workbook."
        )


def unpacked(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part, no more of it than its entry says: of what swells without end no more is unpacked either."""
    entry = archive.getinfo(name)
    if entry.flag_bits & _UNUSUAL or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with archive.open(name) as part:  # says what is wrong with it, if it cannot be read
            return part.read(max(entry.file_size, 1))  # of 0 bytes the checksum would not be looked at
    return stored_in(archive, entry).unpacked()


def check_markup(xml: bytes, part: str, book: str) -> None:
    """Refuse XML with a document type, which may swell or fetch what it likes, and other encodings than Excel's."""
    if _DOCTYPE.match(xml):
        raise UnusableError(f"{book}: its part {part} has a document type, which Excel does not write; {_AGAIN}.")
    if not _is_utf_8(xml) or _OTHER_ENCODING.match(xml):
        raise UnusableError(f"{book}: its part {part} is not UTF-8; {_AGAIN}.")


def _is_utf_8(xml: bytes) -> bool:
    if xml.isascii():
        return b"\0" not in xml[:4]
    try:
        xml.decode()
    except UnicodeDecodeError:
        return False
    return True


def check_bare(xml: bytes, part: str, book: str) -> None:
    """Refuse XML with comments and marked sections, in which something may stand that looks like an element."""
    if b"<!" in xml:
        raise UnusableError(f"{book}: its part {part} has comments, which Excel does not write; {_AGAIN}.")


def check_tree(xml: bytes, part: str, book: str) -> None:
    """Refuse XML that is too large to be read as a tree."""
    if len(xml) > _XML_MAX:
        raise UnusableError(f"{book}: its part {part} has {len(xml) >> 20:,} MB; at most {_XML_MAX >> 20} MB are read.")
