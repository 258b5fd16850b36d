"""Upgrade: workbooks out of which something was taken get it back, and nothing else in them changes.

Reading order: what a workbook may lack - what is added, thing by thing - what was posted - what is the user's - what is in
the way - other programs.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path
from typing import Any

import office
import pytest
from com_file import Workbook
from in_excel import by_file, differences, live, told
from older import Surgery, with_columns, without_column, without_row, without_sheet, without_version
from own_books import own_book, prefixed
from support_files import Parts, address, bench_book, cli, refused, split
from validator import objections

from xlbackflush import schema
from xlbackflush.addin import macros
from xlbackflush.cli.rolling import roll
from xlbackflush.template.upgrade import upgrade

OPTIONAL = [(t.name, c.name) for t in schema.INPUT_TABLES for c in t.columns if not c.required and c.name != "Value"]
SHEETS = [t.name for t in schema.INPUT_TABLES if t not in schema.ESSENTIAL]
SETTINGS = [s.name for s in schema.SETTINGS if s.default is not None or not s.required]
OUTPUT_SHEETS = ["Dashboard", "Sensitivity", "Journal", "Findings", "RunInputs"]
#: of an output table: what a run writes first, in the middle, last; and what others rest on
OUTPUTS = [
    ("Journal", "Run"), ("Journal", "Account name"), ("Journal", "Comment"), ("Variances", "Variance"),
    ("Variances", "Explanation"), ("Variances", "Part of"), ("Checks", "Check"), ("Checks", "Value"), ("Checks", "Result"),
    ("InputControls", "Sheet"), ("InputControls", "Changed"),
    ("Findings", "Severity"), ("Findings", "What"), ("Findings", "Effect"), ("Trace", "Level"), ("Ledger", "Closing"),
    ("Runs", "User"), ("RunInputs", "Content"), ("Dashboard", "Label"), ("Sensitivity", "What"),
]  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bench, not yet run; not to be changed."""
    return bench_book(tmp_path_factory.mktemp("bench") / "bench.xlsm")


@pytest.fixture(scope="module")
def ran(bench: Path) -> Parts:
    """The bench after a run."""
    path = Path(shutil.copy(bench, bench.with_name("ran.xlsm")))
    runs(path)
    return Parts(path)


@pytest.fixture(scope="module")
def posted(bench: Path) -> Path:
    """The bench, run and posted; not to be changed."""
    path = Path(shutil.copy(bench, bench.with_name("posted.xlsm")))
    runs(path)
    assert cli("post", path, "--approved-by", "Jones").code == 0
    return path


def older(source: Path, folder: Path, *surgeries: Surgery) -> Path:
    """A copy of a workbook without something."""
    parts = Parts(source)
    for surgery in surgeries:
        surgery(parts)
    return parts.save(folder / "older.xlsm")


def runs(path: Path) -> list[str]:
    """Run a workbook that must run, every check holding. Gives the codes of its findings."""
    result = cli("run", path, "--json")
    assert result.code == 0, result
    assert result.json["checks"]["failed"] == 0, result.json
    return [f["code"] for f in result.json["findings"]]


def lines(workbook: Path | Parts, table: str = "Journal") -> list[dict[str, Any]]:
    """The rows of a table, but for what differs from run to run."""
    apart = ("Started", "User", "Content", "SHA-256", "Input hash")
    parts = workbook if isinstance(workbook, Parts) else Parts(workbook)
    return [{k: row[k] for k in sorted(row) if k not in apart} for row in parts.rows(table)]


@pytest.fixture(scope="module")
def outputs(ran: Parts) -> dict[str, list[dict[str, Any]]]:
    """`lines` of every output table of the bench after a run."""
    return {table.name: lines(ran, table.name) for table in schema.OUTPUT_TABLES}


def changed(before: Parts, after: Parts) -> set[str]:
    """The parts that were changed or added; none is gone."""
    assert set(before.content) <= set(after.content)
    return {name for name, content in after.content.items() if before.content.get(name) != content}


