"""The evidence of a run: what is on its pages, its CSV files and its manifest, and what is refused.

The PDF is read back by pypdf, cells of the workbook by `Parts`: nothing of what wrote them is asked.
"""

from __future__ import annotations

import csv
import datetime as dt
import errno
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from support_files import EPOCH, CellValue, Parts, Result, bench_book, cli, sample_book

from xlbackflush import schema
from xlbackflush.evidence.fonts import Fonts
from xlbackflush.evidence.pages import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Column, Pages, Row
from xlbackflush.evidence.report import verification
from xlbackflush.evidence.words import plain, printed
from xlbackflush.evidence.write import manifest, write_evidence
from xlbackflush.lifecycle.verify import Verified
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.journal import Problem

NAMES = ("bench", "computers", "widgets")
SECTIONS = [
    "About", "Control totals", "Journal", "Ledger", "Variances", "Reconciliation", "Comparison", "Fit", "Findings",
    "Checks", "Input Controls", "Sign-off",
]  # fmt: skip


@pytest.fixture(scope="session")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bench, run: made once, and copied for each test."""
    return ran(bench_book(tmp_path_factory.mktemp("drafted") / "book.xlsm"))


@pytest.fixture
def book(drafted: Path, tmp_path: Path) -> Path:
    """The bench, run."""
    return Path(shutil.copy(drafted, tmp_path / "book.xlsm"))


@pytest.fixture(scope="session")
def approved(drafted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bench, run and posted: made once, and copied for each test."""
    path = Path(shutil.copy(drafted, tmp_path_factory.mktemp("approved") / "book.xlsm"))
    assert cli("post", path, "--approved-by", "Jones").code == 0
    return path


@pytest.fixture
def posted(approved: Path, tmp_path: Path) -> Path:
    """The bench, run and posted."""
    return Path(shutil.copy(approved, tmp_path / "book.xlsm"))


def ran(path: Path) -> Path:
    result = cli("run", path)
    assert result.code == 0, result
    return path


