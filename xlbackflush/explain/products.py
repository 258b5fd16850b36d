"""All costs of one product, which conventional backflush costing cannot give: from the Trace, component by component.

First the unit cost by element and by BOM line; then what the period flushed for the product - material and conversion
of every entry, conversion by element - with the journal lines that it went to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from xlbackflush import schema
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.explain.evaluate import Value, text
from xlbackflush.explain.reader import Grid, Reader
from xlbackflush.explain.words import Words, figure
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.step import Step
from xlbackflush.ooxml.formula import Cell, Span, walk

_TRACE = ("Product", "Component", "Required qty", "Standard cost", "Amount", "Event", "Charged to", "Relieved from",
          "Conversion rate", "Conversion", "Level")  # fmt: skip
_OWN = {schema.LABOR: "Labor rate", schema.VARIABLE_OVERHEAD: "Variable overhead rate",
        schema.FIXED_OVERHEAD: "Fixed overhead rate"}  # fmt: skip


@dataclass(frozen=True)
class _Row:
    """One row of the Trace with an amount or conversion; `number` is its row on the sheet."""

    number: int
    component: str
    required: float
    cost: float
    amount: float
    event: str
    charged_to: str
    relieved_from: str
    rate: float
    conversion: float


def product(reader: Reader, item: str) -> list[Step]:
    """Unit cost of an item and all that the period flushed for it. UnusableError where there is no such item."""
    grid = Grid(reader)
    view = _View(grid, item)
    view.unit_cost()
    view.period()
    return view.steps


@dataclass
class _View:
    """The steps of one product."""

    grid: Grid
    item: str
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.words = Words(self.grid)
        found = self._rows_of("Rollup", "Item")
        if not found:
            raise UnusableError(
                f"{self.item} is no item of the last run; name an item code of sheet Standard Cost, and run first."
            )
        self.at_end = found[-1]
        self.item = text(self.grid.value(self._cell("Rollup", "Item", self.at_end)))
        self.key = code_key(self.item)

    def _cell(self, table: str, column: str, row: int) -> Cell:
        source = self.grid.tables[table]
        return Cell(source.sheet, source.letters[column], row)

    def _rows_of(self, table: str, column: str, item: str = "") -> list[int]:
        """Rows of a table that are about an item."""
        wanted = code_key(item or self.item)
        first = self.grid.tables[table].first_row
        return [r for r, (value,) in enumerate(self.grid.rows(table, column), first) if code_key(text(value)) == wanted]

    def _add(self, level: int, where: Cell, what: str, amount: float | None, explanation: str, kind: str) -> None:
        self.steps.append(Step(len(self.steps) + 1, level, str(where), what, amount, explanation, kind))

    # -------------------------------------------------------------------------------------- unit cost

    def unit_cost(self) -> None:
        """One unit: cost by element, each with what the item itself takes and what its BOM lines bring."""
        row, words = self.at_end, self.words
        unit = self._cell("Rollup", "Unit cost", row)
        elements = [self._cell("Rollup", e, row) for e in schema.ELEMENTS]
        amounts = [self._number(c) for c in elements]
        total = self._number(unit)
        said = " + ".join(
            f"{e} {words.figure(a, c)}" for e, a, c in zip(schema.ELEMENTS, amounts, elements, strict=True) if a
        )
        what = f"Standard cost of one unit of {self.item} at period end"
        self._add(0, unit, what, total, f"{said or 0} = {words.figure(total, unit, True)}.", "sum")
        lines = self._build_up(row)
        for element, cell, amount in zip(schema.ELEMENTS, elements, amounts, strict=True):
            if not amount:
                continue
            brought = [(r, self._number(self._cell("Buildup", element, r))) for r in lines]
            brought = [(r, a) for r, a in brought if a]
            own = amount - math.fsum(a for _, a in brought)
            parts = [figure(a, "price", words.places) for _, a in brought]
            if abs(own) > 1e-9 * abs(amount):
                parts.insert(0, f"{figure(own, 'price', words.places)} of the item itself")
            shown = words.figure(amount, cell, True)
            explanation = f"Made of {' + '.join(parts)} = {shown}." if len(parts) > 1 else f"Made of {shown} alone."
            self._add(1, cell, f"{element} in one {self.item}", amount, explanation, "sum")
            for r, a in brought:
                self._line(element, r, a)

    def _build_up(self, row: int) -> list[int]:
        """Rows of Build-up that the roll-up of an item adds up: those named by its formula for Material."""
        sheet = self.grid.tables["Buildup"].sheet
        rows: set[int] = set()
        for element in schema.ELEMENTS:
            tree = self.grid.tree(self._cell("Rollup", element, row))
            for node in walk(tree) if tree else ():
                if isinstance(node, Span) and node.sheet == sheet:
                    rows |= set(range(node.first, node.last + 1))
        return sorted(rows)

    def _line(self, element: str, row: int, amount: float) -> None:
        quantity, cell = self._cell("Buildup", "Quantity", row), self._cell("Buildup", element, row)
        component = text(self.grid.value(self._cell("Buildup", "Component", row)))
        units = self._number(quantity)
        each = amount / units if units else 0.0
        explanation = (
            f"Quantity {self.words.figure(units, quantity)} × {figure(each, 'price', self.words.places)} "
            f"= {self.words.figure(amount, cell, True)}, scrap included."
        )
        self._add(2, cell, f"{element} of {component}", amount, explanation, "formula")

    # ----------------------------------------------------------------------------------------- period

    def period(self) -> None:
        """What the period flushed for the product, by entry."""
        rows = self._trace()
        if not rows:
            self._add(0, self._cell("Trace", "Product", self.grid.tables["Trace"].first_row),
                      f"Nothing was flushed for {self.item} in the period", None, self._condensed(), "text")  # fmt: skip
            return
        for event, charged_to in dict.fromkeys((r.event, r.charged_to) for r in rows):
            self._entry(event, charged_to, [r for r in rows if (r.event, r.charged_to) == (event, charged_to)])

    def _condensed(self) -> str:
        return (
            "No row of the Trace is of this product. Where the Trace is kept per BOM line, the costs by product are in the "
            "file BOOK-trace.csv beside the workbook."
        )

    def _trace(self) -> list[_Row]:
        first = self.grid.tables["Trace"].first_row
        found = []
        for number, values in enumerate(self.grid.rows("Trace", *_TRACE), first):
            (of, component, required, cost, amount, event, charged, relieved, rate, conversion, _level) = values
            if code_key(text(of)) != self.key:
                continue
            row = _Row(number, text(component), _number(required), _number(cost), _number(amount), text(event),
                       text(charged), text(relieved), _number(rate), _number(conversion))  # fmt: skip
            if row.amount or row.conversion:
                found.append(row)
        return found

    def _entry(self, event: str, charged_to: str, rows: list[_Row]) -> None:
        total = math.fsum(r.amount + r.conversion for r in rows)
        material = math.fsum(r.amount for r in rows)
        words, money = self.words, self._money
        where = self._cell("Trace", "Amount", rows[0].number)
        went = self._journal(event, charged_to, charged_to, "Debit")
        explanation = (
            f"Components {money(material)} + conversion {money(total - material)} = {money(total)} {words.currency}. "
            f"Debited: {went}."
        )
        self._add(0, where, f"{event} of {self.item}, charged to {charged_to}", total, explanation, "sum")
        for account in dict.fromkeys(r.relieved_from for r in rows if r.amount):
            self._components(event, account, [r for r in rows if r.amount and r.relieved_from == account])
        flushed = [r for r in rows if r.conversion]
        if flushed:
            self._conversion(event, flushed)

    def _components(self, event: str, account: str, rows: list[_Row]) -> None:
        total = math.fsum(r.amount for r in rows)
        many = f"{len(rows):,} rows of the Trace" if len(rows) > 1 else "1 row of the Trace"
        credited = self._journal(event, rows[0].charged_to, account, "Credit")
        self._add(1, self._cell("Trace", "Amount", rows[0].number), f"Components relieved from {account}", total,
                  f"{many} = {self._money(total)} {self.words.currency}. Credited: {credited}.", "sum")  # fmt: skip
        for row in rows:
            cell, quantity = self._cell("Trace", "Amount", row.number), self._cell("Trace", "Required qty", row.number)
            explanation = (
                f"Required {self.words.figure(row.required, quantity, True)} × "
                f"{figure(row.cost, 'price', self.words.places)} = {self.words.figure(row.amount, cell, True)}."
            )
            self._add(2, cell, f"Component {row.component}", row.amount, explanation, "formula")

    def _conversion(self, event: str, rows: list[_Row]) -> None:
        """Conversion flushed with the product, by element and level."""
        total = math.fsum(r.conversion for r in rows)
        credited = self._journal(event, rows[0].charged_to, schema.CCA, "Credit")
        self._add(1, self._cell("Trace", "Conversion", rows[0].number), "Conversion flushed", total,
                  f"By element below: {self._money(total)} {self.words.currency}. Credited: {credited}.", "sum")  # fmt: skip
        shares = [(row, self._own(row.component)) for row in rows]
        for element in schema.ELEMENTS[1:]:
            parts = [(row, row.required * own[element]) for row, own in shares if own[element]]
            if not parts:
                continue
            said = " + ".join(
                f"{row.component} {figure(row.required, 'quantity', 0)} × {figure(own[element], 'price', self.words.places)}"
                for row, own in shares
                if own[element]
            )
            amount = math.fsum(a for _, a in parts)
            where = self._cell("Trace", "Conversion", parts[0][0].number)
            explanation = f"Units at their own conversion: {said} = {self._money(amount)} {self.words.currency}."
            self._add(2, where, element, amount, explanation, "formula")

    def _own(self, item: str) -> dict[str, float]:
        """Conversion of one unit at its own level, by element, from Standard Cost."""
        found = self._rows_of("StandardCost", "Item", item)
        if not found:
            return dict.fromkeys(schema.ELEMENTS[1:], 0.0)
        letters = self.grid.tables["StandardCost"].letters

        def of(column: str) -> float:
            return self._number(self._cell("StandardCost", column, found[0])) if column in letters else 0.0

        own = {element: of("Labor hours") * of(rate) for element, rate in _OWN.items()}
        return own | {"Other conversion": of("Other conversion")}

    def _journal(self, event: str, charged_to: str, role: str, side: str) -> str:
        """Where an amount went: the lines of a role in the entries of an event that are charged to an account.

        Those of the usual side, Debit or Credit, unless corrections turned all of them round; only those of the product
        where there are entries per product.
        """
        source = self.grid.tables["Journal"]
        lines = self.grid.rows("Journal", "Event", "Role", "Entry", side, "Product", "Reverses", "Reversed by")
        own = [
            (*line[:4], row)
            for row, line in enumerate(lines, source.first_row)
            if code_key(text(line[4])) in ("", self.key) and line[5:] == (None, None)  # not taken back
        ]
        entries = {entry for of, account, entry, _, _ in own if (of, account) == (event, charged_to)}
        found = [(amount, row) for _, account, entry, amount, row in own if account == role and entry in entries]
        usual = [row for amount, row in found if amount is not None]
        other = "Credit" if side == "Debit" else "Debit"
        letter = source.letters[side if usual else other]
        return ", ".join(f"Journal!{letter}{row}" for row in usual or [r for _, r in found]) or "no line of the journal"

    def _number(self, cell: Cell) -> float:
        return _number(self.grid.value(cell))

    def _money(self, amount: float) -> str:
        return figure(amount, "money", self.words.places)


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