def styled(parts: Parts, sheet: str) -> dict[str, tuple[str, Any]]:
    """Every cell of a sheet as it is stored, with its style."""
    xml = parts[parts.sheets()[sheet]].decode()
    cells = re.finditer(r'<c r="([A-Z]+\d+)"([^>]*?)(?:/>|>(.*?)</c>)', xml, re.S)
    return {cell[1]: (cell[2], cell[3]) for cell in cells}


def same_tables(path: Path) -> None:
    """The workbook has the tables, columns, settings, roles and names of a new one."""
    parts = Parts(path)
    tables = parts.tables()
    assert {name: sorted(table.columns) for name, table in tables.items()} == {
        name: sorted(table.names) for name, table in schema.TABLES.items()
    }
    assert {row["Setting"] for row in parts.rows("Setup")} == {s.name for s in schema.SETTINGS}
    assert {row["Role"] for row in parts.rows("Accounts")} == set(schema.ROLES)
    names = dict(re.findall(r'<definedName name="(\w+)">([^<]*)<', parts["xl/workbook.xml"].decode()))
    assert names["BackflushSchema"] == str(schema.SCHEMA_VERSION)
    assert {"Items", "Roles", "MasterCheck"} <= set(names)


def upgrades(path: Path) -> list[str]:
    """Upgrade a workbook, and once more, which adds nothing. Gives what was added."""
    result = cli("upgrade", path, "--json")
    assert result.code == 0, result
    assert result.json["version"] == schema.SCHEMA_VERSION
    same_tables(path)
    content = path.read_bytes()
    again = cli("upgrade", path)
    assert again.out == f"Nothing to add: the workbook is of schema version {schema.SCHEMA_VERSION}.\n"
    assert path.read_bytes() == content
    return [str(line) for line in result.json["added"]]


# ---------------------------------------------------------------------------------- what a workbook may lack


@pytest.mark.parametrize("table", SHEETS)
def test_a_sheet_of_inputs_that_is_not_there_is_empty(bench: Path, tmp_path: Path, table: str) -> None:
    """What a run gives without the sheet is what it gives with the sheet that the upgrade adds, which is blank."""
    path = older(bench, tmp_path, without_sheet(table))
    assert "S12" in runs(path)
    expected = lines(path)
    formulas = [
        f for s in Parts(path).sheets() for _, f in Parts(path).cells(s).values() if re.search(rf"\b{table}\[", f)
    ]
    assert formulas == []
    assert upgrades(path) == [f"sheet {schema.SHEET_OF[table].name} with table {table}"]
    assert list(Parts(path).sheets()) == list(Parts(bench).sheets())
    assert "S12" not in runs(path)
    assert lines(path) == expected


def test_sheets_that_are_added_are_valid(bench: Path, tmp_path: Path) -> None:
    """All that can be added, in one workbook: the validator takes longer than the upgrade."""
    path = older(bench, tmp_path, *map(without_sheet, (*SHEETS, *OUTPUT_SHEETS)))
    assert len(upgrades(path)) == len(SHEETS) + len(OUTPUT_SHEETS)
    assert list(Parts(path).sheets()) == list(Parts(bench).sheets())
    runs(path)
    assert objections(path) == []


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_is_not_there_has_its_default(
    bench: Path, outputs: dict[str, list[dict[str, Any]]], tmp_path: Path, setting: str
) -> None:
    path = older(bench, tmp_path, without_row("Setup", setting))
    assert "S11" in runs(path)
    (line,) = upgrades(path)
    row = 6 + len(schema.SETTINGS)
    assert line.startswith(f"setting {setting}, at Setup!B{row}; ")
    assert "S11" not in runs(path)
    assert lines(path) == outputs["Journal"]
    own = next(row for row in Parts(path).rows("Setup") if row["Setting"] == setting)
    known = next(s for s in schema.SETTINGS if s.name == setting)
    assert own["Value"] == (known.default if known.required else None)
    assert own["Meaning"].startswith(known.meaning)
    rules = re.findall(rf'<dataValidation [^>]*sqref="B{row}">.*?</dataValidation>', rules_of(path, "Setup"))
    assert len(rules) == 1
    if known.choices:
        first, last = re.search(r"<formula1>\$([A-Z]+\$\d+):\$([A-Z]+\$\d+)<", rules[0]).groups()  # type: ignore[union-attr]
        cells, (column, top), (_, bottom) = (
            Parts(path).cells("Setup"),
            split(first.replace("$", "")),
            split(last.replace("$", "")),
        )
        assert tuple(cells[address(column, r)][0] for r in range(top, bottom + 1)) == known.choices


