"""Import: files into the input tables of a workbook, all of them or none.

    files -> plan (which table, which columns) -> rows taken and left out -> the workbook, read back and compared

Errors leave the workbook as it is. What was written can be taken back: `xlbackflush restore`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, field
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.engine.inputs.typed import text_of
from xlbackflush.imports import rules
from xlbackflush.imports.bills import as_lines, once_each, summed_rows
from xlbackflush.imports.files import Grid, files_in, grids_of
from xlbackflush.imports.mapping import ABOVE, Line, Options, lines_of, pattern
from xlbackflush.imports.names import HELPERS
from xlbackflush.imports.recognise import Plan, not_there, plans
from xlbackflush.imports.taking import NUMBERED_BY, BookFacts, Taken, numbered, take
from xlbackflush.model.errors import RefusedError, UnusableError
from xlbackflush.model.finding import Finding
from xlbackflush.model.tables import number_in
from xlbackflush.model.words import listed, several, short_text
from xlbackflush.workbook.input_rows import NewRows, last_filled
from xlbackflush.workbook.tables import quoted_argument

if TYPE_CHECKING:
    from xlbackflush.workbook.file import FileBook

REPLACE, APPEND = "replace", "append"
_CLOSE = 1e-9  # of a sum, that a sum in another order may differ by
_MAP, _FILES = "ImportMap", "Imports"


@dataclass
class Result:
    """What an import came to: what it took from each file, the rows that each table got, findings; errors: nothing written.

    tables: table -> rows written, rows that went, and sums of its columns.
    """

    taken: list[Taken] = field(default_factory=list)
    tables: dict[str, tuple[int, int, dict[str, float]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether nothing was written."""
        return any(finding.severity == schema.ERROR for finding in self.findings)

    @property
    def sentence(self) -> str:
        """What came of it, in a few sentences."""
        errors = [finding for finding in self.findings if finding.severity == schema.ERROR]
        if errors:
            more = (
                f" {several(len(errors) - 1, 'more error')}: import on the command line to see them."
                if errors[1:]
                else ""
            )
            return f"Stopped: {errors[0].where}: {errors[0].what} {errors[0].fix}{more}"
        tables = [f"{table} has {several(rows, 'row')} from these files" for table, (rows, _, _) in self.tables.items()]
        left = sum(len(part.rows) for taken in self.taken for part in taken.left)
        warnings = [f"{finding.where}: {finding.what}" for finding in self.findings]
        return " ".join([f"Done: {listed(tables, len(tables))}; {several(left, 'row')} left out.", *warnings])


def import_files(
    book: FileBook,
    files: Sequence[Path],
    options: Options,
    mode: str,
    now: dt.datetime,
    check: bool = False,
    only_new: bool = False,
) -> Result:
    """Import files into a workbook. mode: REPLACE, APPEND, or "" where it follows from where the rows came from.

    check: only say what would be done. only_new: tables whose files were all imported before stay as they are, with what was
    corrected in them since.
    """
    work = _Import(book, options, mode, now)
    work.read(files, only_new)
    if not work.result.failed:
        work.arrange()
    if work.result.taken and not work.result.failed and not check:
        work.write()
    return work.result


