"""Snapshots of the inputs, what changed between two of them, and which lines each change moved."""

import base64
import copy
import datetime as dt
import hashlib
import random
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from april import april, buy, completed, day, line, made
from bench.world import world as bench_world
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Row, compute, default_accounts, sources
from support_files import Parts, cli, sample_book

from xlbackflush import schema
from xlbackflush.engine.inputs import snapshot
from xlbackflush.engine.inputs.changes import ADDED, CHANGED, REMOVED, REORDERED, Change, apply, changes
from xlbackflush.engine.inputs.snapshot import PIECE, DamagedError, Snapshot, stated
from xlbackflush.lifecycle.diff import Attribution, attribution
from xlbackflush.model.tables import CellError, Source
from xlbackflush.template.samples import SAMPLES

EVERY_TYPE: list[object] = [
    "", "text", "=1+1", "Größe Ω 漢字 🚲", "a\x00b\ud800", '{"date": "2026-04-01"}', "1.0", "True", "date",
    0.0, -0.0, 1.0, 0.1 + 0.2, 1e300, 5e-324, float("inf"), 1, 10**20, True, False,
    dt.date(2026, 4, 1), dt.datetime(2026, 4, 1, 13, 30, 0, 500), dt.datetime(2026, 4, 1), dt.time(12, 0, 1),
    dt.timedelta(days=-1, seconds=3, microseconds=7), CellError("#REF!"), CellError("", calculated=False),
]  # fmt: skip

moments = st.datetimes().map(lambda moment: moment.replace(fold=0))  # a cell knows of no clock that was put back
cells = st.one_of(
    st.sampled_from(EVERY_TYPE), st.text(max_size=5), st.floats(allow_nan=False), st.dates(), moments, st.booleans()
)


def table(rows: list[list[object]], name: str = "Counts", columns: tuple[str, ...] = ("A", "B", "C")) -> Source:
    letters = {column: chr(ord("A") + i) for i, column in enumerate(columns)}
    numbers = [7 + 2 * i for i in range(len(rows))]
    return Source(name, name, letters, 7, 7 + 2 * len(rows), list(columns), rows, numbers, ["Counts!A99"])


def widgets() -> dict[str, Source]:
    sample = SAMPLES["widgets"]()
    return sources(sample.settings, sample.tables)


def exactly(read: dict[str, Source]) -> dict[str, object]:
    """Tables so that equality asks for the types of the cells, too; whole numbers are one type, and -0 is 0."""

    def cell(value: object) -> object:
        return float(value) + 0.0 if type(value) in (int, float) else value  # type: ignore[arg-type]

    return {name: repr(replace(s, rows=[list(map(cell, row)) for row in s.rows])) for name, s in read.items()}


def comparable(rows: list[list[object]]) -> list[str]:
    """Rows so that equality asks for the types of the cells, too."""
    return [str(exactly({"": table([row], columns=tuple("abcdefghijklmnopqrst"[: len(row)]))})) for row in rows]


def meant(source: Source) -> list[str]:
    """The rows of a table; of settings and roles, in no order, those that are not what a workbook without them means."""
    said = stated(source)
    defaults: list[list[object]] = {
        "Setup": [[s.name, s.default] for s in schema.SETTINGS],
        "Accounts": [[role, *account, ""] for role, account in schema.ROLES.items()],
    }.get(source.name, [])
    rows = comparable([row for row in said.rows if row not in defaults])
    return sorted(rows) if defaults else rows


def packed(read: dict[str, Source]) -> list[str]:
    return Snapshot(read).pieces


# ------------------------------------------------------------------------------------------------ snapshots


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=6))
def test_what_is_packed_is_unpacked_with_every_type(rows):
    read = {
        "Counts": table(rows),
        "Empty": table([], "Empty"),
        "Narrow": table([[r[0]] for r in rows], "Narrow", ("date",)),
    }
    assert exactly(snapshot.unpack(Snapshot(read).pieces)) == exactly(read)


