"""Pages: sections, banners and tables on A4 landscape, set by platypus, the layout engine of the PDF library.

A table repeats its headings on each page and is as wide as its texts need, at most the page: texts wrap within their
column, numbers never. No text is cut: a word wider than its column continues on the next line, a row taller than a page on
the next page. The same content gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reportlab import platypus
from reportlab.lib.colors import Color, HexColor
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
Look = Literal["plain", "heading", "total"]
_ALIGN = {"text": "LEFT", "number": "RIGHT", "flag": "CENTER"}


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


def _style(size: float, color: Color = INK, bold: bool = False, align: str = "LEFT", **more: Any) -> ParagraphStyle:
    font, leading = BOLD if bold else PLAIN, size * LEADING
    code = {"LEFT": 0, "CENTER": 1, "RIGHT": 2}[align]
    return ParagraphStyle("", fontName=font, fontSize=size, leading=leading, textColor=color, alignment=code, **more)


_SECTION = _style(15.0, NAVY, bold=True, spaceAfter=5.0)
_BOX: dict[str, Any] = {
    "borderPadding": (6, 10),
    "leftIndent": 10.0,
    "rightIndent": 10.0,
    "spaceBefore": 8.0,
    "spaceAfter": 14.0,
}
_BANNER = _style(9.0, bold=True, backColor=AMBER, **_BOX)
_FOOT = _style(6.5, GREY)
_ALL, _BODY = ((0, 0), (-1, -1)), ((0, 1), (-1, -1))  # cells of a table: all of them, all but its headings


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
        look = [
            ("FONT", *_ALL, PLAIN, 8),
            ("TEXTCOLOR", *_ALL, GREY),
            ("LEFTPADDING", *_ALL, 0),
            ("VALIGN", *_ALL, "TOP"),
        ]
        widths = [(RIGHT - LEFT) / count - gap, gap] * count
        self._story += [platypus.Spacer(0, 44), platypus.Table(cells, widths, 64.0, [*look, *lines], hAlign="LEFT")]

    def table(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """A table; without rows it says so."""
        if rows:
            table = _Rows(_Layout(columns, rows, self._fonts), rows)
            self._story += [platypus.CondPageBreak(60), table, platypus.Spacer(0, 10)]
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
            self._write(canvas, LEFT, HEIGHT - 36, f"{self._section}, continued", _style(8.0, GREY, align="RIGHT"))
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


class _Rows(platypus.Flowable):  # type: ignore[misc]
    """The rows of a table from `first` on, laid out page by page: as one table they would be copied anew at each page.

    begun: what is left of the first row, where the page before could not hold all of it.
    """

    def __init__(self, layout: _Layout, rows: Sequence[Row], first: int = 0, begun: list[Any] | None = None) -> None:
        super().__init__()
        self._layout, self._rows, self._first, self._begun = layout, rows, first, begun
        self.hAlign = "LEFT"

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Width and height; more rows than a page can hold never fit."""
        self._shown = self._rows[self._first : self._first + self._layout.most]
        self._table = self._layout.table(self._shown, self._begun)
        wrapped = self._table.wrap(width, height)
        return wrapped if self._first + self._layout.most >= len(self._rows) else (wrapped[0], float("inf"))

    def split(self, width: float, height: float) -> Sequence[platypus.Flowable]:
        """The rows that fit, and the others: the heading of an entry goes with its first line."""
        parts: list[platypus.LongTable] = self._table.split(width, height)
        if len(parts) < 2:
            return parts
        here = len(parts[0]._cellvalues) - 1
        if here > 1 and self._shown[here - 1].look == "heading":
            parts = self._table.split(width, sum(self._table._rowHeights[:here])) or parts
        here, after = (len(part._cellvalues) - 1 for part in parts)
        begun = parts[1]._cellvalues[1] if here + after > len(self._shown) else None
        return [parts[0], _Rows(self._layout, self._rows, self._first + len(self._shown) - after, begun)]

    def draw(self) -> None:
        """Draw the rows, which all fit."""
        self._table.drawOn(self.canv, 0, 0)


