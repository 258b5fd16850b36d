"""Reading sheets: calamine for speed, and a look at the XML for what calamine hides or does not survive.

It shows error values and formulas without a stored result as blanks; it gives up a sheet for an error value that it does
not know; a day number before the big bang makes it panic, and one stray cell in the last corner makes it ask for all the
memory there is. So the XML is searched for such cells first.
"""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import python_calamine

from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.address import column_letter, column_number, split_cell
from xlbackflush.ooxml.package import Package, TablePart

Odd = dict[int, list[tuple[int, CellError]]]  # row (from 1) -> column (from 0), what is wrong

_CELLS_MAX = 40_000_000  # of a sheet's bounding box
_CELL = re.compile(rb"<(?:\w+:)?c\b(?P<attributes>[^>]*?)(?:/>|>(?P<body>.*?)</(?:\w+:)?c>)", re.S)
_VAST = rb"<(?:\w+:)?v>-(?:\d{11,}|[\d.]+[eE]\+?\d{2,})"
_FORMULA = rb"<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)"
_RESULT = rb"\s*<(?:\w+:)?v\b[^>]*>[^<]"
#: what gives an odd cell away; one by one, each is found several times as fast as all at once
_HINTS = tuple(re.compile(hint) for hint in (_FORMULA + rb"(?!" + _RESULT + rb")", rb"""\st=["']e["']""", _VAST))
_ADDRESS = re.compile(rb"""\br=["']([A-Z]+[0-9]+)["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]+)</")
_IS_ERROR = re.compile(rb"""\bt=["']e["']""")
_IS_TEXT = re.compile(rb"""\bt=["']str["']""")
_KNOWN_ERRORS = (b"#NULL!", b"#DIV/0!", b"#VALUE!", b"#REF!", b"#NAME?", b"#NUM!", b"#N/A")


class SheetReader:
    """Values of a workbook's sheets as stored, and the cells that are not values."""

    def __init__(self, package: Package, content: bytes) -> None:
        self._package, self._content = package, content
        self._book: Any = None
        self._grids: dict[str, list[list[Any]]] = {}
        self._patches: dict[str, bytes] = {}

    def grid(self, sheet: str) -> list[list[Any]]:
        """All rows of a sheet from A1: str, float, bool, date ..., "" where blank.

        `CellError` for error values, formulas without a stored result, and numbers beyond all use.
        """
        if sheet not in self._grids:
            self._grids[sheet] = self._read(sheet)
        return self._grids[sheet]

    def cell(self, sheet: str, column: int, row: int) -> Any:
        """One cell, by its numbers from 1."""
        grid = self.grid(sheet)
        return grid[row - 1][column - 1] if row <= len(grid) and column <= len(grid[row - 1]) else ""

    def rows(self, table: TablePart, last: int | None = None) -> Iterator[list[Any]]:
        """Rows of a sheet from the first below a table's headers on, as wide as the table; to the last of the sheet, or this."""
        grid = self.grid(table.sheet)
        first, width = table.first_col - 1, len(table.columns)
        for number in range(table.header_row, len(grid) if last is None else last):
            row = grid[number][first : first + width] if number < len(grid) else []
            yield row + [""] * (width - len(row))

    def _read(self, sheet: str) -> list[list[Any]]:
        odd = self._search(sheet)
        try:
            with _quiet():
                grid: list[list[Any]] = self._reader(sheet).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        except BaseException as error:
            if isinstance(error, (python_calamine.CalamineError, OSError, ValueError)) or _is_panic(error):
                raise UnusableError(f"{self._package.path.name} is damaged: sheet {sheet} cannot be read.") from error
            raise
        grid += [[] for _ in range(max(odd, default=0) - len(grid))]
        for number, problems in odd.items():
            row = grid[number - 1]
            for column, problem in problems:
                row += [""] * (column + 1 - len(row))
                row[column] = problem
        return grid

    def _reader(self, sheet: str) -> Any:
        """The workbook in calamine; a patched copy of it for a sheet that calamine does not take."""
        part = self._package.sheets[sheet]
        if part in self._patches:
            patched = self._package.copy_with({part: self._patches[part]})
            return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(patched))
        if self._book is None:
            self._book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(self._content))
        return self._book

    def _search(self, sheet: str) -> Odd:
        part = self._package.sheets[sheet]
        text = self._package.text(part)
        if not re.search(r"<(?:\w+:)?worksheet\b", text) or not re.search(r"<(?:\w+:)?sheetData\b", text):
            raise UnusableError(f"{self._package.path.name} is damaged: sheet {sheet} is no worksheet.")
        xml = self._package.read(part)
        self._check_extent(sheet, xml)
        odd: Odd = {}
        patches: list[tuple[int, int]] = []
        plain = b"<c " in xml
        for hint in sorted(match.start() for pattern in _HINTS for match in pattern.finditer(xml)):
            # a search for what is nowhere goes back to the top, from every hint: so neither is made in vain
            start = xml.rfind(b"<c ", 0, hint + 1) if plain else -1
            start = max(start, xml.rfind(b":c ", max(start, 0), hint + 1))
            match = _CELL.match(xml, xml.rfind(b"<", 0, start + 1))
            problem = match and _problem(match["attributes"], match["body"] or b"")
            if not match or not problem:
                continue
            address = _ADDRESS.search(match["attributes"])
            if not address:
                name = self._package.path.name
                raise UnusableError(f"{name}: cells of {sheet} have no address; save it again in Excel.")
            column, row = split_cell(address[1].decode())
            if (column - 1, problem) not in odd.setdefault(row, []):
                odd[row].append((column - 1, problem))
                patches.append(match.span())
        self._patch(part, xml, patches)
        return odd

    def _patch(self, part: str, xml: bytes, cells: list[tuple[int, int]]) -> None:
        """Blank the cells that calamine does not survive; they are reported all the same."""
        pieces, position = [], 0
        for start, stop in cells:
            value = _VALUE.search(xml, start, stop)
            if value and (re.match(_VAST, value[0]) or value[1] not in _KNOWN_ERRORS):
                pieces += [xml[position : value.start(1)], b"#N/A" if _IS_ERROR.search(xml, start, stop) else b"0"]
                position = value.end(1)
        if pieces:
            self._patches[part] = b"".join([*pieces, xml[position:]])

    def _check_extent(self, sheet: str, xml: bytes) -> None:
        """Refuse a sheet whose cells span more than any sheet of inputs does."""
        rows = [int(r) for r in re.findall(rb"""<(?:\w+:)?row\b[^>]*?\br=["'](\d+)["']""", xml)]
        letters = set(re.findall(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]{2,3})[0-9]""", xml))
        width = max([26, *(column_number(column.decode()) for column in letters)])
        if max(rows, default=0) * width > _CELLS_MAX:
            last = f"{column_letter(width)}{max(rows)}"
            raise UnusableError(
                f"{self._package.path.name}: sheet {sheet} has cells as far out as {last}, away from its table; "
                "delete those rows or columns and save."
            )


def _is_panic(error: BaseException) -> bool:
    """True for a fault of calamine itself, which has no type that could be named."""
    return type(error).__name__ == "PanicException"


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


def _problem(attributes: bytes, body: bytes) -> CellError | None:
    """What is wrong with a cell, or None."""
    value = _VALUE.search(body)
    if _IS_ERROR.search(attributes):
        return CellError(value[1].decode("utf-8", "replace") if value else "#ERROR!")
    if re.search(rb"<(?:\w+:)?f\b", body) and not value and not _IS_TEXT.search(attributes):
        return CellError("", calculated=False)
    if re.search(_VAST, body):
        return CellError(value[1].decode() if value else "")
    return None
