"""Named cell styles: what each looks like, and their place in a workbook's styles part, to which we only ever append."""

from functools import cached_property
from xml.etree import ElementTree as ET

from xlbackflush.dataclass import dataclass, replace
from xlbackflush.ooxml.package import MAIN
from xlbackflush.ooxml.part import Part
from xlbackflush.ooxml.xml import Markup, document, element
from xlbackflush.schema import palette

_NS = {"m": MAIN}


def opaque(color: str) -> str:
    """A colour as a workbook spells it, with its opacity in front."""
    return f"FF{color}"


NAVY, GREY, LINE = map(opaque, (palette.NAVY, palette.GREY, palette.LINE))


@dataclass(frozen=True)
class Style:
    """One named style. `number_format` is an Excel format code; border is "" or the colour of thin lines."""

    number_format: str = "General"
    bold: bool = False
    italic: bool = False
    size: int = 10
    color: str = opaque(palette.BLACK)
    underline: bool = False
    fill: str = ""
    border: str = ""
    horizontal: str = ""
    vertical: str = "top"
    wrap: bool = False
    locked: bool = True
    indent: int = 0


_FORMATS = {
    "text": "@",
    "quantity": '#,##0.######_);(#,##0.######);"–"_)',
    "price": '#,##0.00####_);(#,##0.00####);"–"_)',
    "money": '#,##0.00_);(#,##0.00);"–"_)',
    "money 0": '#,##0_);(#,##0);"–"_)',
    "money 3": '#,##0.000_);(#,##0.000);"–"_)',
    "money 4": '#,##0.0000_);(#,##0.0000);"–"_)',
    "percent": "0.0##%",
    "date": "yyyy-mm-dd",
    "hours": '#,##0.####_);(#,##0.####);"–"_)',
    "integer": "0",
    "general": "General",
}
_ALIGN = {"text": "left", "date": "center", "percent": "right", "integer": "center"}

STYLES: dict[str, Style] = {
    "Title": Style(bold=True, size=16, color=NAVY, vertical="center"),
    "Purpose": Style(size=11, vertical="center"),
    "Hint": Style(italic=True, color=GREY, vertical="center"),
    "Status": Style(bold=True, color=opaque(palette.GOOD_TEXT), vertical="center"),
    "Link": Style(color=opaque(palette.LINK), underline=True),
    "Unit": Style(italic=True, size=9, color=GREY, horizontal="center"),
    "Heading": Style(
        bold=True,
        color=opaque(palette.WHITE),
        fill=NAVY,
        border=NAVY,
        horizontal="center",
        vertical="center",
        wrap=True,
    ),
    "Body": Style(wrap=True, size=11),
    "Section": Style(bold=True, size=12, color=NAVY, vertical="center"),
}
for _kind, _code in _FORMATS.items():
    _plain = Style(_code, horizontal=_ALIGN.get(_kind, ""), indent=int(_kind == "text"))
    _typed = replace(_plain, color=opaque(palette.TYPED), locked=False)
    STYLES[f"Input {_kind}"] = replace(_typed, fill=opaque(palette.INPUT_FILL), border=opaque(palette.INPUT_LINE))
    STYLES[f"Calculation {_kind}"] = replace(_plain, border=LINE, fill=opaque(palette.PALE))
    STYLES[f"Posted {_kind}"] = replace(_plain, border=LINE)
    STYLES[f"Check {_kind}"] = replace(_plain, border=LINE, fill=opaque(palette.CHECK_FILL))
STYLES["Posted wrapped"] = replace(STYLES["Posted text"], wrap=True)
# shown as one word, since thousands of characters run over the edge of the page, and make it print too small to read
STYLES["Posted packed"] = Style(';;;"packed"', border=LINE, horizontal="left", color=GREY, indent=1)
STYLES["Input wrapped"] = replace(STYLES["Input text"], wrap=True)
STYLES["Posted link"] = replace(STYLES["Posted text"], color=opaque(palette.LINK), underline=True)

#: styles of ours that have the name of one of Excel's own, by the number under which Excel knows that
_BUILT_IN = {"Title": 15}

#: differential formats of the conditional formats: (font colour, fill, bold)
DXFS = {mark: (opaque(text), opaque(fill), bold) for mark, (text, fill, bold) in palette.MARKS.items()}
#: one more, of whole numbers in columns of quantities: their own format leaves a decimal point behind (829.)
WHOLE, _WHOLE_FORMAT = "whole", '#,##0_);(#,##0);"–"_)'
LOOKS = (*DXFS, WHOLE)


