"""Workbooks as an earlier version made them: a new one, out of which something is taken."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

from support_files import HEAD, NS, Parts, address, split

from xlbackflush import schema

Surgery = Callable[[Parts], object]


def without_column(table: str, column: str) -> Surgery:
    """Without a column: its cells and its unit are gone, and those to the right of it in the table have moved."""

    def cut(parts: Parts) -> None:
        place, part = parts.tables()[table], parts.part_of(table)
        parts.reorder(table, [name for name in place.columns if name != column])
        root, gone = parts.xml(part), place.left + place.columns.index(column)
        (units,) = [row for row in root.iterfind("m:sheetData/m:row", NS) if row.get("r") == str(place.top - 1)]
        for cell in list(units):
            number = split(cell.get("r", ""))[0]
            if number == gone:
                units.remove(cell)
            elif gone < number <= place.right:
                cell.set("r", address(number - 1, place.top - 1))
        parts[part] = HEAD.encode() + ET.tostring(root)

    return cut


def with_columns(table: str, *names: str) -> Surgery:
    """With more columns at the right end of a table, a text in each of their cells and above them."""

    def widen(parts: Parts) -> None:
        place = parts.tables()[table]
        more = "".join(f'<tableColumn id="{90 + i}" name="{name}"/>' for i, name in enumerate(names))
        count = len(place.columns)
        parts.edit(place.part, f'<tableColumns count="{count}">', f'<tableColumns count="{count + len(names)}">')
        parts.edit(place.part, "</tableColumns>", f"{more}</tableColumns>")
        columns = dict(enumerate(names, place.right + 1))
        parts.resize(table, f"{address(place.left, place.top)}:{address(max(columns), place.bottom)}")
        cells = {
            address(n, row): "before"
            for n in columns
            for row in (place.top - 1, *range(place.top + 1, place.bottom + 1))
        }
        parts.put_all(place.sheet, cells | {address(n, place.top): name for n, name in columns.items()})

    return widen


def without_row(table: str, key: str) -> Surgery:
    """Without the row of a setting or role; those below it have moved up, with their formats."""

    def cut(parts: Parts) -> None:
        place, part = parts.tables()[table], parts.part_of(table)
        gone = next(i for i, row in enumerate(parts.rows(table), place.top + 1) if next(iter(row.values())) == key)

        def moved(match: re.Match[str]) -> str:
            column, row = split(match["address"])
            inside = place.left <= column <= place.right and place.top < row <= place.bottom
            if not inside or row < gone:
                return match[0]
            return "" if row == gone else match[0].replace(match["address"], address(column, row - 1), 1)

        rows: dict[int, list[str]] = {}
        cells = re.compile(r'<c r="(?P<address>[A-Z]+\d+)"[^>]*?(?:/>|>.*?</c>)', re.S)
        xml = parts[part].decode()
        for cell in cells.finditer(xml):
            if kept := moved(cell):
                number = split(cells.match(kept)["address"])[1]  # type: ignore[index]
                rows.setdefault(number, []).append(kept)

        def refilled(match: re.Match[str]) -> str:
            own = sorted(rows.get(int(match[2]), []), key=lambda c: split(cells.match(c)["address"]))  # type: ignore[index]
            return f"{match[1]}{''.join(own)}</row>"

        parts[part] = re.sub(r'(<row r="(\d+)"[^>]*>).*?</row>', refilled, xml, flags=re.S)
        parts.resize(table, f"{address(place.left, place.top)}:{address(place.right, place.bottom - 1)}")

    return cut


def without_sheet(table: str) -> Surgery:
    """Without the sheet of a table, and all that is on it."""

    def cut(parts: Parts) -> None:
        place, part = parts.tables()[table], parts.part_of(table)
        position = list(parts.sheets()).index(place.sheet)
        key = next(k for k, (_, target) in parts.targets("xl/workbook.xml").items() if target == part)
        book = re.sub(rf'<sheet [^>]*r:id="{key}"/>', "", parts["xl/workbook.xml"].decode())
        book = re.sub(rf'<definedName [^>]*localSheetId="{position}">[^<]*</definedName>', "", book)
        parts["xl/workbook.xml"] = re.sub(
            r'localSheetId="(\d+)"', lambda m: f'localSheetId="{int(m[1]) - (int(m[1]) > position)}"', book
        )
        listing = "xl/_rels/workbook.xml.rels"
        parts[listing] = re.sub(rf'<Relationship [^>]*Id="{key}"[^>]*/>', "", parts[listing].decode())
        for gone in _with_parts(parts, part):
            parts.content.pop(gone, None)
            override = rf'<Override PartName="/{re.escape(gone)}"[^>]*/>'
            parts["[Content_Types].xml"] = re.sub(override, "", parts["[Content_Types].xml"].decode())

    return cut


def _with_parts(parts: Parts, part: str) -> list[str]:
    """A part, its relationships, and the parts to which they lead."""
    folder, name = posixpath.split(part)
    found = [part, posixpath.join(folder, "_rels", f"{name}.rels")]
    for _, target in parts.targets(part).values():
        found += _with_parts(parts, target)
    return found


def without_version(parts: Parts) -> None:
    """Without the version of the schema, as before there was one."""
    name = f'<definedName name="{schema.SCHEMA_NAME}">{schema.SCHEMA_VERSION}</definedName>'
    parts.edit("xl/workbook.xml", name, "")
