"""Single stages by hand, and what holds for the records of all of them."""

from collections.abc import Iterator
from typing import get_args, get_type_hints

import numpy as np
import pytest
from april import april, buy, completed, count, day, line, made
from plant import RECORDED, plant
from support import frame, journal, money, posted

from xlbackflush import schema
from xlbackflush.engine.explosion.product_view import trace_columns
from xlbackflush.engine.period import Period
from xlbackflush.model.arrays import Records


def records(period: Period) -> Iterator[Records]:
    """Every table of arrays that a period makes."""
    for name in ("relief", "stock", "movements", "in_process", "conversion_allowed", "walk", "ledger"):
        yield getattr(period, name)
    yield from (period.bill.items, period.bill.lines, period.unit_costs.rows, period.unit_costs.buildup)
    yield from (period.demand.roots, period.demand.rows, period.explosion.rows)


@pytest.mark.parametrize("rows_at_most", [schema.TRACE_ROWS_MAX, 0], ids=["by product", "by line"])
def test_columns_have_the_type_that_their_record_declares_and_one_length(
    rows_at_most: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(schema, "TRACE_ROWS_MAX", rows_at_most)
    _, result = posted(RECORDED, plant())
    for each in records(result):
        for name, declared in get_type_hints(type(each)).items():
            column, (_, dtype) = getattr(each, name), get_args(declared)
            assert (column.dtype, len(column)) == (np.dtype(get_args(dtype)[0]), len(each)), (
                f"{type(each).__name__}.{name}"
            )


@pytest.mark.parametrize("rows_at_most", [schema.TRACE_ROWS_MAX, 0], ids=["by product", "by line"])
def test_a_row_carries_material_or_conversion(rows_at_most: int, monkeypatch: pytest.MonkeyPatch):
    """What is relieved has a cost and no rate, what is exploded a rate and no cost."""
    monkeypatch.setattr(schema, "TRACE_ROWS_MAX", rows_at_most)
    _, result = posted(RECORDED, plant())
    rows = result.explosion.rows
    assert {rows.relieved.any(), rows.relieved.all()} == {True, False}
    assert not rows.cost[~rows.relieved].any()
    assert not rows.amount[~rows.relieved].any()
    assert not rows.rate[rows.relieved].any()
    assert not rows.conversion[rows.relieved].any()


def test_units_in_process_at_their_shares():
    """By hand. A table takes 4 boards at 5 and 2 h at 15: 6 tables, of which a quarter of the material and a tenth of the
    conversion is in: 6 x 0.25 x 20 = 30 and 6 x 0.1 x 30 = 18. 8 boards in process: 8 x 0.5 x 5 = 20.
    """
    tables = {
        "StandardCost": [made("Table", Labor_hours=2, Labor_rate=15), buy("Board", 5)],
        "BOM": [line("Table", "Board", 4)],
        "WIP": [
            {"Item": "Table", "Quantity": 6, "Material %": 0.25, "Conversion %": 0.1},
            {"Item": "Board", "Quantity": 8, "Material %": 0.5},
        ],
    }
    _, result = posted(april() | {"Period-end WIP": schema.RECORD}, tables)
    assert journal(result)[schema.PERIOD_END_WIP] == {schema.WORK_IN_PROCESS: 68, schema.MIP: -50, schema.COGS: -18}
    rows = result.in_process
    assert (rows.row.tolist(), rows.item.tolist()) == ([7, 8], [0, 1])
    assert (rows.material_cost.tolist(), rows.conversion_cost.tolist()) == ([20, 5], [30, 0])
    assert rows.amount.tolist() == [48, 20]


def test_units_that_came_and_went():
    """By hand. One ring is completed twice and once taken back; what is in process counts as whole units."""
    tables = {
        "StandardCost": [made("Ring", Labor_hours=1, Labor_rate=5), buy("Ore", 2)],
        "BOM": [line("Ring", "Ore", 1)],
        "Purchases": [{"Date": day(5), "Document": "PI-1", "Item": "Ore", "Quantity": 10, "Actual price": 2}],
        "Counts": [*(completed("Ring", units) for units in (1, 1, -1)), count("Sold", "Ring", 2, 12, "S-1")],
        "Scrap": [
            {"Date": day(9), "Document": f"X-{units}", "Stage": stage, "Item": item, "Quantity": units, "Kind": kind}
            for stage, item, units, kind in (
                (schema.COMPONENT, "Ore", 3, schema.NORMAL),
                (schema.FINISHED_UNIT, "Ring", 4, schema.ABNORMAL),
            )
        ],
        "Stock": [{"Item": "Ring", "Opening qty": 6}],
        "WIP": [{"Item": "Ring", "Quantity": 8, "Material %": 0.5, "Conversion %": 0.25}],
    }
    _, result = posted(april(), tables)
    moved = frame(result.movements).set_index("item")
    assert moved.loc[0].drop(["first", "last", "rollup_row"]).to_dict() == {
        "opening": 6,
        "received": 0,
        "completed": 1,
        "sold": 2,
        "scrapped_normal": 0,
        "scrapped_abnormal": 0,
        "units_scrapped_normal": 0,
        "units_scrapped_abnormal": 4,
        "in_process_material": 4,
        "in_process_conversion": 2,
        "completion_counts": 2,
    }
    assert moved.loc[1, ["received", "scrapped_normal"]].tolist() == [10, 3]
    assert np.isnan(moved.loc[1, "completion_counts"])


def test_what_was_carried_over_goes_to_cost_of_goods_sold_where_nothing_at_standard_bears_it():
    """Materials open with 50.00, and there is neither stock nor a sale."""
    opening = {"Role": schema.MIP, "Closing balance": 50}
    _, result = posted(
        april(Variance_disposition=schema.PRORATE), {"StandardCost": [buy("Board", 5)], "Opening": [opening]}
    )
    assert journal(result) == {schema.CLOSE: {schema.MIP: -50, schema.COGS: 50}}
    carried = {share.role: (share.beyond, share.carried, share.posted) for share in result.shares}
    assert carried[schema.MIP] == (50, 0, -50)
    assert carried[schema.COGS] == (0, 50, 50)
    assert money(result.opening[schema.MIP, ""], result.places) == 50


def test_spelling_of_codes_and_of_choices_follows_the_schema_and_standard_cost():
    """Choices are taken in any case; the Trace names a component as its BOM line spells it."""
    tables = plant()
    tables["Counts"][0]["Event"], tables["BOM"][0]["Component"] = "COMPLETED", "ORE"
    _, result = posted(april(), tables)
    columns = trace_columns(result.explosion.rows, result.bill, result.demand)
    assert result.inputs.counts.event.tolist() == ["Completed", "Completed", "Sold"]
    named = zip(columns["Event"], columns["Product"], columns["Component"], columns["Parent"], strict=True)
    assert [row[1:] for row in named if row[0] == schema.COMPLETION] == [
        ("Bar", "Bar", ""), ("Bar", "ORE", "Bar"), ("Ring", "Ring", ""), ("Ring", "Bar", "Ring")
    ]  # fmt: skip
