"""What commands print: the one way to the terminal, for text from anywhere.

A code in a workbook may hold any character. Those that a terminal takes for a command (clear the screen, set the title,
write from right to left) or that would begin a line are printed as codes, such as \\x1b. What a command has done stands
whether or not anybody can read what it prints.
"""

from __future__ import annotations

import io
import os
import re
import sys
from contextlib import suppress
from typing import TextIO

#: control characters, marks that change the direction of writing, separators of lines, invisible marks, half characters
_ODD = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"


def visible(text: str) -> str:
    """A text on one line that shows each character and does nothing else."""
    return text if text.isprintable() else re.sub(_ODD, _code, text)


def _code(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def say(*lines: str) -> None:
    """Print lines. Where they cannot be printed it is told; where nobody reads any more, as behind `| head`, it is not."""
    error = _print("\n".join(map(visible, lines)) + "\n", sys.stdout)
    if error and not isinstance(error, BrokenPipeError):
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        warn(f"the result cannot be printed ({why}); what was done stands.")


def warn(sentence: str) -> None:
    """Tell something on the error stream, if there is one."""
    _print(f"xlbackflush: {visible(sentence)}\n", sys.stderr)


def print_as_laid_out(text: str, stream: TextIO | None) -> None:
    """Print several lines that are ours, apart from a word that was typed."""
    _print("\n".join(map(visible, text.split("\n"))), stream)


def is_watched() -> bool:
    """True where somebody can see a line change, on a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def show_stage(stage: str) -> None:
    """A line of its own that the next one takes the place of; "" takes it away."""
    _print(f"\r\033[K{stage} ...\r" if stage else "\r\033[K", sys.stderr)


def accept_every_character() -> None:
    """A console that lacks a character of an item code is no reason to stop: it is printed as a code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _print(text: str, stream: TextIO | None) -> Exception | None:
    """What kept a text from being printed; then nothing is printed there any more, not even at the end of the process."""
    if stream is None:
        return None
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return error
    return None
