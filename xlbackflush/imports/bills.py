"""Bills as other systems export them, as lines of parent, component and quantity per.

    level  item   qty          parent  component  qty
    0      BIKE                BIKE    WHEEL      2
    1      WHEEL  2       ->   WHEEL   SPOKE      36
    2      SPOKE  36

A path (1, 1.1, 1.1.2) says the same as a level. A subassembly that is listed under several parents has its lines once. A part
list names the places of a part (R1, R2, R5-R7) in place of a quantity, or has a line for each.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from xlbackflush.imports import names, rules
from xlbackflush.imports.mapping import INDENTED
from xlbackflush.imports.taking import Taken
from xlbackflush.model.finding import Finding
from xlbackflush.model.words import number, several, short_text

_DIGITS = re.compile(r"[.\s\-+>]*(\d+)")
_RANGE = re.compile(r"([A-Za-z_]+)(\d+)\s*(?:-|\.\.|to)\s*(?:\1)?(\d+)", re.I)
_BETWEEN = re.compile(r"[,;\s]+")
_TOP = -1  # in place of the row of a parent: the item that the file is about

#: row of the parent of each row (_TOP: none among the rows), and its code
Owners = tuple[list[int], list[str]]


def as_lines(taken: Taken) -> None:
    """The rows of a bill as lines; see the module."""
    columns = taken.columns
    level, path = columns.pop(names.LEVEL, None), columns.pop(names.PATH, None)
    if level is not None and taken.plan.columns[names.LEVEL].form == INDENTED:
        level = _indents(level)
    places = columns.pop(names.DESIGNATORS, None)
    if places is not None:
        _count_places(taken, places)
    if not len(taken.numbers):
        return
    parents = columns.get("Parent")
    if level is not None and _is_above_all(level, parents, columns["Component"]):
        _own(taken, _by_level(taken, level, parents))
    elif path is not None:
        _own(taken, _by_path(taken, path, parents))
    if places is not None:
        _sum_places(taken)


def _indents(cells: Any) -> Any:
    """Levels from the spaces before codes: the fewest are level 0."""
    spaces = [len(text) - len(text.lstrip()) for text in map(str, cells.tolist())]
    ranks = {count: rank for rank, count in enumerate(sorted(set(spaces)))}
    return np.array([ranks[count] for count in spaces], dtype=object)


def _is_above_all(level: Any, parents: Any, components: Any) -> bool:
    """Whether Parent is the item that the whole bill is for, so that the level says whose line a row is."""
    if parents is None or not any(parents.tolist()):
        return True
    levels = {value for value in map(_depth, level.tolist()) if value is not None}
    return len(levels) > 1 and not set(parents.tolist()) & set(components.tolist())


def _depth(cell: object) -> int | None:
    """A level: 2, 2.0, ..2."""
    if isinstance(cell, int | float):
        return int(cell)
    match = _DIGITS.match(str(cell).strip()) if cell is not None else None
    return int(match[1]) if match else None


def _by_level(taken: Taken, level: Any, parents: Any) -> Owners:
    """Owners from levels: the last row above that is one level higher."""
    components = taken.columns["Component"].tolist()
    depths = [_depth(cell) for cell in level.tolist()]
    known = [depth for depth in depths if depth is not None]
    top = min(known, default=0)
    latest: dict[int, int] = {}
    owners, codes = [], []
    for row, given in enumerate(depths):
        depth = top if given is None else given
        owner = latest.get(depth - 1, _TOP) if depth > top else _TOP
        if depth > top and owner == _TOP:
            what = f"Line {taken.numbers[row]:,} has level {depth}, and no line above it has level {depth - 1}."
            taken.findings.append(rules.BROKEN_BILL(taken.where(names.LEVEL, taken.numbers[row]), what))
        owners.append(owner)
        codes.append(components[owner] if owner != _TOP else str(parents[row]) if parents is not None else "")
        latest = {at: row_of for at, row_of in latest.items() if at < depth} | {depth: row}
    return owners, codes


def _by_path(taken: Taken, path: Any, parents: Any) -> Owners:
    """Owners from paths: 1.1.2 is a line of 1.1."""
    components = taken.columns["Component"].tolist()
    keys = [str(cell).strip().rstrip(".") if cell is not None else "" for cell in path.tolist()]
    at: dict[str, int] = {}
    owners, codes = [], []
    for row, key in enumerate(keys):
        if key in at and key:
            what = f"Path {key} stands in lines {taken.numbers[at[key]]:,} and {taken.numbers[row]:,}."
            fix = "If a spreadsheet made 1.1 of 1.10: export the paths as texts. Else correct the path in the file."
            taken.findings.append(rules.BROKEN_BILL(taken.where(names.PATH, taken.numbers[row]), what, fix=fix))
        at[key] = row
        owner = at.get(key.rpartition(".")[0], _TOP) if "." in key else _TOP
        if "." in key and owner == _TOP and parents is None:
            what = f"Path {key} in line {taken.numbers[row]:,} has no line {key.rpartition('.')[0]} above it."
            taken.findings.append(rules.BROKEN_BILL(taken.where(names.PATH, taken.numbers[row]), what))
        owners.append(owner)
        codes.append(components[owner] if owner != _TOP else str(parents[row]) if parents is not None else "")
    return owners, codes


def _own(taken: Taken, owned: Owners) -> None:
    """The rows with their parents; the item that the bill is for is no line, and a subassembly has its lines once."""
    owners, codes = owned
    taken.columns["Parent"] = np.array(codes, dtype=object)
    is_top = np.array([owner == _TOP and not code for owner, code in zip(owners, codes, strict=True)], dtype=bool)
    if is_top.all():
        what = "No line is above the others, and nothing says which item the bill is for."
        taken.findings.append(rules.BROKEN_BILL(taken.plan.where, what, fix='Name the item: --set "Parent=CODE".'))
        return
    repeated = _repeated(taken, owners, codes)
    taken.drop(is_top, "the made item itself")
    taken.drop(repeated[~is_top], "lines of a subassembly that are listed again")


def _repeated(taken: Taken, owners: Sequence[int], codes: Sequence[str]) -> Any:
    """Lines of a parent that has lines further up already; where they differ, which are right is asked."""
    groups: dict[str, dict[int, list[int]]] = defaultdict(dict)
    for row, (owner, code) in enumerate(zip(owners, codes, strict=True)):
        if code:
            groups[code].setdefault(owner, []).append(row)
    names_compared = [name for name in ("Component", "Qty per", "Scrap %") if name in taken.columns]
    columns = [taken.columns[name].tolist() for name in names_compared]
    repeated = np.zeros(len(owners), dtype=bool)
    for code, lists in groups.items():
        first, *others = lists.values()
        for rows in others:
            repeated[rows] = True
            one, other = (sorted(repr(tuple(values[r] for values in columns)) for r in each) for each in (first, rows))
            if one != other:
                lines = f"lines {taken.numbers[first[0]]:,} and {taken.numbers[rows[0]]:,}"
                what = f"The bill of {short_text(code)} is listed more than once, and not alike: see {lines} and what follows."
                taken.findings.append(rules.BROKEN_BILL(taken.where("Component", taken.numbers[rows[0]]), what))
    return repeated


def once_each(parts: Sequence[Taken]) -> list[Finding]:
    """A bill that several files have, once; where they do not have it alike, which is right is asked."""
    known: dict[str, tuple[Taken, list[str]]] = {}
    findings = []
    for taken in parts:
        names_compared = [name for name in taken.plan.table.names if name in taken.columns and name != "Note"]
        lines: dict[str, list[str]] = defaultdict(list)
        for cells in zip(*(taken.columns[name].tolist() for name in names_compared), strict=True):
            lines[str(cells[0])].append(repr(cells))
        again = [parent for parent in lines if parent in known]
        for parent in again:
            other, there = known[parent]
            if sorted(there) != sorted(lines[parent]):
                files = f"{other.plan.grid.label} and {taken.plan.grid.label}"
                what = f"The bill of {short_text(parent)} is in {files}, and not alike."
                findings.append(rules.BROKEN_BILL(taken.plan.where, what))
        gone = np.isin(taken.columns["Parent"].astype(str), again)
        taken.drop(gone, "lines of a bill that another file has")
        known |= {parent: (taken, rows) for parent, rows in lines.items() if parent not in known}
    return findings


# ---------------------------------------------------------------------------------------------- part lists


def places_in(text: object) -> int:
    """How many places a part list names: 3 for "R1, R2, R3", 4 for R5-R8."""
    rest, count = str(text or ""), 0
    for match in _RANGE.finditer(rest):
        count += abs(int(match[3]) - int(match[2])) + 1
    rest = _RANGE.sub(" ", rest)
    return count + len({place for place in _BETWEEN.split(rest) if place})


def _count_places(taken: Taken, places: Any) -> None:
    """A quantity from the places, where the file has none; a note where it has another one."""
    counts = np.array([places_in(place) for place in places.tolist()], dtype=np.float64)
    quantity = taken.columns.get("Qty per")
    heading = taken.plan.heading(names.DESIGNATORS)
    if quantity is None:
        taken.columns["Qty per"] = np.where(counts > 0, counts, np.nan)
        taken.drop(counts == 0, f'no "{heading}"')
        taken.notes.append(f'Qty per is the number of places in "{heading}".')
        return
    unlike = (counts > 0) & (quantity == quantity) & (counts != quantity)
    if np.count_nonzero(unlike):
        at = int(np.flatnonzero(unlike)[0])
        what = (
            f'"{heading}" names {number(counts[at])} places and the quantity is {number(quantity[at])}, '
            f"in line {taken.numbers[at]:,}; {several(int(unlike.sum()), 'such row')}."
        )
        fix = "Correct one of them in the file. The quantity was taken."
        taken.findings.append(rules.TOTAL_DIFFERS(taken.where("Qty per", taken.numbers[at]), what, fix=fix))


def _sum_places(taken: Taken) -> None:
    """One line for a component of a parent, where the list has one for each place."""
    columns = taken.columns
    keys = (
        list(zip(columns["Parent"].tolist(), columns["Component"].tolist(), strict=True)) if "Parent" in columns else []
    )
    summed_rows(taken, keys, ("Qty per",), "line for each place", "line for each component")


def summed_rows(taken: Taken, keys: Sequence[object], summed: Sequence[str], many: str, one: str) -> None:
    """Rows of the same key as one, with their sums; the first has all else."""
    first: dict[object, int] = {}
    groups = np.array([first.setdefault(key, row) for row, key in enumerate(keys)], dtype=np.int64)
    if len(first) == len(keys):
        return
    for name in summed:
        if name in taken.columns:
            values = taken.columns[name]
            sums = np.bincount(groups, np.nan_to_num(values), len(keys))
            taken.columns[name] = np.where(np.bincount(groups, values == values, len(keys)) > 0, sums, np.nan)
    taken.keep(groups == np.arange(len(keys)))
    taken.notes.append(f"{len(keys):,} rows, a {many}, were added up to {len(first):,}, a {one}.")
