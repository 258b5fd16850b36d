"""The benchmark: what a run costs, beside what else could be done, in one table.

    python -m tests.bench              the table (parts 1, 3 and 4), about ten minutes
    python -m tests.bench --quick      a quarter of the size, each measurement once
    python -m tests.bench --only 0     the bars of the small sample alone
    python -m tests.bench --only 1 5   some parts

    0  the bars that a release has to reach, in processor time, on the widgets sample
    1  a whole run in a fresh process, beside the usual Python stack, the floor and the limit
    2  the engine's share of a whole run
    3  growth: time for every BOM line, and memory, from small to large
    4  explosion and roll-up against other methods, and up to a million BOM lines
    5  start-up
    6  the cell functions: one call, an array of them, explosions, and the load before them
    7  from the click on Run Backflush to the journal: by the Python that stays with Excel, and by a new one

The seconds depend on the machine and on what else it does. What is compared is measured in turn in one go, in processor
time (user and system), so the ratios of medians hold. Processes are those of an installed package: what they import is
compiled before.
"""

import argparse
import compileall
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import xlbackflush
from tests.bench.process import Spent, interleaved, module, spend, typical

CLI = [sys.executable, "-m", "xlbackflush"]
WARM_MOST = 0.35  # seconds from click to journal, beside those that writing takes
PATIENCE = 20.0  # seconds; what takes longer is measured once
ALL_TRIGGERS, ON_SALE = "Purchase, completion and sale", "Purchase and sale"


@dataclass(frozen=True)
class Size:
    """A world: BOM lines, counts, products with an engineering change."""

    lines: int
    counts: int
    changes: int = 0

    def __str__(self) -> str:
        return f"{self.lines // 50:,} products, {self.lines:,} BOM lines, {self.counts:,} counts"


@dataclass(frozen=True)
class Plan:
    """What is measured, and how often. standard: the size S of the requirements; series: larger ones, the last is their M;
    largest: of the engine alone."""

    standard: Size
    series: tuple[Size, ...]
    largest: Size
    repeats: int


FULL = Plan(
    Size(10_000, 5_000, 20), tuple(Size(n, n) for n in (25_000, 50_000, 100_000)), Size(1_000_000, 1_000_000), 3
)
QUICK = Plan(Size(2_500, 1_250, 5), tuple(Size(n, n) for n in (6_000, 12_000)), Size(50_000, 50_000), 1)


