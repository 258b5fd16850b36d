"""The derivation of one cell: steps from the amount down to the cells that people typed.

Depth first, so that what a figure is made of stands right below it. A derivation that was shown before is not repeated.
Of a long sum the largest rows are shown and the others together, as many as keep the whole within reach; every branch
that is shown ends at input cells, or at what the run recorded.
"""

from __future__ import annotations

from typing import NamedTuple

from xlbackflush.dataclass import dataclass
from xlbackflush.explain.evaluate import Addend, Value, addends, is_number
from xlbackflush.explain.expression import Constant, Expression, Printer, Simplifier, Term, terms
from xlbackflush.explain.onrecord import OnRecord
from xlbackflush.explain.posted import Basis, Posted
from xlbackflush.explain.reader import Grid, Place
from xlbackflush.explain.words import Words, figure, sum_words
from xlbackflush.model.step import Step
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.formula import Call, Cell, FormulaError, Literal, Node, walk

ROWS_SHOWN = (40, 25, 15, 10, 7, 5, 4, 3, 2, 1)  # of each sum, the first that keeps the whole short
STEPS_MOST = 500
ADDENDS_IN_TEXT = 6
CELLS_IN_TEXT = 6


class _LeftOut(NamedTuple):
    """Rows of a sum that are not shown one by one: how many, their sum, and where they stand."""

    rows: int
    total: float
    where: str


@dataclass(frozen=True)
class _Task:
    """Something to explain: a cell, a part of a formula, or rows left out of a sum. `cell` is where to look."""

    derivation: Derivation
    level: int
    cell: Cell
    node: Node
    left_out: _LeftOut | None = None


class _Answer(NamedTuple):
    """How a figure comes about, the kind of step that this is (see `Step`), and what it is made of."""

    explanation: str
    kind: str
    below: list[_Task]


def derivation(grid: Grid, cell: Cell) -> list[Step]:
    """The steps below a cell."""
    words = Words(grid)
    past = OnRecord(grid, words.places)
    for shown in ROWS_SHOWN[:-1]:
        steps = Derivation(grid, words, shown, past).steps([cell], STEPS_MOST)
        if len(steps) <= STEPS_MOST:
            return steps
    return Derivation(grid, words, ROWS_SHOWN[-1], past).steps([cell])


