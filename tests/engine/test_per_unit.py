"""Units of measure, and bills and standards as ERPs have them, worked by hand.

A cabinet takes 250 g of paint, at 400 per 100 kg and 5 % material overhead, and 2 boxes of 50 screws per 10 cabinets, at 3 per
100 screws. It takes half an hour, a setup of 4 hours for each lot of 40, and a quarter of a machine hour:

    paint 0.25 x 4 = 1.00, screws 10 x 0.03 = 0.30; labor 0.6 x 20 = 12; overhead 0.25 x 8 = 2 and 0.25 x 12 = 3;
    other 0.65, material overhead 0.05                                                        together 19.00
"""

import subprocess
import sys

import numpy as np
import pytest
from april import april, day
from support import Row, ledger, posted, run

from xlbackflush.engine.standards.units import Converter, unit
from xlbackflush.model.inputs import Units

CABINET: Row = {
    "Item": "CAB", "Type": "Finished", "UoM": "each", "Labor hours": 0.5, "Labor rate": 20, "Machine hours": 0.25,
    "Variable overhead rate": 8, "Fixed overhead rate": 12, "Setup hours": 4, "Lot size": 40, "Other conversion": 0.65,
}  # fmt: skip
TABLES: dict[str, list[Row]] = {
    "StandardCost": [
        CABINET,
        {"Item": "PAINT", "Type": "Buy", "UoM": "KG", "Material price": 400, "Price per": 100, "Material overhead %": 0.05},
        {"Item": "SCREW", "Type": "Buy", "UoM": "pcs", "Material price": 3, "Price per": 100},
    ],
    "BOM": [
        {"Parent": "CAB", "Component": "PAINT", "Qty per": 250, "UoM": "g"},
        {"Parent": "CAB", "Component": "SCREW", "Qty per": 2, "Per": 10, "UoM": "box"},
    ],
    "Units": [{"From": "Box", "To": "each", "Factor": 50}],
    "Counts": [
        {"Date": day(9), "Document": "PC-1", "Event": "Completed", "Item": "CAB", "Quantity": 100},
        {"Date": day(20), "Document": "SH-1", "Event": "Sold", "Item": "CAB", "Quantity": 60},
    ],
    "Purchases": [
        {
            "Date": day(2), "Document": "PO-1", "Item": "PAINT", "Quantity": 30_000, "UoM": "gr", "Actual price": 4.2,
            "Price per": 1000, "Other cost": 9, "Vendor": "Color Works",
        },
        {
            "Date": day(3), "Document": "PO-2", "Item": "SCREW", "Quantity": 24, "UoM": "box", "Actual price": 1.45,
            "Vendor": "Bolts Ltd",
        },
    ],
    "Actuals": [
        {"Date": day(30), "Document": "A-1", "Cost type": "Labor", "Hours": 62, "Amount": 1_300},
        {"Date": day(30), "Document": "A-2", "Cost type": "Variable overhead", "Amount": 190},
        {"Date": day(30), "Document": "A-3", "Cost type": "Fixed overhead", "Amount": 310},
        {"Date": day(30), "Document": "A-4", "Cost type": "Conversion", "Amount": 80},
    ],
}  # fmt: skip


def with_rows(**tables: list[Row]) -> dict[str, list[Row]]:
    return TABLES | tables


def test_the_unit_cost_by_element() -> None:
    rows = posted(april(), TABLES)[1].unit_costs.rows
    cabinet = {name: float(column[0]) for name, column in rows.elements.items()}
    assert cabinet == pytest.approx(
        {"Material": 1.3, "Labor": 12, "Variable overhead": 2, "Fixed overhead": 3, "Other conversion": 0.7}
    )
    assert rows.unit_cost.tolist() == pytest.approx([19, 4, 0.03])  # stock of paint carries no overhead


def test_the_books() -> None:
    """Received 156 at standard and 169.80 payable; 100 completed at 19; 60 sold; conversion 110 under-allocated."""
    result = posted(april(), TABLES)[1]
    assert {role: float(amount) for role, amount in ledger(result).items()} == {
        "Materials and in-process": 156 - 130,
        "Finished goods": 40 * 19,
        "Accounts payable": -169.8,
        "Various accounts": -1_880,
        "Cost of goods sold": 60 * 19 + 110 + 13.8,
    }


def test_the_variances() -> None:
    """60 hours are allowed, 62 paid at 20. Overhead goes by machine hours, so hours of labor do not split it."""
    result = posted(april(), TABLES)[1]
    assert {(v.name, v.subject): (v.amount / 100, v.side) for v in result.variances} == {
        ("Material price", "PAINT"): (6, "U"),
        ("Material price", "SCREW"): (-1.2, "F"),
        ("Material price", "Other cost of receipts"): (9, "U"),
        ("Conversion allocation", "All conversion"): (110, "U"),
        ("Labor rate", ""): (60, "U"),
        ("Labor efficiency", ""): (40, "U"),
        ("Variable overhead spending", "Variable overhead spending and efficiency"): (-10, "F"),
        ("Fixed overhead spending", ""): (10, "U"),
        ("Other conversion", ""): (10, "U"),
    }


def test_the_price_variance_by_vendor() -> None:
    """Of Color Works 126 + 9 for 120, of Bolts Ltd 34.80 for 36; nothing where no vendor is named."""
    vendors = posted(april(), TABLES)[1].vendors
    assert list(zip(vendors.vendor, vendors.amount.tolist(), strict=True)) == [
        ("Color Works", 1_500),
        ("Bolts Ltd", -120),
    ]
    unnamed = [{k: v for k, v in row.items() if k != "Vendor"} for row in TABLES["Purchases"]]
    assert len(posted(april(), with_rows(Purchases=unnamed))[1].vendors) == 0


