"""Two workbooks, cell by cell: value, formula and style of every cell, tables, names, and what else a sheet has.

The reader is one of its own, by lxml, so that no code of the product says that the product is right.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

#: what every run makes anew: of these columns, as (table, column), only whether a cell is blank is compared ...
IGNORED = {
    ("Journal", "Seal"), ("Runs", "Started"), ("Runs", "Posted"), ("Runs", "Version"), ("Runs", "Input hash"),
    ("Runs", "Link"), ("Runs", "Goes on in"), ("RunInputs", "SHA-256"), ("RunInputs", "Content"),
}  # fmt: skip
#: ... and in texts elsewhere these do not count: times of runs, digests, the version
MASKS = {
    r"20\d\d-\d\d-\d\d \d\d:\d\d(:\d\d)?": "(time)",
    r"\b[0-9a-f]{64}\b": "(digest)",
    r"\b0\.\d+\.\d+\b": "(version)",
}

Value = str | float | None
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Cell(NamedTuple):
    value: Value
    formula: str
    style: tuple[str, ...]  # name of the cell style, number format, font, fill, border, alignment


Cells = dict[tuple[int, int], Cell]  # by row and column
BOOK = "(workbook)"
_BLANK = Cell(None, "", ())


class Table(NamedTuple):
    sheet: str
    first_col: int
    rows: str
    columns: list[str]


class Difference(NamedTuple):
    sheet: str
    cell: str
    column: str  # its header, or its letter
    kind: str
    old: Value
    new: Value


@dataclass
class Book:
    sheets: dict[str, Cells] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)  # sheet: its other elements, such as validations
    tables: dict[str, Table] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    charts: dict[str, str] = field(default_factory=dict)  # with the figures that they keep


# ------------------------------------------------------------------------------------------------- reading


def read(path: Path) -> Book:
    book = Book()
    with zipfile.ZipFile(path) as package:
        read_part = package.read
        root = etree.fromstring(read_part("xl/workbook.xml"))
        relations = _relations(package, "xl/workbook.xml")
        has_texts = "xl/sharedStrings.xml" in package.namelist()
        texts = [_text(e) for e in etree.fromstring(read_part("xl/sharedStrings.xml"))] if has_texts else []
        styles, highlights = _styles(etree.fromstring(read_part("xl/styles.xml")))
        for sheet in root.find(f"{_MAIN}sheets"):
            part, name = relations[sheet.get(_ID)], sheet.get("name")
            xml = etree.fromstring(read_part(part))
            book.sheets[name] = {p: c for p, c in _cells(xml, texts, styles) if c != _BLANK}
            elsewhere = (f"{_MAIN}sheetData", f"{_MAIN}dimension")
            book.others[name] = [_other(e, highlights) for e in xml if e.tag not in elsewhere and not e.get(_ID)]
            for target in _relations(package, part).values():
                if "/tables/" in target:
                    _add_table(book, name, etree.fromstring(read_part(target)))
        for defined in root.iterfind(f"{_MAIN}definedNames/{_MAIN}definedName"):
            book.names[f"{defined.get('name')} {defined.get('localSheetId', '')}".strip()] = defined.text or ""
        book.charts = {
            n: _xml(etree.fromstring(read_part(n))) for n in package.namelist() if n.startswith("xl/charts/")
        }
    return book


def _relations(package: zipfile.ZipFile, part: str) -> dict[str, str]:
    folder, name = posixpath.split(part)
    path = f"{folder}/_rels/{name}.rels"
    if path not in package.namelist():
        return {}
    found = etree.fromstring(package.read(path))
    return {e.get("Id"): posixpath.normpath(posixpath.join("/" + folder, e.get("Target")))[1:] for e in found}


def _xml(element: etree._Element) -> str:
    """An element in the one way of writing it, whatever the order of its attributes."""
    return etree.tostring(element, method="c14n").decode().replace(f' xmlns="{_MAIN[1:-1]}"', "")


def _text(element: etree._Element) -> str:
    return "".join(t.text or "" for t in element.iter(f"{_MAIN}t"))


def _styles(root: etree._Element) -> tuple[list[tuple[str, ...]], list[str]]:
    """Each cell format spelled out, so that the order in the style sheet does not matter; and conditional formats."""

    def all_of(tag: str) -> list[etree._Element]:
        found = root.find(_MAIN + tag)
        return [] if found is None else list(found)

    formats = {e.get("numFmtId"): e.get("formatCode") for e in all_of("numFmts")}
    names = {e.get("xfId"): e.get("name") for e in all_of("cellStyles")}
    looks = {tag: [_xml(e) for e in all_of(tag)] for tag in ("fonts", "fills", "borders", "dxfs")}
    return [
        (
            names.get(xf.get("xfId"), ""),
            formats.get(xf.get("numFmtId"), xf.get("numFmtId")),
            *(looks[f"{what}s"][int(xf.get(f"{what}Id", 0))] for what in ("font", "fill", "border")),
            "".join(map(_xml, xf)),
        )
        for xf in all_of("cellXfs")
    ], looks["dxfs"]


def _cells(
    xml: etree._Element, texts: list[str], styles: list[tuple[str, ...]]
) -> Iterator[tuple[tuple[int, int], Cell]]:
    for cell in xml.iter(f"{_MAIN}c"):
        kind, value, formula = cell.get("t", "n"), cell.find(f"{_MAIN}v"), cell.find(f"{_MAIN}f")
        text = _text(cell) if kind == "inlineStr" else "" if value is None else value.text or ""
        if kind == "s":
            text = texts[int(text)]
        result: Value = f"{ {'b': 'logical ', 'e': 'error '}.get(kind, '') }{text}" if text else None
        if text and kind == "n":
            result = float(text)
        written = "" if formula is None else f"={formula.text or ''}" + "".join(
            f" [{k} {v}]" for k, v in sorted(formula.attrib.items()) if k in ("t", "ref", "si")
        )  # fmt: skip
        yield _position(cell.get("r")), Cell(result, written, styles[int(cell.get("s", 0))])


def _other(element: etree._Element, highlights: list[str]) -> str:
    for rule in element.iter():
        if "dxfId" in rule.attrib:
            rule.set("dxfId", highlights[int(rule.get("dxfId"))])
        rule.attrib.pop(_ID, None)
    return _xml(element)


def _add_table(book: Book, sheet: str, xml: etree._Element) -> None:
    first, last = xml.get("ref").split(":")
    (top, left), (bottom, _) = _position(first), _position(last)
    columns = [c.get("name") for c in xml.iter(f"{_MAIN}tableColumn")]
    book.tables[xml.get("name")] = Table(sheet, left, f"rows {top} to {bottom}", columns)


def _position(address: str) -> tuple[int, int]:
    letters = address.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(address[len(letters) :]), column


def letter(column: int) -> str:
    return (letter((column - 1) // 26) if column > 26 else "") + chr(65 + (column - 1) % 26)


# ----------------------------------------------------------------------------------- words changed on purpose


class Words:
    """The reviewed list: `old -> new`, whole texts, or after a leading ~ a regular expression; above it, why."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self.texts: dict[tuple[str, str], str] = {}
        self.patterns: list[tuple[re.Pattern[str], str, str]] = []
        self.used: set[str] = set()
        reason = ""
        for line in map(str.rstrip, lines):
            if not line or line.startswith("#"):
                reason = line
                continue
            old, arrow, new = f"{line} ".partition(" -> ")
            if not arrow or not reason:
                raise SystemExit(f"words changed: {line!r} needs ' -> ' and, above it, a comment that says why.")
            new = new[:-1].replace("\\n", "\n")
            if old.startswith("~"):
                self.patterns.append((re.compile(old[1:]), new, line))
            else:
                self.texts[old.replace("\\n", "\n"), new] = line

    @property
    def unused(self) -> list[str]:
        return [line for line in [*self.texts.values(), *(p[2] for p in self.patterns)] if line not in self.used]

    def same(self, old: Value, new: Value) -> bool:
        """True where both are equal, masked or as the list says; a number is only ever equal to itself."""
        if old == new or isinstance(old, float) or isinstance(new, float):
            return old == new
        before, after = _masked(old or ""), _masked(new or "")
        lines = {self.texts[before, after]} if (before, after) in self.texts else set()
        if not lines:
            for pattern, replacement, line in self.patterns:
                before, count = pattern.subn(replacement, before)
                lines |= {line} if count else set()
            if before != after:
                return False
        self.used |= lines
        return True


