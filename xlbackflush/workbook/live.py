"""A workbook open in Excel as a Book: read and written in whole blocks, through xlwings, which no other module imports.

What a run writes is what `file` writes: the same bodies of tables, styles by name, title rows. Inputs are read as `file`
reads them, so that both give a run the same input hash.

Traps of xlwings that are avoided here: numbers go out as floats (a Decimal makes a currency cell) and come in by Value2
(currency cells are Decimals cut to four places); error values are read as errors (xlwings gives blanks); nothing is
derived from FullName (a URL with OneDrive); a call that Excel rejects is repeated with patience (xlwings: for ever).
"""

from __future__ import annotations

import atexit
import datetime as dt
import os
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import TypeVar, cast

import xlwings as xw

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.result import RunResult
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.inputs import Cleaned
from xlbackflush.model.journal import Problem, Run
from xlbackflush.model.tables import CellError, Source
from xlbackflush.ooxml.address import Box, addresses, area, areas, box_of, column_letter, split_cell
from xlbackflush.ooxml.cells import Block, Cells, Value
from xlbackflush.ooxml.package import TablePart
from xlbackflush.ooxml.styles import STYLES, StyleSheet
from xlbackflush.ooxml.values import dated, decoded
from xlbackflush.sheets import title_rows
from xlbackflush.sheets.blocks import block_of, heights_of
from xlbackflush.sheets.body import Body
from xlbackflush.sheets.formulas import Sheets
from xlbackflush.sheets.registry import bodies
from xlbackflush.workbook import notes_kept, tables, undo
from xlbackflush.workbook.com import ComBook, Grid, Patience
from xlbackflush.workbook.kept import HINT_ROW, OURS, Note, is_hint, notices
from xlbackflush.workbook.kept_live import LiveThings
from xlbackflush.workbook.mac import MacBook
from xlbackflush.workbook.product_view_file import ProductView, ViewFile

K = TypeVar("K", bound=Hashable)
NativeBook = ComBook | MacBook
_CELLS_MOST = 100_000  # that go to Excel in one call: some megabytes


def calling_book() -> LiveBook:
    """The workbook whose macro called Python. UnusableError where it is none of ours, or must not be written to."""
    return LiveBook(_caller())


def say(sentence: str) -> None:
    """Leave a sentence in the status bar of the Excel that called Python; on a Mac, the add-in shows it."""
    book = native(_caller())
    book.status(sentence)
    if isinstance(book, MacBook):
        book.finish(sentence)


def _caller() -> xw.Book:
    """The calling workbook, as xlwings finds it by its name, in which VBA has looked for what a command line cannot pass.

    With patience: to xlwings, a workbook that a busy Excel does not show is one that is not there.
    """
    _tame()
    return Patience()(xw.Book.caller)


def _tame() -> None:
    """Two habits of xlwings on Windows: to repeat calls for ever, and to end all Excels without a window when Python ends."""
    if sys.platform == "win32":
        # 0, its default, means for ever, also for what this version of Excel does not have
        xw._xlwindows.N_COM_ATTEMPTS = 1
        atexit.unregister(xw._xlwindows.cleanup)  # they may be at work for somebody else


@contextmanager
def open_excel() -> Iterator[xw.App]:
    """An Excel of its own, which ends with the `with` block; nothing in it is saved."""
    _tame()
    app = xw.App(visible=True, add_book=False)
    try:
        yield app
    finally:
        for book in app.books:
            book.close()
        app.quit()


def native(book: xw.Book) -> NativeBook:
    """The native calls of a workbook, on this system."""
    return MacBook(book) if sys.platform == "darwin" else ComBook(book.api)