@pytest.fixture(scope="module", params=NAMES)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A workbook that was run, and the folder of its evidence."""
    path = tmp_path_factory.mktemp(request.param) / f"{request.param}.xlsm"
    ran(bench_book(path) if request.param == "bench" else sample_book(path, request.param))
    return path, write_evidence(path, warn=lambda sentence: None).folder


def quiet(path: Path, **options: Any) -> tuple[Path, list[str]]:
    """Evidence, and what it warns of."""
    said: list[str] = []
    return write_evidence(path, warn=said.append, **options).folder, said


def pages(where: Path) -> list[list[str]]:
    """The texts on each page, in the order in which they were set."""
    return texts_of((where / "evidence.pdf").read_bytes())


@cache
def texts_of(pdf: bytes) -> list[list[str]]:
    """The same of a document that several tests read: taking its texts out is most of their time."""
    reader = PdfReader(io.BytesIO(pdf))
    return [[text.strip() for text in page.extract_text().splitlines() if text.strip()] for page in reader.pages]


def of_section(where: Path, name: str) -> list[str]:
    """The texts of a section, with those at the head and foot of its pages."""
    found: list[str] = []
    for texts in pages(where):
        if texts[1] == name or f"{name}, continued" in texts:
            found += texts
    return found


def money(amount: float) -> str:
    """As an accountant writes it."""
    return f"({-amount:,.2f})" if amount < 0 else f"{amount:,.2f}" if amount else "–"


# ------------------------------------------------------------------------------------------------ the pages


def test_every_section_stands_in_its_order(written: tuple[Path, Path]) -> None:
    reader = PdfReader(written[1] / "evidence.pdf")
    assert [entry["/Title"] for entry in reader.outline] == SECTIONS  # type: ignore[call-overload, index]
    first = [texts[1] for texts in pages(written[1])]
    assert [name for name in first if name in SECTIONS] == SECTIONS


def test_every_line_of_the_journal_stands_with_account_amount_and_proof(written: tuple[Path, Path]) -> None:
    book, where = written
    texts, position = of_section(where, "Journal"), 0
    for row in Parts(book).rows("Journal"):
        amount = row["Debit"] or -row["Credit"]
        wanted = [str(row["Account"]), money(abs(amount)), money(amount), money(0)]
        for text in wanted:  # in this order, though a name or source may go on in the next line between them
            position = texts.index(text, position) + 1
    assert position < len(texts)


def test_totals_are_those_of_the_workbook(written: tuple[Path, Path]) -> None:
    book, where = written
    rows = Parts(book).rows("Journal")
    debits = sum(round(100 * (row["Debit"] or 0)) for row in rows)
    assert debits == sum(round(100 * (row["Credit"] or 0)) for row in rows)
    total = f"{debits / 100:,.2f}"
    texts = of_section(where, "Journal")
    assert texts[texts.index("Total") : texts.index("Total") + 3] == ["Total", total, total]
    totals = of_section(where, "Control totals")
    at = totals.index("Journal")
    assert totals[at : at + 4] == ["Journal", f"{len(rows):,}", "Debit", total]


def test_control_totals_are_those_of_the_input_tables(written: tuple[Path, Path]) -> None:
    book, where = written
    parts, texts = Parts(book), of_section(where, "Control totals")
    for table in schema.INPUT_TABLES:
        rows = [row for row in parts.rows(table.name) if any(v not in (None, "") for v in row.values())]
        at = texts.index(table.name)
        assert texts[at + 1] == f"{len(rows):,}"
        assert hashlib.sha256((where / "inputs" / f"{table.name}.csv").read_bytes()).hexdigest() in texts
    counts = sum(row["Quantity"] for row in parts.rows("Counts"))
    at = texts.index("Counts")
    assert texts[at : at + 4] == ["Counts", f"{len(parts.rows('Counts'))}", "Quantity", f"{counts:,.10g}"]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("Ledger", "Closing"),
        ("Variances", "Amount"),
        ("Reconciliation", "Book amount"),
        ("Checks", "Result"),
        ("InputControls", "Control"),
    ],
)
def test_every_row_of_the_other_tables_is_there(written: tuple[Path, Path], table: str, column: str) -> None:
    book, where = written
    texts = of_section(where, schema.SHEET_OF[table].name)
    position = 0
    for row in Parts(book).rows(table):
        value = row[column]
        position = texts.index(value if isinstance(value, str) else money(round(value, 2)), position) + 1


@pytest.mark.parametrize(
    ("table", "column"), [("Comparison", "Explanation"), ("Fit", "Explanation"), ("Checks", "Check")]
)
def test_no_word_of_a_long_text_is_lost(written: tuple[Path, Path], table: str, column: str) -> None:
    book, where = written
    texts = " ".join(of_section(where, table)).split()
    words = " ".join(str(row[column] or "") for row in Parts(book).rows(table)).split()
    left = texts.copy()
    for word in words:
        left.remove(word)


def test_each_page_ends_with_run_hash_and_its_number(written: tuple[Path, Path]) -> None:
    book, where = written
    (run,) = Parts(book).rows("Runs")
    found = pages(where)
    for number, texts in enumerate(found, 1):
        assert texts[-1] == f"SHA-256 of all inputs of the run: {run['Input hash']}"
        assert " ".join(texts[-3:-1]) == f"page {number} of {len(found)}"
        assert texts[-4] == f"{book.name}, run R0001 (draft), {run['Started']}"


def test_headings_of_a_table_stand_on_each_of_its_pages(written: tuple[Path, Path]) -> None:
    heads = "Sheet Control As at the run Now Difference Changed"
    texts = [of_page for of_page in pages(written[1]) if of_page[1].startswith("Input Controls")]
    assert len(texts) >= 2
    assert all(heads in " ".join(of_page[2:11]) for of_page in texts)


def on_page(at: list[float], page: list[float]) -> tuple[float, float]:
    """Where a text stands: its own place, moved by what has moved the page's origin (ISO 32000-1, 8.3.4)."""
    return at[4] * page[0] + at[5] * page[2] + page[4], at[4] * page[1] + at[5] * page[3] + page[5]


def placed(where: Path) -> list[list[tuple[float, float, float, str]]]:
    """(x, y, size, text) of the texts of each page."""
    found = []
    for page in PdfReader(where / "evidence.pdf").pages:
        texts: list[tuple[float, float, float, str]] = []

        def visit(
            text: str, page: list[float], at: list[float], __: object, size: float, texts: list[Any] = texts
        ) -> None:
            x, y = on_page(at, page)
            if text.strip():
                texts.append((x, y, size, text.strip()))

        page.extract_text(visitor_text=visit)
        found.append(texts)
    return found


