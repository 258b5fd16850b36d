"""What `make test` tries of what there is too much of. `XLBACKFLUSH_FUZZ=full` (`make test-full`) tries all of it.

Each choice is made here or in the test it names, the same every time, and leaves out no kind:

    policies        `covering`: each trigger points setting with each value of every other setting (test_live_proofs: what
                    LibreOffice recalculates; test_live: what a run in Excel writes). Formualizer recalculates every policy
                    (test_second_engine).
    changed cells   of every kind of change to every column one, two or eight, each under another policy (test_live_proofs);
                    one number of each input sheet (test_live_proofs, the sheets in between)
    explanations    every number of the two samples under every policy of theirs (test_explain)
    damage          each kind of damage to each kind of part (test_file); every byte of the archive's end, 40 of its list
    sensitivity     every cell of the two samples, one of every fourth column under every policy (test_sensitivity)
    mutations       600 of 10,000 (test_mutations)
    mistakes        two of each kind in small companies, not 40 in companies of every size (test_planted)
    cell functions  hundreds of cells, not thousands (test_vba_addin)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live_books import Policy

FULL = os.environ.get("XLBACKFLUSH_FUZZ") == "full"


def covering(policies: Sequence[Policy]) -> tuple[Policy, ...]:
    """Those under which each trigger points setting meets each value of the other settings that it meets in any; or all."""
    left, chosen = set[tuple[object, ...]]().union(*map(_pairs, policies)), list["Policy"]()
    while left:
        chosen.append(
            max(policies, key=lambda policy: len(_pairs(policy) & left))
        )  # the first of those that cover most
        left -= _pairs(chosen[-1])
    return tuple(policy for policy in policies if FULL or policy in chosen)


def _pairs(policy: Policy) -> set[tuple[object, ...]]:
    others = [name for name in (f.name for f in fields(policy)) if name not in ("triggers", "budget")]
    return {(policy.triggers, name, getattr(policy, name)) for name in others} | {
        (policy.triggers, "budget", policy.budget is not None)
    }
