"""Table Journal: its entries written out as rows, and read back as records.

A posted line never changes, so reading is strict: a cell that does not hold what a run has put there is named, and nothing
is guessed. One column is not part of what was posted: `Reversed by` follows from the column `Reverses` of a later entry.
Proof and Difference are live formulas, and no record of anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from xlbackflush import schema
from xlbackflush.model.journal import PostedEntry, PostedLine, Problem
from xlbackflush.model.money import from_minor, to_minor
from xlbackflush.model.tables import CellError, Source

Cell = str | float | int | None

_LAST_DAY = (dt.date(9999, 12, 31) - schema.DAY_0).days
_SORTED = "The journal is sorted otherwise than it was posted; its proofs add up the lines above them."
_SORT_BACK = (
    "Sort the table by Entry, then by Line, smallest first (Review > Unprotect Sheet, then Data > Sort), and run again."
)


# ------------------------------------------------------------------------------------------------- writing


def columns(entries: Sequence[PostedEntry], places: int) -> dict[str, list[Cell]]:
    """The entries as columns of table Journal, one cell for each line; dates as day numbers, amounts in money."""
    rows = [_row(entry, k, places) for entry in entries for k in range(len(entry.lines))]
    return {name: [row[name] for row in rows] for name in COLUMNS}


def _row(entry: PostedEntry, k: int, places: int) -> dict[str, Cell]:
    line = entry.lines[k]
    amount = from_minor(abs(line.minor), places)
    return {
        "Run": entry.run,
        "Entry": entry.number,
        "Line": k + 1,
        "Posting date": entry.date,
        "Event": entry.event,
        "Role": line.role,
        "Account": line.account,
        "Account name": line.name or None,
        "Debit": amount if line.minor > 0 else None,
        "Credit": amount if line.minor < 0 else None,
        "Description": entry.description,
        "Source": line.source or None,
        "Product": entry.product or None,
        "Reverses": entry.reverses,
        "Reversed by": entry.reversed_by,
        "Corrects": entry.corrects,
        "Seal": line.seal or None,
    }


# ------------------------------------------------------------------------------------------------- reading


def parse(source: Source, places: int) -> tuple[list[PostedEntry], list[Problem]]:
    """The entries of table Journal as read, and what is not as a run leaves it; an entry with such a cell is left out.

    places: decimals of the currency. Entries and their lines must be numbered without gaps. Rows that were sorted otherwise
    are read in their order all the same, and are one problem.
    """
    missing = [name for name in COLUMNS if name not in source.columns]
    if missing:
        return [], [Problem(source.sheet, f"Table {source.name} has no column {', '.join(missing)}.")]
    problems: list[Problem] = []
    rows = _sorted_back(source, [_read(source, i, places, problems) for i in range(len(source.rows))], problems)
    groups = [list(g) for _, g in groupby((r for r in rows if "Entry" in r.values), key=lambda r: r.values["Entry"])]
    problems += _numbered(source, "Entry", [group[0] for group in groups])
    entries = []
    for group in groups:
        problems += _numbered(source, "Line", [row for row in group if "Line" in row.values])
        if all(len(row.values) == len(COLUMNS) for row in group):
            odd = _uneven(source, group) + _one_sided(source, group)
            problems += odd
            entries += [] if odd else [_entry(group)]
    return entries, problems


@dataclass(frozen=True)
class _Row:
    """A row of the sheet: its number, and what could be read of it."""

    number: int
    values: dict[str, Any]


def _read(source: Source, i: int, places: int, problems: list[Problem]) -> _Row:
    cells = dict(zip(source.columns, source.rows[i], strict=True))
    row = _Row(source.row_numbers[i], {})
    for name, read in COLUMNS.items():
        try:
            row.values[name] = read(cells[name], places)
        except _OddError as odd:
            problems.append(Problem(source.cell(name, row.number), f"{name} is {odd}"))
    return row


def _sorted_back(source: Source, rows: list[_Row], problems: list[Problem]) -> list[_Row]:
    """The rows as they were posted, where they are all there and only stand in another order, as after a sort by account.

    The numbers are left as they are where they have gaps or doubles: then it was not a sort, or not a sort alone.
    """
    if not all({"Entry", "Line"} <= row.values.keys() for row in rows):
        return rows
    wanted = sorted(rows, key=_position)
    entries = [list(group) for _, group in groupby(wanted, key=lambda row: row.values["Entry"])]
    gaps = _numbered(source, "Entry", [entry[0] for entry in entries])
    gaps += [gap for entry in entries for gap in _numbered(source, "Line", entry)]
    if gaps or list(map(_position, rows)) == list(map(_position, wanted)):
        return rows
    problems.append(Problem(source.range("Entry", "Line"), _SORTED, _SORT_BACK, is_order=True))
    return wanted


def _position(row: _Row) -> tuple[int, int]:
    return row.values["Entry"], row.values["Line"]


def _numbered(source: Source, column: str, rows: Sequence[_Row]) -> list[Problem]:
    """Numbers must go 1, 2, 3; a wrong one is reported once, not with everything after it."""
    problems: list[Problem] = []
    wanted, next_ones = 1, {1}
    for row in rows:
        number = row.values[column]
        if number in next_ones:
            wanted, next_ones = number + 1, {number + 1}
        else:
            text = f"{column} is {number}, where number {wanted} should follow."
            problems.append(Problem(source.cell(column, row.number), text))
            next_ones = {wanted, wanted + 1, number + 1}  # it is too many, or another one changed, or follows a gap
    return problems


def _uneven(source: Source, group: Sequence[_Row]) -> list[Problem]:
    """What is said of the whole entry must be the same in all its lines."""
    number, first, last = group[0].values["Entry"], group[0].number, group[-1].number
    return [
        Problem(f"{source.cell(name, first)}:{source.letters[name]}{last}", f"{name} differs within entry {number}.")
        for name in _OF_ENTRY
        if len({row.values[name] for row in group}) > 1
    ]


def _one_sided(source: Source, group: Sequence[_Row]) -> list[Problem]:
    return [
        Problem(source.cell("Debit", row.number), "A line has either a debit or a credit.")
        for row in group
        if bool(row.values["Debit"]) == bool(row.values["Credit"])
    ]


def _entry(group: Sequence[_Row]) -> PostedEntry:
    run, number, date, event, description, product, reverses, corrects, by = (
        group[0].values[name] for name in ("Run", "Entry", *_OF_ENTRY[1:])
    )
    lines = tuple(
        PostedLine(
            v["Role"], v["Account"], v["Account name"], v["Debit"] - v["Credit"], v["Source"], v["Seal"], r.number
        )
        for r in group
        for v in (r.values,)
    )
    return PostedEntry(run, number, date, event, description, product, lines, reverses, corrects, by)


class _OddError(ValueError):
    """A cell is not what its column holds; the message goes on after "Debit is "."""


Read = Callable[[object, int], object]


def _cell_words(value: object) -> str:
    if value == "":
        return "blank"
    if isinstance(value, CellError):
        return f"the error {value.text}" if value.calculated else "a formula without a result"
    text = str(value)
    return f'"{text if len(text) <= 40 else text[:37] + "..."}"' if isinstance(value, str) else text


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: object, places: int = 0) -> str:
    """A text, perhaps blank; Excel may have made a number of one such as 1310."""
    number = _number(value)
    if number is not None and number.is_integer():
        return str(int(number))
    if not isinstance(value, str):
        raise _OddError(f"{_cell_words(value)}; a text is expected.")
    return value


def _filled(value: object, places: int = 0) -> str:
    text = _text(value)
    if not text:
        raise _OddError("blank.")
    return text


def _one_of(choices: Collection[str]) -> Read:
    def read(value: object, places: int) -> object:
        if value not in choices:
            raise _OddError(f"{_cell_words(value)}, which no run posts.")
        return value

    return read


def _whole(value: object, places: int = 0) -> int:
    number = _number(value)
    if number is None or not number.is_integer() or number < 1:
        raise _OddError(f"{_cell_words(value)}; a whole number is expected.")
    return int(number)


def _link(value: object, places: int) -> int | None:
    return None if value == "" else _whole(value)


def _day(value: object, places: int) -> int:
    """Excel day number of a date, which may come as that number."""
    if type(value) is dt.date:
        return (value - schema.DAY_0).days
    number = _number(value)
    if number is None or not number.is_integer() or not 1 <= number <= _LAST_DAY:
        raise _OddError(f"{_cell_words(value)}; a day is expected.")
    return int(number)


def _amount(value: object, places: int) -> int:
    """Minor units; 0 where blank."""
    if value == "":
        return 0
    number = _number(value)
    if number is None or not 0 < number < 1e15:
        raise _OddError(f"{_cell_words(value)}; an amount above zero is expected.")
    minor = to_minor(number, places)
    if from_minor(minor, places) != number:
        raise _OddError(f"{_cell_words(value)}, with more decimals than the currency has.")
    return minor


#: column -> how its cells are read, given the decimals of the currency
COLUMNS: dict[str, Read] = {
    "Run": _filled,
    "Entry": _whole,
    "Line": _whole,
    "Posting date": _day,
    "Event": _one_of(schema.EVENTS),
    "Role": _one_of(schema.ROLES),
    "Account": _filled,
    "Account name": _text,
    "Debit": _amount,
    "Credit": _amount,
    "Description": _filled,
    "Source": _text,
    "Product": _text,
    "Reverses": _link,
    "Reversed by": _link,
    "Corrects": _link,
    "Seal": _text,
}
_OF_ENTRY = ("Run", "Posting date", "Event", "Description", "Product", "Reverses", "Corrects", "Reversed by")
