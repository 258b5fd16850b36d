"""Every rule of the catalogue, by the one change to a clean small world that breaks it.

The world: a lamp (finished) of one base (subassembly of a kilogram of brass) and two bulbs. Tables start in row 7.
"""

import copy
import dataclasses
import datetime as dt
import inspect
import math
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from april import april
from plant import plant
from support import Row, compute, run, sources

from xlbackflush import schema
from xlbackflush.engine.rules.rules import RULES as RULES_ASKED
from xlbackflush.model.finding import CATALOGUE, Finding, Rule
from xlbackflush.model.tables import CellError, Source

Sources = dict[str, Source]
Change = Callable[[Sources], object]

SETTINGS: dict[str, object] = {"Period start": dt.date(2026, 4, 1), "Period end": dt.date(2026, 4, 30)}


def day(number: int) -> dt.date:
    return dt.date(2026, 4, number)


def row(columns: str, *values: object) -> Row:
    return dict(zip(columns.split(", "), values, strict=False))


COST = "Item, Type, UoM, Material price, Labor hours, Labor rate, Other conversion"
LINE = "Parent, Component, Qty per, UoM, Effective from, Effective to"
COUNT = "Date, Document, Event, Item, Quantity, Note"
SCRAP = "Date, Document, Item, Quantity, Stage, Kind, Salvage value, Reason"
PURCHASE = "Date, Document, Item, Quantity, Actual price"

TABLES: dict[str, list[Row]] = {
    "StandardCost": [
        row(COST, "Lamp", "Finished", "each", None, 0.5, 20),
        row(COST, "Base", "Subassembly", "each", None, None, None, 2),
        row(COST, "Brass", "Buy", "kg", 8),
        row(COST, "Bulb", "Buy", "each", 1.5),
    ],
    "BOM": [row(LINE, "Lamp", "Base", 1), row(LINE, "Lamp", "Bulb", 2, "each"), row(LINE, "Base", "Brass", 1, "kg")],
    "Counts": [
        row(COUNT, day(8), "PC-1", "Completed", "Base", 60),
        row(COUNT, day(9), "PC-2", "Completed", "Lamp", 50),
        row(COUNT, day(10), "SH-1", "Sold", "Lamp", 40),
    ],
    "Scrap": [row(SCRAP, day(9), "SC-1", "Bulb", 3, "Component", "Normal", None, "dropped")],
    "Purchases": [
        row(PURCHASE, day(2), "PO-1", "Brass", 100, 8.1),
        row(PURCHASE, day(3), "PO-2", "Bulb", 200, 1.4),
    ],
    "Actuals": [
        row("Date, Document, Cost type, Hours, Amount", day(30), "PR-1", "Labor", 26, 540),
        row("Date, Document, Cost type, Hours, Amount", day(30), "CV-1", "Conversion", None, 125),
    ],
    "Stock": [row("Item, Opening qty, Counted qty", "Brass", 10, 50), row("Item, Opening qty", "Lamp", 5)],
    "WIP": [row("Item, Quantity, Material %, Conversion %", "Lamp", 2, 0.5, 0.5)],
}


def clean() -> Sources:
    return copy.deepcopy(sources(SETTINGS, TABLES))


# ------------------------------------------------------------------------------------------------- changes


def put(table: str, at: int, column: str, value: object) -> Change:
    """Another value in one cell; `at` is the row on the sheet."""

    def change(read: Sources) -> None:
        source = read[table]
        source.rows[source.row_numbers.index(at)][source.columns.index(column)] = value

    return change


def add(table: str, **cells: object) -> Change:
    """One more row at the end of a table; a cell names its column with underscores for spaces."""

    def change(read: Sources) -> None:
        source = read[table]
        named = {column.replace(" ", "_"): column for column in source.columns}
        values = {named[key]: value for key, value in cells.items()}
        source.rows.append([values.get(column, "") for column in source.columns])
        source.row_numbers.append(max(source.row_numbers, default=source.first_row - 1) + 1)
        read[table] = dataclasses.replace(source, last_row=source.row_numbers[-1])

    return change


def drop(table: str, key: str) -> Change:
    """The rows gone that start with a key."""

    def change(read: Sources) -> None:
        source = read[table]
        kept = [i for i, cells in enumerate(source.rows) if cells[0] != key]
        source.rows[:] = [source.rows[i] for i in kept]
        source.row_numbers[:] = [source.row_numbers[i] for i in kept]

    return change


def emptied(*tables: str) -> Change:
    def change(read: Sources) -> None:
        for table in tables:
            read[table].rows.clear()
            read[table].row_numbers.clear()

    return change


def leave_below(table: str, cell: str) -> Change:
    """A cell with content under a table."""
    return lambda read: read[table].below.append(cell)


def current(read: Sources) -> None:
    """A workbook that says it has this version of the schema."""
    for source in read.values():
        source.version = schema.SCHEMA_VERSION


def call(table: str, column: str, name: str) -> Change:
    """A column under another name."""

    def change(read: Sources) -> None:
        source = read[table]
        source.columns = [name if own == column else own for own in source.columns]
        source.letters = {(name if own == column else own): letter for own, letter in source.letters.items()}

    return change


def own_column(table: str, name: str) -> Change:
    """A column of the user's own at the right end, with nothing in it."""

    def change(read: Sources) -> None:
        source = read[table]
        source.letters[name] = chr(ord(source.letters[source.columns[-1]]) + 1)
        source.columns = [*source.columns, name]
        source.rows[:] = [[*cells, ""] for cells in source.rows]

    return change


def without(table: str, column: str) -> Change:
    """A column gone, with its cells."""

    def change(read: Sources) -> None:
        source = read[table]
        at = source.columns.index(column)
        source.columns = [own for own in source.columns if own != column]
        source.letters.pop(column)
        source.rows[:] = [[*cells[:at], *cells[at + 1 :]] for cells in source.rows]

    return change


def units(one: str, other: str, factor: float) -> Change:
    """A row of sheet Units for every item."""
    return add("Units", From=one, To=other, Factor=factor)


