"""What users put on our output sheets, kept when a table is written anew.

    beside and above the table     notes, formulas, formats: stay where they are
    columns of their own           go with the row that they stand in, known by what names it; formulas are filled down
    formats, links, comments       of single cells and rows likewise
    below the table                stays, or moves down before a table that grows; what adds up the column goes on doing so
    total row, filter, order       stay part of the table

What stands in a row that is no longer there has no place: it is given back as a `Note`, for sheet Notes kept. A sheet on
which nothing is the user's is looked through once, for nothing else than that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.record import auditor_marks
from xlbackflush.late import pattern
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.cells import Block
from xlbackflush.ooxml.values import stored

#: what names a row, where that is not what people call it
_NAMES = {"Explanation": ("Where", "What"), "Findings": ("Code", "Where"), "Comparison": ("Section", "Line")}
GONE = "Its row is no longer in the table."
OURS = "The run writes this cell."
HINT_ROW = 4  # of the title rows; above it stand title, purpose and status, below it the units
_HINT = pattern(r"Run R\d|Last check: ")
_SMALLEST_UNIT = 4  # decimals in which amounts of the journal are compared: no currency has more


@dataclass(frozen=True)
class Note:
    """Something of a user's that could not stay: where it stood, in which row, what it said, and why it had to go."""

    sheet: str
    cell: str
    row: str
    text: str
    why: str


def notices(notes: Sequence[Note], moved: Sequence[str], sheet: str) -> list[str]:
    """What a user is told after a write: what moved, and what is on the sheet with what lost its place."""
    if not notes:
        return list(moved)
    count, cells = len(notes), ", ".join(f"{note.sheet}!{note.cell}" for note in notes[:3])
    where = f"{cells}{f' and {count - 3} more' if count > 3 else ''}"
    lost = (
        "1 of your entries lost its place and is"
        if count == 1
        else f"{count} of your entries lost their places and are"
    )
    return [f"{lost} now on sheet {sheet} ({where}).", *moved]


def is_hint(table: str, text: str) -> bool:
    """Whether a text in row 4 of a sheet is the hint of its table or names the last run, and is no text of a user's."""
    hint = schema.SHEET_OF[table].hint
    return bool(_HINT.match(text)) or bool(hint and text.endswith(hint))


def moved_down(sheet: str, row: int, down: int) -> str:
    """What a user is told of what had to make room for a table."""
    return f"On sheet {sheet}, what stood below the table from row {row} on moved down by {down}."


def names_of_rows(table: schema.Table) -> tuple[str, ...]:
    """The columns that together name a row of a table."""
    named = tuple(column for _, column, _, _ in Formatter().parse(table.row_name) if column)
    return _NAMES.get(table.name, named)


def homes(
    table: schema.Table, old: Mapping[str, Sequence[object]], new: Mapping[str, Sequence[object]]
) -> dict[int, int]:
    """Where the rows of a table are among new ones: position -> position; those that are no longer there are left out.

    Rows of the journal are the same posting; others have the same name, and several of one name keep their order.
    """
    height = max((len(column) for column in old.values()), default=0)
    if table is schema.JOURNAL:
        return auditor_marks.homes(old, new, range(height), _SMALLEST_UNIT)
    names = [name for name in names_of_rows(table) if name in old and name in new]
    names = [name for name in names if not any(isinstance(value, CellError) for value in old[name])]
    if not names:  # another program has saved them without what their formulas come to
        return {at: at for at in range(min(height, len(next(iter(new.values())))))}
    there: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, row in enumerate(zip(*(new[name] for name in names), strict=True)):
        there[tuple(map(text_of, row))].append(at)
    free: dict[tuple[str, ...], Iterator[int]] = {key: iter(places) for key, places in there.items()}
    matched = enumerate(zip(*(old[name] for name in names), strict=True))
    found = {at: next(free.get(tuple(map(text_of, row)), iter(())), None) for at, row in matched}
    return {at: home for at, home in found.items() if home is not None}


#: the columns of a row with content, and those with a formula
Shape = tuple[set[str], set[str]]


@dataclass(frozen=True)
class NewShape:
    """What the rows of a new body have in common: columns filled in all, live in all, and live in some of them."""

    always: set[str]
    all_live: set[str]
    live: set[str]

    @classmethod
    def of(cls, table: schema.Table, block: Block) -> NewShape:
        """That of a block whose columns are those of `schema`."""
        columns = list(zip(table.names, block.columns, strict=True))
        live = {name for name, cells in columns if any(cells.formulas or ())}
        all_live = {name for name, cells in columns if cells.formulas and all(cells.formulas)}
        full = {name for name, cells in columns if all(value not in (None, "") for value in cells.values)}
        return cls(full | all_live, all_live, live)


def is_like_ours(row: Shape, above: Sequence[Shape], new: NewShape) -> bool:
    """Whether the last row of a table looks like one of ours, and not like one that a user typed below it.

    above: the first row of the table, and others above this one; none where it is the only one.
    """
    filled, live = row
    if row in above:
        return True
    formulas: set[str] = set().union(*(live for _, live in above))
    if not new.always:  # nothing to compare it with but what stands above
        return not above or not (len(filled) == 1 or (live and live.isdisjoint(formulas)))
    expected = new.always & above[0][0] if above else new.always
    is_live = not new.all_live or not new.all_live.isdisjoint(live)
    return live <= new.live and len(expected - filled) * 2 < len(expected) and is_live


def text_of(value: object) -> str:
    """A cell as text, whichever program saved it."""
    plain = stored(value)
    return f"{plain:.12g}" if isinstance(plain, float) else str(plain if plain is not None else "")


def values_of(table: schema.Table, block: Block) -> dict[str, Sequence[object]]:
    """The values of a block whose columns are those of `schema`, by column."""
    return {name: cells.values for name, cells in zip(table.names, block.columns, strict=True)}
