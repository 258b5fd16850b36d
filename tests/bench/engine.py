"""The engine beside openpyxl, in turn in one process, in processor time.

    python -m tests.bench.engine BOOK    prints the seconds of both as JSON

engine     the tables as read to a period with its journal, and everything that is to be found in it; as in a run, Python
           does not look for circles of objects meanwhile
openpyxl   load_workbook of the same file
"""

import gc
import json
import sys
import time
from pathlib import Path
from statistics import median

import openpyxl

from xlbackflush.lifecycle.calculate import calculate
from xlbackflush.workbook.file import FileBook

REPEATS = 15


def main() -> None:
    """Measure both; what the first of each has to import is not counted."""
    path = Path(sys.argv[1])
    with FileBook(path) as book:
        raw_tables = book.read()
    jobs = {"engine": lambda: calculate(raw_tables), "openpyxl": lambda: openpyxl.load_workbook(path)}
    assert not jobs["engine"]().failed
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(REPEATS):
        for name, job in jobs.items():
            gc.collect()
            if name == "engine":
                gc.disable()
            begin = time.process_time()
            job()
            spent[name].append(time.process_time() - begin)
            gc.enable()
    print(json.dumps({name: median(seconds) for name, seconds in spent.items()}))


if __name__ == "__main__":
    main()
