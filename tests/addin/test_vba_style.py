"""The VBA sources: one style, no costing, and nothing that only one kind of Excel can compile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyopenvba.interpreter import Interpreter
from xlbackflush.vba.building import addin

from xlbackflush import schema
from xlbackflush.engine import answers
from xlbackflush.schema import excel
from xlbackflush.sheets import help_sheet

VBA = Path(__file__).parents[2] / "vba"
FILES = sorted([*VBA.glob("*/*.bas"), *VBA.glob("*/*.cls")])
SOURCES = {file.stem: file.read_bytes().decode("ascii") for file in FILES}
#: public modules: what Excel itself calls by name. A module of functions for other modules is private to its project.
CALLED_BY_EXCEL = {
    "BackflushStubs", "BackflushButtons", "BackflushMacros", "BackflushAnswers", "BackflushRibbon",
}  # fmt: skip
#: what is called of Windows itself, between #If Mac Then, #Else and #End If
DECLARED = {"BackflushProbe": ['    Private Declare PtrSafe Sub Sleep Lib "" (ByVal milliseconds As Long)']}
every_file = pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)


@dataclass(frozen=True)
class Procedure:
    """A procedure: the line above it, its head on one line, its body without comments."""

    above: str
    head: str
    body: tuple[str, ...]

    @property
    def name(self) -> str:
        match = re.search(r"(?:Sub|Function|Property (?:Get|Let|Set)) (\w+)", self.head)
        assert match, self.head
        return match[1]

    @property
    def arguments(self) -> list[str]:
        match = re.search(r"\((.*)\)", self.head)
        return re.findall(r"[^,]+", match[1].replace("()", "")) if match else []

    @property
    def is_entry(self) -> bool:
        return self.above == "'@EntryPoint"


def procedures(source: str) -> list[Procedure]:
    lines = re.sub(r" _\r\n\s*", " ", source).split("\r\n")
    found, start = [], 0
    for number, line in enumerate(lines):
        if re.match(r"(Public|Private) (Sub|Function|Property)", line):
            start = number
        elif re.match(r"End (Sub|Function|Property)", line):
            body = tuple(x.strip() for x in lines[start + 1 : number] if x.strip() and not x.strip().startswith("'"))
            found.append(Procedure(lines[start - 1], lines[start], body))
    return found


def code(source: str) -> str:
    """Without comments and without what stands in quotation marks."""
    lines = [re.sub(r"\"(?:[^\"]|\"\")*\"", '""', line) for line in source.split("\r\n")]
    return "\n".join(line.split("'")[0] for line in lines)


ALL = [(name, procedure) for name, source in SOURCES.items() for procedure in procedures(source)]
every_procedure = pytest.mark.parametrize(("module", "procedure"), ALL, ids=[f"{m}.{p.name}" for m, p in ALL])

# -------------------------------------------------------------------------------------------------- the files


@every_file
def test_a_file_is_ascii_with_crlf_and_carries_its_own_name(file: Path) -> None:
    raw = file.read_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 0
    assert raw.endswith(b"\r\n")
    assert b"\t" not in raw
    assert not re.search(rb"[ \t]\r\n", raw)
    assert raw.startswith(f'Attribute VB_Name = "{file.stem}"\r\n'.encode())
    assert max(map(len, raw.split(b"\r\n"))) <= 130
    assert raw.count(b"\r\n") <= 620


@every_file
def test_a_module_declares_everything_and_says_where_it_belongs(file: Path) -> None:
    source = SOURCES[file.stem]
    assert source.count("Option Explicit\r\n") == 1
    assert "'@Folder(\"Backflush\")\r\n'" in source  # followed by what the module is for
    assert source.count("Attribute ") == len(re.findall(r"^Attribute VB_\w+ = ", source, re.M))
    private = "Option Private Module\r\n" in source
    assert private == (file.suffix == ".bas" and file.stem not in CALLED_BY_EXCEL)


@every_file
def test_no_statement_is_of_one_kind_of_excel_only_or_hides_errors(file: Path) -> None:
    text = code(SOURCES[file.stem])
    text = "\n".join(line for line in text.split("\n") if line not in DECLARED.get(file.stem, ()))
    for unwanted in (r"\bDeclare\b", r"\bLongPtr\b", r"\bLongLong\b", r"\bGoSub\b", r"\bStop\b", r"\bKillPy\b",
                     r"\bVolatile\b", r"\.Select\b", r"\bDoEvents\b", r"\bSendKeys\b"):  # fmt: skip
        assert not re.search(unwanted, text), unwanted
    assert text.count("On Error Resume Next") == (1 if file.stem == "BackflushQuiet" else 0)
    assert not re.search(r":\s*(?:Dim|Set|Exit|\w+ =)", re.sub(r"^\w+:$", "", text, flags=re.M)), "one statement a line"
    if file.parent.name != "addin":  # LibreOffice reads both sides of a condition, and has no Scripting.Dictionary
        assert not re.search(r"^\s*#", text, re.M)
        assert "CreateObject" not in text


def test_only_the_gateway_reaches_python_and_only_it_and_the_ribbon_look_at_what_is_active() -> None:
    for name, source in SOURCES.items():
        text = code(source)
        if name != "BackflushGateway":
            assert not re.search(r"\b(RunPython|XLPy|ReadFile)\b", text), name
        if name != "BackflushProbe":
            assert not re.search(r"\b(GetConfig|XLPyCommand|WScript|Sleep|Declare)\b", text), name
        if name not in ("BackflushGateway", "BackflushRibbon"):
            assert not re.search(r"\b(ActiveWorkbook|(?<!source\.)ActiveSheet|ActiveCell|Selection)\b", text), name
        if name.startswith("Backflush") and name not in ("BackflushStubs", "BackflushButtons"):
            assert "ThisWorkbook" not in text, name


def test_every_name_that_is_shared_between_modules_is_defined_once() -> None:
    public = [
        (p.name, m) for m, p in ALL if p.head.startswith("Public") and (VBA / "addin" / f"{m}.cls").exists() is False
    ]
    names = [name for name, module in public if module != "BackflushLastRun"]
    assert len(names) == len(set(names))


# --------------------------------------------------------------------------------------------- the procedures


@every_procedure
def test_a_procedure_is_short_and_typed(module: str, procedure: Procedure) -> None:
    assert len(procedure.body) <= 40
    assert re.search(r"\) As \w+$", procedure.head) or "Sub " in procedure.head, procedure.head
    for argument in procedure.arguments:
        assert re.search(r"\b\w+ As \w+", argument), argument
        if not procedure.name.startswith("host_"):
            assert re.match(r"\s*(?:Optional )?(?:ByVal|ByRef|ParamArray) ", argument), argument
    for line in procedure.body:
        if line.startswith("Dim "):
            assert re.fullmatch(r"Dim \w+(?:\(.*\))? As \w+", line), line


@every_procedure
def test_an_entry_point_handles_its_errors_in_one_place_or_only_hands_on(module: str, procedure: Procedure) -> None:
    labels = [line for line in procedure.body if re.fullmatch(r"\w+:", line)]
    if not procedure.is_entry:
        return
    if "CleanFail:" not in labels:
        assert len([x for x in procedure.body if not re.match(r"If IsMissing", x)]) == 1, "hands on in one statement"
        return
    assert labels == ["CleanExit:", "CleanFail:"]
    assert procedure.body.count("On Error GoTo CleanFail") == 1
    exit_at, fail_at = procedure.body.index("CleanExit:"), procedure.body.index("CleanFail:")
    assert exit_at < fail_at
    assert procedure.body[fail_at - 1] in ("Exit Sub", "Exit Function")
    assert procedure.body[-1] == "Resume CleanExit"


def test_what_excel_calls_is_marked_as_an_entry_point() -> None:
    marked = {p.name for _, p in ALL if p.is_entry}
    callbacks = {button.callback for _, buttons in addin.RIBBON for button in buttons}
    assert marked >= {f.name for f in excel.FUNCTIONS} | {m.name for m in excel.MACROS} | callbacks
    assert marked >= {"BackflushAnswer", "BackflushMacro", "BackflushFinished", "Workbook_Open"}
    assert {p.name for _, p in ALL if p.name.startswith("host_")} <= marked


def test_the_function_wizard_lists_one_function_of_the_addin() -> None:
    """A public function of a module that is not private to its project; the workbook's stubs must call this one."""
    listed = [
        p.name for m, p in ALL
        if (VBA / "addin" / f"{m}.bas").exists() and m in CALLED_BY_EXCEL and p.head.startswith("Public Function")
    ]  # fmt: skip
    assert listed == ["BackflushAnswer"]


