"""Cells as Excel hands them over (Range.Value2), as the engine reads cells."""

from __future__ import annotations

from xlbackflush.engine.tables import CellError

_ERROR = -2146828288  # 0x800A0000: an error cell comes as this plus its number
_ERRORS = {
    2000: "#NULL!", 2007: "#DIV/0!", 2015: "#VALUE!", 2023: "#REF!", 2029: "#NAME?", 2036: "#NUM!", 2042: "#N/A",
    2043: "#GETTING_DATA", 2045: "#SPILL!", 2046: "#CONNECT!", 2047: "#BLOCKED!", 2048: "#UNKNOWN!", 2049: "#FIELD!",
    2050: "#CALC!", 2051: "#EXTERNAL!",
}  # fmt: skip
_UNKNOWN = "#ERROR!"  # errors of later versions of Excel are errors, too, whatever they are called


def decoded(cell: object) -> object:
    """One cell of Value2 as a reader of files gives it: str, float, bool, "" where blank, `CellError` for an error value.

    Numbers come as floats, so that an integer can only be the number of an error; a date is its serial number.
    """
    if cell is None:
        return ""
    if isinstance(cell, int) and not isinstance(cell, bool):
        number = cell - _ERROR
        return CellError(_ERRORS.get(number, _UNKNOWN)) if 2000 <= number < 3000 else float(cell)
    return cell
