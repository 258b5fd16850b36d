"""Opening: the balances with which the period opens.

They are opening stock at standard, unless sheet Opening carries a balance over: what the period before left on an account
beyond its stock (prorated variances, differences that were carried forward) stays on it, and what that period had reversed
on the first day of this one is taken in.
"""

import math
from collections import Counter

from xlbackflush import schema
from xlbackflush.engine.standards.bill import Bill, class_spellings
from xlbackflush.engine.stock.counted import CountedAccount, roles
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Floats, blank_as_zero
from xlbackflush.model.inputs import Inputs, Settings, class_key
from xlbackflush.model.journal import Account
from xlbackflush.model.money import to_minor


def amounts(inputs: Inputs) -> Floats:
    """What each row of sheet Opening carries over, in money: its closing balance and its reversal."""
    return blank_as_zero(inputs.opening.closing_balance) + blank_as_zero(inputs.opening.reversal)


def carried_over(inputs: Inputs) -> dict[str, int]:
    """Role -> balance carried over in minor units, of every role on sheet Opening."""
    balances = Counter[str]()
    for (role, _), minor in carried_by_class(inputs).items():
        balances[role] += minor
    return dict(balances)


def carried_by_class(inputs: Inputs) -> Counter[Account]:
    """The same of every role and class; where nothing is split by class, all of a role together."""
    opening, balances = inputs.opening, Counter[Account]()
    spelled = class_spellings(inputs)
    rows = zip(opening.role.tolist(), opening.class_.tolist(), amounts(inputs).tolist(), strict=True)
    for role, typed, amount in rows:
        if role:
            item_class = spelled.get(class_key(typed), " ".join(typed.split())) if inputs.settings.by_class else ""
            balances[role, item_class] += to_minor(amount, inputs.places)
    return balances


def at_standard(accounts: list[CountedAccount], book: StockBook, places: int) -> dict[str, int]:
    """Opening balance of each inventory account in minor units: of the count method where it is counted, else at standard."""
    stock = {
        role: math.fsum(book.opening_amount[book.role == role]) for role in dict.fromkeys(book.role.tolist()) if role
    }
    counted = {account.role: account.ledger_opening for account in accounts}
    return {role: to_minor(amount, places) for role, amount in (stock | counted).items()}


def opening_balances(standard: dict[str, int], book: StockBook, bill: Bill) -> dict[Account, int]:
    """Opening balance of each account in minor units: as carried over, else its stock, class by class, at standard."""
    inputs = bill.inputs
    carried = carried_by_class(inputs)
    roles = {role for role, _ in carried}
    balances: dict[Account, int] = {(role, ""): minor for role, minor in standard.items() if role not in roles}
    if len(bill.classes) > 1:
        of_item = bill.items.item_class[book.item]
        for role, _ in list(balances):
            for item_class in dict.fromkeys(["", *of_item[book.role == role].tolist()]):
                amount = math.fsum(book.opening_amount[(book.role == role) & (of_item == item_class)])
                balances[role, item_class] = to_minor(amount, inputs.places)
    balances |= carried
    return {account: minor for account, minor in balances.items() if minor}


def stock_roles(settings: Settings) -> set[str]:
    """Stock accounts that entries of these policies move."""
    return {*map(settings.role_of, schema.TYPES), *roles(settings)} & set(schema.STOCK_ROLES)


def opening_excess(settings: Settings, standard: dict[str, int], carried: dict[str, int]) -> dict[str, int]:
    """What stock accounts open with beyond their stock at standard, in minor units, debit positive.

    Shares of variances that were prorated to them before, and what a changed standard makes of the same units. Accounts
    without a row on Opening open at standard.
    """
    moved = stock_roles(settings)
    with_balance = [role for role in schema.STOCK_ROLES if role in carried and role in moved]
    return {role: excess for role in with_balance if (excess := carried[role] - standard.get(role, 0))}
