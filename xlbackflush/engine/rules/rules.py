"""The rules, in the order in which they are asked. Single cells are looked at in `accept`, the journal in `journal_tests`.

Each is a function of the period that yields findings. What a step needs is worked out only where no rule of the steps before
found an error, as errors stop a run.
"""

from collections.abc import Callable, Iterator

from xlbackflush.engine.period import Period
from xlbackflush.engine.rules import items, period_end, quantities, transactions
from xlbackflush.model.finding import Finding

Rule = Callable[[Period], Iterator[Finding]]

INPUTS = "the inputs and their bill"
EXPLOSION = "the explosion"
STOCK = "what moved, and what is left"
PLAUSIBILITY = "all that was worked out, and how likely it is"

#: what the rules of a step need of the period -> the rules
RULES: dict[str, tuple[Rule, ...]] = {
    INPUTS: (
        period_end.settings_fit,
        items.duplicate_items,
        items.unknown_items,
        items.bom_lines,
        items.overlaps,
        items.cycles,
        items.units_differ,
        items.prices,
        transactions.outside_period,
        transactions.countable,
        transactions.corrections,
        transactions.duplicate_rows,
        period_end.counts_complete,
        period_end.opened_once,
        period_end.opened_in_use,
        period_end.wip_complete,
    ),
    EXPLOSION: (
        quantities.trace_fits,
        quantities.amounts_fit,
    ),
    STOCK: (
        quantities.posted_amounts_fit,
        quantities.nothing_effective,
        quantities.shortages,
        quantities.never_completed,
        quantities.zero_costs,
        quantities.nothing_to_post,
        period_end.counted_more,
        period_end.opened_beyond,
    ),
    PLAUSIBILITY: (),
}


def findings(period: Period, needs: str) -> Iterator[Finding]:
    """What the rules of a step find."""
    for rule in RULES[needs]:
        yield from rule(period)
