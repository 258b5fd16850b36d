"""Verify: every posted run computed again from its inputs on record, and held against what the workbook shows."""

from collections.abc import Iterator, Mapping, Sequence

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field, replace
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.inputs.changes import Change, changes
from xlbackflush.engine.inputs.snapshot import Snapshot
from xlbackflush.engine.record import journal_table
from xlbackflush.engine.record import record as records
from xlbackflush.engine.record.record import Record
from xlbackflush.engine.record.runs_table import inputs_of, run_inputs
from xlbackflush.lifecycle import recomputed_journal, recomputed_sheets
from xlbackflush.lifecycle.calculate import Progress, calculate
from xlbackflush.lifecycle.recomputed_sheets import first
from xlbackflush.lifecycle.workbook_port import Workbook
from xlbackflush.model import money
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.journal import Problem, Run
from xlbackflush.model.tables import CellError, Source, number_in
from xlbackflush.model.words import number
from xlbackflush.ooxml.address import box_of


@dataclass
class Verified:
    """What came of verifying: problems, in words and with their cells; and which inputs changed since the last run."""

    runs: list[Run]
    problems: list[Problem] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.problems or self.changed)


def verify(book: Workbook, progress: Progress = lambda stage: None) -> Verified:
    """Compute every posted run again from the inputs on record, and check chain, numbers, proofs, inputs and the file itself.

    Changes nothing. Closed workbooks are verified, too.
    """
    result = _verified(book, progress)
    result.problems += book.damaged()
    return result


def _verified(book: Workbook, progress: Progress) -> Verified:
    tables, sources = {name: book.table(name) for name in records.TABLES}, book.read()
    places = places_of(sources)
    record = records.read(tables, places)
    result = Verified(record.runs)
    inputs = _inputs_on_record(record, tables["RunInputs"], result)
    cells = first(recomputed_journal.differing(record, inputs, tables["Runs"], progress))
    result.problems += [*cells, *_told_otherwise(record.problems, cells), *_formulas_on_record(book, tables)]
    if record.draft:
        result.problems += [problem for problem in records.drafted(tables, places)[1] if problem not in record.problems]
    sheets = {table.name: tables.get(table.name) or book.table(table.name) for table in schema.OUTPUT_TABLES}
    if not record.runs:
        result.problems += [] if result.problems else _results_of_no_run(sheets)
        return result
    last = record.runs[-1]
    if last.run in inputs:
        result.changed = changes(inputs[last.run], sources)
    if any(problem.is_order for problem in result.problems):  # which proofs differ says nothing then
        return result
    result.problems += _proofs(sheets)
    if last.run in inputs and not result.changed and not record.problems:  # else formulas show what other inputs give
        rerun = calculate(sources, tables)  # the same inputs, where they stand now: formulas refer to them
        if not rerun.failed:
            rerun = replace(rerun, run=last, journal=rerun.period.draft)
            named = {problem.where for problem in result.problems}
            result.problems += recomputed_sheets.differing(rerun, {**sources, **sheets}, book.formulas, named)
    return result


def inputs_of_run(book: Workbook, run: str) -> dict[str, Source]:
    """The inputs on record of one run. RefusedError where there are none."""
    on_record = run_inputs(book.table("RunInputs"))
    if run not in on_record:
        known = ", ".join(on_record) or "none"
        raise RefusedError(f"There is no run {run} on sheet Run Inputs; on record: {known}.")
    try:
        return snapshot.unpack(on_record[run].pieces)
    except snapshot.DamagedError as error:
        raise RefusedError(f"Run {run}: {error}") from error


def places_of(sources: Mapping[str, Source]) -> int:
    """Decimals of the currency on Setup."""
    return money.decimals(records.currency_of(sources["Setup"]))


def _inputs_on_record(record: Record, source: Source, result: Verified) -> dict[str, dict[str, Source]]:
    """The inputs on record of each run, table RunInputs being `source`; what was changed or lost of them is a problem."""
    by_run = {}
    for run in record.runs:
        inputs, problems = inputs_of(source, run.run)
        result.problems += problems
        if inputs:
            by_run[run.run] = inputs
        if inputs and run.is_draft and Snapshot(inputs).input_hash != run.input_hash:
            text = f"Run {run.run}: its input hash is not that of the inputs on record."
            result.problems.append(Problem(run.where, text))
    return by_run


def _told_otherwise(problems: Sequence[Problem], cells: Sequence[Problem]) -> list[Problem]:
    """Problems of the record but for those of one whole row of which a cell is named."""
    named = {row for problem in cells if (row := _row(problem.where))}
    return [problem for problem in problems if ":" not in problem.where or _row(problem.where) not in named]


def _row(where: str) -> tuple[str, int] | None:
    """Sheet and row of a cell, or of cells side by side."""
    sheet, _, cells = where.rpartition("!")
    top, _, bottom, _ = box_of(cells) if sheet else (0, 0, 1, 0)
    return (sheet, top) if top == bottom else None


def _formulas_on_record(book: Workbook, tables: Mapping[str, Source]) -> Iterator[Problem]:
    """What was recorded is values: a formula of the same value shows another one tomorrow."""
    for name, source in tables.items():
        recorded = journal_table.COLUMNS if name == "Journal" else schema.TABLES[name].names
        for row, formulas in enumerate(book.formulas(name), source.first_row):
            for column in formulas.keys() & set(recorded):
                yield Problem(source.cell(column, row), f"{column} is a formula; the run wrote a value.")


def _results_of_no_run(sheets: Mapping[str, Source]) -> list[Problem]:
    """The first results that stand where sheet Runs has no run."""
    for table in recomputed_sheets.TABLES:
        source = sheets[table.name]
        for row, cells in zip(source.row_numbers, source.rows, strict=True):
            if any(number_in(cell) is not None for cell in cells):
                what = "Here are results, and sheet Runs has no run that they are of."
                return [
                    Problem(source.cell(table.names[0], row), what, "Put the rows of sheet Runs back, or run again.")
                ]
    return []


def _proofs(sheets: Mapping[str, Source]) -> Iterator[Problem]:
    """Stored differences that are not zero, and failed checks."""
    for table in schema.OUTPUT_TABLES:
        for column in table.differences:
            source = sheets[table.name]
            for row, value in zip(source.row_numbers, source.by_column().get(column, ()), strict=False):
                if isinstance(value, int | float) and value:
                    yield Problem(source.cell(column, row), f"Differs from its proof by {number(value)}.")
    checks = sheets["Checks"]
    columns = checks.by_column()
    if any(isinstance(result, CellError) and not result.calculated for result in columns["Result"]):
        what = "The formulas of this workbook are not calculated; open it in Excel or LibreOffice, save it, and verify again."
        yield Problem(checks.cell("Result", checks.first_row), what)
        return
    for row, text, result in zip(checks.row_numbers, columns["Check"], columns["Result"], strict=True):
        if result != "OK":
            yield Problem(checks.cell("Result", row), f"Check fails: {text}.")
