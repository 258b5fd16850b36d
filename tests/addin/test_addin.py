"""The add-in package: what is in it, that it is whole and valid, and that it fits the installed xlwings."""

from __future__ import annotations

import difflib
import importlib.metadata
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pyopenvba import ExcelFile, check_file
from support_files import MAIN
from validator import objections
from xlbackflush.vba.building import addin
from xlbackflush.vba.building.sources import modules

from xlbackflush import __version__
from xlbackflush.ledgers.formats import FORMATS
from xlbackflush.model.errors import UnusableError
from xlbackflush.schema import excel
from xlbackflush.template import binaries

XLWINGS_VBA = binaries.xlwings_folder() / "xlwings_custom_addin.bas"
RIBBON = "{http://schemas.microsoft.com/office/2006/01/customui}"
RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("addin") / excel.ADDIN
    path.write_bytes(addin.build())
    return path


@pytest.fixture(scope="module")
def sources(built: Path) -> dict[str, str]:
    with ExcelFile(built) as file:
        return {module.name: module.source for module in file.vba_project().modules}


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as package:
        return package.read(name).decode()


# ----------------------------------------------------------------------------------------------- the package


def test_the_open_xml_validator_finds_nothing(built: Path) -> None:
    assert objections(built) == []


def test_the_validator_looks_at_the_ribbon(built: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.xlam"
    with zipfile.ZipFile(built) as old, zipfile.ZipFile(spoilt, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b" onAction=", b" onNothing="))
    assert any("onNothing" in line for line in objections(spoilt))


def test_the_project_is_whole(built: Path) -> None:
    report = check_file(built)
    assert report.ok, report.issues


def test_excel_takes_it_for_an_add_in(built: Path) -> None:
    assert 'ContentType="application/vnd.ms-excel.addin.macroEnabled.main+xml"' in part(built, "[Content_Types].xml")
    assert "sheet.macroEnabled" not in part(built, "[Content_Types].xml")


def test_its_properties_name_both_versions(built: Path) -> None:
    core = part(built, "docProps/core.xml")
    assert f"xlbackflush {__version__}" in core
    assert f"xlwings {importlib.metadata.version('xlwings')}" in core
    assert "dcterms" not in core, "a date would make two builds differ"


def test_it_opens_without_a_window(built: Path) -> None:
    """As the add-ins that Excel itself has saved, such as those of xlwings."""
    root = ET.fromstring(part(built, "xl/workbook.xml"))
    assert [child.tag.rpartition("}")[2] for child in root] == ["workbookPr", "bookViews", "sheets"]
    (view,) = root.iter(f"{{{MAIN}}}workbookView")
    assert view.get("visibility") == "hidden"
    assert int(view.get("windowWidth", 0)) > 0 < int(view.get("windowHeight", 0))
    saved = ET.fromstring(part(binaries.xlwings_folder() / "quickstart_addin.xlam", "xl/workbook.xml"))
    assert [view.get("visibility") for view in saved.iter(f"{{{MAIN}}}workbookView")] == ["hidden"]


# ------------------------------------------------------------------------------------------------ the ribbon


def test_the_ribbon_is_found_by_excel_and_kept_by_openpyxl(built: Path) -> None:
    relations = {r.get("Target"): r.get("Type") for r in ET.fromstring(part(built, "_rels/.rels")).iter(RELATION)}
    assert (
        relations["customUI/customUI.xml"] == "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility"
    )
    root = ET.fromstring(part(built, "customUI/customUI.xml"))
    assert root.tag == f"{RIBBON}customUI"
    assert [tab.get("label") for tab in root.iter(f"{RIBBON}tab")] == ["Backflush"]


def test_the_buttons_say_what_the_macros_of_a_workbook_say(built: Path) -> None:
    root = ET.fromstring(part(built, "customUI/customUI.xml"))
    (menu,) = root.iter(f"{RIBBON}menu")
    assert menu.get("label") == "Export"
    assert [(b.get("tag"), b.get("label"), b.get("onAction")) for b in menu] == [
        (f.name, f.title, "BackflushRibbonExport") for f in FORMATS.values()
    ]
    buttons = {b.get("onAction"): b for b in root.iter(f"{RIBBON}button") if not b.get("tag")}
    names = ("New", "Import", "Upgrade", "Run", "Check", "Post", "Restore", "Explain", "Help")
    assert list(buttons) == [f"BackflushRibbon{name}" for name in names]
    for macro in (excel.RUN, excel.CHECK, excel.POST, excel.RESTORE, excel.EXPLAIN):
        button = buttons[macro.name.replace("Backflush", "BackflushRibbon")]
        assert (button.get("label"), button.get("screentip")) == (macro.caption, macro.caption)
        assert (button.get("supertip"), button.get("imageMso")) == (macro.tip, macro.image)
    ids = [e.get("id") for e in ET.fromstring(part(built, "customUI/customUI.xml")).iter() if e.get("id")]
    assert len(ids) == len(set(ids))


