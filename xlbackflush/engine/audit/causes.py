"""Causes: what can have made the differences of one item, how well each explains them, and how plausible each is.

    used beyond the bill in period t  =  size x exposure in period t  +  noise of counting

Worked case: SA takes 2 P; 1,012 SA started; 1,018 P used beyond the bill, noise 16. A line of the bill with 1,012 parent units
explains it with a size of 1,018 / 1,012 = 1.006, give or take 16 / 1,012 = 0.016: a quantity of 3 instead of 2 is well inside.
Or a third of all P is lost (1,018 of 3,042), or the count is off by 1,018. One period fits all three; the round 3 speaks for
the bill.

A cause is as plausible as its odds before the counts x how often a size of such a cause would have given these counts.
Half of the odds of a cause rest on its simple sizes (a bill says 2 where it should say 3), where it has such; the rest is
spread around zero, thinning out slowly (a Cauchy density). How noisy the counts of one item are is itself known only
roughly: as if from `NOISE_DEGREES` earlier counts. That makes the likelihood a Student's t, which no single wild count can
rule.
"""

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from xlbackflush.dataclass import dataclass, replace
from xlbackflush.engine.audit.differences import Item
from xlbackflush.model.arrays import Floats
from xlbackflush.schema import BILL_QUANTITY, CANDIDATE, CANNOT_TELL, MISCOUNT, ONE_OFF, SUPPORTED, UNREPORTED_SCRAP

NOISE_DEGREES = 4.0
CLOSE = 2.0  # difference of log likelihoods up to which two causes fit about equally well: two standard errors
SHOWN = 5  # causes of one difference
ODDS = 0.02  # that a certain line is wrong, a certain item is lost steadily, one count or another of an item is off
BILL_SCALE, SCRAP_SCALE, ONCE_SCALE = 0.05, 0.01, 0.10  # of the quantity on the bill, of use, of what was counted
FAR_FETCHED = 0.02  # plausibility among causes that fit equally well, below which one is not shown
CLEAR = 0.9  # plausibility from which one of them stands out by its size
WILD = 10.0  # mean square of a difference, in noises, from which it is shown even if no cause is likely
PERIODS_FOR_PROOF = 3
PERIODS_FOR_TWO = 4  # in which two causes of one item can show


@dataclass(frozen=True)
class Cause:
    """What could have made differences. exposure: per period, the difference that a size of 1 makes.

    odds: against nothing being wrong, before the counts. scale: half of all sizes are within it. Sizes below `lowest`
    cannot be. simple: sizes that a slip of the pen gives. line, period: positions of what it is about, -1 for none.
    """

    kind: str
    exposure: Floats
    odds: float
    scale: float
    lowest: float = -math.inf
    simple: tuple[float, ...] = ()
    line: int = -1
    period: int = -1


@dataclass(frozen=True)
class Fit:
    """A cause with the size that the counts imply (least squares), its standard error, and how well it fits.

    misfit: sum of squares left, in units of the noise. weight: evidence, comparable among causes of one item.
    nearest: the simple size that fits best, None where none fits about as well as `size`.
    """

    cause: Cause
    size: float
    error: float
    misfit: float
    likelihood: float  # logarithm
    weight: float
    nearest: float | None

    def half_width(self, periods: int) -> float:
        """Half of the 95 % interval of the size."""
        degrees = NOISE_DEGREES + periods - 1
        return student(degrees) * self.error * math.sqrt((NOISE_DEGREES + self.misfit) / degrees)


