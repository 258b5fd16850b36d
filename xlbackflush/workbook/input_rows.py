"""Rows of an input table, written by an import: the table grows or shrinks, and all else on its sheet stays byte for byte.

Cells beside the table stay in their rows, columns of the user's with one formula are filled down. What would be lost or pushed
away (cells below the table, a total row, notes in columns of the user's) is a refusal that names the cell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.address import LAST_ROW, column_letter
from xlbackflush.ooxml.cells import Block, Cells, Value, rows_xml
from xlbackflush.ooxml.package import MAIN, Package, TablePart
from xlbackflush.ooxml.references import copied
from xlbackflush.ooxml.spelled import SheetRows, SpelledCell, cells_of, merged
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.ooxml.table_part import resized
from xlbackflush.ooxml.worksheet import Worksheet
from xlbackflush.sheets.blocks import style_name
from xlbackflush.workbook.kept_file import SHEET_DATA

ROOM = 12  # rows that a table keeps, although fewer are filled

#: column -> its cells
Columns = Mapping[str, Sequence[Value]]


@dataclass(frozen=True)
class NewRows:
    """Rows for an input table. after: the row on the sheet behind which they go; what stands there goes."""

    columns: Columns
    after: int

    @property
    def count(self) -> int:
        return len(next(iter(self.columns.values())))


def write_rows(package: Package, table: TablePart, rows: NewRows, styles: StyleSheet, places: int) -> None:
    """Put rows into a table in the package. places: decimals of the currency."""
    _Rows(package, table, rows, styles, places).write()


def last_filled(source: Source, table: TablePart) -> int:
    """The last row of a table that holds something; that of its headers where none does."""
    return source.row_numbers[-1] if source.row_numbers else table.header_row


class _Rows:
    """One table that gets rows."""

    def __init__(self, package: Package, table: TablePart, rows: NewRows, styles: StyleSheet, places: int) -> None:
        self._package, self._table, self._rows = package, table, rows
        self._part = package.sheets[table.sheet]
        self._xml = package.text(self._part)
        data = SHEET_DATA.search(self._xml)
        if not data:
            raise RefusedError(f"Sheet {table.sheet} has no rows; open the workbook in Excel, and save it.")
        self._data, self._prefix = data, data["prefix"] or ""
        self._rows_there = data[0].removesuffix(f"</{self._prefix}sheetData>")
        wanted = rows.after + rows.count
        if wanted > LAST_ROW:
            raise RefusedError(f"Table {table.name} would have {rows.count:,} rows; a sheet has {LAST_ROW:,}.")
        least = min(table.last_row, table.header_row + ROOM)
        self._last = table.last_row if table.totals and wanted <= table.last_row else max(wanted, least)
        self._letters = list(table.letters.values())
        self._styles = {name: styles.xf(self._style(name, places)) for name in table.columns}

    def _style(self, name: str, places: int) -> str:
        known = schema.TABLES[self._table.name]
        column = known.column(name) if name in known.names else schema.Column(name, "")
        return style_name(known, column, places)

    def write(self) -> None:
        """Put the rows into the sheet, and the size into the part of the table."""
        table = self._table
        if self._last > table.last_row:
            self._check_room()
        cut = SheetRows(self._rows_there, self._prefix, table.header_row, table.last_row)
        stay = SheetRows(self._rows_there, self._prefix, table.header_row, self._rows.after).body
        old = cut.body[len(stay) :]
        beside, below = self._beside(old, cut.below)
        own = self._own_columns(cut.body, old)
        block = self._block(own)
        opening = f'<sheetData xmlns="{MAIN}">' if self._prefix else "<sheetData>"
        head, tail = self._xml[: self._data.start()], self._xml[self._data.end() :]
        written = list(chain.from_iterable(rows_xml(block))) if block.height else []
        pieces = chain(
            [self._extended(head), opening, cut.above, stay], merged(written, beside, {}), [below, "</sheetData>", tail]
        )
        self._package.replace(self._part, (piece.encode() for piece in _joined(pieces)))
        xml = resized(self._package.text(table.part), table.last_row, self._last)
        self._package.replace(table.part, xml.encode())

    def _check_room(self) -> None:
        """Refuse where something stands below the table, in the rows that it needs."""
        table = self._table
        if table.totals:
            raise RefusedError(
                f"Table {table.name} has a total row, below which no rows can go: untick Table Design > Total Row, and "
                "import again."
            )
        rows = range(table.last_row + 1, self._last + 1)
        columns = range(table.first_col, table.first_col + len(table.columns))
        if occupied := Worksheet(self._xml).occupied(rows, columns):
            raise RefusedError(
                f"{table.sheet}!{occupied} stands below table {table.name}, which needs its place: move it elsewhere, and "
                "import again."
            )

    def _beside(self, old: str, below: str) -> tuple[dict[int, list[SpelledCell]], str]:
        """Cells beside the table in its new rows, and what is below these as it stands."""
        others = rf"(?!(?:{'|'.join(self._letters)})\d)[A-Z]{{1,3}}"
        beside: dict[int, list[SpelledCell]] = defaultdict(list)
        deeper = SheetRows(f"<{self._prefix}sheetData>{below}", self._prefix, 0, self._last)
        for cell in cells_of(old + deeper.body, others):
            beside[cell.row].append(cell)
        return beside, deeper.below

    def _own_columns(self, body: str, old: str) -> dict[str, list[str]]:
        """Columns of the user's: one formula is filled down; notes in rows that go are a refusal."""
        known, table = schema.TABLES[self._table.name].names, self._table
        own = {letter: name for name, letter in table.letters.items() if name not in known}
        if not own:
            return {}
        pattern = "|".join(own)
        gone = [cell for cell in cells_of(old, f"(?:{pattern})") if cell.has_content]
        notes = [cell for cell in gone if cell.formula is None]
        if notes:
            name = own[column_letter(notes[0].column)]
            raise RefusedError(
                f"{table.sheet}!{notes[0].address} stands in column {name}, which is yours, and its row would go: move it "
                "elsewhere, or add rows with --append."
            )
        masters = {cell.column: cell for cell in reversed(list(cells_of(body, f"(?:{pattern})"))) if cell.formula}
        first, count = self._rows.after + 1, self._last - self._rows.after
        return {
            own[column_letter(number)]: [
                copied(cell.formula or "", row - cell.row) for row in range(first, first + count)
            ]
            for number, cell in masters.items()
        }

    def _block(self, own: Mapping[str, list[str]]) -> Block:
        """The new rows, and blank ones to the end of the table."""
        count = self._last - self._rows.after
        block = Block(self._table.first_col, self._rows.after + 1)
        for name in self._table.columns:
            given = list(self._rows.columns.get(name, ()))
            values = [*given, *[None] * (count - len(given))]
            block.columns.append(Cells(values, self._styles[name], own.get(name)))
        return block

    def _extended(self, head: str) -> str:
        """What comes before the rows, with the size of the sheet as it is now."""

        def wider(match: re.Match[str]) -> str:
            bottom = max(int(match[3]), self._last)
            return f"{match[1]}{match[2]}{bottom}"

        return re.sub(r'(<(?:\w+:)?dimension ref="[A-Z]+\d+:)([A-Z]+)(\d+)', wider, head, count=1)


def _joined(pieces: Iterator[str] | chain[str]) -> Iterator[str]:
    """Pieces of some thousand at a time."""
    waiting: list[str] = []
    for piece in pieces:
        waiting.append(piece)
        if len(waiting) == 4096:
            yield "".join(waiting)
            waiting = []
    yield "".join(waiting)
