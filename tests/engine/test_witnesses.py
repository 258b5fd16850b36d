"""Witnesses: a production count that is wrong is named by what its units left elsewhere, and a right one is left alone.

By hand first; then simulated months of daily counts (`simulate_counts`), which know the truth and not the engine.
"""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from samples_tried import FULL
from simulate_counts import SHAPES, Month, simulated
from support import Row, posted

from xlbackflush import schema
from xlbackflush.engine.audit.suspects import suspects
from xlbackflush.engine.measures import witness_words as words
from xlbackflush.engine.measures.witness_rows import fit, floor_of, medians
from xlbackflush.engine.measures.witnesses import Hearing
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.plausibility.witnesses import counts_contradicted
from xlbackflush.model.finding import Finding
from xlbackflush.schema import AGREES, CONTRADICTED, NO_WITNESS

# --------------------------------------------------------------------------------------------------------- by hand

SETTINGS: dict[str, object] = {"Period start": dt.date(2026, 4, 1), "Period end": dt.date(2026, 4, 30)}
DAYS = [dt.date(2026, 4, day) for day in (1, 2, 3, 6, 7, 8, 9, 10, 13, 14)]
MADE = [110, 100, 121, 95, 120, 104, 99, 117, 108, 102]  # boxes each day, 1,076 in all
BASKETS = [50, 45, 52, 40, 49, 55, 47, 44, 51, 48]  # 481


def boxes(recorded: int = 102, **stock: float) -> dict[str, list[Row]]:
    """Boxes of a carton, a label and 0.5 kg of board, baskets of 0.7 kg of board; 30 minutes and 15.

    On April 7, 120 boxes were made, of which so many are recorded. stock: what was counted, where it is not what was there:
    opening and bought less 1,076 boxes and 481 baskets, of which 1,050 and 470 were sold.
    """
    counted = {"Carton": 124.0, "Label": 224.0, "Board": 125.3, "Box": 36.0, "Basket": 21.0} | stock
    opening = {"Carton": 100, "Label": 100, "Board": 100, "Box": 10, "Basket": 10}
    bought = {"Carton": 1_100, "Label": 1_200, "Board": 900}
    made = [recorded if day == DAYS[4] else units for day, units in zip(DAYS, MADE, strict=True)]
    hours = [units * 0.5 + baskets * 0.25 for units, baskets in zip(MADE, BASKETS, strict=True)]

    def count(event: str, item: str, day: dt.date, units: float) -> Row:
        return {"Date": day, "Document": f"{event}-{item}-{day}", "Event": event, "Item": item, "Quantity": units}

    return {
        "StandardCost": [
            {"Item": "Box", "Type": "Finished", "Labor hours": 0.5, "Labor rate": 20},
            {"Item": "Basket", "Type": "Finished", "Labor hours": 0.25, "Labor rate": 20},
            *({"Item": item, "Type": "Buy", "Material price": 2} for item in bought),
        ],
        "BOM": [
            {"Parent": "Box", "Component": "Carton", "Qty per": 1},
            {"Parent": "Box", "Component": "Label", "Qty per": 1},
            {"Parent": "Box", "Component": "Board", "Qty per": 0.5},
            {"Parent": "Basket", "Component": "Board", "Qty per": 0.7},
        ],
        "Counts": [
            *(count("Completed", "Box", day, units) for day, units in zip(DAYS, made, strict=True)),
            *(count("Completed", "Basket", day, units) for day, units in zip(DAYS, BASKETS, strict=True)),
            count("Sold", "Box", DAYS[-1], 1_050),
            count("Sold", "Basket", DAYS[-1], 470),
        ],
        "Purchases": [
            {"Date": DAYS[0], "Document": f"PO-{item}", "Item": item, "Quantity": units, "Actual price": 2}
            for item, units in bought.items()
        ],
        "Actuals": [
            {"Date": day, "Document": f"PR-{day}", "Cost type": "Labor", "Hours": paid, "Amount": paid * 20}
            for day, paid in zip(DAYS, hours, strict=True)
        ],
        "Stock": [{"Item": i, "Opening qty": opening[i], "Counted qty": units} for i, units in counted.items()],
    }


def heard(tables: dict[str, list[Row]], **settings: object) -> tuple[Period, Hearing, list[Finding]]:
    _, period = posted(SETTINGS | settings, tables)
    return period, period.witnesses, list(counts_contradicted(period))


