"""Hours paid: what the labor rows of Actuals say of them, and what they leave out.

    PR-1    160 h   4,000
    PR-2            4,200     hours are missing: rate and efficiency cannot be told apart, only their sum is known
    PR-3     40 h       0     the amount is missing

Rows that lack up to 1 % of the pay, or of the hours, change little: a bonus of 20 beside a payroll of 8,000 is a matter of rate.
Where no row has both, hours and pay were recorded apart (time sheets, payroll), and nothing is missing.
"""

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.model.arrays import Ints, blank_as_zero, total, where_true
from xlbackflush.model.inputs import Actuals

LITTLE = 0.01


@dataclass(frozen=True)
class HoursPaid:
    """Hours of labor; rows: labor rows with hours or pay; without_hours, without_pay: positions of those with one alone.

    complete: can rate and efficiency be told apart?
    """

    hours: float
    rows: int
    without_hours: Ints
    without_pay: Ints
    complete: bool


def hours_paid(actuals: Actuals) -> HoursPaid:
    """What the rows of labor say."""
    hours, pay = (blank_as_zero(column) for column in (actuals.hours, actuals.amount))
    of_labor = actuals.cost_type == schema.LABOR
    has_hours, has_pay = of_labor & (hours != 0), of_labor & (pay != 0)
    apart = has_hours.any() and has_pay.any() and not (has_hours & has_pay).any()
    without_hours, without_pay = (
        where_true(each & ~other & (not apart)) for each, other in ((has_pay, has_hours), (has_hours, has_pay))
    )
    missing = (np.abs(pay), without_hours, has_pay), (np.abs(hours), without_pay, has_hours)
    complete = all(total(sizes[at]) <= LITTLE * total(sizes[rows]) for sizes, at, rows in missing)
    number = int(np.count_nonzero(has_hours | has_pay))
    return HoursPaid(total(hours[of_labor]), number, without_hours, without_pay, complete)
