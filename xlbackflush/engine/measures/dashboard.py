"""Dashboard: the period in three charts, in so many rows whatever happened, so that the charts' ranges never move.

Standard to actual   standard cost, one floating bar per class of variance, actual cost. Actual is what the ledger was
                     charged with, credits of payables and of various accounts, and what it does not hold: variances that
                     no trigger point posts. Standard is actual less all variances: what the period would have cost
                     without them.
Largest variances    the ten largest rows of the variances, posted or not, then all others as one bar; the cumulative
                     share ends at 1. The total Conversion allocation is left out, its parts are not.
Cost flow            what came in = what went out, over the ledger: opening inventories + credits of payables and of
                     various accounts = closing inventories + debits of everything else.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, pairwise

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.measures.variances import NOT_POSTED, Variance
from xlbackflush.engine.posting.flush import Ledger
from xlbackflush.model.inputs import Settings
from xlbackflush.model.money import from_minor, to_minor

WATERFALL, PARETO, FLOW = "Standard to actual", "Largest variances", "Cost flow"
STANDARD, ACTUAL, CUT, OTHERS = "Standard cost", "Actual cost", "Cut off below the columns", "All others"

#: roles that are credited with the cost of the period
SPENDING = (schema.ACCOUNTS_PAYABLE, schema.VARIOUS_ACCOUNTS)
#: bars of the waterfall, and the variances that each adds up; as many as ever, because charts draw fixed ranges
CLASSES: dict[str, tuple[str, ...]] = {
    **{
        name: (name,)
        for name in (
            schema.MATERIAL_PRICE, schema.MATERIAL_USAGE, schema.LABOR_RATE, schema.LABOR_EFFICIENCY,
            schema.VARIABLE_SPENDING, schema.VARIABLE_EFFICIENCY, schema.FIXED_SPENDING, schema.FIXED_VOLUME,
        )
    },
    "Other conversion, unsold units": (schema.OTHER_CONVERSION, schema.UNSOLD_CONVERSION),
    "Scrap and inventory count": (schema.SCRAP_VARIANCE, schema.COUNT_VARIANCE),
}  # fmt: skip
LARGEST = 10


@dataclass(frozen=True)
class FlowBand:
    """One part of the cost flow: a balance (Opening or Closing) or the net movement ("") of some account roles."""

    name: str
    inward: bool
    column: str
    roles: tuple[str, ...]


_STOCK = (schema.MIP, schema.INVENTORY_CONTROL, schema.WORK_IN_PROCESS)
_OPEN = (schema.PRICE_VARIANCE, schema.USAGE_VARIANCE, schema.COUNT_DIFFERENCE, schema.CCC, schema.CCA, schema.ROUNDING)
#: from the bottom of the columns to their top; every role is in one stream of movements, or in two of balances
STREAMS = (
    FlowBand("Opening finished goods", True, "Opening", (schema.FINISHED_GOODS,)),
    FlowBand("Opening materials and in-process", True, "Opening", _STOCK),
    FlowBand("Materials bought", True, "", (schema.ACCOUNTS_PAYABLE,)),
    FlowBand("Conversion incurred", True, "", (schema.VARIOUS_ACCOUNTS,)),
    FlowBand("Closing finished goods", False, "Closing", (schema.FINISHED_GOODS,)),
    FlowBand("Closing materials and in-process", False, "Closing", _STOCK),
    FlowBand("Cost of goods sold", False, "", (schema.COGS,)),
    FlowBand("Abnormal scrap", False, "", (schema.ABNORMAL_SCRAP,)),
    FlowBand("Scrap recovered", False, "", (schema.SCRAP_RECOVERY,)),
    FlowBand("Variances not closed", False, "", _OPEN),
)


@dataclass(frozen=True)
class Bar:
    """One row of the Dashboard; money in minor units, variances unfavorable positive in the waterfall.

    level: running total; base, total, up, down: the parts of a stacked column; source: row of the variances, from 0;
    named: the columns of the variances that its name is made of.
    """

    chart: str
    name: str = ""
    amount: int = 0
    level: int = 0
    base: int = 0
    total: int = 0
    up: int = 0
    down: int = 0
    share: float = 0.0
    cost_in: int = 0
    cost_out: int = 0
    source: int | None = None
    named: tuple[str, ...] = ()


def dashboard(variances: list[Variance], ledger: Ledger, settings: Settings, places: int) -> list[Bar]:
    """All rows: 12 of the waterfall and what is cut off, 11 of the Pareto, one per stream of the cost flow."""
    return [*waterfall(variances, ledger, settings, places), *pareto(variances), *flow(ledger)]


def waterfall(variances: list[Variance], ledger: Ledger, settings: Settings, places: int) -> list[Bar]:
    """Standard cost, the classes, actual cost; in the last row what is cut off, which no chart shows."""
    by_class = Counter[str]()
    for v in variances:
        by_class[v.name] += v.amount
    amounts = [sum(by_class[name] for name in names) for names in CLASSES.values()]
    outside = outside_ledger(settings)
    unheld = sum(v.amount for v in variances if v.disposition == NOT_POSTED and v.name in outside)
    spent = ledger.of(np.isin(ledger.role, SPENDING))
    standard = int(spent.opening.sum() - spent.closing.sum()) + unheld - sum(amounts)
    levels = list(accumulate(amounts, initial=standard))
    cut = cut_off(min(levels), max(levels), places)
    steps = [
        Bar(WATERFALL, name, a, after, min(before, after) - cut, up=max(a, 0), down=max(-a, 0))
        for name, a, (before, after) in zip(CLASSES, amounts, pairwise(levels), strict=True)
    ]
    first, last = (
        Bar(WATERFALL, name, level, level, total=level - cut)
        for name, level in ((STANDARD, standard), (ACTUAL, levels[-1]))
    )
    return [first, *steps, last, Bar(WATERFALL, CUT, cut)]


def outside_ledger(settings: Settings) -> tuple[str, ...]:
    """Classes that the ledger does not hold where they are not posted. Relief by the count has lost stock in it."""
    of_count = () if settings.by_count else (schema.MATERIAL_USAGE, schema.COUNT_VARIANCE)
    return schema.MATERIAL_PRICE, *of_count


def cut_off(low: int, high: int, places: int) -> int:
    """How much of the columns is left out, so that variances can be seen beside a cost many times their size.

    The lowest level stands as high as all steps together span, or at a fiftieth of the whole where they span less.
    """
    lowest, highest = from_minor(low, places), from_minor(high, places)
    return to_minor(max(min(0.0, lowest), lowest - max(highest - lowest, highest / 50)), places)


def pareto(variances: list[Variance]) -> list[Bar]:
    """The largest rows in falling order, those of the same size as on the sheet; all others; blank rows."""
    sizes = {i: abs(v.amount) for i, v in enumerate(variances) if v.name != schema.CONVERSION_ALLOCATION}
    rows = sorted((i for i, size in sizes.items() if size), key=lambda i: -sizes[i])
    total = sum(sizes.values())
    bars, so_far = [], 0
    for i in rows[:LARGEST]:
        v = variances[i]
        up, down, named = max(v.amount, 0), max(-v.amount, 0), _named(v)
        so_far += up + down
        name = " ".join({"Variance": v.name, "Subject": v.subject}[column] for column in named)
        bars.append(Bar(PARETO, name, up + down, up=up, down=down, share=so_far / total, source=i, named=named))
    if len(rows) > LARGEST:
        bars.append(Bar(PARETO, OTHERS, total - so_far, total=total - so_far, share=1.0))
    return bars + [Bar(PARETO)] * (LARGEST + 1 - len(bars))


def _named(variance: Variance) -> tuple[str, ...]:
    """Variance and subject; the subject alone where it says both (Normal scrap)."""
    if not variance.subject:
        return ("Variance",)
    return ("Subject",) if variance.name.lower() in variance.subject.lower() else ("Variance", "Subject")


def flow(ledger: Ledger) -> Iterator[Bar]:
    """One row per stream; what is negative stands on the other side."""
    for stream in STREAMS:
        balances = ledger.of(np.isin(ledger.role, stream.roles))
        opening, closing = int(balances.opening.sum()), int(balances.closing.sum())
        movement = opening - closing if stream.inward else closing - opening
        amount = {"Opening": opening, "Closing": closing}.get(stream.column, movement)
        same, other = max(amount, 0), max(-amount, 0)
        cost_in, cost_out = (same, other) if stream.inward else (other, same)
        yield Bar(FLOW, stream.name, amount, cost_in=cost_in, cost_out=cost_out)
