"""The parts of a new workbook that hold it together: content types, relationships, properties, the workbook part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from xlbackflush import schema
from xlbackflush.ooxml.package import MAIN, quoted
from xlbackflush.schema import HEADER_ROW
from xlbackflush.schema.excel import BUILT_IN_GROUPS, FUNCTION_GROUP
from xlbackflush.template import charts

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
VBA_PROJECT = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
VBA_CONTENT = "application/vnd.ms-office.vbaProject"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DRAWINGS = "application/vnd.openxmlformats-officedocument"
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

_APP = (
    f'{HEAD}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    "<Application>xlbackflush</Application></Properties>"
)
#: says of cells with cm="1" that their formula is a dynamic array formula
DYNAMIC_ARRAYS = (
    f'{HEAD}<metadata xmlns="{MAIN}" xmlns:xda="http://schemas.microsoft.com/office/spreadsheetml/2017/dynamicarray">'
    '<metadataTypes count="1"><metadataType name="XLDAPR" minSupportedVersion="120000" copy="1" pasteAll="1" '
    'pasteValues="1" merge="1" splitFirst="1" rowColShift="1" clearFormats="1" clearComments="1" assign="1" coerce="1" '
    'cellMeta="1"/></metadataTypes><futureMetadata name="XLDAPR" count="1"><bk><extLst>'
    '<ext uri="{bdbb8cdc-fa1e-496e-a857-3c3f30c029c3}"><xda:dynamicArrayProperties fDynamic="1" fCollapsed="0"/></ext>'
    '</extLst></bk></futureMetadata><cellMetadata count="1"><bk><rc t="1" v="0"/></bk></cellMetadata></metadata>'
)

#: Excel calculates a file when it opens it, and asks whether to save it when it is closed, unless its own version of
#: calculation, and each feature of that, is the one that the file names. This is Excel of 2026; an earlier one asks for less.
_CALCULATED = (
    '<calcPr calcId="191029"/><extLst><ext uri="{B58B0392-4F1F-4190-BB64-5DF3571DCE5F}" '
    'xmlns:xcalcf="http://schemas.microsoft.com/office/spreadsheetml/2018/calcfeatures"><xcalcf:calcFeatures>'
    + "".join(
        f'<xcalcf:feature name="microsoft.com:{name}"/>'
        for name in ("RD", "Single", "FV", "CNMTM", "LET_WF", "LAMBDA_WF", "ARRAYTEXT_WF")
    )
    + "</xcalcf:calcFeatures></ext></extLst>"
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
    board = next((board for board in charts.boards() if board.sheet == sheet.name), None)
    if sheet.name == "Setup":
        last = HEADER_ROW + max(len(schema.SETTINGS), len(schema.ROLES))
        yield "_xlnm.Print_Area", f"Setup!$A$1:$G${last}"
    if board:
        yield "_xlnm.Print_Area", board.printed
    yield "_xlnm.Print_Titles", f"{quoted(sheet.name)}!${HEADER_ROW}:${HEADER_ROW}"


def defined_name(name: str) -> str:
    """A name of the whole workbook, as an element."""
    return f'<definedName name="{name}">{NAMES[name]}</definedName>'


def frame_parts(names: list[str], title: str, parts: Iterable[str], macros: bool) -> dict[str, str | bytes]:
    """What every package has. names: of the sheets; parts: names of all other parts."""
    book = [*(("worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(names) + 1)), ("styles", "styles.xml")]
    if macros:
        book += [("sheetMetadata", "metadata.xml"), (VBA_PROJECT, "vbaProject.bin")]
    return {
        "[Content_Types].xml": content_types([*parts, "docProps/app.xml", "docProps/core.xml"], macros),
        "_rels/.rels": relations(
            [("officeDocument", "xl/workbook.xml"), ("extended-properties", "docProps/app.xml")],
            {"core-properties": "docProps/core.xml"},
        ),
        "docProps/app.xml": _APP,
        "docProps/core.xml": _core(title),
        "xl/workbook.xml": _workbook(names, macros),
        "xl/_rels/workbook.xml.rels": relations(book),
    }


def content_types(parts: Iterable[str], macros: bool) -> str:
    """The content types of parts, by their names."""
    book = "application/vnd.ms-excel.sheet.macroEnabled.main+xml" if macros else f"{_SHEETS}.sheet.main+xml"
    body = f'<Override PartName="/xl/workbook.xml" ContentType="{book}"/>{overrides(parts)}'
    project = f'<Default Extension="bin" ContentType="{VBA_CONTENT}"/>' if macros else ""
    return (
        f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{project}'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{body}</Types>'
    )


def overrides(parts: Iterable[str]) -> str:
    """What parts hold, by their names; nothing of those whose ending says it."""
    return "".join(
        f'<Override PartName="/{part}" ContentType="{kind}"/>'
        for part in parts
        for pattern, kind in _TYPES
        if re.fullmatch(pattern, f"/{part}")
    )


def relations(targets: list[tuple[str, str]], package: Mapping[str, str] | None = None) -> str:
    """A relationships part: (kind, target) of the office document, kind -> target of the package.

    A kind that is not of Open XML is given as a whole address.
    """
    kinds = [(kind if "://" in kind else f"{OFFICE}/{kind}", target) for kind, target in targets]
    kinds += [
        (f"http://schemas.openxmlformats.org/package/2006/relationships/metadata/{kind}", target)
        for kind, target in (package or {}).items()
    ]
    body = "".join(
        f'<Relationship Id="rId{i}" Type="{kind}" Target="{target}"/>' for i, (kind, target) in enumerate(kinds, 1)
    )
    return f'{HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{body}</Relationships>'


def _core(title: str) -> str:
    return (
        f'{HEAD}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(title)}</dc:title><dc:creator>xlbackflush</dc:creator></cp:coreProperties>"
    )


def _workbook(names: list[str], macros: bool) -> str:
    sheets = "".join(f'<sheet name={quoteattr(n)} sheetId="{i}" r:id="rId{i}"/>' for i, n in enumerate(names, 1))
    local = "".join(
        f'<definedName name="{name}" localSheetId="{i}">{refers_to}</definedName>'
        for i, sheet in enumerate(schema.SHEETS, 1)
        for name, refers_to in sheet_names(sheet)
    )
    groups = (
        f'<functionGroups builtInGroupCount="{BUILT_IN_GROUPS}"><functionGroup name="{FUNCTION_GROUP}"/></functionGroups>'
        if macros
        else ""
    )
    return (
        f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr codeName="ThisWorkbook"/>'
        f'<bookViews><workbookView xWindow="0" yWindow="0" windowWidth="28800" windowHeight="15000" tabRatio="850"/></bookViews>'
        f"<sheets>{sheets}</sheets>{groups}"
        f"<definedNames>{local}{''.join(map(defined_name, NAMES))}</definedNames>"
        f"{_CALCULATED}</workbook>"
    )
