"""A sheet as Excel and nearly every other program writes it, looked through with one pattern for its rows.

The pattern says what a row may be, not what it may not: what matches is read rightly by calamine, and all else is read the
slow way (`unusual_sheet`). It goes through a sheet once, and nothing of it is tried twice.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from xlbackflush.dataclass import dataclass, field
from xlbackflush.late import pattern
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.address import LAST_COLUMN, LAST_ROW, split_cell
from xlbackflush.ooxml.package import MAIN

Cell = tuple[int, int]  # row and column, from 1

_BOX_MAX = 500_000  # cells of a sheet's bounding box, where most of them are not there
_SPARSE = 20  # times as many cells in the box as there are on the sheet

_TEXT = rb"[^<]*+"
_STYLE = rb'(?: (?:s|cm|vm|ph)="\d+")*+'
_FORMULA = rb"(?:<f(?: [^<>]*+)?(?<=/)>|<f(?: [^<>]*+)?(?<!/)>" + _TEXT + rb"</f>)"
#: calamine does not survive days long before Excel's first, so numbers far below zero are not among these
_NUMBER = rb"<v>(?:-?\d{1,10}(?:\.\d*+)?(?:[eE]-\d{1,3})?|\d{1,20}+(?:\.\d*+)?(?:[eE]\+?\d{1,2})?)</v>"
_NOTHING = rb"(?:<v></v>|<v ?/>)?+"
#: cells with a value of their own, and blank ones
_CELL = (
    rb'<c r="[A-Z]{1,3}\1"' + _STYLE + rb"(?: ?/>|>(?:" + _FORMULA + rb"?+" + _NUMBER + rb")?+</c>"
    rb'| t="(?:inlineStr"' + _STYLE + rb'><is><t(?: xml:space="preserve")?>' + _TEXT + rb"</t></is></c>"
    rb'|s"' + _STYLE + rb"><v>\d{1,7}</v></c>"
    rb'|n"' + _STYLE + rb"(?: ?/>|>(?:" + _FORMULA + rb"?+" + _NUMBER + rb")?+</c>)"
    rb'|str"' + _STYLE + rb">" + _FORMULA + rb"?+(?:<v>" + _TEXT + rb"</v>|<v ?/>)?+</c>"
    rb'|b"' + _STYLE + rb">" + _FORMULA + rb"?+<v>[01]</v></c>))"
)
#: error values, and formulas without a result
_ODD_CELL = (
    rb'<c r="[A-Z]{1,3}\1"' + _STYLE + rb'(?:(?: t="n")?' + _STYLE + rb">" + _FORMULA + _NOTHING + rb"</c>"
    rb"|>" + _NOTHING + rb"</c>"
    rb'| t="e"' + _STYLE + rb">" + _FORMULA + rb"?+<v>#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A)</v></c>)"
)


def _row(cells: bytes) -> re.Pattern[bytes]:
    attributes = rb'(?: (?!xmlns)[\w:]+="[^"<>]*+")*+'
    return re.compile(rb'<row r="(\d{1,7})"' + attributes + rb"(?: ?/>|>(?:" + cells + rb")*+</row>)")


_ROW = _row(_CELL)


@cache
def _row_with_odd_cells() -> re.Pattern[bytes]:
    """Compiled when the first is met: most sheets have none."""
    return _row(rb"(?:" + _CELL + rb"|" + _ODD_CELL + rb")")


_PARTS_OF_CELL = pattern(
    rb'<c r="(?P<address>[A-Z]+\d+)"(?P<attributes>[^<>]*+)(?:(?<=/)>|>(?P<formula>'
    + _FORMULA
    + rb")?(?:<v>(?P<value>[^<]*)</v>)?)"
)
_HEAD = pattern(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml(?: (?:version|standalone)=[\"'][\w.]+[\"']| encoding=[\"'](?i:utf-8)[\"'])*+ ?\?>)?\s*"
    rb'<(?P<prefix>\w+:)?worksheet(?P<attributes>(?:\s+[\w:]+="[^"<]*")*+)\s*>'
)
_TAG = pattern(rb'\s*+<(?:(?P<end>/)[\w:]+\s*|[\w:]+(?:\s+[\w:]+="[^"<>]*+")*+\s*(?P<empty>/)?)>')
_BEFORE_MIDNIGHT = pattern(rb"<v>(\d{1,7}\.9{8}\d*)</v>")


@dataclass(frozen=True)
class Scanned:
    """A sheet made ready for calamine.

    xml: what calamine reads rightly. cells: how many there are, blank ones among them, where that was counted. rows, columns:
    where its rows and columns stand on the sheet, if it is closed up. others: what cells hold that calamine shows otherwise.
    serials: numbers that, as dates, lie a moment before midnight.
    """

    xml: bytes
    cells: int = 0
    others: dict[Cell, object] = field(default_factory=dict)
    serials: dict[Cell, float] = field(default_factory=dict)
    rows: Sequence[int] | None = None
    columns: Sequence[int] | None = None


def scan(xml: bytes) -> Scanned | None:
    """A sheet as it stands; None where it is written in another way, or has stray cells far from all others."""
    xml = _bare(xml)
    data = _data(xml)
    if not data:
        return None
    position, end = data
    others: dict[Cell, object] = {}
    starts, number = [], 0
    while position < end:
        row = _ROW.match(xml, position, end)
        if not row:
            row = _row_with_odd_cells().match(xml, position, end)
            if not row:
                return None
            others.update(_odd_cells(row[0]))
        if int(row[1]) <= number:
            return None  # out of order, or there twice
        number = int(row[1])
        starts.append(position)
        position = row.end()
    count, width = _columns(xml, data, starts)
    off_sheet = number > LAST_ROW or width > LAST_COLUMN
    if count < 0 or off_sheet or number * width > max(_BOX_MAX, _SPARSE * count):
        return None
    return Scanned(xml, count, others, dict(_before_midnight(xml, data)))


def _bare(xml: bytes) -> bytes:
    """A sheet whose rows all have a prefix, without it; others as they are."""
    head = _HEAD.match(xml)
    prefix, data = head["prefix"] if head else b"", _data(xml)
    if not prefix or not data:
        return xml
    rows = xml[slice(*data)]
    if rows.count(b"<") != rows.count(b"<" + prefix) + rows.count(b"</" + prefix):
        return xml
    rows = rows.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
    return b'<worksheet xmlns="%b"><sheetData>%b</sheetData></worksheet>' % (MAIN.encode(), rows)


def _data(xml: bytes) -> tuple[int, int] | None:
    """Where the rows of a sheet begin and end; None where that is not plain."""
    head = _HEAD.match(xml)
    if not head:
        return None
    prefix = head["prefix"] or b""
    name = b":".join([b"xmlns", prefix[:-1]]) if prefix else b"xmlns"
    opening, closing = b"<%bsheetData>" % prefix, b"</%bsheetData>" % prefix
    start, end = xml.find(opening, head.end()), xml.rfind(closing)
    if not 0 < start < end or b' %b="%b"' % (name, MAIN.encode()) not in head["attributes"]:
        return None
    before, after = xml[head.end() : start], xml[end + len(closing) :]
    if not _is_whole(before) or b"sheetData" in before or any(mark in after for mark in (b"<!", b"<?", b"sheetData")):
        return None
    return start + len(opening), end


def _is_whole(elements: bytes) -> bool:
    """Whether all elements of a piece of XML end in it, so that what follows is not part of one."""
    position = depth = 0
    while tag := _TAG.match(elements, position):
        depth += -1 if tag["end"] else 0 if tag["empty"] else 1
        position = tag.end()
    return depth == 0 and not elements[position:].strip()


def _odd_cells(row: bytes) -> Iterator[tuple[Cell, object]]:
    """The error values of a row, and its formulas without a result."""
    for cell in _PARTS_OF_CELL.finditer(row):
        column, number = split_cell(cell["address"].decode())
        if b't="e"' in cell["attributes"]:
            yield (number, column), CellError(cell["value"].decode())
        elif cell["formula"] and not cell["value"] and b't="str"' not in cell["attributes"]:
            yield (number, column), CellError("", calculated=False)


def _columns(xml: bytes, data: tuple[int, int], starts: Sequence[int]) -> tuple[int, int]:
    """The number of cells and the last column; -1 cells where those of a row are not in order, or one is there twice."""
    text = np.frombuffer(xml, dtype=np.uint8)[: data[1] + 12]
    marks = text[:-3] == ord("<")
    marks &= text[1:-2] == ord("c")
    marks &= text[2:-1] == ord(" ")
    at = np.flatnonzero(marks)
    at = at[at >= data[0]]
    if not at.size:
        return 0, 0
    columns = np.zeros(at.size, dtype=np.int64)
    in_letters = np.ones(at.size, dtype=bool)
    for place in (6, 7, 8):  # behind <c r="
        letter = text[at + place].astype(np.int64) - 64
        in_letters &= letter > 0
        columns = np.where(in_letters, columns * 26 + letter, columns)
    rows = np.searchsorted(np.asarray(starts), at)
    in_order = bool((np.diff(rows * 20_000 + columns) > 0).all())
    return int(at.size) if in_order else -1, int(columns.max())


def _before_midnight(xml: bytes, data: tuple[int, int]) -> Iterator[tuple[Cell, float]]:
    if xml.find(b".99999999", *data) >= 0:
        for number in _BEFORE_MIDNIGHT.finditer(xml, *data):
            start = xml.rfind(b'<c r="', 0, number.start()) + 6
            column, row = split_cell(xml[start : xml.index(b'"', start)].decode())
            yield (row, column), float(number[1])
