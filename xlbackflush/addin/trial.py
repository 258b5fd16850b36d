"""A trial of the whole way through Excel: everything that only Excel can say, one question each.

A sample is run from its button, and every cell is compared with a run of the same sample without Excel. Excel has
calculated its own cells by then, so that the comparison also tells whether Excel agrees with every proof and formula.
What is asked of an open workbook is `ask_excel.ExcelBook`, which any spreadsheet program could give.
"""

import datetime as dt
import math
import shutil
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from xlbackflush import schema
from xlbackflush.addin.ask_excel import ExcelBook, OpenBook, UnsaidError
from xlbackflush.addin.doctor import SEND, Diagnosis
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.answers import TABLES, answers
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.address import Box, area, column_letter, split_cell
from xlbackflush.ooxml.package import MAIN, Package
from xlbackflush.ooxml.reader import SheetReader
from xlbackflush.ooxml.values import stored
from xlbackflush.schema.excel import ADDIN, FUNCTIONS, RUN
from xlbackflush.sheets.title_rows import NOT_RUN
from xlbackflush.template.build import build
from xlbackflush.template.samples import SAMPLES
from xlbackflush.workbook.file import FileBook

SAMPLE = "widgets"
UNITS = 7.0  # that the functions are asked for
PATIENCE = 120.0  # seconds for a run
BEYOND = 20  # rows below and columns beside the results that must be blank

#: columns of table Runs that say when and by whom a run was made
_OF_THE_MOMENT = ("Started", "User")

BOOK = "backflush-trial.xlsm"
_PRIVATE = "BackflushTables.InputTableNames"  # a procedure of a module with Option Private Module

#: how many things were compared, and a line for each that differs
Answer = tuple[int, Sequence[str]]
Question = Callable[["Trial"], Answer]


@dataclass(frozen=True)
class Trial:
    """A sample that is open in Excel, and the file of the same sample that was run without Excel.

    engine: the functions reach Python; else (on a Mac) those that no output sheet can answer are not asked. startup: the
    folder where the add-in was installed. python: the one that Excel starts.
    """

    opened: ExcelBook
    file: Path
    new: Path
    engine: bool
    startup: Path | None = None
    python: Path | None = None


def trial(
    folder: Path, open_book: OpenBook, engine: bool, startup: Path | None, python: Path | None
) -> list[Diagnosis]:
    """Ask every question of `QUESTIONS`, whatever came of those before. `folder` is for the workbooks.

    Raises what opening the workbook raises.
    """
    live, new, file = (folder / name for name in (BOOK, "new.xlsm", "without-excel.xlsm"))
    today = dt.date.today()
    build(live, (today, today), SAMPLES[SAMPLE]())  # a sample has its own period
    for copy in (new, file):
        shutil.copyfile(live, copy)
    with FileBook(file) as book:
        lifecycle.run(book, "", dt.datetime.now())
    with open_book(live) as opened:
        state = Trial(opened, file, new, engine, startup, python)
        return [_diagnosed(part, question, state) for part, question in QUESTIONS.items()]


def _diagnosed(part: str, question: Question, state: Trial) -> Diagnosis:
    """What came of a question; one that fails must not keep the others from being asked."""
    name = f"Excel, {part}"
    try:
        compared, lines = question(state)
    except UnsaidError as reason:
        return Diagnosis(name, "WARN", f"not checked: {reason}.", SEND)
    except Exception as error:  # noqa: BLE001 - whatever Excel did belongs into the report
        fault = f"{type(error).__name__}: {error}"
        return Diagnosis(name, "FAIL", f"{fault.rstrip('.')}.", SEND, (fault, *traceback.format_exc().splitlines()))
    if compared and (part == FACTS or not lines):
        return Diagnosis(name, "PASS", f"{compared:,} compared, no difference.", details=tuple(lines))
    differences = lines or ["nothing was compared"]
    many = f"{compared:,} compared, {len(differences):,} differ."
    return Diagnosis(name, "FAIL", many if lines[1:] else f"{differences[0].rstrip('.')}.", SEND, tuple(lines))


# ------------------------------------------------------------------------------------------------- the workbook


def versions(state: Trial) -> Answer:
    """Not a comparison: what is known of this Excel, for the report."""
    known = state.opened.facts()
    return len(known), [f"{name}: {value}" for name, value in known.items()]


def startup_folder(state: Trial) -> Answer:
    """Whether the add-in lies where this Excel looks for it."""
    if state.startup is None:
        raise UnsaidError("the add-in was not installed for Excel")
    where = state.opened.startup()
    sentence = f"Excel loads add-ins from {where}; xlbackflush install wrote to {state.startup}"
    return _one(_folder(where) == _folder(str(state.startup)), sentence)


