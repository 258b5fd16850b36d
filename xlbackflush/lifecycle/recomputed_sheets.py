"""Recomputed sheets: what every output sheet holds, against what a run would write into it, cell by cell.

Seals and links guard the journal; all other sheets follow from it and from the inputs. A formula counts twice: by the value
that it was saved with, unless it has none, and as itself. Not one formula may be gone, changed or new, whatever it comes to
today: a proof that was replaced by its value proves nothing. Programs spell formulas in their own ways when they save them;
two that differ are compared as trees, in which every reference is a range of cells of the workbook as it stands.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import takewhile, zip_longest

from xlbackflush import __version__, schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.result import RunResult
from xlbackflush.model.journal import Problem, Run
from xlbackflush.model.tables import CellError, Source, absent
from xlbackflush.ooxml.formula import FormulaError, finder, parse
from xlbackflush.ooxml.values import stored
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import Sheets
from xlbackflush.sheets.registry import BODIES

#: tables that other commands fill, and those of the record, which has tests of its own
_NOT_OF_THE_RUN = {"Findings", "Explanation", "Sensitivity", "Suspects", "Runs", "RunInputs"}
#: tables that are compared
TABLES = tuple(table for table in schema.OUTPUT_TABLES if table.name not in _NOT_OF_THE_RUN)
NAMED = 5  # of the cells of a table that are named; the others are counted
#: more than the digits that a file or another program drops, less than any unit of money
_NOISE = 1e-6

#: the formulas of a table's rows, from the first to the last: column -> formula without its =
Rows = Iterable[Mapping[str, str]]

#: what stays as it is, or the cell of a row, where its sheet is not named
_CELL_OF_ROW = re.compile(
    r"""("(?:[^"]|"")*"|(?:'(?:[^']|'')*'|\w+)!\$?[A-Z]{1,3}\$?[0-9]+)|\b([A-Z]{1,3})([0-9]+)\b(?![!(])"""
)


def differing(
    result: RunResult, tables: Mapping[str, Source], formulas: Callable[[str], Rows], named: Collection[str] = ()
) -> list[Problem]:
    """Cells of the output tables that hold something else than the run gives.

    tables: all of the workbook, as read; formulas: of a table, as they stand; named: cells of which enough is said.
    """
    run = RunView(result, Sheets({table.name: absent(table) for table in schema.INPUT_TABLES} | dict(tables)))
    problems: list[Problem] = []
    for table in TABLES:
        compared = _Compared(table, BODIES[table.name](run), tables[table.name])
        values = list(compared.values())
        others = compared.formulas(formulas(table.name), run.sheets, how_to_mend(run.run))
        problems += first(values, named) + first(others, {*named, *(problem.where for problem in values)})
    return problems


def how_to_mend(run: Run) -> str:
    """What to do about a formula that is not as the run wrote it."""
    made = "" if run.version == __version__ else f"The run was made with version {run.version}, this is {__version__}. "
    return made + ("Put the cell back." if run.is_closed else "Put the cell back, or run again.")


def first(problems: Iterable[Problem], named: Collection[str] = ()) -> list[Problem]:
    """The first of the problems of a table, but for those of cells that are named already; the others are counted."""
    unnamed = [problem for problem in problems if problem.where not in named]
    if len(unnamed) <= NAMED:
        return unnamed
    last, more = unnamed[NAMED], len(unnamed) - NAMED - 1
    what = f"Here and in {more} more cells likewise." if more else last.what
    return [*unnamed[:NAMED], Problem(last.where, what, last.fix)]


