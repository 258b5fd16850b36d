"""The settings and the input sheets."""

from __future__ import annotations

from dataclasses import replace

from xlbackflush.schema.table import Column, Setting, Sheet, Table
from xlbackflush.schema.words import (
    ABNORMAL,
    AT_STANDARD,
    BILL_OF_MATERIALS,
    CARRY_FORWARD,
    COMPLETED,
    COMPONENT,
    COST_TYPES,
    EXPENSE_THEN_ADJUST,
    FINISHED_GOODS,
    FINISHED_UNIT,
    INPUT,
    INVENTORY_CONTROL,
    MIP,
    NORMAL,
    OUTPUT,
    PCS,
    PER_PRODUCT,
    PER_TRIGGER,
    PHYSICAL_COUNT,
    PRORATE,
    RECORD,
    ROLES,
    SHOW_ONLY,
    SOLD,
    TO_COGS,
    TRIGGERS,
    TYPES,
)

SETTINGS: tuple[Setting, ...] = (
    Setting("Company", "text", "Your company", "Name printed on every report."),
    Setting("Currency", "text", "USD", "ISO 4217 code; sets the number of decimals of money.", required=True),
    Setting("Period start", "date", None, "First day of the accounting period.", required=True),
    Setting("Period end", "date", None, "Last day of the accounting period.", required=True),
    Setting("Trigger points", "choice", PCS, "Events at which entries are recorded.", TRIGGERS, required=True),
    Setting(
        "Relief basis",
        "choice",
        BILL_OF_MATERIALS,
        "Relieve inventory by count x BOM, or by difference from the physical count.",
        (BILL_OF_MATERIALS, PHYSICAL_COUNT),
    ),
    Setting(
        "Conversion costs",
        "choice",
        AT_STANDARD,
        "Allocate conversion at standard, or expense it and adjust to the count at period end.",
        (AT_STANDARD, EXPENSE_THEN_ADJUST),
    ),
    Setting(
        "Variance disposition",
        "choice",
        TO_COGS,
        "Where variances and under- or over-allocated conversion go at the close.",
        (TO_COGS, PRORATE, CARRY_FORWARD),
    ),
    Setting(
        "Journal detail",
        "choice",
        PER_TRIGGER,
        "Level of journal detail.",
        (PER_TRIGGER, PER_PRODUCT),
    ),
    Setting(
        "Default scrap basis",
        "choice",
        OUTPUT,
        "Output: qty x (1 + scrap). Input: qty / (1 - scrap). Used where a BOM line is blank, and for assembly scrap.",
        (OUTPUT, INPUT),
    ),
    Setting("Budgeted fixed overhead", "money", None, "Budget of the period, in money.", minimum=0),
    Setting("Materiality %", "percent", 0.05, "Share of inventory above which a misstatement matters.", minimum=0),
    Setting("Cycle time days", "quantity", None, "Days from start of production to completion.", minimum=0),
    Setting(
        "Period-end WIP",
        "choice",
        RECORD,
        "Record the units on sheet WIP at period end and reverse the entry next day, or only show their value.",
        (RECORD, SHOW_ONLY),
    ),
    Setting("Standards set on", "date", None, "Day on which the standard costs were last reviewed; for sheet Fit."),
)

_NOTE = Column("Note", "text", "Anything a reader should know. Not used in calculations.", width=34)
_DATE = Column("Date", "date", "Day of the event, inside the period.", required=True, width=12)


def _document(example: str) -> Column:
    return Column("Document", "text", f"Number of the source document, e.g. {example}.", required=True, width=13)


def _item(help_text: str, name: str = "Item", width: float = 18) -> Column:
    return Column(name, "item", help_text, required=True, width=width)


