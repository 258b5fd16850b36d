"""Slips: how a number that was typed wrong comes out of the right one.

1122 is 112 with a digit typed twice, 40 is 400 with one left out, 810 is 180 with two exchanged, 4,200 is 42 of a hundred.
"""

import math
from collections.abc import Iterator

from xlbackflush.dataclass import dataclass

TEN, MANY, HALF, TWICE, EXTRA, DROPPED, EXCHANGED, OTHER, REPEATED, FREE = (
    "power of ten",
    "multiple",
    "half",
    "digit typed twice",
    "digit too many",
    "digit left out",
    "digits exchanged",
    "digit mistyped",
    "typed twice over",
    "any",
)

#: typed / right -> how often a slip is of that kind
OF_QUANTITIES = {10.0: 0.2, 100.0: 0.05, 1000.0: 0.02, 12.0: 0.04, 144.0: 0.01, 2.0: 0.006} | dict.fromkeys(
    (5.0, 6.0, 20.0, 24.0, 25.0, 48.0, 50.0, 250.0, 500.0), 0.002
)
OF_BILLS = {10.0: 0.15, 100.0: 0.1, 1000.0: 0.1, 2.0: 0.1, 12.0: 0.04, 3.0: 0.02, 4.0: 0.02} | dict.fromkeys(
    (5.0, 20.0, 24.0, 25.0, 50.0, 60.0, 144.0, 500.0), 0.005
)
_EDITS = {TWICE: 0.06, REPEATED: 0.02, EXTRA: 0.02, EXCHANGED: 0.1, DROPPED: 0.06, OTHER: 0.03}
_DIGITS = 9  # of a number that is looked into digit by digit


@dataclass(frozen=True)
class Slip:
    """A right number that a slip would turn into the one that was typed.

    log_odds: how likely such a slip is among all that can happen to a cell. factor: typed / right for multiples.
    """

    right: float
    kind: str
    log_odds: float
    factor: float = 1.0


def multiples(typed: float, factors: dict[float, float]) -> Iterator[Slip]:
    """What was typed a round number of times too large or too small."""
    for factor, odds in factors.items():
        kind = TEN if factor in (10.0, 100.0, 1000.0) else MANY
        yield Slip(typed / factor, kind, math.log(odds), factor)
        yield Slip(_neat(typed * factor), kind, math.log(odds * (0.7 if factor < 100 else 0.3)), 1 / factor)


def _neat(value: float) -> float:
    """7.91667 x 12 is 95, not 95.00004."""
    return float(round(value)) if abs(value - round(value)) < 1e-4 * abs(value) else value


def _is_neat(value: float, typed: float) -> bool:
    """Would somebody type it into a bill? It has two digits, or as many as what was typed: 0.13 / 3 is not, 1 / 12 is."""
    digits = _digits(value)[0].rstrip("0")
    return len(digits) <= max(2, len(_digits(typed)[0].rstrip("0"))) or abs(1 / value - round(1 / value)) < 1e-9


def shortened(typed: float) -> Iterator[Slip]:
    """What was typed with a digit too many."""
    digits, scale = _digits(typed)
    places = len(digits)
    if places < 2:
        return
    half = digits[: places // 2]
    if digits == half * 2:
        yield Slip(int(half) / scale, REPEATED, math.log(_EDITS[REPEATED]))
    seen = set[str]()
    for i in range(places):
        shorter = digits[:i] + digits[i + 1 :]
        if shorter in seen:
            continue
        seen.add(shorter)
        doubled = digits[i] in digits[i + 1 : i + 2]
        kind = TWICE if doubled else EXTRA
        yield Slip(int(shorter) / scale, kind, math.log(_EDITS[kind] / (1 if doubled else places)))


def other_digits(typed: float) -> Iterator[Slip]:
    """What was typed with two digits exchanged, one left out, or one mistyped."""
    digits, scale = _digits(typed)
    places = len(digits)
    if not places:
        return
    for i in range(places):
        for j in range(i + 1, places):
            if digits[i] != digits[j]:
                swapped = [*digits]
                swapped[i], swapped[j] = digits[j], digits[i]
                near = 1.0 if j == i + 1 else 0.2
                yield Slip(int("".join(swapped)) / scale, EXCHANGED, math.log(_EDITS[EXCHANGED] * near / places))
        for digit in "0123456789":
            if digit != digits[i]:
                changed = digits[:i] + digit + digits[i + 1 :]
                yield Slip(int(changed) / scale, OTHER, math.log(_EDITS[OTHER] / (9 * places)))
    for i in range(places + 1):
        for digit in "0123456789":
            if digit != "0" or i:
                longer = digits[:i] + digit + digits[i:]
                odds = _EDITS[DROPPED] / places * min(int(digits) / int(longer), 1.0)
                yield Slip(int(longer) / scale, DROPPED, math.log(odds))


def _digits(typed: float) -> tuple[str, float]:
    """The digits of a positive number without its decimal point, and the power of ten that they are divided by."""
    text = f"{typed:.6f}".rstrip("0").rstrip(".") if typed < 10**_DIGITS else ""
    whole, _, decimals = text.partition(".")
    digits = (whole + decimals).lstrip("0")
    return (digits, 10.0 ** len(decimals)) if len(digits) <= _DIGITS else ("", 1.0)


def nearest(
    typed: float, right: float, tolerance: float, factors: dict[float, float], of_bill: bool = False
) -> list[Slip]:
    """The slips that turn about `right`, give or take the tolerance, into what was typed, the most likely first."""
    if typed <= 0 or right <= 0 or tolerance <= 0:
        return []
    close: list[tuple[float, Slip]] = []
    for each in (*multiples(typed, factors), *shortened(typed), *other_digits(typed)):
        slip, off = each, abs(each.right - right) / tolerance
        if of_bill and slip.kind == MANY and not _is_neat(slip.right, typed):
            continue
        if slip.factor < 1 and not of_bill and typed == math.floor(typed) and off > 1:  # 27 / 10 was rounded to 3
            half = 0.5 / slip.factor
            off = max(abs(slip.right - right) - half, 0.0) / tolerance
            odds = slip.log_odds - math.log(max(half / tolerance, 1.0))
            near = min(max(right, slip.right - half), slip.right + half)
            slip = Slip(float(round(near)), slip.kind, odds, slip.factor)
        if off <= _FAR and slip.right > 0 and slip.right != typed:
            close.append((slip.log_odds - off**2 / 2, slip))
    close.sort(key=lambda pair: -pair[0])
    return [slip for _, slip in close[:3]]


_FAR = 4.0  # tolerances: a slip further off is none
