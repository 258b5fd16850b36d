"""Fit: is backflush costing appropriate here? Each measure with its figure, threshold, verdict and why it matters.

The method asks for low inventory, fast production, accurate counts and bills, honest scrap reports, standards near actual
cost, and products that repeat. Every figure comes from inputs and results of the run, is rounded once, and is None where
it cannot be known. The sheet recomputes each with a native formula (`sheets/fit.py`).
"""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.posting.flush import Ledger
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.engine.stock.in_process import InProcess
from xlbackflush.engine.stock.movements import Movements
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Bools, Floats, Minors
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.money import from_minor, to_minor
from xlbackflush.schema import AT_LEAST, AT_MOST

YEAR, CREDIT_DAYS = 365, 30
_TURNOVER = 12.0  # times a year
USE_TOLERANCE = 0.02  # of its use: a difference of a part up to this is no fault of the bill of materials
OVERALL = "overall"
MATERIALITY = "Materiality %"


@dataclass(frozen=True)
class FitMeasure:
    """What is measured, in words. kind is the cell format of figure and threshold; no threshold: for information.

    `threshold` is a number or the name of a setting; with a key in `follows`, it is 365 / the threshold of that measure.
    `missing` completes "Not known: ..." and names the inputs that would make the figure known.
    """

    key: str
    condition: str
    name: str
    unit: str
    kind: schema.Kind
    wanted: str
    threshold: float | str | None
    why: str
    missing: str
    how: str
    follows: str = ""


@dataclass(frozen=True)
class FitFigure:
    """A measure with its figure and threshold (None: not known; no threshold)."""

    measure: FitMeasure
    figure: float | None
    threshold: float | None

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return schema.UNKNOWN
        if self.threshold is None:
            return schema.FOR_INFORMATION
        spare = self.figure - self.threshold if self.measure.wanted == AT_LEAST else self.threshold - self.figure
        return schema.FITS if spare >= 0 else schema.LOOK


_COUNT = "fill Counted qty on Stock"
_INVENTORY, _SPEED, _COUNTS = "Low inventory", "Fast production", "Accurate counts"
_BILLS, _STANDARDS = "Accurate bills", "Standards near actual"
_BUYING, _BASE = "Purchase timing", "Base figures"

