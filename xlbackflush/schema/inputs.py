"""The settings and the input sheets."""

from functools import partial

from xlbackflush.dataclass import replace
from xlbackflush.schema import words
from xlbackflush.schema.table import (
    FIRST_VERSION,
    Column,
    Setting,
    Sheet,
    choice,
    date,
    hours,
    integer,
    item,
    money,
    percent,
    price,
    quantity,
    table,
    text,
)


def _choice(name: str, meaning: str, *choices: str, required: bool = False, since: int = FIRST_VERSION) -> Setting:
    """A setting that is one of some words, the first where it is left blank."""
    return Setting(name, "choice", choices[0], meaning, choices, required, since=since)


SETTINGS: tuple[Setting, ...] = (
    Setting("Company", "text", "Your company", "Name printed on every report."),
    Setting("Currency", "text", "USD", "ISO 4217 code; sets the number of decimals of money.", required=True),
    Setting("Period start", "date", None, "First day of the accounting period.", required=True),
    Setting("Period end", "date", None, "Last day of the accounting period.", required=True),
    _choice("Trigger points", "Events at which entries are recorded.", *words.TRIGGERS, required=True),
    _choice(
        "Relief basis",
        "Relieve inventory by count x BOM, or by difference from the physical count.",
        words.BILL_OF_MATERIALS,
        words.PHYSICAL_COUNT,
    ),
    _choice(
        "Conversion costs",
        "Allocate conversion at standard, or expense it and adjust to the count at period end.",
        words.AT_STANDARD,
        words.EXPENSE_THEN_ADJUST,
    ),
    _choice(
        "Variance disposition",
        "Where variances and under- or over-allocated conversion go at the close.",
        words.TO_COGS,
        words.PRORATE,
        words.CARRY_FORWARD,
    ),
    _choice("Journal detail", "Level of journal detail.", words.PER_TRIGGER, words.PER_PRODUCT),
    _choice(
        "Default scrap basis",
        "Output: qty x (1 + scrap). Input: qty / (1 - scrap). Used where a BOM line is blank, and for assembly scrap.",
        words.OUTPUT,
        words.INPUT,
    ),
    Setting("Budgeted fixed overhead", "money", None, "Budget of the period, in money.", minimum=0),
    Setting("Materiality %", "percent", 0.05, "Share of inventory above which a misstatement matters.", minimum=0),
    Setting(
        "Price tolerance %",
        "percent",
        0.25,
        "An invoice price further than this from the standard price is a finding.",
        minimum=0,
        since=3,
    ),
    Setting(
        "Rate tolerance %",
        "percent",
        0.25,
        "Pay per hour further than this from the standard labor rate is a finding.",
        minimum=0,
        since=3,
    ),
    Setting(
        "Count tolerance %",
        "percent",
        0.10,
        "A production count further than this from what hours, materials and sales say about it is a finding.",
        minimum=0,
        since=3,
    ),
    Setting(
        "Absorption tolerance %",
        "percent",
        0.25,
        "Conversion over- or under-absorbed by more than this share of the cost incurred is a finding.",
        minimum=0,
        since=3,
    ),
    Setting("Cycle time days", "quantity", None, "Days from start of production to completion.", minimum=0),
    _choice(
        "Period-end WIP",
        "Record the units on sheet WIP at period end and reverse the entry next day, or only show their value.",
        words.RECORD,
        words.SHOW_ONLY,
    ),
    _choice(
        "Stock count includes units in process",
        "Yes: Counted qty on sheet Stock includes the parts in units on sheet WIP. No: only what lies in the storeroom.",
        words.YES,
        words.NO,
        since=3,
    ),
    _choice(
        "Purchases are",
        "Already in the ledger: receipts stand in the inventory account at invoice price, and only the price variance is posted.",
        words.RECORDED_HERE,
        words.IN_THE_LEDGER,
        since=4,
    ),
    _choice(
        "Conversion incurred is",
        "Already in the ledger: payroll and overhead stand in conversion costs control, and no entry is made for them.",
        words.RECORDED_HERE,
        words.IN_THE_LEDGER,
        since=4,
    ),
    Setting("Standards set on", "date", None, "Day on which the standard costs were last reviewed; for sheet Fit."),
)

_NOTE = text("Note", "Anything a reader should know. Not used in calculations.", width=34)
_DATE = date("Date", "Day of the event, inside the period.", required=True)


