"""The parts of a new workbook that hold it together: content types, relationships, properties, the workbook part."""

import re
from collections.abc import Iterable, Iterator

from xlbackflush import schema
from xlbackflush.ooxml.address import quoted
from xlbackflush.ooxml.package import MAIN, OFFICE
from xlbackflush.ooxml.xml import Markup, document, element, fragment
from xlbackflush.schema import HEADER_ROW
from xlbackflush.schema.excel import BUILT_IN_GROUPS, FUNCTION_GROUP
from xlbackflush.template import charts

VBA_PROJECT = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
VBA_CONTENT = "application/vnd.ms-office.vbaProject"
CORE_PROPERTIES = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DRAWINGS = "application/vnd.openxmlformats-officedocument"
#: what the workbook part holds, by the kind of file
_BOOKS = {
    ".xlsx": f"{_SHEETS}.sheet.main+xml",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    ".xlam": "application/vnd.ms-excel.addin.macroEnabled.main+xml",
}
#: what a part holds, by its name
_TYPES = (
    (r"/xl/worksheets/sheet\d+\.xml", f"{_SHEETS}.worksheet+xml"),
    (r"/xl/tables/table\d+\.xml", f"{_SHEETS}.table+xml"),
    (r"/xl/styles\.xml", f"{_SHEETS}.styles+xml"),
    (r"/xl/metadata\.xml", f"{_SHEETS}.sheetMetadata+xml"),
    (r"/xl/drawings/drawing\d+\.xml", f"{_DRAWINGS}.drawing+xml"),
    (r"/xl/charts/chart\d+\.xml", f"{_DRAWINGS}.drawingml.chart+xml"),
    (r"/docProps/app\.xml", f"{_DRAWINGS}.extended-properties+xml"),
    (r"/docProps/core\.xml", "application/vnd.openxmlformats-package.core-properties+xml"),
)

_KEPT = (
    "copy", "pasteAll", "pasteValues", "merge", "splitFirst", "rowColShift", "clearFormats", "clearComments", "assign",
    "coerce", "cellMeta",
)  # fmt: skip
_DYNAMIC = element(
    "ext", element("xda:dynamicArrayProperties", fDynamic=1, fCollapsed=0), uri="{bdbb8cdc-fa1e-496e-a857-3c3f30c029c3}"
)
_TYPE = element("metadataType", name="XLDAPR", minSupportedVersion=120000, **dict.fromkeys(_KEPT, 1))
#: says of cells with cm="1" that their formula is a dynamic array formula
DYNAMIC_ARRAYS = document(
    element(
        "metadata",
        element("metadataTypes", _TYPE, count=1),
        element("futureMetadata", element("bk", element("extLst", _DYNAMIC)), name="XLDAPR", count=1),
        element("cellMetadata", element("bk", element("rc", t=1, v=0)), count=1),
        xmlns=MAIN,
        xmlns_xda="http://schemas.microsoft.com/office/spreadsheetml/2017/dynamicarray",
    )
)

#: Excel calculates a file when it opens it, and asks whether to save it when it is closed, unless its own version of
#: calculation, and each feature of that, is the one that the file names. This is Excel of 2026; an earlier one asks for less.
_FEATURES = ("RD", "Single", "FV", "CNMTM", "LET_WF", "LAMBDA_WF", "ARRAYTEXT_WF")
_CALCULATION = element(
    "ext",
    element("xcalcf:calcFeatures", *(element("xcalcf:feature", name=f"microsoft.com:{name}") for name in _FEATURES)),
    uri="{B58B0392-4F1F-4190-BB64-5DF3571DCE5F}",
    xmlns_xcalcf="http://schemas.microsoft.com/office/spreadsheetml/2018/calcfeatures",
)


#: names of the whole workbook, and what they refer to
NAMES = {
    "Items": "StandardCost[Item]",
    "Roles": "Accounts[Role]",
    schema.MASTER_CHECK: "Checks!$B$3",
    schema.SCHEMA_NAME: str(schema.SCHEMA_VERSION),
}


def sheet_names(sheet: schema.Sheet) -> Iterator[tuple[str, str]]:
    """Names of a sheet, and what they refer to: what is printed of it, and its headers on every page."""
    board = next((board for board in charts.BOARDS if board.sheet == sheet.name), None)
    if sheet.name == "Setup":
        last = HEADER_ROW + max(len(schema.SETTINGS), len(schema.ROLES))
        yield "_xlnm.Print_Area", f"Setup!$A$1:$H${last}"
    if board:
        yield "_xlnm.Print_Area", board.printed
    yield "_xlnm.Print_Titles", f"{quoted(sheet.name)}!${HEADER_ROW}:${HEADER_ROW}"


