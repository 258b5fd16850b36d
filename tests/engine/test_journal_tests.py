"""Journal-entry tests: each finds what it is for, and stays silent a step before; and what becomes of an auditor's ticks.

Entries are written out here, posted beside the small world of `test_findings` (April 2026, inventories and costs known), so
that every amount, cell and share of a finding can be checked by hand.
"""

import datetime as dt
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from support import compute, sources
from support_files import bench
from test_findings import add, clean, day

from xlbackflush import schema
from xlbackflush.engine.record.auditor_marks import NAMES, Lost, keep_marks
from xlbackflush.engine.record.corrections import as_posted
from xlbackflush.engine.result import RunResult
from xlbackflush.engine.rules.journal_tests import TESTS, Journal, journal_tests, marks_lost, new_sheet
from xlbackflush.model.finding import CATALOGUE, Finding
from xlbackflush.model.journal import PostedEntry, PostedLine, Run, person
from xlbackflush.model.tables import Source
from xlbackflush.template.samples import SAMPLES

PERIOD_END = (dt.date(2026, 4, 30) - schema.DAY_0).days


def entry(number: int, *amounts: int, **changed: object) -> PostedEntry:
    """A completion: the amounts, debit positive in cents, and a credit to materials that balances them."""
    lines = [PostedLine(schema.FINISHED_GOODS, "1350", "Finished goods", amount, "Counts!E7:E9") for amount in amounts]
    lines.append(PostedLine(schema.MIP, "1310", "Materials", -sum(amounts), "Counts!E7:E9"))
    plain = PostedEntry("R0001", number, PERIOD_END, schema.COMPLETION, "Completed units", "", tuple(lines))
    return replace(plain, **changed)  # type: ignore[arg-type]


def numbered(entries: Iterable[PostedEntry]) -> list[PostedEntry]:
    return [replace(e, number=i) for i, e in enumerate(entries, 1)]


def reversal(of: PostedEntry, number: int) -> PostedEntry:
    lines = tuple(replace(line, minor=-line.minor) for line in of.lines)
    return replace(of, number=number, lines=lines, reverses=of.number)


def on(account: str, posted: PostedEntry, name: str = "Other") -> PostedEntry:
    """The same entry with its debits on another account."""
    lines = tuple(replace(x, account=account, name=name) if x.minor > 0 else x for x in posted.lines)
    return replace(posted, lines=lines)


def found(
    entries: Sequence[PostedEntry] = (),
    outcome: RunResult | None = None,
    runs: Sequence[Run] = (),
    materiality: float = 0.0,
    sheet: Source | None = None,
) -> list[Finding]:
    outcome = outcome or compute(clean())
    assert outcome.run
    return list(journal_tests(Journal(outcome.period, entries, runs, materiality, sheet or new_sheet())))


def only(findings: Sequence[Finding], code: str) -> Finding:
    assert [f.code for f in findings] == [code], findings
    return findings[0]


def odd(count: int, first: int = 12_345_67) -> list[PostedEntry]:
    """So many entries of two lines with different amounts, none of them round."""
    return [entry(i + 1, first + 137 * i) for i in range(count)]


# ---------------------------------------------------------------------------------------------- of entries


def test_a_missing_entry_number_is_found_at_the_entry_after_it() -> None:
    one, two, three = odd(3)
    assert found([one, two, three]) == []
    finding = only(found([one, three]), "J01")
    assert (finding.where, finding.severity) == ("Journal!B9", schema.WARNING)  # two lines stand in rows 7 and 8
    assert finding.what == "Of the entries, number 2 is missing."


def test_a_number_that_comes_twice_is_found() -> None:
    one, two, _ = odd(3)
    assert "number 2 comes twice" in only(found([one, two, replace(two, lines=entry(1, 55).lines)]), "J01").what


def test_rows_of_lines_on_the_sheet_go_before_counting() -> None:
    """Posted lines know their row; the draft's lines follow them."""
    lines = tuple(replace(line, row=row) for line, row in zip(entry(1, 5_01).lines, (20, 21), strict=True))
    finding = only(found([replace(entry(1), lines=lines), entry(3, 7_03)]), "J01")
    assert finding.where == "Journal!B22"


