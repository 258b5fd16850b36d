"""Pages: sections, banners and tables on A4 landscape, drawn from top to bottom on the canvas of the PDF library.

A table repeats its headings on each page and is as wide as its texts need, at most the page: texts wrap within their
column, numbers never. No text is cut: a word wider than its column continues on the next line, a row taller than a page on
the next page. The same content gives the same bytes. All lengths are in points.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas

from xlbackflush.dataclass import dataclass
from xlbackflush.evidence.fonts import Fonts
from xlbackflush.schema import palette

WIDTH, HEIGHT = 841.89, 595.28  # A4 landscape
LEFT, RIGHT = 34.0, WIDTH - 34.0
TOP, BOTTOM = HEIGHT - 56.0, 42.0
SIZES = (7.5, 7.0, 6.5, 6.0, 5.5, 5.0)  # of letters in a table: the first that fits
LEADING, PAD = 1.32, 3.0
WORD_MAX = 150.0  # a longer word is broken

INK, NAVY, GREY, LINE, WHITE = (
    HexColor(f"#{color}") for color in (palette.BLACK, palette.NAVY, palette.GREY, palette.LINE, palette.WHITE)
)
PALE, AMBER = (HexColor(f"#{palette.MARKS[mark][1]}") for mark in ("entry", "warn"))

Kind = Literal["text", "number", "flag"]
Look = Literal["plain", "heading", "total", "head"]  # head: the headings of the columns


@dataclass(frozen=True)
class Column:
    """A table column: heading; numbers stand right, flags in the middle; `at_least` so wide."""

    head: str
    kind: Kind = "text"
    at_least: float = 0.0


@dataclass(frozen=True)
class Row:
    """A row of texts. heading: one text over the whole width, kept with what follows.  total: bold, ruled off."""

    cells: tuple[str, ...]
    look: Look = "plain"


class Letters(NamedTuple):
    """Size, colour and weight of a text."""

    size: float
    color: Color = INK
    bold: bool = False


_TITLE, _CONTINUED, _SECTION = Letters(8, NAVY, True), Letters(8, GREY), Letters(15, NAVY, True)
_BANNER, _LABEL, _FOOT = Letters(9, INK, True), Letters(8, GREY), Letters(6.5, GREY)


class Pages:
    """The pages of one document, filled from top to bottom. `title` stands at the top of each."""

    def __init__(self, title: str, fonts: Fonts | None = None) -> None:
        self._title, self._fonts = title, fonts or Fonts()
        self._stream = io.BytesIO()
        self._canvas = Canvas(self._stream, (WIDTH, HEIGHT), pageCompression=1, invariant=1, lang="en")
        self._section = ""
        self._y = TOP  # down to which the page is full

    def section(self, name: str, purpose: str) -> None:
        """Begin a section on a new page."""
        if self._section:
            self._end_page()
        self._section = name
        self._begin_page()
        self._canvas.bookmarkPage(name)
        self._canvas.addOutlineEntry(name, name)
        self._lines([name], LEFT, _SECTION)
        self._y -= 5
        self.text(purpose, GREY)
        self._y -= 4

    def text(self, text: str, color: Color = INK, size: float = 8.0) -> None:
        """A paragraph."""
        for line in self._fonts.lines(text, size, RIGHT - LEFT):
            self._need(size * LEADING)
            self._lines([line], LEFT, Letters(size, color))

    def banner(self, sentences: Sequence[str]) -> None:
        """Sentences that nobody must miss, in a box."""
        size, room, margin = _BANNER.size, RIGHT - LEFT - 20, 6
        lines = [line for sentence in sentences for line in self._fonts.lines(sentence, size, room, bold=True)]
        height = len(lines) * size * LEADING
        self._need(height + 8 + margin)
        self._y -= 8
        self._ground(self._y - height - margin, height + 2 * margin, AMBER)
        self._lines(lines, LEFT + 10, _BANNER)
        self._y -= 8 + margin

    def blanks(self, labels: Sequence[Sequence[str]]) -> None:
        """Lines to sign on, side by side: in each row a label under each line."""
        step, height = (RIGHT - LEFT) / len(labels[0]), 64.0
        self._need(44 + height * len(labels))
        self._y -= 44
        for row in labels:
            for k, label in enumerate(row):
                left = LEFT + k * step
                self._rule(self._y, INK, left, left + step - 24)
                self._write(left, self._y - 11, label, _LABEL)
            self._y -= height

    def table(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """A table; without rows it says so."""
        if not rows:
            self.text("None.")
            return
        layout = _Layout(columns, rows, self._fonts)
        page = TOP - BOTTOM - layout.height(layout.head)  # what a page holds of rows
        self._need(60)
        self._row(layout, layout.head)
        for row, following in zip(layout.rows, [*layout.rows[1:], None], strict=True):
            rest = row
            while layout.height(rest) > page:  # some of its lines here, the others on the next page
                count = max(layout.lines_in(self._y - BOTTOM), 0)
                if count:
                    self._row(layout, _SetRow(row.look, [cell[:count] for cell in rest.cells]))
                rest = _SetRow(row.look, [cell[count:] for cell in rest.cells])
                self._need(page, layout)
            need = layout.height(rest)
            if row.look == "heading" and following:  # the heading of an entry goes with its first line
                need += layout.height(following)
            self._need(min(need, page), layout)
            self._row(layout, rest)
        self._y -= 10

    def pdf(self, footer: str, digests: str, moment: dt.datetime, author: str) -> bytes:
        """The document. Each page ends with footer, `page x of y` and digests; its date is `moment`, not the clock."""
        self._end_page()
        canvas = self._canvas
        count = str(canvas.getPageNumber() - 1)
        feet = ("footer", LEFT, 24.5, footer), ("pages", RIGHT - 20, 24.5, count), ("digests", LEFT, 15.5, digests)
        for name, x, y, text in feet:
            canvas.beginForm(name)
            self._write(x, y, text, _FOOT)
            canvas.endForm()
        canvas.setTitle(self._title)
        canvas.setAuthor(author)
        canvas.setCreator("xlbackflush")
        canvas.setDateFormatter(lambda *_: f"D:{moment:%Y%m%d%H%M%S}")
        canvas.save()
        return self._stream.getvalue()

    # ------------------------------------------------------------------------------------------- one page

    def _begin_page(self, continued: str = "") -> None:
        self._write(LEFT, HEIGHT - 33, self._title, _TITLE)
        self._write(RIGHT - self._fonts.width(continued, _CONTINUED.size), HEIGHT - 33, continued, _CONTINUED)
        self._rule(HEIGHT - 40, LINE)
        self._y = TOP

    def _end_page(self) -> None:
        """The foot of a page, whose texts `pdf` is told at the end."""
        self._canvas.doForm("footer")
        number = f"page {self._canvas.getPageNumber()} of "
        self._write(RIGHT - 20 - self._fonts.width(number, _FOOT.size), 24.5, number, _FOOT)
        self._canvas.doForm("pages")
        self._canvas.doForm("digests")
        self._canvas.showPage()

    def _need(self, height: float, layout: _Layout | None = None) -> None:
        """A new page where so much does not fit on this one any more; with the headings of a table that goes on."""
        if self._y - height < BOTTOM - 0.001:
            self._end_page()
            self._begin_page(f"{self._section}, continued")
            if layout:
                self._row(layout, layout.head)

    def _lines(self, lines: Sequence[str], x: float, letters: Letters) -> None:
        for line in lines:
            self._write(x, self._y - letters.size, line, letters)
            self._y -= letters.size * LEADING

    def _write(self, x: float, y: float, text: str, letters: Letters) -> None:
        self._canvas.setFillColor(letters.color)
        for font, piece in self._fonts.runs(text, letters.bold):
            self._canvas.setFont(font, letters.size)
            self._canvas.drawString(x, y, piece)
            x += self._fonts.width(piece, letters.size, letters.bold)

    def _rule(self, y: float, color: Color, left: float = LEFT, right: float = RIGHT) -> None:
        self._canvas.setStrokeColor(color)
        self._canvas.setLineWidth(0.4)
        self._canvas.line(left, y, right, y)

    def _ground(self, y: float, height: float, color: Color, right: float = RIGHT) -> None:
        self._canvas.setFillColor(color)
        self._canvas.rect(LEFT, y, right - LEFT, height, stroke=0, fill=1)

    def _row(self, layout: _Layout, row: _SetRow) -> None:
        """A row of a table, with its ground and rules."""
        top, height, right = self._y, layout.height(row), layout.right
        if row.look in ("head", "heading"):
            self._ground(top - height, height, NAVY if row.look == "head" else PALE, right)
        if row.look != "head":
            self._rule(top - height, LINE, right=right)
        if row.look == "total":
            self._rule(top, INK, right=right)
        text = self._canvas.beginText()
        text.setFillColor(WHITE if row.look == "head" else INK)
        for cell in row.cells:
            for number, line in enumerate(cell):
                for x, font, piece in line:
                    text.setFont(font, layout.size)
                    text.setTextOrigin(x, top - layout.size * (1.2 + LEADING * number))
                    text.textLine(piece)
        self._canvas.drawText(text)
        self._y -= height


#: pieces of one font each: (where it begins, name of the font, text)
Line = list[tuple[float, str, str]]
#: from where to where a cell reaches on the page, and how its texts are aligned
_Slot = tuple[float, float, Kind]


@dataclass(frozen=True)
class _SetRow:
    """A row whose cells are broken into lines. A heading has one cell, as wide as the table."""

    look: Look
    cells: Sequence[Sequence[Line]]


class _Layout:
    """How one table is laid out: size of letters, widths of columns, and its rows as lines of text."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Row], fonts: Fonts) -> None:
        self._fonts, self._columns = fonts, columns
        natural = [self._natural(k, rows) for k in range(len(columns))]
        for self.size in SIZES:
            least, whole = self._wanted(natural)
            if sum(least) <= RIGHT - LEFT:
                break
        edges = list(accumulate(_spread(least, whole, RIGHT - LEFT), initial=LEFT))
        self.right = edges[-1]
        self._slots: list[_Slot] = [(*ends, c.kind) for ends, c in zip(pairwise(edges), columns, strict=True)]
        self._cell = cache(self._in_lines)
        self.rows = [self._row(row) for row in rows]
        head = self._row(Row(tuple(column.head for column in columns), "head"))
        blank: list[Line] = [[]] * max(map(len, head.cells))  # headings of few lines stand below
        self.head = _SetRow("head", [[*blank[len(cell) :], *cell] for cell in head.cells])

    def height(self, row: _SetRow) -> float:
        """Height of a row, which its tallest cell makes."""
        return max(map(len, row.cells)) * self.size * LEADING + PAD

    def lines_in(self, height: float) -> int:
        """How many lines a row of this height has."""
        return int((height - PAD) / (self.size * LEADING))

    def _row(self, row: Row) -> _SetRow:
        slots: list[_Slot] = [(LEFT, self.right, "text")] if row.look == "heading" else self._slots
        return _SetRow(row.look, [self._cell(*cell, row.look) for cell in zip(row.cells, slots, strict=True)])

    def _in_lines(self, text: str, slot: _Slot, look: Look) -> list[Line]:
        """A text in lines, at its place."""
        left, right, _ = slot
        lines = self._fonts.lines(text, self.size, right - left - 2 * PAD, look != "plain")
        return [self._placed(line, slot, look) for line in lines]

    def _placed(self, text: str, slot: _Slot, look: Look) -> Line:
        """A line of text at its place: digits stand under digits, a parenthesis beyond them."""
        bold, (left, right, kind) = look != "plain", slot
        width = self._fonts.width(text, self.size, bold)
        x = {"text": left + PAD, "flag": (left + right - width) / 2, "number": right - PAD - width}[kind]
        if kind == "number" and look != "head" and not text.endswith(")"):
            x -= self._fonts.width(")", self.size)
        line = []
        for font, piece in self._fonts.runs(text, bold):
            line.append((x, font, piece))
            x += self._fonts.width(piece, self.size, bold)
        return line

    def _natural(self, k: int, rows: Sequence[Row]) -> tuple[float, float, float]:
        """Widths in letters of size 1: of a column's longest text, of its longest word, and of that of its heading."""
        texts = {(row.cells[k], row.look == "total") for row in rows if row.look != "heading"}
        words = {(word, bold) for text, bold in texts for word in text.split()}
        heads = {(word, True) for word in self._columns[k].head.split()}
        widths = [
            max((self._fonts.width(text, 1.0, bold) for text, bold in some), default=0.0)
            for some in (texts, words, heads)
        ]
        return widths[0], widths[1], widths[2]

    def _wanted(self, natural: Sequence[tuple[float, float, float]]) -> tuple[list[float], list[float]]:
        """For each column the least width that breaks no word (and no number), and the width that needs no wrapping."""
        least, whole, size = [], [], self.size
        for column, (text, word, head) in zip(self._columns, natural, strict=True):
            full, narrow = text * size, min(word * size, WORD_MAX)
            if column.kind == "number":
                full = narrow = full + self._fonts.width(")", size, True)
            floor = max(head * size, column.at_least)
            least.append(max(narrow, floor) + 2 * PAD)
            whole.append(max(full, floor) + 2 * PAD)
        return least, whole


def _spread(least: Sequence[float], whole: Sequence[float], room: float) -> list[float]:
    """Widths within the room: each column between its least and its whole width, long texts wider than short ones."""
    if sum(whole) <= room:
        return list(whole)
    if sum(least) > room:  # not even words fit in the smallest letters: all give way alike, and words break
        return [width * room / sum(least) for width in least]

    def widths(share: float) -> list[float]:
        """A text of four times the length gets twice the width, and twice the lines."""
        limits = zip(least, whole, strict=True)
        return [min(full, max(narrow, share * full**0.5)) for narrow, full in limits]

    low, high = 0.0, room
    for _ in range(50):
        share = (low + high) / 2
        low, high = (low, share) if sum(widths(share)) > room else (share, high)
    return widths(low)
