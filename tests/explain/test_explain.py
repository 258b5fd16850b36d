"""Explanations hold: they are worked out again from their own text, and end at cells that people typed.

Every numeric output cell of the samples is derived. Each step prints its arithmetic; a small reader of that arithmetic,
which knows nothing of how the text was made, calculates it anew, and compares it with the figure and with the steps below.
`XLBACKFLUSH_FUZZ=full` does the same to every variant of the world.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from live_books import BOOKS, FORMULA, NOW, PERIOD, PERIOD_ENDS, ran
from openpyxl.formula.translate import Translator
from samples_tried import FULL

from xlbackflush import schema
from xlbackflush.explain.derive import STEPS_MOST, Derivation
from xlbackflush.explain.evaluate import Evaluator, compare, criterion_test
from xlbackflush.explain.explanation import Step, explain, printed, product, write
from xlbackflush.explain.reader import Grid, Reader
from xlbackflush.explain.upward import users
from xlbackflush.explain.words import Words, figure
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.post import post
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import CellError, Source
from xlbackflush.ooxml.formula import Cell, FormulaError, Span, parse
from xlbackflush.ooxml.formula import address as cell_at
from xlbackflush.sheets.explanation import rows_of
from xlbackflush.template.build import build
from xlbackflush.workbook.cells import FileReader
from xlbackflush.workbook.file import FileBook

SAMPLES = (*(f"computers, {t}" for t in schema.TRIGGERS), "widgets")
TOLD = tuple(BOOKS) if FULL else SAMPLES  # books whose every cell is explained
DAY_0 = dt.datetime(1899, 12, 30)

#: columns of numbers that the run gives or records: nothing is worked out
GIVEN = {
    "Journal": {"Entry", "Line", "Reverses", "Reversed by", "Corrects"},
    "Trace": {"Level", "BOM row", "First day", "Last day"},
    "Buildup": {"BOM row"},
    "PeriodEndWip": {"WIP row"},
    "Rollup": {"From", "To"},
    "Checks": {"Tolerance"},
    "InputControls": {"Tolerance", "As at the run"},
    "Fit": {"Threshold"},
    "Findings": {"Effect"},
    "RunInputs": {"Rows"},
    "Sensitivity": set(schema.SENSITIVITY.names),
    "Suspects": set(schema.SUSPECTS.names),
    "Witnesses": set(schema.WITNESSES.names) - {"Counted", "By sales and stock", "Off by", "Amount"},
}


def reader_of(path: Path) -> FileReader:
    with FileBook(path) as book:
        reader = book.cells()
        for sheet in (s.name for s in schema.SHEETS):  # a closed book has what was read
            reader.value(sheet, "A1")
            reader.formula(sheet, "A1")
    return reader


@functools.cache
def reader(name: str, folder: Path) -> FileReader:
    return reader_of(ran(name, folder).path)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def output_cells(grid: Grid) -> Iterator[Cell]:
    """Every cell of an output table that shows a number."""
    for table in schema.OUTPUT_TABLES:
        source = grid.tables[table.name]
        for row in range(source.first_row, source.last_row + 1):
            for letter in source.letters.values():
                if is_number(grid.value(cell := Cell(source.sheet, letter, row))):
                    yield cell


def used_by(cells: Reader, where: str) -> list[Step]:
    """The way up from a cell, whatever it holds."""
    return users(Grid(cells), cell_at(where))


@functools.cache
def all_steps(name: str, folder: Path) -> list[Step]:
    """All numeric output cells derived, each cell once, no row of a sum left out."""
    grid = Grid(reader(name, folder))
    return Derivation(grid, Words(grid), 10**9).steps(list(output_cells(grid)))


# --------------------------------------------------------------------------- arithmetic, read from the text


DAY = r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?"
NUMBER = re.compile(rf"{DAY}|\d[\d,]*(?:\.\d+)?(?:e-?\d+)?%?")


def calculated(numbers: str, shift: float = 0.0) -> float:
    """The value of arithmetic as a step prints it: 1,200 × 2 × (1 + 5%). What is rounded is shifted before."""

    def rounded(value: float, digits: float) -> float:
        exact = Decimal(f"{value + shift:.12g}").quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP)
        return float(exact)

    text = re.sub(DAY, lambda m: str((dt.datetime.fromisoformat(m[0]) - DAY_0) / dt.timedelta(1)), numbers)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d+(?:\.\d+)?(?:e-?\d+)?)%", r"(\1/100)", text)
    text = text.replace("blank", "0").replace(";", ",")
    text = text.replace("×", "*").replace("÷", "/").replace("^", "**")

    def largest(*values: float) -> float:
        return max(values)

    def smallest(*values: float) -> float:
        return min(values)

    def sign(value: float) -> float:
        return math.copysign(1, value) if value else 0

    names = {"ROUND": rounded, "ABS": abs, "SIGN": sign, "MAX": largest, "MIN": smallest, "INT": math.floor}
    return float(eval(text, {"__builtins__": {}}, names))


def arithmetic(step: Step) -> tuple[str, str]:
    """What a step prints between its words and its result, and the result: ("1,200 × 2", "2,400")."""
    parts = step.explanation.split(" = ")
    assert len(parts) >= 2, step
    result = re.match(rf"-?(?:{NUMBER.pattern})", parts[-1])
    assert result, step
    return (parts[-2] if len(parts) > 2 else ""), result[0]


def close(a: float, b: float, largest: float = 0.0) -> bool:
    """Equal to the digits that a text shows; `largest` is the largest number in it."""
    return math.isclose(a, b, rel_tol=1e-10, abs_tol=max(1e-7, 2e-11 * largest))


def below(steps: list[Step]) -> dict[int, list[Step]]:
    """Number of a step -> the steps one level below it."""
    found: dict[int, list[Step]] = defaultdict(list)
    path: list[Step] = []
    for step in steps:
        del path[step.level :]
        if path:
            found[path[-1].number].append(step)
        path.append(step)
    return found


def recombines(step: Step, parts: list[Step]) -> None:
    """The figures below a step make its figure, as its text says."""
    assert step.figure is not None, step
    if step.kind == "sum":
        assert parts and close(math.fsum(p.figure or 0.0 for p in parts), step.figure), step
        added = re.search(r"(?:rows|below)(?: \([^)]*\))?: (.+) = ", step.explanation)
        if added:
            assert close(calculated(added[1]), step.figure), step
        return
    numbers, result = arithmetic(step)
    assert close(calculated(result), step.figure), step
    assert parts, step
    if not numbers:  # one cell, or one figure rounded
        assert len(parts) == 1, step
        assert abs(abs(parts[0].figure or 0.0) - abs(step.figure)) <= 0.005 + 1e-9, step
        return
    printed_ = [abs(calculated(n)) for n in NUMBER.findall(numbers)]
    unseen = 2e-11 * max(printed_)  # beyond the digits shown; it can tip a tie
    assert any(close(calculated(numbers, shift), step.figure, max(printed_)) for shift in (0, unseen, -unseen)), step
    for part in parts:
        assert any(close(abs(part.figure or 0.0), n) for n in printed_), (step, part)


@pytest.mark.parametrize("name", TOLD)
def test_every_figure_is_what_its_text_and_the_figures_below_it_make(name: str, folder: Path) -> None:
    steps = all_steps(name, folder)
    parts = below(steps)
    assert {"formula", "sum"} <= {s.kind for s in steps}
    for step in steps:
        if step.kind in ("formula", "sum"):
            recombines(step, parts[step.number])
        else:
            assert step.number not in parts, step


@pytest.mark.parametrize("name", TOLD)
def test_every_derivation_ends_at_input_cells_or_at_what_is_given(name: str, folder: Path) -> None:
    steps, grid = all_steps(name, folder), Grid(reader(name, folder))
    assert not [s for s in steps if s.kind in ("unknown", "text", "others")]
    for step in steps:
        cell = Cell(*_split(step.where))
        place = grid.place(cell)
        assert place
        if step.kind == "input":
            assert place.is_input and not reader(name, folder).formula(*_address(step.where)), step
        elif step.kind == "recorded" and step.figure:
            assert place.column.name in GIVEN.get(place.table, ()), step
        elif step.kind == "constant":  # zero of a formula's own, or arithmetic without a cell
            assert "By the formula itself" in step.explanation or " = " in step.explanation, step


@pytest.mark.parametrize("name", TOLD)
def test_no_cell_is_made_of_itself(name: str, folder: Path) -> None:
    """Repeated steps point to where they were derived: followed through, nothing comes back to where it started."""
    steps = all_steps(name, folder)
    parts = below(steps)
    target = {s.number: int(re.search(r"See step (\d+)", s.explanation)[1]) for s in steps if s.kind == "repeat"}  # type: ignore[index]
    for step in (s for s in steps if s.kind == "repeat"):
        first = steps[target[step.number] - 1]
        assert (step.what, step.figure) == (first.what, first.figure) and first.kind != "repeat"
    state: dict[int, int] = {}
    for start in (s.number for s in steps if s.kind != "repeat"):
        stack = [(start, False)]
        while stack:
            number, done = stack.pop()
            if done:
                state[number] = 2
                continue
            if state.get(number) == 2:
                continue
            assert state.get(number) != 1, steps[number - 1]
            state[number] = 1
            stack.append((number, True))
            ways = {target.get(p.number, p.number) for p in parts[number]}
            assert not [w for w in ways if state.get(w) == 1], steps[number - 1]
            stack += [(w, False) for w in ways if state.get(w) != 2]


def _split(where: str) -> tuple[str, str, int]:
    sheet, address = _address(where)
    match = re.fullmatch(r"([A-Z]+)(\d+)", address)
    assert match, where
    return sheet, match[1], int(match[2])


def _address(where: str) -> tuple[str, str]:
    sheet, _, address = where.rpartition("!")
    return sheet, address.split(":")[0]


# ------------------------------------------------------------------------------------------- the evaluator


@pytest.mark.parametrize("name", TOLD)
def test_formulas_give_the_values_that_the_workbook_stores(name: str, folder: Path) -> None:
    grid = Grid(reader(name, folder))
    count = 0
    for cell, formula in grid.formulas():
        tree = grid.tree(cell)
        assert tree is not None
        value, stored = grid.evaluate.value(tree), grid.value(cell)
        same = (
            math.isclose(float(str(value)), float(str(stored)), rel_tol=1e-9, abs_tol=1e-9)
            if is_number(value) and is_number(stored)
            else (value or None) == (stored or None)
        )
        assert same, f"{cell}: ={formula} gives {value!r}, stored is {stored!r}"
        count += 1
    assert count > 100


class Sheet:
    """Cells for formulas of a test: column A from row 1."""

    def __init__(self, *cells: Any) -> None:
        self.cells = cells

    def value(self, cell: Cell) -> Any:
        return self.cells[cell.row - 1] if cell.row <= len(self.cells) else None

    def column(self, span: Span) -> list[Any]:
        return [self.value(span.cell(k)) for k in range(span.last - span.first + 1)]


def worked_out(formula: str, *cells: Any) -> Any:
    tree = parse(formula, "S", lambda table, column: Span("S", "A", 1, len(cells)))
    return Evaluator(Sheet(*cells)).value(tree)


@pytest.mark.parametrize(
    ("formula", "cells", "value"),
    [
        ("-2^2", (), 4.0),  # Excel's sign binds tighter than its power
        ("2+3*4^2/8", (), 8.0),
        ("10-2-3", (), 5.0),
        ('1&2+3&"x"', (), "15x"),
        ("1+1=2", (), True),
        ("50%*8", (), 4.0),
        ("ROUND(1.005,2)", (), 1.01),
        ("ROUND(-2.5,0)", (), -3.0),
        ('IF(A1="","none",1/A1)', (None,), "none"),
        ("A1=0", (None,), True),
        ('"abc"="ABC"', (), True),
        ('"a">9', (), True),
        ("SUM(A1:A4)", (1.0, "2", True, None), 1.0),
        ("SUM(T[x])+COUNT(T[x])+COUNTA(T[x])", (1.0, "2", None), 4.0),
        ("SUMPRODUCT((A1:A3=1)*A1:A3)", (1.0, 2.0, 1.0), 2.0),
        ("SUMPRODUCT(A1:A2=1,A1:A2)", (1.0, 1.0), 0.0),  # truth values alone count as zero
        ("SUMPRODUCT(--(A1:A2=1),A1:A2)", (1.0, 1.0), 2.0),
        ('COUNTIFS(A1:A4,"<>x",A1:A4,"?*")', ("x", "y", None, "z"), 2.0),
        ('SUMPRODUCT(COUNTIFS(A1:A3,{"x","y"}))', ("x", "y", "X"), 3.0),
        ('CHOOSE(MATCH(A1,{"Buy","Made"},0),"b","m")', ("made",), "m"),
        ("MAX(A1:A3)-MIN(A1:A3)", (3.0, -1.0, "9"), 4.0),
        ('FIXED(1234567.891,0)&TRIM(" a  b ")&REPT("-",2)', (), "1,234,568a b--"),
        ("N(A1)+N(A2)+N(A3)", ("", 5.0, None), 5.0),
        ("MOD(7,4)+INT(-1.5)+LEN(\"ab\")", (), 3.0),
    ],
)  # fmt: skip
def test_formulas_are_worked_out_as_excel_does(formula: str, cells: tuple[Any, ...], value: Any) -> None:
    assert worked_out(formula, *cells) == value


@pytest.mark.parametrize(
    ("criterion", "cell", "meets"),
    [
        ("=W*", "w-100", True), ("=~*", "*", True), ("=~*", "x", False), ("?", "ab", False), ("<>Scrap", "scrap", False),
        ("<>Scrap", None, True), (">0", "1", False), (">0", 1.0, True), ("<>0", 0.0, False), ("<>", None, False),
        ("=", None, True), ("=", "x", False), ("=7", 7.0, True), ("=7", "7", True), ("=7", "07", False), (7.0, 7.0, True),
    ],
)  # fmt: skip
def test_criteria_are_read_as_sumifs_reads_them(criterion: Any, cell: Any, meets: bool) -> None:
    assert criterion_test(criterion)(cell) is meets


@pytest.mark.parametrize(
    ("formula", "cells", "why"),
    [
        ("1/A1", (0.0,), "divides by zero"),
        ("A1+1", (CellError("#REF!"),), "#REF!"),
        ("A1+1", (CellError("", calculated=False),), "not been calculated"),
        ("A1+1", ("many",), "'many'"),
        ("VLOOKUP(1,A1:A2,1)", (1.0,), "VLOOKUP"),
        ("A1:B2", (1.0,), "A1:B2"),
        ("Rate*2", (), "Rate"),
    ],
)
def test_what_cannot_be_worked_out_says_why(formula: str, cells: tuple[Any, ...], why: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(why)):
        worked_out(formula, *cells)


def test_blank_cells_compare_as_zero_or_as_empty_text() -> None:
    assert compare("=", None, 0.0) and compare("=", None, "") and not compare("=", None, "x")


# ---------------------------------------------------------------------------------------- one explanation


def find(grid: Grid, table: str, column: str, **wanted: object) -> Cell:
    """The first cell of a column with a number in it, in a row where other columns have these values."""
    names = list(wanted)
    source = grid.tables[table]
    for row, values in enumerate(grid.rows(table, column, *names), source.first_row):
        if is_number(values[0]) and list(values[1:]) == list(wanted.values()):
            return Cell(source.sheet, source.letters[column], row)
    raise KeyError(wanted)


def test_a_completion_of_the_computer_maker_is_told_down_to_its_four_inputs(folder: Path) -> None:
    """A textbook's month: so many good units, so much standard material each."""
    cells = reader(SAMPLES[0], folder)
    grid = Grid(cells)
    credit = find(grid, "Journal", "Credit", Event=schema.COMPLETION, Role=schema.MIP)
    steps = explain(cells, str(credit))
    made = math.fsum(q for e, q in grid.rows("Counts", "Event", "Quantity") if e == schema.COMPLETED)  # type: ignore[misc]
    per, price = grid.rows("BOM", "Qty per")[0][0], grid.rows("StandardCost", "Material price")
    expected = made * float(str(per)) * math.fsum(p for (p,) in price if is_number(p))  # type: ignore[misc]
    assert steps[0].figure == expected and steps[0].level == 0 and steps[0].where == str(credit)
    assert f"{expected:,.2f} USD" in steps[0].explanation
    sheets = {_address(s.where)[0] for s in steps if s.kind == "input"}
    assert {"Counts", "BOM", "Standard Cost"} <= sheets
    trace = next(s for s in steps if s.what.startswith("Amount: ") and s.where.startswith("Trace!J"))
    assert trace.explanation.startswith("Required qty [H") and " × Standard cost [I" in trace.explanation