def test_what_an_earlier_version_did_not_have_is_no_loss(bench: Path, tmp_path: Path) -> None:
    """A note where a default is used; nothing where a column is blank."""
    cuts = (
        without_version,
        without_sheet("WIP"),
        without_row("Setup", "Materiality %"),
        without_column("BOM", "Scrap %"),
    )
    assert [code for code in runs(older(bench, tmp_path, *cuts)) if code[0] in "CS"] == ["S05", "S09"]


def test_what_the_version_had_and_is_gone_is_a_warning(bench: Path, tmp_path: Path) -> None:
    cuts = without_sheet("WIP"), without_row("Setup", "Materiality %"), without_column("BOM", "Scrap %")
    assert [code for code in runs(older(bench, tmp_path, *cuts)) if code[0] in "CS"] == ["C12", "S11", "S12"]


def rules_of(path: Path, sheet: str) -> str:
    """The validations of a sheet."""
    parts = Parts(path)
    return re.search(r"<dataValidations.*</dataValidations>", parts[parts.sheets()[sheet]].decode(), re.S)[0]  # type: ignore[index]


LAST_CHOICE = "Conversion incurred is"  # its list is the last on Setup


def test_choices_that_are_not_listed_are_listed_to_the_right_of_all_others(bench: Path, tmp_path: Path) -> None:
    """Setting and list were taken out: those of a later version are new to the workbook."""
    path = older(bench, tmp_path, without_row("Setup", LAST_CHOICE))
    parts = Parts(path)
    (where,) = [a for a, (value, _) in parts.cells("Setup").items() if value == f"Choices: {LAST_CHOICE}"]
    column = split(where)[0]
    parts.put_all("Setup", {address(column, row): None for row in range(7, 12)})
    parts.save(path)
    upgrades(path)
    cells = Parts(path).cells("Setup")
    assert [cells[address(column, row)][0] for row in (7, 8, 9)] == [
        f"Choices: {LAST_CHOICE}",
        schema.RECORDED_HERE,
        schema.IN_THE_LEDGER,
    ]
    letter = address(column, 1)[:-1]
    assert f"<formula1>${letter}$8:${letter}$9</formula1>" in rules_of(path, "Setup")


@pytest.mark.parametrize("role", schema.ROLES)
def test_a_role_that_is_not_there_has_its_default_account(
    bench: Path, outputs: dict[str, list[dict[str, Any]]], tmp_path: Path, role: str
) -> None:
    path = older(bench, tmp_path, without_row("Accounts", role))
    assert "S07" in runs(path)
    (line,) = upgrades(path)
    assert line == f"role {role}, at Setup!E{6 + len(schema.ROLES)}, with account {' '.join(schema.ROLES[role])}"
    assert "S07" not in runs(path)
    assert lines(path) == outputs["Journal"]


def test_what_an_output_lacks_stops_a_run_with_the_way_out(bench: Path, tmp_path: Path) -> None:
    path = older(bench, tmp_path, without_column("Journal", "Seal"), without_sheet("Fit"))
    line = refused(path, path.read_bytes())
    assert line == (
        "xlbackflush: older.xlsm has no table Fit; no column Seal in table Journal. To have it added, press Upgrade on the "
        "ribbon tab Backflush, or close the workbook and type: xlbackflush upgrade older.xlsm\n"
    )
    spaced = shutil.copy(path, tmp_path / "my older.xlsm")
    assert refused(Path(spaced), None).endswith(' xlbackflush upgrade "my older.xlsm"\n')


