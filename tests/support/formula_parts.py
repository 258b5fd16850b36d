"""Formulas taken apart by openpyxl's tokenizer."""

from __future__ import annotations

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token

#: function -> does it take a range in this position? (positions from 0)
TAKES_RANGE = {
    **dict.fromkeys(("SUM", "COUNT", "COUNTA", "MAX", "MIN", "SUMPRODUCT"), lambda position: True),
    **dict.fromkeys(("COUNTIF", "INDEX", "LARGE"), lambda position: position == 0),
    "COUNTIFS": lambda position: position % 2 == 0,
    "SUMIFS": lambda position: position == 0 or position % 2 == 1,
    "MATCH": lambda position: position == 1,
}


def tokens(formula: str) -> list[Token]:
    return [t for t in Tokenizer(formula).items if t.type != Token.WSPACE]


def opens(token: Token) -> bool:
    return bool(token.type == Token.FUNC and token.subtype == Token.OPEN)


def alone(parts: list[Token], first: int, last: int) -> bool:
    """Is it a whole argument, not a part of an expression?"""
    before, after = parts[first - 1] if first else None, parts[last + 1] if last + 1 < len(parts) else None
    return bool(
        before
        and (opens(before) or before.type == Token.SEP)
        and after
        and (after.type == Token.SEP or (after.type == Token.FUNC and after.subtype == Token.CLOSE))
    )
