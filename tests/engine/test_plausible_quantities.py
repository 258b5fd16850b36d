"""Quantities and bills that cannot well be right: one mistake in a small plant, named in its cell and in words.

The plant: 40 chairs and 20 tables a batch, of legs, seats, boards and screws; every item is counted, and book and count agree.
Sheets begin in row 7.
"""

import copy
import math

import numpy as np
import pytest
from april import april, buy, day, line, made
from clean_worlds import clean_world
from support import Row, run, sources

from xlbackflush import schema
from xlbackflush.engine.measures import slips
from xlbackflush.engine.measures.likely_mistakes import FREE
from xlbackflush.engine.period import Period
from xlbackflush.lifecycle.calculate import calculate
from xlbackflush.model.finding import Finding

Tables = dict[str, list[Row]]

BATCHES = (40, 44, 38, 41, 37, 42)  # of chairs, 242 together; tables are half as many
CODES = {f"W{number}" for number in range(40, 80)}


def count(event: str, item: str, quantity: float, on: int, document: str) -> Row:
    return {"Date": day(on), "Document": document, "Event": event, "Item": item, "Quantity": quantity}


def receipt(item: str, quantity: float, on: int, document: str, price: float) -> Row:
    return {"Date": day(on), "Document": document, "Item": item, "Quantity": quantity, "Actual price": price}


def plant() -> Tables:
    """Every quantity follows from the batches: 242 chairs take 968 legs and 242 seats, 121 tables 484 legs and 121 boards."""
    counts: list[Row] = []
    for at, batch in enumerate(BATCHES):
        on = 2 + 4 * at
        counts.append(count("Completed", "Chair", batch, on, f"PC-{101 + at}"))
        counts.append(count("Completed", "Table", batch / 2, on, f"PC-{201 + at}"))
        counts.append(count("Sold", "Chair", batch - 2, on + 1, f"SH-{301 + at}"))
        counts.append(count("Sold", "Table", batch / 2 - 1, on + 1, f"SH-{401 + at}"))
    return {
        "StandardCost": [
            made("Chair", Labor_hours=0.5, Labor_rate=20),
            made("Table", Labor_hours=1, Labor_rate=20),
            buy("Leg", 3),
            buy("Seat", 11),
            buy("Board", 40),
            buy("Screw", 0.05),
        ],
        "BOM": [
            line("Chair", "Leg", 4),
            line("Chair", "Seat", 1),
            line("Table", "Leg", 4),
            line("Table", "Board", 1),
            line("Chair", "Screw", 12),
            line("Table", "Screw", 16),
        ],
        "Counts": counts,
        "Purchases": [
            *(receipt("Leg", 300, 1 + 5 * at, f"PO-{11 + at}", 3.02) for at in range(5)),
            *(receipt("Seat", 60, 1 + 5 * at, f"PO-{21 + at}", 10.9) for at in range(5)),
            receipt("Board", 150, 3, "PO-31", 40.5),
            receipt("Screw", 6000, 4, "PO-41", 0.05),
        ],
        "Scrap": [
            {"Date": day(9), "Document": "SC-1", "Item": "Leg", "Quantity": 6, "Stage": "Component", "Kind": "Normal"},
        ],
        "Actuals": [{"Date": day(30), "Document": "PR-1", "Cost type": "Labor", "Hours": 242, "Amount": 4840}],
        "Stock": [
            {"Item": "Chair", "Opening qty": 30, "Counted qty": 42},  # 30 + 242 - 230
            {"Item": "Table", "Opening qty": 10, "Counted qty": 16},  # 10 + 121 - 115
            {"Item": "Leg", "Opening qty": 200, "Counted qty": 242},  # 200 + 1,500 - 968 - 484 - 6
            {"Item": "Seat", "Opening qty": 25, "Counted qty": 83},  # 25 + 300 - 242
            {"Item": "Board", "Opening qty": 5, "Counted qty": 34},  # 5 + 150 - 121
            {"Item": "Screw", "Opening qty": 900, "Counted qty": 2060},  # 900 + 6,000 - 2,904 - 1,936
        ],
        "WIP": [],
    }


def findings(tables: Tables, **settings: object) -> list[Finding]:
    """What the rules of quantities and bills find."""
    return [finding for finding in run(april(**settings), tables).findings if finding.code in CODES]


def only(tables: Tables) -> Finding:
    (finding,) = findings(tables)
    return finding


