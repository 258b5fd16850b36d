"""Accept: raw cells in, typed tables and findings out.

Nothing is guessed: a cell that is not what its column asks for becomes a finding with its address, and a missing value
in the table, so that the later rules can still report everything else in one go.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.inputs.headers import header_findings, renamed
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import Floats, texts, where_true
from xlbackflush.model.inputs import FIELDS, RECORDS, Inputs, Settings
from xlbackflush.model.tables import CellError, Source, absent, day_number, number_in
from xlbackflush.model.text import TEXT_MAX, UNWRITABLE, shortened
from xlbackflush.model.words import day, in_words, listed, number, share, short_text

_DAY_0_ORDINAL = schema.DAY_0.toordinal()
_DATES = range(18_264, 109_575)  # 1950-01-01 to 2199-12-31: a plain number here may be an unformatted date
_PERIODS = range(61, (dt.date.max - schema.DAY_0).days)  # days before them Excel counts otherwise; after them is none
_LARGEST = 1e15  # of any number, with or without its sign
_KEY_KINDS = ("item", "choice")
_LONGEST = 100  # characters of a code
_LONGEST_PERIOD = 366  # days
_SHORTEN = "Shorten the text."


def accept(tables: Mapping[str, Source]) -> tuple[Inputs, list[f.Finding]]:
    """Type every input table. Returns the inputs, and the findings of single cells, settings and accounts.

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
    settings, cells = _settings(sources["Setup"], findings)
    accounts = _accounts(sources["Accounts"], findings)
    records = {
        FIELDS[name]: kind(**_columns(sources[name], schema.TABLES[name].columns, findings))
        for name, kind in RECORDS.items()
    }
    for source in sources.values():
        findings += [
            f.BELOW_TABLE(cell, f"{cell} stands below table {source.name} and is not read.") for cell in source.below
        ]
    return Inputs(settings, accounts, sources, cells, **records), findings  # type: ignore[arg-type]


def _columns(source: Source, columns: tuple[schema.Column, ...], findings: list[f.Finding]) -> dict[str, Any]:
    """The typed columns of one table, and its rows on the sheet; columns that the workbook does not have come out blank."""
    by_name, blank = source.by_column(), [None] * len(source.rows)
    rows = {"row": np.array(source.row_numbers, dtype=np.int64)}
    return rows | {schema.identifier(c.name): typed(by_name.get(c.name) or blank, source, c, findings) for c in columns}


def typed(raw: Sequence[object], source: Source, column: schema.Column, findings: list[f.Finding]) -> Any:
    """Values of one column, by its kind; what is wrong with a cell is added to the findings."""
    return _Reader(source, column, findings, column.name, source.row_numbers).typed(raw)


