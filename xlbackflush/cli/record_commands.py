"""Commands on the record of a workbook, and for those who audit it: post, verify, diff, roll, evidence, sensitivity, suspects."""

import argparse
import datetime as dt
from collections.abc import Mapping
from contextlib import ExitStack

from xlbackflush.addin.computer import user
from xlbackflush.cli.printed import progress, tell
from xlbackflush.dataclass import asdict
from xlbackflush.lifecycle import post as posting
from xlbackflush.lifecycle import verify as verifying
from xlbackflush.lifecycle.calculate import calculate
from xlbackflush.lifecycle.diff import Attribution, JournalLine, Moved, attribution, told_apart
from xlbackflush.model.errors import RefusedError
from xlbackflush.model.money import shown
from xlbackflush.model.words import several
from xlbackflush.workbook.file import FileBook


def post(args: argparse.Namespace) -> int:
    """Post the draft: its lines never change again."""
    with FileBook(args.book) as book:
        outcome = posting.post(book, args.approved_by or user(), dt.datetime.now(), progress(args))
    run = outcome.run
    assert run
    sentences = [
        f"Posted run {run.run}: {run.entries} entries, prepared by {run.user}, approved by {run.approved_by}.",
        f"Its link is {run.link}; keep it where the workbook is not.",
    ]
    return tell(args, {"run": run.run, "approved_by": run.approved_by, "link": run.link}, sentences, book=book)


def verify(args: argparse.Namespace) -> int:
    """Compute every posted run again and compare; the workbook stays as it is."""
    with FileBook(args.book, to_write=False) as book:
        result = verifying.verify(book, progress(args))
    problems = [str(problem) for problem in result.problems]
    changed = [str(change) for change in result.changed]
    count = len([run for run in result.runs if not run.is_draft])
    lines = problems + [f"Changed after the last run: {text}" for text in changed]
    if not result.runs and not lines:
        lines = ["The workbook has not been run; there is nothing to verify."]
    elif not count and not lines:
        lines = ["Nothing is posted yet, so there is nothing to verify. The draft agrees with its inputs."]
    elif not lines:
        link = next((run.link for run in reversed(result.runs) if run.link), "")
        lines = [f"Everything verifies: {count} posted run{'s' if count != 1 else ''}, inputs, chain, numbers, proofs."]
        lines += [f"The last link is {link}."] if link else []
    data = {"posted_runs": count, "problems": problems, "changed": changed}
    return tell(args, data, lines, 0 if result.holds else 1)


def diff(args: argparse.Namespace) -> int:
    """Which input cells moved which journal lines between two runs; the workbook stays as it is."""
    with FileBook(args.book, to_write=False) as book:
        old, new = (verifying.inputs_of_run(book, run) for run in (args.first, args.second))
        places = verifying.places_of(new)
    try:
        result = attribution(old, new, progress(args))
    except ValueError as error:
        raise RefusedError(str(error)) from error
    return tell(args, _diff_data(result, places), _diff_lines(result, told_apart(result), places))


def _diff_lines(result: Attribution, names: Mapping[JournalLine, str], places: int) -> list[str]:
    """Changes with what each moved alone, what moved only together, and the total; names: of each line."""
    if not result.changes:
        return ["The two runs have the same inputs."]
    lines = []

    def signed(minor: int) -> str:
        return f"{'+' * (minor > 0)}{shown(minor, places)}"

    def moved(line: Moved) -> str:
        return f"    {names[line.line]}: {shown(line.was, places)} -> {shown(line.now, places)} ({signed(line.by)})"

    for effect in result.effects:
        lines += [str(change) for change in effect.changes[:5]]
        if len(effect.changes) > 5:
            lines.append(f"... and {len(effect.changes) - 5} more changes: {effect.where}")
        if effect.why:
            lines.append(f"    alone: {effect.why}")
        lines += [moved(line) for line in effect.moved] or ["    moves no journal line alone"]
    if result.together:
        lines.append("Besides, what no change moves alone, only several of them together:")
        lines += [f"    {names[line.line]}: {signed(line.by)}" for line in result.together]
    lines += ["All changes:", *map(moved, result.moved)]
    return lines if result.moved else [*lines, "    no journal line moved"]


