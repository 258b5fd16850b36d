"""Texts in columns of numbers and dates: cleaned where they say one thing, asked where they could say two."""

import datetime as dt

import pytest
from april import april, buy, day, line, made
from plant import plant
from support import Row, compute, run, sources

from xlbackflush import schema
from xlbackflush.engine.inputs.readings import cleaned_code, read
from xlbackflush.lifecycle.calculate import calculate

NUMBERS = [
    # text, kind of column, currency, number
    ("50", "quantity", "USD", 50),
    (" 50 ", "quantity", "USD", 50),
    ("120.50-", "quantity", "USD", -120.5),
    ("-120.50", "quantity", "USD", -120.5),
    ("\u2212120.5", "quantity", "USD", -120.5),
    ("+3", "quantity", "USD", 3),
    ("(12)", "money", "USD", -12),
    ("1,050.00", "quantity", "USD", 1050),
    ("1.050,00", "quantity", "EUR", 1050),
    ("1,234,567", "quantity", "USD", 1234567),
    ("1'234.50", "price", "CHF", 1234.5),
    ("1\u00a0234,50", "price", "EUR", 1234.5),
    ("12,5", "quantity", "EUR", 12.5),
    ("0,125", "price", "EUR", 0.125),
    ("$12.50", "price", "USD", 12.5),
    ("-$ 12.50", "money", "USD", -12.5),
    ("12.50 EUR", "price", "EUR", 12.5),
    ("\u20ac 12,50", "price", "EUR", 12.5),
    ("5%", "percent", "USD", 0.05),
    ("12,5 %", "percent", "EUR", 0.125),
    ("1.5E+05", "quantity", "USD", 150000),
]


@pytest.mark.parametrize(("text", "kind", "currency", "number"), NUMBERS)
def test_numbers_that_say_one_thing(text: str, kind: str, currency: str, number: float):
    result = read([text], kind, currency)
    assert (result.certain, result.doubtful) == ({text: number}, {})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("12 pcs", "quantity"), ("ten", "quantity"), ("1,23,456", "quantity"), ("5%", "quantity"), ("$5", "quantity"),
        ("\u20ac5", "price"), ("1..5", "price"), ("-", "money"), ("", "money"), ("$", "money"), ("nan", "price"),
        ("\u0661\u0662", "quantity"), ("32/13/2026", "date"), ("2026-02-30", "date"), ("20261301", "date"),
        ("9/4/26", "date"), ("soon", "date"), ("Ma 5, 2026", "date"), ("1.5", "date"),
    ],
)  # fmt: skip
def test_texts_that_say_nothing_of_the_kind(text: str, kind: str):
    result = read([text], kind, "USD")
    assert (result.certain, result.doubtful) == ({}, {})


def test_what_could_be_two_numbers_is_asked_unless_another_text_decides():
    assert read(["1,234"], "quantity", "USD").doubtful == {"1,234": (1.234, 1234)}
    assert read(["1.234"], "quantity", "USD").doubtful == {"1.234": (1.234, 1234)}
    assert read(["1,234", "12.50"], "quantity", "USD").certain == {"1,234": 1234, "12.50": 12.5}
    assert read(["1,234", "12,50"], "quantity", "USD").certain == {"1,234": 1.234, "12,50": 12.5}
    assert read(["1.234", "1.234.567"], "quantity", "USD").certain == {"1.234": 1234, "1.234.567": 1234567}
    assert read(["1,234", "17"], "quantity", "USD").doubtful == {"1,234": (1.234, 1234)}


def test_where_two_texts_disagree_nothing_is_guessed():
    result = read(["1,050.00", "12,5", "3"], "quantity", "USD")
    assert result.certain == {"3": 3}
    assert set(result.doubtful) == {"1,050.00", "12,5"}


DATES = [
    "2026-04-05",
    "2026/4/5",
    "20260405",
    "05.04.2026",
    "April 5, 2026",
    "5 Apr 2026",
    "05-Apr-2026",
    "2026-04-05T00:00:00",
]


@pytest.mark.parametrize("text", DATES)
def test_dates_that_say_one_day(text: str):
    assert read([text], "date", "USD").certain == {text: (dt.date(2026, 4, 5) - schema.DAY_0).days}