def test_nothing_is_cut_off_or_written_over(written: tuple[Path, Path]) -> None:
    """Texts stay on the page, and end before the next one of their line begins; widths by the font, measured anew."""
    fonts = Fonts([])
    for texts in placed(written[1]):
        lines: dict[tuple[float, float], list[tuple[float, str]]] = defaultdict(list)
        for x, y, size, text in texts:
            assert x + 0.01 >= LEFT
            assert x + fonts.width(text, size) <= RIGHT + 0.01
            assert 10 < y < HEIGHT - 20
            lines[round(y, 2), size].append((x, text))
        for (_, size), line in lines.items():
            line.sort()
            for (x, text), (following, _) in pairwise(line):
                assert x + fonts.width(text, size) <= following + 0.01, (text, line)


def test_the_digits_of_a_column_end_at_one_place(written: tuple[Path, Path]) -> None:
    """Right-aligned: of the credits on a page, all end at the same x; a parenthesis stands beyond it."""
    fonts = Fonts([])
    ends: set[float] = set()
    page = next(texts for texts in placed(written[1]) if texts[1][3] == "Ledger")
    closing = [row["Closing"] for row in Parts(written[0]).rows("Ledger")]
    for x, _, size, text in page:
        if text in {money(amount) for amount in closing if amount} and x > 400:
            digits = text.rstrip(")")
            ends.add(round(x + fonts.width(digits, size), 1))
    assert 1 <= len(ends) <= 4  # debits, credits, closing, proof


def test_the_date_of_the_document_is_that_of_the_run(written: tuple[Path, Path]) -> None:
    book, where = written
    started = dt.datetime.fromisoformat(Parts(book).rows("Runs")[0]["Started"])
    metadata = PdfReader(where / "evidence.pdf").metadata
    assert metadata
    assert metadata["/CreationDate"] == metadata["/ModDate"] == f"D:{started:%Y%m%d%H%M%S}"


# ------------------------------------------------------------------------------------------------- the files


def test_the_manifest_holds_for_every_file_and_the_workbook(written: tuple[Path, Path]) -> None:
    book, where = written
    lines = (where / "manifest.sha256").read_text(encoding="utf-8").splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    there = {p.relative_to(where).as_posix() for p in where.rglob("*") if p.is_file()} - {"manifest.sha256"}
    assert listed.keys() == there
    for name, digest in listed.items():
        assert hashlib.sha256((where / name).read_bytes()).hexdigest() == digest
    assert (where / book.name).read_bytes() == book.read_bytes()


def test_the_folder_stays_as_it_is_whatever_is_done_with_the_workbook(book: Path) -> None:
    where, _ = quiet(book)
    whole = contents(where)
    before = book.read_bytes()
    assert cli("explain", book, "Journal!I7").code == 0
    assert cli("post", book, "--approved-by", "Jones").code == 0
    assert book.read_bytes() != before
    assert contents(where) == whole
    assert whole[book.name] == before
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "-c", "--strict", "manifest.sha256"], cwd=where, check=True, capture_output=True)


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum (coreutils)")
def test_sha256sum_finds_a_change_of_one_byte(book: Path) -> None:
    where = write_evidence(book).folder

    def check() -> subprocess.CompletedProcess[str]:
        command = ["sha256sum", "-c", "--strict", "manifest.sha256"]
        return subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)

    assert check().returncode == 0
    content = bytearray((where / "inputs" / "Counts.csv").read_bytes())
    content[-3] ^= 1
    (where / "inputs" / "Counts.csv").write_bytes(content)
    done = check()
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if not line.endswith(": OK")] == ["inputs/Counts.csv: FAILED"]


@pytest.mark.parametrize("name", ["a\nb.xlsm", "a\\b.xlsm", "a\\nb.xlsm", "a\u2028b.xlsm"])
@pytest.mark.skipif(os.name == "nt", reason="no such names on Windows")
def test_a_folder_with_an_odd_name_in_it_is_replaced_all_the_same(book: Path, name: str) -> None:
    odd = book.rename(book.with_name(name))
    where, _ = quiet(odd)
    (where / "evidence.pdf").write_bytes(b"older")
    assert quiet(odd, force=True)[0] == where
    assert (where / "evidence.pdf").read_bytes().startswith(b"%PDF")
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "-c", "--strict", "manifest.sha256"], cwd=where, check=True, capture_output=True)


