"""Cells as people read them in print, and as programs read them in a CSV file."""

import csv
import datetime as dt
import io

from xlbackflush import schema
from xlbackflush.model.tables import CellError, Source
from xlbackflush.ooxml.values import harmless

#: kind -> least and most decimals, as the workbook's number formats have them
_DECIMALS = {"quantity": (0, 6), "price": (2, 6), "hours": (0, 4), "integer": (0, 0)}


def printed(value: object, kind: str = "text", places: int = 2) -> str:
    """A cell as the workbook shows it: negative in parentheses, zero as a dash, dates as ISO. places: decimals of money."""
    if value is None or value == "":
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if kind == "date":
            return _day(value)
        if kind == "percent":
            return f"{_trimmed(value * 100, 1, 3)}%"
        if kind in schema.NUMERIC:
            least, most = (places, places) if kind == "money" else _DECIMALS[kind]
            digits = _trimmed(abs(value), least, most)
            return "–" if not digits.strip("0.,") else f"({digits})" if value < 0 else digits
    return plain(value)


def plain(value: object) -> str:
    """A cell in full: numbers with all their digits, dates as ISO, errors as Excel spells them."""
    if isinstance(value, CellError):
        return value.text or "not calculated"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.date | dt.time):  # a datetime is a date
        return value.isoformat()
    return str(value if value is not None else "")


def _day(serial: float) -> str:
    return (schema.DAY_0 + dt.timedelta(days=int(serial))).isoformat() if 1 <= serial < 2_958_466 else plain(serial)


def _trimmed(number: float, least: int, most: int) -> str:
    """A number with at least and at most so many decimals."""
    text = f"{number:,.{most}f}"
    spare = most - least
    kept = text[: len(text) - spare] + text[len(text) - spare :].rstrip("0") if spare else text
    return kept.rstrip(".")


def as_csv(source: Source) -> bytes:
    """An input table as it stands, one line for each row with content, with the row on the sheet in front.

    A text that a spreadsheet would take for a formula has an apostrophe in front.
    """
    kinds = {c.name: c.kind for c in schema.TABLES[source.name].columns}
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(["Sheet row", *map(harmless, source.columns)])
    for number, row in zip(source.row_numbers, source.rows, strict=True):
        cells = zip(source.columns, row, strict=True)
        out.writerow([number, *(_exact(value, kinds.get(name, "any")) for name, value in cells)])
    return text.getvalue().encode("utf-8-sig")


def _exact(value: object, kind: str) -> str:
    if isinstance(value, str):
        return harmless(value)
    if kind == "date" and isinstance(value, float) and value.is_integer():
        return _day(value)
    return plain(value)
