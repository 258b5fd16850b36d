"""The life of a workbook file: draft, posted, corrected, closed, followed by the next; and what is found when it is touched."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import office
import openpyxl
import pytest
from live_books import PERIOD, Policy, world
from support_files import Parts, bench_book, cli, sample_book

from xlbackflush import schema
from xlbackflush.cli.rolling import roll
from xlbackflush.engine.record import record as records
from xlbackflush.engine.record import seals
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.lifecycle.post import post as post_book
from xlbackflush.lifecycle.verify import Verified
from xlbackflush.lifecycle.verify import verify as verify_book
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.journal import PostedEntry
from xlbackflush.ooxml.atomic import NewFile
from xlbackflush.schema import entries as words
from xlbackflush.template.build import build
from xlbackflush.workbook.file import FileBook

NOW = dt.datetime(2026, 4, 2, 9)
ANN, BOB = "Ann Clerk", "Bob Controller"


def run(path: Path, user: str = ANN) -> RunResult:
    with FileBook(path) as book:
        return lifecycle.run(book, user, NOW)


def post(path: Path, approver: str = BOB, now: dt.datetime = NOW) -> RunResult:
    with FileBook(path) as book:
        return post_book(book, approver, now)


def verify(path: Path) -> Verified:
    with FileBook(path) as book:
        return verify_book(book)


def put(path: Path, cell: str, value: object) -> None:
    parts = Parts(path)
    parts.put(cell, value)
    parts.save(path)


def posted_lines(path: Path) -> list[dict[str, object]]:
    """The posted columns of the journal's sealed lines."""
    live = ("Proof", "Difference", "Reversed by", *(c.name for c in schema.AUDITOR))
    return [
        {name: value for name, value in row.items() if name not in live}
        for row in Parts(path).rows("Journal")
        if row["Seal"]
    ]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return bench_book(tmp_path / "march.xlsm")


