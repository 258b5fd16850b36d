"""One cause, one finding: what a single mistake leaves in many cells is told once, with its cells and one remedy.

The plant buys ore, makes bars of it and rings of bars (`plant`); its tables start in row 7.
"""

import dataclasses
import datetime as dt

import pytest
from april import april, buy, day, line
from plant import plant
from support import Row, compute, run, sources

from xlbackflush import schema
from xlbackflush.model.finding import Finding


def found(tables: dict[str, list[Row]], **settings: object) -> list[Finding]:
    """But for what the plant itself leaves open: hours of labor, and whether its figures are likely."""
    return [one for one in run(april(**settings), tables).findings if one.code != "T08" and one.code[0] != "W"]


def purchases(rows: int, **cells: object) -> list[Row]:
    """So many small receipts of ore."""
    alike = {"Date": day(5), "Item": "Ore", "Quantity": 1, "Actual price": 2}
    return [alike | {"Document": f"PI-{n}"} | cells for n in range(1, rows + 1)]


# ---------------------------------------------------------------------------------------------- many cells


def test_five_thousand_pasted_dates_are_one_finding():
    """In a year as the period, each of them can be March or April."""
    tables = plant() | {"Purchases": purchases(5_000, Date="03/04/2026")}
    [finding] = found(tables, Period_start=dt.date(2026, 1, 1), Period_end=dt.date(2026, 12, 31))
    assert (finding.code, finding.where) == ("C04", "Purchases!A7:A5006")
    assert finding.what.startswith('Date is the text "03/04/2026", which can be 2026-03-04 or 2026-04-03. ')
    assert "The same in 4,999 more cells: A8, A9, A10 and 4,996 more." in finding.what
    assert "DMY where the day comes first" in finding.fix


def test_pasted_dates_that_only_one_reading_puts_into_the_period_are_read_so_and_told_once():
    """The period is April: 03/04 is the third of April, not the fourth of March."""
    tables = plant() | {"Purchases": purchases(5_000, Date="03/04/2026")}
    [note] = [each for each in run(april(), tables).findings if each.code[0] == "C"]
    assert (note.code, note.severity, note.where) == ("C17", "Note", "Purchases!A7:A5006")
    assert '"03/04/2026" as 2026-04-03' in note.what


def test_cells_that_do_not_follow_one_another_are_named_by_the_first():
    tables = plant() | {"Purchases": purchases(9)}
    for at in (1, 3, 8):
        tables["Purchases"][at]["Quantity"] = "many"
    [finding] = found(tables)
    assert (finding.code, finding.where) == ("C05", "Purchases!D8")
    assert finding.what == 'Quantity is "many"; a number is expected. The same in 2 more cells: D10 and D15.'


def test_unknown_choices_are_told_apart_until_there_are_many_of_them():
    tables = plant() | {"Actuals": []}
    actual = {"Date": day(30), "Amount": 1}
    tables["Actuals"] = [actual | {"Document": f"PR-{n}", "Cost type": "Labour"} for n in range(4)]
    tables["Actuals"] += [actual | {"Document": "PR-9", "Cost type": "Power"}]
    assert [(each.where, each.what) for each in found(tables)] == [
        (
            "Actuals!C7:C10",
            'Cost type is "Labour", which is not on the list. The same in 3 more cells: C8, C9 and C10.',
        ),
        ("Actuals!C11", 'Cost type is "Power", which is not on the list.'),
    ]
    tables["Actuals"] += [actual | {"Document": f"PS-{n}", "Cost type": f"Kind {n}"} for n in range(9)]
    assert [(each.where, each.fix.partition(",")[0]) for each in found(tables)] == [
        ("Actuals!C7:C10", "Use Labor."),
        ("Actuals!C11:C20", "Use Labor"),
    ]


def test_an_item_of_the_wrong_type_is_one_finding_for_each_item():
    tables = plant()
    tables["Counts"] += [tables["Counts"][0] | {"Document": f"C-{n}", "Item": "Ore"} for n in range(4)]
    tables["Counts"] += [tables["Counts"][0] | {"Document": "C-9", "Item": "Tin"}]
    tables["StandardCost"] += [buy("Tin", 1)]
    ore, tin = found(tables)
    assert (ore.code, ore.where) == ("T05", "Counts!D10:D13")
    assert ore.what == (
        "Ore is Buy; only Subassembly and Finished items are completed. The same in 3 more cells: D11, D12 and D13."
    )
    assert (tin.code, tin.where) == ("T05", "Counts!D14")


