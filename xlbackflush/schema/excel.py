"""What a person touches in Excel: functions, macros, ribbon. Said here, once.

The stubs of a workbook, the add-in's ribbon, the function wizard's help and the workbook's own help page all come from
this module; `vba/` holds the code behind the names.
"""

from xlbackflush.dataclass import dataclass

ADDIN = "xlbackflush.xlam"
FUNCTION_GROUP = "Backflush"  # category in the function wizard
BUILT_IN_GROUPS = 19  # categories that Excel brings along; ours, the first of the user's, comes next


@dataclass(frozen=True)
class Argument:
    """One argument of a function. Optional arguments stand last."""

    name: str
    help: str
    optional: bool = False


@dataclass(frozen=True)
class Function:
    """One cell function. `help` is at most 255 characters, as the function wizard shows them."""

    name: str
    arguments: tuple[Argument, ...]
    help: str
    returns: str


_ITEM = Argument("item", "Item code on sheet Standard Cost: a cell, a text, or a range of codes.")
_QTY = Argument("qty", "Units of the item: a number, a cell, or a range of the same shape as item.")
_DEPENDS = Argument(
    "depends_on",
    "Any ranges, such as BOM and StandardCost: Excel then recalculates the cell whenever one of them changes.",
    optional=True,
)

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "BACKFLUSH_COST",
        (_ITEM, _QTY, _DEPENDS),
        "Standard cost that is flushed when so many units of an item are completed or sold, in money, not rounded.",
        "Money. #N/A: unknown item, or neither Python nor a run that matches the inputs (see BACKFLUSH_STATUS). #VALUE!: the "
        "quantity is not a number.",
    ),
    Function(
        "BACKFLUSH_QTY",
        (
            _ITEM,
            Argument("component", "Code of the component that is relieved: a cell, a text, or a range."),
            _QTY,
            _DEPENDS,
        ),
        "Quantity of a component that is relieved when so many units of an item are completed, planned scrap included.",
        "Units of the component; 0 where it is not relieved. #N/A: unknown item or component.",
    ),
    Function(
        "BACKFLUSH_EXPLODE",
        (_ITEM, _QTY, _DEPENDS),
        "Table of everything that is flushed with so many units of an item: components with quantity, cost and amount, "
        "and conversion costs. The amounts add up to BACKFLUSH_COST.",
        "A table with a row of headings, which spills over the cells below and to the right.",
    ),
    Function(
        "STANDARD_COST",
        (
            _ITEM,
            Argument(
                "element",
                "Material, Labor, Variable overhead, Fixed overhead or Other conversion; left out: the whole unit cost.",
                optional=True,
            ),
            _DEPENDS,
        ),
        "Standard cost of one unit of an item, rolled up through the bill of materials as in force at period end.",
        "Money per unit. #N/A: unknown item. #VALUE!: no such cost element.",
    ),
    Function(
        "BACKFLUSH_VARIANCE",
        (Argument("name", "Name of the variance as on sheet Variances, such as Material price."), _DEPENDS),
        "Sum of a variance of the last run: unfavorable positive, favorable negative.",
        "Money. 0 where the run has none of it. #N/A: no such variance, or no run yet.",
    ),
    Function(
        "BACKFLUSH_BALANCE",
        (Argument("role", "Account role as on sheet Ledger, such as Finished goods."), _DEPENDS),
        "Closing balance of an account role after the last run: debit positive, credit negative.",
        "Money. #N/A: no such role, or no run yet.",
    ),
    Function(
        "BACKFLUSH_STATUS",
        (_DEPENDS,),
        "Ready, stale, or why the functions and the last run cannot be relied upon.",
        "Text.",
    ),
)


@dataclass(frozen=True)
class Macro:
    """One macro of a workbook: the name of its VBA procedure, its caption, and its screen tip."""

    name: str
    caption: str
    tip: str
    image: str  # built-in Office icon of its ribbon button


RUN = Macro(
    "BackflushRun",
    "Run Backflush",
    "Check the inputs, post a draft and write all results. On Windows, Esc stops it before anything is written.",
    "RefreshAll",
)
CHECK = Macro("BackflushCheck", "Check", "List what is wrong with the inputs; nothing is posted.", "Spelling")
POST = Macro(
    "BackflushPost",
    "Post",
    "Lock the draft: its lines never change again. For somebody else than who ran it.",
    "SheetProtect",
)
EXPLAIN = Macro(
    "BackflushExplain", "Explain this cell", "Show what the selected amount is made of, down to the cells that people typed.",
    "TracePrecedents",
)  # fmt: skip
RESTORE = Macro(
    "BackflushRestore", "Restore previous run", "Put back the results that stood before the last run.", "Undo"
)
CLEAR = Macro("BackflushClear", "Clear results", "Empty the output sheets; inputs stay as they are.", "ClearContents")
MACROS = (RUN, CHECK, POST, EXPLAIN, RESTORE, CLEAR)
#: of the ribbon only: the workbook is closed meanwhile, so that no code of its own may be at work
IMPORT = Macro(
    "",
    "Import",
    "Save and close this workbook, take rows from files of other systems as sheet Import Map says, and open it again.",
    "GetExternalDataFromText",
)
UPGRADE = Macro(
    "",
    "Upgrade",
    "Save and close this workbook, add what this version of xlbackflush asks for and it lacks, and open it again. Nothing else "
    "in it is changed.",
    "SheetColumnsInsert",
)