def test_every_type_of_cell_survives():
    read = {"Counts": table([[cell, "x", 1.0] for cell in EVERY_TYPE])}
    assert exactly(snapshot.unpack(Snapshot(read).pieces)) == exactly(read)


def test_a_run_of_what_was_unpacked_is_the_run():
    read = widgets()
    again = snapshot.unpack(Snapshot(read).pieces)
    assert Snapshot(again).input_hash == Snapshot(read).input_hash
    one, two = compute(read), compute(again)
    assert one.run
    assert two.run
    assert two.findings == one.findings
    assert two.period.entries == one.period.entries
    assert two.period.checks == one.period.checks


def test_a_month_of_a_plant_fits_into_cells():
    """5,000 BOM lines and as many counts."""
    sample = bench_world(5_000, 5_000)
    read = sources(sample.settings, sample.tables)
    pieces = packed(read)
    assert 1 < len(pieces) < 20
    assert max(map(len, pieces)) <= 8_203  # what Excel takes of a text where a block of cells is written at once
    assert max(len(piece.rpartition(" ")[2]) for piece in pieces) == PIECE
    meaning = read["Setup"].columns.index("Meaning")  # our words, which are not kept
    for row in read["Setup"].rows:
        row[meaning] = ""
    assert snapshot.unpack(pieces) == read


@pytest.fixture(scope="module")
def pieces() -> list[str]:
    """What does not pack well, in several pieces."""
    noise = random.Random(1)
    return packed({"Counts": table([[noise.random(), "x", ""] for _ in range(2_000)])})


def damage(pieces: list[str]) -> tuple[str, int | None]:
    with pytest.raises(DamagedError) as error:
        snapshot.unpack(pieces)
    return str(error.value), error.value.piece


@given(st.data())
def test_one_character_of_what_is_stored_is_found_and_its_piece_named(pieces, data):
    n = data.draw(st.integers(0, len(pieces) - 1))
    i = data.draw(st.one_of(st.integers(0, 25), st.integers(0, len(pieces[n]) - 1), st.just(len(pieces[n]) - 1)))
    old = pieces[n][i]
    new = data.draw(st.sampled_from([c for c in "Aa0+/= \n9" if c != old]))
    what, piece = damage([*pieces[:n], pieces[n][:i] + new + pieces[n][i + 1 :], *pieces[n + 1 :]])
    assert piece == n
    assert what == f"Piece {n + 1} of {len(pieces)} of the inputs was changed."


def test_pieces_that_are_lost_or_moved_are_named(pieces):
    count = len(pieces)
    assert count > 2
    assert damage(pieces[:-1]) == (
        f"Here is piece 1 of {count} of the inputs, where piece 1 of {count - 1} should be.",
        0,
    )
    swapped = [pieces[0], pieces[2], pieces[1], *pieces[3:]]
    assert damage(swapped) == (f"Here is piece 3 of {count} of the inputs, where piece 2 of {count} should be.", 1)
    assert damage([*pieces[:1], "", *pieces[2:]]) == (f"Piece 2 of {count} of the inputs was changed.", 1)
    assert damage(["9" + pieces[0][1:], *pieces[1:]]) == (f"Piece 1 of {count} of the inputs was changed.", 0)
    assert damage([]) == ("The inputs of this run were not kept.", None)


def test_pieces_that_are_whole_but_no_snapshot_are_refused():
    assert damage([snapshot._piece(1, 1, "eJw=")]) == ("What was kept of the inputs cannot be read.", None)


# --------------------------------------------------------------------------------------------------- hashes


