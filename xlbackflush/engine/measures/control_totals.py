"""Control totals: what the run read of each input, as figures that formulas can work out again from the sheets.

Rows, filled cells, sums of numbers and days, weighted sums of texts: whatever is typed into an input cell later changes one of
them, or a proof. Settings that decide between rules are compared as chosen.
"""

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.model.arrays import total
from xlbackflush.model.inputs import FIELDS, InputRecords, Inputs
from xlbackflush.model.tables import Source


@dataclass(frozen=True)
class ControlTotal:
    """One figure of an input table. key: what is totalled, and the setting, or the table and its columns."""

    table: str
    text: str
    key: tuple[str, ...]
    recorded: float
    tolerance: float = 0

    @property
    def sheet(self) -> str:
        """The input sheet that it is about."""
        return schema.SHEET_OF[self.table].name


def control_totals(inputs: Inputs, accounts: int) -> Iterator[ControlTotal]:
    """All control totals, table by table; accounts: how many the ledger has."""
    yield from _of_settings(inputs)
    yield ControlTotal("Accounts", "Accounts mapped as in Ledger", ("accounts",), float(accounts))
    for table in schema.INPUT_TABLES:
        if table.name in FIELDS:
            yield from _of_table(table, inputs.as_typed.table(table.name), inputs.sources[table.name])
        if table.name == "StandardCost":
            yield ControlTotal(table.name, "Items that left their row", ("items",), 0)


def _of_settings(inputs: Inputs) -> Iterator[ControlTotal]:
    """Settings that decide between rules, and the period: 1 while they are as chosen."""
    for setting in schema.SETTINGS:
        if setting.kind == "choice" or setting.name == "Currency":
            chosen = str(getattr(inputs.settings, setting.field))
            says = setting.name if setting.name.endswith((" is", " are")) else f"{setting.name} is"
            yield ControlTotal("Setup", f"{says} {chosen}", ("setting", setting.name, chosen), 1)
    for name, day in (("Period start", inputs.settings.period_start), ("Period end", inputs.settings.period_end)):
        if name in inputs.setting_cells:
            date = schema.DAY_0 + dt.timedelta(days=day)
            yield ControlTotal("Setup", f"{name} is {date}", ("day", name, str(day)), 1)
    budget = "Budgeted fixed overhead"
    if budget in inputs.setting_cells:  # blank or not decides which variances there are; their proofs see its amount
        entered = "blank" if inputs.settings.budgeted_fixed_overhead is None else "filled in"
        yield ControlTotal("Setup", f"{budget} is {entered}", (entered, budget), 1)


def _of_table(table: schema.Table, records: InputRecords, source: Source) -> Iterator[ControlTotal]:
    """Control totals of one table: rows, cells that hold numbers, each column of text, each column of numbers."""
    name = table.name
    columns = [c for c in table.columns if c.name in source.letters]
    numbers = [c for c in columns if c.kind in schema.NUMERIC or c.kind == "date"]
    values = {c.name: records.column(c.name) for c in numbers}
    always = next(c.name for c in table.columns if c.required)
    yield ControlTotal(name, "Rows", ("rows", name, always), float(len(records)))
    if numbers:
        filled = sum(int(np.count_nonzero(~np.isnan(values[c.name]))) for c in numbers)
        key = ("filled", name, *(c.name for c in numbers))
        yield ControlTotal(name, "Numbers and filled cells", key, float(2 * filled))
    rows, raw = records.row - (source.first_row - 1), source.by_column()
    for column in columns:
        if column not in numbers:
            texts = _as_shown(column, records.column(column.name).tolist(), raw[column.name])
            positions, value = text_total(texts, rows, 100 if column.kind in ("item", "choice") else 40)
            key = ("text", name, column.name, str(positions))
            yield ControlTotal(name, f"Text of {column.name}", key, value, 0 if value < 2**53 else value * 1e-12)
    for column in numbers:
        what = "days" if column.kind == "date" else "total"
        value = total(values[column.name])
        tolerance = max(1e-6, abs(value) * 1e-12)
        yield ControlTotal(name, f"{what.capitalize()} of {column.name}", (what, name, column.name), value, tolerance)


def _as_shown(column: schema.Column, texts: list[str], raw: list[object]) -> list[str]:
    """Texts of a column as a formula sees them: choices without regard to case, a date typed as text as its number."""
    if column.kind == "choice":
        upper = {text: text.upper() for text in set(texts)}
        return list(map(upper.__getitem__, texts))
    if dt.date in (kinds := set(map(type, raw))) or dt.datetime in kinds:
        return [_day_number(v) if isinstance(v, dt.date) else text for v, text in zip(raw, texts, strict=True)]
    return texts


def _day_number(value: dt.date) -> str:
    moment = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)
    return f"{(moment - dt.datetime.combine(schema.DAY_0, dt.time())) / dt.timedelta(1):.15g}"


#: weight of each place in a text, and of its length: with distinct primes above any usual difference of two characters,
#: texts of equal length that differ in one or two places never weigh the same, others hardly ever
PLACE_WEIGHTS = tuple(n for n in range(1_009, 1_722) if all(n % d for d in range(2, 42)))  # the 100 primes from there
LENGTH_WEIGHT = 9_973
ROW_CYCLE = 997  # the weight of a row repeats after so many, which keeps sums of 100,000 rows exact


def text_total(texts: Sequence[str], rows: NDArray[np.int64], most: int) -> tuple[int, float]:
    """A sum that tells any change of a column of texts: characters weighted by place and row, and lengths by row.

    Returns the number of places that count (at most `most`) and the sum. Characters beyond the Basic Multilingual Plane
    are two places to some programs and one to others: a column with any of them counts filled rows only (0 places).
    """
    if not any(texts):
        return 1, 0.0
    unique = list(dict.fromkeys(texts))
    width = max(map(len, unique))
    weight = (rows % ROW_CYCLE + 1).astype(np.float64)
    if not all(map(str.isascii, unique)) and max(map(max, filter(None, unique))) > "\uffff":
        return 0, float(weight @ np.array([bool(text) for text in texts])) * LENGTH_WEIGHT
    places = min(width, most)
    characters = np.array(unique, dtype=f"<U{places}").view(np.uint32).reshape(len(unique), places).astype(np.float64)
    lengths, weights = (
        np.fromiter(map(len, unique), np.int64, len(unique)),
        np.array(PLACE_WEIGHTS[:places], np.float64),
    )
    blanks = 32 * np.concatenate(([0.0], np.cumsum(weights)))  # a character weighs what it has beyond a blank
    weighed = characters @ weights - blanks[np.minimum(lengths, places)] + lengths * LENGTH_WEIGHT
    if len(unique) < len(texts):
        number = {text: i for i, text in enumerate(unique)}
        weighed = weighed[np.fromiter(map(number.__getitem__, texts), np.int64, len(texts))]
    return places, float(weight @ weighed)