def test_planned_scrap_is_told_as_a_factor(folder: Path) -> None:
    """Every Trace row of the widgets with scrap: parent quantity x quantity per x (1 + s), or / (1 - s), in words."""
    cells = reader("widgets", folder)
    source = cells.table("Trace")
    assert source
    seen: Counter[str] = Counter()
    for row in range(source.first_row, source.last_row + 1):
        at = {name: cells.value("Trace", f"{letter}{row}") for name, letter in source.letters.items()}
        if not at["Scrap %"] or not at["Required qty"] or not at["Level"]:
            continue
        told = explain(cells, f"Trace!{source.letters['Required qty']}{row}")[0]
        scrap, parent, per = (float(str(at[n])) for n in ("Scrap %", "Parent qty", "Qty per"))
        on_input = at["Scrap basis"] == schema.INPUT
        worked = parent * per / (1 - scrap) if on_input else parent * per * (1 + scrap)
        assert close(worked, float(str(told.figure)))
        shown = f"(1 - {figure(scrap, 'percent', 2)})" if on_input else f"(1 + {figure(scrap, 'percent', 2)})"
        assert shown in told.explanation and f"Qty per [F{row}]" in told.explanation
        seen[str(at["Scrap basis"])] += 1
    assert seen[schema.OUTPUT] and seen[schema.INPUT]


