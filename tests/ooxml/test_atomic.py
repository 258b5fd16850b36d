"""A file is put in place whole or not at all: whichever step fails, the old one stays, and nothing is left beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml import atomic
from xlbackflush.ooxml.atomic import NewFile, explained, write_file, write_folder

OLD, NEW = b"what was there", b"what comes, which is longer"
FULL = OSError(28, "No space left on device")
LOCKED = PermissionError(13, "Permission denied")
STOPPED = KeyboardInterrupt()


def fails(error: BaseException) -> Callable[..., NoReturn]:
    def raises(*_: object, **__: object) -> NoReturn:
        raise error

    return raises


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "book.xlsm"
    path.write_bytes(OLD)
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# ---------------------------------------------------------------------------------------------------- files


def test_a_file_takes_the_place_of_another(target: Path) -> None:
    write_file(target, NEW)
    assert tree(target.parent) == {"book.xlsm": NEW}


def test_a_function_may_write_the_content(tmp_path: Path) -> None:
    write_file(tmp_path / "a.txt", lambda path: path.write_text("text", encoding="ascii"))
    assert tree(tmp_path) == {"a.txt": b"text"}


def test_the_old_file_stands_until_the_new_one_is_whole(target: Path) -> None:
    seen = []

    def look(path: Path) -> None:
        path.write_bytes(NEW)
        seen.append((target.read_bytes(), path.parent, path.suffix))

    write_file(target, look)
    assert seen == [(OLD, target.parent, ".xlsm")]


@pytest.mark.parametrize("error", [FULL, LOCKED, STOPPED], ids=repr)
@pytest.mark.parametrize("step", ["os.open", "content", "os.fsync", "shutil.copymode", "pathlib.Path.replace"])
@pytest.mark.parametrize("there", [True, False])
def test_whatever_fails_the_old_file_stays_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException, there: bool
) -> None:
    target = tmp_path / "book.xlsm"
    if there:
        target.write_bytes(OLD)
    before = tree(tmp_path)

    def half(path: Path) -> NoReturn:
        path.write_bytes(NEW[:5])
        raise error

    if step != "content":
        monkeypatch.setattr(step, fails(error))
    if step == "shutil.copymode" and not there:
        write_file(target, NEW)  # there are no permissions to copy
        return
    with pytest.raises(type(error)):
        write_file(target, half if step == "content" else NEW)
    monkeypatch.undo()
    assert tree(tmp_path) == before


def test_a_new_file_that_does_not_pass_a_check_is_gone(target: Path) -> None:
    with pytest.raises(ValueError, match="not whole"), NewFile(target) as new:
        new.write(NEW)
        assert new.path.read_bytes() == NEW
        raise ValueError("not whole")
    assert tree(target.parent) == {"book.xlsm": OLD}


def test_a_new_file_that_nobody_put_in_place_is_gone(target: Path) -> None:
    with NewFile(target) as new:
        new.write(NEW)
    assert tree(target.parent) == {"book.xlsm": OLD}


def test_an_error_names_the_file_and_not_the_temporary_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_file(tmp_path / "nowhere" / "a.csv", NEW)
    assert caught.value.filename == str(tmp_path / "nowhere" / "a.csv")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("permissions", [0o600, 0o640, 0o444])
def test_a_file_keeps_the_permissions_of_the_one_it_replaces(target: Path, permissions: int) -> None:
    target.chmod(permissions)
    seen = []

    def look(path: Path) -> None:
        seen.append(mode(path))
        path.write_bytes(NEW)

    write_file(target, look)
    assert mode(target) == permissions
    assert seen == [0o600], "nobody else reads along while it is written"


def test_a_read_only_file_that_cannot_be_replaced_leaves_nothing_beside_it(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows neither replaces nor deletes a file that is read-only."""
    target.chmod(0o444)
    delete = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.exists() and not mode(path) & 0o200:
            raise LOCKED
        delete(path, missing_ok)

    monkeypatch.setattr(Path, "replace", fails(LOCKED))
    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(PermissionError):
        write_file(target, NEW)
    assert tree(target.parent) == {"book.xlsm": OLD}
    assert not mode(target) & 0o200


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_file_can_take_the_permissions_of_its_workbook(target: Path) -> None:
    target.chmod(0o640)
    view = target.with_suffix(".csv")
    with NewFile(view, like=target) as new:
        new.write(NEW)
        new.put()
    assert mode(view) == 0o640


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "any").touch()
    write_file(tmp_path / "new", NEW)
    assert mode(tmp_path / "new") == mode(tmp_path / "any")


