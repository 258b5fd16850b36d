"""The sheet Functions: what each cell function gives, with live examples. Part of every workbook that holds macros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlbackflush import schema
from xlbackflush.ooxml.cells import Value, cell, row_xml
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.ooxml.xml import Markup, element
from xlbackflush.schema.excel import FUNCTIONS, Function
from xlbackflush.sheets.title_rows import NOT_RUN, head_rows

SHEET = schema.Sheet(
    "Functions",
    "Control",
    (),
    "Cell functions of this workbook, with live examples: type an item and a quantity.",
    "Enter data in the yellow cells. Shift+F3 on a formula shows the same help.",
)
WIDTHS = (30.0, 44.0, 18.0, 96.0)  # of the columns A to D, in characters

#: the cells to type into: item, quantity, component
TYPED = _ITEM, _QTY, _COMPONENT = "$B$7", "$B$8", "$B$9"
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


def body(styles: StyleSheet, item: str = "", component: str = "") -> tuple[list[str], Markup]:
    """Rows of the sheet, and its validations. item and component are those that the examples start with."""
    page = _Page(styles)
    page.rows += head_rows(SHEET, styles)
    page.row([("A", "Try it", "Section", "")], 20)
    page.row([("A", "Item", "Calculation text", ""), ("B", item, "Input text", "")])
    page.row([("A", "Quantity", "Calculation text", ""), ("B", 10, "Input quantity", "")])
    page.row([("A", "Component", "Calculation text", ""), ("B", component, "Input text", "")])
    page.row([])
    page.row([("A", "Live examples", "Section", "")], 20)
    page.row(
        [
            (c, text, "Heading", "")
            for c, text in zip("ABCD", ("Function", "Formula", "Result", "Meaning"), strict=True)
        ],
        22,
    )
    for example in EXAMPLES:
        page.example(example)
    page.section("What they do")
    for function in FUNCTIONS:
        page.function(function)
    page.section("Good to know")
    for note in _NOTES:
        page.wide(note)
    page.section("The table that BACKFLUSH_EXPLODE gives")
    page.row([("A", _shown(SPILLED), "Posted text", "")])
    page.wide(SPILLED.meaning)
    page.spilled(SPILLED)
    return page.rows, _validations()


def _shown(example: Example) -> str:
    return "=" + example.formula.replace("$", "")


class _Page:
    """Rows of the sheet as they are added."""

    def __init__(self, styles: StyleSheet) -> None:
        self.rows: list[str] = []
        self._styles = styles

    def row(self, cells: Sequence[tuple[str, Value, str, str]], height: float = 16) -> int:
        """One row: (column, value, style, formula)."""
        number = len(self.rows) + 1
        made = "".join(
            cell(f"{c}{number}", value, self._styles.xf(style), formula) for c, value, style, formula in cells
        )
        self._add(number, made, height)
        return number

    def section(self, title: str) -> None:
        """A blank row and a heading."""
        self.row([])
        self.row([("A", title, "Section", "")], 20)

    def example(self, example: Example) -> None:
        """Function, formula as text, live result, meaning."""
        number = len(self.rows) + 1
        look = "Calculation text" if example.kind == "text" else f"Calculation {example.kind}"
        made = (
            cell(f"A{number}", example.function, self._styles.xf("Posted text"))
            + cell(f"B{number}", _shown(example), self._styles.xf("Posted text"))
            + _live(f"C{number}", guarded(example), self._styles.xf(look), example.otherwise)
            + cell(f"D{number}", example.meaning, self._styles.xf("Posted text"))
        )
        self._add(number, made, 16)

    def function(self, function: Function) -> None:
        """Signature and help, then each argument, then what comes back."""
        names = ", ".join(f"[{a.name}]" if a.optional else a.name for a in function.arguments)
        self._entry(function.name, f"({names})", function.help)
        for argument in function.arguments:
            self._entry("", argument.name, argument.help)
        self._entry("", "Gives", function.returns)

    def _entry(self, name: str, what: str, text: str) -> None:
        looks = zip(
            "ABCD", (name, what, "", text), ("Posted text", "Posted text", "Posted text", "Posted wrapped"), strict=True
        )
        self.row([(column, value, style, "") for column, value, style in looks], _height(text))

    def wide(self, text: str) -> None:
        """A sentence over all columns."""
        self.row([("A", text, "Hint", "")])

    def spilled(self, example: Example) -> None:
        """One cell whose formula fills those below and beside it."""
        number = len(self.rows) + 1
        self._add(number, _live(f"A{number}", guarded(example), self._styles.xf("Calculation general"), ""), 16)

    def _add(self, number: int, cells: str, height: float) -> None:
        self.rows.append(row_xml(number, cells, height))


def _validations() -> Markup:
    """Lists of items for the cells to type into."""
    return element(
        "dataValidations",
        _item_list("Item", _ITEM, "Item that the examples ask about."),
        _item_list("Component", _COMPONENT, "Component that the second example asks about."),
        count=2,
    )


def _item_list(title: str, where: str, prompt: str) -> Markup:
    return element(
        "dataValidation",
        element("formula1", "Items"),
        type="list",
        errorStyle="warning",
        **dict.fromkeys(("allowBlank", "showInputMessage", "showErrorMessage"), 1),
        errorTitle=title,
        error="This item is not on Standard Cost.",
        promptTitle=title,
        prompt=prompt,
        sqref=where.replace("$", ""),
    )


def guarded(example: Example) -> str:
    """The formula of an example's cell."""
    if example.condition == "TRUE":
        return example.formula
    return f'IF({example.condition},{example.formula},"{example.otherwise}")'


def _live(address: str, formula: str, style: int, shown: str) -> Markup:
    """A dynamic array formula (cell metadata 1): Excel would write @ before a function of ours otherwise."""
    live = element("f", formula, t="array", ref=address)
    return element("c", live, element("v", shown), r=address, s=style, t="str", cm=1)


def _height(text: str) -> float:
    return 14.0 * (1 + int(len(text) / (1.1 * WIDTHS[3]))) + 2
