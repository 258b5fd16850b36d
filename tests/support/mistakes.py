"""Mistakes that people make in a workbook, each planted once into a clean world, with the cells that a finding must name.

A kind is a function of a change and a random generator: it picks a row, spoils it, and names the cells. It gives up (None)
where the world has nothing of the sort. What the rules ask of a workbook is not looked at here: the kinds come from what
controllers, clerks and scales do wrong. Quantities are spoiled where the item is counted: else nothing could show it.

    change = plant("price is the line total", clean_world(7), np.random.default_rng(1))
    change.cells        {"Purchases!E14"}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from clean_factories import Random
from clean_worlds import CleanWorld
from support import FIRST_ROW, Row

from xlbackflush import schema

SHEETS = {table.name: sheet.name for sheet in schema.INPUT_SHEETS for table in sheet.tables}


@dataclass
class Change:
    """A world that is being spoiled. cells: addresses that a finding may name; ending in "!": any cell of the sheet.

    costs: true standard costs of a unit. effect: in money, where the engine leaves out what is wrong, so that no balance shows
    it.
    """

    settings: dict[str, object]
    tables: dict[str, list[Row]]
    costs: dict[str, float]
    cells: set[str] = field(default_factory=set)
    what: str = ""
    effect: float | None = None

    def rows(self, table: str, **wanted: object) -> list[int]:
        """Positions of rows with these cells."""
        chosen = {name.replace("_", " "): value for name, value in wanted.items()}
        return [i for i, row in enumerate(self.tables[table]) if all(row.get(k) == v for k, v in chosen.items())]

    def number(self, table: str, at: int, column: str) -> float:
        """The number in a cell; blank is 0."""
        value = self.tables[table][at].get(column)
        return float(value) if isinstance(value, int | float) else 0.0

    def put(self, table: str, at: int, column: str, value: object) -> None:
        """Type something into a cell, and name the cell."""
        before = self.tables[table][at].get(column)
        self.tables[table][at] = self.tables[table][at] | {column: value}
        self.name(table, at, column)
        self.what += f" {self.address(table, at, column)}: {before} -> {value}"

    def insert(self, table: str, at: int, row: Row) -> None:
        """A row more."""
        self.tables[table].insert(at, row)
        self.what += f" row more: {self.address(table, at, next(iter(row)))}"

    def delete(self, table: str, chosen: Iterable[int]) -> None:
        """Rows less."""
        gone = set(chosen)
        self.what += f" rows less on {table}: {[self.tables[table][i] for i in sorted(gone)][:2]}"
        self.tables[table] = [row for i, row in enumerate(self.tables[table]) if i not in gone]

    def name(self, table: str, at: int, *columns: str) -> None:
        """A finding may name these cells of a row, or any cell of it."""
        self.cells |= {self.address(table, at, column) for column in columns or schema.TABLES[table].names}

    def name_item(self, code: object, *tables: str) -> None:
        """A finding may name any cell of the rows of an item."""
        for table in tables:
            for at in self.rows(table, Item=code):
                self.name(table, at)

    def address(self, table: str, at: int, column: str) -> str:
        """Address of a cell, as findings write it."""
        of = schema.TABLES[table]
        letter = chr(ord("A") + of.first_col - 1 + of.names.index(column))
        return f"{SHEETS[table]}!{letter}{FIRST_ROW + at}"

    def names(self, where: str) -> bool:
        """Does a finding at this place name the mistake?"""
        first = where.split(",")[0].split(":")[0]
        return first in self.cells or f"{where.split('!')[0]}!" in self.cells


Mistake = Callable[[Change, Random], bool]
KINDS: dict[str, Mistake] = {}
#: kinds that the sheets cannot always show; they are measured, and no share is asked of them
HARD: set[str] = set()
#: kinds whose cell others often match, whoever looks: they count among all mistakes, and no share is asked of them alone.
#: Of a product 2, 14, 2 and 5 were sold, and 19 fewer than the book were counted: was the first 21, or the third? 202 received
#: for 220, and 18 more counted than the 49 of the book: a receipt, the opening stock or the count may be what is wrong.
ALIKE = {"sale, digit dropped", "receipt, digits exchanged"}


def plant(kind: str, world: CleanWorld, rng: Random) -> Change | None:
    """A copy of the world with one mistake of a kind in it; None where nothing can be spoiled so."""
    tables = {name: list(world.tables.get(name, [])) for name in schema.TABLES if name in SHEETS}
    change = Change(dict(world.settings), tables, world.costs)
    return change if KINDS[kind](change, rng) else None


def _kind(name: str, hard: bool = False) -> Callable[[Mistake], Mistake]:
    def listed(mistake: Mistake) -> Mistake:
        KINDS[name] = mistake
        if hard:
            HARD.add(name)
        return mistake

    return listed


def _one(rng: Random, rows: list[int]) -> int | None:
    return int(rng.choice(rows)) if rows else None


def _times(name: str, table: str, column: str, factor: float, least: float = 0.0, **wanted: object) -> None:
    """A kind: the number in a cell is multiplied, in some row where it is at least so large; packs are packs of pieces."""
    pieces = name.endswith("packs of 12")

    def mistake(change: Change, rng: Random) -> bool:
        rows = [i for i in _known(change, table, **wanted) if change.number(table, i, column) > least]
        at = _one(rng, [i for i in rows if not pieces or _in_pieces(change, table, i)])
        if at is None:
            return False
        value = change.number(table, at, column) * factor
        change.put(table, at, column, _typed(change, table, at, value))
        return True

    _kind(name)(mistake)


def _known(change: Change, table: str, **wanted: object) -> list[int]:
    """Rows with these cells; of documents and stock those of items that are counted."""
    rows = change.rows(table, **wanted)
    if table not in ("Counts", "Purchases", "Stock"):
        return rows
    counted = {row["Item"] for row in change.tables["Stock"] if row["Counted qty"] is not None}
    return [i for i in rows if change.tables[table][i]["Item"] in counted]


def _in_pieces(change: Change, table: str, at: int) -> bool:
    item = change.tables[table][at].get("Item")
    return any(row["Item"] == item and row.get("UoM") == "each" for row in change.tables["StandardCost"])


def _typed(change: Change, table: str, at: int, value: float) -> float:
    """Pieces are whole, other numbers have the digits that people type."""
    whole = table in ("Counts", "Scrap", "Stock", "Purchases") and _in_pieces(change, table, at)
    return float(round(value)) if whole else float(f"{value:.6g}")


def _bought(change: Change) -> dict[object, list[int]]:
    """Items with receipts: the rows of what came in."""
    found: dict[object, list[int]] = {}
    for i, row in enumerate(change.tables["Purchases"]):
        if change.number("Purchases", i, "Quantity") > 0:
            found.setdefault(row["Item"], []).append(i)
    return found


def _cost_row(change: Change, code: object) -> int:
    return change.rows("StandardCost", Item=code)[0]


# ------------------------------------------------------------------------------------------------------ prices


def _price(name: str, factor: float) -> None:
    """An invoice price is off by a factor. With one receipt alone the standard may as well be what is wrong."""

    def mistake(change: Change, rng: Random) -> bool:
        bought = _bought(change)
        at = _one(rng, [i for rows in bought.values() for i in rows])
        if at is None:
            return False
        row = change.tables["Purchases"][at]
        price = change.number("Purchases", at, "Actual price")
        by = factor or change.number("Purchases", at, "Quantity")
        if abs(by - 1) < 1:
            by = factor
        if not by or by == 1:
            return False
        change.put("Purchases", at, "Actual price", float(f"{price * by:.6g}"))
        if len(bought[row["Item"]]) == 1:
            change.name("StandardCost", _cost_row(change, row["Item"]), "Material price")
        return True

    _kind(name)(mistake)


_price("price is the line total", 0)
_price("price per 100", 100)
_price("price per 1,000", 1000)
_price("price of a dozen", 12)
_price("price x 10", 10)
_price("price / 10", 0.1)
_price("price / 100", 0.01)


def _standard_price(name: str, factor: float) -> None:
    """A standard price is off by a factor. With one receipt alone the invoice may as well be what is wrong."""

    def mistake(change: Change, rng: Random) -> bool:
        bought = _bought(change)
        if not bought:
            return False
        codes = list(bought)
        code = codes[int(rng.integers(len(codes)))]
        at = _cost_row(change, code)
        change.put("StandardCost", at, "Material price", change.number("StandardCost", at, "Material price") * factor)
        if len(bought[code]) == 1:
            change.name("Purchases", bought[code][0], "Actual price")
        return True

    _kind(name)(mistake)


_standard_price("standard price of a dozen", 12)
_standard_price("standard price x 10", 10)
_standard_price("standard price x 100", 100)
_standard_price("standard price / 10", 0.1)
_standard_price("standard price / 100", 0.01)


@_kind("all invoice prices in cents")
def _cents(change: Change, rng: Random) -> bool:
    for at, row in enumerate(change.tables["Purchases"]):
        change.put("Purchases", at, "Actual price", change.number("Purchases", at, "Actual price") * 100)
        change.name("Purchases", at, "Actual price")
        change.what = f"every price x 100, {row['Item']}"
    return bool(change.tables["Purchases"])


@_kind("receipt as one lot")
def _one_lot(change: Change, rng: Random) -> bool:
    """Quantity 1, and the price of the whole."""
    rows = [i for i in range(len(change.tables["Purchases"])) if change.number("Purchases", i, "Quantity") > 5]
    at = _one(rng, rows)
    if at is None:
        return False
    total = change.number("Purchases", at, "Quantity") * change.number("Purchases", at, "Actual price")
    change.put("Purchases", at, "Quantity", 1.0)
    change.put("Purchases", at, "Actual price", float(f"{total:.8g}"))
    return True


@_kind("quantity and price exchanged")
def _price_as_quantity(change: Change, rng: Random) -> bool:
    rows = [i for i in range(len(change.tables["Purchases"])) if change.number("Purchases", i, "Quantity") > 0]
    at = _one(rng, rows)
    if at is None:
        return False
    row = change.tables["Purchases"][at]
    change.put("Purchases", at, "Quantity", row["Actual price"])
    change.put("Purchases", at, "Actual price", row["Quantity"])
    return True


def _two_exchanged(name: str, table: str, column: str, apart: float, same: str = "", hard: bool = False) -> None:
    """Two rows below each other have each other's number, at least so many times as large; of one parent, perhaps."""

    def mistake(change: Change, rng: Random) -> bool:
        rows = change.tables[table]
        numbers = [change.number(table, i, column) for i in range(len(rows))]
        pairs = [
            i
            for i in range(len(rows) - 1)
            if min(numbers[i : i + 2]) > 0
            and max(numbers[i : i + 2]) > apart * min(numbers[i : i + 2])
            and rows[i].get("Item") != rows[i + 1].get("Item", rows[i].get("Component"))
            and rows[i].get(same) == rows[i + 1].get(same)
        ]
        at = _one(rng, pairs)
        if at is None:
            return False
        change.put(table, at, column, numbers[at + 1])
        change.put(table, at + 1, column, numbers[at])
        return True

    _kind(name, hard)(mistake)


