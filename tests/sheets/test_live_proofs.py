"""The promise of the workbook: every Difference is 0 after a run, and stops being 0 exactly where an input was changed.

Two programs are set against each other. LibreOffice recalculates the live formulas of a finished workbook; the engine runs
again on the changed inputs. Changing `Counts!E8` from 40 to 44, say, makes the engine post other amounts on five journal
lines; the same five lines, and no others, must then show a Difference in LibreOffice.

By default a sample of policies and changes is tried, the same every time (see `samples_tried`): of every kind of change to
every column one, two or eight, each under another policy, the more the more lines they move. `XLBACKFLUSH_FUZZ=full` tries
every input cell in every variant of the world, and in the widgets sample.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cells
import office
import pytest
from live_books import (
    BOM,
    BOOKS,
    EPOCH,
    FORMULA,
    ITEMS,
    NOW,
    ON_THE_SHELF,
    PERIOD,
    PERIOD_ENDS,
    POLICIES,
    QUIET,
    Ran,
    at_noon,
    ran,
    trace_limit,
    with_settings,
    world,
)
from samples_tried import FULL, covering
from support import compute, frame
from support_files import Parts

from xlbackflush import schema
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.period import Period
from xlbackflush.engine.result import RunResult
from xlbackflush.engine.rules import rules
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.model.basis import Total
from xlbackflush.model.tables import CellError, Source
from xlbackflush.template.build import build
from xlbackflush.template.samples import Sample
from xlbackflush.workbook.file import FileBook

TRIED = [str(policy) for policy in covering(POLICIES + PERIOD_ENDS)]
#: the books that LibreOffice recalculates: of the computers one, as the world is there under each of their policies
SAMPLES_TRIED = (f"computers, {schema.PS}", "widgets", "codes in other case", "dates with a time of day")
RECALCULATED = [name for name in BOOKS if FULL or name in (*SAMPLES_TRIED, *TRIED, *QUIET, *ON_THE_SHELF)]
#: how often a kind of change is tried, unless FULL: what is always refused once, other numbers often
TRIES = dict.fromkeys(("text for a number", "error", "unknown choice", "unknown item", "date out of period"), 1) | {
    "number": 8
}
TRIES_OF_OTHERS = 2

# ------------------------------------------------------------------------------------ books, recalculated


@dataclass(frozen=True)
class InLibreOffice:
    """A book as LibreOffice recalculates it, and what it shows after each change that is planned for it."""

    recalculated: cells.Book
    shown: list[list[list[list[Any]]]]


@functools.cache
def in_libreoffice(name: str, folder: Path) -> InLibreOffice:
    """The book is opened once, for all tests of this file."""
    base = ran(name, folder)
    book = cells.read(base.path)
    watch = [book.place(table, "Difference") for table in WATCHED]
    watch += [book.place("Relief", "Quantity difference"), book.place("Journal", "Proof"), ("Checks", "B3:B3")]
    with office.Session(base.path) as session:
        recalculated = book.with_values(session.everything())
        changes = [change(base.sources, trial) for trial in planned(name, folder)]
        return InLibreOffice(recalculated, [session.attempt([changed], watch) for changed in changes])


def recalculated(name: str, folder: Path) -> cells.Book:
    return in_libreoffice(name, folder).recalculated


# ------------------------------------------------------------------------------------- (a) after the run


def same(a: object, b: object) -> bool:
    a, b = ("" if v is None else v for v in (a, b))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return a == b


def status_cell(sheet: str, address: str) -> bool:
    """The status of a sheet that a run does not rewrite: it shows the state before the run until recalculated."""
    unwritten = {s.name for s in schema.INPUT_SHEETS}
    return (address == "B3" and sheet in unwritten) or (address == "A3" and sheet == schema.ABOUT)


@pytest.mark.parametrize("name", RECALCULATED)
def test_stored_values_are_what_a_recalculation_gives(name: str, folder: Path) -> None:
    stored, live = cells.read(ran(name, folder).path), recalculated(name, folder)
    wrong = [
        f"{sheet}!{at}: stored {stored[sheet][at]!r}, recalculated {live[sheet][at]!r}"
        for sheet in stored.values
        for at in stored[sheet].keys() | live[sheet].keys()
        if not same(stored[sheet][at], live[sheet][at]) and not status_cell(sheet, at)
    ]
    assert not wrong, f"{len(wrong)} cells, such as\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("name", RECALCULATED)
def test_every_difference_is_zero_and_every_check_holds(name: str, folder: Path) -> None:
    live = recalculated(name, folder)
    for table in WATCHED:
        values = [v for v in live.column(table, "Difference") if v is not None]
        assert values or table == "Variances" or name in QUIET
        assert not any(values), table
    assert not any(v for v in live.column("Relief", "Quantity difference") if v is not None)
    assert set(live.column("Checks", "Result")) == {"OK"}
    assert live["Checks"]["B3"] == 0


def test_no_stored_value_reaches_a_recalculation(folder: Path) -> None:
    """With another value stored beside every formula, LibreOffice comes to the same."""
    parts = Parts(ran("widgets", folder).path)
    for part in parts.sheets().values():
        parts[part] = re.sub(rb' t="str"(?=[^>]*><f>)', b"", parts[part])
        parts[part] = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1<v>4711</v>", parts[part])
    spoilt = parts.save(folder / "spoilt.xlsx")
    stored, live = cells.read(spoilt), recalculated("widgets", folder)
    assert {stored[sheet][at] for sheet in stored.formulas for at in stored.formulas[sheet]} == {4711.0}
    assert office.recalculate([spoilt])[0].values == live.values


def test_a_setting_that_is_blank_or_not_there_has_its_default_in_the_formulas_too(folder: Path) -> None:
    build(
        folder / "asked.xlsx",
        PERIOD,
        world(replace(PERIOD_ENDS[0], triggers=schema.PS, wip=schema.RECORD, budget=None)),
    )
    names = [s.name for s in schema.SETTINGS if not s.required]
    paths = [with_settings(folder / "asked.xlsx", folder / f"{gone}.xlsx", *names, gone=gone) for gone in (False, True)]
    for path in paths:
        with FileBook(path) as book:
            assert lifecycle.run(book, "tester", NOW).run
    for path, live in zip(paths, office.recalculate(paths), strict=True):
        assert set(live.column("Checks", "Result")) == {"OK"}
        stored = cells.read(path)
        for table in (t.name for t in schema.OUTPUT_TABLES):
            for name in schema.TABLES[table].names:
                pairs = zip(stored.column(table, name), live.column(table, name), strict=True)
                assert all(same(a, b) for a, b in pairs), (path, table, name)


@pytest.mark.parametrize("triggers", schema.TRIGGERS)
def test_a_bill_of_materials_that_runs_in_a_circle_is_refused(triggers: str, folder: Path) -> None:
    """A has a part and B, B has A: the part stands below the circle, not on it."""
    made = [{"Item": code, "Type": schema.FINISHED, "Other conversion": 1} for code in "AB"]
    tables = {
        "StandardCost": [*made, {"Item": "part", "Type": schema.BUY, "Material price": 1}],
        "BOM": [{"Parent": p, "Component": c, "Qty per": 1} for p, c in (("A", "part"), ("A", "B"), ("B", "A"))],
    }
    path = folder / "circle.xlsx"
    build(path, PERIOD, Sample("Circle", "", {"Trigger points": triggers}, tables))
    with FileBook(path) as book:
        inputs, _ = accept(book.read())
    assert "B01" in {finding.code for finding in rules.findings(Period(inputs), rules.INPUTS)}


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


def journal_amounts(posted: Period) -> Amounts:
    """Signed minor units by what a line is, in the order of the sheet."""
    found: Amounts = {}
    for entry in posted.entries:
        charged = {getattr(line.basis, "charged_to", "") for line in entry.lines} - {""}
        for line in entry.lines:
            basis = line.basis
            what = f"{basis.column} {basis.where}" if isinstance(basis, Total) else type(basis).__name__
            classes = str(getattr(basis, "classes", "")), entry.lines[0].item_class, line.item_class
            key = (entry.event, entry.description, *charged, line.role, what, *classes)
            key = tuple(part.casefold() for part in key)
            assert key not in found, key
            found[key] = line.minor
    return found


def amounts(outcome: RunResult) -> dict[str, Amounts]:
    """What each watched table posts, in the order of its rows."""
    posted = outcome.period
    assert posted
    codes = outcome.period.bill.items.code.tolist()
    relief = frame(posted.relief)
    return {
        "Journal": journal_amounts(posted),
        "Ledger": {(row.role, row.item_class): int(row.closing) for row in frame(posted.ledger).itertuples()},
        "Relief": {(codes[r.item].casefold(),): int(r.amount) for r in relief.itertuples()},
        "Relief quantity": {(codes[r.item].casefold(),): float(r.quantity) for r in relief.itertuples()},
        "Variances": {(v.name, v.subject): abs(v.amount) for v in posted.variances},
    }


def relief_roles(outcome: RunResult) -> dict[str, str]:
    """The account role from which each component is relieved."""
    assert outcome.run
    codes = outcome.period.bill.items.code.tolist()
    return {codes[r.item].casefold(): r.role for r in frame(outcome.period.relief).itertuples()}


def texts(outcome: RunResult) -> list[Any]:
    """Texts that the run copies into posted tables."""
    posted = outcome.period
    assert posted
    items = outcome.period.bill.items
    lines = [
        (outcome.period.inputs.accounts[line.role], e.description, e.product)
        for e in posted.entries
        for line in e.lines
    ]
    return [lines, frame(items.of(posted.relief.item))[["code", "description", "uom"]].to_numpy().tolist()]


def shape(outcome: RunResult) -> Counter[tuple[Any, ...]]:
    """The rows of the calculation sheets, without their amounts."""
    posted = outcome.period
    assert posted
    items, lines = outcome.period.bill.items.code.tolist(), outcome.period.bill.lines.row.tolist()
    roots, trace, rolled = (
        list(frame(posted.demand.roots).itertuples()),
        frame(posted.explosion.rows),
        posted.unit_costs,
    )
    found: Counter[tuple[Any, ...]] = Counter()
    for r in trace.itertuples():
        stream = posted.demand.streams[roots[r.root].stream]
        line = lines[r.line] if r.line >= 0 else 0
        found[
            "T", stream, items[roots[r.root].item], items[r.item], r.level, line, r.first, r.last, bool(r.relieved)
        ] += 1
    stretches = [(items[r.item], r.first, r.last) for r in frame(rolled.rows).itertuples()]
    found.update(("R", *s) for s in stretches)
    found.update(
        ("B", *stretches[b.row], lines[b.line], *stretches[b.component_row]) for b in frame(rolled.buildup).itertuples()
    )
    found.update(("book", items[i]) for i in posted.stock.item.tolist())
    found.update(("WIP", r.row, items[r.item]) for r in frame(posted.in_process).itertuples())
    found.update(("counted", c.role, c.in_money) for c in posted.counted)
    found.update(("share", s.role) for s in posted.shares)
    found.update(("allowed", items[i]) for i in posted.conversion_allowed.item.tolist())
    found.update(
        ("rest", v.name, v.subject) for v in posted.variances if v.takes_rounding
    )  # takes what rounding leaves
    split = posted.conversion
    rates = [split.flexed(element) is None for element in (schema.LABOR, schema.VARIABLE_OVERHEAD)]
    found["split", split.rest, *rates, bool(split.hours_allowed), split.budget is None, *split.merged] += 1
    return found


@dataclass(frozen=True)
class Outline:
    """What is compared of an outcome."""

    amounts: dict[str, Amounts]
    roles: dict[str, str]
    texts: list[Any]
    shape: Counter[tuple[Any, ...]]


def outline(outcome: RunResult) -> Outline:
    return Outline(amounts(outcome), relief_roles(outcome), texts(outcome), shape(outcome))


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
    for table in schema.INPUT_TABLES:
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
    col: schema.Column, old: Any, kinds: dict[str, str], period: tuple[dt.date, dt.date]
) -> Iterator[tuple[str, object]]:
    """(kind of change, new content) of one cell."""
    blank = old == ""
    if not blank:
        yield "cleared", None
    if col.kind in schema.NUMERIC:
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
            yield "date with time", at_noon(old)
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


def policy_trials(sources: dict[str, Source]) -> Iterator[Trial]:
    """Settings and accounts."""
    settings = {s.name: s for s in schema.SETTINGS}
    for i, record in enumerate(records(sources["Setup"])):
        setting, old = settings[record["Setting"]], record["Value"]
        new: list[object] = [c for c in setting.choices if c != old]
        if setting.kind == "date":
            new = [(old or EPOCH) + dt.timedelta(n) for n in (-1, 1)]
        elif setting.kind in schema.NUMERIC:
            new = [(old or 10) * 1.1]
        elif not setting.choices:
            new = ["EUR" if setting.name == "Currency" else f"{old}x"] + ["JPY"] * (setting.name == "Currency")
        yield from (Trial("setting", "Setup", "Value", i, old, value) for value in new)
    for i, record in enumerate(records(sources["Accounts"])):
        yield Trial("account", "Accounts", "Account", i, record["Account"], f"{record['Account']}9")


# ------------------------------------------------------------------------------------------ the campaign

#: the policies whose books are changed
VARIANTS = TRIED + ["widgets"] * FULL
Kind = tuple[str, ...]


def kind_of(trial: Trial) -> Kind:
    """What is alike in changes: what is done to which column; of settings and accounts, to which of them."""
    return trial.kind, trial.table, trial.column, str(trial.row if trial.table in ("Setup", "Accounts") else "")


def tries(kind: Kind) -> int:
    return TRIES.get(kind[0], TRIES_OF_OTHERS)


@functools.cache
def by_kind(name: str, folder: Path) -> dict[Kind, list[Trial]]:
    """All changes of a book."""
    kinds: dict[Kind, list[Trial]] = {}
    for trial in trials(ran(name, folder).sources):
        kinds.setdefault(kind_of(trial), []).append(trial)
    return kinds


@functools.cache
def campaign_plan(folder: Path) -> dict[str, list[Trial]]:
    """The changes to try on each book: all, or of every kind a few, on as many books, the next kind on the next books.

    Of those that a book has of one kind, now the first is taken, now the last, now one drawn in between.
    """
    if FULL:
        return {name: [t for kind in by_kind(name, folder).values() for t in kind] for name in VARIANTS}
    draw, plan = random.Random(12), {name: list[Trial]() for name in VARIANTS}
    for number, kind in enumerate(sorted({kind for name in VARIANTS for kind in by_kind(name, folder)})):
        books = [name for name in VARIANTS if kind in by_kind(name, folder)]
        for turn in range(min(tries(kind), len(books))):
            name = books[(number + turn * max(1, len(books) // tries(kind))) % len(books)]
            alike = by_kind(name, folder)[kind]
            plan[name].append((alike[0], alike[-1], draw.choice(alike))[(number + turn) % 3])
    return plan


def test_every_kind_of_change_and_every_policy_is_tried(folder: Path) -> None:
    plan = campaign_plan(folder)
    tried = Counter(kind_of(trial) for chosen in plan.values() for trial in chosen)
    owners = Counter(kind for name in VARIANTS for kind in by_kind(name, folder))
    assert [kind for kind in owners if tried[kind] < min(tries(kind), owners[kind])] == []
    assert min(map(len, plan.values())) >= 5
    rows = {(trial.table, trial.row) for chosen in plan.values() for trial in chosen}
    for table in ("BOM", "StandardCost", "Counts", "Scrap", "Purchases", "Actuals", "Stock"):
        assert len([1 for of, _ in rows if of == table]) >= 4, table


def planned(name: str, folder: Path) -> list[Trial]:
    """The changes to try on a book."""
    return [*campaign_plan(folder).get(name, ()), *(TOLD_APART if name in VARIANTS[:4] else ())]


@functools.cache
def campaign(name: str, folder: Path) -> tuple[Verdict, ...]:
    """Beside each change in LibreOffice, the same in the engine."""
    base, shown = ran(name, folder), in_libreoffice(name, folder).shown
    before, verdicts = outline(base.outcome), []
    for trial, seen in zip(planned(name, folder), shown, strict=True):
        verdict, after = predicted(base, before, trial)
        _observe(verdict, before.amounts, after, seen, base.posted.places)
        verdicts.append(verdict)
    return tuple(verdicts)


def predicted(base: Ran, before: Outline, trial: Trial) -> tuple[Verdict, dict[str, Amounts] | None]:
    """Run the engine on the changed inputs."""
    verdict, sources = Verdict(trial), changed_sources(base.sources, trial)
    verdict.invalid = trial.table == "BOM" and circular(sources)  # told apart here: the engine must not even start
    with trace_limit(base.name):
        again = None if verdict.invalid else compute(sources)
    if not (again and again.run):
        verdict.invalid = True
        return verdict, None
    after = outline(again)
    for table, old in before.amounts.items():
        new = after.amounts[table]
        places = 6 if table == "Relief quantity" else 0
        verdict.expected |= {f"{table} {' / '.join(k)}" for k, v in old.items() if round(v - new.get(k, 0), places)}
        verdict.new_rows += sum(1 for k in new if k not in old)
    moved = before.roles.items() - after.roles.items()
    verdict.expected |= {f"{table} {code}" for code, _ in moved for table in ("Relief", "Relief quantity")}
    verdict.structural = bool(verdict.new_rows) or bool(after.shape - before.shape)
    verdict.structural |= trial.table == "Setup" and isinstance(trial.old, str)  # another policy, other entries
    verdict.text = after.texts != before.texts
    return verdict, after.amounts


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
    for table, differences in zip((*WATCHED, "Relief quantity"), shown, strict=False):
        for key, (value,) in zip(before[table], differences, strict=False):
            if value != 0:
                verdict.flagged.add(f"{table} {' / '.join(key)}")
    if after:
        for key, (value,) in zip(before["Journal"], shown[-2], strict=False):
            if value == office.ERROR or round(value * 10**places) != after["Journal"].get(key, 0):
                verdict.proofs.add(" / ".join(key))
    verdict.failures = math.inf if shown[-1][0][0] == office.ERROR else shown[-1][0][0]


def report(wrong: list[Verdict], tried: int) -> str:
    return f"{len(wrong)} of {tried} changes:\n" + "\n".join(map(str, wrong[:25]))


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


def test_changes_of_all_consequences_are_among_those_tried(folder: Path) -> None:
    """So that none of the tests above has nothing to look at."""
    tried = [v for name in VARIANTS for v in campaign(name, folder)]
    plain = [v for v in tried if not (v.invalid or v.structural)]
    assert sum(bool(v.expected) for v in plain) >= 150
    assert sum(not v.expected for v in plain) >= 30
    assert sum(v.invalid for v in tried) >= 50
    assert sum(v.structural for v in tried) >= 50
    assert sum(bool(v.new_rows) for v in tried) >= 15
    assert sum(v.trial.kind == "account" and v.text for v in tried) >= 10


#: changes of which no sum tells: text of equal length, and text for a zero; most of them move no posted amount
UNUSED = (
    Trial("item", "BOM", "Parent", len(BOM) - 1, "OLD", "PH2"),  # a line below an item that nobody counted
    Trial("item", "Counts", "Item", 0, "SUB-B", "SUB-A"),  # a completion, which not every policy posts
    Trial("item", "BOM", "Component", 9, FORMULA, "no such."),  # as long as the code that it replaces
    Trial("text", "Counts", "Document", 8, "PC-08", "PC-80"),  # a correction that now corrects nothing
    Trial("text for a number", "Stock", "Counted qty", 5, 0, "abc"),
    Trial("setting", "Setup", "Value", [s.name for s in schema.SETTINGS].index("Budgeted fixed overhead"), "", 11),
)
#: it has no price and no conversion, so that nothing but its components hangs on its type
PHANTOM_BOUGHT = Trial(
    "choice", "StandardCost", "Type", [row[0] for row in ITEMS].index("PH2"), schema.PHANTOM, schema.BUY
)
TOLD_APART = (*UNUSED, PHANTOM_BOUGHT)  # in addition, in the first books


@pytest.mark.parametrize("name", VARIANTS[:4])
def test_a_change_of_which_no_sum_tells_fails_the_master_check(name: str, folder: Path) -> None:
    verdicts = {v.trial: v for v in campaign(name, folder)}
    for trial in UNUSED:
        assert verdicts[trial].failures > 0, trial


@pytest.mark.parametrize("name", VARIANTS[:4])
def test_a_phantom_that_becomes_a_bought_item_flags_every_line_that_it_made(name: str, folder: Path) -> None:
    verdict = {v.trial: v for v in campaign(name, folder)}[PHANTOM_BOUGHT]
    assert verdict.expected
    assert verdict.expected <= verdict.flagged


# ------------------------------------------------------------------------------ (c) the sheets in between

#: tables whose cells are live over the inputs, whatever was posted
CALCULATED = (
    "Rollup", "Buildup", "Movements", "Trace", "Reconciliation", "CountMethod", "PeriodEndWip", "ConversionAllowed",
    "Disposition", "TieOut", "Comparison",
)  # fmt: skip
OF_THE_RUN = ("Explanation", "Ledger closing", "Left by rounding", "Result")


def run_again(base: Ran, trial: Trial, path: Path) -> cells.Book:
    """The book with the change typed in, after a new run."""
    parts = Parts(base.path)
    sheet, cell, value = change(base.sources, trial)
    parts.put(f"{sheet}!{cell}", value)
    with FileBook(parts.save(path)) as again, trace_limit(base.name):
        lifecycle.run(again, "tester", NOW)
    return cells.read(path)


def one_of_each_table(changes: list[Trial]) -> list[Trial]:
    """The first change of the first table, the last of the second, and so on."""
    tables = dict.fromkeys(trial.table for trial in changes)
    own = [[trial for trial in changes if trial.table == table] for table in tables]
    return [alike[-(n % 2)] for n, alike in enumerate(own)]


@pytest.mark.parametrize("name", [str(policy) for policy in (PERIOD_ENDS[0], PERIOD_ENDS[8])])
def test_after_a_change_the_calculations_are_those_of_a_new_run(name: str, folder: Path) -> None:
    base, before = ran(name, folder), outline(ran(name, folder).outcome)
    numbers = [t for t in trials(base.sources) if t.kind == "number"]
    numbers = random.Random(name).sample(numbers, 200) if FULL else one_of_each_table(numbers)
    columns = [(table, c) for table in CALCULATED for c in schema.TABLES[table].names if c not in OF_THE_RUN]
    book, wrong = cells.read(base.path), []
    watch = [book.place(*where) for where in columns]
    with office.Session(base.path) as session:
        for trial in numbers:
            verdict, _ = predicted(base, before, trial)
            if verdict.invalid or verdict.structural:
                continue
            again = run_again(base, trial, folder / "again.xlsx")
            for where, shown in zip(columns, session.attempt([change(base.sources, trial)], watch), strict=True):
                pairs = zip(again.column(*where), (value for (value,) in shown), strict=True)
                wrong += [f"{trial}: {where} {a!r}, shown {b!r}" for a, b in pairs if not near(a, b)]
    assert not wrong, f"{len(wrong)} cells, such as\n" + "\n".join(wrong[:20])


def near(a: object, b: object) -> bool:
    """`same`, for amounts that two programs add up in different order."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-7)
    return same(a, b)
