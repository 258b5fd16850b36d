"""Rules of what a month lacks, and of what cannot be: each with the money by which it moves the figures.

    hours or pay missing on a labor row      rate and efficiency cannot be told apart
    a made item without a bill               its material is relieved from nowhere
    a phantom on Stock                       its row is left out
    stock below zero                         opening or counted
    a made item that nobody counted          where the physical count relieves, its material is taken as sold
    purchases that no trigger point records  shown, not posted

They ask for figures that are worked out, so they run after the stock book and the entries.
"""

from collections.abc import Iterator

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.measures.hours_paid import HoursPaid
from xlbackflush.engine.period import Period
from xlbackflush.engine.posting.flush import balances
from xlbackflush.engine.rules.places import cells, home, meant_by_phantom, types
from xlbackflush.engine.stock import counted
from xlbackflush.model import finding as f
from xlbackflush.model import words
from xlbackflush.model.arrays import Bools, Floats, Ints, blank_as_zero, median, sums, total, where_true
from xlbackflush.model.money import from_minor

# --------------------------------------------------------------------------------------------------- labor


def labor_rows_complete(period: Period) -> Iterator[f.Finding]:
    """Pay without hours, and hours without pay, where the standards allow hours."""
    if period.settings.conversion_expensed or not period.conversion.hours_allowed:
        return
    paid, actuals = period.conversion.paid, period.inputs.actuals
    if len(paid.without_hours):
        yield _without_hours(period, paid)
    if len(paid.without_pay):
        time, (rate, rows) = np.abs(actuals.hours[paid.without_pay]), _hourly_pay(period, paid.without_pay)
        hours, pay = total(time), total(time * rate)
        others = _others(period, paid.without_pay, "Amount")
        text = f"{words.number(hours)} h {_were(hours)} paid, and no amount is given{others}."
        where = cells(period.inputs, "Actuals", "Amount", paid.without_pay)[0]
        text += f" At {pay / hours:,.2f} an hour, as in {rows}, that is {_money(period, pay)}." if pay else ""
        yield f.PAY_MISSING.weighed(where, text, pay, period.materiality_threshold)


def _without_hours(period: Period, paid: HoursPaid) -> f.Finding:
    """Where no row has hours, that is how this company keeps its payroll: a note, unless it is the only row."""
    actuals, at = period.inputs.actuals, paid.without_hours
    amounts, (rate, rows) = np.abs(actuals.amount[at]), _hourly_pay(period, at)
    pay, hours = total(amounts), total(amounts / rate) if rate.all() else 0.0
    where = cells(period.inputs, "Actuals", "Hours", at)[0]
    text = f"{_money(period, pay)} of labor has no hours{_others(period, at, 'Hours')}."
    if hours:
        text += f" At {pay / hours:,.2f} an hour, as in {rows}, that is about {words.number(round(hours))} h."
    text += (
        " Until the hours are entered, labor rate and efficiency are shown as one figure." if not paid.complete else ""
    )
    habit = len(at) == paid.rows > 1
    effect = pay if paid.complete or not hours else max(pay, *map(abs, _likely_split(period, paid.hours + hours)))
    finding = f.HOURS_MISSING.weighed(where, text, effect, np.inf if habit else period.materiality_threshold)
    return replace(finding, effect=None)  # two variances become apart; no balance changes


def _likely_split(period: Period, hours: float) -> list[float]:
    """Rate and efficiency as they would be with so many hours, in money: what one figure keeps from view.

    Variable overhead is split by the same hours, where it has amounts of its own.
    """
    conversion, parts = period.conversion, list[float]()
    for element in sorted({schema.LABOR, schema.VARIABLE_OVERHEAD} & conversion.alone):
        standard = conversion.exact[element]
        middle = hours * standard / conversion.hours_allowed
        parts += from_minor(conversion.actual[element], period.places) - middle, middle - standard
    return parts


