"""Simulated plants: what really happens on the shop floor, and what the workbook is told of it, month after month.

A plant makes four products from two subassemblies, a phantom and sixteen parts. Its truth may differ from its records: a
bill that is wrong, parts or whole units lost without a report, a count that is off. Stock is counted at each month's end,
a little wrong, and the count opens the next month. The records go through the real engine; the truth does not.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from support import Row, posted

from xlbackflush.engine.period import Period

PRODUCTS, SUBASSEMBLIES, PHANTOM = ("F1", "F2", "F3", "F4"), ("S1", "S2"), "K1"
PARTS = tuple(f"P{n}" for n in range(1, 17))
MADE = (*PRODUCTS, *SUBASSEMBLIES)
COST = dict.fromkeys(PARTS, 2.0) | {"P1": 9.0, "P2": 7.5}

#: the bills as recorded; P1 to P4 are shared by products, P5 to P9 belong to one, the rest are inside S1, S2 and K1
BILLS: dict[tuple[str, str], float] = {
    ("F1", "S1"): 1, ("F2", "S1"): 1, ("F3", "S2"): 1, ("F4", "S2"): 2,
    ("F1", "K1"): 1, ("F2", "K1"): 2, ("F3", "K1"): 1,
    ("F1", "P1"): 2, ("F2", "P1"): 3, ("F3", "P1"): 2, ("F1", "P2"): 4, ("F3", "P2"): 2, ("F2", "P3"): 1, ("F4", "P3"): 1,
    ("F1", "P4"): 0.25, ("F2", "P4"): 0.4, ("F3", "P4"): 0.25, ("F4", "P4"): 0.3,
    ("F1", "P5"): 2, ("F2", "P6"): 1, ("F3", "P7"): 6, ("F4", "P8"): 2, ("F4", "P9"): 0.085,
    ("S1", "P10"): 1, ("S1", "P11"): 2, ("S2", "P12"): 4, ("S2", "P13"): 0.5,
    ("K1", "P14"): 8, ("K1", "P15"): 1, ("K1", "P16"): 2,
}  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """Where the plant differs from its records.

    bills: true quantities of lines. scrap: share of the use of a part lost besides. lost: units of a product lost for each
    good one. miscounts: (month, item) -> units counted too many. unreported: (month, product) -> units made but not told.
    """

    bills: dict[tuple[str, str], float] = field(default_factory=dict)
    scrap: dict[str, float] = field(default_factory=dict)
    lost: dict[str, float] = field(default_factory=dict)
    miscounts: dict[tuple[int, str], float] = field(default_factory=dict)
    unreported: dict[tuple[int, str], float] = field(default_factory=dict)


def months(
    truth: Truth, count: int, seed: int, steady: Sequence[str] = (), error: float = 0.002, uncounted: Sequence[int] = ()
) -> list[Period]:
    """So many months of a plant. The products in `steady` are always made in the same proportions.

    error: standard error of a count, as a share of what was handled. uncounted: months without a count.
    """
    rng = Random(seed)
    usual = _use(BILLS, dict.fromkeys(MADE, 400.0))
    true = {item: float(round(max(usual[item] / 2, 150.0))) for item in (*PARTS, *MADE)}
    book = dict(true)
    found = []
    for month in range(count):
        made = _production(rng, steady, BILLS | truth.bills)
        need = _use(BILLS | truth.bills, made)  # the shop floor orders what it runs out of, whatever the bills say
        bought = {
            part: float(round(need[part] * (1 + truth.scrap.get(part, 0)) * rng.uniform(0.97, 1.03))) for part in PARTS
        }
        sold = {product: float(made[product]) for product in PRODUCTS}
        _happen(true, truth, month, made, bought, sold)
        counted: dict[str, float] | None = None
        if month not in uncounted:
            handled = {item: book[item] + bought.get(item, 0) + made.get(item, 0) for item in true}
            counted = {i: float(round(max(true[i] + rng.gauss(0, error * handled[i]), 0))) for i in true}
            for (when, item), more in truth.miscounts.items():
                counted[item] += more if when == month else 0
        period, closing = _recorded(month, made, bought, sold, book, counted)
        book = counted or closing
        found.append(period)
    return found


def _production(rng: Random, steady: Sequence[str], bills: dict[tuple[str, str], float]) -> dict[str, float]:
    """Units reported as made. Subassemblies follow what the products need."""
    level = rng.uniform(0.5, 1.5)
    made = {p: float(round(400 * (level if p in steady else rng.uniform(0.3, 1.7)), -1)) for p in PRODUCTS}
    need = _use(bills, made)
    return made | {s: need[s] for s in SUBASSEMBLIES}


def _use(bills: dict[tuple[str, str], float], made: dict[str, float]) -> dict[str, float]:
    """What making so many units takes, straight from the bills; the phantom is walked through."""
    use: dict[str, float] = defaultdict(float)
    for (parent, component), quantity in bills.items():
        units = made.get(parent, 0.0)
        if parent == PHANTOM:
            units = sum(made.get(p, 0.0) * q for (p, c), q in bills.items() if c == PHANTOM)
        if component != PHANTOM:
            use[component] += units * quantity
    return use


def _happen(
    true: dict[str, float],
    truth: Truth,
    month: int,
    made: dict[str, float],
    bought: dict[str, float],
    sold: dict[str, float],
) -> None:
    """A month on the shop floor."""
    finished = {p: q + truth.unreported.get((month, p), 0.0) for p, q in made.items()}
    started = {p: q * (1 + truth.lost.get(p, 0.0)) for p, q in finished.items()}
    for item, quantity in _use(BILLS | truth.bills, started).items():
        true[item] -= quantity * (1 + truth.scrap.get(item, 0.0))
    for change, sign in ((finished, 1), (bought, 1), (sold, -1)):
        for item, quantity in change.items():
            true[item] += sign * quantity


def _recorded(
    month: int, made: dict[str, float], bought: dict[str, float], sold: dict[str, float],
    opening: dict[str, float], counted: dict[str, float] | None,
) -> tuple[Period, dict[str, float]]:  # fmt: skip
    """The month as the workbook is told of it, through the engine; and the closing book quantities."""
    first = dt.date(2026, 1, 1).replace(year=2026 + month // 12, month=1 + month % 12)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)

    def counts(event: str, units: dict[str, float]) -> list[Row]:
        return [
            {"Date": last, "Document": f"{event}-{item}", "Event": event, "Item": item, "Quantity": quantity}
            for item, quantity in units.items()
        ]  # fmt: skip

    tables: dict[str, list[Row]] = {
        "StandardCost": [
            *({"Item": i, "Type": "Finished", "Other conversion": 5} for i in PRODUCTS),
            *({"Item": i, "Type": "Subassembly", "Other conversion": 2} for i in SUBASSEMBLIES),
            {"Item": PHANTOM, "Type": "Phantom"},
            *({"Item": i, "Type": "Buy", "Material price": COST[i]} for i in PARTS),
        ],
        "BOM": [{"Parent": p, "Component": c, "Qty per": q} for (p, c), q in BILLS.items()],
        "Counts": counts("Completed", made) + counts("Sold", sold),
        "Purchases": [
            {"Date": first, "Document": f"PO-{i}", "Item": i, "Quantity": q, "Actual price": COST[i]} for i, q in bought.items()
        ],
        "Stock": [
            {"Item": i, "Opening qty": q} | ({"Counted qty": counted[i]} if counted else {}) for i, q in opening.items()
        ],
    }  # fmt: skip
    outcome, result = posted({"Period start": first, "Period end": last}, tables)
    codes = outcome.period.bill.items.code.tolist()
    stock = zip(result.stock.item.tolist(), result.stock.book.tolist(), strict=True)
    closing = {codes[item]: book for item, book in stock}
    period = result
    return period, closing
