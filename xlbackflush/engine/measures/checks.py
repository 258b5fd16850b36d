"""Checks: what must hold before the numbers are signed. Each counts what speaks against it, or adds it up.

A check has a key, under which the workbook knows its live formula, and its value as the engine has it.
"""

from collections.abc import Iterator, Sequence

from xlbackflush import schema
from xlbackflush.dataclass import dataclass
from xlbackflush.engine.measures.tie_out import Tie
from xlbackflush.engine.measures.variances import NOT_POSTED, Variance
from xlbackflush.engine.posting.flush import Ledger, balances
from xlbackflush.engine.stock.relief import Relief
from xlbackflush.model.arrays import total
from xlbackflush.model.inputs import Inputs
from xlbackflush.model.journal import PostedEntry
from xlbackflush.model.money import from_minor

#: variances with an account of their own
ACCOUNT_OF = {
    schema.MATERIAL_PRICE: schema.PRICE_VARIANCE,
    schema.MATERIAL_USAGE: schema.USAGE_VARIANCE,
    schema.COUNT_VARIANCE: schema.COUNT_DIFFERENCE,
}

_BY_HAND = "A line was changed, added or removed by hand. Run again; verify names lines of posted runs."
#: key -> what must hold, the unit of what speaks against it, what it means if it does not hold, and the remedy
_WORDS = {
    "journal": ("Journal: debits equal credits in every entry", "lines", _BY_HAND),
    "ledger": ("Ledger: movements are those of Journal, and balances add up", "money", _BY_HAND),
    "clearing": (
        "Conversion costs control and allocated are closed to zero", "money",
        "A balance is left after the close: a line of Journal or Ledger was changed by hand. Run again.",
    ),
    "variances": (
        "Variances add up to their accounts, and parts to their whole", "money",
        "An input was changed after the run, or a row of Variances or Journal by hand. Run again.",
    ),
    "ties": (
        "Tie-out: every inventory account agrees with its stock", "accounts",
        "Tie-out shows the account that differs by more than rounding. Undo changed inputs, or run again.",
    ),
    "proofs": (
        "Journal, Ledger, Relief, Variances: posted amounts equal their proofs", "amounts",
        "An input was changed after the run, or an amount by hand: see column Difference. Run again.",
    ),
    "rounding": (
        "Relief: rounding explains the difference to the unrounded Trace", "money",
        "More is lost than rounding can explain: an input was changed after the run. Run again.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """`text` must hold; it does where `value`, in `unit`, is within `tolerance`. failure: what it means if not, and the remedy.

    key: a name; of the checks of inputs, that of the sheet.
    """

    key: str
    text: str
    unit: str
    failure: str
    value: float = 0
    tolerance: float = 0

    @property
    def holds(self) -> bool:
        return abs(self.value) <= self.tolerance


#: the check of the findings, the only one that a check of the inputs moves
CHECK_OF_ERRORS = Check(
    "errors", "Findings: the last check of the inputs found no errors", "errors",
    "The inputs have errors. Correct the cells that Findings names, and run again.",
)  # fmt: skip


def of_entries(
    inputs: Inputs, entries: Sequence[PostedEntry], ledger: Ledger, variances: list[Variance]
) -> Iterator[Check]:
    """Checks of the journal, the ledger and the variances."""
    places = inputs.places
    unbalanced = sum(len(entry.lines) for entry in entries if sum(line.minor for line in entry.lines))
    yield Check("journal", *_WORDS["journal"], float(unbalanced))
    # the movements are those of the journal, reversals of earlier runs left out
    of_period = [line.minor for entry in entries if entry.event != schema.REVERSAL for line in entry.lines]
    gap = abs(int(ledger.debits.sum()) - sum(minor for minor in of_period if minor > 0))
    gap += abs(int(ledger.closing.sum()) - int(ledger.opening.sum()))
    yield Check("ledger", *_WORDS["ledger"], from_minor(gap, places))
    if inputs.settings.variance_disposition != schema.CARRY_FORWARD:
        balance = ledger.closing_by_role
        remaining = abs(balance.get(schema.CCC, 0)) + abs(balance.get(schema.CCA, 0))
        yield Check("clearing", *_WORDS["clearing"], from_minor(remaining, places))
    yield Check("variances", *_WORDS["variances"], from_minor(_variance_gap(variances, entries), places))


def _variance_gap(variances: list[Variance], entries: Sequence[PostedEntry]) -> int:
    """What lies between posted rows and their accounts before the close, and between conversion and its parts; minor units."""
    before = balances([entry for entry in entries if entry.event not in schema.FROM_THE_CLOSE_ON])
    gap = 0
    for name, role in ACCOUNT_OF.items():
        rows = sum(v.amount for v in variances if v.name == name and v.disposition != NOT_POSTED)
        gap += abs(rows - before[role])
    total = sum(v.amount for v in variances if v.name == schema.CONVERSION_ALLOCATION)
    return gap + abs(sum(v.amount for v in variances if v.part_of == schema.CONVERSION_ALLOCATION) - total)


def of_stock(ties: list[Tie], relief: Relief, places: int) -> Iterator[Check]:
    """Checks of stock, and those that hold when the run is made, for that is what a run is: proofs, findings, inputs.

    Rounding each component may leave half a minor unit.
    """
    yield Check("ties", *_WORDS["ties"], float(sum(not tie.holds for tie in ties)))
    yield Check("proofs", *_WORDS["proofs"])
    rounding = round(from_minor(int(relief.amount.sum()), places) - total(relief.exact), 6)
    yield Check("rounding", *_WORDS["rounding"], rounding, 0.5 / 10**places * max(1, len(relief)))
    yield CHECK_OF_ERRORS
    for sheet in schema.INPUT_SHEETS:
        text = f"{sheet.name}: inputs unchanged since the run"
        failure = f"Sheet {sheet.name} was changed after the run: see Input Controls. Undo the change, or run again."
        yield Check(sheet.name, text, "control totals", failure)
