"""Finished workbooks: a small company in which everything happens, under every policy, and the samples.

The codes of its items are those that spreadsheets like to misread. `ran(name, folder)` builds one of `BOOKS` and runs it.
"""

from __future__ import annotations

import datetime as dt
import functools
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock
from xml.sax.saxutils import escape

from support_files import Parts, address

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.tables import Source
from xlbackflush.template.build import build
from xlbackflush.template.samples import SAMPLES, Sample
from xlbackflush.workbook.file import FileBook

NOW = dt.datetime(2026, 4, 1, 9)
EPOCH = dt.date(1899, 12, 30)
PERIOD = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))


def day(number: int) -> dt.date:
    return dt.date(2026, 3, number)


# Codes that spreadsheets like to misread: wildcards, leading zeros, a quote, a month, a formula, a true number.
STAR, STARRED, ZEROS, NUMBER, QUOTE, MARKS, MONTH, FORMULA = (
    "A*1", "A11", "007", 7, '5" pipe', "Q?~", "May 5", "=SUM(A1)",
)  # fmt: skip
FIN, FIN_STAR, KIT = "FIN-1", "FIN-1*", "KIT~1"

ITEMS = (
    (STAR, "Screw with a star", "Buy", "each", 2.35),
    (STARRED, "Screw that the star would match", "Buy", "each", 1.15),
    (ZEROS, "Resin with zeros", "Buy", "kg", 3.37),
    (NUMBER, "Number without zeros", "Buy", "each", 3.10),
    (QUOTE, "Pipe of five inches", "Buy", "m", 4.20),
    (MARKS, "Rivet with marks", "Buy", "each", 0.55),
    ("x-old", "Board, old", "Buy", "each", 11.90),
    ("X-new", "Board, new", "Buy", "each", 12.45),
    (MONTH, "Label that looks like a date", "Buy", "each", 1.27),
    (FORMULA, "Paint that looks like a formula", "Buy", "L", 5.80),
    ("SUB-A", "Module", "Subassembly", "each", None, 0.20, 20, 5, 8, None, 0.03),
    ("SUB-B", "Bracket", "Subassembly", "each", None, 0.10, 22, 6, 9, 0.35),
    ("PH", "Kit of parts", "Phantom", "each", None, 0.05, 18, 4, 6, 0.15, 0.02),
    ("PH2", "Paint job", "Phantom", "each"),
    (FIN, "Device", "Finished", "each", None, 0.50, 24, 6.5, 10, 1.10, 0.01),
    ("0042", "Adapter", "Finished", "each", None, None, None, None, None, 0.90),
    (KIT, "Device with two adapters", "Finished", "each", None, 0.12, 19.5, 4, 6.5),
    (FIN_STAR, "Device with a star", "Finished", "each", None, None, None, None, None, 2.00, 0.05),
    ("OLD", "Device of last year, not made any more", "Finished", "each", None, None, None, None, None, 3.00),
)
BOM = (
    ("SUB-A", "x-old", 2, "each", None, None, None, day(15)),
    ("SUB-A", "X-new", 2, "each", None, None, day(16)),
    ("SUB-A", ZEROS, 0.5, "kg", 0.04, "Input"),
    ("SUB-A", "SUB-B", 1),
    ("SUB-B", STAR, 3, "each", 0.02, "Output"),
    ("SUB-B", MARKS, 10),
    ("PH", NUMBER, 1),
    ("PH", "PH2", 2),
    ("PH", QUOTE, 0.25, "m", 0.10),
    ("PH2", FORMULA, 1.5, "L"),
    (FIN, "SUB-A", 1),
    (FIN, "PH", 1),
    (FIN, STARRED, 4, "each", 0.01),
    (FIN, MONTH, 1, "each", None, None, None, day(10)),
    (FIN, MONTH, 2, "each", None, None, day(11)),
    (FIN, ZEROS, 0.1),
    ("0042", STAR, 1),
    ("0042", "PH", 2, "each", None, None, day(5), day(25)),
    (KIT, FIN, 1),
    (KIT, "0042", 2, "each", 0.02),
    (KIT, QUOTE, 1),
    (FIN_STAR, STAR, 2),
    (FIN_STAR, "SUB-B", 1),
    (FIN_STAR, "0042", 1, "each", 0.01, "Input"),
    (FIN, QUOTE, 2, "m", None, None, None, dt.date(2026, 2, 28)),
    ("OLD", STAR, 1),
)
COUNTS = (
    (day(2), "PC-01", "Completed", "SUB-B", 900),
    (day(14), "PC-02", "Completed", "SUB-A", 310),
    (day(15), "PC-03", "Completed", "SUB-A", 95),
    (day(16), "PC-04", "Completed", "sub-a", 240),
    (day(9), "PC-05", "Completed", FIN, 120),
    (day(10), "PC-06", "Completed", FIN, 70),
    (day(11), "PC-07", "Completed", FIN, 84),
    (day(16), "PC-08", "Completed", FIN, 66),
    (day(17), "PC-08", "Completed", FIN, -6, "Counted twice"),
    (day(28), "PC-09", "Completed", "fin-1", 58),
    (day(4), "PC-10", "Completed", "0042", 90),
    (day(5), "PC-11", "Completed", "0042", 110),
    (day(25), "PC-12", "Completed", "0042", 75),
    (day(26), "PC-13", "Completed", "0042", 33),
    (day(12), "PC-14", "Completed", KIT, 45),
    (day(20), "PC-15", "Completed", KIT, 38),
    (day(18), "PC-16", "Completed", FIN_STAR, 52),
    (day(10), "SH-01", "Sold", FIN, 88),
    (day(17), "SH-02", "Sold", FIN, 105),
    (day(18), "SH-03", "Sold", FIN, -5, "Corrects SH-02: left on the dock"),
    (day(21), "SH-04", "Sold", KIT, 60),
    (day(13), "SH-05", "Sold", "0042", 40),
    (day(26), "SH-06", "Sold", "0042", 25),
    (day(19), "SH-07", "Sold", FIN_STAR, 31),
    (day(18), "SH-08", "Sold", "SUB-A", 12),
    (day(14), "SH-09", "Sold", STARRED, 30),
)
SCRAP = (
    (day(3), "SC-1", ZEROS, 22, "Component", "Normal"),
    (day(8), "SC-2", "SUB-A", 9, "Component", "Normal", 3.50),
    (day(11), "SC-3", "PH", 14, "Component", "Abnormal"),
    (day(12), "SC-4", FIN, 5, "Finished unit", "Normal", 4.25),
    (day(16), "SC-5", FIN, 3, "Component", "Normal"),
    (day(17), "SC-6", KIT, 4, "Finished unit", "Abnormal", 12),
    (day(20), "SC-7", "SUB-B", 16, "Finished unit", "Abnormal"),
    (day(24), "SC-8", "0042", 6, "Finished unit", "Normal"),
    (day(25), "SC-1", ZEROS, -4, "Component", "Normal", None, "Found again"),
)
PURCHASES = (
    (day(2), "PO-1", STAR, 3_000, 2.41),
    (day(2), "PO-2", STARRED, 2_500, 1.12),
    (day(3), "PO-3", ZEROS, 600, 3.40),
    (day(3), "PO-4", NUMBER, 1_500, 3.05),
    (day(3), "PO-5", QUOTE, 400, 4.31),
    (day(4), "PO-6", MARKS, 12_000, 0.54),
    (day(4), "PO-7", "x-old", 900, 11.75),
    (day(15), "PO-8", "X-new", 700, 12.80),
    (day(16), "PO-8", "x-NEW", -40, 12.80, "Returned"),
    (day(5), "PO-9", MONTH, 900, 1.27),
    (day(5), "PO-10", FORMULA, 4_000, 5.95),
)
ACTUALS = (
    (day(15), "PR-1", "Labor", 160, 4_011.20),
    (day(30), "PR-2", "Labor", 171, 4_290.35),
    (day(30), "GL-1", "Variable overhead", None, 2_118.40),
    (day(31), "GL-2", "Fixed overhead", None, 3_300),
    (day(31), "GL-3", "Conversion", None, 640.75),
    (day(31), "GL-4", "Conversion", None, -15.25, "Refund"),
)
STOCK = (
    (STAR, 400, 350),
    (STARRED, 120, 800),
    (ZEROS, 55.5, 210.25),
    (NUMBER, 40, 330),
    (QUOTE, 60),
    ("x-old", 200, 0),
    ("X-new", None, 130),
    (FORMULA, 100, 900),
    ("SUB-A", 35, 120),
    ("SUB-B", 20, 205),
    (FIN, 44, 60),
    ("0042", 12, 25),
    (KIT, 6),
)


