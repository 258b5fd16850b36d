"""Suspects: what is planted in a simulated plant is found, and what the counts cannot tell is said to be so.

The plants are those of `simulate`: the truth runs beside the engine, which sees the records and the counts only.
"""

import datetime as dt
import math
from pathlib import Path
from random import Random
from types import SimpleNamespace

import numpy as np
import office
import pytest
import worlds
from hypothesis import assume, given, settings
from simulate import BILLS, PARTS, Truth, months
from support import Row, posted, run

from xlbackflush import schema
from xlbackflush.engine.audit import suspect_words as words
from xlbackflush.engine.audit.causes import (
    NOISE_DEGREES,
    Cause,
    Fit,
    best_fit,
    best_pair,
    group_of,
    nothing,
    simple_quantities,
    student,
)
from xlbackflush.engine.audit.differences import Differences, Item
from xlbackflush.engine.audit.shared_causes import SharedCause, explain_together
from xlbackflush.engine.audit.suspects import Suspect, suspects
from xlbackflush.engine.period import Period
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.periods import suspects_across
from xlbackflush.model.errors import UnusableError
from xlbackflush.schema import (
    BILL_QUANTITY,
    CANDIDATE,
    CANNOT_TELL,
    MISCOUNT,
    ONE_OFF,
    PRODUCTION_COUNT,
    SUPPORTED,
    UNITS_SCRAPPED,
    UNREPORTED_SCRAP,
)
from xlbackflush.sheets import suspects as sheet
from xlbackflush.template.build import build
from xlbackflush.template.samples import SAMPLES, Sample
from xlbackflush.workbook.file import FileBook


def first(found: list[Suspect]) -> Suspect:
    assert found
    return found[0]


def rivals(found: list[Suspect], rank: int = 1) -> list[Suspect]:
    return [s for s in found if s.rank == rank]


# ----------------------------------------------------------------------------------------- by hand, and the sample


def small(counted: float, quantity: float = 2) -> tuple[dict[str, object], dict[str, list[Row]]]:
    """1,000 SA made of P at 1.50, of which 4,500 came in; the books say 4,500 - 1,000 x quantity."""
    day = dt.date(2026, 6, 15)
    return {"Period start": dt.date(2026, 6, 1), "Period end": dt.date(2026, 6, 30)}, {
        "StandardCost": [
            {"Item": "P", "Type": "Buy", "Material price": 1.5, "UoM": "each"}, {"Item": "SA", "Type": "Subassembly"},
        ],
        "BOM": [{"Parent": "SA", "Component": "P", "Qty per": quantity}],
        "Counts": [{"Date": day, "Document": "PC-1", "Event": "Completed", "Item": "SA", "Quantity": 1_000}],
        "Purchases": [{"Date": day, "Document": "PO-1", "Item": "P", "Quantity": 4_500, "Actual price": 1.5}],
        "Stock": [{"Item": "P", "Counted qty": counted}, {"Item": "SA", "Counted qty": 1_000}],
    }  # fmt: skip


def one_period(policy: dict[str, object], tables: dict[str, list[Row]]) -> list[Suspect]:
    _, result = posted(policy, tables)
    return suspects([result])


def test_one_count_gives_a_candidate_with_the_quantity_that_it_implies() -> None:
    """Book 2,500, counted 1,490: 1,010 more used, 1.01 for each SA. A bill of 3 leaves 10 units, 15.00."""
    top = first(one_period(*small(counted=1_490)))
    assert (top.cause, top.item, top.parent, top.verdict) == (BILL_QUANTITY, "P", "SA", CANDIDATE)
    assert (top.difference, top.amount, top.base, top.recorded) == (1_010, 1_515, 1_000, 2)
    assert top.implied == pytest.approx(3.01)
    assert (top.proposed, top.remaining, top.margin, top.periods) == (3, pytest.approx(15), None, 1)
    assert "One count suggests this but does not prove it." in top.explanation


def test_a_bill_that_takes_too_much_shows_as_used_less() -> None:
    top = first(one_period(*small(counted=1_500, quantity=4)))  # book 500
    assert (top.difference, top.amount, top.implied, top.proposed) == (-1_000, -1_500, 3, 3)
    assert "fewer P were used" in top.explanation


@pytest.mark.parametrize("counted", [2_500, 2_495, 2_510])
def test_the_noise_of_counting_is_no_suspect(counted: float) -> None:
    assert one_period(*small(counted)) == []


def test_nothing_counted_nothing_suspected() -> None:
    policy, tables = small(2_500)
    assert one_period(policy, tables | {"Stock": [{"Item": "P", "Opening qty": 0}]}) == []