def test_five_hundred_items_without_a_price_are_one_finding():
    tables = plant()
    tables["StandardCost"] += [buy(f"Part {n}", 0) for n in range(512)]
    [finding] = found(tables)
    assert (finding.code, finding.where) == ("K01", "Standard Cost!E10:E521")
    assert finding.what.startswith(
        "Part 0 has no Material price. The same in 511 more cells: E11, E12, E13 and 508 more."
    )


def test_items_without_opening_stock_are_one_finding_with_what_they_are_worth():
    """512 parts at 2, of which 10 rings take one each: 10 short of each."""
    tables = plant()
    codes = [f"Part-{n}" for n in range(512)]
    tables["StandardCost"] += [buy(code, 2) for code in codes]
    tables["BOM"] += [line("Ring", code, 1) for code in codes]
    [finding] = found(tables)
    assert (finding.code, finding.severity, finding.where) == ("Q02", "Warning", "Stock!B7")
    assert finding.effect == 512 * 10 * 2
    assert finding.what == (
        "512 items have no opening stock, and more went out than came in, so that their book stock is negative: "
        "Part-0 (-10), Part-1 (-10), Part-2 (-10) and 509 more."
    )
    assert finding.fix.startswith("Enter Opening qty on Stock")


def test_where_most_items_have_opening_stock_each_short_one_is_named():
    """40 parts with 100 in stock, six with none: those six are named one by one, as nothing says that they have one cause."""
    tables = plant()
    codes = [f"Part-{n}" for n in range(46)]
    tables["StandardCost"] += [buy(code, 2) for code in codes]
    tables["BOM"] += [line("Ring", code, 1) for code in codes]
    tables["Stock"] += [{"Item": code, "Opening qty": 100} for code in codes[:40]]
    assert [(each.code, each.where) for each in found(tables)] == [
        ("Q02", f"Standard Cost!A{50 + n}") for n in range(6)
    ]


# ----------------------------------------------------------------------------------------------- lost zeros


def numbered(count: int) -> tuple[dict[str, list[Row]], list[str]]:
    """The plant with bought items 0101011, 0101012, ... and a receipt of each."""
    codes = [f"0{101_011 + n}" for n in range(count)]
    tables = plant()
    tables["StandardCost"] += [buy(code, 2) for code in codes]
    tables["Purchases"] += [purchases(1, Item=code, Document=f"PI-{code}")[0] for code in codes]
    return tables, codes


def test_290_codes_without_their_leading_zeros_are_one_finding():
    tables, codes = numbered(290)
    for row in tables["Purchases"][1:]:
        row["Item"] = float(str(row["Item"]))
    [finding] = found(tables)
    assert codes[0] == "0101011"
    assert (finding.code, finding.where) == ("I02", "Purchases!C8:C297")
    assert finding.what == (
        "101011 is not on Standard Cost; 0101011 is: 290 codes in 290 cells of column Item lost their leading zeros, as when "
        "a CSV file is opened in Excel: C8, C9, C10 and 287 more."
    )
    assert "Text" in finding.fix and "Do not add" in finding.fix


def test_one_code_without_its_zeros_is_named_at_its_cell_with_the_right_one():
    tables, _ = numbered(3)
    tables["Purchases"][2]["Item"] = 101_012.0
    [finding] = found(tables)
    assert finding.where == "Purchases!C9"
    assert finding.what.startswith("101012 is not on Standard Cost; 0101012 is: ")
    assert "type 0101012" in finding.fix and "Add the item" not in finding.fix


def test_zeros_lost_on_standard_cost_are_found_there():
    tables, _ = numbered(20)
    for row in tables["StandardCost"][3:]:
        row["Item"] = float(str(row["Item"]))
    [finding] = found(tables)
    assert (finding.code, finding.where) == ("I02", "Standard Cost!A10:A29")
    assert "20 codes there lost their leading zeros" in finding.what


