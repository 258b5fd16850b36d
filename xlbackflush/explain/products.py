"""All costs of one product, which conventional backflush costing cannot give: from the Trace, component by component.

First the unit cost by element and by BOM line; then what the period flushed for the product - material and conversion
of every entry, conversion by element - with the journal lines that it went to.
"""

import math
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.explain.evaluate import Value, is_number, text
from xlbackflush.explain.reader import Grid, Reader
from xlbackflush.explain.words import Words, figure
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.step import Step
from xlbackflush.ooxml.formula import Span, walk

#: conversion per hour, by element
_RATES = {schema.LABOR: "Labor rate", schema.VARIABLE_OVERHEAD: "Variable overhead rate",
          schema.FIXED_OVERHEAD: "Fixed overhead rate"}  # fmt: skip
_TEXTS = ("Component", "Event", "Charged to", "Relieved from")
_NUMBERS = ("Required qty", "Standard cost", "Amount", "Conversion")


class _TraceRow(NamedTuple):
    """A row of the Trace; `row` is its number on the sheet."""

    row: int
    component: str
    event: str
    charged_to: str
    relieved_from: str
    required: float
    cost: float
    amount: float
    conversion: float


def product(reader: Reader, item: str) -> list[Step]:
    """Unit cost of an item and all that the period flushed for it. UnusableError where there is no such item."""
    view = _View(Grid(reader), item)
    steps = chain(view.unit_cost(), view.period())
    return [replace(step, number=number) for number, step in enumerate(steps, 1)]


