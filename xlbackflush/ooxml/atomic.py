"""The one way to put a file, or a folder, in place: whole or not at all.

What is new is made in a workshop, a folder beside its place that nobody else can look into; it is forced to the disk, and
moved to its place in one step. Whatever fails before that leaves what was there as it was, byte for byte, and nothing
beside it. A workshop whose process was killed is cleared away by the next command.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml import rename
from xlbackflush.ooxml.lock import is_left, same_file, short, take

#: what a file is to hold, or what writes it to the path that it is given
Content = bytes | Callable[[Path], object]

#: errors of Windows where another program has a file open: ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION
_IN_USE = (5, 32)
_WAITS = (0.05, 0.1, 0.2, 0.4)  # in seconds: virus scanners and indexers hold a new file for a moment

_ACCESS_LIST = "system.posix_acl_access"
#: the folder that a new file or folder is made in, and the file there that its process has locked
_WORKSHOP = re.compile(r"\..*\.xlbackflush-[0-9a-f]{16}", re.S)
_OWNER = "owner"


class NewFile:
    """A file in the making. Use it in a `with` block: what was not put in place by its end is gone."""

    def __init__(self, target: Path, like: Path | None = None, private: bool = False) -> None:
        """like: the file of whose content it shows something, by default the one that it replaces.

        No more people may read it than may read that one; what takes the place of its `like` takes over all its
        attributes. private: only its user may read it, and it is no result of the command (see `written`).
        """
        self.target, self._like, self._private = target, like or target, private
        self._shop = Workshop(target)
        self.path = self._shop.path / target.name
        try:
            mode = 0o600 if private or self._like.exists() else 0o666  # until it has the permissions of the other one
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        except BaseException:
            self._shop.close()
            raise

    def __enter__(self) -> NewFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def write(self, content: Content) -> None:
        """The whole content, safe on the disk, under the temporary name."""
        _fill(self.path, content)
        if self._like.exists() and not self._private:
            copy_attributes(self._like, self.path, self._like == self.target)
            if self._like != self.target and self.target.exists():  # nor more than may read what it replaces
                _change_mode(self.path, stat.S_IMODE(self.path.stat().st_mode & self.target.stat().st_mode) | 0o600)
        _sync(self.path)

    def put(self) -> None:
        """Move it into its place, in one step, whatever is there."""
        self._about_to_put()
        _patiently(self.path.replace, self.target)
        sync_folder(self.target.parent)

    def put_new(self) -> None:
        """Move it into its place, in one step. FileExistsError where there is something by now."""
        self._about_to_put()
        _patiently(lambda target: rename.to_free_name(self.path, target), self.target)
        sync_folder(self.target.parent)

    def put_over(self, content: bytes) -> bool:
        """Move it into its place, in one step; False, with nothing changed, where that no longer holds this content."""
        if self.target.read_bytes() != content:
            return False
        self._about_to_put()
        if not rename.exchanged(self.path, self.target):
            _patiently(self.path.replace, self.target)
        elif not _holds(self.path, content):  # somebody wrote it between our last look and now: theirs stands
            rename.exchanged(self.path, self.target)
            return False
        sync_folder(self.target.parent)
        return True

    def _about_to_put(self) -> None:
        if not self._private:
            _about_to_put(self.path, self.target)

    def discard(self) -> None:
        """Leave nothing of it, unless it was put in place."""
        self._shop.close()


#: where something was put, or was about to be, and what
_PUT: list[tuple[Path, os.stat_result]] = []


def forget_written() -> None:
    """Begin anew with `written`."""
    _PUT.clear()


def written() -> list[Path]:
    """What this process has put in place since, and what is still there, at whatever moment it was stopped."""

    def stands(path: Path, status: os.stat_result) -> bool:
        try:
            return os.path.samestat(path.lstat(), status)
        except OSError:
            return False

    return list(dict.fromkeys(path for path, status in _PUT if stands(path, status)))


def _about_to_put(path: Path, target: Path) -> None:
    _PUT.append((target, path.lstat()))


class Workshop:
    """A folder beside a target in which it is made, for as long as a process holds the lock of a file in it."""

    def __init__(self, target: Path) -> None:
        clear_workshops(target.parent)
        while True:
            self.path = target.with_name(f".{short(target.stem)}.xlbackflush-{os.urandom(8).hex()}")
            self.path.mkdir(0o700)
            try:
                self._descriptor = os.open(self.path / _OWNER, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            except FileNotFoundError:  # another process took it for one without an owner
                continue
            except BaseException:
                self.path.rmdir()
                raise
            if os.name == "nt" or (take(self._descriptor) and same_file(self._descriptor, self.path / _OWNER)):
                return
            os.close(self._descriptor)

    def close(self) -> None:
        """Clear it away with all that is still in it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            try:
                _delete(self.path)
            except KeyboardInterrupt:
                _delete(self.path)
                raise


