"""References in formulas follow the rows of a table that grows or shrinks, as where Excel inserts and deletes them."""

import pytest

from xlbackflush.ooxml.references import Resized, copied

#: a table in columns A to K with a body in rows 7 to 18, a row of totals, and then rows 7 to 20; what is below moves along
GROWN = Resized("Ledger", 1, 11, top=7, last=18, end=19, last_now=20, down=2)


@pytest.mark.parametrize(
    ("formula", "followed"),
    [
        ("SUM(G7:G18)", "SUM(G7:G20)"),
        ("SUM(G$6:G$18)", "SUM(G$6:G$20)"),
        ("SUM($G7:$G17)+G18", "SUM($G7:$G17)+G18"),
        ("G19*2+G20+G25", "G21*2+G22+G27"),
        ("SUM(G7:G22)", "SUM(G7:G24)"),
        ("SUM(L7:L18)+L25", "SUM(L7:L18)+L25"),  # beside the table nothing moves
        ("Ledger!G25+'Ledger'!$G$25+Other!G25", "Ledger!G27+'Ledger'!$G$27+Other!G25"),
        ('"G25"&Ledger[[#Totals],[G25]]&LOG10(G25)', '"G25"&Ledger[[#Totals],[G25]]&LOG10(G27)'),
        ("G25(1)+XG25A+_G25", "G25(1)+XG25A+_G25"),
    ],
)
def test_a_formula_on_the_sheet_names_the_same_cells(formula: str, followed: str) -> None:
    assert GROWN.reworded(formula, "Ledger") == followed


def test_a_formula_elsewhere_follows_what_has_moved_and_adds_up_what_it_did() -> None:
    assert GROWN.reworded_elsewhere("SUM(Ledger!G7:G18)+Ledger!G25+G25") == "SUM(Ledger!G7:G18)+Ledger!G27+G25"


def test_a_copied_formula_moves_what_is_not_fixed() -> None:
    assert copied('G7/SUM(G$7:G$18)+$A7&"G7"', 3) == 'G10/SUM(G$7:G$18)+$A10&"G7"'
