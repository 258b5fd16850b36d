"""What a user has made of a table: another size leaves it as it is, and rows pass its filter as they do in Excel."""

import pytest

from xlbackflush.ooxml.table_part import is_changed, passes, resized, total_rows

PLAIN = '<table ref="A6:C18"><autoFilter ref="A6:C18"/><tableStyleInfo name="Ours"/></table>'
TOTALS = (
    '<table ref="A6:C19" totalsRowCount="1"><autoFilter ref="A6:C18"/><sortState ref="A7:C18"><sortCondition ref="B7:B18"/>'
    '</sortState><tableStyleInfo name="Ours"/></table>'
)


def test_totals_and_another_style_are_the_users() -> None:
    assert [is_changed(xml, "Ours") for xml in (PLAIN, TOTALS, PLAIN.replace("Ours", "Theirs"))] == [False, True, True]
    assert (total_rows(PLAIN), total_rows(TOTALS)) == (0, 1)


def test_every_range_of_the_part_gets_its_new_size() -> None:
    assert resized(TOTALS, 18, 20) == TOTALS.replace(":C19", ":C21").replace("18", "20")


def filtered(criteria: str) -> str:
    return f'<table><autoFilter ref="A6:B9"><filterColumn colId="1">{criteria}</filterColumn></autoFilter></table>'


LISTED = '<filters blank="1"><filter val="Sale"/><filter val="1,234.50"/><filter val="(7.00)"/></filters>'
BETWEEN = (
    '<customFilters and="1"><customFilter operator="greaterThan" val="5"/><customFilter operator="lessThanOrEqual" val="9"/>'
    "</customFilters>"
)
LIKE = '<customFilters><customFilter val="Mat*"/><customFilter operator="notEqual" val="x?z"/></customFilters>'


@pytest.mark.parametrize(
    ("criteria", "shown", "hidden"),
    [
        (LISTED, ["Sale", "sale", None, "", 1234.5, 1234.501, -7.0], ["Sales", 1234.6, 7.0, "0"]),
        (BETWEEN, [5.01, 9.0], [5.0, 9.01, "7", None]),
        (LIKE, ["Material", "mat", "abc", None], ["xyz"]),
        ('<customFilters><customFilter operator="notEqual" val=" "/></customFilters>', ["a", 1.0], []),
    ],
)
def test_rows_pass_a_filter_as_in_excel(criteria: str, shown: list[object], hidden: list[object]) -> None:
    test = passes(filtered(criteria))
    assert test
    assert [value for value in shown if not test({1: value})] == []
    assert [value for value in hidden if test({1: value})] == []


@pytest.mark.parametrize(
    "criteria", ['<top10 val="3"/>', '<colorFilter dxfId="1"/>', '<filters><dateGroupItem year="2026"/></filters>']
)
def test_criteria_of_other_kinds_are_not_guessed(criteria: str) -> None:
    assert passes(filtered(criteria)) is None
