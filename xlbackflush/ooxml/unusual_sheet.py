"""A sheet as other programs may write it, read with a parser of XML and written out again for calamine.

Comments, marked sections, instructions, references, prefixes, cells without an address: all of it means what the standards
say. What has no such meaning, as two values of one cell, is refused; a value that its cell cannot hold is a `CellError`. The
sheet is closed up, without blank rows and columns, so that one stray cell in the last corner costs no memory.
"""

import datetime as dt
import io
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from xml.etree import ElementTree as ET

from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.address import LAST_COLUMN, LAST_ROW, column_letter, column_number
from xlbackflush.ooxml.package import MAIN
from xlbackflush.ooxml.plain_sheet import Cell, Scanned
from xlbackflush.ooxml.xml import escape_formula

_MARKS_MAX = 8_000_000  # of elements, which take a minute
_LONG_AGO = -1e10  # days long before Excel's first are not what calamine survives

_SHEET, _DATA, _ROW, _CELL, _VALUE, _FORMULA, _INLINE, _TEXT, _RUN, _EXTENSION = (
    f"{{{MAIN}}}{tag}" for tag in ("worksheet", "sheetData", "row", "c", "v", "f", "is", "t", "r", "extLst")
)
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_BLANKS = " \t\r\n"
_ADDRESS = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_ROW_NUMBER = re.compile(r"[0-9]{1,7}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?)?", re.ASCII)
_TRUTH = {"1": "1", "true": "1", "0": "0", "false": "0"}

Written = tuple[str, str]  # attributes and content of a cell, for calamine


def rewritten(xml: bytes, strings: int) -> Scanned:
    """A sheet for calamine. strings: how many texts the cells of the workbook share.

    UnusableError, with what is wrong as the end of a sentence, where it cannot be read without a guess.
    """
    if xml.count(b"<") > _MARKS_MAX:
        raise UnusableError("it is too large to be read as it is written")
    sheet = _Sheet(strings)
    try:
        for row in _rows(xml):
            sheet.add_row(row)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise UnusableError("it is not XML") from error
    return sheet.scanned()


def text_of(element: ET.Element) -> str:
    """The text of a cell or of a shared text: its own, or that of its runs; how it is pronounced is left out."""
    parts = [child if child.tag == _TEXT else child.find(_TEXT) for child in element if child.tag in (_TEXT, _RUN)]
    texts = ((part.text or "", part.get(_SPACE)) for part in parts if part is not None)
    return "".join(text if space == "preserve" else text.strip(_BLANKS) for text, space in texts)


def text_element(text: str) -> str:
    """A text in an element that keeps all of it."""
    return f'<t xml:space="preserve">{_escaped(text)}</t>'


def _escaped(text: str) -> str:
    return escape_formula(text).replace("\r", "&#13;")


def _rows(xml: bytes) -> Iterator[ET.Element]:
    """The rows of a sheet's own data, each given up when the next is read."""
    path: list[ET.Element] = []
    found = 0
    for event, element in ET.iterparse(io.BytesIO(xml), events=("start", "end")):
        if event == "start":
            path.append(element)
            if len(path) == 1 and element.tag != _SHEET:
                raise UnusableError("it is no worksheet")
            found += len(path) == 2 and element.tag == _DATA
            continue
        path.pop()
        if len(path) == 2 and path[1].tag == _DATA:
            if element.tag != _ROW:
                raise UnusableError("it has more than rows among its rows")
            yield element
            path[1].clear()
        elif len(path) == 1 and element.tag != _DATA:
            element.clear()
    if found != 1:
        raise UnusableError("it has no rows" if not found else "it has rows in two places")