class StyleSheet(Part):
    """The styles part of a workbook. `xf` gives the index of a style's cell format, appending what is missing."""

    def __init__(self, xml: str) -> None:
        super().__init__(xml, "styleSheet", (*_SECTIONS, *_LATER))
        root = ET.fromstring(xml.encode())
        self._count = {name: len(root.findall(f"m:{name}/*", _NS)) for name in _SECTIONS}
        formats = root.findall("m:cellStyleXfs/m:xf", _NS)
        self._named: dict[str, tuple[int, ET.Element]] = {}
        for style in root.iterfind("m:cellStyles/m:cellStyle", _NS):
            index = int(style.get("xfId", "0"))
            if index < len(formats):
                self._named[style.get("name", "")] = (index, formats[index])
        self._xfs = root.findall("m:cellXfs/m:xf", _NS)
        self._cells = [_signature(xf) for xf in self._xfs]
        codes = [
            (n.get("formatCode", ""), int(n.get("numFmtId", "0"))) for n in root.iterfind("m:numFmts/m:numFmt", _NS)
        ]
        self._formats = dict(codes)
        self._next_format = max([163, *(number for _, number in codes)]) + 1
        self._known: dict[tuple[str, int], int] = {}
        self._ours: dict[int, bool] = {}
        there = [ET.tostring(dxf) for dxf in root.iterfind("m:dxfs/m:dxf", _NS)]
        ours = {look: ET.tostring(ET.fromstring(element("dxf", *_dxf(look), xmlns=MAIN))) for look in LOOKS}
        self._looks = {look: there.index(dxf) for look, dxf in ours.items() if dxf in there}

    def xf(self, name: str, indent: int = 0) -> int:
        """Index in cellXfs of a named style, with an indent of so many steps."""
        if (name, indent) not in self._known:
            if name not in self._named:
                self._add_named(name)
            self._known[name, indent] = self._cell_format(name, indent)
        return self._known[name, indent]

    def look(self, xf: int) -> tuple[str, int]:
        """Named style and further indent of a cell format, as `xf` takes them; "" where the style is none of ours."""
        style, *_, indent = self._cells[xf]
        name = next((name for name, (index, _) in self._named.items() if str(index) == style), "")
        return (name, max(int(indent) - STYLES[name].indent, 0)) if name in STYLES else ("", 0)

    def is_ours(self, xf: int) -> bool:
        """Whether a cell format is that of a named style of ours, but for an indent: nothing of it is a user's."""
        if xf not in self._ours:
            self._ours[xf] = xf >= len(self._xfs) or self._is_plain(xf)  # added by us, or by nobody
        return self._ours[xf]

    def _is_plain(self, xf: int) -> bool:
        name, _ = self.look(xf)
        if not name:
            return False
        _, base = self._named[name]
        mine = self._xfs[xf]
        if _placement(mine) not in (_placement(base), _placement_of(STYLES[name])):
            return False
        return _ids(mine) == _ids(base) or self._drawn(mine) == self._drawn(base)

    def _drawn(self, xf: ET.Element) -> tuple[object, ...]:
        """Number format, font, fill and border of a cell format, which programs list more than once."""
        number, *places = _ids(xf)
        codes = {str(n): code for code, n in self._formats.items()}
        return (
            codes.get(number, number),
            *(self._listed[kind][int(at)] for kind, at in zip(_DRAWN, places, strict=True)),
        )

    @cached_property
    def _listed(self) -> dict[str, list[object]]:
        root = ET.fromstring(self.xml.encode())
        return {kind: [_content(one) for one in root.findall(f"m:{kind}/*", _NS)] for kind in _DRAWN}

    def dxf(self, look: str) -> int:
        """Index of one of `LOOKS` among the differential formats."""
        if look not in self._looks:
            self._looks[look] = self._append("dxfs", "dxf", *_dxf(look))
        return self._looks[look]

    def _cell_format(self, name: str, indent: int) -> int:
        index, base = self._named[name]
        ids = {key: base.get(key, "0") for key in ("numFmtId", "fontId", "fillId", "borderId")}
        signature = (str(index), *ids.values(), str(STYLES[name].indent + indent))
        if signature in self._cells:
            return self._cells.index(signature)
        self._cells.append(signature)
        applied = {f"apply{what}": 1 for what in ("NumberFormat", "Font", "Fill", "Border", "Alignment", "Protection")}
        return self._append("cellXfs", "xf", *_alignment(STYLES[name], indent), **ids, xfId=index, **applied)

    def _add_named(self, name: str) -> None:
        """Append the font, fill, border, number format and named style that the workbook lacks."""
        style = STYLES[name]
        font = self._append("fonts", "font", *_font(style))
        fill = self._append("fills", "fill", _fill(style))
        border = self._append("borders", "border", *_border(style))
        number = self._number_format(style.number_format)
        ids = {"numFmtId": str(number), "fontId": str(font), "fillId": str(fill), "borderId": str(border)}
        index = self._append("cellStyleXfs", "xf", *_alignment(style), **ids)
        built_in = {"builtinId": _BUILT_IN[name], "customBuiltin": 1} if name in _BUILT_IN else {}
        self._append("cellStyles", "cellStyle", name=name, xfId=index, **built_in)
        self._named[name] = (index, ET.Element("xf", ids))

    def _number_format(self, code: str) -> int:
        built_in = {"General": 0, "@": 49, "0": 1}
        if code in built_in:
            return built_in[code]
        if code not in self._formats:
            self._formats[code] = self._next_format
            self._next_format += 1
            self._append("numFmts", "numFmt", numFmtId=self._formats[code], formatCode=code)
        return self._formats[code]

    def _append(self, section: str, kind: str, /, *content: Markup, **attributes: str | int) -> int:
        """Append an element to a section (made where missing) and return its index."""
        index = self._count[section]
        self._count[section] += 1
        self.add(section, element(kind, *content, **attributes))
        return index