def test_a_component_thrown_out_costs_its_price() -> None:
    """10 kg at 4: material overhead is allocated to the products that use the paint."""
    scrap = {
        "Date": day(9),
        "Document": "S-1",
        "Item": "PAINT",
        "Quantity": 10,
        "Stage": "Component",
        "Kind": "Abnormal",
    }
    result = posted(april(), with_rows(Scrap=[scrap]))[1]
    assert float(ledger(result)["Abnormal scrap loss"]) == 40


def test_lines_of_another_bill_are_not_used_and_ask_for_nothing() -> None:
    """The second bill has a unit that nothing converts, and the same component twice over."""
    lines = [row | {"Alternative": "new"} for row in TABLES["BOM"]]
    lines += [{"Parent": "CAB", "Component": "PAINT", "Qty per": 9, "UoM": "l", "Alternative": "old"}] * 2
    tables = with_rows(BOM=lines, StandardCost=[CABINET | {"Bill": "NEW"}, *TABLES["StandardCost"][1:]])
    assert posted(april(), tables)[1].unit_costs.rows.unit_cost[0] == pytest.approx(19)


def test_a_unit_without_a_conversion_says_which_row_to_add() -> None:
    lines = [TABLES["BOM"][0] | {"UoM": "l"}, TABLES["BOM"][1]]
    (finding,) = [f for f in run(april(), with_rows(BOM=lines)).findings if f.severity == "Error"]
    assert (finding.code, finding.where) == ("B06", "BOM!D7")
    assert finding.what == "PAINT is in l here, and in KG on Standard Cost; nothing says how many KG are in 1 l."
    assert finding.fix == "Add a row to sheet Units: Item PAINT, From l, To KG, Factor; or enter the row in KG."


def test_a_bill_that_there_is_not_names_those_that_there_are() -> None:
    lines = [row | {"Alternative": text} for row, text in zip(TABLES["BOM"], "AB", strict=True)]
    for bill, what in (
        ("C", "Bill of CAB is C; on BOM it has A and B."),
        (None, "CAB has the bills A and B on BOM, and Bill names none."),
    ):
        costs = [CABINET | {"Bill": bill}, *TABLES["StandardCost"][1:]]
        (finding,) = [
            f for f in run(april(), with_rows(BOM=lines, StandardCost=costs)).findings if f.severity == "Error"
        ]
        assert (finding.where, finding.what) == ("Standard Cost!R7", what)


# ------------------------------------------------------------------------------------------------- units


def units(*rows: tuple[str, str, str, float]) -> Units:
    item, one, other, factor = zip(*rows, strict=True) if rows else ((), (), (), ())
    columns = [np.array(column, dtype=object) for column in (item, one, other)]
    number = np.arange(7, 7 + len(rows))
    return Units(number, *columns, np.array(factor, dtype=np.float64), np.array([""] * len(rows), dtype=object))


PACKING = (("", "box", "each", 12), ("", "case", "box", 4), ("S", "case", "box", 2), ("D", "kg", "drum", 0.04))


@pytest.mark.parametrize(
    ("item", "one", "other", "factor"),
    [
        ("A", "box", "pcs", 12),
        ("A", "EA", "Boxes", None),  # Boxes is a unit of its own
        ("A", "each", "BOX", 1 / 12),
        ("A", "case", "each", 48),
        ("S", "case", "each", 24),  # its own row goes before that for every item
        ("D", "drum", "kg", 25),
        ("D", "drum", "lb", 25 / 0.45359237),  # the last step is a physical one
        ("D", "g", "drum", 0.00004),
        ("A", "drum", "kg", None),
        ("A", "lbs", "kg", 0.45359237),
        ("A", "in", "m", 0.0254),
        ("A", "Ltr.", "ml", 1000),
        ("A", "m²", "sq ft", 1 / 0.09290304),
        ("A", "kg", "l", None),
    ],
)
def test_conversions(item: str, one: str, other: str, factor: float | None) -> None:
    from xlbackflush.engine.standards.units import product

    steps = Converter(units(*PACKING)).steps(item, one, other)
    assert (None if steps is None else product(steps)) == (None if factor is None else pytest.approx(factor, rel=1e-15))


def test_spellings_of_one_unit() -> None:
    assert len({unit(text) for text in ("kg", "KG", "Kgs", "kilogram")}) == 1
    assert len({unit(text) for text in ("ea", "EA", "each", "pc", "pcs", "Stk", "Stk.")}) == 1
    assert unit("g") != unit("kg") != unit("m") != unit("l")


def test_rows_that_disagree() -> None:
    """1 case = 4 x 12 = 48 each, and a third row says 50; what an item has for itself disagrees with nothing."""
    rows = (("", "box", "each", 12), ("", "case", "box", 4), ("", "case", "each", 50), ("S", "case", "each", 60))
    (only,) = Converter(units(*rows)).disagreements
    assert (only.at, only.stated, only.implied) == (2, 50, 48)


@pytest.mark.parametrize(("uom", "loads"), [("KGS", False), ("g", True)])
def test_the_library_of_units_is_loaded_where_a_physical_unit_differs(uom: str, loads: bool) -> None:
    code = (
        "import sys; sys.path[:0] = ['tests/support', 'tests/engine', 'tests/oracles', 'tests/doubles']\n"
        "from test_per_unit import TABLES, april, posted, with_rows\n"
        f"lines = [TABLES['BOM'][0] | {{'Qty per': 0.25, 'UoM': '{uom}'}}, TABLES['BOM'][1]]\n"
        "before = 'pint' in sys.modules\n"
        "posted(april(), with_rows(BOM=lines, Purchases=[]))\n"
        "print(before, 'pint' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", str(loads)]