def row_of(tables: Tables, table: str, **cells: object) -> int:
    """Position of the first row with these cells."""
    wanted = {name.replace("_", " "): value for name, value in cells.items()}
    return next(at for at, row in enumerate(tables[table]) if all(row.get(k) == v for k, v in wanted.items()))


def test_a_plant_in_which_book_and_count_agree_is_quiet():
    assert findings(plant()) == []


# ------------------------------------------------------------------------------------------------ quantities


def test_a_count_with_a_digit_typed_twice_is_named_by_what_its_parts_say():
    """44 chairs are typed as 444: 400 too many, so 1,600 legs, 400 seats and 4,800 screws."""
    tables = plant()
    tables["Counts"][4]["Quantity"] = 444
    finding = only(tables)
    assert (finding.code, finding.where) == ("W40", "Counts!E11")
    assert finding.what.startswith("444 pcs of Chair completed: it looks like 44 pcs with a digit typed twice. ")
    assert "With 44 pcs, the book stock of Chair is 42 pcs (42 pcs counted); as it stands it is 442 pcs" in finding.what
    assert "3 more items say the same. The other 5 rows of the item are about 40 pcs each." in finding.what
    assert finding.fix == "Check document PC-102 of 2026-04-06; if it says 44 pcs, type 44 in Counts!E11."
    # a chair costs 4 x 3 + 11 + 12 x 0.05 of material and 10 of labor
    assert finding.effect == pytest.approx(400 * (12 + 11 + 0.6 + 10))


def test_a_sale_ten_times_too_large_is_named():
    tables = plant()
    tables["Counts"][6]["Quantity"] = 420
    finding = only(tables)
    assert (finding.code, finding.where) == ("W40", "Counts!E13")
    assert finding.what.startswith(
        "420 pcs of Chair sold: it looks 10 times too large; 42 pcs would fit. With 42 pcs, the book stock of Chair is 42 pcs "
        "(42 pcs counted); as it stands it is -336 pcs."
    )


def test_a_count_entered_again_under_another_document_is_named_with_both():
    tables = plant()
    tables["Counts"].append(tables["Counts"][4] | {"Document": "PC-109", "Date": day(7)})
    finding = only(tables)
    assert (finding.code, finding.where) == ("W46", "Counts!E31")
    assert "PC-109 of 2026-04-07 looks like document PC-102 of 2026-04-06 entered again" in finding.what


def test_the_same_quantity_twice_is_quiet_where_the_counts_bear_it_out():
    """A second batch of 44 that was really made, and sold: its parts are gone."""
    tables = plant()
    tables["Counts"].append(tables["Counts"][4] | {"Document": "PC-109", "Date": day(7)})
    for at, less in ((0, -44), (2, 176), (3, 44), (5, 528)):
        tables["Stock"][at]["Counted qty"] -= less  # type: ignore[operator]
    assert findings(tables) == []


def test_a_receipt_entered_twice_is_named():
    tables = plant()
    tables["Purchases"].append(receipt("Board", 150, 4, "PO-32", 40.5))
    finding = only(tables)
    assert (finding.code, finding.where, finding.effect) == ("W47", "Purchases!D19", 150 * 40.5)


def test_a_receipt_in_hundreds_is_named_with_what_it_looks_like():
    tables = plant()
    tables["Purchases"][11]["Quantity"] = 60
    finding = only(tables)
    assert (finding.code, finding.where) == ("W41", "Purchases!D18")
    assert finding.what.startswith(
        "60 pcs of Screw received: it looks like a hundredth of what it should be; 6,000 pcs would fit"
    )


def test_a_receipt_as_one_lot_at_the_price_of_the_whole_is_named_with_both():
    tables = plant()
    tables["Purchases"][10] |= {"Quantity": 1, "Actual price": 6075}
    finding = only(tables)
    assert (finding.code, finding.where) == ("W41", "Purchases!D17")
    assert finding.what.startswith("1 pc of Board received at 6,075: it looks like 150 pcs at 40.5. ")


def test_opening_stock_left_blank_is_told_with_what_it_was():
    tables = plant()
    tables["Stock"][3]["Opening qty"] = None
    finding = only(tables)
    assert (finding.code, finding.where, finding.effect) == ("W43", "Stock!B10", 25 * 11)
    assert finding.what.startswith(
        "Opening qty of Seat is blank; the counts ask for about 25 pcs. With 25 pcs, the book stock of Seat is 83 pcs"
    )


