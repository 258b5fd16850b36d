"""An explanation on the sheet Explanation, and in a terminal."""

from __future__ import annotations

from typing import Protocol

from xlbackflush.explain.words import figure
from xlbackflush.model.step import Step
from xlbackflush.sheets import explanation
from xlbackflush.sheets.body import Body


class TableWriter(Protocol):
    """A workbook of which one output table can be replaced."""

    def write_table(self, name: str, body: Body) -> None:
        """Replace the rows of one output table; all else stays as it is."""


def write(book: TableWriter, steps: list[Step]) -> None:
    """Put an explanation on its sheet."""
    book.write_table(explanation.TABLE.name, explanation.rows_of(steps))


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