_two_exchanged("prices of two receipts exchanged", "Purchases", "Actual price", 1.5)
_two_exchanged("standard prices of two items exchanged", "StandardCost", "Material price", 1.5)
_two_exchanged("quantities of two lines exchanged", "BOM", "Qty per", 1.5, "Parent")
_two_exchanged("quantities of two counts exchanged", "Counts", "Quantity", 1.5, "Event", hard=True)


# ------------------------------------------------------------------------------------------- counts and sales


def _digits(text: str, rng: Random, how: str) -> str:
    at = int(rng.integers(len(text)))
    if how == "doubled":
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1 :]


def _digit(name: str, event: str, how: str) -> None:
    """A digit of a count is typed twice, or not at all."""

    def mistake(change: Change, rng: Random) -> bool:
        rows = [i for i in _known(change, "Counts", Event=event) if change.number("Counts", i, "Quantity") >= 10]
        at = _one(rng, rows)
        if at is None:
            return False
        value = float(_digits(f"{change.number('Counts', at, 'Quantity'):.0f}", rng, how) or 0)
        if value == change.number("Counts", at, "Quantity"):
            return False
        change.put("Counts", at, "Quantity", value)
        return True

    _kind(name)(mistake)


_digit("completion, digit doubled", schema.COMPLETED, "doubled")
_digit("completion, digit dropped", schema.COMPLETED, "dropped")
_digit("sale, digit doubled", schema.SOLD, "doubled")
_digit("sale, digit dropped", schema.SOLD, "dropped")


