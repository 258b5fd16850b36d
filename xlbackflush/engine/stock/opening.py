"""Opening: the balances with which the period opens.

They are opening stock at standard, unless sheet Opening carries a balance over: what the period before left on an account
beyond its stock (prorated variances, differences that were carried forward) stays on it, and what that period had reversed
on the first day of this one is taken in.
"""

import math

from xlbackflush import schema
from xlbackflush.engine.stock.counted import CountedAccount, roles
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import Floats, blank_as_zero
from xlbackflush.model.inputs import Inputs, Settings
from xlbackflush.model.money import to_minor


def amounts(inputs: Inputs) -> Floats:
    """What each row of sheet Opening carries over, in money: its closing balance and its reversal."""
    return blank_as_zero(inputs.opening.closing_balance) + blank_as_zero(inputs.opening.reversal)


def carried_over(inputs: Inputs) -> dict[str, int]:
    """Role -> balance carried over in minor units, of every role on sheet Opening."""
    rows = zip(inputs.opening.role.tolist(), amounts(inputs).tolist(), strict=True)
    return {role: to_minor(amount, inputs.places) for role, amount in rows if role}


def at_standard(accounts: list[CountedAccount], book: StockBook, places: int) -> dict[str, int]:
    """Opening balance of each inventory account in minor units: of the count method where it is counted, else at standard."""
    stock = {
        role: math.fsum(book.opening_amount[book.role == role]) for role in dict.fromkeys(book.role.tolist()) if role
    }
    counted = {account.role: account.ledger_opening for account in accounts}
    return {role: to_minor(amount, places) for role, amount in (stock | counted).items()}


def opening_balances(standard: dict[str, int], carried: dict[str, int]) -> dict[str, int]:
    """Opening balance of each account in minor units: as carried over, else as `at_standard` has it."""
    return {role: minor for role, minor in (standard | carried).items() if minor}


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
