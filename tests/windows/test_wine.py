"""The Windows of the tests is one: its Python, its encodings, its paths."""

import json
import subprocess
from pathlib import Path

import pytest
from wine import Windows

SAY = """
import json, locale, os, sys
python = sys.platform, sys.executable, locale.getpreferredencoding()
print(json.dumps([*python, os.getcwd(), os.environ.get("EXTRA"), sys.argv[1:]]))
"""
ODD = "Büro (neu) & Co 100% ^x 'q'"


def test_arguments_folders_and_variables_arrive(windows: Windows, tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    done = windows.run_python(["-c", SAY, ODD, folder, ""], cwd=folder, env={"EXTRA": ODD})
    assert (done.returncode, done.stderr) == (0, "")
    there = "Z:" + str(folder).replace("/", "\\")
    assert json.loads(done.stdout) == ["win32", str(windows.python), "cp1252", there, ODD, [ODD, there, ""]]
    assert windows.linux_path(windows.path(folder)) == folder
    assert windows.path(windows.linux_path(windows.python)) == str(windows.python)


def test_both_outputs_and_the_exit_code_come_back(windows: Windows) -> None:
    done = windows.run_python(["-c", "import sys; print('ü'); print('é', file=sys.stderr); sys.exit(7)"])
    assert (done.returncode, done.stdout, done.stderr) == (7, "ü\r\n", "é\r\n")


def test_nobody_waits_for_what_a_program_leaves_running(windows: Windows) -> None:
    """The child has the pipes of its parent, and lives for a minute."""
    start = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print('left')"
    )
    assert windows.run_python(["-c", start], timeout=30).stdout == "left\r\n"


def test_a_program_that_does_not_end_is_ended(windows: Windows) -> None:
    with pytest.raises(subprocess.TimeoutExpired) as late:
        windows.run_python(["-u", "-c", "print('here'); import time; time.sleep(60)"], timeout=10)
    assert late.value.stdout == "here\r\n"


def test_what_fails_by_an_internal_error_of_wine_is_tried_again_once(windows: Windows, tmp_path: Path) -> None:
    fail = "import sys; print('x', file=open(sys.argv[1], 'a')); sys.exit('[WinError 1359] Internal error')"
    with pytest.warns(UserWarning, match="WinError 1359; tried again"):
        done = windows.run_python(["-c", fail, tmp_path / "starts"])
    assert done.returncode == 1
    assert (tmp_path / "starts").read_text().split() == ["x", "x"]
