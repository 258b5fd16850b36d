"""Random clean months: a company of 5 to 500 items, one month of it, and nothing wrong in its workbook but the usual noise.

The month is played forwards, day by day: units are completed, what really went into them leaves the shelf, materials are
received before they run out, units are sold, some are thrown out and reported, people are paid. The sheets say what was
written down of it: good counts, receipts at invoice prices near the standard, a stock count that is off by about a percent.
So the books and the count agree up to noise, and none of it comes from the engine, which has no part in this module.

    world = clean_world(7)
    run(world.settings, world.tables)
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from clean_factories import (
    DECIMALS,
    Company,
    Factory,
    Item,
    Random,
    bom_rows,
    company,
    factory,
    log_uniform,
    pick,
    significant,
    standard_cost_rows,
)
from support import Row

from xlbackflush import schema
from xlbackflush.template.samples import Sample

Days = np.ndarray  # a quantity for each working day


@dataclass(frozen=True)
class CleanWorld:
    """A company's month as a workbook has it: settings, and tables as rows by column header.

    costs: standard cost of a unit of every item at period end. on_hand: what really lies there at the end, parts in units in
    process included, of every item that is stocked.
    """

    seed: int
    settings: dict[str, object]
    tables: dict[str, list[Row]]
    costs: dict[str, float]
    on_hand: dict[str, float]

    @property
    def sample(self) -> Sample:
        """What `template.build` makes a workbook of."""
        return Sample(f"Clean month {self.seed}", "A random month.", self.settings, self.tables)


def clean_world(seed: int, items: int | None = None) -> CleanWorld:
    """The month of a seed; of about so many items, or of 5 to 500."""
    rng = np.random.default_rng([14, seed])
    size = items or round(log_uniform(rng, 5, 500))
    of = company(rng)
    month = _Month(rng, factory(rng, of, size))
    month.play()
    codes = [item.code for item in month.factory.items]
    costs = {code: month.factory.unit_cost(number) for number, code in enumerate(codes)}
    on_hand = {code: shelf.ending for code, shelf in zip(codes, month.shelves, strict=True)}
    return CleanWorld(seed, _settings(rng, month), month.tables(), costs, on_hand)


# ------------------------------------------------------------------------------------------------- the month


@dataclass
class _Shelf:
    """What happened to one item, in true units by working day. out: used by others, sold or thrown out."""

    opening: float
    into: Days
    out: Days

    @property
    def ending(self) -> float:
        return self.opening + float(self.into.sum() - self.out.sum())


@dataclass
class _Month:
    """The month as it is played; `rows` are the sheets as they fill."""

    rng: Random
    factory: Factory
    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {"Counts": [], "Scrap": [], "Purchases": [], "Actuals": []}
    )

    def __post_init__(self) -> None:
        rng, count = self.rng, len(self.factory.items)
        self.days = self.factory.company.days
        self.shelves = [_Shelf(0.0, np.zeros(len(self.days)), np.zeros(len(self.days))) for _ in range(count)]
        self.cover = log_uniform(rng, 0.06, 1.2)  # of a month's use that lies on the shelves, about
        self.drift = (
            rng.uniform(-0.05, 0.06) if rng.random() < 0.25 else 0.0
        )  # of all prices since the standards were set
        self.precision = rng.uniform(0.002, 0.012)  # of the stock count
        self.completions = self.factory.company.triggers in (schema.PCS, schema.CS)  # are they a trigger?
        self.skipped = float(rng.choice([0, 0, 0.02, 0.1]))  # share of items that nobody counts
        self.hours = np.zeros(len(self.days))  # allowed
        self.absorbed = dict.fromkeys(schema.COST_TYPES, 0.0)
        self.in_process: list[Row] = []
        self.tied_up = np.zeros(count)  # in units in process

    def play(self) -> None:
        """From what is sold down to what is bought: each item is made or received before those above it need it."""
        for number in reversed(range(len(self.factory.items))):
            item = self.factory.items[number]
            if item.type == schema.FINISHED:
                self._make_for_sale(number)
            elif item.type == schema.SUBASSEMBLY:
                self._make_for_use(number)
            elif item.type == schema.PHANTOM:
                self._start(number, self.shelves[number].out)
            else:
                self._buy(number)
        self._start_some()
        self._pay()

    # -------------------------------------------------------------------------------------------- made items

    def _make_for_sale(self, number: int) -> None:
        """Completions of a product on some days, and its sales."""
        rng, shelf, days = self.rng, self.shelves[number], len(self.days)
        dollars = log_uniform(rng, *self.factory.company.industry.month)
        volume = max(dollars * self.factory.company.rate / max(self.factory.unit_cost(number), 1e-9), 6.0)
        kind = rng.random()
        if kind < 0.06:  # sold from stock, not made this month
            runs = 0
        elif kind < 0.16:  # made once or twice
            runs = int(rng.integers(1, 3))
        else:
            runs = int(rng.integers(5, min(25, days) + 1))
        on = np.sort(rng.choice(days, size=min(runs, days), replace=False))
        weights = rng.lognormal(0, rng.uniform(0.05, 0.7), size=len(on))
        made = np.maximum(np.round(volume * weights / weights.sum()), 1) if len(on) else np.zeros(0)
        shelf.opening = (
            0.0 if runs and rng.random() < 0.1 else float(round(volume * self.cover * rng.uniform(0.3, 1.2)))
        )
        self._complete(number, on, made)
        self._sell(number, on)

    def _make_for_use(self, number: int) -> None:
        """Completions of a subassembly, in batches before they are needed."""
        rng, shelf = self.rng, self.shelves[number]
        if not shelf.out.any():
            return
        shelf.opening, batches = self._supply(number, int(rng.integers(2, 20)))
        self._complete(number, np.array([day for day, _ in batches], dtype=int), np.array([q for _, q in batches]))

    def _complete(self, number: int, on: Days, made: Days) -> None:
        """Good units of an item on some days, now and then with units lost on the way and reported."""
        rng, shelf, item = self.rng, self.shelves[number], self.factory.items[number]
        started = np.zeros(len(self.days))
        for day, quantity in zip(on.tolist(), made.tolist(), strict=True):
            shelf.into[day] += quantity
            started[day] += quantity
            self._count(schema.COMPLETED, item, day, quantity)
            if quantity > 30 and rng.random() < 0.03:
                lost = float(max(1, round(quantity * rng.uniform(0.005, 0.03))))
                started[day] += lost
                self._scrap(number, day, lost, schema.FINISHED_UNIT)
        self._start(number, started)

    def _start(self, number: int, units: Days) -> None:
        """What really leaves the shelves for these units, and the work in them."""
        rng, made, item = self.rng, self.factory, self.factory.items[number]
        loss = 1 + (made.start(number) - 1) * rng.uniform(0.8, 1.2)
        for line in made.bills.get(number, ()):
            planned = line.units(made.basis) - line.quantity
            used = line.quantity * (1 + rng.normal(0.001, 0.003)) + planned * rng.uniform(0.8, 1.2)
            in_force = np.array([line.holds(day) for day in self.days])
            self.shelves[line.component].out += units * in_force * used * loss
        total = float(units.sum())
        self.hours += units * item.hours
        for kind, cost in (
            (schema.LABOR, item.hours * item.labor_rate),
            (schema.VARIABLE_OVERHEAD, item.hours * item.variable_rate),
            (schema.FIXED_OVERHEAD, item.hours * item.fixed_rate),
            (schema.CONVERSION, item.other),
        ):
            self.absorbed[kind] += total * cost

    def _sell(self, number: int, made_on: Days) -> None:
        """Sales of a product after it was made, never more than there is; some is broken in the warehouse."""
        rng, shelf, item = self.rng, self.shelves[number], self.factory.items[number]
        days = len(self.days)
        times = int(rng.integers(3, 22))
        on = set(rng.choice(days, size=min(times, days), replace=False).tolist())
        on |= {min(int(day) + int(rng.integers(0, 3)), days - 1) for day in made_on}
        keeps = (float(shelf.into.sum()) or shelf.opening * 0.6) * self.cover * rng.uniform(0.3, 1.2)
        hand = shelf.opening
        for day in range(days):
            hand += shelf.into[day]
            if day in on and hand > keeps + 1:
                quantity = float(math.floor((hand - keeps) * rng.uniform(0.45, 1.0)))
                if quantity >= 1:
                    hand -= quantity
                    shelf.out[day] += quantity
                    self._count(schema.SOLD, item, day, quantity)
            elif hand > 60 and rng.random() < 0.004:
                lost = float(max(1, round(hand * rng.uniform(0.002, 0.01))))
                hand -= lost
                shelf.out[day] += lost
                self._scrap(number, day, lost, schema.COMPONENT)

    def _count(self, event: str, item: Item, day: int, quantity: float) -> None:
        """A row of Counts; one in a hundred was typed wrong, and a second row takes the excess back."""
        rng, rows = self.rng, self.rows["Counts"]
        wrong = float(max(1, round(quantity * rng.uniform(0.02, 0.3)))) if rng.random() < 0.008 else 0.0
        row = {
            "Date": self.days[day],
            "Document": self._document(event, day),
            "Event": event,
            "Item": item.code,
            "Quantity": _measured(quantity + wrong, item),
        }
        rows.append(row)
        if wrong:
            rows.append(row | {"Quantity": -wrong, "Note": f"Corrects {row['Document']}: typed {wrong:g} too many"})

    def _document(self, event: str, day: int) -> str:
        letters, first = ("PC", 1001) if event == schema.COMPLETED else ("SH", 2001)
        return f"{letters}-{first + len(self.rows['Counts'])}"

    def _scrap(self, number: int, day: int, quantity: float, stage: str) -> None:
        rng, item = self.rng, self.factory.items[number]
        worth = quantity * self.factory.unit_cost(number)
        salvage = _money(worth * rng.uniform(0.02, 0.3), self.factory.company) if rng.random() < 0.3 else 0.0
        self.rows["Scrap"].append(
            {
                "Date": self.days[day],
                "Document": f"SC-{4001 + len(self.rows['Scrap'])}",
                "Item": item.code,
                "Quantity": quantity,
                "Stage": stage,
                "Kind": schema.NORMAL if rng.random() < 0.6 else schema.ABNORMAL,
                "Salvage value": salvage or None,
                "Reason": pick(rng, ("damaged", "out of tolerance", "spilled", "wrong color")),
            }
        )

    # ------------------------------------------------------------------------------------------ bought items

    def _buy(self, number: int) -> None:
        """Receipts of a material before it runs out, at prices near its standard."""
        rng, shelf, item = self.rng, self.shelves[number], self.factory.items[number]
        use = float(shelf.out.sum())
        if not use:
            if rng.random() < 0.5:
                shelf.opening = float(round(log_uniform(rng, 5, 500)))
            return
        if rng.random() < 0.12 and use > 200:
            day, lost = int(rng.integers(len(self.days))), float(max(1, round(use * rng.uniform(0.002, 0.02))))
            shelf.out[day] += lost
            self._scrap(number, day, lost, schema.COMPONENT)
        receipts = int(rng.choice([1, 1, 2, 3, 4, 5, 8, 12]))
        shelf.opening, batches = self._supply(number, receipts)
        spread = 0.15 if rng.random() < 0.05 else 0.04
        usual = 1 + self.drift + float(np.clip(rng.normal(0, spread / 2), -spread, spread)) * 0.8
        for day, quantity in batches:
            factor = float(usual * (1 + np.clip(rng.normal(0, 0.01), -0.02, 0.02)))
            self._receive(item, day, quantity, significant(item.price * factor, 5))

    def _receive(self, item: Item, day: int, quantity: float, price: float) -> None:
        """A row of Purchases; one in a hundred receipts is more than was wanted, and the excess goes back."""
        rng, rows = self.rng, self.rows["Purchases"]
        back = float(max(1, round(quantity * rng.uniform(0.05, 0.3)))) if rng.random() < 0.01 else 0.0
        row = {
            "Date": self.days[day],
            "Document": f"PO-{3001 + len(rows)}",
            "Item": item.code,
            "Quantity": _measured(quantity + back, item),
            "Actual price": price,
        }
        rows.append(row)
        if back:
            later = self.days[min(day + 2, len(self.days) - 1)]
            rows.append(row | {"Date": later, "Quantity": -back, "Note": f"returned, {row['Document']}"})

    def _supply(self, number: int, times: int) -> tuple[float, list[tuple[int, float]]]:
        """Opening stock and so many batches that cover what goes out, and leave something at the end."""
        rng, shelf, item = self.rng, self.shelves[number], self.factory.items[number]
        need, days = np.cumsum(shelf.out), len(self.days)
        use = float(need[-1])
        on = np.sort(rng.choice(days, size=min(times, days), replace=False))
        new = rng.random() < 0.1
        if new:  # nothing on hand: the first batch comes when it is first needed
            on[0] = min(int(np.argmax(need > 0)), int(on[0]))
        safety = max(use * self.cover * rng.uniform(0.3, 1.3), 0.03 * use)
        before = float(need[int(on[0]) - 1]) if on[0] else 0.0
        opening = 0.0 if new else _up(before + use * self.cover * rng.uniform(0.3, 1.3), item, 3)
        hand, batches = opening, []
        for at, day in enumerate(on.tolist()):
            until = float(need[int(on[at + 1]) - 1]) if at + 1 < len(on) else use
            short = until + safety - hand
            if short > 0:
                quantity = _up(short, item, int(rng.choice([1, 2, 2, 3])) if not item.made else 3)
                batches.append((day, quantity))
                shelf.into[day] += 0 if item.made else quantity
                hand += quantity
        return opening, batches

    # -------------------------------------------------------------------------------- work in process and pay

    def _start_some(self) -> None:
        """In half of the companies some units are in process at the end; their parts have left the storeroom."""
        rng, made = self.rng, self.factory
        self.counts_parts = not self.completions or rng.random() < 0.6
        if rng.random() < 0.5:
            return
        for number in rng.permutation(len(made.items)).tolist()[:40]:
            shelf, item = self.shelves[number], made.items[number]
            batch = float(shelf.into[-3:].max(initial=0))
            if item.type not in (schema.SUBASSEMBLY, schema.FINISHED) or batch < 4 or len(self.in_process) >= 5:
                continue
            units, share = float(max(1, round(batch * rng.uniform(0.05, 0.5)))), float(rng.choice([1, 1, 0.8, 0.5]))
            parts = np.zeros(len(made.items))
            self._parts(number, units * share, parts)
            if all(self.shelves[i].ending - self.tied_up[i] > 1.2 * parts[i] for i in np.flatnonzero(parts).tolist()):
                self.tied_up += parts
                cells = {"Material %": share, "Conversion %": round(float(rng.uniform(0.1, 0.9)) * share, 1)}
                self.in_process.append({"Item": item.code, "Quantity": units} | cells)

    def _parts(self, number: int, units: float, parts: Days) -> None:
        """Add what stands in the storeroom and goes into units of an item."""
        made = self.factory
        for line in made.bills.get(number, ()):
            if line.holds(made.company.end):
                needed = units * line.units(made.basis) * made.start(number)
                if made.items[line.component].type == schema.PHANTOM:
                    self._parts(line.component, needed, parts)
                else:
                    parts[line.component] += needed

    def _pay(self) -> None:
        """Payroll by week, by day or for the month; overhead and other conversion incurred near what is absorbed."""
        rng, of = self.rng, self.factory.company
        total = float(self.hours.sum())
        if total and of.style != "conversion":
            rate = self.absorbed[schema.LABOR] / total
            efficiency = float(np.clip(rng.normal(0.98, 0.06), 0.86, 1.14))
            steady = rng.uniform(0.0, 0.7)
            worked = (steady * total / len(self.days) + (1 - steady) * self.hours) / efficiency
            for days in _pay_days(rng, self.days):
                hours = round(float(worked[days].sum() * np.clip(rng.normal(1, 0.01), 0.97, 1.03)), 1)
                paid = hours * rate * (1 + float(np.clip(rng.normal(0, 0.015), -0.05, 0.05)))
                if hours:
                    self._incur(schema.LABOR, int(days[-1]), _money(paid, of), hours)
        for kind in schema.COST_TYPES[1:]:
            incurred = self.absorbed[kind] / float(np.clip(rng.normal(1, 0.06), 0.87, 1.13))
            bills = int(rng.integers(1, 5))
            shares = rng.dirichlet(np.full(bills, 5.0))
            for share in shares.tolist() if incurred else ():
                self._incur(kind, int(rng.integers(len(self.days))), _money(incurred * share, of))

    def _incur(self, kind: str, day: int, amount: float, hours: float | None = None) -> None:
        rows = self.rows["Actuals"]
        document = f"{'PR' if kind == schema.LABOR else 'CV'}-{5001 + len(rows)}"
        cells = {"Date": self.days[day], "Document": document, "Cost type": kind, "Hours": hours, "Amount": amount}
        rows.append(cells)

    # ------------------------------------------------------------------------------------------------ sheets

    def tables(self) -> dict[str, list[Row]]:
        """The input sheets, transactions by date as people enter them."""
        by_date = {name: sorted(rows, key=lambda row: str(row["Date"])) for name, rows in self.rows.items()}
        return {
            "StandardCost": standard_cost_rows(self.factory),
            "BOM": bom_rows(self.factory),
            **by_date,
            "Stock": self._stock(),
            "WIP": self.in_process,
        }

    def _stock(self) -> list[Row]:
        """Opening and count of everything that is stocked; a few items are not counted, in some companies many."""
        rng, rows = self.rng, []
        for item, shelf, tied in zip(self.factory.items, self.shelves, self.tied_up.tolist(), strict=True):
            if item.type == schema.PHANTOM or not (shelf.opening or shelf.into.any() or shelf.out.any()):
                continue
            there = max(shelf.ending - (0 if self.counts_parts else tied), 0)
            counted = None if rng.random() < self.skipped else self._counted(there, item)
            rows.append({"Item": item.code, "Opening qty": shelf.opening or None, "Counted qty": counted})
        return rows

    def _counted(self, there: float, item: Item) -> float:
        """What people count: few pieces exactly, many with an error."""
        exact = DECIMALS[item.uom] == 0 and there < 40
        return _measured(there if exact else there * (1 + self.rng.normal(0, self.precision)), item)


def _settings(rng: Random, month: _Month) -> dict[str, object]:
    """The policy of the company."""
    of = month.factory.company
    fixed = month.absorbed[schema.FIXED_OVERHEAD]
    budget = significant(fixed * rng.uniform(0.93, 1.07), 3) if fixed and rng.random() < 0.5 else None
    everything_counted = month.completions and not month.skipped
    by_count = everything_counted and rng.random() < 0.15
    expensed = everything_counted and rng.random() < 0.15
    return {
        "Company": f"{pick(rng, ('North', 'Valley', 'Harbor', 'Alpine'))} {of.industry.name}",
        "Currency": of.currency,
        "Period start": of.start,
        "Period end": of.end,
        "Trigger points": of.triggers,
        "Relief basis": schema.PHYSICAL_COUNT if by_count else schema.BILL_OF_MATERIALS,
        "Conversion costs": schema.EXPENSE_THEN_ADJUST if expensed else schema.AT_STANDARD,
        "Variance disposition": pick(rng, (schema.TO_COGS, schema.PRORATE)),
        "Journal detail": pick(rng, (schema.PER_TRIGGER, schema.PER_PRODUCT)),
        "Default scrap basis": month.factory.basis,
        "Budgeted fixed overhead": budget,
        "Materiality %": float(rng.choice([0.05, 0.05, 0.03, 0.02])),
        "Cycle time days": float(rng.choice([1, 1.5, 2, 3] if month.in_process else [0.25, 0.5, 1])),
        "Stock count includes units in process": schema.YES if month.counts_parts else schema.NO,
        "Standards set on": of.start - dt.timedelta(days=int(rng.integers(1, 200))),
    }


def _pay_days(rng: Random, days: Sequence[dt.date]) -> list[Days]:
    """Working days by pay day: each day, each week, or all at the end."""
    kind = pick(rng, ("day", "week", "week", "month"))
    keys = [{"day": day.toordinal(), "week": day.isocalendar().week, "month": 0}[kind] for day in days]
    return [np.flatnonzero([key == pay for key in keys]) for pay in dict.fromkeys(keys)]


def _measured(quantity: float, item: Item) -> float:
    """A quantity with the decimals that its unit has."""
    return round(quantity, DECIMALS[item.uom]) + 0.0


def _up(quantity: float, item: Item, digits: int) -> float:
    """A quantity rounded up to a lot that somebody would order or make."""
    if quantity <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(quantity)) - digits + 1)
    step = max(step, 10.0 ** -DECIMALS[item.uom])
    return round(math.ceil(quantity / step - 1e-9) * step, 6)


def _money(amount: float, of: Company) -> float:
    """An amount in whole minor units."""
    return round(amount, of.places) + 0.0