class _Sheet:
    """The cells of a sheet that hold something, row by row."""

    def __init__(self, strings: int) -> None:
        self._strings = strings
        self._written: dict[int, dict[int, Written]] = {}
        self._others: dict[Cell, object] = {}
        self._serials: dict[Cell, float] = {}
        self._last = 0

    def add_row(self, row: ET.Element) -> None:
        """A row without a number follows the one before, and so does a cell without an address."""
        number = self._number(row.get("r"), self._last + 1)
        if number in self._written:
            raise UnusableError(f"row {number} stands in it twice")
        self._last = number
        cells: dict[int, Written] = {}
        seen, column = set(), 0
        for cell in row:
            if cell.tag == _EXTENSION:
                continue
            if cell.tag != _CELL:
                raise UnusableError(f"row {number} has more than cells in it")
            column = self._column(cell.get("r"), column + 1, number)
            if column in seen:
                raise UnusableError(f"cell {column_letter(column)}{number} stands in it twice")
            seen.add(column)
            written = self._cell(cell, (number, column))
            if written:
                cells[column] = written
        self._written[number] = cells

    def _number(self, given: str | None, following: int) -> int:
        number = following if given is None else int(given) if _ROW_NUMBER.fullmatch(given) else 0
        if not 1 <= number <= LAST_ROW:
            raise UnusableError(f"a row of it has the number {given or following}")
        return number

    def _column(self, given: str | None, following: int, row: int) -> int:
        match = _ADDRESS.fullmatch(given or "")
        column = column_number(match[1].upper()) if match else following
        if (given is not None and (not match or int(match[2]) != row)) or column > LAST_COLUMN:
            raise UnusableError(f"a cell in row {row} has the address {given or column_letter(column)}")
        return column

    def _cell(self, cell: ET.Element, at: Cell) -> Written | None:
        """A cell for calamine; what that does not show rightly goes to the others. None where there is nothing to show."""
        value, formula, inline = (self._child(cell, tag, at) for tag in (_VALUE, _FORMULA, _INLINE))
        if any(child.tag not in (_VALUE, _FORMULA, _INLINE, _EXTENSION) for child in cell):
            raise UnusableError(f"cell {_address(at)} has more than a value in it")
        if (value is not None and len(value)) or (formula is not None and len(formula)):
            raise UnusableError(f"cell {_address(at)} has more than text as its value")
        text = (value.text if value is not None else None) or ""
        kind = cell.get("t", "n" if inline is None else "inlineStr")
        if kind == "inlineStr" and not text:
            return (' t="inlineStr"', f"<is>{text_element(text_of(inline))}</is>") if inline is not None else None
        if kind == "e" or inline is not None:
            self._others[at] = CellError(text.strip(_BLANKS) or "#ERROR!")
            return None
        if kind == "str":
            return ' t="str"', f"<v>{_escaped(text)}</v>"
        bare = text.strip(_BLANKS)
        if not bare:
            if formula is not None:
                self._others[at] = CellError("", calculated=False)
            return None
        written = self._typed(kind, bare, at)
        if not written:
            self._others[at] = CellError(bare)
            return None
        style = cell.get("s", "0")
        attributes = f' s="{style}"' if style.isascii() and style.isdigit() else ""
        return f"{attributes}{written[0]}", f"<v>{written[1]}</v>"

    def _child(self, cell: ET.Element, tag: str, at: Cell) -> ET.Element | None:
        children = cell.findall(tag)
        if len(children) > 1:
            raise UnusableError(f"cell {_address(at)} has two values")
        return children[0] if children else None

    def _typed(self, kind: str, text: str, at: Cell) -> Written | None:
        """Type and content of a cell; None where it cannot be of that type."""
        if kind == "b" and text in _TRUTH:
            return ' t="b"', _TRUTH[text]
        if kind == "s" and text.isascii() and text.isdigit() and int(text[:9]) < self._strings and len(text) < 10:
            return ' t="s"', text
        if kind == "d" and _is_day(text):
            return ' t="d"', text
        if kind != "n" or not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            return None
        number = float(text)
        if number < _LONG_AGO:
            self._others[at] = number
            return "", "0"
        if 1 - number % 1 < 1e-8:
            self._serials[at] = number
        return "", text

    def scanned(self) -> Scanned:
        """The sheet, closed up."""
        shown = {number: cells for number, cells in sorted(self._written.items()) if cells}
        columns = sorted({column for cells in shown.values() for column in cells})
        letters = {column: column_letter(n) for n, column in enumerate(columns, 1)}
        rows = [
            f'<row r="{n}">'
            + "".join(f'<c r="{letters[c]}{n}"{look}>{content}</c>' for c, (look, content) in sorted(cells.items()))
            + "</row>"
            for n, cells in enumerate(shown.values(), 1)
        ]
        xml = f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'
        return Scanned(xml.encode(), 0, self._others, self._serials, list(shown), columns)


def _is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, with or without the time."""
    with suppress(ValueError):
        return bool(_DAY.fullmatch(text) and dt.datetime.fromisoformat(text))
    return False


def _address(at: Cell) -> str:
    return f"{column_letter(at[1])}{at[0]}"
