"""Headers: columns and settings under another name, so that what is renamed or deleted is not read as blank in silence.

A name that is not ours is taken for a missing one of ours where the two are much alike ("Labour rate" for Labor rate), have
words in common ("Count" for Counted qty), or where it stands in its place and holds what belongs there.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from xlbackflush import schema
from xlbackflush.late import pattern
from xlbackflush.model import finding as f
from xlbackflush.model.tables import Source, number_in

#: words as we spell them
_SPELLED = {
    "labour": "labor", "qty": "quantity", "qnty": "quantity", "quant": "quantity", "amt": "amount", "desc": "description",
    "hrs": "hour", "pct": "percent", "ref": "reference", "mat": "material", "var": "variable",
}  # fmt: skip
_WORD = pattern(r"[^\W\d_]+|\d+")
_SHORTEST = 3  # letters of a word that stands for a longer one

Fits = Callable[[str, str], bool]


def header_findings(source: Source, table: schema.Table) -> Iterator[f.Finding]:
    """What is wrong with the headers of a table: renamed, deleted, close to another, not those of the table."""
    if not source.columns:
        return
    row = source.first_row - 1
    had = [c for c in table.columns if c.since <= source.version]
    missing = [c.name for c in had if c.name not in source.columns]
    taken = renamed(source.columns, table.names, missing, lambda name, column: _holds(source, table, name, column))
    for name, column in taken.items():
        text = f'Column "{name}" of table {source.name} is not read; {column} is missing.'
        fix = f"Call it {column} again; or, if it is a column of your own, have {column} added: xlbackflush upgrade."
        yield f.RENAMED_COLUMN(source.cell(name, row), text, fix=fix)
    for column in missing:
        if column not in taken.values():
            others = (name for name in source.columns if name not in table.names and name not in taken)
            place = [name for name in others if column in _around(source.columns, table.names, name)]
            stands = f' Column "{place[0]}", which stands in its place, is not read.' if place else ""
            text = f"Table {source.name} has no column {column}; it is taken as blank.{stands}"
            yield f.LOST_COLUMN(source.cell(place[0] if place else column, row), text)
    for name in source.columns:
        if name not in table.names and name not in taken:
            near = next((column for column in table.names if alike(name, column)), "")
            if near:
                text = f'"{name}" is not read; a column of table {source.name} is called {near}.'
                yield f.SIMILAR_COLUMN(source.cell(name, row), text)
    for name, shown in source.misnamed.items():
        text = f'The cell above column {name} of table {source.name} reads "{shown}".'
        yield f.OTHER_HEADER(source.cell(name, row), text)


def renamed(names: Sequence[str], known: Sequence[str], missing: Sequence[str], fits: Fits) -> dict[str, str]:
    """Names that are not ours -> the missing one that each seems to be.

    names: as they stand; known: all of ours, in order; fits: whether what stands under a name can be that of ours.
    """
    taken: dict[str, str] = {}
    others = [name for name in names if name not in known]
    for test in (alike, _in_common):
        for name in others:
            near = [ours for ours in missing if ours not in taken.values() and test(name, ours)]
            if near and name not in taken:
                taken[name] = min(near, key=lambda ours: _distance(_joined(name), _joined(ours)))
    for name in others:
        place = [ours for ours in _around(names, known, name) if ours in missing and ours not in taken.values()]
        suitable = [ours for ours in place if fits(name, ours)]
        if suitable and name not in taken:
            taken[name] = suitable[0]
    return taken


def _around(names: Sequence[str], known: Sequence[str], name: str) -> Sequence[str]:
    """Those of ours that belong between the nearest ones before and behind a name that is not ours."""
    at = names.index(name)
    before = next((known.index(name) for name in reversed(names[:at]) if name in known), -1)
    behind = next((known.index(name) for name in names[at + 1 :] if name in known), len(known))
    return known[before + 1 : behind]


def _holds(source: Source, table: schema.Table, name: str, column: str) -> bool:
    """Whether a column holds what belongs into one of ours, and would be lost: numbers, days, choices."""
    ours, at = table.column(column), source.columns.index(name)
    cells = [row[at] for row in source.rows if row[at] not in ("", None)]
    if ours.kind == "date":
        return any(isinstance(cell, dt.date) for cell in cells)
    if ours.kind == "choice":
        choices = {choice.casefold() for choice in ours.choices}
        return any(str(cell).strip().casefold() in choices for cell in cells)
    return ours.kind in schema.NUMERIC and any(number_in(cell) is not None for cell in cells)


def alike(one: str, other: str) -> bool:
    """Whether two names differ by case, spaces, punctuation, spelling, or by a letter in five."""
    a, b = _joined(one), _joined(other)
    return bool(a) and (a == b or _distance(a, b) <= max(len(a), len(b)) // 5)


def _in_common(one: str, other: str) -> bool:
    """Whether all words of one name stand in the other, perhaps shortened."""
    fewer, more = sorted((_words(one), _words(other)), key=len)
    return bool(fewer) and all(any(_same(word, longer) for longer in more) for word in fewer)


def _same(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= _SHORTEST and long.startswith(short))


def _words(name: str) -> list[str]:
    words = [_SPELLED.get(word, word) for word in _WORD.findall(name.replace("%", " percent ").casefold())]
    return [word.removesuffix("s") if len(word) > _SHORTEST else word for word in words]


def _joined(name: str) -> str:
    return "".join(_words(name))


def _distance(one: str, other: str) -> int:
    """How many letters are to be put in, left out or replaced (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]