def test_stubs_are_a_few_lines_each() -> None:
    stubs = {p.name: p for m, p in ALL if m in ("BackflushStubs", "BackflushButtons") and p.is_entry}
    assert set(stubs) == {f.name for f in excel.FUNCTIONS} | {m.name for m in excel.MACROS}
    assert max(len(p.body) for p in stubs.values()) <= 2


def test_functions_and_their_arguments_are_those_of_the_list() -> None:
    stubs = {p.name: p for m, p in ALL if m == "BackflushStubs"}
    for function in excel.FUNCTIONS:
        given = [re.sub(r"Optional |ByVal |ParamArray ", "", a).split()[0] for a in stubs[function.name].arguments]
        assert [a for a in given if not re.fullmatch(r"depends_on_\d", a)] == [a.name for a in function.arguments]


# -------------------------------------------------------------------------------------------------- no costing


def test_the_only_arithmetic_on_money_is_cost_times_quantity_and_the_sum_of_a_variance() -> None:
    products = [line for s in SOURCES.values() for line in code(s).split("\n") if " * " in line]
    assert [line.strip() for line in products] == ["Multiplied = perUnit * quantity"]
    sums = [
        line for s in SOURCES.values() for line in code(s).split("\n") if re.search(r"\b(total|amount)\w* = .*\+", line)
    ]
    assert len(sums) == 1
    assert not [line for s in SOURCES.values() for line in code(s).split("\n") if re.search(r"\w / \w", line)]


