"""Sheet Movements: units per item and unit cost, live over the input sheets."""

from xlbackflush import schema
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.engine.stock.movements import IN_PROCESS, SOURCES, UNIT_COSTS
from xlbackflush.sheets.body import Body, Row, RunView, filled, shown
from xlbackflush.sheets.formulas import Test, counted_units, equal, item_sum, plain
from xlbackflush.sheets.per_unit import labor_hours

#: formulas over the Roll-up row and the row on Standard Cost
_LIVE = {
    **{name: f"{{up[{name}]}}" for name in ("Item", "Type", "From", "To", *UNIT_COSTS)},
    "Labor hours": 'IF({Type}="{schema.BUY}",0,{labor})',
}
#: counts that complete an item, corrections left out
_COMPLETIONS: list[Test] = [*equal([("Event", schema.COMPLETED)]), ("Quantity", ">", "0")]


def body(run: RunView) -> Body:
    """One row per item and unit cost."""
    table = run.period.movements
    items = table.item.tolist()
    codes, cost = [run.codes[i] for i in items], run.period.unit_costs.rows.of(table.rollup_row)
    first_of_item = [i == 0 or item != items[i - 1] for i, item in enumerate(items)]
    completed = [n == n for n in table.completion_counts.tolist()]
    tests = list(zip(map(plain, codes), first_of_item, completed, _listed(run), strict=True))
    standard, up = run.items.row[table.item].tolist(), (table.rollup_row + run.rollup_top).tolist()
    shapes, first = run.shapes("Movements", tests, cost=standard, up=up)
    row = run.any_row("Movements")
    row["up"], row["cost"] = run.any_elsewhere("Rollup", "up"), run.any_elsewhere("StandardCost", "cost")
    row["labor"] = labor_hours(run, row["cost"])
    live = shapes.columns(_formulas(run, row, [(codes[k], *tests[k][1:]) for k in first]))
    columns = shown(schema.MOVEMENTS, table, live) | {
        "Item": (codes, live["Item"]),
        "Type": (run.items.type[table.item].tolist(), live["Type"]),
        "Labor hours": (run.items.hours[table.item].tolist(), live["Labor hours"]),
    }
    return columns | {name: (getattr(cost, field).tolist(), live[name]) for name, field in UNIT_COSTS.items()}


def _formulas(run: RunView, row: Row, shapes: list[tuple[str, bool, bool, bool]]) -> dict[str, list[str]]:
    """The formulas of each shape: code of an item of it, is it the item's first row, was it completed, is it in process."""
    opens, has, cell = run.sheets.has("Stock", "Opening qty"), run.sheets.has, row["Item"]
    live = {name: list(formulas) * len(shapes) for name, formulas in filled(_LIVE, [row]).items()}
    live["Opening"] = [
        item_sum("Stock", "Opening qty", code, cell) if is_first and opens else "" for code, is_first, *_ in shapes
    ]
    live["Completion counts"] = [
        item_sum("Counts", "", code, cell, _COMPLETIONS) if completed else "" for code, _, completed, _ in shapes
    ]
    for name, stream in SOURCES.items():
        live[name] = [
            counted_units(stream, code, cell, row["From"], row["To"], run.has_receipts) for code, *_ in shapes
        ]
    for name, share in IN_PROCESS.items():
        units = f'SUMPRODUCT((WIP[Item]&""={cell})*1,WIP[Quantity],WIP[{share}])'
        given = has("WIP", "Quantity") and has("WIP", share)
        live[name] = [units if given and in_process else "" for *_, in_process in shapes]
    return live


def _listed(run: RunView) -> list[bool]:
    """The last row of each item on sheet WIP: its units in process stand at the cost of period end."""
    items = run.period.movements.item.tolist()
    in_process = {code_key(code) for code in run.inputs.wip.item.tolist()}
    last = {item: k for k, item in enumerate(items)}
    return [last[item] == k and code_key(run.codes[item]) in in_process for k, item in enumerate(items)]