def setting_row(name: str) -> int:
    return schema.HEADER_ROW + 1 + [setting.name for setting in schema.SETTINGS].index(name)


def setting(name: str, value: object) -> Change:
    return put("Setup", setting_row(name), "Value", value)


def both(*changes: Change) -> Change:
    def change(read: Sources) -> None:
        for each in changes:
            each(read)

    return change


def correction(table: str = "Counts", **cells: object) -> Change:
    """A negative row; by default of Lamp, in a document of its own."""
    alike: dict[str, object] = {"Date": day(11), "Document": "K-1", "Item": "Lamp", "Quantity": -5.0}
    alike |= {"Event": "Completed"} if table == "Counts" else {}
    return add(table, **(alike | cells))


def correction_after_a_change(on: int) -> Change:
    """A correction of PC-2 of 9 April; from 11 April on a lamp takes three bulbs."""
    return both(
        put("BOM", 8, "Effective to", day(10)),
        add("BOM", Parent="Lamp", Component="Bulb", Qty_per=3.0, UoM="each", Effective_from=day(11)),
        correction(Note="Corrects PC-2", Date=day(on)),
    )


def buy(item: str, **cells: object) -> Change:
    return add("StandardCost", Item=item, Type="Buy", **cells)


def make(item: str, **cells: object) -> Change:
    return add("StandardCost", Item=item, Type="Phantom", **cells)


def complete(item: str, quantity: float) -> Change:
    return add("Counts", Date=day(9), Document="PC-9", Event="Completed", Item=item, Quantity=quantity)


def pay(**cells: object) -> Change:
    return add("Actuals", Date=day(30), Document="PR-2", Cost_type="Labor", **cells)


def by_count(**cells: object) -> Change:
    """Relief by physical count, the materials account counted in money."""
    counted = add("InventoryCount", Role=schema.MIP, **cells)
    return both(setting("Relief basis", schema.PHYSICAL_COUNT), counted)


def incur(kind: str, amount: float, **cells: object) -> Change:
    """One more row of Actuals."""
    document = {"Date": day(30), "Document": "CV-2"}
    return add("Actuals", **(document | {"Cost_type": kind, "Amount": amount} | cells))


def weekly_pay(*days: int) -> Change:
    """The 26 hours of the clean world in five weeks, of which some are there."""
    pay = [
        add("Actuals", Date=day(on), Document=f"PR-{on}", Cost_type="Labor", Hours=5.2 + on / 100, Amount=108.0 + on)
        for on in days
    ]
    return both(drop_row("Actuals", 7), *pay)


def drop_row(table: str, at: int) -> Change:
    """One row gone; `at` is the row on the sheet."""

    def change(read: Sources) -> None:
        source = read[table]
        position = source.row_numbers.index(at)
        del source.rows[position], source.row_numbers[position]

    return change


def complete_wip() -> Change:
    """The units in process have all of their material and half of their conversion."""
    return both(put("WIP", 7, "Material %", 1.0), put("WIP", 7, "Conversion %", 0.5))


def priced(factor: float) -> Change:
    """Two more materials, and invoice prices of all four at so many times about their standard."""
    bought = [
        add("Purchases", Date=day(4), Document=document, Item=item, Quantity=50.0, Actual_price=price * factor)
        for item, document, price in (("Shade", "PO-3", 4.1), ("Wire", "PO-4", 0.98))
    ]
    other = [put("Purchases", 7, "Actual price", 8.1 * factor), put("Purchases", 8, "Actual price", 1.4 * factor)]
    return both(buy("Shade", Material_price=4.0), buy("Wire", Material_price=1.0), *other, *bought)


def bulbs_counted(quantity: float) -> Change:
    """A row of Stock for the bulbs; by the books there are 97."""
    return add("Stock", Item="Bulb", Counted_qty=quantity)


def receipt(document: str, item: str, quantity: float) -> Change:
    """One more receipt, two days after the others."""
    return add("Purchases", Date=day(3), Document=document, Item=item, Quantity=quantity, Actual_price=8.1)


def lamps_scrapped(stage: str) -> Change:
    """Four lamps, reported as scrap."""
    cells = {"Date": day(12), "Document": "SC-2", "Item": "Lamp", "Quantity": 4.0, "Stage": stage, "Kind": "Normal"}
    return add("Scrap", **cells)


# --------------------------------------------------------------------------------------------------- cases

#: what is unlikely rather than wrong; prices, rates and policy
PLAUSIBILITY_CASES: list[tuple[str, Change, str]] = [
    ("W01", put("Purchases", 7, "Actual price", 810.0), "Purchases!E7"),
    ("W02", put("Purchases", 8, "Actual price", 2.4), "Purchases!E8"),
    ("W03", priced(100), "Purchases!E7"),
    ("W04", put("Purchases", 7, "Actual price", 0.0), "Purchases!E7"),
    (
        "W05",
        both(
            put("StandardCost", 9, "Material price", 80.0),
            add("Purchases", Date=day(9), Document="PO-3", Item="Brass", Quantity=10.0, Actual_price=8.2),
        ),
        "Standard Cost!E9",
    ),
    (
        "W06",
        both(put("Purchases", 7, "Actual price", 1.4), put("Purchases", 8, "Actual price", 8.1)),
        "Purchases!E7",
    ),
    ("W08", priced(1.5), "Purchases!E7"),
    (
        "W09",
        both(
            put("StandardCost", 9, "Material price", 5.0),
            add("Purchases", Date=day(9), Document="PO-3", Item="Brass", Quantity=10.0, Actual_price=8.2),
        ),
        "Standard Cost!E9",
    ),
    ("W07", put("Scrap", 7, "Salvage value", 500.0), "Scrap!G7"),
    ("W20", put("StandardCost", 7, "Labor hours", 30.0), "Standard Cost!F7"),
    ("W21", put("StandardCost", 7, "Labor rate", 1200.0), "Standard Cost!G7"),
    ("W22", put("StandardCost", 8, "Other conversion", 125.0), "Standard Cost!J8"),
    ("W23", put("Actuals", 7, "Hours", 260.0), "Actuals!D7"),
    ("W24", put("Actuals", 7, "Amount", 5400.0), "Actuals!E7"),
    ("W25", drop_row("Actuals", 8), "Actuals"),
    ("W26", incur("Fixed overhead", 500.0), "Actuals!C9"),
    ("W27", put("Actuals", 7, "Amount", 900.0), "Actuals!E7"),
    ("W28", both(put("Actuals", 7, "Hours", 40.0), put("Actuals", 7, "Amount", 830.0)), "Actuals!E7"),
    (
        "W29",
        both(
            put("StandardCost", 7, "Fixed overhead rate", 4.0),
            incur("Fixed overhead", 100.0),
            setting("Budgeted fixed overhead", 1200.0),
        ),
        f"Setup!B{setting_row('Budgeted fixed overhead')}",
    ),
    ("W31", both(incur("Conversion", 1234.5), incur("Conversion", 1234.5, Document="CV-3")), "Actuals!A10"),
    ("W32", weekly_pay(3, 10, 24), "Actuals!A11"),
    (
        "W30",
        both(
            put("Actuals", 7, "Hours", 13.0), put("Actuals", 7, "Amount", 270.0), incur("Conversion", 270.0, Hours=13.0)
        ),
        "Actuals!C9",
    ),
    ("W36", put("Purchases", 7, "Actual price", 9.9), f"Setup!B{setting_row('Variance disposition')}"),
    (
        "W37",
        both(setting("Period-end WIP", schema.SHOW_ONLY), put("WIP", 7, "Quantity", 10.0), complete_wip()),
        f"Setup!B{setting_row('Period-end WIP')}",
    ),
    ("W38", setting("Cycle time days", 12.0), f"Setup!B{setting_row('Cycle time days')}"),
    ("W39", setting("Materiality %", 5.0), f"Setup!B{setting_row('Materiality %')}"),
]

