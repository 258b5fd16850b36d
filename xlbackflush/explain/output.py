"""An explanation on the sheet Explanation, and in a terminal."""

from __future__ import annotations

from typing import Protocol

from xlbackflush import schema
from xlbackflush.explain.formula import address
from xlbackflush.explain.step import Step
from xlbackflush.explain.words import figure
from xlbackflush.ooxml.package import quoted
from xlbackflush.sheets.body import Body
from xlbackflush.sheets.formulas import literal

TABLE = "Explanation"
_TEXT_MOST = 32_000  # characters of a cell; Excel takes 32,767


class TableWriter(Protocol):
    """A workbook of which one output table can be replaced."""

    def write_table(self, name: str, body: Body) -> None:
        """Replace the rows of one output table; all else stays as it is."""


def body(steps: list[Step]) -> Body:
    """The rows of the table Explanation, each with a link to its cell, or to the inputs on record; What is indented by level."""
    return {
        "Step": ([s.number for s in steps], None),
        "Level": ([s.level for s in steps], None),
        "Where": ([s.where for s in steps], [f'HYPERLINK("#{_target(s)}",{literal(s.where)})' for s in steps]),
        "What": ([f"{'   ' * s.level}{s.what}" for s in steps], None),
        "Figure": ([s.figure for s in steps], None),
        "Explanation": ([s.explanation[:_TEXT_MOST] for s in steps], None),
    }


def write(book: TableWriter, steps: list[Step]) -> None:
    """Put an explanation on its sheet."""
    book.write_table(TABLE, body(steps))


def printed(steps: list[Step]) -> list[str]:
    """Lines for a terminal: number, figure, what it is, where it stands; below it, indented, how it is worked out."""
    width = len(str(len(steps)))
    lines = []
    for s in steps:
        indent = "  " * s.level
        shown = "" if s.figure is None else f" = {figure(s.figure, 'any', 0)}"
        lines.append(f"{s.number:>{width}}  {indent}{s.what}{shown}  [{s.where}]")
        lines.append(f"{'':>{width}}  {indent}  {s.explanation}")
    return lines


def _target(step: Step) -> str:
    """A cell or range as a link needs it: 'Standard Cost'!E9. Cells on record are packed, and have no place of their own."""
    if step.run:
        return f"{quoted(schema.SHEET_OF['RunInputs'].name)}!A1"
    first, _, last = step.where.partition(":")
    cell = address(first)
    return f"{quoted(cell.sheet)}!{cell.address}{':' + last if last else ''}".replace('"', '""')
