"""Accept: raw cells in, typed tables and findings out.

Nothing is guessed: a cell that is not what its column asks for becomes a finding with its address, and a missing value
in the table, so that the later rules can still report everything else in one go.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from xlbackflush import schema
from xlbackflush.model import finding as f
from xlbackflush.model.arrays import texts
from xlbackflush.model.finding import Finding
from xlbackflush.model.inputs import FIELDS, RECORDS, Inputs, field_of
from xlbackflush.model.tables import CellError, Settings, Source, absent
from xlbackflush.schema import Column, Setting

_DAY_0_ORDINAL = schema.DAY_0.toordinal()
_DATES = range(18_264, 109_575)  # 1950-01-01 to 2199-12-31: a plain number here may be an unformatted date
_KEY_KINDS = ("item", "choice")


def accept(tables: Mapping[str, Source]) -> tuple[Inputs, list[Finding]]:
    """Type every input table. Returns the inputs, and the findings of single cells, settings and accounts.

    An earlier version made the workbook, perhaps: a table or column that it lacks is blank, a setting or role has its default.
    """
    found: list[Finding] = []
    sources = {table.name: tables.get(table.name) or absent(table) for table in schema.INPUT_TABLES}
    for name, source in sources.items():
        if name not in tables:
            found.append(f.MISSING_TABLE(source.sheet, f"The workbook has no table {name}; it is taken as empty."))
    settings, cells = _settings(sources["Setup"], found)
    accounts = _accounts(sources["Accounts"], found)
    records = {}
    for name, kind in RECORDS.items():
        columns = _columns(sources[name], schema.TABLES[name].columns, found)
        records[FIELDS[name]] = kind(**{field_of(column): values for column, values in columns.items()})
    for source in sources.values():
        found += [
            f.BELOW_TABLE(cell, f"{cell} stands below table {source.name} and is not read.") for cell in source.below
        ]
    return Inputs(settings, accounts, sources, cells, **records), found  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ columns


def _columns(source: Source, columns: tuple[Column, ...], found: list[Finding]) -> dict[str, Any]:
    """The typed columns of one table, and its rows on the sheet; columns that the workbook does not have come out blank."""
    data: dict[str, Any] = {"row": np.array(source.row_numbers, dtype=np.int64)}
    by_name = source.by_column()
    for column in columns:
        raw = by_name.get(column.name) or [None] * len(source.rows)
        data[column.name] = typed(raw, source, column, found)
    return data


def typed(raw: list[object], source: Source, column: Column, found: list[Finding]) -> Any:
    """Values of one column, by its kind. What is plainly of it passes at once; only the odd cells are looked at one by one."""
    numeric = column.kind in schema.NUMERIC
    dated = column.kind == "date"
    wanted = float if numeric else dt.date if dated else str
    parse = _number if numeric else _date if dated else _text
    # counting is much faster than looking: cells of the wanted type, and blanks where they may be, need no look
    blank = raw.count("")
    plain = list(map(type, raw)).count(wanted) - (blank if wanted is str else 0) + (0 if column.required else blank)
    odd: list[int] = []
    if plain < len(raw):
        odd = [i for i, v in enumerate(raw) if (column.required if v == "" else type(v) is not wanted)]
    values: list[Any] = list(raw)
    if dated:
        values = [v.toordinal() - _DAY_0_ORDINAL if type(v) is dt.date else math.nan for v in raw]
    elif numeric and (blank or odd):
        values = [v if type(v) is float else math.nan for v in raw]
    for i in odd:
        values[i] = _cell(raw[i], parse, source, column, i, found)
    if not (numeric or dated):
        return texts(_check_texts(values, source, column, found))
    array = np.array(values, dtype=np.float64)
    _check_range(array, source, column, found)
    return array


def _cell(
    value: object,
    parse: Callable[[object], object],
    source: Source,
    column: Column,
    i: int,
    found: list[Finding],
) -> object:
    """One cell that is not plainly of its column's type: blank, error, other type."""
    nothing: object = "" if parse is _text else math.nan
    where = source.cell(column.name, source.row_numbers[i])
    if value is None or value == "":
        if column.required:
            found.append(f.BLANK(where, f"{column.name} is blank."))
        return nothing
    if isinstance(value, CellError):
        if value.calculated:
            found.append(f.ERROR_VALUE(where, f"{column.name} holds the error value {value.text}."))
        else:
            found.append(f.NOT_CALCULATED(where, f"{column.name} holds a formula whose result is not stored."))
        return nothing
    parsed = parse(value)
    if parsed is None:
        found.append(_mismatch(value, where, column))
        return nothing
    return parsed