class LiveBook:
    """A workbook that is open in Excel. Opening it checks that it is ours, and that it may be written to."""

    def __init__(self, book: xw.Book) -> None:
        self._native = native(book)
        self.name = self._native.name
        refusal = self._native.refusal()
        if refusal:
            raise UnusableError(refusal)
        self._version = self._native.schema_version()
        tables.check_ours(self.name, self._tables, self._version, self._native.sheet_names)
        tables.check_outputs(self.name, self._tables)
        self.product_view = ProductView()  # of the last `write`
        self.not_kept = ""  # why the last `write` cannot be undone by `restore`
        self.notices: list[str] = []  # what the last write did to things of the user's, in sentences
        #: called when all is ready to be written and no cell has changed; what it raises leaves the workbook as it is
        self.before_writing: Callable[[], None] = lambda: None

    @cached_property
    def _standing(self) -> dict[str, tuple[TablePart, int]]:
        """The tables of ours and how many rows of totals each has, as Excel had them when it was first asked."""
        return self._native.tables()

    @property
    def _tables(self) -> dict[str, TablePart]:
        return {name: table for name, (table, _) in self._standing.items()}

    def _ask_again(self) -> None:
        """Where tables stand is asked again when it is next needed: they have a new size."""
        self.__dict__.pop("_standing", None)

    def status(self, text: str) -> None:
        """Show a text in Excel's status bar."""
        self._native.status(text)

    def window(self) -> int:
        """The number of Excel's window; 0 on a Mac."""
        return self._native.window()

    def show(self, where: str) -> None:
        """Select a cell, such as Counts!E14, and bring it into view."""
        sheet, _, cell = where.rpartition("!")
        self._native.show(sheet, cell)

    def selected(self) -> str:
        """The cell that is selected, such as Journal!I12."""
        return self._native.selected()

    def local_path(self) -> Path | None:
        """The workbook's file; None where it lies in no folder of this computer, as with OneDrive, or was never saved."""
        folder = self._native.folder()
        path = Path(folder, self.name)
        return path if folder and "://" not in folder and path.is_file() else None

    # -------------------------------------------------------------------------------------------- read

    def read(self) -> dict[str, Source]:
        """Every input table that there is as it stands, calculated."""
        self._native.calculate(pending=True)
        return {t.name: self.table(t.name) for t in schema.INPUT_TABLES if t.name in self._tables}

    def table(self, name: str) -> Source:
        """One table of ours, input or output, as it stands."""
        table, totals = self._standing[name]
        last = max(table.last_row + totals, self._native.extent(table.sheet)[0])
        source = tables.filled(table, self._rows(table, last), totals)
        source.version = self._version
        return source

    def formulas(self, name: str) -> Iterator[dict[str, str]]:
        """The formulas of one table of ours, row by row: column -> formula without its =."""
        table, _ = self._standing[name]
        right = table.first_col + len(table.columns) - 1
        most = max(1, _CELLS_MOST // len(table.columns))
        for top in range(table.header_row + 1, table.last_row + 1, most):
            box = (top, table.first_col, min(top + most - 1, table.last_row), right)
            grids = self._native.values(table.sheet, box), self._native.formulas(table.sheet, box)
            for values, formulas in zip(*grids, strict=True):
                cells = zip(table.columns, values, formulas, strict=True)
                yield {column: text[1:] for column, value, cell in cells if (text := _formula(value, cell))}

    def not_typed(self, cells: Sequence[Cleaned]) -> set[str]:
        """Addresses of cells that hold a formula, so that a run must not write them."""
        others: set[str] = set()
        for sheet, column, rows in self._cleaned_columns(cells):
            box = (min(rows), column, max(rows), column)
            shown = zip(self._native.values(sheet, box), self._native.formulas(sheet, box), strict=True)
            formulas = {row for row, (value, cell) in enumerate(shown, box[0]) if _formula(value[0], cell[0])}
            others |= {f"{sheet}!{column_letter(column)}{row}" for row in formulas & rows.keys()}
        return others

    def _cleaned_columns(self, cells: Sequence[Cleaned]) -> Iterator[tuple[str, int, dict[int, Cleaned]]]:
        """Cleaned cells column by column: sheet, number of the column, the cells by their row."""
        columns: dict[tuple[str, int], dict[int, Cleaned]] = defaultdict(dict)
        for cell in cells:
            table = self._tables[cell.table]
            columns[table.sheet, table.first_col + table.columns.index(cell.column)][cell.row] = cell
        for (sheet, column), rows in columns.items():
            yield sheet, column, rows

    def runs(self) -> list[Run]:
        """The Runs sheet as it stands."""
        return tables.runs(self.table("Runs"))

    def damaged(self) -> list[Problem]:
        """See `FileBook`; Excel opens no file that is."""
        return []

    def cells(self) -> LiveCells:
        """Values and formulas of all cells as they stand, for an explanation."""
        return LiveCells(self._native, {name: tables.place(table) for name, table in self._tables.items()})

    def _rows(self, table: TablePart, last: int) -> Iterator[list[object]]:
        """Rows of the sheet from the first below the headers on, as wide as the table; dates as a reader of files gives them."""
        right = table.first_col + len(table.columns) - 1
        box = (table.header_row + 1, table.first_col, last, right)
        rows = self._native.values(table.sheet, box)
        dates = self._native.dates(table.sheet, box)
        if dates is None:  # then the columns say what should be dates
            kinds = {c.name: c.kind for c in schema.TABLES[table.name].columns}
            dates = [[kinds.get(name) == "date" for name in table.columns]] * len(rows)
        for row, shown in zip(rows, dates, strict=True):
            yield [_as_read(cell, date) for cell, date in zip(row, shown, strict=True)]

    # ------------------------------------------------------------------------------------------- write

    def write(self, result: RunResult) -> None:
        """Write results into the output tables, or put back what stood there; after a failed run only Findings changes."""
        styles, runs = StyleNames(), result.runs if result.run else self.runs()
        blocks = bodies(result, self._places(), styles.as_sheet)
        with ViewFile(self.local_path(), result) as view:
            view.write()
            cleaned = result.period.inputs.cleaned if result.run else ()
            self._put(blocks, title_rows.standing(result, runs), styles, runs, cleaned)
            self.product_view = view.put()

    def restore(self) -> list[Run]:
        """Put back the output tables as they stood before the last run; its runs, which now stand again."""
        styles = StyleNames()
        (blocks, standing), runs = undo.before(self.runs(), self._tables, styles.as_sheet)
        self._put(blocks, standing, styles, None)
        return runs

    def clear(self, runs: list[Run]) -> None:
        """Empty the output tables, but for these runs."""
        styles = StyleNames()
        self._put(*undo.cleared(runs, self._places(), styles.as_sheet), styles, None)

    def write_table(self, name: str, body: Body) -> None:
        """Replace the rows of one output table; all else stays as it is."""
        styles = StyleNames()
        block = block_of(name, body, self._places(), styles.as_sheet, 2)
        block.heights = heights_of(name, block)
        self._put({name: block}, None, styles, None)

    def _places(self) -> Sheets:
        return tables.places(self._tables)

    def _put(
        self,
        blocks: dict[str, Block],
        standing: title_rows.Standing | None,
        styles: StyleNames,
        runs: list[Run] | None,
        cleaned: Sequence[Cleaned] = (),
    ) -> None:
        """Bodies of output tables, and what the title rows say, whole or not at all.

        runs: those that a run leaves. cleaned: cells of inputs that are to hold what a run has read.
        """
        before = self.runs()
        with ExitStack() as after:
            sheets = dict.fromkeys(self._tables[name].sheet for name in (*blocks, *(cell.table for cell in cleaned)))
            for sheet in sheets:  # before anything else: one of them may have a password
                after.callback(self._native.unprotect(sheet))
            copy = self._copy(after)
            own = self._own_things(copy, blocks)
            self.before_writing()
            after.callback(self._native.calculate)
            after.callback(self._native.quiet())
            try:
                self._put_cleaned(cleaned, styles)
                self._fill(blocks, standing, styles, own)
                self._tell(own, styles)
            except BaseException as error:
                with suppress(Exception):  # what is left of it is told below
                    self._put_cleaned(cleaned, styles, back=True)
                self._put_back(copy, blocks, own, error)
                raise
            finally:
                self._ask_again()
            if copy and runs is not None:
                self.not_kept = undo.keep(lambda to: shutil.copyfile(copy, to), copy.suffix, before, runs)

    def _put_cleaned(self, cells: Sequence[Cleaned], styles: StyleNames, back: bool = False) -> None:
        """What a run read, into the cells where it was cleaned: the formulas of the proofs read the same then.

        back: what stood in them before.
        """
        for sheet, column, rows in self._cleaned_columns(cells):
            for numbers in _consecutive(sorted(rows)):
                values = [rows[n].was if back else rows[n].now for n in numbers]
                text, other = styles.xf("Input text"), styles.xf(tables.style_of(rows[numbers[0]]))
                looks = [text if isinstance(value, str) else other for value in values]
                self._cells(
                    sheet, numbers[0], column, [Cells(cast("list[Value]", values), other, styles=looks)], styles
                )

    def _own_things(self, copy: Path | None, blocks: dict[str, Block]) -> dict[str, LiveThings]:
        """What is the user's on the sheets of tables that are about to be written."""
        own = {}
        with ExitStack() as stack:
            stood = stack.enter_context(closing(undo.Copy(copy))) if copy else None
            for name, block in blocks.items():
                stored = stood.own_things(name, block) if stood else None
                own[name] = LiveThings(self._native, self._standing[name], block, partial(self.table, name), stored)
                own[name].read()
        return own

    def _tell(self, own: dict[str, LiveThings], styles: StyleNames) -> None:
        """What could not stay goes to sheet Notes kept; where Excel lets nobody add one, the user is told all of it."""
        notes = [note for one in own.values() for note in sorted(one.notes, key=lambda note: box_of(note.cell))]
        moved = [one.moved for one in own.values() if one.moved]
        sheet = self._notes_sheet(styles) if notes else ""
        self.notices = notices(notes, moved, sheet)
        if sheet:
            top = max(self._native.extent(sheet)[0], notes_kept.HEADER_ROW) + 1
            texts = zip(*notes_kept.rows_of(notes, dt.datetime.now()), strict=True)
            cells = [Cells(list(column), styles.xf("Posted wrapped")) for column in texts]
            self._cells(sheet, top, 1, cells, styles)
        elif notes:
            said = (f"{note.sheet}!{note.cell}: {note.text}." for note in notes)
            self.notices = [f"What lost its place, and could not be put on a sheet: {' '.join(said)}", *moved]

    def _notes_sheet(self, styles: StyleNames) -> str:
        """The sheet with what lost its place, made if there is none; "" where Excel does not let it be made."""
        name = self._native.sheet_named(notes_kept.NAME)
        if name:
            return name
        try:
            self._native.add_sheet(notes_kept.NAME, self._tables["RunInputs"].sheet)
        except UnusableError:
            raise
        except Exception:  # noqa: BLE001 - its class is known on Windows only; the structure may be protected
            return ""
        for row, text, style in ((1, notes_kept.NAME, "Title"), (2, notes_kept.PURPOSE, "Purpose")):
            self._cells(notes_kept.NAME, row, 1, [Cells([text], styles.xf(style))], styles)
        heads = [Cells([text], styles.xf("Heading")) for text, _ in notes_kept.COLUMNS]
        self._cells(notes_kept.NAME, notes_kept.HEADER_ROW, 1, heads, styles)
        for number, (_, width) in enumerate(notes_kept.COLUMNS, 1):
            self._native.widen(notes_kept.NAME, number, width)
        return notes_kept.NAME

    def _copy(self, after: ExitStack) -> Path | None:
        """A copy of the workbook as it stands, gone when all is done; None where Excel cannot save one."""
        path = undo.folder() / f"{undo.UNDER_WAY}{os.getpid()}{Path(self.name).suffix or '.xlsx'}"
        after.callback(path.unlink, missing_ok=True)
        try:
            undo.make_folder()
            self._native.save_copy(path)
        except UnusableError:
            raise
        except Exception as error:  # noqa: BLE001 - of Excel or of the disk; a run does not need it
            self.not_kept = undo.not_kept(error)
            return None
        return path

    def _put_back(
        self, copy: Path | None, blocks: dict[str, Block], own: dict[str, LiveThings], error: BaseException
    ) -> None:
        """After a failure: what stood before. UnusableError where that fails, too."""
        try:
            if copy is None:
                raise OSError("no copy")
            self._ask_again()
            styles = StyleNames()
            with closing(undo.Copy(copy)) as stood:
                old, standing = stood.results(self._tables, styles.as_sheet, set(blocks))
            self._fill(old, standing, styles, own, back=True)
        except Exception:  # noqa: BLE001 - told below, whatever it is
            raise UnusableError(
                f"Writing stopped halfway ({error}), and what stood before could not be put back: "
                "close the workbook without saving, open it, and run again."
            ) from error

    def _fill(
        self,
        blocks: dict[str, Block],
        standing: title_rows.Standing | None,
        styles: StyleNames,
        own: dict[str, LiveThings],
        back: bool = False,
    ) -> None:
        """Bodies and title rows into their sheets, with what is the user's; back: as they stood before."""
        for number, (name, block) in enumerate(blocks.items(), 1):
            table = self._tables[name]
            what = f"Putting back {table.sheet}" if back else f"Writing {table.sheet}"
            self.status(f"Backflush: {what} ({number} of {len(blocks)}) ... (can no longer be stopped)")
            if standing and tables.in_place(table):
                own[name].notes += self._head(table, standing, styles)
            last = block.first_row + block.height - 1
            own[name].make_room(last if back else 0)
            self._body(table, block, styles, max(own[name].last, last if back else 0))
            own[name].put(back)

    def _head(self, table: TablePart, standing: title_rows.Standing, styles: StyleNames) -> list[Note]:
        """Title rows: only the cells that say something else now. Gives what a user typed where the run writes."""
        sheet = replace(schema.SHEET_OF[table.name], tables=(tables.ours(table),))
        rows = title_rows.head_cells(sheet, standing)
        right = max(cell.column for row in rows for cell in row)
        shown = self._native.formulas(table.sheet, (1, 1, len(rows), right))
        is_run, notes = table.last_row > table.header_row + 1, []
        for number, row in enumerate(rows, 1):
            for cell in row:
                says = f"={_spelled(cell.formula)}" if cell.formula else str(cell.value)
                was = str(shown[number - 1][cell.column - 1] or "")
                if was != says and not _is_in_words_of_the_user(was, number, cell):
                    cells = Cells([cell.value], styles.xf(cell.style), [cell.formula] if cell.formula else None)
                    self._cells(table.sheet, number, cell.column, [cells], styles)
                    is_ours = is_hint(table.name, was) or not is_run if number == HINT_ROW else was.startswith("=")
                    if was and not is_ours:
                        notes.append(Note(table.sheet, f"{column_letter(cell.column)}{number}", "", was, OURS))
        return notes

    def _body(self, table: TablePart, block: Block, styles: StyleNames, last_before: int) -> None:
        """The rows of one table of its new size; what is left of longer ones is cleared, and cells around it stay."""
        left, right = table.first_col, table.first_col + len(table.columns) - 1
        last = block.first_row + block.height - 1
        if last_before > last:
            below = (last + 1, left, last_before, right)
            self._native.empty(table.sheet, below)
            self._native.rows(table.sheet, area(below), 0, None)
        names = schema.TABLES[table.name].names
        for start, columns in _ours_side_by_side(table, block, names):
            wide = max(1, _CELLS_MOST // block.height)
            for at in range(0, len(columns), wide):
                self._cells(table.sheet, block.first_row, start + at, columns[at : at + wide], styles)
        levels = block.outline or [0] * block.height
        heights: Sequence[float | None] = block.heights or [None] * block.height
        looks = _alike(list(zip(levels, heights, strict=True)), (block.first_row, left, last, left))
        for (level, points), parts in looks.items():
            for address in addresses(parts):
                self._native.rows(table.sheet, address, level, points)

    def _cells(self, sheet: str, top: int, left: int, columns: Sequence[Cells], styles: StyleNames) -> None:
        """Columns of cells side by side, all at once: a call to Excel costs as much for one cell as for a thousand.

        Excel takes a string for what it looks like: a formula, a number, a date. In cells of the format Text it takes it as
        it is, but then it takes formulas and numbers for text, too. So a column of nothing but text gets that format first;
        elsewhere an apostrophe, which Excel does not count as content, goes before each text, and the format comes last.
        """
        box = (top, left, top + len(columns[0].values) - 1, left + len(columns) - 1)
        written, texts = [], []
        looks: dict[int, list[str]] = defaultdict(list)
        for number, cells in enumerate(columns, left):
            column = (box[0], number, box[2], number)
            literal = _is_literal(cells, styles)
            texts += [area(column)] if literal else []
            formulas = cells.formulas if cells.formulas is not None else [""] * len(cells.values)
            written.append([_as_written(v, f, literal) for v, f in zip(cells.values, formulas, strict=True)])
            for look, parts in _alike(cells.styles or [cells.style] * len(cells.values), column).items():
                looks[look] += parts
        self._native.put(sheet, box, list(zip(*written, strict=True)), "General", texts)
        for look, parts in looks.items():
            for address in addresses(parts):
                self._native.style(sheet, address, *styles.look(look))


class LiveCells:
    """Values and formulas of a workbook, each sheet read at once when one of its cells is needed: an `explain.Reader`."""

    def __init__(self, native: NativeBook, places: dict[str, Source]) -> None:
        self._native, self._places = native, places
        self._read: dict[str, tuple[Grid, Grid]] = {}

    def value(self, sheet: str, cell: str) -> str | float | bool | CellError | None:
        """What a cell shows; None where it is blank."""
        value = decoded(self._cell(sheet, cell)[0])
        return None if value == "" else cast("str | float | bool | CellError", value)

    def formula(self, sheet: str, cell: str) -> str:
        """The formula of a cell; "" where it has none."""
        return _formula(*self._cell(sheet, cell))

    def table(self, name: str) -> Source | None:
        """Where a table of ours stands."""
        return self._places.get(name)

    def _cell(self, sheet: str, cell: str) -> tuple[object, object]:
        if sheet not in self._read:
            box = (1, 1, *self._native.extent(sheet))
            self._read[sheet] = self._native.values(sheet, box), self._native.formulas(sheet, box)
        column, row = split_cell(cell)
        values, formulas = self._read[sheet]
        if row > len(values) or column > len(values[0]):
            return None, None
        return values[row - 1][column - 1], formulas[row - 1][column - 1]


class StyleNames:
    """Stands in for the styles part of a file: gives a number for each named style and indent, and the style back."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], int] = {}

    def xf(self, name: str, indent: int = 0) -> int:
        """A number for a style, as `styles.StyleSheet.xf` gives one."""
        return self._known.setdefault((name, indent), len(self._known))

    @property
    def as_sheet(self) -> StyleSheet:
        """Itself, for those who ask a `StyleSheet` for numbers of styles."""
        return cast(StyleSheet, self)

    def _of(self, number: int) -> tuple[str, int]:
        return list(self._known)[number]

    def is_text(self, number: int) -> bool:
        """True for a style whose cells have the format Text."""
        return STYLES[self._of(number)[0]].number_format == "@"

    def look(self, number: int) -> tuple[str, str, int]:
        """Name, number format, and indent where it is not that of the style (else 0)."""
        name, indent = self._of(number)
        style = STYLES[name]
        return name, style.number_format, style.indent + indent if indent else 0


def _consecutive(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Sorted numbers, those that follow one another together."""
    for _, group in groupby(enumerate(numbers), key=lambda each: each[1] - each[0]):
        yield [number for _, number in group]


def _is_in_words_of_the_user(was: str, row: int, cell: title_rows.HeadCell) -> bool:
    """Whether a title, a purpose or a unit says what a user typed there."""
    return bool(was) and row != HINT_ROW and not cell.formula


def _ours_side_by_side(table: TablePart, block: Block, names: Sequence[str]) -> Iterator[tuple[int, list[Cells]]]:
    """The columns of ours that stand side by side, with the number of the first one."""
    numbered = enumerate(table.columns, table.first_col)
    for is_ours, group in groupby(numbered, key=lambda column: column[1] in names):
        columns = list(group)
        if is_ours:
            yield columns[0][0], [block.columns[names.index(name)] for _, name in columns]


def _is_literal(cells: Cells, styles: StyleNames) -> bool:
    """True for a column of nothing but text, in cells of the format Text."""
    return (
        all(styles.is_text(look) for look in set(cells.styles or [cells.style]))
        and cells.formulas is None
        and all(v is None or (isinstance(v, str) and not v.startswith("'")) for v in cells.values)
    )


def _formula(value: object, formula: object) -> str:
    """The formula of a cell; "" where it has none. Excel gives the text of a cell that only looks like one as well."""
    return formula if isinstance(formula, str) and formula.startswith("=") and formula != value else ""


def _as_read(cell: object, date: bool) -> object:
    value = decoded(cell)
    return dated(value) if date and isinstance(value, float) else value


def _as_written(value: Value, formula: str, literal: bool) -> object:
    """A cell as Range.Formula takes it. None leaves it empty; xlwings would write a string of no characters."""
    if formula:
        return f"={_spelled(formula)}"
    if value is None or value == "" or value != value:
        return None
    if isinstance(value, str):
        return value if literal else f"'{value}"
    return float(value)


_QUOTED_OR_PREFIX = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*')|_xlfn\.(?:_xlws\.)?""")


def _spelled(formula: str) -> str:
    """A formula as people write it: a file marks functions that came after 2007 by a prefix."""
    return _QUOTED_OR_PREFIX.sub(r"\1", formula)


def _alike(values: Sequence[K], box: Box) -> dict[K, list[str]]:
    """Each value with the areas of the rows of a box that have it."""
    if len(set(values)) == 1:
        return {values[0]: [area(box)]}
    rows: dict[K, list[int]] = defaultdict(list)
    for number, value in enumerate(values):
        rows[value].append(number)
    return {value: areas(box, numbers) for value, numbers in rows.items()}
