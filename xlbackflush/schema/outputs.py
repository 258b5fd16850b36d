"""The output sheets, in the order of their tabs."""

from functools import partial

from xlbackflush.schema import words
from xlbackflush.schema.table import (
    LIVE_FORMULA,
    POSTED_LESS_PROOF,
    Column,
    Highlight,
    Mark,
    Sheet,
    date,
    hours,
    identifier,
    integer,
    money,
    percent,
    price,
    quantity,
    table,
    text,
)

#: colours of a cell, by what it shows
_NOT_ZERO: tuple[tuple[Mark, str], ...] = (("bad", "AND(ISNUMBER({0}),{0}<>0)"),)
_PASSED: tuple[tuple[Mark, str], ...] = (("bad", '{}="Fail"'), ("good", '{}="OK"'))
_SEVERITY: tuple[tuple[Mark, str], ...] = (
    ("bad", f'{{}}="{words.ERROR}"'), ("warn", f'{{}}="{words.WARNING}"'), ("note", f'{{}}="{words.NOTE}"'),
)  # fmt: skip
_JUDGED: tuple[tuple[Mark, str], ...] = (
    ("good", f'{{}}="{words.FITS}"'), ("warn", f'{{}}="{words.LOOK}"'), ("note", f'{{}}="{words.UNKNOWN}"'),
)  # fmt: skip

_HEARD: tuple[tuple[Mark, str], ...] = (
    ("bad", f'{{}}="{words.CONTRADICTED}"'), ("warn", f'{{}}="{words.DOUBTFUL}"'), ("good", f'{{}}="{words.AGREES}"'),
)  # fmt: skip

#: what figures rest on, where nothing is worked out, or nothing in their own row
_SPLIT = "Recorded at the run: a line of the bill of materials starts or ends here."
_BOM_ROW = "A place, not an amount: the row on sheet BOM that this line comes from."
_MOVED = (
    'SUMPRODUCT((Journal[Role]={{Role}})*(Journal[Class]&""={{Class}}&"")'
    f'*(Journal[Event]<>"{words.REVERSAL}"),Journal[{{}}])'
)

_DIFFERENCE = money(
    "Difference",
    "Posted less proof: not zero when an input changed after the run.",
    unit=POSTED_LESS_PROOF,
    width=14,
    look="check",
    marks=_NOT_ZERO,
)


#: a live figure beside posted ones
_live = partial(quantity, unit=LIVE_FORMULA, width=16, look="check")

_UNIT_FACTOR = quantity(
    "Unit factor", "Units of the item in one unit typed; blank: the same unit.", unit="see Unit Conversions", width=12
)


def _proof(*proves: str) -> Column:
    what = "Live formula that recomputes the amount from the input cells."
    return money("Proof", what, unit=LIVE_FORMULA, width=14, look="check", proves=proves)


def _entry_number(name: str, help_text: str, which: str) -> Column:
    field, recorded = f"entry.{identifier(name)}", f"A number of an entry, not an amount: {which}."
    return integer(name, help_text, unit="entry", width=10, field=field, recorded=recorded)


#: columns that stay with a line for as long as it is the same posting (see `engine/record/auditor_marks.py`)
AUDITOR = tuple(
    text(name, "The auditor's own; a run leaves it.", unit="auditor", width=width, look="input")
    for name, width in (("Tick", 8), ("W/P ref", 12), ("Comment", 34))
)

