"""What differs from the period before, told with as few findings as it takes: one change or many of one cause."""

import math
from collections.abc import Iterator, Sequence

from xlbackflush.dataclass import dataclass
from xlbackflush.model.finding import Finding, Rule
from xlbackflush.model.words import number, share

#: changes with a finding each; what goes beyond them is told together
FEW = 3
NAMED = 3  # changes that a finding about many spells out


@dataclass(frozen=True)
class Change:
    """One difference. text: a sentence without its full stop; quiet: what is most likely meant, whatever its effect."""

    where: str
    text: str
    effect: float
    quiet: bool = False


def told(rule: Rule, changes: Sequence[Change], threshold: float, many: str) -> Iterator[Finding]:
    """Findings about changes, largest effect first: those above materiality each by itself, the others together in a note.

    More than a few above materiality have one cause, most likely, and are one finding with the others. many: what several
    are called, such as "lines of bills of materials differ from the period before".
    """
    changes = sorted(changes, key=lambda change: -change.effect)
    large: list[Change] = []
    small: list[Change] = []
    for change in changes:
        (large if change.effect > threshold and not change.quiet else small).append(change)
    if len(large) > FEW:
        effect = math.fsum(change.effect for change in large)
        yield rule.weighed(large[0].where, _together([*large, *small], many), effect, threshold)
        return
    for change in large:
        yield rule.weighed(change.where, f"{change.text}.", change.effect, threshold)
    if small:
        text = f"{small[0].text}." if len(small) == 1 else _together(small, many)
        yield rule.weighed(small[0].where, text, math.fsum(change.effect for change in small), math.inf)


def _together(changes: Sequence[Change], many: str) -> str:
    shown = " ".join(f"{change.text}." for change in changes[:NAMED])
    more = f" And {len(changes) - NAMED:,} more." if len(changes) > NAMED else ""
    return f"{len(changes):,} {many}. {shown}{more}"


def times(ratio: float) -> str:
    """How many times as much: "10 times as much", "a hundredth of it"; "" where it is less than double and more than half."""
    if 0.5 < ratio < 2 or ratio <= 0:
        return ""
    if ratio > 1:
        near = float(f"{ratio:.2g}")
        return "twice as much" if near == 2 else f"{number(near)} times as much"
    power = round(math.log10(ratio))
    if abs(math.log10(ratio) - power) < 0.02:
        return _PARTS.get(power, f"1 / {10**-power:,} of it")
    return "half of it" if abs(ratio - 0.5) < 0.005 else f"{share(float(f'{ratio:.2g}'), 4)} of it"


_PARTS = {-1: "a tenth of it", -2: "a hundredth of it", -3: "a thousandth of it"}