CASES: list[tuple[str, Change, str]] = [
    # code, change, cell of the finding
    ("C01", put("Counts", 8, "Quantity", CellError("#REF!")), "Counts!E8"),
    ("C01", put("StandardCost", 9, "Material price", CellError("#N/A")), "Standard Cost!E9"),
    ("C01", put("Counts", 8, "Item", CellError("#NAME?")), "Counts!D8"),
    ("C01", setting("Currency", CellError("#VALUE!")), f"Setup!B{setting_row('Currency')}"),
    ("C02", put("Counts", 8, "Quantity", CellError("", calculated=False)), "Counts!E8"),
    ("C03", put("Counts", 8, "Quantity", ""), "Counts!E8"),
    ("C03", put("Counts", 8, "Item", "   "), "Counts!D8"),
    ("C03", put("BOM", 7, "Component", None), "BOM!B7"),
    ("C03", setting("Period end", ""), f"Setup!B{setting_row('Period end')}"),
    ("C04", put("Counts", 8, "Quantity", "1,050"), "Counts!E8"),
    ("C04", put("Counts", 8, "Quantity", "50 %"), "Counts!E8"),
    ("C04", put("Counts", 8, "Date", "9/5/2026"), "Counts!A8"),
    ("C04", put("Counts", 8, "Date", "9/4/26"), "Counts!A8"),
    ("C17", put("Counts", 8, "Quantity", "50"), "Counts!E8"),
    ("C17", put("Counts", 8, "Date", "2026-04-09"), "Counts!A8"),
    ("C17", put("Counts", 8, "Item", "Lamp "), "Counts!D8"),
    ("C17", put("BOM", 8, "Parent", "\u00a0Lamp"), "BOM!A8"),
    ("C17", setting("Materiality %", "5 %"), f"Setup!B{setting_row('Materiality %')}"),
    ("C05", put("Counts", 8, "Quantity", "fifty"), "Counts!E8"),
    ("C05", put("Counts", 8, "Quantity", True), "Counts!E8"),
    ("C05", put("Counts", 8, "Quantity", dt.date(2026, 4, 9)), "Counts!E8"),
    ("C05", put("Counts", 8, "Date", 12.0), "Counts!A8"),
    ("C06", put("Counts", 8, "Event", "Finished"), "Counts!C8"),
    ("C06", put("Scrap", 7, "Kind", "Unusual"), "Scrap!F7"),
    ("C06", setting("Trigger points", "Purchase"), f"Setup!B{setting_row('Trigger points')}"),
    ("C07", put("BOM", 8, "Scrap %", 1.0), "BOM!E8"),
    ("C07", put("BOM", 8, "Scrap %", -0.01), "BOM!E8"),
    ("C07", put("BOM", 8, "Qty per", -2.0), "BOM!C8"),
    ("C07", put("Counts", 8, "Quantity", 1e300), "Counts!E8"),
    ("C07", put("StandardCost", 9, "Material price", -8.0), "Standard Cost!E9"),
    ("C09", leave_below("Counts", "Counts!D12"), "Counts!D12"),
    ("C10", put("StandardCost", 10, "Item", "x" * 101), "Standard Cost!A10"),
    ("C10", put("Counts", 8, "Note", "x" * 32_768), "Counts!F8"),
    ("C15", put("Counts", 8, "Note", "lamp\ufffe"), "Counts!F8"),
    ("C16", add("Counts", Item="Total", Quantity=150.0), "Counts!D10"),
    ("C07", setting("Period end", dt.date(9999, 12, 31)), f"Setup!B{setting_row('Period end')}"),
    ("C01", put("Counts", 8, "Quantity", math.nan), "Counts!E8"),
    ("C01", put("Counts", 8, "Item", math.inf), "Counts!D8"),
    ("C01", put("Counts", 8, "Date", math.inf), "Counts!A8"),
    ("C01", setting("Materiality %", math.nan), f"Setup!B{setting_row('Materiality %')}"),
    ("C07", put("Counts", 8, "Quantity", math.inf), "Counts!E8"),
    ("C11", both(current, call("StandardCost", "Labor rate", "Labour rate")), "Standard Cost!G6"),
    ("C12", both(current, without("Stock", "Note")), "Stock!A6"),
    ("C13", own_column("Purchases", "Quantity2"), "Purchases!K6"),
    ("C14", lambda read: read["Counts"].misnamed.update(Quantity="Price"), "Counts!E6"),
    ("S10", both(current, put("Setup", setting_row("Journal detail"), "Setting", "Journal details")), "Setup!A15"),
    ("S11", both(current, drop("Setup", "Journal detail")), "Setup"),
    ("S12", both(current, lambda read: read.pop("Actuals")), "Actuals"),
    ("S01", setting("Period end", dt.date(2026, 3, 1)), f"Setup!B{setting_row('Period end')}"),
    ("S02", setting("Currency", "dollars"), f"Setup!B{setting_row('Currency')}"),
    ("S03", add("Setup", Setting="Favourite colour", Value="blue"), f"Setup!A{7 + len(schema.SETTINGS)}"),
    ("S04", add("Setup", Setting="Currency", Value="EUR"), f"Setup!B{7 + len(schema.SETTINGS)}"),
    ("S05", drop("Setup", "Journal detail"), "Setup"),
    (
        "S06",
        both(setting("Trigger points", schema.S), by_count(Counted_amount=70.0), drop("Stock", "Lamp")),
        f"Setup!B{setting_row('Conversion costs')}",
    ),
    ("S07", drop("Accounts", schema.COGS), f"Setup!E{6 + len(schema.ROLES)}"),
    ("S08", add("Accounts", Role=schema.COGS, Account="5111"), f"Setup!E{7 + len(schema.ROLES)}"),
    ("S09", lambda read: read.pop("Actuals"), "Actuals"),
    ("I01", buy("BULB", Material_price=1.5), "Standard Cost!A11"),
    ("I02", put("BOM", 8, "Component", "Bulbs"), "BOM!B8"),
    ("I02", add("WIP", Item="Chair", Quantity=1.0), "WIP!A8"),
    ("B01", add("BOM", Parent="Base", Component="Lamp", Qty_per=1.0), "BOM!B10"),
    ("B02", both(put("BOM", 8, "Effective from", day(9)), put("BOM", 8, "Effective to", day(8))), "BOM!H8"),
    ("B03", add("BOM", Parent="Lamp", Component="bulb", Qty_per=1.0, Effective_from=day(5)), "BOM!B10"),
    ("B04", add("BOM", Parent="Lamp", Component="Bulb", Qty_per=1.0), "BOM!B10"),
    ("B05", add("BOM", Parent="Bulb", Component="Brass", Qty_per=1.0), "BOM!A10"),
    ("B06", put("BOM", 9, "UoM", "l"), "BOM!D9"),
    ("B06", put("Purchases", 8, "UoM", "box"), "Purchases!G8"),
    ("B07", put("BOM", 8, "Qty per", 0.0), "BOM!C8"),
    ("B08", put("BOM", 9, "Effective from", day(9)), "Counts!D7"),
    ("B09", put("BOM", 9, "Per", 0.0), "BOM!J9"),
    ("B09", put("Purchases", 8, "Price per", 0.0), "Purchases!H8"),
    ("B10", both(put("BOM", 9, "Alternative", "A"), put("StandardCost", 8, "Bill", "B")), "Standard Cost!R8"),
    ("B10", put("StandardCost", 8, "Bill", "B"), "Standard Cost!R8"),
    ("B11", put("BOM", 9, "Alternative", "A"), "Standard Cost!R8"),
    ("M01", units("box", "each", 0.0), "Units!D7"),
    ("M01", units("KG", "kilo", 2.0), "Units!D7"),
    ("M02", both(units("box", "each", 12.0), units("each", "box", 12.0)), "Units!D8"),
    ("M03", units("kg", "g", 100.0), "Units!D7"),
    (
        "W10",
        both(
            units("box", "each", 1 / 12), put("Purchases", 8, "UoM", "box"), put("Purchases", 8, "Actual price", 16.8)
        ),
        "Units!D7",
    ),
    ("K08", put("StandardCost", 8, "Material overhead %", 0.1), "Standard Cost!N8"),
    (
        "K09",
        both(put("StandardCost", 8, "Setup hours", 1.0), put("StandardCost", 8, "Labor rate", 3.0)),
        "Standard Cost!Q8",
    ),
    ("K06", put("StandardCost", 8, "Machine hours", 1.0), "Standard Cost!O8"),
    ("K01", buy("Shade"), "Standard Cost!E11"),
    ("K02", make("Kit"), "Standard Cost!A11"),
    ("K03", put("StandardCost", 8, "Material price", 3.0), "Standard Cost!E8"),
    ("K04", make("Kit", Material_price=3.0), "Standard Cost!E11"),
    ("K05", put("StandardCost", 10, "Other conversion", 1.0), "Standard Cost!F10"),
    ("K06", put("StandardCost", 8, "Labor hours", 1.0), "Standard Cost!F8"),
    ("K07", both(add("StandardCost", Item="Chair", Type="Finished"), complete("Chair", 10.0)), "Standard Cost!A11"),
    ("T01", put("Counts", 8, "Date", dt.date(2026, 5, 1)), "Counts!A8"),
    ("T01", put("Purchases", 7, "Date", dt.date(2026, 3, 31)), "Purchases!A7"),
    ("T02", correction(), "Counts!E10"),
    ("T02", correction("Purchases", Item="Bulb", Actual_price=1.4), "Purchases!D9"),
    ("T03", correction(Note="Corrects PC-77 of March"), "Counts!E10"),
    ("T04", correction(Note="Corrects PC-2", Quantity=-51.0), "Counts!E10"),
    ("T05", put("Counts", 7, "Item", "Brass"), "Counts!D7"),
    ("T05", put("Scrap", 7, "Stage", "Finished unit"), "Scrap!C7"),
    ("T05", both(make("Kit", Other_conversion=1.0), put("Purchases", 7, "Item", "Kit")), "Purchases!C7"),
    (
        "T06",
        add("Purchases", Date=day(3), Document="PO-2", Item="Bulb", Quantity=200.0, Actual_price=1.4),
        "Purchases!A9",
    ),
    ("T07", correction_after_a_change(11), "Counts!E10"),
    ("T08", put("Actuals", 7, "Hours", ""), "Actuals!D7"),
    ("T08", both(pay(Amount=100.0), pay(Amount=200.0)), "Actuals!D9"),
    ("T09", pay(Hours=10.0, Amount=0.0), "Actuals!E9"),
    ("T10", setting("Trigger points", schema.CS), f"Setup!B{setting_row('Trigger points')}"),
    ("T06", add("Stock", Item="Brass", Opening_qty=10.0), "Stock!A9"),
    ("Q01", put("Counts", 9, "Quantity", 56.0), "Standard Cost!A7"),
    ("Q02", both(put("Purchases", 7, "Quantity", 40.0), put("Stock", 7, "Counted qty", "")), "Standard Cost!A9"),
    ("Q03", drop("Counts", day(8)), "Standard Cost!A8"),
    ("P01", both(by_count(), put("Stock", 8, "Counted qty", 5.0)), "Inventory Count!D7"),
    (
        "P01",
        both(setting("Relief basis", schema.PHYSICAL_COUNT), drop("Stock", "Brass")),
        f"Setup!B{setting_row('Relief basis')}",
    ),
    (
        "P01",
        both(
            setting("Relief basis", schema.PHYSICAL_COUNT),
            add("Stock", Item="Bulb", Opening_qty=1.0),
            add("Stock", Item="Base", Counted_qty=0.0),
        ),
        "Stock!A9",
    ),
    (
        "P01",  # bases were completed and bulbs bought: only the bulbs are on Stock
        both(setting("Relief basis", schema.PHYSICAL_COUNT), add("Stock", Item="Bulb", Counted_qty=1.0)),
        "Standard Cost!A8",
    ),
    ("P02", by_count(Counted_amount=70.0), f"Setup!B{setting_row('Relief basis')}"),
    (
        "P02",
        both(
            setting("Conversion costs", schema.EXPENSE_THEN_ADJUST),
            put("Stock", 8, "Counted qty", 5.0),
            drop("Stock", "Brass"),
        ),
        f"Setup!B{setting_row('Conversion costs')}",
    ),
    ("P03", add("InventoryCount", Role=schema.MIP, Counted_amount=70.0), "Inventory Count!A7"),
    (
        "P04",
        both(by_count(Counted_amount=70.0), add("InventoryCount", Role=schema.INVENTORY_CONTROL)),
        "Inventory Count!A8",
    ),
    ("P05", put("WIP", 7, "Material %", 1.01), "WIP!C7"),
    ("P05", put("WIP", 7, "Conversion %", 80.0), "WIP!D7"),
    ("P06", by_count(Counted_amount=1e6), "Inventory Count"),
    (
        "P06",
        both(
            setting("Relief basis", schema.PHYSICAL_COUNT),
            put("Stock", 7, "Counted qty", 1e6),
            add("Stock", Item="Bulb", Counted_qty=0.0),
            add("Stock", Item="Base", Counted_qty=0.0),
        ),
        "Stock",
    ),
    (
        "P07",
        both(add("Opening", Role=schema.MIP, Closing_balance=70.0), add("Opening", Role=schema.MIP, Reversal=1.0)),
        "Opening!A8",
    ),
    (
        "P08",
        both(
            add("Opening", Role=schema.MIP, Closing_balance=70.0),
            add("Opening", Role=schema.INVENTORY_CONTROL, Closing_balance=60.0),
            add("Opening", Role=schema.FINISHED_GOODS, Closing_balance=50.0),
        ),
        "Opening!A8",
    ),
    ("P09", add("Opening", Role=schema.MIP, Closing_balance=83.0), "Opening!B7"),  # 10 kg of brass at 8
    ("P10", add("Opening", Role=schema.MIP, Closing_balance=90.0), "Opening!B7"),
    (
        "P11",  # 10 of 60 bases were not used, and 10 of 50 lamps not sold: the lamps are not on Stock
        both(
            setting("Trigger points", schema.PS),
            setting("Relief basis", schema.PHYSICAL_COUNT),
            drop("Stock", "Lamp"),
            add("Stock", Item="Bulb", Counted_qty=97.0),
            add("Stock", Item="Base", Counted_qty=10.0),
        ),
        "Standard Cost!A7",
    ),
    ("P12", both(make("Kit", Other_conversion=1.0), add("Stock", Item="Kit", Counted_qty=100.0)), "Stock!A9"),
    ("P13", put("Stock", 8, "Opening qty", -5.0), "Stock!B8"),
    ("P14", put("Stock", 7, "Counted qty", -50.0), "Stock!C7"),
    ("P14", by_count(Counted_amount=-100.0), "Inventory Count!D7"),
    ("P15", by_count(Counted_amount=70.0, Counted_conversion=700.0), "Inventory Count!E7"),
    ("Z04", emptied("Counts", "Scrap", "Purchases", "Actuals", "WIP", "Stock"), "Counts"),
    (
        "Z05",
        both(emptied("Counts", "Scrap", "Actuals", "WIP", "Stock"), setting("Trigger points", schema.S)),
        "Purchases",
    ),
    *PLAUSIBILITY_CASES,
    ("W40", put("Counts", 7, "Quantity", 600.0), "Counts!E7"),
    ("W41", put("Purchases", 7, "Quantity", 1000.0), "Purchases!D7"),
    ("W42", both(bulbs_counted(94.0), put("Scrap", 7, "Quantity", 60.0)), "Scrap!D7"),
    ("W43", put("Stock", 7, "Opening qty", 1000.0), "Stock!B7"),
    ("W44", put("Stock", 7, "Counted qty", 500.0), "Stock!C7"),
    ("W45", both(bulbs_counted(50.0), put("Stock", 7, "Counted qty", 97.0)), "Stock!C7"),
    ("W46", add("Counts", Date=day(9), Document="PC-9", Event="Completed", Item="Base", Quantity=60.0), "Counts!E10"),
    ("W47", receipt("PO-9", "Brass", 100.0), "Purchases!D9"),
    (
        "W48",
        both(bulbs_counted(97.0), put("Stock", 8, "Counted qty", 15.0), put("Counts", 8, "Event", "Sold")),
        "Counts!C8",
    ),
    ("W49", both(bulbs_counted(89.0), put("Stock", 8, "Counted qty", 15.0), lamps_scrapped("Component")), "Scrap!E8"),
    ("W50", both(bulbs_counted(247.0), receipt("PO-3", "Brass", 150.0)), "Purchases!C9"),
    ("W51", put("Stock", 7, "Counted qty", 43.0), "Stock!C7"),
    ("W52", put("WIP", 7, "Quantity", 200.0), "WIP!B7"),
    (
        "W53",
        both(put("WIP", 7, "Quantity", 20.0), put("WIP", 7, "Material %", ""), put("WIP", 7, "Conversion %", "")),
        "WIP!C7",
    ),
    ("W54", put("Purchases", 8, "Quantity", 2000.0), "Purchases!D8"),
    ("W55", put("Purchases", 7, "Quantity", 0.0), "Purchases!D7"),
    ("W60", put("BOM", 9, "Qty per", 10.0), "BOM!C9"),
    ("W61", both(put("BOM", 9, "Scrap %", 0.5), put("Stock", 7, "Counted qty", 47.0)), "BOM!E9"),
    ("W62", bulbs_counted(37.0), "Standard Cost!A10"),
    ("Z03", put("Counts", 9, "Quantity", 9e13), "Trace"),
    ("S13", add("Accounts", Role=schema.FINISHED_GOODS, Class="Spares", Account="1359"), "Setup!H22"),
    ("S13", add("Accounts", Role=schema.CCC, Class="Spares", Account="5319"), "Setup!H22"),
    ("Z03", add("Opening", Role=schema.COGS, Closing_balance=2e13), "Ledger"),
]