def test_names_that_vba_repeats_are_those_of_the_workbook() -> None:
    elements = re.search(r"ElementNames = Array\((.*)\)", SOURCES["BackflushValues"])
    assert elements
    assert tuple(re.findall(r'"([^"]+)"', elements[1])) == schema.ELEMENTS
    known = re.search(r"For Each known In Array\((.*?)\)\r\n", SOURCES["BackflushLastRun"], re.S)
    assert known
    assert set(re.findall(r'"([^"]+)"', known[1])) == {
        schema.MATERIAL_PRICE, schema.MATERIAL_USAGE, schema.LABOR_RATE, schema.LABOR_EFFICIENCY,
        schema.VARIABLE_SPENDING, schema.VARIABLE_EFFICIENCY, schema.FIXED_SPENDING, schema.FIXED_VOLUME,
        schema.OTHER_CONVERSION, schema.SCRAP_VARIANCE, schema.CONVERSION_ALLOCATION,
    }  # fmt: skip
    assert f'"{schema.EXPENSE_THEN_ADJUST.lower()}"' in SOURCES["BackflushLastRun"]
    for table, column in re.findall(r'ColumnOf\("(\w+)", "([^"]+)"\)', SOURCES["BackflushLastRun"]):
        assert column in schema.TABLES[table].names
    assert f'HelpPage As String = "{help_sheet.SHEET.name}"' in SOURCES["BackflushTables"]
    inputs = re.search(r"InputTableNames = Array\((.*)\)", SOURCES["BackflushTables"])
    assert inputs
    assert set(re.findall(r'"(\w+)"', inputs[1])) == {table.name for table in answers.TABLES}


@every_file
def test_a_module_is_vba(file: Path) -> None:
    """The interpreter's parser reads the whole grammar but WithEvents."""
    source = SOURCES[file.stem].replace("WithEvents ", "")
    parsed = Interpreter().add_module(source, name=file.stem, kind="standard" if file.suffix == ".bas" else "class")
    assert {p.name.lower() for p in procedures(SOURCES[file.stem])} == set(parsed.procedures)
