"""A careless export: a run reads it as it was meant, writes that into the cells, and every proof holds."""

import datetime as dt
import shutil
from pathlib import Path

import cells
import office
import pytest
from support_files import Formula, Parts, bench_book, cli, sample_book

from xlbackflush.ooxml.typed_cells import Typed, retyped, typed
from xlbackflush.workbook.file import FileBook


def spoil(path: Path) -> dict[str, tuple[object, object]]:
    """Type the first rows of the widgets as an export gives them; address -> what is typed, what it was before."""
    parts = Parts(path)
    changes: dict[str, dict[str, str | float]] = {}
    was: dict[str, tuple[object, object]] = {}

    def type_in(table: str, column: str, row: int, value: str | float) -> None:
        where = parts.where(table, column, row)
        sheet, cell = where.split("!")
        changes.setdefault(sheet, {})[cell] = value
        was[where] = (value, parts.rows(table)[row][column])

    for row in range(6):
        bought, counted = parts.rows("Purchases")[row], parts.rows("Counts")[row]
        type_in("Purchases", "Date", row, f"{_date(bought['Date']):%Y-%m-%d}")
        type_in("Purchases", "Item", row, f"{bought['Item']}\u00a0")
        type_in("Purchases", "Quantity", row, f"{bought['Quantity']:,.1f}")
        type_in("Purchases", "Actual price", row, f"$ {bought['Actual price']}")
        type_in("Counts", "Date", row, float(f"{_date(counted['Date']):%Y%m%d}"))
        type_in("Counts", "Event", row, f" {counted['Event']}")
        type_in("Counts", "Item", row, f"  {counted['Item']}  ")
        type_in("Counts", "Quantity", row, str(counted["Quantity"]))
    type_in("BOM", "Component", 3, f"{parts.rows('BOM')[3]['Component']} ")
    type_in("WIP", "Conversion %", 0, "60 %")
    type_in("Setup", "Value", 2, "2026-10-01")
    for sheet, typed_in in changes.items():
        parts.put_all(sheet, dict(typed_in))
    parts.save(path)
    return was


def _date(value: object) -> dt.date:
    if isinstance(value, dt.date):
        return value
    assert isinstance(value, int | float)
    return dt.date(1899, 12, 30) + dt.timedelta(days=int(value))


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """The widgets after a run, and the same inputs spoilt."""
    clean, dirty = sample_book(tmp_path / "clean.xlsx", "widgets"), tmp_path / "dirty.xlsx"
    shutil.copy(clean, dirty)
    spoil(dirty)
    assert cli("run", clean).code == 0
    return clean, dirty


def test_a_run_cleans_the_cells_and_gives_what_clean_inputs_give(two: tuple[Path, Path]) -> None:
    clean, dirty = two
    before = dirty.read_bytes()
    checked = cli("check", dirty, "--json").json
    assert [f["severity"] for f in checked["findings"]].count("Error") == 0
    assert Parts(dirty).rows("Purchases")[0]["Item"].endswith("\u00a0"), "a check changes no input"
    dirty.write_bytes(before)
    ran = cli("run", dirty, "--json")
    assert ran.code == 0, ran
    notes = [f for f in ran.json["findings"] if f["code"] == "C17"]
    assert len(notes) == 11  # eight columns of two sheets, and three cells
    assert all(f["severity"] == "Note" for f in notes)
    one, other = Parts(clean), Parts(dirty)
    for table in (
        "Setup",
        "BOM",
        "StandardCost",
        "Counts",
        "Scrap",
        "Purchases",
        "Actuals",
        "Stock",
        "WIP",
        "Journal",
        "Trace",
    ):
        assert one.rows(table) == other.rows(table), table
    assert one.rows("Runs")[0]["Input hash"] == other.rows("Runs")[0]["Input hash"]
    again = cli("run", dirty, "--json").json
    assert not [f for f in again["findings"] if f["code"] == "C17"], "told once"


