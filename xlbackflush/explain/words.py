"""Cells, figures, conditions and sums in plain words: names from the schema, figures with their unit, cells by address."""

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal

import numpy as np

from xlbackflush import schema
from xlbackflush.explain.evaluate import Value, text, truth
from xlbackflush.explain.reader import Grid, Place
from xlbackflush.model.money import decimals
from xlbackflush.model.tables import CellError
from xlbackflush.model.words import number
from xlbackflush.ooxml.address import quoted
from xlbackflush.ooxml.formula import COMPARISONS, Binary, Call, Cell, Literal, Node, Span, Unary, walk

DIGITS = 12  # significant digits of a figure in a text: enough to work it out again, few enough to read

_IS = {"=": "is", "<>": "is not", ">": "is above", "<": "is below", ">=": "is at least", "<=": "is at most"}
_NOT = {"=": "<>", "<>": "=", ">": "<=", "<": ">=", ">=": "<", "<=": ">"}


class Words:
    """Words for the cells of one workbook."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        cell = grid.setting("Currency")
        self.currency = text(grid.value(cell)).strip() if cell else ""
        self.places = decimals(self.currency)
        self._uoms = {
            text(item).strip().casefold(): text(uom).strip() for item, uom in grid.rows("StandardCost", "Item", "UoM")
        }

    # ----------------------------------------------------------------------------------------- names

    def label(self, cell: Cell) -> str:
        """The name of a cell's column; of a setting, its name."""
        place = self.grid.place(cell)
        if place is None:
            return "Cell"
        return (schema.TABLES[place.table].named_by_row and self.row(cell, place)) or place.column.name

    def column(self, span: Span) -> str:
        """The name of a column of cells, with its rows where it is not the whole column: Proof (rows 7 to 12)."""
        place = self.grid.place(span.cell(0))
        if place is None:
            return "cells"
        whole = (place.source.first_row, place.source.last_row) == (span.first, span.last)
        return place.column.name + ("" if whole else f" (rows {span.first} to {span.last})")

    def named(self, cell: Cell, here: str) -> str:
        """A cell inside a sentence: Qty per [BOM!C9]; without the sheet where that is `here`."""
        address = cell.address if cell.sheet == here else f"{quoted(cell.sheet)}!{cell.address}"
        return f"{self.label(cell)} [{address}]"

    def row(self, cell: Cell, place: Place) -> str:
        """What a row is about: Leg in Frame."""
        table = schema.TABLES[place.table]

        def shown(column: str) -> str:
            value = self.grid.beside(cell, place, column)
            return "" if value is None else figure(value, table.column(column).kind, self.places).strip()

        return table.call(shown)

    def what(self, cell: Cell) -> str:
        """What the figure of a cell is: Qty per: Leg in Frame."""
        place = self.grid.place(cell)
        if place is None:
            return "A cell outside the tables"
        row = self.row(cell, place)
        return row if place.table == "Setup" else f"{place.column.name}: {row}" if row else place.column.name

    def help(self, cell: Cell, place: Place) -> str:
        """What a column is for; of a setting, what it does."""
        if place.table != "Setup":
            return place.column.help
        setting = self._setting(cell, place)
        return setting.meaning if setting else ""

    def _setting(self, cell: Cell, place: Place) -> schema.Setting | None:
        """The setting of a row of Setup."""
        name = text(self.grid.beside(cell, place, "Setting")).strip()
        return next((setting for setting in schema.SETTINGS if setting.name == name), None)

    # --------------------------------------------------------------------------------------- figures

    def figure(self, value: Value, cell: Cell | None, with_unit: bool = False) -> str:
        """A value as the cell's column would show it, to `DIGITS` digits."""
        place = self.grid.place(cell) if cell else None
        kind = self._kind(cell, place) if cell and place else "any"
        shown = figure(value, kind, self.places)
        unit = self.unit(cell) if with_unit and cell and isinstance(value, int | float) else ""
        return f"{shown} {unit}" if unit else shown

    def _kind(self, cell: Cell, place: Place) -> str:
        if place.table == "Fit":
            return "percent" if text(self.grid.beside(cell, place, "Unit")).startswith("of ") else "price"
        if place.table == "Comparison" and counts(self.grid.tree(cell)):
            return "integer"
        if place.table == "Setup":
            setting = self._setting(cell, place)
            return setting.kind if setting else "any"
        return place.column.kind

    def unit(self, cell: Cell) -> str:
        """Unit of a cell's figure: USD, m, USD per m; "" where it has none or it shows in the figure."""
        place = self.grid.place(cell)
        if place is None:
            return ""
        kind, unit = self._kind(cell, place), place.column.unit
        if place.table == "Fit":
            return text(self.grid.beside(cell, place, "Unit"))
        if kind == "money":
            return self.currency
        if kind not in ("quantity", "price", "hours") or place.table in ("Checks", "InputControls"):
            return ""
        uom = self._uom(cell, place)
        if unit in ("units", schema.LIVE_FORMULA, schema.POSTED_LESS_PROOF):
            return uom
        if unit == "per parent":
            return f"{uom} per parent"
        return unit.replace("money", self.currency).replace("per unit", f"per {'unit' if uom == 'units' else uom}")

    def _uom(self, cell: Cell, place: Place) -> str:
        names = place.source.letters
        column = place.column.item or ("Component" if "Component" in names else "Item")
        uom = self._uoms.get(text(self.grid.beside(cell, place, column)).strip().casefold(), "")
        return "units" if uom.casefold() in schema.BY_THE_PIECE else uom

    # ------------------------------------------------------------------------------------ conditions

    def holds(self, test: Node, here: str) -> str:
        """Why a test holds, or why it does not: "Type [B9] is not Buy"; "" where it is about no cell."""
        outcome = truth(self.grid.evaluate.value(test))
        if isinstance(test, Call) and test.name in ("AND", "OR"):
            reasons = [a for a in test.arguments if truth(self.grid.evaluate.value(a)) == outcome]
            if (test.name == "AND") != outcome:  # the first of them is enough
                return self.holds(reasons[0], here)
            return " and ".join(filter(None, (self.holds(a, here) for a in reasons)))
        if not isinstance(test, Binary) or test.operator not in COMPARISONS:
            return ""
        left, right = (_looked_at(n) for n in (test.left, test.right))
        if not isinstance(left, Cell):
            return ""
        how = test.operator if outcome else _NOT[test.operator]
        subject = self.named(left, here) if how == "=" else self._with_value(left, here)
        if isinstance(right, Cell):
            return f"{subject} {_IS[how]} {self._with_value(right, here)}"
        value = self.grid.evaluate.value(test.right)
        return f"{subject} {_IS[how]} {figure(value, self._kind_of_column(left), self.places)}"

    def _with_value(self, cell: Cell, here: str) -> str:
        return f"{self.named(cell, here)} ({self.figure(self.grid.value(cell), cell)})"

    def _kind_of_column(self, cell: Cell) -> str:
        place = self.grid.place(cell)
        return place.column.kind if place else "any"

    def criteria(self, pairs: tuple[Node, ...]) -> str:
        """Criteria of SUMIFS: Event is Completion and Level is above 0."""
        pairs_of_columns = zip(pairs[::2], pairs[1::2], strict=True)
        return " and ".join(
            self._criterion(span, wanted) for span, wanted in pairs_of_columns if isinstance(span, Span)
        )

    def _criterion(self, span: Span, criterion: Node) -> str:
        name, kind = self.column(span), self._kind_of_column(span.cell(0))
        wanted = self.grid.evaluate.array(criterion)
        if not isinstance(wanted, str):
            many = wanted.flat if isinstance(wanted, np.ndarray) else [wanted]
            return f"{name} is {' or '.join(figure(one, 'any', self.places) for one in many)}"
        if wanted in ("?*", "<>"):
            return f"{name} is filled in"
        how = next((o for o in ("<>", "<=", ">=", "=", "<", ">") if wanted.startswith(o)), "")
        shown = wanted.removeprefix(how)
        if how not in ("", "=", "<>") or kind == "date":
            with suppress(ValueError):  # a text stays as it is
                shown = figure(float(shown), kind, self.places)
        return f"{name} {_IS[how or '=']} {shown or 'blank'}"

    def condition(self, test: Binary) -> str:
        """A comparison over a whole column: Item is W-100; "" where it is about something else."""
        left, wanted = _looked_at(test.left), self.grid.evaluate.array(test.right)
        if not isinstance(left, Span) or isinstance(wanted, CellError | np.ndarray):
            return ""
        return f"{self.column(left)} {_IS[test.operator]} {figure(wanted, self._kind_of_column(left.cell(0)), self.places)}"


