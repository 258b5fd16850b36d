"""Disposition: variances over the accounts that hold the cost they belong to, or all to cost of goods sold.

    price variance        over every account that holds material at standard, the usage variance included
    usage variance        with its share of the price variance: over material in made units, in stock and sold
    conversion variance   over conversion in stock and sold; but conversion in units in process, incurred and not allocated,
                          is none: it goes to cost of goods sold, out of which period-end WIP takes it
    normal scrap          with its share of the price variance: over the good units of the item scrapped, see `normal_scrap`;
                          with the conversion variance where the physical count relieves
    inventory count       made items short or over are a loss or gain of the period: to cost of goods sold
    carried over          what stock accounts opened with beyond standard, mostly shares of variances prorated before: taken
                          out of them, and shared out again over all cost at standard in stock and sold

(Horngren, Cost Accounting, proration of variances; Blocher, Stout and Cokins, Cost Management, Butrico Manufacturing.
Materials in finished goods 87,000, raw materials 65,000, cost of goods sold 348,000, price variance 10,000 U, usage variance
15,000 F: the price variance adds 1,340.21 to raw materials, 1,793.81 to finished goods, 7,175.26 to cost of goods sold and
makes the usage variance 15,309.28 F, which then goes 20 : 80.)
A higher price is a cost of what was bought, in stock or sold; scrap beyond allowance is a loss of the period and is not
prorated (ASC 330-10-30-7, IAS 2.16), but it was bought at the same price. Without the last rule, shares of the variances of
one period would stay in stock after it was sold, and those of the next come on top.
"""

import math
from collections.abc import Iterator, Mapping

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.posting.flush import balances
from xlbackflush.engine.posting.normal_scrap import BEARERS, NormalScrap
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.engine.stock.counted import CountedAccount, charges_everything
from xlbackflush.engine.stock.movements import Movements
from xlbackflush.engine.stock.relief import Flow, amount_of
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model.arrays import total
from xlbackflush.model.inputs import Inputs, Settings
from xlbackflush.model.journal import Entry

#: roles that the close brings to zero, in the order of its lines
CLEARED = (schema.CCA, schema.CCC, schema.PRICE_VARIANCE, schema.USAGE_VARIANCE, schema.COUNT_DIFFERENCE)
#: rows whose share of the price variance goes on with another variance: that of usage, and conversion, which normal scrap is
PASSED_ON = (schema.USAGE_VARIANCE, schema.CCC)
#: rows that bear nothing of what was carried over: scrap is not in stock, nor was it sold
NOT_BY_COST = (schema.ABNORMAL_SCRAP, *PASSED_ON)
#: money: a base up to here is what float64 leaves of equal amounts, and no account bears a variance for it
NO_BASE = 0.00001


@dataclass(frozen=True)
class CostHeld:
    """Cost at standard in one account, in money: material, the part of it in made units, conversion."""

    role: str
    material: float
    made: float
    conversion: float


@dataclass(frozen=True)
class Share:
    """One row of the Disposition sheet, in money, unrounded; debit positive.

    beyond: what the account opened with beyond its stock at standard; carried: its share of all that; count: made items
    that the count found short or over, which cost of goods sold bears alone; scrap: of normal scrap.
    """

    content: CostHeld
    price: float
    usage: float
    conversion: float
    beyond: float
    carried: float
    prorated: float
    to_cogs: float
    posted: float
    count: float
    scrap: float

    @property
    def role(self) -> str:
        return self.content.role


def cost_held(
    unit_costs: UnitCosts, book: StockBook, flows: list[Flow], movements: Movements, accounts: list[CountedAccount]
) -> Iterator[CostHeld]:
    """What stock, cost of goods sold and scrap hold at standard, at period end. Physical counts: `_counted`."""
    bill, settings = unit_costs.bill, unit_costs.bill.inputs.settings
    unit, material = (costs[movements.rollup_row] for costs in (unit_costs.rows.unit_cost, unit_costs.rows.material))
    normal = movements.scrapped_normal + movements.units_scrapped_normal
    abnormal = movements.scrapped_abnormal + movements.units_scrapped_abnormal
    if settings.by_count:
        scrapped = movements.scrapped_normal + movements.scrapped_abnormal
        stocked = bill.items.stocked[movements.item]
        in_scrap = total((scrapped * (unit - material))[stocked]) if settings.completion_triggers else 0.0
        yield from _counted(settings, accounts, flows, in_scrap)
    else:
        for role in (schema.MIP, schema.INVENTORY_CONTROL, schema.FINISHED_GOODS):
            held = book.role == role
            if held.any():
                in_stock, made = total(book.ending_material[held]), total(book.ending_material[held & book.made])
                yield _held(role, in_stock, made, total(book.ending_amount[held]) - in_stock)
        sold = movements.sold
        conversion = 0.0 if settings.conversion_expensed else total(sold * (unit - material))
        yield _held(schema.COGS, total(sold * material), total(sold * material), conversion)
    yield _held(schema.ABNORMAL_SCRAP, total(abnormal * material), 0.0, 0.0)
    if normal.any():
        yield _held(schema.CCC, total(normal * material), 0.0, 0.0)


def last_account(settings: Settings, accounts: list[CountedAccount]) -> str:
    """Where what the physical count relieves ends up: in finished goods, while nobody counts them."""
    counted = any(c.role == schema.FINISHED_GOODS for c in accounts)
    return schema.COGS if counted or not settings.completion_triggers else schema.FINISHED_GOODS


