"""LibreOffice crashes now and then; the tests that ask it go on."""

from pathlib import Path

import office
import openpyxl


def test_another_one_is_started_where_it_crashed(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title, book.active["A1"] = "Sheet", "=6*7"
    book.save(tmp_path / "book.xlsx")
    with office.Session(tmp_path / "book.xlsx") as session, office.Session(tmp_path / "book.xlsx") as other:
        office._running[-1].kill()
        assert session.read([("Sheet", "A1")]) == other.read([("Sheet", "A1")]) == [[[42.0]]]
        assert session._office is other._office
    office._running[-1].kill()
    assert office.recalculate([tmp_path / "book.xlsx"])[0]["Sheet"]["A1"] == 42
