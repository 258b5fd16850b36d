"""Workbook files taken apart: parts, cells and tables, read and changed without the package under test.

`Parts` holds a whole .xlsx or .xlsm in memory. It reads cells and tables for assertions, and it changes single cells
the way another program would, so that a test can hand the command line any workbook it likes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import io
import json
import posixpath
import re
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from xlbackflush.cli import parser
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.post import post
from xlbackflush.template.build import build
from xlbackflush.template.samples import SAMPLES, Sample
from xlbackflush.workbook.file import FileBook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
EPOCH = dt.date(1899, 12, 30)
NS = {"m": MAIN}

ET.register_namespace("", MAIN)
ET.register_namespace("r", OFFICE)


# ------------------------------------------------------------------------------------------ the command line


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The printed JSON; NaN and Infinity, which JSON does not have, are refused."""
        return json.loads(self.out, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


parser._parser = functools.cache(parser._parser)  # the same for every command: made once, not thousands of times


def cli(*arguments: object) -> Result:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = parser.main([str(a) for a in arguments])
        except SystemExit as stop:  # argparse
            code = int(stop.code or 0)
    return Result(code, out.getvalue(), err.getvalue())


def found(path: Path) -> list[tuple[str, str]]:
    """Code and cell of every finding of a check of a workbook."""
    return [(f["code"], f["where"]) for f in cli("check", path, "--json").json["findings"]]


def refused(path: Path, before: bytes | None, *, verb: str = "run") -> str:
    """Run a file that cannot be used: exit 2, one plain line, nothing changed, nothing left behind. Gives the line."""
    neighbours = sorted(p.name for p in path.parent.iterdir())
    result = cli(verb, path)
    assert result.code == 2, result
    assert result.out == ""
    assert re.fullmatch(r"xlbackflush: [^\n]+\n", result.err), result.err
    assert "Traceback" not in result.err
    assert "fault of its own" not in result.err, result.err
    if before is not None:
        assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == neighbours
    return result.err


# ------------------------------------------------------------------------------------------------ workbooks


@functools.cache
def _new_book(suffix: str, name: str) -> bytes:
    """A new workbook, not compressed: built once, and then copied."""
    month = 3 if name == "bench" else 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"book{suffix}"
        build(
            path, (dt.date(2026, month, 1), dt.date(2026, month, 31)), bench() if name == "bench" else SAMPLES[name]()
        )
        return Parts(path).save(path).read_bytes()


def sample_book(path: Path, name: str = "computers") -> Path:
    """A sample of the package, built and not yet run."""
    path.write_bytes(_new_book(path.suffix, name))
    return path


def posted_at(moment: dt.datetime, path: Path) -> Path:
    """The workbook, run and posted by two people at a moment."""
    with FileBook(path) as book:
        outcome = lifecycle.run(book, "Ann Clerk", moment)
        assert outcome.run, [finding.what for finding in outcome.findings]
    with FileBook(path) as book:
        post(book, "Bob Controller", moment)
    return path


def bench_book(path: Path) -> Path:
    """The bench: a few rows in every input table that its policy asks for; runs in no time, without a finding."""
    return sample_book(path, "bench")


def ran_book(path: Path, name: str = "bench") -> Path:
    """The same after a run from the command line, which has left nothing for `restore`: run once, and then copied."""
    path.write_bytes(_ran_book(path.suffix, name))
    return path


@functools.cache
def _ran_book(suffix: str, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = sample_book(Path(folder) / f"book{suffix}", name)
        result = cli("run", path)
        assert result.code == 0, result
        return path.read_bytes()


def bench() -> Sample:
    """A joinery that makes benches: a phantom, a subassembly, a BOM change, corrections, scrap, WIP."""

    def day(number: int) -> dt.date:
        return dt.date(2026, 3, number)

    rows: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
        "BOM": (
            "Parent, Component, Qty per, Scrap %, Scrap basis, Effective from, Effective to",
            [
                ("Bench", "Frame", 1),
                ("Bench", "Kit", 1, 0.02, "Output"),
                ("Kit", "Glue", 3),
                ("Frame", "Leg", 4, 0.05, "Input"),
                ("Frame", "Glue", 1, None, None, None, day(15)),
                ("Frame", "Glue", 2, None, None, day(16), None),
            ],
        ),
        "StandardCost": (
            "Item, Description, Type, UoM, Material price, Labor hours, Labor rate, Variable overhead rate, "
            "Fixed overhead rate, Other conversion, Assembly scrap %",
            [
                ("Leg", "Oak leg", "Buy", "each", 2.5),
                ("Glue", "Wood glue", "Buy", "ml", 0.1),
                ("Kit", "Bag of fittings", "Phantom", "each"),
                ("Frame", "Frame of four legs", "Subassembly", "each", None, 0.5, 20, 4, 6),
                ("Bench", "Garden bench", "Finished", "each", None, 1, 20, 4, 6, 1.5, 0.01),
            ],
        ),
        "Counts": (
            "Date, Document, Event, Item, Quantity, Note",
            [
                (day(5), "PC-1", "Completed", "Frame", 10),
                (day(17), "PC-2", "Completed", "Frame", 12),
                (day(18), "PC-3", "Completed", "Bench", 15),
                (day(20), "SH-1", "Sold", "Bench", 9),
                (day(21), "SH-2", "Sold", "Bench", -1, "returns one of SH-1"),
            ],
        ),
        "Scrap": (
            "Date, Document, Item, Quantity, Stage, Kind, Salvage value, Reason",
            [
                (day(6), "SC-1", "Leg", 2, "Component", "Normal", None, "split"),
                (day(19), "SC-2", "Bench", 1, "Finished unit", "Abnormal", 5, "dropped"),
            ],
        ),
        "Purchases": (
            "Date, Document, Item, Quantity, Actual price",
            [(day(2), "PO-1", "Leg", 120, 2.6), (day(3), "PO-2", "Glue", 200, 0.09)],
        ),
        "Actuals": (
            "Date, Document, Cost type, Hours, Amount",
            [(day(31), "PR-1", "Labor", 28, 570), (day(31), "PR-2", "Fixed overhead", None, 180)],
        ),
        "Stock": ("Item, Opening qty, Counted qty", [("Leg", 5, 30), ("Glue", 40, None)]),
        "WIP": ("Item, Quantity, Material %, Conversion %", [("Bench", 2, 1, 0.5)]),
    }
    tables: dict[str, list[dict[str, object]]] = {
        name: [{c: v for c, v in zip(columns.split(", "), row, strict=False) if v is not None} for row in data]
        for name, (columns, data) in rows.items()
    }
    settings: dict[str, object] = {"Company": "Bench & Sons", "Period start": day(1), "Period end": day(31)}
    return Sample("Bench makers", "Benches.", settings, tables)


# ------------------------------------------------------------------------------------------------ cells


@dataclass(frozen=True)
class Error:
    """An Excel error value, such as #REF!."""

    text: str


@dataclass(frozen=True)
class Formula:
    """A formula; without a stored result where `result` is None."""

    text: str
    result: float | str | None = None


CellValue = str | float | int | bool | dt.date | Error | Formula | None


def cell_xml(address: str, value: CellValue, style: str = "0") -> ET.Element:
    """A cell as Excel would store it."""
    cell = ET.Element(f"{{{MAIN}}}c", {"r": address, "s": style})

    def child(tag: str, text: str) -> None:
        ET.SubElement(cell, f"{{{MAIN}}}{tag}").text = text

    if isinstance(value, Formula):
        child("f", value.text)
        if isinstance(value.result, str):
            cell.set("t", "str")
        if value.result is not None:
            child("v", str(value.result))
    elif isinstance(value, Error):
        cell.set("t", "e")
        child("v", value.text)
    elif isinstance(value, bool):
        cell.set("t", "b")
        child("v", str(int(value)))
    elif isinstance(value, str):
        cell.set("t", "inlineStr")
        text = ET.SubElement(ET.SubElement(cell, f"{{{MAIN}}}is"), f"{{{MAIN}}}t")
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        text.text = value
    elif isinstance(value, dt.date):
        child("v", str((value - EPOCH).days))
    elif value is not None:
        child("v", repr(value))
    return cell


def split(address: str) -> tuple[int, int]:
    """Column and row of an address, from 1."""
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", address)
    assert match, address
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return column, int(match[2])


def address(column: int, row: int) -> str:
    """Address of a cell."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


# ------------------------------------------------------------------------------------------------ parts


@dataclass(frozen=True)
class TablePlace:
    """Where a table stands: its sheet and part, its corners (columns and rows from 1), its column names."""

    sheet: str
    part: str
    left: int
    top: int
    right: int
    bottom: int
    columns: list[str]


# A part is taken apart once, however many workbooks have it.


@functools.lru_cache(maxsize=10_000)
def _targets(folder: str, content: bytes) -> dict[str, tuple[str, str]]:
    return {
        r.get("Id", ""): (
            r.get("Type", "").rsplit("/", 1)[-1],
            posixpath.normpath(posixpath.join("/", folder, r.get("Target", "")))[1:],
        )
        for r in ET.fromstring(content)
    }


@functools.lru_cache(maxsize=10_000)
def _sheets(content: bytes) -> list[tuple[str, str]]:
    """Name and relationship id of every sheet."""
    found = ET.fromstring(content).iterfind("m:sheets/m:sheet", NS)
    return [(s.get("name", ""), s.get(f"{{{OFFICE}}}id", "")) for s in found]


@functools.lru_cache(maxsize=10_000)
def _table(content: bytes) -> tuple[str, tuple[int, int, int, int], list[str]]:
    """Name, corners and columns of a table."""
    root = ET.fromstring(content)
    first, last = root.get("ref", "").split(":")
    columns = [c.get("name", "") for c in root.iterfind("m:tableColumns/m:tableColumn", NS)]
    return root.get("displayName", ""), (*split(first), *split(last)), columns


class Parts:
    """All parts of a workbook file, in order."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as file:
            self.content = {name: file.read(name) for name in file.namelist()}

    def save(self, path: Path, compression: int = zipfile.ZIP_STORED) -> Path:
        """Write the workbook; not compressed, which tests that open it thousands of times would have to undo."""
        with zipfile.ZipFile(path, "w", compression, compresslevel=1) as file:
            for name, content in self.content.items():
                file.writestr(name, content)
        return path

    def __getitem__(self, name: str) -> bytes:
        return self.content[name]

    def __setitem__(self, name: str, content: bytes | str) -> None:
        self.content[name] = content.encode() if isinstance(content, str) else content

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in a part; it must be there."""
        text = self[name].decode()
        assert old in text, f"{old!r} is not in {name}"
        self[name] = text.replace(old, new)

    # -- structure

    def xml(self, name: str) -> ET.Element:
        return ET.fromstring(self[name])

    def targets(self, part: str) -> dict[str, tuple[str, str]]:
        """Relationship id -> (kind, part) of a part; "" is the package."""
        folder, base = posixpath.split(part)
        name = posixpath.join(folder, "_rels", f"{base}.rels")
        return dict(_targets(folder, self[name])) if name in self.content else {}

    def sheets(self) -> dict[str, str]:
        """Sheet name -> part, in tab order."""
        targets = self.targets("xl/workbook.xml")
        return {name: targets[number][1] for name, number in _sheets(self["xl/workbook.xml"])}

    def tables(self) -> dict[str, TablePlace]:
        return {
            name: TablePlace(sheet, target, *corners, list(columns))
            for sheet, part in self.sheets().items()
            for kind, target in self.targets(part).values()
            if kind == "table"
            for name, corners, columns in (_table(self[target]),)
        }

    def part_of(self, table: str) -> str:
        """Part of the sheet that a table stands on."""
        return self.sheets()[self.tables()[table].sheet]

    # -- reading

    def strings(self) -> list[str]:
        """The texts that cells share."""
        part = "xl/sharedStrings.xml"
        return ["".join(si.itertext()) for si in self.xml(part)] if part in self.content else []

    def cells(self, sheet: str) -> dict[str, tuple[Any, str]]:
        """Address -> (value, formula) of every cell of a sheet that has one."""
        strings = self.strings()
        out: dict[str, tuple[Any, str]] = {}
        for cell in self.xml(self.sheets()[sheet]).iterfind("m:sheetData/m:row/m:c", NS):
            value, kind = cell.findtext("m:v", None, NS), cell.get("t", "n")
            shown: Any = value
            if kind == "inlineStr":
                inline = cell.find("m:is", NS)
                shown = "".join(inline.itertext()) if inline is not None else ""
            elif kind == "s" and value is not None:
                shown = strings[int(value)]
            elif kind == "n" and value:
                shown = float(value)
            formula = cell.findtext("m:f", "", NS)
            if shown is not None or formula:
                out[cell.get("r", "")] = (shown, formula)
        return out

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Values of a table, row by row; blank cells are None."""
        place = self.tables()[table]
        cells = self.cells(place.sheet)
        return [
            {name: cells.get(address(place.left + i, row), (None, ""))[0] for i, name in enumerate(place.columns)}
            for row in range(place.top + 1, place.bottom + 1)
        ]

    def formulas(self, table: str, column: str) -> list[str]:
        """Formulas of a table's column."""
        place = self.tables()[table]
        cells = self.cells(place.sheet)
        letter = place.left + place.columns.index(column)
        return [cells.get(address(letter, r), (None, ""))[1] for r in range(place.top + 1, place.bottom + 1)]

    # -- writing

    def put(self, where: str, value: CellValue) -> None:
        """Type a value into a cell, such as `Counts!E7`; the cell keeps its style."""
        sheet, cell = where.rsplit("!", 1)
        self.put_all(sheet, {cell: value})

    def put_all(self, sheet: str, values: dict[str, CellValue]) -> None:
        """Type values into cells of a sheet."""
        part = self.sheets()[sheet]
        root = self.xml(part)
        data = root.find("m:sheetData", NS)
        assert data is not None
        rows = {int(row.get("r", "0")): row for row in data}
        for where, value in values.items():
            number = split(where)[1]
            if number not in rows:
                rows[number] = ET.Element(f"{{{MAIN}}}row", {"r": str(number)})
            row = rows[number]
            cells = {c.get("r", ""): c for c in row}
            old = cells.get(where)
            cells[where] = cell_xml(where, value, old.get("s", "0") if old is not None else "0")
            row[:] = [cells[key] for key in sorted(cells, key=split)]
        data[:] = [rows[number] for number in sorted(rows)]
        self[part] = HEAD.encode() + ET.tostring(root)

    def where(self, table: str, column: str, row: int = 0) -> str:
        """Address of a cell by table, column and row of data (from 0): `Counts!E7`."""
        place = self.tables()[table]
        return f"{place.sheet}!{address(place.left + place.columns.index(column), place.top + 1 + row)}"

    def rename(self, old: str, new: str) -> None:
        """Rename a sheet as Excel does, in the list of sheets and in the names that point to it."""
        from xml.sax.saxutils import escape, quoteattr

        text = self["xl/workbook.xml"].decode()
        assert f'<sheet name="{escape(old)}"' in text
        text = text.replace(f'<sheet name="{escape(old)}"', f"<sheet name={quoteattr(new)}")
        quoted = escape("'" + new.replace("'", "''") + "'")
        self["xl/workbook.xml"] = re.sub(rf"(?<=>)(?:'{old}'|{old})!", lambda _: f"{quoted}!", text)

    def move_table(self, table: str, down: int, right: int) -> None:
        """Move everything on a table's sheet, as inserted rows and columns do."""
        place = self.tables()[table]
        part = self.sheets()[place.sheet]
        root = self.xml(part)
        for row in root.iterfind("m:sheetData/m:row", NS):
            row.set("r", str(int(row.get("r", "0")) + down))
            for cell in row:
                column, number = split(cell.get("r", ""))
                cell.set("r", address(column + right, number + down))
        for link in root.iterfind("m:hyperlinks/m:hyperlink", NS):
            column, number = split(link.get("ref", ""))
            link.set("ref", address(column + right, number + down))
        self[part] = HEAD.encode() + ET.tostring(root)
        corner = address(place.left + right, place.top + down)
        self.resize(table, f"{corner}:{address(place.right + right, place.bottom + down)}")

    def resize(self, table: str, ref: str) -> None:
        """Give a table another range."""
        part = self.tables()[table].part
        self[part] = re.sub(r'\bref="[^"]*"', f'ref="{ref}"', self[part].decode())

    def reorder(self, table: str, columns: list[str]) -> None:
        """Put a table's columns into another order, or leave some out; the cells go with them."""
        place = self.tables()[table]
        part = self.sheets()[place.sheet]
        root = self.xml(part)
        target = {place.left + place.columns.index(name): place.left + i for i, name in enumerate(columns)}
        for row in root.iterfind("m:sheetData/m:row", NS):
            number = int(row.get("r", "0"))
            if place.top <= number <= place.bottom:
                kept = {}
                for cell in row:
                    column = split(cell.get("r", ""))[0]
                    if not place.left <= column <= place.right:
                        kept[column] = cell
                    elif column in target:
                        kept[target[column]] = cell
                for column, cell in kept.items():
                    cell.set("r", address(column, number))
                row[:] = [kept[column] for column in sorted(kept)]
        self[part] = HEAD.encode() + ET.tostring(root)
        body = "".join(f'<tableColumn id="{i}" name="{name}"/>' for i, name in enumerate(columns, 1))
        new = f'<tableColumns count="{len(columns)}">{body}</tableColumns>'
        self[place.part] = re.sub(r"<tableColumns.*</tableColumns>", new, self[place.part].decode())
        right = place.left + len(columns) - 1
        self.resize(table, f"{address(place.left, place.top)}:{address(right, place.bottom)}")

    def relate(self, part: str, kind: str, target: str) -> str:
        """Add a relationship to a part ("" is the package); gives its id."""
        folder, base = posixpath.split(part)
        name = posixpath.join(folder, "_rels", f"{base}.rels")
        old = self.content.get(name, f'{HEAD}<Relationships xmlns="{PACKAGE}"></Relationships>'.encode()).decode()
        number = f"rIdOwn{old.count('<Relationship ') + 1}"
        full = kind if kind.startswith("http") else f"{OFFICE}/{kind}"
        self[name] = old.replace(
            "</Relationships>", f'<Relationship Id="{number}" Type="{full}" Target="{target}"/></Relationships>'
        )
        return number

    def declare(self, part: str, content_type: str) -> None:
        """Give a part its content type."""
        self.edit(
            "[Content_Types].xml", "</Types>", f'<Override PartName="/{part}" ContentType="{content_type}"/></Types>'
        )
