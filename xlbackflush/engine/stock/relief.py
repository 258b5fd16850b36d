"""Relief: the explosion added up - by account for the journal, by component for sheet Relief; `stock_book` does it by item."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.explosion.demand import Demand
from xlbackflush.engine.explosion.explosion import Explosion
from xlbackflush.engine.standards.bill import Bill
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.model.arrays import Bools, Floats, Ints, Records, Texts, blank_as_zero, sums, where_true
from xlbackflush.model.money import to_minor_array


class Flow(NamedTuple):
    """What one event takes from one account for another, in money, unrounded.

    product: item, -1 where entries are per trigger. relieved_from: "" for conversion. first, last: positions in the explosion
    of the rows added up. charged_class, relieved_class: of the two accounts, "" where they are of no class.
    """

    event: str
    charged_to: str
    product: int
    relieved_from: str
    amount: float
    first: int
    last: int
    charged_class: str = ""
    relieved_class: str = ""


def amount_of(flows: Iterable[Flow]) -> float:
    """Amounts of flows, added up."""
    return math.fsum(flow.amount for flow in flows)


@dataclass(frozen=True)
class Relief(Records):
    """Components relieved by counts, in item order: units, money unrounded and in minor units, average cost, account."""

    item: Ints
    quantity: Floats
    exact: Floats
    amount: Ints
    cost: Floats
    role: Texts


def flushed(explosion: Explosion, bill: Bill, demand: Demand) -> list[Flow]:
    """What each entry of the period takes from where."""
    rows, roots, events = explosion.rows, demand.roots, demand.events
    per_product = bill.inputs.settings.journal_detail == schema.PER_PRODUCT and not explosion.by_line
    products = roots.item.tolist() if per_product else [-1] * len(roots)
    heads: dict[tuple[str, str, str, int], int] = {}  # of each entry its number, in the order of the roots
    columns = (events, roots.charged_to.tolist(), roots.item_class.tolist(), products)
    entry_of_root = np.array([heads.setdefault(h, len(heads)) for h in zip(*columns, strict=True)], dtype=np.int64)
    # accounts credited, as numbers: 0 conversion, 1 payables of a receipt, then the inventory roles
    names = ["", schema.ACCOUNTS_PAYABLE, *(r for r in schema.ROLES if r != schema.ACCOUNTS_PAYABLE)]
    number = {name: i for i, name in enumerate(names)}
    role = np.array([number[name] for name in bill.items.role.tolist()], dtype=np.int64)
    receipt = np.array([event == schema.PURCHASE for event in events], dtype=bool)
    credit = np.where(rows.relieved, np.where(receipt[rows.root], 1, role[rows.item]), 0)

    classes, class_of_row = _classes(bill, rows.item, np.isin(names, schema.BY_CLASS)[credit])
    accounts = len(names) * len(classes)
    entry_of_row, posts = entry_of_root[rows.root], demand.posts[rows.root]
    head, size = entry_of_row * accounts, len(heads) * accounts
    credited = head + credit * len(classes) + class_of_row
    amounts = np.where(rows.relieved, rows.amount, rows.conversion)
    handled = posts & rows.relieved & (rows.conversion != 0)
    key, amounts = (
        np.concatenate((every[posts], of_handled[handled]))
        for every, of_handled in ((credited, head), (amounts, rows.conversion))
    )
    added, used = sums(key, amounts, size), where_true(np.bincount(key, minlength=size))
    positions = np.arange(len(rows))
    first, last = np.full(len(heads), len(rows)), np.full(len(heads), -1)
    np.minimum.at(first, entry_of_row, positions)
    np.maximum.at(last, entry_of_row, positions)
    each = list(zip(heads, first.tolist(), last.tolist(), strict=True))
    flows = []
    for k, amount in zip(used.tolist(), added[used].tolist(), strict=True):
        (event, charged_to, charged_class, product), begin, end = each[k // accounts]
        name, item_class = names[k % accounts // len(classes)], classes[k % len(classes)]
        flows.append(Flow(event, charged_to, product, name, amount, begin, end, charged_class, item_class))
    return flows


def _classes(bill: Bill, item: Ints, splits: Bools) -> tuple[list[str], Ints | int]:
    """The classes, and the position among them of the account that each row credits; splits: rows whose role is by class."""
    classes = bill.classes
    if len(classes) == 1:
        return classes, 0
    number = {name: i for i, name in enumerate(classes)}
    of_item = np.array([number[name] for name in bill.items.item_class.tolist()], dtype=np.int64)
    return classes, np.where(splits, of_item[item], 0)


def largest_amount(explosion: Explosion, unit_costs: UnitCosts) -> float:
    """Upper bound of any amount that a run can post, in money, unrounded: all gross amounts of the period added up."""
    bill, inputs = unit_costs.bill, unit_costs.bill.inputs
    rows, stock, costs = explosion.rows, inputs.stock, unit_costs.rows
    dearest = np.zeros(len(bill.items) + 1)  # the last one stands for item -1
    np.maximum.at(dearest, costs.item, np.abs(costs.unit_cost))
    units = blank_as_zero(np.abs(stock.opening_qty)) + blank_as_zero(np.abs(stock.counted_qty))
    gross = (
        rows.amount,
        rows.conversion,
        inputs.payable,
        inputs.actuals.amount,
        inputs.scrap.salvage_value,
        units * dearest[bill.of("Stock")],
    )
    return float(sum(blank_as_zero(np.abs(amounts)).sum() for amounts in gross))


def of_events(explosion: Explosion, demand: Demand, *events: str) -> Bools:
    """Which rows of the explosion belong to one of these events."""
    of_stream = np.array([stream.event in events for stream in demand.streams], dtype=bool)
    return of_stream[demand.roots.stream][explosion.rows.root]


def relief(explosion: Explosion, bill: Bill, demand: Demand) -> Relief:
    """Components that counts relieved."""
    rows = explosion.rows
    used = rows.of(rows.relieved & (rows.level > 0) & of_events(explosion, demand, schema.COMPLETION, schema.SALE))
    count = len(bill.items)
    item = where_true(np.bincount(used.item, minlength=count))
    quantity, exact = (sums(used.item, values, count)[item] for values in (used.required, used.amount))
    cost = np.divide(exact, quantity, out=np.zeros(len(item)), where=quantity != 0)
    return Relief(item, quantity, exact, to_minor_array(exact, bill.inputs.places), cost, bill.items.role[item])
