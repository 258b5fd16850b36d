"""The shape of the code, as a test: imports point one way, modules and functions stay small, rules are listed once."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import xlbackflush
from xlbackflush.model.finding import CATALOGUE

ROOT = Path(xlbackflush.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
BUILDERS = sorted((ROOT.parent / "vba" / "building").glob("*.py"))  # of what ships ready-made: no user has them
TABLES_OF_DATA = {"inputs.py", "outputs.py"}  # long because what they describe is long


def imported(path: Path) -> set[str]:
    return _names(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def at_the_top(path: Path) -> set[str]:
    """What a module imports when it is imported itself."""
    return _names(ast.parse(path.read_text(encoding="utf-8")).body)


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    nodes = list(nodes)
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return names | {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}


def named(path: Path) -> str:
    return path.relative_to(ROOT if ROOT in path.parents else ROOT.parent).as_posix()


#: what still points up, and has to be cut in two
STILL_UPWARD: dict[str, tuple[str, ...]] = {}

#: imports point down this list, never up
ROOMS = (
    "cli", "addin", "evidence", "ledgers", "template", "imports", "workbook", "explain", "lifecycle", "sheets",
    "engine/result", "engine/answers", "engine/audit", "engine/rules", "engine/period", "engine/record",
    "engine/measures", "engine/posting", "engine/stock",
    "engine/explosion", "engine/standards", "engine/inputs", "ooxml", "model", "schema",
)  # fmt: skip


def room(name: str) -> str:
    """Room of a file or module below xlbackflush/: engine/stock/relief.py is in engine/stock. "" for what stands outside."""
    parts = name.removesuffix(".py").split("/")
    inside = "/".join(parts[:2]) if parts[0] == "engine" else parts[0]
    return inside if inside in ROOMS else ""


def modules_imported(path: Path) -> Iterator[str]:
    """Modules of the project that a module imports, as paths below xlbackflush/."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "xlbackflush":
            package = node.module.split(".")[1:]
            if not package or (ROOT.joinpath(*package).is_dir() and package != ["schema"]):
                for alias in node.names:
                    yield "/".join([*package, alias.name])
            else:
                yield "/".join(package)


def upward(path: Path) -> list[str]:
    """What a module imports from a room above its own."""
    own = room(named(path))
    return [
        name for name in modules_imported(path) if own and room(name) and ROOMS.index(room(name)) < ROOMS.index(own)
    ]


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_point_one_way(path: Path) -> None:
    names = imported(path)
    assert sorted(upward(path)) == sorted(STILL_UPWARD.get(named(path), ()))
    assert not {n for n in names if n.startswith(("pyopenvba", "xlbackflush.vba"))}, "no user needs what builds the VBA"
    if room(named(path)).startswith("engine"):
        assert not names & {"openpyxl", "xlwings", "python_calamine", "zipfile", "time"}
    if named(path) != "workbook/live.py":
        assert not {n for n in names if n.split(".")[0] == "xlwings"}, "only the live adapter may import xlwings"
    if named(path) not in ("workbook/live.py", "addin/macros.py"):
        assert "xlbackflush.workbook.live" not in at_the_top(path), "import late what needs xlwings"


@pytest.mark.parametrize("path", [*MODULES, *BUILDERS], ids=named)
def test_modules_and_functions_can_be_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name not in TABLES_OF_DATA:
        assert text.count("\n") <= 620
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module says what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 75, f"{node.name} has {length} lines"
    scopes = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    for node in (function for scope in scopes for function in scope.body if isinstance(function, ast.FunctionDef)):
        if not node.name.startswith("_") and not node.decorator_list and len(node.body) > 1:
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_codes_of_rules_are_unique() -> None:
    codes = [rule.code for rule in CATALOGUE]
    assert len(codes) == len(set(codes))
