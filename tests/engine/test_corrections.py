"""Corrections: what a run adds to what is posted; the journal as cells and back."""

import datetime as dt
from dataclasses import replace

import pytest
from april import april, buy, completed, day, line, made
from booked import FIRST_ROW, Plant, read_back, verified
from hypothesis import given
from hypothesis import strategies as st
from support import Row, run

from xlbackflush import schema
from xlbackflush.engine.record import journal_table
from xlbackflush.engine.record.corrections import correct
from xlbackflush.model.basis import Rest
from xlbackflush.model.journal import Entry, EntryLine, PostedEntry, PostedLine
from xlbackflush.model.tables import CellError
from xlbackflush.schema.entries import EntryKind

END = (dt.date(2026, 4, 30) - schema.DAY_0).days
ACCOUNTS = {role: (number, name) for role, (number, name) in schema.ROLES.items()}


KINDS = {
    schema.SALE: EntryKind.UNITS_SOLD,
    schema.COMPLETION: EntryKind.UNITS_COMPLETED,
    schema.SCRAP_EVENT: EntryKind.NORMAL_SCRAP,
    schema.PERIOD_END_WIP: EntryKind.UNITS_IN_PROCESS,
    schema.REVERSAL: EntryKind.UNITS_IN_PROCESS_REVERSED,
}


