"""Cells of a file as a run reads them: numbers, days, codes and words, by the cleaning of `engine/inputs`.

What decides between two ways to read a text (1,234 and 03/04/2026) may stand in any column of the file: one program wrote them
all in one way. Where nothing decides, it is asked.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.inputs import readings
from xlbackflush.engine.inputs.typed import Reader, Reading
from xlbackflush.imports.mapping import DAY_FIRST, DECIMAL_COMMA, DECIMAL_POINT, MONTH_FIRST, Expression
from xlbackflush.model.tables import Source
from xlbackflush.model.text import cleaned_code
from xlbackflush.model.words import share

#: form -> the reading of `readings` that it chooses
_WAYS = {DAY_FIRST: readings.DMY, MONTH_FIRST: readings.MDY, DECIMAL_COMMA: ",", DECIMAL_POINT: "."}
_NOTHING = frozenset({"-", "--", "–", "—", "n/a", "na", "null", "none"})
_SHORT_YEAR = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{2})")
_PER_PACK = re.compile(r"(?P<price>.*\d.*?)\s*(?:/|\bper\b|\bje\b|\bpro\b)\s*(?P<per>\d[\d.,]*)\s*[A-Za-z]*\.?", re.I)
_WHOLE = re.compile(r"(\d+)\.0+")
_NUMBERS: frozenset[str] = schema.NUMERIC


def is_blank(cell: object) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def ways(columns: Mapping[str, Sequence[object]], kinds: Mapping[str, str], currency: str) -> dict[str, str]:
    """ "number" and "date" -> the one way in which the texts of all columns can be read that leave no doubt."""
    deciding: dict[str, set[str]] = {"number": set(), "date": set()}
    for name, cells in columns.items():
        kind = kinds[name]
        if kind not in ("date", *_NUMBERS):
            continue
        for text in {cell for cell in cells if isinstance(cell, str)}:
            said = _said(text.strip(), kind, currency)
            if len(said) == 1:
                deciding["date" if kind == "date" else "number"] |= said.keys()
    deciding["date"].discard(readings.YMD)
    return {kind: next(iter(found)) for kind, found in deciding.items() if len(found) == 1}


def _said(text: str, kind: str, currency: str) -> readings.Readings:
    plain = cleaned_code(text)
    return readings.dates(plain) if kind == "date" else readings.numbers(plain, kind, currency)


def _each(cells: Sequence[object], change: Callable[[str], object]) -> list[object]:
    """Cells with their texts changed, each text once."""
    changed = {text: change(text) for text in {cell for cell in cells if isinstance(cell, str)}}
    return [changed[cell] if isinstance(cell, str) else cell for cell in cells]


def decided(cells: Sequence[object], kind: str, form: str, way: Mapping[str, str], currency: str) -> list[object]:
    """The cells of a column of numbers or days, with what can be read in two ways read in the one that is known."""
    wanted = _WAYS.get(form) or way.get("date" if kind == "date" else "number", "")

    def change(text: str) -> object:
        plain = text.strip()
        if plain.casefold() in _NOTHING:
            return None
        if kind == "date" and (short := _SHORT_YEAR.fullmatch(plain)):
            plain = f"{short[1]}{short[2]}{short[3]}{short[2]}20{short[4]}"
        said = _said(plain, kind, currency)
        if wanted in said and (len(set(said.values())) > 1 or form in _WAYS):
            return schema.DAY_0 + _days(said[wanted]) if kind == "date" else said[wanted]
        return plain

    return _each(cells, change)


def _days(number: float) -> Any:
    import datetime as dt

    return dt.timedelta(days=int(number))


def apart(cells: Sequence[object]) -> tuple[list[object], list[object]] | None:
    """Prices such as 12.50 / 100 as price and number of units; None where there are none."""
    pairs = {
        text: (match["price"].strip(), match["per"].replace(",", ""))
        for text in {cell for cell in cells if isinstance(cell, str)}
        if (match := _PER_PACK.fullmatch(text.strip()))
    }
    if not pairs:
        return None
    both = [pairs.get(cell, (cell, None)) if isinstance(cell, str) else (cell, None) for cell in cells]
    return [price for price, _ in both], [per for _, per in both]


def as_shares(values: Sequence[float], heading: str, below_one: bool) -> tuple[float, float, str]:
    """What percentages are to be lessened by and multiplied by, and why, in a sentence; "" where they are shares.

    below_one: shares of the column lie below 1, so that 1.15 can be a factor.
    """
    given = [abs(value) for value in values if value == value and value]
    most = max(given, default=0.0)
    if most < 1 or (most == 1 and not below_one):
        return 0.0, 1.0, ""
    is_percent = any(word in heading.casefold() for word in ("%", "percent", "prozent", "pct"))
    if below_one and not is_percent and all(1 <= value < 2 for value in given) and (most > 1 or "actor" in heading):
        return 1.0, 1.0, f'"{heading}" holds factors: {most:g} was read as {share(most - 1, 4)}.'
    if is_percent or min(given) >= 2:
        return 0.0, 0.01, f'"{heading}" holds percentages: {most:g} was read as {share(most / 100, 4)}.'
    return 0.0, 1.0, ""


def typed(cells: Sequence[object], column: schema.Column, source: Source, rows: Sequence[int], reading: Reading) -> Any:
    """The cells of one column by its kind, as a run reads them; blank cells are no findings here."""
    plain = ["" if is_blank(cell) else cell for cell in cells]
    if column.kind == "percent":  # its range is looked at when it is known whether these are shares
        column = replace(column, minimum=None, maximum=None)
    column = replace(column, required=False)
    return Reader(source, column, reading, f'"{_label(source, column)}"', rows).typed(plain)


def _label(source: Source, column: schema.Column) -> str:
    return source.misnamed.get(column.name, column.name)


def stripped(cells: Sequence[object]) -> list[object]:
    """Texts without spaces around them."""
    return _each(cells, str.strip)


def codes(cells: Sequence[object]) -> list[object]:
    """Codes: a column of 726.0 and 727.0 is one of 726 and 727."""
    texts = {cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()}
    if texts and all(_WHOLE.fullmatch(text) for text in texts):
        return _each(cells, lambda text: _WHOLE.sub(r"\1", text.strip()))
    return list(cells)


def known_codes(found: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Codes that only lost or got leading zeros -> how the workbook writes them."""
    known = set(known)
    stripped: dict[str, list[str]] = {}
    for code in known:
        stripped.setdefault(code.lstrip("0"), []).append(code)
    others = (code for code in set(found) if code and code not in known)
    return {code: same[0] for code in others if len(same := stripped.get(code.lstrip("0"), [])) == 1}


def form_fix(expression: Expression, column: schema.Column) -> str:
    """What to type where texts of a column can be read in two ways."""
    one, other = (DAY_FIRST, MONTH_FIRST) if column.kind == "date" else (DECIMAL_COMMA, DECIMAL_POINT)
    return f'Say which: --form "{column.name}={one}" or --form "{column.name}={other}".'
