"""A process that is killed at any moment leaves the old workbook or the new one, whole.

Every operation on files that a command makes is an audit event of Python. Each command is run once for each of them, in a
process of its own that ends without a word at that very operation; what is left is looked at afterwards.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support_files import bench_book, cli

from xlbackflush.cli.rolling import roll
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.post import post as post_book
from xlbackflush.workbook.file import FileBook

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork: Linux or a Mac")

NOW = dt.datetime(2026, 5, 4, 9)
#: audit events of operations that change files or folders
CHANGES = (
    "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.setxattr", "os.truncate", "os.utime",
    "os.link", "shutil.rmtree", "ctypes.dlsym",  # by which two names are exchanged
)  # fmt: skip
KILLED = 77

Command = Callable[[Path], object]


def run(path: Path) -> None:
    with FileBook(path) as book:
        lifecycle.run(book, "ann", NOW)


def post(path: Path) -> None:
    with FileBook(path) as book:
        post_book(book, "bob", NOW)


def roll_on(path: Path) -> None:
    roll(path, path.with_name("next.xlsm"))


def counted(work: Command, path: Path, stop_at: int | None = None) -> int:
    """Do the work in a process of its own, which ends at its stop_at-th change of files. Gives the number of changes."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        # copies for `restore` of its own: how many there are decides how many files it touches
        os.environ["XLBACKFLUSH_STATE"] = str(path.parent.with_name(f"state-{path.parent.name}"))
        seen = 0

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if writes or event in CHANGES:
                seen += 1
                if seen == stop_at:
                    os._exit(KILLED)

        code = 1
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            sys.addaudithook(watch)
            work(path)
            code = 0
        os.write(writer, str(seen).encode())
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code == (KILLED if stop_at else 0)
    return int(said or 0)


def prepared(folder: Path, *before: Command) -> Path:
    folder.mkdir()
    path = bench_book(folder / "book.xlsm")
    for work in before:
        work(path)
    return path


@pytest.mark.parametrize(
    ("work", "before"), [(run, ()), (post, (run,)), (roll_on, (run, post))], ids=["run", "post", "roll"]
)
def test_killed_at_any_change_of_files_the_workbook_is_whole(
    tmp_path: Path, work: Command, before: tuple[Command, ...]
) -> None:
    source = prepared(tmp_path / "source", *before)
    old = source.read_bytes()
    whole = tmp_path / "whole"
    shutil.copytree(source.parent, whole)
    changes = counted(work, whole / "book.xlsm")
    new = (whole / "book.xlsm").read_bytes()
    following = {f.name: f.read_bytes() for f in whole.iterdir() if f.name != "book.xlsm"}
    assert changes >= 3
    assert old != new
    seen = set()
    for moment in range(1, changes + 1):
        trial = tmp_path / f"killed-{moment}"
        shutil.copytree(source.parent, trial)
        counted(work, trial / "book.xlsm", moment)
        left = (trial / "book.xlsm").read_bytes()
        assert left in (old, new), moment
        seen.add(left == new)
        for name, content in following.items():  # the next period's workbook: not there, or whole
            other = trial / name
            assert not other.exists() or other.read_bytes() == content
        if left == old:
            work(trial / "book.xlsm")  # done again, it ends as if nothing had happened
        else:
            assert cli("verify", trial / "book.xlsm").code == 0
        assert {f.name for f in trial.iterdir()} == {"book.xlsm", *following}, "what a killed command left is cleared"
        assert (trial / "book.xlsm").read_bytes() == new
        assert {n: (trial / n).read_bytes() for n in following} == following
        with zipfile.ZipFile(trial / "book.xlsm") as package:
            assert package.testzip() is None
    assert False in seen