def _masked(text: str) -> str:
    for pattern, mask in MASKS.items():
        text = text if text.startswith("=") else re.sub(pattern, mask, text)
    return text


# ------------------------------------------------------------------------------------------------ comparing

Check = Callable[[str, str, str, str, Value, Value], None]  # of `Difference`
Columns = dict[int, int | None]  # where a column of the new sheet stands on the old one; None: it is new


def compare(old: Book, new: Book, words: Words, excepted: Iterable[str] = ()) -> tuple[list[Difference], set[str]]:
    """What differs, and what the new book has besides."""
    differences: list[Difference] = []
    added: set[str] = set()

    def check(*of: Any) -> None:
        if not words.same(*of[-2:]):
            differences.append(Difference(*of))

    sheets = _pairs(old.sheets, new.sheets, words)
    added |= {f"sheet {name}" for name in new.sheets if name not in sheets}
    check(BOOK, "(sheets)", "", "list", ", ".join(old.sheets), ", ".join(sheets.values()))
    for what in ("names", "charts"):
        before, after = getattr(old, what), getattr(new, what)
        added |= {f"{name} of the {what}" for name in after.keys() - before.keys()}
        for name in before:
            check(BOOK, name, f"({what})", what, before[name], after.get(name))
    for new_sheet, sheet in sheets.items():
        if sheet not in excepted:
            columns = _compare_tables(sheet, new_sheet, old, new, words, check, added)
            _compare_cells(sheet, old, new.sheets[new_sheet], columns, check)
            if None not in columns.values():  # a new column has its own width, and moves other elements
                for number, pair in enumerate(zip_longest(old.others[sheet], new.others[new_sheet], fillvalue="")):
                    check(sheet, f"(element {number + 1})", re.findall(r"\w+", max(pair))[0], "element", *pair)
    return differences, added


