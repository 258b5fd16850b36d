"""A second spreadsheet engine works out every formula of finished workbooks from their inputs, and gets the stored values.

LibreOffice does the same in test_live_proofs. What this engine cannot do is listed: functions that it does not apply to
each value of a column within SUMPRODUCT. Each is shown to be its limit by a formula of its own, which LibreOffice works out
as Excel documents it. A cell whose formula needs one of them hands on its stored value, so that the cells that use it are
still worked out anew.
"""

from __future__ import annotations

import functools
import math
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import office
import openpyxl
import pytest
from formula_parts import TAKES_RANGE, alone, opens, tokens
from live_books import BOOKS, NOW, PERIOD, ran
from openpyxl.formula.tokenizer import Token
from openpyxl.utils.cell import coordinate_to_tuple
from second_engine import Book, Place, Value

from xlbackflush import schema
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.template.build import build
from xlbackflush.template.samples import SAMPLES
from xlbackflush.workbook.file import FileBook

VALUES = ((1.5, "ab", 1), (-2.25, "c", 1), (3, "Ab", 2))  # A1:C3 of the sheet on which the limits are shown
#: function that the engine applies to the first of several values only, or refuses (SUMIFS: it finds nothing for a column
#: or list of criteria) -> a formula that needs it, and what that gives: SUMPRODUCT takes its arguments as arrays
LIMITS = {
    "ABS": ("=SUMPRODUCT(ABS(A1:A3))", 6.75),
    "INT": ("=SUMPRODUCT(INT(A1:A3))", 1),
    "LEN": ("=SUMPRODUCT(LEN(B1:B3))", 5),
    "MID": ('=SUMPRODUCT(--(MID(B1:B3,2,1)="b"))', 2),
    "MOD": ("=SUMPRODUCT(MOD(A1:A3,2))", 4.25),
    "ROUND": ("=SUMPRODUCT(ROUND(A1:A3,0))", 3),
    "ROW": ("=SUMPRODUCT(ROW(A1:A3))", 6),
    "SUMIFS": ("=SUMPRODUCT(SUMIFS(A1:A3,C1:C3,C1:C3))", 1.5),
    "UPPER": ('=SUMPRODUCT(--(UPPER(B1:B3)="AB"))', 2),
    "_xlfn.UNICODE": ("=SUMPRODUCT(_xlfn.UNICODE(B1:B3))", 261),
}
CHANGED = Place("Counts", "E8")  # the quantity of a count of the sample


@functools.cache
def over_lists(formula: str) -> set[str]:
    """The functions in a formula that are handed several values where they take one: {"ABS"} in SUMPRODUCT(ABS(T[a]))."""
    found: set[str] = set()
    if "SUMPRODUCT(" not in formula:  # elsewhere Excel would want it entered as an array, which test_formulas rules out
        return found
    parts, stack = tokens(formula), [("", 0)]  # function or bracket, position of the argument
    for k, token in enumerate(parts):
        if token.type == Token.SEP and token.subtype == Token.ARG:
            stack[-1] = (stack[-1][0], stack[-1][1] + 1)
        elif opens(token) or (token.type == Token.PAREN and token.subtype == Token.OPEN):
            stack.append((token.value[:-1], 0))
        elif token.type in (Token.FUNC, Token.PAREN):
            stack.pop()
        elif token.type == Token.ARRAY and token.subtype == Token.OPEN:
            close = next(i for i in range(k + 1, len(parts)) if parts[i].type == Token.ARRAY)
            found |= _around(stack, alone(parts, k, close))
        elif token.subtype == Token.RANGE and ("[" in token.value or ":" in token.value):
            found |= _around(stack, alone(parts, k, k))
    return found


def _around(stack: list[tuple[str, int]], whole: bool) -> set[str]:
    """The functions around several values, up to the one that takes them all."""
    found = set()
    for function, position in reversed(stack):
        if function == "SUMPRODUCT" or (whole and function in TAKES_RANGE and TAKES_RANGE[function](position)):
            return found
        found |= {function} - {""}
        whole = False
    return found


