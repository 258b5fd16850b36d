"""What a command prints about a workbook: findings, a short summary, or JSON for a machine."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from xlbackflush.dataclass import asdict
from xlbackflush.schema import WARNING
from xlbackflush.terminal import is_watched, say, show_stage, warn

if TYPE_CHECKING:
    from xlbackflush.engine.result import RunResult
    from xlbackflush.model.finding import Finding
    from xlbackflush.workbook.file import FileBook
    from xlbackflush.workbook.product_view_file import ProductView


def progress(args: argparse.Namespace) -> Any:
    """Stage names on a terminal, one line that is overwritten."""
    if args.quiet or args.json or not is_watched():
        return lambda stage: None
    return show_stage


def tell(
    args: argparse.Namespace, result: dict[str, Any], lines: Sequence[str], code: int = 0, book: FileBook | None = None
) -> int:
    """Print what was done, as lines of text or, with --json, as JSON, and return the exit code. book: that was written."""
    if book:
        result = {**result, **_own_things(book)}
    if args.json:
        say_json({"exit": code, **result})
    elif not args.quiet:
        say(*lines)
    return code


def say_json(result: dict[str, Any]) -> None:
    """Print JSON. It has a code for every character beyond ASCII."""
    import json

    say(*json.dumps(result, indent=2).split("\n"))


def _own_things(book: FileBook) -> dict[str, list[str]]:
    """Say what became of things of the user's that could not stay where they were; the same for a machine."""
    for notice in book.notices:
        warn(notice)
    return {"notices": book.notices} if book.notices else {}


def report(outcome: RunResult, args: argparse.Namespace, book: FileBook) -> int:
    """Print findings and summary of a check or run of a workbook, and return the exit code."""
    view = book.product_view
    code = 1 if outcome.failed else 0
    if is_watched():
        show_stage("")
    for problem in filter(None, (view.problem, book.not_kept)):
        warn(problem)
    own = _own_things(book)
    if args.json:
        say_json({"exit": code, **summary(outcome, view), **own})
        return code
    currency, places = outcome.period.settings.currency, outcome.period.places
    told = [f for f in outcome.findings if f.severity == "Error" or not args.quiet]
    for line in _lines(told, lambda effect: f"{effect:,.{places}f} {currency}"):
        say(line)
    if not args.quiet:
        say(*_table(outcome, view))
    return code


_LINES = 20  # of findings, on a screen


def _lines(findings: Sequence[Finding], money: Callable[[float], str]) -> list[str]:
    """Findings as lines, each with its effect in money; what is beyond a screen stands on the sheet."""
    effects = [f"  Effect: {money(f.effect)}." if f.effect else "" for f in findings]
    lines = [
        f"{f.severity}  {f.where}  {f.what}{effect}  Fix: {f.fix}" for f, effect in zip(findings, effects, strict=True)
    ]
    if len(lines) > _LINES:
        lines[_LINES - 1 :] = [f"... and {len(lines) - _LINES + 1:,} more: see sheet Findings."]
    return lines


def summary(outcome: RunResult, view: ProductView) -> dict[str, Any]:
    """The outcome for a machine. Amounts are in the currency, exact to the minor unit; files are paths, or null."""
    result: dict[str, Any] = {"findings": [asdict(finding) for finding in outcome.findings]}
    run, period = outcome.run, outcome.period
    if run:
        unit, failed = 10**period.places, sum(not check.holds for check in period.checks)
        result |= {
            **{name: getattr(run, name) for name in ("run", "status", "entries", "debits", "credits")},
            "ledger": {role: minor / unit for role, minor in period.ledger.closing_by_role.items()},
            "checks": {"passed": len(period.checks) - failed, "failed": failed},
            "product_view": str(view.file) if view.file else None,
        }
    return result


def _table(outcome: RunResult, view: ProductView) -> list[str]:
    """The short summary at the end."""
    from xlbackflush.model.finding import counted
    from xlbackflush.model.money import shown

    run, period, findings = outcome.run, outcome.period, counted(outcome.findings)
    if not run:
        if outcome.failed:
            return ["", f"Findings: {findings}. Nothing was posted; see sheet Findings."]
        return [f"Findings: {findings}. {outcome.ready}"]
    places, currency = period.places, period.settings.currency
    rows = [
        ("Run", f"{run.run} ({run.status.lower()})"),
        ("Entries", str(run.entries)),
        (f"Debits, {currency}", f"{run.debits:,.{places}f}"),
        (f"Credits, {currency}", f"{run.credits:,.{places}f}"),
        *((role, shown(minor, places)) for role, minor in period.ledger.closing_by_role.items() if minor),
        ("Findings", findings),
        ("Checks", _checked(outcome)),
    ]
    if view.file:
        rows.append(("Product view", f"{view.file.name}, {view.rows:,} rows"))
    left, right = max(len(a) for a, _ in rows), max(len(b) for _, b in rows)
    lines = [f"{a:<{left}}  {b:>{right}}" for a, b in rows]
    to_post = run.is_draft and not outcome.posts_nothing
    return [*lines, *_before_posting(outcome.findings)] if to_post else lines


def _before_posting(findings: Sequence[Finding]) -> list[str]:
    """What is left to do with the warnings of a draft."""
    count = sum(finding.severity == WARNING for finding in findings)
    if not count:
        return []
    them, are = ("the warning", "it is") if count == 1 else (f"the {count:,} warnings", "they are")
    return ["", f"Before you post, correct {them} or make sure that {are} right."]


def _checked(outcome: RunResult) -> str:
    """What came of the checks. Those of an empty journal say nothing."""
    checks = outcome.period.checks
    failed = sum(not check.holds for check in checks)
    if failed:
        return f"{failed} of {len(checks)} FAIL: see sheet Checks"
    return "nothing is posted" if outcome.posts_nothing else f"{len(checks)} hold"
