"""Renames that Python itself does not have: one that replaces nothing, and one that exchanges two names in one step."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

_HERE = -100  # AT_FDCWD of Linux: names are relative to the working folder
_UNKNOWN = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}  # by the system, or by a drive of it


def to_free_name(path: Path, target: Path) -> None:
    """Give a file a name that is free. FileExistsError where it is not."""
    if os.name == "nt":
        path.rename(target)
    elif not _renamed(path, target, linux=1, mac=4):
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        path.rename(target)


def exchanged(one: Path, other: Path) -> bool:
    """Exchange two files or folders in one step, so that neither name is ever without one; False where that cannot be."""
    return os.name != "nt" and _renamed(one, other, linux=2, mac=2)


def _renamed(path: Path, target: Path, linux: int, mac: int) -> bool:
    """Rename with a flag of the system's own; False where it, or the drive, knows no such thing."""
    import ctypes  # late: half of all commands rename nothing

    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(path), os.fsencode(target)
    try:
        if sys.platform == "darwin":
            failed = library.renamex_np(*names, ctypes.c_uint(mac))
        else:
            failed = library.renameat2(_HERE, names[0], _HERE, names[1], ctypes.c_uint(linux))
    except AttributeError:
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), str(target))
