"""The value of a formula's tree, as Excel would show it: the functions that the workbook's own formulas use, no others.
And which rows SUM, SUMIFS and SUMPRODUCT add up, each with its amount.

Cells are taken at the value they show; only the formula itself is worked out. Whole columns are numpy arrays of objects,
one row each; literals side by side are a second dimension. Blank cells are None.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from typing import Any, Protocol, TypeGuard

import numpy as np

from xlbackflush.dataclass import dataclass
from xlbackflush.model.money import from_minor, to_minor
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.formula import (
    COMPARISONS,
    Binary,
    Call,
    Cell,
    FormulaError,
    Literal,
    Node,
    Row,
    Span,
    Unary,
    at_row,
    walk,
)

Value = float | str | bool | None | CellError
AGGREGATES = ("SUM", "SUMIFS", "SUMPRODUCT", "COUNT", "COUNTA", "COUNTIF", "COUNTIFS")


class Values(Protocol):
    """Where cells show their values."""

    def value(self, cell: Cell) -> Value:
        """What a cell shows."""

    def column(self, span: Span) -> list[Value]:
        """What the cells of a column show."""


class Evaluator:
    """Works out trees over the values of a workbook."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self._tests: dict[tuple[Span, Any], np.ndarray] = {}

    def value(self, node: Node) -> Value:
        """The one value of a tree. FormulaError where it is none, or where a cell in it holds an error."""
        result = self.array(node)
        if isinstance(result, np.ndarray):
            if result.size != 1:
                raise FormulaError("the formula gives more than one value")
            result = result.flat[0]
        shown: Value = _usable(result)
        return shown

    def number(self, node: Node) -> float:
        """The value of a tree as a number; blank is 0."""
        return number(self.value(node))

    def array(self, node: Node) -> Any:
        """The value of a tree: a scalar, or an array over the rows of its columns."""
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Cell):
            return self.values.value(node)
        if isinstance(node, Span):
            return np.array([*self.values.column(node), None], dtype=object)[:-1].reshape(-1, 1)
        if isinstance(node, Row):
            return np.array(node.values, dtype=object).reshape(1, -1)
        if isinstance(node, Unary):
            return _each(lambda v: -number(v) if node.sign == "-" else v, self.array(node.operand))
        if isinstance(node, Binary):
            return _each(_OPERATORS[node.operator], self.array(node.left), self.array(node.right))
        return self._call(node)

    def matching(self, pairs: Sequence[Node]) -> np.ndarray:
        """Which rows meet all criteria of SUMIFS; columns where a criterion is a row of literals."""
        meets: Any = True
        for span, criterion in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(span, Span):
                raise FormulaError("SUMIFS is over something else than a column")
            wanted = self.array(criterion)
            many = list(wanted.flat) if isinstance(wanted, np.ndarray) else [wanted]
            tests = [self._test(span, _usable(one)) for one in many]
            meets = meets & np.stack(tests, axis=1)
        return np.asarray(meets, dtype=bool)

    def _test(self, span: Span, criterion: Value) -> np.ndarray:
        key = (span, criterion)
        if key not in self._tests:
            meets = criterion_test(criterion)
            cells = self.values.column(span)
            self._tests[key] = np.fromiter((meets(v) for v in cells), dtype=bool, count=len(cells))
        return self._tests[key]

    def _call(self, node: Call) -> Any:
        if node.name in ("IF", "CHOOSE"):
            return self.array(self.chosen(node))
        if node.name == "SUMPRODUCT":
            return math.fsum(number(v) for v in self.products(node).flat)
        if node.name in ("COUNTIFS", "COUNTIF"):
            return _one_or_row(self.matching(node.arguments).sum(axis=0).astype(float).tolist())
        special = {"SUMIFS": self._sumifs, "MATCH": self._match, "ROW": self._row}
        if node.name in special:
            return special[node.name](node)
        if node.name in _OVER_CELLS:
            arrays = [self.array(argument) for argument in node.arguments]
            return _OVER_CELLS[node.name]([v for a in arrays for v in (a.flat if isinstance(a, np.ndarray) else [a])])
        if node.name in _SCALAR:
            return _each(_SCALAR[node.name], *(self.array(argument) for argument in node.arguments))
        raise FormulaError(f"the function {node.name} is not one that the workbook's own formulas use")

    def chosen(self, node: Call) -> Node:
        """The branch of IF or CHOOSE that holds."""
        test = self.value(node.arguments[0])
        if node.name == "CHOOSE":
            return node.arguments[int(number(test))]
        if truth(test):
            return node.arguments[1]
        return node.arguments[2] if len(node.arguments) > 2 else Literal(False)

    def _match(self, node: Call) -> float:
        wanted, cells = self.value(node.arguments[0]), self.array(node.arguments[1])
        position = next((at for at, cell in enumerate(cells.flat, 1) if compare("=", wanted, cell)), None)
        if position is None:
            raise FormulaError(f"{wanted} is not one of the allowed values")
        return float(position)

    def _sumifs(self, node: Call) -> Any:
        chosen = self.matching(node.arguments[1:])
        cells = self.array(node.arguments[0])
        return _one_or_row([float(sum(_numbers(cells[mask].flat))) for mask in chosen.T])

    def products(self, node: Call) -> np.ndarray:
        """What SUMPRODUCT adds up: one value for each row (and literal)."""
        arrays = [np.asarray(self._spread(a), dtype=object) for a in node.arguments]
        if len(arrays) > 1:
            arrays = [_each(lambda v: v if is_number(_usable(v)) else 0.0, a) for a in arrays]
        product = arrays[0]
        for other in arrays[1:]:
            product = _each(lambda a, b: number(a) * number(b), product, other)
        return np.atleast_2d(np.asarray(product, dtype=object))

    def _spread(self, node: Node) -> Any:
        """An argument of SUMPRODUCT; SUMIFS and COUNTIFS in it may have a column of criteria."""
        calls = [n for n in walk(node) if isinstance(n, Call) and n.name in ("SUMIFS", "COUNTIFS")]
        spans = [a for n in calls for a in n.arguments[1 + (n.name == "SUMIFS") :: 2] if isinstance(a, Span)]
        if not spans:
            return self.array(node)
        length = spans[0].last - spans[0].first + 1
        return np.array([[self.value(at_row(node, k, length))] for k in range(length)], dtype=object)

    def _row(self, node: Call) -> Any:
        place = node.arguments[0]
        if isinstance(place, Cell):
            return float(place.row)
        if isinstance(place, Span):
            return np.arange(place.first, place.last + 1, dtype=float).astype(object).reshape(-1, 1)
        raise FormulaError("ROW is of something else than cells")


