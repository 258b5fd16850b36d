"""The schema: what it says of tables and columns is whole, and the rest of the house can act on it."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from xlbackflush import schema
from xlbackflush.ooxml.formula import Span, parse
from xlbackflush.ooxml.styles import LOOKS, STYLES
from xlbackflush.sheets.blocks import style_name

TABLES = list(schema.TABLES.values())


def named(text: str) -> set[str]:
    """The columns that a text names in braces."""
    return {name for name in re.findall(r"\{([^{}]+)\}", text) if not name.isdigit()}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_cell_has_a_style_that_there_is(table: schema.Table) -> None:
    for column, decimals in product(table.columns, (0, 2, 3, 4)):
        assert style_name(table, column, decimals) in STYLES, column.name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_a_table_says_names_its_own_columns(table: schema.Table) -> None:
    names = set(table.names)
    assert len(names) == len(table.columns)
    assert named(table.row_name) and named(table.row_name) <= names
    for highlight in table.highlights:
        assert highlight.mark in LOOKS and highlight.columns and highlight.columns <= names
    for column in table.columns:
        assert {*column.proves, *filter(None, (column.indent, column.item))} | named(column.rests_on) <= names
        assert column.help.endswith(".")
        for mark, test in column.marks:
            assert mark in LOOKS and test.format("$A$1") != test


@pytest.mark.parametrize("table", schema.OUTPUT_TABLES, ids=lambda table: table.name)
def test_a_posted_figure_has_a_proof_or_a_formula_or_a_reason_not_two(table: schema.Table) -> None:
    for column in table.columns:
        if column.rests_on:
            cells = re.sub(r"\{[^{}]+\}", "A1", column.rests_on)
            parse(cells, schema.SHEET_OF[table.name].name, lambda table, column: Span("", "A", 1, 1))
        assert not (column.recorded and (column.rests_on or table.proof_of(column.name)))
    assert len(table.differences) == sum(bool(column.proves) for column in table.columns)


def test_a_row_is_called_by_its_cells_and_blank_ones_leave_their_words_out() -> None:
    cells = {"Cause": "Miscount", "Item": "A", "Parent": ""}
    assert schema.SUSPECTS.call(cells.__getitem__) == "Miscount, A"
    assert schema.SUSPECTS.call({**cells, "Cause": "", "Parent": "W"}.__getitem__) == "A in W"
    assert schema.EXPLANATION.call({"Step": "7"}.__getitem__) == "step 7"


def test_colours_are_said_once() -> None:
    spelled = re.compile(r"""["'](?:FF)?[0-9A-F]{6}["']""")
    root = Path(schema.__file__).parents[1]
    said = {
        p.name for p in root.rglob("*.py") if any(map(re.compile("[A-F]|0{6}").search, spelled.findall(p.read_text())))
    }
    assert said == {"palette.py"}
