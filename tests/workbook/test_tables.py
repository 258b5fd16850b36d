"""Tables for notebooks: `xlbackflush.tables` gives what the sheets show, each column in the type of its kind.

Reading order: a posted month - one cell at a time - what a workbook may lack and who may have it open - what is refused - what is
loaded.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from older import without_column, without_sheet, without_version
from own_things import widened
from support_files import CellValue, Error, Formula, Parts, bench_book, cli, ran_book

import xlbackflush
from xlbackflush import schema
from xlbackflush.model.errors import UnusableError


@pytest.fixture(autouse=True)
def _no_warning_that_is_not_asked_for() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The widgets, run and posted; not to be changed."""
    path = ran_book(tmp_path_factory.mktemp("posted") / "widgets.xlsm", "widgets")
    assert cli("post", path, "--approved-by", "Jones").code == 0
    return path


@pytest.fixture(scope="module")
def tables(posted: Path) -> dict[str, pd.DataFrame]:
    return xlbackflush.tables(posted)


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    return bench_book(tmp_path / "bench.xlsm")


def cents(values: Any) -> Decimal:
    """Sum of money in cents, blanks left out."""
    return sum((Decimal(repr(float(v))) for v in values if v is not None and not np.isnan(v)), Decimal()).quantize(
        Decimal("0.01")
    )


# -------------------------------------------------------------------------------------------- a posted month


