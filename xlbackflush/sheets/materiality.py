"""Sheet Materiality: the test of the policy, live over Disposition, Ledger, Period-end WIP and Setup."""

from xlbackflush import schema
from xlbackflush.engine.measures.tie_out import INVENTORIES
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import literal

#: what a measure above its threshold asks for, and one below
_VERDICTS = {"in_stock": (schema.PRORATE, schema.TO_COGS), "in_process": (schema.RECORD_IT, schema.IMMATERIAL)}


def body(run: RunView) -> Body:
    """One row per measure."""
    measures = run.period.materiality
    rows = run.cells("Materiality", len(measures))
    figure = {m.key: row["Figure"] for m, row in zip(measures, rows, strict=True)}

    def shares(column: str, role: str = schema.COGS) -> str:
        return f"SUMIFS(Disposition[{column}],Disposition[Role],{literal(role)})"

    before = f"SUMIFS(Ledger[Closing],Ledger[Role],{literal(schema.COGS)})-{shares('Posted')}"
    in_stock = (shares(column, role) for role in INVENTORIES[:-1] for column in ("If prorated", "Beyond standard"))
    figures = {
        "inventories": "SUM(TieOut[Ledger closing])",
        "variances": shares("If to cost of goods sold"),
        "in_stock": "+".join(in_stock),
        "to_cogs": f"{before}+{shares('If to cost of goods sold')}",
        "prorated": f"{before}+{shares('If prorated')}",
        "profit": f"{figure['to_cogs']}-{figure['prorated']}",
        "in_process": "SUM(PeriodEndWip[Amount])",
    }
    threshold = f"{run.setting('Materiality %')}*ABS({figure['inventories']})"
    verdicts = []
    for m, row in zip(measures, rows, strict=True):
        above, below = _VERDICTS.get(m.key, ("", ""))
        test = f'IF(ABS({row["Figure"]})>{row["Threshold"]},"{above}","{below}")'
        verdicts.append(test if m.threshold is not None else "")
    live = {
        "Figure": [figures[m.key] for m in measures],
        "Threshold": [threshold if m.threshold is not None else "" for m in measures],
        "Verdict": verdicts,
    }
    return shown(schema.MATERIALITY, measures, live)