def test_without_the_essential_tables_it_is_no_workbook_of_ours(bench: Path, tmp_path: Path) -> None:
    path = older(bench, tmp_path, without_sheet("Counts"))
    for verb in ("run", "upgrade"):
        assert "is not a backflush workbook: it has no table Counts" in refused(path, path.read_bytes(), verb=verb)


def test_a_required_column_that_was_deleted_is_the_users_to_put_back(bench: Path, tmp_path: Path) -> None:
    path = older(bench, tmp_path, without_column("Counts", "Quantity"))
    assert "table Counts has no column Quantity" in refused(path, path.read_bytes(), verb="upgrade")


@pytest.mark.parametrize("verb", ["run", "upgrade", "verify"])
def test_a_workbook_of_a_later_version_is_refused(bench: Path, tmp_path: Path, verb: str) -> None:
    version = f'"{schema.SCHEMA_NAME}">{schema.SCHEMA_VERSION}<'
    later = version.replace(str(schema.SCHEMA_VERSION), str(schema.SCHEMA_VERSION + 1))
    path = older(bench, tmp_path, lambda parts: parts.edit("xl/workbook.xml", version, later))
    assert "A later version of xlbackflush made older.xlsm" in refused(path, path.read_bytes(), verb=verb)


# ----------------------------------------------------------------------------------------- thing by thing


@pytest.mark.parametrize(("table", "column"), OPTIONAL, ids=[f"{t}-{c}" for t, c in OPTIONAL])
def test_an_optional_column_comes_to_the_right_end(bench: Path, tmp_path: Path, table: str, column: str) -> None:
    """Only its sheet, its table and what both look like change; every cell that was there is as it was."""
    path = older(bench, tmp_path, without_column(table, column))
    before, place = Parts(path), Parts(path).tables()[table]
    (line,) = upgrades(path)
    letter = address(place.right + 1, 1)[:-1]
    assert line == f"column {column} to table {table}, at {place.sheet}!{letter}{place.top}"
    after = Parts(path)
    assert changed(before, after) <= {before.part_of(table), place.part, "xl/styles.xml"}
    old, new = styled(before, place.sheet), styled(after, place.sheet)
    rows = range(place.top, place.bottom + 1)
    assert {a: c for a, c in new.items() if a not in old} | old == new
    assert {a for a in new if a not in old} <= {f"{letter}{row}" for row in (place.top - 1, *rows)}
    assert after.cells(place.sheet)[f"{letter}{place.top}"][0] == column

    fresh = Parts(bench)
    home = fresh.where(table, column).partition("!")[2]
    if table == "Setup":  # each of its rows has a look and a validation of its own
        return
    assert new[f"{letter}{place.top + 1}"][0] == styled(fresh, place.sheet)[home][0].partition(" t=")[0]
    prompt = re.search(rf'<dataValidation [^>]*?(prompt="[^"]*") sqref="{home}:', rules_of(bench, place.sheet))
    own = re.search(
        rf'<dataValidation [^>]*?(prompt="[^"]*") sqref="{letter}{place.top + 1}:', rules_of(path, place.sheet)
    )
    assert prompt and own and prompt[1] == own[1]


@pytest.mark.parametrize(("table", "column"), OUTPUTS, ids=[f"{t}-{c}" for t, c in OUTPUTS])
def test_an_output_column_comes_to_the_right_end_and_a_run_fills_it(
    bench: Path, outputs: dict[str, list[dict[str, Any]]], tmp_path: Path, table: str, column: str
) -> None:
    path = older(bench, tmp_path, without_column(table, column))
    assert f"column {column} in table {table}" in refused(path, path.read_bytes())
    before = Parts(path)
    upgrades(path)
    assert changed(before, Parts(path)) <= {before.part_of(table), before.tables()[table].part, "xl/styles.xml"}
    runs(path)
    after = Parts(path)
    for output, expected in outputs.items():
        assert lines(after, output) == expected, output
    assert after.tables()[table].columns == [*before.tables()[table].columns, column]


