"""The command line: what can be typed, and how every failure ends.

Exit codes: 0 done; 1 findings of severity Error, nothing posted, or a check of `doctor`, `verify` or `evidence` that fails;
2 the command or file cannot be used, nothing changed.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from xlbackflush import __version__
from xlbackflush.cli import audit_commands, install_commands, record_commands, workbook_commands

_EXAMPLES = """examples:
  xlbackflush new october.xlsm                      an empty workbook for this month
  xlbackflush new demo.xlsm --sample widgets        a worked month to look at
  xlbackflush check october.xlsm                    look for mistakes, post nothing
  xlbackflush run october.xlsm                      run the backflush, write journal and proofs
  xlbackflush run october.xlsm --json               the same, result for a machine
  xlbackflush post october.xlsm --approved-by Jones lock it: posted lines never change again
  xlbackflush verify october.xlsm                   compute everything again, and say what differs
  xlbackflush roll october.xlsm november.xlsm       close the period, open the next one
  xlbackflush upgrade october.xlsm                  add what a workbook of an earlier version lacks
  xlbackflush explain october.xlsm Journal!I7       what an amount is made of
  xlbackflush export october.xlsm --format csv      the journal as a file for your ledger
  xlbackflush install                               button, ribbon tab and functions in Excel

exit codes: 0 done; 1 errors in the inputs, nothing posted, or what is posted does not verify; 2 the command or file
cannot be used, nothing changed
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; every failure ends in one line of plain words."""
    for stream in (sys.stdout, sys.stderr):  # a console without the characters of an item code is no reason to stop
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args = _parser().parse_args(arguments)
    from xlbackflush.model.errors import RefusedError

    try:
        return int(args.command(args))
    except RefusedError as error:
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
    _workbook_verbs(verbs)
    _excel_verbs(verbs)
    return parser


Verbs = argparse._SubParsersAction  # the only name that argparse has for it
Command = Callable[[argparse.Namespace], int]


def _verb(
    verbs: Verbs[argparse.ArgumentParser], name: str, command: Command, text: str, example: str
) -> argparse.ArgumentParser:
    """A command with its help; `text` is its line in the list of commands, and with a capital its description."""
    sub = verbs.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"example:\n  xlbackflush {name} {example}".rstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(command=command)
    return sub


def _printed(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="print the result as JSON")
    sub.add_argument("--quiet", action="store_true", help="print errors only")


def _workbook_verbs(verbs: Verbs[argparse.ArgumentParser]) -> None:
    new = _verb(
        verbs, "new", workbook_commands.new, "write a new workbook, empty or a sample", "october.xlsm --period 2026-10"
    )
    new.add_argument("book", type=Path, metavar="BOOK", help="file to write: .xlsm or .xlsx")
    new.add_argument(
        "--sample", metavar="NAME", help="fill in a sample: widgets (a worked month) or computers (textbook)"
    )
    new.add_argument("--period", metavar="YYYY-MM", help="month of the empty workbook (default: this month)")
    new.add_argument("--force", action="store_true", help="replace an existing file")

    for name, command, text in (
        (
            "upgrade",
            workbook_commands.upgrade,
            "add what a workbook of an earlier version lacks, and change nothing else",
        ),
        ("check", workbook_commands.check, "check the inputs and list the findings; nothing is posted"),
        ("run", workbook_commands.run, "run the backflush: journal, ledger, relief, trace, proofs and checks"),
        ("restore", workbook_commands.restore, "put back the results that stood before the last run"),
        ("clear", workbook_commands.clear, "empty the output sheets; inputs stay as they are"),
    ):
        sub = _verb(verbs, name, command, text, "october.xlsm")
        _book(sub)
        _printed(sub)

    explain = _verb(
        verbs, "explain", workbook_commands.explain, "show what an amount is made of, down to the cells that people typed",
        "october.xlsm Journal!I7",
    )  # fmt: skip
    _book(explain)
    explain.add_argument("cell", nargs="?", metavar="CELL", help="a cell, such as Journal!I7")
    explain.add_argument("--product", metavar="CODE", help="instead of a cell: all costs of one product")
    _printed(explain)

    _record_verbs(verbs)
    _audit_verbs(verbs)
    export = _verb(
        verbs, "export", workbook_commands.export, "write the posted journal to a file that a ledger imports",
        "october.xlsm --format NAME --to october.csv",
    )  # fmt: skip
    _book(export)
    export.add_argument("--format", metavar="NAME", required=True, help="format of the ledger; a wrong name lists them")
    export.add_argument("--to", type=Path, metavar="FILE", help="file to write (default: beside the workbook)")
    export.add_argument("--force", action="store_true", help="replace an existing file")
    _printed(export)


def _audit_verbs(verbs: Verbs[argparse.ArgumentParser]) -> None:
    sensitivity = _verb(
        verbs, "sensitivity", audit_commands.sensitivity,
        "rank the input cells by what an error in them would do to the balances",
        "october.xlsm",
    )  # fmt: skip
    _book(sensitivity)
    sensitivity.add_argument("--most", type=int, metavar="N", help="how many cells to try (default: 1,000)")
    suspects = _verb(
        verbs, "suspects", audit_commands.suspects,
        "name the bills, scrap or counts that best explain the differences of the counts",
        "october.xlsm september.xlsm august.xlsm",
    )  # fmt: skip
    _book(suspects)
    suspects.add_argument("earlier", type=Path, nargs="*", metavar="EARLIER", help="workbooks of earlier periods")
    for sub in (sensitivity, suspects):
        _printed(sub)


def _record_verbs(verbs: Verbs[argparse.ArgumentParser]) -> None:
    post = _verb(
        verbs,
        "post",
        record_commands.post,
        "post the draft: its lines never change again",
        "october.xlsm --approved-by Jones",
    )
    _book(post)
    post.add_argument("--approved-by", metavar="NAME", help="who approves it (default: you); not who ran it")
    verify = _verb(
        verbs,
        "verify",
        record_commands.verify,
        "compute every posted run again; say what differs, and where",
        "october.xlsm",
    )
    _book(verify)
    diff = _verb(
        verbs, "diff", record_commands.diff, "show which input cells moved which journal lines, between two runs",
        "october.xlsm R0001 R0002",
    )  # fmt: skip
    _book(diff)
    diff.add_argument("first", metavar="RUN1", help="a run on sheet Runs, such as R0001")
    diff.add_argument("second", metavar="RUN2", help="a later run, such as R0002")
    roll = _verb(
        verbs, "roll", record_commands.roll, "close the period, and open the next one in a new workbook",
        "october.xlsm november.xlsm",
    )  # fmt: skip
    _book(roll)
    roll.add_argument("next", type=Path, metavar="NEXT", help="workbook to write for the next period")
    evidence = _verb(
        verbs, "evidence", record_commands.evidence,
        "verify, and write what an auditor files: PDF, CSV files, the workbook, digests",
        "october.xlsm --to october-evidence",
    )  # fmt: skip
    _book(evidence)
    evidence.add_argument("--to", type=Path, metavar="FOLDER", help="folder to write (default: beside the workbook)")
    evidence.add_argument("--force", action="store_true", help="replace an evidence folder that is there")
    for sub in (post, verify, diff, roll, evidence):
        _printed(sub)


def _book(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("book", type=Path, metavar="BOOK", help="a workbook made by: xlbackflush new")


def _excel_verbs(verbs: Verbs[argparse.ArgumentParser]) -> None:
    install = _verb(
        verbs, "install", install_commands.install, "put button, ribbon tab and functions into Excel for this user", ""
    )
    install.add_argument("--force", action="store_true", help="replace files that somebody else changed")
    install.add_argument(
        "--addin", type=Path, metavar="FILE", help="install this copy of the add-in, which your company has signed"
    )
    uninstall = _verb(verbs, "uninstall", install_commands.uninstall, "remove what install wrote", "")
    for sub in (install, uninstall):
        sub.add_argument("--folder", type=Path, metavar="DIR", help="a folder instead of the places where Excel looks")
        _printed(sub)

    doctor = _verb(
        verbs, "doctor", install_commands.doctor, "check the installation, and say how to mend what is wrong",
        "--excel --report xlbackflush-report.txt",
    )  # fmt: skip
    doctor.add_argument(
        "--excel", action="store_true", help="try it in the real Excel: press the button, compare every cell"
    )
    doctor.add_argument("--report", type=Path, metavar="FILE", help="write what was found to a text file, to send in")
    _printed(doctor)