def _document(example: str) -> Column:
    return text("Document", f"Number of the source document, e.g. {example}.", width=13, required=True)


SETUP = table(
    "Setup",
    "{Setting}",
    text("Setting", "Name of the setting; do not change it.", width=38, required=True),
    Column("Value", "Your choice.", width=30, kind="any"),
    text("Meaning", "What the setting does.", width=96),
    named_by_row=True,
)
ACCOUNTS = table(
    "Accounts",
    "{Role}, {Class}",
    choice("Role", "What the account is for; do not change it.", width=26, required=True, choices=tuple(words.ROLES)),
    text("Account", "Account number in your ledger.", width=12, required=True),
    text("Name", "Account name in your ledger.", width=44),
    text(
        "Class",
        f"Class of items on Standard Cost that has an account of its own; blank: every other. For {', '.join(words.BY_CLASS)}.",
        width=16,
        since=4,
    ),
    first_col=5,
)
BOM = table(
    "BOM",
    "{Component} in {Parent}",
    item("Parent", "Item that is made."),
    item("Component", "Item that goes into it."),
    quantity(
        "Qty per", "Component units in one good parent, before scrap.", unit="per parent", required=True, minimum=0
    ),
    text(
        "UoM",
        "Unit of measure of Qty per; blank: the component's. Another one is converted: by sheet Units, or kg to g and the like.",
        width=8,
    ),
    percent("Scrap %", "Planned loss of the component. 5% is 5% or 0.05.", unit="of quantity", minimum=0, maximum=1),
    choice(
        "Scrap basis",
        "Output: qty x (1 + scrap). Input: qty / (1 - scrap). Blank: the default on Setup.",
        width=12,
        choices=(words.OUTPUT, words.INPUT),
    ),
    date("Effective from", "First day on which the line is valid; blank: no start date.", unit="first day", width=14),
    date("Effective to", "Last day on which the line is valid; blank: no end date.", unit="last day", width=14),
    _NOTE,
    quantity(
        "Per", "Good parents that Qty per is for: 3 per 100. Blank: 1.", unit="parents", width=8, minimum=0, since=4
    ),
    text(
        "Alternative",
        "Lines of a parent with the same Alternative are one bill. Bill on Standard Cost names the one in force; "
        "blank there: the lines without one.",
        width=12,
        since=4,
    ),
)
STANDARD_COST = table(
    "StandardCost",
    "{Item}",
    item("Item", "Item code, once only."),
    text("Description", "Name of the item.", width=32),
    choice(
        "Type",
        "Buy: purchased. Subassembly: made, counted and stocked. Phantom: exploded through. Finished: sold.",
        width=13,
        required=True,
        choices=words.TYPES,
    ),
    text("UoM", "Unit of measure.", width=8),
    price("Material price", "Standard price of a bought item.", minimum=0),
    hours("Labor hours", "Standard labor time of one good unit.", unit="hours per unit", width=12, minimum=0),
    price("Labor rate", "Standard wage.", unit="money per hour", minimum=0),
    price(
        "Variable overhead rate",
        "Standard rate on labor hours, or on machine hours where they are given.",
        unit="money per hour",
        minimum=0,
    ),
    price(
        "Fixed overhead rate",
        "Standard rate on labor hours, or on machine hours where they are given.",
        unit="money per hour",
        minimum=0,
    ),
    price("Other conversion", "Conversion cost not tied to hours.", minimum=0),
    percent(
        "Assembly scrap %",
        "Planned loss of whole units of this item; multiplies its components.",
        unit="of units",
        minimum=0,
        maximum=1,
    ),
    _NOTE,
    quantity("Price per", "Units that Material price is for: 8 per 100. Blank: 1.", width=9, minimum=0, since=4),
    percent(
        "Material overhead %",
        "Purchasing and handling cost of a bought item, as a share of its Material price. It is allocated like conversion, "
        "as Other conversion, when the item is used in a product.",
        unit="of price",
        minimum=0,
        since=4,
    ),
    hours(
        "Machine hours",
        "Standard machine time of one good unit, setup included. Where it is given, both overhead rates are per machine hour.",
        unit="hours per unit",
        width=12,
        minimum=0,
        since=4,
    ),
    hours(
        "Setup hours",
        "Labor hours to set up one lot; shared by the units of the lot, on top of Labor hours.",
        unit="hours per lot",
        width=12,
        minimum=0,
        since=4,
    ),
    quantity("Lot size", "Good units that share the setup. Blank: 1.", width=9, minimum=0, since=4),
    text("Bill", "Alternative on BOM that is in force; blank: the lines without one.", width=12, since=4),
    text(
        "Class", "Product line or group: journal lines of the item go to the accounts of this class.", width=16, since=4
    ),
)
UNITS = table(
    "Units",
    "{From} to {To} of {Item}",
    item("Item", "Item that the conversion is for; blank: every item.", required=False, since=4),
    text("From", "Unit of measure, such as box.", width=10, required=True, since=4),
    text("To", "Unit of measure that it is converted to, such as each.", width=10, required=True, since=4),
    quantity("Factor", "1 From = Factor To: 1 box = 12 each.", unit="To in 1 From", required=True, since=4),
    replace(_NOTE, since=4),
)
COUNTS = table(
    "Counts",
    "{Item} {Event}, {Document}, {Date}",
    _DATE,
    _document("PC-1001"),
    choice("Event", "Completed or Sold.", width=12, required=True, choices=(words.COMPLETED, words.SOLD)),
    item("Item", "Item counted."),
    quantity(
        "Quantity",
        "Good units. A negative quantity is a correction and names the document it corrects "
        "in Note, or repeats it in Document.",
        required=True,
    ),
    _NOTE,
)
SCRAP = table(
    "Scrap",
    "{Item}, {Document}, {Date}",
    _DATE,
    _document("SC-4001"),
    item("Item", "Item scrapped."),
    quantity("Quantity", "Units scrapped beyond what the BOM plans.", required=True),
    choice(
        "Stage",
        "Component: the part itself. Finished unit: a made unit, with all that is in it.",
        required=True,
        choices=(words.COMPONENT, words.FINISHED_UNIT),
    ),
    choice(
        "Kind",
        "Normal: cost of production. Abnormal: a loss.",
        width=12,
        required=True,
        choices=(words.NORMAL, words.ABNORMAL),
    ),
    money("Salvage value", "Money recovered for the whole row.", width=14, minimum=0),
    text("Reason", "Why it was scrapped.", width=34),
)
PURCHASES = table(
    "Purchases",
    "{Item}, {Document}, {Date}",
    _DATE,
    _document("PO-3001"),
    item("Item", "Item received."),
    quantity("Quantity", "Units received; negative: a return that names its document.", required=True),
    price("Actual price", "Invoice price of one unit.", required=True, minimum=0),
    _NOTE,
    text(
        "UoM",
        "Unit of measure of Quantity and Actual price; blank: the item's. Another one is converted, as on BOM.",
        width=8,
        since=4,
    ),
    quantity("Price per", "Units that Actual price is for: 8 per 100. Blank: 1.", width=9, minimum=0, since=4),
    money(
        "Other cost",
        "Freight, duty and other cost of the whole receipt: part of the price variance, payable like the invoice.",
        width=14,
        since=4,
    ),
    text("Vendor", "Vendor, for the price variance by vendor.", width=18, since=4),
)
ACTUALS = table(
    "Actuals",
    "{Cost type}, {Document}, {Date}",
    _DATE,
    _document("PR-5001"),
    choice("Cost type", "What the money was for.", width=18, required=True, choices=words.COST_TYPES),
    hours("Hours", "Hours paid, for labor."),
    money("Amount", "Cost incurred.", width=14, required=True),
    _NOTE,
)
STOCK = table(
    "Stock",
    "{Item}",
    item("Item", "Item on stock."),
    quantity("Opening qty", "Units at the start of the period."),
    quantity("Counted qty", "Units counted at the end; blank: not counted."),
    _NOTE,
)
WIP = table(
    "WIP",
    "{Item}",
    item("Item", "Item in process at period end."),
    quantity("Quantity", "Units in process.", minimum=0),
    percent("Material %", "Share of the material already in.", unit="complete", minimum=0),
    percent("Conversion %", "Share of the conversion already done.", unit="complete", minimum=0),
    replace(_NOTE, width=56),
)
INVENTORY_COUNT = table(
    "InventoryCount",
    "{Role}",
    choice(
        "Role",
        "Inventory account that was counted.",
        width=26,
        required=True,
        choices=(words.MIP, words.INVENTORY_CONTROL, words.FINISHED_GOODS),
    ),
    money("Opening amount", "Balance at the start of the period.", width=14),
    money("Opening conversion", "Conversion cost in the opening balance.", width=14),
    money("Counted amount", "Value of the physical count.", width=14),
    money("Counted conversion", "Conversion cost in the counted value.", width=14),
)