def _hourly_pay(period: Period, at: Ints) -> tuple[Floats, str]:
    """Pay per hour for some rows by the rows that have both, and which of these speak: those with the same note, one crew.

    Where a note is blank, or no other row has it, all rows speak; 0 where none has both.
    """
    actuals = period.inputs.actuals
    both = (actuals.cost_type == schema.LABOR) & (np.abs(actuals.hours) > 0) & (np.abs(actuals.amount) > 0)
    notes, note = np.unique(actuals.note, return_inverse=True)
    hours, pay = (sums(note[both], column[both], len(notes)) for column in (actuals.hours, actuals.amount))
    of_crew = (hours > 0) & (notes != "")
    all_hours = total(hours)
    average = total(pay) / all_hours if all_hours > 0 else 0.0
    rate = np.where(of_crew, pay / np.where(of_crew, hours, 1.0), average)[note[at]]
    return rate, f"the other rows{' with the same note' if of_crew[note[at]].all() else ''}"


def _others(period: Period, at: Ints, column: str) -> str:
    """Where several cells have the same cause: how many, and the first three."""
    if len(at) == 1:
        return ""
    named = ", ".join(cells(period.inputs, "Actuals", column, at[:3]))
    return f" ({len(at):,} cells: {named}{', ...' if len(at) > 3 else ''})"


# ------------------------------------------------------------------------------------------- made items


def made_without_bill(period: Period) -> Iterator[f.Finding]:
    """A made item that moved and has no line on the BOM: what went into it stays in the books.

    A phantom may stand for work alone, where it has conversion: it is a warning only where its material would matter.
    """
    items = period.bill.items
    lacking = items.made & ~period.bill.on_bom
    if not lacking.any():
        return
    units = np.maximum(_units_moved(period), _units_on_stock(period))
    for item in where_true(lacking & (units > 0)).tolist():
        effect, estimate = _material_missing(period, item, float(units[item]))
        text = (
            f"{items.code[item]} has no bill of materials, and {_units(period, item, float(units[item]))} were made, used or on "
            f"stock: no material is relieved for them. {estimate}"
        )
        works_alone = items.type[item] == schema.PHANTOM and items.own_conversion[item] > 0
        threshold = _plain(period) if works_alone else -1.0
        yield f.NO_BILL.weighed(home(period.inputs, item), text, effect, threshold)


def _units_moved(period: Period) -> Floats:
    """Units of every item that were made, or used and sold, whichever is more."""
    rows, count = period.explosion.rows, len(period.bill.items)
    work, moved = period.demand.of_work[rows.root], np.zeros(count)
    for relieved in (True, False):
        chosen = work & (rows.relieved == relieved)
        moved = np.maximum(moved, np.abs(sums(rows.item[chosen], rows.required[chosen], count)))
    return moved


def _units_on_stock(period: Period) -> Floats:
    """Units of every item in opening or counted stock, whichever is more: as themselves, and inside other items."""
    bill, costs, buildup = period.bill, period.unit_costs.rows, period.unit_costs.buildup
    stock, item, count = period.inputs.stock, bill.of("Stock"), len(bill.items)
    known, most = item >= 0, np.zeros(len(costs))
    level = bill.level[costs.item]
    for column in (stock.opening_qty, stock.counted_qty):
        units = np.zeros(len(costs))
        units[period.unit_costs.at(np.arange(count), period.settings.period_end)] = np.abs(
            sums(item[known], blank_as_zero(column)[known], count)
        )
        for depth in range(int(level.max()) + 1):
            at = where_true(level[buildup.row] == depth)
            units += sums(buildup.component_row[at], buildup.quantity[at] * units[buildup.row[at]], len(costs))
        most = np.maximum(most, units)
    return sums(costs.item, most, count)


