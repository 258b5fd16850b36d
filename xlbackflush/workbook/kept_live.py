"""What is the user's on a sheet that is open in Excel, read before anything is written, and put where it belongs after that.

See `kept`. Excel itself moves what stands below a table that grows, with all that is tied to it. Formats and comments of
single cells are found in a copy of the workbook, which Excel for Windows saves; where there is none, they stay where they
are, or go with the style of the cell.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.model.tables import CellError, Source
from xlbackflush.ooxml.address import column_letter
from xlbackflush.ooxml.cells import Block
from xlbackflush.ooxml.package import TablePart
from xlbackflush.ooxml.references import Resized, copied
from xlbackflush.ooxml.values import decoded
from xlbackflush.workbook.com import ComBook
from xlbackflush.workbook.kept import GONE, Note, homes, moved_down, text_of, values_of
from xlbackflush.workbook.kept_file import OwnThings
from xlbackflush.workbook.mac import MacBook
from xlbackflush.workbook.tables import own_columns

NativeBook = ComBook | MacBook
NO_ROOM = "Excel could not move it out of the way of the table."


@dataclass(frozen=True)
class OwnCell:
    """A cell of the user's: what it shows, and its formula with its =, "" where it has none."""

    value: object
    formula: str

    def at(self, down: int, reword: Callable[[str], str]) -> object:
        """What is typed so many rows further down to have it there."""
        if self.formula:
            return copied(reword(self.formula), down)
        if isinstance(self.value, str):
            return f"'{self.value}" if self.value else None
        return self.value.text if isinstance(self.value, CellError) else self.value


