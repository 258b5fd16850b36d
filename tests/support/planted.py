"""How well the rules name what is planted: mistakes one at a time into clean worlds, and clean worlds without any.

A mistake counts where its effect exceeds materiality: the largest change, in money, of any account's closing balance or any
line of the variances, by running the engine on the clean world and on the spoiled one. Nothing of a rule is used.

    python tests/support/planted.py --worlds 40 --clean 60
"""

from __future__ import annotations

import argparse
import re
import sys
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from clean_worlds import CleanWorld, clean_world
from mistakes import HARD, KINDS, PRORATION, Change, plant
from support import run

from xlbackflush import schema
from xlbackflush.engine.period import Period
from xlbackflush.engine.result import RunResult
from xlbackflush.model.finding import Finding

TRIES = 8  # of a kind in one world, until the effect of one is material
LOUD = (schema.ERROR, schema.WARNING)


@dataclass(frozen=True)
class Clean:
    """A clean world and what the engine makes of it."""

    world: CleanWorld
    outcome: RunResult
    money: dict[tuple[str, str], float]
    threshold: float

    @property
    def alarms(self) -> list[Finding]:
        """Warnings and errors, where nothing is wrong."""
        return [finding for finding in self.outcome.findings if finding.severity in LOUD]


def clean(seed: int, items: int | None = None) -> Clean:
    """The clean world of a seed, whose disposition is what its own test of materiality asks for."""
    world = clean_world(seed, items)
    outcome = run(world.settings, world.tables)
    if _asks_for_proration(outcome.period) and world.settings["Variance disposition"] == schema.TO_COGS:
        world = replace(world, settings=world.settings | {"Variance disposition": schema.PRORATE})
        outcome = run(world.settings, world.tables)
    return Clean(world, outcome, money(outcome.period), _threshold(outcome.period))


def _asks_for_proration(period: Period) -> bool:
    return next(row for row in period.materiality if row.key == "in_stock").verdict == schema.PRORATE


def _threshold(period: Period) -> float:
    """Materiality in money. Where no account holds stock, a share of the stock that was counted stands for it."""
    counted = float(np.abs(np.nansum(period.stock.counted * period.stock.cost)))
    on_books = period.materiality_threshold
    return (
        max(on_books, period.settings.materiality * counted) if period.settings.trigger_points == schema.S else on_books
    )


def money(period: Period) -> dict[tuple[str, str], float]:
    """Every closing balance and every line of the variances, in money."""
    unit = 10**period.places
    ledger = {("Ledger", role): minor / unit for role, minor in period.ledger.closing_by_role.items()}
    return ledger | {(row.name, row.subject): row.amount / unit for row in period.variances}


def effect(before: Clean, after: RunResult) -> float:
    """The largest change of a balance or a variance; infinite where the run is refused."""
    if after.failed:
        return float("inf")
    changed = money(after.period)
    return max(abs(before.money.get(key, 0.0) - changed.get(key, 0.0)) for key in before.money.keys() | changed.keys())


# ------------------------------------------------------------------------------------------------- the trial


@dataclass(frozen=True)
class Trial:
    """One mistake with a material effect, and what was said of it. others: warnings about anything else."""

    kind: str
    seed: int
    change: Change
    effect: float
    threshold: float
    named: list[Finding]
    notes: list[Finding]
    others: list[Finding]
    crash: str = ""

    @property
    def hinted(self) -> bool:
        """Is the cell at least mentioned in the words of a warning about another?"""
        words = " ".join(f"{finding.what} {finding.fix}" for finding in self.others)
        return any(re.search(rf"{re.escape(cell)}(?!\d)", words) for cell in self.change.cells if cell[-1] != "!")


def trial(kind: str, before: Clean) -> Trial | None:
    """Plant a kind until its effect is material; None where that never is."""
    seed = before.world.seed
    for attempt in range(TRIES):
        change = plant(kind, before.world, np.random.default_rng([seed, attempt, *kind.encode()]))
        if change is None:
            continue
        try:
            after = run(change.settings, change.tables)
        except Exception:  # noqa: BLE001 - a rule that breaks is the worst way not to name a mistake, and is reported as such
            crash = traceback.format_exc(limit=-2).replace("\n", " ")
            return Trial(kind, seed, change, float("inf"), before.threshold, [], [], [], crash)
        size = effect(before, after) if change.effect is None else change.effect
        if kind == PRORATION and not (after.run and _asks_for_proration(after.period)):
            continue
        if size > before.threshold and size > 0:
            return _judged(kind, before, change, size, after)
    return None


