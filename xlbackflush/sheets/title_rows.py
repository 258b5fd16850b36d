"""What stands around a table on every sheet: title, purpose, links, status, units, headers. Rows 1 to 6."""

from collections import Counter
from collections.abc import Mapping, Sequence

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.result import RunResult
from xlbackflush.model.journal import Run
from xlbackflush.model.words import several
from xlbackflush.ooxml.address import area, column_letter
from xlbackflush.ooxml.cells import Value, cell, row_xml
from xlbackflush.ooxml.package import MAIN
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.ooxml.xml import document, element
from xlbackflush.schema import HEADER_ROW, Sheet, Table

NOT_RUN = "Not run yet"
TABLE_STYLE = "TableStyleLight1"
STATUS = (
    f'IF(COUNTA(Runs[Run])=0,"{NOT_RUN}",'
    f'IF({schema.MASTER_CHECK}=0,"All checks hold",{schema.MASTER_CHECK}&" checks fail: see sheet Checks"))'
)
#: what a protected sheet allows all the same, by the attributes that forbid it
ALLOWED = ("formatColumns", "formatRows", "sort", "autoFilter", "pivotTables")
MASTER = 'COUNTIFS(Checks[Check],"?*")-COUNTIFS(Checks[Result],"OK")'  # an error value is a failure, too


def company_name(cell: str) -> str:
    """Formula of the company's name on About, from its cell on Setup: nothing where that is blank, not 0."""
    return f'IF({cell}="","",{cell})'


def status_text(ran: bool, failed: int) -> str:
    """What the status formula shows."""
    if not ran:
        return NOT_RUN
    return f"{failed} checks fail: see sheet Checks" if failed else "All checks hold"


@dataclass(frozen=True)
class Standing:
    """What the title rows say after a write: row 4 of each table's sheet, whether a run stands, how many checks fail."""

    hints: Mapping[str, str]
    ran: bool
    failed: int


def standing(result: RunResult, runs: Sequence[Run]) -> Standing:
    """What the title rows say after a run or a check."""
    run, count = result.run, Counter(finding.severity for finding in result.findings)
    hints = {"Findings": f"Last check: {', '.join(several(count[s], s.lower()) for s in schema.SEVERITIES)}."}
    if run:
        settings = result.period.settings
        line = f"Run {run.run}, {run.status.lower()}. {settings.company}, amounts in {settings.currency}."
        hints = {table.name: line for table in schema.OUTPUT_TABLES} | hints
    hints = {name: f"{line}   {schema.SHEET_OF[name].hint}" for name, line in hints.items()}
    failed = sum(not c.holds for c in result.period.checks) if run else int(result.failed)
    return Standing(hints, bool(runs), failed)


def letters(table: Table) -> dict[str, str]:
    """Column -> its letter on a new sheet."""
    return {column.name: column_letter(i) for i, column in enumerate(table.columns, table.first_col)}


@dataclass(frozen=True)
class HeadCell:
    """A cell of the title rows; `column` counts from 1."""

    column: int
    value: Value
    style: str
    formula: str = ""


def head_cells(sheet: Sheet, standing: Standing) -> list[list[HeadCell]]:
    """Rows 1 to 5: title, purpose, link to About with the status, hint or run, and units above the headers."""
    hint = next((hint for table in sheet.tables if (hint := standing.hints.get(table.name))), sheet.hint)
    status = HeadCell(2, status_text(standing.ran, standing.failed), "Status", STATUS)
    third = [HeadCell(1, "‹ About", "Link"), status]
    if sheet.name == "Checks":
        third[1:] = [HeadCell(2, standing.failed, "Check integer", MASTER), replace(status, column=3)]
    return [
        [HeadCell(1, sheet.name, "Title")],
        [HeadCell(1, f"{sheet.role}. {sheet.purpose}", "Purpose")],
        third,
        [HeadCell(1, hint, "Hint")],
        [HeadCell(t.first_col + i, c.unit, "Unit") for t in sheet.tables for i, c in enumerate(t.columns) if c.unit],
    ]


_NEW = Standing({}, ran=False, failed=0)
_HEIGHTS = (26, 18, 16, 16, 0)  # of rows 1 to 5, in points; 0: as Excel fits it


def head_rows(sheet: Sheet, styles: StyleSheet, standing: Standing = _NEW) -> list[str]:
    """Rows 1 to 5 as XML, by default those of a new workbook."""

    def row(number: int, cells: list[HeadCell]) -> str:
        each = (cell(f"{column_letter(c.column)}{number}", c.value, styles.xf(c.style), c.formula) for c in cells)
        return row_xml(number, "".join(each), _HEIGHTS[number - 1])

    return [row(number, cells) for number, cells in enumerate(head_cells(sheet, standing), 1)]


def header_row(tables: tuple[Table, ...], styles: StyleSheet, row: int = HEADER_ROW) -> str:
    """The header cells of all tables of a sheet."""
    names = ((name, letter) for table in tables for name, letter in letters(table).items())
    cells = "".join(cell(f"{letter}{row}", name, styles.xf("Heading")) for name, letter in names)
    return row_xml(row, cells, 30)


def table_xml(table: Table, number: int, header: int, last_row: int) -> str:
    """The table part of a table, from its row of headers to its last row."""
    ref = area((header, table.first_col, last_row, table.first_col + len(table.columns) - 1))
    columns = (element("tableColumn", id=i, name=c.name) for i, c in enumerate(table.columns, 1))
    plain = dict.fromkeys(("showFirstColumn", "showLastColumn", "showRowStripes", "showColumnStripes"), 0)
    root = element(
        "table",
        element("autoFilter", ref=ref),
        element("tableColumns", *columns, count=len(table.columns)),
        element("tableStyleInfo", name=TABLE_STYLE, **plain),
        xmlns=MAIN,
        id=number,
        name=table.name,
        displayName=table.name,
        ref=ref,
        totalsRowShown=0,
    )
    return document(root)