WIP = (
    (FIN, 14, 0.9, 0.5),
    ("SUB-A", 20, 1, 0.25),
    (KIT, 3, None, 0.1),
    ("0042", 5, 0.4, None),
)
INVENTORY_COUNT = (
    (schema.MIP, 4_930.40, 212.35, 5_217.85, 187.10),
    (schema.FINISHED_GOODS, 2_610.25, 460.15, 3_318.70, 533.95),
)


@dataclass(frozen=True)
class Policy:
    """One variant of the world. wip: the setting, or "" for no rows on sheet WIP; in_money: what was counted, in money."""

    triggers: str
    detail: str = schema.PER_TRIGGER
    basis: str = schema.OUTPUT
    disposition: str = schema.TO_COGS
    currency: str = "USD"
    relief: str = schema.BILL_OF_MATERIALS
    conversion: str = schema.AT_STANDARD
    wip: str = ""
    budget: float | None = None
    in_money: bool = False
    condensed: bool = False
    elsewhere: bool = False
    classes: bool = False

    def __str__(self) -> str:
        words = [self.triggers, self.detail[10:], self.basis, self.disposition, self.currency]
        words += ["by count"] * (self.relief == schema.PHYSICAL_COUNT) + ["in money"] * self.in_money
        words += ["expensed"] * (self.conversion == schema.EXPENSE_THEN_ADJUST) + ["budget"] * (self.budget is not None)
        words += [f"WIP {self.wip.lower()}"] * bool(self.wip) + ["condensed"] * self.condensed
        words += ["already in the ledger"] * self.elsewhere + ["by class"] * self.classes
        return ", ".join(words)