def _material_missing(period: Period, item: int, units: float) -> tuple[float, str]:
    """About how much, by what other made items hold; else what is left of materials, of which it must have been made."""
    items, costs = period.bill.items, period.unit_costs.rows
    end = period.unit_costs.at(np.arange(len(items)), period.settings.period_end)
    material, unit_cost = costs.material[end], costs.unit_cost[end]
    conversion = unit_cost - material
    alike = items.made & (material > 0)
    by_conversion = alike & (conversion > 0)
    if conversion[item] > 0 and by_conversion.any():
        each = median(material[by_conversion] / conversion[by_conversion]) * conversion[item]
    elif alike.any():
        each = median(material[alike])
    else:
        book = period.stock
        left = total(np.maximum(book.book * book.cost, 0.0)[~book.made])
        return left, f"Materials of {_money(period, left)} are left in the books."
    return each * units, f"As in other made items, that would be about {_money(period, each * units)}."


def made_not_counted(period: Period) -> Iterator[f.Finding]:
    """Where the count relieves and the sale is the trigger: made items that should be there, and are not on Stock."""
    settings, book, items = period.settings, period.stock, period.bill.items
    if not settings.by_count or settings.completion_triggers:
        return
    kinds, at = items.type[book.item], period.unit_costs.rows
    for account in period.counted:
        uncounted = book.made & np.isin(kinds, counted.types_of(settings, account.role)) & np.isnan(book.counted)
        for k in where_true(uncounted & (book.book > 1e-9) & (not account.in_money)).tolist():
            end = int(book.end_row[k])
            worth = float(book.book[k] * (at.unit_cost[end] if settings.conversion_expensed else at.material[end]))
            item = int(book.item[k])
            text = (
                f"{items.code[item]}: {_units(period, item, float(book.book[k]))} should be on the shelf, and the item is not "
                f"on Stock: {_money(period, worth)} is taken as sold."
            )
            yield f.NOT_ON_STOCK.weighed(home(period.inputs, item), text, worth, period.materiality_threshold)


# ------------------------------------------------------------------------------------------------- stock


def phantoms_on_stock(period: Period) -> Iterator[f.Finding]:
    """A phantom is exploded through: there is never one on the shelf, and its row does nothing."""
    stock, item = period.inputs.stock, period.bill.of("Stock")
    opening, found = blank_as_zero(stock.opening_qty), blank_as_zero(stock.counted_qty)
    chosen = where_true((types(period.bill, "Stock") == schema.PHANTOM) & ((opening != 0) | (found != 0)))
    where, meant = cells(period.inputs, "Stock", "Item", chosen), meant_by_phantom(period.bill, period.stock)
    for at, cell in zip(chosen.tolist(), where, strict=True):
        number = int(item[at])
        quantity = max(opening[at], found[at], key=abs)
        row = period.unit_costs.at(item[at : at + 1], period.settings.period_end)
        worth = float(quantity * period.unit_costs.rows.unit_cost[row][0])
        text = (
            f"{period.bill.items.code[number]} is a phantom, which is exploded through and never stocked: this row of "
            f"{_units(period, number, quantity)}, worth {_money(period, worth)}, is left out."
        )
        fix = None
        if meant >= 0:
            text += f" {period.bill.items.code[meant]}, which moved, has no row on Stock."
            fix = f"If {period.bill.items.code[meant]} was meant, correct the code; else count what the phantom is made of."
        yield f.PHANTOM_ON_STOCK.weighed(cell, text, worth, _plain(period), fix)


def stock_below_zero(period: Period) -> Iterator[f.Finding]:
    """Nobody counts less than nothing. A balance that was carried over may open below zero; else the sign is wrong."""
    stock, item = period.inputs.stock, period.bill.of("Stock")
    phantom = types(period.bill, "Stock") == schema.PHANTOM
    carried = bool(len(period.inputs.opening))
    for rule, column, day, quantities, times in (
        (f.OPENING_BELOW_ZERO, "Opening qty", period.settings.period_start, stock.opening_qty, 1 if carried else 2),
        (f.COUNTED_BELOW_ZERO, "Counted qty", period.settings.period_end, stock.counted_qty, 2),
    ):
        chosen = where_true((quantities < 0) & (item >= 0) & ~phantom)
        cost = period.unit_costs.carried(period.unit_costs.at(item[chosen], day))
        columns = (item[chosen].tolist(), quantities[chosen].tolist(), cost.tolist())
        for cell, number, quantity, each in zip(cells(period.inputs, "Stock", column, chosen), *columns, strict=True):
            worth = times * abs(quantity * each)
            code = period.bill.items.code[number]
            text = f"{column} of {code} is {_units(period, number, quantity)}: stock cannot be below zero."
            text += (
                f" With the sign the other way round, stock is {_money(period, worth)} higher." if times == 2 else ""
            )
            fix = rule.fix.replace("Enter", f"Type {words.number(-quantity)}, or", 1) if times == 2 else None
            yield rule.weighed(cell, text, worth, _plain(period) if times == 2 else period.materiality_threshold, fix)


