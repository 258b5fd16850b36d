"""Shared causes: what explains the differences of many components at once.

    unreported scrap of units   so many units of a parent in a hundred were started and lost: all its components run short
    production count            units of a parent were completed and not counted: its components run short, and of the
                                parent itself there is more than the books say
    quantity of a phantom       a bill takes the wrong number of a phantom: all that is in it is off in proportion

A shared cause is taken where it makes the counts of all components together more likely than their own causes do, its own
odds included: log odds + sum over components of (log weight of what it leaves - log weight of the difference) > 0. What it
leaves is looked into further, so that one wrong component does not hide it.
"""

import math
from collections.abc import Iterator

import numpy as np

from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.audit.causes import BILL_SCALE, CLOSE, ODDS, SCRAP_SCALE, log_weight, simple_quantities
from xlbackflush.engine.audit.differences import NOTICED, Differences, Item, View
from xlbackflush.model.arrays import Floats, where_true
from xlbackflush.schema import BILL_QUANTITY, PRODUCTION_COUNT, UNITS_SCRAPPED

TOGETHER = 2  # components at least
ROUNDS = 10  # shared causes at most


@dataclass(frozen=True)
class SharedCause:
    """A cause of the differences of several items, with its size and standard error.

    parent, component: codes; component is the phantom of a BOM line (row on the BOM sheet), else "". at: position of the
    period of a production count, else -1. recorded, base: as in `suspects.Suspect`. exposure: per member, the difference
    that a size of 1 makes. gain: logarithm of how much more likely it makes the counts.
    """

    kind: str
    parent: str
    component: str
    row: int
    at: int
    recorded: float
    base: float
    scale: float
    exposure: dict[str, Floats]
    size: float = 0.0
    error: float = 0.0
    gain: float = -math.inf

    @property
    def name(self) -> tuple[str, str, str, int]:
        """What makes it the same cause, whatever its size."""
        return self.kind, self.parent, self.component, self.at

    @property
    def nearest(self) -> float | None:
        """The size of a simple quantity within three standard errors; None where there is none."""
        if self.kind != BILL_QUANTITY:
            return None
        sizes = [q - self.recorded for q in simple_quantities(self.recorded)]
        nearest = min(sizes, key=lambda size: abs(size - self.size))
        return nearest if abs(nearest - self.size) <= 3 * self.error else None


def explain_together(differences: Differences, noticed: list[Item]) -> tuple[list[list[SharedCause]], list[Item]]:
    """Shared causes, each with its rivals that explain the counts about as well, and what they leave of each item."""
    remaining = {item.key: item for item in noticed}
    explanations: list[list[SharedCause]] = []
    candidates = list(_candidates(differences, noticed))
    while candidates and len(explanations) < ROUNDS:
        options = [_weigh(c, differences, remaining) for c in candidates]
        best = max(options, key=lambda s: s.gain)
        if best.gain <= 0:
            break
        members = {key for key in best.exposure if key in remaining}
        rivals = [s for s in options if best.gain - s.gain <= CLOSE and members & s.exposure.keys()]
        explanations.append(sorted(rivals, key=lambda s: -s.gain))
        for key, x in best.exposure.items():
            item = remaining.get(key) or differences.item(key)
            remaining[key] = replace(item, used=item.used - best.size * x)
        candidates = [c for c in candidates if c.name != best.name]
    return explanations, [remaining[item.key] for item in noticed]


def _weigh(shared: SharedCause, differences: Differences, remaining: dict[str, Item]) -> SharedCause:
    """With the size that fits most components (their weighted median), and what is gained by it."""
    members = {key: remaining.get(key) or differences.item(key) for key in shared.exposure}
    used, noise = (np.concatenate([getattr(m, name) for m in members.values()]) for name in ("used", "noise"))
    x = np.concatenate([*shared.exposure.values()])
    touched = x != 0
    ratio, power = used[touched] / x[touched], np.abs(x[touched]) / noise[touched]
    order = np.argsort(ratio)
    half = np.searchsorted(np.cumsum(power[order]), power.sum() / 2)
    size = float(ratio[order][half])
    noticeable = [key for key, x in shared.exposure.items() if (np.abs(size * x / members[key].noise) > NOTICED).any()]
    if len(noticeable) < TOGETHER or (shared.kind == UNITS_SCRAPPED and size <= 0):
        return shared
    error = 1 / math.sqrt(float(np.square(power).sum()))
    density = 1 / (math.pi * shared.scale * (1 + (size / shared.scale) ** 2))
    gain = math.log(ODDS * (density * error * math.sqrt(2 * math.pi) + _simple(shared, size, error)))
    for key, member in members.items():
        after = replace(member, used=member.used - size * shared.exposure[key])
        gain += log_weight(after) - log_weight(member)
    return replace(shared, size=size, error=error, gain=gain)