def package_parts(names: list[str], title: str, parts: Iterable[str], macros: bool) -> dict[str, str | bytes]:
    """What every package has. names: of the sheets; parts: names of all other parts."""
    book = [*(("worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(names) + 1)), ("styles", "styles.xml")]
    if macros:
        book += [("sheetMetadata", "metadata.xml"), (VBA_PROJECT, "vbaProject.bin")]
    return {
        "[Content_Types].xml": content_types(
            [*parts, "docProps/app.xml", "docProps/core.xml"], ".xlsm" if macros else ".xlsx"
        ),
        "_rels/.rels": relations(
            [
                ("officeDocument", "xl/workbook.xml"),
                ("extended-properties", "docProps/app.xml"),
                (CORE_PROPERTIES, "docProps/core.xml"),
            ]
        ),
        **properties(title),
        "xl/workbook.xml": document(_workbook(names, macros)),
        "xl/_rels/workbook.xml.rels": relations(book),
    }


def content_types(parts: Iterable[str], suffix: str) -> str:
    """The content types of parts, by their names, in a file with this suffix."""
    macros = suffix != ".xlsx"
    return document(
        element(
            "Types",
            element("Default", Extension="bin", ContentType=VBA_CONTENT) if macros else None,
            element(
                "Default", Extension="rels", ContentType="application/vnd.openxmlformats-package.relationships+xml"
            ),
            element("Default", Extension="xml", ContentType="application/xml"),
            element("Override", PartName="/xl/workbook.xml", ContentType=_BOOKS[suffix]),
            overrides(parts),
            xmlns=f"{_PACKAGE}/content-types",
        )
    )


def overrides(parts: Iterable[str]) -> Markup:
    """What parts hold, by their names; nothing of those whose ending says it."""
    return fragment(
        *(
            element("Override", PartName=f"/{part}", ContentType=kind)
            for part in parts
            for pattern, kind in _TYPES
            if re.fullmatch(pattern, f"/{part}")
        )
    )


def relations(targets: Iterable[tuple[str, str]]) -> str:
    """A relationships part: kind and target of each. A kind that is not of the office document is given as a whole address."""
    related = (
        element("Relationship", Id=f"rId{i}", Type=kind if "://" in kind else f"{OFFICE}/{kind}", Target=target)
        for i, (kind, target) in enumerate(targets, 1)
    )
    return document(element("Relationships", *related, xmlns=f"{_PACKAGE}/relationships"))


def properties(title: str, description: str = "") -> dict[str, str | bytes]:
    """The parts that say what the file is."""
    app = element(
        "Properties",
        element("Application", "xlbackflush"),
        xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties",
    )
    core = element(
        "cp:coreProperties",
        element("dc:title", title),
        element("dc:creator", "xlbackflush"),
        element("dc:description", description) if description else None,
        xmlns_cp=f"{_PACKAGE}/metadata/core-properties",
        xmlns_dc="http://purl.org/dc/elements/1.1/",
    )
    return {"docProps/app.xml": document(app), "docProps/core.xml": document(core)}


def sheet_list(names: Iterable[str]) -> Markup:
    """The sheets of a workbook part; sheet i has the relationship rIdi."""
    return element("sheets", *(element("sheet", name=n, sheetId=i, r_id=f"rId{i}") for i, n in enumerate(names, 1)))


def _workbook(names: list[str], macros: bool) -> Markup:
    group = element("functionGroup", name=FUNCTION_GROUP)
    view = element("workbookView", xWindow=0, yWindow=0, windowWidth=28800, windowHeight=15000, tabRatio=850)
    return element(
        "workbook",
        element("workbookPr", codeName="ThisWorkbook"),
        element("bookViews", view),
        sheet_list(names),
        element("functionGroups", group, builtInGroupCount=BUILT_IN_GROUPS) if macros else None,
        element("definedNames", *_names()),
        element("calcPr", calcId=191029),
        element("extLst", _CALCULATION),
        xmlns=MAIN,
        xmlns_r=OFFICE,
    )


def _names() -> Iterator[Markup]:
    """Names of the sheets, then those of the whole workbook."""
    for i, sheet in enumerate(schema.SHEETS, 1):
        for name, refers_to in sheet_names(sheet):
            yield element("definedName", refers_to, name=name, localSheetId=i)
    for name, refers_to in NAMES.items():
        yield element("definedName", refers_to, name=name)
