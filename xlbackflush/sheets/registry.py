"""An outcome as the bodies of the output tables: values, live formulas, styles, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import cast

from xlbackflush import schema
from xlbackflush.engine.record.record import RunInputs
from xlbackflush.lifecycle.pipeline import Outcome, Run
from xlbackflush.model.finding import Finding
from xlbackflush.ooxml.cells import Block, Cells, Value
from xlbackflush.ooxml.package import column_number, quoted
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.sheets import comparison, costs, dashboard, fit, posted, stock, suspects, variances
from xlbackflush.sheets.body import Body, Writing
from xlbackflush.sheets.formulas import Sheets, literal, without_tables
from xlbackflush.sheets.trace import trace

#: table -> what writes its body after a run
MAKERS: dict[str, Callable[[Writing], Body]] = {
    "Dashboard": dashboard.dashboard,
    "Journal": posted.journal,
    "Ledger": posted.ledger,
    "Variances": variances.variances,
    "ConversionAllowed": variances.conversion_allowed,
    "Disposition": variances.disposition,
    "Materiality": variances.materiality,
    "Relief": posted.relief,
    "Reconciliation": stock.reconciliation,
    "TieOut": stock.tie_out,
    "CountMethod": stock.count_method,
    "PeriodEndWip": stock.period_end_wip,
    "Comparison": comparison.comparison,
    "Rollup": costs.rollup,
    "Buildup": costs.buildup,
    "Movements": costs.movements,
    "Fit": fit.fit,
    "Trace": trace,
    "Explanation": lambda writing: empty("Explanation"),
    "Sensitivity": lambda writing: empty("Sensitivity"),
    "Suspects": suspects.suspects,
    "Checks": posted.checks,
}


def bodies(outcome: Outcome, runs: list[Run], sheets: Sheets, styles: StyleSheet) -> dict[str, Block]:
    """The new body of every output table that changes: all of them after a run, Findings alone after a failed one."""
    ran = outcome.posted
    makers: dict[str, Callable[[], Body]] = {"Findings": lambda: findings(outcome.findings)}
    if ran:
        writing = Writing(outcome, ran, sheets)
        makers |= {name: partial(make, writing) for name, make in MAKERS.items()}
        makers["Runs"] = lambda: run_rows(runs)
        makers["RunInputs"] = lambda: run_inputs(runs, ran.inputs)
    places = ran.places if ran else 2
    blocks = {name: block_of(name, make(), sheets, styles, places) for name, make in makers.items()}
    for name, block in blocks.items():
        block.heights = heights_of(name, block)
    if ran and len(ran.trace.rows):
        blocks["Trace"].outline = ran.trace.rows["level"].tolist()
    return blocks


def block_of(name: str, body: Body, sheets: Sheets, styles: StyleSheet, places: int) -> Block:
    """Columns in the order of `schema`, each with the style of its kind; an empty table keeps one blank row."""
    place, role = sheets.places[name], _role(name)
    block = Block(column_number(next(iter(place.letters.values()))), place.first_row)
    for column in schema.TABLES[name].columns:
        values, formulas = body[column.name]
        if sheets.missing and formulas:
            formulas = [without_tables(formula, sheets.missing) for formula in formulas]
        style = styles.xf(style_name(role, column, places))
        cells = Cells(values if len(values) else [None], style, formulas if formulas and len(values) else None)
        if column.name == "Component" and name == "Trace" and len(values):
            cells.styles = [styles.xf(style_name(role, column, places), min(int(v or 0), 12)) for v in body["Level"][0]]
        if f"{column.name} kind" in body and len(values):  # a column whose rows differ in kind
            kinds = body[f"{column.name} kind"][0]
            cells.styles = [
                styles.xf(style_name(role, replace(column, kind=cast(schema.Kind, k)), places)) for k in kinds
            ]
        block.columns.append(cells)
    return block


def heights_of(name: str, block: Block) -> list[float] | None:
    """Row heights in points where a table has wrapped columns: by the longest text, at its column's width.

    A width counts digits; letters are narrower on average, so a tenth more of them fit.
    """
    wrapped = [(i, c.width) for i, c in enumerate(schema.TABLES[name].columns) if c.wrap]
    if not wrapped:
        return None
    texts = zip(*(block.columns[i].values for i, _ in wrapped), strict=True)
    return [
        14.0 * max(1 + int(len(str(t or "")) / (1.1 * w)) for t, (_, w) in zip(row, wrapped, strict=True))
        for row in texts
    ]


def _role(table: str) -> str:
    return next(s.role for s in schema.SHEETS if any(t.name == table for t in s.tables))


def style_name(role: str, column: schema.Column, places: int = 2) -> str:
    """Named style of a column's cells on a sheet of that role."""
    if column in schema.AUDITOR:  # unlocked: for the auditor to type in
        return "Input text"
    kind: str = {"item": "text", "choice": "text", "any": "general"}.get(column.kind, column.kind)
    if kind == "money" and places != 2:
        kind = f"money {places}" if places else "money 0"
    if role == "Input":
        return f"Input {'wrapped' if column.wrap else kind}"
    if column.name in (
        "Left by rounding",
        "Proof",
        "Difference",
        "Quantity proof",
        "Quantity difference",
        "Value",
        "Left",
        "Right",
        "Result",
    ):
        return f"Check {kind}"
    if column.name == "Where":
        return "Posted link"
    if column.wrap:
        return "Posted wrapped"
    if column == schema.RUN_INPUTS.column("Content"):
        return "Posted packed"
    return f"{'Calculation' if role == 'Calculation' else 'Posted'} {kind}"


