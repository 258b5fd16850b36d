"""The binaries that ship: they are what the sources build, and VBA projects as [MS-OVBA] asks writers to write them."""

from __future__ import annotations

import importlib.util
import re
import sys
import zipfile
from pathlib import Path

import pytest
from support_files import MAIN, Parts, cli
from vba_project import ModuleRecord, VbaProject, project_of, read_project
from xlbackflush.vba.building.__main__ import BUILT, contents

from xlbackflush.schema import excel
from xlbackflush.template import binaries

VBA = Path(__file__).parents[2] / "vba"
XLWINGS = Path(str(importlib.util.find_spec("xlwings").origin)).parent  # type: ignore[union-attr]

#: as Excel writes them, in its order, for a workbook or sheet and for a class of one's own
DOCUMENT = {
    "VB_GlobalNameSpace": "False", "VB_Creatable": "False", "VB_PredeclaredId": "True", "VB_Exposed": "True",
    "VB_TemplateDerived": "False", "VB_Customizable": "True",
}  # fmt: skip
CLASS = DOCUMENT | {"VB_PredeclaredId": "False", "VB_Exposed": "False", "VB_Customizable": "False"}


@pytest.fixture(scope="module", params=["workbook", "addin"])
def project(request: pytest.FixtureRequest) -> VbaProject:
    if request.param == "workbook":
        return read_project((BUILT / "vbaProject.bin").read_bytes())
    return project_of(BUILT / excel.ADDIN)


# ------------------------------------------------------------------------------------------------- built once


def test_what_is_in_the_repository_is_what_the_sources_build() -> None:
    for name, content in contents().items():
        path = BUILT / name
        assert path.is_file() and path.read_bytes() == content, f"{path} is out of date; run: make vba"


def test_nothing_else_lies_beside_it() -> None:
    assert {path.name for path in BUILT.iterdir()} == {"vbaProject.bin", excel.ADDIN}


def test_the_add_in_does_not_depend_on_what_compresses_files() -> None:
    """Nor on the system that it is built on, nor on the day."""
    with zipfile.ZipFile(BUILT / excel.ADDIN) as package:
        for part in package.infolist():
            assert (part.compress_type, part.create_system) == (zipfile.ZIP_STORED, 0)
            assert part.date_time == (1980, 1, 1, 0, 0, 0)


def test_a_new_workbook_takes_the_project_as_it_is_and_without_what_builds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [m for m in sys.modules if m.partition(".")[0] == "pyopenvba" or ".building" in m]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyopenvba", None)  # importing it fails
    path = tmp_path / "book.xlsm"
    assert cli("new", path).code == 0
    assert Parts(path)["xl/vbaProject.bin"] == (BUILT / "vbaProject.bin").read_bytes()
    assert cli("install", "--folder", tmp_path / "folder").code == 0
    assert (tmp_path / "folder" / excel.ADDIN).read_bytes() == (BUILT / excel.ADDIN).read_bytes()


def test_every_sheet_of_a_workbook_is_one_that_the_project_knows(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsm"
    cli("new", path)
    parts, project = Parts(path), project_of(path)
    names = []
    for part in parts.sheets().values():
        properties = parts.xml(part).find(f"{{{MAIN}}}sheetPr")
        assert properties is not None
        names.append(properties.get("codeName"))
    documents = [m.name for m in project.modules.values() if "VB_Base" in m.attributes and m.name.startswith("Sheet")]
    assert names == documents
    assert parts.xml("xl/workbook.xml").find(f"{{{MAIN}}}workbookPr").get("codeName") == "ThisWorkbook"  # type: ignore[union-attr]


# ------------------------------------------------------------------------------------------------- [MS-OVBA]


def test_the_reader_of_these_tests_reads_a_project_that_excel_has_saved() -> None:
    """xlwings' own, written by Excel: with a cache, and sources that start behind compiled code."""
    saved = project_of(XLWINGS / "quickstart.xlsm")
    assert len(saved.streams["_VBA_PROJECT"]) > 1_000
    assert saved.modules["ThisWorkbook"].offset > 0
    assert list(saved.modules["ThisWorkbook"].attributes)[2:] == list(DOCUMENT)


def test_the_project_says_that_no_office_has_compiled_it(project: VbaProject) -> None:
    """2.3.4.1 and 2.3.4.2.3 on write: version 0xFFFF, no performance cache, cookies 0xFFFF."""
    assert project.cookies == {0xFFFF}
    assert project.streams["_VBA_PROJECT"] == bytes.fromhex("cc 61 ff ff 00 00 00")


def test_every_stream_is_source_from_its_first_byte(project: VbaProject) -> None:
    assert {m.name: m.offset for m in project.modules.values()} == dict.fromkeys(project.modules, 0)
    assert project.streams.keys() == {"dir", "_VBA_PROJECT", *project.modules}
    for module in project.modules.values():
        assert module.source.startswith(f'Attribute VB_Name = "{module.name}"\r\n')


def test_every_source_is_that_of_the_repository(project: VbaProject) -> None:
    folder = "addin" if "BackflushBook" in project.modules else "workbook"
    files = {f.stem: f for part in (folder, "common") for f in (VBA / part).iterdir()}
    blank = {name for name in project.modules if name not in files}
    assert {name for name in blank if not re.fullmatch(r"Sheet\d+", name)} == (
        {"BackflushHelp", "xlwings", "Dictionary"} if folder == "addin" else {"ThisWorkbook"}
    )
    for name, file in files.items():
        assert body(project.modules[name].source) == body(file.read_bytes().decode("ascii")), name


def body(source: str) -> list[str]:
    """Without attributes, which a test of their own looks at."""
    return [line for line in source.rstrip().split("\r\n") if not re.match(r"Attribute \w", line)]


# ------------------------------------------------------------------------------------------------- attributes


def described(module: ModuleRecord) -> dict[str, str]:
    return {k: v for k, v in module.attributes.items() if k not in ("VB_Name", "VB_Base", "VB_Description")}


def test_every_class_has_all_its_attributes(project: VbaProject) -> None:
    """Without VB_PredeclaredId, ThisWorkbook in the add-in would have no object behind it."""
    for module in project.modules.values():
        document = re.fullmatch(r"ThisWorkbook|Sheet\d+", module.name)
        if module.standard:
            assert list(module.attributes) == ["VB_Name"]
            continue
        expected = DOCUMENT if document else CLASS
        if module.name == "Dictionary":  # xlwings' own
            expected = CLASS | {"VB_Exposed": "True"}
        assert list(described(module).items()) == list(expected.items()), module.name
        assert "VB_Base" in module.attributes


def test_the_workbook_of_the_add_in_is_declared_as_excel_declares_one(project: VbaProject) -> None:
    saved = project_of(XLWINGS / "quickstart.xlsm")
    assert project.modules["ThisWorkbook"].attributes == saved.modules["ThisWorkbook"].attributes


def test_the_add_in_is_made_for_the_xlwings_that_is_required() -> None:
    text = (VBA.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"xlwings=={binaries.XLWINGS}"' in text
    source = project_of(BUILT / excel.ADDIN).modules["xlwings"].source
    assert f'Public Const XLWINGS_VERSION As String = "{binaries.XLWINGS}"' in source