#: code, the limit of rows in `schema` that the world (with more than two rows of trace) is made to pass
SIZES = [("Z01", "TRACE_ROWS_MAX"), ("Z02", "SHEET_ROWS_MAX")]

RULES: dict[str, Rule] = {rule.code: rule for rule in CATALOGUE}


@pytest.mark.parametrize(("code", "change", "where"), CASES, ids=[f"{code}-{where}" for code, _, where in CASES])
def test_a_broken_rule_is_found_in_its_cell(code, change, where):
    read = clean()
    change(read)
    outcome = compute(read)
    found = [finding for finding in outcome.findings if finding.code == code]
    assert [finding.where for finding in found] == [where], outcome.findings
    assert found[0].severity == RULES[code].severity
    assert found[0].what
    assert found[0].fix
    assert (outcome.run is None) == any(f.severity == schema.ERROR for f in outcome.findings)


@pytest.mark.parametrize(("code", "limit"), SIZES)
def test_an_explosion_beyond_a_limit_is_found(code, limit, monkeypatch):
    monkeypatch.setattr(schema, limit, 2)
    outcome = compute(clean())
    assert [(finding.code, finding.where) for finding in outcome.findings] == [(code, "Trace")]
    assert (outcome.run is None) == (RULES[code].severity == schema.ERROR)