def test_every_table_is_there_as_on_its_sheet(posted: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Every cell, read by other means: numbers and texts as stored, dates by their day number, blanks as NA."""
    parts = Parts(posted)
    assert list(tables) == list(schema.TABLES)
    for name, frame in tables.items():
        place = parts.tables()[name]
        assert list(frame.columns) == place.columns
        on_sheet = dict(enumerate(parts.rows(name), place.top + 1))
        filled = [row for row, cells in on_sheet.items() if any(v not in (None, "") for v in cells.values())]
        assert frame.index.name == "Sheet row"
        assert frame.index.tolist() == filled
        for column in frame.columns if name != "Setup" else ["Setting", "Meaning"]:
            cells = [on_sheet[row][column] for row in filled]
            assert [plain(v) for v in frame[column]] == [None if v == "" else v for v in cells], (name, column)


def plain(value: Any) -> Any:
    """A value of a frame as a cell stores it."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return float((value.date() - dt.date(1899, 12, 30)).days)
    return value


def test_every_column_has_the_type_of_its_kind(tables: dict[str, pd.DataFrame]) -> None:
    expected = {"text": "string", "item": "string", "choice": "string", "any": "string", "date": "datetime64[s]"}
    expected |= {"integer": "Int64"}
    for name, frame in tables.items():
        for column in schema.TABLES[name].columns:
            assert str(frame[column.name].dtype) == expected.get(column.kind, "float64"), (name, column.name)


def test_the_journal_adds_up_to_the_ledger(posted: Path, tables: dict[str, pd.DataFrame]) -> None:
    """But for the reversal of work in process, which the journal dates on the first day of the next period."""
    journal = tables["Journal"]
    of_the_month = journal[journal["Posting date"] <= "2026-10-31"]
    assert set(journal["Posting date"].drop(of_the_month.index)) == {pd.Timestamp(2026, 11, 1)}
    sums = of_the_month.groupby("Role")[["Debit", "Credit"]].sum()
    ledger = Parts(posted).rows("Ledger")
    assert len(ledger) == 13
    for row in ledger:
        debit, credit = sums.loc[row["Role"]] if row["Role"] in sums.index else (0.0, 0.0)
        assert cents([debit]) == cents([row["Debits"]])
        assert cents([credit]) == cents([row["Credits"]])
        assert cents([row["Opening"], debit, -credit]) == cents([row["Closing"]])
    assert cents(tables["Ledger"]["Closing"]) == cents(row["Closing"] for row in ledger)


def test_dates_are_dates_and_settings_are_text(tables: dict[str, pd.DataFrame]) -> None:
    counts = tables["Counts"]
    assert set(counts["Date"].dt.strftime("%Y-%m")) == {"2026-10"}
    settings = tables["Setup"].set_index("Setting")["Value"]
    assert settings[["Period start", "Currency", "Materiality %"]].tolist() == ["2026-10-01", "USD", "0.05"]


# ------------------------------------------------------------------------------------------ one cell at a time


def with_cells(path: Path, **cells: CellValue) -> Path:
    """The workbook with other values in the first rows of tables, by Table__Column__row."""
    parts = Parts(path)
    for key, value in cells.items():
        table, column, row = key.split("__")
        parts.put(parts.where(table, column.replace("_", " "), int(row)), value)
    return parts.save(path)


def test_codes_stay_texts(bench: Path) -> None:
    """007 keeps its zeros; a number typed as a code is the code that people see, 7, and no 7.0."""
    with_cells(
        bench,
        StandardCost__Item__0="007",
        StandardCost__Item__1=7,
        Accounts__Account__0="0042",
        Accounts__Account__1=1310,
    )
    tables = xlbackflush.tables(bench)
    assert tables["StandardCost"]["Item"].tolist()[:3] == ["007", "7", "Kit"]
    assert tables["Accounts"]["Account"].tolist()[:2] == ["0042", "1310"]


def test_blanks_are_na_and_zero_is_a_number(bench: Path) -> None:
    with_cells(bench, Stock__Counted_qty__0=0, Counts__Note__0=None, Counts__Date__0=None, Counts__Document__0=None)
    tables = xlbackflush.tables(bench)
    assert tables["Stock"]["Counted qty"].iloc[0] == 0
    assert np.isnan(tables["Stock"]["Counted qty"].iloc[1])
    assert tables["Counts"][["Date", "Document", "Note"]].iloc[0].tolist() == [pd.NaT, pd.NA, pd.NA]


def test_a_line_may_hold_to_the_end_of_time(bench: Path) -> None:
    """9999-12-31 is beyond pandas' nanoseconds, and what many systems export for: for ever. A time of day is dropped."""
    with_cells(
        bench,
        BOM__Effective_to__0=dt.date(9999, 12, 31),
        Counts__Date__0=(dt.date(2026, 3, 5) - dt.date(1899, 12, 30)).days + 0.5,
    )
    tables = xlbackflush.tables(bench)
    assert str(tables["BOM"]["Effective to"].iloc[0]) == "9999-12-31 00:00:00"
    assert tables["Counts"]["Date"].iloc[0] == pd.Timestamp(2026, 3, 5)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Quantity", Error("#REF!"), "Quantity holds the error value #REF!."),
        ("Quantity", Formula("1+1"), "Quantity holds a formula whose result is not stored."),
        ("Quantity", "ten", 'Quantity is "ten"; a number is expected.'),
        ("Quantity", "1,000", 'Quantity is the text "1,000", which can be 1 or 1,000.'),
        ("Date", "soon", 'Date is "soon"; a date is expected.'),
        ("Item", Error("#N/A"), "Item holds the error value #N/A."),
        ("Note", Error("#NAME?"), "Note holds the error value #NAME?."),
    ],
)
def test_a_cell_that_cannot_be_read_is_na_and_warned_of(
    bench: Path, column: str, value: CellValue, reason: str
) -> None:
    with_cells(bench, **{f"Counts__{column}__1": value})
    where = Parts(bench).where("Counts", column, 1)
    with pytest.warns(
        UserWarning, match=re.escape(f"bench.xlsm: 1 cell cannot be used, and is NA:\n{where}: {reason}")
    ) as told:
        counts = xlbackflush.tables(bench)["Counts"]
    assert [(w.filename, str(w.message).count("\n")) for w in told] == [(__file__, 1)]
    assert pd.isna(counts[column].iloc[1])
    assert counts[column].notna().sum() == (1 if column == "Note" else 4)


