"""Yardsticks of a whole run: the same reading, and as many cells written, in other ways.

    python -m tests.bench.yardstick plan BOOK PLAN           counts the output cells of a finished run
    python -m tests.bench.yardstick floor BOOK PLAN OUT      python-calamine reads, XlsxWriter writes as many plain numbers
    python -m tests.bench.yardstick same BOOK PLAN OUT       ... the same cells: formulas with their values, texts, formats
    python -m tests.bench.yardstick openpyxl BOOK PLAN OUT   pandas with openpyxl reads, and writes as many values
    python -m tests.bench.yardstick xlsxwriter BOOK PLAN OUT pandas with openpyxl reads, with XlsxWriter it writes them
    python -m tests.bench.yardstick limit BOOK FINISHED      inflates one, and deflates what is in the other: no less can be done

Styled blank cells are left out, in favour of the yardsticks. Contents are taken in turn from samples of the same column, so
that formulas are as long, and texts as varied, as in the run. pandas writes what formulas show, not the formulas.
"""

import json
import sys
import zipfile
from collections.abc import Iterator
from functools import partial
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


def floor(book: Path, planned: dict[str, Any], out: Path) -> None:
    """Read, and write a number into every cell."""
    import xlsxwriter

    _read(book, planned)
    with xlsxwriter.Workbook(out) as target:
        for name, columns in planned["outputs"].items():
            sheet = target.add_worksheet(name)
            for number, column in enumerate(columns):
                for row in range(_height(column)):
                    sheet.write_number(row, number, 0.37 * row)


def same(book: Path, planned: dict[str, Any], out: Path) -> None:
    """Read, and write the same cells."""
    import xlsxwriter

    _read(book, planned)
    with xlsxwriter.Workbook(out) as target:
        for name, columns in planned["outputs"].items():
            sheet = target.add_worksheet(name)
            for number, column in enumerate(columns):
                _write(sheet, number, column, target.add_format({"num_format": "#,##0.00", "locked": True}))


def by_pandas(engine: str, book: Path, planned: dict[str, Any], out: Path) -> None:
    """Read with openpyxl, and write the values of the same cells."""
    import pandas as pd

    pd.read_excel(book, sheet_name=planned["inputs"], engine="openpyxl", header=None)
    with pd.ExcelWriter(out, engine=engine) as target:
        for name, columns in planned["outputs"].items():
            series = {n: pd.Series(list(_values(column)), dtype=object) for n, column in enumerate(columns)}
            pd.DataFrame(series).to_excel(target, sheet_name=name, index=False, header=False)


def limit(book: Path, finished: Path) -> None:
    """Inflate what is read, and deflate what is written, as fast as the library that a run uses can."""
    from xlbackflush.ooxml.packing import packed, stored_in

    with zipfile.ZipFile(book) as package:
        for info in package.infolist():
            stored_in(package, info).unpacked()
    with zipfile.ZipFile(finished) as package:
        for info in package.infolist():
            packed(stored_in(package, info).pieces())


def _read(book: Path, planned: dict[str, Any]) -> None:
    import python_calamine

    source = python_calamine.CalamineWorkbook.from_path(book)
    for name in planned["inputs"]:
        source.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _height(column: Column) -> int:
    """Cells of a column."""
    return sum(count for count, _ in column.values())


def _values(column: Column) -> Iterator[Any]:
    """What its cells show."""
    for kind, (count, samples) in column.items():
        shown = [content[1] for content in samples] if kind == "formula" else samples
        yield from islice(cycle(shown), count)


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
    verb, book, other, *out = sys.argv[1:]
    if verb == "plan":
        found = plan(Path(book))
        Path(other).write_text(json.dumps(found), encoding="utf-8")
        print(json.dumps(total(found["outputs"])))
    elif verb == "limit":
        limit(Path(book), Path(other))
    else:
        planned, target = json.loads(Path(other).read_text(encoding="utf-8")), Path(out[0])
        jobs = {"floor": floor, "same": same}
        jobs |= {engine: partial(by_pandas, engine) for engine in ("openpyxl", "xlsxwriter")}
        jobs[verb](Path(book), planned, target)


if __name__ == "__main__":
    main()
