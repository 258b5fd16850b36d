"""What stood in a workbook before a run, kept so that the run can be undone after Python, or Excel, has ended.

A copy of the workbook goes to a folder of the user, under a name made from the lines that the run leaves on sheet Runs:
the workbook itself says which copy is its own, wherever it was moved to. The newest copies are kept, older ones deleted.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing, suppress
from functools import cache, partial
from pathlib import Path

from xlbackflush import schema
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.journal import DRAFT, Run
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.atomic import Content, clear_workshops, write_file
from xlbackflush.ooxml.cells import Block, Cells
from xlbackflush.ooxml.formula_rows import StoredRow, formula_rows, stored_rows
from xlbackflush.ooxml.package import Package, TablePart
from xlbackflush.ooxml.reader import SheetReader
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.ooxml.values import stored
from xlbackflush.sheets import runs as runs_sheet
from xlbackflush.sheets import title_rows
from xlbackflush.sheets.blocks import block_of, style_name
from xlbackflush.sheets.body import Body, empty
from xlbackflush.sheets.dashboard import labels
from xlbackflush.sheets.formulas import Sheets
from xlbackflush.workbook import tables
from xlbackflush.workbook.kept_file import OwnThings, standing_sheet

KEPT = 20

#: how names of copies begin that an open Excel makes for the time of a run
UNDER_WAY = "now-"
_A_DAY = 86_400  # seconds

_HEIGHT = 14.0  # of the rows of our sheets, in points

Results = tuple[dict[str, Block], title_rows.Standing]


def folder() -> Path:
    """Where the copies are: XLBACKFLUSH_STATE, or a folder of the user that Excel may write to, too."""
    if named := os.environ.get("XLBACKFLUSH_STATE"):
        return Path(named)
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":  # Excel for Mac saves without asking inside its own container only
        base = home / "Library" / "Containers" / "com.microsoft.Excel" / "Data"
    else:
        base = Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    return base / "xlbackflush" / "previous"


def make_folder() -> None:
    """Make the folder of copies: for nobody but the user. One that the user has named, and that is there, is left as it is."""
    place = folder()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir(mode=0o700, exist_ok=True)
    if os.name != "nt" and "XLBACKFLUSH_STATE" not in os.environ and place.stat().st_mode & 0o077:
        place.chmod(0o700)


def _key(runs: Sequence[Run]) -> str:
    """A name for what these lines of sheet Runs say; amounts left out, since they may be rounded when they are saved."""
    lines = [(r.run, r.status, r.started, r.user, r.version, r.input_hash, r.entries) for r in runs]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:40]


def keep(content: Content, suffix: str, before: Sequence[Run], after: Sequence[Run]) -> str:
    """Keep a copy of a workbook that is about to be written. Returns "", or why it could not be kept, as a sentence.

    before and after are the runs on sheet Runs. Where they are the same, nothing is undone by going back, and the copy of
    the time before stays.
    """
    if _key(before) == _key(after):
        return ""
    try:
        make_folder()
        clear_workshops(folder())
        copy = folder() / f"{_key(after)}{suffix.lower()}"
        write_file(copy, content, private=True)
        _prune(copy)
    except OSError as error:
        return not_kept(error)
    return ""


def keep_import(content: bytes, suffix: str, page: bytes) -> str:
    """Keep a workbook as it was before an import. page: its sheet Import Map as it is now, which tells the copy apart.

    Returns "", or why it could not be kept, as a sentence.
    """
    try:
        make_folder()
        clear_workshops(folder())
        copy = _copy_of_import(suffix, page)
        write_file(copy, content, private=True)
        _prune(copy)
    except OSError as error:
        why = error.strerror or str(error)
        return f"What stood before this import could not be kept ({why}), so that it cannot be put back."
    return ""


def before_import(suffix: str, page: bytes) -> Package | None:
    """The workbook before the import that wrote this sheet Import Map; None where the sheet was changed or nothing was kept."""
    copy = _copy_of_import(suffix, page)
    return Package(copy) if copy.exists() else None


def _copy_of_import(suffix: str, page: bytes) -> Path:
    return folder() / f"import-{hashlib.sha256(page).hexdigest()[:40]}{suffix.lower()}"


def not_kept(error: Exception) -> str:
    """Why a run cannot be undone, as a sentence."""
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"What stood before this run could not be kept ({why}), so that it cannot be put back."


def _prune(newest: Path) -> None:
    """Delete all but the newest copies."""
    copies = sorted(
        (p for p in folder().iterdir() if p != newest and p.is_file()), key=lambda p: p.stat().st_mtime_ns, reverse=True
    )
    for old in copies[KEPT - 1 :]:
        old.unlink(missing_ok=True)
    for copy in folder().glob(f"{UNDER_WAY}*"):
        if time.time() - copy.stat().st_mtime > _A_DAY:  # of an Excel that was ended in the middle of a run
            copy.unlink(missing_ok=True)


def before(runs: Sequence[Run], now: Mapping[str, TablePart], styles: StyleSheet) -> tuple[Results, list[Run]]:
    """What stood before the last of these runs, for where the tables are now, and its runs. UnusableError without a copy."""
    if not runs:
        raise UnusableError("There is nothing to put back: this workbook has not been run.")
    if runs[-1].status != DRAFT:
        raise UnusableError(f"Run {runs[-1].run} is {runs[-1].status.lower()}; only a draft can be undone.")
    copies = sorted(folder().glob(f"{_key(runs)}.xls?"))
    if not copies:
        raise UnusableError(
            f"There is nothing to put back: what stood before run {runs[-1].run} was not kept on this computer, "
            f"or is older than the last {KEPT} runs."
        )
    with closing(Copy(copies[0])) as copy:
        return copy.results(now, styles), copy.runs()


class Copy:
    """A copy of a workbook: what stood in its output tables."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._package = Package(path)
        self._reader = SheetReader(self._package)
        self._styles = StyleSheet(self._package.text(self._package.related(self._package.workbook_part, "styles")))
        self._look = cache(self._styles.look)
        if any(table.name not in self._package.tables for table in schema.OUTPUT_TABLES):
            raise UnusableError("What stood before the last run was kept by an earlier version; run again instead.")

    def close(self) -> None:
        """Release the file."""
        self._package.close()

    def runs(self) -> list[Run]:
        """The runs on its sheet Runs."""
        return tables.runs(self._table("Runs"))

    def _table(self, name: str) -> Source:
        table = self._package.tables[name]
        return tables.filled(table, self._reader.rows(table, table.last_row))

    def own_things(self, name: str, block: Block) -> OwnThings | None:
        """What is the user's on the sheet of a table that is going to have this body."""
        table = self._package.tables[name]
        sheet = standing_sheet(self._package, self._reader, table, self._styles, partial(self._table, name))
        with suppress(ValueError, LookupError, SyntaxError, StopIteration):  # as another program may spell a sheet
            return OwnThings(sheet, block) if sheet else None
        return None

    def results(self, now: Mapping[str, TablePart], styles: StyleSheet, only: Collection[str] = ()) -> Results:
        """The bodies of output tables, all or only some, and what the title rows say, for where the tables are now."""
        self._check_places(now)
        blocks = {t.name: self._block(t, styles) for t in schema.OUTPUT_TABLES if not only or t.name in only}
        hints = {t.name: str(self._reader.cell(schema.SHEET_OF[t.name].name, 1, 4)) for t in schema.OUTPUT_TABLES}
        failed = stored(self._reader.cell(schema.SHEET_OF["Checks"].name, 2, 3))
        return blocks, title_rows.Standing(hints, bool(self.runs()), failed if isinstance(failed, int) else 0)

    def _check_places(self, now: Mapping[str, TablePart]) -> None:
        """Formulas name cells; they are right only while the tables stand where they stood."""
        for name in now.keys() & self._package.tables.keys() & schema.TABLES.keys():
            then, here = self._package.tables[name], now[name]
            same = (then.sheet, then.header_row) == (here.sheet, here.header_row)
            if not same or not then.letters.items() <= here.letters.items():
                raise UnusableError(
                    f"Table {name} stood elsewhere before the last run ({then.sheet}, headers in row {then.header_row}); "
                    "move it back, or run again instead."
                )

    def _block(self, table: schema.Table, styles: StyleSheet) -> Block:
        """The body of a table, in the columns of `schema`: stored values, formulas, named styles."""
        part = self._package.tables[table.name]
        values = [[stored(value) for value in row] for row in self._reader.rows(part, part.last_row)]
        xml = self._package.read(self._package.sheets[part.sheet])
        numbers = range(part.header_row + 1, part.last_row + 1)
        formula_of, row_of = dict(formula_rows(xml)), stored_rows(xml)
        rows = [row_of.get(number, StoredRow(0, 0.0, {})) for number in numbers]
        block = Block(part.first_col, part.header_row + 1)
        for column in table.columns:
            default = style_name(table, column)
            if column.name not in part.columns:
                block.columns.append(Cells([None] * len(values), styles.xf(default)))
                continue
            i, letter = part.columns.index(column.name), part.letters[column.name]
            names = (self._look(row.styles.get(letter, 0)) for row in rows)
            looks = [styles.xf(name or default, indent) for name, indent in names]
            formulas = [formula_of.get(number, {}).get(letter, "") for number in numbers]
            # a formula that shows nothing shows a text of no characters, not a blank cell, which would be 0
            shown = [
                "" if formula and row[i] is None else row[i] for row, formula in zip(values, formulas, strict=True)
            ]
            live, mixed = any(formulas), len(set(looks)) > 1
            block.columns.append(Cells(shown, looks[0], formulas if live else None, looks if mixed else None))
        if any(column.wrap for column in table.columns) and any(row.height for row in rows):
            block.heights = [row.height or _HEIGHT for row in rows]
        if any(row.level for row in rows):
            block.outline = [row.level for row in rows]
        return block


def cleared(runs: Sequence[Run], sheets: Sheets, styles: StyleSheet) -> Results:
    """Output tables without results, as a new workbook has them, but for these runs."""
    bodies: dict[str, Body] = {table.name: empty(table) for table in schema.OUTPUT_TABLES}
    bodies["Runs"] = runs_sheet.rows_of(runs)
    names = schema.TABLES["Dashboard"].names
    bodies["Dashboard"] = {column: ([row.get(column) for row in labels()], None) for column in names}  # type: ignore[misc]
    blocks = {name: block_of(name, body, sheets, styles, 2) for name, body in bodies.items()}
    return blocks, title_rows.Standing({}, bool(runs), 0)
