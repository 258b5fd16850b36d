"""Who is writing a file: locks that the system releases the moment their process ends, however it ends.

Whoever writes a workbook holds the lock of an empty file beside it, so that two computers that share the folder see each
other. The file goes when the lock is released; one that a killed process left behind stops nobody.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
import zlib
from contextlib import suppress
from pathlib import Path

from xlbackflush.model.errors import UnusableError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

#: what a drive without locks says; EBADF: one of a network, of a file that may only be read
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF}
_NAME_BYTES_MAX = 180  # file systems take 255, some of them less; ours add to the name
_WAITS = (0.05, 0.1, 0.2)  # in seconds: Windows deletes a file a moment after it was closed


def short(name: str) -> str:
    """A name to which an ending can be added; a long one is cut, and stays told apart from others that begin alike."""
    content = os.fsencode(name)
    return name if len(content) <= _NAME_BYTES_MAX else f"{name[:40]}-{zlib.crc32(os.fsencode(name.casefold())):08x}"


def take(descriptor: int) -> bool:
    """Take the lock of an open file; False where another process has it. Where a drive knows no locks, all have it."""
    try:
        _lock(descriptor)
    except OSError as error:
        return error.errno in _NO_LOCKS
    return True


def is_left(descriptor: int) -> bool:
    """True for a file whose process has ended: nobody has its lock, and we can take it."""
    try:
        _lock(descriptor)
    except OSError:
        return False
    return True


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def same_file(descriptor: int, path: Path) -> bool:
    """True where an open file still stands under its name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except OSError:
        return False


def lock_file(book: Path) -> Path:
    """The file whose lock is held by who writes a workbook."""
    return book.with_name(f".{short(book.name)}.xlbackflush-lock")


class Lock:
    """The right to write a workbook. UnusableError where another process has it, or where the folder takes no new file."""

    def __init__(self, book: Path) -> None:
        self._book, self._path = book, lock_file(book)
        self._descriptor: int | None = self._taken()

    def release(self) -> None:
        """Let others write it."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            if os.name != "nt" and same_file(self._descriptor, self._path):  # Windows deletes it itself
                self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = None

    def _taken(self) -> int:
        while True:
            descriptor = self._opened()
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise self._in_the_way()
            if not take(descriptor):
                os.close(descriptor)
                raise self._busy()
            if os.name == "nt" or same_file(descriptor, self._path):
                return descriptor
            os.close(descriptor)  # whoever had it took the file away between opening and locking it

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        flags |= getattr(os, "O_TEMPORARY", 0) | getattr(os, "O_NOINHERIT", 0)
        try:
            descriptor = _patiently_opened(self._path, flags)
        except PermissionError as error:
            if not self._path.exists():
                raise self._refused(error) from error
            if os.name == "nt":
                raise self._busy() from error
            return self._opened_to_read()
        except OSError as error:
            raise (self._in_the_way() if os.path.lexists(self._path) else self._refused(error)) from error
        if os.name != "nt":
            with suppress(OSError):  # another user's; ours must be free for others, should we be killed
                os.fchmod(descriptor, 0o666)
        return descriptor

    def _opened_to_read(self) -> int:
        try:
            return os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise self._busy() from error

    def _busy(self) -> UnusableError:
        return UnusableError(
            f"{self._book.name} is being written by another run of xlbackflush; nothing was changed. "
            "Wait until that has finished, and run again."
        )

    def _in_the_way(self) -> UnusableError:
        return UnusableError(f"{self._path} stands where xlbackflush puts its lock; delete it, and run again.")

    def _refused(self, error: OSError) -> UnusableError:
        return UnusableError(
            f"{self._book.name} cannot be written: its folder takes no new file ({error.strerror}); nothing was "
            "changed. Copy the workbook to a folder where you may write."
        )


def _patiently_opened(path: Path, flags: int) -> int:
    for wait in _WAITS:
        try:
            return os.open(path, flags, 0o666)
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(wait)
    return os.open(path, flags, 0o666)