def _looked_at(node: Node) -> Node:
    """The cells that one side of a comparison is about: those of A7&"" and of INT(T9) are A7 and T9."""
    if isinstance(node, Binary) and node.operator == "&":
        return node.left
    if isinstance(node, Call) and node.name == "INT":
        return node.arguments[0]
    return node


def figure(value: Value, kind: str, places: int) -> str:
    """A value as text: thousands grouped, no more than `DIGITS` digits, dates as 2026-03-31."""
    if value is None or value == "":
        return "blank"
    if isinstance(value, CellError):
        return value.text or "not calculated"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return value
    if kind == "date":
        day, minutes = divmod(round(value * 1440), 1440)
        time = f" {minutes // 60:02}:{minutes % 60:02}" if minutes else ""
        return (schema.DAY_0 + dt.timedelta(days=day)).isoformat() + time
    if kind == "percent":
        return f"{_digits(value * 100, 0)}%"
    return _digits(value, places if kind == "money" else 2 if kind == "price" and value != int(value) else 0)


def _digits(value: float, least: int) -> str:
    exact = Decimal(f"{value:.{DIGITS}g}") or Decimal(0)  # never minus zero
    exponent = exact.as_tuple().exponent
    shown = max(least, -exponent if isinstance(exponent, int) else 0)
    if shown > DIGITS + 6:
        return f"{value:.{DIGITS}g}"
    head, _, tail = f"{exact:,.{shown}f}".partition(".")
    tail = tail.rstrip("0").ljust(least, "0")
    return f"{head}.{tail}" if tail else head