def _digits_exchanged(name: str, table: str, column: str, **wanted: object) -> None:
    """Two digits beside each other have changed places: 4,320 for 3,420."""

    def mistake(change: Change, rng: Random) -> bool:
        at = _one(rng, [i for i in _known(change, table, **wanted) if change.number(table, i, column) >= 10])
        if at is None:
            return False
        text = f"{change.number(table, at, column):.10g}"
        pairs = [i for i in range(len(text) - 1) if text[i : i + 2].isdigit() and text[i] != text[i + 1]]
        place = _one(rng, pairs)
        if place is None:
            return False
        change.put(table, at, column, float(text[:place] + text[place + 1] + text[place] + text[place + 2 :]))
        return True

    _kind(name)(mistake)


_digits_exchanged("completion, digits exchanged", "Counts", "Quantity", Event=schema.COMPLETED)
_digits_exchanged("receipt, digits exchanged", "Purchases", "Quantity")
_digits_exchanged("counted, digits exchanged", "Stock", "Counted qty")
_times("completion x 10", "Counts", "Quantity", 10, Event=schema.COMPLETED)
_times("completion / 10", "Counts", "Quantity", 0.1, 10, Event=schema.COMPLETED)


def _miscounted(name: str, factor: float) -> None:
    """One day's count of a product is off. Parts, hours and sales show the product; the day only where hours are by day."""

    def mistake(change: Change, rng: Random) -> bool:
        rows = [i for i in change.rows("Counts", Event=schema.COMPLETED) if change.number("Counts", i, "Quantity") > 10]
        at = _one(rng, rows)
        if at is None:
            return False
        change.put(
            "Counts", at, "Quantity", _typed(change, "Counts", at, change.number("Counts", at, "Quantity") * factor)
        )
        for i in change.rows("Counts", Event=schema.COMPLETED, Item=change.tables["Counts"][at]["Item"]):
            change.name("Counts", i, "Quantity")
        return True

    _kind(name)(mistake)


