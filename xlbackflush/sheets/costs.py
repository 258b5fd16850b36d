"""Bodies of the sheets of unit costs: Roll-up, Build-up, and Movements, the units that moved at each cost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.explosion.demand import Stream
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.engine.stock.movements import IN_PROCESS, SOURCES, UNIT_COSTS
from xlbackflush.ooxml.address import quoted
from xlbackflush.sheets.body import Body, Writing
from xlbackflush.sheets.formulas import (
    completion_counts,
    counted_units,
    day_ref,
    literal,
    scrap_basis,
    stock_sum,
    with_scrap,
)


def rollup(w: Writing) -> Body:
    """Unit cost by element: own cost from Standard Cost plus the rows of Build-up."""
    rolled, at = w.posted.rollup, w.letters("Rollup")
    rows = rolled.rows
    settings, here = w.inputs.settings, w.rows("Rollup", len(rows))
    item = rows["item"].tolist()
    block = _buildup_blocks(w)
    cost = [w.standard_cost(i) for i in item]
    bought = [f'{at["Type"]}{r}="{schema.BUY}"' for r in here]
    own = {
        "Labor": [f"{c['Labor hours']}*{c['Labor rate']}" for c in cost],
        "Variable overhead": [f"{c['Labor hours']}*{c['Variable overhead rate']}" for c in cost],
        "Fixed overhead": [f"{c['Labor hours']}*{c['Fixed overhead rate']}" for c in cost],
        "Other conversion": [c["Other conversion"] for c in cost],
    }
    body: Body = {
        "Item": ([w.codes[i] for i in item], [f'{c["Item"]}&""' for c in cost]),
        "Type": (w.items["type"].iloc[item].tolist(), [c["Type"] for c in cost]),
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
        body[element] = (
            rows[element].tolist(),
            [f"IF({b},0,{o}{'+' + s if s else ''})" for b, o, s in zip(bought, own[element], below, strict=True)],
        )
    body["Unit cost"] = (
        rows["unit_cost"].tolist(),
        ["+".join(f"{at[e]}{r}" for e in schema.ELEMENTS) for r in here],
    )
    start, end = day_ref(w.inputs, "Period start"), day_ref(w.inputs, "Period end")
    first, last = rows["first"].tolist(), rows["last"].tolist()
    body["From"] = (first, [start if d == settings.period_start else "" for d in first])
    body["To"] = (last, [end if d == settings.period_end else "" for d in last])
    body["Recorded item"] = ([w.codes[i] for i in item], None)
    body["Units to start"] = (
        w.items["to_start"].iloc[item].tolist(),
        [
            f'IF({b},1,IF({w.default_basis}="{schema.INPUT}",1/(1-{c["Assembly scrap %"]}),1+{c["Assembly scrap %"]}))'
            for b, c in zip(bought, cost, strict=True)
        ],
    )
    return body | _relieved(w, here) | _flushed(w, bought, own)


def _relieved(w: Writing, here: range) -> Body:
    """The account that a unit is relieved from, and at what cost: its material alone where conversion is expensed."""
    at, rows, settings = w.letters("Rollup"), w.posted.rollup.rows, w.inputs.settings
    kinds = ",".join(literal(t) for t in schema.TYPES)
    roles = ",".join(literal(settings.role_of(t)) for t in schema.TYPES)
    role = w.items["role"].iloc[rows["item"]].tolist()
    carried = at["Material"] if settings.conversion_expensed else at["Unit cost"]
    return {
        "Relieved from": (role, [f"CHOOSE(MATCH({at['Type']}{r},{{{kinds}}},0),{roles})" for r in here]),
        "Relief cost": (
            [u if k else 0.0 for u, k in zip(rows["relief_cost"].tolist(), role, strict=True)],
            [f'IF({at["Relieved from"]}{r}="",0,{carried}{r})' for r in here],
        ),
    }


def _flushed(w: Writing, bought: list[str], own: dict[str, list[str]]) -> Body:
    """Conversion flushed with a unit, and what its completion takes besides: see `rollup._at_completion`."""
    rows, block = w.posted.rollup.rows, _buildup_blocks(w)
    item = rows["item"].tolist()
    level = [f"IF({b},0,{'+'.join(o[k] for o in own.values())})" for k, b in enumerate(bought)]
    expensed = w.inputs.settings.conversion_expensed
    below = [block("Conversion at completion", k) for k in range(len(rows))]
    return {
        "Own conversion": (w.items["flushed"].iloc[item].tolist(), None if expensed else level),
        "Conversion at completion": (
            rows["conversion_at_completion"].tolist(),
            [f"{own_}{'+' + s if s else ''}" for own_, s in zip(level, below, strict=True)],
        ),
    } | {
        name: (rows[UNIT_COSTS[name]].tolist(), [block(name, k) for k in range(len(rows))])
        for name in ("Finished at completion", "Subassemblies at completion")
    }


def _buildup_blocks(w: Writing) -> Callable[[str, int], str]:
    """(element, roll-up row) -> SUM over its Build-up rows, or "" where it has none."""
    at, top = w.letters("Buildup"), w.sheets.places["Buildup"].first_row
    sheet = quoted(w.sheets.places["Buildup"].sheet)
    edges = np.searchsorted(w.posted.rollup.buildup["row"].to_numpy(), np.arange(len(w.posted.rollup.rows) + 1))

    def block(element: str, row: int) -> str:
        first, stop = int(edges[row]), int(edges[row + 1])
        return f"SUM({sheet}!{at[element]}{top + first}:{at[element]}{top + stop - 1})" if stop > first else ""

    return block


def buildup(w: Writing) -> Body:
    """What each BOM line adds: quantity with all scrap, times the component's elements."""
    table, rows, at = w.posted.rollup.buildup, w.posted.rollup.rows, w.letters("Buildup")
    bom, roll = w.sheets.heads("BOM"), w.sheets.heads("Rollup")
    top = w.sheets.places["Buildup"].first_row
    bom_row = w.lines["row"].to_numpy()[table["line"].to_numpy()].tolist()
    up = (table["row"].to_numpy() + w.rollup_top).tolist()
    down = (table["component_row"].to_numpy() + w.rollup_top).tolist()
    here = range(top, top + len(table))
    item = rows["item"].to_numpy()
    parent = [w.codes[i] for i in item[table["row"].to_numpy()]]
    component = w.lines["spelled"].to_numpy()[table["line"].to_numpy()].tolist()
    basis = w.lines["on_input"].to_numpy()[table["line"].to_numpy()]
    quantity = []
    for r, b, u, d in zip(here, bom_row, up, down, strict=True):
        line = {name: f"{head}{b}" for name, head in bom.items()}
        factor = with_scrap(line["Qty per"], line.get("Scrap %", "0"), f"{at['Scrap basis']}{r}")
        tests = [f'{line["Parent"]}&""={at["Parent"]}{r}', f"{roll['Item']}{d}={at['Component']}{r}"]
        if "Effective from" in line:
            tests.append(f"INT({line['Effective from']})<={roll['From']}{u}")
        if "Effective to" in line:
            tests.append(f'OR({line["Effective to"]}="",INT({line["Effective to"]})>={roll["To"]}{u})')
        quantity.append(f"IF(AND({','.join(tests)}),{factor},0)*{roll['Units to start']}{u}")
    values = table["quantity"].to_numpy()
    body: Body = {
        "Parent": (parent, [f"{roll['Item']}{u}" for u in up]),
        "Component": (component, [f'{bom["Component"]}{b}&""' for b in bom_row]),
        "Quantity": (values.tolist(), quantity),
    }
    for element in schema.ELEMENTS:
        cost = rows[element].to_numpy()[table["component_row"].to_numpy()]
        body[element] = (
            (values * cost).tolist(),
            [f"{at['Quantity']}{r}*{roll[element]}{d}" for r, d in zip(here, down, strict=True)],
        )
    _pass_on(w, body, values, here, down)
    body["BOM row"] = (bom_row, None)
    body["Scrap basis"] = (
        np.where(basis, schema.INPUT, schema.OUTPUT).tolist(),
        [scrap_basis(bom, b, w.default_basis) for b in bom_row],
    )
    return body


