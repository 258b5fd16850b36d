"""A workbook file as a Book: read fast, written by replacing our own output sheets inside the package.

Everything else in the file - the user's sheets, charts, formats, names, macros - stays byte for byte. A save writes a
temporary file beside the workbook, checks it, and puts it in place in one step; until then nothing has changed. The file
with the product view (see `product_view_file`) is made in between, and takes its place after the workbook.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.answers import Answers
from xlbackflush.engine.record import record as records
from xlbackflush.engine.result import RunResult
from xlbackflush.late import pattern
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.inputs import Cleaned
from xlbackflush.model.journal import Problem, Run
from xlbackflush.model.money import decimals
from xlbackflush.model.tables import Source
from xlbackflush.ooxml.address import column_letter
from xlbackflush.ooxml.atomic import NewFile, explained
from xlbackflush.ooxml.cells import Block, rows_xml
from xlbackflush.ooxml.formula_rows import formula_rows
from xlbackflush.ooxml.package import MAIN, Package, TablePart
from xlbackflush.ooxml.reader import SheetReader
from xlbackflush.ooxml.references import Resized
from xlbackflush.ooxml.spelled import merged
from xlbackflush.ooxml.stored import has_others
from xlbackflush.ooxml.styles import StyleSheet
from xlbackflush.ooxml.table_part import is_changed, resized
from xlbackflush.sheets import title_rows
from xlbackflush.sheets.blocks import block_of, heights_of
from xlbackflush.sheets.body import Body
from xlbackflush.sheets.formulas import Sheets
from xlbackflush.sheets.registry import bodies
from xlbackflush.workbook import tables as contract
from xlbackflush.workbook import undo
from xlbackflush.workbook.cells import FileReader
from xlbackflush.workbook.kept import Note, notices
from xlbackflush.workbook.kept_file import Kept, OwnThings, standing_sheet
from xlbackflush.workbook.open_file import check_free, reserved, tidied, usable
from xlbackflush.workbook.product_view_file import ProductView, ViewFile
from xlbackflush.workbook.stored_formulas import Elsewhere, Values

if TYPE_CHECKING:
    from xlbackflush.workbook.input_rows import NewRows


class FileBook:
    """A workbook file. Opening it checks that it is one, that it is ours, and that nobody has it open or is writing it.

    complete: whether it must have every output table and column; the one of an earlier version is upgraded before.
    to_write: whether it must be free to be written; who only reads may read what is open in Excel, or is read-only.
    `package` are its parts, as they are to be saved; `content` is the file, byte for byte as it was opened.
    """

    def __init__(self, path: Path, complete: bool = True, to_write: bool = True) -> None:
        self.path = usable(path, to_write)
        self._lock = reserved(self.path) if to_write else None
        try:
            self._open(path.name, complete)
        except BaseException:
            self._release()
            raise

    def _open(self, name: str, complete: bool) -> None:
        if not self._lock:
            tidied(self.path)
        self.content = self.path.read_bytes()
        if self.content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            secret = "EncryptedPackage".encode("utf-16-le") in self.content
            raise UnusableError(
                f"{name} is protected by a password; remove it in Excel first."
                if secret
                else f"{name} is an old Excel file; save it as .xlsx or .xlsm first."
            )
        self.package = Package(self.path, self.content)
        self._version = contract.version_of(self.package.names.get(schema.SCHEMA_NAME))
        contract.check_ours(self.path.name, self.package.tables, self._version, lambda: self.package.sheets)
        if complete:
            contract.check_outputs(self.path.name, self.package.tables)
        self._inputs = SheetReader(self.package)
        self._elsewhere = Elsewhere(self.package, self.cells(), self.table)
        self.product_view = ProductView()  # of the last `write`
        self.is_saved = False  # True once the file on the disk is what was put into this object
        self.not_kept = ""  # why the last `write` cannot be undone by `restore`
        self.notices: list[str] = []  # what the last write did to things of the user's, in sentences

    def __enter__(self) -> FileBook:
        return self

    def __exit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        if self._lock:
            self._lock.release()

    # -------------------------------------------------------------------------------------------- read

    def read(self) -> dict[str, Source]:
        """Every input table that there is: values as stored, error values and uncalculated formulas marked as such."""
        names = [t.name for t in schema.INPUT_TABLES if t.name in self.package.tables]
        self._inputs.load(dict.fromkeys(self.package.tables[name].sheet for name in names))
        return {name: self.table(name) for name in names}

    def table(self, name: str) -> Source:
        """One table of ours, input or output, as it stands."""
        table = self.package.tables[name]
        if name in records.TABLES:  # whoever reads one of them reads all
            self._inputs.load({self.package.tables[n].sheet for n in records.TABLES if n in self.package.tables})
        source = contract.filled(table, self._inputs.rows(table), table.totals)
        source.version, source.misnamed = self._version, contract.misnamed(table, self._inputs.headers(table))
        return source

    def formulas(self, name: str) -> Iterator[dict[str, str]]:
        """The formulas of one table of ours, row by row: column -> formula without its =."""
        table = self.package.tables[name]
        names = {letter: name for name, letter in table.letters.items()}
        following = table.header_row + 1
        try:
            for number, row in formula_rows(self.package.read(self.package.sheets[table.sheet])):
                if following <= number <= table.last_row:
                    yield from ({} for _ in range(following, number))
                    yield {names[letter]: formula for letter, formula in row.items() if letter in names}
                    following = number + 1
        except (SyntaxError, ValueError) as error:
            raise UnusableError(f"{self.path.name} is damaged: sheet {table.sheet} cannot be read.") from error
        yield from ({} for _ in range(following, table.last_row + 1))

    def not_typed(self, cells: Sequence[Cleaned]) -> set[str]:
        """Addresses of cells that hold a formula, or cannot be found, so that a run must not write them."""
        from xlbackflush.ooxml import typed_cells

        others: set[str] = set()
        for sheet, group in self._by_sheet(cells).items():
            typed = typed_cells.typed(self.package.read(self.package.sheets[sheet]), group)
            others |= {f"{sheet}!{address}" for address in group if address not in typed}
        return others

    def _by_sheet(self, cells: Sequence[Cleaned]) -> dict[str, dict[str, Cleaned]]:
        """Cleaned cells by sheet and address."""
        sheets: dict[str, dict[str, Cleaned]] = {}
        for cell in cells:
            table = self.package.tables[cell.table]
            sheets.setdefault(table.sheet, {})[f"{table.letters[cell.column]}{cell.row}"] = cell
        return sheets

    def runs(self) -> list[Run]:
        """The Runs sheet as it stands."""
        return contract.runs(self.table("Runs"))

    def damaged(self) -> list[Problem]:
        """Parts of the file that are not as they were written."""
        what = "This part of the file fails its checksum: the file is damaged."
        return [Problem(name, what, "Take a copy of the workbook.") for name in self.package.damaged()]

    def cells(self) -> FileReader:
        """Values and formulas of all cells as they stand, for an explanation."""
        return FileReader(self.package, self._inputs)

    # ------------------------------------------------------------------------------------------- write

    def write(self, result: RunResult) -> None:
        """Replace the output sheets; after a failed run only Findings changes. An unchanged file is left alone."""
        styles, runs = self.styles(), result.runs if result.run else self.runs()
        blocks, standing = bodies(result, self._places(), styles), title_rows.standing(result, runs)
        calculate: bool | None = False
        if result.run:
            period = result.period
            answers = Answers(period.bill, period.unit_costs, period.settings)
            elsewhere = self._elsewhere.values(blocks, standing, answers)
        else:
            standing, elsewhere = self._elsewhere.after_check(result, standing)
            calculate = None if elsewhere or not standing.ran else True
        if result.run:
            self._put_cleaned(result.period.inputs.cleaned, result.period.places, styles)
        self._put(blocks, standing, styles, elsewhere, calculate)
        self.not_kept = undo.keep(self.content, self.path.suffix, self.runs(), runs)
        with ViewFile(self.path, result) as view:
            with self.saved():
                view.write()
            self.product_view = view.put()

    def restore(self) -> list[Run]:
        """Put back the output sheets as they stood before the last run; its runs, which now stand again."""
        styles = self.styles()
        (blocks, standing), runs = undo.before(self.runs(), self.package.tables, styles)
        # of inputs that may have changed since
        self._put(blocks, standing, styles, self._elsewhere.values(blocks, standing), True)
        with self.saved():
            return runs

    def clear(self, runs: list[Run]) -> None:
        """Empty the output sheets, but for these runs."""
        styles = self.styles()
        blocks, standing = undo.cleared(runs, self._places(), styles)
        self._put(blocks, standing, styles, self._elsewhere.values(blocks, standing), False)
        with self.saved():
            return

    def write_table(self, name: str, body: Body) -> None:
        """Replace the rows of one output table; what stands above it and all other sheets stay as they are."""
        styles = self.styles()
        block = block_of(name, body, self._places(), styles, 2)
        block.heights = heights_of(name, block)
        self._put({name: block}, None, styles, {}, None)
        with self.saved():
            return

    def import_rows(self, rows: Mapping[str, NewRows], compare: Callable[[Path], None], currency: str) -> None:
        """Rows into input tables; compare: looks at the new file before it takes the place of the old one.

        Formulas that refer to them show what they no longer come to, so that Excel has to calculate.
        """
        from xlbackflush.workbook.input_rows import write_rows

        styles, places = self.styles(), decimals(currency)
        for name, new in rows.items():
            write_rows(self.package, self.package.tables[name], new, styles, places)
            self.package.reread()
        self.package.replace(self.package.related(self.package.workbook_part, "styles"), styles.xml.encode())
        self._calculate_on_load(True)
        with self.saved() as path:
            compare(path)
        self.not_kept = undo.keep_import(self.content, self.path.suffix, self._import_page())

    def _import_page(self) -> bytes:
        """Sheet Import Map; nothing where the workbook has none."""
        table = self.package.tables.get("Imports")
        return self.package.read(self.package.sheets[table.sheet]) if table else b""

    def undo_import(self) -> list[str]:
        """Put back the tables that the last import wrote, as they stood before it; their names.

        [] where nothing was imported, where a draft was run since, and where the workbook was saved by another program since.
        """
        page = self._import_page()
        before = undo.before_import(self.path.suffix, page) if page else None
        if before is None:
            return []
        files, runs = self.table("Imports"), self.runs()
        imported = max((str(row.get("Imported")) for _, row in files.named_rows()), default="")
        if runs and runs[-1].is_draft and runs[-1].started > imported:
            return []
        part = before.tables["Imports"]
        then = contract.filled(part, SheetReader(before).rows(part), part.totals).rows
        tables = sorted({str(row[files.columns.index("Into")]) for row in files.rows if row not in then})
        for table in [*tables, "ImportMap", "Imports"]:
            old, new = before.tables[table], self.package.tables[table]
            self.package.replace(self.package.sheets[new.sheet], before.read(before.sheets[old.sheet]))
            self.package.replace(new.part, before.read(old.part))
        self._calculate_on_load(True)
        with self.saved():
            return tables

    def write_again(self, result: RunResult, names: Collection[str]) -> None:
        """Some output tables as the last run, which stands, gives them; all else stays as it is."""
        styles = self.styles()
        blocks = bodies(result, self._places(), styles)
        self._put({name: blocks[name] for name in names}, title_rows.standing(result, self.runs()), styles, {}, None)
        with self.saved():
            return

    def styles(self) -> StyleSheet:
        """Its styles, to which more can be added."""
        part = self.package.related(self.package.workbook_part, "styles")
        try:
            return StyleSheet(self.package.text(part))
        except (ValueError, TypeError, SyntaxError) as error:
            raise UnusableError(f"{self.path.name} is damaged: its styles cannot be read.") from error

    def _places(self) -> Sheets:
        return contract.places(self.package.tables)

    def _put(
        self,
        blocks: dict[str, Block],
        standing: title_rows.Standing | None,
        styles: StyleSheet,
        elsewhere: Values,
        calculate: bool | None,
    ) -> None:
        """New bodies of output tables into the package, and new title rows if there is something to say in them.

        elsewhere: what other formulas of ours show. calculate: whether some of ours then show what they no longer come to, so
        that Excel has to; None: as before. Formulas of the user's always need it.
        Nothing is saved yet.
        """
        kept = [self._replace(name, block, standing, styles) for name, block in blocks.items()]
        notes, moved = [note for one in kept for note in one.notes], [one.moved for one in kept if one.moved]
        self._follow_elsewhere([one.resized for one in kept if one.resized.down], blocks)
        self.notices = notices(notes, moved, self._keep_notes(notes, styles))
        self.package.replace(self.package.related(self.package.workbook_part, "styles"), styles.xml.encode())
        tables = [self.package.tables[name] for name in blocks]
        written = {table.sheet for table in tables if standing and contract.in_place(table)}
        others = self._elsewhere.show(elsewhere, written)
        self._calculate_on_load(any(one.is_live for one in kept) or others or calculate)

    def _put_cleaned(self, cells: Sequence[Cleaned], places: int, styles: StyleSheet) -> None:
        """What a run read, into the cells where it was cleaned: the formulas of the proofs read the same then."""
        if not cells:
            return
        from xlbackflush.ooxml import typed_cells

        for sheet, group in self._by_sheet(cells).items():
            values = {
                address: typed_cells.Typed(
                    cell.now, None if isinstance(cell.now, str) else styles.xf(contract.style_of(cell, places))
                )
                for address, cell in group.items()
            }
            part = self.package.sheets[sheet]
            self.package.replace(part, typed_cells.retyped(self.package.read(part), values))

    def _follow_elsewhere(self, moved: Sequence[Resized], written: Collection[str]) -> None:
        """Formulas of other sheets, names and charts follow what has moved down below tables."""
        if moved:
            from xlbackflush.ooxml.anchored import follow_elsewhere

            parts = {self.package.sheets[self.package.tables[name].sheet] for name in written}
            for resized in moved:
                follow_elsewhere(self.package, resized, parts)

    def _keep_notes(self, notes: Sequence[Note], styles: StyleSheet) -> str:
        """What could not stay, onto sheet Notes kept; gives its name."""
        if not notes:
            return ""
        from xlbackflush.workbook.notes_kept import add_notes

        return add_notes(self.package, styles, notes, dt.datetime.now())

    def _replace(self, name: str, block: Block, standing: title_rows.Standing | None, styles: StyleSheet) -> Kept:
        """New rows into the sheet of an output table, and its new size into the table's part; all else stays the user's."""
        table = self.package.tables[name]
        sheet = standing_sheet(self.package, self._inputs, table, styles, partial(self.table, name))
        if not sheet:
            raise UnusableError(f"{self.path.name} is damaged: sheet {table.sheet} has no rows.")
        above = self._above(table, sheet.data, standing, styles)
        try:
            kept = OwnThings(sheet, block).kept(above)
        except (ValueError, LookupError, SyntaxError, StopIteration) as error:
            raise UnusableError(f"{self.path.name} is damaged: sheet {table.sheet} cannot be read.") from error
        data = f'<sheetData xmlns="{MAIN}">' if sheet.prefix else "<sheetData>"
        extent = f"A1:{column_letter(kept.right)}{kept.bottom}"
        head = re.sub(r'(<(?:\w+:)?dimension ref=")[^"]*"', rf'\g<1>{extent}"', sheet.head, count=1)
        pieces = chain([[head, data]], _written(above, kept), [["</sheetData>", kept.tail]])
        self.package.replace(self.package.sheets[table.sheet], ("".join(piece).encode() for piece in pieces))
        self.package.replace(table.part, self._table_part(table, kept.resized.last_now).encode())
        stay = "".join([f"<{sheet.prefix}sheetData>", *above, *kept.spelled])
        kept.is_live = has_others(stay.encode(), {title_rows.STATUS, title_rows.MASTER})
        for written in (block, kept.block):
            written.columns.clear()  # what is packed is let go: of a large book, that is most of what a run holds
        return kept

    def _table_part(self, table: TablePart, last_row: int) -> str:
        """The part of a table of another size: as we write it, or, where a user has made something of it, as it was."""
        xml = self.package.text(table.part)
        if contract.own_columns(table) or is_changed(xml, title_rows.TABLE_STYLE):
            return resized(xml, table.last_row, last_row)
        number = re.search(r"""\bid=["'](\d+)["']""", xml)
        return title_rows.table_xml(contract.ours(table), int(number[1]) if number else 1, table.header_row, last_row)

    def _above(self, table: TablePart, old: str, standing: title_rows.Standing | None, styles: StyleSheet) -> list[str]:
        """Title rows and headers; rows above a table that the user moved stay as they are, and all where there is no news."""
        written = contract.ours(table)
        header = title_rows.header_row((written,), styles, table.header_row)
        if standing is None or not contract.in_place(table):
            above = [m[0] for m in _ROW.finditer(old) if int(m["number"]) < table.header_row]
            return [*above, header]
        sheet = replace(schema.SHEET_OF[table.name], tables=(written,))
        return [*title_rows.head_rows(sheet, styles, standing), header]

    def _calculate_on_load(self, wanted: bool | None) -> None:
        """Ask Excel to calculate when it opens the file, or not to; None: as it stands. Drop the calculation chain.

        Excel then asks whether to save, whatever the user does. A file that says nothing of calculation it takes for an old
        one, and calculates. The chain names the formulas of the replaced sheets as they were; Excel makes another.
        """
        part = self.package.workbook_part
        xml = self.package.text(part)
        calculation = re.search(r"<(?:\w+:)?calcPr\b", xml)
        if calculation and wanted is not None:
            rest = re.sub(r"""^([^>]*?)\s+fullCalcOnLoad=["'][^"'>]*["']""", r"\1", xml[calculation.end() :])
            flag = ' fullCalcOnLoad="1"' if wanted else ""
            self.package.replace(part, (xml[: calculation.end()] + flag + rest).encode())
        chain = self.package.related(part, "calcChain", required=False)
        if chain:
            self.package.drop(chain)
            folder, name = part.rsplit("/", 1)
            for listing in (f"{folder}/_rels/{name}.rels", "[Content_Types].xml"):
                self.package.replace(listing, _CHAIN.sub(b"", self.package.read(listing)))

    @contextmanager
    def saved(self) -> Iterator[Path]:
        """Temporary file, check; then, when the `with` block is done, replace. Gives the path of the temporary file."""
        if not self.package.changed():
            for problem in self.damaged():
                raise UnusableError(f"{self.path.name} is damaged: its part {problem.where} cannot be read.")
            yield self.path
            return
        with explained(self.path.name, "close it in Excel and run again"), NewFile(self.path) as new:
            new.write(self.package.save)
            if not self.package.stands_in(new.path):
                raise UnusableError("The new file did not pass its check; nothing was changed.")
            yield new.path
            assert self._lock, "opened to be read only"
            check_free(self.path)
            if not new.put_over(self.content):
                raise UnusableError(
                    f"{self.path.name} was changed by someone else meanwhile; nothing was written. Run again."
                )
            self.is_saved = True


def _written(above: Sequence[str], kept: Kept) -> Iterator[Sequence[str]]:
    """The rows of a sheet, some at a time; all at once where the user has something among them."""
    rows = chain([above], rows_xml(kept.block))
    if kept.cells or kept.looks:
        yield merged(list(chain.from_iterable(rows)), kept.cells, kept.looks)
    else:
        yield from rows


_ROW = pattern(r'<(?:\w+:)?row\b[^>]*?\br="(?P<number>\d+)"[^>]*?(?:/>|>.*?</(?:\w+:)?row>)', re.S)
_CHAIN = pattern(rb"<(?:\w+:)?(?:Relationship|Override)\b[^>]*calcChain[^>]*/>")
