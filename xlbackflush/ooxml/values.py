"""Cells between Excel's Value2, what the engine reads, and what a workbook stores."""

import datetime as dt

from xlbackflush import schema
from xlbackflush.model.tables import CellError, day_number
from xlbackflush.model.text import shortened

_ERROR = -2146828288  # 0x800A0000: an error cell comes as this plus its number
_ERRORS = {
    2000: "#NULL!", 2007: "#DIV/0!", 2015: "#VALUE!", 2023: "#REF!", 2029: "#NAME?", 2036: "#NUM!", 2042: "#N/A",
    2043: "#GETTING_DATA", 2045: "#SPILL!", 2046: "#CONNECT!", 2047: "#BLOCKED!", 2048: "#UNKNOWN!", 2049: "#FIELD!",
    2050: "#CALC!", 2051: "#EXTERNAL!",
}  # fmt: skip
_UNKNOWN = "#ERROR!"  # errors of later versions of Excel are errors, too, whatever they are called

_MIDNIGHT = dt.datetime.combine(schema.DAY_0, dt.time())
_DAY = dt.timedelta(1)
_DAYS = 2_958_466  # days from day 0 to the end of the year 9999
_MILLISECONDS = 86_400_000  # of a day


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


def dated(serial: float) -> object:
    """A serial number in a cell that shows a date or a time, as a reader of files gives it: to the millisecond.

    Excel counts a day that never was, 1900-02-29, as day 60; days before it are one later than they seem. The day is the one
    that Excel shows: the next one where the serial number differs from it beyond its first 15 digits only, not where the
    time alone is rounded.
    """
    if not 0 <= serial < _DAYS:
        return serial
    days, fraction = divmod(serial, 1)
    moment = _MIDNIGHT + dt.timedelta(days + (1 <= serial < 60))
    milliseconds = round(fraction * _MILLISECONDS)
    if milliseconds == _MILLISECONDS and day_number(serial) == days:
        milliseconds -= 1
    moment += dt.timedelta(milliseconds=milliseconds)
    if serial < 1:
        return moment.time()
    return moment if fraction else moment.date()


def stored(value: object) -> float | int | str | None:
    """A cell as a reader of files gives it, as what a workbook stores: dates as serial numbers, blank as None."""
    if isinstance(value, CellError):
        return value.text or None
    if isinstance(value, dt.time):
        value = dt.datetime.combine(schema.DAY_0, value) - _MIDNIGHT
    if isinstance(value, dt.date):  # a datetime is one, too
        moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
        value = (moment - _MIDNIGHT) / _DAY
        value -= value < 61
    if isinstance(value, dt.timedelta):
        value /= _DAY
    if isinstance(value, int | float):
        return int(value) if value == int(value) else value
    return shortened(str(value)) if value not in (None, "") else None


_STARTS_FORMULA = tuple("=+-@\t\r\n")


def harmless(text: str) -> str:
    """Text that a spreadsheet shows as text: an apostrophe goes before a start that would make a formula of it."""
    return f"'{text}" if text.startswith(_STARTS_FORMULA) else text


def as_excel(value: object) -> float | str | bool | CellError | None:
    """A value as a reader of files gives it, as Excel holds it: dates are day numbers, blanks are None."""
    if isinstance(value, bool | CellError):
        return value
    number = stored(value)
    return number if number is None or isinstance(number, str) else float(number)