POLICIES = (
    Policy(schema.PCS, schema.PER_TRIGGER),
    Policy(schema.PCS, schema.PER_PRODUCT, schema.INPUT, schema.CARRY_FORWARD, "KWD"),
    Policy(schema.PS, schema.PER_TRIGGER, schema.INPUT),
    Policy(schema.PS, schema.PER_PRODUCT),
    Policy(schema.CS, schema.PER_TRIGGER, schema.OUTPUT, schema.CARRY_FORWARD),
    Policy(schema.CS, schema.PER_PRODUCT, schema.INPUT),
    Policy(schema.S, schema.PER_TRIGGER, schema.OUTPUT, schema.TO_COGS, "JPY"),
    Policy(schema.S, schema.PER_PRODUCT, schema.INPUT),
)

PRORATED, PER_PRODUCT = {"disposition": schema.PRORATE}, {"detail": schema.PER_PRODUCT}
BY_COUNT, EXPENSED = {"relief": schema.PHYSICAL_COUNT}, {"conversion": schema.EXPENSE_THEN_ADJUST}
ELSEWHERE = {"Purchases are": schema.IN_THE_LEDGER, "Conversion incurred is": schema.IN_THE_LEDGER}
RECORDED, SHOWN = {"wip": schema.RECORD}, {"wip": schema.SHOW_ONLY}
#: what can happen at period end
PERIOD_ENDS = (
    Policy(schema.PCS, **PRORATED, **RECORDED, budget=3_150),
    Policy(schema.PCS, **BY_COUNT, **RECORDED, in_money=True),
    Policy(schema.PS, **PRORATED, **PER_PRODUCT, **SHOWN, basis=schema.INPUT, currency="KWD"),
    Policy(schema.CS, **PRORATED, **RECORDED, currency="JPY"),
    Policy(schema.S, **PRORATED, **RECORDED, budget=3_150),
    Policy(schema.PCS, **RECORDED, disposition=schema.CARRY_FORWARD, budget=3_150),
    Policy(schema.PCS, **PRORATED, **BY_COUNT, **PER_PRODUCT),
    Policy(schema.PS, **PRORATED, **BY_COUNT, in_money=True),
    Policy(schema.PS, **BY_COUNT, **EXPENSED, **RECORDED),
    Policy(schema.CS, **BY_COUNT, **PRORATED),
    Policy(schema.CS, **BY_COUNT, **EXPENSED, in_money=True),
    Policy(schema.S, **BY_COUNT, **EXPENSED, **RECORDED, in_money=True),
    Policy(schema.S, **BY_COUNT, **EXPENSED, currency="JPY"),
    Policy(schema.PCS, **BY_COUNT, **EXPENSED, **PRORATED, in_money=True, currency="KWD"),
    Policy(schema.PCS, **EXPENSED, **PER_PRODUCT, **RECORDED),
    Policy(schema.PS, **EXPENSED, **PRORATED, in_money=True),
    Policy(schema.CS, **EXPENSED, disposition=schema.CARRY_FORWARD),
    Policy(schema.S, **EXPENSED),
    Policy(schema.PCS, **PRORATED, **RECORDED, budget=3_150, condensed=True),
    Policy(schema.CS, **BY_COUNT, condensed=True, currency="KWD"),
    Policy(schema.PS, **BY_COUNT, **PRORATED, **PER_PRODUCT, **RECORDED),
    Policy(schema.PCS, **PRORATED, **RECORDED, elsewhere=True),
    Policy(schema.PS, **PER_PRODUCT, elsewhere=True, currency="KWD"),
    Policy(schema.CS, **EXPENSED, elsewhere=True),
    Policy(schema.PCS, **PRORATED, **RECORDED, elsewhere=True, classes=True),
    Policy(schema.PS, classes=True, currency="KWD"),
    Policy(schema.CS, **PER_PRODUCT, **RECORDED, classes=True),
    Policy(schema.S, classes=True, condensed=True),
    Policy(schema.S, condensed=True),
    Policy(schema.PCS, disposition=schema.CARRY_FORWARD, classes=True, condensed=True),
)
#: classes of items as spreadsheets like to misread them; others have none
CLASSES = {
    STAR: "007", STARRED: "7", MARKS: "Raw*", "X-new": "Boards", "SUB-A": "boards ", "SUB-B": "raw*", FIN: "Devices",
    KIT: "devices", "0042": "=A1", FIN_STAR: "Raw*",
}  # fmt: skip


