"""A formula as arithmetic that people read: what it is made of in words, and the same with figures.

IF and CHOOSE give way to the branch that holds, with the reason. What is left are terms (a cell, or a sum over rows)
and what is done with them. `words` and `figures` print the same expression, one with names and one with numbers.
"""

from __future__ import annotations

from xlbackflush.dataclass import dataclass, field
from xlbackflush.explain.evaluate import AGGREGATES, Evaluator
from xlbackflush.explain.words import Words, figure, sum_words
from xlbackflush.ooxml.formula import COMPARISONS, Binary, Call, Cell, FormulaError, Literal, Node, Span, Unary

_FUNCTIONS = {"ROUND", "ABS", "SIGN", "INT", "MAX", "MIN"}
_SIGNS = {"*": "×", "/": "÷", "+": "+", "-": "-", "^": "^"}
_LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}
_WHOLE = 9  # a term, a function: never in brackets


@dataclass(frozen=True)
class Term:
    """A cell, or a sum over rows (then `node` is its call), with its value."""

    node: Node
    value: float


@dataclass(frozen=True)
class Constant:
    """A number of the formula, or that of a condition (1 where it holds), then with the condition in words."""

    value: float
    condition: str = ""


@dataclass(frozen=True)
class Operation:
    """An operator (or "neg", or a function) and its operands."""

    name: str
    operands: tuple[Expression, ...]
    value: float


Expression = Term | Constant | Operation


@dataclass
class Simplifier:
    """Makes expressions of trees; `reasons` collects why a branch was taken."""

    evaluate: Evaluator
    words: Words
    here: str
    reasons: list[str] = field(default_factory=list)

    def expression(self, node: Node) -> Expression:
        """The arithmetic of a tree. FormulaError where it is none."""
        if isinstance(node, Literal):
            return Constant(self.evaluate.number(node))
        if isinstance(node, Cell | Span):
            return Term(node, self.evaluate.number(node))
        if isinstance(node, Unary):
            return self._signed(node)
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Call):
            return self._call(node)
        raise FormulaError("a part of the formula is no arithmetic")

    def _signed(self, node: Unary) -> Expression:
        inner = self.expression(node.operand)
        if node.sign == "+":
            return inner
        if isinstance(inner, Operation) and inner.name == "neg":  # --(condition)
            return inner.operands[0]
        if isinstance(inner, Constant) and not inner.condition:
            return Constant(-inner.value)
        return Operation("neg", (inner,), -inner.value)

    def _binary(self, node: Binary) -> Expression:
        if node.operator in COMPARISONS:
            return self._condition(node)
        if node.operator not in _LEVEL:
            raise FormulaError("a part of the formula is a text")
        left, right = self.expression(node.left), self.expression(node.right)
        for factor, other in ((left, right), (right, left)):  # a condition that holds is a factor of 1
            if node.operator == "*" and factor.value == 1 and not terms(factor):
                return other
        return Operation(node.operator, (left, right), self.evaluate.number(node))

    def _condition(self, node: Node) -> Constant:
        words = self.words.holds(node, self.here)
        if not words and isinstance(node, Binary):
            words = f"the {sum_words(self.words, node.left)} is {figure(self.evaluate.value(node.left), 'any', 0)}"
        return Constant(float(bool(self.evaluate.value(node))), words)

    def _call(self, node: Call) -> Expression:
        if node.name in ("IF", "CHOOSE"):
            if node.name == "IF" and (why := self.words.holds(node.arguments[0], self.here)):
                self.reasons.append(why)
            return self.expression(self.evaluate.chosen(node))
        if node.name in ("AND", "OR"):
            return self._condition(node)
        if node.name in AGGREGATES:
            return Term(node, self.evaluate.number(node))
        if node.name == "N" and isinstance(node.arguments[0], Cell):  # of a cell that may hold an empty text
            return Term(node.arguments[0], self.evaluate.number(node))
        if node.name not in _FUNCTIONS:
            raise FormulaError(f"the function {node.name} gives no amount")
        operands = tuple(self.expression(self._extreme(node.name, a)) for a in node.arguments)
        value = self.evaluate.number(node)
        if node.name == "INT" and operands[0].value == value:
            return operands[0]
        return Operation(node.name, operands, value)

    def _extreme(self, name: str, node: Node) -> Node:
        """Of a column in MAX or MIN, the cell that holds the largest or smallest number."""
        if not isinstance(node, Span) or name not in ("MAX", "MIN"):
            return node
        wanted = self.evaluate.number(Call(name, (node,)))
        values = self.evaluate.values.column(node)
        return next((node.cell(k) for k, v in enumerate(values) if v == wanted and v is not None), Literal(wanted))


