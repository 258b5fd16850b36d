"""Policies on Setup that the figures of the period contradict."""

from collections.abc import Iterator

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import total

_MATERIALITY_MOST = 0.25  # nobody would call a quarter of all inventory immaterial
_TOLERANCE_MOST = 1.0
_TURNOVER_LEAST = 4.0  # times a year; sheet Fit asks for 12, and three months of stock are far from that
_CYCLE_TIMES = 2.0  # the threshold of sheet Fit: a little more is a word on that sheet alone
_HALF_DONE = 0.5  # conversion of units in process, on average


def disposition(period: Period) -> Iterator[f.Finding]:
    """More of the variances belongs in inventories than is immaterial, and Setup does not prorate them."""
    chosen = period.settings.variance_disposition
    row = next(row for row in period.materiality if row.key == "in_stock")
    if chosen == schema.PRORATE or row.verdict != schema.PRORATE or row.threshold is None:
        return
    where = period.inputs.setting_cells.get("Variance disposition", "Setup")
    text = (
        f"{abs(row.figure):,.2f} of the variances belongs in inventories; up to {row.threshold:,.2f} would be immaterial. "
        f"Variance disposition is {chosen}."
    )
    yield f.PRORATION.weighed(where, text, row.figure, row.threshold)


def units_in_process(period: Period) -> Iterator[f.Finding]:
    """Units in process that are material and only shown."""
    row = next(row for row in period.materiality if row.key == "in_process")
    if period.settings.period_end_wip == schema.RECORD or row.verdict != schema.RECORD_IT or row.threshold is None:
        return
    where = period.inputs.setting_cells.get("Period-end WIP", "Setup")
    text = (
        f"Units in process are worth {row.figure:,.2f} at standard; up to {row.threshold:,.2f} would be immaterial. "
        f"Period-end WIP is {period.settings.period_end_wip}, so no inventory holds their conversion."
    )
    yield f.UNITS_NOT_RECORDED.weighed(where, text, row.figure, row.threshold)


def fit(period: Period) -> Iterator[f.Finding]:
    """Cycle time or turnover that backflush costing does not suit."""
    figures = {row.measure.key: row for row in period.fit}
    cycle, turnover = figures["cycle"], figures["turnover"]
    days = period.settings.cycle_time_days
    if days is not None and (cycle.figure or 0.0) > _CYCLE_TIMES * (cycle.threshold or 0.0):
        where = period.inputs.setting_cells.get("Cycle time days", "Setup")
        text = (
            f"A cycle time of {words.about(days)} days is {words.share(cycle.figure or 0.0)} of the period; up to "
            f"{words.share(cycle.threshold or 0.0)} suits backflush costing."
        )
        unlisted = 0.0 if len(period.in_process) else _in_process(period, days)
        if unlisted > period.trifle:
            text += f" About {unlisted:,.2f} is then in process at any time, and sheet WIP lists nothing."
            yield f.NO_LONGER_FITS.weighed(where, text, unlisted, period.materiality_threshold)
        else:
            yield f.NO_LONGER_FITS(where, text)
    if turnover.figure is not None and 0 < turnover.figure < _TURNOVER_LEAST:
        text = (
            f"Inventory turns over {words.about(turnover.figure)} times a year; backflush costing suits a turnover of "
            f"{words.about(turnover.threshold or 0.0)} or more."
        )
        yield f.NO_LONGER_FITS("Fit", text)


def _in_process(period: Period, cycle_days: float) -> float:
    """What is in process on an average day at standard: the cost of a day's output for so many days, half converted."""
    stock, settings = period.stock, period.settings
    days = settings.period_end - settings.period_start + 1
    material = total((stock.relieved * stock.cost)[~stock.made])
    conversion = total(period.conversion_allowed.total)
    return (material + _HALF_DONE * conversion) / days * cycle_days


def settings_likely(period: Period) -> Iterator[f.Finding]:
    """Materiality and tolerances so wide that nothing would ever be found."""
    settings = period.settings
    for name, value, most in (
        ("Materiality %", settings.materiality, _MATERIALITY_MOST),
        ("Price tolerance %", settings.price_tolerance, _TOLERANCE_MOST),
        ("Rate tolerance %", settings.rate_tolerance, _TOLERANCE_MOST),
        ("Count tolerance %", settings.count_tolerance, _TOLERANCE_MOST),
        ("Absorption tolerance %", settings.absorption_tolerance, _TOLERANCE_MOST),
    ):
        if value > most:
            where = period.inputs.setting_cells.get(name, "Setup")
            text = f"{name} is {words.share(value)}: hardly anything would be found."
            if value >= 1:
                text += f" It looks like {words.share(value / 100)} typed without the percent sign."
            yield f.TOO_WIDE(where, text)