JOURNAL = table(
    "Journal",
    "{Role}, {Event}, entry {Entry} line {Line}",
    text("Run", "Run that posted the line.", width=8, required=True, field="entry.run"),
    integer(
        "Entry",
        "Entry number, without gaps.",
        width=8,
        required=True,
        field="entry.number",
        recorded="A number that the run gives: entries are numbered without gaps, in the order of the period.",
    ),
    integer(
        "Line",
        "Line within the entry.",
        width=6,
        required=True,
        recorded="A number that the run gives: the line within its entry.",
    ),
    date("Posting date", "Date in the ledger.", width=13, required=True, field="entry.date"),
    text("Event", "What is recorded.", width=17, choices=words.EVENTS, field="entry.event"),
    text("Role", "Account role.", width=27, choices=tuple(words.ROLES), field="line.role"),
    text("Account", "Account number from Setup.", width=10, required=True, field="line.account"),
    text("Account name", "Account name from Setup.", width=44, field="line.name"),
    money("Debit", "Amount debited."),
    money("Credit", "Amount credited.", rests_on="-{Proof}"),
    text("Description", "The entry in words.", width=64, wrap=True, required=True, field="entry.description"),
    text("Source", "Rows that the amount comes from.", width=32, field="line.source"),
    _proof("Debit", "Credit"),
    _DIFFERENCE,
    text("Product", "Item, where there is one entry per product.", width=18, field="entry.product"),
    _entry_number("Reverses", "Entry of an earlier run that this one reverses.", "the one that this one reverses"),
    _entry_number("Reversed by", "Entry of a later run that reverses this one.", "the one that reverses this one"),
    _entry_number("Corrects", "Entry that this one replaces.", "the one that this one replaces"),
    text(
        "Seal",
        "Digest of the line and of all above it; blank: a draft.",
        unit="once posted",
        width=15,
        field="line.seal",
    ),
    *AUDITOR,
    text(
        "Class", "Class of the items that the line is of, as Standard Cost has it.", width=16, field="line.item_class"
    ),
    highlights=(Highlight("entry", "{Line}=1", last="Source"),),
)
LEDGER = table(
    "Ledger",
    "{Role}",
    text("Role", "Account role.", width=27, field="role"),
    text("Account", "Account number from Setup.", width=10),
    text("Account name", "Account name from Setup.", width=44),
    money("Opening", "Balance at period start, debit positive.", field="opening"),
    money("Debits", "Debits of the journal.", field="debits", rests_on=_MOVED.format("Debit")),
    money("Credits", "Credits of the journal.", field="credits", rests_on=_MOVED.format("Credit")),
    money(
        "Closing",
        "Balance at period end, debit positive.",
        field="closing",
        rests_on="{Opening}+{Debits}-{Credits}+{Recorded elsewhere}",
    ),
    _proof("Closing"),
    _DIFFERENCE,
    money(
        "Recorded elsewhere",
        "Receipts and conversion incurred that are already in the ledger: not in this journal, but in the balance.",
        field="elsewhere",
        look="check",
    ),
    text("Class", "Class of items that the account is for.", width=16, field="item_class"),
)
VARIANCES = table(
    "Variances",
    "{Variance}, {Subject}",
    text("Variance", "Name of the variance.", width=26, field="name"),
    text("Subject", "Item or account.", width=22, field="subject"),
    money("Standard", "What the standard allows.", field="standard"),
    money("Actual", "What was incurred.", field="actual"),
    money("Amount", "Difference, unsigned."),
    text("F/U", "F favorable, U unfavorable.", width=6, field="side"),
    text("Disposition", "What was done with it.", width=22, field="disposition"),
    text("Explanation", "The variance in words.", width=84, wrap=True, field="explanation"),
    _proof("Amount"),
    _DIFFERENCE,
    text("Part of", "The variance that this row is a part of; blank: a total of its own.", width=22, field="part_of"),
)
CONVERSION_ALLOWED = table(
    "ConversionAllowed",
    "{Item}",
    text("Item", "Made item.", width=18),
    text("Description", "Name of the item.", width=34),
    quantity("Units", "Units whose conversion was flushed, phantoms included.", width=16, field="units"),
    hours("Hours per unit", "From Standard Cost.", unit="hours per unit"),
    hours("Hours allowed", "Units x Hours per unit.", width=16, field="hours"),
    money("Labor", "Hours allowed at the labor rate.", field="labor"),
    money("Variable overhead", "Hours allowed at the variable rate.", field="variable_overhead"),
    money("Fixed overhead", "Hours allowed at the fixed rate.", field="fixed_overhead"),
    money("Other conversion", "Units x other conversion.", field="other_conversion"),
    money("Total", "Conversion allocated, before rounding.", field="total"),
)
DISPOSITION = table(
    "Disposition",
    "{Role}",
    text("Role", "Account that holds cost at standard.", width=27, field="role"),
    money("Material", "Material at standard in the balance.", field="content.material"),
    money("Material in made units", "Of it, in made units: stock, sold.", field="content.made"),
    money("Conversion", "Conversion at standard in the balance.", field="content.conversion"),
    money("Price variance", "Share by material.", field="price"),
    money("Usage variance", "Share by material in made units.", field="usage"),
    money("Conversion variance", "Share by conversion.", field="conversion"),
    money("Beyond standard", "Opening balance above stock at standard.", field="beyond"),
    money("Carried over", "Share of the opening excess of all accounts, by cost at standard.", field="carried"),
    money("If prorated", "Shares, less beyond standard: added by Prorate.", field="prorated"),
    money("If to cost of goods sold", "Added to the account by Cost of goods sold.", field="to_cogs"),
    money("Posted", "Added to the account by the close of this run.", field="posted"),
    money("Inventory count", "Made items short or over: a loss or gain of the period.", field="count"),
    money("Normal scrap", "Share by good units of the items scrapped: see Normal Scrap.", field="scrap"),
)
_BEARERS = (*words.STOCK_ROLES, words.COGS)
NORMAL_SCRAP = table(
    "NormalScrap",
    "{Item} in {In}",
    text("Item", "Item scrapped, or that contains one.", width=18),
    text("In", "Item that it is in; blank: all of it.", width=18),
    date("From", "First day on which the quantity holds; blank: the whole period.", unit="first day"),
    quantity("Quantity", "Per unit of the item that it is in, planned scrap included.", unit="per parent"),
    *(
        quantity(f"{role} units", "Units in ending stock, as themselves and inside other items.")
        for role in words.STOCK_ROLES
    ),
    quantity(f"{words.COGS} units", "Units sold, as themselves and inside other items."),
    money("Scrap", "Normal scrap of the item at standard, less salvage."),
    money("Material", "Material in it."),
    money("Price variance", "Its share of the price variance, by material."),
    *(money(f"{role} share", "Scrap and price variance x its share of the good units.") for role in _BEARERS),
)
MATERIALITY = table(
    "Materiality",
    "{Measure}",
    text("Measure", "What is compared.", width=50, field="text"),
    money("Figure", "Live formula.", width=18, field="figure"),
    money("Threshold", "Live formula over Setup.", width=18, field="threshold"),
    text(
        "Verdict",
        "What the policy asks for.",
        width=26,
        field="verdict",
        marks=(("warn", f'OR({{0}}="{words.PRORATE}",{{0}}="{words.RECORD_IT}")'),),
    ),
    text("Explanation", "Why it matters, with its source.", width=90, wrap=True, field="explanation"),
    named_by_row=True,
)
RELIEF = table(
    "Relief",
    "{Item}",
    text("Item", "Component relieved.", width=18),
    text("Description", "Name of the component.", width=34),
    text("UoM", "Unit of measure.", width=8),
    quantity("Quantity", "Units relieved by counts x BOM.", width=16, field="quantity"),
    price("Standard cost", "Average standard cost of the units relieved.", field="cost"),
    money("Amount", "Quantity at standard cost."),
    _proof("Amount"),
    _DIFFERENCE,
    _live("Quantity proof", "Live formula: units required by the Trace.", proves=("Quantity",)),
    quantity(
        "Quantity difference", "Posted less proof.", unit=POSTED_LESS_PROOF, width=12, look="check", marks=_NOT_ZERO
    ),
    text("Relieved from", "Account role credited.", width=26, field="role"),
)
ROLLUP = table(
    "Rollup",
    "{Item}",
    text("Item", "Item.", width=18),
    text("Type", "Type from Standard Cost.", width=13),
    price("Material", "Standard material in one unit, planned scrap included.", field="material"),
    price("Labor", "Standard labor in one unit, all levels.", field="labor"),
    *(price(element, "All levels.", field=identifier(element)) for element in words.ELEMENTS[2:]),
    price("Unit cost", "Sum of the five elements.", field="unit_cost"),
    date("From", "First day of the period on which this cost holds.", unit="first day", field="first", recorded=_SPLIT),
    date("To", "Last day of the period on which this cost holds.", unit="last day", field="last", recorded=_SPLIT),
    text("Relieved from", "Account role credited when a unit is relieved; blank: exploded.", width=26),
    price("Relief cost", "Unit cost where the item is relieved as itself, else 0."),
    price("Own conversion", "Flushed with a unit at this level; 0 where expensed."),
    quantity("Units to start", "Units started for one good unit (assembly scrap).", unit="per good unit"),
    text("Recorded item", "Item as at the run.", unit="as at the run", width=18),
    price(
        "Conversion at completion", "Conversion of this level and of phantoms below.", field="conversion_at_completion"
    ),
    price("Finished at completion", "Cost of Finished items that completing a unit takes."),
    price("Subassemblies at completion", "Cost of subassemblies that completing a unit takes."),
    price("Material overhead", "Of a bought item: goes into Other conversion of the products that use it."),
    text("Class", "Class on Standard Cost.", width=16),
)
BUILDUP = table(
    "Buildup",
    "{Component} in {Parent}",
    text("Parent", "Item that is made.", width=18),
    text("Component", "Item that goes into it.", width=18),
    quantity("Quantity", "Component units per good parent, all scrap included.", unit="per parent"),
    *(price(element, f"Quantity x the component's {element.lower()}.") for element in words.ELEMENTS),
    integer("BOM row", "Row on the BOM sheet.", width=9, recorded=_BOM_ROW),
    text("Scrap basis", "Output or Input.", width=11),
    price("Conversion at completion", "Of a phantom component."),
    price("Finished at completion", "Of a Finished component, or in a phantom."),
    price("Subassemblies at completion", "Of a subassembly, or in a phantom."),
    _UNIT_FACTOR,
)
MOVEMENTS = table(
    "Movements",
    "{Item}",
    text("Item", "Item that moved or has stock.", width=18),
    text("Type", "Type from Standard Cost.", width=13),
    date("From", "First day on which the cost holds.", unit="first day", field="first"),
    date("To", "Last day on which the cost holds.", unit="last day", field="last"),
    quantity("Opening", "From Stock.", field="opening"),
    quantity("Received", "Purchased.", field="received"),
    quantity("Completed", "From Counts.", field="completed"),
    quantity("Sold", "From Counts.", field="sold"),
    quantity("Scrapped normal", "Stage Component.", field="scrapped_normal"),
    quantity("Scrapped abnormal", "Stage Component.", field="scrapped_abnormal"),
    quantity("Units scrapped normal", "Stage Finished unit.", field="units_scrapped_normal"),
    quantity("Units scrapped abnormal", "Stage Finished unit.", field="units_scrapped_abnormal"),
    price("Unit cost", "From Roll-up."),
    price("Material", "From Roll-up."),
    price("Conversion at completion", "From Roll-up."),
    price("Finished at completion", "From Roll-up."),
    hours("Labor hours", "Of this level alone, from Standard Cost.", unit="hours per unit"),
    integer(
        "Completion counts", "Rows of Counts that complete the Finished item.", unit="rows", field="completion_counts"
    ),
    price("Subassemblies at completion", "From Roll-up."),
    quantity(
        "In process material", "From WIP: Quantity x Material %.", unit="whole units", field="in_process_material"
    ),
    quantity(
        "In process conversion", "From WIP: Quantity x Conversion %.", unit="whole units", field="in_process_conversion"
    ),
)
TRACE = table(
    "Trace",
    "{Component} in {Parent}, {Event} of {Product}",
    text("Product", "Item counted, received or scrapped.", width=18),
    integer(
        "Level", "Depth below the product.", width=7, recorded="A place, not an amount: depth below the item counted."
    ),
    text("Parent", "Item one level up.", width=18),
    text("Component", "Item required, indented by level.", width=26, indent="Level"),
    quantity("Parent qty", "Parent units to start.", width=15, item="Parent"),
    quantity("Qty per", "BOM quantity.", unit="per parent", width=12),
    percent("Scrap %", "BOM scrap.", unit="of quantity", width=9),
    quantity("Required qty", "Parent qty x Qty per, scrap included.", width=16),
    price("Standard cost", "Relief cost; 0 where exploded through."),
    money("Amount", "Required qty x Standard cost."),
    integer("BOM row", "Row on the BOM sheet.", width=9, recorded=_BOM_ROW),
    text("Event", "Entry that this row belongs to; Units ...: on the shelf, not posted.", width=12),
    text("Charged to", "Account role debited.", width=26),
    text("Relieved from", "Account role credited.", width=26),
    price("Conversion rate", "Own conversion flushed with a unit."),
    money("Conversion", "Required qty x Conversion rate."),
    text("Scrap basis", "Output or Input.", width=11),
    quantity("Units", "Product units counted from First day to Last day.", item="Product"),
    quantity("Started", "Units started per product unit.", unit="per product", width=13),
    date("First day", "From this day.", recorded=_SPLIT),
    date("Last day", "To this day.", recorded=_SPLIT),
    _UNIT_FACTOR,
    text("Class charged", "Class of the account debited.", width=16),
    text("Class relieved", "Class of the account credited.", width=16),
    highlights=(Highlight("head", 'AND({Product}<>"",{Level}=0)'),),
)
RECONCILIATION = table(
    "Reconciliation",
    "{Item}",
    text("Item", "Stocked item.", width=18),
    quantity("Opening", "From Stock.", field="opening"),
    quantity("Received", "Purchased and completed.", field="received"),
    quantity("Relieved", "Used in counted parents, and sold.", field="relieved"),
    quantity("Scrapped", "From scrap reports.", field="scrapped"),
    quantity(
        "Book", "Opening + received - relieved - scrapped.", field="book", marks=(("warn", "AND(ISNUMBER({0}),{0}<0)"),)
    ),
    quantity("Counted", "From Stock; blank: not counted.", field="counted"),
    quantity("Difference qty", "Counted and in process less book; blank: not counted.", field="difference"),
    money("Difference amount", "At standard cost.", field="difference_amount"),
    price("Standard cost", "Unit cost at period end.", field="cost"),
    text("Account role", "Inventory account; blank: none is kept.", width=26, field="role"),
    money("Opening amount", "Opening at the standard cost of period start.", field="opening_amount"),
    money("Book amount", "Book at standard cost of period end.", field="book_amount"),
    money("Invoiced", "Purchases at actual price.", field="invoiced"),
    text("Type", "Type from Standard Cost.", width=13),
    quantity("Ending", "Counted and in process where the count was posted, else book.", field="ending"),
    money("Ending amount", "Ending at standard cost.", field="ending_amount"),
    money("Ending material", "Material in the ending stock.", field="ending_material"),
    money("Received amount", "Purchases at standard.", field="received_amount"),
    money("Counted amount", "Counted and in process at standard cost.", field="counted_amount"),
    money("Opening conversion", "Conversion in the opening stock.", field="opening_conversion"),
    money("Counted conversion", "Conversion in the counted stock.", field="counted_conversion"),
    money(
        "Not followed",
        "In the account beyond its ending stock: a unit cost that changed, a receipt that no trigger records.",
        width=14,
        field="unrevalued",
    ),
    money(
        "Posted",
        "Shrinkage (negative) or gain posted: of bought items to the usage variance, of made items to the inventory count "
        "difference.",
        field="posted",
    ),
    quantity(
        "In process",
        "Units in units in process, where the stock count does not include them.",
        width=14,
        field="in_process",
    ),
    money("Other cost", "Freight, duty and other cost of receipts, in Invoiced.", field="other_cost"),
    text("Class", "Class on Standard Cost.", width=16),
)
RECEIPTS = table(
    "Receipts",
    "{Item}, {Document}, {Date}",
    date("Date", "From Purchases."),
    text("Document", "From Purchases.", width=13),
    text("Vendor", "From Purchases.", width=22),
    text("Item", "From Purchases.", width=18),
    quantity("Quantity", "From Purchases.", unit="as typed"),
    text("UoM", "From Purchases; blank: the item's.", width=8),
    _UNIT_FACTOR,
    quantity("Received", "Quantity in the item's unit.", field="received"),
    price("Standard cost", "Relief cost on that day.", field="cost"),
    money("Invoiced", "Quantity x Actual price / Price per.", field="invoiced"),
    money("At standard", "Received x Standard cost.", field="at_standard"),
    money("Price variance", "Invoiced less at standard; above zero unfavorable.", field="price_variance"),
    money("Other cost", "Freight, duty and other cost.", field="other_cost"),
    money("Payable", "Invoiced and other cost.", field="payable"),
)
VENDORS = table(
    "Vendors",
    "{Vendor}",
    text("Vendor", "Vendor named on Purchases.", width=30, field="vendor"),
    integer("Receipts", "Rows of Purchases.", width=10, field="receipts"),
    money("At standard", "Receipts at standard cost.", field="at_standard"),
    money("Invoiced", "Receipts at invoice price.", field="invoiced"),
    money("Other cost", "Freight, duty and other cost.", field="other_cost"),
    money("Amount", "Invoiced and other cost less at standard, unsigned."),
    text("F/U", "F favorable, U unfavorable.", width=6),
    _proof("Amount"),
    _DIFFERENCE,
)
UNIT_CONVERSIONS = table(
    "UnitConversions",
    "{Item}, {From} to {To}",
    text("Item", "Item.", width=18),
    text("From", "Unit of measure on BOM or Purchases.", width=10),
    text("To", "Unit of measure of the item on Standard Cost.", width=10),
    quantity("Factor", "1 From = Factor To.", unit="To in 1 From"),
    text("Basis", "Rows of sheet Units, or physical units of one kind.", width=60),
)
TIE_OUT = table(
    "TieOut",
    "{Role}",
    text("Role", "Inventory account.", width=27, field="role"),
    money("At standard", "Ending stock of Reconciliation, or as counted.", width=18, field="at_standard"),
    money("Close and true-up", "Prorated variances, conversion adjusted, WIP.", width=18, field="true_up"),
    money("Not followed", "Of Reconciliation: cost changes, receipts not recorded.", width=18, field="unfollowed"),
    money("Expected", "Sum of the three.", width=18, field="expected"),
    money("Ledger closing", "From Ledger.", width=18, field="closing"),
    money("Left by rounding", "Closing less expected.", width=14, look="check"),
    money(
        "Rounding allowed",
        "Half a minor unit for every line of it or of a completion, and one.",
        width=14,
        field="allowed",
    ),
    text("Result", "OK or Fail.", width=10, look="check", marks=_PASSED),
    text("Explanation", "What the account holds.", width=70, wrap=True, field="explanation"),
    money(
        "Recorded elsewhere",
        "Of the ledger closing: receipts that are already in the ledger.",
        width=18,
        field="elsewhere",
    ),
)
COUNT_METHOD = table(
    "CountMethod",
    "{Role}",
    text("Role", "Inventory account that was counted.", width=27, field="role"),
    money("Opening", "Opening balance, without conversion where that is expensed.", field="opening"),
    money("Received", "Purchased at standard; completed.", field="received"),
    money("Scrapped", "Taken out by scrap reports.", field="scrapped"),
    money("Counted", "Counted value, without conversion where that is expensed.", field="counted"),
    money("Relieved", "Opening + received - scrapped - counted.", field="relieved"),
    money("Opening conversion", "Conversion in the opening balance.", field="opening_conversion"),
    money("Counted conversion", "Conversion in the counted value.", field="counted_conversion"),
    money(
        "Adjustment",
        "Put on the account at the close: change of conversion; under Sale, change of the whole inventory.",
        field="adjustment",
    ),
    money("Ledger opening", "Opening balance of the account.", field="ledger_opening"),
    text("Basis", "Sheet that the count comes from.", width=18),
)
PERIOD_END_WIP_TABLE = table(
    "PeriodEndWip",
    "{Item}",
    text("Item", "Item in process.", width=18),
    quantity("Quantity", "From WIP.", field="quantity"),
    percent("Material %", "From WIP.", unit="complete", field="material_share"),
    percent("Conversion %", "From WIP.", unit="complete", field="conversion_share"),
    price("Material cost", "Relieved when a unit is completed.", field="material_cost"),
    price("Conversion cost", "Flushed when a unit is completed.", field="conversion_cost"),
    money("Material", "Quantity x Material % x Material cost.", field="material"),
    money("Conversion", "Quantity x Conversion % x Conversion cost.", field="conversion"),
    money("Amount", "Material and conversion in process.", field="amount"),
    text("Credited", "Account role that the material is taken from.", width=26),
    text("Recorded", "Entry of this run.", width=24),
    integer(
        "WIP row",
        "Row on sheet WIP.",
        width=9,
        field="row",
        recorded="A place, not an amount: the row on sheet WIP that this line comes from.",
    ),
)
COMPARISON = table(
    "Comparison",
    "{Line}",
    text(
        "Section",
        "Entries needed, balances, inventory compared, or what is behind them.",
        width=20,
        field="line.section",
    ),
    text("Line", "Account, or what is posted or counted.", width=48, field="line.name"),
    money(words.SEQUENTIAL, "Materials, WIP, finished goods, cost of goods sold.", unit="conventional", width=17),
    *(money(t, f"Backflush with trigger points: {t}.", unit="backflush", width=17) for t in words.TRIGGERS),
    text("Explanation", "Why the columns differ, or the entry in words.", width=96, wrap=True, field="explanation"),
    named_by_row=True,
)
FIT = table(
    "Fit",
    "{Measure}",
    text("Condition", "What backflush costing asks for.", width=22, field="measure.condition"),
    text("Measure", "What is measured.", width=38, field="measure.name"),
    price("Figure", "Live formula; blank: not known.", unit=LIVE_FORMULA, width=16),
    text("Unit", "Unit of figure and threshold.", width=16),
    text("Wanted", "At least or at most.", width=10, field="measure.wanted"),
    price(
        "Threshold",
        "What speaks for backflush costing.",
        unit="",
        width=12,
        field="threshold",
        recorded="Set by the measure: see How it is measured.",
    ),
    text(
        "Verdict",
        "Fits, Look, Unknown, or For information.",
        unit=LIVE_FORMULA,
        width=16,
        field="verdict",
        marks=_JUDGED,
    ),
    text("Explanation", "Why it matters; where not known, what to fill in.", width=62, wrap=True),
    text("How it is measured", "Definition, source, and why this threshold.", width=62, wrap=True, field="measure.how"),
    highlights=(Highlight("head", f'{{Condition}}="{words.OVERALL}"'),),
    named_by_row=True,
)
DASHBOARD = table(
    "Dashboard",
    "{Label}",
    text("Chart", "Chart that draws the row.", width=20, field="chart"),
    text("Label", "What stands under the bar.", width=46),
    money("Amount", "Live formula.", field="amount"),
    money("Level", "Cost so far: the row above and this row's amount.", field="level"),
    money("Base", "Below a floating bar, not drawn.", field="base"),
    money("Total", "Whole columns, less what is cut off.", field="total"),
    money("Up", "Unfavorable.", field="up"),
    money("Down", "Favorable.", field="down"),
    percent(
        "Cumulative %", "Cumulative share of all variances, largest first.", unit="of sum", width=13, field="share"
    ),
    money("Cost in", "Opening inventories and what came in.", field="cost_in"),
    money("Cost out", "Closing inventories and where the rest went.", field="cost_out"),
    first_col=14,
)
FINDINGS = table(
    "Findings",
    "{What}",
    text(
        "Severity", "Error stops the run; Warning does not; Note informs.", width=10, field="severity", marks=_SEVERITY
    ),
    text("Code", "Number of the rule.", width=8, field="code"),
    text("Where", "Cell; click to go there.", width=24, field="where", look="link"),
    text("What", "The problem.", width=70, wrap=True, field="what"),
    text("How to fix", "The remedy.", width=60, wrap=True, field="fix"),
    money(
        "Effect",
        "About how far inventories, cost of goods sold or variances change if the fix is made; blank where nothing changes, "
        "or how far is not known.",
        width=14,
        field="effect",
        recorded="Measured by the check of the inputs: the finding says what and where.",
    ),
)
EXPLANATION = table(
    "Explanation",
    "step {Step}",
    integer("Step", "Order of the derivation.", width=7, field="number"),
    integer("Level", "0 is the amount explained; each level is what the one above is made of.", width=7, field="level"),
    text("Where", "Cell; click to go there.", width=30, field="where", look="link"),
    text("What", "What the figure is.", width=60, wrap=True),
    price("Figure", "The figure, as it stands in its cell.", unit="", width=18, field="figure"),
    text("Explanation", "How it is worked out from the figures one level below.", width=84, wrap=True),
)
SENSITIVITY = table(
    "Sensitivity",
    "{What}",
    integer("Rank", "1 is the cell to audit first; sheets as a whole have none.", width=7),
    text("Where", "Cell, or table; click to go there.", width=22, look="link"),
    text("What", "What the cell says; of a table, how many of its cells were tried.", width=46, wrap=True),
    price("Cell value", "As it stood when it was tried.", unit="", width=13),
    money("Inventory +1 %", "Change of closing inventory; of a table, all sizes added."),
    money("Cost of goods sold +1 %", "Change of closing cost of goods sold; of a table, all sizes added."),
    text("Account moved most", "Where 1 % changes the balance most; where it changes none, one unit.", width=24),
    money("Account +1 %", "Change of its closing balance; of a table, the sizes of all added."),
    percent("Share", "Of its effect of 1 % in those of all cells.", unit="of all cells", width=11),
    text("One unit", "What one unit more is.", width=24),
    money("Inventory +1 unit", "Change of closing inventory."),
    money("Cost of goods sold +1 unit", "Change of closing cost of goods sold."),
    money("Account +1 unit", "Change of the balance of the account moved most."),
    first_col=14,
    highlights=(Highlight("head", 'AND({Rank}="",{Where}<>"")'),),
    recorded="Found by working the run out once more with one cell changed; What names the cell.",
)
SUSPECTS = table(
    "Suspects",
    "{Cause}, {Item} in {Parent}",
    integer(
        "Rank", "1 is the difference with the most money in it; its rival causes share the rank.", width=7, field="rank"
    ),
    text("Cause", "What could have made the difference.", width=24, field="cause"),
    text("Item", "Item whose count differs; blank: many, see Explanation.", width=18, field="item"),
    text("Parent", "Made item whose bill or count is meant.", width=18, field="parent"),
    text(
        "Verdict", "Supported by several periods; Candidate; Cannot tell it from its rivals.", width=13, field="verdict"
    ),
    quantity(
        "Difference qty",
        "Used beyond what the BOM allows; negative: less than it allows.",
        width=15,
        field="difference",
    ),
    money("Amount", "The same at standard: cost that no unit carried.", width=15, field="amount"),
    quantity("Base", "Parent units, use or units made that it is spread over.", width=15, field="base"),
    quantity("Recorded", "On the bill, reported as scrap, or counted.", unit="", width=13, field="recorded"),
    quantity("Implied", "What it would have to be to explain the counts.", unit="", width=13, field="implied"),
    quantity(
        "Plus or minus", "With 95 % confidence; blank: fewer than three periods.", unit="", width=13, field="margin"
    ),
    quantity("Try", "Implied, or the round figure nearest to it that fits.", unit="", width=13, field="proposed"),
    money("Would remain", "What of Amount is left with Try.", width=15, field="remaining"),
    percent("Plausibility", "Among all causes and noise, by their usual sizes.", unit="of all causes", width=12),
    integer("Periods", "Counts that this rests on.", unit="counts", width=9, field="periods"),
    text("Where", "Cell to look at; click to go there.", width=20, look="link"),
    text(
        "Explanation", "Why it is suspected, and what it cannot be told from.", width=76, wrap=True, field="explanation"
    ),
    text("What to check", "What would settle it.", width=56, wrap=True, field="check"),
    recorded="Estimated from the differences of the counts; Explanation on that sheet says how.",
)
WITNESSES = table(
    "Witnesses",
    "{Item}",
    integer("Rank", "1 is the count that is most doubtful.", width=7),
    text("Item", "Product whose completions were counted.", width=18),
    text(
        "Verdict",
        "Contradicted by two witnesses that agree; Doubtful; Agrees; No witness: neither parts nor stock were counted.",
        width=14,
        marks=_HEARD,
    ),
    quantity("Counted", "Completed in the period, from Counts.", width=13),
    quantity("By parts", "Units for which parts, packaging and labels were used.", width=13),
    quantity(
        "By sales and stock", "Units that were sold or are on the shelf, less those there at the start.", width=13
    ),
    quantity("Estimate", "All witnesses together, each weighted by its precision.", width=13),
    quantity("From", "Lower end of the 95 % interval of Estimate.", width=13),
    quantity("To", "Upper end of the 95 % interval of Estimate.", width=13),
    quantity("Off by", "Estimate less Counted; negative: counted too many.", width=13),
    money("Amount", "The same at standard cost."),
    percent("Probability", "That a count of this product is wrong.", unit="of all products", width=12),
    text("Where", "The row that is most likely wrong; click to go there.", width=16, look="link"),
    date("Date", "Of that row."),
    quantity("Row counted", "What that row says.", width=13),
    quantity("Row by hours", "What the labor hours of its day or week imply.", width=13),
    quantity("Row by other rows", "What the other rows of the product suggest.", width=13),
    quantity("Row estimate", "What that row should say, by all witnesses.", width=13),
    text("Explanation", "What each witness says, and what else it could be.", width=84, wrap=True),
    recorded="Estimated from all witnesses together; Explanation in the same row says how.",
)
CHECKS = table(
    "Checks",
    "{Check}",
    text("Check", "What must hold.", width=62, field="text"),
    _live("Value", "What speaks against it; 0 where it holds.", field="value"),
    text("Unit", "What the value counts.", width=15, field="unit"),
    quantity(
        "Tolerance",
        "Largest value that passes.",
        unit="",
        width=12,
        field="tolerance",
        recorded="Set by the check: the largest value that passes.",
    ),
    text("Result", "OK or Fail.", width=10, look="check", marks=_PASSED),
    text("If it fails", "What the failure means, and what to do; blank beside OK.", width=90, wrap=True),
    former=("Left", "Right", "Meaning"),
)
INPUT_CONTROLS = table(
    "InputControls",
    "{Sheet}: {Control}",
    text("Sheet", "Input sheet.", width=17, field="sheet"),
    text("Control", "What is counted or totalled.", width=52, field="text"),
    quantity(
        "As at the run",
        "As the run read it.",
        unit="recorded",
        width=24,
        field="recorded",
        recorded="Recorded by the run: what it read.",
    ),
    _live("Now", "As the sheet stands.", width=24, field="recorded"),
    quantity(
        "Tolerance",
        "Largest difference that is none: the last digits of a long sum.",
        unit="",
        field="tolerance",
        recorded="Set by the run: what adding up in another order may change.",
    ),
    _live("Difference", "Now less as at the run, beyond the tolerance.", marks=_NOT_ZERO),
    quantity("Changed", "1: the input was changed after the run.", unit="", width=10, look="check", marks=_NOT_ZERO),
)
RUNS = table(
    "Runs",
    "{Run}",
    text("Run", "Run number.", width=10, field="run"),
    text("Status", "Draft until posted.", width=10, field="status"),
    text("Started", "Local date and time.", width=20, field="started"),
    text("User", "Who ran it.", width=18, field="user"),
    text("Version", "Version of xlbackflush.", width=10, field="version"),
    text("Input hash", "SHA-256 of all inputs.", width=68, field="input_hash"),
    integer(
        "Entries",
        "Journal entries.",
        width=10,
        field="entries",
        rests_on="COUNTIFS(Journal[Run],{Run},Journal[Line],1)",
    ),
    money("Debits", "Sum of debits.", width=18, field="debits", rests_on="SUMIFS(Journal[Debit],Journal[Run],{Run})"),
    money(
        "Credits", "Sum of credits.", width=18, field="credits", rests_on="SUMIFS(Journal[Credit],Journal[Run],{Run})"
    ),
    text(
        "Approved by", "Who approved the posting. The approver must not be the preparer.", width=18, field="approved_by"
    ),
    text("Posted", "Local date and time of posting.", width=20, field="posted"),
    text(
        "Link",
        "Verification code of this run and all earlier ones; keep the last one outside the workbook.",
        width=68,
        field="link",
    ),
    text(
        "Goes on in", "Workbook of the next period, once this one is closed, and a digest.", width=44, field="goes_on"
    ),
    text(
        "Exported",
        "What was exported: format, entries, when, and first digits of the SHA-256 of the file.",
        width=44,
        field="exported",
    ),
    recorded="Recorded when that run was made; the journal does not hold its lines any more.",
)
RUN_INPUTS = table(
    "RunInputs",
    "{Run}, {Input}",
    text("Run", "Run number.", width=10),
    text("Input", "Input table; or a piece of all inputs together.", width=22),
    integer("Rows", "Rows of the table.", width=9),
    text("SHA-256", "Digest of the table's columns and cells.", width=68),
    text("Content", "All inputs of the run, packed: for verify and diff.", width=40, look="packed"),
    recorded="Recorded by the run: what it was made from.",
)

