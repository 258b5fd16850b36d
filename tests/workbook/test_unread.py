"""No number is read as nothing: what stands in a cell of the inputs is read, or said at its cell, however the file is written.

Every column of every input table of the bench, and every setting, is attacked in turn: with what is no number, with a value
split in its XML, with a type that it has not. `XLBACKFLUSH_FUZZ=full` makes every attack on every column.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support_files import HEAD, MAIN, Parts, bench_book, cli, found, ran_book, refused

from xlbackflush import schema
from xlbackflush.engine.inputs.accept import accept
from xlbackflush.model.tables import CellError
from xlbackflush.workbook.file import FileBook

FULL = os.environ.get("XLBACKFLUSH_FUZZ") == "full"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return bench_book(tmp_path / "book.xlsx")


#: the number that stands in the attacked cell, and how it is written
SPLIT: dict[str, str] = {
    "a comment inside": "<v>46<!-- -->100</v>",
    "a comment before": "<v><!-- -->46100</v>",
    "a marked section": "<v><![CDATA[46100]]></v>",
    "half in a marked section": "<v>461<![CDATA[00]]></v>",
    "an instruction inside": "<v>461<?x?>00</v>",
    "references": "<v>&#52;6100</v>",
    "blanks": "<v>\n 46100 </v>",
    "another cell in a comment": "<!-- <v>7</v> --><v>46100</v>",
    "a result before its formula": "<v>46100</v><f>1+1</f>",
}
NOTHING: dict[str, tuple[str, str]] = {
    "NaN": ("", "<v>NaN</v>"),
    "infinity": ("", "<v>INF</v>"),
    "more than a number holds": ("", "<v>1e999</v>"),
    "a word": (' t="n"', "<v>fifty</v>"),
    "a truth value that is none": (' t="b"', "<v>2</v>"),
    "a shared text that is not there": (' t="s"', "<v>99999</v>"),
    "an unknown type": (' t="q"', "<v>46100</v>"),
    "an error in other quotes": (" t = 'e'", "<v>#REF!</v>"),
    "a formula without a result": ("", "<f>1+1</f><v><!-- 5 --></v>"),
}
ATTACKS = [*SPLIT, *NOTHING]
COLUMNS = [(table.name, column) for table in schema.INPUT_TABLES for column in table.names]


def attacked(path: Path, table: str, column: str, attack: str) -> str:
    """A bench in which the first cell of a column is attacked; gives the cell."""
    parts = Parts(bench_book(path))
    where = parts.where(table, column)
    cell, part = where.split("!")[1], parts.part_of(table)
    parts.put(where, 1)
    kind, content = NOTHING[attack] if attack in NOTHING else ("", SPLIT[attack])
    xml, count = re.subn(
        rf'<c r="{cell}"[^>]*>.*?</c>', f'<c r="{cell}"{kind}>{content}</c>', parts[part].decode(), count=1
    )
    assert count == 1
    parts[part] = xml
    parts.save(path)
    return where


ONE_EACH = [(*column, ATTACKS[n % len(ATTACKS)]) for n, column in enumerate(COLUMNS)]
ALL = [(*column, attack) for column in COLUMNS for attack in ATTACKS]


@pytest.mark.parametrize(("table", "column", "attack"), ALL if FULL else ONE_EACH, ids=str)
def test_what_stands_in_a_cell_is_read_or_said(tmp_path: Path, table: str, column: str, attack: str) -> None:
    where = attacked(tmp_path / "book.xlsx", table, column, attack)
    with FileBook(tmp_path / "book.xlsx") as file:
        sources = file.read()
    cell = sources[table].rows[0][sources[table].columns.index(column)]
    if attack in SPLIT:
        assert cell == 46100.0
    else:
        assert isinstance(cell, CellError)
        findings = {finding.where: finding for finding in accept(sources)[1] if finding.severity == schema.ERROR}
        if column not in ("Meaning", "Setting"):  # words of ours; a setting without its name is missing
            assert where in findings, findings


def test_a_split_number_is_posted_whole(book: Path) -> None:
    """50 for 5, as one reader has it: the bench completes 10 frames and 12, and the first count reads 1<!-- -->0."""
    parts = Parts(book)
    part = parts.part_of("Counts")
    parts.edit(part, "<v>10</v>", "<v>1<!-- ten -->0</v>")
    parts.edit(part, "<is><t>Bench</t></is>", "<is><t>Be<![CDATA[nch]]></t></is>")
    parts.save(book)
    assert cli("run", book).code == 0
    expected = ran_book(book.with_name("ran.xlsx"))
    apart = ("Run", "Seal", "Link")
    lines = [
        [{k: v for k, v in row.items() if k not in apart} for row in Parts(p).rows("Journal")] for p in (book, expected)
    ]
    assert lines[0] == lines[1]


def test_payroll_that_is_no_number_stops_the_run(book: Path) -> None:
    """ExcelJS writes NaN into a cell; read as a blank it would vanish from cost of goods sold."""
    parts = Parts(book)
    parts.edit(parts.part_of("Actuals"), "<v>570</v>", "<v>NaN</v>")
    before = parts.save(book).read_bytes()
    result = cli("run", book)
    assert result.code == 1
    assert 'Actuals!E7  Amount holds the error value "NaN".' in result.out
    assert book.read_bytes() != before  # the finding is on its sheet
    assert [row["Where"] for row in Parts(book).rows("Findings")] == ["Actuals!E7"]


def other_header(parts: Parts) -> None:
    """The header cells of two columns change places, but not the columns of the table, as programs do that know none."""
    parts.put_all("Stock", {"B6": "Counted qty", "C6": "Opening qty"})


def blank_header(parts: Parts) -> None:
    parts.put("Stock!B6", None)


@pytest.mark.parametrize(("change", "cells"), [(other_header, ["B6", "C6"]), (blank_header, ["B6"])])
def test_a_header_that_is_not_the_columns_stops_the_run(
    book: Path, change: Callable[[Parts], None], cells: list[str]
) -> None:
    parts = Parts(book)
    change(parts)
    parts.save(book)
    assert found(book) == [("C14", f"Stock!{cell}") for cell in cells]


@pytest.mark.parametrize(
    ("table", "sheet"), [("Purchases", "Purchases"), ("BOM", "BOM"), ("StandardCost", "Standard Cost")]
)
def test_a_table_that_was_made_a_range_is_refused(book: Path, table: str, sheet: str) -> None:
    """With what to do in Excel; a new workbook would lose everything that was typed."""
    parts = Parts(book)
    del parts.content[parts.part_of(table).replace("worksheets/", "worksheets/_rels/") + ".rels"]
    line = refused(book, parts.save(book).read_bytes())
    assert f"sheet {sheet} has no table {table}, so that what stands there is not read." in line
    assert "press Ctrl+T" in line and f"name the table {table} (Table Design" in line
    assert "xlbackflush new" not in line


def test_a_table_of_another_name_is_refused(book: Path) -> None:
    parts = Parts(book)
    parts.edit(parts.tables()["Actuals"].part, 'displayName="Actuals"', 'displayName="Payroll"')
    line = refused(book, parts.save(book).read_bytes())
    assert "sheet Actuals has no table Actuals" in line and "called Payroll: name it Actuals again" in line


def test_a_required_column_under_another_name_is_named(book: Path) -> None:
    parts = Parts(book)
    parts.edit(parts.tables()["Counts"].part, 'name="Quantity"', 'name="Qty"')
    line = refused(book, parts.save(book).read_bytes())
    assert 'table Counts has no column Quantity. Cell E6 reads "Qty": correct it there.' in line


def test_cells_that_are_prefixed_are_written_back_as_they_were(book: Path) -> None:
    """The slow way of reading changes nothing of the part."""
    parts = Parts(book)
    part = parts.part_of("Counts")
    parts[part] = parts[part].replace(b"<v>10</v>", b"<v>1<!-- ten -->0</v>")
    parts.save(book)
    assert cli("run", book).code == 0
    assert b"<v>1<!-- ten -->0</v>" in Parts(book)[part]
    assert HEAD.encode() in Parts(book)[part]
    assert MAIN.encode() in Parts(book)[part]


#: pieces that are no XML, or stand in a comment, and what they would have searched again and again
ENDLESS = {
    "cells without an end": '<c r="ZZ9"><f>x</f>',
    "formulas without an end": "<f ",
    "rows without an end": '<row r="9" ',
    "errors of nothing": ' t="e"',
    "formulas of nothing": "<f/>",
}


SHEETS, AROUND = ("About", "Counts", "Journal"), ("{}", "<!-- {} -->")
LONG = [(sheet, piece, around) for sheet in SHEETS for piece in ENDLESS for around in AROUND]
TRIED = LONG if FULL else [case for case in LONG if case[:2] == ("About", "cells without an end")]


@pytest.mark.parametrize(("sheet", "piece", "around"), TRIED)
def test_a_file_that_was_made_to_take_long_takes_no_time(book: Path, sheet: str, piece: str, around: str) -> None:
    """300,000 pieces pack to a few kilobytes; a search that goes back to the top from each takes minutes."""
    parts = Parts(ran_book(book))
    part = parts.sheets()[sheet]
    parts.edit(part, "</sheetData>", around.format(ENDLESS[piece] * 300_000) + "</sheetData>")
    parts.save(book)
    before = time.process_time()
    result = cli("run", book)
    assert time.process_time() - before < 4
    assert result.code in (0, 2), result