def test_a_stock_count_in_packs_of_twelve_is_named():
    """12 packs of 12 legs and 98 legs more would be an odd count: 240 legs, counted as 20 packs."""
    tables = plant()
    tables["Stock"][2]["Counted qty"] = 20
    finding = only(tables)
    assert (finding.code, finding.where) == ("W44", "Stock!C9")
    assert "a twelfth of what it should be" in finding.what
    assert finding.fix.startswith("Count again; if it was")


@pytest.mark.parametrize(("pack", "counted"), [(10, 206), (100, 21), (1_000, 2), (12, 172), (144, 14)])
def test_a_trifle_counted_in_packs_is_at_least_a_note(pack: int, counted: int):
    """Screws at 0.0001: 2,060 of them are worth 0.21, which is no money here, and the standard is wrong all the same."""
    tables = plant()
    tables["StandardCost"][5]["Material price"] = tables["Purchases"][11]["Actual price"] = 0.0001
    assert findings(tables) == []
    tables["Stock"][5]["Counted qty"] = counted
    finding = only(tables)
    assert (finding.code, finding.severity, finding.where) == ("W44", schema.NOTE, "Stock!C12")
    assert f"packs of {pack:,}" in finding.what and finding.fix.endswith(f"type {counted * pack:,}.")
    assert finding.effect == pytest.approx(counted * (pack - 1) * 0.0001)


def test_a_trifle_that_is_short_by_no_clean_part_is_left_alone():
    tables = plant()
    tables["StandardCost"][5]["Material price"] = tables["Purchases"][11]["Actual price"] = 0.0001
    tables["Stock"][5]["Counted qty"] = 700
    assert findings(tables) == []


def test_a_stock_count_of_zero_may_be_none_at_all():
    tables = plant()
    tables["Stock"][3]["Counted qty"] = 0
    finding = only(tables)
    assert (finding.code, finding.where) == ("W44", "Stock!C10")
    assert finding.what == "Counted qty of Seat is 0, which says that none was found; the book says 83 pcs."
    assert finding.effect == pytest.approx(83 * 11)


def test_two_counts_in_each_others_place_are_one_finding():
    tables = plant()
    tables["Stock"][3]["Counted qty"], tables["Stock"][4]["Counted qty"] = 34, 83
    finding = only(tables)
    assert (finding.code, finding.where) == ("W45", "Stock!C10")
    assert finding.what.startswith("Counted qty of Seat is 34 pcs and of Board 83 pcs: the two look exchanged")
    assert finding.fix == "Check both counts; if so, exchange this cell and Stock!C11."


def test_a_completion_entered_as_a_sale_is_named():
    tables = plant()
    tables["Counts"][4]["Event"] = schema.SOLD
    finding = only(tables)
    assert (finding.code, finding.where) == ("W48", "Counts!C11")
    assert finding.what.startswith('44 pcs of Chair are entered as "Sold"; they look like "Completed"')


def test_a_receipt_under_another_item_is_named_in_the_cell_of_the_item():
    tables = plant()
    tables["Purchases"][10]["Item"] = "Seat"
    finding = only(tables)
    assert (finding.code, finding.where) == ("W50", "Purchases!C17")
    assert finding.what.startswith("150 pcs of Seat received: it looks as if Board was received, not Seat")


def test_scrap_ten_times_too_large_is_named():
    tables = plant()
    tables["Scrap"][0]["Quantity"] = 600
    finding = only(tables)
    assert (finding.code, finding.where, finding.effect) == ("W42", "Scrap!D7", pytest.approx(594 * 3))


def screws_scrapped(counted: float | None) -> Tables:
    """2,000 of 6,900 screws, of which 60 are left by the book."""
    tables = plant()
    tables["Scrap"].append(tables["Scrap"][0] | {"Document": "SC-2", "Item": "Screw", "Quantity": 2000})
    tables["Stock"][5]["Counted qty"] = counted
    return tables


def test_a_good_part_of_an_item_is_hardly_thrown_out():
    """29 % of all screws; nobody counted them."""
    finding = only(screws_scrapped(None))
    assert (finding.code, finding.where, finding.effect) == ("W42", "Scrap!D8", pytest.approx(2000 * 0.05))
    assert finding.what == (
        "2,000 pcs of Screw scrapped, 29 % of the 6,900 that were there, opening stock and all that came in."
    )


