"""The vocabulary: words that a cell may hold, and that entries and sheets are told apart by."""

BUY, SUBASSEMBLY, PHANTOM, FINISHED = "Buy", "Subassembly", "Phantom", "Finished"
TYPES = (BUY, SUBASSEMBLY, PHANTOM, FINISHED)
COMPLETED, SOLD = "Completed", "Sold"
COMPONENT, FINISHED_UNIT = "Component", "Finished unit"
NORMAL, ABNORMAL = "Normal", "Abnormal"
OUTPUT, INPUT = "Output", "Input"

PCS = "Purchase, completion and sale"
PS = "Purchase and sale"
CS = "Completion and sale"
S = "Sale"
TRIGGERS = (PCS, PS, CS, S)
SEQUENTIAL = "Sequential tracking"

BILL_OF_MATERIALS, PHYSICAL_COUNT = "Bill of materials", "Physical count"
AT_STANDARD, EXPENSE_THEN_ADJUST = "Allocate at standard", "Expense, then adjust to count"
TO_COGS, PRORATE, CARRY_FORWARD = "Cost of goods sold", "Prorate", "Carry forward"
PER_TRIGGER, PER_PRODUCT = "One entry per trigger", "One entry per product"
YES, NO = "Yes", "No"
RECORD, SHOW_ONLY = "Record and reverse", "Show only"
RECORDED_HERE, IN_THE_LEDGER = "Recorded here", "Already in the ledger"

LABOR, VARIABLE_OVERHEAD, FIXED_OVERHEAD, CONVERSION = ("Labor", "Variable overhead", "Fixed overhead", "Conversion")
COST_TYPES = (LABOR, VARIABLE_OVERHEAD, FIXED_OVERHEAD, CONVERSION)
ELEMENTS = ("Material", LABOR, VARIABLE_OVERHEAD, FIXED_OVERHEAD, "Other conversion")

MIP = "Materials and in-process"
INVENTORY_CONTROL = "Inventory control"
FINISHED_GOODS = "Finished goods"
WORK_IN_PROCESS = "Work in process"
ACCOUNTS_PAYABLE = "Accounts payable"
VARIOUS_ACCOUNTS = "Various accounts"
CCC = "Conversion costs control"
CCA = "Conversion costs allocated"
COGS = "Cost of goods sold"
PRICE_VARIANCE = "Material price variance"
USAGE_VARIANCE = "Material usage variance"
COUNT_DIFFERENCE = "Inventory count difference"
ABNORMAL_SCRAP = "Abnormal scrap loss"
SCRAP_RECOVERY = "Scrap recovery"
ROUNDING = "Rounding difference"
#: accounts that hold counted stock; which of them are in use depends on the trigger points
STOCK_ROLES = (MIP, INVENTORY_CONTROL, FINISHED_GOODS)

#: roles whose lines are of an item, so that a class of items can have an account of its own
BY_CLASS = (MIP, INVENTORY_CONTROL, FINISHED_GOODS, COGS, PRICE_VARIANCE, USAGE_VARIANCE, COUNT_DIFFERENCE)

#: role -> (default account number, default account name)
ROLES: dict[str, tuple[str, str]] = {
    MIP: ("1310", "Materials and in-process inventory"),
    INVENTORY_CONTROL: ("1320", "Inventory control"),
    FINISHED_GOODS: ("1350", "Finished goods inventory"),
    WORK_IN_PROCESS: ("1330", "Work in process inventory"),
    ACCOUNTS_PAYABLE: ("2110", "Accounts payable"),
    VARIOUS_ACCOUNTS: ("2190", "Wages payable, accumulated depreciation and others"),
    CCC: ("5310", "Conversion costs control"),
    CCA: ("5320", "Conversion costs allocated"),
    COGS: ("5110", "Cost of goods sold"),
    PRICE_VARIANCE: ("5410", "Material price variance"),
    USAGE_VARIANCE: ("5420", "Material usage variance"),
    COUNT_DIFFERENCE: ("5950", "Inventory count differences of made items"),
    ABNORMAL_SCRAP: ("5510", "Loss from abnormal scrap"),
    SCRAP_RECOVERY: ("1390", "Scrap recovery"),
    ROUNDING: ("5590", "Rounding difference"),
}

PURCHASE, CONVERSION_EVENT, COMPLETION, SALE = "Purchase", "Conversion", "Completion", "Sale"
SCRAP_EVENT, COUNT_ADJUSTMENT, CLOSE = "Scrap", "Count adjustment", "Close"
PERIOD_END_WIP, REVERSAL = "Period-end WIP", "Reversal"
#: journal events in the order in which a period runs; entries are numbered in this order
EVENTS = (
    PURCHASE, CONVERSION_EVENT, COMPLETION, SALE, SCRAP_EVENT, COUNT_ADJUSTMENT, CLOSE, PERIOD_END_WIP, REVERSAL,
)  # fmt: skip

