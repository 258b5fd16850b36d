"""The output sheets, in the order of their tabs."""

from __future__ import annotations

from xlbackflush.schema.table import Column, Sheet, Table
from xlbackflush.schema.words import SEQUENTIAL, TRIGGERS

_PROOF = Column("Proof", "money", "Live formula that recomputes the amount from the input cells.", "live formula")
_DIFFERENCE = Column(
    "Difference", "money", "Posted less proof: not zero when an input changed after the run.", "posted - proof"
)

#: columns that stay with a line for as long as it is the same posting (see `engine/annotations.py`)
AUDITOR = tuple(
    Column(name, "text", "The auditor's own; a run leaves it.", "auditor", width=width)
    for name, width in (("Tick", 8), ("W/P ref", 12), ("Comment", 34))
)

JOURNAL = Table(
    "Journal",
    (
        Column("Run", "text", "Run that posted the line.", width=8),
        Column("Entry", "integer", "Entry number, without gaps.", width=8),
        Column("Line", "integer", "Line within the entry.", width=6),
        Column("Posting date", "date", "Date in the ledger.", width=13),
        Column("Event", "text", "What is recorded.", width=17),
        Column("Role", "text", "Account role.", width=27),
        Column("Account", "text", "Account number from Setup.", width=10),
        Column("Account name", "text", "Account name from Setup.", width=44),
        Column("Debit", "money", "Amount debited.", "money", width=16),
        Column("Credit", "money", "Amount credited.", "money", width=16),
        Column("Description", "text", "The entry in words.", width=64, wrap=True),
        Column("Source", "text", "Rows that the amount comes from.", width=32),
        _PROOF,
        _DIFFERENCE,
        Column("Product", "text", "Item, where there is one entry per product.", width=18),
        Column("Reverses", "integer", "Entry of an earlier run that this one takes back.", "entry", width=10),
        Column("Reversed by", "integer", "Entry of a later run that takes this one back.", "entry", width=10),
        Column("Corrects", "integer", "Entry in whose place this one comes.", "entry", width=10),
        Column("Seal", "text", "Digest of the line and of all above it; blank: a draft.", "once posted", width=15),
        *AUDITOR,
    ),
)
LEDGER = Table(
    "Ledger",
    (
        Column("Role", "text", "Account role.", width=27),
        Column("Account", "text", "Account number from Setup.", width=10),
        Column("Account name", "text", "Account name from Setup.", width=44),
        Column("Opening", "money", "Balance at period start, debit positive.", "money", width=16),
        Column("Debits", "money", "Debits of the journal.", "money", width=16),
        Column("Credits", "money", "Credits of the journal.", "money", width=16),
        Column("Closing", "money", "Balance at period end, debit positive.", "money", width=16),
        _PROOF,
        _DIFFERENCE,
    ),
)
VARIANCES = Table(
    "Variances",
    (
        Column("Variance", "text", "Name of the variance.", width=26),
        Column("Subject", "text", "Item or account.", width=22),
        Column("Standard", "money", "What the standard allows.", "money", width=16),
        Column("Actual", "money", "What was incurred.", "money", width=16),
        Column("Amount", "money", "Difference, unsigned.", "money", width=16),
        Column("F/U", "text", "F favorable, U unfavorable.", width=6),
        Column("Disposition", "text", "What was done with it.", width=22),
        Column("Explanation", "text", "The variance in words.", width=84, wrap=True),
        _PROOF,
        _DIFFERENCE,
        Column("Part of", "text", "The variance that this row is a part of; blank: a total of its own.", width=22),
    ),
)
CONVERSION_ALLOWED = Table(
    "ConversionAllowed",
    (
        Column("Item", "text", "Made item.", width=18),
        Column("Description", "text", "Name of the item.", width=34),
        Column("Units", "quantity", "Units whose conversion was flushed, phantoms included.", "units", width=16),
        Column("Hours per unit", "hours", "From Standard Cost.", "hours per unit"),
        Column("Hours allowed", "hours", "Units x Hours per unit.", "hours", width=16),
        Column("Labor", "money", "Hours allowed at the labor rate.", "money", width=16),
        Column("Variable overhead", "money", "Hours allowed at the variable rate.", "money", width=16),
        Column("Fixed overhead", "money", "Hours allowed at the fixed rate.", "money", width=16),
        Column("Other conversion", "money", "Units x other conversion.", "money", width=16),
        Column("Total", "money", "Conversion allocated, before rounding.", "money", width=16),
    ),
)
DISPOSITION = Table(
    "Disposition",
    (
        Column("Role", "text", "Account that holds cost at standard.", width=27),
        Column("Material", "money", "Material at standard in the balance.", "money", width=16),
        Column("Material in made units", "money", "Of it, in made units: stock, sold.", "money", width=16),
        Column("Conversion", "money", "Conversion at standard in the balance.", "money", width=16),
        Column("Price variance", "money", "Share by material.", "money", width=16),
        Column("Usage variance", "money", "Share by material in made units.", "money", width=16),
        Column("Conversion variance", "money", "Share by conversion.", "money", width=16),
        Column("Beyond standard", "money", "What it opened with beyond its stock at standard.", "money", width=16),
        Column("Carried over", "money", "Share of that of all accounts, by cost at standard.", "money", width=16),
        Column("If prorated", "money", "Shares, less beyond standard: added by Prorate.", "money", width=16),
        Column("If to cost of goods sold", "money", "Added to the account by Cost of goods sold.", "money", width=16),
        Column("Posted", "money", "Added to the account by the close of this run.", "money", width=16),
    ),
)
MATERIALITY = Table(
    "Materiality",
    (
        Column("Measure", "text", "What is weighed.", width=50),
        Column("Figure", "money", "Live formula.", "money", width=18),
        Column("Threshold", "money", "Live formula over Setup.", "money", width=18),
        Column("Verdict", "text", "What the policy asks for.", width=26),
        Column("Explanation", "text", "Why it matters, with its source.", width=90, wrap=True),
    ),
)
RELIEF = Table(
    "Relief",
    (
        Column("Item", "text", "Component relieved.", width=18),
        Column("Description", "text", "Name of the component.", width=34),
        Column("UoM", "text", "Unit of measure.", width=8),
        Column("Quantity", "quantity", "Units relieved by counts x BOM.", "units", width=16),
        Column("Standard cost", "price", "Average standard cost of the units relieved.", "money per unit"),
        Column("Amount", "money", "Quantity at standard cost.", "money", width=16),
        _PROOF,
        _DIFFERENCE,
        Column("Quantity proof", "quantity", "Live formula: units required by the Trace.", "live formula", width=16),
        Column("Quantity difference", "quantity", "Posted less proof.", "posted - proof", width=12),
        Column("Relieved from", "text", "Account role credited.", width=26),
    ),
)
ROLLUP = Table(
    "Rollup",
    (
        Column("Item", "text", "Item.", width=18),
        Column("Type", "text", "Type from Standard Cost.", width=13),
        Column("Material", "price", "Standard material in one unit, planned scrap included.", "money per unit"),
        Column("Labor", "price", "Standard labor in one unit, all levels.", "money per unit"),
        Column("Variable overhead", "price", "All levels.", "money per unit"),
        Column("Fixed overhead", "price", "All levels.", "money per unit"),
        Column("Other conversion", "price", "All levels.", "money per unit"),
        Column("Unit cost", "price", "Sum of the five elements.", "money per unit"),
        Column("From", "date", "First day of the period on which this cost holds.", "first day", width=12),
        Column("To", "date", "Last day of the period on which this cost holds.", "last day", width=12),
        Column("Relieved from", "text", "Account role credited when a unit is relieved; blank: exploded.", width=26),
        Column("Relief cost", "price", "Unit cost where the item is relieved as itself, else 0.", "money per unit"),
        Column("Own conversion", "price", "Flushed with a unit at this level; 0 where expensed.", "money per unit"),
        Column("Units to start", "quantity", "Units started for one good unit (assembly scrap).", "per good unit"),
        Column("Recorded item", "text", "Item as at the run.", "as at the run", width=18),
        Column(
            "Conversion at completion", "price", "Conversion of this level and of phantoms below.", "money per unit"
        ),
        Column(
            "Finished at completion", "price", "Cost of Finished items that completing a unit takes.", "money per unit"
        ),
        Column(
            "Subassemblies at completion",
            "price",
            "Cost of subassemblies that completing a unit takes.",
            "money per unit",
        ),
    ),
)
BUILDUP = Table(
    "Buildup",
    (
        Column("Parent", "text", "Item that is made.", width=18),
        Column("Component", "text", "Item that goes into it.", width=18),
        Column("Quantity", "quantity", "Component units per good parent, all scrap included.", "per parent"),
        Column("Material", "price", "Quantity x the component's material.", "money per unit"),
        Column("Labor", "price", "Quantity x the component's labor.", "money per unit"),
        Column("Variable overhead", "price", "Quantity x the component's variable overhead.", "money per unit"),
        Column("Fixed overhead", "price", "Quantity x the component's fixed overhead.", "money per unit"),
        Column("Other conversion", "price", "Quantity x the component's other conversion.", "money per unit"),
        Column("BOM row", "integer", "Row on the BOM sheet.", width=9),
        Column("Scrap basis", "text", "Output or Input.", width=11),
        Column("Conversion at completion", "price", "Of a phantom component.", "money per unit"),
        Column("Finished at completion", "price", "Of a Finished component, or in a phantom.", "money per unit"),
        Column("Subassemblies at completion", "price", "Of a subassembly, or in a phantom.", "money per unit"),
    ),
)
MOVEMENTS = Table(
    "Movements",
    (
        Column("Item", "text", "Item that moved or has stock.", width=18),
        Column("Type", "text", "Type from Standard Cost.", width=13),
        Column("From", "date", "First day on which the cost holds.", "first day", width=12),
        Column("To", "date", "Last day on which the cost holds.", "last day", width=12),
        Column("Opening", "quantity", "From Stock.", "units"),
        Column("Received", "quantity", "Purchased.", "units"),
        Column("Completed", "quantity", "From Counts.", "units"),
        Column("Sold", "quantity", "From Counts.", "units"),
        Column("Scrapped normal", "quantity", "Stage Component.", "units"),
        Column("Scrapped abnormal", "quantity", "Stage Component.", "units"),
        Column("Units scrapped normal", "quantity", "Stage Finished unit.", "units"),
        Column("Units scrapped abnormal", "quantity", "Stage Finished unit.", "units"),
        Column("Unit cost", "price", "From Roll-up.", "money per unit"),
        Column("Material", "price", "From Roll-up.", "money per unit"),
        Column("Conversion at completion", "price", "From Roll-up.", "money per unit"),
        Column("Finished at completion", "price", "From Roll-up.", "money per unit"),
        Column("Labor hours", "hours", "Of this level alone, from Standard Cost.", "hours per unit"),
        Column("Completion counts", "integer", "Rows of Counts that complete the Finished item.", "rows"),
        Column("Subassemblies at completion", "price", "From Roll-up.", "money per unit"),
        Column("In process material", "quantity", "From WIP: Quantity x Material %.", "whole units"),
        Column("In process conversion", "quantity", "From WIP: Quantity x Conversion %.", "whole units"),
    ),
)
TRACE = Table(
    "Trace",
    (
        Column("Product", "text", "Item counted, received or scrapped.", width=18),
        Column("Level", "integer", "Depth below the product.", width=7),
        Column("Parent", "text", "Item one level up.", width=18),
        Column("Component", "text", "Item required, indented by level.", width=26),
        Column("Parent qty", "quantity", "Parent units to start.", "units", width=15),
        Column("Qty per", "quantity", "BOM quantity.", "per parent", width=12),
        Column("Scrap %", "percent", "BOM scrap.", "of quantity", width=9),
        Column("Required qty", "quantity", "Parent qty x Qty per, scrap included.", "units", width=16),
        Column("Standard cost", "price", "Relief cost; 0 where exploded through.", "money per unit"),
        Column("Amount", "money", "Required qty x Standard cost.", "money", width=16),
        Column("BOM row", "integer", "Row on the BOM sheet.", width=9),
        Column("Event", "text", "Entry that this row belongs to.", width=12),
        Column("Charged to", "text", "Account role debited.", width=26),
        Column("Relieved from", "text", "Account role credited.", width=26),
        Column("Conversion rate", "price", "Own conversion flushed with a unit.", "money per unit"),
        Column("Conversion", "money", "Required qty x Conversion rate.", "money", width=16),
        Column("Scrap basis", "text", "Output or Input.", width=11),
        Column("Units", "quantity", "Product units counted from First day to Last day.", "units", width=14),
        Column("Started", "quantity", "Units started per product unit.", "per product", width=13),
        Column("First day", "date", "From this day.", width=12),
        Column("Last day", "date", "To this day.", width=12),
    ),
)
RECONCILIATION = Table(
    "Reconciliation",
    (
        Column("Item", "text", "Stocked item.", width=18),
        Column("Opening", "quantity", "From Stock.", "units"),
        Column("Received", "quantity", "Purchased and completed.", "units"),
        Column("Relieved", "quantity", "Used in counted parents, and sold.", "units"),
        Column("Scrapped", "quantity", "From scrap reports.", "units"),
        Column("Book", "quantity", "Opening + received - relieved - scrapped.", "units"),
        Column("Counted", "quantity", "From Stock; blank: not counted.", "units"),
        Column("Difference qty", "quantity", "Counted less book; blank: not counted.", "units"),
        Column("Difference amount", "money", "At standard cost.", "money", width=16),
        Column("Standard cost", "price", "Unit cost at period end.", "money per unit"),
        Column("Account role", "text", "Inventory account; blank: none is kept.", width=26),
        Column("Opening amount", "money", "Opening at the standard cost of period start.", "money", width=16),
        Column("Book amount", "money", "Book at standard cost of period end.", "money", width=16),
        Column("Invoiced", "money", "Purchases at actual price.", "money", width=16),
        Column("Type", "text", "Type from Standard Cost.", width=13),
        Column("Ending", "quantity", "Counted where the count was posted, else book.", "units"),
        Column("Ending amount", "money", "Ending at standard cost.", "money", width=16),
        Column("Ending material", "money", "Material in the ending stock.", "money", width=16),
        Column("Received amount", "money", "Purchases at standard.", "money", width=16),
        Column("Counted amount", "money", "Counted at standard cost.", "money", width=16),
        Column("Opening conversion", "money", "Conversion in the opening stock.", "money", width=16),
        Column("Counted conversion", "money", "Conversion in the counted stock.", "money", width=16),
        Column(
            "Not followed",
            "money",
            "In the account beyond its ending stock: a unit cost that changed, a receipt that no trigger records.",
            "money",
        ),
        Column("Posted", "money", "Shrinkage (negative) or gain posted to the usage variance.", "money", width=16),
    ),
)
TIE_OUT = Table(
    "TieOut",
    (
        Column("Role", "text", "Inventory account.", width=27),
        Column("At standard", "money", "Ending stock of Reconciliation, or as counted.", "money", width=18),
        Column("Close and true-up", "money", "Prorated variances, conversion adjusted, WIP.", "money", width=18),
        Column("Not followed", "money", "Of Reconciliation: cost changes, receipts not recorded.", "money", width=18),
        Column("Expected", "money", "Sum of the three.", "money", width=18),
        Column("Ledger closing", "money", "From Ledger.", "money", width=18),
        Column("Left by rounding", "money", "Closing less expected.", "money", width=14),
        Column(
            "Rounding allowed",
            "money",
            "Half a minor unit for every line of it or of a completion, and one.",
            "money",
            width=14,
        ),
        Column("Result", "text", "OK or Fail.", width=10),
        Column("Explanation", "text", "What the account holds.", width=70, wrap=True),
    ),
)
COUNT_METHOD = Table(
    "CountMethod",
    (
        Column("Role", "text", "Inventory account that was counted.", width=27),
        Column("Opening", "money", "Opening balance, without conversion where that is expensed.", "money", width=16),
        Column("Received", "money", "Purchased at standard; completed.", "money", width=16),
        Column("Scrapped", "money", "Taken out by scrap reports.", "money", width=16),
        Column("Counted", "money", "Counted value, without conversion where that is expensed.", "money", width=16),
        Column("Relieved", "money", "Opening + received - scrapped - counted.", "money", width=16),
        Column("Opening conversion", "money", "Conversion in the opening balance.", "money", width=16),
        Column("Counted conversion", "money", "Conversion in the counted value.", "money", width=16),
        Column(
            "Adjustment",
            "money",
            "Put on the account at the close: change of conversion; under Sale, change of the whole inventory.",
            "money",
            width=16,
        ),
        Column("Ledger opening", "money", "Opening balance of the account.", "money", width=16),
        Column("Basis", "text", "Sheet that the count comes from.", width=18),
    ),
)
PERIOD_END_WIP_TABLE = Table(
    "PeriodEndWip",
    (
        Column("Item", "text", "Item in process.", width=18),
        Column("Quantity", "quantity", "From WIP.", "units"),
        Column("Material %", "percent", "From WIP.", "complete"),
        Column("Conversion %", "percent", "From WIP.", "complete"),
        Column("Material cost", "price", "Relieved when a unit is completed.", "money per unit"),
        Column("Conversion cost", "price", "Flushed when a unit is completed.", "money per unit"),
        Column("Material", "money", "Quantity x Material % x Material cost.", "money", width=16),
        Column("Conversion", "money", "Quantity x Conversion % x Conversion cost.", "money", width=16),
        Column("Amount", "money", "Material and conversion in process.", "money", width=16),
        Column("Credited", "text", "Account role that the material is taken from.", width=26),
        Column("Recorded", "text", "Entry of this run.", width=24),
        Column("WIP row", "integer", "Row on sheet WIP.", width=9),
    ),
)
COMPARISON = Table(
    "Comparison",
    (
        Column("Section", "text", "Entries needed, balances, inventory compared, or what is behind them.", width=20),
        Column("Line", "text", "Account, or what is posted or counted.", width=48),
        Column(SEQUENTIAL, "money", "Materials, WIP, finished goods, cost of goods sold.", "conventional", width=17),
        *(Column(t, "money", f"Backflush with trigger points: {t}.", "backflush", width=17) for t in TRIGGERS),
        Column("Explanation", "text", "Why the columns differ, or the entry in words.", width=96, wrap=True),
    ),
)
FIT = Table(
    "Fit",
    (
        Column("Condition", "text", "What backflush costing asks for.", width=22),
        Column("Measure", "text", "What is measured.", width=38),
        Column("Figure", "price", "Live formula; blank: not known.", "live formula", width=16),
        Column("Unit", "text", "Unit of figure and threshold.", width=16),
        Column("Wanted", "text", "At least or at most.", width=10),
        Column("Threshold", "price", "What speaks for backflush costing.", width=12),
        Column("Verdict", "text", "Fits, Look, Unknown, or For information.", "live formula", width=16),
        Column("Explanation", "text", "Why it matters; where not known, what to fill in.", width=62, wrap=True),
        Column("How it is measured", "text", "Definition, source, and why this threshold.", width=62, wrap=True),
    ),
)
DASHBOARD = Table(
    "Dashboard",
    (
        Column("Chart", "text", "Chart that draws the row.", width=20),
        Column("Label", "text", "What stands under the bar.", width=46),
        Column("Amount", "money", "Live formula.", "money", width=16),
        Column("Level", "money", "Cost so far: the row above and this row's amount.", "money", width=16),
        Column("Base", "money", "Below a floating bar, not drawn.", "money", width=16),
        Column("Total", "money", "Whole columns, less what is cut off.", "money", width=16),
        Column("Up", "money", "Unfavorable.", "money", width=16),
        Column("Down", "money", "Favorable.", "money", width=16),
        Column("Cumulative %", "percent", "Share of all variances, largest first.", "of sum", width=13),
        Column("Cost in", "money", "Opening inventories and what came in.", "money", width=16),
        Column("Cost out", "money", "Closing inventories and where the rest went.", "money", width=16),
    ),
    first_col=14,  # right of the charts
)
FINDINGS = Table(
    "Findings",
    (
        Column("Severity", "text", "Error stops the run; Warning does not; Note informs.", width=10),
        Column("Code", "text", "Number of the rule.", width=8),
        Column("Where", "text", "Cell; click to go there.", width=24),
        Column("What", "text", "The problem.", width=70, wrap=True),
        Column("How to fix", "text", "The remedy.", width=60, wrap=True),
        Column("Effect", "money", "Effect in money, where there is one.", "money"),
    ),
)
EXPLANATION = Table(
    "Explanation",
    (
        Column("Step", "integer", "Order of the derivation.", width=7),
        Column("Level", "integer", "0 is the amount explained; each level is what the one above is made of.", width=7),
        Column("Where", "text", "Cell; click to go there.", width=30),
        Column("What", "text", "What the figure is.", width=60, wrap=True),
        Column("Figure", "price", "The figure, as it stands in its cell.", width=18),
        Column("Explanation", "text", "How it is worked out from the figures one level below.", width=84, wrap=True),
    ),
)
SENSITIVITY = Table(
    "Sensitivity",
    (
        Column("Rank", "integer", "1 is the cell to audit first; sheets as a whole have none.", width=7),
        Column("Where", "text", "Cell, or table; click to go there.", width=22),
        Column(
            "What", "text", "What the cell says; of a table, how many of its cells were tried.", width=46, wrap=True
        ),
        Column("Cell value", "price", "As it stood when it was tried.", width=13),
        Column(
            "Inventory +1 %", "money", "Change of closing inventory; of a table, all sizes added.", "money", width=16
        ),
        Column(
            "Cost of goods sold +1 %",
            "money",
            "Change of closing cost of goods sold; of a table, all sizes added.",
            "money",
            width=16,
        ),
        Column("Share", "percent", "Of its larger effect of 1 % in those of all cells.", "of all cells", width=11),
        Column("One unit", "text", "What one unit more is.", width=24),
        Column("Inventory +1 unit", "money", "Change of closing inventory.", "money", width=16),
        Column("Cost of goods sold +1 unit", "money", "Change of closing cost of goods sold.", "money", width=16),
    ),
    first_col=14,  # right of the charts
)
SUSPECTS = Table(
    "Suspects",
    (
        Column(
            "Rank",
            "integer",
            "1 is the difference with the most money in it; its rival causes share the rank.",
            width=7,
        ),
        Column("Cause", "text", "What could have made the difference.", width=24),
        Column("Item", "text", "Item whose count differs; blank: many, see Explanation.", width=18),
        Column("Parent", "text", "Made item whose bill or count is meant.", width=18),
        Column("Verdict", "text", "Supported by several periods; Candidate; Cannot tell it from its rivals.", width=13),
        Column(
            "Difference qty", "quantity", "Used beyond the bill; negative: less than the bill says.", "units", width=15
        ),
        Column("Amount", "money", "The same at standard: cost that no unit carried.", "money", width=15),
        Column("Base", "quantity", "Parent units, use or units made that it is spread over.", "units", width=15),
        Column("Recorded", "quantity", "On the bill, reported as scrap, or counted.", width=13),
        Column("Implied", "quantity", "What it would have to be to explain the counts.", width=13),
        Column("Plus or minus", "quantity", "With 95 % confidence; blank: fewer than three periods.", width=13),
        Column("Try", "quantity", "Implied, or the round figure nearest to it that fits.", width=13),
        Column("Would remain", "money", "What of Amount is left with Try.", "money", width=15),
        Column(
            "Plausibility", "percent", "Among all causes and noise, by their usual sizes.", "of all causes", width=12
        ),
        Column("Periods", "integer", "Counts that this rests on.", "counts", width=9),
        Column("Where", "text", "Cell to look at; click to go there.", width=20),
        Column("Explanation", "text", "Why it is suspected, and what it cannot be told from.", width=76, wrap=True),
        Column("What to check", "text", "What would settle it.", width=56, wrap=True),
    ),
)
CHECKS = Table(
    "Checks",
    (
        Column("Check", "text", "What must hold.", width=64),
        Column("Value", "quantity", "Left less Right.", "live formula", width=18),
        Column("Tolerance", "quantity", "Largest value that passes.", width=12),
        Column("Result", "text", "OK or Fail.", width=10),
        Column("Left", "quantity", "What must equal Right.", "live formula", width=18),
        Column("Right", "quantity", "Live, or as recorded at the run.", "live or recorded", width=18),
        Column("Meaning", "text", "What a failure means.", width=70),
    ),
)
RUNS = Table(
    "Runs",
    (
        Column("Run", "text", "Run number.", width=10),
        Column("Status", "text", "Draft until posted.", width=10),
        Column("Started", "text", "Local date and time.", width=20),
        Column("User", "text", "Who ran it.", width=18),
        Column("Version", "text", "Version of xlbackflush.", width=10),
        Column("Input hash", "text", "SHA-256 of all inputs.", width=68),
        Column("Entries", "integer", "Journal entries.", width=10),
        Column("Debits", "money", "Sum of debits.", "money", width=18),
        Column("Credits", "money", "Sum of credits.", "money", width=18),
        Column("Approved by", "text", "Who approved the posting; not who ran it.", width=18),
        Column("Posted", "text", "Local date and time of posting.", width=20),
        Column("Link", "text", "Digest of the run and of all before it; keep the last one elsewhere.", width=68),
        Column("Goes on in", "text", "Workbook of the next period, once this one is closed, and a digest.", width=44),
    ),
)
RUN_INPUTS = Table(
    "RunInputs",
    (
        Column("Run", "text", "Run number.", width=10),
        Column("Input", "text", "Input table; or a piece of all inputs together.", width=22),
        Column("Rows", "integer", "Rows of the table.", width=9),
        Column("SHA-256", "text", "Digest of the table's columns and cells.", width=68),
        Column("Content", "text", "All inputs of the run, packed: for verify and diff.", width=40),
    ),
)