def _judged(kind: str, before: Clean, change: Change, size: float, after: RunResult) -> Trial:
    known = Counter((finding.code, finding.where, finding.severity) for finding in before.outcome.findings)
    new = [f for f in after.findings if not known[(f.code, f.where, f.severity)]]
    loud = [finding for finding in new if finding.severity in LOUD]
    return Trial(
        kind,
        before.world.seed,
        change,
        size,
        before.threshold,
        named=[finding for finding in loud if change.names(finding.where)],
        notes=[f for f in new if f not in loud and change.names(f.where)],
        others=[finding for finding in loud if not change.names(finding.where)],
    )


@dataclass
class Score:
    """Trials of a kind."""

    trials: list[Trial] = field(default_factory=list)

    @property
    def missed(self) -> list[Trial]:
        return [trial for trial in self.trials if not trial.named]

    @property
    def share(self) -> float:
        """Of the mistakes, how many were named; 1 where there were none."""
        return 1 - len(self.missed) / len(self.trials) if self.trials else 1.0


def scores(worlds: list[Clean], kinds: list[str], enough: int) -> dict[str, Score]:
    """Each kind planted into the worlds, one after another, until it has been tried often enough.

    Each kind begins with another world, so that no world decides over all.
    """
    table: dict[str, Score] = defaultdict(Score)
    for kind in kinds:
        first = list(KINDS).index(kind) % max(len(worlds), 1)
        for world in worlds[first:] + worlds[:first]:
            if len(table[kind].trials) >= enough:
                break
            result = trial(kind, world)
            if result:
                table[kind].trials.append(result)
    return dict(table)


def share_of_all(table: dict[str, Score]) -> float:
    """Share named of all mistakes but the hard ones."""
    asked = [trial for kind, score in table.items() if kind not in HARD for trial in score.trials]
    return sum(bool(trial.named) for trial in asked) / max(len(asked), 1)


# ------------------------------------------------------------------------------------------------- in words


def report(table: dict[str, Score], worlds: list[Clean], examples: int) -> Iterator[str]:
    """The shares by kind, what was missed, and the false alarms."""
    yield f"{'kind':42}{'tried':>6}{'named':>7}{'share':>7}{'as a note':>11}{'in words':>10}{'others':>8}"
    for kind, score in sorted(table.items(), key=lambda entry: (entry[0] in HARD, entry[1].share)):
        noted = sum(bool(trial.notes) for trial in score.missed)
        hinted = sum(trial.hinted for trial in score.missed)
        others = sum(len(trial.others) for trial in score.trials)
        count = len(score.trials)
        mark = " (hard)" if kind in HARD else ""
        yield f"{kind + mark:42}{count:6}{count - len(score.missed):7}{score.share:7.0%}{noted:11}{hinted:10}{others:8}"
    yield f"All but the hard ones: {share_of_all(table):.1%}"
    for score in table.values():
        for trial in score.missed[:examples]:
            yield _missed(trial)
    alarmed = [world for world in worlds if world.alarms]
    alarms = Counter(finding.code for world in worlds for finding in world.alarms)
    yield f"Clean worlds with a warning: {len(alarmed)} of {len(worlds)}; warnings {dict(alarms)}"
    for world in alarmed:
        for finding in world.alarms[:4]:
            yield f"  seed {world.world.seed}: {finding.code} {finding.where} {finding.what} (effect {finding.effect})"


def _missed(trial: Trial) -> str:
    if trial.crash:
        return f"  CRASH: {trial.kind}, seed {trial.seed}:{trial.change.what[:150]}: {trial.crash}"
    at = [f"{f.code} {f.where}" for f in (*trial.notes, *trial.others)][:4]
    said = f"; instead: {', '.join(at)}" if at else ""
    money = f"effect {trial.effect:,.0f} over {trial.threshold:,.0f}"
    return f"  missed: {trial.kind}, seed {trial.seed}:{trial.change.what[:150]} ({money}){said}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=40, help="worlds for each kind")
    parser.add_argument("--clean", type=int, default=60, help="clean worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--examples", type=int, default=3, help="what was missed of a kind, at most")
    parser.add_argument("--only", default="", help="kinds whose name holds this text")
    chosen = parser.parse_args()
    worlds = [clean(chosen.first + i) for i in range(chosen.clean)]
    kinds = [kind for kind in KINDS if chosen.only in kind]
    table = scores(worlds, kinds, chosen.worlds)
    sys.stdout.writelines(f"{line}\n" for line in report(table, worlds, chosen.examples))


if __name__ == "__main__":
    main()
