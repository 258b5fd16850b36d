"""Table Journal: its entries written out as rows, and read back as records.

A posted line never changes, so reading is strict: a cell that does not hold what a run has put there is named, and nothing
is guessed. One column is not part of what was posted: `Reversed by` follows from the column `Reverses` of a later entry.
Proof and Difference are live formulas, and no record of anything.
"""

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.model.journal import PostedEntry, PostedLine, Problem
from xlbackflush.model.money import from_minor, to_minor
from xlbackflush.model.tables import Source, cell_words, number_in

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


def fields(entry: PostedEntry, k: int) -> dict[str, Any]:
    """What the columns simply show of an entry and of one of its lines (k from 0), by field: "entry.run", "line.role"."""
    records = {"entry": entry, "line": entry.lines[k]}
    return {field: getattr(records[record], name) for field, (record, name) in _FIELDS.items()}


def _row(entry: PostedEntry, k: int, places: int) -> dict[str, Cell]:
    minor, values = entry.lines[k].minor, fields(entry, k)
    amount = from_minor(abs(minor), places)
    cells: dict[str, Cell] = {column: values[field] for column, field in _SHOWN.items()}
    cells |= {"Line": k + 1, "Debit": amount if minor > 0 else None, "Credit": amount if minor < 0 else None}
    return {name: None if cell == "" else cell for name, cell in cells.items()}


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
    rows = [_read(source, number, cells, places, problems) for number, cells in source.named_rows()]
    if all({"Entry", "Line"} <= row.values.keys() for row in rows):
        posted_order = sorted(rows, key=_position)
        # numbers with gaps or doubles are no sort, or not a sort alone: then the rows are taken as they stand
        if list(map(_position, rows)) != list(map(_position, posted_order)) and not _misnumbered(source, posted_order):
            problems.append(Problem(source.range("Entry", "Line"), _SORTED, _SORT_BACK, is_order=True))
            rows = posted_order
    problems += _misnumbered(source, rows)
    entries = []
    for group in _by_entry(rows):
        if all(len(row.values) == len(COLUMNS) for row in group):
            odd = list(_odd(source, group))
            problems += odd
            entries += [] if odd else [_entry(group)]
    return entries, problems


@dataclass(frozen=True)
class _Row:
    """A row of the sheet: its number, and what could be read of it."""

    number: int
    values: dict[str, Any]


def _read(source: Source, number: int, cells: Mapping[str, object], places: int, problems: list[Problem]) -> _Row:
    row = _Row(number, {})
    for name, read in COLUMNS.items():
        try:
            row.values[name] = read(cells[name], places)
        except OddError as odd:
            problems.append(Problem(source.cell(name, number), f"{name} is {odd}"))
    return row


def _by_entry(rows: Iterable[_Row]) -> list[list[_Row]]:
    """Rows that follow each other and are of one entry; without those of which the entry could not be read."""
    readable = (row for row in rows if "Entry" in row.values)
    return [list(group) for _, group in groupby(readable, key=lambda row: row.values["Entry"])]


def _position(row: _Row) -> tuple[int, int]:
    return row.values["Entry"], row.values["Line"]


def _misnumbered(source: Source, rows: Iterable[_Row]) -> list[Problem]:
    """Entries must be numbered 1, 2, 3, and the lines within each."""
    entries = _by_entry(rows)
    problems = [*_gaps(source, "Entry", [entry[0] for entry in entries])]
    for entry in entries:
        problems += _gaps(source, "Line", [row for row in entry if "Line" in row.values])
    return problems


def _gaps(source: Source, column: str, rows: Sequence[_Row]) -> Iterator[Problem]:
    """Numbers must go 1, 2, 3; a wrong one is reported once, not with everything after it."""
    wanted, next_ones = 1, {1}
    for row in rows:
        number = row.values[column]
        if number in next_ones:
            wanted, next_ones = number + 1, {number + 1}
        else:
            yield Problem(
                source.cell(column, row.number), f"{column} is {number}, where number {wanted} should follow."
            )
            next_ones = {wanted, wanted + 1, number + 1}  # it is too many, or another one changed, or follows a gap


