"""The add-in `xlbackflush.xlam`: our VBA, the VBA module of the installed xlwings, and the ribbon tab, in one package.

It is built where it is used, because the module and the DLL of xlwings carry the version of the package in their names:
built from what is installed, the three always match. The same versions give the same bytes.
"""

from __future__ import annotations

import importlib.util
import re
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from xlbackflush import __version__
from xlbackflush.excel.errors import UnusableError
from xlbackflush.excel.ledgers import FORMATS
from xlbackflush.excel.package import MAIN, write_package
from xlbackflush.excel.vba import Module, compile_into, help_module, modules
from xlbackflush.surface import CHECK, EXPLAIN, FUNCTION_GROUP, POST, RESTORE, RUN, Macro

#: name of the configuration that the module of xlwings reads: ~/.xlbackflush/xlbackflush.conf
PROJECT = "xlbackflush"

#: what is changed in the module of xlwings, each exactly once: its own configuration file; our message box instead of
#: its own; settings from that file alone, never from a sheet of the active workbook or a file beside it, which could name
#: any program as the interpreter; and none of its functions in the function wizard, but on a Mac, where Python calls one
_CHANGES = (
    ('Public Const PROJECT_NAME As String = "myaddin"', f'Public Const PROJECT_NAME As String = "{PROJECT}"'),
    ("Sub ShowError(", "Sub XlwingsShowError("),
    ('"", Optional source As String = "")', '"", Optional source As String = "user")'),
    (
        '#Const App = "Microsoft Excel"',
        '#If Mac Then\r\n#Else\r\nOption Private Module\r\n#End If\r\n#Const App = "Microsoft Excel"',
    ),
)


@dataclass(frozen=True)
class Built:
    """What an add-in was made of: the version of xlwings, and the names of its modules."""

    xlwings: str
    modules: tuple[str, ...]


def build(path: Path) -> Built:
    """Write the add-in, whole or not at all. Raises UnusableError where xlwings is not one that we know."""
    bridge, version = xlwings_modules()
    sources = [*modules("addin"), help_module(), *bridge]
    with tempfile.TemporaryDirectory(prefix="xlbackflush-") as folder:
        book = Path(folder) / "book.xlsm"  # a project can be made in a workbook only; the add-in differs in its type
        write_package(book, _package(version))
        compile_into(book, sources)
        with zipfile.ZipFile(book) as compiled:
            parts: dict[str, str | bytes] = {name: compiled.read(name) for name in compiled.namelist()}
            parts[_TYPES] = compiled.read(_TYPES).replace(_BOOK.encode(), _ADDIN.encode())
    write_package(path, parts)
    return Built(version, tuple(source.name for source in sources))


# ------------------------------------------------------------------------------------- the module of xlwings


def xlwings_folder() -> Path:
    """Folder of the installed xlwings, which is not imported for it."""
    spec = importlib.util.find_spec("xlwings")
    if spec is None or spec.origin is None:
        raise UnusableError("xlwings is not installed beside xlbackflush; install it: python -m pip install xlwings")
    return Path(spec.origin).parent


def xlwings_modules() -> tuple[list[Module], str]:
    """The VBA of xlwings for an add-in of one's own, with our changes, and its version."""
    folder = xlwings_folder()
    source = _text(folder / "xlwings_custom_addin.bas")
    version = re.search(r'^Public Const XLWINGS_VERSION As String = "([^"]+)"', source, re.M)
    if version is None:
        raise UnusableError(_UNKNOWN)
    dictionary = _text(folder / "addin" / "Dictionary.cls")  # on a Mac the module does not compile without it
    return [Module("xlwings", "standard", adapted(source)), Module("Dictionary", "class", dictionary)], version[1]


def adapted(source: str) -> str:
    """The module of xlwings with our changes. Raises UnusableError where one does not fit exactly once."""
    for old, new in _CHANGES:
        if source.count(old) != 1:
            raise UnusableError(_UNKNOWN)
        source = source.replace(old, new)
    return source


_UNKNOWN = (
    "This version of xlwings is not known to xlbackflush; nothing was changed. "
    "Install one that is: python -m pip install --upgrade xlbackflush"
)


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
    ("Workbook", (Button("New", _NEW, True),)),
    ("Period", (Button("Run", RUN, True), Button("Check", CHECK), Button("Post", POST), Button("Restore", RESTORE))),
    ("Audit", (Button("Explain", EXPLAIN, True),)),
    ("Ledger", (Button("Export", _EXPORT, True, tuple((f.name, f.title) for f in FORMATS.values())),)),
    ("Help", (Button("Help", _HELP, True),)),
)


