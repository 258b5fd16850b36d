"""The charts of a new workbook's Dashboard: native Excel charts over fixed ranges of its table.

A run replaces the cells and leaves drawing and charts as they are, so whatever a user does to a chart stays. Chart parts
hold references only: the program that opens the file reads the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from xlbackflush import layout
from xlbackflush.excel.dashboard import LARGEST, STEPS, STREAMS
from xlbackflush.excel.package import column_letter

SHEET = layout.DASHBOARD.name  # has the name of its table
COLUMNS, COLUMN_WIDTH = 12, 13.0  # sheet columns under the charts, A to L, and how wide they are in characters
TOP, MIDDLE, BOTTOM = (
    4,
    18,
    36,
)  # rows at the edges of the charts, from 0: below the hint, between the charts, at the end
RIGHT_CHART = 8  # its left column, from 0
PRINTED = f"$A$1:${column_letter(COLUMNS)}${BOTTOM}"

_GAP = 60_000  # left of each chart and above it, in English metric units, 12,700 to the point
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_ANCHORS = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

NAVY, RED, GREEN, GREY, TEXT, LIGHT = "1F3864", "C00000", "548235", "7F7F7F", "404040", "D9D9D9"
#: of the streams of the cost flow; what opens and closes an inventory has one colour
STREAM_COLORS = (
    "2E75B6", "9DC3E6", "F4B183", "FFD966", "2E75B6", "9DC3E6", "1F3864", "C00000", "70AD47", "7F7F7F",
)  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """A chart: its title, alternative text, corners, plot area and legend.

    corners: left, top, right and bottom edge, in columns and rows of the sheet from 0.
    """

    title: str
    description: str
    corners: tuple[int, int, int, int]
    plot: str
    legend: bool = False


def charts() -> list[Chart]:
    """The three charts, in the order of their parts."""
    return [
        Chart(
            "From standard to actual cost",
            "Waterfall: standard cost, one floating bar for each class of variance, actual cost.",
            (0, TOP, RIGHT_CHART, MIDDLE),
            _waterfall(),
        ),
        Chart(
            "The ten largest variances",
            "Pareto chart: the ten largest variances in falling order, all others, and their cumulative share.",
            (0, MIDDLE, RIGHT_CHART, BOTTOM),
            _pareto(),
        ),
        Chart(
            "Inventory and cost flow",
            "Two stacked columns of one height: opening inventories and cost put in, closing inventories and cost taken out.",
            (RIGHT_CHART, TOP, COLUMNS, BOTTOM),
            _flow(),
            legend=True,
        ),
    ]


def anchors() -> str:
    """Where each chart stands, as elements of a drawing part; chart i has the relationship rIdi."""
    made = []
    for i, chart in enumerate(charts(), 1):
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
    legend = f'<c:legend><c:legendPos val="r"/><c:overlay val="0"/>{_text(900)}</c:legend>' if chart.legend else ""
    return (
        f'{_HEAD}<c:chartSpace xmlns:c="{_CHART}" xmlns:a="{_DRAWING}" xmlns:r="{_RELATIONS}">'
        '<c:roundedCorners val="0"/><c:chart>'
        f"{_title(chart.title, 1300, NAVY, bold=True)}"
        f'<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/>{chart.plot}</c:plotArea>{legend}'
        '<c:plotVisOnly val="0"/><c:dispBlanksAs val="gap"/></c:chart>'
        f"<c:spPr>{_fill('FFFFFF')}{_line(LIGHT)}</c:spPr>{_text(900)}</c:chartSpace>"
    )


# ------------------------------------------------------------------------------------------- the plot areas


def _waterfall() -> str:
    """Stacked columns: the base is not drawn, so that the bars above it float."""
    looks = (("Base", ""), ("Total", NAVY), ("Up", RED), ("Down", GREEN))
    series = [_series(i, name, color, STEPS) for i, (name, color) in enumerate(looks)]
    reading = "Red: unfavorable (U). Green: favorable (F). Where variances are small, the columns are cut off below."
    return _columns(series, 40, (1, 2)) + _category_axis(1, 2, reading) + _value_axis(2, 1, hidden=True)


def _pareto() -> str:
    """Columns by size, and the line of their cumulative share on an axis of its own, from 0 to 100 %."""
    looks = (("Total", GREY), ("Up", RED), ("Down", GREEN))
    series = [_series(i, name, color, LARGEST) for i, (name, color) in enumerate(looks)]
    marker = (
        f'<c:marker><c:symbol val="circle"/><c:size val="5"/><c:spPr>{_fill(NAVY)}{_line(NAVY)}</c:spPr></c:marker>'
    )
    line = (
        f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/><c:ser>{_head(3, "Cumulative %")}'
        f"<c:spPr>{_line(NAVY, 22225)}</c:spPr>{marker}{_data('Cumulative %', LARGEST)}"
        '<c:smooth val="0"/></c:ser><c:marker val="1"/><c:axId val="3"/><c:axId val="4"/></c:lineChart>'
    )
    reading = "Columns: amount, left scale. Line: share of all variances so far, right scale."
    return (
        f"{_columns(series, 40, (1, 2))}{line}{_category_axis(1, 2, reading)}{_value_axis(2, 1)}"
        f"{_category_axis(3, 4, hidden=True)}{_value_axis(4, 3, share=True)}"
    )


def _flow() -> str:
    """Two stacked columns, Cost in and Cost out; one series per stream, across the two columns of the table."""
    across = _cells("Cost in", _HEADER, "Cost out")
    series = [
        f"<c:ser>{_order(i)}<c:tx>{_strings(_cells('Label', row))}</c:tx>"
        f"<c:spPr>{_fill(color)}</c:spPr>"
        f'<c:invertIfNegative val="0"/><c:cat>{_strings(across)}</c:cat>'
        f"<c:val>{_numbers(_cells('Cost in', row, 'Cost out'))}</c:val></c:ser>"
        for i, (row, color) in enumerate(zip(STREAMS, STREAM_COLORS, strict=True))
    ]
    return _columns(series, 30, (1, 2)) + _category_axis(1, 2, "Cost in equals cost out.") + _value_axis(2, 1)


# ------------------------------------------------------------------------------------------------- pieces

_HEADER = -1  # row of the headers, counted as the rows of the table are: from 0


def _cells(first: str, row: int, last: str | None = None, last_row: int | None = None) -> str:
    """A range of the table: `Dashboard!$O$7:$O$18`."""
    table = layout.DASHBOARD

    def at(column: str, number: int) -> str:
        letter = column_letter(table.first_col + table.names.index(column))
        return f"${letter}${layout.HEADER_ROW + 1 + number}"

    start, end = at(first, row), at(last or first, row if last_row is None else last_row)
    return f"{SHEET}!{start}" + (f":{end}" if end != start else "")


def _strings(cells: str) -> str:
    return f"<c:strRef><c:f>{cells}</c:f></c:strRef>"


def _numbers(cells: str) -> str:
    return f"<c:numRef><c:f>{cells}</c:f></c:numRef>"


def _order(number: int) -> str:
    return f'<c:idx val="{number}"/><c:order val="{number}"/>'


def _head(number: int, column: str) -> str:
    return f"{_order(number)}<c:tx>{_strings(_cells(column, _HEADER))}</c:tx>"


def _data(column: str, rows: range) -> str:
    """Categories from the labels, values from a column."""
    first, last = rows.start, rows.stop - 1
    return (
        f"<c:cat>{_strings(_cells('Label', first, last_row=last))}</c:cat>"
        f"<c:val>{_numbers(_cells(column, first, last_row=last))}</c:val>"
    )


def _series(number: int, column: str, color: str, rows: range) -> str:
    """A series of stacked columns; "" is no colour."""
    look = _fill(color) if color else "<a:noFill/>"
    return f'<c:ser>{_head(number, column)}<c:spPr>{look}</c:spPr><c:invertIfNegative val="0"/>{_data(column, rows)}</c:ser>'


def _columns(series: Sequence[str], gap: int, axes: tuple[int, int]) -> str:
    return (
        '<c:barChart><c:barDir val="col"/><c:grouping val="stacked"/><c:varyColors val="0"/>'
        f'{"".join(series)}<c:gapWidth val="{gap}"/><c:overlap val="100"/>'
        f'<c:axId val="{axes[0]}"/><c:axId val="{axes[1]}"/></c:barChart>'
    )


def _category_axis(number: int, crosses: int, reading: str = "", hidden: bool = False) -> str:
    """Names under the columns, level and broken into lines; below them, how to read the chart."""
    title = _title(reading, 800, "595959") if reading else ""
    return (
        f'<c:catAx><c:axId val="{number}"/><c:scaling><c:orientation val="minMax"/></c:scaling>'
        f'<c:delete val="{int(hidden)}"/><c:axPos val="b"/>{title}<c:numFmt formatCode="General" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/>'
        f"<c:spPr>{_line('A6A6A6')}</c:spPr>{_text(800, level=True)}"
        f'<c:crossAx val="{crosses}"/><c:crosses val="autoZero"/><c:auto val="0"/><c:lblAlgn val="ctr"/>'
        '<c:lblOffset val="50"/><c:noMultiLvlLbl val="1"/></c:catAx>'
    )


def _value_axis(number: int, crosses: int, hidden: bool = False, share: bool = False) -> str:
    """Money on the left, from 0; or a share on the right, from 0 to 100 %."""
    form, side, where = ("0%", "r", "max") if share else ("#,##0", "l", "autoZero")
    top = '<c:max val="1"/>' if share else ""
    grid = "" if share or hidden else f"<c:majorGridlines><c:spPr>{_line('E7E6E6')}</c:spPr></c:majorGridlines>"
    return (
        f'<c:valAx><c:axId val="{number}"/><c:scaling><c:orientation val="minMax"/>{top}<c:min val="0"/></c:scaling>'
        f'<c:delete val="{int(hidden)}"/><c:axPos val="{side}"/>{grid}'
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
        f"<c:txPr>{body}<a:lstStyle/><a:p><a:pPr>{_font('defRPr', size, TEXT)}</a:pPr>"
        '<a:endParaRPr lang="en-US"/></a:p></c:txPr>'
    )
