"""The add-in `xlbackflush.xlam`: our VBA, the VBA module of xlwings, and the ribbon tab, in one package.

The module and the DLL of xlwings carry its version in their names, so that the add-in serves that version alone: the one
that xlbackflush requires (`binaries.XLWINGS`).
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from xlbackflush.ledgers.formats import FORMATS
from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.styles import fewest, section
from xlbackflush.ooxml.xml import Markup, document, element
from xlbackflush.schema.excel import CHECK, EXPLAIN, FUNCTION_GROUP, IMPORT, POST, RESTORE, RUN, UPGRADE, Macro
from xlbackflush.template.binaries import ABOUT_ADDIN, CONFIGURATION, XLWINGS, check_xlwings, xlwings_folder
from xlbackflush.template.parts import CORE_PROPERTIES, VBA_PROJECT, content_types, properties, relations

from .project import blank_sheet, compiled, workbook
from .sources import Module, help_module, modules

#: what is changed in the module of xlwings, each exactly once: its own configuration file; our message box instead of
#: its own; settings from that file alone, never from a sheet of the active workbook or a file beside it, which could
#: name any program as the interpreter; the copy of the DLL that `install` lays beside that file, before the places where
#: xlwings looks, for pip puts the DLL elsewhere when it installs for one user; and none of its functions in the function
#: wizard, but on a Mac, where Python calls one
_CHANGES = (
    ('Public Const PROJECT_NAME As String = "myaddin"', f'Public Const PROJECT_NAME As String = "{CONFIGURATION}"'),
    ("Sub ShowError(", "Sub XlwingsShowError("),
    ('"", Optional source As String = "")', '"", Optional source As String = "user")'),
    (
        "Private Sub XLPyLoadDLL()",
        "Private Sub XLPyLoadDLL()\r\n"
        '    If LoadLibrary(ParentFolder(GetConfigFilePath()) + "\\" + XLPyDLLName) <> 0 Then Exit Sub',
    ),
    (
        '#Const App = "Microsoft Excel"',
        '#If Mac Then\r\n#Else\r\nOption Private Module\r\n#End If\r\n#Const App = "Microsoft Excel"',
    ),
)


def build() -> bytes:
    """The add-in. Raises UnusableError where the installed xlwings is not the one that it is made for."""
    check_xlwings()
    sources = [*modules("addin"), help_module(), *xlwings_modules()]
    return _zipped({**_package(), "xl/vbaProject.bin": compiled(sources, sheets=1)})


def _zipped(parts: dict[str, str | bytes]) -> bytes:
    """Parts as a package, stored as they are: what compresses them differs from computer to computer."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 0  # else the system that builds
            package.writestr(info, content)
    return buffer.getvalue()


# ------------------------------------------------------------------------------------- the module of xlwings


def xlwings_modules() -> list[Module]:
    """The VBA of xlwings for an add-in of one's own, with our changes."""
    folder = xlwings_folder()
    source = _text(folder / "xlwings_custom_addin.bas")
    dictionary = _text(folder / "addin" / "Dictionary.cls")  # on a Mac the module does not compile without it
    return [Module("xlwings", "standard", adapted(source)), Module("Dictionary", "class", whole_class(dictionary))]


def whole_class(source: str) -> str:
    """A class with the two attributes that Excel writes last, and xlwings leaves out."""
    last = re.search(r"^Attribute VB_Exposed = \w+\r\n", source, re.M)
    if last is None or "VB_Customizable" in source:
        raise UnusableError(_UNKNOWN)
    more = "Attribute VB_TemplateDerived = False\r\nAttribute VB_Customizable = False\r\n"
    return source[: last.end()] + more + source[last.end() :]


def adapted(source: str) -> str:
    """The module of xlwings with our changes. Raises UnusableError where one does not fit exactly once."""
    for old, new in _CHANGES:
        if source.count(old) != 1:
            raise UnusableError(_UNKNOWN)
        source = source.replace(old, new)
    return source