def test_of_many_such_cells_the_first_are_named(bench: Path) -> None:
    with_cells(bench, **{f"BOM__{c}__{i}": Error("#REF!") for c in ("Component", "Qty_per", "UoM") for i in range(5)})
    with pytest.warns(UserWarning, match="15 cells cannot be used, and are NA:") as told:
        xlbackflush.tables(bench)
    (warning,) = told
    lines = str(warning.message).splitlines()
    assert [line.split(":")[0] for line in lines[1:6]] == ["BOM!B7", "BOM!B8", "BOM!B9", "BOM!B10", "BOM!B11"]
    assert (len(lines), lines[-1]) == (12, "and 5 more")


def test_a_broken_cell_of_results_is_warned_of(posted: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(posted, tmp_path / "broken.xlsm"))
    with_cells(path, Ledger__Closing__2=Error("#VALUE!"), Journal__Entry__1=1.5)
    with pytest.warns(UserWarning) as told:
        tables = xlbackflush.tables(path)
    assert str(told[0].message).splitlines()[1:] == [
        "Journal!B8: Entry is 1.5; a whole number is expected.",
        "Ledger!G9: Closing holds the error value #VALUE!.",
    ]
    assert tables["Ledger"]["Closing"].isna().tolist() == [row == 2 for row in range(13)]
    assert tables["Journal"]["Entry"].isna().tolist()[:3] == [False, True, False]


def test_the_users_own_columns_come_last_by_what_they_hold(bench: Path) -> None:
    cells: dict[str, list[CellValue]] = {
        "Pallets": [1, 2.5],
        "Shift": ["007", "A"],
        "Bin": ["007", 7, True],
        "Loaded": [dt.date(2026, 3, 6), None, dt.date(2026, 4, 1)],
        "Checked": [dt.date(2026, 3, 6), (dt.date(2026, 3, 7) - dt.date(1899, 12, 30)).days + 0.75],
        "Either": [dt.date(2026, 3, 6), "later"],
        "Empty": [],
    }
    parts = widened(Parts(bench), "Counts", cells)
    parts.reorder("Counts", [*cells, *schema.TABLES["Counts"].names])
    counts = xlbackflush.tables(parts.save(bench))["Counts"]
    assert list(counts.columns) == [*schema.TABLES["Counts"].names, *cells]
    own = {name: [None if pd.isna(v) else v for v in counts[name]] for name in cells}
    assert own == {
        "Pallets": [1.0, 2.5, None, None, None],
        "Shift": ["007", "A", None, None, None],
        "Bin": ["007", "7", "TRUE", None, None],
        "Loaded": [pd.Timestamp(2026, 3, 6), None, pd.Timestamp(2026, 4, 1), None, None],
        "Checked": ["2026-03-06", "2026-03-07T18:00:00", None, None, None],
        "Either": ["2026-03-06", "later", None, None, None],
        "Empty": [None] * 5,
    }
    types = {"Pallets": "float64", "Loaded": "datetime64[s]"}
    assert {name: str(counts[name].dtype) for name in cells} == {name: types.get(name, "string") for name in cells}


# ------------------------------------------------------------------------- what it may lack, who may have it open


def test_what_an_earlier_version_lacks_is_blank(posted: Path, bench: Path, tmp_path: Path) -> None:
    parts = Parts(bench)
    for cut in (
        without_version,
        without_sheet("WIP"),
        without_column("Variances", "Part of"),
        without_column("Counts", "Note"),
    ):
        cut(parts)
    older, whole = xlbackflush.tables(parts.save(tmp_path / "older.xlsm")), xlbackflush.tables(posted)
    assert list(older) == list(whole)
    for name in older:
        assert older[name].dtypes.to_dict() == whole[name].dtypes.to_dict()
    assert len(older["WIP"]) == 0
    assert older["Counts"]["Note"].isna().tolist() == [True] * 5
    assert older["Counts"]["Quantity"].sum() == 10 + 12 + 15 + 9 - 1


