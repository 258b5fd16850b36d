"""The parts of an .xlsx or .xlsm package (ECMA-376 part 2): read some, replace some, leave all others byte for byte.

A workbook library would read the whole file and write what it understood of it; everything it does not know would be
lost. Here only the parts that are replaced change.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from xml.etree import ElementTree as ET

from xlbackflush.dataclass import dataclass
from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.address import column_letter, split_cell
from xlbackflush.ooxml.archive import check_archive, check_bare, check_markup, check_tree, unpacked
from xlbackflush.ooxml.atomic import write_file
from xlbackflush.ooxml.packing import Packed, packed, stored_in, write_archive

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NS = {"m": MAIN}
#: what reading a part that is not as it was written raises
_DAMAGED = (KeyError, zipfile.BadZipFile, EOFError, OSError, zlib.error, ValueError)


@dataclass(frozen=True)
class TablePart:
    """An Excel Table found in the package. Columns and rows count from 1; rows are those of the sheet.

    totals: its rows of totals, which follow the last row.
    """

    name: str
    sheet: str
    part: str
    first_col: int
    header_row: int
    last_row: int
    columns: tuple[str, ...]
    totals: int = 0

    @property
    def letters(self) -> dict[str, str]:
        return {name: column_letter(self.first_col + i) for i, name in enumerate(self.columns)}


class Package:
    """Parts by name, read when needed; replaced parts are kept apart until `save`."""

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        """content: what the file at the path holds, where it was read already: one reading, one state of the file."""
        self.path = path
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(path.read_bytes() if content is None else content))
        except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, OverflowError) as error:
            raise UnusableError(f"{path.name} is not a whole Excel workbook (.xlsx or .xlsm).") from error
        check_archive(self._zip, path.name)
        self._sound: set[str] = set()  # parts that were read, and have the checksum of their entry
        self._names = set(self._zip.namelist())
        self._replaced: dict[str, Packed] = {}
        self._dropped: set[str] = set()
        self._known_relations: dict[str, dict[str, tuple[str, str]]] = {}  # of the parts that were asked for
        self.workbook_part = self.related("", "officeDocument", required=False)
        if not self.workbook_part:
            raise UnusableError(f"{path.name} is not an Excel workbook.")
        self.reread()

    @property
    def names(self) -> dict[str, str]:
        """What the names of the whole workbook refer to."""
        defined = self.xml(self.workbook_part).iterfind("m:definedNames/m:definedName", _NS)
        return {n.get("name", ""): n.text or "" for n in defined if n.get("localSheetId") is None}

    def close(self) -> None:
        self._zip.close()

    # -- reading

    def read(self, name: str) -> bytes:
        """Content of a part, as replaced so far."""
        return self._replaced[name].unpacked() if name in self._replaced else self._stored(name)

    def _stored(self, name: str) -> bytes:
        """Content of a part in the file."""
        try:
            content = unpacked(self._zip, name)
            self._sound.add(name)
            return content
        except _DAMAGED as error:
            raise UnusableError(f"{self.path.name} is damaged: its part {name} cannot be read.") from error
        except (RuntimeError, NotImplementedError) as error:
            raise UnusableError(f"{self.path.name} is encrypted or packed in a way that Excel does not use.") from error

    def damaged(self) -> list[str]:
        """The parts in the file that fail their checksum, or cannot be unpacked at all; those read before do not."""
        damaged = []
        for name in sorted(self._names - self._sound):
            try:
                self._stored(name)
            except UnusableError:
                damaged.append(name)
        return damaged

    def text(self, name: str) -> str:
        """Content of an XML part as text, without its byte order mark, for those who look for elements in it."""
        content = self.read(name)
        check_markup(content, name, self.path.name)
        check_bare(content, name, self.path.name)
        if name not in self.sheets.values():
            check_tree(content, name, self.path.name)
        return content.decode("utf-8-sig")

    def xml(self, name: str) -> ET.Element:
        """Content of an XML part as a tree."""
        content = self.read(name)
        check_markup(content, name, self.path.name)
        check_tree(content, name, self.path.name)
        try:
            return ET.fromstring(content)
        except ET.ParseError as error:
            raise UnusableError(f"{self.path.name} is damaged: its part {name} is not XML.") from error

    @cached_property
    def shared_texts(self) -> list[str]:
        """The texts that cells share, by their numbers; without their formats, and without what says how to read them."""
        part = self.related(self.workbook_part, "sharedStrings", required=False)
        items = self.xml(part).iterfind("m:si", _NS) if part else ()
        return [
            "".join(t.text or "" for path in ("m:t", "m:r/m:t") for t in item.iterfind(path, _NS)) for item in items
        ]

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relationship id -> (type, absolute part name) of a part; "" stands for the package."""
        if part in self._known_relations:
            return self._known_relations[part]
        folder = posixpath.dirname(part)
        relations: dict[str, tuple[str, str]] = {}
        for relation in self._listed(part):
            if relation.get("TargetMode") != "External":
                target = relation.get("Target", "")
                path = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                relations[relation.get("Id", "")] = (relation.get("Type", "").rsplit("/", 1)[-1], path)
        self._known_relations[part] = relations
        return relations

    def outside(self, part: str) -> dict[str, str]:
        """Relationship id -> address of what a part refers to outside of the package."""
        listed = (relation for relation in self._listed(part) if relation.get("TargetMode") == "External")
        return {relation.get("Id", ""): relation.get("Target", "") for relation in listed}

    def _listed(self, part: str) -> Iterable[ET.Element]:
        """The relationships of a part."""
        folder, base = posixpath.split(part)
        name = posixpath.join(folder, "_rels", f"{base}.rels")
        return self.xml(name) if name in self._names or name in self._replaced else ()

    def related(self, part: str, kind: str, required: bool = True) -> str:
        """The part to which a part has a relationship of a kind; "" where it has none and none is required."""
        for other, target in self.relations(part).values():
            if other == kind and target in self:
                return target
        if required:
            raise UnusableError(f"{self.path.name} is damaged: it has no {kind}.")
        return ""

    def reread(self) -> None:
        """Look for sheets and tables, among them what was added."""
        self.sheets = self._find_sheets()
        parts = (
            (sheet, *relation) for sheet, part in self.sheets.items() for relation in self.relations(part).values()
        )
        self.tables: dict[str, TablePart] = {}
        known: dict[str, TablePart] = {}
        for table in (self._table(sheet, target) for sheet, kind, target in parts if kind == "table"):
            same = known.setdefault(table.name.casefold(), table)
            if same is not table:
                raise UnusableError(
                    f"{self.path.name} has two tables that are called {table.name}, on sheets {same.sheet} and {table.sheet}; "
                    "rename or delete one of them (Table Design > Table Name)."
                )
            self.tables[table.name] = table

    def _find_sheets(self) -> dict[str, str]:
        """Sheet name -> part, in tab order."""
        root = self.xml(self.workbook_part)
        if root.tag != f"{{{MAIN}}}workbook":
            hint = " as Strict Open XML; save it as an ordinary Excel workbook" if _STRICT in root.tag else ""
            raise UnusableError(f"{self.path.name} is not an ordinary Excel workbook{hint}.")
        properties = root.find("m:workbookPr", _NS)
        if properties is not None and properties.get("date1904") in ("1", "true"):
            raise UnusableError(
                f"{self.path.name} counts days from 1904; untick File > Options > Advanced > Use 1904 date system."
            )
        targets = self.relations(self.workbook_part)
        sheets: dict[str, str] = {}
        for sheet in root.iterfind("m:sheets/m:sheet", _NS):
            kind, target = targets.get(sheet.get(f"{{{OFFICE}}}id", ""), ("", ""))
            if kind == "worksheet":
                name = sheet.get("name", "")
                if name.casefold() in map(str.casefold, sheets) or target in sheets.values():
                    raise UnusableError(f"{self.path.name} is damaged: it has sheet {name} twice.")
                sheets[name] = target
        return sheets

    def _table(self, sheet: str, part: str) -> TablePart:
        root = self.xml(part)
        name, first, last = (
            root.get("displayName", ""),
            *(root.get("ref", "A1:A1").replace("$", "") + ":").split(":")[:2],
        )
        columns = tuple(c.get("name", "") for c in root.iterfind("m:tableColumns/m:tableColumn", _NS))
        (left, header), (right, bottom) = split_cell(first), split_cell(last or first)
        if root.get("headerRowCount") == "0":
            raise UnusableError(f"{self.path.name}: table {name} hides its header row; tick Table Design > Header Row.")
        if len(set(map(str.casefold, columns))) < len(columns) or right - left + 1 != len(columns):
            raise UnusableError(f"{self.path.name} is damaged: the columns of table {name} are not those of its cells.")
        totals = root.get("totalsRowCount", "0")
        if not totals.isdecimal() or bottom - int(totals) < header:
            raise UnusableError(f"{self.path.name} is damaged: table {name} has not the rows that it says it has.")
        return TablePart(name, sheet, part, left, header, bottom - int(totals), columns, int(totals))

    # -- writing

    def replace(self, name: str, content: bytes | Iterable[bytes]) -> None:
        """Replace (or add) a part; content: whole, or piece by piece as it is made."""
        self._replaced[name] = packed([content] if isinstance(content, bytes) else content)
        if name.endswith(".rels"):
            self._known_relations.clear()

    def drop(self, name: str) -> None:
        """Leave a part out of the saved file."""
        self._dropped.add(name)

    def parts(self) -> set[str]:
        """The names of all parts."""
        return (self._names | self._replaced.keys()) - self._dropped

    def __contains__(self, name: str) -> bool:
        return name in self._names or name in self._replaced

    def changed(self) -> bool:
        """True where a replaced part differs from what the file holds."""
        return bool(self._dropped) or not all(map(self._is_stored, self._replaced))

    def _is_stored(self, name: str) -> bool:
        """Whether the file holds a part as it was replaced."""
        if name not in self._names:
            return False
        stored, now = self._zip.getinfo(name), self._replaced[name]
        return (stored.CRC, stored.file_size) == (now.crc, now.size) and self._stored(name) == now.unpacked()

    def save(self, path: Path) -> None:
        """Write the package with its replaced parts to another file, parts in their old order."""
        write_archive(path, self._parts_to_save(), self._zip.comment)

    def _parts_to_save(self) -> Iterator[tuple[str, Packed]]:
        for info in self._zip.infolist():
            name = info.filename
            if name in self._replaced:
                yield name, self._replaced[name]
            elif name not in self._dropped:
                if name not in self._sound:
                    self._stored(name)
                yield name, stored_in(self._zip, info)
        yield from ((name, part) for name, part in self._replaced.items() if name not in self._names)

    def stands_in(self, path: Path) -> bool:
        """True where a file holds the parts of this package and no other, byte for byte as they were packed."""
        try:
            with zipfile.ZipFile(path) as written:
                there = ((info.filename, stored_in(written, info)) for info in written.infolist())
                return all(one == other for one, other in zip_longest(there, self._parts_to_save()))
        except (*_DAMAGED, RuntimeError):
            return False


def write_package(path: Path, parts: dict[str, str | bytes], like: Path | None = None, new: bool = False) -> None:
    """Write a new package, whole or not at all; the same parts give the same bytes. like, new: see `write_file`."""
    whole = {name: part.encode() if isinstance(part, str) else part for name, part in parts.items()}
    write_file(path, lambda to: write_archive(to, ((n, packed([p], small=True)) for n, p in whole.items())), like, new)