def world(policy: Policy) -> Sample:
    """A small company in which everything happens that the formulas have to follow."""
    rows: dict[str, Any] = {
        "BOM": BOM,
        "StandardCost": ITEMS,
        "Counts": COUNTS,
        "Scrap": SCRAP,
        "Actuals": ACTUALS,
        "Stock": stock(policy),
        "WIP": WIP if policy.wip else (),
        "InventoryCount": INVENTORY_COUNT if policy.in_money else (),
    }
    bought_in = ((day(6), "PO-11", "SUB-B", 50, 9.90),) if policy.triggers in (schema.PCS, schema.CS) else ()
    settings = {
        "Currency": policy.currency,
        "Period start": PERIOD[0],
        "Period end": PERIOD[1],
        "Trigger points": policy.triggers,
        "Journal detail": policy.detail,
        "Default scrap basis": policy.basis,
        "Variance disposition": policy.disposition,
        "Relief basis": policy.relief,
        "Conversion costs": policy.conversion,
        "Period-end WIP": policy.wip or schema.RECORD,
        "Budgeted fixed overhead": policy.budget,
        **(ELSEWHERE if policy.elsewhere else {}),
    }
    rows["Purchases"] = PURCHASES + bought_in
    tables = {table: _named(table, r) for table, r in rows.items()}
    if policy.classes:
        tables["StandardCost"] = [row | {"Class": CLASSES.get(row["Item"])} for row in tables["StandardCost"]]
    return Sample("World", "", settings, tables)


def stock(policy: Policy) -> tuple[tuple[Any, ...], ...]:
    """Stock; where the count relieves, all that came in is counted."""
    if policy.relief == schema.BILL_OF_MATERIALS or policy.in_money:
        return STOCK
    others = ((MARKS, None, 5_150), (MONTH, None, 128), (FIN_STAR, None, 19))
    return tuple(
        (item, opening, *counted) if counted else (item, opening, 4) for item, opening, *counted in STOCK + others
    )


def _named(table: str, rows: tuple[tuple[Any, ...], ...]) -> list[dict[str, object]]:
    names = schema.TABLES[table].names
    return [{n: v for n, v in zip(names, row, strict=False) if v is not None} for row in rows]


def computers(triggers: str) -> Sample:
    sample = SAMPLES["computers"]()
    return replace(sample, settings={**sample.settings, "Trigger points": triggers})


def with_times(policy: Policy) -> Sample:
    """The world with a time of day in every date."""
    sample = world(policy)
    tables = {
        table: [{n: at_noon(v) if isinstance(v, dt.date) else v for n, v in row.items()} for row in rows]
        for table, rows in sample.tables.items()
    }
    return replace(sample, tables=tables)


def in_other_case(policy: Policy) -> Sample:
    """The world with components and counted items spelled in other case than on Standard Cost."""
    sample = world(policy)
    tables = dict(sample.tables)
    for table, name in (("BOM", "Component"), ("Counts", "Item"), ("Stock", "Item")):
        tables[table] = [{**row, name: str(row[name]).swapcase()} for row in tables[table]]
    return replace(sample, tables=tables)


