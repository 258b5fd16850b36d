"""The charts of a new workbook: native Excel charts over fixed ranges of a table on their own sheet.

A run replaces the cells and leaves drawing and charts as they are, so whatever a user does to a chart stays. Chart parts
hold references only: the program that opens the file reads the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from xlbackflush import schema
from xlbackflush.ooxml.package import column_letter
from xlbackflush.schema import Table
from xlbackflush.schema.palette import (
    ADVERSE,
    AXIS,
    FAVORABLE,
    FLOWS,
    GREY,
    GRID,
    INK,
    LINE,
    MID_GREY,
    NAVY,
    ORANGE,
    WHITE,
)
from xlbackflush.sheets import sensitivity
from xlbackflush.sheets.dashboard import LARGEST, STEPS, STREAMS

COLUMNS, COLUMN_WIDTH = 12, 13.0  # sheet columns under the charts, A to L, and how wide they are in characters

_GAP = 60_000  # left of each chart and above it, in English metric units, 12,700 to the point
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_ANCHORS = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass(frozen=True)
class Chart:
    """A chart: its title, alternative text, corners, plot area and legend ("": none, else where: r, b).

    corners: left, top, right and bottom edge, in columns and rows of the sheet from 0.
    """

    title: str
    description: str
    corners: tuple[int, int, int, int]
    plot: str
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


def boards() -> list[Board]:
    """The sheets with charts, in the order of their parts."""
    return [_dashboard(), _sensitivity()]


def anchors(board: Board) -> str:
    """Where each chart stands, as elements of a drawing part; chart i has the relationship rIdi."""
    made = []
    for i, chart in enumerate(board.charts, 1):
        left, top, right, bottom = chart.corners
        edges = "".join(
            f"<xdr:{edge}><xdr:col>{column}</xdr:col><xdr:colOff>{gap}</xdr:colOff>"
            f"<xdr:row>{row}</xdr:row><xdr:rowOff>{gap}</xdr:rowOff></xdr:{edge}>"
            for edge, column, row, gap in (("from", left, top, _GAP), ("to", right, bottom, 0))
        )
        made.append(
            f'<xdr:twoCellAnchor editAs="oneCell">{edges}<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr>'
            f'<xdr:cNvPr id="{i + 1}" name={quoteattr(chart.title)} descr={quoteattr(chart.description)}/>'
            "<xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr>"
            '<xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm>'
            f'<a:graphic><a:graphicData uri="{_CHART}"><c:chart xmlns:c="{_CHART}" r:id="rId{i}"/></a:graphicData>'
            "</a:graphic></xdr:graphicFrame><xdr:clientData/></xdr:twoCellAnchor>"
        )
    return "".join(made)


def chart_xml(chart: Chart) -> str:
    """A chart part. What stands in hidden or filtered rows is drawn, too."""
    legend = ""
    if chart.legend:
        legend = f'<c:legend><c:legendPos val="{chart.legend}"/><c:overlay val="0"/>{_text(900)}</c:legend>'
    return (
        f'{_HEAD}<c:chartSpace xmlns:c="{_CHART}" xmlns:a="{_DRAWING}" xmlns:r="{_RELATIONS}">'
        '<c:roundedCorners val="0"/><c:chart>'
        f"{_title(chart.title, 1300, NAVY, bold=True)}"
        f'<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/>{chart.plot}</c:plotArea>{legend}'
        '<c:plotVisOnly val="0"/><c:dispBlanksAs val="gap"/></c:chart>'
        f"<c:spPr>{_fill(WHITE)}{_line(LINE)}</c:spPr>{_text(900)}</c:chartSpace>"
    )


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


def _waterfall() -> str:
    """Stacked columns: the base is not drawn, so that the bars above it float."""
    looks = (("Base", ""), ("Total", NAVY), ("Up", ADVERSE), ("Down", FAVORABLE))
    series = [_DASHBOARD.series(i, name, color, STEPS) for i, (name, color) in enumerate(looks)]
    reading = "Red: unfavorable (U). Green: favorable (F). Where variances are small, the columns are cut off below."
    return _columns(series, 40, (1, 2)) + _category_axis(1, 2, reading) + _value_axis(2, 1, hidden=True)


def _pareto() -> str:
    """Columns by size, and the line of their cumulative share on an axis of its own, from 0 to 100 %."""
    looks = (("Total", MID_GREY), ("Up", ADVERSE), ("Down", FAVORABLE))
    series = [_DASHBOARD.series(i, name, color, LARGEST) for i, (name, color) in enumerate(looks)]
    marker = (
        f'<c:marker><c:symbol val="circle"/><c:size val="5"/><c:spPr>{_fill(NAVY)}{_line(NAVY)}</c:spPr></c:marker>'
    )
    line = (
        f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/><c:ser>{_DASHBOARD.head(3, "Cumulative %")}'
        f"<c:spPr>{_line(NAVY, 22225)}</c:spPr>{marker}{_DASHBOARD.data('Cumulative %', LARGEST)}"
        '<c:smooth val="0"/></c:ser><c:marker val="1"/><c:axId val="3"/><c:axId val="4"/></c:lineChart>'
    )
    reading = "Columns: amount, left scale. Line: share of all variances so far, right scale."
    return (
        f"{_columns(series, 40, (1, 2))}{line}{_category_axis(1, 2, reading)}{_value_axis(2, 1)}"
        f"{_category_axis(3, 4, hidden=True)}{_value_axis(4, 3, share=True)}"
    )


def _flow() -> str:
    """Two stacked columns, Cost in and Cost out; one series per stream, across the two columns of the table."""
    cells = _DASHBOARD.cells
    across = cells("Cost in", _HEADER, "Cost out")
    series = [
        f"<c:ser>{_order(i)}<c:tx>{_strings(cells('Label', row))}</c:tx>"
        f"<c:spPr>{_fill(color)}</c:spPr>"
        f'<c:invertIfNegative val="0"/><c:cat>{_strings(across)}</c:cat>'
        f"<c:val>{_numbers(cells('Cost in', row, 'Cost out'))}</c:val></c:ser>"
        for i, (row, color) in enumerate(zip(STREAMS, FLOWS, strict=True))
    ]
    return _columns(series, 30, (1, 2)) + _category_axis(1, 2, "Cost in equals cost out.") + _value_axis(2, 1)


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


def _bars(rows: range, reading: str) -> str:
    """Two bars for each row, from zero to the left or to the right; the first row on top."""
    looks = (("Inventory +1 %", NAVY), ("Cost of goods sold +1 %", ORANGE))
    series = [_SENSITIVITY.series(i, name, color, rows) for i, (name, color) in enumerate(looks)]
    return (
        f"{_columns(series, 40, (1, 2), lying=True)}{_category_axis(1, 2, lying=True)}"
        f"{_value_axis(2, 1, lying=True, reading=reading)}"
    )


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

    def head(self, number: int, column: str) -> str:
        """Number and name of a series."""
        return f"{_order(number)}<c:tx>{_strings(self.cells(column, _HEADER))}</c:tx>"

    def data(self, column: str, rows: range) -> str:
        """Categories from the labels, values from a column."""
        first, last = rows.start, rows.stop - 1
        return (
            f"<c:cat>{_strings(self.cells(self.label, first, last_row=last))}</c:cat>"
            f"<c:val>{_numbers(self.cells(column, first, last_row=last))}</c:val>"
        )

    def series(self, number: int, column: str, color: str, rows: range) -> str:
        """A series of columns or bars; "" is no colour."""
        look = _fill(color) if color else "<a:noFill/>"
        return (
            f"<c:ser>{self.head(number, column)}<c:spPr>{look}</c:spPr>"
            f'<c:invertIfNegative val="0"/>{self.data(column, rows)}</c:ser>'
        )


_DASHBOARD, _SENSITIVITY = _Ranges(schema.DASHBOARD, "Label"), _Ranges(schema.SENSITIVITY, "What")


def _strings(cells: str) -> str:
    return f"<c:strRef><c:f>{cells}</c:f></c:strRef>"


def _numbers(cells: str) -> str:
    return f"<c:numRef><c:f>{cells}</c:f></c:numRef>"


def _order(number: int) -> str:
    return f'<c:idx val="{number}"/><c:order val="{number}"/>'


def _columns(series: Sequence[str], gap: int, axes: tuple[int, int], lying: bool = False) -> str:
    """Stacked columns; lying: bars side by side."""
    way, grouping, overlap = ("bar", "clustered", 0) if lying else ("col", "stacked", 100)
    return (
        f'<c:barChart><c:barDir val="{way}"/><c:grouping val="{grouping}"/><c:varyColors val="0"/>'
        f'{"".join(series)}<c:gapWidth val="{gap}"/><c:overlap val="{overlap}"/>'
        f'<c:axId val="{axes[0]}"/><c:axId val="{axes[1]}"/></c:barChart>'
    )


def _category_axis(number: int, crosses: int, reading: str = "", hidden: bool = False, lying: bool = False) -> str:
    """Names under the columns, level and broken into lines; below them, how to read the chart. Lying: left of the bars."""
    title = _title(reading, 800, GREY) if reading else ""
    side, order = ("l", "maxMin") if lying else ("b", "minMax")
    return (
        f'<c:catAx><c:axId val="{number}"/><c:scaling><c:orientation val="{order}"/></c:scaling>'
        f'<c:delete val="{int(hidden)}"/><c:axPos val="{side}"/>{title}<c:numFmt formatCode="General" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/>'
        f"<c:spPr>{_line(AXIS)}</c:spPr>{_text(800, level=True)}"
        f'<c:crossAx val="{crosses}"/><c:crosses val="autoZero"/><c:auto val="0"/><c:lblAlgn val="ctr"/>'
        '<c:lblOffset val="50"/><c:noMultiLvlLbl val="1"/></c:catAx>'
    )


def _value_axis(
    number: int, crosses: int, hidden: bool = False, share: bool = False, lying: bool = False, reading: str = ""
) -> str:
    """Money on the left, from 0; or a share on the right, from 0 to 100 %. Lying: below the last bar, to both sides of 0."""
    form, side, where = ("0%", "r", "max") if share else ("#,##0", "b", "max") if lying else ("#,##0", "l", "autoZero")
    limits = ('<c:max val="1"/>' if share else "") + ("" if lying else '<c:min val="0"/>')
    grid = "" if share or hidden else f"<c:majorGridlines><c:spPr>{_line(GRID)}</c:spPr></c:majorGridlines>"
    title = _title(reading, 800, GREY) if reading else ""
    return (
        f'<c:valAx><c:axId val="{number}"/><c:scaling><c:orientation val="minMax"/>{limits}</c:scaling>'
        f'<c:delete val="{int(hidden)}"/><c:axPos val="{side}"/>{grid}{title}'
        f'<c:numFmt formatCode="{form}" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="nextTo"/><c:spPr><a:ln><a:noFill/></a:ln></c:spPr>{_text(800)}'
        f'<c:crossAx val="{crosses}"/><c:crosses val="{where}"/><c:crossBetween val="between"/></c:valAx>'
    )


def _fill(color: str) -> str:
    return f'<a:solidFill><a:srgbClr val="{color}"/></a:solidFill>'


def _line(color: str, width: int = 9525) -> str:
    """A line; width in English metric units."""
    return f'<a:ln w="{width}">{_fill(color)}</a:ln>'


def _title(text: str, size: int, color: str, bold: bool = False) -> str:
    """A title of a chart or an axis; size in hundredths of a point."""
    return (
        f"<c:title><c:tx><c:rich><a:bodyPr/><a:lstStyle/><a:p><a:pPr>{_font('defRPr', size, color, bold)}</a:pPr><a:r>"
        f"{_font('rPr', size, color, bold)}<a:t>{escape(text)}</a:t></a:r></a:p></c:rich></c:tx>"
        '<c:overlay val="0"/></c:title>'
    )


def _font(tag: str, size: int, color: str, bold: bool = False) -> str:
    """Properties of text: the font of the cells."""
    return f'<a:{tag} lang="en-US" sz="{size}" b="{int(bold)}">{_fill(color)}<a:latin typeface="Calibri"/></a:{tag}>'


def _text(size: int, level: bool = False) -> str:
    """Text of a size in hundredths of a point; level: not turned."""
    body = '<a:bodyPr rot="0" vert="horz"/>' if level else "<a:bodyPr/>"
    return (
        f"<c:txPr>{body}<a:lstStyle/><a:p><a:pPr>{_font('defRPr', size, INK)}</a:pPr>"
        '<a:endParaRPr lang="en-US"/></a:p></c:txPr>'
    )
