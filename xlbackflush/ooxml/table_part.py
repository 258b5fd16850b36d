"""The part of a table: what a user has made of it, and another size for it that leaves that as it is.

A total row, criteria of the filter, the order of its rows, a style, formulas of columns: all stand in the part. Whether rows
pass the filter is stored with the rows; here it is worked out for lists of values and for comparisons.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from xlbackflush.late import pattern
from xlbackflush.ooxml.xml import unescape

_TOTALS = pattern(r"""\btotalsRowCount=["'](\d+)["']""")
_OF_A_USER = pattern(
    r"<(?:\w+:)?(?:filterColumn|sortState|calculatedColumnFormula|totalsRowFormula)\b|\btotalsRowCount="
)
_STYLE = pattern(r"<(?:\w+:)?tableStyleInfo\b[^>]*>")
_REF = pattern(r"""(\bref=["'][A-Z]+\d+:[A-Z]+)(\d+)(?=["'])""")
_FILTER = pattern(r"""<(?:\w+:)?filterColumn\b[^>]*?\bcolId=["'](\d+)["'][^>]*>(.*?)</(?:\w+:)?filterColumn>""", re.S)
_LISTED = pattern(r"""<(?:\w+:)?filter\b[^>]*?\bval=(?:"([^"]*)"|'([^']*)')""")
_COMPARED = pattern(r"""<(?:\w+:)?customFilter\b([^>]*?)/?>""")
_KNOWN = pattern(r"</?(?:\w+:)?(?:filters?|customFilters?)\b[^>]*>|\s+")
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "greaterThan": lambda one, other: one > other,
    "greaterThanOrEqual": lambda one, other: one >= other,
    "lessThan": lambda one, other: one < other,
    "lessThanOrEqual": lambda one, other: one <= other,
}


def total_rows(xml: str) -> int:
    """How many rows of totals a table has."""
    totals = _TOTALS.search(xml)
    return int(totals[1]) if totals else 0


def is_changed(xml: str, style: str) -> bool:
    """Whether a user has made something of a table: totals, filter, order, formulas of columns, another style."""
    shown = _STYLE.search(xml)
    return bool(_OF_A_USER.search(xml)) or not shown or f'name="{style}"' not in shown[0].replace("'", '"')


def resized(xml: str, last: int, last_now: int) -> str:
    """The part of a table whose body now ends in another row."""
    totals = total_rows(xml)
    now = {str(last): str(last_now), str(last + totals): str(last_now + totals)}
    return _REF.sub(lambda ref: f"{ref[1]}{now.get(ref[2], ref[2])}", xml)


def is_filtered(xml: str) -> bool:
    """Whether the filter of a table has criteria."""
    return bool(_FILTER.search(xml))


def passes(xml: str) -> Callable[[Mapping[int, object]], bool] | None:
    """Whether a row, as values by columns from 0, passes the filter; None where the criteria are not understood here."""
    criteria = {int(match[1]): match[2] for match in _FILTER.finditer(xml)}
    if any(_KNOWN.sub("", text) for text in criteria.values()):
        return None
    tests = {column: _test(text) for column, text in criteria.items()}
    return lambda row: all(test(row.get(column)) for column, test in tests.items())


def _test(criteria: str) -> Callable[[object], bool]:
    listed = [unescape(double or single) for double, single in _LISTED.findall(criteria)]
    compared = [dict(re.findall(r"""(\w+)=["']([^"']*)["']""", text)) for text in _COMPARED.findall(criteria)]
    both, blank = re.search(r"""\band=["'](?:1|true)""", criteria), re.search(r"""\bblank=["'](?:1|true)""", criteria)

    def test(value: object) -> bool:
        if value in (None, ""):
            return bool(blank) or any(one.get("operator") == "notEqual" for one in compared)
        results = [_compare(value, one.get("operator", "equal"), unescape(one.get("val", ""))) for one in compared]
        results += [any(_shows(value, text) for text in listed)] if listed or not compared else []
        return all(results) if both else any(results)

    return test


def _compare(value: object, operator: str, other: str) -> bool:
    if operator in ("equal", "notEqual"):
        is_same = _shows(value, other) or _is_like(str(value), other)
        return is_same == (operator == "equal")
    number = _number(other)
    if number is not None and isinstance(value, int | float):
        return _ORDER[operator](value, number)
    return False


def _is_like(text: str, pattern: str) -> bool:
    """Whether a text is like a pattern, in which * stands for any characters and ? for one."""
    wild = "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)
    return bool(re.fullmatch(wild, text, re.I | re.S))


def _shows(value: object, text: str) -> bool:
    """Whether a cell shows a text: a number as far as the text has decimals."""
    number = _number(text)
    if isinstance(value, int | float) and number is not None:
        decimals = re.search(r"\.(\d+)", text)
        return round(float(value), len(decimals[1]) if decimals else 0) == number or float(value) == number
    return str(value).casefold() == text.casefold()


def _number(text: str) -> float | None:
    """The number that a formatted text shows; in parentheses a negative one."""
    plain = text.strip().replace(",", "")
    sign = -1 if plain.startswith("(") and plain.endswith(")") else 1
    try:
        return sign * float(plain.strip("()"))
    except ValueError:
        return None