def test_a_small_steady_difference_of_one_count_cannot_be_told() -> None:
    """90 of 2,000: 4.5 % lost, or 2.09 on the bill, or once. Counts alone say nothing more."""
    found = one_period(*small(counted=2_410))
    assert {s.cause for s in found} == {UNREPORTED_SCRAP, BILL_QUANTITY, ONE_OFF}
    assert {s.verdict for s in found} == {CANNOT_TELL}
    assert {s.cause: round(s.implied, 6) for s in found} == {
        UNREPORTED_SCRAP: 0.045,
        BILL_QUANTITY: 2.09,
        ONE_OFF: 2_500,
    }
    assert "one count cannot distinguish these causes" in first(found).explanation


def test_the_widgets_sample_has_its_wrong_bill_found() -> None:
    sample = SAMPLES["widgets"]()
    top = first(one_period(sample.settings, sample.tables))
    assert (top.cause, top.item, top.parent, top.verdict) == (BILL_QUANTITY, "P-4135", "SA-220", CANDIDATE)
    assert (top.difference, top.base, top.recorded, top.proposed) == (1_018, 1_012, 2, 3)
    assert top.remaining == pytest.approx((1_018 - 1_012) * 1.35)


def shop(short: dict[str, float], materiality: float) -> list[Suspect]:
    """So many units of each part short, of 10,000 that were bought at 1.00 each; 5,000 of each went into 1,000 stands."""
    day = dt.date(2026, 6, 15)
    stands = {part: f"Stand {part}" for part in short}
    tables: dict[str, list[Row]] = {
        "StandardCost": [
            *({"Item": part, "Type": "Buy", "Material price": 1} for part in short),
            *({"Item": stand, "Type": "Finished"} for stand in stands.values()),
        ],
        "BOM": [{"Parent": stand, "Component": part, "Qty per": 5} for part, stand in stands.items()],
        "Counts": [
            {"Date": day, "Document": "PC-1", "Event": "Completed", "Item": stand, "Quantity": 1_000}
            for stand in stands.values()
        ],
        "Purchases": [
            {"Date": day, "Document": "PO-1", "Item": part, "Quantity": 10_000, "Actual price": 1} for part in short
        ],
        "Stock": [{"Item": part, "Counted qty": 5_000 - units} for part, units in short.items()],
    }
    settings = {"Period start": day.replace(day=1), "Period end": day.replace(day=30), "Materiality %": materiality}
    return one_period(settings, tables)


def test_every_difference_above_materiality_is_there() -> None:
    """30 parts run short by 600 to 890 each; inventories are some 280,000, of which 0.2 % are 560."""
    short = {f"P{n:02}": 600.0 + 10 * n for n in range(30)}
    found = shop(short, 0.002)
    assert {s.item for s in found} == set(short)
    assert {s.amount for s in found} == set(short.values())


def test_a_difference_above_materiality_is_there_even_if_it_may_be_noise() -> None:
    """60 of 10,000 is about what counts are off by; inventories are some 20,000, of which 0.2 % are 40."""
    found = shop({"P": 60.0, "Q": 2.0}, 0.002)
    assert {s.item for s in found} == {"P"}
    assert "It may only be an imprecise count, but the difference is above materiality." in first(found).explanation
    assert shop({"P": 60.0, "Q": 2.0}, 0.05) == []


def test_what_is_far_below_materiality_does_not_crowd_the_sheet() -> None:
    """Inventories are some 196,000, of which a tenth are 19,600. P is short by an eighth of that, nine by a sixtieth each."""
    short = {"P": 2_500.0} | {f"Q{n}": 300.0 + n for n in range(9)} | {f"R{n}": 0.0 for n in range(10)}
    found = shop(short, 0.1)
    assert first(found).item == "P"
    assert 1 <= len({s.rank for s in found}) <= 4


def lamps(month: int, units: int = 1_000) -> Period:
    """So many lamps of 2 P at 1.50 and 3 Q at 1, and 500 torches of one of each; 40 more lamps in 1,000 were lost untold.

    4,000 P and 4,000 Q came in. A period that made no lamps does not know them.
    """
    day = dt.date(2026, month, 15)
    made = {"Torch": 500} | ({"Lamp": units} if units else {})
    bill = {"Torch": (1, 1), "Lamp": (2, 3)}
    stock = [
        4_000 - sum(n * bill[item][k] for item, n in made.items()) - 0.04 * units * bill["Lamp"][k] for k in (0, 1)
    ]
    kinds = [("P", "Buy", 1.5), ("Torch", "Finished", None), ("Q", "Buy", 1), ("Lamp", "Finished", None)]
    tables: dict[str, list[Row]] = {
        "StandardCost": [
            {"Item": i, "Type": kind, "Material price": cost} for i, kind, cost in kinds if i != "Lamp" or units
        ],
        "BOM": [
            {"Parent": item, "Component": part, "Qty per": bill[item][k]}
            for item in made
            for k, part in enumerate("PQ")
        ],
        "Counts": [
            {"Date": day, "Document": "PC-1", "Event": "Completed", "Item": item, "Quantity": n}
            for item, n in made.items()
        ],
        "Purchases": [
            {"Date": day, "Document": "PO-1", "Item": item, "Quantity": 4_000, "Actual price": 1} for item in "PQ"
        ],
        "Stock": [
            {"Item": item, "Counted qty": n} for item, n in {**dict(zip("PQ", stock, strict=True)), **made}.items()
        ],
    }
    return posted({"Period start": day.replace(day=1), "Period end": day.replace(day=28)}, tables)[1]


