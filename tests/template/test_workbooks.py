"""The workbooks that `new` builds: complete, documented, the same every time, and at home in other programs."""

from __future__ import annotations

import datetime as dt
import re
import textwrap
import warnings
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from openpyxl.styles import builtins
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet
from support_files import EPOCH, MAIN, Parts, address, bench_book, cli, sample_book, split

from xlbackflush import schema
from xlbackflush.template import samples
from xlbackflush.template.build import build

ROOT = Path(__file__).parents[2]
JANUARY = dt.date(2026, 1, 1), dt.date(2026, 1, 31)
INPUT_NAMES = [s.name for s in (*schema.INPUT_SHEETS, *schema.IMPORT_SHEETS)]
OUTPUT_NAMES = [s.name for s in schema.OUTPUT_SHEETS]


def made(path: Path, name: str = "template") -> Path:
    """The empty template for January, or a sample."""
    build(path, JANUARY, samples.SAMPLES[name]() if name in samples.SAMPLES else None)
    return path


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    """The empty template, as openpyxl reads it."""
    return openpyxl.load_workbook(made(tmp_path_factory.mktemp("new") / "book.xlsm"), keep_vba=True)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """The parts of the empty template."""
    return Parts(made(tmp_path_factory.mktemp("new") / "book.xlsm"))


NAMES = ["template", *samples.SAMPLES]


# ------------------------------------------------------------------------------------------------- the files


@pytest.mark.parametrize("suffix", ["xlsm", "xlsx"])
@pytest.mark.parametrize("name", NAMES)
def test_two_builds_are_the_same_file(tmp_path: Path, name: str, suffix: str) -> None:
    first, second = (made(tmp_path / f"{n}.{suffix}", name).read_bytes() for n in ("first", "second"))
    assert first == second


@pytest.mark.parametrize("name", NAMES)
def test_the_workbooks_in_the_repository_are_those_that_the_code_builds(tmp_path: Path, name: str) -> None:
    kept = ROOT / "workbooks" / f"{name}.xlsm"
    assert kept.is_file(), f"{kept} is missing"
    now, then = Parts(made(tmp_path / "now.xlsm", name)), Parts(kept)
    assert list(now.content) == list(then.content)
    assert [n for n in now.content if now[n] != then[n]] == [], f"{kept.name} is out of date: build it again"


def test_only_the_suffix_tells_a_macro_workbook(tmp_path: Path) -> None:
    with_macros, without = Parts(made(tmp_path / "a.xlsm")), Parts(made(tmp_path / "a.xlsx"))
    assert b"macroEnabled" in with_macros["[Content_Types].xml"]
    assert b"macroEnabled" not in without["[Content_Types].xml"]
    for needs_macros in (b"vbaProject", b'macro="[0]!', b"BACKFLUSH_", b"functionGroup", b'cm="1"'):
        assert [n for n in without.content if needs_macros in without[n]] == []
        assert [n for n in with_macros.content if needs_macros in with_macros[n]] != []
    assert set(without.sheets()) == set(with_macros.sheets()) - {"Functions"}
    tables = [n for n in without.content if n.startswith("xl/tables/")]
    assert [n for n in tables if without[n] != with_macros[n]] == []


# --------------------------------------------------------------------------------------------------- contents