class _Import:
    """One import, with what it has found so far."""

    def __init__(self, book: FileBook, options: Options, mode: str, now: dt.datetime) -> None:
        self._book, self._options, self._mode, self._now = book, options, mode, now
        name = book.path.name
        if _MAP not in book.package.tables or _FILES not in book.package.tables:
            raise UnusableError(
                f"{name} has no sheet Import Map. To have it added: xlbackflush upgrade {quoted_argument(name)}"
            )
        if closed := next((run.run for run in book.runs() if run.is_closed), ""):
            raise RefusedError(
                f"The period of {name} is closed with run {closed}; import into the workbook of the next one."
            )
        self._sources = book.read()
        settings = accept({n: self._sources[n] for n in ("Setup", "Accounts") if n in self._sources})[0].settings
        cells = self._sources["StandardCost"].by_column().get("Item", [])
        items = [text_of(cell) or "" for cell in cells if cell not in ("", None)]
        self._facts = BookFacts(settings.period_start, settings.period_end, settings.currency, items)
        self._memory = lines_of(book.table(_MAP))
        for line in self._memory:
            if line.table not in schema.IMPORTED:
                raise RefusedError(
                    f'Sheet Import Map names a table "{short_text(line.table)}" for {line.source}; choose '
                    f"{listed(schema.IMPORTED, len(schema.IMPORTED), 'or')}."
                )
        self._files = [row for _, row in book.table(_FILES).named_rows()]
        self._rows: dict[str, NewRows] = {}
        self._table_taken: dict[str, list[Taken]] = defaultdict(list)
        self.result = Result()

    # ------------------------------------------------------------------------------------------------- read

    def read(self, paths: Sequence[Path], only_new: bool = False) -> None:
        """Every file: its plan, its rows. Items come first, since other files are read by their codes."""
        todo: list[Plan] = []
        digests: dict[str, Path] = {}
        named = set(paths)
        for file in files_in(list(paths), self._book.path):
            grids = grids_of(file, self._options.sheet)
            if (other := digests.setdefault(grids[0].digest, file)) != file:
                what = f"{file.name} is the same file as {other.name}; it was left alone."
                self.result.findings.append(rules.NOT_RECOGNISED(file.name, what, fix="Delete one of them."))
                continue
            if grids[0].is_ours and file not in named:
                what = f"{file.name} is a backflush workbook; it was left alone."
                fix = "To take the rows of its input sheets, name the file itself."
                self.result.findings.append(rules.NOT_RECOGNISED(file.name, what, fix=fix))
                continue
            of_file = [plan for grid in grids for plan in self._plans(grid)]
            if not of_file:
                self._not_recognised(file, grids, file in named)
            todo += of_file
        if not todo and not self.result.findings:
            raise UnusableError(f"There is no file to import in {listed([str(path) for path in paths])}.")
        self._expected(todo)
        self._said_in_vain(todo)
        if only_new:
            todo = self._new(todo)
        for plan in sorted(todo, key=lambda plan: plan.table.name != "StandardCost"):
            taken = take(plan, self._facts) if not plan.findings else None
            if taken is None:
                self.result.findings += plan.findings
                continue
            if plan.table.name == "BOM":
                as_lines(taken)
            elif plan.table.name == "Stock":
                keys = taken.columns["Item"].tolist()
                summed_rows(taken, keys, ("Opening qty", "Counted qty"), "row for each place", "row for each item")
            elif plan.table.name == "StandardCost":
                items = [*self._facts.items, *taken.columns["Item"].tolist()]
                self._facts = BookFacts(self._facts.start, self._facts.end, self._facts.currency, items)
                _bought_only(taken)
            self.result.findings += taken.findings
            self.result.taken.append(taken)
            self._table_taken[plan.table.name].append(taken)

    def _plans(self, grid: Grid) -> list[Plan]:
        return plans(grid, self._memory, self._options, self._facts.items)

    def _not_recognised(self, file: Path, grids: Sequence[Grid], is_named: bool) -> None:
        headings = [str(cell) for cell in grids[0].rows[0] if cell not in ("", None)]
        what = f"{file.name} fits no table for sure. Its first row reads {listed(headings, 8)}."
        names = ", ".join(schema.IMPORTED[:-1])
        if is_named:
            fix = f"Name the table with --to ({names} or {schema.IMPORTED[-1]}), and columns with --map."
            self.result.findings.append(rules.UNKNOWN_TABLE(f"{grids[0].label}!A1", what, fix=fix))
        else:
            self.result.findings.append(rules.NOT_RECOGNISED(file.name, f"{what} It was left alone."))

    def _expected(self, todo: Sequence[Plan]) -> None:
        """Files that Import Map knows, of tables that this import fills, and that are not there."""
        tables = {plan.table.name for plan in todo if plan.is_remembered}
        known = {(line.source, line.table) for line in self._memory if line.table in tables}
        for source, table in sorted(known):
            if not any(line.suits(plan.grid) for plan in todo for line in self._memory if line.source == source):
                what = f"Import Map takes {table} from {source}, too; no such file was given."
                self.result.findings.append(rules.EXPECTED_FILE("Import Map", what))

    def _new(self, todo: Sequence[Plan]) -> list[Plan]:
        """Without those of tables whose files were all imported before."""
        known = {(row.get("Into"), row.get("Digest")) for row in self._files}
        fresh = {plan.table.name for plan in todo if (plan.table.name, plan.grid.digest) not in known}
        return [plan for plan in todo if plan.table.name in fresh]

    def _said_in_vain(self, todo: Sequence[Plan]) -> None:
        """Columns that the command names and no file has."""
        named = {(line.source_column, line.column) for plan in todo for line in plan.said}
        for plan in todo:
            for line in plan.absent:
                if (line.source_column, line.column) not in named:
                    named.add((line.source_column, line.column))
                    self.result.findings.append(not_there(plan, line, "the command"))

    # ---------------------------------------------------------------------------------------------- arrange

    def arrange(self) -> None:
        """The rows of each table: those of all its files, in place of what is there or behind it."""
        for table, parts in self._table_taken.items():
            mode = self._mode_for(table, parts)
            if not mode:
                continue
            self._number(table, parts)
            if table == "BOM":
                self.result.findings += once_each(parts)
            self._drop_known(table, parts, mode)
            part, source = self._book.package.tables[table], self._sources[table]
            rows = {
                column.name: _stored(column, [taken.columns.get(column.name) for taken in parts], parts)
                for column in schema.TABLES[table].columns
                if column.name in part.columns and any(column.name in taken.columns for taken in parts)
            }
            lacking = sorted(
                {name for taken in parts for name in taken.columns if name not in part.columns and name not in HELPERS}
            )
            if lacking:
                name = quoted_argument(self._book.path.name)
                raise UnusableError(
                    f"Table {table} has no column {listed(lacking)}. To have it added: xlbackflush upgrade {name}"
                )
            new = NewRows(rows, part.header_row if mode == REPLACE else last_filled(source, part))
            if new.count or mode == REPLACE:
                self._rows[table] = new
            gone = len(source.rows) if mode == REPLACE else 0
            self.result.tables[table] = new.count, gone, _sums(parts)

    def _mode_for(self, table: str, parts: Sequence[Taken]) -> str:
        """Replace or append; "" where it has to be said."""
        there, part = self._sources[table], self._book.package.tables[table]
        before = [row for row in self._files if row.get("Into") == table]
        for taken in parts:
            same = next((row for row in before if row.get("Digest") == taken.plan.grid.digest), None)
            if same and self._mode == APPEND:
                what = (
                    f"{taken.plan.grid.path.name} was imported on {same.get('Imported')}: table {table} has its rows."
                )
                self.result.findings.append(rules.SAME_FILE(taken.plan.where, what))
                return ""
            if same:
                name = taken.plan.grid.path.name
                note = f"{name} is the file that was imported on {same.get('Imported')}; its rows were replaced."
                if note not in self.result.notes:
                    self.result.notes.append(note)
        if self._mode or not there.rows:
            return self._mode or REPLACE
        known = {pattern(Path(str(row.get("File")).partition("[")[0])) for row in before}
        count = sum(number_in(row.get("Rows")) or 0 for row in before)
        if count == len(there.rows) and known <= {pattern(taken.plan.grid.path) for taken in parts}:
            return REPLACE
        these = "this file" if len(parts) == 1 else "these files"
        what = f"Table {table} has {several(len(there.rows), 'row')} that did not come from {these}."
        self.result.findings.append(rules.ROWS_THERE(f"{part.sheet}!A{part.header_row + 1}", what))
        return ""

    def _number(self, table: str, parts: Sequence[Taken]) -> None:
        """Documents for rows of files that have none."""
        if "Document" not in schema.TABLES[table].names:
            return
        without = [taken for taken in parts if "Document" not in taken.columns]
        names = [name for name in NUMBERED_BY if without and name in without[0].columns]
        together = {name: np.concatenate([taken.columns[name] for taken in without]) for name in names}
        documents, start = numbered(together) if names else [], 0
        for taken in without:
            end = start + len(taken.numbers)
            taken.columns["Document"] = np.array(documents[start:end], dtype=object)
            start = end
            taken.notes.append(
                "The file has no document numbers; rows were given numbers that stay the same at the next import."
            )
            taken.numbered = True

    def _drop_known(self, table: str, parts: Sequence[Taken], mode: str) -> None:
        """Rows that the table, or another file, has already, alike in every column."""
        known: set[tuple[object, ...]] = set()
        columns = [name for name in schema.TABLES[table].names if any(name in taken.columns for taken in parts)]
        if mode == APPEND:
            cells = self._sources[table].by_column()
            there = [
                [_key(cell) for cell in cells.get(name, [""] * len(self._sources[table].rows))] for name in columns
            ]
            known = set(zip(*there, strict=True))
        for taken in parts:
            own = [[_key(cell) for cell in _column(schema.TABLES[table].column(name), taken)] for name in columns]
            keys = list(zip(*own, strict=True))
            has_documents = not taken.numbered and "Document" in taken.columns
            if has_documents:
                self._note_alike(taken, keys)
            taken.drop(np.array([key in known for key in keys], dtype=bool), "already there, alike in every column")
            if has_documents or table == "StandardCost":
                known |= set(keys)

    def _note_alike(self, taken: Taken, keys: Sequence[tuple[object, ...]]) -> None:
        """A note on rows of one file that are alike in every column: they may be entered twice, and stay."""
        alike = len(keys) - len(set(keys))
        if alike:
            first = next(key for key, count in Counter(keys).items() if count > 1)
            at = [row for row, key in enumerate(keys) if key == first][1]
            what = f"{several(alike, 'row')} of the file {'is' if alike == 1 else 'are'} alike in every column to another one."
            self.result.findings.append(rules.REPEATED_ROWS(taken.where("Document", taken.numbers[at]), what))

    # ------------------------------------------------------------------------------------------------ write

    def write(self) -> None:
        """Everything into the workbook in one step, after it was read back and compared."""
        rows = dict(self._rows)
        rows |= self._memory_rows() | self._file_rows()
        expected = {
            table: (
                count
                + (
                    len(self._sources[table].rows)
                    if self._rows[table].after > self._book.package.tables[table].header_row
                    else 0
                )
            )
            for table, (count, _, _) in self.result.tables.items()
            if table in self._rows
        }
        self._book.import_rows(rows, lambda path: self._compare(path, expected), self._facts.currency)

    def _compare(self, path: Path, expected: Mapping[str, int]) -> None:
        """Control totals of what was written against what was taken. RefusedError where they differ; nothing is saved then."""
        from xlbackflush.workbook.file import FileBook

        with FileBook(path, to_write=False) as written:
            for table, rows in expected.items():
                source = written.table(table)
                new = source.by_column()
                start = len(source.rows) - self.result.tables[table][0]
                sums = {
                    name: float(np.nansum([c for c in new.get(name, [])[start:] if isinstance(c, int | float)]))
                    for name in self.result.tables[table][2]
                }
                unlike = [
                    name
                    for name, total in self.result.tables[table][2].items()
                    if abs(sums[name] - total) > _CLOSE * max(1.0, abs(total))
                ]
                if len(source.rows) != rows or unlike:
                    raise RefusedError(
                        f"What was read back from table {table} is not what was taken from the files; nothing was changed."
                    )

    def _memory_rows(self) -> dict[str, NewRows]:
        """Import Map with the mappings that were used; rows that somebody wrote there stay."""
        lines = list(self._memory)
        for taken in self.result.taken:
            plan = taken.plan
            is_said = any((self._options.maps, self._options.sets, self._options.forms, self._options.only))
            if plan.is_remembered and not is_said:
                continue
            own = [line for line in lines if line.suits(plan.grid) and line.table == plan.table.name]
            source = own[0].source if own else pattern(plan.grid.path)
            lines = [line for line in lines if line not in own] + _remembered(plan, source)
        if lines == self._memory:
            return {}
        values = list(
            zip(
                *((li.source, li.sheet, li.table, li.source_column, li.column, li.form, li.values) for li in lines),
                strict=True,
            )
        )
        cells = {
            name: [text or None for text in texts] for name, texts in zip(schema.IMPORT_MAP.names, values, strict=True)
        }
        return {_MAP: NewRows(cells, self._book.package.tables[_MAP].header_row)}

    def _file_rows(self) -> dict[str, NewRows]:
        """The files whose rows the tables have."""
        replaced = {table for table, (_, gone, _) in self.result.tables.items() if self._mode != APPEND or gone}
        rows = [row for row in self._files if row.get("Into") not in replaced]
        moment = f"{self._now:%Y-%m-%d %H:%M:%S}"
        for taken in self.result.taken:
            if taken.plan.table.name in self.result.tables:
                rows.append(
                    {
                        "File": taken.plan.grid.label,
                        "Into": taken.plan.table.name,
                        "Rows": len(taken.numbers),
                        "Left out": taken.rows_read - len(taken.numbers),
                        "Imported": moment,
                        "Digest": taken.plan.grid.digest,
                    }
                )
        cells: dict[str, list[Any]] = {name: [row.get(name) or None for row in rows] for name in schema.IMPORTS.names}
        return {_FILES: NewRows(cells, self._book.package.tables[_FILES].header_row)}


