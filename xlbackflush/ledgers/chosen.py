"""What of a journal is exported: all of it, or the entries of a run, of an event, or those that are new; and what was before.

Sheet Runs remembers, beside each posted run, what of it was exported: for which format, which entries, when, and the first
digits of the SHA-256 of what was written. A draft is not remembered: the next run replaces it.

    quickbooks 1-8 (2026-05-02 10:15, 3f2a91c4); csv 1-3, 5 (2026-05-03 09:00, 77b0e2d1)
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from xlbackflush import schema
from xlbackflush.dataclass import dataclass, replace
from xlbackflush.model.errors import UnusableError
from xlbackflush.model.journal import PostedEntry, Run
from xlbackflush.model.words import listed

_EXPORT = re.compile(r"(?P<form>\S+) (?P<entries>[\d, -]+) \((?P<when>[^,()]*), (?P<digest>[0-9a-f]*)\)")
DIGITS = 8  # of a digest, as it is remembered and stands in the name of a file


@dataclass(frozen=True)
class Choice:
    """Which entries to export, "" for any. since: a run, or a day as YYYY-MM-DD: what was posted after it, or from it on.

    new: only what was not exported in the same format before.
    """

    run: str = ""
    event: str = ""
    since: str = ""
    new: bool = False


ALL = Choice()


def choose(entries: Sequence[PostedEntry], runs: Mapping[str, Run], choice: Choice, form: str) -> list[PostedEntry]:
    """The entries of a choice. Raises UnusableError where it names what is not there."""
    names = list(runs)
    if choice.run and choice.run not in runs:
        raise UnusableError(f"There is no run {choice.run}; sheet Runs has {listed(names, len(names))}.")
    if choice.event and choice.event not in schema.EVENTS:
        raise UnusableError(f"There is no event {choice.event!r}; choose {', '.join(schema.EVENTS)}.")
    allowed = _since(choice.since, runs)
    before = {number for run in runs.values() for number in exported(run, form)} if choice.new else set()
    return [
        entry
        for entry in entries
        if (not choice.run or entry.run == choice.run)
        and (not choice.event or entry.event == choice.event)
        and entry.run in allowed
        and entry.number not in before
    ]


def _since(since: str, runs: Mapping[str, Run]) -> set[str]:
    """The runs after a run, or those posted on a day or later; a draft counts as posted last."""
    names = list(runs)
    if not since:
        return set(names)
    if since in runs:
        return set(names[names.index(since) + 1 :])
    try:
        day = dt.date.fromisoformat(since).isoformat()
    except ValueError as error:
        raise UnusableError(f"--since {since}: give a run on sheet Runs, or a day such as 2026-05-02.") from error
    return {name for name, run in runs.items() if run.is_draft or run.posted[: len(day)] >= day}


# ------------------------------------------------------------------------------------------- what is remembered


def exported(run: Run, form: str) -> dict[int, str]:
    """Entry -> when it was exported last in a format."""
    found: dict[int, str] = {}
    for export in _EXPORT.finditer(run.exported):
        if export["form"] == form:
            found |= dict.fromkeys(_numbers(export["entries"]), export["when"])
    return found


def remembered(runs: Iterable[Run], entries: Sequence[PostedEntry], form: str, when: str, digest: str) -> list[Run]:
    """The runs, each with what of it was exported now."""
    numbers = {run: [entry.number for entry in of_run] for run, of_run in groupby(entries, lambda entry: entry.run)}
    return [
        replace(run, exported="; ".join(filter(None, (run.exported, _text(form, numbers[run.run], when, digest)))))
        if run.run in numbers and not run.is_draft
        else run
        for run in runs
    ]


def twice(entries: Sequence[PostedEntry], runs: Mapping[str, Run], form: str) -> Iterator[str]:
    """What of the entries was exported before, one sentence for each run."""
    for name, run in runs.items():
        before = exported(run, form)
        again = [entry.number for entry in entries if entry.run == name and entry.number in before]
        if again:
            yield (
                f"{_called(again)} of run {name} {'was' if len(again) == 1 else 'were'} exported for {form} on "
                f"{before[again[-1]]} already; a ledger that takes the file again has them twice. "
                "To leave them out: --new"
            )


def _text(form: str, numbers: Sequence[int], when: str, digest: str) -> str:
    return f"{form} {_ranges(numbers)} ({when}, {digest})"


def _called(numbers: Sequence[int]) -> str:
    return f"Entr{'y' if len(numbers) == 1 else 'ies'} {_ranges(numbers)}"


def _ranges(numbers: Sequence[int]) -> str:
    """1, 2, 3, 5 as 1-3, 5."""
    spans = []
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        span = [number for _, number in group]
        spans.append(str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}")
    return ", ".join(spans)


def _numbers(ranges: str) -> Iterator[int]:
    for span in re.findall(r"\d+(?:-\d+)?", ranges):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)