def terms(expression: Expression) -> list[Term]:
    """The terms that make the value, from left to right.

    What adds nothing to a sum is left out, unless nothing else is left; so are the other factors of a product that is 0.
    """
    if isinstance(expression, Term):
        return [expression]
    if not isinstance(expression, Operation):
        return []
    operands = expression.operands[:1] if expression.name == "ROUND" else expression.operands
    if expression.name in ("+", "-"):
        if telling := [t for o in operands if o.value for t in terms(o)]:
            return telling
    elif expression.name == "*" and not expression.value:
        operands = next((o,) for o in operands if not o.value)
    return [t for o in operands for t in terms(o)]


@dataclass(frozen=True)
class Printer:
    """Prints an expression for a sheet: in names, Parent qty [E12] × Qty per [F12], or in numbers, 1,200 × 2."""

    words: Words
    here: str
    names: bool

    def text(self, expression: Expression) -> tuple[str, int]:
        """The text, and the level of the operator that it would have to be put in brackets against."""
        if isinstance(expression, Term):
            return self._term(expression), _WHOLE
        if isinstance(expression, Constant):
            shown = figure(expression.value, "any", self.words.places)
            return (f"[{shown} as {expression.condition}]" if self.names and expression.condition else shown), _WHOLE
        if expression.name == "neg":
            inner, level = self.text(expression.operands[0])
            return f"-{inner}" if level >= _WHOLE and not inner.startswith("-") else f"-({inner})", _WHOLE
        if expression.name in _LEVEL:
            return self._infix(expression)
        parts = [self.text(o)[0] for o in expression.operands]
        if expression.name == "ROUND":
            if self.names:
                inner, digits = parts
                if isinstance(expression.operands[0], Term) and inner.startswith("("):  # a sum
                    inner = f"{inner[1:-1]},"
                elif " + " in inner or " - " in inner or inner.startswith("-"):
                    inner = f"({inner})"
                decimals = "whole numbers" if digits == "0" else f"{digits} decimal{'s' if digits != '1' else ''}"
                return f"{inner} rounded to {decimals}", 0
            if expression.value == expression.operands[0].value:
                return self.text(expression.operands[0])
        return f"{expression.name}({'; '.join(parts)})", _WHOLE

    def _infix(self, expression: Operation) -> tuple[str, int]:
        level = _LEVEL[expression.name]
        (left, left_level), (right, right_level) = map(self.text, expression.operands)
        if left_level < level:
            left = f"({left})"
        tight = expression.name in ("-", "/", "^")
        if right_level < level or (tight and right_level == level) or right.startswith("-"):
            right = f"({right})"
        return f"{left} {_SIGNS[expression.name]} {right}", level

    def _term(self, term: Term) -> str:
        if isinstance(term.node, Cell):
            return self.words.named(term.node, self.here) if self.names else self.words.figure(term.value, term.node)
        if self.names:
            return f"({sum_words(self.words, term.node)})"
        call = term.node
        shows_column = isinstance(call, Call) and not call.name.startswith(("COUNT", "SUMPRODUCT"))
        spans = (a for a in call.arguments if isinstance(a, Span)) if isinstance(call, Call) and shows_column else ()
        return self.words.figure(term.value, next((span.cell(0) for span in spans), None))
