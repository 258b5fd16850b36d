"""What sheets Runs and Run Inputs say of earlier runs, cell by cell, and which of it cannot be."""

import copy
import hashlib

import pytest
from booked import Plant
from support import sources
from test_chain import twice_posted_and_drafted

from xlbackflush import schema
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.record import record, runs_table
from xlbackflush.model.journal import Run, RunInputs
from xlbackflush.model.tables import Source

Rows = list[dict[str, object]]


def table(of: schema.Table, rows: Rows, first: int = 7) -> Source:
    """A table as read, its columns from A on."""
    names = of.names
    letters = {name: chr(ord("A") + i) for i, name in enumerate(names)}
    cells = [[row.get(name, "") for name in names] for row in rows]
    return Source(
        of.name, of.name, letters, first, first + len(rows), names, cells, [first + i for i in range(len(rows))]
    )


def row(run: str, status: str = "Posted", **cells: object) -> dict[str, object]:
    figures = {"Entries": 0.0, "Debits": 0.0, "Credits": 0.0}
    return {"Run": run, "Status": status} | figures | {name.replace("_", " "): cell for name, cell in cells.items()}


def goes_on(link: str, name: str) -> str:
    """As a roll writes it: the name of the next workbook, and what the link and the name give."""
    return f"{name} · {hashlib.sha256(f'{link}{chr(31)}{name}'.encode()).hexdigest()[:16]}"


def said(runs: Rows, sealed: str = "") -> list[tuple[str, str]]:
    """The problems of some runs; sealed: a run with a seal on the journal."""
    read = table(schema.RUNS, runs)
    lines: Rows = [{"Run": sealed, "Seal": "5ea1"}, {"Run": "R0009", "Seal": ""}] if sealed else []
    journal = table(schema.JOURNAL, lines)
    return [(each.where, each.what) for each in runs_table.problems(read, table(schema.RUN_INPUTS, []), journal)]


def test_a_run_is_read_from_its_row():
    read = runs_table.runs(
        table(
            schema.RUNS,
            [row("", User="Nobody"), row("R0001", "Draft", Entries=3.0, Debits=10.5, Credits="much", User=None)],
        )
    )
    assert read == [Run("R0001", "Draft", "", "", "", "", 3, 10.5, 0.0)]
    assert (read[0].where, read[0].row) == ("Runs!A8:L8", 8)


def test_a_draft_is_made_again_under_its_number():
    posted, draft = (Run(f"R000{n}", status, "", "", "", "", 0, 0, 0) for n, status in ((1, "Posted"), (2, "Draft")))
    assert record.Record().next_run == "R0001"
    assert record.Record([posted]).next_run == record.Record([posted, draft]).next_run == "R0002"
    assert (record.Record([posted, draft]).draft, record.Record([posted]).draft) == (draft, None)
    assert record.Record([posted, draft]).posted_runs == [posted]


@pytest.mark.parametrize(
    ("runs", "cell", "what"),
    [
        ([row("R0001", "")], "B7", "The status of run R0001 is blank; it is Draft, Posted or Closed."),
        ([row("R0001", "posted")], "B7", "The status of run R0001 is posted; it is Draft, Posted or Closed."),
        ([row("R0001", "Draft", Approved_by="Bob")], "B7", "Run R0001 was posted, but its status is Draft."),
        ([row("R0001", "Draft", Posted="2026-05-02")], "B7", "Run R0001 was posted, but its status is Draft."),
        ([row("R0001", "Draft", Link="L1")], "B7", "Run R0001 was posted, but its status is Draft."),
        ([row("R0001", "Draft"), row("R0002")], "B7", "Run R0001 is a draft above a later run."),
        ([row("R0001", "Closed")], "M7", "Run R0001 is closed, but does not say where the period goes on."),
        (
            [row("R0001", "Closed", Link="L1", Goes_on_in=goes_on("L0", "may.xlsx"))],
            "M7",
            "What run R0001 says of the next workbook was changed.",
        ),
        (
            [row("R0001", "Closed", Link="L1", Goes_on_in=goes_on("L2", "may.xlsx")), row("R0002", Link="L2")],
            None,
            "",
        ),
        (
            [row("R0001", Link="L1", Goes_on_in=goes_on("L1", "may.xlsx"))],
            "B7",
            "The period was closed and goes on in may.xlsx, but run R0001 is posted.",
        ),
        ([row("R0001"), row("R0002", "Draft")], None, ""),
    ],
)
def test_a_status_that_cannot_be_is_named(runs: Rows, cell: str | None, what: str):
    assert said(runs) == ([(f"Runs!{cell}", what)] if cell else [])


def test_a_draft_with_sealed_lines_was_posted():
    runs = [row("R0001"), row("R0002", "Draft")]
    assert said(runs, sealed="R0001") == []
    assert said(runs, sealed="R0002") == [("Runs!B8", "Run R0002 was posted, but its status is Draft.")]


