"""Columns and settings that were renamed or deleted are never read as blank in silence, and own columns are left in peace.

The world is that of `test_findings`; every optional column of every input table is called by other names.
"""

from __future__ import annotations

import re

import pytest
from support import compute
from test_findings import Sources, call, clean, current, own_column, setting_row, without

from xlbackflush import schema
from xlbackflush.engine.inputs.headers import alike
from xlbackflush.model.finding import Finding

OPTIONAL = [
    (table.name, column.name)
    for table in schema.INPUT_TABLES
    for column in table.columns
    if not column.required and column.name != "Value"
]
#: what each word is called, too
OTHER_WORDS = {
    "Labor": "Labour", "qty": "quantity", "Qty": "Quantity", "rate": "rates", "hours": "hrs", "Hours": "Hrs", "%": "pct",
    "amount": "amt", "Material": "Materials", "price": "Prices", "Description": "Desc", "Note": "Notes", "UoM": "UOM",
}  # fmt: skip


def other_names(name: str) -> set[str]:
    """Other spellings of a header, and parts of it."""
    words = name.split()
    spelled = re.sub(r"[\w%]+", lambda match: OTHER_WORDS.get(match[0], match[0]), name)
    names = {
        name.upper(), name.lower(), f"{name} ", f" {name}", name.replace(" ", "_"), name.replace(" ", ""), f"{name}.", spelled,
        f"{name} (units)" if len(words) == 1 else name.replace(" ", "-"), name[:-1] if len(name) > 5 else f"{name}s", f"{name}2",
    }  # fmt: skip
    names |= {words[0], words[-1]} if len(words) > 1 and words[-1] != "%" else set()
    return {other for other in names if other != name and other not in schema.TABLES["BOM"].names}


def headers(read: Sources) -> list[Finding]:
    """The findings about headers and settings."""
    findings = compute(read).findings
    return [f for f in findings if f.code in ("C11", "C12", "C13", "C14", "S03", "S05", "S10", "S11", "S12")]


@pytest.mark.parametrize(("table", "column"), OPTIONAL, ids=[f"{t}-{c}" for t, c in OPTIONAL])
def test_a_column_under_another_name_stops_the_run(table: str, column: str) -> None:
    for name in other_names(column):
        read = clean()
        current(read)
        call(table, column, name)(read)
        (finding,) = headers(read)
        source = read[table]
        assert (finding.code, finding.severity) == ("C11", schema.ERROR), (name, finding)
        assert finding.where == f"{source.sheet}!{source.letters[name]}6"
        assert f'"{name}"' in finding.what
        assert column in finding.what
        assert finding.fix.startswith(f"Call it {column} again")


NUMBERS = [(t, c) for t, c in OPTIONAL if schema.TABLES[t].column(c).kind in schema.NUMERIC]


@pytest.mark.parametrize(("table", "column"), NUMBERS, ids=[f"{t}-{c}" for t, c in NUMBERS])
@pytest.mark.parametrize("name", ["Wage", "Foo", "1", "Größe", "列"])
def test_numbers_that_stand_where_a_column_is_missing_stop_the_run(table: str, column: str, name: str) -> None:
    read = clean()
    current(read)
    source = read[table]
    if not source.rows:
        source.rows, source.row_numbers = [[""] * len(source.columns)], [7]
    source.rows[0][source.columns.index(column)] = 2.0
    call(table, column, name)(read)
    (finding,) = headers(read)
    assert (finding.code, finding.where) == ("C11", f"{source.sheet}!{source.letters[name]}6")


@pytest.mark.parametrize(
    ("table", "column", "name"),
    [("Counts", "Note", "Remark"), ("StandardCost", "UoM", "Each"), ("Scrap", "Reason", "Why")],
)
def test_a_text_that_stands_where_a_column_is_missing_is_named(table: str, column: str, name: str) -> None:
    read = clean()
    current(read)
    call(table, column, name)(read)
    (finding,) = headers(read)
    assert (finding.code, finding.where) == ("C12", f"{read[table].sheet}!{read[table].letters[name]}6")
    assert finding.what.endswith(
        f'no column {column}; it is taken as blank. Column "{name}", which stands in its place, is not read.'
    )


