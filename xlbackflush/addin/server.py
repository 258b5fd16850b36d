"""What the add-in asks of the Python that stays with Excel, beyond answers to cells: to do at once what a button says.

The process is that of the cell functions. It is ready before the first click, and it may outlive an upgrade of the package:
the add-in asks before each use whether it is up to date, and replaces it where it is not.
"""

import sys
import threading
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def _code() -> tuple[int, int, int]:
    """The code of the package on the disk: number of files, bytes, time of the last change in nanoseconds."""
    files = [file.stat() for file in _PACKAGE.rglob("*.py")]
    return len(files), sum(file.st_size for file in files), max(file.st_mtime_ns for file in files)


_loaded = _code()


def is_current() -> bool:
    """Whether this process runs the code that is on the disk."""
    return _code() == _loaded


def prepare() -> None:
    """Import what a run needs, beside other work: Excel does not wait for it."""
    threading.Thread(target=_import_macros, daemon=True).start()


def _import_macros() -> None:
    import xlbackflush.addin.macros  # noqa: F401


def press(book: str, window: int, verb: str, argument: str = "") -> None:
    """Do what a button says; its sentence is left in the status bar.

    book: name of the workbook; window: number of Excel's window; verb: name of a macro of `macros`.
    """
    from xlbackflush.addin import macros

    sys.argv[1:] = [f"--wb={book}", "--from_xl=1", f"--hwnd={window}"]  # where xlwings looks for the calling workbook
    getattr(macros, verb)(*([argument] if argument else []))
