"""Sheet Build-up: what each BOM line adds, quantity with all scrap times the component's elements."""

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.stock.movements import UNIT_COSTS
from xlbackflush.sheets.body import Body, Row, RunView, filled
from xlbackflush.sheets.formulas import scrap_basis, with_scrap
from xlbackflush.sheets.per_unit import of_alternative, qty_per, unit_factor

#: formulas over the BOM line, and over the Roll-up rows of its parent (up) and its component (down)
_LIVE = {
    "Parent": "{up[Item]}",
    "Component": '{line[Component]}&""',
    "Quantity": "IF(AND({tests}),{factor},0)*{up[Units to start]}",
    **{element: f"{{Quantity}}*{{down[{element}]}}" for element in schema.ELEMENTS[:-1]},
    schema.ELEMENTS[-1]: "{Quantity}*{other}",
    "Scrap basis": "{basis}",
    "Unit factor": "{unit factor}",
    "Conversion at completion": 'IF({down[Type]}="{schema.PHANTOM}",{Quantity}*{down[Conversion at completion]},{handling})',
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
    parent, handling = costs.item[table.row], run.items.handling[costs.item[table.component_row]]
    factors, factor_rows = ([column[line] for line in table.line.tolist()] for column in run.factors_of_lines)
    tests = list(zip(map(bool, factor_rows), (handling != 0).tolist(), strict=True))
    numbers = {
        "up": table.row + run.rollup_top,
        "down": table.component_row + run.rollup_top,
        "cost": run.items.row[parent],
    }
    slots = {name: column.tolist() for name, column in numbers.items()} | {"line": bom_rows, "factor": factor_rows}
    shapes, first = run.shapes("Buildup", tests, **slots)
    values = {
        "Parent": [run.codes[i] for i in parent],
        "Component": run.lines.spelled[table.line].tolist(),
        "Quantity": table.quantity.tolist(),
        **{e: (table.quantity * costs.elements[e][table.component_row]).tolist() for e in schema.ELEMENTS[:-1]},
        schema.ELEMENTS[-1]: (table.quantity * (costs.other_conversion[table.component_row] + handling)).tolist(),
        "BOM row": bom_rows,
        "Scrap basis": np.where(on_input, schema.INPUT, schema.OUTPUT).tolist(),
        **_passed_on(run),
        "Unit factor": factors,
    }
    live = shapes.columns(filled(_LIVE, [_row(run, *tests[k]) for k in first]))
    return {name: (cells, live.get(name)) for name, cells in values.items()}


def _row(run: RunView, converted: bool, handled: bool) -> Row:
    """Any row whose unit is converted, or not, and whose component has material overhead, or not."""
    row, has_basis = run.any_row("Buildup"), run.sheets.has("BOM", "Scrap basis")
    for name, other in (("line", "BOM"), ("up", "Rollup"), ("down", "Rollup"), ("cost", "StandardCost")):
        row[name] = run.any_elsewhere(other, name)
    line, down = row["line"], row["down"]
    row["basis"] = scrap_basis(line["Scrap basis"] if has_basis else "", run.default_basis)
    row["unit factor"] = unit_factor(run, line["UoM"]) if converted else ""
    quantity = qty_per(run, line, row["Unit factor"] if converted else "")
    row["factor"] = with_scrap(quantity, line["Scrap %"], row["Scrap basis"])
    row["tests"] = ",".join(_in_force(run, row))
    other, handling = down["Other conversion"], down["Material overhead"]
    row["other"] = f"({other}+{handling})" if handled else other
    row["handling"] = f"{row['Quantity']}*{handling}" if handled else "0"
    return row


def _in_force(run: RunView, row: Row) -> list[str]:
    """Tests that the line is still that of the parent and the component, and in force while the parent's cost holds."""
    line, up = row["line"], row["up"]
    tests = [f'{line["Parent"]}&""={row["Parent"]}', f"{row['down']['Item']}={row['Component']}"]
    if run.sheets.has("BOM", "Effective from"):
        tests.append(f"INT({line['Effective from']})<={up['From']}")
    if run.sheets.has("BOM", "Effective to"):
        tests.append(f'OR({line["Effective to"]}="",INT({line["Effective to"]})>={up["To"]})')
    return tests + of_alternative(run, line, row["cost"])


def _passed_on(run: RunView) -> dict[str, list[float]]:
    """What a component passes on to its parent's completion: see `unit_cost._at_completion`."""
    table = run.period.unit_costs.buildup
    costs = run.period.unit_costs.rows.of(table.component_row)
    kind = run.items.type[costs.item]
    phantom = kind == schema.PHANTOM
    passed = np.where(phantom, costs.conversion_at_completion, run.items.handling[costs.item])
    conversion = table.quantity * passed
    passed_on = {"Conversion at completion": conversion.tolist()}
    for whole, name in (
        (schema.FINISHED, "Finished at completion"),
        (schema.SUBASSEMBLY, "Subassemblies at completion"),
    ):
        through = np.where(phantom, getattr(costs, UNIT_COSTS[name]), 0.0)
        passed_on[name] = (table.quantity * np.where(kind == whole, costs.unit_cost, through)).tolist()
    return passed_on
