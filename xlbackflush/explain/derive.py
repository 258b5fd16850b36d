"""The derivation of one cell: steps from the amount down to the cells that people typed.

Depth first, so that what a figure is made of stands right below it. A derivation that was shown before is not repeated.
Of a long sum the largest rows are shown and the others together, as many as keep the whole within reach; every branch
that is shown ends at input cells, or at what the run recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

from xlbackflush.explain.evaluate import Value
from xlbackflush.explain.expression import Constant, Expression, Printer, Simplifier, Term, terms
from xlbackflush.explain.onrecord import OnRecord
from xlbackflush.explain.posted import Basis, basis
from xlbackflush.explain.reader import Grid, Place
from xlbackflush.explain.sums import Addend, addends, sum_words
from xlbackflush.explain.words import Words, figure
from xlbackflush.model.step import Step
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.formula import Call, Cell, FormulaError, Literal, Node, walk

ROWS_SHOWN = (40, 25, 15, 10, 7, 5, 4, 3, 2, 1)  # of each sum, the first that keeps the whole short
STEPS_MOST = 500
ADDENDS_IN_TEXT = 6


@dataclass(frozen=True)
class _Task:
    """Something to explain: a cell, a part of a formula, or rows left out of a sum. `cell` is where to look."""

    level: int
    cell: Cell
    node: Node
    left_out: tuple[int, float, str] | None = None  # how many rows, their sum, where they stand


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
        self.found: list[Step] = []
        self.most: int | None = None

    def steps(self, cells: list[Cell], most: int | None = None, level: int = 0) -> list[Step]:
        """The steps of some cells, one derivation after the other; given up as soon as there are more than `most`."""
        self.most = most
        tasks = [_Task(level, cell, cell) for cell in reversed(cells)]
        while tasks and (most is None or len(self.found) <= most):
            task = tasks.pop()
            tasks += reversed(self._step(task))
        return self.found

    def _add(self, task: _Task, what: str, value: Value, explanation: str, kind: str) -> None:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        where = task.left_out[2] if task.left_out else str(task.cell)
        where += f" in {self.run}" if self.run else ""
        self.found.append(Step(len(self.found) + 1, task.level, where, what, number, explanation, kind, self.run))

    def _step(self, task: _Task) -> list[_Task]:
        """Add the step of a task; what it is made of are the next ones."""
        if task.left_out:
            count, total, _ = task.left_out
            self._add(
                task, f"{count:,} smaller rows", total, "Left out here; explain any of them by its own cell.", "others"
            )
            return []
        if isinstance(task.node, Cell):
            what, value = self.words.what(task.node), self.grid.value(task.node)
        else:
            what, value = self._part(task), self.evaluate.number(task.node)
        if task.node in self.seen:
            self._add(task, what, value, f"See step {self.seen[task.node]}.", "repeat")
            return []
        self.seen[task.node] = len(self.found) + 1
        try:
            return (
                self._cell(task, what, value) if isinstance(task.node, Cell) else self._tree(task, what, task.node, "")
            )
        except FormulaError as error:
            self._add(task, what, value, f"This cannot be worked out: {error}.", "unknown")
            return []

    def _part(self, task: _Task) -> str:
        if isinstance(task.node, Call) and addends(task.node, self.evaluate) is not None:
            return _capital(sum_words(self.words, task.node))
        place = self.grid.place(task.cell)
        row = self.words.row(task.cell, place) if place else ""
        if isinstance(task.node, Call):
            return _capital(sum_words(self.words, task.node))
        return f"Row {task.cell.row} of {task.cell.sheet}" + (f": {row}" if row else "")

    # ------------------------------------------------------------------------------------------ cells

    def _cell(self, task: _Task, what: str, value: Value) -> list[_Task]:
        assert isinstance(task.node, Cell)
        cell, place = task.node, self.grid.place(task.node)
        if isinstance(value, CellError):
            why = (
                f"holds the error {value.text}"
                if value.calculated
                else "has not been calculated: open the workbook in Excel and save it"
            )
            self._add(task, what, value, f"The cell {why}.", "unknown")
            return []
        tree = self.grid.tree(cell)
        if place is None:
            self._add(
                task, what, value, "Not in a table of the backflush: select an amount on one of its sheets.", "unknown"
            )
            return []
        if place.is_input:
            self._add(task, what, value, self._typed(cell, place, value, tree is not None), "input")
            return []
        if value is None or isinstance(value, str | bool):
            self._add(task, what, value, self._text(cell, place, value, tree), "text")
            return []
        if tree is not None:
            return self._tree(task, what, tree, "")
        rests = basis(self.grid, cell, place)
        if rests.run:
            self._taken_back(task, what, place, rests)
            return []
        if rests.tree is None:
            self._add(task, what, value, rests.sentence, "recorded")
            return []
        return self._tree(task, what, rests.tree, rests.sentence)

    def _taken_back(self, task: _Task, what: str, place: Place, rests: Basis) -> None:
        """An amount that was taken back since: derived in the workbook of the run that posted it."""
        value, run = self.grid.value(task.cell), rests.run
        try:
            entry, line = (self.evaluate.number(self._beside(task.cell, place, name)) for name in ("Entry", "Line"))
            there = self.past.line(run, entry, line, place.column.name)
            if self.past.grid(run).value(there) != value:
                raise FormulaError(f"the inputs on record of {run} give another amount; verify says what was changed")
        except FormulaError as error:
            self._add(task, what, value, f"{rests.sentence} It cannot be derived any more: {error}.", "recorded")
            return
        self._add(task, what, value, f"{rests.sentence} Derived from the inputs on record of {run} (sheet Run Inputs): "
                  f"{place.column.name} [{there} in {run}] = {self.words.figure(value, task.cell, True)}.",
                  "formula")  # fmt: skip
        self._of_run(run).steps([there], self.most, task.level + 1)

    def _beside(self, cell: Cell, place: Place, column: str) -> Cell:
        return Cell(cell.sheet, place.source.letters[column], cell.row)

    def _of_run(self, run: str) -> Derivation:
        """The derivation in the workbook of a run; its steps follow those here."""
        if run not in self.of_runs:
            grid = self.past.grid(run)
            derivation = Derivation(grid, Words(grid), self.rows_shown, self.past, run)
            derivation.found, derivation.of_runs = self.found, self.of_runs
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
        made = sorted({self.words.named(n, cell.sheet) for n in walk(tree) if isinstance(n, Cell)}) if tree else []
        source = f" It follows from {', '.join(made[:6])}." if made else ""
        return f"A text, not an amount: {place.column.help}{source}"

    # ---------------------------------------------------------------------------------------- formulas

    def _tree(self, task: _Task, what: str, tree: Node, sentence: str) -> list[_Task]:
        """A formula, or a part of one: a sum of rows, or arithmetic."""
        simplifier = Simplifier(self.evaluate, self.words, task.cell.sheet)
        expression = simplifier.expression(tree)
        stored = self.grid.value(task.node) if isinstance(task.node, Cell) else expression.value
        note = self._stale(task, stored, expression.value) + self._because(simplifier.reasons)
        if isinstance(expression, Term) and isinstance(expression.node, Call):
            return self._sum(task, what, stored, expression, f"{sentence} ".lstrip(), note)
        below = [_Task(task.level + 1, self._place_of(t, task), t.node) for t in _once(expression)]
        self._add(task, what, stored, f"{sentence} {self._arithmetic(task, expression)}{note}".strip(),
                  "formula" if below else "constant")  # fmt: skip
        return below

    def _arithmetic(self, task: _Task, expression: Expression) -> str:
        here = task.cell.sheet
        cell = task.node if isinstance(task.node, Cell) else None
        printer = Printer(self.words, here, cell)
        result = self._shown(task, expression.value)
        if isinstance(expression, Constant):
            return f"By the formula itself: {result}."
        named, numbers = printer.in_words(expression), printer.in_figures(expression)
        if isinstance(expression, Term) or numbers in (named, result.split(" ")[0]):
            return f"{_capital(named)} = {result}."
        return f"{_capital(named)} = {numbers} = {result}."

    def _shown(self, task: _Task, value: float) -> str:
        if isinstance(task.node, Cell):
            return self.words.figure(value, task.node, True)
        return figure(value, "any", self.words.places)

    def _sum(self, task: _Task, what: str, stored: Value, term: Term, sentence: str, note: str) -> list[_Task]:
        """Rows added up, the largest first to be shown."""
        found = addends(term.node, self.evaluate)
        named = _capital(sum_words(self.words, term.node))
        result = self._shown(task, term.value)
        if found is None:
            self._add(task, what, stored, f"{sentence}{named}: {result}.{note}", "count")
            return []
        rows, left_out = self._largest(found.rows)
        numbers = [self.words.figure(a.amount, a.cell) for a in rows]
        if left_out:
            numbers.append(figure(left_out[1], "any", self.words.places))
        if not rows:
            text_ = "no row with an amount" if not found.zeros else f"{found.zeros:,} rows, all of them 0"
            self._add(task, what, stored, f"{sentence}{named}: {text_} = {result}.{note}", "count")
            return []
        count = len(found.rows)
        words = f"{count:,} row{'s' if count > 1 else ''}" + (f" (and {found.zeros:,} of 0)" if found.zeros else "")
        added = f": {' + '.join(_positive(n) for n in numbers)}" if 1 < len(numbers) <= ADDENDS_IN_TEXT else ""
        if left_out:
            words += f", the {len(rows)} largest below" if len(rows) > 1 else ", the largest below"
        self._add(task, what, stored, f"{sentence}{named}, {words}{added} = {result}.{note}", "sum")
        tasks = [_Task(task.level + 1, a.cell, self._row_node(a)) for a in rows]
        if left_out:
            tasks.append(_Task(task.level + 1, task.cell, Literal(0.0), left_out))
        return tasks

    def _largest(self, rows: list[Addend]) -> tuple[list[Addend], tuple[int, float, str] | None]:
        if len(rows) <= self.rows_shown + 1:
            return rows, None
        by_size = sorted(range(len(rows)), key=lambda k: -abs(rows[k].amount))
        kept = sorted(by_size[: self.rows_shown])
        others = [rows[k] for k in sorted(by_size[self.rows_shown :])]
        where = f"{others[0].cell}:{others[-1].cell.address}"
        return [rows[k] for k in kept], (len(others), sum(a.amount for a in others), where)

    def _row_node(self, addend: Addend) -> Node:
        """A product of which one cell is left, once its conditions are gone, is that cell."""
        if isinstance(addend.node, Cell):
            return addend.node
        expression = Simplifier(self.evaluate, self.words, addend.cell.sheet).expression(addend.node)
        return expression.node if isinstance(expression, Term) else addend.node

    def _place_of(self, term: Term, task: _Task) -> Cell:
        return term.node if isinstance(term.node, Cell) else task.cell

    def _because(self, reasons: list[str]) -> str:
        told = list(dict.fromkeys(reasons))
        return f" As {'; and as '.join(told)}." if told else ""

    def _stale(self, task: _Task, stored: Value, value: float) -> str:
        """A cell that does not show what its formula gives."""
        if not isinstance(stored, int | float) or abs(stored - value) <= 1e-9 * max(1.0, abs(stored)):
            return ""
        shown = figure(float(stored), "any", self.words.places)
        place = self.grid.place(task.cell)
        if place and isinstance(task.node, Cell) and self.grid.tree(task.node) is None:
            return f" But {shown} was posted: an input changed after the run."
        return f" But the cell shows {shown}: it has not been calculated since an input changed."


def _once(expression: Expression) -> list[Term]:
    """Terms of an expression, each once, from left to right."""
    return list({term.node: term for term in terms(expression)}.values())


def _capital(sentence: str) -> str:
    """The start of a sentence. No text starts with a sign: Excel would take what is typed so for a formula."""
    if sentence.startswith("-"):
        return f"Minus {sentence[1:]}"
    return sentence[:1].upper() + sentence[1:]


def _positive(number: str) -> str:
    return f"({number})" if number.startswith("-") else number