#: what rows of the Trace that no entry posts are about: units on the shelf, where completion is no trigger
UNITS_MADE, UNITS_SOLD, UNITS_THROWN_OUT = "Units made", "Units sold", "Units scrapped"
ON_THE_SHELF = (UNITS_MADE, UNITS_SOLD, UNITS_THROWN_OUT)
#: the same: parts in units in process, where the count of stock does not include them
UNITS_IN_PROCESS = "Units in process"

#: events that come after the variances are measured
FROM_THE_CLOSE_ON = (CLOSE, PERIOD_END_WIP, REVERSAL)

MATERIAL_PRICE, MATERIAL_USAGE = "Material price", "Material usage"
LABOR_RATE, LABOR_EFFICIENCY = "Labor rate", "Labor efficiency"
VARIABLE_SPENDING, VARIABLE_EFFICIENCY = "Variable overhead spending", "Variable overhead efficiency"
FIXED_SPENDING, FIXED_VOLUME = "Fixed overhead spending", "Fixed overhead volume"
OTHER_CONVERSION, SCRAP_VARIANCE = "Other conversion", "Scrap"
CONVERSION_ALLOCATION = "Conversion allocation"
COUNT_VARIANCE, UNSOLD_CONVERSION = "Inventory count", "Conversion of unsold units"

FITS, LOOK, UNKNOWN, FOR_INFORMATION = "Fits", "Look", "Unknown", "For information"
OVERALL = "Overall"
RECORD_IT, IMMATERIAL = "Record", "Immaterial"
AT_LEAST, AT_MOST = "At least", "At most"

#: what can have made a difference of a count, and how sure one can be of it
BILL_QUANTITY, UNREPORTED_SCRAP = "Quantity on the bill", "Unreported scrap"
MISCOUNT, ONE_OFF = "Miscount", "One-off"
UNITS_SCRAPPED, PRODUCTION_COUNT = "Unreported scrap of units", "Production count"
SUPPORTED, CANDIDATE, CANNOT_TELL = "Supported", "Candidate", "Cannot tell"

#: what witnesses say of a production count
CONTRADICTED, DOUBTFUL, AGREES, NO_WITNESS = "Contradicted", "Doubtful", "Agrees", "No witness"

#: cost type -> words, in small letters, of which a note or a document of a cost of that type often has one
NOTES_OF_COST_TYPES = {
    LABOR: "payroll wage overtime",
    VARIABLE_OVERHEAD: "electric power energy consumable supplies lubricant",
    FIXED_OVERHEAD: "rent depreciation insurance supervis lease leasing property salary salaries",
}
#: units of measure, in small letters, of what is counted by the piece
BY_THE_PIECE = ("", "each", "ea")
#: units of measure: name that `pint` has for it ("": none, it is no physical unit) -> its spellings, in small letters
SPELLINGS_OF_UNITS = {
    "": "each ea pc pcs pce piece pieces unit units un st stk stck nr no nos",
    "milligram": "mg milligram milligrams",
    "gram": "g gr grm gm gms gram grams gramme grammes",
    "kilogram": "kg kgs kgm kilo kilos kilogram kilograms",
    "metric_ton": "t to mt tne tonne tonnes",
    "ounce": "oz ounce ounces",
    "pound": "lb lbs lbr pound pounds",
    "millimeter": "mm mmt millimeter millimeters millimetre millimetres",
    "centimeter": "cm cmt centimeter centimeters centimetre centimetres",
    "meter": "m mtr mtrs meter meters metre metres",
    "kilometer": "km kmt kilometer kilometers kilometre kilometres",
    "inch": "in inch inches",
    "foot": "ft foot feet",
    "yard": "yd yds yrd yard yards",
    "millimeter ** 2": "mm2 mm\u00b2",
    "centimeter ** 2": "cm2 cm\u00b2",
    "meter ** 2": "m2 m\u00b2 sqm mtk qm",
    "inch ** 2": "in2 in\u00b2 sqin",
    "foot ** 2": "ft2 ft\u00b2 sqft sft",
    "yard ** 2": "yd2 yd\u00b2 sqyd",
    "milliliter": "ml mlt milliliter milliliters millilitre millilitres",
    "centiliter": "cl centiliter centiliters centilitre centilitres",
    "liter": "l lt ltr ltrs liter liters litre litres",
    "hectoliter": "hl hectoliter hectoliters hectolitre hectolitres",
    "centimeter ** 3": "cm3 cm\u00b3 ccm cc",
    "meter ** 3": "m3 m\u00b3 cbm mtq",
    "fluid_ounce": "floz",
    "pint": "pt pint pints",
    "quart": "qt quart quarts",
    "gallon": "gal gals gll gallon gallons",
    "second": "s sec secs second seconds",
    "minute": "min mins minute minutes",
    "hour": "h hr hrs hur hour hours",
    "day": "d day days",
}

ERROR, WARNING, NOTE = "Error", "Warning", "Note"
SEVERITIES = (ERROR, WARNING, NOTE)