def test_cells_are_named_where_the_table_stands() -> None:
    moved = Source("Journal", "Journal", {"Entry": "D", "Debit": "K", "Credit": "L"}, 10, 99)
    one, _, three = odd(3)
    assert only(found([one, three], sheet=moved), "J01").where == "Journal!D12"
    assert (
        only(found([entry(n, 999_00 - n) for n in (1, 2, 3)], materiality=1_000.0, sheet=moved), "J12").where
        == "Journal!K10"
    )


def test_an_entry_posted_twice_is_found_with_its_amount() -> None:
    one, two = entry(1, 100_10), entry(2, 100_10)
    finding = only(found([one, two]), "J02")
    assert (finding.where, finding.effect) == ("Journal!B9", 100.10)
    assert finding.what == "Same event, accounts and amounts: entry 2 repeats entry 1."


@pytest.mark.parametrize("changed", [{"product": "Lamp"}, {"event": schema.SALE}])
def test_the_same_amounts_for_another_product_or_event_are_no_repetition(changed: dict[str, object]) -> None:
    assert found([entry(1, 100_10), entry(2, 100_10, **changed)]) == []


def test_what_was_reversed_is_no_repetition_but_reposted() -> None:
    one = entry(1, 100_10)
    back = reversal(one, 2)
    assert found([one, back]) == []
    assert found([one, back, entry(3, 100_11)]) == []
    finding = only(found([one, back, entry(3, 100_10)]), "J08")
    assert (finding.where, finding.effect) == ("Journal!B11", 100.10)


def test_period_end_wip_and_its_reversal_are_not_reposted_by_the_next_one() -> None:
    """Recognised, reversed, and recognised with the next month's units."""
    one = entry(1, 100_10)
    assert found([one, reversal(one, 2), entry(3, 90_10), reversal(entry(3, 90_10), 4)]) == []


def test_taking_back_an_entry_and_its_reversal_is_no_reposting() -> None:
    """What a correction does where units in process change: both are reversed, and others posted."""
    one = entry(1, 100_10, event=schema.PERIOD_END_WIP)
    next_month = replace(reversal(one, 2), reverses=None, event=schema.REVERSAL)
    entries = [
        one,
        next_month,
        reversal(one, 3),
        reversal(next_month, 4),
        entry(5, 90_10),
        reversal(entry(5, 90_10), 6),
    ]
    assert found(entries) == []


def test_two_roles_on_one_account_are_an_unusual_pair() -> None:
    finding = only(found([on("1310", entry(1, 64_50))]), "J11")
    assert finding.what == "Completion: 1310 against itself in 1 entry."
    assert (finding.where, finding.effect) == ("Journal!B7", 64.50)


def test_a_role_against_itself_is_how_subassemblies_move() -> None:
    lines = tuple(replace(line, role=schema.MIP, account="1310") for line in entry(1, 64_50).lines)
    assert found([replace(entry(1), lines=lines)]) == []


def test_a_pair_that_comes_once_among_many_is_unusual() -> None:
    """150 entries of two lines make 300: from here on once is rare, and the account is rarely used as well."""
    many = odd(150)
    many[40] = on("9999", many[40])
    findings = {f.code: f for f in found(many)}
    assert findings.keys() == {"J10", "J11"}
    assert findings["J11"].what == "Completion: 9999 against 1310 in 1 entry."
    assert findings["J11"].where == "Journal!B87"  # below 40 entries of two lines
    assert findings["J10"].where == "Journal!I87"
    assert findings["J10"].what.startswith("1 line of 300 on 9999: ")
    few = many[:149]
    assert {f.code for f in found(few)} == set()


def test_accounts_of_once_a_period_are_not_called_rare() -> None:
    many = odd(150)
    many[-1] = replace(on("9999", many[-1]), event=schema.CLOSE)
    assert not {"J10", "J11"} & {f.code for f in found(many)}


# ------------------------------------------------------------------------------------------------ of lines


