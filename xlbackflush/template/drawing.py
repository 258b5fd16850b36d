"""What charts and buttons are drawn with: fills, lines, fonts, and the part in which they stand on a sheet."""

from xlbackflush.ooxml.package import OFFICE
from xlbackflush.ooxml.xml import Markup, document, element

DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_ANCHORS = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"


def drawing(anchors: Markup) -> str:
    """A drawing part, from the anchors of what stands in it."""
    return document(element("xdr:wsDr", anchors, xmlns_xdr=_ANCHORS, xmlns_a=DRAWING, xmlns_r=OFFICE))


def fill(color: str) -> Markup:
    """A colour all over."""
    return element("a:solidFill", element("a:srgbClr", val=color))


def line(color: str, width: int = 9525) -> Markup:
    """A line; width in English metric units, 12,700 to the point."""
    return element("a:ln", fill(color), w=width)


def font(tag: str, size: int, color: str, bold: bool = False) -> Markup:
    """Properties of text in the font of the cells; size in hundredths of a point."""
    latin = element("a:latin", typeface="Calibri")
    return element(f"a:{tag}", fill(color), latin, lang="en-US", sz=size, b=bold)


def size(tag: str, width: int, height: int) -> Markup:
    """Width and height, in English metric units."""
    return element(tag, cx=width, cy=height)


def position(tag: str, left: int, top: int) -> Markup:
    """Distance from the left and from the top, in English metric units."""
    return element(tag, x=left, y=top)
