"""Two at once on one workbook: exactly one stands, the other is told, and nobody's work is gone.

The other is a second command, or a program that knows nothing of us and saves the workbook while we work. A pair of each
kind runs by default, with `XLBACKFLUSH_FUZZ=full` two hundred, each begun at other moments.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Work, at_once, command
from support_files import Parts, Result, bench_book, cli

from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml import atomic, rename
from xlbackflush.ooxml.atomic import NewFile
from xlbackflush.ooxml.lock import Lock
from xlbackflush.workbook.file import FileBook

FULL = os.environ.get("XLBACKFLUSH_FUZZ") == "full"
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork: Linux or a Mac")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at names the way of Linux")

TOLD = ("is being written by another run of xlbackflush", "was changed by someone else meanwhile")
NOTE = "Counts!G9"  # a cell that nobody but the other program writes


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The bench, new, run, and posted."""
    path = bench_book(tmp_path_factory.mktemp("states") / "march.xlsm")
    found = {"new": path.read_bytes()}
    for state, arguments in (("run", ("run", path)), ("posted", ("post", path, "--approved-by", "Ann"))):
        assert cli(*arguments).code == 0
        found[state] = path.read_bytes()
    return found


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def save_from_outside(path: Path, in_place: bool) -> Result:
    """What another program does: it reads the workbook, changes a cell, and writes the file anew."""
    parts = Parts(path)
    parts.put(NOTE, "theirs")
    other = path.with_name("other")
    parts.save(other)
    if in_place:
        path.write_bytes(other.read_bytes())
        other.unlink()
    else:
        other.replace(path)
    return Result(0, "", "")


def outside(path: Path, in_place: bool) -> Work:
    return lambda: save_from_outside(path, in_place)


Pair = Callable[[Path], tuple[Work, Work]]

#: kind of pair -> the state it begins with, the pair, and whether only one of the two can have its way
PAIRS: dict[str, tuple[str, Pair, bool]] = {
    "run and run": ("new", lambda p: (command("run", p), command("run", p)), False),
    "post and post": (
        "run",
        lambda p: (command("post", p, "--approved-by", "Bob"), command("post", p, "--approved-by", "Cid")),
        True,
    ),
    "roll and roll": (
        "posted",
        lambda p: (command("roll", p, p.with_name("april.xlsm")), command("roll", p, p.with_name("other.xlsm"))),
        True,
    ),
    "run and clear": ("run", lambda p: (command("run", p), command("clear", p)), False),
    "post and clear": ("run", lambda p: (command("post", p, "--approved-by", "Bob"), command("clear", p)), True),
    "post and restore": ("run", lambda p: (command("post", p, "--approved-by", "Bob"), command("restore", p)), True),
    "post and new": (
        "run",
        lambda p: (command("post", p, "--approved-by", "Bob"), command("new", p, "--force")),
        True,
    ),
    "run and a save": ("new", lambda p: (command("run", p), outside(p, False)), False),
    "post and a save": ("run", lambda p: (command("post", p, "--approved-by", "Bob"), outside(p, False)), False),
    "export and post": (
        "run",
        lambda p: (command("export", p, "--format", "csv"), command("post", p, "--approved-by", "Bob")),
        False,
    ),
}
ROUNDS = 20 if FULL else 1


@forks
@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("kind", PAIRS)
def test_of_two_at_once_one_stands_and_the_other_is_told(
    tmp_path: Path, states: dict[str, bytes], kind: str, number: int
) -> None:
    state, pair, exclusive = PAIRS[kind]
    path = tmp_path / "march.xlsm"
    path.write_bytes(states[state])
    draw = random.Random(number)
    delays = [draw.uniform(0, 0.3) * (number > 0) for _ in range(2)]
    one, other = at_once(tmp_path, pair(path), delays)
    said = (kind, delays, one, other)
    done = [result for result in (one, other) if result.code == 0]
    assert done, said
    for result in (one, other):
        assert result.code in (0, 2), said
        assert "Traceback" not in result.err, said
        if result.code == 2:
            assert result.err.count("\n") == 1, said
    if exclusive:
        assert len(done) == 1, said
    if "save" in kind:
        assert Parts(path).cells("Counts")[NOTE.split("!")[1]][0] == "theirs", said
    runs = Parts(path).rows("Runs")
    if "post" in kind and (one if kind.startswith("post") else other).code == 0 and "save" not in kind:
        assert runs[-1]["Status"] == "Posted", said
        assert cli("verify", path).code == 0
    if kind == "post and post":
        assert runs[-1]["Approved by"] == ("Bob" if one.code == 0 else "Cid"), said
    if kind == "roll and roll":
        stands = "april.xlsm" if one.code == 0 else "other.xlsm"
        assert left(tmp_path) == sorted(["march.xlsm", stands]), said
        assert cli("verify", tmp_path / stands).code == 0
    assert not [name for name in left(tmp_path) if "xlbackflush" in name], said


