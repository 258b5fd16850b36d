"""Rules of the period's two ends: balances carried over, counts, and work in process."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import cells, home, repeats, text_cells, types
from xlbackflush.engine.stock import counted, opening
from xlbackflush.model import finding as f
from xlbackflush.model import money, words
from xlbackflush.model.inputs import class_key

# -------------------------------------------------------------------------------------------------- counts


def settings_fit(period: Period) -> Iterator[f.Finding]:
    """Where the count charges every cost to cost of goods sold, conversion cannot be flushed at standard."""
    if counted.charges_everything(period.settings) and not period.settings.conversion_expensed:
        yield f.NOT_SUPPORTED(
            period.inputs.setting_cells.get("Conversion costs", "Setup"),
            "A physical count with the sale as the only trigger charges every cost to cost of goods sold, conversion too.",
            fix=f'Choose "{schema.EXPENSE_THEN_ADJUST}", or other trigger points.',
        )


def counts_complete(period: Period) -> Iterator[f.Finding]:
    """The physical-count methods need the counts that they relieve and adjust by."""
    inputs, settings = period.inputs, period.settings
    role = inputs.inventory_count.role
    account = np.where(role == schema.INVENTORY_CONTROL, schema.MIP, role)
    for cell, name in text_cells(inputs, "InventoryCount", "Role", repeats(account.tolist()) & (role != "")):
        yield f.COUNTED_TWICE(cell, f"{name} has a row above; Materials and Inventory control are one account here.")
    if not (settings.by_count or settings.conversion_expensed):
        for cell, name in text_cells(inputs, "InventoryCount", "Role", role != ""):
            yield f.COUNT_UNUSED(cell, f"{name} is counted in money, which neither policy on Setup asks for.")
        return
    for name in counted.roles(settings):
        at, count = counted.row_in_money(inputs, name), inputs.inventory_count
        if at is None:
            yield from _counted_on_stock(period, name)
        elif settings.by_count and np.isnan(count.counted_amount[at]):
            cell = inputs.sources["InventoryCount"].cell("Counted amount", count.row[at])
            yield f.NO_COUNT(cell, f"The counted amount of {name} is blank.", fix="Type it; 0 if nothing was found.")


def _counted_on_stock(period: Period, role: str) -> Iterator[f.Finding]:
    """Items of an account that is not counted in money: each must be counted on Stock, or none."""
    inputs, settings = period.inputs, period.settings
    kinds, is_counted = types(period.bill, "Stock"), ~np.isnan(inputs.stock.counted_qty)
    of_account = np.isin(kinds, counted.types_of(settings, role))
    if not np.isin(period.bill.items.type, counted.types_of(settings, role)).any():
        return
    if not (of_account & is_counted).any():
        rule = f.NO_COUNT if settings.by_count and role != schema.FINISHED_GOODS else f.NOT_ADJUSTED
        policy = "Relief basis" if settings.by_count else "Conversion costs"
        where = inputs.setting_cells.get(policy, "Setup")
        yield rule(where, f"{role} is not counted, neither on Inventory Count nor on Stock.")
    elif settings.by_count:
        for cell, code in text_cells(inputs, "Stock", "Item", of_account & ~is_counted):
            yield f.NO_COUNT(cell, f"{code} is not counted.")
        yield from _not_on_stock(period, role)


def _not_on_stock(period: Period, role: str) -> Iterator[f.Finding]:
    """Items of an account that came in during the period, and are nowhere counted."""
    bill, items = period.bill, period.bill.items
    received = set(bill.of("Purchases").tolist())
    if period.settings.completion_triggers:
        received |= set(bill.of("Counts")[period.inputs.counts.event == schema.COMPLETED].tolist())
    for item in sorted(received - {-1, *bill.of("Stock").tolist()}):
        if items.type[item] in counted.types_of(period.settings, role):
            yield f.NO_COUNT(home(period.inputs, item), f"{items.code[item]} came in and is not on Stock.")


def counted_more(period: Period) -> Iterator[f.Finding]:
    """A count that leaves less than nothing for what was relieved."""
    shown = partial(words.money, places=period.places)
    for row in period.counted:
        if row.relieved < 0:
            where = period.inputs.sources["InventoryCount" if row.in_money else "Stock"].sheet
            there = row.opening + row.received - row.scrapped
            text = f"{row.role}: counted {shown(row.counted)}, but only {shown(there)} was there."
            yield f.COUNTED_MORE(where, text, -row.relieved)


def wip_complete(period: Period) -> Iterator[f.Finding]:
    """No unit in process is more than done."""
    wip = period.inputs.wip
    for column, shares in (("Material %", wip.material_percent), ("Conversion %", wip.conversion_percent)):
        over = shares > 1
        for cell, share in zip(cells(period.inputs, "WIP", column, over), shares[over].tolist(), strict=True):
            meant = f"Type {words.number(share)} %: {words.number(share)} alone is {words.share(share)}."
            yield f.OVER_COMPLETE(cell, f"{column} is {words.share(share)}.", fix=meant if 2 <= share <= 100 else None)


# -------------------------------------------------------------------------------- balances carried over


def opened_once(period: Period) -> Iterator[f.Finding]:
    """One balance carried over for each role, or for each class of it."""
    opening = period.inputs.opening
    accounts = list(zip(opening.role.tolist(), map(class_key, opening.class_.tolist()), strict=True))
    for cell, name in text_cells(period.inputs, "Opening", "Role", repeats(accounts) & (opening.role != "")):
        yield f.OPENED_TWICE(cell, f"{name} has a row above.")


def opened_in_use(period: Period) -> Iterator[f.Finding]:
    """A balance of stock was carried over to an account that these trigger points never relieve."""
    inputs, triggers = period.inputs, period.settings.trigger_points
    unused = set(schema.STOCK_ROLES) - opening.stock_roles(period.settings)
    amount = opening.amounts(inputs)
    of_unused = np.array([role in unused for role in inputs.opening.role.tolist()], dtype=bool)
    aside = of_unused & (np.abs(amount) > 0.0005)
    balances = zip(text_cells(inputs, "Opening", "Role", aside), amount[aside].tolist(), strict=True)
    for (cell, role), balance in balances:
        text = f"{role} opens with {words.money(balance, period.places)}; under the trigger points {triggers} nothing moves it."
        yield f.OPENED_ASIDE(cell, text, abs(balance))


def opened_beyond(period: Period) -> Iterator[f.Finding]:
    """A balance carried over that its opening stock does not explain: here last period's figures would be altered."""
    inputs, places, unit = period.inputs, period.places, 10**period.places
    rows = dict(zip(inputs.opening.role.tolist(), inputs.opening.row.tolist(), strict=True))
    for role, beyond in period.opening_excess.items():
        stock = period.opening_at_standard.get(role, 0)
        if abs(beyond) < unit:  # what rounding leaves
            continue
        rule = f.OPENED_FAR if abs(beyond) > period.settings.materiality * abs(stock) else f.OPENED_BEYOND
        text = (
            f"{role} opens with {money.shown(stock + beyond, places)}; its opening stock at standard is "
            f"{money.shown(stock, places)}: {'+' * (beyond > 0)}{money.shown(beyond, places)}."
        )
        yield rule(inputs.sources["Opening"].cell("Closing balance", rows[role]), text, abs(beyond) / unit)