def test_each_button_has_its_procedure_in_the_add_in(built: Path, sources: dict[str, str]) -> None:
    code = "\n".join(sources.values())
    for callback in set(re.findall(r'onAction="(\w+)"', part(built, "customUI/customUI.xml"))):
        assert len(re.findall(rf"^Public Sub {callback}\(ByVal control As \w+\)", code, re.M)) == 1, callback


# ------------------------------------------------------------------------------------------------ the modules


def test_it_holds_our_modules_and_those_of_xlwings(sources: dict[str, str]) -> None:
    ours = {module.name for module in modules("addin")}
    assert set(sources) == ours | {"BackflushHelp", "xlwings", "Dictionary", "ThisWorkbook", "Sheet1"}


def test_no_public_name_is_there_twice(sources: dict[str, str]) -> None:
    """VBA would call such a name ambiguous, and compile nothing of the project."""
    declared = r"^(?:Public )?(?:Sub|Function|Declare(?: PtrSafe)? (?:Sub|Function))\s+(\w+)"
    standard = {
        n: s for n, s in sources.items() if n not in ("ThisWorkbook", "Sheet1", "Dictionary", "BackflushLastRun")
    }
    places = [(name.lower(), module) for module, s in standard.items() for name in set(re.findall(declared, s, re.M))]
    twice = {name for name, _ in places if sum(name == other for other, _ in places) > 1}
    assert not twice


def test_the_module_of_xlwings_is_changed_in_five_places_and_nowhere_else(sources: dict[str, str]) -> None:
    original, changed = (
        [line.rstrip() for line in text.splitlines()] for text in (XLWINGS_VBA.read_text(), sources["xlwings"])
    )
    marks = [line for line in difflib.ndiff(original, changed) if line[0] in "+-"]
    assert sum(line[0] == "-" for line in marks) == 3
    assert [line[2:].strip() for line in marks if line[0] == "+"] == [
        # none of its functions in the function wizard, but on a Mac, where Python, which is another application, calls CleanUp
        *("#If Mac Then", "#Else", "Option Private Module", "#End If"),
        'Public Const PROJECT_NAME As String = "xlbackflush"',
        'If LoadLibrary(ParentFolder(GetConfigFilePath()) + "\\" + XLPyDLLName) <> 0 Then Exit Sub',
        'Function GetConfig(configKey As String, Optional default As String = "", '
        'Optional source As String = "user") As Variant',
        'Sub XlwingsShowError(FileName As String, Optional Message As String = "")',
    ]


def test_the_licence_of_xlwings_stays_in_its_module(sources: dict[str, str]) -> None:
    assert "Copyright (C) 2014-present, Zoomer Analytics LLC." in sources["xlwings"]
    assert "BSD 3-clause license" in sources["xlwings"]
    assert "License: MIT" in sources["Dictionary"]


def test_the_messages_of_xlwings_go_through_our_gateway(sources: dict[str, str]) -> None:
    assert len(re.findall(r"^\s*(?:Call )?ShowError\b", sources["xlwings"], re.M)) == 5
    code = "\n".join(source for name, source in sources.items() if name != "xlwings")
    assert len(re.findall(r"^Public Sub ShowError\(", code, re.M)) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"myaddin"', '"my_addin"'),
        ("Sub ShowError(", "Sub Show_Error("),
        ('source As String = "") As', 'origin As String = "") As'),
        ("#Const App = ", "#Const Application = "),
        ("Sub ShowError(", "Sub ShowError()\r\nEnd Sub\r\nSub ShowError("),
        ("Sub XLPyLoadDLL()", "Sub XLPyLoadLibrary()"),
    ],
)
def test_an_xlwings_that_is_not_known_is_refused(old: str, new: str) -> None:
    source = XLWINGS_VBA.read_text()
    assert old in source
    with pytest.raises(UnusableError, match=f"not that of {binaries.XLWINGS}, which the add-in is made for"):
        addin.adapted(source.replace(old, new))