def test_a_round_amount_among_others_is_found() -> None:
    entries = [*odd(15), entry(16, 4_000_00, 1_23)]
    finding = only(found(entries), "J05")
    assert (finding.where, finding.effect) == ("Journal!I37", 4_000.0)
    assert finding.what == "1 line of 33 in whole thousands: Journal!I37 (4,000.00)."


def test_round_amounts_where_all_are_round_are_the_way_of_the_house() -> None:
    assert found([entry(i, 1_000_00 * i) for i in range(1, 20)]) == []
    assert found([entry(1, 4_000_00, 1_23)]) == []  # of three lines one is no exception


def test_lines_without_an_account_name_or_a_description_are_found() -> None:
    finding = only(found([on("1350", entry(1, 12_34), name=" "), *odd(3)[1:]]), "J06")
    assert (finding.where, finding.effect) == ("Journal!I7", 12.34)
    assert "account 1350 has no name" in finding.what
    finding = only(found([entry(1, 12_34, description="")]), "J06")
    assert "the description is blank" in finding.what


@pytest.mark.parametrize(("amount", "below"), [(950_00, True), (999_99, True), (1_000_00, False), (949_99, False)])
def test_several_lines_just_below_materiality_are_found(amount: int, below: bool) -> None:
    """Three entries; the first two are a bit below the threshold."""
    findings = found([entry(1, 960_01), entry(2, 970_01), entry(3, amount)], materiality=1_000.0)
    assert [f.code for f in findings] == (["J12"] if below else [])
    if below:
        total = 960.01 + 970.01 + amount / 100
        assert findings[0].effect == pytest.approx(2 * total)  # the debits and their credits
        assert "within 5 % below 1,000.00" in findings[0].what


def test_one_or_two_lines_below_materiality_are_there_by_chance() -> None:
    assert found([entry(1, 960_01), entry(2, 970_01)], materiality=1_000.0) == []


def test_lines_around_materiality_are_not_split() -> None:
    """Three below, and one above for each three is no crowd on one side; two above are."""
    below = [entry(1, 960_01), entry(2, 970_01), entry(3, 980_01)]
    assert [f.code for f in found([*below, entry(4, 1_010_01)], materiality=1_000.0)] == ["J12"]
    assert found([*below, entry(4, 1_010_01), entry(5, 1_020_01)], materiality=1_000.0) == []


def test_entries_and_their_reversals_are_not_just_below_anything() -> None:
    below = [entry(1, 960_01), entry(2, 970_01), entry(3, 980_01)]
    back = reversal(below[0], 4)
    assert found([*below, back], materiality=1_000.0) == []


def drawn(count: int, lead: Sequence[int] | None) -> list[PostedEntry]:
    """Entries of one amount on both sides: amounts of Benford's law, or with one of these first digits."""
    chance = random.Random(6174)
    spread = (int(10 ** chance.uniform(4, 8)) for _ in range(2 * count))
    sizes = [3, 4, 5, 6, 7]  # digits after the first one
    led = (
        int(f"{chance.choice(lead or [1])}{chance.randrange(10 ** (size := chance.choice(sizes))):0{size}d}")
        for _ in range(2 * count)
    )
    amounts = list(dict.fromkeys(led if lead else spread))
    return [entry(i, amount) for i, amount in enumerate(amounts[:count], 1)]


def unlike(entries: Sequence[PostedEntry]) -> list[Finding]:
    return [f for f in found(entries) if f.code == "J13"]


def test_first_digits_of_benford_are_silent_and_others_are_not() -> None:
    assert unlike(drawn(400, None)) == []
    even = drawn(400, range(1, 10))
    # independently: which digit stands out most against log10(1 + 1/d)
    counts = [sum(str(e.lines[0].minor)[0] == str(d) for e in even) / 400 for d in range(1, 10)]
    excess = [share - math.log10(1 + 1 / d) for d, share in enumerate(counts, 1)]
    digit = 1 + excess.index(max(excess))
    assert f"{100 * counts[digit - 1]:.0f} % of 400 amounts begin with {digit}" in only(unlike(even), "J13").what


