"""The value of a formula's tree, as Excel would show it: the functions that the workbook's own formulas use, no others.

Cells are taken at the value they show; only the formula itself is worked out. Whole columns are numpy arrays of objects,
one row each; literals side by side are a second dimension. Blank cells are None.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from xlbackflush.model.money import from_minor, to_minor
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.formula import (
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
        found: Any = True
        for span, criterion in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(span, Span):
                raise FormulaError("SUMIFS is over something else than a column")
            wanted = self.array(criterion)
            many = list(wanted.flat) if isinstance(wanted, np.ndarray) else [wanted]
            tests = [self._test(span, _usable(one)) for one in many]
            found = found & np.stack(tests, axis=1)
        return np.asarray(found, dtype=bool)

    def _test(self, span: Span, criterion: Value) -> np.ndarray:
        key = (span, criterion)
        if key not in self._tests:
            meets = criterion_test(criterion)
            cells = self.values.column(span)
            self._tests[key] = np.fromiter((meets(v) for v in cells), dtype=bool, count=len(cells))
        return self._tests[key]

    def _call(self, node: Call) -> Any:
        special = {"IF": self._if, "CHOOSE": self._choose, "SUMIFS": self._sumifs, "COUNTIFS": self._countifs,
                   "COUNTIF": self._countifs, "SUMPRODUCT": self._sumproduct, "ROW": self._row}  # fmt: skip
        if node.name in special:
            return special[node.name](node)
        if node.name in _OVER_CELLS:
            return _OVER_CELLS[node.name]([self.array(a) for a in node.arguments])
        if node.name in _SCALAR:
            return _each(_SCALAR[node.name], *(self.array(a) for a in node.arguments))
        if node.name == "MATCH":
            return self._match(node)
        raise FormulaError(f"the function {node.name} is not one that the workbook's own formulas use")

    def _if(self, node: Call) -> Any:
        return self.array(self.chosen(node))

    def chosen(self, node: Call) -> Node:
        """The branch of IF or CHOOSE that holds."""
        test = self.value(node.arguments[0])
        if node.name == "CHOOSE":
            return node.arguments[int(number(test))]
        if truth(test):
            return node.arguments[1]
        return node.arguments[2] if len(node.arguments) > 2 else Literal(False)

    def _choose(self, node: Call) -> Any:
        return self.array(self.chosen(node))

    def _match(self, node: Call) -> float:
        wanted, cells = self.value(node.arguments[0]), self.array(node.arguments[1])
        for position, cell in enumerate(cells.flat, 1):
            if compare("=", wanted, cell):
                return float(position)
        raise FormulaError(f"{wanted} is not one of the allowed values")

    def _sumifs(self, node: Call) -> Any:
        chosen = self.matching(node.arguments[1:])
        cells = self.array(node.arguments[0])
        totals = [_sum(cells[mask]) for mask in chosen.T]
        return totals[0] if len(totals) == 1 else np.array(totals, dtype=object).reshape(1, -1)

    def _countifs(self, node: Call) -> Any:
        """Criteria may be a column: one count for each of its rows."""
        criteria = [self.array(a) for a in node.arguments[1::2]]
        columns = [c for c in criteria if isinstance(c, np.ndarray) and c.shape[0] > 1]
        if not columns:
            counts = self.matching(node.arguments).sum(axis=0)
            return float(counts[0]) if len(counts) == 1 else counts.astype(float).astype(object).reshape(1, -1)
        return self._by_row(node, len(columns[0]), criteria)

    def _by_row(self, node: Call, length: int, criteria: list[Any]) -> np.ndarray:
        out = np.empty((length, 1), dtype=object)
        for k in range(length):
            mask: Any = True
            for span, wanted in zip(node.arguments[::2], criteria, strict=True):
                assert isinstance(span, Span)
                one = wanted[k, 0] if isinstance(wanted, np.ndarray) else wanted
                mask = mask & self._test(span, one)
            out[k, 0] = float(np.sum(mask))
        return out

    def _sumproduct(self, node: Call) -> float:
        return math.fsum(number(v) for v in self.products(node).flat)

    def products(self, node: Call) -> np.ndarray:
        """What SUMPRODUCT adds up: one value for each row (and literal)."""
        arrays = [np.asarray(self._spread(a), dtype=object) for a in node.arguments]
        if len(arrays) > 1:
            arrays = [_each(lambda v: v if _is_number(_usable(v)) else 0.0, a) for a in arrays]
        product = arrays[0]
        for other in arrays[1:]:
            product = _each(lambda a, b: number(a) * number(b), product, other)
        return np.atleast_2d(np.asarray(product, dtype=object))

    def _spread(self, node: Node) -> Any:
        """An argument of SUMPRODUCT; SUMIFS in it may have a column of criteria."""
        sums = [n for n in walk(node) if isinstance(n, Call) and n.name == "SUMIFS"]
        spans = [a for n in sums for a in n.arguments[2::2] if isinstance(a, Span)]
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


# ----------------------------------------------------------------------------------------------- scalars


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
    ranks = [2 if isinstance(v, bool) else 1 if isinstance(v, str) else 0 for v in (a, b)]
    left: Any = (ranks[0], a.casefold() if isinstance(a, str) else a)
    right: Any = (ranks[1], b.casefold() if isinstance(b, str) else b)
    if ranks[0] != ranks[1]:
        left, right = ranks
    return bool(_COMPARE[how](left, right))


def _filled(value: Value, other: Value) -> Value:
    if value is not None:
        return value
    return "" if isinstance(other, str) else False if isinstance(other, bool) else 0.0


def criterion_test(criterion: Value) -> Callable[[Value], bool]:
    """The test that a criterion of SUMIFS stands for: "=W-100", "<>Scrap", ">=46000", "?*", 7."""
    if not isinstance(criterion, str):
        wanted = number(criterion)
        return lambda v: _is_number(v) and v == wanted
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
        return lambda v: ((_is_number(v) and v == limit) or v == rest) == (how == "=")
    return lambda v: _is_number(v) and bool(_COMPARE[how](v, limit))


def _text_test(how: str, wanted: str) -> Callable[[Value], bool]:
    if how not in ("=", "<>"):
        return lambda v: isinstance(v, str) and compare(how, v, wanted)
    pattern = re.sub(r"(~[*?~])|(\*)|(\?)|([^*?~]+|~)", _as_regex, wanted)
    matches = re.compile(pattern, re.S | re.I).fullmatch
    return lambda v: (isinstance(v, str) and matches(v) is not None) == (how == "=")


def _as_regex(found: re.Match[str]) -> str:
    escaped, any_number, any_one, plain = found.groups()
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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _each(function: Callable[..., Any], *arguments: Any) -> Any:
    """A function of scalars, over arrays where there are any."""
    if any(isinstance(a, np.ndarray) for a in arguments):
        return np.frompyfunc(function, len(arguments), 1)(*arguments)
    return function(*arguments)


def _cells(arguments: list[Any]) -> list[Any]:
    return [v for a in arguments for v in (a.flat if isinstance(a, np.ndarray) else [a])]


def _sum(values: Any) -> float:
    """SUM over cells: numbers alone count."""
    return float(
        sum(v for v in map(_usable, values.flat if isinstance(values, np.ndarray) else values) if _is_number(v))
    )


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
    "SUM": lambda a: _sum(_cells(a)),
    "MAX": lambda a: float(max((v for v in map(_usable, _cells(a)) if _is_number(v)), default=0)),
    "MIN": lambda a: float(min((v for v in map(_usable, _cells(a)) if _is_number(v)), default=0)),
    "COUNT": lambda a: float(sum(_is_number(v) for v in _cells(a))),
    "COUNTA": lambda a: float(sum(v is not None for v in _cells(a))),
    "AND": lambda a: all(truth(v) for v in _cells(a)),
    "OR": lambda a: any(truth(v) for v in _cells(a)),
}
#: functions of single values
_SCALAR: dict[str, Callable[..., Any]] = {
    "ROUND": excel_round,
    "ABS": lambda v: abs(number(v)),
    "SIGN": lambda v: float((number(v) > 0) - (number(v) < 0)),
    "ISNUMBER": _is_number,
    "INT": lambda v: float(math.floor(number(v))),
    "MOD": lambda a, b: number(a) % number(b),
    "N": lambda v: number(v) if _is_number(_usable(v)) or isinstance(v, bool) else 0.0,
    "LEN": lambda v: float(len(text(v).encode("utf-16-le")) // 2),
    "MID": lambda v, first, count: text(v)[int(first) - 1 : int(first) - 1 + int(count)],
    "REPT": lambda v, count: text(v) * int(count),
    "UPPER": lambda v: text(v).upper(),
    "TRIM": lambda v: re.sub(" +", " ", text(v)).strip(" "),
    "UNICODE": lambda v: float(ord(text(v)[0])),
    "FIXED": lambda v, digits: f"{excel_round(v, digits):,.{int(digits)}f}",
    "HYPERLINK": lambda target, shown: shown,
}  # fmt: skip