def _pairs(old: Iterable[str], new: Iterable[str], words: Words) -> dict[str, str]:
    """The name in the old book for each in the new one that is there: the same, or one changed on purpose."""
    pairs = {}
    for name in new:
        was = [name] if name in old else [o for o in old if o not in new and words.same(o, name)]
        if was:
            pairs[name] = was[0]
    return pairs


def _compare_tables(
    sheet: str, new_sheet: str, old: Book, new: Book, words: Words, check: Check, added: set[str]
) -> Columns:
    columns: Columns = {}
    for name, table in new.tables.items():
        if table.sheet == new_sheet:
            was = old.tables.get(name, Table(sheet, 0, "", []))
            pairs = _pairs(was.columns, table.columns, words)
            for position, column in enumerate(table.columns, table.first_col):
                known = column in pairs
                columns[position] = was.first_col + was.columns.index(pairs[column]) if known else None
                added |= set() if known else {f"column {name}[{column}]"}
            check(sheet, f"(table {name})", "(tables)", "columns", ", ".join(was.columns), ", ".join(pairs.values()))
            if was.columns:
                check(sheet, f"(table {name})", "(tables)", "rows", was.rows, table.rows)
    for name in old.tables.keys() - new.tables.keys():
        if old.tables[name].sheet == sheet:
            check(sheet, f"(table {name})", "(tables)", "columns", ", ".join(old.tables[name].columns), "")
    return columns


def _compare_cells(sheet: str, old: Book, new: Cells, columns: Columns, check: Check) -> None:
    headers = {
        table.first_col + i: (name, column)
        for name, table in old.tables.items()
        if table.sheet == sheet
        for i, column in enumerate(table.columns)
    }
    moved = {(row, columns.get(column, column)): cell for (row, column), cell in new.items()}
    there = {(row, column): cell for (row, column), cell in moved.items() if column is not None}
    for row, column in sorted(old.sheets[sheet].keys() | there.keys()):
        before, after = old.sheets[sheet].get((row, column), _BLANK), there.get((row, column), _BLANK)
        if before == after:
            continue
        header = headers.get(column, ("", letter(column)))
        where = (sheet, f"{letter(column)}{row}", header[1])
        if header not in IGNORED or (before.value is None) != (after.value is None):
            check(*where, "value", before.value, after.value)
        check(*where, "formula", before.formula, after.formula)
        if (before[:2] == after[:2]) or (before.style and after.style):  # a cell that is not there has no style either
            looks = [pair for pair in zip_longest(before.style, after.style, fillvalue="") if pair[0] != pair[1]]
            check(*where, "style", *(" ".join(parts) for parts in (zip(*looks, strict=True) if looks else ("", ""))))