def test_every_proof_holds_where_cells_were_cleaned(two: tuple[Path, Path], tmp_path: Path) -> None:
    office.require()
    _, dirty = two
    assert cli("run", dirty).code == 0
    [live] = office.recalculate([dirty])
    stored = cells.read(dirty)
    assert set(stored["Checks"].values()) & {"OK", "FAIL"} == {"OK"}
    assert set(live["Checks"].values()) & {"OK", "FAIL"} == {"OK"}
    for sheet in ("Journal", "Trace", "Relief", "Variances", "Ledger", "Reconciliation", "Checks"):
        for at, value in stored[sheet].items():
            if isinstance(value, float) and abs(value) > 1e-9:
                assert live[sheet][at] == pytest.approx(value, rel=1e-9), f"{sheet}!{at}"


def test_restored_the_cells_stay_clean(two: tuple[Path, Path]) -> None:
    """Restore puts results back; what was cleaned says the same as before."""
    clean, dirty = two
    assert cli("run", dirty).code == 0
    assert cli("restore", dirty).code == 0
    assert Parts(dirty).rows("Purchases") == Parts(clean).rows("Purchases")
    assert cli("run", dirty).code == 0


def test_posted_from_cleaned_cells_it_verifies(two: tuple[Path, Path]) -> None:
    _, dirty = two
    assert cli("run", dirty).code == 0
    assert cli("post", dirty, "--approved-by", "Somebody Else").code == 0
    assert cli("verify", dirty).code == 0


def test_a_formula_is_never_written_over(tmp_path: Path) -> None:
    """A formula that gives a text is an error with a remedy, and stays; nothing else is written then."""
    path = bench_book(tmp_path / "book.xlsx")
    parts = Parts(path)
    item, quantity = (str(parts.rows("Counts")[0][name]) for name in ("Item", "Quantity"))
    where = parts.where("Counts", "Item", 0).split("!")[1]
    number = parts.where("Counts", "Quantity", 0).split("!")[1]
    parts.put_all("Counts", {where: Formula(f'"{item}"&" "', f"{item} "), number: f" {quantity}"})
    parts.save(path)
    result = cli("run", path, "--json")
    assert result.code == 1
    [error] = [f for f in result.json["findings"] if f["severity"] == "Error"]
    assert (error["code"], error["where"]) == ("C08", f"Counts!{where}")
    assert "TRIM" in error["fix"]
    with FileBook(path) as book:
        assert book.cells().formula("Counts", where) == f'"{item}"&" "'
    assert Parts(path).rows("Counts")[0]["Quantity"] == f" {quantity}"


SHEET = (
    b'<x:worksheet xmlns:x="m"><x:cols><x:col min="1"/></x:cols><x:sheetData><x:row r="1">'
    b'<x:c r="A1" s="3" t="s"><x:v>0</x:v></x:c><x:c r="B1" s="4"/><x:c s="5" t="str" r="C1"><x:f>A1</x:f><x:v>a</x:v></x:c>'
    b'<x:c r="AA1"><x:v>1</x:v></x:c></x:row></x:sheetData><x:c r="A1"/></x:worksheet>'
)


def test_single_cells_are_typed_anew_and_all_else_stays() -> None:
    assert typed(SHEET, {"A1", "B1", "C1", "Z9"}) == {"A1", "B1"}
    new = retyped(SHEET, {"A1": Typed("a <b> "), "C1": Typed(1.0), "AA1": Typed(2.5, 7)})
    assert new == SHEET.replace(
        b'<x:c r="A1" s="3" t="s"><x:v>0</x:v></x:c>',
        b'<x:c r="A1" s="3" t="inlineStr"><x:is><x:t xml:space="preserve">a &lt;b&gt; </x:t></x:is></x:c>',
    ).replace(b'<x:c r="AA1"><x:v>1</x:v></x:c>', b'<x:c r="AA1" s="7"><x:v>2.5</x:v></x:c>')
    assert retyped(SHEET, {"B1": Typed(None)}) == SHEET
