"""Recomputed sheets: what every output sheet shows, against what the same inputs give again, cell by cell.

Seals and links guard the journal; all other sheets follow from it and from the inputs. Formulas count with the values that
they were saved with; where one has no result, its column says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from xlbackflush import schema
from xlbackflush.engine.result import RunResult
from xlbackflush.model.journal import Problem
from xlbackflush.model.tables import CellError, Source
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


def differing(result: RunResult, tables: Mapping[str, Source]) -> list[Problem]:
    """Cells of the output tables that show something else than the run gives. tables: all of the workbook, as read."""
    run = RunView(result, Sheets(dict(tables)))
    problems: list[Problem] = []
    for table in TABLES:
        own = list(_of_table(table, BODIES[table.name](run), tables[table.name]))
        problems += own[:NAMED]
        if len(own) > NAMED:
            more = len(own) - NAMED - 1
            what = f"Here and in {more} more cells likewise." if more else own[NAMED].what
            problems.append(Problem(own[NAMED].where, what))
    return problems


def _of_table(table: schema.Table, body: Body, source: Source) -> Iterator[Problem]:
    """Rows are matched by their names, the texts that a row begins with; rows of one name in their order."""
    names = [c.name for c in table.columns if c.name in source.columns and c not in schema.AUDITOR]
    given = {name: body[name][0] for name in names}
    shown = source.by_column()
    row_names = _leading_texts(table, names)
    wanted = _numbered([given[name] for name in row_names])
    there = {key: at for at, key in enumerate(_numbered([shown[name] for name in row_names]))}
    for at, key in enumerate(wanted):
        if key not in there:
            yield Problem(source.cell(names[0], source.first_row), f"{table.name} has no row of {_words(key)}.")
            continue
        row = there.pop(key)
        for name in names:
            value, right = shown[name][row], given[name][at]
            if value != right and not _same(value, right):
                what = f"{name} is {_text(value)}; the inputs give {_text(right)}."
                yield Problem(source.cell(name, source.row_numbers[row]), what)
    for key, row in there.items():
        where = source.cell(names[0], source.row_numbers[row])
        yield Problem(where, f"The inputs give no row of {_words(key)}.")


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
        key = tuple("" if cell is None else str(stored(cell) or "") for cell in row)
        seen[key] = seen.get(key, 0) + 1
        keys.append((*key, str(seen[key])))
    return keys


def _words(key: tuple[str, ...]) -> str:
    return ", ".join(part for part in key[:-1] if part)


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
