"""Sheet Normal Scrap: units followed down the bill to the items scrapped, and what each account bears of their scrap."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlbackflush import schema
from xlbackflush.engine.posting.normal_scrap import BEARERS, NO_UNITS
from xlbackflush.model.arrays import Bools
from xlbackflush.ooxml.cells import Value
from xlbackflush.ooxml.patterns import slot
from xlbackflush.sheets.body import Body, Row, RunView
from xlbackflush.sheets.formulas import item_sum, literal, plain

UNITS, SHARES = [f"{role} units" for role in BEARERS], [f"{role} share" for role in BEARERS]
_LINE = "line"

#: what tells the shapes of rows apart: a line; is it plain code, the last stretch, with lines; a plain code, its stretches
_Shape = tuple[object, ...]


def body(run: RunView) -> Body:
    """One row per line that leads to an item scrapped, per item on the way, and per item scrapped."""
    table, rows = run.period.normal_scrap, _Rows(run)
    keys = rows.shapes()
    shapes, first = run.shapes("NormalScrap", keys, **rows.slots())
    patterns = [_patterns(run, keys[k], run.codes[int(table.item[k])]) for k in first]
    live = shapes.columns({name: [one.get(name, "") for one in patterns] for name in schema.NORMAL_SCRAP.names})
    return {name: (cells, live[name]) for name, cells in _values(run).items()}


class _Rows:
    """Where the rows stand that the formulas of a row rest on; positions count from 0."""

    def __init__(self, run: RunView) -> None:
        self.run, self.table = run, run.period.normal_scrap
        table, costs = self.table, run.period.unit_costs.rows
        position, is_line = np.arange(len(table)), table.line >= 0
        self.is_line, self.is_held = is_line, ~is_line & ~table.summed
        self.first, self.last, self.whole = (np.full(len(costs) + 1, -1) for _ in range(3))  # of each unit cost
        self.whole[table.rollup_row[self.is_held]] = position[self.is_held]
        self.last[table.rollup_row[is_line]] = position[is_line]
        self.first[table.rollup_row[is_line][::-1]] = position[is_line][::-1]
        self.stretches: dict[int, list[int]] = defaultdict(list)  # of each item
        for at, item in zip(position[self.is_held].tolist(), table.item[self.is_held].tolist(), strict=True):
            self.stretches[item].append(at)

    def shapes(self) -> list[_Shape]:
        """What tells the formulas of each row from those of others, besides numbers."""
        table, costs = self.table, self.run.period.unit_costs
        held = table.rollup_row
        last = costs.at(costs.rows.item, self.run.inputs.settings.period_end) == np.arange(len(costs.rows))
        has_lines = self.first[held] >= 0
        shapes: list[_Shape] = [(_LINE,)] * len(table)
        for k in np.flatnonzero(~self.is_line).tolist():
            item = int(table.item[k])
            is_plain = plain(self.run.codes[item])
            if self.is_held[k]:
                shapes[k] = (is_plain, bool(last[held[k]]), bool(has_lines[k]))
            else:
                shapes[k] = (is_plain, len(self.stretches[item]))
        return shapes

    def slots(self) -> dict[str, list[int]]:
        """Rows on their sheets: line and parent of a line; unit cost, first and last line of an item; its stretches."""
        table, buildup, tops = self.table, self.run.period.unit_costs.buildup, self.run.sheets.tables
        top, count = tops["NormalScrap"].first_row, max(map(len, self.stretches.values()), default=0)
        parent = buildup.row[table.line] if len(buildup) else table.line
        stretches = np.full((len(table), count), -1)
        for k in np.flatnonzero(table.summed).tolist():
            of_item = self.stretches[int(table.item[k])]
            stretches[k, : len(of_item)] = of_item
        slots = {
            "line": table.line + tops["Buildup"].first_row,
            "parent": self.whole[parent] + top,
            "cost": table.rollup_row + self.run.rollup_top,
            "first": self.first[table.rollup_row] + top,
            "last": self.last[table.rollup_row] + top,
            **{f"stretch {n}": stretches[:, n] + top for n in range(count)},
        }
        return {name: numbers.tolist() for name, numbers in slots.items()}


def _patterns(run: RunView, shape: _Shape, code: str) -> dict[str, str]:
    """The formulas of a shape; code: of a row of it."""
    row = run.any_row("NormalScrap")

    def other(name: str) -> Row:
        return Row(run.letters("NormalScrap"), slot(name))

    match shape:
        case (str(),):
            quantity, parent = run.any_elsewhere("Buildup", "line")["Quantity"], other("parent")
            return {"Quantity": quantity, **{name: f"{row['Quantity']}*{parent[name]}" for name in UNITS}}
        case (_, bool(is_last), has_lines):
            row["code"], since = code, run.any_elsewhere("Rollup", "cost")["From"]
            lines = [other("first"), other("last")] if has_lines else []
            return {"From": since, **_held(run, row, lines, is_last)}
        case (_, int(count)):
            row["code"] = code
            return _borne(run, row, [other(f"stretch {n}") for n in range(count)])
    raise ValueError(shape)


def _values(run: RunView) -> dict[str, Sequence[Value]]:
    """What the cells show."""
    table, costs = run.period.normal_scrap, run.period.unit_costs
    is_line, summed = table.line >= 0, table.summed

    def where(rows: Bools, values: NDArray[Any], blank: Value = None) -> list[Value]:
        cells = np.full(len(table), blank, dtype=object)
        cells[rows] = values[rows]
        return cells.tolist()

    on_scrap = next((share.price for share in run.period.shares if share.role == schema.CCC), 0.0)
    shares, total = table.shares(on_scrap), float(table.material.sum())
    price = on_scrap * table.material / total if total > 0 else np.zeros(len(table))
    parents = costs.rows.item[costs.buildup.row[table.line]] if len(costs.buildup) else table.item
    quantity = costs.buildup.quantity[table.line] if len(costs.buildup) else np.zeros(len(table))
    values = {
        "Item": run.items.code[table.item].tolist(),
        "In": where(is_line, run.items.code[parents], ""),
        "From": where(~is_line & ~summed, costs.rows.first[table.rollup_row]),
        "Quantity": where(is_line, quantity),
        **{name: table.units[:, n].tolist() for n, name in enumerate(UNITS)},
        "Scrap": where(summed, table.cost),
        "Material": where(summed, table.material),
        "Price variance": where(summed, price),
        **{name: where(summed, shares[:, n]) for n, name in enumerate(SHARES)},
    }
    return {name: values[name] for name in schema.NORMAL_SCRAP.names}


def _held(run: RunView, row: Row, lines: list[Row], is_last: bool) -> dict[str, str]:
    """Units that the accounts hold as such, and inside other items. lines: first and last; is_last: of the item's stretches."""
    item = row["Item"]
    own = {
        f"{role} units": item_sum("Reconciliation", "Ending", row["code"], item, [("Account role", "=", literal(role))])
        for role in (schema.STOCK_ROLES if is_last else ())
    }
    own[f"{schema.COGS} units"] = item_sum("Movements", "Sold", row["code"], item, [("From", "=", row["From"])])
    inside = {name: f"SUM({lines[0][name]}:{lines[-1][name]})" for name in UNITS} if lines else {}
    return {name: "+".join(filter(None, (own.get(name), inside.get(name)))) for name in UNITS}