def test_all_witnesses_of_a_count_that_is_18_too_low_say_so() -> None:
    """18 cartons, 18 labels and 9 kg of board too many are gone, 18 boxes too many are there, 9 hours too many were paid."""
    period, all_of_them, findings = heard(boxes(102))
    box = all_of_them.of(slice(0, 1))
    assert period.bill.items.code[box.item].tolist() == ["Box"]
    assert (box.made, box.counted) == (1_058, 102)
    assert box.parts == pytest.approx(120, abs=0.5)
    assert box.shelf == pytest.approx(120)
    assert box.hours == pytest.approx(120, abs=4)
    assert box.estimate == pytest.approx(120, abs=0.5)
    assert box.low < 120 < box.high
    assert box.share > 0.99
    assert box.on_the_row > 0.5
    assert words.verdicts(all_of_them) == [CONTRADICTED, AGREES]
    [finding] = findings
    assert finding.where == "Counts!E11"  # the fifth row
    assert finding.effect == pytest.approx(18 * (2 + 2 + 1 + 10), rel=0.03)  # parts and half an hour at 20
    assert finding.what.startswith(
        "The count of 102 Box completed on 2026-04-07 looks 18 too low: other evidence points to 120 "
        "(95 % confidence: 119 to 121). It would be 120 by the parts used, 120 by sales and stock, 120 by labor hours, "
    )


@pytest.mark.parametrize(("share", "severity"), [(0.05, schema.WARNING), (0.5, schema.NOTE)])
def test_it_is_a_warning_where_it_is_material(share: float, severity: str) -> None:
    """About 270 in money, of inventories of some 1,500."""
    [finding] = heard(boxes(102), **{"Materiality %": share})[2]
    assert finding.severity == severity


def test_a_count_that_is_right_is_left_alone() -> None:
    _, all_of_them, findings = heard(boxes(120))
    assert findings == []
    assert words.verdicts(all_of_them) == [AGREES, AGREES]
    assert (all_of_them.share < 0.05).all()


@pytest.mark.parametrize(
    "stock",
    [{"Box": 18.0}, {"Carton": 106.0}, {"Carton": 12.4}, {"Board": 62.0}, {"Label": 26.0, "Basket": 11.0}],
    ids=str,
)
def test_a_stock_count_that_is_wrong_alone_is_no_wrong_production_count(stock: dict[str, float]) -> None:
    """All others agree with the count: a miscount of stock, a wrong bill."""
    _, all_of_them, findings = heard(boxes(120, **stock))
    assert findings == []
    assert not all_of_them.stands_out.any()


def test_units_lost_without_a_report_are_no_wrong_production_count() -> None:
    """Parts of 18 boxes are gone, and no box more is there."""
    assert heard(boxes(120, Carton=106.0, Label=206.0, Board=116.3))[2] == []


def test_where_the_own_stock_asks_for_something_else_it_is_a_note() -> None:
    """Parts and hours say 18 too few, the shelf 18 too many: more than one count is wrong."""
    findings = heard(boxes(102, Box=0.0))[2]
    assert [finding.severity for finding in findings] in ([], [schema.NOTE])


def test_what_is_within_the_tolerance_is_not_named() -> None:
    assert len(heard(boxes(102), **{"Count tolerance %": 0.15})[2]) == 1
    assert heard(boxes(102), **{"Count tolerance %": 0.25})[2] == []


def test_a_row_entered_twice_is_named() -> None:
    """110 boxes of April 1 again on the next day, under another number."""
    tables = boxes(120)
    tables["Counts"].insert(1, tables["Counts"][0] | {"Date": DAYS[1], "Document": "PC-77"})
    [finding] = heard(tables)[2]
    assert finding.where == "Counts!E8"
    assert finding.what.startswith(
        "The 110 Box completed on 2026-04-02 appear to be recorded twice: Counts!E7 of 2026-04-01 has the same quantity, "
        "and other evidence points to none."
    )


def test_two_wrong_counts_are_both_named() -> None:
    """Baskets of April 2 were 45; 90 are recorded."""
    tables = boxes(102)
    tables["Counts"][11]["Quantity"] = 90
    assert {finding.where for finding in heard(tables)[2]} == {"Counts!E11", "Counts!E18"}


def test_without_hours_the_stock_speaks_alone_and_without_stock_nobody() -> None:
    tables = boxes(102)
    assert len(heard(tables | {"Actuals": []})[2]) == 1
    period, all_of_them, findings = heard(tables | {"Stock": []})
    assert findings == []
    assert words.verdicts(all_of_them) == [NO_WITNESS, NO_WITNESS]
    assert len(heard(tables | {"Stock": [], "Actuals": []})[1]) == 0
    assert "Neither its parts" in words.explanation(period.inputs, all_of_them, 0)


def test_one_witness_alone_names_nobody() -> None:
    tables = boxes(102) | {"Actuals": []}
    tables["Stock"] = [row for row in tables["Stock"] if row["Item"] == "Carton"]
    assert heard(tables)[2] == []


@pytest.mark.parametrize("triggers", schema.TRIGGERS)
def test_the_trigger_points_make_no_difference_to_what_is_named(triggers: str) -> None:
    findings = heard(boxes(102), **{"Trigger points": triggers})[2]
    assert [finding.where for finding in findings] == ["Counts!E11"]


