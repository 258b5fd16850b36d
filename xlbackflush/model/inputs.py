"""Inputs of one period, typed: the settings, and one record of arrays for each input table.

Text is str ("" where blank), numbers are float64 (NaN where blank), dates are Excel day numbers (NaN where blank), `row` is
the row on the sheet. Fields are named as the columns of the schema are (`schema.identifier`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field
from xlbackflush.model.arrays import Floats, Ints, Records, Texts, blank_as_zero
from xlbackflush.model.money import decimals
from xlbackflush.model.tables import Source


@dataclass(frozen=True)
class Settings:
    """The policy of a run; dates are Excel day numbers."""

    company: str = "Your company"
    currency: str = "USD"
    period_start: int = 0
    period_end: int = 0
    trigger_points: str = schema.PCS
    relief_basis: str = schema.BILL_OF_MATERIALS
    conversion_costs: str = schema.AT_STANDARD
    variance_disposition: str = schema.TO_COGS
    journal_detail: str = schema.PER_TRIGGER
    default_scrap_basis: str = schema.OUTPUT
    budgeted_fixed_overhead: float | None = None
    materiality: float = 0.05
    price_tolerance: float = 0.25
    rate_tolerance: float = 0.25
    count_tolerance: float = 0.10
    absorption_tolerance: float = 0.25
    cycle_time_days: float | None = None
    period_end_wip: str = schema.RECORD
    stock_count_includes_units_in_process: str = schema.YES
    purchases_are: str = schema.RECORDED_HERE
    conversion_incurred_is: str = schema.RECORDED_HERE
    standards_set_on: int | None = None

    @property
    def conversion_expensed(self) -> bool:
        """Conversion goes to cost of goods sold as incurred; nothing is flushed, stock holds material only."""
        return self.conversion_costs == schema.EXPENSE_THEN_ADJUST

    @property
    def by_count(self) -> bool:
        """Material is relieved by difference from the physical count, not by count x BOM."""
        return self.relief_basis == schema.PHYSICAL_COUNT

    @property
    def by_class(self) -> bool:
        """Lines of items are split by their class: not where the physical count or the adjustment to it knows accounts alone."""
        return not self.by_count and not self.conversion_expensed

    @property
    def completion_triggers(self) -> bool:
        return self.trigger_points in (schema.PCS, schema.CS)

    @property
    def purchase_triggers(self) -> bool:
        return self.trigger_points in (schema.PCS, schema.PS)

    @property
    def purchases_elsewhere(self) -> bool:
        """Receipts stand in the inventory account at invoice price already; of no effect where purchase is no trigger."""
        return self.purchase_triggers and self.purchases_are == schema.IN_THE_LEDGER

    @property
    def conversion_elsewhere(self) -> bool:
        """Conversion incurred stands in its account already."""
        return self.conversion_incurred_is == schema.IN_THE_LEDGER

    @property
    def bought_role(self) -> str:
        """Role credited when a bought item is relieved, and debited at purchase where that is a trigger."""
        return {schema.PCS: schema.MIP, schema.PS: schema.INVENTORY_CONTROL}.get(
            self.trigger_points, schema.ACCOUNTS_PAYABLE
        )

    def role_of(self, item_type: str) -> str:
        """Inventory (or payables) role that an item of this type is relieved from; "" where it is exploded through."""
        if item_type == schema.BUY:
            return self.bought_role
        if self.completion_triggers:
            # materials that are relieved by count without having been recorded are not on the books, nor what is made of them
            subassemblies = self.bought_role if self.by_count else schema.MIP
            return {schema.SUBASSEMBLY: subassemblies, schema.FINISHED: schema.FINISHED_GOODS}.get(item_type, "")
        return ""


#: account and name of a role, and of a role and a class of items that has its own
Accounts = dict[str | tuple[str, str], tuple[str, str]]


def class_key(item_class: str) -> str:
    """What two classes are told apart by: spaces at the ends and case make no other one."""
    return " ".join(item_class.split()).lower()


def account_of(accounts: Mapping[Any, tuple[str, str]], role: str, item_class: str = "") -> tuple[str, str]:
    """Account and name of a line: those of the class, where it has its own."""
    return accounts.get((role, class_key(item_class))) or accounts[role]


@dataclass(frozen=True)
class InputRecords(Records):
    """Rows of one input table."""

    row: Ints

    def column(self, name: str) -> Any:
        """The array of a column by its name on the sheet."""
        return getattr(self, schema.identifier(name))


@dataclass(frozen=True)
class Bom(InputRecords):
    """A component of a made item, per good unit of its parent (`per` of them where that is filled in), before scrap."""

    parent: Texts
    component: Texts
    qty_per: Floats
    uom: Texts
    scrap_percent: Floats
    scrap_basis: Texts
    effective_from: Floats
    effective_to: Floats
    note: Texts
    per: Floats
    alternative: Texts


@dataclass(frozen=True)
class StandardCost(InputRecords):
    """An item; prices and rates in money, hours per good unit, setup hours per lot."""

    item: Texts
    description: Texts
    type: Texts
    uom: Texts
    material_price: Floats
    labor_hours: Floats
    labor_rate: Floats
    variable_overhead_rate: Floats
    fixed_overhead_rate: Floats
    other_conversion: Floats
    assembly_scrap_percent: Floats
    note: Texts
    price_per: Floats
    material_overhead_percent: Floats
    machine_hours: Floats
    setup_hours: Floats
    lot_size: Floats
    bill: Texts
    class_: Texts


@dataclass(frozen=True)
class Units(InputRecords):
    """A conversion of units of measure: one of the unit `from_` is `factor` of the unit `to`; item "": of every item."""

    item: Texts
    from_: Texts
    to: Texts
    factor: Floats
    note: Texts


@dataclass(frozen=True)
class Counts(InputRecords):
    """Units completed or sold."""

    date: Floats
    document: Texts
    event: Texts
    item: Texts
    quantity: Floats
    note: Texts


@dataclass(frozen=True)
class Scrap(InputRecords):
    """Units scrapped beyond what the BOM plans; salvage in money for the whole row."""

    date: Floats
    document: Texts
    item: Texts
    quantity: Floats
    stage: Texts
    kind: Texts
    salvage_value: Floats
    reason: Texts


@dataclass(frozen=True)
class Purchases(InputRecords):
    """Units received, what one of them (or `price_per`) was invoiced at, and other cost of the whole receipt, in money."""

    date: Floats
    document: Texts
    item: Texts
    quantity: Floats
    actual_price: Floats
    note: Texts
    uom: Texts
    price_per: Floats
    other_cost: Floats
    vendor: Texts


@dataclass(frozen=True)
class Actuals(InputRecords):
    """Conversion costs incurred, in money; hours of labor."""

    date: Floats
    document: Texts
    cost_type: Texts
    hours: Floats
    amount: Floats
    note: Texts


@dataclass(frozen=True)
class Stock(InputRecords):
    """Units on hand at the start of the period, and counted at its end."""

    item: Texts
    opening_qty: Floats
    counted_qty: Floats
    note: Texts


@dataclass(frozen=True)
class Wip(InputRecords):
    """Units in process at period end, and how much of their cost is in."""

    item: Texts
    quantity: Floats
    material_percent: Floats
    conversion_percent: Floats
    note: Texts


@dataclass(frozen=True)
class InventoryCount(InputRecords):
    """An inventory account counted in money."""

    role: Texts
    opening_amount: Floats
    opening_conversion: Floats
    counted_amount: Floats
    counted_conversion: Floats


@dataclass(frozen=True)
class Opening(InputRecords):
    """A balance carried over from the period before, in money."""

    role: Texts
    closing_balance: Floats
    reversal: Floats
    note: Texts
    class_: Texts


@dataclass(frozen=True)
class LastPeriod(InputRecords):
    """A figure of the period before, as roll wrote it; see `engine/measures/last_period.py`."""

    figure: Texts
    item: Texts
    component: Texts
    number: Floats
    rows: Floats
    periods: Floats
    text: Texts


@dataclass(frozen=True)
class Cleaned:
    """A cell that was cleaned as it was read. kind: of its column; now: text, number, day number of a date; None: blank."""

    table: str
    column: str
    row: int
    kind: str
    was: object
    now: str | float | None


@dataclass(frozen=True)
class ConversionStep:
    """A step from one unit of measure to another: by the row of sheet Units, 0 for a physical unit; times or divided by."""

    row: int
    divides: bool
    factor: float


@dataclass(frozen=True)
class Conversion:
    """One of a unit, as typed, is `factor` of the unit of an item (its row on Standard Cost): steps, one after the other."""

    item: str
    row: int
    unit: str
    own_unit: str
    steps: tuple[ConversionStep, ...]
    factor: float


@dataclass(frozen=True)
class Conversions:
    """Conversions of rows whose unit is not that of their item: position of the row in BOM, in Purchases -> which of all.

    missing: of rows for which there is none (table, position) -> the unit typed, and that of the item.
    """

    all: tuple[Conversion, ...] = ()
    bom: dict[int, int] = field(default_factory=dict)
    purchases: dict[int, int] = field(default_factory=dict)
    missing: dict[tuple[str, int], tuple[str, str]] = field(default_factory=dict)


NONE_CONVERTED = Conversions()


@dataclass(frozen=True)
class Inputs:
    """All inputs, typed.

    accounts: role, or role and class of items (`class_key`) -> (number, name).
    sources: tables as read, cleaned; setting_cells: setting -> its cell; cleaned: the cells
    that a run has to write, so that the formulas read what it read.

    What a run works with is per one unit of each item (`engine/inputs/per_unit.py`): quantities of BOM and Purchases, prices,
    labor hours. typed: the same as they stand on the sheets, None where nothing differs; converted: their units.
    """

    settings: Settings
    accounts: Accounts
    sources: dict[str, Source]
    setting_cells: dict[str, str]
    bom: Bom
    standard_cost: StandardCost
    units: Units
    counts: Counts
    scrap: Scrap
    purchases: Purchases
    actuals: Actuals
    stock: Stock
    wip: Wip
    inventory_count: InventoryCount
    opening: Opening
    last_period: LastPeriod
    cleaned: tuple[Cleaned, ...] = ()
    converted: Conversions = NONE_CONVERTED
    typed: Inputs | None = None

    @property
    def places(self) -> int:
        """Decimals of the currency."""
        return decimals(self.settings.currency)

    @property
    def as_typed(self) -> Inputs:
        """The inputs as they stand on the sheets."""
        return self.typed or self

    @property
    def invoiced(self) -> Floats:
        """What each receipt was invoiced at, in money, without other cost."""
        receipts = self.as_typed.purchases
        return (
            receipts.quantity * receipts.actual_price / np.where(np.isnan(receipts.price_per), 1.0, receipts.price_per)
        )

    @property
    def payable(self) -> Floats:
        """The same with other cost."""
        return self.invoiced + blank_as_zero(self.purchases.other_cost)

    def table(self, name: str) -> InputRecords:
        """The rows of an input table by its name."""
        records: InputRecords = getattr(self, FIELDS[name])
        return records


#: table -> its record
RECORDS: dict[str, type[InputRecords]] = {
    "BOM": Bom,
    "StandardCost": StandardCost,
    "Units": Units,
    "Counts": Counts,
    "Scrap": Scrap,
    "Purchases": Purchases,
    "Actuals": Actuals,
    "Stock": Stock,
    "WIP": Wip,
    "InventoryCount": InventoryCount,
    "Opening": Opening,
    "LastPeriod": LastPeriod,
}
#: table -> its field of `Inputs`: StandardCost is standard_cost
FIELDS = {table: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", table).lower() for table in RECORDS}
