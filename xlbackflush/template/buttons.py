"""The buttons of a workbook: shapes in the first row of each sheet that run the macros of the workbook's own stubs.

They are anchored to the sheet, not to cells, so that no table moves them; they are not printed, and a run, which replaces
cells only, leaves them as they are.
"""

from xlbackflush.ooxml.xml import Markup, element, fragment
from xlbackflush.schema import Role, excel
from xlbackflush.schema.excel import Macro
from xlbackflush.schema.palette import NAVY, WHITE
from xlbackflush.template.drawing import fill, font, line, position, size

#: sheet role -> its buttons, the main one first
ON: dict[Role, tuple[Macro, ...]] = {
    "Input": (excel.RUN, excel.CHECK),
    "Calculation": (excel.RUN, excel.EXPLAIN),
    "Output": (excel.RUN, excel.EXPLAIN),
    "Control": (excel.RUN, excel.CHECK),
}
_PIXEL = 9_525  # English metric units
_LEFT, _TOP, _HEIGHT, _GAP = 330, 5, 25, 8  # in pixels; the longest title ends before the first button
_FIRST_ID = 101  # shape ids below belong to charts


def anchors(macros: tuple[Macro, ...], left: int = _LEFT) -> Markup:
    """The buttons as elements of a drawing part, side by side from `left`, in pixels."""
    buttons = []
    for i, macro in enumerate(macros):
        width = 26 + 7 * len(macro.caption)
        buttons.append(_button(macro, _FIRST_ID + i, left, width, main=i == 0))
        left += width + _GAP
    return fragment(*buttons)


def _button(macro: Macro, number: int, left: int, width: int, main: bool) -> Markup:
    corner, extent = (left * _PIXEL, _TOP * _PIXEL), (width * _PIXEL, _HEIGHT * _PIXEL)
    named = element("xdr:cNvPr", id=number, name=macro.caption, descr=macro.tip)
    shape = element(
        "xdr:sp",
        element("xdr:nvSpPr", named, element("xdr:cNvSpPr")),
        element(
            "xdr:spPr",
            element("a:xfrm", position("a:off", *corner), size("a:ext", *extent)),
            element("a:prstGeom", element("a:avLst", element("a:gd", name="adj", fmla="val 22000")), prst="roundRect"),
            fill(NAVY if main else WHITE),
            line(NAVY, 12_700),
        ),
        _caption(macro.caption, main),
        macro=f"[0]!{macro.name}",
        textlink="",
    )
    place = position("xdr:pos", *corner), size("xdr:ext", *extent)
    return element("xdr:absoluteAnchor", *place, shape, element("xdr:clientData", fPrintsWithSheet=0))


def _caption(text: str, main: bool) -> Markup:
    clipped = {"vertOverflow": "clip", "horzOverflow": "clip", "wrap": "none"}
    inset = dict.fromkeys(("lIns", "tIns", "rIns", "bIns"), 0)
    body = element("a:bodyPr", **clipped, **inset, anchor="ctr")
    run = element("a:r", font("rPr", 1000, WHITE if main else NAVY, bold=main), element("a:t", text))
    paragraph = element("a:p", element("a:pPr", algn="ctr"), run)
    return element("xdr:txBody", body, element("a:lstStyle"), paragraph)
