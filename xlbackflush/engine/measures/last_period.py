"""Last period: figures of a period that the next one is compared with, as they are now and as roll wrote them.

Roll writes them on sheet Last Period, a row for each figure that is not zero:

    Figure          Item    Component Number  Rows  Periods  Text
    Completed       WIDGET             5,000    12       3              twelve counts; in three periods in a row
    Material price  RESIN               2.15                            a standard, by the name of its column
    Qty per         WIDGET  RESIN       1.2                             a line of the bill in force at period end
    Incurred                          41,200     4       3  Labor       a cost type
    Period end                                              2026-04-30

They move no amount. Both sides of a comparison are a `Figures`, so that a rule sees what differs.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.measures.fit import FitFigure
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, Texts, blank_as_zero, sums, texts, total, where_true

RECEIVED, USED, SCRAPPED = "Received", "Used", "Scrapped"
#: what happened to an item -> the sheet with its rows
SHEETS = {schema.COMPLETED: "Counts", schema.SOLD: "Counts", RECEIVED: "Purchases", SCRAPPED: "Scrap"}
CLOSING, TYPE, UOM = "Closing stock", "Type", "UoM"
#: columns of Standard Cost
STANDARDS = (
    "Material price", "Labor hours", "Labor rate", "Variable overhead rate", "Fixed overhead rate", "Other conversion",
    "Assembly scrap %",
)  # fmt: skip
QTY_PER, SCRAP = "Qty per", "Scrap %"
INCURRED, BALANCE, REVERSED = "Incurred", "Closing balance", "Reversal"
PERIOD_START, PERIOD_END, TURNOVER, CYCLE = "Period start", "Period end", "Inventory turnover", "Cycle time days"
BUDGET, MATERIALITY = "Budgeted fixed overhead", "Materiality %"
#: settings that are numbers
NUMBERS = (CYCLE, BUDGET, MATERIALITY)
CHOICES = tuple(setting for setting in schema.SETTINGS if setting.kind == "choice")


@dataclass(frozen=True)
class Activity:
    """What happened to each item: units, rows of its sheet without corrections, periods in a row that had any."""

    units: Floats
    rows: Floats
    periods: Floats


@dataclass(frozen=True)
class BillLines(Records):
    """Lines of the bill that are in force at period end. row: on their sheet; scrap: a share."""

    row: Ints
    parent: Ints
    component: Ints
    quantity: Floats
    scrap: Floats
    on_input: Bools


@dataclass(frozen=True)
class Incurred:
    """What a cost type came to, in money; rows and periods as of `Activity`."""

    amount: float
    rows: float
    periods: float


@dataclass(frozen=True)
class Figures:
    """The figures of a period; arrays have one element for each item of this period.

    known: items that there were. numbers, words: figures that are of no item.
    """

    known: Bools
    activity: dict[str, Activity]
    used: Floats
    closing: Floats
    standards: dict[str, Floats]
    kinds: dict[str, Texts]
    lines: BillLines
    incurred: dict[str, Incurred]
    numbers: dict[str, float]
    words: dict[str, str]
    balances: dict[tuple[str, str], float]


# ------------------------------------------------------------------------------------------------ as they are now


def figures(bill: Bill, stock: StockBook, fit: Sequence[FitFigure]) -> Figures:
    """The figures of this period; balances, which roll works out, are left out."""
    inputs, count = bill.inputs, len(bill.items)
    settings, cost = inputs.settings, inputs.standard_cost
    used, closing = np.zeros(count), np.zeros(count)
    used[stock.item] = stock.relieved
    closing[stock.item] = np.where(np.isnan(stock.counted), stock.ending, stock.counted)
    numbers = {name: getattr(settings, schema.identifier(name.removesuffix(" %"))) for name in NUMBERS}
    numbers[TURNOVER] = next(row.figure for row in fit if row.measure.key == "turnover")
    days = ((PERIOD_START, settings.period_start), (PERIOD_END, settings.period_end))
    words = {name: str(schema.DAY_0 + dt.timedelta(days=day)) for name, day in days}
    words |= {setting.name: str(getattr(settings, setting.field)) for setting in CHOICES}
    return Figures(
        known=np.ones(count, dtype=bool), activity=_activity(bill), used=used, closing=closing,
        standards={name: blank_as_zero(cost.column(name)) for name in STANDARDS},
        kinds={TYPE: cost.type, UOM: cost.uom}, lines=_in_force(bill), incurred=_incurred(bill),
        numbers={name: float(value) for name, value in numbers.items() if value is not None},
        words=words, balances={},
    )  # fmt: skip


def _activity(bill: Bill) -> dict[str, Activity]:
    counts, count = bill.inputs.counts, len(bill.items)
    found = {}
    for name, table in SHEETS.items():
        item, quantity = bill.of(table), blank_as_zero(bill.inputs.table(table).column("Quantity"))
        if table == "Counts":
            chosen = counts.event == name
            item, quantity = item[chosen], quantity[chosen]
        units = sums(item + 1, quantity, count + 1)[1:]
        rows = np.bincount(item[quantity > 0] + 1, minlength=count + 1)[1:].astype(np.float64)
        found[name] = Activity(units, rows, (rows > 0).astype(np.float64))
    return found


def _in_force(bill: Bill) -> BillLines:
    lines = bill.lines.of(bill.lines.last >= bill.inputs.settings.period_end)
    return BillLines(lines.row, lines.parent, lines.component, lines.quantity, lines.scrap, lines.on_input)


def _incurred(bill: Bill) -> dict[str, Incurred]:
    actuals, found = bill.inputs.actuals, {}
    for cost_type in schema.COST_TYPES:
        amount = actuals.amount[actuals.cost_type == cost_type]
        rows = float(np.count_nonzero(amount > 0))
        if len(amount):
            found[cost_type] = Incurred(total(amount), rows, float(rows > 0))
    return found


# ---------------------------------------------------------------------------------------------- as roll wrote them


def remembered(bill: Bill) -> Figures | None:
    """The figures on sheet Last Period; None where there are none. Figures of another name are passed over."""
    read = bill.inputs.last_period
    if not len(read):
        return None
    sheet = _Sheet(bill)
    kinds = {name: sheet.texts(name) for name in (TYPE, UOM)}
    return Figures(
        known=kinds[TYPE] != "",
        activity={name: Activity(*(sheet.numbers(name, c) for c in ("Number", "Rows", "Periods"))) for name in SHEETS},
        used=sheet.numbers(USED), closing=sheet.numbers(CLOSING),
        standards={name: sheet.numbers(name) for name in STANDARDS}, kinds=kinds, lines=sheet.lines(),
        incurred=sheet.incurred(), numbers={n: float(read.number[at]) for n, at in sheet.single(*NUMBERS, TURNOVER)},
        words={n: read.text[at] for n, at in sheet.single(PERIOD_START, PERIOD_END, *(s.name for s in CHOICES))},
        balances=sheet.balances(),
    )  # fmt: skip


class _Sheet:
    """Rows of sheet Last Period by figure."""

    def __init__(self, bill: Bill) -> None:
        self.read, self.count = bill.inputs.last_period, len(bill.items)
        self.item, self.component = bill.of("LastPeriod", "Item"), bill.of("LastPeriod", "Component")
        self.number = blank_as_zero(self.read.number)
        places: dict[str, list[int]] = defaultdict(list)
        for at, figure in enumerate(self.read.figure.tolist()):
            places[figure].append(at)
        self.places = {figure: np.array(rows, dtype=np.int64) for figure, rows in places.items()}

    def _of_items(self, figure: str) -> Ints:
        """The rows of a figure whose item there is."""
        at = self.places.get(figure, np.zeros(0, dtype=np.int64))
        return at[self.item[at] >= 0]

    def numbers(self, figure: str, column: str = "Number") -> Floats:
        """A column of a figure, for each item; zero where it has no row."""
        found, at = np.zeros(self.count), self._of_items(figure)
        found[self.item[at]] = blank_as_zero(self.read.column(column))[at]
        return found

    def texts(self, figure: str) -> Texts:
        """The text of a figure, for each item."""
        found, at = texts([""] * self.count), self._of_items(figure)
        found[self.item[at]] = self.read.text[at]
        return found

    def lines(self) -> BillLines:
        """Lines of the bill; component -1 where the item is gone."""
        at, scrap = self._of_items(QTY_PER), self._of_items(SCRAP)
        on_input = {}
        shares = {}
        for row, pair in zip(scrap.tolist(), self._pairs(scrap), strict=True):
            shares[pair], on_input[pair] = float(self.number[row]), self.read.text[row] == schema.INPUT
        pairs = self._pairs(at)
        return BillLines(
            at, self.item[at], self.component[at], self.number[at],
            np.array([shares.get(pair, 0.0) for pair in pairs], dtype=np.float64),
            np.array([on_input.get(pair, False) for pair in pairs], dtype=bool),
        )  # fmt: skip

    def _pairs(self, at: Ints) -> list[tuple[int, int]]:
        return list(zip(self.item[at].tolist(), self.component[at].tolist(), strict=True))

    def incurred(self) -> dict[str, Incurred]:
        """What the cost types came to."""
        periods, rows = blank_as_zero(self.read.periods), blank_as_zero(self.read.rows)
        return {
            self.read.text[at]: Incurred(float(self.number[at]), float(rows[at]), float(periods[at]))
            for at in self.places.get(INCURRED, np.zeros(0, dtype=np.int64)).tolist()
        }

    def single(self, *names: str) -> Iterator[tuple[str, int]]:
        """Figures that are of no item, and the row of each."""
        return ((name, int(self.places[name][-1])) for name in names if name in self.places)

    def balances(self) -> dict[tuple[str, str], float]:
        """Balances carried over, by figure and role."""
        return {
            (figure, self.read.text[at]): float(self.number[at])
            for figure in (BALANCE, REVERSED)
            for at in self.places.get(figure, np.zeros(0, dtype=np.int64)).tolist()
        }


# ---------------------------------------------------------------------------------------------- units that were made


def units_made(bill: Bill, activity: dict[str, Activity]) -> Floats:
    """Units of each made item whose components were relieved: as counted, and inside of items that contain it.

    Where completion is no trigger those are the units sold; where none were, the units completed.
    """
    completed, sold = activity[schema.COMPLETED].units, activity[schema.SOLD].units
    by_completion = bill.inputs.settings.completion_triggers
    units = np.where(bill.items.made, completed if by_completion else np.where(sold > 0, sold, completed), 0.0)
    return contents(bill, units, bill.items.made & ~bill.items.stocked)


def contents(bill: Bill, units: Floats, inside: Bools) -> Floats:
    """Units of each item, and those inside of the units of others: of the items `inside` alone."""
    lines, units = bill.lines, units.copy()
    each, level = lines.factor * bill.items.to_start[lines.parent], bill.level[lines.parent]
    for depth in range(int(level.max(initial=-1)) + 1):
        at = where_true((level == depth) & inside[lines.component])
        np.add.at(units, lines.component[at], units[lines.parent[at]] * each[at])
    return units