OPENING = table(
    "Opening",
    "{Role}, {Class}",
    choice("Role", "Account role.", width=26, required=True, choices=tuple(words.ROLES)),
    money("Closing balance", "Balance at the end of the period before, debit positive.", width=18),
    money("Reversal", "Posted in the period before, dated the first day of this one.", width=18),
    replace(_NOTE, width=72, wrap=True),  # names the run that the balances come from, with its link of 64 digits
    text("Class", "Class of items that the account is for; blank: the account of the role itself.", width=16, since=4),
)

_remembered = partial(quantity, unit="", since=3)
LAST_PERIOD = table(
    "LastPeriod",
    "{Figure}, {Item}, {Component}, {Text}",
    text("Figure", "What the figure is, as roll names it.", width=36, required=True, since=3),
    text("Item", "Item that it is of; of a line of a bill of materials, its parent.", width=18, since=3),
    text("Component", "Component of the line of a bill of materials.", width=18, since=3),
    _remembered("Number", "The figure of the period before."),
    _remembered("Rows", "Rows of the input sheet that it comes from, corrections left out.", unit="rows", width=10),
    _remembered("Periods", "Periods in a row that had such rows, up to the one before.", unit="periods", width=10),
    text("Text", "Where the figure is a text: a type, a unit, a role, a setting, a date.", width=34, since=3),
    comparison_only=True,
)

