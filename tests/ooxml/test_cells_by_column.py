"""Rows by template, against the same cells written one by one."""

import math

import pytest

from xlbackflush.ooxml.cells import Block, Cells, cell, row_xml, rows_xml
from xlbackflush.ooxml.patterns import Patterns, Shapes, slot

COLUMNS = {
    "all alike": [2.5] * 6,
    "zeros of three kinds": [0, 0.0, -0.0, 0.0, 0, 0.0],
    "nothing but zeros": [0.0] * 6,
    "one is not a number": [1.0, math.nan, 1.0, 1.0, 1.0, 1.0],
    "infinite, and its opposite": [math.inf, -math.inf, 1.0, 1.0, 1.0, 1.0],
    "blank": [None] * 6,
    "some blank": [None, 1.0, "", "text", 2, 100 % 7],
    "one text": ["50 % & more"] * 6,
    "texts": ["a", "b", "a", " c", "<", "%s"],
    "one text is blank": ["a", "", "a", "a", "a", "a"],
}
FORMULAS = {"none": None, "all": [f'A{n}&"%"' for n in range(6)], "some": ["A1", "", "A2", "", "", "A3"]}


@pytest.mark.parametrize("formulas", FORMULAS)
@pytest.mark.parametrize("values", COLUMNS)
def test_a_column_is_written_as_its_cells_are(values: str, formulas: str) -> None:
    """Whatever a column holds, a template gives what each cell gives by itself."""
    block = Block(2, 7, [Cells(COLUMNS[values], 4, FORMULAS[formulas])])
    live = FORMULAS[formulas] or [""] * 6
    rows = zip(range(7, 13), COLUMNS[values], live, strict=True)
    alone = [row_xml(row, cell(f"B{row}", value, 4, formula)) for row, value, formula in rows]
    assert [row for some in rows_xml(block) for row in some] == alone


def test_patterns_are_written_as_their_formulas_are() -> None:
    """Two shapes, and 10,000 rows: more than are in memory at once."""
    rows = range(5, 10_005)
    shapes = Shapes([row % 3 % 2 for row in rows], {"row": list(rows), "other": [2 * row for row in rows]})
    patterns = Patterns(shapes, [f"A{slot('row')}*Z{slot('other')}%", ""])
    block = Block(1, 5, [Cells([1.0] * 10_000, 3, patterns)])
    alone = [row_xml(row, cell(f"A{row}", 1.0, 3, "" if row % 3 == 1 else f"A{row}*Z{2 * row}%")) for row in rows]
    assert [row for some in rows_xml(block) for row in some] == alone