@pytest.mark.parametrize("own", [[], ["Mine"]])
def test_columns_that_are_no_longer_written_make_way(
    bench: Path, outputs: dict[str, list[dict[str, Any]]], tmp_path: Path, own: list[str]
) -> None:
    """Sheet Checks once held both sides of each equation and what a failure means: three columns where there are two now."""
    names = schema.CHECKS.names
    kept = [name for name in names if name not in ("Unit", "If it fails")]
    surgeries = [without_column("Checks", "Unit"), without_column("Checks", "If it fails")]
    path = older(bench, tmp_path, *surgeries, with_columns("Checks", *schema.CHECKS.former, *own))
    place = Parts(path).tables()["Checks"]
    assert upgrades_all_but_own(path) == [
        f"column {name} to table Checks, at Checks!{letter}6" for name, letter in (("Unit", "E"), ("If it fails", "F"))
    ]
    assert upgrades_all_but_own(path) == []
    after, left = Parts(path), [schema.CHECKS.former[-1], *own] if own else []
    assert after.tables()["Checks"].columns == [*kept, "Unit", "If it fails", *left]
    in_former = [address(n, row) for n in range(place.left + 4, place.left + 7) for row in range(5, place.bottom + 1)]
    texts = {a: c[0] for a, c in after.cells("Checks").items() if a in in_former and not (own and a.startswith("G"))}
    assert {a: t for a, t in texts.items() if t is not None} == {"E6": "Unit", "F6": "If it fails"}
    runs(path)
    assert objections(path) == []
    assert [{name: row[name] for name in names} for row in lines(path, "Checks")] == [
        {name: row[name] for name in names} for row in outputs["Checks"]
    ]


@pytest.mark.parametrize("table", OUTPUT_SHEETS)
def test_an_output_sheet_comes_to_its_place(
    bench: Path, outputs: dict[str, list[dict[str, Any]]], tmp_path: Path, table: str
) -> None:
    path = older(bench, tmp_path, without_sheet(table))
    upgrades(path)
    after = Parts(path)
    assert list(after.sheets()) == list(Parts(bench).sheets())
    local = [r'<definedName name="([^"]+)" localSheetId="(\d+)">([^<]*)<'] * 2
    had, has = (
        set(re.findall(p, b["xl/workbook.xml"].decode())) for p, b in zip(local, (Parts(bench), after), strict=True)
    )
    assert has == had
    runs(path)
    assert lines(path, table) == outputs[table]


def test_charts_come_with_their_sheet(bench: Path, tmp_path: Path) -> None:
    path = older(bench, tmp_path, without_sheet("Dashboard"), without_sheet("Sensitivity"))
    upgrades(path)
    count = len([name for name in Parts(bench).content if name.startswith("xl/charts/")])
    after = Parts(path)
    assert len([name for name in after.content if name.startswith("xl/charts/")]) == count
    for sheet in ("Dashboard", "Sensitivity"):
        drawing = next(t for kind, t in after.targets(after.sheets()[sheet]).values() if kind == "drawing")
        charts = [target for kind, target in after.targets(drawing).values() if kind == "chart"]
        assert charts
        assert all(f"{sheet}!$" in after[chart].decode() for chart in charts)


def test_everything_at_once_and_recalculated_by_another_program(bench: Path, tmp_path: Path) -> None:
    """Columns at the right end of the tables that the proofs go through; every formula still comes to what was posted."""
    surgeries = [
        without_version, without_sheet("WIP"), without_sheet("Opening"), without_column("BOM", "Scrap basis"),
        without_column("Journal", "Account name"), without_column("Trace", "Level"), without_column("Relief", "Amount"),
        without_column("Checks", "Value"), without_row("Setup", "Standards set on"), without_row("Accounts", schema.ROUNDING),
    ]  # fmt: skip
    path = older(bench, tmp_path, *surgeries)
    assert len(upgrades(path)) == len(surgeries)
    parts = Parts(path)
    parts.put_all("WIP", {"A7": "Bench", "B7": 2, "C7": 1, "D7": 0.5})
    parts.put(parts.where("BOM", "Scrap basis", 3), "Input")
    parts.put(parts.where("BOM", "Scrap basis", 1), "Output")
    parts.save(path)
    runs(path)
    assert objections(path) == []
    (book,) = office.recalculate([path])
    assert book["Checks"]["B3"] == 0
    assert set(book.column("Journal", "Difference")) == {0}


