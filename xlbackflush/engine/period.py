"""Period: every stage of one run, each worked out when it is first asked for.

    inputs -> bill, unit costs -> demand, explosion -> relief, stock -> entries -> variances -> close -> ledger -> measures

Which stage takes what is written here and nowhere else. The stages of a period with one cell changed (`with_cell`) are those
of this one, as far as the cell cannot have moved them.
"""

from __future__ import annotations

from functools import cached_property

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.explosion.by_line import explosion_by_line
from xlbackflush.engine.explosion.demand import IN_PROCESS, Demand, Transactions, demand, transactions
from xlbackflush.engine.explosion.explosion import Explosion, Walk, quantities, sizes, walk
from xlbackflush.engine.inputs.snapshot import Snapshot
from xlbackflush.engine.measures import checks
from xlbackflush.engine.measures import variances as variance
from xlbackflush.engine.measures.at_stake import units_at_stake, units_contained
from xlbackflush.engine.measures.checks import Check
from xlbackflush.engine.measures.comparison import Figures, comparison
from xlbackflush.engine.measures.control_totals import ControlTotal, control_totals
from xlbackflush.engine.measures.dashboard import Bar, dashboard
from xlbackflush.engine.measures.fit import FitFigure, FitSources, fit
from xlbackflush.engine.measures.last_period import Figures as PeriodFigures
from xlbackflush.engine.measures.last_period import figures, remembered
from xlbackflush.engine.measures.levers import Levers
from xlbackflush.engine.measures.likely_mistakes import LikelyMistakes, likely_mistakes
from xlbackflush.engine.measures.materiality import MaterialityRow, material_amount, materiality
from xlbackflush.engine.measures.own_rows import OwnRows, own_rows
from xlbackflush.engine.measures.receipts import Receipts, Vendors, by_vendor, receipts
from xlbackflush.engine.measures.tie_out import INVENTORIES, Tie, tie_out
from xlbackflush.engine.measures.unit_balance import UnitBalance, unit_balance
from xlbackflush.engine.measures.variances import Conversion, ConversionAllowed, Variance
from xlbackflush.engine.measures.witnesses import Hearing, witnesses
from xlbackflush.engine.posting.close import close, period_end_entries
from xlbackflush.engine.posting.disposition import CostHeld, Share, cost_held, disposition, to_close
from xlbackflush.engine.posting.flush import Ledger, before_close, ledger, recorded_elsewhere
from xlbackflush.engine.posting.normal_scrap import NormalScrap, normal_scrap
from xlbackflush.engine.record.corrections import Draft, correct
from xlbackflush.engine.record.record import Record
from xlbackflush.engine.standards.bill import Bill, bill, with_numbers
from xlbackflush.engine.standards.per_unit import per_unit
from xlbackflush.engine.standards.unit_cost import UnitCosts, unit_costs
from xlbackflush.engine.stock.counted import CountedAccount, counted_accounts
from xlbackflush.engine.stock.in_process import InProcess, in_process, recorded_conversion
from xlbackflush.engine.stock.movements import Movements, movements
from xlbackflush.engine.stock.opening import at_standard, carried_over, opening_balances, opening_excess
from xlbackflush.engine.stock.relief import Flow, Relief, flushed, largest_amount, relief
from xlbackflush.engine.stock.stock_book import StockBook, stock_book
from xlbackflush.model.arrays import Floats, total
from xlbackflush.model.inputs import FIELDS, Inputs, Settings
from xlbackflush.model.journal import Account, Entry

