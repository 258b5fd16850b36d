"""Findings: what is wrong with the inputs, where, and how to mend it - and the catalogue of all rules.

A new rule is one entry here, and a function in engine/rules that stands in its list RULES (or, for a single cell, a branch in
`accept.py`).
"""

from collections import Counter
from collections.abc import Iterable

from xlbackflush.dataclass import dataclass
from xlbackflush.model.words import several
from xlbackflush.schema import ERROR, NOTE, SEVERITIES, WARNING


@dataclass(frozen=True)
class Finding:
    """One problem. `where` is a cell such as `Counts!E14`; `effect` is money, or None where there is none."""

    severity: str
    code: str
    where: str
    what: str
    fix: str
    effect: float | None = None


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue; calling it makes a finding."""

    code: str
    severity: str
    title: str
    fix: str

    def __call__(self, where: str, what: str, effect: float | None = None, fix: str | None = None) -> Finding:
        return Finding(self.severity, self.code, where, what, fix or self.fix, effect)

    def weighed(self, where: str, what: str, effect: float, threshold: float, fix: str | None = None) -> Finding:
        """A finding about what is unlikely rather than wrong: a note up to materiality, a warning above it."""
        severity = WARNING if abs(effect) > threshold else NOTE
        return Finding(severity, self.code, where, what, fix or self.fix, abs(effect))


# fmt: off
# -- cells, checked one by one as they are read
ERROR_VALUE = Rule("C01", ERROR, "Error value in an input cell", "Repair the formula, or type the value.")
NOT_CALCULATED = Rule("C02", ERROR, "Formula without a stored result",
    "Open the workbook in Excel, let it calculate, save it; or type the value.")
BLANK = Rule("C03", ERROR, "Required cell is blank", "Fill in the cell, or delete the row.")
TEXT_NUMBER = Rule("C04", ERROR, "Number or date stored as text",
    "Type the cells again as numbers or dates.")
WRONG_TYPE = Rule("C05", ERROR, "Wrong type of value", "Type a value of the kind that the column asks for.")
UNKNOWN_CHOICE = Rule("C06", ERROR, "Unknown choice", "Pick a value from the list.")
OUT_OF_RANGE = Rule("C07", ERROR, "Value out of range", "Correct the value.")
STRAY_SPACES = Rule("C08", ERROR, "Spaces around a code",
    "Put TRIM around the formula; in the place of no-break spaces, CLEAN and SUBSTITUTE with CHAR(160) take them out.")
BELOW_TABLE = Rule("C09", ERROR, "Row below the table",
    "Drag the table's lower right corner over the row so that it counts, or move the cells elsewhere.")
TOO_LONG = Rule("C10", ERROR, "Text too long", "Use a code of at most 100 characters.")
RENAMED_COLUMN = Rule("C11", ERROR, "Column under another name", "Give the column its name again.")
LOST_COLUMN = Rule("C12", WARNING, "Column deleted",
    "Put the column back with its cells, or have an empty one added: xlbackflush upgrade, or Upgrade in the ribbon.")
SIMILAR_COLUMN = Rule("C13", WARNING, "Column with a name close to another",
    "Give your own column a name that cannot be taken for the other, or move its cells there.")
OTHER_HEADER = Rule("C14", ERROR, "Header that is not that of the table",
    "Type the right header into the cell in Excel, so that the table takes it over.")
UNWRITABLE = Rule("C15", ERROR, "Character that no workbook can hold", "Type the text again.")
TOTAL_ROW = Rule("C16", ERROR, "Typed total row",
    "Delete the row: a total is read as if it were one more document. For a total below the table, use Table Design > Total Row.")
CLEANED = Rule("C17", NOTE, "Cleaned as it was read", "Nothing to do: a run writes what it read into these cells.")

# -- settings and accounts
PERIOD = Rule("S01", ERROR, "Period end before period start", "Correct Period start or Period end on Setup.")
CURRENCY = Rule("S02", ERROR, "Not a currency code", "Use a code of three capital letters, such as USD.")
UNKNOWN_SETTING = Rule("S03", WARNING, "Setting not known", "Restore the name of the setting; this row is ignored.")
DUPLICATE_SETTING = Rule("S04", ERROR, "Setting given twice", "Delete one of the rows.")
MISSING_SETTING = Rule("S05", NOTE, "Setting not on Setup", "Add the row, if the default does not suit you.")
NOT_SUPPORTED = Rule("S06", ERROR, "Settings do not fit together", "Change one of the settings.")
MISSING_ACCOUNT = Rule("S07", NOTE, "Role not on Setup", "Add the row, if the default account does not suit you.")
DUPLICATE_ROLE = Rule("S08", ERROR, "Role mapped twice", "Delete one of the rows.")
MISSING_TABLE = Rule("S09", NOTE, "Table not in the workbook",
    "To fill it in, have it added: xlbackflush upgrade, or Upgrade in the ribbon.")
RENAMED_SETTING = Rule("S10", ERROR, "Setting under another name", "Give the setting its name again.")
LOST_SETTING = Rule("S11", WARNING, "Setting deleted",
    "Put the row back, or have it added: xlbackflush upgrade, or Upgrade in the ribbon.")
LOST_TABLE = Rule("S12", WARNING, "Table deleted",
    "Put the sheet back, or have an empty one added: xlbackflush upgrade, or Upgrade in the ribbon.")
CLASS_UNUSED = Rule("S13", NOTE, "Account of a class that is not used",
    "Delete the row, or give the class to items on Standard Cost, column Class.")

# -- items and bill of materials
DUPLICATE_ITEM = Rule("I01", ERROR, "Item listed twice", "Keep one row per item; codes do not differ by case alone.")
UNKNOWN_ITEM = Rule("I02", ERROR, "Unknown item", "Add the item to Standard Cost, or correct the code.")
CYCLE = Rule("B01", ERROR, "The bill of materials runs in a circle", "Delete one of the lines of the circle.")
DATES_REVERSED = Rule("B02", ERROR, "Effective to before Effective from", "Correct one of the dates.")
OVERLAP = Rule("B03", ERROR, "Effective dates overlap",
    "End the older line on the day before the newer one starts, or make one line of them.")
TWICE = Rule("B04", WARNING, "Component listed twice", "Delete this line if it is a duplicate; else make one line of the two.")
BOUGHT_WITH_BOM = Rule("B05", WARNING, "Bought item with a BOM",
    "If it is made, change its Type; if it is bought, delete the lines.")
UOM = Rule("B06", ERROR, "Unit of measure without a conversion", "Add the conversion to sheet Units.")
ZERO_QUANTITY = Rule("B07", WARNING, "Qty per is zero", "Give the quantity, or delete the line.")
NOTHING_EFFECTIVE = Rule("B08", WARNING, "No BOM line in force",
    "Add a line that is effective on that day, or correct the dates.")
NOTHING_PER = Rule("B09", ERROR, "Quantity or price per nothing", "Type how many units it is for, or clear the cell: blank is 1.")
UNKNOWN_BILL = Rule("B10", ERROR, "Bill that there is not", "Name an Alternative that the item has on BOM, or add its lines.")
BILL_NOT_CHOSEN = Rule("B11", ERROR, "No bill chosen",
    "Name the Alternative that is in force as Bill on Standard Cost, or clear Alternative on its lines.")

# -- standard costs
NO_PRICE = Rule("K01", WARNING, "Bought item without a price", "Type its standard price; until then it is taken as zero.")
NO_COST = Rule("K02", WARNING, "Made item without a cost", "Give it a BOM, labor hours or other conversion.")
PRICE_IGNORED = Rule("K03", WARNING, "Made item with a Material price",
    "The price is ignored: material comes from the BOM. Clear it.")
PRICE_WITHOUT_BOM = Rule("K04", ERROR, "Made item with a price and no BOM",
    "Put its material on the BOM, or make its Type Buy.")
CONVERSION_IGNORED = Rule("K05", WARNING, "Bought item with conversion cost",
    "Labor and overhead of a bought item are ignored. Clear them.")
HOURS_WITHOUT_RATE = Rule("K06", WARNING, "Labor hours without a rate", "Give Labor rate or an overhead rate.")
OVERHEAD_IGNORED = Rule("K08", WARNING, "Material overhead of a made item",
    "It is ignored: give the percentage to the bought items that go into it. Clear it.")
SETUP_OF_EACH = Rule("K09", WARNING, "Setup hours without a lot size",
    "Type Lot size; until then every unit bears a whole setup.")
NO_BILL = Rule("K07", WARNING, "Made item without a bill of materials", "Enter its components on BOM.")

# -- units of measure
FACTOR = Rule("M01", ERROR, "Factor that cannot be", "Type how many To are in 1 From, or delete the row.")
UNITS_DISAGREE = Rule("M02", ERROR, "Two conversions that disagree", "Correct one of the rows, or delete it.")
UNITS_UNUSUAL = Rule("M03", WARNING, "Conversion unlike the usual one",
    "Correct Factor, or delete the row; leave it if the unit is another one of that name, such as an imperial gallon.")

# -- transactions
OUTSIDE_PERIOD = Rule("T01", ERROR, "Date outside the period", "Correct the date, or move the row to its period.")
CORRECTS_NOTHING = Rule("T02", ERROR, "Negative quantity that corrects nothing",
    "If the sign is wrong, type it without; else name the document it corrects in Note (Reason on Scrap) or in Document.")
CORRECTS_UNKNOWN = Rule("T03", WARNING, "Correction of a document not in this period",
    "Check the document number that it names.")
CORRECTS_TOO_MUCH = Rule("T04", WARNING, "Correction larger than its document", "Check the quantity.")
NOT_COUNTABLE = Rule("T05", ERROR, "Item of a type that cannot be counted so",
    "Correct the item, the event, or the item's Type.")
DUPLICATE_ROW = Rule("T06", WARNING, "The same row twice", "Delete one of them if it was entered twice.")
CORRECTS_OTHER_BILL = Rule("T07", WARNING, "Correction by another bill of materials",
    "Date it as the document that it corrects; then it takes back what that relieved, component by component.")
HOURS_MISSING = Rule("T08", WARNING, "Labor without hours",
    "Enter the hours paid.")
PAY_MISSING = Rule("T09", WARNING, "Labor hours without an amount", "Enter what was paid for these hours.")
NOT_JOURNALISED = Rule("T10", NOTE, "Purchases that no trigger point records",
    "Nothing to do where purchases are booked elsewhere; otherwise choose trigger points with Purchase on Setup.")

# -- period end: counts in money, work in process
NO_COUNT = Rule("P01", ERROR, "Physical count is missing",
    "Give the account a row on Inventory Count, or count every item of it on Stock; 0 means counted and found empty.")
NOT_ADJUSTED = Rule("P02", WARNING, "Account not counted",
    "Give the account a row on Inventory Count, or count its items on Stock; until then it is not adjusted.")
COUNT_UNUSED = Rule("P03", WARNING, "Count that is not used",
    "Choose Physical count, or Expense, then adjust to count, on Setup; or clear the row.")
COUNTED_TWICE = Rule("P04", ERROR, "Account counted twice", "Keep one row for each account.")
OVER_COMPLETE = Rule("P05", ERROR, "More than 100 % complete", "Give the share of the work done, at most 100 %.")
COUNTED_MORE = Rule("P06", WARNING, "More counted than there was",
    "Check the count, the opening amount and the purchases; the difference is posted the other way round.")
OPENED_TWICE = Rule("P07", ERROR, "Balance carried over twice", "Keep one row for each role on sheet Opening.")
OPENED_ASIDE = Rule("P08", WARNING, "Balance on an account out of use",
    "Where the trigger points changed, move the balance on Opening to the row of the account that takes its place.")
OPENED_BEYOND = Rule("P09", NOTE, "Opening balance beyond stock at standard",
    "Variances prorated before, or a standard changed since, explain it; the close takes it along with the variances.")
OPENED_FAR = Rule("P10", WARNING, "Opening balance far from stock at standard",
    "Where neither prorated variances nor a changed standard explain it, correct Opening, or Opening qty on Stock.")
NOT_ON_STOCK = Rule("P11", WARNING, "Made item that was not counted",
    "Count it on Stock; 0 means counted and found empty.")
PHANTOM_ON_STOCK = Rule("P12", WARNING, "Phantom on stock",
    "Correct the code, or count its components instead; where it is stocked as such, make its Type Subassembly.")
OPENING_BELOW_ZERO = Rule("P13", WARNING, "Opening stock below zero",
    "Enter what was there. If last period closed with a shortage, count the item and find what was left out.")
COUNTED_BELOW_ZERO = Rule("P14", WARNING, "Count below zero", "Enter what was found, 0 if nothing.")
CONVERSION_ABOVE = Rule("P15", WARNING, "More conversion than the whole amount",
    "Enter the whole amount, and the conversion that is part of it.")

# -- what was posted
CHANGED_ON_RECORD = Rule("L01", ERROR, "Posted record changed",
    "What is posted never changes: put the cell back as it was, from a copy of the workbook.")
CURRENCY_CHANGED = Rule("L02", ERROR, "Currency of what is posted",
    "Put the currency back; books in another currency are a workbook of their own.")

# -- nothing to post
NOTHING_RECORDED = Rule("Z04", WARNING, "Nothing to post",
    "Fill in Counts, Purchases, Scrap or Actuals: an empty period is not posted.")
COMES_TO_NOTHING = Rule("Z05", WARNING, "Nothing is posted",
    "Give the items their costs on Standard Cost, or choose other trigger points on Setup.")

# -- size of the explosion
CONDENSED = Rule("Z01", NOTE, "Trace kept per BOM line",
    "Nothing to do. Use shorter periods or fewer products for a trace per product on the sheet.")
TOO_LARGE = Rule("Z02", ERROR, "More rows than a sheet can hold",
    "Split the period or the products over several workbooks.")
TOO_MUCH = Rule("Z03", ERROR, "Amount beyond 15 digits", "Look for a quantity, price or Qty per that is far too large.")

# -- quantities, after the explosion
OVERSOLD = Rule("Q01", WARNING, "Sold more than there is", "Check the counts; a later receipt or count may explain it.")
SHORTAGE = Rule("Q02", WARNING, "Negative book stock",
    "Check counts, BOM, purchases and opening stock. It does not stop the run.")
NEVER_COMPLETED = Rule("Q03", WARNING, "Subassembly consumed but never completed",
    "Count its completions, or make its Type Phantom.")

# -- what is not wrong in itself, and cannot well be right: a warning above materiality, else a note
#    prices: W01 and on
PRICE_FACTOR = Rule("W01", WARNING, "Invoice price that looks like something else",
    "Type the price of one unit, if the invoice says so.")
PRICE_OFF = Rule("W02", WARNING, "Invoice price far from the standard", "Check the invoice and its unit.")
PRICES_ALIKE = Rule("W03", WARNING, "Invoice prices off by one factor",
    "Convert the prices to the unit and the currency of Standard Cost.")
FREE_RECEIPT = Rule("W04", WARNING, "Receipt at a price of 0",
    "Type the price of the invoice, or the price agreed while there is none; leave 0 for what is free of charge.")
STANDARD_CONTRADICTED = Rule("W05", WARNING, "Standard price that the receipts contradict",
    "Correct the standard price if the invoices are right.")
PRICES_EXCHANGED = Rule("W06", WARNING, "Prices of two items exchanged", "Exchange the two prices, if the invoice says so.")
SALVAGE_ABOVE_COST = Rule("W07", WARNING, "Salvage above cost",
    "Type the proceeds of the whole row in money; correct the quantity if that is what is wrong.")
PRICES_MOVED = Rule("W08", WARNING, "Invoice prices that have left the standards",
    "Bring Material price on Standard Cost up to date, or convert the prices to the currency of the workbook.")
STANDARD_OUTDATED = Rule("W09", WARNING, "Standard price that no longer fits the receipts",
    "Bring the standard price up to date, or check the invoices.")

#    rates, hours, absorption, policy: W20 and on
HOURS_UNLIKE = Rule("W20", WARNING, "Standard labor hours unlike what was paid or other items",
    "Correct Labor hours to the hours of one unit.")
RATE_UNLIKE = Rule("W21", WARNING, "Standard rate unlike what was incurred or other items", "Correct the rate per hour.")
CONVERSION_UNLIKE = Rule("W22", WARNING, "Other conversion unlike what was incurred or other items",
    "Correct Other conversion to the cost of one unit.")
HOURS_PAID_UNLIKE = Rule("W23", WARNING, "Hours of a payroll row that cannot be", "Type the hours of the payroll.")
AMOUNT_UNLIKE = Rule("W24", WARNING, "Conversion cost that cannot be", "Type the amount of the document.")
NEVER_INCURRED = Rule("W25", WARNING, "Cost type allocated and never incurred",
    "Enter the costs of the period on Actuals, or clear the rates on Standard Cost.")
NEVER_ALLOCATED = Rule("W26", WARNING, "Cost type incurred and never allocated",
    "Give Standard Cost a rate for it, or correct the cost type.")
PAY_UNLIKE = Rule("W27", WARNING, "Pay per hour far from the standard",
    "Check hours and amounts on Actuals; where they are right, bring Labor rate up to date.")
ABSORPTION = Rule("W28", WARNING, "Conversion over- or under-absorbed",
    "Check that all costs and counts of the period are in; then check hours and rates on Standard Cost.")
BUDGET_UNLIKE = Rule("W29", WARNING, "Budgeted fixed overhead unlike the period", "Type the budget of this period on Setup.")
OTHER_COST_TYPE = Rule("W30", WARNING, "Cost under another cost type", "Change Cost type, if the document says so.")
COST_TWICE = Rule("W31", WARNING, "The same cost under two documents",
    "Delete one of the rows if it was entered twice.")
PAYROLL_MISSING = Rule("W32", WARNING, "Pay day missing", "Enter the payroll of these days, or the wages accrued for them.")
PRORATION = Rule("W36", WARNING, "Materiality asks for proration",
    "Settle the other warnings first; if the amount is still material, choose Prorate on Setup.")
UNITS_NOT_RECORDED = Rule("W37", WARNING, "Units in process are material and not recorded",
    "Choose Record and reverse for Period-end WIP on Setup.")
NO_LONGER_FITS = Rule("W38", NOTE, "Backflush costing does not fit",
    "Look at sheet Fit. List units in process on sheet WIP, or record costs as they are incurred.")
TOO_WIDE = Rule("W39", WARNING, "Materiality or tolerance too wide", "Type a percentage such as 5 %.")

#    quantities: W40 and on
ODD_COUNT = Rule("W40", WARNING, "Count that does not fit what moved", "Check the document, and correct the quantity.")
ODD_RECEIPT = Rule("W41", WARNING, "Receipt that does not fit what moved", "Check the document, and correct the quantity.")
ODD_SCRAP = Rule("W42", WARNING, "Scrap that does not fit what moved", "Check the report and its unit, and correct the quantity.")
ODD_OPENING = Rule("W43", WARNING, "Opening stock that does not fit what moved",
    "Compare it with the closing stock of the period before.")
ODD_STOCK = Rule("W44", WARNING, "Stock count that does not fit what moved", "Count again, in the item's unit.")
EXCHANGED = Rule("W45", WARNING, "Two rows of Stock exchanged", "Check both counts, and exchange them.")
COUNTED_AGAIN = Rule("W46", WARNING, "The same count twice", "Delete one of the rows if they are one and the same.")
RECEIVED_TWICE = Rule("W47", WARNING, "The same receipt twice", "Delete one of the rows if they are one and the same.")
WRONG_EVENT = Rule("W48", WARNING, "Completed and Sold mixed up", "Check the document, and correct the event.")
WRONG_STAGE = Rule("W49", WARNING, "Component and Finished unit mixed up", "Check the report, and correct the stage.")
WRONG_ITEM = Rule("W50", WARNING, "Document entered under another item", "Check the document, and correct the item.")
FAR_FROM_BOOK = Rule("W51", WARNING, "Count far from the book", "Count again, and look for what was not reported.")
ODD_WIP = Rule("W52", WARNING, "More in process than was made", "Check the units in process.")
EMPTY_WIP = Rule("W53", WARNING, "Units in process without a degree of completion",
    "Fill in Material % and Conversion %; blank is taken as nothing.")
NO_QUANTITY = Rule("W55", WARNING, "Document of a quantity of 0", "Type the quantity of the document, or delete the row.")
UPSIDE_DOWN = Rule("W10", WARNING, "Conversion the wrong way round", "Exchange From and To, or type the factor of 1 From.")
OVERBOUGHT = Rule("W54", WARNING, "Receipt far beyond use", "Check the document, its unit and its quantity.")

#    bills: W60 and on
ODD_QUANTITY = Rule("W60", WARNING, "Quantity per unit that the counts contradict", "Check the bill, and correct Qty per.")
MISSING_LINE = Rule("W62", WARNING, "Component that a bill lacks", "Add the line to the bill, or count again.")
ODD_LOSS = Rule("W61", WARNING, "Planned scrap that cannot well be", "Check the planned loss, and correct it.")

#    against the period before: W80 and on
NOT_THE_NEXT = Rule("W80", WARNING, "Period does not follow the one before",
    "Correct Period start on Setup, or open the period with xlbackflush roll; until then nothing is compared.")
NO_ROWS = Rule("W81", WARNING, "No rows where there always were some",
    "Enter the rows that are missing; where nothing happened there is nothing to do.")
BILL_CHANGED = Rule("W82", WARNING, "Bill of materials changed since the period before",
    "If the bill was changed on purpose, give the line its dates (Effective from); else type the old quantity again.")
STANDARD_CHANGED = Rule("W83", WARNING, "Standard changed since the period before",
    "If the standard was changed on purpose there is nothing to do; else type the old figure again.")
KIND_CHANGED = Rule("W84", WARNING, "Type or unit of an item changed since the period before",
    "Type the old one again; or restate the item's stock, price and bills of materials to fit the new one.")
VOLUME = Rule("W85", WARNING, "Quantity of another order than in the period before",
    "Check the quantity for a digit too many or too few, and its unit of measure.")
FITS_NO_LONGER = Rule("W86", WARNING, "Backflush costing no longer fits",
    "Read sheet Fit: shorten what became slow, or record work in process (sheet WIP, setting Period-end WIP).")
OPENING_STOCK = Rule("W87", WARNING, "Opening stock unlike the closing stock of the period before",
    "Type the closing stock again; correct what was wrong with it by a count or in the period where it arose.")
OPENING_BALANCE = Rule("W88", WARNING, "Opening balance unlike the closing balance of the period before",
    "Type the closing balance again; what was wrong with it is corrected by an entry, not on sheet Opening.")
SETTING_CHANGED = Rule("W89", NOTE, "Setting changed since the period before",
    "If the policy was changed on purpose, disclose it where it is material; else choose the old setting again.")

#    witnesses for a count: W90 and on
COUNT_CONTRADICTED = Rule("W90", WARNING, "Production count that its witnesses contradict",
    "Compare the row with the production report of that day and correct the quantity; if it is right, compare the other "
    "rows of the item, then count its stock again.")


# -- journal-entry tests of an auditor, one finding each (see `journal_tests.py`)
GAP = Rule("J01", WARNING, "Gap in entry numbers", "Find out which entries were removed; posted entries never change.")
REPEATED = Rule("J02", WARNING, "Entries alike", "Reverse one of them if the same event was recorded twice.")
WEEKEND = Rule("J03", NOTE, "Documents dated on a weekend",
    "Check that work was done on those days, and who entered the rows.")
LATE = Rule("J04", NOTE, "Posted late or on a weekend", "Check why, and who posted.")
ROUND = Rule("J05", NOTE, "Round amounts among others",
    "Check that they are no estimates: ask for the documents behind.")
UNNAMED = Rule("J06", NOTE, "Line without a name or a description", "Give every account a name on Setup.")
CUT_OFF = Rule("J07", NOTE, "Much dated close to period end",
    "Check the cut-off: do these documents belong to the period?")
REPOSTED = Rule("J08", NOTE, "Reversed, and posted again alike", "Check why; the books are as they were before.")
OWN_APPROVAL = Rule("J09", WARNING, "Approved by the preparer", "Have someone else approve the run.")
RARE_ACCOUNT = Rule("J10", NOTE, "Account hardly ever used", "Check these lines, and the account on Setup.")
UNUSUAL_PAIR = Rule("J11", NOTE, "Unusual pair of accounts", "Check the entry, and the accounts of its roles on Setup.")
JUST_BELOW = Rule("J12", NOTE, "Lines just below materiality",
    "Review these lines: several amounts just below the threshold can be one amount that was split.")
FIRST_DIGITS = Rule("J13", NOTE, "First digits unlike other journals",
    "Look at the amounts that begin with the digits named; a hint only.")
MARK_LOST = Rule("J14", WARNING, "Auditor's entry without its line",
    "Look at the new line, and enter tick and comment there again.")
EARLY = Rule("J15", WARNING, "Posted before the period ended",
    "Check that counts and documents of the last days are in; run and post again where some came later.")
# fmt: on

CATALOGUE: tuple[Rule, ...] = tuple(r for r in list(globals().values()) if isinstance(r, Rule))
_PLACE = {rule.code: place for place, rule in enumerate(CATALOGUE)}


def counted(findings: Iterable[Finding]) -> str:
    """How many of each severity, in words: 1 error, 2 notes."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(several(counts[s], s.lower()) for s in SEVERITIES if counts[s]) or "none"


def has_errors(findings: list[Finding]) -> bool:
    """True where a run must stop."""
    return any(f.severity == ERROR for f in findings)


def in_order(findings: list[Finding]) -> list[Finding]:
    """Errors first, then warnings, then notes; within each the largest effects first, then in the order of the catalogue."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -(f.effect or 0.0), _PLACE[f.code]))