@dataclass(frozen=True)
class _Compared:
    """A table as a run gives it, and as it stands in the workbook."""

    table: schema.Table
    body: Body
    source: Source

    @cached_property
    def names(self) -> list[str]:
        """The columns that are compared."""
        columns = self.table.columns
        return [c.name for c in columns if c.name in self.source.columns and c not in schema.AUDITOR]

    @cached_property
    def row_names(self) -> list[str]:
        """The columns that name a row: the first ones, as far as they hold text."""
        texts = takewhile(lambda name: self.table.column(name).kind in ("text", "item", "choice"), self.names)
        return list(texts) or self.names[:1]

    @cached_property
    def given(self) -> dict[str, Sequence[object]]:
        """The values that the run gives, by column."""
        return {name: self.body[name][0] for name in self.names}

    @cached_property
    def shown(self) -> dict[str, list[object]]:
        """The values that the workbook shows, by column."""
        return self.source.by_column()

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """Positions of a row in the body and in the workbook; -1 where it is in one of them only.

        Rows are matched by their names, the texts that a row begins with; rows of one name in their order. If as many rows
        are left on both sides, they are the same rows under another name. Names that are formulas without a result match
        nothing: then all rows are matched in their order.
        """
        wanted, there = self._positions(self.given), self._positions(self.shown)
        cells = (cell for name in self.row_names for cell in self.shown[name])
        if any(isinstance(cell, CellError) and not cell.calculated for cell in cells):
            return list(zip_longest(wanted.values(), there.values(), fillvalue=-1))
        pairs = [(at, there[key]) for key, at in wanted.items() if key in there]
        missing = [at for key, at in wanted.items() if key not in there]
        added = [row for key, row in there.items() if key not in wanted]
        if len(missing) == len(added):
            return sorted([*pairs, *zip(missing, added, strict=True)])
        return [*sorted([*pairs, *((at, -1) for at in missing)]), *((-1, row) for row in added)]

    def _positions(self, values: Mapping[str, Sequence[object]]) -> dict[tuple[str, ...], int]:
        """The name of each row, with its number among the rows of that name -> its position."""
        seen: Counter[tuple[str, ...]] = Counter()
        positions = {}
        for at, row in enumerate(zip(*(values[name] for name in self.row_names), strict=True)):
            name = tuple(map(_word, row))
            seen[name] += 1
            positions[*name, str(seen[name])] = at
        return positions

    def values(self) -> Iterator[Problem]:
        """Cells that show another value, rows that are not there, and rows that should not be."""
        for at, row in self.pairs:
            if row < 0:
                what = f"{self.table.name} has no row of {self._name(self.given, at)}."
                yield Problem(self.source.cell(self.names[0], self.source.first_row), what)
                continue
            number = self.source.row_numbers[row]
            if at < 0:
                what = f"The inputs give no row of {self._name(self.shown, row)}."
                yield Problem(self.source.cell(self.names[0], number), what)
                continue
            for name in self.names:
                value, right = self.shown[name][row], self.given[name][at]
                if value != right and not _same(value, right):
                    what = f"{name} is {_text(value)}; the inputs give {_text(right)}."
                    yield Problem(self.source.cell(name, number), what)

    def _name(self, values: Mapping[str, Sequence[object]], at: int) -> str:
        return ", ".join(filter(None, (_word(values[name][at]) for name in self.row_names)))

    def formulas(self, there: Rows, sheets: Sheets, fix: str) -> Iterator[Problem]:
        """Cells that have not the formula that the run writes, or have one where it writes none.

        there: as they stand; sheets: where all tables stand; fix: what to do about it.
        """
        find, first = finder(sheets.tables), self.source.first_row
        written = {name: sheets.written(formulas) for name in self.names if (formulas := self.body[name][1])}
        positions = {self.source.row_numbers[row]: at for at, row in self.pairs if row >= 0}

        def tree(formula: str) -> str:
            """The tree of a formula in words, since True equals 1; the formula itself where it cannot be parsed."""
            try:
                return repr(parse(formula, self.source.sheet, find))
            except FormulaError:
                return formula

        for number, row in enumerate(there, first):
            at = positions.get(number)  # None: a blank row; -1: a row that should not be, about which enough is said
            right = {} if at is None or at < 0 else {name: f for name in written if (f := written[name][at])}
            for name in self.names if at != -1 and row != right else ():
                formula, wanted = row.get(name), right.get(name)
                if formula == wanted:
                    continue
                if formula is None:
                    what = f"{name} is a value; the run wrote a formula."
                elif wanted is None:
                    what = f"{name} is a formula; the run wrote a value."
                elif tree(formula) != tree(_moved(wanted, first + (at or 0), number)):
                    what = f"The formula of {name} is not the one that the run wrote."
                else:
                    continue
                yield Problem(self.source.cell(name, number), what, fix)


def _moved(formula: str, origin: int, row: int) -> str:
    """The formula of a row that was sorted to another: cells of its own row move with it, all others stay."""
    return _CELL_OF_ROW.sub(lambda match: f"{match[2]}{row}" if match[3] == str(origin) else match[0], formula)


def _word(cell: object) -> str:
    return "" if cell is None else str(stored(cell) or "")


def _same(there: object, right: object) -> bool:
    """Equal but for noise. A formula without a result says nothing; that has a sentence of its own."""
    if isinstance(there, CellError):
        return not there.calculated
    value, wanted = stored(there), None if isinstance(right, float) and math.isnan(right) else stored(right)
    if isinstance(wanted, int | float):
        number = 0.0 if value is None else value
        return isinstance(number, int | float) and abs(number - wanted) <= _NOISE * max(1.0, abs(wanted))
    return value == wanted or (wanted is None and value == 0)


def _text(cell: object) -> str:
    if isinstance(cell, CellError):
        return cell.text
    if isinstance(cell, int | float):
        return "blank" if isinstance(cell, float) and math.isnan(cell) else f"{cell:,.6f}".rstrip("0").rstrip(".")
    return f'"{cell}"' if cell else "blank"
