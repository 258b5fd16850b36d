"""Units of measure: what one unit is in another, by sheet Units, else as physical units of one kind.

    Units   1 case = 10 box, 1 box = 12 each            case -> each    10 x 12 = 120
    drum    1 drum = 200 kg, for one item               drum -> g       200 x 1,000, the last step a physical one

What holds for one item goes before what holds for every item; the shortest way is taken, and two ways that disagree are a
finding (`disagreements`). Density is not guessed: kg and l are of one kind for an item only where a row of Units says so.
Spellings of one unit are the same unit (`schema.SPELLINGS_OF_UNITS`). The conversions of physical units are those of pint,
exact, and pint is imported only where there are any.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.model.inputs import ConversionStep, Units

_SAME = 1e-9  # relative: two factors closer than this do not disagree
_EACH = "each"
#: spelling -> the unit: its name for pint, or what is counted by the piece
_UNIT_OF = {
    spelling: name or _EACH for name, spellings in schema.SPELLINGS_OF_UNITS.items() for spelling in spellings.split()
}
_PHYSICAL = frozenset(schema.SPELLINGS_OF_UNITS) - {""}


@lru_cache(maxsize=10_000)
def unit(spelled: str) -> str:
    """The unit that a text means: KG, kgs and kilogram are one; "" where it is blank."""
    key = spelled.strip().casefold()
    plain = key.replace(" ", "").replace(".", "").replace("^", "")
    return _UNIT_OF.get(plain, key)


@lru_cache(maxsize=1_000)
def physical_factor(one: str, other: str) -> float | None:
    """How many of another physical unit are in one; None where they are no physical units, or not of one kind."""
    if one not in _PHYSICAL or other not in _PHYSICAL:
        return None
    from pint import DimensionalityError

    registry = _registry()
    try:
        return float(registry.Quantity(Fraction(1), one).to(other).magnitude)
    except DimensionalityError:
        return None


@lru_cache(maxsize=1)
def _registry():  # type: ignore[no-untyped-def]  # the class is pint's, which is not imported for its name
    from pint import UnitRegistry

    return UnitRegistry(non_int_type=Fraction)


# ------------------------------------------------------------------------------------------------ sheet Units


@dataclass(frozen=True)
class Disagreement:
    """A row of Units (by position) that contradicts the rows before: its factor, and the one that they give."""

    at: int
    stated: float
    implied: float


class _Row(NamedTuple):
    """A row of Units: position, row on the sheet, and 1 one = factor other."""

    at: int
    number: int
    one: str
    other: str
    factor: float


@dataclass
class _Ways:
    """Rows of Units as a network: unit -> the units next to it, each with its step."""

    next_to: dict[str, dict[str, ConversionStep]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, row: _Row) -> None:
        """Make neighbours of its two units."""
        self.next_to[row.one][row.other] = ConversionStep(row.number, divides=False, factor=row.factor)
        self.next_to[row.other][row.one] = ConversionStep(row.number, divides=True, factor=row.factor)

    def reach(self, start: str) -> Iterator[tuple[str, tuple[ConversionStep, ...]]]:
        """Every unit that one can be converted to, the nearest first, with the steps."""
        waiting, steps = deque([start]), {start: tuple[ConversionStep, ...]()}
        while waiting:
            at = waiting.popleft()
            yield at, steps[at]
            for other, step in self.next_to.get(at, {}).items():
                if other not in steps:
                    steps[other] = (*steps[at], step)
                    waiting.append(other)

    def way(self, start: str, end: str) -> tuple[ConversionStep, ...] | None:
        """The steps from one unit to another."""
        if start not in self.next_to or end not in self.next_to:
            return None
        return next((steps for at, steps in self.reach(start) if at == end), None)


class Converter:
    """Conversions of one set of inputs, each worked out when it is first asked for."""

    def __init__(self, units: Units) -> None:
        self._rows: dict[str, list[_Row]] = defaultdict(list)
        columns = (units.row, units.item, units.from_, units.to, units.factor)
        for at, (row, item, one, other, factor) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            if factor > 0 and differ(one, other):
                self._rows[code_key(item)].append(_Row(at, row, unit(one), unit(other), factor))
        self._ways: dict[str, _Ways] = {}
        self._known: dict[tuple[str, str, str], tuple[ConversionStep, ...] | None] = {}
        self._disagreements: dict[int, Disagreement] = {}

    def steps(self, item: str, one: str, other: str) -> tuple[ConversionStep, ...] | None:
        """From one unit to another for an item, by its code; None where there is no way."""
        key = (code_key(item), unit(one), unit(other))
        if key not in self._known:
            self._known[key] = self._way(*key)
        return self._known[key]

    @property
    def disagreements(self) -> list[Disagreement]:
        """The rows of Units that contradict others."""
        for item in list(self._rows):
            self._of_item(item)
        return [self._disagreements[at] for at in sorted(self._disagreements)]

    def _way(self, item: str, one: str, other: str) -> tuple[ConversionStep, ...] | None:
        ways = self._of_item(item if item in self._rows else "")
        steps = ways.way(one, other)
        return min(_physical_ways(ways, one, other), key=len, default=None) if steps is None else steps

    def _of_item(self, item: str) -> _Ways:
        """The rows for an item, then those for every item, as far as the rows before do not say it already."""
        if item not in self._ways:
            ways = self._ways[item] = _Ways()
            for key in dict.fromkeys((item, "")):
                for row in self._rows[key]:
                    steps = ways.way(row.one, row.other)
                    if steps is None:
                        ways.add(row)
                    elif key == item and abs(row.factor / (implied := product(steps)) - 1) > _SAME:
                        self._disagreements[row.at] = Disagreement(row.at, row.factor, implied)
        return self._ways[item]


def _physical_ways(ways: _Ways, one: str, other: str) -> Iterator[tuple[ConversionStep, ...]]:
    """Ways with one physical step: from a unit that sheet Units leads to, to one that it leads on from."""
    for here, before in ways.reach(one):
        for there, after in _leading_to(ways, other):
            factor = physical_factor(here, there)
            if factor is not None:
                yield (*before, ConversionStep(0, divides=False, factor=factor), *after)


def _leading_to(ways: _Ways, end: str) -> Iterator[tuple[str, tuple[ConversionStep, ...]]]:
    """Every unit from which one is reached, with the steps to it."""
    for at, steps in ways.reach(end):
        yield at, tuple(ConversionStep(s.row, not s.divides, s.factor) for s in reversed(steps))


def product(steps: tuple[ConversionStep, ...]) -> float:
    """The factor of steps, worked out from left to right as a formula does."""
    factor = 1.0
    for step in steps:
        factor = factor / step.factor if step.divides else factor * step.factor
    return factor


def differ(one: str, other: str) -> bool:
    """Are these two units, both given, other than in their spelling?"""
    return bool(one and other) and unit(one) != "" != unit(other) and unit(one) != unit(other)
