"""The one way to put a file, or a folder, in place: whole or not at all.

A new file is written under a temporary name in the folder of the one whose place it takes, forced to the disk, and moved
there in one step. Whatever fails before that leaves the old file as it was, byte for byte, and nothing beside it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from xlbackflush.model.errors import UnusableError

#: what a file is to hold, or what writes it to the path that it is given
Content = bytes | Callable[[Path], object]

#: errors of Windows where another program has a file open: ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION
_IN_USE = (5, 32)
_WAITS = (0.05, 0.1, 0.2, 0.4)  # in seconds: virus scanners and indexers hold a new file for a moment


class NewFile:
    """A file in the making. Use it in a `with` block: what was not put in place by its end is gone."""

    def __init__(self, target: Path, like: Path | None = None) -> None:
        """like: the file whose permissions it takes, by default the one that it replaces; else those of any new file."""
        self.target, self._like = target, like or target
        self.path = target.with_name(f".{target.stem}-{secrets.token_hex(4)}{target.suffix}")
        private = 0o600 if self._like.exists() else 0o666  # until it has the permissions of the other one
        os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, private))

    def __enter__(self) -> NewFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def write(self, content: Content) -> None:
        """The whole content, safe on the disk, under the temporary name."""
        _write(self.path, content)
        if self._like.exists():
            shutil.copymode(self._like, self.path)

    def put(self) -> None:
        """Move it into its place, in one step."""
        _patiently(self.path.replace, self.target)

    def discard(self) -> None:
        """Leave nothing of it, unless it was put in place."""
        with suppress(FileNotFoundError):
            self.path.chmod(0o600)  # Windows does not delete what is read-only
            self.path.unlink()


def write_file(target: Path, content: Content) -> None:
    """Put a file in place, whole or not at all."""
    try:
        with NewFile(target) as new:
            new.write(content)
            new.put()
    except OSError as error:
        error.filename = str(target)  # the temporary name would say nothing to anybody
        raise


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Put a folder in place, whole or not at all: files by their names in it. What an old folder held goes."""
    workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        new, old = workshop / "new", workshop / "old"
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content)
        if target.exists():
            _patiently(target.rename, old)
        try:
            _patiently(new.rename, target)
        except BaseException:
            if old.exists():
                old.rename(target)
            raise
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _write(path: Path, content: Content) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _patiently(move: Callable[[Path], object], target: Path) -> None:
    for wait in _WAITS:
        try:
            move(target)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _IN_USE:
                raise
            time.sleep(wait)
    move(target)


@contextmanager
def explained(name: object, remedy: str) -> Iterator[None]:
    """A file that cannot be written ends in a sentence; `remedy` is for one that is open or protected."""
    try:
        yield
    except OSError as error:
        raise UnusableError(unwritable(name, error, remedy)) from error


def unwritable(name: object, error: OSError, remedy: str) -> str:
    """Why a file cannot be written, as a sentence."""
    why = f"; {remedy}" if isinstance(error, PermissionError) else f": {error.strerror or error}"
    return f"{name} cannot be written{why}."
