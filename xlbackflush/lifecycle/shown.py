"""Shown: what the sheets that are read and signed show, against what the inputs give again.

Seals and links guard the journal. Ledger, variances, relief and reconciliation follow from it and from the inputs, so they are
computed again and compared, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from xlbackflush.engine.period import Period
from xlbackflush.model.journal import Problem
from xlbackflush.model.money import from_minor
from xlbackflush.model.tables import CellError, Source

#: tables that are compared; they need the columns of `_expected`
TABLES = ("Ledger", "Variances", "Relief", "Reconciliation")
SHOWN = 5  # of the cells of a table that are named; the others are counted
#: more than the digits that a file or another program drops, less than any unit of money
_NOISE = 1e-6


@dataclass(frozen=True)
class Expected:
    """Rows of a table: the key is made of the first columns, each row has the values of all columns."""

    keys: int
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def differing(period: Period, tables: Mapping[str, Source]) -> list[Problem]:
    """Cells of `tables` (those of TABLES) that show something else than the period of the same inputs."""
    return [problem for name in TABLES for problem in _some(list(_of_table(_expected(period, name), tables[name])))]


def _some(problems: list[Problem]) -> list[Problem]:
    if len(problems) <= SHOWN:
        return problems
    return [
        *problems[:SHOWN],
        Problem(problems[SHOWN].where, f"Here and in {len(problems) - SHOWN - 1} more cells likewise."),
    ]


def _of_table(expected: Expected, source: Source) -> Iterator[Problem]:
    cells = source.by_column()
    shown = zip(*(cells[name] for name in expected.columns), strict=True)
    rows = {_key(row[: expected.keys]): (n, row) for n, row in zip(source.row_numbers, shown, strict=True)}
    for wanted in expected.rows:
        key = _key(wanted[: expected.keys])
        if key not in rows:
            said = ", ".join(str(part) for part in wanted[: expected.keys] if part)
            yield Problem(source.cell(expected.columns[0], source.first_row), f"{source.name} has no row of {said}.")
            continue
        number, row = rows.pop(key)
        for name, there, right in zip(expected.columns, row, wanted, strict=True):
            if not _same(there, right):
                text = f"{name} is {_said(there)}; the inputs give {_said(right)}."
                yield Problem(source.cell(name, number), text)
    for number, row in rows.values():
        said = ", ".join(str(part) for part in row[: expected.keys] if part)
        yield Problem(source.cell(expected.columns[0], number), f"The inputs give no row of {said}.")


def _key(cells: tuple[object, ...]) -> tuple[str, ...]:
    return tuple("" if cell is None else str(cell) for cell in cells)


def _same(there: object, right: object) -> bool:
    """Equal but for noise. A formula without a result says nothing; that has a sentence of its own."""
    if isinstance(there, CellError):
        return not there.calculated
    if isinstance(right, float):
        if np.isnan(right):
            return there in ("", None)
        number = 0.0 if there in ("", None) else there
        return isinstance(number, int | float) and abs(number - right) <= _NOISE * max(1.0, abs(right))
    return ("" if there is None else str(there)) == str(right)


def _said(cell: object) -> str:
    if isinstance(cell, CellError):
        return cell.text
    if isinstance(cell, int | float):
        return "blank" if isinstance(cell, float) and np.isnan(cell) else f"{cell:,.6f}".rstrip("0").rstrip(".")
    return f'"{cell}"' if cell else "blank"


def _expected(period: Period, table: str) -> Expected:
    """What a run writes into the columns of a table that hold what it found."""
    codes = period.bill.items["code"]
    if table == "Ledger":
        return _ledger(period, period.inputs.accounts)
    if table == "Variances":
        return _variances(period)
    if table == "Relief":
        return _relief(period, codes.iloc[period.relief["item"]].tolist())
    return _reconciliation(period, codes.iloc[period.stock["item"]].tolist())


def _ledger(period: Period, accounts: Mapping[str, tuple[str, str]]) -> Expected:
    amounts = ("opening", "debits", "credits", "closing")
    rows: list[tuple[object, ...]] = [
        (row.role, *accounts[row.role], *(from_minor(int(getattr(row, name)), period.places) for name in amounts))
        for row in period.ledger.itertuples()
    ]
    return Expected(1, ("Role", "Account", "Account name", *(name.capitalize() for name in amounts)), rows)


def _variances(period: Period) -> Expected:
    rows: list[tuple[object, ...]] = [
        (
            v.name,
            v.subject,
            *(from_minor(minor, period.places) for minor in (v.standard, v.actual, abs(v.amount))),
            v.side,
            v.disposition,
        )
        for v in period.variances
    ]
    return Expected(2, ("Variance", "Subject", "Standard", "Actual", "Amount", "F/U", "Disposition"), rows)


def _relief(period: Period, codes: list[str]) -> Expected:
    figures = period.relief[["quantity", "cost"]].to_numpy(dtype=float).tolist()
    amounts = [from_minor(int(minor), period.places) for minor in period.relief["amount"].tolist()]
    rows: list[tuple[object, ...]] = [
        (code, *both, amount) for code, both, amount in zip(codes, figures, amounts, strict=True)
    ]
    return Expected(1, ("Item", "Quantity", "Standard cost", "Amount"), rows)


def _reconciliation(period: Period, codes: list[str]) -> Expected:
    names = {
        "opening": "Opening", "received": "Received", "relieved": "Relieved", "scrapped": "Scrapped", "book": "Book",
        "counted": "Counted", "difference": "Difference qty", "difference_amount": "Difference amount",
    }  # fmt: skip
    figures = period.stock[list(names)].to_numpy(dtype=float).tolist()
    return Expected(1, ("Item", *names.values()), [(code, *row) for code, row in zip(codes, figures, strict=True)])