def _one(holds: bool, otherwise: str) -> Answer:
    """The answer to a question about one thing."""
    return 1, [] if holds else [otherwise]


def _folder(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").casefold()


def opening(state: Trial) -> Answer:
    """A new workbook: what Excel has after opening it. A repair leaves something out, or Excel opens nothing at all."""
    return _compared(stored_contents(state.new), state.opened.contents())


def opening_a_run(state: Trial) -> Answer:
    """A workbook with results, likewise."""
    return _compared(stored_contents(state.file), state.opened.reopened(state.file)[0])


def _compared(expected: list[str], actual: list[str]) -> Answer:
    lost = [f"{line}: Excel does not have it" for line in expected if line not in actual]
    # Excel keeps names of its own
    more = [line for line in actual if line not in expected and not line.startswith("name ")]
    return len(expected), lost + [f"{line}: the file does not have it" for line in more]


def stored_contents(path: Path) -> list[str]:
    """What a workbook file is made of, a line each: sheets with the number of their shapes, tables, names."""
    with closing(Package(path)) as package:
        lines = []
        for sheet, part in package.sheets.items():
            drawing = package.related(part, "drawing", required=False)
            shapes = len(list(package.xml(drawing))) if drawing else 0
            lines += [f"sheet {sheet}", f"{shapes} shapes on {sheet}"]
        for table in package.tables.values():
            right = table.first_col + len(table.columns) - 1
            where = area((table.header_row, table.first_col, table.last_row, right))
            lines.append(f"table {table.name} at {table.sheet}!{where}")
        names = package.xml(package.workbook_part).iter(f"{{{MAIN}}}definedName")
        return lines + [f"name {name.get('name')}" for name in names if name.get("localSheetId") is None]


def saving(state: Trial) -> Answer:
    """Whether a workbook with results, opened and closed, is closed without the question whether to save it."""
    closed_silently = state.opened.reopened(state.file)[1]
    return _one(
        closed_silently, "Excel regards a workbook as changed as soon as it is opened, and asks whether to save it"
    )


def protected_view(state: Trial) -> Answer:
    """What Protected View, which calculates nothing, shows in the title rows of a workbook that was run."""
    with closing(Package(state.file)) as package:
        boxes: dict[str, Box] = dict.fromkeys(package.sheets, (1, 1, schema.HEADER_ROW, 4))
    shown = state.opened.preview(state.file, boxes)
    lines = [
        f"{sheet}!{column_letter(column)}{row}: {value}"
        for sheet, rows in shown.items()
        for row, values in enumerate(rows, 1)
        for column, value in enumerate(values, 1)
        if value == NOT_RUN
    ]
    return len(shown), lines


# ------------------------------------------------------------------------------------------------------ the VBA


def compiling(state: Trial) -> Answer:
    """Whether the modules compile: one procedure of each that can be called by itself, and what it must give."""
    book = state.opened
    status = str(book.call("BackflushStubs.BACKFLUSH_STATUS"))  # and, behind it, those of the add-in that answer
    _need_private_modules(book)
    answers: list[tuple[str, object, object]] = [
        ("BackflushValues", book.call("BackflushValues.CodeKey", " W-100 "), "w-100"),
        ("BackflushStubs", bool(status.strip()), True),
        ("BackflushTables", tuple(book.call(_PRIVATE)), tuple(table.name for table in TABLES)),  # type: ignore[arg-type]
    ]
    if state.python:
        key = "INTERPRETER_WIN" if state.engine else "INTERPRETER_MAC"
        answers.append(("xlwings", book.call(f"{ADDIN}!xlwings.GetConfig", key), str(state.python)))
    return len(answers), [f"{what}: {got!r}, not {wanted!r}" for what, got, wanted in answers if got != wanted]


def _need_private_modules(book: ExcelBook) -> None:
    """Excel may run procedures of the workbook's public modules alone; then those of others cannot be judged."""
    try:
        book.call(_PRIVATE)
    except UnsaidError:
        raise
    except Exception as error:
        raise UnsaidError(f"it does not run procedures of private modules from outside ({error})") from error


def describing(state: Trial) -> Answer:
    """Whether Excel takes what the function wizard is to say of each argument (Application.MacroOptions)."""
    _need_private_modules(state.opened)
    state.opened.call(f"{ADDIN}!BackflushHelp.DescribeFunctions", BOOK)
    return len(FUNCTIONS), []


def button(state: Trial) -> Answer:
    """Whether a press of the button makes a run."""
    state.opened.press(RUN.name)
    end = time.monotonic() + PATIENCE
    while not _ran(state.opened):
        if time.monotonic() > end:
            raise TimeoutError("the button was pressed, but the workbook was not run")
        time.sleep(0.5)
    return 1, []


def _ran(opened: ExcelBook) -> bool:
    """Whether the first run stands on its sheet."""
    first = (schema.HEADER_ROW + 1, 1, schema.HEADER_ROW + 1, 1)
    return opened.values(schema.SHEET_OF["Runs"].name, first) != [[""]]


def staying(state: Trial) -> Answer:
    """Whether the Python that answered cells and the button is there and up to date."""
    _need_private_modules(state.opened)
    there = state.opened.call(f"{ADDIN}!BackflushGateway.HasServer") is True
    return _one(there, "the Python that answers cells is not there, so that each button starts one of its own")


def starting(state: Trial) -> Answer:
    """Whether a button that starts a Python of its own would be answered: a check, as the add-in asks for it then."""
    _need_private_modules(state.opened)
    code = state.opened.call(f"{ADDIN}!xlwings.RunPython", "from xlbackflush.addin.macros import check; check()")
    return _one(code != -1, "a Python that was started for a button did not do its work")


def undoing(state: Trial) -> Answer:
    """Whether an edit of an input can be undone; the functions are asked again after it, which must not prevent that."""
    with closing(Package(state.file)) as package:
        table = package.tables["Counts"]
        cell = f"{table.letters['Quantity']}{table.header_row + 1}"
        column, row = split_cell(cell)
    ((before,),) = state.opened.values(table.sheet, (row, column, row, column))
    keys = f"{float(str(before)) + 1:g}"
    typed, undone = state.opened.typed(table.sheet, cell, keys)
    if not same(float(keys), typed):
        raise UnsaidError(f"{keys} was typed into {table.sheet}!{cell}, and {typed} arrived")
    return _one(same(before, undone), f"{table.sheet}!{cell}: {undone!r} after Undo, {before!r} before the edit")


def outline(state: Trial) -> Answer:
    """Whether the levels of the Trace fold, down to its products, and open again."""
    _need_a_run(state)
    with closing(Package(state.file)) as package:
        rows = {
            int(row.get("r", 0)): int(row.get("outlineLevel", 0))
            for row in package.xml(package.sheets["Trace"]).iter(f"{{{MAIN}}}row")
            if int(row.get("r", 0)) > schema.HEADER_ROW
        }
    expected = [row for row, level in rows.items() if level == 0]
    shown = state.opened.folded("Trace", list(rows))
    sentence = f"Trace, folded: rows {_few(shown)} in sight, not {_few(expected)}"
    return len(rows), [sentence] * (shown != expected)


def _few(rows: list[int]) -> str:
    return ", ".join(map(str, rows[:5])) + (" ..." if len(rows) > 5 else "") or "none"


# ------------------------------------------------------------------------------------------------------ cells


def cells(state: Trial) -> Answer:
    """Every cell of the output sheets of a workbook in Excel, against a file."""
    _need_a_run(state)
    return compared_cells(state.opened, state.file)


def _need_a_run(state: Trial) -> None:
    if not _ran(state.opened):
        raise UnsaidError("the button made no run to compare")


def compared_cells(opened: ExcelBook, file: Path) -> Answer:
    """How many cells of the output sheets were compared with a file, and what differs."""
    compared, lines = 0, []
    with closing(Package(file)) as package:
        reader = SheetReader(package)
        for sheet in schema.OUTPUT_SHEETS:
            expected = [[stored(value) for value in row] for row in reader.grid(sheet.name)]
            width = max(map(len, expected), default=0)
            actual = opened.values(sheet.name, (1, 1, len(expected) + BEYOND, width + BEYOND))
            runs = package.tables["Runs"]
            numbers = range(runs.header_row + 1, runs.last_row + 1) if runs.sheet == sheet.name else ()
            passing = {f"{runs.letters[column]}{number}" for number in numbers for column in _OF_THE_MOMENT}
            for where, wanted, got in _pairs(expected, actual):
                if where in passing:
                    continue
                compared += wanted is not None
                if not same(wanted, got):
                    lines.append(f"{sheet.name}!{where}: Excel has {got!r}, the file {wanted!r}")
    return compared, lines


def _pairs(expected: Sequence[Sequence[object]], actual: list[list[object]]) -> Iterator[tuple[str, object, object]]:
    """Address, expected and actual value of every cell of the larger block; None is a blank cell."""
    for number, row in enumerate(actual, 1):
        known = expected[number - 1] if number <= len(expected) else []
        for column, value in enumerate(row):
            wanted = known[column] if column < len(known) else None
            yield f"{column_letter(column + 1)}{number}", wanted, stored(value)


def same(expected: object, actual: object) -> bool:
    """True where two cells show the same: numbers but for the last digits, in which two programs may add differently."""
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return math.isclose(expected, actual, rel_tol=1e-9, abs_tol=1e-9)
    return expected == actual


# -------------------------------------------------------------------------------------------------- functions


def functions(state: Trial) -> Answer:
    """The cell functions in Excel, against the engine and the results in a file."""
    _need_a_run(state)
    known = dict(questions(state.file))
    asked = [formula for formula in known if state.engine or not formula.startswith("=BACKFLUSH_QTY")]
    answers = zip(asked, state.opened.ask(asked), strict=True)
    return len(asked), list(_wrong((formula, known[formula], got) for formula, got in answers))


def _wrong(answers: Iterable[tuple[str, object, object]]) -> Iterator[str]:
    for formula, wanted, got in answers:
        if not same(stored(wanted), stored(got)):
            yield f"{formula}: Excel has {stored(got)!r}, the engine {stored(wanted)!r}"


def arrays(state: Trial) -> Answer:
    """A function that is given three cells, one of an unknown item, and one that is given a blank cell."""
    with FileBook(state.file) as book:
        known, _ = answers(book.read())
    if known is None:
        raise RuntimeError("the sample has errors")
    first, *_, last = (standard.code for standard in known.standards.values())
    formula, unknown = f"=BACKFLUSH_COST({{cells}},{UNITS:g})", CellError("#N/A")
    asked = {first: known.cost(first, UNITS), "there is no such item": unknown, last: known.cost(last, UNITS)}
    compared = list(zip(asked, asked.values(), state.opened.spread(formula, list(asked)), strict=True))
    compared.append(("a blank cell", unknown, state.opened.spread(formula, [""])[0]))
    return len(compared), [f"given cells, {line}" for line in _wrong(compared)]


def questions(file: Path) -> Iterator[tuple[str, object]]:
    """Formulas and what they must answer: costs of every item, parts of every product, each balance, errors as errors."""
    with FileBook(file) as book:
        known, errors = answers(book.read())
        ledger, variances = book.table("Ledger").by_column(), book.table("Variances").by_column()
    if known is None:
        raise RuntimeError(f"the sample has errors: {errors[0].where}")
    for standard in known.standards.values():
        code = standard.code
        yield f'=BACKFLUSH_COST("{code}",{UNITS:g})', known.cost(code, UNITS)
        yield f'=STANDARD_COST("{code}")', known.standard_cost(code)
        for element in schema.ELEMENTS:
            yield f'=STANDARD_COST("{code}","{element}")', known.standard_cost(code, element)
        for part in known.explode(code, UNITS):
            if part.key:
                yield f'=BACKFLUSH_QTY("{code}","{part.code}",{UNITS:g})', part.quantity
    for role, balance in zip(ledger["Role"], ledger["Closing"], strict=True):
        yield f'=BACKFLUSH_BALANCE("{role}")', balance
    sums: dict[object, float] = defaultdict(float)
    for name, amount, side in zip(variances["Variance"], variances["Amount"], variances["F/U"], strict=True):
        if isinstance(amount, float | int):
            sums[name] += amount if side == "U" else -amount
    for name, total in sums.items():
        yield f'=BACKFLUSH_VARIANCE("{name}")', total
    yield '=BACKFLUSH_COST("there is no such item",1)', CellError("#N/A")
    yield f'=BACKFLUSH_COST("{code}","a few")', CellError("#VALUE!")


# ---------------------------------------------------------------------------------------------- all questions

FACTS = "versions"

#: in this order: what a question changes comes after all that it could disturb
QUESTIONS: dict[str, Question] = {
    FACTS: versions,
    "startup folder": startup_folder,
    "opens without repair": opening,
    "opens results without repair": opening_a_run,
    "saving": saving,
    "Protected View": protected_view,
    "compiles": compiling,
    "function wizard": describing,
    "button": button,
    "cells": cells,
    "functions": functions,
    "functions of ranges": arrays,
    "outline of the Trace": outline,
    "button, Python that stays": staying,
    "button, Python of its own": starting,
    "Undo": undoing,
}