@pytest.mark.parametrize(("table", "column"), OPTIONAL, ids=[f"{t}-{c}" for t, c in OPTIONAL])
def test_a_column_that_is_gone_is_a_warning_where_the_version_had_it(table: str, column: str) -> None:
    read = clean()
    without(table, column)(read)
    assert headers(read) == []
    current(read)
    (finding,) = headers(read)
    assert (finding.code, finding.severity) == ("C12", schema.WARNING)
    assert finding.what == f"Table {table} has no column {column}; it is taken as blank."


def test_a_column_of_a_later_version_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    read = clean()
    current(read)
    without("BOM", "Scrap %")(read)
    own_column("BOM", "Scrap")(read)
    monkeypatch.setitem(vars(schema.TABLES["BOM"].column("Scrap %")), "since", schema.SCHEMA_VERSION + 1)
    assert headers(read) == []


OWN = [
    "Vendor",
    "Checked by",
    "Pallets",
    "Shift",
    "Bin",
    "Loaded",
    "Order",
    "Lot",
    "Batch no",
    "Warehouse",
    "Cost center",
    "x",
    "1",
]


@pytest.mark.parametrize("table", [table.name for table in schema.INPUT_TABLES])
def test_columns_of_ones_own_are_no_finding(table: str) -> None:
    read = clean()
    current(read)
    for name in OWN:
        own_column(table, name)(read)
    assert headers(read) == []


CLOSE = [
    ("Counts", "Quantity2", "Quantity"), ("Counts", "quantity", "Quantity"), ("Counts", "Qty", "Quantity"),
    ("Purchases", "Items", "Item"), ("BOM", "Scrap%", "Scrap %"), ("BOM", "Qty_per", "Qty per"),
    ("StandardCost", "Labour rate", "Labor rate"), ("Actuals", "Amount ", "Amount"), ("Stock", "Opening Quantity", "Opening qty"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "name", "near"), CLOSE)
def test_a_column_of_ones_own_that_can_be_taken_for_another_is_a_warning(table: str, name: str, near: str) -> None:
    assert alike(name, near)
    read = clean()
    current(read)
    own_column(table, name)(read)
    (finding,) = headers(read)
    assert (finding.code, finding.severity) == ("C13", schema.WARNING)
    assert finding.what == f'"{name}" is not read; a column of table {table} is called {near}.'


def test_a_column_of_ones_own_can_stand_where_one_was_deleted() -> None:
    """Added again, by upgrade, at the right end, the missing one is there, and the own one nobody's."""
    read = clean()
    current(read)
    call("StandardCost", "Labor rate", "Wage")(read)
    own_column("StandardCost", "Labor rate")(read)
    assert headers(read) == []


def test_two_columns_that_changed_their_names_are_told_apart() -> None:
    read = clean()
    current(read)
    call("StandardCost", "Labor rate", "Rate of labour")(read)
    call("StandardCost", "Labor hours", "Hours of labour")(read)
    assert {f.where: f.fix.split(" again")[0] for f in headers(read)} == {
        "Standard Cost!F6": "Call it Labor hours", "Standard Cost!G6": "Call it Labor rate",
    }  # fmt: skip


SETTINGS = [setting.name for setting in schema.SETTINGS if setting.default is not None or not setting.required]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_under_another_name_stops_the_run(name: str) -> None:
    for other in {*other_names(name), "Policy"} - {setting.name for setting in schema.SETTINGS}:
        if other.strip() == name:
            continue  # spaces around the name of a setting do not matter
        read = clean()
        current(read)
        row = read["Setup"].rows[setting_row(name) - 7]
        row[0], row[1] = other, row[1] or 5.0
        (finding,) = headers(read)
        assert (finding.code, finding.where) == ("S10", f"Setup!A{setting_row(name)}"), other
        assert finding.fix == f"Call it {name} again, or delete the row."


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_gone_is_a_warning_where_the_version_had_it(name: str) -> None:
    for version, code in ((1, "S05"), (schema.SCHEMA_VERSION, "S11")):
        read = clean()
        current(read)
        read["Setup"].version = version
        del read["Setup"].rows[setting_row(name) - 7], read["Setup"].row_numbers[setting_row(name) - 7]
        assert [finding.code for finding in headers(read)] == [code]