def test_units_lost_by_hand() -> None:
    """80 P and 120 Q more used than the bill says, 240 in money. A count of 4,000 is taken to be off by 20 or half a unit."""
    assert [
        (s.cause, s.parent, s.item, s.verdict, s.base, s.margin) for s in suspects([lamps(4, units=0), lamps(5)])
    ] == [
        (UNITS_SCRAPPED, "Lamp", "", CANDIDATE, 1_000, None)  # in April there were none
    ]
    [found] = suspects([lamps(month) for month in (4, 5, 6)])
    assert (found.verdict, found.base, found.proposed, found.remaining) == (SUPPORTED, 3_000, 0.04, pytest.approx(0))
    assert (found.implied, found.amount) == (pytest.approx(0.04), pytest.approx(3 * 240))
    assert found.margin == pytest.approx(2 / math.sqrt(3 * (2_000**2 + 3_000**2) / (20**2 + 0.5**2)))
    assert found.explanation == ("4 % of Lamp started and lost without a report would explain the differences of P, Q.")


def test_what_is_in_the_only_unit_that_was_made() -> None:
    view = Differences([lamps(5, units=1)]).views[0]
    number = view.bill.number
    assert view.below(number["lamp"]) == {number["p"]: 2, number["q"]: 3}


def test_what_was_not_counted_says_nothing_of_the_noise_of_counting() -> None:
    """Twenty other parts came in; P is 10 of 4,500 off, SA not at all: half a percent is taken, as before there were counts."""
    settings, tables = small(2_490)
    for n in range(20):
        tables["StandardCost"].append({"Item": f"X{n}", "Type": "Buy", "Material price": 1})
        tables["Purchases"].append(tables["Purchases"][0] | {"Item": f"X{n}"})
    assert Differences([posted(settings, tables)[1]]).count_error == pytest.approx(0.005)


def test_a_phantom_that_a_bill_takes_none_of() -> None:
    """A kit is 2 P and 3 Q; 1,000 lamps took one each, where their bill says 0. Sizes are measured against 1 then."""
    settings, tables = small(4_500 - 1_000 - 2_000)
    tables["StandardCost"][1:] = [
        {"Item": "Q", "Type": "Buy", "Material price": 1},
        {"Item": "Kit", "Type": "Phantom"},
        *({"Item": item, "Type": "Finished"} for item in ("Lamp", "Torch")),
    ]
    lines = (("Kit", "P", 2), ("Kit", "Q", 3), ("Lamp", "Kit", 0), ("Torch", "Kit", 1))
    tables["BOM"] = [{"Parent": parent, "Component": part, "Qty per": n} for parent, part, n in lines]
    tables["Counts"] = [tables["Counts"][0] | {"Item": i, "Quantity": n} for i, n in (("Lamp", 1_000), ("Torch", 500))]
    tables["Purchases"].append(tables["Purchases"][0] | {"Item": "Q"})
    tables["Stock"][1:] = [{"Item": "Q", "Counted qty": 4_500 - 1_500 - 3_000}]
    differences = Differences([posted(settings, tables)[1]])
    [[top, *_]], _ = explain_together(differences, differences.noticed(20))
    assert (top.kind, top.parent, top.component, top.at) == (BILL_QUANTITY, "Lamp", "Kit", -1)
    assert (top.recorded, top.size, top.base, top.scale) == (0, pytest.approx(1), 1_000, 0.05)


@pytest.mark.parametrize(("counted", "noticed"), [(2_460, ["P"]), (2_470, [])])
def test_small_differences_add_up_over_the_periods(counted: float, noticed: list[str]) -> None:
    """Noise is 22.5 of 4,500 each time: 40 is less than two of it, but 80 is more than two of 22.5 x 1.41; 60 is not."""
    settings, tables = small(counted)
    july = {name: value.replace(month=7) for name, value in settings.items() if isinstance(value, dt.date)}
    later = {
        name: [{k: v.replace(month=7) if isinstance(v, dt.date) else v for k, v in row.items()} for row in rows]
        for name, rows in tables.items()
    }
    differences = Differences([posted(settings, tables)[1], posted(july, later)[1]])
    assert [item.code for item in differences.noticed(20)] == noticed
    assert [(line.parent, line.quantity, units) for line, units in differences.takers("p")] == [
        ("SA", 2, [1_000, 1_000])
    ]


