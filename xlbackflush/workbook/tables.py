"""What both adapters know of a workbook of ours: its contract, its tables as the engine reads them, its runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xlbackflush import schema
from xlbackflush.engine.record.record import runs as runs
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.address import column_letter
from xlbackflush.ooxml.package import TablePart


def check_contract(book: str, tables: Mapping[str, TablePart]) -> None:
    """Every table of ours must be there, with the columns that a run needs. `book` is the workbook's name."""
    missing = [t for t in schema.TABLES if t not in tables]
    if missing:
        raise UnusableError(
            f"{book} is not a backflush workbook: it has no table {', '.join(missing[:3])}"
            f"{' and others' if len(missing) > 3 else ''}. Start from: xlbackflush new BOOK.xlsm"
        )
    for table in schema.INPUT_TABLES:
        lacking = table.lacking(tables[table.name].columns)
        if lacking:
            raise UnusableError(f"{book}: table {table.name} has no column {', '.join(lacking)}.")
    for table in schema.OUTPUT_TABLES:
        lacking = [name for name in table.names if name not in tables[table.name].columns]
        if lacking:
            raise UnusableError(
                f"{book}: table {table.name} has no column {', '.join(lacking)}; it was deleted, or an earlier version made "
                "the workbook. Start a new one, and copy the rows of the yellow sheets into it."
            )


def in_place(table: TablePart) -> bool:
    """True where a table stands where a new workbook has it, below title rows of ours."""
    return (table.header_row, table.first_col) == (schema.HEADER_ROW, schema.TABLES[table.name].first_col)


def place(table: TablePart) -> Source:
    """A table without its rows: where it stands."""
    return Source(table.name, table.sheet, table.letters, table.header_row + 1, table.last_row)


def filled(table: TablePart, rows: Iterable[list[object]], totals: int = 0) -> Source:
    """A table with its rows; a row with nothing in columns of ours is blank, whatever columns of the user hold.

    `rows` are those of the sheet from the first below the headers on, as wide as the table, "" where blank; `totals` is the
    number of total rows under the body.
    """
    source = place(table)
    source.columns = list(table.columns)
    known = schema.TABLES[table.name].names
    ours = [i for i, name in enumerate(source.columns) if name in known]
    for number, row in enumerate(rows, source.first_row):
        if all(value == "" for value in row):
            continue
        if number <= table.last_row:
            if all(row[i] == "" for i in ours):
                continue
            source.rows.append(row)
            source.row_numbers.append(number)
        elif number > table.last_row + totals:
            first = next(i for i, value in enumerate(row) if value != "")
            source.below.append(f"{table.sheet}!{column_letter(table.first_col + first)}{number}")
    return source
