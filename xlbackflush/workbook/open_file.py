"""Before a workbook file is opened: is it one that can be read, may it be written, and has anybody else got it open?"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from xlbackflush.model.errors import UnusableError
from xlbackflush.model.text import UNWRITABLE
from xlbackflush.ooxml.atomic import clear_workshops
from xlbackflush.ooxml.lock import Lock, lock_file

_WHY = {
    errno.ELOOP: "leads round in a circle of links; give the name of the workbook itself",
    errno.EACCES: "cannot be read: you may not look into its folder",
    errno.ENAMETOOLONG: "has too long a name for this disk",
}


def usable(path: Path, to_write: bool) -> Path:
    """The real path of a file that can be read, and, to be written, that nobody has open."""
    try:
        real = path.resolve(strict=True)
    except RuntimeError as error:  # what Python before 3.13 says of a loop of links
        raise UnusableError(f"{path} {_WHY[errno.ELOOP]}.") from error
    except OSError as error:
        raise UnusableError(f"{path} {_WHY.get(error.errno or 0, 'does not exist')}.") from error
    status = real.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UnusableError(f"{real.name} is a folder.")
    if not stat.S_ISREG(status.st_mode):
        raise UnusableError(f"{real.name} is not a file but a device or a pipe.")
    if to_write:
        check_free(real)
    if not os.access(real, os.R_OK):
        raise UnusableError(f"{real.name} cannot be read.")
    if to_write and not (os.access(real, os.W_OK) and status.st_mode & 0o200):
        raise UnusableError(f"{real.name} is read-only.")
    try:
        with real.open("rb+" if to_write else "rb"):
            pass
    except OSError as error:
        raise UnusableError(f"{real.name} is open in another program; close it there first.") from error
    return real


def reserved(path: Path) -> Lock:
    """The right to write a workbook, as long as it is not released.

    A file with several names is refused: replaced under one of them, the others would keep the old content, and written in
    place it would be lost if the power fails.
    """
    clear_workshops(path.parent)
    names = path.stat().st_nlink
    if names > 1:
        raise UnusableError(
            f"{path.name} is one file under {names} names (hard links), which would no longer be the same after a save; "
            "make a copy of it, and use that."
        )
    return Lock(path)


def tidied(path: Path) -> None:
    """Clear what killed commands have left beside a workbook that is only read."""
    clear_workshops(path.parent)
    if lock_file(path).exists():
        with suppress(UnusableError):  # somebody is writing it
            Lock(path).release()


def check_new(path: Path) -> None:
    """Raise UnusableError where no workbook can be written under this name."""
    if path.suffix.lower() not in (".xlsm", ".xlsx"):
        raise UnusableError(f"{path.name}: give the workbook the ending .xlsm (or .xlsx, without macros).")
    check_name(path)
    if not path.parent.is_dir():
        raise UnusableError(f"The folder {path.parent} does not exist.")


def check_name(path: Path) -> None:
    """Refuse a file whose name cannot be written into a workbook or a report."""
    if UNWRITABLE.search(path.name):
        raise UnusableError(f"The name {path.name} has characters that no workbook can hold; rename the file.")


def check_free(path: Path) -> None:
    """Refuse a file that Excel or LibreOffice has open: each leaves a lock file beside it.

    That of Excel has ~$ before the name, or, where the name is long, in place of its first two characters. Then it may be
    that of another workbook, with a name shorter by these two; where that one is there, it is.
    """
    names = [f"~${path.name}", f".~lock.{path.name}#"]
    if not os.path.lexists(path.with_name(path.name[2:] or path.name)):
        names.append(f"~${path.name[2:]}")
    for name in names:
        if os.path.lexists(path.with_name(name)):
            raise UnusableError(f"{path.name} is open in another program; close it there first ({name}).")