def test_a_workbook_that_is_open_in_excel_or_read_only_is_read(bench: Path) -> None:
    """Nothing is written, so that neither is in the way; the command line refuses both."""
    before = bench.read_bytes()
    bench.with_name("~$bench.xlsm").write_bytes(b"somebody")
    bench.chmod(0o444)
    assert cli("run", bench).code == 2
    assert len(xlbackflush.tables(str(bench))["Counts"]) == 5
    assert bench.read_bytes() == before


# -------------------------------------------------------------------------------------------- what is refused


def not_ours(path: Path) -> Path:
    parts = Parts(bench_book(path))
    place = parts.tables()["BOM"]
    parts.edit(place.part, 'displayName="BOM"', 'displayName="Bill"')
    return parts.save(path)


def text(path: Path) -> Path:
    path.write_text("Date;Item")
    return path


def missing(path: Path) -> Path:
    return path


@pytest.mark.parametrize("make", [not_ours, text, missing])
def test_what_is_no_workbook_of_ours_is_refused_as_on_the_command_line(tmp_path: Path, make: Any) -> None:
    path = make(tmp_path / "book.xlsm")
    with pytest.raises(UnusableError) as refusal:
        xlbackflush.tables(path)
    assert f"xlbackflush: {refusal.value}\n" == cli("run", path).err


# --------------------------------------------------------------------------------------------- what is loaded


def loaded(code: str, *arguments: object) -> set[str]:
    """The modules that Python loads for some code."""
    code = f"import sys; before = set(sys.modules)\n{code}\nprint('', *set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], check=True, capture_output=True, text=True
    )
    return set(done.stdout.rsplit("\n", 2)[-2].split())


def test_the_package_loads_nothing_until_it_is_asked() -> None:
    assert loaded("import xlbackflush; xlbackflush.tables") <= {"xlbackflush", "__future__"}


def test_tables_load_pandas_and_no_xlwings(bench: Path) -> None:
    modules = loaded("import xlbackflush; xlbackflush.tables(sys.argv[1])", bench)
    assert "pandas" in modules
    assert "xlwings" not in modules


def test_a_run_loads_what_it_needs(bench: Path) -> None:
    """Each package costs every run its start: pandas as much as the run itself, numpy's masked arrays as much as all rules."""
    modules = loaded(
        "from xlbackflush.cli.parser import main; assert main(['run', sys.argv[1], '--quiet']) == 0", bench
    )
    packages = {name.split(".")[0] for name in modules} - sys.stdlib_module_names - {"isal"}
    assert packages == {"xlbackflush", "numpy", "python_calamine"}
    assert not modules & {"numpy.ma", "numpy.random", "numpy.polynomial", "numpy.fft", "dataclasses", "csv"}
    rooms = {name.split(".")[1] for name in modules if name.startswith("xlbackflush.")}
    alone = {"dataclass", "late", "terminal"}
    assert rooms - alone == {"cli", "addin", "workbook", "lifecycle", "sheets", "engine", "ooxml", "model", "schema"}
    assert {name for name in modules if name.startswith("xlbackflush.addin.")} == {"xlbackflush.addin.computer"}
    unusual = {"ooxml.unusual_sheet", "ooxml.typed_cells", "engine.inputs.readings", "engine.inputs.changes"}
    assert not modules & {f"xlbackflush.{name}" for name in unusual}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the threads of a process")
def test_a_command_starts_no_threads(bench: Path) -> None:
    code = (
        "import os, sys\nfrom xlbackflush.__main__ import process\nassert process() == 0\n"
        "print('numpy' in sys.modules, len(os.listdir('/proc/self/task')))"
    )
    command = [sys.executable, "-c", code, "run", str(bench), "--quiet"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENBLAS", "OMP", "MKL"))}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert done.stdout == "True 1\n"
