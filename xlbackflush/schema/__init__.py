"""Every word, sheet, table, column and setting: said here, once. Imports nothing of the project.

words     what a cell may hold         inputs    settings and input sheets
table     what a column and a table is outputs   output sheets, in the order of their tabs
excel     functions, macros, ribbon         entries   what entries say
palette   colours
"""

from xlbackflush.schema.inputs import *
from xlbackflush.schema.inputs import ACCOUNTS, BOM, COUNTS, INPUT_SHEETS, SETUP, SETUP_SHEETS, STANDARD_COST
from xlbackflush.schema.outputs import *
from xlbackflush.schema.outputs import OUTPUT_SHEETS
from xlbackflush.schema.table import *
from xlbackflush.schema.table import HEADER_ROW, Sheet, Table
from xlbackflush.schema.words import *

ABOUT = "About"
SHEETS: tuple[Sheet, ...] = INPUT_SHEETS + SETUP_SHEETS + OUTPUT_SHEETS
INPUT_TABLES: tuple[Table, ...] = tuple(t for s in INPUT_SHEETS for t in s.tables)
SETUP_TABLES: tuple[Table, ...] = tuple(t for s in SETUP_SHEETS for t in s.tables)
OUTPUT_TABLES: tuple[Table, ...] = tuple(t for s in OUTPUT_SHEETS for t in s.tables)
SHEET_OF: dict[str, Sheet] = {t.name: s for s in SHEETS for t in s.tables}
TABLES: dict[str, Table] = {t.name: t for s in SHEETS for t in s.tables}

#: tables that a workbook of ours cannot be without; any other input table is empty where it lacks it
ESSENTIAL: tuple[Table, ...] = (SETUP, ACCOUNTS, BOM, STANDARD_COST, COUNTS)

MASTER_CHECK = "MasterCheck"
#: workbook name of the version of this schema that a workbook has; one without it has version 1
SCHEMA_NAME = "BackflushSchema"
#: goes up with whatever is added here that a workbook can lack: a sheet, a table, a column, a setting, a role
SCHEMA_VERSION = 4
SHEET_ROWS_MAX = 1_048_576 - HEADER_ROW
TRACE_ROWS_MAX = 200_000  # beyond this the Trace is kept per BOM line, and the product view goes to a file
PRODUCT_VIEW_ROWS_MAX = 5_000_000  # beyond this, a gigabyte or so, there is no such file
