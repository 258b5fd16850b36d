"""What every worksheet of a new workbook has: properties, view, widths, print setup, conditional formats, ignored errors."""

from collections.abc import Mapping, Sequence

from xlbackflush import schema
from xlbackflush.ooxml.address import column_letter
from xlbackflush.ooxml.package import MAIN, OFFICE
from xlbackflush.ooxml.styles import StyleSheet, opaque
from xlbackflush.ooxml.xml import Markup, document, element, fragment
from xlbackflush.schema import palette
from xlbackflush.sheets.title_rows import ALLOWED

LINK_BACK = element("hyperlinks", element("hyperlink", ref="A3", location=f"{schema.ABOUT}!A1", display=schema.ABOUT))
#: without `objects`, so that charts can be copied and comments written
PROTECTED = element("sheetProtection", sheet=1, scenarios=1, **dict.fromkeys(ALLOWED, 0))

# which green triangles stay away, by the names of Excel's rules
CODES = ("numberStoredAsText", "twoDigitTextYear")  # in columns of text, which hold codes of digits
FORMULAS = ("formula", "formulaRange", "calculatedColumn")  # each line of an output has the formulas that it needs
TYPED = "unlockedFormula"  # in cells that are there to be typed into

Look = tuple[str, str, str]  # where, the formula that says when, the differential format
_STATUS_LOOKS = (("bad", "fail"), ("note", "Not run"))  # what the status line says


def part(*content: Markup | None) -> str:
    """A worksheet part, from its elements in the order of the schema."""
    return document(element("worksheet", *content, xmlns=MAIN, xmlns_r=OFFICE))


def properties(role: schema.Role, code: str | None, outline: Markup | None = None) -> Markup:
    """The colour of a sheet's tab, and its code name."""
    color, fit = element("tabColor", rgb=opaque(palette.TABS[role])), element("pageSetUpPr", fitToPage=1)
    return element("sheetPr", color, outline, fit, codeName=code)


def code_name(number: int, macros: bool) -> str | None:
    """The name under which the VBA project knows a sheet."""
    return f"Sheet{number}" if macros else None


def view(header: int = 0, freeze_cols: int = 0, selected: bool = False) -> Markup:
    """The rows down to the header stay in view; 0: none do."""
    frozen: list[Markup] = []
    if header:
        corner = f"{column_letter(freeze_cols + 1)}{header + 1}"
        pane = "bottomRight" if freeze_cols else "bottomLeft"
        split = {"xSplit": freeze_cols or None, "ySplit": header}
        frozen = [
            element("pane", **split, topLeftCell=corner, activePane=pane, state="frozen"),
            element("selection", pane=pane, activeCell=corner, sqref=corner),
        ]
    one = element("sheetView", *frozen, showGridLines=0, tabSelected=1 if selected else None, workbookViewId=0)
    return element("sheetViews", one)


def columns(widths: Mapping[int, float]) -> Markup:
    """The widths of columns, in characters."""
    return element(
        "cols",
        *(element("col", min=i, max=i, width=f"{width:g}", customWidth=1) for i, width in sorted(widths.items())),
    )


def sheet_data(rows: Sequence[str]) -> Markup:
    """The cells, from rows as XML."""
    return element("sheetData", Markup("".join(rows)))


def print_setup(wide: bool = False, pages: int = 0) -> Markup:
    """A4 landscape, one page wide and so many pages high (0: as many as it takes); A3 for the widest sheets."""
    paper = 8 if wide else 9
    return fragment(
        element("pageMargins", left="0.4", right="0.4", top="0.5", bottom="0.6", header="0.3", footer="0.3"),
        element("pageSetup", paperSize=paper, orientation="landscape", fitToWidth=1, fitToHeight=pages),
        element("headerFooter", element("oddFooter", "&L&F&C&A&RPage &P of &N")),
    )


def ignore(where: str, *rules: str) -> Markup:
    """Cells that these rules of Excel leave alone."""
    return element("ignoredError", sqref=where, **dict.fromkeys(rules, 1))


def conditional_formats(rules: Sequence[Look], styles: StyleSheet, first: int = 1) -> Markup:
    """Conditional formats as elements; first: priority of the first one."""
    formats = []
    for priority, (where, formula, look) in enumerate(rules, first):
        asked = element("formula", formula)
        rule = element("cfRule", asked, type="expression", dxfId=styles.dxf(look), priority=priority)
        formats.append(element("conditionalFormatting", rule, sqref=where))
    return fragment(*formats)


def status_looks(where: str) -> list[Look]:
    """The status line in the colours of what it says."""
    return [(where, f'ISNUMBER(SEARCH("{word}",{where}))', look) for look, word in _STATUS_LOOKS]
