"""The body of a table as the block of cells that goes into a workbook: columns in order, styles, heights of rows."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from xlbackflush import schema
from xlbackflush.ooxml.address import column_number
from xlbackflush.ooxml.cells import Block, Cells
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.sheets.body import Body
from xlbackflush.sheets.formulas import Sheets
from xlbackflush.sheets.title_rows import SHEET_OF


def block_of(name: str, body: Body, sheets: Sheets, styles: StyleSheet, places: int) -> Block:
    """Columns in the order of `schema`, each with the style of its kind; an empty table keeps one blank row."""
    place, role = sheets.tables[name], SHEET_OF[name].role
    block = Block(column_number(next(iter(place.letters.values()))), place.first_row)
    for column in schema.TABLES[name].columns:
        values, formulas = body[column.name]
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