OUTPUT_SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "Dashboard",
        "Output",
        "The period in three pictures: what moved cost away from standard, which variances matter, where the cost went.",
        (DASHBOARD,),
        "The charts draw the live figures to the right of them.",
    ),
    Sheet(
        "Journal",
        "Output",
        "Entries of the run. Proof recomputes each amount from the input cells; Difference must be zero.",
        (JOURNAL,),
        "Debits and credits are posted values; proof is signed, debit positive.",
        freeze_cols=3,
    ),
    Sheet(
        "Ledger",
        "Output",
        "Balance of each account: opening, movements of the journal, closing.",
        (LEDGER,),
        "Balances are signed: debit positive, credit in parentheses.",
    ),
    Sheet(
        "Variances",
        "Output",
        "Where actual cost left the standard, and what was done with the difference.",
        (VARIANCES,),
        "Amounts are unsigned: F raises profit, U lowers it.",
    ),
    Sheet(
        "Conversion Allowed",
        "Calculation",
        "Hours and conversion costs that the standards allow for what was made: the base of the conversion variances.",
        (CONVERSION_ALLOWED,),
        "Live formulas over Trace and Standard Cost.",
        freeze_cols=1,
    ),
    Sheet(
        "Disposition",
        "Calculation",
        "How the variances go over the accounts that hold the cost they belong to, and what each way of closing posts.",
        (DISPOSITION,),
        "The price variance goes first, over all material at standard and the usage variance; debit positive.",
    ),
    Sheet(
        "Materiality",
        "Control",
        "Which disposition of variances the policy asks for, what the other would give, and what is unrecorded.",
        (MATERIALITY,),
        "Live formulas; the threshold is Materiality % on Setup.",
    ),
    Sheet(
        "Relief",
        "Output",
        "Components taken out of inventory by counts x bill of materials.",
        (RELIEF,),
        "Scrap reports and sales out of finished goods are not part of relief.",
        freeze_cols=1,
    ),
    Sheet(
        "Reconciliation",
        "Calculation",
        "Book quantity of every stocked item: opening + received - relieved - scrapped.",
        (RECONCILIATION,),
        "Live formulas over Stock and Trace.",
        freeze_cols=1,
    ),
    Sheet(
        "Tie-out",
        "Control",
        "Ledger balance of every inventory account against its quantities at standard cost.",
        (TIE_OUT,),
        "Live formulas. What rounding leaves is a matter of cents; a sum beyond it means that the books and the stock disagree.",
    ),
    Sheet(
        "Count Method",
        "Calculation",
        "Physical-count methods: material relieved by difference, conversion adjusted to the count.",
        (COUNT_METHOD,),
        "Used where Setup says Physical count or Expense, then adjust to count; empty otherwise.",
    ),
    Sheet(
        "Period-end WIP",
        "Calculation",
        "Units in process at period end, which backflush costing does not record, at standard cost.",
        (PERIOD_END_WIP_TABLE,),
        "Work in process is inventory (ASC 330-10-20, IAS 2.6). The entry is reversed on the first day of the next period.",
    ),
    Sheet(
        "Comparison",
        "Output",
        "The same inputs under sequential tracking and under each set of trigger points, before count adjustment and close.",
        (COMPARISON,),
        "Live formulas over Movements; debit positive. Conversion at standard and relief by bill of materials in all columns.",
        freeze_cols=2,
    ),
    Sheet(
        "Fit",
        "Output",
        "Is backflush costing appropriate here? Each measure with its figure and why it matters; the last row sums up.",
        (FIT,),
        "Green fits. Amber: look at it, mend it or justify it. Blue: not known yet; Explanation says what to fill in.",
        freeze_cols=2,
    ),
    Sheet(
        "Roll-up",
        "Calculation",
        "Standard cost of one unit of every item, rolled up through the bill of materials.",
        (ROLLUP,),
        "Live formulas over Standard Cost and Build-up. An item has more rows where its BOM changes in the period.",
        freeze_cols=1,
    ),
    Sheet(
        "Build-up",
        "Calculation",
        "What each BOM line adds to the unit cost of its parent.",
        (BUILDUP,),
        "Live formulas over BOM and Roll-up.",
        freeze_cols=2,
    ),
    Sheet(
        "Movements",
        "Calculation",
        "What came in and went out of every item, per unit cost: the base of Comparison and Disposition.",
        (MOVEMENTS,),
        "Live formulas over Counts, Purchases, Scrap, Stock and Roll-up.",
        freeze_cols=1,
    ),
    Sheet(
        "Trace",
        "Calculation",
        "Every count exploded through the bill of materials, level by level: the evidence behind the journal.",
        (TRACE,),
        "Live formulas over Counts, Scrap, Purchases, BOM and Roll-up. Each row points to its parent's row.",
        freeze_cols=4,
        outlined=True,
    ),
    Sheet(
        "Explanation",
        "Output",
        "What one amount is made of, step by step, down to the cells that people typed.",
        (EXPLANATION,),
        "Select an amount on any output sheet and choose Explain this cell. A run empties this sheet.",
    ),
    Sheet(
        "Sensitivity",
        "Output",
        "What an error of 1 %, or of one unit, in one input cell would do to inventory and cost of goods sold as posted.",
        (SENSITIVITY,),
        "xlbackflush sensitivity BOOK fills this sheet; a run empties it. The cell to audit first comes first.",
    ),
    Sheet(
        "Suspects",
        "Output",
        "What best explains the differences of the counts: wrong bills, unreported scrap, miscounts; with the figure implied.",
        (SUSPECTS,),
        "A run looks at its own period, which gives candidates. Several periods: xlbackflush suspects BOOK EARLIER_BOOK ...",
        freeze_cols=5,
    ),
    Sheet(
        "Findings",
        "Control",
        "Problems found in the inputs, in the order in which to mend them.",
        (FINDINGS,),
        "Errors stop the run before anything is posted; warnings do not.",
    ),
    Sheet(
        "Checks",
        "Control",
        "What must hold before the numbers are signed. The master check counts the failures.",
        (CHECKS,),
        "Live formulas: 0 failures means that every check holds now, not only when the run was made.",
    ),
    Sheet(
        "Runs",
        "Control",
        "Every run of this workbook.",
        (RUNS,),
        "A draft replaces the draft before it; a posted run never changes.",
    ),
    Sheet(
        "Run Inputs",
        "Control",
        "What each run was made from: a digest of every input table, and all inputs, packed.",
        (RUN_INPUTS,),
        "Written by the run, read by verify and diff; not meant to be read by people.",
    ),
)