MEASURES: tuple[FitMeasure, ...] = (
    FitMeasure(
        "turnover", _INVENTORY, "Inventory turnover", "times a year", "price", AT_LEAST, _TURNOVER,
        "Costs are recorded late, at completion or sale. The faster stock turns, the shorter the time in which the books "
        "lag behind the shop floor, and the less a late entry matters.",
        "there is no inventory at standard; fill Opening qty on Stock, Purchases and Counts",
        "Cost of goods sold x 365 / days in the period, divided by the average of inventory at start and end (Base figures "
        "below). 12 a year is a month of stock.",
    ),
    FitMeasure(
        "days_on_hand", _INVENTORY, "Days of inventory on hand", "days", "price", AT_MOST, round(YEAR / _TURNOVER, 2),
        "The same in days: how long a cost lies in inventory before it is sold. Where that is long, costs should be "
        "recorded as they are incurred, not afterwards.",
        "nothing was sold; fill Sold rows on Counts",
        "Average inventory / cost of goods sold per day. Threshold: 365 / threshold of turnover.",
        follows="turnover",
    ),
    FitMeasure(
        "cycle", _SPEED, "Cycle time as a share of the period", "of the period", "percent", AT_MOST, 0.10,
        "From start to completion, parts in process are still shown as materials. A cycle that is short against the period "
        "leaves little in between at period end.",
        "fill the setting Cycle time days",
        "Cycle time days (Setup) / days in the period. 10 % is three days of a month.",
    ),
    FitMeasure(
        "wip", _SPEED, "Work in process that is not recorded", "of inventory", "percent", AT_MOST, MATERIALITY,
        "Units in process are inventory (ASC 330-10-20, IAS 2.6), yet the method has no account of them. Below materiality "
        "that may stand; above it, the entry of sheet Period-end WIP is needed.",
        "list the units in process on sheet WIP, with quantity 0 where there are none",
        "Amount on Period-end WIP / inventory at period end. Threshold: Materiality % on Setup.",
    ),
    FitMeasure(
        "covered", _COUNTS, "Stock that was counted", "of book value", "percent", AT_LEAST, 0.90,
        "Only a count shows whether relief was right. What nobody counted can be wrong for months.",
        "the books hold no stock; fill Stock, Purchases and Counts",
        "Book amount of the items with a count / book amount of all items (Reconciliation, without signs). 90 %: small "
        "items may wait for their turn.",
    ),
    FitMeasure(
        "count", _COUNTS, "Count accuracy", "of book value", "percent", AT_LEAST, 0.97,
        "A wrong count or bill leaves a difference between book and shelf, and the flush repeats it with every unit.",
        _COUNT,
        "1 - differences / book amount of the items counted, at standard, both without signs (Reconciliation). 97 % is a "
        "common target for stock records.",
    ),
    FitMeasure(
        "corrections", _COUNTS, "Counts that are corrections", "of count rows", "percent", AT_MOST, 0.02,
        "The production count multiplies everything: an error in it relieves the wrong quantity of every component. "
        "Corrections are the errors that were found.",
        "fill Counts",
        "Rows of Counts with a negative quantity / all rows. More than one in fifty asks for a better way to count.",
    ),
    FitMeasure(
        "bom", _BILLS, "Bought items used as their bills say", "of items", "percent", AT_LEAST, 0.98,
        "What a bill forgets or takes twice goes wrong with every unit made. A part whose difference grows with its use "
        "points to a wrong quantity on the bill.",
        f"{_COUNT} for bought items that were used",
        "Bought items whose count differs from book by at most 2 % of their use / all bought items used and counted "
        "(Reconciliation). 98 % is a common target for bills of material.",
    ),
    FitMeasure(
        "scrap", "Honest scrap reports", "Scrap reported", "of scrap implied", "percent", AT_LEAST, 0.90,
        "The bill plans usual scrap only. What is lost beyond it and not reported stays in the books until somebody counts.",
        _COUNT,
        "Reported scrap / (reported scrap + shortages found by the count), at standard (Reconciliation); 100 % where there "
        "is neither. 90 %: one loss in ten may go unseen.",
    ),
    FitMeasure(
        "age", _STANDARDS, "Age of the standard costs", "days", "price", AT_MOST, float(YEAR),
        "Inventory may be carried at standard only while standards are reviewed regularly and come close to actual cost "
        "(ASC 330-10-30-12, IAS 2.21).",
        "fill the setting Standards set on",
        "Period end less Standards set on (Setup). A year is the usual round of reviews.",
    ),
    FitMeasure(
        "price_drift", _STANDARDS, "Prices: invoiced against standard", "of standard", "percent", AT_MOST, MATERIALITY,
        "Units carry the standard price. When invoices leave it, inventory and cost of goods sold are off until the "
        "variance is closed.",
        "fill Purchases, and Material price on Standard Cost",
        "Invoiced less received at standard, item by item, without signs / received at standard (Reconciliation). "
        "Threshold: Materiality % on Setup.",
    ),
    FitMeasure(
        "usage_drift", _STANDARDS, "Usage: used against the bill", "of standard", "percent", AT_MOST, MATERIALITY,
        "The bill says what each unit takes. When the shelf says otherwise, the difference is cost that no unit carried.",
        f"{_COUNT} for bought items that were used",
        "Count differences of bought items, without signs / their use by the bill, both at standard (Reconciliation). "
        "Threshold: Materiality % on Setup.",
    ),
    FitMeasure(
        "conversion_drift", _STANDARDS, "Conversion: incurred against allocated", "of allocated", "percent", AT_MOST,
        MATERIALITY,
        "Conversion is flushed at standard hours and rates. A wide gap means that rates, hours or volume have moved, and "
        "that units carry the wrong share of it.",
        "fill Actuals, Counts, and hours and rates on Standard Cost; where conversion is expensed nothing is allocated",
        "Actuals less conversion flushed (Trace), without sign / conversion flushed. Threshold: Materiality % on Setup.",
    ),
    FitMeasure(
        "one_off", "Repeated products", "Products completed only once", "of completions", "percent", AT_MOST, 0.10,
        "A product made once needs a bill and a standard of its own that are never used again. If the one count is the "
        "output of a whole month, it is no one-off: count more often.",
        "fill Completed rows of Finished items on Counts",
        "Finished items with a single positive Completed row on Counts / all Finished items completed, at standard "
        "(Movements). 10 %: the rest can be costed by order.",
    ),
    FitMeasure(
        "between", _BUYING, "Days between receipts of an item", "days", "price", "", None,
        "The method suits materials that arrive shortly before they are used.",
        "fill Purchases",
        "Days in the period x items received / number of receipts (Movements, Purchases).",
    ),
    FitMeasure(
        "shelf", _BUYING, "Materials on the shelf, on average", "money", "money", "", None,
        "Compare with the three ways of buying in the next rows.",
        "fill Stock or Purchases for bought items",
        "Half of opening and ending stock of bought items, at standard (Reconciliation).",
    ),
    FitMeasure(
        "yearly", _BUYING, "On the shelf if bought once a year", "money", "money", "", None,
        "Half a year of use is stored and financed on average, and paid for long before most of it is sold.",
        "no bought item was used; fill Counts and BOM",
        "Half a year of use: bought materials used (Base figures) x 365 / days in the period / 2.",
    ),
    FitMeasure(
        "monthly", _BUYING, "On the shelf if bought once a month", "money", "money", "", None,
        "Half a month of use on average: a month of credit from suppliers more than pays for it.",
        "no bought item was used; fill Counts and BOM",
        "A year of use / 12 / 2.",
    ),
    FitMeasure(
        "to_order", _BUYING, "On the shelf if bought to order", "money", "money", "", None,
        "Parts come when production starts and are gone at completion. Next to nothing is stored, and the product is made, "
        "often sold, before the invoice falls due.",
        "fill the setting Cycle time days, Counts and BOM",
        "Half the use of one cycle: use of a day x Cycle time days (Setup) / 2.",
    ),
    FitMeasure(
        "payables", _BUYING, "Payables at 30 days of credit", "money", "money", "", None,
        "On average the same for all three ways of buying; what differs is the stock. Where payables exceed it, suppliers "
        "finance the inventory.",
        "no bought item was used; fill Counts and BOM",
        "Use of a day x 30.",
    ),
    FitMeasure(
        "days", _BASE, "Days in the period", "days", "price", "", None,
        "Turns figures of the period into figures of a year.", "fill Period start and Period end on Setup",
        "Period end - Period start + 1 (Setup).",
    ),
    FitMeasure(
        "cogs", _BASE, "Cost of goods sold", "money", "money", "", None,
        "What left inventory, with the variances that were closed to it.", "run again",
        "Debits less credits of its account (Ledger).",
    ),
    FitMeasure(
        "start", _BASE, "Inventory at period start", "money", "money", "", None,
        "Half of the average.", "run again",
        "Opening of the inventory accounts (Ledger); materials at standard (Reconciliation) where the trigger points keep "
        "no account of them.",
    ),
    FitMeasure(
        "end", _BASE, "Inventory at period end", "money", "money", "", None,
        "The other half of the average.", "run again",
        "Closing of the inventory accounts (Ledger); materials at standard (Reconciliation) where the trigger points keep "
        "no account of them. Of finished units not yet sold it has the material alone where completion is no trigger.",
    ),
    FitMeasure(
        "used", _BASE, "Bought materials used", "money", "money", "", None,
        "The base of the ways of buying.", "run again",
        "Relieved x Standard cost of bought items (Reconciliation).",
    ),
    FitMeasure(
        OVERALL, "Overall", "Measures that fit", "of those known", "percent", AT_LEAST, 1.0,
        "", "nothing could be measured", "Rows above with the verdict Fits / rows with Fits or Look.",
    ),
)  # fmt: skip