def test_scrap_that_the_count_bears_out_is_quiet():
    assert findings(screws_scrapped(60)) == []


def test_the_last_receipt_is_looked_at_where_its_quantity_is_missing_from_the_count():
    """Counted before the 300 legs of April 21 came in: 242 of them would be left, less than none without them."""
    tables = plant()
    tables["Stock"][2] |= {"Opening qty": 600, "Counted qty": 642 - 300}
    finding = only(tables)
    assert (finding.code, finding.where, finding.effect) == ("W41", "Purchases!D11", pytest.approx(300 * 3.02))


def test_an_opening_quantity_that_is_blank_where_all_others_have_one():
    """Seats: 25 of opening stock are too few to tell; 400 of them, of 700 that were there, are told."""
    tables = plant()
    tables["Stock"][3] |= {"Opening qty": None, "Counted qty": 83 + 375}
    finding = only(tables)
    assert (finding.code, finding.where) == ("W43", "Stock!B10")
    assert finding.effect == pytest.approx(400 * 11, rel=0.02)


def test_more_in_process_than_any_usual_count_is_named():
    """Chairs come in counts of about 40; 150 of them are never in process at a time, whatever the parts on hand."""
    tables = plant()
    tables["WIP"].append({"Item": "Chair", "Quantity": 150, "Material %": 0.1, "Conversion %": 0.1})
    finding = only(tables)
    assert (finding.code, finding.where) == ("W52", "WIP!B7")


def test_more_in_process_than_parts_are_on_hand_is_named():
    """34 boards were counted, those in process among them."""
    tables = plant()
    tables["WIP"].append({"Item": "Table", "Quantity": 60, "Material %": 1, "Conversion %": 0.5})
    finding = only(tables)
    assert (finding.code, finding.where) == ("W52", "WIP!B7")
    assert finding.what.startswith(
        "60 pcs of Table are in process; they hold 60 pcs of Board, and only 34 pcs were counted"
    )
    assert "6 pcs would fit" in finding.what and finding.fix.endswith("type 6.")


# ----------------------------------------------------------------------------------------------------- bills


@pytest.mark.parametrize(
    ("typed", "looks"),
    [
        (10, "10 times too large; 1 pc would fit"),
        (2, "twice what it should be; 1 pc would fit"),
        (0.1, "a tenth of what it should be; 1 pc would fit"),
        (12, "12 times too large; 1 pc would fit"),
    ],
)
def test_a_quantity_per_unit_that_the_counts_contradict_is_named_with_the_one_that_they_imply(typed: float, looks: str):
    tables = plant()
    tables["BOM"][1]["Qty per"] = typed
    finding = only(tables)
    assert (finding.code, finding.where) == ("W60", "BOM!C8")
    assert looks in finding.what
    # a wrong standard values all chairs that there were: 30 of opening stock and 242 made
    assert finding.effect == pytest.approx(272 * abs(typed - 1) * 11)


def test_a_line_in_the_wrong_unit_is_named_at_its_unit():
    """A chair takes 0.05 l of varnish, 242 of them 12.1 l: 20 + 0 - 12.1 = 7.9. In ml they would take 0.0121 l."""
    tables = plant()
    tables["StandardCost"].append(buy("Varnish", 90) | {"UoM": "l"})
    tables["BOM"].append(line("Chair", "Varnish", 0.05, UoM="ml"))
    tables["Stock"].append({"Item": "Varnish", "Opening qty": 20, "Counted qty": 7.9})
    finding = only(tables)
    assert (finding.code, finding.where) == ("W60", "BOM!D13")
    assert finding.what.startswith(
        "Chair takes 0.05 ml (0.00005 l) of Varnish: the unit looks wrong, ml instead of l. With 0.05 l, the book stock of "
        "Varnish is 7.9 l (7.9 l counted)"
    )
    assert finding.fix.startswith("Check the bill; if one Chair takes 0.05 l, type l as UoM.")


