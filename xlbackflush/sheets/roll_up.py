"""Sheet Roll-up: unit cost by element, own cost from Standard Cost plus the rows of Build-up."""

from collections.abc import Callable

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.stock.movements import UNIT_COSTS
from xlbackflush.ooxml.address import quoted
from xlbackflush.sheets.body import Body, Row, RunView, filled, shown
from xlbackflush.sheets.formulas import day_ref, literal

#: what an item costs at its own level, over its row on Standard Cost
_OWN = {
    "Labor": "{cost[Labor hours]}*{cost[Labor rate]}",
    "Variable overhead": "{cost[Labor hours]}*{cost[Variable overhead rate]}",
    "Fixed overhead": "{cost[Labor hours]}*{cost[Fixed overhead rate]}",
    "Other conversion": "{cost[Other conversion]}",
}
_BOUGHT = '{Type}="{schema.BUY}"'
_OWN_CONVERSION = f"IF({_BOUGHT},0,{'+'.join(_OWN.values())})"
#: formulas; {below[Column]} is the sum of a column over the rows of Build-up, with a plus before it, where there are any
_LIVE = {
    "Item": '{cost[Item]}&""',
    "Type": "{cost[Type]}",
    "Material": f"IF({_BOUGHT},{{cost[Material price]}},{{material}})",
    **{element: f"IF({_BOUGHT},0,{own}{{below[{element}]}})" for element, own in _OWN.items()},
    "Unit cost": "+".join(f"{{{element}}}" for element in schema.ELEMENTS),
    "From": "{start}",
    "To": "{end}",
    "Relieved from": "CHOOSE(MATCH({Type},{{{kinds}}},0),{roles})",
    "Relief cost": 'IF({Relieved from}="",0,{carried})',
    "Own conversion": _OWN_CONVERSION,
    "Units to start": (
        f'IF({_BOUGHT},1,IF({{basis}}="{{schema.INPUT}}",1/(1-{{cost[Assembly scrap %]}}),1+{{cost[Assembly scrap %]}}))'
    ),
    "Conversion at completion": f"{_OWN_CONVERSION}{{below[Conversion at completion]}}",
}
_PASSED_ON = ("Finished at completion", "Subassemblies at completion")


def body(run: RunView) -> Body:
    """One row per item and unit cost."""
    costs, settings = run.period.unit_costs.rows, run.inputs.settings
    items, role = costs.item.tolist(), run.items.role[costs.item].tolist()
    block, rows = _buildup_blocks(run), run.cells("Rollup", len(costs), cost=run.standard_costs(items))
    for k, row in enumerate(rows):
        _add_parts(row, k, run, block)
    live = filled(_LIVE, rows) | {name: [block(name, k) for k in range(len(rows))] for name in _PASSED_ON}
    codes = [run.codes[i] for i in items]
    values = {
        "Item": codes,
        "Type": run.items.type[items].tolist(),
        "Recorded item": codes,
        "Units to start": run.items.to_start[items].tolist(),
        "Relieved from": role,
        "Relief cost": [cost if kept else 0.0 for cost, kept in zip(costs.relief_cost.tolist(), role, strict=True)],
        "Own conversion": run.items.flushed[items].tolist(),
        **{name: getattr(costs, UNIT_COSTS[name]).tolist() for name in _PASSED_ON},
    }
    if settings.conversion_expensed:
        del live["Own conversion"]
    return shown(schema.ROLLUP, costs, live) | {name: (cells, live.get(name)) for name, cells in values.items()}


def _add_parts(row: Row, k: int, run: RunView, block: Callable[[str, int], str]) -> None:
    """What the formulas of a row are made of, besides cells; k: its position from 0."""
    costs, settings = run.period.unit_costs.rows, run.inputs.settings
    below = {name: block(name, k) for name in (*schema.ELEMENTS, "Conversion at completion")}
    row["below"] = {name: total and f"+{total}" for name, total in below.items()}
    row["material"] = below["Material"] or "0"
    row["start"] = day_ref(run.inputs, "Period start") if costs.first[k] == settings.period_start else ""
    row["end"] = day_ref(run.inputs, "Period end") if costs.last[k] == settings.period_end else ""
    row["basis"] = run.default_basis
    row["kinds"] = ",".join(map(literal, schema.TYPES))
    row["roles"] = ",".join(literal(settings.role_of(kind)) for kind in schema.TYPES)
    row["carried"] = row["Material"] if settings.conversion_expensed else row["Unit cost"]


def _buildup_blocks(run: RunView) -> Callable[[str, int], str]:
    """(element, roll-up row) -> SUM over its Build-up rows, or "" where it has none."""
    at, top = run.letters("Buildup"), run.sheets.tables["Buildup"].first_row
    sheet = quoted(run.sheets.tables["Buildup"].sheet)
    edges = np.searchsorted(run.period.unit_costs.buildup.row, np.arange(len(run.period.unit_costs.rows) + 1))

    def block(element: str, row: int) -> str:
        first, stop = int(edges[row]), int(edges[row + 1])
        return f"SUM({sheet}!{at[element]}{top + first}:{at[element]}{top + stop - 1})" if stop > first else ""

    return block
