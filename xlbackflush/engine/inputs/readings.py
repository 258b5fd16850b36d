"""Readings: what a text in a column of numbers or dates says, where all texts of the column can be read in one way only.

    120.50-   -120.5     (12)  -12      1,050.00  1,050     5 %  0.05     $ 12.50  12.5     1'234.50  1,234.5
    2026-04-05 and 20260405 are dates everywhere; 05.04.2026 is day, month, year; April 5, 2026 has its month in letters

A comma or a point before three digits, and a date such as 03/04/2026, can be read in two ways: there another text of the
same column must decide it (12,50 or 13/04/2026). Where none does, the period decides between dates of documents, as far as
one reading alone lies within it and all such texts of the column agree. Otherwise nothing is guessed.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field
from xlbackflush.model.text import cleaned_code

#: a sign -> currencies that are written with it
_SIGNS = {
    "$": "USD CAD AUD NZD SGD HKD MXN TWD ARS CLP COP", "€": "EUR", "£": "GBP EGP", "¥": "JPY CNY", "₹": "INR", "₩": "KRW",
}  # fmt: skip
_GROUPED = (
    r"[1-9]\d{{0,2}}(?:(?P<group>[{groups}])\d{{3}})(?:(?P=group)\d{{3}})*(?:{mark}\d+)?|\d+(?:{mark}\d*)?|{mark}\d+"
)
#: the mark before decimals -> numbers written with it
_FORMS = {
    ".": re.compile(_GROUPED.format(groups=",' ", mark=r"\."), re.ASCII),
    ",": re.compile(_GROUPED.format(groups=".' ", mark=","), re.ASCII),
}
_CODE = r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])"
_POWER = re.compile(r"\d+(?:\.\d+)?[eE][+-]?\d{1,2}", re.ASCII)
DMY, MDY, YMD = "day, month, year", "month, day, year", "year, month, day"
_YEAR_FIRST = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII)
_DAY_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-. ]+([a-z]{3,9})[-., ]+(\d{4})", re.I | re.ASCII)
_MONTH_NAMED = re.compile(r"([a-z]{3,9})[. ]+(\d{1,2})(?:st|nd|rd|th)?[, ]+(\d{4})", re.I | re.ASCII)
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_YEARS = range(1950, 2200)

Readings = Mapping[str, float]  # way to read a text -> what it then says


@dataclass(frozen=True)
class Texts:
    """The texts of a column that were read: certain has what they say, doubtful the two things that each may say."""

    certain: dict[str, float] = field(default_factory=dict)
    doubtful: dict[str, tuple[float, float]] = field(default_factory=dict)


def read(texts: Collection[str], kind: str, currency: str, period: tuple[float, float] | None = None) -> Texts:
    """What the texts of a column of numbers or dates say; those that say nothing of the kind are left out.

    period: first and last day that a document of the column can well have.
    """
    every: dict[str, Readings] = {}
    for text in texts:
        plain = cleaned_code(text)
        said = dates(plain) if kind == "date" else numbers(plain, kind, currency)
        if said:
            every[text] = said
    # those that can be read in one way only decide for the others
    deciding = {next(iter(said)) for said in every.values() if len(said) == 1} - {YMD}
    if not deciding and period:
        deciding = _within(every.values(), *period)
    way = next(iter(deciding)) if len(deciding) == 1 else ""
    result = Texts()
    for text, said in every.items():
        values = sorted(set(said.values()))
        if len(values) == 1 and (len(deciding) < 2 or len(said) > 1 or YMD in said):
            result.certain[text] = values[0]
        elif way in said:
            result.certain[text] = said[way]
        else:
            result.doubtful[text] = (values[0], values[-1])
    return result


def _within(every: Iterable[Readings], first: float, last: float) -> set[str]:
    """The ways to read dates of which only one reading lies within the period."""
    inside = [
        [way for way, day in said.items() if first <= day <= last] for said in every if len(set(said.values())) > 1
    ]
    return {ways[0] for ways in inside if len(ways) == 1}


def other_currency(text: str, currency: str) -> bool:
    """Whether a text has the sign or the code of another currency than that of the workbook."""
    if any(sign in text for sign, codes in _SIGNS.items() if currency not in codes.split()):
        return True
    return any(code != currency for code in re.findall(_CODE, text))


def amounts_of_any_currency(text: str) -> list[float]:
    """What a text says as an amount, whatever the sign or the code of its currency."""
    plain = re.sub(rf"[{''.join(_SIGNS)}]|{_CODE}", "", text).strip()
    return list(dict.fromkeys(numbers(plain, "price", "").values()))


# ------------------------------------------------------------------------------------------------- numbers


def numbers(text: str, kind: str, currency: str) -> Readings:
    """What a text may say as a number, by the mark before its decimals; nothing where it is none."""
    body, factor = text.replace("\u2212", "-"), 1.0
    if body.endswith("%"):
        if kind != "percent":
            return {}
        body, factor = body[:-1].strip(), 0.01
    if body[:1] == "(" and body[-1:] == ")":
        body, factor = body[1:-1].strip(), -factor
    body, sign = _without_sign(body)
    if kind in ("price", "money"):
        body = _without_currency(body, currency)
        if sign > 0:
            body, sign = _without_sign(body)
    factor *= sign
    if _POWER.fullmatch(body):
        return dict.fromkeys(_FORMS, float(body) * factor)
    said: dict[str, float] = {}
    for mark, form in _FORMS.items():
        if form.fullmatch(body):
            digits = re.sub(f"[^0-9{mark}]", "", body).replace(mark, ".")
            said[mark] = _times(digits, factor)
    return said


def _times(digits: str, factor: float) -> float:
    """A number as typed, times 1, -1 or a hundredth: 5 % is 0.05 exactly."""
    return float(f"{digits}e-2") * (100 * factor) if abs(factor) == 0.01 else float(digits) * factor


def _without_sign(text: str) -> tuple[str, float]:
    """A number without its sign, which SAP writes behind it, and the sign."""
    if text[:1] in ("-", "+"):
        return text[1:].strip(), -1.0 if text[0] == "-" else 1.0
    if text[-1:] == "-":
        return text[:-1].strip(), -1.0
    return text, 1.0


def _without_currency(text: str, currency: str) -> str:
    """An amount without the sign or the code of the workbook's currency; that of another one stays."""
    for name in (currency, *(sign for sign, codes in _SIGNS.items() if currency in codes.split())):
        if name and text.startswith(name):
            return text.removeprefix(name).strip()
        if name and text.endswith(name):
            return text.removesuffix(name).strip()
    return text


