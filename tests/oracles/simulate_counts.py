"""Simulated months of daily counts: what was made each day, and what the workbook is told of it.

A company makes a few products from shared parts, parts of their own, packaging and labels, some of them by way of a
subassembly. Every working day products are completed and sold; payroll is daily or weekly, its hours more or less than
the standard ones; stock is counted at month's end, a little wrong. One count of one product on one day may be recorded
wrong: everything else then still tells of what was really made.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from support import Row

FIRST, LAST = dt.date(2026, 4, 1), dt.date(2026, 4, 30)
DAYS = [FIRST + dt.timedelta(days=n) for n in range(30) if (FIRST + dt.timedelta(days=n)).weekday() < 5]


@dataclass(frozen=True)
class Shape:
    """A kind of company.

    products: how many. a_day: units a day, about. shared: parts that several products take. own: parts of each product
    alone, labels and packaging among them. subassembly: share of products that have one, counted as well. stock: closing
    stock of a part as a share of the month's use, about. shelf: of finished units likewise. count_error: standard error of
    a count of stock. weekly: payroll by the week, else by the day. efficiency_error: standard error of the hours of a
    day, of a week less. spread: of the daily production, as a logarithm. every_day: share of days on which a product is made.
    use_error: standard error of the true use of a part in the month.
    """

    products: int
    a_day: float
    shared: int = 6
    own: int = 2
    subassembly: float = 0.3
    stock: float = 0.15
    shelf: float = 0.10
    count_error: float = 0.01
    weekly: bool = True
    efficiency_error: float = 0.06
    spread: float = 0.25
    every_day: float = 0.9
    use_error: float = 0.0005


SHAPES = {
    "a workshop": Shape(3, 40, shared=3, own=1, stock=0.10, shelf=0.05, weekly=False),
    "an assembler": Shape(6, 200, shared=8, own=2),
    "a packer": Shape(10, 2_000, shared=5, own=3, subassembly=0.0, weekly=False, stock=0.10),
    "lots": Shape(8, 300, every_day=0.3, spread=0.5, own=2),
    "a large range": Shape(40, 120, shared=30, own=2, subassembly=0.1),
    "no parts of their own": Shape(5, 150, shared=8, own=0, shelf=0.04),
}


@dataclass(frozen=True)
class Month:
    """A month as recorded. item, day: of the count that is wrong, as recorded and true; "" and None where all are right."""

    settings: dict[str, object]
    tables: dict[str, list[Row]]
    item: str = ""
    day: dt.date | None = None
    recorded: float = 0.0
    true: float = 0.0


def simulated(shape: Shape, seed: int, wrong: float = 0.0) -> Month:
    """A month of a company. wrong: what the wrong count is off by, as a share of what was made that day; 0: none is."""
    rng = np.random.default_rng(seed)
    products, parents, bill = _bills(shape, rng)
    made = _production(shape, rng, products, parents)
    pick, mistake = _mistake(rng, products, made, wrong)
    costs, hours = _costs(rng, products, parents, bill)
    tables: dict[str, list[Row]] = {
        "StandardCost": costs,
        "BOM": [{"Parent": p, "Component": c, "Qty per": q} for (p, c), q in bill.items()],
    }
    tables["Counts"] = _completed(made, pick, mistake)
    sold, shelf = _sales(shape, rng, products, made)
    tables["Counts"] += sold
    tables["Actuals"] = _payroll(shape, rng, made, hours)
    tables["Purchases"], tables["Stock"] = _materials(shape, rng, bill, made, costs)
    tables["Stock"] += shelf
    settings = {"Period start": FIRST, "Period end": LAST}
    if pick is None:
        return Month(settings, tables)
    item, number = pick
    return Month(settings, tables, item, DAYS[number], float(made[item][number] + mistake), float(made[item][number]))


Made = dict[str, "np.ndarray[tuple[int], np.dtype[np.float64]]"]  # of each made item, units of each day


def _bills(shape: Shape, rng: np.random.Generator) -> tuple[list[str], dict[str, str], dict[tuple[str, str], float]]:
    """Products; product -> its subassembly; and lines with their quantities."""
    products = [f"F-{n + 1}" for n in range(shape.products)]
    shared = [f"P-{n + 1}" for n in range(shape.shared)]
    bill: dict[tuple[str, str], float] = {}
    parents = {}
    for product in products:
        base = product
        if rng.random() < shape.subassembly:
            parents[product] = base = f"S-{product[2:]}"
            bill[product, base] = 1.0
        for part in rng.choice(shared, size=min(len(shared), int(rng.integers(2, 5))), replace=False):
            bill[base, str(part)] = float(rng.choice([1, 1, 2, 3, 4, 0.25, 0.6]))
        for n in range(shape.own):
            bill[product, f"{('LABEL', 'BOX', 'PART')[n % 3]}-{product}"] = float(rng.choice([1, 1, 1, 2, 4]))
    return products, parents, bill


def _production(shape: Shape, rng: np.random.Generator, products: list[str], parents: dict[str, str]) -> Made:
    """What was really made."""
    made: Made = {}
    for product in products:
        level = shape.a_day * rng.lognormal(0, 0.6)
        units = np.maximum(np.round(level * rng.lognormal(0, shape.spread, len(DAYS))), 2)
        units *= rng.random(len(DAYS)) < shape.every_day
        if not units.any():
            units[0] = round(level) + 2
        made[product] = units
        if product in parents:
            made[parents[product]] = units.copy()
    return made


def _mistake(
    rng: np.random.Generator, products: list[str], made: Made, wrong: float
) -> tuple[tuple[str, int] | None, float]:
    """The product and day of the wrong count, and what is recorded too many; whole units, so that it is one at least."""
    if not wrong:
        return None, 0.0
    item = str(rng.choice(products))
    number = int(rng.choice(np.flatnonzero(made[item])))
    units = wrong * made[item][number]
    return (item, number), float(np.sign(units) * max(np.ceil(abs(units) - 1e-9), 1))


def _costs(
    rng: np.random.Generator, products: list[str], parents: dict[str, str], bill: dict[tuple[str, str], float]
) -> tuple[list[Row], dict[str, float]]:
    """Standard Cost, and the hours of a unit."""
    parts = sorted({c for _, c in bill} - set(parents.values()))
    made = [*products, *parents.values()]
    hours = {item: round(float(rng.lognormal(-1.5, 0.5)), 3) for item in made}
    rows: list[Row] = [
        {"Item": part, "Type": "Buy", "UoM": "each", "Material price": round(float(rng.lognormal(0.5, 1)), 2) + 0.05}
        for part in parts
    ]
    rows += [
        {
            "Item": item, "Type": "Finished" if item in products else "Subassembly", "UoM": "each",
            "Labor hours": hours[item], "Labor rate": 24, "Variable overhead rate": 6,
        }
        for item in made
    ]  # fmt: skip
    return rows, hours


def _completed(made: Made, pick: tuple[str, int] | None, mistake: float) -> list[Row]:
    rows: list[Row] = []
    for number, day in enumerate(DAYS):
        for item, units in made.items():
            quantity = float(units[number]) + (mistake if pick == (item, number) else 0.0)
            if quantity:
                document = f"PC-{1_001 + len(rows)}"
                rows.append(
                    {"Date": day, "Document": document, "Event": "Completed", "Item": item, "Quantity": quantity}
                )
    return rows


def _sales(shape: Shape, rng: np.random.Generator, products: list[str], made: Made) -> tuple[list[Row], list[Row]]:
    """Sold, and the stock of all made items as opened and counted. Subassemblies go into their products the same day."""
    rows: list[Row] = []
    stock: list[Row] = []
    for item, units in made.items():
        usual = units.sum() * shape.shelf
        opening = float(np.round(usual * rng.uniform(0.5, 1.5)))
        shelf = opening
        if item in products:
            for number, day in enumerate(DAYS):
                shelf += units[number]
                quantity = float(np.floor(max(shelf - usual * rng.uniform(0.3, 1.7), 0.0)))
                shelf -= quantity
                if quantity:
                    document = f"SH-{2_001 + len(rows)}"
                    rows.append(
                        {"Date": day, "Document": document, "Event": "Sold", "Item": item, "Quantity": quantity}
                    )
        counted = max(float(np.round(shelf * (1 + shape.count_error * rng.normal()))), 0.0)
        stock.append({"Item": item, "Opening qty": opening, "Counted qty": counted})
    return rows, stock


def _payroll(shape: Shape, rng: np.random.Generator, made: Made, hours: dict[str, float]) -> list[Row]:
    """Hours paid: standard hours of what was really made, at an efficiency of the month and of the day or week."""
    month = rng.uniform(0.88, 1.12)
    daily = np.sum([units * hours[item] for item, units in made.items()], axis=0)
    weeks = [day.isocalendar()[1] for day in DAYS]
    rows: list[Row] = []
    for number, day in enumerate(DAYS):
        last = number + 1 == len(DAYS) or weeks[number + 1] != weeks[number]
        if shape.weekly and not last:
            continue
        own = [n for n, week in enumerate(weeks) if week == weeks[number]] if shape.weekly else [number]
        paid = float(daily[own].sum()) * month * rng.lognormal(0, shape.efficiency_error / len(own) ** 0.5)
        paid = round(paid, 1)
        if paid:
            document = f"PR-{6_001 + len(rows)}"
            amount = round(paid * 24.3, 2)
            rows.append({"Date": day, "Document": document, "Cost type": "Labor", "Hours": paid, "Amount": amount})
    return rows


def _materials(
    shape: Shape, rng: np.random.Generator, bill: dict[tuple[str, str], float], made: Made, costs: list[Row]
) -> tuple[list[Row], list[Row]]:
    """Receipts, and the stock of parts as opened and counted."""
    receipts: list[Row] = []
    stock: list[Row] = []
    for cost in costs:
        part = cost["Item"]
        if cost["Type"] != "Buy":
            continue
        usual = sum(q * float(made[parent].sum()) for (parent, c), q in bill.items() if c == part)
        used = usual * (1 + shape.use_error * rng.normal())
        opening = float(np.round(usual * shape.stock * rng.uniform(0.5, 1.5)))
        closing = usual * shape.stock * rng.uniform(0.5, 1.5)
        bought = max(float(np.round(used + closing - opening)), 0.0)
        true = max(opening + bought - used, 0.0)
        counted = max(float(np.round(true * (1 + shape.count_error * rng.normal()))), 0.0)
        stock.append({"Item": part, "Opening qty": opening, "Counted qty": counted})
        for day, share in ((DAYS[0], 0.5), (DAYS[9], 0.5)):
            price = round(float(cost["Material price"]) * rng.normal(1, 0.02), 4)  # type: ignore[arg-type]
            receipt: Row = {"Date": day, "Document": f"PO-{len(receipts) + 1}", "Item": part, "Actual price": price}
            receipts.append(receipt | {"Quantity": bought * share})
    return receipts, stock
