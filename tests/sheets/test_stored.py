"""What a workbook shows where nothing calculates it: in Protected View, previews and phones, and after Excel has opened it
without calculating, so that it does not ask whether to save.

LibreOffice, which calculates every formula anew, is the judge of stored values.
"""

from __future__ import annotations

import re
from pathlib import Path

import office
import openpyxl
import pytest
from support_files import MAIN, NS, Error, Formula, Parts, bench_book, cli, sample_book

from xlbackflush import schema

STATUS_SHEETS = ["About", *(sheet.name for sheet in schema.SHEETS), "Functions"]
HOLD, NOT_RUN = "All checks hold", "Not run yet"


def statuses(path: Path) -> dict[str, object]:
    """The stored status line of every sheet."""
    parts = Parts(path)
    cells = {"About": "A3", "Checks": "C3"}
    return {name: parts.cells(name)[cells.get(name, "B3")][0] for name in STATUS_SHEETS if name in parts.sheets()}


def asks_to_calculate(path: Path) -> bool:
    found = Parts(path).xml("xl/workbook.xml").find("m:calcPr", NS)
    assert found is not None
    return found.get("fullCalcOnLoad") in ("1", "true")


def save(path: Path, **cells: object) -> Path:
    """Type into cells named Sheet_A1."""
    parts = Parts(path)
    for where, value in cells.items():
        parts.put(where.replace("_", "!"), value)  # type: ignore[arg-type]
    return parts.save(path)


# ------------------------------------------------------------------------------------------ stored values


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """New, run, moved and run, run and cleared."""
    folder = tmp_path_factory.mktemp("stored")
    made = {"new": sample_book(folder / "new.xlsm"), "run": sample_book(folder / "run.xlsm", "widgets")}
    made |= {name: bench_book(folder / f"{name}.xlsx") for name in ("moved", "cleared")}
    parts = Parts(made["moved"])
    parts.move_table("Journal", 3, 0)
    parts.move_table("Checks", 2, 0)
    parts.edit("xl/workbook.xml", "Checks!$B$3", "Checks!$B$5")
    parts.save(made["moved"])
    for name in ("run", "moved", "cleared"):
        assert cli("run", made[name]).code == 0
    assert cli("clear", made["cleared"]).code == 0
    return made


def test_every_stored_value_is_what_the_formula_comes_to(books: dict[str, Path]) -> None:
    """All but the functions of the add-in, which LibreOffice cannot ask."""
    for (name, path), anew in zip(books.items(), office.recalculate(list(books.values())), strict=True):
        parts, wrong, count = Parts(path), [], 0
        for sheet in parts.sheets():
            for at, (value, formula) in parts.cells(sheet).items():
                if not formula or "BACKFLUSH_" in formula or "STANDARD_COST(" in formula:
                    continue
                now = anew[sheet][at]
                number = isinstance(value, float | int) and isinstance(now, float | int)
                same = now == pytest.approx(value, rel=1e-9, abs=1e-9) if number else (now or "") == (value or "")
                count += 1
                if not same:
                    wrong.append(f"{name}: {sheet}!{at} holds {value!r}, and comes to {now!r}")
        assert count >= len(schema.SHEETS)
        assert wrong == [], "\n".join(wrong[:10])


def test_no_sheet_says_not_run_yet_after_a_run(books: dict[str, Path]) -> None:
    assert set(statuses(books["run"]).values()) == {HOLD}
    assert NOT_RUN not in {value for value, _ in Parts(books["run"]).cells("Functions").values()}
    assert set(statuses(books["new"]).values()) == set(statuses(books["cleared"]).values()) == {NOT_RUN}


