"""VBA sources, and their way into a workbook or add-in.

The sources are the files of `vba/`, one module each: `.bas` a standard module, `.cls` a class, `ThisWorkbook.cls` the
document module of the workbook. `workbook/` goes into every workbook, `addin/` into the add-in, `common/` into both.
What the function wizard shows is not typed there: `described` adds it from `surface`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Literal

from xlbackflush.surface import FUNCTION_GROUP, FUNCTIONS, Function

#: number of built-in categories of the function wizard; ours, the first of the user's, comes next
BUILT_IN_GROUPS = 19

_SIGNATURE = r"^Public Function {name}\((?:[^\r\n]*_\r?\n)*[^\r\n]*\r\n"


@dataclass(frozen=True)
class Module:
    """One VBA module: its name, its kind, its source with CRLF line ends."""

    name: str
    kind: Literal["standard", "class", "document"]
    source: str


def modules(folder: str) -> list[Module]:
    """The modules for a "workbook" or the "addin", by name; those of a workbook with the help of the function wizard."""
    found = []
    root = files("xlbackflush.vba")
    for file in sorted((f for part in (folder, "common") for f in root.joinpath(part).iterdir()), key=lambda f: f.name):
        stem, _, suffix = file.name.rpartition(".")
        if suffix in ("bas", "cls"):
            source = "\r\n".join(file.read_bytes().decode("ascii").splitlines()) + "\r\n"
            kind: Literal["standard", "class", "document"] = (
                "document" if stem == "ThisWorkbook" else "standard" if suffix == "bas" else "class"
            )
            found.append(Module(stem, kind, source))
    return [described(m, FUNCTIONS) for m in found] if folder == "workbook" else found


def described(module: Module, functions: Iterable[Function]) -> Module:
    """The module with the description and category of its functions, as attributes that only the wizard shows."""
    source = module.source
    for function in functions:
        match = re.search(_SIGNATURE.format(name=function.name), source, re.M)
        if match:
            lines = (
                f"Attribute {function.name}.VB_Description = {_quoted(function.help)}\r\n"
                f'Attribute {function.name}.VB_ProcData.VB_Invoke_Func = " \\n{BUILT_IN_GROUPS + 1}"\r\n'
            )
            source = source[: match.end()] + lines + source[match.end() :]
    return replace(module, source=source)


def help_module() -> Module:
    """A module of the add-in that tells the function wizard what each argument is; a file cannot say it.

    `DescribeFunctions` takes the name of a workbook that holds our stubs. Excel refuses while the wizard is open or the
    workbook is an add-in: then the descriptions of the functions alone remain.
    """
    lines = [
        'Attribute VB_Name = "BackflushHelp"',
        "Option Explicit",
        "Option Private Module",
        '\'@Folder("Backflush")',
        "' Made from the list of functions; not typed by hand.",
        "",
        "Public Sub DescribeFunctions(ByVal bookName As String)",
        '    Dim prefix As String: prefix = "\'" & Replace(bookName, "\'", "\'\'") & "\'!"',
    ]
    for function in FUNCTIONS:
        lines += [
            f'    Application.MacroOptions Macro:=prefix & "{function.name}", _',
            f"        Description:={_quoted(function.help)}, _",
            f"        Category:={_quoted(FUNCTION_GROUP)}, _",
            "        ArgumentDescriptions:=Array( _",
            *(f"            {_quoted(argument.help)}, _" for argument in function.arguments[:-1]),
            f"            {_quoted(function.arguments[-1].help)})",
        ]
    return Module("BackflushHelp", "standard", "\r\n".join([*lines, "End Sub", ""]))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def compile_into(path: Path, sources: Iterable[Module]) -> None:
    """Put modules into the VBA project of an .xlsm or .xlam file, which is made where there is none.

    The project holds sources alone: Excel compiles them when it opens the file. The same modules give the same bytes.
    """
    from pyopenvba import ExcelFile, VBAModuleKind

    with ExcelFile(path) as file:
        project = file.vba_project() if file.has_vba_project() else file.add_vba_project()
        for module in sources:
            if module.kind == "document":
                file.set_module(module.name, module.source)
            else:
                kind = VBAModuleKind.standard if module.kind == "standard" else VBAModuleKind.other
                project.add_module(module.name, module.source, kind=kind)
        file.save(path)
