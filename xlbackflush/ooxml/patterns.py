"""Formulas by the thousand: rows of one shape have the same formulas but for what is put in, such as the number of a row.

    "BOM!C" slot "line" "*2"    with    line = ["7", "9"]    is    BOM!C7*2 and BOM!C9*2

A pattern is a text in which a slot stands between two characters that no formula can hold: see `slot`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import repeat
from operator import itemgetter
from typing import Any, overload

from xlbackflush.dataclass import dataclass

_EDGE = "\x00"
#: takes the rows of one shape out of a column
Pick = Callable[[Sequence[Any]], Sequence[Any]]


def slot(name: str) -> str:
    """Where something is put in, row by row."""
    return f"{_EDGE}{name}{_EDGE}"


@dataclass(frozen=True)
class Filling:
    """A text for `%`, and the columns of what goes in."""

    text: str
    columns: list[Sequence[str]]

    def rows(self, count: int) -> Iterable[str]:
        """The texts of so many rows."""
        return map(self.text.__mod__, zip(*self.columns, strict=True) if self.columns else repeat((), count))


class Texts(dict[str, Sequence[str]]):
    """What goes into the slots of some rows, as text; each slot's once, when a formula asks for it."""

    def __init__(self, shapes: Shapes, pick: Pick) -> None:
        self._shapes, self._pick = shapes, pick

    def __missing__(self, name: str) -> Sequence[str]:
        self[name] = texts = list(map(str, self._pick(self._shapes.slots[name])))
        return texts

    def filling(self, pattern: str) -> Filling:
        """A pattern with what goes into it."""
        pieces = pattern.replace("%", "%%").split(_EDGE)
        columns = [self[name] for name in pieces[1::2]]
        pieces[1::2] = ["%s"] * len(columns)
        return Filling("".join(pieces), columns)


@dataclass(frozen=True)
class Shapes:
    """The rows of a table by their shapes. of_row: number of the shape of each row; slots: what goes in, row by row."""

    of_row: Sequence[int]
    slots: Mapping[str, Sequence[int]]

    def texts(self, pick: Pick) -> Texts:
        """What goes in, as text, in the rows that are picked."""
        return Texts(self, pick)

    def part(self, rows: slice) -> Shapes:
        """Of some rows."""
        return Shapes(self.of_row[rows], {name: numbers[rows] for name, numbers in self.slots.items()})

    def columns(self, patterns: Mapping[str, Sequence[str]]) -> dict[str, Patterns]:
        """Columns of formulas, by name, from the pattern of each shape."""
        return {name: Patterns(self, texts) for name, texts in patterns.items()}

    @cached_property
    def widest(self) -> int:
        """Digits of the longest number."""
        return max((len(str(max(numbers))) for numbers in self.slots.values() if numbers), default=0)

    def rows(self) -> Iterator[tuple[int, Pick]]:
        """Each shape, and what picks its rows out of a column."""
        shapes = dict.fromkeys(self.of_row)
        if len(shapes) == 1:
            yield from ((shape, everything) for shape in shapes)
            return
        positions: dict[int, list[int]] = {shape: [] for shape in shapes}
        for position, shape in enumerate(self.of_row):
            positions[shape].append(position)
        for shape, at in positions.items():
            yield shape, _picked(at)


def everything(column: Sequence[Any]) -> Sequence[Any]:
    """Picks all rows."""
    return column


def _picked(positions: list[int]) -> Pick:
    if len(positions) == 1:
        return lambda column: (column[positions[0]],)
    return itemgetter(*positions)


@dataclass(frozen=True)
class Patterns(Sequence[str]):
    """The formulas of a column: the pattern of each shape, "" for none. As a sequence, the formulas row by row."""

    shapes: Shapes
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.shapes.of_row)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return list(self)[at]
        texts = self.shapes.texts(lambda column: (column[at],))
        (formula,) = texts.filling(self.texts[self.shapes.of_row[at]]).rows(1)
        return formula

    def __iter__(self) -> Iterator[str]:
        formulas = [""] * len(self)
        for shape, pick in self.shapes.rows():
            rows = pick(range(len(self)))
            filling = self.shapes.texts(pick).filling(self.texts[shape])
            for row, formula in zip(rows, filling.rows(len(rows)), strict=True):
                formulas[row] = formula
        return iter(formulas)

    def with_texts(self, change: Callable[[str], str]) -> Patterns:
        """The same with other patterns."""
        return Patterns(self.shapes, [change(text) for text in self.texts])

    @property
    def longest(self) -> int:
        """No formula has more characters."""
        return max((len(text) + text.count(_EDGE) // 2 * self.shapes.widest for text in self.texts), default=0)
