"""Formulas as trees: what the workbook's own formulas are made of, parsed with Excel's precedence.

Two spellings of one formula, as programs save it, are the same tree. Every reference is resolved to cells: `Trace[Amount]`
and `Journal!$M$7:$M$12` are both a `Span`, one column of cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xlbackflush.dataclass import dataclass
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.address import CELL, SHEET, unquoted


class FormulaError(Exception):
    """A formula, or a value in it, that cannot be worked out here; the message says why in plain words."""


@dataclass(frozen=True)
class Literal:
    """A number, a text or a truth value written into the formula."""

    value: float | str | bool


@dataclass(frozen=True)
class Cell:
    """One cell."""

    sheet: str
    letter: str
    row: int

    @property
    def address(self) -> str:
        """`I12`."""
        return f"{self.letter}{self.row}"

    def __str__(self) -> str:
        return f"{self.sheet}!{self.address}"


@dataclass(frozen=True)
class Span:
    """Cells of one column, from `first` to `last` row."""

    sheet: str
    letter: str
    first: int
    last: int

    def cell(self, position: int) -> Cell:
        """The cell at a position from 0."""
        return Cell(self.sheet, self.letter, self.first + position)

    def __str__(self) -> str:
        return f"{self.sheet}!{self.letter}{self.first}:{self.letter}{self.last}"


@dataclass(frozen=True)
class Row:
    """Literals side by side: {"a","b"}."""

    values: tuple[float | str, ...]


@dataclass(frozen=True)
class Unary:
    """A sign before an operand."""

    sign: str
    operand: Node


@dataclass(frozen=True)
class Binary:
    """Two operands and what is between them."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Call:
    """A native function and its arguments."""

    name: str
    arguments: tuple[Node, ...]


Node = Literal | Cell | Span | Row | Unary | Binary | Call

COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")
_LEVELS = (COMPARISONS, ("&",), ("+", "-"), ("*", "/"), ("^",))

_REFERENCE = re.compile(rf"(?:(?P<sheet>{SHEET}|[^'!]+)!)?{CELL}(?::{CELL})?$")
_COLUMN = re.compile(r"(?P<table>\w+)\[\[?(?P<column>[^\[\]]+)\]?\]$")

#: finds the cells of a table column
Finder = Callable[[str, str], Span]


def finder(tables: Mapping[str, Source]) -> Finder:
    """Finds columns where the tables of a workbook stand."""

    def find(table: str, column: str) -> Span:
        source = tables.get(table)
        if source is None or column not in source.letters:
            raise FormulaError(f"the workbook has no {table}[{column}]")
        return Span(source.sheet, source.letters[column], source.first_row, source.last_row)

    return find


def address(where: str) -> Cell:
    """A cell from what a person types: Journal!I12, 'Standard Cost'!E9, Standard Cost!$E$9. UnusableError if it is none."""
    sheet, _, cell = where.strip().rpartition("!")
    match = re.fullmatch(CELL, cell.strip().upper())
    name = sheet.strip()
    if not where.strip():
        raise UnusableError("Name the cell to explain with its sheet, such as Journal!I12.")
    if not match or not name:
        raise UnusableError(f"{where} is not a cell; name it with its sheet, such as Journal!I12.")
    return Cell(unquoted(name), match[1], int(match[2]))


def parse(formula: str, sheet: str, find: Finder) -> Node:
    """The tree of a formula (with or without its =) that stands on a sheet. FormulaError for what we never write."""
    from openpyxl.formula import Tokenizer
    from openpyxl.formula.tokenizer import TokenizerError

    foreign = FormulaError(f"the formula ={formula} is not of this workbook's making")
    try:
        tokens = [t for t in Tokenizer("=" + formula.removeprefix("=")).items if t.type != "WHITE-SPACE"]
        parser = _Parser(tokens, sheet, find)
        tree = parser.expression(0)
    except (TokenizerError, IndexError, RecursionError) as error:  # brackets that do not match, or too many of them
        raise foreign from error
    if parser.at < len(tokens):
        raise foreign
    return tree


