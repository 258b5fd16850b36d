"""The command line: new, check, run.

Exit codes: 0 done; 1 findings of severity Error, nothing posted; 2 the command or file cannot be used, nothing changed.
"""

from __future__ import annotations

import argparse
import calendar
import datetime as dt
import getpass
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlbackflush import __version__

if TYPE_CHECKING:
    from xlbackflush.excel.productview import ProductView
    from xlbackflush.pipeline import Outcome

_EXAMPLES = """examples:
  xlbackflush new october.xlsm                      an empty workbook for this month
  xlbackflush new demo.xlsm --sample widgets        a worked month to look at
  xlbackflush check october.xlsm                    look for mistakes, post nothing
  xlbackflush run october.xlsm                      run the backflush, write journal and proofs
  xlbackflush run october.xlsm --json               the same, result for a machine

exit codes: 0 done; 1 errors in the inputs, nothing posted; 2 the command or file cannot be used, nothing changed
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; every failure ends in one line of plain words."""
    for stream in (sys.stdout, sys.stderr):  # a console without the characters of an item code is no reason to stop
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args = _parser().parse_args(arguments)
    from xlbackflush.excel.errors import UnusableError

    try:
        return int(args.command(args))
    except UnusableError as error:
        return _refuse(str(error), args)
    except OSError as error:
        return _refuse(f"{error.filename or 'The file'}: {error.strerror}.", args)
    except MemoryError:
        return _refuse("The workbook is too large for this machine's memory; nothing was changed.", args)
    except KeyboardInterrupt:
        return _refuse("Stopped; nothing was changed.", args)
    except Exception as error:  # noqa: BLE001 - a user never sees a traceback; XLBACKFLUSH_DEBUG shows it to a developer
        return _unexpected(error, args)


def _refuse(text: str, args: argparse.Namespace) -> int:
    if getattr(args, "json", False):
        print(json.dumps({"exit": 2, "error": text}))
    else:
        print(f"xlbackflush: {text}", file=sys.stderr)
    return 2