def test_first_digits_need_three_hundred_amounts() -> None:
    """An amount on both sides of its entry is one amount."""
    assert unlike(drawn(299, [9])) == []
    assert only(unlike(drawn(300, [9])), "J13").what.startswith("100 % of 300 amounts begin with 9")


def test_amounts_of_one_size_have_their_own_first_digits() -> None:
    """A few products at standard: 400 amounts between 9,000.00 and 9,999.99 say nothing of the law."""
    assert unlike([entry(i, 900_000 + 249 * i) for i in range(1, 401)]) == []


@pytest.mark.parametrize("count", [300, 1_000, 5_000])
def test_amounts_of_benford_are_silent_in_journals_of_every_length(count: int) -> None:
    assert unlike(drawn(count, None)) == []


# -------------------------------------------------------------------------------------------- of documents


def purchases(dates: Iterable[int], quantity: float = 1.0) -> RunResult:
    """The world with a purchase of bulbs at 2.00 on each of these days of April 2026."""
    read = clean()
    for i, number in enumerate(dates):
        add("Purchases", Date=day(number), Document=f"X-{i}", Item="Bulb", Quantity=quantity, Actual_price=2.0)(read)
    outcome = compute(read)
    assert outcome.run
    return outcome


WEEKDAYS = [1, 2, 3, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 20, 21, 22, 23, 24]  # of April 2026, the last days left out


def test_a_weekend_document_among_weekdays_is_found() -> None:
    finding = only(found(outcome=purchases([*WEEKDAYS, *WEEKDAYS, 18], 3.0)), "J03")
    assert (finding.where, finding.effect) == (f"Purchases!A{7 + 2 + 36}", 6.0)  # below two rows of the world
    # the world has 3 counts, 1 scrap report, 2 purchases, 1 payroll, 1 other cost
    assert finding.what.startswith("1 row of 45 on a Saturday or Sunday: ")


def test_weekends_are_no_exception_where_work_goes_on() -> None:
    assert found(outcome=purchases([*WEEKDAYS, *WEEKDAYS, 4, 5, 11, 12, 18])) == []


def test_documents_in_the_last_days_are_weighed_in_money() -> None:
    """36 purchases of 2.00 each, and one on the 28th that is worth a half of all: more than 3 x 5 days of 30."""
    read = purchases([*WEEKDAYS, *WEEKDAYS])
    whole = sum((100 * 8.1, 200 * 1.4, 36 * 2.0))
    late, fair = whole + 0.5, whole - 0.5  # a bit more and less than a half, with themselves
    assert found(outcome=read) == []
    for amount, silent in ((late, False), (fair, True)):
        tables = dict(read.period.inputs.sources)
        source = tables["Purchases"]
        row = [day(28), "L-1", "Bulb", 1.0, amount, *[""] * (len(source.columns) - 5)]
        last = source.last_row + 1
        tables["Purchases"] = replace(
            source, rows=[*source.rows, row], row_numbers=[*source.row_numbers, last], last_row=last
        )
        findings = found(outcome=compute(tables))
        assert [f.code for f in findings] == ([] if silent else ["J07"])
        if findings:
            assert (findings[0].where, findings[0].effect) == (f"Purchases!A{last}", pytest.approx(amount))
            assert f"Purchases 50 % ({amount:,.2f})" in findings[0].what


def test_counts_on_a_few_days_are_no_matter_of_the_cut_off() -> None:
    assert found(outcome=purchases([30] * 40)) == []


# ------------------------------------------------------------------------------------------------- of runs


def signed(user: str = "Ann", approver: str = "Bob", posted: str = "") -> Run:
    return Run("R0001", "Posted", "2026-05-01 09:00:00", user, "1", "hash", 1, 1.0, 1.0, approver, posted)