def best_fit(cause: Cause, used: Floats, noise: Floats) -> Fit | None:
    """Fit a cause to differences; None where it does not touch them. used, noise: per period, in units of the item."""
    x, y = cause.exposure / noise, used / noise
    power = float(x @ x)
    if power == 0:
        return None
    best = float(x @ y) / power
    least = max(float(y @ y) - power * best**2, 0.0)

    def likelihood(size: float) -> float:
        return log_likelihood(least + power * (size - best) ** 2, len(y))

    size = max(best, cause.lowest)
    misfit, peak, error = least + power * (size - best) ** 2, likelihood(size), 1 / math.sqrt(power)
    spread = _density(cause, size) * error * _breadth(misfit, len(y))
    nearest = None
    if cause.simple:
        each = [likelihood(s) for s in cause.simple]
        spread = (spread + sum(math.exp(one - peak) for one in each) / len(each)) / 2
        nearest = cause.simple[each.index(max(each))] if peak - max(each) <= 1.5 * CLOSE else None
    return Fit(cause, size, error, misfit, peak, cause.odds * spread * math.exp(peak), nearest)


def log_likelihood(misfit: float, periods: int) -> float:
    """Of counts that leave this sum of squares, up to a constant that depends on the number of periods alone."""
    return -(NOISE_DEGREES + periods) / 2 * math.log1p(misfit / NOISE_DEGREES)


def nothing(used: Floats, noise: Floats) -> float:
    """Weight of there being no cause but noise."""
    return math.exp(log_likelihood(float(np.square(used / noise).sum()), len(used)))


def _density(cause: Cause, size: float) -> float:
    """Of a size among those of such a cause: Cauchy, cut off at the lowest."""
    possible = 0.5 - math.atan(cause.lowest / cause.scale) / math.pi
    return 1 / (math.pi * cause.scale * (1 + (size / cause.scale) ** 2) * possible)


def _breadth(misfit: float, periods: int) -> float:
    """Area under the likelihood of a size, in standard errors, where its peak is 1."""
    degrees = NOISE_DEGREES + periods
    gamma = math.lgamma((degrees - 1) / 2) - math.lgamma(degrees / 2)
    return math.sqrt(math.pi * (NOISE_DEGREES + misfit)) * math.exp(gamma)


def student(degrees: float) -> float:
    """97.5 % point of Student's t for 4 degrees of freedom and more (Cornish and Fisher; right to two digits)."""
    z = 1.959964
    first = (z**3 + z) / (4 * degrees)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
    return z + first + second + third


@lru_cache(maxsize=10_000)
def simple_quantities(quantity: float) -> tuple[float, ...]:
    """What a bill could well have meant instead of this quantity: whole numbers nearby, none, double, half, a decimal
    point misplaced. A fraction goes by its first digit: 0.085 by 0.01. In ascending order.
    """
    if quantity == 0:
        return (1.0, 2.0, 3.0, 4.0)
    step = 1.0 if quantity == round(quantity) else 10.0 ** math.floor(math.log10(quantity))
    middle = round(quantity / step)
    near = {round(k * step, 12) for k in range(max(middle - 3, 0), middle + 4)}
    slips = {0.0, 2 * quantity, quantity / 2, 10 * quantity, quantity / 10}
    return tuple(sorted(q for q in near | slips if abs(q - quantity) > 1e-9 * quantity))


def best_pair(causes: list[Fit], used: Floats, noise: Floats) -> tuple[int, int, float, float, float] | None:
    """The two causes that fit the differences best together: their positions, sizes, and the sum of squares left.

    Pairs that the counts cannot separate, and those whose sizes cannot be, are left out.
    """
    x = np.array([f.cause.exposure for f in causes]) / noise
    y = used / noise
    gram, moment = x @ x.T, x @ y
    best: tuple[int, int, float, float, float] | None = None
    for i in range(len(causes)):
        for j in range(i):
            determinant = gram[i, i] * gram[j, j] - gram[i, j] ** 2
            if determinant <= 1e-3 * gram[i, i] * gram[j, j]:
                continue
            a = float((moment[i] * gram[j, j] - moment[j] * gram[i, j]) / determinant)
            b = float((moment[j] * gram[i, i] - moment[i] * gram[i, j]) / determinant)
            misfit = float(y @ y - a * moment[i] - b * moment[j])
            possible = a >= causes[i].cause.lowest and b >= causes[j].cause.lowest
            if possible and (best is None or misfit < best[4]):
                best = (i, j, a, b, misfit)
    return best