def test_day_and_month_are_told_apart_by_another_date_of_the_column():
    number = {text: (each - schema.DAY_0).days for text, each in (
        ("dmy", dt.date(2026, 4, 3)), ("mdy", dt.date(2026, 3, 4)), ("13", dt.date(2026, 4, 13)), ("15", dt.date(2026, 4, 15)),
    )}  # fmt: skip
    assert read(["03/04/2026", "13/04/2026"], "date", "").certain["03/04/2026"] == number["dmy"]
    assert read(["03/04/2026", "04/15/2026"], "date", "").certain["03/04/2026"] == number["mdy"]
    assert read(["03/04/2026"], "date", "").doubtful == {"03/04/2026": (number["mdy"], number["dmy"])}
    assert read(["03/04/2026", "2026-04-01"], "date", "").doubtful.keys() == {"03/04/2026"}
    assert read(["03/04/2026", "13/04/2026", "04/15/2026"], "date", "").certain == {}
    assert read(["04/04/2026"], "date", "").doubtful == {}


def test_day_and_month_are_told_apart_by_the_period_where_it_leaves_no_doubt():
    april = (46113.0, 46142.0)  # 2026-04-01 to 2026-04-30, as Excel numbers days
    assert read(["03/04/2026"], "date", "", april).certain == {"03/04/2026": 46115}
    assert read(["03/04/2026", "04/04/2026"], "date", "", april).certain == {"03/04/2026": 46115, "04/04/2026": 46116}
    # 06/05 is in the period by neither reading: it is read as the others, and found outside
    assert read(["03/04/2026", "06/05/2026"], "date", "", april).certain["06/05/2026"] == 46148
    # the third of April if the day comes first, and the fifth if the month does: they disagree
    assert read(["03/04/2026", "04/05/2026"], "date", "", april).certain == {}
    # another text of the column says that the month comes first, so it is the fourth of March
    assert read(["03/04/2026", "04/15/2026"], "date", "", april).certain["03/04/2026"] == 46085
    quarter = (46082.0, 46173.0)  # 2026-03-01 to 2026-05-31
    assert read(["03/04/2026"], "date", "", quarter).doubtful == {"03/04/2026": (46085, 46115)}


def test_codes_lose_spaces_of_every_kind():
    assert [cleaned_code(text) for text in (" A ", "A\u00a0B", "\u200bA\ufeff", "A  B", "\u202fA")] == [
        "A", "A B", "A", "A  B", "A",
    ]  # fmt: skip


# --------------------------------------------------------------------------------------------- in a period


