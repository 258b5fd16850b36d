"""What `make test` tries instead of everything leaves out no kind."""

from __future__ import annotations

from dataclasses import asdict

from live_books import PERIOD_ENDS, POLICIES, Policy
from samples_tried import FULL, covering


def combinations(policy: Policy) -> set[tuple[str, str, str]]:
    """The trigger points setting with each of the other settings."""
    given = asdict(policy) | {"budget": policy.budget is not None}
    return {(policy.triggers, name, str(value)) for name, value in given.items()}


def test_each_trigger_is_tried_with_each_value_of_every_other_setting() -> None:
    everything, tried = POLICIES + PERIOD_ENDS, covering(POLICIES + PERIOD_ENDS)
    assert set().union(*map(combinations, tried)) == set().union(*map(combinations, everything))
    assert tried == everything if FULL else len(tried) < len(everything)