def test_a_check_with_errors_is_counted_wherever_a_sheet_says_so(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    assert cli("run", path).code == 0
    save(path, Counts_E7=Error("#REF!"))
    assert cli("run", path).code == 1
    parts = Parts(path)
    results = [row["Result"] for row in parts.rows("Checks") if row["Check"]]
    errors = [row for row in parts.rows("Findings") if row["Severity"] == "Error"]
    failed = [row for row in parts.rows("Checks") if row["Result"] == "Fail"]
    assert len(failed) == results.count("Fail") == parts.cells("Checks")["B3"][0] == 1
    assert failed[0]["Value"] == len(errors) != 0
    assert set(statuses(path).values()) == {"1 checks fail: see sheet Checks"}
    save(path, Counts_E7=10)
    assert cli("check", path).code == 0
    assert set(statuses(path).values()) == {HOLD}
    assert {row["Result"] for row in Parts(path).rows("Checks")} == {"OK"}


def test_after_a_check_of_what_another_program_saved_without_results_excel_calculates(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    assert cli("run", path).code == 0
    openpyxl.load_workbook(path, keep_vba=True).save(path)
    assert cli("check", path).code == 0
    assert asks_to_calculate(path)
    assert cli("run", path).code == 0
    assert not asks_to_calculate(path)
    assert set(statuses(path).values()) == {HOLD}


def test_a_workbook_that_was_never_run_says_so_after_a_check_with_errors(tmp_path: Path) -> None:
    path = save(bench_book(tmp_path / "book.xlsm"), Counts_E7=Error("#REF!"))
    assert cli("run", path).code == 1
    assert set(statuses(path).values()) == {NOT_RUN}


def test_what_is_restored_says_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLBACKFLUSH_STATE", str(tmp_path / "state"))
    path = bench_book(tmp_path / "book.xlsm")
    assert cli("run", path).code == 0
    assert cli("restore", path).code == 0
    assert set(statuses(path).values()) == {NOT_RUN}
    assert cli("run", path).code == 0
    assert cli("post", path, "--approved-by", "Bob Controller").code == 0
    assert set(statuses(path).values()) == {HOLD}


def cell_xml(parts: Parts, sheet: str, address: str) -> str:
    found = re.search(rf'<c r="{address}".*?</c>', parts[parts.sheets()[sheet]].decode(), re.S)
    assert found
    return found[0]


def test_nothing_but_the_status_changes_on_an_input_sheet(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    before = Parts(path)
    assert cli("run", path).code == 0
    after = Parts(path)
    for sheet in schema.INPUT_SHEETS:
        old, new = cell_xml(before, sheet.name, "B3"), cell_xml(after, sheet.name, "B3")
        assert new == old.replace(f"<v>{NOT_RUN}</v>", f"<v>{HOLD}</v>") != old
        part = before.sheets()[sheet.name]
        assert after[part].decode() == before[part].decode().replace(old, new)


def test_a_status_that_the_user_moved_or_restyled_is_kept_up_and_one_that_was_overwritten_is_the_users(
    tmp_path: Path,
) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    parts = Parts(path)
    formula = parts.cells("Counts")["B3"][1]
    parts.put("Counts!B3", "Ask Bob")
    parts.put("BOM!B3", None)
    parts.put("BOM!K2", Formula(formula, NOT_RUN))
    stock = parts.sheets()["Stock"]  # as a program with prefixes and another spelling writes it
    text = re.sub(r"(?<=<f>)[^<]*", lambda f: f[0].replace('"', "&quot;"), parts[stock].decode())
    parts[stock] = re.sub(r"<(/?)(\w)", r"<\1x:\2", text.split("?>", 1)[1]).replace("xmlns=", "xmlns:x=", 1)
    parts.save(path)
    assert cli("run", path).code == 0
    after = Parts(path)
    assert after[after.sheets()["Counts"]] == parts[parts.sheets()["Counts"]]
    assert after.cells("BOM")["K2"] == (HOLD, formula)
    assert f"<x:v>{HOLD}</x:v>" in after[stock].decode() and f"<x:v>{NOT_RUN}" not in after[stock].decode()


def test_a_stray_cell_far_out_on_the_page_of_help_keeps_no_run_from_its_end(tmp_path: Path) -> None:
    path = save(bench_book(tmp_path / "book.xlsm"), Functions_XFD1048576=1)
    assert cli("run", path).code == 0
    assert set(statuses(path).values()) == {HOLD}


def test_the_company_on_about_is_that_of_the_run(tmp_path: Path) -> None:
    path = save(bench_book(tmp_path / "book.xlsm"), Setup_B7="Planks & Co")
    assert cli("run", path).code == 0
    assert Parts(path).cells("About")["A2"][0] == "Planks & Co"
    path = save(path, Setup_B7=None)
    assert cli("run", path).code == 0
    assert Parts(path).cells("About")["A2"][0] == ""


def test_examples_of_functions_show_the_errors_that_the_add_in_gives(tmp_path: Path) -> None:
    """#N/A: no such item; #VALUE!: no number; nothing where no item is typed."""

    def shown(path: Path) -> dict[str, object]:
        assert cli("run", path).code == 0
        cells = Parts(path).cells("Functions")
        return {str(cells[f"B{row}"][0]).split("(")[0]: cells[f"C{row}"][0] for row in range(16, 12, -1)}

    path = save(bench_book(tmp_path / "book.xlsm"), Functions_B7="nobody")
    assert shown(path) == {
        "=BACKFLUSH_COST": "#N/A", "=BACKFLUSH_QTY": "#N/A", "=STANDARD_COST": "#N/A"
    }  # fmt: skip
    first = shown(save(path, Functions_B7="Bench", Functions_B8="ten"))
    assert first["=BACKFLUSH_COST"] == "#VALUE!" and isinstance(first["=STANDARD_COST"], float)
    assert set(shown(save(path, Functions_B7=None)).values()) == {""}


# ------------------------------------------------------------------------- whether Excel calculates on opening


def test_excel_need_not_calculate_a_new_workbook_or_one_after_a_run(books: dict[str, Path]) -> None:
    assert [name for name, path in books.items() if asks_to_calculate(path)] == []


def test_the_version_of_calculation_is_that_of_a_workbook_that_excel_saved(books: dict[str, Path]) -> None:
    """[MS-XLSX] 2.4.82: Excel calculates a file that names an earlier version, or lacks a feature of its own."""
    import pyopenvba

    blank = next(Path(pyopenvba.__file__).parent.rglob("blank_workbook.xlsx"))
    tags = (f"{{{MAIN}}}calcPr", "{http://schemas.microsoft.com/office/spreadsheetml/2018/calcfeatures}feature")
    of_excel, ours = (
        [(e.tag, e.attrib) for e in Parts(path).xml("xl/workbook.xml").iter() if e.tag in tags]
        for path in (blank, books["new"])
    )
    assert ours == of_excel
    assert len(ours) > 1


def own_sheet(path: Path) -> None:
    book = openpyxl.load_workbook(path, keep_vba=True)
    book.create_sheet("Mine")["A1"] = "=Ledger!I7*2"
    book.save(path)


def input_cell(path: Path) -> None:
    save(path, Counts_E7=Formula("5+5", 10.0))


def beside_a_table(path: Path) -> None:
    save(path, Ledger_Z9=Formula("SUM(G7:G12)", 0.0))


def above_a_moved_table(path: Path) -> None:
    parts = Parts(path)
    parts.move_table("Journal", 3, 0)
    parts.put("Journal!D1", Formula("SUM(Journal[Debit])", 0.0))
    parts.save(path)


def on_the_page_of_help(path: Path) -> None:
    save(path, Functions_F9=Formula("BACKFLUSH_COST(B7,1)", 0.0))


@pytest.mark.parametrize("change", [own_sheet, input_cell, beside_a_table, above_a_moved_table, on_the_page_of_help])
def test_excel_calculates_where_the_user_has_formulas(tmp_path: Path, change: object) -> None:
    """They may hang on what a run writes."""
    path = bench_book(tmp_path / "book.xlsm")
    change(path)  # type: ignore[operator]
    assert cli("run", path).code == 0
    assert asks_to_calculate(path)


def test_excel_calculates_what_was_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs may have changed since."""
    monkeypatch.setenv("XLBACKFLUSH_STATE", str(tmp_path / "state"))
    path = bench_book(tmp_path / "book.xlsm")
    assert cli("run", path).code == 0
    assert cli("restore", path).code == 0
    assert asks_to_calculate(path)
    assert cli("run", path).code == 0
    assert not asks_to_calculate(path)


def test_another_programs_wish_to_calculate_ends_with_a_run(tmp_path: Path) -> None:
    path = bench_book(tmp_path / "book.xlsm")
    parts = Parts(path)
    parts.edit("xl/workbook.xml", '<calcPr calcId="191029"', '<calcPr calcId="124519" fullCalcOnLoad="1" iterate="0"')
    parts.save(path)
    assert cli("check", path).code == 0
    assert asks_to_calculate(path)
    assert cli("run", path).code == 0
    assert not asks_to_calculate(path)
    assert b'<calcPr calcId="124519" iterate="0"/>' in Parts(path)["xl/workbook.xml"]


# ----------------------------------------------------------------------------------------- earlier workbooks


def test_a_workbook_as_it_was_made_before_still_runs_and_keeps_its_looks(tmp_path: Path) -> None:
    """Every output sheet protected with its charts, validations of whole columns, a style Title that is no built-in one."""
    path = bench_book(tmp_path / "book.xlsm")
    parts = Parts(path)
    old = '<sheetProtection sheet="1" objects="1" scenarios="1" formatColumns="0" formatRows="0" sort="0" autoFilter="0"/>'
    for part in parts.sheets().values():
        text = re.sub(r"<ignoredErrors>.*?</ignoredErrors>", "", parts[part].decode())
        text = re.sub(r'(<dataValidation\b[^>]*)20006"', r'\g<1>1048576"', text)
        if part == parts.part_of("Trace"):
            text = text.replace("</sheetData>", f"</sheetData>{old}")
        parts[part] = re.sub(r"<sheetProtection[^>]*/>", old, text)
    parts.edit("xl/styles.xml", ' builtinId="15" customBuiltin="1"', "")
    parts.edit("xl/workbook.xml", '<calcPr calcId="191029"/>', '<calcPr calcId="191029" fullCalcOnLoad="1"/>')
    before = Parts(parts.save(path))
    assert cli("run", path).code == 0
    after = Parts(path)
    assert set(statuses(path).values()) == {HOLD}
    for part in before.sheets().values():
        for what in (r"<sheetProtection[^>]*/>", r"<dataValidations.*</dataValidations>", r"<ignoredErrors>"):
            assert re.findall(what, after[part].decode()) == re.findall(what, before[part].decode())
    assert b"customBuiltin" not in after["xl/styles.xml"]