def test_a_misspelt_code_is_told_with_the_one_it_is_like():
    tables = plant()
    tables["Counts"][0]["Item"] = "Barr"
    [finding] = found(tables)
    assert (finding.where, finding.what) == ("Counts!D7", "Barr is not on Standard Cost; Bar is.")
    assert finding.fix.startswith("Correct the code to Bar;")


def test_a_code_misspelt_on_standard_cost_is_found_there():
    tables = plant()
    tables["StandardCost"][0]["Item"] = "0re"
    [finding] = found(tables)
    assert finding.where == "Standard Cost!A7"
    assert finding.what.startswith(
        "0re is used on no other sheet; Ore, which is in BOM!B7, Scrap!C7, Scrap!C8 and 2 more, "
    )


def test_numbers_that_differ_by_a_digit_are_not_taken_for_each_other():
    tables, _ = numbered(1)
    tables["Purchases"][1]["Item"] = "0101019"
    [finding] = found(tables)
    assert finding.what == "0101019 is not on Standard Cost."


@pytest.mark.parametrize(("right", "typed"), [("W-900", "W-9000"), ("W-900", "W-90"), ("W-900", "W900")])
def test_a_parent_that_is_not_there_is_the_item_without_a_bill(right: str, typed: str):
    """Digits tell items apart, so a digit is no slip elsewhere; here an item is left without a bill."""
    tables = plant()
    for row in (tables["StandardCost"][2], *tables["Counts"][1:], tables["Stock"][2], tables["WIP"][0]):
        row["Item"] = right
    tables["BOM"][1]["Parent"] = typed
    [finding] = found(tables)
    assert (finding.code, finding.where) == ("I02", "BOM!A8")
    assert finding.what.startswith(f"{typed} is not on Standard Cost; {right} is, and has no bill of materials.")
    assert finding.fix.startswith(f"Correct the code to {right};")


def test_an_item_that_is_not_there_is_one_finding_over_all_sheets():
    tables = plant()
    tables["StandardCost"] = tables["StandardCost"][1:]
    [finding] = found(tables)
    assert (finding.where, finding.what) == (
        "BOM!B7",
        "Ore is not on Standard Cost. It is also in Scrap!C7, Scrap!C8, Purchases!C7 and Stock!A7.",
    )


# ------------------------------------------------------------------------------------------------ total rows


TOTALS: list[tuple[str, Row, str, str]] = [
    # table, row, cell of the finding, what it says
    (
        "Counts",
        {"Item": "Total", "Quantity": 34},
        "Counts!D10",
        'its Item is "Total", and its Quantity of 34 is the sum of the rows above',
    ),
    ("Counts", {"Document": "Grand total:", "Quantity": 34}, "Counts!B10", 'its Document is "Grand total:", and its'),
    ("Counts", {"Quantity": 34}, "Counts!E10", "its Quantity of 34 is the sum of the rows above"),
    ("Counts", {"Note": "Sum", "Quantity": 30}, "Counts!F10", 'its Note is "Sum"'),
    ("Stock", {"Item": "TOTAL", "Opening qty": 3, "Counted qty": 63}, "Stock!A10", "Counted qty"),
    ("Stock", {"Counted qty": 63}, "Stock!C10", "its Counted qty of 63 is the sum"),
    ("Scrap", {"Item": "Totals", "Quantity": 3, "Salvage value": 2}, "Scrap!C9", 'its Item is "Totals"'),
]


@pytest.mark.parametrize(("table", "total", "where", "says"), TOTALS)
def test_a_typed_total_row_is_one_finding(table: str, total: Row, where: str, says: str):
    tables = plant()
    tables[table].append(total)
    [finding] = [each for each in found(tables) if each.severity == schema.ERROR]
    assert (finding.code, finding.where) == ("C16", where)
    assert says in finding.what or says == "Counted qty"
    assert finding.fix.startswith("Delete the row")


def test_a_row_that_adds_up_nothing_is_no_total():
    tables = plant()
    tables["Counts"].append({"Quantity": 33})
    [finding] = found(tables)
    assert (finding.code, finding.where, finding.what) == (
        "C03",
        "Counts!A10",
        "Date, Document, Event and Item are blank.",
    )