def test_every_sheet_is_there_in_order(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == [schema.ABOUT, *INPUT_NAMES, *OUTPUT_NAMES, "Functions"]
    assert book.active.title == schema.ABOUT


def test_every_table_is_there_with_its_columns_under_their_headers(book: openpyxl.Workbook) -> None:
    for sheet in schema.SHEETS:
        cells = book[sheet.name]
        assert list(cells.tables) == [t.name for t in sheet.tables]
        for table in sheet.tables:
            left, top, right, bottom = range_boundaries(cells.tables[table.name].ref)
            assert (left, top) == (table.first_col, schema.HEADER_ROW)
            assert bottom > top
            headers = [cells.cell(top, c).value for c in range(left, right + 1)]
            assert headers == table.names == cells.tables[table.name].column_names


def test_units_stand_above_the_headers(book: openpyxl.Workbook) -> None:
    for sheet in schema.SHEETS:
        for table in sheet.tables:
            shown = [
                book[sheet.name].cell(schema.HEADER_ROW - 1, table.first_col + i).value
                for i in range(len(table.columns))
            ]
            assert shown == [c.unit or None for c in table.columns]


def test_every_setting_and_role_has_its_row(parts: Parts) -> None:
    assert [(r["Setting"], r["Meaning"]) for r in parts.rows("Setup")] == [(s.name, s.meaning) for s in schema.SETTINGS]
    accounts = {r["Role"]: (r["Account"], r["Name"]) for r in parts.rows("Accounts") if r["Role"]}
    assert accounts == schema.ROLES
    values = {r["Setting"]: r["Value"] for r in parts.rows("Setup")}
    assert values["Trigger points"] == schema.PCS
    assert values["Period start"] == (JANUARY[0] - EPOCH).days
    assert values["Period end"] == (JANUARY[1] - EPOCH).days


def validations(sheet: Worksheet, cell: str) -> list[object]:
    return [v for v in sheet.data_validations.dataValidation if cell in v.sqref]


def test_every_input_column_has_a_prompt_from_its_first_row_down(book: openpyxl.Workbook) -> None:
    for sheet in schema.INPUT_SHEETS:
        for table in sheet.tables:
            for i, column in enumerate(table.columns):
                rows = (schema.HEADER_ROW + 1, 5000)
                if table.name == "Setup":
                    if column.name != "Value":
                        continue
                    rows = (schema.HEADER_ROW + 1, schema.HEADER_ROW + len(schema.SETTINGS))
                for row in rows:
                    (rule,) = validations(book[sheet.name], address(table.first_col + i, row))
                    assert rule.prompt, (table.name, column.name)
                    assert rule.showInputMessage
                    assert len(rule.prompt) <= 255
                    assert len(rule.promptTitle) <= 32


def test_choices_are_offered_as_lists(book: openpyxl.Workbook) -> None:
    for sheet in schema.INPUT_SHEETS:
        for table in sheet.tables:
            for i, column in enumerate(table.columns):
                if column.choices and table.name != "Accounts":
                    (rule,) = validations(book[sheet.name], address(table.first_col + i, schema.HEADER_ROW + 1))
                    assert rule.type == "list"
                    if column.choices == tuple(schema.ROLES):  # too many for a list in the rule: a name for them
                        assert (rule.formula1, book.defined_names["Roles"].attr_text) == ("Roles", "Accounts[Role]")
                        continue
                    assert rule.formula1 == f'"{",".join(column.choices)}"'
                    assert len(rule.formula1) <= 257


def test_choices_of_a_setting_are_the_cells_that_list_them(book: openpyxl.Workbook) -> None:
    setup = book["Setup"]
    for row, setting in enumerate(schema.SETTINGS, schema.HEADER_ROW + 1):
        if setting.choices:
            (rule,) = validations(setup, f"B{row}")
            assert rule.type == "list"
            left, top, right, bottom = range_boundaries(rule.formula1.replace("$", ""))
            assert left == right
            assert tuple(setup.cell(r, left).value for r in range(top, bottom + 1)) == setting.choices


def test_headers_stay_in_view_and_on_every_printed_page(book: openpyxl.Workbook) -> None:
    for sheet in schema.SHEETS:
        cells = book[sheet.name]
        charted = sheet.name == "Dashboard"  # its charts scroll as one, and print on one page
        assert cells.freeze_panes == (None if charted else address(sheet.freeze_cols + 1, schema.HEADER_ROW + 1))
        assert cells.print_title_rows == f"${schema.HEADER_ROW}:${schema.HEADER_ROW}"
        assert cells.page_setup.orientation == "landscape"
        assert cells.page_setup.fitToHeight == int(charted)
        assert cells.sheet_properties.pageSetUpPr.fitToPage


def test_a_workbook_is_read_without_a_warning_and_prints_cells_that_it_has(tmp_path: Path) -> None:
    """openpyxl drops a print area of whole columns, and says so."""
    path = sample_book(tmp_path / "book.xlsm", "widgets")
    assert cli("run", path).code == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sheets = openpyxl.load_workbook(path, keep_vba=True)
    named = Parts(path)["xl/workbook.xml"].decode().count("_xlnm.Print_Area")
    areas = [sheet.print_area.split(",") for sheet in sheets if sheet.print_area]
    assert len(areas) == named
    assert all(None not in range_boundaries(part.split("!")[1]) for area in areas for part in area)


def lines_needed(text: object, width: float) -> int:
    """Lines that a text takes in a column, broken at spaces, or within a word that is longer than a line."""
    return len(textwrap.wrap(str(text or ""), int(1.1 * width))) or 1


def test_descriptions_of_corrections_have_the_room_that_they_need(tmp_path: Path) -> None:
    """A reversal quotes the whole description that it takes back: it is wrapped, and its row is high enough."""
    path = sample_book(tmp_path / "book.xlsm", "widgets")
    assert cli("run", path).code == 0
    assert cli("post", path, "--approved-by", "Bob Controller").code == 0
    workbook = openpyxl.load_workbook(path, keep_vba=True)
    workbook["Counts"]["E7"].value += 5
    workbook.save(path)
    assert cli("run", path).code == 0
    sheet = openpyxl.load_workbook(path, keep_vba=True)["Journal"]
    letter = address(1 + schema.JOURNAL.names.index("Description"), 1)[:-1]
    most = 0
    for row in range(schema.HEADER_ROW + 1, sheet.max_row + 1):
        cell = sheet[f"{letter}{row}"]
        lines = lines_needed(cell.value, sheet.column_dimensions[letter].width)
        assert cell.alignment.wrap_text and sheet.row_dimensions[row].height >= 12.5 * lines, cell.value
        most = max(most, lines)
    assert most == 2


def test_packed_inputs_are_shown_as_one_word(tmp_path: Path) -> None:
    """Thousands of characters would run over the page, and shrink its print; the cells hold them all the same."""
    path = sample_book(tmp_path / "book.xlsm", "widgets")
    assert cli("run", path).code == 0
    cells = [
        c for (c,) in openpyxl.load_workbook(path)["Run Inputs"].iter_rows(min_col=5, max_col=5, min_row=7) if c.value
    ]
    assert cells and {cell.number_format for cell in cells} == {';;;"packed"'}
    assert all(len(cell.value) > 1_000 for cell in cells[:-1])


def test_texts_on_the_about_sheet_have_the_room_that_they_need(book: openpyxl.Workbook) -> None:
    sheet = book[schema.ABOUT]
    wrapped = [(row, cell) for row in range(1, sheet.max_row + 1) if (cell := sheet.cell(row, 1)).alignment.wrap_text]
    assert any("Ctrl+[ in Excel" in cell.value for _, cell in wrapped)
    for row, cell in wrapped:  # of size 11, where widths count digits of size 10
        lines = lines_needed(cell.value, sheet.column_dimensions["A"].width * 10 / 11)
        assert sheet.row_dimensions[row].height >= 15 * lines, cell.value


def links(sheet: Worksheet) -> list[str]:
    """Where the cells of a sheet lead to, from top to bottom."""
    return [cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink]


def test_the_about_sheet_leads_to_every_sheet_and_every_sheet_back(book: openpyxl.Workbook) -> None:
    targets = [location.rsplit("!", 1)[0].strip("'") for location in links(book[schema.ABOUT])]
    assert targets == [*INPUT_NAMES, *OUTPUT_NAMES, "Functions"]
    for name in targets:
        assert links(book[name]) == [f"{schema.ABOUT}!A1"]


def test_the_about_sheet_says_what_each_sheet_is_for(book: openpyxl.Workbook) -> None:
    text = "\n".join(str(row[0]) for row in book[schema.ABOUT].iter_rows(values_only=True))
    assert all(sheet.purpose in text for sheet in schema.SHEETS)


def test_master_check_is_one_cell_that_counts_failures(book: openpyxl.Workbook) -> None:
    ((sheet, cell),) = book.defined_names[schema.MASTER_CHECK].destinations
    assert (sheet, cell) == ("Checks", "$B$3")
    assert "Checks[Result]" in book[sheet]["B3"].value


def test_output_sheets_are_protected_and_input_cells_are_open(book: openpyxl.Workbook) -> None:
    assert all(book[name].protection.sheet for name in OUTPUT_NAMES if name != "Trace")
    assert not any(book[name].protection.sheet for name in INPUT_NAMES)
    assert not any(book[name].protection.password for name in OUTPUT_NAMES)
    assert not book["Counts"].cell(schema.HEADER_ROW + 1, 5).protection.locked


def test_a_protected_sheet_can_be_filtered_resized_and_commented(book: openpyxl.Workbook) -> None:
    """An attribute that is true forbids; `objects` would forbid comments, and charts to be copied."""
    protected = [sheet.protection for sheet in book if sheet.protection.sheet]
    assert len(protected) >= len(OUTPUT_NAMES)
    for protection in protected:
        allowed = ("autoFilter", "sort", "formatColumns", "formatRows", "pivotTables", "objects")
        assert [
            name for name in (*allowed, "selectLockedCells", "selectUnlockedCells") if protection.__dict__[name]
        ] == []
        assert protection.formatCells and protection.insertRows and protection.deleteRows


def test_no_sheet_whose_groups_open_and_close_is_protected(tmp_path: Path) -> None:
    """Excel refuses the plus and minus of an outline on a protected sheet."""
    path = sample_book(tmp_path / "book.xlsm", "widgets")
    assert cli("run", path).code == 0
    assert cli("explain", path, "Journal!I7").code == 0
    sheets = openpyxl.load_workbook(path)
    outlined = [
        s for s in sheets if any(d.outlineLevel for d in (*s.row_dimensions.values(), *s.column_dimensions.values()))
    ]
    assert [sheet.title for sheet in outlined] == ["Trace"]
    assert not any(sheet.protection.sheet for sheet in outlined)


def ignored(sheet: ET.Element, rule: str) -> list[tuple[int, int, int, int]]:
    """The areas in which one of Excel's rules for errors is switched off: columns and rows of their corners."""
    areas = []
    for element in sheet.iterfind(f"{{{MAIN}}}ignoredErrors/{{{MAIN}}}ignoredError"):
        if element.get(rule) == "1":
            areas += [range_boundaries(area) for area in str(element.get("sqref")).split()]
    return areas


def test_no_cell_of_ours_has_a_green_triangle(tmp_path: Path) -> None:
    """Codes of digits are text, and neighbouring formulas differ; numbers typed as text in columns of numbers stay marked."""
    path = sample_book(tmp_path / "book.xlsm", "widgets")
    parts = Parts(path)
    parts.put("Standard Cost!A7", "0815")
    parts.save(path)
    assert cli("run", path).code in (0, 1)
    parts, marked = Parts(path), []
    for name, part in parts.sheets().items():
        sheet = parts.xml(part)
        areas = {rule: ignored(sheet, rule) for rule in ("numberStoredAsText", "formula", "calculatedColumn")}
        for at, (value, formula) in parts.cells(name).items():
            rules = ["numberStoredAsText"] if isinstance(value, str) and re.fullmatch(r"[\d.,]*\d", value) else []
            if formula and name in OUTPUT_NAMES:
                rules += ["formula", "calculatedColumn"]
            column, row = split(at)
            for rule in rules:
                if not any(
                    left <= column <= right and top <= row <= bottom for left, top, right, bottom in areas[rule]
                ):
                    marked.append((name, at, rule))
    assert marked == []
    assert any(value == "0815" for value, _ in parts.cells("Standard Cost").values())
    counts = ignored(parts.xml(parts.sheets()["Counts"]), "numberStoredAsText")
    quantity = 1 + schema.TABLES["Counts"].names.index("Quantity")
    assert not [area for area in counts if area[0] <= quantity <= area[2]]


def test_a_style_with_the_name_of_one_of_excels_own_says_so(parts: Parts) -> None:
    named = parts.xml("xl/styles.xml").findall(f"{{{MAIN}}}cellStyles/{{{MAIN}}}cellStyle")
    known = {name: str(style.builtinId) for name, style in builtins.styles.items()}
    ours = {str(style.get("name")): style.get("builtinId") for style in named}
    assert {name: number for name, number in ours.items() if name in known or number} == {
        name: known[name] for name in ours if name in known
    }
    assert ours["Title"] == "15"
    assert [s.get("customBuiltin") for s in named if s.get("name") == "Title"] == ["1"]


def test_validations_end_where_every_reader_can_expand_them_and_reach_over_all_rows(tmp_path: Path) -> None:
    path, rows = tmp_path / "long.xlsx", 20_500
    sample = samples.SAMPLES["computers"]()
    sample.tables["Counts"] = [sample.tables["Counts"][0]] * rows
    build(path, JANUARY, sample)
    parts, lasts = Parts(path), {}
    for sheet in schema.INPUT_SHEETS:
        text = parts[parts.sheets()[sheet.name]].decode()
        areas = re.findall(r'<dataValidation\b[^>]*sqref="([^"]*)"', text)
        lasts[sheet.name] = max(range_boundaries(area)[3] for area in areas)
    assert lasts.pop("Counts") == schema.HEADER_ROW + rows
    assert max(lasts.values()) == schema.HEADER_ROW + 20_000


def test_no_column_name_repeats_within_a_table_and_no_table_name_within_the_book() -> None:
    names = [t.name for s in schema.SHEETS for t in s.tables]
    assert len({n.casefold() for n in names}) == len(names)
    for table in schema.TABLES.values():
        assert len({n.casefold() for n in table.names}) == len(table.names)


# ---------------------------------------------------------------------------------------------------- samples


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_samples_name_columns_of_the_schema(name: str) -> None:
    tables = samples.SAMPLES[name]().tables
    assert tables.keys() <= {t.name for t in schema.INPUT_TABLES}
    for table, rows in tables.items():
        assert rows and {column for row in rows for column in row} <= set(schema.TABLES[table].names)


def test_cells_of_a_sample_keep_their_kind(tmp_path: Path) -> None:
    files = {
        "about.txt": "A title\n\nOne sentence,\nover two lines.\n",
        "Setup.csv": "Setting,Value\nCompany,0815\nPeriod end,2026-10-31\nMateriality %,0.05\n",
        # as Excel saves it: a byte order mark, lines that end as on Windows
        "BOM.csv": '\ufeffParent,Component,Qty per,Effective from,Note\r\n007,1e5,2,,\r\n,,,2026-10-16,"a, ""b"""\r\n',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    sample = samples.read_sample(tmp_path)
    assert (sample.title, sample.about) == ("A title", "One sentence, over two lines.")
    assert sample.settings == {"Company": "0815", "Period end": dt.date(2026, 10, 31), "Materiality %": 0.05}
    first = {"Parent": "007", "Component": "1e5", "Qty per": 2}
    assert sample.tables == {"BOM": [first, {"Effective from": dt.date(2026, 10, 16), "Note": 'a, "b"'}]}


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_settings_and_choices_of_a_sample_are_allowed(name: str) -> None:
    sample = samples.SAMPLES[name]()
    known = {s.name: s for s in schema.SETTINGS}
    for setting, value in sample.settings.items():
        assert not known[setting].choices or value in known[setting].choices
    for table, rows in sample.tables.items():
        for column in schema.TABLES[table].columns:
            for row in rows:
                assert not column.required or column.name in row, (table, row)
                assert not column.choices or row.get(column.name, column.choices[0]) in column.choices, (table, row)


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_cell_of_a_sample_is_in_its_workbook(tmp_path: Path, name: str) -> None:
    sample, held = samples.SAMPLES[name](), Parts(sample_book(tmp_path / "book.xlsm", name))
    for table, rows in sample.tables.items():
        shown = [{c: (v - EPOCH).days if isinstance(v, dt.date) else v for c, v in row.items()} for row in rows]
        read = [{c: v for c, v in row.items() if v is not None} for row in held.rows(table)]
        assert [row for row in read if row] == shown, table
    settings = {r["Setting"]: r["Value"] for r in held.rows("Setup")}
    for setting, value in sample.settings.items():
        assert settings[setting] == ((value - EPOCH).days if isinstance(value, dt.date) else value)


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_a_sample_runs_and_every_check_holds(tmp_path: Path, name: str) -> None:
    result = cli("run", sample_book(tmp_path / "book.xlsm", name), "--json")
    assert result.code == 0
    assert result.json["checks"]["failed"] == 0
    assert result.json["debits"] == result.json["credits"] > 0


def test_entries_are_dated_period_end_and_the_reversal_the_day_after(tmp_path: Path) -> None:
    path = sample_book(tmp_path / "book.xlsm", "widgets")
    assert cli("run", path).code == 0
    dates = {row["Event"]: row["Posting date"] for row in Parts(path).rows("Journal")}
    assert dates.pop("Reversal") == (dt.date(2026, 11, 1) - EPOCH).days
    assert set(dates.values()) == {(dt.date(2026, 10, 31) - EPOCH).days}


# ----------------------------------------------------------------------------------------------- round trips


def posted(path: Path) -> list[tuple[object, ...]]:
    columns = ("Entry", "Line", "Posting date", "Event", "Role", "Debit", "Credit", "Description", "Source", "Proof")
    return [tuple(row[c] for c in columns) for row in Parts(path).rows("Journal")]


@pytest.mark.parametrize("first", ["saved before the run", "saved after a run"])
@pytest.mark.parametrize(("name", "suffix"), [("computers", "xlsm"), ("computers", "xlsx"), ("widgets", "xlsm")])
def test_a_workbook_that_openpyxl_saved_still_runs(tmp_path: Path, name: str, suffix: str, first: str) -> None:
    direct = sample_book(tmp_path / f"direct.{suffix}", name)
    cell = Parts(direct).where("Counts", "Quantity", 1).split("!")[1]
    changed = Parts(direct)
    quantity = changed.cells("Counts")[cell][0] - 1
    changed.put(f"Counts!{cell}", quantity)
    changed.save(direct)
    assert cli("run", direct).code == 0

    saved = sample_book(tmp_path / f"saved.{suffix}", name)
    if first == "saved after a run":
        assert cli("run", saved).code == 0
    workbook = openpyxl.load_workbook(saved, keep_vba=suffix == "xlsm")
    workbook["Counts"][cell] = quantity
    workbook.save(saved)
    result = cli("run", saved, "--json")
    assert result.code == 0, result
    assert result.json["checks"]["failed"] == 0
    assert posted(saved) == posted(direct)
    assert openpyxl.load_workbook(saved, keep_vba=suffix == "xlsm").sheetnames[0] == schema.ABOUT


def test_every_formula_is_stored_with_its_result(tmp_path: Path) -> None:
    """So that a program that does not calculate reads the same."""
    path = bench_book(tmp_path / "book.xlsx")
    assert cli("run", path).code == 0
    held = Parts(path)
    cells = [(name, at, *cell) for name in OUTPUT_NAMES for at, cell in held.cells(name).items()]
    assert len([1 for _, _, _, formula in cells if formula]) > 500
    assert [(name, at, formula) for name, at, value, formula in cells if formula and value is None] == []
