"""What a macro workbook holds besides cells: stubs, buttons, the wizard's help, the page of help; no Excel is needed for it."""

from __future__ import annotations

import re
from pathlib import Path

import office
import openpyxl
import pytest
from pyopenvba import ExcelFile, check_file
from support_files import MAIN, Parts, bench_book, cli, sample_book
from xlbackflush.vba.building import sources as vba

from xlbackflush import schema
from xlbackflush.schema import excel
from xlbackflush.sheets.help_sheet import EXAMPLES

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_book(tmp_path_factory.mktemp("macros") / "book.xlsm")


def sources(path: Path) -> dict[str, str]:
    with ExcelFile(path) as file:
        return {name: file.get_module(name) for name in file.module_names()}


# ------------------------------------------------------------------------------------------------- the stubs


def test_the_project_holds_the_modules_of_the_repository(path: Path) -> None:
    held = sources(path)
    for module in vba.modules("workbook"):
        body = module.source.split(f'Attribute VB_Name = "{module.name}"\r\n')[1]
        assert body.rstrip() in held[module.name].replace("\r\n\r\n\r\n", "\r\n\r\n")
    assert held.keys() >= {"ThisWorkbook", *(m.name for m in vba.modules("workbook"))}
    assert check_file(path).ok


@pytest.mark.parametrize("function", excel.FUNCTIONS, ids=lambda f: f.name)
def test_every_function_says_in_the_wizard_what_it_does(path: Path, function: excel.Function) -> None:
    stubs = sources(path)["BackflushStubs"]
    quoted = function.help.replace('"', '""')
    signature = re.search(rf"^Public Function {function.name}\((.*?)\) As Variant\r\n", stubs, re.M | re.S)
    assert signature
    after = stubs[signature.end() :].split("\r\n")
    assert after[0] == f'Attribute {function.name}.VB_Description = "{quoted}"'
    assert after[1] == f'Attribute {function.name}.VB_ProcData.VB_Invoke_Func = " \\n20"'
    assert len(function.help) <= 255
    names = [re.split(r"\s+As\s+|\(", a)[0].split()[-1] for a in re.sub(r"_\r\n", "", signature[1]).split(",") if a]
    names = [name for name in names if not re.fullmatch(r"depends_on_\d", name)]
    assert names == [argument.name for argument in function.arguments]
    assert all(0 < len(argument.help) <= 255 for argument in function.arguments)


def test_the_workbook_has_a_group_of_its_own_in_the_wizard(path: Path) -> None:
    """Group 20 is the one after the 19 that Excel brings along."""
    groups = Parts(path).xml("xl/workbook.xml").find(f"{{{MAIN}}}functionGroups")
    assert groups is not None
    assert (groups.get("builtInGroupCount"), [g.get("name") for g in groups]) == ("19", [excel.FUNCTION_GROUP])


def test_the_addin_describes_every_argument_to_the_wizard() -> None:
    source = vba.help_module().source
    for function in excel.FUNCTIONS:
        said = source.split(f'prefix & "{function.name}"')[1].split("Application.MacroOptions")[0]
        described = re.findall(r'^            "(.*)"', said, re.M)
        assert [text.replace('""', '"') for text in described] == [a.help for a in function.arguments]
    assert max(map(len, source.split("\r\n"))) < 1_000  # a line of VBA holds 1,023 characters
    assert max(len(re.findall(r" _\r\n", part)) for part in source.split("\r\n    Application")) <= 24  # continuations


# ----------------------------------------------------------------------------------------------- the buttons


def buttons(parts: Parts, sheet: str) -> dict[str, str]:
    """Caption -> macro of the shapes of a sheet."""
    found = {}
    for kind, part in parts.targets(parts.sheets()[sheet]).values():
        if kind == "drawing":
            for shape in parts.xml(part).iter(f"{DRAWING}sp"):
                text = "".join(e.text or "" for e in shape.iter() if e.tag.endswith("}t"))
                found[text] = str(shape.get("macro")).removeprefix("[0]!")
    return found


