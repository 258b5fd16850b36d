"""Sheet Sensitivity: first every input table as a whole, then its cells, the one to audit first on top.

Written by a command of its own, because it takes a run or two for each cell; a run empties the sheet.
"""

from collections import Counter

from xlbackflush import schema
from xlbackflush.engine.audit.sensitivity import TABLES, Cell, Effect, Sensitivity
from xlbackflush.engine.period import Closings
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.money import from_minor
from xlbackflush.ooxml.cells import Value
from xlbackflush.sheets.body import Body, RunView, empty
from xlbackflush.sheets.formulas import link

#: where the tables and the cells to audit first stand in the table, from 0; the charts draw these rows
OF_TABLES = range(len(TABLES))
FIRST = range(OF_TABLES.stop, OF_TABLES.stop + 20)


def body(run: RunView) -> Body:
    """Nothing: what stood there is of other inputs."""
    return empty(schema.SENSITIVITY)


def rows_of(result: Sensitivity, inputs: Inputs) -> Body:
    """The rows of the table: the input tables, the one of the largest effects first; then the cells."""
    rows = [*_tables(result, inputs), *(_cell(i, e, result, inputs) for i, e in enumerate(result.effects, 1))]
    made: Body = {name: ([row.get(name) for row in rows], None) for name in schema.SENSITIVITY.names}
    made["Where"] = (made["Where"][0], [link(str(row["Where"])) for row in rows])
    made["Cell value kind"] = ([row["kind"] for row in rows], None)
    money = f"money {result.places}" if result.places != 2 else "money"
    for column in schema.SENSITIVITY.columns:
        if column.kind == "money":
            made[f"{column.name} kind"] = ([money] * len(rows), None)
    return made


Row = dict[str, Value]


def _tables(result: Sensitivity, inputs: Inputs) -> list[Row]:
    """One row for each input table, with the sizes of the effects of its cells."""
    sums: dict[str, Counter[str]] = {table.name: Counter() for table in TABLES}
    for e in result.effects:
        change = e.percent
        sizes = {"inventory": abs(change.inventory), "cogs": abs(change.cogs)} if change else {}
        sums[e.cell.table].update(size=e.size, **sizes)
    ordered = sorted(TABLES, key=lambda table: -sums[table.name]["size"])
    rows: list[Row] = []
    for table in ordered:
        source, added = inputs.sources[table.name], sums[table.name]
        first, last = table.names[0], table.names[-1]
        rows.append(
            {
                "Where": source.range(first, last),
                "What": f"{source.sheet}: {_tried(result, table.name)}",
                "kind": "quantity",
                "Inventory +1 %": from_minor(added["inventory"], result.places),
                "Cost of goods sold +1 %": from_minor(added["cogs"], result.places),
                "Account +1 %": from_minor(added["size"], result.places),
                "Share": _share(added["size"], result),
            }
        )
    return rows


def _tried(result: Sensitivity, table: str) -> str:
    """How many cells there are, and how many of them were tried."""
    there, tried = result.cells[table], result.tried[table]
    moving = sum(e.cell.table == table for e in result.effects)
    cells = "cell" if there == 1 else "cells"
    if tried < there:
        return f"{tried:,} of {there:,} {cells} tried, {moving:,} matter"
    return f"{there:,} {cells}, {moving:,} matter" if there else "no cells"


def _cell(rank: int, e: Effect, result: Sensitivity, inputs: Inputs) -> Row:
    """The row of one cell."""
    table, column = e.cell.table, e.cell.column
    records = inputs.table(table)
    where = inputs.sources[table].cell(column.name, int(records.row[e.cell.index]))

    def text(name: str) -> str:
        """A cell of the row; without its date, since the document says which row it is."""
        known = name in schema.TABLES[table].names and schema.TABLES[table].column(name).kind != "date"
        return str(records.column(name)[e.cell.index]) if known else ""

    account = next((c.most_moved for c in (e.percent, e.unit) if c and c.by_role), "")
    return {
        "Rank": rank,
        "Where": where,
        "What": f"{column.name}: {schema.TABLES[table].call(text)}",
        "Cell value": e.cell.value,
        "kind": column.kind,
        "Account moved most": account,
        **_money("1 %", e.percent, account, result.places),
        "Share": _share(e.size, result),
        "One unit": _unit(e.cell, inputs, text("Component") or text("Item")),
        **_money("1 unit", e.unit, account, result.places),
    }


def _money(step: str, change: Closings | None, account: str, places: int) -> Row:
    """The effects of a step; blank where the checks refuse it."""
    if change is None:
        return {}
    return {
        f"Inventory +{step}": from_minor(change.inventory, places),
        f"Cost of goods sold +{step}": from_minor(change.cogs, places),
        f"Account +{step}": from_minor(change.by_role.get(account, 0), places),
    }


def _share(size: int, result: Sensitivity) -> float:
    return size / (result.size or 1)


def _unit(cell: Cell, inputs: Inputs, item: str) -> str:
    """What one unit of a cell is: 1 kg per parent, 1 USD per hour, 1 percentage point."""
    column = cell.column
    if column.kind == "percent":
        return "1 percentage point"
    cost, currency = inputs.standard_cost, inputs.settings.currency
    uoms = (uom for code, uom in zip(cost.item, cost.uom, strict=True) if code.casefold() == item.casefold())
    uom = str(next(uoms, "")).strip()
    uom = "unit" if uom.casefold() in schema.BY_THE_PIECE else uom
    told = {"per parent": f"{uom} per parent", "units": uom}.get(column.unit, column.unit)
    return f"1 {told.replace('money', currency).replace('per unit', f'per {uom}').replace('hours', 'hour')}"


def printed(result: Sensitivity, inputs: Inputs, most: int = 10) -> list[str]:
    """Lines for a terminal: the input tables, then the first cells, with their effects of 1 %."""
    rows = _tables(result, inputs)
    rows += [_cell(i, e, result, inputs) for i, e in enumerate(result.effects[:most], 1)]
    lines = [
        f"{'':>4}" + "".join(f"  {name:>15}" for name in ("inventory", "cost of goods", "account")) + "  if 1 % larger"
    ]
    for row in rows:
        names = ("Inventory", "Cost of goods sold", "Account")
        amounts = "  ".join(_amount(row.get(f"{name} +1 %"), result.places) for name in names)
        place = f"  [{row['Where']}]" if row.get("Rank") else ""
        account = f"{row['Account moved most']}  " if row.get("Account moved most") else ""
        lines.append(f"{row.get('Rank') or '':>4}  {amounts}  {account}{row['What']}{place}")
    return lines


def _amount(value: Value, places: int) -> str:
    return f"{value:>15,.{places}f}" if isinstance(value, int | float) else f"{'refused':>15}"
