"""The close: conversion costs and variances disposed of, conversion put back into counted stock, units in process recognised."""

from xlbackflush import schema
from xlbackflush.engine.posting.disposition import CLEARED, PASSED_ON, Share
from xlbackflush.engine.posting.flush import by_account
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.stock.counted import CountedAccount
from xlbackflush.engine.stock.in_process import InProcess, records
from xlbackflush.engine.stock.opening import carried_by_class
from xlbackflush.model.arrays import total
from xlbackflush.model.basis import Closing, Total, reversed_basis
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.journal import Entry
from xlbackflush.model.money import to_minor
from xlbackflush.schema import entries as words


def close(bill: Bill, recorded: list[Entry], shares: list[Share], accounts: list[CountedAccount]) -> list[Entry]:
    """Conversion costs and variances closed as Setup says, and conversion in counted stock put back.

    recorded: what the accounts hold before, besides what was carried over. What is carried forward stays where it is.
    """
    inputs, source = bill.inputs, words.LINES_ABOVE
    settings = inputs.settings
    prorates = settings.variance_disposition == schema.PRORATE
    entry = Entry(schema.CLOSE, words.EntryKind.VARIANCES_PRORATED if prorates else words.EntryKind.VARIANCES_TO_COGS)
    if settings.variance_disposition != schema.CARRY_FORWARD:
        before = by_account(recorded)
        before.update(carried_by_class(inputs))
        for role in CLEARED:
            classes = sorted(name for known, name in before if known == role)
            for item_class in classes:
                of_class = item_class if classes != [""] else None
                entry.add(role, -before[role, item_class], Closing(role, of_class), source, item_class)
    for share in shares:
        if share.role not in (schema.COGS, *PASSED_ON):
            basis = Total(1, "Disposition", "Posted", (("Role", share.role),))
            entry.add(share.role, to_minor(share.posted, inputs.places), basis, words.SHARES)
    entry.balance(schema.COGS, source)
    return [e for e in (entry, _put_back(inputs, accounts)) if e.lines]


def _put_back(inputs: Inputs, accounts: list[CountedAccount]) -> Entry:
    """The change of conversion in counted stock, out of cost of goods sold, to which it was expensed."""
    entry = Entry(schema.CLOSE, words.EntryKind.INVENTORIES_ADJUSTED)
    for row in accounts:
        source = inputs.sources["InventoryCount" if row.in_money else "Stock"].sheet
        basis = Total(1, "CountMethod", "Adjustment", (("Role", row.role),))
        entry.add(row.role, to_minor(row.adjustment, inputs.places), basis, source)
    entry.balance(schema.COGS, words.COUNTED_ACCOUNTS)
    return entry


def period_end_entries(inputs: Inputs, units: InProcess) -> list[Entry]:
    """Units in process recognised at period end, and the reversal on the next day; none where nothing is in process.

    Conversion comes out of cost of goods sold, to which the close took it; carried forward, out of conversion allocated.
    """
    if not records(inputs):
        return []
    settings, source = inputs.settings, inputs.sources["WIP"].range("Item", "Conversion %")
    carries_forward = settings.variance_disposition == schema.CARRY_FORWARD
    entry = Entry(schema.PERIOD_END_WIP, words.EntryKind.UNITS_IN_PROCESS)
    for role, column, amounts in (
        (settings.bought_role, "Material", units.material),
        (schema.CCA if carries_forward else schema.COGS, "Conversion", units.conversion),
    ):
        amount = to_minor(total(amounts), inputs.places)
        entry.add(role, -amount, Total(-1, "PeriodEndWip", column), source)
    entry.balance(schema.WORK_IN_PROCESS, source, first=True)
    back = Entry(schema.REVERSAL, words.EntryKind.UNITS_IN_PROCESS_REVERSED, days_after=1)
    for line in entry.lines:
        back.add(line.role, -line.minor, reversed_basis(line.basis), source)
    return [entry, back] if entry.lines else []