def counts(node: Node | None) -> bool:
    """True for a formula that counts rows."""
    if isinstance(node, Binary):
        return node.operator in COMPARISONS or counts(node.left) or counts(node.right)
    return isinstance(node, Call) and node.name.startswith("COUNT")


# -------------------------------------------------------------------------------------------- sums


def sum_words(words: Words, node: Node) -> str:
    """A sum in words: sum of Amount on Trace where Event is Completion."""
    if not isinstance(node, Call):
        return words.named(node, "") if isinstance(node, Cell) else "the cells"
    if node.name == "SUM":
        return f"sum of {_column(words, node.arguments)}"
    if node.name == "SUMIFS":
        return f"sum of {_column(words, node.arguments[:1])} where {words.criteria(node.arguments[1:])}"
    if node.name in ("COUNTIFS", "COUNTIF"):
        return f"number of rows of {_sheet(node.arguments)} where {words.criteria(node.arguments)}"
    if node.name in ("COUNT", "COUNTA"):
        return f"number of cells filled in, {_column(words, node.arguments)}"
    first, *others = node.arguments
    if isinstance(first, Call) and first.name in ("SUMIFS", "COUNTIFS") and not others:
        return sum_words(words, first)
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
    what = f"sum of {' × '.join(names)}" if names else "number of rows"
    return f"{what} on {_sheet(walk(node))}" + (f" where {' and '.join(conditions)}" if conditions else "")


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
    return _factors(node.left) + _factors(node.right) if isinstance(node, Binary) and node.operator == "*" else [node]


def _formula_words(words: Words, node: Node) -> str:
    if isinstance(node, Span):
        return words.column(node)
    if isinstance(node, Cell):
        return words.named(node, "")
    if isinstance(node, Literal):
        return number(node.value) if isinstance(node.value, float) else str(node.value)
    if isinstance(node, Unary):
        return f"{node.sign}{_formula_words(words, node.operand)}"
    if isinstance(node, Binary):
        return f"({_formula_words(words, node.left)} {node.operator} {_formula_words(words, node.right)})"
    if isinstance(node, Call) and node.arguments:
        return f"{node.name}({_formula_words(words, node.arguments[0])})"
    return "a figure"


def _column(words: Words, arguments: tuple[Node, ...]) -> str:
    """What a sum is over: Amount on Trace."""
    columns = (f"{words.column(node)} on {node.sheet}" if isinstance(node, Span) else
               words.named(node, node.sheet) for node in arguments if isinstance(node, Cell | Span))  # fmt: skip
    return " and ".join(columns)


def _sheet(nodes: Iterable[Node]) -> str:
    return next((node.sheet for node in nodes if isinstance(node, Span)), "the sheet")