@pytest.mark.parametrize("table", ["Journal", "Ledger", "Variances"])
def test_explanations_of_posted_amounts_are_short_and_whole(table: str, folder: Path) -> None:
    """As a user asks for them: rows left out of a sum are told together, so that every sum still holds."""
    cells = reader("widgets", folder)
    grid = Grid(cells)
    source, columns = grid.tables[table], ("Credit", "Closing", "Actual")
    letter = next(letter for name, letter in source.letters.items() if name in columns)
    asked = [r for r in range(source.first_row, source.last_row + 1) if grid.value(Cell(source.sheet, letter, r))]
    left_out = 0
    for row in asked[:12]:
        steps = explain(cells, f"{source.sheet}!{letter}{row}")
        assert len(steps) <= STEPS_MOST
        assert [s.number for s in steps] == list(range(1, len(steps) + 1))
        assert steps[0].figure == grid.value(Cell(source.sheet, letter, row))
        parts = below(steps)
        for step in steps:
            if step.kind in ("formula", "sum"):
                recombines(step, parts[step.number])
            if step.kind == "others":
                left_out += 1
                assert re.fullmatch(r"[\d,]+ smaller rows", step.what) and ":" in step.where
        assert any(s.kind in ("input", "repeat") for s in steps)
    assert left_out or table == "Variances"


