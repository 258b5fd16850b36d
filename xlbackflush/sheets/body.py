"""What every sheet is written from: a run about to be written, and where the tables stand in the workbook."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.posting.flush import balances
from xlbackflush.engine.result import RunResult
from xlbackflush.engine.stock.opening import carried_over
from xlbackflush.model.arrays import Records
from xlbackflush.model.money import from_minor
from xlbackflush.ooxml.cells import Value
from xlbackflush.ooxml.patterns import Shapes, slot
from xlbackflush.sheets.formulas import Sheets, default_scrap_basis, setting_value

#: column name -> (values, formulas or None); a formula "" leaves the value as it is
Body = dict[str, tuple[Sequence[Value], Sequence[str] | None]]


class RunView:
    """One run, about to be written."""

    def __init__(self, result: RunResult, sheets: Sheets) -> None:
        assert result.run and result.journal, "inputs with errors have no results"
        self.result, self.run, self.journal, self.sheets = result, result.run, result.journal, sheets
        self.period: Period = result.period
        self.inputs, self.bill = self.period.inputs, self.period.bill
        self.items, self.lines = self.bill.items, self.bill.lines
        self.codes: list[str] = self.items.code.tolist()
        self.rollup_top = sheets.tables["Rollup"].first_row
        self.default_basis = default_scrap_basis(self.inputs)
        self.opened = frozenset(carried_over(self.inputs))
        self.has_receipts = len(self.period.receipts) > 0
        self.in_other_journals = frozenset(balances(self.period.elsewhere))

    def unit_factors(self, table: str, rows: Sequence[int]) -> tuple[list[float | None], list[int]]:
        """Of rows of BOM or Purchases, by their positions: the factor of their unit, and its row on sheet Unit Conversions.

        None and 0 where no unit differs.
        """
        converted, first = self.inputs.converted, self.sheets.tables["UnitConversions"].first_row
        of_row = converted.bom if table == "BOM" else converted.purchases
        if not of_row:
            return [None] * len(rows), [0] * len(rows)
        numbers = [of_row.get(at, -1) for at in rows]
        factors = [converted.all[n].factor if n >= 0 else None for n in numbers]
        return factors, [first + n if n >= 0 else 0 for n in numbers]

    @cached_property
    def factors_of_lines(self) -> tuple[list[float | None], list[int]]:
        """The same of the lines of the bill."""
        return self.unit_factors("BOM", self.inputs.bom.row.searchsorted(self.lines.row).tolist())

    def money(self, minor: Iterable[int]) -> list[float]:
        """Minor units as money."""
        return [from_minor(int(m), self.period.places) for m in minor]

    def setting(self, name: str) -> str:
        """A numeric setting inside a formula."""
        return setting_value(self.inputs, name)

    def letters(self, table: str) -> dict[str, str]:
        """Column name -> sheet column of a table."""
        return self.sheets.tables[table].letters

    def rows(self, table: str, count: int) -> range:
        """Sheet rows of a table's body of so many rows."""
        first = self.sheets.tables[table].first_row
        return range(first, first + count)

    def cells(self, table: str, count: int, **others: Iterable[object]) -> list[Row]:
        """The rows of a table's body of so many rows, for formulas on its own sheet; others: what goes with each of them."""
        rows = [Row(self.letters(table), number) for number in self.rows(table, count)]
        for name, values in others.items():
            for row, value in zip(rows, values, strict=True):
                row[name] = value
        return rows

    def shapes(self, table: str, of_row: Iterable[Hashable], **slots: Iterable[int]) -> tuple[Shapes, list[int]]:
        """The shapes of the rows of a table, and the position of the first row of each.

        of_row: what tells the formulas of a row from those of others, besides numbers; slots: those, besides that of the row.
        """
        numbers: dict[Hashable, int] = {}
        shape_of_row, first = [], []
        for position, shape in enumerate(of_row):
            if shape not in numbers:
                numbers[shape] = len(numbers)
                first.append(position)
            shape_of_row.append(numbers[shape])
        given = {name: list(values) for name, values in slots.items()}
        return Shapes(shape_of_row, {"row": list(self.rows(table, len(shape_of_row))), **given}), first

    def any_row(self, table: str) -> Row:
        """A row of a table, for the patterns of its formulas."""
        return Row(self.letters(table), slot("row"))

    def elsewhere(self, table: str, numbers: Iterable[int | str]) -> list[Row]:
        """Rows of a table, by their rows on its sheet (or slots for them), for formulas on other sheets."""
        heads = dict.fromkeys(schema.TABLES[table].names, "") | self.sheets.heads(table)
        return [Row(heads, number) for number in numbers]

    def any_elsewhere(self, table: str, name: str) -> Row:
        """A row of another table, for patterns: its number goes into the slot of this name."""
        return self.elsewhere(table, [slot(name)])[0]

    def unit_costs(self, positions: Iterable[int]) -> list[Row]:
        """Rows of Roll-up, by their positions from 0."""
        return self.elsewhere("Rollup", (self.rollup_top + position for position in positions))


class Row(dict[str, Any]):
    """A row of a table: column -> its cell, 0 for a column that the workbook does not have.

    What goes with the row stands in it under a name of its own: a row of another table, or a part of a formula.
    """

    def __init__(self, heads: Mapping[str, str], number: int | str) -> None:
        super().__init__(schema=schema)
        self.heads, self.number = heads, number

    def __missing__(self, column: str) -> str:
        head = self.heads[column]
        return f"{head}{self.number}" if head else "0"


def filled(templates: Mapping[str, str], rows: Sequence[Row]) -> dict[str, Sequence[str]]:
    """The formulas of live columns, row by row.

    In a template {Column} is a cell of the row, {name} what goes with it, {name[Column]} a cell of a row that goes with it,
    {schema.WORD} a word.
    """
    return {name: list(map(template.format_map, rows)) for name, template in templates.items()}


def shown(
    table: schema.Table,
    records: Records | Sequence[object],
    formulas: Mapping[str, Sequence[str]] | None = None,
    money: Callable[[Iterable[int]], list[float]] | None = None,
) -> Body:
    """The columns that simply show a field of records, one a row; formulas: those of columns that are live.

    money: turns minor units into money, where the records hold these.
    """
    columns: Body = {}
    for column in table.columns:
        if column.field:
            if isinstance(records, Records):
                cells = getattr(records, column.field).tolist()
            else:
                cells = list(map(attrgetter(column.field), records))
            values = money(cells) if money and column.kind == "money" else cells
            columns[column.name] = (values, (formulas or {}).get(column.name))
    return columns


def empty(table: schema.Table) -> Body:
    """The body of a table without rows."""
    return {name: ([], None) for name in table.names}
