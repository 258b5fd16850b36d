"""The buttons of a workbook: shapes in the first row of each sheet that run the macros of the workbook's own stubs.

They are anchored to the sheet, not to cells, so that no table moves them; they are not printed, and a run, which replaces
cells only, leaves them as they are.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from xlbackflush.schema import Role, excel
from xlbackflush.schema.excel import Macro
from xlbackflush.schema.palette import NAVY, WHITE

#: sheet role -> its buttons, the main one first
_ON: dict[Role, tuple[Macro, ...]] = {
    "Input": (excel.RUN, excel.CHECK),
    "Calculation": (excel.RUN, excel.EXPLAIN),
    "Output": (excel.RUN, excel.EXPLAIN),
    "Control": (excel.RUN, excel.CHECK),
}
_PIXEL = 9_525  # English metric units
_LEFT, _TOP, _HEIGHT, _GAP = 330, 5, 25, 8  # in pixels; the longest title ends before the first button
_FIRST_ID = 101  # shape ids below belong to charts


def on(role: Role) -> tuple[Macro, ...]:
    """The buttons of a sheet."""
    return _ON[role]


def anchors(macros: tuple[Macro, ...], left: int = _LEFT) -> str:
    """The buttons as elements of a drawing part, side by side from `left`, in pixels."""
    made = []
    for i, macro in enumerate(macros):
        width = 26 + 7 * len(macro.caption)
        made.append(_shape(macro, _FIRST_ID + i, left, width, main=i == 0))
        left += width + _GAP
    return "".join(made)


def _shape(macro: Macro, number: int, left: int, width: int, main: bool) -> str:
    fill, ink = (NAVY, WHITE) if main else (WHITE, NAVY)
    place = (
        f'<xdr:pos x="{left * _PIXEL}" y="{_TOP * _PIXEL}"/><xdr:ext cx="{width * _PIXEL}" cy="{_HEIGHT * _PIXEL}"/>'
    )
    frame = (
        f'<a:xfrm><a:off x="{left * _PIXEL}" y="{_TOP * _PIXEL}"/>'
        f'<a:ext cx="{width * _PIXEL}" cy="{_HEIGHT * _PIXEL}"/></a:xfrm>'
    )
    return (
        f'<xdr:absoluteAnchor>{place}<xdr:sp macro="[0]!{macro.name}" textlink="">'
        f'<xdr:nvSpPr><xdr:cNvPr id="{number}" name={quoteattr(macro.caption)} descr={quoteattr(macro.tip)}/>'
        f"<xdr:cNvSpPr/></xdr:nvSpPr><xdr:spPr>{frame}"
        '<a:prstGeom prst="roundRect"><a:avLst><a:gd name="adj" fmla="val 22000"/></a:avLst></a:prstGeom>'
        f'<a:solidFill><a:srgbClr val="{fill}"/></a:solidFill>'
        f'<a:ln w="12700"><a:solidFill><a:srgbClr val="{NAVY}"/></a:solidFill></a:ln></xdr:spPr>'
        '<xdr:txBody><a:bodyPr vertOverflow="clip" horzOverflow="clip" wrap="none" lIns="0" tIns="0" rIns="0" bIns="0" '
        'anchor="ctr"/><a:lstStyle/><a:p><a:pPr algn="ctr"/>'
        f'<a:r><a:rPr lang="en-US" sz="1000" b="{int(main)}"><a:solidFill><a:srgbClr val="{ink}"/></a:solidFill>'
        f'<a:latin typeface="Calibri"/></a:rPr><a:t>{escape(macro.caption)}</a:t></a:r></a:p></xdr:txBody></xdr:sp>'
        '<xdr:clientData fPrintsWithSheet="0"/></xdr:absoluteAnchor>'
    )