def test_a_quantity_to_type_is_in_the_unit_of_its_cell():
    """500 ml where 50 ml are right, and 50 boxes of 60 legs where 5 were received."""
    tables = plant()
    tables["StandardCost"].append(buy("Varnish", 90) | {"UoM": "l"})
    tables["BOM"].append(line("Chair", "Varnish", 500, UoM="ml"))
    tables["Stock"].append({"Item": "Varnish", "Opening qty": 20, "Counted qty": 7.9})
    finding = only(tables)
    assert (finding.code, finding.where) == ("W60", "BOM!C13")
    assert "takes 500 ml (0.5 l) of Varnish: it looks 10 times too large; 0.05 l would fit" in finding.what
    assert finding.fix.startswith("Check the bill; if one Chair takes 0.05 l, type 50 ml.")
    tables = plant()
    tables["StandardCost"][2] |= {"UoM": "each"}
    tables["Units"] = [{"Item": "Leg", "From": "box", "To": "each", "Factor": 60}]
    tables["Purchases"][1] |= {"Quantity": 50, "UoM": "box", "Actual price": 181.2}
    finding = only(tables)
    assert (finding.code, finding.where) == ("W41", "Purchases!D8")
    assert finding.fix == "Check document PO-12 of 2026-04-06; if it says 300 pcs, type 5 box in Purchases!D8."


def test_lines_of_a_bought_item_that_are_ignored_have_no_effect():
    tables = plant()
    tables["BOM"].append(line("Seat", "Screw", 2))
    [finding] = [each for each in run(april(), tables).findings if each.where == "BOM!A13"]
    assert (finding.code, finding.effect) == ("B05", None)


def test_two_lines_with_each_others_quantity_are_one_finding():
    """A chair takes 12 seats and one screw."""
    tables = plant()
    tables["BOM"][1]["Qty per"], tables["BOM"][4]["Qty per"] = 12, 1
    finding = only(tables)
    assert (finding.code, finding.where) == ("W60", "BOM!C8")
    assert finding.what.startswith("Chair takes 12 of Seat, and 1 of Screw in BOM!C11: the two look exchanged. ")


def test_no_simple_factor_is_needed_to_imply_a_quantity():
    """7 screws more for each chair: 12 are on the bill, 19 were used; there were enough of them on every day."""
    tables = plant()
    tables["Purchases"][-1]["Date"] = day(1)
    tables["Stock"][5]["Counted qty"] = 2060 - 242 * 7
    named = [finding for finding in findings(tables) if finding.where in ("BOM!C11", "Standard Cost!A12")]
    assert named


def test_fifty_percent_for_five_is_named():
    tables = plant()
    tables["BOM"][1]["Scrap %"] = 0.5
    tables["Stock"][3]["Counted qty"] = 83 - 12
    finding = only(tables)
    assert (finding.code, finding.where) == ("W61", "BOM!E8")
    assert finding.what.startswith("Scrap of Seat in Chair is 50 %: it looks 10 times too large; 5 % would fit")


def test_a_component_that_a_bill_lacks_is_named_with_the_bill():
    """Each table takes a drawer that is on no bill: 121 of 180 are gone."""
    tables = plant()
    tables["StandardCost"].append(buy("Drawer", 25))
    tables["Purchases"].append(receipt("Drawer", 180, 5, "PO-51", 25))
    tables["Stock"].append({"Item": "Drawer", "Counted qty": 59})
    finding = only(tables)
    assert (finding.code, finding.where, finding.effect) == ("W62", "Standard Cost!A13", 121 * 25)
    assert "as if each Table took 1 of it, which its bill does not have" in finding.what


def test_a_line_in_another_unit_is_converted():
    """1,000 g of a part in kg are 1 kg: nothing is odd about it."""
    tables = plant()
    tables["StandardCost"][3]["UoM"] = "kg"
    tables["BOM"][1] |= {"Qty per": 1000, "UoM": "g"}
    assert run(april(), tables).findings == run(april(), plant()).findings


def test_a_line_twice_says_what_it_relieves_once_too_often():
    tables = plant()
    tables["BOM"].append(line("Chair", "Seat", 1))
    named = [f for f in run(april(), tables).findings if f.code in {"B04", "Q02", *CODES}]
    assert [(f.code, f.where, f.effect) for f in named if f.code != "Q02"] == [("B04", "BOM!B13", 242 * 11)]
    (twice,) = [f for f in named if f.code == "B04"]
    assert twice.what.startswith("Seat is listed twice in the bill of Chair, here and in BOM!B8")
    assert "The count of Seat fits without this line." in twice.what


def test_a_line_twice_that_the_count_bears_out_says_so():
    """Two seats in each chair, on two lines: 25 + 300 + 242 more bought - 484."""
    tables = plant()
    tables["BOM"].append(line("Chair", "Seat", 1))
    tables["Purchases"].append(receipt("Seat", 242, 2, "PO-29", 10.9))
    (finding,) = [f for f in run(april(), tables).findings if f.code == "B04"]
    assert "The count of Seat fits both." in finding.what


