"""The bodies of all output tables, one module for each sheet."""

from __future__ import annotations

from collections.abc import Callable

from xlbackflush import schema
from xlbackflush.engine.result import RunResult
from xlbackflush.ooxml.cells import Block
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.sheets import (
    build_up,
    checks,
    comparison,
    conversion_allowed,
    count_method,
    dashboard,
    disposition,
    explanation,
    findings,
    fit,
    input_controls,
    journal,
    ledger,
    materiality,
    movements,
    period_end_wip,
    reconciliation,
    relief,
    roll_up,
    run_inputs,
    runs,
    sensitivity,
    suspects,
    tie_out,
    trace,
    variances,
)
from xlbackflush.sheets.blocks import block_of, heights_of
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import Sheets

_SHEETS = (
    dashboard, journal, ledger, variances, conversion_allowed, disposition, materiality, relief, reconciliation, tie_out,
    count_method, period_end_wip, comparison, fit, roll_up, build_up, movements, trace, explanation, sensitivity, suspects,
    findings, checks, input_controls, runs, run_inputs,
)  # fmt: skip

#: table -> what writes its body after a run
BODIES: dict[str, Callable[[RunView], Body]] = {sheet.TABLE.name: sheet.body for sheet in _SHEETS}


def bodies(result: RunResult, sheets: Sheets, styles: StyleSheet) -> dict[str, Block]:
    """The new body of every output table that changes: all of them after a run, Findings alone after a failed one."""
    if not result.run:
        made, decimals = {findings.TABLE.name: findings.rows_of(result.findings)}, 2
    else:
        run = RunView(result, sheets)
        made, decimals = {name: body(run) for name, body in BODIES.items()}, result.period.places
    blocks = {name: block_of(name, body, sheets, styles, decimals) for name, body in made.items()}
    for name, block in blocks.items():
        block.heights = heights_of(name, block)
    if result.run and len(result.period.explosion.rows):
        blocks[schema.TRACE.name].outline = result.period.explosion.rows.level.tolist()
    return blocks
