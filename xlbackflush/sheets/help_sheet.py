"""The sheet Functions: what each cell function gives, with live examples. Part of every workbook that holds macros."""

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.ooxml.cells import cell
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.ooxml.xml import Markup, element
from xlbackflush.schema.excel import FUNCTIONS, Function
from xlbackflush.sheets.page import Page
from xlbackflush.sheets.title_rows import NOT_RUN, head_rows

SHEET = schema.Sheet(
    "Functions",
    "Control",
    (),
    "Cell functions of this workbook, with live examples: type an item and a quantity.",
    "Enter data in the yellow cells. Shift+F3 on a formula shows the same help.",
)
WIDTHS = (30.0, 44.0, 18.0, 96.0)  # of the columns A to D, in characters

_HEIGHT = 16  # of a row, in points

#: the cells to type into: item, quantity, component
TYPED = _ITEM, _QTY, _COMPONENT = "$B$7", "$B$8", "$B$9"
#: cells that an item is picked for: its name, and what Excel says of it
PICKED = {
    _ITEM: ("Item", "Item that the examples ask about."),
    _COMPONENT: ("Component", "Component that the second example asks about."),
}
RAN = "COUNTA(Runs[Run])>0"


@dataclass(frozen=True)
class Example:
    """One live formula: what it shows until it has an answer, and when it can have one."""

    function: str
    formula: str
    kind: str  # of its number format
    meaning: str
    condition: str
    otherwise: str = ""


EXAMPLES: tuple[Example, ...] = (
    Example(
        "BACKFLUSH_COST", f"BACKFLUSH_COST({_ITEM},{_QTY})", "money",
        "Flushed when that many units are completed or sold.", f'{_ITEM}<>""',
    ),
    Example(
        "BACKFLUSH_QTY", f"BACKFLUSH_QTY({_ITEM},{_COMPONENT},{_QTY})", "quantity",
        "Units of the component that are relieved, planned scrap included.", f'AND({_ITEM}<>"",{_COMPONENT}<>"")',
    ),
    Example("STANDARD_COST", f"STANDARD_COST({_ITEM})", "price", "One unit, whole.", f'{_ITEM}<>""'),
    Example("STANDARD_COST", f'STANDARD_COST({_ITEM},"Labor")', "price", "One unit, labor of all levels.", f'{_ITEM}<>""'),
    Example(
        "BACKFLUSH_VARIANCE", 'BACKFLUSH_VARIANCE("Material price")', "money", "Of the last run; unfavorable positive.",
        RAN, "Run first",
    ),
    Example(
        "BACKFLUSH_BALANCE", 'BACKFLUSH_BALANCE("Cost of goods sold")', "money", "After the last run; debit positive.",
        RAN, "Run first",
    ),
    Example(
        "BACKFLUSH_STATUS", f"BACKFLUSH_STATUS({schema.MASTER_CHECK})", "text", "Can the figures be relied upon?", "TRUE",
        NOT_RUN,
    ),
)  # fmt: skip
SPILLED = Example(
    "BACKFLUSH_EXPLODE", f"BACKFLUSH_EXPLODE({_ITEM},{_QTY})", "general",
    "Everything that is flushed; the amounts add up to BACKFLUSH_COST. Needs free cells below and to the right.",
    f'{_ITEM}<>""',
)  # fmt: skip

_NOTES = (
    "The functions need the add-in (Windows: pip install xlbackflush, then xlbackflush install). Without it, and on a Mac, "
    "BACKFLUSH_COST and STANDARD_COST answer from sheet Roll-up while the last run is fresh; the others give #N/A.",
    "Costs follow the bill of materials in force at period end. After a change on Setup, BOM or Standard Cost the cells are "
    'worked out again by themselves; name ranges as last arguments, as in =STANDARD_COST(B7,"",BOM), to let Excel see it, too.',
    "Errors are real errors: #N/A unknown item, or neither Python nor a run that matches the inputs; #VALUE! no number where "
    "one is needed; #NUM! too large. BACKFLUSH_STATUS says why.",
    "Ranges give ranges: =BACKFLUSH_COST(A5:A104,B5:B104) answers a hundred rows at once. Excel before 2021: select the "
    "cells first and end with Ctrl+Shift+Enter.",
)


def body(styles: StyleSheet, item: str = "", component: str = "") -> list[str]:
    """Rows of the sheet. item and component are those that the examples start with."""
    page = Page(styles)
    page.rows += head_rows(SHEET, styles)
    page.add(("A", "Try it", "Section"), height=20)
    for label, value, kind in (("Item", item, "text"), ("Quantity", 10, "quantity"), ("Component", component, "text")):
        page.add(("A", label, "Calculation text"), ("B", value, f"Input {kind}"), height=_HEIGHT)
    page.section("Live examples", _HEIGHT)
    headings = zip("ABCD", ("Function", "Formula", "Result", "Meaning"), strict=True)
    page.add(*((letter, text, "Heading") for letter, text in headings), height=22)
    for example in EXAMPLES:
        _add_example(page, example)
    page.section("What they do", _HEIGHT)
    for function in FUNCTIONS:
        _add_function(page, function)
    page.section("Good to know", _HEIGHT)
    for note in _NOTES:
        page.add(("A", note, "Hint"), height=_HEIGHT)
    page.section("The table that BACKFLUSH_EXPLODE gives", _HEIGHT)
    page.add(("A", _shown(SPILLED), "Posted text"), height=_HEIGHT)
    page.add(("A", SPILLED.meaning, "Hint"), height=_HEIGHT)
    page.add_xml(_live(f"A{page.next_row}", SPILLED, styles), _HEIGHT)
    return page.rows


def _shown(example: Example) -> str:
    return "=" + example.formula.replace("$", "")


def _add_example(page: Page, example: Example) -> None:
    """Function, formula as text, live result, meaning."""
    number, style = page.next_row, page.styles.xf("Posted text")
    page.add_xml(
        cell(f"A{number}", example.function, style)
        + cell(f"B{number}", _shown(example), style)
        + _live(f"C{number}", example, page.styles)
        + cell(f"D{number}", example.meaning, style),
        _HEIGHT,
    )


def _add_function(page: Page, function: Function) -> None:
    """Signature and help, then each argument, then what comes back."""
    names = ", ".join(f"[{a.name}]" if a.optional else a.name for a in function.arguments)
    lines = [(function.name, f"({names})", function.help)]
    lines += [("", argument.name, argument.help) for argument in function.arguments]
    for name, what, text in [*lines, ("", "Gives", function.returns)]:
        height = 14.0 * (1 + int(len(text) / (1.1 * WIDTHS[3]))) + 2
        cells = ("A", name, "Posted text"), ("B", what, "Posted text"), ("C", "", "Posted text")
        page.add(*cells, ("D", text, "Posted wrapped"), height=height)


def guarded(example: Example) -> str:
    """The formula of an example's cell."""
    if example.condition == "TRUE":
        return example.formula
    return f'IF({example.condition},{example.formula},"{example.otherwise}")'


def _live(address: str, example: Example, styles: StyleSheet) -> Markup:
    """A dynamic array formula (cell metadata 1): Excel would write @ before a function of ours otherwise."""
    live = element("f", guarded(example), t="array", ref=address)
    style = styles.xf(f"Calculation {example.kind}")
    return element("c", live, element("v", example.otherwise), r=address, s=style, t="str", cm=1)