SETUP = Table(
    "Setup",
    (
        Column("Setting", "text", "Name of the setting; do not change it.", required=True, width=26),
        Column("Value", "any", "Your choice.", width=30),
        Column("Meaning", "text", "What the setting does.", width=96),
    ),
    row_name="{Setting}",
    named_by_row=True,
)
ACCOUNTS = Table(
    "Accounts",
    (
        Column("Role", "choice", "What the account is for; do not change it.", "", True, tuple(ROLES), width=26),
        Column("Account", "text", "Account number in your ledger.", required=True, width=12),
        Column("Name", "text", "Account name in your ledger.", width=44),
    ),
    first_col=5,
    row_name="{Role}",
)
BOM = Table(
    "BOM",
    (
        _item("Item that is made.", "Parent"),
        _item("Item that goes into it.", "Component"),
        Column("Qty per", "quantity", "Component units in one good parent, before scrap.", "per parent", True, (), 0),
        Column("UoM", "text", "Unit of measure; blank: the component's.", width=8),
        Column(
            "Scrap %", "percent", "Planned loss of the component. 5% is 5% or 0.05.", "of quantity", False, (), 0, 1
        ),
        Column(
            "Scrap basis",
            "choice",
            "Output: qty x (1 + scrap). Input: qty / (1 - scrap). Blank: the default on Setup.",
            "",
            False,
            (OUTPUT, INPUT),
            width=12,
        ),
        Column("Effective from", "date", "First day on which the line is valid; blank: no start date.", "first day"),
        Column("Effective to", "date", "Last day on which the line is valid; blank: no end date.", "last day"),
        _NOTE,
    ),
    row_name="{Component} in {Parent}",
)
STANDARD_COST = Table(
    "StandardCost",
    (
        _item("Item code, once only."),
        Column("Description", "text", "Name of the item.", width=32),
        Column(
            "Type",
            "choice",
            "Buy: purchased. Subassembly: made, counted and stocked. Phantom: exploded through. Finished: sold.",
            "",
            True,
            TYPES,
            width=13,
        ),
        Column("UoM", "text", "Unit of measure.", width=8),
        Column("Material price", "price", "Standard price of a bought item.", "money per unit", False, (), 0),
        Column(
            "Labor hours", "hours", "Standard labor time of one good unit.", "hours per unit", False, (), 0, width=12
        ),
        Column("Labor rate", "price", "Standard wage.", "money per hour", False, (), 0),
        Column("Variable overhead rate", "price", "Standard rate on labor hours.", "money per hour", False, (), 0),
        Column("Fixed overhead rate", "price", "Standard rate on labor hours.", "money per hour", False, (), 0),
        Column("Other conversion", "price", "Conversion cost not tied to hours.", "money per unit", False, (), 0),
        Column(
            "Assembly scrap %",
            "percent",
            "Planned loss of whole units of this item; multiplies its components.",
            "of units",
            False,
            (),
            0,
            1,
        ),
        _NOTE,
    ),
    row_name="{Item}",
)
COUNTS = Table(
    "Counts",
    (
        _DATE,
        _document("PC-1001"),
        Column("Event", "choice", "Completed or Sold.", "", True, (COMPLETED, SOLD), width=12),
        _item("Item counted."),
        Column(
            "Quantity",
            "quantity",
            "Good units. A negative quantity is a correction and names the document it corrects "
            "in Note, or repeats it in Document.",
            "units",
            True,
        ),
        _NOTE,
    ),
    row_name="{Item} {Event}, {Document}, {Date}",
)
SCRAP = Table(
    "Scrap",
    (
        _DATE,
        _document("SC-4001"),
        _item("Item scrapped."),
        Column("Quantity", "quantity", "Units scrapped beyond what the BOM plans.", "units", True),
        Column(
            "Stage",
            "choice",
            "Component: the part itself. Finished unit: a made unit, with all that is in it.",
            "",
            True,
            (COMPONENT, FINISHED_UNIT),
        ),
        Column(
            "Kind", "choice", "Normal: cost of production. Abnormal: a loss.", "", True, (NORMAL, ABNORMAL), width=12
        ),
        Column("Salvage value", "money", "Money recovered for the whole row.", "money", False, (), 0),
        Column("Reason", "text", "Why it was scrapped.", width=34),
    ),
    row_name="{Item}, {Document}, {Date}",
)
PURCHASES = Table(
    "Purchases",
    (
        _DATE,
        _document("PO-3001"),
        _item("Item received."),
        Column("Quantity", "quantity", "Units received; negative: a return that names its document.", "units", True),
        Column("Actual price", "price", "Invoice price of one unit.", "money per unit", True, (), 0),
        _NOTE,
    ),
    row_name="{Item}, {Document}, {Date}",
)
ACTUALS = Table(
    "Actuals",
    (
        _DATE,
        _document("PR-5001"),
        Column("Cost type", "choice", "What the money was for.", "", True, COST_TYPES, width=18),
        Column("Hours", "hours", "Hours paid, for labor.", "hours", False),
        Column("Amount", "money", "Cost incurred.", "money", True),
        _NOTE,
    ),
    row_name="{Cost type}, {Document}, {Date}",
)
STOCK = Table(
    "Stock",
    (
        _item("Item on stock."),
        Column("Opening qty", "quantity", "Units at the start of the period.", "units"),
        Column("Counted qty", "quantity", "Units counted at the end; blank: not counted.", "units"),
        _NOTE,
    ),
    row_name="{Item}",
)
WIP = Table(
    "WIP",
    (
        _item("Item in process at period end."),
        Column("Quantity", "quantity", "Units in process.", "units", False, (), 0),
        Column("Material %", "percent", "Share of the material already in.", "complete", False, (), 0),
        Column("Conversion %", "percent", "Share of the conversion already done.", "complete", False, (), 0),
        replace(_NOTE, width=56),
    ),
    row_name="{Item}",
)
INVENTORY_COUNT = Table(
    "InventoryCount",
    (
        Column(
            "Role",
            "choice",
            "Inventory account that was counted.",
            "",
            True,
            (MIP, INVENTORY_CONTROL, FINISHED_GOODS),
            width=26,
        ),
        Column("Opening amount", "money", "Balance at the start of the period.", "money"),
        Column("Opening conversion", "money", "Conversion cost in the opening balance.", "money"),
        Column("Counted amount", "money", "Value of the physical count.", "money"),
        Column("Counted conversion", "money", "Conversion cost in the counted value.", "money"),
    ),
    row_name="{Role}",
)

