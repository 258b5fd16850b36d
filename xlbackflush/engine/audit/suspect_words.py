"""What is said about suspects: why each is suspected, what cannot be told, and what to check next."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from xlbackflush import schema
from xlbackflush.engine.audit.causes import PERIODS_FOR_PROOF, Fit, Group
from xlbackflush.engine.audit.differences import Differences
from xlbackflush.engine.audit.shared_causes import SharedCause
from xlbackflush.schema import BILL_QUANTITY, CANNOT_TELL, MISCOUNT, ONE_OFF, PRODUCTION_COUNT, UNREPORTED_SCRAP

if TYPE_CHECKING:
    from xlbackflush.engine.audit.suspects import Suspect

_COLLINEAR = 0.999  # cosine from which two causes keep the same proportions in every period
_NAMED = 4  # items named in a sentence


def rounded(size: float, error: float) -> float:
    """A size to the digit that its error leaves: 0.0312 give or take 0.004 is 0.031."""
    if not size or not error:
        return size
    digits = -math.floor(math.log10(error)) if error < abs(size) else 1 - math.floor(math.log10(abs(size)))
    return round(size, digits)


def number(value: float, error: float = 0.0) -> str:
    """Four digits at least, or as many as a standard error leaves: 1,018; 3.006; 0.0904 give or take 0.003."""
    digits = 3 - math.floor(math.log10(abs(value))) if value else 0
    digits = min(digits, 1 - math.floor(math.log10(error))) if error else digits
    text = f"{value:,.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float, error: float = 0.0) -> str:
    return f"{number(100 * value, 100 * error)} %"


def of_item(group: Group, suspects: list[Suspect], differences: Differences) -> Iterator[tuple[str, str]]:
    """Explanation, and what to check, of every cause of a group."""
    for suspect, fit in zip(suspects, group.causes, strict=True):
        parts = [_size(suspect, fit, group, differences)]
        if not group.fits:
            parts.append("It does not explain the whole difference: something else contributes.")
        if suspect is suspects[0]:
            parts += _only_noise(group, differences)
            parts.append(_certainty(group, suspects))
        yield " ".join(parts), _check(suspect, group, suspects)


def _only_noise(group: Group, differences: Differences) -> list[str]:
    """Where no cause is likely."""
    if group.certain >= 0.5:
        return []
    why = ", but the difference is above materiality" if differences.is_material(group.item) else ""
    return [f"It may only be an imprecise count{why}."]


def _size(s: Suspect, fit: Fit, group: Group, differences: Differences) -> str:
    """What the counts imply under this cause, in a sentence or two."""
    item = group.item
    unit = f" {item.uom}" if item.uom and item.uom.lower() != "each" else ""
    difference = s.difference or 0.0
    few = "more" if difference > 0 else "fewer" if not unit else "less"
    used = f"{number(abs(difference))}{unit} {few} {item.code} were used than the BOM allows"
    written = percent if s.is_share else number
    spread = "" if s.margin is None else f", give or take {written(s.margin, s.margin)}"
    if s.cause == BILL_QUANTITY:
        each = f"{number(s.implied, fit.error)} for each instead of {number(s.recorded)}{spread}"
        simple = f" The BOM may have meant {number(s.proposed)}." if fit.nearest is not None else ""
        return f"{used}. For {number(s.base or 0)} {s.parent} that is {each}.{simple}"
    if s.cause == UNREPORTED_SCRAP:
        return f"{used}: {percent(s.implied, fit.error)} of the {number(s.base or 0)} used by the books{spread}."
    day = schema.DAY_0 + dt.timedelta(days=int(differences.settings[s.at].period_end))
    there = f"{number(abs(fit.size), fit.error)}{unit} {item.code}"
    if s.cause == MISCOUNT:
        many = "too few" if fit.size > 0 else "too many"
        return f"{there} {many} were counted on {day}: the next count reversed the difference."
    way = "less" if fit.size > 0 else "more"
    return f"{there} {way} than the books say, once, in the period to {day}: a miscount, or a movement not recorded."


def _certainty(group: Group, suspects: list[Suspect]) -> str:
    """How sure one can be."""
    periods, rivals = len(group.item.at), suspects[1:]
    if not rivals:
        if periods >= PERIODS_FOR_PROOF:
            return f"No other single cause fits the {periods} counts."
        return _no_proof(periods)
    if suspects[0].verdict != CANNOT_TELL:
        others = _listed([_short(r) for r in rivals], "and")
        return f"{others[0].upper()}{others[1:]} would fit as well, but would be of unusual size. {_no_proof(periods)}"
    return f"It could also be {_listed([_short(r) for r in rivals])}: {_why_not(group)}."


def _no_proof(periods: int) -> str:
    if periods == 1:
        return "One count suggests this but does not prove it."
    return f"{periods} counts suggest this but do not prove it."


def _why_not(group: Group) -> str:
    if len(group.item.at) == 1:
        return "one count cannot distinguish these causes"
    first, *others = (f.cause.exposure / group.item.noise for f in group.causes)
    size = np.linalg.norm
    if all(abs(float(first @ x)) >= _COLLINEAR * float(size(first) * size(x)) for x in others):
        return "what they depend on was in the same proportions in every period"
    return "the periods are too much alike for counts of this precision"


def _short(s: Suspect) -> str:
    """A cause in few words."""
    if s.cause == BILL_QUANTITY:
        return f"{number(s.implied)} instead of {number(s.recorded)} in {s.parent}"
    if s.cause == UNREPORTED_SCRAP:
        return f"unreported scrap of {percent(s.implied)}"
    return f"a {s.cause.lower()} of {number(abs(s.implied - s.recorded))}"


def _check(s: Suspect, group: Group, suspects: list[Suspect]) -> str:
    """What to do about it; where the counts cannot tell, what would tell the rivals apart."""
    code, parents = group.item.code, [m.parent for m in suspects if m.cause == BILL_QUANTITY]
    settle = {
        BILL_QUANTITY: f"Take one {s.parent} apart, or watch one being made, and count its {code}; then correct the BOM.",
        UNREPORTED_SCRAP: f"Look for {code} broken, wasted or taken without a report between store and line; report it "
        "on Scrap, or plan it as Scrap % on the BOM.",
        MISCOUNT: f"Nothing needs correcting if the stock is right now. Find out how {code} came to be miscounted.",
        ONE_OFF: f"Count {code} again; look for a receipt, sale or scrap report that is missing, entered twice or dated wrong.",
    }[s.cause]
    if s is not suspects[0] or len(suspects) == 1:
        return settle
    return " ".join([settle, *_apart(code, parents, {m.cause for m in suspects})])


def _apart(code: str, parents: list[str], kinds: set[str]) -> list[str]:
    if len(parents) > 1:
        return [f"To tell them apart, count {code} before and after a run of {parents[0]} alone."]
    if {BILL_QUANTITY, UNREPORTED_SCRAP} <= kinds:
        return ["To tell them apart, take a finished unit apart: if it holds what the BOM says, the rest was lost."]
    if kinds & {MISCOUNT, ONE_OFF}:
        return ["To tell them apart, compare the next count: a miscount reverses, a wrong BOM or a loss repeats."]
    return []


def of_many(shared: SharedCause, s: Suspect, rivals: list[SharedCause], differences: Differences) -> tuple[str, str]:
    """Explanation, and what to check, of a shared cause."""
    keys = sorted(shared.exposure, key=lambda k: -abs(float(shared.exposure[k].sum()) * differences.item(k).cost))
    codes = [differences.item(k).code for k in keys]
    named = max(_NAMED, sum(differences.is_material(differences.item(k)) for k in keys))  # every one that is material
    listed = ", ".join(codes[:named]) + (f" and {len(codes) - named} more" if len(codes) > named else "")
    parent = s.parent
    if shared.kind == PRODUCTION_COUNT:
        few = "more" if shared.size > 0 else "fewer"
        what = f"{number(abs(shared.size))} {parent} {few} completed than counted would explain the differences of {listed}."
        check = f"Compare Completed rows of {parent} on Counts with the production reports of the period."
    elif shared.kind == BILL_QUANTITY:
        what = f"{number(s.implied)} {s.item} in {parent}, not {number(s.recorded)}, would explain the differences of {listed}."
        check = f"Compare the BOM of {parent} with one unit of it."
    else:
        what = f"{percent(s.implied)} of {parent} started and lost without a report would explain the differences of {listed}."
        check = f"Compare {parent} started with {parent} completed; report lost units on Scrap, stage Finished unit."
    others = [_short_shared(r) for r in rivals if r is not shared]
    also = f" It could also be {_listed(others)}." if others and shared is rivals[0] else ""
    if not others and len(differences.views) < PERIODS_FOR_PROOF:
        also = f" {_no_proof(len(differences.views))}"
    return f"{what}{also}", check


def of_row(day: float) -> str:
    """Which row of Counts the witnesses of a production count point to."""
    return f"Sheet {schema.WITNESSES.name} points to the row of {schema.DAY_0 + dt.timedelta(days=int(day))}."


def _short_shared(shared: SharedCause) -> str:
    if shared.kind == PRODUCTION_COUNT:
        wrong = "not counted" if shared.size > 0 else "counted too many"
        return f"{number(abs(shared.size))} {shared.parent} {wrong}"
    if shared.kind == BILL_QUANTITY:
        return f"{number(shared.recorded + shared.size)} {shared.component} in {shared.parent}"
    return f"{percent(shared.size)} of {shared.parent} lost"


def _listed(texts: list[str], word: str = "or") -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"
