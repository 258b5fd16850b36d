"""What stands around a table on every sheet: title, purpose, links, status, units, headers. Rows 1 to 6."""

from __future__ import annotations

from xlbackflush import layout
from xlbackflush.excel.package import column_letter
from xlbackflush.excel.sheet import cell
from xlbackflush.excel.styles import StyleSheet
from xlbackflush.layout import HEADER_ROW, Sheet, Table

STATUS = (
    'IF(COUNTA(Runs[Run])=0,"Not run yet",'
    f'IF({layout.MASTER_CHECK}=0,"All checks hold",{layout.MASTER_CHECK}&" checks fail: see sheet Checks"))'
)
MASTER = 'COUNTIFS(Checks[Check],"?*")-COUNTIFS(Checks[Result],"OK")'  # an error value is a failure, too


def status_text(ran: bool, failed: int) -> str:
    """What the status formula shows."""
    if not ran:
        return "Not run yet"
    return f"{failed} checks fail: see sheet Checks" if failed else "All checks hold"


def head_rows(sheet: Sheet, styles: StyleSheet, run_line: str = "", ran: bool = False, failed: int = 0) -> list[str]:
    """Rows 1 to 5: title, purpose, link to About with the status, hint or run, and units above the headers."""
    status = status_text(ran, failed)
    third = cell("A3", "‹ About", styles.xf("Link"))
    if sheet.name == "Checks":
        third += cell("B3", failed, styles.xf("Check integer"), MASTER) + cell(
            "C3", status, styles.xf("Status"), STATUS
        )
    else:
        third += cell("B3", status, styles.xf("Status"), STATUS)
    hint = f"{run_line}   {sheet.hint}" if run_line else sheet.hint
    return [
        f'<row r="1" ht="26" customHeight="1">{cell("A1", sheet.name, styles.xf("Title"))}</row>',
        f'<row r="2" ht="18" customHeight="1">{cell("A2", f"{sheet.role}. {sheet.purpose}", styles.xf("Purpose"))}</row>',
        f'<row r="3" ht="16" customHeight="1">{third}</row>',
        f'<row r="4" ht="16" customHeight="1">{cell("A4", hint, styles.xf("Hint"))}</row>',
        f'<row r="{HEADER_ROW - 1}">{"".join(_units(t, styles) for t in sheet.tables)}</row>',
    ]


def _units(table: Table, styles: StyleSheet) -> str:
    return "".join(
        cell(f"{column_letter(table.first_col + i)}{HEADER_ROW - 1}", c.unit, styles.xf("Unit"))
        for i, c in enumerate(table.columns)
        if c.unit
    )


def header_row(tables: tuple[Table, ...], styles: StyleSheet, row: int = HEADER_ROW) -> str:
    """The header cells of all tables of a sheet."""
    cells = "".join(
        cell(f"{column_letter(t.first_col + i)}{row}", c.name, styles.xf("Heading"))
        for t in tables
        for i, c in enumerate(t.columns)
    )
    return f'<row r="{row}" ht="30" customHeight="1">{cells}</row>'


def table_xml(table: Table, number: int, first_col: int, header: int, last_row: int) -> str:
    """The table part of a table."""
    first, last = column_letter(first_col), column_letter(first_col + len(table.columns) - 1)
    ref = f"{first}{header}:{last}{last_row}"
    columns = "".join(f'<tableColumn id="{i}" name="{c.name}"/>' for i, c in enumerate(table.columns, 1))
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        f'id="{number}" name="{table.name}" displayName="{table.name}" ref="{ref}" totalsRowShown="0">'
        f'<autoFilter ref="{ref}"/><tableColumns count="{len(table.columns)}">{columns}</tableColumns>'
        '<tableStyleInfo name="TableStyleLight1" showFirstColumn="0" showLastColumn="0" showRowStripes="0" '
        'showColumnStripes="0"/></table>'
    )
