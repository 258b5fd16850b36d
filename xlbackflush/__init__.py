"""Backflush costing in an Excel workbook: posted, provable, cell by cell."""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which is not loaded for it
if TYPE_CHECKING:
    import os

    import pandas as pd

__version__ = "0.1.0"


def tables(book: str | os.PathLike[str]) -> dict[str, pd.DataFrame]:
    """Every table of a workbook, input and output, as a pandas DataFrame, by its name.

    Units of a month by item, and a row of sheet Counts:

        >>> import xlbackflush
        >>> counts = xlbackflush.tables("2026-01.xlsm")["Counts"]
        >>> counts.groupby(["Item", "Event"])["Quantity"].sum()
        >>> counts.loc[14]

    Columns are named as on the sheet, in the order of a new workbook, and your own come last. Dates are datetime64
    without the time of day, numbers float64, row and entry numbers Int64; texts and codes are string, so that 0042 keeps its
    zeros, and so is Value on Setup. Blank cells are NA. The index, Sheet row, is the row on the sheet. A table or column that
    a workbook of an earlier version lacks is blank.

    An error value, or a cell that a run would not take, is NA, and a warning names it. Formulas have the value with which the
    file was saved: the workbook may be open in Excel, but what is not saved is not read. Nothing is written.

    Raises xlbackflush.model.errors.UnusableError, in the words of the command line, where the file is no workbook of ours.
    """
    from xlbackflush.workbook.dataframes import dataframes

    return dataframes(book)