@pytest.fixture(scope="module")
def posted_once(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = bench_book(tmp_path_factory.mktemp("posted") / "march.xlsm")
    run(path)
    post(path)
    return path.read_bytes()


@pytest.fixture
def posted(book: Path, posted_once: bytes) -> Path:
    """The bench, posted. There is nothing for `restore`, as it was another file that was run."""
    book.write_bytes(posted_once)
    return book


# ---------------------------------------------------------------------------------------------------- posting


def test_posting_locks_the_draft(book: Path) -> None:
    run(book)
    drafted = Parts(book).rows("Journal")
    post(book)
    parts = Parts(book)
    (line,) = parts.rows("Runs")
    assert (line["Run"], line["Status"], line["User"], line["Approved by"]) == ("R0001", "Posted", ANN, BOB)
    assert line["Posted"] == "2026-04-02 09:00:00"
    assert len(str(line["Link"])) == 64
    assert [{**row, "Seal": None} for row in parts.rows("Journal")] == drafted
    assert all(len(str(row["Seal"])) == 12 for row in parts.rows("Journal"))
    digests = {row["Input"]: row["SHA-256"] for row in parts.rows("RunInputs") if row["SHA-256"]}
    filled = {t.name for t in schema.INPUT_TABLES if any(any(row.values()) for row in parts.rows(t.name))}
    assert digests.keys() == filled
    rows = {row["Input"]: row["Rows"] for row in parts.rows("RunInputs") if not row["Content"]}
    assert {name for name, count in rows.items() if count} == filled
    assert list(rows) == [t.name for t in schema.INPUT_TABLES]
    assert {"Setup", "BOM", "Counts"} <= filled
    assert verify(book).holds


@pytest.mark.parametrize(
    ("now", "code", "what"),
    [  # the period ends on Tuesday, 31 March 2026
        (dt.datetime(2026, 10, 19, 9), "J04", "Posted: R0001 202 days after period end."),
        (dt.datetime(2026, 4, 4, 9), "J04", "Posted: R0001 on a Saturday."),
        (dt.datetime(2026, 3, 26, 9), "J15", "Posted: R0001 5 days before period end."),
    ],
)
def test_the_run_that_is_posted_is_among_those_whose_time_is_looked_at(
    book: Path, now: dt.datetime, code: str, what: str
) -> None:
    run(book)
    before = {row["Code"] for row in Parts(book).rows("Findings")}
    post(book, now=now)
    found = [row for row in Parts(book).rows("Findings") if row["Code"] not in before]
    assert [(row["Code"], row["Where"], row["What"]) for row in found] == [(code, "Runs", what)]
    once = book.read_bytes()
    run(book)
    assert book.read_bytes() == once


def test_running_again_changes_nothing(posted: Path) -> None:
    before = posted.read_bytes()
    assert run(posted).journal.new == []  # type: ignore[union-attr]
    assert posted.read_bytes() == before


@pytest.mark.parametrize(
    ("prepare", "approver", "why"),
    [
        (lambda path: None, BOB, "There is no draft to post; run first."),
        (run, "", "Say who approves the posting"),
        (run, " ann  CLERK ", "somebody else must approve it"),
        (run, "A\u200bnn\u00a0Clerk\u2060.", "somebody else must approve it"),  # joiners, a hard space, a full stop
        (run, "\uff21\uff4e\uff4eClerk . .", "somebody else must approve it"),  # letters of full width
        (run, "\u200b .", "Say who approves the posting"),
        (lambda path: run(path, ""), BOB, "does not say who made it"),
        (lambda path: (run(path), put(path, "Counts!E7", 1.0)), BOB, "The inputs changed after draft R0001"),
        (lambda path: (run(path), put(path, "Journal!I7", 1.0)), BOB, "cannot be posted: Journal!I7"),
        (
            lambda path: (run(path), put(path, "Journal!H8", "?")),
            BOB,
            "Entry 1 at Journal!A7 was changed after the run",
        ),
        (
            lambda path: (run(path), put(path, "Journal!L8", "as I see it")),
            BOB,
            "Entry 1 at Journal!A7 was changed after the run",
        ),
        (lambda path: (run(path), post(path)), BOB, "Everything is posted already."),
    ],
)
def test_a_draft_that_is_not_sound_is_not_posted(book, prepare, approver, why) -> None:  # type: ignore[no-untyped-def]
    prepare(book)
    before = book.read_bytes()
    with pytest.raises(RefusedError, match=why):
        post(book, approver)
    assert book.read_bytes() == before


def test_nothing_empty_is_posted(tmp_path: Path) -> None:
    """Every check of an empty workbook holds; that must not read as a month that is in order."""
    path, following = tmp_path / "book.xlsx", tmp_path / "next.xlsx"
    assert cli("new", path, "--period", "2026-04").code == 0
    assert cli("check", path).out.endswith("Findings: 1 warning. There is nothing to post.\n")
    told = cli("run", path)
    assert (told.code, told.out.splitlines()[-1].split(maxsplit=1)) == (0, ["Checks", "nothing is posted"])
    draft = "xlbackflush: Draft R0001 has no entry, so there is nothing to post"
    before = path.read_bytes()
    posting, rolling = cli("post", path, "--approved-by", "Ann Controller"), cli("roll", path, following)
    assert (posting.code, posting.err) == (2, f"{draft}: see sheet Findings.\n")
    assert (rolling.code, rolling.err[: len(draft) + 14]) == (2, f"{draft} and to close.")
    assert path.read_bytes() == before
    assert not following.exists()


def test_a_draft_has_nothing_to_verify(book: Path) -> None:
    run(book)
    told = "Nothing is posted yet, so there is nothing to verify. The draft agrees with its inputs.\n"
    assert (cli("verify", book).code, cli("verify", book).out) == (0, told)


def test_what_is_posted_is_neither_cleared_nor_undone(book: Path) -> None:
    run(book)
    post(book)
    before = book.read_bytes()
    for verb in ("clear", "restore"):
        result = cli(verb, book)
        assert (result.code, book.read_bytes()) == (2, before), result.err


def rearranged(path: Path, key: Callable[[list[object]], object]) -> None:
    """Table Journal with its rows in another order, as Excel leaves it after a sort: values move, formulas stay."""
    workbook = openpyxl.load_workbook(path, keep_vba=True)
    sheet = workbook["Journal"]
    cells = [row for row in sheet.iter_rows(min_row=schema.HEADER_ROW + 1) if row[0].value]
    for row, values in zip(cells, sorted(([cell.value for cell in row] for row in cells), key=key), strict=True):
        for cell, value in zip(row, values, strict=True):
            cell.value = value
    workbook.save(path)


def test_a_sorted_journal_is_sorted_back_and_goes_on(posted: Path) -> None:
    """Run, verify and post say the same one thing; sorted by entry and line, the workbook is as good as before."""
    at = {name: i for i, name in enumerate(schema.JOURNAL.names)}
    rearranged(posted, lambda row: str(row[at["Account"]]))
    (problem,) = verify(posted).problems
    assert "sorted otherwise than it was posted" in problem.what and "by Entry, then by Line" in problem.fix
    (finding,) = [f for f in run(posted).findings if f.severity == schema.ERROR]
    assert (finding.where, finding.what, finding.fix) == (problem.where, problem.what, problem.fix)
    with pytest.raises(RefusedError, match=r"period cannot be closed\. Journal!.*sorted otherwise"):
        roll(posted, posted.with_name("april.xlsm"))
    rearranged(posted, lambda row: (row[at["Entry"]], row[at["Line"]]))
    run(posted)
    assert verify(posted).holds


# ------------------------------------------------------------------------------------------------ corrections


def test_changed_inputs_are_corrected_by_reversal_and_a_new_entry(posted: Path) -> None:
    """One more purchase row's price: its entry, the close, and nothing else."""
    frozen = posted_lines(posted)
    cells = {row["Document"]: row for row in Parts(posted).rows("Purchases")}
    assert cells
    put(posted, "Purchases!E7", 3.0)
    outcome = run(posted)
    assert outcome.run
    new = outcome.journal.new
    reversed_events = [entry.event for entry in new if entry.reverses]
    assert schema.PURCHASE in reversed_events
    assert {schema.COMPLETION, schema.SALE}.isdisjoint(reversed_events)
    for entry in new:
        if entry.reverses:
            (original,) = (e for e in outcome.period.record.posted if e.number == entry.reverses)
            assert [-line.minor for line in entry.lines] == [line.minor for line in original.lines]
        else:
            assert entry.corrects
    assert posted_lines(posted) == frozen
    post(posted)
    assert posted_lines(posted)[: len(frozen)] == frozen
    assert verify(posted).holds


def test_the_ledger_of_a_corrected_journal_is_that_of_a_fresh_run(posted: Path, tmp_path: Path) -> None:
    fresh = bench_book(tmp_path / "fresh.xlsm")
    for path in (posted, fresh):
        put(path, "Counts!E7", 11.0)
        run(path)

    def closing(path: Path) -> dict[object, object]:
        return {row["Role"]: row["Closing"] for row in Parts(path).rows("Ledger")}

    assert closing(posted) == closing(fresh)


@pytest.mark.parametrize("disposition", [schema.TO_COGS, schema.PRORATE, schema.CARRY_FORWARD])
def test_proofs_of_a_corrected_journal_hold_in_libreoffice(tmp_path: Path, disposition: str) -> None:
    path = sample_book(tmp_path / "widgets.xlsm")
    row = next(i for i, s in enumerate(schema.SETTINGS) if s.name == "Variance disposition")
    put(path, f"Setup!B{schema.HEADER_ROW + 1 + row}", disposition)
    run(path)
    post(path)
    put(path, "Counts!E7", 231.0)
    put(path, "Actuals!E7", 20_000.0)
    run(path)
    lines = len(Parts(path).rows("Journal"))
    wanted = [("Checks", "B3"), ("Journal", f"N7:N{6 + lines}"), ("Journal", f"A7:A{6 + lines}")]
    with office.Session(path) as session:
        master, differences, runs = session.read(wanted)
        assert master == [[0.0]]
        assert {value for (value,) in differences} == {0.0}
        ((changed,),), differences, _ = session.attempt([("Counts", "E7", 230.0)], wanted)
    assert changed > 0
    moved = {number for (value,), (number,) in zip(differences, runs, strict=True) if value}
    assert moved == {"R0002"}  # the lines in force; what was taken back has nothing to prove any more


def test_a_draft_that_was_tampered_with_is_made_again(posted: Path) -> None:
    """Whatever was typed over its lines; what is posted above them still counts."""
    put(posted, "Purchases!E7", 3.0)
    run(posted)
    whole = Parts(posted).rows("Journal")
    draft = next(i for i, row in enumerate(whole) if not row["Seal"])
    for column in ("I", "J", "B", "K"):
        put(posted, f"Journal!{column}{7 + draft}", "typed over")
    assert not verify(posted).holds
    with pytest.raises(RefusedError, match="cannot be posted"):
        post(posted)
    run(posted)
    assert Parts(posted).rows("Journal") == whole
    post(posted)
    assert verify(posted).holds


def test_auditors_notes_stay_with_their_lines(posted: Path) -> None:
    parts = Parts(posted)
    tick = parts.tables()["Journal"].columns.index("Tick") + 1
    parts.put(f"Journal!{chr(64 + tick)}7", "v")
    parts.save(posted)
    put(posted, "Purchases!E7", 3.0)
    run(posted)
    assert Parts(posted).rows("Journal")[0]["Tick"] == "v"


# ------------------------------------------------------------------------------------- words are no identity

WORDED = (
    Policy(schema.PCS, detail=schema.PER_PRODUCT, disposition=schema.PRORATE, wip=schema.RECORD),
    Policy(schema.PCS, relief=schema.PHYSICAL_COUNT, wip=schema.RECORD, in_money=True),
    Policy(schema.PS, relief=schema.PHYSICAL_COUNT, conversion=schema.EXPENSE_THEN_ADJUST, wip=schema.RECORD),
    Policy(
        schema.S, relief=schema.PHYSICAL_COUNT, conversion=schema.EXPENSE_THEN_ADJUST, wip=schema.RECORD, in_money=True
    ),
)


def change_all_words(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every text of the entries' words is another one; gives those that they were, as far as they hold no number."""
    own = {name: value for name, value in vars(words).items() if not name.startswith("__")}
    texts = {name: value for name, value in own.items() if isinstance(value, str)}
    for name in texts:
        monkeypatch.setattr(words, name, f"<{name}>")
    for name, texts_by_code in own.items():
        if isinstance(texts_by_code, dict):
            for code, text in texts_by_code.items():
                assert isinstance(text, str), "only texts, so that all of them are changed here"
                monkeypatch.setitem(texts_by_code, code, f"<{code}>")
                texts[f"{name} {code}"] = text
    return {text for text in texts.values() if "{" not in text}


@pytest.mark.parametrize("policy", WORDED, ids=str)
def test_other_words_leave_a_posted_workbook_verified_and_the_next_run_without_a_line(
    tmp_path: Path, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a reversal, a correction, units in process, and what the physical count brings."""
    path = tmp_path / "world.xlsm"
    build(path, PERIOD, world(policy))
    run(path)
    post(path)
    put(path, "Counts!E7", 45.0)
    put(path, "WIP!B7", 15.0)
    corrected = run(path).journal
    assert corrected
    assert {(bool(e.reverses), bool(e.corrects)) for e in corrected.new} >= {(True, False), (False, True)}
    assert {e.event for e in corrected.new} >= {schema.PERIOD_END_WIP, schema.REVERSAL}
    post(path)
    assert verify(path).holds
    frozen = posted_lines(path)

    with monkeypatch.context() as other:
        before = change_all_words(other)
        assert before & {str(row[name]) for row in frozen for name in ("Description", "Source")}
        assert verify(path).holds
        again = run(path)
        assert again.journal and again.journal.new == []
        assert posted_lines(path) == frozen  # what is posted keeps its words
        assert verify(path).holds
        put(path, "WIP!B7", 16.0)
        later = run(path).journal
        assert later and later.new
        assert all(entry.description.startswith("<") for entry in later.new)
        post(path)
        assert posted_lines(path)[: len(frozen)] == frozen
        assert verify(path).holds
    assert verify(path).holds
    rows = range(7, 7 + sum(row["Entry"] == 1 for row in frozen))
    for row in rows:
        put(path, f"Journal!K{row}", "In other words")
    assert [problem.where for problem in verify(path).problems] == [f"Journal!K{row}" for row in rows]


# --------------------------------------------------------------------------------------------- tamper evidence


@pytest.mark.parametrize(
    ("cell", "value"),
    [("H8", "Another account"), ("K8", "In other words"), ("G8", "9999"), ("D8", 46_111), ("L8", "nowhere")],
)
def test_a_changed_posted_cell_is_named_and_stops_the_next_run(posted: Path, cell: str, value: object) -> None:
    put(posted, f"Journal!{cell}", value)
    problems = [str(problem) for problem in verify(posted).problems]
    named = [re.search(r"Journal!\w*?(\d+)(?::\w*?(\d+))?", text) for text in problems]
    assert any(m and int(m[1]) <= 8 <= int(m[2] or m[1]) for m in named), problems
    before = Parts(posted).rows("Journal")
    result = cli("run", posted, "--json")
    assert result.code == 1
    assert {f["code"] for f in result.json["findings"] if f["severity"] == "Error"} == {"L01"}
    assert Parts(posted).rows("Journal") == before


def seal_anew(path: Path, changed: Callable[[PostedEntry], PostedEntry]) -> None:
    """Change what the only run has posted, as somebody would who computes seals and link again."""
    with FileBook(path) as book:
        record = records.read({name: book.table(name) for name in records.TABLES}, 2)
    entries = seals.sealed([], [changed(entry) for entry in record.posted])
    run = replace(record.runs[0], table_hashes=record.inputs["R0001"].hashes)
    parts = Parts(path)
    for row, (entry, line) in enumerate(((e, line) for e in entries for line in e.lines), 7):
        for column, text in (("H", line.name), ("K", entry.description), ("S", line.seal)):
            parts.put(f"Journal!{column}{row}", text)
    runs = parts.tables()["Runs"]
    parts.put(f"Runs!{chr(64 + runs.left + runs.columns.index('Link'))}7", seals.link_of("", run, entries, 2))
    parts.save(path)


def test_names_of_accounts_are_those_of_the_inputs_even_where_all_is_sealed_anew(posted: Path) -> None:
    seal_anew(posted, lambda entry: entry)
    assert verify(posted).holds

    def renamed(entry: PostedEntry) -> PostedEntry:
        return replace(entry, lines=tuple(replace(line, name="Other") for line in entry.lines))

    seal_anew(posted, lambda entry: renamed(entry) if entry.number == 2 else entry)
    rows = [7 + i for i, line in enumerate(posted_lines(posted)) if line["Entry"] == 2]
    problems = verify(posted).problems
    assert [problem.where for problem in problems] == [f"Journal!H{row}" for row in rows]
    assert all("as sealed; the inputs on record of run R0001 give" in problem.what for problem in problems)


def test_words_that_were_sealed_anew_show_in_the_link_that_was_kept_elsewhere(posted: Path) -> None:
    (before,) = verify(posted).runs
    seal_anew(posted, lambda entry: replace(entry, description="In other words"))
    (after,) = verify(posted).runs
    assert verify(posted).holds and after.link != before.link


def test_a_changed_input_is_named_by_its_cell(posted: Path) -> None:
    put(posted, "Counts!F8", "another word")
    result = cli("verify", posted)
    assert result.code == 1
    assert "Counts!F8, Note: was" in result.out


@pytest.mark.parametrize("column", ["Input hash", "User", "Approved by", "Posted", "Link"])
def test_a_changed_record_of_a_run_is_found(posted: Path, column: str) -> None:
    place = Parts(posted).tables()["Runs"]
    letter = chr(64 + place.left + place.columns.index(column))
    put(posted, f"Runs!{letter}7", "0" * 64)
    problems = [str(problem) for problem in verify(posted).problems]
    assert any("R0001" in text for text in problems), problems


def test_changed_inputs_on_record_are_found(posted: Path) -> None:
    rows = Parts(posted).rows("RunInputs")
    at = next(i for i, row in enumerate(rows) if row["Content"])
    text = str(rows[at]["Content"])
    put(posted, f"Run Inputs!E{7 + at}", text[:-9] + ("A" if text[-9] != "A" else "B") + text[-8:])
    assert any("Run Inputs" in str(problem) for problem in verify(posted).problems)


# ----------------------------------------------------------------------------------------------- diff and roll


def test_diff_says_which_cell_moved_which_line(posted: Path) -> None:
    quantity = Parts(posted).cells("Purchases")["D7"][0]
    price = Parts(posted).cells("Purchases")["E7"][0]
    assert isinstance(quantity, float | int)
    assert isinstance(price, float | int)
    put(posted, "Purchases!E7", price + 0.5)
    run(posted)
    found = cli("diff", posted, "R0001", "R0002", "--json").json
    (effect,) = found["effects"]
    assert effect["changes"] == [f"Purchases!E7, Actual price: was {price}, is {price + 0.5}."]
    payable = [m for m in effect["moved"] if m["event"] == "Purchase" and m["role"] == schema.ACCOUNTS_PAYABLE]
    assert round(payable[0]["now"] - payable[0]["was"], 2) == round(-0.5 * quantity, 2)
    assert found["together"] == []
    assert cli("diff", posted, "R0001", "R0009").code == 2


def test_lines_that_read_alike_are_told_apart_by_what_differs(tmp_path: Path) -> None:
    """Subassemblies are debited and credited to one account: the same event, description and role, on both sides."""
    path = sample_book(tmp_path / "widgets.xlsx", "widgets")
    run(path)
    post(path)
    counts = Parts(path).rows("Counts")
    made = next(i for i, row in enumerate(counts) if row["Item"] == "SA-210" and row["Event"] == schema.COMPLETED)
    put(path, f"Counts!E{7 + made}", float(str(counts[made]["Quantity"])) + 100)
    run(path)
    said = cli("diff", path, "R0001", "R0002").out.split("All changes:")[1].splitlines()[1:]
    names = [
        line.strip().split(": ")[0] if "(" not in line.split(": ")[0] else line.strip().rsplit("): ")[0]
        for line in said
    ]
    assert len(set(names)) == len(names)
    unit = {row["Item"]: row for row in Parts(path).rows("Rollup")}["SA-210"]
    whole = 100 * float(str(unit["Unit cost"]))
    conversion = 100 * sum(float(str(unit[e] or 0)) for e in ("Labor", "Variable overhead", "Fixed overhead"))
    moved = {line.strip().rsplit(": ", 1)[0]: line.rsplit("(", 1)[1].rstrip(")") for line in said}
    for side, amount in (("debit", whole), ("credit", -(whole - conversion))):
        by = float(moved[f"Completion, {schema.MIP} ({side})"].replace(",", ""))
        assert abs(by - amount) < 0.02, side


def test_what_moves_only_together_is_told_as_a_change(posted: Path) -> None:
    """Quantity and price of a purchase: 40 more units at 0.50 more are 20.00 that neither change moves; no balance is told."""
    cells = Parts(posted).cells("Purchases")
    put(posted, "Purchases!D7", float(str(cells["D7"][0])) + 40)
    put(posted, "Purchases!E7", float(str(cells["E7"][0])) + 0.5)
    run(posted)
    said = cli("diff", posted, "R0001", "R0002").out
    together = said.split("only several of them together:\n")[1].split("All changes:")[0]
    assert f"    Purchase, {schema.ACCOUNTS_PAYABLE}: -20.00\n" in together and "->" not in together
    data = cli("diff", posted, "R0001", "R0002", "--json").json["together"]
    (payable,) = [m for m in data if m["event"] == "Purchase" and m["role"] == schema.ACCOUNTS_PAYABLE]
    assert payable["by"] == -20 and "was" not in payable and payable["source"].startswith("Purchases!")


def test_roll_opens_the_next_period_and_closes_this_one(posted: Path) -> None:
    following = posted.with_name("april.xlsm")
    assert cli("roll", posted, following).code == 0
    assert {row["Status"] for row in Parts(posted).rows("Runs")} == {"Closed"}
    assert cli("run", posted).code == 2
    assert verify(posted).holds
    once = following.read_bytes()
    assert cli("roll", posted, following).code == 0
    assert following.read_bytes() == once
    outcome = run(following)
    assert outcome.run
    assert all(check.holds for check in outcome.period.checks)
    settings = outcome.period.inputs.settings
    assert settings.period_start == (dt.date(2026, 4, 1) - schema.DAY_0).days
    assert settings.period_end == (dt.date(2026, 4, 30) - schema.DAY_0).days
    with office.Session(following) as session:
        assert session.read([("Checks", "B3")]) == [[[0.0]]]


def test_the_link_that_balances_come_from_is_whole_and_wrapped(posted: Path) -> None:
    following = posted.with_name("april.xlsm")
    cli("roll", posted, following)
    (line,) = Parts(posted).rows("Runs")
    sheet = openpyxl.load_workbook(following, keep_vba=True)["Opening"]
    notes = [row[3] for row in sheet.iter_rows(min_row=schema.HEADER_ROW + 1) if row[0].value]
    assert notes
    for note in notes:
        assert note.value == f"From {posted.name}, run R0001, link {line['Link']}" and len(str(line["Link"])) == 64
        assert note.alignment.wrap_text and sheet.row_dimensions[note.row].height == 28
    assert sheet.column_dimensions["D"].width > 64


def test_a_closed_period_names_the_run_that_it_ended_with(posted: Path) -> None:
    put(posted, "Purchases!E7", 3.0)
    run(posted)
    post(posted)
    assert cli("roll", posted, posted.with_name("april.xlsm")).code == 0
    with pytest.raises(RefusedError, match="closed with run R0002"):
        run(posted)


def test_opening_balances_are_closing_balances_and_reversals(posted: Path) -> None:
    """By a ledger of its own, from the lines of the journal alone."""
    following = posted.with_name("april.xlsm")
    cli("roll", posted, following)
    run(following)
    parts = Parts(posted)
    opened = {row["Role"]: round(100 * float(str(row["Opening"] or 0))) for row in parts.rows("Ledger")}
    balances = dict(opened)
    for row in parts.rows("Journal"):
        amount = round(100 * (float(str(row["Debit"] or 0)) - float(str(row["Credit"] or 0))))
        expense = row["Role"] in (schema.COGS, schema.ABNORMAL_SCRAP) and row["Event"] != schema.REVERSAL
        if not expense:
            balances[row["Role"]] = balances.get(row["Role"], 0) + amount
    now = {row["Role"]: round(100 * float(str(row["Opening"] or 0))) for row in Parts(following).rows("Ledger")}
    assert {role: cents for role, cents in now.items() if cents} == {r: c for r, c in balances.items() if c}


@pytest.mark.parametrize("state", ["new", "draft", "changed", "tampered"])
def test_a_period_that_is_not_posted_as_it_stands_is_not_closed(book: Path, state: str) -> None:
    if state != "new":
        run(book)
    if state in ("changed", "tampered"):
        post(book)
        put(book, "Counts!E7" if state == "changed" else "Journal!K8", 9.0 if state == "changed" else "other words")
    before = book.read_bytes()
    assert cli("roll", book, book.with_name("next.xlsm")).code == 2
    assert book.read_bytes() == before
    assert not book.with_name("next.xlsm").exists()


def test_another_workbook_is_not_overwritten_by_roll(posted: Path) -> None:
    other = posted.with_name("april.xlsm")
    shutil.copyfile(posted, other)
    before = other.read_bytes()
    assert cli("roll", posted, other).code == 2
    assert other.read_bytes() == before
    assert {row["Status"] for row in Parts(posted).rows("Runs")} == {"Posted"}


@pytest.mark.parametrize("name", ["april.xls", "april", "nowhere/april.xlsm"])
def test_a_period_is_not_closed_for_a_workbook_that_cannot_be_written(posted: Path, name: str) -> None:
    before = posted.read_bytes()
    assert cli("roll", posted, posted.parent / name).code == 2
    assert posted.read_bytes() == before


def test_a_closed_period_goes_on_in_one_workbook(posted: Path) -> None:
    """Which is written again where it was lost; a second one would part the books."""
    following, second = posted.with_name("april.xlsm"), posted.with_name("april-2.xlsm")
    cli("roll", posted, following)
    result = cli("roll", posted, second)
    assert (result.code, second.exists()) == (2, False)
    assert "goes on in april.xlsm" in result.err
    following.unlink()
    assert cli("roll", posted, following).code == 0
    assert following.exists()


@pytest.mark.parametrize("damage", ["empty", "half", "another"])
def test_a_next_workbook_that_is_damaged_is_not_called_done(posted: Path, tmp_path: Path, damage: str) -> None:
    following = posted.with_name("april.xlsm")
    assert cli("roll", posted, following).code == 0
    whole, closed = following.read_bytes(), posted.read_bytes()
    other = bench_book(tmp_path / "other.xlsm").read_bytes()
    following.write_bytes({"empty": b"", "half": whole[: len(whole) // 2], "another": other}[damage])
    result = cli("roll", posted, following)
    assert result.code == 2
    assert "april.xlsm" in result.err
    assert "ove it away, and roll again." in result.err
    assert posted.read_bytes() == closed
    following.unlink()
    assert cli("roll", posted, following).code == 0
    assert following.read_bytes() == whole


def test_the_next_workbook_is_safe_before_this_one_is_closed(posted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    following, steps, sync, put_over = posted.with_name("april.xlsm"), [], os.fsync, NewFile.put_over

    def forced(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def closing(new: NewFile, content: bytes) -> bool:
        steps.append("closed")
        with FileBook(following) as book:
            assert book.table("Opening").rows
        return put_over(new, content)

    monkeypatch.setattr(os, "fsync", forced)
    monkeypatch.setattr(NewFile, "put_over", closing)
    assert cli("roll", posted, following).code == 0
    assert steps[:2] == ["file", "folder"] or os.name == "nt"
    assert steps.index("closed") > 1


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_a_roll_that_fails_leaves_no_next_workbook(
    posted: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    before, following = posted.read_bytes(), posted.with_name("april.xlsm")

    def fails(new: NewFile, content: bytes) -> bool:
        assert following.exists()
        raise error

    monkeypatch.setattr(NewFile, "put_over", fails)
    result = cli("roll", posted, following)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert posted.read_bytes() == before
    assert [path.name for path in posted.parent.iterdir()] == [posted.name]


# --------------------------------------------------------------------------------------------- what sheets show


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("Ledger", "Closing", 1.5),
        ("Ledger", "Opening", -7.25),
        ("Ledger", "Account", "9999"),
        ("Variances", "Amount", 3.0),
        ("Variances", "F/U", "?"),
        ("Relief", "Quantity", 12.5),
        ("Reconciliation", "Book", 0.25),
        ("Reconciliation", "Counted", 0.125),
    ],
)
@pytest.mark.parametrize("state", ["draft", "posted"])
def test_what_a_sheet_shows_is_what_the_inputs_give(
    book: Path, state: str, table: str, column: str, value: object
) -> None:
    """Although no difference shows: whoever changes an amount can write 0 beside it."""
    run(book)
    if state == "posted":
        post(book)
    parts = Parts(book)
    cell = parts.where(table, column)
    parts.put(cell, value)
    parts.save(book)
    shown = value if isinstance(value, str) else f"{value:g}"
    problems = [problem for problem in verify(book).problems if problem.where == cell]
    assert problems, verify(book).problems
    assert shown in problems[0].what
    assert "the inputs give" in problems[0].what


def test_amounts_shifted_between_accounts_are_named_both(posted: Path) -> None:
    parts = Parts(posted)
    rows = parts.rows("Ledger")
    cells = [parts.where("Ledger", "Closing", i) for i in range(2)]
    for cell, row, by in zip(cells, rows, (100_000, -100_000), strict=False):
        parts.put(cell, float(str(row["Closing"])) + by)
    parts.save(posted)
    assert [problem.where for problem in verify(posted).problems] == cells


def test_a_workbook_without_results_is_one_sentence(posted: Path) -> None:
    """As openpyxl saves it: formulas, and no values of them."""
    book = openpyxl.load_workbook(posted, keep_vba=True)
    book.save(posted)
    (problem,) = verify(posted).problems
    assert "not calculated" in problem.what


# ------------------------------------------------------------------------------------------- status of the runs


@pytest.mark.parametrize("status", ["Draft", "draft", "Foo", "Closed", None])
@pytest.mark.parametrize("runs", [1, 2])
def test_a_posted_run_stays_posted_whatever_its_status_says(posted: Path, runs: int, status: str | None) -> None:
    if runs == 2:
        put(posted, "Counts!E7", 9.0)
        run(posted)
        post(posted)
    cell = f"Runs!B{6 + runs}"
    put(posted, cell, status)
    frozen = posted_lines(posted)
    assert any(problem.where in (cell, f"Runs!M{6 + runs}") for problem in verify(posted).problems)
    for verb in ("clear", "restore"):
        assert cli(verb, posted).code == 2
    put(posted, "Counts!E8", 10.0)
    assert cli("run", posted).code != 0
    assert cli("post", posted, "--approved-by", BOB).code != 0
    assert posted_lines(posted) == frozen


@pytest.mark.parametrize("status", ["Posted", "closed", "Draft", None])
def test_a_closed_period_stays_closed_whatever_its_status_says(posted: Path, status: str | None) -> None:
    cli("roll", posted, posted.with_name("april.xlsm"))
    put(posted, "Runs!B7", status)
    assert [problem.where for problem in verify(posted).problems][:1] == ["Runs!B7"]
    for verb in ("run", "clear", "restore"):
        result = cli(verb, posted)
        assert result.code == 2, verb
    assert "april.xlsm" in cli("run", posted).err


def test_another_name_for_the_next_workbook_is_found(posted: Path) -> None:
    cli("roll", posted, posted.with_name("april.xlsm"))
    said = str(Parts(posted).cells("Runs")["M7"][0])
    put(posted, "Runs!M7", said.replace("april", "axril"))
    assert [problem.where for problem in verify(posted).problems] == ["Runs!M7"]


# ------------------------------------------------------------------------- changes of inputs that move no amount


def test_inputs_that_move_no_amount_are_posted_as_a_run_without_entries(posted: Path) -> None:
    frozen = posted_lines(posted)
    put(posted, "Counts!F7", "counted again by the night shift")
    assert not verify(posted).holds
    assert run(posted).journal.new == []  # type: ignore[union-attr]
    assert [row["Status"] for row in Parts(posted).rows("Runs")] == ["Posted", "Draft"]
    post(posted)
    assert [row["Entries"] for row in Parts(posted).rows("Runs")][1] == 0
    assert posted_lines(posted) == frozen
    assert verify(posted).holds
    before = posted.read_bytes()
    run(posted)
    assert posted.read_bytes() == before
    assert cli("roll", posted, posted.with_name("april.xlsm")).code == 0


def test_what_is_posted_keeps_its_currency(posted: Path) -> None:
    (cell,) = (at for at, (value, *_) in Parts(posted).cells("Setup").items() if value == "USD")
    for currency in ("EUR", "JPY"):
        put(posted, f"Setup!{cell}", currency)
        result = cli("run", posted)
        assert result.code == 1
        assert f"Setup!{cell}" in result.err + result.out
        assert f"The currency is {currency}; run R0001 was posted in USD." in result.err + result.out
    put(posted, f"Setup!{cell}", "USD")
    assert cli("run", posted).code == 0
