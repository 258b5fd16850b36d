"""Changes: which cells of the inputs differ between two states of them, and the state with only some of the changes made.

Rows are told apart by what they hold, not by where they stand, so that a row put in above does not change all rows below:

    1. a row with the same cells in both is the same row
    2. of the others, rows with the same key are: the required columns that say what a row is about, such as the document
    3. of the others, rows between the same neighbours are, where at least half of their cells agree
    4. what is left was added or removed

Rows that only stand in another order are one change of the table. What a workbook lacks means the same as a blank, a
setting or role the same as its default: an upgrade, which adds them, changes no inputs.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import pairwise

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.inputs.snapshot import cell_text, stated
from xlbackflush.model.tables import Source, cell_words

CHANGED, ADDED, REMOVED, REORDERED = "Changed", "Added", "Removed", "Reordered"

#: kinds of required columns that say what a row is about; the others say how much
_KEY_KINDS = ("item", "choice", "text", "date")


@dataclass(frozen=True)
class Change:
    """One cell that changed, or one row that was added or removed (`column` is "", the cells of the row in was or now).

    where: the cell or row as it is addressed in the later state, of a removed row in the earlier one. old, new: position of
    the row among the rows of the table, -1 where it has none.
    """

    kind: str
    table: str
    column: str
    where: str
    was: object
    now: object
    old: int = -1
    new: int = -1

    def __str__(self) -> str:
        if self.kind == CHANGED:
            return f"{self.where}, {self.column}: was {cell_words(self.was)}, is {cell_words(self.now)}."
        return f"{self.where}: {self.kind.lower()}."


_NEAR = 8  # rows that are looked at, from the first that has no partner

Cells = tuple[Hashable, ...]
Pair = tuple[int, int]  # positions of a row in the old and in the new table; -1 where it is in one of them only


def changes(old: Mapping[str, Source], new: Mapping[str, Source]) -> list[Change]:
    """Everything that differs, table by table in the order of the new inputs, from top to bottom."""
    old, new = _same_tables(old, new)
    return [change for name in new for change in _of_table(old[name], new[name])]


def apply(old: Mapping[str, Source], new: Mapping[str, Source], chosen: Collection[Change]) -> dict[str, Source]:
    """The old inputs with only the chosen ones of `changes(old, new)` made; in tables with a change, rows in the new order."""
    was, now = _same_tables(old, new)
    by_table: dict[str, list[Change]] = defaultdict(list)
    for change in chosen:
        by_table[change.table].append(change)
    return {n: _applied(was[n], now[n], by_table[n]) if n in by_table else old.get(n, was[n]) for n in was}


def _same_tables(old: Mapping[str, Source], new: Mapping[str, Source]) -> tuple[dict[str, Source], dict[str, Source]]:
    """Both with all tables, but for what says nothing; a table that only the other has is empty in it."""
    names = [*new, *(name for name in old if name not in new)]

    def completed(these: Mapping[str, Source], those: Mapping[str, Source]) -> dict[str, Source]:
        return {n: stated(these[n] if n in these else replace(those[n], rows=[], row_numbers=[])) for n in names}

    return completed(old, new), completed(new, old)


def _of_table(old: Source, new: Source) -> list[Change]:
    names = _columns(old, new)
    was, now = _cells(old, names), _cells(new, names)
    pairs = align(old, new)
    differences: list[Change] = []
    for i, j in pairs:
        if j < 0:
            differences.append(Change(REMOVED, old.name, "", _row(old, names, i), tuple(was[i]), (), i, -1))
        elif i < 0:
            differences.append(Change(ADDED, new.name, "", _row(new, names, j), (), tuple(now[j]), -1, j))
        else:
            differences += [
                Change(CHANGED, new.name, name, new.cell(name, new.row_numbers[j]), a, b, i, j)
                for name, a, b in zip(names, was[i], now[j], strict=True)
                if a is not b and _token(a) != _token(b)
            ]
    if any(a > b for a, b in pairwise(i for i, j in pairs if min(i, j) >= 0)):
        differences.append(Change(REORDERED, new.name, "", new.range(names[0], names[-1]), (), ()))
    return [change for change in differences if not _means_the_same(change, names)]


def _means_the_same(change: Change, names: Sequence[str]) -> bool:
    """True of a setting or role with its default that was added or removed, and of the order of settings and roles."""
    if change.kind == REORDERED:
        return change.table in ("Setup", "Accounts")  # rows are known by name there
    if change.kind == CHANGED:
        return False
    row = dict(zip(names, (*change.was, *change.now), strict=True))  # type: ignore[misc]
    if change.table == "Setup":
        setting = next((s for s in schema.SETTINGS if s.name == str(row.get("Setting")).strip()), None)
        return setting is not None and row.get("Value") == setting.default
    default = schema.ROLES.get(str(row.get("Role")).strip())
    is_default = default is not None and (row.get("Account"), row.get("Name")) == default and not row.get("Class")
    return change.table == "Accounts" and is_default


def _applied(old: Source, new: Source, chosen: Sequence[Change]) -> Source:
    """One table with some of its changes."""
    names = _columns(old, new)
    was, now = _cells(old, names), _cells(new, names)
    cells = {(c.old, c.column): c.now for c in chosen if c.kind == CHANGED}
    removed = {c.old for c in chosen if c.kind == REMOVED}
    added = {c.new for c in chosen if c.kind == ADDED}
    rows = []
    for i, j in align(old, new):
        if i >= 0 and i not in removed:
            rows.append([cells.get((i, name), value) for name, value in zip(names, was[i], strict=True)])
        elif i < 0 and j in added:
            rows.append(now[j])
    numbers = list(range(old.first_row, old.first_row + len(rows)))
    last = max(old.last_row, old.first_row + len(rows) - 1)
    return replace(old, letters=new.letters | old.letters, last_row=last, columns=names, rows=rows, row_numbers=numbers)


def _columns(old: Source, new: Source) -> list[str]:
    """Names of the columns of either."""
    return list(dict.fromkeys([*old.columns, *new.columns]))


def _cells(source: Source, names: Sequence[str]) -> list[list[object]]:
    """The rows with these columns; one that the table does not have is blank."""
    if source.columns == names:
        return source.rows
    at = [source.columns.index(name) if name in source.columns else -1 for name in names]
    return [[row[k] if k >= 0 else "" for k in at] for row in source.rows]


def _row(source: Source, names: Sequence[str], i: int) -> str:
    """Address of a row: `Counts!A14:F14`."""
    number, last = source.row_numbers[i], [name for name in names if name in source.letters][-1]
    return f"{source.cell(names[0], number)}:{source.letters[last]}{number}"


def _token(cell: object) -> Hashable:
    """Something that is equal for equal cells only: 1.0 is not True, and not "1.0"."""
    if type(cell) is str:
        return cell
    return (cell,) if type(cell) is float else (cell_text(cell),)


def align(old: Source, new: Source) -> list[Pair]:
    """Which row became which. In the order of the new rows; a removed row follows the one that it followed before."""
    names = _columns(old, new)
    was, now = ([tuple(map(_token, row)) for row in _cells(source, names)] for source in (old, new))
    partner: dict[int, int] = {}  # position in new -> position in old
    _match(was, now, partner)
    if len(partner) < max(len(was), len(now)):
        known = schema.TABLES[old.name].columns if old.name in schema.TABLES else ()
        about = {column.name for column in known if column.required and column.kind in _KEY_KINDS}
        at = [k for k, name in enumerate(names) if name in about] or list(range(len(names)))
        _match([tuple(row[k] for k in at) for row in was], [tuple(row[k] for k in at) for row in now], partner)
        _match_neighbours(was, now, partner)
    removed = _followers(len(was), partner)
    pairs = [(i, -1) for i in removed[-1]]
    for j in range(len(now)):
        pairs.append((partner.get(j, -1), j))
        pairs += [(i, -1) for i in removed[partner[j]]] if j in partner else []
    return pairs


def _followers(count: int, partner: Mapping[int, int]) -> dict[int, list[int]]:
    """Row of the old table that has a partner -> the rows behind it that have none; -1: those before the first."""
    matched, last = set(partner.values()), -1
    followers: dict[int, list[int]] = defaultdict(list)
    for i in range(count):
        if i in matched:
            last = i
        else:
            followers[last].append(i)
    return followers


def _match(was: Sequence[Hashable], now: Sequence[Hashable], partner: dict[int, int]) -> None:
    """Make partners of rows that are the same, where they have none yet; of several, the first of the first."""
    taken = set(partner.values())
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    for i, row in enumerate(was):
        if i not in taken:
            waiting[row].append(i)
    for j, row in enumerate(now):
        if j not in partner and waiting[row]:
            partner[j] = waiting[row].popleft()


def _match_neighbours(was: Sequence[Cells], now: Sequence[Cells], partner: dict[int, int]) -> None:
    """Make partners of rows that follow the same row and are much alike."""
    followers, last, new = _followers(len(was), partner), -1, {}
    for j in range(len(now)):
        if j in partner:
            last = partner[j]
            continue
        near = next((i for i in followers[last][:_NEAR] if _alike(was[i], now[j])), None)
        if near is not None:
            followers[last].remove(near)
            new[j] = near
    partner |= new


def _alike(a: Cells, b: Cells) -> bool:
    """At least half of the cells that are filled in either row are the same."""
    filled = [x == y for x, y in zip(a, b, strict=True) if x or y]
    return 2 * sum(filled) >= len(filled)