@pytest.mark.parametrize(
    ("sheet", "file", "says"),
    [
        (10, 10, "A run writes the product view to the file beside the workbook that ends in -trace.csv."),
        (9, 10, "It is longer than a sheet: load it with Data > From Text/CSV."),
        (9, 9, "The product view would pass 9 rows, too many to work with; it is not written to a file."),
    ],
)
def test_where_the_product_view_is_follows_from_its_rows(sheet, file, says, monkeypatch):
    """Two lamps of a kit of three parts: 2 x (1 + 1 + 3) rows product by product, 2 + 2 + 3 per BOM line."""
    lamps, parts = ("Lamp", "Torch"), ("Wire", "Plug", "Switch")
    tables = {
        "StandardCost": [
            *(row(COST, lamp, "Finished") for lamp in lamps),
            row(COST, "Kit", "Phantom"),
            *(row(COST, part, "Buy", "each", 1) for part in parts),
        ],
        "BOM": [*(row(LINE, lamp, "Kit", 1) for lamp in lamps), *(row(LINE, "Kit", part, 1) for part in parts)],
        "Counts": [row(COUNT, day(9), "PC-1", "Completed", lamp, 1) for lamp in lamps],
        "Stock": [row("Item, Opening qty", part, 2) for part in parts],
    }
    for limit, most in (("TRACE_ROWS_MAX", 2), ("SHEET_ROWS_MAX", sheet), ("PRODUCT_VIEW_ROWS_MAX", file)):
        monkeypatch.setattr(schema, limit, most)
    for detail, per_product in ((schema.PER_TRIGGER, ""), (schema.PER_PRODUCT, " and entries are per trigger")):
        [finding] = run(SETTINGS | {"Journal detail": detail}, tables).findings
        assert finding.code == "Z01"
        lines = f"All products together would pass 2 rows; each BOM line has one row instead{per_product}. "
        assert finding.what.startswith(lines)
        assert finding.what.endswith(says)