def _simple(shared: SharedCause, size: float, error: float) -> float:
    """What a simple quantity nearby adds to the weight of a phantom's quantity."""
    if shared.kind != BILL_QUANTITY:
        return 0.0
    options = simple_quantities(shared.recorded)
    return sum(math.exp(-(((q - shared.recorded - size) / error) ** 2) / 2) for q in options) / len(options)


def _candidates(differences: Differences, noticed: list[Item]) -> Iterator[SharedCause]:
    """Parents of at least two items with a difference, and lines of phantoms that hold two of them.

    At least half of the components that were counted must have one: else they say no already.
    """
    keys = {item.key for item in noticed}
    parents = {key for view in differences.views for key in _above(view, keys)}
    for parent in sorted(parents):
        under = {key: x for key, x in _under(differences, parent).items() if differences.is_counted(key)}
        if len(under.keys() & keys) >= max(TOGETHER, len(under) / 2):
            both = (*_of_phantom(differences, parent, under), *_of_units(differences, parent, under))
            yield from (shared for shared in both if shared.exposure)


def _above(view: View, keys: set[str]) -> list[str]:
    """Made items of whose stocked components, in one period, enough are among these; each line counts."""
    number, items = view.bill.number, len(view.stocked)
    noticed = np.zeros(items)
    noticed[[number[key] for key in keys if key in number]] = 1.0
    counted = (~np.isnan(view.counted)).astype(np.float64)

    def under(marked: Floats) -> Floats:
        level = marked * view.stocked
        total = np.zeros(items)
        while level.any():  # one level of what is not stocked at a time
            level = np.bincount(view.parent, level[view.component], minlength=items).astype(np.float64)
            total += level
            level = level * ~view.stocked
        return total

    among = under(noticed)
    return [view.keys[i] for i in where_true(among >= np.maximum(TOGETHER, under(counted) / 2)).tolist()]


def _under(differences: Differences, parent: str) -> dict[str, dict[int, float]]:
    """Component -> period -> quantity in one good unit of a parent."""
    quantities: dict[str, dict[int, float]] = {}
    for t, view in enumerate(differences.views):
        i = view.bill.number.get(parent, -1)
        if i >= 0:
            for component, quantity in view.below(i).items():
                quantities.setdefault(view.keys[component], {})[t] = quantity
    return quantities


def _exposure(differences: Differences, under: dict[str, dict[int, float]], units: list[float]) -> dict[str, Floats]:
    """Per component and count: units of the parent in the periods that the count speaks for, times quantity."""
    exposures: dict[str, Floats] = {}
    for key, quantity in under.items():
        item = differences.item(key)
        spans = [range(since, at + 1) for since, at in zip(item.since, item.at, strict=True)]
        exposures[key] = np.array([sum(units[t] * quantity.get(t, 0.0) for t in span) for span in spans])
    return {key: x for key, x in exposures.items() if x.any()}


def _of_units(differences: Differences, parent: str, under: dict[str, dict[int, float]]) -> Iterator[SharedCause]:
    """Units lost steadily, and units miscounted in one period. Phantoms are neither counted nor lost."""
    views = differences.views
    at = [v.bill.number.get(parent, -1) for v in views]
    units = [float(v.made[i]) if i >= 0 else 0.0 for v, i in zip(views, at, strict=True)]
    if any(v.phantom[i] for v, i in zip(views, at, strict=True) if i >= 0):
        return
    last = next(v for v in reversed(views) if parent in v.bill.number)
    code = str(last.codes[last.bill.number[parent]])  # as the last period that has it spells it
    lost = _exposure(differences, under, units)
    yield SharedCause(UNITS_SCRAPPED, code, "", -1, -1, 0.0, sum(units), SCRAP_SCALE, lost)
    itself = differences.item(parent) if differences.is_counted(parent) else None
    for t in range(len(views)):
        if units[t] <= 0:
            continue
        exposure = _exposure(differences, under, [float(s == t) for s in range(len(views))])
        if itself:
            spans = zip(itself.since, itself.at, strict=True)
            exposure[parent] = np.array([-1.0 if since <= t <= last else 0.0 for since, last in spans])
        yield SharedCause(PRODUCTION_COUNT, code, "", -1, t, units[t], units[t], SCRAP_SCALE * units[t], exposure)


def _of_phantom(differences: Differences, phantom: str, under: dict[str, dict[int, float]]) -> Iterator[SharedCause]:
    """Every line that takes an item that is not stocked."""
    if any(v.stocked[v.bill.number[phantom]] for v in differences.views if phantom in v.bill.number):
        return
    for line, units in differences.takers(phantom):
        q, exposure = line.quantity, _exposure(differences, under, units)
        of_line = (line.parent, line.component, line.row)
        yield SharedCause(BILL_QUANTITY, *of_line, -1, q, sum(units), BILL_SCALE * (q or 1.0), exposure)