#: what no number moves: which rows the explosion has, and of which items, lines and days
_SHAPE = ("exploded_rows", "walk")
_COSTS = ("unit_costs", "in_process")
_QUANTITIES = ("demand", "explosion", "flushed")
_BEFORE_THE_CLOSE = (*_COSTS, *_QUANTITIES, "stock", "movements", "counted", "cost_held")
#: table, or table and column -> stages that its cells do not move
_UNMOVED: dict[str | tuple[str, str], tuple[str, ...]] = {
    "BOM": ("demand", "movements"),
    "StandardCost": ("demand", "movements"),
    "Counts": _COSTS,
    "Scrap": _COSTS,
    ("Scrap", "Salvage value"): _BEFORE_THE_CLOSE,
    "Purchases": _COSTS,
    **{
        ("Purchases", column): (*_COSTS, *_QUANTITIES, "movements")
        for column in ("Actual price", "Price per", "Other cost")
    },
    "Units": (),
    "Actuals": _BEFORE_THE_CLOSE,
    "Stock": (*_COSTS, *_QUANTITIES),
    "WIP": tuple(stage for stage in _BEFORE_THE_CLOSE if stage not in ("in_process", "movements")),
    "InventoryCount": (*_COSTS, *_QUANTITIES, "stock", "movements"),
    "Opening": _BEFORE_THE_CLOSE,
    "LastPeriod": _BEFORE_THE_CLOSE,
}


@dataclass(frozen=True)
class Closings:
    """Closing balances as posted, or changes of them, by role in minor units; those that are nothing are left out."""

    by_role: dict[str, int]

    @property
    def inventory(self) -> int:
        """All inventory accounts together."""
        return sum(self.by_role.get(role, 0) for role in INVENTORIES)

    @property
    def cogs(self) -> int:
        return self.by_role.get(schema.COGS, 0)

    @property
    def most_moved(self) -> str:
        """The role of the largest, the first of equals in the order of the accounts; "" where there is none."""
        return max(
            filter(self.by_role.__contains__, schema.ROLES), key=lambda role: abs(self.by_role[role]), default=""
        )

    def __sub__(self, other: Closings) -> Closings:
        roles = self.by_role | other.by_role
        return _closings({role: self.by_role.get(role, 0) - other.by_role.get(role, 0) for role in roles})

    def __neg__(self) -> Closings:
        return Closings({role: -minor for role, minor in self.by_role.items()})


def _closings(balances: dict[str, int]) -> Closings:
    return Closings({role: minor for role, minor in balances.items() if minor})


def _unmoved(table: str, column: str, demand: Demand) -> tuple[str, ...]:
    """The stages that a cell does not move."""
    if table == "Stock" and demand.of_shelf:  # where no completions are counted, stock says what was made
        return _COSTS
    if table == "WIP" and IN_PROCESS in demand.streams:
        return ("unit_costs",)
    return _UNMOVED.get((table, column)) or _UNMOVED[table]