@dataclass
class _Reader:
    """Types the cells of one column. label: how findings call it; rows: of the cells, on the sheet."""

    source: Source
    column: schema.Column
    findings: list[f.Finding]
    label: str
    rows: Sequence[int]

    def _add(self, rule: f.Rule, i: int, what: str, fix: str | None = None) -> None:
        where = self.source.cell(self.column.name, self.rows[i])
        self.findings.append(rule(where, f"{self.label} {what}", fix=fix))

    def typed(self, raw: Sequence[object]) -> Any:
        """All cells. Where all are plainly of the column's kind they pass at once; else each is looked at."""
        column, optional = self.column, not self.column.required
        wanted = float if column.kind in schema.NUMERIC else dt.date if column.kind == "date" else str
        types, none = set(map(type, raw)), "" if wanted is str else math.nan
        values: Sequence[Any] = raw
        if types == {str} and wanted is not str and optional and not any(raw):
            return np.full(len(raw), math.nan)
        if types != {wanted} or not (optional or all(raw)):
            values = [
                v
                if type(v) is wanted and v == v and (optional or v)
                else none
                if optional and v == ""
                else self._cell(v, i)
                for i, v in enumerate(raw)
            ]
        if wanted is str:
            values = self._writable(values)
            return texts(self._checked_keys(values) if column.kind in _KEY_KINDS else values)
        if wanted is float:
            array = np.fromiter(values, np.float64, len(raw))
            if values is raw and np.isnan(array).any():
                array = np.fromiter(
                    (v if v == v else self._cell(v, i) for i, v in enumerate(raw)), np.float64, len(raw)
                )
            return self._in_range(array)
        if values is raw:
            return np.fromiter(map(dt.date.toordinal, values), np.float64, len(raw)) - _DAY_0_ORDINAL
        days = [v.toordinal() - _DAY_0_ORDINAL if type(v) is dt.date else v for v in values]
        return np.fromiter(days, np.float64, len(raw))

    def _cell(self, value: object, i: int) -> object:
        """One cell that is not plainly of its column's type: blank, error, other type."""
        kind = "date" if self.column.kind == "date" else "number" if self.column.kind in schema.NUMERIC else "text"
        if value is None or value == "":
            if self.column.required:
                self._add(f.BLANK, i, "is blank.")
        elif isinstance(value, CellError):
            if value.calculated:
                shown = value.text if value.text.startswith("#") else f'"{short_text(value.text)}"'
                self._add(f.ERROR_VALUE, i, f"holds the error value {shown}.")
            else:
                self._add(f.NOT_CALCULATED, i, "holds a formula whose result is not stored.")
        elif isinstance(value, float) and not math.isfinite(value):
            self._add(f.ERROR_VALUE, i, "is not a number.")
        elif (parsed := _PARSE[kind](value)) is not None:
            return parsed
        elif isinstance(value, str) and (_looks_like_number(value) or _looks_like_date(value)):
            self._add(f.TEXT_NUMBER, i, f'is the text "{short_text(value)}", not a {kind}.')
        else:
            self._add(f.WRONG_TYPE, i, f"is {in_words(value)}; a {kind} is expected.")
        return "" if kind == "text" else math.nan

    def _in_range(self, array: Floats) -> Floats:
        """The numbers, NaN where one is out of range."""
        column = self.column
        low = array < (-_LARGEST if column.minimum is None else column.minimum)
        bad = low | (array > _LARGEST if column.maximum is None else array >= column.maximum)
        if not np.count_nonzero(bad):
            return array
        for i in where_true(bad).tolist():
            value = float(array[i])
            if column.kind == "percent":
                below = f" and below {share(column.maximum)}" if column.maximum else ""
                text = f"is {share(value, 4)}; it must be at least 0 %{below}."
            elif column.minimum is not None and value < column.minimum:
                text = f"is {number(value)}; it must not be below {number(column.minimum)}."
            else:
                text = f"is {number(value)}; that is too large."
            self._add(f.OUT_OF_RANGE, i, text)
        array[bad] = math.nan
        return array

    def _writable(self, values: Sequence[str]) -> Sequence[str]:
        """Texts that cannot be written into a workbook again as they were read are findings, and blank."""
        distinct = set(values)
        together = "".join(distinct)
        is_short = len(together) <= TEXT_MAX // 2 or max(map(len, distinct)) <= TEXT_MAX // 2
        if is_short and (together.isascii() or not UNWRITABLE.search(together)):
            return values
        texts_read, values = values, list(values)
        for i, text in enumerate(texts_read):
            if shortened(text) != text:
                self._add(f.TOO_LONG, i, f"has {len(text):,} characters; a cell of Excel holds {TEXT_MAX:,}.", _SHORTEN)
            elif match := UNWRITABLE.search(text):
                self._add(f.UNWRITABLE, i, f"holds the character U+{ord(match[0]):04X}.")
            else:
                continue
            values[i] = ""
        return values

    def _checked_keys(self, values: Sequence[str]) -> Sequence[str]:
        """Codes and choices: no spaces around them, no unknown choice; choices come out as `schema` spells them."""
        choices, known = self.column.choices, set(values)
        if choices:
            odd = known.difference(choices, [""])
        else:
            odd = {text for text in known if text != text.strip() or len(text) > _LONGEST}
        if not odd:
            return values
        spelled, values = {choice.casefold(): choice for choice in choices}, list(values)
        for i in [i for i, text in enumerate(values) if text in odd]:
            text, values[i] = values[i], ""
            if not text.strip():
                if self.column.required:
                    self._add(f.BLANK, i, "holds nothing but spaces.")
            elif text != text.strip():
                self._add(f.STRAY_SPACES, i, f'is "{text}", with spaces before or after it.')
            elif len(text) > _LONGEST:
                self._add(f.TOO_LONG, i, f"has {len(text)} characters.")
            elif text.casefold() in spelled:
                values[i] = spelled[text.casefold()]
            else:
                self._add(
                    f.UNKNOWN_CHOICE, i, f'is "{short_text(text)}".', fix=f"Use {listed(choices, len(choices), 'or')}."
                )
        return values


def _date(value: object) -> float | None:
    """Excel day number of a date; the time of day is dropped."""
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return float((value - schema.DAY_0).days)
    number = number_in(value)
    if number is not None and math.isfinite(number) and day_number(number) in _DATES:
        return float(day_number(number))
    return None


