"""Rules of what the counts ask for: its size, BOM lines in force, book stock, costs of what moved. Only size stops a run."""

import math
from collections.abc import Iterator

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.period import Period
from xlbackflush.engine.rules.places import home, meant_by_phantom, text_cells
from xlbackflush.engine.stock.stock_book import StockBook
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import Bools, where_true
from xlbackflush.model.money import shown
from xlbackflush.model.words import NAMED, listed, number


def trace_fits(period: Period) -> Iterator[f.Finding]:
    """The Trace must fit on its sheet; where it has a row for each BOM line, say so and what follows."""
    rows = len(period.explosion.rows)
    if rows > schema.SHEET_ROWS_MAX:
        yield f.TOO_LARGE("Trace", f"The trace needs {rows:,} rows; a sheet holds {schema.SHEET_ROWS_MAX:,}.")
    elif period.explosion.by_line:
        text = f"All products together would pass {schema.TRACE_ROWS_MAX:,} rows; each BOM line has one row instead"
        per_product = period.settings.journal_detail == schema.PER_PRODUCT
        detail = " and entries are per trigger" if per_product else ""
        yield f.CONDENSED("Trace", f"{text}{detail}. {_product_view(period.exploded_rows)}")


def _product_view(rows: float) -> str:
    """Where the product view of so many rows is, in words."""
    if rows > schema.PRODUCT_VIEW_ROWS_MAX:
        return (
            f"The product view would pass {schema.PRODUCT_VIEW_ROWS_MAX:,} rows, too many to work with; "
            "it is not written to a file."
        )
    text = "A run writes the product view to the file beside the workbook that ends in -trace.csv."
    if rows > schema.SHEET_ROWS_MAX:
        text += " It is longer than a sheet: load it with Data > From Text/CSV."
    return text


def amounts_fit(period: Period) -> Iterator[f.Finding]:
    """An amount of more digits than Excel holds could not be shown to the cent, let alone proved."""
    largest = period.largest_amount
    if largest * 10**period.places >= 10**_DIGITS:
        yield f.TOO_MUCH(
            "Trace", f"An amount of {largest:,.0f} has more than the {_DIGITS} digits that a cell can hold."
        )


def posted_amounts_fit(period: Period) -> Iterator[f.Finding]:
    """The same of what is posted: sums of rows that fit one by one, and balances of accounts."""
    ledger, most = period.ledger, 10**_DIGITS
    for entry in period.draft.new:
        for line in entry.lines:
            if abs(line.minor) >= most:
                yield f.TOO_MUCH(line.source, _too_much(f"{entry.event}, {line.role}", line.minor, period.places))
    columns = (ledger.role, ledger.opening, ledger.debits, ledger.credits, ledger.closing)
    for role, *amounts in zip(*(column.tolist() for column in columns), strict=True):
        if (largest := max(map(abs, amounts))) >= most:
            yield f.TOO_MUCH("Ledger", _too_much(f"The account of {role}", largest, period.places))


_DIGITS = 15  # that Excel holds


def _too_much(what: str, minor: int, places: int) -> str:
    return f"{what} comes to {shown(abs(minor), places)}, more than the {_DIGITS} digits that a cell can hold."


def nothing_effective(period: Period) -> Iterator[f.Finding]:
    """An item with a BOM that has no line in force on the day of a count relieves nothing."""
    bill, settings = period.bill, period.settings
    lines, item, day = bill.lines, bill.of("Counts"), period.inputs.counts.date
    has_lines, always = (np.zeros(len(bill.items) + 1, dtype=bool) for _ in range(2))  # the last one is for item -1
    has_lines[bill.of("BOM", "Parent")] = True
    always[lines.parent[(lines.first <= settings.period_start) & (lines.last >= settings.period_end)]] = True
    doubtful = where_true((item >= 0) & np.append(bill.items.made, False)[item] & has_lines[item] & ~always[item])
    for at, (cell, code) in zip(doubtful.tolist(), text_cells(period.inputs, "Counts", "Item", doubtful), strict=True):
        own = lines.of(slice(bill.first_line[item[at]], bill.first_line[item[at] + 1]))
        if not ((own.first <= day[at]) & (own.last >= day[at])).any():
            yield f.NOTHING_EFFECTIVE(cell, f"{code} has a BOM, but no line in force on {words.day(day[at])}.")


_SEVERAL = 5  # items short before their cause is looked for in what they have in common
_FILLED = 0.2  # of the items used, those with opening stock on a sheet that somebody has yet to fill in


