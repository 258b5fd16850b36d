"""What is built once and installed as it is: the VBA project of every workbook, and the add-in.

The add-in holds the VBA of one version of xlwings, whose DLL and script carry that version in their names. So xlbackflush
requires exactly that version.
"""

import importlib.metadata
import importlib.util
from importlib.resources import files
from pathlib import Path

from xlbackflush import __version__
from xlbackflush.model.errors import UnusableError
from xlbackflush.schema.excel import ADDIN

#: the version of xlwings that the add-in is made for
XLWINGS = "0.37.8"

#: name of the configuration that the module of xlwings reads: ~/.xlbackflush/xlbackflush.conf
CONFIGURATION = "xlbackflush"

#: what the add-in's properties say of it; so another version of it can be told
ABOUT_ADDIN = (
    f"Button, ribbon tab and functions of xlbackflush {__version__}, with the VBA module of xlwings {XLWINGS}."
)


PROJECT = "vbaProject.bin"


def built(name: str = ADDIN) -> bytes:
    """The content of one of them: the add-in, or `PROJECT`."""
    try:
        return files("xlbackflush.vba").joinpath("built", name).read_bytes()
    except (OSError, ModuleNotFoundError) as error:
        raise UnusableError(
            f"{name} is missing in this installation of xlbackflush; install it again: "
            "python -m pip install --force-reinstall --no-deps xlbackflush"
        ) from error


def check_xlwings() -> None:
    """Raise UnusableError where xlwings is missing, or is another version than the add-in's."""
    try:
        installed = importlib.metadata.version("xlwings")
    except importlib.metadata.PackageNotFoundError:
        installed = ""
    if installed != XLWINGS:
        there = f"xlwings {installed} is installed, but" if installed else "xlwings is not installed;"
        raise UnusableError(
            f"{there} the add-in is made for xlwings {XLWINGS}. Run: python -m pip install xlwings=={XLWINGS}"
        )


def xlwings_folder() -> Path:
    """Folder of the installed xlwings, which is not imported for it."""
    check_xlwings()
    spec = importlib.util.find_spec("xlwings")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent
