"""What every sheet is written from: a run about to be written, and where the tables stand in the workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.result import RunResult
from xlbackflush.engine.stock.opening import carried_over
from xlbackflush.model.arrays import Records
from xlbackflush.model.money import from_minor
from xlbackflush.ooxml.cells import Value
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
        self.item_rows: list[int] = self.items.row.tolist()
        self.rollup_top = sheets.tables["Rollup"].first_row
        self.default_basis = default_scrap_basis(self.inputs)
        self.opened = frozenset(carried_over(self.inputs))

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

    def cells(self, table: str, count: int) -> list[dict[str, str]]:
        """The cells of a table's body of so many rows: column name -> address, row by row."""
        letters = self.letters(table)
        return [{name: f"{letter}{row}" for name, letter in letters.items()} for row in self.rows(table, count)]

    def rollup_cell(self, column: str, row: int) -> str:
        """A cell of Roll-up, by the position of its row from 0."""
        return self.sheets.ref("Rollup", column, self.rollup_top + row)

    def standard_cost(self, item: int) -> dict[str, str]:
        """The cells of an item on Standard Cost, by column; 0 for a column that the workbook does not have."""
        return {
            c.name: self.sheets.ref("StandardCost", c.name, self.item_rows[item]) for c in schema.STANDARD_COST.columns
        }


def of_records(
    table: schema.Table,
    records: Sequence[object],
    formulas: Mapping[str, Sequence[str]] | None = None,
    money: Callable[[Iterable[int]], list[float]] | None = None,
) -> Body:
    """The columns that simply show a field of records, one a row; formulas: those of columns that are live.

    money: turns minor units into money, where the records hold these.
    """
    return _of_fields(table, lambda field: list(map(attrgetter(field), records)), formulas, money)


def of_arrays(
    table: schema.Table,
    records: Records,
    formulas: Mapping[str, Sequence[str]] | None = None,
    money: Callable[[Iterable[int]], list[float]] | None = None,
) -> Body:
    """The same of records of arrays."""
    return _of_fields(table, lambda field: getattr(records, field).tolist(), formulas, money)


def _of_fields(
    table: schema.Table,
    values: Callable[[str], list[Any]],
    formulas: Mapping[str, Sequence[str]] | None,
    money: Callable[[Iterable[int]], list[float]] | None,
) -> Body:
    columns: Body = {}
    for column in table.columns:
        if column.field:
            cells = values(column.field)
            shown = money(cells) if money and column.kind == "money" else cells
            columns[column.name] = (shown, (formulas or {}).get(column.name))
    return columns


def empty(table: schema.Table) -> Body:
    """The body of a table without rows."""
    return {name: ([], None) for name in table.names}
