"""Pages: headings, banners and tables set on A4 landscape, and written as a PDF that follows from its content alone.

A table repeats its headings on each page and is as wide as its texts need, at most the page: texts wrap within their
column, numbers never. No text is cut: a word wider than its column goes on in the next line, a row taller than a page on
the next page. What is drawn is collected first, so that every page knows how many there are.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from xlbackflush.evidence.fonts import Fonts
from xlbackflush.schema import palette

WIDTH, HEIGHT = 841.89, 595.28  # A4 landscape, in points
LEFT, RIGHT = 34.0, WIDTH - 34.0
TOP, BOTTOM = HEIGHT - 56.0, 42.0
SIZES = (7.5, 7.0, 6.5, 6.0, 5.5, 5.0)  # of letters in a table: the first that fits
LEADING, PAD = 1.32, 3.0
WORD_MAX = 150.0  # a longer word is broken

Color = tuple[float, float, float]


def _color(color: str) -> Color:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


INK, NAVY, GREY, LINE, WHITE = map(_color, (palette.BLACK, palette.NAVY, palette.GREY, palette.LINE, palette.WHITE))
PALE, AMBER = (_color(palette.MARKS[mark][1]) for mark in ("entry", "warn"))

Draw = Callable[[Any], None]
Kind = Literal["text", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """A table column: heading; numbers stand right, flags in the middle; `at_least` so wide, in points."""

    head: str
    kind: Kind = "text"
    at_least: float = 0.0


@dataclass(frozen=True)
class Row:
    """A row of texts. heading: one text over the whole width, kept with what follows.  total: bold, ruled off."""

    cells: tuple[str, ...]
    look: Literal["plain", "heading", "total"] = "plain"


class Pages:
    """The pages of one document, filled from top to bottom. `title` stands at the top of each."""

    def __init__(self, title: str, fonts: Fonts | None = None) -> None:
        self._title, self._fonts = title, fonts or Fonts()
        self._pages: list[list[Draw]] = []
        self._sections: list[tuple[str, int]] = []
        self._section, self._y = "", 0.0

    # -------------------------------------------------------------------------------------------- what to set

    def section(self, name: str, purpose: str) -> None:
        """Begin a section on a new page."""
        self._section = ""
        self._new_page()
        self._section = name
        self._sections.append((name, len(self._pages) - 1))
        self._say(LEFT, self._y - 13, name, 15, NAVY, True)
        self._y -= 22
        self.text(purpose, GREY)
        self._y -= 4

    def text(self, text: str, color: Color = INK, size: float = 8.0) -> None:
        """A paragraph."""
        for line in self.wrap(text, RIGHT - LEFT, size):
            self._room(size * LEADING)
            self._say(LEFT, self._y - size, line, size, color)
            self._y -= size * LEADING

    def banner(self, sentences: Sequence[str]) -> None:
        """Sentences that nobody must miss, in a box."""
        size = 9.0
        lines = [line for s in sentences for line in self.wrap(s, RIGHT - LEFT - 20, size, True)]
        height = len(lines) * size * LEADING + 12
        self._room(height)
        self._box(LEFT, self._y - height, RIGHT - LEFT, height, AMBER)
        for i, line in enumerate(lines):
            self._say(LEFT + 10, self._y - 6 - size - i * size * LEADING, line, size, INK, True)
        self._y -= height + 8

    def blanks(self, labels: Sequence[Sequence[str]]) -> None:
        """Lines to sign on, side by side: in each row a label under each line."""
        for row in labels:
            self._room(64)
            step = (RIGHT - LEFT) / len(row)
            for i, label in enumerate(row):
                left = LEFT + i * step
                self._rule(left, left + step - 24, self._y - 44, INK)
                self._say(left, self._y - 55, label, 8, GREY)
            self._y -= 64

    def table(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """A table; without rows it says so."""
        if not rows:
            self.text("None.")
            return
        table = _Table(self, columns, rows)
        for i, row in enumerate(rows):
            following = rows[i + 1] if row.look == "heading" and i + 1 < len(rows) else None
            needed = table.height(row) + (table.height(following) if following else 0)
            head = table.head_height if i == 0 else 0.0
            moved = not self._fits(head + needed) and needed <= TOP - BOTTOM - table.head_height
            if moved:
                self._new_page()
            if moved or i == 0:
                self._table_head(table)
            self._table_row(table, row)
        self._y -= 10

    # ------------------------------------------------------------------------------------------------ measures

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Width of a text on one line, in points."""
        return self._fonts.width(text, size, bold)

    def wrap(self, text: str, width: float, size: float, bold: bool = False) -> list[str]:
        """A text in lines no wider than `width`: broken at spaces, within a word only where it is wider than a line."""
        if self.width(text, size, bold) <= width:
            return [text]
        lines, line = [], ""
        for word in text.split():
            longer = f"{line} {word}" if line else word
            if self.width(longer, size, bold) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = self._broken(word, width, size, bold)
            lines += full
        return [*lines, line]

    def _broken(self, word: str, width: float, size: float, bold: bool) -> list[str]:
        pieces, piece = [], ""
        for character in word:
            if piece and self.width(piece + character, size, bold) > width:
                pieces.append(piece)
                piece = ""
            piece += character
        return [*pieces, piece]

    # ----------------------------------------------------------------------------------------------- drawing

    def _new_page(self) -> None:
        self._pages.append([])
        self._y = TOP
        self._say(LEFT, HEIGHT - 34, self._title, 8, NAVY, True)
        if self._section:
            text = f"{self._section}, continued"
            self._say(RIGHT - self.width(text, 8), HEIGHT - 34, text, 8, GREY)
        self._rule(LEFT, RIGHT, HEIGHT - 40)

    def _fits(self, height: float) -> bool:
        return self._y - height >= BOTTOM - 1e-6

    def _room(self, height: float) -> None:
        if not self._fits(height):
            self._new_page()

    def _table_head(self, table: _Table) -> None:
        size = table.size
        self._box(LEFT, self._y - table.head_height, table.total, table.head_height, NAVY)
        for column, left, width in zip(table.columns, table.lefts, table.widths, strict=True):
            lines = self.wrap(column.head, width - 2 * PAD, size, True)
            y = self._y - table.head_height + PAD + (len(lines) - 1) * size * LEADING + 0.2 * size
            for i, line in enumerate(lines):
                spare = width - 2 * PAD - self.width(line, size, True)
                shift = {"text": 0.0, "number": spare, "flag": spare / 2}[column.kind]
                self._say(left + PAD + shift, y - i * size * LEADING, line, size, WHITE, True)
        self._y -= table.head_height

    def _table_row(self, table: _Table, row: Row) -> None:
        """Draw a row; one that is taller than the page goes on on the next."""
        lines, step = table.lines(row), table.size * LEADING
        count, done = max(len(cell) for cell in lines), 0
        while done < count:
            fit = min(count - done, int((self._y - BOTTOM - PAD) / step + 1e-6))
            if fit < 1:
                self._new_page()
                self._table_head(table)
                continue
            self._piece(table, row, [cell[done : done + fit] for cell in lines], fit * step + PAD)
            done += fit

    def _piece(self, table: _Table, row: Row, lines: Sequence[Sequence[str]], height: float) -> None:
        size, bold = table.size, row.look != "plain"
        if row.look == "heading":
            self._box(LEFT, self._y - height, table.total, height, PALE)
        if row.look == "total":
            self._rule(LEFT, LEFT + table.total, self._y, INK)
        spans = row.look == "heading"
        for k, cell in enumerate(lines):
            column = table.columns[k]
            width = table.total if spans else table.widths[k]
            for i, line in enumerate(cell):
                spare = width - 2 * PAD - self.width(line, size, bold)
                if column.kind == "number" and not spans:
                    spare -= 0.0 if line.endswith(")") else self.width(")", size)  # digits stand under digits
                shift = {"text": 0.0, "number": spare, "flag": spare / 2}["text" if spans else column.kind]
                self._say(
                    table.lefts[k] + PAD + shift, self._y - 1.2 * size - i * size * LEADING, line, size, INK, bold
                )
        self._y -= height
        self._rule(LEFT, LEFT + table.total, self._y)

    def _say(self, x: float, y: float, text: str, size: float, color: Color = INK, bold: bool = False) -> None:
        self._pages[-1].append(lambda canvas: self._write(canvas, x, y, text, size, color, bold))

    def _write(self, canvas: Any, x: float, y: float, text: str, size: float, color: Color, bold: bool) -> None:
        canvas.setFillColorRGB(*color)
        for font, piece in self._fonts.runs(text, bold):
            canvas.setFont(font, size)
            canvas.drawString(x, y, piece)
            x += float(canvas.stringWidth(piece, font, size))

    def _box(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        def draw(canvas: Any) -> None:
            canvas.setFillColorRGB(*color)
            canvas.rect(x, y, width, height, stroke=0, fill=1)

        self._pages[-1].append(draw)

    def _rule(self, left: float, right: float, y: float, color: Color = LINE) -> None:
        def draw(canvas: Any) -> None:
            canvas.setStrokeColorRGB(*color)
            canvas.setLineWidth(0.4)
            canvas.line(left, y, right, y)

        self._pages[-1].append(draw)

    # ------------------------------------------------------------------------------------------------ writing

    def pdf(self, footer: str, middle: str, moment: dt.datetime, author: str) -> bytes:
        """The document. Each page ends with footer, middle and `page x of y`; its date is `moment`, not the clock."""
        from reportlab.pdfgen.canvas import Canvas

        stream = io.BytesIO()
        canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1, lang="en")
        canvas.setTitle(self._title)
        canvas.setAuthor(author)
        canvas.setCreator("xlbackflush")
        canvas.setDateFormatter(lambda *_: f"D:{moment:%Y%m%d%H%M%S}")
        starts: dict[int, list[str]] = {}
        for name, first in self._sections:
            starts.setdefault(first, []).append(name)
        for number, page in enumerate(self._pages):
            for name in starts.get(number, ()):
                canvas.bookmarkPage(name)
                canvas.addOutlineEntry(name, name)
            for draw in page:
                draw(canvas)
            self._foot(canvas, footer, middle, f"page {number + 1} of {len(self._pages)}")
            canvas.showPage()
        canvas.save()
        return stream.getvalue()

    def _foot(self, canvas: Any, left: str, middle: str, right: str) -> None:
        size, y = 6.5, 24.0
        self._write(canvas, LEFT, y, left, size, GREY, False)
        self._write(canvas, RIGHT - self.width(right, size), y, right, size, GREY, False)
        self._write(canvas, LEFT, y - 9, middle, size, GREY, False)


