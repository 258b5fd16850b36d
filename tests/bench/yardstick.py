"""The yardstick of a whole run: the same reading with python-calamine, as many cells written with XlsxWriter.

    python -m tests.bench.yardstick plan BOOK PLAN       counts the output cells of a finished run
    python -m tests.bench.yardstick run BOOK PLAN OUT    reads the input sheets of BOOK, writes OUT

Formulas are written as formulas with their values, numbers as numbers, text as text, each column with its own format.
Styled blank cells are left out, in favour of the yardstick. Contents are taken in turn from samples of the same column,
so that formulas are as long, and texts as varied, as in the run.
"""

import json
import sys
import zipfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SAMPLES = 200  # of each column and kind

Column = dict[str, tuple[int, list[Any]]]  # kind of cell -> how many, samples


def plan(book: Path) -> dict[str, Any]:
    """Input sheets to read; per output sheet and column, how many cells of each kind, and samples."""
    from xlbackflush import schema
    from xlbackflush.ooxml.package import Package

    package = Package(book)
    return {
        "inputs": [sheet.name for sheet in schema.INPUT_SHEETS],
        "outputs": {sheet.name: _columns(book, package.sheets[sheet.name]) for sheet in schema.OUTPUT_SHEETS},
    }


def _columns(book: Path, part: str) -> list[Column]:
    """The cells of a sheet, added up by column."""
    columns: dict[str, dict[str, list[Any]]] = {}
    for letters, kind, content in _cells(book, part):
        columns.setdefault(letters, {}).setdefault(kind, []).append(content)
    return [
        {kind: (len(found), found[:: -(-len(found) // _SAMPLES)]) for kind, found in kinds.items()}
        for kinds in columns.values()
    ]


def _cells(book: Path, part: str) -> Iterator[tuple[str, str, Any]]:
    """Column letters, kind and content of every cell that is not blank."""
    with zipfile.ZipFile(book) as package, package.open(part) as xml:
        for _, row in ET.iterparse(xml):
            if row.tag != f"{_NS}row":
                continue
            for cell in row:
                letters = cell.get("r", "").rstrip("0123456789")
                formula, value = cell.findtext(f"{_NS}f"), cell.findtext(f"{_NS}v")
                text = "".join(cell.itertext()) if cell.get("t") == "inlineStr" else ""
                if formula is not None:
                    yield letters, "formula", (formula, value if cell.get("t") == "str" else float(value or 0))
                elif value is not None:
                    yield letters, "number", float(value)
                elif text:
                    yield letters, "text", text
            row.clear()


def total(outputs: dict[str, list[Column]]) -> dict[str, int]:
    """Cells of each kind over all sheets."""
    kinds = ("formula", "number", "text")
    return {
        kind: sum(column[kind][0] for columns in outputs.values() for column in columns if kind in column)
        for kind in kinds
    }


def run(book: Path, planned: dict[str, Any], out: Path) -> None:
    """Read and write."""
    import python_calamine
    import xlsxwriter

    source = python_calamine.CalamineWorkbook.from_path(book)
    for name in planned["inputs"]:
        source.get_sheet_by_name(name).to_python(skip_empty_area=False)
    with xlsxwriter.Workbook(out) as target:
        for name, columns in planned["outputs"].items():
            sheet = target.add_worksheet(name)
            for number, column in enumerate(columns):
                _write(sheet, number, column, target.add_format({"num_format": "#,##0.00", "locked": True}))


def _write(sheet: Any, number: int, column: Column, look: Any) -> None:
    """One column, through the method of XlsxWriter that is fastest for each kind."""
    row = 0
    for kind, (count, samples) in column.items():
        for content in islice(cycle(samples), count):
            if kind == "formula":
                sheet.write_formula(row, number, "=" + content[0], look, content[1])
            elif kind == "number":
                sheet.write_number(row, number, content, look)
            else:
                sheet.write_string(row, number, content, look)
            row += 1


def main() -> None:
    """Count, or read and write."""
    verb, book, planned, *out = sys.argv[1:]
    if verb == "plan":
        found = plan(Path(book))
        Path(planned).write_text(json.dumps(found), encoding="utf-8")
        print(json.dumps(total(found["outputs"])))
    else:
        run(Path(book), json.loads(Path(planned).read_text(encoding="utf-8")), Path(out[0]))


if __name__ == "__main__":
    main()
