"""Verify: what must hold before the numbers are signed, as pairs that must be equal.

Each check has a key, under which the workbook knows the two live formulas, and the two values as the engine has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from xlbackflush import layout
from xlbackflush.engine.journal import Entry
from xlbackflush.engine.money import from_minor
from xlbackflush.engine.tables import Inputs


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
    inputs: Inputs, entries: list[Entry], ledger: pd.DataFrame, relief: pd.DataFrame, places: int
) -> list[Check]:
    """All checks, in the order of the sheet: the journal and ledger, the proofs, rounding, the inputs."""
    return [
        *_books(inputs, entries, ledger, places),
        *_proofs(),
        _rounding(relief, places),
        *_unchanged(ledger),
        *control_totals(inputs),
    ]


def _books(inputs: Inputs, entries: list[Entry], ledger: pd.DataFrame, places: int) -> list[Check]:
    """The journal balances, the ledger follows it, the clearing accounts are closed."""
    lines = [line for entry in entries for line in entry.lines]
    debits = from_minor(sum(line.minor for line in lines if line.minor > 0), places)
    credits = from_minor(-sum(line.minor for line in lines if line.minor < 0), places)
    unbalanced = float(sum(1 for entry in entries if sum(line.minor for line in entry.lines)))
    moved, opening, closing = (
        from_minor(int(ledger[column].sum()), places) for column in ("debits", "opening", "closing")
    )
    found = [
        Check(("debits",), "Journal: debits equal credits", debits, credits, 0, "The journal does not balance."),
        Check(("entries",), "Journal: entries out of balance", unbalanced, 0, 0, "An entry was changed by hand."),
        Check(("movements",), "Ledger: debits equal those of the journal", moved, debits, 0, "A line is missing."),
        Check(("balance",), "Ledger: closing equals opening in sum", closing, opening, 0, "It does not balance."),
    ]
    if inputs.settings.variance_disposition != layout.CARRY_FORWARD:
        balance = {row.role: int(row.closing) for row in ledger.itertuples()}
        left = from_minor(abs(balance.get(layout.CCC, 0)) + abs(balance.get(layout.CCA, 0)), places)
        text = "Conversion costs control and allocated are closed"
        found.append(Check(("clearing",), text, left, 0, 0, "The close is incomplete."))
    return found


def _proofs() -> list[Check]:
    """No posted amount differs from its live proof. They agree when the run is made; that is what a run is."""
    meaning = "An input changed after the run, or a posted amount was changed: run again."
    return [
        Check((f"{table} proofs",), f"{table}: rows that differ from their proof", 0, 0, 0, meaning)
        for table in ("Journal", "Ledger", "Relief", "Variances")
    ]


def _rounding(relief: pd.DataFrame, places: int) -> Check:
    """What rounding each component leaves, against what rounding can explain: half a minor unit each."""
    posted, exact = from_minor(int(relief["amount"].sum()), places), float(relief["exact"].sum())
    tolerance = 0.5 / 10**places * max(1, len(relief))
    text = "Relief: rounded amounts against the unrounded Trace"
    return Check(("rounding",), text, posted, exact, tolerance, "More is lost than rounding can explain.")


def _unchanged(ledger: pd.DataFrame) -> list[Check]:
    """Items, accounts and findings are as at the run."""
    count = float(len(ledger))
    again = "Setup or Standard Cost was changed after the run: run again."
    return [
        Check(("items",), "Standard Cost: items as at the run", 0, 0, 0, again),
        Check(("accounts",), "Ledger: accounts as mapped on Setup", count, count, 0, again),
        Check(("errors",), "Findings: errors", 0, 0, 0, "The last check of the inputs found errors: see Findings."),
    ]


def control_totals(inputs: Inputs) -> list[Check]:
    """Rows, text length and sum of each input table as read, against the sheet as it stands."""
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
    for table in layout.INPUT_TABLES:
        frame = inputs.frames.get(table.name)
        if frame is None:
            continue
        source = inputs.sources[table.name]
        key, rows = table.columns[0].name, float(len(frame))
        texts = [c.name for c in table.columns if frame[c.name].dtype == object and c.name in source.letters]
        length = float(sum(len(text) for name in texts for text in frame[name].tolist()))
        meaning = f"{table.name} was changed after the run: run again."
        totals.append(Check(("rows", table.name, key), f"{table.name}: rows as at the run", rows, rows, 0, meaning))
        text = f"{table.name}: characters of text as at the run"
        totals.append(Check(("text", table.name, *texts), text, length, length, 0, meaning))
        for column in table.columns:
            what = "days" if column.kind == "date" else "total"
            if (column.kind in layout.NUMERIC or what == "days") and column.name in source.letters:
                total = float(frame[column.name].sum())
                totals.append(
                    Check(
                        (what, table.name, column.name),
                        f"{table.name}: total of {column.name} as at the run",
                        total,
                        total,
                        max(1e-6, abs(total) * 1e-12),
                        meaning,
                    )
                )
    return totals


def _choices(inputs: Inputs) -> list[tuple[str, str]]:
    """Settings that decide between rules, as chosen."""
    return [
        (s.name, str(getattr(inputs.settings, s.name.lower().replace(" ", "_"))))
        for s in layout.SETTINGS
        if s.kind == "choice" or s.name == "Currency"
    ]
