"""Files as tables of cells: text files, .xlsx, .xls, .xlsb, .ods. Only read, and only what a workbook can be large.

A cell of a text file is a text, one of a workbook what it holds, so that codes keep their zeros until their column is known.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.imports.csv_text import decoded, lines_of
from xlbackflush.model.errors import UnusableError
from xlbackflush.ooxml.archive import check_sizes
from xlbackflush.ooxml.package import Package
from xlbackflush.ooxml.reader import SheetReader, foreign_sheets

TEXTS = (".csv", ".txt", ".tsv", ".tab", ".asc", ".dat")
BOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_BYTES_MAX = 1 << 30


@dataclass(frozen=True)
class Grid:
    """The cells of a text file, or of one sheet of a workbook. numbers: line, or row on the sheet, of each row.

    digest: of the file. sheet: "" for a text file. broken: lines with a quotation mark that does not close. is_ours: of a
    backflush workbook, of which only input sheets are read.
    """

    path: Path
    sheet: str
    digest: str
    rows: list[list[object]]
    numbers: list[int]
    broken: tuple[int, ...] = ()
    is_ours: bool = False

    @property
    def label(self) -> str:
        """How findings call it, in place of a sheet."""
        return f"{self.path.name}[{self.sheet}]" if self.sheet else self.path.name


def files_in(paths: list[Path], book: Path) -> Iterator[Path]:
    """The files that are named, and those in folders that are named; not the workbook itself, nor lock files of Excel."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for file in sorted(path.iterdir()):
            suits = file.suffix.lower() in TEXTS + BOOKS and not file.name.startswith(("~$", "."))
            if suits and file.is_file() and not (book.exists() and file.samefile(book)):
                yield file


def grids_of(path: Path, sheet: str = "") -> list[Grid]:
    """The tables of a file; of a workbook those of its sheets that hold something, or of the one named."""
    content = _content(path)
    digest = hashlib.sha256(content).hexdigest()
    is_book = content[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
    if not is_book:
        lines = lines_of(decoded(content, path.name))
        if not any(cell.strip() for row in lines.rows for cell in row):
            raise UnusableError(f"{path.name} is empty.")
        return [Grid(path, "", digest, lines.rows, lines.numbers, tuple(lines.broken))]  # type: ignore[arg-type]
    sheets, is_ours = _sheets(path, content)
    if sheet and sheet not in sheets:
        raise UnusableError(f"{path.name} has no sheet {sheet}; it has {', '.join(sheets) or 'none'}.")
    grids = [
        Grid(path, name, digest, rows, list(range(1, len(rows) + 1)), is_ours=is_ours)
        for name, rows in sheets.items()
        if sheet in ("", name) and any(cell not in ("", None) for row in rows for cell in row)
    ]
    if not grids:
        raise UnusableError(f"{path.name} is empty.")
    return grids


def _content(path: Path) -> bytes:
    """The bytes of a file, where it is one."""
    if not path.exists():
        raise UnusableError(f"{path} does not exist.")
    if not path.is_file():
        raise UnusableError(f"{path.name} is not a file.")
    size = path.stat().st_size
    if size > _BYTES_MAX:
        raise UnusableError(f"{path.name} has {size >> 20:,} MB; at most {_BYTES_MAX >> 20:,} MB are read.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnusableError(f"{path.name} cannot be read: {error.strerror}.") from error
    if not content.strip():
        raise UnusableError(f"{path.name} is empty.")
    return content


def _sheets(path: Path, content: bytes) -> tuple[dict[str, list[list[object]]], bool]:
    """The sheets of a workbook by name, each from A1; and whether it is one of ours."""
    if content[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = set(archive.namelist())
                check_sizes(archive.infolist(), path.name)
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
            raise UnusableError(f"{path.name} is damaged, or no workbook that can be read.") from error
        if "xl/workbook.xml" in names:
            package = Package(path, content)
            reader = SheetReader(package)
            is_ours = schema.SCHEMA_NAME in package.names
            inputs = {schema.SHEET_OF[table].name for table in schema.IMPORTED}
            sheets = [name for name in package.sheets if not is_ours or name in inputs]
            reader.load(sheets)
            return {name: reader.grid(name) for name in sheets}, is_ours
    return foreign_sheets(content, path.name), False