_miscounted("completion x 1.3 on one day", 1.3)
_miscounted("completion x 0.7 on one day", 0.7)
_times("sale x 10", "Counts", "Quantity", 10, Event=schema.SOLD)


@_kind("sold more than there is")
def _oversold(change: Change, rng: Random) -> bool:
    """A sale of everything that ever was there: which row is wrong, only the row itself can show."""
    at = _one(rng, [i for i in change.rows("Counts", Event=schema.SOLD) if change.number("Counts", i, "Quantity") > 0])
    if at is None:
        return False
    code = change.tables["Counts"][at]["Item"]
    there = sum(change.number("Stock", i, "Opening qty") for i in change.rows("Stock", Item=code))
    made = change.rows("Counts", Item=code, Event=schema.COMPLETED)
    there += sum(change.number("Counts", i, "Quantity") for i in made)
    change.put("Counts", at, "Quantity", float(round(there * rng.uniform(1.1, 2))))
    change.name_item(code, "StandardCost", "Stock")
    return True


def _again(name: str, table: str, column: str, later: bool = False, **wanted: object) -> None:
    """A row is entered again under another document, perhaps the next day."""

    def mistake(change: Change, rng: Random) -> bool:
        rows = [i for i in _known(change, table, **wanted) if change.number(table, i, column) > 0]
        at = _one(rng, rows)
        if at is None:
            return False
        row = change.tables[table][at]
        document = str(row["Document"])
        again = row | {"Document": f"{document[:3]}{int(document[3:]) + 5000}"}
        if later:
            dates = sorted(
                {str(r["Date"]): r["Date"] for r in change.tables[table] if str(r["Date"]) > str(row["Date"])}.items()
            )
            again |= {"Date": dates[0][1]} if dates else {}
        change.insert(table, at + 1, again)
        change.name(table, at)
        change.name(table, at + 1)
        return True

    _kind(name)(mistake)


_again("completion twice, other document", "Counts", "Quantity", Event=schema.COMPLETED)
_again("completion twice, next day", "Counts", "Quantity", later=True, Event=schema.COMPLETED)
_again("sale twice, other document", "Counts", "Quantity", Event=schema.SOLD)
_again("sale twice, next day", "Counts", "Quantity", later=True, Event=schema.SOLD)
_again("receipt twice, other document", "Purchases", "Quantity")
_again("payroll twice, other document", "Actuals", "Amount", Cost_type=schema.LABOR)


@_kind("completion of the product beside it")
def _product_beside(change: Change, rng: Random) -> bool:
    """The count is right, and stands under the product of the row above or below; both are counted, or nothing could show it."""
    counted = {row["Item"] for row in change.tables["Stock"] if row["Counted qty"] is not None}
    made = [
        row["Item"]
        for row in change.tables["StandardCost"]
        if row["Type"] == schema.FINISHED and row["Item"] in counted
    ]
    rows = [i for i in change.rows("Counts", Event=schema.COMPLETED) if change.tables["Counts"][i]["Item"] in made]
    at = _one(rng, [i for i in rows if change.number("Counts", i, "Quantity") > 0])
    if at is None or len(made) < 2:
        return False
    place = made.index(change.tables["Counts"][at]["Item"])
    change.put(
        "Counts", at, "Item", made[place - 1 if place == len(made) - 1 or (place and rng.random() < 0.5) else place + 1]
    )
    change.name("Counts", at)
    return True


# ----------------------------------------------------------------------------------------- receipts and stock

_times("receipt quantity x 10", "Purchases", "Quantity", 10)
_times("receipt quantity / 10", "Purchases", "Quantity", 0.1, 10)
_times("receipt in packs of 12", "Purchases", "Quantity", 1 / 12, 50)
_times("counted x 10", "Stock", "Counted qty", 10)
_times("counted / 10", "Stock", "Counted qty", 0.1, 10)
_times("counted in packs of 12", "Stock", "Counted qty", 1 / 12, 30)
_times("counted 0, not blank", "Stock", "Counted qty", 0)
_times("opening x 10", "Stock", "Opening qty", 10)
_times("opening / 10", "Stock", "Opening qty", 0.1, 10)
_times("opening in packs of 12", "Stock", "Opening qty", 1 / 12, 30)
_times("opening negative", "Stock", "Opening qty", -1)
_times("scrap x 100", "Scrap", "Quantity", 100)
_times("WIP x 10", "WIP", "Quantity", 10)


