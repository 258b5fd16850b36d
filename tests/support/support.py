"""What the tests share: tables in memory instead of a workbook, and results keyed by event, role and item code.

A world is a pair of plain dicts: settings by name, and tables as rows by column header; a cell that is left out is
blank. `run` takes one through the engine, `accepted` turns what the engine accepted back into such a pair.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pandas as pd

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.result import RunResult
from xlbackflush.lifecycle.calculate import calculate
from xlbackflush.lifecycle.run import draft_of
from xlbackflush.model.arrays import Ints, Records
from xlbackflush.model.inputs import FIELDS
from xlbackflush.model.tables import Source

Row = dict[str, object]
Tables = Mapping[str, Sequence[Row]]
Settings = Mapping[str, object]

FIRST_ROW = schema.HEADER_ROW + 1


def sources(settings: Settings, tables: Tables) -> dict[str, Source]:
    """Every input table as a workbook would be read, each at its place on its sheet; settings not given by default."""
    values = {setting.name: setting.default for setting in schema.SETTINGS} | dict(settings)
    rows: dict[str, Sequence[Row]] = {
        **tables,
        "Setup": [{"Setting": name, "Value": value} for name, value in values.items()],
        "Accounts": tables.get("Accounts") or default_accounts(),
    }
    return {
        table.name: _source(sheet.name, table, rows.get(table.name, ()))
        for sheet in schema.INPUT_SHEETS
        for table in sheet.tables
    }


def default_accounts() -> list[Row]:
    """The Accounts table of a new workbook."""
    return [{"Role": role, "Account": account, "Name": name} for role, (account, name) in schema.ROLES.items()]


def _source(sheet: str, table: schema.Table, rows: Sequence[Row]) -> Source:
    """A table as read: blank rows are skipped, but keep their place on the sheet."""
    letters = {name: chr(ord("A") + table.first_col - 1 + i) for i, name in enumerate(table.names)}
    cells = [[_as_read(row.get(name)) for name in table.names] for row in rows]
    filled = [i for i, row in enumerate(cells) if any(value != "" for value in row)]
    return Source(
        table.name,
        sheet,
        letters,
        FIRST_ROW,
        FIRST_ROW + max(len(rows), 1) - 1,
        table.names,
        [cells[i] for i in filled],
        [FIRST_ROW + i for i in filled],
    )


def _as_read(value: object) -> object:
    """A cell as a reader gives it: numbers are floats, blanks are empty text."""
    if value is None:
        return ""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def compute(read: Mapping[str, Source]) -> RunResult:
    """The engine over tables as read, with nothing on the books, by a fixed user at a fixed time."""
    calculation = calculate(read)
    period, findings = calculation.period, calculation.findings
    if calculation.failed:
        return RunResult(period, findings)
    return RunResult(period, findings, draft_of(period, "test", dt.datetime(2026, 1, 1)), period.draft)


def run(settings: Settings, tables: Tables) -> RunResult:
    """The engine over a world."""
    return compute(sources(settings, tables))


def posted(settings: Settings, tables: Tables) -> tuple[RunResult, Period]:
    """The same for a world that must post."""
    outcome = run(settings, tables)
    assert outcome.run is not None, outcome.findings
    return outcome, outcome.period


# ------------------------------------------------------------------------------------------------- results


def money(minor: int, places: int) -> Decimal:
    """Whole minor units as money, exactly."""
    return Decimal(int(minor)).scaleb(-places)


def journal(result: Period, product: str | None = None) -> dict[str, dict[str, Decimal]]:
    """Event -> role -> net debit, of one product or of all; roles and events that net to zero are left out."""
    events: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for entry in result.entries:
        if product is None or entry.product == product:
            for line in entry.lines:
                events[entry.event][line.role] += money(line.minor, result.places)
    netted = {event: {role: net for role, net in roles.items() if net} for event, roles in events.items()}
    return {event: roles for event, roles in netted.items() if roles}


def ledger(result: Period, column: str = "closing") -> dict[str, Decimal]:
    """Role -> balance, all classes together; zero balances are left out."""
    balances = result.ledger.by_role(getattr(result.ledger, column))
    return {role: money(minor, result.places) for role, minor in balances.items() if minor}


def frame(records: Records) -> pd.DataFrame:
    """Records of the engine as a table, for tests that look at them row by row."""
    columns = {}
    for name, values in vars(records).items():  # an array with several columns is as many columns here
        columns |= {name: values} if values.ndim == 1 else {f"{name} {k}": column for k, column in enumerate(values.T)}
    return pd.DataFrame(columns)


def codes(outcome: RunResult, item: Ints) -> list[str]:
    """Codes of items."""
    return [str(code) for code in outcome.period.bill.items.code[item]]


def relief(outcome: RunResult) -> dict[str, float]:
    """Component -> quantity relieved by counts."""
    assert outcome.run
    table = outcome.period.relief
    return dict(zip(codes(outcome, table.item), table.quantity.tolist(), strict=True))


def rollup(outcome: RunResult) -> dict[str, dict[str, float]]:
    """Item -> cost by element and `Unit cost`, at period end."""
    assert outcome.run
    rows = outcome.period.unit_costs.rows
    last = pd.DataFrame({**rows.elements, "Unit cost": rows.unit_cost}, index=codes(outcome, rows.item))
    return {str(code): costs.iloc[-1].to_dict() for code, costs in last.groupby(level=0, sort=False)}


def book(outcome: RunResult) -> dict[str, float]:
    """Stocked item -> book quantity."""
    assert outcome.run
    table = outcome.period.stock
    return dict(zip(codes(outcome, table.item), table.book.tolist(), strict=True))


def accepted(outcome: RunResult) -> tuple[dict[str, object], dict[str, list[Row]]]:
    """The world as the engine accepted it: typed cells, blanks left out, settings filled in."""
    chosen = outcome.period.inputs.settings
    fields = {s.name: getattr(chosen, s.field) for s in schema.SETTINGS}
    settings = {**fields, "Period start": _date(chosen.period_start), "Period end": _date(chosen.period_end)}
    tables = {}
    for name in FIELDS:
        records, columns = outcome.period.inputs.as_typed.table(name), schema.TABLES[name].columns
        rows = zip(*(records.column(column.name).tolist() for column in columns), strict=True)
        tables[name] = [
            {
                column.name: _typed(value, column)
                for column, value in zip(columns, row, strict=True)
                if not _blank(value)
            }
            for row in rows
        ]
    return settings, tables


def _blank(value: object) -> bool:
    return value == "" or value != value


def _typed(value: object, column: schema.Column) -> object:
    return _date(float(str(value))) if column.kind == "date" else value


def _date(serial: float) -> dt.date:
    return dt.date(1899, 12, 30) + dt.timedelta(days=int(serial))
