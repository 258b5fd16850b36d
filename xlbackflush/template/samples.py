"""Sample books: small companies with complete input tables, for `xlbackflush new --sample NAME`.

Each is a folder: about.txt, the title and a paragraph, Setup.csv, and a CSV file for each other input table, headed as on its
sheet. A date is written 2026-10-31, what is left empty is blank, and a code keeps its zeros.
"""

import csv
import datetime as dt
from functools import partial
from pathlib import Path

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.schema import Column

Row = dict[str, object]


@dataclass(frozen=True)
class Sample:
    """The input side of a workbook: settings by name, rows by table and column header."""

    title: str
    about: str
    settings: dict[str, object]
    tables: dict[str, list[Row]]


def read_sample(folder: Path) -> Sample:
    """Read a sample from its folder. A table without a file has no rows."""
    title, about = (folder / "about.txt").read_text(encoding="utf-8-sig").split("\n\n")
    files = {table: folder / f"{table.name}.csv" for table in schema.INPUT_TABLES}
    settings = {s.name: s.column for s in schema.SETTINGS}
    chosen = _cells_by_row(files.pop(schema.SETUP))
    return Sample(
        title=title,
        about=" ".join(about.split()),
        settings={row["Setting"]: _value(settings[row["Setting"]], row["Value"]) for row in chosen},
        tables={
            table.name: [
                {name: _value(table.column(name), cell) for name, cell in row.items()} for row in _cells_by_row(file)
            ]
            for table, file in files.items()
            if file.exists()
        },
    )


def _cells_by_row(file: Path) -> list[dict[str, str]]:
    """The filled cells of each row, by the heading of their column."""
    with file.open(encoding="utf-8-sig", newline="") as lines:  # Excel saves it with a byte order mark
        return [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(lines)]


def _value(column: Column, cell: str) -> object:
    if column.kind == "date":
        return dt.date.fromisoformat(cell)
    if column.kind in schema.NUMERIC:
        return float(cell) if "." in cell else int(cell)
    return cell


#: name -> what reads it
SAMPLES = {
    file.parent.name: partial(read_sample, file.parent)
    for file in sorted(Path(__file__).with_suffix("").glob("*/about.txt"))
}