# ------------------------------------------------------------------------------------------------- planted causes


def lines(rng: Random) -> tuple[tuple[str, str], float]:
    """A line of the simulated bills, and a wrong quantity for it."""
    line = rng.choice([k for k in BILLS if k[1] != "K1"])
    return line, BILLS[line] + 1 if BILLS[line] >= 1 else round(BILLS[line] * 1.4, 3)


@pytest.mark.parametrize("seed", range(8))
def test_a_wrong_bill_is_found_and_its_quantity_lies_in_the_interval(seed: int) -> None:
    line, true = lines(Random(seed))
    top = rivals(suspects(months(Truth(bills={line: true}), 8, seed)))
    found = next(s for s in top if s.cause == BILL_QUANTITY)
    assert (found.parent, found.item) == line
    assert found.margin is not None
    assert abs(found.implied - true) <= found.margin
    parents = sum(1 for _, component in BILLS if component == line[1])
    assert (found.verdict, len(top)) == (SUPPORTED, 1) or parents == 1  # whose bill or loss cannot be told apart


@pytest.mark.parametrize("seed", range(8))
def test_unreported_scrap_is_found_and_its_rate_lies_in_the_interval(seed: int) -> None:
    part, rate = Random(seed).choice(PARTS), (0.03, 0.06)[seed % 2]
    top = rivals(suspects(months(Truth(scrap={part: rate}), 8, seed)))
    found = next(s for s in top if s.cause == UNREPORTED_SCRAP)
    assert found.item == part
    assert found.margin is not None
    assert abs(found.implied - rate) <= found.margin
    parents = sum(1 for _, component in BILLS if component == part)
    assert found.verdict == (SUPPORTED if parents > 1 and len(top) == 1 else CANNOT_TELL)


def test_units_lost_explain_all_their_components_at_once() -> None:
    found = suspects(months(Truth(lost={"F2": 0.04}), 8, 2))
    assert [(s.cause, s.parent, s.verdict) for s in found] == [(UNITS_SCRAPPED, "F2", SUPPORTED)]
    assert first(found).implied == pytest.approx(0.04, abs=0.005)


@pytest.mark.parametrize(
    ("count", "when", "more", "verdict"),
    [(1, 0, 60, CANDIDATE), (8, 3, 60, SUPPORTED), (8, 3, -60, SUPPORTED)],
)
def test_a_production_count_explains_parent_and_components(count: int, when: int, more: int, verdict: str) -> None:
    found = suspects(months(Truth(unreported={(when, "F2"): more}), count, 2))
    assert [(s.cause, s.parent, s.at, s.verdict) for s in found] == [(PRODUCTION_COUNT, "F2", when, verdict)]
    assert first(found).implied - first(found).recorded == pytest.approx(more, abs=3)
    assert f" F2 {'more' if more > 0 else 'fewer'} completed than counted would explain" in first(found).explanation


def test_a_phantom_taken_too_often_explains_what_is_in_it() -> None:
    found = suspects(months(Truth(bills={("F2", "K1"): 1}), 8, 2))
    assert [(s.cause, s.parent, s.item, s.proposed, s.at) for s in found] == [(BILL_QUANTITY, "F2", "K1", 1, -1)]
    assert found[0].margin is not None


def test_a_miscount_comes_back_and_is_told_from_a_loss() -> None:
    counted = first(suspects(months(Truth(miscounts={(3, "P1"): -500}), 8, 2)))
    assert (counted.cause, counted.item, counted.at, counted.verdict) == (MISCOUNT, "P1", 3, SUPPORTED)
    assert counted.implied - counted.recorded == pytest.approx(500, abs=20)
    last = first(suspects(months(Truth(miscounts={(7, "P1"): -500}), 8, 2)))
    assert (last.cause, last.at) == (ONE_OFF, 7)  # nobody has counted again yet


def test_two_causes_of_one_difference_are_taken_apart() -> None:
    """3 on the bill, 4 in truth, and 4 % of it lost: of F2 go 4.16, of which the bill explains 4.04 and the loss the rest."""
    found = suspects(months(Truth(bills={("F2", "P1"): 4}, scrap={"P1": 0.04}), 10, 2))
    assert [(s.cause, s.parent) for s in found] == [(BILL_QUANTITY, "F2"), (UNREPORTED_SCRAP, "")]
    assert found[0].implied == pytest.approx(4.04, abs=0.03)
    assert found[1].implied == pytest.approx(0.04, abs=0.005)


