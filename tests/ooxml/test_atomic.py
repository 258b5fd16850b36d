"""A file is put in place whole or not at all: whichever step fails, the old one stays, and nothing is left beside it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml import atomic, rename
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
        seen.append((target.read_bytes(), path.parent.parent, path.name, mode(path.parent)))

    write_file(target, look)
    assert seen == [(OLD, target.parent, "book.xlsm", 0o700)], "made where nobody else can look"


@pytest.mark.parametrize("error", [FULL, LOCKED, STOPPED], ids=repr)
@pytest.mark.parametrize(
    "step", ["pathlib.Path.mkdir", "os.open", "content", "os.fsync", "pathlib.Path.chmod", "pathlib.Path.replace"]
)
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
    if step == "pathlib.Path.chmod" and (not there or isinstance(error, OSError)):
        write_file(target, NEW)  # there are no permissions to copy, or it has no wider ones than it may have
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize(("source", "there", "copy"), [
    (0o600, None, 0o600), (0o640, None, 0o640), (0o444, None, 0o644), (0o664, None, 0o664), (0o755, None, 0o644),
    (0o644, 0o600, 0o600), (0o600, 0o644, 0o600),
])  # fmt: skip
def test_a_copy_is_read_by_no_more_people_than_its_source(
    target: Path, source: int, there: int | None, copy: int
) -> None:
    """there: the permissions of the file that the copy replaces. Who makes a copy may write it."""
    target.chmod(source)
    path = target.with_name("copy.csv")
    if there is not None:
        path.touch()
        path.chmod(there)
    write_file(path, NEW, like=target)
    assert mode(path) == copy


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs the rights of root, to give files away")
def test_owner_and_group_stay_and_a_copy_keeps_the_group(target: Path) -> None:
    os.chown(target, 1234, 2345)
    target.chmod(0o640)
    write_file(target, NEW)
    assert (target.stat().st_uid, target.stat().st_gid, mode(target)) == (1234, 2345, 0o640)
    write_file(target.with_name("copy"), NEW, like=target)
    copy = target.with_name("copy").stat()
    assert (copy.st_uid, copy.st_gid, stat.S_IMODE(copy.st_mode)) == (0, 2345, 0o640)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_where_the_group_cannot_be_kept_another_one_reads_no_more_than_everybody(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.chmod(0o664)
    source = target.stat()
    monkeypatch.setattr(os, "chown", fails(LOCKED))
    other = os.stat_result((*source[:5], source.st_gid + 1, *source[6:]))
    stated = Path.stat
    monkeypatch.setattr(Path, "stat", lambda p, **o: other if p == target else stated(p, **o))
    write_file(target.with_name("copy"), NEW, like=target)
    monkeypatch.undo()
    assert mode(target.with_name("copy")) == 0o644


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="Linux alone shows extended attributes")
def test_extended_attributes_stay_and_a_copy_has_none_of_them(target: Path) -> None:
    try:
        os.setxattr(target, "user.note", b"kept")
    except OSError:
        pytest.skip("this drive has no extended attributes")
    write_file(target, NEW)
    assert os.getxattr(target, "user.note") == b"kept"
    write_file(target.with_name("copy"), NEW, like=target)
    assert "user.note" not in os.listxattr(target.with_name("copy"))


def test_a_private_file_is_its_users_alone(target: Path) -> None:
    target.chmod(0o644)
    for _ in range(2):
        write_file(target, NEW, private=True)
        assert os.name == "nt" or mode(target) == 0o600


def test_a_new_file_never_replaces_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "november.xlsm"
    write_file(path, OLD, new=True)
    for renamed in (rename._renamed, lambda *_, **__: False):  # a drive that knows no such rename
        monkeypatch.setattr(rename, "_renamed", renamed)
        with pytest.raises(FileExistsError):
            write_file(path, NEW, new=True)
    assert tree(tmp_path) == {"november.xlsm": OLD}


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_is_replaced_and_what_it_leads_to_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(OLD)
    (tmp_path / "out.csv").symlink_to("victim")
    write_file(tmp_path / "out.csv", NEW)
    assert tree(tmp_path) == {"victim": OLD, "out.csv": NEW}
    (tmp_path / "dangling.csv").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "dangling.csv", NEW, new=True)
    assert not (tmp_path / "nowhere").exists()


def test_no_name_can_be_guessed_and_none_is_too_long(tmp_path: Path) -> None:
    names = set()
    for stem in ("book", "b" * 200, "\u6728" * 80):
        for _ in range(2):
            with NewFile(tmp_path / f"{stem}.xlsm") as new:
                names.add(new.path.parent.name)
                new.write(NEW)
                new.put()
    assert len(names) == 6
    assert all(re.fullmatch(r"\..+\.xlbackflush-[0-9a-f]{16}", name) for name in names)
    assert len(list(tmp_path.iterdir())) == 3


def test_file_and_folder_are_forced_to_the_disk_before_and_after_the_name_is_given(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, move = os.fsync, Path.replace

    def forced(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def moved(path: Path, to: Path) -> Path:
        steps.append("name")
        return move(path, to)

    monkeypatch.setattr(os, "fsync", forced)
    monkeypatch.setattr(Path, "replace", moved)
    write_file(target, NEW)
    assert steps == ["file", "name", "folder"] if os.name != "nt" else ["file", "name"]


def test_a_file_that_was_changed_meanwhile_is_not_replaced(target: Path) -> None:
    with NewFile(target) as new:
        new.write(NEW)
        target.write_bytes(b"theirs")
        assert not new.put_over(OLD)
    assert tree(target.parent) == {"book.xlsm": b"theirs"}


def test_what_was_replaced_and_cannot_be_read_comes_back(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_bytes
    with NewFile(target) as new:
        new.write(NEW)
        if not rename.exchanged(new.path, target):
            pytest.skip("this drive cannot exchange two names")
        rename.exchanged(new.path, target)
        monkeypatch.setattr(Path, "read_bytes", lambda p: fails(OSError(5, "odd"))() if p == new.path else read(p))
        assert not new.put_over(OLD)
        monkeypatch.undo()
    assert tree(target.parent) == {"book.xlsm": OLD}


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
        ("pathlib.Path.mkdir", 1), ("pathlib.Path.mkdir", 3), ("pathlib.Path.write_bytes", 2), ("os.fsync", 1),
        ("os.fsync", 2), ("pathlib.Path.rename", 1), ("pathlib.Path.rename", 2), ("rename.exchanged", 1),
    ],
)  # fmt: skip
def test_whatever_fails_the_old_folder_stays_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, nth: int, error: BaseException
) -> None:
    write_folder(tmp_path / "evidence", {"old.txt": b"old"})
    calls = []
    owner, name = {"os": os, "rename": rename, "pathlib": Path}[step.split(".")[0]], step.split(".")[-1]
    if name == "rename":  # a drive that cannot exchange two names
        monkeypatch.setattr(rename, "exchanged", lambda one, other: False)
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize(
    ("source", "file", "folder"), [(0o600, 0o600, 0o700), (0o640, 0o640, 0o750), (0o444, 0o644, 0o755)]
)
def test_a_folder_is_read_by_no_more_people_than_its_source(target: Path, source: int, file: int, folder: int) -> None:
    target.chmod(source)
    evidence = target.with_name("evidence")
    write_folder(evidence, FILES, like=target)
    assert {mode(path) for path in evidence.rglob("*") if path.is_file()} == {file}
    assert {mode(path) for path in (evidence, evidence / "deep", evidence / "deep" / "er")} == {folder}
