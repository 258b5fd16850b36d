"""Pages: sections, banners and tables on A4 landscape, set by platypus, the layout engine of the PDF library.

A table repeats its headings on each page and is as wide as its texts need, at most the page: texts wrap within their
column, numbers never. No text is cut: a word wider than its column continues on the next line, a row taller than a page on
the next page. The same content gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Literal

from reportlab import platypus
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas

from xlbackflush.evidence.fonts import BOLD, PLAIN, Fonts
from xlbackflush.schema import palette

WIDTH, HEIGHT = 841.89, 595.28  # A4 landscape, in points
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
    """A table column: heading; numbers stand right, flags in the middle; `at_least` so wide, in points."""

    head: str
    kind: Kind = "text"
    at_least: float = 0.0


@dataclass(frozen=True)
class Row:
    """A row of texts. heading: one text over the whole width, kept with what follows.  total: bold, ruled off."""

    cells: tuple[str, ...]
    look: Look = "plain"


def _style(size: float, color: Color = INK, bold: bool = False, **more: Any) -> ParagraphStyle:
    font, leading = BOLD if bold else PLAIN, size * LEADING
    return ParagraphStyle("", fontName=font, fontSize=size, leading=leading, textColor=color, **more)


_SECTION = _style(15.0, NAVY, bold=True, spaceAfter=5.0)
_BOX: dict[str, Any] = {"borderPadding": (6, 10), "leftIndent": 10.0, "rightIndent": 10.0}
_BANNER = _style(9.0, bold=True, backColor=AMBER, spaceBefore=8.0, spaceAfter=14.0, **_BOX)
_FOOT = _style(6.5, GREY)


def _text(fonts: Fonts, text: str, style: ParagraphStyle) -> platypus.Paragraph:
    return platypus.Paragraph(fonts.markup(text, style.fontName == BOLD), style)


class Pages:
    """The pages of one document, filled from top to bottom. `title` stands at the top of each."""

    def __init__(self, title: str, fonts: Fonts | None = None) -> None:
        self._title, self._fonts = title, fonts or Fonts()
        self._story: list[platypus.Flowable] = []

    def section(self, name: str, purpose: str) -> None:
        """Begin a section on a new page."""
        if self._story:
            self._story.append(platypus.ActionFlowable(("section",)))
        self._story.append(platypus.Paragraph(name, _SECTION))
        self.text(purpose, GREY)
        self._story.append(platypus.Spacer(0, 4))

    def text(self, text: str, color: Color = INK, size: float = 8.0) -> None:
        """A paragraph."""
        self._story.append(_text(self._fonts, text, _style(size, color)))

    def banner(self, sentences: Sequence[str]) -> None:
        """Sentences that nobody must miss, in a box."""
        lines = "<br/>".join(self._fonts.markup(sentence, bold=True) for sentence in sentences)
        self._story.append(platypus.Paragraph(lines, _BANNER))

    def blanks(self, labels: Sequence[Sequence[str]]) -> None:
        """Lines to sign on, side by side: in each row a label under each line."""
        gap, count = 24.0, len(labels[0])
        cells = [[cell for label in row for cell in (label, "")] for row in labels]
        lines = [("LINEABOVE", (k, 0), (k, -1), 0.4, INK) for k in range(0, 2 * count, 2)]
        settings = (("FONT", PLAIN, 8), ("TEXTCOLOR", GREY), ("LEFTPADDING", 0), ("VALIGN", "TOP"))
        look = [(name, (0, 0), (-1, -1), *values) for name, *values in settings]
        widths = [(RIGHT - LEFT) / count - gap, gap] * count
        self._story += [platypus.Spacer(0, 44), platypus.Table(cells, widths, 64.0, [*look, *lines], hAlign="LEFT")]

    def table(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """A table; without rows it says so."""
        if rows:
            layout = _Layout(columns, rows, self._fonts)
            self._story += [platypus.CondPageBreak(60), _Rows(layout, layout.rows), platypus.Spacer(0, 10)]
        else:
            self.text("None.")

    def pdf(self, footer: str, digests: str, moment: dt.datetime, author: str) -> bytes:
        """The document. Each page ends with footer, `page x of y` and digests; its date is `moment`, not the clock."""

        def canvas(stream: io.BytesIO, **options: Any) -> Canvas:
            made = Canvas(stream, **options)
            made.setDateFormatter(lambda *_: f"D:{moment:%Y%m%d%H%M%S}")
            return made

        stream = io.BytesIO()
        document = _Document(stream, self._fonts, footer, digests, title=self._title, author=author)
        document.build([*self._story, platypus.ActionFlowable(("count",))], canvasmaker=canvas)
        return stream.getvalue()


class _Document(platypus.BaseDocTemplate):  # type: ignore[misc]
    """Head and foot of each page, and an outline of the sections."""

    def __init__(self, stream: io.BytesIO, fonts: Fonts, footer: str, digests: str, **facts: str) -> None:
        self._fonts, self._footer, self._digests, self._section = fonts, footer, digests, ""
        frame = platypus.Frame(LEFT, BOTTOM, RIGHT - LEFT, TOP - BOTTOM, *[0] * 4)
        template = platypus.PageTemplate(frames=[frame], onPage=self._head, onPageEnd=self._foot)
        look = {"pagesize": (WIDTH, HEIGHT), "pageTemplates": [template], "lang": "en", "pageCompression": 1}
        super().__init__(stream, invariant=1, creator="xlbackflush", **look, **facts)

    def handle_section(self) -> None:
        """A section begins on a new page."""
        self._section = ""
        self.handle_pageBreak()

    def afterFlowable(self, flowable: platypus.Flowable) -> None:  # noqa: N802 - the library calls it so
        """Enter a section in the outline."""
        if getattr(flowable, "style", None) is _SECTION:
            self._section = flowable.text
            self.canv.bookmarkPage(self._section)
            self.canv.addOutlineEntry(self._section, self._section)

    def handle_count(self) -> None:
        """At the end: the number of pages, to which the foot of each page refers."""
        self.canv.beginForm("pages")
        self._write(self.canv, RIGHT - 20, 22, str(self.page), _FOOT)
        self.canv.endForm()

    def _head(self, canvas: Canvas, _: platypus.BaseDocTemplate) -> None:
        self._write(canvas, LEFT, HEIGHT - 36, self.title, _style(8.0, NAVY, bold=True))
        if self._section:
            self._write(canvas, LEFT, HEIGHT - 36, f"{self._section}, continued", _style(8.0, GREY, alignment=TA_RIGHT))
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.4)
        canvas.line(LEFT, HEIGHT - 40, RIGHT, HEIGHT - 40)

    def _foot(self, canvas: Canvas, _: platypus.BaseDocTemplate) -> None:
        self._write(canvas, LEFT, 22, self._footer, _FOOT)
        number = f"page {self.page} of "
        self._write(canvas, RIGHT - 20 - self._fonts.width(number, _FOOT.fontSize), 22, number, _FOOT)
        canvas.doForm("pages")
        self._write(canvas, LEFT, 13, self._digests, _FOOT)

    def _write(self, canvas: Canvas, x: float, y: float, text: str, style: ParagraphStyle) -> None:
        paragraph = _text(self._fonts, text, style)
        paragraph.wrapOn(canvas, RIGHT - LEFT, HEIGHT)
        paragraph.drawOn(canvas, x, y)


#: pieces of one font each: (where it begins, in points from the left edge of the table; name of the font; text)
Line = list[tuple[float, str, str]]


@dataclass(frozen=True)
class _SetRow:
    """A row whose cells are broken into lines. A heading has one cell, as wide as the table."""

    look: Look
    cells: Sequence[Sequence[Line]]


class _Rows(platypus.Flowable):  # type: ignore[misc]
    """Rows of a table under its headings."""

    def __init__(self, layout: _Layout, rows: Sequence[_SetRow]) -> None:
        super().__init__()
        self._layout, self._rows = layout, rows

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Width and height; of more rows than fit, the height of the first that are too many."""
        self.height, self._fitting = self._layout.height(self._layout.head), 0
        for row in self._rows:
            self.height += self._layout.height(row)
            if self.height > height:
                break
            self._fitting += 1
        return width, self.height

    def split(self, width: float, height: float) -> Sequence[platypus.Flowable]:
        """The rows that fit, and the others: the heading of an entry goes with its first line."""
        layout, rows, count = self._layout, self._rows, self._fitting
        row = rows[count]
        lines = layout.lines_in(height - self.height + layout.height(row))
        if (
            lines > 0 and layout.height(layout.head) + layout.height(row) > TOP - BOTTOM
        ):  # taller than a page: it is cut
            here, after = (
                _SetRow(row.look, [c[part] for c in row.cells]) for part in (slice(lines), slice(lines, None))
            )
            return [_Rows(layout, [*rows[:count], here]), _Rows(layout, [after, *rows[count + 1 :]])]
        if count > 1 and rows[count - 1].look == "heading":
            count -= 1
        return [_Rows(layout, rows[:count]), _Rows(layout, rows[count:])] if count else []

    def draw(self) -> None:
        """Draw the rows, which all fit."""
        top = self.height
        for row in (self._layout.head, *self._rows):
            self._layout.draw(self.canv, row, top)
            top -= self._layout.height(row)


