"""Addresses of cells: as Excel and openpyxl write them, both ways."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import column_index_from_string, get_column_letter, quote_sheetname, range_boundaries

from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.address import (
    LAST_COLUMN,
    LAST_ROW,
    addresses,
    area,
    areas,
    box_of,
    column_letter,
    column_number,
    fixed,
    link_target,
    quoted,
    split_cell,
    unquoted,
)

COLUMNS, ROWS = st.integers(1, LAST_COLUMN), st.integers(1, LAST_ROW)


def test_every_column_has_the_letters_that_openpyxl_gives_it() -> None:
    letters = [get_column_letter(number) for number in range(1, LAST_COLUMN + 1)]
    assert [column_letter(number) for number in range(1, LAST_COLUMN + 1)] == letters
    assert [column_number(column) for column in letters] == list(range(1, LAST_COLUMN + 1))
    assert column_index_from_string("XFD") == LAST_COLUMN


@given(COLUMNS, ROWS)
def test_a_cell_is_split_and_fixed(column: int, row: int) -> None:
    letters = get_column_letter(column)
    for cell in (f"{letters}{row}", f"${letters}{row}", f"{letters}${row}", f"${letters}${row}"):
        assert split_cell(cell) == (column, row)
        assert fixed(cell) == f"${letters}${row}"


@pytest.mark.parametrize("odd", ["", "A", "1", "a1", "A1:B2", "ABCD1", "A-1", "Sheet!A1"])
def test_what_is_no_cell_is_refused(odd: str) -> None:
    with pytest.raises(UnusableError, match="is not a range"):
        split_cell(odd)


@given(COLUMNS, ROWS, COLUMNS, ROWS)
def test_an_area_has_the_corners_of_its_box(left: int, top: int, right: int, bottom: int) -> None:
    box = (top, left, bottom, right)
    assert range_boundaries(area(box)) == (left, top, right, bottom)
    assert box_of(f"${get_column_letter(left)}${top}:${get_column_letter(right)}${bottom}") == box


@given(st.sets(st.integers(0, 60), min_size=1))
def test_areas_cover_these_rows_and_no_others(rows: set[int]) -> None:
    covered = [range_boundaries(one) for one in areas((100, 3, 160, 5), sorted(rows))]
    assert [row - 100 for _, top, _, bottom in covered for row in range(top, bottom + 1)] == sorted(rows)
    assert {(left, right) for left, _, right, _ in covered} == {(3, 5)}
    gaps = [later[1] - earlier[3] for earlier, later in pairwise(covered)]
    assert all(gap > 1 for gap in gaps), "two areas side by side are one"


def test_addresses_are_as_long_as_excel_takes_them() -> None:
    parts = [f"A{row}:Z{row}" for row in range(1, 200)]
    joined = addresses(parts)
    assert ",".join(joined).split(",") == parts
    assert max(map(len, joined)) < 255
    assert len(joined) < 13


@pytest.mark.parametrize(
    ("sheet", "text"),
    [
        ("Journal", "Journal"), ("Standard Cost", "'Standard Cost'"), ("O'Hara", "'O''Hara'"), ("R", "'R'"), ("c", "'c'"),
        ("AB12", "'AB12'"), ("Q1", "'Q1'"), ("2026", "'2026'"), ("_x", "_x"), ("Größe", "'Größe'"), ("RC1", "'RC1'"),
        ("'", "''''"), ("Roll-up", "'Roll-up'"), ("RC", "'RC'"), ("r1c12", "'r1c12'"), ("Record", "Record"), ("C_", "C_"),
    ],
)  # fmt: skip
def test_a_sheet_is_quoted_where_a_formula_would_misread_it(sheet: str, text: str) -> None:
    assert quoted(sheet) == text
    assert unquoted(text) == sheet


@given(st.text(min_size=1, max_size=31))
def test_a_quoted_sheet_is_read_back(sheet: str) -> None:
    assert quoted(sheet) in (sheet, quote_sheetname(sheet))
    if quoted(sheet) != sheet:
        assert unquoted(quoted(sheet)) == sheet


@pytest.mark.parametrize(
    ("where", "target"),
    [
        ("Counts!E14", "Counts!E14"), ("Standard Cost!E9:E12", "'Standard Cost'!E9:E12"),
        ('5" pipe!A1', "'5\"\" pipe'!A1"), ("what!not!B2", "'what!not'!B2"),
    ],
)  # fmt: skip
def test_a_link_goes_to_the_cell(where: str, target: str) -> None:
    assert link_target(where) == target
