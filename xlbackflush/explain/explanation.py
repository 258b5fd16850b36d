"""Explain a cell: a derivation of any output cell down to the cells that people typed, and the way back up."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.explain.derive import derivation
from xlbackflush.explain.output import printed, write
from xlbackflush.explain.products import product
from xlbackflush.explain.reader import Grid, Reader
from xlbackflush.explain.upward import users
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.step import Step
from xlbackflush.ooxml.formula import Cell, address

__all__ = ["Reader", "Step", "explain", "printed", "product", "used_by", "write"]


def explain(reader: Reader, where: str) -> list[Step]:
    """Where the figure of an output cell comes from; of a filled input cell, where it goes.

    where: Journal!I12. A text cell, a blank cell and a cell outside our tables are answered in one step that says what
    can be explained. UnusableError where it is no cell, or its sheet is none of the workbook's tables.
    """
    grid = Grid(reader)
    cell = _of(grid, where)
    place = grid.place(cell)
    if place and place.is_input and grid.value(cell) is not None:
        return users(grid, cell)
    return derivation(grid, cell)


def used_by(reader: Reader, where: str) -> list[Step]:
    """Which output cells use a cell, from the formulas that name it up to the journal, the ledger and the checks."""
    grid = Grid(reader)
    return users(grid, _of(grid, where))


def _of(grid: Grid, where: str) -> Cell:
    """A cell as named by a person, its sheet spelled as in the workbook."""
    cell = address(where)
    sheet = next((name for name in grid.sheet_names if name.casefold() == cell.sheet.casefold()), "")
    if not sheet:
        known = ", ".join(s.name for s in schema.OUTPUT_SHEETS if s.role == "Output")
        raise UnusableError(
            f"{cell} stands on no sheet of the backflush; select an amount on {known}, or another of them."
        )
    return Cell(sheet, cell.letter, cell.row)
