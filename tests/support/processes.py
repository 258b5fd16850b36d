"""Commands in processes of their own, that begin at the same moment."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from support_files import Result, cli

Work = Callable[[], Result]


def command(*arguments: object) -> Work:
    """A command line, to be run later."""
    return lambda: cli(*arguments)


def at_once(folder: Path, works: Sequence[Work], delays: Sequence[float] = ()) -> list[Result]:
    """Do each in a process of its own, all at the same moment or each so many seconds later. Gives what each printed.

    folder: for what they leave for us; none of it stays.
    """
    gate, opener = os.pipe()
    children = []
    for number, work in enumerate(works):
        child = os.fork()
        if child == 0:
            os.close(opener)
            os.read(gate, 1)  # until all are there
            time.sleep(delays[number] if delays else 0)
            _finish(folder / f".said-{number}", work)
        children.append(child)
    os.close(gate)
    os.close(opener)
    for child in children:
        os.waitpid(child, 0)
    return [_said(folder / f".said-{number}") for number in range(len(works))]


def _finish(file: Path, work: Work) -> None:
    """The end of a child: it must not go on with the tests of its parent."""
    try:
        result = work()
        text = "\0".join((str(result.code), result.out, result.err))
    except BaseException:  # noqa: BLE001 - the parent tells it
        text = "\0".join(("-1", "", traceback.format_exc()))
    file.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    os._exit(0)


def _said(file: Path) -> Result:
    code, out, err = file.read_text(encoding="utf-8").split("\0")
    file.unlink()
    return Result(int(code), out, err)