# ------------------------------------------------------------------------------------------ what was posted

KEEPS = {
    "an input column": [without_column("BOM", "UoM")],
    "a setting": [without_row("Setup", "Standards set on")],
    "a setting that has to be there": [without_row("Setup", "Currency")],
    "a role": [without_row("Accounts", schema.SCRAP_RECOVERY)],
    "an input sheet": [without_sheet("InventoryCount")],
    "the result of checks": [without_column("Checks", "Result")],
    "the first column of Variances": [without_column("Variances", "Variance")],
    "a column of Ledger": [without_column("Ledger", "Closing")],
    "a column of the journal": [without_column("Journal", "Proof")],
    "a column of the trace": [without_column("Trace", "Level")],
    "an output sheet": [without_sheet("Variances")],
    "the control totals": [without_sheet("InputControls")],
    "much": [
        without_version, without_sheet("Opening"), without_sheet("Dashboard"), without_column("Counts", "Note"),
        without_column("Relief", "Quantity"), without_row("Setup", "Company"), without_row("Accounts", schema.ROUNDING),
    ],
}  # fmt: skip
NOT_TYPED = ("Counts", "Note")


@pytest.mark.parametrize("what", [k for k in KEEPS if k != "much"])
def test_what_was_posted_verifies_after_an_upgrade_and_the_next_run_adds_nothing(
    posted: Path, tmp_path: Path, what: str
) -> None:
    path = older(posted, tmp_path, without_version, *KEEPS[what])
    upgrades(path)
    result = cli("verify", path)
    assert result.code == 0, result
    assert result.out.startswith("Everything verifies: 1 posted run")
    runs(path)
    tables = Parts(path)
    assert [(row["Run"], row["Status"]) for row in tables.rows("Runs")] == [("R0001", "Posted")]
    assert lines(path) == lines(posted)
    assert cli("verify", path).code == 0


def test_where_inputs_were_changed_after_the_run_the_next_one_fills_what_is_new(posted: Path, tmp_path: Path) -> None:
    path = older(posted, tmp_path, without_column("Ledger", "Closing"))
    parts = Parts(path)
    parts.put("Counts!E7", 11)
    parts.save(path)
    result = cli("upgrade", path)
    assert result.out.splitlines() == [
        "Added column Closing to table Ledger, at Ledger!K6.", "Run the workbook to fill in Ledger."
    ]  # fmt: skip
    assert {row["Closing"] for row in Parts(path).rows("Ledger")} == {None}
    runs(path)
    assert None not in {row["Closing"] for row in Parts(path).rows("Ledger")}


def test_an_older_workbook_rolls_into_one_of_this_version(posted: Path, tmp_path: Path) -> None:
    gone = [
        without_version,
        without_sheet("Opening"),
        without_row("Accounts", schema.ROUNDING),
        without_column("BOM", "UoM"),
    ]
    path, following = older(posted, tmp_path, *gone), tmp_path / "april.xlsm"
    runs(path)  # formulas as a workbook of that version has them
    assert roll(path, following).first == dt.date(2026, 4, 1)
    same_tables(following)
    assert Parts(following).tables()["BOM"].columns == schema.BOM.names
    assert Parts(following).rows("Stock") == Parts(rolled(posted, tmp_path)).rows("Stock")
    runs(following)


def rolled(path: Path, folder: Path) -> Path:
    """The workbook of the next period, from one that lacks nothing."""
    roll(Path(shutil.copy(path, folder / "march.xlsm")), folder / "next.xlsm")
    return folder / "next.xlsm"


# ---------------------------------------------------------------------------------------- what is the user's


