"""A period with one cell changed is the period of the changed tables, whatever it takes along from the one before."""

import numpy as np
import pytest
from april import april
from plant import RECORDED, plant
from support import Row, posted

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.record.record import Record
from xlbackflush.model.arrays import Records
from xlbackflush.model.journal import Run

MEASURES = ("shares", "ties", "checks", "materiality", "control_totals", "comparison", "fit", "dashboard")
STAGES = ("relief", "stock", "movements", "in_process", "counted", "opening", "flushed", "entries", "ledger", *MEASURES)


def everything(period: Period) -> dict[str, object]:
    """Every stage by name, arrays as lists."""
    stages = {name: getattr(period, name) for name in STAGES}
    stages |= {"unit_costs": period.unit_costs.rows, "buildup": period.unit_costs.buildup}
    stages |= {"explosion": period.explosion.rows, "items": period.bill.items, "lines": period.bill.lines}
    stages["variances"] = [row._replace(words=row.explanation) for row in period.variances]
    return {name: plain(stage) for name, stage in stages.items()}


def plain(stage: object) -> object:
    if isinstance(stage, Records):
        return {name: column.tolist() for name, column in vars(stage).items()}
    return stage


@pytest.mark.parametrize("settings", [RECORDED, april(Trigger_points=schema.S)], ids=["recorded", "sale"])
def test_every_number_of_a_small_plant(settings: dict[str, object]):
    tables = plant()
    _, before = posted(settings, tables)
    everything(before)
    changed = 0
    for table, rows in tables.items():
        for index, row in enumerate(rows):
            for column, value in row.items():
                if isinstance(value, int | float):
                    other: list[Row] = [r | {column: value * 0.75} if r is row else r for r in rows]
                    _, fresh = posted(settings, tables | {table: other})
                    mine, theirs = everything(before.with_cell(table, column, index, value * 0.75)), everything(fresh)
                    np.testing.assert_equal(mine, theirs, f"{table} {column} {index}")
                    changed += 1
    assert changed == 24


@pytest.mark.parametrize(
    ("table", "column", "kept"),
    [
        ("StandardCost", "Material price", "walk"), ("BOM", "Qty per", "demand"), ("Counts", "Quantity", "in_process"),
        ("Scrap", "Quantity", "in_process"), ("Scrap", "Salvage value", "stock"), ("Purchases", "Quantity", "in_process"),
        ("Purchases", "Actual price", "explosion"), ("Actuals", "Amount", "stock"), ("Stock", "Counted qty", "explosion"),
        ("WIP", "Quantity", "stock"),
    ],
)  # fmt: skip
def test_what_a_cell_does_not_move_is_not_worked_out_again(table: str, column: str, kept: str):
    _, before = posted(RECORDED, plant())
    everything(before)
    assert getattr(before.with_cell(table, column, 0, 1.0), kept) is getattr(before, kept)


def test_what_is_on_the_books_stays_on_them():
    _, before = posted(RECORDED, plant())
    record = Record([Run("R0001", "Posted", "", "", "", "", 0, 0, 0)])
    again = before.with_record(record)
    assert again.record is record
    assert again.bill is before.bill
    assert again.with_cell("Counts", "Quantity", 0, 1.0).record is record