def test_a_preparer_who_approves_is_found() -> None:
    assert found(runs=[signed()]) == []
    assert found(runs=[signed(approver="")]) == []
    finding = only(found(runs=[signed(approver=" ann")]), "J09")
    assert (finding.where, finding.severity) == ("Runs", schema.WARNING)
    assert only(found(runs=[signed(approver="A\u00adnn.")]), "J09")  # a soft hyphen, which nobody sees


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("Jones", "JONES."), ("Jones", "J\u200bones"), ("Jones", "\u202eJones\u202c"), ("Ann Clerk", "ann\u00a0clerk"),
        ("Ann Clerk", "AnnClerk\t"), ("Jones", "\uff2aones"), ("Stra\u00dfe", "STRASSE"), ("Andr\u00e9", "Andre\u0301"),
        ("ofﬁce", "Office . "), ("", " \u200b.."),
    ],
)  # fmt: skip
def test_names_that_look_alike_are_one_person(name: str, alike: str) -> None:
    assert person(name) == person(alike)


@pytest.mark.parametrize("other", ["Jonas", "J. Jones", "Jones2", "Jone"])
def test_other_letters_are_another_person(other: str) -> None:
    assert person("Jones") != person(other)


def test_late_and_weekend_postings_are_found() -> None:
    assert found(runs=[signed(posted="2026-05-29 09:00:00")]) == []  # a Friday, 29 days later
    assert "31 days" in only(found(runs=[signed(posted="2026-05-31 09:00:00")]), "J04").what
    saturday, weekday = signed(posted="2026-05-02 09:00:00"), signed(posted="2026-05-04 09:00:00")
    assert "Saturday" in only(found(runs=[weekday] * 3 + [saturday]), "J04").what
    assert found(runs=[weekday] * 2 + [saturday]) == []  # a month is closed when it is
    assert found(runs=[signed(posted="some day")]) == []


def test_a_posting_before_the_period_ended_is_found() -> None:
    """April has 30 days; the 28th is a Tuesday, the 30th a Thursday."""
    assert found(runs=[signed(posted="2026-04-30 00:00:00")]) == []
    finding = only(found(runs=[signed(posted="2026-04-28 23:59:59")]), "J15")
    assert (finding.where, finding.severity) == ("Runs", schema.WARNING)
    assert finding.what == "Posted: R0001 2 days before period end."
    assert "1 day before" in only(found(runs=[signed(posted="2026-04-29 08:00:00")]), "J15").what


# ---------------------------------------------------------------------------------------------- all of them


def test_every_journal_test_has_its_rule_and_its_function() -> None:
    codes = [rule.code for rule in CATALOGUE if rule.code.startswith("J")]
    assert codes == [f"J{n:02d}" for n in range(1, 16)]
    assert len(TESTS) == len(set(TESTS)) == len(codes)


@pytest.mark.parametrize("detail", [schema.PER_TRIGGER, schema.PER_PRODUCT])
@pytest.mark.parametrize("name", ["clean", "bench", *SAMPLES])
def test_samples_are_clean(name: str, detail: str) -> None:
    """Months that are in order have none, whatever the journal's detail."""
    sample = SAMPLES[name]() if name in SAMPLES else bench()
    read = clean() if name == "clean" else sources({**sample.settings, "Journal detail": detail}, sample.tables)
    outcome = compute(read)
    assert outcome.run
    posted, settings = outcome.period, outcome.period.inputs.settings
    entries = [
        as_posted(e, outcome.period.inputs.accounts, settings.period_end, "R0001", i)
        for i, e in enumerate(posted.entries, 1)
    ]
    threshold = next(m.threshold for m in posted.materiality if m.key == "in_stock")
    findings = found(entries, outcome, materiality=threshold or 0.0)
    assert findings == []


# ---------------------------------------------------------------------------------- the auditor's own columns

HEAD = ("Run", "Entry", "Line", "Event", "Role", "Product", "Debit", "Credit", *NAMES)


def columns(*rows: tuple[object, ...]) -> dict[str, list[object]]:
    """Table Journal by column; the auditor's cells may be left off."""
    filled = [(*row, *[None] * (len(HEAD) - len(row))) for row in rows]
    return {name: [row[i] for row in filled] for i, name in enumerate(HEAD)}


SOLD = ("R0001", 1.0, 1.0, "Sale", "Cost of goods sold", "", 100.1, "")
TICKED = (*SOLD, "x", "B-12", "agreed to invoice")