def test_every_rule_of_the_catalogue_has_a_case():
    """Others have theirs elsewhere.

    Journal-entry tests in `test_journal_tests`, what was posted in `test_lifecycle`, those that compare with the period before
    (W80 to W89) in `test_last_period`, witnesses (W90) in `test_witnesses`, spaces that a formula gives in `test_readings`.
    """
    expected = {code for code in RULES if code[0] not in "JL" and code[:2] not in ("W8", "W9")} - {"C08"}
    assert {code for code, *_ in [*CASES, *SIZES]} == expected
    assert len(RULES) == len(CATALOGUE)


@pytest.mark.parametrize("module", sorted({rule.__module__ for rules in RULES_ASKED.values() for rule in rules}))
def test_every_rule_is_asked_once(module):
    """What a module of rules offers stands in the list of rules, once."""
    offered = [
        f
        for name, f in vars(sys.modules[module]).items()
        if inspect.isfunction(f)
        and f.__module__ == module
        and name[0] != "_"
        and inspect.signature(f).return_annotation == Iterator[Finding]
    ]
    listed = [rule for rules in RULES_ASKED.values() for rule in rules if rule.__module__ == module]
    assert sorted(rule.__name__ for rule in listed) == sorted(rule.__name__ for rule in offered)


def test_a_document_named_twice_over_is_the_one_that_stands_first():
    """A note with two documents of this table: of numbers of one length, the first on the sheet."""
    read = clean()
    correction(Note="PC-2, PC-1", Quantity=-1.0)(read)
    (finding,) = compute(read).findings
    assert (finding.code, finding.what) == ("T04", "-1 of Lamp exceeds what PC-1 recorded.")