OPENING = Table(
    "Opening",
    (
        Column("Role", "choice", "Account role.", "", True, tuple(ROLES), width=26),
        Column(
            "Closing balance", "money", "Balance at the end of the period before, debit positive.", "money", width=18
        ),
        Column("Reversal", "money", "Posted in the period before, dated the first day of this one.", "money", width=18),
        replace(_NOTE, width=72, wrap=True),  # names the run that the balances come from, with its link of 64 digits
    ),
    row_name="{Role}",
)

INPUT_SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "Setup",
        "Input",
        "Company, period, accounting policy, and the account for each role.",
        (SETUP, ACCOUNTS),
        "Choose the policy on the left; map each role to an account of your ledger on the right.",
    ),
    Sheet(
        "BOM",
        "Input",
        "Bill of materials: what one good unit of each made item consumes.",
        (BOM,),
        "One row per component. Enter dates if the line is valid for only part of the period.",
        freeze_cols=2,
    ),
    Sheet(
        "Standard Cost",
        "Input",
        "Every item: bought items with their price, made items with their labor, overhead and other conversion.",
        (STANDARD_COST,),
        "Material of made items comes from the BOM; give a price to bought items only.",
        freeze_cols=1,
    ),
    Sheet(
        "Counts",
        "Input",
        "Units completed and units sold: the multiplier of every flush.",
        (COUNTS,),
        "One row per count. Corrections are negative rows that name the document they correct.",
    ),
    Sheet(
        "Scrap",
        "Input",
        "Scrap beyond what the BOM plans, and what was recovered for it.",
        (SCRAP,),
        "Report only scrap in excess of the BOM allowance.",
    ),
    Sheet("Purchases", "Input", "Receipts at their invoice price.", (PURCHASES,), "One row per receipt and item."),
    Sheet(
        "Actuals",
        "Input",
        "Conversion costs incurred: payroll, overhead, other.",
        (ACTUALS,),
        "Amounts as booked in your ledger.",
    ),
    Sheet(
        "Stock",
        "Input",
        "Opening quantities and the physical count at period end.",
        (STOCK,),
        "Leave Counted qty blank where nothing was counted; 0 means counted and found empty.",
    ),
    Sheet(
        "WIP",
        "Input",
        "Units still in process at period end, which backflush costing does not record.",
        (WIP,),
        "Used for the period-end adjustment only.",
    ),
    Sheet(
        "Inventory Count",
        "Input",
        "Counted inventories in money, for the physical-count methods.",
        (INVENTORY_COUNT,),
        "For Relief basis Physical count, and for Conversion costs Expense, then adjust to count. Blank: from sheet Stock.",
    ),
    Sheet(
        "Opening",
        "Input",
        "Balances carried over from the period before; roll fills them in.",
        (OPENING,),
        "An account without a row opens with the stock on sheet Stock at standard cost, others with nothing.",
    ),
)