def clear_workshops(folder: Path) -> None:
    """Clear away what processes that were killed have left in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        found = [entry for entry in entries if entry.name.startswith(".") and _WORKSHOP.fullmatch(entry.name)]
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                _clear(Path(entry.path))


def _clear(shop: Path) -> None:
    owner = shop / _OWNER
    with suppress(OSError):
        if os.name == "nt":
            owner.unlink(missing_ok=True)  # refused while its process has it open
            _delete(shop)
            return
        if not owner.exists():
            shop.rmdir()  # one that is just being made has no owner yet
            return
        descriptor = os.open(owner, os.O_RDWR | os.O_NOFOLLOW)
        try:
            if is_left(descriptor):
                _delete(shop)
        finally:
            os.close(descriptor)


def _delete(shop: Path) -> None:
    if os.name == "nt":  # which does not delete what is read-only
        for path in shop.rglob("*"):
            path.chmod(0o700)
    shutil.rmtree(shop, ignore_errors=True)


def write_file(
    target: Path, content: Content, like: Path | None = None, new: bool = False, private: bool = False
) -> None:
    """Put a file in place, whole or not at all. new: FileExistsError where there is one; like, private: see `NewFile`."""
    try:
        with NewFile(target, like, private) as file:
            file.write(content)
            file.put_new() if new else file.put()
    except OSError as error:
        error.filename, error.filename2 = str(target), None  # the temporary name would say nothing to anybody
        raise


def write_folder(target: Path, files: Mapping[str, bytes], like: Path | None = None) -> None:
    """Put a folder in place, whole or not at all: files by their names in it. What an old folder held goes.

    like: a file of whose content they show something; no more people may read them.
    """
    shop = Workshop(target)
    try:
        new, old = shop.path / "new", shop.path / "old"
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if like:
                copy_attributes(like, path, False)
            _sync(path)
        for folder in [path for path in new.rglob("*") if path.is_dir()] + [new]:
            if like:
                copy_attributes(like, folder, False)
            sync_folder(folder)
        _about_to_put(new, target)
        if not target.exists():
            _patiently(new.rename, target)
        elif not rename.exchanged(new, target):
            _patiently(target.rename, old)
            try:
                _patiently(new.rename, target)
            except BaseException:
                old.rename(target)
                raise
        sync_folder(target.parent)
    finally:
        shop.close()


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:  # what cannot be read is not known to be ours to replace
        return False


def _fill(path: Path, content: Content) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Force to the disk what a folder holds, where the system can: a name that was given is not lost with the power."""
    if os.name != "nt":
        with suppress(OSError):  # some network drives cannot; the file itself is safe
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


# ------------------------------------------------------------------------------------------------ attributes


def copy_attributes(source: Path, path: Path, whole: bool) -> None:
    """Let a file or folder be read by those who may read the source, and by nobody else.

    whole: it takes the place of the source, and its owner and extended attributes too, as far as this user may. A copy is
    its own user's: they may write it although the source is read-only.
    """
    if os.name == "nt":
        if whole:
            shutil.copymode(source, path)
        return
    status = source.stat()
    mode = stat.S_IMODE(status.st_mode) & (0o7777 if whole else 0o666)
    if not whole:
        mode |= 0o600
    if path.is_dir():
        mode |= 0o700 | (mode & 0o444) >> 2
    if whole and status.st_uid != path.stat().st_uid:
        with suppress(OSError):
            os.chown(path, status.st_uid, -1)
    if status.st_gid != path.stat().st_gid:
        try:
            os.chown(path, -1, status.st_gid)
        except OSError:  # another group than the one that may: it may what everybody may
            mode = mode & ~0o070 | (mode & 0o007) << 3
    _change_mode(path, mode)
    _copy_extended(source, path, whole)


def _change_mode(path: Path, mode: int) -> None:
    try:
        path.chmod(mode)
    except OSError:  # drives without modes give every file the same one
        if stat.S_IMODE(path.stat().st_mode) & 0o077 & ~mode:
            raise


def _copy_extended(source: Path, path: Path, whole: bool) -> None:
    """Extended attributes, of a copy only the list of those who may read it: not one that its folder gives to all in it."""
    if not hasattr(os, "listxattr"):
        return
    try:
        names = set(os.listxattr(source))
        if _ACCESS_LIST in os.listxattr(path):
            os.removexattr(path, _ACCESS_LIST)
    except OSError:
        return
    if path.is_dir():
        if _ACCESS_LIST in names:  # a list for files lets nobody into a folder
            _change_mode(path, 0o700)
        return
    for name in sorted(names if whole else names & {_ACCESS_LIST}):
        with suppress(OSError):  # some only the system may write
            os.setxattr(path, name, os.getxattr(source, name))


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