def test_a_users_parts_stay_byte_for_byte(tmp_path: Path) -> None:
    """A workbook that another program saved, with a sheet, charts, names, macros, settings of printers of the user's."""
    path = own_book(tmp_path / "book.xlsm")
    parts = Parts(path)
    without_column("Scrap", "Reason")(parts)
    without_column("Journal", "Comment")(parts)
    parts.save(path)
    sheets = set(parts.sheets())
    upgrades(path)
    after = Parts(path)
    ours = {
        parts.part_of("Scrap"),
        parts.part_of("Journal"),
        parts.tables()["Scrap"].part,
        parts.tables()["Journal"].part,
    }
    assert changed(parts, after) <= {*ours, "xl/styles.xml", "xl/workbook.xml"}
    assert set(after.sheets()) == sheets
    names = re.findall(r"<definedName .*?</definedName>", parts["xl/workbook.xml"].decode())
    assert all(name in after["xl/workbook.xml"].decode() for name in names)
    runs(path)


def test_a_users_own_columns_rows_and_cells_keep_their_places(bench: Path, tmp_path: Path) -> None:
    """Own column in the table, own setting, cells below and far to the right."""
    parts = Parts(bench)
    parts.reorder("Scrap", [c for c in schema.SCRAP.names if c != "Reason"])
    place = parts.tables()["Scrap"]
    parts[place.part] = (
        parts[place.part]
        .decode()
        .replace('<tableColumns count="7">', '<tableColumns count="8">')
        .replace("</tableColumns>", '<tableColumn id="12" name="Mine"/></tableColumns>')
    )
    parts.resize("Scrap", "A6:H8")
    parts.put_all("Scrap", {"H6": "Mine", "H7": "own text", "K7": "beside", "B30": None})
    path = parts.save(tmp_path / "book.xlsm")
    before = styled(Parts(path), "Scrap")
    assert upgrades_all_but_own(path) == ["column Reason to table Scrap, at Scrap!I6"]
    after = Parts(path)
    assert after.tables()["Scrap"].columns == [*place.columns, "Mine", "Reason"]
    assert len(set(re.findall(r'tableColumn id="(\d+)"', after[place.part].decode()))) == 9
    assert styled(after, "Scrap").items() >= before.items()
    runs(path)
    assert objections(path) == []


def upgrades_all_but_own(path: Path) -> list[str]:
    return upgrade(path).added


def test_a_draft_can_still_be_run_and_what_stood_before_it_is_of_an_earlier_version(
    bench: Path, tmp_path: Path
) -> None:
    path = older(bench, tmp_path)
    runs(path)
    parts = Parts(path)
    without_sheet("Fit")(parts)
    parts.save(path)
    upgrades(path)
    assert [row["Status"] for row in Parts(path).rows("Runs")] == ["Draft"]
    assert Parts(path).rows("Fit")[0]["Condition"]
    assert cli("restore", path).code == 0


# ------------------------------------------------------------------------------------------ what is in the way


@pytest.mark.parametrize(
    ("surgery", "sheet", "cell"),
    [
        (without_column("Scrap", "Reason"), "Scrap", "H9"),
        (without_column("Scrap", "Reason"), "Scrap", "H4000"),
        (without_column("Journal", "Seal"), "Journal", "W7"),
        (without_row("Setup", "Company"), "Setup", f"B{6 + len(schema.SETTINGS)}"),
        (without_row("Accounts", schema.ROUNDING), "Setup", "F21"),
    ],
)
def test_a_cell_in_the_way_is_named_and_nothing_is_changed(
    bench: Path, tmp_path: Path, surgery: Surgery, sheet: str, cell: str
) -> None:
    parts = Parts(bench)
    surgery(parts)
    without_sheet("WIP")(parts)
    parts.put(f"{sheet}!{cell}", "mine")
    path = parts.save(tmp_path / "book.xlsm")
    line = refused(path, path.read_bytes(), verb="upgrade")
    assert f"{sheet}!{cell} is in the way of " in line
    assert line.endswith("move the cell elsewhere, and upgrade again. Nothing was changed.\n")