# ------------------------------------------------------------------------------------------------- sums


@dataclass(frozen=True)
class Addend:
    """One row of a sum: what is added (a cell, or a product at that row), a cell to show, and the amount."""

    node: Node
    cell: Cell
    amount: float


@dataclass(frozen=True)
class Addends:
    """The rows of a sum that are not zero, and how many are."""

    rows: list[Addend]
    zeros: int


def addends(node: Node, evaluate: Evaluator) -> Addends | None:
    """The rows that a call adds up; None for what counts rows or makes one number of texts."""
    if not isinstance(node, Call):
        return None
    if node.name == "SUM":
        return _split([cell for argument in node.arguments for cell in _cells(argument, evaluate)])
    if node.name == "SUMIFS":
        times = evaluate.matching(node.arguments[1:]).sum(axis=1).tolist()
        return _split(_cells(node.arguments[0], evaluate, times))
    if node.name != "SUMPRODUCT":
        return None
    first, *others = node.arguments
    rows_of_literals = (
        isinstance(first, Call) and first.name == "SUMIFS" and any(isinstance(a, Row) for a in first.arguments)
    )
    return addends(first, evaluate) if rows_of_literals and not others else _products(node, evaluate)


def _cells(node: Node, evaluate: Evaluator, times: Sequence[int] | None = None) -> list[Addend]:
    """The numbers in a cell or a column; times: how often each row of it counts, once where nothing is said."""
    if isinstance(node, Cell):
        return [Addend(node, node, number(evaluate.value(node)))]
    if not isinstance(node, Span):
        raise FormulaError("a sum of something else than cells")
    values = evaluate.values.column(node)
    counted = enumerate(zip(values, times or [1] * len(values), strict=True))
    return [Addend(node.cell(k), node.cell(k), number(v) * n) for k, (v, n) in counted if is_number(v) and n]