def _remembered(plan: Plan, source: str) -> list[Line]:
    """The lines of Import Map of a plan."""
    lines = []
    for column, taken in plan.columns.items():
        if taken.form == ABOVE:
            lines.append(Line(source, plan.grid.sheet, plan.table.name, "", column, ABOVE))
            continue
        values = taken.constant or "; ".join(
            f"{word} = {ours}" if ours else word for word, ours in taken.meanings.items()
        )
        heading = "" if taken.constant is not None else plan.heading(column)
        lines.append(Line(source, plan.grid.sheet, plan.table.name, heading, column, taken.form, values))
    return lines


def _bought_only(taken: Taken) -> None:
    """A price is of bought items: the material of made ones comes from their bill."""
    price, kind = taken.columns.get("Material price"), taken.columns.get("Type")
    if price is None or kind is None:
        return
    made = (kind != schema.BUY) & (price == price) & (price != 0)
    if np.count_nonzero(made):
        taken.columns["Material price"] = np.where(kind != schema.BUY, np.nan, price)
        count = several(int(made.sum()), "made item")
        taken.notes.append(f"Material price of {count} was left out: their material comes from the bill.")


def _sums(parts: Sequence[Taken]) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for taken in parts:
        for name, total in taken.sums().items():
            sums[name] += total
    return dict(sums)


def _stored(column: schema.Column, values: Sequence[Any], parts: Sequence[Taken]) -> list[Any]:
    """The cells of a column as a workbook stores them; of files without it blank."""
    cells: list[Any] = []
    for array, taken in zip(values, parts, strict=True):
        cells += [None] * len(taken.numbers) if array is None else _cells(column, array)
    return cells


def _column(column: schema.Column, taken: Taken) -> list[Any]:
    array = taken.columns.get(column.name)
    return [None] * len(taken.numbers) if array is None else _cells(column, array)


def _cells(column: schema.Column, array: Any) -> list[Any]:
    """One array as cells: whole numbers without a point, NaN and "" as blank."""
    if array.dtype == np.float64:
        return [None if v != v else int(v) if v.is_integer() and abs(v) < 1e15 else v for v in array.tolist()]
    return [v or None for v in array.tolist()]


def _key(cell: object) -> object:
    """A cell to compare rows by: days as numbers, blanks alike."""
    if isinstance(cell, dt.datetime):
        cell = cell.date()
    if isinstance(cell, dt.date):
        return float((cell - schema.DAY_0).days)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    return cell or ""
