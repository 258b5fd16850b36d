"""Rows and cells of a sheet as its part spells them, so that they can be carried to other rows without being understood.

Excel, openpyxl and LibreOffice write the address of a cell first; a cell that has none is not seen here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from xlbackflush.late import pattern
from xlbackflush.ooxml.address import CELL, area, box_of, column_letter, column_number
from xlbackflush.ooxml.xml import escape_formula, unescape

_ROW = pattern(r"<(?:\w+:)?row\b(?P<look>[^>]*?)(?:/>|>(?P<cells>.*?)</(?:\w+:)?row>)", re.S)
_CELL = r"""<(?:\w+:)?c r=["'](?P<column>{})(?P<row>\d+)["'][^>]*?(?:/>|>.*?</(?:\w+:)?c>)"""
_ANY_CELL = pattern(_CELL.format("[A-Z]{1,3}"), re.S)
_NUMBER = pattern(r"""\br=["'](\d+)["']""")
_NUMBERED = pattern(r"""<(?:\w+:)?row\b[^>]*?\br=["'](?P<number>\d+)["']""")
_STYLE = pattern(r"""\ss=["'](\d+)["']""")
_TYPE = pattern(r"""\st=["'](\w+)["']""")
_TEXT = pattern(r"<(?:\w+:)?t\b[^>]*>([^<]*)</")
_VALUE = pattern(r"<(?:\w+:)?v\b[^>]*>([^<]*)</")
_CONTENT = pattern(r"<(?:\w+:)?(?:f|v|is)\b")
_FORMULA = pattern(r"(<(?:\w+:)?f\b(?P<kind>[^>]*?))(?:/>|>(?P<text>[^<]*)(</(?:\w+:)?f>))")
_SHARED = pattern(r"""\st=["']shared["']""")
_FILLED = pattern(r"""<(?:\w+:)?c r=["']([A-Z]{1,3})\d+["'][^>]*>\s*<(?:\w+:)?(f|v|is)\b""")
_STYLES = pattern(r""" s=["'](\d+)["']""")
_LONG = 200_000  # characters
_REF = pattern(rf"""(\bref=["']){CELL}(?::{CELL})?""")

Reword = Callable[[str], str]


class SpelledCell(NamedTuple):
    """A cell, by its numbers from 1."""

    column: int
    row: int
    xml: str

    @property
    def address(self) -> str:
        return f"{column_letter(self.column)}{self.row}"

    @property
    def style(self) -> int:
        """Index of its cell format; 0 where it has none of its own."""
        head = self.xml[: self.xml.index(">")]
        style = _STYLE.search(head)
        return int(style[1]) if style else 0

    @property
    def has_content(self) -> bool:
        return bool(_CONTENT.search(self.xml))

    @property
    def formula(self) -> str | None:
        """Its formula without the =; None where it has none, "" where it shares that of another cell."""
        formula = _FORMULA.search(self.xml)
        return unescape(formula["text"] or "") if formula else None

    def text(self, shared: Callable[[], Sequence[str]]) -> str:
        """What it shows, as text; shared: the texts that cells of the workbook share."""
        kind = _TYPE.search(self.xml[: self.xml.index(">")])
        if kind and kind[1] == "inlineStr":
            return unescape("".join(_TEXT.findall(self.xml)))
        value = _VALUE.search(self.xml)
        if not value:
            return ""
        return shared()[int(value[1])] if kind and kind[1] == "s" else unescape(value[1])

    def at(self, row: int, reword: Reword = str) -> str:
        """The cell as it is spelled in another row; reword: what becomes of the text of its formula."""

        def formula(match: re.Match[str]) -> str:
            head = _REF.sub(lambda ref: ref[1] + _down(ref[0][len(ref[1]) :], row - self.row), match[1])
            text = escape_formula(reword(unescape(match["text"] or "")))
            return f"{head}>{text}{match[4]}" if match[4] else f"{head}/>"

        xml = self.xml.replace(self.address, f"{column_letter(self.column)}{row}", 1)
        return _FORMULA.sub(formula, xml, count=1)

    def with_formula(self, text: str) -> SpelledCell:
        """The cell with its formula written out, where it shared one with others."""
        formula = _FORMULA.search(self.xml)
        if not formula or not _SHARED.search(formula["kind"]):
            return self
        tag = formula[1][1:].split()[0]
        plain = f"<{tag}>{escape_formula(text)}</{tag}>"
        return self._replace(xml=f"{self.xml[: formula.start()]}{plain}{self.xml[formula.end() :]}")

    @property
    def shares(self) -> bool:
        """True where other cells may share its formula."""
        formula = _FORMULA.search(self.xml)
        return bool(formula and _SHARED.search(formula["kind"]))

    def without_value(self) -> SpelledCell:
        """The cell without what its formula last came to; one without a formula as it is."""
        if self.formula is None:
            return self
        return self._replace(xml=re.sub(r"<(?:\w+:)?v\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?v>)", "", self.xml))


def _down(ref: str, rows: int) -> str:
    top, left, bottom, right = box_of(ref)
    moved = area((top + rows, left, bottom + rows, right))
    return moved if ":" in ref else moved.split(":")[0]


class SpelledRow(NamedTuple):
    """A row: its number, its other attributes, and its cells."""

    number: int
    look: dict[str, str]
    cells: list[SpelledCell]


_ATTRIBUTE = pattern(r"""([\w:]+)=["']([^"']*)["']""")


def rows_of(xml: str) -> Iterator[SpelledRow]:
    """The rows of some XML."""
    for number, look, cells in _rows(xml):
        yield SpelledRow(number, look, list(cells_of(cells)))


def looks_of(xml: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of some XML without their cells: number and other attributes."""
    for number, look, _ in _rows(xml):
        yield number, look


def _rows(xml: str) -> Iterator[tuple[int, dict[str, str], str]]:
    for match in _ROW.finditer(xml):
        look = dict(_ATTRIBUTE.findall(match["look"]))
        number = look.pop("r", "")
        if number:
            yield int(number), look, match["cells"] or ""


def cells_of(xml: str, letters: str = "") -> Iterator[SpelledCell]:
    """The cells of some XML; letters: a pattern of those of their columns."""
    pattern = re.compile(_CELL.format(letters), re.S) if letters else _ANY_CELL
    for match in pattern.finditer(xml):
        yield SpelledCell(column_number(match["column"]), int(match["row"]), match[0])


def filled(row: str) -> tuple[frozenset[str], frozenset[str]]:
    """The letters of the columns in which a row, as XML, has content, and of those in which it has a formula."""
    cells = _FILLED.findall(row)
    return frozenset(letters for letters, _ in cells), frozenset(letters for letters, kind in cells if kind == "f")


def styles_in(xml: str) -> Iterator[int]:
    """Each cell format that cells and rows of some XML have, once.

    Long texts are searched for one that is none of those found before, which takes half the time.
    """
    if len(xml) < _LONG:
        yield from map(int, set(_STYLES.findall(xml)))
        return
    known, start = ["x"], 0
    while other := re.compile(rf""" s=["'](?!(?:{"|".join(known)})["'])(\d+)""").search(xml, start):
        yield int(other[1])
        known.append(other[1])
        start = other.start()


def last_row(xml: str) -> int:
    """The number of the last row of a sheet; 0 where it has none."""
    return max((int(match["number"]) for match in _NUMBERED.finditer(xml)), default=0)


def merged(
    rows: Sequence[str], cells: Mapping[int, Sequence[SpelledCell]], looks: Mapping[int, dict[str, str]]
) -> list[str]:
    """Rows with more cells in them, each at its column, and with other attributes, by the numbers of the rows."""
    if not cells and not looks:
        return list(rows)
    numbered = {int(match[1]): row for row in rows if (match := _NUMBER.search(row))}
    for number in cells.keys() | looks.keys():
        row = next(rows_of(numbered.get(number, f'<row r="{number}"/>')))
        both = {cell.column: cell.xml for cell in (*row.cells, *cells.get(number, ()))}
        look = "".join(f' {name}="{text}"' for name, text in (row.look | looks.get(number, {})).items())
        numbered[number] = f'<row r="{number}"{look}>{"".join(both[column] for column in sorted(both))}</row>'
    return [row for _, row in sorted(numbered.items())]


class SheetRows:
    """The rows of a sheet in three pieces, as its table cuts them: to its headers, its body, and what is below."""

    def __init__(self, data: str, prefix: str, header: int, last: int) -> None:
        """data: the sheetData element; prefix: that of its tags; header, last: rows of the table."""
        self._tag = f"<{prefix}row "
        start = data.find(self._tag)
        start = len(data) if start < 0 else start
        body, end = self._after_head(data, start, header), self._below(data, start, last)
        self.above, self.body, self.below = data[start:body], data[body : max(body, end)], data[max(body, end) :]

    def _after_head(self, data: str, start: int, header: int) -> int:
        """Where the first row after the headers starts."""
        while start < len(data) and self._number(data, start) <= header:
            start = data.find(self._tag, start + 1)
            start = len(data) if start < 0 else start
        return start

    def _below(self, data: str, start: int, last: int) -> int:
        """Where the first row below the table starts."""
        end = len(data)
        while (row := data.rfind(self._tag, start, end)) >= 0 and self._number(data, row) > last:
            end = row
        return end

    def last_rows(self) -> Iterator[tuple[int, str]]:
        """The rows of the body by their numbers, the last one first."""
        end = len(self.body)
        while (start := self.body.rfind(self._tag, 0, end)) >= 0:
            yield self._number(self.body, start), self.body[start:end]
            end = start

    def looks(self) -> set[str]:
        """What rows of the body say of themselves besides their number, each way of saying it once."""
        return set(re.findall(rf"""{self._tag}r=["']\d+["']([^>]*)""", self.body))

    def odd_rows(self, mark: str) -> list[str]:
        """The rows in which a mark is not found as often as in most; in a long body those in which it is not found at all."""
        end = f"</{self._tag[1:].strip()}>"
        if len(self.body) > _LONG:
            return list(self._without(mark, end))
        rows = self.body.split(end)[:-1]
        counts = [row.count(mark) for row in rows]
        most = max(set(counts), key=counts.count) if rows else 0
        return [row for row, count in zip(rows, counts, strict=True) if count != most]

    def _without(self, mark: str, end: str) -> Iterator[str]:
        start = 0
        while (stop := self.body.find(end, start)) >= 0:
            if self.body.find(mark, start, stop) < 0:
                yield self.body[start:stop]
            start = stop + len(end)

    def first_row(self) -> tuple[int, str]:
        """The first row of the body, by its number."""
        end = self.body.find(self._tag, 1)
        return self._number(self.body, 0), self.body[: end if end > 0 else len(self.body)]

    @staticmethod
    def _number(data: str, row: int) -> int:
        number = _NUMBER.search(data, row, data.find(">", row))
        return int(number[1]) if number else 0
