"""Commands on the record of a workbook: post, verify, diff, roll, evidence."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from xlbackflush.cli.printed import progress, tell, user

if TYPE_CHECKING:
    from xlbackflush.lifecycle.diff import Attribution, JournalLine, Moved


def post(args: argparse.Namespace) -> int:
    """Post the draft: its lines never change again."""
    from xlbackflush.lifecycle.post import post
    from xlbackflush.workbook.file import FileBook

    with FileBook(args.book) as book:
        outcome = post(book, args.approved_by or user(), dt.datetime.now(), progress(args))
    run = outcome.run
    assert run
    said = (
        f"Posted run {run.run}: {run.entries} entries, prepared by {run.user}, approved by {run.approved_by}.\n"
        f"Its link is {run.link}; keep it where the workbook is not."
    )
    return tell(args, {"run": run.run, "approved_by": run.approved_by, "link": run.link}, said)


def verify(args: argparse.Namespace) -> int:
    """Compute every posted run again and compare; the workbook stays as it is."""
    from xlbackflush.lifecycle.verify import verify
    from xlbackflush.workbook.file import FileBook

    with FileBook(args.book) as book:
        result = verify(book, progress(args))
    problems = [str(problem) for problem in result.problems]
    changed = [str(change) for change in result.changed]
    count = len([run for run in result.runs if not run.is_draft])
    lines = problems + [f"Changed after the last run: {text}" for text in changed]
    if not result.runs:
        lines = ["The workbook has not been run; there is nothing to verify."]
    elif not lines:
        link = next((run.link for run in reversed(result.runs) if run.link), "")
        lines = [f"Everything verifies: {count} posted run{'s' if count != 1 else ''}, inputs, chain, numbers, proofs."]
        lines += [f"The last link is {link}."] if link else []
    data = {"posted_runs": count, "problems": problems, "changed": changed}
    return tell(args, data, "\n".join(lines), 0 if result.holds else 1)


def diff(args: argparse.Namespace) -> int:
    """Which input cells moved which journal lines between two runs; the workbook stays as it is."""
    from xlbackflush.lifecycle.diff import attribution, told_apart
    from xlbackflush.lifecycle.verify import inputs_of_run, places_of
    from xlbackflush.model.errors import RefusedError
    from xlbackflush.workbook.file import FileBook

    with FileBook(args.book) as book:
        old, new = (inputs_of_run(book, run) for run in (args.first, args.second))
        places = places_of(new)
    try:
        found = attribution(old, new, progress(args))
    except ValueError as error:
        raise RefusedError(str(error)) from error
    return tell(args, _diff_data(found, places), "\n".join(_diff_lines(found, told_apart(found), places)))


def _diff_lines(found: Attribution, names: Mapping[JournalLine, str], places: int) -> list[str]:
    """Changes with what each moved alone, what moved only together, and the whole; names: of each line."""
    from xlbackflush.model.money import shown

    if not found.changes:
        return ["The two runs have the same inputs."]
    lines = []

    def moved(line: Moved) -> str:
        was, now, by = (shown(amount, places) for amount in (line.was, line.now, line.by))
        return f"    {names[line.line]}: {was} -> {now} ({'+' * (line.by > 0)}{by})"

    for effect in found.effects:
        lines += [str(change) for change in effect.changes[:5]]
        if len(effect.changes) > 5:
            lines.append(f"... and {len(effect.changes) - 5} more changes: {effect.where}")
        if effect.why:
            lines.append(f"    alone: {effect.why}")
        lines += [moved(line) for line in effect.moved] or ["    moves no journal line alone"]
    if found.together:
        lines.append("Besides, what no change moves alone, only several of them together:")
        lines += [f"    {names[line.line]}: {'+' * (line.by > 0)}{shown(line.by, places)}" for line in found.together]
    lines += ["All changes:", *map(moved, found.moved)]
    return lines if found.moved else [*lines, "    no journal line moved"]


def _diff_data(found: Attribution, places: int) -> dict[str, object]:
    def line(m: Moved) -> dict[str, object]:
        return {
            "event": m.line.event, "product": m.line.product, "description": m.line.description, "role": m.line.role,
            "account": m.line.account, "source": m.source,
        }  # fmt: skip

    def amounts(**minor: int) -> dict[str, object]:
        return {name: amount / 10**places for name, amount in minor.items()}

    def plain(lines: list[Moved]) -> list[dict[str, object]]:
        return [line(m) | amounts(was=m.was, now=m.now, by=m.by) for m in lines]

    return {
        "effects": [
            {"changes": [str(c) for c in e.changes], "why": e.why, "moved": plain(e.moved)} for e in found.effects
        ],
        "together": [line(m) | amounts(by=m.by) for m in found.together],
        "moved": plain(found.moved),
    }


def roll(args: argparse.Namespace) -> int:
    """Close the period, and open the next one in a new workbook."""
    from xlbackflush.cli.rolling import roll as work

    done = work(args.book, args.next)
    said = (
        f"Opened {done.path} for {done.first} to {done.last}, from run {done.run} of {args.book}, which is closed."
        if done.new
        else f"{args.book} is closed already, and {done.path} is there: nothing to do."
    )
    return tell(args, {"book": str(done.path), "first": str(done.first), "last": str(done.last), "new": done.new}, said)


def evidence(args: argparse.Namespace) -> int:
    """Write what an auditor files: a PDF, journal and inputs as CSV, the workbook, digests. Code 1 where it does not verify."""
    from xlbackflush.evidence.write import write_evidence

    done = write_evidence(args.book, args.to, args.force, progress=progress(args))
    found = done.verification
    data = {"folder": str(done.folder), "verified": found.holds, "problems": found.problems, "changed": found.changed}
    said = f"{found.result}\n" if found.holds else ""  # what does not hold is told on the error stream
    return tell(args, data, f"{said}Wrote {done.folder}.", 0 if found.holds else 1)