def _products(node: Call, evaluate: Evaluator) -> Addends | None:
    """SUMPRODUCT row by row; None where nothing but conditions and counts is multiplied."""
    spans = [n for a in node.arguments for n in walk(a) if isinstance(n, Span)]
    factors = [n for a in node.arguments for n in _amounts(a)]
    if not spans or not factors or any(isinstance(n, Row) for a in node.arguments for n in walk(a)):
        return None
    length = spans[0].last - spans[0].first + 1
    values = evaluate.products(node)
    if values.shape != (length, 1):
        return None
    product = reduce(partial(Binary, "*"), node.arguments)
    amounts = enumerate(map(number, values[:, 0]))
    return Addends([Addend(at_row(product, k, length), factors[0].cell(k), a) for k, a in amounts if a], 0)


def _amounts(node: Node) -> list[Span]:
    """Columns of amounts in a product: those that are not merely compared, counted, or looked at."""
    if isinstance(node, Span):
        return [node]
    if isinstance(node, Unary):
        return _amounts(node.operand)
    if isinstance(node, Binary) and node.operator not in COMPARISONS:
        return _amounts(node.left) + _amounts(node.right)
    if isinstance(node, Call) and node.name in ("ROUND", "ABS"):
        return _amounts(node.arguments[0])
    return []


def _split(addends: list[Addend]) -> Addends:
    rows = [a for a in addends if a.amount]
    return Addends(rows, len(addends) - len(rows))


# ----------------------------------------------------------------------------------------------- scalars


def is_number(value: object) -> TypeGuard[float]:
    """Is a value a number? To Excel, a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: Value) -> float:
    """A value as arithmetic takes it."""
    plain = _usable(value)
    if plain is None:
        return 0.0
    try:
        return float(plain)
    except ValueError:
        raise FormulaError(f"the text {plain!r} stands where a number is needed") from None


def text(value: Value) -> str:
    """A value as & takes it."""
    value = _usable(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    return value if isinstance(value, str) else f"{value:.15g}"


def truth(value: Value) -> bool:
    """A value as IF takes it."""
    return value if isinstance(value, bool) else number(value) != 0


def compare(how: str, a: Value, b: Value) -> bool:
    """Two values compared: texts without regard to case, numbers below texts below truth values; blank is 0 or ""."""
    a, b = _usable(a), _usable(b)
    a, b = _filled(a, b), _filled(b, a)
    ranked = [(2, v) if isinstance(v, bool) else (1, v.casefold()) if isinstance(v, str) else (0, v) for v in (a, b)]
    return bool(_COMPARE[how](*ranked))


def _filled(value: Value, other: Value) -> Value:
    if value is not None:
        return value
    return "" if isinstance(other, str) else False if isinstance(other, bool) else 0.0


def criterion_test(criterion: Value) -> Callable[[Value], bool]:
    """The test that a criterion of SUMIFS stands for: "=W-100", "<>Scrap", ">=46000", "?*", 7."""
    if not isinstance(criterion, str):
        wanted = number(criterion)
        return lambda v: is_number(v) and v == wanted
    match = re.match(r"(<>|<=|>=|=|<|>)?(.*)", criterion, re.S)
    assert match
    how, rest = match[1] or "=", match[2]
    if not rest:
        blank = how == "="
        return (lambda v: v in (None, "") if match[1] else v == "") if blank else lambda v: v is not None
    try:
        limit = float(rest)
    except ValueError:
        return _text_test(how, rest)
    if how in ("=", "<>"):
        return lambda v: ((is_number(v) and v == limit) or v == rest) == (how == "=")
    return lambda v: is_number(v) and bool(_COMPARE[how](v, limit))


def _text_test(how: str, wanted: str) -> Callable[[Value], bool]:
    if how not in ("=", "<>"):
        return lambda v: isinstance(v, str) and compare(how, v, wanted)
    pattern = re.sub(r"(~[*?~])|(\*)|(\?)|([^*?~]+|~)", _as_regex, wanted)
    matches = re.compile(pattern, re.S | re.I).fullmatch
    return lambda v: (isinstance(v, str) and matches(v) is not None) == (how == "=")


def _as_regex(match: re.Match[str]) -> str:
    escaped, any_number, any_one, plain = match.groups()
    return re.escape(escaped[1]) if escaped else ".*" if any_number else "." if any_one else re.escape(plain)


def excel_round(value: Value, digits: Value) -> float:
    """Excel's ROUND."""
    places = int(number(digits))
    return from_minor(to_minor(number(value), places), places)


