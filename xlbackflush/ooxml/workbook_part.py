"""The workbook part, to which sheets and names are added; and the two listings that name the parts of a package."""

from __future__ import annotations

import re
from posixpath import basename, dirname

from xlbackflush.ooxml.package import OFFICE, Package
from xlbackflush.ooxml.xml import attribute_text, element

_TYPES = "[Content_Types].xml"
#: what may stand behind the names
_LATER = (
    "calcPr", "oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr", "smartTagTypes", "webPublishing",
    "fileRecoveryPr", "webPublishObjects", "extLst",
)  # fmt: skip


def free_part(package: Package, stem: str) -> tuple[str, int]:
    """Name and number of a part behind all of its kind: xl/tables/table38.xml, 38."""
    kind = re.compile(rf"{stem}(\d+)\.xml")
    number = 1 + max((int(match[1]) for name in package.parts() if (match := kind.fullmatch(name))), default=0)
    return f"{stem}{number}.xml", number


def add_overrides(package: Package, overrides: str) -> None:
    """What new parts hold, into the listing of content types."""
    package.replace(_TYPES, _with(package.text(_TYPES), "Types", overrides).encode())


def sheet_names(package: Package) -> list[str]:
    """The names of all sheets, worksheets or not, as they are spelled in the part."""
    return re.findall(r'<(?:\w+:)?sheet\b[^>]*?\bname="([^"]*)"', package.text(package.workbook_part))


def is_locked(package: Package) -> bool:
    """Whether the user has protected the structure of the workbook."""
    return bool(re.search(r'\blockStructure="(?:1|true)"', package.text(package.workbook_part)))


def add_sheet(package: Package, name: str, part: str, behind: str) -> int:
    """Another sheet behind one; gives its position, from 0. What is known by the position of a sheet moves along."""
    folder = dirname(package.workbook_part)
    listing = f"{folder}/_rels/{basename(package.workbook_part)}.rels"
    relations = package.text(listing)
    own = f"rIdSheet{relations.count('<')}"
    relation = element("Relationship", Id=own, Type=f"{OFFICE}/worksheet", Target=f"/{part}")
    package.replace(listing, _with(relations, "Relationships", relation).encode())

    xml = package.text(package.workbook_part)
    sheets = list(re.finditer(r"<(\w+:)?sheet\b[^>]*>", xml))
    position, before = next((i, s) for i, s in enumerate(sheets, 1) if f"name={attribute_text(behind)}" in s[0])
    number = 1 + max(map(int, re.findall(r'\bsheetId="(\d+)"', xml)))
    sheet = element(f"{before[1] or ''}sheet", name=name, sheetId=number, xmlns_r=OFFICE, r_id=own)
    xml = f"{xml[: before.end()]}{sheet}{xml[before.end() :]}"

    def moved(match: re.Match[str]) -> str:
        return f'{match[1]}{int(match[2]) + (int(match[2]) >= position)}"'

    xml = re.sub(r'(\b(?:localSheetId|activeTab|firstSheet)=")(\d+)"', moved, xml)
    package.replace(package.workbook_part, xml.encode())
    return position


def define(package: Package, name: str, refers_to: str, sheet: int | None = None) -> None:
    """A name of the workbook, or of the sheet at a position; it replaces one of the whole workbook."""
    xml = package.text(package.workbook_part)
    if sheet is None:
        xml = re.sub(rf'<(?:\w+:)?definedName name="{name}"(?: [^>]*)?>[^<]*</(?:\w+:)?definedName>', "", xml)
    if not re.search(r"</(?:\w+:)?definedNames>", xml):
        later = re.search(rf"<(\w+:)?(?:{'|'.join(_LATER)})\b|</(\w+:)?workbook>", xml)
        assert later
        prefix = later[1] or later[2] or ""
        xml = f"{xml[: later.start()]}<{prefix}definedNames></{prefix}definedNames>{xml[later.start() :]}"
    defined = element("definedName", refers_to, name=name, localSheetId=sheet)
    package.replace(package.workbook_part, _with(xml, "definedNames", defined).encode())


def _with(xml: str, tag: str, more: str) -> str:
    """XML with more elements at the end of an element; with the prefix that it has."""
    end = re.search(rf"</(\w+:)?{tag}>", xml)
    assert end, tag
    return xml[: end.start()] + re.sub(r"<(/?)(?=\w)", rf"<\1{end[1] or ''}", more) + xml[end.start() :]