def _borne(run: RunView, row: Row, stretches: list[Row]) -> dict[str, str]:
    """What the scrap of an item cost, and what each account bears of it."""
    moved = f"(Movements[Item]={row['Item']})*(Movements[Scrapped normal]+Movements[Units scrapped normal])"
    cost = "Material" if run.inputs.settings.conversion_expensed else "Unit cost"
    salvage = ""
    if run.sheets.has("Scrap", "Salvage value"):
        salvage = (
            f"-{item_sum('Scrap', 'Salvage value', row['code'], row['Item'], [('Kind', '=', literal(schema.NORMAL))])}"
        )
    at, span = run.letters("NormalScrap")["Material"], run.rows("NormalScrap", len(run.period.normal_scrap))
    whole = f"SUM({at}${span[0]}:{at}${span[-1]})"
    price = _price_cell(run)
    good = "+".join(f"MAX(0,{row[name]})" for name in UNITS)
    to_share = f"({row['Scrap']}+{row['Price variance']})"
    alone = {SHARES[-1]: to_share}
    return {
        **{name: "+".join(stretch[name] for stretch in stretches) for name in UNITS},
        "Scrap": f"SUMPRODUCT({moved}*Movements[{cost}]){salvage}",
        "Material": f"SUMPRODUCT({moved}*Movements[Material])",
        "Price variance": f"IF({whole}>0,{price}*{row['Material']}/{whole},0)",
        **{
            share: f"IF({good}>{NO_UNITS:.9f},{to_share}*MAX(0,{row[units]})/({good}),{alone.get(share, '0')})"
            for units, share in zip(UNITS, SHARES, strict=True)
        },
    }


def _price_cell(run: RunView) -> str:
    """The cell of Disposition with the share of the price variance that is on normal scrap."""
    first = run.sheets.tables["Disposition"].first_row
    rows = (k for k, share in enumerate(run.period.shares) if share.role == schema.CCC)
    return next((run.sheets.ref("Disposition", "Price variance", first + k) for k in rows), "0")
