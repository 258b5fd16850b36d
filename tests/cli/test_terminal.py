"""What reaches the terminal: no text of a workbook commands it, no failure shows a traceback, nothing done is called undone."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support_files import Parts, Result, bench_book, cli, ran_book

from xlbackflush import terminal
from xlbackflush.cli import workbook_commands
from xlbackflush.ooxml import atomic
from xlbackflush.terminal import visible
from xlbackflush.workbook.file import FileBook

posix = pytest.mark.skipif(os.name == "nt", reason="pipes, devices and signals of Linux or a Mac")
FULL_DEVICE = Path("/dev/full")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return bench_book(tmp_path / "book.xlsm")


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    return ran_book(tmp_path / "book.xlsm")


def one_line(result: Result, code: int = 2) -> str:
    """A refusal as it must be: one sentence, and nothing else."""
    assert result.code == code, result
    assert result.out == ""
    assert re.fullmatch(r"xlbackflush: [^\n]+\n", result.err), result.err
    assert "Traceback" not in result.err
    assert "fault of its own" not in result.err
    return result.err


# ------------------------------------------------------------------------------------------------ characters


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe 木 \U0001f642 é", "Größe 木 \U0001f642 é"),  # letters of all scripts stay
        ("a\x1b]0;title\x07b", r"a\x1b]0;title\x07b"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\x9b2Jb\x85", r"a\x9b2Jb\x85"),
        ("a\rb\nc\td\x7f", r"a\x0db\x0ac\x09d\x7f"),
        ("abc\u202egpj.exe", r"abc\u202egpj.exe"),
        ("a\u2028b\u2029\u2066\u200f\ufeff", r"a\u2028b\u2029\u2066\u200f\ufeff"),
        ("m\udcff", r"m\udcff"),
    ],
)
def test_characters_that_command_a_terminal_are_shown_as_codes(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("raw", ["x_x001B_]0;owned_x0007_", "x_x000A_Run  posted", "x\u202ey", "x_x009B_2J"])
def test_a_code_of_a_workbook_commands_nothing(book: Path, raw: str) -> None:
    """Typed as an item that is unknown, which a finding then names; in words and as JSON."""
    parts = Parts(book)
    parts.put("Counts!D7", raw)
    parts.save(book)
    result = cli("check", book)
    assert result.code == 1
    printed = result.out + result.err
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", printed)
    assert not re.search(r"^Run ", printed, re.M)
    (finding,) = (f for f in cli("check", book, "--json").json["findings"] if f["where"] == "Counts!D7")
    assert finding["code"] == "I02"


@posix
def test_a_name_that_is_not_unicode_is_printed_as_codes(book: Path) -> None:
    odd = book.with_name(os.fsdecode(b"m\xff\x1b[2J.xlsm"))
    shutil.copyfile(book, odd)
    assert cli("run", odd).code == 0
    result = cli("export", odd, "--format", "csv")
    assert r"m\udcff\x1b[2J-journal.csv" in result.out
    assert json.loads(cli("export", odd, "--format", "csv", "--force", "--json").out)["files"]
    for command in (("roll", odd, book.with_name("next.xlsm")), ("evidence", odd)):
        assert "no workbook can hold; rename the file" in one_line(cli(*command))
    assert "no workbook can hold" in one_line(cli("new", book.with_name(os.fsdecode(b"n\xff.xlsm"))))


# ---------------------------------------------------------------------------------------------- no output


class Broken(io.StringIO):
    """A stream that nothing can be written to."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BrokenPipeError(32, "Broken pipe"), ""),
        (OSError(28, "No space left on device"), "cannot be printed (No space left on device); what was done stands"),
        (ValueError("I/O operation on closed file"), "cannot be printed (I/O operation on closed file)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("flags", [(), ("--json",)], ids=str)
def test_a_run_that_cannot_print_stands(
    book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, told: str,
    flags: tuple[str, ...],
) -> None:  # fmt: skip
    from xlbackflush.cli.parser import main

    monkeypatch.setattr(sys, "stdout", Broken(error))
    assert main(["run", str(book), *flags]) == 0
    said = capsys.readouterr().err
    assert told in said
    assert "nothing was changed" not in said
    assert Parts(book).rows("Runs")[0]["Run"] == "R0001"


def test_without_any_stream_a_run_works(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pythonw starts it, or a shell with >&- 2>&-."""
    from xlbackflush.cli.parser import main

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["run", str(book)]) == 0
    assert main(["run", str(book.with_name("none.xlsm"))]) == 2


@posix
@pytest.mark.skipif(not FULL_DEVICE.exists(), reason="needs the device of Linux that is always full")
def test_a_full_standard_output_is_told_in_one_line(book: Path) -> None:
    with FULL_DEVICE.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "xlbackflush", "run", str(book)], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 0
    assert done.stderr.decode().splitlines() == [
        "xlbackflush: the result cannot be printed (No space left on device); what was done stands."
    ]


# ------------------------------------------------------------------------------------------------ interrupted


def stops(error: BaseException) -> Any:
    def raises(*_: object, **__: object) -> None:
        raise error

    return raises


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), MemoryError(), RuntimeError("odd"), OSError(5, "Input/output error")], ids=repr
)
def test_what_was_saved_is_never_called_unchanged(
    book: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    before = book.read_bytes()
    monkeypatch.setattr(workbook_commands, "report", stops(error))
    result = cli("run", book)
    assert book.read_bytes() != before
    assert (result.code, result.out) == (0, "")
    assert "but book.xlsm had been written already and stands." in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(5, "Input/output error")], ids=repr)
def test_what_was_not_saved_is_called_unchanged(
    book: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """The copy for `restore` is kept by then; it is no result."""
    assert cli("check", book).code == 0
    before = book.read_bytes()
    monkeypatch.setattr(FileBook, "saved", stops(error))
    assert "nothing was changed" in one_line(cli("run", book))
    assert book.read_bytes() == before


@posix
def test_ctrl_c_at_any_moment_of_a_run_tells_the_truth(book: Path) -> None:
    """Sent after more and more of the run: exit code 2 means an unchanged workbook, 0 a run that stands."""
    before = book.read_bytes()
    for step in range(4):
        book.write_bytes(before)
        process = subprocess.Popen(
            [sys.executable, "-m", "xlbackflush", "run", str(book)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        while process.poll() is None and len(list(book.parent.iterdir())) == 1:
            time.sleep(0.001)  # until it has opened the workbook
        time.sleep(0.1 * step)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        assert process.returncode in (0, 2), err
        assert (process.returncode == 2) == (book.read_bytes() == before), err
        assert b"Traceback" not in err
        assert cli("verify", book).code in (0, 1)
        assert [path.name for path in book.parent.iterdir()] == [book.name], "what was left is cleared"


def test_what_a_half_made_object_says_at_its_end_is_not_printed() -> None:
    """As a ZipFile does that Ctrl+C came upon."""
    code = (
        "from xlbackflush import __main__\n"
        "from xlbackflush.cli import parser\n"
        "class Half:\n"
        "    def __del__(self): self.was_never_made\n"
        "parser.main = lambda: (Half(), 0)[1]\n"
        "raise SystemExit(__main__.process())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


class PanicException(BaseException):
    """As pyo3 raises it: an exception that is no Exception."""


def test_a_panic_of_the_reader_is_a_damaged_file(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlbackflush.ooxml.reader.SheetReader._read", stops(PanicException("index out of bounds")))
    assert "book.xlsm is damaged: sheet Setup cannot be read." in one_line(cli("run", book))


# ---------------------------------------------------------------------------------------------- odd files


@posix
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("pipe", "is not a file but a device or a pipe"),
        ("device", "is not a file but a device or a pipe"),
        ("circle", "leads round in a circle of links"),
        ("folder", "is a folder"),
        ("nowhere", "does not exist"),
        ("long", "has too long a name"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "verify", "export", "new"])
def test_what_is_no_workbook_file_is_refused(tmp_path: Path, verb: str, kind: str, reason: str) -> None:
    path = tmp_path / "odd.xlsm"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "nowhere":
        path.symlink_to(tmp_path / "nothing")
    else:
        path = tmp_path / f"{'x' * 300}.xlsm"
    more = {"export": ("--format", "csv"), "new": ("--force",)}.get(verb, ())
    line = one_line(cli(verb, path, *more))
    assert reason in line or (verb == "new" and "File name too long" in line)
    assert "xlbackflush-" not in "".join(entry.name for entry in tmp_path.iterdir())


@posix
@pytest.mark.parametrize("lock", ["~$book.xlsm", ".~lock.book.xlsm#", "~$ok.xlsm"])
def test_lock_files_are_seen_also_where_the_name_is_cut(book: Path, lock: str) -> None:
    (book.parent / lock).symlink_to("user@computer")  # what LibreOffice leaves may be a link that leads nowhere
    assert f"open in another program; close it there first ({lock})" in one_line(cli("run", book))


def test_the_lock_file_of_another_workbook_is_not_ours(book: Path) -> None:
    bench_book(book.with_name("ok.xlsm"))
    book.with_name("~$ok.xlsm").touch()
    assert cli("check", book).code == 0


@posix
def test_a_workbook_under_two_names_is_said_and_not_parted(book: Path) -> None:
    before, second = book.read_bytes(), book.with_name("second.xlsm")
    second.hardlink_to(book)
    assert "is one file under 2 names (hard links)" in one_line(cli("run", book))
    assert cli("verify", book).code == 0, "reading parts nothing"
    assert book.samefile(second)
    assert book.read_bytes() == before


@posix
def test_a_read_only_folder_is_told(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def denied(path: Any, flags: int, *mode: int) -> int:
        if flags & os.O_CREAT and Path(path).parent == book.parent:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", denied)
    line = one_line(cli("run", book))
    assert "its folder takes no new file (Permission denied); nothing was changed. Copy the workbook" in line


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_what_commands_copy_is_read_by_no_more_people(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran.chmod(0o600)
    state = ran.parent / "state" / "previous"
    monkeypatch.setenv("XLBACKFLUSH_STATE", str(state))
    parts = Parts(ran)
    parts.put("Counts!E7", 9)
    parts.save(ran)
    for arguments in (
        ("run", ran), ("post", ran, "--approved-by", "Zoe"), ("export", ran, "--format", "csv"), ("evidence", ran),
        ("roll", ran, ran.with_name("next.xlsm")),
    ):  # fmt: skip
        assert cli(*arguments).code == 0, arguments
    made = [path for path in ran.parent.rglob("*") if path not in (state.parent, ran)]
    assert len(made) > 10
    assert {path.name: oct(path.stat().st_mode) for path in made if path.stat().st_mode & 0o077} == {}


def test_an_archived_workbook_can_be_verified_and_exported(ran: Path) -> None:
    ran.chmod(0o444)
    before = ran.read_bytes()
    assert cli("verify", ran).code == 0
    assert cli("export", ran, "--format", "csv").code == 0
    assert cli("evidence", ran).code == 0
    assert ran.read_bytes() == before


# -------------------------------------------------------------------------------------------- new --force


def test_new_never_replaces_what_is_posted(ran: Path) -> None:
    assert cli("post", ran, "--approved-by", "Zoe").code == 0
    before = ran.read_bytes()
    assert "it holds run R0001, which is posted. Choose another name" in one_line(cli("new", ran, "--force"))
    parts = Parts(ran)
    for column in (column.name for column in schema_of("Runs")):  # the rows of Runs emptied: its lines are still posted
        parts.put(parts.where("Runs", column), None)
    parts.save(ran)
    emptied = ran.read_bytes()
    assert "which is posted" in one_line(cli("new", ran, "--force"))
    assert ran.read_bytes() == emptied != before


def schema_of(table: str) -> Any:
    from xlbackflush import schema

    return schema.TABLES[table].columns


def test_written_forgets_what_another_command_wrote(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("run", book).code == 0
    assert atomic.written() == [book]
    monkeypatch.setattr(workbook_commands, "report", stops(KeyboardInterrupt()))
    assert "Stopped; nothing was changed." in one_line(cli("run", book)), "a run that changes nothing writes nothing"


def test_stages_are_shown_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    assert not terminal.is_watched()
    monkeypatch.setattr(sys, "stderr", None)
    assert not terminal.is_watched()
