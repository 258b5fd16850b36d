"""The rules, in the order in which they are asked. Single cells are looked at in `accept`, the journal in `journal_tests`.

Each is a function of the period that yields findings. What a step needs is worked out only where no rule of the steps before
found an error, as errors stop a run.
"""

from collections.abc import Callable, Iterator, Sequence

from xlbackflush.engine.period import Period
from xlbackflush.engine.rules import classes, gaps, items, period_end, quantities, transactions, units
from xlbackflush.engine.rules.plausibility import bills as plausible_bills
from xlbackflush.engine.rules.plausibility import (
    follows,
    last_period,
    last_standards,
    policy,
    prices,
    rates,
    rows,
    witnesses,
)
from xlbackflush.engine.rules.plausibility import quantities as plausible_quantities
from xlbackflush.model import finding as f
from xlbackflush.model.finding import Finding
from xlbackflush.schema import SEVERITIES, WARNING

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
        items.per_nothing,
        items.bills_chosen,
        items.prices,
        units.conversions,
        units.without_conversion,
        transactions.outside_period,
        transactions.countable,
        transactions.corrections,
        transactions.duplicate_rows,
        period_end.counts_complete,
        period_end.opened_once,
        period_end.opened_in_use,
        period_end.wip_complete,
        classes.accounts_of_classes,
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
        items.listed_twice,
        items.bought_with_bill,
        period_end.counted_more,
        period_end.opened_beyond,
        gaps.labor_rows_complete,
        gaps.made_without_bill,
        gaps.made_not_counted,
        gaps.phantoms_on_stock,
        gaps.stock_below_zero,
        gaps.counted_money,
        gaps.purchases_recorded,
    ),
    PLAUSIBILITY: (
        follows.follows,
        last_standards.bills,
        last_standards.standards,
        last_standards.kinds,
        last_period.opening_stock,
        last_period.opening_balances,
        last_period.missing_rows,
        last_period.missing_costs,
        last_period.volumes,
        last_period.costs,
        last_period.fits_no_longer,
        last_period.settings,
        units.upside_down,
        prices.invoice_prices,
        prices.salvage,
        rates.conversion,
        rates.budget,
        rates.cost_twice,
        rates.payroll_complete,
        policy.disposition,
        policy.units_in_process,
        policy.fit,
        policy.settings_likely,
        plausible_quantities.mistyped_quantities,
        plausible_bills.mistyped_bills,
        items.zero_quantities,
        rows.rows_of_nothing,
        plausible_quantities.unexplained_counts,
        plausible_quantities.counted_in_packs,
        plausible_quantities.repeated_counts,
        plausible_quantities.overbought,
        plausible_quantities.scrap_shares,
        plausible_quantities.units_in_process,
        plausible_bills.unusual_losses,
        plausible_bills.dominant_components,
        witnesses.counts_contradicted,
    ),
}


#: what a mistake elsewhere makes look wrong, too: it is told when nothing else explains it
_CONSEQUENCES = (f.PRORATION.code, f.ABSORPTION.code, f.NO_LONGER_FITS.code)
#: deviations that may well be real: they explain nothing away
_STATEMENTS = (
    *_CONSEQUENCES,
    *(
        rule.code
        for rule in (f.PRICE_OFF, f.PRICES_MOVED, f.STANDARD_OUTDATED, f.NEVER_ALLOCATED, f.PAY_UNLIKE, f.BUDGET_UNLIKE)
    ),
)
_EXPLAINED = 0.5  # of an effect


def findings(period: Period, needs: str, before: Sequence[Finding] = ()) -> Iterator[Finding]:
    """What the rules of a step find. Of what is unlikely, a cell is named once, and consequences are left out.

    before: what the steps before found.
    """
    found = [finding for rule in RULES[needs] for finding in rule(period)]
    if needs != PLAUSIBILITY:
        yield from found
        return
    foremost: dict[str, Finding] = {}
    for finding in sorted(found, key=lambda one: SEVERITIES.index(one.severity)):
        foremost.setdefault(finding.where, finding)
    causes = [x.effect or 0.0 for x in (*before, *found) if x.severity == WARNING and x.code not in _STATEMENTS]
    for finding in found:
        follows = finding.code in _CONSEQUENCES and causes and max(causes) >= _EXPLAINED * (finding.effect or 0.0)
        if finding is foremost[finding.where] and not follows:
            yield finding
