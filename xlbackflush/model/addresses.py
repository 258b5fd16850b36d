"""Addresses of cells as findings have them: Counts!E14, and several of one column as one."""

from collections.abc import Sequence

from xlbackflush.dataclass import dataclass
from xlbackflush.late import pattern
from xlbackflush.model.words import listed

_ADDRESS = pattern(r"(?P<sheet>.+)!(?P<letters>[A-Z]+)(?P<row>\d+)")


@dataclass(frozen=True)
class Address:
    """The address of a cell taken apart."""

    sheet: str
    letters: str
    row: int


def address(where: str) -> Address | None:
    """The cell that a finding names, or None where it names none."""
    match = _ADDRESS.fullmatch(where)
    return Address(match["sheet"], match["letters"], int(match["row"])) if match else None


def together(wheres: Sequence[str]) -> str:
    """The cells of a column as one address: Counts!A7:A5006 where they follow one another, else the first."""
    cells = [cell for where in wheres if (cell := address(where))]
    rows = [cell.row for cell in cells]
    if len(rows) > 1 and rows == list(range(rows[0], rows[-1] + 1)):
        return f"{wheres[0]}:{cells[-1].letters}{rows[-1]}"
    return wheres[0]


def short(where: str) -> str:
    """The address of a cell without its sheet: E14."""
    return where.rpartition("!")[2]


def the_same_in(wheres: Sequence[str]) -> str:
    """A sentence on all cells but the first; "" where there are no others."""
    names = [short(where) for where in wheres[1:]]
    if len(names) < 2:
        return f" The same in {names[0]}." if names else ""
    return f" The same in {len(names):,} more cells: {listed(names)}."