class _View:
    """The steps of one product, not numbered yet."""

    def __init__(self, grid: Grid, item: str) -> None:
        self.grid, self.words = grid, Words(grid)
        rows = self._rows_of("Rollup", item)
        if not rows:
            raise UnusableError(
                f"{item} is no item of the last run; name an item code of sheet Standard Cost, and run first."
            )
        self.at_end = rows[-1]  # its unit cost at period end
        self.item = text(grid.value(grid.cell("Rollup", "Item", self.at_end)))
        self.key = code_key(self.item)

    def _rows_of(self, table: str, item: str) -> list[int]:
        """Rows of a table that are about an item."""
        return [r for r, (value,) in self.grid.numbered_rows(table, "Item") if code_key(text(value)) == code_key(item)]

    def _number(self, table: str, column: str, row: int) -> float:
        return _number(self.grid.value(self.grid.cell(table, column, row)))

    def _figure(self, amount: float, table: str, column: str, row: int) -> str:
        """An amount as a column shows it, with its unit."""
        return self.words.figure(amount, self.grid.cell(table, column, row), True)

    def _where(self, table: str, column: str, row: int) -> str:
        return str(self.grid.cell(table, column, row))

    def _money(self, amount: float) -> str:
        return f"{figure(amount, 'money', self.words.places)} {self.words.currency}"

    def _price(self, amount: float) -> str:
        return figure(amount, "price", self.words.places)

    def unit_cost(self) -> Iterator[Step]:
        """One unit: cost by element, each with what the item itself takes and what its BOM lines bring."""
        row = self.at_end
        amounts = {element: self._number("Rollup", element, row) for element in schema.ELEMENTS}
        total = self._number("Rollup", "Unit cost", row)
        parts = [
            f"{element} {self.words.figure(amount, self.grid.cell('Rollup', element, row))}"
            for element, amount in amounts.items()
            if amount
        ]
        explanation = f"{' + '.join(parts) or 0} = {self._figure(total, 'Rollup', 'Unit cost', row)}."
        what = f"Standard cost of one unit of {self.item} at period end"
        yield Step(0, 0, self._where("Rollup", "Unit cost", row), what, total, explanation, "sum")
        lines = self._build_up()
        for element, amount in amounts.items():
            if amount:
                yield from self._element(element, amount, lines)

    def _element(self, element: str, amount: float, lines: list[int]) -> Iterator[Step]:
        """One element of the unit cost, and the BOM lines that bring some of it."""
        brought = {line: each for line in lines if (each := self._number("Buildup", element, line))}
        own = amount - math.fsum(brought.values())
        parts = [f"{self._price(own)} of the item itself"] if abs(own) > 1e-9 * abs(amount) else []
        parts += map(self._price, brought.values())
        shown = self._figure(amount, "Rollup", element, self.at_end)
        explanation = f"Made of {' + '.join(parts)} = {shown}." if len(parts) > 1 else f"Made of {shown} alone."
        where = self._where("Rollup", element, self.at_end)
        yield Step(0, 1, where, f"{element} in one {self.item}", amount, explanation, "sum")
        for line, each in brought.items():
            component = text(self.grid.value(self.grid.cell("Buildup", "Component", line)))
            quantity = self.grid.cell("Buildup", "Quantity", line)
            units = _number(self.grid.value(quantity))
            explanation = (
                f"Quantity {self.words.figure(units, quantity)} × {self._price(each / units if units else 0.0)} "
                f"= {self._figure(each, 'Buildup', element, line)}, scrap included."
            )
            where = self._where("Buildup", element, line)
            yield Step(0, 2, where, f"{element} of {component}", each, explanation, "formula")

    def _build_up(self) -> list[int]:
        """Rows of Build-up that the roll-up of the item adds up: those named by its formulas."""
        sheet = self.grid.tables["Buildup"].sheet
        trees = [self.grid.tree(self.grid.cell("Rollup", element, self.at_end)) for element in schema.ELEMENTS]
        spans = [
            node for tree in trees if tree for node in walk(tree) if isinstance(node, Span) and node.sheet == sheet
        ]
        return sorted({row for span in spans for row in range(span.first, span.last + 1)})

    def period(self) -> Iterator[Step]:
        """What the period flushed for the product, by entry."""
        rows = self._trace()
        if not rows:
            where = self._where("Trace", "Product", self.grid.tables["Trace"].first_row)
            explanation = (
                "No row of the Trace is of this product. Where the Trace is kept per BOM line, the costs by product are in "
                "the file BOOK-trace.csv beside the workbook."
            )
            yield Step(0, 0, where, f"Nothing was flushed for {self.item} in the period", None, explanation, "text")
        for entry in dict.fromkeys((row.event, row.charged_to) for row in rows):
            yield from self._entry([row for row in rows if (row.event, row.charged_to) == entry])

    def _trace(self) -> list[_TraceRow]:
        """The rows of the product with an amount or conversion."""
        rows = [
            _TraceRow(row, *map(text, cells[1 : 1 + len(_TEXTS)]), *map(_number, cells[1 + len(_TEXTS) :]))  # type: ignore[arg-type]
            for row, cells in self.grid.numbered_rows("Trace", "Product", *_TEXTS, *_NUMBERS)
            if code_key(text(cells[0])) == self.key
        ]
        return [row for row in rows if row.amount or row.conversion]

    def _entry(self, rows: list[_TraceRow]) -> Iterator[Step]:
        """Everything of one event that is charged to one account."""
        event, charged_to = rows[0].event, rows[0].charged_to
        total = math.fsum(row.amount + row.conversion for row in rows)
        material = math.fsum(row.amount for row in rows)
        explanation = (
            f"Components {figure(material, 'money', self.words.places)} + conversion "
            f"{figure(total - material, 'money', self.words.places)} = {self._money(total)}. "
            f"Debited: {self._journal(rows[0], charged_to, 'Debit')}."
        )
        what, where = f"{event} of {self.item}, charged to {charged_to}", self._where("Trace", "Amount", rows[0].row)
        yield Step(0, 0, where, what, total, explanation, "sum")
        for account in dict.fromkeys(row.relieved_from for row in rows if row.amount):
            yield from self._components([row for row in rows if row.amount and row.relieved_from == account])
        if converted := [row for row in rows if row.conversion]:
            yield from self._conversion(converted)

    def _components(self, rows: list[_TraceRow]) -> Iterator[Step]:
        """Components relieved from one account."""
        account = rows[0].relieved_from
        total = math.fsum(row.amount for row in rows)
        count = f"{len(rows):,} rows of the Trace" if len(rows) > 1 else "1 row of the Trace"
        explanation = f"{count} = {self._money(total)}. Credited: {self._journal(rows[0], account, 'Credit')}."
        where = self._where("Trace", "Amount", rows[0].row)
        yield Step(0, 1, where, f"Components relieved from {account}", total, explanation, "sum")
        for row in rows:
            explanation = (
                f"Required {self._figure(row.required, 'Trace', 'Required qty', row.row)} × {self._price(row.cost)} = "
                f"{self._figure(row.amount, 'Trace', 'Amount', row.row)}."
            )
            where = self._where("Trace", "Amount", row.row)
            yield Step(0, 2, where, f"Component {row.component}", row.amount, explanation, "formula")

    def _conversion(self, rows: list[_TraceRow]) -> Iterator[Step]:
        """Conversion flushed with the product, by element and level."""
        total = math.fsum(row.conversion for row in rows)
        credited = self._journal(rows[0], schema.CCA, "Credit")
        explanation = f"By element below: {self._money(total)}. Credited: {credited}."
        yield Step(
            0, 1, self._where("Trace", "Conversion", rows[0].row), "Conversion flushed", total, explanation, "sum"
        )
        rates = [(row, self._own(row.component)) for row in rows]
        for element in schema.ELEMENTS[1:]:
            parts = [(row, own[element]) for row, own in rates if own[element]]
            if not parts:
                continue
            amount = math.fsum(row.required * rate for row, rate in parts)
            each = " + ".join(
                f"{row.component} {figure(row.required, 'quantity', 0)} × {self._price(rate)}" for row, rate in parts
            )
            explanation = f"Units at their own conversion: {each} = {self._money(amount)}."
            yield Step(
                0, 2, self._where("Trace", "Conversion", parts[0][0].row), element, amount, explanation, "formula"
            )

    def _own(self, item: str) -> dict[str, float]:
        """Conversion of one unit at its own level, by element, from Standard Cost; of a bought item, its material overhead."""
        rows, letters = self._rows_of("StandardCost", item), self.grid.tables["StandardCost"].letters

        def of(column: str, blank: float = 0.0) -> float:
            return (self._number("StandardCost", column, rows[0]) or blank) if rows and column in letters else blank

        if rows and text(self.grid.value(self.grid.cell("StandardCost", "Type", rows[0]))) == schema.BUY:
            overhead = of("Material price") / of("Price per", 1.0) * of("Material overhead %")
            return dict.fromkeys(_RATES, 0.0) | {"Other conversion": overhead}
        labor = of("Labor hours") + of("Setup hours") / of("Lot size", 1.0)
        hours = dict.fromkeys(_RATES, of("Machine hours", labor)) | {schema.LABOR: labor}
        own = {element: hours[element] * of(rate) for element, rate in _RATES.items()}
        return own | {"Other conversion": of("Other conversion")}

    def _journal(self, of: _TraceRow, role: str, side: str) -> str:
        """Where an amount went: the lines of a role in the entries of the event and account that a row is charged to.

        Those of the usual side, Debit or Credit, unless corrections turned all of them round; only those of the product
        where there are entries per product.
        """
        other = "Credit" if side == "Debit" else "Debit"
        lines = [
            (row, line)
            for row, line in self.grid.numbered_rows(
                "Journal", "Event", "Role", "Entry", side, "Product", "Reverses", "Reversed by"
            )
            if code_key(text(line[4])) in ("", self.key) and line[5:] == (None, None)  # not taken back
        ]
        entries = {line[2] for _, line in lines if line[:2] == (of.event, of.charged_to)}
        rows = {row: line[3] for row, line in lines if line[1] == role and line[2] in entries}
        usual = [row for row, amount in rows.items() if amount is not None]
        where = [self._where("Journal", side if usual else other, row) for row in usual or rows]
        return ", ".join(where) or "no line of the journal"


def _number(value: Value) -> float:
    return float(value) if is_number(value) else 0.0
