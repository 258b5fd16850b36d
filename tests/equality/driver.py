"""One side of the comparison, in a process of its own: builds, runs and posts workbooks with one tree's code.

It knows of that tree the command line alone, and, to build the books, its `live_books.py`. Called as
`python -P driver.py ROOT build|live|verify BOOKS FOLDER [OLD]`, with PYTHONPATH at ROOT: see `__main__.py`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import re
import runpy
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

LIMIT = "TRACE_ROWS_MAX"  # beyond it the Trace is condensed: made 0 where a book is to try that
PREPARER, APPROVER = "Preparer", "Approver"


def command(*arguments: str) -> tuple[int, str]:
    """Exit code and printed text of a command, typed as `python -m xlbackflush ...`."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        try:
            with mock.patch.object(sys, "argv", ["xlbackflush", *arguments]):
                runpy.run_module("xlbackflush", run_name="__main__")
        except SystemExit as stop:
            return int(stop.code or 0), out.getvalue()
    return 0, out.getvalue()


def build(root: Path, folder: Path) -> list[dict[str, Any]]:
    """Both samples as .xlsm and all live books as .xlsx, not run; says of each which file it is, and whether condensed."""
    books = []
    for sample in ("widgets", "computers"):
        code, text = command("new", str(folder / f"{sample}.xlsm"), "--sample", sample)
        assert code == 0, text
        books.append({"name": f"sample {sample}", "file": f"{sample}.xlsm", "condensed": False})
    path = next((root / "tests").rglob("live_books.py"))
    spec = importlib.util.spec_from_file_location("live_books", path)
    assert spec and spec.loader
    sys.path += [str(root / "tests" / folder) for folder in ("support", "oracles", "doubles")]  # what it imports
    live = sys.modules["live_books"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(live)
    for number, (name, sample) in enumerate(live.BOOKS.items()):
        live.build(folder / f"{number:02}.xlsx", live.PERIOD, sample())
        books.append({"name": name, "file": f"{number:02}.xlsx", "condensed": name in live.CONDENSED})
    return books


def live(book: dict[str, Any], source: Path, folder: Path, upgrade: bool) -> dict[str, tuple[int, str]]:
    """Run a book, and post, correct, verify and roll it where it is chosen for that; a copy is kept of every state."""
    folder.mkdir(parents=True)
    os.chdir(folder)
    name, following = book["file"], f"next{Path(book['file']).suffix}"
    shutil.copy(source / name, name)
    outcomes: dict[str, tuple[int, str]] = {}

    def do(step: str, *arguments: str) -> None:
        outcomes[step] = command(*arguments)
        if Path(arguments[1]).exists():
            shutil.copy(arguments[1], f"{step}{Path(name).suffix}")

    if upgrade:
        outcomes["upgrade"] = command("upgrade", name)
    with condensed() if book["condensed"] else contextlib.nullcontext():
        do("run", "run", name)
    if book["posts"]:
        do("post", "post", name, "--approved-by", APPROVER)
        one_more(Path(name), "Counts", book["cell"])
        do("correct", "run", name)
        do("post again", "post", name, "--approved-by", APPROVER)
        outcomes["verify"] = command("verify", name)
    if book["rolls"]:
        do("roll", "roll", name, following)
        if Path(following).exists():  # its notes hold a digest, and a check adds up the characters of notes
            rewrite(Path(following), "xl/worksheets/", rb"\b[0-9a-f]{64}\b", b"0" * 64)
        do("run next", "run", following)
    for file in (name, following):
        Path(file).unlink(missing_ok=True)
    return outcomes


def verify(book: dict[str, Any], old: Path, folder: Path, upgrade: bool) -> dict[str, tuple[int, str]]:
    """Verify with this code what the old code has posted."""
    os.chdir(folder)
    shutil.copy(next(old.glob("post again.*")), book["file"])
    outcomes = {"upgrade what the old code posted": command("upgrade", book["file"])} if upgrade else {}
    outcomes["verify what the old code posted"] = command("verify", book["file"])
    Path(book["file"]).unlink()
    return outcomes


@contextlib.contextmanager
def condensed() -> Iterator[None]:
    """Under which the Trace is condensed, in whatever modules of the product the limit stands."""
    modules = [m for name, m in sys.modules.items() if name.startswith("xlbackflush") and hasattr(m, LIMIT)]
    assert modules, f"no module of the product has {LIMIT}: change the driver"
    with contextlib.ExitStack() as stack:
        for module in modules:
            stack.enter_context(mock.patch.object(module, LIMIT, 0))
        yield


def one_more(path: Path, sheet: str, cell: str) -> None:
    """Add one to a number that somebody typed."""
    with zipfile.ZipFile(path) as package:
        book, relations = (package.read(f"xl/{part}").decode() for part in ("workbook.xml", "_rels/workbook.xml.rels"))
    relation = re.findall(rf'<sheet [^>]*name="{sheet}"[^>]*r:id="(\w+)"', book)[0]
    part = re.findall(rf'<Relationship (?=[^>]*Id="{relation}")[^>]*Target="/?(?:xl/)?([^"]+)"', relations)[0]
    number = rb'(<c r="' + cell.encode() + rb'"[^>]*><v>)([^<]+)'
    rewrite(path, f"xl/{part}", number, lambda m: m[1] + b"%r" % (float(m[2]) + 1))


def rewrite(path: Path, parts: str, pattern: bytes, replacement: Any) -> None:
    """Replace what matches in the parts whose names start so, and change no other byte; it must be there."""
    with zipfile.ZipFile(path) as package:
        contents = {name: package.read(name) for name in package.namelist()}
    count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in contents.items():
            if name.startswith(parts):
                contents[name], replaced = re.subn(pattern, replacement, content)
                count += replaced
            package.writestr(name, contents[name])
    assert count, f"{path}: nothing to replace in {parts}"


def work(root: Path, mode: str, listed: Path, folder: Path, old: Path | None) -> None:
    if mode == "build":
        listed.write_text(json.dumps(build(root, folder)))
        return
    upgrade = old is not None and command("upgrade", "--help")[0] == 0
    outcomes = {}
    for book in sorted(json.loads(listed.read_text()), key=lambda b: b["condensed"]):  # last, with all modules loaded
        place = folder / book["name"]
        if mode == "live":
            outcomes[book["name"]] = live(book, listed.parent, place, upgrade)
        elif old and book["posts"]:
            outcomes[book["name"]] = verify(book, old / book["name"], place, upgrade)
    (folder / f"{mode}.json").write_text(json.dumps(outcomes))


if __name__ == "__main__":
    os.environ["LOGNAME"] = PREPARER
    tree, mode_, *paths = sys.argv[1:]
    work(Path(tree), mode_, Path(paths[0]), Path(paths[1]), Path(paths[2]) if len(paths) > 2 else None)
    files = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "xlbackflush" and m.__file__]
    foreign = [file for file in files if not Path(file).is_relative_to(tree)]
    assert files and not foreign, f"not the code of {tree}: {foreign}"
