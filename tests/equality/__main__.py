"""Proof that no number changes: every workbook, made with the code of an earlier commit and with the code as it stands.

    python -m tests.equality --since REF [--books N] [--words FILE] [--except SHEET ...]

Both sides start from the same workbooks, which the earlier code builds: the samples, and all policies and period ends of
`live_books`. They run them, post, correct, verify and roll some; what they wrote is compared cell by cell. Exit code 1: a
difference that the list of words changed on purpose does not explain; the workbooks are then kept, with all differences.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.equality.comparer import IGNORED, MASKS, Difference, Words, compare, letter, read

HERE = Path(__file__).parent
TREE = HERE.parents[1]
POSTED, ROLLED = 4, 2  # every so many books are posted, corrected and verified, every so many of these rolled as well
SHOWN, PRINTED = 3, "(printed)"

Found = tuple[list[tuple[str, Difference]], set[str], set[str]]  # differences by book, what is new, words used


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.equality", description=__doc__.partition("\n")[0])
    parser.add_argument("--since", default="8774eb1", metavar="REF", help="commit whose numbers are right")
    parser.add_argument("--books", type=int, metavar="N", help="about N books in place of all")
    parser.add_argument(
        "--words", type=Path, default=HERE / "words_changed.txt", help="list of words changed on purpose"
    )
    parser.add_argument(
        "--except", dest="excepted", action="append", default=[], metavar="SHEET", help="do not compare"
    )
    args = parser.parse_args()
    started = time.monotonic()
    words = Words(args.words.read_text().splitlines())
    folder = Path(tempfile.mkdtemp(prefix="equality-"))
    books = produce(args.since, folder, args.books)
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(partial(compared, folder, words, args.excepted), (book["name"] for book in books)))
    results.append(outcomes(folder, words, args.excepted))
    for _, _, used in results:
        words.used |= used
    print(
        f"{len(books)} workbooks since {args.since}, {sum(b['posts'] for b in books)} of them posted and corrected, "
        f"{sum(b['rolls'] for b in books)} rolled; {time.monotonic() - started:.0f} s\nNot compared: "
        + ", ".join([*(f"{table}[{column}]" for table, column in sorted(IGNORED)), *MASKS.values(), *args.excepted])
    )
    code = report(results, words, folder / "differences.csv")
    if code == 0:
        shutil.rmtree(folder)
    return code


def produce(since: str, folder: Path, count: int | None) -> list[dict[str, Any]]:
    """Build the books, and work through them with both trees at the same time."""
    earlier, built, old, new = (folder / name for name in ("tree", "books", "old", "new"))
    for made in (earlier, built, old, new):
        made.mkdir()
    code = subprocess.run(["git", "archive", since], cwd=TREE, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x"], cwd=earlier, check=True, input=code)
    if (earlier / "vba").exists():  # a package whose folder is elsewhere: the installed one would be another tree's
        (earlier / "xlbackflush" / "vba").symlink_to("../vba")
    listed = built / "books.json"
    finish(drive(earlier, "build", listed, built))
    books = json.loads(listed.read_text())
    books = books[:: max(1, len(books) // (count or len(books)))][:count]
    for book in books:
        book["cell"] = last_sale(built / book["file"])
    sold = [book for book in books if book["cell"] and not book["condensed"]]
    posted = sold[::POSTED]
    for book in books:
        book |= {"posts": book in posted, "rolls": book in posted[::ROLLED]}
    listed.write_text(json.dumps(books))
    finish(drive(earlier, "live", listed, old), drive(TREE, "live", listed, new, old))
    finish(drive(TREE, "verify", listed, new, old))
    return books


def last_sale(path: Path) -> str:
    """The cell with the quantity of the last sale, which a correction makes one more."""
    book = read(path)
    counts = book.tables["Counts"]
    kind, quantity = (counts.first_col + counts.columns.index(name) for name in ("Event", "Quantity"))
    rows = [row for (row, column), cell in book.sheets["Counts"].items() if column == kind and cell.value == "Sold"]
    return f"{letter(quantity)}{max(rows)}" if rows else ""


def drive(tree: Path, mode: str, *paths: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(tree), "XLBACKFLUSH_STATE": str(paths[1] / "state")}
    return subprocess.Popen(
        [sys.executable, "-P", HERE / "driver.py", tree, mode, *paths], env=environment, cwd=paths[1]
    )


def finish(*drivers: subprocess.Popen[bytes]) -> None:
    codes = [driver.wait() for driver in drivers]
    if any(codes):
        raise SystemExit("A driver failed: see above.")


def compared(folder: Path, words: Words, excepted: list[str], book: str) -> Found:
    """All states of a book, cell by cell; other files beside it byte by byte."""
    differences, added = [], set()
    old, new = folder / "old" / book, folder / "new" / book
    for name in sorted({path.name for side in (old, new) for path in side.iterdir()}):
        state, files = f"{book}: {Path(name).stem}", [side / name for side in (old, new)]
        if all(file.exists() for file in files) and files[0].suffix in (".xlsx", ".xlsm"):
            found, besides = compare(*map(read, files), words, excepted)
            differences += [(state, difference) for difference in found]
            added |= besides
        elif not all(file.exists() for file in files) or files[0].read_bytes() != files[1].read_bytes():
            there = [f"{file.stat().st_size} bytes" if file.exists() else None for file in files]
            differences.append((state, Difference("(files)", name, "", "file", *there)))
    return differences, added, words.used


def outcomes(folder: Path, words: Words, excepted: list[str]) -> Found:
    """Exit codes and printed texts; the new code must say of what the old code posted what the old code says."""
    old, new, later = (
        json.loads((folder / file).read_text()) for file in ("old/live.json", "new/live.json", "new/verify.json")
    )
    differences = []
    for book in new:
        steps = new[book] | later.get(book, {})
        wanted = old[book] | {step: old[book]["verify"] for step in steps if step.startswith("verify ")}
        for step, (code, text) in steps.items():
            code_before, text_before = wanted.get(step, (0, text))  # upgrade: only the new code has it
            if code != code_before:
                was, now = (f"exit {c}: {t.strip()[-200:]}" for c, t in ((code_before, text_before), (code, text)))
                differences.append((book, Difference("(exit code)", step, "", "exit", was, now)))
            for was, now in zip_longest(text_before.splitlines(), text.splitlines()):
                if PRINTED not in excepted and not words.same(was, now):
                    differences.append((book, Difference(PRINTED, step, "", "text", was, now)))
    return differences, set(), words.used


def report(results: list[Found], words: Words, path: Path) -> int:
    """Print what differs: three cells for each sheet and column, then how many there are; all of them to a file."""
    groups = defaultdict(list)
    for differences, _, _ in results:
        for book, difference in differences:
            groups[difference.sheet, difference.column].append((book, difference))
    with path.open("w", newline="") as file:
        csv.writer(file).writerows((book, *d) for group in groups.values() for book, d in group)
    for group in groups.values():
        for book, d in group[:SHOWN]:
            print(f"{book}, {d.sheet}!{d.cell}, {d.old!r}, {d.new!r}")
    for line in sorted(set().union(*(added for _, added, _ in results))):
        print(f"New: {line}")
    for line in words.unused:
        print(f"Unused in the list of words: {line}")
    for (sheet, column), group in groups.items():
        pairs = [(d.old, d.new) for _, d in group if isinstance(d.old, float) and isinstance(d.new, float)]
        largest = f"; largest change of a number {max(abs(a - b) for a, b in pairs):g}" if pairs else ""
        kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(d.kind for _, d in group).items())
        print(f"({sheet}, {column}): {kinds}, in {len({book for book, _ in group})} files{largest}")
    print(f"{sum(map(len, groups.values()))} differences" + (f", all in {path}" if groups else ""))
    return 1 if groups else 0


if __name__ == "__main__":
    sys.exit(main())