@dataclass(frozen=True)
class Group:
    """One difference with the causes that fit it about equally well, the most plausible first.

    shares: plausibility of each, among all causes and noise. certain: plausibility of not being noise. fits: what the
    first one leaves is no more than noise.
    """

    item: Item
    causes: list[Fit]
    shares: list[float]
    certain: float
    fits: bool

    @property
    def verdict(self) -> str:
        enough = len(self.item.at) >= PERIODS_FOR_PROOF and self.fits and self.certain >= CLEAR
        if len(self.causes) == 1:
            return SUPPORTED if enough else CANDIDATE
        return CANDIDATE if self.shares[0] >= CLEAR * sum(self.shares) else CANNOT_TELL


def causes(item: Item) -> Iterator[Cause]:
    """Every single cause that could have made the differences of an item."""
    for n, (line, units) in enumerate(item.lines):
        q = line.quantity
        simple = tuple(s - q for s in simple_quantities(q))
        yield Cause(BILL_QUANTITY, units, ODDS, BILL_SCALE * (q or 1.0), -q, simple, line=n)
    yield Cause(UNREPORTED_SCRAP, item.use, ODDS, SCRAP_SCALE, 0.0)
    odds = ODDS / len(item.at)
    for t in range(len(item.at)):
        once = np.zeros(len(item.at))
        once[t] = 1.0
        scale = ONCE_SCALE * float(item.shelf[t])
        yield Cause(ONE_OFF, once, odds, scale, period=t)
        if t + 1 < len(item.at) and item.returns[t + 1]:
            back = once.copy()
            back[t + 1] = -1.0
            yield Cause(MISCOUNT, back, odds, scale, period=t)


def fits(item: Item) -> list[Fit]:
    """All causes of an item, each with the size that fits best."""
    each = (best_fit(cause, item.used, item.noise) for cause in causes(item))
    return [f for f in each if f is not None]


def log_weight(item: Item) -> float:
    """Logarithm of how often counts such as these come about, by any cause or by none."""
    return math.log(nothing(item.used, item.noise) + sum(f.weight for f in fits(item)))


def group_of(item: Item, always: bool = False) -> Group | None:
    """The causes that fit the difference of an item about equally well; None where it is most likely noise, unless always."""
    every = fits(item)
    none = nothing(item.used, item.noise)
    total = none + sum(f.weight for f in every)
    if not always and none >= total / 2 and np.square(item.used / item.noise).mean() < WILD:
        return None
    best = max(f.likelihood for f in every)
    close = [f for f in every if best - f.likelihood <= CLOSE]
    least = FAR_FETCHED * sum(f.weight for f in close)
    close = sorted((f for f in close if f.weight >= least), key=lambda f: -f.weight)[:SHOWN]
    return Group(item, close, [f.weight / total for f in close], 1 - none / total, _is_noise(close[0].misfit, item))


def _is_noise(misfit: float, item: Item) -> bool:
    """Is this sum of squares no more than noise? Three standard errors of a chi-square."""
    periods = len(item.at)
    return misfit <= periods + 3 * math.sqrt(2 * periods)


def parts(item: Item) -> list[Item]:
    """The item; split in two where one cause cannot explain its differences and two together can."""
    every = fits(item) if len(item.at) >= PERIODS_FOR_TWO else []
    if not every or _is_noise(min(f.misfit for f in every), item):
        return [item]
    pair = best_pair(every, item.used, item.noise)
    best = max(f.likelihood for f in every)
    if pair is None or log_likelihood(pair[4], len(item.at)) - best <= 2 * CLOSE:
        return [item]
    i, j, a, b, _ = pair
    first, second = a * every[i].cause.exposure, b * every[j].cause.exposure
    return [replace(item, used=item.used - second), replace(item, used=item.used - first)]
