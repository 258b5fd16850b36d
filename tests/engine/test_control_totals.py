"""Control totals see what a sum does not: the same letters in another place, another row, another code of equal length."""

import numpy as np
import pytest
from april import april
from hypothesis import assume, given
from hypothesis import strategies as st
from plant import RECORDED, plant
from support import posted, sources

from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.measures.control_totals import (
    LENGTH_WEIGHT,
    PLACE_WEIGHTS,
    ROW_CYCLE,
    ControlTotal,
    control_totals,
    text_total,
)
from xlbackflush.engine.standards.bill import code_key

texts = st.lists(st.text(st.characters(max_codepoint=0xD7FF, exclude_categories=["Cs"]), max_size=12), max_size=9)


def rows(count: int) -> np.ndarray:
    return np.arange(1, count + 1)


def test_the_sum_by_hand() -> None:
    """Row 1 "AB" and row 2 "C": (65 - 32) x 1009 + (66 - 32) x 1013 + 2 x 9973, twice; (67 - 32) x 1009 + 9973, thrice."""
    assert PLACE_WEIGHTS[:2] == (1009, 1013)
    assert (LENGTH_WEIGHT, ROW_CYCLE) == (9973, 997)
    first, second = 33 * 1009 + 34 * 1013 + 2 * 9973, 35 * 1009 + 9973
    assert text_total(["AB", "C"], rows(2), 100) == (2, 2 * first + 3 * second)


def test_the_totals_of_a_table_by_hand() -> None:
    """100 Ore at 2.50, document PI-1 of 5 April 2026 (day 46,117): three cells with numbers, the only row weighs two."""
    document = 48 * 1009 + 41 * 1013 + 13 * 1019 + 17 * 1021 + 4 * 9973
    item = 47 * 1009 + 82 * 1013 + 69 * 1019 + 3 * 9973
    assert [
        (t.text, t.key[0], t.recorded, t.tolerance) for t in posted(RECORDED, plant())[1].control_totals if of(t)
    ] == [
        ("Rows", "rows", 1, 0),
        ("Numbers and filled cells", "filled", 2 * 3, 0),
        ("Text of Document", "text", 2 * document, 0),
        ("Text of Item", "text", 2 * item, 0),
        ("Text of Note", "text", 0, 0),
        ("Text of UoM", "text", 0, 0),
        ("Text of Vendor", "text", 0, 0),
        ("Days of Date", "days", 46_117, 1e-6),
        ("Total of Quantity", "total", 100, 1e-6),
        ("Total of Actual price", "total", 2.5, 1e-6),
        ("Total of Price per", "total", 0, 1e-6),
        ("Total of Other cost", "total", 0, 1e-6),
    ]


def of(total: ControlTotal, table: str = "Purchases") -> bool:
    return total.table == table


def test_settings_that_decide_between_rules_are_totals() -> None:
    """1 while they are as chosen; the other settings have proofs of what they do."""
    budget = {"Budgeted fixed overhead": 0}
    for settings, entered in ((RECORDED, "blank"), (RECORDED | budget, "filled in")):
        found = {t.text: t.recorded for t in posted(settings, plant())[1].control_totals if of(t, "Setup")}
        assert found == dict.fromkeys(
            (
                "Currency is USD", "Trigger points is Purchase, completion and sale", "Relief basis is Bill of materials",
                "Conversion costs is Allocate at standard", "Variance disposition is Prorate",
                "Journal detail is One entry per trigger", "Default scrap basis is Output",
                "Period-end WIP is Record and reverse", "Stock count includes units in process is Yes",
                "Purchases are Recorded here", "Conversion incurred is Recorded here",
                "Period start is 2026-04-01", "Period end is 2026-04-30",
                f"Budgeted fixed overhead is {entered}",
            ),
            1,
        )  # fmt: skip


def test_a_sum_that_has_no_room_for_its_last_digit_has_a_tolerance() -> None:
    """2,500 codes of a hundred of one of the last characters of the plane pass 2 ** 53, from where on floats are not exact."""
    inputs, _ = accept(sources(april(), {"WIP": [{"Item": "\ufffd" * 100}] * 2_500}))
    (total,) = (t for t in control_totals(inputs, 0) if of(t, "WIP") and t.text == "Text of Item")
    code = (0xFFFD - 32) * sum(PLACE_WEIGHTS) + 100 * LENGTH_WEIGHT
    exact = code * sum(row % ROW_CYCLE + 1 for row in range(1, 2_501))
    assert exact > 2**53
    assert abs(total.recorded - exact) <= total.tolerance == pytest.approx(exact * 1e-12)


@given(texts, st.data())
def test_two_texts_that_change_places_change_the_sum(given_texts: list[str], data: st.DataObject) -> None:
    assume(len(given_texts) > 1)
    a, b = data.draw(st.sampled_from(range(len(given_texts)))), data.draw(st.sampled_from(range(len(given_texts))))
    swapped = list(given_texts)
    swapped[a], swapped[b] = swapped[b], swapped[a]
    before, after = (text_total(t, rows(len(t)), 100)[1] for t in (given_texts, swapped))
    assert (before == after) == (swapped == given_texts)


@given(st.text("ABC-123", min_size=1, max_size=12), st.text("ABC-123", min_size=1, max_size=12))
def test_one_code_for_another_changes_the_sum(one: str, other: str) -> None:
    assume(one != other)
    before, after = (text_total(["X", code], rows(2), 100)[1] for code in (one, other))
    assert before != after


def test_beyond_the_basic_plane_filled_rows_count() -> None:
    assert text_total(["a\U0001f600", "", "b"], rows(3), 100) == (0, (2 + 4) * LENGTH_WEIGHT)


def test_codes_are_equal_as_a_spreadsheet_compares_them() -> None:
    assert code_key("Abc-Ä") == code_key("ABC-ä")
    assert code_key("STRASSE") != code_key("Straße")  # casefold equates them, a spreadsheet does not
    assert code_key("İ") not in (code_key("i"), code_key("i̇"))
    assert code_key("\u212a") != code_key("K")  # the sign for kelvin has the small letter k, which has another capital
