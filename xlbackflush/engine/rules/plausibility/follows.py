"""Which period the sheet Last Period is of: nothing is compared with one that this period does not follow."""

import datetime as dt
from collections.abc import Iterator

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.measures.last_period import PERIOD_END, PERIOD_START, Figures
from xlbackflush.engine.period import Period
from xlbackflush.model import finding as f


def before(period: Period) -> Figures | None:
    """The figures of the period before; None where there are none, or they are of another period."""
    figures = period.last_period
    return None if figures is None or _day(figures, PERIOD_END) + 1 != period.settings.period_start else figures


def days_to_days(period: Period, figures: Figures) -> float:
    """Length of this period by that of the one before."""
    first, last = _day(figures, PERIOD_START), _day(figures, PERIOD_END)
    days = period.settings.period_end - period.settings.period_start + 1
    return days / (last - first + 1) if 0 < first <= last else 1.0


def is_over(period: Period) -> bool:
    """Whether something is dated near the end of the period: before that, what is missing may still come."""
    inputs, settings = period.inputs, period.settings
    days = settings.period_end - settings.period_start + 1
    dates = (inputs.counts.date, inputs.purchases.date, inputs.scrap.date, inputs.actuals.date)
    last = max((float(np.nanmax(d)) for d in dates if not np.isnan(d).all()), default=0.0)
    return last >= settings.period_end - _LAST_DAYS * days


_LAST_DAYS = 0.2  # of a period: a week of a month, with the days on which nobody works


def _day(figures: Figures, name: str) -> int:
    """A day as Excel numbers it; 0 where the sheet does not have it."""
    try:
        return (dt.date.fromisoformat(figures.words.get(name, "")) - schema.DAY_0).days
    except ValueError:
        return 0


def follows(period: Period) -> Iterator[f.Finding]:
    """This period starts on the day after the one before ended."""
    figures, start = period.last_period, period.settings.period_start
    if figures is None or not (end := _day(figures, PERIOD_END)) or end + 1 == start:
        return
    first = schema.DAY_0 + dt.timedelta(days=start)
    text = f"Period start is {first}; sheet Last Period is of the period that ended on {figures.words[PERIOD_END]}"
    yield f.NOT_THE_NEXT(period.inputs.setting_cells.get("Period start", "Setup"), f"{text}.")