def _diff_data(result: Attribution, places: int) -> dict[str, object]:
    def plain(lines: list[Moved], *amounts: str) -> list[dict[str, object]]:
        return [
            {**{name: getattr(m.line, name) for name in ("event", "product", "description", "role", "account")},
             "source": m.source, **{name: getattr(m, name) / 10**places for name in amounts}}
            for m in lines
        ]  # fmt: skip

    alone = "was", "now", "by"
    return {
        "effects": [
            {"changes": [str(c) for c in e.changes], "why": e.why, "moved": plain(e.moved, *alone)}
            for e in result.effects
        ],
        "together": plain(result.together, "by"),
        "moved": plain(result.moved, *alone),
    }


def roll(args: argparse.Namespace) -> int:
    """Close the period, and open the next one in a new workbook."""
    from xlbackflush.cli.rolling import roll as work

    done = work(args.book, args.next)
    sentence = (
        f"Opened {done.path} for {done.first} to {done.last}, from run {done.run} of {args.book}, which is closed."
        if done.new
        else f"{args.book} is closed already, and {done.path} is there: nothing to do."
    )
    return tell(
        args, {"book": str(done.path), "first": str(done.first), "last": str(done.last), "new": done.new}, [sentence]
    )


def evidence(args: argparse.Namespace) -> int:
    """Write what an auditor files: a PDF, journal and inputs as CSV, the workbook, digests. Code 1 where it does not verify."""
    from xlbackflush.evidence.write import write_evidence

    done = write_evidence(args.book, args.to, args.force, progress=progress(args))
    result = done.verification
    data = {
        "folder": str(done.folder),
        "verified": result.holds,
        "problems": result.problems,
        "changed": result.changed,
    }
    verified = [result.result] if result.holds else []  # what does not hold is told on the error stream
    return tell(args, data, [*verified, f"Wrote {done.folder}."], 0 if result.holds else 1)


def sensitivity(args: argparse.Namespace) -> int:
    """What an error of 1 %, or of one unit, in each input cell would do; written to sheet Sensitivity."""
    from xlbackflush.engine.audit.sensitivity import MOST
    from xlbackflush.engine.audit.sensitivity import sensitivity as effects
    from xlbackflush.sheets import sensitivity as work

    with FileBook(args.book) as book:
        calculation = calculate(book.read())
        if calculation.failed:
            first = calculation.findings[0]
            raise RefusedError(f"The inputs have errors, first at {first.where}: {first.what} {first.fix}")
        inputs = calculation.period.inputs
        result = effects(calculation.period, args.most or MOST, progress(args))
        book.write_table("Sensitivity", work.rows_of(result, inputs))
    lines = [*work.printed(result, inputs), f"Written to sheet Sensitivity: {several(len(result.effects), 'cell')}."]
    return tell(args, {"effects": [asdict(effect) for effect in result.effects]}, lines, book=book)


def suspects(args: argparse.Namespace) -> int:
    """Which wrong bills, unreported scrap or miscounts explain the differences of the counts best."""
    from xlbackflush.lifecycle.periods import suspects_across
    from xlbackflush.sheets import suspects as work

    with ExitStack() as stack:
        book = stack.enter_context(FileBook(args.book))
        others = [stack.enter_context(FileBook(path, to_write=False)) for path in args.earlier]
        ranked, inputs = suspects_across({str(b.path): b.read() for b in (*others, book)})
        book.write_table("Suspects", work.rows_of(ranked, inputs))
    lines = [*work.printed(ranked), f"Written to sheet Suspects: {len(ranked)}."]
    return tell(args, {"suspects": [asdict(suspect) for suspect in ranked]}, lines, book=book)
