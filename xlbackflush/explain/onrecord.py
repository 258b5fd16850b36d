"""Workbooks of earlier runs, computed again from the inputs on record, for lines that were taken back since.

Such a line has no proof left but the line that takes it back. What it was made of is still there: the inputs of the run that
posted it, on sheet Run Inputs. They give the same tables again, cell for cell, without a file: here they are read as a
workbook, so that the line is derived there as any other.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.record import journal_table
from xlbackflush.engine.record.runs_table import run_inputs
from xlbackflush.engine.result import RunResult
from xlbackflush.explain.evaluate import Value
from xlbackflush.explain.reader import Grid
from xlbackflush.lifecycle.recomputed_journal import recompute_run
from xlbackflush.model.journal import PostedEntry
from xlbackflush.model.tables import CellError, Source
from xlbackflush.ooxml.address import split_cell
from xlbackflush.ooxml.formula import Cell, FormulaError
from xlbackflush.ooxml.values import as_excel
from xlbackflush.sheets.body import Body, RunView, empty
from xlbackflush.sheets.formulas import Sheets
from xlbackflush.sheets.registry import BODIES

#: tables that no posted amount rests on
_LEFT_OUT = (
    "Suspects",
    "Witnesses",
    "Fit",
    "Comparison",
    "Dashboard",
    "Findings",
    "Checks",
    "InputControls",
    "Runs",
    "RunInputs",
)


class OnRecord:
    """The earlier runs of a workbook; each is computed when it is asked for, once."""

    def __init__(self, grid: Grid, places: int) -> None:
        self._grid, self._places = grid, places
        self._grids: dict[str, Grid] = {}

    def line(self, run: str, entry: float, line: float, column: str) -> Cell:
        """Where a posted amount stands in the workbook of its run. FormulaError, in plain words, where it does not."""
        grid = self.grid(run)
        for row, (*numbers, amount) in grid.numbered_rows("Journal", "Entry", "Line", column):
            if numbers == [entry, line] and amount is not None:
                return grid.cell("Journal", column, row)
        raise FormulaError(f"the inputs on record of {run} give no such line; verify says what was changed")

    def grid(self, run: str) -> Grid:
        """The workbook of a run, as it was when the run was made. FormulaError where its inputs do not give it again."""
        if run not in self._grids:
            on_record = run_inputs(_filled(self._grid, "RunInputs")).get(run)
            try:
                inputs = snapshot.unpack(on_record.pieces if on_record else [])
            except snapshot.DamagedError as error:
                raise FormulaError(str(error).rstrip(".")) from error
            result = recompute_run(run, inputs, self._posted_before(run))
            if not result.run:
                raise FormulaError(f"the inputs on record of {run} do not run any more")
            self._grids[run] = Grid(_Computed(result, inputs, self._grid.tables))
        return self._grids[run]

    def _posted_before(self, run: str) -> list[PostedEntry]:
        """What was posted before a run: the lines above its own."""
        journal = _filled(self._grid, "Journal")
        at = journal.columns.index("Run")
        above = list(takewhile(lambda row: row[at] != run, journal.rows))
        above_it = replace(journal, rows=above, row_numbers=journal.row_numbers[: len(above)])
        entries, problems = journal_table.parse(above_it, self._places)
        if problems:
            raise FormulaError(f"the journal was changed at {problems[0].where}; verify says how")
        return entries


def _filled(grid: Grid, name: str) -> Source:
    """A table with its rows, as the engine reads them."""
    names = [column for column in schema.TABLES[name].names if column in grid.tables[name].letters]
    filled: dict[int, list[object]] = {
        number: ["" if value is None else value for value in row]
        for number, row in grid.numbered_rows(name, *names)
        if any(value is not None for value in row)
    }
    return replace(grid.tables[name], columns=names, rows=list(filled.values()), row_numbers=list(filled))


class _Computed:
    """A workbook that is not in a file: inputs as they were read, and the tables that a run makes of them."""

    def __init__(self, result: RunResult, inputs: Mapping[str, Source], tables: Mapping[str, Source]) -> None:
        self._inputs = inputs
        self._rows = {name: {row: i for i, row in enumerate(s.row_numbers)} for name, s in inputs.items()}
        run = RunView(result, Sheets({**tables, **inputs}))
        self._bodies: dict[str, Body] = {
            table.name: empty(table) if table.name in _LEFT_OUT else BODIES[table.name](run)
            for table in schema.OUTPUT_TABLES
        }
        self._tables = {**tables, **inputs}
        for name, body in self._bodies.items():
            first, height = tables[name].first_row, len(next(iter(body.values()))[0])
            self._tables[name] = replace(tables[name], last_row=first + max(1, height) - 1)
        self._columns = {
            (table.sheet, letter): (name, column)
            for name, table in self._tables.items()
            for column, letter in table.letters.items()
        }

    def table(self, name: str) -> Source | None:
        """See `Reader`."""
        return self._tables.get(name)

    def value(self, sheet: str, cell: str) -> Value:
        """See `Reader`."""
        table, column, row = self._place(sheet, cell)
        if table in self._inputs:
            source, at = self._inputs[table], self._rows[table].get(row)
            return None if at is None else _shown(source.rows[at][source.columns.index(column)])
        values, formulas, at = self._output(table, column, row)
        if not 0 <= at < len(values):
            return None
        live = formulas and formulas[at] and not isinstance(values[at], str)
        value = _shown(values[at])
        return 0.0 if live and value is None else value  # a formula never shows a blank number

    def formula(self, sheet: str, cell: str) -> str:
        """See `Reader`."""
        _, formulas, at = self._output(*self._place(sheet, cell))
        return formulas[at] if formulas and 0 <= at < len(formulas) else ""

    def _place(self, sheet: str, cell: str) -> tuple[str, str, int]:
        row = split_cell(cell)[1]
        return *self._columns.get((sheet, cell.removesuffix(str(row))), ("", "")), row

    def _output(self, table: str, column: str, row: int) -> tuple[Sequence[object], Sequence[str] | None, int]:
        """Values and formulas of a column of an output table, and the position of a row in them."""
        values, formulas = self._bodies.get(table, {}).get(column, ((), None))
        return values, formulas, row - self._tables[table].first_row if table else -1


def _shown(value: object) -> Value:
    """A value as Excel would hold it; what is no number is blank."""
    if isinstance(value, CellError):
        return value
    shown = as_excel(value)
    return None if shown != shown else shown