def test_a_second_command_is_told_at_once(tmp_path: Path, states: dict[str, bytes]) -> None:
    path = tmp_path / "march.xlsm"
    path.write_bytes(states["run"])
    with FileBook(path):
        for verb in (("run",), ("check",), ("clear",), ("post", "--approved-by", "Bob"), ("upgrade",)):
            result = cli(verb[0], path, *verb[1:])
            assert result.code == 2
            assert "march.xlsm is being written by another run of xlbackflush" in result.err
        assert cli("verify", path).code == 0, "reading harms nobody"
        assert path.read_bytes() == states["run"]
    assert left(tmp_path) == ["march.xlsm"]
    assert cli("run", path).code == 0


@forks
def test_the_lock_of_a_process_that_was_killed_holds_nobody_up(tmp_path: Path, states: dict[str, bytes]) -> None:
    path = tmp_path / "march.xlsm"
    path.write_bytes(states["new"])
    child = os.fork()
    if child == 0:
        Lock(path)
        NewFile(path)
        os._exit(0)
    os.waitpid(child, 0)
    assert len(left(tmp_path)) == 3, "it left its lock and its workshop"
    assert cli("verify", path).code == 0
    assert left(tmp_path) == ["march.xlsm"], "who only reads clears up, too"
    assert cli("run", path).code == 0


@forks
def test_what_a_living_process_writes_is_not_cleared(tmp_path: Path, states: dict[str, bytes]) -> None:
    """An export writes beside the workbook without its lock."""
    path = tmp_path / "march.xlsm"
    path.write_bytes(states["run"])
    with NewFile(tmp_path / "march-journal.csv") as new:
        assert cli("run", path).code == 0
        new.write(b"whole")
        new.put()
    assert left(tmp_path) == ["march-journal.csv", "march.xlsm"]


@pytest.mark.parametrize("in_place", [False, True], ids=["another file", "the same file"])
@pytest.mark.parametrize("known", [True, False], ids=["exchange", "no exchange"])
def test_a_save_in_the_last_moment_stands(
    tmp_path: Path, states: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, in_place: bool, known: bool
) -> None:
    """Between our last look at the workbook and the step in which ours takes its place there is next to no time."""
    path = tmp_path / "march.xlsm"
    path.write_bytes(states["new"])
    exchanged, check = rename.exchanged, NewFile._about_to_put

    def late(new: NewFile) -> None:
        check(new)
        if new.target == path and known:
            save_from_outside(path, in_place)

    if known and not _exchanges(tmp_path):
        pytest.skip("this drive cannot exchange two names")
    if not known:
        monkeypatch.setattr(rename, "exchanged", lambda one, other: False)
        monkeypatch.setattr("xlbackflush.workbook.file.check_free", lambda p: save_from_outside(p, in_place))
    monkeypatch.setattr(NewFile, "_about_to_put", late)
    result = cli("run", path)
    assert result.code == 2
    assert TOLD[1] in result.err
    assert Parts(path).cells("Counts")["G9"][0] == "theirs"
    assert left(tmp_path) == ["march.xlsm"]
    monkeypatch.undo()
    assert rename.exchanged is exchanged
    assert cli("run", path).code == 0


def _exchanges(folder: Path) -> bool:
    one, other = folder / "one", folder / "two"
    one.write_text("1")
    other.write_text("2")
    done = rename.exchanged(one, other)
    one.unlink()
    other.unlink()
    return done


@linux
def test_a_workbook_opened_in_excel_during_a_run_is_not_replaced(
    tmp_path: Path, states: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "march.xlsm"
    path.write_bytes(states["new"])
    write = NewFile.write

    def opened(new: NewFile, content: atomic.Content) -> None:
        write(new, content)
        (tmp_path / "~$march.xlsm").touch()

    monkeypatch.setattr(NewFile, "write", opened)
    result = cli("run", path)
    assert result.code == 2
    assert "open in another program" in result.err
    assert path.read_bytes() == states["new"]


@linux
@pytest.mark.parametrize("trap", ["a link", "a folder", "a pipe"])
def test_what_stands_where_the_lock_goes_is_named(tmp_path: Path, states: dict[str, bytes], trap: str) -> None:
    path = tmp_path / "march.xlsm"
    path.write_bytes(states["new"])
    place = tmp_path / ".march.xlsm.xlbackflush-lock"
    if trap == "a link":
        place.symlink_to(tmp_path / "victim")
    elif trap == "a folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    with pytest.raises(UnusableError, match=r"xlbackflush-lock stands where xlbackflush puts its lock; delete it"):
        FileBook(path)
    assert not (tmp_path / "victim").exists()