def test_months_without_a_count_are_covered_by_the_next_one() -> None:
    periods = months(Truth(bills={("F2", "P1"): 4}), 8, 2, uncounted=(1, 2, 5))
    top = first(suspects(periods))
    assert (top.cause, top.parent, top.item, top.verdict, top.periods) == (BILL_QUANTITY, "F2", "P1", SUPPORTED, 5)
    made = sum(float(v.exposure[i]) for v in Differences(periods).views for i in _line(v, "F2", "P1"))
    assert top.base == pytest.approx(made)


def _line(view: object, parent: str, component: str) -> list[int]:
    pairs = zip(view.parent, view.component, strict=True)  # type: ignore[attr-defined]
    return [n for n, (p, c) in enumerate(pairs) if (view.codes[p], view.codes[c]) == (parent, component)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(6))
def test_a_plant_without_a_fault_has_no_suspects_of_weight(seed: int) -> None:
    """Whatever noise looks like, it is not called supported, and is not worth a two-hundredth of what went through."""
    periods = months(Truth(), 6, seed)
    through = sum(float((v.use * v.cost).sum()) for v in Differences(periods).views)
    assert [s for s in suspects(periods) if s.verdict == SUPPORTED or abs(s.amount) > through / 200] == []


# --------------------------------------------------------------------------------------------------- cannot tell


def test_parents_made_in_the_same_proportions_cannot_be_told_apart() -> None:
    top = rivals(suspects(months(Truth(bills={("F2", "P1"): 3.2}), 8, 2, steady=("F1", "F2", "F3"))))
    assert {(s.cause, s.parent) for s in top} == {
        (UNREPORTED_SCRAP, ""), (BILL_QUANTITY, "F1"), (BILL_QUANTITY, "F2"), (BILL_QUANTITY, "F3"),
    }  # fmt: skip
    assert {s.verdict for s in top} == {CANNOT_TELL}
    assert "in the same proportions in every period" in first(top).explanation
    assert "before and after a run of" in first(top).check
    implied = next(s.implied for s in top if s.parent == "F2")
    assert implied == pytest.approx(3.2, abs=0.03)


def test_the_same_fault_is_told_where_the_mix_changes() -> None:
    top = rivals(suspects(months(Truth(bills={("F2", "P1"): 3.2}), 8, 2)))
    assert [(s.cause, s.parent, s.verdict) for s in top] == [(BILL_QUANTITY, "F2", SUPPORTED)]


def test_a_part_of_one_parent_may_be_lost_or_wrong_on_the_bill() -> None:
    top = rivals(suspects(months(Truth(scrap={"P10": 0.03}), 8, 2)))
    assert {(s.cause, s.parent, s.verdict) for s in top} == {
        (UNREPORTED_SCRAP, "", CANNOT_TELL), (BILL_QUANTITY, "S1", CANNOT_TELL),
    }  # fmt: skip
    assert "if it holds what the BOM says, the rest was lost" in first(top).check


@pytest.mark.parametrize("seed", range(4))
def test_one_period_proves_nothing(seed: int) -> None:
    line, true = lines(Random(seed))
    found = suspects(months(Truth(bills={line: true}), 1, seed))
    assert found
    assert {s.verdict for s in found} <= {CANDIDATE, CANNOT_TELL}
    assert {s.margin for s in found} == {None}


# -------------------------------------------------------------------------------------------------- statistics


def test_size_and_error_are_those_of_weighted_least_squares() -> None:
    rng = np.random.default_rng(7)
    x, noise = rng.uniform(10, 90, 6), rng.uniform(1, 5, 6)
    used = 0.3 * x + rng.normal(0, noise)
    fit = best_fit(Cause("", x, 0.02, 0.1), used, noise)
    assert fit is not None
    (size,), (left,), *_ = np.linalg.lstsq((x / noise)[:, None], used / noise, rcond=None)
    assert fit.size == pytest.approx(size)
    assert fit.misfit == pytest.approx(left)
    assert fit.error == pytest.approx(1 / math.sqrt(sum((x / noise) ** 2)))


@pytest.mark.parametrize("periods", [1, 3, 8])
def test_the_weight_of_a_cause_is_the_area_under_density_times_likelihood(periods: int) -> None:
    rng = np.random.default_rng(periods)
    x, noise = rng.uniform(100, 900, periods), np.full(periods, 2.0)
    used = 0.3 * x + rng.normal(0, noise)
    fit = best_fit(Cause("", x, 0.02, 0.1), used, noise)
    assert fit is not None
    sizes = fit.size + fit.error * np.linspace(-60, 60, 24_001)
    misfit = np.square((used - np.outer(sizes, x)) / noise).sum(axis=1)
    likelihood = (1 + misfit / NOISE_DEGREES) ** (-(NOISE_DEGREES + periods) / 2)
    density = 1 / (math.pi * 0.1 * (1 + (sizes / 0.1) ** 2))
    assert fit.weight == pytest.approx(0.02 * float(np.trapezoid(density * likelihood, sizes)), rel=0.05)