class _Parser:
    """Precedence climbing over the tokens."""

    def __init__(self, tokens: list[Any], sheet: str, find: Finder) -> None:
        self.tokens, self.sheet, self.find, self.at = tokens, sheet, find, 0

    def _peek(self) -> tuple[str, str, str]:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        return (token.type, token.subtype, token.value) if token else ("", "", "")

    def _take(self) -> tuple[str, str, str]:
        token = self._peek()
        self.at += 1
        return token

    def expression(self, level: int) -> Node:
        """Operators of a level and all that bind tighter, from left to right."""
        if level == len(_LEVELS):
            return self._signed()
        left = self.expression(level + 1)
        while self._peek()[0] == "OPERATOR-INFIX" and self._peek()[2] in _LEVELS[level]:
            left = Binary(self._take()[2], left, self.expression(level + 1))
        return left

    def _signed(self) -> Node:
        if self._peek()[0] == "OPERATOR-PREFIX":
            return Unary(self._take()[2], self._signed())
        operand = self._operand()
        while self._peek()[0] == "OPERATOR-POSTFIX":
            self._take()
            operand = Binary("/", operand, Literal(100.0))
        return operand

    def _operand(self) -> Node:
        kind, subtype, value = self._take()
        if kind == "PAREN" and subtype == "OPEN":
            inner = self.expression(0)
            if self._take()[:2] != ("PAREN", "CLOSE"):
                raise FormulaError("a bracket is not closed")
            return inner
        if kind == "FUNC" and subtype == "OPEN":
            return Call(value[:-1].upper().removeprefix("_XLFN."), tuple(self._arguments("FUNC")))
        if kind == "ARRAY" and subtype == "OPEN":
            return self._row()
        if kind != "OPERAND":
            raise FormulaError(f"{value or 'the end'} stands where a value was expected")
        if subtype == "NUMBER":
            return Literal(float(value))
        if subtype == "TEXT":
            return Literal(value[1:-1].replace('""', '"'))
        if subtype == "LOGICAL":
            return Literal(value.upper() == "TRUE")
        return self._reference(value)

    def _row(self) -> Row:
        """Numbers and texts, side by side."""
        values = [a.value if isinstance(a, Literal) else None for a in self._arguments("ARRAY")]
        plain = tuple(v for v in values if v is not None and not isinstance(v, bool))
        if len(plain) < len(values):
            raise FormulaError("a row in braces holds something else than numbers and texts")
        return Row(plain)

    def _arguments(self, closes: str) -> Iterator[Node]:
        """Arguments up to the closing bracket, one after each comma."""
        if self._peek()[:2] == (closes, "CLOSE"):
            self._take()
            return
        while True:
            yield self.expression(0)
            following = self._take()[:2]
            if following == (closes, "CLOSE"):
                return
            if following != ("SEP", "ARG"):
                raise FormulaError("a bracket is not closed")

    def _reference(self, text: str) -> Node:
        if match := _REFERENCE.match(text):
            name, letter, row, other, last = match.groups()
            sheet = unquoted(name) if name else self.sheet
            if other is None:
                return Cell(sheet, letter, int(row))
            if other == letter:
                return Span(sheet, letter, int(row), int(last))
        if match := _COLUMN.match(text):
            return self.find(match["table"], match["column"])
        raise FormulaError(f"{text} is a name or a range that the workbook's own formulas do not use")


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    below: tuple[Node, ...] = ()
    if isinstance(node, Unary):
        below = (node.operand,)
    elif isinstance(node, Binary):
        below = node.left, node.right
    elif isinstance(node, Call):
        below = node.arguments
    for part in below:
        yield from walk(part)


def at_row(node: Node, position: int, length: int) -> Node:
    """A tree over whole columns, at one row of them. What SUMIFS and COUNTIFS add up stays whole; their criteria do not."""
    if isinstance(node, Span):
        return node.cell(position) if node.last - node.first + 1 == length else node
    if isinstance(node, Unary):
        return Unary(node.sign, at_row(node.operand, position, length))
    if isinstance(node, Binary):
        return Binary(node.operator, at_row(node.left, position, length), at_row(node.right, position, length))
    if isinstance(node, Call):
        # every second argument is a criterion; before the first one SUMIFS has what it adds up
        criteria = {"SUMIFS": range(2, len(node.arguments), 2), "COUNTIFS": range(1, len(node.arguments), 2)}
        taken = criteria.get(node.name, range(len(node.arguments)))
        arguments = (at_row(a, position, length) if k in taken else a for k, a in enumerate(node.arguments))
        return Call(node.name, tuple(arguments))
    return node