def _pass_on(w: Writing, body: Body, quantity: np.ndarray, here: range, down: list[int]) -> None:
    """What a component passes on to its parent's completion: see `rollup._at_completion`."""
    at, roll, rows = w.letters("Buildup"), w.sheets.heads("Rollup"), w.posted.rollup.rows
    below = w.posted.rollup.buildup["component_row"].to_numpy()
    kind = w.items["type"].to_numpy()[rows["item"].to_numpy()[below]]
    unit, conversion = (rows[c].to_numpy()[below] for c in ("unit_cost", "conversion_at_completion"))
    phantom = kind == schema.PHANTOM
    body["Conversion at completion"] = (
        np.where(phantom, quantity * conversion, 0.0).tolist(),
        [
            f'IF({roll["Type"]}{d}="{schema.PHANTOM}",{at["Quantity"]}{r}*{roll["Conversion at completion"]}{d},0)'
            for r, d in zip(here, down, strict=True)
        ],
    )
    for whole, name in (
        (schema.FINISHED, "Finished at completion"),
        (schema.SUBASSEMBLY, "Subassemblies at completion"),
    ):
        taken = np.where(phantom, rows[UNIT_COSTS[name]].to_numpy()[below], 0.0)
        body[name] = (
            (quantity * np.where(kind == whole, unit, taken)).tolist(),
            [
                f'{at["Quantity"]}{r}*IF({roll["Type"]}{d}="{whole}",{roll["Unit cost"]}{d},'
                f'IF({roll["Type"]}{d}="{schema.PHANTOM}",{roll[name]}{d},0))'
                for r, d in zip(here, down, strict=True)
            ],
        )