@dataclass(frozen=True)
class _Slot:
    """From where to where a cell reaches, in points from the left edge of the table, and how its texts are aligned."""

    left: float
    right: float
    kind: Kind


class _Layout:
    """How one table is laid out: size of letters, widths of columns, and its rows as lines of text."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Row], fonts: Fonts) -> None:
        self._fonts, self._columns = fonts, columns
        natural = [self._natural(k, rows) for k in range(len(columns))]
        for self._size in SIZES:
            least, whole = self._wanted(natural)
            if sum(least) <= RIGHT - LEFT:
                break
        edges = list(accumulate(_spread(least, whole, RIGHT - LEFT), initial=0.0))
        self._slots = [_Slot(*ends, column.kind) for ends, column in zip(pairwise(edges), columns, strict=True)]
        self._all = _Slot(0.0, edges[-1], "text")
        self._cells: dict[tuple[str, _Slot, Look], list[Line]] = {}
        self.rows = [self._row(row) for row in rows]
        head = self._row(Row(tuple(column.head for column in columns), "head"))
        blank: list[Line] = [[]] * max(map(len, head.cells))  # headings of few lines stand below
        self.head = _SetRow("head", [[*blank[len(cell) :], *cell] for cell in head.cells])

    def height(self, row: _SetRow) -> float:
        """Height of a row, which its tallest cell makes."""
        return max(map(len, row.cells)) * self._size * LEADING + PAD

    def lines_in(self, height: float) -> int:
        """How many lines a row of this height has."""
        return int((height - PAD) / (self._size * LEADING))

    def draw(self, canvas: Canvas, row: _SetRow, top: float) -> None:
        """A row with its ground and rules; `top` is where its upper edge stands."""
        bottom, right = top - self.height(row), self._all.right
        if row.look in ("head", "heading"):
            canvas.setFillColor(NAVY if row.look == "head" else PALE)
            canvas.rect(0, bottom, right, top - bottom, stroke=0, fill=1)
        for y, color, looks in ((bottom, LINE, ("plain", "heading", "total")), (top, INK, ("total",))):
            if row.look in looks:
                canvas.setStrokeColor(color)
                canvas.setLineWidth(0.4)
                canvas.line(0, y, right, y)
        text = canvas.beginText()
        text.setFillColor(WHITE if row.look == "head" else INK)
        for cell in row.cells:
            for number, line in enumerate(cell):
                for x, font, piece in line:
                    text.setFont(font, self._size)
                    text.setTextOrigin(x, top - self._size * (1.2 + LEADING * number))
                    text.textLine(piece)
        canvas.drawText(text)

    def _row(self, row: Row) -> _SetRow:
        slots = [self._all] if row.look == "heading" else self._slots
        return _SetRow(row.look, [self._cell(*cell, row.look) for cell in zip(row.cells, slots, strict=True)])

    def _cell(self, text: str, slot: _Slot, look: Look) -> list[Line]:
        """A text in lines, at its place; each distinct one is set once."""
        key = text, slot, look
        if key not in self._cells:
            lines = self._broken(text, slot.right - slot.left - 2 * PAD + 0.001, look != "plain")
            self._cells[key] = [self._placed(line, slot, look) for line in lines]
        return self._cells[key]

    def _broken(self, text: str, room: float, bold: bool) -> list[str]:
        """A text in lines that fit: broken between words, and within a word that is wider than a line."""

        def width(part: str) -> float:
            return self._fonts.width(part, self._size, bold)

        if width(text) <= room:
            return [text]
        lines: list[str] = []
        for word in text.split():
            if lines and width(f"{lines[-1]} {word}") <= room:
                lines[-1] = f"{lines[-1]} {word}"
                continue
            begin = 0
            while begin < len(word):
                fitting = bisect_right([*accumulate(map(width, word[begin:]))], room)
                lines.append(word[begin : begin + max(fitting, 1)])
                begin += max(fitting, 1)
        return lines

    def _placed(self, text: str, slot: _Slot, look: Look) -> Line:
        """A line of text with its places: digits stand under digits, a parenthesis beyond them."""
        bold = look != "plain"
        width = self._fonts.width(text, self._size, bold)
        begins = {
            "text": slot.left + PAD,
            "flag": (slot.left + slot.right - width) / 2,
            "number": slot.right - PAD - width,
        }
        x = begins[slot.kind]
        if slot.kind == "number" and look != "head" and not text.endswith(")"):
            x -= self._fonts.width(")", self._size)
        line = []
        for font, piece in self._fonts.runs(text, bold):
            line.append((x, font, piece))
            x += self._fonts.width(piece, self._size, bold)
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
        least, whole, size = [], [], self._size
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