_DIGITS = {"percent": 4, "price": 2}
_Figures = dict[str, float | None]


@dataclass(frozen=True)
class FitSources:
    """Results of the run that figures are worked out from; conversion_flushed: in money."""

    unit_costs: UnitCosts
    conversion_flushed: float
    movements: Movements
    book: StockBook
    in_process: InProcess
    ledger: Ledger

    @property
    def inputs(self) -> Inputs:
        return self.unit_costs.bill.inputs

    @property
    def bought(self) -> Bools:
        """Rows of the stock book that are bought items."""
        return ~self.book.made


def fit(sources: FitSources) -> list[FitFigure]:
    """All measures, in the order of the sheet. The last one sums up the others."""
    inputs, base = sources.inputs, _base(sources)
    figures: _Figures = {
        **base,
        **_inventory(sources, base),
        **_records(sources),
        **_standards(sources),
        **_products(sources),
        **_buying(sources, base),
    }
    rows: list[FitFigure] = []
    for m in MEASURES:
        if m.key == OVERALL:
            verdicts = [row.verdict for row in rows]
            fits = verdicts.count(schema.FITS)
            figures[OVERALL] = _share(fits, fits + verdicts.count(schema.LOOK))
        threshold = float(inputs.settings.materiality) if isinstance(m.threshold, str) else m.threshold
        figure, digits = figures[m.key], inputs.places if m.kind == "money" else _DIGITS[m.kind]
        rows.append(FitFigure(m, None if figure is None else _round(figure, digits), threshold))
    return rows


