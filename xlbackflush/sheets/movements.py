"""Sheet Movements: units per item and unit cost, live over the input sheets."""

from xlbackflush import schema
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.engine.stock.movements import IN_PROCESS, SOURCES, UNIT_COSTS
from xlbackflush.sheets.body import Body, Row, RunView, filled, shown
from xlbackflush.sheets.formulas import Test, counted_units, equal, item_sum

#: formulas over the Roll-up row and the row on Standard Cost
_LIVE = {
    **{name: f"{{up[{name}]}}" for name in ("Item", "Type", "From", "To", *UNIT_COSTS)},
    "Labor hours": 'IF({Type}="{schema.BUY}",0,{cost[Labor hours]})',
}
#: counts that complete an item, corrections left out
_COMPLETIONS: list[Test] = [*equal([("Event", schema.COMPLETED)]), ("Quantity", ">", "0")]


def body(run: RunView) -> Body:
    """One row per item and unit cost."""
    table = run.period.movements
    items = table.item.tolist()
    codes, cost = [run.codes[i] for i in items], run.period.unit_costs.rows.of(table.rollup_row)
    up = run.unit_costs(table.rollup_row.tolist())
    rows = run.cells("Movements", len(table), up=up, cost=run.standard_costs(items))
    coded = list(zip(codes, rows, strict=True))
    first_of_item = [i == 0 or item != items[i - 1] for i, item in enumerate(items)]
    opens = run.sheets.has("Stock", "Opening qty")
    live = filled(_LIVE, rows) | {
        "Opening": [
            item_sum("Stock", "Opening qty", code, row["Item"]) if first and opens else ""
            for (code, row), first in zip(coded, first_of_item, strict=True)
        ],
        "Completion counts": [
            item_sum("Counts", "", code, row["Item"], _COMPLETIONS) if n == n else ""
            for (code, row), n in zip(coded, table.completion_counts.tolist(), strict=True)
        ],
    }
    for name, stream in SOURCES.items():
        live[name] = [counted_units(stream, code, row["Item"], row["From"], row["To"]) for code, row in coded]
    columns = shown(schema.MOVEMENTS, table, live | _in_process(run, rows)) | {
        "Item": (codes, live["Item"]),
        "Type": (run.items.type[table.item].tolist(), live["Type"]),
        "Labor hours": (run.items.hours[table.item].tolist(), live["Labor hours"]),
    }
    return columns | {name: (getattr(cost, field).tolist(), live[name]) for name, field in UNIT_COSTS.items()}


def _in_process(run: RunView, rows: list[Row]) -> dict[str, list[str]]:
    """Equivalent whole units of items on sheet WIP, at the cost of period end."""
    items = run.period.movements.item.tolist()
    in_process = {code_key(code) for code in run.inputs.wip.item.tolist()}
    last = {item: k for k, item in enumerate(items)}
    listed = [last[item] == k and code_key(run.codes[item]) in in_process for k, item in enumerate(items)]

    def units(share: str) -> list[str]:
        given = all(run.sheets.has("WIP", column) for column in ("Quantity", share))
        return [
            f'SUMPRODUCT((WIP[Item]&""={row["Item"]})*1,WIP[Quantity],WIP[{share}])' if given and here else ""
            for row, here in zip(rows, listed, strict=True)
        ]

    return {name: units(share) for name, share in IN_PROCESS.items()}
