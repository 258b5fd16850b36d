"""Recomputed formulas: those of the output tables, against those that a run would write.

Not one may be gone, changed or new, whatever it comes to today: a proof that was replaced by its value proves nothing.
Programs spell formulas in their own ways when they save them; two that differ are compared as trees, in which every
reference is a range of cells of the workbook as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xlbackflush import __version__
from xlbackflush.model.journal import Problem, Run
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.formula import FormulaError, Span, parse
from xlbackflush.sheets.formulas import Sheets

#: the formulas of a table's rows, from the first to the last: column -> formula without its =
Rows = Iterable[Mapping[str, str]]

#: what stays as it is, or the cell of a row, where its sheet is not named
_CELL_OF_ROW = re.compile(
    r"""("(?:[^"]|"")*"|(?:'(?:[^']|'')*'|\w+)!\$?[A-Z]{1,3}\$?[0-9]+)|\b([A-Z]{1,3})([0-9]+)\b(?![!(])"""
)


def how_to_mend(run: Run) -> str:
    """What to do about a formula that is not as the run wrote it."""
    made = "" if run.version == __version__ else f"The run was made with version {run.version}, this is {__version__}. "
    return made + ("Put the cell back." if run.is_closed else "Put the cell back, or run again.")


class Formulas:
    """The formulas of tables, compared with those that a run writes. sheets: where all tables stand."""

    def __init__(self, sheets: Sheets, fix: str) -> None:
        self._sheets, self._fix = sheets, fix

    def differing(
        self, written: Mapping[str, Sequence[str] | None], rows: Mapping[int, int], source: Source, there: Rows
    ) -> Iterator[Problem]:
        """Cells of a table that have not the formula that a run writes, or have one where it writes none.

        written: by column; rows: position of a row in the workbook -> in what a run writes, -1 where it is not in that,
        about which enough is said.
        """
        live = {name: self._sheets.written(formulas) for name, formulas in written.items() if formulas}
        positions = {number: rows[row] for row, number in enumerate(source.row_numbers)}
        for number, found in enumerate(there, source.first_row):
            at = positions.get(number)  # None: a blank row
            right = {} if at is None or at < 0 else {name: f for name in live if (f := live[name][at])}
            if at == -1 or found == right:
                continue
            place = (source.sheet, source.first_row + (at or 0), number)
            for name in written:
                if what := self._what(name, found.get(name), right.get(name), *place):
                    yield Problem(source.cell(name, number), what, self._fix)

    def _what(self, name: str, found: str | None, right: str | None, sheet: str, origin: int, row: int) -> str:
        """What is wrong with a cell, as a sentence; "" where nothing is."""
        if found == right:
            return ""
        if found is None:
            return f"{name} is a value; the run wrote a formula."
        if right is None:
            return f"{name} is a formula; the run wrote a value."
        if self._tree(found, sheet) == self._tree(_moved(right, origin, row), sheet):
            return ""
        return f"The formula of {name} is not the one that the run wrote."

    def _tree(self, formula: str, sheet: str) -> str:
        """The tree of a formula in words, since True equals 1; the formula itself where it cannot be parsed."""
        try:
            return repr(parse(formula, sheet, self._find))
        except FormulaError:
            return formula

    def _find(self, table: str, column: str) -> Span:
        """The cells of a table column."""
        stands = self._sheets.tables.get(table)
        if stands is None or column not in stands.letters:
            raise FormulaError(f"the workbook has no {table}[{column}]")
        return Span(stands.sheet, stands.letters[column], stands.first_row, stands.last_row)


def _moved(formula: str, origin: int, row: int) -> str:
    """The formula of a row that was sorted to another: cells of its own row move with it, all others stay."""
    if origin == row:
        return formula

    def cell(match: re.Match[str]) -> str:
        return f"{match[2]}{row}" if match[3] == str(origin) else match[0]

    return _CELL_OF_ROW.sub(cell, formula)