def test_a_trace_by_bom_line_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """There, the parts are those of the lines of the bill."""
    _, one, _ = heard(boxes(102))
    monkeypatch.setattr(schema, "TRACE_ROWS_MAX", 2)
    period, other, findings = heard(boxes(102))
    assert period.explosion.by_line
    assert len(findings) == 1
    assert other.estimate.tolist() == pytest.approx(one.estimate.tolist())
    assert other.hours.tolist() == pytest.approx(one.hours.tolist())


def test_suspects_point_to_the_row() -> None:
    """54 boxes of 120 are not recorded: cartons and labels run short, boxes are over."""
    period, _, _ = heard(boxes(66))
    top = suspects([period])[0]
    assert (top.cause, top.parent, top.row) == (schema.PRODUCTION_COUNT, "Box", 11)
    assert top.explanation.endswith("Sheet Witnesses points to the row of 2026-04-07.")


# ------------------------------------------------------------------------------------------------------ statistics


def test_medians_are_weighted() -> None:
    """Of 1, 2, 10 with weights 1, 1, 3 it is 10; a group without weights has none."""
    group, values = np.array([0, 1, 0, 0, 2]), np.array([10.0, 5.0, 1.0, 2.0, 9.0])
    weighted, alike = medians(group, values, [np.array([3.0, 1.0, 1.0, 1.0, 0.0]), np.ones(5)], 4)
    assert weighted.tolist() == [10, 5, 0, 0]
    assert alike.tolist()[:3] == [2, 5, 9]


def test_a_witness_far_off_says_no_more_than_one_farther_off() -> None:
    floor = floor_of(np.array([1.0]), 100.0)
    near, far, farther = (float(fit(np.array([z]), floor)[0]) for z in (1.0, 10.0, 100.0))
    assert near == pytest.approx(-0.5, abs=0.002)
    assert far == pytest.approx(farther)
    assert far == pytest.approx(np.log(0.05 / 0.95 * np.sqrt(2 * np.pi) / 100), abs=0.002)


@pytest.mark.parametrize(
    ("value", "like", "text"),
    [
        (1_234.4, 1_000, "1,234"),
        (9.4, 8, "9.4"),
        (9.01, 8, "9"),
        (0.157, 1, "0.157"),
        (12.345, 2.5, "12.3"),
        (-3, 5, "0"),
    ],
)
def test_units_are_written_as_people_write_them(value: float, like: float, text: str) -> None:
    assert words.units(value, like) == text


# --------------------------------------------------------------------------------------------------- simulated months

MONTHS = 200 if FULL else 24
WRONG = (0.1, -0.1, 0.15, -0.15, 0.2, -0.2, 0.3, -0.3, 0.5, -0.5, 1.0, -0.5)  # of what was made that day
HARD = {
    name: replace(shape, stock=3 * shape.stock, shelf=3 * shape.shelf, use_error=0.0015)
    for name, shape in SHAPES.items()
}


def month(n: int, hard: bool, wrong: bool = True) -> Month:
    """The shapes of companies in turn, each with every size of mistake."""
    shapes = HARD if hard else SHAPES
    shape = list(shapes.values())[n % len(shapes)]
    return simulated(shape, 1_000 + n if wrong else 5_000 + n, WRONG[n // len(shapes) % len(WRONG)] if wrong else 0.0)


@pytest.mark.parametrize("hard", [False, True], ids=["little stock", "stock of a third of a month and more"])
def test_the_product_of_a_wrong_count_is_among_the_first_two(hard: bool) -> None:
    """A count of one product on one day, wrong by 10 % or more; and its size lies in the interval, 95 times in 100."""
    named, inside = [], []
    for n in range(MONTHS):
        world = month(n, hard)
        _, period = posted(world.settings, world.tables)
        all_of_them = period.witnesses
        codes = period.bill.items.code[all_of_them.item].tolist()
        k = codes.index(world.item)
        named.append(k < 2)
        off = world.true - world.recorded
        low, high = (float((end - all_of_them.counted)[k]) for end in (all_of_them.low, all_of_them.high))
        inside.append(low <= off <= high)
    assert np.mean(named) >= 0.85
    assert np.mean(inside) >= 0.85


@pytest.mark.parametrize("hard", [False, True], ids=["little stock", "stock of a third of a month and more"])
def test_months_without_a_wrong_count_have_no_warning(hard: bool) -> None:
    warned = []
    for n in range(MONTHS):
        world = month(n, hard, wrong=False)
        outcome, _ = posted(world.settings, world.tables)
        warned.append(any(f.code == "W90" and f.severity == schema.WARNING for f in outcome.findings))
    assert np.mean(warned) <= 0.05