@_kind("opening stock missing")
def _opening_missing(change: Change, rng: Random) -> bool:
    at = _one(rng, [i for i in _known(change, "Stock") if change.number("Stock", i, "Opening qty") > 0])
    if at is None:
        return False
    change.put("Stock", at, "Opening qty", None)
    change.name("Stock", at)
    return True


@_kind("counted before the last receipt")
def _before_receipt(change: Change, rng: Random) -> bool:
    """What came in last was not there yet when the item was counted: the count, or the receipt, may be named."""
    last: dict[object, int] = {}
    for at in (i for i in _known(change, "Purchases") if change.number("Purchases", i, "Quantity") > 0):
        last[change.tables["Purchases"][at]["Item"]] = at
    rows = change.tables["Stock"]
    late = {i: last[row["Item"]] for i, row in enumerate(rows) if row["Item"] in last}
    late = {
        i: at
        for i, at in late.items()
        if change.number("Purchases", at, "Quantity") < change.number("Stock", i, "Counted qty")
    }
    at = _one(rng, list(late))
    if at is None:
        return False
    left = change.number("Stock", at, "Counted qty") - change.number("Purchases", late[at], "Quantity")
    change.put("Stock", at, "Counted qty", _typed(change, "Stock", at, left))
    change.name("Purchases", late[at])
    return True


@_kind("receipt under another item")
def _other_item(change: Change, rng: Random) -> bool:
    """An invoice is booked on another material; the item, or the price that is not its own, may be named."""
    rows = [i for i in _known(change, "Purchases") if change.number("Purchases", i, "Quantity") > 0]
    items = sorted({str(change.tables["Purchases"][i]["Item"]) for i in rows})
    at = _one(rng, rows)
    if at is None or len(items) < 2:
        return False
    others = [item for item in items if item != change.tables["Purchases"][at]["Item"]]
    change.put("Purchases", at, "Item", others[int(rng.integers(len(others)))])
    change.name("Purchases", at)
    return True


@_kind("counts of two items exchanged")
def _exchanged(change: Change, rng: Random) -> bool:
    """Two rows of Stock that stand below each other have each other's count."""
    rows = [i for i, row in enumerate(change.tables["Stock"]) if row["Counted qty"] is not None]
    pairs = [i for i in rows if i + 1 in rows]
    at = _one(rng, pairs)
    if at is None:
        return False
    first, second = change.number("Stock", at, "Counted qty"), change.number("Stock", at + 1, "Counted qty")
    change.put("Stock", at, "Counted qty", second)
    change.put("Stock", at + 1, "Counted qty", first)
    return first != second


@_kind("phantom on Stock")
def _phantom(change: Change, rng: Random) -> bool:
    at = _one(rng, change.rows("StandardCost", Type=schema.PHANTOM))
    if at is None:
        return False
    code = change.tables["StandardCost"][at]["Item"]
    units = float(rng.integers(50, 5000))
    change.effect = units * change.costs[str(code)]
    change.insert("Stock", len(change.tables["Stock"]), {"Item": code, "Opening qty": units, "Counted qty": units})
    change.name("Stock", len(change.tables["Stock"]) - 1)
    change.name("StandardCost", at)
    return True


@_kind("opening and count exchanged", hard=True)
def _columns_exchanged(change: Change, rng: Random) -> bool:
    at = _one(rng, [i for i, row in enumerate(change.tables["Stock"]) if row["Counted qty"] is not None])
    if at is None:
        return False
    row = change.tables["Stock"][at]
    change.put("Stock", at, "Opening qty", row["Counted qty"])
    change.put("Stock", at, "Counted qty", row["Opening qty"] or 0.0)
    return True


# ------------------------------------------------------------------------------------------- rates and hours

_times("labor hours in minutes", "StandardCost", "Labor hours", 60)
_times("other conversion x 10", "StandardCost", "Other conversion", 10)
_times("payroll hours x 10", "Actuals", "Hours", 10)
_times("labor hours of 100 units", "StandardCost", "Labor hours", 100)
_times("payroll hours in days", "Actuals", "Hours", 1 / 8)
_times("fixed overhead amount in thousands", "Actuals", "Amount", 0.001, Cost_type=schema.FIXED_OVERHEAD)
_times("payroll amount x 10", "Actuals", "Amount", 10, Cost_type=schema.LABOR)
_times("payroll amount / 10", "Actuals", "Amount", 0.1, Cost_type=schema.LABOR)


