"""The auditor's own columns of table Journal, taken along when a run writes the table anew.

A tick says that a posting was looked at. It stays with the line for as long as the line is the same posting: the same run,
event, role, product and amount. Where the entry only moved to another number, it moves along; where the amount or the
account changed, nobody has looked at what stands there now, and what was written is handed back instead of kept or lost.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.model.money import to_minor

NAMES = tuple(column.name for column in schema.AUDITOR)

Columns = Mapping[str, Sequence[object]]
Posting = tuple[object, ...]


@dataclass(frozen=True)
class Lost:
    """What an auditor wrote beside a line that is no longer there; row: the line's row among the old ones, from 0."""

    row: int
    run: str
    entry: str
    line: str
    written: tuple[str, ...]


def keep_marks(old: Columns, new: Columns, places: int) -> tuple[dict[str, list[object]], list[Lost]]:
    """The auditor's columns for the new lines, and what fits none of them.

    old, new: table Journal by column, as read and as about to be written; places: decimals of the currency. A new line
    without an entry of the auditor is None in all columns.
    """
    values: dict[str, list[object]] = {name: [None] * _height(new) for name in NAMES}
    written = _written(old)
    there = homes(old, new, written, places)
    lost = []
    for row, marks in written.items():
        if row in there:
            for name, value in zip(NAMES, marks, strict=True):
                values[name][there[row]] = value
        else:
            texts = tuple("" if value is None else _text(value) for value in marks)
            lost.append(Lost(row, _text(_at(old, "Run", row)), *_number(old, row), texts))
    return values, lost


def homes(old: Columns, new: Columns, rows: Collection[int], places: int) -> dict[int, int]:
    """Where the postings of some old rows are among the new ones; a row whose posting is no longer there is left out.

    old, new, places: as in `keep_marks`; rows: of the old ones, from 0.
    """
    there: dict[int, int] = {}
    free_rows = _by_posting(new, range(_height(new)), places) if rows else {}
    for posting, alike in _by_posting(old, rows, places).items():
        free = {_number(new, home): home for home in free_rows.get(posting, ())}
        # a row whose number is there comes before those that have to move to the first line that is free
        for number, row in sorted(((_number(old, row), row) for row in alike), key=lambda each: each[0] not in free):
            if free:
                there[row] = free.pop(number if number in free else next(iter(free)))
    return there


def _written(old: Columns) -> dict[int, tuple[object, ...]]:
    """Rows in which the auditor wrote something: row -> the values of the auditor's columns, None where blank."""
    columns = [old.get(name) or [None] * _height(old) for name in NAMES]
    rows = (tuple(None if value == "" else value for value in row) for row in zip(*columns, strict=True))
    return {i: row for i, row in enumerate(rows) if any(value is not None for value in row)}


def _by_posting(table: Columns, rows: Iterable[int], places: int) -> dict[Posting, list[int]]:
    """Some rows by what makes lines the same posting, whatever their numbers."""

    def minor(name: str, row: int) -> int:
        value = _at(table, name, row)
        return to_minor(value, places) if isinstance(value, int | float) else 0

    alike: dict[Posting, list[int]] = defaultdict(list)
    for row in rows:
        texts = (str(_at(table, name, row) or "") for name in ("Run", "Event", "Role", "Product"))
        alike[*texts, minor("Debit", row) - minor("Credit", row)].append(row)
    return alike


def _number(table: Columns, row: int) -> tuple[str, str]:
    return _text(_at(table, "Entry", row)), _text(_at(table, "Line", row))


def _at(table: Columns, name: str, row: int) -> object:
    column = table.get(name)
    return column[row] if column else None


def _height(table: Columns) -> int:
    return len(table.get("Run") or ())


def _text(value: object) -> str:
    """A cell as text; a number without `.0`."""
    return f"{value:.15g}" if isinstance(value, float) else str(value if value is not None else "")
