"""Accept: raw cells in, typed tables and findings out.

A cell that is not what its column asks for becomes a finding with its address, and a missing value in the table, so that the
later rules can still report everything else in one go. What is harmless is cleaned (`typed`), and told once for each column.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import replace
from xlbackflush.engine.inputs.headers import header_findings, renamed
from xlbackflush.engine.inputs.typed import Reader, Reading, text_of
from xlbackflush.model import finding as f
from xlbackflush.model.addresses import short, together
from xlbackflush.model.inputs import FIELDS, RECORDS, Accounts, Cleaned, Inputs, Settings, class_key
from xlbackflush.model.tables import Source, absent, number_in
from xlbackflush.model.words import NAMED, day, in_words, listed, share, short_text

_PERIODS = range(61, (dt.date.max - schema.DAY_0).days)  # days before them Excel counts otherwise; after them is none
_LONGEST_PERIOD = 366  # days


def accept(tables: Mapping[str, Source], fixed: Collection[str] = ()) -> tuple[Inputs, list[f.Finding]]:
    """Type every input table. Returns the inputs, and the findings of single cells, settings and accounts.

    fixed: cells that a run cannot write, so that they are taken as they are.

    An earlier version made the workbook, perhaps: a table or column that it lacks is blank, a setting or role has its default.
    """
    sources = {table.name: tables.get(table.name) or absent(table) for table in schema.INPUT_TABLES}
    version = max((source.version for source in tables.values()), default=1)
    findings = [
        (f.LOST_TABLE if schema.TABLES[name].since <= version else f.MISSING_TABLE)(
            source.sheet, f"The workbook has no table {name}; it is taken as empty."
        )
        for name, source in sources.items()
        if name not in tables
    ]
    findings += [
        finding for name, source in sources.items() for finding in header_findings(source, schema.TABLES[name])
    ]
    reading = Reading(findings, fixed=fixed)
    settings, cells = _settings(sources["Setup"], reading)
    reading.currency = settings.currency
    if 0 < settings.period_start <= settings.period_end:
        reading.period = (settings.period_start, settings.period_end)
    accounts = _accounts(sources["Accounts"], reading)
    records = {
        FIELDS[name]: kind(**_columns(sources[name], schema.TABLES[name].columns, reading))
        for name, kind in RECORDS.items()
    }
    for source in sources.values():
        findings += [
            f.BELOW_TABLE(cell, f"{cell} stands below table {source.name} and is not read.") for cell in source.below
        ]
    if reading.cleaned:
        findings += _cleaned(reading.cleaned, sources)
        sources = {name: _with(source, reading.cleaned) for name, source in sources.items()}
    return Inputs(settings, accounts, sources, cells, **records, cleaned=tuple(reading.cleaned)), findings  # type: ignore[arg-type]


def _with(source: Source, cleaned: Sequence[Cleaned]) -> Source:
    """A table with its cleaned cells as they are now: as if they had been typed so."""
    own = [cell for cell in cleaned if cell.table == source.name]
    if not own:
        return source
    at, columns = {row: k for k, row in enumerate(source.row_numbers)}, source.columns
    rows = list(source.rows)
    for cell in own:
        row = rows[at[cell.row]] = list(rows[at[cell.row]])
        number = number_in(cell.now)
        value: object = "" if cell.now is None else cell.now
        if number is not None and cell.kind == "date":
            value = schema.DAY_0 + dt.timedelta(days=number)
        row[columns.index(cell.column)] = value
    return replace(source, rows=rows)


def _cleaned(cleaned: Sequence[Cleaned], sources: Mapping[str, Source]) -> Iterator[f.Finding]:
    """One note for each column of which cells were cleaned."""
    columns: dict[tuple[str, str, str], list[Cleaned]] = defaultdict(list)
    settings = dict(zip(sources["Setup"].row_numbers, sources["Setup"].by_column().get("Setting", ()), strict=False))
    for cell in cleaned:
        name = str(settings.get(cell.row)) if cell.table == "Setup" and cell.column == "Value" else cell.column
        columns[cell.table, name, cell.kind].append(cell)
    for (table, column, kind), cells in columns.items():
        wheres = [sources[table].cell(cell.column, cell.row) for cell in cells]
        first = {cell.was: where for where, cell in reversed(list(zip(wheres, cells, strict=True)))}
        examples = [cell for where, cell in zip(wheres, cells, strict=True) if first[cell.was] == where][:NAMED]
        said = [f"{short(first[cell.was])} {_change(cell)}" for cell in examples]
        as_what = f"{'a ' * (len(cells) == 1)}{'date' if kind == 'date' else 'number'}{'s' * (len(cells) > 1)}"
        how = "without stray spaces" if kind in ("item", "choice") else f"as {as_what}"
        count = f"{len(cells):,} cells of {column} are" if len(cells) > 1 else f"{column} is"
        such = ", such as " if len(said) < len(cells) else ": "
        yield f.CLEANED(together(wheres), f"{count} read {how}{such}{listed(said)}.")


def _change(cell: Cleaned) -> str:
    """A cell before and after: "120.50-" as -120.5."""
    number = number_in(cell.now)
    now = day(number) if number is not None and cell.kind == "date" else in_words(cell.now)
    return f"{in_words(cell.was)} as {now}"


def _columns(source: Source, columns: tuple[schema.Column, ...], reading: Reading) -> dict[str, Any]:
    """The typed columns of one table, and its rows on the sheet; columns that the workbook does not have come out blank."""
    by_name, blank = source.by_column(), [None] * len(source.rows)
    rows = {"row": np.array(source.row_numbers, dtype=np.int64)}
    return rows | {
        schema.identifier(c.name): Reader(source, c, reading, c.name, source.row_numbers).typed(
            by_name.get(c.name) or blank
        )
        for c in columns
    }


def _settings(source: Source, reading: Reading) -> tuple[Settings, dict[str, str]]:
    """The Setup table as Settings, and the cell of each value."""
    findings = reading.findings
    known = {s.name: s for s in schema.SETTINGS}
    fields: dict[str, Any] = {}
    cells: dict[str, str] = {}
    columns = source.by_column()
    names = [str(text_of(key or "")).strip() for key in columns.get("Setting", ())]
    missing = [s.name for s in schema.SETTINGS if s.name not in names and s.since <= source.version]
    given = dict(zip(names, columns.get("Value", ()), strict=True))
    taken = renamed(names, list(known), missing, lambda name, _: given[name] not in ("", None))
    for row, name, value in zip(source.row_numbers, names, columns.get("Value", ()), strict=True):
        where = source.cell("Value", row)
        if name in taken:
            text = f'"{short_text(name)}" is not read; setting {taken[name]} is missing.'
            fix = f"Call it {taken[name]} again, or delete the row."
            findings.append(f.RENAMED_SETTING(source.cell("Setting", row), text, fix=fix))
        elif name not in known:
            findings.append(f.UNKNOWN_SETTING(source.cell("Setting", row), f'"{short_text(name)}".'))
        elif name in cells:
            findings.append(f.DUPLICATE_SETTING(where, f"{name} is given twice."))
        else:
            cells[name] = where
            fields[known[name].field] = _setting(known[name], value, row, source, reading)
    lacking: dict[f.Rule, list[schema.Setting]] = defaultdict(list)
    for setting in schema.SETTINGS:
        if setting.name not in cells:
            fields[setting.field] = setting.default
            if setting.required and setting.default is None:
                where = source.cell("Setting", source.last_row)
                findings.append(f.BLANK(where, f"{setting.name} is missing on Setup."))
            elif setting.name not in taken.values():
                lacking[f.LOST_SETTING if setting.name in missing else f.MISSING_SETTING].append(setting)
    findings += [rule(source.sheet, _lacking(those)) for rule, those in lacking.items()]
    settings = Settings(**{k: v for k, v in fields.items() if v is not None})
    code = settings.currency
    if not (len(code) == 3 and code.isascii() and code.isupper() and code.isalpha()):
        findings.append(f.CURRENCY(cells.get("Currency", "Setup"), f'Currency is "{short_text(code)}".'))
    if settings.period_start and settings.period_end and settings.period_end < settings.period_start:
        findings.append(_reversed_period(settings, cells["Period start"], cells["Period end"]))
    for name, date in (("Period start", settings.period_start), ("Period end", settings.period_end)):
        if date and date not in _PERIODS:
            what = f"{name} is {day(date)}; a period lies between 1900-03-01 and 9999-12-30."
            findings.append(f.OUT_OF_RANGE(cells[name], what, fix="Correct the date."))
    return settings, cells


def _lacking(settings: Sequence[schema.Setting]) -> str:
    """What stands for settings that are not on Setup."""
    if len(settings) == 1:
        blank = settings[0].default is None
        used = "it is taken as blank" if blank else f"{_default(settings[0])} is used"
        return f"{settings[0].name} is not on Setup; {used}."
    names = listed([f"{setting.name} ({_default(setting)})" for setting in settings], len(settings))
    return f"{len(settings)} settings are not on Setup; their defaults are used: {names}."


def _default(setting: schema.Setting) -> str:
    """What a setting is where nothing is said."""
    number = number_in(setting.default)
    if number is None:
        return str(setting.default) if setting.default else "blank"
    return share(number) if setting.kind == "percent" else in_words(number)


def _reversed_period(settings: Settings, first_cell: str, where: str) -> f.Finding:
    """A period that ends before it starts: its dates are exchanged, or a year is wrong."""
    start, end = settings.period_start, settings.period_end
    first = schema.DAY_0 + dt.timedelta(days=start)
    what = f"Period start {day(start)} lies after Period end {day(end)}"
    if (schema.DAY_0 + dt.timedelta(days=end)).day == 1 or (start - end < _LONGEST_PERIOD and first.day != 1):
        return f.PERIOD(where, f"{what}: the two look swapped.", fix=f"Exchange {first_cell} and {where}.")
    return f.PERIOD(where, f"{what}: one of them has the wrong month or year.")


def _setting(setting: schema.Setting, value: object, row: int, source: Source, reading: Reading) -> Any:
    """One value of Setup, typed; the default where it is blank or wrong."""
    if value in (None, "") and not setting.required:
        return setting.default
    before = len(reading.findings)
    parsed = Reader(source, setting.column, reading, setting.name, [row]).typed([value])[0]
    if len(reading.findings) > before or parsed != parsed:
        return setting.default
    if setting.kind == "date":
        return int(parsed)
    return parsed.strip() if isinstance(parsed, str) else float(parsed)


def _accounts(source: Source, reading: Reading) -> Accounts:
    """Role, or role and class -> (account, name). A role that the workbook does not list takes its default account."""
    findings = reading.findings
    columns = _columns(source, schema.ACCOUNTS.columns, reading)
    accounts: Accounts = {}
    for row, role, account, name, item_class in zip(*columns.values(), strict=True):
        of_class = class_key(item_class)
        key = (role, of_class) if of_class else role
        if key in accounts:
            whose = f"{role} of class {short_text(item_class)}" if of_class else role
            findings.append(f.DUPLICATE_ROLE(source.cell("Role", row), f"{whose} is mapped twice."))
        elif role:
            accounts[key] = (account.strip(), name.strip())
    lacking = {role: default for role, default in schema.ROLES.items() if role not in accounts}
    accounts.update(lacking)
    if lacking:
        names = [f"{role} ({' '.join(default)})" for role, default in lacking.items()]
        text = (
            f"{len(names)} roles have no row in table Accounts; these accounts are used: {listed(names, len(names))}."
        )
        if len(names) == 1:
            [(role, default)] = lacking.items()
            text = f"{role} has no row in table Accounts; account {' '.join(default)} is used."
        findings.append(f.MISSING_ACCOUNT(source.cell("Role", source.last_row), text))
    return accounts