def _usable(value: Any) -> Any:
    if isinstance(value, CellError):
        if value.calculated:
            raise FormulaError(f"a cell in it holds the error {value.text or 'of a number beyond all use'}")
        raise FormulaError(
            "a cell in it has not been calculated: open the workbook in Excel, let it calculate and save it"
        )
    return value


def _each(function: Callable[..., Any], *arguments: Any) -> Any:
    """A function of scalars, over arrays where there are any."""
    if any(isinstance(a, np.ndarray) for a in arguments):
        return np.frompyfunc(function, len(arguments), 1)(*arguments)
    return function(*arguments)


def _one_or_row(values: list[float]) -> Any:
    """A value for each of the literals side by side that a criterion may be."""
    return values[0] if len(values) == 1 else np.array(values, dtype=object).reshape(1, -1)


def _numbers(cells: Iterable[Any]) -> Iterator[float]:
    """What SUM, MAX and MIN look at: numbers alone count."""
    return (v for v in map(_usable, cells) if is_number(v))


def _divide(a: Value, b: Value) -> float:
    if not number(b):
        raise FormulaError("it divides by zero")
    return number(a) / number(b)


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: number(a) + number(b),
    "-": lambda a, b: number(a) - number(b),
    "*": lambda a, b: number(a) * number(b),
    "/": _divide,
    "^": lambda a, b: number(a) ** number(b),
    "&": lambda a, b: text(a) + text(b),
    **{how: partial(compare, how) for how in _COMPARE},
}
#: functions over the cells of all their arguments together
_OVER_CELLS: dict[str, Callable[[list[Any]], Any]] = {
    "SUM": lambda cells: float(sum(_numbers(cells))),
    "MAX": lambda cells: float(max(_numbers(cells), default=0)),
    "MIN": lambda cells: float(min(_numbers(cells), default=0)),
    "COUNT": lambda cells: float(sum(map(is_number, cells))),
    "COUNTA": lambda cells: float(sum(v is not None for v in cells)),
    "AND": lambda cells: all(map(truth, cells)),
    "OR": lambda cells: any(map(truth, cells)),
}
#: functions of single values
_SCALAR: dict[str, Callable[..., Any]] = {
    "ROUND": excel_round,
    "ABS": lambda v: abs(number(v)),
    "SIGN": lambda v: float((number(v) > 0) - (number(v) < 0)),
    "ISNUMBER": is_number,
    "INT": lambda v: float(math.floor(number(v))),
    "MOD": lambda a, b: number(a) % number(b),
    "N": lambda v: number(v) if is_number(_usable(v)) or isinstance(v, bool) else 0.0,
    "LEN": lambda v: float(len(text(v).encode("utf-16-le")) // 2),
    "MID": lambda v, first, count: text(v)[int(first) - 1 : int(first) - 1 + int(count)],
    "REPT": lambda v, count: text(v) * int(count),
    "UPPER": lambda v: text(v).upper(),
    "TRIM": lambda v: re.sub(" +", " ", text(v)).strip(" "),
    "UNICODE": lambda v: float(ord(text(v)[0])),
    "FIXED": lambda v, digits: f"{excel_round(v, digits):,.{int(digits)}f}",
    "HYPERLINK": lambda target, shown: shown,
}  # fmt: skip
