"""The charts of a new workbook: native Excel charts over fixed ranges of a table on their own sheet.

A run replaces the cells and leaves drawing and charts as they are, so whatever a user does to a chart stays. Chart parts
hold references only: the program that opens the file reads the cells.
"""

from collections.abc import Sequence

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.ooxml.address import column_letter
from xlbackflush.ooxml.package import OFFICE
from xlbackflush.ooxml.xml import Markup, document, element, fragment
from xlbackflush.schema import Table, palette
from xlbackflush.sheets import sensitivity
from xlbackflush.sheets.dashboard import LARGEST, STEPS, STREAMS
from xlbackflush.template.drawing import DRAWING, fill, font, line, position, size

COLUMNS, COLUMN_WIDTH = 12, 13.0  # sheet columns under the charts, A to L, and how wide they are in characters

_GAP = 60_000  # left of each chart and above it, in English metric units, 12,700 to the point
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"


@dataclass(frozen=True)
class Chart:
    """A chart: its title, alternative text, corners, plot area and legend ("": none, else where: r, b).

    corners: left, top, right and bottom edge, in columns and rows of the sheet from 0.
    """

    title: str
    description: str
    corners: tuple[int, int, int, int]
    plot: Markup
    legend: str = ""


@dataclass(frozen=True)
class Board:
    """A sheet with charts to the left of its table, which has the sheet's name.

    listed: rows of the table that are printed on pages of their own, where it is long: its headers stay in view then, too.
    """

    table: Table
    charts: tuple[Chart, ...]
    listed: int = 0

    @property
    def sheet(self) -> str:
        return self.table.name

    @property
    def printed(self) -> str:
        """The print area, as a defined name holds it."""
        bottom = max(chart.corners[3] for chart in self.charts)
        area = f"{self.sheet}!$A$1:${column_letter(COLUMNS)}${bottom}"
        if not self.listed:
            return area
        first, last = (column_letter(self.table.first_col + i) for i in (0, len(self.table.columns) - 1))
        header = schema.HEADER_ROW  # with the units above it
        return f"{area},{self.sheet}!${first}${header - 1}:${last}${header + self.listed}"


def anchors(board: Board) -> Markup:
    """Where each chart stands, as elements of a drawing part; chart i has the relationship rIdi."""
    return fragment(*(_anchor(chart, i) for i, chart in enumerate(board.charts, 1)))


def _anchor(chart: Chart, number: int) -> Markup:
    left, top, right, bottom = chart.corners
    named = element("xdr:cNvPr", id=number + 1, name=chart.title, descr=chart.description)
    drawn = element("a:graphicData", element("c:chart", xmlns_c=_CHART, r_id=f"rId{number}"), uri=_CHART)
    frame = element(
        "xdr:graphicFrame",
        element("xdr:nvGraphicFramePr", named, element("xdr:cNvGraphicFramePr")),
        element("xdr:xfrm", position("a:off", 0, 0), size("a:ext", 0, 0)),
        element("a:graphic", drawn),
        macro="",
    )
    corners = _corner("from", left, top, _GAP), _corner("to", right, bottom, 0)
    return element("xdr:twoCellAnchor", *corners, frame, element("xdr:clientData"), editAs="oneCell")


def _corner(name: str, column: int, row: int, gap: int) -> Markup:
    parts = (("col", column), ("colOff", gap), ("row", row), ("rowOff", gap))
    return element(f"xdr:{name}", *(element(f"xdr:{part}", str(number)) for part, number in parts))


def chart_xml(chart: Chart) -> str:
    """A chart part. What stands in hidden or filtered rows is drawn, too."""
    legend = element("c:legend", _values(legendPos=chart.legend, overlay=0), _text(900))
    drawn = element(
        "c:chart",
        _title(chart.title, 1300, palette.NAVY, bold=True),
        _values(autoTitleDeleted=0),
        element("c:plotArea", element("c:layout"), chart.plot),
        legend if chart.legend else None,
        _values(plotVisOnly=0, dispBlanksAs="gap"),
    )
    parts = _values(roundedCorners=0), drawn, _look(fill(palette.WHITE), line(palette.LINE)), _text(900)
    return document(element("c:chartSpace", *parts, xmlns_c=_CHART, xmlns_a=DRAWING, xmlns_r=OFFICE))


# ------------------------------------------------------------------------------------------------- Dashboard


def _dashboard() -> Board:
    """What moved cost, which variances matter, where the cost went; top, middle and bottom are rows from 0."""
    top, middle, bottom, right = 4, 18, 36, 8
    return Board(
        schema.DASHBOARD,
        (
            Chart(
                "From standard to actual cost",
                "Waterfall: standard cost, one floating bar for each class of variance, actual cost.",
                (0, top, right, middle),
                _waterfall(),
            ),
            Chart(
                "The ten largest variances",
                "Pareto chart: the ten largest variances in falling order, all others, and their cumulative share.",
                (0, middle, right, bottom),
                _pareto(),
            ),
            Chart(
                "Inventory and cost flow",
                "Two stacked columns of one height: opening inventories and cost put in, closing inventories and cost "
                "taken out.",
                (right, top, COLUMNS, bottom),
                _flow(),
                legend="r",
            ),
        ),
    )


