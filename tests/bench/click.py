"""From the click on Run Backflush to the journal, over the objects that stand in for Excel's.

    python -m tests.bench.click BOOK SPAWNED     prints seconds by stage as JSON; SPAWNED: time.time() of the click

A click starts a new Python, which is why start-up counts. What stands in for Excel is slower and faster than Excel in its
own ways, so that the stages are compared with one another, not with a stopwatch beside a real one.
"""

import json
import sys
import time
from pathlib import Path


def main(book: Path, spawned: float) -> None:
    """The macro as VBA calls it, stage by stage."""
    begun = time.time()
    from xlbackflush.addin import macros

    imported = time.time()
    tests = Path(__file__).parents[1]
    sys.path[:0] = [str(tests / "doubles"), str(tests / "support")]
    from com_file import Workbook
    from excel_engine import calling

    workbook = Workbook(book)  # Excel has it open already
    opened = time.time()
    with calling(workbook):
        macros.run()
    done = time.time()
    said = str(workbook.application.StatusBar)
    if not said.startswith("Done: "):
        raise SystemExit(said)
    stages = {"interpreter": begun - spawned, "import": imported - begun, "run": done - opened}
    print(json.dumps({"seconds": stages, "said": said}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