@pytest.mark.parametrize("name", ["a\nb.xlsm", "a\\b.xlsm"])
@pytest.mark.skipif(os.name == "nt", reason="no such names on Windows")
def test_names_that_sha256sum_escapes_are_escaped(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    digest = hashlib.sha256(b"x").hexdigest()
    (tmp_path / "m").write_bytes(manifest({name: digest}))
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "-c", "--strict", "m"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "m").read_text().startswith(f"\\{digest}  ")


def test_input_tables_read_back_exactly(written: tuple[Path, Path]) -> None:
    book, where = written
    parts = Parts(book)
    for table in schema.INPUT_TABLES:
        text = (where / "inputs" / f"{table.name}.csv").read_text(encoding="utf-8-sig")
        read = list(csv.DictReader(io.StringIO(text, newline="")))
        rows = [row for row in parts.rows(table.name) if any(v not in (None, "") for v in row.values())]
        assert len(read) == len(rows)
        kinds = {c.name: c.kind for c in table.columns}
        for line, row in zip(read, rows, strict=True):
            cells = {name: line[name] for name in row}
            assert cells == {name: as_text(value, kinds[name], line[name]) for name, value in row.items()}


def as_text(value: Any, kind: str, written: str) -> str:
    """What a cell must be in the file; a number must come back to the last bit."""
    if value is None:
        return ""
    if isinstance(value, float | int) and kind != "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", written):
        assert float(written) == value
        return written
    return str(EPOCH + dt.timedelta(days=int(value))) if isinstance(value, float | int) else str(value)