def _waterfall() -> Markup:
    """Stacked columns: the base is not drawn, so that the bars above it float."""
    looks = (("Base", ""), ("Total", palette.NAVY), ("Up", palette.ADVERSE), ("Down", palette.FAVORABLE))
    series = [_DASHBOARD.series(i, name, color, STEPS) for i, (name, color) in enumerate(looks)]
    reading = "Red: unfavorable (U). Green: favorable (F). Where variances are small, the columns are cut off below."
    return fragment(_columns(series, 40), _category_axis(1, 2, reading), _value_axis(2, 1, hidden=True))


def _pareto() -> Markup:
    """Columns by size, and the line of their cumulative share on an axis of its own, from 0 to 100 %."""
    looks = (("Total", palette.MID_GREY), ("Up", palette.ADVERSE), ("Down", palette.FAVORABLE))
    series = [_DASHBOARD.series(i, name, color, LARGEST) for i, (name, color) in enumerate(looks)]
    marker = element("c:marker", _values(symbol="circle", size=5), _look(fill(palette.NAVY), line(palette.NAVY)))
    share = element(
        "c:ser",
        *_DASHBOARD.head(3, "Cumulative %"),
        _look(line(palette.NAVY, 22225)),
        marker,
        *_DASHBOARD.data("Cumulative %", LARGEST),
        _values(smooth=0),
    )
    return fragment(
        _columns(series, 40),
        element(
            "c:lineChart", _values(grouping="standard", varyColors=0), share, _values(marker=1, axId=3), _values(axId=4)
        ),
        _category_axis(1, 2, "Columns: amount, left scale. Line: share of all variances so far, right scale."),
        _value_axis(2, 1),
        _category_axis(3, 4, hidden=True),
        _value_axis(4, 3, share=True),
    )


def _flow() -> Markup:
    """Two stacked columns, Cost in and Cost out; one series per stream, across the two columns of the table."""
    cells = _DASHBOARD.cells
    across = cells("Cost in", _HEADER, "Cost out")
    series = [
        element(
            "c:ser",
            _values(idx=i, order=i),
            element("c:tx", _strings(cells("Label", row))),
            _look(fill(color)),
            _values(invertIfNegative=0),
            element("c:cat", _strings(across)),
            element("c:val", _numbers(cells("Cost in", row, "Cost out"))),
        )
        for i, (row, color) in enumerate(zip(STREAMS, palette.FLOWS, strict=True))
    ]
    axes = _category_axis(1, 2, "Cost in equals cost out."), _value_axis(2, 1)
    return fragment(_columns(series, 30), *axes)


# ----------------------------------------------------------------------------------------------- Sensitivity


def _sensitivity() -> Board:
    """Which cells to audit first, and which sheets carry the risk; rows from 0, below the headers, on one page."""
    top, bottom, right = schema.HEADER_ROW, schema.HEADER_ROW + 29, 7
    return Board(
        schema.SENSITIVITY,
        (
            Chart(
                "The cells to audit first",
                "Tornado chart: for each of the twenty cells of the largest effect, the change of closing inventory and of "
                "cost of goods sold if the cell were 1 % larger.",
                (0, top, right, bottom),
                _bars(
                    sensitivity.FIRST, "Change, in money, if the cell were 1 % larger. The largest effect stands first."
                ),
                legend="b",
            ),
            Chart(
                "The sheets that carry the risk",
                "Bar chart: for each input table, the effects of 1 % in each of its cells on closing inventory and on cost "
                "of goods sold, added up without their signs.",
                (right, top, COLUMNS, bottom),
                _bars(sensitivity.OF_TABLES, "Effects of 1 % in each cell, added up without signs."),
                legend="b",
            ),
        ),
        listed=sensitivity.OF_TABLES.stop + 50,
    )


def _bars(rows: range, reading: str) -> Markup:
    """Two bars for each row, from zero to the left or to the right; the first row on top."""
    looks = (("Inventory +1 %", palette.NAVY), ("Cost of goods sold +1 %", palette.ORANGE))
    series = [_SENSITIVITY.series(i, name, color, rows) for i, (name, color) in enumerate(looks)]
    axes = _category_axis(1, 2, lying=True), _value_axis(2, 1, lying=True, reading=reading)
    return fragment(_columns(series, 40, lying=True), *axes)


# ---------------------------------------------------------------------------------------------------- pieces

_HEADER = -1  # row of the headers, counted as the rows of the table are: from 0


