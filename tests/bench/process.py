"""Fresh processes, measured: seconds, processor seconds, peak memory.

The process that measures imports little and holds nothing big: on Linux a child's peak memory starts from that of the
process that started it.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

Name = TypeVar("Name")

TIMEOUT = 300.0  # seconds, for one child


@dataclass(frozen=True)
class Spent:
    """What one process took. peak is in MB; `output` is what it printed; `problem` is "" where it ended well."""

    seconds: float
    cpu: float
    peak: float
    output: str
    problem: str = ""


def spend(command: Sequence[str]) -> Spent:
    """Run a command to its end, or until the time-out."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err)
        timer = threading.Timer(TIMEOUT, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        output = out.read()
        problem = _problem(process.returncode, seconds >= TIMEOUT, output + err.read())
        unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kB
        return Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, output, problem)


def _problem(code: int, late: bool, printed: str) -> str:
    if code == 0:
        return ""
    if late:
        return f"stopped after {TIMEOUT:.0f} s"
    return f"failed (exit code {code}): {printed.strip()[-300:]}"


def module(name: str, *arguments: object) -> list[str]:
    """Command that runs a module of this package."""
    return [sys.executable, "-m", f"tests.bench.{name}", *map(str, arguments)]


def interleaved(
    jobs: Mapping[Name, Callable[[], Spent]], repeats: int, patience: float = TIMEOUT
) -> dict[Name, list[Spent]]:
    """Run the jobs in turn, `repeats` times; a job that failed or took longer than `patience` is not run again."""
    results: dict[Name, list[Spent]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            if not any(s.problem or s.seconds > patience for s in results[name]):
                results[name].append(job())
    return results


def typical(spent: Sequence[Spent]) -> Spent:
    """Medians of repetitions; the first that failed, where one failed."""
    for one in spent:
        if one.problem:
            return one
    return Spent(
        median(s.seconds for s in spent),
        median(s.cpu for s in spent),
        median(s.peak for s in spent),
        spent[-1].output,
    )
