"""A process that is killed at any moment leaves the old workbook or the new one, whole.

Every operation on files that a command makes is an audit event of Python. Each command is run once for each of them, in a
process of its own that ends without a word at that very operation; what is left is looked at afterwards. Besides, commands
are killed at moments drawn by lot: a few by default, a thousand with `XLBACKFLUSH_FUZZ=full`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import random
import shutil
import signal
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support_files import Parts, bench_book, cli

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


#: command line -> the state of the workbook that it is tried on
COMMANDS: dict[str, str] = {
    "run": "new", "post --approved-by bob": "ran", "restore": "ran", "clear": "ran", "upgrade": "new", "check": "new",
    "export --format csv": "posted", "evidence": "posted", "roll next.xlsm": "posted", "new --force": "ran",
    "explain Journal!I7": "ran", "verify": "posted",
}  # fmt: skip
KILLS = 1_000 if os.environ.get("XLBACKFLUSH_FUZZ") == "full" else len(COMMANDS)


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = bench_book(tmp_path_factory.mktemp("states") / "book.xlsm")
    found = {"new": path.read_bytes()}
    run(path)
    found["ran"] = path.read_bytes()
    post(path)
    return found | {"posted": path.read_bytes()}


def in_a_process(arguments: list[object], killed_after: float | None = None) -> float:
    """A command in a process of its own, killed after so many seconds. Gives the seconds that it took."""
    begin, child = time.monotonic(), os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            cli(*arguments)
        os._exit(0)
    if killed_after is not None:
        time.sleep(killed_after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.monotonic() - begin


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_any_time_nothing_is_lost_and_the_next_command_clears_up(
    tmp_path: Path, states: dict[str, bytes], command: str
) -> None:
    verb, *more = command.split()
    arguments = [verb, tmp_path / "book.xlsm", *(tmp_path / a if a == "next.xlsm" else a for a in more)]
    old, draw, seconds = states[COMMANDS[command]], random.Random(command), 0.0
    left: dict[str, bytes] = {}
    (tmp_path / "book.xlsm").write_bytes(old)
    journals = {len(Parts(tmp_path / "book.xlsm").rows("Journal"))}
    for kill in range(1 + KILLS // len(COMMANDS)):
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        (tmp_path / "book.xlsm").write_bytes(old)
        took = in_a_process(arguments, draw.uniform(0, 1.1 * seconds) if kill else None)
        left = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
        if not kill:  # the first one ends by itself
            seconds, whole = took, left
            journals.add(len(Parts(tmp_path / "book.xlsm").rows("Journal")))
            continue
        with zipfile.ZipFile(io.BytesIO(left["book.xlsm"])) as package:
            assert package.testzip() is None
        for name in whole.keys() & left.keys() - {"book.xlsm"}:  # whole, or not there
            assert len(left[name]) == len(whole[name]) or name.endswith((".pdf", ".sha256")), name
        assert len(Parts(tmp_path / "book.xlsm").rows("Journal")) in journals, "an old journal or a new one, whole"
        assert cli("verify", tmp_path / "book.xlsm").code == 0
        assert not [p.name for p in tmp_path.iterdir() if "xlbackflush" in p.name]