def inventory_roles(inputs: Inputs) -> tuple[str, ...]:
    """Accounts that hold inventory. Where purchase is no trigger, materials are taken from the stock book, parts in
    process among them, so that the account of work in process would count them twice.
    """
    accounts = (schema.MIP, schema.INVENTORY_CONTROL, schema.FINISHED_GOODS)
    return (*accounts, schema.WORK_IN_PROCESS) if inputs.settings.purchase_triggers else accounts


def explanation(row: FitFigure) -> str:
    """Why the measure matters; before that, where its figure is not known, which input would make it known."""
    return (f"Not known: {row.measure.missing}. " if row.figure is None else "") + row.measure.why


def summary(weighed: list[FitFigure]) -> str:
    """The verdict of all measures in words."""
    verdicts = [w.verdict for w in weighed if w.threshold is not None and w.measure.key != OVERALL]
    fits, look, unknown = (verdicts.count(v) for v in (schema.FITS, schema.LOOK, schema.UNKNOWN))
    advice = LOOK_ADVICE if look else UNKNOWN_ADVICE if unknown else FIT_ADVICE
    return f"{fits} fit, {look} to look at, {unknown} unknown. {advice}"


LOOK_ADVICE = "Mend what the amber verdicts point to, or be ready to justify it, before you rely on backflush costing."
UNKNOWN_ADVICE = "Fill the inputs that the unknown rows name."
FIT_ADVICE = "Backflush costing is appropriate here."


def _round(value: float, digits: int) -> float:
    """Excel's ROUND."""
    return from_minor(to_minor(value, digits), digits)


def _share(part: float, whole: float) -> float | None:
    """part / whole; None where there is no whole, whatever dust a sum of floats leaves."""
    return part / whole if round(whole, 6) > 0 else None


def _base(s: FitSources) -> dict[str, float]:
    """Figures that other figures divide, in money rounded to minor units."""
    inputs, ledger, book, places = s.inputs, s.ledger, s.book, s.inputs.places
    cogs, held = ledger.of(ledger.role == schema.COGS), ledger.of(np.isin(ledger.role, inventory_roles(inputs)))
    unkept = book.role == ""  # trigger points that keep no account of materials

    def inventory(balances: Minors, amounts: Floats) -> float:
        return _round(from_minor(int(balances.sum()), places) + float(amounts[unkept].sum()), places)

    return {
        "days": float(inputs.settings.period_end - inputs.settings.period_start + 1),
        "cogs": from_minor(int((cogs.closing - cogs.opening).sum()), places),
        "used": _round(float((book.relieved * book.cost)[s.bought].sum()), places),
        "start": inventory(held.opening, book.opening_amount),
        "end": inventory(held.closing, book.ending_amount),
    }