def test_a_cell_that_no_longer_matches_is_told(folder: Path, tmp_path: Path) -> None:
    """An input changed after the run, stored values as they were: the step says that the cell was not calculated."""
    path = tmp_path / "changed.xlsx"
    path.write_bytes(ran("widgets", folder).path.read_bytes())
    before = Grid(reader("widgets", folder))
    counted = find(before, "Counts", "Quantity", Event=schema.COMPLETED)
    _rewrite(path, "Counts", counted.address, "<v>4711</v>")
    cells = reader_of(path)
    assert cells.value("Counts", counted.address) == 4711
    grid = Grid(cells)
    item = grid.beside(counted, grid.place(counted), "Item")  # type: ignore[arg-type]
    units = find(grid, "Trace", "Units", Event=schema.COMPLETION, Product=item, Level=0.0)
    assert "But the cell shows" in explain(cells, str(units))[0].explanation


def _rewrite(path: Path, sheet: str, address: str, value: str, kind: str = "") -> None:
    """Change the XML of one cell of a workbook."""
    with FileBook(path) as book:
        part = book.package.sheets[sheet]
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    text = parts[part].decode()
    pattern = re.compile(rf'(<c r="{address}"[^>]*>.*?</c>)', re.S)
    found = pattern.search(text)
    assert found
    changed = re.sub(r"<v>[^<]*</v>", value, found[1]).replace(">", f"{kind}>", 1)
    assert changed != found[1]
    parts[part] = text.replace(found[1], changed).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)


