"""Period: every stage of one run, each worked out when it is first asked for.

    inputs -> bill, unit costs -> demand, explosion -> relief, stock -> entries -> variances -> close -> ledger -> measures

Which stage takes what is written here and nowhere else. The stages of a period with one cell changed (`with_cell`) are those
of this one, as far as the cell cannot have moved them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.explosion import demand as demands
from xlbackflush.engine.explosion import explosion as explosions
from xlbackflush.engine.explosion.by_line import condensed
from xlbackflush.engine.measures import checks, comparison, conversion_allowed, dashboard, fit, materiality, tie_out
from xlbackflush.engine.measures import variances as variance
from xlbackflush.engine.posting import disposition, flush
from xlbackflush.engine.record.corrections import Draft, correct
from xlbackflush.engine.record.record import Record
from xlbackflush.engine.standards import bill, unit_cost
from xlbackflush.engine.stock import counted, in_process, movements, relief, stock_book
from xlbackflush.model.money import decimals
from xlbackflush.model.tables import Inputs, Settings

_COSTS = ("unit_costs", "in_process")
_QUANTITIES = ("exploded_rows", "demand", "explosion", "flushed")
_BEFORE_THE_CLOSE = (*_COSTS, *_QUANTITIES, "stock", "movements", "counted", "cost_held")
#: table, or table and column -> stages that its cells do not move
_UNMOVED: dict[str | tuple[str, str], tuple[str, ...]] = {
    "BOM": ("demand", "movements"),
    "StandardCost": ("demand", "movements"),
    "Counts": _COSTS,
    "Scrap": _COSTS,
    ("Scrap", "Salvage value"): _BEFORE_THE_CLOSE,
    "Purchases": _COSTS,
    ("Purchases", "Actual price"): (*_COSTS, *_QUANTITIES, "movements"),
    "Actuals": _BEFORE_THE_CLOSE,
    "Stock": (*_COSTS, *_QUANTITIES),
    "WIP": tuple(stage for stage in _BEFORE_THE_CLOSE if stage not in ("in_process", "movements")),
    "InventoryCount": (*_COSTS, *_QUANTITIES, "stock", "movements"),
    "Opening": _BEFORE_THE_CLOSE,
}


@dataclass(frozen=True)
class Closings:
    """Closing balances as posted, in minor units: all inventory accounts together, and cost of goods sold."""

    inventory: int
    cogs: int

    def __sub__(self, other: Closings) -> Closings:
        return Closings(self.inventory - other.inventory, self.cogs - other.cogs)


class Period:
    """See the module. Accepted inputs without errors, and what earlier runs left on the books; nothing is changed later."""

    def __init__(self, inputs: Inputs, record: Record | None = None) -> None:
        self.inputs, self.record = inputs, record or Record()
        self.settings: Settings = inputs.settings
        self.places = decimals(inputs.settings.currency)

    # ------------------------------------------------------------------------------ standards and explosion

    @cached_property
    def bill(self) -> bill.Structure:
        return bill.structure(self.inputs)

    @cached_property
    def unit_costs(self) -> unit_cost.Rollup:
        return unit_cost.rollup(self.bill, self.settings)

    @cached_property
    def demand(self) -> demands.Demand:
        return demands.demand(self.inputs, self.bill)

    @cached_property
    def exploded_rows(self) -> float:
        """Rows that the explosion product by product has, about."""
        return explosions.size(self.bill, self.demand)

    @cached_property
    def explosion(self) -> explosions.Trace:
        explode = explosions.trace if self.exploded_rows <= schema.TRACE_ROWS_MAX else condensed
        return explode(self.bill, self.unit_costs, self.demand, self.settings)

    # ------------------------------------------------------------------------------------------------ stock

    @cached_property
    def largest_amount(self) -> float:
        """No amount of the period is larger, in money."""
        return relief.largest(self.explosion, self.bill, self.unit_costs, self.inputs)

    @cached_property
    def relief(self) -> pd.DataFrame:
        return relief.relief(self.explosion, self.bill, self.demand, self.places)

    @cached_property
    def flushed(self) -> pd.DataFrame:
        return relief.flows(self.explosion, self.bill, self.demand, self.settings)

    @cached_property
    def stock(self) -> pd.DataFrame:
        return stock_book.reconciliation(self.explosion, self.bill, self.unit_costs, self.demand, self.inputs)

    @cached_property
    def movements(self) -> pd.DataFrame:
        return movements.movements(self.inputs, self.bill, self.unit_costs)

    @cached_property
    def counted(self) -> list[counted.Counted]:
        kinds = self.bill.items["type"].iloc[self.stock["item"]]
        return counted.count_method(self.inputs, self.flushed, self.stock, kinds)

    @cached_property
    def in_process(self) -> pd.DataFrame:
        return in_process.period_end_wip(self.inputs, self.bill, self.unit_costs)

    @cached_property
    def opening(self) -> dict[str, int]:
        return counted.opening_balances(self.inputs, self.counted, self.stock, self.places)

    # ---------------------------------------------------------------------------------------------- entries

    @cached_property
    def before_close(self) -> list[flush.Entry]:
        return flush.before_close(self.inputs, self.bill, self.flushed, self.stock, self.counted, self.places)

    @cached_property
    def cost_held(self) -> list[disposition.Content]:
        return disposition.contents(
            self.inputs, self.bill, self.unit_costs, self.stock, self.flushed, self.movements, self.counted
        )

    @cached_property
    def shares(self) -> list[disposition.Share]:
        excess = counted.opening_beyond(self.inputs, self.counted, self.stock, self.places)
        unallocated = in_process.recorded_conversion(self.inputs, self.in_process)
        return disposition.disposition(self.inputs, self.cost_held, self.before_close, excess, unallocated, self.places)

    @cached_property
    def entries(self) -> list[flush.Entry]:
        """All entries that the inputs call for, whatever is on the books."""
        return [
            *self.before_close,
            *disposition.close(self.inputs, self.before_close, self.shares, self.counted, self.places),
            *in_process.entries(self.inputs, self.in_process, self.places),
        ]

    @cached_property
    def draft(self) -> Draft:
        """The journal as a run leaves it: what was posted before, and what is added to it."""
        accounts, posted = self.inputs.accounts, self.record.posted
        return correct(posted, self.entries, accounts, self.settings.period_end, self.record.next_run)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        return flush.ledger(self.draft.entries, self.opening)

    @property
    def closings(self) -> Closings:
        """The balances that the entries leave."""
        ledger = flush.ledger(self.entries, self.opening)
        closing = dict(zip(ledger["role"], ledger["closing"], strict=True))
        return Closings(sum(closing.get(role, 0) for role in tie_out.INVENTORIES), closing.get(schema.COGS, 0))

    # --------------------------------------------------------------------------------------------- measures

    @cached_property
    def conversion_allowed(self) -> pd.DataFrame:
        return conversion_allowed.conversion_allowed(self.explosion, self.bill, self.settings)

    @cached_property
    def conversion(self) -> variance.Conversion:
        return variance.conversion_totals(self.inputs, self.conversion_allowed, self.before_close, self.places)

    @cached_property
    def variances(self) -> list[variance.Variance]:
        return variance.variances(
            self.inputs, self.bill, self.stock, self.conversion_allowed, self.conversion, self.before_close, self.places
        )

    @cached_property
    def ties(self) -> list[tie_out.Tie]:
        return tie_out.tie_out(self.inputs, self.stock, self.counted, self.draft.entries, self.ledger, self.places)

    @property
    def materiality_threshold(self) -> float:
        """Money; a share of closing inventories."""
        return self.settings.materiality * abs(sum(tie.closing for tie in self.ties))

    @cached_property
    def materiality(self) -> list[materiality.Measure]:
        return materiality.materiality(self.settings, self.shares, self.ties, self.in_process, self.ledger, self.places)

    @cached_property
    def checks(self) -> list[checks.Check]:
        return checks.checks(
            self.inputs, self.draft.entries, self.ledger, self.relief, self.variances, self.ties, self.places
        )

    @cached_property
    def comparison(self) -> list[comparison.Figures]:
        return comparison.comparison(self.inputs, self.bill, self.unit_costs, self.movements, self.stock, self.places)

    @cached_property
    def fit(self) -> list[fit.Weighed]:
        return fit.fit(
            self.inputs, self.bill, self.unit_costs, self.explosion, self.movements, self.stock, self.in_process,
            self.ledger, self.places,
        )  # fmt: skip

    @cached_property
    def dashboard(self) -> list[dashboard.Bar]:
        return dashboard.dashboard(self.variances, self.ledger, self.settings, self.places)

    # ----------------------------------------------------------------------------------------- another cell

    def with_cell(self, table: str, column: str, index: int, value: float) -> Period:
        """The period with another number in one cell; index counts the rows of the table from 0."""
        frame = self.inputs.frames[table]
        values = frame[column].to_numpy(dtype=np.float64, copy=True)
        values[index] = value
        changed = Period(
            replace(self.inputs, frames={**self.inputs.frames, table: frame.assign(**{column: values})}), self.record
        )
        if table not in ("BOM", "StandardCost"):
            changed.bill = replace(self.bill, frames=changed.inputs.frames)
        for stage in _UNMOVED.get((table, column), _UNMOVED[table]):
            changed.__dict__[stage] = getattr(self, stage)  # where a cached property keeps its value
        return changed
