"""The auditor's own columns of table Journal, taken along when a run writes the table anew.

A tick says that a posting was looked at. It stays with the line for as long as the line is the same posting: the same run,
event, role, product and amount. Where the entry only moved to another number, it moves along; where the amount or the
account changed, nobody has looked at what stands there now, and what was written is handed back instead of kept or lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlbackflush import schema
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
    if not written:
        return values, []
    waiting: dict[Posting, list[int]] = defaultdict(list)
    for row in written:
        waiting[_posting(old, row, places)].append(row)
    _hand_over(waiting, _homes(new, places), old, new, written, values)
    lost = sorted(row for rows in waiting.values() for row in rows)
    return values, [_lost(old, row, written[row]) for row in lost]


def _hand_over(
    waiting: dict[Posting, list[int]],
    homes: Mapping[Posting, list[int]],
    old: Columns,
    new: Columns,
    written: Mapping[int, tuple[object, ...]],
    values: Mapping[str, list[object]],
) -> None:
    """Give each entry its line: first where entry and line number are the same, then to the first alike that is free."""
    for posting, rows in waiting.items():
        free = list(homes.get(posting, ()))
        numbered = {_number(new, home): home for home in free}
        same = [(row, numbered.get(_number(old, row))) for row in rows]
        free = [home for home in free if home not in {home for _, home in same}]
        for row, home in same:
            target = home if home is not None else (free.pop(0) if free else None)
            if target is not None:
                rows.remove(row)
                for name, value in zip(NAMES, written[row], strict=True):
                    values[name][target] = value


def _written(old: Columns) -> dict[int, tuple[object, ...]]:
    """Rows in which the auditor wrote something: row -> the values of the auditor's columns, None where blank."""
    columns = [old.get(name) or [None] * _height(old) for name in NAMES]
    rows = ((i, tuple(None if _blank(v) else v for v in row)) for i, row in enumerate(zip(*columns, strict=True)))
    return {i: row for i, row in rows if any(value is not None for value in row)}


def _homes(new: Columns, places: int) -> dict[Posting, list[int]]:
    homes: dict[Posting, list[int]] = defaultdict(list)
    for i in range(_height(new)):
        homes[_posting(new, i, places)].append(i)
    return homes


def _posting(table: Columns, i: int, places: int) -> Posting:
    """What makes two lines the same posting, whatever their numbers."""
    texts = (str(_at(table, name, i) or "") for name in ("Run", "Event", "Role", "Product"))
    return (*texts, _minor(_at(table, "Debit", i), places) - _minor(_at(table, "Credit", i), places))


def _number(table: Columns, i: int) -> tuple[str, str]:
    return _text(_at(table, "Entry", i)), _text(_at(table, "Line", i))


def _minor(value: object, places: int) -> int:
    return to_minor(value, places) if isinstance(value, int | float) else 0


def _lost(old: Columns, row: int, written: Sequence[object]) -> Lost:
    texts = tuple("" if value is None else _text(value) for value in written)
    return Lost(row, _text(_at(old, "Run", row)), *_number(old, row), texts)


def _at(table: Columns, name: str, i: int) -> object:
    column = table.get(name)
    return column[i] if column else None


def _height(table: Columns) -> int:
    return len(table.get("Run") or ())


def _blank(value: object) -> bool:
    return value is None or value == ""


def _text(value: object) -> str:
    """A cell as text; a number without `.0`."""
    return f"{value:.15g}" if isinstance(value, float) else str(value if value is not None else "")