def _text(value: object) -> str | None:
    """Text of a cell; a number that serves as a code loses its `.0`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


_PARSE: dict[str, Callable[[object], object]] = {"number": number_in, "date": _date, "text": _text}


def _looks_like_number(text: str) -> bool:
    cleaned = text.strip().replace(",", "").replace(" ", "").replace("\xa0", "").strip("$€£%()'")
    try:
        return math.isfinite(float(cleaned))
    except ValueError:
        return False


def _looks_like_date(text: str) -> bool:
    parts = text.strip().replace("/", "-").replace(".", "-").split("-")
    return len(parts) == 3 and all(p.strip()[:4].strip().isalnum() for p in parts) and any(p.isdigit() for p in parts)


def _settings(source: Source, findings: list[f.Finding]) -> tuple[Settings, dict[str, str]]:
    """The Setup table as Settings, and the cell of each value."""
    known = {s.name: s for s in schema.SETTINGS}
    fields: dict[str, Any] = {}
    cells: dict[str, str] = {}
    columns = source.by_column()
    names = [str(_text(key or "")).strip() for key in columns.get("Setting", ())]
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
            fields[known[name].field] = _setting(known[name], value, row, source, findings)
    for setting in schema.SETTINGS:
        if setting.name not in cells:
            fields[setting.field] = setting.default
            if setting.required and setting.default is None:
                where = source.cell("Setting", source.last_row)
                findings.append(f.BLANK(where, f"{setting.name} is missing on Setup."))
            elif setting.name not in taken.values():
                used = f"{_default(setting)} is used" if setting.default is not None else "it is taken as blank"
                rule = f.LOST_SETTING if setting.name in missing else f.MISSING_SETTING
                findings.append(rule(source.sheet, f"{setting.name} is not on Setup; {used}."))
    settings = Settings(**{k: v for k, v in fields.items() if v is not None})
    code = settings.currency
    if not (len(code) == 3 and code.isascii() and code.isupper() and code.isalpha()):
        findings.append(f.CURRENCY(cells.get("Currency", "Setup"), f'Currency is "{short_text(code)}".'))
    if settings.period_start and settings.period_end and settings.period_end < settings.period_start:
        findings.append(_reversed_period(settings, cells["Period end"]))
    for name, date in (("Period start", settings.period_start), ("Period end", settings.period_end)):
        if date and date not in _PERIODS:
            what = f"{name} is {day(date)}; a period lies between 1900-03-01 and 9999-12-30."
            findings.append(f.OUT_OF_RANGE(cells[name], what, fix="Correct the date."))
    return settings, cells


def _default(setting: schema.Setting) -> str:
    """What a setting is where nothing is said."""
    number = number_in(setting.default)
    return str(setting.default) if number is None else share(number) if setting.kind == "percent" else in_words(number)


def _reversed_period(settings: Settings, where: str) -> f.Finding:
    """A period that ends before it starts: its dates are exchanged, or a year is wrong."""
    start, end = settings.period_start, settings.period_end
    first = schema.DAY_0 + dt.timedelta(days=start)
    what = f"Period start {day(start)} lies after Period end {day(end)}"
    if (schema.DAY_0 + dt.timedelta(days=end)).day == 1 or (start - end < _LONGEST_PERIOD and first.day != 1):
        return f.PERIOD(where, f"{what}: the two look swapped.", fix="Exchange the two dates on Setup.")
    return f.PERIOD(where, f"{what}: one of them has the wrong month or year.")


def _setting(setting: schema.Setting, value: object, row: int, source: Source, findings: list[f.Finding]) -> Any:
    """One value of Setup, typed; the default where it is blank or wrong."""
    if value in (None, "") and not setting.required:
        return setting.default
    before = len(findings)
    parsed = _Reader(source, setting.column, findings, setting.name, [row]).typed([value])[0]
    if len(findings) > before:
        return setting.default
    if setting.kind == "date":
        return int(parsed)
    return parsed.strip() if isinstance(parsed, str) else float(parsed)


def _accounts(source: Source, findings: list[f.Finding]) -> dict[str, tuple[str, str]]:
    """Role -> (account, name). A role that the workbook does not list takes its default account."""
    columns = _columns(source, schema.ACCOUNTS.columns, findings)
    accounts: dict[str, tuple[str, str]] = {}
    for row, role, account, name in zip(*columns.values(), strict=True):
        if role in accounts:
            findings.append(f.DUPLICATE_ROLE(source.cell("Role", row), f"{role} is mapped twice."))
        elif role:
            accounts[role] = (account.strip(), name.strip())
    for role, default in schema.ROLES.items():
        if role not in accounts:
            accounts[role] = default
            text = f"{role} has no row in table Accounts; account {' '.join(default)} is used."
            findings.append(f.MISSING_ACCOUNT(source.cell("Role", source.last_row), text))
    return accounts