class LiveThings:
    """What is the user's around and in one table. `stored`: the same sheet in a copy of the workbook, if there is one."""

    def __init__(
        self,
        native: NativeBook,
        standing: tuple[TablePart, int],
        block: Block,
        read: Callable[[], Source],
        stored: OwnThings | None,
    ) -> None:
        """standing: the table, and how many rows of totals it has; block: its new body; read: its rows as they stand."""
        table, totals = standing
        self._native, self.table, self._totals, self._new = native, table, totals, block
        self._schema, self._read, self._stored = schema.TABLES[table.name], read, stored
        self.last = table.last_row - (stored.typed if stored else 0)
        self._right = table.first_col + len(table.columns) - 1
        self._end = table.last_row + totals
        self._total_row = self._cells(self._end, self._end)[0] if totals else []
        totals_at = range(table.first_col, self._right + 1) if totals else ()
        self._total_looks = [native.look_of(table.sheet, column, self._end) for column in totals_at]
        self._criteria = native.criteria(table)
        self._is_touched = bool(totals) or self._criteria is not None
        self._below = self._grid_below()
        self._columns = {name: self._column(name) for name in own_columns(table)}
        self._comments = [cell for cell in stored.comments if cell[1] <= self.last] if stored else []
        self._looks = {cell: native.look_of(table.sheet, *cell) for cell in self._formatted}
        self.notes: list[Note] = [*stored.notes_of_formats(), *stored.notes_of_rows()] if stored else []
        self.moved = ""

    # ------------------------------------------------------------------------------------------ as it stands

    def _cells(self, top: int, bottom: int, left: int = 0, right: int = 0) -> list[list[OwnCell]]:
        box = (top, left or self.table.first_col, bottom, right or self._right)
        grids = self._native.values(self.table.sheet, box), self._native.formulas(self.table.sheet, box)
        rows = (zip(values, formulas, strict=True) for values, formulas in zip(*grids, strict=True))
        return [[OwnCell(decoded(value), _formula(value, formula)) for value, formula in row] for row in rows]

    def _grid_below(self) -> list[list[str]]:
        """What was typed into the cells below the rows of ours, in the table's columns, from the first row with content on."""
        used, _ = self._native.extent(self.table.sheet)
        rows = self._typed_from((self._end if self._totals else self.last) + 1, used)
        self._first_below = used - len(rows) + 1
        return rows

    def _typed_from(self, first: int, used: int) -> list[list[str]]:
        """What was typed from a row on, without blank rows before; `used`: the last row of the sheet."""
        if used < first:
            return []
        grid = self._native.formulas(self.table.sheet, (first, self.table.first_col, used, self._right))
        rows = [[str(cell if cell is not None else "") for cell in row] for row in grid]
        blank = next((n for n, row in enumerate(rows) if any(row)), len(rows))
        return rows[blank:]

    def _column(self, name: str) -> dict[int, OwnCell]:
        """The cells with content of a column of the user's, by row."""
        number = self.table.first_col + self.table.columns.index(name)
        cells = (
            self._cells(self.table.header_row + 1, self.last, number, number)
            if self.last > self.table.header_row
            else []
        )
        rows = enumerate((row[0] for row in cells), self.table.header_row + 1)
        return {row: cell for row, cell in rows if cell.value != "" or cell.formula}

    @cached_property
    def _formatted(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Cells of ours with a format of the user's -> where it belongs."""
        return self._stored.formatted if self._stored else {}

    @cached_property
    def _homes(self) -> dict[int, int]:
        source = self._source
        there = homes(self._schema, source.by_column(), values_of(self._schema, self._new))
        return {source.row_numbers[at]: self._new.first_row + home for at, home in there.items()}

    def _home(self, row: int) -> int | None:
        return self._homes.get(row)

    @cached_property
    def _source(self) -> Source:
        return self._read()

    def read(self) -> None:
        """Read what the rows are called, where that is going to be needed: before anything is written."""
        if self._columns or self._comments:
            assert self._homes is not None

    # ------------------------------------------------------------------------------------------ put in place

    @cached_property
    def resized(self) -> Resized:
        """What becomes of the rows, as far as is known before what is below has moved."""
        last_now = self._new.first_row + self._new.height - 1
        top = self.table.header_row + 1
        return Resized(self.table.sheet, self.table.first_col, self._right, top, self.last, self._end, last_now, 0)

    def make_room(self, last: int = 0) -> None:
        """The table with its new size; what stands below it, and what a user typed in its last rows, is below it again.

        last: its last row where what stood before is put back, and nothing else has to move.
        """
        native, table, resized = self._native, self.table, self.resized
        if self._is_touched:
            native.release(table)
        left, top = table.first_col, table.header_row
        if last:
            native.resize(table, (top, left, last, self._right))
            return
        if self.last < table.last_row:
            native.resize(table, (top, left, max(self.last, top + 1), self._right))
        end = self._end if self._totals else self.last
        first = self.last + 1 if self.last < table.last_row else self._first_below if self._below else 0
        gap = max(first - end - 1, 0)
        now = self._first_with_content(self.last + 1) if first else 0
        down = resized.last_now + self._totals + 1 + gap - now
        if now and now <= resized.last_now + self._totals and down > 0:
            self._move_down(now, down)
        native.resize(table, (top, left, resized.last_now, self._right))

    def _first_with_content(self, row: int) -> int:
        """The first row with content below the body, as Excel has it now; 0 where there is none."""
        used, _ = self._native.extent(self.table.sheet)
        rows = self._typed_from(row, used)
        return used - len(rows) + 1 if rows else 0

    def _move_down(self, first: int, down: int) -> None:
        table = self.table
        room = (self.last + 1, table.first_col, self.last + down, self._right)
        if self._native.insert(table.sheet, room):
            self.resized = replace(self.resized, down=down)
            if self._below:
                self.moved = moved_down(table.sheet, self._end + 1, down)
            return
        covered = self.resized.last_now + self._totals
        for row, cells in enumerate(self._cells(first, covered), first):
            for column, cell in enumerate(cells, table.first_col):
                self._note(row, column, cell, "", NO_ROOM)

    def put(self, back: bool = False) -> None:
        """Columns, formats and comments of the user's after the rows were written; back: the rows are those of before."""
        if back:
            self.resized = replace(self.resized, last_now=self.last, down=0)
        home = (lambda row: row) if back else self._home
        for name, cells in self._columns.items():
            self._put_column(name, cells, home, back)
        for at, cell in self._looks.items():
            to = at if back else self._formatted.get(at)
            if to:
                self._native.put_look(self.table.sheet, *to, cell)
        if not back:
            self._put_comments()
            self._put_below()
        if self._totals:
            self._put_totals()
        for field, criterion in self._criteria or ():
            self._native.filter(self.table, field, criterion)

    def _put_totals(self) -> None:
        self._native.show_totals(self.table, [cell.at(0, self._reworded) for cell in self._total_row])
        for column, look in enumerate(self._total_looks, self.table.first_col):
            self._native.put_look(self.table.sheet, column, self.resized.last_now + 1, look)

    def _reworded(self, formula: str) -> str:
        return self.resized.reworded(formula, self.table.sheet)

    def _put_column(self, name: str, cells: dict[int, OwnCell], home: Callable[[int], int | None], back: bool) -> None:
        number, top, last = (
            self.table.first_col + self.table.columns.index(name),
            self.resized.top,
            self.resized.last_now,
        )
        filled = None if back else self._filled_down(cells)
        new: dict[int, object] = {}
        for row, cell in cells.items():
            to = home(row)
            if to is not None:
                new[to] = cell.at(to - row, self._reworded)
            elif not filled:
                self._note(row, number, cell, f"{name}: ", GONE)
        if filled:
            row, cell = filled
            new = {to: cell.at(to - row, self._reworded) for to in range(top, last + 1)} | new
        if not back and new == {row: cell.at(0, str) for row, cell in cells.items()} and last == self.last:
            return
        self._native.enter(
            self.table.sheet, (top, number, last, number), [[new.get(row)] for row in range(top, last + 1)]
        )

    def _filled_down(self, cells: dict[int, OwnCell]) -> tuple[int, OwnCell] | None:
        """A row and its cell, where all rows of a column have one and the same formula."""
        height = self.last - self.resized.top + 1
        formulas = {copied(cell.formula, self.resized.top - row) for row, cell in cells.items()}
        if len(cells) < height or len(formulas) != 1 or "" in formulas:
            return None
        return next(iter(cells.items()))

    def _put_comments(self) -> None:
        """Comments beside the rows that they were written to; those from below come first where they move down."""
        moves = [(cell, self._homes.get(cell[1])) for cell in self._comments]
        for (column, row), to in moves:
            if to is None:
                text = self._native.comment(self.table.sheet, column, row)
                self._note(row, column, OwnCell(text, ""), "Comment: ", GONE)
        ups = sorted(((c, r, to) for (c, r), to in moves if to is not None and to < r), key=lambda move: move[1])
        downs = sorted(((c, r, to) for (c, r), to in moves if to is not None and to > r), key=lambda move: -move[1])
        gone = [(c, r, None) for (c, r), to in moves if to is None]
        for column, row, to in (*gone, *ups, *downs):
            self._native.move_comment(self.table.sheet, column, row, to)

    def _put_below(self) -> None:
        """What adds up a column of the table, below it, adds up all its rows."""
        for row, texts in enumerate(self._below, self._first_below):
            for column, text in enumerate(texts, self.table.first_col):
                new = self._reworded(text)
                to = row + self.resized.down
                if new != text and self._cells(to, to, column, column)[0][0].formula:
                    self._native.enter(self.table.sheet, (to, column, to, column), [[new]])

    def _note(self, row: int, column: int, cell: OwnCell, what: str, why: str) -> None:
        if cell.value == "" and not cell.formula:
            return
        names = dict(self._source.named_rows()).get(row, {})
        text = f"{what}{text_of(cell.value)}{f' ({cell.formula})' if cell.formula else ''}"
        called = self._schema.call(lambda name: text_of(names.get(name)))
        self.notes.append(Note(self.table.sheet, f"{column_letter(column)}{row}", called, text, why))


def _formula(value: object, formula: object) -> str:
    """The formula of a cell with its =; "" where it has none. Excel gives the text of a cell that only looks like one, too."""
    return formula if isinstance(formula, str) and formula.startswith("=") and formula != value else ""
