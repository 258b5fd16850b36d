"""Addresses of cells as Excel writes them: columns in letters, rows from 1, names of sheets in quotes where they need them."""

import re
from collections.abc import Sequence
from functools import cache

from xlbackflush.model.errors import UnusableError

#: top, left, bottom and right of a range of cells, from 1
Box = tuple[int, int, int, int]

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
CELL = r"\$?([A-Z]{1,3})\$?([0-9]+)"  # a pattern: column and row of a cell
SHEET = r"'(?:[^']|'')+'"  # a pattern: a sheet that has to be quoted

_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]+|(?=.)([Rr][0-9]*)?([Cc][0-9]*)?")  # A1, R1C1, RC, C
_CORNER = re.compile(r"(?=.)(?:\$?([A-Z]{1,3}))?(?:\$?(\d+))?")
_LONGEST = 240  # characters of an address that Range takes: 255


@cache
def column_letter(number: int) -> str:
    """Column number from 1 as letters: 1 A, 27 AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@cache
def column_number(letters: str) -> int:
    """Letters of a column as its number from 1: A 1, AA 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def split_cell(cell: str) -> tuple[int, int]:
    """Column and row, from 1, of an address: "C5" is (3, 5)."""
    match = re.fullmatch(CELL, cell)
    if not match:
        raise UnusableError(f"A table of the workbook has the address {cell!r}, which is not a range.")
    return column_number(match[1]), int(match[2])


def fixed(cell: str) -> str:
    """An address that does not move when its formula is copied: B9 -> $B$9."""
    column, row = split_cell(cell)
    return f"${column_letter(column)}${row}"


# -------------------------------------------------------------------------------------------------- sheets


def quoted(sheet: str) -> str:
    """Sheet name as formulas write it: Standard Cost -> 'Standard Cost'."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", sheet) and not _LIKE_A_CELL.fullmatch(sheet):
        return sheet
    return "'" + sheet.replace("'", "''") + "'"


def unquoted(sheet: str) -> str:
    """Sheet name from how a formula writes it: 'Standard Cost' -> Standard Cost."""
    return sheet[1:-1].replace("''", "'") if re.fullmatch(SHEET, sheet) else sheet


def link_target(where: str) -> str:
    """A cell or range, such as Standard Cost!E9, as a text inside a formula links to it: 'Standard Cost'!E9."""
    sheet, cells = where.rsplit("!", 1)
    return f"{quoted(sheet)}!{cells}".replace('"', '""')


# -------------------------------------------------------------------------------------------------- ranges


def area(box: Box) -> str:
    """A box as an area: B7:D20."""
    top, left, bottom, right = box
    return f"{column_letter(left)}{top}:{column_letter(right)}{bottom}"


def areas(box: Box, numbers: Sequence[int]) -> list[str]:
    """Only these rows of a box, counted from 0: one area for each run of them."""
    top, left, _, right = box
    breaks = [i for i in range(1, len(numbers)) if numbers[i] != numbers[i - 1] + 1]
    spans = zip([0, *breaks], [*breaks, len(numbers)], strict=True)
    return [area((top + numbers[start], left, top + numbers[end - 1], right)) for start, end in spans]


def addresses(parts: Sequence[str]) -> list[str]:
    """Areas as addresses of several areas each, as long as Excel takes them."""
    joined: list[str] = []
    for part in parts:
        if joined and len(joined[-1]) + len(part) < _LONGEST:
            joined[-1] += f",{part}"
        else:
            joined.append(part)
    return joined


def box_of(address: str) -> Box:
    """The box of one area: B7:D20, as Range.Address gives it ($B$7:$D$20), or whole columns and rows ($B:$D, $7:$20)."""
    first, last = _CORNER.fullmatch(address.split(":")[0]), _CORNER.fullmatch(address.split(":")[-1])
    if not first or not last:
        raise UnusableError(f"Excel gave the address {address!r}, which is not one range of cells.")
    return (
        int(first[2] or 1), column_number(first[1] or "A"),
        int(last[2] or LAST_ROW), column_number(last[1]) if last[1] else LAST_COLUMN,
    )  # fmt: skip
