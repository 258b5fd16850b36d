"""Upgrade: what a workbook of an earlier version lacks is added to it, and nothing else is changed.

A missing sheet is that of a new workbook, at its place among the tabs. A missing column goes to the right end of its table:
tables are found by their names and columns by their headers, so that nothing has to move, and no formula, chart, comment or
column of the user's has to follow. A missing setting or role is one more row of its table, a missing name one more name.
Where a cell of the user's stands in the way, nothing is changed, and the cell is named. Columns of output tables that are no
longer written make way: new ones take their places, and those that are then left at the right end of their table go.

Output tables that got something are then written again as the last run gives them, if the inputs are still those of that
run; else the next run fills them.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.inputs.changes import changes
from xlbackflush.engine.record import record as records
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle.calculate import calculate
from xlbackflush.lifecycle.recomputed_sheets import TABLES
from xlbackflush.lifecycle.verify import inputs_of_run
from xlbackflush.model.errors import RefusedError, UnusableError
from xlbackflush.model.journal import Run
from xlbackflush.ooxml.address import LAST_ROW, column_letter
from xlbackflush.ooxml.cells import Value, cell
from xlbackflush.ooxml.package import TablePart
from xlbackflush.ooxml.workbook_part import TYPES, add_listed, add_sheet, define, free_part, is_locked, sheet_names
from xlbackflush.ooxml.worksheet import Worksheet
from xlbackflush.ooxml.xml import element, fragment
from xlbackflush.schema import HEADER_ROW, Setting, Sheet, Table
from xlbackflush.sheets.blocks import style_name
from xlbackflush.sheets.title_rows import table_xml
from xlbackflush.template import build, parts
from xlbackflush.template.drawing import drawing
from xlbackflush.template.worksheet import conditional_formats
from xlbackflush.workbook import tables as contract
from xlbackflush.workbook.file import FileBook


@dataclass(frozen=True)
class Upgraded:
    """What was added, a line for each thing, and which output tables have to wait for the next run."""

    added: list[str]
    to_run: list[str]

    @property
    def lines(self) -> list[str]:
        """All that there is to say."""
        if not self.added:
            return [f"Nothing to add: the workbook is of schema version {schema.SCHEMA_VERSION}."]
        lines = [f"Added {line}." for line in self.added]
        return [*lines, f"Run the workbook to fill in {', '.join(self.to_run)}."] if self.to_run else lines


def upgrade(path: Path) -> Upgraded:
    """Add to a workbook file what it lacks. RefusedError where something is in the way; nothing is changed then."""
    with FileBook(path, complete=False) as book:
        work = _Upgrade(book)
        work.add_everything()
        to_run: list[str] = []
        with book.saved() as file:
            if work.added:
                to_run = _fill(file, work.outputs)
    return Upgraded(work.added, to_run)


def _fill(file: Path, tables: Collection[str]) -> list[str]:
    """Write output tables again as the last run gives them; the names of those that have to wait for the next run.

    With them all others of the run: their formulas refer to what was added.
    """
    with FileBook(file) as book:
        runs = book.runs()
        if not runs:
            return []
        result = _last_result(book, runs[-1])
        if not result:
            return sorted(tables)
        book.write_again(result, {*tables, *(table.name for table in TABLES)})
    return []


def _last_result(book: FileBook, last: Run) -> RunResult | None:
    """What the last run came to, calculated again; None where it cannot be, or the inputs are no longer those of that run."""
    inputs = book.read()
    try:
        if changes(inputs_of_run(book, last.run), inputs):
            return None
    except RefusedError:
        return None
    calculation = calculate(inputs, {name: book.table(name) for name in records.TABLES})
    period = calculation.period
    if calculation.failed or (period.draft.new and not last.is_draft):
        return None
    return RunResult(period, calculation.findings, last, period.draft)


class _Upgrade:
    """One workbook, with what was added to it so far; `outputs` are the output tables that got something."""

    def __init__(self, book: FileBook) -> None:
        self.package, self.styles = book.package, book.styles()
        self.added: list[str] = []
        self.outputs: set[str] = set()
        self._value = book.cells().value
        self._setup, self._accounts = book.table("Setup"), book.table("Accounts")
        self._macros = bool(self.package.related(self.package.workbook_part, "vbaProject", required=False))

    def add_everything(self) -> None:
        """All that a new workbook has and this one lacks."""
        for sheet in schema.SHEETS:
            if all(table.name not in self.package.tables for table in sheet.tables):
                self._add_sheet(sheet)
        for table in schema.TABLES.values():
            self._add_columns(table)
        self._add_settings()
        self._add_roles()
        self._add_names()
        if self.added:
            styles = self.package.related(self.package.workbook_part, "styles")
            self.package.replace(styles, self.styles.xml.encode())

    def _edited(self, sheet: str, page: Worksheet) -> None:
        self.package.replace(self.package.sheets[sheet], page.xml.encode())

    def _page(self, sheet: str) -> Worksheet:
        return Worksheet(self.package.text(self.package.sheets[sheet]))

    # --------------------------------------------------------------------------------------------- columns

    def _add_columns(self, table: Table) -> None:
        """The columns that a table lacks: in place of those that are no longer written, or at its right end."""
        if set(table.former) & set(self.package.tables[table.name].columns):
            self._replace_former(table)
        part = self.package.tables[table.name]
        new = tuple(column for column in table.columns if column.name not in part.columns)
        if not new:
            return
        added = replace(table, columns=new, first_col=part.first_col + len(part.columns))
        page = self._page(part.sheet)
        columns = range(added.first_col, added.first_col + len(new))
        self._check_free(
            page,
            part.sheet,
            range(part.header_row, LAST_ROW + 1),
            columns,
            f"column {new[0].name} of table {table.name}",
        )
        self._put_columns(page, part, added)
        self._edited(part.sheet, page)
        self._widen(part, [column.name for column in new])

    def _put_columns(self, page: Worksheet, part: TablePart, added: Table) -> None:
        """Columns with all that belongs to them on the sheet, where nothing else stands."""
        is_input = schema.SHEET_OF[added.name].role == "Input"
        page.add_cells(dict(self._cells(page, part, added)))
        for number, column in enumerate(added.columns, added.first_col):
            page.add_width(number, column.width)
            letter = column_letter(number)
            if is_input:
                last = max(part.header_row + build.VALIDATED, part.last_row)
                where = f"{letter}{part.header_row + 1}:{letter}{last}"
                page.add_validation(where, build.column_rule(column, added, where))
            self.added.append(f"column {column.name} to table {added.name}, at {part.sheet}!{letter}{part.header_row}")
        looks = [*([] if is_input else build.column_looks(added)), *build.whole_numbers([added])]
        page.insert("conditionalFormatting", conditional_formats(looks, self.styles, page.next_priority()))
        if not is_input:
            self.outputs.add(added.name)

    def _replace_former(self, table: Table) -> None:
        """New columns in the places of former ones; of the others, those at the right end of the table go."""
        part = self.package.tables[table.name]
        former = [name for name in part.columns if name in table.former]
        new = [column for column in table.columns if column.name not in part.columns]
        renamed = dict(zip(former, new, strict=False))
        ending = list(part.columns)
        while ending[-1] in former[len(renamed) :]:
            ending.pop()
        gone = part.columns[len(ending) :]
        if not renamed and not gone:
            return
        page = self._page(part.sheet)
        numbers = {name: part.first_col + place for place, name in enumerate(part.columns)}
        rows = range(part.header_row - contract.in_place(part), part.last_row + 1)
        blank = [(row, numbers[name]) for row in rows for name in (*renamed, *gone)]
        page.add_cells({(row, n): cell(f"{column_letter(n)}{row}", None, 0) for row, n in blank})
        for name, column in renamed.items():
            self._put_columns(page, part, replace(table, columns=(column,), first_col=numbers[name]))
        self._edited(part.sheet, page)
        self._rename(part, [renamed[name].name if name in renamed else name for name in ending])

    def _rename(self, part: TablePart, names: Sequence[str]) -> None:
        """The part of a table with these names of its first columns, and without the columns behind them."""
        left = iter(names)

        def renamed(column: re.Match[str]) -> str:
            name = next(left, "")
            return re.sub(r'\bname="[^"]*"', lambda _: f"name={quoteattr(name)}", column[0], count=1) if name else ""

        xml = re.sub(
            r"<(?:\w+:)?tableColumn\b[^>]*?(?:/>|>.*?</(?:\w+:)?tableColumn>)",
            renamed,
            self.package.text(part.part),
            flags=re.S,
        )
        self.package.replace(part.part, self._sized(xml, part, len(names)).encode())
        self.package.reread()

    def _check_free(self, page: Worksheet, sheet: str, rows: range, columns: range, what: str) -> None:
        occupied = page.occupied(rows, columns)
        if occupied:
            raise UnusableError(
                f"{sheet}!{occupied} is in the way of {what}: move the cell elsewhere, and upgrade again. Nothing was changed."
            )

    def _cells(self, page: Worksheet, part: TablePart, added: Table) -> Iterator[tuple[tuple[int, int], str]]:
        """Units, headers and blank cells of columns."""
        for number, column in enumerate(added.columns, added.first_col):
            letter, head = column_letter(number), part.header_row
            units = range(head - 1, head)
            if column.unit and contract.in_place(part) and not page.occupied(units, range(number, number + 1)):
                yield (head - 1, number), cell(f"{letter}{head - 1}", column.unit, self.styles.xf("Unit"))
            yield (head, number), cell(f"{letter}{head}", column.name, self.styles.xf("Heading"))
            style = self.styles.xf(style_name(added, column))
            for row in range(head + 1, part.last_row + 1):
                yield (row, number), cell(f"{letter}{row}", None, style)

    def _widen(self, part: TablePart, names: Sequence[str] = (), rows: int = 0) -> None:
        """The part of a table for more columns at its right end, and for more rows."""
        xml = self.package.text(part.part)
        number = max(map(int, re.findall(r'tableColumn\b[^>]*?\bid="(\d+)"', xml)))
        prefix = re.search(r"<(\w+:)?table\b", xml)[1] or ""  # type: ignore[index]
        more = fragment(*(element(f"{prefix}tableColumn", id=number + i, name=n) for i, n in enumerate(names, 1)))
        xml = xml.replace(f"</{prefix}tableColumns>", f"{more}</{prefix}tableColumns>")
        xml = self._sized(xml, part, len(part.columns) + len(names), rows)
        self.package.replace(part.part, xml.encode())
        self.package.reread()

    def _sized(self, xml: str, part: TablePart, columns: int, rows: int = 0) -> str:
        """The part of a table that says how many columns it has, and of how many more rows."""
        xml = re.sub(r'(tableColumns\b[^>]*?\bcount=")\d+', rf"\g<1>{columns}", xml)
        last = column_letter(part.first_col + columns - 1)
        return re.sub(r'\bref="([A-Z]+\d+):[A-Z]+(\d+)"', lambda m: f'ref="{m[1]}:{last}{int(m[2]) + rows}"', xml)

    # ------------------------------------------------------------------------------------ settings and roles

    def _add_settings(self) -> None:
        """The settings that Setup lacks: blank where that means their default."""
        known = {str(name).strip() for name in self._setup.by_column()["Setting"]}
        new = [setting for setting in schema.SETTINGS if setting.name not in known]
        page, part = self._add_rows("Setup", [self._setting_row(setting) for setting in new])
        for row, setting in enumerate(new, part.last_row + 1):
            where = f"{part.letters['Value']}{row}"
            choices = self._choices(page, part, setting) if setting.choices else ""
            page.add_validation(where, build.setting_rule(setting, where, choices))
            default = f"{setting.default}" if setting.default is not None else "blank"
            self.added.append(f"setting {setting.name}, at {part.sheet}!{where}; {default} unless you change it")
        self._edited(part.sheet, page)

    def _setting_row(self, setting: Setting) -> dict[str, tuple[Value, str]]:
        """Column -> value and style of the row of a setting."""
        value = setting.default if setting.required else None
        meaning = setting.meaning
        if setting.default is not None and not setting.required:
            meaning = f"{meaning} Blank: {setting.default}."
        values: dict[str, Value] = {"Setting": setting.name, "Value": value, "Meaning": meaning}  # type: ignore[dict-item]
        return {name: (v, build.setting_style(name, setting)) for name, v in values.items()}

    def _choices(self, page: Worksheet, part: TablePart, setting: Setting) -> str:
        """The cells that list what a setting can be: those that are there, or new ones to the right of everything."""
        row, end = part.header_row + 1, page.right_end()
        for column in range(1, end + 1):
            if self._value(part.sheet, f"{column_letter(column)}{row}") == build.choices_heading(setting):
                return build.choices_area(column, row, setting)
        column = max(build.FIRST_LIST, end + 1)
        page.add_cells(build.choice_cells(setting, column, row, self.styles))
        page.add_width(column, build.LIST_WIDTH)
        return build.choices_area(column, row, setting)

    def _add_roles(self) -> None:
        """The account roles that table Accounts lacks, with the accounts of a new workbook."""
        known = {str(name).strip() for name in self._accounts.by_column()["Role"]}
        new = [role for role in schema.ROLES if role not in known]
        styles = {column.name: style_name(schema.ACCOUNTS, column) for column in schema.ACCOUNTS.columns}
        rows: list[dict[str, tuple[Value, str]]] = [
            {n: (v, styles[n]) for n, v in zip(("Role", "Account", "Name"), (role, *schema.ROLES[role]), strict=True)}
            for role in new
        ]
        page, part = self._add_rows("Accounts", rows)
        for row, role in enumerate(new, part.last_row + 1):
            where = f"{part.sheet}!{part.letters['Role']}{row}"
            self.added.append(f"role {role}, at {where}, with account {' '.join(schema.ROLES[role])}")
        self._edited(part.sheet, page)

    def _add_rows(self, name: str, rows: Sequence[dict[str, tuple[Value, str]]]) -> tuple[Worksheet, TablePart]:
        """Rows at the end of a table; gives its page, to be edited further, and the table as it was."""
        part = self.package.tables[name]
        page = self._page(part.sheet)
        if rows:
            below = range(part.last_row + 1, part.last_row + 1 + len(rows))
            columns = range(part.first_col, part.first_col + len(part.columns))
            self._check_free(page, part.sheet, below, columns, f"{len(rows)} more rows of table {name}")
            cells = {}
            for number, row in zip(below, rows, strict=True):
                for column, (value, style) in row.items():
                    letter = part.letters[column]
                    at = number, part.first_col + part.columns.index(column)
                    cells[at] = cell(f"{letter}{number}", value, self.styles.xf(style))
            page.add_cells(cells)
            self._widen(part, rows=len(rows))
            self._print_down_to(below[-1])
        return page, part

    def _print_down_to(self, row: int) -> None:
        """The print area of Setup, as a new workbook has it, down to this row at least."""
        book = self.package.workbook_part
        area = re.compile(r">Setup!\$A\$1:\$[GH]\$(\d+)<")
        xml = area.sub(lambda match: f">Setup!$A$1:$H${max(int(match[1]), row)}<", self.package.text(book))
        self.package.replace(book, xml.encode())

    # ---------------------------------------------------------------------------------------------- sheets

    def _add_sheet(self, sheet: Sheet) -> None:
        """A sheet of a new workbook, behind the one that it follows there."""
        self._check_name(sheet)
        package, rows = self.package, {table.name: build.blank_rows(table) for table in sheet.tables}
        page, drawn = build.sheet_xml(sheet, rows, self.styles, self._macros)
        part, number = free_part(package, "xl/worksheets/sheet")
        new: dict[str, str | bytes] = {part: page}
        related = []
        for table in sheet.tables:
            file, _ = free_part(package, "xl/tables/table")
            last = HEADER_ROW + len(rows[table.name])
            new[file] = written = table_xml(table, self._next_table(), HEADER_ROW, last)
            package.replace(file, written.encode())  # so that the next table has another name and number
            related.append(("table", f"/{file}"))
            self.added.append(f"sheet {sheet.name} with table {table.name}")
        if drawn:
            file, place = free_part(package, "xl/drawings/drawing")
            new[file] = drawing(drawn)
            related.append(("drawing", f"/{file}"))
            if sheet.name in build.BOARDS:
                made = free_part(package, "xl/charts/chart")[1] - 1
                new |= build.chart_parts(place, build.BOARDS[sheet.name], made)
        new[f"xl/worksheets/_rels/sheet{number}.xml.rels"] = parts.relations(related)
        for name, content in new.items():
            package.replace(name, content.encode() if isinstance(content, str) else content)
        add_listed(package, TYPES, "Types", parts.overrides(new))
        position = add_sheet(package, sheet.name, part, self._sheet_before(sheet))
        for local, refers_to in parts.sheet_names(sheet):
            define(package, local, refers_to, position)
        package.reread()
        self.outputs |= {table.name for table in sheet.tables if table in schema.OUTPUT_TABLES}

    def _check_name(self, sheet: Sheet) -> None:
        """Refuse where the user has a sheet, or a name, that is called the same, or lets nobody add a sheet."""
        names = {name.casefold(): name for name in self.package.names}
        problem = ""
        if sheet.name.casefold() in map(str.casefold, sheet_names(self.package)):
            problem = (
                f"Sheet {sheet.name} is in the way of the one with table {sheet.tables[0].name}: give it another name"
            )
        elif clash := next((names[t.name.casefold()] for t in sheet.tables if t.name.casefold() in names), ""):
            problem = f"A table has to have the name {clash}: give the name another one under Formulas > Name Manager"
        elif is_locked(self.package):
            problem = f"Sheet {sheet.name} cannot be added: lift the protection under Review > Protect Workbook"
        if problem:
            raise UnusableError(f"{problem}, and upgrade again. Nothing was changed.")

    def _next_table(self) -> int:
        """A number that no table has."""
        parts_of_tables = [name for name in self.package.parts() if name.startswith("xl/tables/")]
        used = [re.search(r'\bid="(\d+)"', self.package.text(name)) for name in parts_of_tables]
        return 1 + max((int(match[1]) for match in used if match), default=0)

    def _sheet_before(self, sheet: Sheet) -> str:
        """The sheet that it follows in a new workbook, by its name in this one."""
        earlier = schema.SHEETS[: schema.SHEETS.index(sheet)]
        tables = [table.name for other in earlier for table in other.tables if table.name in self.package.tables]
        return self.package.tables[tables[-1]].sheet if tables else schema.ABOUT

    # ----------------------------------------------------------------------------------------------- names

    def _add_names(self) -> None:
        """The names of the whole workbook, and the version of the schema that it has from now on."""
        names = self.package.names
        for name, refers_to in parts.NAMES.items():
            if name == schema.SCHEMA_NAME:
                if contract.version_of(names.get(name)) < schema.SCHEMA_VERSION:
                    define(self.package, name, refers_to)
                    self.added.append(f"workbook name {name}: version {schema.SCHEMA_VERSION}")
            elif name not in names:
                define(self.package, name, refers_to)
                self.added.append(f"workbook name {name}")
