"""Rules of size: does the explosion fit on its sheet, and every amount into a cell?"""

from __future__ import annotations

from collections.abc import Iterator

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.model import finding as f
from xlbackflush.model.finding import Finding


def trace_fits(period: Period) -> Iterator[Finding]:
    """The Trace must fit on its sheet; where it has a row for each BOM line, say so and what follows."""
    rows = len(period.explosion.rows)
    if rows > schema.SHEET_ROWS_MAX:
        yield f.TOO_LARGE("Trace", f"The trace needs {rows:,} rows; a sheet holds {schema.SHEET_ROWS_MAX:,}.")
    elif period.explosion.by_line:
        text = f"All products together would pass {schema.TRACE_ROWS_MAX:,} rows; each BOM line has one row instead"
        per_product = period.settings.journal_detail == schema.PER_PRODUCT
        detail = " and entries are per trigger" if per_product else ""
        yield f.CONDENSED("Trace", f"{text}{detail}. {_product_view(period.exploded_rows)}")


def _product_view(rows: float) -> str:
    """Where the product view of so many rows is, in words."""
    if rows > schema.PRODUCT_VIEW_ROWS_MAX:
        return (
            f"The product view would pass {schema.PRODUCT_VIEW_ROWS_MAX:,} rows, too many to work with; "
            "it is not written to a file."
        )
    text = "A run writes the product view to the file beside the workbook that ends in -trace.csv."
    if rows > schema.SHEET_ROWS_MAX:
        text += " It is longer than a sheet: load it with Data > From Text/CSV."
    return text


def amounts_fit(period: Period) -> Iterator[Finding]:
    """Excel holds 15 digits; an amount beyond them could not be shown to the cent, let alone proved."""
    largest = period.largest_amount
    if largest * 10**period.places >= 1e15:
        yield f.TOO_MUCH("Trace", f"An amount of {largest:,.0f} has more than the 15 digits that a cell can hold.")
