"""The promise of the workbook: every Difference is 0 after a run, and stops being 0 exactly where an input was changed.

Two programs are set against each other. LibreOffice recalculates the live formulas of a finished workbook; the engine runs
again on the changed inputs. Changing `Counts!E8` from 40 to 44, say, makes the engine post other amounts on five journal
lines; the same five lines, and no others, must then show a Difference in LibreOffice.

By default a sample of changes is tried. `XLBACKFLUSH_FUZZ=full` tries every input cell in every variant of the world, and
in the widgets sample.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import office
import openpyxl
import pytest
from openpyxl.utils.datetime import to_excel

from xlbackflush import layout, pipeline
from xlbackflush.engine import rules
from xlbackflush.engine.accept import accept
from xlbackflush.engine.basis import Total
from xlbackflush.engine.structure import structure
from xlbackflush.engine.tables import CellError, Source
from xlbackflush.excel.file import FileBook
from xlbackflush.excel.template import build
from xlbackflush.pipeline import Outcome, Posted
from xlbackflush.samples import SAMPLES, Sample

FULL = os.environ.get("XLBACKFLUSH_FUZZ") == "full"
TRIALS = 120  # of each variant, unless FULL
NOW = dt.datetime(2026, 4, 1, 9)
EPOCH = dt.date(1899, 12, 30)
PERIOD = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))

# ------------------------------------------------------------------------------------------------ the world


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


@dataclass(frozen=True)
class Policy:
    """One variant of the world."""

    triggers: str
    detail: str
    basis: str = layout.OUTPUT
    disposition: str = layout.TO_COGS
    currency: str = "USD"

    def __str__(self) -> str:
        return f"{self.triggers}, {self.detail[10:]}, {self.basis}, {self.disposition}, {self.currency}"


POLICIES = (
    Policy(layout.PCS, layout.PER_TRIGGER),
    Policy(layout.PCS, layout.PER_PRODUCT, layout.INPUT, layout.CARRY_FORWARD, "KWD"),
    Policy(layout.PS, layout.PER_TRIGGER, layout.INPUT),
    Policy(layout.PS, layout.PER_PRODUCT),
    Policy(layout.CS, layout.PER_TRIGGER, layout.OUTPUT, layout.CARRY_FORWARD),
    Policy(layout.CS, layout.PER_PRODUCT, layout.INPUT),
    Policy(layout.S, layout.PER_TRIGGER, layout.OUTPUT, layout.TO_COGS, "JPY"),
    Policy(layout.S, layout.PER_PRODUCT, layout.INPUT),
)


def world(policy: Policy) -> Sample:
    """A small company in which everything happens that the formulas have to follow."""
    rows: dict[str, Any] = {
        "BOM": BOM,
        "StandardCost": ITEMS,
        "Counts": COUNTS,
        "Scrap": SCRAP,
        "Actuals": ACTUALS,
        "Stock": STOCK,
    }
    bought_in = ((day(6), "PO-11", "SUB-B", 50, 9.90),) if policy.triggers in (layout.PCS, layout.CS) else ()
    settings = {
        "Currency": policy.currency,
        "Period start": PERIOD[0],
        "Period end": PERIOD[1],
        "Trigger points": policy.triggers,
        "Journal detail": policy.detail,
        "Default scrap basis": policy.basis,
        "Variance disposition": policy.disposition,
    }
    rows["Purchases"] = PURCHASES + bought_in
    return Sample("World", "", settings, {table: _named(table, r) for table, r in rows.items()})


def _named(table: str, rows: tuple[tuple[Any, ...], ...]) -> list[dict[str, object]]:
    names = layout.TABLES[table].names
    return [{n: v for n, v in zip(names, row, strict=False) if v is not None} for row in rows]


def computers(triggers: str) -> Sample:
    sample = SAMPLES["computers"]()
    return replace(sample, settings={**sample.settings, "Trigger points": triggers})


def with_times(policy: Policy) -> Sample:
    """The world with a time of day in every date."""
    sample = world(policy)
    tables = {
        table: [{n: _at_noon(v) if isinstance(v, dt.date) else v for n, v in row.items()} for row in rows]
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


BOOKS = {
    **{f"computers, {t}": functools.partial(computers, t) for t in layout.TRIGGERS},
    "widgets": SAMPLES["widgets"],
    "codes in other case": functools.partial(in_other_case, POLICIES[0]),
    "dates with a time of day": functools.partial(with_times, POLICIES[0]),
    **{str(policy): functools.partial(world, policy) for policy in POLICIES},
}

# ------------------------------------------------------------------------------- books that have been run


@dataclass
class Ran:
    """A workbook after a run: its file, its inputs as read, and what the engine made of them."""

    path: Path
    sources: dict[str, Source]
    outcome: Outcome

    @property
    def posted(self) -> Posted:
        assert self.outcome.posted, [f.what for f in self.outcome.findings]
        return self.outcome.posted


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live")


@functools.cache
def ran(name: str, folder: Path) -> Ran:
    """Build a book and run it."""
    path = folder / f"book{list(BOOKS).index(name)}.xlsx"
    build(path, PERIOD, BOOKS[name]())
    with FileBook(path) as book:
        outcome = pipeline.run(book, "tester", NOW)
    with FileBook(path) as book:
        return Ran(path, book.read(), outcome)


@functools.cache
def recalculated(folder: Path) -> dict[str, openpyxl.Workbook]:
    """All books, as LibreOffice recalculates them."""
    return dict(zip(BOOKS, office.recalculate([ran(name, folder).path for name in BOOKS]), strict=True))


def column(book: openpyxl.Workbook, table: str, name: str) -> list[Any]:
    """The cells of one table column."""
    sheet, address = place(book, table, name)
    return [row[0].value for row in book[sheet][address]]


def place(book: openpyxl.Workbook, table: str, name: str) -> tuple[str, str]:
    """Where a table column stands: ("Journal", "N7:N20")."""
    for sheet in book:
        if table in sheet.tables:
            first, last = sheet.tables[table].ref.split(":")
            left, top = openpyxl.utils.cell.coordinate_from_string(first)
            number = openpyxl.utils.column_index_from_string(left) + sheet.tables[table].column_names.index(name)
            letter = openpyxl.utils.get_column_letter(number)
            bottom = openpyxl.utils.cell.coordinate_from_string(last)[1]
            return sheet.title, f"{letter}{top + 1}:{letter}{bottom}"
    raise KeyError(table)


# ------------------------------------------------------------------------------------- (a) after the run


def same(a: object, b: object) -> bool:
    a, b = (to_excel(v) if isinstance(v, dt.date) else "" if v is None else v for v in (a, b))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return a == b


def status_cell(sheet: str, address: str) -> bool:
    """The status of a sheet that a run does not rewrite: it shows the state before the run until recalculated."""
    unwritten = {s.name for s in layout.INPUT_SHEETS}
    return (address == "B3" and sheet in unwritten) or (address == "A3" and sheet == layout.ABOUT)


@pytest.mark.parametrize("name", BOOKS)
def test_stored_values_are_what_a_recalculation_gives(name: str, folder: Path) -> None:
    stored = openpyxl.load_workbook(ran(name, folder).path, data_only=True)
    live = recalculated(folder)[name]
    wrong = [
        f"{sheet.title}!{cell.coordinate}: stored {cell.value!r}, recalculated {live[sheet.title][cell.coordinate].value!r}"
        for sheet in stored
        for row in sheet.iter_rows()
        for cell in row
        if not same(cell.value, live[sheet.title][cell.coordinate].value)
        and not status_cell(sheet.title, cell.coordinate)
    ]
    assert not wrong, f"{len(wrong)} cells, such as\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("name", BOOKS)
def test_every_difference_is_zero_and_every_check_holds(name: str, folder: Path) -> None:
    live = recalculated(folder)[name]
    for table in WATCHED:
        values = [v for v in column(live, table, "Difference") if v is not None]
        assert values or table == "Variances"
        assert not any(values), table
    assert not any(v for v in column(live, "Relief", "Quantity difference") if v is not None)
    assert set(column(live, "Checks", "Result")) == {"OK"}
    assert live["Checks"]["B3"].value == 0


@pytest.mark.parametrize("triggers", layout.TRIGGERS)
def test_a_bill_of_materials_that_runs_in_a_circle_is_refused(triggers: str, folder: Path) -> None:
    """A has a part and B, B has A: the part stands below the circle, not on it."""
    made = [{"Item": code, "Type": layout.FINISHED, "Other conversion": 1} for code in "AB"]
    tables = {
        "StandardCost": [*made, {"Item": "part", "Type": layout.BUY, "Material price": 1}],
        "BOM": [{"Parent": p, "Component": c, "Qty per": 1} for p, c in (("A", "part"), ("A", "B"), ("B", "A"))],
    }
    path = folder / "circle.xlsx"
    build(path, PERIOD, Sample("Circle", "", {"Trigger points": triggers}, tables))
    with FileBook(path) as book:
        inputs, _ = accept(book.read())
    assert "B01" in {finding.code for finding in rules.before(inputs, structure(inputs))}


# ------------------------------------------------------------------------- (b) one input changed by hand

Amounts = dict[tuple[str, ...], float]
WATCHED = ("Journal", "Ledger", "Relief", "Variances")


@dataclass(frozen=True)
class Trial:
    """One input cell with another content."""

    kind: str
    table: str
    column: str
    row: int  # position among the rows read
    old: object
    new: object  # a number, text, a date or None for blank; "=1/0" where kind is "error"

    def __str__(self) -> str:
        return f"{self.kind}: {self.table}[{self.column}] row {self.row + 1}, {self.old!r} -> {self.new!r}"


@dataclass
class Verdict:
    """What the engine posts after a change, and what LibreOffice shows."""

    trial: Trial
    invalid: bool = False  # the engine refuses the inputs
    structural: bool = False  # the engine would write other rows than those that are there
    text: bool = False  # texts of the posted tables change, whatever the amounts do
    expected: set[str] = field(default_factory=set)  # rows with another amount
    flagged: set[str] = field(default_factory=set)  # rows that show a Difference
    proofs: set[str] = field(default_factory=set)  # journal lines whose Proof is not what the engine would post
    new_rows: int = 0
    failures: float = 0  # MasterCheck

    def __str__(self) -> str:
        missed, extra = sorted(self.expected - self.flagged), sorted(self.flagged - self.expected)
        state = "invalid" if self.invalid else "structural" if self.structural else "plain"
        return (
            f"{self.trial} [{state}] MasterCheck {self.failures:g}, {len(self.expected)} rows change, "
            f"not flagged {missed[:4]}, flagged in vain {extra[:4]}"
        )


def journal_amounts(posted: Posted) -> Amounts:
    """Signed minor units by what a line is, in the order of the sheet."""
    found: Amounts = {}
    for entry in posted.entries:
        charged = {getattr(line.basis, "charged_to", "") for line in entry.lines} - {""}
        for line in entry.lines:
            basis = line.basis
            what = " ".join(v for _, v in basis.where) if isinstance(basis, Total) else type(basis).__name__
            key = (entry.event, entry.description, *charged, line.role, what)
            key = tuple(part.casefold() for part in key)
            assert key not in found, key
            found[key] = line.minor
    return found


def amounts(outcome: Outcome) -> dict[str, Amounts]:
    """What each watched table posts, in the order of its rows."""
    posted = outcome.posted
    assert posted
    codes = outcome.structure.items["code"].tolist()
    relief = posted.relief
    return {
        "Journal": journal_amounts(posted),
        "Ledger": {(row.role,): int(row.closing) for row in posted.ledger.itertuples()},
        "Relief": {(codes[r.item].casefold(),): int(r.amount) for r in relief.itertuples()},
        "Relief quantity": {(codes[r.item].casefold(),): float(r.quantity) for r in relief.itertuples()},
        "Variances": {(v.name, v.subject): abs(v.amount) for v in posted.variances},
    }


def relief_roles(outcome: Outcome) -> dict[str, str]:
    """The account role from which each component is relieved."""
    assert outcome.posted
    codes = outcome.structure.items["code"].tolist()
    return {codes[r.item].casefold(): r.role for r in outcome.posted.relief.itertuples()}


def texts(outcome: Outcome) -> list[Any]:
    """Texts that the run copies into posted tables."""
    posted = outcome.posted
    assert posted
    items = outcome.structure.items
    lines = [(outcome.inputs.accounts[line.role], e.description, e.product) for e in posted.entries for line in e.lines]
    return [lines, items.iloc[posted.relief["item"]][["code", "description", "uom"]].to_numpy().tolist()]


def shape(outcome: Outcome) -> Counter[tuple[Any, ...]]:
    """The rows of the calculation sheets, without their amounts."""
    posted = outcome.posted
    assert posted
    items, lines = outcome.structure.items["code"].tolist(), outcome.structure.lines["row"].tolist()
    roots, trace, rolled = posted.demand.roots, posted.trace.rows, posted.rollup
    found: Counter[tuple[Any, ...]] = Counter()
    for r in trace.itertuples():
        root = roots.iloc[r.root]
        stream = posted.demand.streams[root.stream]
        line = lines[r.line] if r.line >= 0 else 0
        found["T", stream, items[root["item"]], items[r.item], r.level, line, r.first, r.last, bool(r.relieved)] += 1
    stretches = [(items[r.item], r.first, r.last) for r in rolled.rows.itertuples()]
    found.update(("R", *s) for s in stretches)
    found.update(
        ("B", *stretches[b.row], lines[b.line], *stretches[b.component_row]) for b in rolled.buildup.itertuples()
    )
    found.update(("book", items[i]) for i in posted.book["item"])
    return found


def changed_sources(sources: dict[str, Source], trial: Trial) -> dict[str, Source]:
    source = sources[trial.table]
    rows = [list(row) for row in source.rows]
    value: object = trial.new
    if trial.kind == "error":
        value = CellError("#DIV/0!")
    rows[trial.row][source.columns.index(trial.column)] = "" if value is None else value
    return {**sources, trial.table: replace(source, rows=rows)}


def change(sources: dict[str, Source], trial: Trial) -> tuple[str, str, object]:
    """The same change, for LibreOffice."""
    source = sources[trial.table]
    cell = source.cell(trial.column, source.row_numbers[trial.row]).rsplit("!", 1)[1]
    new = trial.new
    if trial.kind == "error":
        return source.sheet, cell, {"formula": new}
    return source.sheet, cell, (new - EPOCH).days if isinstance(new, dt.date) else new


# ------------------------------------------------------------------------------------------- the changes


def trials(sources: dict[str, Source]) -> Iterator[Trial]:
    """Every input cell, with every kind of other content that people type into it."""
    kinds = {str(code_text(r["Item"])): r["Type"] for r in records(sources["StandardCost"])}
    settings = {r["Setting"]: r["Value"] for r in records(sources["Setup"])}
    period = settings["Period start"], settings["Period end"]
    for table in layout.INPUT_TABLES:
        if table.name in ("Setup", "Accounts"):
            continue
        for i, record in enumerate(records(sources[table.name])):
            for col in table.columns:
                for kind, new in contents(col, record[col.name], kinds, period):
                    yield Trial(kind, table.name, col.name, i, record[col.name], new)
    yield from policy_trials(sources)


def records(source: Source) -> list[dict[str, Any]]:
    return [dict(zip(source.columns, row, strict=True)) for row in source.rows]


def code_text(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else value


def contents(
    col: layout.Column, old: Any, kinds: dict[str, str], period: tuple[dt.date, dt.date]
) -> Iterator[tuple[str, object]]:
    """(kind of change, new content) of one cell."""
    blank = old == ""
    if not blank:
        yield "cleared", None
    if col.kind in layout.NUMERIC:
        step = {"percent": 0.01}.get(col.kind)
        if blank:
            yield "number filled in", 0.05 if step else 7
        else:
            yield "number", old + step if step else old * 1.1 or 1
            yield "text for a number", "abc"
            yield "error", "=1/0"
    elif col.kind == "date":
        if blank:
            yield "date filled in", period[0] + dt.timedelta(12)
        else:
            yield ("date out of period" if old == period[1] else "date"), old + dt.timedelta(1)
            yield ("date out of period" if old == period[0] else "date"), old - dt.timedelta(1)
            yield "date with time", _at_noon(old)
            yield "date", period[0] + dt.timedelta(21)
    elif col.kind == "choice":
        for choice in col.choices:
            if choice != old:
                yield "choice filled in" if blank else "choice", choice
        yield "unknown choice", "no such choice"
    elif col.kind == "item" and not blank:
        old_text = str(code_text(old))
        mine = kinds.get(old_text) or next(t for k, t in kinds.items() if k.casefold() == old_text.casefold())
        alike = [k for k, t in kinds.items() if t == mine and k.casefold() != old_text.casefold()]
        other = [k for k, t in kinds.items() if t != mine]
        for choices in (alike, other):
            if choices:
                yield "item", choices[sum(map(ord, old_text)) % len(choices)]
        yield "unknown item", "no such item"
        if isinstance(old, str) and old.swapcase() != old:
            yield "item in other case", old.swapcase()
    elif col.kind == "text":
        yield "text", f"{old}x"


def _at_noon(date: dt.date) -> float:
    """The Excel number of a date with a time of day, as programs that export date and time write it."""
    return (date - EPOCH).days + 0.5


def policy_trials(sources: dict[str, Source]) -> Iterator[Trial]:
    """Settings and accounts."""
    settings = {s.name: s for s in layout.SETTINGS}
    for i, record in enumerate(records(sources["Setup"])):
        setting, old = settings[record["Setting"]], record["Value"]
        new: list[object] = [c for c in setting.choices if c != old]
        if setting.kind == "date":
            new = [old + dt.timedelta(n) for n in (-1, 1)]
        elif setting.kind in layout.NUMERIC:
            new = [(old or 10) * 1.1]
        elif not setting.choices:
            new = ["EUR" if setting.name == "Currency" else f"{old}x"] + ["JPY"] * (setting.name == "Currency")
        yield from (Trial("setting", "Setup", "Value", i, old, value) for value in new)
    for i, record in enumerate(records(sources["Accounts"])):
        yield Trial("account", "Accounts", "Account", i, record["Account"], f"{record['Account']}9")


# ------------------------------------------------------------------------------------------ the campaign


@functools.cache
def campaign(name: str, folder: Path) -> tuple[Verdict, ...]:
    """Try the changes on one book: all, or the same sample every time."""
    office.require(uno=True)
    base = ran(name, folder)
    chosen = list(trials(base.sources))
    if not FULL:
        chosen = random.Random(name).sample(chosen, min(TRIALS, len(chosen)))
    book = openpyxl.load_workbook(base.path)
    watch = [place(book, table, "Difference") for table in WATCHED]
    watch += [place(book, "Relief", "Quantity difference"), place(book, "Journal", "Proof"), ("Checks", "B3:B3")]
    before = amounts(base.outcome)
    verdicts = []
    with office.Session(base.path) as session:
        for trial in chosen:
            verdict, after = predicted(base, before, trial)
            shown = session.attempt([change(base.sources, trial)], watch)
            _observe(verdict, before, after, shown, base.posted.places)
            verdicts.append(verdict)
    return tuple(verdicts)


def predicted(base: Ran, before: dict[str, Amounts], trial: Trial) -> tuple[Verdict, dict[str, Amounts] | None]:
    """Run the engine on the changed inputs."""
    verdict, sources = Verdict(trial), changed_sources(base.sources, trial)
    verdict.invalid = trial.table == "BOM" and circular(sources)  # told apart here: the engine must not even start
    again = None if verdict.invalid else pipeline.compute(sources, "tester", NOW, [])
    if not (again and again.posted):
        verdict.invalid = True
        return verdict, None
    after = amounts(again)
    for table, old in before.items():
        new = after[table]
        places = 6 if table == "Relief quantity" else 0
        verdict.expected |= {f"{table} {' / '.join(k)}" for k, v in old.items() if round(v - new.get(k, 0), places)}
        verdict.new_rows += sum(1 for k in new if k not in old)
    moved = relief_roles(base.outcome).items() - relief_roles(again).items()
    verdict.expected |= {f"{table} {code}" for code, _ in moved for table in ("Relief", "Relief quantity")}
    verdict.structural = bool(verdict.new_rows) or bool(shape(again) - shape(base.outcome))
    verdict.structural |= trial.table == "Setup" and isinstance(trial.old, str)  # another policy, other entries
    verdict.text = texts(again) != texts(base.outcome)
    return verdict, after


def circular(sources: dict[str, Source]) -> bool:
    """Does any item contain itself? Items whose components are all taken are taken, until none is left or none can be."""
    below: dict[str, set[str]] = {}
    for record in records(sources["BOM"]):
        parent, component = (str(code_text(record[c])).casefold() for c in ("Parent", "Component"))
        below.setdefault(parent, set()).add(component)
    while leaves := [parent for parent, components in below.items() if not components & below.keys()]:
        for parent in leaves:
            del below[parent]
    return bool(below)


def _observe(
    verdict: Verdict, before: dict[str, Amounts], after: dict[str, Amounts] | None, shown: list[Any], places: int
) -> None:
    for table, cells in zip((*WATCHED, "Relief quantity"), shown, strict=False):
        for key, (value,) in zip(before[table], cells, strict=False):
            if value != 0:
                verdict.flagged.add(f"{table} {' / '.join(key)}")
    if after:
        for key, (value,) in zip(before["Journal"], shown[-2], strict=False):
            if value == office.ERROR or round(value * 10**places) != after["Journal"].get(key, 0):
                verdict.proofs.add(" / ".join(key))
    verdict.failures = math.inf if shown[-1][0][0] == office.ERROR else shown[-1][0][0]


def report(wrong: list[Verdict], tried: int) -> str:
    return f"{len(wrong)} of {tried} changes:\n" + "\n".join(map(str, wrong[:25]))


VARIANTS = [str(policy) for policy in (POLICIES if FULL else POLICIES[:4])] + ["widgets"] * FULL


@pytest.mark.parametrize("name", VARIANTS)
def test_a_changed_cell_shows_in_exactly_the_lines_that_depend_on_it(name: str, folder: Path) -> None:
    tried = [v for v in campaign(name, folder) if not (v.invalid or v.structural)]
    wrong = [v for v in tried if v.expected != v.flagged]
    assert not wrong, report(wrong, len(tried))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_proof_becomes_what_the_engine_would_post_now(name: str, folder: Path) -> None:
    tried = [v for v in campaign(name, folder) if not (v.invalid or v.structural)]
    wrong = [v for v in tried if v.proofs]
    assert not wrong, (
        report(wrong, len(tried)) + "\n" + "\n".join(f"{v.trial}: {sorted(v.proofs)[:3]}" for v in wrong[:10])
    )


@pytest.mark.parametrize("name", VARIANTS)
def test_a_change_that_alters_any_amount_fails_the_master_check(name: str, folder: Path) -> None:
    tried = [v for v in campaign(name, folder) if not v.invalid and (v.expected or v.new_rows)]
    wrong = [v for v in tried if not v.failures]
    assert not wrong, report(wrong, len(tried))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_change_that_calls_for_other_rows_is_seen(name: str, folder: Path) -> None:
    tried = [v for v in campaign(name, folder) if v.structural]
    wrong = [v for v in tried if not (v.expected <= v.flagged or v.failures)]
    assert not wrong, report(wrong, len(tried))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_change_that_the_engine_would_refuse_fails_the_master_check(name: str, folder: Path) -> None:
    """Documents and notes are left out: no amount depends on them."""
    tried = [v for v in campaign(name, folder) if v.invalid and v.trial.column not in ("Document", "Note", "Reason")]
    wrong = [v for v in tried if not v.failures]
    assert not wrong, report(wrong, len(tried))


@pytest.mark.parametrize("name", VARIANTS)
def test_another_account_number_fails_the_master_check(name: str, folder: Path) -> None:
    tried = [v for v in campaign(name, folder) if v.trial.kind == "account" and v.text]
    wrong = [v for v in tried if not v.failures]
    assert not wrong, report(wrong, len(tried))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_change_without_effect_leaves_every_difference_at_zero(name: str, folder: Path) -> None:
    tried = [v for v in campaign(name, folder) if not (v.invalid or v.structural or v.expected)]
    wrong = [v for v in tried if v.flagged]
    assert not wrong, report(wrong, len(tried))


UNUSED = (
    Trial("item", "BOM", "Parent", len(BOM) - 1, "OLD", "PH2"),  # a line below an item that nobody counted
    Trial("item", "Counts", "Item", 0, "SUB-B", "SUB-A"),  # a completion, which not every policy posts
    Trial("item", "BOM", "Component", 9, FORMULA, "no such."),  # as long as the code that it replaces
    Trial("text", "Counts", "Document", 8, "PC-08", "PC-80"),  # a correction that now corrects nothing
    Trial("text for a number", "Stock", "Counted qty", 5, 0, "abc"),
)


@pytest.mark.parametrize("name", VARIANTS[:4])
def test_a_change_of_which_no_sum_tells_fails_the_master_check(name: str, folder: Path) -> None:
    """Text of equal length, and text for a zero: also where no posted amount depends on the cell."""
    office.require(uno=True)
    base = ran(name, folder)
    with office.Session(base.path) as session:
        for trial in UNUSED:
            [[[failures]]] = session.attempt([change(base.sources, trial)], [("Checks", "B3:B3")])
            assert failures == office.ERROR or failures > 0, trial