def _counted(
    settings: Settings, accounts: list[CountedAccount], flows: list[Flow], in_scrap: float
) -> Iterator[CostHeld]:
    """The same from a physical count: what was counted, and what it relieved into the last account.

    Conversion that went there is what was in stock and was flushed, less what was counted and, in_scrap, scrapped.
    """
    for c in accounts:
        if settings.purchase_triggers or c.role == schema.FINISHED_GOODS:
            conversion = 0.0 if settings.conversion_expensed else c.counted_conversion
            material = c.counted - conversion
            yield _held(c.role, material, material * (c.role == schema.FINISHED_GOODS), conversion)
    last = last_account(settings, accounts)
    conversions = [f for f in flows if not f.relieved_from and f.event in (schema.COMPLETION, schema.SALE)]
    ended = accounts if charges_everything(settings) else accounts[-1:]
    out = math.fsum(c.relieved for c in ended) + amount_of(
        f for f in conversions if f.charged_to in (schema.COGS, last)
    )
    gone = math.fsum(c.opening_conversion - c.counted_conversion for c in accounts) + (
        amount_of(conversions) - in_scrap
    )
    conversion = 0.0 if settings.conversion_expensed else gone
    yield _held(last, out - conversion, out - conversion, conversion)
    if last != schema.COGS:
        yield CostHeld(schema.COGS, 0.0, 0.0, 0.0)


def _held(role: str, material: float, made: float, conversion: float) -> CostHeld:
    """An account below zero (sold more than there is) bears no share."""
    return CostHeld(role, max(0.0, float(material)), max(0.0, float(made)), max(0.0, float(conversion)))


def prorate(
    accounts: list[CostHeld], price: float, usage: float, conversion: float, scrap_apart: bool = False
) -> list[tuple[float, float, float]]:
    """Shares (price, usage, conversion) of every account, and last of the usage variance itself; unfavorable positive.

    Where no account holds what a variance belongs to, all of it goes to cost of goods sold. scrap_apart: normal scrap is
    shared by itself, and takes its share of the price variance along.
    """
    material = math.fsum(a.material for a in accounts) + usage
    by_price = [_part(price, a.material, material, a.role) for a in accounts]
    into_usage = price - math.fsum(by_price)
    if not scrap_apart:
        conversion += math.fsum(p for a, p in zip(accounts, by_price, strict=True) if a.role in PASSED_ON)
    made, converted = math.fsum(a.made for a in accounts), math.fsum(a.conversion for a in accounts)
    rows = [
        (p, _part(usage + into_usage, a.made, made, a.role), _part(conversion, a.conversion, converted, a.role))
        for a, p in zip(accounts, by_price, strict=True)
    ]
    return [*rows, (into_usage, 0.0, 0.0)]


def _part(amount: float, weight: float, total: float, role: str) -> float:
    if total > NO_BASE:
        return amount * weight / total
    return amount if role == schema.COGS else 0.0


def to_close(entries: list[Entry], carried: Mapping[str, int]) -> dict[str, int]:
    """Balances that the close disposes of, in minor units: of this period, and carried over from the one before."""
    before = balances(entries)
    return {role: before[role] + carried.get(role, 0) for role in CLEARED}


def disposition(
    inputs: Inputs,
    contents: list[CostHeld],
    before: Mapping[str, int],
    beyond: Mapping[str, int],
    in_process: float,
    scrap: NormalScrap,
) -> Iterator[Share]:
    """The shares of every account, for the variances that stand in the accounts before the close.

    before: of `to_close`; beyond: of `opening.opening_excess`; in_process: conversion in units in process that the
    period-end entry records, in money; scrap: by the item scrapped.
    """
    known = {content.role for content in contents}
    accounts = [*contents, *(CostHeld(role, 0.0, 0.0, 0.0) for role in beyond if role not in known)]
    unit = 10**inputs.places
    price, usage = (before[role] / unit for role in (schema.PRICE_VARIANCE, schema.USAGE_VARIANCE))
    conversion = (before[schema.CCC] + before[schema.CCA]) / unit
    short = before[schema.COUNT_DIFFERENCE] / unit
    usage_row = CostHeld(schema.USAGE_VARIANCE, usage, 0.0, 0.0)
    excess = sum(beyond.values()) / unit
    apart, of_scrap = len(scrap) > 0, math.fsum(scrap.cost)
    parts = prorate(accounts, price, usage, conversion - in_process - of_scrap, apart)
    on_scrap = math.fsum(p for a, (p, _, _) in zip(accounts, parts, strict=False) if a.role == schema.CCC)
    borne = dict(zip(BEARERS, map(total, scrap.shares(on_scrap if apart else 0.0).T), strict=True))
    bearing = [0.0 if a.role in NOT_BY_COST else a.material + a.conversion for a in accounts]  # the excess
    excess_shares = [
        _part(excess, weight, math.fsum(bearing), a.role) for a, weight in zip(accounts, bearing, strict=True)
    ]
    for content, (p, u, share), k in zip([*accounts, usage_row], parts, [*excess_shares, 0.0], strict=True):
        c = share + in_process if content.role == schema.COGS else share
        out = beyond.get(content.role, 0) / unit
        lost = short if content.role == schema.COGS else 0.0
        s = borne.get(content.role, 0.0)
        prorated = 0.0 if content.role in PASSED_ON else p + u + c + k + lost + s - out
        all_of_it = (price + usage + conversion + excess + short if content.role == schema.COGS else 0.0) - out
        chosen = {schema.PRORATE: prorated, schema.TO_COGS: all_of_it}.get(inputs.settings.variance_disposition, 0.0)
        yield Share(content, p, u, c, out, k, prorated, all_of_it, chosen, lost, s)