OUTPUT_SHEETS: tuple[Sheet, ...] = (
    Sheet("Dashboard", "Output", (DASHBOARD,),
          "The period in three pictures: what moved cost away from standard, which variances matter, where the cost went.",
          "The charts draw the live figures to the right of them."),
    Sheet("Journal", "Output", (JOURNAL,),
          "Entries of the run. Proof recomputes each amount from the input cells; Difference must be zero.",
          "Debits and credits are posted values; proof is signed, debit positive.", freeze_cols=3),
    Sheet("Ledger", "Output", (LEDGER,),
          "Balance of each account: opening, movements of the journal, closing.",
          "Balances are signed: debit positive, credit in parentheses."),
    Sheet("Variances", "Output", (VARIANCES,),
          "Where actual cost left the standard, and what was done with the difference.",
          "Amounts are unsigned: F raises profit, U lowers it."),
    Sheet("Conversion Allowed", "Calculation", (CONVERSION_ALLOWED,),
          "Hours and conversion costs that the standards allow for what was made: the base of the conversion variances.",
          "Live formulas over Trace and Standard Cost.", freeze_cols=1),
    Sheet("Disposition", "Calculation", (DISPOSITION,),
          "How variances are allocated to the accounts that hold the related cost, and what each disposition posts.",
          "The price variance is allocated first, over material at standard including the usage variance; debit positive."),
    Sheet("Normal Scrap", "Calculation", (NORMAL_SCRAP,),
          "Normal scrap shared over the good units of the item scrapped: in ending inventories and in cost of goods sold.",
          "Live formulas over Reconciliation, Movements and Build-up. Empty where nothing was scrapped, or the count relieves.",
          freeze_cols=2),
    Sheet("Materiality", "Control", (MATERIALITY,),
          "Which disposition of variances the policy asks for, what the other would give, and what is unrecorded.",
          "Live formulas; the threshold is Materiality % on Setup."),
    Sheet("Relief", "Output", (RELIEF,),
          "Components taken out of inventory by counts x bill of materials.",
          "Scrap reports and sales out of finished goods are not part of relief.", freeze_cols=1),
    Sheet("Reconciliation", "Calculation", (RECONCILIATION,),
          "Book quantity of every stocked item: opening + received - relieved - scrapped.",
          "Live formulas over Stock and Trace.", freeze_cols=1),
    Sheet("Receipts", "Calculation", (RECEIPTS,),
          "Receipts in the units of their items, with the price variance of each.",
          "Live formulas over Purchases. Empty where no receipt names a vendor, another unit, Price per or other cost.",
          freeze_cols=4),
    Sheet("Vendors", "Output", (VENDORS,),
          "Price variance by vendor, freight, duty and other cost included.",
          "Live formulas over Receipts. Empty where no vendor is named on Purchases.", freeze_cols=1),
    Sheet("Tie-out", "Control", (TIE_OUT,),
          "Ledger balance of every inventory account against its quantities at standard cost.",
          "Live formulas. Rounding differences are a matter of cents; a larger difference means that ledger and stock disagree."),
    Sheet("Count Method", "Calculation", (COUNT_METHOD,),
          "Physical-count methods: material relieved by difference, conversion adjusted to the count.",
          "Used where Setup says Physical count or Expense, then adjust to count; empty otherwise."),
    Sheet("Period-end WIP", "Calculation", (PERIOD_END_WIP_TABLE,),
          "Units in process at period end, which backflush costing does not record, at standard cost.",
          "Work in process is inventory (ASC 330-10-20, IAS 2.6). The entry is reversed on the first day of the next period."),
    Sheet("Comparison", "Output", (COMPARISON,),
          "The same inputs under sequential tracking and under each set of trigger points, before count adjustment and close.",
          "Live formulas over Movements; debit positive. Conversion at standard and relief by bill of materials in all columns.",
          freeze_cols=2),
    Sheet("Fit", "Output", (FIT,),
          "Is backflush costing appropriate here? Each measure with its figure and why it matters; the last row sums up.",
          "Green fits. Amber: review it, then correct or justify it. Blue: not known yet; Explanation says what to fill in.",
          freeze_cols=2),
    Sheet("Roll-up", "Calculation", (ROLLUP,),
          "Standard cost of one unit of every item, rolled up through the bill of materials.",
          "Live formulas over Standard Cost and Build-up. An item has more rows where its BOM changes in the period.",
          freeze_cols=1),
    Sheet("Unit Conversions", "Calculation", (UNIT_CONVERSIONS,),
          "Factors by which quantities in another unit of measure than the item's are converted.",
          "Live formulas over sheet Units. Empty where no unit differs."),
    Sheet("Build-up", "Calculation", (BUILDUP,),
          "What each BOM line adds to the unit cost of its parent.",
          "Live formulas over BOM and Roll-up.", freeze_cols=2),
    Sheet("Movements", "Calculation", (MOVEMENTS,),
          "What came in and went out of every item, per unit cost: the base of Comparison and Disposition.",
          "Live formulas over Counts, Purchases, Scrap, Stock and Roll-up.", freeze_cols=1),
    Sheet("Trace", "Calculation", (TRACE,),
          "Every count exploded through the bill of materials, level by level: the evidence behind the journal.",
          "Live formulas over Counts, Scrap, Purchases, BOM and Roll-up. Each row points to its parent's row.",
          freeze_cols=4, outlined=True),
    Sheet("Explanation", "Output", (EXPLANATION,),
          "What one amount is made of, step by step, down to the cells that people typed.",
          "Select an amount on any output sheet and choose Explain this cell. A run empties this sheet."),
    Sheet("Sensitivity", "Output", (SENSITIVITY,),
          "What an error of 1 %, or of one unit, in one input cell would do to the closing balances as posted.",
          "xlbackflush sensitivity BOOK fills this sheet; a run empties it. The cell to audit first comes first."),
    Sheet("Suspects", "Output", (SUSPECTS,),
          "What best explains the differences of the counts: wrong bills, unreported scrap, miscounts; with the figure implied.",
          "A run looks at its own period, which gives candidates. Several periods: xlbackflush suspects BOOK EARLIER_BOOK ...",
          freeze_cols=5),
    Sheet("Witnesses", "Output", (WITNESSES,),
          "What parts, sales and stock, labor hours and the other rows each say about the production counts.",
          "The most doubtful count comes first, with the row that is most likely wrong and a 95 % interval.",
          freeze_cols=3),
    Sheet("Findings", "Control", (FINDINGS,),
          "Problems found in the inputs. Fix them in this order.",
          "Errors stop the run before anything is posted; warnings do not."),
    Sheet("Checks", "Control", (CHECKS,),
          "What must hold before the numbers are signed. The master check counts the failures.",
          "Live formulas: 0 failures means that every check holds now, not only when the run was made."),
    Sheet("Input Controls", "Control", (INPUT_CONTROLS,),
          "Control totals of all inputs, as the run read them and as they stand now. Sheet Checks counts those that differ.",
          "Live formulas. Texts are totalled by their characters, weighted by place and row; "
          "a setting is 1 while it is as chosen.", freeze_cols=2),
    Sheet("Runs", "Control", (RUNS,),
          "Every run of this workbook.",
          "A draft replaces the draft before it; a posted run never changes."),
    Sheet("Run Inputs", "Control", (RUN_INPUTS,),
          "What each run was made from: a digest of every input table, and all inputs, packed.",
          "Written by the run for verify and diff; not meant to be read."),
)  # fmt: skip
