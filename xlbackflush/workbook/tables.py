"""What both adapters know of a workbook of ours: its contract, its tables as the engine reads them, its runs."""

from collections.abc import Callable, Collection, Iterable, Mapping

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.inputs.headers import renamed
from xlbackflush.engine.record.runs_table import runs as runs
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.inputs import Cleaned
from xlbackflush.model.tables import Source, absent
from xlbackflush.model.text import is_total
from xlbackflush.ooxml.address import column_letter
from xlbackflush.ooxml.package import TablePart
from xlbackflush.sheets.formulas import Sheets


def check_ours(book: str, tables: Mapping[str, TablePart], version: int, sheets: Callable[[], Collection[str]]) -> None:
    """Refuse a workbook that is none of ours, that lacks what a user deleted, or that a later version made.

    book: its name; version: of the schema that it has; sheets: gives the names of its sheets. What a workbook of an earlier
    version lacks is no obstacle here.
    """
    missing = [table.name for table in schema.ESSENTIAL if table.name not in tables]
    is_ours = len(missing) < len(schema.ESSENTIAL) or version > 1
    for name in missing if is_ours else ():
        if schema.SHEET_OF[name].name in sheets():
            raise UnusableError(_to_table(book, name, tables))
    if missing:
        raise UnusableError(
            f"{book} is not a backflush workbook: it has no table {', '.join(missing[:3])}"
            f"{' and others' if len(missing) > 3 else ''}. Start from: xlbackflush new BOOK.xlsm"
        )
    if version > schema.SCHEMA_VERSION:
        raise UnusableError(
            f"A later version of xlbackflush made {book}. Update this one first: pip install --upgrade xlbackflush"
        )
    for table in schema.INPUT_TABLES:
        if table.name in tables:
            _check_columns(book, table, tables[table.name])
        elif schema.SHEET_OF[table.name].name in sheets():
            raise UnusableError(_to_table(book, table.name, tables))


def _to_table(book: str, name: str, tables: Mapping[str, TablePart]) -> str:
    """What to do where a sheet of ours stands there without its table, which has become a range, or has another name."""
    sheet = schema.SHEET_OF[name].name
    start = f"{book}: sheet {sheet} has no table {name}, so that what stands there is not read."
    others = [table.name for table in tables.values() if table.sheet == sheet and table.name not in schema.TABLES]
    if others:
        return f"{start} Its table is called {others[0]}: name it {name} again (Table Design > Table Name)."
    return (
        f"{start} If it was converted to a range, make it a table again: select the cells with their headers, press Ctrl+T "
        f"(Insert > Table), and name the table {name} (Table Design > Table Name)."
    )


def _check_columns(book: str, table: schema.Table, there: TablePart) -> None:
    """Refuse a table without a column that it cannot be used without."""
    lacking = table.lacking(there.columns)
    if lacking:
        taken = renamed(there.columns, table.names, lacking, lambda *_: True)
        others = [f'{there.letters[name]}{there.header_row} reads "{name}"' for name in taken]
        hint = f" Cell {', '.join(others)}: correct it there." if others else ""
        raise UnusableError(f"{book}: table {table.name} has no column {', '.join(lacking)}.{hint}")


def check_outputs(book: str, tables: Mapping[str, TablePart]) -> None:
    """Refuse a workbook that lacks an output table or column; `upgrade` adds it."""
    lacking = [f"table {table.name}" for table in schema.OUTPUT_TABLES if table.name not in tables]
    lacking += [
        f"column {', '.join(names)} in table {table.name}"
        for table in schema.OUTPUT_TABLES
        if table.name in tables and (names := [n for n in table.names if n not in tables[table.name].columns])
    ]
    if lacking:
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        raise UnusableError(
            f"{book} has no {'; no '.join(lacking[:3])}{more}. To have it added, press Upgrade on the ribbon tab Backflush, "
            f"or close the workbook and type: xlbackflush upgrade {quoted_argument(book)}"
        )


def quoted_argument(name: str) -> str:
    """A file name as a command line takes it."""
    return f'"{name}"' if " " in name else name


def version_of(constant: str | None) -> int:
    """The version of the schema that a workbook says it has under `schema.SCHEMA_NAME`; 1 where it says none."""
    digits = (constant or "").strip().lstrip("=")
    return int(digits) if digits.isdecimal() else 1


def ours(table: TablePart) -> schema.Table:
    """An output table as it is written: all columns that it has in the workbook, those of the user's by their names alone."""
    known = {column.name: column for column in schema.TABLES[table.name].columns}
    columns = tuple(known.get(name) or schema.Column(name, "") for name in table.columns)
    return replace(schema.TABLES[table.name], columns=columns, first_col=table.first_col)


def own_columns(table: TablePart) -> list[str]:
    """Names of the columns that are the user's."""
    known = schema.TABLES[table.name].names
    return [name for name in table.columns if name not in known]


def places(tables: Mapping[str, TablePart]) -> Sheets:
    """Where every table stands, for formulas."""
    stand: dict[str, Source] = {table.name: absent(table) for table in schema.INPUT_TABLES}
    stand |= {name: place(table) for name, table in tables.items() if name in schema.TABLES}
    return Sheets(stand)


def style_of(cell: Cleaned, places: int = 2) -> str:
    """Named style of a cell with what a run has read there; places: decimals of the currency."""
    if cell.kind in ("item", "choice", "text"):
        return "Input text"
    return f"Input {cell.kind}{f' {places}' if cell.kind == 'money' and places != 2 else ''}"


def in_place(table: TablePart) -> bool:
    """True where a table stands where a new workbook has it, below title rows of ours."""
    return (table.header_row, table.first_col) == (schema.HEADER_ROW, schema.TABLES[table.name].first_col)


def misnamed(table: TablePart, headers: Iterable[object]) -> dict[str, str]:
    """The columns of a table above which the sheet says something else, where one of the two names is ours."""
    known = schema.TABLES[table.name].names
    shown = {name: " ".join(str(header).split()) for name, header in zip(table.columns, headers, strict=False)}
    return {
        name: text
        for name, text in shown.items()
        if text != " ".join(name.split()) and (name in known or text in known)
    }


def place(table: TablePart) -> Source:
    """A table without its rows: where it stands."""
    return Source(table.name, table.sheet, table.letters, table.header_row + 1, table.last_row)


def filled(table: TablePart, rows: Iterable[list[object]], totals: int = 0) -> Source:
    """A table with its rows; a row with nothing in columns of ours is blank, whatever columns of the user hold.

    `rows` are those of the sheet from the first below the headers on, as wide as the table, "" where blank; `totals` is the
    number of total rows under the body.
    """
    source = place(table)
    source.columns = list(table.columns)
    known = schema.TABLES[table.name].names
    ours = [i for i, name in enumerate(source.columns) if name in known]
    first_of_ours = ours[0] if ours else 0
    for number, row in enumerate(rows, source.first_row):
        may_be_blank = row[first_of_ours] == ""
        if may_be_blank and all(value == "" for value in row):
            continue
        if number <= table.last_row:
            if may_be_blank and all(row[i] == "" for i in ours):
                continue
            source.rows.append(row)
            source.row_numbers.append(number)
        elif number > table.last_row + totals and not any(map(is_total, row)):
            first = next(i for i, value in enumerate(row) if value != "")
            source.below.append(f"{table.sheet}!{column_letter(table.first_col + first)}{number}")
    return source