_UNKNOWN = f"The VBA of xlwings is not that of {XLWINGS}, which the add-in is made for; nothing was built."


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").replace("\n", "\r\n")  # universal newlines made every line end "\n"
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableError(_UNKNOWN) from error


# ------------------------------------------------------------------------------------------------ the ribbon


@dataclass(frozen=True)
class Button:
    """One button of the tab; its callback in the add-in is `BackflushRibbon` and its name.

    choices: (tag, caption) of the items of a menu, which the callback is told by their tag; none: a plain button.
    """

    name: str
    macro: Macro
    large: bool = False
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def callback(self) -> str:
        return f"BackflushRibbon{self.name}"


_NEW = Macro("", "New workbook", "Write an empty backflush workbook for this month and open it.", "FileNew")
_EXPORT = Macro("", "Export", "Write the posted journal to a file that your ledger imports.", "FileSaveAs")
_HELP = Macro("", "Help", "Show what the functions and buttons do, and whether they are ready.", "Help")

#: groups of the tab: caption, buttons
RIBBON: tuple[tuple[str, tuple[Button, ...]], ...] = (
    ("Workbook", (Button("New", _NEW, True), Button("Import", IMPORT), Button("Upgrade", UPGRADE))),
    ("Period", (Button("Run", RUN, True), Button("Check", CHECK), Button("Post", POST), Button("Restore", RESTORE))),
    ("Audit", (Button("Explain", EXPLAIN, True),)),
    ("Ledger", (Button("Export", _EXPORT, True, tuple((f.name, f.title) for f in FORMATS.values())),)),
    ("Help", (Button("Help", _HELP, True),)),
)


def ribbon_xml() -> str:
    """The ribbon tab; captions and tips of macros are those of `surface`."""
    groups = (
        element("group", *map(_button_xml, buttons), id=f"BackflushGroup{caption}", label=caption)
        for caption, buttons in RIBBON
    )
    tab = element("tab", *groups, id="BackflushTab", label=FUNCTION_GROUP)
    ribbon = element("ribbon", element("tabs", tab))
    return document(element("customUI", ribbon, xmlns="http://schemas.microsoft.com/office/2006/01/customui"))


def _button_xml(button: Button) -> Markup:
    macro, name = button.macro, f"Backflush{button.name}"
    looks = {
        "id": name,
        "label": macro.caption,
        "size": "large" if button.large else "normal",
        "imageMso": macro.image,
        "screentip": macro.caption,
        "supertip": macro.tip,
    }
    if not button.choices:
        return element("button", **looks, onAction=button.callback)
    items = (
        element("button", id=f"{name}{tag}", label=caption, tag=tag, onAction=button.callback)
        for tag, caption in button.choices
    )
    return element("menu", *items, **looks)


# ----------------------------------------------------------------------------------------------- the package

_RIBBON_RELATION = "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility"


def _package() -> dict[str, str | bytes]:
    """The parts of a workbook with one blank sheet, the fewest that Excel asks for, and the ribbon; without the project."""
    view = element("workbookView", visibility="hidden", xWindow=0, yWindow=0, windowWidth=16000, windowHeight=9000)
    font = element("font", element("sz", val=11), element("name", val="Calibri"))
    described = properties("Backflush costing", ABOUT_ADDIN)
    sheet = "xl/worksheets/sheet1.xml"
    return {
        "[Content_Types].xml": content_types(["xl/styles.xml", sheet, *described], ".xlam"),
        "_rels/.rels": relations(
            [
                ("officeDocument", "xl/workbook.xml"),
                (CORE_PROPERTIES, "docProps/core.xml"),
                ("extended-properties", "docProps/app.xml"),
                (_RIBBON_RELATION, "customUI/customUI.xml"),
            ]
        ),
        "customUI/customUI.xml": ribbon_xml(),
        **described,
        "xl/_rels/workbook.xml.rels": relations(
            [("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"), (VBA_PROJECT, "vbaProject.bin")]
        ),
        "xl/styles.xml": fewest(font, None, section("dxfs")),
        "xl/workbook.xml": workbook(["xlbackflush"], element("bookViews", view)),
        sheet: blank_sheet("Sheet1"),
    }
