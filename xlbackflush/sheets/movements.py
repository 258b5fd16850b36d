"""Sheet Movements: units per item and unit cost, live over the input sheets."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.engine.stock.movements import IN_PROCESS, SOURCES, UNIT_COSTS
from xlbackflush.sheets.body import Body, RunView, of_arrays
from xlbackflush.sheets.formulas import completion_counts, counted_units, stock_sum

TABLE = schema.MOVEMENTS


def body(run: RunView) -> Body:
    """One row per item and unit cost."""
    table, at = run.period.movements, run.letters(TABLE.name)
    rows, roll = run.rows(TABLE.name, len(table)), run.sheets.heads("Rollup")
    up = (table.rollup_row + run.rollup_top).tolist()
    codes = [run.codes[i] for i in table.item]
    cost = run.period.unit_costs.rows.of(table.rollup_row)
    first_of_item = [i == 0 or item != table.item[i - 1] for i, item in enumerate(table.item)]
    hours = [run.sheets.ref("StandardCost", "Labor hours", run.item_rows[i]) for i in table.item]
    opening = [
        stock_sum("Stock", "Opening qty", code, f"{at['Item']}{r}")
        if head and run.sheets.has("Stock", "Opening qty")
        else ""
        for code, r, head in zip(codes, rows, first_of_item, strict=True)
    ]
    completions = table.completion_counts.tolist()
    live = {
        "From": [f"{roll['From']}{u}" for u in up],
        "To": [f"{roll['To']}{u}" for u in up],
        "Opening": opening,
        "Completion counts": [
            completion_counts(code, f"{at['Item']}{r}") if n == n else ""
            for n, code, r in zip(completions, codes, rows, strict=True)
        ],
    }
    for name, stream in SOURCES.items():
        live[name] = [
            counted_units(stream, code, f"{at['Item']}{r}", f"{at['From']}{r}", f"{at['To']}{r}")
            for code, r in zip(codes, rows, strict=True)
        ]
    columns = of_arrays(TABLE, table, live | _in_process(run)) | {
        "Item": (codes, [f"{roll['Item']}{u}" for u in up]),
        "Type": (run.items.type[table.item].tolist(), [f"{roll['Type']}{u}" for u in up]),
        "Labor hours": (
            run.items.hours[table.item].tolist(),
            [f'IF({at["Type"]}{r}="{schema.BUY}",0,{h})' for r, h in zip(rows, hours, strict=True)],
        ),
    }
    for name, field in UNIT_COSTS.items():
        columns[name] = (getattr(cost, field).tolist(), [f"{roll[name]}{u}" for u in up])
    return columns


def _in_process(run: RunView) -> dict[str, list[str]]:
    """Equivalent whole units of items on sheet WIP, at the cost of period end."""
    table, at = run.period.movements, run.letters(TABLE.name)
    known = {code_key(code) for code in run.inputs.wip.item.tolist()}
    last = {item: k for k, item in enumerate(table.item.tolist())}
    listed = [last[item] == k and code_key(run.codes[item]) in known for k, item in enumerate(table.item.tolist())]

    def units(share: str) -> list[str]:
        given = all(run.sheets.has("WIP", column) for column in ("Quantity", share))
        return [
            f'SUMPRODUCT((WIP[Item]&""={at["Item"]}{r})*1,WIP[Quantity],WIP[{share}])' if given and here else ""
            for r, here in zip(run.rows(TABLE.name, len(table)), listed, strict=True)
        ]

    return {name: units(share) for name, share in IN_PROCESS.items()}
