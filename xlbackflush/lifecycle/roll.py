"""Roll: close a period, and open the next one in a workbook of its own.

The new workbook takes over policy, accounts, items and bill of materials; stock as counted (where it was not counted, as on
the books) becomes opening stock; balances are carried over, with what was reversed on the first day of the new period, and
so are the figures that the rules of the new period compare with. The old one is closed: it can be verified for ever, and never
run again.
"""

import datetime as dt
from collections.abc import Mapping

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.period import Period
from xlbackflush.engine.posting.flush import by_account
from xlbackflush.lifecycle import last_period
from xlbackflush.lifecycle.verify import verify
from xlbackflush.lifecycle.workbook_port import Workbook
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.journal import Run
from xlbackflush.model.money import from_minor
from xlbackflush.model.tables import Source, month_of
from xlbackflush.ooxml.values import stored

Row = dict[str, object]

#: accounts whose balance goes on; what is not among them starts each period at nothing
CARRIED = (
    schema.MIP, schema.INVENTORY_CONTROL, schema.FINISHED_GOODS, schema.WORK_IN_PROCESS, schema.ACCOUNTS_PAYABLE,
    schema.VARIOUS_ACCOUNTS, schema.SCRAP_RECOVERY, schema.CCC, schema.CCA, schema.PRICE_VARIANCE, schema.USAGE_VARIANCE,
    schema.COUNT_DIFFERENCE,
)  # fmt: skip
#: tables of items, taken over as they are
_KEPT = ("StandardCost", "BOM", "Accounts")


@dataclass(frozen=True)
class Opened:
    """What the workbook of the next period opens with: its title, what it says of itself, settings, and tables as typed."""

    title: str
    about: str
    settings: dict[str, object]
    tables: dict[str, list[Row]]


def last_posted(book: Workbook) -> Run:
    """The run that the period ends with: posted, and everything as it was then."""
    runs = book.runs()
    if len(runs) == 1 and runs[0].is_draft and not runs[0].entries:
        raise RefusedError(
            f"Draft {runs[0].run} has no entry, so there is nothing to post and to close. Where nothing happened in this "
            "period, set Period end on Setup to the end of the next one, and go on in this workbook."
        )
    if not runs or runs[-1].is_draft:
        what = f"Run {runs[-1].run} is a draft" if runs else "The workbook has not been run"
        raise RefusedError(f"{what}; post the period before the next one is opened.")
    result = verify(book)
    if result.problems:
        raise RefusedError(f"The period cannot be closed. {result.problems[0]}")
    if result.changed:
        change = result.changed[0]
        raise RefusedError(
            f"The period cannot be closed: {change.where} was changed after run {runs[-1].run}; run and post."
        )
    return runs[-1]


def check_successor(run: Run, book: str, following: str) -> None:
    """A period goes on in one workbook. That one is written again where it was lost, a second one never."""
    if run.is_closed and run.following != following:
        raise RefusedError(
            f"{book} is closed and goes on in {run.following}; two workbooks of one next period would part the books."
        )


def next_period(period: Period) -> tuple[dt.date, dt.date]:
    """The month after a whole month, else as many days as the period had."""
    settings = period.settings
    start, end = (schema.DAY_0 + dt.timedelta(days=day) for day in (settings.period_start, settings.period_end))
    if dt.date.max - end <= end - start:
        raise RefusedError("The next period would end after the year 9999, where the dates of Excel end; see Setup.")
    first = end + dt.timedelta(days=1)
    if start.day == 1 and first.day == 1 and (start.year, start.month) == (end.year, end.month):
        return month_of(first)
    return first, first + (end - start)