def at_noon(date: dt.date) -> float:
    """The Excel number of a date with a time of day, as programs that export date and time write it."""
    return (date - EPOCH).days + 0.5


def only(policy: Policy, *tables: str) -> Sample:
    """The world with rows in these tables alone, besides items and BOM."""
    sample = world(policy)
    kept = {"BOM", "StandardCost", *tables}
    return replace(sample, tables={name: rows if name in kept else [] for name, rows in sample.tables.items()})


#: hardly anything happens: empty tables, nothing to divide by, costs below zero
QUIET = {
    "nothing happened": functools.partial(only, PERIOD_ENDS[0]),
    "conversion alone": functools.partial(only, PERIOD_ENDS[0], "Actuals"),
    "scrap alone": functools.partial(only, PERIOD_ENDS[0], "Scrap"),
    "WIP alone": functools.partial(only, Policy(schema.PS, **PRORATED, **RECORDED), "WIP"),
    "counts in money alone": functools.partial(
        only, Policy(schema.PCS, **BY_COUNT, **PRORATED, in_money=True), "InventoryCount"
    ),
}


def nobody_counts_completions(policy: Policy) -> Sample:
    """The world where only sales are counted; the stock of made items says what was made."""
    sample = world(policy)
    sold = [row for row in sample.tables["Counts"] if row["Event"] == schema.SOLD]
    return replace(sample, tables={**sample.tables, "Counts": sold})


def parts_apart(policy: Policy) -> Sample:
    """The world where the count of stock leaves out the parts in units in process."""
    sample = world(policy)
    return replace(sample, settings={**sample.settings, "Stock count includes units in process": schema.NO})


#: what is on the shelf, apart from what is posted
ON_THE_SHELF = {
    "completions not counted": functools.partial(nobody_counts_completions, Policy(schema.PS, **PRORATED)),
    "completions not counted, sale": functools.partial(nobody_counts_completions, Policy(schema.S)),
    "parts in process apart": functools.partial(parts_apart, Policy(schema.PCS, **PRORATED, **RECORDED)),
    "parts in process apart, on the shelf": functools.partial(parts_apart, Policy(schema.PS, **SHOWN)),
    "parts in process apart, by count": functools.partial(parts_apart, Policy(schema.PCS, **BY_COUNT, **RECORDED)),
}


def as_erps_have_it(policy: Policy) -> Sample:
    """The world in other units, per so many, with alternatives, setup and machine hours, material overhead, freight, vendors.

    Cases are of 4 boxes, of 2 only for the star; a drum holds 25 kg of resin. Quantities and prices are about as they were.
    """
    holds = {"box": 12, "Box": 12, "case": 48, "g": 0.001, "drum": 25, "lb": 0.5, "mm": 0.001, "in": 0.025, "ml": 0.001}
    sample = world(policy)
    changes: dict[str, dict[str, object]] = {
        STAR: {"Material price": 235, "Price per": 100, "Material overhead %": 0.08},
        ZEROS: {"UoM": "kgs", "Material overhead %": 0.125},
        MARKS: {"Material price": 5.5, "Price per": 10},
        "SUB-A": {"Setup hours": 3, "Lot size": 40, "Bill": "Line 2"},
        "PH": {"Machine hours": 0.15},
        FIN: {"Machine hours": 0.3, "Setup hours": 0.5},
        KIT: {"Setup hours": 2.5, "Lot size": 7},
    }
    units: dict[object, list[object]] = {
        STAR: ["box", "case", "PCS"], STARRED: ["ea", "Box"], ZEROS: ["g", "drum", "lb"], QUOTE: ["mm", "in", "m"],
        FORMULA: ["ml", "ltr"], MARKS: ["case", "each"],
    }  # fmt: skip
    costs = [row | changes.get(row["Item"], {}) for row in sample.tables["StandardCost"]]
    lines = []
    for n, row in enumerate(sample.tables["BOM"]):
        kinds, per = units.get(row["Component"], [None]), (None, 10, 8)[n % 3]
        uom, bill = kinds[n % len(kinds)], "line 2" if row["Parent"] == "SUB-A" else None
        quantity = row["Qty per"] / holds.get(uom, 1) * (per or 1)
        lines.append(row | {"Qty per": quantity, "UoM": uom, "Per": per, "Alternative": bill})
    lines.append({"Parent": "SUB-A", "Component": MARKS, "Qty per": 1_000})
    receipts = []
    for n, row in enumerate(sample.tables["Purchases"]):
        kinds, per = units.get(row["Item"], [None]), (None, 100)[n % 2]
        uom = kinds[n % len(kinds)]
        held = holds.get(uom, 1)
        cells = {
            "Quantity": row["Quantity"] / held,
            "UoM": uom,
            "Actual price": row["Actual price"] * held * (per or 1),
        }
        cells |= {
            "Price per": per,
            "Other cost": (None, 12.34, -3)[n % 3],
            "Vendor": ("Acme", None, "ACME", "B* & Co")[n % 4],
        }
        receipts.append(row | cells)
    conversions = [
        {"From": "box", "To": "each", "Factor": 12},
        {"From": "case", "To": "box", "Factor": 4},
        {"Item": STAR, "From": "case", "To": "box", "Factor": 2},
        {"Item": "007", "From": "kg", "To": "drum", "Factor": 0.04},
    ]
    tables = {"StandardCost": costs, "BOM": lines, "Purchases": receipts, "Units": conversions}
    return replace(sample, tables={**sample.tables, **tables})