def test_every_sheet_has_its_buttons_and_each_runs_a_macro_that_is_there(path: Path) -> None:
    parts, procedures = Parts(path), sources(path)["BackflushButtons"]
    captions = {macro.caption: macro.name for macro in excel.MACROS}
    assert buttons(parts, schema.ABOUT) == captions
    for sheet in schema.SHEETS:
        shown = buttons(parts, sheet.name)
        assert next(iter(shown)) == "Run Backflush"
        assert shown.items() <= captions.items()
        assert list(shown)[1:] == (["Check"] if sheet.role in ("Input", "Control") else ["Explain this cell"])
    for name in captions.values():
        assert f"Public Sub {name}()" in procedures


def test_a_run_leaves_buttons_stubs_and_the_help_page_as_they_are(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    before = Parts(path)
    assert cli("run", path).code == 0
    after = Parts(path)
    assert [buttons(after, s) for s in after.sheets()] == [buttons(before, s) for s in before.sheets()]
    for part in ("xl/vbaProject.bin", "xl/metadata.xml"):
        assert after[part] == before[part]
    page = before.sheets()["Functions"]
    texts = [
        re.sub(
            r'(<c(?: (?!t=)[^ >]*)*)(?: t="\w+")?([^>]*><f[^<]*</f>)(?:<v>[^<]*</v>)?', r"\1\2", parts[page].decode()
        )
        for parts in (before, after)
    ]
    assert texts[0] == texts[1]  # but for what its formulas show


def test_buttons_and_stubs_come_through_another_program(tmp_path: Path) -> None:
    """openpyxl loses shapes, but neither the stubs nor the workbook's health."""
    path = bench_book(tmp_path / "book.xlsm")
    book = openpyxl.load_workbook(path, keep_vba=True)
    book.save(path)
    assert cli("run", path).code == 0
    assert "Public Sub BackflushRun()" in sources(path)["BackflushButtons"]


# ------------------------------------------------------------------------------------------ the page of help


def test_the_help_page_shows_every_function_with_a_live_example(path: Path) -> None:
    parts = Parts(path)
    cells = parts.cells("Functions")
    text = {str(value) for value, _ in cells.values()}
    live = [formula for _, formula in cells.values() if formula]
    for function in excel.FUNCTIONS:
        assert function.name in text
        assert {function.help, function.returns, *(a.help for a in function.arguments)} <= text
        assert any(f"{function.name}(" in formula for formula in live), function.name
    shown = {str(value) for value in text if str(value).startswith("=")}
    for example in EXAMPLES:
        assert "=" + example.formula.replace("$", "") in shown


def test_live_examples_are_dynamic_arrays(path: Path) -> None:
    """Without the mark Excel would put @ before each of our functions, and show one cell of the table."""
    parts = Parts(path)
    sheet = parts.xml(parts.sheets()["Functions"])
    for cell in sheet.iter(f"{{{MAIN}}}c"):
        formula = cell.find(f"{{{MAIN}}}f")
        if formula is not None and "BACKFLUSH_" in (formula.text or ""):
            assert (cell.get("cm"), formula.get("t"), formula.get("ref")) == ("1", "array", cell.get("r"))


# -------------------------------------------------------------------------------------------- in LibreOffice


def test_libreoffice_compiles_the_stubs_and_shows_the_buttons(path: Path) -> None:
    with office.Session(path) as session:
        expected = {macro.caption: f"BackflushButtons.{macro.name}" for macro in excel.MACROS}
        assert session.buttons(schema.ABOUT) == expected
        assert session.buttons("Counts") == {k: expected[k] for k in ("Run Backflush", "Check")}
        assert session.call("BackflushValues.CodeKey", " W-100 ") == "w-100"  # plain VBA, compiled and run
        assert session.call("BackflushValues.CodeKey", 7.0) == "7"
        assert session.call("BackflushValues.ElementColumn", "labor") == 5
