"""The command line: what each command prints, which exit code it gives, and what it refuses."""

from __future__ import annotations

import calendar
import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support_files import EPOCH, Parts, Result, bench_book, cli, sample_book

from xlbackflush import __version__, schema
from xlbackflush.cli import parser
from xlbackflush.template.samples import SAMPLES

SUMMARY = """\
Run                       R0001 (draft)
Entries                               5
Debits, USD               10,639,000.00
Credits, USD              10,639,000.00
Materials and in-process      50,000.00
Finished goods                31,000.00
Accounts payable          -1,950,000.00
Various accounts          -1,260,000.00
Cost of goods sold         3,129,000.00
Findings                           none
Checks                          21 hold
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return bench_book(tmp_path / "book.xlsm")


def wrong(book: Path, rows: int = 1) -> Path:
    """The bench with so many wrong quantities."""
    parts = Parts(book)
    parts.put_all("Counts", {f"E{7 + i}": "wrong" for i in range(rows)})
    return parts.save(book)


def process(*arguments: object, cwd: Path, **environment: str) -> Result:
    """The command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "xlbackflush", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=120, encoding="utf-8", errors="replace",
        env={**os.environ, **environment},
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


# ---------------------------------------------------------------------------------------------------- help


def test_help_shows_the_commands_examples_and_exit_codes() -> None:
    result = cli("--help")
    assert result.code == 0
    verbs = ("new", "check", "run", "restore", "clear", "explain", "export", "install", "uninstall", "doctor")
    for text in (*verbs, "examples:", "xlbackflush new demo.xlsm --sample widgets", "exit codes:"):
        assert text in result.out
    assert all(len(line) <= 120 for line in result.out.splitlines())


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        ("new", "--sample"), ("new", "--force"), ("check", "--json"), ("run", "--quiet"), ("restore", "--json"),
        ("clear", "--quiet"), ("explain", "--product"), ("export", "--format"),
    ],
)  # fmt: skip
def test_every_command_has_its_own_help(verb: str, option: str) -> None:
    result = cli(verb, "--help")
    assert result.code == 0
    assert option in result.out
    assert "BOOK" in result.out