def _unexpected(error: Exception, args: argparse.Namespace) -> int:
    import os

    if os.environ.get("XLBACKFLUSH_DEBUG"):
        raise error
    return _refuse(
        f"stopped by a fault of its own ({type(error).__name__}: {error}); nothing was changed. "
        "Please report it with the workbook.",
        args,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlbackflush",
        description="Backflush costing in an Excel workbook: posted, provable, cell by cell.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"xlbackflush {__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    new = verbs.add_parser("new", help="write a new workbook", description="Write a new workbook, empty or a sample.")
    new.add_argument("book", type=Path, metavar="BOOK", help="file to write: .xlsm or .xlsx")
    new.add_argument(
        "--sample", metavar="NAME", help="fill in a sample: widgets (a worked month) or computers (textbook)"
    )
    new.add_argument("--period", metavar="YYYY-MM", help="month of the empty workbook (default: this month)")
    new.add_argument("--force", action="store_true", help="replace an existing file")
    new.set_defaults(command=_new)

    for verb, command, text in (
        ("check", _check, "check the inputs and list the findings; nothing is posted"),
        ("run", _run, "run the backflush: journal, ledger, relief, trace, proofs and checks"),
    ):
        sub = verbs.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        sub.add_argument("book", type=Path, metavar="BOOK", help="a workbook made by: xlbackflush new")
        sub.add_argument("--json", action="store_true", help="print the result as JSON")
        sub.add_argument("--quiet", action="store_true", help="print errors only")
        sub.set_defaults(command=command)
    return parser


# ----------------------------------------------------------------------------------------------- commands


def _new(args: argparse.Namespace) -> int:
    from xlbackflush.excel.errors import UnusableError
    from xlbackflush.excel.file import check_free
    from xlbackflush.excel.template import build
    from xlbackflush.samples import SAMPLES

    path: Path = args.book
    if path.suffix.lower() not in (".xlsm", ".xlsx"):
        raise UnusableError(f"{path.name}: give the workbook the ending .xlsm (or .xlsx, without macros).")
    if path.exists() and not args.force:
        raise UnusableError(f"{path.name} exists already; choose another name, or add --force to replace it.")
    if path.exists():
        check_free(path)
    if not path.parent.is_dir():
        raise UnusableError(f"The folder {path.parent} does not exist.")
    if args.sample is not None and args.sample not in SAMPLES:
        raise UnusableError(f"There is no sample {args.sample!r}; choose {' or '.join(SAMPLES)}.")
    month = _month(args.period)
    sample = SAMPLES[args.sample]() if args.sample else None
    build(path, month, sample)
    print(f"Wrote {path}." + (f" Next: xlbackflush run {path}" if sample else " Fill the yellow sheets, then run it."))
    return 0


def _month(text: str | None) -> tuple[dt.date, dt.date]:
    """First and last day of a month given as YYYY-MM, or of this month."""
    from xlbackflush.excel.errors import UnusableError

    try:
        first = dt.datetime.strptime(text, "%Y-%m").date() if text else dt.date.today().replace(day=1)
    except ValueError as error:
        raise UnusableError(f"--period {text}: write the month as YYYY-MM, such as 2026-11.") from error
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _check(args: argparse.Namespace) -> int:
    from xlbackflush import pipeline
    from xlbackflush.excel.file import FileBook

    with FileBook(args.book) as book:
        outcome = pipeline.check(book)
    return _report(outcome, args, book.product_view)


def _run(args: argparse.Namespace) -> int:
    from xlbackflush import pipeline
    from xlbackflush.excel.file import FileBook

    with FileBook(args.book) as book:
        outcome = pipeline.run(book, _user(), dt.datetime.now(), _progress(args))
    return _report(outcome, args, book.product_view)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _progress(args: argparse.Namespace) -> Any:
    """Stage names on a terminal, one line that is overwritten."""
    if args.quiet or args.json or not sys.stderr.isatty():
        return lambda stage: None
    return lambda stage: print(f"\r\033[K{stage} ...", end="\r", file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------------------- report


def _report(outcome: Outcome, args: argparse.Namespace, view: ProductView) -> int:
    code = 1 if outcome.failed else 0
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if view.problem:
        print(f"xlbackflush: {view.problem}", file=sys.stderr)
    if args.json:
        print(json.dumps({"exit": code, **summary(outcome, view)}, indent=2))
        return code
    shown = [f for f in outcome.findings if f.severity == "Error" or not args.quiet]
    for finding in shown[:40]:
        print(f"{finding.severity}  {finding.where}  {finding.what}  Fix: {finding.fix}")
    if len(shown) > 40:
        print(f"... and {len(shown) - 40} more: see sheet Findings.")
    if not args.quiet:
        print("\n".join(_table(outcome, view)))
    return code


def summary(outcome: Outcome, view: ProductView) -> dict[str, Any]:
    """The outcome for a machine. Amounts are in the currency, exact to the minor unit; files are paths, or null."""
    result: dict[str, Any] = {
        "findings": [
            {"severity": f.severity, "code": f.code, "where": f.where, "what": f.what, "fix": f.fix, "effect": f.effect}
            for f in outcome.findings
        ]
    }
    posted = outcome.posted
    if posted:
        unit = 10**posted.places
        result |= {
            "run": posted.run.run,
            "status": posted.run.status,
            "entries": posted.run.entries,
            "debits": posted.run.debits,
            "credits": posted.run.credits,
            "ledger": {row.role: row.closing / unit for row in posted.ledger.itertuples()},
            "checks": {
                "passed": sum(c.holds for c in posted.checks),
                "failed": sum(not c.holds for c in posted.checks),
            },
            "product_view": str(view.file) if view.file else None,
        }
    return result


def _table(outcome: Outcome, view: ProductView) -> list[str]:
    """The short summary at the end."""
    counts = {s: sum(f.severity == s for f in outcome.findings) for s in ("Error", "Warning", "Note")}
    found = ", ".join(f"{n} {s.lower()}{'s' if n != 1 else ''}" for s, n in counts.items() if n) or "none"
    posted = outcome.posted
    if not posted:
        if outcome.failed:
            return ["", f"Findings: {found}. Nothing was posted; see sheet Findings."]
        return [f"Findings: {found}. Ready to run."]
    places = posted.places
    currency = outcome.inputs.settings.currency

    def money(minor: int) -> str:
        return f"{minor / 10**places:,.{places}f}"

    rows = [
        ("Run", f"{posted.run.run} ({posted.run.status.lower()})"),
        ("Entries", str(posted.run.entries)),
        (f"Debits, {currency}", f"{posted.run.debits:,.{places}f}"),
        (f"Credits, {currency}", f"{posted.run.credits:,.{places}f}"),
    ]
    rows += [(row.role, money(int(row.closing))) for row in posted.ledger.itertuples() if row.closing]
    failed = sum(not c.holds for c in posted.checks)
    rows += [
        ("Findings", found),
        (
            "Checks",
            f"{len(posted.checks)} hold" if not failed else f"{failed} of {len(posted.checks)} FAIL: see sheet Checks",
        ),
    ]
    if view.file:
        rows.append(("Product view", f"{view.file.name}, {view.rows:,} rows"))
    left, right = max(len(a) for a, _ in rows), max(len(b) for _, b in rows)
    return [f"{a:<{left}}  {b:>{right}}" for a, b in rows]