@_kind("payroll hours missing")
def _hours_missing(change: Change, rng: Random) -> bool:
    at = _one(rng, [i for i in range(len(change.tables["Actuals"])) if change.number("Actuals", i, "Hours") > 0])
    if at is None:
        return False
    change.put("Actuals", at, "Hours", None)
    change.name("Actuals", at)
    return True


def _rate(name: str, kind: str, factor: float, of_rate: bool) -> None:
    """A rate of labor or overhead, or an amount incurred, is off. Where there is one of each, either may be what is wrong."""

    def mistake(change: Change, rng: Random) -> bool:
        column = f"{kind} rate"
        rates = [i for i in range(len(change.tables["StandardCost"])) if change.number("StandardCost", i, column) > 0]
        amounts = change.rows("Actuals", Cost_type=kind)
        at = _one(rng, rates if of_rate else amounts)
        if at is None:
            return False
        table, cell = ("StandardCost", column) if of_rate else ("Actuals", "Amount")
        change.put(table, at, cell, float(f"{change.number(table, at, cell) * factor:.6g}"))
        if len(rates) == len(amounts) == 1:
            change.name("StandardCost", rates[0], column)
            change.name("Actuals", amounts[0], "Amount")
        return True

    _kind(name)(mistake)


_rate("labor rate x 10", schema.LABOR, 10, of_rate=True)
_rate("labor rate of a day", schema.LABOR, 8, of_rate=True)
_rate("labor rate / 10", schema.LABOR, 0.1, of_rate=True)
_rate("fixed overhead rate x 10", schema.FIXED_OVERHEAD, 10, of_rate=True)
_rate("variable overhead rate / 10", schema.VARIABLE_OVERHEAD, 0.1, of_rate=True)
_rate("fixed overhead amount x 10", schema.FIXED_OVERHEAD, 10, of_rate=False)


@_kind("hours and amount exchanged")
def _hours_as_amount(change: Change, rng: Random) -> bool:
    at = _one(rng, [i for i in range(len(change.tables["Actuals"])) if change.number("Actuals", i, "Hours") > 0])
    if at is None:
        return False
    row = change.tables["Actuals"][at]
    change.put("Actuals", at, "Hours", row["Amount"])
    change.put("Actuals", at, "Amount", row["Hours"])
    return True


@_kind("fixed overhead entered as labor")
def _as_labor(change: Change, rng: Random) -> bool:
    at = _one(rng, change.rows("Actuals", Cost_type=schema.FIXED_OVERHEAD))
    if at is None or not change.rows("Actuals", Cost_type=schema.LABOR):
        return False
    change.put("Actuals", at, "Cost type", schema.LABOR)
    change.name("Actuals", at)
    return True


@_kind("a cost type missing from Actuals")
def _type_missing(change: Change, rng: Random) -> bool:
    """What is allocated and never incurred: the sheet, or the rates that allocate it, may be named."""
    columns = {
        schema.VARIABLE_OVERHEAD: "Variable overhead rate",
        schema.FIXED_OVERHEAD: "Fixed overhead rate",
        schema.CONVERSION: "Other conversion",
    }
    kinds = sorted({str(row["Cost type"]) for row in change.tables["Actuals"]} & columns.keys())
    if not kinds:
        return False
    kind = kinds[int(rng.integers(len(kinds)))]
    change.delete("Actuals", change.rows("Actuals", Cost_type=kind))
    change.cells |= {"Actuals!"}
    for at in range(len(change.tables["StandardCost"])):
        change.name("StandardCost", at, columns[kind])
    return True


@_kind("salvage above cost")
def _salvage(change: Change, rng: Random) -> bool:
    """Money recovered is typed as the value of goods many times as many."""
    at = _one(rng, [i for i in range(len(change.tables["Scrap"])) if change.number("Scrap", i, "Quantity") > 0])
    if at is None:
        return False
    worth = change.costs[str(change.tables["Scrap"][at]["Item"])] * change.number("Scrap", at, "Quantity")
    change.put("Scrap", at, "Salvage value", float(round(worth * rng.uniform(2, 100))))
    return True


@_kind("budget of a year")
def _yearly(change: Change, rng: Random) -> bool:
    budget = change.settings["Budgeted fixed overhead"]
    if not isinstance(budget, float):
        return False
    change.settings["Budgeted fixed overhead"] = budget * 12
    _name_setting(change, "Budgeted fixed overhead")
    return True


def _name_setting(change: Change, name: str) -> None:
    place = [setting.name for setting in schema.SETTINGS].index(name)
    change.cells |= {change.address("Setup", place, column) for column in ("Setting", "Value")}
    change.what += f" {name}: {change.settings[name]}"


PRORATION = "materiality asks for proration"


