"""The chain: one character changed in anything that was posted is found, and named where it stands."""

import copy
import datetime as dt
import hashlib
import json
from dataclasses import replace
from functools import cache

import pytest
from booked import FIRST_ROW, Plant, read_back, totals, verified
from hypothesis import given
from hypothesis import strategies as st
from support import compute, sources

from xlbackflush.engine.record import seals
from xlbackflush.model.journal import PostedEntry, PostedLine, Run, linked
from xlbackflush.model.tables import Source
from xlbackflush.template.samples import SAMPLES


@cache
def twice_posted_and_drafted() -> Plant:
    """The widgets, posted; then 10 more are sold, and posted again; then a draft without them."""
    sample = SAMPLES["widgets"]()
    more = [*sample.tables["Counts"], sample.tables["Counts"][-1] | {"Document": "LATE-1", "Quantity": 10}]
    plant = Plant(2)
    for counts in (sample.tables["Counts"], more):
        plant.run(compute(sources(sample.settings, {**sample.tables, "Counts": counts})))
        plant.post()
    plant.run(compute(sources(sample.settings, sample.tables)))
    return plant


@pytest.fixture
def plant() -> Plant:
    return copy.deepcopy(twice_posted_and_drafted())


def said(plant: Plant) -> list[str]:
    return [str(problem) for problem in plant.verify()]


def change(plant: Plant, number: int, column: str, cell: object) -> str:
    """Type over a cell of every line of an entry; returns the address of the first."""
    source = plant.journal
    at = source.columns.index(column)
    rows = [i for i, row in enumerate(source.rows) if row[source.columns.index("Entry")] == number]
    for i in rows:
        source.rows[i][at] = cell
    return f"Journal!{source.letters[column]}{FIRST_ROW + rows[0]}"


def test_what_was_posted_verifies(plant):
    assert said(plant) == []
    assert len(plant.runs) == 2
    assert any(entry.reverses for entry in plant.posted())
    assert any(entry.corrects for entry in plant.posted())
    assert [entry.run for entry in plant.entries()][-1] == plant.draft == "R0003"


#: what the seal calls the columns of the journal
FIELDS = {
    "Run": "entry.run", "Entry": "entry.number", "Line": "line.number", "Posting date": "entry.date",
    "Event": "entry.event", "Role": "line.role", "Account": "line.account", "Account name": "line.name",
    "Debit": "line.minor", "Description": "entry.description", "Source": "line.source", "Product": "entry.product",
    "Reverses": "entry.reverses", "Corrects": "entry.corrects", "Class": "line.item_class",
}  # fmt: skip


def test_seals_and_links_can_be_computed_with_nothing_but_sha_256(plant):
    """As the module says: JSON of the fields that are not blank, below the seal before; of everything, after the link before.

    A column that is added later is blank in what was posted before, and so in no seal of it.
    """
    seal, contents = "", {"R0001": [], "R0002": []}
    for cells in plant.journal.rows:
        row = dict(zip(plant.journal.columns, cells, strict=True))
        if row["Run"] == plant.draft:
            continue
        minor = round(100 * (row["Debit"] or 0)) - round(100 * (row["Credit"] or 0))
        row |= {"Posting date": row["Posting date"].isoformat(), "Debit": minor}
        row |= {n: int(row[n]) for n in ("Entry", "Line", "Reverses", "Corrects") if row[n] != ""}
        content = {field: row[name] for name, field in FIELDS.items() if row[name] != ""}
        contents[row["Run"]].append(content)
        seal = sha_256([seal, content])[:12]
        assert row["Seal"] == seal
    link = ""
    for run in plant.runs:
        said_of_it = [
            run.run, run.user, run.approved_by, run.started, run.posted, run.version, run.input_hash,
            sorted(run.table_hashes.items()), run.entries, round(100 * run.debits), round(100 * run.credits),
        ]  # fmt: skip
        link = sha_256([link, said_of_it, contents[run.run]])
        assert run.link == link


