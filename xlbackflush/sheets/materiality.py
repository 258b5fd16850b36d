"""Sheet Materiality: the test of the policy, live over Disposition, Ledger, Period-end WIP and Setup."""

from __future__ import annotations

from xlbackflush import schema
from xlbackflush.engine.measures.tie_out import INVENTORIES
from xlbackflush.sheets.body import Body, RunView, of_records
from xlbackflush.sheets.formulas import literal

TABLE = schema.MATERIALITY


def body(run: RunView) -> Body:
    """One row per measure."""
    measures, at = run.period.materiality, run.letters(TABLE.name)
    rows = run.rows(TABLE.name, len(measures))
    cells = {m.key: f"{at['Figure']}{r}" for m, r in zip(measures, rows, strict=True)}
    stock = "+".join(
        f"SUMIFS(Disposition[{column}],Disposition[Role],{literal(role)})"
        for role in INVENTORIES[:-1]
        for column in ("If prorated", "Beyond standard")
    )
    cogs = literal(schema.COGS)

    def of_cogs(column: str) -> str:
        return f"SUMIFS(Disposition[{column}],Disposition[Role],{cogs})"

    before = f"SUMIFS(Ledger[Closing],Ledger[Role],{cogs})-{of_cogs('Posted')}"
    figures = {
        "inventories": "SUM(TieOut[Ledger closing])",
        "variances": of_cogs("If to cost of goods sold"),
        "in_stock": stock,
        "to_cogs": f"{before}+{of_cogs('If to cost of goods sold')}",
        "prorated": f"{before}+{of_cogs('If prorated')}",
        "profit": f"{cells['to_cogs']}-{cells['prorated']}",
        "in_process": "SUM(PeriodEndWip[Amount])",
    }
    threshold = f"{run.setting('Materiality %')}*ABS({cells['inventories']})"
    words = {"in_stock": (schema.PRORATE, schema.TO_COGS), "in_process": (schema.RECORD_IT, schema.IMMATERIAL)}
    verdicts = []
    for m, r in zip(measures, rows, strict=True):
        above, below = words.get(m.key, ("", ""))
        test = f'IF(ABS({at["Figure"]}{r})>{at["Threshold"]}{r},"{above}","{below}")'
        verdicts.append(test if m.threshold is not None else "")
    live = {
        "Figure": [figures[m.key] for m in measures],
        "Threshold": [threshold if m.threshold is not None else "" for m in measures],
        "Verdict": verdicts,
    }
    return of_records(TABLE, measures, live)
