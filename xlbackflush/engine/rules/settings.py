"""Rules of the settings: policies that need each other."""

from __future__ import annotations

from collections.abc import Iterator

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.stock.counted import charges_everything
from xlbackflush.model import finding as f
from xlbackflush.model.finding import Finding


def settings_fit(period: Period) -> Iterator[Finding]:
    """Where the count charges every cost to cost of goods sold, conversion cannot be flushed at standard."""
    if charges_everything(period.settings) and not period.settings.conversion_expensed:
        yield f.NOT_SUPPORTED(
            period.inputs.setting_cells.get("Conversion costs", "Setup"),
            "A physical count with the sale as the only trigger charges every cost to cost of goods sold, conversion too.",
            fix=f'Choose "{schema.EXPENSE_THEN_ADJUST}", or other trigger points.',
        )
