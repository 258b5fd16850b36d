"""Reading sheets: calamine for speed, and a look at the XML for what calamine hides, misreads or does not survive.

It shows error values and formulas without a stored result as blanks; of a number with a comment inside it shows the first
half; a day number before the big bang makes it panic, and one stray cell in the last corner makes it ask for all the memory
there is. So it is given only what it reads rightly: a sheet as it stands where that is written plainly (`plain_sheet`), and
as it is written out again where not (`unusual_sheet`). Which parts belong to a workbook is not left to it either: it gets a
workbook of the sheets that are wanted, with their shared texts and their styles.
"""

import datetime as dt
import io
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, BinaryIO

import python_calamine

from xlbackflush.late import pattern
from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.archive import check_markup
from xlbackflush.ooxml.package import MAIN, OFFICE, Package, TablePart
from xlbackflush.ooxml.plain_sheet import Scanned, scan
from xlbackflush.ooxml.values import dated
from xlbackflush.ooxml.xml import element

Grid = list[list[Any]]

_CELLS_MAX = 16_000_000  # of a sheet: a million rows of the widest table, and a third more
_TEXTS_MAX = 4_000_000  # that the cells of a workbook share

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_ITEM = pattern(
    rb'\s*<si>(?:<t(?: xml:space="preserve")?>[^<]*+</t>|<t ?/>'
    rb"|(?:<r>(?:<rPr>(?:<\w+(?: \w+=\"[^\"<>]*\")*+ ?/>)*+</rPr>)?+<t(?: xml:space=\"preserve\")?>[^<]*+</t></r>)++)"
    rb"(?:<phoneticPr [^<>]*+/>)?+</si>\s*"
)
_TEXTS = pattern(rb'(?:\xef\xbb\xbf)?(?:<\?xml [^<>]*+\?>)?\s*<sst(?: [^<>]*)? xmlns="%b"[^<>]*>' % MAIN.encode())


class SheetReader:
    """Values of a workbook's sheets as stored, and the cells that are not values."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._grids: dict[str, Grid] = {}

    def grid(self, sheet: str) -> Grid:
        """All rows of a sheet from A1: str, float, bool, date ..., "" where blank; each up to its last cell, or longer.

        `CellError` for error values, formulas without a stored result, and what is no value of its type.
        """
        if sheet not in self._grids:
            self.load([sheet])
        return self._grids[sheet]

    def load(self, sheets: Iterable[str]) -> None:
        """Read sheets that will be asked for: together, they share what it takes to open a workbook."""
        new = {sheet: self._scanned(sheet) for sheet in sheets if sheet not in self._grids}
        try:
            self._grids |= self._read(new)
        except BaseException as error:
            if not _is_refusal(error):
                raise
            for sheet in new:
                self._grids[sheet] = self._read_again(sheet)

    def cell(self, sheet: str, column: int, row: int) -> Any:
        """One cell, by its numbers from 1."""
        grid = self.grid(sheet)
        return grid[row - 1][column - 1] if row <= len(grid) and column <= len(grid[row - 1]) else ""

    def headers(self, table: TablePart) -> list[Any]:
        """The cells above the columns of a table."""
        columns = range(table.first_col, table.first_col + len(table.columns))
        return [self.cell(table.sheet, column, table.header_row) for column in columns]

    def rows(self, table: TablePart, last: int | None = None) -> Iterator[list[Any]]:
        """Rows of a sheet from the first below a table's headers on, as wide as the table; to the last of the sheet, or this."""
        grid = self.grid(table.sheet)
        first, width = table.first_col - 1, len(table.columns)
        for number in range(table.header_row, len(grid) if last is None else last):
            row = grid[number][first : first + width] if number < len(grid) else []
            yield row + [""] * (width - len(row))

    def _scanned(self, sheet: str) -> Scanned:
        """A sheet for calamine: as it stands, if that is plain."""
        part, book = self._package.sheets[sheet], self._package.path.name
        xml = self._package.read(part)
        check_markup(xml, part, book)
        scanned = scan(xml) or self._rewritten(sheet, xml)
        if scanned.cells > _CELLS_MAX:
            raise UnusableError(
                f"{book}: sheet {sheet} has {scanned.cells:,} cells; at most {_CELLS_MAX:,} are read. Delete the rows "
                "and columns that hold nothing, and save."
            )
        return scanned

    def _rewritten(self, sheet: str, xml: bytes) -> Scanned:
        from xlbackflush.ooxml import unusual_sheet

        try:
            return unusual_sheet.rewritten(xml, self._texts[1])
        except UnusableError as error:
            name = self._package.path.name
            raise UnusableError(
                f"{name}: sheet {sheet} cannot be read: {error}. Open the workbook in Excel and save it again."
            ) from error

    def _read_again(self, sheet: str) -> Grid:
        """A sheet that calamine did not take, by itself and written out again."""
        try:
            return self._read({sheet: self._rewritten(sheet, self._package.read(self._package.sheets[sheet]))})[sheet]
        except BaseException as error:
            if _is_refusal(error):
                raise UnusableError(f"{self._package.path.name} is damaged: sheet {sheet} cannot be read.") from error
            raise

    def _read(self, sheets: Mapping[str, Scanned]) -> dict[str, Grid]:
        if not sheets:
            return {}
        with _quiet():
            opened = python_calamine.CalamineWorkbook.from_filelike(self._workbook(sheets))
            grids = [opened.get_sheet_by_index(n).to_python(skip_empty_area=False) for n in range(len(sheets))]
        return {sheet: _completed(grid, scanned) for grid, (sheet, scanned) in zip(grids, sheets.items(), strict=True)}

    def _workbook(self, sheets: Mapping[str, Scanned]) -> BinaryIO:
        """A workbook of these sheets."""
        parts = {f"sheet{number}.xml": scanned.xml for number, scanned in enumerate(sheets.values(), 1)}
        kinds = dict.fromkeys(parts, "worksheet")
        if any(b' t="s"' in xml for xml in parts.values()):
            parts["sharedStrings.xml"], kinds["sharedStrings.xml"] = self._texts[0], "sharedStrings"
        styles = self._package.related(self._package.workbook_part, "styles", required=False)
        if styles:
            parts["styles.xml"], kinds["styles.xml"] = self._package.text(styles).encode(), "styles"
        listed = [
            element("sheet", name=str(n), sheetId=n, r_id=f"r{n}", xmlns_r=OFFICE) for n in range(1, len(sheets) + 1)
        ]
        parts["workbook.xml"] = element("workbook", element("sheets", *listed), xmlns=MAIN).encode()
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("_rels/.rels", _related({"xl/workbook.xml": "officeDocument"}))
            archive.writestr("xl/_rels/workbook.xml.rels", _related(kinds))
            for name, content in parts.items():
                archive.writestr(f"xl/{name}", content)
        file.seek(0)
        return file

    @cached_property
    def _texts(self) -> tuple[bytes, int]:
        """The texts that cells share, as calamine reads them rightly, and how many they are."""
        part = self._package.related(self._package.workbook_part, "sharedStrings", required=False)
        if not part:
            return element("sst", "", xmlns=MAIN).encode(), 0
        xml = self._package.read(part)
        check_markup(xml, part, self._package.path.name)
        if xml.count(b"<si") > _TEXTS_MAX:
            raise UnusableError(f"{self._package.path.name} has more than {_TEXTS_MAX:,} texts; no more are read.")
        head = _TEXTS.match(xml)
        position, count = head.end() if head else 0, 0
        while head and (item := _ITEM.match(xml, position)):
            position, count = item.end(), count + 1
        if xml[position:].strip() == b"</sst>":
            return xml, count
        from xlbackflush.ooxml import unusual_sheet

        items = [unusual_sheet.text_of(item) for item in self._package.xml(part).iterfind(f"{{{MAIN}}}si")]
        written = "".join(f"<si>{unusual_sheet.text_element(text)}</si>" for text in items)
        return f'<sst xmlns="{MAIN}">{written}</sst>'.encode(), len(items)


