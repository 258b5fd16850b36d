"""The light reader of cells sees what openpyxl sees."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import cells
import openpyxl
from openpyxl.utils.datetime import to_excel
from support_files import Error, Parts, ran_book, split


def test_values_formulas_and_tables_are_those_of_openpyxl(tmp_path: Path) -> None:
    parts = Parts(ran_book(tmp_path / "book.xlsm", "widgets"))
    parts.put_all(
        "Counts", {"F7": "=text", "F8": True, "F9": Error("#N/A"), "F10": dt.date(2026, 1, 5), "H99": 0.1 + 0.2}
    )
    path = parts.save(tmp_path / "book.xlsm")
    book, formulas = cells.read(path), openpyxl.load_workbook(path)
    values = openpyxl.load_workbook(path, data_only=True)
    assert list(book.values) == formulas.sheetnames
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                at, value = cell.coordinate, values[sheet.title][cell.coordinate].value
                value = to_excel(value) if isinstance(value, dt.date) else value
                assert (book[sheet.title][at] or "") == (value or ""), (sheet.title, at)
                if cell.data_type == "f":
                    text = cell.value if isinstance(cell.value, str) else cell.value.text
                    assert text.lstrip("=") == book.formulas[sheet.title][at]
                else:
                    assert at not in book.formulas[sheet.title]
        for table in sheet.tables.values():
            name = table.name
            assert book.tables[name].columns == table.column_names
            first, last = (book.place(name, table.column_names[n])[1].split(":")[n] for n in (0, -1))
            top, bottom = table.ref.split(":")
            assert (split(first)[0], split(first)[1] - 1) == split(top)
            assert split(last) == split(bottom)
