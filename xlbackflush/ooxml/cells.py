"""Cells to XML: the body of a table as text. Rows of one shape are filled into one template, as fast as plain Python can."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import filterfalse, repeat
from types import NoneType
from typing import Any

from xlbackflush.dataclass import dataclass, field
from xlbackflush.model.text import shortened
from xlbackflush.ooxml.address import column_letter
from xlbackflush.ooxml.patterns import Filling, Patterns, Pick, Shapes, Texts, everything
from xlbackflush.ooxml.xml import escape, escape_formula, needs_space

Value = float | int | str | None


@dataclass
class Cells:
    """One column of cells: values (NaN and None are blank), optional formulas ("" is none) and style indices.

    A formula's value is what it shows until it is recalculated.
    """

    values: Sequence[Value]
    style: int
    formulas: Sequence[str] | None = None
    styles: Sequence[int] | None = None  # one per cell, instead of `style`
    spelled: Sequence[str] | None = None  # the cells as XML already, instead of all else


@dataclass
class Block:
    """The body of a table: columns side by side from `first_col`, rows from `first_row` (both from 1)."""

    first_col: int
    first_row: int
    columns: list[Cells] = field(default_factory=list)
    outline: Sequence[int] | None = None  # outline level of each row
    heights: Sequence[float] | None = None  # of each row, in points

    @property
    def height(self) -> int:
        return len(self.columns[0].values)

    def part(self, rows: slice) -> Block:
        """Some of its rows."""
        shapes: dict[int, Shapes] = {}

        def formulas(cells: Cells) -> Sequence[str] | None:
            if not isinstance(cells.formulas, Patterns):
                return cells.formulas and cells.formulas[rows]
            whole = cells.formulas.shapes
            if id(whole) not in shapes:
                shapes[id(whole)] = whole.part(rows)
            return Patterns(shapes[id(whole)], cells.formulas.texts)

        return Block(
            self.first_col,
            self.first_row + rows.start,
            [
                Cells(
                    cells.values[rows],
                    cells.style,
                    formulas(cells),
                    cells.styles and cells.styles[rows],
                    cells.spelled and cells.spelled[rows],
                )
                for cells in self.columns
            ],
            self.outline and self.outline[rows],
            self.heights and self.heights[rows],
        )


def cell(address: str, value: Value, style: int, formula: str = "") -> str:
    """One cell. Text never becomes a formula: it is written as an inline string."""
    return _cell(address, value, style, escape_formula(formula))


def _cell(address: str, value: Value, style: object, live: str) -> str:
    """live: the formula as XML."""
    if live:
        if isinstance(value, str):
            return f'<c r="{address}" s="{style}" t="str"><f>{live}</f><v>{escape(shortened(value))}</v></c>'
        return (
            f'<c r="{address}" s="{style}"><f>{live}</f><v>{0 if value is None or value != value else value!r}</v></c>'
        )
    if value is None or value == "" or value != value:
        return f'<c r="{address}" s="{style}"/>'
    if isinstance(value, str):
        return f'<c r="{address}" s="{style}" t="inlineStr">{_inline(value)}</c>'
    return f'<c r="{address}" s="{style}"><v>{value!r}</v></c>'


@lru_cache(maxsize=100_000)
def _inline(text: str) -> str:
    text = shortened(text)
    space = ' xml:space="preserve"' if needs_space(text) else ""
    return f"<is><t{space}>{escape(text)}</t></is>"


def row_xml(number: int, cells: str, height: float = 0, fixed: bool = True) -> str:
    """A row with its cells; height in points, 0: as Excel fits it. Not fixed: Excel fits it again to what is typed."""
    look = (f' ht="{height:g}"' + ' customHeight="1"' * fixed) if height else ""
    return f'<row r="{number}"{look}>{cells}</row>'


_AT_ONCE = 2048  # rows, of which the XML is in memory: what the cache of a processor holds


def rows_xml(block: Block) -> Iterator[list[str]]:
    """The rows of a block, each as `<row>...</row>`, some thousand at a time."""
    for first in range(0, block.height, _AT_ONCE):
        yield _rows(block if block.height <= _AT_ONCE else block.part(slice(first, first + _AT_ONCE)))


def _rows(block: Block) -> list[str]:
    """The rows of a block; those of one shape come from one template."""
    rows, looks = [""] * block.height, _row_looks(block)
    numbers = list(map(str, range(block.first_row, block.first_row + block.height)))
    for shape, pick in _shapes(block):
        template = _RowTemplate(shape, pick, pick(numbers))
        template.add('<row r="', template.numbers, '"', *([pick(looks)] if looks else []), ">")
        for number, cells in enumerate(block.columns, block.first_col):
            template.add_cell(column_letter(number), cells)
        template.add("</row>")
        for row, xml in zip(pick(range(block.height)), template.rows(), strict=True):
            rows[row] = xml
    return rows


def _shapes(block: Block) -> Iterable[tuple[int, Pick]]:
    """The shapes of the rows, and what picks the rows of each; where no column has patterns, one shape for all."""
    patterns = [cells.formulas for cells in block.columns if isinstance(cells.formulas, Patterns)]
    if not patterns:
        return [(0, everything)]
    assert all(one.shapes is patterns[0].shapes for one in patterns), "the columns of a table share its shapes"
    return patterns[0].shapes.rows()


_NUMBERS = {int, float}


class _RowTemplate:
    """The rows of one shape: what they have in common, and columns of what differs."""

    def __init__(self, shape: int, pick: Pick, numbers: Sequence[str]) -> None:
        """numbers: of the rows."""
        self._shape, self._pick, self.numbers = shape, pick, numbers
        self._texts: Texts | None = None  # what goes into formulas
        self._pieces: list[str] = []
        self._columns: list[Sequence[object]] = []

    def add(self, *parts: str | Sequence[object]) -> None:
        """What all rows have in common, as a text, and what differs, as a column of texts."""
        for part in parts:
            if isinstance(part, str):
                self._pieces.append(part.replace("%", "%%"))
            else:
                self._pieces.append("%s")
                self._columns.append(part)

    def rows(self) -> Iterable[str]:
        return map("".join(self._pieces).__mod__, zip(*self._columns, strict=True))

    def add_cell(self, letter: str, cells: Cells) -> None:
        """The cells of one column; where all are of one kind, none is looked at by itself."""
        if cells.spelled is not None:
            return self.add(self._pick(cells.spelled))
        values, formulas = self._pick(cells.values), self._formulas(cells)
        styles = str(cells.style) if cells.styles is None else self._pick(cells.styles)
        distinct = set(values)
        kinds = set(map(type, distinct))
        numeric = kinds <= _NUMBERS and (total := sum(distinct)) == total  # with NaN among them, the sum is
        start = (f'<c r="{letter}', self.numbers, '" s="', styles, '"')
        if formulas is None and kinds == {NoneType}:
            return self.add(*start, "/>")
        if formulas is None and kinds == {str} and "" not in distinct:
            return self.add(*start, ' t="inlineStr">', _each(_inline, values, distinct), "</c>")
        if not (numeric or (formulas is not None and kinds == {str})) or (type(formulas) is list and not all(formulas)):
            return self._add_one_by_one(letter, values, styles, formulas)
        self.add(*start, ">" if numeric else ' t="str">')
        if formulas is not None:
            self.add("<f>")
            self._add_formulas(formulas)
            self.add("</f>")
        self.add("<v>")
        return self.add(_spelled(values, distinct) if numeric else _each(_shown, values, distinct), "</v></c>")

    def _formulas(self, cells: Cells) -> list[str] | Filling | None:
        """Formulas of the rows: a template with what goes in, or one by one; None where there is none."""
        if not isinstance(cells.formulas, Patterns):
            formulas = None if cells.formulas is None else list(self._pick(cells.formulas))
            return formulas if formulas and any(formulas) else None
        pattern = cells.formulas.texts[self._shape]
        if self._texts is None:  # the columns of a table share their shapes
            self._texts = cells.formulas.shapes.texts(self._pick)
        return self._texts.filling(escape_formula(pattern)) if pattern else None

    def _add_formulas(self, formulas: list[str] | Filling) -> None:
        if isinstance(formulas, Filling):
            self._pieces.append(formulas.text)
            self._columns += formulas.columns
        else:
            self.add(list(map(escape_formula, formulas)))

    def _add_one_by_one(
        self,
        letter: str,
        values: Sequence[Value],
        styles: str | Sequence[object],
        formulas: Sequence[str] | Filling | None,
    ) -> None:
        one_by_one: Iterable[str] = repeat("")
        if isinstance(formulas, Filling):  # escaped already
            one_by_one = formulas.rows(len(values))
        elif formulas is not None:
            one_by_one = map(escape_formula, formulas)
        each_style = repeat(styles) if isinstance(styles, str) else styles
        rows = zip(self.numbers, values, each_style, one_by_one, strict=False)
        self.add([_cell(f"{letter}{number}", value, style, live) for number, value, style, live in rows])


def _each(spell: Callable[[str], str], texts: Sequence[Any], distinct: Collection[str]) -> str | Sequence[str]:
    """Texts as XML; one where all are alike."""
    return spell(texts[0]) if len(distinct) == 1 else list(map(spell, texts))


def _spelled(numbers: Sequence[Any], distinct: Collection[float]) -> str | Sequence[str]:
    """Numbers as Python spells them; each once, where many are alike, and one where all are."""
    if len(numbers) > 1 and (3 * len(distinct) > len(numbers) or len(set(map(type, distinct))) > 1):
        return list(map(repr, numbers))
    if 0 in distinct and len(set(map(repr, filterfalse(None, numbers)))) > 1:  # 0, 0.0 and -0.0 are equal
        return list(map(repr, numbers))
    if len(distinct) == 1:
        return repr(numbers[0])
    spelled = dict(zip(distinct, map(repr, distinct), strict=True))
    return list(map(spelled.__getitem__, numbers))


@lru_cache(maxsize=100_000)
def _shown(text: str) -> str:
    """What a formula shows."""
    return escape(shortened(text))


def _row_looks(block: Block) -> list[str]:
    """Attributes of each row: outline level or height; nothing where no row has any."""
    if block.outline is not None:
        looks = {level: f' outlineLevel="{min(level, 7)}"' if level else "" for level in set(block.outline)}
        return list(map(looks.__getitem__, block.outline))
    if block.heights is not None:
        return [f' ht="{height:g}" customHeight="1"' for height in block.heights]
    return []