def _inventory(s: FitSources, base: dict[str, float]) -> _Figures:
    """How long cost stays in inventory, and how much of it is in process."""
    days, cogs, cycle = base["days"], base["cogs"], s.inputs.settings.cycle_time_days
    average = (base["start"] + base["end"]) / 2
    return {
        "turnover": _share(cogs * YEAR / days, average),
        "days_on_hand": _share(average * days, cogs),
        "cycle": None if cycle is None else cycle / days,
        "wip": _share(float(s.in_process.amount.sum()), base["end"]) if len(s.in_process) else None,
    }


def _records(s: FitSources) -> _Figures:
    """Counts, bills of material and scrap reports, judged by the difference of book and shelf."""
    book, quantity = s.book, s.inputs.counts.quantity
    counted, worth = ~np.isnan(book.counted), np.abs(book.book_amount)
    off, cost = book.difference_amount, book.cost
    use = np.abs(book.relieved * cost)
    judged = s.bought & counted & (use > 0)
    right = judged & (np.round(np.abs(off) - USE_TOLERANCE * use, 6) <= 0)
    reported, short = float((book.scrapped * cost).sum()), -float(off[off < 0].sum())
    scrap = _share(reported, reported + short)
    seen = float(worth[counted].sum())
    return {
        "covered": _share(seen, float(worth.sum())),
        "count": _share(seen - float(np.abs(off).sum()), seen),
        "corrections": _share(int((quantity < 0).sum()), int((~np.isnan(quantity)).sum())),
        "bom": _share(int(right.sum()), int(judged.sum())),
        "scrap": (1.0 if scrap is None else scrap) if counted.any() else None,
        "usage_drift": _share(float(np.abs(off[judged]).sum()), float(use[judged].sum())),
    }


def _standards(s: FitSources) -> _Figures:
    """How old the standards are, and how far actual prices and conversion costs have left them."""
    settings, amount, received = s.inputs.settings, s.inputs.actuals.amount, s.book.received_amount
    gap, reviewed = np.abs(s.book.invoiced - received).sum(), settings.standards_set_on
    spent = None if np.isnan(amount).all() else float(np.nansum(amount))
    flushed = s.conversion_flushed
    return {
        "age": None if reviewed is None else float(settings.period_end - reviewed),
        "price_drift": _share(float(gap), float(np.abs(received).sum())),
        "conversion_drift": None if spent is None else _share(abs(spent - flushed), abs(flushed)),
    }


def _products(s: FitSources) -> _Figures:
    """Finished items that were completed in a single count, by value."""
    movements, costs = s.movements, s.unit_costs
    finished = costs.bill.items.type[movements.item] == schema.FINISHED
    value = movements.completed * costs.rows.unit_cost[movements.rollup_row] * finished
    once = movements.completion_counts == 1
    return {"one_off": _share(float(value[once].sum()), float(value.sum()))}


def _buying(s: FitSources, base: dict[str, float]) -> _Figures:
    """What buying yearly, monthly or to order would mean: half a lot on the shelf on average, payables by the day."""
    days, used, cycle = base["days"], base["used"], s.inputs.settings.cycle_time_days
    receipts = int((s.inputs.purchases.quantity > 0).sum())
    items = int((np.round(s.movements.received, 6) > 0).sum())
    ends = s.book.opening_amount + s.book.ending_amount
    known = used > 0
    return {
        "between": _share(days * items, receipts),
        "shelf": float(ends[s.bought].sum()) / 2 if s.bought.any() else None,
        "yearly": used * YEAR / days / 2 if known else None,
        "monthly": used * YEAR / days / 24 if known else None,
        "to_order": used / days * cycle / 2 if known and cycle is not None else None,
        "payables": used / days * CREDIT_DAYS if known else None,
    }
