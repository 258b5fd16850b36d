"""Rules across tables, as one ordered list. Each takes typed inputs and yields findings; single cells are in `accept.py`.

BEFORE   need only the inputs and their structure; an error among them stops the run before anything is computed
AFTER    need the explosion: shortages and the like; none of them stops a run
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xlbackflush import schema
from xlbackflush.engine.standards.bill import FOREVER, Bill, code_key
from xlbackflush.engine.standards.unit_cost import UnitCosts
from xlbackflush.engine.stock import counted as physical
from xlbackflush.engine.stock.opening import amounts
from xlbackflush.model import finding as f
from xlbackflush.model import money
from xlbackflush.model.finding import Finding
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.tables import Settings

Findings = Iterator[Finding]
Mask: TypeAlias = "NDArray[np.bool_] | pd.Series"  # one truth value per row


def before(inputs: Inputs, structure: Bill) -> list[Finding]:
    """Findings that need no explosion."""
    return [finding for rule in BEFORE for finding in rule(inputs, structure)]


def after(
    inputs: Inputs, structure: Bill, rollup: UnitCosts, book: pd.DataFrame, method: list[physical.CountedAccount]
) -> list[Finding]:
    """Findings on costs and quantities, and on the counts that relieve."""
    found = [finding for rule in AFTER for finding in rule(inputs, structure, rollup, book)]
    return [*found, *counted_more(inputs, method), *opened_beyond(inputs, method, book)]


def _cells(inputs: Inputs, table: str, column: str, where: Mask) -> Iterator[tuple[str, Any]]:
    """(address, value) of one column in the rows where something holds."""
    return _at(inputs, table, column, np.flatnonzero(where))


def _at(inputs: Inputs, table: str, column: str, positions: NDArray[np.intp]) -> Iterator[tuple[str, Any]]:
    """(address, value) of one column of some rows, by position."""
    source, frame = inputs.sources[table], inputs.frames[table]
    rows, values = (frame[name].to_numpy()[positions].tolist() for name in ("row", column))
    for row, value in zip(rows, values, strict=True):
        yield source.cell(column, row), value


def _blank(column: pd.Series) -> np.ndarray:
    blank: np.ndarray = np.nan_to_num(column.to_numpy(dtype=float), nan=0.0) == 0
    return blank


def _day(serial: float) -> str:
    return str(schema.DAY_0 + dt.timedelta(days=int(serial)))


# --------------------------------------------------------------------------------------- before: settings


def settings_fit(inputs: Inputs, structure: Bill) -> Findings:
    """Policies that need each other."""
    chosen = inputs.settings
    if physical.charges_everything(chosen) and not chosen.conversion_expensed:
        yield f.NOT_SUPPORTED(
            inputs.setting_cells.get("Conversion costs", "Setup"),
            "A physical count with the sale as the only trigger charges every cost to cost of goods sold, conversion too.",
            fix=f'Choose "{schema.EXPENSE_THEN_ADJUST}", or other trigger points.',
        )


def counts_complete(inputs: Inputs, structure: Bill) -> Findings:
    """The physical-count methods need the counts that they relieve and adjust by."""
    settings, frame = inputs.settings, inputs.frames["InventoryCount"]
    roles = frame["Role"].replace(schema.INVENTORY_CONTROL, schema.MIP)
    for cell, role in _cells(inputs, "InventoryCount", "Role", roles.duplicated() & (roles != "")):
        yield f.COUNTED_TWICE(cell, f"{role} has a row above; Materials and Inventory control are one account here.")
    if not (settings.by_count or settings.conversion_expensed):
        for cell, role in _cells(inputs, "InventoryCount", "Role", frame["Role"] != ""):
            yield f.COUNT_UNUSED(cell, f"{role} is counted in money, which neither policy on Setup asks for.")
        return
    where = inputs.setting_cells.get("Relief basis" if settings.by_count else "Conversion costs", "Setup")
    for role in physical.roles(settings):
        row = physical.in_money(inputs, role)
        if row is not None:
            if settings.by_count and np.isnan(row.counted):
                cell = inputs.sources["InventoryCount"].cell("Counted amount", row.row)
                yield f.NO_COUNT(
                    cell, f"The counted amount of {role} is blank.", fix="Type it; 0 if nothing was found."
                )
        else:
            yield from _counted_on_stock(inputs, structure, role, where)


def opened_once(inputs: Inputs, structure: Bill) -> Findings:
    """One balance carried over for each role."""
    roles = inputs.frames["Opening"]["Role"]
    for cell, role in _cells(inputs, "Opening", "Role", roles.duplicated() & (roles != "")):
        yield f.OPENED_TWICE(cell, f"{role} has a row above.")


def opened_in_use(inputs: Inputs, structure: Bill) -> Findings:
    """A balance of stock was carried over to an account that these trigger points never relieve."""
    settings, frame = inputs.settings, inputs.frames["Opening"]
    used = physical.stock_roles(settings)
    amount = amounts(inputs)
    aside = frame["Role"].isin(set(schema.STOCK_ROLES) - used) & (np.abs(amount) > 0.0005)
    for (cell, role), left in zip(_cells(inputs, "Opening", "Role", aside), amount[aside], strict=True):
        text = f"{role} opens with {left:,.2f}; under the trigger points {settings.trigger_points} nothing moves it."
        yield f.OPENED_ASIDE(cell, text, abs(float(left)))


def _counted_on_stock(inputs: Inputs, structure: Bill, role: str, where: str) -> Findings:
    """Items of an account that is not counted in money: each must be counted on Stock, or none."""
    settings, stock = inputs.settings, inputs.frames["Stock"]
    kinds = np.append(structure.items["type"].to_numpy(dtype=object), "")
    mine = np.isin(kinds[structure.of("Stock")], physical.types_of(role))
    if not settings.completion_triggers:
        made = np.isin(kinds[structure.of("Stock")], (schema.SUBASSEMBLY, schema.FINISHED)) & settings.by_count
        for cell, code in _cells(inputs, "Stock", "Item", made):
            yield f.NO_COUNT(cell, f"{code} is made: under these trigger points its stock has no account of its own.")
    counted = stock["Counted qty"].notna().to_numpy()
    if not (mine & counted).any():
        finished = role == schema.FINISHED_GOODS
        rule = f.NO_COUNT if settings.by_count and not finished else f.NOT_ADJUSTED
        yield rule(where, f"{role} is not counted, neither on Inventory Count nor on Stock.")
    elif settings.by_count:
        for cell, code in _cells(inputs, "Stock", "Item", mine & ~counted):
            yield f.NO_COUNT(cell, f"{code} is not counted.")
        yield from _not_on_stock(inputs, structure, role)


def _not_on_stock(inputs: Inputs, structure: Bill, role: str) -> Findings:
    """Items of an account that came in during the period, and are nowhere counted."""
    counts, completions = inputs.frames["Counts"], inputs.settings.completion_triggers
    made = structure.of("Counts")[(counts["Event"] == schema.COMPLETED).to_numpy() & completions]
    for item in sorted({*structure.of("Purchases").tolist(), *made.tolist()} - {-1, *structure.of("Stock").tolist()}):
        if structure.items["type"].iloc[item] in physical.types_of(role):
            code = structure.items["code"].iloc[item]
            yield f.NO_COUNT(_home(inputs, structure, item), f"{code} came in and is not on Stock.")


def wip_complete(inputs: Inputs, structure: Bill) -> Findings:
    """No unit in process is more than done."""
    frame = inputs.frames["WIP"]
    for column in ("Material %", "Conversion %"):
        for cell, share in _cells(inputs, "WIP", column, frame[column] > 1):
            yield f.OVER_COMPLETE(cell, f"{column} is {share:.0%}.")


# ------------------------------------------------------------------------------- before: items and the BOM


def duplicate_items(inputs: Inputs, structure: Bill) -> Findings:
    """Every item once; Excel does not tell upper from lower case."""
    frame = inputs.frames["StandardCost"]
    key = frame["Item"].map(code_key)
    again = key.duplicated() & (key != "")
    if not again.any():
        return
    first = dict(zip(reversed(key.tolist()), reversed(frame["row"].tolist()), strict=True))
    for cell, code in _cells(inputs, "StandardCost", "Item", again):
        yield f.DUPLICATE_ITEM(cell, f"{code} is listed before, in row {first[code_key(code)]}.")


def unknown_items(inputs: Inputs, structure: Bill) -> Findings:
    """Every code used must be on Standard Cost."""
    for table, column in (
        ("BOM", "Parent"),
        ("BOM", "Component"),
        ("Counts", "Item"),
        ("Scrap", "Item"),
        ("Purchases", "Item"),
        ("Stock", "Item"),
        ("WIP", "Item"),
    ):
        for cell, code in _cells(inputs, table, column, structure.of(table, column) < 0):
            if code:
                yield f.UNKNOWN_ITEM(cell, f"{code} is not on Standard Cost.")


def reversed_dates(inputs: Inputs, structure: Bill) -> Findings:
    """A line must not end before it starts."""
    bom = inputs.frames["BOM"]
    for cell, _ in _cells(inputs, "BOM", "Effective to", bom["Effective to"] < bom["Effective from"]):
        yield f.DATES_REVERSED(cell, "The line ends before it starts.")


def overlaps(inputs: Inputs, structure: Bill) -> Findings:
    """The same component twice in force on one day: an error where dates say otherwise, else a warning."""
    bom = inputs.frames["BOM"]
    parent, component = structure.of("BOM", "Parent"), structure.of("BOM", "Component")
    pair = pd.Series(np.where((parent >= 0) & (component >= 0), parent * len(structure.items) + component, -1))
    twice = (pair >= 0) & pair.duplicated(keep=False)
    if not twice.any():
        return
    frame = bom[twice].assign(
        pair=pair[twice],
        first=np.nan_to_num(bom["Effective from"][twice], nan=0.0),
        last=np.nan_to_num(bom["Effective to"][twice], nan=FOREVER),
    )
    dated = frame["Effective from"].notna() | frame["Effective to"].notna()
    dated_pairs = set(frame["pair"][dated])
    frame = frame.sort_values(["pair", "first", "row"], kind="stable")
    reach = frame.groupby("pair")["last"].cummax()
    previous = frame["pair"] == frame["pair"].shift()
    clash = frame[previous & (frame["first"] <= reach.shift())]
    cells = _at(inputs, "BOM", "Component", clash.index.to_numpy())
    for (cell, code), pair in zip(cells, clash["pair"], strict=True):
        rule = f.OVERLAP if pair in dated_pairs else f.TWICE
        text = "is in force twice on some days" if pair in dated_pairs else "is listed more than once"
        yield rule(cell, f"{code} {text} for this parent.")


def cycles(inputs: Inputs, structure: Bill) -> Findings:
    """No item may contain itself. One finding per circle, at one of its lines, with the circle spelled out."""
    if (structure.level >= 0).all():
        return
    lines = structure.lines
    open_ends: dict[int, list[tuple[int, int]]] = {}
    for parent, component, row in zip(lines["parent"], lines["component"], lines["row"], strict=True):
        if structure.level[parent] < 0 and structure.level[component] < 0:
            open_ends.setdefault(parent, []).append((component, row))
    while True:  # items below a circle are not on it: drop what leads nowhere, until every step can be followed
        ahead = {p: [(c, r) for c, r in ends if c in open_ends] for p, ends in open_ends.items()}
        kept = {p: ends for p, ends in ahead.items() if ends}
        if kept == open_ends:
            break
        open_ends = kept
    codes, seen = structure.items["code"], set()
    for start in open_ends:
        path: list[int] = []
        item = int(start)
        while item not in path and item not in seen and item in open_ends:
            path.append(item)
            item = next((c for c, _ in open_ends[item] if c in path), open_ends[item][0][0])
        seen.update(path)
        if item in path:
            circle = path[path.index(item) :]
            row = next(r for c, r in open_ends[circle[-1]] if c == item)
            text = " > ".join(str(codes.iloc[i]) for i in [*circle, item])
            yield f.CYCLE(inputs.sources["BOM"].cell("Component", row), f"{text}.")


def bought_with_bom(inputs: Inputs, structure: Bill) -> Findings:
    """A bought item is relieved at its price; lines below it would never be used."""
    parent = structure.of("BOM", "Parent")
    kinds = np.append(structure.items["type"].to_numpy(dtype=object), "")
    first = ~inputs.frames["BOM"]["Parent"].duplicated()
    for cell, code in _cells(inputs, "BOM", "Parent", (kinds[parent] == schema.BUY) & first):
        yield f.BOUGHT_WITH_BOM(cell, f"{code} is of type Buy and has a bill of materials.")


def units_differ(inputs: Inputs, structure: Bill) -> Findings:
    """Nothing converts units: a BOM in grams with a price per kilogram would be wrong a thousandfold."""
    bom = inputs.frames["BOM"]
    own = np.append(structure.items["uom"].to_numpy(dtype=object), "")[structure.of("BOM", "Component")]
    uoms = bom["UoM"].to_numpy(dtype=object)
    apart = (uoms != own) & (uoms != "") & (own != "")
    for (cell, uom), item in zip(_cells(inputs, "BOM", "UoM", apart), own[apart], strict=True):
        if uom.strip().casefold() != item.strip().casefold():
            yield f.UOM(cell, f"The line is in {uom}, its component in {item}.")


def zero_quantities(inputs: Inputs, structure: Bill) -> Findings:
    """A line of nothing relieves nothing."""
    bom = inputs.frames["BOM"]
    for cell, _ in _cells(inputs, "BOM", "Qty per", bom["Qty per"] == 0):
        yield f.ZERO_QUANTITY(cell, "Qty per is 0.")


# --------------------------------------------------------------------------------- before: standard costs


def prices(inputs: Inputs, structure: Bill) -> Findings:
    """Bought items have a price and nothing else; made items have no price."""
    cost = inputs.frames["StandardCost"]
    bought = cost["Type"] == schema.BUY
    priced = ~_blank(cost["Material price"])
    on_bom = np.isin(structure.of("StandardCost"), structure.of("BOM", "Parent"))
    converted = ~(_blank(cost["Labor hours"]) & _blank(cost["Other conversion"]))
    made = ~bought & (cost["Type"] != "")
    rates = cost[["Labor rate", "Variable overhead rate", "Fixed overhead rate"]].fillna(0).to_numpy().sum(axis=1)
    idle_hours = ~_blank(cost["Labor hours"]) & made & (rates == 0)
    for rule, mask, column, text in (
        (f.NO_PRICE, bought & ~priced, "Material price", "{} has no Material price."),
        (f.PRICE_WITHOUT_BOM, made & priced & ~on_bom, "Material price", "{} is made, has a price and no BOM."),
        (f.PRICE_IGNORED, made & priced & on_bom, "Material price", "{} is made and has a Material price."),
        (f.CONVERSION_IGNORED, bought & converted, "Labor hours", "{} is bought and has labor or other conversion."),
        (f.NO_COST, made & ~priced & ~on_bom & ~converted, "Item", "{} has neither a BOM nor conversion cost."),
        (f.HOURS_WITHOUT_RATE, idle_hours, "Labor hours", "{} has labor hours and no rate."),
    ):
        for (cell, _), code in zip(_cells(inputs, "StandardCost", column, mask), cost["Item"][mask], strict=True):
            yield rule(cell, text.format(code))


# ----------------------------------------------------------------------------------- before: transactions


def outside_period(inputs: Inputs, structure: Bill) -> Findings:
    """Cut-off: every transaction belongs to the period."""
    start, end = inputs.settings.period_start, inputs.settings.period_end
    if not (start and end):
        return
    for table in ("Counts", "Scrap", "Purchases", "Actuals"):
        frame = inputs.frames[table]
        days = frame["Date"].to_numpy()
        for cell, day in _cells(inputs, table, "Date", (days < start) | (days > end)):
            yield f.OUTSIDE_PERIOD(cell, f"{_day(day)} is outside {_day(start)} to {_day(end)}.")


def countable(inputs: Inputs, structure: Bill) -> Findings:
    """Only made, stocked items are completed; only stocked items are bought; only made units are scrapped whole."""
    types = np.append(structure.items["type"].to_numpy(dtype=object), "")
    roles = np.append(structure.items["role"].to_numpy(dtype=object), "")

    def kinds(table: str) -> np.ndarray:
        return types[structure.of(table)]

    counts, scrap = inputs.frames["Counts"], inputs.frames["Scrap"]
    completed = (counts["Event"] == schema.COMPLETED) & np.isin(kinds("Counts"), (schema.BUY, schema.PHANTOM))
    whole = (scrap["Stage"] == schema.FINISHED_UNIT) & (kinds("Scrap") == schema.BUY)
    unstocked = (kinds("Purchases") != "") & (roles[structure.of("Purchases")] == "")
    for table, mask, text in (
        ("Counts", completed, "is {}; only Subassembly and Finished items are completed."),
        ("Scrap", whole, "is {}; Finished unit asks for a made item."),
        ("Purchases", unstocked, "is {}, which is not stocked under these trigger points."),
    ):
        for (cell, code), kind in zip(_cells(inputs, table, "Item", mask), kinds(table)[mask], strict=True):
            yield f.NOT_COUNTABLE(cell, f"{code} {text.format(kind)}")


def corrections(inputs: Inputs, structure: Bill) -> Findings:
    """A negative quantity corrects a document: it repeats its number, or names it in Note (Reason on Scrap)."""
    for table, alike, note in (
        ("Counts", ["Item", "Event"], "Note"),
        ("Scrap", ["Item", "Stage"], "Reason"),
        ("Purchases", ["Item"], "Note"),
    ):
        frame = inputs.frames[table]
        negative = frame[frame["Quantity"] < 0]
        if not len(negative):
            continue
        positive = frame[frame["Quantity"] > 0]
        document = positive["Document"].str.strip().str.casefold()
        documents = set(document) - {""}
        left = positive.groupby([document, *alike])["Quantity"].sum().to_dict()
        for at, (cell, quantity) in zip(
            negative.index, _at(inputs, table, "Quantity", negative.index.to_numpy()), strict=True
        ):
            row = frame.loc[at]
            named = _named(row, note, documents)
            if named is None:
                verdict = f.CORRECTS_UNKNOWN if re.search(r"\d", str(row[note])) else f.CORRECTS_NOTHING
                yield verdict(cell, f"{quantity:g} of {row['Item']} names no document of table {table}.")
                continue
            key = (named, *(row[column] for column in alike))
            left[key] = left.get(key, 0.0) + row["Quantity"]
            if left[key] < 0:
                yield f.CORRECTS_TOO_MUCH(cell, f"{quantity:g} of {row['Item']} exceeds what {named.upper()} recorded.")
            item = int(structure.of(table)[at])
            days = positive["Date"][(document == named) & (structure.of(table)[positive.index] == item)].dropna()
            if table != "Purchases" and item >= 0 and len(days) and not np.isnan(row["Date"]):
                bill = _bill(structure, item, row["Date"])
                if all(_bill(structure, item, day) != bill for day in days):
                    text = f"{row['Item']} had another bill of materials on {_day(days.iloc[0])}, the day of {named.upper()}."
                    yield f.CORRECTS_OTHER_BILL(cell, text)


def _bill(structure: Bill, item: int, day: float) -> frozenset[int]:
    """Rows of the BOM in force on a day for an item, and for what is exploded through below it."""
    lines, items, found, waiting = structure.lines, structure.items, set[int](), {item}
    while waiting:
        own = lines[lines["parent"].isin(waiting) & (lines["first"] <= day) & (lines["last"] >= day)]
        fresh = set(own["row"].tolist()) - found
        found |= fresh
        below = own["component"][own["row"].isin(fresh)].tolist()
        waiting = {i for i in below if items["made"].iloc[i] and not items["role"].iloc[i]}
    return frozenset(found)


def _named(row: pd.Series, note: str, documents: set[str]) -> str | None:
    """The document of this table that a row corrects, or None."""
    own = str(row["Document"]).strip().casefold()
    if own in documents:
        return own
    text = str(row[note]).casefold()
    words = set(re.split(r"[\s,;:()]+", text)) | {w.rstrip(".") for w in text.split()}
    return next((d for d in sorted(documents, key=len, reverse=True) if d in words or (" " in d and d in text)), None)


def duplicate_rows(inputs: Inputs, structure: Bill) -> Findings:
    """The same date, document, item and quantity again looks like a double entry."""
    for table, columns in (
        ("Counts", ["Date", "Document", "Event", "Item", "Quantity"]),
        ("Scrap", ["Date", "Document", "Item", "Quantity", "Stage", "Kind"]),
        ("Purchases", ["Date", "Document", "Item", "Quantity", "Actual price"]),
        ("Actuals", ["Date", "Document", "Cost type", "Amount"]),
        ("Stock", ["Item"]),
    ):
        frame = inputs.frames[table]
        again = frame.duplicated(columns) & frame[columns[-1]].notna() & (frame[columns[-1]] != "")
        for cell, _ in _cells(inputs, table, columns[0], again):
            yield f.DUPLICATE_ROW(cell, f"This row repeats an earlier row of {table}.")


BEFORE: tuple[Callable[[Inputs, Bill], Findings], ...] = (
    settings_fit,
    duplicate_items,
    unknown_items,
    reversed_dates,
    overlaps,
    cycles,
    bought_with_bom,
    units_differ,
    zero_quantities,
    prices,
    outside_period,
    countable,
    corrections,
    duplicate_rows,
    counts_complete,
    opened_once,
    opened_in_use,
    wip_complete,
)

# ------------------------------------------------------------------------------------------ the explosion


def amounts_fit(largest: float, places: int) -> Findings:
    """Excel holds 15 digits; an amount beyond them could not be shown to the cent, let alone proved."""
    if largest * 10**places >= 1e15:
        yield f.TOO_MUCH("Trace", f"An amount of {largest:,.0f} has more than the 15 digits that a cell can hold.")


def trace_fits(rows: int, condensed: bool, exploded: float, settings: Settings) -> Findings:
    """The Trace must fit on its sheet; where it is condensed, say so and what follows.

    exploded: rows of the product view, about.
    """
    if rows > schema.SHEET_ROWS_MAX:
        yield f.TOO_LARGE("Trace", f"The trace needs {rows:,} rows; a sheet holds {schema.SHEET_ROWS_MAX:,}.")
    elif condensed:
        text = f"All products together would pass {schema.TRACE_ROWS_MAX:,} rows; each BOM line has one row instead"
        detail = " and entries are per trigger" if settings.journal_detail == schema.PER_PRODUCT else ""
        yield f.CONDENSED("Trace", f"{text}{detail}. {_product_view(exploded)}")


def _product_view(rows: float) -> str:
    """Where the product view is, in words."""
    if rows > schema.PRODUCT_VIEW_ROWS_MAX:
        return (
            f"The product view would pass {schema.PRODUCT_VIEW_ROWS_MAX:,} rows, too many to work with; "
            "it is not written to a file."
        )
    text = "A run writes the product view to the file beside the workbook that ends in -trace.csv."
    if rows > schema.SHEET_ROWS_MAX:
        text += " It is longer than a sheet: load it with Data > From Text/CSV."
    return text


# ------------------------------------------------------------------------------------------------- after


def nothing_effective(inputs: Inputs, structure: Bill, rollup: UnitCosts, book: pd.DataFrame) -> Findings:
    """An item with a BOM that has no line in force on the day of a count relieves nothing."""
    counts = inputs.frames["Counts"]
    item = structure.of("Counts")
    lines = structure.lines
    has_any = np.zeros(len(structure.items) + 1, dtype=bool)
    has_any[structure.of("BOM", "Parent")] = True
    whole = np.zeros(len(structure.items) + 1, dtype=bool)
    start, end = inputs.settings.period_start, inputs.settings.period_end
    whole[lines["parent"][(lines["first"] <= start) & (lines["last"] >= end)]] = True
    made = np.append(structure.items["made"].to_numpy(dtype=bool), False)
    doubtful = np.flatnonzero((item >= 0) & made[item] & has_any[item] & ~whole[item])
    for at, (cell, code) in zip(doubtful.tolist(), _at(inputs, "Counts", "Item", doubtful), strict=True):
        mine = lines[lines["parent"] == item[at]]
        day = counts["Date"].iloc[at]
        if not ((mine["first"] <= day) & (mine["last"] >= day)).any():
            yield f.NOTHING_EFFECTIVE(cell, f"{code} has a BOM, but no line in force on {_day(day)}.")


def shortages(inputs: Inputs, structure: Bill, rollup: UnitCosts, book: pd.DataFrame) -> Findings:
    """Book stock below zero: more was sold or used than there was. Posted all the same: stopping hides what was used."""
    short = book[(book["role"] != "") & (book["book"] < -1e-9)]
    if short.empty:
        return
    sold = set(structure.of("Counts")[(inputs.frames["Counts"]["Event"] == schema.SOLD).to_numpy()].tolist())
    homes = _at(inputs, "StandardCost", "Item", short["item"].to_numpy())
    for row, (cell, code) in zip(short.itertuples(), homes, strict=True):
        rule = f.OVERSOLD if row.item in sold else f.SHORTAGE
        text = f"Book stock of {code} is {row.book:,.6g}: {row.opening + row.received:,.6g} in, "
        text += f"{row.relieved + row.scrapped:,.6g} out."
        yield rule(cell, text, abs(row.book * row.cost))


def never_completed(inputs: Inputs, structure: Bill, rollup: UnitCosts, book: pd.DataFrame) -> Findings:
    """A parent relieved a subassembly that nobody counted: its own components stay in the books."""
    subassembly = (structure.items["type"] == schema.SUBASSEMBLY).to_numpy()[book["item"]]
    absent = (book["opening"] == 0) & (book["received"] == 0)
    for row in _each(book[subassembly & absent & (book["relieved"] > 0)]):
        code = structure.items["code"].iloc[row.item]
        text = f"{row.relieved:,.6g} of {code} were consumed, none completed."
        yield f.NEVER_COMPLETED(_home(inputs, structure, row.item), text, row.relieved * row.cost)


def zero_costs(inputs: Inputs, structure: Bill, rollup: UnitCosts, book: pd.DataFrame) -> Findings:
    """A made item that moved at no cost, although it has a BOM or hours."""
    has_lines = np.isin(book["item"], structure.lines["parent"]) & structure.items["made"].to_numpy()[book["item"]]
    moved = book["received"] + book["relieved"] != 0
    for row in _each(book[has_lines & moved & (book["cost"] == 0)]):
        code = structure.items["code"].iloc[row.item]
        yield f.NO_COST(_home(inputs, structure, row.item), f"{code} moved, and its unit cost is zero.")


def _each(rows: pd.DataFrame) -> Iterator[Any]:
    """Rows as named tuples. Mostly there are none, and then not even their type is made."""
    return rows.itertuples() if len(rows) else iter(())


def _home(inputs: Inputs, structure: Bill, item: int) -> str:
    """Cell of an item on Standard Cost."""
    return inputs.sources["StandardCost"].cell("Item", int(structure.items["row"].array[item]))


def counted_more(inputs: Inputs, method: list[physical.CountedAccount]) -> Findings:
    """A count that leaves less than nothing for what was relieved."""
    for row in method:
        if row.relieved < 0:
            where = inputs.sources["InventoryCount" if row.in_money else "Stock"].sheet
            text = f"{row.role}: counted {row.counted:,.2f}, but only {row.opening + row.received - row.scrapped:,.2f} was there."
            yield f.COUNTED_MORE(where, text, -row.relieved)


def opened_beyond(inputs: Inputs, method: list[physical.CountedAccount], book: pd.DataFrame) -> Findings:
    """A balance carried over that its opening stock does not explain: here last period's figures would be altered."""
    places, source = money.decimals(inputs.settings.currency), inputs.sources["Opening"]
    rows = dict(zip(inputs.frames["Opening"]["Role"], inputs.frames["Opening"]["row"], strict=True))
    standard, unit = physical.opening_at_standard(method, book, places), 10**places
    for role, beyond in physical.opening_beyond(inputs, method, book).items():
        stock = standard.get(role, 0)
        if abs(beyond) < unit:  # what rounding leaves
            continue
        rule = f.OPENED_FAR if abs(beyond) > inputs.settings.materiality * abs(stock) else f.OPENED_BEYOND
        text = (
            f"{role} opens with {money.shown(stock + beyond, places)}; its opening stock at standard is "
            f"{money.shown(stock, places)}: {'+' * (beyond > 0)}{money.shown(beyond, places)}."
        )
        yield rule(source.cell("Closing balance", int(rows[role])), text, abs(beyond) / unit)


AFTER: tuple[Callable[[Inputs, Bill, UnitCosts, pd.DataFrame], Findings], ...] = (
    nothing_effective,
    shortages,
    never_completed,
    zero_costs,
)
