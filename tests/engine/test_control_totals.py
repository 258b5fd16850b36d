"""Control totals see what a sum does not: the same letters in another place, another row, another code of equal length."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from xlbackflush.engine.measures.control_totals import LENGTH_WEIGHT, PLACE_WEIGHTS, ROW_CYCLE, text_total
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
