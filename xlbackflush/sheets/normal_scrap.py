"""Sheet Normal Scrap: units followed down the bill to the items scrapped, and what each account bears of their scrap."""

from collections import defaultdict

from xlbackflush import schema
from xlbackflush.engine.posting.normal_scrap import BEARERS, NO_UNITS
from xlbackflush.ooxml.cells import Value
from xlbackflush.sheets.body import Body, Row, RunView
from xlbackflush.sheets.formulas import item_sum, literal

UNITS, SHARES = [f"{role} units" for role in BEARERS], [f"{role} share" for role in BEARERS]


def body(run: RunView) -> Body:
    """One row per line that leads to an item scrapped, per item on the way, and per item scrapped."""
    table, buildup = run.period.normal_scrap, run.period.unit_costs.buildup
    codes = [run.codes[i] for i in table.item]
    rows = run.cells("NormalScrap", len(codes), code=codes)
    lines, rollup_rows = table.line.tolist(), table.rollup_row.tolist()
    whole: dict[int, Row] = {at: row for at, line, row in zip(rollup_rows, lines, rows, strict=True) if line < 0 <= at}
    above: dict[int, list[Row]] = defaultdict(list)  # the lines of each row of the unit costs
    of_item: dict[str, list[Row]] = defaultdict(list)
    formulas = [dict.fromkeys(schema.NORMAL_SCRAP.names, "") for _ in rows]
    values: dict[str, list[Value]] = {name: [None] * len(rows) for name in schema.NORMAL_SCRAP.names}
    first = run.period.unit_costs.rows.first.tolist()
    on_scrap = next((share.price for share in run.period.shares if share.role == schema.CCC), 0.0)
    shares, total = table.shares(on_scrap).tolist(), float(table.material.sum())
    for k, (row, line, at) in enumerate(zip(rows, lines, rollup_rows, strict=True)):
        live = formulas[k]
        values["Item"][k], values["In"][k] = codes[k], ""
        for name, units in zip(UNITS, table.units[k].tolist(), strict=True):
            values[name][k] = units
        if line >= 0:
            parent = whole[int(buildup.row[line])]
            above[at].append(row)
            values["In"][k], values["Quantity"][k] = parent["code"], float(buildup.quantity[line])
            live["Quantity"] = run.sheets.ref("Buildup", "Quantity", run.sheets.tables["Buildup"].first_row + line)
            live |= {name: f"{row['Quantity']}*{parent[name]}" for name in UNITS}
        elif at >= 0:
            values["From"][k], live["From"] = first[at], run.unit_costs([at])[0]["From"]
            live |= _held(run, row, above[at], at)
            of_item[codes[k]].append(row)
        else:
            live |= _borne(run, row, of_item[codes[k]])
            values["Scrap"][k], values["Material"][k] = float(table.cost[k]), float(table.material[k])
            values["Price variance"][k] = on_scrap * float(table.material[k]) / total if total > 0 else 0.0
            for name, share in zip(SHARES, shares[k], strict=True):
                values[name][k] = share
        formulas[k] = live
    return {name: (cells, [live[name] for live in formulas]) for name, cells in values.items()}


def _held(run: RunView, row: Row, lines: list[Row], at: int) -> dict[str, str]:
    """Units that the accounts hold as such, and inside other items. at: row of the unit costs."""
    costs, item = run.period.unit_costs, row["Item"]
    is_last = at == int(costs.at(costs.rows.item[[at]], run.inputs.settings.period_end)[0])
    own = {
        f"{role} units": item_sum("Reconciliation", "Ending", row["code"], item, [("Account role", "=", literal(role))])
        for role in (schema.STOCK_ROLES if is_last else ())
    }
    own[f"{schema.COGS} units"] = item_sum("Movements", "Sold", row["code"], item, [("From", "=", row["From"])])
    inside = {name: f"SUM({lines[0][name]}:{lines[-1][name]})" for name in UNITS} if lines else {}
    return {name: "+".join(filter(None, (own.get(name), inside.get(name)))) for name in UNITS}


def _borne(run: RunView, row: Row, stretches: list[Row]) -> dict[str, str]:
    """What the scrap of an item cost, and what each account bears of it."""
    moved = f"(Movements[Item]={row['Item']})*(Movements[Scrapped normal]+Movements[Units scrapped normal])"
    cost = "Material" if run.inputs.settings.conversion_expensed else "Unit cost"
    salvage = ""
    if run.sheets.has("Scrap", "Salvage value"):
        salvage = (
            f"-{item_sum('Scrap', 'Salvage value', row['code'], row['Item'], [('Kind', '=', literal(schema.NORMAL))])}"
        )
    at, span = run.letters("NormalScrap")["Material"], run.rows("NormalScrap", len(run.period.normal_scrap))
    whole = f"SUM({at}${span[0]}:{at}${span[-1]})"
    price = _price_cell(run)
    good = "+".join(f"MAX(0,{row[name]})" for name in UNITS)
    to_share = f"({row['Scrap']}+{row['Price variance']})"
    alone = {SHARES[-1]: to_share}
    return {
        **{name: "+".join(stretch[name] for stretch in stretches) for name in UNITS},
        "Scrap": f"SUMPRODUCT({moved}*Movements[{cost}]){salvage}",
        "Material": f"SUMPRODUCT({moved}*Movements[Material])",
        "Price variance": f"IF({whole}>0,{price}*{row['Material']}/{whole},0)",
        **{
            share: f"IF({good}>{NO_UNITS:.9f},{to_share}*MAX(0,{row[units]})/({good}),{alone.get(share, '0')})"
            for units, share in zip(UNITS, SHARES, strict=True)
        },
    }


def _price_cell(run: RunView) -> str:
    """The cell of Disposition with the share of the price variance that is on normal scrap."""
    first = run.sheets.tables["Disposition"].first_row
    rows = (k for k, share in enumerate(run.period.shares) if share.role == schema.CCC)
    return next((run.sheets.ref("Disposition", "Price variance", first + k) for k in rows), "0")
