"""Sheet Build-up: what each BOM line adds, quantity with all scrap times the component's elements."""

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.stock.movements import UNIT_COSTS
from xlbackflush.sheets.body import Body, Row, RunView, filled
from xlbackflush.sheets.formulas import scrap_basis, with_scrap

#: formulas over the BOM line, and over the Roll-up rows of its parent (up) and its component (down)
_LIVE = {
    "Parent": "{up[Item]}",
    "Component": '{line[Component]}&""',
    "Quantity": "IF(AND({tests}),{factor},0)*{up[Units to start]}",
    **{element: f"{{Quantity}}*{{down[{element}]}}" for element in schema.ELEMENTS},
    "Scrap basis": "{basis}",
    "Conversion at completion": 'IF({down[Type]}="{schema.PHANTOM}",{Quantity}*{down[Conversion at completion]},0)',
    "Finished at completion": (
        '{Quantity}*IF({down[Type]}="{schema.FINISHED}",{down[Unit cost]},'
        'IF({down[Type]}="{schema.PHANTOM}",{down[Finished at completion]},0))'
    ),
    "Subassemblies at completion": (
        '{Quantity}*IF({down[Type]}="{schema.SUBASSEMBLY}",{down[Unit cost]},'
        'IF({down[Type]}="{schema.PHANTOM}",{down[Subassemblies at completion]},0))'
    ),
}


def body(run: RunView) -> Body:
    """One row per line of the bill and unit cost of its parent."""
    table, costs = run.period.unit_costs.buildup, run.period.unit_costs.rows
    bom_rows, on_input = run.lines.row[table.line].tolist(), run.lines.on_input[table.line]
    has_basis = run.sheets.has("BOM", "Scrap basis")
    row = run.any_row("Buildup")
    for name, other in (("line", "BOM"), ("up", "Rollup"), ("down", "Rollup")):
        row[name] = run.any_elsewhere(other, name)
    row["basis"] = scrap_basis(row["line"]["Scrap basis"] if has_basis else "", run.default_basis)
    row["factor"] = with_scrap(row["line"]["Qty per"], row["line"]["Scrap %"], row["Scrap basis"])
    row["tests"] = ",".join(_in_force(run, row))
    up, down = (numbers + run.rollup_top for numbers in (table.row, table.component_row))
    shapes, _ = run.shapes("Buildup", [0] * len(table), line=bom_rows, up=up.tolist(), down=down.tolist())
    values = {
        "Parent": [run.codes[i] for i in costs.item[table.row]],
        "Component": run.lines.spelled[table.line].tolist(),
        "Quantity": table.quantity.tolist(),
        **{e: (table.quantity * costs.elements[e][table.component_row]).tolist() for e in schema.ELEMENTS},
        "BOM row": bom_rows,
        "Scrap basis": np.where(on_input, schema.INPUT, schema.OUTPUT).tolist(),
        **_passed_on(run),
    }
    live = shapes.columns(filled(_LIVE, [row]))
    return {name: (cells, live.get(name)) for name, cells in values.items()}


def _in_force(run: RunView, row: Row) -> list[str]:
    """Tests that the line is still that of the parent and the component, and in force while the parent's cost holds."""
    line, up = row["line"], row["up"]
    tests = [f'{line["Parent"]}&""={row["Parent"]}', f"{row['down']['Item']}={row['Component']}"]
    if run.sheets.has("BOM", "Effective from"):
        tests.append(f"INT({line['Effective from']})<={up['From']}")
    if run.sheets.has("BOM", "Effective to"):
        tests.append(f'OR({line["Effective to"]}="",INT({line["Effective to"]})>={up["To"]})')
    return tests


def _passed_on(run: RunView) -> dict[str, list[float]]:
    """What a component passes on to its parent's completion: see `unit_cost._at_completion`."""
    table = run.period.unit_costs.buildup
    costs = run.period.unit_costs.rows.of(table.component_row)
    kind = run.items.type[costs.item]
    phantom = kind == schema.PHANTOM
    conversion = np.where(phantom, table.quantity * costs.conversion_at_completion, 0.0)
    passed_on = {"Conversion at completion": conversion.tolist()}
    for whole, name in (
        (schema.FINISHED, "Finished at completion"),
        (schema.SUBASSEMBLY, "Subassemblies at completion"),
    ):
        through = np.where(phantom, getattr(costs, UNIT_COSTS[name]), 0.0)
        passed_on[name] = (table.quantity * np.where(kind == whole, costs.unit_cost, through)).tolist()
    return passed_on