def test_the_digest_of_a_table_is_that_of_its_columns_in_canonical_json():
    """Written out by hand."""
    rows: list[list[object]] = [
        ["x", 1.5, ""],
        [dt.date(2026, 4, 1), True, CellError("#REF!")],
        ["", -3.0, 'a"\n\u00e9'],
    ]
    read = {"Counts": table(rows, columns=("b", "a", "C")), "Empty": table([], "Empty")}
    text = '{"C":["",{"error":["#REF!",true]},"a\\"\\n\u00e9"],"a":[1.5,true,-3],"b":["x",{"date":"2026-04-01"},""]}'
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert Snapshot(read).table_hashes == {"Counts": digest}
    assert Snapshot(read).input_hash == hashlib.sha256(f'{{"Counts":"{digest}"}}'.encode()).hexdigest()
    lines = (
        zlib.decompress(base64.b64decode("".join(piece.split(" ")[2] for piece in packed(read)))).decode().split("\n")
    )
    assert lines[1:] == [text, "{}"]  # what is kept is what was digested


@pytest.mark.parametrize(
    ("number", "text"),
    [  # examples of RFC 8785, appendix B, and the edges between its forms
        (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"), (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"), (999999999999999700000.0, "999999999999999700000"), (1e21, "1e+21"), (1e20, "100000000000000000000"),
        (9.999999999999997e-7, "9.999999999999997e-7"), (0.000001, "0.000001"), (333333333.3333332, "333333333.3333332"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"), (1424953923781206.2, "1424953923781206.2"),
        (1.0, "1"), (10.0, "10"), (0.5, "0.5"), (1e16, "10000000000000000"), (123456789012345680.0, "123456789012345680"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_rfc_8785_writes_them(number: float, text: str):
    assert snapshot.cell_text(number) == text
    assert snapshot.content(table([[number, "", ""]])) == f'{{"A":[{text}]}}'.encode()


def test_a_digest_does_not_depend_on_the_place_and_depends_on_every_cell():
    source = table([["x", 1.0, ""], ["y", 2.0, ""]])
    moved_down = replace(source, first_row=9, last_row=20, row_numbers=[12, 14], letters={"A": "D", "B": "E", "C": "F"})
    turned = replace(source, columns=["C", "B", "A"], rows=[row[::-1] for row in source.rows])
    assert {digest(moved_down), digest(turned)} == {digest(source)}
    hashes = {digest(source)}
    for i, k in ((0, 0), (0, 1), (1, 2)):
        for cell in (True, "1.0", 7.0, "é"):
            spoiled = copy.deepcopy(source)
            spoiled.rows[i][k] = cell
            hashes.add(digest(spoiled))
    hashes.add(digest(replace(source, rows=source.rows[::-1])))
    hashes.add(digest(replace(source, columns=["B", "A", "C"])))
    assert len(hashes) == 1 + 12 + 1 + 1
    assert digest(table([[1, "x", ""]])) == digest(table([[1.0, "x", ""]]))


def digest(source: Source) -> str:
    return Snapshot({"Counts": source}).table_hashes["Counts"]


def test_what_says_nothing_changes_no_digest():
    """A later version has one more column, one more sheet, one more setting, and other words."""
    read = widgets()
    before = Snapshot(read).input_hash
    later = copy.deepcopy(read)
    counts, setup = later["Counts"], later["Setup"]
    counts.columns, counts.letters = [*counts.columns, "Shift"], counts.letters | {"Shift": "G"}
    counts.rows = [[*row, ""] for row in counts.rows]
    later["Orders"] = table([], "Orders")
    names = setup.columns
    blank = {"Setting": "Grace period", "Value": "", "Meaning": "Days."}
    setup.rows.append([blank[name] for name in names])
    setup.row_numbers.append(setup.last_row + 1)
    for row in setup.rows:
        row[names.index("Meaning")] = "in other words"
    assert Snapshot(later).input_hash == before
    assert changes(read, later) == []
    assert exactly({"Setup": stated(snapshot.unpack(packed(later))["Setup"])}) == exactly({"Setup": stated(setup)})
    assert snapshot.unpack(packed(later))["Setup"].row_numbers == setup.row_numbers
    setup.rows[-1][names.index("Value")] = 3.0
    assert Snapshot(later).input_hash != before


# ------------------------------------------------------------------------- the digest, computed a second time
# From what the module says and nothing else; no code is shared with it.


def independently(tables: dict[str, list[dict[str, object]]]) -> dict[str, str]:
    """Digest of each table, and of all of them under "", from rows as dicts; None is blank."""
    digests: dict[str, str] = {}
    for name, all_rows in tables.items():
        rows = [row for row in all_rows if any(v not in (None, "") for v in row.values())]
        if name == "Setup":
            rows = [{k: v for k, v in row.items() if k != "Meaning"} for row in rows if row["Value"] not in (None, "")]
        if rows:
            columns = [c for c in rows[0] if any(row[c] not in (None, "") for row in rows)]
            columns.sort(key=lambda c: list(c.encode("utf-16-be")))
            members = [quoted(c) + ":[" + ",".join(second_cell(row[c]) for row in rows) + "]" for c in columns]
            digests[name] = hashlib.sha256(("{" + ",".join(members) + "}").encode()).hexdigest()
    everything = ",".join(f'"{name}":"{digests[name]}"' for name in sorted(digests))
    return digests | {"": hashlib.sha256(("{" + everything + "}").encode()).hexdigest()}


def quoted(text: str) -> str:
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(short.get(c, c if c >= " " else f"\\u{ord(c):04x}") for c in text) + '"'


def second_cell(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, str):
        return '{"error":["' + value + '",true]}' if value in ("#REF!", "#N/A") else quoted(value)
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return '{"datetime":"' + value.isoformat() + '"}'
    if isinstance(value, dt.date):
        return f'{{"date":"{value.year:04}-{value.month:02}-{value.day:02}"}}'
    assert isinstance(value, int | float)
    return second_number(float(value))


def second_number(number: float) -> str:
    """ECMAScript, Number::toString: n is the place of the point after the first of k digits."""
    if number == 0:
        return "0"
    length = next(k for k in range(1, 18) if float(f"{abs(number):.{k - 1}e}") == abs(number))
    mantissa, power = f"{abs(number):.{length - 1}e}".split("e")
    digits, k, n = mantissa.replace(".", ""), length, int(power) + 1
    if k <= n <= 21:
        text = digits + "0" * (n - k)
    elif 0 < n <= 21:
        text = digits[:n] + "." + digits[n:]
    elif -6 < n <= 0:
        text = "0." + "0" * -n + digits
    else:
        text = digits[0] + ("." + digits[1:] if k > 1 else "") + "e" + ("+" if n > 0 else "-") + str(abs(n - 1))
    return ("-" if number < 0 else "") + text


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_digests_of_a_sample_are_found_again_from_its_cells(name: str, tmp_path: Path):
    """Read with openpyxl from the tables of the workbook; the digests are those on sheets Runs and Run Inputs."""
    path = sample_book(tmp_path / "sample.xlsm", name)
    assert cli("run", path).code == 0
    book = openpyxl.load_workbook(path, data_only=True)
    places = {table.name: (sheet, table.ref) for sheet in book.worksheets for table in sheet.tables.values()}
    tables = {}
    for table_name in (table.name for table in schema.INPUT_TABLES):
        sheet, area = places[table_name]
        head, *rows = ([cell.value for cell in row] for row in sheet[area])
        tables[table_name] = [dict(zip(map(str, head), map(as_cell, row), strict=True)) for row in rows]
    digests = independently(tables)
    on_record = {row["Input"]: row["SHA-256"] for row in Parts(path).rows("RunInputs") if row["SHA-256"]}
    assert on_record == {table_name: value for table_name, value in digests.items() if table_name}
    assert [row["Input hash"] for row in Parts(path).rows("Runs")] == [digests[""]]


def as_cell(value: object) -> object:
    """openpyxl knows no dates, only moments."""
    return value.date() if isinstance(value, dt.datetime) and value.time() == dt.time() else value


second_cells = st.one_of(
    st.none(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**18), 10**18).map(float),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.dates(), moments, st.sampled_from(["#REF!", "#N/A"]),
)  # fmt: skip
headers = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=3, max_size=3, unique=True)


@given(headers, st.lists(st.lists(second_cells, min_size=3, max_size=3), max_size=6))
def test_the_digest_of_any_table_is_found_again(names, rows):
    rows = [row for row in rows if any(cell not in (None, "") for cell in row)]  # blank ones are not read
    as_read = [[CellError(str(c)) if c in ("#REF!", "#N/A") else "" if c is None else c for c in row] for row in rows]
    made = Snapshot({"Counts": table(as_read, columns=tuple(names))})
    second = independently({"Counts": [dict(zip(names, row, strict=True)) for row in rows]})
    assert {**made.table_hashes, "": made.input_hash} == second


# -------------------------------------------------------------------------------------------------- changes

TABLES: dict[str, list[Row]] = {
    "StandardCost": [buy("RESIN", 2.0), buy("DYE", 5.0), made("GADGET", Other_conversion=0.5)],
    "BOM": [line("GADGET", "RESIN", 1), line("GADGET", "DYE", 0.1)],
    "Counts": [completed("GADGET", n, n) for n in (10, 11, 12)],
    "Purchases": [{"Date": day(2), "Document": "PO-1", "Item": "RESIN", "Quantity": 90, "Actual price": 2.1}],
    "Actuals": [{"Date": day(9), "Document": "PR-1", "Cost type": "Labor", "Amount": 20.0}],
}


def small(**changed: list[Row]) -> dict[str, Source]:
    return sources(april(), TABLES | changed)


def brief(found: list[Change]) -> list[tuple[str, str, object, object]]:
    return [(c.kind, c.where, c.was, c.now) for c in found]


def with_cell(rows: list[Row], i: int, **cells: object) -> list[Row]:
    named = {name.replace("_", " "): cell for name, cell in cells.items()}
    return [row | named if k == i else row for k, row in enumerate(rows)]


def test_nothing_changed():
    assert changes(small(), small()) == []


def test_a_changed_cell_is_named_with_what_was_and_what_is():
    found = changes(small(), small(BOM=with_cell(TABLES["BOM"], 1, Qty_per=0.2, Note="x")))
    assert brief(found) == [(CHANGED, "BOM!C8", 0.1, 0.2), (CHANGED, "BOM!I8", "", "x")]
    assert [(c.table, c.column) for c in found] == [("BOM", "Qty per"), ("BOM", "Note")]


def test_a_changed_type_is_a_change():
    found = changes(small(), small(BOM=with_cell(TABLES["BOM"], 0, Qty_per=True)))
    assert brief(found) == [(CHANGED, "BOM!C7", 1.0, True)]
    found = changes(small(), small(BOM=with_cell(TABLES["BOM"], 0, Qty_per="1.0")))
    assert brief(found) == [(CHANGED, "BOM!C7", 1.0, "1.0")]


def test_a_row_put_in_or_taken_out_is_one_change():
    count = completed("GADGET", 7, 10)
    cells = (day(10), "C-1", "Completed", "GADGET", 7.0, "")
    rows = TABLES["Counts"]
    assert brief(changes(small(), small(Counts=[rows[0], count, *rows[1:]]))) == [(ADDED, "Counts!A8:F8", (), cells)]
    assert brief(changes(small(Counts=[rows[0], count, *rows[1:]]), small())) == [(REMOVED, "Counts!A8:F8", cells, ())]


def test_rows_are_recognised_by_their_key_where_they_moved_and_changed():
    rows = TABLES["Counts"]
    moved_up = [rows[2] | {"Quantity": 13}, *rows[:2]]
    assert brief(changes(small(), small(Counts=moved_up))) == [
        (CHANGED, "Counts!E7", 12.0, 13.0),
        (REORDERED, "Counts!A7:F9", (), ()),
    ]


def test_a_changed_key_is_a_changed_cell_where_the_rest_stays():
    renamed = with_cell(TABLES["StandardCost"], 1, Item="COLOR")
    assert brief(changes(small(), small(StandardCost=renamed))) == [(CHANGED, "Standard Cost!A8", "DYE", "COLOR")]
    another = with_cell(TABLES["StandardCost"], 1, Item="GLUE", Material_price=9.0, Note="new")  # bought, as the other
    assert [c.kind for c in changes(small(), small(StandardCost=another))] == [REMOVED, ADDED]


def test_settings_and_accounts():
    old, new = sources(april(), TABLES), sources(april(Variance_disposition=schema.PRORATE), TABLES)
    assert brief(changes(old, new)) == [(CHANGED, "Setup!B14", schema.TO_COGS, schema.PRORATE)]
    accounts = [{"Role": r, "Account": "1" if r == schema.COGS else n, "Name": t} for r, (n, t) in schema.ROLES.items()]
    assert brief(changes(small(), small(Accounts=accounts))) == [(CHANGED, "Setup!F15", "5110", "1")]


def test_a_row_of_setup_or_accounts_with_its_default_is_no_change_where_it_was_not_there():
    def without(name: str, read: dict[str, Source]) -> dict[str, Source]:
        of_table = {"Setup": "Setting", "Accounts": "Role"}
        for table, column in of_table.items():
            at = read[table].columns.index(column)
            read[table].rows = [row for row in read[table].rows if row[at] != name]
            read[table].row_numbers = read[table].row_numbers[: len(read[table].rows)]
        return read

    for name in ("Variance disposition", schema.COGS):
        assert changes(without(name, small()), small()) == changes(small(), without(name, small())) == []
    prorated = sources(april(Variance_disposition=schema.PRORATE), TABLES)
    assert [c.kind for c in changes(without("Variance disposition", small()), prorated)] == [ADDED]
    accounts = [{"Role": r, "Account": "1" if r == schema.COGS else n, "Name": t} for r, (n, t) in schema.ROLES.items()]
    assert [c.kind for c in changes(small(Accounts=accounts), without(schema.COGS, small()))] == [REMOVED]
    strange = [*default_accounts(), {"Role": "Strange", "Account": "1", "Name": "x"}]
    assert [c.kind for c in changes(small(), small(Accounts=strange))] == [ADDED]


def test_tables_and_columns_that_only_one_has():
    old, new = small(), small()
    del old["WIP"]
    assert changes(old, new) == []
    assert [c.kind for c in changes(small(), {n: s for n, s in small().items() if n != "Actuals"})] == [REMOVED]
    wide = new["Counts"]
    wide.columns, wide.letters = [*wide.columns, "Shift"], wide.letters | {"Shift": "G"}
    wide.rows = [[*row, "" if i else "night"] for i, row in enumerate(wide.rows)]
    assert brief(changes(small(), new)) == [(CHANGED, "Counts!G7", "", "night")]


def edited(read: dict[str, Source], pick: random.Random) -> dict[str, Source]:
    """Some cells typed over, some rows copied, taken out or moved."""
    made = copy.deepcopy(read)
    for _ in range(pick.randint(1, 6)):
        source = made[pick.choice([name for name, source in made.items() if source.rows])]
        i = pick.randrange(len(source.rows))
        how = pick.choice(("cell", "cell", "copy", "out", "move"))
        if how == "cell":
            k = pick.randrange(len(source.columns))
            source.rows[i] = [*source.rows[i][:k], pick.choice(EVERY_TYPE), *source.rows[i][k + 1 :]]
        if how == "copy":
            source.rows.insert(pick.randrange(len(source.rows) + 1), list(source.rows[i]))
        if how == "out" and len(source.rows) > 1:
            del source.rows[i]
        if how == "move":
            source.rows.insert(pick.randrange(len(source.rows)), source.rows.pop(i))
        source.row_numbers = [source.first_row + k for k in range(len(source.rows))]
        source.last_row = source.first_row + len(source.rows) - 1
    return made


@given(st.integers(0, 10**9))
def test_changes_tell_all_that_differs_and_applying_them_gives_the_new_inputs(seed):
    old = widgets()
    new = edited(old, random.Random(seed))
    found = changes(old, new)
    again = apply(old, new, found)
    for name, source in new.items():
        made, wanted = meant(again[name]), meant(source)
        if any(c.table == name for c in found):
            assert made == wanted
        assert Counter(made) == Counter(wanted)
    assert bool(found) == any(meant(old[name]) != meant(new[name]) for name in new)
    assert not found or Snapshot(old).table_hashes != Snapshot(new).table_hashes
    for change in found:
        if change.kind == CHANGED:
            source = stated(new[change.table])
            row = source.row_numbers.index(int(change.where.partition("!")[2].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
            assert repr(source.rows[row][source.columns.index(change.column)]) == repr(change.now)
            kept = stated(old[change.table])
            assert repr(kept.rows[change.old][kept.columns.index(change.column)]) == repr(change.was)


@given(st.integers(0, 10**9))
def test_one_typed_over_input_is_one_change_at_its_cell(seed):
    old, pick = widgets(), random.Random(seed)
    new = copy.deepcopy(old)
    source = new[pick.choice([name for name, source in new.items() if source.rows])]
    own_words = {"Meaning"} if source.name == "Setup" else set()  # of ours: no input
    i = pick.randrange(len(source.rows))
    k = pick.choice([k for k, name in enumerate(source.columns) if name not in own_words])
    was = source.rows[i][k]
    source.rows[i][k] = f"{was}#"
    [change] = changes(old, new)
    address = source.cell(source.columns[k], source.row_numbers[i])
    assert (change.where, change.was, change.now) == (address, was, f"{was}#")


def test_no_changes_applied_is_the_old_state_and_one_is_one():
    old = small()
    new = small(
        BOM=with_cell(TABLES["BOM"], 1, Qty_per=0.2), Counts=[*TABLES["Counts"][1:], completed("GADGET", 7, 20)]
    )
    found = changes(old, new)
    assert apply(old, new, []) == old
    for change in found:
        alone = apply(old, new, [change])
        assert [(c.kind, c.was, c.now) for c in changes(old, alone)] == [(change.kind, change.was, change.now)]


# -------------------------------------------------------------------------------------------- what they moved


def by(found: Attribution) -> list[tuple[str, dict[tuple[str, str], int]]]:
    return [(e.where, {(m.line.event, m.line.role): m.by for m in e.moved}) for e in found.effects]


FG, MIP, CCA, COGS = schema.FINISHED_GOODS, schema.MIP, schema.CCA, schema.COGS


def test_each_change_moves_what_it_moves_alone_and_the_rest_goes_to_together():
    """33 gadgets at 1 kg of resin at 2.00 and 0.1 of dye at 5.00. Dye at 6.00: 33 x 0.1 x 1. Twice the dye: 33 x 0.1 x 5.

    Together 33 x (0.2 x 6 - 0.1 x 5) = 23.10, of which 3.30 is the new price of the dye that was added.
    """
    new = small(
        BOM=with_cell(TABLES["BOM"], 1, Qty_per=0.2),
        StandardCost=with_cell(TABLES["StandardCost"], 1, Material_price=6.0),
    )
    found = attribution(small(), new)
    assert by(found) == [
        ("BOM!C8", {("Completion", FG): 1_650, ("Completion", MIP): -1_650}),
        ("Standard Cost!E8", {("Completion", FG): 330, ("Completion", MIP): -330}),
    ]
    assert {(m.line.event, m.line.role): m.by for m in found.moved} == {
        ("Completion", FG): 2_310, ("Completion", MIP): -2_310,
    }  # fmt: skip
    assert {(m.line.event, m.line.role): m.now for m in found.together} == {
        ("Completion", FG): 330, ("Completion", MIP): -330,
    }  # fmt: skip
    assert {m.was for m in found.together} == {0}


def test_a_change_that_only_works_with_another_says_why():
    """A new BOM line needs its item: alone it stops the run. The item alone moves nothing."""
    new = small(
        BOM=[*TABLES["BOM"], line("GADGET", "GLUE", 2)], StandardCost=[*TABLES["StandardCost"], buy("GLUE", 1.0)]
    )
    found = attribution(small(), new)
    alone, item = sorted(found.effects, key=lambda e: e.where)
    assert (alone.where, alone.moved) == ("BOM!A9:K9", [])
    assert alone.why.startswith("The run stops at BOM!B9: ")
    assert (item.where, item.moved, item.why) == ("Standard Cost!A10:S10", [], "")
    assert {(m.line.event, m.line.role): m.now for m in found.together} == {
        ("Completion", FG): 6_600, ("Completion", MIP): -6_600,
    }  # fmt: skip


def test_lines_of_one_account_are_told_apart_and_a_new_account_is_another_line():
    new = small(
        Actuals=[
            *TABLES["Actuals"],
            {"Date": day(9), "Document": "PR-2", "Cost type": "Fixed overhead", "Amount": 5.0},
        ]
    )
    lines = [(m.line.event, m.line.role, m.was, m.now) for m in attribution(small(), new).moved]
    assert ("Conversion", schema.CCC, 0, 500) in lines
    assert ("Conversion", schema.CCC, 2_000, 2_500) not in lines
    accounts = [{"Role": r, "Account": "1" if r == FG else n, "Name": t} for r, (n, t) in schema.ROLES.items()]
    renumbered = attribution(small(), small(Accounts=accounts)).moved
    assert [(m.line.account, m.was, m.now) for m in renumbered] == [("1350", 9_900, 0), ("1", 0, 9_900)]


def test_lines_of_other_products_do_not_move_where_the_rows_of_their_proof_do():
    tables = TABLES | {
        "StandardCost": [*TABLES["StandardCost"], made("WIDGET"), buy("GLUE", 1.0)],
        "BOM": [*TABLES["BOM"], line("WIDGET", "RESIN", 3)],
        "Counts": [*TABLES["Counts"], completed("WIDGET", 4)],
    }
    settings = april(Journal_detail=schema.PER_PRODUCT)
    longer = tables | {"BOM": [*tables["BOM"], line("GADGET", "GLUE", 2)]}
    found = attribution(sources(settings, tables), sources(settings, longer))
    assert {m.line.product for m in found.moved if m.line.event == schema.COMPLETION} == {"GADGET"}


def test_many_changes_go_together_by_column_or_by_table():
    more = [row | {"Quantity": float(str(row["Quantity"])) + 1, "Note": "more"} for row in TABLES["Counts"]]
    found = attribution(small(), small(Counts=more), most=2)
    assert [e.where for e in found.effects] == ["Counts, Quantity: 3 changes", "Counts, Note: 3 changes"]
    found = attribution(small(), small(Counts=more), most=1)
    assert [e.where for e in found.effects] == ["Counts: 6 changes"]
    assert found.effects[0].moved == found.moved
    assert found.together == []


@settings(max_examples=settings().max_examples // 4)
@given(st.integers(0, 10**9))
def test_effects_and_together_add_up_to_all_that_moved(seed):
    """Whatever is edited: the parts are the whole, line by line."""
    pick, rows = random.Random(seed), copy.deepcopy(TABLES)
    for name, column in (("Counts", "Quantity"), ("BOM", "Qty per"), ("Purchases", "Actual price")):
        row = pick.choice(rows[name])
        row[column] = round(float(str(row[column])) * pick.choice((0.9, 1.1, 1.5)), 4)
    found = attribution(small(), small(**rows))
    assert [len(effect.changes) for effect in found.effects] == [1, 1, 1]
    total: Counter[object] = Counter()
    for m in [m for effect in found.effects for m in effect.moved] + found.together:
        total[m.line] += m.by
    assert {key: amount for key, amount in total.items() if amount} == {m.line: m.by for m in found.moved} != {}


def test_a_state_that_does_not_post_is_refused_in_words():
    with pytest.raises(ValueError, match=r"^The run stops at BOM!B7: "):
        attribution(small(), small(BOM=[line("GADGET", "NOTHING", 1)]))
