"""Bad input ends in findings, never in an exception or a wrong number: samples with some of their cells spoiled.

XLBACKFLUSH_FUZZ=full runs 10,000 mutations instead of 600. Each is drawn from its own number, so that a failure names
all that is needed to repeat it.
"""

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from unittest import mock

import independent
import independent_close
import pytest
from samples_tried import FULL
from support import Row, accepted, compute, frame, journal, ledger, relief, rollup, sources

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.result import RunResult
from xlbackflush.model.money import to_minor
from xlbackflush.model.tables import CellError, Source
from xlbackflush.template.samples import SAMPLES

ROUNDS = 10_000 if FULL else 600
BATCHES = 20

NASTY: tuple[object, ...] = (
    None,
    "",
    " ",
    "text",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "nan",
    "inf",
    "1e5",
    "12,5",
    "1/2/2026",
    "Größe Ω 漢字 🚲",
    "a\x00b\x1f",
    "x" * 300,
    "#REF!",
    0.0,
    -1.0,
    0.5,
    1e-300,
    1e15,
    1e300,
    -1e300,
    46_300.0,
    True,
    False,
    dt.date(1900, 1, 1),
    dt.date(9999, 12, 31),
    dt.datetime(2026, 10, 5, 13, 30),
    dt.time(12),
    dt.timedelta(hours=30),
    CellError("#REF!"),
    CellError("#DIV/0!"),
    CellError("", calculated=False),
)


@dataclass
class Mutant:
    """A sample with some cells spoiled, and in words which."""

    read: dict[str, Source]
    changes: list[str]


def mutant(number: int) -> Mutant:
    """One to three cells, each of a random table, replaced by a nasty value or by that of another cell."""
    pick = random.Random(number)
    sample = SAMPLES[pick.choice(sorted(SAMPLES))]()
    made = Mutant(sources(sample.settings, sample.tables), [])
    filled = [source for source in made.read.values() if source.rows]
    for _ in range(pick.randint(1, 3)):
        source = pick.choice(filled)
        row, column = pick.randrange(len(source.rows)), pick.randrange(len(source.columns))
        value = _other(pick, filled, source, column) if pick.random() < 0.4 else pick.choice(NASTY)
        source.rows[row][column] = value
        made.changes.append(f"{source.cell(source.columns[column], source.row_numbers[row])} = {value!r}")
    return made


def _other(pick: random.Random, filled: list[Source], source: Source, column: int) -> object:
    """Value of another cell: of the same column, or of any."""
    if pick.random() < 0.5:
        return pick.choice(source.rows)[column]
    return pick.choice(pick.choice(pick.choice(filled).rows))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_spoiled_cells_end_in_findings_or_in_right_numbers(batch):
    for number in range(batch, ROUNDS, BATCHES):
        spoiled = mutant(number)
        try:
            check(compute(spoiled.read))
        except Exception as error:
            error.add_note(f"Mutant {number}: {'; '.join(spoiled.changes)}")
            raise


@pytest.mark.parametrize("quantity", [1e9, 1e12, 1e15])
def test_amounts_beyond_all_reason_end_in_findings_or_in_right_numbers(quantity):
    """100,000 computers of 19 units of material become as many of 1e15: more cents than 64 bits hold."""
    sample = SAMPLES["computers"]()
    read = sources(sample.settings, sample.tables)
    bom = read["BOM"]
    bom.rows[0][bom.columns.index("Qty per")] = quantity
    check(compute(read))


def check(outcome: RunResult) -> None:
    """Findings that stop the run, or results that are right."""
    check_findings(outcome)
    if outcome.run is not None:
        check_books(outcome.period)
        check_against_oracle(outcome, outcome.period)


def check_findings(outcome: RunResult) -> None:
    """Errors and results exclude each other; each finding says where, what and how to mend it."""
    assert (outcome.run is None) == any(f.severity == schema.ERROR for f in outcome.findings)
    assert all(finding.where and finding.what and finding.fix for finding in outcome.findings)


def check_books(result: Period) -> None:
    """Every entry balances, the ledger is the journal of the period added up, and amounts are rounded as Excel rounds."""
    for entry in result.entries:
        assert sum(line.minor for line in entry.lines) == 0
    lines = [line for entry in result.entries if entry.event != schema.REVERSAL for line in entry.lines]
    for row in frame(result.ledger).itertuples():
        movements = [line.minor for line in lines if (line.role, line.item_class) == (row.role, row.item_class)]
        assert row.debits == sum(minor for minor in movements if minor > 0)
        assert row.closing == row.opening + row.elsewhere + sum(movements)
    assert {line.role for line in lines} <= set(result.ledger.role.tolist())
    for amount, exact in zip(result.relief.amount.tolist(), result.relief.exact.tolist(), strict=True):
        assert amount == to_minor(exact, result.places)


def check_against_oracle(outcome: RunResult, result: Period) -> None:
    """The oracle, given what the engine accepted, finds the same; float64 may differ in its last digits.

    A journal amount may differ by one minor unit for each amount on the very edge of rounding.
    """
    settings, tables = accepted(outcome)
    tables["Stock"] = merged(tables["Stock"])
    with mock.patch.object(independent, "rounded", wraps=independent.rounded) as rounded:
        oracle = independent_close.compute(settings, tables)
    amounts = [abs(Fraction(call.args[0])) for call in rounded.call_args_list]
    edges = sum(abs(amount * 10**result.places % 1 - Fraction(1, 2)) < Fraction(1, 10**4) for amount in amounts)
    slack = edges * Decimal(1).scaleb(-result.places) + Decimal(float(max(amounts, default=Fraction(0)))) * Decimal(
        "1e-12"
    )

    events, own = oracle.journal, journal(result)
    assert _far(own, events, slack) == {}
    assert _far({"": ledger(result)}, {"": oracle.ledger}, slack) == {}
    relieved = relief(outcome)
    assert not any(quantity for item, quantity in relieved.items() if item not in oracle.relief)
    largest = max((abs(quantity) for quantity in relieved.values()), default=0.0)
    for item, quantity in oracle.relief.items():
        assert relieved.get(item, 0.0) == pytest.approx(float(quantity), rel=1e-9, abs=largest * 1e-12)
    for item, cost in rollup(outcome).items():
        assert cost == pytest.approx({name: float(value) for name, value in oracle.rollup[item].items()}, rel=1e-9)


def merged(stock: list[Row]) -> list[Row]:
    """One row per item: an item may be counted in two places, which the oracle does not know."""
    together: dict[str, Row] = {}
    for row in stock:
        known = together.setdefault(str(row["Item"]).casefold(), {"Item": row["Item"]})
        for column in row.keys() - {"Item", "Note"}:
            known[column] = float(str(known.get(column, 0.0))) + float(str(row[column]))
    return list(together.values())


Nets = dict[str, dict[str, Decimal]]


def _far(own: Nets, other: Nets, slack: Decimal) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Event and role of all amounts that differ by more than the slack, with both amounts."""
    keys = {(event, role) for nets in (own, other) for event, roles in nets.items() for role in roles}
    pairs = {key: tuple(nets.get(key[0], {}).get(key[1], Decimal(0)) for nets in (own, other)) for key in keys}
    return {key: (a, b) for key, (a, b) in pairs.items() if abs(a - b) > slack}
