"""Checks: what must hold before the numbers are signed. Each counts what speaks against it, or adds it up.

A check has a key, under which the workbook knows its live formula, and its value as the engine has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlbackflush import schema
from xlbackflush.engine.measures.tie_out import Tie
from xlbackflush.engine.measures.variances import NOT_POSTED, Variance
from xlbackflush.engine.posting.flush import Ledger, balances
from xlbackflush.engine.stock.relief import Relief
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.journal import PostedEntry
from xlbackflush.model.money import from_minor

#: variances with an account of their own
ACCOUNT_OF = {schema.MATERIAL_PRICE: schema.PRICE_VARIANCE, schema.MATERIAL_USAGE: schema.USAGE_VARIANCE}

_BY_HAND = "A line was changed, added or removed by hand. Run again; verify names lines of posted runs."


@dataclass(frozen=True)
class Check:
    """`text` must hold; it does where `value`, in `unit`, is within `tolerance`. failure: what it means if not, and the remedy.

    key: a name; of the checks of inputs, that of the sheet.
    """

    key: str
    text: str
    value: float
    unit: str
    failure: str
    tolerance: float = 0

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
) -> list[Check]:
    """All checks, in the order of the sheet: journal and ledger, variances, stock, proofs, rounding, the inputs."""
    places = inputs.places
    return [
        _journal(entries),
        _ledger(ledger, entries, places),
        *_clearing(inputs, ledger, places),
        _variances(variances, entries, places),
        _stock(ties),
        _proofs(),
        _rounding(relief, places),
        _findings(),
        *_unchanged(),
    ]


def _journal(entries: Sequence[PostedEntry]) -> Check:
    unbalanced = sum(len(entry.lines) for entry in entries if sum(line.minor for line in entry.lines))
    return Check(
        "journal",
        "Journal: debits equal credits in every entry",
        float(unbalanced),
        "lines",
        _BY_HAND,
    )


def _ledger(ledger: Ledger, entries: Sequence[PostedEntry], places: int) -> Check:
    """The movements are those of the journal, reversals of earlier runs left out, and the balances add up."""
    of_period = [line for entry in entries if entry.event != schema.REVERSAL for line in entry.lines]
    journal = sum(line.minor for line in of_period if line.minor > 0)
    gap = abs(int(ledger.debits.sum()) - journal) + abs(int(ledger.closing.sum()) - int(ledger.opening.sum()))
    return Check(
        "ledger",
        "Ledger: movements are those of Journal, and balances add up",
        from_minor(gap, places),
        "money",
        _BY_HAND,
    )


def _clearing(inputs: Inputs, ledger: Ledger, places: int) -> Iterator[Check]:
    """Conversion costs are closed, unless variances are carried forward."""
    if inputs.settings.variance_disposition != schema.CARRY_FORWARD:
        balance = ledger.closing_by_role
        left = abs(balance.get(schema.CCC, 0)) + abs(balance.get(schema.CCA, 0))
        yield Check(
            "clearing",
            "Conversion costs control and allocated are closed to zero",
            from_minor(left, places),
            "money",
            "A balance is left after the close: a line of Journal or Ledger was changed by hand. Run again.",
        )


def _variances(variances: list[Variance], entries: Sequence[PostedEntry], places: int) -> Check:
    """Posted rows add up to their accounts before the close, and the parts of the conversion variance to the whole."""
    before, gap = balances([e for e in entries if e.event not in schema.FROM_THE_CLOSE_ON]), 0
    for name, role in ACCOUNT_OF.items():
        rows = sum(v.amount for v in variances if v.name == name and v.disposition != NOT_POSTED)
        gap += abs(rows - before.get(role, 0))
    total = sum(v.amount for v in variances if v.name == schema.CONVERSION_ALLOCATION)
    parts = sum(v.amount for v in variances if v.part_of == schema.CONVERSION_ALLOCATION)
    return Check(
        "variances",
        "Variances add up to their accounts, and parts to their whole",
        from_minor(gap + abs(parts - total), places),
        "money",
        "An input was changed after the run, or a row of Variances or Journal by hand. Run again.",
    )


def _stock(ties: list[Tie]) -> Check:
    """Every inventory account agrees with its quantities at standard cost."""
    return Check(
        "ties",
        "Tie-out: every inventory account agrees with its stock",
        float(sum(not tie.holds for tie in ties)),
        "accounts",
        "Tie-out shows the account that differs by more than rounding. Undo changed inputs, or run again.",
    )


def _proofs() -> Check:
    """No posted amount differs from its live proof. They agree when the run is made; that is what a run is."""
    return Check(
        "proofs",
        "Journal, Ledger, Relief, Variances: posted amounts equal their proofs",
        0,
        "amounts",
        "An input was changed after the run, or an amount by hand: see column Difference. Run again.",
    )


def _rounding(relief: Relief, places: int) -> Check:
    """What rounding each component leaves, against what rounding can explain: half a minor unit each."""
    return Check(
        "rounding",
        "Relief: rounding explains the difference to the unrounded Trace",
        round(from_minor(int(relief.amount.sum()), places) - float(relief.exact.sum()), 6),
        "money",
        "More is lost than rounding can explain: an input was changed after the run. Run again.",
        0.5 / 10**places * max(1, len(relief)),
    )


#: the check of the findings, the only one that a check of the inputs moves
ERRORS = "Findings: the last check of the inputs found no errors"


def _findings() -> Check:
    failure = "The inputs have errors. Correct the cells that Findings names, and run again."
    return Check("errors", ERRORS, 0, "errors", failure)


def _unchanged() -> Iterator[Check]:
    """The control totals of every input sheet are as at the run."""
    for sheet in schema.INPUT_SHEETS:
        text = f"{sheet.name}: inputs unchanged since the run"
        failure = f"Sheet {sheet.name} was changed after the run: see Input Controls. Undo the change, or run again."
        yield Check(sheet.name, text, 0, "control totals", failure)