@pytest.mark.parametrize(("degrees", "point"), [(4, 2.776), (6, 2.447), (10, 2.228), (30, 2.042)])
def test_student_agrees_with_the_tables(degrees: float, point: float) -> None:
    assert student(degrees) == pytest.approx(point, abs=0.01)


@pytest.mark.parametrize(("degrees", "point"), [(30, 2.042272), (60, 2.000298)])
def test_student_has_five_digits_of_the_tables_from_thirty_degrees_on(degrees: float, point: float) -> None:
    assert student(degrees) == pytest.approx(point, abs=5e-6)


def test_the_interval_is_a_students_t_times_the_error_that_the_misfit_gives() -> None:
    """Three counts add 2 degrees to the 4 of the noise: t is 2.447 of the tables; (4 + 20) / 6 is 2 squared."""
    fit = Fit(Cause("", np.ones(3), 0.02, 0.1), 1.0, 0.5, 20.0, 0.0, 0.0, None)
    assert fit.half_width(3) == pytest.approx(2.447 * 0.5 * 2, abs=0.01)


def test_the_weight_of_noise_alone() -> None:
    """Two differences of two noises: (1 + 8 / 4) to the power of -(4 + 2) / 2."""
    assert nothing(np.array([2.0, -6.0]), np.array([1.0, 3.0])) == pytest.approx(1 / 27)


def test_a_cause_is_no_smaller_than_it_can_be_and_what_that_leaves_is_its_misfit() -> None:
    """Scrap of 0.1 of 30 and 40 would explain -3 and -4; none leaves all of it, (3 / 0.5) squared and (4 / 0.5) squared."""
    used, noise = np.array([-3.0, -4.0]), np.array([0.5, 0.5])
    free, bound = (
        best_fit(Cause("", np.array([30.0, 40.0]), 0.02, 0.1, least), used, noise) for least in (-math.inf, 0)
    )
    assert free and bound
    assert (free.size, free.misfit) == (pytest.approx(-0.1), pytest.approx(0))
    assert (bound.size, bound.misfit) == (0, pytest.approx(100))


def test_two_causes_are_sized_together() -> None:
    """Of 10 and 20 units of one parent, 20 and 10 of another: 3 and 2 more of each make 70 and 80."""
    noise, used = np.ones(2), np.array([70.0, 80.0])
    fits = [Fit(Cause("", np.array(x), 0.02, 0.1, 0.0), 0, 0, 0, 0, 0, None) for x in ([10.0, 20.0], [20.0, 10.0])]
    pair = best_pair(fits, used, noise)
    assert pair is not None
    assert pair == (1, 0, pytest.approx(2), pytest.approx(3), pytest.approx(0))
    assert best_pair([fits[0], fits[0]], used, noise) is None  # the counts cannot separate them
    assert best_pair(fits, np.array([10.0, 80.0]), noise) is None  # the other would have to be -2


@pytest.mark.parametrize(("off", "fits"), [(1.5, True), (1.7, False)])
def test_what_a_cause_leaves_is_noise_up_to_three_standard_errors_of_a_chi_square(off: float, fits: bool) -> None:
    """Of 8 counts up to 8 + 3 x 4 = 20 squares of the noise: 8 x 1.5 x 1.5 = 18, but 8 x 1.7 x 1.7 = 23. A tenth was lost."""
    ones, months = np.ones(8), list(range(8))
    used = 100 + off * np.array([1, -1, -1, 1, 1, -1, -1, 1])
    lost = Item("p", "P", "each", 2.0, months, months, used, ones, 1_000 * ones, 50 * ones, 50 * ones, [False] * 8, [])
    group = group_of(lost)
    assert group is not None
    assert [(each.cause.kind, each.size) for each in group.causes] == [(UNREPORTED_SCRAP, pytest.approx(0.1))]
    assert (group.fits, group.verdict) == (fits, SUPPORTED if fits else CANDIDATE)
    assert group.item.worth == pytest.approx(800 * 2, rel=1e-3)
    assert group.certain == pytest.approx(1, rel=1e-3)


