"""What Excel asks of formulas, and other spreadsheet programs forgive.

Every formula of finished workbooks is taken apart:

- None refers to itself, not through any other cell, nor because its own cell stands inside a column that it adds up.
- Only plain functions that Excel has; none is volatile.
- `Table[Column]` names a table and a column that are there; a column with a special character stands in double brackets.
- None needs Ctrl+Shift+Enter: a range of several cells is a whole argument of a function that takes ranges, or stands in
  SUMPRODUCT, and there not within IF and the like, which take one cell unless entered that way.
- None is longer, deeper or has more arguments than Excel allows.

A column of a thousand rows holds one formula a thousand times, with other row numbers. How its text falls into tokens does
not depend on them, so each shape (the formula with its row numbers taken out) is taken apart once, for all books, and the
row numbers are put back where a reference is followed; a test says that this gives the tokens of the whole formula. What
Excel asks of functions, brackets, arguments and names hangs on the tokens alone, and whether a range is taken as a whole on
them and on which of its ranges are of several cells: so these are judged once for each shape and set of such ranges. Lengths,
references and circles are looked at in every cell.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cells as workbook
import pytest
from formula_parts import TAKES_RANGE, alone, opens, tokens
from live_books import BOOKS, NOW, PERIOD, PERIOD_ENDS, ran, without_columns, world
from openpyxl.formula.tokenizer import Token
from openpyxl.utils import column_index_from_string
from support_files import NS, Parts, split

from xlbackflush import schema
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.template.build import build
from xlbackflush.workbook.file import FileBook

LONGEST, DEEPEST, MOST_ARGUMENTS, LAST_ROW = 8_192, 64, 255, 1_048_576  # of Excel
#: functions of Excel 2010, and of Excel 2013 by their names in the file
FUNCTIONS = {
    "ABS", "AND", "CHOOSE", "COUNT", "COUNTA", "COUNTIF", "COUNTIFS", "FIXED", "HYPERLINK", "IF", "INDEX", "INT", "ISNUMBER",
    "LARGE", "LEN", "MATCH", "MAX", "MID", "MIN", "MOD", "N", "OR", "REPT", "ROUND", "ROW", "SIGN", "SUM", "SUMIFS",
    "SUMPRODUCT", "TEXT", "TRIM", "UPPER", "_xlfn.UNICODE",
}  # fmt: skip
#: functions that take one value at a time, in SUMPRODUCT too, unless the formula is entered as an array
ONE_AT_A_TIME = {"IF", "AND", "OR", "CHOOSE", "INDEX", "HYPERLINK", "TEXT"}
SPECIAL = re.compile(r"""[\t\n\r,:.\[\]#'"{}$^&*+=\-<>/@\\!();?`~]""")
STRUCTURED = re.compile(r"(\w+)\[(\[?)([^\[\]]+)(\]?)\]")
PLAIN = re.compile(r"(?:(?P<sheet>'(?:[^']|'')+'|[\w.]+)!)?\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?")


class Area(NamedTuple):
    """A range of cells; columns and rows from 1, both ends included."""

    sheet: str
    left: int
    top: int
    right: int
    bottom: int

    @property
    def several(self) -> bool:
        return (self.left, self.top) != (self.right, self.bottom)


Cell = tuple[str, int, int]  # sheet, column, row

#: texts, names of sheets and references to tables, which stay; the row number of a cell, which is taken out
ROWS = re.compile(
    r"""("(?:[^"]|"")*"|'(?:[^']|'')*'|\w+\[+[^\[\]]*\]+|(?<![\w.])\$?[A-Z]{1,3}\$?(?=\d+(?![\w.(])))(\d*)"""
)


class Shaped(NamedTuple):
    """A formula taken apart: its shape, and the references that stand in it, from left to right."""

    shape: str
    references: list[str]


def shaped(formula: str) -> Shaped:
    rows: list[str] = []

    def without_row(found: re.Match[str]) -> str:
        if found[2]:
            rows.append(found[2])
        return found[1] + ("1" if found[2] else "")

    shape = ROWS.sub(without_row, formula)
    left = iter(rows)
    return Shaped(shape, ["".join(part or next(left) for part in parts) for parts in reference_parts(shape)])


@functools.cache
def reference_parts(shape: str) -> list[list[str]]:
    """Of each reference in a shape its text, with "" where a row number belongs."""
    found = []
    for token in tokens(shape):
        if token.subtype == Token.RANGE:
            parts, end = [], 0
            for cell in ROWS.finditer(token.value):
                if cell[2]:
                    parts += [token.value[end : cell.start(2)], ""]
                    end = cell.end()
            found.append([*parts, token.value[end:]] if end < len(token.value) else parts)
    return found


class Formulas:
    """The formulas of a workbook, and what the references in them mean."""

    def __init__(self, path: Path) -> None:
        parts, book = Parts(path), workbook.read(path)
        self.names = {
            n.get("name", ""): n.text or "" for n in parts.xml("xl/workbook.xml").iterfind(".//m:definedName", NS)
        }
        self.columns = {
            table: {
                name: Area(at.sheet, at.left + k, at.top + 1, at.left + k, at.bottom)
                for k, name in enumerate(at.columns)
            }
            for table, at in book.tables.items()
        }
        self.texts: dict[Cell, str] = {}
        plain = [b"<f " not in parts[part] for part in parts.sheets().values()]
        assert all(plain), "an array formula, or one that several cells share"
        for sheet, formulas in book.formulas.items():
            for address, text in formulas.items():
                column, row = split(address)
                self.texts[sheet, column, row] = f"={text}"
        self._parts = parts
        self._arrange()

    def _arrange(self) -> None:
        self.shaped = {cell: shaped(text) for cell, text in self.texts.items()}
        #: rows of the formula cells of each column, in order
        self.rows: dict[tuple[str, int], list[int]] = {}
        for sheet_name, column, row in sorted(self.texts):
            self.rows.setdefault((sheet_name, column), []).append(row)
        self.areas = functools.cache(self.area)

    @property
    def rules(self) -> list[tuple[str, str]]:
        """Where they are, and formulas of conditional formats and data validations, those of Excel's extensions too."""
        return [
            (f"{rule.tag.rpartition('}')[2]} on {sheet}", rule.text)
            for sheet, part in self._parts.sheets().items()
            for rule in self._parts.xml(part).iter()
            if rule.tag.rpartition("}")[2] in ("formula", "formula1", "formula2", "f") and rule.tag != workbook.FORMULA
            if rule.text
        ]

    def area(self, reference: str, sheet: str) -> Area:
        """Where a reference points to. KeyError for a table, column or name that is not there."""
        if reference in self.names:
            reference = self.names[reference]
        if found := STRUCTURED.fullmatch(reference):
            return self.columns[found[1]][found[3]]
        return area_of(reference, sheet)

    def inside(self, area: Area) -> Iterator[Cell]:
        """The formula cells in an area."""
        for column in range(area.left, area.right + 1):
            rows = self.rows.get((area.sheet, column), [])
            for row in rows[bisect_left(rows, area.top) : bisect_right(rows, area.bottom)]:
                yield area.sheet, column, row

    def circle(self) -> list[Cell]:
        """Cells that refer to each other in a circle; none where there is no circle."""
        state: dict[Cell | Area, bool] = {}  # False: on the way down; True: done
        for start in self.texts:
            if start in state:
                continue
            state[start] = False
            path: list[tuple[Cell | Area, Iterator[Cell | Area]]] = [(start, iter(self._below(start)))]
            while path:
                node, rest = path[-1]
                for below in rest:
                    if state.get(below) is False:
                        nodes = [n for n, _ in path]
                        return [n for n in nodes[nodes.index(below) :] if not isinstance(n, Area)]
                    if below not in state:
                        state[below] = False
                        path.append((below, iter(self._below(below))))
                        break
                else:
                    state[node] = True
                    path.pop()
        return []

    def _below(self, node: Cell | Area) -> Iterator[Cell | Area]:
        if isinstance(node, Area):
            yield from self.inside(node)
        else:
            yield from {self.areas(reference, node[0]) for reference in self.shaped[node].references}


def area_of(reference: str, sheet: str) -> Area:
    """`'Standard Cost'!$B$7:B9`, on its own sheet where it names none."""
    found = PLAIN.fullmatch(reference)
    if not found:
        raise KeyError(reference)
    left, top, right, bottom = found.groups()[1:]
    name = (found["sheet"] or sheet).strip("'").replace("''", "'")
    first = column_index_from_string(left)
    return Area(name, first, int(top), column_index_from_string(right) if right else first, int(bottom or top))


@functools.cache
def written_badly(shape: str) -> list[str]:
    """Functions, brackets, arguments: what Excel refuses, or takes only from its own newest version."""
    parts = tokens(shape)
    found = [f"{t.value} is not a plain function" for t in parts if opens(t) and t.value[:-1] not in FUNCTIONS]
    for t in parts:
        if t.subtype == Token.RANGE and "[" in t.value:
            structured = STRUCTURED.fullmatch(t.value)
            double = structured and structured[2] and structured[4]
            if not structured or bool(structured[2]) != bool(structured[4]):
                found.append(f"{t.value} cannot be read")
            elif SPECIAL.search(structured[3]) and not double:
                found.append(f"{t.value} needs double brackets")
    depth, most = nesting(parts)
    return found + [f"{depth} levels"] * (depth > DEEPEST) + [f"{most} arguments"] * (most > MOST_ARGUMENTS)


def nesting(parts: list[Token]) -> tuple[int, int]:
    """Levels of functions and brackets, and the largest number of arguments."""
    arguments, deepest, most = [1], 0, 0
    for token in parts:
        if token.type in (Token.FUNC, Token.PAREN):
            if token.subtype == Token.OPEN:
                arguments.append(1)
                deepest = max(deepest, len(arguments) - 1)
            else:
                arguments.pop()
        elif token.type == Token.SEP and token.subtype == Token.ARG:
            arguments[-1] += 1
            most = max(most, arguments[-1])
    return deepest, most


@functools.cache
def needs_array_entry(shape: str, several: tuple[bool, ...]) -> list[str]:
    """Ranges and lists of constants that Excel takes one value of, unless the formula is entered as an array.

    several: which of its references, from left to right, are of more than one cell.
    """
    found, parts, wide = [], tokens(shape), iter(several)
    stack: list[list[Any]] = []  # [function or bracket, position of the argument]
    for k, token in enumerate(parts):
        if token.type == Token.SEP and token.subtype == Token.ARG:
            stack[-1][1] += 1
        elif token.type in (Token.FUNC, Token.PAREN):
            if token.subtype == Token.OPEN:
                stack.append([token.value[:-1], 0])
            else:
                stack.pop()
        elif token.type == Token.ARRAY and token.subtype == Token.OPEN:
            close = next(i for i in range(k, len(parts)) if parts[i].type == Token.ARRAY and i > k)
            if not taken(stack, alone(parts, k, close)):
                found.append("a list of constants")
        elif token.subtype == Token.RANGE and next(wide) and not taken(stack, alone(parts, k, k)):
            found.append(token.value)
    return found


def several(formulas: Formulas, cell: Cell) -> tuple[bool, ...]:
    """Which references of a cell's formula are of more than one cell."""
    return tuple(formulas.areas(reference, cell[0]).several for reference in formulas.shaped[cell].references)


def taken(stack: list[list[Any]], whole: bool) -> bool:
    """Does what stands around it take all values of a range?"""
    if whole and stack and stack[-1][0] in TAKES_RANGE and TAKES_RANGE[stack[-1][0]](stack[-1][1]):
        return True
    around = [function for function, _ in stack]
    if "SUMPRODUCT" not in around:
        return False
    return not ONE_AT_A_TIME & set(around[len(around) - around[::-1].index("SUMPRODUCT") :])


# ------------------------------------------------------------------------------ what these functions find


class Example(Formulas):
    """Formulas of one sheet "S" with a table T over A2:B4, columns a and b/c."""

    def __init__(self, **cells: str) -> None:
        self.columns = {"T": {"a": Area("S", 1, 2, 1, 4), "b/c": Area("S", 2, 2, 2, 4)}}
        self.names, self.texts = {}, {("S", *split(address)): text for address, text in cells.items()}
        self._arrange()


@pytest.mark.parametrize(
    ("cells", "length"),
    [
        ({"A2": "=B2", "B2": "=C9"}, 0),
        ({"A2": "=A2"}, 1),
        ({"A2": "=B2", "B2": "=C9", "C9": "=A2+1"}, 3),
        ({"A2": "=SUM(T[[b/c]])", "B4": "=C1", "C1": "=A3"}, 0),
        ({"A2": "=SUM(T[[b/c]])", "B4": "=C1", "C1": "=A2"}, 3),
        ({"A3": "=SUM(T[a])"}, 1),
        ({"A5": "=SUM(T[a])"}, 0),
    ],
)
def test_a_circle_is_found(cells: dict[str, str], length: int) -> None:
    assert len(Example(**cells).circle()) == length


@pytest.mark.parametrize(
    ("formula", "wrong"),
    [
        ("=SUM(T[a])", []),
        ("=SUM(T[[b/c]])", []),
        ("=SUM(T[b/c])", ["T[b/c] needs double brackets"]),
        ("=XLOOKUP(A1,T[a],T[a])", ["XLOOKUP( is not a plain function"]),
        ("=TODAY()", ["TODAY( is not a plain function"]),
        ("=" + "ABS(" * 65 + "1" + ")" * 65, ["65 levels"]),
        ("=SUM(" + ",".join(["1"] * 256) + ")", ["256 arguments"]),
    ],
)
def test_what_excel_refuses_is_found(formula: str, wrong: list[str]) -> None:
    assert written_badly(formula) == wrong


@pytest.mark.parametrize(
    ("formula", "wrong"),
    [
        ("=SUM(T[a])", []),
        ("=SUM(T[a]*2)", ["T[a]"]),
        ("=SUMPRODUCT(T[a]*2)", []),
        ("=SUMPRODUCT(ROUND(T[a]-T[[b/c]],2))", []),
        ("=SUMPRODUCT(IF(T[a]>0,1,0))", ["T[a]"]),
        ("=IF(SUMPRODUCT(--(T[a]>0)),1,0)", []),
        ("=SUMIFS(T[a],T[[b/c]],A1)", []),
        ("=SUMIFS(T[a],T[[b/c]],T[a])", ["T[a]"]),
        ("=SUMPRODUCT(SUMIFS(T[a],T[[b/c]],T[a]))", []),
        ("=MAX(ABS(T[a]))", ["T[a]"]),
        ("=T[a]", ["T[a]"]),
        ("=SUM(SUMIFS(T[a],T[[b/c]],{1,2}))", ["a list of constants"]),
        ("=MATCH(A1,{1,2},0)", []),
    ],
)
def test_what_needs_array_entry_is_found(formula: str, wrong: list[str]) -> None:
    example = Example(D9=formula)
    assert needs_array_entry(shaped(formula).shape, several(example, ("S", 4, 9))) == wrong


@pytest.mark.parametrize(
    ("formula", "shape", "references"),
    [
        ("=A7+$B$12*C3", "=A1+$B$1*C1", ["A7", "$B$12", "C3"]),
        ("=SUM(A7:B19)", "=SUM(A1:B1)", ["A7:B19"]),
        ("='Standard Cost'!$B$7:B9", "='Standard Cost'!$B$1:B1", ["'Standard Cost'!$B$7:B9"]),
        ("=\"A7\"&'BOM 2'!A7&T[[a 3]]", "=\"A7\"&'BOM 2'!A1&T[[a 3]]", ["'BOM 2'!A7", "T[[a 3]]"]),
        ("=LOG10(A5)+MasterCheck+1E5+12", "=LOG10(A1)+MasterCheck+1E5+12", ["A5", "MasterCheck"]),
        ("=SUM(T[a],{1,2},A10)", "=SUM(T[a],{1,2},A1)", ["T[a]", "A10"]),
    ],
)
def test_row_numbers_are_taken_out_and_put_back(formula: str, shape: str, references: list[str]) -> None:
    assert shaped(formula) == (shape, references)
    assert references == [t.value for t in tokens(formula) if t.subtype == Token.RANGE]


def test_a_table_or_column_that_is_not_there_is_found() -> None:
    for reference in ("U[a]", "T[d]", "T[#All]"):
        with pytest.raises(KeyError):
            Example().area(reference, "S")


# ------------------------------------------------------------------------------------------- the workbooks


@pytest.fixture(scope="module", params=["empty", *BOOKS])
def formulas(request: pytest.FixtureRequest, folder: Path) -> Formulas:
    """The formulas of one book."""
    if request.param == "empty":
        build(folder / "empty.xlsx", PERIOD)
        return Formulas(folder / "empty.xlsx")
    return Formulas(ran(request.param, folder).path)


def test_no_formula_refers_to_itself(formulas: Formulas) -> None:
    circle = [
        f"{sheet}!R{row}C{column} {formulas.texts[sheet, column, row]}" for sheet, column, row in formulas.circle()
    ]
    assert not circle, "\n".join(circle)


def test_a_shape_has_the_tokens_of_its_formulas(formulas: Formulas) -> None:
    """The last formula of each shape, which is far from the first, taken apart as a whole."""
    last = {of.shape: cell for cell, of in formulas.shaped.items()}
    assert last
    for shape, cell in last.items():
        whole, parts = tokens(formulas.texts[cell]), tokens(shape)
        assert [(t.type, t.subtype) for t in whole] == [(t.type, t.subtype) for t in parts], formulas.texts[cell]
        assert [t.value for t in whole if t.subtype == Token.RANGE] == formulas.shaped[cell].references
        other = [t.value for t in whole if t.subtype != Token.RANGE]
        assert other == [t.value for t in parts if t.subtype != Token.RANGE], formulas.texts[cell]


def test_formulas_are_plain_excel(formulas: Formulas) -> None:
    wrong = [
        f"{cell}: {problem} in {formulas.texts[cell]}"
        for cell, of in formulas.shaped.items()
        for problem in written_badly(of.shape)
    ]
    wrong += [f"{cell}: {len(text)} characters" for cell, text in formulas.texts.items() if len(text) > LONGEST]
    assert not wrong, f"{len(wrong)} such as\n" + "\n".join(wrong[:10])


def test_no_formula_needs_to_be_entered_as_an_array(formulas: Formulas) -> None:
    wrong = [
        f"{cell}: {problem} in {formulas.texts[cell]}"
        for cell, of in formulas.shaped.items()
        for problem in needs_array_entry(of.shape, several(formulas, cell))
    ]
    assert not wrong, f"{len(wrong)} such as\n" + "\n".join(wrong[:10])


def test_formats_and_validations_name_no_tables(formulas: Formulas) -> None:
    """Excel refuses a file whose conditional formats or validations use structured references."""
    assert not [(where, text) for where, text in formulas.rules if STRUCTURED.search(text)]


OPTIONAL = [
    (table.name, column.name)
    for table in schema.INPUT_TABLES
    if table.name not in ("Setup", "Accounts")
    for column in table.columns
    if not column.required
]


@pytest.mark.parametrize(("table", "column"), OPTIONAL)
def test_no_formula_names_a_column_that_the_workbook_does_not_have(table: str, column: str, folder: Path) -> None:
    """Excel calls a file damaged that has such a formula."""
    for policy in (PERIOD_ENDS[0], PERIOD_ENDS[13]):
        unrun = folder / f"unrun{PERIOD_ENDS.index(policy)}.xlsx"
        if not unrun.exists():
            build(unrun, PERIOD, world(policy))
        path = without_columns(unrun, folder / "lacking.xlsx", table, column)
        with FileBook(path) as book:
            lifecycle.run(book, "tester", NOW)
        found = Formulas(path)
        for (sheet, *_), of in found.shaped.items():
            for reference in of.references:
                found.areas(reference, sheet)
