"""Commands on the record of a workbook: post, verify, diff, roll, evidence."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING

from xlbackflush.commands.report import progress, tell, user

if TYPE_CHECKING:
    from xlbackflush.diff import Attribution, Moved


def post(args: argparse.Namespace) -> int:
    """Post the draft: its lines never change again."""
    from xlbackflush import lifecycle
    from xlbackflush.excel.file import FileBook

    with FileBook(args.book) as book:
        outcome = lifecycle.post(book, args.approved_by or user(), dt.datetime.now(), progress(args))
    assert outcome.posted
    run = outcome.posted.run
    said = (
        f"Posted run {run.run}: {run.entries} entries, prepared by {run.user}, approved by {run.approved_by}.\n"
        f"Its link is {run.link}; keep it where the workbook is not."
    )
    return tell(args, {"run": run.run, "approved_by": run.approved_by, "link": run.link}, said)


def verify(args: argparse.Namespace) -> int:
    """Compute every posted run again and compare; the workbook stays as it is."""
    from xlbackflush import lifecycle
    from xlbackflush.excel.file import FileBook

    with FileBook(args.book) as book:
        result = lifecycle.verify(book, progress(args))
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
    from xlbackflush import lifecycle
    from xlbackflush.diff import attribution
    from xlbackflush.errors import RefusedError
    from xlbackflush.excel.file import FileBook

    with FileBook(args.book) as book:
        old, new = (lifecycle.inputs_of_run(book, run) for run in (args.first, args.second))
        places = lifecycle.places_of(new)
    try:
        found = attribution(old, new, progress(args))
    except ValueError as error:
        raise RefusedError(str(error)) from error
    return tell(args, _diff_data(found, places), "\n".join(_diff_lines(found, places)))


def _diff_lines(found: Attribution, places: int) -> list[str]:
    """Changes with what each moved alone, what moved only together, and the whole."""
    if not found.changes:
        return ["The two runs have the same inputs."]
    lines = []
    for effect in found.effects:
        lines += [str(change) for change in effect.changes[:5]]
        if len(effect.changes) > 5:
            lines.append(f"... and {len(effect.changes) - 5} more changes: {effect.where}")
        if effect.why:
            lines.append(f"    alone: {effect.why}")
        lines += [f"    {_moved(line, places)}" for line in effect.moved] or ["    moves no journal line alone"]
    if found.together:
        lines += ["Only together:", *(f"    {_moved(line, places)}" for line in found.together)]
    lines += ["All changes:", *(f"    {_moved(line, places)}" for line in found.moved)]
    return lines if found.moved else [*lines, "    no journal line moved"]


def _moved(line: Moved, places: int) -> str:
    unit = 10**places
    product = f" {line.line.product}" if line.line.product else ""
    return (
        f"{line.line.event}{product}, {line.line.role}: {line.was / unit:,.{places}f} -> {line.now / unit:,.{places}f}"
        f" ({line.by / unit:+,.{places}f})"
    )


def _diff_data(found: Attribution, places: int) -> dict[str, object]:
    def plain(lines: list[Moved]) -> list[dict[str, object]]:
        unit = 10**places
        return [
            {
                "event": m.line.event, "product": m.line.product, "role": m.line.role, "account": m.line.account,
                "was": m.was / unit, "now": m.now / unit,
            }
            for m in lines
        ]  # fmt: skip

    return {
        "effects": [
            {"changes": [str(c) for c in e.changes], "why": e.why, "moved": plain(e.moved)} for e in found.effects
        ],
        "together": plain(found.together),
        "moved": plain(found.moved),
    }


def roll(args: argparse.Namespace) -> int:
    """Close the period, and open the next one in a new workbook."""
    from xlbackflush.excel.roll import roll as work

    done = work(args.book, args.next)
    said = (
        f"Opened {done.path} for {done.first} to {done.last}, from run {done.run} of {args.book}, which is closed."
        if done.new
        else f"{args.book} is closed already, and {done.path} is there: nothing to do."
    )
    return tell(args, {"book": str(done.path), "first": str(done.first), "last": str(done.last), "new": done.new}, said)


def evidence(args: argparse.Namespace) -> int:
    """Write what an auditor files: a PDF, journal and inputs as CSV, the workbook, digests. Code 1 where it does not verify."""
    from xlbackflush.excel.evidence import evidence as write

    done = write(args.book, args.to, args.force, progress=progress(args))
    found = done.verification
    data = {"folder": str(done.folder), "verified": found.holds, "problems": found.problems, "changed": found.changed}
    said = f"{found.result}\n" if found.holds else ""  # what does not hold is told on the error stream
    return tell(args, data, f"{said}Wrote {done.folder}.", 0 if found.holds else 1)
