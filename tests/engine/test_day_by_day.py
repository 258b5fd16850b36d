"""The shelf day by day tells which of two rows alike is meant.

A lamp is made of one bulb. 30 lamps are there, 22 are sold on April 3, 300 are completed on April 9, 22 are sold on April 20.
86 are counted, and the book says 286: one of the two sales was 222.
"""

import pytest
from april import april, buy, day, line, made
from support import Row, run

from xlbackflush.engine.measures import own_rows as own
from xlbackflush.engine.measures.day_by_day import DayByDay
from xlbackflush.engine.period import Period
from xlbackflush.model.finding import Finding

SALES_FIRST, SALES_SECOND = "Counts!E7", "Counts!E9"


def lamps(first_sale: int = 3, second_sale: int = 20, bulbs_on: int = 1) -> dict[str, list[Row]]:
    """Everything in the order of the sheet: the sale of 22, the completion, the other sale of 22."""
    rows = (("Sold", 22, first_sale), ("Completed", 300, 9), ("Sold", 22, second_sale))
    return {
        "StandardCost": [made("Lamp", Labor_hours=0.5, Labor_rate=20), buy("Bulb", 3)],
        "BOM": [line("Lamp", "Bulb", 1)],
        "Counts": [
            {"Date": day(on), "Document": f"D-{at}", "Event": event, "Item": "Lamp", "Quantity": units}
            for at, (event, units, on) in enumerate(rows)
        ],
        "Purchases": [{"Date": day(bulbs_on), "Document": "PO-1", "Item": "Bulb", "Quantity": 320, "Actual price": 3}],
        "Actuals": [{"Date": day(30), "Document": "PR-1", "Cost type": "Labor", "Hours": 150, "Amount": 3000}],
        "Stock": [
            {"Item": "Lamp", "Opening qty": 30, "Counted qty": 86},
            {"Item": "Bulb", "Opening qty": 0, "Counted qty": 20},
        ],
        "WIP": [],
        "Scrap": [],
    }


def period(tables: dict[str, list[Row]]) -> Period:
    return run(april(), tables).period


def odd_counts(tables: dict[str, list[Row]]) -> list[Finding]:
    return [finding for finding in run(april(), tables).findings if finding.code == "W40"]


def test_a_sale_of_more_than_there_was_is_not_meant() -> None:
    """222 on April 3, of 30 that were there, cannot be; on April 20, of 308, they can."""
    assert [finding.where for finding in odd_counts(lamps())] == [SALES_SECOND]


def test_the_first_is_meant_where_both_can_be() -> None:
    """Nothing tells the two apart where both were sold after the completion."""
    assert [finding.where for finding in odd_counts(lamps(first_sale=12))] == [SALES_FIRST]


def test_levels_of_each_day() -> None:
    """Lamps: 30, 8, 308, 286. With 200 more sold on April 3 they would fall to 192 below zero; on April 20 to 86."""
    of = period(lamps())
    codes = of.bill.items.code.tolist()
    lamp = codes.index("Lamp")
    days = DayByDay(of.levers, of.unit_balance.units, [lamp])
    lever = of.levers.lever((own.SALE, lamp, -1))
    assert lever is not None
    early, late = (days.gain(lever, -200, at) for at in (0, 2))
    assert early < -1
    assert late == pytest.approx(0)


def test_days_say_nothing_where_they_are_not_recorded_exactly() -> None:
    """The bulbs come, by the books, after they were used: then a lamp may just as well have been sold before it was made."""
    of = period(lamps(bulbs_on=28))
    lamp = of.bill.items.code.tolist().index("Lamp")
    lever = of.levers.lever((own.SALE, lamp, -1))
    assert lever is not None
    assert DayByDay(of.levers, of.unit_balance.units, [lamp]).gain(lever, -200, 0) == 0