def test_rows_with_the_same_cells_blank_are_one_finding():
    tables = plant() | {"Purchases": purchases(40)}
    for row in tables["Purchases"][10:30]:
        row |= {"Date": None, "Document": None}
    for row in tables["Purchases"][35:37]:
        row["Document"] = None
    assert [(each.where, each.what) for each in found(tables)] == [
        ("Purchases!A17:A36", "Date and Document are blank. The same in 19 more cells: A18, A19, A20 and 16 more."),
        ("Purchases!B42:B43", "Document is blank. The same in B43."),
    ]


# -------------------------------------------------------------------------------------------------- the period


def test_swapped_dates_of_the_period_are_one_finding():
    settings = {"Period start": dt.date(2026, 4, 30), "Period end": dt.date(2026, 4, 1)}
    [finding] = run(april() | settings, plant()).findings
    assert finding.code == "S01"
    assert finding.what == "Period start 2026-04-30 lies after Period end 2026-04-01: the two look swapped."
    assert finding.fix == "Exchange Setup!B9 and Setup!B10."


def test_a_period_end_of_the_year_before_is_not_called_swapped():
    settings = {"Period start": dt.date(2026, 4, 1), "Period end": dt.date(2025, 4, 30)}
    [finding] = run(april() | settings, plant()).findings
    assert finding.code == "S01"
    assert "wrong month or year" in finding.what


def test_rows_of_a_wrong_year_are_one_finding_that_says_so():
    tables = plant() | {"Purchases": purchases(400)}
    for row in tables["Purchases"][100:]:
        row["Date"] = dt.date(2025, 4, 5)
    [finding] = found(tables)
    assert (finding.code, finding.where) == ("T01", "Purchases!A107:A406")
    assert finding.what == (
        "2025-04-05 is outside the period, 2026-04-01 to 2026-04-30; the year looks wrong, 2026-04-05 would be inside. "
        "The same in 299 more cells: A108, A109, A110 and 296 more."
    )
    assert finding.fix == "Correct the year."


def test_a_date_with_day_and_month_exchanged_is_told_with_the_other():
    tables = plant()
    tables["Purchases"][0]["Date"] = dt.date(2026, 5, 4)
    [finding] = found(tables)
    assert finding.where == "Purchases!A7"
    assert finding.what.endswith("; with day and month exchanged it would be 2026-04-05.")


def test_where_every_row_lies_outside_it_is_the_period_that_is_named():
    settings = {"Period start": dt.date(2026, 6, 1), "Period end": dt.date(2026, 6, 30)}
    [finding] = run(april() | settings, plant()).findings
    assert (finding.code, finding.where) == ("T01", "Setup!B9")
    assert "all 7 dated rows lie outside of it, from 2026-04-05 to 2026-04-30" in finding.what


# ------------------------------------------------------------------------------------- what follows from others


@pytest.mark.parametrize(
    ("table", "at", "column", "cell", "where"),
    [
        ("StandardCost", 0, "Material price", "two", "Standard Cost!E7"),
        ("StandardCost", 1, "Labor rate", "three", "Standard Cost!G8"),
        ("StandardCost", 0, "Item", "Ore" * 40, "Standard Cost!A7"),
        ("Counts", 0, "Quantity", "twenty", "Counts!E7"),
    ],
)
def test_a_cell_that_cannot_be_read_is_one_finding(table: str, at: int, column: str, cell: object, where: str):
    tables = plant()
    tables[table][at][column] = cell
    assert [each.where for each in found(tables)] == [where]


def test_a_column_under_another_name_is_one_finding():
    read = sources(april(), plant())
    source = read["StandardCost"]
    names = {name: "Unit price" if name == "Material price" else name for name in source.columns}
    letters = {names[name]: letter for name, letter in source.letters.items()}
    read["StandardCost"] = dataclasses.replace(source, columns=list(names.values()), letters=letters, version=3)
    assert [(each.code, each.where) for each in compute(read).findings] == [("C11", "Standard Cost!E6")]