class Bench:
    """The measurements of one plan, in a folder of their own."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder

    # ------------------------------------------------------------------------------------------- tools

    def book(self, size: Size, triggers: str = ALL_TRIGGERS) -> Path:
        """The workbook of a world, built once."""
        name = f"{size.lines}-{size.counts}-{size.changes}-{triggers.replace(' ', '')}.xlsx"
        path = self.folder / name
        if not path.exists():
            built = spend(module("world", path, size.lines, size.counts, size.changes, triggers))
            if built.problem:
                raise SystemExit(f"The world {size} could not be built: {built.problem}")
        return path

    def fresh(self, book: Path) -> Path:
        """A copy that has not been run: a second run of the same inputs would find nothing to save."""
        return Path(shutil.copy(book, self.folder / f"fresh{book.suffix}"))

    def widgets(self) -> Path:
        """The widgets sample, built once."""
        path = self.folder / "widgets.xlsm"
        if not path.exists():
            built = spend([*CLI, "new", str(path), "--sample", "widgets"])
            if built.problem:
                raise SystemExit(f"The widgets sample could not be built: {built.problem}")
        return path

    # ----------------------------------------------------------------------------------------------- 0

    def bars(self) -> None:
        """What a release has to reach."""
        headline(0, "Bars, on the widgets sample, in processor time (user and system)")
        book, commands = (
            self.widgets(),
            {"engine": module("engine"), "run": [*CLI, "run"], "sensitivity": [*CLI, "sensitivity"]},
        )
        jobs = {name: self._on_fresh(command, book) for name, command in commands.items()}
        jobs["import pandas"] = _spending([sys.executable, "-c", "import pandas"])
        few, often = ("sensitivity", "engine"), ("run", "import pandas")
        spent = interleaved({name: jobs[name] for name in often}, 4 * self.plan.repeats + 1)
        spent |= interleaved({name: jobs[name] for name in few}, self.plan.repeats)
        one = {name: typical(each) for name, each in spent.items()}
        for name in jobs:
            if one[name].problem:
                print(f"{name}: {one[name].problem}")
                return
        engine, openpyxl = (
            median(json.loads(each.output)[name] for each in spent["engine"]) for name in ("engine", "openpyxl")
        )
        run, pandas = one["run"].cpu, one["import pandas"].cpu
        bar("engine / openpyxl loads the workbook", engine / openpyxl, 0.03)
        bar("run, a process / python -c 'import pandas'", run / pandas, 0.6)
        bar("sensitivity, a process, seconds", one["sensitivity"].cpu, 5.0)

    def _on_fresh(self, command: list[str], book: Path) -> Callable[[], Spent]:
        return lambda: spend([*command, str(self.fresh(book))])

    # ----------------------------------------------------------------------------------------- 1 and 2

    def whole_run(self) -> None:
        """A whole run, beside other ways to read and write as much."""
        headline(1, f"Whole run in a fresh process: {self.plan.standard}")
        book = self.book(self.plan.standard)
        finished, planned, out = (self.folder / name for name in ("finished.xlsx", "plan.json", "out.xlsx"))
        shutil.copy(book, finished)
        first = spend([*CLI, "run", str(finished)])
        counted = spend(module("yardstick", "plan", finished, planned))
        if first.problem or counted.problem:
            print(f"run {first.problem}; yardstick {counted.problem}")
            return
        print("   cells written: " + ", ".join(f"{n:,} {kind}s" for kind, n in json.loads(counted.output).items()))
        others = {
            "floor": "the floor: python-calamine, XlsxWriter, as many plain numbers",
            "same": "the same cells: python-calamine, XlsxWriter, formulas, formats",
            "xlsxwriter": "pandas with openpyxl and XlsxWriter, values without formats",
            "openpyxl": "pandas with openpyxl alone, values without formats",
        }
        jobs: dict[str, Callable[[], Spent]] = {
            "run": lambda: spend([*CLI, "run", str(self.fresh(book))]),
            "limit": _spending(module("yardstick", "limit", book, finished)),
            **{verb: _spending(module("yardstick", verb, book, planned, out)) for verb in others},
        }
        spent = {name: typical(each) for name, each in interleaved(jobs, self.plan.repeats, PATIENCE).items()}
        run = spent["run"]
        heads("run / it")
        line("xlbackflush run, with the full Trace", run, 1.0)
        line("the limit: inflate and deflate the same bytes", spent["limit"], run.cpu / spent["limit"].cpu)
        for verb, name in others.items():
            line(name, spent[verb], run.cpu / spent[verb].cpu)
        bar("run / floor", run.cpu / spent["floor"].cpu, 0.35)
        bar("run / the same cells", run.cpu / spent["same"].cpu, 0.10)
        bar("peak memory, MB", run.peak, 180)

    def engine_share(self) -> None:
        """The engine's share of a run, and that of the other stages."""
        headline(2, f"Where the time of a run goes: {self.plan.standard}")
        book = self.book(self.plan.standard)
        spent = interleaved({"stages": lambda: spend(module("stages", self.fresh(book)))}, self.plan.repeats)["stages"]
        if typical(spent).problem:
            print(typical(spent).problem)
            return
        chosen = sorted(spent, key=lambda s: s.seconds)[len(spent) // 2]
        seconds = stages(chosen)
        share = engine_seconds(seconds) / chosen.seconds
        took = f"{engine_seconds(seconds):.3f} s of {chosen.seconds:.2f} s"
        row(f"{share:.1%} engine", f"{took}; {verdict(share, 0.05)} 5 %")
        seconds["Start and end of the process"] = chosen.seconds - sum(seconds.values())
        for stage, spell in seconds.items():
            row(f"   {spell / chosen.seconds:6.1%} {stage.lower()}", f"{spell:.3f} s")

    # ----------------------------------------------------------------------------------------------- 3

    def growth(self) -> None:
        """Time for every BOM line, and memory, from small to large."""
        headline(3, "Growth of a whole run: as many counts as BOM lines, in S half as many")
        sizes = (self.plan.standard, *self.plan.series)
        spent = {
            size: typical(each)
            for size, each in interleaved(
                {size: self._run_job(size) for size in sizes}, self.plan.repeats, PATIENCE
            ).items()
        }
        least, most = spent[sizes[0]], spent[sizes[-1]]
        heads("a line")
        for size, one in spent.items():
            line(str(size), one, one.cpu / least.cpu / (size.lines / sizes[0].lines))
        bar("the largest / S, in time", most.cpu / least.cpu, 12)
        bar("peak memory of the largest, MB", most.peak, 700)

    def _run_job(self, size: Size) -> Callable[[], Spent]:
        return lambda: spend([*CLI, "run", str(self.fresh(self.book(size)))])

    # ----------------------------------------------------------------------------------------------- 4

    def rivals(self) -> None:
        """Explosion and roll-up by other methods."""
        standard, largest = self.plan.standard, self.plan.series[-1]
        fastest = ("DuckDB, recursive CTE", "polars, joins by level")
        for title, size, triggers, methods in (
            ("subassemblies stocked", standard, ALL_TRIGGERS, ()),
            ("exploded to the bottom", standard, ON_SALE, ()),
            ("subassemblies stocked", largest, ALL_TRIGGERS, ()),
            ("subassemblies stocked", self.plan.largest, ALL_TRIGGERS, fastest),
        ):
            headline(4, f"Explosion and roll-up, {title}: {size}")
            repeats = 1 if size == self.plan.largest else self.plan.repeats
            spent = spend(module("rivals", size.lines, size.counts, triggers, repeats, *methods))
            if spent.problem:
                print(spent.problem)
                continue
            seconds: dict[str, Any] = json.loads(spent.output)
            print(f"   {'':<66}{'processor s':>12}{'it / engine':>28}")
            for name, took in seconds.items():
                if isinstance(took, str):
                    print(f"   {name}: {took}")
                else:
                    print(f"   {name:<66}{took:>12.4f}{took / seconds['engine']:>28.2f}", flush=True)
        print("   Each comes to the engine's quantities and costs within 1e-9, or it is not timed.")
        print("   Only the engine heeds dates, keeps five cost elements and writes down the Trace row by row.")

    # ----------------------------------------------------------------------------------------------- 5

    def startup(self) -> None:
        """Fresh processes that do next to nothing."""
        headline(5, "Start-up, beside an empty Python")
        imports = (
            "numpy",
            "pandas",
            "python_calamine",
            "openpyxl",
            "xlbackflush.lifecycle.run",
            "xlbackflush.workbook.file",
        )
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "xlbackflush --version": [*CLI, "--version"],
            **{f"import {name}": [sys.executable, "-c", f"import {name}"] for name in imports},
        }
        spent = interleaved({name: _spending(command) for name, command in commands.items()}, 3 * self.plan.repeats)
        bare = typical(spent["python -c pass"]).seconds
        for name, found in spent.items():
            one = typical(found)
            row(f"{one.seconds / bare:6.1f} x {name}", one.problem or f"{one.seconds:.3f} s")

    # ----------------------------------------------------------------------------------------------- 6

    def functions(self) -> None:
        """The cell functions as Python answers them."""
        size = Size(self.plan.standard.lines, self.plan.standard.counts)
        headline(6, f"Cell functions, beside plain Python without checks, dates or cost elements: {size}")
        tables = self.folder / "tables.pickle"
        handed = spend(module("functions", "hand", self.book(size), tables))
        spent = spend(module("functions", "measure", tables, 5 * self.plan.repeats))
        if handed.problem or spent.problem:
            print(handed.problem or spent.problem)
            return
        found: dict[str, Any] = json.loads(spent.output)
        for name, (mine, other) in found["calls"].items():
            took = f"{mine * 1e6:.2f} µs against {other * 1e6:.2f} µs a call; {verdict(mine * 1e6, 5)} 5 µs"
            row(f"{mine / other:6.2f} x {name}", took)
        named = {
            "load": "load",
            "array": "cost of 10,000 cells",
            "explosions": f"explosions of {found['items']:,} items",
        }
        for task, name in named.items():
            mine, other = found["tasks"][task]
            row(f"{mine / other:6.2f} x {name}", f"{mine * 1e3:.1f} ms against {other * 1e3:.1f} ms")
        row("         once: import of the module", f"{found['import'] * 1e3:.0f} ms")
        row("         once: first load, import of engine", f"{found['first load'] * 1e3:.0f} ms")

    # ----------------------------------------------------------------------------------------------- 7

    def click(self) -> None:
        """The widgets sample, in the hands of what stands in for Excel, beside the command line on the same workbook."""
        headline(7, "From click to journal: the widgets sample, beside the command line")
        book = self.widgets()
        jobs: dict[str, Callable[[], Spent]] = {
            "click": lambda: spend(module("click", book, time.time())),
            "command line": self._on_fresh([*CLI, "run"], book),
        }
        spent = interleaved(jobs, 2 * self.plan.repeats + 1)
        if problem := typical(spent["click"]).problem or typical(spent["command line"]).problem:
            print(problem)
            return
        seconds = {
            stage: median(json.loads(one.output)["seconds"][stage] for one in spent["click"])
            for stage in ("interpreter", "import", "run", "warm", "writes")
        }
        start, warm, writes = seconds["interpreter"] + seconds["import"], seconds["warm"], seconds["writes"]
        whole, other = start + seconds["run"], typical(spent["command line"]).seconds
        row(
            f"{warm / other:6.2f} x the command line, by a Python that stays",
            f"{warm:.2f} s, writes {writes:.2f} s of it; the rest {verdict(warm - writes, WARM_MOST)} {WARM_MOST:.2f} s",
        )
        row(f"{whole / other:6.2f} x the command line, by a new Python", f"{whole:.2f} s against {other:.2f} s")
        row(
            f"{start / whole:6.0%} of it start-up", f"{start:.2f} s; engine, reading and writing {seconds['run']:.2f} s"
        )


