"""Sheet Build-up: what each BOM line adds, quantity with all scrap times the component's elements."""

from __future__ import annotations

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.stock.movements import UNIT_COSTS
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import scrap_basis, with_scrap

TABLE = schema.BUILDUP


def body(run: RunView) -> Body:
    """One row per line of the bill and unit cost of its parent."""
    table, rows, at = run.period.unit_costs.buildup, run.period.unit_costs.rows, run.letters(TABLE.name)
    bom, roll = run.sheets.heads("BOM"), run.sheets.heads("Rollup")
    bom_row = run.lines.row[table.line].tolist()
    up = (table.row + run.rollup_top).tolist()
    down = (table.component_row + run.rollup_top).tolist()
    here = run.rows(TABLE.name, len(table))
    parent = [run.codes[i] for i in rows.item[table.row]]
    component = run.lines.spelled[table.line].tolist()
    basis = run.lines.on_input[table.line]
    quantity = []
    for r, b, u, d in zip(here, bom_row, up, down, strict=True):
        line = {name: f"{head}{b}" for name, head in bom.items()}
        factor = with_scrap(line["Qty per"], line.get("Scrap %", "0"), f"{at['Scrap basis']}{r}")
        tests = [f'{line["Parent"]}&""={at["Parent"]}{r}', f"{roll['Item']}{d}={at['Component']}{r}"]
        if "Effective from" in line:
            tests.append(f"INT({line['Effective from']})<={roll['From']}{u}")
        if "Effective to" in line:
            tests.append(f'OR({line["Effective to"]}="",INT({line["Effective to"]})>={roll["To"]}{u})')
        quantity.append(f"IF(AND({','.join(tests)}),{factor},0)*{roll['Units to start']}{u}")
    values = table.quantity
    columns: Body = {
        "Parent": (parent, [f"{roll['Item']}{u}" for u in up]),
        "Component": (component, [f'{bom["Component"]}{b}&""' for b in bom_row]),
        "Quantity": (values.tolist(), quantity),
    }
    for element in schema.ELEMENTS:
        cost = rows.elements[element][table.component_row]
        columns[element] = (
            (values * cost).tolist(),
            [f"{at['Quantity']}{r}*{roll[element]}{d}" for r, d in zip(here, down, strict=True)],
        )
    columns |= _passed_on(run, values, here, down)
    columns["BOM row"] = (bom_row, None)
    columns["Scrap basis"] = (
        np.where(basis, schema.INPUT, schema.OUTPUT).tolist(),
        [scrap_basis(bom, b, run.default_basis) for b in bom_row],
    )
    return columns


def _passed_on(run: RunView, quantity: np.ndarray, here: range, down: list[int]) -> Body:
    """What a component passes on to its parent's completion: see `unit_cost._at_completion`."""
    at, roll, rows = run.letters(TABLE.name), run.sheets.heads("Rollup"), run.period.unit_costs.rows
    below = run.period.unit_costs.buildup.component_row
    kind = run.items.type[rows.item[below]]
    costs = rows.of(below)
    phantom = kind == schema.PHANTOM
    columns: Body = {
        "Conversion at completion": (
            np.where(phantom, quantity * costs.conversion_at_completion, 0.0).tolist(),
            [
                f'IF({roll["Type"]}{d}="{schema.PHANTOM}",{at["Quantity"]}{r}*{roll["Conversion at completion"]}{d},0)'
                for r, d in zip(here, down, strict=True)
            ],
        )
    }
    for whole, name in (
        (schema.FINISHED, "Finished at completion"),
        (schema.SUBASSEMBLY, "Subassemblies at completion"),
    ):
        taken = np.where(phantom, getattr(costs, UNIT_COSTS[name]), 0.0)
        columns[name] = (
            (quantity * np.where(kind == whole, costs.unit_cost, taken)).tolist(),
            [
                f'{at["Quantity"]}{r}*IF({roll["Type"]}{d}="{whole}",{roll["Unit cost"]}{d},'
                f'IF({roll["Type"]}{d}="{schema.PHANTOM}",{roll[name]}{d},0))'
                for r, d in zip(here, down, strict=True)
            ],
        )
    return columns
