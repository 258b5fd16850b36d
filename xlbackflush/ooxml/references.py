"""References in formulas, followed when rows of a table come or go.

A table grows from 12 rows to 15, and a note below it moves down by 3: what added up the 12 rows adds up the 15, and what
named the note names it where it is now, as where Excel inserts the rows.
"""

import re

from xlbackflush.dataclass import dataclass
from xlbackflush.late import pattern
from xlbackflush.ooxml.address import SHEET, column_number, unquoted

_WORD = r"[A-Za-z_\\][\w.]*"
_REFERENCE = pattern(
    rf"""
      "(?:[^"]|"")*" | \[[^\]]*\]                                             # texts, and what tables call their columns
    | (?: (?P<sheet>{SHEET}|{_WORD})! | (?<![\w.!$]) )
      \$?(?P<left>[A-Z]{{1,3}})(?P<fixed_top>\$?)(?P<top>\d+)
      (?: :\$?(?P<right>[A-Z]{{1,3}})(?P<fixed_bottom>\$?)(?P<bottom>\d+) )?
      (?![\w.(!])
    """,
    re.X,
)


def copied(formula: str, down: int) -> str:
    """A formula as it reads so many rows further down, as where its cell is copied: what is not fixed by a $ moves along."""

    def moved(match: re.Match[str]) -> str:
        rows = {
            name: int(match[name]) + down for name in ("top", "bottom") if match[name] and not match[f"fixed_{name}"]
        }
        return _renumbered(match, rows)

    return _REFERENCE.sub(moved, formula) if down else formula


def _renumbered(match: re.Match[str], rows: dict[str, int]) -> str:
    """A reference with other rows; the last comes first, so that the places of the others stay."""
    text = match[0]
    for name in sorted(rows):
        start, stop = (at - match.start() for at in match.span(name))
        text = f"{text[:start]}{rows[name]}{text[stop:]}"
    return text


@dataclass(frozen=True)
class Resized:
    """What became of the rows in the columns of a table, each by its number before and now.

    left, right: the columns; top: the first row of the body; last, end: the last one of the body, and of the table with its
    totals and what was typed in its last rows. down: by how many rows what is below has moved. totals: how many rows of them.
    """

    sheet: str
    left: int
    right: int
    top: int
    last: int
    end: int
    last_now: int
    down: int
    totals: int = 0

    @property
    def is_same(self) -> bool:
        """True where nothing has moved."""
        return self.last == self.last_now and not self.down

    def row(self, row: int) -> int:
        """Where a row below the body is now."""
        if row <= self.last:
            return row
        if row > self.end:
            return row + self.down
        typed = self.end - self.totals  # the last of the rows that a user typed, above the totals, which now come first
        return self.last_now + (row - typed if row > typed else self.totals + row - self.last)

    def reworded(self, formula: str, sheet: str) -> str:
        """A formula of a cell on a sheet, with its references to the table's rows and to what is below them followed."""
        return formula if self.is_same else _REFERENCE.sub(lambda match: self._followed(match, sheet), formula)

    def reworded_elsewhere(self, formula: str) -> str:
        """A formula anywhere else: only cells below the body are followed, so that it adds up what it added up."""
        return _REFERENCE.sub(lambda match: self._followed(match, "", body=False), formula)

    def _followed(self, match: re.Match[str], sheet: str, body: bool = True) -> str:
        named = unquoted(match["sheet"]) if match["sheet"] else sheet
        if not match["top"] or named != self.sheet or not self.left <= column_number(match["left"]) <= self.right:
            return match[0]
        top, bottom = int(match["top"]), int(match["bottom"] or match["top"])
        if body and match["bottom"] and top <= self.top and bottom == self.last:
            first, last = top, self.last_now
        else:
            first, last = self.row(top), self.row(bottom)
        return _renumbered(match, {"top": first} | ({"bottom": last} if match["bottom"] else {}))