@pytest.mark.parametrize(
    ("formula", "functions"),
    [
        ("=SUM(T[a])", set()),
        ("=ROUND(SUM(T[a]),2)", set()),
        ("=SUMPRODUCT((T[a]=A1)*1,T[b])", set()),
        ("=SUMPRODUCT(ABS(T[a]))", {"ABS"}),
        ("=SUMPRODUCT(ABS(A1))", set()),
        ("=SUMPRODUCT((ROUND(ABS(T[a])-2,6)<=0)*T[b])", {"ROUND", "ABS"}),
        ("=SUMIFS(T[a],T[b],A1)", set()),
        ("=SUMPRODUCT(SUMIFS(T[a],T[b],T[b]))", {"SUMIFS"}),
        ('=SUMPRODUCT(SUMIFS(T[a],T[b],{"x","y"}))', {"SUMIFS"}),
        ("=SUMPRODUCT(ROW(T[a])-ROW(A6))", {"ROW"}),
        ("=SUMPRODUCT(T[a]*MATCH(A1,{1,2},0))", set()),
    ],
)
def test_functions_over_several_values_are_found(formula: str, functions: set[str]) -> None:
    assert over_lists(formula) == functions


@functools.cache
def book(name: str, folder: Path) -> Book:
    return Book(ran(name, folder).path)