class _Layout:
    """How one table is laid out: size of letters and widths of columns."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Row], fonts: Fonts) -> None:
        self._fonts, self._columns = fonts, columns
        self._cells: dict[tuple[str, int, bool], str | platypus.Paragraph] = {}
        for size in SIZES:
            self._size = size
            least, whole = self._wanted(rows)
            if sum(least) <= RIGHT - LEFT:
                break
        self._widths = _spread(least, whole, RIGHT - LEFT)
        self.most = int((TOP - BOTTOM) / (self._size * LEADING + PAD)) + 1  # rows that are more than a page
        looks = [_style(self._size, WHITE, bold=True, align=_ALIGN[column.kind]) for column in columns]
        self._heads = [_text(fonts, column.head, look) for column, look in zip(columns, looks, strict=True)]
        self._style = self._columns_style()

    def _columns_style(self) -> list[tuple[Any, ...]]:
        size, heads = self._size, ((0, 0), (-1, 0))
        beyond = PAD + self._fonts.width(")", size)  # digits stand under digits, a parenthesis beyond them
        style = [
            ("FONT", *_ALL, PLAIN, size, size * LEADING), ("VALIGN", *_BODY, "TOP"), ("VALIGN", *heads, "BOTTOM"),
            ("LEFTPADDING", *_ALL, PAD), ("RIGHTPADDING", *_ALL, PAD), ("TOPPADDING", *_ALL, 0.2 * size),
            ("BOTTOMPADDING", *_ALL, PAD - 0.2 * size), ("BACKGROUND", *heads, NAVY), ("LINEBELOW", *_BODY, 0.4, LINE),
        ]  # fmt: skip
        style += [("ALIGN", (k, 0), (k, -1), _ALIGN[column.kind]) for k, column in enumerate(self._columns)]
        numbers = [k for k, column in enumerate(self._columns) if column.kind == "number"]
        return [*style, *(("RIGHTPADDING", (k, 1), (k, -1), beyond) for k in numbers)]

    def table(self, rows: Sequence[Row], begun: list[Any] | None) -> platypus.LongTable:
        """Rows under the headings of the table; `begun` in place of the first."""
        cells = [[self._cell(text, k, row.look) for k, text in enumerate(row.cells)] for row in rows]
        if begun:
            cells[0] = begun
        style = [*self._style, *(command for i, row in enumerate(rows, 1) for command in self._row_style(i, row))]
        return platypus.LongTable([self._heads, *cells], self._widths, None, style, 1, splitInRow=1, hAlign="LEFT")

    def _row_style(self, i: int, row: Row) -> list[tuple[Any, ...]]:
        own = ((0, i), (-1, i))
        bold = ("FONT", *own, BOLD, self._size, self._size * LEADING)
        if row.look == "heading":
            return [bold, ("SPAN", *own), ("BACKGROUND", *own, PALE)]
        negative = [k for k, text in enumerate(row.cells) if text.endswith(")") and self._columns[k].kind == "number"]
        style: list[tuple[Any, ...]] = [("RIGHTPADDING", (k, i), (k, i), PAD) for k in negative]
        return [*style, bold, ("LINEABOVE", *own, 0.4, INK)] if row.look == "total" else style

    def _cell(self, text: str, k: int, look: Look) -> str | platypus.Paragraph:
        """A text as it is where it fits on one line of the plain font; else one that is wrapped, with other fonts."""
        key = text, k, look != "plain"
        if key not in self._cells:
            kind = "text" if look == "heading" else self._columns[k].kind
            style = _style(self._size, bold=key[2], align=_ALIGN[kind])
            runs = self._fonts.runs(text, key[2]) or [(style.fontName, "")]
            fits = self._fonts.width(text, self._size, key[2]) <= self._widths[k] - 2 * PAD
            simple = fits and [font for font, _ in runs] == [style.fontName]
            self._cells[key] = runs[0][1] if simple else _text(self._fonts, text, style)
        return self._cells[key]

    def _wanted(self, rows: Sequence[Row]) -> tuple[list[float], list[float]]:
        """For each column the least width that breaks no word (and no number), and the width that needs no wrapping."""
        least, whole = [], []
        for k, column in enumerate(self._columns):
            texts = {(row.cells[k], row.look == "total") for row in rows if row.look != "heading"}
            full = self._widest(texts)
            if column.kind == "number":
                full += self._fonts.width(")", self._size, True)
                narrow = full
            else:
                narrow = min(self._widest({(word, bold) for text, bold in texts for word in text.split()}), WORD_MAX)
            floor = max(self._widest({(word, True) for word in column.head.split()}), column.at_least)
            least.append(max(narrow, floor) + 2 * PAD)
            whole.append(max(full, floor) + 2 * PAD)
        return least, whole

    def _widest(self, texts: Iterable[tuple[str, bool]]) -> float:
        return max((self._fonts.width(text, self._size, bold) for text, bold in texts), default=0.0)


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
