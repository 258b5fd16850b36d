"""The auditor's own columns of table Journal, taken along when a run writes the table anew.

A tick says that a posting was looked at. It stays with the line for as long as the line is the same posting: the same run,
event, role, product and amount. Where the entry only moved to another number, it moves along; where the amount or the
account changed, nobody has looked at what stands there now, and what was written is handed back instead of kept or lost.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

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
    lost = []
    homes = _by_posting(new, range(_height(new)), places) if written else {}
    for posting, rows in _by_posting(old, written, places).items():
        free = {_number(new, home): home for home in homes.get(posting, ())}
        # a row whose number is there comes before those that have to move to the first line that is free
        for number, row in sorted(
            ((_number(old, row), row) for row in rows), key=lambda numbered: numbered[0] not in free
        ):
            if free:
                home = free.pop(number if number in free else next(iter(free)))
                for name, value in zip(NAMES, written[row], strict=True):
                    values[name][home] = value
            else:
                texts = tuple("" if value is None else _text(value) for value in written[row])
                lost.append(Lost(row, _text(_at(old, "Run", row)), *number, texts))
    return values, sorted(lost, key=lambda each: each.row)


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