def entry(event: str, amount: int, debit: str, *credit: str, product: str = "", after: int = 0) -> Entry:
    """An entry of one debit and of credits in equal parts."""
    lines = [EntryLine(debit, amount, Rest(), "Counts!E7:E9")]
    lines += [EntryLine(role, -amount // len(credit), Rest(), "Counts!E7:E9") for role in credit]
    return Entry(event, KINDS[event], product, after, lines)


SALE = entry(schema.SALE, 900, schema.COGS, schema.FINISHED_GOODS)
COMPLETION = entry(schema.COMPLETION, 1_000, schema.FINISHED_GOODS, schema.MIP)
WIP = entry(schema.PERIOD_END_WIP, 50, schema.WORK_IN_PROCESS, schema.MIP)
BACK = entry(schema.REVERSAL, 50, schema.MIP, schema.WORK_IN_PROCESS, after=1)


def amounts(found: list[PostedEntry]) -> list[tuple[int, str, int]]:
    return [(e.number, e.event, e.lines[0].minor) for e in found]


def links(found: list[PostedEntry]) -> dict[int, tuple[int | None, int | None, int | None]]:
    return {e.number: (e.reverses, e.reversed_by, e.corrects) for e in found}


def first(*target: Entry) -> list[PostedEntry]:
    return correct([], target, ACCOUNTS, END, "R0001").entries


# ------------------------------------------------------------------------------------------- what is added


def test_the_first_run_posts_its_target_as_it_is():
    draft = correct([], [COMPLETION, SALE], ACCOUNTS, END, "R0001")
    assert amounts(draft.entries) == [(1, schema.COMPLETION, 1_000), (2, schema.SALE, 900)]
    assert [e.description for e in draft.new] == [
        "Completed units at standard: material and conversion flushed", "Units sold at standard",
    ]  # fmt: skip
    assert draft.target == {1: 0, 2: 1}
    assert draft.entries[0].lines[0] == PostedLine(
        schema.FINISHED_GOODS, "1350", "Finished goods inventory", 1_000, "Counts!E7:E9"
    )


def test_nothing_new_where_nothing_differs():
    posted = first(COMPLETION, SALE)
    draft = correct(posted, [COMPLETION, SALE], ACCOUNTS, END, "R0002")
    assert draft.new == []
    assert draft.entries == posted
    assert draft.target == {1: 0, 2: 1}


def test_only_what_differs_is_reversed_and_posted_anew():
    more = entry(schema.SALE, 950, schema.COGS, schema.FINISHED_GOODS)
    draft = correct(first(COMPLETION, SALE), [COMPLETION, more], ACCOUNTS, END, "R0002")
    assert amounts(draft.new) == [(3, schema.SALE, -900), (4, schema.SALE, 950)]
    assert [e.description for e in draft.new] == [
        "Reversal of entry 2 of R0001: Units sold at standard", "Correction of entry 2: Units sold at standard",
    ]  # fmt: skip
    assert links(draft.entries) == {
        1: (None, None, None), 2: (None, 3, None), 3: (2, None, None), 4: (None, None, 2),
    }  # fmt: skip
    assert draft.target == {1: 0, 4: 1}
    assert [e.run for e in draft.new] == ["R0002", "R0002"]


def test_words_and_names_of_what_is_posted_correct_nothing():
    posted = [
        replace(e, description="In other words", lines=tuple(replace(x, source="elsewhere", name="?") for x in e.lines))
        for e in first(COMPLETION, SALE)
    ]
    assert correct(posted, [COMPLETION, SALE], ACCOUNTS, END, "R0002").entries == posted


def test_a_correction_stands_and_can_be_corrected():
    sales = [entry(schema.SALE, amount, schema.COGS, schema.FINISHED_GOODS) for amount in (900, 950, 900)]
    posted = first(sales[0])
    for number, sale in enumerate(sales[1:], 2):
        posted = correct(posted, [sale], ACCOUNTS, END, f"R{number:04d}").entries
        assert correct(posted, [sale], ACCOUNTS, END, "again").new == []
    assert amounts(posted) == [
        (1, "Sale", 900),
        (2, "Sale", -900),
        (3, "Sale", 950),
        (4, "Sale", -950),
        (5, "Sale", 900),
    ]
    assert posted[3].description == "Reversal of entry 3 of R0002: Units sold at standard"
    assert posted[4].description == "Correction of entry 3: Units sold at standard"


def test_equal_entries_count_as_often_as_they_occur():
    draft = correct(first(SALE, SALE), [SALE, SALE, SALE], ACCOUNTS, END, "R0002")
    assert amounts(draft.new) == [(3, schema.SALE, 900)]
    draft = correct(first(SALE, SALE, SALE), [SALE], ACCOUNTS, END, "R0002")
    assert [(e.reverses, e.lines[0].minor) for e in draft.new] == [(2, -900), (3, -900)]


def test_an_entry_without_one_to_replace_is_marked_but_not_linked():
    draft = correct(first(COMPLETION), [COMPLETION, SALE], ACCOUNTS, END, "R0002")
    assert [(e.description, e.corrects) for e in draft.new] == [("Correction: Units sold at standard", None)]
    assert correct(draft.entries, [COMPLETION, SALE], ACCOUNTS, END, "R0003").new == []


def test_a_replacement_is_of_the_same_event_and_product_and_on_the_same_accounts_if_it_can_be():
    normal = entry(schema.SCRAP_EVENT, 10, schema.CCC, schema.MIP)
    abnormal = entry(schema.SCRAP_EVENT, 20, schema.ABNORMAL_SCRAP, schema.MIP)
    gizmo = entry(schema.SCRAP_EVENT, 30, schema.CCC, schema.MIP, product="GIZMO")
    target = [
        entry(schema.SCRAP_EVENT, 21, schema.ABNORMAL_SCRAP, schema.MIP),
        entry(schema.SCRAP_EVENT, 12, schema.CCC, schema.MIP, schema.CCA),  # the account debited is the same
        entry(schema.SCRAP_EVENT, 31, schema.CCC, schema.MIP, product="WIDGET"),
    ]
    draft = correct(first(normal, abnormal, gizmo), target, ACCOUNTS, END, "R0002")
    assert [e.corrects for e in draft.new] == [None, None, None, 2, 1, None]
    other = [entry(schema.SCRAP_EVENT, 22, schema.COGS, schema.MIP)]  # of the same event at least
    assert [e.corrects for e in correct(first(normal, abnormal), other, ACCOUNTS, END, "R0002").new] == [None, None, 1]


def test_of_two_entries_that_debit_one_account_the_one_on_the_same_accounts_is_replaced():
    """Completions by the physical count: material by difference, then conversion."""
    material = entry(schema.COMPLETION, 100, schema.FINISHED_GOODS, schema.MIP)
    conversion = entry(schema.COMPLETION, 40, schema.FINISHED_GOODS, schema.CCA)
    more = entry(schema.COMPLETION, 44, schema.FINISHED_GOODS, schema.CCA)
    draft = correct(first(material, conversion), [more], ACCOUNTS, END, "R0002")
    assert [(e.reverses, e.corrects) for e in draft.new] == [(1, None), (2, None), (None, 2)]


def test_a_reversal_names_the_account_as_posted_and_a_new_mapping_is_a_correction():
    moved = ACCOUNTS | {schema.COGS: ("6000", "Cost of sales")}
    draft = correct(first(COMPLETION, SALE), [COMPLETION, SALE], moved, END, "R0002")
    assert [[x.account for x in e.lines] for e in draft.new] == [["5110", "1350"], ["6000", "1350"]]
    renamed = ACCOUNTS | {schema.COGS: ("5110", "Cost of sales")}
    assert correct(first(COMPLETION, SALE), [COMPLETION, SALE], renamed, END, "R0002").new == []


def test_a_reversal_is_of_the_event_and_product_of_what_it_reverses():
    sale = entry(schema.SALE, 900, schema.COGS, schema.FINISHED_GOODS, product="FIN-1")
    [reversal] = correct(first(sale), [], ACCOUNTS, END, "R0002").new
    assert (reversal.run, reversal.number, reversal.event, reversal.product) == ("R0002", 2, schema.SALE, "FIN-1")
    assert [(x.role, x.minor, x.source, x.seal, x.row) for x in reversal.lines] == [
        (schema.COGS, -900, "Journal, entry 1", "", 0),
        (schema.FINISHED_GOODS, 900, "Journal, entry 1", "", 0),
    ]
    assert reversal.description == "Reversal of entry 1 of R0001: Units sold at standard: FIN-1"


def test_reversals_are_dated_in_the_open_period_and_that_of_the_next_day_on_the_next_day():
    draft = correct(first(COMPLETION, WIP, BACK), [], ACCOUNTS, END, "R0002")
    assert [e.date - END for e in draft.new] == [0, 0, 1]
    draft = correct(first(COMPLETION, WIP, BACK), [], ACCOUNTS, END + 31, "R0002")
    assert [e.date - END for e in draft.new] == [31, 31, 32]


def test_a_later_count_of_a_worked_month_corrects_the_entries_that_depend_on_it():
    """A gadget takes 1 kg of resin at 2.00 and 0.50 of conversion: 10 gadgets are 25.00, 12 are 30.00."""
    tables: dict[str, list[Row]] = {
        "StandardCost": [buy("RESIN", 2.0), made("GADGET", Other_conversion=0.5)],
        "BOM": [line("GADGET", "RESIN", 1)],
        "Counts": [completed("GADGET", 10)],
        "Actuals": [{"Date": day(10), "Document": "P-1", "Cost type": "Labor", "Amount": 5.0}],
    }
    plant = Plant(2)
    plant.run(run(april(), tables))
    plant.post()
    assert [e.event for e in plant.entries()] == [schema.CONVERSION_EVENT, schema.COMPLETION, schema.CLOSE]
    plant.run(run(april(), tables | {"Counts": [completed("GADGET", 12)]}))
    plant.post()
    assert [(e.number, e.reverses, e.corrects, [x.minor for x in e.lines]) for e in plant.posted()[3:]] == [
        (4, 2, None, [-2_500, 2_000, 500]),
        (5, 3, None, [500 - 1_000, 500]),
        (6, None, 2, [3_000, -2_400, -600]),
        (7, None, 3, [600, -500, -100]),
    ]


# ---------------------------------------------------------------------------------------- cells and back

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
some = words.filter(lambda text: text != "")
maybe = st.one_of(st.none(), st.integers(1, 99))
minors = st.integers(1, 10**14).flatmap(lambda n: st.sampled_from([n, -n]))


@st.composite
def posted_entries(draw: st.DrawFn) -> list[PostedEntry]:
    lines = st.builds(PostedLine, st.sampled_from(sorted(schema.ROLES)), some, words, minors, words, words)
    found = draw(
        st.lists(
            st.builds(
                PostedEntry, some, st.just(0), st.integers(1, 2_958_465), st.sampled_from(schema.EVENTS), some, words,
                st.lists(lines, min_size=1, max_size=3).map(tuple), maybe, maybe, maybe,
            ),
            max_size=4,
        )
    )  # fmt: skip
    return [replace(e, number=n) for n, e in enumerate(found, 1)]


@given(posted_entries(), st.sampled_from([0, 2, 3]))
def test_what_is_written_is_read_back(entries, places):
    assert journal_table.parse(read_back(entries, places), places) == (entries, [])


def test_the_journal_of_a_workbook_has_the_columns_of_the_books_in_their_order():
    assert [name for name in schema.JOURNAL.names if name in journal_table.COLUMNS] == list(journal_table.COLUMNS)


@given(posted_entries())
def test_days_may_come_as_numbers(entries):
    source = read_back(entries, 2)
    at = source.columns.index("Posting date")
    for row in source.rows:
        row[at] = float((row[at] - schema.DAY_0).days)
    assert journal_table.parse(source, 2) == (entries, [])


def test_an_account_of_which_excel_made_a_number_is_its_text():
    entries = first(COMPLETION, SALE)
    source = read_back(entries, 2)
    at = source.columns.index("Account")
    for row in source.rows:
        row[at] = float(str(row[at]))
    assert journal_table.parse(source, 2) == (entries, [])


SPOILED = [
    ("Run", "", "Run is blank."),
    ("Entry", "two", 'Entry is "two"; a whole number is expected.'),
    ("Entry", 1.5, "Entry is 1.5; a whole number is expected."),
    ("Line", 3.0, "Line is 3, where number 2 should follow."),
    ("Posting date", "April", 'Posting date is "April"; a day is expected.'),
    ("Posting date", dt.datetime(2026, 4, 30, 12), "Posting date is 2026-04-30 12:00; a day is expected."),
    ("Event", "Sble", 'Event is "Sble", which no run posts.'),
    ("Event", "", "Event is blank, which no run posts."),
    ("Role", 7.0, "Role is 7, which no run posts."),
    ("Account", True, "Account is TRUE; a text is expected."),
    ("Debit", "12", 'Debit is "12"; an amount above zero is expected.'),
    ("Debit", CellError("#REF!"), "Debit is the error #REF!; an amount above zero is expected."),
    ("Credit", 0.0, "Credit is 0; an amount above zero is expected."),
    ("Credit", -9.0, "Credit is -9; an amount above zero is expected."),
    ("Credit", 9.001, "Credit is 9.001, with more decimals than the currency has."),
    ("Credit", float("inf"), "Credit is not a number; an amount above zero is expected."),
    ("Description", "", "Description is blank."),
    ("Reverses", 0.0, "Reverses is 0; a whole number is expected."),
    ("Seal", CellError("", calculated=False), "Seal is a formula without a result; a text is expected."),
]


@pytest.mark.parametrize(("column", "cell", "said"), SPOILED)
def test_a_cell_that_is_not_as_posted_is_named(column, cell, said):
    source = read_back(first(COMPLETION, SALE), 2)
    source.rows[3][source.columns.index(column)] = cell
    _, problems = journal_table.parse(source, 2)
    assert f"Journal!{source.letters[column]}{FIRST_ROW + 3}: {said}" in map(str, problems)


def test_what_belongs_to_the_entry_is_the_same_in_all_its_lines():
    source = read_back(first(COMPLETION, SALE), 2)
    source.rows[1][source.columns.index("Description")] = "Completed"
    entries, problems = journal_table.parse(source, 2)
    assert [e.number for e in entries] == [2]
    assert list(map(str, problems)) == ["Journal!K7:K8: Description differs within entry 1."]


def test_a_line_has_one_side():
    source = read_back(first(COMPLETION, SALE), 2)
    source.rows[0][source.columns.index("Credit")] = 10.0
    assert list(map(str, journal_table.parse(source, 2)[1])) == ["Journal!I7: A line has either a debit or a credit."]


def test_numbers_have_no_gaps_and_a_gap_is_named_once():
    entries = first(COMPLETION, SALE, WIP, BACK)
    assert [str(p) for p in verified([], read_back([entries[0], *entries[2:]], 2), 2)] == [
        "Journal!B9: Entry is 3, where number 2 should follow."
    ]
    source = read_back(entries, 2)
    source.rows[2][1] = source.rows[3][1] = 7.0
    assert [str(p) for p in journal_table.parse(source, 2)[1]] == [
        "Journal!B9: Entry is 7, where number 2 should follow."
    ]


def test_a_table_without_its_columns_is_refused():
    source = read_back(first(SALE), 2)
    source.columns = [name if name != "Seal" else "Stamp" for name in source.columns]
    assert list(map(str, journal_table.parse(source, 2)[1])) == ["Journal: Table Journal has no column Seal."]
