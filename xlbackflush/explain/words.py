"""Cells, figures and conditions in plain words: names from the schema, figures with their unit, cells by address."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from xlbackflush import schema
from xlbackflush.explain.evaluate import Value, text, truth
from xlbackflush.explain.reader import Grid, Place
from xlbackflush.model.money import decimals
from xlbackflush.model.tables import CellError
from xlbackflush.ooxml.address import quoted
from xlbackflush.ooxml.formula import COMPARISONS, Binary, Call, Cell, Node, Span

DIGITS = 12  # significant digits of a figure in a text: enough to work it out again, few enough to read
BY_THE_PIECE = ("", "each", "ea")

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

    def address(self, cell: Cell, here: str = "") -> str:
        """Address of a cell as a formula writes it, without the sheet where that is `here`."""
        return cell.address if cell.sheet == here else f"{quoted(cell.sheet)}!{cell.address}"

    def label(self, cell: Cell) -> str:
        """The name of a cell's column; of a setting, its name."""
        place = self.grid.place(cell)
        if place is None:
            return "Cell"
        if schema.TABLES[place.table].named_by_row:
            return self.row(cell, place) or place.column.name
        return place.column.name

    def column(self, span: Span) -> str:
        """The name of a column of cells, with its rows where it is not the whole column: Proof (rows 7 to 12)."""
        place = self.grid.place(span.cell(0))
        if place is None:
            return "cells"
        whole = (place.source.first_row, place.source.last_row) == (span.first, span.last)
        return place.column.name + ("" if whole else f" (rows {span.first} to {span.last})")

    def named(self, cell: Cell, here: str) -> str:
        """A cell inside a sentence: Qty per [BOM!C9]."""
        return f"{self.label(cell)} [{self.address(cell, here)}]"

    def row(self, cell: Cell, place: Place) -> str:
        """What a row is about: Leg in Frame."""
        table = schema.TABLES[place.table]
        return table.call(lambda name: self.plain(self.grid.beside(cell, place, name), table.column(name)).strip())

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
        setting = text(self.grid.beside(cell, place, "Setting")).strip()
        return next((s.meaning for s in schema.SETTINGS if s.name == setting), "")

    # --------------------------------------------------------------------------------------- figures

    def figure(self, value: Value, cell: Cell | None, with_unit: bool = False) -> str:
        """A value as the cell's column would show it, to `DIGITS` digits."""
        place = self.grid.place(cell) if cell else None
        kind = self._kind(cell, place) if cell and place else "any"
        shown = figure(value, kind, self.places)
        unit = self.unit(cell) if with_unit and cell and isinstance(value, int | float) else ""
        return f"{shown} {unit}" if unit else shown

    def plain(self, value: Value, column: schema.Column) -> str:
        """A value inside a name."""
        return "" if value is None else figure(value, column.kind, self.places)

    def _kind(self, cell: Cell, place: Place) -> str:
        if place.table == "Fit":
            return "percent" if text(self.grid.beside(cell, place, "Unit")).startswith("of ") else "price"
        if place.table == "Comparison" and counts(self.grid.tree(cell)):
            return "integer"
        if place.table == "Setup":
            name = text(self.grid.beside(cell, place, "Setting")).strip()
            return next((s.kind for s in schema.SETTINGS if s.name == name), "any")
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
        return "units" if uom.casefold() in BY_THE_PIECE else uom

    # ------------------------------------------------------------------------------------ conditions

    def holds(self, test: Node, here: str) -> str:
        """Why a test holds, or why it does not: "Type [B9] is not Buy"; "" where it is about no cell."""
        return self._said(test, here, truth(self.grid.evaluate.value(test)))

    def _said(self, test: Node, here: str, holds: bool) -> str:
        if isinstance(test, Call) and test.name in ("AND", "OR"):
            outcomes = [(a, truth(self.grid.evaluate.value(a))) for a in test.arguments]
            if (test.name == "AND") == holds:  # all of them tell
                return " and ".join(filter(None, (self._said(a, here, holds) for a, _ in outcomes)))
            return next(self._said(a, here, holds) for a, outcome in outcomes if outcome == holds)
        if not isinstance(test, Binary) or test.operator not in COMPARISONS:
            return ""
        left, right = (_looked_at(n) for n in (test.left, test.right))
        if not isinstance(left, Cell):
            return ""
        how = test.operator if holds else _NOT[test.operator]
        shown = self._cell_said(left, here, how != "=")
        if isinstance(right, Cell):
            return f"{shown} {_IS[how]} {self._cell_said(right, here, True)}"
        value = self.grid.evaluate.value(test.right)
        kind = place.column.kind if (place := self.grid.place(left)) else "any"
        return f"{shown} {_IS[how]} {figure(value, kind, self.places)}"

    def _cell_said(self, cell: Cell, here: str, with_value: bool) -> str:
        value = self.grid.value(cell)
        shown = "blank" if value in (None, "") else self.figure(value, cell)
        return f"{self.named(cell, here)} ({shown})" if with_value else self.named(cell, here)

    def criteria(self, pairs: tuple[Node, ...]) -> str:
        """Criteria of SUMIFS: Event is Completion and Level is above 0."""
        said: list[str] = []
        for span, criterion in zip(pairs[::2], pairs[1::2], strict=True):
            if isinstance(span, Span):
                said.append(self._criterion(span, criterion))
        return " and ".join(said)

    def _criterion(self, span: Span, criterion: Node) -> str:
        name, place = self.column(span), self.grid.place(span.cell(0))
        wanted = self.grid.evaluate.array(criterion)
        if not isinstance(wanted, str | float | int | bool | None):
            return f"{name} is {' or '.join(figure(v, 'any', self.places) for v in wanted.flat)}"
        if not isinstance(wanted, str):
            return f"{name} is {figure(wanted, 'any', self.places)}"
        how = next((o for o in ("<>", "<=", ">=", "=", "<", ">") if wanted.startswith(o)), "")
        rest = wanted[len(how) :]
        if wanted == "?*" or wanted == "<>":
            return f"{name} is filled in"
        kind = place.column.kind if place else "any"
        shown: str = rest
        try:
            shown = figure(float(rest), kind, self.places) if how not in ("", "=", "<>") or kind == "date" else rest
        except ValueError:
            shown = rest
        return f"{name} {_IS[how or '=']} {shown or 'blank'}"

    def condition(self, test: Binary) -> str:
        """A comparison over a whole column: Item is W-100; "" where it is about something else."""
        left = _looked_at(test.left)
        if not isinstance(left, Span):
            return ""
        place = self.grid.place(left.cell(0))
        wanted = self.grid.evaluate.array(test.right)
        if isinstance(wanted, str | int | float | bool | None):
            shown = figure(wanted, place.column.kind if place else "any", self.places)
            return f"{self.column(left)} {_IS[test.operator]} {shown}"
        return ""


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
    exact = Decimal(f"{value:.{DIGITS}g}")
    if exact == 0:
        exact = Decimal(0)
    exponent = exact.as_tuple().exponent
    shown = max(least, -exponent if isinstance(exponent, int) else 0)
    if shown > DIGITS + 6:
        return f"{value:.{DIGITS}g}"
    whole = f"{exact:,.{shown}f}"
    if shown > least:
        head, _, tail = whole.partition(".")
        tail = tail.rstrip("0").ljust(least, "0")
        whole = f"{head}.{tail}" if tail else head
    return whole


def counts(node: Node | None) -> bool:
    """True for a formula that counts rows."""
    if isinstance(node, Binary):
        return node.operator in COMPARISONS or (counts(node.left) or counts(node.right))
    return isinstance(node, Call) and node.name.startswith("COUNT")