@_kind(PRORATION)
def _not_prorated(change: Change, rng: Random) -> bool:
    """Materials became dearer by some percent, which is no mistake; to leave all of it to cost of goods sold may be one.

    `planted.trial` looks whether the test of materiality asks for proration then.
    """
    if change.settings["Variance disposition"] != schema.PRORATE:
        rise = rng.uniform(1.06, 1.12)
        for at, row in enumerate(change.tables["Purchases"]):
            price = change.number("Purchases", at, "Actual price") * rise
            change.tables["Purchases"][at] = row | {"Actual price": float(f"{price:.5g}")}
    change.settings["Variance disposition"] = schema.TO_COGS
    _name_setting(change, "Variance disposition")
    return True


# ------------------------------------------------------------------------------------------------------ bills


def _per(name: str, factor: float, counted: bool = False, wanted: str = "") -> None:
    """A quantity on a bill is off by a factor. Small factors: of a component that is counted, or nothing could show it."""

    def mistake(change: Change, rng: Random) -> bool:
        seen = {row["Item"] for row in change.tables["Stock"] if row["Counted qty"] is not None}
        units = {row["Item"]: row.get("UoM") for row in change.tables["StandardCost"]}
        rows = [
            i
            for i, row in enumerate(change.tables["BOM"])
            if (not counted or row["Component"] in seen) and (not wanted or units[row["Component"]] == wanted)
        ]
        at = _one(rng, rows)
        if at is None:
            return False
        change.put("BOM", at, "Qty per", change.number("BOM", at, "Qty per") * factor)
        return True

    _kind(name)(mistake)


_per("qty per x 10", 10)
_per("qty per x 100", 100)
_per("qty per / 10", 0.1)
_per("qty per of a dozen", 12)
_per("qty per x 2", 2, counted=True)
_per("qty per / 2", 0.5, counted=True)
_per("qty per in grams", 1000, wanted="kg")


@_kind("decimal point lost in qty per")
def _point_lost(change: Change, rng: Random) -> bool:
    """0.25 kg are typed as 25, 1.5 as 15."""
    texts = {i: f"{change.number('BOM', i, 'Qty per'):.6g}" for i in range(len(change.tables["BOM"]))}
    at = _one(rng, [i for i, text in texts.items() if "." in text and len(text) <= 5])
    if at is None:
        return False
    change.put("BOM", at, "Qty per", float(texts[at].replace(".", "")))
    return True


@_kind("line in grams, component in kilograms")
def _grams(change: Change, rng: Random) -> bool:
    units = {row["Item"]: row.get("UoM") for row in change.tables["StandardCost"]}
    at = _one(rng, [i for i, row in enumerate(change.tables["BOM"]) if units[row["Component"]] == "kg"])
    if at is None:
        return False
    change.put("BOM", at, "Qty per", change.number("BOM", at, "Qty per") * 1000)
    change.put("BOM", at, "UoM", "g")
    return True


@_kind("line missing from a bill")
def _line_missing(change: Change, rng: Random) -> bool:
    """The component (it is counted) is used and on no bill, or the bill says too little of it."""
    seen = {row["Item"] for row in change.tables["Stock"] if row["Counted qty"] is not None}
    at = _one(rng, [i for i, row in enumerate(change.tables["BOM"]) if row["Component"] in seen])
    if at is None:
        return False
    row = change.tables["BOM"][at]
    change.delete("BOM", [at])
    change.name_item(row["Component"], "StandardCost", "Stock")
    change.name_item(row["Parent"], "StandardCost")
    for i in (*change.rows("BOM", Parent=row["Parent"]), *change.rows("BOM", Component=row["Component"])):
        change.name("BOM", i)
    return True


@_kind("line twice in a bill")
def _line_twice(change: Change, rng: Random) -> bool:
    rows = [i for i, row in enumerate(change.tables["BOM"]) if not row["Effective from"] and not row["Effective to"]]
    at = _one(rng, rows)
    if at is None:
        return False
    change.insert("BOM", at + 1, dict(change.tables["BOM"][at]))
    change.name("BOM", at)
    change.name("BOM", at + 1)
    return True


def _scrap(name: str, table: str, column: str, value: float) -> None:
    """A planned loss that cannot be: a factor, a yield, a tenfold."""

    def mistake(change: Change, rng: Random) -> bool:
        made = [i for i, row in enumerate(change.tables[table]) if table == "BOM" or row["Type"] != schema.BUY]
        at = _one(rng, made)
        if at is None:
            return False
        change.put(table, at, column, value)
        return True

    _kind(name)(mistake)


