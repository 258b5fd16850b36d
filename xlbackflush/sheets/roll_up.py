"""Sheet Roll-up: unit cost by element, own cost from Standard Cost plus the rows of Build-up."""

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.stock.movements import UNIT_COSTS
from xlbackflush.model.arrays import Ints
from xlbackflush.ooxml.address import quoted
from xlbackflush.ooxml.patterns import slot
from xlbackflush.sheets.body import Body, Row, RunView, filled, shown
from xlbackflush.sheets.formulas import day_ref, literal
from xlbackflush.sheets.per_unit import labor_hours, material_price, overhead_hours

#: what an item costs at its own level, over its row on Standard Cost
_OWN = {
    "Labor": "{labor}*{cost[Labor rate]}",
    "Variable overhead": "{driver}*{cost[Variable overhead rate]}",
    "Fixed overhead": "{driver}*{cost[Fixed overhead rate]}",
    "Other conversion": "{cost[Other conversion]}",
}
_BOUGHT = '{Type}="{schema.BUY}"'
_OWN_CONVERSION = f"IF({_BOUGHT},%s,{'+'.join(_OWN.values())})"
#: formulas; {sum[Column]} is the sum of a column over the rows of Build-up, {below[Column]} the same with a plus before it
_LIVE = {
    "Item": '{cost[Item]}&""',
    "Type": "{cost[Type]}",
    "Material": f"IF({_BOUGHT},{{price}},{{material}})",
    **{element: f"IF({_BOUGHT},0,{own}{{below[{element}]}})" for element, own in _OWN.items()},
    "Unit cost": "+".join(f"{{{element}}}" for element in schema.ELEMENTS),
    "From": "{start}",
    "To": "{end}",
    "Relieved from": "CHOOSE(MATCH({Type},{{{kinds}}},0),{roles})",
    "Relief cost": 'IF({Relieved from}="",0,{carried})',
    "Own conversion": _OWN_CONVERSION % "{Material overhead}",
    "Units to start": (
        f'IF({_BOUGHT},1,IF({{basis}}="{{schema.INPUT}}",1/(1-{{cost[Assembly scrap %]}}),1+{{cost[Assembly scrap %]}}))'
    ),
    "Conversion at completion": f"{_OWN_CONVERSION % 0}{{below[Conversion at completion]}}",
    "Finished at completion": "{sum[Finished at completion]}",
    "Subassemblies at completion": "{sum[Subassemblies at completion]}",
    "Material overhead": f"IF({_BOUGHT},{{Material}}*{{cost[Material overhead %]}},0)",
}
_PASSED_ON = ("Finished at completion", "Subassemblies at completion")


def body(run: RunView) -> Body:
    """One row per item and unit cost."""
    costs, settings = run.period.unit_costs.rows, run.inputs.settings
    items, role = costs.item.tolist(), run.items.role[costs.item].tolist()
    tops, ends = _buildup_blocks(run)
    tests = tuple(
        zip(costs.first == settings.period_start, costs.last == settings.period_end, ends >= tops, strict=True)
    )
    standard = run.items.row[costs.item].tolist()
    shapes, first = run.shapes("Rollup", tests, cost=standard, top=tops.tolist(), end=ends.tolist())
    rows = [_row(run, *tests[k]) for k in first]
    by_class = {"Class": 'TRIM({cost[Class]}&"")'} if len(run.bill.classes) > 1 else {}
    live = shapes.columns(filled(_LIVE | by_class, rows))
    codes, classes = [run.codes[i] for i in items], run.bill.typed_classes
    values = {
        "Item": codes,
        "Type": run.items.type[items].tolist(),
        "Recorded item": codes,
        "Class": [classes[i] for i in items],
        "Units to start": run.items.to_start[items].tolist(),
        "Relieved from": role,
        "Relief cost": [cost if kept else 0.0 for cost, kept in zip(costs.relief_cost.tolist(), role, strict=True)],
        "Own conversion": run.items.flushed[items].tolist(),
        "Material overhead": run.items.handling[items].tolist(),
        **{name: getattr(costs, UNIT_COSTS[name]).tolist() for name in _PASSED_ON},
    }
    if settings.conversion_expensed:
        del live["Own conversion"]
    return shown(schema.ROLLUP, costs, live) | {name: (cells, live.get(name)) for name, cells in values.items()}


def _row(run: RunView, from_start: bool, to_end: bool, has_lines: bool) -> Row:
    """Any row whose cost holds from the start of the period, or to its end, and that has rows of Build-up, or not."""
    row, settings = run.any_row("Rollup"), run.inputs.settings
    at, sheet = run.letters("Buildup"), quoted(run.sheets.tables["Buildup"].sheet)
    cost = row["cost"] = run.any_elsewhere("StandardCost", "cost")
    row["price"], row["labor"] = material_price(run, cost), labor_hours(run, cost)
    row["driver"] = overhead_hours(run, cost, row["labor"])
    sums = {name: f"SUM({sheet}!{at[name]}{slot('top')}:{at[name]}{slot('end')})" for name in at} if has_lines else {}
    row["below"] = {name: f"+{sums[name]}" if sums else "" for name in at}
    row["sum"] = {name: sums.get(name, "") for name in at}
    row["material"] = sums.get("Material", "0")
    row["start"] = day_ref(run.inputs, "Period start") if from_start else ""
    row["end"] = day_ref(run.inputs, "Period end") if to_end else ""
    row["basis"] = run.default_basis
    row["kinds"] = ",".join(map(literal, schema.TYPES))
    row["roles"] = ",".join(literal(settings.role_of(kind)) for kind in schema.TYPES)
    row["carried"] = row["Material"] if settings.conversion_expensed else row["Unit cost"]
    return row


def _buildup_blocks(run: RunView) -> tuple[Ints, Ints]:
    """First and last row on Build-up of each row of Roll-up; where it has none, the last comes before the first."""
    top, buildup = run.sheets.tables["Buildup"].first_row, run.period.unit_costs.buildup
    edges = np.searchsorted(buildup.row, np.arange(len(run.period.unit_costs.rows) + 1))
    return top + edges[:-1], top + edges[1:] - 1
