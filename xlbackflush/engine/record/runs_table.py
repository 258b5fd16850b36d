"""Tables Runs and RunInputs: their rows read as records, and what is not as a run leaves it.

Nothing on sheet Runs is guessed: a run that lost its row would take what it posted off the books.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from xlbackflush import schema
from xlbackflush.engine.inputs import snapshot
from xlbackflush.model.journal import CLOSED, DRAFT, PIECE, POSTED, Problem, Run, RunInputs, goes_on_in, run_name
from xlbackflush.model.tables import Source, cell_words, number_in

_NO_ROW = (
    "Put that row back: undo (Ctrl+Z), or take the file as it was saved before. "
    "If the run was only a draft, delete its rows on sheet Run Inputs instead."
)


def runs(source: Source) -> list[Run]:
    """The rows of table Runs."""
    return [_run(source, number, row) for number, row in source.named_rows() if row.get("Run")]


def _run(source: Source, number: int, row: Mapping[str, object]) -> Run:
    fields: dict[str, Any] = {
        column.field: str(row.get(column.name) or "")
        if column.kind == "text"
        else number_in(row.get(column.name)) or 0.0
        for column in schema.RUNS.columns
    }
    fields["entries"] = int(fields["entries"])
    last = source.cell("Link", number).rpartition("!")[2]
    return Run(**fields, where=f"{source.cell('Run', number)}:{last}", row=number)


def run_inputs(source: Source) -> dict[str, RunInputs]:
    """The rows of table RunInputs, by run."""
    by_run: dict[str, tuple[dict[str, int], dict[str, str], list[str]]] = {}
    for _, row in source.named_rows():
        run, name, height, digest, content = (row.get(column, "") for column in schema.RUN_INPUTS.names)
        rows, hashes, pieces = by_run.setdefault(str(run), ({}, {}, []))
        if content and name not in schema.TABLES:
            pieces.append(str(content))
        else:
            rows[str(name)] = int(number_in(height) or 0)
            hashes |= {str(name): str(digest)} if digest else {}
    return {run: RunInputs(*of_run) for run, of_run in by_run.items()}


# --------------------------------------------------------------------------------- what cannot be right


def problems(source: Source, inputs: Source, journal: Source) -> Iterator[Problem]:
    """What cannot stand on sheet Runs, of itself and by what other sheets know of runs.

    source, inputs, journal: tables Runs, RunInputs and Journal as read. A draft's own figures may be anything.
    """
    every, rows = runs(source), dict(source.named_rows())
    yield from _without_a_name(source)
    for number, run in enumerate(every, 1):
        if run.run != run_name(number):
            yield Problem(
                source.cell("Run", run.row), f"Run is {cell_words(run.run)}, where {run_name(number)} belongs."
            )
    sealed = _first_cells(journal, lambda row: row.get("Seal", "") != "")
    named = {run.run for run in every}
    for name, cell in sealed.items():
        if name not in named:
            yield Problem(cell, f"Run {name} has posted this line, and has no row on sheet Runs.", _NO_ROW)
    for name, cell in _first_cells(inputs, lambda row: True).items():
        if name not in named and name not in sealed:
            yield Problem(cell, f"Here are the inputs of run {name}, which has no row on sheet Runs.", _NO_ROW)
    for run in every:
        yield from _status(run, every, source, run.run in sealed)
        yield from () if run.is_draft else odd_cells(source, run, rows[run.row])


def _without_a_name(source: Source) -> Iterator[Problem]:
    for number, row in source.named_rows():
        if not row.get("Run") and any(row.get(name, "") != "" for name in schema.RUNS.names):
            yield Problem(source.cell("Run", number), "Run is blank, and other cells of the row are not.")


def _first_cells(source: Source, counts: Callable[[Mapping[str, object]], bool]) -> dict[str, str]:
    """Each name in column Run with the first cell where it stands, of the rows that count."""
    cells: dict[str, str] = {}
    for number, row in source.named_rows():
        if counts(row):
            cells.setdefault(str(row.get("Run", "")), source.cell("Run", number))
    return cells


def _status(run: Run, every: Sequence[Run], source: Source, sealed: bool) -> Iterator[Problem]:
    """What cannot be of the status of a run: posted runs carry seals, a link and an approver, and drafts do not."""
    column, last, text = "Status", every[-1], ""
    if run.status not in (DRAFT, POSTED, CLOSED):
        text = f"The status of run {run.run} is {run.status or 'blank'}; it is {DRAFT}, {POSTED} or {CLOSED}."
    elif run.is_draft and (sealed or run.approved_by or run.posted or run.link):
        text = f"Run {run.run} was posted, but its status is {DRAFT}."
    elif run.is_draft and run is not last:
        text = f"Run {run.run} is a draft above a later run."
    elif run.status == CLOSED and not run.goes_on:
        column, text = "Goes on in", f"Run {run.run} is closed, but does not say where the period goes on."
    elif run.goes_on and run.goes_on != goes_on_in(last.link, run.following):
        column, text = "Goes on in", f"What run {run.run} says of the next workbook was changed."
    elif run.goes_on and run.status != CLOSED:
        status = run.status.lower()
        text = f"The period was closed and goes on in {run.following}, but run {run.run} is {status}."
    if text:
        yield Problem(source.cell(column, run.row), text)


def odd_cells(source: Source, run: Run, row: Mapping[str, object]) -> Iterator[Problem]:
    """Cells of a run's row that are read as something else than they hold: 6.01 entries, a number where a text was."""
    for column in schema.RUNS.columns:
        cell, read = row.get(column.name, ""), getattr(run, column.field)
        as_read = cell == read if column.kind == "text" else number_in(cell) == read
        if not as_read and not (read == "" and cell is None):
            yield Problem(
                source.cell(column.name, run.row), f"{column.name} is {cell_words(cell)}, which no run writes."
            )


