"""Verify: what must hold before the numbers are signed, as pairs that must be equal.

Each check has a key, under which the workbook knows the two live formulas, and the two values as the engine has them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlbackflush import schema
from xlbackflush.engine.measures.tie_out import Tie
from xlbackflush.engine.measures.variances import NOT_POSTED, Variance
from xlbackflush.engine.posting.flush import Ledger, balances
from xlbackflush.engine.stock.relief import Relief
from xlbackflush.model.inputs import FIELDS, InputRecords, Inputs
from xlbackflush.model.journal import PostedEntry
from xlbackflush.model.money import from_minor
from xlbackflush.model.tables import Source


@dataclass(frozen=True)
class Check:
    """`left` must equal `right` within `tolerance`. key: (what, table, column) for control totals, else (what,)."""

    key: tuple[str, ...]
    text: str
    left: float
    right: float
    tolerance: float
    meaning: str

    @property
    def value(self) -> float:
        return round(self.left - self.right, 6)

    @property
    def holds(self) -> bool:
        return abs(self.value) <= self.tolerance


def checks(
    inputs: Inputs,
    entries: Sequence[PostedEntry],
    ledger: Ledger,
    relief: Relief,
    variances: list[Variance],
    ties: list[Tie],
    places: int,
) -> list[Check]:
    """All checks, in the order of the sheet: journal and ledger, variances, stock, proofs, rounding, the inputs."""
    return [
        *_books(inputs, entries, ledger, places),
        *_variances(variances, entries, places),
        _stock(ties),
        *_proofs(),
        _rounding(relief, places),
        *_unchanged(ledger),
        *control_totals(inputs),
    ]


def _books(inputs: Inputs, entries: Sequence[PostedEntry], ledger: Ledger, places: int) -> list[Check]:
    """The journal balances, the ledger follows it, the clearing accounts are closed."""
    lines = [line for entry in entries for line in entry.lines]
    debits = from_minor(sum(line.minor for line in lines if line.minor > 0), places)
    credits = from_minor(-sum(line.minor for line in lines if line.minor < 0), places)
    unbalanced = float(sum(1 for entry in entries if sum(line.minor for line in entry.lines)))
    moved, opening, closing = (
        from_minor(int(column.sum()), places) for column in (ledger.debits, ledger.opening, ledger.closing)
    )
    of_period = [line for entry in entries if entry.event != schema.REVERSAL for line in entry.lines]
    journal = from_minor(sum(line.minor for line in of_period if line.minor > 0), places)
    found = [
        Check(("debits",), "Journal: debits equal credits", debits, credits, 0, "The journal does not balance."),
        Check(("entries",), "Journal: entries out of balance", unbalanced, 0, 0, "An entry was changed by hand."),
        Check(
            ("movements",),
            "Ledger: debits equal those of the journal, reversal left out",
            moved,
            journal,
            0,
            "A line is missing.",
        ),
        Check(("balance",), "Ledger: closing equals opening in sum", closing, opening, 0, "It does not balance."),
    ]
    if inputs.settings.variance_disposition != schema.CARRY_FORWARD:
        balance = ledger.closing_by_role
        left = from_minor(abs(balance.get(schema.CCC, 0)) + abs(balance.get(schema.CCA, 0)), places)
        text = "Conversion costs control and allocated are closed"
        found.append(Check(("clearing",), text, left, 0, 0, "The close is incomplete."))
    return found


def _variances(variances: list[Variance], entries: Sequence[PostedEntry], places: int) -> Iterator[Check]:
    """The rows of Variances add up to the accounts, and the parts of the conversion variance to the whole."""
    before = balances([e for e in entries if e.event not in schema.FROM_THE_CLOSE_ON])
    for name, role in ((schema.MATERIAL_PRICE, schema.PRICE_VARIANCE), (schema.MATERIAL_USAGE, schema.USAGE_VARIANCE)):
        rows = from_minor(sum(v.amount for v in variances if v.name == name and v.disposition != NOT_POSTED), places)
        account = from_minor(before.get(role, 0), places)
        text = f"Variances: {name.lower()} adds up to its account"
        yield Check(("account", name, role), text, rows, account, 0, "A row is missing, or an amount was changed.")
    total = sum(v.amount for v in variances if v.name == schema.CONVERSION_ALLOCATION)
    parts = sum(v.amount for v in variances if v.part_of == schema.CONVERSION_ALLOCATION)
    text = "Variances: parts of the conversion variance add up to it"
    yield Check(("parts",), text, from_minor(parts, places), from_minor(total, places), 0, "The split is not exact.")


def _stock(ties: list[Tie]) -> Check:
    """Every inventory account agrees with its quantities at standard cost."""
    failed = float(sum(not tie.holds for tie in ties))
    return Check(("ties",), "Tie-out: accounts that differ from their stock", failed, 0, 0, "Books and stock disagree.")


def _proofs() -> list[Check]:
    """No posted amount differs from its live proof. They agree when the run is made; that is what a run is."""
    meaning = "An input changed after the run, or a posted amount was changed: run again."
    return [
        Check((f"{table} proofs",), f"{table}: rows that differ from their proof", 0, 0, 0, meaning)
        for table in ("Journal", "Ledger", "Relief", "Variances")
    ]


def _rounding(relief: Relief, places: int) -> Check:
    """What rounding each component leaves, against what rounding can explain: half a minor unit each."""
    posted, exact = from_minor(int(relief.amount.sum()), places), float(relief.exact.sum())
    tolerance = 0.5 / 10**places * max(1, len(relief))
    text = "Relief: rounded amounts against the unrounded Trace"
    return Check(("rounding",), text, posted, exact, tolerance, "More is lost than rounding can explain.")


#: the check of the findings, the only one that a check of the inputs moves
ERRORS = "Findings: errors"


def _unchanged(ledger: Ledger) -> list[Check]:
    """Items, accounts and findings are as at the run."""
    count = float(len(ledger))
    again = "Setup or Standard Cost was changed after the run: run again."
    return [
        Check(("items",), "Standard Cost: items as at the run", 0, 0, 0, again),
        Check(("accounts",), "Ledger: accounts as mapped on Setup", count, count, 0, again),
        Check(("errors",), ERRORS, 0, 0, 0, "The last check of the inputs found errors: see Findings."),
    ]


def control_totals(inputs: Inputs) -> list[Check]:
    """Settings, rows, texts and sums of each input table as read, against the sheet as it stands."""
    totals = [
        Check(
            ("setting", name, value),
            f"Setup: {name} as at the run",
            0,
            0,
            0,
            "Setup was changed after the run: run again.",
        )
        for name, value in _choices(inputs)
    ]
    for name in ("Period start", "Period end"):
        if name in inputs.setting_cells:
            day = float(getattr(inputs.settings, name.lower().replace(" ", "_")))
            text = f"Setup: {name} as at the run"
            totals.append(Check(("cell", name), text, day, day, 0, "Setup was changed after the run: run again."))
    budget = "Budgeted fixed overhead"
    if budget in inputs.setting_cells:  # blank or not decides which variances there are; their proofs see its amount
        entered = float(inputs.settings.budgeted_fixed_overhead is not None)
        text = f"Setup: {budget} filled in as at the run"
        totals.append(
            Check(("filled in", budget), text, entered, entered, 0, "Setup was changed after the run: run again.")
        )
    for table in schema.INPUT_TABLES:
        if table.name in FIELDS:
            totals += _table_totals(table, inputs.table(table.name), inputs.sources[table.name])
    return totals


def _table_totals(table: schema.Table, records: InputRecords, source: Source) -> Iterator[Check]:
    """Control totals of one table: rows, cells that hold numbers, each column of text, each column of numbers."""
    meaning = f"{table.name} was changed after the run: run again."

    def total(what: tuple[str, ...], text: str, value: float, tolerance: float = 0) -> Check:
        return Check(what, f"{table.name}: {text} as at the run", value, value, tolerance, meaning)

    columns = [c for c in table.columns if c.name in source.letters]
    numbers = [c for c in columns if c.kind in schema.NUMERIC or c.kind == "date"]
    values = {c.name: records.column(c.name) for c in numbers}
    yield total(("rows", table.name, table.columns[0].name), "rows", float(len(records)))
    if numbers:
        filled = sum(int(np.count_nonzero(~np.isnan(values[c.name]))) for c in numbers)
        key = ("filled", table.name, *(c.name for c in numbers))
        yield total(key, "numbers and filled cells", float(2 * filled))
    rows, raw = records.row - (source.first_row - 1), source.by_column()
    for column in columns:
        if column not in numbers:
            texts = _as_shown(column, records.column(column.name).tolist(), raw[column.name])
            positions, value = text_total(texts, rows, 100 if column.kind in ("item", "choice") else 40)
            key = ("text", table.name, column.name, str(positions))
            yield total(key, f"text of {column.name}", value, 0 if value < 2**53 else value * 1e-12)
    for column in numbers:
        what = "days" if column.kind == "date" else "total"
        value = float(np.nansum(values[column.name]))
        tolerance = max(1e-6, abs(value) * 1e-12)
        yield total((what, table.name, column.name), f"total of {column.name}", value, tolerance)


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


def _primes(first: int, count: int) -> tuple[int, ...]:
    found: list[int] = []
    number = first
    while len(found) < count:
        if all(number % d for d in range(2, int(number**0.5) + 1)):
            found.append(number)
        number += 1
    return tuple(found)


#: weight of each place in a text, and of its length: with distinct primes above any usual difference of two characters,
#: texts of equal length that differ in one or two places never weigh the same, others hardly ever
PLACE_WEIGHTS = _primes(1_009, 100)
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
        return 0, float(weight @ np.array([bool(text) for text in texts], dtype=np.float64)) * LENGTH_WEIGHT
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


def _choices(inputs: Inputs) -> list[tuple[str, str]]:
    """Settings that decide between rules, as chosen."""
    return [
        (s.name, str(getattr(inputs.settings, s.field)))
        for s in schema.SETTINGS
        if s.kind == "choice" or s.name == "Currency"
    ]