# --------------------------------------------------------------------------------------------------- dates


def dates(text: str) -> Readings:
    """What a text may say as a date, by the order of day, month and year: Excel's day numbers; nothing where it is none."""
    if match := _YEAR_FIRST.fullmatch(text):
        year, mark, month, day = match.groups()
        return _days({YMD: (year, month, day)}) if mark or len(month + day) == 4 else {}
    if match := _YEAR_LAST.fullmatch(text):
        first, mark, second, year = match.groups()
        ways = {DMY: (year, second, first)}
        return _days(ways if mark == "." else ways | {MDY: (year, first, second)})
    if match := _DAY_NAMED.fullmatch(text):
        return _days({YMD: (match[3], _month(match[2]), match[1])})
    if match := _MONTH_NAMED.fullmatch(text):
        return _days({YMD: (match[3], _month(match[1]), match[2])})
    return {}


def day_in_digits(number: float) -> float | None:
    """The day that a number such as 20260405 says, or None."""
    text = f"{number:.0f}"
    if number != int(number) or len(text) != 8:
        return None
    return _days({YMD: (text[:4], text[4:6], text[6:])}).get(YMD)


def _month(name: str) -> str:
    """The number of a month, by its name or the first letters of it; 0 where there is none."""
    known = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.casefold())]
    return str(known[0]) if len(known) == 1 else "9" if name.casefold() == "sept" else "0"


def _days(ways: Mapping[str, tuple[str, str, str]]) -> dict[str, float]:
    """Day numbers of (year, month, day), where there is such a day."""
    days: dict[str, float] = {}
    for way, parts in ways.items():
        year, month, day = map(int, parts)
        with suppress(ValueError):
            if year in _YEARS:
                days[way] = float((dt.date(year, month, day) - schema.DAY_0).days)
    return days
