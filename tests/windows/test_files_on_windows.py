"""The commands on Windows Python write what they write on Linux, whatever folders, files and people are called."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_files import Parts, cli, sample_book
from wine import Windows

from xlbackflush.ledgers.formats import FORMATS
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.post import post
from xlbackflush.workbook.file import FileBook

FOLDER = "Büro (neu) & Söhne 100% ^x 'q'"
BOOK = "März ü & ^ %TEMP% 'q'.xlsm"
PREPARER, APPROVER = "ann", "Jürgen Müller"
#: each in a process of its own, as a person types them
COMMANDS = (
    ("new", BOOK, "--sample", "computers"),
    ("run", BOOK),
    ("post", BOOK, "--approved-by", APPROVER),
    ("verify", BOOK),
)
EXPORTS = """
import sys
from xlbackflush.cli.parser import main
sys.exit(max(main(["export", sys.argv[1], "--format", name]) for name in sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def on_windows(windows: Windows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the commands ran on Windows."""
    folder = tmp_path_factory.mktemp("windows") / FOLDER
    folder.mkdir()
    commands = [["-m", "xlbackflush", *command] for command in COMMANDS]
    for command in (*commands, ["-c", EXPORTS, BOOK, *FORMATS]):
        done = windows.run_python(["-P", *command], cwd=folder, env={"USER": PREPARER, "LOGNAME": PREPARER})
        assert (done.returncode, done.stderr) == (0, ""), done
    return folder


@pytest.fixture(scope="module")
def on_linux(on_windows: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same on Linux, at the moments at which it was done on Windows."""
    folder = tmp_path_factory.mktemp("linux") / FOLDER
    folder.mkdir()
    path = sample_book(folder / BOOK, "computers")
    (run,) = Parts(on_windows / BOOK).rows("Runs")
    started, posted = (dt.datetime.fromisoformat(str(run[column])) for column in ("Started", "Posted"))
    with FileBook(path) as book:
        lifecycle.run(book, PREPARER, started)
    with FileBook(path) as book:
        post(book, APPROVER, posted)
    for name in FORMATS:
        assert cli("export", path, "--format", name).code == 0
    yield folder


def test_every_part_of_the_workbook_is_the_same(on_windows: Path, on_linux: Path) -> None:
    """Time and people too: they were the same."""
    with zipfile.ZipFile(on_windows / BOOK) as one, zipfile.ZipFile(on_linux / BOOK) as other:
        assert one.namelist() == other.namelist()
        assert [name for name in one.namelist() if one.read(name) != other.read(name)] == []


def test_every_export_is_the_same(on_windows: Path, on_linux: Path) -> None:
    """Line ends are those of the format, not of the system."""
    names = sorted(file.name for file in on_linux.iterdir())
    assert len(names) > len(FORMATS)
    assert sorted(file.name for file in on_windows.iterdir()) == names
    for name in set(names) - {BOOK}:
        assert (on_windows / name).read_bytes() == (on_linux / name).read_bytes(), name


def test_what_windows_wrote_verifies_on_linux(on_windows: Path) -> None:
    assert cli("verify", on_windows / BOOK).code == 0


NAME = "Büro Łódź Ω.xlsm"  # letters that the code page has, and some that it has not


def test_messages_can_be_redirected_whatever_letters_are_in_them(windows: Windows, tmp_path: Path) -> None:
    done = windows.run_python(["-m", "xlbackflush", "new", NAME], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / NAME).is_file()
    assert done.stdout.startswith("Wrote Büro ")


@pytest.mark.parametrize(
    ("variables", "encoding", "shown"),
    [({}, "cp1252", "Büro "), ({"PYTHONUTF8": "1"}, "utf-8", NAME)],
    ids=["ansi", "utf-8"],
)
def test_refusals_too(windows: Windows, tmp_path: Path, variables: dict[str, str], encoding: str, shown: str) -> None:
    done = windows.run_python(["-m", "xlbackflush", "run", NAME], cwd=tmp_path, env=variables, encoding=encoding)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"xlbackflush: {shown}")
    assert len(done.stderr.splitlines()) == 1
