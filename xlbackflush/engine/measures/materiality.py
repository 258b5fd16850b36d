"""Materiality: which disposition of variances the policy asks for, what the other gives, and what is unrecorded."""

import math

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.measures.tie_out import INVENTORIES, Tie
from xlbackflush.engine.posting.disposition import Share
from xlbackflush.engine.posting.flush import Ledger
from xlbackflush.engine.stock.in_process import InProcess
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import total
from xlbackflush.model.inputs import Inputs, Settings


@dataclass(frozen=True)
class MaterialityRow:
    """One row, in money; threshold is None where nothing is compared. key: what the figure is, for its formula."""

    key: str
    text: str
    figure: float
    threshold: float | None
    verdict: str
    explanation: str


def material_amount(threshold: float, settings: Settings, book: StockBook) -> float:
    """Money above which something is material: the threshold of the books; where these keep no stock, of what is on the shelf."""
    if threshold and settings.trigger_points != schema.S:
        return threshold
    units = np.where(np.isnan(book.counted), book.book, book.counted)
    return max(threshold, settings.materiality * total(np.maximum(units, 0.0) * book.cost))


def materiality(
    inputs: Inputs, shares: list[Share], ties: list[Tie], units: InProcess, ledger: Ledger
) -> list[MaterialityRow]:
    """The test of the policy, both outcomes, and the units in process."""
    sold = ledger.closing_by_role.get(schema.COGS, 0) / 10**inputs.places
    inventories = sum(t.closing for t in ties)
    threshold = inputs.settings.materiality * abs(inventories)
    cogs = next(s for s in shares if s.role == schema.COGS)
    in_stock = math.fsum(s.prorated + s.beyond for s in shares if s.role in INVENTORIES)
    before = sold - cogs.posted
    in_process = total(units.amount)
    policy = schema.PRORATE if abs(in_stock) > threshold else schema.TO_COGS
    weigh = schema.RECORD_IT if abs(in_process) > threshold else schema.IMMATERIAL
    return [
        MaterialityRow("inventories", "Inventories at period end", inventories, None, "", "Closing balances of the Ledger."),
        MaterialityRow(
            "variances", "Variances to dispose of, unfavorable positive", cogs.to_cogs, None, "",
            "Price, usage and conversion variances before the close, and what stock opened with beyond standard.",
        ),
        MaterialityRow(
            "in_stock", "Part of them that belongs in inventories", in_stock, threshold, policy,
            "Standard cost may stand for actual cost where it is close to it (ASC 330-10-30-12, IAS 2.21). Above the "
            "threshold the variances are prorated; below it they may go to cost of goods sold.",
        ),
        MaterialityRow(
            "to_cogs", "Cost of goods sold, if all goes to it", before + cogs.to_cogs, None,
            _chosen(inputs.settings, schema.TO_COGS), "What the other choice on Setup would have given stands beside it.",
        ),
        MaterialityRow(
            "prorated", "Cost of goods sold, if prorated", before + cogs.prorated, None, _chosen(inputs.settings, schema.PRORATE),
            "Shares of the accounts: see Disposition.",
        ),
        MaterialityRow(
            "profit", "Profit of the period: prorated less all to cost of goods sold", cogs.to_cogs - cogs.prorated, None, "",
            "Positive: proration keeps cost in inventories and raises the profit of the period.",
        ),
        MaterialityRow(
            "in_process", "Units in process at standard", in_process, threshold, weigh,
            "Backflush costing departs from GAAP by leaving them out; materiality defends it, and the period-end entry "
            "repairs it (ASC 330-10-20, ASC 105-10-05-6, IAS 2.6, IAS 8.8).",
        ),
    ]  # fmt: skip


def _chosen(settings: Settings, disposition: str) -> str:
    return "Chosen on Setup" if settings.variance_disposition == disposition else "Not chosen"
