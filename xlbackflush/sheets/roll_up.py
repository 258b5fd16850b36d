"""Sheet Roll-up: unit cost by element, own cost from Standard Cost plus the rows of Build-up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.stock.movements import UNIT_COSTS
from xlbackflush.ooxml.address import quoted
from xlbackflush.sheets.body import Body, RunView, of_arrays
from xlbackflush.sheets.formulas import day_ref, literal

TABLE = schema.ROLLUP


def body(run: RunView) -> Body:
    """One row per item and unit cost."""
    rolled, at = run.period.unit_costs, run.letters(TABLE.name)
    rows = rolled.rows
    settings, here = run.inputs.settings, run.rows(TABLE.name, len(rows))
    item = rows.item.tolist()
    block = _buildup_blocks(run)
    cost = [run.standard_cost(i) for i in item]
    bought = [f'{at["Type"]}{r}="{schema.BUY}"' for r in here]
    own = {
        "Labor": [f"{c['Labor hours']}*{c['Labor rate']}" for c in cost],
        "Variable overhead": [f"{c['Labor hours']}*{c['Variable overhead rate']}" for c in cost],
        "Fixed overhead": [f"{c['Labor hours']}*{c['Fixed overhead rate']}" for c in cost],
        "Other conversion": [c["Other conversion"] for c in cost],
    }

    def plus(term: str) -> str:
        return f"+{term}" if term else ""

    start, end = day_ref(run.inputs, "Period start"), day_ref(run.inputs, "Period end")
    live = {
        "Material": [
            f"IF({b},{c['Material price']},{block('Material', k) or 0})"
            for k, (b, c) in enumerate(zip(bought, cost, strict=True))
        ],
        "Unit cost": ["+".join(f"{at[e]}{r}" for e in schema.ELEMENTS) for r in here],
        "From": [start if day == settings.period_start else "" for day in rows.first],
        "To": [end if day == settings.period_end else "" for day in rows.last],
        "Conversion at completion": [
            level + plus(block("Conversion at completion", k)) for k, level in enumerate(_own_conversion(bought, own))
        ],
    }
    for element in schema.ELEMENTS[1:]:
        live[element] = [
            f"IF({b},0,{o}{plus(block(element, k))})" for k, (b, o) in enumerate(zip(bought, own[element], strict=True))
        ]
    columns = of_arrays(TABLE, rows, live) | {
        "Item": ([run.codes[i] for i in item], [f'{c["Item"]}&""' for c in cost]),
        "Type": (run.items.type[item].tolist(), [c["Type"] for c in cost]),
        "Recorded item": ([run.codes[i] for i in item], None),
        "Units to start": (
            run.items.to_start[item].tolist(),
            [
                f'IF({b},1,IF({run.default_basis}="{schema.INPUT}",1/(1-{c["Assembly scrap %"]}),1+{c["Assembly scrap %"]}))'
                for b, c in zip(bought, cost, strict=True)
            ],
        ),
    }
    return columns | _relieved(run, here) | _flushed(run, bought, own)


def _relieved(run: RunView, here: range) -> Body:
    """The account that a unit is relieved from, and at what cost: its material alone where conversion is expensed."""
    at, rows, settings = run.letters(TABLE.name), run.period.unit_costs.rows, run.inputs.settings
    kinds = ",".join(literal(t) for t in schema.TYPES)
    roles = ",".join(literal(settings.role_of(t)) for t in schema.TYPES)
    role = run.items.role[rows.item].tolist()
    carried = at["Material"] if settings.conversion_expensed else at["Unit cost"]
    return {
        "Relieved from": (role, [f"CHOOSE(MATCH({at['Type']}{r},{{{kinds}}},0),{roles})" for r in here]),
        "Relief cost": (
            [u if k else 0.0 for u, k in zip(rows.relief_cost.tolist(), role, strict=True)],
            [f'IF({at["Relieved from"]}{r}="",0,{carried}{r})' for r in here],
        ),
    }


def _flushed(run: RunView, bought: list[str], own: dict[str, list[str]]) -> Body:
    """Conversion flushed with a unit, and what its completion takes besides: see `unit_cost._at_completion`."""
    rows, block = run.period.unit_costs.rows, _buildup_blocks(run)
    level = None if run.inputs.settings.conversion_expensed else _own_conversion(bought, own)
    return {"Own conversion": (run.items.flushed[rows.item].tolist(), level)} | {
        name: (getattr(rows, UNIT_COSTS[name]).tolist(), [block(name, k) for k in range(len(rows))])
        for name in ("Finished at completion", "Subassemblies at completion")
    }


def _own_conversion(bought: list[str], own: dict[str, list[str]]) -> list[str]:
    """Conversion of this level, as it stands on Standard Cost."""
    return [f"IF({b},0,{'+'.join(o[k] for o in own.values())})" for k, b in enumerate(bought)]


def _buildup_blocks(run: RunView) -> Callable[[str, int], str]:
    """(element, roll-up row) -> SUM over its Build-up rows, or "" where it has none."""
    at, top = run.letters("Buildup"), run.sheets.tables["Buildup"].first_row
    sheet = quoted(run.sheets.tables["Buildup"].sheet)
    edges = np.searchsorted(run.period.unit_costs.buildup.row, np.arange(len(run.period.unit_costs.rows) + 1))

    def block(element: str, row: int) -> str:
        first, stop = int(edges[row]), int(edges[row + 1])
        return f"SUM({sheet}!{at[element]}{top + first}:{at[element]}{top + stop - 1})" if stop > first else ""

    return block