_scrap("scrap factor 1.15", "BOM", "Scrap %", 1.15)
_scrap("scrap 15 typed as 15.0", "BOM", "Scrap %", 15.0)
_scrap("scrap 50 % for 5 %", "BOM", "Scrap %", 0.5)
_scrap("yield of 97 % as scrap", "BOM", "Scrap %", 0.97)
_scrap("assembly scrap 40 % for 4 %", "StandardCost", "Assembly scrap %", 0.4)


@_kind("bought item with a bill")
def _bought_with_bill(change: Change, rng: Random) -> bool:
    """A material is made in-house since last month; its Type still says Buy."""
    codes = [row["Item"] for row in change.tables["StandardCost"] if row["Type"] == schema.BUY]
    if len(codes) < 2:
        return False
    parent, component = rng.choice(len(codes), size=2, replace=False).tolist()
    line = {"Parent": codes[parent], "Component": codes[component], "Qty per": 2.0}
    change.effect = float("inf")  # its lines are ignored
    change.insert("BOM", len(change.tables["BOM"]), line)
    change.name("BOM", len(change.tables["BOM"]) - 1)
    change.name_item(codes[parent], "StandardCost")
    return True


@_kind("made item of Type Buy")
def _typed_buy(change: Change, rng: Random) -> bool:
    inner = (schema.SUBASSEMBLY, schema.PHANTOM, schema.FINISHED)
    at = _one(rng, [i for i, row in enumerate(change.tables["StandardCost"]) if row["Type"] in inner])
    if at is None:
        return False
    code = change.tables["StandardCost"][at]["Item"]
    change.put("StandardCost", at, "Type", schema.BUY)
    change.name("StandardCost", at)
    for i in change.rows("BOM", Parent=code):
        change.name("BOM", i)
    change.name_item(code, "Counts", "Scrap")
    return True


@_kind("made item without a bill")
def _no_bill(change: Change, rng: Random) -> bool:
    at = _one(rng, [i for i, row in enumerate(change.tables["StandardCost"]) if row["Type"] != schema.BUY])
    if at is None:
        return False
    code = change.tables["StandardCost"][at]["Item"]
    change.delete("BOM", change.rows("BOM", Parent=code))
    change.name("StandardCost", at)
    return True


@_kind("wrong component on a bill", hard=True)
def _wrong_component(change: Change, rng: Random) -> bool:
    bought = [row["Item"] for row in change.tables["StandardCost"] if row["Type"] == schema.BUY]
    at = _one(rng, [i for i, row in enumerate(change.tables["BOM"]) if row["Component"] in bought])
    if at is None:
        return False
    here = {row["Component"] for row in change.tables["BOM"] if row["Parent"] == change.tables["BOM"][at]["Parent"]}
    others = [code for code in bought if code not in here]
    if not others:
        return False
    before = change.tables["BOM"][at]["Component"]
    change.put("BOM", at, "Component", others[int(rng.integers(len(others)))])
    change.put("BOM", at, "UoM", None)
    change.name("BOM", at)
    change.name_item(before, "Stock", "StandardCost")
    return True


# ------------------------------------------------------------------------------ rows that are not there, or wrong


def _dropped(name: str, table: str, **wanted: object) -> None:
    """A document was not entered: no cell is wrong, so the item may be named."""

    def mistake(change: Change, rng: Random) -> bool:
        at = _one(rng, [i for i in change.rows(table, **wanted) if change.number(table, i, "Quantity") > 0])
        if at is None:
            return False
        code = change.tables[table][at]["Item"]
        change.delete(table, [at])
        change.name_item(code, table, "Stock", "StandardCost")
        return True

    _kind(name, hard=True)(mistake)


_dropped("sale not entered", "Counts", Event=schema.SOLD)
_dropped("completion not entered", "Counts", Event=schema.COMPLETED)
_dropped("receipt not entered", "Purchases")


@_kind("completion typed as a sale", hard=True)
def _wrong_event(change: Change, rng: Random) -> bool:
    at = _one(rng, change.rows("Counts", Event=schema.COMPLETED))
    if at is None:
        return False
    change.put("Counts", at, "Event", schema.SOLD)
    change.name("Counts", at)
    change.name_item(change.tables["Counts"][at]["Item"], "Stock", "StandardCost")
    return True


@_kind("scrap under the other stage", hard=True)
def _wrong_stage(change: Change, rng: Random) -> bool:
    made = {row["Item"] for row in change.tables["StandardCost"] if row["Type"] != schema.BUY}
    at = _one(rng, [i for i, row in enumerate(change.tables["Scrap"]) if row["Item"] in made])
    if at is None:
        return False
    before = change.tables["Scrap"][at]["Stage"]
    change.put("Scrap", at, "Stage", schema.COMPONENT if before == schema.FINISHED_UNIT else schema.FINISHED_UNIT)
    change.name("Scrap", at)
    return True