class Derivation:
    """Derives cells with so many rows shown of each sum; what was derived once is not derived again.

    past: the workbooks of earlier runs, where lines that were taken back are derived. A derivation there (`run` says of which
    run) is one more of these, which goes on with the same list of steps.
    """

    def __init__(self, grid: Grid, words: Words, rows_shown: int, past: OnRecord | None = None, run: str = "") -> None:
        self.grid, self.words, self.rows_shown, self.run = grid, words, rows_shown, run
        self.evaluate = grid.evaluate
        self.past = past or OnRecord(grid, words.places)
        self.of_runs: dict[str, Derivation] = {}
        self.seen: dict[Node, int] = {}
        self.done: list[Step] = []

    def steps(self, cells: list[Cell], most: int | None = None) -> list[Step]:
        """The steps of some cells, one derivation after the other; given up as soon as there are more than `most`."""
        tasks = [_Task(self, 0, cell, cell) for cell in reversed(cells)]
        while tasks and (most is None or len(self.done) <= most):
            task = tasks.pop()
            tasks += reversed(task.derivation._step(task))
        return self.done

    def _step(self, task: _Task) -> list[_Task]:
        """Add the step of a task; what it is made of are the next ones."""
        node, number = task.node, len(self.done) + 1
        value: Value
        if task.left_out:
            what, value, where = f"{task.left_out.rows:,} smaller rows", task.left_out.total, task.left_out.where
            answer = _Answer("Left out here; explain any of them by its own cell.", "others", [])
        else:
            what = self.words.what(node) if isinstance(node, Cell) else self._part(task)
            value = self.grid.value(node) if isinstance(node, Cell) else self.evaluate.number(node)
            where = str(task.cell)
            if node in self.seen:
                answer = _Answer(f"See step {self.seen[node]}.", "repeat", [])
            else:
                self.seen[node] = number
                try:
                    answer = self._of_cell(task, node, value) if isinstance(node, Cell) else self._of_tree(task, node)
                except FormulaError as error:
                    answer = _Answer(f"This cannot be worked out: {error}.", "unknown", [])
        shown = float(value) if is_number(value) else None
        where += f" in {self.run}" if self.run else ""
        self.done.append(Step(number, task.level, where, what, shown, answer.explanation, answer.kind, self.run))
        return answer.below

    def _part(self, task: _Task) -> str:
        """What a part of a formula is: a sum, or the row that it is about."""
        if isinstance(task.node, Call):
            return _capital(sum_words(self.words, task.node))
        place = self.grid.place(task.cell)
        row = self.words.row(task.cell, place) if place else ""
        return f"Row {task.cell.row} of {task.cell.sheet}" + (f": {row}" if row else "")

    def _of_cell(self, task: _Task, cell: Cell, value: Value) -> _Answer:
        if isinstance(value, CellError):
            why = "has not been calculated: open the workbook in Excel and save it"
            return _Answer(f"The cell {f'holds the error {value.text}' if value.calculated else why}.", "unknown", [])
        place, tree = self.grid.place(cell), self.grid.tree(cell)
        if place is None:
            return _Answer("Not in a table of the backflush: select an amount on one of its sheets.", "unknown", [])
        if place.is_input:
            return _Answer(self._typed(cell, place, value, tree is not None), "input", [])
        if value is None or isinstance(value, str | bool):
            return _Answer(self._text(cell, place, value, tree), "text", [])
        if tree is not None:
            return self._of_tree(task, tree)
        rests = Posted(self.grid, cell, place).basis()
        if rests.run:
            return self._taken_back(task, place, rests)
        if rests.tree is None:
            return _Answer(rests.sentence, "recorded", [])
        return self._of_tree(task, rests.tree, rests.sentence)

    def _taken_back(self, task: _Task, place: Place, rests: Basis) -> _Answer:
        """An amount that was taken back since: derived in the workbook of the run that posted it."""
        value, run, column = self.grid.value(task.cell), rests.run, place.column.name
        try:
            entry, line = (self.evaluate.number(place.beside(task.cell, name)) for name in ("Entry", "Line"))
            there = self.past.line(run, entry, line, column)
            if self.past.grid(run).value(there) != value:
                raise FormulaError(f"the inputs on record of {run} give another amount; verify says what was changed")
        except FormulaError as error:
            return _Answer(f"{rests.sentence} It cannot be derived any more: {error}.", "recorded", [])
        explanation = (
            f"{rests.sentence} Derived from the inputs on record of {run} (sheet Run Inputs): "
            f"{column} [{there} in {run}] = {self.words.figure(value, task.cell, True)}."
        )
        return _Answer(explanation, "formula", [_Task(self._of_run(run), task.level + 1, there, there)])

    def _of_run(self, run: str) -> Derivation:
        """The derivation in the workbook of a run; its steps follow those here."""
        if run not in self.of_runs:
            grid = self.past.grid(run)
            derivation = Derivation(grid, Words(grid), self.rows_shown, self.past, run)
            derivation.done, derivation.of_runs = self.done, self.of_runs
            self.of_runs[run] = derivation
        return self.of_runs[run]

    def _typed(self, cell: Cell, place: Place, value: Value, is_formula: bool) -> str:
        shown = "Blank, which counts as 0."
        if value is not None:
            shown = f"{'A formula of your own' if is_formula else 'Typed in'}: {self.words.figure(value, cell, True)}."
        return f"{shown} {self.words.help(cell, place)}"

    def _text(self, cell: Cell, place: Place, value: Value, tree: Node | None) -> str:
        if value is None:
            return f"Blank. {place.column.help} Select a cell that holds an amount."
        cells = sorted({self.words.named(n, cell.sheet) for n in walk(tree) if isinstance(n, Cell)}) if tree else []
        source = f" It follows from {', '.join(cells[:CELLS_IN_TEXT])}." if cells else ""
        return f"A text, not an amount: {place.column.help}{source}"

    def _of_tree(self, task: _Task, tree: Node, sentence: str = "") -> _Answer:
        """A formula, or a part of one: a sum of rows, or arithmetic. sentence: what comes before it, if anything."""
        simplifier = Simplifier(self.evaluate, self.words, task.cell.sheet)
        expression = simplifier.expression(tree)
        if isinstance(expression, Term) and isinstance(expression.node, Call):
            answer = self._sum(task, expression)
        else:
            once = {term.node: term for term in terms(expression)}  # from left to right
            below = [_Task(self, task.level + 1, node if isinstance(node, Cell) else task.cell, node) for node in once]
            answer = _Answer(self._arithmetic(task, expression), "formula" if below else "constant", below)
        reasons = "; and as ".join(dict.fromkeys(simplifier.reasons))
        note = self._stale(task, expression.value) + (f" As {reasons}." if reasons else "")
        return answer._replace(explanation=f"{sentence} {answer.explanation}{note}".strip())

    def _arithmetic(self, task: _Task, expression: Expression) -> str:
        result = self._shown(task, expression.value)
        if isinstance(expression, Constant):
            return f"By the formula itself: {result}."
        printers = (Printer(self.words, task.cell.sheet, names) for names in (True, False))
        named, numbers = (printer.text(expression)[0] for printer in printers)
        if isinstance(expression, Term) or numbers in (named, result.split(" ")[0]):
            return f"{_capital(named)} = {result}."
        return f"{_capital(named)} = {numbers} = {result}."

    def _shown(self, task: _Task, value: float) -> str:
        if isinstance(task.node, Cell):
            return self.words.figure(value, task.node, True)
        return figure(value, "any", self.words.places)

    def _sum(self, task: _Task, term: Term) -> _Answer:
        """Rows added up, the largest first to be shown."""
        parts = addends(term.node, self.evaluate)
        named, result = _capital(sum_words(self.words, term.node)), self._shown(task, term.value)
        if parts is None:
            return _Answer(f"{named}: {result}.", "count", [])
        if not parts.rows:
            none = f"{parts.zeros:,} rows, all of them 0" if parts.zeros else "no row with an amount"
            return _Answer(f"{named}: {none} = {result}.", "count", [])
        rows, left_out = self._largest(parts.rows)
        below = [_Task(self, task.level + 1, row.cell, self._row_node(row)) for row in rows]
        numbers = [self.words.figure(row.amount, row.cell) for row in rows]
        count = len(parts.rows)
        words = f"{count:,} row{'s' if count > 1 else ''}" + (f" (and {parts.zeros:,} of 0)" if parts.zeros else "")
        if left_out:
            below.append(_Task(self, task.level + 1, task.cell, Literal(0.0), left_out))
            numbers.append(figure(left_out.total, "any", self.words.places))
            words += f", the {len(rows)} largest below" if len(rows) > 1 else ", the largest below"
        positive = (f"({number})" if number.startswith("-") else number for number in numbers)
        added = f": {' + '.join(positive)}" if 1 < len(numbers) <= ADDENDS_IN_TEXT else ""
        return _Answer(f"{named}, {words}{added} = {result}.", "sum", below)

    def _largest(self, rows: list[Addend]) -> tuple[list[Addend], _LeftOut | None]:
        if len(rows) <= self.rows_shown + 1:
            return rows, None
        by_size = sorted(range(len(rows)), key=lambda k: -abs(rows[k].amount))
        largest, others = (
            [rows[k] for k in sorted(part)] for part in (by_size[: self.rows_shown], by_size[self.rows_shown :])
        )
        where = f"{others[0].cell}:{others[-1].cell.address}"
        return largest, _LeftOut(len(others), sum(row.amount for row in others), where)

    def _row_node(self, addend: Addend) -> Node:
        """A product of which one cell is left, once its conditions are gone, is that cell."""
        if isinstance(addend.node, Cell):
            return addend.node
        expression = Simplifier(self.evaluate, self.words, addend.cell.sheet).expression(addend.node)
        return expression.node if isinstance(expression, Term) else addend.node

    def _stale(self, task: _Task, value: float) -> str:
        """A cell that does not show what its formula gives."""
        stored = self.grid.value(task.node) if isinstance(task.node, Cell) else value
        if not isinstance(stored, int | float) or abs(stored - value) <= 1e-9 * max(1.0, abs(stored)):
            return ""
        shown = figure(float(stored), "any", self.words.places)
        place = self.grid.place(task.cell)
        if place and isinstance(task.node, Cell) and self.grid.tree(task.node) is None:
            return f" But {shown} was posted: an input changed after the run."
        return f" But the cell shows {shown}: it has not been calculated since an input changed."


def _capital(sentence: str) -> str:
    """The start of a sentence. No text starts with a sign: Excel would take what is typed so for a formula."""
    if sentence.startswith("-"):
        return f"Minus {sentence[1:]}"
    return sentence[:1].upper() + sentence[1:]
