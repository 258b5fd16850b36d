"""Several periods of one company, one workbook each, looked at together."""

from collections.abc import Mapping
from itertools import pairwise

from xlbackflush.engine.audit.suspects import Suspect, suspects
from xlbackflush.lifecycle.calculate import calculate
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.tables import Source

ITEMS_MAX = 200  # differences looked into


def suspects_across(books: Mapping[str, Mapping[str, Source]]) -> tuple[list[Suspect], Inputs]:
    """Suspects over several workbooks of one company, from their names and input tables as read.

    The last one named must be of the last period: the sheet needs its inputs, which come back, too. UnusableError where it
    is not, where a workbook has errors, or where two are of overlapping periods or of different currencies.
    """
    periods = {}
    for name, tables in books.items():
        calculation = calculate(tables)
        if calculation.failed:
            where = calculation.findings[0].where
            raise UnusableError(f"{name} has errors in its inputs, first at {where}; mend them first.")
        periods[name] = calculation.period
    ordered = sorted(periods.items(), key=lambda named: named[1].settings.period_start)
    for (before, one), (after, other) in pairwise(ordered):
        if one.settings.currency != other.settings.currency:
            raise UnusableError(f"{before} and {after} are in different currencies; name workbooks of one company.")
        if other.settings.period_start <= one.settings.period_end:
            raise UnusableError(f"{before} and {after} cover the same days; name each period once.")
    if (named := next(reversed(periods))) != ordered[-1][0]:
        raise UnusableError(f"{ordered[-1][0]} is of a later period than {named}; name the latest workbook first.")
    return suspects([period for _, period in ordered], ITEMS_MAX), ordered[-1][1].inputs
