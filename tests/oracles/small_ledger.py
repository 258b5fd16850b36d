"""A ledger as a bookkeeper keeps it: entries go in, balances come out, nothing is ever taken out or changed.

It knows nothing of the engine: an entry is a list of postings, a posting is any key (an account, or an event and an account)
and an amount, debit positive. Worked case:

    Dr Finished goods 290, Cr Materials 240, Cr Conversion allocated 50          entry 1
    reverse(1)                                                                   entry 2, everything is 0 again
    bring_to(Finished goods 300, Materials -250, Conversion allocated -50)       entry 3
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from decimal import Decimal

Posting = tuple[Hashable, Decimal]
Balances = dict[Hashable, Decimal]


class Ledger:
    """Entries in the order in which they were made, numbered from 1."""

    def __init__(self) -> None:
        self.entries: list[tuple[Posting, ...]] = []

    def post(self, postings: Iterable[Posting]) -> int:
        """Enter it; returns its number. What does not balance is refused."""
        entry = tuple(postings)
        if not entry or sum(amount for _, amount in entry):
            raise ValueError(f"entry {len(self.entries) + 1} does not balance: {entry}")
        self.entries.append(entry)
        return len(self.entries)

    def reverse(self, number: int) -> int:
        """Enter the opposite of an entry."""
        return self.post((key, -amount) for key, amount in self.entries[number - 1])

    def bring_to(self, wanted: Mapping[Hashable, Decimal]) -> None:
        """Enter what is between the balances as they are and these."""
        balances = self.balances()
        gaps = {key: wanted.get(key, Decimal(0)) - balances.get(key, Decimal(0)) for key in [*wanted, *balances]}
        if any(gaps.values()):
            self.post((key, gap) for key, gap in gaps.items() if gap)

    def balances(self) -> Balances:
        """Every key whose balance is not zero."""
        found: dict[Hashable, Decimal] = defaultdict(Decimal)
        for entry in self.entries:
            for key, amount in entry:
                found[key] += amount
        return {key: amount for key, amount in found.items() if amount}
