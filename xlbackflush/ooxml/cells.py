"""Cells to XML, column by column: the body of a table as text, as fast as plain Python can."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import repeat

from xlbackflush.dataclass import dataclass, field
from xlbackflush.model.text import shortened
from xlbackflush.ooxml.address import column_letter
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


def cell(address: str, value: Value, style: int, formula: str = "") -> str:
    """One cell. Text never becomes a formula: it is written as an inline string."""
    if formula:
        live = escape_formula(formula)
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


def _column(letter: str, first_row: int, cells: Cells) -> list[str]:
    """All cells of a column; columns of one style that hold nothing but numbers take the short way."""
    if cells.spelled is not None:
        return list(cells.spelled)
    numbers = range(first_row, first_row + len(cells.values))
    kinds = set(map(type, cells.values))
    if cells.styles is None and kinds <= {int, float} and not any(v != v for v in cells.values):
        head, tail = f'<c r="{letter}', f'" s="{cells.style}">'
        if cells.formulas is None:
            return [f"{head}{r}{tail}<v>{v!r}</v></c>" for r, v in zip(numbers, cells.values, strict=True)]
        if all(cells.formulas):
            return [
                f"{head}{r}{tail}<f>{escape_formula(f)}</f><v>{v!r}</v></c>"
                for r, v, f in zip(numbers, cells.values, cells.formulas, strict=True)
            ]
    styles = cells.styles if cells.styles is not None else repeat(cells.style)
    formulas = cells.formulas if cells.formulas is not None else repeat("")
    return [cell(f"{letter}{r}", v, s, f) for r, v, s, f in zip(numbers, cells.values, styles, formulas, strict=False)]


def rows_xml(block: Block) -> list[str]:
    """The rows of a block, each as `<row>...</row>`."""
    columns = [
        _column(column_letter(block.first_col + i), block.first_row, cells) for i, cells in enumerate(block.columns)
    ]
    bodies = map("".join, zip(*columns, strict=True))
    looks = _row_looks(block)
    return [
        f'<row r="{r}"{look}>{body}</row>'
        for r, (body, look) in enumerate(zip(bodies, looks, strict=False), block.first_row)
    ]


def _row_looks(block: Block) -> Iterable[str]:
    """Attributes of each row: outline level or height."""
    if block.outline is not None:
        return [f' outlineLevel="{min(level, 7)}"' if level else "" for level in block.outline]
    if block.heights is not None:
        return [f' ht="{height:g}" customHeight="1"' for height in block.heights]
    return repeat("")
