"""Mistakes in the worked month of widgets, as somebody makes them at a desk: one finding, at its cell, with the right number.

October 2026: 302 rows of counts, 22 of each finished item. The sample has one finding of its own, a note on line BOM!C51.
"""

import datetime as dt
import re

import pytest
from support import Row, run

from xlbackflush import schema
from xlbackflush.model.finding import Finding
from xlbackflush.template.samples import SAMPLES

OWN = "BOM!C51"
Tables = dict[str, list[Row]]


def month() -> tuple[dict[str, object], Tables]:
    sample = SAMPLES["widgets"]()
    return dict(sample.settings), {name: [dict(row) for row in rows] for name, rows in sample.tables.items()}


def rows(tables: Tables, table: str, **cells: object) -> list[int]:
    """Positions of the rows with these cells."""
    wanted = {name.replace("_", " "): value for name, value in cells.items()}
    return [at for at, row in enumerate(tables[table]) if all(row.get(k) == v for k, v in wanted.items())]


def found(settings: dict[str, object], tables: Tables) -> list[Finding]:
    return [each for each in run(settings, tables).findings if each.where != OWN]


def places(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.code, each.where) for each in findings]


def test_the_month_as_it_is_has_no_finding_but_its_own():
    assert found(*month()) == []


def test_two_counts_of_a_day_in_each_others_place_are_one_finding():
    """158 of W-100 and 208 of W-150 were completed on October 2."""
    settings, tables = month()
    first, second = (rows(tables, "Counts", Event="Completed", Item=item)[1] for item in ("W-100", "W-150"))
    assert (tables["Counts"][first]["Quantity"], tables["Counts"][second]["Quantity"]) == (158, 208)
    tables["Counts"][first]["Item"], tables["Counts"][second]["Item"] = "W-150", "W-100"
    (finding,) = found(settings, tables)
    assert (finding.code, finding.where) == ("W45", f"Counts!E{7 + first}")
    assert "158 of W-150 and 208 of W-100 completed on 2026-10-02 look exchanged" in finding.what
    assert finding.fix.endswith(f"exchange this cell and Counts!E{7 + second}.")


def test_a_count_that_was_not_entered_is_told_as_such_with_its_day():
    """150 of W-100 on October 8, the only ones of that day; what parts, sales and stock ask for is within 2 of that."""
    settings, tables = month()
    at = next(
        k
        for k in rows(tables, "Counts", Event="Completed", Item="W-100")
        if tables["Counts"][k]["Date"] == dt.date(2026, 10, 8)
    )
    missing = tables["Counts"].pop(at)
    findings = found(settings, tables)
    (count,) = [each for each in findings if each.code in ("W40", "W90")]
    said = re.match(r"About (\d+) pcs of W-100 more were completed than Counts says", count.what)
    assert said and missing["Quantity"] == 150 == pytest.approx(int(said[1]), abs=2)
    assert "2026-10-08 is the one day without any" in count.what
    # the one other finding is of the row that corrected it
    assert {each.code for each in findings if each is not count} == {"T03"}


def test_a_line_of_a_bill_that_is_not_yet_in_force_is_named_at_its_date():
    """Each of about 5,000 W-150 takes four of P-4410."""
    settings, tables = month()
    (at,) = rows(tables, "BOM", Parent="W-150", Component="P-4410")
    tables["BOM"][at]["Effective from"] = dt.date(2026, 12, 1)
    (finding,) = found(settings, tables)
    assert (finding.code, finding.where) == ("W62", f"BOM!G{7 + at}")
    assert "P-4410 in W-150 is in force from 2026-12-01, on no day of the period." in finding.what


def test_a_made_item_typed_as_bought_is_one_finding_at_its_type():
    settings, tables = month()
    (at,) = rows(tables, "StandardCost", Item="W-100")
    completed = len(rows(tables, "Counts", Item="W-100", Event="Completed"))
    tables["StandardCost"][at]["Type"] = schema.BUY
    (finding,) = found(settings, tables)
    assert (finding.code, finding.where) == ("T05", f"Standard Cost!C{7 + at}")
    assert f"{completed} rows of Counts complete it" in finding.what


def test_a_price_left_blank_says_what_the_receipts_cost_and_explains_the_variances():
    settings, tables = month()
    (at,) = rows(tables, "StandardCost", Item="P-4110")
    tables["StandardCost"][at]["Material price"] = None
    receipts = [row for row in tables["Purchases"] if row["Item"] == "P-4110"]
    spent = sum(float(str(r["Quantity"])) * float(str(r["Actual price"])) for r in receipts)
    (finding,) = found(settings, tables)
    assert (finding.code, finding.where) == ("K01", f"Standard Cost!E{7 + at}")
    assert finding.effect == pytest.approx(spent)
    assert "Its receipts cost about 6.30." in finding.what


def test_an_item_that_took_the_row_of_another_is_one_finding():
    settings, tables = month()
    (at,) = rows(tables, "StandardCost", Item="P-4120")
    tables["StandardCost"][at]["Item"] = "P-4110"
    (finding,) = found(settings, tables)
    assert (finding.code, finding.where) == ("I01", f"Standard Cost!A{7 + at}")
    assert "P-4120, which other sheets use, is not listed" in finding.what


def test_hours_of_what_a_bill_multiplies_are_not_blamed_for_it():
    """Ten wiring harnesses in each W-100: their parts say so, and their hours are right."""
    settings, tables = month()
    (at,) = rows(tables, "BOM", Parent="W-100", Component="PH-420")
    tables["BOM"][at]["Qty per"] = 10
    assert places(found(settings, tables)) == [("W60", f"BOM!C{7 + at}")]


def test_a_receipt_of_nothing_is_named_and_no_other_row():
    """5,000 of P-4130 are received as 0."""
    settings, tables = month()
    at = next(k for k in rows(tables, "Purchases", Item="P-4130") if tables["Purchases"][k]["Quantity"] == 5000)
    tables["Purchases"][at]["Quantity"] = 0
    (finding,) = found(settings, tables)
    assert (finding.code, finding.severity, finding.where) == ("W55", schema.WARNING, f"Purchases!D{7 + at}")
    assert "The counts ask for about 5,000 pcs." in finding.what