def ribbon_xml() -> str:
    """The ribbon tab; captions and tips of macros are those of `surface`."""
    groups = []
    for caption, buttons in RIBBON:
        inside = "".join(_button_xml(b) for b in buttons)
        groups.append(f'<group id="BackflushGroup{caption}" label={quoteattr(caption)}>{inside}</group>')
    return (
        f'{_HEAD}<customUI xmlns="http://schemas.microsoft.com/office/2006/01/customui"><ribbon><tabs>'
        f'<tab id="BackflushTab" label={quoteattr(FUNCTION_GROUP)}>{"".join(groups)}</tab></tabs></ribbon></customUI>'
    )


def _button_xml(button: Button) -> str:
    macro = button.macro
    size = "large" if button.large else "normal"
    looks = (
        f'id="Backflush{button.name}" label={quoteattr(macro.caption)} size="{size}" '
        f"imageMso={quoteattr(macro.image)} screentip={quoteattr(macro.caption)} supertip={quoteattr(macro.tip)}"
    )
    if not button.choices:
        return f'<button {looks} onAction="{button.callback}"/>'
    items = "".join(
        f'<button id="Backflush{button.name}{tag}" label={quoteattr(caption)} tag="{tag}" onAction="{button.callback}"/>'
        for tag, caption in button.choices
    )
    return f"<menu {looks}>{items}</menu>"


# ----------------------------------------------------------------------------------------------- the package

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_CORE_RELATION = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
_RIBBON_RELATION = "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_BOOK = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_ADDIN = "application/vnd.ms-excel.addin.macroEnabled.main+xml"
_TYPES = "[Content_Types].xml"


def _package(xlwings: str) -> dict[str, str | bytes]:
    """The parts of a workbook with one empty sheet, the fewest that Excel asks for, and the ribbon."""
    about = f"Button, ribbon tab and functions of xlbackflush {__version__}, with the VBA module of xlwings {xlwings}."
    return {
        _TYPES: _content_types(),
        "_rels/.rels": _relations(
            (f"{_OFFICE}/officeDocument", "xl/workbook.xml"),
            (_CORE_RELATION, "docProps/core.xml"),
            (f"{_OFFICE}/extended-properties", "docProps/app.xml"),
            (_RIBBON_RELATION, "customUI/customUI.xml"),
        ),
        "customUI/customUI.xml": ribbon_xml(),
        "docProps/app.xml": f'{_HEAD}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/'
        'extended-properties"><Application>xlbackflush</Application></Properties>',
        "docProps/core.xml": f'{_HEAD}<cp:coreProperties xmlns:cp="{_CORE}" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>Backflush costing</dc:title><dc:creator>xlbackflush</dc:creator>"
        f"<dc:description>{escape(about)}</dc:description></cp:coreProperties>",
        "xl/_rels/workbook.xml.rels": _relations(
            (f"{_OFFICE}/worksheet", "worksheets/sheet1.xml"), (f"{_OFFICE}/styles", "styles.xml")
        ),
        "xl/styles.xml": _STYLES,
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}"><workbookPr codeName="ThisWorkbook"/>'
        '<sheets><sheet name="xlbackflush" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'{_HEAD}<worksheet xmlns="{MAIN}"><sheetPr codeName="Sheet1"/><sheetData/></worksheet>',
    }


def _relations(*relations: tuple[str, str]) -> str:
    body = "".join(f'<Relationship Id="rId{i}" Type="{t}" Target="{to}"/>' for i, (t, to) in enumerate(relations, 1))
    return f'{_HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{body}</Relationships>'


def _content_types() -> str:
    overrides: Iterable[tuple[str, str]] = (
        ("/xl/workbook.xml", _BOOK),
        ("/xl/styles.xml", f"{_SHEET}.styles+xml"),
        ("/xl/worksheets/sheet1.xml", f"{_SHEET}.worksheet+xml"),
        ("/docProps/app.xml", "application/vnd.openxmlformats-officedocument.extended-properties+xml"),
        ("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"),
    )
    body = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides)
    return (
        f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{body}</Types>'
    )


_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
