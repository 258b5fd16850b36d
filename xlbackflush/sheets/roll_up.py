"""Sheet Roll-up: unit cost by element, own cost from Standard Cost plus the rows of Build-up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.stock.movements import UNIT_COSTS
from xlbackflush.ooxml.address import quoted
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import day_ref, literal

TABLE = schema.ROLLUP


def body(run: RunView) -> Body:
    """One row per item and unit cost."""
    rolled, at = run.period.unit_costs, run.letters(TABLE.name)
    rows = rolled.rows
    settings, here = run.inputs.settings, run.rows(TABLE.name, len(rows))
    item = rows["item"].tolist()
    block = _buildup_blocks(run)
    cost = [run.standard_cost(i) for i in item]
    bought = [f'{at["Type"]}{r}="{schema.BUY}"' for r in here]
    own = {
        "Labor": [f"{c['Labor hours']}*{c['Labor rate']}" for c in cost],
        "Variable overhead": [f"{c['Labor hours']}*{c['Variable overhead rate']}" for c in cost],
        "Fixed overhead": [f"{c['Labor hours']}*{c['Fixed overhead rate']}" for c in cost],
        "Other conversion": [c["Other conversion"] for c in cost],
    }
    columns: Body = {
        "Item": ([run.codes[i] for i in item], [f'{c["Item"]}&""' for c in cost]),
        "Type": (run.items["type"].iloc[item].tolist(), [c["Type"] for c in cost]),
        "Material": (
            rows["Material"].tolist(),
            [
                f"IF({b},{c['Material price']},{block('Material', k) or 0})"
                for k, (b, c) in enumerate(zip(bought, cost, strict=True))
            ],
        ),
    }
    for element in schema.ELEMENTS[1:]:
        below = [block(element, k) for k in range(len(rows))]
        columns[element] = (
            rows[element].tolist(),
            [f"IF({b},0,{o}{'+' + s if s else ''})" for b, o, s in zip(bought, own[element], below, strict=True)],
        )
    columns["Unit cost"] = (
        rows["unit_cost"].tolist(),
        ["+".join(f"{at[e]}{r}" for e in schema.ELEMENTS) for r in here],
    )
    start, end = day_ref(run.inputs, "Period start"), day_ref(run.inputs, "Period end")
    first, last = rows["first"].tolist(), rows["last"].tolist()
    columns["From"] = (first, [start if d == settings.period_start else "" for d in first])
    columns["To"] = (last, [end if d == settings.period_end else "" for d in last])
    columns["Recorded item"] = ([run.codes[i] for i in item], None)
    columns["Units to start"] = (
        run.items["to_start"].iloc[item].tolist(),
        [
            f'IF({b},1,IF({run.default_basis}="{schema.INPUT}",1/(1-{c["Assembly scrap %"]}),1+{c["Assembly scrap %"]}))'
            for b, c in zip(bought, cost, strict=True)
        ],
    )
    return columns | _relieved(run, here) | _flushed(run, bought, own)


def _relieved(run: RunView, here: range) -> Body:
    """The account that a unit is relieved from, and at what cost: its material alone where conversion is expensed."""
    at, rows, settings = run.letters(TABLE.name), run.period.unit_costs.rows, run.inputs.settings
    kinds = ",".join(literal(t) for t in schema.TYPES)
    roles = ",".join(literal(settings.role_of(t)) for t in schema.TYPES)
    role = run.items["role"].iloc[rows["item"]].tolist()
    carried = at["Material"] if settings.conversion_expensed else at["Unit cost"]
    return {
        "Relieved from": (role, [f"CHOOSE(MATCH({at['Type']}{r},{{{kinds}}},0),{roles})" for r in here]),
        "Relief cost": (
            [u if k else 0.0 for u, k in zip(rows["relief_cost"].tolist(), role, strict=True)],
            [f'IF({at["Relieved from"]}{r}="",0,{carried}{r})' for r in here],
        ),
    }


def _flushed(run: RunView, bought: list[str], own: dict[str, list[str]]) -> Body:
    """Conversion flushed with a unit, and what its completion takes besides: see `rollup._at_completion`."""
    rows, block = run.period.unit_costs.rows, _buildup_blocks(run)
    item = rows["item"].tolist()
    level = [f"IF({b},0,{'+'.join(o[k] for o in own.values())})" for k, b in enumerate(bought)]
    expensed = run.inputs.settings.conversion_expensed
    below = [block("Conversion at completion", k) for k in range(len(rows))]
    return {
        "Own conversion": (run.items["flushed"].iloc[item].tolist(), None if expensed else level),
        "Conversion at completion": (
            rows["conversion_at_completion"].tolist(),
            [f"{own_}{'+' + s if s else ''}" for own_, s in zip(level, below, strict=True)],
        ),
    } | {
        name: (rows[UNIT_COSTS[name]].tolist(), [block(name, k) for k in range(len(rows))])
        for name in ("Finished at completion", "Subassemblies at completion")
    }


def _buildup_blocks(run: RunView) -> Callable[[str, int], str]:
    """(element, roll-up row) -> SUM over its Build-up rows, or "" where it has none."""
    at, top = run.letters("Buildup"), run.sheets.tables["Buildup"].first_row
    sheet = quoted(run.sheets.tables["Buildup"].sheet)
    edges = np.searchsorted(
        run.period.unit_costs.buildup["row"].to_numpy(), np.arange(len(run.period.unit_costs.rows) + 1)
    )

    def block(element: str, row: int) -> str:
        first, stop = int(edges[row]), int(edges[row + 1])
        return f"SUM({sheet}!{at[element]}{top + first}:{at[element]}{top + stop - 1})" if stop > first else ""

    return block