def test_simple_quantities() -> None:
    assert simple_quantities(2) == (0, 0.2, 1, 3, 4, 5, 20)
    assert simple_quantities(0.085) == pytest.approx(
        (0, 0.0085, 0.0425, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.11, 0.17, 0.85)
    )


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (1_018, 0, "1,018"), (1_000, 0, "1,000"), (100, 0, "100"), (3.006, 0, "3.006"), (2.5, 0, "2.5"), (0, 0, "0"),
        (0.0904, 0.003, "0.0904"), (0.09043, 0.03, "0.09"), (1_018.6, 250, "1,019"), (-12.3456, 0, "-12.35"),
    ],
)  # fmt: skip
def test_a_number_has_four_digits_or_as_many_as_its_error_leaves(value: float, error: float, text: str) -> None:
    assert words.number(value, error) == text
    assert words.percent(value / 100, error / 100) == f"{text} %"


@pytest.mark.parametrize(
    ("size", "error", "written"),
    [
        (0.0312, 0.004, 0.031), (0.0312, 0.01, 0.03), (1_018, 16, 1_020), (0.1234, 0.1234, 0.12), (-0.456, 0.5, -0.46),
        (0.0, 0.5, 0.0), (5.3, 0.0, 5.3),
    ],
)  # fmt: skip
def test_a_size_is_written_to_the_digit_that_its_error_leaves(size: float, error: float, written: float) -> None:
    """An error larger than the size leaves two digits."""
    assert words.rounded(size, error) == pytest.approx(written, abs=1e-12)


def test_a_shared_cause_names_four_items_and_its_rivals() -> None:
    """The dearest first: E is worth 5 x 1, A 4.5, D 4."""
    units = {"a": 4.5, "b": 1.0, "c": 2.0, "d": -4.0, "e": 5.0}

    def cause(kind: str, size: float, *items: str, component: str = "", recorded: float = 0) -> SharedCause:
        exposure = {key: np.array([units[key]]) for key in items}
        return SharedCause(kind, "F", component, 7, -1, recorded, 1.0, 0.05, exposure, size)

    def said(*rivals: SharedCause, of: int = 0, material: float = 10) -> str:
        shared = rivals[of]
        suspect = Suspect(0, shared.kind, shared.component, "F", "", None, 0, 1, 0, shared.size, None, 0, 0, 0, 3)
        costs = SimpleNamespace(
            views=[None] * 3,
            item=lambda key: SimpleNamespace(cost=1.0, code=key.upper(), worth=units[key]),
            is_material=lambda item: item.worth > material,
        )
        return words.of_many(shared, suspect, list(rivals), costs)[0]  # type: ignore[arg-type]

    lost = cause(UNITS_SCRAPPED, 0.04, *"abcd")
    assert said(lost) == "4 % of F started and lost without a report would explain the differences of A, D, C, B."
    assert said(cause(UNITS_SCRAPPED, 0.04, *"abcde")).endswith("the differences of E, A, D, C and 1 more.")
    assert said(cause(UNITS_SCRAPPED, 0.04, *"abcde"), material=-9).endswith("the differences of E, A, D, C, B.")
    more, fewer = cause(PRODUCTION_COUNT, 60, "a"), cause(PRODUCTION_COUNT, -60, "a")
    phantom = cause(BILL_QUANTITY, -1, "a", component="K", recorded=3)
    assert said(lost, more, phantom).endswith(" It could also be 60 F not counted or 2 K in F.")
    assert said(more, lost, fewer).endswith(" It could also be 4 % of F lost or 60 F counted too many.")
    assert said(lost, more, of=1) == "60 F more completed than counted would explain the differences of A."


@given(worlds.worlds())
@settings(max_examples=60, deadline=None)
def test_whatever_the_plant_the_figures_are_numbers_and_add_up(world: worlds.World) -> None:
    """Causes of one difference share at most the whole of the plausibility; what implied explains is the difference."""
    outcome = run(world.settings, world.tables)
    assume(outcome.run is not None)
    found = one_period(world.settings, world.tables)
    figures = [(s.amount, s.implied, s.proposed, s.remaining, s.plausibility, s.recorded, s.base or 0.0) for s in found]
    assert np.isfinite(np.array(figures)).all()
    for rank in {s.rank for s in found}:
        assert 0 < sum(s.plausibility for s in found if s.rank == rank) <= 1 + 1e-9
    for s in found:
        assert s.explanation
        assert s.check
        if s.item and s.parent and s.difference is not None and s.implied > 0:
            assert (s.implied - s.recorded) * (s.base or 0.0) == pytest.approx(s.difference)