def counted_money(period: Period) -> Iterator[f.Finding]:
    """On Inventory Count: no count is below zero, and conversion is a part of the amount."""
    table = period.inputs.inventory_count
    for when in ("Opening", "Counted") if len(table) else ():
        amount, conversion = (blank_as_zero(table.column(f"{when} {part}")) for part in ("amount", "conversion"))
        more = np.where((conversion > amount) & (amount >= 0), conversion - amount, 0.0)
        for rule, column, excess, text in (
            (f.COUNTED_BELOW_ZERO, f"{when} amount", 2 * np.maximum(-amount, 0.0), "is below zero: check the sign"),
            (
                f.COUNTED_BELOW_ZERO,
                f"{when} conversion",
                2 * np.maximum(-conversion, 0.0),
                "is below zero: check the sign",
            ),
            (f.CONVERSION_ABOVE, f"{when} conversion", more, f"is more than {when} amount, of which it is a part"),
        ):
            yield from _amounts(period, rule, column, excess, text)


def _amounts(period: Period, rule: f.Rule, column: str, excess: Floats, text: str) -> Iterator[f.Finding]:
    wrong: Bools = excess > 0
    table = period.inputs.inventory_count
    columns = (table.role[wrong].tolist(), table.column(column)[wrong].tolist(), excess[wrong].tolist())
    for cell, role, amount, effect in zip(cells(period.inputs, "InventoryCount", column, wrong), *columns, strict=True):
        what = f"{column} of {role} is {_money(period, amount)}, which {text}."
        yield rule.weighed(cell, what, effect, _plain(period))


# ---------------------------------------------------------------------------------------------- purchases


def purchases_recorded(period: Period) -> Iterator[f.Finding]:
    """Where purchase is no trigger, invoices never reach the journal: said once, with what that leaves out."""
    settings, purchases = period.settings, period.inputs.purchases
    if settings.purchase_triggers or counted.charges_everything(settings) or not len(purchases):
        return
    invoiced = total(period.inputs.payable)
    credited = from_minor(-balances(period.before_close)[schema.ACCOUNTS_PAYABLE], period.places)
    event = "completed" if settings.completion_triggers else "sold"
    text = (
        f"With the trigger points {settings.trigger_points}, sheet Purchases is not journalised. Accounts payable is credited "
        f"{_money(period, credited)} at standard as goods are {event}; invoices came to {_money(period, invoiced)}. Price "
        "variances and count differences of bought items are shown, not posted."
    )
    if settings.purchases_are == schema.IN_THE_LEDGER:
        text += (
            " Receipts are already in the ledger: map the role Accounts payable to the account that they were debited to, "
            "so that no payable is credited twice."
        )
    where = period.inputs.setting_cells.get("Trigger points", "Setup")
    yield f.NOT_JOURNALISED(where, text, abs(invoiced - credited))


# ------------------------------------------------------------------------------------- weights and words


def _plain(period: Period) -> float:
    """What cannot be is a warning from a tenth of materiality on."""
    return period.materiality_threshold / 10


def _money(period: Period, amount: float) -> str:
    return words.money(amount, period.places)


def _were(quantity: float) -> str:
    return "was" if quantity == 1 else "were"


def _units(period: Period, item: int, quantity: float) -> str:
    """Quantity and unit of measure: 4,200 kg, 300 pcs."""
    return words.quantity(quantity, str(period.bill.items.uom[item]))