def _odd(source: Source, group: Sequence[_Row]) -> Iterator[Problem]:
    """What is said of the whole entry must be the same in all its lines, and each has a debit or a credit."""
    number, first, last = group[0].values["Entry"], group[0].number, group[-1].number
    for name in (column for column, field in _SHOWN.items() if field.startswith("entry.")):
        if len({row.values[name] for row in group}) > 1:
            where = f"{source.cell(name, first)}:{source.letters[name]}{last}"
            yield Problem(where, f"{name} differs within entry {number}.")

    for row in group:
        if bool(row.values["Debit"]) == bool(row.values["Credit"]):
            yield Problem(source.cell("Debit", row.number), "A line has either a debit or a credit.")


def _entry(group: Sequence[_Row]) -> PostedEntry:
    lines = (
        PostedLine(minor=row.values["Debit"] - row.values["Credit"], row=row.number, **_of("line", row))
        for row in group
    )
    return PostedEntry(lines=tuple(lines), **_of("entry", group[0]))


def _of(record: str, row: _Row) -> dict[str, Any]:
    """The fields of an entry, or of a line, as a row shows them."""
    parts = ((*_FIELDS[field], row.values[column]) for column, field in _SHOWN.items())
    return {name: value for whose, name, value in parts if whose == record}


class OddError(ValueError):
    """A cell is not what its column holds; the message goes on after "Debit is "."""


Read = Callable[[object, int], object]


def _text(value: object, places: int = 0) -> str:
    """A text, perhaps blank; Excel may have made a number of one such as 1310."""
    number = number_in(value)
    if number is not None and number.is_integer():
        return str(int(number))
    if not isinstance(value, str):
        raise OddError(f"{cell_words(value)}; a text is expected.")
    return value


def _filled(value: object, places: int = 0) -> str:
    text = _text(value)
    if not text:
        raise OddError("blank.")
    return text


def _one_of(choices: Collection[str]) -> Read:
    def read(value: object, places: int) -> object:
        if value not in choices:
            raise OddError(f"{cell_words(value)}, which no run posts.")
        return value

    return read


def _whole(value: object, places: int = 0, most: float = math.inf, what: str = "a whole number") -> int:
    number = number_in(value)
    if number is None or not number.is_integer() or not 1 <= number <= most:
        raise OddError(f"{cell_words(value)}; {what} is expected.")
    return int(number)


def _link(value: object, places: int) -> int | None:
    return None if value == "" else _whole(value)


def _day(value: object, places: int) -> int:
    """Excel day number of a date, which may come as that number."""
    return (value - schema.DAY_0).days if type(value) is dt.date else _whole(value, places, _LAST_DAY, "a day")


def _amount(value: object, places: int) -> int:
    """Minor units; 0 where blank."""
    if value == "":
        return 0
    number = number_in(value)
    if number is None or not 0 < number < 1e15:
        raise OddError(f"{cell_words(value)}; an amount above zero is expected.")
    minor = to_minor(number, places)
    if from_minor(minor, places) != number:
        raise OddError(f"{cell_words(value)}, with more decimals than the currency has.")
    return minor


def _reader(column: schema.Column) -> Read:
    """How the cells of a column are read, given the decimals of the currency."""
    if column.choices:
        return _one_of(column.choices)
    if column.kind == "integer":
        return _whole if column.required else _link
    by_kind: dict[str, Read] = {"date": _day, "money": _amount, "text": _filled if column.required else _text}
    return by_kind[column.kind]


#: column -> how its cells are read
COLUMNS = {c.name: _reader(c) for c in schema.JOURNAL.columns if c.field or c.name in ("Line", "Debit", "Credit")}


#: columns that simply show a field of the entry, the same in all its lines, or of the line; and what record and name it has
_SHOWN = {c.name: c.field for c in schema.JOURNAL.columns if c.field}
_FIELDS = {field: tuple(field.split(".")) for field in _SHOWN.values()}
