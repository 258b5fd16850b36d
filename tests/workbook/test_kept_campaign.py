"""Marks of a user's at random places around and in output tables, and random changes of inputs: no mark is ever lost.

Each trial plants marks into the bench after a run, changes inputs, and runs, checks, clears or restores it. Every mark must then
be on its sheet, or on sheet Notes kept; and what our own columns hold is what they hold without any mark. Eight trials; 1,000
with XLBACKFLUSH_FUZZ=full.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest
from own_things import widened
from support_files import CellValue, Parts, address, cli, ran_book

from xlbackflush import schema

TRIALS = 1_000 if os.environ.get("XLBACKFLUSH_FUZZ") == "full" else 8
#: tables that a run writes, and in which rows come and go with the inputs
TABLES = (
    "Journal",
    "Ledger",
    "Variances",
    "Relief",
    "Reconciliation",
    "Trace",
    "Movements",
    "Checks",
    "TieOut",
    "Findings",
)
CHANGES: dict[str, CellValue] = {
    "Scrap!D7": None, "Scrap!A7": None, "Purchases!E8": 0.1, "Purchases!E7": 2.5, "Counts!E10": 4, "Stock!C7": None,
    "Actuals!E7": 1, "Counts!E7": "ten",
}  # fmt: skip
SCRAPPED = "ABCDEFGH"
ACTIONS = ("run", "run", "run", "run", "check", "clear", "restore")


def plant(parts: Parts, draw: random.Random) -> dict[str, str]:
    """Marks in random places; each with the sheet on which it is."""
    marks: dict[str, str] = {}

    def mark(sheet: str) -> str:
        text = f"mark-{len(marks):03}-{draw.randrange(10**6):06}"
        marks[text] = sheet
        return text

    for table in draw.sample(TABLES, 4):
        place = parts.tables()[table]
        rows = range(place.top + 1, place.bottom + 1)
        if draw.random() < 0.5:
            cells = [mark(place.sheet) if draw.random() < 0.4 else None for _ in rows]
            widened(parts, table, {"My notes": cells})
            if draw.random() < 0.5:
                names = [*place.columns]
                names.insert(draw.randrange(len(names)), "My notes")
                parts.reorder(table, names)
            place = parts.tables()[table]
        typed: dict[str, CellValue] = {}
        for _ in range(draw.randrange(4)):
            row, column = place.bottom + draw.randrange(1, 9), draw.randrange(place.left, place.right + 3)
            typed[address(column, row)] = mark(place.sheet)
        for _ in range(draw.randrange(3)):
            typed[address(place.right + draw.randrange(1, 5), draw.randrange(1, place.bottom + 3))] = mark(place.sheet)
        if draw.random() < 0.3:
            typed[address(place.left + draw.randrange(4, 8), 4)] = mark(place.sheet)
        if draw.random() < 0.3:  # Excel takes what is typed right below a table into it
            typed = {cell: text for cell, text in typed.items() if int(re.sub(r"\D", "", cell)) != place.bottom + 1}
            typed[address(place.left, place.bottom + 1)] = mark(place.sheet)
            last = address(place.right, place.bottom + 1)
            parts.resize(table, f"{address(place.left, place.top)}:{last}")
        kept = {text for text in typed.values() if isinstance(text, str)}
        for text in [text for text, sheet in marks.items() if sheet == place.sheet and text not in kept]:
            if not _in_column(parts, place.sheet, text):
                del marks[text]  # two marks in one cell
        parts.put_all(place.sheet, typed)
    return marks


def _in_column(parts: Parts, sheet: str, text: str) -> bool:
    return any(value == text for value, _ in parts.cells(sheet).values())


def ours(path: Path) -> dict[str, list[dict[str, object]]]:
    """The rows of all output tables in our own columns."""
    parts = Parts(path)
    names = {table.name: set(table.names) for table in schema.OUTPUT_TABLES if table.name not in ("Runs", "RunInputs")}
    return {
        name: [{k: v for k, v in row.items() if k in known} for row in parts.rows(name)]
        for name, known in names.items()
    }


def texts(path: Path) -> dict[str, str]:
    """Text -> the sheet on which it is."""
    parts = Parts(path)
    found = {}
    for sheet in parts.sheets():
        for value, _ in parts.cells(sheet).values():
            for text in re.findall(r"mark-\d{3}-\d{6}", str(value)):
                found[text] = sheet
    return found


@pytest.mark.parametrize("seed", range(TRIALS))
def test_no_mark_of_a_users_is_lost(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    start, plain = ran_book(tmp_path / "book.xlsx"), tmp_path / "plain.xlsx"
    if draw.random() < 0.5:  # rows come back instead of going
        parts = Parts(start)
        gone = {f"Scrap!{letter}8": parts.cells("Scrap")[f"{letter}8"][0] for letter in SCRAPPED}
        for cell in gone:
            parts.put(cell, None)
        assert cli("run", parts.save(start)).code == 0
        changes: dict[str, CellValue] = gone
    else:
        changes = dict.fromkeys((f"Scrap!{letter}8" for letter in SCRAPPED), None) if draw.random() < 0.5 else {}
    changes |= dict(draw.sample(sorted(CHANGES.items()), draw.randrange(3)))
    action = draw.choice(ACTIONS)
    parts = Parts(start)
    for cell, value in changes.items():
        parts.put(cell, value)
    parts.save(plain)
    marks = plant(parts, draw)
    book = parts.save(start)
    before = book.read_bytes()
    codes = [cli(action, path, "--json").code for path in (plain, book)]
    if (action, codes[1]) == ("restore", 2):  # nothing to put back, or formulas for columns that have moved
        assert book.read_bytes() == before
    else:
        assert codes[0] == codes[1]
    found = texts(book)
    assert {
        text: found.get(text) for text, sheet in marks.items() if found.get(text) not in (sheet, "Notes kept")
    } == {}
    if codes[0] == 0 and action in ("run", "clear"):
        assert ours(book) == ours(plain)