class _Table:
    """The measures of one table: size of letters, widths and left ends of columns."""

    def __init__(self, pages: Pages, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        self._pages, self.columns = pages, columns
        self._lines: dict[Row, list[list[str]]] = {}
        for size in SIZES:
            self.size = size
            least, whole = self._wanted(rows)
            if sum(least) <= RIGHT - LEFT:
                break
        self.widths = _spread(least, whole, RIGHT - LEFT)
        self.total = sum(self.widths)
        self.lefts = [LEFT + sum(self.widths[:i]) for i in range(len(columns))]
        heads = (pages.wrap(c.head, w - 2 * PAD, self.size, True) for c, w in zip(columns, self.widths, strict=True))
        self.head_height = max(len(lines) for lines in heads) * self.size * LEADING + PAD

    def _wanted(self, rows: Sequence[Row]) -> tuple[list[float], list[float]]:
        """For each column the least width that breaks no word (and no number), and the width that needs no wrapping."""
        least, whole = [], []
        for k, column in enumerate(self.columns):
            texts = {(row.cells[k], row.look == "total") for row in rows if row.look != "heading"}
            words = {(word, bold) for text, bold in texts for word in text.split()}
            full = max((self._pages.width(t, self.size, b) for t, b in texts), default=0.0)
            widest = max((self._pages.width(w, self.size, b) for w, b in words), default=0.0)
            number = full + self._pages.width(")", self.size, True)
            head = max((self._pages.width(word, self.size, True) for word in column.head.split()), default=0.0)
            narrow = number if column.kind == "number" else min(widest, WORD_MAX)
            least.append(max(narrow, head, column.at_least) + 2 * PAD)
            whole.append(max(number if column.kind == "number" else full, head, column.at_least) + 2 * PAD)
        return least, whole

    def lines(self, row: Row) -> list[list[str]]:
        """The cells of a row, each in the lines that it takes."""
        if row not in self._lines:
            widths = [self.total] if row.look == "heading" else self.widths
            self._lines[row] = [
                self._pages.wrap(text, width - 2 * PAD, self.size, row.look != "plain")
                for text, width in zip(row.cells, widths, strict=True)
            ]
        return self._lines[row]

    def height(self, row: Row) -> float:
        """Height of a row."""
        return max(len(cell) for cell in self.lines(row)) * self.size * LEADING + PAD


def _spread(least: Sequence[float], whole: Sequence[float], room: float) -> list[float]:
    """Widths within the room: each column between its least and its whole width, long texts wider than short ones."""
    if sum(whole) <= room:
        return list(whole)
    if sum(least) > room:  # not even words fit in the smallest letters: all give way alike, and words break
        return [width * room / sum(least) for width in least]
    wanted = [
        width**0.5 for width in whole
    ]  # a text of four times the length gets twice the width, and twice the lines

    def widths(share: float) -> list[float]:
        limits = zip(least, whole, wanted, strict=True)
        return [min(full, max(narrow, share * root)) for narrow, full, root in limits]

    low, high = 0.0, room
    for _ in range(50):
        share = (low + high) / 2
        low, high = (low, share) if sum(widths(share)) > room else (share, high)
    return widths(low)
