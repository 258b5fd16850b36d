"""A workbook of one sheet, part by part, for tests of how XML is read."""

from __future__ import annotations

import zipfile
from pathlib import Path

from support_files import HEAD, MAIN, OFFICE, PACKAGE

#: styles of cells: 0 General, 1 a day
STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
)
WORKBOOK = (
    f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets>'
    "</workbook>"
)
STRINGS = f'{HEAD}<sst xmlns="{MAIN}"><si><t>zero</t></si><si><t>one</t></si></sst>'


def relation(number: str, kind: str, target: str) -> str:
    """A relationship of a kind."""
    return f'<Relationship Id="{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'


def relations(**targets: str) -> str:
    """Relationships of these kinds, rId1 and so on."""
    listed = "".join(relation(f"rId{n}", kind, target) for n, (kind, target) in enumerate(targets.items(), 1))
    return f'{HEAD}<Relationships xmlns="{PACKAGE}">{listed}</Relationships>'


def sheet_of(data: str) -> str:
    """A sheet with these rows."""
    return f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'


def parts(sheet: str | bytes, strings: str = STRINGS) -> dict[str, str | bytes]:
    """The parts of a workbook with one sheet, Data."""
    return {
        "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": relations(
            worksheet="worksheets/sheet1.xml", styles="styles.xml", sharedStrings="sharedStrings.xml"
        ),
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": strings,
        "xl/worksheets/sheet1.xml": sheet,
    }


def packed(path: Path, content: dict[str, str | bytes]) -> Path:
    """The parts as a file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, part in content.items():
            file.writestr(name, part)
    return path