@pytest.mark.parametrize("verb", [verb.name for verb in parser._VERBS])
def test_a_command_alone_says_what_it_says_among_all(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command makes a parser of its own, which knows what that of all commands knows of it."""
    printed = []
    for parse in (parser._arguments, parser._parser().parse_args):
        with pytest.raises(SystemExit):
            parse([verb, "--help"])
        printed.append(capsys.readouterr())
    assert printed[0] == printed[1]


def test_what_a_command_does_not_know_is_told_with_what_it_knows() -> None:
    result = cli("run", "a.xlsm", "--loud")
    assert result.err == (
        "usage: xlbackflush run [-h] [--json] [--quiet] BOOK\nxlbackflush run: error: unrecognized arguments: --loud\n"
    )


def test_the_help_names_every_sample() -> None:
    assert all(name in cli("new", "--help").out for name in SAMPLES)


def test_the_version_is_printed() -> None:
    assert cli("--version") == Result(0, f"xlbackflush {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [(), ("post-everything",), ("run",), ("run", "a.xlsm", "b.xlsm"), ("run", "a.xlsm", "--loud")], ids=str
)
def test_a_command_that_does_not_exist_gives_exit_code_2(arguments: tuple[str, ...]) -> None:
    result = cli(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert "usage: xlbackflush" in result.err


# ----------------------------------------------------------------------------------------------------- new


@pytest.mark.parametrize("suffix", ["xlsm", "xlsx", "XLSM"])
def test_new_writes_an_empty_workbook_for_this_month(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"book.{suffix}"
    result = cli("new", path)
    assert result.code == 0
    assert result.out == f"Wrote {path}. Fill the yellow sheets, then run it.\n"
    settings = {r["Setting"]: r["Value"] for r in Parts(path).rows("Setup")}
    start, end = (EPOCH + dt.timedelta(days=settings[name]) for name in ("Period start", "Period end"))
    assert start.day == 1
    assert end == start.replace(day=calendar.monthrange(start.year, start.month)[1])
    assert abs((dt.date.today() - start).days) <= 32


def test_a_new_workbook_runs_at_once(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsm"
    cli("new", path)
    result = cli("run", path, "--json")
    assert result.code == 0
    assert result.json["entries"] == 0
    assert result.json["checks"]["failed"] == 0


@pytest.mark.parametrize("name", SAMPLES)
def test_new_writes_every_sample(tmp_path: Path, name: str) -> None:
    path = tmp_path / "demo.xlsm"
    result = cli("new", path, "--sample", name)
    assert result.code == 0
    assert result.out == f"Wrote {path}. Next: xlbackflush run {path}\n"
    assert Parts(path).content == Parts(sample_book(tmp_path / "same.xlsm", name)).content


def test_new_refuses_an_unknown_sample_and_names_the_others(tmp_path: Path) -> None:
    result = cli("new", tmp_path / "demo.xlsm", "--sample", "gadgets")
    assert result.code == 2
    assert "gadgets" in result.err
    assert all(name in result.err for name in SAMPLES)
    assert list(tmp_path.iterdir()) == []


def test_new_replaces_a_file_only_with_force(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_text("mine")
    result = cli("new", path)
    assert (result.code, result.out) == (2, "")
    assert "--force" in result.err
    assert path.read_text() == "mine"
    result = cli("new", path, "--force")
    assert (result.code, result.out) == (2, ""), "it replaces workbooks of ours alone"
    assert path.read_text() == "mine"
    bench_book(path)
    assert cli("new", path, "--force").code == 0
    assert Parts(path).tables()


@pytest.mark.parametrize("name", ["book.xls", "book.csv", "book", "book.xlsb", ".xlsm"])
def test_new_refuses_another_ending(tmp_path: Path, name: str) -> None:
    result = cli("new", tmp_path / name)
    assert result.code == 2
    assert ".xlsm" in result.err
    assert list(tmp_path.iterdir()) == []


def test_new_refuses_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    result = cli("new", tmp_path / "none" / "book.xlsm")
    assert result.code == 2
    assert "does not exist" in result.err


def test_new_with_force_does_not_replace_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsm"
    path.mkdir()
    result = cli("new", path, "--force")
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert path.is_dir()


def test_new_with_force_does_not_replace_a_workbook_that_is_open(tmp_path: Path, book: Path) -> None:
    before = book.read_bytes()
    (tmp_path / "~$book.xlsm").write_bytes(b"somebody")
    result = cli("new", book, "--force")
    assert result.code == 2
    assert book.read_bytes() == before


@pytest.mark.parametrize("existing", [True, False])
def test_new_on_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "book.xlsm"
    before = bench_book(path).read_bytes() if existing else b""
    monkeypatch.setattr("xlbackflush.ooxml.packing._write", full)
    result = cli("new", path, "--force")
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == ([("book.xlsm", before)] if existing else [])


# --------------------------------------------------------------------------------------------- check and run


def test_run_prints_a_summary_table(tmp_path: Path) -> None:
    result = cli("run", sample_book(tmp_path / "demo.xlsm"))
    assert (result.code, result.err) == (0, "")
    assert result.out == SUMMARY


def test_check_posts_nothing(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "demo.xlsm")
    before = Parts(path)
    result = cli("check", path)
    assert result == Result(0, "Findings: none. Ready to run.\n", "")
    assert [r["Run"] for r in Parts(path).rows("Journal")] == [None]
    changed = {n for n in before.content if before[n] != Parts(path)[n]}
    assert changed <= {before.part_of("Findings"), before.tables()["Findings"].part}


def test_check_keeps_the_results_of_a_run(book: Path) -> None:
    cli("run", book)
    before = Parts(book)
    assert cli("check", book).code == 0
    after = Parts(book)
    assert {n for n in before.content if before[n] != after[n]} <= {before.part_of("Findings")}


@pytest.mark.parametrize("verb", ["check", "run"])
def test_errors_give_exit_code_1_and_a_line_for_each_cause(book: Path, verb: str) -> None:
    parts = Parts(wrong(book, 2))
    parts.put_all("Counts", {"C8": "made"})
    result = cli(verb, parts.save(book))
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines() == [
        'Error  Counts!E7:E8  Quantity is "wrong"; a number is expected. The same in E8.  Fix: Type a number.',
        'Error  Counts!C8  Event is "made", which is not on the list.  Fix: Use Completed or Sold.',
        "",
        "Findings: 2 errors. Nothing was posted; see sheet Findings.",
    ]


def test_a_line_says_the_effect_in_money(tmp_path: Path) -> None:
    """1,250 pcs at 7,875.00 instead of 6.30."""
    path = sample_book(tmp_path / "demo.xlsm", "widgets")
    parts = Parts(path)
    parts.put_all("Purchases", {"E27": 7875})
    [line] = [x for x in cli("check", parts.save(path)).out.splitlines() if x.startswith("Warning")]
    assert line.startswith("Warning  Purchases!E27  ") and "  Effect: 9,835,875.00 USD.  Fix: " in line


def test_a_draft_with_warnings_says_what_is_left_to_do(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "demo.xlsm", "widgets")
    parts = Parts(path)
    parts.put_all("Purchases", {"E27": 7875})
    lines = cli("run", parts.save(path)).out.splitlines()
    assert lines[-2:] == ["", "Before you post, correct the warning or make sure that it is right."]
    parts.put_all("Purchases", {"E27": 7875, "E14": 6.2})
    lines = cli("run", parts.save(path)).out.splitlines()
    assert lines[-1] == "Before you post, correct the 2 warnings or make sure that they are right."


def test_one_cause_in_sixty_cells_is_one_line(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "demo.xlsm", "widgets")
    out = cli("run", wrong(path, 60)).out.splitlines()
    [line] = [line for line in out if line.startswith("Error")]
    assert line.startswith(
        'Error  Counts!E7:E66  Quantity is "wrong"; a number is expected. The same in 59 more cells: E8, E9, E10 and 56 more.'
    )
    assert len([r for r in Parts(path).rows("Findings") if r["Severity"] == "Error"]) == 1


def test_of_very_many_findings_twenty_lines_are_printed(tmp_path: Path) -> None:
    """Sixty documents that correct nothing we know, one error, and no document of that number: 61 findings."""
    path = sample_book(tmp_path / "demo.xlsm", "widgets")
    parts = Parts(path)
    parts.put_all("Counts", {f"E{7 + i}": -1.0 for i in range(60)} | {f"F{7 + i}": f"PC-{i}?" for i in range(60)})
    out = cli("check", parts.save(path)).out.splitlines()
    findings = len(Parts(path).rows("Findings"))
    assert findings >= 60
    assert sum(line.startswith(("Error", "Warning", "Note")) for line in out) == 19
    assert f"... and {findings - 19} more: see sheet Findings." in out


def test_quiet_prints_nothing_but_errors(book: Path) -> None:
    assert cli("run", book, "--quiet") == Result(0, "", "")
    result = cli("run", wrong(book), "--quiet")
    assert result.code == 1
    assert [line.split()[0] for line in result.out.splitlines()] == ["Error"]


def test_json_holds_the_run_the_ledger_and_the_checks(tmp_path: Path) -> None:
    result = cli("run", sample_book(tmp_path / "demo.xlsm"), "--json")
    assert (result.code, result.err) == (0, "")
    answer = result.json
    assert (answer["exit"], answer["run"], answer["status"], answer["entries"]) == (0, "R0001", "Draft", 5)
    assert answer["debits"] == answer["credits"] == 10_639_000
    assert answer["ledger"][schema.MIP] == 50_000
    assert answer["ledger"][schema.FINISHED_GOODS] == 31_000
    assert answer["ledger"][schema.COGS] == 3_129_000
    assert answer["checks"]["failed"] == 0 < answer["checks"]["passed"]
    assert answer["findings"] == []


def test_json_of_a_run_with_errors_holds_the_findings_alone(book: Path) -> None:
    result = cli("run", wrong(book), "--json")
    assert (result.code, result.err) == (1, "")
    assert result.json.keys() == {"exit", "findings"}
    (finding,) = result.json["findings"]
    assert finding.keys() == {"severity", "code", "where", "what", "fix", "effect"}
    assert (finding["severity"], finding["where"]) == ("Error", "Counts!E7")


def test_json_of_a_refusal_holds_the_reason(tmp_path: Path) -> None:
    result = cli("run", tmp_path / "none.xlsm", "--json")
    assert (result.code, result.err) == (2, "")
    assert result.json["exit"] == 2
    assert "does not exist" in result.json["error"]


# --------------------------------------------------------------------------------------------- as a process


def test_the_package_runs_as_a_module(tmp_path: Path) -> None:
    assert process("--version", cwd=tmp_path) == Result(0, f"xlbackflush {__version__}\n", "")
    assert process("new", "book.xlsm", "--sample", "computers", cwd=tmp_path).code == 0
    result = process("run", "book.xlsm", cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Run  ")
    assert [p.name for p in tmp_path.iterdir()] == ["book.xlsm"]


def test_the_exit_code_reaches_the_shell(book: Path) -> None:
    assert process("run", wrong(book).name, cwd=book.parent).code == 1
    assert process("run", "none.xlsm", cwd=book.parent).code == 2


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_that_lacks_a_character_is_no_obstacle(book: Path, encoding: str) -> None:
    """A Windows console prints in the code page of its country."""
    parts = Parts(book)
    parts.put("Counts!D7", "Größe-木-\U0001f642")
    result = process("run", parts.save(book).name, cwd=book.parent, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert result.code == 1
    assert "Counts!D7" in result.out
    assert result.err == ""
    assert "木" in Parts(book).rows("Findings")[0]["What"]


def test_a_file_name_with_spaces_and_other_scripts_is_no_obstacle(tmp_path: Path) -> None:
    name = "Oktober – 生産 & Sales (1).xlsm"
    assert process("new", name, "--sample", "computers", cwd=tmp_path, PYTHONIOENCODING="utf-8").code == 0
    assert process("run", name, cwd=tmp_path, PYTHONIOENCODING="utf-8").code == 0


@pytest.mark.parametrize("option", [(), ("--json",)], ids=["text", "json"])
def test_a_reader_that_goes_away_is_no_fault(book: Path, option: tuple[str, ...]) -> None:
    """As in: xlbackflush run book.xlsm | head -0"""
    done = subprocess.Popen(
        [sys.executable, "-m", "xlbackflush", "run", book.name, *option],
        cwd=book.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert done.stdout
    assert done.stderr
    done.stdout.close()
    errors = done.stderr.read().decode()
    done.stderr.close()
    assert (done.wait(60), errors) == (0, "")
    assert Parts(book).rows("Runs")


def test_a_number_that_is_no_day_is_a_finding_and_nothing_else(book: Path) -> None:
    """What a library writes to the terminal itself escapes a test within one process."""
    parts = Parts(book)
    parts.put("Counts!A9", -1e300)
    result = process("check", parts.save(book).name, cwd=book.parent)
    assert result.code == 1, result
    assert result.err == ""


def test_a_stray_cell_in_the_last_corner_of_a_sheet_ends_in_plain_words(book: Path) -> None:
    """A sheet has 17 billion cells: a reader that lays them all out in memory takes the process down with it."""
    resource = pytest.importorskip("resource", reason="memory is limited on Unix only")
    parts = Parts(book)
    parts.put("Counts!XFD1048576", "stray")
    parts.save(book)
    before = book.read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "xlbackflush", "check", book.name],
        cwd=book.parent, capture_output=True, text=True, check=False, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)),
    )  # fmt: skip
    assert done.returncode in (0, 2), done
    assert len(done.stderr.splitlines()) == (1 if done.returncode else 0)
    assert done.returncode == 0 or book.read_bytes() == before


# ---------------------------------------------------------------------------- restore, clear, explain, export


def test_restore_puts_back_what_stood_before_the_run(book: Path) -> None:
    before = Parts(book)
    cli("run", book)
    first = {name: Parts(book).rows(name) for name in ("Journal", "Ledger")}
    parts = Parts(book)
    parts.put("Counts!E7", 90_000)
    parts.save(book)
    cli("run", book)
    assert Parts(book).rows("Ledger") != first["Ledger"]
    assert cli("restore", book).out == f"Restored {book}: the results of run R0001 stand again.\n"
    assert {name: Parts(book).rows(name) for name in first} == first
    assert cli("restore", book, "--json").json == {"exit": 0, "run": None}
    assert Parts(book).rows("Journal") == before.rows("Journal")
    again = cli("restore", book)
    assert (again.code, again.out) == (2, "")
    assert again.err.startswith("xlbackflush: There is nothing to put back")


def test_a_run_that_cannot_be_undone_says_so(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "a file, no folder"
    blocked.write_bytes(b"")
    monkeypatch.setenv("XLBACKFLUSH_STATE", str(blocked))
    result = cli("run", book, "--quiet")
    assert (result.code, result.out) == (0, "")
    assert re.fullmatch(r"xlbackflush: [^\n]+\n", result.err)


def test_clear_empties_the_results(book: Path) -> None:
    empty = Parts(book).rows("Journal")
    cli("run", book)
    assert cli("clear", book).out == f"Cleared the results of {book}; inputs stay as they are.\n"
    assert Parts(book).rows("Journal") == empty
    assert cli("run", book, "--quiet").code == 0
    assert cli("clear", book, "--json").json == {"exit": 0}
    assert cli("clear", book, "--quiet") == Result(0, "", "")


def test_explain_goes_down_to_the_cells_that_people_typed(tmp_path: Path) -> None:
    book = sample_book(tmp_path / "book.xlsm")
    cli("run", book)
    before = Parts(book)
    shown = cli("explain", book, "Journal!I7")
    assert shown.code == 0
    assert shown.out.splitlines()[0].endswith("[Journal!I7]")
    typed = [line for line in shown.out.splitlines() if "typed in" in line.lower()]
    assert any("1,950,000 USD" in line for line in typed)
    steps = cli("explain", book, "Journal!I7", "--json").json["steps"]
    assert (steps[0]["where"], steps[0]["figure"]) == ("Journal!I7", 1_950_000)
    after = Parts(book)
    written = after.rows("Explanation")
    assert [(row["Where"], row["Figure"]) for row in written] == [(s["where"], s["figure"]) for s in steps]
    changed = {name for name in after.content if after[name] != before[name]}
    assert changed == {after.sheets()["Explanation"], after.tables()["Explanation"].part}
    assert any(s["kind"] == "input" and s["where"].startswith("Purchases!") for s in steps)
    product = cli("explain", book, "--product", "Computer", "--json").json["steps"]
    assert product[0]["figure"] == 31


@pytest.mark.parametrize(
    "arguments", [(), ("Journal!I7", "--product", "Computer"), ("Nowhere!A1",), ("--product", "no such code")], ids=str
)
def test_explain_refuses_what_it_cannot_explain(book: Path, arguments: tuple[str, ...]) -> None:
    cli("run", book)
    result = cli("explain", book, *arguments)
    assert (result.code, result.out) == (2, "")
    assert re.fullmatch(r"xlbackflush: [^\n]+\n", result.err)


def test_export_writes_the_journal_beside_the_workbook_or_where_it_is_told(book: Path, tmp_path: Path) -> None:
    cli("run", book)
    told = tmp_path / "told.csv"
    draft = "xlbackflush: R0001 is a draft: post it before a ledger imports this; the next run replaces it.\n"
    assert cli("export", book, "--format", "csv", "--to", told) == Result(0, f"Wrote {told}.\n", draft)
    amounts = [line.split(",") for line in told.read_text(encoding="utf-8-sig").splitlines()]
    assert len(amounts) > len(Parts(book).rows("Journal")) / 2
    refused = cli("export", book, "--format", "csv", "--to", told)
    assert (refused.code, refused.out) == (2, "")
    beside = cli("export", book, "--format", "csv", "--json").json["files"]
    assert [Path(file).parent for file in beside] == [book.parent]
    assert cli("export", book, "--format", "csv", "--to", told, "--force", "--quiet") == Result(0, "", draft)
    to_do = "Fill in BUKRS, your company code."
    assert cli("export", book, "--format", "s4hana").out.splitlines()[1:3] == ["Before the import:", f"- {to_do}"]
    assert cli("export", book, "--format", "s4hana", "--force", "--json").json["to_do"][0] == to_do
    unknown = cli("export", book, "--format", "abacus")
    assert (unknown.code, unknown.out) == (2, "")
    assert "csv" in unknown.err


# ------------------------------------------------------------------------------------------- for the auditor


def test_sensitivity_ranks_the_cells_and_writes_its_sheet_alone(book: Path) -> None:
    cli("run", book)
    before = Parts(book)
    found = cli("sensitivity", book, "--most", 5, "--json").json["effects"]
    assert len(found) == 5
    after = Parts(book)
    assert [row["Rank"] for row in after.rows("Sensitivity") if row["Rank"]] == [1, 2, 3, 4, 5]
    changed = {name for name in after.content if after[name] != before[name]}
    assert after.sheets()["Sensitivity"] in changed
    assert not changed & {after.sheets()[s] for s in ("Journal", "Counts", "Ledger")}


def test_suspects_name_the_planted_bill(tmp_path: Path) -> None:
    """The sample's P-4135 is short by about one for each unit built of what its bill is wrong for."""
    book = sample_book(tmp_path / "book.xlsm", "widgets")
    first = cli("suspects", book, "--json").json["suspects"][0]
    assert (first["item"], first["recorded"], first["proposed"]) == ("P-4135", 2, 3)
    assert Parts(book).rows("Suspects")[0]["Item"] == "P-4135"


@pytest.mark.parametrize("verb", ["sensitivity", "suspects"])
def test_an_auditor_is_told_of_inputs_with_errors(book: Path, verb: str) -> None:
    wrong(book)
    before = book.read_bytes()
    result = cli(verb, book)
    assert result.code == 2
    assert "Counts!E7" in result.err
    assert book.read_bytes() == before


def test_evidence_is_written_beside_the_workbook(book: Path) -> None:
    cli("run", book)
    result = cli("evidence", book)
    assert result.code == 0
    folder = book.with_name("book-evidence-R0001")
    assert {"evidence.pdf", "journal-aicpa.csv", "manifest.sha256", "README.txt"} <= {f.name for f in folder.iterdir()}
    assert cli("evidence", book).code == 2
    assert cli("evidence", book, "--force").code == 0
