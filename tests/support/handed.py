"""Tables of a workbook as VBA hands them over by COM, and what the engine answers for the same file."""

import datetime as dt
from pathlib import Path

import openpyxl
from openpyxl.utils.cell import range_boundaries

from xlbackflush import schema
from xlbackflush.engine.answers import Answers, answers
from xlbackflush.workbook.file import FileBook

Cells = tuple[tuple[object, ...], ...]


Handed = tuple[str, str, float, float, Cells, Cells]  # one table, as VBA hands it over


NEEDED = ("Setup", "Accounts", "StandardCost", "BOM", "Units")


def handed(path: Path, *names: str) -> list[Handed]:
    """Tables of a workbook by COM; by default those that the functions need."""
    book = openpyxl.load_workbook(path)
    found = []
    for sheet in book:
        for table in sheet.tables.values():
            if table.name in (names or NEEDED):
                column, row, _, _ = range_boundaries(table.ref)
                rows = tuple(tuple(by_com(cell.value) for cell in cells) for cells in sheet[table.ref])
                found.append((table.name, sheet.title, float(row), float(column), rows[:1], rows[1:]))
    return found


def by_com(value: object) -> object:
    """A cell as Value2 has it."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, dt.datetime):
        return float((value.date() - schema.DAY_0).days)
    return float(str(value))


def engine(path: Path) -> Answers:
    """What the engine answers for a file as it stands."""
    with FileBook(path) as book:
        loaded, errors = answers(book.read())
    assert loaded, errors
    return loaded