def test_merged_cells_are_in_the_way(bench: Path, tmp_path: Path) -> None:
    def merged(parts: Parts) -> None:
        part = parts.part_of("Scrap")
        parts.edit(part, "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="G12:J13"/></mergeCells>')

    path = older(bench, tmp_path, without_column("Scrap", "Reason"), merged)
    assert "Scrap!G12 is in the way" in refused(path, path.read_bytes(), verb="upgrade")


def renamed_about(parts: Parts) -> None:
    parts.edit("xl/workbook.xml", '<sheet name="About"', '<sheet name="wip"')


def named(parts: Parts) -> None:
    parts.edit("xl/workbook.xml", "<definedNames>", '<definedNames><definedName name="wip">7</definedName>')


def locked(parts: Parts) -> None:
    parts.edit("xl/workbook.xml", "<bookViews>", '<workbookProtection lockStructure="1"/><bookViews>')


@pytest.mark.parametrize(
    ("obstacle", "said"),
    [
        (renamed_about, "Sheet WIP is in the way of the one with table WIP: give it another name"),
        (named, "A table has to have the name wip: give the name another one under Formulas > Name Manager"),
        (locked, "Sheet WIP cannot be added: lift the protection under Review > Protect Workbook"),
    ],
)
def test_a_sheet_that_cannot_be_added_says_why(bench: Path, tmp_path: Path, obstacle: Surgery, said: str) -> None:
    path = older(bench, tmp_path, without_sheet("WIP"), obstacle)
    assert said in refused(path, path.read_bytes(), verb="upgrade")


def test_a_workbook_that_is_open_is_refused(bench: Path, tmp_path: Path) -> None:
    path = older(bench, tmp_path, without_sheet("WIP"))
    (tmp_path / "~$older.xlsm").touch()
    assert "is open in another program" in refused(path, path.read_bytes(), verb="upgrade")


# -------------------------------------------------------------------------------------------- other programs


def test_a_namespace_prefix_is_understood(bench: Path, tmp_path: Path) -> None:
    path = older(
        bench, tmp_path, without_column("Scrap", "Reason"), without_column("Checks", "Result"), without_sheet("WIP")
    )
    parts = Parts(path)
    own = {parts.part_of(t) for t in ("Scrap", "Checks")} | {parts.tables()[t].part for t in ("Scrap", "Checks")}
    for name in (*own, "xl/workbook.xml", "xl/styles.xml"):
        parts[name] = prefixed(parts[name])
    parts.save(path)
    result = cli("upgrade", path)
    assert result.code == 0, result
    assert set(Parts(path).tables()) == set(schema.TABLES)
    assert objections(path) == []
    runs(path)


# --------------------------------------------------------------------------------------------------- in Excel


def test_excel_says_the_same_of_what_is_missing_and_of_a_later_version(bench: Path, tmp_path: Path) -> None:
    path = older(bench, tmp_path, without_column("Journal", "Seal"))
    sentence = told(Workbook(path), macros.run)
    assert sentence.startswith(
        "Stopped: older.xlsm has no column Seal in table Journal. To have it added, press Upgrade "
    )
    version = f'"{schema.SCHEMA_NAME}">{schema.SCHEMA_VERSION}<'
    path = older(bench, tmp_path, lambda parts: parts.edit("xl/workbook.xml", version, f'"{schema.SCHEMA_NAME}">99<'))
    assert told(Workbook(path), macros.run).startswith("Stopped: A later version of xlbackflush made older.xlsm. ")


def test_a_run_in_excel_writes_what_a_run_on_the_file_writes(bench: Path, tmp_path: Path) -> None:
    """Columns in the order of the workbook; a sheet of inputs that is not there."""
    path = older(bench, tmp_path, without_column("Journal", "Account name"), without_column("Trace", "Level"))
    upgrade(path)
    path = older(path, tmp_path, without_sheet("InventoryCount"), without_row("Accounts", schema.ROUNDING))
    by_excel = live(path, macros.run)
    assert differences(by_excel, by_file(path, by_excel)) == []
