"""Explain a cell: a derivation of any output cell down to the cells that people typed, and the way back up."""

from typing import Protocol

from xlbackflush import schema
from xlbackflush.explain.derive import derivation
from xlbackflush.explain.products import product
from xlbackflush.explain.reader import Grid, Reader
from xlbackflush.explain.upward import users
from xlbackflush.explain.words import figure
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.step import Step
from xlbackflush.ooxml.formula import Cell, address
from xlbackflush.sheets import explanation
from xlbackflush.sheets.body import Body

__all__ = ["Reader", "Step", "explain", "printed", "product", "write"]


class TableWriter(Protocol):
    """A workbook of which one output table can be replaced."""

    def write_table(self, name: str, body: Body) -> None:
        """Replace the rows of one output table; all else stays as it is."""


def explain(reader: Reader, where: str) -> list[Step]:
    """Where the figure of an output cell comes from; of a filled input cell, where it goes.

    where: Journal!I12. A text cell, a blank cell and a cell outside our tables are answered in one step that says what
    can be explained. UnusableError where it is no cell, or its sheet is none of the workbook's tables.
    """
    grid = Grid(reader)
    cell = _cell(grid, where)
    place = grid.place(cell)
    if place and place.is_input and grid.value(cell) is not None:
        return users(grid, cell)
    return derivation(grid, cell)


def _cell(grid: Grid, where: str) -> Cell:
    """A cell as named by a person, its sheet spelled as in the workbook."""
    cell = address(where)
    for table in grid.tables.values():
        if table.sheet.casefold() == cell.sheet.casefold():
            return Cell(table.sheet, cell.letter, cell.row)
    known = ", ".join(sheet.name for sheet in schema.OUTPUT_SHEETS if sheet.role == "Output")
    raise UnusableError(f"{cell} stands on no sheet of the backflush; select an amount on {known}, or another of them.")


def write(book: TableWriter, steps: list[Step]) -> None:
    """Put an explanation on its sheet."""
    book.write_table(schema.EXPLANATION.name, explanation.rows_of(steps))


def printed(steps: list[Step]) -> list[str]:
    """Lines for a terminal: number, figure, what it is, where it stands; below it, indented, how it is worked out."""
    width = len(str(len(steps)))
    lines = []
    for step in steps:
        indent = "  " * step.level
        shown = "" if step.figure is None else f" = {figure(step.figure, 'any', 0)}"
        lines.append(f"{step.number:>{width}}  {indent}{step.what}{shown}  [{step.where}]")
        lines.append(f"{'':>{width}}  {indent}  {step.explanation}")
    return lines
