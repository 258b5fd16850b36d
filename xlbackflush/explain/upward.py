"""The way back up: which output cells use an input cell, from the formulas that name it to the journal and beyond.

A formula uses a cell that it names, and a cell of a column that it adds up, if that cell's row meets the criteria.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from xlbackflush import schema
from xlbackflush.explain.evaluate import AGGREGATES, is_number
from xlbackflush.explain.reader import Grid
from xlbackflush.explain.words import Words
from xlbackflush.model.step import Step
from xlbackflush.model.words import several
from xlbackflush.ooxml.address import CELL, SHEET, unquoted
from xlbackflush.ooxml.formula import Call, Cell, FormulaError, Span, walk

ONE_BY_ONE = ("Journal", "Ledger", "Variances")  # tables of posted amounts, whose cells are listed one by one
CELLS_NAMED = 12  # of a group

_TEXTS = re.compile(r'"[^"]*"')
_REFERENCES = re.compile(
    rf"(?:({SHEET}|[A-Za-z_][\w.]*)!)?{CELL}(?::\$?[A-Z]{{1,3}}\$?(\d+))?(?![\w(])"
    r"|(\w+)\[\[?([^\[\]]+)\]?\]"
)


def users(grid: Grid, cell: Cell) -> list[Step]:
    """The cell itself, then the amounts that use it, level by level; cells of one column together, posted amounts one by one."""
    words, place, value = Words(grid), grid.place(cell), grid.value(cell)
    levels = [[c for c in level if is_number(grid.value(c))] for level in _Users(grid).levels(cell)]
    count = sum(map(len, levels))
    answer = (
        f"Used by {several(count, 'cell')} of the output sheets, listed below." if count else "No output cell uses it."
    )
    explanation = f"Typed in: {words.figure(value, cell, True)}. {answer} {words.help(cell, place) if place else ''}"
    figure = float(value) if is_number(value) else None
    steps = [Step(1, 0, str(cell), words.what(cell), figure, explanation, "input")]
    for depth, level in enumerate(levels, 1):
        groups: dict[tuple[str, str, int], list[Cell]] = defaultdict(list)
        for user in level:
            stands = grid.place(user)
            groups[user.sheet, user.letter, user.row if stands and stands.table in ONE_BY_ONE else 0].append(user)
        steps += [_step(grid, words, len(steps) + n, depth, group) for n, group in enumerate(groups.values(), 1)]
    return steps


def _step(grid: Grid, words: Words, number: int, depth: int, group: list[Cell]) -> Step:
    first, place = group[0], grid.place(group[0])
    assert place
    if len(group) > 1:
        named = ", ".join(c.address for c in group[:CELLS_NAMED])
        others = f" and {len(group) - CELLS_NAMED:,} others" if len(group) > CELLS_NAMED else ""
        what = f"{place.column.name}, {several(len(group), 'cell')} of {first.sheet}"
        return Step(number, depth, str(first), what, None, f"{named}{others}. {place.column.help}", "uses")
    value = grid.value(first)
    explanation = f"{place.column.help.removesuffix('.')}: {words.figure(value, first, True)}."
    return Step(number, depth, str(first), words.what(first), float(str(value)), explanation, "uses")


class _Users:
    """References of all formulas, turned round."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.by_cell: dict[Cell, list[Cell]] = defaultdict(list)
        self.by_column: dict[tuple[str, str], list[tuple[Span, Cell]]] = defaultdict(list)
        for user, formula in grid.formulas():
            place = grid.place(user)
            if not place or place.column.unit == schema.POSTED_LESS_PROOF:
                continue
            for sheet, letter, row, last, table, column in _REFERENCES.findall(_TEXTS.sub('""', formula)):
                name = unquoted(sheet) if sheet else user.sheet
                if not table and not last:
                    self.by_cell[Cell(name, letter, int(row))].append(user)
                elif not table or ((source := grid.tables.get(table)) and column in source.letters):
                    span = grid.find(table, column) if table else Span(name, letter, int(row), int(last))
                    self.by_column[span.sheet, span.letter].append((span, user))

    def levels(self, cell: Cell) -> Iterator[list[Cell]]:
        """Cells that use the cell, then those that use these, and so on; each once, at its shortest distance."""
        seen, level = {cell}, [cell]
        while level:
            above = dict.fromkeys(user for used in level for user in self._of(used) if user not in seen)
            seen |= above.keys()
            level = sorted(above, key=self._order)
            if level:
                yield level

    def _order(self, cell: Cell) -> tuple[int, int, str, int]:
        tables, place = [t.name for t in schema.OUTPUT_TABLES], self.grid.place(cell)
        return (tables.index(place.table) if place else len(tables), len(cell.letter), cell.letter, cell.row)

    def _of(self, used: Cell) -> Iterable[Cell]:
        yield from self.by_cell.get(used, ())
        for span, user in self.by_column.get((used.sheet, used.letter), ()):
            if span.first <= used.row <= span.last and self._takes(user, used):
                yield user
        if place := self.grid.place(used):
            posted = (Cell(used.sheet, place.source.letters[column], used.row) for column in place.column.proves)
            yield from (cell for cell in posted if self.grid.value(cell) is not None)

    def _takes(self, user: Cell, used: Cell) -> bool:
        """Does a formula over columns take the row of a cell, or does the row not meet its criteria?"""
        try:
            tree = self.grid.tree(user)
            calls = [n for n in walk(tree) if isinstance(n, Call) and n.name in AGGREGATES] if tree else []
            return any(self._has(call, used) for call in calls)
        except FormulaError:
            return True  # a formula that cannot be worked out here names the column all the same

    def _has(self, call: Call, used: Cell) -> bool:
        spans = [n for n in walk(call) if isinstance(n, Span) and (n.sheet, n.letter) == (used.sheet, used.letter)]
        first = next((s.first for s in spans if s.first <= used.row <= s.last), None)
        if first is None:
            return False
        evaluate, position = self.grid.evaluate, used.row - first
        if call.name in ("SUMIFS", "COUNTIFS", "COUNTIF"):
            pairs = call.arguments[call.name == "SUMIFS" :]
            by_row = any(isinstance(n, Span) for criterion in pairs[1::2] for n in walk(criterion))
            return by_row or bool(evaluate.matching(pairs)[position].any())
        inner = walk(call.arguments[0])
        if call.name == "SUMPRODUCT" and not any(isinstance(n, Call) and n.name in AGGREGATES for n in inner):
            products = evaluate.products(call)
            return position >= len(products) or any(map(bool, products[position]))
        return True
