"""A VBA project as bytes (vbaProject.bin), as [MS-OVBA] asks those to write it who are not Office.

Sources alone: no compiled code, neither in `_VBA_PROJECT` nor before the source of a module, so that every Office
compiles for itself when it opens the file. What pyOpenVBA leaves of that is taken out here.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from pyopenvba import ExcelFile, VBAModuleKind
from pyopenvba.cfb import CFB
from pyopenvba.vba import compress, decompress

from xlbackflush import schema
from xlbackflush.ooxml.package import MAIN, OFFICE, write_package
from xlbackflush.ooxml.xml import Markup, document, element
from xlbackflush.template.parts import content_types, relations, sheet_list

from .sources import Module, modules

#: [MS-OVBA] 2.3.4.1 on write: version 0xFFFF, which is that of no Office, and no performance cache
_NO_CACHE = bytes.fromhex("cc61ffff000000")

#: 2.3.4.2.3: what both cookies are on write
_COOKIE = 0xFFFF
#: 2.3.4.2: how stream `dir` ends, a terminator of two bytes and four reserved ones
_END = bytes.fromhex("100000000000")


def of_workbooks() -> bytes:
    """The project of every workbook: one document module for each sheet, About and Functions among them."""
    return compiled(modules("workbook"), sheets=len(schema.SHEETS) + 2)


def compiled(sources: Iterable[Module], sheets: int) -> bytes:
    """A project of modules, for a workbook with so many sheets, whose code names are Sheet1, Sheet2 ..."""
    with tempfile.TemporaryDirectory(prefix="xlbackflush-") as folder:
        book = Path(folder) / "book.xlsm"  # a project is made in a workbook; it does not depend on what the sheets hold
        write_package(book, _blank([f"Sheet{i}" for i in range(1, sheets + 1)]))
        _add(book, sources)
        with zipfile.ZipFile(book) as package:
            project = CFB.from_bytes(package.read("xl/vbaProject.bin"))
    project.write_stream_in_storage("VBA", "_VBA_PROJECT", _NO_CACHE)
    directory = decompress(project.get_stream_in_storage("VBA", "dir"))
    assert directory.endswith(_END + bytes(4))  # pyOpenVBA writes its last field twice
    project.write_stream_in_storage("VBA", "dir", compress(directory[:-4]))
    return bytes(project.to_bytes())


def _add(book: Path, sources: Iterable[Module]) -> None:
    with ExcelFile(book) as file:
        project = file.add_vba_project()
        for module in sources:
            if module.kind == "document":
                file.set_module(module.name, module.source)
            else:
                kind = VBAModuleKind.standard if module.kind == "standard" else VBAModuleKind.other
                project.add_module(module.name, module.source, kind=kind)
        project.project_cookie = _COOKIE
        for module in project.modules:
            module.cookie = _COOKIE
            module.dirty = True  # written anew, without the compiled code that its template brought along
        file.save(book)


def _blank(names: Sequence[str]) -> dict[str, str | bytes]:
    """A workbook of blank sheets."""
    pages = {f"xl/worksheets/sheet{i}.xml": blank_sheet(name) for i, name in enumerate(names, 1)}
    return {
        "[Content_Types].xml": content_types(pages, ".xlsm"),
        "_rels/.rels": relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": workbook(names),
        "xl/_rels/workbook.xml.rels": relations([("worksheet", part.removeprefix("xl/")) for part in pages]),
        **pages,
    }


def workbook(names: Sequence[str], *views: Markup) -> str:
    """The workbook part of a workbook of such sheets."""
    code = element("workbookPr", codeName="ThisWorkbook")
    return document(element("workbook", code, *views, sheet_list(names), xmlns=MAIN, xmlns_r=OFFICE))


def blank_sheet(name: str) -> str:
    """A blank sheet with this code name."""
    return document(element("worksheet", element("sheetPr", codeName=name), element("sheetData"), xmlns=MAIN))
