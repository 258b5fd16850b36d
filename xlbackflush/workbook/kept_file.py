"""What is the user's on a sheet of a workbook file, read before its table is replaced, and put where it belongs after that.

See `kept`. Cells are carried as the file spells them; only references in their formulas follow the rows.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field, replace
from xlbackflush.late import pattern
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.address import LAST_ROW, box_of, column_letter, column_number
from xlbackflush.ooxml.cells import Block, Cells
from xlbackflush.ooxml.formula_rows import formula_rows
from xlbackflush.ooxml.package import Package, TablePart
from xlbackflush.ooxml.reader import SheetReader
from xlbackflush.ooxml.references import Resized, copied
from xlbackflush.ooxml.spelled import SheetRows, SpelledCell, cells_of, filled, looks_of, rows_of, styles_in
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.ooxml.table_part import is_filtered, passes, total_rows
from xlbackflush.workbook.kept import (
    GONE,
    HINT_ROW,
    OURS,
    NewShape,
    Note,
    Shape,
    homes,
    is_hint,
    is_like_ours,
    moved_down,
    names_of_rows,
    text_of,
    values_of,
)

if TYPE_CHECKING:
    from xlbackflush.ooxml.anchored import Anchored

_NO_ROOM = "The table needs its place, and no row is left below."
Place = tuple[int, int]  # column and row of a cell, from 1
#: row -> its attributes
Looks = dict[int, dict[str, str]]

_BETWEEN = "It stood between rows that the run has written anew."
_LIKE = 50  # rows above the last one, with which that is compared
#: attributes of a row that a user changes, by the one that says that they count
_LOOKS = {"hidden": ("hidden",), "collapsed": ("collapsed",), "customFormat": ("s", "customFormat")}
_HEIGHT = {"customHeight": ("ht", "customHeight")}
_RULES = pattern(r"""\bsqref=["']([^"']*)""")
_LETTERS = pattern(r"""c r=["']([A-Z]+)""")  # of the column of a cell; a text that looks like one does no harm
_TO_THE_END = str(LAST_ROW)
SHEET_DATA = pattern(r"<(?P<prefix>\w+:)?sheetData\s*(?:/>|>.*</(?:\w+:)?sheetData>)", re.S)


@dataclass
class Kept:
    """What becomes of a sheet: columns of the table, more cells by row, attributes of rows, and what follows the cells.

    notes: what could not stay; moved: what did, elsewhere, as a sentence; is_live: whether formulas are among it.
    """

    block: Block
    resized: Resized
    cells: dict[int, list[SpelledCell]] = field(default_factory=lambda: defaultdict(list))
    looks: Looks = field(default_factory=dict)
    tail: str = ""
    notes: list[Note] = field(default_factory=list)
    moved: str = ""
    is_live: bool = False

    @property
    def right(self) -> int:
        """The last column of the sheet."""
        return max([self.resized.right, *(cell.column for cells in self.cells.values() for cell in cells)])

    @property
    def bottom(self) -> int:
        """The last row of the sheet."""
        return max([self.resized.last_now, *self.cells])

    @property
    def spelled(self) -> Iterator[str]:
        """All cells of the user's."""
        for cells in self.cells.values():
            yield from (cell.xml for cell in cells)
        for column in self.block.columns:
            yield from column.spelled or ()


@dataclass(frozen=True)
class StandingSheet:
    """A sheet with its table, as it stands. data: its sheetData element; prefix: of its tags; head, tail: what is around it.

    read: the table with its values; value: of a cell, by column and row, as a reader of files gives it.
    """

    package: Package
    table: TablePart
    head: str
    data: str
    prefix: str
    tail: str
    styles: StyleSheet
    read: Callable[[], Source]
    value: Callable[[int, int], object]


def standing_sheet(
    package: Package, reader: SheetReader, table: TablePart, styles: StyleSheet, read: Callable[[], Source]
) -> StandingSheet | None:
    """The sheet of a table in a package, cut in pieces; None where it has no rows."""
    xml = package.text(package.sheets[table.sheet])
    data = SHEET_DATA.search(xml)
    if not data:
        return None
    value = partial(reader.cell, table.sheet)
    head, tail = xml[: data.start()], xml[data.end() :]
    return StandingSheet(package, table, head, data[0], data["prefix"] or "", tail, styles, read, value)


class OwnThings:
    """What is the user's on a sheet, for the new body of its table. `block` has the columns of `schema`."""

    def __init__(self, sheet: StandingSheet, block: Block) -> None:
        self._sheet, self._new = sheet, block
        self._table, self._schema = sheet.table, schema.TABLES[sheet.table.name]
        self._xml = sheet.package.text(sheet.table.part)
        self._totals = total_rows(self._xml)
        self._part = sheet.package.sheets[sheet.table.sheet]
        self._rows = SheetRows(sheet.data, sheet.prefix, sheet.table.header_row, sheet.table.last_row + self._totals)
        self._notes: list[Note] = []
        self._ours = {n: name for name, n in self._numbers.items() if name in self._schema.names}
        self._resized = self._size()

    def kept(self, head: Sequence[str]) -> Kept:
        """Everything in its new place; head: the rows above the table and its headers, as they are written."""
        kept = Kept(replace(self._new, columns=[self._column(name) for name in self._table.columns]), self._resized)
        self._notes += [*self.notes_of_formats(), *self.notes_of_rows()]
        for cell in self._around(head):
            kept.cells[cell.row].append(cell)
        kept.looks = self._head_looks(head) | self._looks()
        kept.tail = self._follow()
        kept.notes = sorted(self._notes, key=lambda note: box_of(note.cell))
        if self._resized.down and any(self._below_cells()):
            kept.moved = moved_down(self._table.sheet, self._resized.end + 1, self._resized.down)
        return kept

    # ------------------------------------------------------------------------------------------ sizes and rows

    @cached_property
    def _anchored(self) -> Anchored:
        """What the sheet ties to its cells. Few runs need it, so that it is loaded late: all that it looks for takes 10 ms."""
        from xlbackflush.ooxml.anchored import Anchored

        return Anchored(self._sheet.package, self._part, self._table.part, self._sheet.tail)

    @property
    def _may_be_tied(self) -> bool:
        """Whether the sheet has more than a new one: a link besides that to About, a comment, a rule for some rows only."""
        tail, kinds = self._sheet.tail, {kind for kind, _ in self._sheet.package.relations(self._part).values()}
        areas = (area for areas in _RULES.findall(tail) for area in areas.split())
        is_ruled = any(":" in area and not area.endswith(_TO_THE_END) for area in areas)
        return tail.count("hyperlink ") > 1 or "comments" in kinds or is_ruled or "dataValidation" in tail

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Column -> its number on the sheet."""
        return {name: number for number, name in enumerate(self._table.columns, self._table.first_col)}

    def _size(self) -> Resized:
        """How the rows of the table, and what is below them, are going to stand."""
        table, typed = self._table, self._typed_rows()
        right = table.first_col + len(table.columns) - 1
        end, last_now = table.last_row + self._totals, self._new.first_row + self._new.height - 1
        top, last = table.header_row + 1, table.last_row - typed
        resized = Resized(table.sheet, table.first_col, right, top, last, end, last_now, 0, self._totals)
        down = last_now + self._totals + typed - end
        if down > 0:
            cells = (cell.row for cell in self._below_cells(resized))
            first = min(filter(None, (next(cells, None), self._anchored.first_below(resized))), default=LAST_ROW)
            if first <= end + down:
                resized = replace(resized, down=down)
        return resized

    def _below_cells(self, resized: Resized | None = None) -> Iterator[SpelledCell]:
        """Cells with content below the table, in its columns."""
        columns = resized or self._resized
        for row in rows_of(self._rows.below):
            yield from (c for c in row.cells if c.has_content and columns.left <= c.column <= columns.right)

    def _typed_rows(self) -> int:
        """How many of the last rows of the body are the user's: Excel takes what is typed right below a table into it."""
        count = 0
        for number, row in self._rows.last_rows():
            if number <= self._table.last_row:
                if number != self._table.last_row - count or not self._is_typed(number, row):
                    break
                count += 1
        return count

    def _is_typed(self, number: int, row: str) -> bool:
        """A row that looks like none of ours, and is not called like one either."""
        shape, (first, first_row) = self._shape(row), self._rows.first_row()
        above = [self._shape(first_row)] if first < number else []
        if not shape[0] or shape in above:
            return False
        rows = (row for other, row in self._rows.last_rows() if first < other < number)
        for other in map(self._shape, islice(rows, _LIKE)):
            if other == shape:
                return False
            above.append(other)
        if is_like_ours(shape, above, NewShape.of(self._schema, self._new)):
            return False
        return not self._is_ours(number)

    def _shape(self, row: str) -> Shape:
        """That of a row; "" stands for columns of the user's."""
        content, formulas = ({self._by_letter.get(letters, "") for letters in each} for each in filled(row))
        return content, formulas

    @cached_property
    def _by_letter(self) -> dict[str, str]:
        return {column_letter(number): name for number, name in self._ours.items()}

    # ------------------------------------------------------------------------------------------ rows and their names

    @cached_property
    def _source(self) -> Source:
        return self._sheet.read()

    @cached_property
    def _new_names(self) -> set[tuple[str, ...]]:
        new = values_of(self._schema, self._new)
        return {tuple(map(text_of, row)) for row in zip(*(new[n] for n in names_of_rows(self._schema)), strict=True)}

    def _row_name(self, row: int) -> tuple[str, ...]:
        """What names a row of the old body."""
        return tuple(text_of(self._value(name, row)) for name in names_of_rows(self._schema))

    def _value(self, column: str, row: int) -> object:
        return self._sheet.value(self._numbers[column], row) if column in self._numbers else None

    @cached_property
    def _homes(self) -> dict[int, int]:
        """Row of the old body -> row of the new one, where it is still there."""
        there = homes(self._schema, self._source.by_column(), values_of(self._schema, self._new))
        return {self._source.row_numbers[at]: self._resized.top + home for at, home in there.items()}

    def _home(self, row: int) -> int | None:
        """Where a row from the first of the body on is now; None where it is gone."""
        return self._homes.get(row) if row <= self._resized.last else self._resized.row(row)

    def _reworded(self, formula: str) -> str:
        return self._resized.reworded(formula, self._table.sheet)

    def _note(self, cell: str, row: int, text: str, why: str = GONE) -> None:
        self._notes.append(self._note_of(cell, row, text, why))

    def _note_of(self, cell: str, row: int, text: str, why: str = GONE) -> Note:
        name = self._schema.call(lambda column: text_of(self._value(column, row))) if row <= self._resized.last else ""
        return Note(self._table.sheet, cell, name, text, why)

    def _says(self, cell: SpelledCell) -> str:
        """What a cell of the user's shows, and by what formula."""
        shown = text_of(self._sheet.value(cell.column, cell.row))
        return f"{shown} (={cell.formula})" if cell.formula else shown

    # ------------------------------------------------------------------------------------------ in the table

    def _column(self, name: str) -> Cells:
        """A column of the new body: ours with the formats that a user gave to its cells, or one of the user's."""
        if name not in self._schema.names:
            return self._own_column(name)
        cells = self._new.columns[self._schema.names.index(name)]
        formats = self._formats.get(self._numbers[name])
        if not formats:
            return cells
        height = len(cells.values)
        looks = list(cells.styles or [cells.style] * height)
        if self._is_whole(formats):
            looks = [next(iter(formats.values()))] * height
        for row, look in formats.items():
            if (home := self._home(row)) is not None:
                looks[home - self._resized.top] = look
        return replace(cells, styles=looks)

    def _is_whole(self, formats: Mapping[int, int]) -> bool:
        """Whether all cells of a column have one and the same format."""
        return len(formats) == self._resized.last - self._resized.top + 1 and len(set(formats.values())) == 1

    @property
    def formatted(self) -> dict[Place, Place]:
        """Column and row of each cell of ours with a format of the user's -> those where it belongs now."""
        cells = ((column, row) for column, formats in self._formats.items() for row in formats)
        return {cell: (cell[0], home) for cell in cells if (home := self._home(cell[1])) is not None}

    @property
    def comments(self) -> list[Place]:
        """Column and row of each cell of the table's body with a comment."""
        columns = range(self._resized.left, self._resized.right + 1)
        rows = range(self._resized.top, self._resized.end + 1)
        return [place for place in self._anchored.comments() if place[0] in columns and place[1] in rows]

    @property
    def typed(self) -> int:
        """How many of the last rows of the body are the user's."""
        return self._table.last_row - self._resized.last

    def notes_of_formats(self) -> list[Note]:
        """Of each row that is gone, in which columns a user gave cells a format of their own."""
        gone: dict[int, list[int]] = defaultdict(list)
        for column, formats in self._formats.items():
            for row in formats if not self._is_whole(formats) else ():
                if self._home(row) is None:
                    gone[row].append(column)
        notes = []
        for row, columns in gone.items():
            names = ", ".join(self._ours[column] for column in columns)
            notes.append(self._note_of(f"{column_letter(min(columns))}{row}", row, f"Format of {names}"))
        return notes

    @cached_property
    def _formats(self) -> dict[int, dict[int, int]]:
        """Column -> row of the old body -> cell format, where it is the user's. Own columns have their own."""
        formats: dict[int, dict[int, int]] = defaultdict(dict)
        if not all(look == 0 or self._sheet.styles.is_ours(look) for look in styles_in(self._rows.body)):
            for row in rows_of(self._rows.body):
                for cell in row.cells if row.number <= self._resized.last else ():
                    if cell.column in self._ours and (look := cell.style) and not self._sheet.styles.is_ours(look):
                        formats[cell.column][row.number] = look
        return formats

    def notes_of_rows(self) -> Iterator[Note]:
        """Rows that a user put between those of ours: of those that have not as many formulas as most, what looks typed."""
        odd = self._rows.odd_rows(f"<{self._sheet.prefix}f")
        if not odd:
            return
        new, first = NewShape.of(self._schema, self._new), self._shape(self._rows.first_row()[1])
        for row in odd if new.all_live else ():  # else rows of ours differ as much from one another
            shape = self._shape(row)
            if not shape[0] - {""} or not new.all_live.isdisjoint(shape[1]) or is_like_ours(shape, [first], new):
                continue
            cells = [cell for cell in cells_of(row) if cell.has_content and cell.column in self._ours]
            if cells[0].row <= self._resized.last and not self._is_ours(cells[0].row):
                text = "; ".join(f"{self._ours[cell.column]}: {self._says(cell)}" for cell in cells)
                yield Note(self._table.sheet, cells[0].address, "", text, _BETWEEN)

    def _is_ours(self, row: int) -> bool:
        """Whether a row of the old body is called like one of the new body."""
        name = self._row_name(row)
        return any(name) and name in self._new_names

    def _own_column(self, name: str) -> Cells:
        """A column of the user's: each cell in the row that it stood in, and a formula of the whole column in all rows."""
        number, resized = self._numbers[name], self._resized
        letter = column_letter(number)
        cells = cells_of(self._rows.body, letter)
        old = {c.row: self._written_out(c) for c in cells if resized.top <= c.row <= resized.last}
        filled = self._filled_down(old, resized.last - resized.top + 1)
        look = Counter(cell.style for cell in old.values()).most_common(1)[0][0] if old else 0
        new = {}
        for row, cell in old.items():
            home = self._home(row)
            if home is not None:
                new[home] = cell.at(home, lambda text, by=home - row: copied(self._reworded(text), by))  # type: ignore[misc]
            elif cell.has_content and not filled:
                self._note(cell.address, row, f"{name}: {self._says(cell)}")
        rows = range(resized.top, resized.last_now + 1)
        for row in rows:
            if row not in new and filled:
                new[row] = filled.at(row, lambda text, by=row - filled.row: copied(self._reworded(text), by))  # type: ignore[misc]
        blank = [new.get(row) or f'<c r="{letter}{row}" s="{look}"/>' for row in rows]
        return Cells([None] * len(blank), look, spelled=blank)

    def _written_out(self, cell: SpelledCell) -> SpelledCell:
        """A cell whose formula does not depend on that of another one."""
        if not cell.shares:
            return cell
        return cell.with_formula(self._formulas.get(cell.row, {}).get(column_letter(cell.column), ""))

    @cached_property
    def _formulas(self) -> dict[int, dict[str, str]]:
        return dict(formula_rows(self._sheet.package.read(self._part)))

    def _filled_down(self, cells: Mapping[int, SpelledCell], height: int) -> SpelledCell | None:
        """A cell with the formula that all rows of a column have; None where they do not have one and the same."""
        first = next(iter(cells.values()), None)
        if first is None or len(cells) < height or any(cell.formula is None for cell in cells.values()):
            return None
        if len({copied(cell.formula or "", first.row - row) for row, cell in cells.items()}) > 1:
            return None
        return first.without_value()

    # ------------------------------------------------------------------------------------------ around the table

    def _around(self, head: Sequence[str]) -> Iterator[SpelledCell]:
        """Cells outside of the table, and below its body, where they are now."""
        resized = self._resized
        for xml in (self._rows.body, self._rows.below):
            for cell in _outside(xml, resized.left, resized.right):
                yield self._moved(cell, cell.row)
        changed, new = self._changed_head(head)
        written = {cell.address: cell for row in new for cell in cells_of(row)}
        for row in rows_of(changed):
            for cell in row.cells:
                yield from self._above(cell, written.get(cell.address))
        for _, xml in takewhile(lambda numbered: numbered[0] > resized.last, self._rows.last_rows()):
            for cell in filter(self._is_in_columns, cells_of(xml)):
                yield self._moved(cell.without_value(), resized.row(cell.row))
        for row in rows_of(self._rows.below):
            for cell in filter(self._is_in_columns, row.cells):
                to = resized.row(cell.row)
                if to > LAST_ROW:
                    self._note(cell.address, cell.row, self._says(cell), _NO_ROOM)
                elif cell.has_content or to > resized.end + resized.down:
                    yield self._moved(cell, to)

    def _changed_head(self, head: Sequence[str]) -> tuple[str, list[str]]:
        """The rows above the table that are not written as they stand, and those that are written instead."""
        changed, new = self._rows.above, []
        for row in head:
            without = changed.replace(row, "", 1)
            if without == changed:
                new.append(row)
            changed = without
        return changed, new

    def _is_in_columns(self, cell: SpelledCell) -> bool:
        return self._resized.left <= cell.column <= self._resized.right

    def _moved(self, cell: SpelledCell, row: int) -> SpelledCell:
        """A cell in another row, its formula without what it last came to where that adds up something else now."""
        if row == cell.row and (self._resized.is_same or not cell.has_content):
            return cell
        cell = self._written_out(cell)
        xml = cell.at(row, self._reworded)
        return cell._replace(row=row, xml=xml)

    def _above(self, cell: SpelledCell, written: SpelledCell | None) -> Iterator[SpelledCell]:
        """A cell above the table: the user's, or one of ours in a format of the user's."""
        look = cell.style
        if written is None:
            yield self._moved(cell, cell.row)
            return
        said = self._overtyped(cell, written)
        if said and cell.row != HINT_ROW and written.formula is None:
            yield cell  # a title, a purpose or a unit in the words of the user
            return
        if said:
            self._note(cell.address, 0, said, OURS)
        if look and not self._sheet.styles.is_ours(look):
            yield written._replace(xml=re.sub(r's="\d+"', f's="{look}"', written.xml, count=1))

    def _overtyped(self, cell: SpelledCell, written: SpelledCell) -> str:
        """What a user typed into a cell above the table that is ours; "" where it says what a run, or an upgrade, has written."""
        if not cell.has_content or (cell.formula is not None and cell.formula == written.formula):
            return ""
        was = cell.text(lambda: self._sheet.package.shared_texts)
        if was == written.text(tuple):
            return ""
        is_run = (
            f"<{self._sheet.prefix}f" in self._rows.body
        )  # before the first run, an earlier version's words may stand here
        if cell.row == HINT_ROW and (not is_run or is_hint(self._table.name, was)):
            return ""
        return f"={cell.formula}" if cell.formula else was

    # ------------------------------------------------------------------------------------------ rows, and what is tied to cells

    def _head_looks(self, head: Sequence[str]) -> Looks:
        """Heights of the title rows that a user has changed, and title rows out of sight."""
        changed, new = self._changed_head(head)
        ours = dict(looks_of("".join(new)))
        looks: Looks = {}
        for number, given in looks_of(changed):
            look = {name: text for name, text in given.items() if name in ("ht", "customHeight", "hidden")}
            was = ours.get(number, {})
            is_resized = _is_on(look, "customHeight") and float(look["ht"]) != float(was.get("ht", 0))
            if _is_on(look, "hidden") or is_resized:
                looks[number] = look
        return looks

    def _looks(self) -> Looks:
        """Attributes that a user gave to rows from the first of the body on; rows that the filter hides are worked out anew."""
        wanted = _LOOKS | ({} if self._new.heights else _HEIGHT)
        test = passes(self._xml) if is_filtered(self._xml) else None
        given = " ".join(self._rows.looks())
        groups = {
            name: group for name, group in wanted.items() if f' {name}="1"' in given or f' {name}="true"' in given
        }
        looks: Looks = {}
        for number, given_look in looks_of(self._rows.body) if groups else ():
            names = [name for switch, group in groups.items() if _is_on(given_look, switch) for name in group]
            look = {name: given_look[name] for name in names if name in given_look and not (test and name == "hidden")}
            home = self._home(number) if look else None
            if home is not None:
                looks[home] = look
        for number, given_look in looks_of(self._rows.below):
            look = {name: text for name, text in given_look.items() if name != "spans"}
            to = self._resized.row(number)
            if look and self._resized.row(self._resized.end) < to <= LAST_ROW:
                looks[to] = look
        return self._hidden(test, looks) if test else looks

    def _hidden(self, test: Callable[[Mapping[int, object]], bool], looks: Looks) -> Looks:
        """The rows that do not pass the filter, out of sight."""
        new = values_of(self._schema, self._new)
        old = {home: row for row, home in self._homes.items()}
        for at, row in enumerate(range(self._resized.top, self._resized.last_now + 1)):
            values = {
                place: new[name][at] if name in new else self._value(name, old[row]) if row in old else None
                for place, name in enumerate(self._table.columns)
            }
            if not test(values):
                looks[row] = looks.get(row, {}) | {"hidden": "1"}
        return looks

    def _follow(self) -> str:
        """What follows the cells of the sheet, where everything has its new place."""
        is_same = self._resized.is_same
        if is_same and not (self._may_be_tied and self._anchored.is_tied_to(self._resized)):
            return self._sheet.tail
        for gone in self._anchored.follow(self._resized, self._home):
            row = re.search(r"\d+", gone.cell)
            self._note(gone.cell, int(row[0]) if row else 0, gone.text)
        return self._anchored.tail


def _is_on(look: Mapping[str, str], name: str) -> bool:
    return look.get(name) in ("1", "true")


def _outside(xml: str, left: int, right: int) -> Iterator[SpelledCell]:
    """The cells to the left and to the right of columns."""
    columns = {letters: column_number(letters) for letters in set(_LETTERS.findall(xml))}
    others = [letters for letters, column in columns.items() if not left <= column <= right]
    return cells_of(xml, "|".join(others)) if others else iter(())