def movements(w: Writing) -> Body:
    """Units per item and unit cost, live over the input sheets."""
    table, at = w.posted.movements, w.letters("Movements")
    rows, roll = w.rows("Movements", len(table)), w.sheets.heads("Rollup")
    up = (table["rollup_row"] + w.rollup_top).tolist()
    codes = [w.codes[i] for i in table["item"]]
    cost = w.posted.rollup.rows.iloc[table["rollup_row"]]
    first_of_item = (~table["item"].duplicated()).tolist()
    hours = [w.sheets.ref("StandardCost", "Labor hours", w.item_rows[i]) for i in table["item"]]
    opening = [
        stock_sum("Stock", "Opening qty", code, f"{at['Item']}{r}")
        if head and w.sheets.has("Stock", "Opening qty")
        else ""
        for code, r, head in zip(codes, rows, first_of_item, strict=True)
    ]
    body: Body = {
        "Item": (codes, [f"{roll['Item']}{u}" for u in up]),
        "Type": (w.items["type"].iloc[table["item"]].tolist(), [f"{roll['Type']}{u}" for u in up]),
        "From": (table["first"].tolist(), [f"{roll['From']}{u}" for u in up]),
        "To": (table["last"].tolist(), [f"{roll['To']}{u}" for u in up]),
        "Opening": (table["Opening"].tolist(), opening),
        "Labor hours": (
            w.items["hours"].iloc[table["item"]].tolist(),
            [f'IF({at["Type"]}{r}="{schema.BUY}",0,{h})' for r, h in zip(rows, hours, strict=True)],
        ),
    }
    for name, (source, wanted) in SOURCES.items():
        stream = Stream(source, wanted, "")
        formulas = [
            counted_units(stream, code, f"{at['Item']}{r}", f"{at['From']}{r}", f"{at['To']}{r}")
            for code, r in zip(codes, rows, strict=True)
        ]
        body[name] = (table[name].tolist(), formulas)
    for name, column in UNIT_COSTS.items():
        body[name] = (cost[column].tolist(), [f"{roll[name]}{u}" for u in up])
    completions = table["Completion counts"].tolist()
    body["Completion counts"] = (
        completions,
        [
            completion_counts(code, f"{at['Item']}{r}") if n == n else ""
            for n, code, r in zip(completions, codes, rows, strict=True)
        ],
    )
    return body | _in_process(w)


def _in_process(w: Writing) -> Body:
    """Equivalent whole units of items on sheet WIP, at the cost of period end."""
    table, at = w.posted.movements, w.letters("Movements")
    known = {code_key(code) for code in w.inputs.frames["WIP"]["Item"]}
    last = ~table["item"].duplicated(keep="last")
    listed = [end and code_key(w.codes[i]) in known for i, end in zip(table["item"], last, strict=True)]

    def units(share: str) -> list[str]:
        given = all(w.sheets.has("WIP", column) for column in ("Quantity", share))
        return [
            f'SUMPRODUCT((WIP[Item]&""={at["Item"]}{r})*1,WIP[Quantity],WIP[{share}])' if given and here else ""
            for r, here in zip(w.rows("Movements", len(table)), listed, strict=True)
        ]

    return {name: (table[name].tolist(), units(share)) for name, share in IN_PROCESS.items()}
