"""Suspects: which BOM lines, unreported scrap or miscounts best explain what was used beyond the bills.

    differences    what was used beyond the bills, per item and period, and what it can be laid against
    shared_causes  causes of the differences of many components at once; they come first
    causes         the single causes of each difference that remains, how well each fits, and how plausible it is
    suspect_words  the sentences

What comes out is ranked by money. Every difference above materiality is there, even if it may only be an imprecise count;
what is far below materiality is left out. Causes that fit the same difference about equally well share its rank: the counts
cannot tell them apart, unless the sizes of all but one are far-fetched. One period gives candidates; several give proof where
the mix of products changed from one to the next.
"""

from collections.abc import Sequence

import numpy as np

from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.audit import suspect_words as words
from xlbackflush.engine.audit.causes import CLEAR, PERIODS_FOR_PROOF, Fit, Group, group_of, parts
from xlbackflush.engine.audit.differences import Differences
from xlbackflush.engine.audit.shared_causes import SharedCause, explain_together
from xlbackflush.engine.period import Period
from xlbackflush.schema import CANDIDATE, CANNOT_TELL, PRODUCTION_COUNT, SUPPORTED, UNITS_SCRAPPED, UNREPORTED_SCRAP

ITEMS_MAX = 20  # differences looked into by a run, the largest in money first; those above materiality in any case
TRIFLE = 0.1  # of materiality: a smaller difference is shown only if it is certain to be more than noise
TRIFLES_MAX = 3  # differences so small that are shown, the largest first


@dataclass(frozen=True)
class Suspect:
    """One cause of one difference, or of those of many components. Suspects of one rank are rivals for the same difference.

    cause: of `schema`. item: code, "" where many components share the cause; parent: code, "" where no made item is meant.
    difference: units used beyond the bills (None where many items share it), amount: the same at standard. base: units that
    recorded, implied and proposed are per (None: they are a whole count). They are a quantity per parent, a share, or
    units. margin: half of the 95 % interval of implied, None with fewer than three counts. remaining: what of amount would
    remain with `proposed`. plausibility: among all causes and noise. row: on the BOM sheet, or on Counts where the witnesses
    name a row of a production count, else -1. at: position of the period of a one-off, a miscount or a production count,
    else -1.
    """

    rank: int
    cause: str
    item: str
    parent: str
    verdict: str
    difference: float | None
    amount: float
    base: float | None
    recorded: float
    implied: float
    margin: float | None
    proposed: float
    remaining: float
    plausibility: float
    periods: int
    row: int = -1
    at: int = -1
    explanation: str = ""
    check: str = ""

    @property
    def is_share(self) -> bool:
        """Are recorded, implied and proposed shares, not quantities?"""
        return self.cause in (UNREPORTED_SCRAP, UNITS_SCRAPPED)


def suspects(periods: Sequence[Period], items_max: int = ITEMS_MAX) -> list[Suspect]:
    """What best explains the differences of the counts over one or several periods of one company.

    Looks into what passes the noise of counting, up to so many items, and into all that is material; empty where nothing was
    counted.
    """
    ordered = sorted(periods, key=lambda p: p.settings.period_end)
    differences = Differences(ordered)
    shared, remaining = explain_together(differences, differences.noticed(items_max))
    ranked = [_together(rivals, differences) for rivals in shared]
    for item in remaining:
        groups = [group_of(part, differences.is_material(part)) for part in parts(item)]
        ranked += [_alone(g, differences) for g in groups if g]
    ranked = _without_trifles(ranked, differences.materiality)
    named = [replace(s, rank=rank) for rank, rivals in enumerate(ranked, 1) for s in rivals.suspects]
    last = len(ordered) - 1
    return [_with_row(s, ordered[last]) if (s.cause, s.at) == (PRODUCTION_COUNT, last) else s for s in named]


def _with_row(suspect: Suspect, period: Period) -> Suspect:
    """A production count of the last period, with the row on Counts that its witnesses stand against, where they do."""
    heard = period.witnesses
    (at,) = heard.at[heard.stands_out & (heard.item == period.bill.spelled[suspect.parent])].tolist() or [-1]
    if at < 0:
        return suspect
    counts = period.inputs.counts
    explanation = f"{suspect.explanation} {words.of_row(float(counts.date[at]))}"
    return replace(suspect, row=int(counts.row[at]), explanation=explanation)