class Period:
    """See the module. Accepted inputs without errors, and what earlier runs left on the books; nothing is changed later."""

    def __init__(self, inputs: Inputs, record: Record | None = None) -> None:
        self.inputs, self.record = inputs if inputs.typed else per_unit(inputs), record or Record()
        self.settings: Settings = inputs.settings
        self.places = inputs.places

    @cached_property
    def snapshot(self) -> Snapshot:
        """The inputs as they go on record."""
        return Snapshot(self.inputs.sources)

    # ------------------------------------------------------------------------------ standards and explosion

    @cached_property
    def bill(self) -> Bill:
        return bill(self.inputs)

    @cached_property
    def unit_costs(self) -> UnitCosts:
        return unit_costs(self.bill)

    @cached_property
    def transactions(self) -> Transactions:
        return transactions(self.bill)

    @cached_property
    def demand(self) -> Demand:
        return demand(self.bill, self.transactions)

    @cached_property
    def exploded_rows(self) -> float:
        """Rows that the explosion product by product has, about."""
        return float(sizes(self.bill, self.demand).sum())

    @cached_property
    def walk(self) -> Walk:
        return walk(self.unit_costs, self.demand, self.settings)

    @cached_property
    def explosion(self) -> Explosion:
        if self.exploded_rows > schema.TRACE_ROWS_MAX:
            return explosion_by_line(self.unit_costs, self.demand, self.settings)
        return quantities(self.walk, self.unit_costs, self.demand, self.settings)

    # ------------------------------------------------------------------------------------------------ stock

    @cached_property
    def largest_amount(self) -> float:
        """No amount of the period is larger, in money."""
        return largest_amount(self.explosion, self.unit_costs)

    @cached_property
    def relief(self) -> Relief:
        return relief(self.explosion, self.bill, self.demand)

    @cached_property
    def flushed(self) -> list[Flow]:
        return flushed(self.explosion, self.bill, self.demand)

    @cached_property
    def stock(self) -> StockBook:
        return stock_book(self.explosion, self.unit_costs, self.demand, self.transactions)

    @cached_property
    def movements(self) -> Movements:
        return movements(self.unit_costs, self.transactions)

    @cached_property
    def counted(self) -> list[CountedAccount]:
        return counted_accounts(self.bill, self.flushed, self.stock)

    @cached_property
    def in_process(self) -> InProcess:
        return in_process(self.unit_costs)

    @cached_property
    def carried_over(self) -> dict[str, int]:
        return carried_over(self.inputs)

    @cached_property
    def opening_at_standard(self) -> dict[str, int]:
        return at_standard(self.counted, self.stock, self.places)

    @cached_property
    def opening(self) -> dict[Account, int]:
        return opening_balances(self.opening_at_standard, self.stock, self.bill)

    @cached_property
    def opening_excess(self) -> dict[str, int]:
        return opening_excess(self.settings, self.opening_at_standard, self.carried_over)

    # ---------------------------------------------------------------------------------------------- entries

    @cached_property
    def before_close(self) -> list[Entry]:
        return before_close(self.bill, self.flushed, self.stock, self.counted)

    @cached_property
    def elsewhere(self) -> list[Entry]:
        """What the ledger has from other journals."""
        return recorded_elsewhere(self.bill, self.flushed, self.stock)

    @cached_property
    def recorded(self) -> list[Entry]:
        """What the accounts hold before the close: from here and from elsewhere."""
        return [*self.elsewhere, *self.before_close]

    @cached_property
    def to_close(self) -> dict[str, int]:
        """Balances that the close disposes of."""
        return to_close(self.recorded, self.carried_over)

    @cached_property
    def cost_held(self) -> list[CostHeld]:
        return list(cost_held(self.unit_costs, self.stock, self.flushed, self.movements, self.counted))

    @cached_property
    def normal_scrap(self) -> NormalScrap:
        return normal_scrap(self.unit_costs, self.stock, self.movements)

    @cached_property
    def shares(self) -> list[Share]:
        unallocated = recorded_conversion(self.inputs, self.in_process)
        return list(
            disposition(self.inputs, self.cost_held, self.to_close, self.opening_excess, unallocated, self.normal_scrap)
        )

    @cached_property
    def entries(self) -> list[Entry]:
        """All entries that the inputs call for, whatever is on the books."""
        return [
            *self.before_close,
            *close(self.bill, self.recorded, self.shares, self.counted),
            *period_end_entries(self.inputs, self.in_process),
        ]

    @cached_property
    def draft(self) -> Draft:
        """The journal as a run leaves it: what was posted before, and what is added to it."""
        accounts, posted = self.inputs.accounts, self.record.posted
        return correct(posted, self.entries, accounts, self.settings.period_end, self.record.next_run)

    @cached_property
    def ledger(self) -> Ledger:
        return ledger(self.draft.entries, self.opening, self.elsewhere)

    @cached_property
    def closings(self) -> Closings:
        """The balances that the entries leave."""
        return _closings(ledger(self.entries, self.opening, self.elsewhere).closing_by_role)

    # --------------------------------------------------------------------------------------------- measures

    @cached_property
    def conversion_allowed(self) -> ConversionAllowed:
        return variance.conversion_allowed(self.explosion, self.bill, self.demand)

    @cached_property
    def conversion(self) -> Conversion:
        return variance.conversion_totals(self.bill, self.conversion_allowed, self.flushed, self.recorded)

    @cached_property
    def variances(self) -> list[Variance]:
        return variance.variances(self.bill, self.stock, self.conversion_allowed, self.conversion, self.recorded)

    @cached_property
    def ties(self) -> list[Tie]:
        standard, carried = self.opening_at_standard, self.carried_over
        entries = self.draft.entries
        return list(tie_out(self.inputs, self.stock, self.counted, entries, self.ledger, standard, carried))

    @property
    def materiality_threshold(self) -> float:
        """Money; a share of closing inventories."""
        return self.settings.materiality * abs(sum(tie.closing for tie in self.ties))

    @cached_property
    def materiality(self) -> list[MaterialityRow]:
        return materiality(self.inputs, self.shares, self.ties, self.in_process, self.ledger)

    @cached_property
    def receipts(self) -> Receipts:
        return receipts(self.unit_costs)

    @cached_property
    def vendors(self) -> Vendors:
        return by_vendor(self.unit_costs, self.receipts)

    @cached_property
    def own_rows(self) -> OwnRows:
        return own_rows(self.bill)

    @cached_property
    def unit_balance(self) -> UnitBalance:
        return unit_balance(self.bill, self.stock, self.transactions)

    @cached_property
    def levers(self) -> Levers:
        return Levers(self.unit_costs, self.demand, self.explosion, self.own_rows)

    @cached_property
    def likely_mistakes(self) -> LikelyMistakes:
        """Cells that counts and records speak against; what comes to less than a tenth of materiality is left alone."""
        return likely_mistakes(self.unit_balance, self.levers, self.trifle)

    @cached_property
    def material(self) -> float:
        """Money above which a finding is a warning; see `material_amount`."""
        return material_amount(self.materiality_threshold, self.settings, self.stock)

    @property
    def trifle(self) -> float:
        """Money: what is less is not worth a word."""
        return self.material / 10

    @cached_property
    def checks(self) -> list[Check]:
        """In the order of the sheet."""
        of_entries = checks.of_entries(self.inputs, self.draft.entries, self.ledger, self.variances)
        return [*of_entries, *checks.of_stock(self.ties, self.relief, self.places)]

    @cached_property
    def control_totals(self) -> list[ControlTotal]:
        return list(control_totals(self.inputs, len(self.ledger)))

    @cached_property
    def units_at_stake(self) -> Floats:
        return units_at_stake(self.bill, self.stock, self.conversion_allowed)

    @cached_property
    def units_contained(self) -> Floats:
        return units_contained(self.bill, self.units_at_stake)

    @cached_property
    def comparison(self) -> list[Figures]:
        return comparison(self.unit_costs, self.movements, self.stock)

    @cached_property
    def fit(self) -> list[FitFigure]:
        rows = self.explosion.rows
        conversion = total(rows.conversion[self.demand.posts[rows.root]])
        return fit(FitSources(self.unit_costs, conversion, self.movements, self.stock, self.in_process, self.ledger))

    @cached_property
    def last_period(self) -> PeriodFigures | None:
        """The period before, as sheet Last Period has it."""
        return remembered(self.bill)

    @cached_property
    def this_period(self) -> PeriodFigures:
        """The same figures of this period."""
        return figures(self.bill, self.stock, self.fit)

    @cached_property
    def witnesses(self) -> Hearing:
        """What hours, parts and sales say about the production counts."""
        return witnesses(self.bill, self.explosion, self.demand, self.transactions, self.stock)

    @cached_property
    def dashboard(self) -> list[Bar]:
        return dashboard(self.variances, self.ledger, self.settings, self.places)

    # ------------------------------------------------------------------------------ another record, another cell

    def with_record(self, record: Record) -> Period:
        """The period of the same inputs, where something is on the books."""
        changed = Period(self.inputs, record)
        changed.bill = self.bill
        return changed

    def with_cell(self, table: str, column: str, index: int, value: float) -> Period:
        """The period with another number typed into one cell; index counts the rows of the table from 0.

        It takes along what this one has worked out already and the cell does not move.
        """
        typed = self.inputs.as_typed
        records = typed.table(table)
        values = records.column(column).copy()
        values[index] = value
        records = replace(records, **{schema.identifier(column): values})
        inputs = replace(typed, **{FIELDS[table]: records})  # type: ignore[arg-type]
        changed = Period(per_unit(inputs, self.inputs), self.record)
        changed.bill = with_numbers(self.bill, changed.inputs)
        known = vars(self)  # where a cached property keeps its value
        for stage in (*_SHAPE, *_unmoved(table, column, self.demand)):
            if stage in known:
                vars(changed)[stage] = known[stage]
        if "unit_costs" in vars(changed):  # the same costs; whoever reads the inputs through them must see the cell
            changed.unit_costs = replace(self.unit_costs, bill=changed.bill)
        return changed
