"""Closings: the balances that a run leaves, worked out again with single cells changed.

The stages are those of the pipeline, as far as a ledger needs them; each is worked out when first asked for, and a change
in one cell takes along what it cannot have moved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.explosion import demand
from xlbackflush.engine.explosion import explosion as traces
from xlbackflush.engine.explosion.by_line import condensed
from xlbackflush.engine.measures.tie_out import INVENTORIES
from xlbackflush.engine.posting import disposition
from xlbackflush.engine.posting import flush as journals
from xlbackflush.engine.posting.disposition import Content
from xlbackflush.engine.rules import rules
from xlbackflush.engine.standards.bill import Structure, structure
from xlbackflush.engine.standards.unit_cost import Rollup, rollup
from xlbackflush.engine.stock import counted, relief, stock_book
from xlbackflush.engine.stock import in_process as wip
from xlbackflush.engine.stock.movements import movements
from xlbackflush.model.finding import has_errors
from xlbackflush.model.money import decimals
from xlbackflush.model.tables import Inputs

_COSTS = ("rollup", "wip")
_QUANTITIES = ("demand", "trace", "flows")
_BEFORE_THE_CLOSE = (*_COSTS, *_QUANTITIES, "book", "movements", "method", "contents")
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
    "WIP": tuple(stage for stage in _BEFORE_THE_CLOSE if stage not in ("wip", "movements")),
    "InventoryCount": (*_COSTS, *_QUANTITIES, "book", "movements"),
    "Opening": _BEFORE_THE_CLOSE,
}


@dataclass(frozen=True)
class Closings:
    """Closing balances as posted, in minor units: all inventory accounts together, and cost of goods sold."""

    inventory: int
    cogs: int

    def __sub__(self, other: Closings) -> Closings:
        return Closings(self.inventory - other.inventory, self.cogs - other.cogs)


class Stages:
    """The stages of one run over accepted inputs without errors."""

    def __init__(self, inputs: Inputs, built: Structure) -> None:
        self.inputs, self.structure = inputs, built
        self.settings, self.places = inputs.settings, decimals(inputs.settings.currency)

    def with_cell(self, table: str, column: str, index: int, value: float) -> Stages | None:
        """The stages with another number in one cell, index counting the rows of the frame; None if it is refused.

        Refused is what the checks of the inputs would stop: nothing is posted then.
        """
        spec = schema.TABLES[table].column(column)
        if abs(value) > 1e15 or (spec.maximum is not None and value >= spec.maximum):
            return None
        frame = self.inputs.frames[table]
        values = frame[column].to_numpy(dtype=np.float64, copy=True)
        values[index] = value
        inputs = replace(self.inputs, frames={**self.inputs.frames, table: frame.assign(**{column: values})})
        if table in ("BOM", "StandardCost"):
            built = structure(inputs)
        else:
            built = replace(self.structure, frames=inputs.frames)
        if table == "WIP" and has_errors(list(rules.wip_complete(inputs, built))):
            return None
        changed = Stages(inputs, built)
        for stage in _UNMOVED.get((table, column), _UNMOVED[table]):
            changed.__dict__[stage] = getattr(self, stage)  # where a cached property keeps its value
        return changed

    @cached_property
    def rollup(self) -> Rollup:
        return rollup(self.structure, self.settings)

    @cached_property
    def demand(self) -> demand.Demand:
        return demand.demand(self.inputs, self.structure)

    @cached_property
    def trace(self) -> traces.Trace:
        size = traces.size(self.structure, self.demand)
        explode = traces.trace if size <= schema.TRACE_ROWS_MAX else condensed
        return explode(self.structure, self.rollup, self.demand, self.settings)

    @cached_property
    def flows(self) -> pd.DataFrame:
        return relief.flows(self.trace, self.structure, self.demand, self.settings)

    @cached_property
    def book(self) -> pd.DataFrame:
        return stock_book.reconciliation(self.trace, self.structure, self.rollup, self.demand, self.inputs)

    @cached_property
    def movements(self) -> pd.DataFrame:
        return movements(self.inputs, self.structure, self.rollup)

    @cached_property
    def method(self) -> list[counted.Counted]:
        kinds = self.structure.items["type"].iloc[self.book["item"]]
        return counted.count_method(self.inputs, self.flows, self.book, kinds)

    @cached_property
    def wip(self) -> pd.DataFrame:
        return wip.period_end_wip(self.inputs, self.structure, self.rollup)

    @cached_property
    def contents(self) -> list[Content]:
        return disposition.contents(
            self.inputs, self.structure, self.rollup, self.book, self.flows, self.movements, self.method
        )

    @cached_property
    def closings(self) -> Closings:
        """The balances that the journal leaves."""
        inputs, book, method, places = self.inputs, self.book, self.method, self.places
        entries = journals.before_close(inputs, self.structure, self.flows, book, method, places)
        in_process = wip.recorded_conversion(inputs, self.wip)
        beyond = counted.opening_beyond(inputs, method, book, places)
        shares = disposition.disposition(inputs, self.contents, entries, beyond, in_process, places)
        entries += disposition.close(inputs, entries, shares, method, places)
        entries += wip.entries(inputs, self.wip, places)
        ledger = journals.ledger(entries, counted.opening_balances(inputs, method, book, places))
        closing = dict(zip(ledger["role"], ledger["closing"], strict=True))
        return Closings(sum(closing.get(role, 0) for role in INVENTORIES), closing.get(schema.COGS, 0))
