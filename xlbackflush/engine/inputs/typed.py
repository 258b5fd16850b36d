"""Typed: the cells of one column as numbers, days or texts, by the kind of the column.

Nothing is guessed: a cell that is not what its column asks for becomes a finding with its address, and a missing value.
What is harmless is cleaned as it is read (see `readings`): spaces around a code, a minus behind a number, a date as text.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field
from xlbackflush.engine.inputs import percentages
from xlbackflush.engine.inputs.headers import alike
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import Floats, texts, where_true
from xlbackflush.model.inputs import Cleaned
from xlbackflush.model.tables import CellError, Source, day_number, number_in
from xlbackflush.model.text import TEXT_MAX, UNWRITABLE, cleaned_code, shortened
from xlbackflush.model.words import day, in_words, listed, number, short_text

if TYPE_CHECKING:
    from xlbackflush.engine.inputs import readings

_DAY_0_ORDINAL = schema.DAY_0.toordinal()
_DATES = range(18_264, 109_575)  # 1950-01-01 to 2199-12-31: a plain number here may be an unformatted date
_LARGEST = 1e15  # of any number, with or without its sign
_KEY_KINDS = ("item", "choice")
_LONGEST = 100  # characters of a code
_SHORTEN = "Shorten the text."
#: kind -> how to mend texts that can be read in two ways
SAY_WHICH = {
    "date": "Say which it is: select the column, Data > Text to Columns > Next > Next > Date, and choose DMY where the day comes "
    "first, MDY where the month does.",
    "number": "Say which it is: select the column, Data > Text to Columns > Next > Next > Advanced, and choose the decimal "
    "separator of these texts.",
}
_OF_DOCUMENTS = "Date"  # the column of days that lie within the period
_OF_CREDITS = " A credit or a return has its minus sign in Quantity."
_WITH_UNIT = r"([0-9]+(?:\.[0-9]+)?) ?[A-Za-z]{1,5}\.?"
_AS_NUMBER = "Let the formula give a number: put VALUE (of a date, DATEVALUE) around it."
_RETYPE = "Type it again as a plain {}, without signs or letters."


@dataclass
class Reading:
    """What comes out of reading cells, beside their values: findings, and the cells that were cleaned.

    currency: of the workbook, whose sign may stand beside an amount; period: its first and last day; fixed: cells that a run
    cannot write, so that they are not cleaned.
    """

    findings: list[f.Finding]
    cleaned: list[Cleaned] = field(default_factory=list)
    currency: str = ""
    period: tuple[float, float] | None = None
    fixed: Collection[str] = ()


def typed(raw: Sequence[object], source: Source, column: schema.Column, findings: list[f.Finding]) -> Any:
    """Values of one column, by its kind; what is wrong with a cell is added to the findings."""
    return Reader(source, column, Reading(findings), column.name, source.row_numbers).typed(raw)


@dataclass
class Reader:
    """Types the cells of one column. label: how findings call it; rows: of the cells, on the sheet."""

    source: Source
    column: schema.Column
    reading: Reading
    label: str
    rows: Sequence[int]
    _raw: Sequence[object] = ()

    def _add(self, rule: f.Rule, i: int, what: str, fix: str | None = None) -> None:
        self.reading.findings.append(rule(self._where(i), f"{self.label} {what}", fix=fix))

    def _where(self, i: int) -> str:
        return self.source.cell(self.column.name, self.rows[i])

    def _clean(self, i: int, was: object, now: str | float | None) -> bool:
        """Take note of a cell that was cleaned; False for one that a run could not write."""
        if self.reading.fixed and self._where(i) in self.reading.fixed:
            return False
        column = self.column
        self.reading.cleaned.append(Cleaned(self.source.name, column.name, self.rows[i], column.kind, was, now))
        return True

    @cached_property
    def _texts(self) -> readings.Texts:
        """What the texts of a column of numbers or dates say; looked into where there is one."""
        from xlbackflush.engine.inputs import readings

        texts = {cell for cell in self._raw if isinstance(cell, str) and cell}
        period = self.reading.period if self.column.name == _OF_DOCUMENTS else None
        return readings.read(texts, self.column.kind, self.reading.currency, period)

    def typed(self, raw: Sequence[object]) -> Any:
        """All cells. Where all are plainly of the column's kind they pass at once; else each is looked at."""
        self._raw = raw
        column, optional = self.column, not self.column.required
        wanted = float if column.kind in schema.NUMERIC else dt.date if column.kind == "date" else str
        types, none = set(map(type, raw)), "" if wanted is str else math.nan
        values: Sequence[Any] = raw
        if types == {str} and wanted is not str and optional and not any(raw):
            return np.full(len(raw), math.nan)
        if types != {wanted} or not (optional or all(raw)):
            values = [
                v
                if type(v) is wanted and v == v and (optional or v)
                else none
                if optional and v == ""
                else self._cell(v, i)
                for i, v in enumerate(raw)
            ]
        if wanted is str:
            values = self._writable(values)
            return texts(self._checked_keys(values) if column.kind in _KEY_KINDS else values)
        if wanted is float:
            array = np.fromiter(values, np.float64, len(raw))
            if values is raw and np.isnan(array).any():
                array = np.fromiter(
                    (v if v == v else self._cell(v, i) for i, v in enumerate(raw)), np.float64, len(raw)
                )
            return self._in_range(array)
        if values is raw:
            return np.fromiter(map(dt.date.toordinal, values), np.float64, len(raw)) - _DAY_0_ORDINAL
        days = [v.toordinal() - _DAY_0_ORDINAL if type(v) is dt.date else v for v in values]
        return np.fromiter(days, np.float64, len(raw))

    def _cell(self, value: object, i: int) -> object:
        """One cell that is not plainly of its column's type: blank, error, other type."""
        kind = "date" if self.column.kind == "date" else "number" if self.column.kind in schema.NUMERIC else "text"
        if value is None or value == "":
            if self.column.required:
                self._add(f.BLANK, i, "is blank.")
        elif isinstance(value, CellError):
            if value.calculated:
                shown = value.text if value.text.startswith("#") else f'"{short_text(value.text)}"'
                self._add(f.ERROR_VALUE, i, f"holds the error value {shown}.")
            else:
                self._add(f.NOT_CALCULATED, i, "holds a formula whose result is not stored.")
        elif isinstance(value, float) and not math.isfinite(value):
            self._add(f.ERROR_VALUE, i, "is not a number.")
        elif (parsed := _PARSE[kind](value)) is not None:
            return parsed
        elif kind == "date" and (days := _day_in_digits(value)) is not None and self._clean(i, value, days):
            return days
        elif kind != "text" and isinstance(value, str):
            return self._text(value, i, kind)
        else:
            self._wrong_type(value, i, kind)
        return "" if kind == "text" else math.nan

    def _wrong_type(self, value: object, i: int, kind: str) -> None:
        or_blank = "" if self.column.required else ", or leave the cell blank"
        fix = f"Type a {kind}{or_blank}."
        if kind == "number" and isinstance(value, str) and (match := re.fullmatch(_WITH_UNIT, value.strip())):
            fix = f"Type {match[1]} alone, without the unit."
        self._add(f.WRONG_TYPE, i, f"is {in_words(value)}; a {kind} is expected.", fix)

    def _text(self, text: str, i: int, kind: str) -> float:
        """A text in a column of numbers or dates: what it says, where that is beyond doubt."""
        from xlbackflush.engine.inputs.readings import other_currency

        certain, doubtful = self._texts.certain.get(text), self._texts.doubtful.get(text)
        if not cleaned_code(text):
            if self.column.required or not self._clean(i, text, None):
                self._add(f.BLANK, i, "holds nothing but spaces.")
        elif certain is not None:
            if self._clean(i, text, certain):
                return certain
            self._add(f.TEXT_NUMBER, i, f'is the text "{short_text(text)}", which a formula gives.', _AS_NUMBER)
        elif doubtful:
            one, other = (day(each) if kind == "date" else number(each) for each in doubtful)
            says = (
                f"which can be {one} or {other}"
                if one != other
                else "and other texts of the column are written otherwise"
            )
            self._add(f.TEXT_NUMBER, i, f'is the text "{short_text(text)}", {says}.', SAY_WHICH[kind])
        elif self.column.kind in ("price", "money") and other_currency(text, self.reading.currency):
            currency = self.reading.currency
            fix = f"Convert it to {currency} and type it as a number; if it is in {currency}, type it without the sign."
            self._add(f.TEXT_NUMBER, i, f'is the text "{short_text(text)}"; amounts are in {currency}.', fix)
        elif _looks_like_number(text) or _looks_like_date(text):
            self._add(f.TEXT_NUMBER, i, f'is the text "{short_text(text)}", not a {kind}.', _RETYPE.format(kind))
        else:
            self._wrong_type(text, i, kind)
        return math.nan

    def _in_range(self, array: Floats) -> Floats:
        """The numbers, NaN where one is out of range."""
        column = self.column
        low = array < (-_LARGEST if column.minimum is None else column.minimum)
        bad = low | (array > _LARGEST if column.maximum is None else array >= column.maximum)
        if not np.count_nonzero(bad):
            return array
        for i in where_true(bad).tolist():
            value = float(array[i])
            fix = None
            if column.kind == "percent":
                text, fix = percentages.out_of_range(value, column.maximum)
            elif column.minimum is not None and value < column.minimum:
                text = f"is {number(value)}; it must not be below {number(column.minimum)}."
                if column.minimum == 0:
                    fix = f"Type it without the minus sign.{_OF_CREDITS if column.name == 'Actual price' else ''}"
            else:
                text = f"is {number(value)}; that is too large."
            self._add(f.OUT_OF_RANGE, i, text, fix)
        array[bad] = math.nan
        return array

    def _writable(self, values: Sequence[str]) -> Sequence[str]:
        """Texts that cannot be written into a workbook again as they were read are findings, and blank."""
        distinct = set(values)
        together = "".join(distinct)
        is_short = len(together) <= TEXT_MAX // 2 or max(map(len, distinct)) <= TEXT_MAX // 2
        if is_short and (together.isascii() or not UNWRITABLE.search(together)):
            return values
        texts_read, values = values, list(values)
        for i, text in enumerate(texts_read):
            if shortened(text) != text:
                self._add(f.TOO_LONG, i, f"has {len(text):,} characters; a cell of Excel holds {TEXT_MAX:,}.", _SHORTEN)
            elif match := UNWRITABLE.search(text):
                self._add(f.UNWRITABLE, i, f"holds the character U+{ord(match[0]):04X}.")
            else:
                continue
            values[i] = ""
        return values

    def _checked_keys(self, values: Sequence[str]) -> Sequence[str]:
        """Codes and choices: no spaces around them, no unknown choice; choices come out as `schema` spells them."""
        choices, known = self.column.choices, set(values)
        if choices:
            odd = known.difference(choices, [""])
        else:
            odd = {text for text in known if text != text.strip() or len(text) > _LONGEST}
            if not "".join(known).isascii():
                odd |= {text for text in known if text != cleaned_code(text)}
        if not odd:
            return values
        spelled, values = {choice.casefold(): choice for choice in choices}, list(values)
        for i in [i for i, text in enumerate(values) if text in odd]:
            was, values[i] = values[i], ""
            text = cleaned_code(was)
            if not text and self.column.required:
                self._add(f.BLANK, i, "holds nothing but spaces.")
            elif len(text) > _LONGEST:
                self._add(f.TOO_LONG, i, f"has {len(text)} characters.")
            elif text and choices and text.casefold() not in spelled:
                near = [choice for choice in choices if alike(text, choice)]
                fix = f"Use {listed(near if len(near) == 1 else choices, len(choices), 'or')}."
                self._add(f.UNKNOWN_CHOICE, i, f'is "{short_text(text)}", which is not on the list.', fix=fix)
            elif text != was and not self._clean(i, was, text or None):
                self._add(f.STRAY_SPACES, i, f'is "{short_text(was)}", with spaces that formulas would not find.')
            else:
                values[i] = spelled.get(text.casefold(), text)
        return values


def _date(value: object) -> float | None:
    """Excel day number of a date; the time of day is dropped."""
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return float((value - schema.DAY_0).days)
    number = number_in(value)
    if number is not None and math.isfinite(number) and day_number(number) in _DATES:
        return float(day_number(number))
    return None


def text_of(value: object) -> str | None:
    """Text of a cell; a number that serves as a code loses its `.0`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def _day_in_digits(value: object) -> float | None:
    """The day of a number such as 20260405, or None."""
    from xlbackflush.engine.inputs.readings import day_in_digits

    digits = number_in(value)
    return day_in_digits(digits) if digits is not None and math.isfinite(digits) else None


_PARSE: dict[str, Callable[[object], object]] = {"number": number_in, "date": _date, "text": text_of}


def _looks_like_number(text: str) -> bool:
    cleaned = text.strip().replace(",", "").replace(" ", "").replace("\xa0", "").strip("$€£%()'")
    try:
        return math.isfinite(float(cleaned))
    except ValueError:
        return False


def _looks_like_date(text: str) -> bool:
    parts = text.strip().replace("/", "-").replace(".", "-").split("-")
    return len(parts) == 3 and all(p.strip()[:4].strip().isalnum() for p in parts) and any(p.isdigit() for p in parts)