#: what a ledger asks for besides the journal, and does not change from month to month -> what stands there where it is blank
LEDGER_SETTINGS: dict[str, tuple[str, str]] = {
    "Company code": ("", "SAP: BUKRS, the company that the journal is posted in."),
    "Document type": ("SA", "SAP: BLART. Blank: SA."),
    "Currency": ("", "Currency code as the ledger has it. Blank: the currency on Setup."),
    "Posting date": (
        "",
        "Date of the entries of Period end, where the ledger's open period is another. Blank: Period end.",
    ),
    "Vendor name": ("", "QuickBooks: Name on lines of accounts payable, such as Various suppliers."),
    "Cost centre": ("", "SAP: KOSTL on lines of cost accounts."),
    "Location": ("", "QuickBooks and NetSuite: Location of every line."),
    "Department": ("0", "Sage 50: Department Code of every line. Blank: 0."),
    "Tax rate": ("Tax Exempt", "Xero: name of the tax rate without tax. Blank: Tax Exempt."),
    "Tracking category": ("Class", "Xero: name of the tracking category whose options are the classes. Blank: Class."),
    "Journal": ("GJ", "Sage Intacct: journal symbol. Blank: GJ."),
    "Journal template": ("GENERAL", "Business Central: Journal Template Name. Blank: GENERAL."),
    "Journal batch": ("DEFAULT", "Business Central: Journal Batch Name. Blank: DEFAULT."),
    "Control accounts": (
        "",
        "Accounts, separated by commas, that the ledger lets no journal post to, such as Xero's payables.",
    ),
}
LEDGER_SETUP = table(
    "LedgerSetup",
    "{Setting}",
    text("Setting", "Name of the setting; do not change it.", width=24, required=True, since=4),
    Column("Value", "What exports write. May be blank.", width=34, kind="any", since=4),
    text("Meaning", "Which ledger asks for it, and where.", width=96, since=4),
    named_by_row=True,
)
_mapped = partial(text, since=4)
#: tables that a file can be imported into
IMPORTED = (
    "BOM",
    "StandardCost",
    "Counts",
    "Scrap",
    "Purchases",
    "Actuals",
    "Stock",
    "WIP",
    "InventoryCount",
    "Opening",
)
IMPORT_MAP = table(
    "ImportMap",
    "{Column} of {Table} from {Source}",
    _mapped("Source", "Name of the file; * stands for what changes from month to month.", width=26, required=True),
    _mapped("Sheet", "Sheet of the file; blank: its first one, or a CSV file.", width=14),
    choice("Table", "Table of this workbook that it goes to.", width=16, required=True, choices=IMPORTED, since=4),
    _mapped(
        "Source column",
        "Heading in the file. -Menge changes the sign, Menge * 0.001 the unit; A + B joins two; column C is the third column of "
        "a file without headings. Blank: a constant.",
        width=28,
    ),
    _mapped(
        "Column",
        "Column of the table that it fills; or Only, Level, Path, Designators, Per, Price per, Line total, Currency.",
        width=18,
        required=True,
    ),
    _mapped(
        "Form",
        "How it is written: day first, month first, decimal comma, decimal point, fill down, leave out, indented, above "
        "headings.",
        width=16,
    ),
    _mapped(
        "Values",
        "What its words mean: 101 = Completed; 601 = Sold. Rows with another value are left out. For a constant: the value.",
        width=44,
    ),
)
IMPORTS = table(
    "Imports",
    "{File} into {Into}, {Imported}",
    _mapped("File", "File that was imported.", width=30, required=True),
    _mapped("Into", "Table that its rows went to.", width=16, required=True),
    integer("Rows", "Rows that it gave.", unit="rows", width=10, since=4),
    integer("Left out", "Rows that were left out.", unit="rows", width=10, since=4),
    _mapped("Imported", "When.", width=18),
    _mapped("Digest", "SHA-256 of the file: it tells the same file apart from another one of the same name.", width=22),
    first_col=9,
)

