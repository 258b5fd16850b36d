"""The workbook part, to which sheets and names are added; and the two listings that name the parts of a package."""

import re
from posixpath import basename, dirname

from xlbackflush.ooxml.package import OFFICE, Package
from xlbackflush.ooxml.part import Part
from xlbackflush.ooxml.xml import attribute_text, element

TYPES = "[Content_Types].xml"
#: children of a workbook, in the order that the schema asks for
_ORDER = (
    "fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets", "functionGroups",
    "externalReferences", "definedNames", "calcPr", "oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr",
    "smartTagTypes", "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst",
)  # fmt: skip


def free_part(package: Package, stem: str) -> tuple[str, int]:
    """Name and number of a part behind all of its kind: xl/tables/table38.xml, 38."""
    kind = re.compile(rf"{stem}(\d+)\.xml")
    number = 1 + max((int(match[1]) for name in package.parts() if (match := kind.fullmatch(name))), default=0)
    return f"{stem}{number}.xml", number


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
    relation_id = f"rIdSheet{relations.count('<')}"
    relation = element("Relationship", Id=relation_id, Type=f"{OFFICE}/worksheet", Target=f"/{part}")
    add_listed(package, listing, "Relationships", relation)

    xml = package.text(package.workbook_part)
    sheets = list(re.finditer(r"<(\w+:)?sheet\b[^>]*>", xml))
    position, before = next((i, s) for i, s in enumerate(sheets, 1) if f"name={attribute_text(behind)}" in s[0])
    number = 1 + max(map(int, re.findall(r'\bsheetId="(\d+)"', xml)))
    sheet = element(f"{before[1] or ''}sheet", name=name, sheetId=number, xmlns_r=OFFICE, r_id=relation_id)
    xml = f"{xml[: before.end()]}{sheet}{xml[before.end() :]}"
    places = re.compile(r'(\b(?:localSheetId|activeTab|firstSheet)=")(\d+)"')
    xml = places.sub(lambda match: f'{match[1]}{int(match[2]) + (int(match[2]) >= position)}"', xml)
    package.replace(package.workbook_part, xml.encode())
    return position


def define(package: Package, name: str, refers_to: str, sheet: int | None = None) -> None:
    """A name of the workbook, or of the sheet at a position; it replaces one of the whole workbook."""
    xml = package.text(package.workbook_part)
    if sheet is None:
        xml = re.sub(rf'<(?:\w+:)?definedName name="{name}"(?: [^>]*)?>[^<]*</(?:\w+:)?definedName>', "", xml)
    part = Part(xml, "workbook", _ORDER)
    part.add("definedNames", element("definedName", refers_to, name=name, localSheetId=sheet))
    package.replace(package.workbook_part, part.xml.encode())


def add_listed(package: Package, name: str, root: str, more: str) -> None:
    """More elements at the end of a listing."""
    part = Part(package.text(name), root)
    part.add(root, more)
    package.replace(name, part.xml.encode())
