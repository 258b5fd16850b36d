"""Variances: where actual cost left the standard. Amounts are signed here, unfavorable positive, in minor units.

Material price          actual price of what was bought - its standard price
Material usage          book stock - counted stock, at standard
Conversion allocation   conversion cost incurred - conversion cost allocated
"""

from __future__ import annotations

from dataclasses import dataclass

from xlbackflush import layout
from xlbackflush.engine.journal import Entry
from xlbackflush.engine.tables import Settings


@dataclass(frozen=True)
class Variance:
    """One row of the Variances sheet; standard, actual and amount in minor units, amount = actual - standard.

    lines: what of the journal the amount rests on, as (event or "" for all before the close, role) pairs.
    part_of: name of the variance whose amount contains this one's; "" for a total of its own.
    """

    name: str
    subject: str
    standard: int
    actual: int
    disposition: str
    explanation: str
    event: str
    roles: tuple[str, ...]
    part_of: str = ""

    @property
    def amount(self) -> int:
        return self.actual - self.standard

    @property
    def side(self) -> str:
        return "U" if self.amount > 0 else "F" if self.amount < 0 else ""


def _posted(entries: list[Entry], role: str, event: str = "") -> int:
    """Net debit of a role before the close, in one event or in all."""
    chosen = (e for e in entries if e.event != layout.CLOSE and (not event or e.event == event))
    return sum(line.minor for entry in chosen for line in entry.lines if line.role == role)


def variances(entries: list[Entry], settings: Settings, places: int) -> list[Variance]:
    """The variances of the period, in the order of the sheet; those without any movement are left out."""
    how = settings.variance_disposition
    unit = 10**places
    found = []
    actual = -_posted(entries, layout.ACCOUNTS_PAYABLE, layout.PURCHASE)
    price = _posted(entries, layout.PRICE_VARIANCE)
    if actual:
        text = f"Receipts cost {actual / unit:,.{places}f}; at standard {(actual - price) / unit:,.{places}f}."
        found.append(
            Variance("Material price", "All purchases", actual - price, actual, how, text, "", (layout.PRICE_VARIANCE,))
        )
    usage = _posted(entries, layout.USAGE_VARIANCE)
    if usage:
        word = "short of" if usage > 0 else "above"
        text = f"The physical count is {abs(usage) / unit:,.{places}f} {word} the books, at standard."
        found.append(Variance("Material usage", "All counted items", 0, usage, how, text, "", (layout.USAGE_VARIANCE,)))
    incurred, allocated = _posted(entries, layout.CCC), -_posted(entries, layout.CCA)
    if incurred or allocated:
        word = "under" if incurred > allocated else "over"
        text = (
            f"{incurred / unit:,.{places}f} incurred, {allocated / unit:,.{places}f} allocated: "
            f"{abs(incurred - allocated) / unit:,.{places}f} {word}-allocated."
        )
        found.append(
            Variance(
                "Conversion allocation", "All conversion", allocated, incurred, how, text, "", (layout.CCC, layout.CCA)
            )
        )
    return found