def shortages(period: Period) -> Iterator[f.Finding]:
    """Book stock below zero: more was sold or used than there was. The run is posted anyway: stopping hides what was used.

    Where a cell is named that explains it, that is enough.
    """
    stock = period.stock
    opened_below = (stock.opening < 0) & (stock.book - 2 * stock.opening >= -1e-9)  # named by `gaps.stock_below_zero`
    short = stock.of((stock.role != "") & (stock.book < -1e-9) & ~opened_below)
    if not len(short):
        return
    given = np.zeros(len(period.bill.items) + 1, dtype=bool)  # the last one stands for item -1
    given[period.bill.of("Stock")[~np.isnan(period.inputs.stock.opening_qty)]] = True
    unopened = ~given[short.item]
    used = stock.item[(stock.role != "") & (stock.relieved > 0)]
    if np.count_nonzero(unopened) >= _SEVERAL and np.count_nonzero(given[used]) <= _FILLED * len(used):
        yield _unopened(period, short.of(unopened))
        short = short.of(~unopened)
    named = {i for mistake in period.likely_mistakes.mistakes for i, units in mistake.effects.items() if units > 0}
    named.add(meant_by_phantom(period.bill, stock))
    short = short.of(~np.isin(short.item, list(named)))
    oversold = np.isin(short.item, period.bill.of("Counts")[period.inputs.counts.event == schema.SOLD])
    into, out = short.opening + short.received, short.relieved + short.scrapped
    columns = (short.item, oversold, short.book, into, out, short.book * short.cost)
    for item, was_sold, book, came, went, worth in zip(*(column.tolist() for column in columns), strict=True):
        rule = f.OVERSOLD if was_sold else f.SHORTAGE
        text = f"Book stock of {period.bill.items.code[item]} is {number(book)}: {number(came)} in, {number(went)} out."
        shortage = rule(home(period.inputs, item), text, abs(worth))
        yield shortage if abs(worth) > period.trifle else replace(shortage, severity=schema.NOTE)


def _unopened(period: Period, short: StockBook) -> f.Finding:
    """Many items without opening stock of which more went out than came in: one cause."""
    worth = np.abs(short.book * short.cost)
    largest = np.argsort(-worth, kind="stable")[: NAMED + 1].tolist()
    codes = period.bill.items.code
    names = [f"{codes[short.item[k]]} ({number(short.book[k])})" for k in largest]
    names += [""] * (len(short) - len(names))  # so that the rest is counted
    purchases = "" if len(period.inputs.purchases) else ", and nothing was purchased"
    what = (
        f"{len(short):,} items have no opening stock{purchases}, and more went out than came in, so that their book stock is "
        f"negative: {listed(names)}."
    )
    source = period.inputs.sources["Stock"]
    where = source.cell("Opening qty", source.first_row) if source.letters else source.sheet
    fix = "Enter Opening qty on Stock for these items; or check counts, BOM and purchases. It does not stop the run."
    return f.SHORTAGE(where, what, math.fsum(worth.tolist()), fix)


def never_completed(period: Period) -> Iterator[f.Finding]:
    """A parent relieved a subassembly that nobody counted: its own components stay in the books."""
    stock = period.stock
    subassembly = period.bill.items.type[stock.item] == schema.SUBASSEMBLY
    absent = (stock.opening == 0) & (stock.received == 0)
    rows = stock.of(subassembly & absent & (stock.relieved > 0))
    homes = text_cells(period.inputs, "StandardCost", "Item", rows.item)
    for (cell, code), units, cost in zip(homes, rows.relieved.tolist(), rows.cost.tolist(), strict=True):
        yield f.NEVER_COMPLETED(cell, f"{number(units)} of {code} were consumed, none completed.", units * cost)


def zero_costs(period: Period) -> Iterator[f.Finding]:
    """A made item that moved at no cost, although it has a BOM or hours."""
    stock, items = period.stock, period.bill.items
    first_line = period.bill.first_line
    has_lines: Bools = (first_line[stock.item] < first_line[stock.item + 1]) & items.made[stock.item]
    moved = stock.received + stock.relieved != 0
    free = stock.item[has_lines & moved & (stock.cost == 0)]
    for cell, code in text_cells(period.inputs, "StandardCost", "Item", free):
        yield f.NO_COST(cell, f"{code} moved, and its unit cost is zero.")


def nothing_to_post(period: Period) -> Iterator[f.Finding]:
    """Empty inputs, or rows that come to no entry: every check holds, and says nothing."""
    if period.draft.entries:
        return
    filled = [schema.SHEET_OF[name] for name in _DOCUMENTS if len(period.inputs.table(name))]
    if not filled:
        empty = ", ".join(schema.SHEET_OF[name].name for name in _DOCUMENTS)
        yield f.NOTHING_RECORDED("Counts", f"There is nothing to post: sheets {empty} are empty.")
        return
    names = " and ".join(sheet.name for sheet in filled)
    costs = bool(period.unit_costs.rows.unit_cost.any())
    triggers = period.settings.trigger_points
    why = f"under the trigger points {triggers} they call for no entry" if costs else "no item in them has a cost"
    yield f.COMES_TO_NOTHING(filled[0].name, f"Nothing is posted for the rows of {names}: {why}.")


_DOCUMENTS = ("Counts", "Scrap", "Purchases", "Actuals")