def test_all_runs_of_a_closed_period_say_where_it_goes_on():
    """By the link of the last one."""
    runs = [Run(f"R000{n}", "Posted", "", "", "", "", 0, 0, 0, link=f"L{n}") for n in (1, 2)]
    closed = record.closed(runs, "may.xlsx")
    assert [(run.status, run.goes_on) for run in closed] == [("Closed", goes_on("L2", "may.xlsx"))] * 2


def test_inputs_on_record_by_run():
    """A row of a table has its height and digest, none where it is empty; the others are pieces, in their order."""
    rows: Rows = [
        {"Run": run, "Input": name, "Rows": height, "SHA-256": digest, "Content": piece}
        for run, name, height, digest, piece in (
            ("R0001", "BOM", 2.0, "b0", ""),
            ("R0001", "WIP", "", "", ""),
            ("R0001", "1 of 2", "", "", "abc"),
            ("R0002", "BOM", 3.0, "b1", ""),
            ("R0001", "2 of 2", "", "", "def"),
        )
    ]
    assert runs_table.run_inputs(table(schema.RUN_INPUTS, rows)) == {
        "R0001": RunInputs({"BOM": 2, "WIP": 0}, {"BOM": "b0"}, ["abc", "def"]),
        "R0002": RunInputs({"BOM": 3}, {"BOM": "b1"}, []),
    }


def test_the_currency_on_record_is_that_of_the_run():
    def packed(run: str, currency: str) -> Rows:
        pieces = snapshot.Snapshot(sources({"Currency": currency}, {})).pieces
        return [{"Run": run, "Content": piece} for piece in pieces]

    read = table(
        schema.RUN_INPUTS, [*packed("R0001", "KWD"), *packed("R0002", "JPY"), {"Run": "R0003", "Content": "torn"}]
    )
    assert [record.currency(read, f"R000{n}") for n in range(1, 5)] == ["KWD", "JPY", "", ""]


def test_the_currency_of_setup_is_found_by_its_name():
    setup = table(schema.SETUP, [{"Setting": "Company", "Value": "EUR"}, {"Setting": " Currency ", "Value": "USD"}])
    assert record.currency_of(setup) == "USD"
    assert record.currency_of(table(schema.SETUP, [])) == ""


# ------------------------------------------------------------------------------------------- read as a whole


def booked() -> tuple[Plant, dict[str, Source]]:
    """Two posted runs and a draft, as their three tables."""
    plant = copy.deepcopy(twice_posted_and_drafted())
    fields = {column.name: column.field.rpartition(".")[2] for column in schema.RUNS.columns if column.field}
    runs: Rows = [
        {name: getattr(run, field) for name, field in fields.items() if hasattr(run, field)} for run in plant.runs
    ]
    inputs: Rows = [
        {"Run": run.run, "Input": name, "Rows": 1.0, "SHA-256": digest}
        for run in plant.runs
        for name, digest in run.table_hashes.items()
    ]
    read = {"Runs": table(schema.RUNS, [*runs, row(plant.draft, "Draft")]), "Journal": plant.journal}
    return plant, read | {"RunInputs": table(schema.RUN_INPUTS, inputs)}


def test_what_was_posted_and_what_is_a_draft():
    plant, tables = booked()
    found, (drafted, problems) = record.read(tables, 2), record.drafted(tables, 2)
    assert found.problems == problems == []
    on_sheet = [int(n) for n, line in zip(cells(tables, "Entry"), cells(tables, "Line"), strict=True) if line == 1]
    assert [entry.number for entry in (*found.posted, *drafted)] == on_sheet
    assert {entry.run for entry in drafted} == {"R0003"}
    for run in plant.runs:
        of_run = [line.minor for entry in found.posted if entry.run == run.run for line in entry.lines]
        assert sum(minor for minor in of_run if minor > 0) == round(run.debits * 100) > 0
    assert not any(entry.reversed_by in {each.number for each in drafted} for entry in found.posted)


def cells(tables: dict[str, Source], column: str) -> list[object]:
    return tables["Journal"].by_column()[column]


def test_a_posted_line_typed_over_is_a_problem_and_a_draft_line_is_none():
    for run, problems in (("R0001", ["Journal!A7:R7"]), ("R0003", [])):
        _, tables = booked()
        journal = tables["Journal"]
        at = cells(tables, "Run").index(run)
        debit = journal.columns.index("Debit")
        journal.rows[at][debit] = 1.0
        found = record.read(tables, 2)
        assert [problem.where for problem in found.problems][:1] == problems


def test_a_status_that_cannot_be_keeps_the_entries_unread():
    _, tables = booked()
    runs = tables["Runs"]
    runs.rows[0][runs.columns.index("Status")] = "posted"
    found = record.read(tables, 2)
    assert [problem.where for problem in found.problems] == ["Runs!B7"]
    assert found.posted == []
