"""From the click on Run Backflush to the journal, over the objects that stand in for Excel's.

    python -m tests.bench.click BOOK SPAWNED     prints seconds by stage as JSON; SPAWNED: time.time() of the click

A click is answered by the Python that stays with Excel ("warm"); where there is none, it starts a new one, and then start-up
counts. What stands in for Excel is slower and faster than Excel in its own ways, so that the stages are compared with one
another, not with a stopwatch beside a real one.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

#: calls of the live adapter that change the workbook
WRITES = ("put", "enter", "empty", "style", "rows", "resize", "insert", "unprotect")


def main(book: Path, spawned: float) -> None:
    """The macro as VBA calls it, stage by stage."""
    begun = time.time()
    from xlbackflush.addin import macros

    imported = time.time()
    tests = Path(__file__).parents[1]
    sys.path[:0] = [str(tests / "doubles"), str(tests / "support")]
    from com_file import Workbook
    from excel_engine import calling

    def click() -> float:
        workbook = Workbook(book)  # Excel has it open already
        opened = time.time()
        with calling(workbook):
            macros.run()
        took = time.time() - opened
        if not str(workbook.application.StatusBar).startswith("Done: "):
            raise SystemExit(str(workbook.application.StatusBar))
        return took

    seconds = {"interpreter": begun - spawned, "import": imported - begun, "run": click(), "warm": click()}
    print(json.dumps({"seconds": seconds | {"writes": _spent_writing(click)}}))


def _spent_writing(click: Callable[[], float]) -> float:
    """Seconds of a click that pass in what stands in for Excel while cells are written."""
    from xlbackflush.workbook.com import ComBook

    spent = 0.0

    def timed(write: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: object) -> Any:
            nonlocal spent
            begin = time.perf_counter()
            try:
                return write(*arguments)
            finally:
                spent += time.perf_counter() - begin

        return call

    with mock.patch.multiple(ComBook, **{name: timed(getattr(ComBook, name)) for name in WRITES}):
        click()
    return spent


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
