"""Sums over rows: which rows SUM, SUMIFS and SUMPRODUCT add up, each with its amount, and the sum in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xlbackflush.explain.evaluate import Evaluator, number
from xlbackflush.explain.words import Words
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


@dataclass(frozen=True)
class Addend:
    """One row of a sum: what is added (a cell, or a product at that row), a cell to show, and the amount."""

    node: Node
    cell: Cell
    amount: float


@dataclass(frozen=True)
class Addends:
    """The rows of a sum that are not zero, and how many are; None instead where a sum cannot be taken apart."""

    rows: list[Addend]
    zeros: int


def addends(node: Node, evaluate: Evaluator) -> Addends | None:
    """The rows that a call adds up; None for what counts rows or makes one number of texts."""
    if not isinstance(node, Call):
        return None
    if node.name == "SUM":
        return _split([a for part in node.arguments for a in _cells(part, evaluate)])
    if node.name == "SUMIFS" and isinstance(node.arguments[0], Span):
        return _split(_matching(node, evaluate))
    if node.name != "SUMPRODUCT":
        return None
    only = node.arguments[0] if len(node.arguments) == 1 else None
    if isinstance(only, Call) and only.name == "SUMIFS" and any(isinstance(a, Row) for a in only.arguments):
        return addends(only, evaluate)
    return _products(node, evaluate)


def _cells(node: Node, evaluate: Evaluator) -> list[Addend]:
    if isinstance(node, Cell):
        return [Addend(node, node, number(evaluate.value(node)))]
    if isinstance(node, Span):
        values = evaluate.values.column(node)
        return [Addend(c, c, number(v)) for k, v in enumerate(values) if _counted(v) for c in (node.cell(k),)]
    raise FormulaError("a sum of something else than cells")


def _counted(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _matching(node: Call, evaluate: Evaluator) -> list[Addend]:
    span = node.arguments[0]
    assert isinstance(span, Span)
    times = evaluate.matching(node.arguments[1:]).sum(axis=1)
    values = evaluate.values.column(span)
    return [
        Addend(span.cell(int(k)), span.cell(int(k)), float(number(values[k])) * int(times[k]))
        for k in np.flatnonzero(times)
        if _counted(values[k])
    ]


def _products(node: Call, evaluate: Evaluator) -> Addends | None:
    """SUMPRODUCT row by row; None where nothing but conditions and counts is multiplied."""
    spans = [n for a in node.arguments for n in walk(a) if isinstance(n, Span)]
    factors = [n for a in node.arguments for n in _amounts(a)]
    if not spans or not factors or any(isinstance(n, Row) for a in node.arguments for n in walk(a)):
        return None
    length = spans[0].last - spans[0].first + 1
    product = node.arguments[0]
    for argument in node.arguments[1:]:
        product = Binary("*", product, argument)
    values = evaluate.products(node)
    if values.shape != (length, 1):
        return None
    amounts = [number(v) for v in values[:, 0]]
    return Addends([Addend(at_row(product, k, length), factors[0].cell(k), a) for k, a in enumerate(amounts) if a], 0)


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


def _split(found: list[Addend]) -> Addends:
    rows = [a for a in found if a.amount]
    return Addends(rows, len(found) - len(rows))


# ------------------------------------------------------------------------------------------------- words


def sum_words(words: Words, node: Node) -> str:
    """A sum in words: sum of Amount on Trace where Event is Completion."""
    if not isinstance(node, Call):
        return words.named(node, "") if isinstance(node, Cell) else "the cells"
    if node.name == "SUM":
        return f"sum of {_column(words, node.arguments)}"
    if node.name == "SUMIFS":
        return f"sum of {_column(words, node.arguments[:1])} where {words.criteria(node.arguments[1:])}"
    if node.name in ("COUNTIFS", "COUNTIF"):
        return f"number of rows of {_sheet(node)} where {words.criteria(node.arguments)}"
    if node.name in ("COUNT", "COUNTA"):
        return f"number of cells filled in, {_column(words, node.arguments)}"
    only = node.arguments[0]
    if len(node.arguments) == 1 and isinstance(only, Call) and only.name in ("SUMIFS", "COUNTIFS"):
        return sum_words(words, only)
    return _product_words(words, node)


def _product_words(words: Words, node: Call) -> str:
    names, conditions = [], []
    for factor in (f for argument in node.arguments for f in _factors(argument)):
        if isinstance(factor, Literal):
            continue
        if tests := _tests(factor):
            conditions.append(" or ".join(words.condition(t) or "a condition holds" for t in tests))
        else:
            names.append(_formula_words(words, factor))
    spans = [n for n in walk(node) if isinstance(n, Span)]
    what = " × ".join(names) if names else "rows"
    where = f" where {' and '.join(conditions)}" if conditions else ""
    counted = "sum" if names else "number"
    return f"{counted} of {what} on {spans[0].sheet if spans else 'the sheet'}{where}"


def _tests(node: Node) -> list[Binary]:
    """The comparisons of a factor that is nothing else: one of them, or several of which one must hold."""
    if isinstance(node, Unary):
        return _tests(node.operand)
    if isinstance(node, Binary) and node.operator in COMPARISONS:
        return [node]
    if isinstance(node, Binary) and node.operator == "+":
        left, right = _tests(node.left), _tests(node.right)
        return left + right if left and right else []
    return []


def _factors(node: Node) -> list[Node]:
    if isinstance(node, Binary) and node.operator == "*":
        return _factors(node.left) + _factors(node.right)
    return [node]


def _formula_words(words: Words, node: Node) -> str:
    if isinstance(node, Span):
        return words.column(node)
    if isinstance(node, Cell):
        return words.named(node, "")
    if isinstance(node, Literal):
        return f"{node.value:g}" if isinstance(node.value, float) else str(node.value)
    if isinstance(node, Unary):
        return f"{node.sign}{_formula_words(words, node.operand)}"
    if isinstance(node, Binary):
        return f"({_formula_words(words, node.left)} {node.operator} {_formula_words(words, node.right)})"
    if isinstance(node, Call) and node.arguments:
        return f"{node.name}({_formula_words(words, node.arguments[0])})"
    return "a figure"


def _column(words: Words, arguments: tuple[Node, ...]) -> str:
    """What a sum is over: Amount on Trace."""
    said = []
    for node in arguments:
        if isinstance(node, Cell):
            said.append(words.named(node, node.sheet))
        if isinstance(node, Span):
            said.append(f"{words.column(node)} on {node.sheet}")
    return " and ".join(said)


def _sheet(node: Call) -> str:
    return next((a.sheet for a in node.arguments if isinstance(a, Span)), "the sheet")