def test_rows_of_the_files_name_their_rows_on_the_sheet(written: tuple[Path, Path]) -> None:
    text = (written[1] / "inputs" / "Counts.csv").read_text(encoding="utf-8-sig")
    numbers = [int(row["Sheet row"]) for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert numbers[0] == schema.HEADER_ROW + 1
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_the_aicpa_journal_has_the_same_amounts(written: tuple[Path, Path]) -> None:
    book, where = written
    text = (where / "journal-aicpa.csv").read_text(encoding="utf-8")
    found = [
        (row["GL_Account_Number"], row["Amount_Credit_Debit_Indicator"], float(row["Amount"]))
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]
    assert found == [
        (str(row["Account"]), "D" if row["Debit"] else "C", row["Debit"] or row["Credit"])
        for row in Parts(book).rows("Journal")
    ]


def test_the_same_workbook_gives_the_same_bytes(written: tuple[Path, Path], tmp_path: Path) -> None:
    """Also in another process, beside a copy of it, where another hash seed orders sets in another way."""
    book, where = written
    copy = tmp_path / book.name
    shutil.copy(book, copy)
    code = (
        "import sys; from pathlib import Path; from xlbackflush.evidence.write import write_evidence; "
        "write_evidence(Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(copy)], env=environment, check=True, capture_output=True)
    again = copy.with_name(where.name)
    assert contents(again) == contents(where)


def contents(where: Path) -> dict[str, bytes]:
    return {p.relative_to(where).as_posix(): p.read_bytes() for p in where.rglob("*") if p.is_file()}


def test_the_workbook_stays_as_it_is(book: Path) -> None:
    before = book.read_bytes()
    write_evidence(book)
    assert book.read_bytes() == before


def test_the_pdf_library_is_loaded_when_it_is_needed() -> None:
    code = "import sys, xlbackflush.cli.parser, xlbackflush.cli.record_commands; sys.exit('reportlab' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ------------------------------------------------------------------------------------- what stands against it


def changed(path: Path, where: str, value: CellValue) -> Path:
    """Another value in a cell, after the run."""
    parts = Parts(path)
    parts.put(where, value)
    return parts.save(path)


def first_page(where: Path) -> str:
    return " ".join(pages(where)[0])


DRAFT = "Run R0001 is a draft: it is not posted, and the next run replaces it."
VERIFIED = "Verified: the posted run was recomputed from the inputs on record; chain, numbers and proofs agree."


def readme(where: Path) -> str:
    """README.txt without its line ends."""
    return " ".join((where / "README.txt").read_text(encoding="utf-8").split())


def test_a_draft_is_called_a_draft(book: Path) -> None:
    where, said = quiet(book)
    assert said == [DRAFT]
    result = "Verified: inputs on record, numbers and proofs of the draft agree. Nothing is posted yet, so no chain seals it."
    for text in (first_page(where), readme(where)):
        assert DRAFT in text
        assert result in text
    assert "Checks all" in first_page(where)
    assert "Link" not in first_page(where)


def test_a_posted_run_names_who_approved_it_and_its_corrections(posted: Path) -> None:
    (run,) = Parts(posted).rows("Runs")
    where, said = quiet(posted)
    assert said == []
    first, last = first_page(where), " ".join(pages(where)[-1])
    assert "draft" not in first
    assert all(VERIFIED in text for text in (first, last, readme(where)))
    assert f"Approved by Jones Posted {run['Posted']} Link {run['Link']}" in first
    assert f"Approved in the workbook by Jones, {run['Posted']}." in last
    assert f"book.xlsm, run R0001 (posted), {run['Started']}" in pages(where)[3]

    ran(changed(posted, "Actuals!E7", 600))
    where, said = quiet(posted)
    assert (where.name, said) == ("book-evidence-R0002", [DRAFT.replace("R0001", "R0002")])
    assert "Earlier runs" in pages(where)[0]
    headings = [text for text in of_section(where, "Journal") if text.startswith("Entry ")]
    numbers = {row["Entry"] for row in Parts(posted).rows("Journal")}
    assert len(headings) == len(numbers)
    assert any("reversed by entry" in text for text in headings)
    assert any("reverses entry" in text for text in headings)
    assert any("corrects entry" in text for text in headings)


def test_each_page_of_a_posted_run_bears_its_link(posted: Path) -> None:
    """Whole where it is signed for; the draft that follows bears that of the last posted run."""
    (run,) = Parts(posted).rows("Runs")
    where, _ = quiet(posted)
    beginning = f"{run['Link']}"[:16]
    assert len(str(run["Link"])) == 64
    for texts in pages(where):
        assert texts[-1] == f"SHA-256 of all inputs of the run: {run['Input hash']}; link of run R0001: {beginning}..."
    assert f"Link {run['Link']}" in first_page(where)
    assert f"Link of run R0001: {run['Link']}" in pages(where)[-1]

    ran(changed(posted, "Actuals!E7", 600))
    draft = Parts(posted).rows("Runs")[-1]
    where, _ = quiet(posted)
    assert f"Link of R0001 {run['Link']}" in first_page(where)
    assert f"Link of run R0001: {run['Link']}" in pages(where)[-1]
    footer = f"SHA-256 of all inputs of the run: {draft['Input hash']}; link of run R0001: {beginning}..."
    assert {texts[-1] for texts in pages(where)} == {footer}


@pytest.mark.parametrize(
    ("table", "column", "value", "problem"),
    [
        ("Journal", "Account name", "Another account", r"Journal!H7"),
        ("Runs", "Approved by", "Smith", r"Runs!A7.*R0001"),
    ],
)
def test_a_posted_run_that_was_tampered_with_is_no_clean_evidence(
    posted: Path, table: str, column: str, value: str, problem: str
) -> None:
    """Written all the same, for who looks into it; but told on every side, and with exit code 1."""
    changed(posted, Parts(posted).where(table, column), value)
    listed = cli("verify", posted, "--json").json["problems"]
    assert any(re.match(problem, text) for text in listed)
    result = cli("evidence", posted)
    where = posted.with_name("book-evidence-R0001")
    assert (result.code, result.out) == (1, f"Wrote {where}.\n")
    said = f"NOT VERIFIED: {len(listed)} problem{'s' if len(listed) > 1 else ''} found; "
    assert result.err.startswith(f"xlbackflush: {said}")
    first, last = first_page(where), " ".join(pages(where)[-1])
    for text in (first, last, readme(where)):
        assert said in text
        assert "Verified:" not in text
        assert all(" ".join(sentence.split()) in text for sentence in listed[:5])
    assert all(sentence in result.err for sentence in listed[:5])
    found = cli("evidence", posted, "--force", "--json").json
    assert (found["exit"], found["verified"], found["problems"][:5]) == (1, False, listed[:5])


def test_of_many_problems_the_first_are_spelled_out() -> None:
    problems = [Problem(f"Journal!A{row}", "Is not as it was posted.") for row in range(7, 15)]
    found = verification(Verified([], problems))
    assert found.result.startswith("NOT VERIFIED: 8 problems found;")
    assert found.problems[:5] == tuple(f"Journal!A{row}: Is not as it was posted." for row in range(7, 12))
    assert found.problems[5:] == ("... and 3 more problems: xlbackflush verify lists them all.",)
    assert verification(Verified([], problems[:5])).problems == found.problems[:5]


def test_a_run_that_verifies_is_told_and_has_exit_code_0(posted: Path) -> None:
    where = posted.with_name("book-evidence-R0001")
    assert cli("evidence", posted) == Result(0, f"{VERIFIED}\nWrote {where}.\n", "")
    found = cli("evidence", posted, "--force", "--json").json
    assert (found["exit"], found["verified"], found["problems"]) == (0, True, [])


def test_inputs_changed_after_the_run_stand_on_the_first_page(book: Path) -> None:
    """With the cells; what is posted verifies all the same."""
    where, said = quiet(changed(book, "Counts!E7", 11))
    assert said == [
        "The inputs were changed after run R0001: the journal no longer follows from them.",
        "Counts!E7, Quantity: was 10, is 11.",
        DRAFT,
    ]
    assert all(sentence in first_page(where) for sentence in said)
    assert cli("evidence", book, "--force").code == 0
    assert "7,2026-03-05,PC-1,Completed,Frame,11," in (where / "inputs" / "Counts.csv").read_text(encoding="utf-8-sig")


def test_inputs_with_errors_are_written_all_the_same(book: Path) -> None:
    where, said = quiet(changed(book, "Counts!E7", "eleven"))
    assert said == [
        "The inputs were changed after run R0001 and now have errors: the journal no longer follows from them.",
        'Counts!E7, Quantity: was 10, is "eleven".',
        DRAFT,
    ]
    assert said[0] in first_page(where)
    assert "Frame,eleven," in (where / "inputs" / "Counts.csv").read_text(encoding="utf-8-sig")


def test_a_run_that_stopped_stands_on_the_first_page(book: Path) -> None:
    assert cli("run", changed(book, "Counts!E7", "eleven")).code == 1
    where, said = quiet(book)
    assert (
        "The last check or run stopped at errors: see section Findings. The journal is that of an earlier run." in said
    )
    assert all(sentence in first_page(where) for sentence in said)
    assert "Counts!E7" in of_section(where, "Findings")


def test_a_posted_amount_changed_by_hand_is_printed_and_told(book: Path) -> None:
    cell = Parts(book).where("Journal", "Debit")
    where, said = quiet(changed(book, cell, 777.77))
    assert said[0] == "NOT VERIFIED: 2 problems found; resolve before relying on this run."
    assert said[1].startswith("Journal!I7:J9: Entry 1 does not balance")
    assert said[2].startswith(f"{cell}: Debit is 777.77; the inputs give ")
    assert said[3:] == [DRAFT, said[4]]
    assert said[4].startswith("journal-aicpa.csv is missing: ")
    assert all(sentence in first_page(where) for sentence in said)
    assert "777.77" in of_section(where, "Journal")
    assert not (where / "journal-aicpa.csv").exists()
    assert "journal-aicpa.csv" not in (where / "manifest.sha256").read_text()


def test_a_check_that_fails_is_told(book: Path) -> None:
    cell, check = Parts(book).where("Checks", "Result"), Parts(book).rows("Checks")[0]["Check"]
    where, said = quiet(changed(book, cell, "Fail"))
    assert said == [
        "NOT VERIFIED: 1 problem found; resolve before relying on this run.", f"{cell}: Check fails: {check}.", DRAFT,
    ]  # fmt: skip
    assert all(sentence in first_page(where) for sentence in said)


def test_ticks_of_the_auditor_are_printed(book: Path) -> None:
    parts = Parts(book)
    for column, text in (("Tick", "ok"), ("W/P ref", "B-12"), ("Comment", "agreed to the invoice of the supplier")):
        parts.put(parts.where("Journal", column, 2), text)
    where, said = quiet(parts.save(book))
    assert said == [DRAFT]
    texts = " ".join(of_section(where, "Journal"))
    assert re.search(r"Accounts payable 2110 .* ok B-12 agreed to the invoice", texts)


def test_texts_that_look_like_formulas_do_no_harm(book: Path) -> None:
    where, _ = quiet(changed(book, "Counts!F7", "=1+1"))
    assert "PC-1,Completed,Frame,10,'=1+1" in (where / "inputs" / "Counts.csv").read_text(encoding="utf-8-sig")


def test_letters_without_a_font_are_written_as_their_numbers(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlbackflush.evidence.fonts.of_machine", list)
    where, _ = quiet(changed(book, Parts(book).where("Ledger", "Account name"), "Zásoby 木 Ř"))
    texts = of_section(where, "Ledger")
    assert "Zásoby [U+6728] [U+0158]" in texts


def test_letters_of_another_font_are_embedded() -> None:
    """Bold letters of Vera, and what it lacks from a font of this machine, if it has one with Greek."""
    fonts = Fonts()
    runs = fonts.runs("Kosten Ω Σίσυφος")
    assert "".join(piece for _, piece in runs) == "Kosten Ω Σίσυφος" or "[U+" in "".join(p for _, p in runs)
    assert runs[0][0] == "Vera"


# --------------------------------------------------------------------------------------------- what is refused


def refused(path: Path, match: str, **options: Any) -> None:
    before = sorted(p.name for p in path.parent.iterdir())
    with pytest.raises(UnusableError, match=match):
        write_evidence(path, **options)
    assert sorted(p.name for p in path.parent.iterdir()) == before


def test_a_workbook_without_a_run_is_refused(tmp_path: Path) -> None:
    refused(bench_book(tmp_path / "book.xlsm"), "book.xlsm has not been run: there is nothing to give evidence of")


def test_an_existing_folder_is_replaced_only_with_force(book: Path) -> None:
    where = write_evidence(book).folder
    (where / "evidence.pdf").write_bytes(b"older")
    refused(book, "exists already; choose another folder, or add --force")
    assert (where / "evidence.pdf").read_bytes() == b"older"
    assert write_evidence(book, force=True).folder == where
    assert (where / "evidence.pdf").read_bytes().startswith(b"%PDF")
    assert sorted(p.name for p in book.parent.iterdir()) == ["book-evidence-R0001", "book.xlsm"]


def test_a_folder_with_anything_else_in_it_is_never_replaced(book: Path) -> None:
    where = write_evidence(book).folder
    (where / "inputs" / "my notes.txt").write_text("of the auditor")
    refused(book, "also holds inputs/my notes.txt, which is not of the evidence and would be lost", force=True)
    other = book.parent / "papers"
    other.mkdir()
    (other / "letter.docx").write_text("not ours")
    refused(book, "also holds letter.docx", folder=other, force=True)
    refused(book, "also holds book", folder=book.parent, force=True)
    assert (where / "inputs" / "my notes.txt").read_text() == "of the auditor"


def test_a_folder_that_cannot_be_is_refused(book: Path) -> None:
    refused(book, "is a file; choose another name", folder=book)
    refused(book, "The folder .* does not exist", folder=book.parent / "none" / "evidence")


def test_another_folder_may_be_named(book: Path) -> None:
    other = book.parent / "audit 2026"
    other.mkdir()
    where = write_evidence(book, folder=other / "october").folder
    assert where == other / "october"
    assert (where / "book.xlsm").read_bytes() == book.read_bytes()


def test_an_empty_folder_may_be_used_with_force(book: Path) -> None:
    where = book.parent / "empty"
    where.mkdir()
    refused(book, "exists already", folder=where)
    assert write_evidence(book, folder=where, force=True).folder == where


@pytest.mark.parametrize("force", [False, True])
def test_a_disk_that_is_full_leaves_nothing_behind(book: Path, force: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    where = write_evidence(book).folder if force else None
    before = contents(where) if where else {}
    calls = iter(range(100))

    def full(_: int) -> None:
        if next(calls) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(book, "cannot be written: No space left on device", force=force)
    assert (contents(where) if where else {}) == before


# ----------------------------------------------------------------------------------- cells and pages by themselves


@pytest.mark.parametrize(
    ("value", "kind", "places", "text"),
    [
        (1234.5, "money", 2, "1,234.50"), (-1234.5, "money", 2, "(1,234.50)"), (0.0, "money", 2, "–"),
        (-0.001, "money", 2, "–"), (1234567.0, "money", 0, "1,234,567"), (-0.0005, "money", 3, "(0.001)"),
        (3.0, "quantity", 2, "3"), (-3.25, "quantity", 2, "(3.25)"), (0.1234567, "quantity", 2, "0.123457"),
        (1200.0, "quantity", 2, "1,200"), (2.5, "price", 2, "2.50"), (2.1234567, "price", 2, "2.123457"),
        (120.0, "price", 2, "120.00"), (0.05, "percent", 2, "5.0%"), (0.12345, "percent", 2, "12.345%"),
        (1.25, "hours", 2, "1.25"), (46296.0, "date", 2, "2026-10-01"), (dt.date(2026, 10, 1), "date", 2, "2026-10-01"),
        ("", "money", 2, ""), (None, "text", 2, ""), ("text", "money", 2, "text"), (7.0, "text", 2, "7"),
        (True, "any", 2, "TRUE"),
    ],
)  # fmt: skip
def test_cells_are_printed_as_the_workbook_shows_them(value: object, kind: str, places: int, text: str) -> None:
    assert printed(value, kind, places) == text


@pytest.mark.parametrize("number", [0.1, 1 / 3, 1e22, 5e-324, 123456789.123456789, -2.5, 1e15, 7.0])
def test_numbers_in_full_come_back_to_the_last_bit(number: float) -> None:
    assert float(plain(number)) == number


def set_alone(columns: list[Column], rows: list[Row]) -> list[list[str]]:
    document = Pages("Title", Fonts([]))
    document.section("Section", "Purpose.")
    document.table(columns, rows)
    content = document.pdf("footer", "middle", dt.datetime(2026, 1, 2), "author")
    return [page.extract_text().splitlines() for page in PdfReader(io.BytesIO(content)).pages]


def test_a_row_taller_than_a_page_goes_on_on_the_next() -> None:
    words = [f"word{i}" for i in range(6_000)]
    found = set_alone([Column("Number", "number"), Column("Text")], [Row(("1.00", " ".join(words)))])
    assert len(found) > 1
    texts = " ".join(text for page in found for text in page).split()
    assert [text for text in texts if text.startswith("word")] == words
    assert all([text.strip() for text in page].count("Number") == 1 for page in found)


def test_a_comment_taller_than_a_page_under_the_heading_of_its_entry_is_printed_whole() -> None:
    words = [f"word{i}" for i in range(3_000)]
    rows = [row for i in range(9) for row in (Row((f"Entry {i}",), "heading"), Row(("1.00", " ".join(words[i::9]))))]
    found = set_alone(
        [Column("Number", "number"), Column("Comment", at_least=80)], [*rows, Row(("9.00", "Sum"), "total")]
    )
    texts = " ".join(text for page in found for text in page).split()
    assert sorted(text for text in texts if text.startswith("word")) == sorted(words)
    assert (texts.count("Entry"), texts.count("1.00"), texts.count("9.00")) == (9, 9, 1)


def test_a_word_wider_than_its_column_is_broken_not_cut() -> None:
    word = "".join(chr(97 + i % 26) for i in range(900))
    (page,) = set_alone([Column("Text"), Column("Other")], [Row((word, "plain text beside it"))])
    assert word in "".join(page)


def test_many_columns_get_smaller_letters_and_stay_on_the_page() -> None:
    columns = [Column(f"Column {i}", "number") for i in range(16)]
    document = Pages("Title", Fonts([]))
    document.section("Section", "Purpose.")
    document.table(columns, [Row(tuple(f"{i * 1_234_567:,.2f}" for i in range(16)))])
    content = document.pdf("footer", "middle", dt.datetime(2026, 1, 2), "author")
    sizes: list[float] = []
    ends: list[float] = []
    fonts = Fonts([])

    def visit(text: str, page: list[float], at: list[float], _: object, size: float) -> None:
        if re.fullmatch(r"[\d,]+\.\d\d", text.strip()):
            sizes.append(size)
            ends.append(on_page(at, page)[0] + fonts.width(text.strip(), size))

    PdfReader(io.BytesIO(content)).pages[0].extract_text(visitor_text=visit)
    assert len(sizes) == 16
    assert 5 <= max(sizes) < 7.5
    assert max(ends) < WIDTH - 30


def test_an_entry_is_not_left_alone_at_the_foot_of_a_page() -> None:
    rows = [row for i in range(200) for row in (Row((f"Entry {i}",), "heading"), Row((f"line {i}", "1.00")))]
    for page in set_alone([Column("Text"), Column("Amount", "number")], rows):
        texts = [text.strip() for text in page if text.strip()]
        assert not texts[-4].startswith("Entry"), texts[-5:]


def test_a_table_without_rows_says_so() -> None:
    assert "None." in [text.strip() for text in set_alone([Column("Text")], [])[0]]
    assert BOTTOM < TOP < HEIGHT