def _mismatch(value: object, where: str, column: Column) -> Finding:
    shown = f'"{_short(value)}"' if isinstance(value, str) else _short(value)
    kind = "date" if column.kind == "date" else "number" if column.kind in schema.NUMERIC else "text"
    if isinstance(value, str) and (_looks_like_number(value) or _looks_like_date(value)):
        return f.TEXT_NUMBER(where, f"{column.name} is the text {shown}, not a {kind}.")
    return f.WRONG_TYPE(where, f"{column.name} is {shown}; a {kind} is expected.")


def _check_range(array: np.ndarray, source: Source, column: Column, found: list[Finding]) -> None:
    bad = ~np.isfinite(array) & ~np.isnan(array)
    if column.minimum is not None:
        bad |= array < column.minimum
    if column.maximum is not None:
        bad |= array >= column.maximum
    bad |= np.abs(array) > 1e15
    for i in np.flatnonzero(bad):
        value = float(array[i])
        where = source.cell(column.name, source.row_numbers[i])
        if column.kind == "percent":
            text = f"{column.name} is {value:.4%}; it must be at least 0 %" + (
                f" and below {column.maximum:.0%}." if column.maximum else "."
            )
        elif column.minimum is not None and value < column.minimum:
            text = f"{column.name} is {value:g}; it must not be below {column.minimum:g}."
        else:
            text = f"{column.name} is {value:g}; that is too large."
        found.append(f.OUT_OF_RANGE(where, text))
        array[i] = math.nan


def _check_texts(texts: list[str], source: Source, column: Column, found: list[Finding]) -> list[str]:
    """Codes and choices: no spaces around them, no unknown choice; choices come out as `schema` spells them."""
    if column.kind not in _KEY_KINDS:
        return texts
    spelled = {c.casefold(): c for c in column.choices}
    odd = {text for text in set(texts) if text != text.strip() or len(text) > 100}
    if spelled:
        odd |= set(texts).difference(column.choices, [""])
    for i, text in enumerate(texts) if odd else ():
        if text not in odd:
            continue
        problem = _key_problem(text, spelled)
        if problem is None:
            texts[i] = spelled[text.casefold()]
            continue
        where = source.cell(column.name, source.row_numbers[i])
        if problem == "blank":
            if column.required:
                found.append(f.BLANK(where, f"{column.name} holds nothing but spaces."))
        elif problem == "spaces":
            found.append(f.STRAY_SPACES(where, f'{column.name} is "{text}", with spaces before or after it.'))
        elif problem == "long":
            found.append(f.TOO_LONG(where, f"{column.name} has {len(text)} characters."))
        else:
            found.append(
                f.UNKNOWN_CHOICE(where, f'{column.name} is "{_short(text)}".', fix=f"Use {_listed(column.choices)}.")
            )
        texts[i] = ""
    return texts


def _key_problem(text: str, spelled: dict[str, str]) -> str | None:
    """What is wrong with a code or choice; None where nothing but its case is."""
    if not text.strip():
        return "blank"
    if text != text.strip():
        return "spaces"
    if len(text) > 100:
        return "long"
    if spelled and text.casefold() not in spelled:
        return "choice"
    return None


# ------------------------------------------------------------------------------------------------ values


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    return float(value) if isinstance(value, int | float) else None


def _date(value: object) -> float | None:
    """Excel day number of a date; the time of day is dropped."""
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return float((value - schema.DAY_0).days)
    if isinstance(value, int | float) and not isinstance(value, bool) and int(value) in _DATES:
        return float(int(value))
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


def _looks_like_number(text: str) -> bool:
    cleaned = text.strip().replace(",", "").replace(" ", "").replace("\xa0", "").strip("$€£%()'")
    try:
        return math.isfinite(float(cleaned))
    except ValueError:
        return False