#: children of a styles part, in the order that the schema asks for
_SECTIONS = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
_LATER = ("tableStyles", "colors", "extLst")


_DRAWN = ("fonts", "fills", "borders")
_IDS = ("numFmtId", "fontId", "fillId", "borderId")


def _ids(xf: ET.Element) -> tuple[str, ...]:
    return tuple(xf.get(key, "0") for key in _IDS)


def _content(one: ET.Element) -> object:
    """An element as something that can be compared: what it says, whatever the order."""
    return one.tag, frozenset(one.attrib.items()), frozenset(map(_content, one))


def _signature(xf: ET.Element) -> tuple[str, ...]:
    alignment = xf.find("m:alignment", _NS)
    indent = alignment.get("indent", "0") if alignment is not None else "0"
    return (xf.get("xfId", "0"), *_ids(xf), indent)


#: what alignment and protection are where a cell format does not say
_PLACED = {
    "horizontal": "general", "vertical": "bottom", "textRotation": "0", "wrapText": "0", "shrinkToFit": "0",
    "readingOrder": "0", "justifyLastLine": "0", "locked": "1", "hidden": "0",
}  # fmt: skip
_TRUTHS = {"true": "1", "false": "0"}


def _placement(xf: ET.Element) -> dict[str, str]:
    """How a cell format aligns and protects, without its indent."""
    said = {name: _TRUTHS.get(text, text) for part in xf for name, text in part.attrib.items()}
    return _PLACED | {name: text for name, text in said.items() if name in _PLACED}


def _placement_of(style: Style) -> dict[str, str]:
    return _placement(ET.fromstring(element("xf", *_alignment(style))))


def _font(style: Style) -> list[Markup]:
    flags = [tag for tag, on in (("b", style.bold), ("i", style.italic), ("u", style.underline)) if on]
    return [
        *map(element, flags),
        element("sz", val=style.size),
        element("color", rgb=style.color),
        element("name", val="Calibri"),
        element("family", val=2),
    ]


def _fill(style: Style) -> Markup:
    if not style.fill:
        return element("patternFill", patternType="none")
    return _solid(element("fgColor", rgb=style.fill), element("bgColor", indexed=64))


def _solid(*colors: Markup) -> Markup:
    return element("patternFill", *colors, patternType="solid")


def _border(style: Style) -> list[Markup]:
    sides = ("left", "right", "top", "bottom")
    if not style.border:
        return [element(side) for side in (*sides, "diagonal")]
    color = element("color", rgb=style.border)
    return [*(element(side, color, style="thin") for side in sides), element("diagonal")]


def _alignment(style: Style, indent: int = 0) -> list[Markup]:
    """Alignment and protection of a cell format."""
    aligned = element(
        "alignment",
        horizontal=style.horizontal or None,
        vertical=style.vertical,
        wrapText=1 if style.wrap else None,
        indent=style.indent + indent or None,
    )
    return [aligned, element("protection", locked=style.locked)]


def _dxf(look: str) -> list[Markup]:
    """What one of `LOOKS` changes."""
    if look == WHOLE:
        return [element("numFmt", numFmtId=200, formatCode=_WHOLE_FORMAT)]
    color, fill, bold = DXFS[look]
    return [
        element("font", element("b") if bold else None, element("color", rgb=color)),
        element("fill", _solid(element("fgColor", rgb=fill), element("bgColor", rgb=fill))),
    ]


def section(name: str, *content: Markup) -> Markup:
    """A list of the styles part, which says how many there are."""
    return element(name, *content, count=len(content))


def fewest(font: Markup, numbers: Markup | None, *more: Markup) -> str:
    """A styles part with the fewest styles that Excel asks for, its own Normal among them; lists stand before and behind."""
    none = {"numFmtId": 0, "fontId": 0, "fillId": 0, "borderId": 0}
    patterns = (element("fill", element("patternFill", patternType=kind)) for kind in ("none", "gray125"))
    root = element(
        "styleSheet",
        numbers,
        section("fonts", font),
        section("fills", *patterns),
        section("borders", element("border", *_border(Style()))),
        section("cellStyleXfs", element("xf", **none)),
        section("cellXfs", element("xf", **none, xfId=0)),
        section("cellStyles", element("cellStyle", name="Normal", xfId=0, builtinId=0)),
        *more,
        xmlns=MAIN,
    )
    return document(root)


def new_stylesheet() -> StyleSheet:
    """A styles part with every named style and differential format of ours, and Excel's Normal."""
    looks = section("dxfs", *(element("dxf", *_dxf(look)) for look in LOOKS))
    tables = element(
        "tableStyles", count=0, defaultTableStyle="TableStyleMedium2", defaultPivotStyle="PivotStyleLight16"
    )
    sheet = StyleSheet(fewest(element("font", *_font(Style())), section("numFmts"), looks, tables))
    for name in STYLES:
        sheet.xf(name)
    return sheet