def held(times: int, number: int | None, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Windows refuses to replace a file so many times; gives the list of the waits in between."""
    left, waits, free = [times], [], Path.replace

    def replace(path: Path, target: Path) -> Path:
        if left[0]:
            left[0] -= 1
            error = PermissionError(13, "The process cannot access the file")
            error.winerror = number  # type: ignore[attr-defined]
            raise error
        return free(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(atomic.time, "sleep", waits.append)
    return waits


@pytest.mark.parametrize("number", [5, 32])
def test_a_file_that_a_virus_scanner_holds_for_a_moment_is_waited_for(
    target: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    waits = held(4, number, monkeypatch)
    write_file(target, NEW)
    assert target.read_bytes() == NEW
    assert len(waits) == 4
    assert sum(waits) < 1


@pytest.mark.parametrize(("number", "waited"), [(32, 4), (None, 0)])
def test_a_file_that_stays_open_is_refused(
    target: Path, monkeypatch: pytest.MonkeyPatch, number: int | None, waited: int
) -> None:
    waits = held(5, number, monkeypatch)
    with pytest.raises(PermissionError):
        write_file(target, NEW)
    assert tree(target.parent) == {"book.xlsm": OLD}
    assert len(waits) == waited


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (LOCKED, "a.csv cannot be written; close it first."),
        (FULL, "a.csv cannot be written: No space left on device."),
        (OSError("odd"), "a.csv cannot be written: odd."),
    ],
)
def test_errors_are_explained(error: OSError, sentence: str) -> None:
    with pytest.raises(UnusableError) as caught, explained("a.csv", "close it first"):
        raise error
    assert str(caught.value) == sentence


# --------------------------------------------------------------------------------------------------- folders

FILES = {"a.txt": b"a", "deep/er/b.txt": b"b"}


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    write_folder(tmp_path / "evidence", {"old.txt": b"old"})
    assert tree(tmp_path) == {"evidence/old.txt": b"old"}
    write_folder(tmp_path / "evidence", FILES)
    assert tree(tmp_path) == {"evidence/a.txt": b"a", "evidence/deep/er/b.txt": b"b"}


@pytest.mark.parametrize("error", [FULL, LOCKED, STOPPED], ids=repr)
@pytest.mark.parametrize(
    ("step", "nth"),
    [
        ("tempfile.mkdtemp", 1), ("pathlib.Path.mkdir", 2), ("pathlib.Path.write_bytes", 2), ("os.fsync", 1),
        ("os.fsync", 2), ("pathlib.Path.rename", 1), ("pathlib.Path.rename", 2),
    ],
)  # fmt: skip
def test_whatever_fails_the_old_folder_stays_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, nth: int, error: BaseException
) -> None:
    write_folder(tmp_path / "evidence", {"old.txt": b"old"})
    calls = []
    owner, name = {"os": os, "tempfile": atomic.tempfile, "pathlib": Path}[step.split(".")[0]], step.split(".")[-1]
    works = getattr(owner, name)

    def breaks(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == nth:
            raise error
        return works(*arguments, **options)

    monkeypatch.setattr(owner, name, breaks)
    with pytest.raises(type(error)):
        write_folder(tmp_path / "evidence", FILES)
    monkeypatch.undo()
    assert tree(tmp_path) == {"evidence/old.txt": b"old"}
    assert [p.name for p in tmp_path.iterdir()] == ["evidence"]