#: columns that ERPs have, under some policies
AS_ERPS_HAVE_IT = {
    f"as ERPs have it, {policy}": functools.partial(as_erps_have_it, policy)
    for policy in (
        Policy(schema.PCS, **PRORATED, **RECORDED, budget=3_150),
        Policy(schema.PS, **PER_PRODUCT, **PRORATED),
        Policy(schema.CS, basis=schema.INPUT),
        Policy(schema.S, **PER_PRODUCT, **RECORDED),
        Policy(schema.PCS, **EXPENSED, **BY_COUNT),
        Policy(schema.PCS, condensed=True),
    )
}
BOOKS = {
    **{f"computers, {t}": functools.partial(computers, t) for t in schema.TRIGGERS},
    "widgets": SAMPLES["widgets"],
    "codes in other case": functools.partial(in_other_case, POLICIES[0]),
    "dates with a time of day": functools.partial(with_times, POLICIES[0]),
    **{str(policy): functools.partial(world, policy) for policy in POLICIES + PERIOD_ENDS},
    **QUIET,
    **ON_THE_SHELF,
    **AS_ERPS_HAVE_IT,
}
CONDENSED = {name for name in BOOKS if name.endswith(", condensed")}

# ------------------------------------------------------------------------------- books that have been run


@dataclass
class Ran:
    """A workbook after a run: its name in `BOOKS`, its file, its inputs as read, and what the engine made of them."""

    name: str
    path: Path
    sources: dict[str, Source]
    outcome: RunResult

    @property
    def posted(self) -> Period:
        assert self.outcome.run, [f.what for f in self.outcome.findings]
        return self.outcome.period


@functools.cache
def ran(name: str, folder: Path) -> Ran:
    """Build a book and run it."""
    path = folder / f"book{list(BOOKS).index(name)}.xlsx"
    build(path, PERIOD, BOOKS[name]())
    with FileBook(path) as book, trace_limit(name):
        outcome = lifecycle.run(book, "tester", NOW)
    with FileBook(path) as book:
        return Ran(name, path, book.read(), outcome)


def without_columns(path: Path, target: Path, table: str, *names: str) -> Path:
    """A copy of a workbook where these columns have other headers, so that the table does not have them."""
    parts = Parts(path)
    place = parts.tables()[table]
    for name in names:
        parts.edit(place.part, f' name="{escape(name)}"', f' name="Was {escape(name)}"')
        header = address(place.left + place.columns.index(name), place.top)
        parts.put(f"{place.sheet}!{header}", f"Was {name}")
    return parts.save(target)


def with_settings(path: Path, target: Path, *blank: str, gone: bool = False) -> Path:
    """A copy of a workbook where these settings are blank, or not on Setup at all."""
    parts = Parts(path)
    at = [n for n, row in enumerate(parts.rows("Setup")) if row["Setting"] in blank]
    columns = schema.TABLES["Setup"].names if gone else ["Value"]
    cells = [parts.where("Setup", column, n).rsplit("!", 1) for n in at for column in columns]
    parts.put_all("Setup", {cell: None for _, cell in cells})
    return parts.save(target)


def trace_limit(name: str) -> AbstractContextManager[object]:
    """Under which a book is run: no Trace per product where it is to be condensed."""
    return mock.patch.object(schema, "TRACE_ROWS_MAX", 0 if name in CONDENSED else schema.TRACE_ROWS_MAX)