def foreign_sheets(content: bytes, name: str) -> dict[str, Grid]:
    """All sheets of a workbook of another kind (.xls, .xlsb, .ods), as calamine reads them; name: of its file."""
    try:
        with _quiet():
            opened = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
            sheets = {sheet: opened.get_sheet_by_name(sheet) for sheet in opened.sheet_names}
            for sheet in sheets.values():
                if sheet.total_height * sheet.total_width > _CELLS_MAX:
                    raise UnusableError(
                        f"{name}: sheet {sheet.name} is {sheet.total_height:,} rows high and {sheet.total_width:,} columns wide; "
                        f"at most {_CELLS_MAX:,} cells are read."
                    )
            return {title: sheet.to_python(skip_empty_area=False) for title, sheet in sheets.items()}
    except UnusableError:
        raise
    except BaseException as error:
        if not _is_refusal(error):
            raise
        raise UnusableError(f"{name} is damaged, or no workbook that can be read.") from error


def _is_refusal(error: BaseException) -> bool:
    """True where calamine cannot read a sheet; a fault of its own, a panic, has no type that could be named."""
    known = isinstance(error, python_calamine.CalamineError | OSError | ValueError)
    return known or type(error).__name__ == "PanicException"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what calamine itself prints of a panic: it goes to the error stream of the process, past Python's own."""
    try:
        errors, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # a process without an error stream
        yield
        return
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(errors, 2)
        os.close(errors)
        os.close(nowhere)


def _related(kinds: Mapping[str, str]) -> str:
    """The relationships to parts of these kinds: r1, r2 ..."""
    related = [
        element("Relationship", Id=f"r{n}", Type=f"{OFFICE}/{kind}", Target=name)
        for n, (name, kind) in enumerate(kinds.items(), 1)
    ]
    return element("Relationships", *related, xmlns=_RELATIONS)


def _completed(grid: Grid, scanned: Scanned) -> Grid:
    """What calamine shows of a sheet, spread out again, with what it does not show."""
    if scanned.rows is not None and scanned.columns is not None:
        grid = _spread(grid, scanned.rows, scanned.columns)
    for (number, column), serial in scanned.serials.items():
        if isinstance(grid[number - 1][column - 1], dt.date):
            grid[number - 1][column - 1] = dated(serial)
    last = max((number for number, _ in scanned.others), default=0)
    grid += [[] for _ in range(last - len(grid))]
    for (number, column), value in scanned.others.items():
        row = grid[number - 1] = grid[number - 1] + [""] * (column - len(grid[number - 1]))
        row[column - 1] = value
    return grid


def _spread(grid: Grid, rows: Iterable[int], columns: Iterable[int]) -> Grid:
    """Rows and columns at their places on the sheet; blank rows, which may be a million, are one and the same list."""
    numbers, at, blank = list(rows), list(columns), list[Any]()
    spread = [blank] * (numbers[-1] if numbers else 0)
    for number, row in zip(numbers, grid, strict=True):
        cells = [""] * at[-1]
        for column, value in zip(at, row, strict=False):
            cells[column - 1] = value
        spread[number - 1] = cells
    return spread