def same(a: Value, b: Value) -> bool:
    """Equal; numbers to nine digits, in which no two programs add differently."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return type(a) is type(b) and a == b


def handed_on(book: Book) -> dict[Place, Value]:
    """The cells that keep their stored value, because the engine cannot do their formula."""
    return {p: f.stored for p, f in book.formulas.items() if LIMITS.keys() & over_lists(f.text)}


@pytest.mark.parametrize("name", BOOKS)
def test_every_formula_gives_the_stored_value(name: str, folder: Path) -> None:
    formulas = book(name, folder).formulas
    values = book(name, folder).recalculated(handed_on(book(name, folder)))
    wrong = [
        f"{place}: stored {formula.stored!r}, recalculated {values[place]!r} from {formula.text}"
        for place, formula in formulas.items()
        if not same(values[place], formula.stored)
    ]
    assert not wrong, f"{len(wrong)} of {len(formulas)} cells, such as\n" + "\n".join(wrong[:20])


def test_the_limits_are_those_that_the_workbooks_meet(folder: Path) -> None:
    books = [book(name, folder) for name in BOOKS]
    met = set().union(*(over_lists(f.text) for b in books for f in b.formulas.values()))
    assert met == LIMITS.keys()
    number, kept = sum(len(b.formulas) for b in books), sum(len(handed_on(b)) for b in books)
    assert number > 120_000
    assert kept < number / 80, kept


def test_the_limits_are_the_engines_own(tmp_path: Path) -> None:
    """LibreOffice gives what is documented, the engine something else. Where it has learned a function, strike it off."""
    path = tmp_path / "limits.xlsx"
    shown = openpyxl.Workbook()
    sheet = shown.worksheets[0]
    sheet.title = "Limits"
    for row in VALUES:
        sheet.append(row)
    for row, (formula, _) in enumerate(LIMITS.values(), 1):
        sheet.cell(row, 5).value = formula
    shown.save(path)
    documented = {function: value for function, (_, value) in LIMITS.items()}
    live = office.recalculate([path])[0]["Limits"]
    assert {function: live[f"E{row}"] for row, function in enumerate(LIMITS, 1)} == documented
    given = Book(path).recalculated()
    learned = [
        function for row, function in enumerate(LIMITS, 1) if given[Place("Limits", f"E{row}")] == documented[function]
    ]
    assert not learned


# --------------------------------------------------------------------------- no stored value passes through


@pytest.fixture(scope="module")
def sample(folder: Path) -> Book:
    return book("widgets", folder)


def test_no_stored_value_reaches_the_engine(sample: Book, folder: Path, tmp_path: Path) -> None:
    """With other values stored beside every formula, the engine gives the same."""
    spoilt = tmp_path / "spoilt.xlsx"
    value = re.compile(rb"(</f>)<v>[^<]*</v>")
    with zipfile.ZipFile(ran("widgets", folder).path) as source, zipfile.ZipFile(spoilt, "w") as target:
        for part in source.namelist():
            target.writestr(part, value.sub(rb"\1<v>4711</v>", source.read(part)))
    other = Book(spoilt)
    assert {str(f.stored) for f in other.formulas.values()} == {"4711", "4711.0"}
    kept = handed_on(sample)
    assert other.recalculated(kept) == sample.recalculated(kept)


def test_a_changed_input_changes_what_it_changes_in_libreoffice(sample: Book, folder: Path) -> None:
    """Every proof and difference of the journal and the ledger, after one count has become another."""
    column = [p for p in sample.formulas if p.sheet in ("Journal", "Ledger") and _row(p) > schema.HEADER_ROW]
    values = sample.recalculated(handed_on(sample) | {CHANGED: 99.0})
    with office.Session(ran("widgets", folder).path) as session:
        cells = session.attempt([(*CHANGED, 99)], [(p.sheet, p.address) for p in column])
    live = {place: cell[0][0] for place, cell in zip(column, cells, strict=True)}
    assert all(same(values[p], live[p]) for p in column)
    assert sum(not same(values[p], sample.formulas[p].stored) for p in column) >= 10


def _row(place: Place) -> int:
    return coordinate_to_tuple(place.address)[0]


def test_negative_zero_is_another_number_for_the_engine(tmp_path: Path) -> None:
    """Why `Book.recalculated` turns -0.0 into 0. Where it has learned better, that can go."""
    path = tmp_path / "zero.xlsx"
    shown = openpyxl.Workbook()
    sheet = shown.worksheets[0]
    sheet.title = "Zero"
    for row in (1, 2):
        sheet.append([3, 3.0000000001, f"=ROUND(A{row}-B{row},6)"])
    sheet["D1"] = '=COUNTIFS(C1:C2,"<>0")'
    shown.save(path)
    counted = Place("Zero", "D1")
    assert Book(path).recalculated(zeros=False)[counted] == 2
    assert Book(path).recalculated()[counted] == 0


# ------------------------------------------------------------- accounts that spreadsheets like to misread

#: account of a role, and one that a criterion of COUNTIFS would take for it, or would not tell from it
MISREAD = {
    schema.MIP: ("4*", "41"),
    schema.FINISHED_GOODS: ("A?~", "AB~"),
    schema.VARIOUS_ACCOUNTS: ("AP~1", "AP~2"),
    schema.CCC: ("007", "7"),
    schema.CCA: (1400, 1401),
    schema.COGS: (">5", ">6"),
    schema.ACCOUNTS_PAYABLE: ("1E3", "1000"),
    schema.USAGE_VARIANCE: ("=1", "1"),
    schema.PRICE_VARIANCE: ("<>", "<"),
}


def of_accounts(path: Path, **spelling: str) -> tuple[Place, dict[str, Place]]:
    """Run a sample with these accounts; the cell that counts those that are as mapped, and the cell of each account."""
    accounts = {role: MISREAD.get(role, (number, ""))[0] for role, (number, _) in schema.ROLES.items()} | spelling
    rows = [{"Role": role, "Account": account, "Name": "Name"} for role, account in accounts.items()]
    sample = SAMPLES["widgets"]()
    build(path, PERIOD, replace(sample, tables={**sample.tables, "Accounts": rows}))
    with FileBook(path) as opened:
        assert lifecycle.run(opened, "tester", NOW).run
    shown = openpyxl.load_workbook(path)
    controls = shown["Input Controls"]
    row = next(row for row in controls.iter_rows() if row[1].value == "Accounts mapped as in Ledger")
    columns = controls.tables["InputControls"].column_names
    now = Place("Input Controls", row[columns.index("Now")].coordinate)
    cells = {row[0].value: row[1].coordinate for row in shown["Setup"]["E7:F30"] if row[0].value}
    return now, {role: Place("Setup", address) for role, address in cells.items()}


def test_accounts_are_compared_as_they_stand(tmp_path: Path) -> None:
    """By both engines: as at the run all are as mapped, and each that is changed is not."""
    path = tmp_path / "accounts.xlsx"
    now, cells = of_accounts(path)
    tried = Book(path)
    mapped = tried.formulas[now].stored
    assert isinstance(mapped, float) and mapped >= len(MISREAD)
    changes = [(cells[role], other) for role, (_, other) in MISREAD.items()]
    assert tried.recalculated(dict(changes))[now] == mapped - len(changes)
    assert tried.recalculated()[now] == mapped
    with office.Session(path) as session:
        assert session.read([now]) == [[[mapped]]]
        for (sheet, address), other in changes:
            assert session.attempt([(sheet, address, other)], [now]) == [[[mapped - 1]]], other


def test_spaces_around_an_account_are_no_change(tmp_path: Path) -> None:
    path = tmp_path / "spaces.xlsx"
    now, _ = of_accounts(path, **{schema.COGS: " 51  10 "})
    live = office.recalculate([path])[0]
    assert live[now.sheet][now.address] == Book(path).formulas[now].stored
    assert live["Checks"]["B3"] == 0
