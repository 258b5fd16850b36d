"""Sheet Movements: units per item and unit cost, live over the input sheets."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import Stream
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.engine.stock.movements import IN_PROCESS, SOURCES, UNIT_COSTS
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import completion_counts, counted_units, stock_sum

TABLE = schema.MOVEMENTS


def body(run: RunView) -> Body:
    """One row per item and unit cost."""
    table, at = run.period.movements, run.letters(TABLE.name)
    rows, roll = run.rows(TABLE.name, len(table)), run.sheets.heads("Rollup")
    up = (table["rollup_row"] + run.rollup_top).tolist()
    codes = [run.codes[i] for i in table["item"]]
    cost = run.period.unit_costs.rows.iloc[table["rollup_row"]]
    first_of_item = (~table["item"].duplicated()).tolist()
    hours = [run.sheets.ref("StandardCost", "Labor hours", run.item_rows[i]) for i in table["item"]]
    opening = [
        stock_sum("Stock", "Opening qty", code, f"{at['Item']}{r}")
        if head and run.sheets.has("Stock", "Opening qty")
        else ""
        for code, r, head in zip(codes, rows, first_of_item, strict=True)
    ]
    columns: Body = {
        "Item": (codes, [f"{roll['Item']}{u}" for u in up]),
        "Type": (run.items["type"].iloc[table["item"]].tolist(), [f"{roll['Type']}{u}" for u in up]),
        "From": (table["first"].tolist(), [f"{roll['From']}{u}" for u in up]),
        "To": (table["last"].tolist(), [f"{roll['To']}{u}" for u in up]),
        "Opening": (table["Opening"].tolist(), opening),
        "Labor hours": (
            run.items["hours"].iloc[table["item"]].tolist(),
            [f'IF({at["Type"]}{r}="{schema.BUY}",0,{h})' for r, h in zip(rows, hours, strict=True)],
        ),
    }
    for name, (source, wanted) in SOURCES.items():
        stream = Stream(source, wanted, "")
        formulas = [
            counted_units(stream, code, f"{at['Item']}{r}", f"{at['From']}{r}", f"{at['To']}{r}")
            for code, r in zip(codes, rows, strict=True)
        ]
        columns[name] = (table[name].tolist(), formulas)
    for name, column in UNIT_COSTS.items():
        columns[name] = (cost[column].tolist(), [f"{roll[name]}{u}" for u in up])
    completions = table["Completion counts"].tolist()
    columns["Completion counts"] = (
        completions,
        [
            completion_counts(code, f"{at['Item']}{r}") if n == n else ""
            for n, code, r in zip(completions, codes, rows, strict=True)
        ],
    )
    return columns | _in_process(run)


def _in_process(run: RunView) -> Body:
    """Equivalent whole units of items on sheet WIP, at the cost of period end."""
    table, at = run.period.movements, run.letters(TABLE.name)
    known = {code_key(code) for code in run.inputs.frames["WIP"]["Item"]}
    last = ~table["item"].duplicated(keep="last")
    listed = [end and code_key(run.codes[i]) in known for i, end in zip(table["item"], last, strict=True)]

    def units(share: str) -> list[str]:
        given = all(run.sheets.has("WIP", column) for column in ("Quantity", share))
        return [
            f'SUMPRODUCT((WIP[Item]&""={at["Item"]}{r})*1,WIP[Quantity],WIP[{share}])' if given and here else ""
            for r, here in zip(run.rows(TABLE.name, len(table)), listed, strict=True)
        ]

    return {name: (table[name].tolist(), units(share)) for name, share in IN_PROCESS.items()}