def opened(period: Period, sources: Mapping[str, Source], book: str, run: Run) -> Opened:
    """The inputs with which the next workbook opens."""
    settings = {str(row["Setting"]).strip(): row.get("Value") for row in _rows(sources["Setup"]) if "Setting" in row}
    settings = {name: value for name, value in settings.items() if name not in ("Period start", "Period end")}
    tables = {name: _rows(sources[name]) for name in _KEPT}
    mapped = {row.get("Role") for row in tables["Accounts"] if not row.get("Class")}
    tables["Accounts"] += [
        {"Role": role, "Account": account, "Name": name}
        for role, (account, name) in schema.ROLES.items()
        if role not in mapped
    ]
    tables |= {"Stock": _stock(period), "InventoryCount": _counts(sources["InventoryCount"])}
    tables["Opening"] = _balances(period, f"From {book}, run {run.run}, link {run.link}")
    tables["LastPeriod"] = last_period.rows(period, tables["Opening"])
    tables |= {table.name: _rows(sources[table.name]) for table in schema.SETUP_TABLES if table.name in sources}
    for row in tables.get("LedgerSetup", ()):
        if row.get("Setting") == "Posting date":  # of this period
            row.pop("Value", None)
    about = f"Opened from {book}, run {run.run}: its stock is the opening stock, its balances are carried over."
    return Opened(f"{period.settings.company}, backflush costing", about, settings, tables)


def _rows(source: Source) -> list[Row]:
    """The rows of a table as typed, blanks left out; dates as serial numbers."""
    known = schema.TABLES[source.name].names
    return [
        {name: stored(value) for name, value in row.items() if name in known and value != ""}
        for _, row in source.named_rows()
    ]


def _stock(period: Period) -> list[Row]:
    """Closing stock as opening stock: counted units where they were counted, else those on the books."""
    codes, stock = period.bill.items.code.tolist(), period.stock
    listed = set(period.bill.of("Stock").tolist())
    ending = np.where(np.isnan(stock.counted), stock.ending, stock.counted)
    return [
        {"Item": codes[item], "Opening qty": float(units)}
        for item, units in zip(stock.item.tolist(), ending.tolist(), strict=True)
        if units or item in listed
    ]


def _counts(source: Source) -> list[Row]:
    """Counted amounts as opening amounts."""
    pairs = (("Opening amount", "Counted amount"), ("Opening conversion", "Counted conversion"))
    return [
        {"Role": row["Role"], **{opening: row[counted] for opening, counted in pairs if counted in row}}
        for row in _rows(source)
        if "Role" in row
    ]


def _balances(period: Period, note: str) -> list[Row]:
    """Balances that go on, and what was reversed on the first day of the next period.

    Stock accounts have a row although it is zero, since an account without a row opens with its stock at standard. Every
    row has the note: whoever deletes one keeps the others. What other journals keep, payables and payroll that the ledger has
    already, is paid there and does not go on here.
    """
    settings = period.settings
    kept_elsewhere = {
        *((schema.ACCOUNTS_PAYABLE,) if settings.purchases_elsewhere else ()),
        *((schema.VARIOUS_ACCOUNTS,) if settings.conversion_elsewhere else ()),
    }
    reversals = by_account([entry for entry in period.draft.entries if entry.event == schema.REVERSAL])
    ledger = period.ledger
    accounts = list(zip(ledger.role.tolist(), ledger.item_class.tolist(), strict=True))
    closing = {
        account: minor
        for account, minor in zip(accounts, ledger.closing.tolist(), strict=True)
        if account[0] in CARRIED and account[0] not in kept_elsewhere
    }
    known = dict.fromkeys([*((role, "") for role in schema.ROLES), *accounts, *reversals])
    return [
        {
            "Role": role,
            "Closing balance": from_minor(closing.get((role, item_class), 0), period.places),
            "Reversal": from_minor(reversals[role, item_class], period.places),
            "Note": note,
            **({"Class": item_class} if item_class else {}),
        }
        for role, item_class in sorted(known, key=lambda account: list(schema.ROLES).index(account[0]))
        if closing.get((role, item_class))
        or reversals[role, item_class]
        or (role in schema.STOCK_ROLES and not item_class)
    ]