def _looks_like_date(text: str) -> bool:
    parts = text.strip().replace("/", "-").replace(".", "-").split("-")
    return len(parts) == 3 and all(p.strip()[:4].strip().isalnum() for p in parts) and any(p.isdigit() for p in parts)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _listed(choices: tuple[str, ...]) -> str:
    return choices[0] if len(choices) == 1 else ", ".join(choices[:-1]) + " or " + choices[-1]


# ------------------------------------------------------------------------------------ settings and accounts


def _settings(source: Source, found: list[Finding]) -> tuple[Settings, dict[str, str]]:
    """The Setup table as Settings, and the cell of each value."""
    known = {s.name: s for s in schema.SETTINGS}
    fields: dict[str, Any] = {}
    cells: dict[str, str] = {}
    for i, (name, value) in enumerate(_pairs(source)):
        where = source.cell("Value", source.row_numbers[i])
        if name not in known:
            found.append(f.UNKNOWN_SETTING(source.cell("Setting", source.row_numbers[i]), f'"{_short(name)}".'))
        elif name in cells:
            found.append(f.DUPLICATE_SETTING(where, f"{name} is given twice."))
        else:
            cells[name] = where
            fields[known[name].field] = _setting(known[name], value, source, i, found)
    for setting in schema.SETTINGS:
        if setting.name not in cells:
            if setting.required and setting.default is None:
                found.append(
                    f.BLANK(
                        f"{source.sheet}!{source.letters['Setting']}{source.last_row}",
                        f"{setting.name} is missing on Setup.",
                    )
                )
            else:
                used = f"{setting.default} is used" if setting.default is not None else "it is taken as blank"
                found.append(f.MISSING_SETTING(source.sheet, f"{setting.name} is not on Setup; {used}."))
            fields[setting.field] = setting.default
    settings = Settings(**{k: v for k, v in fields.items() if v is not None})
    _check_settings(settings, cells, found)
    return settings, cells


def _pairs(source: Source) -> Iterator[tuple[str, object]]:
    place = {name: i for i, name in enumerate(source.columns)}
    for row in source.rows:
        yield str(_text(row[place["Setting"]] or "")).strip(), row[place["Value"]]


def _setting(setting: Setting, value: object, source: Source, i: int, found: list[Finding]) -> Any:
    """One value of Setup, typed; the default where it is blank."""
    if value is None or value == "":
        if setting.required:
            found.append(f.BLANK(source.cell("Value", source.row_numbers[i]), f"{setting.name} is blank."))
        return setting.default
    one = Source(source.name, source.sheet, source.letters, 0, 0, ["Value"], [[value]], [source.row_numbers[i]])
    before = len(found)
    parsed = typed([value], one, setting.column, found)[0]
    for k in range(before, len(found)):
        found[k] = Finding(**{**vars(found[k]), "what": found[k].what.replace("Value", setting.name, 1)})
    if len(found) > before:
        return setting.default
    if setting.kind == "date":
        return int(parsed)
    return parsed.strip() if isinstance(parsed, str) else float(parsed)


def _check_settings(settings: Settings, cells: dict[str, str], found: list[Finding]) -> None:
    code = settings.currency
    if not (len(code) == 3 and code.isascii() and code.isupper() and code.isalpha()):
        found.append(f.CURRENCY(cells.get("Currency", "Setup"), f'Currency is "{_short(code)}".'))
    if settings.period_start and settings.period_end and settings.period_end < settings.period_start:
        found.append(f.PERIOD(cells["Period end"], "Period end lies before Period start."))


def _accounts(source: Source, found: list[Finding]) -> dict[str, tuple[str, str]]:
    """Role -> (account, name). A role that the workbook does not list takes its default account."""
    columns = _columns(source, schema.ACCOUNTS.columns, found)
    accounts: dict[str, tuple[str, str]] = {}
    for row, role, account, name in zip(*columns.values(), strict=True):
        if role in accounts:
            found.append(f.DUPLICATE_ROLE(source.cell("Role", row), f"{role} is mapped twice."))
        elif role:
            accounts[role] = (account.strip(), name.strip())
    for role in schema.ROLES:
        if role not in accounts:
            accounts[role] = schema.ROLES[role]
            text = f"{role} has no row in table Accounts; account {' '.join(accounts[role])} is used."
            found.append(f.MISSING_ACCOUNT(source.cell("Role", source.last_row), text))
    return accounts