@dataclass(frozen=True)
class _Rivals:
    """Causes of the same difference: its amount in money, whatever its sign, and how certain it is to be more than noise."""

    amount: float
    certain: float
    suspects: list[Suspect]


def _without_trifles(ranked: list[_Rivals], materiality: float) -> list[_Rivals]:
    """The largest first."""
    ordered = sorted(ranked, key=lambda rivals: -rivals.amount * rivals.certain)
    small = [rivals for rivals in ordered if rivals.amount < TRIFLE * materiality]
    shown = [rivals for rivals in small if rivals.certain >= CLEAR][:TRIFLES_MAX]
    return [rivals for rivals in ordered if rivals not in small or rivals in shown]


def _alone(group: Group, differences: Differences) -> _Rivals:
    """The causes of one item's difference."""
    rivals = [_of_item(group, fit, share) for fit, share in zip(group.causes, group.shares, strict=True)]
    sentences = words.of_item(group, rivals, differences)
    told = [replace(s, explanation=e, check=c) for s, (e, c) in zip(rivals, sentences, strict=True)]
    return _Rivals(group.item.worth, group.certain, told)


def _proposed(cause: Fit | SharedCause, margin: float | None) -> float:
    """The size of a cause as one would write it down: a simple one that is near, or to the digit that is certain."""
    return words.rounded(cause.size, margin or 2 * cause.error) if cause.nearest is None else cause.nearest


def _of_item(group: Group, fit: Fit, share: float) -> Suspect:
    item, cause = group.item, fit.cause
    line = item.lines[cause.line][0] if cause.line >= 0 else None
    once = cause.period >= 0
    recorded = line.quantity if line else float(item.counted[cause.period]) if once else 0.0
    margin = fit.half_width(len(item.at)) if len(item.at) >= PERIODS_FOR_PROOF else None
    size = float(round(fit.size)) if once and recorded == round(recorded) else _proposed(fit, margin)
    base = None if once else float(cause.exposure.sum())
    difference = float(item.used[cause.period] if once else item.used.sum())
    return Suspect(
        rank=0, cause=cause.kind, item=item.code, parent=line.parent if line else "", verdict=group.verdict,
        difference=difference, amount=difference * item.cost, base=base,
        recorded=recorded, implied=recorded + fit.size, margin=margin, proposed=recorded + size,
        remaining=(difference - size * (1.0 if base is None else base)) * item.cost,
        plausibility=share, periods=len(item.at), row=line.row if line else -1,
        at=item.at[cause.period] if once else -1,
    )  # fmt: skip


def _together(rivals: list[SharedCause], differences: Differences) -> _Rivals:
    """Shared causes that explain the same differences."""
    weights = np.exp([s.gain - rivals[0].gain for s in rivals])
    odds = weights / (weights.sum() + np.exp(-rivals[0].gain))
    enough = len(differences.views) >= PERIODS_FOR_PROOF
    certain = 1 / (1 + float(np.exp(-rivals[0].gain)))
    gross, told = 0.0, list[Suspect]()
    verdict = CANNOT_TELL if len(rivals) > 1 else SUPPORTED if enough else CANDIDATE
    for shared, share in zip(rivals, odds.tolist(), strict=True):
        worth = [float(x.sum()) * differences.item(key).cost for key, x in shared.exposure.items()]
        margin = 2 * shared.error if enough and shared.at < 0 else None
        size = _proposed(shared, margin)
        suspect = Suspect(
            rank=0, cause=shared.kind, item=shared.component, parent=shared.parent, verdict=verdict,
            difference=None, amount=shared.size * sum(worth), base=shared.base,
            recorded=shared.recorded, implied=shared.recorded + shared.size, margin=margin,
            proposed=shared.recorded + size, remaining=(shared.size - size) * sum(worth),
            plausibility=share, periods=len(differences.views), row=shared.row, at=shared.at,
        )  # fmt: skip
        explanation, check = words.of_many(shared, suspect, rivals, differences)
        gross = gross or abs(shared.size) * sum(map(abs, worth))
        told.append(replace(suspect, explanation=explanation, check=check))
    return _Rivals(gross, certain, told)
