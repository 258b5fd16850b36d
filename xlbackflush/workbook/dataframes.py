"""Every table of a workbook as a pandas DataFrame, for notebooks. Only who asks for them loads pandas.

A cell is read as a run reads it (`accept`); what a run would not take is NA, and a warning names the cell and the reason.
"""

import datetime as dt
import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.inputs.typed import typed
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import Floats
from xlbackflush.model.finding import Finding
from xlbackflush.model.tables import CellError, Source, absent
from xlbackflush.model.words import number
from xlbackflush.schema import Column, Table
from xlbackflush.schema.table import Kind
from xlbackflush.workbook.file import FileBook

_NAMED_MAX = 10  # cells in one warning
_DAY_0 = np.datetime64(schema.DAY_0)


def dataframes(path: str | os.PathLike[str]) -> dict[str, pd.DataFrame]:
    """See `xlbackflush.tables`, whose caller is shown as the place of a warning."""
    findings: list[Finding] = []
    with FileBook(Path(path), complete=False, to_write=False) as book:
        there = book.package.tables
        sources = {name: book.table(name) if name in there else absent(table) for name, table in schema.TABLES.items()}
        frames = {name: _frame(source, schema.TABLES[name], findings) for name, source in sources.items()}
    if findings:
        warnings.warn(f"{book.path.name}: {_in_words(findings)}", stacklevel=3)
    return frames


def _frame(source: Source, table: Table, findings: list[Finding]) -> pd.DataFrame:
    """One table; a column that the workbook does not have is blank."""
    cells, rows = source.by_column(), len(source.rows)
    others = (Column(name, "", kind=_kind(cells[name])) for name in source.columns if name not in table.names)
    columns = {
        column.name: _values(cells.get(column.name) or [""] * rows, source, column, findings)
        for column in (*table.columns, *others)
    }
    return pd.DataFrame(columns, index=pd.Index(source.row_numbers, dtype="int64", name="Sheet row"))


def _values(cells: list[object], source: Source, column: Column, findings: list[Finding]) -> Any:
    """The cells of one column in the dtype of its kind."""
    values = typed(cells, source, replace(column, required=False), findings)
    if column.kind == "date":
        return _dates(values)
    if column.kind == "integer":
        return pd.array(_whole(values, source, column, findings), dtype="Int64")
    if column.kind in schema.NUMERIC:
        return values
    values[values == ""] = pd.NA
    return pd.array(values, dtype="string")


def _dates(days: Floats) -> Any:
    """Day numbers as dates. Counted in seconds, for 9999-12-31 is beyond what nanoseconds can say."""
    dates = np.full(len(days), "NaT", dtype="datetime64[s]")
    given = ~np.isnan(days)
    dates[given] = _DAY_0 + days[given].astype(np.int64)
    return dates


def _whole(values: Floats, source: Source, column: Column, findings: list[Finding]) -> Floats:
    """Numbers, less those with a fraction, which cannot be a row, a rank or an entry."""
    for i in np.flatnonzero(values % 1 > 0):
        where = source.cell(column.name, source.row_numbers[i])
        findings.append(f.WRONG_TYPE(where, f"{column.name} is {number(values[i])}; a whole number is expected."))
        values[i] = np.nan
    return values


def _kind(cells: Iterable[object]) -> Kind:
    """What a column of the user's own holds: days or numbers, where it holds nothing else; else text, as are times of day."""
    given = [cell for cell in cells if cell != "" and not isinstance(cell, CellError)]
    if given and all(type(cell) is dt.date for cell in given):
        return "date"
    if given and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in given):
        return "quantity"
    return "text"


def _in_words(findings: list[Finding]) -> str:
    """Which cells are NA although they are not blank, and why; of many, the first."""
    lines = [
        f"{len(findings)} cells cannot be used, and are NA:" if findings[1:] else "1 cell cannot be used, and is NA:"
    ]
    lines += [f"{finding.where}: {finding.what}" for finding in findings[:_NAMED_MAX]]
    if len(findings) > _NAMED_MAX:
        lines.append(f"and {len(findings) - _NAMED_MAX} more")
    return "\n".join(lines)