def test_a_clean_world_has_no_findings():
    outcome = compute(clean())
    assert outcome.findings == []
    assert outcome.run is not None


@pytest.mark.parametrize(("code", "change"), {code: change for code, change, _ in reversed(CASES)}.items())
def test_errors_stop_the_run_and_warnings_do_not(code, change):
    read = clean()
    change(read)
    outcome = compute(read)
    assert outcome.failed == (RULES[code].severity == schema.ERROR)
    assert (outcome.run is None) == outcome.failed


def test_a_correction_dated_as_its_document_takes_back_what_that_relieved():
    read = clean()
    correction_after_a_change(9)(read)
    assert [finding.code for finding in compute(read).findings] == []


def test_a_correction_of_a_purchase_has_nothing_to_do_with_the_bill():
    """Two of ten bases of the 3rd go back on the 12th; from the 11th on a base takes two kilograms."""
    read = clean()
    bought = {"Document": "PO-3", "Item": "Base", "Actual_price": 10.0}
    for change in (
        put("BOM", 9, "Effective to", day(10)),
        add("BOM", Parent="Base", Component="Brass", Qty_per=2.0, UoM="kg", Effective_from=day(11)),
        add("Purchases", Date=day(3), Quantity=10.0, **bought),
        add("Purchases", Date=day(12), Quantity=-2.0, **bought),
    ):
        change(read)
    assert compute(read).findings == []


def test_a_correction_of_a_document_without_a_date_is_no_fault():
    read = clean()
    correction_after_a_change(11)(read)
    put("Counts", 8, "Date", "")(read)
    assert [(finding.code, finding.where) for finding in compute(read).findings] == [("C03", "Counts!A8")]


def circle_in(finding: Finding) -> list[str]:
    """The items that a finding spells out."""
    start = "The bill runs in a circle: "
    assert finding.what.startswith(start)
    return finding.what.removeprefix(start).strip(".").split(" > ")


def test_a_circle_is_spelled_out():
    """One finding for each circle, with its items in order."""
    tables = {
        "StandardCost": [row(COST, item, "Phantom") for item in ("A", "B", "C", "D", "E")],
        "BOM": [row(LINE, a, b, 1) for a, b in ("AB", "BC", "CA", "CD", "DE", "ED")],
    }
    circles = [finding for finding in run(SETTINGS, tables).findings if finding.code == "B01"]
    assert sorted(sorted(set(circle_in(finding))) for finding in circles) == [
        ["A", "B", "C"],
        ["D", "E"],
    ]
    for finding in circles:
        spelled = circle_in(finding)
        assert spelled[0] == spelled[-1]
        assert all(row(LINE, a, b, 1) in tables["BOM"] for a, b in pairwise(spelled))


def test_an_item_inside_itself_is_a_circle_of_one():
    tables = {"StandardCost": [row(COST, "A", "Phantom")], "BOM": [row(LINE, "A", "a", 1)]}
    (finding,) = (finding for finding in run(SETTINGS, tables).findings if finding.code == "B01")
    assert (finding.where, finding.what) == ("BOM!B7", "The bill runs in a circle: A > A.")


def test_items_below_a_circle_are_not_called_part_of_it():
    tables = {
        "StandardCost": [row(COST, item, "Phantom") for item in ("X", "A", "B", "Y")],
        "BOM": [row(LINE, a, b, 1) for a, b in ("XA", "AB", "BA", "BY")],
    }
    (finding,) = (finding for finding in run(SETTINGS, tables).findings if finding.code == "B01")
    assert set(circle_in(finding)) == {"A", "B"}


def test_findings_stand_errors_first_then_warnings_then_notes():
    read = clean()
    for change in (
        put("BOM", 9, "UoM", "g"),
        drop("Setup", "Journal detail"),
        put("Counts", 8, "Quantity", "fifty"),
        add("Setup", Setting="Favourite colour", Value="blue"),
        put("Scrap", 7, "Item", "Chair"),
    ):
        change(read)
    severities = [finding.severity for finding in compute(read).findings]
    order = [schema.ERROR, schema.WARNING, schema.NOTE]
    assert severities == sorted(severities, key=order.index)
    assert set(severities) == set(order)


def test_one_run_reports_every_problem_at_once():
    read = clean()
    changes = {"C04": put("Counts", 8, "Quantity", "1,050"), "I02": put("Scrap", 7, "Item", "Chair")}
    changes |= {"T01": put("Purchases", 7, "Date", dt.date(2026, 5, 1)), "C07": put("BOM", 8, "Scrap %", 1.5)}
    for change in changes.values():
        change(read)
    assert {finding.code for finding in compute(read).findings} >= changes.keys()


def test_corrections_that_are_too_much_only_together_are_found():
    """PC-2 recorded 50 lamps: 30 and 30 taken back are 10 too many."""
    read = clean()
    for number in (1, 2):
        correction(Note="Corrects PC-2", Document=f"K-{number}", Quantity=-30.0)(read)
    assert "T04" in {finding.code for finding in compute(read).findings}


def test_a_document_of_nothing_records_nothing_that_could_be_corrected():
    read = clean()
    add("Counts", Date=day(9), Document="PC-9", Event="Completed", Item="Lamp", Quantity=0.0)(read)
    correction(Note="Corrects PC-9", Quantity=-1.0)(read)
    assert [(each.code, each.where) for each in compute(read).findings] == [
        ("T03", "Counts!E11"),
        ("W55", "Counts!E10"),
    ]


def test_what_was_used_and_never_completed_says_what_it_is_worth():
    """50 bases of 10."""
    read = clean()
    drop("Counts", day(8))(read)
    (finding,) = (each for each in compute(read).findings if each.code == "Q03")
    assert (finding.what, finding.effect) == ("50 of Base were consumed, none completed.", 500)


