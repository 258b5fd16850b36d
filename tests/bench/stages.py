"""One run, stage by stage.

python -m tests.bench.stages BOOK    runs BOOK, prints the seconds of each stage as JSON
"""

import datetime as dt
import json
import sys
import time
from itertools import pairwise
from pathlib import Path


def main() -> None:
    """Run a workbook as the command line does, and note when each stage begins."""
    marks = [("Import", time.perf_counter())]

    def mark(stage: str) -> None:
        marks.append((stage, time.perf_counter()))

    from xlbackflush.lifecycle import run as lifecycle
    from xlbackflush.workbook.file import FileBook

    mark("Opening")
    with FileBook(Path(sys.argv[1])) as book:
        outcome = lifecycle.run(book, "benchmark", dt.datetime(2026, 11, 1), mark)
    mark("Done")
    assert outcome.run, outcome.findings[:3]
    seconds = {stage: end - begin for (stage, begin), (_, end) in pairwise(marks)}
    print(json.dumps({"seconds": seconds, "trace_rows": len(outcome.period.explosion.rows)}))


if __name__ == "__main__":
    main()
