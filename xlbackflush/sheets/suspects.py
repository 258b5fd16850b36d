"""Sheet Suspects: after a run of its own period, with live figures; by a command over several workbooks.

A run writes formulas over Reconciliation, Trace and BOM, so that the figures follow the inputs; which causes are named, how
plausible they are and what is said of them stay as at the run. What several workbooks say are values.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from xlbackflush import schema
from xlbackflush.engine.audit.suspects import Suspect
from xlbackflush.engine.audit.suspects import suspects as engine
from xlbackflush.engine.standards.bill import code_key
from xlbackflush.model.inputs import Inputs
from xlbackflush.ooxml.cells import Value
from xlbackflush.schema import BILL_QUANTITY, PRODUCTION_COUNT
from xlbackflush.sheets.body import Body, RunView, shown
from xlbackflush.sheets.formulas import link
from xlbackflush.sheets.per_unit import qty_per


def printed(suspects: Sequence[Suspect]) -> list[str]:
    """Lines for a terminal: each suspect, why, and what to check."""
    if not suspects:
        return ["Nothing stands out: the counts agree with the books but for noise, or nothing was counted."]
    lines = []
    for s in suspects:
        what = " in ".join(code for code in (s.item, s.parent) if code)
        lines += [f"{s.rank}. {s.cause}, {what}: {s.verdict.lower()}, {s.amount:,.2f}"]
        lines += [f"   {s.explanation}", f"   To check: {s.check}"]
    return lines


# ------------------------------------------------------------------------------------------------- values


def rows_of(suspects: Sequence[Suspect], inputs: Inputs) -> Body:
    """Suspects as values, those of the most money first. inputs: of the workbook that they are written to."""
    kinds = ["percent" if s.is_share else "quantity" for s in suspects]
    wheres = _wheres(suspects, inputs)
    columns = shown(schema.SUSPECTS, suspects)
    for column in schema.SUSPECTS.columns:
        if column.kind in ("quantity", "money"):
            columns[column.name] = (_figures(columns[column.name][0]), None)
    columns["Plausibility"] = ([round(s.plausibility, 3) for s in suspects], None)
    columns["Where"] = (wheres, [link(where) if where else "" for where in wheres])
    return columns | {f"{name} kind": (kinds, None) for name in ("Recorded", "Implied", "Plus or minus", "Try")}


def _figures(values: Iterable[Value]) -> list[Value]:
    """Without the dust of floating point; blank where there is none."""
    return [round(value, 9) + 0.0 if isinstance(value, int | float) else "" for value in values]


def _wheres(suspects: Sequence[Suspect], inputs: Inputs) -> list[str]:
    """Cell to look at: the quantity on the bill, the count, or the sheet with the reports in question."""
    parents = dict(zip(inputs.bom.row.tolist(), map(code_key, inputs.bom.parent.tolist()), strict=True))
    counts = dict(zip(map(code_key, inputs.stock.item.tolist()), inputs.stock.row.tolist(), strict=True))

    def where(s: Suspect) -> str:
        if s.cause == BILL_QUANTITY:
            same = parents.get(s.row) == code_key(s.parent)
            return inputs.sources["BOM"].cell("Qty per", s.row) if same else ""
        if s.cause == PRODUCTION_COUNT:
            completed = inputs.sources["Counts"]
            return completed.range("Quantity") if s.row < 0 else completed.cell("Quantity", s.row)
        if s.is_share:
            return inputs.sources["Scrap"].range("Quantity")
        row = counts.get(code_key(s.item))
        return inputs.sources["Stock"].cell("Counted qty", row) if row else ""

    return [where(s) for s in suspects]


# --------------------------------------------------------------------------------------------------- live


def body(run: RunView) -> Body:
    """The suspects of the run's own period, live where a figure can be."""
    suspects = engine([run.period])
    written = rows_of(suspects, run.inputs)
    stock = _stock_cells(run)
    lines = list(zip(run.lines.parent.tolist(), run.lines.component.tolist(), run.lines.quantity.tolist(), strict=True))
    alike = Counter(lines)
    single = {row for row, line in zip(run.lines.row.tolist(), lines, strict=True) if alike[line] == 1 and line[2]}
    formulas = []
    for s, own in zip(suspects, run.cells("Suspects", len(suspects)), strict=True):
        used, cells = stock.get(s.item, (math.nan, {}))
        whole = s.difference is not None and math.isclose(s.difference, used, rel_tol=1e-9, abs_tol=1e-9)
        live = whole and (s.cause != BILL_QUANTITY or s.row in single)
        formulas.append(_live(run, s, own, cells) if live else {})
    for name in ("Difference qty", "Amount", "Base", "Recorded", "Implied", "Would remain"):
        written[name] = (written[name][0], [f.get(name, "") for f in formulas])
    return written


def _stock_cells(run: RunView) -> dict[str, tuple[float, dict[str, str]]]:
    """Item code -> units used beyond the book, and its cells on Reconciliation.

    What a suspect explains is less where a shared cause has explained a part: then its figures are values.
    """
    book = run.period.stock
    cells = run.elsewhere("Reconciliation", run.rows("Reconciliation", len(book)))
    return {
        run.codes[item]: (-difference, row)
        for item, difference, row in zip(book.item, book.difference.tolist(), cells, strict=True)
    }


def _taken(run: RunView, bom_row: int) -> str:
    """Units that a BOM line took for what was made, sold and scrapped: see `demand.of_work`."""
    line = f"Trace[Required qty],Trace[BOM row],{bom_row}"
    if run.period.demand.of_shelf:
        return "+".join(f'SUMIFS({line},Trace[Event],"{event}")' for event in schema.ON_THE_SHELF)
    return f'SUMIFS({line},Trace[Event],"<>{schema.PURCHASE}",Trace[Event],"<>{schema.UNITS_IN_PROCESS}")'


def _quantity(run: RunView, bom_row: int) -> str:
    """Qty per of a line of the bill, for one parent in the component's unit."""
    factor = dict(zip(run.lines.row.tolist(), run.factors_of_lines[1], strict=True))[bom_row]
    cell = run.elsewhere("UnitConversions", [factor])[0]["Factor"] if factor else ""
    return qty_per(run, run.elsewhere("BOM", [bom_row])[0], cell)


def _live(run: RunView, s: Suspect, own: dict[str, str], stock: dict[str, str]) -> dict[str, str]:
    """Formulas of one row. own: its cells; stock: the item's cells on Reconciliation."""
    made = {"Difference qty": f"-N({stock['Difference qty']})", "Amount": f"-N({stock['Difference amount']})"}
    step = f"({own['Try']}-{own['Recorded']})"
    if s.base is None:
        made["Recorded"] = f"N({stock['Counted']})"
        made["Implied"] = f"{own['Recorded']}+{own['Difference qty']}"
        return made | {"Would remain": f"{own['Amount']}-{step}*{stock['Standard cost']}"}
    made["Base"] = f"{stock['Relieved']}+{stock['Scrapped']}"
    if s.cause == BILL_QUANTITY:
        recorded = own["Recorded"]
        made |= {
            "Recorded": _quantity(run, s.row),
            "Base": f"IF({recorded}=0,0,({_taken(run, s.row)})/{recorded})",
        }
    each = f"{own['Difference qty']}/{own['Base']}"
    made["Implied"] = f"IF({own['Base']}=0,{own['Recorded']},MAX(0,{own['Recorded']}+{each}))"
    return made | {"Would remain": f"{own['Amount']}-{step}*{own['Base']}*{stock['Standard cost']}"}
