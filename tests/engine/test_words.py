"""Numbers, shares, dates, lists and plurals as people write them."""

import datetime as dt

import pytest

from xlbackflush.model import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4200.0, "4,200"),
        (137.0, "137"),
        (1.11766e6, "1,117,660"),
        (20261002.0, "20,261,002"),
        (0.1 + 0.2, "0.3"),
        (-1.5, "-1.5"),
        (0.0, "0"),
        (-0.0, "0"),
        (1 / 3, "0.333333"),
        (1e-9, "0.000000001"),
        (1e19, "10,000,000,000,000,000,000"),
        (-1e300, "-1 x 10^300"),
        (float("inf"), "not a number"),
    ],
)
def test_numbers(value: float, text: str):
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4200.0, "4,200"),
        (0.0831, "0.0831"),
        (1234.5678, "1,235"),
        (35700.04, "35,700"),
        (1250.5, "1,250.5"),
        (0.00012, "0.00012"),
        (2 / 3, "0.6667"),
        (-1 / 3, "-0.3333"),
        (0.0, "0"),
        (float("inf"), "not a number"),
    ],
)
def test_numbers_that_were_worked_out(value: float, text: str):
    assert words.about(value) == text


@pytest.mark.parametrize(
    ("value", "uom", "text"),
    [
        (120.0, "kg", "120 kg"),
        (0.125, " m ", "0.125 m"),
        (1 / 3, "L", "0.3333 L"),
        (163.2, "each", "163 pcs"),
        (2.5, "pcs", "2.5 pcs"),
        (1.0, "each", "1 pc"),
        (-164292.7, "Each", "-164,293 pcs"),
    ],
)
def test_quantities(value: float, uom: str, text: str):
    assert words.quantity(value, uom) == text


@pytest.mark.parametrize(
    ("value", "text"), [(4.0, "400 %"), (0.05, "5 %"), (0.125, "12.5 %"), (0.0, "0 %"), (0.9999, "100 %")]
)
def test_shares(value: float, text: str):
    assert words.share(value) == text


def test_prices():
    assert [words.price(each) for each in (41.5, 0.0415, 1250.0, 0.5)] == ["41.50", "0.0415", "1,250.00", "0.50"]


def test_counts_and_lists():
    assert [words.several(n, "note") for n in (0, 1, 2, 1200)] == ["0 notes", "1 note", "2 notes", "1,200 notes"]
    assert words.several(2, "entry", "entries") == "2 entries"
    assert words.listed([]) == ""
    assert words.listed(["A"]) == "A"
    assert words.listed(["A", "B"], last="or") == "A or B"
    assert words.listed(["A", "B", "C", "D"]) == "A, B, C and D"
    assert words.listed(list("ABCDE")) == "A, B, C and 2 more"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "blank"),
        ("", "blank"),
        ("ten", '"ten"'),
        (137.0, "137"),
        (True, "TRUE"),
        (dt.date(2026, 4, 30), "2026-04-30"),
        (dt.datetime(2026, 4, 30, 13, 30), "2026-04-30 13:30"),
        (dt.datetime(2026, 4, 30), "2026-04-30"),
    ],
)
def test_cells(cell: object, text: str):
    assert words.in_words(cell) == text
