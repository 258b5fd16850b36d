"""The VBA sources, module by module.

The sources are the files of `vba/`, one module each: `.bas` a standard module, `.cls` a class, `ThisWorkbook.cls` the
document module of the workbook. `workbook/` goes into every workbook, `addin/` into the add-in, `common/` into both.
What the function wizard shows is not typed there: `described` adds it from `surface`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from xlbackflush.schema.excel import BUILT_IN_GROUPS, FUNCTION_GROUP, FUNCTIONS, Function

_VBA = Path(__file__).parents[1]

_SIGNATURE = r"^Public Function {name}\((?:[^\r\n]*_\r?\n)*[^\r\n]*\r\n"


@dataclass(frozen=True)
class Module:
    """One VBA module: its name, its kind, its source with CRLF line ends."""

    name: str
    kind: Literal["standard", "class", "document"]
    source: str


def modules(folder: str) -> list[Module]:
    """The modules for a "workbook" or the "addin", by name; those of a workbook with the help of the function wizard."""
    sources = []
    for file in sorted((f for part in (folder, "common") for f in (_VBA / part).iterdir()), key=lambda f: f.name):
        if file.suffix in (".bas", ".cls"):
            source = "\r\n".join(file.read_bytes().decode("ascii").splitlines()) + "\r\n"
            kind: Literal["standard", "class", "document"] = (
                "document" if file.stem == "ThisWorkbook" else "standard" if file.suffix == ".bas" else "class"
            )
            sources.append(Module(file.stem, kind, source))
    return [described(m, FUNCTIONS) for m in sources] if folder == "workbook" else sources


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
