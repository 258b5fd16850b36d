"""Recomputed sheets: what every output sheet holds, against what a run would write into it, cell by cell.

Seals and links guard the journal; all other sheets follow from it and from the inputs. A formula counts twice: by the value
that it was saved with, unless it has none, and as itself (see `recomputed_formulas`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from xlbackflush import schema
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle.recomputed_formulas import Formulas, Rows, how_to_mend
from xlbackflush.model.journal import Problem
from xlbackflush.model.tables import CellError, Source, absent
from xlbackflush.ooxml.values import stored
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import Sheets
from xlbackflush.sheets.registry import BODIES

#: tables that other commands fill, and those of the record, which has tests of its own
_NOT_OF_THE_RUN = {"Findings", "Explanation", "Sensitivity", "Suspects", "Runs", "RunInputs"}
#: tables that are compared
TABLES = tuple(table for table in schema.OUTPUT_TABLES if table.name not in _NOT_OF_THE_RUN)
NAMED = 5  # of the cells of a table that are named; the others are counted
#: more than the digits that a file or another program drops, less than any unit of money
_NOISE = 1e-6


def differing(
    result: RunResult, tables: Mapping[str, Source], formulas: Callable[[str], Rows], named: Collection[str] = ()
) -> list[Problem]:
    """Cells of the output tables that hold something else than the run gives.

    tables: all of the workbook, as read; formulas: of a table, as they stand; named: cells of which enough is said.
    """
    run = RunView(result, Sheets({table.name: absent(table) for table in schema.INPUT_TABLES} | dict(tables)))
    compared = Formulas(run.sheets, how_to_mend(run.run))
    problems: list[Problem] = []
    for table in TABLES:
        body, source = BODIES[table.name](run), tables[table.name]
        names = [c.name for c in table.columns if c.name in source.columns and c not in schema.AUDITOR]
        pairs = _pairs(table, names, body, source)
        values = list(_values(table, names, pairs, body, source))
        written = {name: body[name][1] for name in names}
        others = compared.differing(written, {row: at for at, row in pairs}, source, formulas(table.name))
        problems += _first(values, named) + _first(others, {*named, *(problem.where for problem in values)})
    return problems


def _first(problems: Iterable[Problem], named: Collection[str]) -> list[Problem]:
    """The first of the problems of a table, but for those of cells that are named already; the others are counted."""
    found = [problem for problem in problems if problem.where not in named]
    if len(found) <= NAMED:
        return found
    last, more = found[NAMED], len(found) - NAMED - 1
    what = f"Here and in {more} more cells likewise." if more else last.what
    return [*found[:NAMED], Problem(last.where, what, last.fix)]


def _pairs(table: schema.Table, names: Sequence[str], body: Body, source: Source) -> list[tuple[int, int]]:
    """Positions of a row in the body and in the workbook; -1 where it is in one of them only.

    Rows are matched by their names, the texts that a row begins with; rows of one name in their order. If as many rows are
    left on both sides, they are the same rows under another name. Names that are formulas without a result match nothing:
    then all rows are matched in their order.
    """
    shown, row_names = source.by_column(), _leading_texts(table, names)
    wanted = {key: at for at, key in enumerate(_numbered([body[name][0] for name in row_names]))}
    there = {key: row for row, key in enumerate(_numbered([shown[name] for name in row_names]))}
    if any(isinstance(cell, CellError) and not cell.calculated for name in row_names for cell in shown[name]):
        return list(zip_longest(wanted.values(), there.values(), fillvalue=-1))
    pairs = [(at, there[key]) for key, at in wanted.items() if key in there]
    missing = [at for key, at in wanted.items() if key not in there]
    added = [row for key, row in there.items() if key not in wanted]
    if len(missing) == len(added):
        return sorted([*pairs, *zip(missing, added, strict=True)])
    return [*sorted([*pairs, *((at, -1) for at in missing)]), *((-1, row) for row in added)]


def _values(
    table: schema.Table, names: Sequence[str], pairs: Sequence[tuple[int, int]], body: Body, source: Source
) -> Iterator[Problem]:
    """Cells that show another value, rows that are not there, and rows that should not be."""
    given, shown = {name: body[name][0] for name in names}, source.by_column()
    row_names = _leading_texts(table, names)
    for at, row in pairs:
        if row < 0:
            what = f"{table.name} has no row of {_words(given[name][at] for name in row_names)}."
            yield Problem(source.cell(names[0], source.first_row), what)
            continue
        number = source.row_numbers[row]
        if at < 0:
            what = f"The inputs give no row of {_words(shown[name][row] for name in row_names)}."
            yield Problem(source.cell(names[0], number), what)
            continue
        for name in names:
            value, right = shown[name][row], given[name][at]
            if value != right and not _same(value, right):
                what = f"{name} is {_text(value)}; the inputs give {_text(right)}."
                yield Problem(source.cell(name, number), what)


def _leading_texts(table: schema.Table, names: Sequence[str]) -> list[str]:
    """The columns that name a row: the first ones, as far as they hold text."""
    leading: list[str] = []
    for name in names:
        if table.column(name).kind not in ("text", "item", "choice"):
            break
        leading.append(name)
    return leading or list(names[:1])


def _numbered(columns: Sequence[Sequence[object]]) -> list[tuple[str, ...]]:
    """The name of each row, and its number among the rows of that name."""
    seen: dict[tuple[str, ...], int] = {}
    keys = []
    for row in zip(*columns, strict=True):
        key = tuple(map(_word, row))
        seen[key] = seen.get(key, 0) + 1
        keys.append((*key, str(seen[key])))
    return keys


def _word(cell: object) -> str:
    return "" if cell is None else str(stored(cell) or "")


def _words(cells: Iterable[object]) -> str:
    return ", ".join(filter(None, map(_word, cells)))


def _same(there: object, right: object) -> bool:
    """Equal but for noise. A formula without a result says nothing; that has a sentence of its own."""
    if isinstance(there, CellError):
        return not there.calculated
    value, wanted = stored(there), None if isinstance(right, float) and math.isnan(right) else stored(right)
    if isinstance(wanted, int | float):
        number = 0.0 if value is None else value
        return isinstance(number, int | float) and abs(number - wanted) <= _NOISE * max(1.0, abs(wanted))
    return value == wanted or (wanted is None and value == 0)


def _text(cell: object) -> str:
    if isinstance(cell, CellError):
        return cell.text
    if isinstance(cell, int | float):
        return "blank" if isinstance(cell, float) and math.isnan(cell) else f"{cell:,.6f}".rstrip("0").rstrip(".")
    return f'"{cell}"' if cell else "blank"