def test_an_error_in_an_input_is_named_not_calculated_with(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "error.xlsx"
    path.write_bytes(ran("widgets", folder).path.read_bytes())
    price = find(Grid(reader("widgets", folder)), "StandardCost", "Material price", Type=schema.BUY)
    _rewrite(path, price.sheet, price.address, "<v>#N/A</v>", ' t="e"')
    cells = reader_of(path)
    cost = find(Grid(cells), "Rollup", "Material", Item=Grid(cells).rows("StandardCost", "Item")[price.row - 7][0])
    (step,) = explain(cells, str(cost))
    assert step.kind == "unknown" and "holds the error #N/A" in step.explanation
    assert "#N/A" in explain(cells, str(price))[0].explanation


@pytest.mark.parametrize(
    ("where", "kind", "words"),
    [
        ("Journal!E7", "text", "A text, not an amount"),
        ("journal!$E$7", "text", "A text, not an amount"),
        ("Journal!A1", "unknown", "Not in a table"),
        ("Journal!ZZ9", "unknown", "Not in a table"),
        ("'Standard Cost'!A1", "unknown", "Not in a table"),
        ("Journal!B7", "recorded", "numbered without gaps"),
        ("Explanation!E7", "text", "Blank"),
    ],
)
def test_what_is_no_amount_is_answered_in_one_step(where: str, kind: str, words: str, folder: Path) -> None:
    (step,) = explain(reader("widgets", folder), where)
    assert step.kind == kind and words in step.explanation


@pytest.mark.parametrize("where", ["", "I12", "Journal", "Journal!", "Journal!12", "Nowhere!A1", "Journal!A1:B2"])
def test_what_is_no_cell_is_refused_in_a_sentence(where: str, folder: Path) -> None:
    with pytest.raises(UnusableError, match=r"^[^\n]+\.$"):
        explain(reader("widgets", folder), where)


@pytest.mark.parametrize("where", ["", "  "])
def test_no_cell_at_all_is_asked_for(where: str, folder: Path) -> None:
    with pytest.raises(UnusableError, match=r"^Name the cell to explain with its sheet, such as Journal!I12\.$"):
        explain(reader("widgets", folder), where)


def test_a_workbook_that_has_not_been_run_explains_nothing_and_does_not_fail(tmp_path: Path) -> None:
    from support_files import sample_book

    cells = reader_of(sample_book(tmp_path / "new.xlsx", "widgets"))
    (step,) = explain(cells, "Journal!I7")
    assert step.figure is None
    with pytest.raises(UnusableError, match="run first"):
        product(cells, "W-100")
    assert used_by(cells, "Counts!E7")[0].explanation.count("No output cell uses it")


def corrected(path: Path, counts: list[float], name: str = SAMPLES[0]) -> Path:
    """A sample's workbook, run and posted with each of these first counts of good units in turn; the last run is a draft."""
    build(path, PERIOD, BOOKS[name]())
    for number, count in enumerate(counts, 1):
        changed = openpyxl.load_workbook(path)
        changed["Counts"]["E7"].value = count
        changed.save(path)
        with FileBook(path) as book:
            lifecycle.run(book, "Ann", NOW)
        if number < len(counts):
            with FileBook(path) as book:
                post(book, "Bob", NOW)
    return path


def test_lines_that_were_taken_back_are_derived_from_the_inputs_on_record(tmp_path: Path) -> None:
    """Posted, corrected, posted, corrected: each line ends at the count of its own run, with that run's own arithmetic."""
    counts = [20_000.0, 19_500.0, 19_000.0]
    cells = reader_of(corrected(tmp_path / "corrected.xlsx", counts))
    grid = Grid(cells)
    unit = math.fsum(float(str(price)) for (price,) in grid.rows("StandardCost", "Material price") if is_number(price))
    unit *= float(str(grid.rows("BOM", "Qty per")[0][0]))
    rows = grid.rows("Journal", "Run", "Entry", "Event", "Role", "Credit", "Reversed by")
    taken_back = [
        (row, line) for row, line in enumerate(rows, 7)
        if line[2:4] == (schema.COMPLETION, schema.MIP) and is_number(line[4]) and line[5] is not None
    ]  # fmt: skip
    assert [line[0] for _, line in taken_back] == ["R0001", "R0002"]
    for (row, (run, entry, *_, amount, by)), count in zip(taken_back, counts, strict=False):
        steps = explain(cells, f"Journal!J{row}")
        assert steps[0].explanation.startswith(f"Posted by {run}, and taken back by entry {by:g}")
        assert f"Derived from the inputs on record of {run} (sheet Run Inputs)" in steps[0].explanation
        assert amount == steps[0].figure == count * unit
        (counted,) = [s for s in steps if s.kind == "input" and s.where == f"Counts!E7 in {run}"]
        assert counted.figure == count and counted.run == run
        assert {s.run for s in steps[1:]} == {run} and all(s.where.endswith(f" in {run}") for s in steps[1:])
        reversing = next(r for r, line in enumerate(rows, 7) if line[1:4] == (by, schema.COMPLETION, schema.MIP))
        there = explain(cells, f"Journal!I{reversing}")
        assert there[0].explanation.startswith(f"Takes back entry {entry:g}") and there[0].figure == count * unit
        assert there[1].where == f"Journal!J{row}" and [s.explanation for s in there[2:] if s.kind == "input"] == [
            s.explanation for s in steps if s.kind == "input"
        ]
        for told in (steps, there):
            parts = below(told)
            for step in (s for s in told if s.kind in ("formula", "sum")):
                recombines(step, parts[step.number])


@pytest.mark.parametrize(
    ("name", "counts"), [(SAMPLES[0], [20_000.0, 19_500.0, 19_000.0]), ("widgets", [230.0, 200.0, 210.0])]
)
def test_every_figure_of_a_workbook_with_corrections_is_derived(name: str, counts: list[float], tmp_path: Path) -> None:
    """The proof of a line is the line that takes it back, and the other way round: yet nothing leads round in a circle.

    Of the widgets only what corrections change: the other sheets are those of a first run.
    """
    grid = Grid(reader_of(corrected(tmp_path / "corrected.xlsx", counts, name)))
    shown = [cell for cell in output_cells(grid) if FULL or name != "widgets" or cell.sheet in ("Journal", "Ledger")]
    steps = Derivation(grid, Words(grid), 10**9).steps(shown)
    assert not [s for s in steps if s.kind == "unknown" or "But " in s.explanation]
    parts = below(steps)
    for step in (s for s in steps if s.kind in ("formula", "sum")):
        recombines(step, parts[step.number])
    given = [s for s in steps if s.kind == "recorded" and s.what.startswith(("Debit", "Credit", "Proof"))]
    assert not given
    assert {s.run for s in steps} == {"", "R0001", "R0002"}


def test_inputs_that_are_not_on_record_any_more_are_said_to_be_missing(tmp_path: Path) -> None:
    path = corrected(tmp_path / "lost.xlsx", [20_000.0, 19_500.0])
    changed = openpyxl.load_workbook(path)
    sheet = changed["Run Inputs"]
    first = next(row for row in sheet.iter_rows(min_row=7) if row[0].value == "R0001" and row[4].value)
    first[4].value = "1/1 000000000000 eJw"
    changed.save(path)
    cells = reader_of(path)
    rows = Grid(cells).rows("Journal", "Debit", "Reversed by")
    row = next(r for r, (debit, by) in enumerate(rows, 7) if debit is not None and by is not None)
    (step,) = explain(cells, f"Journal!I{row}")
    assert step.kind == "recorded" and step.explanation.endswith(
        "It cannot be derived any more: Piece 1 of 1 of the inputs was changed."
    )


def test_a_link_of_a_step_on_record_leads_to_the_sheet_of_the_inputs(tmp_path: Path) -> None:
    """The cell itself holds what is typed there now, so that a link to it would show another figure."""
    cells = reader_of(corrected(tmp_path / "corrected.xlsx", [20_000.0, 19_500.0]))
    rows = Grid(cells).rows("Journal", "Debit", "Reversed by")
    row = next(r for r, (debit, by) in enumerate(rows, 7) if debit is not None and by is not None)
    _, links = rows_of(explain(cells, f"Journal!I{row}"))["Where"]
    assert links and links[0] == f'HYPERLINK("#Journal!I{row}","Journal!I{row}")'
    assert links[1] == f'HYPERLINK("#\'Run Inputs\'!A1","Journal!I{row} in R0001")'


# ------------------------------------------------------------------------------------------- the way up


def test_what_uses_a_count_goes_up_to_the_journal_and_the_ledger(folder: Path) -> None:
    cells = reader("widgets", folder)
    grid = Grid(cells)
    count = find(grid, "Counts", "Quantity", Event=schema.COMPLETED)
    steps = explain(cells, str(count))
    assert steps == used_by(cells, str(count))
    assert steps[0].kind == "input" and {s.kind for s in steps[1:]} == {"uses"}
    first = {s.where: s.level for s in reversed(steps)}
    trace = min(level for where, level in first.items() if where.startswith("Trace!"))
    journal = min(level for where, level in first.items() if where.startswith("Journal!"))
    ledger = min(level for where, level in first.items() if where.startswith("Ledger!"))
    assert trace == 1 < journal < ledger


@pytest.mark.parametrize("name", [SAMPLES[0], "widgets"])
def test_up_and_down_agree(name: str, folder: Path) -> None:
    """Every input cell that a posted amount is told to rest on names that amount among its uses."""
    cells = reader(name, folder)
    grid = Grid(cells)
    credit = find(grid, "Journal", "Credit", Event=schema.COMPLETION, Role=schema.MIP)
    inputs = [s.where for s in explain(cells, str(credit)) if s.kind == "input" and s.figure]
    assert inputs
    for where in inputs[:: max(1, len(inputs) // 3)]:
        assert str(credit) in {s.where for s in used_by(cells, where)}, where


def test_a_count_of_another_product_is_not_among_the_uses(folder: Path) -> None:
    """SUMIFS over a column uses the rows that meet its criteria, no others."""
    cells = reader("widgets", folder)
    grid = Grid(cells)
    sold = find(grid, "Counts", "Quantity", Event=schema.SOLD)
    completed = [r for r, (e,) in enumerate(grid.rows("Trace", "Event"), 7) if e == schema.COMPLETION]
    named = " ".join(s.explanation for s in used_by(cells, str(sold)) if s.where.startswith("Trace!R"))
    assert named and not [r for r in completed if re.search(rf"\bR{r}\b", named)]


# ---------------------------------------------------------------------------------------- one product


@pytest.mark.parametrize("name", ["widgets", next(name for name in BOOKS if name.startswith("as ERPs have it"))])
def test_all_costs_of_a_product_add_up_and_name_their_journal_lines(name: str, folder: Path) -> None:
    """Over all products, what is shown as flushed is what the journal debits, to the cent."""
    cells = reader(name, folder)
    grid = Grid(cells)
    made = {str(p) for p, e in grid.rows("Trace", "Product", "Event") if e == schema.COMPLETION}
    total: dict[str, float] = defaultdict(float)
    for item in sorted(made):
        steps = product(cells, item.lower())
        parts = below(steps)
        for step in steps:
            if parts[step.number] and step.kind == "sum" and step.level <= 1 and not step.where.startswith("Roll-up!"):
                assert close(math.fsum(p.figure or 0.0 for p in parts[step.number]), float(str(step.figure))), step
            if step.level == 0 and (match := re.match(r"Completion of .*, charged to (.*)", step.what)):
                total[match[1]] += float(str(step.figure))
                (line,) = re.findall(r"Journal![A-Z]+\d+", step.explanation)
                assert grid.value(find(grid, "Journal", "Debit", Event=schema.COMPLETION, Role=match[1])) is not None
                assert line == str(find(grid, "Journal", "Debit", Event=schema.COMPLETION, Role=match[1]))
    for role, amount in total.items():
        debit = grid.value(find(grid, "Journal", "Debit", Event=schema.COMPLETION, Role=role))
        assert abs(amount - float(str(debit))) < 0.05, role


def test_the_unit_cost_of_a_product_is_told_by_element_and_component(folder: Path) -> None:
    cells = reader("widgets", folder)
    steps = product(cells, "W-100")
    parts = below(steps)
    unit = steps[0]
    assert close(math.fsum(p.figure or 0.0 for p in parts[1]), float(str(unit.figure)))
    assert [p.what.split(" in ")[0] for p in parts[1]] == [
        e for e in schema.ELEMENTS if any(s.what == f"{e} in one W-100" for s in steps)
    ]
    material = next(s for s in steps if s.what == "Material in one W-100")
    assert close(math.fsum(p.figure or 0.0 for p in parts[material.number]), float(str(material.figure)))


def test_an_item_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(UnusableError, match=r"^W-999 is no item"):
        product(reader("widgets", folder), "W-999")


# ------------------------------------------------------------------------------------- sheet and terminal


def test_an_explanation_is_written_to_its_sheet_and_nowhere_else(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "told.xlsx"
    path.write_bytes(ran("widgets", folder).path.read_bytes())
    with FileBook(path) as book:
        steps = explain(book.cells(), "Journal!J16")
        write(book, steps)
    with zipfile.ZipFile(ran("widgets", folder).path) as old, zipfile.ZipFile(path) as new:
        changed = {n for n in new.namelist() if n not in old.namelist() or old.read(n) != new.read(n)}
        assert old.namelist() == new.namelist()
    assert len(changed) == 2 and {n.split("/")[1] for n in changed} == {"worksheets", "tables"}
    sheet = openpyxl.load_workbook(path)["Explanation"]
    assert sheet.tables["Explanation"].ref == f"A6:F{6 + len(steps)}"
    for step, row in zip(steps, sheet.iter_rows(min_row=7, values_only=True), strict=True):
        number, level, link, what, amount, text = row
        assert (number, level, amount, text) == (step.number, step.level, step.figure, step.explanation)
        assert link.startswith('=HYPERLINK("#') and what.strip() == step.what
    assert sheet["A4"].value == openpyxl.load_workbook(ran("widgets", folder).path)["Explanation"]["A4"].value


@pytest.mark.parametrize("name", TOLD)
def test_no_text_could_be_taken_for_a_formula_and_all_fit_into_a_cell(name: str, folder: Path) -> None:
    steps = all_steps(name, folder)
    table = rows_of(steps)
    assert list(table) == schema.EXPLANATION.names
    for column in ("What", "Explanation"):
        texts = [str(t) for t in table[column][0]]
        assert not [t for t in texts if t.lstrip().startswith(("=", "+", "-", "@"))]
        assert max(map(len, texts)) < 32_767


def test_codes_that_look_like_formulas_are_told_as_text(folder: Path) -> None:
    """A company whose items are called =SUM(A1), 5" pipe and 007: by product, and up from its counts."""
    cells = reader(str(PERIOD_ENDS[0]), folder)
    counted = find(Grid(cells), "Counts", "Quantity", Event=schema.COMPLETED)
    told = [
        *product(cells, "fin-1"),
        *product(cells, FORMULA),
        *used_by(cells, str(counted)),
        *explain(cells, "Ledger!G7"),
    ]
    assert any(FORMULA in s.what for s in told)
    for text in (t for s in told for t in (s.what, s.explanation)):
        assert not text.startswith(("=", "+", "-", "@")), text


def test_lines_for_a_terminal_show_every_step_indented_by_level(folder: Path) -> None:
    steps = explain(reader("widgets", folder), "Journal!M12")
    lines = printed(steps)
    assert len(lines) == 2 * len(steps)
    for step, (head, text) in zip(steps, zip(lines[::2], lines[1::2], strict=True), strict=True):
        assert head.lstrip().startswith(f"{step.number}  ") and head.endswith(f"[{step.where}]")
        assert step.what in head and text.strip() == step.explanation
    starts = [len(line) - len(line.lstrip()) for line in lines[1::2]]
    assert [(s - starts[0]) // 2 for s in starts] == [step.level for step in steps]


# ------------------------------------------------------------------------------- a file as Excel saves it


def test_formulas_that_excel_saved_once_for_many_cells_are_spelled_out(folder: Path, tmp_path: Path) -> None:
    """Cells filled down share one formula in the file: the first has it, the others its number."""
    path = tmp_path / "shared.xlsx"
    path.write_bytes(ran("widgets", folder).path.read_bytes())
    cells = reader("widgets", folder)
    source = cells.table("Trace")
    assert source
    letter, rows = source.letters["Amount"], range(source.first_row, source.first_row + 3)
    amounts = [f"{letter}{row}" for row in rows]
    formulas = {a: cells.formula("Trace", a) for a in amounts}
    assert all(
        str(Translator("=" + formulas[amounts[0]], amounts[0]).translate_formula(a))[1:] == formulas[a] for a in amounts
    )
    with FileBook(path) as book:
        part = book.package.sheets["Trace"]
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    text = parts[part].decode()
    for k, address in enumerate(amounts):
        first = f'<f t="shared" ref="{amounts[0]}:{amounts[-1]}" si="0">{formulas[address]}</f>'
        text = text.replace(f"<f>{formulas[address]}</f>", '<f t="shared" si="0"/>' if k else first)
    parts[part] = text.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    assert {a: reader_of(path).formula("Trace", a) for a in amounts} == formulas


def test_any_reader_will_do(folder: Path) -> None:
    """The same explanation from openpyxl's reading of the file: nothing but the protocol is used."""

    class OpenpyxlReader:
        def __init__(self, path: Path) -> None:
            self.formulas, self.values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)

        def value(self, sheet: str, cell: str) -> Any:
            from openpyxl.utils.datetime import to_excel

            value = self.values[sheet][cell].value
            if isinstance(value, dt.date):
                return float(to_excel(value))
            return float(value) if is_number(value) else value

        def formula(self, sheet: str, cell: str) -> str:
            found = self.formulas[sheet][cell]
            return str(found.value) if found.data_type == "f" else ""

        def table(self, name: str) -> Source | None:
            return reader(SAMPLES[0], folder).table(name)

    other: Reader = OpenpyxlReader(ran(SAMPLES[0], folder).path)
    for where in ("Journal!I7", "Ledger!G7", "Fit!C8"):
        assert explain(other, where) == explain(reader(SAMPLES[0], folder), where)