def test_a_tick_stays_with_its_line() -> None:
    values, lost = keep_marks(columns(TICKED), columns(SOLD, ("R0001", 1, 2, *SOLD[3:6], None, 100.1)), 2)
    assert values == {"Tick": ["x", None], "W/P ref": ["B-12", None], "Comment": ["agreed to invoice", None]}
    assert lost == []


def test_a_tick_moves_with_its_entry_to_another_number() -> None:
    new = columns(("R0001", 1, 1, "Purchase", *SOLD[4:]), ("R0001", 2, 1, *SOLD[3:]))
    values, lost = keep_marks(columns(TICKED), new, 2)
    assert (values["Tick"], lost) == ([None, "x"], [])


@pytest.mark.parametrize(
    ("column", "value"),
    [("Debit", 100.11), ("Event", "Scrap"), ("Role", "Finished goods"), ("Run", "R0002"), ("Product", "Lamp")],
)
def test_a_tick_does_not_pass_to_another_posting(column: str, value: object) -> None:
    other = list(SOLD)
    other[HEAD.index(column)] = value
    values, lost = keep_marks(columns(TICKED), columns(tuple(other)), 2)
    assert values == {name: [None] for name in NAMES}
    assert lost == [Lost(0, "R0001", "1", "1", ("x", "B-12", "agreed to invoice"))]
    (finding,) = marks_lost(lost)
    assert finding.code == "J14"
    assert "entry 1 line 1: x B-12 agreed to invoice" in finding.what
    assert list(marks_lost([])) == []


def test_a_tick_beside_a_line_that_the_journal_no_longer_has_is_found() -> None:
    """Both lines of 100.10 were ticked; on the sheet the credit was 100.20."""
    debit = ("R0001", 1.0, 1.0, schema.COMPLETION, schema.FINISHED_GOODS, "", 100.10, "", "x", "", "")
    credit = ("R0001", 1.0, 2.0, schema.COMPLETION, schema.MIP, "", "", 100.20, "v", "B-1", "")
    read = Source("Journal", "Journal", dict.fromkeys(HEAD, "A"), 7, 8, HEAD, [list(debit), list(credit)], [7, 8])
    finding = only(found([entry(1, 100_10)], sheet=read), "J14")
    assert finding.what == "1 line with an entry of the auditor changed: entry 1 line 2: v B-1."


def test_of_lines_alike_each_keeps_its_own_tick() -> None:
    """Three lines alike, two ticked, and the order of the entries turned round: numbers decide, then the order."""
    rows = [("R0001", n, 1, *SOLD[3:]) for n in (1, 2, 3)]
    old = columns(rows[0], (*rows[1], "b"), (*rows[2], "c"))
    assert keep_marks(old, columns(rows[0], rows[1], rows[2]), 2)[0]["Tick"] == [None, "b", "c"]
    assert keep_marks(old, columns(rows[2], rows[0], rows[1]), 2)[0]["Tick"] == ["c", None, "b"]
    of_one_and_two = columns((*rows[0], "a"), (*rows[1], "b"))
    assert keep_marks(of_one_and_two, columns(rows[1], rows[2]), 2)[0]["Tick"] == ["b", "a"]
    values, lost = keep_marks(old, columns(rows[0]), 2)
    assert (values["Tick"], [m.written[0] for m in lost]) == (["b"], ["c"])


def test_nothing_is_carried_from_a_workbook_without_the_columns() -> None:
    old = {name: values for name, values in columns(SOLD).items() if name not in NAMES}
    assert keep_marks(old, columns(SOLD), 2) == ({name: [None] for name in NAMES}, [])
    assert keep_marks({}, columns(SOLD), 2)[1] == []


def test_a_tick_typed_as_a_number_or_date_stays_what_it_is() -> None:
    values, _ = keep_marks(columns((*SOLD, 1.0, "", dt.date(2026, 5, 6))), columns(SOLD), 2)
    assert (values["Tick"], values["W/P ref"], values["Comment"]) == ([1.0], [None], [dt.date(2026, 5, 6)])
