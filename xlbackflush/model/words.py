"""Numbers, shares, dates, lists and plurals as people write them: 4,200 and 12.5 %, 2026-04-03, "1 note", "A, B and 3 more"."""

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal

from xlbackflush.schema import BY_THE_PIECE, DAY_0

_POWERS = 1e21  # from here on digits are no help
NAMED = 3  # of many things, those that a sentence names


def number(value: float, decimals: int = 6) -> str:
    """A number with separators and without zeros at its end: 4,200 and 0.25; one too small for the decimals is not shown as 0."""
    if not math.isfinite(value):
        return "not a number"
    if abs(value) >= _POWERS:
        digits, _, exponent = f"{value:.3g}".partition("e")
        return f"{digits} x 10^{int(exponent)}"
    text = f"{Decimal(f'{value:.15g}'):,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if text in ("0", "-0"):
        return "0" if not value else f"{Decimal(f'{value:.3g}'):f}"
    return text


def about(value: float) -> str:
    """A number that was worked out, in four digits and all that are whole: 1,235 and 0.0831; one of few digits as it is."""
    if value == float(f"{value:.5g}") or not math.isfinite(value):
        return number(value)
    return number(round(value, max(0, 3 - math.floor(math.log10(abs(value))))))


def quantity(value: float, uom: str) -> str:
    """A quantity with its unit: 120 kg; what is counted by the piece is pcs, and has no parts worth a word."""
    unit = uom.strip()
    if unit.casefold() in BY_THE_PIECE:
        return f"{about(round(value) if abs(value) >= _MANY_PIECES else value)} {'pc' if value == 1 else 'pcs'}"
    return f"{about(value)} {unit}"


_MANY_PIECES = 10


def price(value: float) -> str:
    """A price or a rate: 41.50; 0.0415; 1,250.00."""
    return f"{value:,.2f}" if abs(value) >= 1 or round(value, 2) == value else f"{value:,.6f}".rstrip("0")


def share(value: float, decimals: int = 1) -> str:
    """A share of one in percent: 12 %, 2.5 %."""
    return f"{number(round(value * 100, decimals), decimals)} %"


def money(amount: float, places: int) -> str:
    """An amount with the decimals of its currency: 1,848,972.35."""
    return f"{amount:,.{places}f}"


def day(number: float) -> str:
    """An Excel day number as 2026-04-30."""
    return str(DAY_0 + dt.timedelta(days=int(number)))


def several(count: int, one: str, many: str = "") -> str:
    """So many things: 1 note, 2 notes."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(texts: Sequence[str], most: int = NAMED, last: str = "and") -> str:
    """A list in a sentence: "A", "A and B", "A, B and C", "A, B, C and 2 more"."""
    if len(texts) > most + 1:
        texts = [*texts[:most], f"{len(texts) - most:,} more"]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {last} {texts[-1]}" if texts else ""


def in_words(cell: object) -> str:
    """The value of a cell in a sentence: 12, "text", 2026-04-30, blank."""
    if cell is None or cell == "":
        return "blank"
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return number(cell, 9)
    if isinstance(cell, dt.datetime):
        return f"{cell:%Y-%m-%d %H:%M}" if cell.time() != dt.time() else f"{cell:%Y-%m-%d}"
    return f'"{short_text(cell)}"' if isinstance(cell, str) else str(cell)


def short_text(value: object) -> str:
    """A value as text that a sentence has room for."""
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."