def sha_256(content: object) -> str:
    return hashlib.sha256(json.dumps(content, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


# ---------------------------------------------------------------------------------------------- single flips


def flipped(cell: object, at: int) -> object:
    """The same with one character, digit or day changed; something where there was nothing."""
    if isinstance(cell, dt.date):
        return cell + dt.timedelta(days=1 + at % 27)
    if isinstance(cell, float):
        text = str(int(cell)) if cell.is_integer() else f"{cell:.2f}"
        digits = [i for i, character in enumerate(text) if character.isdigit()]
        i = digits[at % len(digits)]
        return float(text[:i] + str((int(text[i]) + 1 + at % 8) % 10) + text[i + 1 :])
    text = str(cell) or "x"
    i = at % len(text)
    return text[:i] + ("#" if text[i] != "#" else "+") + text[i + 1 :] if cell else "1"


@given(st.data())
def test_one_character_in_any_posted_cell_is_found_and_its_row_named(data):
    plant = copy.deepcopy(twice_posted_and_drafted())
    source, posted = plant.journal, [i for i, row in enumerate(plant.journal.rows) if row[0] != plant.draft]
    i = data.draw(st.sampled_from(posted))
    column = data.draw(st.sampled_from([name for name in source.columns if name not in ("Proof", "Difference")]))
    at = source.columns.index(column)
    source.rows[i][at] = flipped(source.rows[i][at], data.draw(st.integers(0, 99)))
    problems = plant.verify()
    # the number of an entry may become the one that follows: then its line is not the first, as that of a new entry would be
    named = (column, "Line") if column == "Entry" else (column,)
    assert any(_covers(problem.where, source, name, FIRST_ROW + i) for problem in problems for name in named), (
        column,
        i,
        problems,
    )
    assert len(problems) <= 5, problems  # line, total of the run, balance, both ends of a reversal


def _covers(where: str, source: Source, column: str, row: int) -> bool:
    """Does an address (a cell, or a range of cells) hold this cell?"""
    first, _, last = where.removeprefix("Journal!").partition(":")
    last = last or first
    letters = sorted(source.letters.values())
    columns = letters[letters.index(first[0]) : letters.index(last[0]) + 1]
    return source.letters[column] in columns and int(first[1:]) <= row <= int(last[1:])


def test_a_line_that_was_changed_is_named_and_not_those_after_it(plant):
    cell = change(plant, 3, "Description", "Units sold")
    row = int(cell.removeprefix("Journal!K"))
    entry = plant.posted()[2]
    assert said(plant) == [
        f"Journal!A{row + k}:R{row + k}: Line {k + 1} of entry 3 of run R0001 is not what was posted, or its seal is not."
        for k in range(len(entry.lines))
    ]


def test_a_seal_that_was_changed_is_named(plant):
    plant.journal.rows[4][plant.journal.columns.index("Seal")] = "0" * 12
    entry = int(plant.journal.rows[4][1])
    line = int(plant.journal.rows[4][2])
    assert said(plant) == [f"Journal!Q11: The seal of line {line} of entry {entry} was changed."]


@pytest.mark.parametrize(
    "field", ["run", "user", "approved_by", "started", "posted", "version", "input_hash", "table_hashes", "link"]
)
@pytest.mark.parametrize("at", [0, 1])
def test_what_sheet_runs_says_is_part_of_the_chain(plant, field, at):
    run = plant.runs[at]
    value = getattr(run, field)
    changed = value | {"BOM": flipped(value["BOM"], 5)} if field == "table_hashes" else flipped(value, 1)
    plant.runs[at] = replace(run, **{field: changed})
    problems = plant.verify()
    if field == "run":  # then its entries are nobody's, too
        assert f"Journal!A{7 if at == 0 else FIRST_ROW + _lines(plant, 'R0001')}" in [p.where for p in problems]
        assert f"Runs!A{FIRST_ROW + at}" in [p.where for p in problems]
    else:
        assert [str(p) for p in problems] == [
            f"Runs!A{FIRST_ROW + at}: What stands here of run {run.run} is not what was posted, or its link is not."
        ]


def _lines(plant: Plant, run: str) -> int:
    return sum(len(entry.lines) for entry in plant.entries() if entry.run == run)


@pytest.mark.parametrize("field", ["entries", "debits", "credits"])
def test_totals_of_a_run_are_told(plant, field):
    """A number of entries as it is, money with the decimals of the currency."""
    run = plant.runs[0]
    plant.runs[0] = replace(run, **{field: getattr(run, field) + 1})
    there, more = getattr(run, field), getattr(run, field) + 1
    if field == "entries":
        expected = f"{more} entries; the journal has {there} entries."
    else:
        expected = f"{field} of {more:,.2f}; the journal has {field} of {there:,.2f}."
    assert said(plant) == [f"Runs!A7: Run R0001 was posted with {expected}"]


@pytest.mark.parametrize(("places", "amount"), [(0, "1"), (2, "0.01"), (3, "0.001")])
def test_money_has_the_decimals_of_its_currency(places, amount):
    line = PostedLine("Conversion costs control", "1", "", 1, "")
    entry = PostedEntry("R0001", 1, 46_000, "Conversion", "One-sided", "", (line,))
    problems = seals.verify([], [entry], read_back([entry], places), places, "R0001")
    assert [p.what for p in problems] == [f"Entry 1 does not balance: its debits are {amount} more."]


# ------------------------------------------------------------------------------------- lines and entries


SORTED = (
    "The journal is sorted otherwise than it was posted; its proofs add up the lines above them. Sort the table by Entry, "
    "then by Line, smallest first (Review > Unprotect Sheet, then Data > Sort), and run again."
)


@given(st.randoms(use_true_random=False))
def test_a_journal_that_was_sorted_is_one_problem(random):
    plant = copy.deepcopy(twice_posted_and_drafted())
    before = [list(row) for row in plant.journal.rows]
    random.shuffle(plant.journal.rows)
    if plant.journal.rows != before:
        assert said(plant) == [f"Journal!B7:C{6 + len(before)}: {SORTED}"]


@pytest.mark.parametrize("column", ["Event", "Role", "Account", "Debit", "Credit", "Description", "Seal"])
def test_a_journal_sorted_by_any_column_is_one_problem_and_what_was_changed_besides_is_named(plant, column):
    rows, at = plant.journal.rows, plant.journal.columns.index(column)
    rows.sort(key=lambda row: (row[at] == "", str(row[at])), reverse=True)
    first = f"Journal!B7:C{6 + len(rows)}: {SORTED}"
    assert said(plant) == [first]
    touched = next(i for i, row in enumerate(rows) if row[0] == "R0001" and row[1:3] == [1.0, 2.0])
    rows[touched][plant.journal.columns.index("Description")] += "!"  # one line of several: differs within its entry
    assert said(plant)[0] == first and "Description differs within entry 1." in said(plant)[1]
    rows[touched][plant.journal.columns.index("Description")] = rows[touched][10].removesuffix("!")
    rows[touched][plant.journal.columns.index("Account")] = "9999"
    assert said(plant) == [
        first,
        f"Journal!A{7 + touched}:R{7 + touched}: Line 2 of entry 1 of run R0001 is not what was posted, or its seal is not.",
    ]


def test_numbers_that_were_changed_are_not_taken_for_a_sort(plant):
    """A row that was put in twice, or lost, leaves doubles and gaps."""
    plant.journal.rows[3], plant.journal.rows[1] = plant.journal.rows[1], list(plant.journal.rows[1])
    assert said(plant) and not [text for text in said(plant) if "sorted otherwise" in text]


def test_an_entry_taken_away_at_the_end_of_a_run_is_missed(plant):
    left = linked(plant.posted()[:-1])
    problems = verified(plant.runs, read_back(left, 2), 2)
    count = plant.runs[1].entries
    text = f"Runs!A8: Run R0002 was posted with {count} entries; the journal has {count - 1} entries."
    assert text in [str(p) for p in problems]


def test_an_entry_added_by_hand_is_found_even_with_a_seal(plant):
    entries = linked(plant.posted())
    last = entries[-1]
    more = replace(last, number=last.number + 1, reverses=None, corrects=None)
    [forged] = seals.sealed(entries, [more])
    problems = verified(plant.runs, read_back([*entries, forged], 2), 2)
    assert {p.where for p in problems} == {"Runs!A8"}


def test_lines_that_change_places_are_found(plant):
    source = plant.journal
    numbers = slice(source.columns.index("Entry"), source.columns.index("Line") + 1)
    a, b = source.rows[0], source.rows[1]
    a[numbers], b[numbers] = b[numbers], a[numbers]
    source.rows[0], source.rows[1] = b, a
    assert [p.where for p in plant.verify()][:2] == ["Journal!A7:R7", "Journal!A8:R8"]


def test_a_change_of_all_that_follows_shows_in_the_last_link(plant):
    """Nothing in the workbook tells then; but the link that was written down elsewhere does."""
    forged = Plant(2)
    sample = SAMPLES["widgets"]()
    sample.tables["Counts"][0]["Quantity"] += 1
    forged.run(compute(sources(sample.settings, sample.tables)))
    forged.post()
    assert said(forged) == []
    assert forged.runs[0].link != plant.runs[0].link


# ----------------------------------------------------------------------------- what should not have been posted


def posted_anew(plant: Plant, entries: list[PostedEntry], run: Run) -> list[str]:
    """Problems where these were posted by the first run, seals and all."""
    debits, credits = totals(entries, 2)
    named = [replace(entry, run=run.run) for entry in entries]
    run = replace(run, entries=len(entries), debits=debits, credits=credits)
    run, done = replace(run, link=seals.link_of("", run, named, 2)), seals.sealed([], named)
    return [str(p) for p in verified([run], read_back(linked(done), 2), 2)]


def first_run(plant: Plant) -> list[PostedEntry]:
    return [replace(entry, reversed_by=None) for entry in plant.posted() if entry.run == "R0001"]


def test_a_run_that_is_posted_anew_verifies(plant):
    assert posted_anew(plant, first_run(plant), plant.runs[0]) == []


def test_preparer_is_not_approver(plant):
    run = replace(plant.runs[0], approved_by=" ANN  clerk")
    assert posted_anew(plant, first_run(plant), run) == [
        "Runs!A7: Run R0001 was prepared and approved by the same person, Ann Clerk."
    ]
    run = replace(plant.runs[0], approved_by=" ")
    assert posted_anew(plant, first_run(plant), run) == ["Runs!A7: Run R0001 has no approver."]
    run = replace(plant.runs[0], user="")
    assert posted_anew(plant, first_run(plant), run) == ["Runs!A7: Run R0001 has no preparer."]


def test_entries_balance(plant):
    entries = first_run(plant)
    line = entries[0].lines[0]
    entries[0] = replace(entries[0], lines=(replace(line, minor=line.minor + 1), *entries[0].lines[1:]))
    rows = f"Journal!I7:J{6 + len(entries[0].lines)}"
    assert posted_anew(plant, entries, plant.runs[0]) == [
        f"{rows}: Entry 1 does not balance: its debits are 0.01 more."
    ]


def reversal_of(entry: PostedEntry, number: int) -> PostedEntry:
    lines = tuple(replace(line, minor=-line.minor) for line in entry.lines)
    return replace(entry, number=number, lines=lines, reverses=entry.number)


def test_a_reversal_negates_line_by_line_and_once(plant):
    entries = first_run(plant)
    n = len(entries) + 1
    good = reversal_of(entries[0], n)
    half = replace(good, lines=tuple(replace(line, minor=2 * line.minor) for line in good.lines))
    other = replace(good, lines=tuple(replace(line, account="9999") for line in good.lines))

    def told(*more: PostedEntry) -> list[str]:
        return [text.partition(": ")[2] for text in posted_anew(plant, [*entries, *more], plant.runs[0])]

    assert told(good) == []
    not_exact = f"Entry {n} reverses entry 1, but is not its exact negation."
    assert told(half) == [not_exact]
    assert told(other) == [not_exact]
    assert told(replace(good, lines=good.lines[::-1])) == [not_exact]
    assert told(replace(good, event="Close")) == [f"Entry {n} reverses entry 1, which is of another event or product."]
    assert told(replace(good, reverses=n)) == [f"Entry {n} reverses entry {n}, which is not an earlier entry."]
    assert told(good, replace(good, number=n + 1)) == [
        f"Entry {n + 1} reverses entry 1, which entry {n} has reversed already.",
        f"Entry 1 is said to be reversed by entry {n + 1}; entry {n} does.",
    ]
    assert told(good, replace(reversal_of(good, n + 1))) == [
        f"Entry {n + 1} reverses entry {n}, which is a reversal itself."
    ]
    assert told(replace(entries[0], number=n, corrects=1)) == [f"Entry {n} corrects entry 1, which is not reversed."]
    assert told(good, replace(entries[0], number=n + 1, corrects=1)) == []


def test_who_reverses_an_entry_is_told_by_the_entry_that_does(plant):
    reversed_one = next(entry for entry in plant.posted() if entry.reversed_by)
    cell = change(plant, reversed_one.number, "Reversed by", "")
    assert said(plant) == [
        f"{cell}: Entry {reversed_one.number} is said to be reversed by none; entry {reversed_one.reversed_by} does."
    ]


def test_runs_and_entries_belong_together(plant):
    entries, first = plant.posted(), plant.runs[0]
    journal = read_back(entries, 2)
    assert "Journal!A7: Run R0001 is not on sheet Runs." in [str(p) for p in verified(plant.runs[1:], journal, 2)]
    twice = [str(p) for p in verified([first, *plant.runs], journal, 2)]
    assert twice[0] == "Runs!A7: Run R0001 is there twice."
    other_way = [str(p) for p in verified(plant.runs[::-1], journal, 2)]
    at = FIRST_ROW + _lines(plant, "R0001")
    assert f"Journal!A{at}: Entries of run R0002 stand below those of a later run." in other_way


def test_a_draft_has_no_seals(plant):
    plant.journal.rows[-1][plant.journal.columns.index("Seal")] = "5" * 12
    row, number = plant.journal.row_numbers[-1], plant.entries()[-1].number
    assert said(plant) == [f"Journal!Q{row}: Entry {number} is a draft, but has a seal."]
