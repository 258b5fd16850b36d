"""Fonts of the printed evidence: one that every machine has the same, and others for the letters it lacks.

Bitstream Vera comes with the PDF library, is embedded, and has the letters of western Europe: there the same workbook gives
the same bytes on every machine. Other letters come from a font of the machine, embedded too. What none of them has is
written as its code number, such as [U+6728], and stands as it is in the CSV files.
"""

import os
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

PLAIN, BOLD = "Vera", "VeraBd"


def of_machine() -> list[Path]:
    """Fonts with many scripts that may be on this machine, in the order in which they are tried."""
    if sys.platform == "win32":
        folder = Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"
        return [folder / f"{name}" for name in ("arial.ttf", "msyh.ttc", "yugothr.ttc", "msgothic.ttc", "malgun.ttf")]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts/Supplemental/Arial Unicode.ttf"), Path("/Library/Fonts/Arial Unicode.ttf")]
    folder = Path("/usr/share/fonts/truetype")
    names = ("dejavu/DejaVuSans.ttf", "freefont/FreeSans.ttf", "droid/DroidSansFallbackFull.ttf", "wqy/wqy-zenhei.ttc")
    return [folder / name for name in names]


class Fonts:
    """Widths of texts, and which font writes which of their letters. Sizes and widths are in points."""

    def __init__(self, others: Iterable[Path] | None = None) -> None:
        self._waiting = list(of_machine() if others is None else others)
        self._faces: dict[str, Any] = {}
        self._letter = cache(self._look_up)
        for name in (PLAIN, BOLD):
            self._add(name, Path(f"{name}.ttf"))

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Width of a text on one line."""
        return size * sum(self._letter(c, bold)[2] for c in text)

    def runs(self, text: str, bold: bool = False) -> list[tuple[str, str]]:
        """A text in pieces of one font each: (name of the font, piece)."""
        pieces: list[tuple[str, str]] = []
        for character in text:
            font, written, _ = self._letter(character, bold)
            if pieces and pieces[-1][0] == font:
                pieces[-1] = (font, pieces[-1][1] + written)
            else:
                pieces.append((font, written))
        return pieces

    def lines(self, text: str, size: float, room: float, bold: bool = False) -> list[str]:
        """A text in lines that fit the room: broken between words, and within a word that is wider than a line."""
        room += 0.001  # widths are sums of floats

        def width(part: str) -> float:
            return self.width(part, size, bold)

        if width(text) <= room:
            return [text]
        lines: list[str] = []
        for word in text.split():
            if lines and width(f"{lines[-1]} {word}") <= room:
                lines[-1] = f"{lines[-1]} {word}"
                continue
            begin = 0
            while begin < len(word):
                fitting = bisect_right([*accumulate(map(width, word[begin:]))], room)
                lines.append(word[begin : begin + max(fitting, 1)])
                begin += max(fitting, 1)
        return lines

    def _look_up(self, character: str, bold: bool) -> tuple[str, str, float]:
        """Of a character: the font that has it, what is written, and its width at size 1."""
        first = BOLD if bold else PLAIN
        font, written = first, " "
        if character.isprintable():
            names = (name for name in self._names(first) if ord(character) in self._faces[name].face.charToGlyph)
            font, written = next(((name, character) for name in names), (first, f"[U+{ord(character):04X}]"))
        return font, written, float(self._faces[font].stringWidth(written, 1))

    def _names(self, first: str) -> Iterator[str]:
        """The fonts to be tried: one of ours, those that are loaded, and the others as they are loaded."""
        yield first
        yield from [name for name in self._faces if name not in (PLAIN, BOLD)]
        while self._waiting:
            path = self._waiting.pop(0)
            name = path.stem.replace(" ", "")
            if path.is_file() and self._add(name, path):
                yield name

    def _add(self, name: str, path: Path) -> bool:
        """Load a font; one that the library cannot embed is passed over."""
        try:
            self._faces[name] = TTFont(name, str(path))
        except (TTFError, OSError):
            return False
        pdfmetrics.registerFont(self._faces[name])
        return True