def test_an_item_is_named_in_the_column_of_items_wherever_that_stands():
    """Here the columns stand in the opposite order."""
    read = clean()
    put("Counts", 9, "Quantity", 56.0)(read)
    source = read["StandardCost"]
    letters = dict(zip(reversed(source.letters), source.letters.values(), strict=True))
    read["StandardCost"] = dataclasses.replace(source, letters=letters)
    assert [(each.code, each.where) for each in compute(read).findings] == [
        ("Q01", f"Standard Cost!{letters['Item']}7")
    ]
    assert letters["Item"] == list(source.letters.values())[-1]


def test_shortages_say_what_they_are_worth():
    """56 lamps sold out of 5 + 50: one is missing, at 8 of brass, 2 for its base, 3 of bulbs and 10 of labor."""
    read = clean()
    put("Counts", 9, "Quantity", 56.0)(read)
    (finding,) = compute(read).findings
    assert finding.effect == pytest.approx(23)


SPOILED_CELLS = [
    ("Counts", "Quantity", "12,500", 'Quantity is the text "12,500", which can be 12.5 or 12,500.'),
    ("Counts", "Quantity", "5%", 'Quantity is the text "5%", not a number.'),
    ("Counts", "Quantity", "ten", 'Quantity is "ten"; a number is expected.'),
    ("Counts", "Quantity", "ten " * 20, f'Quantity is "{"ten " * 9}t..."; a number is expected.'),
    ("Counts", "Quantity", True, "Quantity is TRUE; a number is expected."),
    ("Counts", "Quantity", None, "Quantity is blank."),
    ("Counts", "Quantity", CellError("#REF!"), "Quantity holds the error value #REF!."),
    ("Counts", "Quantity", CellError("", calculated=False), "Quantity holds a formula whose result is not stored."),
    ("Counts", "Quantity", 1e19, "Quantity is 10,000,000,000,000,000,000; that is too large."),
    ("Counts", "Date", "6/5/2026", 'Date is the text "6/5/2026", which can be 2026-05-06 or 2026-06-05.'),
    ("Counts", "Date", "4/5/2026", 'Date is read as a date: A7 "4/5/2026" as 2026-04-05.'),
    ("Counts", "Date", "4/5/26", 'Date is the text "4/5/26", not a date.'),
    ("Counts", "Date", "soon", 'Date is "soon"; a date is expected.'),
    ("Counts", "Item", " Ring", 'Item is read without stray spaces: D7 " Ring" as "Ring".'),
    ("Counts", "Item", "  ", "Item holds nothing but spaces."),
    ("Counts", "Event", "Sould", 'Event is "Sould", which is not on the list.'),
    ("BOM", "Qty per", -1.5, "Qty per is -1.5; it must not be below 0."),
    (
        "BOM",
        "Scrap %",
        1.25,
        "Scrap % is 125 %; it must be at least 0 % and below 100 %. 1.25 looks like the factor of 25 %.",
    ),
    (
        "BOM",
        "Scrap %",
        15.0,
        "Scrap % is 1,500 %; it must be at least 0 % and below 100 %. 15 looks like 15 % without its sign.",
    ),
    ("BOM", "Scrap %", -0.05, "Scrap % is -5 %; it must be at least 0 % and below 100 %."),
]


@pytest.mark.parametrize(("table", "column", "cell", "what"), SPOILED_CELLS)
def test_what_is_wrong_with_a_cell_is_said_in_words(table: str, column: str, cell: object, what: str):
    tables = plant()
    tables[table][0][column] = cell
    findings = run(april(), tables).findings
    assert [
        each.what for each in findings if each.where == f"{schema.SHEET_OF[table].name}!{column_letter(table, column)}7"
    ][:1] == [what]


def column_letter(table: str, column: str) -> str:
    return sources(april(), plant())[table].letters[column]


@pytest.mark.parametrize(
    ("share", "fix"),
    [
        (1.15, "Type 15 %, if that is meant."),
        (15.0, "Type 15 %, if that is meant."),
        (1.0, "Correct the value."),
        (-0.1, "Correct the value."),
    ],
)
def test_a_share_beyond_all_is_told_with_what_it_looks_like(share: float, fix: str):
    tables = plant()
    tables["BOM"][0]["Scrap %"] = share
    [finding] = run(april(), tables).findings
    assert (finding.code, finding.where, finding.fix) == ("C07", "BOM!E7", fix)


@pytest.mark.parametrize(
    ("table", "column", "cell", "fix"),
    [
        ("Counts", "Quantity", "4 pcs", "Type 4 alone, without the unit."),
        ("Counts", "Quantity", "four", "Type a number."),
        ("BOM", "Qty per", -1.5, "Type it without the minus sign."),
        (
            "Purchases",
            "Actual price",
            -2.5,
            "Type it without the minus sign. A credit or a return has its minus sign in Quantity.",
        ),
        ("Counts", "Event", "Complete", "Use Completed."),
        ("Counts", "Event", "made", "Use Completed or Sold."),
    ],
)
def test_a_cell_that_is_refused_is_told_with_what_to_type(table: str, column: str, cell: object, fix: str):
    tables = plant()
    tables[table][0][column] = cell
    where = f"{schema.SHEET_OF[table].name}!{column_letter(table, column)}7"
    assert [each.fix for each in run(april(), tables).findings if each.where == where] == [fix]


def test_an_unknown_choice_and_an_unknown_setting_are_named_with_a_remedy():
    tables = plant()
    tables["Counts"][0]["Event"] = "Sould"
    [unknown] = [each for each in run(april(), tables).findings if each.where == "Counts!C7"]
    assert unknown.fix == "Use Sold."
    read = sources(april(Cycle_tyme_days=3), plant())
    read["Setup"] = dataclasses.replace(read["Setup"], letters={"Value": "A", "Setting": "B", "Meaning": "C"})
    [unknown] = [each for each in compute(read).findings if '"Cycle tyme days"' in each.what]
    assert unknown.where == f"Setup!B{7 + len(schema.SETTINGS)}"