def empty(table: str) -> Body:
    """The body of a table without rows."""
    return {name: ([], None) for name in schema.TABLES[table].names}


def findings(found: list[Finding]) -> Body:
    """Findings, each with a link to its cell."""
    links = [f'HYPERLINK("#{_target(f.where)}",{literal(f.where)})' if "!" in f.where else "" for f in found]
    return {
        "Severity": ([f.severity for f in found], None),
        "Code": ([f.code for f in found], None),
        "Where": ([f.where for f in found], links),
        "What": ([f.what for f in found], None),
        "How to fix": ([f.fix for f in found], None),
        "Effect": ([f.effect for f in found], None),
    }


def _target(where: str) -> str:
    sheet, cell = where.rsplit("!", 1)
    return f"{quoted(sheet)}!{cell}".replace('"', '""')


def run_rows(runs: list[Run]) -> Body:
    """The Runs sheet."""
    return {
        "Run": ([r.run for r in runs], None),
        "Status": ([r.status for r in runs], None),
        "Started": ([r.started for r in runs], None),
        "User": ([r.user for r in runs], None),
        "Version": ([r.version for r in runs], None),
        "Input hash": ([r.input_hash for r in runs], None),
        "Entries": ([r.entries for r in runs], None),
        "Debits": ([r.debits for r in runs], None),
        "Credits": ([r.credits for r in runs], None),
        "Approved by": ([r.approved_by for r in runs], None),
        "Posted": ([r.posted for r in runs], None),
        "Link": ([r.link for r in runs], None),
        "Goes on in": ([r.goes_on for r in runs], None),
    }


def run_inputs(runs: list[Run], inputs: Mapping[str, RunInputs]) -> Body:
    """The inputs of every run: one row for each table, and one for each piece of all of them together."""
    rows: list[tuple[Value, ...]] = []
    for run in runs:
        kept = inputs.get(run.run, RunInputs({}, {}, []))
        rows += [(run.run, name, count, kept.hashes[name], None) for name, count in kept.rows.items()]
        rows += [
            (run.run, f"All inputs, {i} of {len(kept.pieces)}", None, None, piece)
            for i, piece in enumerate(kept.pieces, 1)
        ]
    names = schema.RUN_INPUTS.names
    return {name: ([row[i] for row in rows], None) for i, name in enumerate(names)}
