"""Proof that the tests notice what goes wrong: the engine is changed in one place at a time, and some test must fail.

    python -m tests.mutants [--only PATH ...] [--sample N] [--seed N] [--quick]

mutmut makes the mutants (`a < b` becomes `a <= b`, an argument is left out, ...) of a copy of the tree in mutants/. Each
meets the quick tests that call the changed function, the quickest first, until one fails; those that survive, and are not in
the list of tests/mutants.md that no test can notice, meet the slower ones. Exit code 1: one of these survived as well.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from mutmut import __main__ as mutmut
from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

ENGINE = Path("xlbackflush/engine")
LISTED = Path("tests/mutants.md")
NOTICED = ("killed", "timeout", "segfault")

#: workbooks of which a second engine works out every formula: what an amount rests on, and how it is written down
BOOKS = (
    "Purchase, completion and sale, per trigger, Output, Prorate, USD, budget, WIP record and reverse",
    "Purchase, completion and sale, per product, Input, Carry forward, KWD",
    "Purchase and sale, per trigger, Output, Prorate, USD, in money, expensed",
    "Completion and sale, per trigger, Output, Prorate, USD, by count",
    "Completion and sale, per trigger, Output, Cost of goods sold, KWD, by count, condensed",
    "Sale, per trigger, Output, Cost of goods sold, JPY, by count, expensed",
)
#: cases of textbooks, the record, findings, suspects, some laws on random worlds, and these books: half a minute
_QUICK_FILES = (
    "answers carried chain closing_textbooks control_totals corrections entry_sources findings gaps journal_tests measures "
    "policies_by_hand record snapshot stages suspects textbooks with_cell"
)
QUICK = (
    *(f"tests/engine/test_{name}.py" for name in _QUICK_FILES.split()),
    "tests/engine/test_period_end.py::test_contents_and_shares_of_every_account_agree_with_the_oracle",
    "tests/engine/test_period_end.py::test_every_row_of_variances_agrees_with_the_oracle",
    "tests/engine/test_period_end.py::test_journal_and_ledger_agree_with_the_oracle_to_the_minor_unit",
    "tests/engine/test_properties.py::test_a_trace_kept_per_bom_line_gives_the_same_results",
    "tests/engine/test_properties.py::test_each_row_of_the_trace_follows_from_the_row_above_it",
    "tests/engine/test_properties.py::test_journal_and_ledger_agree_with_the_oracle_to_the_minor_unit",
    "tests/engine/test_properties.py::test_roll_up_agrees_with_the_oracle",
    "tests/workbook/test_product_view.py::test_chunks_of_any_size_are_the_trace",
    *(f"tests/sheets/test_second_engine.py::test_every_formula_gives_the_stored_value[{book}]" for book in BOOKS),
)
#: the other tests of the engine, and those of two sheets that say what it says
SLOWER = ("tests/engine", "tests/sheets/test_checks.py", "tests/sheets/test_dashboard.py")
#: of these, what takes many seconds, mostly in LibreOffice
TOO_SLOW = (
    "tests/engine/test_carried.py::test_every_proof_agrees_in_libreoffice_and_sees_a_changed_balance",
    "tests/engine/test_comparison.py::test_the_sheet_recalculates_to_what_was_written",
    "tests/engine/test_fit.py::test_figures_follow_the_inputs_live",
    "tests/engine/test_fit.py::test_the_sheet_recalculates_to_what_the_engine_wrote",
    "tests/engine/test_mutations.py",
    "tests/engine/test_scale.py",
    "tests/engine/test_sensitivity.py::test_every_cell_of_the_sample_of_widgets",
    "tests/engine/test_sensitivity.py::test_the_sample_of_widgets_has_cells_that_move_balances_and_some_that_move_none",
    "tests/engine/test_suspects.py::test_its_figures_follow_the_inputs",
    "tests/engine/test_suspects.py::test_plants_that_change_from_period_to_period_are_no_obstacle",
    "tests/engine/test_suspects.py::test_whatever_the_plant_the_figures_are_numbers_and_add_up",
    "tests/sheets/test_dashboard.py::test_stored_values_are_what_a_recalculation_gives",
)
#: counts the functions of a module, among which mutmut puts its mutants
OF_THE_CODE = ("tests/engine/test_findings.py::test_every_rule_is_asked_once",)
#: functions called while their module is loaded, before mutmut turns to a mutant of them: those are left out
AT_LOAD = {
    "measures/comparison.py": (
        "_at_standard", "_beyond", "_completed", "_completions", "_credited", "_credits", "_everywhere",
        "_in_process", "_invoiced", "_keys", "_line", "_scrapped", "_scraps", "_taken",
    ),
    "record/journal_table.py": ("_one_of", "_reader"),
}  # fmt: skip

Change = tuple[str, str, str]  # module below the engine, line as it stands, line of the mutant


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", type=Path, nargs="+", metavar="PATH", help="rooms or modules, instead of the engine")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants of each module, drawn at random, for all")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="what they are drawn with")
    parser.add_argument("--quick", action="store_true", help="the quick tests alone, while looking for what they miss")
    args = parser.parse_args()
    modules = sorted(module for path in args.only or [ENGINE] for module in _modules(path))
    mutants = _generated(modules)
    drawn = {module: _sample(module, names, args.sample, args.seed) for module, names in mutants.items()}
    modules_of = {name: module for module, names in drawn.items() for name in names}
    survivors = _survivors(list(modules_of), QUICK)
    changes = {name: _change(modules_of[name], name) for name in survivors}
    listed = set(_listed(LISTED.read_text(encoding="utf-8")))
    known = {name for name, change in changes.items() if change in listed or _is_no_change(change)}
    unknown = [name for name in survivors if name not in known]
    if not args.quick:
        unknown = _survivors(unknown, SLOWER)
    for line in _report(mutants, drawn, known, set(unknown)):
        print(line)
    for name in unknown:
        print("", name, *changes[name], sep="\n    ")
    return 1 if unknown else 0


def _modules(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("*.py"))


def _generated(modules: Iterable[Path]) -> dict[Path, list[str]]:
    """Names of the mutants of each module, made anew: mutmut would keep what it knows of earlier tests."""
    shutil.rmtree("mutants", ignore_errors=True)
    config().only_mutate = [module.as_posix() for module in modules]
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.create_mutants(max_children=1)
    return {module: [name for name in _outcomes(module) if not _is_of_loading(module, name)] for module in modules}


def _is_of_loading(module: Path, name: str) -> bool:
    """Is a mutant (`module.x_function__mutmut_7`) of a function that is called only while its module is loaded?"""
    function = name.rpartition(".x_")[2].partition("__mutmut_")[0]
    return function in AT_LOAD.get(module.relative_to(ENGINE).as_posix(), ())


def _outcomes(module: Path) -> dict[str, str]:
    """Mutant -> killed, survived, no tests, ..."""
    data = SourceFileMutationData(path=module)
    data.load()
    return {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}


def _sample(module: Path, names: list[str], size: int | None, seed: int) -> list[str]:
    """The same ones whichever other modules are tried; a larger sample has those of a smaller one, and more."""
    return random.Random(f"{seed} {module.as_posix()}").sample(names, len(names))[:size]


def _survivors(names: list[str], tests: Iterable[str]) -> list[str]:
    """Those mutants that none of these tests notices."""
    if not names:
        return []  # mutmut would take none for all
    config().pytest_add_cli_args_test_selection = [
        *tests,
        *(f"--deselect={test}" for test in (*TOO_SLOW, *OF_THE_CODE)),
    ]
    mutmut._run(names, max_children=1)
    outcomes = {
        name: outcome for module in mutmut.walk_mutatable_files() for name, outcome in _outcomes(module).items()
    }
    return [name for name in names if outcomes[name] not in NOTICED]


def _report(
    mutants: dict[Path, list[str]], drawn: dict[Path, list[str]], known: set[str], unknown: set[str]
) -> Iterator[str]:
    """A line per module: mutants made, tried, noticed, survivors that are listed, others."""
    yield f"\n{'module':44}{'mutants':>8}{'tried':>8}{'noticed':>9}{'listed':>8}{'survived':>10}"
    for module, names in drawn.items():
        listed, survived = len(known & set(names)), len(unknown & set(names))
        noticed = len(names) - listed - survived
        yield f"{module!s:44}{len(mutants[module]):8}{len(names):8}{noticed:9}{listed:8}{survived:10}"


def _is_no_change(change: Change) -> bool:
    """Does a mutant only drop the assertion of `zip` that what it joins has the same length, or write the name of an input
    column in other letters? The lengths always are the same, and a column is found by its name in small letters.
    """
    _, old, new = (re.sub(r",\s*(strict=\w+)?(?=\))", "", text) for text in change)
    old, new = (
        re.sub(r'(\.of\("\w+", |\.column\()("[^"]*")', lambda m: m[1] + m[2].lower(), text) for text in (old, new)
    )
    return old == new


def _change(module: Path, name: str) -> Change:
    """What a mutant changes: the lines that go and those that come, as the table of listed mutants has them."""
    lines = get_diff_for_mutant(name, path=module).splitlines()[2:]
    old, new = (" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return module.relative_to(ENGINE).as_posix(), old, new


def _listed(text: str) -> Iterator[Change]:
    """Rows of the table in tests/mutants.md: module, line as it stands, line of the mutant, why no test can notice it."""
    for row in re.findall(r"^\| `.*\|$", text, re.MULTILINE):
        module, old, new, _ = (
            cell.strip().strip("`").replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]
        )
        yield module, old, new


if __name__ == "__main__":
    sys.exit(main())