def test_a_line_of_nothing_is_one_finding_with_the_quantity_that_the_counts_imply():
    """Each of 121 tables takes a board, and the bill says none."""
    tables = plant()
    tables["BOM"][3]["Qty per"] = 0
    named = [f for f in run(april(), tables).findings if f.where == "BOM!C10"]
    assert [(f.code, f.effect) for f in named] == [("W62", 121 * 40)]
    assert named[0].fix == "Type the quantity of the bill; the counts ask for about 1 for one Table."


# ------------------------------------------------------------------------------------------------- witnesses


def test_where_a_cell_explains_a_shortage_the_shortage_is_not_said_again():
    """A chair's seats, 10 for one: book of seats is -2,095."""
    tables = plant()
    tables["BOM"][1]["Qty per"] = 10
    assert "Q02" not in [finding.code for finding in run(april(), tables).findings]


def test_a_trifle_is_not_worth_a_word():
    """Ten screws of five cents."""
    tables = plant()
    tables["Stock"][5]["Counted qty"] = 2050
    assert findings(tables) == []


def test_an_item_that_nobody_received_or_counted_says_nothing():
    """Completion and sale: purchases need not be entered."""
    tables = plant() | {"Purchases": [], "Stock": []}
    assert findings(tables, Trigger_points=schema.CS) == []


# ----------------------------------------------------------------------------------------------------- slips


@pytest.mark.parametrize(
    ("typed", "right", "kind"),
    [
        (1122, 112, slips.TWICE),
        (550, 50, slips.TWICE),
        (40, 400, slips.TEN),
        (132, 1332, slips.DROPPED),
        (810, 180, slips.EXCHANGED),
        (4200, 42, slips.TEN),
        (112112, 112, slips.REPEATED),
        (0.25, 2.5, slips.TEN),
        (12, 144, slips.MANY),
    ],
)
def test_what_a_number_looks_like(typed: float, right: float, kind: str):
    best = slips.nearest(typed, right, right / 2500, slips.OF_QUANTITIES)[0]
    assert (best.right, best.kind) == (pytest.approx(right), kind)


def test_a_number_that_no_slip_gives_looks_like_none():
    assert slips.nearest(100, 137, 0.5, slips.OF_QUANTITIES) == [
        slip for slip in slips.nearest(100, 137, 0.5, slips.OF_QUANTITIES) if abs(slip.right - 137) <= 2
    ]
    assert slips.nearest(100, 164, 0.5, slips.OF_BILLS, of_bill=True) == []


# ----------------------------------------------------------------------------------------------- random worlds


def _period(tables: Tables, settings: dict[str, object]) -> Period:
    return calculate(sources(settings, tables)).period


@pytest.mark.parametrize("seed", range(12))
def test_a_quantity_times_a_random_power_of_ten_is_found_where_its_item_was_counted(seed: int):
    """A bill's quantity, in a clean random month, is made ten, a hundred or a thousand times as large."""
    rng = np.random.default_rng([40, seed])
    world = clean_world(300 + seed, items=int(rng.integers(8, 40)))
    before = _period(world.tables, world.settings)
    assert [m for m in before.likely_mistakes.mistakes if m.amount > before.material] == []
    units, lines = before.unit_balance.units, before.bill.lines
    use = before.levers.use_of_line
    told = units.is_counted[lines.component] & (use > 0.3 * units.went[lines.component])
    told &= (use > 20 * units.noise[lines.component]) & (use * units.cost[lines.component] > before.material)
    if not told.any():
        pytest.skip("no line of this world has a counted component")
    chosen = int(rng.choice(np.flatnonzero(told)))
    at = int(lines.row[chosen]) - 7
    factor = 10 ** int(rng.integers(1, 4))
    tables = copy.deepcopy(world.tables)
    tables["BOM"][at]["Qty per"] = float(str(tables["BOM"][at]["Qty per"])) * factor
    after = _period(tables, world.settings)
    named = [m for m in after.likely_mistakes.mistakes if m.lever.table == "BOM" and m.at == at]
    assert named, [(m.lever.table, m.at, m.typed, m.right) for m in after.likely_mistakes.mistakes]
    assert math.isclose(named[0].typed / named[0].right, factor, rel_tol=0.1) or named[0].slip.kind == FREE