def dirty(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The plant as a careless export gives it; it says the same."""
    tables["Purchases"][0] |= {"Date": "2026-04-05", "Item": "Ore\u00a0", "Quantity": "100", "Actual price": "$2.50"}
    tables["Counts"][0] |= {"Date": 20260410, "Item": " Bar", "Event": "Completed "}
    tables["StandardCost"][0]["Material price"] = "2,0"
    tables["WIP"][0]["Conversion %"] = "50 %"
    tables["Stock"][0]["Opening qty"] = "3.00"
    return tables


def test_what_is_harmless_is_cleaned_and_told_once_for_each_column():
    tables = plant()
    settings = april()
    wanted = run(settings, tables)
    outcome = run(settings, dirty(plant()))
    assert outcome.run and not outcome.failed
    assert outcome.run.input_hash == wanted.run.input_hash
    assert [e.lines for e in outcome.period.entries] == [e.lines for e in wanted.period.entries]
    notes = [(each.code, each.where, each.severity) for each in outcome.findings]
    assert set(notes) - {(each.code, each.where, each.severity) for each in wanted.findings} == {
        ("C17", where, "Note")
        for where in (
            "Purchases!A7", "Purchases!C7", "Purchases!D7", "Purchases!E7", "Counts!A7", "Counts!C7", "Counts!D7",
            "Standard Cost!E7", "WIP!D7", "Stock!B7",
        )
    }  # fmt: skip
    assert len(notes) == len(set(notes))


def test_five_thousand_iso_dates_are_one_note():
    tables = plant()
    row = {"Item": "Ore", "Quantity": 1, "Actual price": 2.01, "Date": "2026-04-05"}
    tables["Purchases"] = [row | {"Document": f"PI-{n}"} for n in range(5_000)]
    [note] = [each for each in run(april(), tables).findings if each.code[0] == "C"]
    assert (note.code, note.where) == ("C17", "Purchases!A7:A5006")
    assert note.what == '5,000 cells of Date are read as dates, such as A7 "2026-04-05" as 2026-04-05.'


def test_the_sign_of_another_currency_is_no_amount():
    tables = plant()
    tables["Purchases"][0]["Actual price"] = "\u20ac2.50"
    [finding] = run(april(), tables).findings
    assert (finding.code, finding.where) == ("C04", "Purchases!E7")
    assert "amounts are in USD" in finding.what and finding.fix.startswith("Convert it to USD")


@pytest.mark.parametrize(
    ("typed", "beside", "what", "fix"),
    [  # the standard of Ore is 2.00, its other receipt cost 2.01
        ("\u20ac 2.10", {}, " 2.10 is near the standard of Ore, 2.00.", "Type 2.10 if the price is in USD"),
        ("2,10 EUR", {}, " 2.10 is near the standard of Ore, 2.00.", "Type 2.10 if the price is in USD"),
        (
            "\u20ac 210",
            {"Price per": 100},
            " 210.00 is near the standard of Ore, 2.00 each.",
            "Type 210.00 if the price",
        ),
        ("\u20ac 7.80", {}, "amounts are in USD.", "Convert it to USD"),
    ],
)
def test_an_amount_with_another_sign_that_fits_the_item_is_likely_in_our_currency(typed, beside, what, fix):
    tables = plant()
    tables["Purchases"][0] |= {"Actual price": typed, **beside}
    [finding] = run(april(), tables).findings
    assert (finding.code, finding.where) == ("C04", "Purchases!E7")
    assert finding.what.endswith(what) and finding.fix.startswith(fix)


def test_a_price_by_the_box_is_compared_with_that_of_a_box():
    """2.04 for a box of 10 is far from the standard of 2.00 each."""
    tables = plant()
    ore = next(row for row in tables["StandardCost"] if row["Item"] == "Ore")
    ore["UoM"] = "each"
    tables["Units"] = [{"Item": "Ore", "From": "box", "To": "each", "Factor": 10}]
    tables["Purchases"][0] |= {"Actual price": "\u20ac 2.04", "UoM": "box"}
    [finding] = [each for each in run(april(), tables).findings if each.where == "Purchases!E7"]
    assert finding.fix.startswith("Convert it to USD")


@pytest.mark.parametrize(
    ("others", "what", "fix"),
    [
        ([0.02], "The other bill line of Brass (in Lamp) has 2 %.",
         "Type 2 % if it is as there, 15 % if 1.15 was meant as a factor."),
        ([0.15], "The other bill line of Brass (in Lamp) has 15 %.", "Type 15 %, as there."),
        ([0.02, 0.05], "The other bill lines of Brass (in Lamp and Torch) have 2 % to 5 %.", "Type 15 %, if that is meant."),
    ],
)  # fmt: skip
def test_planned_scrap_beyond_all_is_told_beside_that_of_other_bills(others: list[float], what: str, fix: str):
    parents = ["Bulb", "Lamp", "Torch"][: len(others) + 1]
    losses = [1.15, *others]
    tables = {
        "StandardCost": [buy("Brass", 4), *map(made, parents)],
        "BOM": [line(each, "Brass", 1, **{"Scrap %": loss}) for each, loss in zip(parents, losses, strict=True)],
    }
    [finding] = [each for each in run(april(), tables).findings if each.severity == schema.ERROR]
    assert (finding.code, finding.where, finding.fix) == ("C07", "BOM!E7", fix)
    assert finding.what.endswith(what)


def test_cells_of_formulas_are_errors_with_a_remedy_for_formulas():
    """A run writes no cell that holds a formula, so what it gives is taken as it is."""
    read_tables = sources(april(), dirty(plant()))
    cells = {"Purchases!C7": "C08", "Purchases!D7": "C04", "Counts!C7": "C08", "Purchases!A7": "C04"}
    findings = calculate(read_tables, fixed=set(cells)).findings
    errors = {each.where: each for each in findings if each.severity == schema.ERROR}
    assert {where: each.code for where, each in errors.items()} == cells
    assert "TRIM" in errors["Purchases!C7"].fix and "VALUE" in errors["Purchases!D7"].fix


def test_a_blank_of_spaces_is_blank_and_cleaned_away():
    tables = plant()
    tables["Stock"][1]["Opening qty"] = "  "
    outcome = run(april(), tables)
    assert [each.where for each in outcome.findings if each.code == "C17"] == ["Stock!B8"]
    [cell] = outcome.period.inputs.cleaned
    assert (cell.table, cell.column, cell.row, cell.now) == ("Stock", "Opening qty", 8, None)


def test_clean_inputs_are_not_touched():
    read_tables = sources(april(), plant())
    inputs = compute(read_tables).period.inputs
    assert inputs.cleaned == ()
    assert all(inputs.sources[name] is source for name, source in read_tables.items())
    assert day(5) in read_tables["Purchases"].rows[0]
