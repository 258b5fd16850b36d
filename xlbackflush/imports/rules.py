"""What can be wrong with a file that is imported: the rules, as `model/finding.py` has those of a run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from xlbackflush.dataclass import replace
from xlbackflush.engine.inputs.typed import SAY_WHICH
from xlbackflush.model.addresses import address, the_same_in
from xlbackflush.model.finding import Finding, Rule
from xlbackflush.schema import ERROR, NOTE, WARNING

# fmt: off
UNKNOWN_TABLE = Rule("I01", ERROR, "No table that the file fits", "Name it: --to Counts, for instance.")
MISSING_COLUMN = Rule("I02", ERROR, "No column for what the table needs", "Name the column: --map \"Menge=Quantity\".")
RENAMED_COLUMN = Rule("I03", ERROR, "Column that Import Map names is not in the file",
    "Correct Source column on sheet Import Map, or name the column: --map.")
UNKNOWN_WORD = Rule("I04", ERROR, "Word without a meaning", "Say what it means: --map \"101=Completed\".")
OTHER_PERIOD = Rule("I05", ERROR, "No row of this period", "Export the period again, or correct the period on Setup.")
SAME_FILE = Rule("I06", ERROR, "Imported before", "Leave it out; or replace the rows of the table: --replace.")
ROWS_THERE = Rule("I07", ERROR, "The table has rows from elsewhere",
    "Add --replace, and the rows of the table go; or --append, and they stay.")
BROKEN_BILL = Rule("I08", ERROR, "Bill that does not hold together", "Export the bill again, or correct the lines in the file.")
OTHER_CURRENCY = Rule("I09", ERROR, "Prices in another currency", "Export the amounts in the currency of the workbook.")
BLANK_CELL = Rule("I10", ERROR, "Required cell is blank", "Fill in the cells in the file, or delete their rows.")
TOTAL_DIFFERS = Rule("I11", WARNING, "Total row that its rows do not add up to",
    "Find out which rows the file lacks: the export may be cut off.")
WITHOUT_CODE = Rule("I12", WARNING, "Rows without an item", "Enter the items in the file and import again, if the rows count.")
BROKEN_QUOTES = Rule("I13", WARNING, "Quotation mark that does not close", "Look at the lines in the file.")
EXPECTED_FILE = Rule("I14", WARNING, "File that Import Map expects is not there",
    "Export it; or delete its rows on sheet Import Map.")
NOT_RECOGNISED = Rule("I15", WARNING, "File left alone", "Name its table, if it belongs to the import: --to.")
REPEATED_ROWS = Rule("I16", NOTE, "Rows alike", "Compare them with their documents: the export may have them twice.")
# fmt: on


def together(findings: Iterable[Finding], form: dict[str, str]) -> Iterator[Finding]:
    """One finding for the cells of a column that share a rule; form: column letters -> what says how to read them."""
    groups: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        cell = address(finding.where)
        groups[finding.code, cell.sheet if cell else finding.where, cell.letters if cell else ""].append(finding)
    for (_, _, letters), group in groups.items():
        first = group[0]
        fix = form.get(letters, first.fix) if first.fix in SAY_WHICH.values() else first.fix
        yield replace(first, what=first.what + the_same_in([f.where for f in group]), fix=fix)