@given(worlds.worlds(), worlds.worlds())
@settings(max_examples=40, deadline=None)
def test_plants_that_change_from_period_to_period_are_no_obstacle(one: worlds.World, other: worlds.World) -> None:
    """Items, types and bills that come and go; a shared cause is of no period, or of one of them."""
    results = [posted(w.settings, w.tables) for w in (one, other, one) if run(w.settings, w.tables).run]
    assume(len(results) == 3)
    periods = [period for _, period in results]
    found = suspects(periods)
    assert np.isfinite(np.array([(s.amount, s.implied, s.remaining, s.margin or 0.0) for s in found])).all()
    assert all(-1 <= s.at < len(periods) and 1 <= s.periods <= len(periods) for s in found)


# ------------------------------------------------------------------------------------------------------ sheet


@pytest.fixture(scope="module")
def widgets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("suspects") / "widgets.xlsx", SAMPLES["widgets"]())


def written(path: Path, sample: Sample) -> Path:
    build(path, (dt.date(2026, 10, 1), dt.date(2026, 10, 31)), sample)
    with FileBook(path) as book:
        lifecycle.run(book, "test", dt.datetime(2026, 11, 1))
    return path


def a_month_earlier(sample: Sample) -> Sample:
    """The same month, 31 days before: September has a day less, on which nothing happened."""
    tables = {
        name: [{column: _before(value) for column, value in row.items()} for row in table]
        for name, table in sample.tables.items()
    }
    return Sample("", "", {name: _before(value) for name, value in sample.settings.items()}, tables)


def _before(value: object) -> object:
    return value - dt.timedelta(days=31) if isinstance(value, dt.date) else value


def rows(path: Path) -> list[dict[str, object]]:
    with FileBook(path) as book:
        source = book.table("Suspects")
    return [dict(zip(source.columns, row, strict=True)) for row in source.rows]


def test_a_run_fills_the_sheet(widgets: Path) -> None:
    top = rows(widgets)[0]
    assert (top["Cause"], top["Item"], top["Parent"], top["Verdict"]) == (BILL_QUANTITY, "P-4135", "SA-220", CANDIDATE)
    assert (top["Difference qty"], top["Base"], top["Recorded"], top["Try"]) == (1_018, 1_012, 2, 3)
    assert str(top["Where"]).startswith("BOM!C")


def test_its_figures_follow_the_inputs(widgets: Path) -> None:
    """With 3 on the bill 6 remain unexplained, and the counts imply 3 + 6 / 1,012."""
    office.require()
    stored, bill = rows(widgets), str(rows(widgets)[0]["Where"]).split("!")[1]
    figures = ("Suspects", f"F7:M{6 + len(stored)}")
    names = schema.SUSPECTS.names[5:13]
    with office.Session(widgets) as session:
        (live,) = session.read([figures])
        for row, cells in zip(stored, live, strict=True):
            for name, value in zip(names, cells, strict=True):
                assert value == (row[name] if row[name] == "" else pytest.approx(row[name])), (row["Rank"], name)
        ((mended, *_),) = session.attempt([("BOM", bill, 3)], [figures])
    after = dict(zip(names, mended, strict=True))
    assert after["Difference qty"] == pytest.approx(6)
    assert after["Recorded"] == 3
    assert after["Implied"] == pytest.approx(3 + 6 / 1_012)
    assert after["Would remain"] == pytest.approx(6 * 1.35)


def test_several_workbooks_say_more_than_one(widgets: Path, tmp_path: Path) -> None:
    """The month before, made with the same wrong bill; written over the sheet as values."""
    before = written(tmp_path / "september.xlsx", a_month_earlier(SAMPLES["widgets"]()))
    later = tmp_path / "october.xlsx"
    later.write_bytes(widgets.read_bytes())
    with FileBook(later) as book, FileBook(before) as other:
        with pytest.raises(UnusableError, match=r"october\.xlsx is of a later period than september\.xlsx"):
            suspects_across({"october.xlsx": book.read(), "september.xlsx": other.read()})
        found, inputs = suspects_across({"september.xlsx": other.read(), "october.xlsx": book.read()})
        book.write_table("Suspects", sheet.rows_of(found, inputs))
    top = rows(later)[0]
    assert (top["Item"], top["Parent"], top["Periods"], top["Difference qty"]) == ("P-4135", "SA-220", 2, 2_036)
    assert any(line.startswith("1. Quantity on the bill, P-4135 in SA-220") for line in sheet.printed(found))


def test_workbooks_that_do_not_belong_together_are_refused(widgets: Path) -> None:
    with FileBook(widgets) as book:
        tables = book.read()
        with pytest.raises(UnusableError, match="cover the same days"):
            suspects_across({"a.xlsx": tables, "b.xlsx": tables})
        broken = dict(tables)
        broken["BOM"].rows[0][broken["BOM"].columns.index("Component")] = "nowhere"
        with pytest.raises(UnusableError, match=r"a\.xlsx has errors in its inputs, first at BOM!"):
            suspects_across({"a.xlsx": broken})
