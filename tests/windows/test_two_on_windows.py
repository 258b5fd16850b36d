"""Two at once on Windows: its locks, its rules on files that are open, and what a killed process leaves."""

from __future__ import annotations

import json

from wine import Windows

_SCRIPT = r"""
import json, os, subprocess, sys, tempfile
from pathlib import Path
from xlbackflush.ooxml.atomic import NewFile
from xlbackflush.workbook.file import FileBook

folder = Path(tempfile.mkdtemp())
book = folder / "march.xlsm"

def command(*words):
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    return [done.returncode, done.stderr]

def xlbackflush(*words):
    return command("-m", "xlbackflush", *words)

def names():
    return sorted(path.name for path in folder.iterdir())

said = {"new": xlbackflush("new", str(book), "--sample", "computers")}
with FileBook(book):
    said["second"] = xlbackflush("run", str(book))
    said["reader"] = xlbackflush("verify", str(book))
new = NewFile(folder / "march-journal.csv")
said["run"] = xlbackflush("run", str(book))
said["alive"] = new.path.exists()
new.write(b"whole")
new.put()
new.discard()
dying = "from pathlib import Path\nfrom xlbackflush.ooxml.lock import Lock\nfrom xlbackflush.ooxml.atomic import NewFile\n"
dying += f"import os\nbook = Path({str(book)!r})\nlock = Lock(book)\nnew = NewFile(book)\nos._exit(0)\n"
said["killed"] = command("-c", dying)
said["left"] = len(names())
said["next"] = xlbackflush("run", str(book))
said["names"] = names()
said["again"] = xlbackflush("new", str(book))
print(json.dumps(said))
"""


def test_of_two_at_once_one_is_told_and_a_killed_one_holds_nobody_up(windows: Windows) -> None:
    done = windows.run_python(["-c", _SCRIPT])
    assert done.returncode == 0, done
    said = json.loads(done.stdout)
    assert [said[name][0] for name in ("new", "reader", "run", "killed", "next")] == [0] * 5, said
    assert said["second"][0] == 2
    assert "march.xlsm is being written by another run of xlbackflush" in said["second"][1]
    assert said["alive"], "what a living process makes is not cleared"
    assert said["left"] > 2, "the killed one left its workshop"
    assert said["names"] == ["march-journal.csv", "march.xlsm"]
    assert said["again"][0] == 2