@dataclass(frozen=True)
class _Ranges:
    """Ranges of a table whose sheet has its name, with a column that names the rows."""

    table: Table
    label: str

    def cells(self, first: str, row: int, last: str | None = None, last_row: int | None = None) -> str:
        """A range of the table: `Dashboard!$O$7:$O$18`."""
        start = self._at(first, row)
        end = self._at(last or first, row if last_row is None else last_row)
        return f"{self.table.name}!{start}" + (f":{end}" if end != start else "")

    def _at(self, column: str, number: int) -> str:
        letter = column_letter(self.table.first_col + self.table.names.index(column))
        return f"${letter}${schema.HEADER_ROW + 1 + number}"

    def head(self, number: int, column: str) -> list[Markup]:
        """Number and name of a series."""
        return [_values(idx=number, order=number), element("c:tx", _strings(self.cells(column, _HEADER)))]

    def data(self, column: str, rows: range) -> list[Markup]:
        """Categories from the labels, values from a column."""
        first, last = rows.start, rows.stop - 1
        return [
            element("c:cat", _strings(self.cells(self.label, first, last_row=last))),
            element("c:val", _numbers(self.cells(column, first, last_row=last))),
        ]

    def series(self, number: int, column: str, color: str, rows: range) -> Markup:
        """A series of columns or bars; "" is no colour."""
        look = _look(fill(color) if color else element("a:noFill"))
        return element("c:ser", *self.head(number, column), look, _values(invertIfNegative=0), *self.data(column, rows))


_DASHBOARD, _SENSITIVITY = _Ranges(schema.DASHBOARD, "Label"), _Ranges(schema.SENSITIVITY, "What")


def _values(**values: str | int | None) -> Markup:
    """An element for each value, which it has as its attribute val; none for None."""
    return fragment(*(element(f"c:{name}", val=value) for name, value in values.items() if value is not None))


def _look(*drawn: Markup) -> Markup:
    return element("c:spPr", *drawn)


def _strings(cells: str) -> Markup:
    return element("c:strRef", element("c:f", cells))


def _numbers(cells: str) -> Markup:
    return element("c:numRef", element("c:f", cells))


def _columns(series: Sequence[Markup], gap: int, lying: bool = False) -> Markup:
    """Stacked columns on the axes 1 and 2; lying: bars side by side."""
    way, grouping, overlap = ("bar", "clustered", 0) if lying else ("col", "stacked", 100)
    return element(
        "c:barChart",
        _values(barDir=way, grouping=grouping, varyColors=0),
        *series,
        _values(gapWidth=gap, overlap=overlap),
        _values(axId=1),
        _values(axId=2),
    )


def _category_axis(number: int, crosses: int, reading: str = "", hidden: bool = False, lying: bool = False) -> Markup:
    """Names under the columns, level and broken into lines; below them, how to read the chart. Lying: left of the bars."""
    side, order = ("l", "maxMin") if lying else ("b", "minMax")
    return element(
        "c:catAx",
        _values(axId=number),
        element("c:scaling", _values(orientation=order)),
        _values(delete=hidden, axPos=side),
        _title(reading, 800, palette.GREY) if reading else None,
        _ticks("General", "low"),
        _look(line(palette.AXIS)),
        _text(800, level=True),
        _values(crossAx=crosses, crosses="autoZero", auto=0, lblAlgn="ctr", lblOffset=50, noMultiLvlLbl=1),
    )


def _value_axis(
    number: int, crosses: int, hidden: bool = False, share: bool = False, lying: bool = False, reading: str = ""
) -> Markup:
    """Money on the left, from 0; or a share on the right, from 0 to 100 %. Lying: below the last bar, to both sides of 0."""
    form, side, where = ("0%", "r", "max") if share else ("#,##0", "b", "max") if lying else ("#,##0", "l", "autoZero")
    grid = element("c:majorGridlines", _look(line(palette.GRID)))
    return element(
        "c:valAx",
        _values(axId=number),
        element("c:scaling", _values(orientation="minMax", max=1 if share else None, min=None if lying else 0)),
        _values(delete=hidden, axPos=side),
        None if share or hidden else grid,
        _title(reading, 800, palette.GREY) if reading else None,
        _ticks(form, "nextTo"),
        _look(element("a:ln", element("a:noFill"))),
        _text(800),
        _values(crossAx=crosses, crosses=where, crossBetween="between"),
    )


def _ticks(form: str, labels: str) -> Markup:
    """Number format of an axis, no marks, and where its labels stand."""
    marks = _values(majorTickMark="none", minorTickMark="none", tickLblPos=labels)
    return fragment(element("c:numFmt", formatCode=form, sourceLinked=0), marks)


def _title(text: str, size: int, color: str, bold: bool = False) -> Markup:
    """A title of a chart or an axis; size in hundredths of a point."""
    paragraph = element(
        "a:p",
        element("a:pPr", font("defRPr", size, color, bold)),
        element("a:r", font("rPr", size, color, bold), element("a:t", text)),
    )
    rich = element("c:rich", element("a:bodyPr"), element("a:lstStyle"), paragraph)
    return element("c:title", element("c:tx", rich), _values(overlay=0))


def _text(size: int, level: bool = False) -> Markup:
    """Text of a size in hundredths of a point; level: not turned."""
    paragraph = element(
        "a:p", element("a:pPr", font("defRPr", size, palette.INK)), element("a:endParaRPr", lang="en-US")
    )
    body = element("a:bodyPr", rot=0, vert="horz") if level else element("a:bodyPr")
    return element("c:txPr", body, element("a:lstStyle"), paragraph)


#: the sheets with charts, in the order of their parts
BOARDS = (_dashboard(), _sensitivity())
