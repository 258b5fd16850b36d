"""The result of verifying a workbook, in the sentences that its evidence prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlbackflush.lifecycle.verify import Verified

MOST = 5  # problems that are spelled out: `xlbackflush verify` lists all


@dataclass(frozen=True)
class Verification:
    """The result in one sentence; the first problems, each with its cell; and the first inputs that changed since the run."""

    result: str
    problems: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Is there nothing that speaks against what is posted? Inputs may have changed since."""
        return not self.problems


def verification(verified: Verified) -> Verification:
    """The sentences about one verification."""
    count = len(verified.problems)
    changed = _first([str(change) for change in verified.changed], "changed cells and rows")
    if count:
        result = f"NOT VERIFIED: {count} problem{'s' if count > 1 else ''} found; resolve before relying on this run."
        return Verification(result, _first([str(problem) for problem in verified.problems], "problems"), changed)
    posted = sum(not run.is_draft for run in verified.runs)
    if not posted:
        return Verification(
            "Verified: inputs on record, numbers and proofs of the draft agree. Nothing is posted yet, so no chain seals it.",
            changed=changed,
        )
    runs = "the posted run was" if posted == 1 else f"{posted} posted runs were"
    return Verification(
        f"Verified: {runs} recomputed from the inputs on record; chain, numbers and proofs agree.", changed=changed
    )


def _first(sentences: Sequence[str], kind: str) -> tuple[str, ...]:
    more = len(sentences) - MOST
    rest = (f"... and {more} more {kind}: xlbackflush verify lists them all.",) if more > 0 else ()
    return (*sentences[:MOST], *rest)