def _spending(command: list[str]) -> Callable[[], Spent]:
    return lambda: spend(command)


def stages(spent: Spent) -> dict[str, float]:
    """Seconds by stage, as the child printed them."""
    seconds: dict[str, float] = json.loads(spent.output)["seconds"]
    return seconds


def engine_seconds(seconds: dict[str, float]) -> float:
    """What lies between reading and writing."""
    return sum(took for stage, took in seconds.items() if stage not in ("Import", "Opening", "Reading", "Writing"))


def headline(number: int, text: str) -> None:
    print(f"\n{number}  {text}")


def row(ratio: str, seconds: str) -> None:
    print(f"   {ratio:<44}{seconds}", flush=True)


def heads(ratio: str) -> None:
    print(f"   {'':<66}{'processor s':>12}{'seconds':>9}{'peak MB':>9}{ratio:>10}")


def line(name: str, spent: Spent, ratio: float) -> None:
    if spent.problem:
        print(f"   {name}: {spent.problem}")
    else:
        print(f"   {name:<66}{spent.cpu:>12.2f}{spent.seconds:>9.2f}{spent.peak:>9,.0f}{ratio:>10.2f}", flush=True)


def bar(name: str, value: float, limit: float) -> None:
    print(
        f"   {name:<66}{value:>12.3f}   at most {limit:g}: {'reached' if value <= limit else 'NOT REACHED'}", flush=True
    )


def verdict(value: float, limit: float) -> str:
    return "meets the limit of" if value <= limit else "MISSES the limit of"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Benchmark of xlbackflush.")
    parser.add_argument("--quick", action="store_true", help="smaller worlds, each measurement once")
    parser.add_argument(
        "--only", type=int, nargs="+", choices=range(8), default=(1, 3, 4), metavar="N", help="parts to run"
    )
    args = parser.parse_args(arguments)
    compileall.compile_dir(Path(xlbackflush.__file__).parent, quiet=2)
    with tempfile.TemporaryDirectory(prefix="xlbackflush-bench-") as folder:
        bench = Bench(QUICK if args.quick else FULL, Path(folder))
        parts = (
            bench.bars,
            bench.whole_run,
            bench.engine_share,
            bench.growth,
            bench.rivals,
            bench.startup,
            bench.functions,
            bench.click,
        )
        for number in args.only:
            parts[number]()


if __name__ == "__main__":
    main()
