"""Functions: the side of the cell functions that runs in Python; plain lists in and out, no Excel.

`load` takes the input tables of a workbook once for every state of its inputs, and hands back a row for every item, from
which VBA answers cost after cost without another call. `explosion` is asked once for every item that is exploded. What
can go wrong comes back as a sentence. Importing this module costs next to nothing; the engine is imported by `load`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlbackflush import schema

if TYPE_CHECKING:
    from xlbackflush.engine.answers import Answers
    from xlbackflush.model.tables import Source

Rows = list[list[object]]

#: how often each function was called, since the server started
calls: Counter[str] = Counter()

WIDTH = 4 + len(schema.ELEMENTS)  # of every row that `load` returns
SENTENCE = 250  # characters at most
TEXT = 255  # characters that Excel takes in a cell of an array
_books: dict[str, Answers] = {}  # by name of the workbook, in lower case

# ------------------------------------------------------------------------------------- what VBA calls


def load(book: str, tables: Sequence[Sequence[Any]]) -> Rows:
    """Take the inputs of a workbook.

    tables: (name, sheet, header row, first column, headers 1 x n, values m x n) of each input table, values as Value2 gives
    them. Setup, StandardCost, BOM and Units are looked at.

    Row 0 of the answer is [reason, number of items]; the reason is "" where the functions can answer, else a sentence, and
    there are no further rows. Each further row is an item: key, code, flushed cost per unit, unit cost, the five elements.
    """
    calls["load"] += 1
    _books.pop(book.lower(), None)
    try:
        loaded, reason = _answers(tables)
        if loaded is None:
            return [_padded([reason, 0])]
        rows: Rows = [[key, s.code, s.flushed, s.unit_cost, *s.elements] for key, s in loaded.standards.items()]
    except Exception as error:  # noqa: BLE001 - cells show a reason, never a traceback
        return [_padded([_fault(error), 0])]
    _books[book.lower()] = loaded
    return [_padded(["", len(rows)]), *rows]


def explosion(book: str, key: str) -> Rows:
    """Everything that is flushed with one unit of an item: key, code, description, UoM, quantity, unit cost, amount.

    The last row of a made item is its conversion, with the key "". Amounts add up to the flushed cost of `load`. KeyError
    where the workbook is not loaded (the server was started again), or has no such item.
    """
    calls["explosion"] += 1
    parts = _books[book.lower()].explode(key)
    return [[cell[:TEXT] if isinstance(cell, str) else cell for cell in part] for part in parts]


def new_workbook(path: str) -> str:
    """Write an empty workbook for this month, never over another file. Returns one sentence: Done or Stopped."""
    calls["new_workbook"] += 1
    return _ended(lambda: _new_workbook(Path(path)))


def upgrade_workbook(path: str) -> str:
    """Add to the file of a workbook, which is closed, what it lacks. Returns one sentence: Done or Stopped."""
    calls["upgrade_workbook"] += 1
    from xlbackflush.template.upgrade import upgrade

    return _ended(lambda: f"Done: {' '.join(upgrade(Path(path)).lines)}")


def import_into(path: str, files: str) -> str:
    """Rows from files, with | between their paths, into the file of a workbook, which is closed. Returns what came of it."""
    calls["import_into"] += 1
    from xlbackflush.imports.importing import import_files
    from xlbackflush.imports.mapping import Options
    from xlbackflush.workbook.file import FileBook

    def work() -> str:
        with FileBook(Path(path)) as book:
            return import_files(
                book, [Path(file) for file in files.split("|")], Options(), "", dt.datetime.now()
            ).sentence

    return _ended(work)


def _ended(work: Callable[[], str]) -> str:
    """The sentence in which work on a file ends, however it ends."""
    from xlbackflush.model.errors import RefusedError

    try:
        return _sentence(work())
    except RefusedError as error:
        return _sentence(f"Stopped: {error}")
    except OSError as error:
        return _sentence(f"Stopped: {Path(error.filename or 'the file').name} cannot be written: {error.strerror}.")
    except Exception as error:  # noqa: BLE001 - a user never sees a traceback
        return _sentence(f"Stopped: {_fault(error)}")


# ------------------------------------------------------------------------------------------- the answers


def _answers(tables: Sequence[Sequence[Any]]) -> tuple[Answers | None, str]:
    """The answers, or why there are none."""
    from xlbackflush.engine.answers import TABLES, answers

    given = {str(table[0]): table for table in tables}
    sources: dict[str, Source] = {}
    for table in TABLES:
        if table.name not in given and table not in schema.ESSENTIAL:
            continue  # an earlier version made the workbook
        if table.name not in given:
            return None, f"The workbook has no table {table.name}."
        source = _source(given[table.name])
        lacking = table.lacking(source.columns)
        if lacking:
            return None, _sentence(f"Table {table.name} has no column {', '.join(lacking)}.")
        sources[table.name] = source
    loaded, errors = answers(sources)
    if loaded is None:
        first, count = errors[0], f"{len(errors)} errors" if len(errors) > 1 else "1 error"
        which = "first at" if len(errors) > 1 else "at"
        return None, _sentence(f"{count} in the inputs, {which} {first.where}: {first.what} {first.fix}")
    return loaded, ""


def _source(table: Sequence[Any]) -> Source:
    """A table as it crosses COM (see `load`), as a table read: blank rows are left out, error values are marked."""
    from xlbackflush.ooxml.package import TablePart
    from xlbackflush.ooxml.values import decoded
    from xlbackflush.workbook.com import grid
    from xlbackflush.workbook.tables import filled

    name, sheet, header_row, first_column, headers, values = table
    rows = [[decoded(cell) for cell in row] for row in grid(values)]
    columns, top = tuple(map(str, grid(headers)[0])), int(header_row)
    return filled(TablePart(name, sheet, "", int(first_column), top, top + len(rows), columns), rows)


# ------------------------------------------------------------------------------------------------- words


def _padded(row: list[object]) -> list[object]:
    return row + [None] * (WIDTH - len(row))


def _sentence(text: str) -> str:
    """A text that Excel can show anywhere."""
    return text if len(text) <= SENTENCE else text[: SENTENCE - 3].rstrip() + "..."


def _fault(error: Exception) -> str:
    return _sentence(f"xlbackflush met a fault of its own ({type(error).__name__}: {error}). Please report it.")


# ------------------------------------------------------------------------------------------- the new file


def _new_workbook(path: Path) -> str:
    """What `new_workbook` does and says where all goes well."""
    import datetime as dt

    from xlbackflush.model.tables import month_of
    from xlbackflush.template.build import build
    from xlbackflush.workbook.open_file import check_new

    check_new(path)
    try:
        build(path, month_of(dt.date.today()), new=True)
    except FileExistsError:
        return f"Stopped: {path.name} exists already; choose another name."
    return f"Done: wrote {path.name}. Fill the yellow sheets, then run it."