def inputs_of(source: Source, run: str) -> tuple[dict[str, Source], list[Problem]]:
    """The inputs on record of a run, and the cells of its rows in table RunInputs that are not what they give.

    Inputs that cannot be read any more are none, and the piece that is to blame is the one problem.
    """
    every = list(source.named_rows())
    at = [i for i, (_, row) in enumerate(every) if str(row.get("Run", "")) == run]
    rows = [every[i] for i in at]
    numbers = {str(row.get("Input", "")): number for number, row in rows}
    on_record = run_inputs(source).get(run, RunInputs({}, {}, []))
    try:
        tables = snapshot.unpack(on_record.pieces)
    except snapshot.DamagedError as error:
        start = f"{PIECE} {(error.piece or 0) + 1} of "
        number = next((number for label, number in numbers.items() if label.startswith(start)), None)
        last = rows[-1][0] if rows else source.first_row
        return {}, [Problem(source.cell("Content", number or last), f"Run {run}: {error}")]
    right = snapshot.Snapshot(tables).recorded(on_record.pieces).cells(run)
    apart = [
        Problem(source.cell("Run", every[j][0]), f"Rows of run {run} stand apart.")
        for i, j in pairwise(at)
        if j > i + 1
    ]
    return tables, [*apart, *_differing(source, run, rows, right)]


def _differing(
    source: Source, run: str, rows: Sequence[tuple[int, Mapping[str, object]]], right: Sequence[Sequence[object]]
) -> Iterator[Problem]:
    """Rows of a run in table RunInputs against those that its inputs give, in their order, or by what column Input says."""
    pairs: list[tuple[tuple[int, Mapping[str, object]], Sequence[object]]] = []
    near = rows[0][0]
    if len(rows) == len(right):
        pairs = list(zip(rows, right, strict=True))
        right = ()
    by_label = {row.get("Input"): (number, row) for number, row in rows}
    for cells in right:
        if one := by_label.pop(cells[1], None):
            near = one[0]
            pairs.append((one, cells))
        else:
            yield Problem(
                source.cell("Input", near), f"The row of {cells[1]} of run {run} is gone. It stood near here."
            )
    kept = {number for (number, _), _ in pairs}
    for number, row in rows:
        if number not in kept:
            yield Problem(
                source.cell("Input", number), f"Run {run} has one row too many of {cell_words(row.get('Input'))}."
            )
    for (number, row), cells in pairs:
        for name, wanted in zip(schema.RUN_INPUTS.names, cells, strict=True):
            cell = row.get(name, "")
            if cell != ("" if wanted is None else wanted):
                what = f"{name} is {cell_words(cell)}; the inputs on record of run {run} give {cell_words(wanted)}."
                yield Problem(source.cell(name, number), what)
