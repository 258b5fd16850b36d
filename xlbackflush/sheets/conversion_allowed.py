"""Sheet Conversion Allowed: units flushed of every made item, at its standard hours and rates."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.sheets.body import Body, RunView, of_arrays
from xlbackflush.sheets.formulas import plain

TABLE = schema.CONVERSION_ALLOWED


def body(run: RunView) -> Body:
    """One row per made item."""
    allowed = run.period.conversion_allowed
    cells, items = run.cells(TABLE.name, len(allowed)), allowed.item.tolist()
    cost = [run.standard_cost(item) for item in items]
    live = {
        "Units": [_units_flushed(run.codes[i], c["Item"]) for i, c in zip(items, cells, strict=True)],
        "Hours allowed": [f"{c['Units']}*{c['Hours per unit']}" for c in cells],
        "Other conversion": [f"{c['Units']}*{k['Other conversion']}" for c, k in zip(cells, cost, strict=True)],
        "Total": ["+".join(c[element] for element in schema.ELEMENTS[1:]) for c in cells],
    }
    for element in (schema.LABOR, schema.VARIABLE_OVERHEAD, schema.FIXED_OVERHEAD):
        live[element] = [f"{c['Hours allowed']}*{k[f'{element} rate']}" for c, k in zip(cells, cost, strict=True)]
    return of_arrays(TABLE, allowed, live) | {
        "Item": ([run.codes[i] for i in items], None),
        "Description": (run.items.description[items].tolist(), None),
        "Hours per unit": (run.items.hours[items].tolist(), [c["Labor hours"] for c in cost]),
    }


def _units_flushed(code: str, cell: str) -> str:
    """Units of the rows of the Trace that are exploded: those with units started."""
    if plain(code):
        return f'SUMIFS(Trace[Required qty],Trace[Component],"="&{cell},Trace[Started],"<>")'
    return f'SUMPRODUCT((Trace[Component]={cell})*(Trace[Started]<>""),Trace[Required qty])'
