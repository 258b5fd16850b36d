"""The sheet Fit: figures by hand, thresholds, what is unknown, and the sheet in a second spreadsheet program.

The small world, June 2026 (30 days), entries at purchase, completion and sale:

    A costs 2, B costs 5.  F takes 2 A and 1 B, conversion 4: 9 + 4 = 13.  G takes 5 A, conversion 6: 10 + 6 = 16.
    F completed 60 + 50 - 10 = 100, sold 90; G completed 10 in one count, sold 8.  In use: A 2 x 100 + 5 x 10 = 250, B 100.

           opening  received  relieved  scrapped  book  counted  difference      book at standard
    A           50       300       250         5    95       92    -3 or -6.00                190
    B           20       100       100               20       23    +3 or +15.00               100
    F           10       100        90               20       20     0                         260
    G                     10         8                2        -     -                          32

Inventory at start: A 100 + B 100 + F 130 = 330. At end: A 184 + B 115 + F 260 + G 32 = 591, and the conversion of 5 F in
process, half done: 5 x 0.5 x 4 = 10; 601 in all. Their material, 5 x 9 = 45, moves from materials to work in process.

Invoices: A 150 x 2.1 + 150 x 2.0 = 615 (standard 600), B 100 x 4.8 = 480 (standard 500). Conversion flushed: 100 x 4 +
10 x 6 = 460; incurred 483. Cost of goods sold: 90 x 13 + 8 x 16 = 1,298, price variance -5, usage variance +6 - 15 = -9,
conversion 483 + normal scrap 10 - 460 = +33, conversion of the units in process -10: 1,307.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import cells
import office
import pytest
from support import Row, posted

from xlbackflush import schema
from xlbackflush.engine.measures.fit import (
    LOOK_ADVICE,
    MEASURES,
    OVERALL,
    UNKNOWN_ADVICE,
    FitFigure,
    explanation,
    summary,
)
from xlbackflush.lifecycle import run as lifecycle
from xlbackflush.schema import FITS, LOOK, UNKNOWN
from xlbackflush.template.build import build
from xlbackflush.template.samples import SAMPLES, Sample
from xlbackflush.workbook.file import FileBook

JUNE = (dt.date(2026, 6, 1), dt.date(2026, 6, 30))
DAY = dt.date(2026, 6, 15)

SETTINGS: dict[str, object] = {
    "Period start": JUNE[0],
    "Period end": JUNE[1],
    "Materiality %": 0.05,
    "Cycle time days": 3,
    "Standards set on": dt.date(2025, 6, 30),
}


def named(columns: str, *rows: tuple[object, ...]) -> list[Row]:
    return [dict(zip(columns.split(", "), row, strict=True)) for row in rows]


def tables(**changed: list[Row]) -> dict[str, list[Row]]:
    """The small world; some of its tables may be replaced."""
    count, receipt = "Date, Document, Event, Item, Quantity", "Date, Document, Item, Quantity, Actual price"
    return {
        "StandardCost": named(
            "Item, Type, Material price, Other conversion",
            ("A", "Buy", 2, None), ("B", "Buy", 5, None), ("F", "Finished", None, 4), ("G", "Finished", None, 6),
        ),
        "BOM": named("Parent, Component, Qty per", ("F", "A", 2), ("F", "B", 1), ("G", "A", 5)),
        "Counts": named(
            count,
            (DAY, "PC-1", "Completed", "F", 60), (DAY, "PC-2", "Completed", "F", 50),
            (DAY, "PC-1", "Completed", "F", -10), (DAY, "PC-3", "Completed", "G", 10),
            (DAY, "SH-1", "Sold", "F", 90), (DAY, "SH-2", "Sold", "G", 8),
        ),
        "Scrap": scrapped(5),
        "Purchases": named(
            receipt, (DAY, "PO-1", "A", 150, 2.1), (DAY, "PO-2", "A", 150, 2.0), (DAY, "PO-3", "B", 100, 4.8)
        ),
        "Actuals": incurred(483),
        "Stock": named("Item, Opening qty, Counted qty", ("A", 50, 92), ("B", 20, 23), ("F", 10, 20)),
        "WIP": named("Item, Quantity, Material %, Conversion %", ("F", 5, 1.0, 0.5)),
    } | changed  # fmt: skip


def scrapped(units: float) -> list[Row]:
    return named("Date, Document, Item, Quantity, Stage, Kind", (DAY, "SC-1", "A", units, "Component", "Normal"))


def incurred(amount: float) -> list[Row]:
    return named("Date, Document, Cost type, Amount", (DAY, "PR-1", "Conversion", amount))


def measured(settings: dict[str, object], world: dict[str, list[Row]]) -> dict[str, FitFigure]:
    _, result = posted(settings, world)
    return {row.measure.key: row for row in result.fit}


# -------------------------------------------------------------------------------------------------- figures

BY_HAND: dict[str, tuple[float, str]] = {
    "turnover": (34.16, FITS),  # 1,307 x 365 / 30 / ((330 + 601) / 2) = 34.1608
    "days_on_hand": (10.68, FITS),  # 465.5 / (1,307 / 30) = 10.6848, against 365 / 12
    "cycle": (0.1, FITS),  # 3 / 30, just at the threshold
    "wip": (0.0915, LOOK),  # (45 + 10) / 601
    "covered": (0.945, FITS),  # 550 / 582
    "count": (0.9618, LOOK),  # 1 - 21 / 550
    "corrections": (0.1667, LOOK),  # 1 of 6 rows
    "bom": (0.5, LOOK),  # A: 6 of 500 is within 2 %; B: 15 of 500 is not
    "scrap": (0.625, LOOK),  # 10 / (10 + 6)
    "age": (365, FITS),  # just at the threshold
    "price_drift": (0.0318, FITS),  # (15 + 20) / 1,100
    "usage_drift": (0.021, FITS),  # 21 / 1,000
    "conversion_drift": (0.05, FITS),  # 23 / 460, just at the threshold
    "one_off": (0.1096, LOOK),  # G 160 of 1,300 + 160
    "between": (20, schema.FOR_INFORMATION),  # 30 x 2 items / 3 receipts
    "shelf": (249.5, schema.FOR_INFORMATION),  # (200 + 299) / 2
    "yearly": (6083.33, schema.FOR_INFORMATION),  # 1,000 x 365 / 30 / 2
    "monthly": (506.94, schema.FOR_INFORMATION),  # 1,000 x 365 / 30 / 24
    "to_order": (50, schema.FOR_INFORMATION),  # 1,000 / 30 x 3 / 2
    "payables": (1000, schema.FOR_INFORMATION),  # 1,000 / 30 x 30
    "days": (30, schema.FOR_INFORMATION),
    "cogs": (1307, schema.FOR_INFORMATION),
    "start": (330, schema.FOR_INFORMATION),
    "end": (601, schema.FOR_INFORMATION),
    "used": (1000, schema.FOR_INFORMATION),
    OVERALL: (0.5714, LOOK),  # 8 of 14
}


def test_figures_by_hand() -> None:
    found = measured(SETTINGS, tables())
    assert {key: (row.figure, row.verdict) for key, row in found.items()} == BY_HAND
    mend = "Mend what the amber verdicts point to, or be ready to justify it, before you rely on backflush costing."
    assert summary(list(found.values())) == f"8 fit, 6 to look at, 0 unknown. {mend}"


def test_the_advice_is_of_the_worst_verdict() -> None:
    """To look at something comes before not to know it; where all is known and fits, the method does."""
    some = MEASURES[0]
    assert some.wanted == schema.AT_LEAST
    fits, look, unknown = (FitFigure(some, figure, 0.5) for figure in (0.5, 0.4, None))
    assert summary([fits, look, unknown]) == f"1 fit, 1 to look at, 1 unknown. {LOOK_ADVICE}"
    assert summary([fits, unknown]) == f"1 fit, 0 to look at, 1 unknown. {UNKNOWN_ADVICE}"
    assert summary([fits, fits]) == "2 fit, 0 to look at, 0 unknown. Backflush costing is appropriate here."


@pytest.mark.parametrize(
    ("triggers", "start", "end"),
    [
        # as above; the conversion of finished units is in inventory from completion on
        (schema.PCS, 330, 601),
        # finished units with their material, F 9 and G 10: 200 + 10 F = 290; counted A 92, B 23 and F 20, G 2 by the book:
        # 184 + 115 + 180 + 20 = 499; units in process move 45 to work in process and add 10
        (schema.PS, 290, 509),
        # finished goods 130 and 292, and materials that no account holds: 200, and 190 + 100 by the book
        (schema.CS, 330, 582),
        # the same by the book, before the count, which is not posted: A 95, B 20, F 20, G 2: 190 + 100 + 180 + 20
        (schema.S, 290, 490),
    ],
)
def test_inventory_is_known_under_every_set_of_trigger_points(triggers: str, start: float, end: float) -> None:
    found = measured(SETTINGS | {"Trigger points": triggers}, tables())
    assert (found["start"].figure, found["end"].figure) == (start, end)


# ----------------------------------------------------------------------------------------------- thresholds


@pytest.mark.parametrize("measure", [m for m in MEASURES if m.wanted], ids=lambda m: m.key)
def test_the_verdict_flips_at_the_threshold(measure: Any) -> None:
    worse = -0.0001 if measure.wanted == schema.AT_LEAST else 0.0001
    assert FitFigure(measure, 0.5, 0.5).verdict == FITS
    assert FitFigure(measure, 0.5 + worse, 0.5).verdict == LOOK
    assert FitFigure(measure, 0.5 - worse, 0.5).verdict == FITS
    assert FitFigure(measure, None, 0.5).verdict == UNKNOWN


@pytest.mark.parametrize(
    ("key", "settings", "changed", "verdict"),
    [
        ("cycle", {"Cycle time days": 3.1}, {}, LOOK),
        ("wip", {"Materiality %": 0.0915}, {}, FITS),
        ("wip", {"Materiality %": 0.0914}, {}, LOOK),
        ("age", {"Standards set on": dt.date(2025, 6, 29)}, {}, LOOK),
        ("conversion_drift", {}, {"Actuals": incurred(483.5)}, LOOK),  # 23.5 / 460 = 5.11 %
        ("scrap", {}, {"Scrap": scrapped(27), "Stock": named("Item, Opening qty, Counted qty", ("A", 50, 70))}, FITS),
        ("scrap", {}, {"Scrap": scrapped(26), "Stock": named("Item, Opening qty, Counted qty", ("A", 50, 71))}, LOOK),
    ],
)  # 27 scrapped, 3 short: 90 %; 26 scrapped, 3 short: 89.66 %
def test_worlds_on_either_side_of_a_threshold(
    key: str, settings: dict[str, object], changed: dict[str, list[Row]], verdict: str
) -> None:
    assert measured(SETTINGS | settings, tables(**changed))[key].verdict == verdict


def test_no_scrap_and_no_shortage_is_full_scrap_reporting() -> None:
    stock = named("Item, Opening qty, Counted qty", ("A", 50, 100), ("B", 20, 20))
    found = measured(SETTINGS, tables(Scrap=[], Stock=stock))
    assert (found["scrap"].figure, found["count"].figure, found["bom"].figure) == (1, 1, 1)


# -------------------------------------------------------------------------------------------------- unknown

UNCOUNTED = named("Item, Opening qty", ("A", 50), ("B", 20), ("F", 10))
SOLD_ONLY = [row for row in tables()["Counts"] if row["Event"] == "Sold"]


@pytest.mark.parametrize(
    ("settings", "changed", "unknown"),
    [
        ({"Cycle time days": None}, {}, {"cycle", "to_order"}),
        ({"Standards set on": None}, {}, {"age"}),
        ({}, {"WIP": []}, {"wip"}),
        ({}, {"Stock": UNCOUNTED}, {"count", "bom", "scrap", "usage_drift"}),
        ({}, {"Purchases": []}, {"price_drift", "between"}),
        ({}, {"Actuals": []}, {"conversion_drift"}),
        ({"Trigger points": schema.PS}, {"Counts": SOLD_ONLY}, {"one_off"}),
    ],
)
def test_what_cannot_be_known_is_blank(
    settings: dict[str, object], changed: dict[str, list[Row]], unknown: set[str]
) -> None:
    found = measured(SETTINGS | settings, tables(**changed))
    assert {key for key, row in found.items() if row.figure is None} == unknown
    for key in unknown:
        assert found[key].verdict == UNKNOWN
        assert explanation(found[key]).startswith("Not known: ")


EMPTY: dict[str, list[Row]] = {"StandardCost": named("Item, Type, Material price", ("A", "Buy", 2))}


def test_an_almost_empty_world_knows_nothing_and_says_so() -> None:
    """One item, nothing else: only the base figures are known (30 days; the rest 0)."""
    found = measured({"Period start": JUNE[0], "Period end": JUNE[1]}, EMPTY)
    base = {"days": 30, "cogs": 0, "start": 0, "end": 0, "used": 0}
    assert {key: row.figure for key, row in found.items() if row.figure is not None} == base
    assert all(row.verdict == UNKNOWN for key, row in found.items() if key not in base)
    assert summary(list(found.values())).startswith("0 fit, 0 to look at, 14 unknown.")


def test_texts_fit_into_formulas() -> None:
    """Excel allows 255 characters in a text of a formula."""
    assert all(len(m.why) <= 255 and len(f"Not known: {m.missing}. ") <= 255 for m in MEASURES)
    assert len({m.key for m in MEASURES}) == len(MEASURES)


# ------------------------------------------------------------------------------------------ the sheet, live

CODES = {"A": "A*1", "B": "007", "F": "F-1", "G": "F-1*"}  # codes that spreadsheets like to misread


def odd(world: dict[str, list[Row]]) -> dict[str, list[Row]]:
    return {table: [{k: CODES.get(str(v), v) for k, v in row.items()} for row in rows] for table, rows in world.items()}


def sample(settings: dict[str, object], world: dict[str, list[Row]]) -> Sample:
    return Sample("World", "", SETTINGS | settings, world)


BOOKS: dict[str, Sample] = {
    "widgets": SAMPLES["widgets"](),
    "computers": SAMPLES["computers"](),
    "empty": Sample("Empty", "", {}, EMPTY),
    "small": sample({}, tables()),
    "odd codes": sample({}, odd(tables())),
    "uncounted": sample({"Cycle time days": None}, tables(Stock=UNCOUNTED, Purchases=[], Actuals=[], WIP=[])),
    "yen": sample({"Currency": "JPY", "Trigger points": schema.CS}, tables()),
    "purchase and sale": sample({"Trigger points": schema.PS, "Variance disposition": schema.PRORATE}, tables()),
    "sale": sample({"Trigger points": schema.S, "Variance disposition": schema.CARRY_FORWARD}, tables()),
    "expensed": sample({"Conversion costs": schema.EXPENSE_THEN_ADJUST}, tables()),
}


def run(path: Path, book: Sample) -> list[FitFigure]:
    build(path, JUNE, book)
    with FileBook(path) as opened:
        outcome = lifecycle.run(opened, "tester", dt.datetime(2026, 7, 1))
    assert outcome.run, [f.what for f in outcome.findings]
    return outcome.period.fit


def rows_of(book: cells.Book) -> list[list[Any]]:
    columns = [book.column("Fit", name) for name in book.tables["Fit"].columns[:9]]
    return [[value or "" for value in row] for row in zip(*columns, strict=True)]


def same(a: object, b: object) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= 1e-9 * max(1, abs(a))
    return a == b


def test_the_sheet_recalculates_to_what_the_engine_wrote(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.xlsx" for n in range(len(BOOKS))]
    for path, book in zip(paths, BOOKS.values(), strict=True):
        run(path, book)
    for name, path, recalculated in zip(BOOKS, paths, office.recalculate(paths), strict=True):
        written, live = rows_of(cells.read(path)), rows_of(recalculated)
        assert len(written) == len(MEASURES), name
        wrong = [
            (a, b) for x, y in zip(written, live, strict=True) for a, b in zip(x, y, strict=True) if not same(a, b)
        ]
        assert not wrong, (name, wrong)


def test_odd_codes_change_nothing(tmp_path: Path) -> None:
    figures = [[row.figure for row in run(tmp_path / f"{k}.xlsx", BOOKS[k])] for k in ("small", "odd codes")]
    assert figures[0] == figures[1]


def test_figures_follow_the_inputs_live(tmp_path: Path) -> None:
    """Cells are changed in the finished workbook; figure, verdict and words follow without a run."""
    office.require()
    path = tmp_path / "small.xlsx"
    found = run(path, BOOKS["small"])
    row = {w.measure.key: 7 + n for n, w in enumerate(found)}
    setting = {s.name: f"B{7 + n}" for n, s in enumerate(schema.SETTINGS)}

    def read(key: str) -> tuple[str, str]:
        return "Fit", f"C{row[key]}:H{row[key]}"

    with office.Session(path) as session:
        (cycle,), (overall,) = session.attempt(
            [("Setup", setting["Cycle time days"], None)], [read("cycle"), read(OVERALL)]
        )
        assert (cycle[0], cycle[4]) == ("", UNKNOWN)
        assert cycle[5].startswith("Not known: fill the setting Cycle time days. ")
        assert overall[5].startswith("7 fit, 6 to look at, 1 unknown.")
        (cycle,), (wip,) = session.attempt(
            [("Setup", setting["Cycle time days"], 6), ("Setup", setting["Materiality %"], 0.1)],
            [read("cycle"), read("wip")],
        )
        assert (cycle[0], cycle[4]) == (0.2, LOOK)
        assert (wip[0], wip[3], wip[4]) == (0.0915, 0.1, FITS)
        ((one_off,),) = session.attempt([("Counts", "E10", 5)], [read("one_off")])
        assert one_off[0] == round(80 / 1380, 4)  # G completed 5, at 16, of 1,300 + 80
