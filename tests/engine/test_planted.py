"""Mistakes planted into clean months are named at the right cell, and clean months pass in silence.

`make test` tries small companies, a few of each kind; XLBACKFLUSH_FUZZ=full tries 40 worlds of each kind, of every size.
A table of what is named and what is missed: python tests/support/planted.py (with tests/support on PYTHONPATH).
"""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from clean_worlds import clean_world
from mistakes import ALIKE, HARD, KINDS, PRORATION, plant
from planted import Clean, Score, clean, report, scores, share_of_all
from samples_tried import FULL
from support import book, ledger, run

from xlbackflush import schema
from xlbackflush.engine.rules import rules
from xlbackflush.lifecycle.calculate import calculate
from xlbackflush.template.build import build
from xlbackflush.workbook.file import FileBook

RULES_THERE = bool(rules.RULES[rules.PLAUSIBILITY])
SHARE_OF_ALL, SHARE_OF_A_KIND = 0.95, 0.8
FALSE_ALARMS = 1 / 20  # clean worlds with a warning


@pytest.fixture(scope="module")
def worlds() -> list[Clean]:
    return [clean(seed) for seed in range(120)] if FULL else [clean(seed, 8 + 3 * seed) for seed in range(20)]


@pytest.fixture(scope="module")
def table(worlds: list[Clean]) -> dict[str, Score]:
    return scores(worlds, list(KINDS), enough=40 if FULL else 2)


# ---------------------------------------------------------------------------------------- the worlds themselves


def test_worlds_differ_as_companies_do() -> None:
    """Of 60 worlds: every set of trigger points, several currencies, 5 to 500 items, up to 4 levels."""
    drawn = [clean_world(seed) for seed in range(60)]
    assert {world.settings["Trigger points"] for world in drawn} == set(schema.TRIGGERS)
    assert {world.settings["Currency"] for world in drawn} >= {"USD", "JPY", "KWD"}
    sizes = [len(world.tables["StandardCost"]) for world in drawn]
    assert min(sizes) <= 8
    assert max(sizes) >= 300
    assert sum(bool(world.tables["WIP"]) for world in drawn) > 15
    assert clean_world(3).tables == drawn[3].tables


@pytest.mark.parametrize("seed", range(20))
def test_books_agree_with_what_is_there(seed: int) -> None:
    """What the engine has in the books is what the month left on the shelves, up to what nobody wrote down."""
    world = clean_world(seed)
    outcome = run(world.settings, world.tables)
    stock, codes = outcome.period.stock, outcome.period.bill.items.code
    counted = {str(row["Item"]) for row in world.tables["Stock"] if row["Counted qty"] is not None}
    made_uncounted = world.settings["Trigger points"] in (schema.PS, schema.S)  # the count then says what was made
    for item, units, passed in zip(stock.item, stock.book, stock.opening + stock.received, strict=True):
        code = str(codes[item])
        if made_uncounted and code not in counted:
            continue
        assert units == pytest.approx(world.on_hand[code], abs=0.06 * passed + 2), code
    assert set(book(outcome)) <= set(world.on_hand)


def test_costs_of_the_world_are_those_of_the_engine() -> None:
    world = clean_world(4)
    rows = run(world.settings, world.tables).period.unit_costs.rows
    codes = run(world.settings, world.tables).period.bill.items.code
    last = {str(codes[item]): cost for item, cost in zip(rows.item, rows.unit_cost, strict=True)}
    assert last == pytest.approx(world.costs)


def test_a_world_is_a_workbook(tmp_path: Path) -> None:
    world = clean_world(4)
    start, end = world.settings["Period start"], world.settings["Period end"]
    build(tmp_path / "world.xlsx", (start, end), world.sample)
    with FileBook(tmp_path / "world.xlsx") as opened:
        read = calculate(opened.read())
    assert not read.failed
    assert ledger(read.period) == ledger(run(world.settings, world.tables).period)


# ------------------------------------------------------------------------------------------------ the mistakes


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_mistake_changes_what_it_says(kind: str) -> None:
    """In one of some worlds at least; the cells that are to be named are there, and the clean world stays as it is."""
    for seed in range(12):
        world = clean_world(seed, 60)
        before = repr(world)
        change = plant(kind, world, np.random.default_rng(seed))
        assert repr(world) == before
        if change:
            assert change.cells
            before_it = {name: world.tables.get(name, []) for name in change.tables}
            assert (change.settings, change.tables) != (world.settings, before_it)
            return
    raise AssertionError(f"{kind} was never planted")


@pytest.mark.skipif(not RULES_THERE, reason="no rule of plausibility yet")
def test_mistakes_are_named(table: dict[str, Score], worlds: list[Clean]) -> None:
    assert sum(bool(score.trials) for score in table.values()) >= 25, "kinds tried"
    assert share_of_all(table) >= SHARE_OF_ALL, "\n".join(report(table, worlds, examples=2))


@pytest.mark.skipif(not (RULES_THERE and FULL), reason="takes minutes")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in HARD | ALIKE])
def test_each_kind_is_named(table: dict[str, Score], kind: str) -> None:
    missed = [trial.change.what for trial in table[kind].missed]
    assert table[kind].share >= SHARE_OF_A_KIND, missed


def test_clean_months_pass_in_silence(worlds: list[Clean]) -> None:
    alarmed = {world.world.seed: world.alarms for world in worlds if world.alarms}
    assert len(alarmed) <= FALSE_ALARMS * len(worlds), alarmed


def test_proration_is_asked_for_where_it_is_material() -> None:
    """The kind is planted into worlds whose variances in stock are above materiality, and nowhere else."""
    found = Counter(bool(scores([clean(seed, 20)], [PRORATION], 1)[PRORATION].trials) for seed in range(10))
    assert found[True]
    assert found[False]
