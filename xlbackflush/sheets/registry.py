"""The bodies of all output tables: of each sheet from the module that is named as its tab."""

from collections.abc import Callable
from importlib import import_module

from xlbackflush import schema
from xlbackflush.engine.result import RunResult
from xlbackflush.ooxml.cells import Block
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.sheets import findings
from xlbackflush.sheets.blocks import block_of, heights_of
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import Sheets

#: table, one on each sheet -> what writes its body after a run
BODIES: dict[str, Callable[[RunView], Body]] = {
    sheet.tables[0].name: import_module(f"xlbackflush.sheets.{schema.identifier(sheet.name)}").body
    for sheet in schema.OUTPUT_SHEETS
}


def bodies(result: RunResult, sheets: Sheets, styles: StyleSheet) -> dict[str, Block]:
    """The new body of every output table that changes: all of them after a run, Findings alone after a failed one."""
    if not result.run:
        made, decimals = {schema.FINDINGS.name: findings.rows_of(result.findings)}, 2
    else:
        run = RunView(result, sheets)
        made, decimals = {name: body(run) for name, body in BODIES.items()}, result.period.places
    blocks = {name: block_of(name, body, sheets, styles, decimals) for name, body in made.items()}
    for name, block in blocks.items():
        block.heights = heights_of(name, block)
    if result.run and len(result.period.explosion.rows):
        blocks[schema.TRACE.name].outline = result.period.explosion.rows.level.tolist()
    return blocks
