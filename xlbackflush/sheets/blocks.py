"""The body of a table as the block of cells that goes into a workbook: columns in order, styles, heights of rows."""

from collections.abc import Sequence
from typing import cast

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.ooxml.address import column_number
from xlbackflush.ooxml.cells import Block, Cells
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.sheets.body import Body
from xlbackflush.sheets.formulas import Sheets

_INDENT_MOST = 12


def block_of(name: str, body: Body, sheets: Sheets, styles: StyleSheet, decimals: int) -> Block:
    """Columns in the order of `schema`, each in its style; an empty table keeps one blank row."""
    stands, table = sheets.tables[name], schema.TABLES[name]
    block = Block(column_number(next(iter(stands.letters.values()))), stands.first_row)
    for column in table.columns:
        values, formulas = body[column.name]
        formulas = sheets.written(formulas) if formulas else None
        style = style_name(table, column, decimals)
        cells = Cells(values if len(values) else [None], styles.xf(style), formulas if len(values) else None)
        if column.indent and len(values):
            levels = cast(Sequence[int | None], body[column.indent][0])
            xf_at = {level: styles.xf(style, min(int(level or 0), _INDENT_MOST)) for level in dict.fromkeys(levels)}
            cells.styles = list(map(xf_at.__getitem__, levels))
        if f"{column.name} kind" in body and len(values):  # a column whose rows differ in kind
            kinds = cast(Sequence[schema.Kind], body[f"{column.name} kind"][0])
            xf = {
                kind: styles.xf(style_name(table, replace(column, kind=kind), decimals))
                for kind in dict.fromkeys(kinds)
            }
            cells.styles = [xf[kind] for kind in kinds]
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


def style_name(table: schema.Table, column: schema.Column, decimals: int = 2) -> str:
    """Named style of the cells of a column; decimals: of the currency."""
    look = schema.SHEET_OF[table.name].look(column)
    if look in ("link", "packed"):
        return f"Posted {look}"
    kind: str = {"item": "text", "choice": "text", "any": "general"}.get(column.kind, column.kind)
    if kind == "money" and decimals != 2:
        kind = f"money {decimals}"
    return f"{look.capitalize()} {'wrapped' if column.wrap else kind}"