INPUT_SHEETS: tuple[Sheet, ...] = (
    Sheet("Setup", "Input", (SETUP, ACCOUNTS),
          "Company, period, accounting policy, and the account for each role.",
          "Choose the policy on the left; map each role to an account of your ledger on the right."),
    Sheet("BOM", "Input", (BOM,),
          "Bill of materials: what one good unit of each made item consumes.",
          "One row per component. Enter dates if the line is valid for only part of the period.", freeze_cols=2),
    Sheet("Standard Cost", "Input", (STANDARD_COST,),
          "Every item: bought items with their price, made items with their labor, overhead and other conversion.",
          "Material of made items comes from the BOM; give a price to bought items only.", freeze_cols=1),
    Sheet("Units", "Input", (UNITS,),
          "Conversions of units of measure: what a box, a roll or a drum holds.",
          "Units of one kind (kg and g, m and mm, l and ml, lb and oz) need no row."),
    Sheet("Counts", "Input", (COUNTS,),
          "Units completed and units sold: the multiplier of every flush.",
          "One row per count. Corrections are negative rows that name the document they correct."),
    Sheet("Scrap", "Input", (SCRAP,),
          "Scrap beyond what the BOM plans, and what was recovered for it.",
          "Report only scrap in excess of the BOM allowance."),
    Sheet("Purchases", "Input", (PURCHASES,),
          "Receipts at their invoice price.",
          "One row per receipt and item."),
    Sheet("Actuals", "Input", (ACTUALS,),
          "Conversion costs incurred: payroll, overhead, other.",
          "Amounts as booked in your ledger."),
    Sheet("Stock", "Input", (STOCK,),
          "Opening quantities and the physical count at period end.",
          "Leave Counted qty blank where nothing was counted; 0 means counted and found empty. Made items count under every "
          "set of trigger points."),
    Sheet("WIP", "Input", (WIP,),
          "Units still in process at period end, which backflush costing does not record.",
          "Used for the period-end adjustment only."),
    Sheet("Inventory Count", "Input", (INVENTORY_COUNT,),
          "Counted inventories in money, for the physical-count methods.",
          "For Relief basis Physical count, and for Conversion costs Expense, then adjust to count. Blank: from sheet Stock."),
    Sheet("Opening", "Input", (OPENING,),
          "Balances carried over from the period before; roll fills them in.",
          "An account without a row opens with the stock on sheet Stock at standard cost, others with nothing."),
    Sheet("Last Period", "Input", (LAST_PERIOD,),
          "Figures of the period before, for findings about what changed since; roll fills them in.",
          "You need not touch it. It moves no amount; where it is blank, nothing is compared."),
)  # fmt: skip
#: sheets that are typed and that no run reads: they say how things come in and go out
SETUP_SHEETS: tuple[Sheet, ...] = (
    Sheet("Ledger Setup", "Input", (LEDGER_SETUP,),
          "What your ledger asks for besides the journal: said once, and written with every export.",
          "Fill in what your ledger needs and leave the rest blank; nothing here moves an amount."),
    Sheet("Import Map", "Input", (IMPORT_MAP, IMPORTS),
          "How files of other systems are read, and which were imported. Moves no amount.",
          "xlbackflush import BOOK.xlsm FILE writes it; change a row where a file changes. Next month: import BOOK.xlsm FOLDER."),
)  # fmt: skip
